//! Long random schedules, one case after another: each a deployment, a protocol and a few hundred
//! events, all of them decided by a seed and the number of the case.

use super::lot::Lot;
use super::schedule::{Chooser, Leaning, Shortener, Walk};
use super::{Account, Disagreement, engine_at};
use highwater_model::replication::variant::Switches;
use highwater_model::replication::{Bounds, Property, Replication, State, Variant};
use highwater_vocabulary::{
    Acks, BrokerSet, Datacenter, Faults, Member, ObserverPromotion, Profile, Quorum, Setting,
};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What happens in one case, before it happens.
#[derive(Clone, Debug)]
pub struct Case {
    /// The deployment, and the protocol it runs.
    pub model: Replication,
    /// Before the first event.
    pub beginning: State,
    /// How many partitions share the brokers.
    pub rows: usize,
    /// How many events are tried.
    pub steps: usize,
    leaning: Leaning,
    lot: Lot,
}

impl Case {
    /// The case of this number among those of a seed: always the same one.
    ///
    /// # Panics
    /// Never: every setting drawn here has a voter.
    pub fn of(seed: u64, number: u64) -> Case {
        let mut lot = Lot::of_case(seed, number);
        let setting = setting(&mut lot);
        let model = Replication {
            variant: variant(setting.kafka, &mut lot),
            setting,
            faults: Faults::default(),
            bounds: Bounds::default(),
            asked: Property::ALL,
        };
        let mut beginning = model.beginnings()[0];
        beginning.controller.active = Some(lot.one_of(&seats(&model.setting)));
        Case {
            model,
            beginning,
            rows: 1 + lot.below(3),
            steps: 200 + lot.below(201),
            leaning: Leaning::drawn(&mut lot),
            lot,
        }
    }

    /// Model and engine go through it.
    ///
    /// # Errors
    /// Where they differ, cut down to the events that it takes.
    ///
    /// # Panics
    /// If the engine lacks a switch that the model has.
    pub fn run(&self) -> Result<Tally, Box<Disagreement>> {
        self.run_with(|rows| {
            engine_at(&self.model, &self.beginning, rows).expect("no guard is waived here")
        })
    }

    /// Model and an account of so many rows, before anything has happened, go through it.
    ///
    /// # Errors
    /// Where they differ, cut down to the events that it takes.
    pub fn run_with<A: Account>(
        &self,
        begin: impl Fn(usize) -> A,
    ) -> Result<Tally, Box<Disagreement>> {
        let chooser = Chooser::new(&self.model, &self.leaning);
        let mut walk = Walk::new(&self.model, &self.beginning, self.rows, begin(self.rows));
        let mut lot = self.lot.clone();
        for _ in 0..self.steps {
            if let Err(parting) = chooser.step(&mut walk, &mut lot) {
                let shortener = Shortener {
                    model: &self.model,
                    beginning: &self.beginning,
                    begin,
                };
                let compared = walk.events + walk.refusals;
                let shortest = shortener.shortest(self.rows, walk.told, parting);
                return Err(Box::new(Disagreement {
                    compared,
                    ..shortest
                }));
            }
        }
        Ok(Tally {
            cases: 1,
            events: walk.events,
            refusals: walk.refusals,
        })
    }
}

/// Where a controller may be: a voter, or with ZooKeeper a broker.
fn seats(setting: &Setting) -> Vec<Datacenter> {
    let may_be = |site: &Datacenter| match setting.kafka.has_zookeeper() {
        true => !setting.brokers_of(*site).is_empty(),
        false => setting.voters[site.index()] > 0,
    };
    setting.every_datacenter().filter(may_be).collect()
}

/// Two to six replicas, mostly three to five, in up to three datacenters, under any settings.
fn setting(lot: &mut Lot) -> Setting {
    let replicas = lot.one_of(&[2, 3, 3, 3, 4, 4, 4, 5, 5, 6]);
    let mut voters = match lot.one_in(4) {
        true => (0..3).map(|_| lot.below(3) as u8).collect(),
        false => vec![1; 3],
    };
    voters[0] = voters[0].max(1);
    let kafka = lot.one_of(&Profile::ALL);
    let (quorum, zookeeper_observers) = match kafka.has_zookeeper() {
        true => ensemble(lot),
        false => (Quorum::Majority, vec![0; 3]),
    };
    let mut setting = Setting {
        kafka,
        datacenters: ["north", "south", "west"].map(String::from).to_vec(),
        voters,
        quorum,
        zookeeper_observers,
        brokers: (0..replicas)
            .map(|_| Datacenter::at(lot.below(3)))
            .collect(),
        min_insync_replicas: 1 + lot.below(replicas.min(4)) as u8,
        acks: lot.one_of(&Acks::EACH),
        unclean_leader_election: lot.one_in(2),
        eligible_leader_replicas: lot.one_in(2),
        observers: BrokerSet::EMPTY,
        observer_promotion: ObserverPromotion::default(),
        spares: BrokerSet::EMPTY,
        partition_zero_replicas: None,
        idempotence: false,
    };
    // One broker is no replica at first in one case of four, and one replica an observer in one of eight.
    // With ZooKeeper nobody is reassigned.
    if lot.one_in(4) && !kafka.has_zookeeper() {
        setting.spares = last_of(setting.replicas());
    }
    if setting.assigned().len() > 1 && lot.one_in(8) {
        setting.observers = last_of(setting.assigned());
        setting.observer_promotion = lot.one_of(&ObserverPromotion::ALL);
    }
    // Producers are idempotent in one case of three that may be so, and partition 0 has another number of
    // replicas in one of eight.
    setting.idempotence = setting.acks == Acks::All && lot.one_in(3);
    if lot.one_in(8) {
        setting.partition_zero_replicas = Some(1 + lot.below(4) as u8);
    }
    setting
}

