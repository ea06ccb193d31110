//! A replica takes office after another one, and what that makes of the logs.
//!
//! Kafka: `Partition.makeLeader`, `LeaderEpochFileCache.assign`.

use super::bits::sign;

/// Whether both the former leader and its successor hold records of the former epoch, in every row:
/// then the new epoch begins where the successor's log ends, and whoever has more of the old one will
/// truncate to there.
#[inline(never)]
pub fn have_written(former_end: &[u64], elected_end: &[u64], former_start: &[u64]) -> bool {
    let ends = former_end.iter().zip(elected_end);
    let holds = ends.zip(former_start).map(|((former, elected), start)| {
        sign(start.wrapping_sub(*former)) & sign(start.wrapping_sub(*elected))
    });
    holds.fold(u64::MAX, |all, holds| all & holds) != 0
}

/// Adds `replica`, a set of one, to `on_previous` where its log goes beyond the start of the new
/// epoch.
#[inline(never)]
pub fn reach_beyond(on_previous: &mut [u8], end: &[u64], epoch_start: &[u64], replica: u8) {
    for (on_previous, (end, start)) in on_previous.iter_mut().zip(end.iter().zip(epoch_start)) {
        *on_previous |= replica & sign(start.wrapping_sub(*end)) as u8;
    }
}
