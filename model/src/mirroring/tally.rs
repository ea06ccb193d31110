//! What a database has counted, and what consumers are about to add to it.

use highwater_vocabulary::mirroring::{
    Cluster, Clusters, MOST_CLUSTERS, MOST_PARTITIONS, TopicPartition,
};
use highwater_vocabulary::{Member, Record};
use serde::{Deserialize, Serialize};

/// How much a database has room for.
pub const MOST_COUNTED: usize = 10;

/// Records, each in a window, and as often as it was counted there; in order, so that equal counts are equal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Of each: a bit that says it is there, the record, and the window.
    rows: [u8; MOST_COUNTED],
}

const THERE: u8 = 0x80;
const WINDOW: u8 = 0x0f;

impl Tally {
    /// What is counted, each with its window, in order.
    pub fn rows(&self) -> impl Iterator<Item = (Record, u8)> + Clone {
        let rows = self.rows.into_iter().rev().filter(|row| row & THERE != 0);
        rows.map(|row| (Record::at(usize::from((row & !THERE) >> 4)), row & WINDOW))
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        *self == Tally::default()
    }

    /// Whether there is no room left.
    pub fn is_full(&self) -> bool {
        self.rows.iter().all(|row| row & THERE != 0)
    }

    /// Whether a record is counted, in whichever window.
    pub fn holds(&self, record: Record) -> bool {
        self.rows().any(|(held, _)| held == record)
    }

    /// Whether a record is counted more than once.
    pub fn repeats(&self) -> bool {
        let records = self.rows().map(|(record, _)| record);
        records
            .clone()
            .zip(records.skip(1))
            .any(|(one, next)| one == next)
    }

    /// The windows in which something is counted, one for each record, in order.
    pub fn windows(&self) -> Vec<u8> {
        let mut windows: Vec<u8> = self.rows().map(|(_, window)| window).collect();
        windows.sort_unstable();
        windows
    }

    /// The latest window.
    pub fn latest(&self) -> Option<u8> {
        self.rows().map(|(_, window)| window).max()
    }

    /// Counts a record once more.
    pub fn add(&mut self, record: Record, window: u8) {
        debug_assert!(!self.is_full(), "there is room");
        debug_assert!(window <= WINDOW, "a window is four bits");
        // The last is the least, and there is room, so it is nothing.
        self.rows[MOST_COUNTED - 1] = THERE | (record.index() as u8) << 4 | window;
        self.rows.sort_unstable_by(|one, other| other.cmp(one));
    }
}

/// A database at one cluster: the counts, and the place kept beside them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Database {
    /// The counts.
    pub counts: Tally,
    /// The next offset of each topic-partition, plus one.
    places: [u8; MOST_PARTITIONS],
}

impl Database {
    /// The next offset of a topic-partition, as the last transaction has it.
    pub fn place(&self, of: TopicPartition) -> Option<u8> {
        self.places[of.index()].checked_sub(1)
    }

    /// It is stored with the counts.
    pub fn store(&mut self, of: TopicPartition, offset: u8) {
        self.places[of.index()] = offset + 1;
    }
}

/// What a group keeps beside Kafka.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct SinkState {
    /// What its consumers at each cluster have processed and not counted.
    pub memory: [Tally; MOST_CLUSTERS],
    /// The database at each cluster; of one for all, where it is written, and where it is copied to.
    pub databases: [Database; MOST_CLUSTERS],
    /// Where consumers of one database started last: the others are older writers.
    pub newest: Option<Cluster>,
    /// Where consumers run that are taken for dead.
    pub stranded: Clusters,
    /// Where a replicated database is gone.
    pub lost: Clusters,
}

impl SinkState {
    /// What its consumers at a cluster have processed and not counted.
    pub fn memory_at(&self, cluster: Cluster) -> &Tally {
        &self.memory[cluster.index()]
    }

    /// Its database at a cluster.
    pub fn at(&self, cluster: Cluster) -> &Database {
        &self.databases[cluster.index()]
    }

    /// The same, to be written.
    pub fn at_mut(&mut self, cluster: Cluster) -> &mut Database {
        &mut self.databases[cluster.index()]
    }

    /// Its consumers at a cluster are gone, and their memory.
    pub fn leave(&mut self, cluster: Cluster) {
        self.memory[cluster.index()] = Tally::default();
        self.stranded = self.stranded.without(cluster);
    }
}
