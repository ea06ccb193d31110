//! Model and engine, event by event.

mod spoilt;

use highwater_checks::agreement::edges::{Compared, Width, every_edge};
use highwater_checks::agreement::engine_at;
use highwater_checks::agreement::schedule::retell;
use highwater_checks::agreement::soak::Case;
use highwater_checks::replay::replay;
use highwater_model::replication::{Bounds, Guard, Operators, Property, Replication, Variant};
use highwater_vocabulary::{
    Acks, Broker, BrokerSet, Datacenter, Faults, Member, ObserverPromotion, Profile, Setting, Story,
};
use proptest::prelude::*;
use spoilt::waived::Waived;
use spoilt::{Bug, Spoilt};
use std::path::Path;

/// Brokers in north and south, or where else these numbers say; west is a witness.
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
        observers: BrokerSet::EMPTY,
        observer_promotion: ObserverPromotion::default(),
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

const SMALL: Bounds = Bounds {
    records: 1,
    elections: 2,
    isr_changes: 1,
    preferred_elections: 1,
    reads: 0,
    redundant_choices: true,
    redundant_states: false,
    operators: Operators {
        min_isr: [None; 2],
        unclean_elections: 0,
    },
};

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

/// Every setting in every row.
fn compare_all(
    brokers: &[usize],
    bounds: Bounds,
    width: Width,
    change: impl Fn(&mut Variant),
) -> Compared {
    let mut all = Compared::default();
    let (mut spaces, mut whole) = (0, 0);
    for setting in settings(brokers) {
        for row in ROWS {
            let mut model = model(&setting, row, bounds);
            change(&mut model.variant);
            let compared = compare(&model, width);
            spaces += 1;
            whole += usize::from(compared.whole);
            all = all.and(compared);
        }
    }
    println!(
        "{} replicas: {spaces} spaces, {whole} of them whole, {} states, {} edges ({} within the bounds), \
         {} refusals",
        brokers.len(),
        all.states,
        all.edges,
        all.within_bounds,
        all.refusals,
    );
    all
}

#[test]
fn every_edge_between_two_replicas() {
    let width = Width {
        edges: 1_000,
        everything_in_one_of: 9,
    };
    let compared = compare_all(&[0, 1], SMALL, width, |_| {});
    assert!(compared.edges > 700_000, "{}", compared.edges);
}

#[test]
fn every_edge_between_three_replicas() {
    let width = Width {
        edges: 300,
        everything_in_one_of: 19,
    };
    let compared = compare_all(&[0, 1, 0], SMALL, width, |_| {});
    assert!(compared.edges > 300_000, "{}", compared.edges);
}

/// Two replicas and an observer behind them.
fn beside_an_observer(promotion: ObserverPromotion) -> impl Iterator<Item = Setting> {
    settings(&[0, 1, 1])
        .into_iter()
        .map(move |setting| Setting {
            observers: BrokerSet::EMPTY.with(Broker::at(2)),
            observer_promotion: promotion,
            ..setting
        })
}

#[test]
fn every_edge_beside_an_observer() {
    let width = Width {
        edges: 300,
        everything_in_one_of: 9,
    };
    let bounds = Bounds {
        isr_changes: 2,
        ..SMALL
    };
    let mut all = Compared::default();
    for promotion in ObserverPromotion::ALL {
        for setting in beside_an_observer(promotion) {
            for row in [
                "lag",
                "broker-crash",
                "dc-loss:north",
                "lag+dc-power-loss:north",
            ] {
                all = all.and(compare(&model(&setting, row, bounds), width));
            }
        }
    }
    println!(
        "with an observer: {} edges, {} refusals",
        all.edges, all.refusals
    );
    assert!(all.edges > 100_000, "{}", all.edges);
}

/// An engine that goes by another policy than the model is found out, whichever the two are.
#[test]
fn an_observer_that_is_promoted_otherwise_is_noticed() {
    let width = Width {
        edges: 3_000,
        everything_in_one_of: 5,
    };
    for promotion in ObserverPromotion::ALL {
        for other in ObserverPromotion::ALL
            .into_iter()
            .filter(|other| *other != promotion)
        {
            let differs = |setting: Setting| {
                let model = model(&setting, "lag+broker-crash", SMALL);
                let mut spoilt = model.clone();
                spoilt.setting.observer_promotion = other;
                let begin = |state: &_| engine_at(&spoilt, state, 1).expect("the engine has it");
                every_edge(&model, begin, width).is_err()
            };
            let found = beside_an_observer(promotion).any(differs);
            assert!(found, "{promotion:?} is told from {other:?}");
        }
    }
}

