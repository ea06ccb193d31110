//! Which offset syncs a checkpoint task still has: many close to the newest, ever fewer further back.
//!
//! A mirror says of some records where their copies lie; a checkpoint task reads all that from the
//! offset-syncs topic and has room for 64 of them a partition.  How they are spaced is what a consumer
//! group that lags pays when it moves: the further it is behind, the further back it is put.
//!
//! **Deliberately absent:** the topic the syncs are read from, and whether it was read to its end (until
//! then nothing is translated).  The spacing is that of Kafka 3.6 and later.  3.5 had the same slots and
//! filled them with less care (KAFKA-15202); 3.4 kept the newest sync and no other.

use std::iter::successors;

/// A record's offset at the source, and the offset of its copy at the target.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OffsetSync {
    /// The offset at the source.
    pub upstream: u64,
    /// The offset at the target.
    pub downstream: u64,
}

/// How many syncs of one partition there is room for: one for each bit of an offset.
pub const SLOTS: usize = u64::BITS as usize;

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
/// Source: `OffsetSyncStore`, KAFKA-12468, KAFKA-14666; M22.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SyncStore {
    slots: [OffsetSync; SLOTS],
}

impl SyncStore {
    /// The store that has heard of one sync.
    pub fn first(sync: OffsetSync) -> SyncStore {
        SyncStore {
            slots: [sync; SLOTS],
        }
    }

    /// What a task does with a sync once it has read the topic to its end: one that goes back tells it that
    /// the source is mirrored again from there, and whatever was known before is forgotten.
    ///
    /// Only the source's offsets are looked at.  If the target went back (it lost its end, or was made anew)
    /// and the source's offsets go on, older syncs stay and point to what is no longer there.
    pub fn add(&mut self, sync: OffsetSync) {
        match self.rewinds(sync) {
            true => self.forget_and_add(sync),
            false => self.take_in(sync),
        }
    }

    /// Whether `sync` lies behind the newest: an earlier offset of the source is mirrored again.
    pub fn rewinds(&self, sync: OffsetSync) -> bool {
        sync.upstream < self.newest().upstream
    }

    /// Leaves nothing but `sync`: after a rewind, and for each sync that a task reads while it starts
    /// without its old checkpoints (`initializationMustReadToEnd`), lest it contradict them.
    pub fn forget_and_add(&mut self, sync: OffsetSync) {
        *self = SyncStore::first(sync);
    }

    /// Puts `sync` first and moves older ones back as far as the spacing asks, whether or not it goes
    /// back.  [`SyncStore::add`] is this with the guard against rewinds.
    ///
    /// Where the guard is waived, syncs of two histories stand side by side.  That makes a group skip only if
    /// the target went back as well; otherwise the older history is further up at the target, too.
    pub fn take_in(&mut self, sync: OffsetSync) {
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
    pub fn newest(&self) -> OffsetSync {
        self.slots[0]
    }

    /// The earliest sync that can still be translated from.
    pub fn oldest(&self) -> OffsetSync {
        self.slots[SLOTS - 1]
    }

    /// What each slot holds.
    pub fn slots(&self) -> &[OffsetSync; SLOTS] {
        &self.slots
    }

    /// What is kept, newest first, each once.
    pub fn kept(&self) -> impl Iterator<Item = OffsetSync> + '_ {
        let first_of_next = |at: &usize| {
            let here = self.slots[*at];
            (*at + 1..SLOTS).find(|later| self.slots[*later] != here)
        };
        successors(Some(0), first_of_next).map(|at| self.slots[at])
    }

    /// The last of the old syncs, from `next_old` on, that may stand in `slot`.
    ///
    /// Passes over what repeats itself and what is too near to the slot before, for that will not fit
    /// further back either.  It never runs ahead of the slot: syncs only move back.
    fn fitting(
        &self,
        slot: usize,
        old: &[OffsetSync; SLOTS],
        next_old: &mut usize,
    ) -> Option<OffsetSync> {
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
fn recent_enough(slot: usize, sync: OffsetSync, before: OffsetSync) -> bool {
    sync == before || before.upstream <= sync.upstream.saturating_add(1 << (slot - 1))
}

/// Whether `sync` is another sync than `before` and too near to it to stand in `slot` behind it.
fn far_enough(slot: usize, sync: OffsetSync, before: OffsetSync) -> bool {
    let apart = 1 << slot.saturating_sub(3);
    sync == before || before.upstream >= sync.upstream.saturating_add(apart)
}
