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

/// Raises leaders' watermarks to the slowest, of `slowest` and of the followers that count besides.
/// Watermarks never fall.
pub fn raise(watermark: &mut [u64], slowest: &[u64], known: &[&[u64]]) {
    match *known {
        [] => raise_behind(watermark, slowest, []),
        [a] => raise_behind(watermark, slowest, [a]),
        [a, b] => raise_behind(watermark, slowest, [a, b]),
        [a, b, c] => raise_behind(watermark, slowest, [a, b, c]),
        [a, b, c, d] => raise_behind(watermark, slowest, [a, b, c, d]),
        [a, b, c, d, e] => raise_behind(watermark, slowest, [a, b, c, d, e]),
        [a, b, c, d, e, f] => raise_behind(watermark, slowest, [a, b, c, d, e, f]),
        [a, b, c, d, e, f, g] => raise_behind(watermark, slowest, [a, b, c, d, e, f, g]),
        _ => unreachable!("a leader has at most seven followers"),
    }
}

/// The same for a number of followers that the compiler knows, so that the slowest stays in a register.
#[inline(never)]
fn raise_behind<const FOLLOWERS: usize>(
    watermark: &mut [u64],
    slowest: &[u64],
    known: [&[u64]; FOLLOWERS],
) {
    let rows = watermark.len();
    let (slowest, known) = (&slowest[..rows], known.map(|known| &known[..rows]));
    for row in 0..rows {
        let mut slowest = slowest[row];
        for known in &known {
            slowest = least(slowest, known[row]);
        }
        let raised = most(watermark[row].wrapping_add(1), slowest);
        watermark[row] = raised.wrapping_sub(1);
    }
}
