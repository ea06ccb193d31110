//! A history of clusters and mirrors in the house notation: a line an event, a column a topic-partition,
//! and what changed besides.

use super::History;
use crate::subject::table::aligned;
use highwater_model::mirroring::{Mirroring, Property, State};
use highwater_vocabulary::mirroring::{GroupView, LogView, Observation, Pair, TaskView};
use highwater_vocabulary::{Member, Record};
use std::fmt::Write;

/// What a topic-partition holds: `3: r4 r5` begins at offset 3.
fn contents(log: &LogView) -> String {
    if !log.exists {
        return "none".into();
    }
    let held: Vec<String> = log.contents.iter().map(ToString::to_string).collect();
    let held = match held.is_empty() {
        true => "empty".into(),
        false => held.join(" "),
    };
    match log.start.0 {
        0 => held,
        start => format!("{start}: {held}"),
    }
}

/// The history as a table; a cell is left empty where nothing changed.
pub fn table(model: &Mirroring, history: &History) -> String {
    let setting = &model.setting;
    let places = setting.every_partition();
    let names = places.map(|place| setting.partition_name(place));
    let mut head = vec!["event".to_owned()];
    head.extend(names);
    head.push("besides".to_owned());
    let mut rows = vec![head];
    let mut state = history.beginning;
    for event in &history.actions {
        let Ok(after) = model.step(&state, event) else {
            break;
        };
        let [old, new] = [&state, &after].map(|state| model.observe(state));
        let mut row = vec![event.line(setting)];
        row.extend(
            old.logs
                .iter()
                .zip(&new.logs)
                .map(|(old, new)| match old == new {
                    true => String::new(),
                    false => contents(new),
                }),
        );
        row.push(besides(model, &old, &new));
        rows.push(row);
        state = after;
    }
    aligned(&rows)
}

/// What changed besides the logs.
fn besides(model: &Mirroring, old: &Observation, new: &Observation) -> String {
    let setting = &model.setting;
    let runs = |mirror| new.running.contains(mirror);
    let mut told = Vec::new();
    for (task, (old, new)) in setting.every_task().zip(old.tasks.iter().zip(&new.tasks)) {
        let runs = runs(setting.work(task).mirror);
        let changes = of_task(old, new, runs);
        if !changes.is_empty() {
            told.push(format!(
                "{}: {}",
                setting.task_name(task),
                changes.join(", ")
            ));
        }
    }
    for (group, (old, new)) in setting
        .every_group()
        .zip(old.groups.iter().zip(&new.groups))
    {
        let changes = of_group(model, old, new);
        if !changes.is_empty() {
            told.push(format!(
                "{}: {}",
                setting.group_name(group),
                changes.join(", ")
            ));
        }
    }
    told.join("; ")
}

fn pair(pair: &Pair) -> String {
    format!("{}→{}", pair.upstream, pair.downstream)
}

fn of_task(old: &TaskView, new: &TaskView, runs: bool) -> Vec<String> {
    let mut told = Vec::new();
    if old.memory != new.memory
        && let Some(offset) = new.memory
    {
        told.push(format!("has read offset {offset}"));
    }
    if runs && old.position != new.position && new.memory.is_none() {
        told.push(format!("will read from {}", new.position));
    }
    if old.stored != new.stored {
        let stored = new
            .stored
            .map_or("nothing".into(), |offset| offset.to_string());
        told.push(format!("has stored {stored}"));
    }
    if let (None, Some(sync)) = (&old.pending, &new.pending) {
        told.push(format!("a sync is due: {}", pair(sync)));
    }
    if new.syncs.len() > old.syncs.len()
        && let Some(sync) = new.syncs.last()
    {
        told.push(format!("sync {}", pair(sync)));
    }
    if new.read > old.read {
        told.push(format!("{} of {} syncs read", new.read, new.syncs.len()));
    }
    told
}

fn of_group(model: &Mirroring, old: &GroupView, new: &GroupView) -> Vec<String> {
    let setting = &model.setting;
    let mut told = Vec::new();
    for place in setting.every_partition() {
        let name = setting.partition_name(place);
        let at = place.index();
        match (old.position[at], new.position[at]) {
            (old, Some(new)) if old != Some(new) => told.push(format!("at {new} of {name}")),
            _ => {}
        }
        match (old.committed[at], new.committed[at]) {
            (old, Some(new)) if old != Some(new) => told.push(format!("committed {new} of {name}")),
            (Some(_), None) => told.push(format!("no commit of {name} any more")),
            _ => {}
        }
    }
    for cluster in setting.every_cluster() {
        let at = setting.cluster_name(cluster);
        let databases = [old, new].map(|view| view.databases.get(cluster.index()));
        let counts = databases.map(|it| it.map(|database| &database.counts));
        if let [Some(old), Some(new)] = counts
            && old != new
        {
            told.push(format!("counted at {at}: {}", minutes(new)));
        }
        let dead = [old, new].map(|view| view.stranded.contains(cluster));
        if dead == [false, true] {
            told.push(format!("taken for dead at {at}"));
        }
    }
    let [old_rows, new_rows] = [&old.rows, &new.rows];
    for task in setting.every_task() {
        let [old, new] = [old, new].map(|view| view.checkpoints[task.index()]);
        if let Some(new) = new.filter(|_| old != new) {
            told.push(format!("checkpoint {}", pair(&new)));
        }
        let [old, new] = [old_rows, new_rows].map(|rows| rows[task.index()]);
        if let Some(row) = new.filter(|_| old != new) {
            told.push(format!("noted {} with stamp {}", row.offset, row.stamp));
        }
    }
    told
}

/// `r1@1 r2@1`: records, each with its window.
fn minutes(counts: &[(Record, u8)]) -> String {
    let counts = counts
        .iter()
        .map(|(record, window)| format!("{record}@{window}"));
    let counts: Vec<String> = counts.collect();
    match counts.is_empty() {
        true => "nothing".into(),
        false => counts.join(" "),
    }
}

/// The whole argument: what is violated, how it came about, and what the proof knows at the end.
pub fn told(model: &Mirroring, property: &Property, history: &History) -> String {
    let steps = history.actions.len();
    let mut text = format!(
        "{} is violated after {steps} steps\n{}\n\n",
        property.name, property.sentence
    );
    text.push_str(&table(model, history));
    let mut state = history.beginning;
    for event in &history.actions {
        state = model.step(&state, event).unwrap_or(state);
    }
    let _ = write!(text, "\n{}", known(model, &state));
    text
}

/// What only the proof knows: what was acknowledged, what was copied, what was processed.
fn known(model: &Mirroring, state: &State) -> String {
    let list = |records: highwater_vocabulary::RecordSet| {
        let names: Vec<String> = records.iter().map(|record| record.to_string()).collect();
        match names.is_empty() {
            true => "nothing".to_owned(),
            false => names.join(" "),
        }
    };
    let mut text = format!("acknowledged: {}\n", list(state.ghost.acknowledged));
    for task in model.setting.every_task() {
        let name = model.setting.task_name(task);
        let _ = writeln!(
            text,
            "{name} has copied: {}",
            list(state.ghost.copied_by(task))
        );
    }
    for group in model.setting.every_group() {
        let name = model.setting.group_name(group);
        let once = list(state.ghost.processed_by(group));
        let again = state.ghost.repeated[group.index()];
        let _ = match again.is_empty() {
            true => writeln!(text, "{name} has processed: {once}"),
            false => writeln!(text, "{name} has processed: {once}; again: {}", list(again)),
        };
    }
    text
}
