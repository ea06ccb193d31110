//! What ought to hold of counts beside Kafka.

use super::super::rules::{self, next_readable, stands_at, written_at};
use super::super::{Mirroring, State};
use super::has_copied_all;
use highwater_vocabulary::mirroring::{Cluster, Databases, Group};

/// The groups that count.
fn counting(model: &Mirroring) -> impl Iterator<Item = Group> + use<'_> {
    let groups = model.setting.every_group();
    groups.filter(|group| model.setting.reader(*group).sink.is_some())
}

/// Whether consumers run at a cluster, have read all that it has, and counted all that they have read.
fn is_caught_up(model: &Mirroring, state: &State, group: Group, at: Cluster) -> bool {
    state.is_up(at)
        && state[group].runs_at.contains(at)
        && state.sink(group).memory_at(at).is_empty()
        && rules::reads(model, state, group, at).iter().all(|place| {
            let here = stands_at(model, state, group, place);
            next_readable(&state[place], here).is_none()
        })
}

/// The clusters at which a group has databases of its own, if nothing is left to be counted in any.
fn counted_everywhere(model: &Mirroring, state: &State, group: Group) -> Option<Vec<Cluster>> {
    let sink = model.setting.reader(group).sink?;
    let read = model
        .setting
        .every_cluster()
        .filter(|cluster| !model.setting.read_at(group, *cluster).is_empty());
    let clusters: Vec<Cluster> = read.collect();
    let mut mirrors = model.setting.every_mirror();
    let done = sink.databases == Databases::PerCluster
        && mirrors.all(|mirror| has_copied_all(model, state, mirror))
        && clusters
            .iter()
            .all(|cluster| is_caught_up(model, state, group, *cluster));
    done.then_some(clusters)
}

pub(super) fn same_counts(model: &Mirroring, state: &State) -> bool {
    counting(model).all(|group| {
        let clusters = counted_everywhere(model, state, group).unwrap_or_default();
        let counts = |cluster: &Cluster| state.sink(group).at(*cluster).counts.windows();
        let mut pairs = clusters.iter().zip(clusters.iter().skip(1));
        pairs.all(|(one, other)| counts(one) == counts(other))
    })
}

pub(super) fn all_counted(model: &Mirroring, state: &State) -> bool {
    counting(model).any(|group| {
        let clusters = counted_everywhere(model, state, group).unwrap_or_default();
        let counted = |cluster: &Cluster| !state.sink(group).at(*cluster).counts.is_empty();
        clusters.len() > 1 && clusters.iter().any(counted)
    })
}

pub(super) fn one_writer(model: &Mirroring, state: &State) -> bool {
    counting(model).all(|group| {
        let mut databases = state.sink(group).databases.iter();
        databases.all(|database| !database.counts.repeats())
    })
}

pub(super) fn something_counted(model: &Mirroring, state: &State) -> bool {
    counting(model).any(|group| {
        let mut databases = state.sink(group).databases.iter();
        databases.any(|database| !database.counts.is_empty())
    })
}

pub(super) fn every_record_counted(model: &Mirroring, state: &State) -> bool {
    counting(model).all(|group| {
        let mut clusters = model.setting.every_cluster();
        clusters.all(|cluster| {
            let Some(written) = written_at(model, state, group, cluster) else {
                return true;
            };
            let counts = &state.sink(group).at(written).counts;
            let read = rules::reads(model, state, group, cluster);
            !is_caught_up(model, state, group, cluster)
                || read.iter().all(|place| {
                    let mut records = state[place].records();
                    records.all(|(_, record)| counts.holds(record))
                })
        })
    })
}

pub(super) fn some_counted(model: &Mirroring, state: &State) -> bool {
    something_counted(model, state)
        && counting(model).any(|group| {
            let mut clusters = model.setting.every_cluster();
            clusters.any(|cluster| is_caught_up(model, state, group, cluster))
        })
}
