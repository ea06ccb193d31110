//! The leader's changes of the ISR: proposed, on their way, answered.

use super::{Around, node};
use crate::Refusal;
use crate::kernels;
use crate::row::{Pending, Proposal, Row, Verdict, Wire};
use highwater_vocabulary::MOST_BROKERS;
use std::slice::{from_mut, from_ref};

/// While it handles a fetch, the leader proposes the follower for the ISR if it may join.
///
/// Kafka: `Partition.maybeExpandIsr`, `needsExpandIsr`, `isFollowerInSync`,
/// `isReplicaIsrEligible`, `prepareIsrExpand`; KIP-841, KIP-903, KAFKA-7128.
pub(super) fn propose_expansion(row: &mut Row, around: Around<'_>, leader: usize, follower: usize) {
    let memory = &row.memory[leader];
    let Some(tenure) = &memory.tenure else {
        return;
    };
    // A proposal while a former one is under way would come back as `OPERATION_NOT_ATTEMPTED`.
    if tenure.pending.is_some() || memory.wire.is_some() {
        return;
    }
    let unasked = unasked_observers(around, row, leader, tenure.committed);
    let eligible = around.eligible_followers(row, leader) & !unasked;
    let candidate = eligible & !tenure.committed & 1 << follower;
    let epoch_start = match around.rules.switches.checks_epoch_start {
        true => tenure.epoch_start,
        false => 0,
    };
    let mut joining = 0;
    kernels::in_sync::join(
        from_mut(&mut joining),
        from_ref(&tenure.known[follower]),
        from_ref(&row.disks[leader].watermark),
        from_ref(&epoch_start),
        candidate,
    );
    if joining != 0 {
        let proposed = tenure.committed | joining;
        if around.writes_isr() {
            // Where that fails the leader goes on with the ISR it has.
            let _ = node::update_isr(row, around, leader, proposed);
            return;
        }
        // Whoever joins counts at once (`PendingExpandIsr.maximalIsr`).
        propose(row, around, leader, proposed, proposed);
    }
}

/// The observers that are not to be in this ISR, as the leader sees it.
fn unasked_observers(around: Around<'_>, row: &Row, leader: usize, in_sync: u8) -> u8 {
    let image = &row.memory[leader].image;
    let observers = around.rules.observers.known_by(image);
    observers.unasked(1 << leader, in_sync, image.effective_min_isr())
}

/// Whether only observers leave, whom those who stay do not ask for, being enough to write.
fn is_demotion(around: Around<'_>, row: &Row, leader: usize, staying: u8, dropped: u8) -> bool {
    let min_isr = row.memory[leader].image.effective_min_isr();
    dropped & !unasked_observers(around, row, leader, staying) == 0
        && staying.count_ones() >= u32::from(min_isr)
}

/// The leader proposes an ISR without followers that have fallen behind, or without observers that it needs
/// no more.
///
/// Kafka: `Partition.maybeShrinkIsr`, `getOutOfSyncReplicas`, `prepareIsrShrink`.
pub(crate) fn shrink(
    row: &mut Row,
    around: Around<'_>,
    leader: usize,
    dropped: u8,
) -> Result<(), Refusal> {
    // `ReplicaManager.startup` schedules the task at the first publication, before the broker is let in.
    if !around.cluster.takes_part(leader) {
        return Err(Refusal::NotServing);
    }
    let memory = &row.memory[leader];
    let tenure = memory.tenure.as_ref().ok_or(Refusal::NotLeading)?;
    if tenure.pending.is_some() {
        return Err(Refusal::NoProposalWhilePending);
    }
    if dropped == 0 || dropped & (!tenure.committed | 1 << leader) != 0 {
        return Err(Refusal::AlreadySo);
    }
    let staying = tenure.committed & !dropped;
    if !is_demotion(around, row, leader, staying, dropped) {
        let behind = behind(row, around, leader);
        if dropped & !behind != 0 {
            return Err(Refusal::OnlyLaggingAreDropped);
        }
        if dropped & !out_of_sync(row, around, leader, behind) != 0 {
            return Err(Refusal::NotLate);
        }
    }
    if memory.wire.is_some() {
        return Err(Refusal::OneChangeOnTheWire);
    }

    let committed = tenure.committed;
    if around.writes_isr() {
        return node::update_isr(row, around, leader, committed & !dropped);
    }
    if let Some(tenure) = &mut row.memory[leader].tenure {
        tenure.caught_up &= !dropped;
    }
    // Whoever leaves counts until the controller has agreed (`PendingShrinkIsr.maximalIsr`).
    propose(row, around, leader, committed & !dropped, committed);
    Ok(())
}

/// The lag time of a follower passes, and the watermark waits for it no longer.
///
/// Kafka: `ReplicaState.isCaughtUp` in `Partition.maybeIncrementLeaderHW`.
pub(crate) fn lapse(
    row: &mut Row,
    around: Around<'_>,
    leader: usize,
    follower: usize,
) -> Result<(), Refusal> {
    if !around.rules.switches.waits_for_caught_up {
        return Err(Refusal::NotInThisSetting);
    }
    if !around.cluster.takes_part(leader) {
        return Err(Refusal::NotServing);
    }
    let leader_end = row.disks[leader].end;
    let may_lag = may_lag(row, around, leader, follower);
    let tenure = row.memory[leader]
        .tenure
        .as_mut()
        .ok_or(Refusal::NotLeading)?;
    if tenure.caught_up >> follower & 1 == 0 {
        return Err(Refusal::AlreadySo);
    }
    if tenure.known[follower] == leader_end + 1 || !may_lag {
        return Err(Refusal::NotLate);
    }

    tenure.caught_up &= !(1 << follower);
    Ok(())
}

