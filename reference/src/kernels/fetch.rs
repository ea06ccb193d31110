//! Followers prove, copy and truncate.
//!
//! Kafka: `Partition.fetchRecords` (the answer is read before the proof is noted),
//! `updateFollowerFetchState`, `ReplicaFetcherThread.processPartitionData`,
//! `UnifiedLog.maybeUpdateHighWatermark`, `UnifiedLog.truncateTo`.

use super::bits::{least, most, when_differs};

/// The leader notes what a follower asks for: proof of everything below.  Where it learns something by
/// it, that is an occasion to move its watermark: `slowest` begins with `first_end`, which is the
/// follower's own end if the follower counts, and else the leader's.
#[inline(never)]
pub fn prove(known: &mut [u64], slowest: &mut [u64], end: &[u64], first_end: &[u64]) {
    let ends = end.iter().zip(first_end);
    for ((known, slowest), (end, first_end)) in known.iter_mut().zip(slowest).zip(ends) {
        let proven = end.wrapping_add(1);
        *slowest = first_end.wrapping_add(1) & when_differs(proven, *known);
        *known = proven;
    }
}

/// The follower appends what it was given and takes over the watermark, up to its own end; so it
/// may fall.
#[inline(never)]
pub fn copy(end: &mut [u64], watermark: &mut [u64], answer_end: &[u64], answer_watermark: &[u64]) {
    let answers = answer_end.iter().zip(answer_watermark);
    for ((end, watermark), (answer_end, told)) in end.iter_mut().zip(watermark).zip(answers) {
        *end = most(*end, *answer_end);
        *watermark = least(*told, *end);
    }
}

/// A follower keeps what lies below `keep`.
#[inline(never)]
pub fn truncate(end: &mut [u64], watermark: &mut [u64], keep: &[u64]) {
    for ((end, watermark), keep) in end.iter_mut().zip(watermark).zip(keep) {
        *end = least(*end, *keep);
        *watermark = least(*watermark, *end);
    }
}
