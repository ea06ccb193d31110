//! Producers and consumers.

use crate::replication::rules::watermark;
use crate::replication::state::{Entry, Replica, Role};
use crate::replication::{Disabled, End, Guard, LeaderEpoch, Replication, State};
use highwater_vocabulary::{Acks, Broker, Datacenter, Member, Offset, Record};

/// A producer's record reaches a broker that takes itself for the leader.  No epoch of the client's
/// is checked, so a leader of the past appends happily.  With acks=1 the producer is told at once;
/// with acks=0 it is told nothing.
///
/// A record of an idempotent producer that is there already is not appended again: its producer is told
/// what became of the first.
///
/// Who: client, leader.  Source: `Partition.appendRecordsToLeader`,
/// `ReplicaManager.appendRecords`, `UnifiedLog.analyzeAndValidateProducerState`; R01, R02, R04, R46.
pub(super) fn produce(
    model: &Replication,
    before: &State,
    broker: Broker,
    record: Record,
) -> Result<State, Disabled> {
    let replica = &before.replicas[broker];
    if !replica.serves() || !replica.open {
        return Err(Disabled::NotServing);
    }
    model.require(Guard::LeadsLocally, replica.tenure().is_some())?;
    let all = model.setting.acks == Acks::All;
    if let (true, Some(tenure)) = (all, replica.tenure()) {
        let enough = tenure.isr.len() >= watermark::leaders_min_isr(model, before, broker);
        model.require(Guard::AdmissionAtMinIsr, enough)?;
    }
    if replica.leader_epoch == LeaderEpoch(0) {
        return Err(Disabled::NotLeading);
    }
    let is_there = model.setting.idempotence && is_duplicate(model, replica, record)?;

    let mut after = *before;
    let replica = &mut after.replicas[broker];
    let entry = Entry {
        record,
        epoch: replica.leader_epoch,
    };
    let is_held = match (is_there, model.notes_only_newer()) {
        (true, _) => true,
        (false, true) => replica.log.append_noting_newer(entry),
        (false, false) => replica.log.append(entry),
    };
    if !is_held {
        return Err(Disabled::ModelIsFull);
    }
    if let (true, Role::Leader(tenure)) = (all, &mut replica.role) {
        tenure.waiting = tenure.waiting.with(record);
    }
    watermark::advance(model, &mut after, broker);
    Ok(after)
}

/// Whether the leader has this record of an idempotent producer; if not, whether it is the next one.
/// A leader that knows nothing of a producer takes whatever it sends.
///
/// The numbers of the records stand for their sequence numbers.  Kafka remembers the last five batches of
/// a producer, which is more than there are records here.
///
/// Source: `ProducerStateEntry.findDuplicateBatch`, `ProducerAppendInfo.checkSequence`; R46.
fn is_duplicate(model: &Replication, replica: &Replica, record: Record) -> Result<bool, Disabled> {
    let follows_log = model.keeps(Guard::ProducerStateFollowsLog);
    let entries = replica.log.entries().iter();
    let known = entries.filter(|entry| follows_log || entry.epoch == replica.leader_epoch);
    let mut known = known.map(|entry| entry.record);
    if model.keeps(Guard::DuplicateIsRecognised) && known.clone().any(|held| held == record) {
        return Ok(true);
    }
    let last = known.next_back();
    let is_next = last.is_none_or(|last| record.index() == last.index() + 1);
    model.require(Guard::SequenceIsNext, is_next)?;
    Ok(false)
}

/// A copy of a request that was sent before reaches a broker.  Whoever was asked before has nobody left
/// to answer: the producer has given up on it.
///
/// Who: client, leader.  Source: `Sender.reenqueueBatch`, `ProducerConfig.RETRIES_CONFIG`; R46.
pub(super) fn retry(
    model: &Replication,
    before: &State,
    broker: Broker,
    record: Record,
) -> Result<State, Disabled> {
    let mut after = produce(model, before, broker, record)?;

    for other in model.setting.replicas().without(broker).iter() {
        if let Some(tenure) = after.replicas[other].tenure_mut() {
            tenure.waiting = tenure.waiting.without(record);
        }
    }
    Ok(after)
}

