//! What producers do at the ends of links besides: transactions, and records that are not committed yet.
//!
//! Elsewhere a log is what is committed, and a transaction is what came of it.  A link may copy the rest.

use super::super::state::{Entry, Part};
use super::super::{Disabled, Mirroring, State};
use super::producers::{may_write, takes_records};
use super::{needs, needs_up};
use highwater_vocabulary::mirroring::{Content, Tool, TopicPartition};
use highwater_vocabulary::{Member, Record};

/// A producer begins a transaction with a record.  One at a time is open in a log.
pub(super) fn begin(
    model: &Mirroring,
    before: &State,
    to: TopicPartition,
    record: Record,
) -> Result<State, Disabled> {
    may_open(model, before, to, record)?;
    let mut tasks = model.setting.every_task();
    let documented = tasks.all(|task| {
        let work = model.setting.work(task);
        let meets = work.from == to || work.to.contains(&to);
        !meets || model.setting.flow_of(task).tool != Tool::ClusterLinking
    });
    needs(documented, Disabled::NotInThisTool)?;
    needs(before[to].open_record().is_none(), Disabled::Transaction)?;

    Ok(opened(model, before, to, record, Part::OfTransaction))
}

/// A producer's record is in the leader's log, and not in those of all in-sync replicas.
pub(super) fn offer(
    model: &Mirroring,
    before: &State,
    to: TopicPartition,
    record: Record,
) -> Result<State, Disabled> {
    may_open(model, before, to, record)?;

    Ok(opened(model, before, to, record, Part::Offered))
}

/// A record that is not committed yet may come to a linked log, if nobody has written it.
fn may_open(
    model: &Mirroring,
    state: &State,
    to: TopicPartition,
    record: Record,
) -> Result<(), Disabled> {
    takes_records(model, state, to)?;
    needs(model.setting.is_linked(to), Disabled::NotInThisTool)?;
    needs(!state.ghost.was_written(record), Disabled::AlreadyWritten)
}

fn opened(
    model: &Mirroring,
    before: &State,
    to: TopicPartition,
    record: Record,
    part: Part,
) -> State {
    let cluster = model.setting.partition(to).cluster;
    let mut after = *before;
    after[to].push(Entry {
        content: Content::Open(record),
        stamp: before.clocks[cluster.index()],
        epoch: before[to].epoch,
        part,
        ..Entry::default()
    });
    after
}

/// The producer whose transaction is open ends it, by a marker that commits or one that aborts.
pub(super) fn end(
    model: &Mirroring,
    before: &State,
    to: TopicPartition,
    part: Part,
) -> Result<State, Disabled> {
    takes_records(model, before, to)?;
    let own = before[to]
        .open_record()
        .is_some_and(|entry| entry.part == Part::OfTransaction && entry.copied.is_none());
    needs(own, Disabled::Transaction)?;

    let cluster = model.setting.partition(to).cluster;
    let mut after = *before;
    after[to].push_marker(part, before.clocks[cluster.index()]);
    after[to].settle();
    Ok(after)
}

/// What was offered is committed, and its producer is told so.
pub(super) fn commit_offered(
    model: &Mirroring,
    before: &State,
    to: TopicPartition,
) -> Result<State, Disabled> {
    may_write(model, before, to)?;

    let mut after = *before;
    after[to].commit_offered();
    Ok(after)
}

/// The next leader lacks what was offered.
pub(super) fn retract(
    model: &Mirroring,
    before: &State,
    at: TopicPartition,
) -> Result<State, Disabled> {
    needs_up(before, model.setting.partition(at).cluster)?;
    needs(before[at].offered().is_some(), Disabled::NothingThere)?;

    let mut after = *before;
    let end = before[at].end;
    after[at].cut_to(end - 1);
    after[at].epoch += 1;
    Ok(after)
}
