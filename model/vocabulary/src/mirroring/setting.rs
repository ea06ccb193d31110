//! Which clusters there are, what they hold, who copies it, and who reads it.

use super::sink::Sink;
use crate::{Member, Set};
use serde::{Deserialize, Serialize};

/// The most clusters of a setting.
pub const MOST_CLUSTERS: usize = 4;
/// The most topic-partitions, those that mirrors write among them.
pub const MOST_PARTITIONS: usize = 8;
/// The most mirrors.
pub const MOST_MIRRORS: usize = 4;
/// The most tasks of all mirrors together.
pub const MOST_TASKS: usize = 8;
/// The most consumer groups.
pub const MOST_GROUPS: usize = 2;

macro_rules! place {
    ($(#[$doc:meta])* $name:ident, $most:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
        )]
        pub struct $name(u8);

        impl Member for $name {
            fn index(self) -> usize {
                usize::from(self.0)
            }

            fn at(index: usize) -> Self {
                debug_assert!(index < $most, concat!("more than ", stringify!($most)));
                $name(index as u8)
            }
        }
    };
}

place! {
    /// A cluster, by its place in the setting's list.
    Cluster, MOST_CLUSTERS
}
place! {
    /// A topic-partition of one cluster, by its place in the setting's list.
    TopicPartition, MOST_PARTITIONS
}
place! {
    /// A mirror from one cluster to another, by its place in the setting's list.
    Mirror, MOST_MIRRORS
}
place! {
    /// What copies one topic-partition for one mirror, by its place in the setting's list.
    Task, MOST_TASKS
}
place! {
    /// A consumer group, by its place in the setting's list.
    Group, MOST_GROUPS
}

/// A set of clusters.
pub type Clusters = Set<Cluster>;
/// A set of topic-partitions.
pub type Partitions = Set<TopicPartition>;
/// A set of mirrors.
pub type Mirrors = Set<Mirror>;
/// A set of tasks.
pub type Tasks = Set<Task>;

/// A topic-partition: printed `east/orders`, or `east/orders-1` if the topic has several there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partition {
    /// The cluster that holds it.
    pub cluster: Cluster,
    /// The name of the topic there.
    pub topic: String,
    /// Its number within the topic.
    pub number: u8,
    /// Whether it is there from the beginning; otherwise `add-partition` makes it.
    pub initial: bool,
    /// Whether producers write it from the beginning.
    pub written: bool,
}

/// What copies, and in which version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tool {
    /// MirrorMaker 1, `kafka-mirror-maker.sh`, gone since Kafka 4.0.
    #[serde(rename = "mm1")]
    MirrorMaker1,
    /// MirrorMaker 2 as of Kafka 3.4: offsets translated by adding the difference.
    #[serde(rename = "mm2@3.4")]
    MirrorMaker2At3_4,
    /// MirrorMaker 2 as of Kafka 3.9: many syncs kept, one step past the newest that is not later.
    #[serde(rename = "mm2@3.9")]
    MirrorMaker2At3_9,
    /// Confluent's Cluster Linking, as documented: its source is closed.
    #[serde(rename = "cluster-linking")]
    ClusterLinking,
    /// KIP-1279 as it was discussed from February to April 2026.
    #[serde(rename = "kip-1279@2026-03")]
    MirroringAt2026_03,
    /// KIP-1279 as it stood in November 2026.
    #[serde(rename = "kip-1279@2026-11")]
    MirroringAt2026_11,
    /// Confluent Replicator, as documented: its source is closed.
    #[serde(rename = "replicator")]
    Replicator,
    /// Uber's uReplicator, and the service beside it that maps offsets.
    #[serde(rename = "ureplicator")]
    UReplicator,
}

