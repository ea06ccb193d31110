//! What consumers do beside Kafka: they add what they have processed to counts in a database.

use super::super::state::Entry;
use super::super::tally::{Database, Tally};
use super::super::{Disabled, Guard, Mirroring, State};
use super::groups::{leave, reads};
use super::needs;
use highwater_vocabulary::mirroring::{
    Cluster, Databases, Duplicates, Group, Late, PlaceKept, Sink, TopicPartition, Windows,
};
use highwater_vocabulary::{Member, Record};

/// The group's sink; without one there is nothing to be done to it.
fn sink_of(model: &Mirroring, group: Group) -> Result<Sink, Disabled> {
    let sink = model.setting.reader(group).sink;
    sink.ok_or(Disabled::NothingThere)
}

/// Whether a group has a database at each cluster, so that its consumers at one are none of another's business.
pub(super) fn is_per_cluster(model: &Mirroring, group: Group) -> bool {
    let sink = model.setting.reader(group).sink;
    sink.is_some_and(|sink| sink.databases == Databases::PerCluster)
}

/// Where the consumers at a cluster write; nowhere, if all that there was is lost.
pub fn written_at(model: &Mirroring, state: &State, group: Group, at: Cluster) -> Option<Cluster> {
    let reader = model.setting.reader(group);
    match reader.sink?.databases {
        Databases::PerCluster => Some(at),
        Databases::Stretched => Some(reader.home),
        Databases::Replicated => {
            let others = model.setting.every_cluster();
            let mut clusters = std::iter::once(reader.home).chain(others);
            clusters.find(|cluster| !state.sink(group).lost.contains(*cluster))
        }
    }
}

/// The consumers at a cluster add what they have processed to the counts.  If their place belongs to the
/// transaction, it is stored with it.
pub(super) fn count(
    model: &Mirroring,
    before: &State,
    group: Group,
    at: Cluster,
) -> Result<State, Disabled> {
    let sink = sink_of(model, group)?;
    needs(before[group].runs_at.contains(at), Disabled::OtherPlace)?;
    let own = before.sink(group);
    let memory = own.memory_at(at);
    needs(!memory.is_empty(), Disabled::NothingThere)?;
    let newest = own.newest == Some(at) || sink.databases == Databases::PerCluster;
    model.require(Guard::OlderWritersAreRefused, newest || !sink.fenced)?;
    let there = written_at(model, before, group, at).ok_or(Disabled::ClusterIsDown)?;

    let mut after = *before;
    let database = after.sink_mut(group).at_mut(there);
    for (record, window) in memory.rows() {
        let again = database.counts.holds(record);
        if sink.duplicates == Duplicates::Counted || !again {
            needs(!database.counts.is_full(), Disabled::ModelIsFull)?;
            database.counts.add(record, window);
        }
    }
    if sink.place == PlaceKept::InTheTransaction {
        for place in reads(model, before, group, at).iter() {
            database.store(place, before[group].position[place.index()]);
        }
    }
    after.sink_mut(group).memory[at.index()] = Tally::default();
    Ok(after)
}

/// What consumers have processed they keep in memory until they count it; but not what comes too late.
pub(super) fn remember(
    model: &Mirroring,
    after: &mut State,
    group: Group,
    from: TopicPartition,
    entry: &Entry,
    record: Record,
) -> Result<(), Disabled> {
    let Some(sink) = model.setting.reader(group).sink else {
        return Ok(());
    };
    let at = model.setting.partition(from).cluster;
    let window = match sink.windows {
        Windows::EventTime => entry.stamp,
        Windows::ProcessingTime => after.clocks[at.index()],
    };
    let own = after.sink(group);
    let counted = written_at(model, after, group, at).and_then(|it| own.at(it).counts.latest());
    let latest = own.memory_at(at).latest().max(counted);
    if sink.late == Late::Refused && latest.is_some_and(|latest| window < latest) {
        return Ok(());
    }
    needs(!own.memory_at(at).is_full(), Disabled::ModelIsFull)?;
    after.sink_mut(group).memory[at.index()].add(record, window);
    Ok(())
}

