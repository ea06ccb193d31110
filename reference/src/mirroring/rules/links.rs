//! A link's task fetches and appends, truncates, and stops (docs/LINKS.md).

use super::groups::has_members;
use super::producers::stamp;
use super::{Around, unless};
use crate::mirroring::Refusal;
use crate::mirroring::linking::Linking;
use crate::mirroring::log::{Copied, Says};
use crate::mirroring::row::{Held, Row};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Content, Group, LinkState, Mirror, Task};

/// How a link's tool does things; nothing else than a link gets here.
fn linking(around: Around<'_>, mirror: Mirror) -> Result<Linking, Refusal> {
    around.switches(mirror).link.ok_or(Refusal::NotInThisTool)
}

/// The logs that a task reads and writes.
fn ends(around: Around<'_>, task: Task) -> Result<(usize, usize), Refusal> {
    let work = around.setting.work(task);
    let to = work.to.first().ok_or(Refusal::NoSuchPartition)?;
    Ok((work.from.index(), to.index()))
}

/// Whether the task acts at all, and reaches its target.
pub(crate) fn acts(around: Around<'_>, task: Task) -> Result<Linking, Refusal> {
    let work = around.setting.work(task);
    let linking = linking(around, work.mirror)?;
    around.runs(work.mirror)?;
    around.up(around.setting.flow(work.mirror).to)?;
    let is_known = around.world.mirror(work.mirror).known.contains(task);
    unless(!is_known, Refusal::NoSuchPartition)?;
    Ok(linking)
}

fn is(around: Around<'_>, task: Task, state: LinkState) -> Result<(), Refusal> {
    unless(around.world.link(task) != state, Refusal::OtherLinkState)
}

/// The leader of the target fetches what stands in the source at its own end.
pub(crate) fn poll(row: &mut Row, around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let linking = acts(around, task)?;
    let (work, flow, _) = around.task(task);
    around.up(flow.from)?;
    around.exists(work.from)?;
    is(around, task, LinkState::Active)?;
    unless(
        row.workers[task.index()].memory.is_some(),
        Refusal::MemoryIsFull,
    )?;
    let (from, to) = ends(around, task)?;
    let (source, target) = (&row.logs.of[from], &row.logs.of[to]);
    unless(source.id != target.id, Refusal::TopicIdsAgree)?;
    let upstream = target.end;
    unless(!source.is_in_range(upstream), Refusal::LogsPart)?;
    let parts = linking.finds_divergence && target.parts_from(source).is_some();
    unless(parts, Refusal::LogsPart)?;
    let span = source.at(upstream).ok_or(Refusal::NothingThere)?;
    unless(
        row.logs.offered(from) == Some(upstream),
        Refusal::NotCommitted,
    )?;
    let is_unstable = linking.fetches_stable && upstream >= row.logs.last_stable(from);
    unless(is_unstable, Refusal::NotCommitted)?;

    let worker = &mut row.workers[task.index()];
    worker.epoch = Some(source.epoch_at(upstream));
    worker.memory = Some(Held {
        upstream,
        written: span.written,
        stamp: span.stamp,
        headers: span.headers,
    });
    Ok(())
}

/// It appends what it has fetched, at the offset that it had.
pub(crate) fn copy(row: &mut Row, around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let linking = acts(around, task)?;
    let (_, to) = ends(around, task)?;
    let worker = &row.workers[task.index()];
    let held = worker.memory.ok_or(Refusal::NothingThere)?;
    is(around, task, LinkState::Active)?;
    unless(row.logs.of[to].end != held.upstream, Refusal::LogsPart)?;

    let copied = Copied {
        task: task.index(),
        upstream: held.upstream,
    };
    let log = &mut row.logs.of[to];
    match worker.epoch.filter(|_| linking.keeps_epochs) {
        Some(epoch) => log.push_of(epoch.leader, held.written, copied, held.stamp),
        None => log.push_headed(held.written, Some(copied), held.stamp, held.headers),
    }
    forget(row, task);
    Ok(())
}

/// What a task has fetched is gone.
pub(crate) fn forget(row: &mut Row, task: Task) {
    let worker = &mut row.workers[task.index()];
    (worker.memory, worker.epoch) = (None, None);
}

