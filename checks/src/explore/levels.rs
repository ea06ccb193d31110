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

use super::cluster;
use super::explorable::Explorable;
use super::packed::{Packer, unpacked};
use super::visited::{Key, Level, Visited, Way};
use super::way_back;
use super::{Counts, Coverage, Cut, Progress, Question, Searched, Until};
use serde::{Deserialize, Serialize};
use stateright::{Expectation, Property};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use timely::dataflow::ProbeHandle;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::generic::operator::Operator;
use timely::dataflow::operators::vec::Broadcast;
use timely::dataflow::operators::{ConnectLoop, Feedback, Probe};
use timely::worker::Worker;

/// States that are expanded before others get their turn.
const TURN: usize = 256;
/// Bytes that travel together.
const PARCEL: usize = 1 << 15;

/// Candidates for a level, on their way to the worker they belong to.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Parcel<Action> {
    to: usize,
    candidates: Vec<(Key, Way<Action>, u32)>,
    /// What serde writes of the candidates, one behind the other; each says where it ends.
    #[serde(with = "serde_bytes")]
    packed: Vec<u8>,
}

impl<Action> Parcel<Action> {
    fn empty(to: usize) -> Self {
        Parcel {
            to,
            candidates: Vec::new(),
            packed: Vec::new(),
        }
    }
}

/// What a worker has to say of a level.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Report<Action> {
    question: u64,
    unique: usize,
    represented: usize,
    generated: usize,
    /// How often each kind of action was tried, and was a transition.
    tallies: Vec<[u64; 2]>,
    /// Properties that are settled here, with the best state that does it.
    settled: Vec<(usize, Settled<Action>)>,
    cut: Option<Cut>,
    /// What the worker has taken at most, and what of it are the keys it has seen.
    bytes: usize,
    visited_bytes: usize,
}

/// A state that settles a property, and the best way to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
struct Settled<Action> {
    way: Way<Action>,
    key: Key,
}

