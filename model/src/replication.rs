//! One partition of one cluster.
//!
//! | read | for |
//! |---|---|
//! | [`rules`] | what may happen, one arm an event, grouped by who acts |
//! | [`state`] | what there is |
//! | [`guard`] | what must be true for it to happen, each condition by its name |
//! | [`variant`] | what a Kafka version or an experiment changes |
//! | [`grain`] | how large the steps are |
//! | [`choices`] | what may be tried |
//! | [`bounds`] | what the budget affords |
//! | [`abridge`] | what is left out because nobody asks for it |
//! | [`ghost`] | what only the proof remembers |
//! | [`state::symmetry`] | which brokers are interchangeable |
//! | [`properties`] | what ought to hold |
//! | `services` | what a client gets if it asks now |
//! | `renew` | a state as the first of a new history |
//!
//! Choices, rules, bounds and properties are four kinds of truth, and none reaches into another:
//! the enumerator may offer too much because the guard decides; no rule knows a bound; no rule
//! reads the ghost.

pub mod abridge;
pub mod bounds;
pub mod choices;
pub mod ghost;
pub mod grain;
pub mod guard;
mod numbers;
mod observe;
pub mod properties;
mod renew;
pub mod rules;
mod services;
mod settle;
pub mod state;
pub mod variant;

pub use bounds::{Bounds, Operators};
pub use grain::Grain;
pub use guard::{Disabled, Guard, GuardSet};
pub use numbers::{BrokerEpoch, End, LeaderEpoch, PartitionEpoch};
pub use properties::Property;
pub use state::State;
pub use state::symmetry::BrokerNames;
pub use variant::{Switches, Variant};

use highwater_vocabulary::{BrokerSet, Datacenter, Event, Faults, Observation, Set, Setting};

/// The model of one partition: a setting, a variant of the protocol, and what may be tried.
#[derive(Clone, Debug)]
pub struct Replication {
    /// Brokers, datacenters, and the settings of topic and cluster.
    pub setting: Setting,
    /// What Kafka's version switches on, and which guards are waived.
    pub variant: Variant,
    /// What may go wrong, each as often as it is listed.
    pub faults: Faults,
    /// How much of everything else may happen.
    pub bounds: Bounds,
    /// Which properties an exploration looks at.
    pub asked: &'static [Property],
}

impl Replication {
    /// Everything that may be the case before the first event.
    pub fn beginnings(&self) -> Vec<State> {
        state::beginnings(self)
    }

    /// What `event` makes of `before`, or the name of what forbids it.
    ///
    /// Bounds are not consulted: a story may go where an exploration does not.
    pub fn step(&self, before: &State, event: &Event) -> Result<State, Disabled> {
        let mut result = match self.variant.grain {
            Grain::Fine => self.event(before, event),
            Grain::Coarse | Grain::CoarseDatacenters | Grain::CoarseFetches => {
                grain::step(self, before, event)
            }
        };
        if let Ok(after) = &mut result {
            abridge::abridge(self, after);
        }
        result
    }

    /// The same model, asked for every property, so that nothing is left out of its states: for
    /// whoever shows what happened.
    pub fn unabridged(&self) -> Replication {
        Replication {
            asked: Property::ALL,
            ..self.clone()
        }
    }

    /// The same at the fine grain.
    fn event(&self, before: &State, event: &Event) -> Result<State, Disabled> {
        let mut result = rules::next(self, before, event);
        if let Ok(after) = &mut result {
            self.complete(before, event, after);
        }
        result
    }

    /// What is done after the rule of every event: the proof takes note, and the state is settled.
    ///
    /// For whoever wants to see what would become of another effect than the rule's
    /// ([`rules::next`]); [`Replication::step`] does both.
    pub fn complete(&self, before: &State, event: &Event, after: &mut State) {
        ghost::witness(self, before, event, after);
        settle::settle(self, after);
    }

    /// Whom a leader counts for watermark and acknowledgements: the maximal ISR, as far as the guards
    /// that make it so are in force.
    pub fn counted_isr(&self, tenure: &state::Tenure) -> BrokerSet {
        rules::counted_isr(self, tenure)
    }

    /// `min(min.insync.replicas, replicas)`: what a min ISR comes to for a partition of so many
    /// replicas.
    ///
    /// Source: `Partition.effectiveMinIsr`; R03.
    pub fn effective_min_isr(&self, min_isr: u8, replicas: BrokerSet) -> usize {
        usize::from(min_isr).min(replicas.len())
    }

    /// The same, as the controller goes by it: for every partition of a topic by the replicas of partition
    /// 0, and by those before a change.
    ///
    /// Source: `ReplicationControlManager.getTopicEffectiveMinIsr`; R03.
    pub fn controllers_min_isr(&self, image: &state::Image) -> usize {
        match self.setting.partition_zero_replicas {
            Some(replicas) => usize::from(image.min_isr.min(replicas)),
            None => self.effective_min_isr(image.min_isr, image.replicas),
        }
    }

    /// The datacenters in which these brokers live.
    pub fn homes(&self, brokers: BrokerSet) -> impl Iterator<Item = Datacenter> + use<> {
        let homes = brokers.iter().map(|broker| self.setting.home(broker));
        homes.collect::<Set<Datacenter>>().iter()
    }

    /// What can be seen of a state from outside.
    pub fn observe(&self, state: &State) -> Observation {
        observe::observe(self, state)
    }
}

/// The name of the property that holds everywhere.
pub const EVERYTHING: &str = "everything is explored";
/// The name of the `sometimes` that says that elections may have been withheld.
pub const ELECTIONS_USED_UP: &str = "elections are used up";
/// The name of the `sometimes` that says that shrinking may have been withheld.
pub const ISR_CHANGES_USED_UP: &str = "ISR changes are used up";
/// The name of the `sometimes` that says that the controller may have had to wait.
pub const WINDOW_USED_UP: &str = "the metadata window is used up";

impl stateright::Model for Replication {
    type State = State;
    type Action = Event;

    fn init_states(&self) -> Vec<State> {
        self.beginnings()
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

    /// Each property asked for, with the `sometimes` that shows it is not vacuous; which bounds a
    /// history came up against; and one that holds everywhere, without which stateright stops as
    /// soon as all others are settled.
    fn properties(&self) -> Vec<stateright::Property<Self>> {
        let mut properties = vec![
            stateright::Property::always(EVERYTHING, |_, _| true),
            stateright::Property::sometimes(ELECTIONS_USED_UP, bounds::elections_used_up),
            stateright::Property::sometimes(ISR_CHANGES_USED_UP, bounds::isr_changes_used_up),
            stateright::Property::sometimes(WINDOW_USED_UP, bounds::window_used_up),
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
