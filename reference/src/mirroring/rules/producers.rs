//! Producers write.

use super::{Around, unless};
use crate::mirroring::Refusal;
use crate::mirroring::log::Says;
use crate::mirroring::row::Row;
use highwater_vocabulary::mirroring::{Content, TopicPartition};
use highwater_vocabulary::{Member, Record};

/// Whether a producer may write there, and is answered.
pub(crate) fn accepts(around: Around<'_>, to: TopicPartition) -> Result<(), Refusal> {
    let cluster = around.setting.partition(to).cluster;
    around.up(cluster)?;
    unless(
        around.world.fenced.contains(cluster),
        Refusal::ClusterFenced,
    )?;
    around.exists(to)?;
    unless(
        !around.world.written.contains(to),
        Refusal::MirroredTopicsAreReadOnly,
    )
}

/// The same where nothing is above the high watermark.
fn may_append(row: &Row, around: Around<'_>, to: TopicPartition) -> Result<(), Refusal> {
    accepts(around, to)?;
    let is_offered = row.logs.offered(to.index()).is_some();
    unless(is_offered, Refusal::SomethingIsOpen)
}

/// A record is written, whatever comes of its transaction.
fn write(
    row: &mut Row,
    around: Around<'_>,
    to: TopicPartition,
    record: Record,
    content: Content,
    says: Says,
) -> Result<(), Refusal> {
    may_append(row, around, to)?;
    let besides = &mut row.besides;
    let is_sent_again = besides.unanswered.contains(record) && content == Content::Record(record);
    let is_known = besides.written.contains(record);
    unless(is_known && !is_sent_again, Refusal::WrittenBefore)?;

    besides.written = besides.written.with(record);
    besides.unanswered = besides.unanswered.without(record);
    row.logs
        .write_saying(to.index(), content, says, stamp(around, to));
    Ok(())
}

/// A record is written and kept; or one that was offered is.
pub(crate) fn append(
    row: &mut Row,
    around: Around<'_>,
    to: TopicPartition,
    record: Record,
) -> Result<(), Refusal> {
    let offered = row.logs.offered(to.index());
    let content = offered.and_then(|offset| row.logs.content(to.index(), offset));
    if content == Some(Content::Open(record)) {
        accepts(around, to)?;

        row.logs.settle(to.index());
        return Ok(());
    }
    write(
        row,
        around,
        to,
        record,
        Content::Record(record),
        Says::Nothing,
    )
}

/// A record is written and kept, and its producer does not hear of it: it will send it again.
pub(crate) fn append_lost(
    row: &mut Row,
    around: Around<'_>,
    to: TopicPartition,
    record: Record,
) -> Result<(), Refusal> {
    write(
        row,
        around,
        to,
        record,
        Content::Record(record),
        Says::Nothing,
    )?;
    row.besides.unanswered = row.besides.unanswered.with(record);
    Ok(())
}

/// A record is written in a transaction that is then aborted.
pub(crate) fn abort(
    row: &mut Row,
    around: Around<'_>,
    to: TopicPartition,
    record: Record,
) -> Result<(), Refusal> {
    write(
        row,
        around,
        to,
        record,
        Content::Aborted(record),
        Says::Nothing,
    )
}

/// A transaction marker takes an offset.
pub(crate) fn mark(row: &mut Row, around: Around<'_>, to: TopicPartition) -> Result<(), Refusal> {
    may_append(row, around, to)?;

    let stamp = stamp(around, to);
    row.logs.write(to.index(), Content::Marker, stamp);
    Ok(())
}

/// A transaction is opened, with a record.
pub(crate) fn begin(
    row: &mut Row,
    around: Around<'_>,
    to: TopicPartition,
    record: Record,
) -> Result<(), Refusal> {
    accepts(around, to)?;
    unless(!around.setting.is_linked(to), Refusal::NotInThisTool)?;
    let is_told = around.links_at(to).all(|linking| !linking.is_promoted);
    unless(!is_told, Refusal::NotInThisTool)?;
    let is_open = row.logs.last_stable(to.index()) != row.logs.of[to.index()].end;
    unless(is_open, Refusal::SomethingIsOpen)?;
    write(
        row,
        around,
        to,
        record,
        Content::Open(record),
        Says::Nothing,
    )
}

/// The transaction that is open is committed, or aborted.
pub(crate) fn end_transaction(
    row: &mut Row,
    around: Around<'_>,
    to: TopicPartition,
    says: Says,
) -> Result<(), Refusal> {
    may_append(row, around, to)?;
    unless(!row.logs.is_begun_here(to.index()), Refusal::NothingThere)?;

    let stamp = stamp(around, to);
    row.logs
        .write_saying(to.index(), Content::Marker, says, stamp);
    Ok(())
}

/// A record is in the leader's log only.
pub(crate) fn offer(
    row: &mut Row,
    around: Around<'_>,
    to: TopicPartition,
    record: Record,
) -> Result<(), Refusal> {
    accepts(around, to)?;
    unless(!around.setting.is_linked(to), Refusal::NotInThisTool)?;
    write(
        row,
        around,
        to,
        record,
        Content::Open(record),
        Says::Offered,
    )
}

/// The next leader has not got it.
pub(crate) fn retract(
    row: &mut Row,
    around: Around<'_>,
    at: TopicPartition,
) -> Result<(), Refusal> {
    around.up(around.setting.partition(at).cluster)?;
    let is_offered = row.logs.offered(at.index()).is_some();
    unless(!is_offered, Refusal::NothingThere)?;

    row.logs.of[at.index()].lose(1);
    Ok(())
}

pub(super) fn stamp(around: Around<'_>, to: TopicPartition) -> u64 {
    around.world.clock(around.setting.partition(to).cluster)
}
