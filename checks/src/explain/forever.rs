//! Why a run never gets there: the history up to its round, the round, and why nothing that must not be
//! put off leads out of it.

use super::walk::{Walk, series};
use super::{Explanation, one_event_at_a_time, steps};
use crate::explore::History;
use crate::liveness::fairness::Class;
use crate::liveness::{Lasso, Property};
use highwater_model::replication::{Replication, State};
use highwater_vocabulary::{Event, Faults};

/// Explains how a run misses `property` for ever in `model`; nothing if the run comes to the end of
/// what the model has room for, told from its beginning without counting epochs anew.
pub fn for_ever(model: &Replication, property: &Property, lasso: &Lasso) -> Option<Explanation> {
    let model = &one_event_at_a_time(model);
    let (history, fails_until, round) = whole(model, lasso)?;
    let walk = Walk::of(model, &history);
    let mut steps = steps(&walk);
    for (number, note) in [
        (fails_until + 1, "nothing more fails"),
        (round, "again and again from here"),
    ] {
        if let Some(step) = steps.iter_mut().find(|step| step.number == number) {
            let told = std::mem::take(&mut step.meaning);
            step.meaning = match told.as_str() {
                "" => note.to_owned(),
                _ => format!("{note}: {told}"),
            };
        }
    }
    let brokers = walk.brokers();
    Some(Explanation {
        property: property.name,
        sentence: property.sentence,
        verdict: "violated",
        fault: model.faults.name(&model.setting.datacenters),
        brokers: brokers
            .map(|broker| model.setting.broker_name(broker))
            .collect(),
        argument: argument(&walk, property, lasso, fails_until, round),
        header: walk.header(),
        facts: model.observe(walk.last()).facts(&model.setting),
        steps,
    })
}

/// All events, after how many of them nothing more fails, and with which the round begins.
fn whole(model: &Replication, lasso: &Lasso) -> Option<(History, usize, usize)> {
    let beginning = lasso.beginning;
    let mut events = lasso.faults.clone();
    let failed = replayed(model, beginning, &events)?;
    let fails_until = events.len();
    if failed.world.lag {
        events.push(Event::CatchUp);
    }
    events.extend(&lasso.way);
    let round = events.len() + 1;
    events.extend(&lasso.round);
    replayed(model, beginning, &events)?;
    Some((History { beginning, events }, fails_until, round))
}

fn replayed(model: &Replication, beginning: State, events: &[Event]) -> Option<State> {
    let mut events = events.iter();
    events.try_fold(beginning, |state, event| model.step(&state, event).ok())
}

fn argument(
    walk: &Walk,
    property: &Property,
    lasso: &Lasso,
    fails_until: usize,
    round: usize,
) -> Vec<String> {
    let last = walk.length();
    let mut sentences = walk.differences_from_kafka();
    if walk.model.faults != Faults::default() {
        sentences.push(format!(
            "After step {fails_until} nothing more fails, and whatever was lost may come back."
        ));
    }
    sentences.push(match lasso.round.len() {
        0 => format!("After step {last} nothing is left that has to happen."),
        1 => format!("Step {last} changes nothing and can be repeated for ever."),
        _ => format!("Steps {round} to {last} lead round, and can be repeated for ever."),
    });
    if !lasso.round.is_empty() {
        sentences.push(fair(walk.model, lasso, round));
    }
    sentences.push(format!("All the while {}.", property.failure()));
    sentences
}

/// That the round neglects nothing.
fn fair(model: &Replication, lasso: &Lasso, round: usize) -> String {
    let mut taken: Vec<String> = Vec::new();
    for class in lasso.round.iter().filter_map(Class::of) {
        let name = class.name(model);
        if !taken.contains(&name) {
            taken.push(name);
        }
    }
    let mut heeded = Vec::new();
    if !taken.is_empty() {
        heeded.push(format!("the round takes {}", series(taken)));
    }
    let idle = lasso.idle.iter().map(|(class, place)| {
        let after = (round - 1) + place;
        format!("{} cannot be taken after step {after}", class.name(model))
    });
    heeded.extend(idle);
    format!(
        "Nothing that must not be put off for ever is neglected: {}.",
        heeded.join("; ")
    )
}
