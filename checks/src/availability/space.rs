//! The states that a model reaches, and what can follow from them once nothing more fails.
//!
//! Two searches.  The first goes through every state of the row, faults included, and takes
//! each *renewed*: with every budget new.  States that are the same then are one.  The second starts
//! from all of these at once, and knows no budget: epochs are counted anew after every step, so what
//! can follow is finite without one.  One record more is sent, and sent again as long as no log has
//! it.

use super::actors::{Actor, Reach, actor};
use super::break_out;
use super::durable;
use super::graph::{Goals, Graph, Move, Node, Step};
use super::runbook;
use super::service::{self, Service, UNKNOWN};
use crate::explore::key_of;
use highwater_model::replication::{Bounds, Disabled, Replication, State, choices};
use highwater_vocabulary::{
    Acks, Broker, BrokerSet, Datacenter, Event, Faults, MOST_RECORDS, Member, Record, RecordSet,
    Set,
};
use stateright::Model;
use std::collections::{HashMap, HashSet, VecDeque};

/// How a state came about: the place of the state before, and the event; or which beginning it is.
#[derive(Clone, Copy)]
enum Way {
    Beginning,
    After(u32, Event),
}

/// A state of the row, renewed.
pub(super) struct Seed {
    /// Where it stands in the graph.
    pub(super) node: Node,
    /// Where clients ask: the datacenters that have running brokers, or, if none has, all that should.
    pub(super) clients: Set<Datacenter>,
    /// Its place among the states of the row.
    place: u32,
}

/// The states of a row, renewed, and what can follow.
pub(super) struct Space<'m> {
    row: &'m Replication,
    /// The same without faults and without budgets.
    rest: Replication,
    /// How many brokers each datacenter has in all.
    brokers: &'m [u16],
    /// Datacenters whose return would bring no quorum back: with their disks went the metadata.
    gone: Set<Datacenter>,
    /// Datacenters that may be broken out of a quorum that is lost.
    break_outs: Set<Datacenter>,
    ways: Vec<Way>,
    beginnings: Vec<State>,
    /// Every renewed state, each with a shortest history.
    pub(super) seeds: Vec<Seed>,
    /// What can follow.
    pub(super) graph: Graph,
    states: Vec<Box<[u8]>>,
    known: HashMap<u64, Node>,
    /// Whose steps have all been taken from a node, and of each actor how many.
    expanded: Vec<Reach>,
    taken: Vec<[u16; Actor::ALL.len()]>,
    most: usize,
    /// Whether the row was not searched to its end.
    pub(super) is_cut: bool,
}

/// What a search knows of each state.
struct Known {
    /// The goals that can be reached from it.
    found: Vec<Goals>,
    /// The goals of which it is known whether they can.
    settled: Vec<Goals>,
}

impl Known {
    fn make_room(&mut self, states: usize) {
        self.found.resize(states, 0);
        self.settled.resize(states, 0);
    }

    fn of(&self, node: Node) -> Goals {
        self.found[node.index()] | self.settled[node.index()]
    }
}

/// The record whose fate is watched; no history of a row sends it.
pub(super) fn watched() -> Record {
    Record::at(MOST_RECORDS - 1)
}

impl<'m> Space<'m> {
    /// Searches the row, as far as `most` states.
    pub(super) fn of(row: &'m Replication, brokers: &'m [u16], most: usize) -> Self {
        let rest = Replication {
            faults: Faults::default(),
            bounds: Bounds {
                records: 0,
                isr_changes: u8::MAX,
                ..row.bounds
            },
            ..row.clone()
        };
        let mut space = Space {
            row,
            rest,
            brokers,
            gone: match durable::holds(&row.setting.quorum, &row.setting.voters, &row.faults) {
                true => Set::EMPTY,
                false => durable::destroyed(&row.faults),
            },
            break_outs: break_out::sites(row),
            ways: Vec::new(),
            beginnings: row.beginnings(),
            seeds: Vec::new(),
            graph: Graph::default(),
            states: Vec::new(),
            known: HashMap::new(),
            expanded: Vec::new(),
            taken: Vec::new(),
            most,
            is_cut: false,
        };
        space.search_row();
        space
    }

