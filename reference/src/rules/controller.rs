//! The active controller: elections, sessions, and the ISR changes that leaders ask for.
//!
//! What concerns brokers is decided once for all partitions, in [`crate::Engine`]; here is what
//! follows for a row.

use super::{Around, assignment};
use crate::Refusal;
use crate::kernels::change::{self, Change};
use crate::row::{Proposal, Registration, Row, Verdict, Wire};

/// The occasion of a change, by the broker facts as they are.
///
/// Kafka: `ReplicationControlManager.generateLeaderAndIsrUpdates`.  From 3.9 on every election of
/// the controller's own is unclean where the topic allows it.  With ZooKeeper:
/// `Election.leaderForOffline`, `ReplicaStateMachine.doRemoveReplicasFromIsr`.
pub(crate) fn occasion(around: Around<'_>) -> Change {
    let switches = around.rules.switches;
    Change {
        acceptable: around.cluster.acceptable(),
        removed: 0,
        unclean_stop: 0,
        min_isr: around.controllers_min_isr(around.cluster.brokers),
        preferred: 0,
        behind: 0,
        allows_unclean: switches.unclean_by_controller && around.rules.unclean_leader_election,
        has_eligible: switches.eligible_leader_replicas,
        elects_fenced_last_known: switches.elects_fenced_last_known,
        shrinking_starts_epoch: switches.shrinking_starts_epoch || around.cluster.has_zookeeper(),
        keeps_only_living: around.cluster.has_zookeeper(),
    }
}

/// What fencing a broker does to the partitions that have it in the ISR.
///
/// Kafka: `handleBrokerFenced`; before the broker counts as fenced.
pub(crate) fn fencing(around: Around<'_>, broker: usize) -> Change {
    let leaving = 1 << broker;
    let occasion = occasion(around);
    Change {
        acceptable: occasion.acceptable & !leaving,
        removed: leaving,
        ..occasion
    }
}

/// What unfencing a broker does to the partitions that nobody leads.
///
/// Kafka: `handleBrokerUnfenced`; the broker may be elected already.
pub(crate) fn unfencing(around: Around<'_>, broker: usize) -> Change {
    let occasion = occasion(around);
    Change {
        acceptable: occasion.acceptable | 1 << broker,
        ..occasion
    }
}

/// Takes the seats of a broker that registers anew, before it counts as fenced.
///
/// Kafka: `handleBrokerShutdown`: after an unclean stop, with ELR on, out of ISR and ELR, both
/// judged by the partition as it was before; else as a fencing.
pub(crate) fn take_seats(row: &mut Row, around: Around<'_>, broker: usize, clean: bool) {
    let change = fencing(around, broker);
    let whose = change.removed;
    if around.rules.switches.eligible_leader_replicas && !clean {
        let change = Change {
            unclean_stop: whose,
            ..change
        };
        let was_eligible = row.registration.eligible & whose != 0;
        remove_member(row, around, &change);
        if was_eligible {
            remove(row, around, &change);
        }
    } else {
        remove_member(row, around, &change);
    }
}

/// Takes somebody out of the ISR who is in it, and elects (`partitionsWithBrokerInIsr`).
pub(crate) fn remove_member(row: &mut Row, around: Around<'_>, change: &Change) {
    if !row.assignment.is_in_progress() {
        let change = assignment::narrow(row, around, change);
        change::remove_members(&mut row.registration.as_columns(), &change, change.removed);
    } else if row.registration.in_sync & change.removed != 0 {
        remove(row, around, change);
    }
}

/// The same whether or not it is in the ISR (`generateLeaderAndIsrUpdates`).
fn remove(row: &mut Row, around: Around<'_>, change: &Change) {
    let target = row.registration.in_sync & !change.removed;
    assignment::build(row, around, change, target, row.assignment);
}

/// Elects where nobody leads (`partitionsWithNoLeader`).
pub(crate) fn elect_if_leaderless(row: &mut Row, around: Around<'_>, change: &Change) {
    if !row.assignment.is_in_progress() {
        let change = assignment::narrow(row, around, change);
        change::elect_leaderless(&mut row.registration.as_columns(), &change);
    } else if row.registration.leader == 0 {
        let target = row.registration.in_sync;
        assignment::build(row, around, change, target, row.assignment);
    }
}

