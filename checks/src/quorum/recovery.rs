//! What a quorum can still come to: from every state that may be reached, is there a way on?
//!
//! Guards that lose nothing when they are waived are asked here.  The question is AG EF: from every
//! state of a space, once nothing more fails, some history reaches the goal.  Where that is so, a fair
//! cluster gets there; where it is not, some cluster stays where it is for ever.

use highwater_model::quorum::{Bounds, Event, Faults, Quorum, State};
use stateright::Model;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

/// What is hoped for.
pub type Goal = fn(&Quorum, &State) -> bool;

/// Whether the goal is reached from everywhere.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// States from which it was asked.
    pub asked: usize,
    /// States that were looked at to answer.
    pub states: usize,
    /// How the first state came about from which there is no way to the goal.
    pub stuck: Option<Vec<Event>>,
    /// The same, as a state.
    pub stuck_in: Option<State>,
}

/// A space, with the way back to where each state was found first.
struct Space {
    states: Vec<State>,
    places: HashMap<State, usize>,
    parents: Vec<Option<(usize, Event)>>,
    edges: Vec<(usize, usize)>,
}

impl Space {
    /// Every state of `model` that can be reached from these.
    fn of(model: &Quorum, beginnings: &[State]) -> Space {
        let mut space = Space {
            states: Vec::new(),
            places: HashMap::new(),
            parents: Vec::new(),
            edges: Vec::new(),
        };
        for state in beginnings {
            space.place_of(*state, None);
        }
        let mut events = Vec::new();
        let mut next = 0;
        while next < space.states.len() {
            let state = space.states[next];
            model.actions(&state, &mut events);
            for event in events.drain(..) {
                if let Some(after) = model.next_state(&state, event) {
                    let to = space.place_of(after, Some((next, event)));
                    space.edges.push((next, to));
                }
            }
            next += 1;
        }
        space
    }

    fn place_of(&mut self, state: State, parent: Option<(usize, Event)>) -> usize {
        match self.places.entry(state) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let place = *new.insert(self.states.len());
                self.states.push(state);
                self.parents.push(parent);
                place
            }
        }
    }

    fn history(&self, mut place: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some((before, event)) = self.parents[place] {
            events.push(event);
            place = before;
        }
        events.reverse();
        events
    }

    /// From which states one that satisfies the goal can be reached.
    fn reaching(&self, model: &Quorum, goal: Goal) -> Vec<bool> {
        let mut before = vec![Vec::new(); self.states.len()];
        for (from, to) in &self.edges {
            before[*to].push(*from);
        }
        let mut reaches: Vec<bool> = self.states.iter().map(|state| goal(model, state)).collect();
        let mut open: Vec<usize> = (0..reaches.len()).filter(|place| reaches[*place]).collect();
        while let Some(place) = open.pop() {
            for earlier in &before[place] {
                if !reaches[*earlier] {
                    reaches[*earlier] = true;
                    open.push(*earlier);
                }
            }
        }
        reaches
    }
}

/// Asks of every state of `model` that `asked` picks whether the goal can still be reached, when
/// nothing more fails and time-outs end only for a reason.
///
/// The way on has budgets of its own: `more` records and epochs, so that no spent bound is taken for an
/// outage.  What only the proof remembers is forgotten before it.
pub fn recovery(model: &Quorum, asked: Goal, goal: Goal, more: [u8; 2]) -> Recovery {
    let first = Space::of(model, &[model.beginning()]);
    let picked = (0..first.states.len()).filter(|place| asked(model, &first.states[*place]));
    let picked: Vec<usize> = picked.collect();
    let starts: Vec<State> = picked
        .iter()
        .map(|place| without_memory(&first.states[*place]))
        .collect();
    let [records, epochs] = more;
    let onwards = Quorum {
        faults: Faults::default(),
        bounds: Bounds {
            records,
            epochs: model.bounds.epochs + epochs,
            changes: 0,
            timely: true,
            ..model.bounds
        },
        asked: &[],
        ..model.clone()
    };
    let space = Space::of(&onwards, &starts);
    let reaches = space.reaching(&onwards, goal);
    let stuck = picked.iter().zip(&starts).find(|(_, start)| {
        let place = space.places[*start];
        !reaches[place]
    });
    Recovery {
        asked: picked.len(),
        states: space.states.len(),
        stuck: stuck.map(|(place, _)| first.history(*place)),
        stuck_in: stuck.map(|(_, start)| *start),
    }
}

/// Whether some history leads from a state to the goal.
pub fn is_reachable(model: &Quorum, from: &State, goal: impl Fn(&State) -> bool) -> bool {
    let mut seen = HashSet::from([*from]);
    let mut open = VecDeque::from([*from]);
    let mut events = Vec::new();
    while let Some(state) = open.pop_front() {
        if goal(&state) {
            return true;
        }
        model.actions(&state, &mut events);
        let next = events
            .drain(..)
            .filter_map(|event| model.next_state(&state, event));
        open.extend(next.filter(|after| seen.insert(*after)));
    }
    false
}

/// A state with a fresh memory and fresh budgets.
fn without_memory(state: &State) -> State {
    State {
        ghost: Default::default(),
        ..*state
    }
}

/// A leader has committed an entry of its own epoch: the active controller.
pub fn somebody_commits(model: &Quorum, state: &State) -> bool {
    let mut leaders = state.leaders(model);
    leaders.any(|(_, node)| {
        node.tenure()
            .is_some_and(|tenure| node.watermark > tenure.start)
    })
}

/// Whoever takes itself for the leader could commit: a majority of its voters can fetch from it.
pub fn every_leader_could_commit(model: &Quorum, state: &State) -> bool {
    let mut leaders = state.leaders(model);
    leaders.all(|(node, _)| highwater_model::quorum::choices::could_be_followed(model, state, node))
}

/// Whoever leads is one of the voters by which it goes.
pub fn every_leader_votes(model: &Quorum, state: &State) -> bool {
    let mut leaders = state.leaders(model);
    leaders.all(|(node, leading)| leading.votes(model, node))
}

/// Any state.
pub fn anywhere(_: &Quorum, _: &State) -> bool {
    true
}

/// Every state in which a fault has happened.
pub fn after_a_fault(_: &Quorum, state: &State) -> bool {
    state.ghost.spent.faults[0] > 0
}
