//! Explorers beside each other in one run, each in a process of its own.
//!
//! A process is asked for the CPU time of all its threads and for the most memory it ever had, which
//! is why nobody shares one.  All take their turns on a space before the next round begins, so what
//! else the machine does hits them alike; ratios are taken within a round, and the one in the middle is
//! told.

use crate::circumstances::{circumstances, middle, table};
use crate::explorers::{EXPLORERS, Explored, Explorer, compared};
use crate::spaces::{LARGEST, Model, SIDE_BY_SIDE, Space};
use comfy_table::Table;
use highwater_checks::explore::{Limits, Listener};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use serde::{Deserialize, Serialize};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;
/// What the largest spaces may take.
const MOST_BYTES: usize = 6 << 30;

/// What became of one run.
#[derive(Clone, Serialize, Deserialize)]
struct Measured {
    unique: usize,
    generated: usize,
    represented: usize,
    depth: Option<usize>,
    visited_bytes: Option<usize>,
    /// The most memory that the process had, beyond what it had before.
    peak_bytes: usize,
    wall: Duration,
    cpu: Duration,
}

impl Measured {
    /// Different states a second of CPU time.
    fn rate(&self) -> f64 {
        self.unique as f64 / self.cpu.as_secs_f64()
    }

    fn per_state(&self, bytes: usize) -> f64 {
        bytes as f64 / self.unique as f64
    }
}

/// Measures in this process and tells whoever started it.
pub(crate) fn measure_here(space: &str, explorer: &str) {
    let space = Space::named(space).unwrap_or_else(|| panic!("there is no space {space}"));
    let explorer = explorer_named(explorer);
    let limits = Limits {
        generated: usize::MAX,
        bytes: Some(MOST_BYTES),
        deadline: None,
    };
    let listener: Listener = Arc::new(|progress| eprintln!("{progress}"));
    let measured = match space.model() {
        Model::Kip320(model) => measured(|| explorer.explore(&model, limits, listener)),
        Model::Replication(model) => measured(|| explorer.explore(&*model, limits, listener)),
    };
    let told = serde_json::to_string(&measured).expect("it is numbers");
    println!("{told}");
}

fn explorer_named(name: &str) -> Explorer {
    Explorer::named(name).unwrap_or_else(|| {
        let known = EXPLORERS.map(|(name, _)| name).join(", ");
        panic!("there is no explorer {name}; there are {known}")
    })
}

fn measured(explore: impl FnOnce() -> Explored) -> Measured {
    let (before, begun) = (usage(), Instant::now());
    let explored = explore();
    let (wall, after) = (begun.elapsed(), usage());
    Measured {
        unique: explored.unique,
        generated: explored.generated,
        represented: explored.represented,
        depth: explored.depth,
        visited_bytes: explored.visited_bytes,
        peak_bytes: peak_bytes(&after).saturating_sub(peak_bytes(&before)),
        wall,
        cpu: cpu(&after).saturating_sub(cpu(&before)),
    }
}

fn usage() -> Usage {
    getrusage(UsageWho::RUSAGE_SELF).expect("a process may ask for its own usage")
}

fn cpu(usage: &Usage) -> Duration {
    let both = usage.user_time() + usage.system_time();
    let micros = both.tv_sec() * 1_000_000 + both.tv_usec();
    Duration::from_micros(micros.unsigned_abs())
}

/// Linux counts in KiB.
fn peak_bytes(usage: &Usage) -> usize {
    usage.max_rss().unsigned_abs() as usize * 1024
}

/// Measures in a process of its own; `how_far` it has come goes there.
fn measure(space: &Space, explorer: &str, how_far: Stdio) -> Measured {
    let itself = std::env::current_exe().expect("it runs");
    let output = Command::new(itself)
        .args(["measure", space.name, explorer])
        .stderr(how_far)
        .output()
        .expect("it can be run again");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{} {explorer}: {complaints}",
        space.name
    );
    serde_json::from_slice(&output.stdout).expect("it told what it measured")
}

