//! What there is: logs, tasks, mirrors, groups.  Flat and `Copy`; what is not used stays zero.

use super::ghost::Ghost;
use super::sync_store::OffsetSync;
use super::tally::SinkState;
use super::translation::EmissionRule;
use highwater_vocabulary::mirroring::{
    Cluster, Clusters, Content, Group, LinkState, MOST_CLUSTERS, MOST_GROUPS, MOST_MIRRORS,
    MOST_PARTITIONS, MOST_TASKS, Mirror, Mirrors, Partitions, Task, Tasks, TopicPartition,
};
use highwater_vocabulary::{Member, Record};
use serde::{Deserialize, Serialize};
use std::ops::{Index, IndexMut};

/// How many entries a log has room for.
pub const MOST_ENTRIES: usize = 10;
/// How many offset syncs are kept of one topic-partition.
pub const MOST_SYNCS: usize = 8;

/// What an entry of a linked log is besides its content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Part {
    /// Nothing.
    #[default]
    Plain,
    /// A record of a transaction.
    OfTransaction,
    /// A record above the high watermark.
    Offered,
    /// A marker that commits a transaction.
    Commits,
    /// A marker that aborts one.
    Aborts,
    /// A marker from which on the ids of producers are forgotten.
    Resets,
}

/// An entry of a log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Entry {
    /// What it is.
    pub content: Content,
    /// Its time stamp, in ticks.
    pub stamp: u8,
    /// If a mirror wrote it: which task, and the offset from which it was copied.
    pub copied: Option<(Task, u8)>,
    /// How many mirrors have copied it, one after the other.
    pub hops: u8,
    /// In a linked log, the leader epoch in which it was written.
    pub epoch: u8,
    /// In a linked log, what it is besides.
    pub part: Part,
    /// What its headers say of where it has come through.
    pub came_through: Partitions,
}

impl Entry {
    /// The record, whatever comes of its transaction.
    pub fn written(&self) -> Option<Record> {
        match self.content {
            Content::Record(record) | Content::Aborted(record) | Content::Open(record) => {
                Some(record)
            }
            Content::Marker => None,
        }
    }

    /// The record, if it is one that everybody reads.
    pub fn record(&self) -> Option<Record> {
        match self.content {
            Content::Record(record) => Some(record),
            Content::Marker | Content::Aborted(_) | Content::Open(_) => None,
        }
    }
}

/// A log: what replication within the cluster has committed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Log {
    /// Whether the partition exists.
    pub exists: bool,
    /// The log start offset.
    pub start: u8,
    /// The log end offset: the next one to be written.
    pub end: u8,
    /// The leader epoch: unclean elections advance it.
    pub epoch: u8,
    /// Where the log ended just after the last unclean election.
    pub epoch_start: u8,
    /// Whether it is at an end of a link: then each of its entries knows its leader epoch.
    pub linked: bool,
    /// The topic's id: another one if a linked topic is made anew.
    pub topic_id: u8,
    entries: [Entry; MOST_ENTRIES],
}

impl Log {
    /// The entry at an offset that the log still has.
    pub fn at(&self, offset: u8) -> Option<&Entry> {
        let inside = self.start <= offset && offset < self.end;
        inside.then(|| &self.entries[usize::from(offset)])
    }

