//! What there is: replicas, ISR changes on the wire, the controller, links, and the ghost.
//!
//! Flat and `Copy`, with no heap inside: a state is hashed and copied for every event of every
//! history.  Equality and hash are derived (but for [`MetadataLog`], which says why): two states that differ in a
//! field that somebody may read must not be taken for one.

mod encoding;
mod former;
pub mod symmetry;

use super::ghost::Ghost;
use super::{BrokerEpoch, End, LeaderEpoch, PartitionEpoch, Replication};
use highwater_vocabulary::{
    Broker, BrokerSet, Datacenter, Fault, MOST_BROKERS, MOST_DATACENTERS, MOST_RECORDS, Member,
    Process, Record, RecordSet, Set,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Index, IndexMut};

pub use former::StaleCopy;

/// How many metadata records the slowest broker may be behind.  A run in which somebody came this
/// far is reported, because the controller then waits for him (see [`super::bounds`]).
pub const WINDOW: usize = 14;

/// Leader epochs that a history may reach, 0 included.
pub const EPOCHS: usize = 8;

/// One of each broker's.
///
/// The hash is written by hand and stops behind the last slot that is taken: most partitions have
/// far fewer replicas than there is room for, and what is not taken is the same in every state.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PerBroker<T>(pub [T; MOST_BROKERS]);

impl<T: Default + PartialEq> PerBroker<T> {
    /// The slots up to the last that is taken.
    fn taken(&self) -> &[T] {
        let empty = T::default();
        let last = self.0.iter().rposition(|slot| *slot != empty);
        &self.0[..last.map_or(0, |last| last + 1)]
    }
}

impl<T: Hash + Default + PartialEq> Hash for PerBroker<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.taken().hash(state);
    }
}

impl<T> Index<Broker> for PerBroker<T> {
    type Output = T;

    fn index(&self, broker: Broker) -> &T {
        &self.0[broker.index()]
    }
}

impl<T> IndexMut<Broker> for PerBroker<T> {
    fn index_mut(&mut self, broker: Broker) -> &mut T {
        &mut self.0[broker.index()]
    }
}

/// Everything that is the case between two events.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct State {
    /// The brokers, each with its replica.
    pub replicas: PerBroker<Replica>,
    /// ISR changes between a leader and the controller, by sender.
    pub changes: PerBroker<Change>,
    /// A fetch that may be late, by follower; only in experiments that ask for it.
    pub late: PerBroker<Option<LateFetch>>,
    /// With ZooKeeper: the record up to which a broker has the topic's configuration, where that is ahead of
    /// its place.  A process reads it when it starts, whatever requests it inherits.
    pub configured: PerBroker<u8>,
    /// The controller.
    pub controller: Controller,
    /// Where the metadata quorum has broken its promise: the history that was, for those who follow it
    /// still.
    pub former: Option<Controller>,
    /// Brokers that act on the former history.
    pub apart: BrokerSet,
    /// Datacenters and the links between them.
    pub world: World,
    /// What the proof remembers; no rule reads it.
    pub ghost: Ghost,
}

/// A broker and its replica of the partition.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Replica {
    /// Whether the process runs.
    pub process: Process,
    /// The registration this process acts under; none from its start to its registration.
    pub broker_epoch: BrokerEpoch,
    /// The broker epoch that an orderly stop left on the disk (KIP-966); none after a crash.
    pub stopped_under: BrokerEpoch,
    /// Whether clients and followers are let in: not from a restart until the broker is unfenced.
    pub open: bool,
    /// The log on the disk.
    pub log: Log,
    /// What it knows to be committed.
    pub watermark: End,
    /// Its place in the controller's log: the newest record it has applied.
    pub place: u8,
    /// The newest leader epoch it has applied since it started.
    pub leader_epoch: LeaderEpoch,
    /// What it does.
    pub role: Role,
    /// What it has yet to ask its leader before it fetches; only with `asks-before-fetching`.
    pub asks: Asks,
    /// The ends of followers that it still remembers from an earlier tenure; nothing, unless
    /// [`super::Guard::NewLeaderForgetsFollowers`] is waived.
    pub remembered: PerBroker<Option<End>>,
}

