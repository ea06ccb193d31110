//! Who may join the ISR, and who might be dropped from it.
//!
//! Kafka: `Partition.needsExpandIsr`, `isFollowerInSync`, `getOutOfSyncReplicas`.

use super::bits::when;

/// Adds `follower`, a set of one, to `joining` where what the leader knows of it has reached both the
/// watermark and the start of the leader's epoch (KAFKA-7128).
#[inline(never)]
pub fn join(
    joining: &mut [u8],
    known: &[u64],
    watermark: &[u64],
    epoch_start: &[u64],
    follower: u8,
) {
    let columns = known.iter().zip(watermark.iter().zip(epoch_start));
    for (joining, (known, (watermark, epoch_start))) in joining.iter_mut().zip(columns) {
        *joining |= follower & when(known > watermark.max(epoch_start));
    }
}

/// Whether the leader has not seen this follower at its own log end, in any row.
#[inline(never)]
pub fn any_behind(known: &[u64], leader_end: &[u64]) -> bool {
    let differences = known.iter().zip(leader_end);
    let differences = differences.map(|(known, end)| known ^ end.wrapping_add(1));
    differences.fold(0, |any, difference| any | difference) != 0
}

/// Adds `follower`, a set of one, to `behind` where its leader has not seen it at its own log end.
#[inline(never)]
pub fn behind(behind: &mut [u8], known: &[u64], leader_end: &[u64], follower: u8) {
    for (behind, (known, end)) in behind.iter_mut().zip(known.iter().zip(leader_end)) {
        *behind |= follower & when(*known != end.wrapping_add(1));
    }
}
