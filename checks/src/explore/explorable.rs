//! What a model has to offer beside stateright's own interface to be explored by levels.

use crate::peers::kip320::{self, Kip320, MOST_REPLICAS};
use highwater_model::replication::{BrokerNames, Replication, State};
use highwater_vocabulary::Event;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stateright::Model;
use std::fmt::Debug;
use std::hash::Hash;
use strum::VariantNames;

/// A model whose states can be written down, and whose actions have an order.
///
/// Two states must be equal if and only if serde writes them alike: an explorer tells them apart by
/// the hash of what is written.
pub trait Explorable:
    Model<
        State: Clone + Debug + Hash + PartialEq + Serialize + DeserializeOwned + Send + Sync,
        Action: Copy + Debug + Ord + Serialize + DeserializeOwned + Send + Sync,
    > + Clone
    + Debug
    + Send
    + Sync
    + 'static
{
    /// The kinds of action there are, by name.
    fn kinds(&self) -> &'static [&'static str];

    /// The place of an action's kind among them.
    fn kind(&self, action: &Self::Action) -> usize;

    /// A way to give the parts of a state new names.
    type Names;

    /// The automorphisms of the model but the identity: every change of names that leaves the
    /// beginnings, the transitions and the properties as they are.
    fn automorphisms(&self) -> Vec<Self::Names> {
        Vec::new()
    }

    /// The state under new names.
    fn renamed(&self, state: &Self::State, names: &Self::Names) -> Self::State;
}

impl Explorable for Replication {
    fn kinds(&self) -> &'static [&'static str] {
        Event::VERBS
    }

    fn kind(&self, event: &Event) -> usize {
        event.verb()
    }

    type Names = BrokerNames;

    fn automorphisms(&self) -> Vec<BrokerNames> {
        self.interchangeable()
    }

    fn renamed(&self, state: &State, names: &BrokerNames) -> State {
        state.renamed(names)
    }
}

impl Explorable for Kip320 {
    fn kinds(&self) -> &'static [&'static str] {
        kip320::Action::VARIANTS
    }

    fn kind(&self, action: &kip320::Action) -> usize {
        kip320::Kind::from(action) as usize
    }

    type Names = [usize; MOST_REPLICAS];

    /// Nothing there tells one replica from another.
    fn automorphisms(&self) -> Vec<Self::Names> {
        self.orders().split_off(1)
    }

    fn renamed(&self, state: &kip320::State, order: &Self::Names) -> kip320::State {
        self.relabelled(state, *order)
    }
}
