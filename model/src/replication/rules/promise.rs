//! How a metadata quorum breaks its promise, and what becomes of the brokers.
//!
//! What is promised is one history that only grows, and one side that adds to it
//! (`crate::quorum::promise`).  Where it is broken, two histories are left: the one that goes on
//! from what a copy holds is in front from then on; the former may go on too.
//!
//! A broker never goes back by itself: whoever is asked to truncate metadata that it knows to be
//! committed ends instead, and loads whatever history it finds when it is started again.

use crate::replication::rules::environment::{
    halt, may_become_active, reach_controller, reaches_controller, works,
};
use crate::replication::rules::reassignment::no_reassignment_runs;
use crate::replication::settle::keeps_place;
use crate::replication::state::Controller;
use crate::replication::{Disabled, Replication, State};
use highwater_vocabulary::{Broker, BrokerSet, Datacenter, Member, Profile, Set};

/// A copy of the metadata falls behind: of a voter or an observer, which in KRaft every broker is.
/// One copy is followed at a time.
///
/// Who: voters, observers.  Source: KIP-595 (a record is committed without the slowest voters),
/// ZooKeeper's observers; Q5.
pub(super) fn fall_behind(
    model: &Replication,
    before: &State,
    site: Datacenter,
) -> Result<State, Disabled> {
    has_a_copy(model, &before.controller, site)?;
    no_reassignment_runs(&before.controller)?;
    if before.controller.copy.is_some() || before.former.is_some() {
        return Err(Disabled::AlreadySo);
    }

    let mut after = *before;
    after.controller.copy = Some(before.controller.copied_in(site));
    Ok(after)
}

fn has_a_copy(
    model: &Replication,
    controller: &Controller,
    site: Datacenter,
) -> Result<(), Disabled> {
    let is_there = controller.voters_in(site) > 0 || !model.setting.brokers_of(site).is_empty();
    match is_there && !model.has_zookeeper() {
        true => Ok(()),
        false => Err(Disabled::NotInThisSetting),
    }
}

/// A voter that has fallen behind is elected, and nobody is left who held more: wiped static voters
/// have voted for it, or the only voter has lost what it had committed and not flushed.  The history
/// goes back to what it holds.
///
/// Who: metadata quorum.  Source: KIP-853 (why static voters may), KAFKA-10527,
/// docs/findings/0011 and 0012; what `highwater_model::quorum::promise` calls a breach.
pub(super) fn roll_back(
    model: &Replication,
    before: &State,
    site: Datacenter,
) -> Result<State, Disabled> {
    if before.controller.voters_in(site) == 0 || model.has_zookeeper() {
        return Err(Disabled::NotInThisSetting);
    }
    let copy = before.controller.copy.filter(|copy| copy.site == site);
    let copy = copy.ok_or(Disabled::NothingThere)?;
    if before.former.is_some() {
        return Err(Disabled::AlreadySo);
    }
    if !may_become_active(model, before, site) {
        return Err(Disabled::Unreachable);
    }

    let mut after = *before;
    let everybody = model.setting.every_datacenter().collect();
    after.former = Some(before.controller.without_voters_of(everybody));
    after.controller = before.controller.gone_back_to(&copy);
    after.controller.active = Some(site);
    let knows_more = |broker: &Broker| before.replicas[*broker].place > copy.place;
    after.apart = acting(model, before).filter(knows_more).collect();
    forget_answers(model, &mut after, BrokerSet::EMPTY);
    let apart = after.apart;
    ask_again(model, &mut after, apart);
    Ok(after)
}

/// An operator makes the voters or observers of a datacenter a quorum of their own.  They go on from
/// the newest they hold: everything, unless the other voters are a majority without them.
///
/// Brokers of the datacenter follow if they know nothing that their voters lack; all others stay with
/// the former history, which goes on where enough of its voters are left.  The second break-out is of
/// the former history, at its end.
///
/// Who: operator.  Source: ZooKeeper's reconfiguration by hand, KIP-595 (static voters are a list in
/// a file), `kafka-storage.sh format --standalone` (KIP-853).
pub(super) fn break_out(
    model: &Replication,
    before: &State,
    site: Datacenter,
) -> Result<State, Disabled> {
    let from = before.former.as_ref().unwrap_or(&before.controller);
    has_a_copy(model, from, site)?;
    no_reassignment_runs(from)?;
    if before.world.lost.contains(site) {
        return Err(Disabled::Unreachable);
    }
    let elsewhere = from.all_voters() - usize::from(from.voters[site.index()]);
    if from.left.contains(site) || elsewhere == 0 {
        return Err(Disabled::AlreadySo);
    }

    Ok(match before.former {
        Some(former) => {
            let mut after = *before;
            after.former = Some(former.under_voters_of(site));
            let others = acting(model, before).collect::<BrokerSet>();
            let stay = others.minus(before.apart);
            forget_answers(model, &mut after, stay);
            ask_again(model, &mut after, stay);
            after
        }
        None => first_break_out(model, before, site),
    })
}

