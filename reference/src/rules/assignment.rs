//! Which brokers hold a replica, and how that changes.
//!
//! A row whose replicas are all brokers of the table, under the table's own placement, is like every
//! other.  Any other row lies beside the columns for good, and nothing of this is known to the kernels but
//! in which order they elect.

use super::{Around, controller};
use crate::Refusal;
use crate::kernels::change::{self, Change};
use crate::row::{Assignment, Row};

impl Assignment {
    /// `PartitionReassignmentReplicas.isReassignmentInProgress`.
    pub(crate) fn is_in_progress(self) -> bool {
        self.adding | self.removing != 0
    }

    /// The replicas without those that are to go.
    fn remaining(self) -> u8 {
        self.replicas & !self.removing
    }

    /// The preferred leader, as a set of one.
    pub(crate) fn first(self) -> u8 {
        let remaining = self.remaining();
        remaining & remaining.wrapping_neg()
    }

    /// `PartitionReassignmentReplicas.maybeCompleteReassignment` for an ISR: what both come to, if it
    /// completes.
    fn completed(self, in_sync: u8, awaits_targets: bool) -> Option<(Assignment, u8)> {
        let remaining = in_sync & !self.removing;
        let missing = match awaits_targets {
            true => self.remaining() & !remaining,
            // 3.5.0 has a loop over `adding`.
            false => self.adding & !remaining,
        };
        (self.is_in_progress() && remaining != 0 && missing == 0).then_some((
            Assignment {
                replicas: self.remaining(),
                adding: 0,
                removing: 0,
                ..self
            },
            remaining,
        ))
    }
}

/// The occasion as it concerns a row: who holds a replica of it, and in which order.
pub(crate) fn narrow(row: &Row, around: Around<'_>, occasion: &Change) -> Change {
    narrowed(occasion, around, row.assignment, row.assignment)
}

fn narrowed(
    occasion: &Change,
    around: Around<'_>,
    before: Assignment,
    after: Assignment,
) -> Change {
    Change {
        acceptable: occasion.acceptable & after.replicas,
        removing: after.removing,
        preferred: match occasion.preferred {
            0 => 0,
            _ => after.first(),
        },
        // `getTopicEffectiveMinIsr` asks partition 0 as it was.
        min_isr: before.effective(around.cluster.min_isr),
        ..*occasion
    }
}

/// `PartitionChangeBuilder.build` and `PartitionRegistration.merge` for a partition that is to have this
/// ISR and this assignment.  Where no reassignment runs or begins, that is a kernel's work alone.
pub(crate) fn build(
    row: &mut Row,
    around: Around<'_>,
    occasion: &Change,
    in_sync: u8,
    wanted: Assignment,
) {
    let before = (row.registration, row.assignment);
    let awaits_targets = around.rules.switches.reassignment_awaits_targets;
    let completed = wanted.completed(in_sync, awaits_targets);
    let (assignment, in_sync) = completed.unwrap_or((wanted, in_sync));
    let change = narrowed(occasion, around, before.1, assignment);
    change::take(&mut row.registration.as_columns(), &change, in_sync);
    row.assignment = assignment;
    let registration = &mut row.registration;
    // `triggerLeaderEpochBumpForReplicaReassignmentIfNeeded`.
    let loses_replica = before.1.replicas & !assignment.replicas != 0;
    if loses_replica && registration.leader_epoch == before.0.leader_epoch {
        registration.leader_epoch += 1;
    }
    let differs = before.1 != assignment || before.0.leader_epoch != registration.leader_epoch;
    if differs && registration.partition_epoch == before.0.partition_epoch {
        registration.partition_epoch += 1;
    }
}

/// A reassignment to these replicas begins.
///
/// Kafka: `ReplicationControlManager.changePartitionReassignment`, with `Election.ONLINE` whatever the
/// topic allows.  That another one runs would not stop Kafka.
pub(crate) fn reassign(row: &mut Row, around: Around<'_>, targets: u8) -> Result<(), Refusal> {
    around.cluster.is_of_one_history()?;
    around.cluster.controller()?;
    let now = row.assignment;
    if targets == 0 || targets >> around.cluster.brokers != 0 {
        return Err(Refusal::NotInThisSetting);
    }
    if now.is_in_progress() {
        return Err(Refusal::ReassignmentRuns);
    }
    if targets == now.replicas {
        return Err(Refusal::AlreadySo);
    }

    let occasion = Change {
        allows_unclean: false,
        ..controller::occasion(around)
    };
    let wanted = Assignment {
        replicas: now.replicas | targets,
        adding: targets & !now.replicas,
        removing: now.replicas & !targets,
        ..now
    };
    let in_sync = row.registration.in_sync;
    build(row, around, &occasion, in_sync, wanted);
    row.commit(around.cluster);
    Ok(())
}

/// These observers are ordinary replicas from now on: the topic's placement says so.
pub(crate) fn promote(row: &mut Row, around: Around<'_>, promoted: u8) {
    if row.assignment.observers & promoted == 0 {
        return;
    }
    row.assignment.observers &= !promoted;
    row.registration.partition_epoch += 1;
    row.commit(around.cluster);
}
