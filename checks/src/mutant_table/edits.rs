//! What several mutants do to a state.

use highwater_model::replication::state::{Entry, Image, Log, Role, Tenure};
use highwater_model::replication::{PartitionEpoch, State};
use highwater_vocabulary::{Broker, BrokerSet, Member};

/// The record that the controller has committed last.
pub(super) fn newest(after: &mut State) -> &mut Image {
    let newest = after.controller.records_mut().last_mut();
    newest.expect("there is always a newest record")
}

/// The controller has committed nothing.
pub(super) fn uncommit(before: &State, after: &mut State) {
    after.controller = before.controller;
    // Nobody has applied what was not committed.
    for (old, new) in before.replicas.0.iter().zip(&mut after.replicas.0) {
        new.place = new.place.min(old.place);
    }
}

/// Who has been elected in this step.
pub(super) fn elected(before: &State, after: &State) -> Option<Broker> {
    let is_new = after.image().leader != before.image().leader;
    after.image().leader.filter(|_| is_new)
}

/// What a broker knows as a leader, in an office that it has just taken.
pub(super) fn new_tenure<'s>(
    before: &State,
    after: &'s mut State,
    broker: Broker,
) -> Option<&'s mut Tenure> {
    let (old, new) = (&before.replicas[broker], &after.replicas[broker]);
    let is_same = old.tenure().is_some() && old.leader_epoch == new.leader_epoch;
    match is_same {
        true => None,
        false => after.replicas[broker].tenure_mut(),
    }
}

/// What a broker knows as a leader, in an office that it had before.
pub(super) fn same_tenure<'s>(
    before: &'s State,
    after: &'s mut State,
    broker: Broker,
) -> Option<(&'s Tenure, &'s mut Tenure)> {
    let (old, new) = (&before.replicas[broker], &mut after.replicas[broker]);
    match old.leader_epoch == new.leader_epoch {
        true => Some((old.tenure()?, new.tenure_mut()?)),
        false => None,
    }
}

/// Whom a follower fetches from.
pub(super) fn leader_of(state: &State, follower: Broker) -> Option<Broker> {
    match state.replicas[follower].role {
        Role::Follower(leader) => leader,
        Role::Idle | Role::Leader(_) => None,
    }
}

/// The leader of a follower, with what that leader knew before and knows now.
pub(super) fn leaders_view<'s>(
    before: &'s State,
    after: &'s mut State,
    follower: Broker,
) -> Option<(Broker, &'s Tenure, &'s mut Tenure)> {
    let leader = leader_of(before, follower)?;
    let (old, new) = same_tenure(before, after, leader)?;
    Some((leader, old, new))
}

/// A proposal that this step has made.
pub(super) fn proposed_to(before: &State, after: &State, leader: Broker) -> Option<BrokerSet> {
    let pending = |state: &State| state.replicas[leader].tenure().and_then(|it| it.pending);
    pending(after).filter(|_| pending(before).is_none())
}

/// A log of these records.
pub(super) fn log_of(entries: impl IntoIterator<Item = Entry>) -> Log {
    let mut log = Log::default();
    for entry in entries {
        assert!(
            log.append(entry),
            "a mutant's log is no longer than the rule's"
        );
    }
    log
}

/// How many records of a log are gone.
pub(super) fn cut_from(before: &State, after: &State, broker: Broker) -> u8 {
    let (old, new) = (
        before.replicas[broker].log.end(),
        after.replicas[broker].log.end(),
    );
    old.0.saturating_sub(new.0)
}

/// How many records a log has got.
pub(super) fn added_to(before: &State, after: &State, broker: Broker) -> u8 {
    let (old, new) = (
        before.replicas[broker].log.end(),
        after.replicas[broker].log.end(),
    );
    new.0.saturating_sub(old.0)
}

/// The change before this one.
pub(super) fn earlier(epoch: PartitionEpoch) -> PartitionEpoch {
    PartitionEpoch(epoch.0.saturating_sub(1))
}

/// Some other broker of the assignment.
pub(super) fn other_than(broker: Broker, among: BrokerSet) -> Option<Broker> {
    among.iter().find(|other| *other != broker)
}

/// The last broker of a set, in the order of the setting.
pub(super) fn last_of(brokers: BrokerSet) -> Option<Broker> {
    brokers.iter().max_by_key(|broker| broker.index())
}
