//! Bugs by the dozen: an account that is the model itself with one guard waived.
//!
//! A guard is a condition that Kafka checks or a formula that it keeps to; an engine without it would
//! be wrong in just this way.  So each guard is a bug that the comparison has to find, unless nothing
//! that can be seen depends on it.

use highwater_checks::agreement::Account;
use highwater_model::replication::{Disabled, Guard, Replication, State};
use highwater_reference::{Refusal, happens_to_all};
use highwater_vocabulary::{Event, Observation};

/// The model without a guard, taken for an engine.
#[derive(Clone)]
pub(crate) struct Waived {
    model: Replication,
    states: Vec<State>,
}

impl Waived {
    pub(crate) fn new(guard: Guard, model: &Replication, beginning: &State, rows: usize) -> Waived {
        let mut model = model.clone();
        model.variant.waived = model.variant.waived.with(guard);
        Waived {
            model,
            states: vec![*beginning; rows],
        }
    }
}

impl Account for Waived {
    fn apply(&mut self, row: usize, event: &Event) -> Result<(), Refusal> {
        let rows = match happens_to_all(event) {
            true => 0..self.states.len(),
            false => row..row + 1,
        };
        let mut after = Vec::new();
        for state in &self.states[rows.clone()] {
            after.push(self.model.step(state, event).map_err(refusal)?);
        }
        self.states[rows].copy_from_slice(&after);
        Ok(())
    }

    fn observe(&self, row: usize) -> Observation {
        self.model.observe(&self.states[row])
    }
}

/// The engine's word for it.
///
/// # Panics
/// If the model has no room left for what it does without the guard: that would be no finding.
fn refusal(disabled: Disabled) -> Refusal {
    let named = |refusal: &&Refusal| refusal.name() == disabled.name();
    let known = Refusal::ALL.iter().find(named);
    *known.unwrap_or_else(|| panic!("the engine has no `{}`", disabled.name()))
}
