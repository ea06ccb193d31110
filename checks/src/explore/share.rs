//! What one worker knows of a search, and what it does: no word of it is about dataflow.

use super::cluster;
use super::explorable::Explorable;
use super::packed::{Packer, unpacked};
use super::visited::{Key, Level, Visited, Way};
use super::way_back;
use super::{Counts, Coverage, Cut, Progress, Question, Searched, Until};
use serde::{Deserialize, Serialize};
use stateright::{Expectation, Property};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use timely::worker::Worker;

/// States that are expanded before others get their turn.
const TURN: usize = 256;
/// Bytes that travel together.
const PARCEL: usize = 1 << 15;

/// Candidates for a level, on their way to the worker they belong to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Parcel<Action> {
    pub(super) to: usize,
    candidates: Vec<(Key, Way<Action>, u32)>,
    /// What serde writes of the candidates, one behind the other; each says where it ends.
    #[serde(with = "serde_bytes")]
    packed: Vec<u8>,
}

impl<Action> Parcel<Action> {
    fn empty(to: usize) -> Self {
        Parcel {
            to,
            candidates: Vec::new(),
            packed: Vec::new(),
        }
    }
}

/// What a worker has to say of a level.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Report<Action> {
    question: u64,
    unique: usize,
    represented: usize,
    generated: usize,
    /// How often each kind of action was tried, and was a transition.
    tallies: Vec<[u64; 2]>,
    /// Properties that are settled here, with the best state that does it.
    settled: Settlements<Action>,
    cut: Option<Cut>,
    /// What the worker has taken at most, and what of it are the keys it has seen.
    bytes: usize,
    visited_bytes: usize,
}

/// The place of each property that is settled, with the best state that does it.
type Settlements<Action> = Vec<(usize, Settled<Action>)>;

/// A state that settles a property, and the best way to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
struct Settled<Action> {
    way: Way<Action>,
    key: Key,
}

/// What one worker knows and does.
pub(super) struct Share<M: Explorable> {
    question: Arc<Question<M>>,
    fingerprint: u64,
    index: usize,
    peers: usize,
    packer: Packer<M>,
    begun: Instant,

    visited: Visited,
    /// The level that is being expanded.
    current: Level<M::Action>,
    /// What is known of the level after it.
    next: Level<M::Action>,
    /// Parcels that are being filled, one a worker.
    outgoing: Vec<Parcel<M::Action>>,
    actions: Vec<M::Action>,

    properties: Vec<Property<M>>,
    /// Each property that has been settled, by all workers together.
    settled: Vec<Option<Settled<M::Action>>>,

    /// Not reported yet.
    generated: usize,
    tallies: Vec<[u64; 2]>,
    cut: Option<Cut>,
    most_bytes: usize,

    /// Of all workers together.
    totals: Totals,
}

#[derive(Default)]
struct Totals {
    counts: Counts,
    represented: usize,
    tallies: Vec<[u64; 2]>,
    cut: Option<Cut>,
    bytes: usize,
    visited_bytes: usize,
}

impl<M: Explorable> Share<M> {
    pub(super) fn new(question: &Arc<Question<M>>, worker: &Worker) -> Self {
        let model = &question.model;
        let properties = model.properties();
        let kinds = model.kinds().len();
        let automorphisms = match question.symmetry {
            true => model.automorphisms(),
            false => Vec::new(),
        };
        let mut share = Share {
            question: Arc::clone(question),
            fingerprint: question.fingerprint(),
            index: worker.index(),
            peers: worker.peers(),
            packer: Packer::new(automorphisms),
            begun: Instant::now(),
            visited: Visited::default(),
            current: Level::default(),
            next: Level::default(),
            outgoing: (0..worker.peers()).map(Parcel::empty).collect(),
            actions: Vec::new(),
            settled: vec![None; properties.len()],
            properties,
            generated: 0,
            tallies: vec![[0; 2]; kinds],
            cut: None,
            most_bytes: 0,
            totals: Totals {
                tallies: vec![[0; 2]; kinds],
                ..Totals::default()
            },
        };
        share.begin();
        share
    }

    /// Everybody knows the beginnings, and takes those that are its own.
    fn begin(&mut self) {
        let question = Arc::clone(&self.question);
        for state in question.model.init_states() {
            if !question.model.within_boundary(&state) {
                continue;
            }
            let packed = self.packer.pack(&question.model, &state);
            if owner(packed.key, self.peers) == self.index {
                self.generated += 1;
                let way = Way {
                    action: None,
                    parent: packed.key,
                };
                self.next
                    .offer(&self.visited, packed.key, way, packed.bytes);
            }
        }
    }

