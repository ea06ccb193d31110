//! Where a history takes place: the brokers of one partition, their datacenters, the settings of
//! topic and cluster.

use crate::{Broker, BrokerSet, Datacenter, Member, Profile};
use std::fmt;
use std::str::FromStr;

/// The most replicas a partition may have.
pub const MOST_BROKERS: usize = 8;
/// The most datacenters a cluster may touch: one a replica, and a witness.
pub const MOST_DATACENTERS: usize = 4;
/// The most records a history may hold.
pub const MOST_RECORDS: usize = 3;

/// One partition of one cluster, before anything has happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The Kafka version.
    pub kafka: Profile,
    /// The names of the datacenters.
    pub datacenters: Vec<String>,
    /// How many voters of the metadata quorum each datacenter has, KRaft's or ZooKeeper's servers; as
    /// long as `datacenters`.
    pub voters: Vec<u8>,
    /// How it is decided which voters are enough.
    pub quorum: Quorum,
    /// How many ZooKeeper servers of each datacenter only learn what is committed; as long as
    /// `datacenters`, all 0 with KRaft.
    pub zookeeper_observers: Vec<u8>,
    /// Where each broker lives, in the order of the partition's assignment: the first is the
    /// preferred leader, and elections try them in this order.
    pub brokers: Vec<Datacenter>,
    /// `min.insync.replicas` of the topic.
    pub min_insync_replicas: u8,
    /// What the topic's producers ask for.
    pub acks: Acks,
    /// `enable.idempotence` of the producers: all records are one producer's, numbered in the order in
    /// which it sends them.  If not, brokers know no two records to be the same.
    pub idempotence: bool,
    /// `unclean.leader.election.enable` of the topic.
    pub unclean_leader_election: bool,
    /// Whether the cluster has the eligible leader replicas of KIP-966 switched on.
    pub eligible_leader_replicas: bool,
    /// Replicas that copy and, but for a promotion, are never in the ISR: the observers of Confluent
    /// Server.  They stand last in the assignment.
    pub observers: BrokerSet,
    /// When observers may join the ISR.
    pub observer_promotion: ObserverPromotion,
    /// Brokers that hold no replica at first; a reassignment may give them one.  They stand behind
    /// everybody else.
    pub spares: BrokerSet,
    /// How many replicas partition 0 of the topic has, by which the controller goes for every partition
    /// of it; none, if this is partition 0 or is always assigned as that one is.
    pub partition_zero_replicas: Option<u8>,
}

/// How it is decided which voters are enough to commit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Quorum {
    /// More than half of them: KRaft, and ZooKeeper unless it is told otherwise.
    #[default]
    Majority,
    /// More than half of the groups, each with more than half of its weight: ZooKeeper's
    /// `QuorumHierarchical`, with a datacenter a group.
    Hierarchical {
        /// The weight of each server of a datacenter; as long as `datacenters`.  A group without
        /// weight does not count.
        weights: Vec<u8>,
    },
}

/// `observerPromotionPolicy` of Confluent Server's placement constraints, as documented: the condition
/// under which observers may join the ISR.  They leave it when it is met without them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum ObserverPromotion {
    /// The ISR is smaller than min ISR.  The default.
    #[default]
    UnderMinIsr,
    /// The ISR is smaller than the number of replicas that are not observers.
    UnderReplicated,
    /// The leader is an observer, which an unclean election has made it.
    LeaderIsObserver,
}

impl ObserverPromotion {
    /// Every one.
    pub const ALL: [ObserverPromotion; 3] = [
        ObserverPromotion::UnderMinIsr,
        ObserverPromotion::UnderReplicated,
        ObserverPromotion::LeaderIsObserver,
    ];

    /// As files and stories write it, and Confluent Server.
    pub fn name(self) -> &'static str {
        match self {
            ObserverPromotion::UnderMinIsr => "under-min-isr",
            ObserverPromotion::UnderReplicated => "under-replicated",
            ObserverPromotion::LeaderIsObserver => "leader-is-observer",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<ObserverPromotion> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

impl Setting {
    /// Every broker that holds a replica or may come to hold one, in the order of the assignment.
    pub fn replicas(&self) -> BrokerSet {
        BrokerSet::first(self.brokers.len())
    }

    /// The brokers that hold a replica at first.
    pub fn assigned(&self) -> BrokerSet {
        self.replicas().minus(self.spares)
    }

    /// Those of them that are no observers.
    pub fn synchronous(&self) -> BrokerSet {
        self.assigned().minus(self.observers)
    }

    /// The datacenter in which `broker` lives.
    pub fn home(&self, broker: Broker) -> Datacenter {
        self.brokers[broker.index()]
    }

    /// How many ZooKeeper servers serve clients in `datacenter`, voters and observers.
    pub fn servers_of(&self, datacenter: Datacenter) -> u8 {
        self.voters[datacenter.index()] + self.zookeeper_observers[datacenter.index()]
    }

    /// The replicas that live in `datacenter`.
    pub fn brokers_of(&self, datacenter: Datacenter) -> BrokerSet {
        self.replicas()
            .iter()
            .filter(|broker| self.home(*broker) == datacenter)
            .collect()
    }

    /// Every datacenter.
    pub fn every_datacenter(&self) -> impl Iterator<Item = Datacenter> + use<> {
        (0..self.datacenters.len()).map(Datacenter::at)
    }

    /// `north-1`: the datacenter, and the number of the broker among this partition's in it.
    pub fn broker_name(&self, broker: Broker) -> String {
        let home = self.home(broker);
        let number = self.brokers[..=broker.index()]
            .iter()
            .filter(|other| **other == home)
            .count();
        format!("{}-{number}", self.datacenters[home.index()])
    }

    /// The broker of that name.
    pub fn broker_named(&self, name: &str) -> Option<Broker> {
        self.replicas()
            .iter()
            .find(|broker| self.broker_name(*broker) == name)
    }

    /// The datacenter of that name.
    pub fn datacenter_named(&self, name: &str) -> Option<Datacenter> {
        self.datacenters
            .iter()
            .position(|known| known == name)
            .map(Datacenter::at)
    }

    /// The names of a set of brokers, or `none`.
    pub fn broker_names(&self, brokers: BrokerSet) -> String {
        if brokers.is_empty() {
            return "none".into();
        }
        brokers
            .iter()
            .map(|broker| self.broker_name(broker))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// What a producer waits for before it counts a record as sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Acks {
    /// Nothing: no answer is awaited.
    None,
    /// The leader's append.
    Leader,
    /// The high watermark: every in-sync replica.
    All,
}

impl Acks {
    /// Every one, weakest first.
    pub const EACH: [Acks; 3] = [Acks::None, Acks::Leader, Acks::All];
}

impl fmt::Display for Acks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Acks::None => "0",
            Acks::Leader => "1",
            Acks::All => "all",
        })
    }
}

impl FromStr for Acks {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "0" => Ok(Acks::None),
            "1" => Ok(Acks::Leader),
            "all" | "-1" => Ok(Acks::All),
            _ => Err(()),
        }
    }
}
