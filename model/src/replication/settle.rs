//! What every state is brought to after an event, so that two states that nobody can tell apart are
//! one.
//!
//! Five exact reductions.  *Messages that must be ignored are dropped at once.*  *A record that
//! changes nothing for a broker is applied at once*: a follower reads only leader and leader epoch, and
//! whether it holds a replica,
//! and it may apply several records in one batch anyway, so the state before and the state after
//! have the same future; but not where a copy of the metadata has fallen behind that it knew no more
//! than.  *Records that everybody has applied are forgotten.*  *Of partition
//! epochs only the order is kept*: they are only ever compared with each other.  *The ghost forgets*
//! the offices that nobody acting under an older epoch can collide with.  `redundant_states` does
//! without all five.

use super::state::{Image, Outcome, State, WINDOW};
use super::{BrokerEpoch, Guard, PartitionEpoch, Replication, rules};
use highwater_vocabulary::{Broker, BrokerSet, MOST_BROKERS, Process};

pub(super) fn settle(model: &Replication, state: &mut State) {
    if model.bounds.redundant_states {
        return;
    }
    settle_history(model, state, following(model, state));
    if state.former.is_some() {
        // A broker that acts on neither is not of the former one: what its process had asked of that has
        // ended with it.
        let apart = state.apart;
        let mut turned = state.turned(model);
        settle_history(model, &mut turned, apart);
        *state = turned.turned(model);
        drop_former(state);
    }
    rank_partition_epochs(model, state);
    super::ghost::forget(model, state);
}

/// What concerns the history in front, and those who follow it.
fn settle_history(model: &Replication, state: &mut State, following: BrokerSet) {
    drop_dead_messages(model, state, following);
    for broker in following.iter() {
        skip_what_changes_nothing(model, state, broker);
    }
    forget_what_everybody_knows(model, state, following);
}

/// Everybody who does not act on the former history.
fn following(model: &Replication, state: &State) -> BrokerSet {
    model.setting.replicas().minus(state.apart)
}

/// A history that nobody follows and nobody can add to is gone.
fn drop_former(state: &mut State) {
    let is_dead = state.former.is_some_and(|former| !former.has_voters());
    if is_dead && state.apart.is_empty() {
        state.former = None;
    }
}

/// An ISR change that builds on an older partition epoch will be rejected, and an answer to what is
/// no longer pending will be ignored: neither leaves a trace, so neither need be waited for.
fn drop_dead_messages(model: &Replication, state: &mut State, following: BrokerSet) {
    let image = *state.image();
    let newest = image.partition_epoch;
    for broker in following.iter() {
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
            change.end_answer();
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
        forget_which_configuration(state, broker);
        return;
    }
    if state.replicas[broker].tenure().is_some() {
        return;
    }
    let read = |image: &Image| {
        let holds = image.replicas.contains(broker);
        holds.then_some((image.leader, image.leader_epoch))
    };
    let place = usize::from(state.replicas[broker].place);
    // Whether somebody knows more than a copy that fell behind is what it may pay for.
    let copy = state.controller.copy.map(|copy| usize::from(copy.place));
    let last = copy.filter(|copy| place <= *copy);
    let last = last.unwrap_or(state.controller.newest().into());
    let records = &state.controller.records()[place..=last];
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

/// Of the records that bring the configuration a broker has, the oldest; none if its place is one.
fn forget_which_configuration(state: &mut State, broker: Broker) {
    let place = state.replicas[broker].place;
    let known = state.min_isr_known_by(broker);
    let records = &state.controller.records()[..usize::from(state.configured[broker])];
    let same = records
        .iter()
        .rev()
        .take_while(|image| image.min_isr == known);
    let oldest = state.configured[broker] - same.count() as u8;
    state.configured[broker] = if oldest > place { oldest } else { 0 };
}

fn forget_what_everybody_knows(model: &Replication, state: &mut State, following: BrokerSet) {
    if model.variant.late_requests {
        return;
    }
    let places = following.iter();
    let places = places.filter(|broker| keeps_place(model, state, *broker));
    let oldest = places.map(|broker| state.replicas[broker].place).min();
    let mut oldest = oldest.unwrap_or(state.controller.newest());
    if let Some(copy) = state.controller.copy {
        // Nobody reads what lies between the copy and the slowest.
        for place in (copy.place + 1..oldest).rev() {
            forget_record(model, state, place);
        }
        oldest = oldest.min(copy.place);
    }
    if oldest == 0 {
        return;
    }
    state.controller.forget(oldest);
    for broker in following.iter() {
        let place = &mut state.replicas[broker].place;
        *place = place.saturating_sub(oldest);
        let configured = &mut state.configured[broker];
        *configured = configured.saturating_sub(oldest);
    }
}

/// Forgets one record, on which nobody stands.
pub(super) fn forget_record(model: &Replication, state: &mut State, place: u8) {
    state.controller.forget_record(place);
    for broker in following(model, state).iter() {
        let own = &mut state.replicas[broker].place;
        *own -= u8::from(*own > place);
        let configured = &mut state.configured[broker];
        *configured -= u8::from(*configured > place);
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

// One for each record of either history, and at most four for each broker; an event adds one.
const _: () = assert!(
    2 * WINDOW + 4 * MOST_BROKERS + 2 < u64::BITS as usize,
    "a partition epoch is a bit of the known ones"
);

fn visit_partition_epochs(
    model: &Replication,
    state: &mut State,
    mut visit: impl FnMut(&mut PartitionEpoch),
) {
    for image in state.images_mut() {
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
