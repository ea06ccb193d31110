//! A round over all partitions is the fold of its events over the rows, whatever state they are in;
//! and rows do not see each other.

use super::Engine;
use crate::Tiles;
use crate::rules::client;
use crate::sweeps::TILE;
use highwater_vocabulary::{Broker, BrokerSet, Datacenter, Event, Member, Process, Record, Story};
use proptest::prelude::*;

const SETTINGS: [&str; 8] = [
    "replication 4.1, brokers a-1 b-1 c-1, min ISR 2, acks all, elr on",
    "replication 3.9, brokers a-1 b-1 b-2, voters a 1 b 1 c 1, min ISR 1, acks 1, unclean on",
    "replication 4.0, brokers a-1 a-2 b-1 b-2, voters a 1 b 1 c 1, min ISR 3, acks all, elr on",
    "replication 3.5, brokers a-1 b-1, voters a 1 b 1 c 1, min ISR 1, acks all",
    "replication 4.1, brokers a-1 b-1 c-1 a-2 b-2 c-2 a-3 b-3, min ISR 2, acks all, elr on",
    "replication 2.1, brokers a-1 b-1 c-1, voters a 1 b 1 c 1, min ISR 2, acks all",
    "replication 2.7, brokers a-1 b-1 b-2 c-1, voters a 1 b 1 c 1, min ISR 1, acks 1, unclean on",
    "replication 2.7, brokers a-1 b-1 c-1, voters a 1 b 1 c 3, quorum hierarchical, min ISR 2, acks all",
];

fn engine(setting: usize, rows: usize) -> Engine {
    let story = Story::parse(SETTINGS[setting]).expect("a setting");
    Engine::new(&story.setting, rows)
}

/// Any event, of brokers and datacenters that may or may not be there.
pub(crate) fn any_event() -> impl Strategy<Value = Event> {
    let broker = || (0..8usize).prop_map(Broker::at);
    let site = || (0..3usize).prop_map(Datacenter::at);
    prop_oneof![
        8 => (broker(), 0..3usize).prop_map(|(broker, record)| Event::Produce {
            broker,
            record: Record::at(record)
        }),
        16 => broker().prop_map(|follower| Event::Fetch { follower }),
        3 => broker().prop_map(|follower| Event::FetchLost { follower }),
        4 => (broker(), 0..3usize).prop_map(|(broker, record)| Event::Ack {
            broker,
            record: Record::at(record)
        }),
        6 => (broker(), broker()).prop_map(|(leader, dropped)| Event::Shrink {
            leader,
            dropped: BrokerSet::only(dropped)
        }),
        6 => broker().prop_map(|leader| Event::Apply { leader }),
        5 => broker().prop_map(|leader| Event::Told { leader }),
        1 => broker().prop_map(|leader| Event::Untold { leader }),
        8 => (broker(), 1..3u8).prop_map(|(broker, records)| Event::Learn { broker, records }),
        5 => broker().prop_map(|broker| Event::Fence { broker }),
        6 => broker().prop_map(|broker| Event::Restart { broker, watermark: None }),
        6 => broker().prop_map(|broker| Event::Register { broker }),
        6 => broker().prop_map(|broker| Event::Unfence { broker }),
        1 => Just(Event::Prefer),
        1 => Just(Event::Unclean),
        1 => Just(Event::ElectUnclean),
        1 => Just(Event::Depose),
        1 => site().prop_map(|datacenter| Event::Activate { datacenter }),
        1 => (1..4u8).prop_map(|to| Event::SetMinIsr { to }),
        1 => broker().prop_map(|broker| Event::ControlledShutdown { broker }),
        1 => broker().prop_map(|broker| Event::Stop { broker }),
        3 => broker().prop_map(|broker| Event::Crash { broker }),
        1 => (broker(), 0..3u8).prop_map(|(broker, lost)| Event::PowerLoss { broker, lost }),
        1 => broker().prop_map(|broker| Event::Wipe { broker }),
        1 => broker().prop_map(|broker| Event::Pause { broker }),
        1 => broker().prop_map(|broker| Event::Resume { broker }),
        1 => Just(Event::Lag),
        1 => Just(Event::CatchUp),
        1 => site().prop_map(|datacenter| Event::Lose { datacenter }),
        2 => site().prop_map(|datacenter| Event::Return { datacenter }),
        1 => (site(), site()).prop_map(|(x, y)| Event::Cut { between: [x, y] }),
        2 => (site(), site()).prop_map(|(x, y)| Event::Heal { between: [x, y] }),
    ]
}

