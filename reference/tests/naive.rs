//! The engine and its naive twin go through the same random schedules.

mod support;

use highwater_reference::Engine;
use highwater_vocabulary::{
    Broker, BrokerSet, Entry, Event, LeaderEpoch, Member, Offset, Record, Setting,
};
use proptest::prelude::*;
use support::naive::{Naive, NaiveCluster, Partition};
use support::setting;

const PARTITIONS: usize = 3;

/// A step of both: one event, and what has to follow it before everybody knows.
#[derive(Clone, Copy, Debug)]
enum Step {
    Produce(usize, usize),
    Ack(usize, usize),
    Fetch(usize, usize),
    Shrink(usize, usize),
    Crash(usize),
    PowerLoss(usize, usize),
    Fence(usize),
    Start(usize),
    Prefer(usize),
    ElectUnclean(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let (row, broker) = (0..PARTITIONS, 0..5usize);
    let record = 0..3usize;
    prop_oneof![
        6 => (row.clone(), record.clone()).prop_map(|(row, record)| Step::Produce(row, record)),
        4 => (row.clone(), record).prop_map(|(row, record)| Step::Ack(row, record)),
        20 => (row.clone(), broker.clone()).prop_map(|(row, broker)| Step::Fetch(row, broker)),
        3 => (row.clone(), broker.clone()).prop_map(|(row, broker)| Step::Shrink(row, broker)),
        2 => broker.clone().prop_map(Step::Crash),
        1 => (broker.clone(), 0..3usize).prop_map(|(broker, lost)| Step::PowerLoss(broker, lost)),
        3 => broker.clone().prop_map(Step::Fence),
        4 => broker.prop_map(Step::Start),
        1 => row.clone().prop_map(Step::Prefer),
        1 => row.prop_map(Step::ElectUnclean),
    ]
}

/// The fast engine, made to take composite steps.
struct Fast(Engine);

impl Fast {
    fn try_all(&mut self, event: Event) -> bool {
        self.0
            .apply_to_all(&event)
            .is_ok_and(|happened| happened > 0)
    }

    fn learn(&mut self) {
        for row in 0..PARTITIONS {
            for broker in 0..self.0.setting().brokers.len() {
                let learn = Event::Learn {
                    broker: Broker::at(broker),
                    records: 1,
                };
                while self.0.apply(row, &learn).is_ok() {}
            }
        }
    }

    /// An ISR change that is under way is settled, and everybody learns of it.
    fn settle(&mut self, row: usize, leader: Broker) {
        if self.0.apply(row, &Event::Apply { leader }).is_ok() {
            // Metadata may have settled it before the answer arrives.
            let _ = self.0.apply(row, &Event::Told { leader });
            self.learn();
        }
    }

    fn leader(&self, row: usize) -> Option<Broker> {
        self.0.observe(row).leader
    }

