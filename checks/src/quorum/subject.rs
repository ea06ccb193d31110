//! The metadata quorum as something that is asked.

use super::{History, telling};
use crate::explore::Explorable;
use crate::subject::Subject;
use highwater_model::quorum::{EPOCHS_USED_UP, Event, NodeNames, Property, Quorum, State};

impl Explorable for Quorum {
    fn kinds(&self) -> &'static [&'static str] {
        Event::VERBS
    }

    fn kind(&self, event: &Event) -> usize {
        event.verb()
    }

    type Names = NodeNames;

    fn automorphisms(&self) -> Vec<NodeNames> {
        self.interchangeable()
    }

    fn renamed(&self, state: &State, names: &NodeNames) -> State {
        state.renamed(names)
    }
}

impl Subject for Quorum {
    type Property = Property;

    const THING: &'static str = "a quorum";
    const MAKER: &'static str = "Kafka ";
    const LIMIT: [&'static str; 2] = [
        EPOCHS_USED_UP,
        "Some history came to the last epoch: a later election was not looked at.",
    ];

    fn every_property() -> &'static [Property] {
        Property::ALL
    }

    fn asked(&self) -> &'static [Property] {
        self.asked
    }

    fn name(property: &Property) -> &'static str {
        property.name
    }

    fn arising(property: &Property) -> &'static str {
        property.arising
    }

    fn faults(&self) -> String {
        self.faults.name(&self.setting.datacenters)
    }

    fn members(&self) -> Vec<String> {
        let nodes = self.setting.nodes();
        nodes.map(|node| self.setting.name(node)).collect()
    }

    fn size(&self) -> String {
        format!("{} nodes", self.setting.homes.len())
    }

    fn rations(&self) -> [u8; 2] {
        [self.bounds.records, self.bounds.epochs]
    }

    fn told(&self, property: &Property, history: &History) -> String {
        telling::told(self, property, history)
    }
}
