//! The leader's side of ISR changes: propose, hear the answer or not.

use crate::replication::rules::environment::{
    may_be_dropped, reach_controller, reaches_controller,
};
use crate::replication::rules::{watermark, zookeeper};
use crate::replication::state::{Answer, Outcome, PerBroker, Request};
use crate::replication::{BrokerEpoch, Disabled, Guard, Replication, State};
use highwater_vocabulary::{Broker, BrokerSet, ObserverPromotion};

/// A leader that has just heard from a follower outside the ISR proposes to let it in, if it may
/// join; if a change is still on the wire the proposal fails on the spot and nothing remains of it.
///
/// Note that "may join" is to hold everything below the watermark, not the whole log.
///
/// Who: leader.  Source: `Partition.maybeExpandIsr`, `isFollowerInSync`, `isReplicaIsrEligible`,
/// KIP-841, KIP-903; R19, R21.
pub(super) fn propose_expansion(
    model: &Replication,
    state: &mut State,
    leader: Broker,
    joiner: Broker,
) -> Result<(), Disabled> {
    if may_join(model, state, leader, joiner) != Some(true) {
        return Ok(());
    }
    let tenure = state.replicas[leader].tenure();
    let isr = tenure.map_or(BrokerSet::EMPTY, |tenure| tenure.isr);
    if !model.variant.switches.leader_writes_isr {
        propose(model, state, leader, isr.with(joiner));
        return Ok(());
    }
    match zookeeper::write_isr(model, state, leader, isr.with(joiner)) {
        Err(Disabled::ModelIsFull) => Err(Disabled::ModelIsFull),
        // What fails leaves the ISR as it is; the next fetch tries again.
        _ => Ok(()),
    }
}

fn may_join(model: &Replication, state: &State, leader: Broker, joiner: Broker) -> Option<bool> {
    let replica = &state.replicas[leader];
    let tenure = replica.tenure()?;
    let view = state.view(leader);
    let end = tenure.follower_end[joiner]?;
    let holds = |guard, condition: bool| condition || !model.keeps(guard);
    // Kafka knows no epoch of a fenced broker, so this guard includes the one before it.
    let switches = &model.variant.switches;
    let epoch_is_known = !view.inactive.fenced.contains(joiner)
        && tenure.follower_epoch[joiner] == view.broker_epochs[joiner];
    let leaving = view.inactive.in_controlled_shutdown;
    Some(
        !tenure.isr.contains(joiner)
            && holds(Guard::NoProposalWhilePending, tenure.pending.is_none())
            && holds(
                Guard::OneChangeOnTheWire,
                nothing_on_the_wire(state, leader),
            )
            && holds(Guard::JoinerReachesWatermark, end >= replica.watermark)
            && holds(
                Guard::JoinerReachesEpochStart,
                !switches.checks_epoch_start || end >= tenure.epoch_start,
            )
            && holds(
                Guard::JoinerIsNoObserver,
                may_be_in_sync(model, state, leader, joiner),
            )
            && holds(
                Guard::JoinerIsNotFenced,
                !switches.checks_isr_members || !view.inactive.fenced.contains(joiner),
            )
            && holds(
                Guard::JoinerIsNotShuttingDown,
                !switches.checks_isr_members || !leaving.contains(joiner),
            )
            && holds(
                Guard::JoinerEpochIsKnown,
                !switches.checks_member_epochs || epoch_is_known,
            ),
    )
}

/// Whether a replica is no observer, or one that the policy asks into the ISR as this leader knows it.
///
/// Source: Confluent Server's documentation of replica placement; R49.
fn may_be_in_sync(model: &Replication, state: &State, leader: Broker, joiner: Broker) -> bool {
    !state.view(leader).observers.contains(joiner)
        || state.replicas[leader]
            .tenure()
            .is_some_and(|tenure| asks_for_observers(model, state, leader, tenure.isr))
}

/// Whether the policy asks for observers beside this ISR.
fn asks_for_observers(model: &Replication, state: &State, leader: Broker, isr: BrokerSet) -> bool {
    let view = state.view(leader);
    match model.setting.observer_promotion {
        ObserverPromotion::UnderMinIsr => {
            isr.len() < watermark::leaders_min_isr(model, state, leader)
        }
        ObserverPromotion::UnderReplicated => isr.len() < view.replicas.minus(view.observers).len(),
        ObserverPromotion::LeaderIsObserver => view.observers.contains(leader),
    }
}

/// Whether all who leave are observers that are needed no more: the policy asks for nobody beside those
/// who stay, and these are enough to write.  What is documented says that they leave, and not that
/// a partition becomes unwritable by it.
fn are_demoted(model: &Replication, state: &State, leader: Broker, dropped: BrokerSet) -> bool {
    let isr = state.replicas[leader].tenure().map(|tenure| tenure.isr);
    let staying = isr.unwrap_or_default().minus(dropped);
    dropped.is_subset(state.view(leader).observers)
        && !asks_for_observers(model, state, leader, staying)
        && staying.len() >= watermark::leaders_min_isr(model, state, leader)
}

