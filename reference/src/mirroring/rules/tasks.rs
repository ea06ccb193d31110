//! A task reads, appends, and stores its position (`MirrorSourceTask` in a `WorkerSourceTask` or an
//! `ExactlyOnceWorkerSourceTask`; `MirrorMakerThread`).

use super::{Around, links, translations, unless};
use crate::mirroring::Refusal;
use crate::mirroring::log::{Copied, Written};
use crate::mirroring::row::{Held, Row};
use crate::mirroring::syncs::pair;
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Content, Stamps, Task};

/// The worker reads its next record (`KafkaConsumer.poll`).
///
/// A consumer that has fetched finds out by the epoch of what it read last that the log lost a suffix, and
/// goes back to where that epoch ends; from outside the log it goes to its start.
pub(crate) fn poll(row: &mut Row, around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let (work, flow, switches) = around.task(task);
    if switches.link.is_some() {
        return links::poll(row, around, task);
    }
    around.runs(work.mirror)?;
    around.up(flow.from)?;
    around.exists(work.from)?;
    let is_known = around.world.mirror(work.mirror).known.contains(task);
    unless(!is_known, Refusal::NoSuchPartition)?;
    let worker = &row.workers[task.index()];
    unless(worker.memory.is_some(), Refusal::MemoryIsFull)?;
    let source = work.from.index();
    let log = &row.logs.of[source];
    let parted = worker.epoch.and_then(|epoch| log.end_of(epoch));
    let wanted = worker.position.min(parted.unwrap_or(u64::MAX));
    let from = match log.is_in_range(wanted) {
        true => wanted,
        false => log.start,
    };
    let mut from = from;
    let next = loop {
        let next = row.logs.next_record(source, from, flow.exactly_once);
        match next.filter(|next| translations::has_been_there(row, around, task, *next)) {
            Some(passed) => from = passed + 1,
            None => break next,
        }
    };
    let upstream = next.ok_or(Refusal::NothingThere)?;
    let span = log.at(upstream).ok_or(Refusal::NothingThere)?;
    let epoch = log.epoch_at(upstream);

    let worker = &mut row.workers[task.index()];
    worker.position = upstream + 1;
    worker.epoch = Some(epoch);
    worker.memory = Some(Held {
        upstream,
        // What is copied is written anew, in no transaction of its producer's.
        written: Written {
            plain: true,
            ..span.written
        },
        stamp: span.stamp,
        headers: span.headers,
    });
    Ok(())
}

/// It appends what it has in memory, and is told.  In exactly-once mode the position is in the same
/// transaction, and the delayed sync becomes due as soon as that is committed
/// (`ExactlyOnceWorkerSourceTask.commitTransaction`).
pub(crate) fn copy(row: &mut Row, around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let (work, flow, switches) = around.task(task);
    if switches.link.is_some() {
        return links::copy(row, around, task);
    }
    around.runs(work.mirror)?;
    let held = row.workers[task.index()].memory;
    let (held, to) = target(row, around, task, held)?;

    let downstream = write(row, around, task, held, to);
    if flow.exactly_once {
        let stamp = around.world.clock(flow.to);
        row.logs.write(to, Content::Marker, stamp);
    }
    let worker = &mut row.workers[task.index()];
    worker.memory = None;
    worker.acknowledged = Some(held.upstream);
    if switches.has_checkpoints && flow.emits_syncs {
        let copied = pair(held.upstream, downstream);
        let lag_max = around.options.offset_lag_max;
        let (by_delta, delays) = (switches.translates_by_delta, switches.promotes_delayed);
        worker.emission.copied(copied, lag_max, by_delta, delays);
    }
    if switches.reports_offsets && flow.emits_syncs {
        worker.emission.pending = Some(pair(held.upstream, downstream));
    }
    if flow.exactly_once {
        worker.stored = worker.acknowledged;
        worker.emission.promote();
    }
    Ok(())
}