    fn take(&mut self, step: Step) -> bool {
        let at = |broker: usize| Broker::at(broker);
        match step {
            Step::Produce(row, record) => self.leader(row).is_some_and(|broker| {
                let record = Record::at(record);
                self.0
                    .apply(row, &Event::Produce { broker, record })
                    .is_ok()
            }),
            Step::Ack(row, record) => self.leader(row).is_some_and(|broker| {
                let record = Record::at(record);
                self.0.apply(row, &Event::Ack { broker, record }).is_ok()
            }),
            Step::Fetch(row, follower) => {
                let fetch = Event::Fetch {
                    follower: at(follower),
                };
                let happened = self.0.apply(row, &fetch).is_ok();
                if let Some(leader) = self.leader(row) {
                    self.settle(row, leader);
                }
                happened
            }
            Step::Shrink(row, dropped) => self.leader(row).is_some_and(|leader| {
                let dropped = BrokerSet::only(at(dropped));
                let happened = self
                    .0
                    .apply(row, &Event::Shrink { leader, dropped })
                    .is_ok();
                self.settle(row, leader);
                happened
            }),
            Step::Crash(broker) => self.try_all(Event::Crash { broker: at(broker) }),
            Step::PowerLoss(broker, lost) => self.try_all(Event::PowerLoss {
                broker: at(broker),
                lost: lost as u8,
            }),
            Step::Fence(broker) => {
                let happened = self.try_all(Event::Fence { broker: at(broker) });
                self.learn();
                happened
            }
            Step::Start(broker) => {
                let broker = at(broker);
                let watermark = None;
                let happened = self.try_all(Event::Restart { broker, watermark });
                if happened {
                    assert!(self.try_all(Event::Register { broker }));
                    self.learn();
                    assert!(self.try_all(Event::Unfence { broker }));
                    self.learn();
                }
                happened
            }
            Step::Prefer(row) => {
                let happened = self.0.apply(row, &Event::Prefer).is_ok();
                self.learn();
                happened
            }
            Step::ElectUnclean(row) => {
                let happened = self.0.apply(row, &Event::ElectUnclean).is_ok();
                self.learn();
                happened
            }
        }
    }
}

/// Whether the naive twin has it too; an election tells by its outcome.
fn take(naive: &mut NaiveCluster, step: Step) -> Option<bool> {
    Some(match step {
        Step::Produce(row, record) => naive.produce(row, record),
        Step::Ack(row, record) => naive.ack(row, record),
        Step::Fetch(row, follower) => naive.fetch(row, follower),
        Step::Shrink(row, dropped) => naive.shrink(row, dropped),
        Step::Crash(broker) => naive.crash(broker, 0),
        Step::PowerLoss(broker, lost) => naive.crash(broker, lost),
        Step::Fence(broker) => naive.fence(broker),
        Step::Start(broker) => naive.start(broker),
        Step::Prefer(row) => {
            naive.elect(row, true);
            return None;
        }
        Step::ElectUnclean(row) => {
            naive.elect(row, false);
            return None;
        }
    })
}

fn compare(fast: &Engine, row: usize, naive: &Partition) -> Result<(), TestCaseError> {
    let seen = fast.observe(row);
    prop_assert_eq!(seen.leader.map(Member::index), naive.leader);
    prop_assert_eq!(seen.leader_epoch, LeaderEpoch(naive.epoch));
    prop_assert_eq!(
        indices(seen.isr.iter()),
        naive.isr.iter().copied().collect::<Vec<_>>()
    );
    prop_assert_eq!(
        indices(seen.elr.iter()),
        naive.elr.iter().copied().collect::<Vec<_>>()
    );
    prop_assert_eq!(
        indices(seen.acknowledged.iter()),
        naive.acknowledged.iter().copied().collect::<Vec<_>>()
    );
    for (replica, log) in seen.replicas.iter().zip(&naive.logs) {
        let entries = log.entries.iter().map(|(epoch, record)| Entry {
            record: Record::at(*record),
            epoch: LeaderEpoch(*epoch),
        });
        prop_assert_eq!(&replica.log, &entries.collect::<Vec<_>>());
        prop_assert_eq!(replica.watermark, Offset(log.watermark as u64));
    }
    Ok(())
}

fn indices<T: Member>(members: impl Iterator<Item = T>) -> Vec<usize> {
    members.map(Member::index).collect()
}

/// A setting, with what its version means to the naive twin.
fn rules(setting: &Setting, takes_seats: bool, elects_dead: bool) -> Naive {
    Naive {
        replicas: setting.brokers.len(),
        min_isr: usize::from(setting.min_insync_replicas),
        has_elr: setting.eligible_leader_replicas,
        unclean: setting.unclean_leader_election,
        registration_takes_seats: takes_seats,
        elects_dead_last_known: elects_dead,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn both_agree(
        version in 0..3usize,
        replicas in 1..6usize,
        min_isr in 1..4u8,
        elr in any::<bool>(),
        unclean in any::<bool>(),
        steps in proptest::collection::vec(step(), 1..120),
    ) {
        let (kafka, takes_seats, elects_dead) =
            [("3.9", false, false), ("4.0", true, true), ("4.1", true, false)][version];
        let names = ["a-1", "b-1", "c-1", "a-2", "b-2"][..replicas].join(" ");
        let on = |switch| if switch { "on" } else { "off" };
        let header = format!(
            "replication {kafka}, brokers {names}, voters w 1, min ISR {min_isr}, elr {}, unclean {}",
            on(elr && takes_seats),
            on(unclean)
        );
        let setting = setting(&header);
        let mut fast = Fast(Engine::new(&setting, PARTITIONS));
        let mut naive = NaiveCluster::new(rules(&setting, takes_seats, elects_dead), PARTITIONS);
        fast.0.apply_to_all(&Event::Lag).expect("it does not lag yet");
        for step in steps {
            let refuses = |broker: usize| broker >= replicas;
            match step {
                Step::Fetch(_, b) | Step::Shrink(_, b) | Step::Crash(b) | Step::PowerLoss(b, _)
                | Step::Fence(b) | Step::Start(b) if refuses(b) => continue,
                Step::PowerLoss(b, lost) => {
                    // A log that is shorter loses what it has; somebody's must be as long.
                    let longest = naive.partitions.values().map(|it| it.logs[b].entries.len()).max();
                    if longest < Some(lost) {
                        continue;
                    }
                }
                _ => {}
            }
            let happened = fast.take(step);
            if let Some(expected) = take(&mut naive, step) {
                prop_assert_eq!(happened, expected, "{:?} in {}", step, header);
            }
            for (row, partition) in &naive.partitions {
                compare(&fast.0, *row, partition)?;
            }
        }
    }
}
