//! Kafka with ZooKeeper: who reaches ZooKeeper, and what whole spaces of two and three brokers hold.

mod first_line;

use first_line::model;
use highwater_checks::explore::{Limits, explore};
use highwater_model::quorum::ensemble::{Ensemble, Server, Servers, Verifier};
use highwater_model::replication::{Bounds, Replication, State};
use highwater_vocabulary::{Broker, Datacenter, Event, Member, Quorum, Set};

/// The ensemble of a setting, server by server.
fn ensemble(model: &Replication) -> Ensemble {
    let setting = &model.setting;
    let (verifier, weights) = match &setting.quorum {
        Quorum::Majority => (Verifier::Majority, vec![1; setting.datacenters.len()]),
        Quorum::Hierarchical { weights } => (Verifier::Hierarchical, weights.clone()),
    };
    let server = |home: Datacenter, observes| Server {
        home,
        group: home.index() as u8,
        weight: weights[home.index()].into(),
        observes,
    };
    let servers = setting.every_datacenter().flat_map(|home| {
        let voters = setting.voters[home.index()];
        let observers = setting.zookeeper_observers[home.index()];
        let voters = (0..voters).map(move |_| server(home, false));
        voters.chain((0..observers).map(move |_| server(home, true)))
    });
    Ensemble {
        verifier,
        servers: servers.collect(),
    }
}

