//! Which offset syncs a checkpoint task still has: many close to the newest, ever fewer further back.
//!
//! A mirror says of some records where their copies lie; a checkpoint task reads all that from the
//! offset-syncs topic and has room for 64 of them a partition.  How they are spaced is what a consumer
//! group that lags pays when it moves: the further it is behind, the further back it is put.
//!
//! **Deliberately absent:** the topic the syncs are read from, and whether it was read to its end (until
//! then nothing is translated).  The spacing is that of Kafka 3.6 and later.  3.5 had the same slots and
//! filled them with less care (KAFKA-15202); 3.4 kept the newest sync and no other.

use serde::{Deserialize, Serialize};
use std::iter::successors;

/// A record's offset at the source, and the offset of its copy at the target.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct OffsetSync<Offset = u64> {
    /// The offset at the source.
    pub upstream: Offset,
    /// The offset at the target.
    pub downstream: Offset,
}

impl<Offset: Into<u64>> OffsetSync<Offset> {
    /// The same in Kafka's width.
    pub fn wide(self) -> OffsetSync {
        OffsetSync {
            upstream: self.upstream.into(),
            downstream: self.downstream.into(),
        }
    }
}

/// Kafka's store: room for one sync for each bit of an offset.
pub type SyncStore = Slots<64, u64>;

/// The same store for a model whose upstream offsets are below 17: nothing ever moves further back than
/// slot 4, so six slots do exactly what 64 do.
pub type SmallStore = Slots<6, u8>;

/// The syncs of one partition, newest first; a sync stands in as many slots as it must fill.
///
/// Between a slot and the one before it (the first is slot 0):
/// - slot `j` is **recent enough**: at most `2^(j-1)` upstream offsets behind slot `j-1`, so at most
///   `2^j - 1` behind the newest;
/// - slot `j` is **far enough** behind slot `j-1`, or holds the same sync: at least `2^(j-3)` offsets, and
///   at least one.
///
/// So a group that is `d` offsets behind the newest sync finds one that is less than `2d` further back, and
/// one interval between syncs, if they come regularly.  Nothing is forgotten but by these two rules and by
/// [`SyncStore::forget_and_add`]; in particular the earliest sync stays.
///
/// "Far enough" is about syncs of different records.  When a mirror restarts and copies its last record
/// once more, two syncs of one upstream offset may stand side by side.
///
/// Fewer slots do the same as long as the upstream offsets are no more than `2^(SLOTS - 2)` apart.
///
/// Source: `OffsetSyncStore`, KAFKA-12468, KAFKA-14666; M22.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Slots<const SLOTS: usize, Offset> {
    slots: [OffsetSync<Offset>; SLOTS],
}

impl<const SLOTS: usize, Offset: Copy + Eq + Into<u64>> Slots<SLOTS, Offset> {
    /// The store that has heard of one sync.
    pub fn first(sync: OffsetSync<Offset>) -> Self {
        Slots {
            slots: [sync; SLOTS],
        }
    }

    /// What a task does with a sync once it has read the topic to its end: one that goes back tells it that
    /// the source is mirrored again from there, and whatever was known before is forgotten.
    ///
    /// Only the source's offsets are looked at.  If the target went back (it lost its end, or was made anew)
    /// and the source's offsets go on, older syncs stay and point to what is no longer there.
    pub fn add(&mut self, sync: OffsetSync<Offset>) {
        match self.rewinds(sync) {
            true => self.forget_and_add(sync),
            false => self.take_in(sync),
        }
    }

    /// Whether `sync` lies behind the newest: an earlier offset of the source is mirrored again.
    pub fn rewinds(&self, sync: OffsetSync<Offset>) -> bool {
        sync.upstream.into() < self.newest().upstream.into()
    }

    /// Leaves nothing but `sync`: after a rewind, and for each sync that a task reads while it starts
    /// without its old checkpoints (`initializationMustReadToEnd`), lest it contradict them.
    pub fn forget_and_add(&mut self, sync: OffsetSync<Offset>) {
        *self = Slots::first(sync);
    }

    /// Puts `sync` first and moves older ones back as far as the spacing asks, whether or not it goes
    /// back.  [`SyncStore::add`] is this with the guard against rewinds.
    ///
    /// Where the guard is waived, syncs of two histories stand side by side.  That makes a group skip only if
    /// the target went back as well; otherwise the older history is further up at the target, too.
    pub fn take_in(&mut self, sync: OffsetSync<Offset>) {
        let old = self.slots;
        let mut next_old = 0;
        let mut moving = sync;
        self.slots[0] = sync;
        for slot in 1..SLOTS {
            moving = self.fitting(slot, &old, &mut next_old).unwrap_or(moving);
            if recent_enough(slot, self.slots[slot], self.slots[slot - 1]) {
                break;
            }
            self.slots[slot] = moving;
        }
    }

    /// The sync that was read last.
    pub fn newest(&self) -> OffsetSync<Offset> {
        self.slots[0]
    }

    /// The earliest sync that can still be translated from.
    pub fn oldest(&self) -> OffsetSync<Offset> {
        self.slots[SLOTS - 1]
    }

    /// What each slot holds.
    pub fn slots(&self) -> &[OffsetSync<Offset>; SLOTS] {
        &self.slots
    }

    /// What is kept, newest first, each once.
    pub fn kept(&self) -> impl Iterator<Item = OffsetSync> + '_ {
        let first_of_next = |at: &usize| {
            let here = self.slots[*at];
            (*at + 1..SLOTS).find(|later| self.slots[*later] != here)
        };
        successors(Some(0), first_of_next).map(|at| self.slots[at].wide())
    }

    /// The last of the old syncs, from `next_old` on, that may stand in `slot`.
    ///
    /// Passes over what repeats itself and what is too near to the slot before, for that will not fit
    /// further back either.  It never runs ahead of the slot: syncs only move back.
    fn fitting(
        &self,
        slot: usize,
        old: &[OffsetSync<Offset>; SLOTS],
        next_old: &mut usize,
    ) -> Option<OffsetSync<Offset>> {
        let before = self.slots[slot - 1];
        let mut found = None;
        loop {
            let candidate = old[*next_old];
            let apart = far_enough(slot, candidate, before);
            // What stood here before and is one slot further back now must keep its distance, too.
            let fits = apart
                && recent_enough(slot, candidate, before)
                && (slot + 1 == SLOTS || far_enough(slot + 1, self.slots[slot + 1], candidate));
            if fits {
                found = Some(candidate);
            }
            let repeats = old.get(*next_old + 1) == Some(&candidate);
            let passed_over = repeats || !apart;
            if fits || passed_over {
                *next_old += 1;
            }
            if !passed_over || *next_old >= slot {
                return found;
            }
        }
    }
}

/// Whether `sync` may stand in `slot` as far as its age goes, when `before` stands in front of it.
fn recent_enough<Offset: Copy + Eq + Into<u64>>(
    slot: usize,
    sync: OffsetSync<Offset>,
    before: OffsetSync<Offset>,
) -> bool {
    let most = 1 << (slot - 1);
    sync == before || before.wide().upstream <= sync.wide().upstream.saturating_add(most)
}

/// Whether `sync` may stand in `slot` behind `before`, to which it must not be too near.
fn far_enough<Offset: Copy + Eq + Into<u64>>(
    slot: usize,
    sync: OffsetSync<Offset>,
    before: OffsetSync<Offset>,
) -> bool {
    let least = 1 << slot.saturating_sub(3);
    sync == before || before.wide().upstream >= sync.wide().upstream.saturating_add(least)
}
