//! `[[require]]`: what must come out, in which rows.

use crate::fault_pattern::{self, NoSuchRow};
use crate::source::Remark;
use crate::table::Table;
use highwater_vocabulary::{Requirement, Site};

/// What an operator may demand of a deployment.
const PROPERTIES: [&str; 5] = [
    "acked-somewhere",
    "acked-survives",
    "acked-in-leader",
    "electable",
    "no-split-brain",
];

/// Properties that have a name already and cannot be judged yet.
const LATER: [(&str, &str); 14] = [
    ("writes-available", AVAILABILITY),
    ("reads-available", AVAILABILITY),
    ("metadata-available", AVAILABILITY),
    (
        "metadata-durable",
        "it takes the model of the metadata quorum",
    ),
    ("offsets-durable", "it takes consumer groups"),
    ("rpo", MIRRORED),
    ("no-skip", MIRRORED),
    ("bounded-duplicates", MIRRORED),
    ("single-writer", MIRRORED),
    ("failback-converges", MIRRORED),
    ("no-cycle", MIRRORED),
    ("promote-lossless", MIRRORED),
    ("same-counts", MIRRORED),
    ("one-sink-writer", MIRRORED),
];
const AVAILABILITY: &str = "availability is not judged yet, only what is kept and what is lost";
const MIRRORED: &str = "it takes a mirror, and acked-somewhere is what holds within a cluster";

pub(super) fn requirement(mut table: Table, sites: &[Site]) -> Result<Requirement, Remark> {
    let fault = table.need("fault", "fault = \"dc-loss:*\"")?;
    let pattern = fault.text()?;
    let rows = fault_pattern::rows(pattern, sites)
        .map_err(|NoSuchRow { what, remedy }| fault.error(what).remedy(remedy))?;
    let mut wanted = Vec::new();
    for property in PROPERTIES {
        if let Some(value) = table.take(property) {
            value.word(&[("holds", ())])?;
            wanted.push(property.to_string());
        }
    }
    for (property, why) in LATER {
        table.not_yet(property, why)?;
    }
    if wanted.is_empty() {
        let nothing = table.error("this demands nothing");
        table.finish()?;
        return Err(nothing.remedy("add a property, such as acked-somewhere = \"holds\""));
    }
    table.finish()?;
    Ok(Requirement {
        pattern: pattern.into(),
        rows,
        wanted,
    })
}
