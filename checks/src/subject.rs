//! Models that are asked by properties of their own: the metadata quorum, clusters joined by mirrors.
//!
//! What they have in common is here: every state is explored, each property comes to a verdict, and an
//! [`Experiment`] says which verdicts must come out.  What differs is a [`Subject`].

pub mod experiment;
pub(crate) mod table;

pub use experiment::Experiment;

use crate::explore::{
    Counts, Coverage, Explorable, Limits, Listener, Path, Question, Searched, search, silently,
};
use crate::source::Remark;
use crate::table::Value;
use crate::wording::{instead, quoted};

/// A model that is asked by properties of its own.
pub trait Subject: Explorable + Clone {
    /// What it is asked.
    type Property: 'static;

    /// What the model is, as in "a quorum has no property …".
    const THING: &'static str;
    /// Whose version an experiment names, with a space behind; nothing if the version says so.
    const MAKER: &'static str;
    /// The `sometimes` that says that a bound of the model's own was met, and what that means.
    const LIMIT: [&'static str; 2];

    /// Every property there is.
    fn every_property() -> &'static [Self::Property];
    /// The properties that are looked at.
    fn asked(&self) -> &'static [Self::Property];
    /// As experiments write it.
    fn name(property: &Self::Property) -> &'static str;
    /// The `sometimes` beside it.
    fn arising(property: &Self::Property) -> &'static str;

    /// What may go wrong, as files write it.
    fn faults(&self) -> String;
    /// Who takes part.
    fn members(&self) -> Vec<String>;
    /// The same as a phrase: `3 nodes`.
    fn size(&self) -> String;
    /// How many records are written, and how many elections there are.
    fn rations(&self) -> [u8; 2];
    /// The history of a violation, and what makes it one.
    fn told(&self, property: &Self::Property, history: &History<Self>) -> String;
}

/// The property of that name.
pub fn named<M: Subject>(name: &str) -> Option<&'static M::Property> {
    let mut properties = M::every_property().iter();
    properties.find(|property| M::name(property) == name)
}

/// The property that a file names.
///
/// # Errors
/// There is none of that name.
pub(crate) fn property<M: Subject>(value: &Value) -> Result<&'static M::Property, Remark> {
    let name = value.text()?;
    named::<M>(name).ok_or_else(|| {
        value
            .error(format!("{} has no property {}", M::THING, quoted(name)))
            .remedy(instead(name, names::<M>()))
    })
}

/// The names of all properties.
pub fn names<M: Subject>() -> impl Iterator<Item = &'static str> {
    M::every_property().iter().map(M::name)
}

/// How a state came about.
pub type History<M> = Path<<M as stateright::Model>::State, <M as stateright::Model>::Action>;

/// What a property comes to.
pub enum Verdict<M: Subject> {
    /// It holds in every state, and says something in one of them.
    Holds,
    /// It says nothing in any state.
    Silent,
    /// It is violated at the end of this history, and in none that is shorter.
    Violated(History<M>),
    /// Not every state was looked at.
    Incomplete,
}

impl<M: Subject> Verdict<M> {
    /// Whether nothing can be said.
    pub fn is_incomplete(&self) -> bool {
        matches!(self, Verdict::Incomplete)
    }

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

/// What an exploration found.
pub struct Exploration<M: Subject> {
    /// How much was explored.
    pub counts: Counts,
    /// How many states that stands for, if some were taken for one.
    pub represented: usize,
    /// Whether the space was not exhausted.
    pub cut_short: bool,
    /// Whether some history met the bound of [`Subject::LIMIT`].
    pub limited: bool,
    /// How often each event was tried, and happened.
    pub coverage: Coverage,
    /// Each property asked for.
    pub verdicts: Vec<(&'static M::Property, Verdict<M>)>,
}

impl<M: Subject> Exploration<M> {
    /// The verdict on a property that was asked for.
    pub fn verdict(&self, property: &str) -> Option<&Verdict<M>> {
        let mut verdicts = self.verdicts.iter();
        let found = verdicts.find(|(asked, _)| M::name(asked) == property);
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

/// Explores every state of `model`, by levels and on one thread.
pub fn explore<M: Subject>(model: &M, limits: Limits) -> Exploration<M> {
    let question = Question {
        limits,
        ..Question::new(model.clone())
    };
    answered(question, silently())
}

/// What a question comes to.
pub fn answered<M: Subject>(question: Question<M>, listener: Listener) -> Exploration<M> {
    let model = question.model.clone();
    told(&model, search(question, listener))
}

/// What was found, property by property.
pub fn told<M: Subject>(model: &M, found: Searched<M>) -> Exploration<M> {
    let cut_short = found.cut.is_some();
    let arose = |name: &str| found.arose.contains(&name);
    let verdicts = model.asked().iter().map(|property| {
        let mut violated = found.violated.iter();
        let path = violated.find(|(name, _)| *name == M::name(property));
        let verdict = match path {
            Some((_, path)) => Verdict::Violated(path.clone()),
            None if cut_short => Verdict::Incomplete,
            None if arose(M::arising(property)) => Verdict::Holds,
            None => Verdict::Silent,
        };
        (property, verdict)
    });
    Exploration {
        verdicts: verdicts.collect(),
        counts: found.counts,
        represented: found.represented,
        cut_short,
        limited: arose(M::LIMIT[0]),
        coverage: found.coverage,
    }
}
