//! Brokers apply committed metadata, and take up or lay down the leadership.

use super::Around;
use crate::row::{Disk, Image, Memory, Row, Tenure, Truncating};
use crate::{Refusal, spans};
use highwater_vocabulary::MOST_BROKERS;

/// A broker applies the next `count` records as one batch: it acts on the last of them.
///
/// Kafka: `BrokerMetadataPublisher.onMetadataUpdate`, `ReplicaManager.applyDelta`, which looks only
/// at partitions that the batch has changed (`TopicDelta.localChanges`).
pub(crate) fn learn(
    row: &mut Row,
    around: Around<'_>,
    broker: usize,
    count: usize,
) -> Result<(), Refusal> {
    if !around.cluster.takes_part(broker) {
        return Err(Refusal::NotServing);
    }
    around.cluster.controller_for(broker)?;
    let behind = row.memory[broker].behind;
    if count == 0 || behind < count {
        return Err(Refusal::NothingThere);
    }

    let records = row.records_for(broker, around.cluster);
    let image = records[records.len() - behind + count - 1];
    let memory = &mut row.memory[broker];
    let before = memory.image;
    memory.behind -= count;
    // `BrokerMetadataPublisher` calls `ReplicaManager.applyDelta` before `DynamicConfigPublisher`: what is
    // done about the partition is done under the configuration from before.
    memory.image = Image {
        min_isr: before.min_isr,
        ..image
    };
    if image.partition.partition_epoch != before.partition.partition_epoch {
        apply(row, around, broker);
    }
    row.memory[broker].image.min_isr = image.min_isr;
    Ok(())
}

/// A broker that has registered begins on the metadata that includes its registration.
///
/// Kafka: `BrokerServer.startup`: the first publication, up to the registration, comes before the
/// broker asks to be unfenced.
pub(crate) fn begin(row: &mut Row, around: Around<'_>, broker: usize) {
    row.memory[broker] = Memory {
        image: Image::of(row.registration, row.assignment, around.cluster),
        behind: 0,
        ..row.memory[broker].but_what_was_sent()
    };
    apply(row, around, broker);
}

/// With ZooKeeper a broker that has registered knows nothing of the partition until it is told.  Requests
/// for the process before it wait for this one, where nobody can tell (`KafkaApis.isBrokerEpochStale`) and
/// the controller has not noticed.
pub(crate) fn begin_blank(row: &mut Row, around: Around<'_>, broker: usize) {
    let memory = row.memory[broker].but_what_was_sent();
    let waiting = memory.behind * usize::from(around.cluster.is_sent_to(broker));
    row.memory[broker] = Memory {
        image: Image {
            min_isr: around.cluster.min_isr,
            ..Image::default()
        },
        behind: waiting,
        ..memory
    };
}

/// The broker makes itself what its image says it is.
fn apply(row: &mut Row, around: Around<'_>, broker: usize) {
    let memory = &row.memory[broker];
    if memory.image.partition.partition_epoch >= memory.partition_epoch {
        become_what_the_image_says(row, around, broker);
    }
}

/// As leader or as follower, if it holds a replica.
pub(super) fn become_what_the_image_says(row: &mut Row, around: Around<'_>, broker: usize) {
    let memory = &row.memory[broker];
    if !memory.image.assigns(broker) {
        stop_replica(row, broker);
    } else if memory.image.partition.leader == 1 << broker {
        make_leader(row, around, broker);
    } else {
        let (former, former_epoch) = {
            let memory = &row.memory[broker];
            (memory.leader, memory.leader_epoch)
        };
        make_follower(&mut row.memory[broker]);
        let leader = row.memory[broker].leader;
        let has_missed = row.memory[broker].leader_epoch > former_epoch + 1;
        if leader != former {
            begin_to_follow(row, around, broker);
        } else if has_missed && around.rules.switches.asks_after_missed_epoch {
            begin_to_truncate(&mut row.memory[broker], around);
        }
    }
}

/// `ReplicaManager.stopPartitions` with deletion, or at a start the deletion of a stray log
/// (`BrokerMetadataPublisher`): nothing is left but a request that has been sent.
fn stop_replica(row: &mut Row, broker: usize) {
    row.disks[broker] = Disk::default();
    let memory = &row.memory[broker];
    row.memory[broker] = Memory {
        image: memory.image,
        behind: memory.behind,
        unconfigured: memory.unconfigured,
        partition_epoch: memory.image.partition.partition_epoch,
        ..memory.but_what_was_sent()
    };
}

