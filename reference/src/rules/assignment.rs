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
        let in_front = self.replicas & !self.behind;
        in_front & in_front.wrapping_neg()
    }

    /// The same list, with nobody behind who stands there anyway.
    fn normal(self) -> Assignment {
        let behind = self.behind & self.replicas;
        let in_front = self.replicas & !behind;
        let first_behind = behind & behind.wrapping_neg();
        let stand_there_anyway = in_front < first_behind || in_front == 0;
        Assignment {
            behind: if stand_there_anyway { 0 } else { behind },
            ..self
        }
    }

    /// `new PartitionReassignmentReplicas(current, target)`, and what `changePartitionReassignment` makes
    /// of it: adding and removing replicas are set only where there are some.
    fn reassigned(self, targets: u8) -> Assignment {
        let (added, unwanted) = (targets & !self.replicas, self.replicas & !targets);
        let reassigned = Assignment {
            replicas: self.replicas | targets,
            adding: if added == 0 { self.adding } else { added },
            removing: if unwanted == 0 {
                self.removing
            } else {
                unwanted
            },
            behind: unwanted,
            ..self
        };
        reassigned.normal()
    }

    /// `PartitionReassignmentRevert`: what the list was adding is struck from it.
    fn reverted(self) -> Assignment {
        let reverted = Assignment {
            replicas: self.replicas & !self.adding,
            adding: 0,
            removing: 0,
            ..self
        };
        reverted.normal()
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
        let done = Assignment {
            replicas: self.remaining(),
            adding: 0,
            removing: 0,
            ..self
        };
        (self.is_in_progress() && remaining != 0 && missing == 0)
            .then_some((done.normal(), remaining))
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
        behind: after.behind,
        preferred: match occasion.preferred {
            0 => 0,
            _ => after.first(),
        },
        // `getTopicEffectiveMinIsr` asks partition 0 as it was.
        min_isr: around.controllers_min_isr(before.replicas.count_ones() as usize),
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
/// topic allows.
pub(crate) fn reassign(row: &mut Row, around: Around<'_>, targets: u8) -> Result<(), Refusal> {
    around.cluster.is_of_one_history()?;
    around.cluster.controller()?;
    if targets == 0 || targets >> around.cluster.brokers != 0 {
        return Err(Refusal::NotInThisSetting);
    }

    let occasion = Change {
        allows_unclean: false,
        ..controller::occasion(around)
    };
    let wanted = row.assignment.reassigned(targets);
    let in_sync = row.registration.in_sync;
    make(row, around, &occasion, in_sync, wanted)
}

/// The reassignment that runs is taken back.
///
/// Kafka: `ReplicationControlManager.cancelPartitionReassignment`, with `Election.UNCLEAN` where the topic
/// allows that, in every version.
pub(crate) fn cancel(row: &mut Row, around: Around<'_>) -> Result<(), Refusal> {
    around.cluster.is_of_one_history()?;
    around.cluster.controller()?;
    if !row.assignment.is_in_progress() {
        return Err(Refusal::NothingThere);
    }
    let remaining = row.registration.in_sync & !row.assignment.adding;
    let allows_unclean = around.rules.unclean_leader_election;
    if remaining == 0 && !allows_unclean {
        return Err(Refusal::CancellingIsClean);
    }

    let occasion = Change {
        allows_unclean,
        ..controller::occasion(around)
    };
    let wanted = row.assignment.reverted();
    let in_sync = match remaining {
        0 => wanted.first(),
        _ => remaining,
    };
    make(row, around, &occasion, in_sync, wanted)
}

/// What `build` comes to is committed, if it is anything.
fn make(
    row: &mut Row,
    around: Around<'_>,
    occasion: &Change,
    in_sync: u8,
    wanted: Assignment,
) -> Result<(), Refusal> {
    let before = (row.registration, row.assignment);
    build(row, around, occasion, in_sync, wanted);
    if (row.registration, row.assignment) == before {
        return Err(Refusal::AlreadySo);
    }
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
