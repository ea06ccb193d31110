//! The active controller: ISR changes, sessions, registrations, elections.

use crate::replication::rules::change::{Change, Election, change, commit, unchanged};
use crate::replication::rules::environment::{
    controller_works, keeps_session, may_become_active, reach_controller,
};
use crate::replication::rules::reassignment::Assignment;
use crate::replication::rules::zookeeper;
use crate::replication::state::{Answer, Controller, Image, Outcome, Request};
use crate::replication::{BrokerEpoch, Disabled, Guard, Replication, State};
use highwater_vocabulary::{Broker, BrokerSet, Datacenter, Process};

/// The controller takes an ISR change, or rejects it and says how sure it is.
///
/// The request may be late: its sender may have been deposed or restarted since.
///
/// Who: controller.  Source: `ReplicationControlManager.alterPartition`,
/// `validateAlterPartitionData`, KIP-497, KIP-841, KIP-903; R22, R23.
pub(super) fn apply(
    model: &Replication,
    before: &State,
    leader: Broker,
) -> Result<State, Disabled> {
    let request = before.changes[leader]
        .request
        .filter(|_| !before.changes[leader].is_refused())
        .ok_or(Disabled::NothingThere)?;
    if !controller_works(model, before) {
        return Err(Disabled::NoController);
    }
    if !request.sent {
        if !before.replicas[leader].serves() {
            return Err(Disabled::NotServing);
        }
        reach_controller(model, before, leader)?;
    }

    let mut after = *before;
    let controller = &mut after.controller;
    if knows_more(model, controller, leader, &request) {
        return Err(Disabled::NoController);
    }
    let outcome = match judge(model, controller, leader, &request) {
        Some(outcome) => outcome,
        None if model.has_zookeeper() => {
            let outcome = write(controller, leader, &request)?;
            zookeeper::send_nothing(model, &mut after);
            outcome
        }
        None => take(model, controller, &request)?,
    };
    let sender_is_there = before.replicas[leader].broker_epoch == request.broker_epoch;
    let answer = Answer {
        to: (request.partition_epoch, request.isr),
        outcome,
    };
    let refused = outcome == Outcome::Ineligible && sender_is_there;
    after.changes[leader].request = refused.then_some(request);
    after.changes[leader].answer = sender_is_there.then_some(answer);
    Ok(after)
}

/// Whether the sender acts on a change that this controller has never committed, or does not know any
/// more: it answers that it is not the controller, and is asked again.
///
/// Source: `ReplicationControlManager.validateAlterPartitionData` (`NOT_CONTROLLER`), KAFKA-14154; R22.
fn knows_more(
    model: &Replication,
    controller: &Controller,
    leader: Broker,
    request: &Request,
) -> bool {
    let image = controller.image();
    let keeps = |guard| model.keeps(guard);
    let newer = request.leader_epoch > image.leader_epoch && keeps(Guard::ChangeEpochIsCurrent)
        || request.partition_epoch > image.partition_epoch && keeps(Guard::ChangeBuildsOnNewest);
    newer && request.broker_epoch == image.broker_epochs[leader]
}

/// Why the controller changes nothing, in the order in which it looks.
fn judge(
    model: &Replication,
    controller: &Controller,
    leader: Broker,
    request: &Request,
) -> Option<Outcome> {
    let image = controller.image();
    let fails = |guard, condition: bool| !condition && model.keeps(guard);
    let current = |member: Broker| {
        let epoch = request.member_epochs[member];
        epoch == BrokerEpoch(0) || epoch == image.broker_epochs[member]
    };
    let zookeeper = model.has_zookeeper();
    let is_live = !zookeeper || !image.inactive.fenced.contains(leader);
    if fails(
        Guard::SenderEpochIsCurrent,
        request.broker_epoch == image.broker_epochs[leader] && is_live,
    ) || fails(
        Guard::ChangeEpochIsCurrent,
        request.leader_epoch == image.leader_epoch,
    ) || !zookeeper && fails(Guard::SenderLeads, image.leader == Some(leader))
    {
        return Some(Outcome::OutOfDate);
    }
    if zookeeper && is_so_already(image, leader, request) {
        return Some(Outcome::Accepted {
            leader_epoch: image.leader_epoch,
            partition_epoch: image.partition_epoch,
        });
    }
    if fails(
        Guard::ChangeBuildsOnNewest,
        request.partition_epoch == image.partition_epoch,
    ) {
        return Some(Outcome::OutOfDate);
    }
    let switches = &model.variant.switches;
    let fenced = request.isr.intersection(image.inactive.fenced);
    let leaving = request
        .isr
        .intersection(image.inactive.in_controlled_shutdown);
    if switches.checks_isr_members
        && (fails(Guard::MembersAreNotFenced, fenced.is_empty())
            || fails(Guard::MembersAreNotShuttingDown, leaving.is_empty()))
        || switches.checks_member_epochs
            && fails(
                Guard::MemberEpochsAreCurrent,
                request.isr.iter().all(current),
            )
    {
        return Some(Outcome::Ineligible);
    }
    None
}