/// It truncates its target: to where that parts from the source, or, as it stops, to what is stable.
pub(crate) fn truncate(row: &mut Row, around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let linking = acts(around, task)?;
    let (from, to) = ends(around, task)?;
    let (source, target) = (&row.logs.of[from], &row.logs.of[to]);
    if around.world.link(task) == LinkState::Stopping {
        unless(!linking.truncates_to_stable, Refusal::NotInThisTool)?;
        let stable = row.logs.last_stable(to);
        unless(stable == target.end, Refusal::NothingThere)?;

        row.logs.of[to].cut_off(stable);
        forget(row, task);
        return Ok(());
    }
    is(around, task, LinkState::Active)?;
    around.up(around.setting.flow_of(task).from)?;
    if target.end < source.start {
        let start = source.start;
        row.logs.of[to].begin_anew(start);
        forget(row, task);
        return Ok(());
    }
    let parted = match linking.finds_divergence {
        true => target.parts_from(source),
        false => None,
    };
    let outside = Some(source.end).filter(|end| *end < target.end);
    let at = parted.or(outside).ok_or(Refusal::NothingThere)?;

    row.logs.of[to].cut_off(at);
    forget(row, task);
    Ok(())
}

/// Whether a task that leads back can truncate as it has to.
pub(crate) fn may_truncate_back(around: Around<'_>, task: Task) -> Result<(), Refusal> {
    acts(around, task)?;
    is(around, task, LinkState::Preparing)?;
    around.up(around.setting.flow_of(task).from)
}

/// What leads back cuts off what the other direction had not copied when it stopped.
pub(crate) fn truncate_back(row: &mut Row, around: Around<'_>, task: Task) {
    let mirror = around.setting.work(task).mirror;
    let (Ok(linking), Ok((_, to))) = (linking(around, mirror), ends(around, task)) else {
        return;
    };
    let way_back = around.setting.way_back(task);
    let last = way_back.and_then(|back| row.besides.lasts[back.index()]);
    let log = &mut row.logs.of[to];
    let at = match (last, linking.truncates_by_epoch) {
        (Some(epoch), true) if epoch > u64::from(log.leader_epoch()) => log.start,
        (Some(epoch), true) => log.end_of_epoch(u32::try_from(epoch).unwrap_or(u32::MAX)),
        (Some(end), false) => end.min(log.end),
        (None, _) => log.start,
    };
    log.cut_off(at);
    forget(row, task);
}

/// Whether a link that stops can store how far it came.
pub(crate) fn may_note(around: Around<'_>, task: Task) -> Result<(), Refusal> {
    acts(around, task)?;
    is(around, task, LinkState::Stopping)
}

/// It stores that.
pub(crate) fn note(row: &mut Row, around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let linking = linking(around, around.setting.work(task).mirror)?;
    let (_, to) = ends(around, task)?;
    let log = &row.logs.of[to];
    let is_unstable = linking.truncates_to_stable && row.logs.last_stable(to) != log.end;
    unless(is_unstable, Refusal::NotCommitted)?;

    let found = match linking.truncates_by_epoch {
        true => log.last_epoch().map(u64::from),
        false => Some(log.end),
    };
    row.besides.lasts[task.index()] = found;
    Ok(())
}

/// Whether a link that stops can end what is open at its target.
pub(crate) fn may_end_transactions(around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let linking = acts(around, task)?;
    unless(!linking.ends_transactions, Refusal::NotInThisTool)?;
    is(around, task, LinkState::Noted)
}

/// The leader epoch is raised, what is open is aborted, and the ids of producers are forgotten.
pub(crate) fn end_transactions(row: &mut Row, around: Around<'_>, task: Task) {
    let Ok((_, to)) = ends(around, task) else {
        return;
    };
    let place = around.setting.work(task).to[0];
    let stamp = stamp(around, place);
    let epoch = row.logs.of[to].leader_epoch();
    row.logs.of[to].raise(epoch + 1);
    if row.logs.last_stable(to) != row.logs.of[to].end {
        row.logs
            .write_saying(to, Content::Marker, Says::Aborts, stamp);
    }
    row.logs.write(to, Content::Marker, stamp);
}

/// Whether a link that stops has done all that it has to.
pub(crate) fn may_finish(around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let linking = acts(around, task)?;
    match linking.ends_transactions {
        true => is(around, task, LinkState::Ended),
        false => is(around, task, LinkState::Noted),
    }
}

