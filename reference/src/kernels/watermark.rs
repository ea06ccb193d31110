//! The leader's log end and watermark.
//!
//! Kafka: `Partition.appendRecordsToLeader`, `maybeIncrementLeaderHW`, `isUnderMinIsr`.
//!
//! What a leader knows of a follower's log end is kept as that end plus one, and 0 while it has
//! heard nothing in this tenure (Kafka's -1): so an unknown end holds the watermark by itself.  The
//! slowest end of those who count is reckoned in the same way, and begins at 0 where there is no
//! occasion to move the watermark.

use super::bits::{count, least, most, when_differs};

/// Calls a kernel with as many columns as there are, for numbers that the compiler knows: so that what
/// is gathered from them stays in a register.
macro_rules! with_each_column {
    ($kernel:ident, $columns:expr, $($argument:expr),+) => {
        match *$columns {
            [] => $kernel($($argument),+, []),
            [a] => $kernel($($argument),+, [a]),
            [a, b] => $kernel($($argument),+, [a, b]),
            [a, b, c] => $kernel($($argument),+, [a, b, c]),
            [a, b, c, d] => $kernel($($argument),+, [a, b, c, d]),
            [a, b, c, d, e] => $kernel($($argument),+, [a, b, c, d, e]),
            [a, b, c, d, e, f] => $kernel($($argument),+, [a, b, c, d, e, f]),
            [a, b, c, d, e, f, g] => $kernel($($argument),+, [a, b, c, d, e, f, g]),
            _ => unreachable!("a leader has at most seven followers"),
        }
    };
}
pub(super) use with_each_column;

/// Whether enough are in sync: to take what producers send with acks=all, or to move the
/// watermark.  `min_isr` 0 asks for nothing.
pub fn enough(in_sync: u8, min_isr: u8) -> bool {
    count(in_sync) >= min_isr
}

/// Leaders append so many records.
#[inline(never)]
pub fn append(end: &mut [u64], by: &[u64]) {
    for (end, by) in end.iter_mut().zip(by) {
        *end = end.wrapping_add(*by);
    }
}

/// The same where watermarks may move.  Where there are any records, that is an occasion to do so: as far
/// as the followers that count have got, of which the leaders have `known`.
pub fn append_and_raise(end: &mut [u64], watermark: &mut [u64], by: &[u64], known: &[&[u64]]) {
    with_each_column!(append_beside, known, end, watermark, by)
}

#[inline(never)]
fn append_beside<const FOLLOWERS: usize>(
    end: &mut [u64],
    watermark: &mut [u64],
    by: &[u64],
    known: [&[u64]; FOLLOWERS],
) {
    let rows = end.len();
    let (watermark, by) = (&mut watermark[..rows], &by[..rows]);
    let known = known.map(|known| &known[..rows]);
    for row in 0..rows {
        end[row] = end[row].wrapping_add(by[row]);
        let own = end[row].wrapping_add(1) & when_differs(by[row], 0);
        watermark[row] = raised(watermark[row], slowest(own, &known, row));
    }
}

/// Raises leaders' watermarks to the slowest, of the leaders and of the followers that count.
pub fn raise(watermark: &mut [u64], end: &[u64], known: &[&[u64]]) {
    with_each_column!(raise_beside, known, watermark, end)
}

#[inline(never)]
fn raise_beside<const FOLLOWERS: usize>(
    watermark: &mut [u64],
    end: &[u64],
    known: [&[u64]; FOLLOWERS],
) {
    let rows = watermark.len();
    let (end, known) = (&end[..rows], known.map(|known| &known[..rows]));
    for row in 0..rows {
        let own = end[row].wrapping_add(1);
        watermark[row] = raised(watermark[row], slowest(own, &known, row));
    }
}

/// The slowest of one end and these, in a row.
#[inline(always)]
pub(super) fn slowest<const FOLLOWERS: usize>(
    one: u64,
    known: &[&[u64]; FOLLOWERS],
    row: usize,
) -> u64 {
    known
        .iter()
        .fold(one, |slowest, known| least(slowest, known[row]))
}

/// A watermark that has moved to the slowest end, if that is farther: it never falls.
#[inline(always)]
pub(super) fn raised(watermark: u64, slowest: u64) -> u64 {
    most(slowest.wrapping_sub(1), watermark)
}
