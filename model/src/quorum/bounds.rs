//! What the budget affords.
//!
//! Faults, records, epochs and changes of the voter set are rationed.  Healing never is: restarts,
//! fetches, and links that work again.

use super::log::Epoch;
use super::{Event, Fault, Quorum, State};
use highwater_vocabulary::Member;

/// How much may happen in one history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Metadata records that controllers write.
    pub records: u8,
    /// The last epoch.
    pub epochs: u8,
    /// Changes of the voter set.
    pub changes: u8,
    /// Whether an answer to a fetch may have room for one entry only; otherwise it has room for all.
    pub parts: bool,
    /// Whether what is broken may be repaired: stopped nodes restart, cut links heal.
    pub repairs: bool,
    /// Whether time-outs end only for a reason: an election time-out only while the voter cannot
    /// fetch from a leader, the check of the quorum only while no majority can fetch from the
    /// leader.  Safety is asked without it, since a clock may be as wrong as it likes; what a
    /// cluster settles into is asked with it.
    pub timely: bool,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            records: 2,
            epochs: 2,
            changes: 0,
            parts: false,
            repairs: true,
            timely: false,
        }
    }
}

/// Whether a state lies within the bounds.
pub fn afford(model: &Quorum, state: &State) -> bool {
    let (bounds, spent) = (&model.bounds, &state.ghost.spent);
    spent.records <= bounds.records
        && spent.changes <= bounds.changes
        && newest_epoch(model, state) <= Epoch(bounds.epochs)
}

/// Whether a history has come to the last epoch that the bounds allow, so that an election may have
/// been withheld from it.
pub fn epochs_used_up(model: &Quorum, state: &State) -> bool {
    newest_epoch(model, state) == Epoch(model.bounds.epochs)
}

/// The newest epoch that any node knows.
pub fn newest_epoch(model: &Quorum, state: &State) -> Epoch {
    let epochs = model.setting.nodes().map(|node| state.nodes[node].epoch);
    epochs.max().unwrap_or_default()
}

/// The fault that an event is.
pub(super) fn fault_of(event: &Event) -> Option<Fault> {
    Some(match *event {
        Event::Crash(_) => Fault::VoterCrash,
        Event::PowerLoss(..) => Fault::VoterPowerLoss,
        Event::Wipe(_) => Fault::VoterWiped,
        Event::Lose(x) => Fault::DatacenterLoss(x),
        Event::Cut(x, y) if x.index() <= y.index() => Fault::Cut(x, y),
        Event::Cut(x, y) => Fault::Cut(y, x),
        Event::CutFrom(x, y) => Fault::OneWayCut(x, y),
        Event::TimeOut(_)
        | Event::PreVote(..)
        | Event::PreVoteLost(..)
        | Event::Vote(..)
        | Event::VoteLost(..)
        | Event::Begin(..)
        | Event::Append(..)
        | Event::Fetch(..)
        | Event::FetchLost(..)
        | Event::FetchPart(..)
        | Event::Parked(..)
        | Event::Resign(_)
        | Event::AddVoter(..)
        | Event::RemoveVoter(..)
        | Event::Restart(_)
        | Event::Heal(..) => return None,
    })
}

/// Whether a fault is left in the budget.
pub(super) fn has_left(model: &Quorum, state: &State, fault: Fault) -> bool {
    model.faults.place_of(fault).is_some_and(|place| {
        usize::from(state.ghost.spent.faults[place]) < model.faults.budget(fault)
    })
}
