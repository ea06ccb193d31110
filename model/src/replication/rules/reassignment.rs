//! Who holds a replica: reassignments begin and complete, observers become ordinary replicas.
//!
//! A reassignment adds the new replicas at once and takes nobody away.  It completes inside whatever
//! change of the partition first finds the ISR large enough, be it an ISR change of the leader's or the
//! fencing of a broker.
//!
//! Source: KIP-455, `PartitionReassignmentReplicas`, `PartitionChangeBuilder.completeReassignmentIfNeeded`;
//! R36.

use crate::replication::rules::change::{Election, change, commit, unchanged};
use crate::replication::rules::controller::need_controller;
use crate::replication::state::Controller;
use crate::replication::{Disabled, Guard, Replication, State};
use highwater_vocabulary::{Broker, BrokerSet, Datacenter};

/// Who holds a replica, and what a reassignment is about to change in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Assignment {
    /// Who holds a replica, those included that are to get or to lose one.
    pub(super) replicas: BrokerSet,
    /// Who is to get one.
    pub(super) adding: BrokerSet,
    /// Who is to lose one.
    pub(super) removing: BrokerSet,
}

impl Assignment {
    /// As the controller has it.
    pub(super) fn of(controller: &Controller) -> Assignment {
        Assignment {
            replicas: controller.image().replicas,
            adding: controller.adding,
            removing: controller.removing,
        }
    }

    /// Who holds a replica once the reassignment is done; and so who comes first in the assignment.
    fn targets(&self) -> BrokerSet {
        self.replicas.minus(self.removing)
    }

    /// The replicas in the order in which elections try them: whoever is to lose one comes last.
    ///
    /// Source: the constructor of `PartitionReassignmentReplicas`.
    pub(super) fn in_order(self) -> impl Iterator<Item = Broker> {
        self.targets().iter().chain(self.removing.iter())
    }

    /// The first of the assignment.
    pub(super) fn preferred(self) -> Option<Broker> {
        self.in_order().next()
    }

    /// The assignment and the ISR after a change that would leave this ISR: a reassignment that can
    /// complete does.
    ///
    /// The ISR without whoever is to lose a replica must not be empty, and it must hold every target;
    /// in 3.5 only those that are added.
    ///
    /// Source: `PartitionReassignmentReplicas.maybeCompleteReassignment`; R36.
    pub(super) fn completed(self, model: &Replication, isr: BrokerSet) -> (Assignment, BrokerSet) {
        let awaited = match model.variant.switches.reassignment_awaits_targets {
            true => self.targets(),
            false => self.adding,
        };
        let runs = !self.adding.union(self.removing).is_empty();
        let staying = isr.minus(self.removing);
        let is_there =
            awaited.is_subset(staying) || !model.keeps(Guard::ReassignmentAwaitsReplicas);
        // With nobody to remove an empty ISR completes nothing either, for then somebody is to be added.
        if !runs || staying.is_empty() || !is_there {
            return (self, isr);
        }
        let done = Assignment {
            replicas: self.targets(),
            adding: BrokerSet::EMPTY,
            removing: BrokerSet::EMPTY,
        };
        (done, staying)
    }
}

/// Who holds a replica is the same in both histories of a quorum that has broken its promise, and in a
/// copy that has fallen behind: what would come of a difference is not modelled.
fn only_while_the_quorum_keeps_its_promise(state: &State) -> Result<(), Disabled> {
    match state.former.is_some() || state.controller.copy.is_some() {
        true => Err(Disabled::NotInThisSetting),
        false => Ok(()),
    }
}

/// The same of a reassignment that has not completed.
pub(super) fn no_reassignment_runs(controller: &Controller) -> Result<(), Disabled> {
    match controller.adding.union(controller.removing).is_empty() {
        true => Ok(()),
        false => Err(Disabled::ReassignmentRuns),
    }
}

/// A reassignment begins: whoever is new gets a replica, and whoever is not wanted keeps its own until the
/// reassignment completes, which may be at once.
///
/// Kafka also lets one begin while another runs, and takes one back; here the first has to complete.  What a
/// controller with ZooKeeper does instead is not modelled.
///
/// Who: operator.  Source: `ReplicationControlManager.changePartitionReassignment`; R36.
pub(super) fn reassign(
    model: &Replication,
    before: &State,
    targets: BrokerSet,
) -> Result<State, Disabled> {
    only_while_the_quorum_keeps_its_promise(before)?;
    need_controller(model, before)?;
    let now = Assignment::of(&before.controller);
    if targets.is_empty() || !targets.is_subset(model.setting.replicas()) {
        return Err(Disabled::NotInThisSetting);
    }
    if !now.adding.union(now.removing).is_empty() {
        return Err(Disabled::ReassignmentRuns);
    }
    if targets == now.replicas {
        return Err(Disabled::AlreadySo);
    }

    let mut after = *before;
    let controller = &mut after.controller;
    let mut image = *controller.image();
    let mut wanted = unchanged(model, controller);
    // No other change is made without an unclean election where the topic allows one.
    wanted.election = Election::Online;
    wanted.assignment = Assignment {
        replicas: targets.union(now.replicas),
        adding: targets.minus(now.replicas),
        removing: now.replicas.minus(targets),
    };
    change(model, controller, &mut image, wanted);
    commit(controller, image)?;
    Ok(after)
}

/// The observers of a datacenter become ordinary replicas.  They join the ISR as any replica does; nobody
/// changes place in the assignment.
///
/// Who: operator.  Source: Confluent's documentation of replica placement (a change of the topic's
/// placement constraints, then a reassignment that applies it), read in the open only; R49.
pub(super) fn promote_observers(
    model: &Replication,
    before: &State,
    datacenter: Datacenter,
) -> Result<State, Disabled> {
    only_while_the_quorum_keeps_its_promise(before)?;
    need_controller(model, before)?;
    let there = model.setting.brokers_of(datacenter);
    let image = before.image();
    if image.observers.intersection(there).is_empty() {
        return Err(Disabled::AlreadySo);
    }

    let mut after = *before;
    let mut image = *image;
    image.observers = image.observers.minus(there);
    image.partition_epoch = image.partition_epoch.next();
    commit(&mut after.controller, image)?;
    Ok(after)
}
