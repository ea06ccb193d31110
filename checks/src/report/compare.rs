//! Several deployments side by side: a table for each thing that may go wrong, a line for each
//! deployment.
//!
//! **Deliberately absent:** which of them is best.  What a datacenter costs is not known here.

use super::rows::{described, kafka, searched_in_brief, topics_in_words, without_unremarkable};
use super::table::{Line, Note, Table};
use super::when::kind;
use super::{Cells, Report, join};
use crate::check::CheckedRow;
use highwater_vocabulary::{Deployment, Faults, Quorum, Site};
use std::ffi::OsStr;
use std::path::Path;

/// For a terminal.
pub fn text(reports: &[Report]) -> String {
    join(tables(reports).iter().map(Table::text))
}

/// For an issue or a design document.
pub fn markdown(reports: &[Report]) -> String {
    join(tables(reports).iter().map(Table::markdown))
}

fn tables(reports: &[Report]) -> Vec<Table> {
    let mut tables = vec![layouts(reports)];
    let mut patterns: Vec<(String, &Faults)> = Vec::new();
    for report in reports {
        for row in report.rows() {
            let pattern = pattern(&row.faults);
            if patterns.iter().all(|(known, _)| *known != pattern) {
                patterns.push((pattern, &row.faults));
            }
        }
    }
    let mut harmless = Vec::new();
    for (pattern, example) in patterns {
        let rows = reports.iter().flat_map(|report| rows_of(report, &pattern));
        if rows.clone().all(|(_, cells)| cells.are_good()) {
            harmless.push(kind(example));
            continue;
        }
        let lines = reports
            .iter()
            .flat_map(|report| lines(&name(report, reports), report, &pattern));
        let (harmed, unharmed): (Vec<_>, Vec<_>) = lines.partition(|(_, is_good)| !is_good);
        let lines = harmed.into_iter().chain(together(unharmed));
        tables.push(without_the_obvious(without_unremarkable(Table {
            heading: vec![sentence(kind(example))],
            columns: [&["layout", "when"], &Cells::COLUMNS[..]].concat(),
            lines: lines.map(|(line, _)| line).collect(),
            notes: Vec::new(),
        })));
    }
    if !harmless.is_empty() {
        tables[0].notes.push(Note::Sentence(format!(
            "Kept, and everything continues, in every one of them when: {}.",
            harmless.join("; ")
        )));
    }
    let rows: Vec<&CheckedRow> = reports.iter().flat_map(Report::rows).collect();
    if let Some(last) = tables.last_mut() {
        let searched = searched_in_brief(&rows);
        last.notes.push(Note::Sentence(format!(
            "Searched, all tables together: {searched} Not a proof beyond that."
        )));
    }
    tables
}

/// The row with a star for every datacenter: what rows of different deployments have in common.
fn pattern(faults: &Faults) -> String {
    let stars = vec!["*".to_owned(); highwater_vocabulary::MOST_DATACENTERS];
    faults.name(&stars)
}

