//! A mutant of the model and the engine, side by side: the second who may notice.
//!
//! The model goes by its mutant, the engine by what it knows, and after each event what can be seen of
//! both is compared.  Whatever the setting can express is tried in every state, so that it is
//! noticed too what should have become possible and has not.

use super::{After, BesideEngine, Mutated};
use crate::agreement::{alphabet, engine_at, look};
use crate::explore::key_of;
use highwater_model::replication::{Disabled, State, bounds};
use highwater_reference::Engine;
use highwater_vocabulary::Event;
use stateright::Model;
use std::collections::HashSet;

/// Events that are compared before no more is looked at.
const ENOUGH_EVENTS: usize = 400_000;

/// After how many events the two differ, breadth first.
///
/// A state is known by what the mutant has made of it and by what the rule would have: the engine that
/// came there keeps the second, and may show it later.
pub(super) fn first_difference(mutated: &Mutated) -> BesideEngine {
    let model = &mutated.model;
    let every = alphabet::every(&model.setting);
    let mut seen = HashSet::new();
    let mut room = Vec::new();
    let mut level: Vec<(State, Engine)> = Vec::new();
    for state in model.beginnings() {
        match engine_at(model, &state, 1) {
            Ok(engine) => level.push((state, engine)),
            // What the engine does not have nobody can compare.
            Err(_) => return BesideEngine::Unknown,
        }
    }
    let (mut compared, mut length) = (0, 0);
    while !level.is_empty() {
        length += 1;
        let mut next = Vec::new();
        for (state, engine) in &level {
            let mut events = Vec::new();
            mutated.actions(state, &mut events);
            let within_bounds = events.len();
            events.extend(every.iter().filter(|event| !only_multiplies(event)));
            for (place, event) in events.iter().enumerate() {
                compared += 1;
                if compared > ENOUGH_EVENTS {
                    return BesideEngine::Unknown;
                }
                let Ok(after) = step(mutated, state, event, engine) else {
                    return BesideEngine::Differs(length);
                };
                let Some((after, engine)) = after.filter(|_| place < within_bounds) else {
                    continue;
                };
                let is_change = after.mutated != *state || after.rightly != *state;
                if is_change
                    && bounds::afford(model, &after.mutated)
                    && seen.insert([&after.mutated, &after.rightly].map(|it| key_of(it, &mut room)))
                {
                    next.push((after.mutated, engine));
                }
            }
        }
        level = next;
    }
    BesideEngine::Agrees
}

/// Reads, power losses of a datacenter and what operators do are tried where the bounds have them: there are so
/// many of them that they would be most of what is compared.
fn only_multiplies(event: &Event) -> bool {
    matches!(
        event,
        Event::Read { .. }
            | Event::Darken { .. }
            | Event::Reassign { .. }
            | Event::SetMinIsr { .. }
    )
}

/// They differ.
struct Differs;

/// Model and engine after an event that happens in both; nothing if it does in neither.
fn step(
    mutated: &Mutated,
    before: &State,
    event: &Event,
    engine: &Engine,
) -> Result<Option<(After, Engine)>, Differs> {
    let after = match mutated.step(before, event) {
        Err(Disabled::ModelIsFull) => return Ok(None),
        after => after.ok(),
    };
    let mut engine = engine.clone();
    let happened = engine.apply(0, event).is_ok();
    match after {
        None if !happened => Ok(None),
        Some(after) if happened => match look(&mutated.model, &after.mutated, &engine, 0) {
            Ok(()) => Ok(Some((after, engine))),
            Err(_) => Err(Differs),
        },
        _ => Err(Differs),
    }
}
