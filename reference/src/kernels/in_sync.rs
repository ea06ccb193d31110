//! Who may join the ISR, and who might be dropped from it.
//!
//! Kafka: `Partition.needsExpandIsr`, `isFollowerInSync`, `getOutOfSyncReplicas`.

use super::bits::{only, when, wide};

/// Adds the slot to `joining` where it is a candidate and has reached both the watermark and the
/// start of the leader's epoch (KAFKA-7128).
#[inline(never)]
pub fn join(
    joining: &mut [u8],
    candidates: &[u8],
    known: &[u64],
    watermark: &[u64],
    epoch_start: &[u64],
    slot: u32,
) {
    let bit = only(slot);
    let columns = candidates
        .iter()
        .zip(known)
        .zip(watermark.iter().zip(epoch_start));
    for (joining, ((candidates, known), (watermark, epoch_start))) in
        joining.iter_mut().zip(columns)
    {
        let reached = when(*known > *watermark.max(epoch_start));
        *joining |= candidates & reached & bit;
    }
}

/// Adds the slot to `behind` where it is an in-sync follower that its leader has not seen at its
/// own log end.
#[inline(never)]
pub fn behind(
    behind: &mut [u8],
    leader: &[u8],
    in_sync: &[u8],
    known: &[u64],
    leader_end: &[u64],
    slot: u32,
) {
    let bit = only(slot);
    let columns = leader.iter().zip(in_sync).zip(known.iter().zip(leader_end));
    for (behind, ((leader, in_sync), (known, leader_end))) in behind.iter_mut().zip(columns) {
        let lags = when(*known != leader_end.wrapping_add(1));
        *behind |= in_sync & !leader & lags & bit;
    }
}

/// The log end of each row's leader, slot by slot.  Begin with a column of zeros.
#[inline(never)]
pub fn leader_end(ends: &mut [u64], leader: &[u8], end: &[u64], slot: u32) {
    for ((ends, leader), end) in ends.iter_mut().zip(leader).zip(end) {
        *ends |= end & wide(*leader, slot);
    }
}