/// The controller's answer arrives.
///
/// Kafka: `Partition.submitAlterPartition`, `handleAlterPartitionUpdate`,
/// `handleAlterPartitionError`.
pub(crate) fn told(row: &mut Row, around: Around<'_>, leader: usize) -> Result<(), Refusal> {
    let Some(Wire::Answered { number, verdict }) = row.memory[leader].wire else {
        return Err(Refusal::NothingThere);
    };
    if !around.cluster.takes_part(leader) {
        return Err(Refusal::NotServing);
    }
    around.cluster.controller_for(leader)?;

    let memory = &mut row.memory[leader];
    memory.wire = None;
    let Some(tenure) = &mut memory.tenure else {
        return Ok(());
    };
    if tenure.pending.map(|pending| pending.number) != Some(number) {
        return Ok(());
    }
    match verdict {
        Verdict::Ineligible(_) => tenure.pending = None,
        // It stays pending until metadata tells what became of it.
        Verdict::NewLeaderElected => {}
        Verdict::Taken(registration) => {
            // `handleAlterIsrResponse` heeds a larger version only.
            let least = memory.partition_epoch + u32::from(around.cluster.has_zookeeper());
            if registration.leader_epoch == memory.leader_epoch
                && registration.partition_epoch >= least
            {
                tenure.committed = registration.in_sync;
                tenure.pending = None;
                memory.partition_epoch = registration.partition_epoch;
                if around.rules.switches.answer_moves_watermark {
                    around.advance(row, leader);
                }
            }
        }
    }
    Ok(())
}

/// The controller's answer is lost; the change stays pending, and is asked for again where that can matter.
pub(crate) fn untold(row: &mut Row, around: Around<'_>, leader: usize) -> Result<(), Refusal> {
    match row.memory[leader].wire {
        Some(Wire::Answered { .. }) => {
            lose_answers_to(row, around, 1 << leader);
            Ok(())
        }
        _ => Err(Refusal::NothingThere),
    }
}

/// Answers on their way to these brokers are lost.  With KRaft a request that is sent again changes nothing
/// where it was taken; a controller in ZooKeeper says yes once more (`KafkaController.processAlterIsr`).
///
/// Kafka 2.7.0: `BrokerToControllerRequestThread`, which repeats a request whose connection breaks.
pub(crate) fn lose_answers_to(row: &mut Row, around: Around<'_>, brokers: u8) {
    if !around.cluster.has_zookeeper() {
        row.lose_answers_to(brokers);
        return;
    }
    for broker in (0..around.cluster.brokers).filter(|broker| brokers >> broker & 1 == 1) {
        let memory = &mut row.memory[broker];
        if let Some(Wire::Answered { .. }) = memory.wire {
            let sender_epoch = around.cluster.own_epoch[broker];
            memory.wire = memory.asked_again(sender_epoch).map(Wire::Asked);
        }
    }
}

/// In-sync followers that the leader has not seen at its own end.
fn behind(row: &Row, around: Around<'_>, leader: usize) -> u8 {
    let Some(tenure) = &row.memory[leader].tenure else {
        return 0;
    };
    let followers = tenure.committed & !(1 << leader);
    let mut behind = 0;
    for slot in 0..around.cluster.brokers {
        kernels::in_sync::behind(
            from_mut(&mut behind),
            from_ref(&tenure.known[slot]),
            from_ref(&row.disks[leader].end),
            followers & 1 << slot,
        );
    }
    behind
}

/// Those of them that may well not come (`getOutOfSyncReplicas`).
fn out_of_sync(row: &Row, around: Around<'_>, leader: usize, behind: u8) -> u8 {
    (0..around.cluster.brokers)
        .filter(|slot| behind >> slot & 1 == 1 && may_lag(row, around, leader, *slot))
        .fold(0, |slots, slot| slots | 1 << slot)
}

/// Whether the lag time may pass for a follower: there is an episode of lag, or it cannot fetch.
fn may_lag(row: &Row, around: Around<'_>, leader: usize, follower: usize) -> bool {
    let cluster = around.cluster;
    let homes = [follower, leader].map(|broker| usize::from(cluster.home[broker]));
    let is_fenced = around.rules.switches.checks_fetch_epoch
        && row.memory[follower].leader_epoch != row.memory[leader].leader_epoch;
    let follows = row.memory[follower].leader == 1 << leader && !is_fenced;
    cluster.lags
        || !cluster.takes_part(follower)
        || !cluster.connects(homes[0], homes[1])
        || !follows
}

/// Makes a proposal pending and sends it.
///
/// Kafka: `addBrokerEpochToIsr`, `DefaultAlterPartitionManager.submit`.
fn propose(row: &mut Row, around: Around<'_>, leader: usize, in_sync: u8, maximal: u8) {
    let sender_epoch = around.cluster.own_epoch[leader];
    let sent = around.cluster.office_for(leader).is_ok();
    let memory = &mut row.memory[leader];
    let Some(tenure) = &mut memory.tenure else {
        return;
    };
    memory.proposals += 1;
    let number = memory.proposals;
    tenure.pending = Some(Pending {
        number,
        maximal,
        proposed: in_sync,
    });
    let mut broker_epoch = [0; MOST_BROKERS];
    for (slot, stated) in broker_epoch.iter_mut().enumerate() {
        *stated = match slot {
            own if own == leader => sender_epoch,
            other => tenure.heard_as[other],
        };
    }
    memory.wire = Some(Wire::Asked(Proposal {
        number,
        sent,
        in_sync,
        broker_epoch,
        sender_epoch,
        leader_epoch: memory.leader_epoch,
        partition_epoch: memory.partition_epoch,
    }));
}
