//! What producers do.

use super::super::state::Entry;
use super::super::{Disabled, Guard, Mirroring, State};
use super::{needs, needs_up, transactions};
use highwater_vocabulary::mirroring::{Content, TopicPartition};
use highwater_vocabulary::{Member, Record};

/// A producer writes a record that the cluster keeps.
///
/// The log is a committed one, so whoever may read it reads it from here on; whether the producer
/// hears of it makes a difference only to what it does next (`append-lost`).
pub(super) fn append(
    model: &Mirroring,
    before: &State,
    to: TopicPartition,
    record: Record,
) -> Result<State, Disabled> {
    if before[to].offered() == Some(record) {
        return transactions::commit_offered(model, before, to);
    }
    takes_records(model, before, to)?;
    let again = before.ghost.unanswered.contains(record);
    needs(
        again || !before.ghost.was_written(record),
        Disabled::AlreadyWritten,
    )?;

    Ok(written(model, before, to, Content::Record(record)))
}

/// The same, and the answer is lost.
pub(super) fn append_lost(
    model: &Mirroring,
    before: &State,
    to: TopicPartition,
    record: Record,
) -> Result<State, Disabled> {
    needs(before[to].offered().is_none(), Disabled::Transaction)?;
    append(model, before, to, record)
}

/// A producer writes a record in a transaction that does not come to pass.
pub(super) fn abort(
    model: &Mirroring,
    before: &State,
    to: TopicPartition,
    record: Record,
) -> Result<State, Disabled> {
    takes_records(model, before, to)?;
    needs(!before.ghost.was_written(record), Disabled::AlreadyWritten)?;

    Ok(written(model, before, to, Content::Aborted(record)))
}

/// A transaction marker takes an offset.
pub(super) fn mark(
    model: &Mirroring,
    before: &State,
    to: TopicPartition,
) -> Result<State, Disabled> {
    takes_records(model, before, to)?;

    Ok(written(model, before, to, Content::Marker))
}

/// A mirrored topic is written by its mirror alone: MirrorMaker gives `READ` on it where the source
/// gives `ALL`, and never `WRITE` (`MirrorSourceConnector.targetAclBinding`), until an operator who
/// moves the producers gives it.
pub(super) fn may_write(
    model: &Mirroring,
    state: &State,
    to: TopicPartition,
) -> Result<(), Disabled> {
    let cluster = model.setting.partition(to).cluster;
    needs_up(state, cluster)?;
    needs(!state.fenced.contains(cluster), Disabled::Fenced)?;
    needs(state[to].exists, Disabled::NoSuchPartition)?;
    if !state.writable.contains(to) {
        let mirrored = model.setting.writers_of(to).next().is_some();
        needs(mirrored, Disabled::NobodyWrites)?;
        model.require(Guard::MirroredTopicsAreReadOnly, false)?;
    }
    Ok(())
}

/// A log takes one record more, and nothing after one that is above the high watermark.
pub(super) fn takes_records(
    model: &Mirroring,
    state: &State,
    to: TopicPartition,
) -> Result<(), Disabled> {
    may_write(model, state, to)?;
    needs(state[to].offered().is_none(), Disabled::Transaction)?;
    needs(state[to].has_room(1), Disabled::ModelIsFull)
}

fn written(model: &Mirroring, before: &State, to: TopicPartition, content: Content) -> State {
    let cluster = model.setting.partition(to).cluster;
    let mut after = *before;
    after[to].push(Entry {
        content,
        stamp: before.clocks[cluster.index()],
        epoch: match before[to].linked {
            true => before[to].epoch,
            false => 0,
        },
        ..Entry::default()
    });
    after
}
