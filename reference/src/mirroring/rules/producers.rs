//! Producers write.

use super::{Around, unless};
use crate::mirroring::Refusal;
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

/// A record is written, whatever comes of its transaction.
fn write(
    row: &mut Row,
    around: Around<'_>,
    to: TopicPartition,
    record: Record,
    content: Content,
) -> Result<(), Refusal> {
    accepts(around, to)?;
    let besides = &mut row.besides;
    let is_sent_again = besides.unanswered.contains(record) && content == Content::Record(record);
    let is_known = besides.written.contains(record);
    unless(is_known && !is_sent_again, Refusal::WrittenBefore)?;

    besides.written = besides.written.with(record);
    besides.unanswered = besides.unanswered.without(record);
    row.logs.write(to.index(), content, stamp(around, to));
    Ok(())
}

/// A record is written and kept.
pub(crate) fn append(
    row: &mut Row,
    around: Around<'_>,
    to: TopicPartition,
    record: Record,
) -> Result<(), Refusal> {
    write(row, around, to, record, Content::Record(record))
}

/// A record is written and kept, and its producer does not hear of it: it will send it again.
pub(crate) fn append_lost(
    row: &mut Row,
    around: Around<'_>,
    to: TopicPartition,
    record: Record,
) -> Result<(), Refusal> {
    write(row, around, to, record, Content::Record(record))?;
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
    write(row, around, to, record, Content::Aborted(record))
}

/// A transaction marker takes an offset.
pub(crate) fn mark(row: &mut Row, around: Around<'_>, to: TopicPartition) -> Result<(), Refusal> {
    accepts(around, to)?;

    let stamp = stamp(around, to);
    row.logs.write(to.index(), Content::Marker, stamp);
    Ok(())
}

fn stamp(around: Around<'_>, to: TopicPartition) -> u64 {
    around.world.clock(around.setting.partition(to).cluster)
}
