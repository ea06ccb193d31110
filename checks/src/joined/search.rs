//! How far each question is explored: with one record, then with one more, as far as a budget of states
//! goes.
//!
//! Every question gets its share of a round, and what is left over goes to the next round; nothing of it
//! looks at a clock or at who finished first.

use super::effects::Effect;
use super::question::Question;
use crate::explore::{Crew, Limits, in_lanes};
use crate::mirroring::{Exploration, History, Verdict};
use crate::subject;
use highwater_model::mirroring::measures::{
    copied_again_without_lag, missing_without_lag, read_again_without_lag,
};
use highwater_model::mirroring::{Bounds, Fault, Mirroring, Property, State, Variant};
use std::sync::LazyLock;

/// The most records that are ever written.
pub const MOST_RECORDS: u8 = 4;

/// With how many records a property is claimed to hold.
pub const LEAST_CLAIMED: u8 = 2;

/// How much is counted before it is only said that it is more.
const MOST_COUNTED: usize = MOST_RECORDS as usize;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// Records that the target lacks although the mirror has no lag.
    Missing,
    /// Records that a mirror copies again although it has stored its positions.
    CopiedAgain,
    /// Records that a group reads again although nothing lags.
    ReadAgain,
    /// Those among them that share the timestamp by which it found its place.
    Ties,
}

impl Measure {
    /// Every one.
    pub const ALL: [Measure; 4] = [
        Measure::Missing,
        Measure::CopiedAgain,
        Measure::ReadAgain,
        Measure::Ties,
    ];

    fn of(self, model: &Mirroring, state: &State) -> usize {
        match self {
            Measure::Missing => missing_without_lag(model, state),
            Measure::CopiedAgain => copied_again_without_lag(model, state),
            Measure::ReadAgain => read_again_without_lag(model, state).others,
            Measure::Ties => read_again_without_lag(model, state).ties,
        }
    }

    /// Whether it is about records, or about a group that reads them.
    fn is_of_records(self) -> bool {
        matches!(self, Measure::Missing | Measure::CopiedAgain)
    }
}

/// "No more than `MOST` of that": its violations bound the measure from below.
fn at_most<const MEASURE: usize, const MOST: usize>(model: &Mirroring, state: &State) -> bool {
    Measure::ALL[MEASURE].of(model, state) <= MOST
}

/// A `sometimes` that is always met: a measure counts from 0.
fn always(_: &Mirroring, _: &State) -> bool {
    true
}

macro_rules! counted {
    ($($name:literal: $measure:literal at most $most:literal;)*) => {
        /// For each measure, by how much it is passed.
        const COUNTED: [Property; Measure::ALL.len() * MOST_COUNTED] = [$(Property {
            name: $name,
            sentence: "So many at most, without lag.",
            formula: "measure ≤ most",
            holds: at_most::<$measure, $most>,
            arising: "something is counted",
            arises: always,
        },)*];
    };
}

counted! {
    "missing at most 0": 0 at most 0;
    "missing at most 1": 0 at most 1;
    "missing at most 2": 0 at most 2;
    "missing at most 3": 0 at most 3;
    "copied again at most 0": 1 at most 0;
    "copied again at most 1": 1 at most 1;
    "copied again at most 2": 1 at most 2;
    "copied again at most 3": 1 at most 3;
    "read again at most 0": 2 at most 0;
    "read again at most 1": 2 at most 1;
    "read again at most 2": 2 at most 2;
    "read again at most 3": 2 at most 3;
    "ties at most 0": 3 at most 0;
    "ties at most 1": 3 at most 1;
    "ties at most 2": 3 at most 2;
    "ties at most 3": 3 at most 3;
}

/// What is asked about records, whoever reads them.
pub const OF_RECORDS: [&str; 8] = [
    "nothing-lost-at-failover",
    "mirror-complete",
    "eventual-delivery",
    "mirror-exact",
    "per-key-order",
    "no-cycle",
    "single-writer",
    "mirror-read-only",
];

/// What is asked about a group.
pub const OF_GROUPS: [&str; 7] = [
    "no-skip",
    "no-repeat",
    "commits-carry-over",
    "offset-in-range",
    "checkpoint-monotone",
    "offsets-durable",
    "loss-reported",
];

