//! An experiment with a metadata quorum: a question, and the verdicts that answer it.

use super::{Exploration, Verdict, telling};
use crate::experiment::Expected;
use highwater_model::quorum::{Property, Quorum};
use std::fmt::Write;

/// A question about a quorum, and what must come out.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// What a list of experiments calls it.
    pub title: String,
    /// What is asked, in a few sentences.
    pub question: String,
    /// Where the rules in question come from.
    pub source: Vec<String>,
    /// The version that is asked about.
    pub kafka: &'static str,
    /// The property that answers the question.
    pub headline: &'static Property,
    /// Setting, variant, faults and bounds.
    pub model: Quorum,
    /// What must come out, for every property.
    pub expected: Vec<(&'static Property, Expected)>,
    /// How many different states there are.
    pub states: Option<usize>,
}

impl Experiment {
    /// What must come out for `property`.
    pub fn expected_of(&self, property: &Property) -> Expected {
        let mut expected = self.expected.iter();
        let found = expected.find(|(known, _)| known.name == property.name);
        found.map_or(Expected::Unviolated, |(_, expected)| *expected)
    }

    /// What came out otherwise than the file says.
    pub fn differences(&self, found: &Exploration) -> Vec<String> {
        let mut differences = Vec::new();
        if found.cut_short {
            let generated = found.counts.generated;
            differences.push(format!("cut short after {generated} states"));
        }
        for (property, verdict) in &found.verdicts {
            let expected = self.expected_of(property);
            if *verdict != Verdict::Incomplete && !admits(expected, verdict) {
                let name = property.name;
                differences.push(format!(
                    "{name}: expected {expected}, found {}",
                    verdict.word()
                ));
            }
        }
        let pinned = self.states.filter(|_| !found.cut_short);
        if let Some(states) = pinned.filter(|states| *states != found.represented) {
            let found = found.represented;
            differences.push(format!("states: expected {states}, found {found}"));
        }
        differences
    }

    /// What came out, as text.
    pub fn text(&self, found: &Exploration, file: &str) -> String {
        let mut text = format!("{}        Kafka {}\n\n", self.title, self.kafka);
        for (property, verdict) in &found.verdicts {
            let steps = found.steps_to(property.name);
            let steps = steps.map_or(String::new(), |steps| format!(" after {steps} steps"));
            let expected = self.expected_of(property);
            let odd = match *verdict == Verdict::Incomplete || admits(expected, verdict) {
                true => String::new(),
                false => format!("   EXPECTED {expected}"),
            };
            let _ = writeln!(
                text,
                "  {:22} {}{steps}{odd}",
                property.name,
                verdict.word()
            );
        }
        let names = &self.model.setting.datacenters;
        let _ = writeln!(
            text,
            "\nSearched: {} nodes, {}; {} states, {}. Not a proof beyond these bounds.",
            self.model.setting.homes.len(),
            self.model.faults.name(names),
            found.represented,
            if found.cut_short {
                "CUT SHORT"
            } else {
                "exhausted"
            },
        );
        if found.epochs_used_up {
            text.push_str(
                "Some history came to the last epoch: a later election was not looked at.\n",
            );
        }
        let differences = self.differences(found);
        for difference in &differences {
            let _ = writeln!(text, "Differs: {difference}");
        }
        if self.expected_of(self.headline) == Expected::Violated {
            let _ = writeln!(text, "Next: highwater explain {file}");
        }
        text
    }

    /// The shortest history that violates `property`, or that there is none.
    pub fn explanation(&self, found: &Exploration, property: &Property) -> String {
        match found.verdict(property.name) {
            Some(Verdict::Violated(history)) => telling::told(&self.model, property, history),
            Some(Verdict::Incomplete) | None => {
                "Not known: nothing was found, but the search was cut short.\n".into()
            }
            Some(Verdict::Holds | Verdict::Silent) => {
                "Nothing is violated there, within the bounds.\n".into()
            }
        }
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
