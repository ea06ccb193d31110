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
        let in_sync = &columns.in_sync[tile.clone()];
        watermark::enough(leading, leader, in_sync, serving, admission);
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
        let mut scratch = Scratch::default();
        scratch.read_leaders(columns, tile.clone(), min_isr);
        for (slot, can_ask) in can_ask.iter().enumerate() {
            scratch.fetch(columns, tile.clone(), slot, can_ask & !(1 << slot));
        }
        scratch.write_leaders(columns, tile);
    }
}

/// What a round of fetches keeps of a tile: of each leader its log end, its watermark as it moves,
/// and whether it may move at all.
struct Scratch {
    end: [u64; TILE],
    watermark: [u64; TILE],
    slowest: [u64; TILE],
    enough: [u8; TILE],
    asking: [u8; TILE],
    diverged: [u8; TILE],
    moved: [u8; TILE],
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch {
            end: [0; TILE],
            watermark: [0; TILE],
            slowest: [0; TILE],
            enough: [0; TILE],
            asking: [0; TILE],
            diverged: [0; TILE],
            moved: [0; TILE],
        }
    }
}

impl Scratch {
    fn read_leaders(&mut self, columns: &Columns, tile: Range<usize>, min_isr: u8) {
        let length = tile.len();
        let leader = &columns.leader[tile.clone()];
        let in_sync = &columns.in_sync[tile.clone()];
        let enough = &mut self.enough[..length];
        watermark::enough(enough, leader, in_sync, u8::MAX, min_isr);
        for slot in 0..columns.slots() {
            fetch::read_leader(
                &mut self.end[..length],
                &mut self.watermark[..length],
                leader,
                &columns.end[slot][tile.clone()],
                &columns.watermark[slot][tile.clone()],
                slot as u32,
            );
        }
    }

    /// One follower of each row: what it asks for is noted, it takes its answer, and the leader's
    /// watermark moves.  The answer carries the watermark from before.
    fn fetch(&mut self, columns: &mut Columns, tile: Range<usize>, slot: usize, can_ask: u8) {
        let length = tile.len();
        let bit = slot as u32;
        let (asking, diverged) = (&mut self.asking[..length], &mut self.diverged[..length]);
        let (moved, watermark) = (&mut self.moved[..length], &mut self.watermark[..length]);
        let leader = &columns.leader[tile.clone()];
        let on_previous = &mut columns.on_previous[tile.clone()];
        fetch::ask(asking, diverged, leader, on_previous, can_ask, bit);
        let known = &mut columns.known[slot][tile.clone()];
        let end = &mut columns.end[slot][tile.clone()];
        fetch::prove(known, moved, asking, end, bit);
        let own = &mut columns.watermark[slot][tile.clone()];
        fetch::copy(end, own, asking, &self.end[..length], watermark, bit);
        let keep = &columns.epoch_start[tile.clone()];
        fetch::truncate(end, own, diverged, keep, bit);
        fetch::rejoin(on_previous, diverged);

        watermark::meets(moved, &self.enough[..length]);
        let slowest = &mut self.slowest[..length];
        slowest_of(columns, tile, slowest);
        watermark::raise_gathered(watermark, moved, slowest);
    }

    fn write_leaders(&self, columns: &mut Columns, tile: Range<usize>) {
        let told = &self.watermark[..tile.len()];
        for slot in 0..columns.slots() {
            let leader = &columns.leader[tile.clone()];
            let own = &mut columns.watermark[slot][tile.clone()];
            watermark::scatter(own, leader, told, slot as u32);
        }
    }
}

fn slowest_of(columns: &Columns, tile: Range<usize>, slowest: &mut [u64]) {
    slowest.fill(watermark::NOBODY);
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
}

/// Moves the watermark of the leaders in `leading`, rows of a tile, if it may.
pub(crate) fn advance(columns: &mut Columns, tile: Range<usize>, leading: &[u8], min_isr: u8) {
    let (mut slowest, mut raising) = ([0u64; TILE], [0u8; TILE]);
    let (slowest, raising) = (&mut slowest[..tile.len()], &mut raising[..tile.len()]);
    slowest_of(columns, tile.clone(), slowest);
    let in_sync = &columns.in_sync[tile.clone()];
    watermark::enough(raising, leading, in_sync, u8::MAX, min_isr);
    for slot in 0..columns.slots() {
        let own = &mut columns.watermark[slot][tile.clone()];
        watermark::raise(own, raising, slowest, slot as u32);
    }
}

/// Which followers could be proposed for the ISR by the fetches of a round: those outside it, among
/// `eligible`, that hold at least what is committed now, have reached the start of their leader's
/// epoch, and will not have to truncate first.
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
        let sets = columns.in_sync[tile.clone()]
            .iter()
            .zip(&columns.on_previous[tile.clone()]);
        for ((candidates, leader), (in_sync, on_previous)) in
            candidates.iter_mut().zip(leader).zip(sets)
        {
            *candidates = eligible & !in_sync & !leader & !on_previous;
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
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
