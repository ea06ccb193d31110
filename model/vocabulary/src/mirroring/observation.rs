//! What can be seen of clusters and mirrors from outside: what model and engine are compared by, and what a
//! history is drawn from.

use super::setting::{Clusters, Mirrors, Partitions};
use super::sink::{Counts, DatabaseView};
use crate::{Offset, Record};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What stands at an offset.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Content {
    /// Nothing that anybody reads: a transaction marker.
    #[default]
    Marker,
    /// A record.
    Record(Record),
    /// A record of an aborted transaction: only those read it that read what is not committed.
    Aborted(Record),
    /// A record that does not count yet: its transaction is open, or it is above the high watermark.
    Open(Record),
}

impl fmt::Display for Content {
    /// `-`, `r1`, `(r1)` if it was aborted, or `r1?` if it does not count yet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Marker => f.write_str("-"),
            Content::Record(record) => write!(f, "{record}"),
            Content::Aborted(record) => write!(f, "({record})"),
            Content::Open(record) => write!(f, "{record}?"),
        }
    }
}

/// A pair of offsets: one at the source, and the one that answers it at the target.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Pair {
    /// At the source.
    pub upstream: Offset,
    /// At the target.
    pub downstream: Offset,
}

/// How far a link has come with a topic-partition.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub enum LinkState {
    /// It fetches; or the mirror is no link.
    #[default]
    Active,
    /// It does not begin: its target was there before it.
    Refused,
    /// It is about to lead back, and has not truncated its target yet.
    Preparing,
    /// It is told to stop, and fetches no more.
    Stopping,
    /// It has stored how far it came.
    Noted,
    /// It has ended what was open at its target.
    Ended,
    /// It has stopped for good.
    Stopped,
}

impl fmt::Display for LinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LinkState::Active => "active",
            LinkState::Refused => "refused",
            LinkState::Preparing => "preparing",
            LinkState::Stopping => "stopping",
            LinkState::Noted => "stopping, noted",
            LinkState::Ended => "stopping, ended",
            LinkState::Stopped => "stopped",
        })
    }
}

/// What an interceptor has noted of a group in a topic-partition.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Row {
    /// The offset that the group committed.
    pub offset: Offset,
    /// The time stamp by which its place is to be found elsewhere.
    pub stamp: u64,
}

/// A topic-partition.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LogView {
    /// Whether it exists.
    pub exists: bool,
    /// The log start offset.
    pub start: Offset,
    /// What it holds from there on.
    pub contents: Vec<Content>,
    /// At the end of a link: the leader epoch of each entry, and then the leader's own.  Empty elsewhere.
    pub epochs: Vec<u8>,
}

/// A task.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TaskView {
    /// The next offset that it reads.
    pub position: Offset,
    /// The offset of what it has in memory.
    pub memory: Option<Offset>,
    /// The offset of what a worker that was replaced has in memory.
    pub former: Option<Offset>,
    /// The last offset that is stored as copied.
    pub stored: Option<Offset>,
    /// The offset sync that is due to be sent.
    pub pending: Option<Pair>,
    /// The offset sync that waits for the periodic commit.
    pub delayed: Option<Pair>,
    /// The topic of the offset syncs.
    pub syncs: Vec<Pair>,
    /// How many of them the checkpoint task has read.
    pub read: u8,
    /// How far a link has come.
    pub link: LinkState,
    /// What a link that stopped has stored: the offset after the last that it copied, or the leader epoch of
    /// the last.
    pub last: Option<u8>,
}

/// A group.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct GroupView {
    /// Where its consumers run.
    pub runs_at: Clusters,
    /// The next offset of each topic-partition that it reads where it runs.
    pub position: Vec<Option<Offset>>,
    /// The committed offset of each topic-partition.
    pub committed: Vec<Option<Offset>>,
    /// The newest checkpoint of each task.
    pub checkpoints: Vec<Option<Pair>>,
    /// Where its consumers run although they are taken for dead.
    pub stranded: Clusters,
    /// What they have processed at each cluster and not counted yet; nothing of a group that counts nothing.
    pub uncounted: Vec<Counts>,
    /// Its database at each cluster, likewise.
    pub databases: Vec<DatabaseView>,
    /// What was noted of it last in what each task reads, until that is translated.
    pub rows: Vec<Option<Row>>,
}

/// Everything that can be seen.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Observation {
    /// The clusters that are up.
    pub up: Clusters,
    /// The topic-partitions that producers may write.
    pub writable: Partitions,
    /// The mirrors that run.
    pub running: Mirrors,
    /// The topic-partitions, in the order of the setting.
    pub logs: Vec<LogView>,
    /// The tasks, likewise.
    pub tasks: Vec<TaskView>,
    /// The groups, likewise.
    pub groups: Vec<GroupView>,
}
