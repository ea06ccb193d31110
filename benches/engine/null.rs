//! Null passes: the same columns, the same tiles, the same reads and writes, and no logic.

use highwater_reference::Columns;
use highwater_reference::mirroring::Columns as Mirrored;
use highwater_reference::sweeps::{ChangeRecord, tiles};
use std::hint::black_box;
use std::ops::Range;

#[inline(never)]
fn write_words(words: &mut [u64]) {
    for word in words {
        *word = word.wrapping_add(1);
    }
}

#[inline(never)]
fn write_epochs(epochs: &mut [u32]) {
    for epoch in epochs {
        *epoch = epoch.wrapping_add(1);
    }
}

#[inline(never)]
fn write_sets(sets: &mut [u8]) {
    for set in sets {
        *set ^= 1;
    }
}

#[inline(never)]
fn read_words(words: &[u64]) {
    black_box(words.iter().fold(0, |all, word| all ^ word));
}

#[inline(never)]
fn read_sets(sets: &[u8]) {
    black_box(sets.iter().fold(0, |all, set| all ^ set));
}

#[inline(never)]
fn read_numbers(numbers: &[u16]) {
    black_box(numbers.iter().fold(0, |all, number| all ^ number));
}

fn registrations(columns: &mut Columns, tile: Range<usize>) {
    write_sets(&mut columns.leader[tile.clone()]);
    write_sets(&mut columns.in_sync[tile.clone()]);
    write_sets(&mut columns.eligible[tile.clone()]);
    write_sets(&mut columns.last_known[tile.clone()]);
    write_epochs(&mut columns.leader_epoch[tile.clone()]);
    write_epochs(&mut columns.partition_epoch[tile]);
}

/// What a fencing touches.
pub(crate) fn fence(columns: &mut Columns, rows: Range<usize>) {
    for tile in tiles(rows) {
        registrations(columns, tile);
    }
}

/// The same, and further columns of which each row reads a number.
pub(crate) fn fence_by(columns: &mut Columns, rows: Range<usize>, numbers: &[&[u16]]) {
    for tile in tiles(rows) {
        for numbers in numbers {
            read_numbers(&numbers[tile.clone()]);
        }
        registrations(columns, tile);
    }
}

/// The same as [`fence`], and a record of each row.
pub(crate) fn fence_and_emit(
    columns: &mut Columns,
    rows: Range<usize>,
    records: &mut Vec<ChangeRecord>,
) {
    let record = ChangeRecord::default();
    for tile in tiles(rows) {
        registrations(columns, tile.clone());
        records.resize(records.len() + tile.len(), record);
    }
}

/// What an append touches: the sets, the numbers appended, the leader's end and watermark, and what it
/// knows of each follower.
pub(crate) fn append(columns: &mut Columns, by: &[u64]) {
    for tile in tiles(0..by.len()) {
        read_sets(&columns.leader[tile.clone()]);
        read_sets(&columns.in_sync[tile.clone()]);
        read_words(&by[tile.clone()]);
        write_words(&mut columns.end[0][tile.clone()]);
        for known in &columns.known {
            read_words(&known[tile.clone()]);
        }
        write_words(&mut columns.watermark[0][tile]);
    }
}

/// What a round of fetches touches: the sets, the leader's end and watermark, and of each follower
/// its end, its watermark, and what is known of it.
pub(crate) fn fetch_round(columns: &mut Columns, rows: Range<usize>) {
    for tile in tiles(rows) {
        read_sets(&columns.leader[tile.clone()]);
        read_sets(&columns.in_sync[tile.clone()]);
        read_sets(&columns.on_previous[tile.clone()]);
        read_words(&columns.end[0][tile.clone()]);
        for slot in 1..columns.slots() {
            write_words(&mut columns.end[slot][tile.clone()]);
            write_words(&mut columns.watermark[slot][tile.clone()]);
        }
        for known in &mut columns.known {
            write_words(&mut known[tile.clone()]);
        }
        write_words(&mut columns.watermark[0][tile]);
    }
}

/// What the look at the ISR touches: the sets, the leader's end, what it knows of each follower, and
/// what comes out.
pub(crate) fn behind(columns: &Columns, behind: &mut [u8]) {
    for tile in tiles(0..behind.len()) {
        read_sets(&columns.leader[tile.clone()]);
        read_sets(&columns.in_sync[tile.clone()]);
        read_words(&columns.end[0][tile.clone()]);
        for known in &columns.known {
            read_words(&known[tile.clone()]);
        }
        write_sets(&mut behind[tile]);
    }
}

/// What a failover touches with all who learn of it: what a fencing does, the start of the epoch, who
/// has to truncate, the new leader's watermark, what it knows, and every end.
pub(crate) fn fail_over(columns: &mut Columns) {
    for tile in tiles(0..columns.rows()) {
        registrations(columns, tile.clone());
        write_sets(&mut columns.on_previous[tile.clone()]);
        write_words(&mut columns.epoch_start[tile.clone()]);
        for end in &columns.end {
            read_words(&end[tile.clone()]);
        }
        for known in &mut columns.known {
            write_words(&mut known[tile.clone()]);
        }
        write_words(&mut columns.watermark[1][tile]);
    }
}

/// What a return touches where nobody notices: the sets, and what is known of whoever returns.
pub(crate) fn bring_back(columns: &Columns) {
    for tile in tiles(0..columns.rows()) {
        read_sets(&columns.leader[tile.clone()]);
        read_sets(&columns.in_sync[tile.clone()]);
        read_sets(&columns.eligible[tile.clone()]);
        read_words(&columns.known[0][tile]);
    }
}

/// What a round of mirroring touches: the numbers produced, both ends, the position, what is stored of it,
/// the last sync that was due, and what is said of the worker's life.
pub(crate) fn mirror_tick(columns: &mut Mirrored, produced: &[u64]) {
    for tile in tiles(0..produced.len()) {
        read_words(&produced[tile.clone()]);
        for end in &mut columns.end {
            write_words(&mut end[tile.clone()]);
        }
        write_words(&mut columns.position[0][tile.clone()]);
        write_words(&mut columns.stored[0][tile.clone()]);
        write_words(&mut columns.last_due[0][tile.clone()]);
        write_sets(&mut columns.life[0][tile]);
    }
}

/// What a round of links touches: the numbers produced, and both ends.
pub(crate) fn link_tick(columns: &mut Mirrored, produced: &[u64]) {
    for tile in tiles(0..produced.len()) {
        read_words(&produced[tile.clone()]);
        for end in &mut columns.end {
            write_words(&mut end[tile.clone()]);
        }
    }
}

/// What a translation touches: what is committed, both offsets of the sync, and what comes out.
pub(crate) fn offset_translate(downstream: &mut [u64], read: [&[u64]; 3]) {
    for tile in tiles(0..downstream.len()) {
        for words in read {
            read_words(&words[tile.clone()]);
        }
        write_words(&mut downstream[tile]);
    }
}
