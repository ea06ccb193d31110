//! What happens to many steady partitions at once: kernels, a tile of rows at a time.
//!
//! A sweep is the fold of an event over rows and slots.  `engine/tests.rs` pins that, row by row and
//! at the edges of tiles.

use crate::columns::{Alike, Columns};
use crate::kernels::change::{self, Change, Registrations};
use crate::kernels::{fetch, in_sync, watermark};
use highwater_vocabulary::MOST_BROKERS;
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
    each_run(columns, rows, |columns, run| {
        if run.leader & serving == 0 || !watermark::enough(run.in_sync, admission) {
            return;
        }
        let by = &by[run.rows.start - first..run.rows.end - first];
        let leader = run.leader_slot();
        let followers = columns.places(&run, run.in_sync);
        let end = &mut columns.end[leader][run.rows.clone()];
        if watermark::enough(run.in_sync, min_isr) {
            let watermark = &mut columns.watermark[leader][run.rows.clone()];
            let known = Known::of(&columns.known, followers, &run);
            watermark::append_and_raise(end, watermark, by, known.all());
        } else {
            watermark::append(end, by);
        }
    });
}

/// Every follower fetches once, in the order of the assignment, and is answered.  `can_ask` are, for
/// each slot, the leaders that its broker can fetch from.
pub fn fetch_round(columns: &mut Columns, rows: Range<usize>, can_ask: &[u8], min_isr: u8) {
    each_run(columns, rows, |columns, mut run| {
        for (slot, can_ask) in can_ask.iter().enumerate() {
            let own = 1 << slot;
            if run.leader & can_ask & !own == 0 {
                continue;
            }
            if run.on_previous & own == 0 {
                fetch(columns, &run, slot, min_isr);
            } else {
                run.on_previous &= !own;
                truncate(columns, &run, slot);
            }
        }
    });
}

/// One follower of each row fetches.  Where all logs are prefixes of the leader's, it has afterwards
/// what the leader has; and it is told the watermark from before what it asks for is noted.
fn fetch(columns: &mut Columns, run: &Alike, slot: usize, min_isr: u8) {
    let rows = || run.rows.clone();
    let leader = run.leader_slot();
    let place = 1 << columns.place(slot, leader);
    let in_sync = columns.places(run, run.in_sync);
    let [end, leader_end] = slices(&mut columns.end, [slot, leader], rows());
    let [watermark, leader_watermark] = slices(&mut columns.watermark, [slot, leader], rows());
    watermark.copy_from_slice(leader_watermark);

    let (known, besides) = Known::besides(&mut columns.known, place, in_sync, run);
    if watermark::enough(run.in_sync, min_isr) {
        let first_end: &[u64] = if in_sync & place != 0 {
            end
        } else {
            leader_end
        };
        fetch::prove_and_raise(known, leader_watermark, end, first_end, besides.all());
    } else {
        fetch::prove(known, end);
    }
    end.copy_from_slice(leader_end);
}

/// A follower whose log goes beyond the start of the newest epoch in the one before is told so, and is
/// on the newest epoch's lineage again, as `run` says already.
fn truncate(columns: &mut Columns, run: &Alike, slot: usize) {
    let rows = run.rows.clone();
    let end = &mut columns.end[slot][rows.clone()];
    let watermark = &mut columns.watermark[slot][rows.clone()];
    fetch::truncate(end, watermark, &columns.epoch_start[rows.clone()]);
    columns.on_previous[rows].fill(run.on_previous);
}

/// Leaders move their watermarks, if they may.
pub(crate) fn advance(columns: &mut Columns, run: &Alike, min_isr: u8) {
    if watermark::enough(run.in_sync, min_isr) {
        let leader = run.leader_slot();
        let followers = columns.places(run, run.in_sync);
        watermark::raise(
            &mut columns.watermark[leader][run.rows.clone()],
            &columns.end[leader][run.rows.clone()],
            Known::of(&columns.known, followers, run).all(),
        );
    }
}

/// Rows in which a follower could be proposed for the ISR by the fetches of a round: one outside it,
/// among `eligible`, that holds at least what is committed now, has reached the start of its leader's
/// epoch, and will not have to truncate first.
pub(crate) fn joining(
    columns: &Columns,
    rows: Range<usize>,
    eligible: impl Fn(&Alike) -> u8,
) -> Vec<usize> {
    let mut found = Vec::new();
    for run in tiles(rows).flat_map(|tile| columns.runs(tile)) {
        let candidates = eligible(&run) & !run.in_sync & !run.leader & !run.on_previous;
        if candidates != 0 && run.leader != 0 {
            find_joining(columns, &run, candidates, &mut found);
        }
    }
    found
}