/// What a profile leaves out and a story may switch on.
#[test]
fn every_edge_under_each_switch() {
    let width = Width {
        edges: 100,
        everything_in_one_of: 9,
    };
    for name in [
        "equal-epoch-wipes-pending",
        "reelected-leader-remembers",
        "waits-for-caught-up",
        "late-fetches",
    ] {
        println!("{name}:");
        compare_all(&[0, 1], SMALL, width, |variant| match name {
            "late-fetches" => variant.late_fetches = true,
            name => assert!(variant.switches.set(name, true)),
        });
    }
}

#[test]
#[ignore = "ten million edges"]
fn every_edge_of_the_larger_spaces_takes_10_minutes() {
    let bounds = Bounds {
        records: 2,
        elections: 3,
        isr_changes: 2,
        reads: 1,
        operators: Operators {
            min_isr: [Some(3), Some(1)],
            unclean_elections: 1,
        },
        ..SMALL
    };
    let width = |edges| Width {
        edges,
        everything_in_one_of: 50,
    };
    let two = compare_all(&[0, 1], bounds, width(4_000), |_| {});
    let three = compare_all(&[0, 1, 2], bounds, width(3_000), |_| {});
    let four = compare_all(&[0, 1, 0, 1], bounds, width(1_000), |_| {});
    assert!(two.and(three).and(four).edges > 10_000_000);
}

#[test]
fn every_guard_is_missed() {
    let begun = std::time::Instant::now();
    for guard in Guard::ALL {
        let mut compared = 0;
        let mut events = None;
        for number in 0..2_000 {
            let case = Case::of(0, number);
            let begin = |rows| Waived::new(*guard, &case.model, &case.beginning, rows);
            match case.run_with(begin) {
                Ok(tally) => compared += tally.events + tally.refusals,
                Err(found) => {
                    compared += found.compared;
                    events = Some((number + 1, found.len()));
                    break;
                }
            }
        }
        println!("{guard}: {events:?} {compared} {:?}", begun.elapsed());
    }
}

/// An engine with a bug is found out, and within so many events.
#[test]
fn every_planted_bug_is_found() {
    let mut table = Vec::new();
    let mut survivors = Vec::new();
    for bug in Bug::ALL.iter().copied() {
        match cases_until_found(bug) {
            Some((cases, events)) => table.push((bug, cases, events)),
            None => survivors.push(bug),
        }
    }
    println!("{:>8}  {:>6}  bug", "compared", "events");
    for (bug, cases, events) in &table {
        println!("{cases:>8}  {events:>6}  {}", bug.sentence());
    }
    assert!(survivors.is_empty(), "not found: {survivors:?}");
    for (bug, cases, _) in table {
        assert!(cases <= 1_000_000, "{bug:?} took {cases}");
    }
}

/// How many events were compared until the bug was found, and how many its history has.  In every
/// setting a few, then in every setting more.
fn cases_until_found(bug: Bug) -> Option<(u64, usize)> {
    let mut compared = 0;
    let (row, replicas) = bug.haunts();
    for edges in [100, 1_000, 10_000] {
        for setting in settings(replicas) {
            let bounds = Bounds {
                isr_changes: 2,
                ..SMALL
            };
            let mut model = model(&setting, row, bounds);
            model.variant.late_fetches = bug.needs_late_fetches();
            let begin = |state: &_| Spoilt::new(bug, &model, state);
            let width = Width {
                edges,
                everything_in_one_of: 5,
            };
            match every_edge(&model, begin, width) {
                Ok(healthy) => compared += healthy.edges + healthy.refusals,
                Err(found) => return Some((compared + found.compared, found.len())),
            }
        }
        if compared > 300_000 {
            return None;
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        max_shrink_iters: 0,
        // The same ones in every run; PROPTEST_CASES and PROPTEST_RNG_SEED ask for others.
        rng_seed: proptest::test_runner::RngSeed::Fixed(5),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Longer, wider and with more faults than any explored space, several partitions at once.
    #[test]
    fn schedules_agree(seed in any::<u64>()) {
        let found = Case::of(seed, 0).run();
        prop_assert!(
            found.is_ok(),
            "\n{}\nhighwater soak --seed {seed} --case 0",
            found.unwrap_err()
        );
    }
}

/// Stories of disagreements that were settled: both sides tell them alike now.
#[test]
fn what_was_found_stays_settled() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stories/found");
    let mut told = 0;
    for file in folder.read_dir().expect("the folder of the found stories") {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let story =
            Story::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let replayed = replay(&story).expect("a variant");
        assert!(
            replayed.differences.is_empty(),
            "{}: {:?}",
            path.display(),
            replayed.differences
        );
        let disagreement = retell(&replayed, &story).expect("a variant of the engine's");
        assert!(
            disagreement.is_none(),
            "{}:\n{}",
            path.display(),
            disagreement.unwrap()
        );
        told += 1;
    }
    assert!(told >= 8, "only {told}");
}
