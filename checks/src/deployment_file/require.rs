//! `[[require]]`: what must come out, in which rows.

use crate::availability::{Service, Word, durable};
use crate::fault_pattern::{self, NoSuchRow};
use crate::source::Remark;
use crate::table::Table;
use highwater_vocabulary::{Requirement, Site};

/// What an operator may demand of a deployment.
const PROPERTIES: [&str; 6] = [
    "acked-somewhere",
    "acked-survives",
    "acked-in-leader",
    "electable",
    "no-split-brain",
    durable::NAME,
];

/// Properties that have a name already and that no goal may name so far.
const LATER: [(&[&str], &str); 4] = [
    (
        &["offsets-durable"],
        "it takes a group that moves; what is kept of `__consumer_offsets` is judged as of any \
         topic",
    ),
    (
        &[
            "rpo",
            "no-skip",
            "bounded-duplicates",
            "single-writer",
            "failback-converges",
            "no-cycle",
            "promote-lossless",
            "same-counts",
            "one-sink-writer",
            "mirror-prefix",
            "mirror-complete",
            "per-key-order",
            "offset-in-range",
            "checkpoint-monotone",
            "aggregates-agree",
            "eventual-delivery",
            "config-parity",
            "producer-id-isolation",
            "mirror-read-only",
            "loss-reported",
        ],
        "it takes a mirror, and acked-somewhere is what holds within a cluster",
    ),
    (&["exactly-once"], "transactions are not modelled"),
    (
        &[
            "candidates-complete",
            "log-matching",
            "committed-prefix",
            "watermark-discipline",
            "read-stability",
            "one-leader-per-epoch",
            "metadata-sanity",
            "quorum-superset",
            "elr-complete",
            "active-leader",
            "log-shape",
            "truncation-safety",
            "unclean-exclusion",
            "a1-admission",
            "a2-completion",
            "a3-expansion",
        ],
        "it is about the protocol, and experiments ask for it",
    ),
];

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
    let mut available = Vec::new();
    for service in Service::ALL {
        if let Some(value) = table.take(service.name()) {
            let words = Word::DEMANDED.map(|word| (word.name(), word));
            let least: Word = value.word(&words)?;
            available.push((service.name().to_string(), least.name().to_string()));
        }
    }
    for (properties, why) in LATER {
        for property in properties {
            table.not_yet(property, why)?;
        }
    }
    if wanted.is_empty() && available.is_empty() {
        let nothing = table.error("this demands nothing");
        table.finish()?;
        return Err(nothing.remedy("add a property, such as acked-somewhere = \"holds\""));
    }
    table.finish()?;
    Ok(Requirement {
        pattern: pattern.into(),
        rows,
        wanted,
        available,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use highwater_model::replication::Property;

    /// Whoever has read of a property is told at least why a deployment cannot demand it.
    #[test]
    fn every_property_is_known_here() {
        for Property { name, .. } in Property::ALL {
            let later = LATER.iter().any(|(names, _)| names.contains(name));
            assert!(later != PROPERTIES.contains(name), "{name}");
        }
    }
}