fn find_joining(columns: &Columns, run: &Alike, candidates: u8, found: &mut Vec<usize>) {
    let rows = || run.rows.clone();
    let mut joining = [0u8; TILE];
    let joining = &mut joining[..run.rows.len()];
    let committed = &columns.watermark[run.leader_slot()][rows()];
    let start = &columns.epoch_start[rows()];
    for slot in members(candidates) {
        let mut proven = [0u64; TILE];
        let proven = &mut proven[..run.rows.len()];
        for (proven, end) in proven.iter_mut().zip(&columns.end[slot][rows()]) {
            *proven = end.wrapping_add(1);
        }
        in_sync::join(joining, proven, committed, start, 1 << slot);
    }
    let joining = rows().zip(joining).filter(|(_, joining)| **joining != 0);
    found.extend(joining.map(|(row, _)| row));
}

/// The periodic look at the ISR: who in each is not at the leader's log end, as the leader knows it.
/// Written over `behind`, a byte a row.
pub fn behind(columns: &Columns, rows: Range<usize>, behind: &mut [u8]) {
    let first = rows.start;
    behind.fill(0);
    let runs = tiles(rows).flat_map(|tile| columns.runs(tile));
    for run in runs.filter(|run| run.leader != 0) {
        let behind = &mut behind[run.rows.start - first..run.rows.end - first];
        let end = &columns.end[run.leader_slot()][run.rows.clone()];
        for slot in members(run.in_sync & !run.leader) {
            let place = columns.place(slot, run.leader_slot());
            let known = &columns.known[place][run.rows.clone()];
            // Nearly always nobody is, and a look at all of them is cheaper than one at each.
            if in_sync::any_behind(known, end) {
                in_sync::behind(behind, known, end, 1 << slot);
            }
        }
    }
}

/// What leaders know of some followers in rows that are alike, a column each.
struct Known<'a> {
    columns: [&'a [u64]; MOST_BROKERS],
    many: usize,
}

impl<'a> Known<'a> {
    /// Of those at these places.
    fn of(known: &'a [Vec<u64>], places: u8, run: &Alike) -> Known<'a> {
        let mut some = Known {
            columns: [&[]; MOST_BROKERS],
            many: 0,
        };
        for place in members(places) {
            some.add(&known[place][run.rows.clone()]);
        }
        some
    }

    /// Of the one at `place`, to be changed, and of those at `places` besides.
    fn besides(
        known: &'a mut [Vec<u64>],
        place: u8,
        places: u8,
        run: &Alike,
    ) -> (&'a mut [u64], Known<'a>) {
        let mut one: &mut [u64] = &mut [];
        let mut others = Known::of(&[], 0, run);
        for (at, column) in known.iter_mut().enumerate() {
            let column = &mut column[run.rows.clone()];
            if place >> at & 1 == 1 {
                one = column;
            } else if places >> at & 1 == 1 {
                others.add(column);
            }
        }
        (one, others)
    }

    fn add(&mut self, column: &'a [u64]) {
        self.columns[self.many] = column;
        self.many += 1;
    }

    fn all(&self) -> &[&'a [u64]] {
        &self.columns[..self.many]
    }
}

/// Passes over rows that are alike, a tile at most.
fn each_run(columns: &mut Columns, rows: Range<usize>, mut pass: impl FnMut(&mut Columns, Alike)) {
    for tile in tiles(rows) {
        let mut rest = tile;
        while !rest.is_empty() {
            let run = columns.alike(rest.clone());
            rest.start = run.rows.end;
            pass(columns, run);
        }
    }
}

/// The places in a set.
fn members(set: u8) -> impl Iterator<Item = usize> {
    (0..MOST_BROKERS).filter(move |slot| set >> slot & 1 == 1)
}

/// The same rows of two columns.
fn slices(columns: &mut [Vec<u64>], slots: [usize; 2], rows: Range<usize>) -> [&mut [u64]; 2] {
    columns
        .get_disjoint_mut(slots)
        .expect("a follower is not its leader")
        .map(|column| &mut column[rows.clone()])
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
        let first = tile.start;
        let rows = columns.registrations(tile);
        if all_differ(before, rows.partition_epoch) {
            records.extend((0..before.len()).map(|place| rows.record(first, place)));
        } else {
            let changed =
                (0..before.len()).filter(|place| rows.partition_epoch[*place] != before[*place]);
            records.extend(changed.map(|place| rows.record(first, place)));
        }
    }
}

fn all_differ(before: &[u32], after: &[u32]) -> bool {
    let both = before.iter().zip(after);
    both.fold(true, |all, (before, after)| all & (before != after))
}

impl Registrations<'_> {
    /// What is written down for the row in this place, where the first row is `first`.
    fn record(&self, first: usize, place: usize) -> ChangeRecord {
        ChangeRecord {
            row: (first + place) as u32,
            leader_epoch: self.leader_epoch[place],
            partition_epoch: self.partition_epoch[place],
            leader: self.leader[place],
            in_sync: self.in_sync[place],
            eligible: self.eligible[place],
        }
    }
}
