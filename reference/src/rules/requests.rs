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
    become_leader_or_follower(row, around, broker, request)?;

    row.memory[broker].behind -= count;
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
    become_leader_or_follower(row, around, broker, request)
}

/// The broker does as it is told, if it was meant, and if that is news.  Where nobody leads it goes on as
/// before: `makeFollowers` looks for the leader among the living, and finds none.
fn become_leader_or_follower(
    row: &mut Row,
    around: Around<'_>,
    broker: usize,
    request: Image,
) -> Result<(), Refusal> {
    if request.fenced >> broker & 1 == 1 {
        return Err(Refusal::NothingThere);
    }
    if request.broker_epoch[broker] < around.cluster.stated_epoch(broker) {
        return Err(Refusal::RequestBrokerEpochIsCurrent);
    }
    let memory = &mut row.memory[broker];
    let (is_newer, configures) = (request.is_newer(memory), request.configures_anew(memory));
    if !is_newer && !configures {
        return Err(Refusal::RequestIsNewer);
    }
    if request.partition.leader == 0 && !configures {
        return Err(Refusal::NoLeaderToFetchFrom);
    }

    if is_newer && request.partition.leader != 0 {
        memory.image = Image {
            min_isr: memory.image.min_isr,
            ..request
        };
        metadata::become_what_the_image_says(row, around, broker);
        let memory = &mut row.memory[broker];
        memory.image = memory.image.kept();
    }
    // The configuration comes after: a leader has looked at its watermark under the one before.
    let memory = &mut row.memory[broker];
    memory.image.min_isr = request.min_isr;
    if memory.tenure.is_none() {
        memory.partition_epoch = 0;
    }
    Ok(())
}
