//! Producers and consumers.

use super::Around;
use crate::kernels::watermark;
use crate::row::{Row, Tenure, Waiting, Written};
use crate::{Refusal, spans};
use highwater_vocabulary::{Acks, Member, Record};
use std::slice::{from_mut, from_ref};

/// A producer's record reaches a broker that takes itself for the leader.
///
/// Kafka: `Partition.appendRecordsToLeader`, `UnifiedLog.appendAsLeader`,
/// `ReplicaManager.appendRecords` for when the producer hears of it.  Of a duplicate it hears what became
/// of the first.
pub(crate) fn produce(
    row: &mut Row,
    around: Around<'_>,
    broker: usize,
    record: Record,
) -> Result<(), Refusal> {
    admit(row, around, broker)?;
    let duplicate = match around.rules.idempotence {
        true => duplicate(row, broker, record)?,
        false => None,
    };

    let end = match duplicate {
        Some(end) => {
            around.advance(row, broker);
            end
        }
        None => {
            let written = append(row, around, broker, 1);
            row.written.push(Written { record, ..written });
            row.disks[broker].end
        }
    };
    match around.rules.acks {
        Acks::None => {}
        Acks::Leader => row.acknowledged |= 1 << record.index(),
        Acks::All => row.memory[broker].waiting.push(Waiting { record, end }),
    }
    Ok(())
}

/// The producer sends a record again, or the network has kept a copy of its request.  It listens to
/// nobody whom it has asked before.
///
/// Kafka: `Sender.canRetry`, `RecordAccumulator.reenqueue`.
pub(crate) fn retry(
    row: &mut Row,
    around: Around<'_>,
    broker: usize,
    record: Record,
) -> Result<(), Refusal> {
    produce(row, around, broker, record)?;

    let newest = row.memory[broker].waiting.pop();
    for memory in &mut row.memory {
        memory.waiting.retain(|waiting| waiting.record != record);
    }
    row.memory[broker].waiting.extend(newest);
    Ok(())
}

/// Where a record ends that the log has; nothing, if it is the next of its producer or the log has
/// none of that one's.
///
/// Kafka: `UnifiedLog.analyzeAndValidateProducerState`, `ProducerStateEntry.findDuplicateBatch`,
/// `ProducerAppendInfo.checkSequence`.
fn duplicate(row: &Row, broker: usize, record: Record) -> Result<Option<u64>, Refusal> {
    let offsets = 0..row.disks[broker].end;
    let held = offsets.filter_map(|offset| Some((offset, row.record_at(broker, offset).1?)));
    let mut last = None;
    for (offset, held) in held {
        if held == record {
            return Ok(Some(offset + 1));
        }
        last = Some(held);
    }
    match last {
        Some(last) if last.index() + 1 != record.index() => Err(Refusal::SequenceIsNext),
        _ => Ok(None),
    }
}

/// What a broker that takes itself for the leader says is the latest offset.
///
/// Kafka: `Partition.fetchOffsetForTimestamp`.
pub(crate) fn latest_offset(row: &Row, around: Around<'_>, broker: usize) -> Option<u64> {
    let tenure = serving_leader(row, around, broker).ok()?;
    let latest = row.disks[broker].watermark;
    let withheld = around.rules.switches.withholds_latest && latest < tenure.epoch_start;
    (!withheld).then_some(latest)
}

/// So many records, which nobody names and nobody waits for.
pub(crate) fn fill(
    row: &mut Row,
    around: Around<'_>,
    broker: usize,
    by: u64,
) -> Result<(), Refusal> {
    admit(row, around, broker)?;

    if by > 0 {
        append(row, around, broker, by);
    }
    Ok(())
}

fn admit(row: &Row, around: Around<'_>, broker: usize) -> Result<(), Refusal> {
    let committed = serving_leader(row, around, broker)?.committed;
    let min_isr = match around.rules.acks {
        Acks::All => row.memory[broker].image.effective_min_isr(),
        Acks::None | Acks::Leader => 0,
    };
    if !watermark::enough(committed, min_isr) {
        return Err(Refusal::AdmissionAtMinIsr);
    }
    Ok(())
}

