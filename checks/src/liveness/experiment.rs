//! An experiment about liveness: a question, and the verdicts that answer it.

use super::{Liveness, Property, Verdict};
use crate::experiment::Expected;
use highwater_model::replication::Replication;
use std::fmt::Write;

/// A question about what comes about in the end, and what must come out.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// What a list of experiments calls it.
    pub title: String,
    /// What is asked, in a few sentences.
    pub question: String,
    /// Where the rules in question come from.
    pub source: Vec<String>,
    /// The known bugs that it finds again.
    pub bugs: Vec<String>,
    /// The property that answers the question.
    pub headline: &'static Property,
    /// Setting, variant, faults and bounds.
    pub model: Replication,
    /// What must come out, for every property.
    pub expected: Vec<(&'static Property, Expected)>,
    /// How many different states there are, of the row and of what follows together.
    pub states: Option<usize>,
}

impl Experiment {
    /// What must come out for `property`.
    pub fn expected_of(&self, property: &Property) -> Expected {
        let mut expected = self.expected.iter();
        let found = expected.find(|(known, _)| known.name == property.name);
        found.map_or(Expected::Unviolated, |(_, expected)| *expected)
    }

    /// What every fair run comes to, if there are at most so many states.
    pub fn run(&self, most: usize) -> Liveness {
        Liveness::of(&self.model, most)
    }

    /// What came out otherwise than the file says.
    pub fn differences(&self, found: &Liveness) -> Vec<String> {
        let mut differences: Vec<String> = found.incomplete.iter().cloned().collect();
        for (property, verdict) in &found.verdicts {
            let expected = self.expected_of(property);
            if *verdict != Verdict::Incomplete && !admits(expected, verdict) {
                let (name, word) = (property.name, verdict.word());
                differences.push(format!("{name}: expected {expected}, found {word}"));
            }
        }
        let states: usize = found.states.iter().sum();
        let pinned = self.states.filter(|_| found.incomplete.is_none());
        if let Some(pinned) = pinned.filter(|pinned| *pinned != states) {
            differences.push(format!("states: expected {pinned}, found {states}"));
        }
        differences
    }

    /// What came out, as text.
    pub fn text(&self, found: &Liveness, file: &str) -> String {
        let setting = &self.model.setting;
        let mut text = format!("{}        Kafka {}\n\n", self.title, setting.kafka);
        for (property, verdict) in &found.verdicts {
            let expected = self.expected_of(property);
            let odd = match *verdict == Verdict::Incomplete || admits(expected, verdict) {
                true => String::new(),
                false => format!("   EXPECTED {expected}"),
            };
            let (number, name, word) = (property.number, property.name, verdict.word());
            let _ = writeln!(text, "  {number}  {name:22} {word}{odd}");
        }
        let _ = writeln!(
            text,
            "\nSearched: {} with {}, and every fair run from there on once nothing more fails; {} \
             and {} states, {}. Not a proof beyond these bounds.",
            count(setting.brokers.len(), "broker"),
            self.model.faults.name(&setting.datacenters),
            found.states[0],
            found.states[1],
            match found.incomplete {
                Some(_) => "CUT SHORT",
                None => "exhausted",
            },
        );
        for difference in self.differences(found) {
            let _ = writeln!(text, "Differs: {difference}");
        }
        if self.expected_of(self.headline) == Expected::Violated {
            let _ = writeln!(text, "Next: highwater explain {file}");
        }
        text
    }
}

fn admits(expected: Expected, verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Holds => matches!(expected, Expected::Holds | Expected::Unviolated),
        Verdict::Silent => matches!(expected, Expected::Silent | Expected::Unviolated),
        Verdict::Violated(_) => expected == Expected::Violated,
        Verdict::Incomplete => false,
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
