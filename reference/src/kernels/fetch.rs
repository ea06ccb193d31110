//! Followers ask, prove, copy and truncate.
//!
//! Kafka: `Partition.fetchRecords` (the answer is read before the proof is noted),
//! `updateFollowerFetchState`, `ReplicaFetcherThread.processPartitionData`,
//! `UnifiedLog.maybeUpdateHighWatermark`, `UnifiedLog.truncateTo`.

use super::bits::{least, most, only, when, wide};

/// The answer's end and watermark: those of each row's leader, added up slot by slot.  Begin with
/// columns of zeros.
#[inline(never)]
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

/// Which rows' followers in this slot ask their leader, and which of them will be told to truncate
/// instead: those whose log goes beyond the start of the newest epoch in the one before.
/// `can_ask` are the leaders that this slot's broker can fetch from.
#[inline(never)]
pub fn ask(
    asking: &mut [u8],
    diverged: &mut [u8],
    leader: &[u8],
    on_previous: &[u8],
    can_ask: u8,
    slot: u32,
) {
    let bit = only(slot);
    let out = asking.iter_mut().zip(diverged);
    for ((asking, diverged), (leader, on_previous)) in out.zip(leader.iter().zip(on_previous)) {
        let asks = when(leader & can_ask != 0) & bit;
        *asking = asks & !on_previous;
        *diverged = asks & on_previous;
    }
}

/// The leader notes what a follower asks for: proof of everything below.  All bits of `moved` are
/// set where it learns something by it.
#[inline(never)]
pub fn prove(known: &mut [u64], moved: &mut [u8], asking: &[u8], end: &[u64], slot: u32) {
    let out = known.iter_mut().zip(moved);
    for ((known, moved), (asking, end)) in out.zip(asking.iter().zip(end)) {
        let asks = wide(*asking, slot);
        let proven = (asks & end.wrapping_add(1)) | (!asks & *known);
        *moved = when(proven != *known);
        *known = proven;
    }
}

/// The follower appends what it was given and takes over the watermark, up to its own end; so it
/// may fall.
#[inline(never)]
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
        *end = most(*end, answer_end & asks);
        let told = least(*answer_watermark, *end);
        *watermark = (asks & told) | (!asks & *watermark);
    }
}

/// A follower keeps what lies below `keep`, where it is `diverged`.
#[inline(never)]
pub fn truncate(end: &mut [u64], watermark: &mut [u64], diverged: &[u8], keep: &[u64], slot: u32) {
    let own = end.iter_mut().zip(watermark);
    for ((end, watermark), (diverged, keep)) in own.zip(diverged.iter().zip(keep)) {
        let cut = wide(*diverged, slot);
        *end = (cut & least(*end, *keep)) | (!cut & *end);
        *watermark = least(*watermark, *end);
    }
}

/// Whoever has truncated is on the newest epoch's lineage again.
#[inline(never)]
pub fn rejoin(on_previous: &mut [u8], diverged: &[u8]) {
    for (on_previous, diverged) in on_previous.iter_mut().zip(diverged) {
        *on_previous &= !diverged;
    }
}
