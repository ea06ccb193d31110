//! Why a property is violated: a history step by step, and an argument.
//!
//! An [`Explanation`] is data.  `walk` runs the history through the model, `meaning` says of each
//! step what it means, `argument` looks back over the steps and says why the last one had to end as
//! it did; `formats` alone knows how any of it is written: as text, as a story, as JSON.
//!
//! **Architecture invariant:** nothing here decides what happens.  It reads the states that the
//! model's rules have made, and every sentence is read off them.  What the search left out of its
//! states because nobody asked for it is there again (`Replication::unabridged`).

mod argument;
mod evidence;
mod forever;
mod formats;
mod meaning;
mod service;
mod walk;

use crate::explore::History;
pub use forever::for_ever;
pub use formats::{ExplanationJson, picture};
use highwater_model::replication::{Grain, Property, Replication, State};
use highwater_vocabulary::Event;
pub use service::stopped;
use walk::Walk;

/// A violation, explained.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The property that does not hold after the last step.
    pub property: &'static str,
    /// What that property says.
    pub sentence: &'static str,
    /// What is found of it: `violated`, or the word of a service.
    pub verdict: &'static str,
    /// What was allowed to go wrong, as the command line writes it.
    pub fault: String,
    /// The brokers, in the order of their columns.
    pub brokers: Vec<String>,
    /// What happened.
    pub steps: Vec<Step>,
    /// Why it had to come to this, in sentences.
    pub argument: Vec<String>,
    /// The first line of a story in which all this happens.
    header: String,
    /// What can be seen after the last step.
    facts: Vec<String>,
}

/// Something that happened, and what came of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Counted from one.
    pub number: usize,
    /// What happened.
    pub event: Event,
    /// The same, as a line of a story.
    pub line: String,
    /// Each broker afterwards: its log, with the bar at its high watermark.
    pub cells: Vec<Cell>,
    /// What it means, in a few words; empty where there is nothing to say.
    pub meaning: String,
}

/// A broker after a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    /// As it is printed.
    pub text: String,
    /// Whether the step changed it.
    pub changed: bool,
}

/// Explains how `history` violates `property` in `model`.
///
/// # Panics
/// If the history is not one of this model's.
pub fn explain(model: &Replication, property: &Property, history: &History) -> Explanation {
    let model = &one_event_at_a_time(model);
    let walk = Walk::of(model, history);
    Explanation {
        property: property.name,
        sentence: property.sentence,
        verdict: "violated",
        fault: model.faults.name(&model.setting.datacenters),
        brokers: walk
            .brokers()
            .map(|broker| model.setting.broker_name(broker))
            .collect(),
        argument: argument::argue(&walk, property),
        header: walk.header(),
        facts: model.observe(walk.last()).facts(&model.setting),
        steps: steps(&walk),
    }
}

/// The steps of a history that need not violate anything.
///
/// # Panics
/// If the history is not one of this model's.
pub fn steps_of(model: &Replication, history: &History) -> Vec<Step> {
    steps(&Walk::of(&one_event_at_a_time(model), history))
}

/// Histories are written out in events of the fine grain, whatever the steps were in which they were
/// found.
fn one_event_at_a_time(model: &Replication) -> Replication {
    let mut model = model.unabridged();
    model.variant.grain = Grain::Fine;
    model
}

fn steps(walk: &Walk) -> Vec<Step> {
    let step = |moment: &walk::Moment| {
        let before = cells(walk.model, &moment.before);
        let after = cells(walk.model, &moment.after).into_iter().zip(before);
        Step {
            number: moment.number,
            event: moment.event,
            line: moment.event.line(&walk.model.setting),
            cells: after
                .map(|(text, old)| Cell {
                    changed: text != old,
                    text,
                })
                .collect(),
            meaning: meaning::meaning(walk.model, moment),
        }
    };
    walk.moments.iter().map(step).collect()
}

fn cells(model: &Replication, state: &State) -> Vec<String> {
    let seen = model.observe(state).replicas;
    seen.iter().map(ToString::to_string).collect()
}
