//! Offset syncs, checkpoints, and the offsets that a mirror commits for groups.
//!
//! Sources: `OffsetSyncWriter`, `OffsetSyncStore`, `MirrorCheckpointTask`, `CheckpointStore`.

use super::super::state::{Checkpoint, Looked, TaskState};
use super::super::sync_store::{OffsetSync, SmallStore};
use super::super::translation::{Rule, Translated, translate};
use super::super::{Disabled, Guard, Mirroring, State};
use super::groups::is_member;
use super::{
    has_checkpoints, needs, needs_both_up, needs_mirror, needs_task, needs_up, syncs_kept_at,
};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Cluster, Group, MOST_PARTITIONS, Mirror, Task, TopicPartition,
};

/// Pairs of offsets are sent and read as offset syncs by MirrorMaker 2 only.
fn needs_syncs(model: &Mirroring, task: Task) -> Result<(), Disabled> {
    let tool = model.setting.flow_of(task).tool;
    needs(has_checkpoints(tool), Disabled::NotInThisTool)
}

/// The offset sync that is due is appended to its topic.
pub(super) fn sync(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    needs_task(model, before, task)?;
    needs_syncs(model, task)?;
    let sync = before[task].pending.ok_or(Disabled::NothingThere)?;
    needs_up(before, syncs_kept_at(model, task))?;
    needs(before[task].syncs.has_room(), Disabled::ModelIsFull)?;

    let mut after = *before;
    after[task].syncs.push(sync);
    after[task].pending = None;
    Ok(after)
}

/// The offset sync that is due is not sent, since too many are under way, and the task counts it as
/// sent (KAFKA-12558).
pub(super) fn sync_lost(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    needs_task(model, before, task)?;
    needs_syncs(model, task)?;
    needs(before[task].pending.is_some(), Disabled::NothingThere)?;
    match model.keeps_for(task, Guard::SyncsAreNotDropped) {
        true => Err(Disabled::By(Guard::SyncsAreNotDropped)),
        false => {
            let mut after = *before;
            after[task].pending = None;
            Ok(after)
        }
    }
}

/// The checkpoint task reads the next offset sync.
pub(super) fn read_sync(model: &Mirroring, before: &State, task: Task) -> Result<State, Disabled> {
    needs_task(model, before, task)?;
    needs_syncs(model, task)?;
    needs_up(before, syncs_kept_at(model, task))?;
    needs(
        before[task].read < before[task].syncs.len(),
        Disabled::NothingThere,
    )?;

    let mut after = *before;
    after[task].read += 1;
    Ok(after)
}

/// What the checkpoint task keeps of the syncs that it has read, newest first.
pub fn kept_syncs(model: &Mirroring, task: Task, own: &TaskState) -> Vec<OffsetSync> {
    let read = &own.syncs.all()[..usize::from(own.read)];
    let keeps_older = model.keeps_for(task, Guard::OlderSyncsAreKept);
    let mut store: Option<SmallStore> = None;
    for (number, sync) in read.iter().enumerate() {
        let at_start = own.only_last && number < usize::from(own.there_at_start);
        match &mut store {
            Some(store) if keeps_older && !at_start => match model.keeps(Guard::RewindForgetsSyncs)
            {
                true => store.add(*sync),
                false => store.take_in(*sync),
            },
            _ => store = Some(SmallStore::first(*sync)),
        }
    }
    store.map_or(Vec::new(), |store| store.kept().collect())
}

/// What a committed offset of the source is at the target, if the checkpoint task can tell.
pub fn translated(model: &Mirroring, task: Task, own: &TaskState, committed: u8) -> Option<u8> {
    if !model.keeps(Guard::OffsetsAreTranslated) {
        return Some(committed);
    }
    if !own.has_read_to_end() && model.keeps_for(task, Guard::SyncsAreReadToTheEnd) {
        return None;
    }
    let kept = kept_syncs(model, task, own);
    let rule = match model.keeps_for(task, Guard::OneStepPastTheSync) {
        true => Rule::Step,
        false => Rule::Delta,
    };
    match translate(rule, kept.iter().copied(), committed.into()) {
        Translated::To(offset) => u8::try_from(offset).ok(),
        Translated::TooOld if !model.keeps(Guard::SyncIsNotLater) => {
            let oldest = kept.last()?;
            u8::try_from(oldest.downstream).ok()
        }
        Translated::TooOld | Translated::Unknown => None,
    }
}

/// The group's committed offset at the source is translated, and written if that is news.
pub(super) fn checkpoint(
    model: &Mirroring,
    before: &State,
    group: Group,
    task: Task,
) -> Result<State, Disabled> {
    needs_task(model, before, task)?;
    let flow = model.setting.flow_of(task);
    needs(has_checkpoints(flow.tool), Disabled::NotInThisTool)?;
    needs_both_up(before, flow)?;
    if model.keeps_for(task, Guard::SyncsAreReadToTheEnd) {
        let mut tasks = model.setting.tasks_of(model.setting.work(task).mirror);
        // One topic has the syncs of all.
        let has_read = tasks.all(|one| before[one].has_read_to_end());
        needs(has_read, Disabled::By(Guard::SyncsAreReadToTheEnd))?;
    }
    let from = model.setting.work(task).from;
    let upstream = before[group].committed[from.index()].ok_or(Disabled::NothingThere)?;
    let downstream = translated(model, task, &before[task], upstream);
    let downstream = downstream.ok_or(Disabled::NothingThere)?;
    let counts = downstream > 0 || model.keeps(Guard::OffsetZeroCounts);
    needs(counts, Disabled::NothingThere)?;
    let new = Checkpoint {
        upstream,
        downstream,
    };
    let written = before[group].checkpoints[task.index()];
    let remembered = before[group].remembered.contains(task);
    let advances = written
        .filter(|_| remembered)
        .is_none_or(|last| upstream < last.upstream || downstream > last.downstream);
    if model.keeps_for(task, Guard::CheckpointsAdvance) && !advances {
        return Err(match written == Some(new) {
            true => Disabled::NothingThere,
            false => Disabled::By(Guard::CheckpointsAdvance),
        });
    }
    needs(written != Some(new) || !remembered, Disabled::NothingThere)?;

    let mut after = *before;
    after[group].checkpoints[task.index()] = Some(new);
    after[group].remembered = before[group].remembered.with(task);
    Ok(after)
}