    fn search_row(&mut self) {
        let mut room = Vec::new();
        let mut seen = HashSet::new();
        let mut open = VecDeque::new();
        for state in self.beginnings.clone() {
            seen.insert(key_of(&state, &mut room));
            open.push_back((state, self.arrive(&state, Way::Beginning)));
        }
        let mut events = Vec::new();
        while let Some((before, place)) = open.pop_front() {
            events.clear();
            self.row.actions(&before, &mut events);
            events.extend(break_out::falling_behind(
                self.break_outs,
                self.row,
                &before,
            ));
            for event in &events {
                let Some(after) = self.row.next_state(&before, *event) else {
                    continue;
                };
                if !seen.insert(key_of(&after, &mut room)) {
                    continue;
                }
                if seen.len() > self.most {
                    self.is_cut = true;
                    return;
                }
                open.push_back((after, self.arrive(&after, Way::After(place, *event))));
            }
        }
    }

    /// Notes a state of the row, and its renewed state if that is new.
    fn arrive(&mut self, state: &State, way: Way) -> u32 {
        let place = self.ways.len() as u32;
        self.ways.push(way);
        let renewed = self.told_apart(self.row.renewed(state));
        let (node, is_new) = self.node(&renewed);
        if is_new {
            let running = self.row.datacenters_with_brokers(&renewed, self.brokers);
            let clients = match running.is_empty() {
                true => self.homes(),
                false => running,
            };
            self.seeds.push(Seed {
                node,
                clients,
                place,
            });
        }
        place
    }

    /// The state without a copy of the metadata that nobody will come to act on: one that has fallen behind
    /// matters only where its datacenter may be broken out.
    fn told_apart(&self, state: State) -> State {
        match state.controller.copy {
            Some(_) if !break_out::is_quorum_lost(&state) => self.row.without_copy(&state),
            _ => state,
        }
    }

    /// What is made of a step: epochs are counted anew.
    fn counted(&self, after: &State) -> State {
        self.told_apart(self.rest.recounted(after))
    }

    fn homes(&self) -> Set<Datacenter> {
        let every = self.row.setting.every_datacenter();
        every
            .filter(|home| self.brokers[home.index()] > 0)
            .collect()
    }

    /// What min ISR comes to before anything has happened.
    fn min_isr(&self) -> usize {
        let setting = &self.row.setting;
        self.row
            .effective_min_isr(setting.min_insync_replicas, setting.assigned())
    }

