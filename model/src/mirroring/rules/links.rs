//! What a link does: the leader of the target fetches as a follower of the source would, and keeps the offsets.
//!
//! Sources: Confluent's pages on mirror topics; KIP-1279 as discussed, and its authors' prototype
//! (`ClusterMirrorCoordinator.handleStateTransition`, `MirrorFetcherThread`); docs/LINKS.md; M38 to M47.

use super::super::state::{Entry, Held, Log, Part, TaskState};
use super::super::{Disabled, Event, Guard, Mirroring, State};
use super::groups::is_member;
use super::operators::{leads_back, move_producers, needs_a_way_to_go};
use super::{environment, needs, needs_both_up, needs_mirror, needs_task, needs_up};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Content, Group, LinkState, Mirror, Partitions, Task, Tool};

/// Links and other tools each have events that the others have not.
pub(super) fn knows(model: &Mirroring, event: &Event) -> Result<(), Disabled> {
    let of_task = |task: Task| model.setting.flow_of(task).tool.is_link();
    let of_mirror = |mirror: Mirror| model.setting.flow(mirror).tool.is_link();
    let known = match *event {
        Event::CopyLost(task)
        | Event::CopyLate(task)
        | Event::Sync(task)
        | Event::SyncLost(task)
        | Event::ReadSync(task)
        | Event::Checkpoint(_, task) => !of_task(task),
        Event::Look(_, mirror)
        | Event::LookFailed(_, mirror)
        | Event::TakeOver(mirror)
        | Event::StopMirror(mirror) => !of_mirror(mirror),
        Event::Truncate(task) | Event::EndTransactions(task) | Event::Finish(task) => of_task(task),
        Event::Promote(mirror) | Event::Reverse(mirror) => {
            model.setting.flow(mirror).tool == Tool::ClusterLinking
        }
        _ => true,
    };
    needs(known, Disabled::NotInThisTool)
}

/// The logs that a task reads and writes.
fn ends<'s>(model: &Mirroring, state: &'s State, task: Task) -> (&'s Log, &'s Log) {
    let work = model.setting.work(task);
    (&state[work.from], &state[work.to[0]])
}

/// The next entry of the source comes: the one at the end of the target.
///
/// Who: leader of the target.  M38, M45, M47.
pub(super) fn poll(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    needs_task(model, before, task)?;
    needs_both_up(before, model.setting.flow_of(task))?;
    needs(before[task].link == LinkState::Active, Disabled::LinkState)?;
    needs(before[task].memory.is_none(), Disabled::Memory)?;
    let (source, target) = ends(model, before, task);
    model.require(Guard::TopicIdsAgree, source.topic_id == target.topic_id)?;
    let parts = truncation(model, task, source, target).is_some();
    needs(!parts, Disabled::Truncation)?;
    let entry = *source.at(target.end).ok_or(Disabled::NothingThere)?;
    model.require(Guard::FetchBelowWatermark, entry.part != Part::Offered)?;
    let stable = target.end < source.stable_end();
    if !stable && model.keeps_for(task, Guard::FetchBelowStable) {
        return Err(Disabled::By(Guard::FetchBelowStable));
    }

    let mut after = *before;
    after[task].memory = Some(Held {
        offset: target.end,
        entry,
    });
    Ok(after)
}

/// What has come is appended, at the same offset or not at all.
///
/// Who: leader of the target.  M38, M44; `MirrorFetcherThread.processPartitionData`.
pub(super) fn copy(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    let work = model.setting.work(task);
    needs_mirror(before, work.mirror)?;
    needs_up(before, model.setting.flow_of(task).to)?;
    let held = before[task].memory.ok_or(Disabled::Memory)?;
    let active = before[task].link == LinkState::Active;
    model.require(Guard::FetchersStopFirst, active)?;
    let place = work.to[0];
    let there = before[place].end == held.offset;
    model.require(Guard::AppendsWhereItFetched, there)?;
    needs(before[place].has_room(1), Disabled::ModelIsFull)?;

    let mut after = *before;
    let mut entry = Entry {
        copied: Some((task, held.offset)),
        hops: held.entry.hops + 1,
        ..held.entry
    };
    if !model.keeps_for(task, Guard::EpochsAreKept) {
        entry.epoch = before[place].epoch;
    }
    // At the target it is as good as any other.
    if let (Part::Offered, Content::Open(record)) = (entry.part, entry.content) {
        entry.part = Part::Plain;
        entry.content = Content::Record(record);
    }
    let log = &mut after[place];
    log.epoch = log.epoch.max(entry.epoch);
    log.push(entry);
    log.settle();
    after[task].memory = None;
    Ok(after)
}

