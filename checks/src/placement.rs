//! Where the replicas of a topic may come to lie.
//!
//! Partitions meet only through brokers, links and the controller, so of all partitions that lie
//! alike one is searched.  Two lie alike if their replicas stand in the same datacenters in the
//! same order; which brokers of a datacenter they are makes no difference.  The order is that of
//! the partition's assignment: it names the preferred leader and whom elections try first.
//!
//! **Deliberately absent:**
//! - which of these a given partition gets: Kafka's placer begins anywhere and shuffles;
//! - of four replicas and more, every order but those that dealing in turns gives.  Up to three,
//!   every order is searched, because operators reassign; there are 90 orders of two replicas in
//!   each of three datacenters, and six that Kafka would choose;
//! - of five replicas and more, all but one of the orders in which the same datacenter leads first;
//! - every order of observers but one: they stand behind all others, datacenter by datacenter;
//! - brokers that are fenced while a topic is created, which the placer takes last.

use highwater_model::replication::variant::elr_by_default;
use highwater_vocabulary::{
    BrokerSet, Datacenter, Deployment, Member, Placement, Setting, Site, Topic,
};
use std::collections::BTreeSet;

/// The most replicas that are searched in every order.
const EVERY_ORDER: u8 = 3;

/// The most replicas that are searched in every order that dealing in turns gives.
const EVERY_TURN: u8 = 4;

/// The datacenters of a partition's replicas, in the order of its assignment.
type Order = Vec<Datacenter>;

/// Every setting that a partition of `topic` may find itself in.  All keep all datacenters of the
/// cluster in the order of the file, so that a fault means the same in each.
pub fn classes(deployment: &Deployment, topic: &Topic) -> Vec<Setting> {
    let cluster = &deployment.cluster;
    let observers: Order = (0..cluster.sites.len())
        .flat_map(|at| (0..topic.observers[at]).map(move |_| Datacenter::at(at)))
        .collect();
    let setting = |synchronous: Order| Setting {
        observers: BrokerSet::first(synchronous.len() + observers.len())
            .minus(BrokerSet::first(synchronous.len())),
        observer_promotion: topic.observer_promotion,
        spares: BrokerSet::EMPTY,
        partition_zero_replicas: None,
        idempotence: false,
        brokers: [synchronous, observers.clone()].concat(),
        kafka: deployment.kafka,
        datacenters: cluster.datacenters(),
        voters: cluster.sites.iter().map(|site| site.voters).collect(),
        quorum: cluster.quorum.clone(),
        zookeeper_observers: cluster.zookeeper_observers.clone(),
        min_insync_replicas: topic.min_insync_replicas,
        acks: topic.acks,
        unclean_leader_election: topic.unclean_leader_election,
        eligible_leader_replicas: eligible_leader_replicas(deployment),
    };
    let orders = orders(&topic.placement, &cluster.sites);
    orders.into_iter().map(setting).collect()
}

/// What a class is, in words: `north 2, south 1; north leads first`.
pub fn words(setting: &Setting) -> String {
    let counts = counts_in_words(setting);
    match setting.brokers.first() {
        Some(first) if counts.contains(',') => {
            format!(
                "{counts}; {} leads first",
                setting.datacenters[first.index()]
            )
        }
        _ => counts,
    }
}

/// How many replicas are where, in words: `north 2, south 1`.
pub fn counts_in_words(setting: &Setting) -> String {
    let (replicas, observers) = setting.brokers.split_at(setting.synchronous().len());
    let counted = |of: &[Datacenter]| {
        let counts = setting.every_datacenter().filter_map(|home| {
            let count = replicas_in(of, home);
            (count > 0).then(|| format!("{} {count}", setting.datacenters[home.index()]))
        });
        counts.collect::<Vec<_>>().join(", ")
    };
    match observers.is_empty() {
        true => counted(replicas),
        false => format!(
            "{}, and observers {}",
            counted(replicas),
            counted(observers)
        ),
    }
}

/// The most replicas of one partition that may come to lie in one datacenter.
pub(crate) fn largest_share(placement: &Placement, sites: &[Site]) -> u8 {
    let shares = layouts(placement, sites).into_iter().flatten();
    shares.max().unwrap_or(0)
}

/// The orders that are searched, each once.
fn orders(placement: &Placement, sites: &[Site]) -> BTreeSet<Order> {
    let replicas = placement.replicas();
    let layouts = layouts(placement, sites);
    let orders: BTreeSet<Order> = match placement {
        _ if replicas <= EVERY_ORDER => layouts.iter().flat_map(|layout| mixed(layout)).collect(),
        Placement::RackAware(_) => striped(&room(sites), replicas),
        Placement::Anywhere(_) | Placement::Explicit(_) => layouts
            .iter()
            .flat_map(|layout| striped(layout, replicas))
            .collect(),
    };
    if replicas <= EVERY_TURN {
        return orders;
    }
    let mut known = BTreeSet::new();
    let is_new = |order: &Order| known.insert(class(order, sites));
    orders.into_iter().filter(is_new).collect()
}

