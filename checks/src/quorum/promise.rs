//! Whether every step of a quorum is a move of the controller that `replication` takes for granted.

use highwater_model::quorum::promise::{Breach, Controller, Move};
use highwater_model::quorum::{Event, Quorum};
use highwater_model::zookeeper::{self, Zookeeper};
use stateright::Model;
use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

/// What became of the promise.
#[derive(Clone, Debug)]
pub struct Kept<E, B> {
    /// Steps that were looked at.
    pub steps: usize,
    /// Of these, how many stutter, append, and activate a controller.
    pub moves: [usize; 3],
    /// A shortest history whose last step breaks the promise.
    pub breach: Option<(Vec<E>, B)>,
}

/// Looks at every step of `model`, and stops at the first breach.
pub fn kept(model: &Quorum) -> Kept<Event, Breach> {
    followed(model, |controller: &Controller, before, after| {
        let (next, came_to) = controller.follow(model, before, after)?;
        Ok((next, kind(came_to)))
    })
}

/// The same of a ZooKeeper ensemble.
pub fn kept_by_ensemble(model: &Zookeeper) -> Kept<zookeeper::Event, zookeeper::promise::Breach> {
    use zookeeper::promise::{Controller, Move};
    followed(model, |controller: &Controller, before, after| {
        let (next, came_to) = controller.follow(model, before, after)?;
        let kind = match came_to {
            Move::Stutter => 0,
            Move::Append(_) => 1,
            Move::Activate(_) => 2,
        };
        Ok((next, kind))
    })
}

/// Looks at every step of a model beside the machine that `follow` makes of it.
fn followed<M, C, B>(
    model: &M,
    follow: impl Fn(&C, &M::State, &M::State) -> Result<(C, usize), B>,
) -> Kept<M::Action, B>
where
    M: Model,
    M::State: Clone + Eq + Hash,
    M::Action: Clone,
    C: Clone + Default + Eq + Hash,
{
    let mut kept = Kept {
        steps: 0,
        moves: [0; 3],
        breach: None,
    };
    let starts = model.init_states().into_iter();
    let starts: Vec<(M::State, C)> = starts.map(|state| (state, C::default())).collect();
    let mut seen: HashSet<(M::State, C)> = starts.iter().cloned().collect();
    let mut found: Vec<(Option<usize>, Option<M::Action>)> = vec![(None, None); starts.len()];
    let mut open: VecDeque<_> = starts.into_iter().enumerate().collect();
    let mut events = Vec::new();
    while let Some((place, (state, controller))) = open.pop_front() {
        model.actions(&state, &mut events);
        for event in events.drain(..) {
            let Some(after) = model.next_state(&state, event.clone()) else {
                continue;
            };
            kept.steps += 1;
            match follow(&controller, &state, &after) {
                Ok((next, came_to)) => {
                    kept.moves[came_to] += 1;
                    if seen.insert((after.clone(), next.clone())) {
                        open.push_back((found.len(), (after, next)));
                        found.push((Some(place), Some(event)));
                    }
                }
                Err(breach) => {
                    let history = history(&found, place, event);
                    kept.breach = Some((history, breach));
                    return kept;
                }
            }
        }
    }
    kept
}

fn kind(came_to: Move) -> usize {
    match came_to {
        Move::Stutter => 0,
        Move::Append(_) => 1,
        Move::Activate(_) => 2,
    }
}

fn history<E: Clone>(found: &[(Option<usize>, Option<E>)], place: usize, last: E) -> Vec<E> {
    let mut events = vec![last];
    let mut place = Some(place);
    while let Some((before, event)) = place.map(|place| found[place].clone()) {
        events.extend(event);
        place = before;
    }
    events.reverse();
    events
}
