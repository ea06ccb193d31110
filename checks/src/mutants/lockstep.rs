//! A mutant of the model and the engine, side by side: the second who may notice.
//!
//! The model goes by its mutant, the engine by what it knows, and after each event what can be seen of
//! both is compared.  Whatever the setting can express is tried in every state, so that an event is
//! noticed that should have become possible and has not.

use super::Mutated;
use crate::agreement::{alphabet, engine_at, look};
use crate::explore::key_of;
use highwater_model::replication::{Disabled, State, bounds};
use highwater_reference::Engine;
use highwater_vocabulary::Event;
use stateright::Model;
use std::collections::HashSet;

/// Events that are compared before the two are taken to agree.
const ENOUGH_EVENTS: usize = 150_000;

/// After how many events the two differ, breadth first; none if they do not as far as this looks.
pub(super) fn first_difference(mutated: &Mutated) -> Option<usize> {
    let model = &mutated.model;
    let every = alphabet::every(&model.setting);
    let mut seen = HashSet::new();
    let mut room = Vec::new();
    let mut level: Vec<(State, Engine)> = Vec::new();
    for state in model.beginnings() {
        // What the engine does not have nobody can compare.
        let engine = engine_at(model, &state, 1).ok()?;
        level.push((state, engine));
    }
    let (mut compared, mut length) = (0, 0);
    while !level.is_empty() {
        length += 1;
        let mut next = Vec::new();
        for (state, engine) in &level {
            let mut offered = Vec::new();
            mutated.actions(state, &mut offered);
            let of_bounds = offered.len();
            offered.extend(every.iter().filter(|event| !is_of_operators(event)));
            for (place, event) in offered.iter().enumerate() {
                compared += 1;
                if compared > ENOUGH_EVENTS {
                    return None;
                }
                let Ok(after) = step(mutated, state, event, engine) else {
                    return Some(length);
                };
                let Some((after, engine)) = after.filter(|_| place < of_bounds) else {
                    continue;
                };
                if after != *state
                    && bounds::afford(model, &after)
                    && seen.insert(key_of(&after, &mut room))
                {
                    next.push((after, engine));
                }
            }
        }
        level = next;
    }
    None
}

/// What needs no state to be tried has been tried by whoever offers it, and only blows up what is
/// compared.
fn is_of_operators(event: &Event) -> bool {
    matches!(
        event,
        Event::Read { .. }
            | Event::Darken { .. }
            | Event::Reassign { .. }
            | Event::SetMinIsr { .. }
    )
}

/// Model and engine after an event that happens in both; nothing if it does in neither.
#[expect(clippy::type_complexity, reason = "it is what it says")]
fn step(
    mutated: &Mutated,
    before: &State,
    event: &Event,
    engine: &Engine,
) -> Result<Option<(State, Engine)>, ()> {
    let after = match mutated.step(before, event) {
        Err(Disabled::ModelIsFull) => return Ok(None),
        after => after.ok(),
    };
    let mut engine = engine.clone();
    let happened = engine.apply(0, event).is_ok();
    match after {
        None if !happened => Ok(None),
        Some(after) if happened => {
            look(&mutated.model, &after, &engine, 0).map_err(|_| ())?;
            Ok(Some((after, engine)))
        }
        _ => Err(()),
    }
}
