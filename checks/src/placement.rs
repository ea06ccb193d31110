//! Where the replicas of a topic may come to lie.
//!
//! Partitions meet only through brokers, links and the controller, so of all partitions that lie
//! alike one is searched.  Two lie alike if their replicas stand in the same datacenters in the
//! same order; which brokers of a datacenter they are makes no difference.  The order is that of
//! the partition's assignment: it names the preferred leader and whom elections try first.
//!
//! **Deliberately absent:** which of these a given partition gets.  Kafka's placer begins anywhere
//! and shuffles, and operators reassign, so every order is taken to occur.

use highwater_model::replication::variant::elr_by_default;
use highwater_vocabulary::{Datacenter, Deployment, Member, Placement, Setting, Site, Topic};

/// Every setting that a partition of `topic` may find itself in.  All keep all datacenters of the
/// cluster in the order of the file, so that a fault means the same in each.
pub fn classes(deployment: &Deployment, topic: &Topic) -> Vec<Setting> {
    let cluster = &deployment.cluster;
    assignments(&cluster.sites, topic.placement.replicas())
        .into_iter()
        .filter(|homes| allows(&topic.placement, &cluster.sites, homes))
        .map(|brokers| Setting {
            kafka: deployment.kafka,
            datacenters: cluster.datacenters(),
            voters: cluster.sites.iter().map(|site| site.voters).collect(),
            brokers,
            min_insync_replicas: topic.min_insync_replicas,
            acks: topic.acks,
            unclean_leader_election: topic.unclean_leader_election,
            eligible_leader_replicas: eligible_leader_replicas(deployment),
        })
        .collect()
}

/// Every order of so many replicas in which no datacenter has more of them than brokers.
fn assignments(sites: &[Site], replicas: u8) -> Vec<Vec<Datacenter>> {
    let mut assignments = vec![Vec::new()];
    for _ in 0..replicas {
        assignments = assignments
            .iter()
            .flat_map(|begun| {
                sites
                    .iter()
                    .enumerate()
                    .map(|(at, site)| (Datacenter::at(at), usize::from(site.brokers)))
                    .filter(|(home, brokers)| replicas_in(begun, *home) < *brokers)
                    .map(|(home, _)| [begun.as_slice(), &[home]].concat())
            })
            .collect();
    }
    assignments
}

/// Whether replicas in these homes are what the file asks for.
fn allows(placement: &Placement, sites: &[Site], homes: &[Datacenter]) -> bool {
    let counts: Vec<usize> = (0..sites.len())
        .map(|at| replicas_in(homes, Datacenter::at(at)))
        .collect();
    match placement {
        Placement::RackAware(_) => is_striped(sites, &counts),
        Placement::Anywhere(_) => true,
        Placement::Explicit(wanted) => wanted
            .iter()
            .zip(&counts)
            .all(|(wanted, count)| usize::from(*wanted) == *count),
    }
}

/// Whether Kafka deals replicas out like this: a rack a turn, and a rack whose brokers are used
/// up is passed over.  So no rack is two replicas behind another one, unless it is full.
///
/// Source: `StripedReplicaPlacer`; R47.
fn is_striped(sites: &[Site], counts: &[usize]) -> bool {
    let most = counts.iter().copied().max().unwrap_or(0);
    sites
        .iter()
        .zip(counts)
        .all(|(site, count)| *count + 1 >= most || *count == usize::from(site.brokers))
}

fn replicas_in(homes: &[Datacenter], datacenter: Datacenter) -> usize {
    homes.iter().filter(|home| **home == datacenter).count()
}

/// Whether the cluster has eligible leader replicas: as the file says, or as the version does.
fn eligible_leader_replicas(deployment: &Deployment) -> bool {
    let said = deployment.cluster.eligible_leader_replicas;
    said.unwrap_or_else(|| elr_by_default(deployment.kafka))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    /// The orders of the first topic, a letter a replica.  A witness is there, has no brokers, and so
    /// gets none.
    fn orders(brokers: &str, placement: &str) -> String {
        let text = format!(
            "name = 'x'\n[[cluster]]\nid = 'c'\nbrokers = {{ {brokers} }}\nvoters = {{ n = 1, witness = 1 }}\n\
             [[cluster.topic]]\nid = 't'\n{placement}\n"
        );
        let (deployment, _) =
            crate::deployment_file::read(&Source::new("test", text)).expect("legal");
        let settings = classes(&deployment, &deployment.cluster.topics[0]);
        settings
            .iter()
            .map(|setting| {
                setting
                    .brokers
                    .iter()
                    .map(|home| setting.datacenters[home.index()].as_str())
                    .collect::<String>()
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn replicas_lie_as_kafka_deals_them_out() {
        for (brokers, placement, expected) in [
            ("n = 1", "replication_factor = 1", "n"),
            // Three racks, three replicas: one each.
            (
                "n = 2, s = 2, e = 2",
                "replication_factor = 3",
                "nse nes sne sen ens esn",
            ),
            // Two racks: either may get the second one.
            (
                "n = 2, s = 2",
                "replication_factor = 3",
                "nns nsn nss snn sns ssn",
            ),
            // A rack with one broker is full after one turn.
            ("n = 2, s = 1", "replication_factor = 3", "nns nsn snn"),
            ("n = 3, s = 1", "replication_factor = 3", "nns nsn snn"),
            (
                "n = 2, s = 2, e = 2",
                "replication_factor = 2",
                "ns ne sn se en es",
            ),
            (
                "n = 2, s = 2",
                "replication_factor = 2\nrack_aware = false",
                "nn ns sn ss",
            ),
            ("n = 2, s = 2", "replicas = { n = 2 }", "nn"),
            ("n = 2, s = 2", "replicas = { s = 1, n = 1 }", "ns sn"),
        ] {
            assert_eq!(
                orders(brokers, placement),
                expected,
                "{brokers}; {placement}"
            );
        }
    }
}
