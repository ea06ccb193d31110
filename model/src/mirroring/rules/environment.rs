//! Faults, and what heals them.

use super::super::state::{Looked, TaskState};
use super::super::{Disabled, Guard, Mirroring, State};
use super::{needs, needs_up, position_kept_at, syncs_kept_at};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Cluster, LinkState, MOST_GROUPS, Mirror, Task, Tool, TopicPartition,
};

/// Every worker of the mirror dies, and its memory with it.
pub(super) fn crash(model: &Mirroring, before: &State, mirror: Mirror) -> Result<State, Disabled> {
    needs(before.running.contains(mirror), Disabled::OtherLife)?;

    let mut after = *before;
    end(model, &mut after, mirror);
    Ok(after)
}

/// Every worker of the mirror is gone, and those that they had replaced.
pub(super) fn end(model: &Mirroring, after: &mut State, mirror: Mirror) {
    after.running = after.running.without(mirror);
    forget(model, after, mirror);
    for task in model.setting.tasks_of(mirror) {
        after[task].former = None;
    }
}

/// The workers start again, where they ran: each seeks to the offset after the stored one, or to the beginning.
pub(super) fn restart(
    model: &Mirroring,
    before: &State,
    mirror: Mirror,
) -> Result<State, Disabled> {
    let stopped = !before.running.contains(mirror) && !before.retired.contains(mirror);
    needs(stopped, Disabled::OtherLife)?;
    needs_its_place(model, before, mirror)?;

    let mut after = *before;
    after.running = before.running.with(mirror);
    // What was stored may have been lost meanwhile.
    forget(model, &mut after, mirror);
    // Whoever takes over a link that stops begins anew (`applyReplayedStates`).
    for task in model.setting.tasks_of(mirror) {
        if matches!(after[task].link, LinkState::Noted | LinkState::Ended) {
            after[task].link = LinkState::Stopping;
        }
    }
    Ok(after)
}

/// The clusters beside which a mirror runs are up.
pub(super) fn needs_its_place(
    model: &Mirroring,
    before: &State,
    mirror: Mirror,
) -> Result<(), Disabled> {
    let mut beside = model.setting.flow(mirror).stops_with.iter();
    beside.try_for_each(|cluster| needs_up(before, cluster))
}

/// The workers are replaced, and do not know it: what they have in memory they may still write.
pub(super) fn take_over(
    model: &Mirroring,
    before: &State,
    mirror: Mirror,
) -> Result<State, Disabled> {
    needs(before.running.contains(mirror), Disabled::OtherLife)?;

    let mut after = *before;
    forget(model, &mut after, mirror);
    for task in model.setting.tasks_of(mirror) {
        after[task].former = before[task].memory.or(before[task].former);
    }
    Ok(after)
}

/// What is left of a mirror's tasks when their workers are gone, and what the next ones will begin with.
pub(super) fn forget(model: &Mirroring, after: &mut State, mirror: Mirror) {
    after[mirror].looked = [Looked::No; MOST_GROUPS];
    for task in model.setting.tasks_of(mirror) {
        let own = &mut after[task];
        *own = TaskState {
            known: own.known,
            position: seek(model, own),
            former: own.former,
            stored: own.stored,
            syncs: own.syncs,
            there_at_start: own.syncs.len(),
            only_last: !model.keeps_for(task, Guard::HistorySurvivesRestart),
            link: own.link,
            last_offset: own.last_offset,
            last_epoch: own.last_epoch,
            ..TaskState::default()
        };
        if !model.keeps_for(task, Guard::HistorySurvivesRestart) {
            forget_checkpoints(model, after, task);
        }
    }
}

/// Where a worker seeks when it starts (`MirrorSourceTask.initializeConsumer`).
fn seek(model: &Mirroring, own: &TaskState) -> u8 {
    let past = u8::from(model.keeps(Guard::SeekPastTheStored));
    own.stored.map_or(0, |stored| stored + past)
}

fn forget_checkpoints(model: &Mirroring, after: &mut State, task: Task) {
    for group in model.setting.every_group() {
        after[group].remembered = after[group].remembered.without(task);
    }
}

/// The mirror reaches neither cluster.
pub(super) fn cut(before: &State, mirror: Mirror) -> Result<State, Disabled> {
    needs(!before.cut.contains(mirror), Disabled::NothingThere)?;

    let mut after = *before;
    after.cut = before.cut.with(mirror);
    Ok(after)
}

/// It reaches both again.
pub(super) fn heal(before: &State, mirror: Mirror) -> Result<State, Disabled> {
    needs(before.cut.contains(mirror), Disabled::NothingThere)?;

    let mut after = *before;
    after.cut = before.cut.without(mirror);
    Ok(after)
}

/// A cluster stops, and the mirrors that run beside it; its disks keep everything.
pub(super) fn lose(model: &Mirroring, before: &State, cluster: Cluster) -> Result<State, Disabled> {
    needs_up(before, cluster)?;

    let mut after = *before;
    after.up = before.up.without(cluster);
    for mirror in before.running.iter() {
        if model.setting.flow(mirror).stops_with.contains(cluster) {
            end(model, &mut after, mirror);
        }
    }
    Ok(after)
}

/// A cluster that was lost is there again.
pub(super) fn come_back(before: &State, cluster: Cluster) -> Result<State, Disabled> {
    needs(!before.is_up(cluster), Disabled::ClusterIsUp)?;

    let mut after = *before;
    after.up = before.up.with(cluster);
    Ok(after)
}