/// What tells orders of many replicas apart: how many replicas are where, and who leads first.
fn class(order: &Order, sites: &[Site]) -> (Vec<u8>, Option<Datacenter>) {
    (layout(order, sites), order.first().copied())
}

/// How many replicas are where.
fn layout(order: &Order, sites: &[Site]) -> Vec<u8> {
    let homes = (0..sites.len()).map(Datacenter::at);
    homes.map(|home| replicas_in(order, home)).collect()
}

/// How many replicas each datacenter may get.
fn layouts(placement: &Placement, sites: &[Site]) -> BTreeSet<Vec<u8>> {
    match placement {
        Placement::RackAware(replicas) => {
            let orders = striped(&room(sites), *replicas);
            orders.iter().map(|order| layout(order, sites)).collect()
        }
        Placement::Anywhere(replicas) => every_layout(&room(sites), *replicas),
        Placement::Explicit(counts) => BTreeSet::from([counts.clone()]),
    }
}

/// The orders in which Kafka's placer may lay a partition over racks with room for so many
/// replicas: the racks stand in some order, and each in its turn gets one replica, until it has no
/// broker left without one; then it is passed over.  So no rack is two replicas behind another one
/// unless it is full.
///
/// The placer goes on with the next rack from one partition to the next and shuffles the racks
/// when it has been through, so over all partitions every order of the racks occurs.
///
/// Source: `StripedReplicaPlacer`; R47.
fn striped(room: &[u8], replicas: u8) -> BTreeSet<Order> {
    let racks: Order = (0..room.len())
        .map(Datacenter::at)
        .filter(|rack| room[rack.index()] > 0)
        .collect();
    permutations(&racks)
        .iter()
        .map(|racks| deal(room, racks, replicas))
        .collect()
}

/// Deals replicas to racks in turns; fewer than asked for only where no rack has room for more.
fn deal(room: &[u8], racks: &[Datacenter], replicas: u8) -> Order {
    (1..=u8::MAX)
        .flat_map(|turn| {
            racks
                .iter()
                .copied()
                .filter(move |rack| room[rack.index()] >= turn)
        })
        .take(replicas.into())
        .collect()
}

/// Every order in which so many replicas of each datacenter may stand.
fn mixed(layout: &[u8]) -> BTreeSet<Order> {
    let replicas: Order = layout
        .iter()
        .enumerate()
        .flat_map(|(at, count)| (0..*count).map(move |_| Datacenter::at(at)))
        .collect();
    permutations(&replicas).into_iter().collect()
}

/// Every way to put so many replicas where there is room.
fn every_layout(room: &[u8], replicas: u8) -> BTreeSet<Vec<u8>> {
    let Some((here, elsewhere)) = room.split_first() else {
        return match replicas {
            0 => BTreeSet::from([Vec::new()]),
            _ => BTreeSet::new(),
        };
    };
    (0..=replicas.min(*here))
        .flat_map(|count| {
            every_layout(elsewhere, replicas - count)
                .into_iter()
                .map(move |rest| [vec![count], rest].concat())
        })
        .collect()
}

/// Every order of these, as often as it arises.
fn permutations(of: &[Datacenter]) -> Vec<Order> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    (0..of.len())
        .flat_map(|first| {
            let rest = [&of[..first], &of[first + 1..]].concat();
            permutations(&rest)
                .into_iter()
                .map(move |order| [vec![of[first]], order].concat())
        })
        .collect()
}

/// How many replicas of one partition each datacenter has brokers for.
fn room(sites: &[Site]) -> Vec<u8> {
    sites
        .iter()
        .map(|site| u8::try_from(site.brokers).unwrap_or(u8::MAX))
        .collect()
}

fn replicas_in(homes: &[Datacenter], datacenter: Datacenter) -> u8 {
    let there = homes.iter().filter(|home| **home == datacenter).count();
    u8::try_from(there).expect("a partition has few replicas")
}