/// Where the target of a link that fetches has to be truncated to, if it has parted from the source.
///
/// The source answers a fetch with where the last epoch of the target ended with it, as it would answer a
/// follower (KIP-595); without that only an offset outside the log tells.
pub fn truncation(model: &Mirroring, task: Task, source: &Log, target: &Log) -> Option<u8> {
    if target.end < source.start {
        return Some(source.start);
    }
    let last = target.last_epoch();
    let finds = model.keeps_for(task, Guard::LinksFindDivergence);
    let Some(last) = last.filter(|_| finds) else {
        return (target.end > source.end).then_some(source.end);
    };
    let to = match source.epoch_not_above(last) {
        None => source.start,
        Some(epoch) => source.end_of(epoch).min(target.end_of(epoch)),
    };
    (to < target.end).then_some(to)
}

/// The target is truncated: while the link fetches, because it has parted from the source; when it stops,
/// to what is stable; before it leads back, to what both have.
///
/// Who: leader of the target.  M43, M44, M45; `ReplicaManager.maybeTruncateForLeaderEpoch`.
pub(super) fn truncate(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    needs_task(model, before, task)?;
    let work = model.setting.work(task);
    let flow = model.setting.flow_of(task);
    needs_up(before, flow.to)?;
    let (source, target) = ends(model, before, task);
    let (to, link) = match before[task].link {
        LinkState::Active => {
            needs_up(before, flow.from)?;
            let to = truncation(model, task, source, target);
            (to.ok_or(Disabled::NothingThere)?, LinkState::Active)
        }
        LinkState::Stopping => {
            let stable = target.stable_end();
            let due = stable < target.end && model.keeps_for(task, Guard::StopTruncatesToStable);
            needs(due, Disabled::NothingThere)?;
            (stable, LinkState::Stopping)
        }
        LinkState::Preparing => {
            needs_up(before, flow.from)?;
            (demanded(model, before, task), LinkState::Active)
        }
        LinkState::Refused | LinkState::Noted | LinkState::Ended | LinkState::Stopped => {
            return Err(Disabled::LinkState);
        }
    };

    let mut after = *before;
    after[work.to[0]].cut_to(to);
    after[task].memory = None;
    after[task].link = link;
    Ok(after)
}

/// Where a log is truncated to before it is mirrored back to: what the link that stopped had of it.
fn demanded(model: &Mirroring, state: &State, task: Task) -> u8 {
    let (_, target) = ends(model, state, task);
    let way = model.setting.way_back(task);
    let stopped = way.map_or(TaskState::default(), |way| state[way]);
    match model.keeps_for(task, Guard::TruncatesByEpoch) {
        true => match stopped.last_epoch {
            Some(epoch) if epoch <= target.epoch => target.end_of(epoch),
            // An epoch that the log does not know, or none at all: everything goes.
            Some(_) | None => target.start,
        },
        false => stopped
            .last_offset
            .map_or(target.start, |offset| offset.min(target.end)),
    }
}

/// How far the link came is stored, for the way back to ask.
///
/// Who: leader of the target, when it stops.  M44, M45; `collectAndUpdateLastMirrorEpochs`.
pub(super) fn note(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    needs_task(model, before, task)?;
    needs_up(before, model.setting.flow_of(task).to)?;
    needs(
        before[task].link == LinkState::Stopping,
        Disabled::LinkState,
    )?;
    let (_, target) = ends(model, before, task);
    if target.stable_end() < target.end && model.keeps_for(task, Guard::StopTruncatesToStable) {
        return Err(Disabled::By(Guard::StopTruncatesToStable));
    }

    let mut after = *before;
    // That nothing was copied is stored, too.
    let known = before[task].last_offset.is_some();
    if !known || !model.keeps_for(task, Guard::LastIsKeptWhenRedone) {
        store(&mut after[task], target);
    }
    after[task].link = LinkState::Noted;
    Ok(after)
}

fn store(own: &mut TaskState, target: &Log) {
    own.last_offset = Some(target.end);
    own.last_epoch = target.last_epoch();
}

/// What a link has stored, as its tool has it.
pub fn last(model: &Mirroring, state: &State, task: Task) -> Option<u8> {
    let own = &state[task];
    match model.setting.flow_of(task).tool {
        Tool::MirroringAt2026_11 => own.last_epoch,
        Tool::ClusterLinking | Tool::MirroringAt2026_03 => own.last_offset,
        Tool::MirrorMaker1 | Tool::MirrorMaker2At3_4 | Tool::MirrorMaker2At3_9 => None,
        Tool::Replicator | Tool::UReplicator => None,
    }
}

