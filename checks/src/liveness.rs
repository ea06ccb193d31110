//! What ought to come about in the end, once nothing more fails.
//!
//! The question of [`crate::availability`] is whether there is *some* way on; here it is whether *every*
//! fair way leads there.  A run is a history with faults, and after the last fault an endless one
//! without: whatever was lost comes back, in any order and at any moments, and no step of protocol or
//! healing is put off for ever.  A property is violated if such a run misses it; it is told as a
//! history and the round that the run goes for ever.
//!
//! | read | for |
//! |---|---|
//! | [`goals`] | what ought to come about |
//! | [`fairness`] | which steps must not be put off for ever, and which nobody has to take |
//! | `graph` | where a fair run may stay; nothing of Kafka |
//! | `space` | the states from which nothing more fails, and what can follow |
//! | [`experiment`] | a question in a file, and its verdicts |
//!
//! **Deliberately absent:** how long anything takes, and operators: who waits for one waits for ever
//! here.

pub mod experiment;
pub mod experiment_file;
pub mod fairness;
pub mod goals;
mod graph;
mod space;

pub use goals::Property;
use goals::{Cases, Demand};
use graph::{Component, Node};
use highwater_model::replication::{Disabled, Replication, State};
use highwater_vocabulary::Event;
use space::Space;
use std::collections::HashSet;

/// States that a search keeps, of the row and of what follows, if nobody says how many.
pub const MOST_STATES: usize = 1_000_000;

/// What is taken for granted of channels that lose what is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Channels {
    /// What is sent again and again arrives again and again: strong fairness of
    /// [`fairness::Class::is_strong`].
    DeliverInTheEnd,
    /// Nothing: they may lose for ever what can be sent again.  No answer is certain then.
    MayLoseAll,
}

/// What a test makes of a step: state before, event, and what the rules make of it.
pub type Plant = dyn Fn(&State, &Event, Result<State, Disabled>) -> Result<State, Disabled>;

/// What every fair run of a model comes to.
#[derive(Clone, Debug)]
pub struct Liveness {
    /// Each property, with its verdict.
    pub verdicts: Vec<(&'static Property, Verdict)>,
    /// Different states of the row, and of what can follow when nothing fails any more.
    pub states: [usize; 2],
    /// Why not everything was looked at.
    pub incomplete: Option<String>,
}

/// What is found of a property.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It comes about in every fair run, and is missing at first in some.
    Holds,
    /// It is never missing.
    Silent,
    /// Some fair run misses it.
    Violated(Box<Lasso>),
    /// It is not known.
    Incomplete,
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

/// A run that goes in circles.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lasso {
    /// The state before the first event.
    pub beginning: State,
    /// What happens until nothing more fails.
    pub faults: Vec<Event>,
    /// What happens then, up to the round.
    pub way: Vec<Event>,
    /// What happens again and again; nothing, if the run ends.
    pub round: Vec<Event>,
    /// Why no fair step leads out of it: each that could, with the place in the round after which it
    /// cannot be taken; the others are taken in the round.
    pub idle: Vec<(fairness::Class, usize)>,
}

impl Liveness {
    /// Judges every property of `row`; at most so many states are looked at, of the row and of what
    /// follows.
    pub fn of(row: &Replication, most: usize) -> Liveness {
        judge(row, None, Channels::DeliverInTheEnd, most)
    }

    /// The same if every class is only weakly fair.
    pub fn of_losing(row: &Replication, most: usize) -> Liveness {
        judge(row, None, Channels::MayLoseAll, most)
    }

    /// The same of a protocol that a test has altered.
    pub fn of_altered(row: &Replication, plant: &Plant, most: usize) -> Liveness {
        judge(row, Some(plant), Channels::DeliverInTheEnd, most)
    }

    /// The verdict on a property.
    pub fn verdict(&self, name: &str) -> Option<&Verdict> {
        let mut verdicts = self.verdicts.iter();
        let (_, verdict) = verdicts.find(|(property, _)| property.name == name)?;
        Some(verdict)
    }

    /// The names of what is violated.
    pub fn violated(&self) -> Vec<&'static str> {
        let violated = self.verdicts.iter();
        let violated = violated.filter(|(_, verdict)| matches!(verdict, Verdict::Violated(_)));
        violated.map(|(property, _)| property.name).collect()
    }
}

