//! Every edge of a space: the model is explored breadth-first, and the engine takes each step with
//! it.
//!
//! A state is expanded once, with one engine that came there.  Of several ways there, a hash of the
//! state and the way decides whose engine goes on, so that it is not always the first; what an
//! engine keeps out of sight is compared as far as it shows later.

use super::{Account, Agreed, Difference, Disagreement, alphabet, look, step};
use highwater_model::replication::{Disabled, Replication, State, bounds};
use highwater_vocabulary::Event;
use stateright::Model;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use xxhash_rust::xxh3::Xxh3Default;

/// How far to go, and how closely to look.
#[derive(Clone, Copy, Debug)]
pub struct Width {
    /// No state is expanded once so many edges have been compared.
    pub edges: u64,
    /// In one of so many states everything that can be expressed is tried; 0 for none.
    pub everything_in_one_of: u64,
}

/// What was compared.
#[derive(Clone, Default, Debug)]
pub struct Compared {
    /// Events that happened on both sides and left both looking the same.
    pub edges: u64,
    /// Of those, the ones that an exploration of the model takes too.
    pub within_bounds: u64,
    /// Events that both refused.
    pub refusals: u64,
    /// States expanded.
    pub states: u64,
    /// Whether there was nothing left to expand.
    pub whole: bool,
}

impl Compared {
    /// With what another search has compared.
    #[must_use]
    pub fn and(mut self, other: Compared) -> Compared {
        self.edges += other.edges;
        self.within_bounds += other.within_bounds;
        self.refusals += other.refusals;
        self.states += other.states;
        self.whole &= other.whole;
        self
    }
}

/// A state on the edge of what is explored, with an engine that has come there.
struct Reached<A> {
    state: State,
    account: A,
    place: u32,
}

/// Every edge that `width` reaches.
///
/// # Errors
/// The first difference, breadth-first.
///
/// # Panics
/// If there are more states than a `u32` counts.
pub fn every_edge<A: Account>(
    model: &Replication,
    begin: impl Fn(&State) -> A,
    width: Width,
) -> Result<Compared, Box<Disagreement>> {
    let mut search = Search {
        model,
        width,
        compared: Compared::default(),
        everything: alphabet::every(&model.setting),
        way_back: Vec::new(),
        known: HashMap::new(),
    };
    let mut level = Vec::new();
    for state in model.beginnings() {
        let reached = Reached {
            account: begin(&state),
            place: search.place(u32::MAX, None),
            state,
        };
        let looks = look(model, &state, &reached.account, 0);
        looks.map_err(|difference| search.disagreement(&reached, None, difference))?;
        search.known.insert(key(&state), u32::MAX);
        level.push(reached);
    }
    while !level.is_empty() {
        let mut next = Vec::new();
        for reached in &level {
            if search.compared.edges >= width.edges {
                return Ok(search.compared);
            }
            search.expand(reached, &mut next)?;
        }
        for place in search.known.values_mut() {
            *place = u32::MAX;
        }
        level = next;
    }
    search.compared.whole = true;
    Ok(search.compared)
}

struct Search<'a> {
    model: &'a Replication,
    width: Width,
    compared: Compared,
    everything: Vec<Event>,
    /// For each state, the one before it and the event between them.
    way_back: Vec<(u32, Option<Event>)>,
    /// The keys of the states, and their places in the next level while that is gathered.
    known: HashMap<u64, u32>,
}

impl Search<'_> {
    fn place(&mut self, before: u32, event: Option<Event>) -> u32 {
        self.way_back.push((before, event));
        u32::try_from(self.way_back.len() - 1).expect("few enough states")
    }

    fn expand<A: Account>(
        &mut self,
        reached: &Reached<A>,
        next: &mut Vec<Reached<A>>,
    ) -> Result<(), Box<Disagreement>> {
        self.compared.states += 1;
        let mut offered = Vec::new();
        self.model.actions(&reached.state, &mut offered);
        let mut unmoved = reached.account.clone();
        for event in &offered {
            if let Some((after, account)) = self.take(reached, event, &mut unmoved)? {
                self.go_on(reached, *event, after, account, next);
            }
        }
        let every = self.width.everything_in_one_of;
        if every > 0 && self.compared.states.is_multiple_of(every) {
            let more = std::mem::take(&mut self.everything);
            let ghost = &reached.state.ghost;
            let sent = alphabet::sent(
                &self.model.setting,
                ghost.spent.records,
                ghost.next_record(),
            );
            for event in more.iter().copied().chain(sent) {
                self.take(reached, &event, &mut unmoved)?;
            }
            self.everything = more;
        }
        look(self.model, &reached.state, &unmoved, 0).map_err(|difference| {
            let sentences = difference.sentences().iter();
            let said = sentences.map(|it| format!("after refused events {it}"));
            self.disagreement(reached, None, Difference::Looks(said.collect()))
        })
    }

    /// The state and the account after an event that happens; `unmoved` takes what is refused.
    fn take<A: Account>(
        &mut self,
        reached: &Reached<A>,
        event: &Event,
        unmoved: &mut A,
    ) -> Result<Option<(State, A)>, Box<Disagreement>> {
        let part = |difference| self.disagreement(reached, Some(*event), difference);
        match self.model.step(&reached.state, event) {
            Err(Disabled::ModelIsFull) => Ok(None),
            Err(_) => {
                let agreed = step(self.model, &reached.state, event, unmoved).map_err(part)?;
                if let Agreed::Refused = agreed {
                    self.compared.refusals += 1;
                }
                Ok(None)
            }
            Ok(after) => {
                let mut account = reached.account.clone();
                let happened = account.apply(0, event).map_err(Difference::only_in_model);
                happened
                    .and_then(|()| look(self.model, &after, &account, 0))
                    .map_err(part)?;
                self.compared.edges += 1;
                Ok(Some((after, account)))
            }
        }
    }

    fn go_on<A: Account>(
        &mut self,
        reached: &Reached<A>,
        event: Event,
        after: State,
        account: A,
        next: &mut Vec<Reached<A>>,
    ) {
        if after == reached.state || !bounds::afford(self.model, &after) {
            return;
        }
        self.compared.within_bounds += 1;
        let key = key(&after);
        match self.known.get(&key) {
            None => {
                let place = self.place(reached.place, Some(event));
                self.known.insert(key, next.len() as u32);
                next.push(Reached {
                    state: after,
                    account,
                    place,
                });
            }
            // The same state by another way, on the same level.
            Some(index) if *index != u32::MAX && (key ^ self.compared.edges) & 1 == 0 => {
                let index = *index as usize;
                self.way_back[next[index].place as usize] = (reached.place, Some(event));
                next[index].account = account;
            }
            Some(_) => {}
        }
    }

    fn disagreement<A>(
        &self,
        reached: &Reached<A>,
        event: Option<Event>,
        difference: Difference,
    ) -> Box<Disagreement> {
        let mut history = Vec::new();
        let mut place = reached.place;
        while let (before, Some(event)) = self.way_back[place as usize] {
            history.push(event);
            place = before;
        }
        history.reverse();
        let beginning = self.model.beginnings()[place as usize];
        let disagreement = Disagreement::new(self.model, &beginning, history, event, difference);
        Box::new(Disagreement {
            compared: self.compared.edges + self.compared.refusals,
            ..disagreement
        })
    }
}

fn key(state: &State) -> u64 {
    let mut hasher = Xxh3Default::new();
    state.hash(&mut hasher);
    hasher.finish()
}
