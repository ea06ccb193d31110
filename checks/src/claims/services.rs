//! What goes on: rows of the deployments that come with Highwater, and of many layouts.

use super::layouts::{Searched, balanced, laid_out};
use super::survey::every_pair;
use crate::availability::{self, Service, Word};
use crate::check::Options;
use crate::ladder::Row;
use crate::{Source, deployment_file, shipped};
use highwater_vocabulary::{Deployment, Faults};

/// What a row comes to: `FILE FAULT SERVICE`, of the file's first topic.  What an operator does about it
/// is said behind the word.
///
/// # Panics
/// If there is nothing of that name; `tests/claims.rs` looks.
pub fn found(row: &str) -> String {
    let words: Vec<&str> = row.split_whitespace().collect();
    let [file, fault, service] = words[..] else {
        panic!("{row}: a file, a fault and a service");
    };
    let source = shipped::deployment(file).unwrap_or_else(|| panic!("there is no {file}"));
    let mut services = Service::ALL.into_iter();
    let service = services
        .find(|known| known.name() == service)
        .unwrap_or_else(|| panic!("there is no {service}"));
    asked(&read(&source), fault, service).1
}

fn read(source: &Source) -> Deployment {
    let (deployment, _) = deployment_file::read(source).unwrap_or_else(|error| panic!("{error}"));
    deployment
}

fn asked(deployment: &Deployment, fault: &str, service: Service) -> (Word, String) {
    let names = deployment.cluster.datacenters();
    let row = Row {
        faults: Faults::parse(fault, &names).unwrap_or_else(|error| panic!("{fault}: {error:?}")),
        also: Vec::new(),
    };
    let options = Options {
        records: 1,
        ..Options::default()
    };
    let found = availability::rows::of_row(deployment, 0, &row, &options);
    let mut cells = found.cells.iter();
    let cell = cells
        .find(|cell| cell.service == service)
        .expect("every service is judged");
    let said = match &cell.runbook {
        None => cell.word.name().to_owned(),
        Some(runbook) => format!("{}, or {runbook}", cell.word.name()),
    };
    (cell.word, said)
}

/// Whether writes go on by themselves when the datacenter with most replicas is lost.
fn is_writable(layout: &[u8], min_isr: u8) -> bool {
    let deployment = read(&laid_out(layout, min_isr, true));
    asked(&deployment, "dc-loss:a", Service::Writes).0 == Word::Automatic
}

pub(super) fn writes_after_a_loss() -> String {
    let mut differing = Vec::new();
    for (sites, replicas) in every_pair(5) {
        let layout = balanced(replicas, sites);
        for min_isr in 1..=replicas {
            let rule = sites * (replicas - min_isr) >= replicas;
            if is_writable(&layout, min_isr) != rule {
                differing.push(format!("({sites},{replicas},{min_isr})"));
            }
        }
    }
    match differing.is_empty() {
        true => "nowhere".to_owned(),
        false => differing.join(" "),
    }
}

pub(super) fn safe_and_writable() -> String {
    let mut searched = Searched::default();
    let pairs = every_pair(5)
        .filter(|(sites, _)| *sites < 4)
        .chain([(3, 6)]);
    let mut both = Vec::new();
    for (sites, replicas) in pairs {
        let layout = balanced(replicas, sites);
        for min_isr in 1..=replicas {
            if is_writable(&layout, min_isr) && !searched.largest_share_is_missed(&layout, min_isr)
            {
                both.push(format!("({sites},{replicas},{min_isr})"));
            }
        }
    }
    both.join(" ")
}
