//! Consumer groups start, process, commit and stop.

use super::sinks::{place_in, processed};
use super::{Around, translations, unless};
use crate::mirroring::Refusal;
use crate::mirroring::log::{Epoch, Log};
use crate::mirroring::row::Row;
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Assignment, Cluster, Commits, Content, Failover, Group, Partitions, Reset, Task, TopicPartition,
};

/// Where somebody is in a log, and the epoch of what he read last, if he knows.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub offset: u64,
    pub epoch: Option<Epoch>,
}

/// Whether a group may start at a cluster.
pub(crate) fn may_start(around: Around<'_>, group: Group, at: Cluster) -> Result<(), Refusal> {
    let state = &around.world.groups[group.index()];
    let believed = state.runs_at.minus(state.stranded);
    let is_elsewhere = match around.counts_apart(group) {
        true => state.runs_at.contains(at),
        false => !believed.is_empty() || state.runs_at.contains(at),
    };
    unless(is_elsewhere, Refusal::OnePlaceAtATime)?;
    around.up(at)?;
    let reads = around.setting.read_at(group, at);
    unless(reads.is_empty(), Refusal::NoSuchPartition)
}

/// It starts: at its own commit, or where its strategy says.  In what is made later it stands at the beginning.
pub(crate) fn start(
    row: &mut Row,
    around: Around<'_>,
    group: Group,
    at: Cluster,
) -> Result<(), Refusal> {
    for place in around.setting.read_at(group, at).iter() {
        let wanted = wanted(row, around, group, at, place);
        let found = resolve(row, around, group, place, wanted)?;
        let (of, place) = (group.index(), place.index());
        row.readings[of][place].position = Some(found.offset);
        row.besides.epochs[of][place].read = found.epoch;
    }
    Ok(())
}

/// What there is for the group to read at a cluster.
fn reads(around: Around<'_>, group: Group, at: Cluster) -> Partitions {
    let reads = around.setting.read_at(group, at);
    let reads = around.world.groups[group.index()].narrowed(reads);
    reads.intersection(around.world.exists)
}

/// Whether the coordinator of a cluster counts the group's consumers among its members: not if they take
/// their topic-partitions themselves, and not before those that rebootstrapped have joined.
pub(super) fn has_members(around: Around<'_>, group: Group, at: Cluster) -> bool {
    let state = &around.world.groups[group.index()];
    let brought = around
        .setting
        .read_at(group, at)
        .intersection(state.brought);
    around.setting.reader(group).assignment == Assignment::Subscribed
        && state.runs_at.contains(at)
        && brought.is_empty()
}

/// It begins at what is committed at a cluster, by whomever, or where `auto.offset.reset` says.
pub(crate) fn start_at_commits(
    row: &mut Row,
    around: Around<'_>,
    group: Group,
    at: Cluster,
) -> Result<(), Refusal> {
    for place in around.setting.read_at(group, at).iter() {
        let (of, index) = (group.index(), place.index());
        let epoch = row.besides.epochs[of][index].committed;
        let committed = row.readings[of][index].committed;
        let wanted = match around.begins_by_books(group, at) {
            Some(database) => place_in(row, group, database, place).map(bare),
            None => committed.map(|offset| Place { offset, epoch }),
        };
        let found = resolve(row, around, group, place, wanted)?;
        row.readings[of][index].position = Some(found.offset);
        row.besides.epochs[of][index].read = found.epoch;
    }
    // What they read is no longer theirs, and so neither is what they have not counted of it.
    row.besides.books[group.index()].forget(at);
    Ok(())
}

