//! What a task does: it reads, writes, and remembers how far it came.
//!
//! Sources: `MirrorSourceTask`, `AbstractWorkerSourceTask` and `SubmittedRecords` of Connect;
//! `MirrorMaker.scala` for MirrorMaker 1.

use super::super::ghost::key;
use super::super::state::{Entry, Held, Log, Part, Sync, TaskState};
use super::super::translation::EmissionRule;
use super::super::{Disabled, Guard, Mirroring, State};
use super::{leaves_out, needs, needs_mirror, needs_task, needs_up, position_kept_at};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Cluster, Content, Stamps, Task, Tool, TopicPartition};

/// The worker reads the next record into memory.
pub(super) fn poll(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    needs_task(model, before, task)?;
    needs_up(before, model.setting.flow_of(task).from)?;
    needs(before[task].memory.is_none(), Disabled::Memory)?;
    let source = &before[model.setting.work(task).from];
    let position = reading_position(model, &before[task], source);
    let next = next_copied(model, task, source, position).ok_or(Disabled::NothingThere)?;

    let mut after = *before;
    let own = &mut after[task];
    own.position = next.offset + 1;
    own.epoch = Some(source.epoch_at(next.offset));
    own.memory = Some(next);
    if !model.keeps(Guard::SyncFollowsAcknowledgement) {
        let target = target_of(model, before, task, next.entry);
        consider_sync(model, task, own, next.offset, before[target].end);
    }
    Ok(after)
}

/// Where a task reads on.  A consumer that has fetched in an older epoch goes back to where the logs
/// part (KIP-320); one that has only an offset takes it as it is.  An offset outside the log becomes
/// the log's start: `auto.offset.reset=earliest`, and nobody is told.
pub(in super::super) fn reading_position(model: &Mirroring, own: &TaskState, source: &Log) -> u8 {
    let detects = model.keeps(Guard::TruncationIsDetected);
    let parted = own.epoch.and_then(|epoch| source.parted_at(epoch));
    let position = match parted.filter(|_| detects) {
        Some(end) => own.position.min(end),
        None => own.position,
    };
    match source.start <= position && position <= source.end {
        true => position,
        false => source.start,
    }
}

/// Exactly-once demands a consumer that reads what is committed; without it MirrorMaker's consumers
/// read everything, as consumers do unless told otherwise (`isolation.level`).
pub(in super::super) fn reads_committed(model: &Mirroring, task: Task) -> bool {
    model.setting.flow_of(task).exactly_once && model.keeps(Guard::ReadsCommitted)
}

/// The next entry from `position` on that a task copies.
pub(in super::super) fn next_copied(
    model: &Mirroring,
    task: Task,
    source: &Log,
    position: u8,
) -> Option<Held> {
    let committed_only = reads_committed(model, task);
    let readable = position..source.stable_end();
    let entries = source.entries();
    let mut ahead = entries.filter(|(offset, _)| readable.contains(offset));
    let (offset, entry) = ahead.find(|(_, entry)| match entry.content {
        Content::Marker | Content::Open(_) => false,
        Content::Aborted(_) => !committed_only && !leaves_out(model, task, entry),
        Content::Record(_) => !leaves_out(model, task, entry),
    })?;
    Some(Held {
        offset,
        entry: *entry,
    })
}

/// The worker writes what it has, and hears that it is kept.  With exactly-once its position goes into
/// the same transaction, which a marker ends.
pub(super) fn copy(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    let (held, target) = may_write(model, before, task, before[task].memory)?;
    let exactly_once = model.setting.flow_of(task).exactly_once;

    let mut after = *before;
    let downstream = before[target].end;
    after[target].push(as_copied(model, before, task, held));
    if exactly_once {
        let to = model.setting.flow_of(task).to;
        after[target].push(Entry {
            stamp: before.clocks[to.index()],
            ..Entry::default()
        });
    }
    let own = &mut after[task];
    own.memory = None;
    own.acknowledged = Some(held.offset);
    if exactly_once && model.keeps(Guard::PositionInTheTransaction) {
        own.stored = Some(held.offset);
    }
    if model.keeps(Guard::SyncFollowsAcknowledgement) {
        consider_sync(model, task, own, held.offset, downstream);
    }
    // The transaction is also the commit at which a delayed sync falls due
    // (`ExactlyOnceWorkerSourceTask.commitTransaction`).
    if exactly_once && own.delayed.is_some() {
        own.pending = own.delayed.take();
    }
    Ok(after)
}

/// The worker writes what it has, and hears nothing.  It will write it again: MirrorMaker's producers
/// are not idempotent unless told so, or within a transaction.
pub(super) fn copy_lost(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    let (held, target) = may_write(model, before, task, before[task].memory)?;
    let exactly_once = model.setting.flow_of(task).exactly_once;
    needs(!exactly_once, Disabled::NothingThere)?;

    let mut after = *before;
    after[target].push(as_copied(model, before, task, held));
    Ok(after)
}

/// A worker that was replaced writes what it still had.  With exactly-once its producer is fenced: the
/// one that replaced it has the same transactional id (KIP-618).
pub(super) fn copy_late(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    let (held, target) = may_write(model, before, task, before[task].former)?;
    if model.setting.flow_of(task).exactly_once {
        model.require(Guard::ReplacedWorkersAreFenced, false)?;
    }

    let mut after = *before;
    after[target].push(as_copied(model, before, task, held));
    after[task].former = None;
    Ok(after)
}

