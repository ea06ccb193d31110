//! The metadata quorum: KRaft's voters, their logs and their elections.
//!
//! What `replication` takes for granted of its controller is shown here: one committed history, and at
//! most one side that adds to it.
//!
//! | read | for |
//! |---|---|
//! | [`rules`] | what may happen, one arm an event, grouped by who acts |
//! | [`event`] | the alphabet |
//! | [`state`], [`log`] | what there is |
//! | [`setting`] | who takes part, where, and what may go wrong |
//! | [`guard`] | what must be true for something to happen, each condition by its name |
//! | [`variant`] | what a Kafka version, an installation or an experiment changes |
//! | [`choices`] | what may be tried |
//! | [`bounds`] | what the budget affords |
//! | [`ghost`] | what only the proof remembers |
//! | [`symmetry`] | which nodes are interchangeable |
//! | [`properties`] | what ought to hold |
//! | [`promise`] | what `replication` may take for granted |
//! | [`ensemble`] | who makes a quorum: majorities, groups and weights |
//!
//! **Deliberately absent:** snapshots (a log is kept whole), the metadata records' meaning, brokers
//! (they fetch as observers do and change nothing), and every length of time.

pub mod bounds;
pub mod choices;
pub mod ensemble;
pub mod event;
pub mod ghost;
pub mod guard;
pub mod log;
pub mod promise;
pub mod properties;
pub mod rules;
pub mod setting;
pub mod state;
pub mod symmetry;
pub mod variant;

pub use bounds::Bounds;
pub use event::Event;
pub use guard::{Disabled, Guard, GuardSet};
pub use properties::Property;
pub use setting::{Fault, Faults, Node, Nodes, Setting};
pub use state::State;
pub use symmetry::NodeNames;
pub use variant::{Switches, Variant};

/// The model of one metadata quorum.
#[derive(Clone, Debug)]
pub struct Quorum {
    /// The nodes and their datacenters.
    pub setting: Setting,
    /// What the version has, and which guards are waived.
    pub variant: Variant,
    /// What may go wrong, each as often as it is listed.
    pub faults: Faults,
    /// How much of everything else may happen.
    pub bounds: Bounds,
    /// Which properties an exploration looks at.
    pub asked: &'static [Property],
}

impl Quorum {
    /// Freshly formatted nodes, started, none of which has heard of another.
    pub fn beginning(&self) -> State {
        State {
            nodes: state::PerNode::default(),
            cut_from: Default::default(),
            ghost: ghost::Ghost::default(),
        }
    }

    /// What `event` makes of `before`.  Bounds are not consulted.
    ///
    /// # Errors
    /// The name of what forbids it.
    pub fn step(&self, before: &State, event: &Event) -> Result<State, Disabled> {
        let mut after = rules::next(self, before, event)?;
        ghost::witness(self, before, event, &mut after);
        Ok(after)
    }
}

/// The name of the property that holds everywhere.
pub const EVERYTHING: &str = "everything is explored";
/// The name of the `sometimes` that says that elections may have been withheld.
pub const EPOCHS_USED_UP: &str = "epochs are used up";

impl stateright::Model for Quorum {
    type State = State;
    type Action = Event;

    fn init_states(&self) -> Vec<State> {
        vec![self.beginning()]
    }

    fn actions(&self, state: &State, events: &mut Vec<Event>) {
        choices::offer(self, state, events);
    }

    /// An event that changes nothing is no transition.
    fn next_state(&self, before: &State, event: Event) -> Option<State> {
        match self.step(before, &event) {
            Ok(after) if after != *before && bounds::afford(self, &after) => Some(after),
            _ => None,
        }
    }

    /// Each property asked for, with the `sometimes` that shows it is not vacuous; and one that holds
    /// everywhere, without which stateright stops as soon as all others are settled.
    fn properties(&self) -> Vec<stateright::Property<Self>> {
        let mut properties = vec![
            stateright::Property::always(EVERYTHING, |_, _| true),
            stateright::Property::sometimes(EPOCHS_USED_UP, bounds::epochs_used_up),
        ];
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
