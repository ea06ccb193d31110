//! A deployment as its file describes it: what an operator would draw on a board.
//!
//! Plain data.  `highwater-checks` reads it from a file and refuses what is impossible, so the
//! fields agree with one another: replicas fit their brokers, and a [`Datacenter`] is a place in
//! [`Cluster::sites`].
//!
//! [`Datacenter`]: crate::Datacenter
//!
//! **Deliberately absent:** where the replicas of a topic come to lie (the model's and the
//! engine's business, twice), what a Kafka version switches on by itself, and what joins clusters.

use crate::{Acks, Faults, ObserverPromotion, Profile, Quorum};

/// One cluster over one or several datacenters, and what is demanded of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deployment {
    /// What the reports call it.
    pub name: String,
    /// The Kafka version.
    pub kafka: Profile,
    /// Whether its file has other clusters too, so that it takes a name to speak of this one.
    pub of_several: bool,
    /// The cluster.
    pub cluster: Cluster,
    /// The consumer groups, in the order of the file.
    pub groups: Vec<Group>,
    /// The goals, in the order of the file.
    pub requirements: Vec<Requirement>,
    /// What the file says of the search's bounds.
    pub bounds: BoundOverrides,
}

/// Brokers, voters and topics that belong together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cluster {
    /// Its name.
    pub id: String,
    /// The datacenters it touches, in the order of the file.
    pub sites: Vec<Site>,
    /// How it is decided which voters are enough.
    pub quorum: Quorum,
    /// How many ZooKeeper servers of each datacenter only learn what is committed; as long as `sites`.
    pub zookeeper_observers: Vec<u8>,
    /// Whether the eligible leader replicas of KIP-966 are switched on; `None` leaves it to the
    /// Kafka version.
    pub eligible_leader_replicas: Option<bool>,
    /// Its topics, in the order of the file; then those that the file implies.
    pub topics: Vec<Topic>,
}

impl Cluster {
    /// The names of the datacenters, as [`Faults`] and settings count them.
    pub fn datacenters(&self) -> Vec<String> {
        self.sites.iter().map(|site| site.name.clone()).collect()
    }

    /// How many brokers there are in all datacenters together.
    pub fn brokers(&self) -> u32 {
        self.sites.iter().map(|site| u32::from(site.brokers)).sum()
    }
}

/// What a cluster has in one datacenter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    /// The name of the datacenter.
    pub name: String,
    /// How many brokers; none in a witness.
    pub brokers: u16,
    /// How many voters of the metadata quorum: KRaft's, or ZooKeeper's servers.
    pub voters: u8,
}

/// One topic.  Its partitions meet only through brokers, links and the controller, so their
/// number is not said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topic {
    /// Its name.
    pub id: String,
    /// How its replicas are laid over the datacenters.
    pub placement: Placement,
    /// `min.insync.replicas`, as written: Kafka takes the number of replicas where that is less.
    pub min_insync_replicas: u8,
    /// What its producers ask for.
    pub acks: Acks,
    /// `unclean.leader.election.enable`.
    pub unclean_leader_election: bool,
    /// How many observers each datacenter has beside these replicas; as long as [`Cluster::sites`].
    pub observers: Vec<u8>,
    /// When they may join the ISR.
    pub observer_promotion: ObserverPromotion,
    /// Who has this topic although the file does not name it: `group billing`, `mirror main>dr`; of a
    /// topic that the file names, nobody.
    pub implied_by: Vec<String>,
}

/// Consumers that share their position in what they read.  They commit it as records of
/// [`CONSUMER_OFFSETS`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Its name.
    pub id: String,
    /// The topics it reads.
    pub reads: Vec<String>,
}

/// The internal topic in which consumer groups keep their positions.
pub const CONSUMER_OFFSETS: &str = "__consumer_offsets";

/// What a file says about where the replicas of a topic lie.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Placement {
    /// So many, and Kafka spreads them over the datacenters, which its brokers know as racks.
    RackAware(u8),
    /// So many, on any brokers.
    Anywhere(u8),
    /// So many in each datacenter; as long as [`Cluster::sites`].
    Explicit(Vec<u8>),
}

impl Placement {
    /// How many replicas a partition has.
    pub fn replicas(&self) -> u8 {
        match self {
            Placement::RackAware(count) | Placement::Anywhere(count) => *count,
            Placement::Explicit(counts) => counts.iter().sum(),
        }
    }
}

/// A goal: in each of these rows, these properties hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requirement {
    /// The rows as the file names them, such as `dc-loss:*`.
    pub pattern: String,
    /// The rows that the pattern stands for.
    pub rows: Vec<Faults>,
    /// The properties that must hold there.
    pub wanted: Vec<String>,
    /// The services that must go on there, each with the worst word that will do.
    pub available: Vec<(String, String)>,
}

impl Requirement {
    /// Everything that is demanded, each with the worst word that will do.
    pub fn goals(&self) -> Vec<(&str, &str)> {
        let wanted = self.wanted.iter().map(|name| (name.as_str(), "holds"));
        let available = self.available.iter();
        let available = available.map(|(name, word)| (name.as_str(), word.as_str()));
        wanted.chain(available).collect()
    }
}

/// Bounds of the search that the file sets; `None` leaves the default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BoundOverrides {
    /// How many records clients send.
    pub records: Option<u8>,
    /// How many leader epochs follow the first.
    pub elections: Option<u8>,
    /// How many ISR changes leaders make of their own.
    pub isr_changes: Option<u8>,
}