/// Appends, and moves the watermark; says where and how the first was written.
fn append(row: &mut Row, around: Around<'_>, broker: usize, by: u64) -> Written {
    let epoch = row.memory[broker].leader_epoch;
    let disk = &mut row.disks[broker];
    match around.rules.switches.noting() {
        spans::Noting::OnlyNewer => spans::assign_newer(&mut disk.spans, epoch, disk.end),
        _ => spans::assign(&mut disk.spans, epoch, disk.end),
    }
    spans::rewrite(&mut disk.spans, epoch, disk.losses, disk.end);
    let written = Written {
        epoch,
        writing: disk.losses,
        offset: disk.end,
        record: Record::default(),
    };
    watermark::append(from_mut(&mut disk.end), from_ref(&by));
    around.advance(row, broker);
    written
}

/// The producer of a waiting record is told that it is committed.
///
/// Kafka: `DelayedProduce.tryComplete`, `Partition.checkEnoughReplicasReachOffset`: the watermark
/// first, then the size of the maximal ISR.
pub(crate) fn ack(
    row: &mut Row,
    around: Around<'_>,
    broker: usize,
    record: Record,
) -> Result<(), Refusal> {
    let (place, enough) = completion(row, around, broker, record)?;
    if !enough {
        return Err(Refusal::AckAtMinIsr);
    }

    row.memory[broker].waiting.remove(place);
    row.acknowledged |= 1 << record.index();
    Ok(())
}

/// The producer of a waiting record is told `NOT_ENOUGH_REPLICAS_AFTER_APPEND`.
///
/// Kafka: as [`ack`].
pub(crate) fn refuse(
    row: &mut Row,
    around: Around<'_>,
    broker: usize,
    record: Record,
) -> Result<(), Refusal> {
    let (place, enough) = completion(row, around, broker, record)?;
    if enough {
        return Err(Refusal::AlreadySo);
    }

    row.memory[broker].waiting.remove(place);
    Ok(())
}

/// A consumer reads below the watermark of the replica it asks.
///
/// Kafka: `UnifiedLog.read` under `FetchIsolation.HIGH_WATERMARK`.
pub(crate) fn read(
    row: &Row,
    around: Around<'_>,
    from: usize,
    broker: usize,
    offset: u64,
) -> Result<(), Refusal> {
    let home = usize::from(around.cluster.home[broker]);
    // With ZooKeeper a process that has not been told yet has no such partition.
    let holds_replica = row.memory[broker].image.assigns(broker);
    if !around.cluster.serves(broker) || !holds_replica {
        return Err(Refusal::NotServing);
    }
    if !around.cluster.can_open(from, home) {
        return Err(Refusal::Unreachable);
    }
    if offset >= row.disks[broker].end {
        return Err(Refusal::OffsetOutOfRange);
    }
    if offset >= row.disks[broker].watermark {
        return Err(Refusal::ReadsBelowWatermark);
    }
    Ok(())
}

/// The place of the waiting record, which is below the watermark, and whether the maximal ISR is
/// large enough to say so.
fn completion(
    row: &Row,
    around: Around<'_>,
    broker: usize,
    record: Record,
) -> Result<(usize, bool), Refusal> {
    if !around.cluster.takes_part(broker) {
        return Err(Refusal::NotServing);
    }
    let memory = &row.memory[broker];
    let tenure = memory.tenure.as_ref().ok_or(Refusal::NotLeading)?;
    let place = memory
        .waiting
        .iter()
        .position(|waiting| waiting.record == record)
        .ok_or(Refusal::NothingThere)?;
    if row.disks[broker].watermark < memory.waiting[place].end {
        return Err(Refusal::AckAwaitsWatermark);
    }
    let min_isr = memory.image.effective_min_isr();
    Ok((place, tenure.maximal().count_ones() >= u32::from(min_isr)))
}

fn serving_leader<'a>(
    row: &'a Row,
    around: Around<'_>,
    broker: usize,
) -> Result<&'a Tenure, Refusal> {
    if !around.cluster.serves(broker) {
        return Err(Refusal::NotServing);
    }
    row.memory[broker]
        .tenure
        .as_ref()
        .ok_or(Refusal::LeadsLocally)
}
