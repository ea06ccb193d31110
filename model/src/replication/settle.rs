//! What every state is brought to after an event, so that two states that nobody can tell apart are
//! one.
//!
//! Five exact reductions.  *Messages that must be ignored are dropped at once.*  *A record that
//! changes nothing for a broker is applied at once*: a follower reads only leader and leader epoch,
//! and it may apply several records in one batch anyway, so the state before and the state after
//! have the same future.  *Records that everybody has applied are forgotten.*  *Of partition
//! epochs only the order is kept*: they are only ever compared with each other.  *The ghost forgets*
//! the offices that nobody acting under an older epoch can collide with.  `redundant_states` does
//! without all five.

use super::state::{Image, Outcome, State, WINDOW};
use super::{BrokerEpoch, Guard, PartitionEpoch, Replication, rules};
use highwater_vocabulary::{Broker, MOST_BROKERS, Process};

pub(super) fn settle(model: &Replication, state: &mut State) {
    if model.bounds.redundant_states {
        return;
    }
    drop_dead_messages(model, state);
    for broker in model.setting.replicas().iter() {
        skip_what_changes_nothing(model, state, broker);
    }
    forget_what_everybody_knows(model, state);
    rank_partition_epochs(model, state);
    super::ghost::forget(model, state);
}

/// An ISR change that builds on an older partition epoch will be rejected, and an answer to what is
/// no longer pending will be ignored: neither leaves a trace, so neither need be waited for.
fn drop_dead_messages(model: &Replication, state: &mut State) {
    let image = *state.image();
    let newest = image.partition_epoch;
    for broker in model.setting.replicas().iter() {
        let pending = state.replicas[broker]
            .tenure()
            .and_then(|tenure| tenure.pending);
        let change = &mut state.changes[broker];
        let stale = change.request.is_some_and(|request| {
            let done = model.has_zookeeper() && rules::is_so_already(&image, broker, &request);
            request.partition_epoch < newest && !done
        });
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

/// Whether `broker` has a place in the controller's log: it is registered, and may go on; or what was
/// sent to its former process may reach the next one.
pub(super) fn keeps_place(model: &Replication, state: &State, broker: Broker) -> bool {
    let replica = &state.replicas[broker];
    replica.process != Process::Stopped && replica.broker_epoch != BrokerEpoch(0)
        || rules::inherits_requests(model, state, broker)
}

fn skip_what_changes_nothing(model: &Replication, state: &mut State, broker: Broker) {
    if !keeps_place(model, state, broker) {
        return;
    }
    if model.has_zookeeper() {
        skip_what_will_be_refused(model, state, broker);
        return;
    }
    if state.replicas[broker].tenure().is_some() {
        return;
    }
    let read = |image: &Image| (image.leader, image.leader_epoch);
    let place = usize::from(state.replicas[broker].place);
    let records = &state.controller.records()[place..];
    let same = records[1..]
        .iter()
        .take_while(|next| read(next) == read(&records[0]));
    state.replicas[broker].place += same.count() as u8;
}

/// What a broker knows only grows, so a request that it would refuse it will refuse.
fn skip_what_will_be_refused(model: &Replication, state: &mut State, broker: Broker) {
    if model.variant.late_requests {
        return;
    }
    loop {
        let next = state.replicas[broker].place + 1;
        if next > state.controller.newest() || !rules::is_no_news(model, state, broker, next) {
            return;
        }
        state.replicas[broker].place = next;
    }
}

fn forget_what_everybody_knows(model: &Replication, state: &mut State) {
    if model.variant.late_requests {
        return;
    }
    let places = model
        .setting
        .replicas()
        .iter()
        .filter(|broker| keeps_place(model, state, *broker));
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

fn rank_partition_epochs(model: &Replication, state: &mut State) {
    let mut known = 0u64;
    visit_partition_epochs(model, state, |epoch| known |= 1 << epoch.0);
    let are_ranks = (known + 2).is_power_of_two();
    if are_ranks {
        return;
    }
    visit_partition_epochs(model, state, |epoch| {
        let older = known & ((1 << epoch.0) - 1);
        *epoch = PartitionEpoch(older.count_ones() as u8 + 1);
    });
}

// One for each record, and at most four for each broker; an event adds one.
const _: () = assert!(
    WINDOW + 4 * MOST_BROKERS + 2 < u64::BITS as usize,
    "a partition epoch is a bit of the known ones"
);

fn visit_partition_epochs(
    model: &Replication,
    state: &mut State,
    mut visit: impl FnMut(&mut PartitionEpoch),
) {
    for image in state.controller.records_mut() {
        visit(&mut image.partition_epoch);
    }
    for broker in model.setting.replicas().iter() {
        if let Some(tenure) = state.replicas[broker].tenure_mut() {
            visit(&mut tenure.partition_epoch);
        }
        let change = &mut state.changes[broker];
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
