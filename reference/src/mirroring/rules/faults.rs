//! What goes wrong: what refuses it, and what becomes of a row.

use super::{Around, renew, unless};
use crate::mirroring::Refusal;
use crate::mirroring::row::{Row, Synced};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Cluster, TopicPartition};

/// An unclean election loses the end of a log.
pub(crate) fn lose_suffix(
    row: &mut Row,
    around: Around<'_>,
    place: TopicPartition,
    lost: u8,
) -> Result<(), Refusal> {
    let lost = holds(row, around, place, lost)?;
    let is_offered = row.logs.offered(place.index()).is_some();
    unless(is_offered, Refusal::SomethingIsOpen)?;

    row.logs.of[place.index()].lose(lost);
    Ok(())
}

/// Retention removes the beginning of a log.
pub(crate) fn expire(
    row: &mut Row,
    around: Around<'_>,
    place: TopicPartition,
    lost: u8,
) -> Result<(), Refusal> {
    let lost = holds(row, around, place, lost)?;
    let log = &row.logs.of[place.index()];
    let offered = row.logs.offered(place.index());
    unless(
        offered.is_some_and(|offered| log.start + lost > offered),
        Refusal::NoSuchRecord,
    )?;

    row.logs.of[place.index()].start += lost;
    Ok(())
}

/// Whether the log holds that many.
fn holds(row: &Row, around: Around<'_>, place: TopicPartition, lost: u8) -> Result<u64, Refusal> {
    around.exists(place)?;
    let log = &row.logs.of[place.index()];
    let lost = u64::from(lost);
    unless(
        lost == 0 || lost > log.end - log.start,
        Refusal::NoSuchRecord,
    )?;
    Ok(lost)
}

/// A topic is deleted and made anew.
pub(crate) fn recreate(
    row: &mut Row,
    around: Around<'_>,
    place: TopicPartition,
) -> Result<(), Refusal> {
    around.up(around.setting.partition(place).cluster)?;
    around.exists(place)?;
    unless(row.logs.of[place.index()].end == 0, Refusal::NothingThere)?;

    let ids = row.logs.of.iter().map(|log| log.id);
    let id = ids.max().unwrap_or(0) + 1;
    renew(row, around, place);
    row.logs.of[place.index()].id = id;
    Ok(())
}

/// What groups have committed at a cluster is lost, and MirrorMaker 1 is one of them there.
pub(crate) fn lose_commits(row: &mut Row, around: Around<'_>, cluster: Cluster) {
    for place in around.setting.partitions_of(cluster) {
        row.forget_commits(place.index());
    }
    for task in around.setting.every_task() {
        let mirror = around.setting.work(task).mirror;
        let at_source = around.switches(mirror).stores_at_source;
        if at_source && around.stores_at(mirror) == cluster {
            row.workers[task.index()].stored = None;
        }
    }
}

/// Everything that a cluster held is gone: logs, commits, positions, offset syncs and checkpoints.
pub(crate) fn destroy(row: &mut Row, around: Around<'_>, cluster: Cluster) {
    for place in around.setting.partitions_of(cluster) {
        row.renew(place.index());
    }
    for task in around.setting.every_task() {
        let at = task.index();
        let mirror = around.setting.work(task).mirror;
        if around.stores_at(mirror) == cluster {
            row.workers[at].stored = None;
        }
        if around.setting.flow(mirror).from == cluster {
            for noted in &mut row.besides.noted {
                noted[at] = None;
            }
        }
        let reports = around.switches(mirror).reports_offsets;
        if around.keeps_syncs_at(mirror) == cluster && !reports {
            row.besides.synced[at] = Synced::default();
        }
        if around.setting.flow(mirror).to == cluster {
            row.besides.lasts[at] = None;
            for checkpoints in &mut row.checkpoints {
                checkpoints[at] = None;
            }
            for remembered in &mut row.besides.remembered {
                remembered[at] = false;
            }
        }
    }
}