    /// The row.
    pub(super) fn row(&self) -> &'m Replication {
        self.row
    }

    /// How many states of the row there are.
    pub(super) fn row_states(&self) -> usize {
        self.ways.len()
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
        self.expanded.push(Reach::default());
        self.taken.push(Default::default());
        let entrances = self.row.datacenters_with_brokers(state, self.brokers);
        for from in self.homes().iter() {
            if let Some(leader) = self.rest.read_from(state, from) {
                let lossy = loses(state, leader);
                self.graph
                    .meet(node, service::goal(Service::Reads, from), lossy);
            }
            if self.rest.changes_metadata(state, from, entrances) {
                self.graph
                    .meet(node, service::goal(Service::Metadata, from), false);
            }
        }
        (node, true)
    }

    /// The state of a node.
    pub(super) fn state(&self, node: Node) -> State {
        postcard::from_bytes(&self.states[node.index()]).expect("what was written down can be read")
    }

    /// For each state the goals that such steps lead to, as far as it takes to know of every one of
    /// `wanted` whether it gets there.
    ///
    /// Nothing is followed beyond what was looked for, so most states are soon done with, and only
    /// what gets nowhere is searched to its end.
    pub(super) fn seek(&mut self, wanted: &[(Node, Goals)], reach: Reach) -> Vec<Goals> {
        let mut known = Known {
            found: self
                .graph
                .leading_to(self.graph.goals(), |step| reach.follows(step)),
            settled: Vec::new(),
        };
        for (start, goals) in wanted {
            let visited = self.seek_from(*start, *goals, reach, &mut known);
            for node in visited {
                known.settled[node.index()] |= goals;
            }
        }
        known.found
    }

    /// Looks for goals from one state; the states that were searched to their end if not all are
    /// found.
    fn seek_from(
        &mut self,
        start: Node,
        goals: Goals,
        reach: Reach,
        known: &mut Known,
    ) -> HashSet<Node> {
        let counts = |step| reach.follows(step);
        let mut visited: HashSet<Node> = HashSet::new();
        let mut open = vec![start];
        while known.found[start.index()] & goals != goals {
            let Some(node) = open.last().copied() else {
                return visited;
            };
            known.make_room(self.graph.len());
            if known.of(node) & goals == goals {
                open.pop();
            } else if visited.insert(node) {
                let steps = self.graph.steps_from(node);
                let steps = steps.filter(|(step, to)| counts(*step) && !visited.contains(to));
                open.extend(steps.map(|(_, to)| to));
            } else {
                let next = self.expand_once(node, reach);
                known.make_room(self.graph.len());
                let found = &mut known.found;
                self.graph.spread(found, node, self.graph.met(node), counts);
                let Some(to) = next else {
                    open.pop();
                    continue;
                };
                self.graph.spread(found, to, self.graph.met(to), counts);
                let onwards = found[to.index()];
                self.graph.spread(found, node, onwards, counts);
                if !visited.contains(&to) {
                    open.push(to);
                }
            }
        }
        HashSet::new()
    }

    /// The same where an operator acts, with everything that can follow: the price of a runbook is
    /// asked of every way that the rest of the system may take.
    pub(super) fn operate(&mut self, wanted: &[(Node, Goals)], reach: Reach) -> Vec<Goals> {
        self.follow(wanted.iter().map(|(node, _)| *node), reach);
        let counts = |step| reach.follows(step);
        self.graph.leading_to(self.graph.goals(), counts)
    }

    /// Follows every step of such actors from these nodes on.
    pub(super) fn follow(&mut self, from: impl IntoIterator<Item = Node>, reach: Reach) {
        let mut open: Vec<Node> = from.into_iter().collect();
        let mut seen: Vec<bool> = Vec::new();
        while let Some(node) = open.pop() {
            seen.resize(self.graph.len().max(seen.len()), false);
            if std::mem::replace(&mut seen[node.index()], true) {
                continue;
            }
            self.expand(node, reach);
            let steps = self.graph.steps_from(node);
            let steps = steps.filter(|(step, _)| reach.follows(*step));
            open.extend(steps.map(|(_, to)| to));
        }
    }

    /// Takes every step of these actors from a node.
    fn expand(&mut self, node: Node, reach: Reach) {
        while self.expand_once(node, reach).is_some() {}
    }

    /// Takes the next step of these actors from a node that leads to a state, and says to which.
    fn expand_once(&mut self, node: Node, reach: Reach) -> Option<Node> {
        if reach.minus(self.expanded[node.index()]) == Reach::default() {
            return None;
        }
        let before = self.state(node);
        let offered = self.offered(&before);
        for actor in Actor::ALL.into_iter().filter(|actor| reach.has(*actor)) {
            let events = offered.iter().filter(|(_, step)| Actor::of(*step) == actor);
            let taken = self.taken[node.index()][actor as usize];
            for (event, step) in events.skip(taken.into()) {
                self.taken[node.index()][actor as usize] += 1;
                if let Some(to) = self.take(node, &before, event, *step) {
                    return Some(to);
                }
            }
            self.expanded[node.index()].add(actor);
        }
        None
    }

    /// Takes a step, and says to which state it leads if it leads to another one.
    fn take(&mut self, node: Node, before: &State, event: &Event, step: Step) -> Option<Node> {
        if self.graph.len() >= self.most {
            self.graph.meet(node, UNKNOWN, false);
            return None;
        }
        let after = match self.rest.step(before, event) {
            Ok(after) => after,
            Err(Disabled::ModelIsFull) => {
                self.graph.meet(node, UNKNOWN, false);
                return None;
            }
            Err(_) => return None,
        };
        if let Some(leader) = self.answers(event) {
            let goals = self.written(before, leader);
            self.graph.meet(node, goals, loses(before, leader));
            return None;
        }
        let after = self.counted(&after);
        if after == *before {
            return None;
        }
        let (to, _) = self.node(&after);
        self.graph.connect(node, to, step);
        Some(to)
    }

    /// Who answers the producer of the watched record by this event.
    fn answers(&self, event: &Event) -> Option<Broker> {
        match (*event, self.rest.setting.acks) {
            (Event::Ack { broker, record }, Acks::All) if record == watched() => Some(broker),
            (Event::Produce { broker, .. }, Acks::Leader | Acks::None) => Some(broker),
            _ => None,
        }
    }

    /// The clients that a leader has answered: those that reach it.
    fn written(&self, state: &State, leader: Broker) -> Goals {
        let home = self.rest.setting.home(leader);
        let clients = self.homes();
        let reach = clients
            .iter()
            .filter(|from| state.world.connects(*from, home));
        reach
            .map(|from| service::goal(Service::Writes, from))
            .fold(0, |all, one| all | one)
    }

    /// Everything that may be tried, and who tries it.
    pub(super) fn offered(&self, state: &State) -> Vec<(Event, Step)> {
        let mut events = Vec::new();
        choices::offer(&self.rest, state, &mut events);
        let mut offered: Vec<(Event, Step)> = Vec::with_capacity(events.len() + 4);
        let replicas = self.rest.setting.replicas();
        let sent: RecordSet = replicas
            .iter()
            .map(|broker| state.replicas[broker].log.records())
            .fold(RecordSet::EMPTY, RecordSet::union);
        if !sent.contains(watched()) {
            let leaders = replicas
                .iter()
                .filter(|broker| state.replicas[*broker].leads());
            let record = watched();
            offered
                .extend(leaders.map(|broker| (Event::Produce { broker, record }, Step::Protocol)));
        }
        let comes_back = |event: &&Event| match event {
            Event::Return { datacenter } => !self.gone.contains(*datacenter),
            _ => true,
        };
        let events = events.iter().filter(comes_back);
        offered.extend(events.map(|event| (*event, self.actor(state, event))));
        let most = {
            let image = state.image();
            self.rest.effective_min_isr(image.min_isr, image.replicas) as u8
        };
        let lower = (1..most).map(|to| Event::SetMinIsr { to });
        let observed = self.rest.homes(state.image().observers);
        let promote = observed.map(|datacenter| Event::PromoteObservers { datacenter });
        let reassign = self
            .replacement(state)
            .map(|replicas| Event::Reassign { replicas });
        let moves = lower
            .chain(promote)
            .chain(reassign)
            .chain([Event::ElectUnclean])
            .chain(break_out::offered(self.break_outs, state));
        offered.extend(moves.map(|event| (event, actor(&event))));
        offered
    }

    /// Who makes a step.  A broker that ends because the quorum that was broken out lacks what it has applied
    /// is started again: that belongs to the break-out.
    fn actor(&self, state: &State, event: &Event) -> Step {
        let is_ended = state.former.is_some() && !break_out::stops_single_brokers(&self.row.faults);
        match event {
            Event::Restart { .. } if is_ended => Step::Protocol,
            event => actor(event),
        }
    }

    /// The replicas after a reassignment to brokers that run where no link to a client is cut in either
    /// direction, from all others: one at most, and only once.  Which of several such brokers gets a replica is not asked, the
    /// first of the setting does; and there is none if fewer would be left than min ISR wants, because
    /// that would only lower what min ISR comes to.
    fn replacement(&self, state: &State) -> Option<BrokerSet> {
        let (setting, image) = (&self.rest.setting, state.image());
        let clients = self.row.datacenters_with_brokers(state, self.brokers);
        let runs = |broker: &Broker| {
            let home = setting.home(*broker);
            let mut clients = clients.iter();
            state.replicas[*broker].serves()
                && clients.all(|client| {
                    state.world.connects(client, home) && state.world.connects(home, client)
                })
        };
        let (staying, live) = (
            image.replicas.iter().filter(runs).collect::<BrokerSet>(),
            setting
                .spares
                .minus(image.inactive.fenced)
                .iter()
                .filter(runs),
        );
        let gone = image.replicas.minus(staying).len();
        let targets = live.take(gone).fold(staying, BrokerSet::with);
        let min_isr = self.rest.effective_min_isr(image.min_isr, image.replicas);
        let is_first = image.replicas == setting.assigned();
        (is_first && gone > 0 && targets != staying && targets.len() >= min_isr).then_some(targets)
    }

    /// Whether there was no room for all that can follow where a datacenter may be broken out: a runbook
    /// that was not found may exist.
    pub(super) fn operators_are_cut(&self) -> bool {
        self.may_break_out() && self.graph.len() >= self.most
    }

    /// Whether there is a datacenter that may be broken out of a lost quorum.
    pub(super) fn may_break_out(&self) -> bool {
        !self.break_outs.is_empty()
    }

    /// Every runbook that may help here, the better ones first.
    pub(super) fn runbooks(&self) -> Vec<Vec<Move>> {
        let setting = &self.row.setting;
        let mut besides: Vec<Move> = self
            .row
            .homes(setting.observers)
            .map(Move::PromoteObservers)
            .collect();
        if !setting.spares.is_empty() {
            besides.push(Move::Reassign);
        }
        runbook::every(self.min_isr(), &besides, self.break_outs)
    }

    /// How many steps of the protocol lead away from a seed, as far as they were taken.
    pub(super) fn open_steps(&self, seed: &Seed) -> usize {
        let steps = self.graph.steps_from(seed.node);
        steps.filter(|(step, _)| *step == Step::Protocol).count()
    }

    /// The events on a shortest way from a seed to where a client is served, with an operator's moves.
    pub(super) fn remedy(
        &self,
        seed: &Seed,
        (service, client): (Service, Datacenter),
        moves: &[Move],
        healing: bool,
    ) -> Option<Vec<Event>> {
        let goal = service::goal(service, client);
        let way = self.graph.way(seed.node, goal, moves, healing)?;
        let mut events = Vec::new();
        let mut at = seed.node;
        for (step, to) in way {
            events.push(self.event_between(at, step, to)?);
            at = to;
        }
        if service == Service::Writes {
            let state = self.state(at);
            let serves = |event: &Event| {
                let leader = self.answers(event);
                let goals = leader.map_or(0, |leader| self.written(&state, leader));
                goals & goal != 0 && self.rest.step(&state, event).is_ok()
            };
            let offered = self.offered(&state);
            events.extend(offered.iter().map(|(event, _)| *event).find(serves));
        }
        Some(events)
    }

    /// An event that makes a step between two nodes.
    fn event_between(&self, from: Node, step: Step, to: Node) -> Option<Event> {
        let before = self.state(from);
        let wanted = self.state(to);
        let offered = self.offered(&before);
        let mut events = offered.iter().filter(|(_, own)| *own == step);
        let leads = |event: &Event| {
            let after = self.rest.step(&before, event);
            after.is_ok_and(|after| self.counted(&after) == wanted)
        };
        events
            .find(|(event, _)| leads(event))
            .map(|(event, _)| *event)
    }

    /// The events that lead to a seed, from a beginning on.
    pub(super) fn history(&self, seed: &Seed) -> (State, Vec<Event>) {
        let mut events = Vec::new();
        let mut place = seed.place;
        while let Way::After(before, event) = self.ways[place as usize] {
            events.push(event);
            place = before;
        }
        events.reverse();
        (self.beginnings[place as usize], events)
    }
}

/// Whether something acknowledged is not in this leader's log.
fn loses(state: &State, leader: Broker) -> bool {
    let held = state.replicas[leader].log.records();
    !state.ghost.acknowledged.is_subset(held)
}
