//! Clusters joined by mirrors: what is copied, what is read, and what becomes of both when a cluster is
//! lost.
//!
//! A cluster here is a set of committed logs; how a log comes to be committed, and what may be lost of
//! it, is what [`replication`](crate::replication) shows.
//!
//! | read | for |
//! |---|---|
//! | [`rules`] | what may happen, one arm an event, grouped by who acts |
//! | [`state`] | what there is |
//! | [`guard`] | what must be true for something to happen, each condition by its name; which versions lack it |
//! | [`variant`] | what an experiment changes |
//! | [`choices`] | what may be tried |
//! | [`bounds`] | what the budget affords |
//! | [`ghost`] | what only the proof remembers |
//! | [`properties`] | what ought to hold |
//! | [`measures`] | how much, where a property only says whether |
//! | [`naming`] | what a mirrored topic is called, and which topics are not copied |
//! | [`expansion`] | every topic that a set of flows makes of the local ones |
//! | [`tally`] | what is counted beside Kafka |
//! | [`sync_store`] | which pairs of offsets a checkpoint task still has |
//! | [`translation`] | an offset of the source as one of the target, and when a pair is written |
//!
//! **Deliberately absent:** brokers, and every length of time.

pub mod bounds;
pub mod choices;
pub mod expansion;
pub mod ghost;
pub mod guard;
pub mod measures;
pub mod naming;
pub mod observe;
pub mod properties;
pub mod rules;
pub mod state;
pub mod sync_store;
pub mod tally;
pub mod translation;
pub mod variant;

pub use bounds::Bounds;
pub use expansion::{Expansion, Way, expand};
pub use guard::{Disabled, Guard, GuardSet};
pub use highwater_vocabulary::mirroring::{Event, Fault, Faults, Setting};
pub use naming::{CycleTest, Flow, Naming, NotCopied, Topics};
pub use properties::Property;
pub use state::State;
pub use sync_store::{OffsetSync, SmallStore, SyncStore};
pub use translation::{EmissionRule, Rule, Translated, translate};
pub use variant::Variant;

use highwater_vocabulary::mirroring::{
    Clusters, LinkState, MOST_CLUSTERS, Mirror, Mirrors, Task, Tasks,
};
use state::{MOST_ENTRIES, MOST_SYNCS};
use tally::Tally;

/// The model of clusters joined by mirrors.
#[derive(Clone, Debug)]
pub struct Mirroring {
    /// The clusters, what they hold, who copies and who reads it.
    pub setting: Setting,
    /// What is left out, or put in.
    pub variant: Variant,
    /// What may go wrong, each as often as it is listed.
    pub faults: Faults,
    /// How much of everything else may happen.
    pub bounds: Bounds,
    /// Which properties an exploration looks at.
    pub asked: &'static [Property],
}

impl Mirroring {
    /// Every cluster is up and empty, every mirror has begun, no group has started.
    pub fn beginning(&self) -> State {
        let mut state = State::default();
        state.up = Clusters::first(self.setting.clusters.len());
        // A clock that stands at 0 could not jump back.
        state.clocks = [1; MOST_CLUSTERS];
        for place in self.setting.every_partition() {
            let partition = self.setting.partition(place);
            state[place].exists = partition.initial;
            state[place].linked = self.setting.is_linked(place);
            if partition.written {
                state.writable = state.writable.with(place);
            }
        }
        let initial = |mirror: &Mirror| self.setting.flow(*mirror).initial;
        let (runs, waits): (Vec<_>, Vec<_>) = self.setting.every_mirror().partition(initial);
        state.running = Mirrors::from_iter(runs);
        state.retired = Mirrors::from_iter(waits);
        for task in self.setting.every_task() {
            state[task].known = state[self.setting.work(task).from].exists;
            let is_refused = self.is_there_before(task) && self.keeps(Guard::MirrorTopicsAreNew);
            if is_refused {
                state[task].link = LinkState::Refused;
            }
        }
        for group in self.setting.every_group() {
            state[group].remembered = Tasks::first(self.setting.tasks.len());
        }
        state
    }

    /// Whether what a link would write from the beginning is there before it: producers write it, or
    /// another link does.
    fn is_there_before(&self, task: Task) -> bool {
        let begins = |task: Task| {
            let flow = self.setting.flow_of(task);
            flow.tool.is_link() && flow.initial
        };
        let place = self.setting.work(task).to[0];
        let mut writers = self.setting.writers_of(place);
        let earlier = writers.any(|other| other < task && begins(other));
        begins(task) && (self.setting.partition(place).written || earlier)
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

    /// Whether a log or a list of offset syncs has no room left: there the model has a limit that Kafka
    /// has not.
    pub fn is_full(&self, state: &State) -> bool {
        let full = |task: Task| state[task].syncs.len() as usize == MOST_SYNCS;
        let counted = |group| {
            let own = state.sink(group);
            let mut counts = own.databases.iter().map(|it| &it.counts).chain(&own.memory);
            counts.any(Tally::is_full)
        };
        let mut places = self.setting.every_partition();
        places.any(|place| usize::from(state[place].end) + 1 >= MOST_ENTRIES)
            || self.setting.every_task().any(full)
            || self.setting.every_group().any(counted)
    }
}

/// The name of the property that holds everywhere.
pub const EVERYTHING: &str = "everything is explored";
/// The name of the `sometimes` that says that the model's own limits were met.
pub const FULL: &str = "a log is full";

impl stateright::Model for Mirroring {
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
        let after = self.step(before, &event).ok()?;
        (after != *before && bounds::afford(self, &after)).then_some(after)
    }

    /// Each property asked for, with the `sometimes` that shows it is not vacuous; and one that holds
    /// everywhere, without which stateright stops as soon as all others are settled.
    fn properties(&self) -> Vec<stateright::Property<Self>> {
        let mut properties = vec![
            stateright::Property::always(EVERYTHING, |_, _| true),
            stateright::Property::sometimes(FULL, |model: &Mirroring, state: &State| {
                model.is_full(state)
            }),
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
