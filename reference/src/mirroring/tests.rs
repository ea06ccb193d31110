//! The pass over many rows is the fold of the events over each; a table is its rows.

#[path = "../../tests/mirroring/settings.rs"]
#[allow(dead_code)]
mod settings;

use super::engine::{Engine, apply_to_row};
use super::kernels;
use super::rounds::tick_row;
use super::rules::producers;
use super::switches::{Options, Switches};
use super::syncs::{KEPT, SyncStore, pair};
use highwater_vocabulary::mirroring::{Event, Setting, Tool};
use highwater_vocabulary::{Member, Record};
use proptest::prelude::*;

fn engine(setting: &Setting, offset_lag_max: u64, rows: usize) -> Engine {
    let switches = setting.mirrors.iter().map(|flow| Switches::of(flow.tool));
    let options = Options {
        offset_lag_max,
        switches: switches.collect(),
        groups_know_epochs: true,
    };
    Engine::with_options(setting, options, rows)
}

/// All kinds of settings: with the kernel's own tool, and with those that go row by row.
fn every_setting() -> Vec<Setting> {
    let tools = Tool::WORDS.map(|(_, tool)| tool);
    let mut all = Vec::new();
    for tool in tools {
        all.push(settings::pair_of(tool).done());
        all.push(settings::chain(tool).done());
        all.push(settings::growing(tool).done());
        all.push(settings::linked(tool).done());
        let failback = highwater_vocabulary::mirroring::Failback::Rebuild;
        all.push(settings::there_and_back(tool, failback).done());
    }
    let exactly_once = settings::pair_of(Tool::MirrorMaker2At3_9).with(|it| it.exactly_once = true);
    all.push(exactly_once.done());
    all
}

/// What is done before the round: to one row, or to all.
fn prepare(engine: &mut Engine, choices: &[(usize, usize)]) {
    let events = settings::every_event(engine.setting());
    for (row, choice) in choices {
        let row = row % engine.rows();
        // Whatever is refused changes nothing.
        let _ = engine.apply_to(row, &events[choice % events.len()]);
    }
}

fn same_rows(one: &Engine, other: &Engine) {
    assert_eq!(one.rows(), other.rows());
    for row in 0..one.rows() {
        assert_eq!(one.table.load(row), other.table.load(row), "row {row}");
    }
    assert_eq!(one.columns(), other.columns());
    assert_eq!(one.deviating(), other.deviating());
}