fn last_of(brokers: BrokerSet) -> BrokerSet {
    brokers.minus(BrokerSet::first(brokers.len() - 1))
}

/// What is ZooKeeper's own: in one case of three groups, of which the last may have no weight; in one of
/// three observers.
fn ensemble(lot: &mut Lot) -> (Quorum, Vec<u8>) {
    let quorum = match lot.one_in(3) {
        true => Quorum::Hierarchical {
            weights: vec![1, 1 + lot.below(2) as u8, lot.below(2) as u8],
        },
        false => Quorum::Majority,
    };
    let observers = match lot.one_in(3) {
        true => (0..3).map(|_| lot.below(2) as u8).collect(),
        false => vec![0; 3],
    };
    (quorum, observers)
}

/// Switches that say nothing where metadata is kept in ZooKeeper: nobody has the registrations of KRaft.
const NOT_IN_ZOOKEEPER: [&str; 9] = [
    "strict-min-isr",
    "equal-epoch-wipes-pending",
    "checks-fetch-broker-epoch",
    "shrinking-starts-epoch",
    "registration-takes-seats",
    "elects-fenced-last-known",
    "checks-isr-members",
    "checks-member-epochs",
    "reassignment-awaits-targets",
];

/// Switches that say nothing where it is not.
const ONLY_IN_ZOOKEEPER: [&str; 2] = ["leader-writes-isr", "checks-request-broker-epoch"];

/// A version as it is, or in one case of three with up to two of its switches turned; fetches are late
/// in one of four, and so are the requests of a controller in ZooKeeper.
fn variant(kafka: Profile, lot: &mut Lot) -> Variant {
    let mut variant = Variant::of(kafka);
    variant.late_fetches = lot.one_in(4);
    variant.late_requests = kafka.has_zookeeper() && lot.one_in(4);
    let silent: &[&str] = match kafka.has_zookeeper() {
        true => &NOT_IN_ZOOKEEPER,
        false => &ONLY_IN_ZOOKEEPER,
    };
    let names = Switches::NAMES.iter().copied();
    let names: Vec<&str> = names.filter(|name| !silent.contains(name)).collect();
    if lot.one_in(3) {
        for _ in 0..2 {
            let name = lot.one_of(&names);
            let on = variant.switches.get(name) == Some(true);
            assert!(variant.switches.set(name, !on), "{name} is a switch");
        }
    }
    variant
}

/// How much was compared.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Schedules.
    pub cases: u64,
    /// Events that happened on both sides, and left both looking the same.
    pub events: u64,
    /// Events that both refused.
    pub refusals: u64,
}

impl Tally {
    /// Adds what another has.
    pub fn add(&mut self, other: &Tally) {
        self.cases += other.cases;
        self.events += other.events;
        self.refusals += other.refusals;
    }
}

/// What a case brought to light.
#[derive(Clone, Debug)]
pub enum Finding {
    /// Model and engine differ.
    Differs(Box<Disagreement>),
    /// One of them panicked; what it said is on stderr.
    Panicked,
}

/// One case, whatever becomes of it.
///
/// # Errors
/// What it brought to light.
pub fn try_case(seed: u64, number: u64) -> Result<Tally, Finding> {
    catch_unwind(AssertUnwindSafe(|| Case::of(seed, number).run()))
        .map_err(|_| Finding::Panicked)?
        .map_err(Finding::Differs)
}

/// Cases of a seed from number 0 on, until the deadline has passed or one finds something.  At least
/// one is run, and of several that find something the one with the lowest number counts.
pub struct Soak {
    /// What decides them.
    pub seed: u64,
    /// When no further case is begun; never, if there is none.
    pub deadline: Option<Instant>,
    /// How many threads.
    pub workers: NonZeroUsize,
}

impl Soak {
    /// Runs them, and tells `listener` after each how much has been compared.
    ///
    /// # Errors
    /// The number of the case that found something, and what.
    ///
    /// # Panics
    /// If the listener does.
    pub fn run(&self, listener: &(dyn Fn(&Tally) + Sync)) -> Result<Tally, (u64, Finding)> {
        let next = AtomicU64::new(0);
        let all = Mutex::new((Tally::default(), None::<(u64, Finding)>));
        let work = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let result = try_case(self.seed, number);
                let mut all = all.lock().expect("no listener panics");
                let (tally, found) = &mut *all;
                match result {
                    Ok(one) => tally.add(&one),
                    Err(finding) => {
                        if found.as_ref().is_none_or(|(lowest, _)| number < *lowest) {
                            *found = Some((number, finding));
                        }
                    }
                }
                listener(tally);
                if found.is_some() || self.is_over() {
                    break;
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.workers.get() {
                scope.spawn(work);
            }
            work();
        });
        let (tally, found) = all.into_inner().expect("no listener panics");
        found.map_or(Ok(tally), Err)
    }

    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|end| Instant::now() >= end)
    }
}
