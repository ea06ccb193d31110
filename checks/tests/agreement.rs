//! Model and engine, event by event.

use highwater_checks::agreement::edges::{Compared, Width, every_edge};
use highwater_checks::agreement::engine_at;
use highwater_model::replication::{Bounds, Property, Replication, Variant};
use highwater_vocabulary::{Acks, Datacenter, Faults, Member, Profile, Setting};
use std::time::Instant;

/// Two or three replicas, in as many datacenters or in two of them; west is a witness.
fn layout(brokers: &[usize]) -> Setting {
    Setting {
        kafka: Profile::V4_1,
        datacenters: ["north", "south", "west"].map(String::from).to_vec(),
        voters: vec![1, 1, 1],
        brokers: brokers.iter().map(|site| Datacenter::at(*site)).collect(),
        min_insync_replicas: 2,
        acks: Acks::All,
        unclean_leader_election: false,
        eligible_leader_replicas: false,
    }
}

/// Every version, with and without what it can have.
fn settings(brokers: &[usize]) -> Vec<Setting> {
    let mut settings = Vec::new();
    for kafka in Profile::ALL.iter().copied() {
        for eligible_leader_replicas in [false, true] {
            if eligible_leader_replicas && kafka < Profile::V4_0 {
                continue;
            }
            for unclean_leader_election in [false, true] {
                for acks in Acks::EACH {
                    for min_insync_replicas in [1, 2] {
                        settings.push(Setting {
                            kafka,
                            eligible_leader_replicas,
                            unclean_leader_election,
                            acks,
                            min_insync_replicas,
                            ..layout(brokers)
                        });
                    }
                }
            }
        }
    }
    settings
}

/// What may go wrong.
const ROWS: [&str; 22] = [
    "none",
    "lag",
    "broker-crash",
    "broker-power-loss",
    "broker-wiped",
    "broker-pause",
    "broker-stop",
    "dc-loss:north",
    "dc-power-loss:north",
    "dc-destroyed:south",
    "cut:north|south",
    "cut:north|west",
    "one-way-cut:north>south",
    "one-way-cut:south>north",
    "one-way-cut:north>west",
    "controller-failover",
    "lag+broker-power-loss",
    "lag+dc-power-loss:north",
    "lag+broker-stop",
    "broker-pause+cut:north|west",
    "controller-failover+lag",
    "broker-crash+one-way-cut:north>west",
];

fn model(setting: &Setting, row: &str, bounds: Bounds) -> Replication {
    Replication {
        setting: setting.clone(),
        variant: Variant::of(setting.kafka),
        faults: Faults::parse(row, &setting.datacenters).expect("a row"),
        bounds,
        asked: Property::ALL,
    }
}

fn compare(model: &Replication, width: Width) -> Compared {
    let begin = |state: &_| engine_at(model, state, 1).expect("the engine has all of it");
    every_edge(model, begin, width).unwrap_or_else(|disagreement| panic!("\n{disagreement}"))
}

#[test]
fn probe() {
    let mut all = Compared { whole: true, ..Compared::default() };
    let (mut n, start) = (0, Instant::now());
    let edges: u64 = std::env::var("EDGES").ok().and_then(|s| s.parse().ok()).unwrap_or(1000);
    let rf: usize = std::env::var("RF").ok().and_then(|s| s.parse().ok()).unwrap_or(2);
    let late: bool = std::env::var("LATE").is_ok();
    let brokers = [0, 1, 0, 1];
    let mut wrong: std::collections::BTreeMap<String, (usize, String)> = Default::default();
    for setting in settings(&brokers[..rf]) {
        for row in ROWS {
            let bounds = Bounds { records: 1, elections: 2, isr_changes: 1, redundant_choices: true, ..Bounds::default() };
            let mut model = model(&setting, row, bounds);
            model.variant.late_fetches = late;
            if let Ok(w) = std::env::var("SWITCH") { assert!(model.variant.switches.set(&w, true)); }
            let begin = |state: &_| engine_at(&model, state, 1).expect("the engine has all of it");
            n += 1;
            match every_edge(&model, begin, Width { edges, everything_in_one_of: 7 }) {
                Ok(compared) => all = all.and(compared),
                Err(it) => {
                    let verb = it.event.map_or("-", |e| highwater_vocabulary::Event::VERBS[e.verb()]);
                    let what = format!("{verb} {}", it.difference.sentences().join(" / "));
                    let e = wrong.entry(what).or_insert((0, it.to_string()));
                    e.0 += 1;
                }
            }
        }
    }
    for (what, (times, story)) in &wrong { println!("== {times} x {what}\n{story}"); }
    println!("{n} models, {:?}, whole {}, states {}, edges {}, within {}, refusals {}", start.elapsed(), all.whole, all.states, all.edges, all.within_bounds, all.refusals);
    for (k, v) in &all.reasons { println!("{k:?} {v}"); }
}
