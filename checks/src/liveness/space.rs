//! The states from which nothing more fails, and what can follow.
//!
//! Two searches, as for availability.  The first goes through every state of the row, faults included,
//! and takes each *renewed*: every budget new, the lag over.  The second takes every step of protocol
//! and healing from all of these, and knows no budget: epochs are counted anew after every step, so
//! what can follow is finite without one.  Clients may send one record more.
//!
//! A step that changes nothing counts: a follower that fetches and gets nothing has been served.
//!
//! **Deliberately absent:** whatever the proof remembers.  No rule reads it and no goal asks for it, so
//! states that differ only there are one.

use super::fairness::Class;
use super::goals::{Cases, Property};
use super::graph::{ClassNumber, Graph, MOST_CLASSES, Node, Step};
use super::{Channels, Plant};
use crate::explore::key_of;
use highwater_model::replication::bounds::afford;
use highwater_model::replication::state::Log;
use highwater_model::replication::{Bounds, Disabled, Operators, Replication, State, choices};
use highwater_vocabulary::{
    BrokerSet, Event, Faults, MOST_RECORDS, Member, Record, RecordSet, Set,
};
use std::collections::{HashMap, HashSet, VecDeque};

/// How a state of the row came about.
#[derive(Clone, Copy)]
enum Way {
    Beginning(u32),
    After(u32, Event),
}

/// A state from which nothing more fails.
struct Seed {
    node: Node,
    /// Its place among the states of the row, and how many events lead there.
    place: u32,
    depth: usize,
}

/// The states from which nothing more fails, and what can follow.
pub(super) struct Space<'m> {
    row: &'m Replication,
    /// The same without faults and budgets, and with every choice.
    pub(super) rest: Replication,
    plant: Option<&'m Plant>,
    channels: Channels,
    beginnings: Vec<State>,
    ways: Vec<Way>,
    seeds: Vec<Seed>,
    /// What can follow; its classes are those of `classes`.
    pub(super) graph: Graph,
    pub(super) classes: Vec<Class>,
    states: Vec<Box<[u8]>>,
    known: HashMap<u64, Node>,
    /// What is missing in each state, property by property.
    pub(super) missing: Vec<[Cases; Property::ALL.len()]>,
    most: usize,
    /// Why not everything was looked at.
    pub(super) incomplete: Option<String>,
}

/// The record that is sent when nothing fails any more; no history of a row sends it.
fn another() -> Record {
    Record::at(MOST_RECORDS - 1)
}

impl<'m> Space<'m> {
    /// Searches the row and what follows, as far as `most` states of either.
    pub(super) fn of(
        row: &'m Replication,
        plant: Option<&'m Plant>,
        channels: Channels,
        most: usize,
    ) -> Self {
        let bounds = Bounds {
            records: 0,
            reads: 0,
            isr_changes: u8::MAX,
            redundant_choices: true,
            operators: Operators::default(),
            ..row.bounds
        };
        let rest = Replication {
            faults: Faults::default(),
            bounds,
            ..row.clone()
        };
        let mut space = Space {
            row,
            rest,
            plant,
            channels,
            beginnings: row.beginnings(),
            ways: Vec::new(),
            seeds: Vec::new(),
            graph: Graph::default(),
            classes: Vec::new(),
            states: Vec::new(),
            known: HashMap::new(),
            missing: Vec::new(),
            most,
            incomplete: None,
        };
        space.search_row();
        space.search_rest();
        space
    }

    /// How many states there are of the row, and of what follows.
    pub(super) fn sizes(&self) -> [usize; 2] {
        [self.ways.len(), self.graph.len()]
    }

    fn step(&self, model: &Replication, before: &State, event: &Event) -> Result<State, Disabled> {
        let result = model.step(before, event);
        match self.plant {
            Some(plant) => plant(before, event, result),
            None => result,
        }
    }

    fn search_row(&mut self) {
        let mut room = Vec::new();
        let mut seen = HashSet::new();
        let mut open = VecDeque::new();
        for (number, state) in self.beginnings.clone().into_iter().enumerate() {
            let state = forgetful(&state);
            seen.insert(key_of(&state, &mut room));
            open.push_back((
                state,
                self.arrive(&state, Way::Beginning(number as u32), 0),
                0,
            ));
        }
        let mut events = Vec::new();
        while let Some((before, place, depth)) = open.pop_front() {
            events.clear();
            choices::offer(self.row, &before, &mut events);
            for event in &events {
                let Some(after) = self.next_of_row(&before, event) else {
                    continue;
                };
                if !seen.insert(key_of(&after, &mut room)) {
                    continue;
                }
                if seen.len() > self.most {
                    self.cut();
                    return;
                }
                let way = Way::After(place, *event);
                open.push_back((after, self.arrive(&after, way, depth + 1), depth + 1));
            }
        }
    }

    fn next_of_row(&self, before: &State, event: &Event) -> Option<State> {
        let after = self.step(self.row, before, event).ok()?;
        let after = forgetful(&after);
        (after != *before && afford(self.row, &after)).then_some(after)
    }

    fn cut(&mut self) {
        let most = self.most;
        let why = || format!("there are more than {most} states");
        self.incomplete.get_or_insert_with(why);
    }

    /// Notes a state of the row, and its renewed state if that is new.
    fn arrive(&mut self, state: &State, way: Way, depth: usize) -> u32 {
        let place = self.ways.len() as u32;
        self.ways.push(way);
        let renewed = self.renewed(state);
        let (node, is_new) = self.node(&renewed);
        if is_new {
            self.seeds.push(Seed { node, place, depth });
        }
        place
    }

    /// A state of the row once nothing more fails.
    fn renewed(&self, state: &State) -> State {
        without_spent(&self.row.renewed(state))
    }

