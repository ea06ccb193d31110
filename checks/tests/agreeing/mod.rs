//! Model and engine, edge by edge, from what one file after another of these tests begins with.

use highwater_checks::agreement::edges::{Compared, Width, every_edge};
use highwater_checks::agreement::engine_at;
use highwater_model::replication::{Bounds, Operators, Property, Replication, Variant};
use highwater_vocabulary::{Faults, Set, Setting};

/// Small bounds, with every choice.
pub(crate) const SMALL: Bounds = Bounds {
    records: 1,
    elections: 2,
    isr_changes: 1,
    preferred_elections: 1,
    reads: 0,
    retries: 0,
    redundant_choices: true,
    redundant_states: false,
    operators: Operators {
        min_isr: [None; 2],
        reassignments: [None; 2],
        promotions: 0,
        unclean_elections: 0,
        break_outs: Set::EMPTY,
        added_voters: 0,
        cancellations: 0,
    },
};

/// A setting as its version has it, in a row.
pub(crate) fn model(setting: &Setting, row: &str, bounds: Bounds) -> Replication {
    Replication {
        setting: setting.clone(),
        variant: Variant::of(setting.kafka),
        faults: Faults::parse(row, &setting.datacenters).expect("a row"),
        bounds,
        asked: Property::ALL,
    }
}

/// Every edge of a space, as far as it goes; where the two differ is the story of a panic.
pub(crate) fn compare(model: &Replication, width: Width) -> Compared {
    let begin = |state: &_| engine_at(model, state, 1).expect("the engine has all of it");
    every_edge(model, begin, width).unwrap_or_else(|disagreement| panic!("\n{disagreement}"))
}
