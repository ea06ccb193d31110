//! Every state that a metadata quorum can reach, and what its properties come to.

use crate::explore::{
    Counts, Coverage, Explorable, Limits, Listener, Path, Question, Searched, search, silently,
};
use highwater_model::quorum::{EPOCHS_USED_UP, Event, NodeNames, Property, Quorum, State};

impl Explorable for Quorum {
    fn kinds(&self) -> &'static [&'static str] {
        Event::VERBS
    }

    fn kind(&self, event: &Event) -> usize {
        event.verb()
    }

    type Names = NodeNames;

    fn automorphisms(&self) -> Vec<NodeNames> {
        self.interchangeable()
    }

    fn renamed(&self, state: &State, names: &NodeNames) -> State {
        state.renamed(names)
    }
}

/// How a state of a quorum came about.
pub type History = Path<State, Event>;

/// What a property of the quorum comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one a property, not one a state"
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

/// What an exploration of a quorum found.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// How much was explored.
    pub counts: Counts,
    /// How many states that stands for, if some were taken for one.
    pub represented: usize,
    /// Whether the space was not exhausted.
    pub cut_short: bool,
    /// Whether some history came to the last epoch, so that an election may have been withheld.
    pub epochs_used_up: bool,
    /// How often each event was tried, and happened.
    pub coverage: Coverage,
    /// Each property asked for.
    pub verdicts: Vec<(&'static Property, Verdict)>,
}

impl Exploration {
    /// The verdict on a property that was asked for.
    pub fn verdict(&self, property: &str) -> Option<&Verdict> {
        let mut verdicts = self.verdicts.iter();
        let found = verdicts.find(|(asked, _)| asked.name == property);
        found.map(|(_, verdict)| verdict)
    }

    /// The length of a shortest history that violates the property.
    pub fn steps_to(&self, property: &str) -> Option<usize> {
        match self.verdict(property)? {
            Verdict::Violated(history) => Some(history.actions.len()),
            Verdict::Holds | Verdict::Silent | Verdict::Incomplete => None,
        }
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
pub fn explore(model: &Quorum, limits: Limits) -> Exploration {
    let question = Question {
        limits,
        ..Question::new(model.clone())
    };
    answered(question, silently())
}

/// What a question about a quorum comes to.
pub fn answered(question: Question<Quorum>, listener: Listener) -> Exploration {
    let model = question.model.clone();
    told(&model, search(question, listener))
}

/// What was found, property by property.
pub fn told(model: &Quorum, found: Searched<Quorum>) -> Exploration {
    let cut_short = found.cut.is_some();
    let arose = |name: &str| found.arose.contains(&name);
    let verdicts = model.asked.iter().map(|property| {
        let mut violated = found.violated.iter();
        let path = violated.find(|(name, _)| *name == property.name);
        let verdict = match path {
            Some((_, path)) => Verdict::Violated(path.clone()),
            None if cut_short => Verdict::Incomplete,
            None if arose(property.arising) => Verdict::Holds,
            None => Verdict::Silent,
        };
        (property, verdict)
    });
    Exploration {
        verdicts: verdicts.collect(),
        counts: found.counts,
        represented: found.represented,
        cut_short,
        epochs_used_up: arose(EPOCHS_USED_UP),
        coverage: found.coverage,
    }
}
