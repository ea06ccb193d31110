//! Every state a model can reach, and what its properties come to.
//!
//! One interface, two engines.  `levels` is ours, on timely dataflow: by levels, on any number of
//! workers, with the same counts and histories on all of them; it answers `check` and `explain`.
//! [`oracle`] is stateright's own breadth-first search, against which ours is held; its traps are in
//! `tests/stateright_traps.rs`.
//!
//! The outcome is three-valued: a property holds in a space that was exhausted, is violated by a
//! history, or is not known because the search was cut short, and then it says by what.

pub mod cluster;
mod coverage;
mod crew;
mod explorable;
mod levels;
pub mod oracle;
mod packed;
mod share;
mod visited;
mod way_back;

pub use coverage::{Coverage, Tally};
pub use crew::Crew;
pub(crate) use crew::in_lanes;
pub use explorable::Explorable;
pub use packed::key_of;

use bytesize::ByteSize;
use highwater_model::replication::{
    ELECTIONS_USED_UP, EVERYTHING, Grain, ISR_CHANGES_USED_UP, Property, Replication, State,
    WINDOW_USED_UP, grain,
};
use highwater_vocabulary::Event;
use indicatif::HumanCount;
use serde::{Deserialize, Serialize};
use stateright::{Expectation, Model};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::xxh3_64;

/// How far an exploration may go before it gives up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// States generated, repetitions included.  It is looked at after every level, so that the outcome
    /// does not depend on the number of workers.
    pub generated: usize,
    /// Bytes that a process may take for what it has seen and has still to expand.
    pub bytes: Option<usize>,
    /// When to give up, and how long that was from the start.
    pub deadline: Option<(Instant, Duration)>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits::of_states(60_000_000)
    }
}

impl Limits {
    /// So many states generated, and no other limit.
    pub fn of_states(generated: usize) -> Self {
        Limits {
            generated,
            bytes: None,
            deadline: None,
        }
    }
}

/// What ended a search before its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Cut {
    /// As many states were generated as were allowed.
    States,
    /// There is no more room.
    Memory,
    /// There is no more time.
    Time,
}

/// When a search has found enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// After the level that shows the first violation.
    Violation,
    /// When every state has been seen.
    Exhausted,
}

/// What is searched, and how.
pub struct Question<M> {
    /// The model.
    pub model: M,
    /// How far.
    pub limits: Limits,
    /// When enough is known.
    pub until: Until,
    /// Whether states that differ only in the names of interchangeable parts are taken for one.
    pub symmetry: bool,
    /// How many threads of this process share the work.
    pub workers: usize,
    /// How many searches there are beside each other in this process: they share its memory.
    pub lanes: usize,
}

impl<M> Question<M> {
    /// Everything, by one thread, as far as the usual limits.
    pub fn new(model: M) -> Self {
        Question {
            model,
            limits: Limits::default(),
            until: Until::Exhausted,
            symmetry: true,
            workers: 1,
            lanes: 1,
        }
    }
}

impl<M: fmt::Debug> Question<M> {
    /// By what processes that answer together know that they were asked the same.
    fn fingerprint(&self) -> u64 {
        let Question {
            model,
            limits,
            until,
            symmetry,
            workers: _,
            lanes: _,
        } = self;
        let generated = limits.generated;
        xxh3_64(format!("{model:?} {generated} {until:?} {symmetry}").as_bytes())
    }
}

/// How far a search has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The length of the histories that have been looked at.
    pub level: usize,
    /// Different states so far.
    pub unique: usize,
    /// States generated so far, repetitions included.
    pub generated: usize,
    /// States of this level: what is to be expanded next.
    pub frontier: usize,
    /// Bytes taken, at most so far.
    pub bytes: usize,
    /// Since the beginning.
    pub elapsed: Duration,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.unique as f64 / self.elapsed.as_secs_f64().max(0.001);
        write!(
            f,
            "level {}: {} states, {} a second, {} to expand, {}",
            self.level,
            HumanCount(self.unique as u64),
            HumanCount(rate as u64),
            HumanCount(self.frontier as u64),
            ByteSize(self.bytes as u64).display().iec()
        )
    }
}

/// Who wants to hear of it.
pub type Listener = Arc<dyn Fn(&Progress) + Send + Sync>;

/// A property, and a shortest path to a state that violates it.
pub type Violation<M> = (
    &'static str,
    Path<<M as Model>::State, <M as Model>::Action>,
);

/// What a search of any model found.
pub struct Searched<M: Model> {
    /// How much was explored.
    pub counts: Counts,
    /// How many states that stands for, if some were taken for one.
    pub represented: usize,
    /// What ended it before its end.
    pub cut: Option<Cut>,
    /// Bytes taken at most: by the states seen, and by two levels of the search.
    pub bytes: usize,
    /// Bytes taken by the states seen, at the end.
    pub visited_bytes: usize,
    /// How often each kind of action was tried, and was a transition.
    pub coverage: Coverage,
    /// Each `sometimes` property that was met.
    pub arose: Vec<&'static str>,
    /// Each `always` property that was violated, with a shortest path.
    pub violated: Vec<Violation<M>>,
}

/// How a state came about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path<State, Action> {
    /// The state before the first action.
    pub beginning: State,
    /// What happened.
    pub actions: Vec<Action>,
}

