//! Which datacenters of a deployment can change places without anybody noticing.
//!
//! The rules of the protocol know no datacenter by name, so a search that differs from another
//! one only by such an exchange has the same verdicts, and one of the two is enough.
//!
//! **Deliberately absent:** symmetry within a state.  The model explores what it is given.

use highwater_vocabulary::{
    Cluster, Datacenter, Deployment, Fault, Faults, Member, Placement, Quorum, Setting,
};

/// New names for the datacenters: the one at place `i` takes the name of the one at `self.0[i]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Renaming(Vec<Datacenter>);

/// Every renaming that leaves the deployment as it is.  The first one changes nothing.
pub fn renamings(deployment: &Deployment) -> Vec<Renaming> {
    let cluster = &deployment.cluster;
    let everyone = || (0..cluster.sites.len()).map(Datacenter::at);
    let mut renamings = vec![Vec::new()];
    for old in everyone() {
        renamings = renamings
            .iter()
            .flat_map(|begun| {
                everyone()
                    .filter(|new| !begun.contains(new) && alike(cluster, old, *new))
                    .map(|new| [begun.as_slice(), &[new]].concat())
            })
            .collect();
    }
    renamings.into_iter().map(Renaming).collect()
}

/// Whether two datacenters are described alike: brokers, voters and what they weigh, the observers of every topic, and its
/// replicas where their places are named.
fn alike(cluster: &Cluster, x: Datacenter, y: Datacenter) -> bool {
    let (x, y) = (x.index(), y.index());
    let (here, there) = (&cluster.sites[x], &cluster.sites[y]);
    let weighs_alike = match &cluster.quorum {
        Quorum::Majority => true,
        Quorum::Hierarchical { weights } => weights[x] == weights[y],
    };
    here.brokers == there.brokers
        && here.voters == there.voters
        && weighs_alike
        && cluster.zookeeper_observers[x] == cluster.zookeeper_observers[y]
        && cluster.topics.iter().all(|topic| {
            topic.observers[x] == topic.observers[y]
                && match &topic.placement {
                    Placement::Explicit(replicas) => replicas[x] == replicas[y],
                    Placement::RackAware(_) | Placement::Anywhere(_) => true,
                }
        })
}

impl Renaming {
    /// The new name of `datacenter`.
    pub fn datacenter(&self, datacenter: Datacenter) -> Datacenter {
        self.0[datacenter.index()]
    }

    /// The same faults, under the new names.
    pub fn faults(&self, faults: &Faults) -> Faults {
        let at = |datacenter| self.datacenter(datacenter);
        Faults::new(
            faults
                .iter()
                .map(|fault| match fault {
                    Fault::DatacenterLoss(x) => Fault::DatacenterLoss(at(x)),
                    Fault::DatacenterPowerLoss(x) => Fault::DatacenterPowerLoss(at(x)),
                    Fault::DatacenterDestroyed(x) => Fault::DatacenterDestroyed(at(x)),
                    Fault::Cut(x, y) => Fault::Cut(at(x).min(at(y)), at(x).max(at(y))),
                    Fault::OneWayCut(x, y) => Fault::OneWayCut(at(x), at(y)),
                    Fault::BrokerCrash
                    | Fault::BrokerPowerLoss
                    | Fault::BrokerWiped
                    | Fault::BrokerPause
                    | Fault::BrokerStop
                    | Fault::ControlledShutdown
                    | Fault::Lag
                    | Fault::ControllerFailover
                    | Fault::MetadataRollback => fault,
                })
                .collect(),
        )
    }

    /// The same setting, under the new names.  Datacenters that change places have equally many
    /// voters, so only the replicas move.
    pub fn setting(&self, setting: &Setting) -> Setting {
        Setting {
            brokers: setting
                .brokers
                .iter()
                .map(|home| self.datacenter(*home))
                .collect(),
            ..setting.clone()
        }
    }
}