/// What a follower has yet to ask, in versions that truncate before they fetch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub enum Asks {
    /// Nothing: it fetches.
    #[default]
    Nothing,
    /// Where its newest epoch ends.  If its leader does not know that, it goes back to its watermark.
    First,
    /// Once more, having truncated.  If its leader does not know that one, it stays where it is.
    Again,
}

/// What a replica does, as it sees itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub enum Role {
    /// It has not been told yet.
    #[default]
    Idle,
    /// It follows the leader it knows, or waits for one.
    Follower(Option<Broker>),
    /// It takes itself for the leader.
    Leader(Tenure),
}

/// What a leader knows; gone when the process stops or another leads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Tenure {
    /// The change of the partition that it acts on.
    pub partition_epoch: PartitionEpoch,
    /// The in-sync replicas as the controller committed them, to its knowledge.
    pub isr: BrokerSet,
    /// The ISR it has proposed, until it knows the outcome.
    pub pending: Option<BrokerSet>,
    /// Where its log ended when it took office.
    pub epoch_start: End,
    /// How far each follower has proved to hold its log; unknown until the first fetch.
    pub follower_end: PerBroker<Option<End>>,
    /// Under which registration each follower has last fetched; none until the first fetch.
    pub follower_epoch: PerBroker<BrokerEpoch>,
    /// Followers that have been at the end of the log less than the lag time ago; kept only with
    /// `waits-for-caught-up`.
    pub caught_up: BrokerSet,
    /// Records whose producers wait for the watermark.
    pub waiting: RecordSet,
}

/// A record and the epoch of the leader that appended it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The record.
    pub record: Record,
    /// The epoch it was appended under.
    pub epoch: LeaderEpoch,
}

/// A log: its records and its leader-epoch cache.
///
/// The cache is the runs of equal epochs, and at most one entry more: the epoch of a leader that
/// has not written yet.  That one is `last_epoch`.  A cache whose leader begins in an epoch that is not
/// the newest forgets the runs that are in the way; their records stay, and `unnoted` has them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Log {
    entries: [Entry; MOST_RECORDS],
    end: End,
    last_epoch: LeaderEpoch,
    unnoted: u8,
}

/// What travels between a leader and the controller.  Kafka has one request of a broker's for a
/// partition under way at a time; both slots are taken only where that guard is waived.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Change {
    /// The proposal, until the controller handles it; one that the controller has refused stays until
    /// its sender has heard of it, for otherwise it is asked for again.
    pub request: Option<Request>,
    /// The controller's answer, until the leader gets it.
    pub answer: Option<Answer>,
}

/// An AlterPartition request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Whether it has left the broker; it has not while the controller cannot be reached.
    pub sent: bool,
    /// The leader's epoch.
    pub leader_epoch: LeaderEpoch,
    /// The change it builds on.
    pub partition_epoch: PartitionEpoch,
    /// The sender's registration.
    pub broker_epoch: BrokerEpoch,
    /// The proposed ISR.
    pub isr: BrokerSet,
    /// The registration of each member as the leader knows it; none for "not heard from".
    pub member_epochs: PerBroker<BrokerEpoch>,
}

/// The answer to an AlterPartition request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The change that the request built on, and the ISR it proposed: which proposal this answers.
    pub to: (PartitionEpoch, BrokerSet),
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an ISR change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// The partition is now this.
    Accepted {
        /// The leader epoch after the change.
        leader_epoch: LeaderEpoch,
        /// The partition epoch after the change.
        partition_epoch: PartitionEpoch,
    },
    /// A member may not join; the proposal was certainly not applied.
    Ineligible,
    /// The request is out of date; whether an earlier copy was applied is not known.
    OutOfDate,
}

/// A fetch that may be late: asked for, or answered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum LateFetch {
    /// On its way to the leader.
    Request(Fetch),
    /// On its way back.
    Answer(Fetch, FetchAnswer),
}