/// What is asked about the counts that a group keeps beside Kafka.
pub const OF_SINKS: [&str; 3] = ["same-counts", "one-sink-writer", "every-record-counted"];

/// The properties of this name.
fn named(names: &[&str]) -> Vec<Property> {
    let named = names.iter().filter_map(|name| Property::named(name));
    named.copied().collect()
}

fn asked(names: &[&str], of_records: bool) -> Vec<Property> {
    let counted = COUNTED
        .iter()
        .enumerate()
        .filter(|(place, _)| Measure::ALL[place / MOST_COUNTED].is_of_records() == of_records);
    let mut asked = named(names);
    asked.extend(counted.map(|(_, property)| property));
    asked
}

static ABOUT_RECORDS: LazyLock<Vec<Property>> = LazyLock::new(|| asked(&OF_RECORDS, true));
static ABOUT_GROUPS: LazyLock<Vec<Property>> = LazyLock::new(|| asked(&OF_GROUPS, false));
/// Who counts beside Kafka may read a record again; what is passed over is not counted either.
static ABOUT_SINKS: LazyLock<Vec<Property>> =
    LazyLock::new(|| named(&[&OF_SINKS[..], &["no-skip"]].concat()));

/// A question in one row.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// What is explored.
    pub question: &'a Question,
    /// What goes wrong.
    pub effect: Effect,
    /// Whether operators are careful: producers are moved only after the old primary is fenced, and clusters can
    /// be; where a group counts, they and it only when everything is copied.
    pub careful: bool,
}

impl Asked<'_> {
    /// With how many records it is explored at most, if a deployment asks for so many of a group: what is
    /// copied is explored with one more, which costs little.  What care mends is asked with as few as will do.
    fn most(&self, records: u8) -> u8 {
        if self.careful {
            return LEAST_CLAIMED;
        }
        let more = u8::from(self.question.group.is_none());
        (records + more).min(MOST_RECORDS)
    }

    /// What is explored, with so many records.
    pub fn model(&self, records: u8) -> Mirroring {
        let faults = &self.effect.faults;
        let skews = faults
            .different()
            .any(|fault| matches!(fault, Fault::ClockSkew(_)));
        let bounds = self.question.bounds;
        let mut setting = self.question.setting.clone();
        for (flow, stops_with) in setting.mirrors.iter_mut().zip(&self.effect.stops_with) {
            flow.stops_with = *stops_with;
        }
        Mirroring {
            setting,
            variant: Variant::default(),
            faults: faults.clone(),
            bounds: Bounds {
                records,
                ticks: if skews {
                    bounds.ticks.max(1)
                } else {
                    bounds.ticks
                },
                fencing: self.careful,
                fence_first: self.careful,
                orderly_moves: self.careful && self.counts(),
                ..bounds
            },
            asked: match self.question.group {
                None => &ABOUT_RECORDS,
                Some(_) if self.counts() => &ABOUT_SINKS,
                Some(_) => &ABOUT_GROUPS,
            },
        }
    }

    /// Whether a group is asked about that counts beside Kafka.
    fn counts(&self) -> bool {
        let mut groups = self.question.setting.groups.iter();
        groups.any(|group| group.sink.is_some())
    }
}

/// What was found for a question in a row.
#[derive(Clone)]
pub struct Outcome {
    /// With how many records it was exhausted; 0 if with none.
    pub records: u8,
    /// Different states there.
    pub states: usize,
    /// Each property, with what all rounds together say of it.
    pub verdicts: Vec<(&'static Property, Found)>,
    /// Each measure with one record, two, and so on, as far as it was exhausted.
    pub measured: [Vec<usize>; Measure::ALL.len()],
}

/// What is known of a property.
#[derive(Clone)]
pub enum Found {
    /// It holds, and says something.
    Holds,
    /// It says nothing.
    Silent,
    /// It is violated with so many records at least, and at the end of this history.
    Violated(u8, Box<History>),
    /// Not even one record was exhausted.
    Unknown,
}

impl Found {
    /// As files and JSON write it.
    pub fn word(&self) -> &'static str {
        match self {
            Found::Holds => "holds",
            Found::Silent => "silent",
            Found::Violated(..) => "violated",
            Found::Unknown => "incomplete",
        }
    }
}