impl Tool {
    /// Every one, as files write it.
    pub const WORDS: [(&'static str, Tool); 8] = [
        ("mm1", Tool::MirrorMaker1),
        ("mm2@3.4", Tool::MirrorMaker2At3_4),
        ("mm2@3.9", Tool::MirrorMaker2At3_9),
        ("cluster-linking", Tool::ClusterLinking),
        ("kip-1279@2026-03", Tool::MirroringAt2026_03),
        ("kip-1279@2026-11", Tool::MirroringAt2026_11),
        ("replicator", Tool::Replicator),
        ("ureplicator", Tool::UReplicator),
    ];

    /// Whether it is a link: brokers of the target fetch what brokers of the source hold, and keep the offsets.
    pub fn is_link(self) -> bool {
        match self {
            Tool::MirrorMaker1 | Tool::MirrorMaker2At3_4 | Tool::MirrorMaker2At3_9 => false,
            Tool::Replicator | Tool::UReplicator => false,
            Tool::ClusterLinking | Tool::MirroringAt2026_03 | Tool::MirroringAt2026_11 => true,
        }
    }

    /// As files write it.
    pub fn name(self) -> &'static str {
        let mut words = Tool::WORDS.iter();
        let found = words.find(|(_, tool)| *tool == self);
        found.map_or("", |(name, _)| name)
    }
}

/// Which cluster keeps the offset syncs of a mirror (KIP-716).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SyncsAt {
    /// The one that is copied from, as by default.
    Source,
    /// The one that is copied to.
    Target,
}

/// Which time stamp a copied record carries at the target (`message.timestamp.type`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stamps {
    /// The producer's: `CreateTime`.
    Create,
    /// The target's clock as it is appended: `LogAppendTime`.
    Append,
}

/// Which time stamp the interceptor of an instrumented group notes beside a committed offset.  Which one
/// Confluent's does is not documented.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Seek {
    /// That of the last record read.
    Last,
    /// That of the next record to be read, if there is one by then; or else of the last one read.
    Next,
}

impl Seek {
    /// Every one, as files write it.
    pub const WORDS: [(&'static str, Seek); 2] = [("last", Seek::Last), ("next", Seek::Next)];
}

/// A mirror: what one MirrorMaker copies from one cluster to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flow {
    /// Where it copies from.
    pub from: Cluster,
    /// Where it copies to.
    pub to: Cluster,
    /// What copies.
    pub tool: Tool,
    /// `emit.offset-syncs.enabled` (KIP-1031): whether it keeps offset syncs at all.
    pub emits_syncs: bool,
    /// Where it keeps its offset syncs.
    pub syncs_at: SyncsAt,
    /// `sync.group.offsets.enabled` (KIP-545).
    pub syncs_groups: bool,
    /// Which stamps its copies carry.
    pub stamps: Stamps,
    /// `exactly.once.source.support` (KIP-618).
    pub exactly_once: bool,
    /// `provenance.header.enable` of Replicator: whether its copies say which topics of which clusters they
    /// have come through.
    pub provenance: bool,
    /// By which stamp Replicator finds a group's place at the target.
    pub seek: Seek,
    /// The clusters with which it stops, because it runs where they do: when one of them is lost its
    /// workers die, and none starts before all are back.
    pub stops_with: Clusters,
    /// Whether it runs from the beginning; otherwise `fail-back` starts it.
    pub initial: bool,
    /// Which topic-partitions of the target producers write after `fail-over`.
    pub then_written: Partitions,
}

/// A task: what one mirror copies of one topic-partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Work {
    /// The mirror.
    pub mirror: Mirror,
    /// What it reads.
    pub from: TopicPartition,
    /// What it writes: one partition of the same number, or with MirrorMaker 1 any of the topic.
    pub to: Vec<TopicPartition>,
}

/// When a group commits what it reads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Commits {
    /// After it has processed it: at least once.
    After,
    /// Before it processes it: at most once.
    Before,
}

/// How a group finds its place in a cluster to which it fails over.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Failover {
    /// From the oldest record that is kept.
    Earliest,
    /// From the end.
    Latest,
    /// From the first record with a stamp as late as that of the last one read.
    Timestamp,
    /// From the offset that the mirror has translated.
    Translated,
    /// From the offset committed at the source, as it is.
    Preserved,
    /// From the first copy of a record that was not committed, by a map that somebody keeps of every
    /// copied record.
    ExternalMap,
    /// From where uReplicator's service has mapped the offset that it committed at another aggregate.
    OffsetMapping,
}