/// A fetch request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Fetch {
    /// Whom it was sent to.
    pub to: Broker,
    /// The follower's log end: what it asks for proves what it holds.
    pub offset: End,
    /// Whether it asks only where `last_epoch` ends (OffsetsForLeaderEpoch), and fetches nothing.
    pub asks: bool,
    /// The newest epoch in the follower's cache; 0 for none, or for one that is not stated.
    pub last_epoch: LeaderEpoch,
    /// The leader epoch the follower knows.
    pub leader_epoch: LeaderEpoch,
    /// The follower's registration.
    pub broker_epoch: BrokerEpoch,
}

/// What a leader answers to a fetch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum FetchAnswer {
    /// The log from the requested offset on.
    Records {
        /// The leader's log when it answered.
        log: Log,
        /// The leader's watermark before this fetch was taken into account.
        watermark: End,
    },
    /// The follower's log leaves the leader's; this is the newest epoch they may share.
    Diverging {
        /// That epoch.
        epoch: LeaderEpoch,
        /// Where it ends in the leader's log.
        end: End,
        /// The leader's watermark.
        watermark: End,
    },
    /// To who only asked: the newest epoch they may share and where it ends, if that is known.
    EpochEnd(Option<(LeaderEpoch, End)>),
}

/// A committed metadata record, as the image of everything a broker reads from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Image {
    /// Who leads.
    pub leader: Option<Broker>,
    /// The leader's epoch; it also grows when nobody is elected.
    pub leader_epoch: LeaderEpoch,
    /// How often the partition has changed.
    pub partition_epoch: PartitionEpoch,
    /// The in-sync replicas.
    pub isr: BrokerSet,
    /// Brokers that may not lead or join an ISR.
    pub inactive: Inactive,
    /// Each broker's newest registration.
    pub broker_epochs: PerBroker<BrokerEpoch>,
    /// `min.insync.replicas` of the topic.
    pub min_isr: u8,
    /// Who holds a replica; during a reassignment also whoever is to lose one.
    pub replicas: BrokerSet,
    /// Which replicas are observers.
    pub observers: BrokerSet,
}

/// Registrations that are not active, as Kafka calls it, by the reason; a broker may have both.
///
/// Source: `ClusterControlManager.isActive`, `BrokerRegistration`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Inactive {
    /// Their session has ended, or has not begun.
    pub fenced: BrokerSet,
    /// They have asked to be shut down and been heard (KIP-841).
    pub in_controlled_shutdown: BrokerSet,
}

impl Inactive {
    /// All of them.
    pub fn all(self) -> BrokerSet {
        self.fenced.union(self.in_controlled_shutdown)
    }
}

/// The controller: one committed log of metadata, and what only controllers read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Controller {
    /// Where the active controller is, if there is one.
    pub active: Option<Datacenter>,
    /// Brokers whose stop took the office with it, until somebody else has it; only with ZooKeeper, where
    /// office and registration hang on one session.
    pub gone: BrokerSet,
    /// How many voters each datacenter has.
    pub voters: [u8; MOST_DATACENTERS],
    /// Datacenters whose voters have been made another quorum, and take no part in this one any more.
    pub left: Set<Datacenter>,
    /// The committed records that somebody may still have to apply.
    log: MetadataLog,
    /// The eligible leader replicas (KIP-966).
    pub elr: BrokerSet,
    /// The leader at the moment the ISR became empty (KIP-966, as implemented: one broker).
    pub last_known_leader: Option<Broker>,
    /// Whether an unclean leader has not yet confirmed its recovery (KIP-704).
    pub recovering: bool,
    /// Who is to get a replica by the reassignment that runs (KIP-455).
    pub adding: BrokerSet,
    /// Who is to lose one.
    pub removing: BrokerSet,
    /// Who stands behind the others in the list of replicas: whoever the newest reassignment found there
    /// and did not want.  They stay behind when it is taken back.
    pub behind: BrokerSet,
    /// A copy of the metadata that has fallen behind, where somebody may come to act on it.
    pub copy: Option<StaleCopy>,
}

