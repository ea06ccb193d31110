//! What operators do, and what heals: what refuses it, and what becomes of a row.

use super::{Around, begin_workers, end_workers, renew, unless};
use crate::mirroring::Refusal;
use crate::mirroring::row::Row;
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Cluster, Failback, Mirror, Partitions, Tasks, TopicPartition,
};

pub(crate) fn may_restart(around: Around<'_>, mirror: Mirror) -> Result<(), Refusal> {
    let state = around.world.mirror(mirror);
    unless(state.running, Refusal::AlreadySo)?;
    unless(state.stopped, Refusal::Gone)?;
    unless(!state.started, Refusal::NothingThere)?;
    has_a_place(around, mirror)
}

/// The datacenters in which a mirror runs are there.
fn has_a_place(around: Around<'_>, mirror: Mirror) -> Result<(), Refusal> {
    let mut beside = around.setting.flow(mirror).stops_with.iter();
    beside.try_for_each(|cluster| around.up(cluster))
}

/// The tasks that a look at the source would find, if there is anything new: partitions, or a
/// configuration (`MirrorSourceConnector.refreshTopicPartitions`, `syncTopicConfigs`).
pub(crate) fn refreshed(around: Around<'_>, mirror: Mirror) -> Result<Tasks, Refusal> {
    let flow = around.setting.flow(mirror);
    around.runs(mirror)?;
    around.up(flow.from)?;
    around.up(flow.to)?;
    let state = around.world.mirror(mirror);
    let found = around.world.found(around.setting, mirror);
    let is_news = !found.is_subset(state.known) || has_configuration_to_copy(around, mirror);
    unless(!is_news, Refusal::AlreadySo)?;
    Ok(found.union(state.known))
}

/// Whether the source's topics have a configuration that the target's lack.
pub(crate) fn has_configuration_to_copy(around: Around<'_>, mirror: Mirror) -> bool {
    let flow = around.setting.flow(mirror);
    let altered = around.world.altered;
    let copies = around.switches(mirror).copies_configuration;
    copies && altered.contains(flow.from) && !altered.contains(flow.to)
}

/// An operator changes the configuration of what producers write, once.
pub(crate) fn may_alter(around: Around<'_>, cluster: Cluster) -> Result<(), Refusal> {
    around.up(cluster)?;
    let mut places = around.setting.partitions_of(cluster);
    let is_written = places.any(|place| around.setting.partition(place).written);
    unless(!is_written, Refusal::NothingThere)?;
    unless(around.world.altered.contains(cluster), Refusal::AlreadySo)
}

/// What a mirror makes at its target for tasks that it has found; MirrorMaker 1 makes nothing.
pub(crate) fn made_for(around: Around<'_>, mirror: Mirror, found: Tasks) -> Partitions {
    match around.switches(mirror).partitions_by_key {
        true => Partitions::EMPTY,
        false => {
            let first = |task| around.setting.work(task).to.first().copied();
            found.iter().filter_map(first).collect()
        }
    }
}

pub(crate) fn may_stop(around: Around<'_>, mirror: Mirror) -> Result<(), Refusal> {
    let state = around.world.mirror(mirror);
    unless(state.stopped, Refusal::AlreadySo)?;
    unless(!state.started, Refusal::NothingThere)
}

pub(crate) fn may_add(around: Around<'_>, place: TopicPartition) -> Result<(), Refusal> {
    around.up(around.setting.partition(place).cluster)?;
    unless(around.world.exists.contains(place), Refusal::AlreadySo)
}

pub(crate) fn may_return(around: Around<'_>, cluster: Cluster) -> Result<(), Refusal> {
    unless(around.world.up.contains(cluster), Refusal::AlreadySo)
}

pub(crate) fn may_fail_over(around: Around<'_>, mirror: Mirror) -> Result<(), Refusal> {
    let flow = around.setting.flow(mirror);
    around.up(flow.to)?;
    unless(around.world.mirror(mirror).failed_over, Refusal::AlreadySo)?;
    unless(flow.then_written.is_empty(), Refusal::NothingThere)
}

/// Where the logs end when producers are pointed elsewhere is remembered for the way back.
pub(crate) fn fail_over(row: &mut Row, mirror: Mirror) {
    let ends = row.logs.of.iter().map(|log| log.end).collect();
    row.besides.ends_at_failover[mirror.index()] = Some(ends);
}

/// The mirrors that lead the other way.
pub(crate) fn opposite(around: Around<'_>, mirror: Mirror) -> impl Iterator<Item = Mirror> {
    let flow = around.setting.flow(mirror);
    around.setting.every_mirror().filter(move |other| {
        let other = around.setting.flow(*other);
        (other.from, other.to) == (flow.to, flow.from)
    })
}

pub(crate) fn may_fail_back(around: Around<'_>, mirror: Mirror) -> Result<(), Refusal> {
    let flow = around.setting.flow(mirror);
    let other = |mirror| around.world.mirror(mirror);
    let has_failed_over = opposite(around, mirror).any(|it| other(it).failed_over);
    unless(!has_failed_over, Refusal::NoFailoverBefore)?;
    let runs = opposite(around, mirror).any(|it| other(it).running);
    unless(runs, Refusal::OtherDirectionRuns)?;
    unless(!waits(around, mirror), Refusal::AlreadySo)?;
    around.up(flow.from)?;
    around.up(flow.to)?;
    has_a_place(around, mirror)
}

/// Whether a mirror is one that leads back, and does not run yet, or no more.
pub(crate) fn waits(around: Around<'_>, mirror: Mirror) -> bool {
    let state = around.world.mirror(mirror);
    !around.setting.flow(mirror).initial && (!state.started || state.stopped)
}

/// What the way back deletes first.
pub(crate) fn rebuilt(around: Around<'_>, mirror: Mirror) -> Partitions {
    if around.setting.failback != Failback::Rebuild {
        return Partitions::EMPTY;
    }
    let tasks = around.setting.tasks_of(mirror);
    tasks
        .flat_map(|task| around.setting.work(task).to.iter().copied())
        .collect()
}

/// The way back starts: over what was deleted before, or beside what is there, from the beginning or from
/// where the other direction ended.
pub(crate) fn fail_back(row: &mut Row, around: Around<'_>, mirror: Mirror) {
    let tasks = || around.setting.tasks_of(mirror);
    match around.setting.failback {
        Failback::Rebuild => {
            for place in rebuilt(around, mirror).iter() {
                renew(row, around, place);
            }
            // What an earlier life had stored goes with the topic.
            for task in tasks() {
                row.workers[task.index()].stored = None;
            }
        }
        Failback::Reverse => {}
        Failback::ReverseFromEnd => {
            let mut others = opposite(around, mirror);
            let ends = others.find_map(|it| row.besides.ends_at_failover[it.index()].clone());
            for task in tasks() {
                let from = around.setting.work(task).from.index();
                let end = ends.as_ref().map_or(0, |ends| ends[from]);
                row.workers[task.index()].stored = end.checked_sub(1);
            }
        }
    }
    begin_workers(row, around, mirror);
}

/// The mirror's workers are taken for dead: what they have in memory they still have.
pub(crate) fn take_over(row: &mut Row, around: Around<'_>, mirror: Mirror) {
    let tasks = || around.setting.tasks_of(mirror).map(Member::index);
    let kept: Vec<_> = tasks()
        .map(|task| row.workers[task].memory.or(row.workers[task].former))
        .collect();
    end_workers(row, around, mirror);
    for (task, kept) in tasks().zip(kept) {
        row.workers[task].former = kept;
    }
    begin_workers(row, around, mirror);
}
