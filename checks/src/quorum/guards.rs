//! What every guard of the quorum is worth.
//!
//! A guard earns its place by what breaks without it, in the smallest case we know.  Where nothing
//! breaks, the line says why: other guards mask it, only availability suffers, or nothing was found.

use super::guard_table::TABLE;
use super::recovery::{Goal, recovery};
use super::{Exploration, Verdict, explore};
use crate::explore::Limits;
use highwater_model::quorum::{
    Bounds, Event, Faults, Guard, Property, Quorum, Setting, State, Variant,
};
use std::fmt;

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The guard.
    pub guard: Guard,
    /// Where it is tried.
    pub case: Case,
    /// What is expected.
    pub worth: Worth,
}

/// A small case: one datacenter, freshly formatted.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Voters, and nodes that are none yet.
    pub nodes: [usize; 2],
    /// What may go wrong.
    pub faults: &'static str,
    /// Records, the last epoch, changes of the voter set.
    pub bounds: [u8; 3],
    /// Whether voters ask before they stand for election.
    pub pre_vote: bool,
    /// Whether each voter is in a datacenter of its own, so that links between them can be cut.
    pub apart: bool,
}

/// What a guard is worth.
#[derive(Clone, Copy, Debug)]
pub enum Worth {
    /// Without it, this property is violated after so many events, and in the same space with it never.
    Breaks(&'static str, usize),
    /// The same, shown by one history: the space is too large for a test.  With the guard the history
    /// cannot happen, or breaks nothing.
    BreaksInStory(&'static str, &'static [&'static str]),
    /// Without it alone nothing is violated in the space of the case; without these as well, this
    /// property is.
    MaskedBy(&'static [Guard], &'static str, usize),
    /// Nothing is lost; but something can no longer be reached that with it can be reached from
    /// everywhere.
    AvailabilityOnly(&'static str, Hope),
    /// Nothing was found in the whole space of the case; this is why, as far as we know.
    NotReproduced(&'static str),
}

/// What can be hoped for from every state.
#[derive(Clone, Copy)]
pub struct Hope {
    /// As a sentence.
    pub sentence: &'static str,
    /// In which states it is hoped.
    pub asked: Goal,
    /// For what.
    pub goal: Goal,
    /// With how many more records and epochs.
    pub more: [u8; 2],
}

impl fmt::Debug for Hope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence)
    }
}

/// What was found for a line.
#[derive(Clone, Debug)]
pub struct Found {
    /// The guard.
    pub guard: Guard,
    /// What came out, in words.
    pub told: String,
    /// Whether it is what the table says.
    pub expected: bool,
}

/// The line of a guard.
///
/// # Panics
/// If a guard has none; a test sees to it that each has one.
pub fn line(guard: Guard) -> Line {
    let mut lines = TABLE.iter().filter(|line| line.guard == guard);
    let found = lines.next().copied();
    found.unwrap_or_else(|| panic!("{guard} has no line in the table"))
}

/// Tries a line.
pub fn try_line(line: Line) -> Found {
    let (told, expected) = match line.worth {
        Worth::Breaks(property, steps) => breaks(line, &[line.guard], property, steps),
        Worth::MaskedBy(others, property, steps) => masked(line, others, property, steps),
        Worth::BreaksInStory(property, events) => story(line, property, events),
        Worth::AvailabilityOnly(why, hope) => availability(line, why, hope),
        Worth::NotReproduced(why) => nothing(line, why),
    };
    Found {
        guard: line.guard,
        told,
        expected,
    }
}

/// The properties that a guard may break; the others are not asked of its case.
fn asked(case: &Case, exploration: &Exploration) -> Vec<(&'static str, usize)> {
    let every = Property::ALL.iter().map(|property| property.name);
    // Without pre-vote anybody may disturb a leader, so this says nothing.
    let telling = every.filter(|name| case.pre_vote || *name != "steady-leader");
    let violated = telling.filter_map(|name| Some((name, exploration.steps_to(name)?)));
    violated.collect()
}

fn breaks(line: Line, waived: &[Guard], property: &str, steps: usize) -> (String, bool) {
    let without = line.case.explored(waived);
    let with = line.case.explored(&[]);
    let clean = asked(&line.case, &with).is_empty();
    let found = without.steps_to(property);
    let sizes = format!(
        "{} states, {} with it",
        without.counts.unique, with.counts.unique
    );
    let told = match found {
        Some(steps) => format!("{property} breaks after {steps} events ({sizes})"),
        None => format!("{property} does not break ({sizes})"),
    };
    (told, clean && found == Some(steps))
}

fn masked(line: Line, others: &[Guard], property: &str, steps: usize) -> (String, bool) {
    let alone = line.case.explored(&[line.guard]);
    let joint: Vec<Guard> = others.iter().copied().chain([line.guard]).collect();
    let (told, expected) = breaks(line, &joint, property, steps);
    let names: Vec<_> = others.iter().map(|guard| guard.name()).collect();
    let told = format!("masked by {}: without them too, {told}", names.join(", "));
    (told, expected && asked(&line.case, &alone).is_empty())
}

fn story(line: Line, property: &str, events: &[&str]) -> (String, bool) {
    let without = line.case.model(&[line.guard]);
    let told = replayed(&without, events);
    let broken = told.is_ok_and(|state| !holds(&without, &state, property));
    let with = line.case.model(&[]);
    let kept = replayed(&with, events).map_or(true, |state| holds(&with, &state, property));
    let told = format!(
        "{property} {} after {} events of a story",
        if broken { "breaks" } else { "does not break" },
        events.len()
    );
    (told, broken && kept)
}

fn holds(model: &Quorum, state: &State, property: &str) -> bool {
    Property::named(property).is_none_or(|property| (property.holds)(model, state))
}

/// The state after these events.
///
/// # Errors
/// Which event cannot happen, and why.
pub fn replayed(model: &Quorum, events: &[&str]) -> Result<State, String> {
    let mut state = model.beginning();
    for line in events {
        let event = Event::parse(line, &model.setting).map_err(|error| error.to_string())?;
        let next = model.step(&state, &event);
        state = next.map_err(|disabled| format!("{line}: {disabled:?}"))?;
    }
    Ok(state)
}

fn availability(line: Line, why: &str, hope: Hope) -> (String, bool) {
    let ask = |waived: &[Guard]| {
        let model = Quorum {
            bounds: Bounds {
                repairs: false,
                timely: true,
                ..line.case.model(waived).bounds
            },
            ..line.case.model(waived)
        };
        recovery(&model, hope.asked, hope.goal, hope.more)
    };
    let (without, with) = (ask(&[line.guard]), ask(&[]));
    let sentence = hope.sentence;
    let told = match &without.stuck {
        Some(history) => format!(
            "availability only: {why}; \"{sentence}\" is out of reach after {} events, and with it \
             never ({} states asked)",
            history.len(),
            with.asked
        ),
        None => format!("\"{sentence}\" stays within reach"),
    };
    (
        told,
        without.stuck.is_some() && with.stuck.is_none() && with.asked > 0,
    )
}

fn nothing(line: Line, why: &str) -> (String, bool) {
    let without = line.case.explored(&[line.guard]);
    let broken = asked(&line.case, &without);
    let told = match broken.first() {
        None => format!("not reproduced in {} states: {why}", without.counts.unique),
        Some((property, steps)) => format!("{property} breaks after {steps} events after all"),
    };
    (told, broken.is_empty())
}

impl Case {
    /// The model of this case with guards waived.
    pub fn model(&self, waived: &[Guard]) -> Quorum {
        let [voters, spares] = self.nodes;
        let names = ["a", "b", "c", "d", "e", "f"];
        let setting = match self.apart {
            true => {
                let each: Vec<_> = names[..voters].iter().map(|name| (*name, 1)).collect();
                Setting::of(&each, spares)
            }
            false => Setting::of(&[("a", voters)], spares),
        };
        let faults =
            Faults::parse(self.faults, &setting.datacenters).expect("the table is well-formed");
        let [records, epochs, changes] = self.bounds;
        let mut variant = Variant::newest().without(waived);
        variant.switches.pre_vote = self.pre_vote;
        Quorum {
            setting,
            variant,
            faults,
            bounds: Bounds {
                records,
                epochs,
                changes,
                ..Bounds::default()
            },
            asked: Property::ALL,
        }
    }

    fn explored(&self, waived: &[Guard]) -> Exploration {
        let exploration = explore(&self.model(waived), Limits::default());
        let cut = |(_, verdict): &(_, Verdict)| verdict.is_incomplete();
        assert!(
            !exploration.cut_short && !exploration.verdicts.iter().any(cut),
            "a case of the table of guards is exhausted"
        );
        exploration
    }
}