/// An event, and the rows it happens to: one, or all.
fn steps() -> impl Strategy<Value = Vec<(Option<usize>, Event)>> {
    let rows = prop_oneof![3 => Just(None), 1 => (0..ROWS).prop_map(Some)];
    proptest::collection::vec((rows, any_event()), 0..60)
}

/// Around the edge of a tile, and no more: most of what happens here happens row by row.
const ROWS: usize = TILE + 3;

fn prepare(setting: usize, steps: &[(Option<usize>, Event)]) -> Engine {
    let mut engine = engine(setting, ROWS);
    for (row, event) in steps {
        // What is refused changes nothing, and is part of any schedule.
        let _ = match row {
            Some(row) => engine.apply(*row, event).is_ok(),
            None => engine.apply_to_all(event).is_ok(),
        };
    }
    engine
}

/// Compares two engines by everything about every row.
fn assert_same(found: &Engine, expected: &Engine) -> Result<(), TestCaseError> {
    prop_assert_eq!(&found.cluster, &expected.cluster);
    for row in 0..expected.partitions() {
        let found = found.table.load(row, &found.cluster);
        let expected = expected.table.load(row, &expected.cluster);
        prop_assert_eq!(found, expected, "row {}", row);
    }
    Ok(())
}

fn learn_all(engine: &mut Engine) {
    for row in 0..engine.partitions() {
        for broker in 0..engine.cluster.brokers {
            let behind = engine.table.load(row, &engine.cluster).memory[broker].behind;
            let learn = Event::Learn {
                broker: Broker::at(broker),
                records: behind as u8,
            };
            let _ = engine.apply(row, &learn);
        }
    }
}

/// What may happen to a whole engine: an event of one row or of all, or a sweep.
#[derive(Clone, Copy, Debug)]
enum Step {
    One(usize, Event),
    All(Event),
    Appends(u64),
    Fetches,
    FailOver(Datacenter),
    BringBack(Datacenter),
    Fence(Broker),
}

fn whole_steps() -> impl Strategy<Value = Vec<Step>> {
    let site = || (0..3usize).prop_map(Datacenter::at);
    let step = prop_oneof![
        6 => (any::<usize>(), any_event()).prop_map(|(row, event)| Step::One(row, event)),
        6 => any_event().prop_map(Step::All),
        4 => (1..5u64).prop_map(Step::Appends),
        6 => Just(Step::Fetches),
        1 => site().prop_map(Step::FailOver),
        1 => site().prop_map(Step::BringBack),
        1 => (0..8usize).prop_map(|broker| Step::Fence(Broker::at(broker))),
    ];
    proptest::collection::vec(step, 0..24)
}

impl Step {
    /// Happens to the rows from `first` on of `of` altogether; says whether it was refused.
    fn happen(self, engine: &mut Engine, first: usize, of: usize) -> bool {
        let rows = engine.partitions();
        match self {
            Step::One(_, event) if super::happens_to_all(&event) => {
                Step::All(event).happen(engine, first, of)
            }
            Step::One(row, event) => {
                let row = row % of.max(1);
                let here = first..first + rows;
                !here.contains(&row) || engine.apply(row - first, &event).is_ok()
            }
            Step::All(event) => engine.apply_to_all(&event).is_ok(),
            Step::Appends(most) => {
                let by: Vec<u64> = (first..first + rows).map(|row| row as u64 % most).collect();
                engine.append_round(&by);
                true
            }
            Step::Fetches => {
                engine.fetch_round();
                true
            }
            Step::FailOver(datacenter) => engine.fail_over(datacenter).is_ok(),
            Step::BringBack(datacenter) => engine.bring_back(datacenter).is_ok(),
            Step::Fence(broker) => engine.fence_and_learn(broker).is_ok(),
        }
    }

    /// Whether it is refused by what some row holds, and so not by every part of a table alike.
    fn asks_every_row(self) -> bool {
        matches!(
            self,
            Step::One(_, Event::PowerLoss { .. } | Event::SetMinIsr { .. })
                | Step::All(Event::PowerLoss { .. } | Event::SetMinIsr { .. })
        )
    }
}