/// Without cuts, a controller in a datacenter that is there works exactly while the servers that are
/// there contain a quorum and somebody serves.
#[test]
fn a_controller_works_while_the_ensemble_has_a_quorum() {
    let mut compared = 0;
    for quorum in [
        "majority",
        "hierarchical",
        "hierarchical a 2 b 0 c 1",
        "hierarchical a 0 c 3",
    ] {
        for [a, b, c] in [
            [1, 1, 1],
            [5, 1, 1],
            [2, 2, 1],
            [3, 0, 3],
            [0, 1, 2],
            [1, 2, 0],
        ] {
            let model = model(
                &format!(
                    "2.1, brokers a-1 b-1 c-1, voters a {a} b {b} c {c}, quorum {quorum}, \
                     zookeeper-observers a 1 b 1 c 1"
                ),
                "none",
                Bounds::default(),
            );
            let ensemble = ensemble(&model);
            for beginning in model.beginnings() {
                for lost in 0..8u8 {
                    let is_lost = |site: Datacenter| lost >> site.index() & 1 == 1;
                    let mut state = beginning;
                    state.world.lost = model
                        .setting
                        .every_datacenter()
                        .filter(|s| is_lost(*s))
                        .collect();
                    let there = Servers::which(ensemble.servers.len(), |place| {
                        !is_lost(ensemble.servers[place].home)
                    });
                    let active = state.controller.active.expect("there is one");
                    let expected = !is_lost(active) && ensemble.contains_quorum(there);
                    assert_eq!(
                        model.has_controller(&state),
                        expected,
                        "{quorum}, {a} {b} {c}, lost {lost:b}, controller in {active:?}"
                    );
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 4 * 6 * 3 * 8);
}

fn cut(state: &mut State, x: usize, y: usize) {
    for (from, to) in [(x, y), (y, x)] {
        let cut: &mut Set<Datacenter> = &mut state.world.cut_from[from];
        *cut = cut.with(Datacenter::at(to));
    }
}

/// A broker that no voter hears is served by an observer that one hears.
#[test]
fn an_observer_passes_on() {
    // b reaches no voter, which are all in c; a does.
    for (observers, works) in [("a 1 b 0", true), ("a 0 b 1", false), ("a 0 b 0", false)] {
        let model = model(
            &format!("2.7, brokers b-1 a-1, voters c 3, zookeeper-observers {observers}"),
            "none",
            Bounds::default(),
        );
        let mut state = model.beginnings()[0];
        let [b, c] = ["b", "c"].map(|name| model.setting.datacenter_named(name).expect("named"));
        cut(&mut state, b.index(), c.index());
        state.controller.active = Some(b);
        assert_eq!(model.has_controller(&state), works, "observers {observers}");
    }
}

/// While nobody reaches a quorum nothing changes hands: nobody is fenced, registers, becomes
/// controller, or writes an ISR; and the leader goes on.
#[test]
fn without_a_quorum_nothing_changes_hands() {
    for kafka in ["0.10", "1.0", "2.0", "2.1", "2.7"] {
        let model = model(
            &format!("{kafka}, brokers a-1 b-1, voters c 3, min ISR 1"),
            "dc-loss:c+broker-crash",
            Bounds::default(),
        );
        let [a, b] = [Broker::at(0), Broker::at(1)];
        let [x, y] = ["a", "b"].map(|name| model.setting.datacenter_named(name).expect("named"));
        let c = model.setting.datacenter_named("c").expect("named");
        let mut state = model.beginnings()[0];
        for event in [
            Event::Lose { datacenter: c },
            Event::Crash { broker: b },
            Event::Restart {
                broker: b,
                watermark: None,
            },
        ] {
            state = model.step(&state, &event).expect("it may happen");
        }
        for event in [
            Event::Fence { broker: a },
            Event::Fence { broker: b },
            Event::Register { broker: b },
            Event::Activate { datacenter: x },
            Event::Activate { datacenter: y },
            Event::Apply { leader: a },
            Event::SetMinIsr { to: 2 },
        ] {
            assert!(model.step(&state, &event).is_err(), "{kafka}: {event:?}");
        }
        let record = state.ghost.next_record().expect("there is one");
        let produced = model.step(&state, &Event::Produce { broker: a, record });
        assert!(produced.is_ok(), "{kafka}: the leader goes on");
    }
}

/// Setting, row, [records, elections, ISR changes, preferred elections], states.
const SPACES: &[(&str, &str, [u8; 4], usize)] = &[
    (
        "2.1, brokers a-1 b-1, min ISR 1",
        "broker-power-loss",
        [2, 3, 2, 1],
        5_634,
    ),
    (
        "2.7, brokers a-1 b-1, min ISR 1",
        "broker-power-loss",
        [2, 3, 2, 1],
        9_219,
    ),
    (
        "2.1, brokers a-1 b-1, min ISR 1",
        "lag+broker-pause",
        [2, 3, 2, 1],
        6_720,
    ),
    (
        "2.7, brokers a-1 b-1, min ISR 1",
        "lag+broker-pause",
        [2, 3, 2, 1],
        17_818,
    ),
    (
        "2.1, brokers a-1 b-1 c-1, min ISR 2",
        "broker-crash",
        [1, 3, 1, 0],
        8_988,
    ),
    (
        "2.7, brokers a-1 b-1 c-1, min ISR 2",
        "broker-crash",
        [1, 3, 1, 0],
        25_058,
    ),
    (
        "2.1, brokers a-1 b-1 c-1, min ISR 2",
        "cut:a|b",
        [1, 3, 1, 0],
        456,
    ),
    (
        "2.7, brokers a-1 b-1 c-1, min ISR 2",
        "cut:a|b",
        [1, 3, 1, 0],
        845,
    ),
];

#[test]
fn whole_spaces_at_the_fine_grain() {
    let mut wrong = Vec::new();
    for (setting, row, [records, elections, isr_changes, preferred_elections], states) in SPACES {
        let bounds = Bounds {
            records: *records,
            elections: *elections,
            isr_changes: *isr_changes,
            preferred_elections: *preferred_elections,
            ..Bounds::default()
        };
        let explored = explore(&model(setting, row, bounds), Limits::default());
        assert_eq!(explored.incomplete, None, "{setting}; {row}");
        let violated: Vec<_> = explored
            .verdicts
            .iter()
            .filter(|(_, verdict)| verdict.word() == "violated")
            .map(|(property, _)| property.name)
            .collect();
        println!(
            "{setting}; {row}: {} states; {violated:?}",
            explored.counts.unique
        );
        if explored.counts.unique != *states {
            wrong.push(format!("{setting}; {row}: {}", explored.counts.unique));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
