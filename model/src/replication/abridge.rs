//! What is left out of a state because no property that is asked for can come to depend on it.
//!
//! Operators ask what becomes of acknowledged records.  Of that, a watermark decides only what a leader
//! may acknowledge and whom it lets into the ISR, and most of what the proof remembers decides nothing.
//! Two states that differ only there have the same future, as far as anybody asks.
//!
//! Whoever asks for all properties gets everything: experiments, stories, explanations
//! ([`Replication::unabridged`]).
//!
//! **Architecture invariant:** a rule never knows what is left out.  It is done once, after a step of
//! whatever grain, and each part says which rules would have to change before it is wrong.

use super::ghost::{Broken, Ghost};
use super::state::{Log, Replica, State};
use super::{End, GuardSet, Replication};
use highwater_vocabulary::{BrokerSet, Set};

/// What is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// Watermarks that can neither acknowledge nor admit anybody.
    pub watermarks: bool,
    /// How far followers outside the maximal ISR have proved to hold the log.  No model leaves it out:
    /// a fetch that repeats what was proved moves no watermark, so whether it was proved matters.
    /// checks/tests/reductions.rs shows what would be missed.
    pub follower_ends: bool,
    /// What only properties of the protocol read in the ghost.
    pub ghost: bool,
}

impl LeftOut {
    /// Nothing.
    pub const NOTHING: LeftOut = LeftOut {
        watermarks: false,
        follower_ends: false,
        ghost: false,
    };

    /// What a model leaves out.
    ///
    /// Watermarks are dead only by the leave of many guards, so every guard has to be in force.  A
    /// late answer carries a watermark; a reader and a follower that truncates to its watermark look at
    /// it; a producer that sends again may come to wait for one that a leader took over; and where nobody
    /// asks for the start of the epoch it alone decides who joins.
    pub fn by(model: &Replication) -> LeftOut {
        let asked = model.asked.iter().any(|property| property.looks_inside);
        if asked || model.bounds.redundant_states {
            return LeftOut::NOTHING;
        }
        let switches = &model.variant.switches;
        let watermarks = model.variant.waived == GuardSet::default()
            && !model.variant.late_fetches
            && !switches.truncates_to_watermark
            && !switches.asks_before_fetching
            && switches.checks_epoch_start
            && model.bounds.reads == 0
            && model.bounds.retries == 0;
        LeftOut {
            watermarks,
            follower_ends: false,
            ghost: true,
        }
    }

    /// Leaves it out of a state.
    pub fn of(self, model: &Replication, state: &mut State) {
        for broker in model.setting.replicas().iter() {
            let replica = &mut state.replicas[broker];
            if self.watermarks {
                replica.watermark = watermark_that_matters(replica);
            }
            if self.follower_ends {
                forget_ends(replica, model.setting.replicas());
            }
        }
        if self.ghost {
            let leader = state.image().leader;
            let ghost = &mut state.ghost;
            let promised = Set::EMPTY.with(Broken::SplitBrain);
            *ghost = Ghost {
                committed: Log::default(),
                lossy: BrokerSet::EMPTY,
                granted: leader,
                broken: ghost.broken.intersection(promised),
                ..*ghost
            };
        }
    }
}

/// Leaves out of a state what its model leaves out.
pub(super) fn abridge(model: &Replication, state: &mut State) {
    let left_out = LeftOut::by(model);
    if left_out != LeftOut::NOTHING {
        left_out.of(model, state);
    }
}

/// The least watermark with which a replica can do the same.
///
/// A leader acknowledges what waits below its watermark, and lets in whoever has reached both the
/// watermark and the start of its epoch.  So up to that start the watermark decides nothing but which of
/// the waiting records it covers; and only a leader that was elected again without having been told of
/// its loss has waiting records down there.  Whoever does not lead only keeps the watermark for when
/// it takes office, and its log ends there then, so it is not above the start.
fn watermark_that_matters(replica: &Replica) -> End {
    let Some(tenure) = replica.tenure() else {
        return End(0);
    };
    if replica.watermark > tenure.epoch_start {
        return replica.watermark;
    }
    let waiting = tenure.waiting.iter();
    let ends = waiting.filter_map(|record| replica.log.end_of(record));
    let covered = ends.filter(|end| *end <= replica.watermark);
    covered.max().unwrap_or(End(0))
}

/// The idea that does not hold: whoever is outside the maximal ISR comes back by a fetch, which says anew where its log
/// ends; the controller lets nobody in whom the leader has not proposed, and the leader remembers what
/// it has proposed until it knows the outcome.
fn forget_ends(replica: &mut Replica, replicas: BrokerSet) {
    if let Some(tenure) = replica.tenure_mut() {
        for outside in replicas.minus(tenure.maximal_isr()).iter() {
            tenure.follower_end[outside] = None;
        }
    }
}