impl Failover {
    /// Every one, as files write it.
    pub const WORDS: [(&'static str, Failover); 7] = [
        ("earliest", Failover::Earliest),
        ("latest", Failover::Latest),
        ("timestamp", Failover::Timestamp),
        ("translated", Failover::Translated),
        ("preserved", Failover::Preserved),
        ("external-map", Failover::ExternalMap),
        ("offset-mapping", Failover::OffsetMapping),
    ];
}

/// Where a consumer starts that has no committed offset, or one that is out of range
/// (`auto.offset.reset`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reset {
    /// At the oldest record that is kept.
    Earliest,
    /// At the end.
    Latest,
    /// Nowhere: it fails.
    None,
}

/// How consumers come by their topic-partitions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Assignment {
    /// They subscribe, and their group's coordinator assigns (`KafkaConsumer.subscribe`).
    Subscribed,
    /// They take them (`KafkaConsumer.assign`): the coordinator keeps their commits, and knows no member.
    Manual,
}

impl Assignment {
    /// Every one, as files write it.
    pub const WORDS: [(&'static str, Assignment); 2] = [
        ("subscribed", Assignment::Subscribed),
        ("manual", Assignment::Manual),
    ];
}

/// How the old primary takes part again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Failback {
    /// Its topic is deleted, and copied back from the beginning.
    Rebuild,
    /// A mirror in the other direction starts from the beginning, and what is there stays.
    Reverse,
    /// A mirror in the other direction starts from the end that the target had at the failover, and
    /// what is there stays.
    ReverseFromEnd,
}

/// A consumer group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reader {
    /// Its name.
    pub name: String,
    /// Where it runs in the beginning.
    pub home: Cluster,
    /// What it reads where it runs: topic-partitions of any cluster.
    pub reads: Partitions,
    /// How its consumers come by what they read.
    pub assignment: Assignment,
    /// When it commits.
    pub commits: Commits,
    /// How it finds its place elsewhere.
    pub failover: Failover,
    /// Whether its consumers have Replicator's interceptor, which notes a time stamp beside each offset
    /// that they commit.
    pub instrumented: bool,
    /// Where it starts without a place.
    pub reset: Reset,
    /// Where it counts what it has processed, if anywhere.
    pub sink: Option<Sink>,
}

/// Clusters, what they hold, who copies it, who reads it.
///
/// The lists agree with one another: a task belongs to a mirror, reads a topic-partition of the
/// mirror's source and writes some of its target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The names of the clusters.
    pub clusters: Vec<String>,
    /// Every topic-partition: those that producers write first, then those that mirrors write, in the
    /// order of the mirrors, until nothing is new.
    pub partitions: Vec<Partition>,
    /// The mirrors.
    pub mirrors: Vec<Flow>,
    /// What they do, in the order of the mirrors and of what they read.
    pub tasks: Vec<Work>,
    /// The consumer groups.
    pub groups: Vec<Reader>,
    /// How the old primary takes part again.
    pub failback: Failback,
}

impl Setting {
    /// Every cluster.
    pub fn every_cluster(&self) -> impl Iterator<Item = Cluster> + Clone + use<> {
        (0..self.clusters.len()).map(Cluster::at)
    }

    /// Every topic-partition.
    pub fn every_partition(&self) -> impl Iterator<Item = TopicPartition> + Clone + use<> {
        (0..self.partitions.len()).map(TopicPartition::at)
    }

    /// Every mirror.
    pub fn every_mirror(&self) -> impl Iterator<Item = Mirror> + Clone + use<> {
        (0..self.mirrors.len()).map(Mirror::at)
    }

    /// Every task.
    pub fn every_task(&self) -> impl Iterator<Item = Task> + Clone + use<> {
        (0..self.tasks.len()).map(Task::at)
    }

    /// Every group.
    pub fn every_group(&self) -> impl Iterator<Item = Group> + Clone + use<> {
        (0..self.groups.len()).map(Group::at)
    }