/// It appends, and is not told: it will append that again.
pub(crate) fn copy_lost(row: &mut Row, around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let (work, flow, _) = around.task(task);
    around.runs(work.mirror)?;
    let held = row.workers[task.index()].memory;
    let (held, to) = target(row, around, task, held)?;
    unless(flow.exactly_once, Refusal::OneTransaction)?;

    write(row, around, task, held, to);
    Ok(())
}

/// A worker that was replaced appends what it still has.
pub(crate) fn copy_late(row: &mut Row, around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let (work, flow, _) = around.task(task);
    unless(around.world.mirror(work.mirror).cut, Refusal::Cut)?;
    let held = row.workers[task.index()].former;
    let (held, to) = target(row, around, task, held)?;
    unless(flow.exactly_once, Refusal::ReplacedWorkersAreFenced)?;

    write(row, around, task, held, to);
    row.workers[task.index()].former = None;
    Ok(())
}

/// The position is stored, and the sync that waited for that becomes due
/// (`WorkerSourceTask.commitOffsets`, `MirrorSourceTask.commit`; `MirrorMaker.commitOffsets`).  uReplicator
/// reports with it where its last copy is.
pub(crate) fn note(row: &mut Row, around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let (work, _, switches) = around.task(task);
    unless(switches.link.is_some(), Refusal::NotInThisTool)?;
    around.runs(work.mirror)?;
    around.up(around.stores_at(work.mirror))?;
    let worker = &mut row.workers[task.index()];
    let stored = worker.acknowledged.or(worker.stored);
    let report = worker.emission.pending.filter(|_| switches.reports_offsets);
    let is_news = stored != worker.stored || worker.emission.delayed.is_some() || report.is_some();
    unless(!is_news, Refusal::AlreadySo)?;

    worker.stored = stored;
    worker.emission.promote();
    if let Some(report) = report {
        worker.emission.pending = None;
        row.besides.synced[task.index()].topic.push(report);
    }
    Ok(())
}

/// What is to be appended, and to which topic-partition.
fn target(
    row: &Row,
    around: Around<'_>,
    task: Task,
    held: Option<Held>,
) -> Result<(Held, usize), Refusal> {
    let (work, flow, switches) = around.task(task);
    around.up(flow.to)?;
    let held = held.ok_or(Refusal::NothingThere)?;
    let key = match switches.partitions_by_key {
        true => key(row, held.written),
        false => 0,
    };
    let exist = || {
        let to = work.to.iter().copied();
        to.filter(|place| around.world.exists.contains(*place))
    };
    let chosen = match (switches.partitions_by_key, exist().count()) {
        (true, count @ 1..) => exist().nth(key % count),
        (true, 0) => None,
        (false, _) => exist().find(|place| Some(place) == work.to.first()),
    };
    let to = chosen.ok_or(Refusal::NoSuchPartition)?;
    let is_offered = row.logs.offered(to.index()).is_some();
    unless(is_offered, Refusal::SomethingIsOpen)?;
    Ok((held, to.index()))
}

/// The number that the partitioner makes of a record's key: every other record has the other key.
fn key(row: &Row, written: Written) -> usize {
    let entry = row.logs.ledgers[written.ledger].entry(written.number);
    match entry.content {
        Some(Content::Record(record) | Content::Aborted(record) | Content::Open(record)) => {
            record.index() & 1
        }
        Some(Content::Marker) | None => (written.number & 1) as usize,
    }
}

/// Appends a copy, and says at which offset.
fn write(row: &mut Row, around: Around<'_>, task: Task, held: Held, to: usize) -> u64 {
    let (work, flow, _) = around.task(task);
    let stamp = match flow.stamps {
        Stamps::Create => held.stamp,
        Stamps::Append => Some(around.world.clock(flow.to)),
    };
    let copied = Copied {
        task: task.index(),
        upstream: held.upstream,
    };
    let headers = match flow.provenance {
        true => held.headers.with(work.from),
        false => held.headers,
    };
    row.logs.of[to].push_headed(held.written, Some(copied), stamp, headers);
    row.logs.of[to].end - 1
}