/// A cluster stops, and its disks are gone: its logs, its groups' offsets, and what mirrors kept there.
pub(super) fn destroy(
    model: &Mirroring,
    before: &State,
    cluster: Cluster,
) -> Result<State, Disabled> {
    let mut after = lose(model, before, cluster)?;
    for group in model.setting.every_group() {
        after[group].committed_at = after[group].committed_at.without(cluster);
    }
    for place in model.setting.partitions_of(cluster) {
        after[place] = before[place].made_anew();
        for group in model.setting.every_group() {
            after[group].forget_commit(place);
        }
    }
    for task in model.setting.every_task() {
        let flow = model.setting.flow_of(task);
        let own = &mut after[task];
        let [syncs, stored] = [syncs_kept_at(model, task), position_kept_at(model, task)];
        // What uReplicator's service knows, no cluster keeps.
        if syncs == cluster && flow.tool != Tool::UReplicator {
            own.syncs = Default::default();
            own.read = 0;
            own.there_at_start = 0;
        }
        if stored == cluster {
            own.stored = None;
        }
        if flow.to == cluster {
            own.last_offset = None;
            own.last_epoch = None;
            for group in model.setting.every_group() {
                after[group].checkpoints[task.index()] = None;
                after[group].remembered = after[group].remembered.without(task);
            }
        }
        if flow.from == cluster {
            for group in model.setting.every_group() {
                after[group].rows[task.index()] = None;
            }
        }
    }
    Ok(after)
}

/// An unclean election: the new leader lacks the last records.
///
/// A log here remembers where one epoch began, and not two.
pub(super) fn lose_suffix(
    before: &State,
    place: TopicPartition,
    lost: u8,
) -> Result<State, Disabled> {
    let log = &before[place];
    needs(
        0 < lost && lost <= log.end - log.start,
        Disabled::NothingThere,
    )?;
    needs(log.linked || log.epoch == 0, Disabled::ModelIsFull)?;
    needs(log.offered().is_none(), Disabled::Transaction)?;

    let mut after = *before;
    after[place].drop_suffix(lost);
    Ok(after)
}

/// The offsets topic of a cluster is lost, as one with a single replica is.  MirrorMaker 1 keeps its
/// position there.
pub(super) fn lose_commits(
    model: &Mirroring,
    before: &State,
    cluster: Cluster,
) -> Result<State, Disabled> {
    let mut after = *before;
    for place in model.setting.partitions_of(cluster) {
        for group in model.setting.every_group() {
            after[group].forget_commit(place);
        }
    }
    for group in model.setting.every_group() {
        after[group].committed_at = after[group].committed_at.without(cluster);
    }
    for task in model.setting.every_task() {
        let flow = model.setting.flow_of(task);
        if commits_position(flow.tool) && flow.from == cluster {
            after[task].stored = None;
        }
    }
    needs(after != *before, Disabled::NothingThere)?;
    Ok(after)
}

/// Retention removes the oldest records.
pub(super) fn expire(before: &State, place: TopicPartition, lost: u8) -> Result<State, Disabled> {
    let log = &before[place];
    needs(
        0 < lost && lost <= log.end - log.start,
        Disabled::NothingThere,
    )?;
    let offered = u8::from(log.offered().is_some());
    needs(lost + offered <= log.end - log.start, Disabled::Transaction)?;

    let mut after = *before;
    after[place].expire(lost);
    Ok(after)
}

/// The topic is deleted and made anew.  What groups had committed in it goes with it
/// (`GroupCoordinator.handleDeletedPartitions`), and so does the position of a MirrorMaker 1, which is such
/// a commit.
pub(super) fn recreate(
    model: &Mirroring,
    before: &State,
    place: TopicPartition,
) -> Result<State, Disabled> {
    let log = &before[place];
    needs_up(before, model.setting.partition(place).cluster)?;
    needs(log.exists && log.end > 0, Disabled::NothingThere)?;

    let mut after = *before;
    delete(model, &mut after, place);
    if log.linked {
        let ids = model.setting.every_partition();
        let newest = ids.map(|place| before[place].topic_id).max();
        after[place].topic_id = newest.unwrap_or(0) + 1;
    }
    Ok(after)
}

/// Whether a tool's position is a commit like that of any group.
fn commits_position(tool: Tool) -> bool {
    matches!(tool, Tool::MirrorMaker1 | Tool::UReplicator)
}

/// What becomes of a topic-partition that is deleted and made anew.
pub(super) fn delete(model: &Mirroring, after: &mut State, place: TopicPartition) {
    after[place] = after[place].made_anew();
    for group in model.setting.every_group() {
        after[group].forget_commit(place);
    }
    for task in model.setting.every_task() {
        let own = model.setting.work(task).from == place;
        if own && commits_position(model.setting.flow_of(task).tool) {
            after[task].stored = None;
        }
    }
}

/// The clock of a cluster advances.
pub(super) fn tick(before: &State, cluster: Cluster) -> Result<State, Disabled> {
    let mut after = *before;
    after.clocks[cluster.index()] += 1;
    Ok(after)
}

/// The clock of a cluster jumps back.
pub(super) fn skew(before: &State, cluster: Cluster) -> Result<State, Disabled> {
    let clock = before.clocks[cluster.index()];
    needs(clock > 0, Disabled::NothingThere)?;

    let mut after = *before;
    after.clocks[cluster.index()] = clock - 1;
    Ok(after)
}