    fn recounted(&self, state: &State) -> State {
        without_spent(&self.rest.recounted(state))
    }

    /// The node of a state, and whether it is new.
    fn node(&mut self, state: &State) -> (Node, bool) {
        let bytes = postcard::to_stdvec(state).expect("a state can be written down");
        let key = xxhash_rust::xxh3::xxh3_64(&bytes);
        if let Some(node) = self.known.get(&key) {
            return (*node, false);
        }
        let node = self.graph.add();
        self.known.insert(key, node);
        self.states.push(bytes.into());
        let missing = Property::ALL.iter();
        let missing: Vec<Cases> = missing
            .map(|property| (property.missing)(&self.rest, state))
            .collect();
        self.missing
            .push(missing.try_into().expect("one a property"));
        (node, true)
    }

    /// The state of a node.
    pub(super) fn state(&self, node: Node) -> State {
        postcard::from_bytes(&self.states[node.index()]).expect("what was written down can be read")
    }

    fn search_rest(&mut self) {
        let mut next = 0;
        while next < self.graph.len() {
            if self.graph.len() > self.most {
                self.cut();
                return;
            }
            self.expand(Node::new(next));
            next += 1;
        }
    }

    /// Takes every step from a node.
    fn expand(&mut self, node: Node) {
        let before = self.state(node);
        let mut taken: HashSet<Step> = HashSet::new();
        for event in self.offered(&before) {
            let after = match self.step(&self.rest, &before, &event) {
                Ok(after) => self.recounted(&after),
                Err(Disabled::ModelIsFull) => {
                    self.full(&event);
                    continue;
                }
                Err(_) => continue,
            };
            let class = self.number(&event);
            if class.is_none() && after == before {
                continue;
            }
            let (to, _) = self.node(&after);
            if taken.insert((class, to)) {
                self.graph.connect(node, to, class);
            }
        }
    }

    /// The model's own limit was met.  That a client can send no more is none of the protocol's.
    fn full(&mut self, event: &Event) {
        if !matches!(event, Event::Produce { .. }) {
            let why = || "the model has no room for what could follow".to_owned();
            self.incomplete.get_or_insert_with(why);
        }
    }

    fn number(&mut self, event: &Event) -> Option<ClassNumber> {
        let class = Class::of(event)?;
        let known = self.classes.iter().position(|known| *known == class);
        let place = known.unwrap_or_else(|| {
            self.classes.push(class);
            self.classes.len() - 1
        });
        if place >= MOST_CLASSES {
            let why = || format!("there are more than {MOST_CLASSES} classes of fair steps");
            self.incomplete.get_or_insert_with(why);
            return None;
        }
        let number = place as ClassNumber;
        let may_lose_all = self.channels == Channels::MayLoseAll;
        if known.is_none() && class.is_strong() && !may_lose_all {
            self.graph.demand_strong(number);
        }
        Some(number)
    }

    /// Everything that may be tried when nothing fails any more.
    fn offered(&self, state: &State) -> Vec<Event> {
        let mut events = Vec::new();
        choices::offer(&self.rest, state, &mut events);
        let replicas = self.rest.setting.replicas();
        let sent = replicas.iter().map(|broker| {
            let log = state.replicas[broker].log.records();
            let tenure = state.replicas[broker].tenure();
            log.union(tenure.map(|tenure| tenure.waiting).unwrap_or_default())
        });
        if !sent
            .fold(RecordSet::EMPTY, RecordSet::union)
            .contains(another())
        {
            let leaders = replicas.iter();
            let leaders = leaders.filter(|broker| state.replicas[*broker].leads());
            let record = another();
            events.extend(leaders.map(|broker| Event::Produce { broker, record }));
        }
        events
    }

    /// An event of this class, or of none, that leads from a state to another.
    pub(super) fn event_between(&self, from: Node, (class, to): Step) -> Option<Event> {
        let before = self.state(from);
        let wanted = self.state(to);
        let class = class.map(|number| self.classes[usize::from(number)]);
        let mut events = self.offered(&before).into_iter();
        events.find(|event| {
            let after = self.step(&self.rest, &before, event);
            Class::of(event) == class && after.is_ok_and(|after| self.recounted(&after) == wanted)
        })
    }

    /// The states from which nothing more fails, with the length of the history of each.
    pub(super) fn starts(&self) -> Vec<(usize, Node)> {
        let seeds = self.seeds.iter();
        seeds.map(|seed| (seed.depth, seed.node)).collect()
    }

    /// The history of the row that leads to one of these states.
    pub(super) fn history(&self, node: Node) -> (State, Vec<Event>) {
        let seed = self.seeds.iter().find(|seed| seed.node == node);
        let mut place = seed.expect("it is the node of a seed").place;
        let mut events = Vec::new();
        loop {
            match self.ways[place as usize] {
                Way::After(before, event) => {
                    events.push(event);
                    place = before;
                }
                Way::Beginning(number) => {
                    events.reverse();
                    return (self.beginnings[number as usize], events);
                }
            }
        }
    }
}

/// A state without what the proof remembers; what is spent stays.
fn forgetful(state: &State) -> State {
    let mut state = *state;
    let ghost = &mut state.ghost;
    ghost.acknowledged = RecordSet::EMPTY;
    ghost.committed = Log::default();
    ghost.read = Default::default();
    ghost.lossy = BrokerSet::EMPTY;
    ghost.offices = Default::default();
    ghost.granted = None;
    ghost.broken = Set::EMPTY;
    state
}

/// The same, when every budget is new.
fn without_spent(state: &State) -> State {
    let mut state = forgetful(state);
    state.ghost.spent = Default::default();
    state
}