    /// What is known of a topic-partition.
    pub fn partition(&self, place: TopicPartition) -> &Partition {
        &self.partitions[place.index()]
    }

    /// What is known of a mirror.
    pub fn flow(&self, mirror: Mirror) -> &Flow {
        &self.mirrors[mirror.index()]
    }

    /// What is known of a task.
    pub fn work(&self, task: Task) -> &Work {
        &self.tasks[task.index()]
    }

    /// The mirror that a task belongs to.
    pub fn flow_of(&self, task: Task) -> &Flow {
        self.flow(self.work(task).mirror)
    }

    /// What is known of a group.
    pub fn reader(&self, group: Group) -> &Reader {
        &self.groups[group.index()]
    }

    /// The tasks of a mirror.
    pub fn tasks_of(&self, mirror: Mirror) -> impl Iterator<Item = Task> + Clone + use<'_> {
        let tasks = self.every_task();
        tasks.filter(move |task| self.work(*task).mirror == mirror)
    }

    /// The topic-partitions of a cluster.
    pub fn partitions_of(
        &self,
        cluster: Cluster,
    ) -> impl Iterator<Item = TopicPartition> + Clone + use<'_> {
        let all = self.every_partition();
        all.filter(move |place| self.partition(*place).cluster == cluster)
    }

    /// The tasks that write a topic-partition.
    pub fn writers_of(&self, place: TopicPartition) -> impl Iterator<Item = Task> + use<'_> {
        let tasks = self.every_task();
        tasks.filter(move |task| self.work(*task).to.contains(&place))
    }

    /// What a group reads at a cluster.
    pub fn read_at(&self, group: Group, cluster: Cluster) -> Partitions {
        let reads = self.reader(group).reads.iter();
        reads
            .filter(|place| self.partition(*place).cluster == cluster)
            .collect()
    }

    /// Whether a link reads or writes a topic-partition.
    pub fn is_linked(&self, place: TopicPartition) -> bool {
        self.every_task().any(|task| {
            let work = self.work(task);
            self.flow_of(task).tool.is_link() && (work.from == place || work.to.contains(&place))
        })
    }

    /// The task that copies the other way what a task copies.
    pub fn way_back(&self, task: Task) -> Option<Task> {
        let work = self.work(task);
        self.every_task().find(|other| {
            let other = self.work(*other);
            work.to.contains(&other.from) && other.to.contains(&work.from)
        })
    }

    /// The topic-partition of the same topic and number at another cluster.
    pub fn namesake(&self, place: TopicPartition, at: Cluster) -> Option<TopicPartition> {
        let known = self.partition(place);
        self.partitions_of(at).find(|other| {
            let other = self.partition(*other);
            other.topic == known.topic && other.number == known.number
        })
    }

    /// `east`.
    pub fn cluster_name(&self, cluster: Cluster) -> String {
        self.clusters[cluster.index()].clone()
    }

    /// `east/orders`, or `east/orders-1` where the topic has several partitions.
    pub fn partition_name(&self, place: TopicPartition) -> String {
        let found = self.partition(place);
        let siblings = self
            .partitions
            .iter()
            .filter(|other| other.cluster == found.cluster && other.topic == found.topic);
        let cluster = self.cluster_name(found.cluster);
        match siblings.count() {
            1 => format!("{cluster}/{}", found.topic),
            _ => format!("{cluster}/{}-{}", found.topic, found.number),
        }
    }

    /// `east>west`.
    pub fn mirror_name(&self, mirror: Mirror) -> String {
        let flow = self.flow(mirror);
        format!(
            "{}>{}",
            self.cluster_name(flow.from),
            self.cluster_name(flow.to)
        )
    }

    /// `east/orders>west`.
    pub fn task_name(&self, task: Task) -> String {
        let from = self.partition_name(self.work(task).from);
        format!("{from}>{}", self.cluster_name(self.flow_of(task).to))
    }

    /// `billing`.
    pub fn group_name(&self, group: Group) -> String {
        self.reader(group).name.clone()
    }
}
