//! What the properties are worth: rules that do something wrong, and who notices.
//!
//! A guard decides whether something may happen, and `guards` asks what each of them is worth.  A mutant leaves every guard in
//! force and changes what an event *does*: an election that raises no epoch, an append that is lost,
//! an answer with the wrong watermark.  It is tried in a small case, and somebody ought to notice: a
//! property that holds there without the mutant, or else the engine, beside which the model is followed
//! step by step.
//!
//! A mutant edits what a rule has made of a state, before the proof looks at it and before the state is
//! settled.  So the model has no place in which to plant one, and what the proof remembers is the history
//! that the mutant made.
//!
//! **Deliberately absent:** mutants of guards (`guards` waives each), of properties, of the proof and of
//! what is settled (`tests/reductions.rs` holds the reductions to account).

mod lockstep;

use crate::explore::{Explorable, Limits, Question, Until, in_lanes, search, silently};
use crate::guards::Case;
use crate::mutant_table;
use highwater_model::replication::{
    BrokerNames, Disabled, Grain, GuardSet, Property, Replication, State, bounds, choices, rules,
};
use highwater_vocabulary::Event;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A rule that does something wrong.
#[derive(Clone, Copy)]
pub struct Mutant {
    /// What the table calls it.
    pub id: &'static str,
    /// The rule whose effect it changes.
    pub rule: &'static str,
    /// What it does wrong.
    pub wrong: &'static str,
    /// What becomes of it.
    pub fate: Fate,
    /// Where it is tried.
    pub case: Case,
    /// How it does that.
    pub effect: Effect,
}

/// What becomes of a mutant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// With it this property is violated after so many events, and without it the property holds.
    Breaks(&'static str, usize),
    /// No property is violated, but model and engine differ after so many events.
    Parts(usize),
    /// Nobody notices; this is why.
    Survives(&'static str),
}

/// Edits the state that a rule has made.
pub type Effect = fn(&Step<'_>, &mut State);

/// A step, as a mutant sees it.
pub struct Step<'a> {
    /// The model without the mutant.
    pub model: &'a Replication,
    /// The state before the event.
    pub before: &'a State,
    /// What happens.
    pub event: &'a Event,
}

/// Every mutant, in the order of the rules.
pub fn every() -> impl Iterator<Item = &'static Mutant> {
    mutant_table::every()
}

/// What was found for a mutant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trial {
    /// Whether it made a difference to some step of its case.
    pub is_at_work: bool,
    /// The property that is violated with it and holds without it, the plainest of those after the
    /// fewest events.
    pub breaks: Option<(&'static str, usize)>,
    /// What a comparison with the engine came to.
    pub beside_engine: BesideEngine,
    /// Whether the search for a violation ended before it could say anything.
    pub is_cut: bool,
}

/// What comes of following a mutant of the model and the engine side by side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BesideEngine {
    /// They differ after so many events, and after none that is shorter.
    Differs(usize),
    /// They do not differ anywhere in the case.
    Agrees,
    /// They do not differ as far as this looks.
    Unknown,
}

impl Trial {
    /// Whether this is what the table says.
    pub fn is_as_told(&self, fate: Fate) -> bool {
        match fate {
            Fate::Breaks(property, events) => self.breaks == Some((property, events)),
            Fate::Parts(events) => {
                self.breaks.is_none() && self.beside_engine == BesideEngine::Differs(events)
            }
            Fate::Survives(_) => {
                self.breaks.is_none() && self.beside_engine == BesideEngine::Agrees
            }
        }
    }
}

impl fmt::Display for BesideEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BesideEngine::Differs(events) => write!(f, "{events}"),
            BesideEngine::Agrees => f.write_str("agrees"),
            BesideEngine::Unknown => f.write_str("agrees so far"),
        }
    }
}

/// A mutant of a model: the same choices, bounds and properties, and another effect.
#[derive(Clone)]
pub struct Mutated {
    model: Replication,
    effect: Effect,
    /// Which properties are looked at, by their place among all.
    asked: Vec<usize>,
    is_at_work: Arc<AtomicBool>,
}

impl fmt::Debug for Mutated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, mutated", self.model)
    }
}

/// What an event makes of a state.
struct After {
    /// With the mutant.
    mutated: State,
    /// Without it.
    rightly: State,
}

impl Mutated {
    fn new(model: Replication, effect: Effect, asked: Vec<usize>) -> Self {
        assert_eq!(
            model.variant.grain,
            Grain::Fine,
            "a mutant edits the effect of one event"
        );
        Mutated {
            model,
            effect,
            asked,
            is_at_work: Arc::default(),
        }
    }