/// Whether the cluster has eligible leader replicas: as the file says, or as the version does.
pub(crate) fn eligible_leader_replicas(deployment: &Deployment) -> bool {
    let said = deployment.cluster.eligible_leader_replicas;
    said.unwrap_or_else(|| elr_by_default(deployment.kafka))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// The orders of the first topic, a letter a replica.  A witness is there, has no brokers, and so
    /// gets none.
    fn orders_of_file(brokers: &str, placement: &str) -> String {
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
                orders_of_file(brokers, placement),
                expected,
                "{brokers}; {placement}"
            );
        }
    }

    fn sites(brokers: &[u16]) -> Vec<Site> {
        brokers
            .iter()
            .enumerate()
            .map(|(at, brokers)| Site {
                name: ["a", "b", "c", "d"][at].into(),
                brokers: *brokers,
                voters: 1,
            })
            .collect()
    }

    /// The orders, a letter a replica.
    fn drawn(placement: &Placement, brokers: &[u16]) -> String {
        let letters = |order: Order| -> String {
            order
                .iter()
                .map(|home| ["a", "b", "c", "d"][home.index()])
                .collect()
        };
        let orders = orders(placement, &sites(brokers)).into_iter().map(letters);
        orders.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn from_four_replicas_on_they_are_dealt_in_turns() {
        // And from five on once for each datacenter that leads first.
        use Placement::{Anywhere, Explicit, RackAware};
        for (placement, brokers, expected) in [
            (RackAware(4), &[2, 2][..], "abab baba"),
            (RackAware(5), &[3, 3], "ababa babab"),
            // A rack that is full is passed over.
            (RackAware(5), &[4, 1], "abaaa baaaa"),
            (RackAware(6), &[2, 2, 2], "abcabc bacbac cabcab"),
            // A witness has no brokers.
            (RackAware(4), &[2, 0, 2], "acac caca"),
            (Explicit(vec![3, 1]), &[3, 3], "abaa baaa"),
            (Explicit(vec![2, 2, 1]), &[9, 9, 9], "abcab bacba cabab"),
            (Anywhere(4), &[3, 2], "abaa abab baaa baba"),
            (Anywhere(4), &[4, 0], "aaaa"),
        ] {
            assert_eq!(
                drawn(&placement, brokers),
                expected,
                "{placement:?} {brokers:?}"
            );
        }
    }

    #[test]
    fn a_class_is_told_in_words() {
        let text = "name = 'x'\n[[cluster]]\nid = 'c'\nbrokers = { north = 2, south = 1 }\n\
                    voters = { north = 1, south = 1, witness = 1 }\n\
                    [[cluster.topic]]\nid = 't'\nreplication_factor = 3\n\
                    [[cluster.topic]]\nid = 'u'\nreplicas = { north = 2 }\n";
        let (deployment, _) =
            crate::deployment_file::read(&Source::new("test", text)).expect("legal");
        let told: Vec<String> = deployment
            .cluster
            .topics
            .iter()
            .flat_map(|topic| classes(&deployment, topic))
            .map(|setting| words(&setting))
            .collect();
        assert_eq!(
            told,
            [
                "north 2, south 1; north leads first",
                "north 2, south 1; north leads first",
                "north 2, south 1; south leads first",
                "north 2",
            ]
        );
    }

    proptest! {
        /// R47: the placer spreads replicas over racks as evenly as their brokers allow.
        #[test]
        fn the_placer_spreads_replicas_over_racks(
            brokers in vec(0u16..6, 1..=4),
            wanted in 1u8..=8,
        ) {
            let room = room(&sites(&brokers));
            let replicas = wanted.min(room.iter().sum());
            let racks = room.iter().filter(|brokers| **brokers > 0).count();
            let orders = striped(&room, replicas);
            prop_assert!(!orders.is_empty());
            let firsts: BTreeSet<_> = orders.iter().filter_map(|order| order.first()).collect();
            prop_assert!(replicas == 0 || firsts.len() == racks, "every rack comes first in some order");
            for order in orders {
                prop_assert_eq!(order.len(), usize::from(replicas));
                let counts: Vec<u8> =
                    (0..room.len()).map(|at| replicas_in(&order, Datacenter::at(at))).collect();
                let most = counts.iter().copied().max().unwrap_or(0);
                for (count, brokers) in counts.iter().zip(&room) {
                    prop_assert!(count <= brokers, "a broker has two replicas");
                    prop_assert!(count + 1 >= most || count == brokers, "{counts:?} of {room:?}");
                }
                prop_assert!(usize::from(replicas) > racks || most <= 1);
            }
        }

        /// What is searched, of every placement, is what was asked for.
        #[test]
        fn every_order_is_one_that_was_asked_for(
            brokers in vec(0u16..6, 1..=4),
            wanted in 1u8..=6,
        ) {
            let sites = sites(&brokers);
            let room = room(&sites);
            let replicas = wanted.min(room.iter().sum());
            let dealt = orders(&Placement::RackAware(replicas), &sites);
            let anywhere = orders(&Placement::Anywhere(replicas), &sites);
            let classes = |orders: &BTreeSet<Order>| -> BTreeSet<_> {
                orders.iter().map(|order| class(order, &sites)).collect()
            };
            let placed = striped(&room, replicas);
            prop_assert!(replicas <= EVERY_ORDER || dealt.is_subset(&placed));
            prop_assert!(classes(&placed).is_subset(&classes(&dealt)));
            prop_assert!(classes(&dealt).is_subset(&classes(&anywhere)));
            for layout in layouts(&Placement::Anywhere(replicas), &sites) {
                let explicit = orders(&Placement::Explicit(layout), &sites);
                prop_assert!(classes(&explicit).is_subset(&classes(&anywhere)));
            }
        }
    }
}
