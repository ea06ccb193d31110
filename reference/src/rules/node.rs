//! With ZooKeeper, before `AlterIsr`: the leader writes the partition's node itself.
//!
//! Kafka 2.1.0: `Partition.updateIsr`, `ReplicationUtils.updateLeaderAndIsr`,
//! `KafkaZkClient.conditionalUpdatePath`.  All of it happens under the partition's lock, and the client
//! repeats what it has not been answered: nobody sees anything in between.

use super::Around;
use crate::Refusal;
use crate::row::Row;

/// The leader writes another ISR, if the node is as it knows it.  Where it is not, nothing happens; the
/// leader goes on with the ISR it has (KAFKA-2729).
pub(super) fn update_isr(
    row: &mut Row,
    around: Around<'_>,
    leader: usize,
    in_sync: u8,
) -> Result<(), Refusal> {
    let home = usize::from(around.cluster.home[leader]);
    if !around.cluster.reaches_zookeeper(home) {
        return Err(Refusal::Unreachable);
    }
    let memory = &mut row.memory[leader];
    if memory.partition_epoch != row.registration.partition_epoch {
        return Err(Refusal::IsrVersionIsCurrent);
    }
    let Some(tenure) = &mut memory.tenure else {
        return Err(Refusal::NotLeading);
    };

    // Whoever is dropped has been behind for the lag time, which is what is waited for.
    tenure.caught_up &= in_sync | !tenure.committed;
    tenure.committed = in_sync;
    memory.partition_epoch += 1;
    // The whole node is written over; of the same version it says the same, but for the ISR.
    row.registration.in_sync = in_sync;
    row.registration.partition_epoch += 1;
    row.commit_unsent(around.cluster);
    around.advance(row, leader);
    Ok(())
}
