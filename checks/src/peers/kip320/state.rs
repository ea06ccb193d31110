//! What there is, and what can be asked of it.

use serde::{Deserialize, Serialize};

/// As many replicas as a state has room for.
pub const MOST_REPLICAS: usize = 3;
/// As many records as a log has room for.
pub const MOST_OFFSETS: usize = 2;
/// As many leader epochs as a state has room for requests of.
pub const MOST_EPOCHS: usize = 3;

/// A replica: a place in the arrays of a [`State`].
pub type Slot = u8;

/// A set of replicas.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct Slots(u8);

impl Slots {
    /// The first `count` replicas.
    pub fn first(count: usize) -> Slots {
        Slots((1 << count) - 1)
    }

    /// One replica.
    pub fn only(slot: Slot) -> Slots {
        Slots(1 << slot)
    }

    /// Whether `slot` is one of them.
    pub fn contains(self, slot: Slot) -> bool {
        self.0 >> slot & 1 == 1
    }

    /// Whether all of them are in `other`.
    pub fn within(self, other: Slots) -> bool {
        self.0 & !other.0 == 0
    }

    /// These and `slot`.
    pub fn with(self, slot: Slot) -> Slots {
        Slots(self.0 | 1 << slot)
    }

    /// These but for `slot`.
    pub fn without(self, slot: Slot) -> Slots {
        Slots(self.0 & !(1 << slot))
    }

    /// Each of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Slot> {
        (0..MOST_REPLICAS as Slot).filter(move |slot| self.contains(*slot))
    }
}

/// A record: which one, and under which leader it was written.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct Record {
    /// `id`.
    pub id: u8,
    /// `epoch`.
    pub epoch: u8,
}

/// A log.  What lies beyond its end is zeroed.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct Log {
    /// `endOffset`.
    pub end: u8,
    /// `records`.
    pub records: [Record; MOST_OFFSETS],
}

impl Log {
    /// What has been written, oldest first.
    pub fn entries(&self) -> &[Record] {
        &self.records[..usize::from(self.end)]
    }

    /// `HasEntry`, with the record found rather than asked for.
    pub fn at(&self, offset: u8) -> Option<Record> {
        self.entries().get(usize::from(offset)).copied()
    }

    /// `HasOffset`.
    pub fn has_offset(&self, offset: u8) -> bool {
        offset < self.end
    }

    /// `Append`.
    pub(super) fn append(&mut self, record: Record) {
        self.records[usize::from(self.end)] = record;
        self.end += 1;
    }

    /// `TruncateTo`.
    pub(super) fn truncate_to(&mut self, end: u8) {
        self.end = self.end.min(end);
        self.records[usize::from(self.end)..].fill(Record::default());
    }
}

/// Who leads, since which epoch, with which ISR: what the quorum holds, what a request carries, and
/// what a replica believes.
///
/// `Nil` and `None` of the original are `None` here; as an epoch it is below all others there, too.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct Leadership {
    /// `leaderEpoch`.
    pub epoch: Option<u8>,
    /// `leader`.
    pub leader: Option<Slot>,
    /// `isr`.
    pub isr: Slots,
}

/// What a replica knows besides its log.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct Replica {
    /// `hw`: how far its log is committed, as far as it knows.
    pub watermark: u8,
    /// `leaderEpoch`, `leader` and `isr`.
    pub knows: Leadership,
}

/// What there is.  Room that a smaller model does not use is zeroed.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct State {
    /// `replicaLog`.
    pub logs: [Log; MOST_REPLICAS],
    /// `replicaState`.
    pub replicas: [Replica; MOST_REPLICAS],
    /// `nextRecordId`.
    pub next_record: u8,
    /// `nextLeaderEpoch`.
    pub next_epoch: u8,
    /// `leaderAndIsrRequests`, a set that only grows.  Each request takes a new epoch and no epoch
    /// is left out, so the set has one request for each epoch below `next_epoch`: here by epoch.
    pub requests: [Leadership; MOST_EPOCHS],
    /// `quorumState`.
    pub quorum: Leadership,
}