fn wanted(
    row: &Row,
    around: Around<'_>,
    group: Group,
    at: Cluster,
    place: TopicPartition,
) -> Option<Place> {
    let reader = around.setting.reader(group);
    let state = &around.world.groups[group.index()];
    let is_mirrored = around.setting.writers_of(place).next().is_some();
    if let Some(database) = around.begins_by_books(group, at) {
        let counted = place_in(row, group, database, place);
        return match reader.home == at || counted.is_some() || !is_mirrored {
            true => counted.map(bare),
            false => by_strategy(row, around, group, place, |of| {
                place_in(row, group, database, of)
            })
            .map(bare),
        };
    }
    let is_own = reader.home == at || state.committed_at.contains(at);
    if is_own || !is_mirrored {
        let offset = row.readings[group.index()][place.index()].committed?;
        let epoch = row.besides.epochs[group.index()][place.index()].committed;
        return Some(Place { offset, epoch });
    }
    let committed = |of: TopicPartition| row.readings[group.index()][of.index()].committed;
    by_strategy(row, around, group, place, committed).map(bare)
}

fn bare(offset: u64) -> Place {
    Place {
        offset,
        epoch: None,
    }
}

/// Where the strategy says to begin; nothing, if it has nothing to stand on.
fn by_strategy(
    row: &Row,
    around: Around<'_>,
    group: Group,
    place: TopicPartition,
    left_at: impl Fn(TopicPartition) -> Option<u64>,
) -> Option<u64> {
    let readings = &row.readings[group.index()];
    let log = &row.logs.of[place.index()];
    let end = row.logs.last_stable(place.index());
    // Of several tasks that write it, the first counts.
    let task = around.setting.writers_of(place).next()?;
    let from = around.setting.work(task).from;
    let left_at = left_at(from);
    match around.setting.reader(group).failover {
        Failover::Earliest => Some(log.start),
        Failover::Latest => Some(end),
        Failover::Preserved => left_at,
        Failover::OffsetMapping => readings[place.index()].committed,
        Failover::Translated => readings[place.index()].committed.or_else(|| {
            let checkpoint = row.checkpoints[group.index()][task.index()]?;
            Some(checkpoint.downstream.0)
        }),
        Failover::Timestamp => {
            let stamp = row.besides.stamps[group.index()]?;
            let is_late = |offset: &u64| row.logs.stamp(place.index(), *offset) >= Some(stamp);
            Some((log.start..end).find(is_late).unwrap_or(end))
        }
        Failover::ExternalMap => Some(first_unread(log, end, task, left_at?)),
    }
}

/// The stamp of the last record before an offset that a group commits.
fn last_stamp(row: &Row, from: TopicPartition, committed: u64) -> Option<u64> {
    let log = &row.logs.of[from.index()];
    let is_record = |offset: &u64| {
        let content = row.logs.content(from.index(), *offset);
        matches!(content, Some(Content::Record(_)) | None)
    };
    let last = (log.start..committed.min(log.end)).rfind(is_record)?;
    row.logs.stamp(from.index(), last)
}

/// The first entry that is not a copy of something before the committed offset, or the end.
fn first_unread(log: &Log, end: u64, task: Task, committed: u64) -> u64 {
    let is_unread = |offset: &u64| {
        let copied = log.at(*offset).and_then(|span| span.copied);
        copied.is_none_or(|copied| copied.task != task.index() || copied.upstream >= committed)
    };
    (log.start..end).find(is_unread).unwrap_or(end)
}

/// Where a consumer is that wants to be at a place: back where the logs part, if the epoch tells that they
/// do; where `auto.offset.reset` says, if there is no place or it is outside the log.
pub(super) fn resolve(
    row: &Row,
    around: Around<'_>,
    group: Group,
    at: TopicPartition,
    wanted: Option<Place>,
) -> Result<Place, Refusal> {
    let log = &row.logs.of[at.index()];
    let reset = around.setting.reader(group).reset;
    let parted = wanted.and_then(|wanted| {
        let end = log.end_of(wanted.epoch?)?;
        (end < wanted.offset).then_some(end)
    });
    let offset = match (wanted, parted, reset) {
        (_, Some(_), Reset::None) => return Err(Refusal::NoResetPolicy),
        (_, Some(end), _) => Some(end),
        (wanted, None, _) => wanted.map(|wanted| wanted.offset),
    };
    if let Some(offset) = offset.filter(|offset| log.is_in_range(*offset)) {
        let epoch = wanted.and_then(|wanted| wanted.epoch);
        return Ok(Place { offset, epoch });
    }
    let offset = match reset {
        Reset::Earliest => log.start,
        Reset::Latest => row.logs.last_stable(at.index()),
        Reset::None => return Err(Refusal::NoResetPolicy),
    };
    let epoch = None;
    Ok(Place { offset, epoch })
}

