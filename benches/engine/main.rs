//! What the engine's passes cost, beside passes that do nothing but touch the same memory.
//!
//! | `cargo bench -p highwater-benches --bench engine` | |
//! |---|---|
//! | `-- table` | every pass at every size: the tables of docs/PERFORMANCE.md |
//! | `-- table PASS… SIZE…` | the passes whose names begin so, or these numbers of partitions; and no naive twin |
//!
//! Without `--bench`, as `cargo test --benches` runs it, every pass is made once over few partitions.

#[path = "../circumstances.rs"]
mod circumstances;
mod controller;
mod footprint;
mod mirror;
mod null;
mod paired;
mod report;
mod rounds;
mod twin;

use report::Report;

/// How many partitions there are, in the order of the table's columns.
const SIZES: [usize; 4] = [10_000, 100_000, 1_000_000, 4_000_000];
/// Where five replicas, and the naive twin, are looked at.
const ONE_SIZE: [usize; 1] = [1_000_000];
/// Not measured: whether it runs at all, over more than a tile.
const SMOKE: [usize; 1] = [300];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words = arguments
        .iter()
        .filter(|word| !word.starts_with('-') && *word != "table");
    let (numbers, wanted): (Vec<&String>, Vec<&String>) =
        words.partition(|word| word.parse::<usize>().is_ok());
    let sizes: Vec<usize> = numbers
        .iter()
        .filter_map(|word| word.parse().ok())
        .collect();
    let wanted: Vec<String> = wanted.into_iter().cloned().collect();
    if !arguments.iter().any(|word| word == "--bench") {
        measure(&wanted, &SMOKE, &SMOKE);
    } else if sizes.is_empty() {
        measure(&wanted, &SIZES, &ONE_SIZE);
    } else {
        measure(&wanted, &sizes, &sizes);
    }
}

/// Measures what is wanted, or everything, and prints it.
fn measure(wanted: &[String], sizes: &[usize], one_size: &[usize]) {
    println!("{}", circumstances::circumstances());
    println!("{}\n", footprint::caches());
    for (layout, sizes) in [(&rounds::THREE, sizes), (&rounds::FIVE, one_size)] {
        let mut report = Report::new(sizes, wanted);
        for size in sizes {
            controller::measure(&mut report, layout, *size);
            rounds::measure(&mut report, layout, *size);
        }
        if wanted.is_empty() && sizes.contains(&one_size[0]) && layout.replicas == 3 {
            twin::measure(&mut report, one_size[0]);
        }
        if !report.is_empty() {
            println!("**{} replicas**\n\n{report}", layout.replicas);
            println!("\n{}\n", footprint::told(layout, sizes));
        }
    }
    let mut report = Report::new(sizes, wanted);
    for size in sizes {
        mirror::measure(&mut report, *size);
    }
    if !report.is_empty() {
        let bytes = mirror::bytes_per_partition();
        println!("**A mirrored topic-partition**\n\n{report}\n\n{bytes} bytes a partition.\n");
    }
    println!("{}", circumstances::circumstances());
}
