//! Surveys of every state of a mirrored pair, or of two aggregates: how far a copy is behind, what is
//! seen of that, in which order two copies stand, and what a group that moves reads again.

use crate::shipped;
use highwater_model::mirroring::{Event, Faults, Mirroring, State};
use highwater_vocabulary::mirroring::{Content, Observation};
use highwater_vocabulary::{Member, Record, RecordSet};
use stateright::Model;
use std::collections::HashSet;

/// The model of a shipped experiment.
fn model_of(name: &str) -> Mirroring {
    let path = format!("mirroring/{name}");
    let mut shipped = shipped::mirroring_experiments().into_iter();
    let found = shipped.find(|(known, _)| *known == path);
    found
        .unwrap_or_else(|| panic!("there is no {path}"))
        .1
        .model
}

/// Every state that can come about, once.
fn every_state(model: &Mirroring) -> HashSet<State> {
    walked(model, |_, _, _| false)
}

/// The states that can come about, each once, until `is_enough` of a step: before, what happens, after.
fn walked(
    model: &Mirroring,
    mut is_enough: impl FnMut(&State, &Event, &State) -> bool,
) -> HashSet<State> {
    let mut known: HashSet<State> = model.init_states().into_iter().collect();
    let mut open: Vec<State> = known.iter().copied().collect();
    let mut events = Vec::new();
    while let Some(state) = open.pop() {
        model.actions(&state, &mut events);
        for event in events.drain(..) {
            let Some(after) = model.next_state(&state, event) else {
                continue;
            };
            if is_enough(&state, &event, &after) {
                return known;
            }
            if known.insert(after) {
                open.push(after);
            }
        }
    }
    known
}

fn records(seen: &Observation, log: usize) -> impl Iterator<Item = Record> {
    let contents = seen.logs[log].contents.iter();
    contents.filter_map(|content| match content {
        Content::Record(record) => Some(*record),
        Content::Marker | Content::Aborted(_) | Content::Open(_) => None,
    })
}

/// How many records of the source the target lacks, in a pair of one topic-partition.
fn behind(seen: &Observation) -> u64 {
    let held: RecordSet = records(seen, 1).collect();
    let missing = records(seen, 0).filter(|record| !held.contains(*record));
    missing.count() as u64
}

/// The most records that are acknowledged at the source and lacking at the target, as more are written.
pub(super) fn most_behind() -> String {
    let lines = (1..=4).map(|written| {
        let mut model = model_of("crash-copies-twice");
        model.faults = Faults::parse("none", &model.setting).expect("nothing fails");
        model.bounds.records = written;
        let behind: HashSet<u64> = every_state(&model)
            .iter()
            .map(|state| behind(&model.observe(state)))
            .collect();
        let ends = [behind.iter().min(), behind.iter().max()];
        let [least, most] = ends.map(|end| end.copied().unwrap_or_default());
        format!("{written} written: {least} to {most}")
    });
    lines.collect::<Vec<_>>().join("; ")
}

/// What the position of the mirror's consumer, and its stored one, say of what is missing.
pub(super) fn lag_as_consumers_see_it() -> String {
    let model = model_of("crash-copies-twice");
    let mut polled = Told::default();
    let mut stored = Told::default();
    for state in every_state(&model) {
        let seen = model.observe(&state);
        let end = seen.logs[0].start.0 + seen.logs[0].contents.len() as u64;
        let task = &seen.tasks[0];
        polled.hear(end.saturating_sub(task.position.0), behind(&seen));
        let position = task.stored.map_or(0, |last| last.0 + 1);
        stored.hear(end.saturating_sub(position), behind(&seen));
    }
    format!("what is polled: {polled}; what is stored: {stored}")
}

/// How often a lag was told too small, right, and too large.
#[derive(Default)]
struct Told {
    less: usize,
    right: usize,
    more: usize,
}

impl Told {
    fn hear(&mut self, told: u64, is: u64) {
        match told.cmp(&is) {
            std::cmp::Ordering::Less => self.less += 1,
            std::cmp::Ordering::Equal => self.right += 1,
            std::cmp::Ordering::Greater => self.more += 1,
        }
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Told { less, right, more } = self;
        write!(
            f,
            "too little in {less} states, right in {right}, too much in {more}"
        )
    }
}

/// In how many states two aggregates hold the same records in another order.
pub(super) fn orders_of_aggregates() -> String {
    let model = model_of("local-to-aggregate");
    let mut equal = 0;
    let mut differing = 0;
    let setting = &model.setting;
    let copies = setting.every_partition().filter(|place| {
        let cluster = setting.partition(*place).cluster;
        setting.mirrors.iter().any(|flow| flow.to == cluster)
    });
    let copies: Vec<usize> = copies.map(Member::index).collect();
    for state in every_state(&model) {
        let seen = model.observe(&state);
        let [one, other] = [0, 1].map(|copy| records(&seen, copies[copy]).collect::<Vec<_>>());
        let same: [HashSet<Record>; 2] = [&one, &other].map(|held| held.iter().copied().collect());
        if one.len() > 1 && same[0] == same[1] {
            match one == other {
                true => equal += 1,
                false => differing += 1,
            }
        }
    }
    format!("the same order in {equal} states, another in {differing}")
}

/// The experiments in which a group that has moved may read again what it had committed at home.
pub(super) fn committed_and_read_again() -> String {
    let asked = [
        "mm1-earliest",
        "mm1-latest",
        "mm1-timestamp",
        "translated-offsets",
    ];
    let repeating = asked.into_iter().filter(|name| {
        let model = model_of(name);
        let mut found = false;
        walked(&model, |before, event, after| {
            found = reads_again(&model, before, event, after);
            found
        });
        found
    });
    repeating.collect::<Vec<_>>().join(" ")
}

/// Whether a step has a group read, away from home, a record a second time which it had committed there.
fn reads_again(model: &Mirroring, before: &State, event: &Event, after: &State) -> bool {
    let Event::Consume(group, from) = *event else {
        return false;
    };
    let setting = &model.setting;
    let home = setting.reader(group).home;
    let repeated = |state: &State| state.ghost.repeated[group.index()];
    let old = repeated(before);
    let again: Vec<Record> = repeated(after)
        .iter()
        .filter(|record| !old.contains(*record))
        .collect();
    let seen = model.observe(before);
    let had_committed = |record: Record| {
        let mut places = setting.partitions_of(home);
        places.any(|place| {
            let log = &seen.logs[place.index()];
            let mut held = log.contents.iter();
            let found = held.position(|content| *content == Content::Record(record));
            let committed = seen.groups[group.index()].committed[place.index()];
            let offset = found.map(|found| log.start.0 + found as u64);
            offset
                .zip(committed)
                .is_some_and(|(offset, committed)| offset < committed.0)
        })
    };
    setting.partition(from).cluster != home && again.into_iter().any(had_committed)
}