/// The controller takes or rejects a leader's ISR change.
///
/// Kafka: `ReplicationControlManager.alterPartition`, `validateAlterPartitionData`,
/// `ineligibleReplicasForIsr`.
pub(crate) fn apply(row: &mut Row, around: Around<'_>, leader: usize) -> Result<(), Refusal> {
    let Some(Wire::Asked(proposal)) = row.memory[leader].wire else {
        return Err(Refusal::NothingThere);
    };
    around.cluster.controller()?;
    if !proposal.sent {
        if !around.cluster.takes_part(leader) {
            return Err(Refusal::NotServing);
        }
        around.cluster.controller_for(leader)?;
    }

    let has_zookeeper = around.cluster.has_zookeeper();
    if !has_zookeeper && knows_more(row, around, leader, &proposal) {
        return Err(Refusal::NoController);
    }

    let judgement = match has_zookeeper {
        true => judge_node(row, around, leader, &proposal),
        false => judge(row, around, leader, &proposal),
    };
    row.memory[leader].wire = match judgement {
        Judgement::OutOfDate => None,
        Judgement::Ineligible => Some(Wire::Answered {
            number: proposal.number,
            verdict: Verdict::Ineligible(proposal),
        }),
        Judgement::IsSo => Some(answer(leader, &proposal, row.registration)),
        Judgement::Written => {
            row.registration.in_sync = proposal.in_sync;
            row.registration.partition_epoch += 1;
            row.commit_unsent(around.cluster);
            Some(answer(leader, &proposal, row.registration))
        }
        Judgement::Good => {
            let before = row.registration;
            let change = occasion(around);
            assignment::build(row, around, &change, proposal.in_sync, row.assignment);
            if row.registration != before {
                row.commit(around.cluster);
            }
            Some(answer(leader, &proposal, row.registration))
        }
    };
    Ok(())
}

/// `NOT_CONTROLLER`: whoever is asked does not know the epochs that the leader acts on, and is asked
/// again by `NodeToControllerRequestThread`.  Only a history that has gone back is behind a leader.
fn knows_more(row: &Row, around: Around<'_>, leader: usize, proposal: &Proposal) -> bool {
    let controller = &row.registration;
    proposal.sender_epoch == around.cluster.broker_epoch[leader]
        && (proposal.leader_epoch > controller.leader_epoch
            || proposal.partition_epoch > controller.partition_epoch)
}

enum Judgement {
    Good,
    /// With ZooKeeper: nothing has to be written.
    IsSo,
    /// With ZooKeeper: the partition's node is written, as it stands, and nobody is sent a request.
    Written,
    /// `STALE_BROKER_EPOCH`, `FENCED_LEADER_EPOCH`, `INVALID_REQUEST`, `INVALID_UPDATE_VERSION`:
    /// the leader stays as it is until metadata settles it, as if it had heard nothing.
    OutOfDate,
    Ineligible,
}

fn judge(row: &Row, around: Around<'_>, leader: usize, proposal: &Proposal) -> Judgement {
    let cluster = around.cluster;
    let controller = &row.registration;
    let current = proposal.sender_epoch == cluster.broker_epoch[leader]
        && proposal.leader_epoch == controller.leader_epoch
        && controller.leader == 1 << leader
        && proposal.partition_epoch == controller.partition_epoch;
    if !current {
        return Judgement::OutOfDate;
    }
    let switches = around.rules.switches;
    let inactive = proposal.in_sync & (cluster.fenced | cluster.in_controlled_shutdown) != 0;
    let outdated = (0..cluster.brokers).any(|slot| {
        let stated = proposal.broker_epoch[slot];
        proposal.in_sync >> slot & 1 == 1 && stated != 0 && stated != cluster.broker_epoch[slot]
    });
    let ineligible =
        switches.checks_isr_members && inactive || switches.checks_member_epochs && outdated;
    if !ineligible {
        Judgement::Good
    } else {
        Judgement::Ineligible
    }
}

