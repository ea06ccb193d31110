//! What every guard is worth: the table that `highwater rules` prints.
//!
//! A guard earns its place by what breaks without it, in the smallest case we know: a property that
//! a client or an operator can observe, not one that restates the guard.  Where nothing breaks, the
//! line says why: other guards mask it (then all of them waived together break something), only
//! availability suffers, or nothing was found within the bounds of the case.

use crate::explore::{Exploration, Limits, Verdict, explore};
use crate::guard_table::TABLE;
use highwater_model::replication::{Bounds, Guard, GuardSet, Property, Replication, Variant};
use highwater_vocabulary::{Faults, Story};
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

/// A small case, in the words of stories and deployments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    /// The first line of a story, without its first word.
    pub setting: &'static str,
    /// The faults of the row.
    pub faults: &'static str,
    /// Records, elections, ISR changes, preferred elections.
    pub bounds: [u8; 4],
    /// What clients or operators do besides.
    pub besides: Besides,
}

/// What clients or operators do in a case besides producing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Besides {
    /// Nothing.
    Nothing,
    /// A consumer reads once, from whatever replica it likes.
    Read,
    /// An operator changes min ISR to this.
    MinIsr(u8),
    /// An operator reassigns the partition, in this order, each time to these replicas.
    Reassign(&'static [&'static str]),
    /// The same, and an operator takes one of them back.
    ReassignAndCancel(&'static [&'static str]),
    /// A producer sends so often what it has sent before.
    Retry(u8),
    /// An operator makes the observers of a datacenter ordinary replicas, once.
    Promote,
    /// An operator asks for one unclean election.
    ElectUnclean,
    /// Nobody does anything, and what can add nothing is tried too: answers that are never heard,
    /// refusals.
    EveryChoice,
}

/// What a guard is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Worth {
    /// Without it, this property is violated after so many events.
    Breaks(&'static str, usize),
    /// Without it alone nothing is; without these as well, this property is.
    MaskedBy(&'static [Guard], &'static str, usize),
    /// Nothing that is kept can be lost; something that should go on does not.
    AvailabilityOnly(&'static str),
    /// Nothing was found in the whole space of the case; this is why, as far as we know.
    NotReproduced(&'static str),
}

/// What was found for a line.
#[derive(Clone, Debug)]
pub struct Found {
    /// The line.
    pub line: Line,
    /// What the guard turned out to be worth; the expectation's own reason where nothing broke.
    pub worth: Worth,
    /// States of the space without the guard, and with every guard.
    pub states: [usize; 2],
}

impl Found {
    /// Whether the table is right.
    pub fn is_as_expected(&self) -> bool {
        self.worth == self.line.worth
    }
}

impl fmt::Display for Worth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Worth::Breaks(property, steps) => write!(f, "{property} breaks after {steps} events"),
            Worth::MaskedBy(others, property, steps) => {
                let names: Vec<_> = others.iter().map(|guard| guard.name()).collect();
                write!(
                    f,
                    "masked by {}: without them too, {property} breaks after {steps} events",
                    names.join(", ")
                )
            }
            Worth::AvailabilityOnly(why) => write!(f, "availability only: {why}"),
            Worth::NotReproduced(why) => write!(f, "not reproduced: {why}"),
        }
    }
}

/// The properties that a client or an operator can observe, the plainest first.
const OBSERVABLE: [&str; 13] = [
    "acked-somewhere",
    "acked-in-leader",
    "acked-survives",
    "electable",
    "no-split-brain",
    "read-stability",
    "committed-prefix",
    "log-matching",
    "log-shape",
    "exactly-once",
    "in-order",
    "latest-stands",
    // One failover away from a loss.
    "candidates-complete",
];

/// The line of a guard.
///
/// # Panics
/// If a guard has none; `tests/guards.rs` sees to it that each has one.
pub fn line(guard: Guard) -> Line {
    *TABLE
        .iter()
        .find(|line| line.guard == guard)
        .unwrap_or_else(|| panic!("{guard} has no line in the table"))
}

