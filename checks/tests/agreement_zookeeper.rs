//! Model and engine, event by event, where metadata is kept in ZooKeeper.

mod agreeing;

use agreeing::{SMALL, compare, model};
use highwater_checks::agreement::edges::{Compared, Width, every_edge};
use highwater_checks::agreement::engine_at;
use highwater_model::replication::Variant;
use highwater_vocabulary::{
    Acks, BrokerSet, Datacenter, Member, ObserverPromotion, Profile, Quorum, Setting,
};

/// Brokers in north and south, or where else these numbers say; west has a server and no broker.
fn layout(brokers: &[usize]) -> Setting {
    Setting {
        kafka: Profile::V2_7,
        datacenters: ["north", "south", "west"].map(String::from).to_vec(),
        voters: vec![1, 1, 1],
        quorum: Quorum::Majority,
        zookeeper_observers: vec![0; 3],
        brokers: brokers.iter().map(|site| Datacenter::at(*site)).collect(),
        min_insync_replicas: 2,
        acks: Acks::All,
        unclean_leader_election: false,
        eligible_leader_replicas: false,
        observers: BrokerSet::EMPTY,
        observer_promotion: ObserverPromotion::default(),
        spares: BrokerSet::EMPTY,
        partition_zero_replicas: None,
        idempotence: false,
    }
}

/// Every version, and every ensemble of note.
fn settings(brokers: &[usize]) -> Vec<Setting> {
    let mut settings = Vec::new();
    for kafka in Profile::ZOOKEEPER {
        for unclean_leader_election in [false, true] {
            for acks in [Acks::Leader, Acks::All] {
                for min_insync_replicas in [1, 2] {
                    settings.push(Setting {
                        kafka,
                        unclean_leader_election,
                        acks,
                        min_insync_replicas,
                        ..layout(brokers)
                    });
                }
            }
        }
        settings.push(Setting {
            kafka,
            voters: vec![1, 1, 3],
            quorum: Quorum::Hierarchical {
                weights: vec![1, 1, 1],
            },
            ..layout(brokers)
        });
        settings.push(Setting {
            kafka,
            voters: vec![2, 0, 1],
            zookeeper_observers: vec![0, 1, 0],
            min_insync_replicas: 1,
            ..layout(brokers)
        });
    }
    settings
}

/// What may go wrong.
const ROWS: [&str; 24] = [
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
    "dc-loss:west",
    "cut:north|south",
    "cut:north|west",
    "one-way-cut:north>south",
    "one-way-cut:south>north",
    "one-way-cut:north>west",
    "one-way-cut:west>north",
    "controller-failover",
    "lag+broker-power-loss",
    "lag+dc-power-loss:north",
    "lag+controller-failover",
    "broker-pause+cut:north|west",
    "controller-failover+broker-power-loss",
    "broker-crash+one-way-cut:north>west",
];

/// Every setting in every row.
fn compare_all(brokers: &[usize], width: Width, change: impl Fn(&mut Variant)) -> Compared {
    let mut all = Compared::default();
    let (mut spaces, mut whole) = (0, 0);
    for setting in settings(brokers) {
        for row in ROWS {
            let mut model = model(&setting, row, SMALL);
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
    let compared = compare_all(&[0, 1], width, |_| {});
    assert!(compared.edges > 300_000, "{}", compared.edges);
}

#[test]
fn every_edge_between_three_replicas() {
    let width = Width {
        edges: 300,
        everything_in_one_of: 19,
    };
    let compared = compare_all(&[0, 1, 0], width, |_| {});
    assert!(compared.edges > 100_000, "{}", compared.edges);
}

/// Requests that have been overtaken arrive all the same, fetches too.
#[test]
fn every_edge_with_late_requests() {
    let width = Width {
        edges: 1_500,
        everything_in_one_of: 9,
    };
    let mut all = Compared::default();
    for setting in settings(&[0, 1]) {
        for row in [
            "broker-power-loss",
            "broker-pause",
            "lag+controller-failover",
            "broker-crash+one-way-cut:north>west",
        ] {
            let mut model = model(&setting, row, SMALL);
            model.variant.late_requests = true;
            model.variant.late_fetches = true;
            all = all.and(compare(&model, width));
        }
    }
    println!(
        "late requests: {} edges, {} refusals",
        all.edges, all.refusals
    );
    assert!(all.edges > 80_000, "{}", all.edges);
}

/// What the versions do not share matters: an engine that has one of their switches turned is found
/// out.
#[test]
fn every_switch_of_theirs_shows() {
    let width = Width {
        edges: 8_000,
        everything_in_one_of: 40,
    };
    for name in [
        "truncates-to-watermark",
        "asks-before-fetching",
        "checks-fetch-epoch",
        "leader-writes-isr",
        "checks-request-broker-epoch",
        "answer-moves-watermark",
    ] {
        let shows = |setting: Setting| {
            ["lag", "lag+broker-crash", "broker-power-loss"]
                .iter()
                .any(|row| {
                    let with = model(&setting, row, SMALL);
                    let mut without = with.clone();
                    let on = without.variant.switches.get(name) == Some(true);
                    assert!(without.variant.switches.set(name, !on));
                    let begin = |state: &_| engine_at(&without, state, 1).expect("an engine");
                    every_edge(&with, begin, width).is_err()
                })
        };
        let found = settings(&[0, 1]).into_iter().any(shows);
        assert!(found, "nothing here depends on {name}");
    }
}
