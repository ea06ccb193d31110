//! What takes microseconds, by criterion: the parts of which every search is made.

use crate::explorers::{EXPLORERS, compared};
use crate::spaces::{Model, SMALL};
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use highwater_checks::explore::{Explorable, Limits, key_of, silently};
use highwater_checks::peers::kip320::Kip320;
use std::collections::HashSet;
use std::hint::black_box;
use std::time::Duration;

/// States that the parts are measured on: of every space the first ones, breadth-first.
const SAMPLE: usize = 4_000;

/// Every part, on a small space of either model.
pub(crate) fn run() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let small = Kip320 {
        epochs: 2,
        ..Kip320::PUBLISHED
    };
    parts(&mut criterion, "kip-320", &small);
    let Model::Replication(row) = SMALL.model() else {
        unreachable!("it is a row");
    };
    parts(&mut criterion, "row", &*row);
    criterion.final_summary();
}

fn parts<M: Explorable>(criterion: &mut Criterion, name: &str, model: &M) {
    let sample = sample(model);
    let mut group = criterion.benchmark_group(name);
    transitions(&mut group, model, &sample);
    keys(&mut group, &sample);
    whole(&mut group, model);
    group.finish();
}

/// What may be tried in a state, and what becomes of it: per transition.
fn transitions<M: Explorable>(
    group: &mut BenchmarkGroup<WallTime>,
    model: &M,
    sample: &[M::State],
) {
    let happened: usize = sample.iter().map(|state| successors(model, state)).sum();
    group.throughput(Throughput::Elements(happened as u64));
    group.bench_function("transitions", |bencher| {
        bencher.iter(|| {
            sample
                .iter()
                .map(|state| successors(model, state))
                .sum::<usize>()
        });
    });
}

fn successors<M: Explorable>(model: &M, state: &M::State) -> usize {
    let mut actions = Vec::new();
    model.actions(state, &mut actions);
    let next = actions
        .into_iter()
        .map(|action| model.next_state(state, action));
    next.filter(|next| black_box(next).is_some()).count()
}

/// To write a state down and hash it: per state.
fn keys<S: serde::Serialize>(group: &mut BenchmarkGroup<WallTime>, sample: &[S]) {
    group.throughput(Throughput::Elements(sample.len() as u64));
    group.bench_function("keys", |bencher| {
        bencher.iter_batched_ref(
            Vec::new,
            |room| {
                sample
                    .iter()
                    .fold(0, |all, state| all ^ key_of(state, room))
            },
            BatchSize::SmallInput,
        );
    });
}

/// The whole space: per state.
fn whole<M: Explorable>(group: &mut BenchmarkGroup<WallTime>, model: &M) {
    for (name, explorer) in EXPLORERS
        .iter()
        .filter(|(name, _)| compared().any(|one| one == *name))
    {
        let unique = explorer
            .explore(model, Limits::default(), silently())
            .unique;
        group.throughput(Throughput::Elements(unique as u64));
        group.bench_function(format!("whole/{name}"), |bencher| {
            bencher.iter(|| {
                explorer
                    .explore(model, Limits::default(), silently())
                    .unique
            });
        });
    }
}

/// The first states, breadth-first.
fn sample<M: Explorable>(model: &M) -> Vec<M::State> {
    let mut room = Vec::new();
    let mut seen = HashSet::new();
    let mut states = model.init_states();
    seen.extend(states.iter().map(|state| key_of(state, &mut room)));
    let mut at = 0;
    while at < states.len() && states.len() < SAMPLE {
        let mut actions = Vec::new();
        model.actions(&states[at], &mut actions);
        for action in actions {
            if let Some(next) = model.next_state(&states[at], action)
                && seen.insert(key_of(&next, &mut room))
            {
                states.push(next);
            }
        }
        at += 1;
    }
    states
}