    /// Takes what is new from a parcel.  Many at once, because each is looked up in tables that are
    /// larger than any cache: so the processor need not wait for one before it asks for the next.
    pub(super) fn take(&mut self, parcel: &Parcel<M::Action>) {
        if self.cut.is_some() {
            return;
        }
        let mut start = 0;
        for (key, way, end) in &parcel.candidates {
            let end = *end as usize;
            let packed = &parcel.packed[start..end];
            self.next.offer(&self.visited, *key, *way, packed);
            start = end;
        }
    }

    /// No more states will come to the next level: it becomes the current one, and is reported.
    pub(super) fn close(&mut self) -> Report<M::Action> {
        self.current = std::mem::take(&mut self.next);
        self.current.close();
        self.visited.reserve(self.current.len());
        for reached in self.current.states() {
            self.visited.insert(reached.key, reached.way.parent);
        }
        self.most_bytes = self.most_bytes.max(self.bytes());
        let (settled, represented) = self.look();
        let kinds = self.tallies.len();
        Report {
            question: self.fingerprint,
            unique: self.current.len(),
            represented,
            generated: std::mem::take(&mut self.generated),
            tallies: std::mem::replace(&mut self.tallies, vec![[0; 2]; kinds]),
            settled,
            cut: self.cut,
            bytes: self.most_bytes,
            visited_bytes: self.visited.bytes(0),
        }
    }

    /// Looks at every state of the level: which properties it settles, and how many states it stands
    /// for.
    fn look(&mut self) -> (Settlements<M::Action>, usize) {
        let model = &self.question.model;
        let mut settled = self.settled.clone();
        let open: Vec<usize> = (0..settled.len())
            .filter(|place| settled[*place].is_none())
            .collect();
        let symmetric = self.packer.has_automorphisms();
        let mut represented = self.current.len();
        for reached in self.current.states() {
            let state = unpacked::<M>(self.current.packed(reached));
            if symmetric {
                represented += self.packer.pack(model, &state).orbit - 1;
            }
            let here = Settled {
                way: reached.way,
                key: reached.key,
            };
            for place in open.iter().copied() {
                let property = &self.properties[place];
                let holds = (property.condition)(model, &state);
                if holds != (property.expectation == Expectation::Always)
                    && settled[place].is_none_or(|known| here < known)
                {
                    settled[place] = Some(here);
                }
            }
        }
        let settled = open
            .into_iter()
            .filter_map(|place| Some((place, settled[place]?)));
        (settled.collect(), represented)
    }

    /// Adds up what all workers report of level `number`, and says whether it is to be expanded.
    pub(super) fn decide(
        &mut self,
        number: u32,
        reports: &[Report<M::Action>],
        listener: &(dyn Fn(&Progress) + Send + Sync),
    ) -> bool {
        let totals = &mut self.totals;
        let frontier = reports.iter().map(|report| report.unique).sum();
        totals.bytes = reports.iter().map(|report| report.bytes).sum();
        totals.visited_bytes = reports.iter().map(|report| report.visited_bytes).sum();
        for report in reports {
            assert_eq!(report.question, self.fingerprint, "{}", cluster::DIFFERENT);
            totals.counts.unique += report.unique;
            totals.counts.generated += report.generated;
            totals.represented += report.represented;
            totals.cut = totals.cut.or(report.cut);
            for (all, more) in totals.tallies.iter_mut().zip(&report.tallies) {
                *all = [all[0] + more[0], all[1] + more[1]];
            }
            for (place, settled) in &report.settled {
                let known = &mut self.settled[*place];
                *known = Some(known.map_or(*settled, |known| known.min(*settled)));
            }
        }
        if totals.counts.generated >= self.question.limits.generated {
            totals.cut = totals.cut.or(Some(Cut::States));
        }
        if frontier == 0 {
            return false;
        }
        totals.counts.depth = number as usize;
        if self.index == 0 {
            listener(&Progress {
                level: totals.counts.depth,
                unique: totals.counts.unique,
                generated: totals.counts.generated,
                frontier,
                bytes: totals.bytes,
                elapsed: self.begun.elapsed(),
            });
        }
        let is_violated = |(property, settled): (&Property<M>, &Option<_>)| {
            property.expectation == Expectation::Always && settled.is_some()
        };
        let violated = self.properties.iter().zip(&self.settled).any(is_violated);
        totals.cut.is_none() && !(violated && self.question.until == Until::Violation)
    }