/// Searches by levels, on the threads of this process.
///
/// # Panics
/// If the model has an `eventually` property: what it means on a cycle, no engine here can say.
pub fn search<M: Explorable>(question: Question<M>, listener: Listener) -> Searched<M> {
    let properties = question.model.properties();
    let unsupported = |property: &stateright::Property<M>| {
        matches!(property.expectation, Expectation::Eventually)
    };
    assert!(
        !properties.iter().any(unsupported),
        "`eventually` is not supported"
    );
    let workers = question.workers;
    let question = Arc::new(question);
    let run =
        move |worker: &mut timely::worker::Worker| levels::search_on(worker, &question, &listener);
    if workers == 1 {
        return timely::execute_directly(run);
    }
    let guards = timely::execute(timely::Config::process(workers), run)
        .expect("threads of one process need no network");
    let mut found = guards.join().into_iter();
    let first = found.next().expect("there is a worker");
    first.unwrap_or_else(|panic| panic!("a worker of the search panicked: {panic}"))
}

/// Nobody wants to hear of it.
pub fn silently() -> Listener {
    Arc::new(|_| ())
}

/// What an exploration found.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// How much was explored.
    pub counts: Counts,
    /// How many states that stands for, if some were taken for one.
    pub represented: usize,
    /// Why the space was not exhausted, if it was not.
    pub incomplete: Option<String>,
    /// Which bounds some history came up against: there the search may have been kept from
    /// something.
    pub used_up: Vec<&'static str>,
    /// How often each event was tried, and happened.
    pub coverage: Coverage,
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

/// A bound on the chance that two of so many different states have the same key of 64 bits, so that
/// one of them was taken for the other and what follows it was not looked at: n²/2⁶⁵.
pub fn chance_of_clash(states: usize) -> f64 {
    (states as f64).powi(2) / 2f64.powi(65)
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

/// Explores every state of `model`, by levels and on one thread.
///
/// # Panics
/// If two properties have the same name: they would be taken for one.
pub fn explore(model: &Replication, limits: Limits) -> Exploration {
    let question = Question {
        limits,
        ..Question::new(model.clone())
    };
    explored(question, silently())
}

/// What a question about replication comes to.
///
/// # Panics
/// If two properties have the same name: they would be taken for one.
pub fn explored(question: Question<Replication>, listener: Listener) -> Exploration {
    let (model, limits) = (question.model.clone(), question.limits);
    assert_distinct_names(&model);
    told(&model, limits, search(question, listener))
}

/// The same by stateright, with no limit but the one on states.
///
/// # Panics
/// If two properties have the same name: they would be taken for one.
pub fn explore_with_stateright(model: &Replication, limits: Limits) -> Exploration {
    assert_distinct_names(model);
    told(model, limits, oracle::search(model, limits.generated))
}

/// What was found, property by property.
fn told(model: &Replication, limits: Limits, found: Searched<Replication>) -> Exploration {
    debug_assert!(found.violated.iter().all(|(name, _)| *name != EVERYTHING));
    let incomplete = found.cut.map(|cut| reason(cut, found.counts, limits));
    let arose = |name: &str| found.arose.contains(&name);
    let used_up = [ELECTIONS_USED_UP, ISR_CHANGES_USED_UP, WINDOW_USED_UP];
    let used_up = used_up.into_iter().filter(|bound| arose(bound)).collect();
    let verdicts = model.asked.iter().map(|property| {
        let path = found
            .violated
            .iter()
            .find(|(name, _)| *name == property.name);
        let verdict = match path {
            Some((_, path)) => Verdict::Violated(history(model, path)),
            None if incomplete.is_some() => Verdict::Incomplete,
            None if arose(property.arising) => Verdict::Holds,
            None => Verdict::Silent,
        };
        (property, verdict)
    });
    Exploration {
        verdicts: verdicts.collect(),
        counts: found.counts,
        represented: found.represented,
        incomplete,
        used_up,
        coverage: found.coverage,
    }
}

fn reason(cut: Cut, counts: Counts, limits: Limits) -> String {
    let so_far = counts.generated;
    match cut {
        Cut::States => format!(
            "{so_far} states generated, and the limit is {}",
            limits.generated
        ),
        Cut::Memory => format!(
            "{so_far} states generated, and more would not fit into {}",
            ByteSize(limits.bytes.unwrap_or_default() as u64)
                .display()
                .iec()
        ),
        Cut::Time => format!(
            "{so_far} states generated, and the {} are over",
            humantime::format_duration(limits.deadline.map_or(Duration::ZERO, |limit| limit.1))
        ),
    }
}

/// The history of a path, event by event: what was found in large steps is written out in small ones.
fn history(model: &Replication, path: &Path<State, Event>) -> History {
    let beginning = path.beginning;
    History {
        beginning,
        events: in_small_steps(model, &beginning, &path.actions).0,
    }
}

/// Steps of a model's grain written out event by event, and the state to which they lead.
pub(crate) fn in_small_steps(
    model: &Replication,
    beginning: &State,
    steps: &[Event],
) -> (Vec<Event>, State) {
    let mut fine = Vec::with_capacity(steps.len());
    let mut state = *beginning;
    for event in steps {
        let (events, after) = match model.variant.grain {
            Grain::Fine => (vec![*event], model.step(&state, event)),
            _ => match grain::events_of(model, &state, event) {
                Ok((events, after)) => (events, Ok(after)),
                Err(why) => (Vec::new(), Err(why)),
            },
        };
        fine.extend(events);
        state = after.expect("a step of a path is a step at the fine grain too (tests/grains.rs)");
    }
    (fine, state)
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