/// Whether the partition is what a leader asks for: its answer was lost, and it asks again.
///
/// Source: `KafkaController.processAlterIsr` (`equalsIgnoreZk`), 2.7.
pub(crate) fn is_so_already(image: &Image, leader: Broker, request: &Request) -> bool {
    (image.leader, image.leader_epoch, image.isr)
        == (Some(leader), request.leader_epoch, request.isr)
}

/// Writes what a leader asked for over the version that it knew, the whole node.
///
/// Source: `KafkaController.processAlterIsr`, `KafkaZkClient.updateLeaderAndIsr`, 2.7.
fn write(
    controller: &mut Controller,
    leader: Broker,
    request: &Request,
) -> Result<Outcome, Disabled> {
    let mut image = *controller.image();
    image.leader = Some(leader);
    image.leader_epoch = request.leader_epoch;
    image.isr = request.isr;
    image.partition_epoch = image.partition_epoch.next();
    commit(controller, image)?;
    Ok(Outcome::Accepted {
        leader_epoch: image.leader_epoch,
        partition_epoch: image.partition_epoch,
    })
}

/// Makes the change a leader asked for.
fn take(
    model: &Replication,
    controller: &mut Controller,
    request: &Request,
) -> Result<Outcome, Disabled> {
    let mut image = *controller.image();
    let old_leader = image.leader;
    let wanted = Change {
        isr: request.isr,
        ..unchanged(model, controller)
    };
    change(model, controller, &mut image, wanted);
    // A leader takes itself for recovered at once, and its first accepted change says so (KIP-704).
    controller.recovering = false;
    commit(controller, image)?;
    if image.leader != old_leader {
        // `NEW_LEADER_ELECTED`: it was applied and completed a reassignment, which took the office of
        // whoever asked.  That one hears of an error.
        return Ok(Outcome::OutOfDate);
    }
    Ok(Outcome::Accepted {
        leader_epoch: image.leader_epoch,
        partition_epoch: image.partition_epoch,
    })
}

/// A session has expired: the broker leaves the ISR, what it led is re-elected, and it is fenced.
///
/// Who: controller.  Source: `ReplicationControlManager.handleBrokerFenced`,
/// `BrokerHeartbeatManager`; R31, R39.
pub(super) fn fence(
    model: &Replication,
    before: &State,
    broker: Broker,
) -> Result<State, Disabled> {
    need_controller(model, before)?;
    if before.image().inactive.fenced.contains(broker) {
        return Err(Disabled::AlreadySo);
    }
    let silent = !before.replicas[broker].serves()
        || before.apart.contains(broker)
        || !keeps_session(model, before, broker);
    let bounced = zookeeper::is_bounced(model, before, broker);
    model.require(Guard::FencedIsSilent, silent || bounced)?;

    let mut after = *before;
    end_session(model, &mut after, broker)?;
    Ok(after)
}

/// What the controller makes of a session that has ended.
pub(super) fn end_session(
    model: &Replication,
    after: &mut State,
    broker: Broker,
) -> Result<(), Disabled> {
    let controller = &mut after.controller;
    let mut image = *controller.image();
    image.inactive.fenced = image.inactive.fenced.with(broker);
    if image.isr.contains(broker) {
        change(
            model,
            controller,
            &mut image,
            without(model, controller, broker),
        );
    }
    commit(controller, image)?;
    if after.replicas[broker].broker_epoch == BrokerEpoch(0) {
        // What was still to be sent to a process that is gone will not be sent (`removeBroker`).
        after.replicas[broker].place = 0;
    }
    Ok(())
}

/// A broker that is to be shut down says so with its heartbeat, and the controller gives its offices and its
/// seats in ISRs to others.  It goes on fetching until it stops, but neither leads nor joins.
///
/// The controller lets it stop once it leads nothing and every active broker has learned of that; a broker
/// that waits for too long stops all the same, so `stop` awaits nothing here, and the session ends once the
/// process has.  A broker that leads nothing anywhere is fenced at once instead, which is the same to a
/// partition.
///
/// Who: controller.  Source: `BrokerHeartbeatManager.calculateNextBrokerState`,
/// `ReplicationControlManager.handleBrokerInControlledShutdown`, KIP-841; R40.
pub(super) fn shut_down(
    model: &Replication,
    before: &State,
    broker: Broker,
) -> Result<State, Disabled> {
    let replica = &before.replicas[broker];
    let registered = replica.broker_epoch == before.image().broker_epochs[broker];
    if !replica.serves() || !registered {
        return Err(Disabled::NotServing);
    }
    need_session(model, before, broker)?;
    if before.image().inactive.all().contains(broker) {
        return Err(Disabled::AlreadySo);
    }

    let mut after = *before;
    let controller = &mut after.controller;
    let mut image = *controller.image();
    let leaving = &mut image.inactive.in_controlled_shutdown;
    *leaving = leaving.with(broker);
    if image.isr.contains(broker) {
        let wanted = without(model, controller, broker);
        change(model, controller, &mut image, wanted);
    }
    commit(controller, image)?;
    Ok(after)
}

