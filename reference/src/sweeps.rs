//! What happens to many steady partitions at once: kernels, a tile of rows at a time.
//!
//! A sweep is the fold of an event over rows and slots.  `engine/tests.rs` pins that, row by row and
//! at the edges of tiles.

use crate::columns::Columns;
use crate::kernels::change::{self, Change};
use crate::kernels::{fetch, in_sync, watermark};
use std::ops::Range;

/// So many rows are worked on together, so that what a sweep keeps between kernels stays in the
/// nearest cache.
pub const TILE: usize = 256;

/// The tiles of `rows`, the last perhaps shorter.
pub fn tiles(rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    rows.clone()
        .step_by(TILE)
        .map(move |start| start..(start + TILE).min(rows.end))
}

/// Every leader that serves appends so many records, and moves its watermark if it may.  `serving`
/// are the slots whose brokers do; nothing is appended where the ISR is smaller than `admission`,
/// and watermarks stand still where it is smaller than `min_isr`.
pub fn append(
    columns: &mut Columns,
    rows: Range<usize>,
    by: &[u64],
    serving: u8,
    admission: u8,
    min_isr: u8,
) {
    let first = rows.start;
    for tile in tiles(rows) {
        let mut leading = [0u8; TILE];
        let leading = &mut leading[..tile.len()];
        let leader = &columns.leader[tile.clone()];
        watermark::admit(
            leading,
            leader,
            &columns.in_sync[tile.clone()],
            serving,
            admission,
        );
        let by = &by[tile.start - first..tile.end - first];
        for slot in 0..columns.slots() {
            let end = &mut columns.end[slot][tile.clone()];
            watermark::append(end, leading, by, slot as u32);
        }
        advance(columns, tile, leading, min_isr);
    }
}

/// Every follower fetches once, in the order of the assignment, and is answered.  `can_ask` are, for
/// each slot, the leaders that its broker can fetch from.
pub fn fetch_round(columns: &mut Columns, rows: Range<usize>, can_ask: &[u8], min_isr: u8) {
    for tile in tiles(rows) {
        for (slot, can_ask) in can_ask.iter().enumerate() {
            fetch_once(columns, tile.clone(), slot, can_ask & !(1 << slot), min_isr);
        }
    }
}

fn fetch_once(columns: &mut Columns, tile: Range<usize>, slot: usize, can_ask: u8, min_isr: u8) {
    let (mut asking, mut diverged, mut moved) = ([0u8; TILE], [0u8; TILE], [0u8; TILE]);
    let (mut end, mut told) = ([0u64; TILE], [0u64; TILE]);
    let length = tile.len();
    let (asking, diverged) = (&mut asking[..length], &mut diverged[..length]);
    let (moved, end, told) = (
        &mut moved[..length],
        &mut end[..length],
        &mut told[..length],
    );
    let bit = slot as u32;
    let leader = &columns.leader[tile.clone()];
    let on_previous = &columns.on_previous[tile.clone()];
    fetch::ask(asking, diverged, leader, on_previous, can_ask, bit);
    for other in 0..columns.slots() {
        fetch::read_leader(
            end,
            told,
            leader,
            &columns.end[other][tile.clone()],
            &columns.watermark[other][tile.clone()],
            other as u32,
        );
    }
    let known = &mut columns.known[slot][tile.clone()];
    fetch::prove(known, moved, asking, &columns.end[slot][tile.clone()], bit);
    for (moved, leader) in moved.iter_mut().zip(leader) {
        *moved &= leader;
    }
    advance(columns, tile.clone(), moved, min_isr);

    let own_end = &mut columns.end[slot][tile.clone()];
    let own_watermark = &mut columns.watermark[slot][tile.clone()];
    fetch::copy(own_end, own_watermark, asking, end, told, bit);
    let keep = &columns.epoch_start[tile.clone()];
    fetch::truncate(own_end, own_watermark, diverged, keep, bit);
    for (on_previous, diverged) in columns.on_previous[tile].iter_mut().zip(diverged) {
        *on_previous &= !*diverged;
    }
}

/// Moves the watermark of the leaders in `leading`, rows of a tile, if it may.
pub(crate) fn advance(columns: &mut Columns, tile: Range<usize>, leading: &[u8], min_isr: u8) {
    let mut slowest = [watermark::NOBODY; TILE];
    let slowest = &mut slowest[..tile.len()];
    for slot in 0..columns.slots() {
        watermark::slowest_in_sync(
            slowest,
            &columns.leader[tile.clone()],
            &columns.in_sync[tile.clone()],
            &columns.end[slot][tile.clone()],
            &columns.known[slot][tile.clone()],
            slot as u32,
        );
    }
    for slot in 0..columns.slots() {
        watermark::raise(
            &mut columns.watermark[slot][tile.clone()],
            leading,
            &columns.in_sync[tile.clone()],
            slowest,
            min_isr,
            slot as u32,
        );
    }
}

