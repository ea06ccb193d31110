//! From the rows of a deployment to its tables.

use super::services::{asked_in_words, services_in_words};
use super::table::{Line, Note, Table};
use super::when::phrases;
use super::{Cells, Found, is_violated};
use crate::check::{self, Cell, Checked, CheckedRow};
use crate::experiment::Experiment;
use crate::explore::{Coverage, Verdict, chance_of_clash};
use crate::placement::{self, counts_in_words};
use crate::search::Reach;
use crate::wording::{enumerated, listed};
use highwater_model::replication::Property;
use highwater_vocabulary::{Deployment, Faults, Topic};
use std::collections::{BTreeMap, BTreeSet};

/// How much of a table is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// Rows in which all is well share a line that does not name them.
    Brief,
    /// Rows that come out the same are told together.
    Folded,
    /// Every row has its line, and under it what the checker would say.
    All,
}

/// A table for each topic; topics whose tables are equal share one.
pub(crate) fn tables(
    deployment: &Deployment,
    checked: &Checked,
    file: &str,
    detail: Detail,
) -> Vec<Table> {
    let mut shared: Vec<(Vec<usize>, Vec<Line>)> = Vec::new();
    for (place, topic) in deployment.cluster.topics.iter().enumerate() {
        let lines = lines(deployment, topic, &rows_of(checked, &[place]), detail);
        match shared.iter_mut().find(|(_, known)| *known == lines) {
            Some((topics, _)) => topics.push(place),
            None => shared.push((vec![place], lines)),
        }
    }
    let table = |(topics, lines): (Vec<usize>, Vec<Line>)| {
        let rows = rows_of(checked, &topics);
        let settings = topics_in_words(deployment, &topics);
        let (heading, notes) = match detail {
            Detail::Brief => {
                let kafka = kafka(deployment);
                let title = format!("{}: {kafka} · {}", deployment.name, settings.join("; "));
                (vec![title], Vec::new())
            }
            Detail::Folded | Detail::All => {
                let title = format!("{} · {}", deployment.name, kafka(deployment));
                let heading = std::iter::once(title).chain(settings).collect();
                (heading, notes(deployment, &topics, &rows, file))
            }
        };
        Table {
            heading,
            columns: [&["when"], &Cells::COLUMNS[..]].concat(),
            lines,
            notes,
        }
    };
    shared
        .into_iter()
        .map(table)
        .map(without_unremarkable)
        .collect()
}

/// The table without the columns in which nothing is remarkable; a sentence says what they would.
pub(super) fn without_unremarkable(mut table: Table) -> Table {
    for (column, usual, sentence) in Cells::UNREMARKABLE {
        let place = table.columns.iter().position(|known| *known == column);
        let Some(place) = place else { continue };
        let is_usual = |line: &Line| usual.contains(&line.cells[place].as_str());
        if !table.lines.iter().all(is_usual) {
            continue;
        }
        table.columns.remove(place);
        for line in &mut table.lines {
            line.cells.remove(place);
        }
        if !table.notes.is_empty() {
            let known = table
                .notes
                .iter()
                .position(|note| matches!(note, Note::Usual(_)));
            match known.and_then(|place| table.notes.get_mut(place)) {
                Some(Note::Usual(known)) => *known = format!("{known} {sentence}"),
                _ => table.notes.insert(0, Note::Usual(sentence.to_owned())),
            }
        }
    }
    table
}

fn rows_of<'a>(checked: &'a Checked, topics: &[usize]) -> Vec<&'a CheckedRow> {
    let rows = checked.rows.iter();
    rows.filter(|row| topics.contains(&row.topic)).collect()
}

/// `Kafka 4.1`.
pub(crate) fn kafka(deployment: &Deployment) -> String {
    format!("Kafka {}", deployment.kafka)
}

/// What the topics are, a line for all that are alike: `orders: RF 3, min ISR 2, acks all, ELR on`.
pub(crate) fn topics_in_words(deployment: &Deployment, topics: &[usize]) -> Vec<String> {
    let mut alike: Vec<(Vec<String>, String)> = Vec::new();
    for topic in topics.iter().map(|at| &deployment.cluster.topics[*at]) {
        let setting = topic_in_words(deployment, topic);
        match alike.iter_mut().find(|(_, known)| *known == setting) {
            Some((ids, _)) => ids.push(id_in_words(topic)),
            None => alike.push((vec![id_in_words(topic)], setting)),
        }
    }
    alike
        .into_iter()
        .map(|(ids, setting)| format!("{}: {setting}", ids.join(", ")))
        .collect()
}

/// The topic's name, and who needs it if the file does not name it.
fn id_in_words(topic: &Topic) -> String {
    match topic.implied_by.as_slice() {
        [] => topic.id.clone(),
        implied_by => format!("{} (implied by {})", topic.id, implied_by.join(", ")),
    }
}

