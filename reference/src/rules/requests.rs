//! With ZooKeeper: `LeaderAndIsr` requests of the controller arrive at a broker, or do not.
//!
//! Kafka: `KafkaApis.handleLeaderAndIsrRequest`, `ReplicaManager.becomeLeaderOrFollower`,
//! `ControllerChannelManager` (a queue and a connection for each broker).

use super::{Around, metadata};
use crate::Refusal;
use crate::row::{Image, Row};

/// The request `count` records ahead arrives; those before it have been lost, or will be refused as older.
/// The controller sends what it has queued for as long as it believes in its office.
pub(crate) fn learn(
    row: &mut Row,
    around: Around<'_>,
    broker: usize,
    count: usize,
) -> Result<(), Refusal> {
    if !around.cluster.takes_part(broker) {
        return Err(Refusal::NotServing);
    }
    around.cluster.office_reaches(broker)?;
    let behind = row.memory[broker].behind;
    if count == 0 || behind < count {
        return Err(Refusal::NothingThere);
    }
    let request = row.records[row.records.len() - behind + count - 1];
    let refusal = refusal(row, around, broker, &request);
    let configures = request.configures_anew(behind - count, &row.memory[broker]);
    if let (Some(refusal), false) = (refusal, configures) {
        return Err(refusal);
    }

    if refusal.is_none() {
        become_leader_or_follower(row, around, broker, request);
    }
    // The configuration comes by itself, to whomever the request is for; and it comes after: a leader has
    // looked at its watermark under the one before.
    let memory = &mut row.memory[broker];
    if configures {
        memory.image.min_isr = request.min_isr;
    }
    memory.behind -= count;
    memory.unconfigured = memory.unconfigured.min(memory.behind);
    Ok(())
}

/// A request arrives that has been overtaken: the one `count` records before the one taken last.  It has
/// left its controller long ago.
pub(crate) fn late(
    row: &mut Row,
    around: Around<'_>,
    broker: usize,
    count: usize,
) -> Result<(), Refusal> {
    if !around.cluster.keeps_requests {
        return Err(Refusal::NotInThisSetting);
    }
    if !around.cluster.takes_part(broker) {
        return Err(Refusal::NotServing);
    }
    let taken = row.records.len() - row.memory[broker].behind;
    if count == 0 || taken <= count {
        return Err(Refusal::NothingThere);
    }
    let request = row.records[taken - 1 - count];
    if let Some(refusal) = refusal(row, around, broker, &request) {
        return Err(refusal);
    }

    become_leader_or_follower(row, around, broker, request);
    Ok(())
}

/// Why the broker does not do as it is told.  Where nobody leads it goes on as before: `makeFollowers` looks
/// for the leader among the living, and finds none.
fn refusal(row: &Row, around: Around<'_>, broker: usize, request: &Image) -> Option<Refusal> {
    if request.fenced >> broker & 1 == 1 {
        return Some(Refusal::NothingThere);
    }
    if request.broker_epoch[broker] < around.cluster.stated_epoch(broker) {
        return Some(Refusal::RequestBrokerEpochIsCurrent);
    }
    if !request.is_newer(&row.memory[broker]) {
        return Some(Refusal::RequestIsNewer);
    }
    (request.partition.leader == 0).then_some(Refusal::NoLeaderToFetchFrom)
}

fn become_leader_or_follower(row: &mut Row, around: Around<'_>, broker: usize, request: Image) {
    let memory = &mut row.memory[broker];
    memory.image = Image {
        min_isr: memory.image.min_isr,
        ..request
    };
    metadata::become_what_the_image_says(row, around, broker);
    let memory = &mut row.memory[broker];
    memory.image = memory.image.kept();
    if memory.tenure.is_none() {
        memory.partition_epoch = 0;
    }
}