/// The mirror asks the target how a group fares there.  Only of an idle one does it keep the offsets.
pub(super) fn look(
    model: &Mirroring,
    before: &State,
    group: Group,
    mirror: Mirror,
) -> Result<State, Disabled> {
    may_look(model, before, mirror)?;
    let at = model.setting.flow(mirror).to;
    let idle = !is_member(model, before, group, at) && is_known_at(model, before, group, at);
    let seen = match idle {
        true => Looked::Idle(committed_at(model, before, group, at)),
        false => still_known(before, group, mirror),
    };

    let mut after = *before;
    after[mirror].looked[group.index()] = seen;
    Ok(after)
}

/// The mirror asks, and hears nothing.
pub(super) fn look_failed(
    model: &Mirroring,
    before: &State,
    group: Group,
    mirror: Mirror,
) -> Result<State, Disabled> {
    may_look(model, before, mirror)?;

    let mut after = *before;
    after[mirror].looked[group.index()] = still_known(before, group, mirror);
    Ok(after)
}

/// What the mirror knows when it learns nothing: a snapshot stays until it is used
/// (`idleConsumerGroupsOffset` is only put into, and emptied by the next sync).
fn still_known(before: &State, group: Group, mirror: Mirror) -> Looked {
    match before[mirror].looked[group.index()] {
        Looked::No => Looked::NotIdle,
        known => known,
    }
}

fn may_look(model: &Mirroring, state: &State, mirror: Mirror) -> Result<(), Disabled> {
    needs_mirror(state, mirror)?;
    let flow = model.setting.flow(mirror);
    let looks = flow.syncs_groups && has_checkpoints(flow.tool);
    needs(looks, Disabled::NotInThisTool)?;
    needs_up(state, flow.to)
}

/// Whether a cluster has ever heard of a group: it keeps offsets of it.
fn is_known_at(model: &Mirroring, state: &State, group: Group, at: Cluster) -> bool {
    let mut places = model.setting.partitions_of(at);
    places.any(|place| state[group].committed[place.index()].is_some())
}

fn committed_at(
    model: &Mirroring,
    state: &State,
    group: Group,
    at: Cluster,
) -> [Option<u8>; MOST_PARTITIONS] {
    let mut snapshot = [None; MOST_PARTITIONS];
    for place in model.setting.partitions_of(at) {
        snapshot[place.index()] = state[group].committed[place.index()];
    }
    snapshot
}

/// The mirror writes the checkpoints of a group as its committed offsets, where it may.
///
/// The target refuses them all while the group runs there (`GroupCoordinator`, a commit from outside is
/// for empty groups).  Of a group without a snapshot nothing is known, and everything is written, unless
/// the mirror has the mend of KAFKA-19794.
pub(super) fn sync_group(
    model: &Mirroring,
    before: &State,
    group: Group,
    mirror: Mirror,
) -> Result<State, Disabled> {
    may_look(model, before, mirror)?;
    let looked = before[mirror].looked[group.index()];
    needs(looked != Looked::No, Disabled::NothingThere)?;
    let at = model.setting.flow(mirror).to;
    let refused =
        is_member(model, before, group, at) && model.keeps(Guard::RunningGroupsAreRefused);
    let first = model
        .setting
        .tasks_of(mirror)
        .next()
        .ok_or(Disabled::NothingThere)?;
    let leaves_unknown = model.keeps_for(first, Guard::UnknownGroupsAreLeftAlone)
        && looked == Looked::NotIdle
        && is_known_at(model, before, group, at);

    let mut after = *before;
    after[mirror].looked[group.index()] = Looked::No;
    if refused || leaves_unknown {
        return Ok(after);
    }
    for task in model.setting.tasks_of(mirror) {
        let Some(checkpoint) = known_checkpoint(before, group, task) else {
            continue;
        };
        let place = model.setting.work(task).to[0];
        if is_written(model, looked, place, checkpoint) {
            // The record of a checkpoint has no epoch (`Checkpoint.offsetAndMetadata`).
            after[group].commit_bare(place, checkpoint.downstream);
        }
    }
    Ok(after)
}

/// The checkpoint that the mirror has in memory.
fn known_checkpoint(state: &State, group: Group, task: Task) -> Option<Checkpoint> {
    let own = &state[group];
    own.checkpoints[task.index()].filter(|_| own.remembered.contains(task))
}

fn is_written(model: &Mirroring, looked: Looked, place: TopicPartition, new: Checkpoint) -> bool {
    match looked {
        Looked::Idle(snapshot) if model.keeps(Guard::GroupOffsetsAdvance) => {
            snapshot[place.index()].is_none_or(|offset| offset < new.downstream)
        }
        Looked::Idle(_) | Looked::NotIdle => true,
        Looked::No => false,
    }
}
