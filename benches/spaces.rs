//! What is explored: the port of somebody else's model, and rows of a deployment of ours.

use highwater_checks::check::{self, Options};
use highwater_checks::peers::kip320::Kip320;
use highwater_checks::{Source, deployment_file};
use highwater_model::replication::{Bounds, Grain, Replication};
use highwater_vocabulary::Faults;

/// A model that spans a space.
pub(crate) enum Model {
    Kip320(Kip320),
    Replication(Box<Replication>),
}

/// A space that is measured.
pub(crate) struct Space {
    pub(crate) name: &'static str,
    what: What,
}

enum What {
    Published,
    /// The first placement and order that the row tells apart, at the fine grain.
    Row {
        brokers: &'static str,
        faults: &'static str,
        records: u8,
        elections: u8,
        isr_changes: u8,
    },
}

/// A replica in each of three datacenters.
const STRETCHED: &str = "a = 1, b = 1, c = 1";
/// One in one datacenter, which leads first, and two in another, which may be exchanged.
const ONE_AND_TWO: &str = "a = 1, b = 2";

/// Where explorers are compared.
pub(crate) const SIDE_BY_SIDE: [Space; 3] = [
    Space {
        name: "kip-320",
        what: What::Published,
    },
    Space {
        name: "row-small",
        what: What::Row {
            brokers: STRETCHED,
            faults: "lag+dc-loss:a",
            records: 1,
            elections: 2,
            isr_changes: 2,
        },
    },
    Space {
        name: "row-large",
        what: What::Row {
            brokers: STRETCHED,
            faults: "lag+dc-loss:a",
            records: 2,
            elections: 2,
            isr_changes: 2,
        },
    },
];

/// The largest that were exhausted.
pub(crate) const LARGEST: [Space; 2] = [
    Space {
        name: "largest-folded",
        what: What::Row {
            brokers: ONE_AND_TWO,
            faults: "lag+dc-loss:b",
            records: 1,
            elections: 2,
            isr_changes: 2,
        },
    },
    Space {
        name: "largest-stretched",
        what: What::Row {
            brokers: STRETCHED,
            faults: "lag+dc-loss:a",
            records: 3,
            elections: 2,
            isr_changes: 3,
        },
    },
];

/// One that takes no time, for whatever is to be tried a thousand times.
pub(crate) const SMALL: Space = Space {
    name: "row-tiny",
    what: What::Row {
        brokers: STRETCHED,
        faults: "dc-loss:a",
        records: 1,
        elections: 1,
        isr_changes: 1,
    },
};

impl Space {
    /// The space of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Space> {
        let all = SIDE_BY_SIDE.iter().chain(&LARGEST).chain([&SMALL]);
        all.into_iter().find(|space| space.name == name)
    }

    /// Its model.
    pub(crate) fn model(&self) -> Model {
        match self.what {
            What::Published => Model::Kip320(Kip320::PUBLISHED),
            What::Row { .. } => Model::Replication(Box::new(self.row())),
        }
    }

    /// What it is, for a reader of the table.
    pub(crate) fn words(&self) -> String {
        match &self.what {
            What::Published => "the published model of KIP-320, ported".into(),
            What::Row {
                brokers,
                faults,
                records,
                elections,
                isr_changes,
            } => format!(
                "`{faults}` over {brokers}: records {records}, elections {elections}, ISR changes {isr_changes}"
            ),
        }
    }

    fn row(&self) -> Replication {
        let What::Row {
            brokers,
            faults,
            records,
            elections,
            isr_changes,
        } = self.what
        else {
            unreachable!("only rows are asked for");
        };
        // Where only two datacenters have brokers a third one has a voter, so that either may be lost.
        let witness = if brokers.contains("c =") {
            ""
        } else {
            ", w = 1"
        };
        let text = format!(
            "name = 'x'\nkafka = '4.1'\n[[cluster]]\nid = 'c'\nbrokers = {{ {brokers} }}\n\
             voters = {{ {} }}\n[[cluster.topic]]\nid = 't'\nreplicas = {{ {brokers} }}\n\
             min_insync_replicas = 2\n[bounds]\nrecords = {records}\nelections = {elections}\n\
             isr_changes = {isr_changes}\n",
            brokers.replace('2', "1") + witness
        );
        let (deployment, _) = deployment_file::read(&Source::new(self.name, text))
            .unwrap_or_else(|remark| panic!("{remark}"));
        let faults = Faults::parse(faults, &deployment.cluster.datacenters());
        let faults = faults.unwrap_or_else(|error| panic!("{error}"));
        let topic = &deployment.cluster.topics[0];
        let models = check::models(&deployment, topic, &faults, &Options::default());
        let mut model = models.into_iter().next().expect("a row has an order");
        model.variant.grain = Grain::Fine;
        debug_assert_eq!(
            model.bounds,
            Bounds {
                records,
                elections,
                isr_changes,
                ..model.bounds
            }
        );
        model
    }
}
