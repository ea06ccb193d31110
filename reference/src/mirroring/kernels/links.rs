//! What links do, over columns: whole logs with their offsets, a value a row.

use super::{TILE, below, pick};

/// Producers append so many records to each source; each link copies all that it has not copied.  What was
/// copied ends where its source ends, unless it has more: then there is nothing to fetch.
///
/// # Panics
/// If not all columns are as long as `produced`.
pub fn link_tick(produced: &[u64], source_end: &mut [u64], target_end: &mut [u64]) {
    for start in (0..produced.len()).step_by(TILE) {
        let tile = start..(start + TILE).min(produced.len());
        let source_end = &mut source_end[tile.clone()];
        append(source_end, &produced[tile.clone()]);
        fetch(&mut target_end[tile], source_end);
    }
}

#[inline(never)]
fn append(source_end: &mut [u64], produced: &[u64]) {
    for (end, produced) in source_end.iter_mut().zip(produced) {
        *end = end.wrapping_add(*produced);
    }
}

#[inline(never)]
fn fetch(target_end: &mut [u64], source_end: &[u64]) {
    for (target, source) in target_end.iter_mut().zip(source_end) {
        *target = pick(below(*target, *source), *source, *target);
    }
}
