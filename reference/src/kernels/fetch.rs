//! Followers prove, copy and truncate.
//!
//! Kafka: `Partition.fetchRecords` (the answer is read before the proof is noted),
//! `updateFollowerFetchState`, `ReplicaFetcherThread.processPartitionData`,
//! `UnifiedLog.maybeUpdateHighWatermark`, `UnifiedLog.truncateTo`.

use super::bits::{least, most, when_differs};
use super::watermark::{raised, slowest, with_each_column};

/// Leaders note what a follower asks for: proof of everything below.
#[inline(never)]
pub fn prove(known: &mut [u64], end: &[u64]) {
    for (known, end) in known.iter_mut().zip(end) {
        *known = end.wrapping_add(1);
    }
}

/// The same where watermarks may move.  Where a leader learns something by it, that is an occasion to do
/// so: as far as those who count have got.  `first_end` is the follower's own end if it counts, and
/// else the leader's; `besides` is what is known of the others that count.
pub fn prove_and_raise(
    known: &mut [u64],
    watermark: &mut [u64],
    end: &[u64],
    first_end: &[u64],
    besides: &[&[u64]],
) {
    with_each_column!(prove_beside, besides, known, watermark, end, first_end)
}

#[inline(never)]
fn prove_beside<const OTHERS: usize>(
    known: &mut [u64],
    watermark: &mut [u64],
    end: &[u64],
    first_end: &[u64],
    besides: [&[u64]; OTHERS],
) {
    let rows = known.len();
    let (watermark, end) = (&mut watermark[..rows], &end[..rows]);
    let (first_end, besides) = (&first_end[..rows], besides.map(|known| &known[..rows]));
    for row in 0..rows {
        let proven = end[row].wrapping_add(1);
        let first = first_end[row].wrapping_add(1) & when_differs(proven, known[row]);
        known[row] = proven;
        watermark[row] = raised(watermark[row], slowest(first, &besides, row));
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
