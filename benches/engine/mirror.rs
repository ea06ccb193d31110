//! What mirrors do in rounds: a topic-partition, its copy at the other end, and a group.

use crate::null;
use crate::paired::Turn;
use crate::report::Report;
use highwater_reference::mirroring::{Columns, Engine, Options, Switches, kernels};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Assignment, Cluster, Clusters, Commits, Failback, Failover, Flow, Mirror, Partition,
    Partitions, Reader, Reset, Seek, Setting, Stamps, SyncsAt, Tool, TopicPartition, Work,
};

/// What is measured here.
pub(crate) const PASSES: [&str; 3] = ["mirror_tick", "offset_translate", "link_tick"];

/// `offset.lag.max` as it is by default.
const OFFSET_LAG_MAX: u64 = 100;

/// A mirror of one topic-partition, as it is by default.
fn setting(tool: Tool) -> Setting {
    let [east, west] = [0, 1].map(Cluster::at);
    let [orders, copies] = [0, 1].map(TopicPartition::at);
    let partition = |cluster, topic: &str, written| Partition {
        cluster,
        topic: topic.into(),
        number: 0,
        initial: true,
        written,
    };
    Setting {
        clusters: vec!["east".into(), "west".into()],
        partitions: vec![
            partition(east, "orders", true),
            partition(west, "east.orders", false),
        ],
        mirrors: vec![Flow {
            from: east,
            to: west,
            tool,
            emits_syncs: true,
            syncs_at: SyncsAt::Source,
            syncs_groups: false,
            stamps: Stamps::Create,
            exactly_once: false,
            provenance: false,
            seek: Seek::Last,
            stops_with: Clusters::EMPTY,
            initial: true,
            then_written: Partitions::EMPTY,
        }],
        tasks: vec![Work {
            mirror: Mirror::at(0),
            from: orders,
            to: vec![copies],
        }],
        groups: vec![Reader {
            name: "billing".into(),
            home: east,
            reads: Partitions::only(orders).with(copies),
            assignment: Assignment::Subscribed,
            commits: Commits::After,
            failover: Failover::Translated,
            instrumented: false,
            reset: Reset::Earliest,
            sink: None,
        }],
        failback: Failback::Reverse,
    }
}

/// Engines that are used, and columns for the null passes.
struct Steady {
    own: Engine,
    linked: Engine,
    bare: Columns,
    produced: Vec<u64>,
    committed: Vec<u64>,
    upstream: Vec<u64>,
    known: Vec<u64>,
    downstream: Vec<u64>,
}

impl Steady {
    fn new(partitions: usize) -> Steady {
        let engine = |tool| {
            let options = Options {
                offset_lag_max: OFFSET_LAG_MAX,
                switches: vec![Switches::of(tool)],
                groups_know_epochs: true,
            };
            Engine::with_options(&setting(tool), options, partitions)
        };
        let mut own = engine(Tool::MirrorMaker2At3_9);
        let produced: Vec<u64> = (0..partitions as u64).map(|row| row % 4).collect();
        for _ in 0..3 {
            own.tick(&produced);
        }
        // Some groups are at the newest sync, most are past it, and some have not reached it.
        let upstream: Vec<u64> = (0..partitions as u64).map(|row| 100 + row % 7).collect();
        let rows = upstream.iter().enumerate();
        Steady {
            bare: own.columns().clone(),
            own,
            linked: engine(Tool::MirroringAt2026_11),
            committed: rows.map(|(row, sync)| sync + row as u64 % 5 - 1).collect(),
            known: upstream.iter().map(|sync| sync + 3).collect(),
            upstream,
            downstream: vec![0; partitions],
            produced,
        }
    }

    fn translate(&mut self) {
        let (committed, upstream) = (&self.committed, &self.upstream);
        let downstream = &mut self.downstream;
        kernels::offset_translate(downstream, committed, upstream, &self.known, false);
    }
}

/// Everything that mirrors do in rounds.
pub(crate) fn measure(report: &mut Report, partitions: usize) {
    if !report.wants(&PASSES) {
        return;
    }
    let mut steady = Steady::new(partitions);
    report.measure(
        "mirror_tick",
        &mut steady,
        partitions,
        &Turn {
            make_ready: |_| (),
            pass: |steady| steady.own.tick(&steady.produced),
            null_pass: |steady| null::mirror_tick(&mut steady.bare, &steady.produced),
        },
    );
    assert_eq!(steady.own.deviating(), 0, "what is measured is the kernel");
    report.measure(
        "link_tick",
        &mut steady,
        partitions,
        &Turn {
            make_ready: |_| (),
            pass: |steady| steady.linked.tick(&steady.produced),
            null_pass: |steady| null::link_tick(&mut steady.bare, &steady.produced),
        },
    );
    assert_eq!(steady.linked.deviating(), 0, "here too");
    report.measure(
        "offset_translate",
        &mut steady,
        partitions,
        &Turn {
            make_ready: |steady| steady.downstream.fill(0),
            pass: Steady::translate,
            null_pass: |steady| {
                let read = [&steady.committed[..], &steady.upstream, &steady.known];
                null::offset_translate(&mut steady.downstream, read);
            },
        },
    );
}

/// What a partition takes in the columns.
pub(crate) fn bytes_per_partition() -> usize {
    Engine::new(&setting(Tool::MirrorMaker2At3_9), OFFSET_LAG_MAX)
        .columns()
        .bytes_per_row()
}