/// That the sweep comes to what its events come to, told one after the other.
fn assert_failover_is_each_fencing(
    setting: usize,
    steps: &[(Option<usize>, Event)],
    lost: usize,
) -> Result<(), TestCaseError> {
    let mut swept = prepare(setting, steps);
    let datacenter = Datacenter::at(lost);
    prop_assume!(lost < swept.cluster.datacenters);
    let mut folded = swept.clone();
    let outcome = swept.fail_over(datacenter);
    if folded.apply_to_all(&Event::Lose { datacenter }).is_err() {
        return Ok(());
    }
    for site in 0..folded.cluster.datacenters {
        let datacenter = Datacenter::at(site);
        if folded.cluster.controller().is_err() {
            let activated = folded.apply_to_all(&Event::Activate { datacenter }).is_ok();
            if activated && folded.cluster.has_zookeeper() {
                learn_all(&mut folded);
            }
        }
    }
    let brokers: Vec<usize> = folded.cluster.brokers_of(lost).collect();
    for broker in brokers {
        let fenced = folded.cluster.fenced >> broker & 1 == 1;
        let fence = Event::Fence {
            broker: Broker::at(broker),
        };
        if !fenced && folded.apply_to_all(&fence).is_ok() {
            learn_all(&mut folded);
        }
    }
    if outcome.is_ok() {
        assert_same(&swept, &folded)?;
    }
    Ok(())
}

/// With ZooKeeper and no majority left: what had been sent before stays on its way.
#[test]
fn where_nobody_takes_over_nobody_learns() -> Result<(), TestCaseError> {
    let (datacenter, broker) = (Datacenter::at(1), Broker::at(3));
    let steps = [
        Event::Lose { datacenter },
        Event::Crash { broker },
        Event::Fence { broker },
    ];
    assert_failover_is_each_fencing(6, &steps.map(|event| (None, event)), 2)
}

/// How many rows the two parts of a table have: none, one, and around the edge of a tile.
fn sizes() -> impl Strategy<Value = (usize, usize)> {
    let size = || proptest::sample::select(vec![0, 1, TILE - 1, TILE, TILE + 1]);
    (size(), size())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// `sweep(A ++ B) = sweep(A) ++ sweep(B)`, and so for every event.
    #[test]
    fn two_tables_are_one(setting in 0..SETTINGS.len(), (a, b) in sizes(), steps in whole_steps()) {
        let (mut one, mut other) = (engine(setting, a), engine(setting, b));
        let mut both = engine(setting, a + b);
        for step in steps.iter().filter(|step| !step.asks_every_row()) {
            step.happen(&mut one, 0, a + b);
            step.happen(&mut other, a, a + b);
            step.happen(&mut both, 0, a + b);
        }
        prop_assert_eq!(&both.cluster, &one.cluster);
        prop_assert_eq!(&both.cluster, &other.cluster);
        for row in 0..a + b {
            let expected = match row < a {
                true => one.table.load(row, &one.cluster),
                false => other.table.load(row - a, &other.cluster),
            };
            prop_assert_eq!(both.table.load(row, &both.cluster), expected, "row {}", row);
        }
        prop_assert_eq!(both.deviating(), one.deviating() + other.deviating());
    }

    #[test]
    fn a_round_of_fetches_is_each_fetch(setting in 0..SETTINGS.len(), steps in steps()) {
        let mut swept = prepare(setting, &steps);
        let mut folded = swept.clone();
        for _ in 0..3 {
            swept.fetch_round();
            for broker in 0..folded.cluster.brokers {
                folded.apply_to_all(&Event::Fetch { follower: Broker::at(broker) }).expect("a round");
            }
            assert_same(&swept, &folded)?;
        }
    }

    #[test]
    fn a_round_of_appends_is_each_append(setting in 0..SETTINGS.len(), steps in steps()) {
        let mut swept = prepare(setting, &steps);
        let mut folded = swept.clone();
        let by: Vec<u64> = (0..ROWS as u64).map(|row| row % 4).collect();
        for _ in 0..2 {
            swept.append_round(&by);
            for (row, by) in by.iter().enumerate() {
                let mut whole = folded.table.load(row, &folded.cluster);
                let leader = whole.registration.leader.trailing_zeros() as usize;
                if leader < 8 {
                    let _ = client::fill(&mut whole, folded.around(), leader, *by);
                    folded.table.store(row, whole, &folded.cluster);
                }
            }
            assert_same(&swept, &folded)?;
            swept.fetch_round();
            folded.fetch_round();
        }
    }

    #[test]
    fn a_failover_is_a_loss_and_each_fencing(
        setting in 0..SETTINGS.len(),
        steps in steps(),
        lost in 0..3usize,
    ) {
        assert_failover_is_each_fencing(setting, &steps, lost)?;
    }

    #[test]
    fn a_comeback_is_each_start_and_registration(
        setting in 0..SETTINGS.len(),
        steps in steps(),
        lost in 0..3usize,
    ) {
        let mut swept = prepare(setting, &steps);
        let datacenter = Datacenter::at(lost);
        prop_assume!(lost < swept.cluster.datacenters);
        let _ = swept.fail_over(datacenter);
        swept.append_round(&vec![1; ROWS]);
        swept.fetch_round();
        let mut folded = swept.clone();
        let outcome = swept.bring_back(datacenter);
        let refused = folded.apply_to_all(&Event::Return { datacenter }).is_err();
        prop_assert!(!refused || outcome.is_err());
        let brokers: Vec<usize> = folded.cluster.brokers_of(lost).collect();
        for broker in brokers.into_iter().map(Broker::at) {
            let stopped = folded.cluster.process[broker.index()] == Process::Stopped;
            let fences = folded.cluster.has_zookeeper() && stopped;
            if fences && folded.apply_to_all(&Event::Fence { broker }).is_ok() {
                learn_all(&mut folded);
            }
            let _ = folded.apply_to_all(&Event::Restart { broker, watermark: None });
            if folded.apply_to_all(&Event::Register { broker }).is_ok() {
                learn_all(&mut folded);
                if folded.apply_to_all(&Event::Unfence { broker }).is_ok() {
                    learn_all(&mut folded);
                }
            }
        }
        if outcome.is_ok() {
            assert_same(&swept, &folded)?;
        }
    }

    #[test]
    fn rows_do_not_see_each_other(setting in 0..SETTINGS.len(), steps in steps()) {
        let together = prepare(setting, &steps);
        for chosen in [0, 1, TILE - 1, TILE, ROWS - 1] {
            let mut alone = engine(setting, 1);
            for (row, event) in &steps {
                // What a fault may take depends on the longest log; here on this one.
                let taken = matches!(event, Event::PowerLoss { .. });
                prop_assume!(!taken);
                if row.is_none_or(|row| row == chosen) || super::happens_to_all(event) {
                    let _ = alone.apply(0, event);
                }
            }
            prop_assert_eq!(
                together.table.load(chosen, &together.cluster),
                alone.table.load(0, &alone.cluster)
            );
        }
    }

    #[test]
    fn touched_tiles_are_swept_and_no_others(setting in 0..SETTINGS.len(), row in 0..3 * TILE) {
        let mut swept = engine(setting, 3 * TILE);
        swept.append_round(&vec![2; 3 * TILE]);
        let mut whole = swept.clone();
        let before = swept.clone();
        let mut touched = Tiles::none(3 * TILE);
        touched.touch(row);
        swept.fetch_round_in(&touched);
        whole.fetch_round();
        for other in 0..3 * TILE {
            let expected = if other / TILE == row / TILE { &whole } else { &before };
            prop_assert_eq!(
                swept.table.load(other, &swept.cluster),
                expected.table.load(other, &expected.cluster)
            );
        }
    }
}