fn judge(row: &Replication, plant: Option<&Plant>, channels: Channels, most: usize) -> Liveness {
    let row = row.unabridged();
    let space = Space::of(&row, plant, channels, most);
    let everywhere = match space.incomplete {
        None => space.graph.fair_components(|_| true),
        Some(_) => Vec::new(),
    };
    let verdicts = Property::ALL.iter().enumerate().map(|(place, property)| {
        let verdict = match space.incomplete {
            None => verdict(&space, place, property, &everywhere),
            Some(_) => Verdict::Incomplete,
        };
        (property, verdict)
    });
    Liveness {
        verdicts: verdicts.collect(),
        states: space.sizes(),
        incomplete: space.incomplete.clone(),
    }
}

/// The verdict on the property of this place; `everywhere` are the components in which a fair run may
/// go, whatever is missing there.
fn verdict(space: &Space, place: usize, property: &Property, everywhere: &[Component]) -> Verdict {
    let missing = |node: Node| space.missing[node.index()][place];
    let ever = space.graph.nodes().map(missing);
    let ever = ever.fold(0, |all, cases| all | cases);
    let found = match property.demand {
        _ if ever == 0 => return Verdict::Silent,
        Demand::Stays => nearest(space, everywhere, |node| missing(node) != 0),
        Demand::Comes => {
            let cases = (0..Cases::BITS).map(|case| 1 << case);
            let cases = cases.filter(|case| ever & case != 0);
            let components = cases.flat_map(|case| {
                let allowed = |node| missing(node) & case != 0;
                space.graph.fair_components(allowed)
            });
            nearest(space, &components.collect::<Vec<_>>(), |_| true)
        }
    };
    found.map_or(Verdict::Holds, |lasso| Verdict::Violated(Box::new(lasso)))
}

/// The lasso that is reached in the fewest events, among those that go through a state of interest
/// again and again.
fn nearest(
    space: &Space,
    components: &[Component],
    is_of_interest: impl Fn(Node) -> bool,
) -> Option<Lasso> {
    let nodes = components.iter().flat_map(|component| &component.nodes);
    let wanted: HashSet<Node> = nodes
        .copied()
        .filter(|node| is_of_interest(*node))
        .collect();
    if wanted.is_empty() {
        return None;
    }
    let starts = space.starts();
    let found = space.graph.nearest(&starts, |node| wanted.contains(&node));
    let (seed, way) = found.expect("every state follows from a seed");
    let start = way.last().map_or(seed, |(_, node)| *node);
    let component = components
        .iter()
        .find(|component| component.nodes.contains(&start))?;
    let round = space.graph.round(component, start);
    let (beginning, faults) = space.history(seed);
    Some(Lasso {
        beginning,
        faults,
        way: events(space, seed, &way),
        round: events(space, start, &round),
        idle: idle(space, start, &round),
    })
}

/// The events that make these steps.
fn events(space: &Space, start: Node, steps: &[graph::Step]) -> Vec<Event> {
    let mut at = start;
    let events = steps.iter().map(|step| {
        let event = space.event_between(at, *step);
        at = step.1;
        event.expect("some event made this step")
    });
    events.collect()
}

/// The classes that are enabled somewhere in a round and not taken, each with the place after which it
/// is not enabled.
fn idle(space: &Space, start: Node, round: &[graph::Step]) -> Vec<(fairness::Class, usize)> {
    let states: Vec<Node> = std::iter::once(start)
        .chain(round.iter().map(|(_, node)| *node))
        .collect();
    let taken = |number: usize| {
        let mut steps = round.iter();
        steps.any(|(class, _)| class.map(usize::from) == Some(number))
    };
    let enabled = |number: usize, node: &Node| space.graph.enabled(*node) >> number & 1 == 1;
    let numbers = 0..space.classes.len();
    let open = numbers
        .filter(|number| !taken(*number) && states.iter().any(|node| enabled(*number, node)));
    open.filter_map(|number| {
        let place = states.iter().position(|node| !enabled(number, node))?;
        Some((space.classes[number], place))
    })
    .collect()
}
