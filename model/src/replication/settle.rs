//! What every state is brought to after an event, so that two states that nobody can tell apart are
//! one.
//!
//! Five exact reductions.  *Messages that must be ignored are dropped at once.*  *A record that
//! changes nothing for a broker is applied at once*: a follower reads only leader and leader epoch,
//! and it may apply several records in one batch anyway, so the state before and the state after
//! have the same future.  *Records that everybody has applied are forgotten.*  *Partition epochs
//! count from the oldest that anybody may still compare*: they are only ever compared with each
//! other.  *The ghost forgets* the offices that nobody acting under an older epoch can collide with.

use super::state::{Outcome, State};
use super::{BrokerEpoch, Guard, PartitionEpoch, Replication};
use highwater_vocabulary::{Broker, Process};

pub(super) fn settle(model: &Replication, state: &mut State) {
    drop_dead_messages(model, state);
    for broker in model.setting.replicas().iter() {
        skip_what_changes_nothing(state, broker);
    }
    forget_what_everybody_knows(model, state);
    count_partition_epochs_from_oldest(state);
    super::ghost::forget(model, state);
}

/// An ISR change that builds on an older partition epoch will be rejected, and an answer to what is
/// no longer pending will be ignored: neither leaves a trace, so neither need be waited for.
fn drop_dead_messages(model: &Replication, state: &mut State) {
    let newest = state.image().partition_epoch;
    for broker in model.setting.replicas().iter() {
        let pending = state.replicas[broker]
            .tenure()
            .and_then(|tenure| tenure.pending);
        let change = &mut state.changes[broker];
        let stale = change
            .request
            .is_some_and(|request| request.partition_epoch < newest);
        if stale
            && model.keeps(Guard::ChangeBuildsOnNewest)
            && model.keeps(Guard::UnknownOutcomeStaysPending)
        {
            change.request = None;
        }
        let unheard = change
            .answer
            .is_some_and(|answer| pending != Some(answer.to.1));
        if unheard && model.keeps(Guard::AnswerMatchesProposal) {
            change.answer = None;
        }
    }
}

/// Whether `broker` has a place in the controller's log: it is registered, and may go on.
fn keeps_place(state: &State, broker: Broker) -> bool {
    let replica = &state.replicas[broker];
    replica.process != Process::Stopped && replica.broker_epoch != BrokerEpoch(0)
}

fn skip_what_changes_nothing(state: &mut State, broker: Broker) {
    if !keeps_place(state, broker) || state.replicas[broker].tenure().is_some() {
        return;
    }
    let view = *state.view(broker);
    let mut place = state.replicas[broker].place;
    while place < state.controller.newest() {
        let next = state.controller.record(place + 1);
        if (next.leader, next.leader_epoch) != (view.leader, view.leader_epoch) {
            break;
        }
        place += 1;
    }
    state.replicas[broker].place = place;
}

fn forget_what_everybody_knows(model: &Replication, state: &mut State) {
    let places = model
        .setting
        .replicas()
        .iter()
        .filter(|broker| keeps_place(state, *broker));
    let oldest = places.map(|broker| state.replicas[broker].place).min();
    let oldest = oldest.unwrap_or(state.controller.newest());
    if oldest == 0 {
        return;
    }
    state.controller.forget(oldest);
    for replica in &mut state.replicas.0 {
        replica.place = replica.place.saturating_sub(oldest);
    }
}

fn count_partition_epochs_from_oldest(state: &mut State) {
    let mut oldest = PartitionEpoch(u8::MAX);
    visit_partition_epochs(state, |epoch| oldest = oldest.min(*epoch));
    let surplus = oldest.0 - 1;
    if surplus > 0 {
        visit_partition_epochs(state, |epoch| epoch.0 -= surplus);
    }
}

fn visit_partition_epochs(state: &mut State, mut visit: impl FnMut(&mut PartitionEpoch)) {
    for image in state.controller.records_mut() {
        visit(&mut image.partition_epoch);
    }
    for replica in &mut state.replicas.0 {
        if let Some(tenure) = replica.tenure_mut() {
            visit(&mut tenure.partition_epoch);
        }
    }
    for change in &mut state.changes.0 {
        if let Some(request) = &mut change.request {
            visit(&mut request.partition_epoch);
        }
        if let Some(answer) = &mut change.answer {
            visit(&mut answer.to.0);
            if let Outcome::Accepted {
                partition_epoch, ..
            } = &mut answer.outcome
            {
                visit(partition_epoch);
            }
        }
    }
}