fn topic_in_words(deployment: &Deployment, topic: &Topic) -> String {
    let models = check::models(
        deployment,
        topic,
        &Faults::default(),
        &check::Options::default(),
    );
    let elr = models.first().is_some_and(|model| model.has_elr());
    format!(
        "RF {}{}, min ISR {}, acks {}, ELR {}{}",
        topic.placement.replicas(),
        observers_in_words(topic),
        topic.min_insync_replicas,
        topic.acks,
        if elr { "on" } else { "off" },
        if topic.unclean_leader_election {
            ", unclean election"
        } else {
            ""
        },
    )
}

fn observers_in_words(topic: &Topic) -> String {
    let promotion = topic.observer_promotion.name();
    match topic.observers.iter().sum::<u8>() {
        0 => String::new(),
        1 => format!(" and an observer ({promotion})"),
        more => format!(" and {more} observers ({promotion})"),
    }
}

/// The lines of one topic.
fn lines(
    deployment: &Deployment,
    topic: &Topic,
    rows: &[&CheckedRow],
    detail: Detail,
) -> Vec<Line> {
    let line = |when: String, cells: &Cells, details: Vec<String>| Line {
        cells: std::iter::once(when)
            .chain(cells.words().iter().cloned())
            .collect(),
        details,
    };
    if detail == Detail::All {
        let line = |row: &&CheckedRow| {
            let when = described(deployment, [*row]).join("; ");
            line(
                when,
                &Cells::of(deployment, row, topic.acks),
                details(deployment, row),
            )
        };
        return rows.iter().map(line).collect();
    }
    let mut folds: Vec<(Cells, Vec<&CheckedRow>)> = Vec::new();
    for row in rows {
        let cells = Cells::of(deployment, row, topic.acks);
        match folds.iter_mut().find(|(known, _)| *known == cells) {
            Some((_, rows)) => rows.push(row),
            None => folds.push((cells, vec![row])),
        }
    }
    folds.sort_by_key(|(cells, _)| cells.order());
    let mut lines = Vec::new();
    for (cells, folded) in folds {
        let whens = match detail == Detail::Brief && cells.are_good() {
            true if folded.len() == rows.len() => vec![format!("all {} rows", rows.len())],
            true => vec![format!("everything else ({})", count(folded.len(), "row"))],
            false => described(deployment, folded),
        };
        lines.extend(whens.into_iter().map(|when| line(when, &cells, Vec::new())));
    }
    lines
}

/// These rows, and those that are the same under other names, in words.
pub(crate) fn described<'a>(
    deployment: &Deployment,
    rows: impl IntoIterator<Item = &'a CheckedRow>,
) -> Vec<String> {
    let faults = rows
        .into_iter()
        .flat_map(|row| std::iter::once(&row.faults).chain(&row.also));
    phrases(&deployment.cluster.sites, faults)
}

/// What the checker says of a row: how to ask for it, how it was searched, and every verdict.
fn details(deployment: &Deployment, row: &CheckedRow) -> Vec<String> {
    let names = deployment.cluster.datacenters();
    let also: Vec<String> = row
        .also
        .iter()
        .map(|faults| quoted(&faults.name(&names)))
        .collect();
    let mut asked = format!("--fault {}", quoted(&row.faults.name(&names)));
    if !also.is_empty() {
        asked = format!("{asked}, and the same for {}", also.join(", "));
    }
    let mut searched = format!("{}, {}", states_in_words(row.states), reach_in_words(row),);
    if let Some(why) = &row.incomplete {
        searched = format!("{searched}, NOT exhausted: {why}");
    }
    let topic = &deployment.cluster.topics[row.topic];
    let several_ways = lies_in_several_ways(deployment, topic);
    let mut verdicts: BTreeMap<(u8, &str), Vec<String>> = BTreeMap::new();
    for cell in &row.cells {
        let (order, what) = match &cell.verdict {
            Verdict::Violated(history) => {
                let steps = count(history.events.len(), "step");
                let place = match several_ways {
                    true => format!(" ({})", counts_in_words(&cell.worst)),
                    false => String::new(),
                };
                (0, format!("{} after {steps}{place}", cell.property.name))
            }
            Verdict::Incomplete => (1, cell.property.name.to_owned()),
            Verdict::Holds => (2, cell.property.name.to_owned()),
            Verdict::Silent => (3, cell.property.name.to_owned()),
        };
        let known = verdicts.entry((order, cell.verdict.word())).or_default();
        known.push(what);
    }
    let verdicts: Vec<String> = verdicts
        .into_iter()
        .map(|((_, verdict), properties)| format!("{verdict}: {}", properties.join(", ")))
        .collect();
    let mut details = vec![asked, searched, verdicts.join("; ")];
    details.extend(
        row.services
            .iter()
            .flat_map(|services| services_in_words(deployment, topic, services)),
    );
    details.extend(never_happened(&row.coverage));
    details
}

