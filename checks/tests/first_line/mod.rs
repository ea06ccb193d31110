//! Models by the first line of a story.

use highwater_model::replication::{Bounds, Property, Replication, Variant};
use highwater_vocabulary::{Faults, Story};

/// A model by the first line of a story, in a row.
pub(crate) fn model(setting: &str, row: &str, bounds: Bounds) -> Replication {
    let story = Story::parse(&format!("replication {setting}")).expect("well-formed");
    Replication {
        variant: Variant::parse(story.setting.kafka, &story.variant).expect("well-formed"),
        faults: Faults::parse(row, &story.setting.datacenters).expect("well-formed"),
        setting: story.setting,
        bounds,
        asked: Property::ALL,
    }
}
