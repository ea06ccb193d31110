//! Clusters joined by mirrors as something that is asked.

use super::{History, telling};
use crate::explore::Explorable;
use crate::subject::Subject;
use highwater_model::mirroring::{Event, FULL, Mirroring, Property, State};

impl Explorable for Mirroring {
    fn kinds(&self) -> &'static [&'static str] {
        Event::VERBS
    }

    fn kind(&self, event: &Event) -> usize {
        event.verb()
    }

    /// Clusters and mirrors have parts of their own; none can stand for another.
    type Names = ();

    fn automorphisms(&self) -> Vec<()> {
        Vec::new()
    }

    fn renamed(&self, state: &State, (): &()) -> State {
        *state
    }
}

impl Subject for Mirroring {
    type Property = Property;

    const THING: &'static str = "mirroring";
    const MAKER: &'static str = "";
    const LIMIT: [&'static str; 2] = [
        FULL,
        "Some log was full: what comes after was not looked at. Lower the bounds.",
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
        self.faults.name(&self.setting)
    }

    fn members(&self) -> Vec<String> {
        self.setting.clusters.clone()
    }

    fn size(&self) -> String {
        let clusters = self.setting.clusters.len();
        format!("{clusters} clusters, {} records", self.bounds.records)
    }

    fn rations(&self) -> [u8; 2] {
        [self.bounds.records, 0]
    }

    fn told(&self, property: &Property, history: &History) -> String {
        telling::told(self, property, history)
    }
}
