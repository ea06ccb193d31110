//! Who holds a replica: reassignments begin, complete and are taken back, observers become ordinary
//! replicas.
//!
//! A reassignment adds the new replicas at once and takes nobody away.  It completes inside whatever
//! change of the partition first finds the ISR large enough, be it an ISR change of the leader's or the
//! fencing of a broker.  Another one may begin meanwhile, from what the first has made of the list.
//!
//! Source: KIP-455, `PartitionReassignmentReplicas`, `PartitionChangeBuilder.completeReassignmentIfNeeded`;
//! R36.

use crate::replication::rules::change::{Change, Election, change, commit, unchanged};
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
    /// Who stands behind the others in the list.
    pub(super) behind: BrokerSet,
}

impl Assignment {
    /// As the controller has it.
    pub(super) fn of(controller: &Controller) -> Assignment {
        Assignment {
            replicas: controller.image().replicas,
            adding: controller.adding,
            removing: controller.removing,
            behind: controller.behind,
        }
    }

    /// Who holds a replica once the reassignment is done.
    fn targets(&self) -> BrokerSet {
        self.replicas.minus(self.removing)
    }

    /// Whether a reassignment has begun and not completed.
    fn runs(self) -> bool {
        !self.adding.union(self.removing).is_empty()
    }

    /// The list of the replicas, in the order in which elections try them.
    ///
    /// Source: the constructor of `PartitionReassignmentReplicas`.
    pub(super) fn in_order(self) -> impl Iterator<Item = Broker> {
        let behind = self.behind.intersection(self.replicas);
        self.replicas.minus(behind).iter().chain(behind.iter())
    }

    /// The same list, told in one way: nobody is said to stand behind whoever stands before him anyway.
    fn in_one_form(self) -> Assignment {
        let same = self.in_order().eq(self.replicas.iter());
        Assignment {
            behind: match same {
                true => BrokerSet::EMPTY,
                false => self.behind.intersection(self.replicas),
            },
            ..self
        }
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
        let staying = isr.minus(self.removing);
        let is_there =
            awaited.is_subset(staying) || !model.keeps(Guard::ReassignmentAwaitsReplicas);
        // With nobody to remove an empty ISR completes nothing either, for then somebody is to be added.
        if !self.runs() || staying.is_empty() || !is_there {
            return (self, isr);
        }
        let done = Assignment {
            replicas: self.targets(),
            adding: BrokerSet::EMPTY,
            removing: BrokerSet::EMPTY,
            behind: self.behind,
        };
        (done.in_one_form(), staying)
    }

    /// With a reassignment to `targets`: what the list has, they are added to, and whoever is not among
    /// them goes to its end.  Who is to be added and who to go is written anew only where there is
    /// somebody; of a reassignment that runs the rest stays in force.
    ///
    /// Source: `ReplicationControlManager.changePartitionReassignment`.
    fn reassigned(self, targets: BrokerSet) -> Assignment {
        let or_before = |new: BrokerSet, before| match new.is_empty() {
            true => before,
            false => new,
        };
        let unwanted = self.replicas.minus(targets);
        let reassigned = Assignment {
            replicas: self.replicas.union(targets),
            adding: or_before(targets.minus(self.replicas), self.adding),
            removing: or_before(unwanted, self.removing),
            behind: unwanted,
        };
        reassigned.in_one_form()
    }

    /// Without the reassignment that runs: whoever it was adding goes, and the list stays in its order.
    ///
    /// Source: `PartitionReassignmentRevert`.
    fn taken_back(self) -> Assignment {
        let taken_back = Assignment {
            replicas: self.replicas.minus(self.adding),
            adding: BrokerSet::EMPTY,
            removing: BrokerSet::EMPTY,
            behind: self.behind,
        };
        taken_back.in_one_form()
    }
}

/// The replicas, in the order in which elections try them.
pub(crate) fn list_of_replicas(controller: &Controller) -> Vec<Broker> {
    Assignment::of(controller).in_order().collect()
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
    match Assignment::of(controller).runs() {
        true => Err(Disabled::ReassignmentRuns),
        false => Ok(()),
    }
}

/// A reassignment begins: whoever is new gets a replica, and whoever is not wanted keeps its own until the
/// reassignment completes, which may be at once.  It may begin while another runs.  What a controller with
/// ZooKeeper does instead is not modelled.
///
/// Who: operator.  Source: `ReplicationControlManager.changePartitionReassignment`; R36.
pub(super) fn reassign(
    model: &Replication,
    before: &State,
    targets: BrokerSet,
) -> Result<State, Disabled> {
    only_while_the_quorum_keeps_its_promise(before)?;
    need_controller(model, before)?;
    if targets.is_empty() || !targets.is_subset(model.setting.replicas()) {
        return Err(Disabled::NotInThisSetting);
    }

    let wanted = Change {
        // No other change is made without an unclean election where the topic allows one.
        election: Election::Online,
        assignment: Assignment::of(&before.controller).reassigned(targets),
        ..unchanged(model, &before.controller)
    };
    changed(model, before, wanted)
}

/// The reassignment that runs is taken back: whoever it was adding loses its replica and its seat in the
/// ISR.  Where nobody would be left in that, the first of the list is put there, whatever it holds.
///
/// Who: operator.  Source: `ReplicationControlManager.cancelPartitionReassignment`,
/// `PartitionReassignmentRevert`; R36.
pub(super) fn cancel(model: &Replication, before: &State) -> Result<State, Disabled> {
    only_while_the_quorum_keeps_its_promise(before)?;
    need_controller(model, before)?;
    let now = Assignment::of(&before.controller);
    if !now.runs() {
        return Err(Disabled::NothingThere);
    }
    let unclean = model.setting.unclean_leader_election;
    let staying = before.image().isr.minus(now.adding);
    model.require(Guard::CancellingIsClean, !staying.is_empty() || unclean)?;

    let assignment = now.taken_back();
    let first = assignment.preferred().map(BrokerSet::only);
    let wanted = Change {
        isr: match staying.is_empty() {
            true => first.unwrap_or_default(),
            false => staying,
        },
        // Also in the versions whose controller does not look at that setting otherwise.
        election: match unclean {
            true => Election::Unclean,
            false => Election::Online,
        },
        assignment,
        ..unchanged(model, &before.controller)
    };
    changed(model, before, wanted)
}

/// The change is made and committed, if it changes anything.
fn changed(model: &Replication, before: &State, wanted: Change) -> Result<State, Disabled> {
    let mut after = *before;
    let controller = &mut after.controller;
    let mut image = *controller.image();
    change(model, controller, &mut image, wanted);
    commit(controller, image)?;
    match after == *before {
        true => Err(Disabled::AlreadySo),
        false => Ok(after),
    }
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
