//! The leader's log end and watermark.
//!
//! Kafka: `Partition.appendRecordsToLeader`, `maybeIncrementLeaderHW`, `isUnderMinIsr`.
//!
//! What a leader knows of a follower's log end is kept as that end plus one, and 0 while it has
//! heard nothing in this tenure (Kafka's -1): so an unknown end holds the watermark by itself.

use super::bits::{count, when, wide};

/// What stands for "held by nobody who counts" in [`slowest_in_sync`].
pub const NOBODY: u64 = u64::MAX;

/// Which leaders take what producers send: those that serve, if enough are in sync.
pub fn admit(leading: &mut [u8], leader: &[u8], committed: &[u8], serving: u8, min_isr: u8) {
    for (leading, (leader, committed)) in leading.iter_mut().zip(leader.iter().zip(committed)) {
        *leading = leader & serving & when(count(*committed) >= min_isr);
    }
}

/// Appends so many records at the end of the log of each row's leader.
pub fn append(end: &mut [u64], leader: &[u8], by: &[u64], slot: u32) {
    for ((end, leader), by) in end.iter_mut().zip(leader).zip(by) {
        *end = end.wrapping_add(by & wide(*leader, slot));
    }
}

/// The slowest of the counted replicas so far, and this slot: its log end plus one, as its leader
/// knows it.  A leader knows its own end.
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
        *slowest = (*slowest).min(held | !wide(*counted, slot));
    }
}

/// Raises the watermark of each row's leader to the slowest, if the committed ISR is large enough.
/// It never falls.  `leader` is the leader in rows where there is occasion, and nobody in others;
/// `min_isr` 0 asks for nothing.
pub fn raise(
    watermark: &mut [u64],
    leader: &[u8],
    committed: &[u8],
    slowest: &[u64],
    min_isr: u8,
    slot: u32,
) {
    let columns = leader.iter().zip(committed).zip(slowest);
    for (watermark, ((leader, committed), slowest)) in watermark.iter_mut().zip(columns) {
        let enough = when(count(*committed) >= min_isr);
        let gate = wide(*leader & enough, slot);
        *watermark = (*watermark).max(slowest.saturating_sub(1) & gate);
    }
}
