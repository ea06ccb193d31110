//! Clusters joined by mirrors: the words that the model, the engine and the checks share.
//!
//! A [`Setting`] says which clusters there are, which topic-partitions, who copies what to where, and
//! which groups read.  An [`Event`] is one thing that may happen to them, and one line of a story.  A
//! [`Fault`] is a budget for such events.
//!
//! **Deliberately absent:** what a name policy calls a copied topic, what a version of MirrorMaker does,
//! and every rule.

mod event;
mod fault;
mod observation;
mod setting;
mod sink;

pub use event::{Event, NoEvent};
pub use fault::{Fault, Faults};
pub use observation::{Content, GroupView, LinkState, LogView, Observation, Pair, Row, TaskView};
pub use setting::{
    Assignment, Cluster, Clusters, Commits, Failback, Failover, Flow, Group, MOST_CLUSTERS,
    MOST_GROUPS, MOST_MIRRORS, MOST_PARTITIONS, MOST_TASKS, Mirror, Mirrors, Partition, Partitions,
    Reader, Reset, Seek, Setting, Stamps, SyncsAt, Task, Tasks, Tool, TopicPartition, Work,
};
pub use sink::{Counts, DatabaseView, Databases, Duplicates, Late, PlaceKept, Sink, Windows};