#[test]
fn the_steady_state_needs_nothing_beside_the_columns() {
    let mut engine = engine(0, 2 * TILE + 1);
    engine.append_round(&vec![5; 2 * TILE + 1]);
    for _ in 0..3 {
        engine.fetch_round();
    }
    assert_eq!(engine.deviating(), 0);
    assert!(engine.behind().iter().all(|behind| *behind == 0));

    engine.fail_over(Datacenter::at(0)).expect("a failover");
    assert_eq!(
        engine.deviating(),
        0,
        "everybody has learnt and taken office"
    );
    engine.append_round(&vec![1; 2 * TILE + 1]);
    for _ in 0..3 {
        engine.fetch_round();
    }
    let columns = engine.columns();
    assert!(columns.leader.iter().all(|leader| *leader == 0b010));
    assert!(columns.watermark[1].iter().all(|watermark| *watermark == 6));
    assert!(
        columns.end[0].iter().all(|end| *end == 5),
        "who is down keeps what it had"
    );
}

#[test]
fn a_returning_leader_truncates_in_the_columns() {
    let mut engine = engine(0, TILE + 1);
    engine.append_round(&vec![5; TILE + 1]);
    engine.fetch_round();
    engine.append_round(&vec![2; TILE + 1]);
    engine
        .fail_over(Datacenter::at(0))
        .expect("somebody is left");
    engine.append_round(&vec![1; TILE + 1]);
    for _ in 0..2 {
        engine.fetch_round();
    }
    engine
        .bring_back(Datacenter::at(0))
        .expect("power and network");
    assert_eq!(engine.deviating(), 0, "nobody noticed");
    assert!(engine.columns().end[0].iter().all(|end| *end == 7));

    engine.fetch_round();
    assert!(engine.columns().end[0].iter().all(|end| *end == 5));
    engine.fetch_round();
    assert!(engine.columns().end[0].iter().all(|end| *end == 6));
    assert_eq!(engine.deviating(), 0, "all that in the columns");

    engine.fetch_round();
    assert_eq!(engine.deviating(), TILE + 1, "it asks to join the ISR");
}
