//! What happens to all partitions at once: appends, fetches, the look at the ISR, a datacenter that is
//! lost and comes back.

use crate::null;
use crate::paired::Turn;
use crate::report::Report;
use highwater_reference::{Columns, Engine, Tiles, sweeps};
use highwater_vocabulary::{Broker, Datacenter, Event, Member, Story};

/// Where replicas are.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) header: &'static str,
    pub(crate) replicas: usize,
    pub(crate) min_isr: u8,
    /// The places of the brokers in the datacenter that is lost, the first.
    pub(crate) lost: &'static [usize],
}

pub(crate) const THREE: Layout = Layout {
    header: "replication 4.1, brokers a-1 b-1 c-1, min ISR 2, acks all, elr on",
    replicas: 3,
    min_isr: 2,
    lost: &[0],
};

pub(crate) const FIVE: Layout = Layout {
    header: "replication 4.1, brokers a-1 b-1 c-1 a-2 b-2, min ISR 3, acks all, elr on",
    replicas: 5,
    min_isr: 3,
    lost: &[0, 3],
};

/// Partitions of a layout, all new.
pub(crate) fn engine(layout: &Layout, partitions: usize) -> Engine {
    let story = Story::parse(layout.header).expect("a first line");
    Engine::new(&story.setting, partitions)
}

/// The most partitions over which something is measured that takes microseconds for each.
const EVENT_BY_EVENT: usize = 10_000;

const LOST: fn() -> Datacenter = || Datacenter::at(0);

/// An engine that is used, as it was before, and columns for the null passes.
struct Steady {
    own: Engine,
    before: Engine,
    bare: Columns,
    by: Vec<u64>,
    behind: Vec<u8>,
    touched: Tiles,
}

impl Steady {
    fn new(layout: &Layout, partitions: usize) -> Steady {
        let mut own = engine(layout, partitions);
        let by: Vec<u64> = (0..partitions as u64).map(|row| 1 + row % 3).collect();
        own.append_round(&by);
        own.fetch_round();
        own.append_round(&by);
        own.fetch_round();
        Steady {
            before: own.clone(),
            bare: own.columns().clone(),
            own,
            by,
            behind: vec![0; partitions],
            touched: Tiles::none(partitions),
        }
    }

    fn append(&mut self) {
        self.own.append_round(&self.by);
    }

    fn go_back(&mut self) {
        self.own = self.before.clone();
    }

    /// What goes back, goes back to here.
    fn stay_here(&mut self) {
        self.before = self.own.clone();
    }

    fn fail_over(&mut self) {
        self.own.fail_over(LOST()).expect("two are left");
    }

    fn bring_back(&mut self) {
        self.own.bring_back(LOST()).expect("it is dark");
    }

    /// Every follower that is back asks to join the ISR, is let in, and everybody learns of it.
    fn rejoin(&mut self) {
        self.own.fetch_round();
        let brokers = || (0..self.own.setting().brokers.len()).map(Broker::at);
        let mut events: Vec<Event> = Vec::new();
        events.extend(brokers().map(|leader| Event::Apply { leader }));
        events.extend(brokers().map(|leader| Event::Told { leader }));
        events.extend(brokers().map(|broker| Event::Learn { broker, records: 1 }));
        for event in &events {
            self.own.apply_to_all(event).expect("it is of rows");
        }
    }

    /// Every so many tiles are touched; says how many partitions they have.
    fn touch_one_in(&mut self, tiles: usize) -> usize {
        self.touched.clear();
        for row in (0..self.by.len()).step_by(tiles * sweeps::TILE) {
            self.touched.touch(row);
        }
        self.touched.touched().map(|rows| rows.len()).sum()
    }
}

/// Everything that is done in rounds.
pub(crate) fn measure(report: &mut Report, layout: &Layout, partitions: usize) {
    let passes = [
        "append",
        "fetch_round/",
        "isr_sweep",
        "fail_over",
        "bring_back",
        "truncate_returning_datacenter",
        "rejoin",
    ];
    if !passes.iter().any(|pass| report.wants(&[pass])) {
        return;
    }
    let mut steady = Steady::new(layout, partitions);
    measure_steady(report, &mut steady, partitions);
    measure_sparse(report, &mut steady);
    measure_mixed(report, layout, &steady);
    measure_faults(report, &mut steady, partitions);
}

