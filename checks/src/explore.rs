//! Every state a model can reach, and what its properties come to.
//!
//! The outcome is ours and three-valued, because stateright's own is not: a run of its that was cut
//! short still says that it is done and that nothing was discovered.  `tests/stateright_traps.rs`
//! keeps the traps; here is what follows from them.  One thread, so that the search is breadth-first
//! and every history shortest.  No time limit and no depth limit; a limit on states is checked
//! against the count afterwards.  And one property that always holds, without which the search ends
//! as soon as the others are settled.

use highwater_model::replication::{
    ELECTIONS_USED_UP, EVERYTHING, Grain, ISR_CHANGES_USED_UP, Property, Replication, State,
    WINDOW_USED_UP, grain,
};
use highwater_vocabulary::Event;
use stateright::{Checker, Model};
use std::collections::BTreeSet;

/// How far an exploration may go before it gives up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// States generated, repetitions included.
    pub generated: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            generated: 60_000_000,
        }
    }
}

/// What an exploration found.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// How much was explored.
    pub counts: Counts,
    /// Why the space was not exhausted, if it was not.
    pub incomplete: Option<String>,
    /// Which bounds some history came up against: there the search may have been kept from
    /// something.
    pub used_up: Vec<&'static str>,
    /// Each property asked for, in the order in which it was asked.
    pub verdicts: Vec<(&'static Property, Verdict)>,
}

/// How much was explored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Different states.
    pub unique: usize,
    /// States generated, repetitions included.
    pub generated: usize,
    /// Events in the longest of the shortest histories.
    pub depth: usize,
}

/// What a property comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one a property and row, not one a state"
)]
pub enum Verdict {
    /// It holds in every state, and says something in one of them.
    Holds,
    /// It says nothing in any state.
    Silent,
    /// It is violated at the end of this history, and in none that is shorter.
    Violated(History),
    /// Not every state was looked at.
    Incomplete,
}

/// How a state came about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct History {
    /// The state before the first event.
    pub beginning: State,
    /// What happened.
    pub events: Vec<Event>,
}

impl Exploration {
    /// The verdict on a property that was asked for.
    pub fn verdict(&self, property: &str) -> Option<&Verdict> {
        self.verdicts
            .iter()
            .find(|(asked, _)| asked.name == property)
            .map(|(_, verdict)| verdict)
    }
}

impl Verdict {
    /// As files and JSON write it.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Silent => "silent",
            Verdict::Violated(_) => "violated",
            Verdict::Incomplete => "incomplete",
        }
    }
}

/// Explores every state of `model`.
///
/// # Panics
/// If two properties have the same name: stateright would take them for one.
pub fn explore(model: &Replication, limits: Limits) -> Exploration {
    assert_distinct_names(model);
    let checker = model
        .clone()
        .checker()
        .threads(1)
        .target_state_count(limits.generated)
        .spawn_bfs()
        .join();
    let mut found = checker.discoveries();
    let counts = Counts {
        unique: checker.unique_state_count(),
        generated: checker.state_count(),
        depth: checker.max_depth().saturating_sub(1),
    };
    let incomplete = incomplete(counts, limits);
    debug_assert!(!found.contains_key(EVERYTHING));
    let used_up = [ELECTIONS_USED_UP, ISR_CHANGES_USED_UP, WINDOW_USED_UP];
    let used_up = used_up
        .into_iter()
        .filter(|bound| found.contains_key(bound))
        .collect();
    let verdicts = model.asked.iter().map(|property| {
        let arises = found.contains_key(property.arising);
        let verdict = match found.remove(property.name) {
            Some(path) => Verdict::Violated(history(model, path)),
            None if incomplete.is_some() => Verdict::Incomplete,
            None if arises => Verdict::Holds,
            None => Verdict::Silent,
        };
        (property, verdict)
    });
    Exploration {
        counts,
        verdicts: verdicts.collect(),
        incomplete,
        used_up,
    }
}

fn incomplete(counts: Counts, limits: Limits) -> Option<String> {
    (counts.generated >= limits.generated).then(|| {
        format!(
            "{} states generated, and the limit is {}",
            counts.generated, limits.generated
        )
    })
}

/// The history of a path, event by event: what was found in large steps is written out in small ones.
fn history(model: &Replication, path: stateright::Path<State, Event>) -> History {
    let steps = path.into_vec();
    let beginning = steps[0].0;
    let events: Vec<Event> = steps.into_iter().filter_map(|(_, event)| event).collect();
    if model.variant.grain == Grain::Fine {
        return History { beginning, events };
    }
    let mut fine = Vec::with_capacity(events.len());
    let mut state = beginning;
    for event in events {
        let (events, after) = grain::events_of(model, &state, &event)
            .expect("a step of a path is a step at the fine grain too (tests/grains.rs)");
        fine.extend(events);
        state = after;
    }
    History {
        beginning,
        events: fine,
    }
}

fn assert_distinct_names(model: &Replication) {
    let properties = model.properties();
    let names: BTreeSet<_> = properties.iter().map(|property| property.name).collect();
    assert_eq!(
        names.len(),
        properties.len(),
        "two properties have the same name"
    );
}