/// Which followers could be proposed for the ISR by the fetches of a round: those outside it, among
/// `eligible`, that hold at least what is committed now and their leader's epoch has reached.
/// Written over `joining`, a byte a row.
pub fn joining(columns: &Columns, rows: Range<usize>, eligible: u8, joining: &mut [u8]) {
    let first = rows.start;
    for tile in tiles(rows) {
        let joining = &mut joining[tile.start - first..tile.end - first];
        let (mut candidates, mut committed) = ([0u8; TILE], [0u64; TILE]);
        let (mut end, mut proven) = ([0u64; TILE], [0u64; TILE]);
        let length = tile.len();
        let (candidates, committed) = (&mut candidates[..length], &mut committed[..length]);
        let (end, proven) = (&mut end[..length], &mut proven[..length]);
        let leader = &columns.leader[tile.clone()];
        let sets = leader.iter().zip(&columns.in_sync[tile.clone()]);
        for (candidates, (leader, in_sync)) in candidates.iter_mut().zip(sets) {
            *candidates = eligible & !in_sync & !leader;
        }
        joining.fill(0);
        for slot in 0..columns.slots() {
            let own = &columns.end[slot][tile.clone()];
            let watermark = &columns.watermark[slot][tile.clone()];
            fetch::read_leader(end, committed, leader, own, watermark, slot as u32);
        }
        for slot in 0..columns.slots() {
            let own = &columns.end[slot][tile.clone()];
            for (proven, own) in proven.iter_mut().zip(own) {
                *proven = own.wrapping_add(1);
            }
            let start = &columns.epoch_start[tile.clone()];
            in_sync::join(joining, candidates, proven, committed, start, slot as u32);
        }
    }
}

/// The periodic look at the ISR: who in each is not at the leader's log end, as the leader knows it.
/// Written over `behind`, a byte a row.
pub fn behind(columns: &Columns, rows: Range<usize>, behind: &mut [u8]) {
    let first = rows.start;
    for tile in tiles(rows) {
        let behind = &mut behind[tile.start - first..tile.end - first];
        let mut end = [0u64; TILE];
        let end = &mut end[..tile.len()];
        let leader = &columns.leader[tile.clone()];
        behind.fill(0);
        for slot in 0..columns.slots() {
            in_sync::leader_end(end, leader, &columns.end[slot][tile.clone()], slot as u32);
        }
        for slot in 0..columns.slots() {
            let in_sync = &columns.in_sync[tile.clone()];
            let known = &columns.known[slot][tile.clone()];
            in_sync::behind(behind, leader, in_sync, known, end, slot as u32);
        }
    }
}

/// The controller fences a broker: `change` says who leaves.
pub fn fence(columns: &mut Columns, rows: Range<usize>, change: &Change) {
    let whose = change.removed;
    change::remove_members(&mut columns.registrations(rows), change, whose);
}

/// What the controller writes down for one partition: `PartitionChangeRecord`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChangeRecord {
    /// Which.
    pub row: u32,
    /// The leader epoch after it.
    pub leader_epoch: u32,
    /// The partition epoch after it.
    pub partition_epoch: u32,
    /// The leader, as a set of one or none.
    pub leader: u8,
    /// The in-sync replicas.
    pub in_sync: u8,
    /// The eligible leader replicas.
    pub eligible: u8,
}

/// As [`fence`], and writes down every change.
pub fn fence_and_emit(
    columns: &mut Columns,
    rows: Range<usize>,
    change: &Change,
    records: &mut Vec<ChangeRecord>,
) {
    for tile in tiles(rows) {
        let mut before = [0u32; TILE];
        let before = &mut before[..tile.len()];
        before.copy_from_slice(&columns.partition_epoch[tile.clone()]);
        fence(columns, tile.clone(), change);
        for (row, before) in tile.zip(before) {
            if columns.partition_epoch[row] != *before {
                records.push(ChangeRecord {
                    row: row as u32,
                    leader_epoch: columns.leader_epoch[row],
                    partition_epoch: columns.partition_epoch[row],
                    leader: columns.leader[row],
                    in_sync: columns.in_sync[row],
                    eligible: columns.eligible[row],
                });
            }
        }
    }
}