/// What is acknowledged is stored as copied: by Connect at the target, by MirrorMaker 1 as a commit of
/// its group at the source.  From Kafka 3.7 on this is also when delayed offset syncs fall due
/// (KAFKA-15906).  And uReplicator reports with it which offset its last copy has, to the service that maps
/// offsets.
pub(super) fn note(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    needs_task(model, before, task)?;
    needs_up(before, position_kept_at(model, task))?;
    let own = &before[task];
    let mut stored = own.acknowledged.or(own.stored);
    if !model.keeps(Guard::PositionFollowsAcknowledgement) {
        stored = own.memory.map(|held| held.offset).or(stored);
    }
    let sends_delayed = model.keeps_for(task, Guard::DelayedSyncsAreSent);
    let falling_due = own.delayed.filter(|_| sends_delayed);
    let reports = model.setting.flow_of(task).tool == Tool::UReplicator;
    let reported = own.pending.filter(|_| reports);
    let news = stored != own.stored || falling_due.is_some() || reported.is_some();
    needs(news, Disabled::NothingThere)?;
    let fits = reported.is_none() || own.syncs.has_room();
    needs(fits, Disabled::ModelIsFull)?;

    let mut after = *before;
    let own = &mut after[task];
    own.stored = stored;
    if let Some(reported) = reported {
        own.syncs.push(reported);
        own.pending = None;
    }
    if falling_due.is_some() {
        own.pending = falling_due;
        own.delayed = None;
    }
    Ok(after)
}

/// After a copy: whether an offset sync falls due at once, or waits.
fn consider_sync(model: &Mirroring, task: Task, own: &mut TaskState, upstream: u8, downstream: u8) {
    let flow = model.setting.flow_of(task);
    let fresh = match flow.tool {
        _ if !flow.emits_syncs => return,
        Tool::MirrorMaker1 | Tool::Replicator => return,
        Tool::UReplicator => {
            // It waits for the position to be stored.
            own.pending = Some(Sync {
                upstream,
                downstream,
            });
            return;
        }
        Tool::MirrorMaker2At3_4 => EmissionRule::DELTA,
        Tool::MirrorMaker2At3_9 => EmissionRule::STEP,
        Tool::ClusterLinking | Tool::MirroringAt2026_03 | Tool::MirroringAt2026_11 => return,
    };
    let mut emission = own.emission.unwrap_or(fresh);
    let due = emission.update(upstream, downstream, model.variant.offset_lag_max);
    own.emission = Some(emission);
    let sync = Sync {
        upstream,
        downstream,
    };
    if due {
        own.pending = Some(sync);
        own.delayed = None;
    } else if model.keeps_for(task, Guard::DelayedSyncsAreSent) {
        own.delayed = Some(sync);
    }
}

/// What may be written where, if there is something and the target takes it.
fn may_write(
    model: &Mirroring,
    state: &State,
    task: Task,
    held: Option<Held>,
) -> Result<(Held, TopicPartition), Disabled> {
    needs_mirror(state, model.setting.work(task).mirror)?;
    let flow = model.setting.flow_of(task);
    needs_up(state, flow.to)?;
    let held = held.ok_or(Disabled::Memory)?;
    let target = target_of(model, state, task, held.entry);
    let entries = 1 + u8::from(flow.exactly_once);
    needs(state[target].has_room(entries), Disabled::ModelIsFull)?;
    Ok((held, target))
}

/// The partition that a record is written to.  MirrorMaker 2 names the one of the same number;
/// MirrorMaker 1 leaves it to the partitioner, which counts the partitions there are.
fn target_of(model: &Mirroring, state: &State, task: Task, entry: Entry) -> TopicPartition {
    let to = &model.setting.work(task).to;
    if model.keeps_for(task, Guard::SamePartition) {
        return to[0];
    }
    let there: Vec<TopicPartition> = to.iter().copied().filter(|at| state[*at].exists).collect();
    match (entry.content, there.len()) {
        (Content::Record(record) | Content::Aborted(record), 1..) => {
            there[key(record) % there.len()]
        }
        _ => to[0],
    }
}

/// The copy of an entry, as the target keeps it.  An aborted record becomes one like any other: nobody
/// tells the target.
fn as_copied(model: &Mirroring, state: &State, task: Task, held: Held) -> Entry {
    let flow = model.setting.flow_of(task);
    let clock = |cluster: Cluster| state.clocks[cluster.index()];
    let content = match held.entry.content {
        Content::Aborted(record) => Content::Record(record),
        other => other,
    };
    Entry {
        content,
        stamp: match flow.stamps {
            Stamps::Create => held.entry.stamp,
            Stamps::Append => clock(flow.to),
        },
        epoch: 0,
        part: Part::Plain,
        copied: Some((task, held.offset)),
        hops: held.entry.hops + 1,
        came_through: match flow.provenance {
            true => held.entry.came_through.with(model.setting.work(task).from),
            false => held.entry.came_through,
        },
    }
}