/// Datacenters and links.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub struct World {
    /// Datacenters that are lost.
    pub lost: Set<Datacenter>,
    /// For each datacenter, those to which it cannot open a connection.
    pub cut_from: [Set<Datacenter>; MOST_DATACENTERS],
    /// Whether an episode of lag is under way.
    pub lag: bool,
}

impl State {
    /// The newest committed metadata.
    pub fn image(&self) -> &Image {
        self.controller.image()
    }

    /// Who may be elected cleanly, now or once the ISR is empty: elections look at nobody who holds no
    /// replica, and the eligible leader replicas may still name one that has lost its own (R33).
    pub fn candidates(&self) -> BrokerSet {
        let named = self.image().isr.union(self.controller.elr);
        named.intersection(self.image().replicas)
    }
}

impl Change {
    /// Whether the controller has refused the request, and its sender has not heard of it yet.
    pub fn is_refused(&self) -> bool {
        let refused = |answer: &Answer| {
            let request = self.request;
            answer.outcome == Outcome::Ineligible
                && request.is_some_and(|asked| answer.to == (asked.partition_epoch, asked.isr))
        };
        self.answer.as_ref().is_some_and(refused)
    }

    /// The answer is heard, or does not count any more; with a refusal ends what was refused.
    pub fn end_answer(&mut self) {
        if self.is_refused() {
            self.request = None;
        }
        self.answer = None;
    }

    /// The answer is lost.  The sender asks again as soon as it reaches a controller: where its change
    /// was taken it is out of date by then, and that leaves no trace; where it was refused it is judged
    /// anew.
    ///
    /// Source: `DefaultAlterPartitionManager`, which keeps an item until it is answered; R21.
    pub fn lose_answer(&mut self) {
        if self.is_refused()
            && let Some(request) = &mut self.request
        {
            request.sent = false;
        }
        self.answer = None;
    }
}

impl Replica {
    /// What it knows as a leader, if it takes itself for one.
    pub fn tenure(&self) -> Option<&Tenure> {
        match &self.role {
            Role::Leader(tenure) => Some(tenure),
            Role::Idle | Role::Follower(_) => None,
        }
    }

    /// The same, to be changed.
    pub fn tenure_mut(&mut self) -> Option<&mut Tenure> {
        match &mut self.role {
            Role::Leader(tenure) => Some(tenure),
            Role::Idle | Role::Follower(_) => None,
        }
    }

    /// Whether it serves and takes itself for the leader.
    pub fn leads(&self) -> bool {
        self.serves() && self.tenure().is_some()
    }

    /// Whether its process runs under a registration.
    pub fn serves(&self) -> bool {
        self.process == Process::Running && self.broker_epoch != BrokerEpoch(0)
    }

    /// Shortens the log; what is not there cannot be committed.
    pub fn truncate(&mut self, to: End) {
        self.log.truncate(to);
        self.watermark = self.watermark.min(to);
    }
}

impl Tenure {
    /// Everybody who is in sync whatever becomes of the pending change (KIP-497).
    pub fn maximal_isr(&self) -> BrokerSet {
        self.isr.union(self.pending.unwrap_or_default())
    }
}

impl Log {
    /// Where the next record goes.
    pub fn end(&self) -> End {
        self.end
    }

