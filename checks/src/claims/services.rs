//! What goes on: rows of the deployments that come with Highwater, and of many layouts.

use super::layouts::{Searched, balanced, laid_out};
use super::survey::every_pair;
use crate::availability::{self, Service, Word};
use crate::check::{self, Options, Steps};
use crate::joined::check::JoinedRow;
use crate::joined::{self, Joined, cause};
use crate::ladder::Row;
use crate::{Source, deployment_file, shipped};
use highwater_vocabulary::{Deployment, Faults};
use std::collections::BTreeMap;

/// Rows that were looked up, those between clusters each once.
#[derive(Default)]
pub struct Rows {
    between: BTreeMap<(String, String), Vec<JoinedRow>>,
}

impl Rows {
    /// What a row comes to: `FILE FAULT SERVICE` or `FILE FAULT PROPERTY`, of the file's first topic, or
    /// `FILE FAULT TOPIC/PROPERTY`.  What an operator does about a service is said behind the word.  Of clusters
    /// that are joined it is what is said of records between them (`rpo`, or a property), or
    /// `CLUSTER/SERVICE` and `CLUSTER/PROPERTY` of one of them.
    ///
    /// # Panics
    /// If there is nothing of that name; `tests/claims.rs` looks.
    pub fn found(&mut self, row: &str) -> String {
        let words: Vec<&str> = row.split_whitespace().collect();
        let [file, fault, wanted] = words[..] else {
            panic!("{row}: a file, a fault and a service");
        };
        let source = shipped::deployment(file).unwrap_or_else(|| panic!("there is no {file}"));
        let read = deployment_file::read_joined(&source);
        let (joined, _) = read.unwrap_or_else(|error| panic!("{error}"));
        let joined = match joined.into_alone() {
            Ok(alone) => return within(&alone, fault, wanted),
            Err(joined) => joined,
        };
        if let Some((cluster, wanted)) = wanted.split_once('/') {
            let mut parts = joined.parts.iter();
            let part = parts.find(|part| part.cluster.id == cluster);
            let part = part.unwrap_or_else(|| panic!("{row}: there is no cluster {cluster}"));
            return within(part, fault, wanted);
        }
        let known = self.between.entry((file.to_owned(), fault.to_owned()));
        let rows = known.or_insert_with(|| between(&joined, fault));
        let mut words: Vec<String> = rows.iter().map(|row| row.word(wanted)).collect();
        words.dedup();
        words.join(", ")
    }
}

/// What a row of one cluster comes to.
fn within(deployment: &Deployment, fault: &str, wanted: &str) -> String {
    let mut services = Service::ALL.into_iter();
    if let Some(service) = services.find(|known| known.name() == wanted) {
        return asked(deployment, fault, service).1;
    }
    let (topic, property) = match wanted.split_once('/') {
        None => (0, wanted),
        Some((topic, property)) => {
            let mut topics = deployment.cluster.topics.iter();
            let place = topics.position(|known| known.id == topic);
            let place = place.unwrap_or_else(|| panic!("{wanted}: there is no such topic"));
            (place, property)
        }
    };
    kept(deployment, topic, fault, property)
}

/// How many states a row is worth here; who runs `highwater check` sees further.
const WORTH: usize = 8_000_000;

/// What a row says of a property, in whole steps.
fn kept(deployment: &Deployment, topic: usize, fault: &str, property: &str) -> String {
    let options = Options {
        states: WORTH,
        steps: Steps::Coarse,
        ..Options::default()
    };
    let row = row(deployment, fault);
    let rows = check::check_rows(deployment, &[topic], &[row], &options, &|_, _| {});
    let word = rows[0].word(property);
    word.unwrap_or_else(|| panic!("there is no {property}"))
        .to_owned()
}

/// What is found in the rows between clusters that a pattern stands for, of records: groups are dear, and
/// experiments ask about them.
fn between(joined: &Joined, fault: &str) -> Vec<JoinedRow> {
    let rows = cause::rows(joined, fault).unwrap_or_else(|error| panic!("{fault}: {error:?}"));
    let mut asked = joined.clone();
    asked.questions.retain(|question| question.group.is_none());
    asked.demand_within("asked", &rows, &[], &[]);
    let options = Options {
        states: WORTH,
        ..Options::default()
    };
    let parts = joined::check::parts(&asked, &options, &|_, _| {});
    joined::check::check_rows(&asked, parts, &rows, &options, &|_, _| {}).rows
}

fn read(source: &Source) -> Deployment {
    let (deployment, _) = deployment_file::read(source).unwrap_or_else(|error| panic!("{error}"));
    deployment
}

fn row(deployment: &Deployment, fault: &str) -> Row {
    let names = deployment.cluster.datacenters();
    Row {
        faults: Faults::parse(fault, &names).unwrap_or_else(|error| panic!("{fault}: {error:?}")),
        also: Vec::new(),
    }
}

fn asked(deployment: &Deployment, fault: &str, service: Service) -> (Word, String) {
    let row = row(deployment, fault);
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