/// The change that takes a broker's seat in the ISR and its office.
fn without(model: &Replication, controller: &Controller, broker: Broker) -> Change {
    let start = unchanged(model, controller);
    Change {
        isr: start.isr.without(broker),
        acceptable: start.acceptable.without(broker),
        ..start
    }
}

/// A broker has caught up with its registration and is let back in.  If nobody leads, the controller
/// looks for a leader again.
///
/// Who: controller.  Source: `BrokerHeartbeatManager.calculateNextBrokerState`,
/// `ReplicationControlManager.handleBrokerUnfenced`; R32, R38.
pub(super) fn unfence(
    model: &Replication,
    before: &State,
    broker: Broker,
) -> Result<State, Disabled> {
    let replica = &before.replicas[broker];
    let registered = replica.broker_epoch == before.image().broker_epochs[broker];
    if !replica.serves() || !registered && !model.has_zookeeper() {
        return Err(Disabled::NotServing);
    }
    need_session(model, before, broker)?;
    let inactive = before.image().inactive;
    if inactive.in_controlled_shutdown.contains(broker) {
        // It asks to be shut down, and not to be let in.
        return Err(Disabled::NotServing);
    }
    if !inactive.fenced.contains(broker) {
        return Err(Disabled::AlreadySo);
    }

    let mut after = *before;
    let mut image = *before.image();
    if model.has_zookeeper() {
        image.broker_epochs[broker] = zookeeper::note_registration(model, &mut after, broker);
    }
    let controller = &mut after.controller;
    image.inactive.fenced = image.inactive.fenced.without(broker);
    if image.leader.is_none() && model.keeps(Guard::UnfencingElects) {
        let start = unchanged(model, controller);
        let wanted = Change {
            acceptable: start.acceptable.with(broker),
            ..start
        };
        change(model, controller, &mut image, wanted);
    }
    commit(controller, image)?;
    after.replicas[broker].open = true;
    Ok(after)
}

/// A restarted broker registers: it gets a new broker epoch and is fenced until it has caught up
/// with its own registration, which is taken as done in the same step because it serves nobody
/// before.
///
/// Its old session must have ended.  That may be true at any moment after the old process has, so
/// it is no condition here; what remains of the guard is that the new registration is fenced.
///
/// Since 4.0 the registration takes the broker's seats: after an unclean stop in ISR and ELR,
/// otherwise as a fencing does.  Before, it took nothing (B19).
///
/// Who: controller, broker.  Source: `ClusterControlManager.registerBroker`,
/// `ReplicationControlManager.handleBrokerShutdown`, KAFKA-18106, KAFKA-18635; R35, R37, R38.
pub(super) fn register(
    model: &Replication,
    before: &State,
    broker: Broker,
) -> Result<State, Disabled> {
    if model.has_zookeeper() {
        return zookeeper::register(model, before, broker);
    }
    let replica = &before.replicas[broker];
    if replica.process != Process::Running {
        return Err(Disabled::NotServing);
    }
    if replica.broker_epoch != BrokerEpoch(0) {
        return Err(Disabled::AlreadySo);
    }
    reach_controller(model, before, broker)?;

    let mut after = *before;
    let controller = &mut after.controller;
    let mut image = *controller.image();
    let clean = replica.stopped_under == image.broker_epochs[broker];
    image.broker_epochs[broker] = image.broker_epochs[broker].next();
    let leaving = &mut image.inactive.in_controlled_shutdown;
    *leaving = leaving.without(broker);
    if before.former.is_some() {
        // What an earlier process had asked of either controller is lost.
        after.changes[broker] = Default::default();
    }
    let session_has_ended =
        image.inactive.fenced.contains(broker) || model.keeps(Guard::RegistrationAwaitsSessionEnd);
    if session_has_ended && model.variant.switches.registration_takes_seats {
        take_seats(model, controller, &mut image, broker, clean);
    }
    if session_has_ended && model.keeps(Guard::RegistrationFences) {
        image.inactive.fenced = image.inactive.fenced.with(broker);
    }
    commit(controller, image)?;
    begin(model, &mut after, broker, &image);
    Ok(after)
}

