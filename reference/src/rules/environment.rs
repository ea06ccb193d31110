//! Disks: what a stop leaves, what a loss of power takes, what a start finds.

use crate::row::Row;
use crate::spans;

/// The process ends; the disk stays.
pub(crate) fn halt(row: &mut Row, broker: usize) {
    row.forget(broker);
}

/// The last records of the log are gone.  A checkpoint beyond the end is clipped when it is read.
///
/// Kafka: `LogLoader.load` recovers what is there; nothing is flushed before it is acknowledged.
pub(crate) fn lose_suffix(row: &mut Row, broker: usize, lost: u64) {
    let disk = &mut row.disks[broker];
    if lost == 0 {
        return;
    }
    disk.end = disk.end.saturating_sub(lost);
    disk.watermark = disk.watermark.min(disk.end);
    disk.losses += 1;
    spans::truncate(&mut disk.spans, disk.end);
}

/// The disk is empty.
pub(crate) fn wipe(row: &mut Row, broker: usize) {
    let end = row.disks[broker].end;
    lose_suffix(row, broker, end);
}

/// The process starts and loads its log.
///
/// Kafka: `LogLoader.load` forgets epochs noted at or beyond the end; `Partition.createLog` takes
/// the watermark from the checkpoint.
pub(crate) fn start(row: &mut Row, broker: usize, watermark: Option<u64>) {
    let disk = &mut row.disks[broker];
    spans::truncate(&mut disk.spans, disk.end);
    disk.watermark = watermark.unwrap_or(disk.watermark).min(disk.end);
}