    /// What the log still has, with the offsets.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = (u8, &Entry)> + Clone {
        let kept = usize::from(self.start)..usize::from(self.end);
        let first = self.start;
        let entries = self.entries[kept].iter().enumerate();
        entries.map(move |(place, entry)| (first + place as u8, entry))
    }

    /// The records that it still has, as everybody reads them.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = (u8, Record)> + Clone {
        let entries = self.entries();
        entries.filter_map(|(offset, entry)| Some((offset, entry.record()?)))
    }

    /// Whether it has a record.
    pub fn holds(&self, record: Record) -> bool {
        self.records().any(|(_, held)| held == record)
    }

    /// The leader epoch in which an offset was written: the last one, or the one before.
    pub fn epoch_at(&self, offset: u8) -> u8 {
        if self.linked {
            return self.entries[usize::from(offset)].epoch;
        }
        self.epoch - u8::from(offset < self.epoch_start)
    }

    /// Where it parts from a log that was read in this epoch: a later one began there.  Nothing, if none has.
    pub fn parted_at(&self, epoch: u8) -> Option<u8> {
        let end = match self.linked {
            true => self.end_of(epoch),
            false => self.epoch_start,
        };
        (self.epoch > epoch).then_some(end)
    }

    /// Where an epoch ends in a linked log: where the first entry of a higher one stands.
    pub fn end_of(&self, epoch: u8) -> u8 {
        let mut entries = self.entries();
        let higher = entries.find(|(_, entry)| entry.epoch > epoch);
        higher.map_or(self.end, |(offset, _)| offset)
    }

    /// The largest epoch of a linked log that is not above this one.
    pub fn epoch_not_above(&self, epoch: u8) -> Option<u8> {
        let entries = self.entries().map(|(_, entry)| entry.epoch);
        let known = entries.chain([self.epoch]);
        known.filter(|known| *known <= epoch).max()
    }

    /// The epoch of the last entry of a linked log.
    pub fn last_epoch(&self) -> Option<u8> {
        let (_, last) = self.entries().next_back()?;
        Some(last.epoch)
    }

    /// The first entry that does not count yet, if there is one.
    pub fn open_record(&self) -> Option<&Entry> {
        let mut entries = self.entries().map(|(_, entry)| entry);
        entries.find(|entry| matches!(entry.content, Content::Open(_)))
    }

    /// The last stable offset: consumers read up to there.
    pub fn stable_end(&self) -> u8 {
        let mut entries = self.entries();
        let open = entries.find(|(_, entry)| matches!(entry.content, Content::Open(_)));
        open.map_or(self.end, |(offset, _)| offset)
    }

    /// The record above the high watermark.
    pub fn offered(&self) -> Option<Record> {
        let (_, last) = self.entries().next_back()?;
        match last.content {
            Content::Open(record) if last.part == Part::Offered => Some(record),
            _ => None,
        }
    }

    /// The high watermark passes what was offered.
    pub fn commit_offered(&mut self) {
        if let Some(record) = self.offered() {
            let last = &mut self.entries[usize::from(self.end) - 1];
            last.content = Content::Record(record);
            last.part = Part::Plain;
        }
    }

    /// Appends a marker under the leader's epoch.
    pub fn push_marker(&mut self, part: Part, stamp: u8) {
        self.push(Entry {
            stamp,
            epoch: self.epoch,
            part,
            ..Entry::default()
        });
    }

    /// Lets the markers that are there decide which records of transactions count.
    pub fn settle(&mut self) {
        let kept = usize::from(self.start)..usize::from(self.end);
        for at in kept.clone() {
            let (Content::Open(record) | Content::Record(record) | Content::Aborted(record)) =
                self.entries[at].content
            else {
                continue;
            };
            if self.entries[at].part != Part::OfTransaction {
                continue;
            }
            let mut later = self.entries[at..kept.end].iter().map(|entry| entry.part);
            let decided = later.find(|part| matches!(part, Part::Commits | Part::Aborts));
            self.entries[at].content = match decided {
                Some(Part::Commits) => Content::Record(record),
                Some(_) => Content::Aborted(record),
                None => Content::Open(record),
            };
        }
    }

    /// Ends at an offset that it has, or begins anew there.
    pub fn cut_to(&mut self, to: u8) {
        if to < self.start || to > self.end {
            self.start = to;
        }
        self.end = to;
        self.forget_outside();
        self.settle();
    }

    /// Whether there is room for so many more.
    pub fn has_room(&self, more: u8) -> bool {
        usize::from(self.end + more) <= MOST_ENTRIES
    }

    /// Appends an entry.
    pub fn push(&mut self, entry: Entry) {
        self.entries[usize::from(self.end)] = entry;
        self.end += 1;
    }

    /// Drops the last `lost` entries, under a new epoch.
    pub fn drop_suffix(&mut self, lost: u8) {
        self.end -= lost;
        self.forget_outside();
        self.epoch += 1;
        match self.linked {
            true => self.settle(),
            false => self.epoch_start = self.end,
        }
    }

    /// Drops the first `lost` that are left.
    pub fn expire(&mut self, lost: u8) {
        self.start += lost;
        self.forget_outside();
    }

    /// The same topic-partition made anew.
    pub fn made_anew(&self) -> Log {
        Log {
            exists: self.exists,
            linked: self.linked,
            topic_id: self.topic_id,
            ..Log::default()
        }
    }

    fn forget_outside(&mut self) {
        for (offset, entry) in self.entries.iter_mut().enumerate() {
            if offset < usize::from(self.start) || offset >= usize::from(self.end) {
                *entry = Entry::default();
            }
        }
    }
}

