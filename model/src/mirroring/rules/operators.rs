//! What operators do, and what a mirror does on their behalf from time to time.

use super::super::{Disabled, Guard, Mirroring, State};
use super::{environment, needs, needs_both_up, needs_mirror, needs_up};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Cluster, Failback, Flow, Mirror, TopicPartition};

/// The mirror looks for what is new at its source, and copies the configuration
/// (`refresh.topics.interval.seconds`, `sync.topic.configs.interval.seconds`).
pub(super) fn refresh(
    model: &Mirroring,
    before: &State,
    mirror: Mirror,
) -> Result<State, Disabled> {
    needs_mirror(before, mirror)?;
    let flow = model.setting.flow(mirror);
    needs_both_up(before, flow)?;
    let mut after = *before;
    if model.keeps(Guard::RefreshFindsPartitions) {
        for task in model.setting.tasks_of(mirror) {
            let work = model.setting.work(task);
            if before[work.from].exists {
                after[task].known = true;
                after[work.to[0]].exists = true;
            }
        }
    }
    let mut tasks = model.setting.tasks_of(mirror);
    let copies = tasks.any(|task| model.keeps_for(task, Guard::ConfigurationIsCopied));
    if copies && before.altered.contains(flow.from) {
        after.altered = after.altered.with(flow.to);
    }
    needs(after != *before, Disabled::NothingThere)?;
    Ok(after)
}

/// An operator adds a partition.
pub(super) fn add_partition(
    model: &Mirroring,
    before: &State,
    place: TopicPartition,
) -> Result<State, Disabled> {
    needs_up(before, model.setting.partition(place).cluster)?;
    needs(!before[place].exists, Disabled::NoSuchPartition)?;

    let mut after = *before;
    after[place].exists = true;
    Ok(after)
}

/// An operator changes the configuration of the topics that producers write at a cluster.
pub(super) fn alter(
    model: &Mirroring,
    before: &State,
    cluster: Cluster,
) -> Result<State, Disabled> {
    needs_up(before, cluster)?;
    let own = model
        .setting
        .partitions_of(cluster)
        .any(|place| model.setting.partition(place).written);
    needs(
        own && !before.altered.contains(cluster),
        Disabled::NothingThere,
    )?;

    let mut after = *before;
    after.altered = before.altered.with(cluster);
    Ok(after)
}

/// From here on the cluster takes nothing from producers.  It need not be reachable: that is what
/// fencing is.
pub(super) fn fence_cluster(before: &State, cluster: Cluster) -> Result<State, Disabled> {
    needs(!before.fenced.contains(cluster), Disabled::NothingThere)?;

    let mut after = *before;
    after.fenced = before.fenced.with(cluster);
    Ok(after)
}

/// Producers are pointed to the target.  The mirror lives on, and so does the source.
pub(super) fn fail_over(
    model: &Mirroring,
    before: &State,
    mirror: Mirror,
) -> Result<State, Disabled> {
    let flow = model.setting.flow(mirror);
    needs_a_way_to_go(before, flow, mirror)?;

    let mut after = *before;
    after.writable = before.writable.union(flow.then_written);
    for place in flow.then_written.iter() {
        after.moved_at[place.index()] = before[place].end;
    }
    move_producers(model, &mut after, mirror);
    Ok(after)
}

/// Producers can be moved along a mirror: its target is up, and there is something for them to write.
pub(super) fn needs_a_way_to_go(
    state: &State,
    flow: &Flow,
    mirror: Mirror,
) -> Result<(), Disabled> {
    needs_up(state, flow.to)?;
    needs(!state.failed_over.contains(mirror), Disabled::NothingThere)?;
    needs(!flow.then_written.is_empty(), Disabled::NothingThere)
}

/// Producers have moved along a mirror; those that come home have left again.
pub(super) fn move_producers(model: &Mirroring, after: &mut State, mirror: Mirror) {
    after.failed_over = after.failed_over.with(mirror);
    let back = model.setting.every_mirror();
    for way in back.filter(|way| leads_back(model, *way, mirror)) {
        after.failed_over = after.failed_over.without(way);
    }
}

/// Whether one mirror leads from the target of another to its source.
pub(in super::super) fn leads_back(model: &Mirroring, one: Mirror, other: Mirror) -> bool {
    let [one, other] = [one, other].map(|mirror| model.setting.flow(mirror));
    one.from == other.to && one.to == other.from
}

/// A mirror is stopped for good.
pub(super) fn stop_mirror(
    model: &Mirroring,
    before: &State,
    mirror: Mirror,
) -> Result<State, Disabled> {
    needs(!before.retired.contains(mirror), Disabled::NothingThere)?;

    let mut after = *before;
    environment::end(model, &mut after, mirror);
    after.retired = before.retired.with(mirror);
    Ok(after)
}

/// The way back is opened: the old primary becomes what is copied to.  Only a mirror that waits for that, or
/// was stopped, is started so; one that crashed restarts.
pub(super) fn fail_back(
    model: &Mirroring,
    before: &State,
    mirror: Mirror,
) -> Result<State, Disabled> {
    let flow = model.setting.flow(mirror);
    needs_both_up(before, flow)?;
    needs(
        !flow.initial && before.retired.contains(mirror),
        Disabled::OtherLife,
    )?;
    let mut there = model
        .setting
        .every_mirror()
        .filter(|way| leads_back(model, *way, mirror));
    let ready = there.all(|way| before.failed_over.contains(way) && !before.running.contains(way));
    needs(ready, Disabled::OtherLife)?;
    environment::needs_its_place(model, before, mirror)?;

    let mut after = *before;
    after.running = before.running.with(mirror);
    after.retired = before.retired.without(mirror);
    environment::forget(model, &mut after, mirror);
    for task in model.setting.tasks_of(mirror) {
        let work = model.setting.work(task);
        match model.setting.failback {
            Failback::Rebuild => {
                rebuild(model, &mut after, &work.to);
                // A position that was stored in an earlier life would leave a hole.
                let own = &mut after[task];
                own.position = 0;
                own.stored = None;
                own.acknowledged = None;
            }
            Failback::Reverse => {}
            Failback::ReverseFromEnd => {
                let end = before.moved_at[work.from.index()];
                after[task].position = end;
                after[task].stored = end.checked_sub(1);
            }
        }
    }
    Ok(after)
}

/// What the way back writes is deleted first, with what groups have committed in it.
fn rebuild(model: &Mirroring, after: &mut State, places: &[TopicPartition]) {
    for place in places {
        environment::delete(model, after, *place);
        after.writable = after.writable.without(*place);
    }
}