    /// The records, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries[..self.end.index()]
    }

    /// The records of a set.
    pub fn records(&self) -> RecordSet {
        self.entries().iter().map(|entry| entry.record).collect()
    }

    /// The newest epoch of the cache; 0 if it is empty.
    pub fn last_epoch(&self) -> LeaderEpoch {
        self.last_epoch
    }

    /// Where `record` ends, if it is here.
    pub fn end_of(&self, record: Record) -> Option<End> {
        self.entries()
            .iter()
            .rposition(|entry| entry.record == record)
            .map(|place| End(place as u8 + 1))
    }

    /// Shows every epoch of the records and of the cache, to be renumbered.
    pub(super) fn visit_epochs(&mut self, mut visit: impl FnMut(&mut LeaderEpoch)) {
        for entry in &mut self.entries[..self.end.index()] {
            visit(&mut entry.epoch);
        }
        visit(&mut self.last_epoch);
    }

    /// Whether both hold the same up to `end`.
    pub fn agrees_below(&self, other: &Log, end: End) -> bool {
        let end = end.index();
        end <= self.entries().len()
            && end <= other.entries().len()
            && self.entries()[..end] == other.entries()[..end]
    }

    /// Adds a record; `false` if there is no room.
    pub fn append(&mut self, entry: Entry) -> bool {
        if self.end.index() == self.entries.len() {
            return false;
        }
        self.assign_epoch(entry.epoch);
        self.append_anyhow(entry)
    }

    /// Adds a record where the cache takes no epoch that is older than its newest; `false` if there is no
    /// room.
    ///
    /// Source: `LeaderEpochFileCache.assign` before KAFKA-7415; R18.
    pub fn append_noting_newer(&mut self, entry: Entry) -> bool {
        let newest = self.last_epoch;
        let place = self.end.index();
        if !self.append_anyhow(entry) {
            return false;
        }
        self.unnoted |= u8::from(entry.epoch < newest) << place;
        self.last_epoch = newest.max(entry.epoch);
        true
    }

    fn append_anyhow(&mut self, entry: Entry) -> bool {
        if self.end.index() == self.entries.len() {
            return false;
        }
        self.entries[self.end.index()] = entry;
        self.end = self.end.next();
        true
    }

    /// Notes that a leader of `epoch` begins at the end of this log (KIP-101, KAFKA-7415), over every
    /// note of the same epoch or a later one.
    ///
    /// Source: `LeaderEpochFileCache.assign`, `maybeTruncateNonMonotonicEntries`; R18.
    pub fn assign_epoch(&mut self, epoch: LeaderEpoch) {
        if self.last_epoch > epoch {
            for (place, entry) in self.entries[..self.end.index()].iter().enumerate() {
                self.unnoted |= u8::from(entry.epoch >= epoch) << place;
            }
        }
        self.last_epoch = epoch;
    }

    /// Notes every record's epoch, whatever came after it: where nobody compares epochs.
    pub fn note_everything(&mut self) {
        self.unnoted = 0;
    }

    /// The epochs that the cache has noted, each with the place of a record that was written in it.
    fn noted(&self) -> impl DoubleEndedIterator<Item = (usize, LeaderEpoch)> + '_ {
        let entries = self.entries().iter().enumerate();
        let noted = entries.filter(|(place, _)| self.unnoted >> place & 1 == 0);
        noted.map(|(place, entry)| (place, entry.epoch))
    }

    /// Drops everything from `to` on, the note of a leader that wrote nothing included
    /// (KAFKA-10706).
    pub fn truncate(&mut self, to: End) {
        if to > self.end {
            return;
        }
        self.drop_records(to);
        let last = self.noted().next_back();
        self.last_epoch = last.map_or(LeaderEpoch(0), |(_, epoch)| epoch);
    }

    /// Drops records and, as Kafka did before KAFKA-10706, keeps the cache where none is dropped.
    pub fn truncate_records_only(&mut self, to: End) {
        if to < self.end {
            self.truncate(to);
        }
    }

    fn drop_records(&mut self, to: End) {
        self.entries[to.index()..].fill(Entry::default());
        self.unnoted &= (1 << to.index()) - 1;
        self.end = to;
    }

    /// The newest epoch not above `wanted`, and where it ends: the answer to "where does this epoch
    /// end in your log?" (KIP-101, KIP-279).  Nothing if the question is from the future or the
    /// cache is empty.
    ///
    /// Source: `LeaderEpochFileCache.endOffsetFor`; R18.
    pub fn end_of_epoch(&self, wanted: LeaderEpoch) -> Option<(LeaderEpoch, End)> {
        if wanted > self.last_epoch || self.last_epoch == LeaderEpoch(0) {
            return None;
        }
        if wanted == self.last_epoch {
            return Some((wanted, self.end));
        }
        let above = self.noted().find(|(_, epoch)| *epoch > wanted);
        let end = above.map_or(self.end, |(place, _)| End(place as u8));
        let below = self.noted().take_while(|(place, _)| *place < end.index());
        let floor = below.last().map_or(wanted, |(_, epoch)| epoch);
        Some((floor, end))
    }

    /// The same before KAFKA-7415, when nothing was known either of an epoch before the oldest.
    ///
    /// Source: `LeaderEpochFileCache.endOffsetFor`, 1.0.0 to 2.0.0; R18.
    pub fn end_of_epoch_if_noted(&self, wanted: LeaderEpoch) -> Option<(LeaderEpoch, End)> {
        let oldest = self.noted().next();
        let oldest = oldest.map_or(self.last_epoch, |(_, epoch)| epoch);
        let found = self.end_of_epoch(wanted);
        found.filter(|_| wanted >= oldest)
    }
}

