//! What mirrors do, over columns: free functions over slices, a value a row.
//!
//! Where there may be nothing, a column holds what there is plus one, and 0 for nothing.

pub mod links;

/// A step of copying in which nothing but numbers changes: the last pair is the one before the next.
pub const LIVED: u8 = 1;
/// The last pair that was copied is due to be sent as an offset sync.
pub const PENDING: u8 = 2;

/// So many rows are worked on together, so that what one loop leaves is in the nearest cache for the next.
pub const TILE: usize = 256;

/// The columns of one task.
#[derive(Debug)]
pub struct Ticking<'c> {
    /// The end of the log that is copied.
    pub source_end: &'c mut [u64],
    /// The next offset that is copied.
    pub position: &'c mut [u64],
    /// The end of the log that is copied to.
    pub target_end: &'c mut [u64],
    /// One past the last offset that is stored as copied.
    pub stored: &'c mut [u64],
    /// One past the target's offset of the last pair that fell due.
    pub last_due: &'c mut [u64],
    /// [`LIVED`] and [`PENDING`].
    pub life: &'c mut [u8],
}

/// Producers append so many records to each source; each task copies all that it has not copied, stores
/// its position, and has its last pair to send.
///
/// # Panics
/// If not all columns are as long as `produced`.
pub fn mirror_tick(produced: &[u64], ticking: Ticking<'_>, lag_max: u64) {
    let Ticking {
        source_end,
        position,
        target_end,
        stored,
        last_due,
        life,
    } = ticking;
    // Sums of two of them have to stay below 2^63.
    let lag_max = lag_max.min(u64::MAX >> 2);
    let mut copied = [0; TILE];
    for start in (0..produced.len()).step_by(TILE) {
        let tile = start..(start + TILE).min(produced.len());
        let copied = &mut copied[..tile.len()];
        let source_end = &mut source_end[tile.clone()];
        let target_end = &mut target_end[tile.clone()];
        let most = produce(
            source_end,
            &produced[tile.clone()],
            &position[tile.clone()],
            copied,
        );
        let last_due = &mut last_due[tile.clone()];
        if most <= lag_max + 1 {
            fall_due_once(last_due, target_end, copied, lag_max);
        } else {
            fall_due(last_due, target_end, copied, lag_max);
        }
        live(&mut life[tile.clone()], copied);
        let (position, stored) = (&mut position[tile.clone()], &mut stored[tile]);
        advance(source_end, position, stored, target_end, copied);
    }
}

/// Appends, and says how much there is to copy in each row, and at least how much in the one that has most.
#[inline(never)]
fn produce(source_end: &mut [u64], produced: &[u64], position: &[u64], copied: &mut [u64]) -> u64 {
    let mut most = 0;
    let rows = source_end
        .iter_mut()
        .zip(produced)
        .zip(position)
        .zip(copied);
    for (((end, produced), position), copied) in rows {
        *end = end.wrapping_add(*produced);
        // Past the end there is nothing to read, and nothing happens.
        *copied = end.wrapping_sub(*position) & !below(*end, *position);
        most |= *copied;
    }
    most
}

/// The last pair that falls due, in rows in which that is at most one after the first of a life.
#[inline(never)]
fn fall_due_once(last_due: &mut [u64], target_end: &[u64], copied: &[u64], lag_max: u64) {
    let rows = last_due.iter_mut().zip(target_end).zip(copied);
    for ((last_due, target_end), copied) in rows {
        let is_first = below(*last_due, 1) & below(0, *copied);
        let base = last_due.wrapping_add(target_end.wrapping_add(1) & is_first);
        let due = base.wrapping_add(lag_max);
        let is_due = below(due, target_end.wrapping_add(*copied)) & below(0, *copied);
        *last_due = pick(is_due, due.wrapping_add(1), base);
    }
}

/// The same where there may be many.
fn fall_due(last_due: &mut [u64], target_end: &[u64], copied: &[u64], lag_max: u64) {
    let rows = last_due.iter_mut().zip(target_end).zip(copied);
    for ((last_due, target_end), copied) in rows.filter(|(_, copied)| **copied > 0) {
        if *last_due == 0 {
            *last_due = target_end + 1;
        }
        let due = *last_due + lag_max;
        if let Some(beyond) = (target_end + copied).checked_sub(due + 1) {
            let step = lag_max + 1;
            *last_due = due + 1 + beyond / step * step;
        }
    }
}

#[inline(never)]
fn live(life: &mut [u8], copied: &[u64]) {
    for (life, copied) in life.iter_mut().zip(copied) {
        *life |= (below(0, *copied) as u8) & (LIVED | PENDING);
    }
}

#[inline(never)]
fn advance(
    source_end: &[u64],
    position: &mut [u64],
    stored: &mut [u64],
    target_end: &mut [u64],
    copied: &[u64],
) {
    let places = position.iter_mut().zip(stored.iter_mut());
    let rows = places.zip(target_end).zip(source_end).zip(copied);
    for ((((position, stored), target_end), source_end), copied) in rows {
        let has_copied = below(0, *copied);
        *stored = pick(has_copied, *source_end, *stored);
        *position = pick(has_copied, *source_end, *position);
        *target_end = target_end.wrapping_add(*copied);
    }
}

/// What each committed offset is at the target, counted from one sync of each row: the target's offset of
/// the sync, and one more if the committed one is past it; or, `by_delta`, as many more as it is past it.
/// Nothing, where nothing is committed or there is no sync, or the sync is after what is committed.
///
/// All columns but `downstream_of_sync` hold what there is plus one.
pub fn offset_translate(
    downstream: &mut [u64],
    committed: &[u64],
    upstream_of_sync: &[u64],
    downstream_of_sync: &[u64],
    by_delta: bool,
) {
    // The most that is added for being past the sync.
    let most = if by_delta { u64::MAX >> 2 } else { 1 };
    let sync = upstream_of_sync.iter().zip(downstream_of_sync);
    for ((downstream, committed), (upstream, known)) in
        downstream.iter_mut().zip(committed).zip(sync)
    {
        let past = committed.wrapping_sub(*upstream);
        let is_known = !below(*committed, *upstream) & below(0, *upstream);
        let step = pick(below(most, past), most, past);
        *downstream = known.wrapping_add(1).wrapping_add(step) & is_known;
    }
}

/// All bits, if `one` is the lesser of two numbers below 2^63.
#[inline(always)]
fn below(one: u64, other: u64) -> u64 {
    (one.wrapping_sub(other) >> 63).wrapping_neg()
}

/// `yes` where the mask is set, `no` elsewhere.
#[inline(always)]
fn pick(mask: u64, yes: u64, no: u64) -> u64 {
    (mask & yes) | (!mask & no)
}