/// What a worker has read and not written yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Held {
    /// Where it was read.
    pub offset: u8,
    /// What it is.
    pub entry: Entry,
}

/// An offset sync, small enough to be kept in a state.
pub type Sync = OffsetSync<u8>;

/// Offset syncs, oldest first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Syncs {
    len: u8,
    list: [Sync; MOST_SYNCS],
}

impl Syncs {
    /// All of them.
    pub fn all(&self) -> &[Sync] {
        &self.list[..usize::from(self.len)]
    }

    /// How many.
    pub fn len(&self) -> u8 {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether there is room for one more.
    pub fn has_room(&self) -> bool {
        usize::from(self.len) < MOST_SYNCS
    }

    /// Appends one.
    pub fn push(&mut self, sync: Sync) {
        self.list[usize::from(self.len)] = sync;
        self.len += 1;
    }
}

/// What copies one topic-partition.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct TaskState {
    /// Whether the mirror knows of the partition.
    pub known: bool,
    /// The next offset to be read.
    pub position: u8,
    /// The leader epoch of what the consumer has read last; none just after a start, when it has a bare
    /// offset.
    pub epoch: Option<u8>,
    /// What is read and not written.
    pub memory: Option<Held>,
    /// What a worker that was replaced has read and not written.
    pub former: Option<Held>,
    /// The last offset that is read, written and acknowledged.
    pub acknowledged: Option<u8>,
    /// The last offset that is stored as copied.
    pub stored: Option<u8>,
    /// When the next offset sync is due; nothing before the first copy of a worker's life.
    pub emission: Option<EmissionRule>,
    /// An offset sync that is due to be sent.
    pub pending: Option<Sync>,
    /// An offset sync that waits for the next periodic commit.
    pub delayed: Option<Sync>,
    /// The topic of the offset syncs, as far as it speaks of this topic-partition.
    pub syncs: Syncs,
    /// How many of these the checkpoint task has read.
    pub read: u8,
    /// How many there were when it started.
    pub there_at_start: u8,
    /// Whether it keeps only the last of those.
    pub only_last: bool,
    /// How far a link has come.
    pub link: LinkState,
    /// Where the target of a link ended when it stopped.
    pub last_offset: Option<u8>,
    /// The leader epoch of the last entry that the target of a link had then.
    pub last_epoch: Option<u8>,
}

impl TaskState {
    /// Whether the checkpoint task has read all that was there when it started.
    pub fn has_read_to_end(&self) -> bool {
        self.read >= self.there_at_start
    }
}

/// What the mirror knows of a group at the target since it last looked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Looked {
    /// It has not looked since it last wrote.
    #[default]
    No,
    /// It has looked, and knows of no idle group: it runs, it was never there, or no answer came.
    NotIdle,
    /// The group is idle, with these committed offsets.
    Idle([Option<u8>; MOST_PARTITIONS]),
}

/// A mirror.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct MirrorState {
    /// What it knows of each group.
    pub looked: [Looked; MOST_GROUPS],
}

/// A checkpoint: an offset at the source, and what it is at the target.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The committed offset at the source.
    pub upstream: u8,
    /// Its translation.
    pub downstream: u8,
}

/// What an interceptor has noted beside an offset that a group committed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The offset.
    pub offset: u8,
    /// The time stamp by which the place is to be found elsewhere.
    pub stamp: u8,
}

