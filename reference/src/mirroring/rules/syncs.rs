//! Offset syncs are sent and read (`OffsetSyncWriter`, `OffsetSyncStore`).

use super::{Around, unless};
use crate::mirroring::Refusal;
use crate::mirroring::row::Row;
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::Task;

/// The sync that is due is appended to the topic.
pub(crate) fn sync(row: &mut Row, around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let (work, _, switches) = around.task(task);
    around.runs(work.mirror)?;
    unless(!switches.has_checkpoints, Refusal::NothingThere)?;
    around.up(around.keeps_syncs_at(work.mirror))?;
    let pending = &mut row.workers[task.index()].emission.pending;
    let pair = pending.take().ok_or(Refusal::NothingThere)?;

    row.besides.synced[task.index()].topic.push(pair);
    Ok(())
}

/// It is not sent, because too many are under way.
pub(crate) fn sync_lost(row: &mut Row, around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let (work, _, switches) = around.task(task);
    around.runs(work.mirror)?;
    unless(!switches.has_checkpoints, Refusal::NothingThere)?;
    let pending = &mut row.workers[task.index()].emission.pending;
    unless(pending.is_none(), Refusal::NothingThere)?;
    unless(
        !switches.drops_syncs_under_load,
        Refusal::SyncsAreNotDropped,
    )?;

    *pending = None;
    Ok(())
}

/// The checkpoint task reads the next sync.  If it has to start without its history, it keeps of what was
/// there already only the last (`OffsetSyncStore.updateSyncArray`).
pub(crate) fn read_sync(row: &mut Row, around: Around<'_>, task: Task) -> Result<(), Refusal> {
    let (work, _, switches) = around.task(task);
    around.runs(work.mirror)?;
    unless(!switches.has_checkpoints, Refusal::NothingThere)?;
    around.up(around.keeps_syncs_at(work.mirror))?;
    let synced = &mut row.besides.synced[task.index()];
    let next = synced.topic.get(synced.read).copied();
    let pair = next.ok_or(Refusal::NothingThere)?;

    let starts = switches.reads_to_end_first && synced.read < synced.at_start;
    let alone = switches.keeps_only_latest_sync || starts && !switches.keeps_history;
    synced.store.take(pair, synced.read, alone);
    synced.read += 1;
    Ok(())
}