/// Whether a link can be told to stop.
pub(crate) fn may_stop(around: Around<'_>, mirror: Mirror) -> Result<(), Refusal> {
    let state = around.world.mirror(mirror);
    unless(state.stopped, Refusal::Gone)?;
    let waits = !around.setting.flow(mirror).initial && !state.started;
    unless(waits, Refusal::NothingThere)?;
    let mut tasks = around.setting.tasks_of(mirror);
    let prepares = tasks.any(|task| around.world.link(task) == LinkState::Preparing);
    unless(prepares, Refusal::OtherLinkState)
}

/// It fetches no more; with Cluster Linking no group has committed more than there is.
pub(crate) fn stop(row: &mut Row, around: Around<'_>, mirror: Mirror) {
    let clamps = linking(around, mirror).is_ok_and(|linking| linking.clamps_at_stop);
    for task in around.setting.tasks_of(mirror) {
        forget(row, task);
        let Ok((_, to)) = ends(around, task) else {
            continue;
        };
        let end = row.logs.of[to].end;
        for group in (0..row.readings.len()).filter(|_| clamps) {
            let committed = &mut row.readings[group][to].committed;
            if committed.is_some_and(|committed| committed > end) {
                *committed = Some(end);
                row.besides.epochs[group][to].committed = None;
            }
        }
    }
}

/// Whether everything was copied, and nothing is under way.
pub(crate) fn has_drained(row: &Row, around: Around<'_>, mirror: Mirror) -> Result<(), Refusal> {
    let mut tasks = around.setting.tasks_of(mirror);
    tasks.try_for_each(|task| {
        let (from, to) = ends(around, task)?;
        let is_behind = row.logs.of[from].end != row.logs.of[to].end;
        let holds = row.workers[task.index()].memory.is_some();
        unless(is_behind || holds, Refusal::NotDrained)
    })
}

/// Whether a tool can do what Cluster Linking can, and both ends are up.
pub(crate) fn may_drain(around: Around<'_>, mirror: Mirror) -> Result<(), Refusal> {
    let flow = around.setting.flow(mirror);
    unless(
        !linking(around, mirror)?.is_promoted,
        Refusal::NotInThisTool,
    )?;
    around.runs(mirror)?;
    around.up(flow.from)?;
    around.up(flow.to)
}

/// A link is turned round: each of its tasks stops where it is.
pub(crate) fn turn_round(row: &mut Row, around: Around<'_>, mirror: Mirror) {
    for task in around.setting.tasks_of(mirror) {
        let Ok((_, to)) = ends(around, task) else {
            continue;
        };
        let log = &mut row.logs.of[to];
        log.raise(log.leader_epoch() + 1);
        row.besides.lasts[task.index()] = Some(log.end);
    }
}

/// A link begins: nothing is stored of it.
pub(crate) fn begin(row: &mut Row, around: Around<'_>, mirror: Mirror) {
    for task in around.setting.tasks_of(mirror) {
        row.besides.lasts[task.index()] = None;
    }
}

/// Whether a link can write a group's offsets.
pub(crate) fn may_sync_group(
    around: Around<'_>,
    group: Group,
    mirror: Mirror,
) -> Result<(), Refusal> {
    let flow = around.setting.flow(mirror);
    unless(!flow.syncs_groups, Refusal::GroupsAreNotSynced)?;
    around.runs(mirror)?;
    around.up(flow.from)?;
    around.up(flow.to)?;
    unless(has_members(around, group, flow.to), Refusal::KnownMember)
}

/// What a group has committed at the source it has committed at the target.
pub(crate) fn sync_group(row: &mut Row, around: Around<'_>, group: Group, mirror: Mirror) {
    let known = around.world.mirror(mirror).known;
    let is_active =
        |task: &Task| around.world.link(*task) == LinkState::Active && known.contains(*task);
    let clamps = linking(around, mirror).is_ok_and(|linking| linking.clamps_as_written);
    for task in around.setting.tasks_of(mirror).filter(is_active) {
        let Ok((from, to)) = ends(around, task) else {
            continue;
        };
        let of = group.index();
        let Some(committed) = row.readings[of][from].committed else {
            continue;
        };
        let log = &row.logs.of[to];
        let written = match clamps {
            true => committed.clamp(log.start, log.end),
            false => committed,
        };
        if row.readings[of][to].committed != Some(written) {
            row.readings[of][to].committed = Some(written);
            row.besides.epochs[of][to].committed = None;
        }
    }
}