fn sentence(mut text: String) -> String {
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// What is compared.
fn layouts(reports: &[Report]) -> Table {
    let line = |report: &Report| {
        let deployment = report.deployment();
        let topics: Vec<usize> = (0..deployment.cluster.topics.len()).collect();
        let sites = &deployment.cluster.sites;
        Line {
            cells: vec![
                name(report, reports),
                kafka(deployment),
                counted(sites, |site| site.brokers.into()),
                voters(deployment),
                topics_in_words(deployment, &topics).join("; "),
            ],
            details: Vec::new(),
        }
    };
    Table {
        heading: vec!["Layouts".to_owned()],
        columns: vec!["layout", "Kafka", "brokers", "voters", "topics"],
        lines: reports.iter().map(line).collect(),
        notes: Vec::new(),
    }
}

/// Where the voters are, and what is special about them.
fn voters(deployment: &Deployment) -> String {
    let cluster = &deployment.cluster;
    let voters = counted(&cluster.sites, |site| site.voters.into());
    let groups = match &cluster.quorum {
        Quorum::Majority => "",
        Quorum::Hierarchical { .. } => ", a group each",
    };
    let observers = cluster.sites.iter().zip(&cluster.zookeeper_observers);
    let observers = observers.filter(|(_, count)| **count > 0);
    let observers: String = observers
        .map(|(site, count)| format!(", and {} {count} observing", site.name))
        .collect();
    format!("{voters}{groups}{observers}")
}

fn counted(sites: &[Site], of: impl Fn(&Site) -> u32) -> String {
    let there = sites.iter().filter(|site| of(site) > 0);
    let counts = there.map(|site| format!("{} {}", site.name, of(site)));
    counts.collect::<Vec<_>>().join(", ")
}

/// The table without its second column where that repeats the heading.
fn without_the_obvious(mut table: Table) -> Table {
    let heading = table.heading[0].clone();
    let repeats =
        |line: &Line| line.cells[1].is_empty() || sentence(line.cells[1].clone()) == heading;
    if table.lines.iter().all(repeats) {
        table.columns.remove(1);
        for line in &mut table.lines {
            line.cells.remove(1);
        }
    }
    table
}

/// The rows of a deployment that this pattern stands for.
fn rows_of<'a>(
    report: &'a Report,
    pattern: &'a str,
) -> impl Iterator<Item = (&'a CheckedRow, Cells)> + Clone {
    let deployment = report.deployment();
    let rows = report.rows().iter();
    let rows = rows.filter(move |row| self::pattern(&row.faults) == pattern);
    rows.map(|row| {
        let acks = deployment.cluster.topics[row.topic].acks;
        (row, Cells::of(deployment, row, acks))
    })
}

/// Lines in which all is well, told together if they say the same.
fn together(mut lines: Vec<(Line, bool)>) -> Vec<(Line, bool)> {
    let words = |(line, _): &(Line, bool)| line.cells[2..].to_vec();
    let alike = lines.windows(2).all(|two| words(&two[0]) == words(&two[1]));
    if lines.len() > 1 && alike {
        lines.truncate(1);
        lines[0].0.cells[0] = "all others".to_owned();
        lines[0].0.cells[1] = String::new();
    }
    lines
}

/// A line for all rows of a topic that come out the same, and whether they are as one would wish.
fn lines(name: &str, report: &Report, pattern: &str) -> Vec<(Line, bool)> {
    let deployment = report.deployment();
    let mut lines = Vec::new();
    for place in 0..deployment.cluster.topics.len() {
        let mut folds: Vec<(Cells, Vec<&CheckedRow>)> = Vec::new();
        for (row, cells) in rows_of(report, pattern).filter(|(row, _)| row.topic == place) {
            match folds.iter_mut().find(|(known, _)| *known == cells) {
                Some((_, rows)) => rows.push(row),
                None => folds.push((cells, vec![row])),
            }
        }
        folds.sort_by_key(|(cells, _)| cells.order());
        let layout = layout(name, deployment, place);
        lines.extend(folds.into_iter().map(|(cells, rows)| {
            let when = described(deployment, rows).join("; ");
            let words = cells.words().iter().cloned();
            let line = Line {
                cells: [layout.clone(), when].into_iter().chain(words).collect(),
                details: Vec::new(),
            };
            (line, cells.are_good())
        }));
    }
    lines
}

/// The name of a deployment, with its file where another one has the same: the file's own name, or how it
/// was named where that does not tell them apart either.
fn name(report: &Report, reports: &[Report]) -> String {
    let name = &report.deployment().name;
    let others = || {
        let others = reports.iter().filter(|other| other.file() != report.file());
        others.filter(|other| other.deployment().name == *name)
    };
    let own = |report: &'_ Report| Path::new(report.file()).file_name().map(OsStr::to_owned);
    let file = own(report).filter(|file| others().all(|other| own(other).as_ref() != Some(file)));
    match (others().next(), file) {
        (None, _) => name.clone(),
        (Some(_), Some(file)) => format!("{name} [{}]", file.display()),
        (Some(_), None) => format!("{name} [{}]", report.file()),
    }
}

/// The name, and that of the topic if there are several.
fn layout(name: &str, deployment: &Deployment, topic: usize) -> String {
    match deployment.cluster.topics.as_slice() {
        [_] => name.to_owned(),
        topics => format!("{name} ({})", topics[topic].id),
    }
}