/// Consumers commit in Kafka what they have counted, and nothing more.
pub(super) fn may_commit(
    model: &Mirroring,
    before: &State,
    group: Group,
    at: Cluster,
) -> Result<(), Disabled> {
    let counted = before.sink(group).memory_at(at).is_empty();
    model.require(Guard::CommitsFollowCounts, counted)
}

/// Whether consumers that start look for their place beside the counts, and not in Kafka.
pub(super) fn begins_beside(model: &Mirroring, group: Group) -> bool {
    let sink = model.setting.reader(group).sink;
    sink.is_some_and(|sink| sink.place == PlaceKept::InTheTransaction)
        && model.keeps(Guard::BeginsBesideItsCounts)
}

/// The place in a topic-partition as the database of the consumers at a cluster has it.
pub(super) fn place_beside(
    model: &Mirroring,
    state: &State,
    group: Group,
    at: Cluster,
    of: TopicPartition,
) -> Option<u8> {
    let there = written_at(model, state, group, at)?;
    state.sink(group).at(there).place(of)
}

/// Consumers of one database start: whoever writes it besides them is older.
pub(super) fn starts(model: &Mirroring, after: &mut State, group: Group, at: Cluster) {
    if model.setting.reader(group).sink.is_some() && !is_per_cluster(model, group) {
        after.sink_mut(group).newest = Some(at);
    }
}

/// Consumers that go over to another cluster are the same processes, with the same memory.
pub(super) fn goes_over(
    before: &State,
    after: &mut State,
    group: Group,
    from: Cluster,
    to: Cluster,
) {
    let memory = *before.sink(group).memory_at(from);
    let own = after.sink_mut(group);
    own.memory[to.index()] = memory;
    if own.newest == Some(from) {
        own.newest = Some(to);
    }
}

/// What a replicated database has where it is written comes to all its copies.
pub(super) fn replicate(
    model: &Mirroring,
    before: &State,
    group: Group,
) -> Result<State, Disabled> {
    let sink = sink_of(model, group)?;
    let replicated = sink.databases == Databases::Replicated;
    needs(replicated, Disabled::NothingThere)?;
    let home = model.setting.reader(group).home;
    let written = written_at(model, before, group, home).ok_or(Disabled::ClusterIsDown)?;

    let mut after = *before;
    let own = after.sink_mut(group);
    for cluster in model.setting.every_cluster() {
        if !own.lost.contains(cluster) {
            own.databases[cluster.index()] = own.databases[written.index()];
        }
    }
    Ok(after)
}

/// The consumers at a cluster are taken for dead, by whoever starts them elsewhere.
pub(super) fn strand(
    model: &Mirroring,
    before: &State,
    group: Group,
    at: Cluster,
) -> Result<State, Disabled> {
    sink_of(model, group)?;
    needs(before[group].runs_at.contains(at), Disabled::OtherPlace)?;

    let mut after = *before;
    let own = after.sink_mut(group);
    own.stranded = own.stranded.with(at);
    Ok(after)
}

/// The databases at a cluster lose everything, and the consumers that write there fail.  One of each cluster
/// is empty then; one that is replicated is written elsewhere, and there has what had come; one that is stretched
/// loses nothing.
pub(super) fn lose_database(
    model: &Mirroring,
    before: &State,
    cluster: Cluster,
) -> Result<State, Disabled> {
    let mut after = *before;
    for group in model.setting.every_group() {
        let Ok(sink) = sink_of(model, group) else {
            continue;
        };
        if sink.databases == Databases::Stretched {
            continue;
        }
        for at in before[group].runs_at.iter() {
            if written_at(model, before, group, at) == Some(cluster) {
                leave(model, &mut after, group, at);
            }
        }
        let own = after.sink_mut(group);
        *own.at_mut(cluster) = Database::default();
        if sink.databases == Databases::Replicated {
            own.lost = own.lost.with(cluster);
        }
    }
    needs(after != *before, Disabled::NothingThere)?;
    Ok(after)
}
