//! The high watermark of a leader.

use crate::replication::state::{State, Tenure};
use crate::replication::{Guard, Replication};
use highwater_vocabulary::{Broker, BrokerSet};

/// The leader's watermark follows the slowest in-sync replica, and never falls.
///
/// Called inside the handling of an append, a fetch, an ISR change and an election: Kafka does all
/// of them under the same partition lock, so nobody sees the state in between.
///
/// Who: leader.  Source: `Partition.maybeIncrementLeaderHW`, KIP-497, KIP-966; R06 to R09.
pub(super) fn advance(model: &Replication, state: &mut State, leader: Broker) {
    let min_isr = leaders_min_isr(model, state, leader);
    advance_under(model, state, leader, min_isr);
}

/// The same, where the leader goes by a min ISR of its own.
pub(super) fn advance_under(
    model: &Replication,
    state: &mut State,
    leader: Broker,
    min_isr: usize,
) {
    let view = *state.view(leader);
    let replica = &mut state.replicas[leader];
    let Some(tenure) = replica.tenure() else {
        return;
    };
    let strict = model.variant.switches.strict_min_isr && model.keeps(Guard::WatermarkAtMinIsr);
    if strict && tenure.isr.len() < min_isr {
        return;
    }
    let slowest = if model.keeps(Guard::WatermarkIsSlowestInSync) {
        let awaited = counted_isr(model, tenure).union(caught_up_outside(model, tenure, &view));
        let mut ends = awaited
            .without(leader)
            .iter()
            .map(|follower| tenure.follower_end[follower]);
        ends.try_fold(replica.log.end(), |slowest, end| Some(slowest.min(end?)))
    } else {
        Some(replica.log.end())
    };
    let Some(slowest) = slowest else { return };
    if slowest > replica.watermark || !model.keeps(Guard::WatermarkIsMonotone) {
        replica.watermark = slowest;
    }
}

/// The ISR that watermark and acknowledgements count: the maximal one.
///
/// Source: KIP-497, `PendingExpandIsr`, `PendingShrinkIsr`; R09.
pub(crate) fn counted_isr(model: &Replication, tenure: &Tenure) -> BrokerSet {
    let Some(proposed) = tenure.pending else {
        return tenure.isr;
    };
    let joiners = proposed.minus(tenure.isr);
    let leavers = tenure.isr.minus(proposed);
    let mut counted = tenure.maximal_isr();
    if !model.keeps(Guard::JoinerCountsAtOnce) {
        counted = counted.minus(joiners);
    }
    if !model.keeps(Guard::LeaverCountsUntilCommitted) {
        counted = counted.minus(leavers);
    }
    counted
}

/// The min ISR that the leader goes by: the topic's, as far as it has learnt, and never more than
/// there are replicas.
///
/// Source: `Partition.effectiveMinIsr`; R03.
pub(super) fn leaders_min_isr(model: &Replication, state: &State, leader: Broker) -> usize {
    let known = state.min_isr_known_by(leader);
    min_isr_of(model, known, state.view(leader).replicas)
}

/// What a min ISR comes to for a leader of these replicas.
pub(super) fn min_isr_of(model: &Replication, min_isr: u8, replicas: BrokerSet) -> usize {
    match model.keeps(Guard::LeaderKnowsMinIsr) {
        true => model.effective_min_isr(min_isr, replicas),
        false => 1,
    }
}

/// Followers outside the ISR that the leader still waits for, because they were at its log end
/// less than the lag time ago and might join.  A pure delay, unless F-EQ is there.
///
/// Source: `Partition.maybeIncrementLeaderHW` (`shouldWaitForReplicaToJoinIsr`), KAFKA-15021.
fn caught_up_outside(
    model: &Replication,
    tenure: &Tenure,
    view: &crate::replication::state::Image,
) -> BrokerSet {
    if !model.variant.switches.waits_for_caught_up {
        return BrokerSet::EMPTY;
    }
    let eligible = |follower: &Broker| {
        let switches = &model.variant.switches;
        let lives = !view.inactive.fenced.contains(*follower);
        let active = !view.inactive.all().contains(*follower);
        let known = lives && tenure.follower_epoch[*follower] == view.broker_epochs[*follower];
        view.replicas.contains(*follower)
            && !view.observers.contains(*follower)
            && (active || !switches.checks_isr_members)
            && (known || !switches.checks_member_epochs)
    };
    tenure
        .caught_up
        .minus(tenure.isr)
        .iter()
        .filter(eligible)
        .collect()
}
