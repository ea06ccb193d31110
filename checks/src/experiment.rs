//! An experiment: a question about the protocol, and the verdicts that answer it.
//!
//! It is an assertion that teaches.  Whatever comes out otherwise is a failure, and a property that
//! holds where it should not is one too: a guard that may be waived without consequence, or a known
//! bug that is no longer found, says that the model has stopped looking.

use crate::explore::{Crew, Exploration, Limits, Question, Verdict};
use highwater_model::replication::{Property, Replication};
use std::fmt;

/// A question, where it is asked, and what must come out.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// What a list of experiments calls it.
    pub title: String,
    /// What is asked, in a few sentences that teach.
    pub question: String,
    /// Where the rules in question come from: KIPs, issues, rules of docs/PROTOCOL.md.
    pub source: Vec<String>,
    /// The claims of the table of claims that it supports.
    pub claims: Vec<String>,
    /// The known bugs that it finds again.
    pub bugs: Vec<String>,
    /// The property that answers the question.
    pub headline: &'static Property,
    /// Setting, variant, faults and bounds; every property is asked.
    pub model: Replication,
    /// What must come out, for every property.
    pub expected: Vec<(&'static Property, Expected)>,
    /// How many different states there are.
    pub states: Option<usize>,
}

/// What must come out for a property.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// It holds, and says something.
    Holds,
    /// It says nothing.
    Silent,
    /// Some history violates it.
    Violated,
    /// No history violates it: the default, for properties that are beside the point.
    Unviolated,
}

impl Expected {
    /// The words that a file may give to a property.
    pub const WORDS: [(&'static str, Expected); 3] = [
        ("holds", Expected::Holds),
        ("silent", Expected::Silent),
        ("violated", Expected::Violated),
    ];

    /// Whether `verdict` is as expected.  A search that was cut short answers nothing.
    pub fn admits(self, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::Holds => matches!(self, Expected::Holds | Expected::Unviolated),
            Verdict::Silent => matches!(self, Expected::Silent | Expected::Unviolated),
            Verdict::Violated(_) => self == Expected::Violated,
            Verdict::Incomplete => false,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expected::Holds => "holds",
            Expected::Silent => "silent",
            Expected::Violated => "violated",
            Expected::Unviolated => "holds or silent",
        })
    }
}

impl Experiment {
    /// What must come out for `property`.
    pub fn expected_of(&self, property: &Property) -> Expected {
        self.expected
            .iter()
            .find(|(known, _)| known.name == property.name)
            .map_or(Expected::Unviolated, |(_, expected)| *expected)
    }

    /// Whether its answer is a history that violates the headline property.
    pub fn shows_a_violation(&self) -> bool {
        self.expected_of(self.headline) == Expected::Violated
    }
}

/// Explores the experiment, every property asked, and compares what comes out.
///
/// # Errors
/// What differs from the file.
pub fn run(
    experiment: &Experiment,
    limits: Limits,
    crew: &Crew,
) -> Result<Exploration, Unexpected> {
    let exploration = crew.explore(Question {
        limits,
        ..Question::new(experiment.model.clone())
    });
    judged(experiment, exploration)
}

/// What came out, if it is what the file says.
///
/// # Errors
/// What differs from the file.
pub fn judged(
    experiment: &Experiment,
    exploration: Exploration,
) -> Result<Exploration, Unexpected> {
    let mut differences: Vec<String> = exploration.incomplete.iter().cloned().collect();
    for (property, verdict) in &exploration.verdicts {
        let expected = experiment.expected_of(property);
        // Why something is not known is said already.
        if *verdict != Verdict::Incomplete && !expected.admits(verdict) {
            differences.push(difference(experiment, property, expected, verdict));
        }
    }
    let counted = exploration.represented;
    let pinned = experiment
        .states
        .filter(|_| exploration.incomplete.is_none());
    if let Some(states) = pinned.filter(|states| *states != counted) {
        differences.push(format!("states: expected {states}, found {counted}"));
    }
    match differences.is_empty() {
        true => Ok(exploration),
        false => Err(Unexpected {
            title: experiment.title.clone(),
            differences,
        }),
    }
}

/// One line on a property; and the history, if there is one.
fn difference(
    experiment: &Experiment,
    property: &Property,
    expected: Expected,
    verdict: &Verdict,
) -> String {
    let name = property.name;
    match verdict {
        Verdict::Violated(history) => {
            let events = history.events.iter();
            let told: String = events
                .map(|event| format!("\n    {}", event.line(&experiment.model.setting)))
                .collect();
            format!(
                "{name}: expected {expected}, found violated after {} events{told}",
                history.events.len()
            )
        }
        other => format!("{name}: expected {expected}, found {}", other.word()),
    }
}

/// An experiment that did not come out as its file says.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{title}\n  {}", differences.join("\n  "))]
pub struct Unexpected {
    /// The experiment.
    pub title: String,
    /// What differs, a line or a history each.
    pub differences: Vec<String>,
}