impl Controller {
    /// The newest committed record.
    pub fn image(&self) -> &Image {
        &self.log.kept[usize::from(self.log.newest)]
    }

    /// A record that has not been forgotten.
    pub fn record(&self, place: u8) -> &Image {
        &self.log.kept[usize::from(place)]
    }

    /// The place of the newest record.
    pub fn newest(&self) -> u8 {
        self.log.newest
    }

    /// The records that are kept, oldest first.
    pub fn records(&self) -> &[Image] {
        self.log.records()
    }

    /// The same, to be renumbered.
    pub fn records_mut(&mut self) -> &mut [Image] {
        self.log.records_mut()
    }

    /// Commits a record; `false` if the slowest broker is too far behind.
    pub fn commit(&mut self, image: Image) -> bool {
        let Some(place) = self.log.kept.get_mut(usize::from(self.log.newest) + 1) else {
            return false;
        };
        *place = image;
        self.log.newest += 1;
        true
    }

    /// Forgets the record at `place`, which is not the newest.
    pub fn forget_record(&mut self, place: u8) {
        let newest = usize::from(self.log.newest);
        self.log
            .kept
            .copy_within(usize::from(place) + 1..=newest, place.into());
        self.log.newest -= 1;
        if let Some(copy) = &mut self.copy {
            copy.place -= u8::from(copy.place > place);
        }
    }

    /// Forgets the oldest `count` records.
    pub fn forget(&mut self, count: u8) {
        let newest = usize::from(self.log.newest);
        self.log.kept.copy_within(usize::from(count)..=newest, 0);
        self.log.newest -= count;
        if let Some(copy) = &mut self.copy {
            copy.place -= count;
        }
    }
}

/// Committed records, oldest first.
///
/// Equality and hash are those of the records kept.  They are written by hand because the room
/// behind the newest record is not part of the log, and hashing it for every state costs a tenth of
/// an exploration; `tests::the_room_behind_the_newest_record_is_no_part_of_the_log` watches them.
#[derive(Clone, Copy)]
pub struct MetadataLog {
    kept: [Image; WINDOW],
    newest: u8,
}

impl MetadataLog {
    fn starting_with(first: Image) -> Self {
        let mut kept = [Image::default(); WINDOW];
        kept[0] = first;
        MetadataLog { kept, newest: 0 }
    }

    fn records(&self) -> &[Image] {
        &self.kept[..=usize::from(self.newest)]
    }

    fn records_mut(&mut self) -> &mut [Image] {
        &mut self.kept[..=usize::from(self.newest)]
    }
}

impl PartialEq for MetadataLog {
    fn eq(&self, other: &Self) -> bool {
        self.records() == other.records()
    }
}

impl Eq for MetadataLog {}

impl Hash for MetadataLog {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.records().hash(state);
    }
}

impl fmt::Debug for MetadataLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.records().fmt(f)
    }
}

impl World {
    /// Whether `from` can open a connection to `to`.
    pub fn connects(&self, from: Datacenter, to: Datacenter) -> bool {
        !self.lost.contains(from)
            && !self.lost.contains(to)
            && !self.cut_from[from.index()].contains(to)
    }
}