fn first_break_out(model: &Replication, before: &State, site: Datacenter) -> State {
    let whole = &before.controller;
    let stale = whole
        .copy
        .filter(|copy| copy.site == site && whole.may_be_stale(site));
    let held = match stale {
        Some(copy) => whole.gone_back_to(&copy),
        None => *whole,
    };

    let mut after = *before;
    after.controller = held.under_voters_of(site);
    after.former = Some(whole.without_voters_of(Set::EMPTY.with(site)));
    let deposed = whole.active == Some(site);
    let newest = after.controller.newest();
    let stays = |broker: &Broker| {
        model.setting.home(*broker) != site || before.replicas[*broker].place > newest
    };
    after.apart = acting(model, before).filter(stays).collect();
    let undisturbed = match deposed {
        true => BrokerSet::EMPTY,
        false => after.apart,
    };
    forget_answers(model, &mut after, undisturbed);
    let apart = after.apart;
    ask_again(model, &mut after, apart);
    after
}

/// Brokers that act on metadata.
fn acting<'a>(model: &'a Replication, state: &'a State) -> impl Iterator<Item = Broker> + 'a {
    let brokers = model.setting.replicas();
    brokers
        .iter()
        .filter(|broker| keeps_place(model, state, *broker))
}

/// Answers of a controller that is no more do not arrive; those to `undisturbed` do.
fn forget_answers(model: &Replication, after: &mut State, undisturbed: BrokerSet) {
    for broker in model.setting.replicas().minus(undisturbed).iter() {
        after.changes[broker].lose_answer();
    }
}

/// Whoever follows another quorum now asks that one: its request is not yet sent.  Requests of processes
/// that have ended are lost, and those of `undisturbed` are where they were.
fn ask_again(model: &Replication, after: &mut State, undisturbed: BrokerSet) {
    for broker in model.setting.replicas().minus(undisturbed).iter() {
        let acts = keeps_place(model, after, broker);
        let change = &mut after.changes[broker];
        change.request = change.request.filter(|_| acts);
        if let Some(request) = &mut change.request {
            request.sent = false;
        }
    }
}

/// A broker fetches from a quorum whose log leaves its own below what it knows to be committed, and
/// its process ends; or its operator ends it, because it looks for the other quorum.
///
/// Who: broker, operator.  Source: `KafkaRaftClient.handleFetchResponse` and
/// `KafkaMetadataLog.truncateTo` ("below the current high watermark"; 3.5.0 to 4.1.0),
/// `KafkaRaftClientDriver.doWork` (the fault is fatal), `ProcessTerminatingFaultHandler`.
pub(super) fn terminate(
    model: &Replication,
    before: &State,
    broker: Broker,
) -> Result<State, Disabled> {
    if !before.apart.contains(broker) {
        return Err(Disabled::NothingThere);
    }
    if !before.replicas[broker].serves() {
        return Err(Disabled::NotServing);
    }
    if reaches_controller(model, before, broker) {
        return Err(Disabled::AlreadySo);
    }
    let facing_the_other = State {
        apart: before.apart.without(broker),
        ..*before
    };
    reach_controller(model, &facing_the_other, broker)?;

    let mut after = *before;
    halt(model, &mut after, broker);
    // The log that is loaded has no epoch that begins at its end (`LogLoader.load`).
    let replica = &mut after.replicas[broker];
    replica.truncate(replica.log.end());
    Ok(after)
}

/// Whether a process that starts would register with the former history's controller: with the one in
/// its own datacenter if there are two, else with the former, whose address it has.
pub(super) fn registers_with_former(model: &Replication, state: &State, broker: Broker) -> bool {
    let Some(former) = &state.former else {
        return false;
    };
    let home = model.setting.home(broker);
    let reaches = |controller: &Controller| {
        let active = controller
            .active
            .filter(|_| works(model, state, controller));
        active.filter(|active| state.world.connects(home, *active))
    };
    match (reaches(former), reaches(&state.controller)) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(theirs), Some(ours)) => theirs == home || ours != home,
    }
}

/// The quorum gets one more voter in a datacenter.  That takes a quorum: it heals a loss that is to
/// come, not one that has happened.
///
/// Who: operator.  Source: KIP-853, `AddVoterHandler`, `kafka-metadata-quorum.sh add-controller`;
/// kraft.version 1, since 3.9; Q9.
pub(super) fn add_voter(
    model: &Replication,
    before: &State,
    site: Datacenter,
) -> Result<State, Disabled> {
    if model.setting.kafka < Profile::V3_9 {
        return Err(Disabled::NotInThisSetting);
    }
    let active = before.controller.active;
    let active = active.filter(|_| works(model, before, &before.controller));
    let active = active.ok_or(Disabled::NoController)?;
    if !before.world.connects(site, active) {
        return Err(Disabled::Unreachable);
    }
    if before.controller.left.contains(site) {
        return Err(Disabled::NotInThisSetting);
    }
    let voters = before.controller.voters[site.index()];
    let more = voters.checked_add(1).ok_or(Disabled::ModelIsFull)?;

    let mut after = *before;
    after.controller.voters[site.index()] = more;
    Ok(after)
}
