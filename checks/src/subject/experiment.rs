//! An experiment with a model that has properties of its own: a question, and the verdicts that answer
//! it.

use super::{Exploration, Subject, Verdict};
use crate::experiment::Expected;
use std::fmt::Write;

/// A question, and what must come out.
pub struct Experiment<M: Subject> {
    /// What a list of experiments calls it.
    pub title: String,
    /// What is asked, in a few sentences.
    pub question: String,
    /// Where the rules in question come from.
    pub source: Vec<String>,
    /// The version that is asked about.
    pub version: &'static str,
    /// The property that answers the question.
    pub headline: &'static M::Property,
    /// Setting, variant, faults and bounds.
    pub model: M,
    /// What must come out, for every property.
    pub expected: Vec<(&'static M::Property, Expected)>,
    /// How many different states there are.
    pub states: Option<usize>,
}

impl<M: Subject> Experiment<M> {
    /// What must come out for `property`.
    pub fn expected_of(&self, property: &M::Property) -> Expected {
        let mut expected = self.expected.iter();
        let found = expected.find(|(known, _)| M::name(known) == M::name(property));
        found.map_or(Expected::Unviolated, |(_, expected)| *expected)
    }

    /// What came out otherwise than the file says.
    pub fn differences(&self, found: &Exploration<M>) -> Vec<String> {
        let mut differences = Vec::new();
        if found.cut_short {
            let generated = found.counts.generated;
            differences.push(format!("cut short after {generated} states"));
        }
        for (property, verdict) in &found.verdicts {
            let expected = self.expected_of(property);
            if !verdict.is_incomplete() && !admits(expected, verdict) {
                let name = M::name(property);
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
    pub fn text(&self, found: &Exploration<M>, file: &str) -> String {
        let mut text = format!("{}        {}{}\n\n", self.title, M::MAKER, self.version);
        for (property, verdict) in &found.verdicts {
            let steps = found.steps_to(M::name(property));
            let steps = steps.map_or(String::new(), |steps| format!(" after {steps} steps"));
            let expected = self.expected_of(property);
            let odd = match verdict.is_incomplete() || admits(expected, verdict) {
                true => String::new(),
                false => format!("   EXPECTED {expected}"),
            };
            let _ = writeln!(
                text,
                "  {:22} {}{steps}{odd}",
                M::name(property),
                verdict.word()
            );
        }
        let _ = writeln!(
            text,
            "\nSearched: {}, {}; {} states, {}. Not a proof beyond these bounds.",
            self.model.size(),
            self.model.faults(),
            found.represented,
            if found.cut_short {
                "CUT SHORT"
            } else {
                "exhausted"
            },
        );
        if found.limited {
            let _ = writeln!(text, "{}", M::LIMIT[1]);
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
    pub fn explanation(&self, found: &Exploration<M>, property: &M::Property) -> String {
        match found.verdict(M::name(property)) {
            Some(Verdict::Violated(history)) => self.model.told(property, history),
            Some(Verdict::Incomplete) | None => {
                "Not known: nothing was found, but the search was cut short.\n".into()
            }
            Some(Verdict::Holds | Verdict::Silent) => {
                "Nothing is violated there, within the bounds.\n".into()
            }
        }
    }
}

fn admits<M: Subject>(expected: Expected, verdict: &Verdict<M>) -> bool {
    match verdict {
        Verdict::Holds => matches!(expected, Expected::Holds | Expected::Unviolated),
        Verdict::Silent => matches!(expected, Expected::Silent | Expected::Unviolated),
        Verdict::Violated(_) => expected == Expected::Violated,
        Verdict::Incomplete => false,
    }
}
