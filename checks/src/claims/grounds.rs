//! The experiments that claims rest on, whatever they are about: a partition, or mirrors.

use super::Evidence;
use crate::experiment::{self, Expected, Experiment};
use crate::explore::{Crew, Question, silently};
use crate::subject::{self, Subject};
use crate::{explore, mirroring, shipped};
use highwater_model::mirroring::Mirroring;
use highwater_model::replication;
use std::collections::BTreeMap;

/// An experiment that a claim may rest on.
pub enum Grounds {
    /// With one partition.
    Replication(Box<Experiment>),
    /// With clusters joined by mirrors.
    Mirroring(Box<mirroring::Experiment>),
}

/// What an exploration found, in the words of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// How many different states there are.
    pub states: usize,
    /// Each property that was asked, with its verdict.
    pub verdicts: Vec<(&'static str, String)>,
    /// What came out otherwise than the file says.
    pub differences: Vec<String>,
}

/// Every experiment that a claim may rest on, by its path under `checks/experiments` without ending.
///
/// # Panics
/// If one of them is broken; `tests/claims.rs` reads them all.
pub fn shipped() -> BTreeMap<String, Grounds> {
    let replication = shipped::experiments().into_iter();
    let replication = replication.map(|(path, one)| (path, Grounds::Replication(Box::new(one))));
    let mirroring = shipped::mirroring_experiments().into_iter();
    let mirroring = mirroring.map(|(path, one)| (path, Grounds::Mirroring(Box::new(one))));
    replication.chain(mirroring).collect()
}

impl Grounds {
    /// The property that answers its question.
    pub fn headline(&self) -> &'static str {
        match self {
            Grounds::Replication(one) => one.headline.name,
            Grounds::Mirroring(one) => one.headline.name,
        }
    }

    /// The claims that its file names.  One with mirrors names them among its sources.
    pub fn claims(&self) -> Vec<String> {
        match self {
            Grounds::Replication(one) => one.claims.clone(),
            Grounds::Mirroring(one) => {
                let sources = one.source.iter().flat_map(|source| source.split(','));
                let sources = sources.map(str::trim);
                sources
                    .filter(|word| is_claim(word))
                    .map(str::to_owned)
                    .collect()
            }
        }
    }

    /// Whether it knows a property of that name.
    pub fn knows(&self, property: &str) -> bool {
        match self {
            Grounds::Replication(_) => replication::Property::named(property).is_some(),
            Grounds::Mirroring(_) => subject::named::<Mirroring>(property).is_some(),
        }
    }

    /// What its file says must come out for a property, if it says anything.
    fn expected(&self, property: &str) -> Option<Expected> {
        fn of<P>(expected: &[(&'static P, Expected)], is: impl Fn(&P) -> bool) -> Option<Expected> {
            let mut expected = expected.iter();
            expected
                .find(|(known, _)| is(known))
                .map(|(_, expected)| *expected)
        }
        match self {
            Grounds::Replication(one) => of(&one.expected, |known| known.name == property),
            Grounds::Mirroring(one) => of(&one.expected, |known| known.name == property),
        }
    }

    /// Explores it.
    pub fn explored(&self, crew: &Crew) -> Found {
        match self {
            Grounds::Replication(one) => of_partition(one, crew),
            Grounds::Mirroring(one) => of_mirrors(one, crew),
        }
    }

    /// What it shows of a property, given what was found.  Whatever else differs from its file spoils
    /// it as well, and a property that says nothing shows nothing, unless that was expected.
    pub fn shows(&self, path: &str, property: &str, found: &Found) -> Evidence {
        let expected = self.expected(property);
        let mut verdicts = found.verdicts.iter();
        let verdict = verdicts.find(|(name, _)| *name == property);
        let says = verdict.map_or("not asked", |(_, verdict)| verdict);
        let is_empty = says == "silent" && expected != Some(Expected::Silent);
        let ok = found.differences.is_empty() && verdict.is_some() && !is_empty;
        let expected = expected.map_or("nothing".to_owned(), |expected| expected.to_string());
        Evidence {
            of: format!("checks/experiments/{path}.toml"),
            expected: format!("{property} {expected}"),
            found: match found.differences.is_empty() {
                true => format!("{property} {says}, {} states", found.states),
                false => found.differences.join("; "),
            },
            ok,
        }
    }
}

/// `C16`.
fn is_claim(word: &str) -> bool {
    let digits = word.strip_prefix('C');
    digits.is_some_and(|digits| digits.len() == 2 && digits.bytes().all(|one| one.is_ascii_digit()))
}

fn violated_after(events: usize) -> String {
    format!("violated after {events} events")
}

fn of_partition(asked: &Experiment, crew: &Crew) -> Found {
    let exploration = crew.explore(Question::new(asked.model.clone()));
    let verdicts = exploration.verdicts.iter().map(|(property, verdict)| {
        let word = match verdict {
            explore::Verdict::Violated(history) => violated_after(history.events.len()),
            other => other.word().to_owned(),
        };
        (property.name, word)
    });
    Found {
        states: exploration.represented,
        verdicts: verdicts.collect(),
        differences: match experiment::judged(asked, exploration.clone()) {
            Ok(_) => Vec::new(),
            Err(unexpected) => unexpected.differences,
        },
    }
}

fn of_mirrors(asked: &mirroring::Experiment, crew: &Crew) -> Found {
    let question = Question {
        workers: crew.threads(),
        ..Question::new(asked.model.clone())
    };
    let exploration = subject::answered(question, silently());
    let verdicts = exploration.verdicts.iter().map(|(property, verdict)| {
        let word = match verdict {
            subject::Verdict::Violated(history) => violated_after(history.actions.len()),
            other => other.word().to_owned(),
        };
        (Mirroring::name(property), word)
    });
    Found {
        states: exploration.represented,
        verdicts: verdicts.collect(),
        differences: asked.differences(&exploration),
    }
}