/// Where a running group is in a topic-partition.
fn place(
    row: &Row,
    around: Around<'_>,
    group: Group,
    from: TopicPartition,
) -> Result<Place, Refusal> {
    let (of, at) = (group.index(), from.index());
    let running = row.readings[of][at].position.map(|offset| Place {
        offset,
        epoch: row.besides.epochs[of][at].read,
    });
    resolve(row, around, group, from, running)
}

/// It processes its next record.
pub(crate) fn consume(
    row: &mut Row,
    around: Around<'_>,
    group: Group,
    from: TopicPartition,
) -> Result<(), Refusal> {
    let cluster = around.setting.partition(from).cluster;
    let state = &around.world.groups[group.index()];
    unless(!state.runs_at.contains(cluster), Refusal::GroupNotRunning)?;
    around.up(cluster)?;
    let reads = around.setting.read_at(group, cluster);
    let reads = state.narrowed(reads);
    unless(!reads.contains(from), Refusal::NotInThisSetting)?;
    around.exists(from)?;
    let place = place(row, around, group, from)?;
    let next = row.logs.next_record(from.index(), place.offset, true);
    let offset = next.ok_or(Refusal::NothingThere)?;

    processed(row, around, group, from, offset);
    let (of, at) = (group.index(), from.index());
    row.readings[of][at].position = Some(offset + 1);
    let epoch = Some(row.logs.of[at].epoch_at(offset));
    row.besides.epochs[of][at].read = epoch.filter(|_| around.options.groups_know_epochs);
    Ok(())
}

/// Whether a group can commit at a cluster.
pub(crate) fn may_commit(around: Around<'_>, group: Group, at: Cluster) -> Result<(), Refusal> {
    let state = &around.world.groups[group.index()];
    unless(!state.runs_at.contains(at), Refusal::GroupNotRunning)?;
    around.up(at)?;
    let claims_membership = around.setting.reader(group).assignment == Assignment::Subscribed;
    let is_unknown = claims_membership && !has_members(around, group, at);
    unless(is_unknown, Refusal::UnknownMember)
}

/// It commits its place in everything that it reads there, past what it does not hand out; or, before it
/// processes, one past the next record.
pub(crate) fn commit(
    row: &mut Row,
    around: Around<'_>,
    group: Group,
    at: Cluster,
) -> Result<(), Refusal> {
    let mut uncounted = row.besides.books[group.index()].memory_of(at);
    unless(uncounted.next().is_some(), Refusal::CommitsFollowCounts)?;
    drop(uncounted);
    for from in reads(around, group, at).iter() {
        let (of, at) = (group.index(), from.index());
        let place = place(row, around, group, from)?;
        let log = &row.logs.of[at];
        let next = row.logs.next_record(at, place.offset, true);
        let processes_later = around.setting.reader(group).commits == Commits::Before;
        let (committed, epoch) = match (next, processes_later) {
            (Some(offset), true) => (offset + 1, Some(log.epoch_at(offset))),
            (None, true) => (place.offset, place.epoch),
            (next, false) => (next.unwrap_or(row.logs.last_stable(at)), place.epoch),
        };
        if let Some(stamp) = last_stamp(row, from, committed) {
            row.besides.stamps[of] = Some(stamp);
        }
        if row.readings[of][at].committed != Some(committed) {
            translations::note(row, around, group, from, committed);
        }
        row.readings[of][at].committed = Some(committed);
        row.besides.epochs[of][at].committed = epoch.filter(|_| around.options.groups_know_epochs);
    }
    Ok(())
}

/// It stops, or dies.
pub(crate) fn stop(row: &mut Row, around: Around<'_>, group: Group, at: Cluster) {
    for from in around.setting.partitions_of(at) {
        row.readings[group.index()][from.index()].position = None;
        row.besides.epochs[group.index()][from.index()].read = None;
    }
    row.besides.books[group.index()].forget(at);
}