/// A waiting producer is told that its record is committed.  There is no count of replicas: the
/// watermark says that the whole ISR holds it, and the ISR must still be large enough.
///
/// Who: leader.  Source: `Partition.checkEnoughReplicasReachOffset`, `DelayedProduce.tryComplete`;
/// R05 (3).
pub(super) fn ack(
    model: &Replication,
    before: &State,
    broker: Broker,
    record: Record,
) -> Result<State, Disabled> {
    let (below_watermark, enough) = completion(model, before, broker, record)?;
    model.require(Guard::AckAwaitsWatermark, below_watermark)?;
    model.require(Guard::AckAtMinIsr, enough)?;

    Ok(stop_waiting(before, broker, record))
}

/// A waiting producer is told that too few replicas were in sync after its record had been
/// appended, and indeed committed.  It cannot know whether the record stays, and may send it again.
///
/// Who: leader.  Source: `Partition.checkEnoughReplicasReachOffset`
/// (`NOT_ENOUGH_REPLICAS_AFTER_APPEND`); R05 (4).
pub(super) fn refuse(
    model: &Replication,
    before: &State,
    broker: Broker,
    record: Record,
) -> Result<State, Disabled> {
    let (below_watermark, enough) = completion(model, before, broker, record)?;
    if !below_watermark {
        return Err(Disabled::By(Guard::AckAwaitsWatermark));
    }
    if enough {
        return Err(Disabled::AlreadySo);
    }

    Ok(stop_waiting(before, broker, record))
}

/// Whether a waiting record lies below the watermark, and whether the maximal ISR is large enough.
fn completion(
    model: &Replication,
    before: &State,
    broker: Broker,
    record: Record,
) -> Result<(bool, bool), Disabled> {
    let replica = &before.replicas[broker];
    if !replica.serves() {
        return Err(Disabled::NotServing);
    }
    let tenure = replica.tenure().ok_or(Disabled::NotLeading)?;
    if !tenure.waiting.contains(record) {
        return Err(Disabled::NothingThere);
    }
    let end = replica.log.end_of(record).ok_or(Disabled::NoSuchRecord)?;
    let min_isr = watermark::leaders_min_isr(model, before, broker);
    Ok((
        end <= replica.watermark,
        watermark::counted_isr(model, tenure).len() >= min_isr,
    ))
}

fn stop_waiting(before: &State, broker: Broker, record: Record) -> State {
    let mut after = *before;
    if let Some(tenure) = after.replicas[broker].tenure_mut() {
        tenure.waiting = tenure.waiting.without(record);
    }
    after
}

/// A consumer reads one offset, from the leader or from a follower of its choice (KIP-392).  Nothing
/// changes but what the consumer knows.
///
/// Who: consumer.  Source: `UnifiedLog.read`, `ReplicaManager.findPreferredReadReplica`; R43.
pub(super) fn read(
    model: &Replication,
    before: &State,
    from: Datacenter,
    broker: Broker,
    offset: Offset,
) -> Result<State, Disabled> {
    let replica = &before.replicas[broker];
    if !replica.serves() || !replica.open || replica.role == Role::Idle {
        return Err(Disabled::NotServing);
    }
    if !before.world.connects(from, model.setting.home(broker)) {
        return Err(Disabled::Unreachable);
    }
    let offset = End(u8::try_from(offset.0).map_err(|_| Disabled::OffsetOutOfRange)?);
    if offset >= replica.log.end() {
        return Err(Disabled::OffsetOutOfRange);
    }
    model.require(Guard::ReadsBelowWatermark, offset < replica.watermark)?;

    Ok(*before)
}