/// Every explorer on every space.
pub(crate) fn all() {
    println!("\n{} {ROUNDS} rounds.", circumstances());
    for space in &SIDE_BY_SIDE {
        let names: Vec<&str> = compared().collect();
        let rounds: Vec<Vec<Measured>> = (0..ROUNDS)
            .map(|_| {
                names
                    .iter()
                    .map(|name| measure(space, name, Stdio::piped()))
                    .collect()
            })
            .collect();
        let first = &rounds[0][0];
        for measured in rounds.iter().flatten() {
            let counts = (measured.unique, measured.generated);
            assert_eq!(counts, (first.unique, first.generated), "{}", space.name);
        }
        println!(
            "\n{} ({}): {} states, {} generated\n\n{}",
            space.name,
            space.words(),
            first.unique,
            first.generated,
            compared_on(&names, &rounds)
        );
    }
    println!("\n{}", circumstances());
}

/// A line for each explorer, as Markdown.
fn compared_on(names: &[&str], rounds: &[Vec<Measured>]) -> Table {
    let mut table = table(&[
        "explorer",
        "thousand states per CPU-second",
        "seconds",
        "CPU-seconds",
        "to the bare loop",
        "to stateright-bfs",
        "bytes a state, peak",
        "of them what was seen",
    ]);
    let place = |name| names.iter().position(|known| *known == name);
    let (bare, breadth_first) = (place("bare-loop"), place("stateright-bfs"));
    for (at, name) in names.iter().enumerate() {
        let own = |number: &dyn Fn(&Measured) -> f64| {
            middle(rounds.iter().map(|round| number(&round[at])).collect())
        };
        let ratio_to = |other: Option<usize>| {
            let other = other.expect("both are among those compared");
            let ratios = rounds
                .iter()
                .map(|round| round[at].rate() / round[other].rate());
            format!("{:.2}", middle(ratios.collect()))
        };
        let visited = rounds[0][at]
            .visited_bytes
            .map(|bytes| rounds[0][at].per_state(bytes));
        table.add_row([
            (*name).to_owned(),
            format!("{:.0}", own(&|run| run.rate() / 1e3)),
            format!("{:.2}", own(&|run| run.wall.as_secs_f64())),
            format!("{:.2}", own(&|run| run.cpu.as_secs_f64())),
            ratio_to(bare),
            ratio_to(breadth_first),
            format!("{:.0}", own(&|run| run.per_state(run.peak_bytes))),
            visited.map_or("not known".into(), |bytes| format!("{bytes:.0}")),
        ]);
    }
    table
}

/// The largest spaces that were exhausted, one after the other.
pub(crate) fn largest(explorer: &str) {
    explorer_named(explorer);
    println!("{}", circumstances());
    let mut table = table(&[
        "space",
        "states",
        "they stand for",
        "generated",
        "depth",
        "seconds",
        "CPU-seconds",
        "thousand states per CPU-second",
        "peak, MiB",
        "bytes a state, peak",
        "of them what was seen",
        "collisions expected",
    ]);
    for space in &LARGEST {
        let run = measure(space, explorer, Stdio::inherit());
        table.add_row([
            space.words(),
            run.unique.to_string(),
            run.represented.to_string(),
            run.generated.to_string(),
            run.depth
                .map_or("not known".into(), |depth| depth.to_string()),
            format!("{:.0}", run.wall.as_secs_f64()),
            format!("{:.0}", run.cpu.as_secs_f64()),
            format!("{:.0}", run.rate() / 1e3),
            (run.peak_bytes >> 20).to_string(),
            format!("{:.0}", run.per_state(run.peak_bytes)),
            run.visited_bytes.map_or("not known".into(), |bytes| {
                format!("{:.0}", run.per_state(bytes))
            }),
            // Pairs of states, each with one chance in 2^64 of the same key.
            format!("{:.1e}", (run.unique as f64).powi(2) / 2f64.powi(65)),
        ]);
        println!(
            "\n{} by {explorer}\n{table}\n{}",
            space.name,
            circumstances()
        );
    }
}