    /// What the event makes of `before`: what the rule says, what the mutant makes of that, and then
    /// what is done after every event.
    fn step(&self, before: &State, event: &Event) -> Result<After, Disabled> {
        let mut rightly = rules::next(&self.model, before, event)?;
        let mut mutated = rightly;
        let step = Step {
            model: &self.model,
            before,
            event,
        };
        (self.effect)(&step, &mut mutated);
        let is_edited = mutated != rightly;
        self.model.complete(before, event, &mut mutated);
        if is_edited {
            self.model.complete(before, event, &mut rightly);
            if mutated != rightly && bounds::afford(&self.model, &mutated) {
                self.is_at_work.store(true, Ordering::Relaxed);
            }
        } else {
            rightly = mutated;
        }
        Ok(After { mutated, rightly })
    }
}

impl stateright::Model for Mutated {
    type State = State;
    type Action = Event;

    fn init_states(&self) -> Vec<State> {
        self.model.beginnings()
    }

    fn actions(&self, state: &State, events: &mut Vec<Event>) {
        choices::offer(&self.model, state, events);
    }

    fn next_state(&self, before: &State, event: Event) -> Option<State> {
        match self.step(before, &event) {
            Ok(After { mutated, .. })
                if mutated != *before && bounds::afford(&self.model, &mutated) =>
            {
                Some(mutated)
            }
            _ => None,
        }
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        let asked = self.asked.iter();
        asked
            .map(|place| stateright::Property::always(Property::ALL[*place].name, HOLDS[*place]))
            .collect()
    }
}

impl Explorable for Mutated {
    fn kinds(&self) -> &'static [&'static str] {
        Event::VERBS
    }

    fn kind(&self, event: &Event) -> usize {
        event.verb()
    }

    /// A mutant may well treat one broker unlike the others, so none are taken for interchangeable.
    type Names = BrokerNames;

    fn renamed(&self, state: &State, names: &BrokerNames) -> State {
        state.renamed(names)
    }
}

/// Whether a property holds, as a function that captures nothing: one for each place.
fn holds<const PLACE: usize>(mutated: &Mutated, state: &State) -> bool {
    (Property::ALL[PLACE].holds)(&mutated.model, state)
}

macro_rules! each_place {
    ($($place:literal)*) => {
        const HOLDS: &[fn(&Mutated, &State) -> bool] = &[$(holds::<$place>),*];
    };
}

each_place!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23);

const _: () = assert!(
    HOLDS.len() == Property::ALL.len(),
    "a function for each property"
);

/// Does nothing wrong.
fn nothing(_: &Step<'_>, _: &mut State) {}

/// The places of the properties that hold in the whole space of a case.
///
/// # Panics
/// If the space is not exhausted: then nothing is known to hold.
fn holding(case: &Case) -> Vec<usize> {
    let asked = (0..Property::ALL.len()).collect();
    let model = Mutated::new(case.model(GuardSet::default()), nothing, asked);
    let found = search(Question::new(model), silently());
    assert_eq!(found.cut, None, "a case of a mutant is exhausted: {case:?}");
    let violated = |name| found.violated.iter().any(|(violated, _)| *violated == name);
    let places = 0..Property::ALL.len();
    places
        .filter(|place| !violated(Property::ALL[*place].name))
        .collect()
}

/// Tries a mutant, knowing which properties hold without it.
fn try_one(mutant: &Mutant, holding: &[usize]) -> Trial {
    let model = mutant.case.model(GuardSet::default());
    let mutated = Mutated::new(model, mutant.effect, holding.to_vec());
    let question = Question {
        until: Until::Violation,
        limits: Limits::of_states(MOST_STATES),
        ..Question::new(mutated.clone())
    };
    let found = search(question, silently());
    // The order of the properties is from the plainest on, and all of these are of one level.
    let plainest = Property::ALL.iter().find_map(|property| {
        found
            .violated
            .iter()
            .find(|(name, _)| *name == property.name)
    });
    let beside_engine = lockstep::first_difference(&mutated);
    Trial {
        is_at_work: mutated.is_at_work.load(Ordering::Relaxed),
        breaks: plainest.map(|(name, path)| (*name, path.actions.len())),
        beside_engine,
        is_cut: found.cut.is_some() && plainest.is_none(),
    }
}

/// No case of a mutant is as large as that.
const MOST_STATES: usize = 20_000_000;

/// Tries mutants, so many at a time.
pub fn try_each(mutants: &[&'static Mutant], lanes: usize) -> Vec<Trial> {
    let mut cases: Vec<Case> = Vec::new();
    for mutant in mutants {
        if !cases.contains(&mutant.case) {
            cases.push(mutant.case);
        }
    }
    let held = in_lanes(cases.clone(), lanes, |case| holding(&case), &|_| ());
    let held_in = |case: &Case| {
        let place = cases.iter().position(|known| known == case);
        place
            .map(|place| held[place].as_slice())
            .unwrap_or_default()
    };
    in_lanes(
        mutants.to_vec(),
        lanes,
        |mutant| try_one(mutant, held_in(&mutant.case)),
        &|_| (),
    )
}
