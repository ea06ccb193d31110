//! What the budget affords.
//!
//! Faults, records, elections and shrinking are rationed.  Healing never is: restarts, catching up,
//! returning, registering, unfencing, joining the ISR, and what the network may do to answers.  So
//! every bounded history may still recover, and no outage is mistaken for a spent bound.

use super::ghost::fault_of;
use super::{LeaderEpoch, Replication, State};
use highwater_vocabulary::{BrokerSet, Datacenter, Event, Fault, Faults, Set};

/// How much of everything may happen in one history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Records that producers send.
    pub records: u8,
    /// Leader epochs beyond the first.
    pub elections: u8,
    /// Proposals of leaders to drop somebody from the ISR.  (To let somebody in is healing.)
    pub isr_changes: u8,
    /// Elections of the preferred leader, by balancer or operator.
    pub preferred_elections: u8,
    /// Reads of consumers.
    pub reads: u8,
    /// Copies of requests that producers have sent before.
    pub retries: u8,
    /// Whether choices are tried that can add nothing: that an answer is never heard (`untold`,
    /// `refuse`), because who has not heard *yet* may do all that who never hears may do; that lag
    /// begins late or ends (`lag`, `catch-up`), because lag forces nothing.  The verdicts are the
    /// same with them and without (checks/tests/reductions.rs compares).
    pub redundant_choices: bool,
    /// Whether states are kept apart that nobody can tell apart: `settle` merges nothing, and nothing
    /// is left out because nobody asks for it.  Only at the fine grain, for a coarse step forgets
    /// records of its own accord; and only within small bounds, for the metadata window holds every
    /// record since the beginning.  The verdicts are the same (checks/tests/reductions.rs compares).
    pub redundant_states: bool,
    /// What operators may do.
    pub operators: Operators,
}

/// What operators may do, on top of the faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Operators {
    /// Values to which `min.insync.replicas` may be changed, once each at most.
    pub min_isr: [Option<u8>; 2],
    /// Reassignments they may begin, in this order, each to these replicas.
    pub reassignments: [Option<BrokerSet>; 2],
    /// Reassignments they may take back.
    pub cancellations: u8,
    /// How often they may make the observers of a datacenter ordinary replicas.
    pub promotions: u8,
    /// Unclean elections they may ask for.
    pub unclean_elections: u8,
    /// Datacenters whose voters or observers they may make a quorum of their own, once each.
    pub break_outs: Set<Datacenter>,
    /// Voters they may add.
    pub added_voters: u8,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            records: 2,
            elections: 3,
            isr_changes: 2,
            preferred_elections: 1,
            reads: 0,
            retries: 0,
            redundant_choices: false,
            redundant_states: false,
            operators: Operators::default(),
        }
    }
}

impl Bounds {
    /// Different faults that a row may have.
    pub const FAULTS: usize = 4;

    /// The place of `fault` among the different faults of a row.
    pub(super) fn place_of(faults: &Faults, fault: Fault) -> Option<usize> {
        let mut place = 0;
        let mut last = faults.iter().next()?;
        for known in faults.iter() {
            place += usize::from(known != last);
            last = known;
            if known == fault {
                return (place < Self::FAULTS).then_some(place);
            }
        }
        None
    }
}

/// Whether the row has this fault left; whatever is no fault it always has.
pub(super) fn has_left(model: &Replication, state: &State, event: &Event) -> bool {
    fault_of(event).is_none_or(|fault| has_fault_left(model, state, fault))
}

/// The same of a fault.
pub(super) fn has_fault_left(model: &Replication, state: &State, fault: Fault) -> bool {
    Bounds::place_of(&model.faults, fault).is_some_and(|place| {
        usize::from(state.ghost.spent.faults[place]) < model.faults.budget(fault)
    })
}

/// Whether a state lies within the bounds.
pub fn afford(model: &Replication, state: &State) -> bool {
    let (bounds, spent) = (&model.bounds, &state.ghost.spent);
    spent.records <= bounds.records
        && state.image().leader_epoch <= last_epoch(bounds)
        && spent.isr_changes <= bounds.isr_changes
        && spent.preferred_elections <= bounds.preferred_elections
        && spent.reads <= bounds.reads
        && spent.retries <= bounds.retries
        && usize::from(spent.min_isr_changes) <= bounds.operators.min_isr.iter().flatten().count()
        && usize::from(spent.reassignments)
            <= bounds.operators.reassignments.iter().flatten().count()
        && spent.cancellations <= bounds.operators.cancellations
        && spent.promotions <= bounds.operators.promotions
        && spent.unclean_elections <= bounds.operators.unclean_elections
        && spent.added_voters <= bounds.operators.added_voters
}

fn last_epoch(bounds: &Bounds) -> LeaderEpoch {
    LeaderEpoch(1 + bounds.elections)
}

/// Whether a history has come to the last leader epoch that the bounds allow, so that an election
/// may have been withheld from it.
pub fn elections_used_up(model: &Replication, state: &State) -> bool {
    state.image().leader_epoch == last_epoch(&model.bounds)
}

/// Whether a history has spent every proposal to drop somebody from the ISR.
pub fn isr_changes_used_up(model: &Replication, state: &State) -> bool {
    state.ghost.spent.isr_changes == model.bounds.isr_changes
}

/// Whether the slowest broker is as far behind the controller as this model can keep: what would
/// come next is not explored, and a verdict has to say so.
pub fn window_used_up(model: &Replication, state: &State) -> bool {
    // A new controller with ZooKeeper may commit a record for each broker at once, and one besides.
    let at_once = match model.has_zookeeper() {
        true => model.setting.brokers.len(),
        false => 0,
    };
    let histories = std::iter::once(&state.controller).chain(&state.former);
    let mut lengths = histories.map(|history| history.records().len());
    lengths.any(|length| length + at_once >= super::state::WINDOW)
}
