//! What ought to hold.

use super::Kip320;
use super::state::{Leadership, Log, Record, Replica, Slot, Slots, State};

/// **Types.**  Everything is within its bounds, and room that is not used is zeroed.
///
/// Says more than the original where that takes sets of offsets and epochs: here is also what the
/// flat encoding of requests and logs relies on.
pub fn type_ok(model: &Kip320, state: &State) -> bool {
    let slots = Slots::first(model.replicas);
    let sent = usize::from(state.next_epoch);
    let leadership = |known: &Leadership| {
        known.epoch.is_none_or(|epoch| epoch < state.next_epoch)
            && known.leader.is_none_or(|leader| slots.contains(leader))
            && known.isr.within(slots)
    };
    let record = |record: &Record| record.id < state.next_record && record.epoch < state.next_epoch;
    let log = |log: &Log| {
        usize::from(log.end) <= model.log_size
            && log.entries().iter().all(record)
            && log.records[usize::from(log.end)..]
                .iter()
                .all(|unused| *unused == Record::default())
    };
    state.next_record <= model.records
        && state.next_epoch <= model.epochs
        && state.logs.iter().all(log)
        && state.replicas.iter().all(|replica| {
            usize::from(replica.watermark) <= model.log_size && leadership(&replica.knows)
        })
        && leadership(&state.quorum)
        && (0..)
            .zip(&state.requests[..sent])
            .all(|(epoch, request)| request.epoch == Some(epoch) && leadership(request))
        && state.requests[sent..]
            .iter()
            .all(|unused| *unused == Leadership::default())
        && state.logs[model.replicas..]
            .iter()
            .all(|unused| *unused == Log::default())
        && state.replicas[model.replicas..]
            .iter()
            .all(|unused| *unused == Replica::default())
}

/// **The ISR that a leader knows of has what it exposes.**  Below the watermark of whoever believes
/// that it leads, every replica of the ISR it believes in has the same records.
///
/// ```text
/// ∀ l, r, o : presumes_leadership(l) ∧ r ∈ isr(l) ∧ o < watermark(l) ⇒ log(l)[o] = log(r)[o]
/// ```
///
/// Silent where nobody believes that it leads, and where nothing is exposed.  It is weak because
/// leaders are elected from the ISR of the quorum, which may be another.
pub fn weak_isr(_: &Kip320, state: &State) -> bool {
    leaders(state).all(|leader| exposed_is_held(state, leader, state.replica(leader).knows.isr))
}

/// **The ISR has what any leader exposes.**  Below the watermark of whoever believes that it leads,
/// every replica of the ISR in the quorum has the same records, so whoever is elected has them.
///
/// ```text
/// ∀ l, r, o : presumes_leadership(l) ∧ r ∈ quorum.isr ∧ o < watermark(l) ⇒ log(l)[o] = log(r)[o]
/// ```
///
/// Silent where [`weak_isr`] is, and where the ISR is empty.
pub fn strong_isr(_: &Kip320, state: &State) -> bool {
    leaders(state).all(|leader| exposed_is_held(state, leader, state.quorum.isr))
}

/// **Who leads is in the ISR.**
///
/// ```text
/// quorum.leader ≠ None ⇒ quorum.leader ∈ quorum.isr
/// ```
///
/// Silent while nobody leads.  The original leaves that out and so states a theorem that its
/// first state contradicts.
pub fn leader_in_isr(_: &Kip320, state: &State) -> bool {
    let Leadership { leader, isr, .. } = state.quorum;
    leader.is_none_or(|leader| isr.contains(leader))
}

/// A record of an earlier epoch is below the watermark of the leader of the last one.
pub(super) fn exposed(model: &Kip320, state: &State) -> bool {
    leaders(state).any(|leader| {
        let last = Some(model.epochs - 1);
        let oldest = state.log(leader).at(0);
        state.replica(leader).knows.epoch == last
            && state.replica(leader).watermark > 0
            && oldest.is_some_and(|record| Some(record.epoch) < last)
    })
}

/// Who believe that they lead.
fn leaders(state: &State) -> impl Iterator<Item = Slot> {
    let slots = Slots::first(state.replicas.len());
    slots.iter().filter(|slot| state.presumes_leadership(*slot))
}

fn exposed_is_held(state: &State, leader: Slot, by: Slots) -> bool {
    let exposed = state.replica(leader).watermark;
    by.iter().all(|replica| {
        (0..exposed).all(|offset| {
            let record = state.log(leader).at(offset);
            record.is_some() && record == state.log(replica).at(offset)
        })
    })
}
