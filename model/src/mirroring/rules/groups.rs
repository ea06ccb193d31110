//! What consumer groups do.

use super::super::state::{Log, Place};
use super::super::{Disabled, Guard, Mirroring, State};
use super::{needs, needs_up, replicator, sinks};
use highwater_vocabulary::mirroring::{
    Assignment, Cluster, Commits, Failover, Group, Partitions, Reset, Task, TopicPartition,
};
use highwater_vocabulary::{Member, Record};

/// The group's consumers start at a cluster.
///
/// At one cluster at a time: two copies of a group in two clusters know nothing of each other.
pub(super) fn start(
    model: &Mirroring,
    before: &State,
    group: Group,
    at: Cluster,
) -> Result<State, Disabled> {
    needs_up(before, at)?;
    needs(!before[group].runs_at.contains(at), Disabled::OtherPlace)?;
    let elsewhere = before[group].runs_at.minus(before.sink(group).stranded);
    let apart = elsewhere.is_empty() || sinks::is_per_cluster(model, group);
    model.require(Guard::OnePlaceAtATime, apart)?;
    let reads = model.setting.read_at(group, at);
    needs(!reads.is_empty(), Disabled::NothingThere)?;
    let mut after = *before;
    for place in reads.iter() {
        let wanted = first_place(model, before, group, place);
        let found = resolve(model, group, &before[place], wanted)?;
        after[group].stands(place, found);
    }
    after[group].runs_at = before[group].runs_at.with(at);
    sinks::starts(model, &mut after, group, at);
    Ok(after)
}

/// Where a group begins in a topic-partition, before it is seen whether the log has that offset.
fn first_place(
    model: &Mirroring,
    state: &State,
    group: Group,
    place: TopicPartition,
) -> Option<Place> {
    let reader = model.setting.reader(group);
    let cluster = model.setting.partition(place).cluster;
    let own = &state[group];
    let committed = own.committed[place.index()];
    let beside = |of| sinks::place_beside(model, state, group, cluster, of);
    let begins_beside = sinks::begins_beside(model, group);
    let (here, was_here) = match begins_beside {
        true => (beside(place).map(Place::bare), beside(place).is_some()),
        false => {
            let committed = own.committed_place(place);
            (committed, own.committed_at.contains(cluster))
        }
    };
    let task = model.setting.writers_of(place).next();
    let arrives = cluster != reader.home && !was_here;
    let Some(task) = task.filter(|_| arrives) else {
        return here;
    };
    let from = model.setting.work(task).from;
    let left_at = match begins_beside {
        true => beside(from),
        false => own.committed[from.index()],
    };
    let log = &state[place];
    let offset = match reader.failover {
        Failover::Earliest => Some(log.start),
        Failover::Latest => Some(log.stable_end()),
        Failover::Timestamp => own.stamp.map(|stamp| stamped(model, log, stamp)),
        Failover::Translated => {
            let checkpoint = own.checkpoints[task.index()];
            committed.or(checkpoint.map(|checkpoint| checkpoint.downstream))
        }
        Failover::Preserved => left_at,
        Failover::ExternalMap => left_at.map(|left_at| mapped(log, task, left_at)),
        Failover::OffsetMapping => committed,
    };
    offset.map(Place::bare)
}

/// The first offset whose record is as late as `stamp` (`offsetsForTimes`); the end if there is none.
fn stamped(model: &Mirroring, log: &Log, stamp: u8) -> u8 {
    up_to_stable(log, as_late(model, log, stamp))
}

/// The first offset whose record is as late as `stamp`, if there is one.
pub(super) fn as_late(model: &Mirroring, log: &Log, stamp: u8) -> Option<u8> {
    let ties = model.keeps(Guard::SeekIncludesTies);
    let mut entries = log.entries();
    let found = entries.find(|(_, entry)| match ties {
        true => entry.stamp >= stamp,
        false => entry.stamp > stamp,
    });
    found.map(|(offset, _)| offset)
}

