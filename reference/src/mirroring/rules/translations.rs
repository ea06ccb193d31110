//! How Replicator and uReplicator find a group's place at the target, and how Replicator knows what has been
//! there already.  Replicator's source is closed: this follows its documents, and where they are silent
//! docs/MIRRORING.md.

use super::groups::has_members;
use super::{Around, unless};
use crate::mirroring::Refusal;
use crate::mirroring::row::Row;
use highwater_vocabulary::mirroring::{
    Cluster, Content, Failover, Group, Row as Noted, Seek, Task, TopicPartition,
};
use highwater_vocabulary::{Member, Offset};

/// Whether the record at an offset of what a task reads says of itself that it was in the topic to which
/// the task would bring it (`provenance.header.enable`).
pub(crate) fn has_been_there(row: &Row, around: Around<'_>, task: Task, offset: u64) -> bool {
    let (work, flow, _) = around.task(task);
    let there = |place: TopicPartition| {
        let partition = around.setting.partition(place);
        (flow.to, &around.setting.partition(work.to[0]).topic)
            == (partition.cluster, &partition.topic)
    };
    let span = row.logs.of[work.from.index()].at(offset);
    flow.provenance && span.is_some_and(|span| span.headers.iter().any(there))
}

/// The interceptor of a group's consumers notes a stamp beside what the group commits, for each Replicator
/// that reads along (`ConsumerTimestampsInterceptor.onCommit`).
pub(crate) fn note(
    row: &mut Row,
    around: Around<'_>,
    group: Group,
    place: TopicPartition,
    committed: u64,
) {
    if !around.setting.reader(group).instrumented {
        return;
    }
    let at = place.index();
    let log = &row.logs.of[at];
    let is_record = |offset: &u64| {
        let content = row.logs.content(at, *offset);
        !matches!(content, Some(Content::Marker | Content::Aborted(_)))
    };
    let read = (log.start..committed.min(log.end)).rfind(is_record);
    let unread = (committed.max(log.start)..log.end).find(is_record);
    let stamp = |offset: Option<u64>| row.logs.stamp(at, offset?);
    let [read, unread] = [read, unread].map(stamp);
    for task in around.setting.every_task() {
        let (work, flow, switches) = around.task(task);
        let by = match flow.seek {
            Seek::Last => read,
            Seek::Next => unread.or(read),
        };
        let is_read_along = switches.seeks_timestamps && work.from == place;
        if let Some(stamp) = by.filter(|_| is_read_along) {
            row.besides.noted[group.index()][task.index()] = Some(Noted {
                offset: Offset(committed),
                stamp,
            });
        }
    }
}

/// A group's place at the target is found, and committed for it.
pub(crate) fn translate(
    row: &mut Row,
    around: Around<'_>,
    group: Group,
    task: Task,
) -> Result<(), Refusal> {
    let (work, flow, switches) = around.task(task);
    let to = work.to[0];
    let found = if switches.seeks_timestamps {
        around.runs(work.mirror)?;
        around.up(flow.from)?;
        around.up(flow.to)?;
        let noted = row.besides.noted[group.index()][task.index()];
        let stamp = noted.ok_or(Refusal::NothingThere)?.stamp;
        let found = first_as_late(row, to, stamp).ok_or(Refusal::NotTranslatable)?;
        row.besides.noted[group.index()][task.index()] = None;
        // A group that runs there keeps what it has.
        Some(found).filter(|_| !has_members(around, group, flow.to))
    } else if switches.reports_offsets {
        Some(wanted(row, around, group, flow.to, to)?)
    } else {
        return Err(Refusal::FindsNoPlaces);
    };
    if found.is_some() {
        row.readings[group.index()][to.index()].committed = found;
        row.besides.epochs[group.index()][to.index()].committed = None;
    }
    Ok(())
}

/// The first offset at which something stands that is as late (`KafkaConsumer.offsetsForTimes`).
fn first_as_late(row: &Row, place: TopicPartition, stamp: u64) -> Option<u64> {
    let log = &row.logs.of[place.index()];
    (log.start..log.end).find(|offset| row.logs.stamp(place.index(), *offset) >= Some(stamp))
}

/// Where the service that maps offsets would put a group, if it is to and that is new.
fn wanted(
    row: &Row,
    around: Around<'_>,
    group: Group,
    at: Cluster,
    to: TopicPartition,
) -> Result<u64, Refusal> {
    let reader = around.setting.reader(group);
    around.up(reader.home)?;
    around.up(at)?;
    let is_told = reader.failover == Failover::OffsetMapping && reader.home != at;
    unless(!is_told, Refusal::FindsNoPlaces)?;
    let state = &around.world.groups[group.index()];
    unless(state.committed_at.contains(at), Refusal::AlreadySo)?;
    unless(has_members(around, group, at), Refusal::OnePlaceAtATime)?;
    let mapped = least_of_all(row, around, group, to).ok_or(Refusal::NotTranslatable)?;
    let known = row.readings[group.index()][to.index()].committed;
    unless(known == Some(mapped), Refusal::AlreadySo)?;
    Ok(mapped)
}

/// Every source of the aggregate, with where its own reports map the group; and the least of that.
fn least_of_all(row: &Row, around: Around<'_>, group: Group, to: TopicPartition) -> Option<u64> {
    let home = around.setting.reader(group).home;
    let read = around.setting.namesake(to, home)?;
    let committed = row.readings[group.index()][read.index()].committed?;
    let reports = |task: Task| row.besides.synced[task.index()].topic.iter().rev();
    let reporting = |into: TopicPartition| {
        let tasks = around.setting.every_task();
        tasks.filter(move |task| {
            let (work, _, switches) = around.task(*task);
            switches.reports_offsets && work.to.contains(&into)
        })
    };
    let from = |task: Task| around.setting.work(task).from;
    let is_shared = |far: Task| reporting(read).any(|near| from(near) == from(far));
    unless(!reporting(to).any(is_shared), Refusal::FindsNoPlaces).ok()?;
    let mut least = u64::MAX;
    for far in reporting(to) {
        // What did not come to the home, or is not known to have been read there, is still to be read.
        let mut place = row.logs.of[to.index()].start;
        if let Some(near) = reporting(read).find(|near| from(*near) == from(far))
            && let Some(passed) = reports(near).find(|pair| pair.downstream.0 < committed)
            && let Some(copied) = reports(far).find(|pair| pair.upstream <= passed.upstream)
        {
            place = copied.downstream.0 + 1;
        }
        least = least.min(place);
    }
    Some(least)
}
