//! Confluent Replicator, as documented: time stamps instead of offset syncs, and headers that say where a
//! record has come through.
//!
//! It copies as a Connect source does ([`super::copying`]).  An interceptor in the consumers notes a time
//! stamp beside each offset that they commit, in a topic of their cluster; Replicator reads that, seeks the
//! time stamp at the target, and commits what it finds for a group that does not run there.
//!
//! **Deliberately absent:** the batches in which it does so, and what becomes of a row that was translated
//! when a worker dies: its source is closed, and the documents do not say.

use super::super::state::{Entry, Log, Row};
use super::super::{Disabled, Guard, Mirroring, State};
use super::groups::{as_late, is_member};
use super::{needs_both_up, needs_task};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Group, Seek, Task, Tool, TopicPartition};

/// Whether a task passes over an entry, because its headers say that it has come through the topic to which
/// the task would copy it (`provenance.header.enable`).
pub fn leaves_out(model: &Mirroring, task: Task, entry: &Entry) -> bool {
    if !model.setting.flow_of(task).provenance || !model.keeps(Guard::ProvenanceIsLookedAt) {
        return false;
    }
    let target = model.setting.partition(model.setting.work(task).to[0]);
    let mut through = entry.came_through.iter();
    through.any(|place| {
        let place = model.setting.partition(place);
        (place.cluster, &place.topic) == (target.cluster, &target.topic)
    })
}

/// The same of what stands at an offset of what the task reads.
pub fn leaves_out_at(model: &Mirroring, state: &State, task: Task, offset: u8) -> bool {
    let entry = state[model.setting.work(task).from].at(offset);
    entry.is_some_and(|entry| leaves_out(model, task, entry))
}

/// A group has committed, and its consumers' interceptor notes a time stamp beside the offset
/// (`ConsumerTimestampsInterceptor`).
pub(super) fn intercept(
    model: &Mirroring,
    after: &mut State,
    group: Group,
    place: TopicPartition,
    committed: u8,
) {
    let instrumented = model.setting.reader(group).instrumented;
    if !instrumented || !model.keeps(Guard::InterceptorWritesARow) {
        return;
    }
    for task in model.setting.every_task() {
        let reads = model.setting.work(task).from == place;
        let flow = model.setting.flow_of(task);
        if !reads || flow.tool != Tool::Replicator {
            continue;
        }
        if let Some(stamp) = noted(flow.seek, &after[place], committed) {
            after[group].rows[task.index()] = Some(Row {
                offset: committed,
                stamp,
            });
        }
    }
}

/// The time stamp that is noted beside a committed offset; none if the group has read nothing that is still
/// there.
fn noted(seek: Seek, log: &Log, committed: u8) -> Option<u8> {
    let mut records = log.entries().filter(|(_, entry)| entry.record().is_some());
    let next = records.clone().find(|(offset, _)| *offset >= committed);
    let last = records.rfind(|(offset, _)| *offset < committed);
    let found = match seek {
        Seek::Last => last,
        Seek::Next => next.or(last),
    };
    found.map(|(_, entry)| entry.stamp)
}

/// The place that is found now for an offset which a group has committed.
pub fn sought(model: &Mirroring, state: &State, task: Task, committed: u8) -> Option<u8> {
    let work = model.setting.work(task);
    let seek = model.setting.flow_of(task).seek;
    let stamp = noted(seek, &state[work.from], committed)?;
    as_late(model, &state[work.to[0]], stamp)
}

/// What was noted of a group is read, and its place at the target committed.
///
/// Until the target has a record that is so late, it waits.  A row that is read while the group runs at the
/// target comes to nothing.
pub(super) fn translate(
    model: &Mirroring,
    before: &State,
    group: Group,
    task: Task,
) -> Result<State, Disabled> {
    needs_task(model, before, task)?;
    let flow = model.setting.flow_of(task);
    needs_both_up(before, flow)?;
    let row = before[group].rows[task.index()].ok_or(Disabled::NothingThere)?;
    let place = model.setting.work(task).to[0];
    let found = as_late(model, &before[place], row.stamp).ok_or(Disabled::NothingThere)?;
    let refused =
        is_member(model, before, group, flow.to) && model.keeps(Guard::RunningGroupsAreRefused);

    let mut after = *before;
    after[group].rows[task.index()] = None;
    if !refused {
        after[group].commit_bare(place, found);
    }
    Ok(after)
}
