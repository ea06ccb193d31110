//! LeaderAndIsr requests: how brokers hear of the partition where there is ZooKeeper.
//!
//! The records of the metadata log are what the controller sends to every live broker.  A request may
//! be lost, or come late, after others.  A broker tells by the leader epoch what is new to it.

use crate::replication::rules::{metadata, watermark, zookeeper};
use crate::replication::state::{Image, Replica, State};
use crate::replication::{BrokerEpoch, Disabled, Guard, Replication};
use highwater_vocabulary::Broker;

/// Whether a request of the active controller gets through to `broker`: the controller opens the
/// connection, and it sends what it has to send for as long as it believes in its office.
pub(crate) fn gets_through(model: &Replication, state: &State, broker: Broker) -> bool {
    let home = model.setting.home(broker);
    let active = state.controller.active;
    active.is_some_and(|active| {
        zookeeper::holds_office(model, state, active) && state.world.connects(active, home)
    })
}

/// The request `records` ahead arrives; those in between are lost, or late.
///
/// Who: broker.  Source: `ReplicaManager.becomeLeaderOrFollower`,
/// `ControllerChannelManager.RequestSendThread`; R51.
pub(super) fn learn(
    model: &Replication,
    before: &State,
    broker: Broker,
    records: u8,
) -> Result<State, Disabled> {
    if !before.replicas[broker].serves() {
        return Err(Disabled::NotServing);
    }
    if before.controller.active.is_none() {
        return Err(Disabled::NoController);
    }
    if !gets_through(model, before, broker) {
        return Err(Disabled::Unreachable);
    }
    let place = before.replicas[broker].place.saturating_add(records);
    if records == 0 || place > before.controller.newest() {
        return Err(Disabled::NothingThere);
    }
    let refused = is_taken(model, before, broker, place);
    if !configures_anew(before, broker, place) {
        refused?;
    }

    let mut after = *before;
    after.replicas[broker].place = place;
    if refused.is_ok() {
        take(model, &mut after, broker, before.controller.record(place));
    }
    Ok(after)
}

/// A request arrives that others have overtaken.
///
/// Who: network, broker.  Source: as [`learn`].
pub(super) fn late(
    model: &Replication,
    before: &State,
    broker: Broker,
    records: u8,
) -> Result<State, Disabled> {
    if !model.variant.late_requests {
        return Err(Disabled::NotInThisSetting);
    }
    let replica = &before.replicas[broker];
    if !replica.serves() {
        return Err(Disabled::NotServing);
    }
    let place = replica.place.checked_sub(records);
    let place = place
        .filter(|_| records > 0)
        .ok_or(Disabled::NothingThere)?;
    is_taken(model, before, broker, place)?;

    let mut after = *before;
    take(model, &mut after, broker, before.controller.record(place));
    Ok(after)
}

/// Whether `broker` acts on the request of the record at `place`, or why not.
///
/// A request that names no leader is put aside whole (`ReplicaManager.makeFollowers`: the leader is
/// unavailable), so its receiver goes on under its old leader, and in its old epoch.
pub(crate) fn is_taken(
    model: &Replication,
    state: &State,
    broker: Broker,
    place: u8,
) -> Result<(), Disabled> {
    let replica: &Replica = &state.replicas[broker];
    let request: &Image = state.controller.record(place);
    if request.inactive.fenced.contains(broker) {
        return Err(Disabled::NothingThere);
    }
    if model.variant.switches.checks_request_broker_epoch {
        let current = request.broker_epochs[broker] >= replica.broker_epoch;
        model.require(Guard::RequestBrokerEpochIsCurrent, current)?;
    }
    model.require(
        Guard::RequestIsNewer,
        request.leader_epoch > replica.leader_epoch,
    )?;
    match request.leader {
        Some(_) => Ok(()),
        None => Err(Disabled::NoLeaderToFetchFrom),
    }
}

/// Whether nothing comes of the record at `place` if it arrives: it is refused, and it brings no min ISR
/// that would be news.
pub(crate) fn is_no_news(model: &Replication, state: &State, broker: Broker, place: u8) -> bool {
    !configures_anew(state, broker, place) && is_taken(model, state, broker, place).is_err()
}

/// Whether the topic's configuration of the record at `place` is news to `broker`.
///
/// It comes by a way of its own, which is told here with the requests: who hears of a change reads what is
/// in ZooKeeper then.  A process reads it before it registers, and hears of every change after; so
/// to one that has not registered none is news, and none that came before its registration ever is.
///
/// Source: `LogManager.apply` and `KafkaServer.startup` (the logs are loaded, with their configuration,
/// before `registerBroker`), `ZkNodeChangeNotificationListener`, `TopicConfigHandler`.
fn configures_anew(state: &State, broker: Broker, place: u8) -> bool {
    state.replicas[broker].broker_epoch != BrokerEpoch(0)
        && place > state.configured[broker]
        && state.controller.record(place).min_isr != state.min_isr_known_by(broker)
}

/// The newest record of which something comes, if there is one.
pub(crate) fn newest_news(model: &Replication, state: &State, broker: Broker) -> Option<u8> {
    let unread = state.replicas[broker].place + 1..=state.controller.newest();
    unread
        .rev()
        .find(|place| !is_no_news(model, state, broker, *place))
}

/// The broker becomes leader or follower as the request says.
fn take(model: &Replication, after: &mut State, broker: Broker, request: &Image) {
    let min_isr = watermark::leaders_min_isr(model, after, broker);
    if metadata::apply_partition(model, after, broker, request) {
        watermark::advance_under(model, after, broker, min_isr);
    }
}