/// The leader epoch is raised above all that was copied, what is open is aborted, and the ids of producers
/// are forgotten.
///
/// Who: leader of the target, when it stops.  M45, M46; `sendBumpLeaderEpochs`, `abortOngoingTransactions`,
/// `writeMirrorPidReset`.
pub(super) fn end_transactions(
    model: &Mirroring,
    before: &State,
    task: Task,
) -> Result<State, Disabled> {
    needs_task(model, before, task)?;
    let flow = model.setting.flow_of(task);
    needs_up(before, flow.to)?;
    needs(
        flow.tool == Tool::MirroringAt2026_11,
        Disabled::NotInThisTool,
    )?;
    needs(before[task].link == LinkState::Noted, Disabled::LinkState)?;
    let place = model.setting.work(task).to[0];
    needs(before[place].has_room(2), Disabled::ModelIsFull)?;

    let mut after = *before;
    let stamp = before.clocks[flow.to.index()];
    let log = &mut after[place];
    if model.keeps(Guard::EpochIsRaised) {
        log.epoch += 1;
    }
    let open = log.stable_end() < log.end;
    if open && model.keeps(Guard::OpenTransactionsAreAborted) {
        log.push_marker(Part::Aborts, stamp);
    }
    if model.keeps(Guard::IdsStayApart) {
        log.push_marker(Part::Resets, stamp);
    }
    log.settle();
    after[task].link = LinkState::Ended;
    Ok(after)
}

/// The link has stopped with what a task writes: producers may write it.
///
/// Who: leader of the target.  M39, M44.
pub(super) fn finish(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    needs_task(model, before, task)?;
    let work = model.setting.work(task);
    let flow = model.setting.flow_of(task);
    needs_up(before, flow.to)?;
    let ready = match flow.tool {
        Tool::MirroringAt2026_11 => LinkState::Ended,
        _ => LinkState::Noted,
    };
    needs(before[task].link == ready, Disabled::LinkState)?;

    let mut after = *before;
    after[task].link = LinkState::Stopped;
    let written: Partitions = work.to.iter().copied().collect();
    after.writable = after
        .writable
        .union(flow.then_written.intersection(written));
    let mut tasks = model.setting.tasks_of(work.mirror);
    if tasks.all(|task| after[task].link == LinkState::Stopped) {
        retire(model, &mut after, work.mirror);
    }
    Ok(after)
}

fn retire(model: &Mirroring, after: &mut State, mirror: Mirror) {
    environment::end(model, after, mirror);
    after.retired = after.retired.with(mirror);
}

/// The link is told to stop.  Nothing is asked of the source.
///
/// Who: operator.  M39, M40, M44.
pub(super) fn fail_over(
    model: &Mirroring,
    before: &State,
    mirror: Mirror,
) -> Result<State, Disabled> {
    let flow = model.setting.flow(mirror);
    needs_a_way_to_go(before, flow, mirror)?;
    needs(!before.retired.contains(mirror), Disabled::OtherLife)?;
    let mut tasks = model.setting.tasks_of(mirror);
    let prepares = tasks.any(|task| before[task].link == LinkState::Preparing);
    needs(!prepares, Disabled::LinkState)?;

    let mut after = *before;
    for task in model.setting.tasks_of(mirror) {
        if before[task].link == LinkState::Active {
            after[task].link = LinkState::Stopping;
        }
        if model.keeps(Guard::FetchersStopFirst) {
            after[task].memory = None;
        }
        if flow.tool == Tool::ClusterLinking && model.keeps(Guard::OffsetsAreClamped) {
            clamp(model, &mut after, task);
        }
    }
    if !model.keeps(Guard::WritableWhenStopped) {
        after.writable = before.writable.union(flow.then_written);
    }
    move_producers(model, &mut after, mirror);
    Ok(after)
}

/// What groups have committed past the end of a target becomes its end.
fn clamp(model: &Mirroring, after: &mut State, task: Task) {
    let place = model.setting.work(task).to[0];
    let end = after[place].end;
    for group in model.setting.every_group() {
        let committed = after[group].committed[place.index()];
        if committed.is_some_and(|offset| offset > end) {
            after[group].commit_bare(place, end);
        }
    }
}

/// Whether every task of a link has copied what its source holds.
fn is_drained(model: &Mirroring, state: &State, mirror: Mirror) -> bool {
    model.setting.tasks_of(mirror).all(|task| {
        let (source, target) = ends(model, state, task);
        source.end == target.end && state[task].memory.is_none()
    })
}

/// The link is told to stop once nothing is left to copy; groups' offsets are copied a last time.
///
/// Who: operator.  M41.
pub(super) fn promote(
    model: &Mirroring,
    before: &State,
    mirror: Mirror,
) -> Result<State, Disabled> {
    needs_mirror(before, mirror)?;
    needs_both_up(before, model.setting.flow(mirror))?;
    model.require(Guard::PromotionDrains, is_drained(model, before, mirror))?;

    let mut synced = *before;
    for group in model.setting.every_group() {
        synced = sync_group(model, &synced, group, mirror).unwrap_or(synced);
    }
    fail_over(model, &synced, mirror)
}