/// The same round, event by event in every row.
fn fold(engine: &mut Engine, produced: &[u64]) {
    for (row, produced) in produced.iter().enumerate() {
        let mut whole = engine.table.load(row);
        tick_row(&mut whole, engine.around(), *produced);
        engine.table.store(row, whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_round_is_the_fold_of_its_events(
        setting in 0..31usize,
        lag_max in 0..5u64,
        rows in 1..5usize,
        choices in prop::collection::vec((0..4usize, 0..1000usize), 0..40),
        // Where nobody does anything before, all rows are steady.
        is_prepared in any::<bool>(),
        produced in prop::collection::vec(0..9u64, 4 * 4),
        between in prop::collection::vec((0..4usize, 0..1000usize), 4 * 5),
    ) {
        let settings = every_setting();
        let setting = &settings[setting % settings.len()];
        let mut swept = engine(setting, lag_max, rows);
        if is_prepared {
            prepare(&mut swept, &choices);
        }
        let mut folded = swept.clone();
        for (produced, between) in produced.chunks(4).zip(between.chunks(5)) {
            swept.tick(&produced[..rows]);
            fold(&mut folded, &produced[..rows]);
            prepare(&mut swept, between);
            prepare(&mut folded, between);
        }
        same_rows(&swept, &folded);
    }

    #[test]
    fn two_tables_side_by_side_are_one(
        setting in 0..31usize,
        lag_max in 0..5u64,
        rows in 1..4usize,
        choices in prop::collection::vec((0..8usize, 0..1000usize), 0..40),
        produced in prop::collection::vec(0..5u64, 8),
    ) {
        let settings = every_setting();
        let setting = &settings[setting % settings.len()];
        let mut whole = engine(setting, lag_max, 2 * rows);
        let mut halves = [engine(setting, lag_max, rows), engine(setting, lag_max, rows)];
        let events = settings::every_event(setting);
        for (row, choice) in &choices {
            let (row, event) = (row % (2 * rows), &events[choice % events.len()]);
            if whole.happens_to_all(event) {
                // A start is refused if any row refuses it, so all have to agree before it happens.
                let mut tried = halves.clone();
                let both = tried.iter_mut().all(|half| half.apply(event).is_ok());
                prop_assert_eq!(whole.apply(event).is_ok(), both);
                if both {
                    halves = tried;
                }
            } else {
                let half = &mut halves[row / rows];
                prop_assert_eq!(whole.apply_to(row, event), half.apply_to(row % rows, event));
            }
        }
        whole.tick(&produced[..2 * rows]);
        halves[0].tick(&produced[..rows]);
        halves[1].tick(&produced[rows..2 * rows]);
        for row in 0..2 * rows {
            let half = &halves[row / rows];
            prop_assert_eq!(whole.table.load(row), half.table.load(row % rows));
        }
        for group in setting.every_group() {
            for task in setting.every_task() {
                let mut found = vec![9; 2 * rows];
                whole.translate(group, task, &mut found);
                let mut expected = vec![9; 2 * rows];
                let (one, other) = expected.split_at_mut(rows);
                halves[0].translate(group, task, one);
                halves[1].translate(group, task, other);
                prop_assert_eq!(found, expected);
            }
        }
    }

    /// What is kept is as far apart as Kafka's invariants say, and the newest is the last that was read.
    #[test]
    fn kept_syncs_are_exponentially_far_apart(steps in prop::collection::vec(1..200u64, 1..300)) {
        let mut store = SyncStore::default();
        let mut upstream = 0;
        for (place, step) in steps.iter().enumerate() {
            upstream += step;
            store.take(pair(upstream, upstream), place, false);
            let kept = store.different();
            prop_assert_eq!(kept[0], upstream);
            prop_assert_eq!(*kept.last().expect("one"), steps[0], "the first stays");
            prop_assert!(kept.is_sorted_by(|one, next| one > next));
        }
        prop_assert!(store.different().len() <= KEPT);
    }
}

/// The edges of tiles, runs of every length, and rows that begin a life.
#[test]
fn the_kernel_goes_over_the_edges_of_tiles() {
    let setting = settings::chain(Tool::MirrorMaker2At3_9).done();
    for rows in [1, 255, 256, 257, 513] {
        for lag_max in [0, 1, 3, 100, u64::MAX] {
            sweeps_as_it_folds(&setting, lag_max, rows);
        }
    }
}

/// Three rounds by the kernel come to what their events come to, one after the other.
fn sweeps_as_it_folds(setting: &Setting, lag_max: u64, rows: usize) {
    let mut swept = engine(setting, lag_max, rows);
    let mut folded = swept.clone();
    for round in 0..3u64 {
        let count = |row: u64| (row * 7 + round * 3) % 11;
        let produced: Vec<u64> = (0..rows as u64).map(count).collect();
        swept.tick(&produced);
        fold(&mut folded, &produced);
    }
    same_rows(&swept, &folded);
    assert_eq!(swept.deviating(), 0, "nobody named anything");
}

/// What retention has taken before it was copied no kernel copies.
#[test]
fn rows_that_have_lost_what_is_next_are_not_runs() {
    let newest = settings::pair_of(Tool::MirrorMaker2At3_9);
    for setting in [newest, settings::linked(Tool::ClusterLinking)] {
        let setting = setting.done();
        let mut swept = engine(&setting, 100, 2);
        let [mirror, orders] = [0, 0];
        let mirror = highwater_vocabulary::mirroring::Mirror::at(mirror);
        let orders = highwater_vocabulary::mirroring::TopicPartition::at(orders);
        swept.apply(&Event::Cut(mirror)).expect("it is not");
        swept.tick(&[3, 3]);
        swept
            .apply_to(1, &Event::Expire(orders, 2))
            .expect("there are three");
        assert_eq!(swept.deviating(), 1);
        swept.apply(&Event::Heal(mirror)).expect("it was cut");
        let mut folded = swept.clone();
        swept.tick(&[1, 1]);
        fold(&mut folded, &[1, 1]);
        same_rows(&swept, &folded);
    }
}

/// A round of links is a kernel, and their rows are steady.
#[test]
fn links_go_over_the_edges_of_tiles() {
    for tool in [
        Tool::ClusterLinking,
        Tool::MirroringAt2026_03,
        Tool::MirroringAt2026_11,
    ] {
        let setting = settings::pair_of(tool).done();
        for rows in [1, 255, 256, 257, 513] {
            sweeps_as_it_folds(&setting, 0, rows);
        }
    }
}

/// A row of which somebody named a record lies beside the columns, and is copied like the others.
#[test]
fn rows_that_deviate_are_counted() {
    let setting = settings::pair_of(Tool::MirrorMaker2At3_9).done();
    let mut engine = engine(&setting, 100, 3);
    let orders = highwater_vocabulary::mirroring::TopicPartition::at(0);
    engine
        .apply_to(1, &Event::Append(orders, Record::at(0)))
        .expect("it is up");
    assert_eq!(engine.deviating(), 1);
    engine.tick(&[2, 2, 2]);
    assert_eq!(engine.columns().end[1], [2, 3, 2]);
    assert_eq!(engine.columns().stored[0], [2, 3, 2]);
}

/// What `OffsetSyncStore` of Kafka 3.9.1 keeps, worked out by hand from `updateSyncArray` for the first
/// rows, and by another program for the rest.
#[test]
fn not_every_sync_is_kept_even_of_a_few() {
    let upto = |end: u64| (0..end).collect::<Vec<u64>>();
    //   read          kept, the newest first
    for (read, kept) in [
        (upto(1), vec![0]),
        (upto(3), vec![2, 1, 0]),
        (upto(4), vec![3, 2, 0]), // the fourth drops one already
        (upto(5), vec![4, 3, 2, 0]),
        (upto(6), vec![5, 4, 2, 0]),
        (upto(7), vec![6, 5, 4, 0]),
        (upto(9), vec![8, 7, 6, 4, 0]),
        (upto(17), vec![16, 15, 14, 12, 8, 0]),
        (
            vec![
                2, 12, 13, 16, 17, 117, 119, 121, 124, 125, 126, 127, 137, 138,
            ],
            vec![138, 137, 127, 117, 2],
        ),
        (vec![5, 6, 3], vec![3]), // the source went back: what was known is void
    ] {
        let mut store = SyncStore::default();
        for (place, offset) in read.iter().enumerate() {
            store.take(pair(*offset, *offset), place, false);
        }
        assert_eq!(store.different(), kept, "{read:?}");
    }
}

/// One committed offset, translated from one sync.
#[test]
fn an_offset_is_translated_from_a_sync() {
    //   committed  sync     one step  by delta
    for (committed, up, down, stepped, by_delta) in [
        (None, Some(3), 7, None, None),    // nothing is committed
        (Some(3), None, 0, None, None),    // there is no sync
        (Some(2), Some(3), 7, None, None), // it is after what is committed
        (Some(3), Some(3), 7, Some(7), Some(7)),
        (Some(4), Some(3), 7, Some(8), Some(8)),
        (Some(9), Some(3), 7, Some(8), Some(13)),
        (Some(0), Some(0), 0, Some(0), Some(0)), // offset 0 is one like any other (KAFKA-10048)
    ] {
        let plus_one = |number: Option<u64>| number.map_or(0, |number| number + 1);
        let columns = [plus_one(committed), plus_one(up)];
        for (delta, expected) in [(false, stepped), (true, by_delta)] {
            let mut found = [99];
            let [committed, up] = [&columns[..1], &columns[1..]];
            kernels::offset_translate(&mut found, committed, up, &[down], delta);
            assert_eq!(found, [plus_one(expected)], "{columns:?} {delta}");
        }
    }
}

/// What is appended by name and what is filled in without one take the same offsets.
#[test]
fn a_producer_is_asked_in_a_round_as_in_an_event() {
    let setting = settings::pair_of(Tool::MirrorMaker2At3_9).done();
    let mut engine = engine(&setting, 100, 1);
    let east = highwater_vocabulary::mirroring::Cluster::at(0);
    engine.apply(&Event::FenceCluster(east)).expect("it is not");
    engine.tick(&[5]);
    assert_eq!(engine.columns().end[0], [0]);
    let orders = highwater_vocabulary::mirroring::TopicPartition::at(0);
    let append = Event::Append(orders, Record::at(0));
    let mut row = engine.table.load(0);
    assert_eq!(
        apply_to_row(&mut row, engine.around(), &append),
        producers::accepts(engine.around(), orders)
    );
}
