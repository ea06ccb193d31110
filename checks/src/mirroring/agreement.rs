//! Two accounts of mirroring side by side: the same events, and after each what can be seen of both.
//!
//! **Deliberately absent:** whoever is right.  A [`Disagreement`] tells both sides and judges neither;
//! Kafka's source does.

mod accounts;
mod alphabet;
mod differ;
mod edges;
mod walk;

pub use accounts::{CHANGES_NOTHING, NO_ROOM, OfModel, engine};
pub use alphabet::every_event;
pub use differ::differences;
pub use edges::{Compared, compare_edges};
pub use walk::{Walk, cut_down};

use highwater_vocabulary::mirroring::{Event, Observation, Setting};
use std::fmt;

/// Whoever takes events and shows what can be seen.
pub trait Account: Clone {
    /// An event happens, or is refused.  What would change nothing is refused too ([`CHANGES_NOTHING`]).
    ///
    /// # Errors
    /// The name of what refuses it; [`NO_ROOM`], if only the account's own limits do.
    fn apply(&mut self, event: &Event) -> Result<(), &'static str>;

    /// What can be seen.
    fn observe(&self) -> Observation;
}

/// Two accounts of one setting.
#[derive(Clone, Debug)]
pub struct Sides<M, E> {
    /// The setting.
    pub setting: Setting,
    /// What is called the model.
    pub model: M,
    /// What is called the engine.
    pub engine: E,
    /// Whether both have to name the same reason for what they refuse.
    pub names_reasons: bool,
}

/// What the two sides say where they do not agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// It happens in one account only; the sentence says in which, and what the other names.
    Happens(String),
    /// It happens in both, or has not begun, and they do not look the same.
    Looks(Vec<String>),
    /// Neither lets it happen, and they name different reasons.
    Refusals(String),
}

impl Difference {
    /// A sentence for each thing that differs.
    pub fn sentences(&self) -> &[String] {
        match self {
            Difference::Happens(sentence) | Difference::Refusals(sentence) => {
                std::slice::from_ref(sentence)
            }
            Difference::Looks(sentences) => sentences,
        }
    }
}

impl<M: Account, E: Account> Sides<M, E> {
    /// One event on both sides; says whether it happened.  For which the model has no room, it happens in
    /// neither.
    ///
    /// # Errors
    /// Says how they differ.
    pub fn step(&mut self, event: &Event) -> Result<bool, Difference> {
        let in_model = self.model.apply(event);
        if in_model == Err(NO_ROOM) {
            return Ok(false);
        }
        match (in_model, self.engine.apply(event)) {
            // One of them may remember more than is to be seen.
            (Ok(()), Ok(()) | Err(CHANGES_NOTHING)) | (Err(CHANGES_NOTHING), Ok(())) => {
                self.look()?;
                Ok(true)
            }
            (Ok(()), Err(reason)) => Err(Difference::Happens(format!(
                "in the model it happens, in the engine `{reason}` refuses it"
            ))),
            (Err(reason), Ok(())) => Err(Difference::Happens(format!(
                "in the model `{reason}` refuses it, in the engine it happens"
            ))),
            (Err(model), Err(engine)) if self.names_reasons && model != engine => {
                Err(Difference::Refusals(format!(
                    "in the model `{model}` refuses it, in the engine `{engine}`"
                )))
            }
            (Err(_), Err(_)) => Ok(false),
        }
    }

    /// Whether both look the same.
    ///
    /// # Errors
    /// Says where they do not.
    pub fn look(&self) -> Result<(), Difference> {
        let (expected, found) = (self.model.observe(), self.engine.observe());
        match expected == found {
            true => Ok(()),
            false => Err(Difference::Looks(differences(
                &self.setting,
                &expected,
                &found,
            ))),
        }
    }

    /// A history on both sides, from here.
    ///
    /// # Errors
    /// The first event in which they differ, with what happened before it.
    pub fn play(&self, history: &[Event]) -> Result<(), Box<Disagreement>> {
        let mut sides = self.clone();
        let mut happened = Vec::new();
        for event in history {
            match sides.step(event) {
                Ok(true) => happened.push(*event),
                Ok(false) => {}
                Err(difference) => {
                    return Err(Box::new(Disagreement {
                        setting: self.setting.clone(),
                        history: happened,
                        event: *event,
                        difference,
                    }));
                }
            }
        }
        Ok(())
    }
}

/// A history after which the two differ.
#[derive(Clone, Debug)]
pub struct Disagreement {
    /// The setting.
    pub setting: Setting,
    /// What happened in both.
    pub history: Vec<Event>,
    /// After that, the event in which they differ.
    pub event: Event,
    /// How.
    pub difference: Difference,
}

impl fmt::Display for Disagreement {
    /// The lines of a story, with both sides in its comments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in &self.history {
            writeln!(f, "{}", event.line(&self.setting))?;
        }
        writeln!(f, "# Here model and engine part.")?;
        writeln!(f, "{}", self.event.line(&self.setting))?;
        for sentence in self.difference.sentences() {
            writeln!(f, "# {sentence}")?;
        }
        Ok(())
    }
}