/// The link that waits takes the place of the one that leads to where it begins.
///
/// Who: operator.  M43.
pub(super) fn reverse(
    model: &Mirroring,
    before: &State,
    mirror: Mirror,
) -> Result<State, Disabled> {
    needs_both_up(before, model.setting.flow(mirror))?;
    let waits = !model.setting.flow(mirror).initial && before.retired.contains(mirror);
    needs(waits, Disabled::OtherLife)?;
    let mut ways = model.setting.every_mirror();
    let way = ways.find(|way| leads_back(model, *way, mirror));
    let way = way.ok_or(Disabled::OtherLife)?;
    needs_mirror(before, way)?;
    let mut tasks = model.setting.tasks_of(way);
    let active = tasks.all(|task| before[task].link == LinkState::Active);
    needs(active, Disabled::LinkState)?;
    model.require(Guard::ReversalDrains, is_drained(model, before, way))?;

    let mut after = *before;
    for task in model.setting.tasks_of(way) {
        let place = model.setting.work(task).to[0];
        store(&mut after[task], &before[place]);
        after[task].link = LinkState::Stopped;
        after[task].memory = None;
        after[place].epoch += 1;
    }
    retire(model, &mut after, way);
    after.failed_over = before.failed_over.with(way);
    after.writable = before.writable.union(model.setting.flow(way).then_written);
    lead_back(model, &mut after, mirror, LinkState::Active);
    Ok(after)
}

/// A link that waited runs: nobody writes what it writes.
fn lead_back(model: &Mirroring, after: &mut State, mirror: Mirror, link: LinkState) {
    after.running = after.running.with(mirror);
    after.retired = after.retired.without(mirror);
    environment::forget(model, after, mirror);
    for task in model.setting.tasks_of(mirror) {
        let work = model.setting.work(task);
        after.writable = after.writable.without(work.to[0]);
        after[task].link = link;
        after[task].last_offset = None;
        after[task].last_epoch = None;
    }
}

/// The way back is opened: what the old primary has more than the link had is to be truncated first.
///
/// Who: operator.  M43, M45; `validateSourcePartitionsAreStopped`.
pub(super) fn fail_back(
    model: &Mirroring,
    before: &State,
    mirror: Mirror,
) -> Result<State, Disabled> {
    let flow = model.setting.flow(mirror);
    needs_both_up(before, model.setting.flow(mirror))?;
    let waits = !flow.initial && before.retired.contains(mirror);
    needs(waits, Disabled::OtherLife)?;
    let mut ways = model.setting.every_mirror();
    let stopped = |way: Mirror| {
        let mut tasks = model.setting.tasks_of(way);
        before.failed_over.contains(way)
            && tasks.all(|task| before[task].link == LinkState::Stopped)
    };
    let ready = ways.all(|way| !leads_back(model, way, mirror) || stopped(way));
    needs(ready, Disabled::OtherLife)?;
    environment::needs_its_place(model, before, mirror)?;

    let mut after = *before;
    let link = match model.keeps(Guard::TruncatesBeforeMirroringBack) {
        true => LinkState::Preparing,
        false => LinkState::Active,
    };
    lead_back(model, &mut after, mirror, link);
    Ok(after)
}

/// What a group has committed at the source becomes its committed offset at the target, as it is.
///
/// Who: link.  M42.
pub(super) fn sync_group(
    model: &Mirroring,
    before: &State,
    group: Group,
    mirror: Mirror,
) -> Result<State, Disabled> {
    let flow = model.setting.flow(mirror);
    needs(flow.syncs_groups, Disabled::NotInThisTool)?;
    needs_mirror(before, mirror)?;
    needs_both_up(before, model.setting.flow(mirror))?;
    let idle = !is_member(model, before, group, flow.to);
    model.require(Guard::RunningGroupsAreRefused, idle)?;

    let mut after = *before;
    for task in model.setting.tasks_of(mirror) {
        let own = &before[task];
        let moved = before[group].committed_at.contains(flow.to)
            && model.keeps_for(task, Guard::MovedGroupsAreLeftAlone);
        if !own.known || own.link != LinkState::Active || moved {
            continue;
        }
        let work = model.setting.work(task);
        let (from, to) = (work.from, work.to[0]);
        let Some(committed) = before[group].committed[from.index()] else {
            continue;
        };
        let log = &before[to];
        let clamps = flow.tool != Tool::ClusterLinking && model.keeps(Guard::OffsetsAreClamped);
        let offset = match clamps {
            true => committed.clamp(log.start, log.end),
            false => committed,
        };
        if before[group].committed[to.index()] != Some(offset) {
            after[group].commit_bare(to, offset);
        }
    }
    needs(after != *before, Disabled::NothingThere)?;
    Ok(after)
}
