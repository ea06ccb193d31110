//! The naive twin: the same steps over maps, sets and whole logs.

#[allow(dead_code, reason = "the engine's tests use more of it")]
#[path = "../../reference/tests/support/naive.rs"]
mod naive;

use crate::report::Report;
use naive::{Naive, NaiveCluster};
use std::time::Instant;

/// Takes the twin through what is measured, each step once.
pub(crate) fn measure(report: &mut Report, partitions: usize) {
    let rules = Naive {
        replicas: 3,
        min_isr: 2,
        has_elr: true,
        unclean: false,
        registration_takes_seats: true,
        elects_dead_last_known: false,
    };
    let mut cluster = NaiveCluster::new(rules, partitions);
    let mut step = |pass: &str, run: &dyn Fn(&mut NaiveCluster)| {
        let begun = Instant::now();
        run(&mut cluster);
        let nanoseconds = begun.elapsed().as_secs_f64() * 1e9 / partitions as f64;
        if !pass.is_empty() {
            report.note_naive(pass, partitions, nanoseconds);
        }
    };
    let append = |cluster: &mut NaiveCluster| {
        (0..partitions).for_each(|id| {
            cluster.produce(id, 0);
        })
    };
    let fetch = |cluster: &mut NaiveCluster, followers: &[usize]| {
        for id in 0..partitions {
            for follower in followers {
                cluster.fetch(id, *follower);
            }
        }
    };
    step("append", &append);
    step("fetch_round/dense", &|cluster| fetch(cluster, &[1, 2]));
    step("", &append);
    step("", &|cluster| {
        cluster.crash(0, 0);
    });
    step("failover_datacenter/grouped", &|cluster| {
        cluster.fence(0);
    });
    step("", &append);
    step("", &|cluster| fetch(cluster, &[2]));
    step("bring_back", &|cluster| {
        cluster.start(0);
    });
    step("truncate_returning_datacenter", &|cluster| {
        fetch(cluster, &[0, 2])
    });
}