/// Which events were tried and never happened, if that can be said.
fn never_happened(coverage: &Coverage) -> Option<String> {
    let never = listed(coverage.never());
    (!never.is_empty()).then(|| format!("tried, and never possible: {never}"))
}

/// What is said once, under the lines.
fn notes(deployment: &Deployment, topics: &[usize], rows: &[&CheckedRow], file: &str) -> Vec<Note> {
    let mut sentences: Vec<String> = Vec::new();
    for topic in topics {
        let rows: Vec<&CheckedRow> = rows
            .iter()
            .copied()
            .filter(|row| row.topic == *topic)
            .collect();
        for sentence in worst_where(deployment, &deployment.cluster.topics[*topic], &rows) {
            if !sentences.contains(&sentence) {
                sentences.push(sentence);
            }
        }
    }
    sentences.push(format!("Searched: {}", searched(rows)));
    let mut bit: Vec<_> = rows.iter().flat_map(|row| row.used_up.clone()).collect();
    bit.sort_unstable();
    bit.dedup();
    if !bit.is_empty() {
        sentences.push(format!(
            "Some histories came up against a bound: {}.",
            bit.join(", ")
        ));
    }
    sentences.extend(asked_in_words(rows));
    sentences.push("Not a proof beyond these bounds.".to_owned());
    let violated = rows.iter().find_map(|row| {
        let bad = row.cells.iter().find(|cell| is_violated(&cell.verdict))?;
        Some((row, bad.property.name))
    });
    let stopped = || {
        rows.iter().find_map(|row| {
            let services = row.services.iter().flat_map(|services| &services.cells);
            let mut stopped = services.filter(|cell| cell.worst.is_some());
            Some((row, stopped.next()?.service.name()))
        })
    };
    let next = violated.or_else(stopped).map(|(row, name)| {
        let command = explain_command(deployment, file, row.topic, &row.faults, name);
        Note::Command("Next:", command)
    });
    sentences
        .into_iter()
        .map(Note::Sentence)
        .chain(next)
        .collect()
}

/// Whether partitions of the topic differ in how many replicas they have where.
fn lies_in_several_ways(deployment: &Deployment, topic: &Topic) -> bool {
    let ways: BTreeSet<String> = placement::classes(deployment, topic)
        .iter()
        .map(counts_in_words)
        .collect();
    ways.len() > 1
}

/// Where the replicas lie in the worst case, if the topic may lie in several ways.
fn worst_where(deployment: &Deployment, topic: &Topic, rows: &[&CheckedRow]) -> Vec<String> {
    if !lies_in_several_ways(deployment, topic) {
        return Vec::new();
    }
    let mut worst: Vec<(String, Vec<&CheckedRow>)> = Vec::new();
    for row in rows {
        let Some(cell) = worst_cell(row).filter(|cell| is_violated(&cell.verdict)) else {
            continue;
        };
        let place = counts_in_words(&cell.worst);
        match worst.iter_mut().find(|(known, _)| *known == place) {
            Some((_, rows)) => rows.push(row),
            None => worst.push((place, vec![row])),
        }
    }
    let alone = worst.len() == 1;
    let sentence = |(place, rows): (String, Vec<&CheckedRow>)| match alone {
        true => format!("Worst where a partition has {place}."),
        false => {
            let when = described(deployment, rows).join("; ");
            format!("Worst where a partition has {place}: {when}.")
        }
    };
    worst.into_iter().map(sentence).collect()
}

/// The cell with the worst verdict: violated, sooner violated, not known.
pub(crate) fn worst_cell(row: &CheckedRow) -> Option<&Cell> {
    let cells = row.cells.iter();
    cells.min_by_key(|cell| check::rank(&cell.verdict))
}

/// How many rows and states there were, whether all of them were looked at, and how far.
fn searched(rows: &[&CheckedRow]) -> String {
    format!(
        "{}; in each {} and the faults of the row, in every order, with {}.",
        how_much(rows),
        elections(rows),
        reaches(rows)
    )
}

/// The same in a line.
pub(super) fn searched_in_brief(rows: &[&CheckedRow]) -> String {
    let (elections, reaches) = (elections(rows), reaches(rows));
    format!("{}, with {elections}, {reaches}.", how_much(rows))
}

fn elections(rows: &[&CheckedRow]) -> String {
    let bounds = rows.first().map(|row| row.bounds).unwrap_or_default();
    count(bounds.elections.into(), "election")
}