impl Outcome {
    /// Before anything is explored.
    fn unknown(asked: &Asked) -> Outcome {
        let properties = asked.model(1).asked.iter();
        let verdicts = properties.filter(|property| !is_counted(property));
        Outcome {
            records: 0,
            states: 0,
            verdicts: verdicts
                .map(|property| (property, Found::Unknown))
                .collect(),
            measured: Default::default(),
        }
    }

    /// What is known after an exploration with one record more: what one that was cut has found, it has
    /// found.
    fn learn(&mut self, found: Exploration) {
        let records = self.records + 1;
        for (property, known) in &mut self.verdicts {
            let new = found.verdict(property.name);
            *known = match (&*known, new) {
                (_, Some(Verdict::Holds | Verdict::Silent)) if found.limited => continue,
                (Found::Violated(..), _) => continue,
                (_, Some(Verdict::Violated(history))) => {
                    Found::Violated(records, Box::new(history.clone()))
                }
                (_, Some(Verdict::Holds)) => Found::Holds,
                (_, Some(Verdict::Silent)) => Found::Silent,
                (_, Some(Verdict::Incomplete) | None) => continue,
            };
        }
        if found.cut_short || found.limited {
            return;
        }
        self.records = records;
        self.states = found.represented;
        for (known, new) in self.measured.iter_mut().zip(measured(&found)) {
            known.push(new);
        }
    }

    /// What is known of a property that was asked about.  With a single record nothing is claimed to hold:
    /// to pass one over takes another.
    pub fn found(&self, property: &str) -> Option<&Found> {
        let mut verdicts = self.verdicts.iter();
        let (_, found) = verdicts.find(|(known, _)| known.name == property)?;
        Some(match found {
            Found::Holds | Found::Silent if self.records < LEAST_CLAIMED => &Found::Unknown,
            found => found,
        })
    }

    /// Whether a property is violated.
    pub fn violates(&self, property: &str) -> bool {
        matches!(self.found(property), Some(Found::Violated(..)))
    }

    /// A measure with one record, two, and so on, as far as it was exhausted.
    pub fn measured(&self, measure: Measure) -> &[usize] {
        &self.measured[measure as usize]
    }
}

/// Explores every question with up to so many records, as far as `budget` states go for all together.
///
/// In each pass those that are not done share what is left: who is exhausted goes on with one record
/// more, who is cut short tries once more when the share has doubled.
pub fn search(
    asked: &[Asked],
    records: u8,
    budget: usize,
    crew: &Crew,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = asked.iter().map(Outcome::unknown).collect();
    let mut tried = vec![0; asked.len()];
    let mut left = budget;
    let mut done = 0;
    loop {
        let goes_on = |place: &usize| outcomes[*place].records < asked[*place].most(records);
        let waiting: Vec<usize> = (0..asked.len()).filter(goes_on).collect();
        let share = (left / waiting.len().max(1)).max(1);
        let worth = |place: &usize| share >= 2 * tried[*place];
        let places: Vec<usize> = waiting.into_iter().filter(worth).collect();
        if places.is_empty() {
            return outcomes;
        }
        let models = places
            .iter()
            .map(|place| asked[*place].model(outcomes[*place].records + 1));
        let limits = Limits {
            bytes: crew.bytes,
            deadline: crew.deadline,
            ..Limits::of_states(share)
        };
        let told = |finished| progress(done + finished, done + places.len());
        let explore = |model| subject::explore(&model, limits);
        let found = in_lanes(models.collect(), crew.threads(), explore, &told);
        done += places.len();
        for (place, found) in places.into_iter().zip(found) {
            left = left.saturating_sub(found.counts.generated);
            // More states would not lift the model's own limit on a log.
            tried[place] = match (found.limited, found.cut_short) {
                (true, _) => usize::MAX / 2,
                (false, true) => share,
                (false, false) => 0,
            };
            outcomes[place].learn(found);
        }
    }
}

fn is_counted(property: &Property) -> bool {
    COUNTED.iter().any(|counted| counted == property)
}

/// How far each measure got.
fn measured(found: &Exploration) -> [usize; Measure::ALL.len()] {
    let mut all = [0; Measure::ALL.len()];
    for (place, counted) in COUNTED.iter().enumerate() {
        let passed = matches!(found.verdict(counted.name), Some(Verdict::Violated(_)));
        all[place / MOST_COUNTED] += usize::from(passed);
    }
    all
}