fn measure_steady(report: &mut Report, steady: &mut Steady, partitions: usize) {
    report.measure(
        "append",
        steady,
        partitions,
        &Turn {
            make_ready: |steady| steady.own.fetch_round(),
            pass: Steady::append,
            null_pass: |steady| null::append(&mut steady.bare, &steady.by),
        },
    );
    report.measure(
        "fetch_round/dense",
        steady,
        partitions,
        &Turn {
            make_ready: Steady::append,
            pass: |steady| steady.own.fetch_round(),
            null_pass: |steady| {
                let rows = 0..steady.bare.rows();
                null::fetch_round(&mut steady.bare, rows);
            },
        },
    );
    // What a follower was given is known when it asks for more.
    steady.own.fetch_round();
    report.measure(
        "isr_sweep",
        steady,
        partitions,
        &Turn {
            make_ready: |steady| steady.behind.fill(0),
            pass: |steady| {
                let rows = 0..steady.behind.len();
                sweeps::behind(steady.own.columns(), rows, &mut steady.behind);
            },
            null_pass: |steady| null::behind(&steady.bare, &mut steady.behind),
        },
    );
}

fn measure_sparse(report: &mut Report, steady: &mut Steady) {
    for (pass, tiles) in [
        ("fetch_round/sparse, 1 %", 100),
        ("fetch_round/sparse, 5 %", 20),
        ("fetch_round/sparse, 20 %", 5),
    ] {
        let partitions = steady.touch_one_in(tiles);
        report.measure(
            pass,
            steady,
            partitions,
            &Turn {
                make_ready: Steady::append,
                pass: |steady| steady.own.fetch_round_in(&steady.touched),
                null_pass: |steady| {
                    for rows in steady.touched.touched() {
                        null::fetch_round(&mut steady.bare, rows);
                    }
                },
            },
        );
    }
}

/// Partitions of which not all have the same leader.
struct Mixed {
    own: Columns,
    bare: Columns,
    by: Vec<u64>,
    everybody: Vec<u8>,
    min_isr: u8,
}

impl Mixed {
    fn append(&mut self) {
        let (rows, min_isr) = (0..self.by.len(), self.min_isr);
        sweeps::append(&mut self.own, rows, &self.by, u8::MAX, min_isr, min_isr);
    }

    fn fetch_round(&mut self) {
        let rows = 0..self.by.len();
        sweeps::fetch_round(&mut self.own, rows, &self.everybody, self.min_isr);
    }
}

fn measure_mixed(report: &mut Report, layout: &Layout, steady: &Steady) {
    for (pass, one_in) in [
        ("fetch_round/1 % led elsewhere", 100),
        ("fetch_round/all leaders mixed", 1),
    ] {
        if !report.wants(&[pass]) {
            continue;
        }
        let mut own = steady.own.columns().clone();
        for (row, leader) in own.leader.iter_mut().enumerate() {
            let mixed = row.wrapping_mul(0x9E37_79B9) >> 8;
            if mixed % one_in == 0 {
                *leader = 1 << ((mixed >> 8) % layout.replicas);
            }
        }
        let mut mixed = Mixed {
            bare: own.clone(),
            own,
            by: steady.by.clone(),
            everybody: vec![u8::MAX; layout.replicas],
            min_isr: layout.min_isr,
        };
        let turn = Turn {
            make_ready: Mixed::append,
            pass: Mixed::fetch_round,
            null_pass: |mixed| null::fetch_round(&mut mixed.bare, 0..mixed.by.len()),
        };
        report.measure(pass, &mut mixed, steady.by.len(), &turn);
    }
}

/// A datacenter is lost, comes back, cuts off what the others never had, and joins again.
fn measure_faults(report: &mut Report, steady: &mut Steady, partitions: usize) {
    let fetch_round: fn(&mut Steady) = |steady| steady.own.fetch_round();
    let null_round: fn(&mut Steady) = |steady| {
        let rows = 0..steady.bare.rows();
        null::fetch_round(&mut steady.bare, rows);
    };
    let mut measure = |pass, steady: &mut Steady, run, null_pass| {
        let turn = Turn {
            make_ready: Steady::go_back,
            pass: run,
            null_pass,
        };
        report.measure(pass, steady, partitions, &turn);
        // What follows begins where this pass ends, whether it was wanted or not.
        steady.go_back();
        run(steady);
    };
    measure("fail_over", steady, Steady::fail_over, |steady| {
        null::fail_over(&mut steady.bare);
    });

    steady.go_back();
    steady.append();
    steady.fail_over();
    for _ in 0..3 {
        steady.append();
        steady.own.fetch_round();
    }
    steady.stay_here();
    measure("bring_back", steady, Steady::bring_back, |steady| {
        null::bring_back(&steady.bare);
    });

    steady.stay_here();
    let pass = "truncate_returning_datacenter";
    measure(pass, steady, fetch_round, null_round);

    if partitions <= EVENT_BY_EVENT {
        steady.own.fetch_round();
        steady.stay_here();
        measure("rejoin, event by event", steady, Steady::rejoin, null_round);
    }
}