/// How far the rows were searched, and how many how far.
fn reaches(rows: &[&CheckedRow]) -> String {
    let mut reached: Vec<(String, usize)> = Vec::new();
    for row in rows {
        let reach = reach_in_words(row);
        match reached.iter_mut().find(|(known, _)| *known == reach) {
            Some((_, rows)) => *rows += 1,
            None => reached.push((reach, 1)),
        }
    }
    reached.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let alone = reached.len() == 1;
    let reached = reached.into_iter().map(|(reach, rows)| match alone {
        true => reach,
        false => format!("{reach} ({})", count(rows, "row")),
    });
    reached.collect::<Vec<_>>().join("; ")
}

/// How far a row was searched: `1 write one event at a time, 2 writes in whole steps of metadata and
/// ISR changes`.
fn reach_in_words(row: &CheckedRow) -> String {
    let furthest = Reach {
        grain: row.grain,
        bounds: row.bounds,
    };
    let reaches = [Some(furthest), row.coarser].into_iter().flatten();
    let words = reaches.map(|reach| {
        let much = format!(
            "{} and {} of the ISR",
            count(reach.bounds.records.into(), "write"),
            count(reach.bounds.isr_changes.into(), "shrinking"),
        );
        match reach.grain.restrictions() {
            [] => format!("{much} one event at a time"),
            whole => format!("{much} in whole steps of {}", enumerated(whole)),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

fn how_much(rows: &[&CheckedRow]) -> String {
    let states: usize = rows.iter().map(|row| row.states).sum();
    let how_far = match rows.iter().filter(|row| row.incomplete.is_some()).count() {
        0 => "all exhausted".to_owned(),
        cut => format!("{cut} of them NOT exhausted"),
    };
    format!(
        "{}, {}, {how_far} ({})",
        count(rows.len(), "row"),
        states_in_words(states),
        clash_in_words(states)
    )
}

/// That a search which tells states apart by their keys may have taken two for one.
fn clash_in_words(states: usize) -> String {
    // The next power of ten: more would be said than is known.
    let power = chance_of_clash(states).max(1e-18).log10().ceil();
    format!("chance that two were taken for one: below 1e{power:.0}")
}

pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

pub(crate) fn states_in_words(states: usize) -> String {
    match states {
        0..100_000 => count(states, "state"),
        _ => format!("{:.1} million states", states as f64 / 1e6),
    }
}

/// What an experiment came to: a line a property.
pub(super) fn experiment_table(experiment: &Experiment, found: &Found, file: &str) -> Table {
    let mut table = Table {
        heading: vec![
            experiment.title.clone(),
            experiment
                .question
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
        ],
        columns: vec!["property", "verdict"],
        lines: Vec::new(),
        notes: Vec::new(),
    };
    let mut say = |sentence: String| table.notes.push(Note::Sentence(sentence));
    match found {
        Err(unexpected) => say(format!("NOT as the file says: {unexpected}")),
        Ok(exploration) => {
            let counts = exploration.counts;
            let folded = match counts.unique == exploration.represented {
                true => String::new(),
                false => format!(
                    " (explored as {}: brokers are interchangeable)",
                    counts.unique
                ),
            };
            say(format!(
                "As the file says. Exhausted: {}{folded}, {} generated, {} events deep; {}. Not a \
                 proof beyond the bounds.",
                count(exploration.represented, "state"),
                counts.generated,
                counts.depth,
                clash_in_words(exploration.represented)
            ));
            if let Some(never) = never_happened(&exploration.coverage) {
                say(format!("Events {never}."));
            }
            if experiment.shows_a_violation() {
                let command = format!("highwater explain {}", quoted(file));
                table.notes.push(Note::Command("Next:", command));
            }
            let line = |(property, verdict): &(&Property, Verdict)| Line {
                cells: vec![property.name.to_owned(), verdict.word().to_owned()],
                details: Vec::new(),
            };
            table.lines = exploration.verdicts.iter().map(line).collect();
        }
    }
    table
}

/// The command that shows the history behind a cell.
pub(crate) fn explain_command(
    deployment: &Deployment,
    file: &str,
    topic: usize,
    faults: &Faults,
    property: &str,
) -> String {
    let topics = &deployment.cluster.topics;
    let topic = match topics.len() {
        1 => String::new(),
        _ => format!(" --topic {}", quoted(&topics[topic].id)),
    };
    let cluster = match deployment.of_several {
        false => String::new(),
        true => format!(" --cluster {}", deployment.cluster.id),
    };
    let faults = faults.name(&deployment.cluster.datacenters());
    format!(
        "highwater explain {}{cluster}{topic} --fault {} --property {property}",
        quoted(file),
        quoted(&faults)
    )
}

/// The word as a shell takes it for one.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "/._-:+,=@".contains(letter);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
