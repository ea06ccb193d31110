//! ZooKeeper: who reaches it, who is the controller, how brokers come and go.
//!
//! ZooKeeper has no state of its own here.  It commits as long as a quorum of its servers can follow
//! one of them, and which of them that is may change at any moment.  A broker is served by any server,
//! voter or observer, that is connected to the quorum.
//!
//! The controller is a broker.  Which one of its datacenter is left open: whichever of them stops next.
//! So the office is lost with the first that stops, and another may take it at once.
//!
//! **Deliberately absent:** sessions as a state.  That a session has ended and that the controller has
//! seen it are one step, because nobody but the controller looks; and while nobody reaches a quorum
//! no session ends.

use crate::quorum::ensemble;
use crate::replication::rules::controller;
use crate::replication::rules::environment::{controller_works, keeps_session, vacate};
use crate::replication::state::State;
use crate::replication::{BrokerEpoch, Disabled, Guard, Replication};
use highwater_vocabulary::{Broker, BrokerSet, Datacenter, Member, Process, Quorum};

/// Whether the voters of the datacenters that count are enough to commit.
pub(crate) fn is_quorum(model: &Replication, counts: impl Fn(Datacenter) -> bool) -> bool {
    ensemble::is_quorum(&model.setting.quorum, &model.setting.voters, counts)
}

/// Whether ZooKeeper commits with its leader in `hub`: the servers that can follow it are a quorum.  A
/// server without weight is never elected (`FastLeaderElection.totalOrderPredicate`).
fn commits_at(model: &Replication, state: &State, hub: Datacenter) -> bool {
    let setting = &model.setting;
    let weighs = match &setting.quorum {
        Quorum::Majority => true,
        Quorum::Hierarchical { weights } => weights[hub.index()] > 0,
    };
    setting.voters[hub.index()] > 0
        && weighs
        && is_quorum(model, |site| state.world.connects(site, hub))
}

/// Whether ZooKeeper commits at all.
pub(crate) fn works(model: &Replication, state: &State) -> bool {
    let mut hubs = model.setting.every_datacenter();
    hubs.any(|hub| commits_at(model, state, hub))
}

/// Whether a client in `from` has a session: it can connect to a server that is connected to a leader
/// which commits.
pub(crate) fn reaches(model: &Replication, state: &State, from: Datacenter) -> bool {
    let serves = |site: &Datacenter, hub| {
        model.setting.servers_of(*site) > 0
            && state.world.connects(from, *site)
            && state.world.connects(*site, hub)
    };
    let mut hubs = model.setting.every_datacenter();
    hubs.any(|hub| {
        commits_at(model, state, hub)
            && model
                .setting
                .every_datacenter()
                .any(|site| serves(&site, hub))
    })
}

/// Whether `broker` runs, is registered and keeps its session.
pub(crate) fn has_session(model: &Replication, state: &State, broker: Broker) -> bool {
    state.replicas[broker].serves() && reaches(model, state, model.setting.home(broker))
}

/// Whether broker epochs are looked at, where the controller sends requests.
pub(crate) fn checks_requests(model: &Replication) -> bool {
    model.variant.switches.checks_request_broker_epoch
        && model.keeps(Guard::RequestBrokerEpochIsCurrent)
}

/// Whether the controller sees that `broker` came back before its absence was noticed: its node is not
/// the one that the controller knows.
///
/// Source: KIP-380, `KafkaController.processBrokerChange` (`bouncedBrokerIds`); R52.
pub(super) fn is_bounced(model: &Replication, state: &State, broker: Broker) -> bool {
    let replica = &state.replicas[broker];
    model.variant.switches.checks_request_broker_epoch
        && model.keeps(Guard::BounceIsNoticed)
        && has_session(model, state, broker)
        && replica.broker_epoch != state.image().broker_epochs[broker]
}

/// Whether a controller that has lost its office may go on writing.
pub(super) fn deposed_controller_writes(model: &Replication, state: &State) -> bool {
    model.has_zookeeper()
        && !model.keeps(Guard::DeposedControllerWritesNothing)
        && works(model, state)
}

/// What must be the case for `/brokers/ids` to have a node of `broker`'s former process still: nobody
/// has seen that it is gone.  Then requests that were meant for that process may reach the next one,
/// unless it looks at broker epochs.
pub(crate) fn inherits_requests(model: &Replication, state: &State, broker: Broker) -> bool {
    model.has_zookeeper()
        && !checks_requests(model)
        && !state.image().inactive.fenced.contains(broker)
}

/// A restarted broker creates its node in ZooKeeper, which it can as soon as the node of its former
/// process is gone; that may be true at any moment after the process has ended.
///
/// The controller is not asked and need not notice.  As long as it has not, the broker has the seat
/// and the office of its former process, and is told nothing.
///
/// Who: broker.  Source: `KafkaZkClient.registerBroker`, `checkedEphemeralCreate`, KIP-380; R52.
pub(super) fn register(
    model: &Replication,
    before: &State,
    broker: Broker,
) -> Result<State, Disabled> {
    let replica = &before.replicas[broker];
    if replica.process != Process::Running {
        return Err(Disabled::NotServing);
    }
    if replica.broker_epoch != BrokerEpoch(0) {
        return Err(Disabled::AlreadySo);
    }
    if !reaches(model, before, model.setting.home(broker)) {
        return Err(Disabled::Unreachable);
    }
    let known = before.image().broker_epochs[broker];
    if known.next() == BrokerEpoch::LAST {
        return Err(Disabled::ModelIsFull);
    }
    let is_new_node = before.image().inactive.fenced.contains(broker)
        || model.keeps(Guard::RegistrationAwaitsSessionEnd);

    let mut after = *before;
    let newest = after.controller.newest();
    let replica = &mut after.replicas[broker];
    replica.broker_epoch = match model.variant.switches.checks_request_broker_epoch && is_new_node {
        true => known.next(),
        false => known,
    };
    replica.open = true;
    replica.stopped_under = BrokerEpoch(0);
    after.configured[broker] = newest;
    after.controller.gone = after.controller.gone.without(broker);
    let replica = &mut after.replicas[broker];
    if !inherits_requests(model, before, broker) && replica.tenure().is_none() {
        replica.place = newest;
    }
    Ok(after)
}

