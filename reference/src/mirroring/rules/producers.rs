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
    let written = &mut row.besides.written;
    unless(written.contains(record), Refusal::WrittenBefore)?;

    *written = written.with(record);
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
