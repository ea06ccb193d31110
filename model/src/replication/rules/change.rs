//! How the controller changes a partition: eligible leader replicas, election, epochs.
//!
//! Every change goes through the same steps in the same order, whatever caused it: first the
//! eligible leader replicas, then the election, then the ISR, the epochs, the last known leader.
//!
//! Source: `PartitionChangeBuilder.build`; R27 to R34.

use crate::replication::rules::reassignment::Assignment;
use crate::replication::state::{Controller, EPOCHS, Image};
use crate::replication::{BrokerEpoch, Disabled, Guard, PartitionEpoch, Replication};
use highwater_vocabulary::{Broker, BrokerSet};

/// What is wanted of a partition.
#[derive(Clone, Copy)]
pub(super) struct Change {
    /// The ISR it should have.
    pub(super) isr: BrokerSet,
    /// Brokers that may lead: unfenced, and not in controlled shutdown.
    pub(super) acceptable: BrokerSet,
    /// Brokers that have just come back from an unclean stop.
    pub(super) unclean_stop: BrokerSet,
    /// How a leader is chosen.
    pub(super) election: Election,
    /// Who is to hold a replica, and what a reassignment is about to change in it.
    pub(super) assignment: Assignment,
}

/// How a leader is chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Election {
    /// Only if the present one may not go on, and from the candidates.
    Online,
    /// The same, but the first of the assignment goes before the present one.
    Preferred,
    /// As online; and if there is no candidate, whoever is there.
    Unclean,
}

/// The change that changes nothing, to start from.
pub(super) fn unchanged(model: &Replication, controller: &Controller) -> Change {
    let image = controller.image();
    let unclean =
        model.setting.unclean_leader_election && model.variant.switches.unclean_by_controller;
    Change {
        isr: image.isr,
        acceptable: model.setting.replicas().minus(image.inactive.all()),
        unclean_stop: BrokerSet::EMPTY,
        assignment: Assignment::of(controller),
        election: if unclean {
            Election::Unclean
        } else {
            Election::Online
        },
    }
}

/// Whom an election chose, and whether it had to leave the candidates.
struct Elected {
    leader: Option<Broker>,
    unclean: bool,
}

/// Makes the change in `controller`, whose newest image becomes `image`; nothing if it changes
/// nothing.
///
/// `image` may already differ from the newest one in what is not the partition's (who is fenced, under
/// which registration); the caller commits it.
pub(super) fn change(
    model: &Replication,
    controller: &mut Controller,
    image: &mut Image,
    wanted: Change,
) {
    let old = *controller.image();
    let (old_elr, old_recovering) = (controller.elr, controller.recovering);
    let old_last_known = controller.last_known_leader;
    let old_assignment = Assignment::of(controller);
    let (assignment, isr) = wanted.assignment.completed(model, wanted.isr);
    let wanted = Change {
        isr,
        acceptable: wanted.acceptable.intersection(assignment.replicas),
        assignment,
        ..wanted
    };
    let mut isr = wanted.isr;
    let mut elr = eligible(model, controller, &old, &wanted);
    let elected = elect(model, controller, &old, &wanted, elr);

    let zookeeper = model.has_zookeeper();
    let mut recovering = old_recovering;
    let leader_changes = elected.leader != old.leader;
    if leader_changes && elected.unclean {
        isr = elected.leader.map_or(BrokerSet::EMPTY, BrokerSet::only);
        elr = BrokerSet::EMPTY;
        recovering = true;
    } else if leader_changes && elected.leader.is_some_and(|leader| elr.contains(leader)) {
        isr = elected.leader.map_or(BrokerSet::EMPTY, BrokerSet::only);
        elr = elr.minus(isr);
    } else if leader_changes && zookeeper && wanted.election != Election::Preferred {
        isr = live_with(&wanted, elected.leader, isr);
    }
    let starts_epoch = zookeeper || model.variant.switches.shrinking_starts_epoch;
    let loses_member = starts_epoch && !old.isr.is_subset(isr);
    if isr.is_empty() && !model.has_elr() && model.keeps(Guard::LastMemberStays) {
        isr = old.isr;
    }
    let loses_replica = !old.replicas.is_subset(assignment.replicas);
    if (leader_changes || loses_member) && model.keeps(Guard::ElectionStartsEpoch)
        || loses_replica && model.keeps(Guard::LeavingStartsEpoch)
    {
        image.leader_epoch = old.leader_epoch.next();
    }
    image.leader = elected.leader;
    image.isr = isr;
    image.replicas = assignment.replicas;
    controller.adding = assignment.adding;
    controller.removing = assignment.removing;
    controller.behind = assignment.behind;
    controller.elr = elr;
    controller.recovering = recovering;
    controller.last_known_leader = last_known(model, &old, image, old_last_known);

    let bookkeeping = (
        controller.elr,
        controller.recovering,
        controller.last_known_leader,
    );
    let changed = (image.leader, image.isr, image.leader_epoch)
        != (old.leader, old.isr, old.leader_epoch)
        || bookkeeping != (old_elr, old_recovering, old_last_known)
        || assignment != old_assignment;
    if changed {
        image.partition_epoch = old.partition_epoch.next();
    }
}