/// The states before the first event: everybody in sync, the preferred leader in office and known
/// to all, all logs empty.
///
/// Where the active controller is matters only if a link may be cut, so only then is every
/// datacenter with voters tried.  If a whole datacenter may be lost the active controller starts
/// outside it where it can: one that is lost with its datacenter only adds a pause, in which
/// nothing happens that could not happen later.  With ZooKeeper the active controller is a broker, which
/// may stop, and its successor does not know what it knew, so every datacenter with brokers is tried.
pub fn beginnings(model: &Replication) -> Vec<State> {
    let setting = &model.setting;
    if model.has_zookeeper() {
        let seats = setting.every_datacenter();
        let seats = seats.filter(|site| !setting.brokers_of(*site).is_empty());
        return seats.map(|seat| beginning(model, seat)).collect();
    }
    let seats: Vec<Datacenter> = setting
        .every_datacenter()
        .filter(|site| setting.voters[site.index()] > 0)
        .collect();
    let cuts = model
        .faults
        .iter()
        .any(|fault| matches!(fault, Fault::Cut(..) | Fault::OneWayCut(..)));
    let seats = if cuts {
        seats
    } else {
        let safe = seats.iter().copied().find(|site| !strikes(model, *site));
        vec![safe.unwrap_or(seats[0])]
    };
    seats
        .into_iter()
        .map(|seat| beginning(model, seat))
        .collect()
}

fn strikes(model: &Replication, site: Datacenter) -> bool {
    model.faults.iter().any(|fault| match fault {
        Fault::DatacenterLoss(lost)
        | Fault::DatacenterPowerLoss(lost)
        | Fault::DatacenterDestroyed(lost) => lost == site,
        _ => false,
    })
}

fn beginning(model: &Replication, seat: Datacenter) -> State {
    let replicas = model.setting.replicas();
    let leader = Broker::at(0);
    let first = Image {
        leader: Some(leader),
        leader_epoch: LeaderEpoch(1),
        partition_epoch: PartitionEpoch(1),
        isr: model.setting.synchronous(),
        inactive: Inactive::default(),
        broker_epochs: per_broker(replicas, |_| BrokerEpoch(1)),
        min_isr: model.setting.min_insync_replicas,
        replicas: model.setting.assigned(),
        observers: model.setting.observers,
    };
    let replica = |broker| Replica {
        process: Process::Running,
        broker_epoch: BrokerEpoch(1),
        open: true,
        leader_epoch: match first.replicas.contains(broker) {
            true => first.leader_epoch,
            false => LeaderEpoch(0),
        },
        role: if broker == leader {
            Role::Leader(first_tenure(model, &first))
        } else if first.replicas.contains(broker) {
            Role::Follower(Some(leader))
        } else {
            Role::Idle
        },
        log: if broker == leader {
            log_of_new_leader(first.leader_epoch)
        } else {
            Log::default()
        },
        ..Replica::default()
    };
    State {
        replicas: per_broker(replicas, replica),
        changes: PerBroker::default(),
        late: PerBroker::default(),
        configured: PerBroker::default(),
        controller: Controller {
            active: Some(seat),
            gone: BrokerSet::EMPTY,
            voters: std::array::from_fn(|site| {
                model.setting.voters.get(site).copied().unwrap_or_default()
            }),
            left: Set::EMPTY,
            log: MetadataLog::starting_with(first),
            elr: BrokerSet::EMPTY,
            last_known_leader: None,
            recovering: false,
            adding: BrokerSet::EMPTY,
            removing: BrokerSet::EMPTY,
            behind: BrokerSet::EMPTY,
            copy: None,
        },
        former: None,
        apart: BrokerSet::EMPTY,
        world: World::default(),
        ghost: Ghost::at_first(&first),
    }
}

fn first_tenure(model: &Replication, image: &Image) -> Tenure {
    Tenure {
        partition_epoch: image.partition_epoch,
        isr: image.isr,
        caught_up: match model.variant.switches.waits_for_caught_up {
            true => image.isr.without(Broker::at(0)),
            false => BrokerSet::EMPTY,
        },
        ..Tenure::default()
    }
}

