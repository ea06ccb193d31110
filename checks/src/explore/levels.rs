//! Breadth-first search, level by level, on timely dataflow.
//!
//! ```text
//!            candidates                    reports, to everybody
//!   ┌────────────────────► gather ─────────────────────────────► expand ───┐
//!   └──────────────────────────── next level ◄─────────────────────────────┘
//! ```
//!
//! Every state belongs to one worker, by its key.  *gather* takes the candidates of a level, keeps
//! those that are new, looks at their properties once no more can come, and reports what it found.
//! *expand* waits for the reports of all workers, so that all decide alike whether to go on, and then
//! sends every successor to whom it belongs.
//!
//! What is found is a function of the model alone: a level is a set, and of several ways to a state the
//! best is kept (see [`Way`]).  So neither the number of workers nor who is faster changes a count or a
//! history.  What is cut by memory or by the clock is another matter, and says so.

use super::explorable::Explorable;
use super::share::{Parcel, Share};
use super::{Listener, Question, Searched, way_back};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use timely::dataflow::ProbeHandle;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::generic::operator::Operator;
use timely::dataflow::operators::vec::Broadcast;
use timely::dataflow::operators::{ConnectLoop, Feedback, Probe};
use timely::worker::Worker;

/// Searches on every worker at once; each gets the same result.
pub(super) fn search_on<M: Explorable>(
    worker: &mut Worker,
    question: &Arc<Question<M>>,
    listener: &Listener,
) -> Searched<M> {
    let share = Rc::new(RefCell::new(Share::new(question, worker)));
    let probe = ProbeHandle::new();
    worker.dataflow::<u32, _, _>(|scope| {
        let (next_level, candidates) = scope.feedback::<Vec<Parcel<M::Action>>>(1);
        let gathered = candidates.unary_frontier::<_, _, _, _>(
            Exchange::new(|parcel: &Parcel<M::Action>| parcel.to as u64),
            "gather",
            |beginning, _| {
                let share = Rc::clone(&share);
                let mut open = BTreeMap::from([(0, beginning)]);
                move |(input, frontier), output| {
                    input.for_each_stamp(|capability, parcels| {
                        let Some(capability) = capability.retain_least(output.output_index())
                        else {
                            return;
                        };
                        open.entry(*capability.time()).or_insert(capability);
                        for parcel in parcels.flatten() {
                            share.borrow_mut().take(parcel);
                        }
                    });
                    while let Some(level) = open.first_entry() {
                        if frontier.frontier().less_equal(level.key()) {
                            break;
                        }
                        let capability = level.remove();
                        let report = share.borrow_mut().close();
                        output.session(&capability).give(report);
                    }
                }
            },
        );
        let reports = gathered.broadcast();
        let expanded = reports.unary_frontier(Pipeline, "expand", |_, info| {
            let share = Rc::clone(&share);
            let again = scope.activator_for(info.address);
            let listener = Arc::clone(listener);
            let mut told = BTreeMap::new();
            let mut under_way = None;
            move |(input, frontier), output| {
                input.for_each_stamp(|capability, reports| {
                    let Some(capability) = capability.retain_least(output.output_index()) else {
                        return;
                    };
                    let (_, told) = told
                        .entry(*capability.time())
                        .or_insert_with(|| (capability, Vec::new()));
                    for reports in reports {
                        told.append(reports);
                    }
                });
                if under_way.is_none()
                    && let Some(level) = told.first_entry()
                    && !frontier.frontier().less_equal(level.key())
                {
                    let (number, (capability, reports)) = level.remove_entry();
                    if share.borrow_mut().decide(number, &reports, &*listener) {
                        under_way = Some((capability, 0));
                    }
                }
                if let Some((capability, done)) = &mut under_way {
                    let mut session = output.session(capability);
                    let mut share = share.borrow_mut();
                    *done = share.expand(*done, |parcel| session.give(parcel));
                    if share.has_expanded(*done) {
                        drop(session);
                        under_way = None;
                    } else {
                        again.activate();
                    }
                }
            }
        });
        expanded.probe_with(&probe).connect_loop(next_level);
    });
    worker.step_or_park_while(None, || !probe.done());

    let mut share = share.borrow_mut();
    let (violated, visited) = share.violated();
    let ways = way_back::back(worker, &violated, visited);
    share.outcome(&ways)
}