/// `Partition.updateAssignmentAndIsr`: the states of other replicas than these are dropped.
fn keep_replicas(tenure: &mut Tenure, replicas: u8) {
    for slot in (0..MOST_BROKERS).filter(|slot| replicas >> slot & 1 == 0) {
        tenure.known[slot] = 0;
        tenure.heard_as[slot] = 0;
    }
    tenure.caught_up &= replicas;
}

/// `Partition.makeLeader`.  Nothing is truncated.
fn make_leader(row: &mut Row, around: Around<'_>, broker: usize) {
    let switches = around.rules.switches;
    let end = row.disks[broker].end;
    let memory = &mut row.memory[broker];
    let image = memory.image.partition;
    let new_epoch = image.leader_epoch > memory.leader_epoch;
    if let Some(tenure) = &mut memory.tenure {
        keep_replicas(tenure, memory.image.assignment.replicas);
    }
    // Where a history has gone back, a version may come twice, and the second time with another epoch.
    let is_known = !new_epoch && image.partition_epoch == memory.partition_epoch;
    if memory.tenure.is_some() && is_known && !switches.equal_epoch_wipes_pending {
        return;
    }
    // A late request may make a process the leader of an epoch that its former process led, whose records
    // it has dropped since, as a follower.
    let may_have_led = around.cluster.keeps_requests || row.disks[broker].tells_tenures_apart();
    if memory.tenure.is_none() && may_have_led {
        row.disks[broker].losses += 1;
    }
    let mut tenure = match memory.tenure.take() {
        Some(tenure) if !new_epoch => tenure,
        // `Replica.resetReplicaState`: whoever led before keeps what it knows (candidate F-RE).
        Some(tenure) if switches.reelected_leader_remembers => tenure,
        earlier => Tenure {
            epoch_start: end,
            committed: 0,
            pending: None,
            known: [0; MOST_BROKERS],
            // The repair of F-RE is about log ends: the registrations stay, as Kafka has it.
            heard_as: earlier.map_or([0; MOST_BROKERS], |earlier| earlier.heard_as),
            caught_up: 0,
        },
    };
    tenure.committed = image.in_sync;
    tenure.pending = None;
    if new_epoch {
        tenure.epoch_start = end;
        if switches.waits_for_caught_up {
            tenure.caught_up = image.in_sync & !(1 << broker);
        }
        if switches.notes_epoch_at_election {
            spans::assign(&mut row.disks[broker].spans, image.leader_epoch, end);
        }
    }
    memory.tenure = Some(tenure);
    memory.truncating = Truncating::Done;
    memory.leader = image.leader;
    memory.leader_epoch = image.leader_epoch;
    memory.partition_epoch = image.partition_epoch;
    around.advance(row, broker);
}

/// `ReplicaManager.makeFollowers` of 0.10.2, 1.0.0 and 2.0.1: what is done for partitions whose leader is
/// another one than before.
fn begin_to_follow(row: &mut Row, around: Around<'_>, broker: usize) {
    begin_to_truncate(&mut row.memory[broker], around);
    if around.rules.switches.truncates_to_watermark && row.memory[broker].leader != 0 {
        truncate_to_watermark(&mut row.disks[broker]);
    }
}

/// `AbstractFetcherThread.addPartitions`: the partition begins as truncating, from its watermark.
fn begin_to_truncate(memory: &mut Memory, around: Around<'_>) {
    memory.truncating = match around.rules.switches.asks_before_fetching && memory.leader != 0 {
        true => Truncating::FromWatermark,
        false => Truncating::Done,
    };
}

/// 0.10.2: to what the broker knows to be committed.
fn truncate_to_watermark(disk: &mut Disk) {
    disk.end = disk.watermark;
    spans::truncate(&mut disk.spans, disk.end);
}

/// `Partition.makeFollower`, `ReplicaManager.applyLocalFollowersDelta`.  The log stays as it is;
/// producers that wait hear `NOT_LEADER_OR_FOLLOWER`.
fn make_follower(memory: &mut Memory) {
    let image = memory.image.partition;
    memory.tenure = None;
    memory.waiting.clear();
    memory.leader = image.leader;
    memory.leader_epoch = image.leader_epoch;
    memory.partition_epoch = image.partition_epoch;
}