    /// Expands the next states of the current level, from the `done`-th on, and says how far it came.
    pub(super) fn expand(&mut self, done: usize, mut send: impl FnMut(Parcel<M::Action>)) -> usize {
        let question = Arc::clone(&self.question);
        let model = &question.model;
        let end = (done + TURN).min(self.current.len());
        for place in done..end {
            let reached = self.current.states()[place];
            let state = unpacked::<M>(self.current.packed(&reached));
            let mut actions = std::mem::take(&mut self.actions);
            model.actions(&state, &mut actions);
            for action in actions.drain(..) {
                let kind = model.kind(&action);
                self.tallies[kind][0] += 1;
                let Some(next) = model.next_state(&state, action) else {
                    continue;
                };
                if !model.within_boundary(&next) {
                    continue;
                }
                self.generated += 1;
                self.tallies[kind][1] += 1;
                let way = Way {
                    action: Some(action),
                    parent: reached.key,
                };
                if let Some(parcel) = self.hand_over(&next, way) {
                    send(parcel);
                }
            }
            self.actions = actions;
        }
        self.most_bytes = self.most_bytes.max(self.bytes());
        self.cut = self.over_limit();
        let is_over = end == self.current.len() || self.cut.is_some();
        if !is_over {
            return end;
        }
        for to in 0..self.peers {
            if to == self.index {
                self.take_own();
            }
            // Even an empty parcel is worth sending to oneself: it makes sure that there is a report.
            if to == self.index || !self.outgoing[to].candidates.is_empty() {
                send(std::mem::replace(&mut self.outgoing[to], Parcel::empty(to)));
            }
        }
        self.current.len()
    }

    /// Whether `done` states are all of the level; then they are not needed any more.
    pub(super) fn has_expanded(&mut self, done: usize) -> bool {
        let is_over = done == self.current.len();
        if is_over {
            self.current = Level::default();
        }
        is_over
    }

    /// Puts a state into the parcel of whom it belongs to; one that is full is handed back, to be sent.
    fn hand_over(&mut self, state: &M::State, way: Way<M::Action>) -> Option<Parcel<M::Action>> {
        let packed = self.packer.pack(&self.question.model, state);
        let to = owner(packed.key, self.peers);
        let parcel = &mut self.outgoing[to];
        parcel.packed.extend_from_slice(packed.bytes);
        let end = parcel.packed.len();
        parcel.candidates.push((packed.key, way, end as u32));
        if end < PARCEL {
            return None;
        }
        if to == self.index {
            self.take_own();
            return None;
        }
        Some(std::mem::replace(parcel, Parcel::empty(to)))
    }

    /// Takes what this worker has put into a parcel for itself.
    fn take_own(&mut self) {
        let mut parcel =
            std::mem::replace(&mut self.outgoing[self.index], Parcel::empty(self.index));
        self.take(&parcel);
        parcel.candidates.clear();
        parcel.packed.clear();
        self.outgoing[self.index] = parcel;
    }

    fn bytes(&self) -> usize {
        self.visited.bytes(self.next.len()) + self.current.bytes() + self.next.bytes()
    }

    /// Which limit is reached that is watched all the time, not only between levels.
    fn over_limit(&self) -> Option<Cut> {
        let limits = &self.question.limits;
        if limits
            .bytes
            .is_some_and(|limit| self.bytes() > limit / self.question.workers / self.question.lanes)
        {
            return Some(Cut::Memory);
        }
        let late = |(deadline, _)| Instant::now() >= deadline;
        limits.deadline.is_some_and(late).then_some(Cut::Time)
    }

    /// What is violated, by the place of the property, with the state that shows it; and everything that
    /// was seen, which is what leads back from there.
    pub(super) fn violated(&mut self) -> (Vec<(usize, Key)>, Visited) {
        let settled = self.settled.iter().enumerate();
        let violated = settled.filter_map(|(place, settled)| {
            let is_rule = self.properties[place].expectation == Expectation::Always;
            settled
                .filter(|_| is_rule)
                .map(|settled| (place, settled.key))
        });
        (violated.collect(), std::mem::take(&mut self.visited))
    }

    /// What the search came to; `ways` lead from a beginning to each state that violates something.
    pub(super) fn outcome(&mut self, ways: &BTreeMap<usize, Vec<Key>>) -> Searched<M> {
        let question = Arc::clone(&self.question);
        let model = &question.model;
        let mut outcome = Searched {
            counts: self.totals.counts,
            represented: self.totals.represented,
            cut: self.totals.cut,
            bytes: self.totals.bytes,
            visited_bytes: self.totals.visited_bytes,
            coverage: Coverage::of(model.kinds(), &self.totals.tallies),
            arose: Vec::new(),
            violated: Vec::new(),
        };
        for (place, property) in self.properties.iter().enumerate() {
            match (self.settled[place], &property.expectation) {
                (None, _) => {}
                (Some(_), Expectation::Always) => {
                    let path = way_back::forward(model, &mut self.packer, &ways[&place]);
                    outcome.violated.push((property.name, path));
                }
                (Some(_), Expectation::Sometimes) => outcome.arose.push(property.name),
                (Some(_), Expectation::Eventually) => {
                    unreachable!("asked for by no model: see docs/ARCHITECTURE.md")
                }
            }
        }
        outcome
    }
}

/// To whom a state belongs.  Not by the low bits of its key: those say where it is in a table.
pub(super) fn owner(key: Key, peers: usize) -> usize {
    (key >> 32) as usize % peers
}