/// The first entry that is not a copy of something before the committed offset; the end if there is none.
fn mapped(log: &Log, task: Task, committed: u8) -> u8 {
    let read = |copied: Option<(Task, u8)>| {
        copied.is_some_and(|(by, offset)| by == task && offset < committed)
    };
    let found = log.entries().find(|(_, entry)| !read(entry.copied));
    up_to_stable(log, found.map(|(offset, _)| offset))
}

/// An offset that consumers may read, or the end of what they may.
fn up_to_stable(log: &Log, found: Option<u8>) -> u8 {
    let end = log.stable_end();
    found.map_or(end, |offset| offset.min(end))
}

/// Where a consumer is that wants to be at a place: where the logs part, if the epoch tells that they do; where
/// `auto.offset.reset` says, if there is no place or the log does not have it.
///
/// Source: `SubscriptionState.maybeCompleteValidation` (KIP-320), `FetchCollector.handleInitializeErrors`.
pub(super) fn resolve(
    model: &Mirroring,
    group: Group,
    log: &Log,
    wanted: Option<Place>,
) -> Result<Place, Disabled> {
    let reset = model.setting.reader(group).reset;
    let parted = wanted.and_then(|wanted| {
        let end = log.parted_at(wanted.epoch?)?;
        let truncated = end < wanted.offset && model.keeps(Guard::TruncationIsDetected);
        truncated.then_some(end)
    });
    needs(parted.is_none() || reset != Reset::None, Disabled::NoOffset)?;
    let wanted = wanted.map(|wanted| Place {
        offset: parted.unwrap_or(wanted.offset),
        ..wanted
    });
    let fits = wanted.filter(|place| log.start <= place.offset && place.offset <= log.end);
    match (fits, reset) {
        (Some(place), _) => Ok(place),
        (None, Reset::Earliest) => Ok(Place::bare(log.start)),
        (None, Reset::Latest) => Ok(Place::bare(log.stable_end())),
        (None, Reset::None) => Err(Disabled::NoOffset),
    }
}

/// Where a group that runs is once it has found out that the log was truncated.
pub fn stands_at(model: &Mirroring, state: &State, group: Group, place: TopicPartition) -> u8 {
    let own = &state[group];
    let epoch = own.read_epoch[place.index()];
    let parted = epoch.and_then(|epoch| state[place].parted_at(epoch));
    let offset = own.position[place.index()];
    match parted.filter(|_| model.keeps(Guard::TruncationIsDetected)) {
        Some(end) => offset.min(end),
        None => offset,
    }
}

/// The next record from `position` on that a group processes: it reads what is committed.
pub fn next_readable(log: &Log, position: u8) -> Option<(u8, Record)> {
    let mut records = log.records();
    let next = records.find(|(offset, _)| *offset >= position)?;
    (next.0 < log.stable_end()).then_some(next)
}

/// A consumer's position moves past what it does not hand out, markers and aborted records.
fn past_unreadable(log: &Log, position: u8) -> u8 {
    next_readable(log, position).map_or(log.stable_end(), |(offset, _)| offset)
}

/// The group processes its next record.
pub(super) fn consume(
    model: &Mirroring,
    before: &State,
    group: Group,
    from: TopicPartition,
) -> Result<State, Disabled> {
    let here = reading_place(model, before, group, from)?;
    let log = &before[from];
    let (offset, record) = next_readable(log, here.offset).ok_or(Disabled::NothingThere)?;
    let entry = log.at(offset).ok_or(Disabled::NothingThere)?;

    let mut after = *before;
    let read = Place {
        offset: offset + 1,
        epoch: Some(log.epoch_at(offset)),
    };
    after[group].stands(from, read);
    sinks::remember(model, &mut after, group, from, entry, record)?;
    Ok(after)
}

/// What a group reads at a cluster: after a rebootstrap only what it read elsewhere under that name.
pub fn reads(model: &Mirroring, state: &State, group: Group, at: Cluster) -> Partitions {
    let all = model.setting.read_at(group, at);
    let carried = all.intersection(state[group].carried);
    match carried.is_empty() {
        true => all,
        false => carried,
    }
}

