//! A ZooKeeper ensemble: how the newest history survives elections, and what an operator can undo.
//!
//! Zab in whole steps: an election finds a quorum and the newest history in it, and brings the followers to
//! that history; then the leader proposes, followers acknowledge, and what a quorum has acknowledged is
//! committed.  Around it stand operators who, after an outage, make observers voters, or break the servers of one
//! side out into an ensemble of their own.
//!
//! Who makes a quorum is decided by [`crate::quorum::ensemble`], server by server: each goes by the
//! configuration that it was started with.
//!
//! **Deliberately absent:** the messages of an election and of the synchronisation, snapshots, sessions (a
//! session ends only when a leader commits its end, so without a quorum none does), and every length of
//! time.

pub mod promise;
pub mod properties;
pub mod rules;
pub mod state;

pub use properties::Property;
pub use state::{Event, Server, Setting, State};

use highwater_vocabulary::Datacenter;

/// The model of one ensemble.
#[derive(Clone, Debug)]
pub struct Zookeeper {
    /// The servers.
    pub setting: Setting,
    /// How much may happen.
    pub bounds: Bounds,
    /// Whether the new leader holds the newest history of its quorum.
    pub newest_history_leads: bool,
    /// Which properties an exploration looks at.
    pub asked: &'static [Property],
}

/// How much may happen in one history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Transactions that leaders propose.
    pub transactions: u8,
    /// The last epoch.
    pub epochs: u8,
    /// Links that may be cut, once each.
    pub cuts: Vec<[Datacenter; 2]>,
    /// Datacenters that may be lost, once each.
    pub losses: Vec<Datacenter>,
    /// Datacenters whose servers an operator may break out into an ensemble of their own.
    pub break_outs: Vec<Datacenter>,
}

/// The name of the property that holds everywhere.
pub const EVERYTHING: &str = "everything is explored";

impl stateright::Model for Zookeeper {
    type State = State;
    type Action = Event;

    fn init_states(&self) -> Vec<State> {
        vec![State::beginning(self)]
    }

    fn actions(&self, state: &State, events: &mut Vec<Event>) {
        rules::offer(self, state, events);
    }

    /// An event that changes nothing is no transition.
    fn next_state(&self, before: &State, event: Event) -> Option<State> {
        rules::next(self, before, event).filter(|after| after != before)
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        let mut properties = vec![stateright::Property::always(EVERYTHING, |_, _| true)];
        for property in self.asked {
            properties.push(stateright::Property::always(property.name, property.holds));
            properties.push(stateright::Property::sometimes(
                property.arising,
                property.arises,
            ));
        }
        properties
    }
}
