//! What an operator may do.

use crate::replication::rules::change::{Election, commit};
use crate::replication::rules::controller::{hold_election, need_controller};
use crate::replication::rules::environment::halt;
use crate::replication::rules::zookeeper;
use crate::replication::{Disabled, Guard, Replication, State};
use highwater_vocabulary::Broker;

/// The topic's `min.insync.replicas` is set, be it to the value it had.  The eligible leader replicas were chosen under the
/// old value, so they are thrown away, and the last known leader with them; the partition epoch
/// grows only if there were any.
///
/// Who: operator.  Source: `ConfigurationControlManager.createClearElrRecordsAsNeeded`,
/// `ClearElrRecord`, KAFKA-16540; R33b.
pub(super) fn set_min_isr(model: &Replication, before: &State, to: u8) -> Result<State, Disabled> {
    // It comes by a way of its own, and is not to be late with requests.
    if model.variant.late_requests {
        return Err(Disabled::NotInThisSetting);
    }
    match model.has_zookeeper() {
        // The tool writes it there, and every broker watches.
        true if !zookeeper::works(model, before) => return Err(Disabled::NoController),
        true => {}
        false => need_controller(model, before)?,
    }
    let something =
        !before.controller.elr.is_empty() || before.controller.last_known_leader.is_some();
    if before.image().min_isr == to && !something {
        return Err(Disabled::AlreadySo);
    }

    let mut after = *before;
    let controller = &mut after.controller;
    let mut image = *controller.image();
    image.min_isr = to;
    if something && model.keeps(Guard::MinIsrChangeClearsElr) {
        controller.elr = Default::default();
        controller.last_known_leader = None;
        image.partition_epoch = image.partition_epoch.next();
    }
    commit(controller, image)?;
    Ok(after)
}

/// An operator asks for an unclean election of a leaderless partition; no setting forbids that.
///
/// Who: operator.  Source: `kafka-leader-election.sh --election-type unclean`,
/// `ReplicationControlManager.electLeader`; R29.
pub(super) fn elect_unclean(model: &Replication, before: &State) -> Result<State, Disabled> {
    need_controller(model, before)?;
    if before.image().leader.is_some() {
        return Err(Disabled::AlreadySo);
    }
    hold_election(model, before, Election::Unclean)
}

/// A broker is stopped in an orderly way and leaves its broker epoch on the disk.  That the
/// controller first takes its offices is not modelled; its session ends as any other's.
///
/// Who: operator.  Source: `LogManager.shutdown`, `CleanShutdownFileHandler`, KIP-966; R35, R41.
pub(super) fn stop(model: &Replication, before: &State, broker: Broker) -> Result<State, Disabled> {
    if !before.replicas[broker].serves() {
        return Err(Disabled::NotServing);
    }

    let mut after = *before;
    let epoch = before.replicas[broker].broker_epoch;
    halt(model, &mut after, broker);
    let replica = &mut after.replicas[broker];
    // The log that is loaded has no epoch that begins at its end (`LogLoader.load`).
    replica.truncate(replica.log.end());
    replica.stopped_under = epoch;
    Ok(after)
}
