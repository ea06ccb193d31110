//! Rows of a run over very many partitions, each told alone to the model.
//!
//! A run mixes what happens to all partitions at once (rounds of appends and fetches, a datacenter
//! lost and brought back, a broker fenced) with events of single rows.  Some rows are followed: the
//! model is told what happened to each of them, a round as the events it stands for, and after every
//! step the row must look as the model says.

mod bulk;
mod followed;
mod run;

use bulk::LastTileSkipped;
use highwater_checks::agreement::lot::Lot;
use highwater_reference::Engine;
use highwater_vocabulary::{Acks, Setting, Story};
use run::Run;

fn setting(acks: Acks, header: &str) -> Setting {
    let story = Story::parse(header).expect("a setting");
    Setting {
        acks,
        ..story.setting
    }
}

const SETTINGS: [&str; 6] = [
    "replication 4.1, brokers north-1 south-1 west-1, min ISR 2, elr on",
    "replication 3.9, brokers north-1 south-1 west-1 south-2, min ISR 2, unclean on",
    "replication 4.0, brokers south-1 north-1 west-1 north-2 west-2, min ISR 3, elr on",
    "replication 3.5, brokers north-1 west-1, voters north 1 south 1 west 1, min ISR 1",
    "replication 2.1, brokers north-1 south-1 west-1, min ISR 2",
    "replication 2.7, brokers north-1 south-1 west-1 south-2, min ISR 2, unclean on",
];

/// Some rows at the edges of tiles, and some anywhere.
fn sample(partitions: usize, seed: u64) -> Vec<usize> {
    let mut rows = vec![0, 255, 256, 257, partitions - 1];
    let mut lot = Lot::of(seed);
    rows.extend((0..35).map(|_| lot.below(partitions)));
    rows.sort_unstable();
    rows.dedup();
    rows
}

#[test]
fn sampled_rows_of_a_million_look_as_the_model_says() {
    let partitions = 1_000_000;
    let setting = setting(Acks::All, SETTINGS[0]);
    let engine = Engine::new(&setting, partitions);
    let rows = sample(partitions, 1);
    let mut run = Run::new(&setting, engine, partitions, &rows, 1);
    run.go_once()
        .unwrap_or_else(|difference| panic!("{difference}"));
    let told: usize = run.followed.iter().map(|row| row.history.len()).sum();
    println!("{} rows of {partitions}: {told} events", rows.len());
    assert!(told > rows.len() * 30, "{told}");
}

#[test]
fn sampled_rows_look_as_the_model_says_under_every_setting() {
    for header in SETTINGS {
        for acks in Acks::EACH {
            for seed in 0..3 {
                let partitions = 700;
                let setting = setting(acks, header);
                let engine = Engine::new(&setting, partitions);
                let rows = sample(partitions, seed);
                let mut run = Run::new(&setting, engine, partitions, &rows, seed);
                run.go().unwrap_or_else(|difference| panic!("{difference}"));
            }
        }
    }
}

#[test]
fn a_sweep_that_leaves_out_the_last_tile_is_found() {
    let partitions = 700;
    let setting = setting(Acks::All, SETTINGS[0]);
    let engine = LastTileSkipped {
        swept: Engine::new(&setting, partitions),
        skipped: Engine::new(&setting, partitions),
    };
    let rows = sample(partitions, 1);
    let mut run = Run::new(&setting, engine, partitions, &rows, 1);
    let found = run.go().expect_err("the last tile was left out");
    println!("after {} rounds: {found}", run.rounds);
    assert!(run.rounds <= 2, "{}", run.rounds);
}
