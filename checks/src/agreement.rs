//! Model and engine side by side: the same events, and after each what can be seen of both.
//!
//! The two were written apart (docs/ARCHITECTURE.md, "Dependencies and walls").  Compared are whether
//! an event happens, the whole [`Observation`] after it, and where both refuse, the name of the reason.
//! Several reasons may hold at once; which is named first is Kafka's order, where Kafka has one.
//!
//! **Deliberately absent:** whoever is right.  A [`Disagreement`] tells both sides and judges
//! neither; Kafka's source does.

pub mod alphabet;
mod differ;
pub mod edges;
pub mod lot;
pub mod schedule;
pub mod soak;

pub use differ::differences;

use crate::replay::beginning_parts;
use highwater_model::replication::{Disabled, Replication, State};
use highwater_reference::{Engine, Refusal, Switches};

use highwater_vocabulary::{Event, Observation, Setting, Story};
use std::fmt;

/// Whoever takes events and shows what can be seen of partitions that share their brokers: the
/// engine, or an engine that a test has spoilt.
pub trait Account: Clone {
    /// An event happens to a row (or to all, if [`happens_to_all`] says so), or is refused and changes
    /// nothing.
    ///
    /// [`happens_to_all`]: highwater_reference::happens_to_all
    ///
    /// # Errors
    /// Whatever refuses it.
    fn apply(&mut self, row: usize, event: &Event) -> Result<(), Refusal>;

    /// What can be seen of a row.
    fn observe(&self, row: usize) -> Observation;
}

impl Account for Engine {
    fn apply(&mut self, row: usize, event: &Event) -> Result<(), Refusal> {
        Engine::apply(self, row, event)
    }

    fn observe(&self, row: usize) -> Observation {
        Engine::observe(self, row)
    }
}

/// What the engine switches on where the model is this one.
///
/// # Errors
/// Says what the engine does not have: it waives no guard.
pub fn switches_of(model: &Replication) -> Result<Switches, String> {
    let mut switches = Switches::of(&model.setting);
    for part in model.variant.parts(model.setting.kafka) {
        let (name, value) = part.split_once('=').unwrap_or((&part, "on"));
        let switch = switches
            .named(name)
            .ok_or_else(|| format!("the engine has no `{part}`"))?;
        *switch = value == "on";
    }
    Ok(switches)
}

/// So many partitions as a history of the model begins with.
///
/// # Errors
/// As [`switches_of`].
pub fn engine_at(
    model: &Replication,
    beginning: &State,
    partitions: usize,
) -> Result<Engine, String> {
    let mut engine = Engine::with_switches(&model.setting, switches_of(model)?, partitions);
    if let Some(seat) = beginning.controller.active {
        engine
            .seat_controller(seat)
            .map_err(|refusal| refusal.to_string())?;
    }
    Ok(engine)
}

/// What became of one event on both sides, where they agree.
#[derive(Clone, Debug)]
pub enum Agreed {
    /// It happened, and looks the same after it.
    Happened(Box<State>),
    /// Neither lets it happen, for the same reason.
    Refused,
    /// The model's room is used up; the engine was not asked.
    OutOfRoom,
}

/// What the two sides say where they do not agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// It happens in one account only; the sentence says in which, and what the other names.
    Happens(String),
    /// It happens in both, and then they do not look the same.
    Looks(Vec<String>),
    /// Neither lets it happen, and they name different reasons.
    Refusals(String),
}

impl Difference {
    fn only_in_model(refusal: Refusal) -> Difference {
        Difference::Happens(format!(
            "in the model it happens, in the engine `{refusal}` refuses it"
        ))
    }

    fn only_in_engine(disabled: Disabled) -> Difference {
        Difference::Happens(format!(
            "in the model `{}` refuses it, in the engine it happens",
            disabled.name()
        ))
    }

    fn unless_same(disabled: Disabled, refusal: Refusal) -> Result<(), Difference> {
        if disabled.name() == refusal.name() {
            return Ok(());
        }
        Err(Difference::Refusals(format!(
            "in the model `{}` refuses it, in the engine `{refusal}`",
            disabled.name()
        )))
    }

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

/// One event on both sides, where there is a single row.
///
/// # Errors
/// Says how they differ.
pub fn step(
    model: &Replication,
    before: &State,
    event: &Event,
    account: &mut impl Account,
) -> Result<Agreed, Difference> {
    let after = match model.step(before, event) {
        Err(Disabled::ModelIsFull) => return Ok(Agreed::OutOfRoom),
        other => other,
    };
    match (after, account.apply(0, event)) {
        (Ok(after), Ok(())) => {
            look(model, &after, account, 0)?;
            Ok(Agreed::Happened(Box::new(after)))
        }
        (Err(disabled), Err(refusal)) => {
            Difference::unless_same(disabled, refusal)?;
            Ok(Agreed::Refused)
        }
        (Ok(_), Err(refusal)) => Err(Difference::only_in_model(refusal)),
        (Err(disabled), Ok(())) => Err(Difference::only_in_engine(disabled)),
    }
}

/// Whether a row looks the same on both sides.
///
/// # Errors
/// Says where it does not.
pub fn look(
    model: &Replication,
    state: &State,
    account: &impl Account,
    row: usize,
) -> Result<(), Difference> {
    let (expected, found) = (model.observe(state), account.observe(row));
    if expected == found {
        return Ok(());
    }
    Err(Difference::Looks(differences(
        &model.setting,
        &expected,
        &found,
    )))
}

/// A history after which model and engine differ.
#[derive(Clone, Debug)]
pub struct Disagreement {
    /// The setting.
    pub setting: Setting,
    /// What the variant changes, and where the controller begins, as parts of a story's first line.
    pub parts: Vec<String>,
    /// What happened in both.
    pub history: Vec<Event>,
    /// After that, the event in which they differ; none if they differ as they are.
    pub event: Option<Event>,
    /// How.
    pub difference: Difference,
    /// How many events had been compared before.
    pub compared: u64,
}

impl Disagreement {
    /// Of a history from a beginning.
    pub fn new(
        model: &Replication,
        beginning: &State,
        history: Vec<Event>,
        event: Option<Event>,
        difference: Difference,
    ) -> Disagreement {
        let mut parts = model.variant.parts(model.setting.kafka);
        parts.extend(beginning_parts(model, beginning));
        Disagreement {
            setting: model.setting.clone(),
            parts,
            history,
            event,
            difference,
            compared: 0,
        }
    }

    /// How many events it takes.
    pub fn len(&self) -> usize {
        self.history.len() + usize::from(self.event.is_some())
    }

    /// Whether they differ before anything has happened.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Disagreement {
    /// A story that `highwater replay` reads, with both sides in its comments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", Story::header(&self.setting, &self.parts))?;
        for event in &self.history {
            writeln!(f, "{}", event.line(&self.setting))?;
        }
        writeln!(f, "# Here model and engine part.")?;
        if let Some(event) = &self.event {
            writeln!(f, "{}", event.line(&self.setting))?;
        }
        for sentence in self.difference.sentences() {
            writeln!(f, "# {sentence}")?;
        }
        Ok(())
    }
}