/// The ISR of a leader that was elected because the one before is gone: a controller with ZooKeeper
/// leaves nobody in it that is not live.
///
/// Source: `Election.leaderForOffline`; R52.
fn live_with(wanted: &Change, leader: Option<Broker>, isr: BrokerSet) -> BrokerSet {
    match leader {
        Some(leader) => isr.intersection(wanted.acceptable).with(leader),
        None => isr,
    }
}

/// Commits what a change made, if it made anything, and if epochs are left: a long story may wear
/// them out.
pub(super) fn commit(controller: &mut Controller, image: Image) -> Result<(), Disabled> {
    let fits = usize::from(image.leader_epoch.0) < EPOCHS
        && image.partition_epoch != PartitionEpoch::LAST
        && !image.broker_epochs.0.contains(&BrokerEpoch::LAST);
    if image == *controller.image() || fits && controller.commit(image) {
        Ok(())
    } else {
        Err(Disabled::ModelIsFull)
    }
}

/// The eligible leader replicas after the change: none at min ISR, else those before and whoever
/// leaves the ISR, except after an unclean stop.
///
/// Source: KIP-966, `PartitionChangeBuilder.maybePopulateTargetElr`; R33.
fn eligible(
    model: &Replication,
    controller: &Controller,
    old: &Image,
    wanted: &Change,
) -> BrokerSet {
    if !model.has_elr() {
        return BrokerSet::EMPTY;
    }
    let min_isr = model.controllers_min_isr(old);
    if wanted.isr.len() >= min_isr && model.keeps(Guard::ElrEndsAtMinIsr) {
        return BrokerSet::EMPTY;
    }
    let leavers = match model.keeps(Guard::LeaversBecomeEligible) {
        true => old.isr,
        false => BrokerSet::EMPTY,
    };
    let unclean = match model.keeps(Guard::UncleanStopCostsSeat) {
        true => wanted.unclean_stop,
        false => BrokerSet::EMPTY,
    };
    controller
        .elr
        .union(leavers)
        .minus(wanted.isr)
        .minus(unclean)
}

/// Chooses a leader, in the order of the assignment: the present one if it may go on, a candidate,
/// the last known leader, and at last, where that is allowed, anybody.
///
/// Source: `PartitionChangeBuilder.electAnyLeader`, `electPreferredLeader`; R28, R29, R30, R34.
fn elect(
    model: &Replication,
    controller: &Controller,
    old: &Image,
    wanted: &Change,
    elr: BrokerSet,
) -> Elected {
    let acceptable = match model.keeps(Guard::ElectedIsNotFenced) {
        true => wanted.acceptable,
        false => wanted.assignment.replicas,
    };
    let from = if wanted.isr.is_empty() {
        elr
    } else {
        wanted.isr
    };
    let candidates = match model.keeps(Guard::ElectedIsCandidate) {
        true => from.intersection(acceptable),
        false => acceptable,
    };
    let clean = |leader| Elected {
        leader: Some(leader),
        unclean: false,
    };
    let preferred = wanted.assignment.preferred();
    if wanted.election == Election::Preferred
        && let Some(preferred) = preferred.filter(|first| candidates.contains(*first))
    {
        return clean(preferred);
    }
    if let Some(leader) = old.leader.filter(|leader| candidates.contains(*leader)) {
        return clean(leader);
    }
    let in_order = || wanted.assignment.in_order();
    if let Some(leader) = in_order().find(|replica| candidates.contains(*replica)) {
        return clean(leader);
    }
    if let Some(leader) = last_known_candidate(model, controller, wanted, elr, acceptable) {
        return Elected {
            leader: Some(leader),
            unclean: true,
        };
    }
    let unclean = wanted.election == Election::Unclean;
    let anybody = if unclean {
        in_order().find(|replica| acceptable.contains(*replica))
    } else {
        None
    };
    Elected {
        leader: anybody,
        unclean: anybody.is_some(),
    }
}

/// The last known leader, where it may be elected although it is in neither ISR nor ELR.
///
/// Source: `PartitionChangeBuilder.canElectLastKnownLeader`, KAFKA-19522; R34.
fn last_known_candidate(
    model: &Replication,
    controller: &Controller,
    wanted: &Change,
    elr: BrokerSet,
    acceptable: BrokerSet,
) -> Option<Broker> {
    let leader = controller.last_known_leader?;
    let empty = wanted.isr.is_empty() && elr.is_empty();
    let last_resort = empty || !model.keeps(Guard::LastKnownLeaderIsLastResort);
    let checked = !model.variant.switches.elects_fenced_last_known
        && model.keeps(Guard::LastKnownLeaderIsNotFenced);
    let alive = !checked || acceptable.contains(leader);
    (model.has_elr() && last_resort && alive).then_some(leader)
}

/// Whom the controller remembers as the last known leader: the leader at the moment the ISR became
/// empty, until there is a leader again.
///
/// Source: `PartitionChangeBuilder.maybeUpdateLastKnownLeader`; R34.
fn last_known(
    model: &Replication,
    old: &Image,
    new: &Image,
    known: Option<Broker>,
) -> Option<Broker> {
    if !model.has_elr() || new.leader.is_some() {
        return None;
    }
    let emptied = new.isr.is_empty() && !old.isr.is_empty();
    if emptied && old.leader.is_some() {
        old.leader
    } else {
        known
    }
}