/// Searches on every worker at once; each gets the same result.
pub(super) fn search_on<M: Explorable>(
    worker: &mut Worker,
    question: &Arc<Question<M>>,
    progress: &Arc<dyn Fn(&Progress) + Send + Sync>,
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
            let progress = Arc::clone(progress);
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
                    if share.borrow_mut().decide(number, &reports, &*progress) {
                        under_way = Some((capability, 0));
                    }
                }
                if let Some((capability, done)) = &mut under_way {
                    let mut session = output.session(capability);
                    let mut share = share.borrow_mut();
                    *done = share.expand(*done, |parcel| session.give(parcel));
                    if *done == share.current.len() {
                        share.current = Level::default();
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

    let share = &mut *share.borrow_mut();
    let settled = share.settled.iter().enumerate();
    let violated =
        settled.filter_map(
            |(place, settled)| match share.properties[place].expectation {
                Expectation::Always => settled.map(|settled| (place, settled.key)),
                _ => None,
            },
        );
    let violated: Vec<(usize, Key)> = violated.collect();
    let visited = std::mem::take(&mut share.visited);
    let ways = way_back::back(worker, &violated, visited);
    share.outcome(&ways)
}

/// What one worker knows and does.
struct Share<M: Explorable> {
    question: Arc<Question<M>>,
    fingerprint: u64,
    index: usize,
    peers: usize,
    packer: Packer<M>,
    begun: Instant,

    visited: Visited,
    /// The level that is being expanded.
    current: Level<M::Action>,
    /// What is known of the level after it.
    next: Level<M::Action>,
    /// Parcels that are being filled, one a worker.
    outgoing: Vec<Parcel<M::Action>>,
    actions: Vec<M::Action>,

    properties: Vec<Property<M>>,
    /// Each property that has been settled, by all workers together.
    settled: Vec<Option<Settled<M::Action>>>,

    /// Not reported yet.
    generated: usize,
    tallies: Vec<[u64; 2]>,
    cut: Option<Cut>,
    most_bytes: usize,

    /// Of all workers together.
    totals: Totals,
}

#[derive(Default)]
struct Totals {
    counts: Counts,
    represented: usize,
    tallies: Vec<[u64; 2]>,
    cut: Option<Cut>,
    bytes: usize,
    visited_bytes: usize,
}

impl<M: Explorable> Share<M> {
    fn new(question: &Arc<Question<M>>, worker: &Worker) -> Self {
        let model = &question.model;
        let properties = model.properties();
        let kinds = model.kinds().len();
        let automorphisms = match question.symmetry {
            true => model.automorphisms(),
            false => Vec::new(),
        };
        let mut share = Share {
            question: Arc::clone(question),
            fingerprint: question.fingerprint(),
            index: worker.index(),
            peers: worker.peers(),
            packer: Packer::new(automorphisms),
            begun: Instant::now(),
            visited: Visited::default(),
            current: Level::default(),
            next: Level::default(),
            outgoing: (0..worker.peers()).map(Parcel::empty).collect(),
            actions: Vec::new(),
            settled: vec![None; properties.len()],
            properties,
            generated: 0,
            tallies: vec![[0; 2]; kinds],
            cut: None,
            most_bytes: 0,
            totals: Totals {
                tallies: vec![[0; 2]; kinds],
                ..Totals::default()
            },
        };
        share.begin();
        share
    }

    /// Everybody knows the beginnings, and takes those that are its own.
    fn begin(&mut self) {
        let question = Arc::clone(&self.question);
        for state in question.model.init_states() {
            if !question.model.within_boundary(&state) {
                continue;
            }
            let packed = self.packer.pack(&question.model, &state);
            if owner(packed.key, self.peers) == self.index {
                self.generated += 1;
                let way = Way {
                    action: None,
                    parent: packed.key,
                };
                self.next
                    .offer(&self.visited, packed.key, way, packed.bytes);
            }
        }
    }

    /// Takes what is new from a parcel.  Many at once, because each is looked up in tables that are
    /// larger than any cache: so the processor need not wait for one before it asks for the next.
    fn take(&mut self, parcel: &Parcel<M::Action>) {
        if self.cut.is_some() {
            return;
        }
        let mut start = 0;
        for (key, way, end) in &parcel.candidates {
            let end = *end as usize;
            let packed = &parcel.packed[start..end];
            self.next.offer(&self.visited, *key, *way, packed);
            start = end;
        }
    }

    /// No more states will come to the next level: it becomes the current one, and is reported.
    fn close(&mut self) -> Report<M::Action> {
        self.current = std::mem::take(&mut self.next);
        self.current.close();
        self.visited.reserve(self.current.len());
        for reached in self.current.states() {
            self.visited.insert(reached.key, reached.way.parent);
        }
        self.most_bytes = self.most_bytes.max(self.bytes());
        let (settled, represented) = self.look();
        let kinds = self.tallies.len();
        Report {
            question: self.fingerprint,
            unique: self.current.len(),
            represented,
            generated: std::mem::take(&mut self.generated),
            tallies: std::mem::replace(&mut self.tallies, vec![[0; 2]; kinds]),
            settled,
            cut: self.cut,
            bytes: self.most_bytes,
            visited_bytes: self.visited.bytes(0),
        }
    }

    /// Looks at every state of the level: which properties it settles, and how many states it stands
    /// for.
    fn look(&mut self) -> (Vec<(usize, Settled<M::Action>)>, usize) {
        let model = &self.question.model;
        let mut settled = self.settled.clone();
        let open: Vec<usize> = (0..settled.len())
            .filter(|place| settled[*place].is_none())
            .collect();
        let symmetric = self.packer.has_automorphisms();
        let mut represented = self.current.len();
        for reached in self.current.states() {
            let state = unpacked::<M>(self.current.packed(reached));
            if symmetric {
                represented += self.packer.pack(model, &state).orbit - 1;
            }
            let here = Settled {
                way: reached.way,
                key: reached.key,
            };
            for place in open.iter().copied() {
                let property = &self.properties[place];
                let holds = (property.condition)(model, &state);
                if holds != (property.expectation == Expectation::Always)
                    && settled[place].is_none_or(|known| here < known)
                {
                    settled[place] = Some(here);
                }
            }
        }
        let settled = open
            .into_iter()
            .filter_map(|place| Some((place, settled[place]?)));
        (settled.collect(), represented)
    }

    /// Adds up what all workers report of level `number`, and says whether it is to be expanded.
    fn decide(
        &mut self,
        number: u32,
        reports: &[Report<M::Action>],
        progress: &(dyn Fn(&Progress) + Send + Sync),
    ) -> bool {
        let totals = &mut self.totals;
        let frontier = reports.iter().map(|report| report.unique).sum();
        totals.bytes = reports.iter().map(|report| report.bytes).sum();
        totals.visited_bytes = reports.iter().map(|report| report.visited_bytes).sum();
        for report in reports {
            assert_eq!(report.question, self.fingerprint, "{}", cluster::DIFFERENT);
            totals.counts.unique += report.unique;
            totals.counts.generated += report.generated;
            totals.represented += report.represented;
            totals.cut = totals.cut.or(report.cut);
            for (all, more) in totals.tallies.iter_mut().zip(&report.tallies) {
                *all = [all[0] + more[0], all[1] + more[1]];
            }
            for (place, settled) in &report.settled {
                let known = &mut self.settled[*place];
                *known = Some(known.map_or(*settled, |known| known.min(*settled)));
            }
        }
        if totals.counts.generated >= self.question.limits.generated {
            totals.cut = totals.cut.or(Some(Cut::States));
        }
        if frontier == 0 {
            return false;
        }
        totals.counts.depth = number as usize;
        if self.index == 0 {
            progress(&Progress {
                level: totals.counts.depth,
                unique: totals.counts.unique,
                generated: totals.counts.generated,
                frontier,
                bytes: totals.bytes,
                elapsed: self.begun.elapsed(),
            });
        }
        let is_violated = |(property, settled): (&Property<M>, &Option<_>)| {
            property.expectation == Expectation::Always && settled.is_some()
        };
        let violated = self.properties.iter().zip(&self.settled).any(is_violated);
        totals.cut.is_none() && !(violated && self.question.until == Until::Violation)
    }

    /// Expands the next states of the current level, from the `done`-th on, and says how far it came.
    fn expand(&mut self, done: usize, mut send: impl FnMut(Parcel<M::Action>)) -> usize {
        let question = Arc::clone(&self.question);
        let model = &question.model;
        let end = (done + TURN).min(self.current.len());
        for place in done..end {
            let reached = self.current.states()[place];
            let state = unpacked::<M>(self.current.packed(&reached));
            let mut actions = std::mem::take(&mut self.actions);
            model.actions(&state, &mut actions);
            for action in actions.drain(..) {
                let kind = model.kind(&action);
                self.tallies[kind][0] += 1;
                let Some(next) = model.next_state(&state, action) else {
                    continue;
                };
                if !model.within_boundary(&next) {
                    continue;
                }
                self.generated += 1;
                self.tallies[kind][1] += 1;
                let way = Way {
                    action: Some(action),
                    parent: reached.key,
                };
                if let Some(parcel) = self.hand_over(&next, way) {
                    send(parcel);
                }
            }
            self.actions = actions;
        }
        self.most_bytes = self.most_bytes.max(self.bytes());
        self.cut = self.over_limit();
        let is_over = end == self.current.len() || self.cut.is_some();
        if !is_over {
            return end;
        }
        for to in 0..self.peers {
            if to == self.index {
                self.take_own();
            }
            // Even an empty parcel is worth sending to oneself: it makes sure that there is a report.
            if to == self.index || !self.outgoing[to].candidates.is_empty() {
                send(std::mem::replace(&mut self.outgoing[to], Parcel::empty(to)));
            }
        }
        self.current.len()
    }

    /// Puts a state into the parcel of whom it belongs to; one that is full is handed back, to be sent.
    fn hand_over(&mut self, state: &M::State, way: Way<M::Action>) -> Option<Parcel<M::Action>> {
        let packed = self.packer.pack(&self.question.model, state);
        let to = owner(packed.key, self.peers);
        let parcel = &mut self.outgoing[to];
        parcel.packed.extend_from_slice(packed.bytes);
        let end = parcel.packed.len();
        parcel.candidates.push((packed.key, way, end as u32));
        if end < PARCEL {
            return None;
        }
        if to == self.index {
            self.take_own();
            return None;
        }
        Some(std::mem::replace(parcel, Parcel::empty(to)))
    }

    /// Takes what this worker has put into a parcel for itself.
    fn take_own(&mut self) {
        let mut parcel =
            std::mem::replace(&mut self.outgoing[self.index], Parcel::empty(self.index));
        self.take(&parcel);
        parcel.candidates.clear();
        parcel.packed.clear();
        self.outgoing[self.index] = parcel;
    }

    fn bytes(&self) -> usize {
        self.visited.bytes(self.next.len()) + self.current.bytes() + self.next.bytes()
    }

    /// Which limit is reached that is watched all the time, not only between levels.
    fn over_limit(&self) -> Option<Cut> {
        let limits = &self.question.limits;
        if limits
            .bytes
            .is_some_and(|limit| self.bytes() > limit / self.question.workers)
        {
            return Some(Cut::Memory);
        }
        let late = |(deadline, _)| Instant::now() >= deadline;
        limits.deadline.is_some_and(late).then_some(Cut::Time)
    }

    fn outcome(&mut self, ways: &BTreeMap<usize, Vec<Key>>) -> Searched<M> {
        let question = Arc::clone(&self.question);
        let model = &question.model;
        let mut outcome = Searched {
            counts: self.totals.counts,
            represented: self.totals.represented,
            cut: self.totals.cut,
            bytes: self.totals.bytes,
            visited_bytes: self.totals.visited_bytes,
            coverage: Coverage::of(model.kinds(), &self.totals.tallies),
            arose: Vec::new(),
            violated: Vec::new(),
        };
        for (place, property) in self.properties.iter().enumerate() {
            match (self.settled[place], &property.expectation) {
                (None, _) => {}
                (Some(_), Expectation::Always) => {
                    let path = way_back::forward(model, &mut self.packer, &ways[&place]);
                    outcome.violated.push((property.name, path));
                }
                (Some(_), Expectation::Sometimes) => outcome.arose.push(property.name),
                (Some(_), Expectation::Eventually) => {
                    unreachable!("asked for by no model: see docs/ARCHITECTURE.md")
                }
            }
        }
        outcome
    }
}

/// To whom a state belongs.  Not by the low bits of its key: those say where it is in a table.
pub(super) fn owner(key: Key, peers: usize) -> usize {
    (key >> 32) as usize % peers
}