/// A leader proposes an ISR without followers that have fallen behind for the lag time, or without observers that
/// it needs no more.
///
/// Who: leader.  Source: `Partition.maybeShrinkIsr`, `getOutOfSyncReplicas`; R20, R21, R49.
pub(super) fn shrink(
    model: &Replication,
    before: &State,
    leader: Broker,
    dropped: BrokerSet,
) -> Result<State, Disabled> {
    let replica = &before.replicas[leader];
    if !replica.serves() {
        return Err(Disabled::NotServing);
    }
    let tenure = replica.tenure().ok_or(Disabled::NotLeading)?;
    model.require(Guard::NoProposalWhilePending, tenure.pending.is_none())?;
    if dropped.is_empty() || !dropped.is_subset(tenure.isr.without(leader)) {
        return Err(Disabled::AlreadySo);
    }
    let behind = |follower: Broker| tenure.follower_end[follower] != Some(replica.log.end());
    let late = |follower| may_be_dropped(model, before, leader, follower);
    if !are_demoted(model, before, leader, dropped) {
        model.require(Guard::OnlyLaggingAreDropped, dropped.iter().all(behind))?;
        if !dropped.iter().all(late) {
            return Err(Disabled::NotLate);
        }
    }
    model.require(
        Guard::OneChangeOnTheWire,
        nothing_on_the_wire(before, leader),
    )?;

    let mut after = *before;
    if let Some(tenure) = after.replicas[leader].tenure_mut() {
        // Whoever may be dropped has been behind for the lag time, which is what is waited for.
        tenure.caught_up = tenure.caught_up.minus(dropped);
    }
    if model.variant.switches.leader_writes_isr {
        zookeeper::write_isr(model, &mut after, leader, tenure.isr.minus(dropped))?;
        watermark::advance(model, &mut after, leader);
        return Ok(after);
    }
    propose(model, &mut after, leader, tenure.isr.minus(dropped));
    // To propose calls nobody who would look at the watermark (`Partition.maybeShrinkIsr`): whoever is
    // to leave still counts.
    if !model.keeps(Guard::LeaverCountsUntilCommitted) {
        watermark::advance(model, &mut after, leader);
    }
    Ok(after)
}

/// The lag time of a follower passes: the leader no longer waits for it to join.  The clock moves no
/// watermark; whatever next looks at it does.
///
/// Who: leader.  Source: `ReplicaState.isCaughtUp`; the third term of R06.
pub(super) fn lapse(
    model: &Replication,
    before: &State,
    leader: Broker,
    follower: Broker,
) -> Result<State, Disabled> {
    if !model.variant.switches.waits_for_caught_up {
        return Err(Disabled::NotInThisSetting);
    }
    let replica = &before.replicas[leader];
    if !replica.serves() {
        return Err(Disabled::NotServing);
    }
    let tenure = replica.tenure().ok_or(Disabled::NotLeading)?;
    let behind = tenure.follower_end[follower] != Some(replica.log.end());
    if !tenure.caught_up.contains(follower) {
        return Err(Disabled::AlreadySo);
    }
    if !behind || !may_be_dropped(model, before, leader, follower) {
        return Err(Disabled::NotLate);
    }

    let mut after = *before;
    if let Some(tenure) = after.replicas[leader].tenure_mut() {
        tenure.caught_up = tenure.caught_up.without(follower);
    }
    Ok(after)
}

/// Whether there is an active controller, working or not, to which `leader` can open a connection.
fn connects_to_controller(model: &Replication, state: &State, leader: Broker) -> bool {
    let home = model.setting.home(leader);
    let active = state.controller.active;
    active.is_some_and(|active| state.world.connects(home, active))
}

fn nothing_on_the_wire(state: &State, leader: Broker) -> bool {
    state.changes[leader].request.is_none() && state.changes[leader].answer.is_none()
}

