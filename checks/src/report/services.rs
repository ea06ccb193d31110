//! What stops, in the checker's words: what `--all` says of a row, and what is said once.

use super::rows::{count, states_in_words};
use crate::availability::rows::extent;
use crate::availability::{RowServices, Runbook, durable};
use crate::check::CheckedRow;
use crate::wording::{enumerated, listed};
use highwater_vocabulary::{Deployment, Member, Topic};

/// What the checker says of what stops: the words, the runbook step by step.
pub(super) fn services_in_words(
    deployment: &Deployment,
    topic: &Topic,
    services: &RowServices,
) -> Vec<String> {
    let names = deployment.cluster.datacenters();
    let words = services.cells.iter().map(|cell| {
        let whose = match cell.clients.as_slice() {
            [] => String::new(),
            clients => {
                let clients = clients.iter().map(|client| names[client.index()].as_str());
                format!(" (clients in {})", listed(clients))
            }
        };
        format!("{}: {}{whose}", cell.service.name(), cell.word.name())
    });
    let durable = match services.metadata_durable {
        true => "holds",
        false => "violated",
    };
    let mut lines = vec![format!(
        "{}; {}: {durable}",
        words.collect::<Vec<_>>().join("; "),
        durable::NAME
    )];
    let runbooks = services
        .cells
        .iter()
        .filter_map(|cell| cell.runbook.as_ref());
    let mut told: Vec<&Runbook> = Vec::new();
    for runbook in runbooks {
        if told.contains(&runbook) {
            continue;
        }
        told.push(runbook);
        let steps = runbook.steps(&topic.id, topic.min_insync_replicas, &names);
        let steps = steps.iter().enumerate();
        let steps = steps.map(|(place, step)| format!("{}. {step}", place + 1));
        let price = match runbook.may_lose {
            true => "may lose acknowledged records",
            false => "loses nothing acknowledged",
        };
        lines.push(format!(
            "runbook ({price}): {}",
            steps.collect::<Vec<_>>().join("; ")
        ));
    }
    if services.cells.iter().any(|cell| cell.is_open) {
        lines.push(
            "runbook: not known, there was no room for all that can follow a break-out".to_owned(),
        );
    }
    lines
}

/// Of what it was asked whether clients are served.
pub(super) fn asked_in_words(rows: &[&CheckedRow]) -> Option<String> {
    let services: Vec<&RowServices> = rows
        .iter()
        .filter_map(|row| row.services.as_ref())
        .collect();
    let states: usize = services.iter().map(|services| services.states).sum();
    let least = services.iter().map(|services| services.reach);
    let least = least.min_by_key(extent)?;
    Some(format!(
        "Writes and reads: asked of every state of a row, and of what can follow when nothing more \
         fails ({}), in whole steps of {}, with {}, {} and {} before the question.",
        states_in_words(states),
        enumerated(least.grain.restrictions()),
        count(least.bounds.records.into(), "write"),
        count(least.bounds.elections.into(), "election"),
        count(least.bounds.isr_changes.into(), "shrinking"),
    ))
}