fn take_seats(
    model: &Replication,
    controller: &mut Controller,
    image: &mut Image,
    broker: Broker,
    clean: bool,
) {
    let start = without(model, controller, broker);
    let costs_seat = model.has_elr() && !clean && model.keeps(Guard::UncleanStopCostsSeat);
    let concerned = if costs_seat {
        image.isr.union(controller.elr)
    } else {
        image.isr
    };
    if !concerned.contains(broker) {
        return;
    }
    let unclean_stop = if costs_seat {
        BrokerSet::only(broker)
    } else {
        BrokerSet::EMPTY
    };
    change(
        model,
        controller,
        image,
        Change {
            unclean_stop,
            ..start
        },
    );
}

/// A registered broker starts on the newest image.
fn begin(model: &Replication, after: &mut State, broker: Broker, image: &Image) {
    let newest = after.controller.newest();
    let replica = &mut after.replicas[broker];
    replica.broker_epoch = image.broker_epochs[broker];
    replica.open = !image.inactive.fenced.contains(broker);
    replica.stopped_under = BrokerEpoch(0);
    if replica.tenure().is_some() {
        // Only where a restart does not forget its role: it goes on with what it knew.
        return;
    }
    replica.place = newest;
    super::metadata::apply_partition(model, after, broker, image);
    super::watermark::advance(model, after, broker);
}

/// The preferred leader is elected, if it may lead: an operator asks for it, or the balancer does.
///
/// Who: controller.  Source: `PartitionChangeBuilder.electPreferredLeader`; R30.
pub(super) fn prefer(model: &Replication, before: &State) -> Result<State, Disabled> {
    need_controller(model, before)?;
    if before.image().leader == Assignment::of(&before.controller).preferred() {
        return Err(Disabled::AlreadySo);
    }
    hold_election(model, before, Election::Preferred)
}

/// The controller's sweep over leaderless partitions elects whoever is there, where
/// `unclean.leader.election.enable` allows it.
///
/// Who: controller.  Source: `ReplicationControlManager.maybeElectUncleanLeaders`, KAFKA-12670; R29.
pub(super) fn unclean(model: &Replication, before: &State) -> Result<State, Disabled> {
    need_controller(model, before)?;
    let allowed =
        model.setting.unclean_leader_election && model.variant.switches.unclean_by_controller;
    model.require(Guard::UncleanIsAllowed, allowed)?;
    if before.image().leader.is_some() {
        return Err(Disabled::AlreadySo);
    }
    hold_election(model, before, Election::Unclean)
}

/// Nobody is elected where no controller can commit anything.
pub(super) fn need_controller(model: &Replication, before: &State) -> Result<(), Disabled> {
    let writes =
        controller_works(model, before) || zookeeper::deposed_controller_writes(model, before);
    match writes {
        true => Ok(()),
        false => Err(Disabled::NoController),
    }
}

/// A broker is let in that keeps its session, by a controller that can say so.
fn need_session(model: &Replication, before: &State, broker: Broker) -> Result<(), Disabled> {
    need_controller(model, before)?;
    match keeps_session(model, before, broker) {
        true => Ok(()),
        false => Err(Disabled::Unreachable),
    }
}

/// An election without any other change, where there is a controller.  If it would elect whom there is already, or nobody, the
/// controller writes nothing and answers with an error.
pub(super) fn hold_election(
    model: &Replication,
    before: &State,
    election: Election,
) -> Result<State, Disabled> {
    let mut after = *before;
    let controller = &mut after.controller;
    let mut image = *controller.image();
    let wanted = Change {
        election,
        ..unchanged(model, controller)
    };
    change(model, controller, &mut image, wanted);
    commit(controller, image)?;
    if after == *before {
        return Err(Disabled::NothingThere);
    }
    Ok(after)
}

/// Where there is no active controller that works, a voter becomes it; every session starts afresh,
/// which needs no step of its own because no session's end is ever certain.
///
/// Who: metadata quorum.  Source: KIP-595, `QuorumController`; the quorum has a model of its own
/// later, and what is assumed here is that it elects one in a majority that can reach it.
pub(super) fn activate(
    model: &Replication,
    before: &State,
    datacenter: Datacenter,
) -> Result<State, Disabled> {
    if model.has_zookeeper() {
        return zookeeper::activate(model, before, datacenter);
    }
    if before.controller.voters_in(datacenter) == 0 {
        return Err(Disabled::NotInThisSetting);
    }
    if controller_works(model, before) {
        return Err(Disabled::AlreadySo);
    }
    if !may_become_active(model, before, datacenter) {
        return Err(Disabled::Unreachable);
    }

    let mut after = *before;
    after.controller.active = Some(datacenter);
    Ok(after)
}