/// Sends an AlterPartition request; from here on the proposal is pending.  The registration of a
/// member that the leader has not heard from in this tenure is left out, and then nobody checks it.
fn propose(model: &Replication, state: &mut State, leader: Broker, isr: BrokerSet) {
    let sent = match model.has_zookeeper() {
        // It waits with the controller until that reaches ZooKeeper.
        true => connects_to_controller(model, state, leader),
        false => reaches_controller(model, state, leader),
    };
    let replica = &mut state.replicas[leader];
    let (leader_epoch, broker_epoch) = (replica.leader_epoch, replica.broker_epoch);
    let Some(tenure) = replica.tenure_mut() else {
        return;
    };
    tenure.pending = Some(isr);
    let mut member_epochs = PerBroker::<BrokerEpoch>::default();
    let checked = match model.variant.switches.checks_member_epochs {
        true => isr,
        false => BrokerSet::EMPTY,
    };
    for member in checked.iter() {
        member_epochs[member] = if member == leader {
            broker_epoch
        } else {
            tenure.follower_epoch[member]
        };
    }
    let partition_epoch = tenure.partition_epoch;
    state.changes[leader].request = Some(Request {
        sent,
        leader_epoch,
        partition_epoch,
        broker_epoch,
        isr,
        member_epochs,
    });
}

/// The controller's answer arrives.
///
/// Success makes the proposal the committed state.  A certain refusal takes it back.  Anything else
/// leaves it pending until metadata tells what became of it.
///
/// Who: leader.  Source: `Partition.handleAlterPartitionUpdate`, `handleAlterPartitionError`; R24.
pub(super) fn told(model: &Replication, before: &State, leader: Broker) -> Result<State, Disabled> {
    let answer = before.changes[leader]
        .answer
        .ok_or(Disabled::NothingThere)?;
    let replica = &before.replicas[leader];
    if !replica.serves() {
        return Err(Disabled::NotServing);
    }
    reach_controller(model, before, leader)?;

    let mut after = *before;
    after.changes[leader].end_answer();
    // A refusal calls nobody who would look at the watermark (`Partition.submitAlterPartition`).
    if take_answer(model, &mut after, leader, &answer)
        && model.variant.switches.answer_moves_watermark
    {
        watermark::advance(model, &mut after, leader);
    }
    Ok(after)
}

fn take_answer(model: &Replication, after: &mut State, leader: Broker, answer: &Answer) -> bool {
    let replica = &mut after.replicas[leader];
    let own_epoch = replica.leader_epoch;
    let Some(tenure) = replica.tenure_mut() else {
        return false;
    };
    let (built_on, proposed) = answer.to;
    let matches = tenure.pending == Some(proposed) && tenure.partition_epoch == built_on;
    if tenure.pending.is_none() || !matches && model.keeps(Guard::AnswerMatchesProposal) {
        return false;
    }
    match answer.outcome {
        Outcome::Accepted {
            leader_epoch,
            partition_epoch,
        } => {
            if leader_epoch == own_epoch && partition_epoch >= tenure.partition_epoch {
                tenure.isr = proposed;
                tenure.partition_epoch = partition_epoch;
                tenure.pending = None;
                return true;
            }
        }
        Outcome::Ineligible => tenure.pending = None,
        Outcome::OutOfDate => {
            if !model.keeps(Guard::UnknownOutcomeStaysPending) {
                tenure.pending = None;
            }
        }
    }
    false
}

/// The answer is lost.  Kafka sends the request again and again.  If it was taken, the controller answers
/// that it is out of date, so the proposal stays pending until metadata arrives; if it was refused, no
/// metadata will tell, and it is judged once more.  A controller with ZooKeeper answers that it is so already.
///
/// Who: network.  Source: `DefaultAlterPartitionManager`, `DefaultAlterIsrManager`; R21, R24.
pub(super) fn untold(
    model: &Replication,
    before: &State,
    leader: Broker,
) -> Result<State, Disabled> {
    if before.changes[leader].answer.is_none() {
        return Err(Disabled::NothingThere);
    }

    let mut after = *before;
    match model.keeps(Guard::UnknownOutcomeStaysPending) {
        true => after.changes[leader].lose_answer(),
        false => after.changes[leader].end_answer(),
    }
    if model.has_zookeeper() {
        ask_again(&mut after, leader);
    } else if !model.keeps(Guard::UnknownOutcomeStaysPending) {
        if let Some(tenure) = after.replicas[leader].tenure_mut() {
            tenure.pending = None;
        }
        watermark::advance(model, &mut after, leader);
    }
    Ok(after)
}

/// A leader whose answer was lost sends its proposal once more, as soon as it reaches a controller.
///
/// Who: leader.  Source: `DefaultAlterIsrManager.propagateIsrChanges` (what is not answered stays among
/// the unsent).
pub(super) fn ask_again(state: &mut State, leader: Broker) {
    let replica = &state.replicas[leader];
    let Some((tenure, isr)) = replica
        .tenure()
        .and_then(|tenure| Some((tenure, tenure.pending?)))
    else {
        return;
    };
    state.changes[leader].request = Some(Request {
        sent: false,
        leader_epoch: replica.leader_epoch,
        partition_epoch: tenure.partition_epoch,
        broker_epoch: replica.broker_epoch,
        isr,
        member_epochs: PerBroker::default(),
    });
}