/// The registrations as the controller reads them when it notices `broker`'s node.  A process that was
/// there all the time has registered anew, because its session had ended.
///
/// Source: KIP-380, `KafkaController.processBrokerChange`, `RegisterBrokerAndReelect`; R52.
pub(super) fn note_registration(
    model: &Replication,
    after: &mut State,
    broker: Broker,
) -> BrokerEpoch {
    let known = after.image().broker_epochs[broker];
    let replica = &mut after.replicas[broker];
    if model.variant.switches.checks_request_broker_epoch && replica.broker_epoch == known {
        replica.broker_epoch = known.next();
    }
    replica.broker_epoch
}

/// Whether some broker of `active` is there to act as controller.
pub(super) fn holds_office(model: &Replication, state: &State, active: Datacenter) -> bool {
    let mut brokers = model.setting.brokers_of(active).iter();
    brokers.any(|broker| state.replicas[broker].serves())
}

/// Whether `broker` may be the active controller: it has a session, as far as anybody knows, and is in
/// the datacenter in which the controller is.
pub(super) fn may_be_controller(model: &Replication, state: &State, broker: Broker) -> bool {
    model.has_zookeeper()
        && state.controller.active == Some(model.setting.home(broker))
        && state.replicas[broker].broker_epoch != BrokerEpoch(0)
        && !state.image().inactive.fenced.contains(broker)
}

/// A broker of `datacenter` takes `/controller`.
///
/// It reads who is there and under which registration, so whoever has come back unnoticed stays
/// unnoticed; and it sends every live broker what the partition is now, which may be news to one.  The
/// session of its predecessor has ended, so that one is absent unless it has registered anew.
/// Whose session has ended beside is noticed by `fence`, which may follow at once.
///
/// Who: broker.  Source: `KafkaController.elect`, `onControllerFailover`,
/// `ReplicaStateMachine.startup`; R50, R52.
pub(super) fn activate(
    model: &Replication,
    before: &State,
    datacenter: Datacenter,
) -> Result<State, Disabled> {
    let brokers = model.setting.brokers_of(datacenter);
    if brokers.is_empty() {
        return Err(Disabled::NotInThisSetting);
    }
    if controller_works(model, before) {
        return Err(Disabled::AlreadySo);
    }
    let present = |broker: &Broker| has_session(model, before, *broker);
    if !brokers.iter().any(|broker| present(&broker)) {
        return Err(Disabled::Unreachable);
    }
    let old = before.controller.active;
    let predecessors = old.map(|old| model.setting.brokers_of(old));
    let live = model
        .setting
        .replicas()
        .minus(before.image().inactive.fenced);
    let absent = before
        .controller
        .gone
        .union(predecessors.unwrap_or_default());
    let absent = absent.intersection(live);

    let mut after = *before;
    vacate(model, &mut after);
    after.controller.active = Some(datacenter);
    after.controller.gone = BrokerSet::EMPTY;
    let mut image = *after.image();
    for broker in live.iter().filter(present) {
        image.broker_epochs[broker] = before.replicas[broker].broker_epoch;
    }
    if !after.controller.commit(image) {
        return Err(Disabled::ModelIsFull);
    }
    for broker in absent.iter().filter(|broker| !present(broker)) {
        controller::end_session(model, &mut after, broker)?;
    }
    Ok(after)
}

/// A leader writes the ISR over the version of the partition's node that it knows, and the whole node
/// with it.  Proposal, decision and answer are one step: the partition is locked until ZooKeeper has
/// answered.
///
/// Who: leader.  Source: `Partition.updateIsr`, `ReplicationUtils.updateLeaderAndIsr`; R52.
pub(super) fn write_isr(
    model: &Replication,
    state: &mut State,
    leader: Broker,
    isr: BrokerSet,
) -> Result<(), Disabled> {
    if !keeps_session(model, state, leader) {
        return Err(Disabled::Unreachable);
    }
    let replica = &state.replicas[leader];
    let known = replica
        .tenure()
        .ok_or(Disabled::NotLeading)?
        .partition_epoch;
    let mut image = *state.image();
    model.require(Guard::IsrVersionIsCurrent, known == image.partition_epoch)?;

    image.leader = Some(leader);
    image.leader_epoch = replica.leader_epoch;
    image.isr = isr;
    image.partition_epoch = image.partition_epoch.next();
    super::change::commit(&mut state.controller, image)?;
    if let Some(tenure) = state.replicas[leader].tenure_mut() {
        tenure.isr = isr;
        tenure.partition_epoch = image.partition_epoch;
    }
    send_nothing(model, state);
    Ok(())
}

/// The newest record is an ISR change of a leader's, of which no broker is told: whoever waited for
/// nothing still waits for nothing.
pub(super) fn send_nothing(model: &Replication, state: &mut State) {
    let newest = state.controller.newest();
    for broker in model.setting.replicas().iter() {
        let waits = crate::replication::settle::keeps_place(model, state, broker);
        let replica = &mut state.replicas[broker];
        if waits && replica.place + 1 == newest {
            replica.place = newest;
        }
    }
}