/// Whether the group's consumers are members of the group as the coordinator of a cluster knows it:
/// without members a group is empty there, whoever reads and commits.
pub(super) fn is_member(model: &Mirroring, state: &State, group: Group, at: Cluster) -> bool {
    let carried = state[group].carried;
    state[group].runs_at.contains(at)
        && model.setting.reader(group).assignment == Assignment::Subscribed
        && model
            .setting
            .read_at(group, at)
            .intersection(carried)
            .is_empty()
}

/// The coordinator takes commits of its members, and of whoever never claims to be one
/// (`OffsetMetadataManager.validateOffsetCommit`).
fn may_commit(model: &Mirroring, state: &State, group: Group, at: Cluster) -> bool {
    model.setting.reader(group).assignment == Assignment::Manual
        || is_member(model, state, group, at)
}

fn reading_place(
    model: &Mirroring,
    state: &State,
    group: Group,
    from: TopicPartition,
) -> Result<Place, Disabled> {
    let cluster = model.setting.partition(from).cluster;
    needs_up(state, cluster)?;
    let own = &state[group];
    needs(own.runs_at.contains(cluster), Disabled::OtherPlace)?;
    let reads = reads(model, state, group, cluster).contains(from);
    needs(reads, Disabled::NothingThere)?;
    let stands = Place {
        offset: own.position[from.index()],
        epoch: own.read_epoch[from.index()],
    };
    resolve(model, group, &state[from], Some(stands))
}

/// The group commits its place in everything that it reads at a cluster: after processing the next
/// offset to be read, before processing one past it.
pub(super) fn commit(
    model: &Mirroring,
    before: &State,
    group: Group,
    at: Cluster,
) -> Result<State, Disabled> {
    needs_up(before, at)?;
    needs(before[group].runs_at.contains(at), Disabled::OtherPlace)?;
    needs(may_commit(model, before, group, at), Disabled::NoMember)?;
    sinks::may_commit(model, before, group, at)?;
    let mut after = *before;
    let reads = reads(model, before, group, at);
    for place in reads.iter().filter(|place| before[*place].exists) {
        let here = reading_place(model, before, group, place)?;
        let log = &before[place];
        let next = next_readable(log, here.offset);
        let (committed, epoch) = match (model.setting.reader(group).commits, next) {
            (Commits::After, _) => (past_unreadable(log, here.offset), here.epoch),
            (Commits::Before, None) => (here.offset, here.epoch),
            (Commits::Before, Some((offset, _))) => (offset + 1, Some(log.epoch_at(offset))),
        };
        if before[group].committed[place.index()] != Some(committed) {
            replicator::intercept(model, &mut after, group, place, committed);
        }
        after[group].committed[place.index()] = Some(committed);
        after[group].committed_epoch[place.index()] = epoch;
        let mut read = log
            .entries()
            .filter(|(offset, entry)| *offset < committed && entry.record().is_some());
        if let Some((_, last)) = read.next_back() {
            after[group].stamp = Some(last.stamp);
        }
    }
    after[group].committed_at = before[group].committed_at.with(at);
    Ok(after)
}

/// The group's consumers at a cluster stop, or die: what they had not committed they will not know.
pub(super) fn stop(
    model: &Mirroring,
    before: &State,
    group: Group,
    at: Cluster,
) -> Result<State, Disabled> {
    needs(before[group].runs_at.contains(at), Disabled::OtherPlace)?;

    let mut after = *before;
    leave(model, &mut after, group, at);
    Ok(after)
}

/// The group runs at a cluster no more.
pub(super) fn leave(model: &Mirroring, after: &mut State, group: Group, at: Cluster) {
    let read = model.setting.read_at(group, at);
    let own = &mut after[group];
    own.runs_at = own.runs_at.without(at);
    own.carried = own.carried.minus(read);
    for place in read.iter() {
        own.stands(place, Place::bare(0));
    }
    after.sink_mut(group).leave(at);
}
