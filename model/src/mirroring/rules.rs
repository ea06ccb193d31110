//! What may happen: the table of contents.
//!
//! One arm an event, grouped by who acts.  A rule is a function: guards first, then the effect.

mod copying;
mod environment;
mod groups;
mod links;
mod offsets;
mod operators;
mod producers;
mod rebootstrap;
mod replicator;
mod sinks;
mod transactions;
mod ureplicator;

use super::state::Part;
use super::{Disabled, Event, Mirroring, State};
use highwater_vocabulary::mirroring::{Cluster, Flow, Group, Mirror, SyncsAt, Task, Tool};

pub(super) use copying::reading_position;
pub use groups::{next_readable, reads, stands_at};
pub use links::{last, truncation};
pub use offsets::{kept_syncs, translated};
pub(super) use operators::leads_back;
pub use replicator::{leaves_out, leaves_out_at, sought};
pub use sinks::written_at;
pub use ureplicator::mapped;

/// What `event` makes of `before`.
pub fn next(model: &Mirroring, before: &State, event: &Event) -> Result<State, Disabled> {
    links::knows(model, event)?;
    match *event {
        // Producers.
        Event::Append(to, record) => producers::append(model, before, to, record),
        Event::AppendLost(to, record) => producers::append_lost(model, before, to, record),
        Event::Abort(to, record) => producers::abort(model, before, to, record),
        Event::Mark(to) => producers::mark(model, before, to),
        Event::Begin(to, record) => transactions::begin(model, before, to, record),
        Event::CommitTransaction(to) => transactions::end(model, before, to, Part::Commits),
        Event::AbortTransaction(to) => transactions::end(model, before, to, Part::Aborts),
        Event::Offer(to, record) => transactions::offer(model, before, to, record),
        Event::Retract(at) => transactions::retract(model, before, at),

        // Tasks.
        Event::Poll(task) if is_link(model, task) => links::poll(model, before, task),
        Event::Poll(task) => copying::poll(model, before, task),
        Event::Copy(task) if is_link(model, task) => links::copy(model, before, task),
        Event::Copy(task) => copying::copy(model, before, task),
        Event::CopyLost(task) => copying::copy_lost(model, before, task),
        Event::CopyLate(task) => copying::copy_late(model, before, task),
        Event::Note(task) if is_link(model, task) => links::note(model, before, task),
        Event::Note(task) => copying::note(model, before, task),
        Event::Truncate(task) => links::truncate(model, before, task),
        Event::EndTransactions(task) => links::end_transactions(model, before, task),
        Event::Finish(task) => links::finish(model, before, task),

        // Offset syncs, checkpoints, and the groups' offsets.
        Event::Sync(task) => offsets::sync(model, before, task),
        Event::SyncLost(task) => offsets::sync_lost(model, before, task),
        Event::ReadSync(task) => offsets::read_sync(model, before, task),
        Event::Checkpoint(group, task) => offsets::checkpoint(model, before, group, task),
        Event::Look(group, mirror) => offsets::look(model, before, group, mirror),
        Event::LookFailed(group, mirror) => offsets::look_failed(model, before, group, mirror),
        Event::SyncGroup(group, mirror) if leads(model, mirror) => {
            links::sync_group(model, before, group, mirror)
        }
        Event::SyncGroup(group, mirror) => offsets::sync_group(model, before, group, mirror),
        Event::Translate(group, task) => translate(model, before, group, task),

        // Groups.
        Event::Start(group, at) => groups::start(model, before, group, at),
        Event::Consume(group, from) => groups::consume(model, before, group, from),
        Event::Commit(group, at) => groups::commit(model, before, group, at),
        Event::Stop(group, at) => groups::stop(model, before, group, at),
        Event::Rebootstrap(group, at) => rebootstrap::keeping(model, before, group, at),
        Event::RebootstrapReset(group, at) => rebootstrap::resetting(model, before, group, at),
        Event::Rejoin(group, at) => rebootstrap::rejoin(model, before, group, at),

        // What they count beside Kafka.
        Event::Count(group, at) => sinks::count(model, before, group, at),
        Event::ReplicateDatabase(group) => sinks::replicate(model, before, group),

        // Operators.
        Event::Refresh(mirror) => operators::refresh(model, before, mirror),
        Event::AddPartition(place) => operators::add_partition(model, before, place),
        Event::Alter(cluster) => operators::alter(model, before, cluster),
        Event::FenceCluster(cluster) => operators::fence_cluster(before, cluster),
        Event::FailOver(mirror) if leads(model, mirror) => links::fail_over(model, before, mirror),
        Event::FailOver(mirror) => operators::fail_over(model, before, mirror),
        Event::StopMirror(mirror) => operators::stop_mirror(model, before, mirror),
        Event::Promote(mirror) => links::promote(model, before, mirror),
        Event::Reverse(mirror) => links::reverse(model, before, mirror),
        Event::FailBack(mirror) if leads(model, mirror) => links::fail_back(model, before, mirror),
        Event::FailBack(mirror) => operators::fail_back(model, before, mirror),

        // Healing.
        Event::Restart(mirror) => environment::restart(model, before, mirror),
        Event::Heal(mirror) => environment::heal(before, mirror),
        Event::Return(cluster) => environment::come_back(before, cluster),
        Event::Tick(cluster) => environment::tick(before, cluster),

        // Faults.
        Event::Crash(mirror) => environment::crash(model, before, mirror),
        Event::TakeOver(mirror) => environment::take_over(model, before, mirror),
        Event::Cut(mirror) => environment::cut(before, mirror),
        Event::Lose(cluster) => environment::lose(model, before, cluster),
        Event::Destroy(cluster) => environment::destroy(model, before, cluster),
        Event::LoseSuffix(place, lost) => environment::lose_suffix(before, place, lost),
        Event::LoseCommits(cluster) => environment::lose_commits(model, before, cluster),
        Event::Expire(place, lost) => environment::expire(before, place, lost),
        Event::Recreate(place) => environment::recreate(model, before, place),
        Event::Skew(cluster) => environment::skew(before, cluster),
        Event::Strand(group, at) => sinks::strand(model, before, group, at),
        Event::LoseDatabase(cluster) => sinks::lose_database(model, before, cluster),
    }
}

