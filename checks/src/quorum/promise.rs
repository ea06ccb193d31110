//! Whether every step of a quorum is a move of the controller that `replication` takes for granted.

use highwater_model::quorum::promise::{Breach, Controller, Move};
use highwater_model::quorum::{Event, Quorum, State};
use stateright::Model;
use std::collections::{HashSet, VecDeque};

/// What became of the promise.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Steps that were looked at.
    pub steps: usize,
    /// Of these, how many stutter, append, and activate a controller.
    pub moves: [usize; 3],
    /// A shortest history whose last step breaks the promise.
    pub breach: Option<(Vec<Event>, Breach)>,
}

/// Looks at every step of `model`, and stops at the first breach.
pub fn kept(model: &Quorum) -> Kept {
    let mut kept = Kept {
        steps: 0,
        moves: [0; 3],
        breach: None,
    };
    let start = (model.beginning(), Controller::default());
    let mut seen: HashSet<(State, Controller)> = HashSet::from([start]);
    let mut found: Vec<(Option<usize>, Option<Event>)> = vec![(None, None)];
    let mut open = VecDeque::from([(0, start)]);
    let mut events = Vec::new();
    while let Some((place, (state, controller))) = open.pop_front() {
        model.actions(&state, &mut events);
        for event in events.drain(..) {
            let Some(after) = model.next_state(&state, event) else {
                continue;
            };
            kept.steps += 1;
            match controller.follow(model, &state, &after) {
                Ok((next, came_to)) => {
                    kept.moves[kind(came_to)] += 1;
                    if seen.insert((after, next)) {
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

fn history(found: &[(Option<usize>, Option<Event>)], place: usize, last: Event) -> Vec<Event> {
    let mut events = vec![last];
    let mut place = Some(place);
    while let Some((before, event)) = place.map(|place| found[place]) {
        events.extend(event);
        place = before;
    }
    events.reverse();
    events
}
