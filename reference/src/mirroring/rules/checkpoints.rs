//! Checkpoints, and groups' offsets at the target (`MirrorCheckpointTask`).

use super::groups::has_members;
use super::{Around, unless};
use crate::mirroring::Refusal;
use crate::mirroring::row::Row;
use crate::mirroring::syncs::pair;
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Group, Mirror, Pair, Task};

/// A group's committed offset is translated, and written as a checkpoint if that is new
/// (`checkpointsForGroup`, `checkpointIsMoreRecent`).
pub(crate) fn checkpoint(
    row: &mut Row,
    around: Around<'_>,
    group: Group,
    task: Task,
) -> Result<(), Refusal> {
    let (work, flow, switches) = around.task(task);
    around.runs(work.mirror)?;
    around.up(flow.from)?;
    around.up(flow.to)?;
    unless(!switches.has_checkpoints, Refusal::NothingThere)?;
    let (at, of) = (task.index(), group.index());
    let committed = row.readings[of][work.from.index()].committed;
    let upstream = committed.ok_or(Refusal::NothingThere)?;
    let starts = |task: usize| {
        let synced = &row.besides.synced[task];
        synced.read < synced.at_start
    };
    let has_read = !around.places_of(work.mirror).any(starts);
    unless(
        switches.reads_to_end_first && !has_read,
        Refusal::SyncsAreReadToEnd,
    )?;
    let store = &row.besides.synced[at].store;
    let downstream = store.translate(upstream, switches.translates_by_delta);
    let downstream = downstream.ok_or(Refusal::NotTranslatable)?;
    let found = pair(upstream, downstream);
    let last = row.checkpoints[of][at].filter(|_| row.besides.remembered[of][at]);
    match switches.monotone_checkpoints {
        true => unless(!is_newer(found, last), Refusal::CheckpointsAreMonotone)?,
        false => unless(last == Some(found), Refusal::AlreadySo)?,
    }

    row.checkpoints[of][at] = Some(found);
    row.besides.remembered[of][at] = true;
    Ok(())
}

fn is_newer(found: Pair, last: Option<Pair>) -> bool {
    last.is_none_or(|last| found.upstream < last.upstream || found.downstream > last.downstream)
}

/// Whether the mirror looks at groups at its target at all, and can now.
pub(crate) fn may_look(around: Around<'_>, mirror: Mirror) -> Result<(), Refusal> {
    let flow = around.setting.flow(mirror);
    around.runs(mirror)?;
    around.up(flow.to)?;
    let looks = flow.syncs_groups && around.switches(mirror).has_checkpoints;
    unless(!looks, Refusal::GroupsAreNotSynced)
}

/// Whether it can write what it has looked for.
pub(crate) fn may_write(around: Around<'_>, group: Group, mirror: Mirror) -> Result<(), Refusal> {
    may_look(around, mirror)?;
    let has_looked = around.world.groups[group.index()]
        .looked_by
        .contains(mirror);
    unless(!has_looked, Refusal::LooksBeforeItWrites)
}

/// Of a group that is idle at the target a snapshot is taken.  One that was taken earlier stays until it is
/// used (`refreshIdleConsumerGroupOffset` only ever puts into `idleConsumerGroupsOffset`).
pub(crate) fn look(row: &mut Row, around: Around<'_>, group: Group, mirror: Mirror) {
    if is_idle(row, around, group, mirror) {
        let target = around.setting.flow(mirror).to;
        let places = around.setting.every_partition();
        let committed = places.map(|place| {
            let reading = &row.readings[group.index()][place.index()];
            let is_there = around.setting.partition(place).cluster == target;
            reading.committed.filter(|_| is_there)
        });
        let committed = committed.collect();
        row.besides.snapshots[group.index()][mirror.index()] = Some(committed);
    }
}

fn is_idle(row: &Row, around: Around<'_>, group: Group, mirror: Mirror) -> bool {
    let target = around.setting.flow(mirror).to;
    !has_members(around, group, target) && has_committed(row, around, group, mirror)
}

fn has_committed(row: &Row, around: Around<'_>, group: Group, mirror: Mirror) -> bool {
    let target = around.setting.flow(mirror).to;
    let readings = &row.readings[group.index()];
    let mut places = around.setting.partitions_of(target);
    places.any(|place| readings[place.index()].committed.is_some())
}

/// The checkpoints are written as committed offsets, where the snapshot has none or lower ones
/// (`syncGroupOffset`).  A group with members at the target refuses (`UnknownMemberIdException`).
pub(crate) fn sync_group(row: &mut Row, around: Around<'_>, group: Group, mirror: Mirror) {
    let snapshot = row.besides.snapshots[group.index()][mirror.index()].take();
    let target = around.setting.flow(mirror).to;
    if has_members(around, group, target) {
        return;
    }
    let overwrites = around.switches(mirror).overwrites_without_snapshot;
    if snapshot.is_none() && !overwrites && has_committed(row, around, group, mirror) {
        return;
    }
    for task in around.setting.tasks_of(mirror) {
        let (at, of) = (task.index(), group.index());
        let written = row.checkpoints[of][at].filter(|_| row.besides.remembered[of][at]);
        let (Some(written), Some(to)) = (written, around.setting.work(task).to.first()) else {
            continue;
        };
        let to = to.index();
        let known = snapshot.as_ref().and_then(|committed| committed[to]);
        if known.is_none_or(|known| known < written.downstream.0) {
            row.readings[of][to].committed = Some(written.downstream.0);
            row.besides.epochs[of][to].committed = None;
        }
    }
}
