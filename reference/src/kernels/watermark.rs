//! The leader's log end and watermark.
//!
//! Kafka: `Partition.appendRecordsToLeader`, `maybeIncrementLeaderHW`, `isUnderMinIsr`.
//!
//! What a leader knows of a follower's log end is kept as that end plus one, and 0 while it has
//! heard nothing in this tenure (Kafka's -1): so an unknown end holds the watermark by itself.  The
//! slowest end of those who count is kept in the same way, and begins at 0 where there is no occasion
//! to move the watermark.

use super::bits::{count, least, most, when_differs};

/// Whether enough are in sync: to take what producers send with acks=all, or to move the
/// watermark.  `min_isr` 0 asks for nothing.
pub fn enough(in_sync: u8, min_isr: u8) -> bool {
    count(in_sync) >= min_isr
}

/// Leaders append so many records.  Where there are any, that is an occasion to move the watermark:
/// `slowest` begins with the leader.
#[inline(never)]
pub fn append(end: &mut [u64], slowest: &mut [u64], by: &[u64]) {
    for ((end, slowest), by) in end.iter_mut().zip(slowest).zip(by) {
        *end = end.wrapping_add(*by);
        *slowest = end.wrapping_add(1) & when_differs(*by, 0);
    }
}

/// There is occasion everywhere: `slowest` begins with the leader.
#[inline(never)]
pub fn begin(slowest: &mut [u64], end: &[u64]) {
    for (slowest, end) in slowest.iter_mut().zip(end) {
        *slowest = end.wrapping_add(1);
    }
}

/// A follower that counts may be slower than the slowest so far.
#[inline(never)]
pub fn wait_for(slowest: &mut [u64], known: &[u64]) {
    for (slowest, known) in slowest.iter_mut().zip(known) {
        *slowest = least(*slowest, *known);
    }
}

/// Raises leaders' watermarks to the slowest.  They never fall.
#[inline(never)]
pub fn raise(watermark: &mut [u64], slowest: &[u64]) {
    for (watermark, slowest) in watermark.iter_mut().zip(slowest) {
        let raised = most(watermark.wrapping_add(1), *slowest);
        *watermark = raised.wrapping_sub(1);
    }
}