/// Whether a task is a link's.
pub(super) fn is_link(model: &Mirroring, task: Task) -> bool {
    model.setting.flow_of(task).tool.is_link()
}

/// Whether a mirror is a link.
fn leads(model: &Mirroring, mirror: Mirror) -> bool {
    model.setting.flow(mirror).tool.is_link()
}

fn needs_both_up(state: &State, flow: &Flow) -> Result<(), Disabled> {
    needs_up(state, flow.from)?;
    needs_up(state, flow.to)
}

fn needs_up(state: &State, cluster: Cluster) -> Result<(), Disabled> {
    match state.is_up(cluster) {
        true => Ok(()),
        false => Err(Disabled::ClusterIsDown),
    }
}

fn needs(condition: bool, why: Disabled) -> Result<(), Disabled> {
    match condition {
        true => Ok(()),
        false => Err(why),
    }
}

/// A mirror acts while it runs and reaches its clusters.
fn needs_mirror(state: &State, mirror: Mirror) -> Result<(), Disabled> {
    needs(state.running.contains(mirror), Disabled::OtherLife)?;
    needs(!state.cut.contains(mirror), Disabled::Unreachable)
}

/// A task acts while its mirror does, on a topic-partition that it knows.
fn needs_task(model: &Mirroring, state: &State, task: Task) -> Result<(), Disabled> {
    needs_mirror(state, model.setting.work(task).mirror)?;
    needs(state[task].known, Disabled::NotYetKnown)
}

/// The cluster that keeps the topic of the offset syncs (KIP-716).
fn syncs_kept_at(model: &Mirroring, task: Task) -> Cluster {
    let flow = model.setting.flow_of(task);
    match flow.syncs_at {
        SyncsAt::Source => flow.from,
        SyncsAt::Target => flow.to,
    }
}

/// The cluster that keeps how far a task came: Connect's own topic at the target, or with MirrorMaker 1
/// the commits of its group at the source.
fn position_kept_at(model: &Mirroring, task: Task) -> Cluster {
    let flow = model.setting.flow_of(task);
    match flow.tool {
        Tool::MirrorMaker1 | Tool::UReplicator => flow.from,
        Tool::MirrorMaker2At3_4 | Tool::MirrorMaker2At3_9 | Tool::Replicator => flow.to,
        // A link keeps its position in the log that it writes.
        Tool::ClusterLinking | Tool::MirroringAt2026_03 | Tool::MirroringAt2026_11 => flow.to,
    }
}

/// Whether a tool has offset syncs and checkpoints.
fn has_checkpoints(tool: Tool) -> bool {
    matches!(tool, Tool::MirrorMaker2At3_4 | Tool::MirrorMaker2At3_9)
}

/// A group's place at the target is found, and committed there for it.
fn translate(
    model: &Mirroring,
    before: &State,
    group: Group,
    task: Task,
) -> Result<State, Disabled> {
    match model.setting.flow_of(task).tool {
        Tool::Replicator => replicator::translate(model, before, group, task),
        Tool::UReplicator => ureplicator::translate(model, before, group, task),
        _ => Err(Disabled::NotInThisTool),
    }
}