/// With ZooKeeper: the sender's registration (KIP-380), the leader epoch, whether it is so already, the
/// version of the partition's node.  Nobody looks at the members.
///
/// Kafka: `KafkaController.processAlterIsr`.
fn judge_node(row: &Row, around: Around<'_>, leader: usize, proposal: &Proposal) -> Judgement {
    let cluster = around.cluster;
    let lives = cluster.fenced >> leader & 1 == 0;
    if !lives || proposal.sender_epoch != cluster.broker_epoch[leader] {
        return Judgement::OutOfDate;
    }
    if proposal.leader_epoch < row.registration.leader_epoch {
        return Judgement::OutOfDate;
    }
    if proposal.is_so(leader, &row.registration) {
        return Judgement::IsSo;
    }
    match proposal.partition_epoch == row.registration.partition_epoch {
        true => Judgement::Written,
        false => Judgement::OutOfDate,
    }
}

/// A proposal that includes its sender, unfenced, leaves it the leader, unless that completes a
/// reassignment that takes its replica away.
fn answer(leader: usize, proposal: &Proposal, taken: Registration) -> Wire {
    Wire::Answered {
        number: proposal.number,
        verdict: match taken.leader == 1 << leader {
            true => Verdict::Taken(taken),
            false => Verdict::NewLeaderElected,
        },
    }
}

/// The preferred leader is elected, if it may lead.
///
/// Kafka: `electLeader` with `PREFERRED`; `ELECTION_NOT_NEEDED`, `PREFERRED_LEADER_NOT_AVAILABLE`.
/// With ZooKeeper: `Election.leaderForPreferredReplica`, which leaves the ISR as it is.
pub(crate) fn prefer(row: &mut Row, around: Around<'_>) -> Result<(), Refusal> {
    around.cluster.controller()?;
    if row.registration.leader == row.assignment.first() {
        return Err(Refusal::AlreadySo);
    }
    let change = Change {
        preferred: row.assignment.first(),
        allows_unclean: false,
        keeps_only_living: false,
        ..occasion(around)
    };
    // `preferredReplicaPartitionLeaderElection` elects the first or nobody.
    let may_lead = row.registration.in_sync & change.acceptable & change.preferred != 0;
    if around.cluster.has_zookeeper() && !may_lead {
        return Err(Refusal::NothingThere);
    }
    elect(row, around, &change)
}

/// The controller's sweep elects uncleanly where nobody leads.
///
/// Kafka: `maybeElectUncleanLeaders`.
pub(crate) fn sweep_unclean(row: &mut Row, around: Around<'_>) -> Result<(), Refusal> {
    around.cluster.controller()?;
    let change = occasion(around);
    if !change.allows_unclean {
        return Err(Refusal::UncleanIsAllowed);
    }
    elect_leaderless(row, around, &change)
}

/// An operator asks for an unclean election; it takes no setting, only that nobody leads.
///
/// Kafka: `electLeaders` with `UNCLEAN`.
pub(crate) fn elect_unclean(row: &mut Row, around: Around<'_>) -> Result<(), Refusal> {
    around.cluster.controller()?;
    let change = Change {
        allows_unclean: true,
        ..occasion(around)
    };
    elect_leaderless(row, around, &change)
}

fn elect_leaderless(row: &mut Row, around: Around<'_>, change: &Change) -> Result<(), Refusal> {
    if row.registration.leader != 0 {
        return Err(Refusal::AlreadySo);
    }
    elect(row, around, change)
}

fn elect(row: &mut Row, around: Around<'_>, change: &Change) -> Result<(), Refusal> {
    let before = (row.registration, row.assignment);
    if row.assignment.is_in_progress() {
        assignment::build(row, around, change, before.0.in_sync, before.1);
    } else {
        let change = assignment::narrow(row, around, change);
        change::elect(&mut row.registration.as_columns(), &change);
    }
    if (row.registration, row.assignment) == before {
        return Err(Refusal::NothingThere);
    }

    row.commit(around.cluster);
    Ok(())
}