/// A consumer group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct GroupState {
    /// Where its consumers run.
    pub runs_at: Clusters,
    /// The next offset of each topic-partition, where it runs.
    pub position: [u8; MOST_PARTITIONS],
    /// The leader epoch of what it read last of each topic-partition, where it runs; none, if it has read
    /// nothing since it began at a bare offset.
    pub read_epoch: [Option<u8>; MOST_PARTITIONS],
    /// What it reads at a cluster to which its consumers have rebootstrapped: nothing else there, until
    /// they rejoin.
    pub carried: Partitions,
    /// The committed offset of each topic-partition.
    pub committed: [Option<u8>; MOST_PARTITIONS],
    /// The leader epoch committed beside the offset (`OffsetAndMetadata`); none beside what a mirror commits.
    pub committed_epoch: [Option<u8>; MOST_PARTITIONS],
    /// The clusters at which it has committed by itself.
    pub committed_at: Clusters,
    /// The stamp of the last record before its committed offset.
    pub stamp: Option<u8>,
    /// The newest checkpoint of each task.
    pub checkpoints: [Option<Checkpoint>; MOST_TASKS],
    /// Of which tasks the mirror has the newest checkpoint in memory.
    pub remembered: Tasks,
    /// What its interceptor noted last in what each task reads, until that is translated.
    pub rows: [Option<Row>; MOST_TASKS],
}

impl GroupState {
    /// What it has committed in a topic-partition is gone.
    pub fn forget_commit(&mut self, place: TopicPartition) {
        self.committed[place.index()] = None;
        self.committed_epoch[place.index()] = None;
    }

    /// Somebody has committed this offset for it, without an epoch.
    pub fn commit_bare(&mut self, place: TopicPartition, offset: u8) {
        self.committed[place.index()] = Some(offset);
        self.committed_epoch[place.index()] = None;
    }

    /// It is at this place of a topic-partition.
    pub fn stands(&mut self, place: TopicPartition, at: Place) {
        self.position[place.index()] = at.offset;
        self.read_epoch[place.index()] = at.epoch;
    }

    /// The offset committed in a topic-partition, by whomever, and the epoch beside it.
    pub fn committed_place(&self, place: TopicPartition) -> Option<Place> {
        let offset = self.committed[place.index()]?;
        let epoch = self.committed_epoch[place.index()];
        Some(Place { offset, epoch })
    }
}

/// An offset in a log, and the leader epoch of what was read before it, if that is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The next offset.
    pub offset: u8,
    /// The epoch.
    pub epoch: Option<u8>,
}

impl Place {
    /// An offset of which nothing else is known.
    pub fn bare(offset: u8) -> Place {
        Place {
            offset,
            epoch: None,
        }
    }
}

/// Everything.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The clusters that are up.
    pub up: Clusters,
    /// The clusters that take nothing from producers.
    pub fenced: Clusters,
    /// What clocks show, in ticks.
    pub clocks: [u8; MOST_CLUSTERS],
    /// The clusters whose configuration was changed.
    pub altered: Clusters,
    /// The topic-partitions that producers may write.
    pub writable: Partitions,
    logs: [Log; MOST_PARTITIONS],
    tasks: [TaskState; MOST_TASKS],
    /// The mirrors that run.
    pub running: Mirrors,
    /// The mirrors that are stopped for good, or not started yet.
    pub retired: Mirrors,
    /// The mirrors that reach neither of their clusters.
    pub cut: Mirrors,
    /// The mirrors along which producers were moved.
    pub failed_over: Mirrors,
    /// Where each topic-partition ended when its producers were moved there.
    pub moved_at: [u8; MOST_PARTITIONS],
    mirrors: [MirrorState; MOST_MIRRORS],
    groups: [GroupState; MOST_GROUPS],
    sinks: [SinkState; MOST_GROUPS],
    /// What only the proof knows.
    pub ghost: Ghost,
}

macro_rules! indexed {
    ($place:ident, $field:ident, $kind:ident) => {
        impl Index<$place> for State {
            type Output = $kind;

            fn index(&self, place: $place) -> &$kind {
                &self.$field[place.index()]
            }
        }

        impl IndexMut<$place> for State {
            fn index_mut(&mut self, place: $place) -> &mut $kind {
                &mut self.$field[place.index()]
            }
        }
    };
}

indexed!(TopicPartition, logs, Log);
indexed!(Task, tasks, TaskState);
indexed!(Mirror, mirrors, MirrorState);
indexed!(Group, groups, GroupState);

impl State {
    /// Whether a cluster is up.
    pub fn is_up(&self, cluster: Cluster) -> bool {
        self.up.contains(cluster)
    }

    /// What a group keeps beside Kafka.
    pub fn sink(&self, group: Group) -> &SinkState {
        &self.sinks[group.index()]
    }

    /// The same, to be changed.
    pub fn sink_mut(&mut self, group: Group) -> &mut SinkState {
        &mut self.sinks[group.index()]
    }
}
