//! One copy of the setting's topic-partitions, with everything about it.

use super::books::Book;
use super::log::{Epoch, Logs, Written};
use super::syncs::{Emission, SyncStore};
use highwater_vocabulary::RecordSet;
use highwater_vocabulary::mirroring::{Pair, Partitions, Row as Noted, Setting};

/// What a worker has in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Held {
    /// Its offset at the source.
    pub upstream: u64,
    pub written: Written,
    /// Its stamp, if that is not its producer's.
    pub stamp: Option<u64>,
    /// Its headers, as they are at the source.
    pub headers: Partitions,
}

/// What a task's worker knows, and what is stored of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Worker {
    /// The next offset that it reads.
    pub position: u64,
    /// The epoch of what it read last in this life.
    pub epoch: Option<Epoch>,
    pub memory: Option<Held>,
    /// What a worker that was replaced has in memory.
    pub former: Option<Held>,
    /// The last offset that was acknowledged in this life.
    pub acknowledged: Option<u64>,
    /// The last offset that is stored as copied.
    pub stored: Option<u64>,
    pub emission: Emission,
}

impl Worker {
    /// It is dead, or replaced.
    pub(crate) fn end(&mut self) {
        *self = Worker {
            stored: self.stored,
            ..Worker::default()
        };
    }

    /// A worker begins its life (`MirrorSourceTask.initializeConsumer`).
    pub(crate) fn begin(&mut self) {
        *self = Worker {
            position: self.stored.map_or(0, |stored| stored + 1),
            stored: self.stored,
            former: self.former,
            ..Worker::default()
        };
    }
}

/// The syncs of a task: what the topic has of them, and what the checkpoint task has read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Synced {
    pub topic: Vec<Pair>,
    pub read: usize,
    /// How many the topic had when the checkpoint task started.
    pub at_start: usize,
    pub store: SyncStore,
}

/// What is known of a group's place in a topic-partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Reading {
    /// The next offset, where the group runs.
    pub position: Option<u64>,
    pub committed: Option<u64>,
}

/// The leader epochs that go with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Epochs {
    /// Of what was read last.
    pub read: Option<Epoch>,
    /// Of what was read last before the commit.
    pub committed: Option<Epoch>,
}

/// What only few rows have, or what no step of copying looks at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Besides {
    /// The records that have been written.
    pub written: RecordSet,
    /// Those of them whose producers do not know it.
    pub unanswered: RecordSet,
    /// Of each task.
    pub synced: Vec<Synced>,
    /// Of each group in each topic-partition.
    pub epochs: Vec<Vec<Epochs>>,
    /// Of each group: the stamp of the last record before an offset that it committed.
    pub stamps: Vec<Option<u64>>,
    /// Of each group: the tasks for which the checkpoint task has the checkpoint in memory.
    pub remembered: Vec<Vec<bool>>,
    /// Of each group and mirror: what the group had committed in each topic-partition when it was looked
    /// at.
    pub snapshots: Vec<Vec<Option<Vec<Option<u64>>>>>,
    /// Of each group and task: what an interceptor noted, and Replicator has not read.
    pub noted: Vec<Vec<Option<Noted>>>,
    /// Of each mirror: the end of each topic-partition at the failover.
    pub ends_at_failover: Vec<Option<Vec<u64>>>,
    /// Of each task of a link: what it stored as it stopped.
    pub lasts: Vec<Option<u64>>,
    /// Of each group: what it keeps beside Kafka.
    pub books: Vec<Book>,
}

impl Besides {
    pub(crate) fn new(setting: &Setting) -> Besides {
        let (tasks, places) = (setting.tasks.len(), setting.partitions.len());
        let (groups, mirrors) = (setting.groups.len(), setting.mirrors.len());
        Besides {
            written: RecordSet::EMPTY,
            unanswered: RecordSet::EMPTY,
            synced: vec![Synced::default(); tasks],
            epochs: vec![vec![Epochs::default(); places]; groups],
            stamps: vec![None; groups],
            remembered: vec![vec![false; tasks]; groups],
            snapshots: vec![vec![None; mirrors]; groups],
            noted: vec![vec![None; tasks]; groups],
            ends_at_failover: vec![None; mirrors],
            lasts: vec![None; tasks],
            books: vec![Book::new(setting); groups],
        }
    }
}

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub logs: Logs,
    pub workers: Vec<Worker>,
    /// Of each group, of each topic-partition.
    pub readings: Vec<Vec<Reading>>,
    /// The newest checkpoint of each group, of each task.
    pub checkpoints: Vec<Vec<Option<Pair>>>,
    pub besides: Besides,
}

impl Row {
    /// A topic-partition is deleted and made anew; its cluster forgets what groups have committed in it
    /// (`GroupCoordinator.handleDeletedPartitions`).
    pub(crate) fn renew(&mut self, place: usize) {
        self.logs.of[place].renew();
        self.forget_commits(place);
    }

    /// What groups have committed in a topic-partition is gone.
    pub(crate) fn forget_commits(&mut self, place: usize) {
        for reading in &mut self.readings {
            reading[place].committed = None;
        }
        for epochs in &mut self.besides.epochs {
            epochs[place].committed = None;
        }
    }
}
