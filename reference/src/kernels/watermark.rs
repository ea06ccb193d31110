//! The leader's log end and watermark.
//!
//! Kafka: `Partition.appendRecordsToLeader`, `maybeIncrementLeaderHW`, `isUnderMinIsr`.
//!
//! What a leader knows of a follower's log end is kept as that end plus one, and 0 while it has
//! heard nothing in this tenure (Kafka's -1): so an unknown end holds the watermark by itself.

use super::bits::{count, least, most, when, wide};

/// What stands for "held by nobody who counts" in [`slowest_in_sync`].
pub const NOBODY: u64 = u64::MAX >> 1;

/// Which leaders have enough in sync, of those in `among`: to take what producers send with
/// acks=all, or to move their watermark.  `min_isr` 0 asks for nothing.
#[inline(never)]
pub fn enough(leading: &mut [u8], leader: &[u8], committed: &[u8], among: u8, min_isr: u8) {
    for (leading, (leader, committed)) in leading.iter_mut().zip(leader.iter().zip(committed)) {
        *leading = leader & among & when(count(*committed) >= min_isr);
    }
}

/// Appends so many records at the end of the log of each row's leader.
#[inline(never)]
pub fn append(end: &mut [u64], leader: &[u8], by: &[u64], slot: u32) {
    for ((end, leader), by) in end.iter_mut().zip(leader).zip(by) {
        *end = end.wrapping_add(by & wide(*leader, slot));
    }
}

/// The slowest of the counted replicas so far, and this slot: its log end plus one, as its leader
/// knows it.  A leader knows its own end.
#[inline(never)]
pub fn slowest_in_sync(
    slowest: &mut [u64],
    leader: &[u8],
    counted: &[u8],
    end: &[u64],
    known: &[u64],
    slot: u32,
) {
    let columns = leader.iter().zip(counted).zip(end.iter().zip(known));
    for (slowest, ((leader, counted), (end, known))) in slowest.iter_mut().zip(columns) {
        let own = wide(*leader, slot);
        let held = (own & end.wrapping_add(1)) | (!own & known);
        *slowest = least(*slowest, held | (NOBODY & !wide(*counted, slot)));
    }
}

/// Raises the watermark of each row's leader to the slowest.  It never falls.  `raising` is the
/// leader in rows where there is occasion and enough are in sync, and nobody in others.
#[inline(never)]
pub fn raise(watermark: &mut [u64], raising: &[u8], slowest: &[u64], slot: u32) {
    for (watermark, (raising, slowest)) in watermark.iter_mut().zip(raising.iter().zip(slowest)) {
        *watermark = raised(*watermark, *slowest, wide(*raising, slot));
    }
}

/// The same for watermarks that have been gathered from their leaders' columns, a word a row;
/// `raising` is 1 where there is occasion, and 0 elsewhere.
#[inline(never)]
pub fn raise_gathered(watermark: &mut [u64], raising: &[u8], slowest: &[u64]) {
    for (watermark, (raising, slowest)) in watermark.iter_mut().zip(raising.iter().zip(slowest)) {
        *watermark = raised(*watermark, *slowest, wide(*raising, 0));
    }
}

#[inline(always)]
fn raised(watermark: u64, slowest: u64, gate: u64) -> u64 {
    let held = slowest & gate;
    let end = held.wrapping_sub(u64::from(held != 0));
    most(watermark, end)
}

/// Puts what has been gathered back into the columns of the leaders.
#[inline(never)]
pub fn scatter(watermark: &mut [u64], leader: &[u8], gathered: &[u64], slot: u32) {
    for (watermark, (leader, gathered)) in watermark.iter_mut().zip(leader.iter().zip(gathered)) {
        let own = wide(*leader, slot);
        *watermark = (own & gathered) | (!own & *watermark);
    }
}

/// Turns sets into 1 where they meet the other, and 0 where they do not.
#[inline(never)]
pub fn meets(sets: &mut [u8], other: &[u8]) {
    for (sets, other) in sets.iter_mut().zip(other) {
        *sets = u8::from(*sets & other != 0);
    }
}
