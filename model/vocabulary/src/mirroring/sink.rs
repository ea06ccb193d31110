//! What an application keeps beside Kafka: the counts of what its consumers have processed.

use crate::{Offset, Record};

/// How many databases there are, and how they hang together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Databases {
    /// One at each cluster, and none knows of another: consumers count at the cluster at which they read.
    PerCluster,
    /// One for all, whose copies never differ: what is written is written everywhere at once.
    Stretched,
    /// One for all, written at one cluster and copied to the others afterwards.
    Replicated,
}

impl Databases {
    /// Every one, as files write it.
    pub const WORDS: [(&'static str, Databases); 3] = [
        ("database-per-cluster", Databases::PerCluster),
        ("stretched-database", Databases::Stretched),
        ("replicated-database", Databases::Replicated),
    ];
}

/// Where consumers keep the place up to which they have counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PlaceKept {
    /// Outside the database: it is what they commit in Kafka.
    Outside,
    /// In the transaction that adds the counts.
    InTheTransaction,
}

impl PlaceKept {
    /// Every one.
    pub const ALL: [PlaceKept; 2] = [PlaceKept::Outside, PlaceKept::InTheTransaction];
}

/// Which window a record is counted in.  A window is a tick of a clock.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Windows {
    /// That of its time stamp.
    EventTime,
    /// That which the clock of the cluster shows when it is processed.
    ProcessingTime,
}

impl Windows {
    /// Every one, as files write it.
    pub const WORDS: [(&'static str, Windows); 2] = [
        ("event-time", Windows::EventTime),
        ("processing-time", Windows::ProcessingTime),
    ];
}

/// What becomes of a record whose window is closed: a record of a later one was processed before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Late {
    /// It is counted all the same.
    Accepted,
    /// It is not counted.
    Refused,
}

impl Late {
    /// Every one, as files write it.
    pub const WORDS: [(&'static str, Late); 2] =
        [("accepted", Late::Accepted), ("refused", Late::Refused)];
}

/// What becomes of a record that the database has counted before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Duplicates {
    /// It is counted again.
    Counted,
    /// It is dropped: the application gives every record a name of its own.
    Dropped,
}

impl Duplicates {
    /// Every one, as files write it.
    pub const WORDS: [(&'static str, Duplicates); 2] = [
        ("counted", Duplicates::Counted),
        ("dropped", Duplicates::Dropped),
    ];
}

/// Where a group adds up what it has processed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sink {
    /// The databases.
    pub databases: Databases,
    /// Where the place is kept.
    pub place: PlaceKept,
    /// Whether consumers that start take the right to write from all others.
    pub fenced: bool,
    /// The windows.
    pub windows: Windows,
    /// Late records.
    pub late: Late,
    /// Records that were counted before.
    pub duplicates: Duplicates,
}

/// Records, each with the window in which it is counted, in order.
pub type Counts = Vec<(Record, u8)>;

/// What can be seen of a database.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DatabaseView {
    /// What is counted.
    pub counts: Counts,
    /// The place kept beside it, of each topic-partition.
    pub places: Vec<Option<Offset>>,
}