fn log_of_new_leader(epoch: LeaderEpoch) -> Log {
    let mut log = Log::default();
    log.assign_epoch(epoch);
    log
}

fn per_broker<T: Default>(replicas: BrokerSet, one: impl Fn(Broker) -> T) -> PerBroker<T> {
    PerBroker(std::array::from_fn(|index| {
        let broker = Broker::at(index);
        if replicas.contains(broker) {
            one(broker)
        } else {
            T::default()
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::DefaultHasher;

    fn hash(value: &impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn the_hash_of_one_of_each_brokers_sees_every_slot_that_is_taken() {
        let none = PerBroker::<u8>::default();
        let mut seen = vec![hash(&none)];
        for index in 0..MOST_BROKERS {
            let mut one = none;
            one[Broker::at(index)] = 1;
            assert_eq!(hash(&one), hash(&one.clone()));
            seen.push(hash(&one));
            let mut two = one;
            two[Broker::at(0)] = 2;
            seen.push(hash(&two));
        }
        seen.sort_unstable();
        let all = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), all);
        // Two of them side by side: where the first ends is part of its hash.
        let (mut left, mut right) = ((none, none), (none, none));
        left.0[Broker::at(0)] = 1;
        right.1[Broker::at(0)] = 1;
        assert_ne!(hash(&left), hash(&right));
    }

    #[test]
    fn the_room_behind_the_newest_record_is_no_part_of_the_log() {
        let fresh = MetadataLog::starting_with(Image {
            min_isr: 1,
            ..Image::default()
        });
        let mut used = fresh;
        used.kept[5].min_isr = 3;
        assert_eq!(used, fresh);
        assert_eq!(hash(&used), hash(&fresh));

        let mut longer = fresh;
        longer.newest = 1;
        assert_ne!(longer, fresh);
        assert_ne!(hash(&longer), hash(&fresh));
    }

    #[test]
    fn an_epoch_ends_where_the_next_one_starts() {
        //   log      asked   newest not above, and its end
        for (epochs, asked, expected) in [
            ("1 1 2", 2, Some((2, 3))), // the newest epoch ends with the log
            ("1 1 2", 1, Some((1, 2))),
            ("1 3 3", 2, Some((1, 1))), // an unknown epoch: the one below
            ("2 2", 1, Some((1, 0))),   // nothing below: itself, where the next starts
            ("1 1", 2, None),           // a question from the future
            ("", 1, None),
        ] {
            let mut log = Log::default();
            for epoch in epochs.split_whitespace() {
                let epoch = LeaderEpoch(epoch.parse().expect("a number"));
                assert!(log.append(Entry {
                    record: Record::at(0),
                    epoch
                }));
            }
            let found = log
                .end_of_epoch(LeaderEpoch(asked))
                .map(|(epoch, end)| (epoch.0, end.0));
            assert_eq!(found, expected, "epoch {asked} in {epochs:?}");
        }
    }

    #[test]
    fn an_older_cache_knows_only_what_it_has_noted() {
        //   log      asked   what a cache of 1.0.0 knows
        for (epochs, asked, expected) in [
            ("1 1 2", 1, Some((1, 2))),
            ("1 3 3", 2, Some((1, 1))),
            ("2 2", 1, None), // before the oldest: nothing, where a later cache knows where that starts
            ("1 1", 2, None),
            ("3 1 1", 1, None), // an older epoch after a newer one is not noted
            ("1 3 2", 3, Some((3, 3))), // and so the newer one seems to go on
        ] {
            let mut log = Log::default();
            for epoch in epochs.split_whitespace() {
                let epoch = LeaderEpoch(epoch.parse().expect("a number"));
                assert!(log.append_noting_newer(Entry {
                    record: Record::at(0),
                    epoch
                }));
            }
            let found = log
                .end_of_epoch_if_noted(LeaderEpoch(asked))
                .map(|(epoch, end)| (epoch.0, end.0));
            assert_eq!(found, expected, "epoch {asked} in {epochs:?}");
        }
    }
}
