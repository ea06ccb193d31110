//! Followers ask, prove, copy and truncate.
//!
//! Kafka: `Partition.fetchRecords` (the answer is read before the proof is noted),
//! `updateFollowerFetchState`, `ReplicaFetcherThread.processPartitionData`,
//! `UnifiedLog.maybeUpdateHighWatermark`, `UnifiedLog.truncateTo`.

use super::bits::wide;

/// The answer's end and watermark: those of each row's leader, added up slot by slot.  Begin with
/// columns of zeros.
pub fn read_leader(
    answer_end: &mut [u64],
    answer_watermark: &mut [u64],
    leader: &[u8],
    end: &[u64],
    watermark: &[u64],
    slot: u32,
) {
    let answers = answer_end.iter_mut().zip(answer_watermark);
    let columns = leader.iter().zip(end.iter().zip(watermark));
    for ((answer_end, answer_watermark), (leader, (end, watermark))) in answers.zip(columns) {
        let own = wide(*leader, slot);
        *answer_end |= end & own;
        *answer_watermark |= watermark & own;
    }
}

/// The leader notes what a follower asks for: proof of everything below.
pub fn prove(known: &mut [u64], asking: &[u8], end: &[u64], slot: u32) {
    for ((known, asking), end) in known.iter_mut().zip(asking).zip(end) {
        let asks = wide(*asking, slot);
        *known = (asks & end.wrapping_add(1)) | (!asks & *known);
    }
}

/// The follower appends what it was given and takes over the watermark, up to its own end; so it
/// may fall.
pub fn copy(
    end: &mut [u64],
    watermark: &mut [u64],
    asking: &[u8],
    answer_end: &[u64],
    answer_watermark: &[u64],
    slot: u32,
) {
    let own = end.iter_mut().zip(watermark);
    let columns = asking.iter().zip(answer_end.iter().zip(answer_watermark));
    for ((end, watermark), (asking, (answer_end, answer_watermark))) in own.zip(columns) {
        let asks = wide(*asking, slot);
        *end = (*end).max(answer_end & asks);
        let told = *answer_watermark.min(end);
        *watermark = (asks & told) | (!asks & *watermark);
    }
}

/// A follower keeps what lies below `keep`, where it is `diverged`.
pub fn truncate(end: &mut [u64], watermark: &mut [u64], diverged: &[u8], keep: &[u64], slot: u32) {
    let own = end.iter_mut().zip(watermark);
    for ((end, watermark), (diverged, keep)) in own.zip(diverged.iter().zip(keep)) {
        let kept = keep | !wide(*diverged, slot);
        *end = (*end).min(kept);
        *watermark = (*watermark).min(*end);
    }
}
