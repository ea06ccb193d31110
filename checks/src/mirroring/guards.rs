//! What every guard of mirroring is worth.
//!
//! For each there is a shipped experiment whose tools lack it, or which waives it: there the headline is
//! violated, and no longer once the guard is in force.

use super::{Experiment, Exploration, experiment_file};
use crate::experiment::Expected;
use crate::explore::Limits;
use crate::shipped;
use crate::subject::explore;
use highwater_model::mirroring::guard::lacking;
use highwater_model::mirroring::{Guard, GuardSet, Mirroring, Property};

/// Guards whose loss shows only together with another's: which, the experiment in which it does, and why.
const MASKED: [Masked; 1] = [Masked {
    guard: Guard::SyncsAreReadToTheEnd,
    by: Guard::CheckpointsAdvance,
    experiment: "mirroring/syncs-not-read-to-the-end",
    why: "a checkpoint that only advances hides a translation by an old sync",
}];

struct Masked {
    guard: Guard,
    by: Guard,
    experiment: &'static str,
    why: &'static str,
}

/// What was found of a guard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The guard.
    pub guard: Guard,
    /// What breaks without it.
    pub breaks: Option<Break>,
    /// Which other guard has to be waived as well, and why.
    pub masked: Option<(Guard, &'static str)>,
}

/// A property that breaks where a guard is left out, and not where it is in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Break {
    /// The property.
    pub property: &'static str,
    /// After how many events.
    pub events: usize,
    /// In which experiment, by its path under `checks/experiments`.
    pub experiment: String,
    /// Among how many states.
    pub states: usize,
}

impl Found {
    /// What that is, in words.
    pub fn told(&self) -> String {
        let Some(broken) = &self.breaks else {
            return "nothing breaks without it".to_owned();
        };
        let (property, events) = (broken.property, broken.events);
        let name = broken.experiment.rsplit('/').next().unwrap_or_default();
        let told = format!("{property} breaks after {events} events in {name}");
        match self.masked {
            Some((_, why)) => format!("masked, {why}; without both, {told}"),
            None => told,
        }
    }
}

/// Looks for the first experiment that shows what a guard is worth.
///
/// # Panics
/// If a shipped experiment is broken; `tests/mirroring.rs` reads them all.
pub fn try_guard(guard: Guard) -> Found {
    let masked = MASKED.iter().find(|masked| masked.guard == guard);
    let leaves_it_out = |(path, experiment): &(String, Experiment)| match masked {
        Some(masked) => path == masked.experiment,
        None => {
            let expected = experiment.expected_of(experiment.headline);
            left_out(&experiment.model).contains(guard) && expected == Expected::Violated
        }
    };
    let experiments = shipped::mirroring_experiments().into_iter();
    let mut experiments = experiments.filter(leaves_it_out);
    Found {
        guard,
        breaks: experiments.find_map(|(path, experiment)| breaks(guard, path, &experiment)),
        masked: masked.map(|masked| (masked.by, masked.why)),
    }
}

fn breaks(guard: Guard, path: String, experiment: &Experiment) -> Option<Break> {
    let headline = experiment.headline;
    let with = explored_for(&with_guard(&path, experiment, guard), headline);
    if with.steps_to(headline.name).is_some() {
        return None;
    }
    let without = explored_for(&experiment.model, headline);
    Some(Break {
        property: headline.name,
        events: without.steps_to(headline.name)?,
        experiment: path,
        states: without.represented,
    })
}

/// What an experiment leaves out: by waiving it, or because its tools lack it.
fn left_out(model: &Mirroring) -> GuardSet {
    let tools = model.setting.mirrors.iter();
    let lacked = tools.flat_map(|flow| lacking(flow.tool)).copied();
    let lacked = lacked.filter(|guard| !model.variant.restored.contains(*guard));
    model.variant.waived.iter().chain(lacked).collect()
}

/// The same experiment with a guard in force.
fn with_guard(path: &str, experiment: &Experiment, guard: Guard) -> Mirroring {
    let mut model = match guard {
        Guard::NothingGoesBack => without_waiver(path),
        _ => experiment.model.clone(),
    };
    let waived = model.variant.waived.iter();
    model.variant.waived = waived.filter(|other| *other != guard).collect();
    model.variant = model.variant.with(&[guard]);
    model
}

/// Which topics there are is settled when the file is read: with the test for cycles they are others.
fn without_waiver(path: &str) -> Mirroring {
    let source = shipped::experiment(path).expect("it was found there");
    let text = source.text().replace("waive = [\"nothing-goes-back\"]", "");
    let source = crate::Source::new(path, text);
    let experiment = experiment_file::read(&source).unwrap_or_else(|error| panic!("{error}"));
    experiment.model
}

/// # Panics
/// If the space is not exhausted: a search that was cut short says nothing of a guard.
fn explored_for(model: &Mirroring, headline: &'static Property) -> Exploration {
    let model = Mirroring {
        asked: std::slice::from_ref(headline),
        ..model.clone()
    };
    let found = explore(&model, Limits::default());
    assert!(!found.cut_short && !found.limited, "the space is exhausted");
    found
}