/// Tries a line.
pub fn try_line(line: Line) -> Found {
    let with = line.case.explore(GuardSet::default());
    let without = line.case.explore([line.guard].into_iter().collect());
    let states = [without.counts.unique, with.counts.unique];
    let broken = first_broken(&without, &with);
    let worth = match (broken, line.worth) {
        (Some(plainest), Worth::Breaks(expected, _)) => {
            let expected = steps_to(&without, expected)
                .filter(|_| holds(&with, expected))
                .map(|steps| (expected, steps));
            let (property, steps) = expected.unwrap_or(plainest);
            Worth::Breaks(property, steps)
        }
        (Some((property, steps)), _) => Worth::Breaks(property, steps),
        (None, Worth::MaskedBy(others, expected, _)) => {
            let joint = line
                .case
                .explore(others.iter().copied().chain([line.guard]).collect());
            match steps_to(&joint, expected).filter(|_| holds(&with, expected)) {
                Some(steps) => Worth::MaskedBy(others, expected, steps),
                None => Worth::NotReproduced("nor with the others waived"),
            }
        }
        (None, Worth::Breaks(..)) => Worth::NotReproduced("nothing broke"),
        (None, expected) => expected,
    };
    Found {
        line,
        worth,
        states,
    }
}

/// The plainest observable property that is violated without the guard and not with it.  A space
/// that was not exhausted shows nothing.
fn first_broken(without: &Exploration, with: &Exploration) -> Option<(&'static str, usize)> {
    let broken = OBSERVABLE
        .into_iter()
        .filter_map(|property| Some((property, steps_to(without, property)?)));
    broken
        .filter(|(property, _)| holds(with, property))
        .min_by_key(|(_, steps)| *steps)
}

fn steps_to(exploration: &Exploration, property: &str) -> Option<usize> {
    match exploration.verdict(property)? {
        Verdict::Violated(history) => Some(history.events.len()),
        _ => None,
    }
}

fn holds(exploration: &Exploration, property: &str) -> bool {
    matches!(
        exploration.verdict(property),
        Some(Verdict::Holds | Verdict::Silent)
    )
}

impl Case {
    /// The model of this case with guards waived.
    pub fn model(&self, waived: GuardSet) -> Replication {
        let story = Story::parse(&format!("replication {}", self.setting))
            .expect("the table is well-formed");
        let variant =
            Variant::parse(story.setting.kafka, &story.variant).expect("the table is well-formed");
        let faults = Faults::parse(self.faults, &story.setting.datacenters)
            .expect("the table is well-formed");
        let [records, elections, isr_changes, preferred_elections] = self.bounds;
        let mut bounds = Bounds {
            records,
            elections,
            isr_changes,
            preferred_elections,
            ..Bounds::default()
        };
        match self.besides {
            Besides::Nothing => {}
            Besides::Read => bounds.reads = 1,
            Besides::Promote => bounds.operators.promotions = 1,
            Besides::ElectUnclean => bounds.operators.unclean_elections = 1,
            Besides::EveryChoice => bounds.redundant_choices = true,
            Besides::MinIsr(to) => bounds.operators.min_isr[0] = Some(to),
            Besides::Retry(times) => bounds.retries = times,
            Besides::Reassign(each) | Besides::ReassignAndCancel(each) => {
                let cancels = matches!(self.besides, Besides::ReassignAndCancel(_));
                bounds.operators.cancellations = cancels.into();
                let places = bounds.operators.reassignments.iter_mut();
                for (place, names) in places.zip(each) {
                    let named = names.split(' ').map(|name| {
                        let broker = story.setting.broker_named(name);
                        broker.expect("the table is well-formed")
                    });
                    *place = Some(named.collect());
                }
            }
        }
        let variant = Variant { waived, ..variant };
        Replication {
            setting: story.setting,
            variant,
            faults,
            bounds,
            asked: Property::ALL,
        }
    }

    fn explore(&self, waived: GuardSet) -> Exploration {
        let exploration = explore(&self.model(waived), Limits::default());
        assert_eq!(
            exploration.incomplete, None,
            "a case of the guard table is exhausted"
        );
        exploration
    }
}
