//! `[[require]]`: what must come out, in which rows.

use crate::availability::{Service, Word, durable};
use crate::fault_pattern::NoSuchRow;
use crate::joined::cause;
use crate::joined::check::{Amount, MENDED_BY_CARE};
use crate::joined::search::{OF_GROUPS, OF_RECORDS, OF_SINKS};
use crate::joined::{Goal, Joined};
use crate::source::Remark;
use crate::table::Table;

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
const LATER: [(&[&str], &str); 3] = [
    (
        &[
            "failback-converges",
            "aggregates-agree",
            "promote-lossless",
            "config-parity",
            "producer-id-isolation",
            "mirror-prefix",
        ],
        "no row of a deployment asks for it",
    ),
    (
        &["exactly-once", "in-order", "latest-stands"],
        "no row sends a record again or asks for the latest offset; experiments do",
    ),
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

/// What may be demanded between clusters, with the worst word that will do, the best first.
fn between() -> impl Iterator<Item = (&'static str, Vec<(&'static str, &'static str)>)> {
    let named = OF_RECORDS.iter().chain(&OF_GROUPS).chain(&OF_SINKS);
    let holds = named.filter(|name| !OF_AMOUNTS.contains(name)).map(|name| {
        let mut words = vec![("holds", "holds")];
        let mended = MENDED_BY_CARE.iter();
        let mended = mended.filter(|(property, _)| property == name);
        words.extend(mended.map(|(_, care)| (care.word(), care.word())));
        (*name, words)
    });
    let amounts = ["rpo", "bounded-duplicates"];
    let amounts = amounts.map(|name| (name, Amount::DEMANDED.to_vec()));
    amounts.into_iter().chain(holds)
}

/// What goals call by other names: `rpo` and `bounded-duplicates`.
const OF_AMOUNTS: [&str; 2] = ["nothing-lost-at-failover", "no-repeat"];

/// Adds what a table demands, of each cluster and between them.
pub(super) fn requirement(mut table: Table, joined: &mut Joined) -> Result<(), Remark> {
    let fault = table.need("fault", "fault = \"dc-loss:*\"")?;
    let pattern = fault.text()?;
    let rows = cause::rows(joined, pattern)
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
    let mut goals = Vec::new();
    for (property, words) in between() {
        if joined.mirrors.is_empty() {
            table.not_yet(
                property,
                "it takes a mirror, and acked-somewhere is what holds within a cluster",
            )?;
        } else if OF_SINKS.contains(&property) && !joined.counts_beside() {
            table.not_yet(property, "it takes a group with a sink")?;
        } else if let Some(value) = table.take(property) {
            goals.push(Goal {
                rows: rows.clone(),
                property,
                least: value.word(&words)?,
            });
        }
    }
    for (properties, why) in LATER {
        for property in properties {
            table.not_yet(property, why)?;
        }
    }
    if wanted.is_empty() && available.is_empty() && goals.is_empty() {
        let nothing = table.error("this demands nothing");
        table.finish()?;
        return Err(nothing.remedy("add a property, such as acked-somewhere = \"holds\""));
    }
    table.finish()?;
    joined.demand_within(pattern, &rows, &wanted, &available);
    joined.goals.extend(goals);
    Ok(())
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