impl State {
    pub(super) fn log(&self, slot: Slot) -> &Log {
        &self.logs[usize::from(slot)]
    }

    pub(super) fn replica(&self, slot: Slot) -> &Replica {
        &self.replicas[usize::from(slot)]
    }

    pub(super) fn log_mut(&mut self, slot: Slot) -> &mut Log {
        &mut self.logs[usize::from(slot)]
    }

    pub(super) fn replica_mut(&mut self, slot: Slot) -> &mut Replica {
        &mut self.replicas[usize::from(slot)]
    }

    /// The requests sent so far, oldest first.
    pub(super) fn sent(&self) -> &[Leadership] {
        &self.requests[..usize::from(self.next_epoch)]
    }

    /// `ReplicaPresumesLeadership`.
    pub(super) fn presumes_leadership(&self, slot: Slot) -> bool {
        self.is_following(slot, slot)
    }

    /// `ReplicaIsFollowing`.
    pub(super) fn is_following(&self, follower: Slot, leader: Slot) -> bool {
        self.replica(follower).knows.leader == Some(leader)
    }

    /// `IsFollowingLeaderEpoch`: this is the fence of KIP-320.
    pub(super) fn is_following_leader_epoch(&self, leader: Slot, follower: Slot) -> bool {
        self.presumes_leadership(leader)
            && self.is_following(follower, leader)
            && self.replica(follower).knows.epoch == self.replica(leader).knows.epoch
    }

    /// `IsTrueLeader`.
    pub(super) fn is_true_leader(&self, leader: Slot) -> bool {
        self.quorum.leader == Some(leader)
            && self.presumes_leadership(leader)
            && self.replica(leader).knows.epoch == self.quorum.epoch
    }

    /// `IsFollowerCaughtUp`: what was asked before there was a fence.
    pub(super) fn is_follower_caught_up(&self, leader: Slot, follower: Slot, end: u8) -> bool {
        let holds_last = |slot| end == 0 || self.log(slot).has_offset(end - 1);
        self.is_following(follower, leader) && holds_last(leader) && holds_last(follower)
    }

    /// `HasHighWatermarkReachedCurrentEpoch`.
    pub(super) fn has_high_watermark_reached_current_epoch(&self, leader: Slot) -> bool {
        let Replica { watermark, knows } = *self.replica(leader);
        let next = self.log(leader).at(watermark);
        watermark == self.log(leader).end
            || next.is_some_and(|record| Some(record.epoch) == knows.epoch)
    }

    /// `HasFollowerReachedHighWatermark`.
    pub(super) fn has_follower_reached_high_watermark(&self, leader: Slot, follower: Slot) -> bool {
        let watermark = self.replica(leader).watermark;
        watermark == 0 || self.log(follower).has_offset(watermark - 1)
    }

    /// `FirstNonMatchingOffsetFromTail`: behind the last record that both have in the same place.
    pub(super) fn first_non_matching_offset_from_tail(&self, leader: Slot, follower: Slot) -> u8 {
        let logs = (self.log(leader), self.log(follower));
        (0..logs.1.end)
            .rev()
            .find(|offset| logs.0.at(*offset) == logs.1.at(*offset))
            .map_or(0, |offset| offset + 1)
    }

    /// See [`super::Kip320::relabelled`].
    pub(super) fn relabelled(&self, order: [usize; MOST_REPLICAS]) -> State {
        let slots = |slots: Slots| {
            let renamed = slots.iter().map(|slot| order[usize::from(slot)] as Slot);
            renamed.fold(Slots::default(), Slots::with)
        };
        let leadership = |known: Leadership| Leadership {
            epoch: known.epoch,
            leader: known.leader.map(|slot| order[usize::from(slot)] as Slot),
            isr: slots(known.isr),
        };
        let mut renamed = *self;
        for (slot, to) in order.into_iter().enumerate() {
            renamed.logs[to] = self.logs[slot];
            renamed.replicas[to] = Replica {
                watermark: self.replicas[slot].watermark,
                knows: leadership(self.replicas[slot].knows),
            };
        }
        renamed.requests = self.requests.map(leadership);
        renamed.quorum = leadership(self.quorum);
        renamed
    }
}
