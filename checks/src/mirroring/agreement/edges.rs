//! Every edge of what can be explored, and the engine along each.

use super::accounts::OfModel;
use super::{Account, Disagreement, Sides, every_event};
use highwater_model::mirroring::{Mirroring, State};
use highwater_vocabulary::mirroring::Event;
use stateright::Model;
use std::collections::HashSet;
use std::sync::Arc;

/// What was compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Compared {
    /// States that were met.
    pub states: usize,
    /// Transitions of the model, each replayed in the engine.
    pub edges: usize,
    /// Events tried although the bounds do not offer them, or a rule refuses them.
    pub tried: usize,
    /// Whether nothing was left.
    pub is_complete: bool,
}

/// A state that was met, and what is left to try there.
struct Met<E> {
    sides: Sides<OfModel, E>,
    offered: Vec<Event>,
}

/// Walks through everything that lies within the model's bounds, depth first, with the engine beside it,
/// until so many edges were compared.  In every `thorough`-th state that is met, whatever the setting has
/// words for is tried as well.
///
/// # Errors
/// The history after which they part.
pub fn compare_edges<E: Account>(
    model: &Mirroring,
    engine: E,
    most_edges: usize,
    thorough: usize,
) -> Result<Compared, Box<Disagreement>> {
    let alphabet: Vec<Event> = every_event(&model.setting).concat();
    let state = model.beginning();
    let sides = Sides {
        setting: model.setting.clone(),
        model: OfModel {
            model: Arc::new(model.clone()),
            state,
        },
        engine,
        names_reasons: false,
    };
    let mut seen = HashSet::from([state]);
    let mut compared = Compared::default();
    let mut history = Vec::new();
    let mut path = vec![met(model, sides)];
    while let Some(here) = path.last_mut() {
        let Some(event) = here.offered.pop() else {
            path.pop();
            history.pop();
            continue;
        };
        let Some(after) = model.next_state(&here.sides.model.state, event) else {
            continue;
        };
        if compared.edges == most_edges {
            compared.states = seen.len();
            return Ok(compared);
        }
        compared.edges += 1;
        let mut sides = here.sides.clone();
        tried(&mut sides, event, &history)?;
        // Of two states that differ in what is spent only, both are met.
        sides.model.state = after;
        if !seen.insert(after) {
            continue;
        }
        history.push(event);
        if seen.len() % thorough == 0 {
            for event in &alphabet {
                compared.tried += 1;
                tried(&mut sides.clone(), *event, &history)?;
            }
        }
        path.push(met(model, sides));
    }
    compared.states = seen.len();
    compared.is_complete = true;
    Ok(compared)
}

fn met<E: Account>(model: &Mirroring, sides: Sides<OfModel, E>) -> Met<E> {
    let mut offered = Vec::new();
    let state: &State = &sides.model.state;
    model.actions(state, &mut offered);
    Met { sides, offered }
}

fn tried<E: Account>(
    sides: &mut Sides<OfModel, E>,
    event: Event,
    history: &[Event],
) -> Result<(), Box<Disagreement>> {
    let outcome = sides.step(&event);
    outcome.map(drop).map_err(|difference| {
        Box::new(Disagreement {
            setting: sides.setting.clone(),
            history: history.to_vec(),
            event,
            difference,
        })
    })
}
