//! Consumers whose cluster is gone find another in their list of bootstrap servers (KIP-899).

use super::groups::{Place, has_members, resolve, stop};
use super::{Around, sinks, unless};
use crate::mirroring::Refusal;
use crate::mirroring::row::Row;
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Assignment, Cluster, Group, Reset, TopicPartition};

/// From which cluster the consumers come, and what they find again under its name.
pub(crate) struct Moved {
    pub from: Cluster,
    pub places: Vec<(TopicPartition, TopicPartition)>,
}

/// Whether a group's consumers may come to a cluster: theirs is down (of several the first), and something
/// has the same name here.  `Metadata.rebootstrap` forgets the cluster's id, so nobody compares it.
pub(crate) fn moved(around: Around<'_>, group: Group, at: Cluster) -> Result<Moved, Refusal> {
    around.up(at)?;
    let state = &around.world.groups[group.index()];
    unless(state.runs_at.contains(at), Refusal::AlreadySo)?;
    let mut lost = state.runs_at.minus(around.world.up).iter();
    let from = lost.next().ok_or(Refusal::ClusterIsReached)?;
    let here = around
        .setting
        .read_at(group, at)
        .intersection(around.world.exists);
    let was_read = state.narrowed(around.setting.read_at(group, from)).iter();
    let found = was_read.filter_map(|place| Some((place, around.setting.namesake(place, at)?)));
    let places: Vec<_> = found.filter(|(_, to)| here.contains(*to)).collect();
    unless(places.is_empty(), Refusal::NoSuchPartition)?;
    Ok(Moved { from, places })
}

/// The positions stay as they are, unless the log here is shorter: then they are taken for truncated, and go
/// to its end (`SubscriptionState.maybeCompleteValidation`), or fail without `auto.offset.reset`.
pub(crate) fn bring(
    row: &mut Row,
    around: Around<'_>,
    group: Group,
    at: Cluster,
    moved: &Moved,
) -> Result<(), Refusal> {
    let fails = around.setting.reader(group).reset == Reset::None;
    let of = group.index();
    for (from, to) in &moved.places {
        let had = row.readings[of][from.index()].position.unwrap_or(0);
        let end = row.logs.of[to.index()].end;
        unless(had > end && fails, Refusal::NoResetPolicy)?;
        row.readings[of][to.index()].position = Some(had.min(end));
        // Of the epochs here they have seen none.
        row.besides.epochs[of][to.index()].read = None;
    }
    sinks::carry(row, group, moved.from, at);
    stop(row, around, group, moved.from);
    Ok(())
}

/// The epoch of what was read last is unknown here, or the bare offset is outside the log.
pub(crate) fn reset(
    row: &mut Row,
    around: Around<'_>,
    group: Group,
    at: Cluster,
    moved: &Moved,
) -> Result<(), Refusal> {
    for (_, to) in &moved.places {
        let Place { offset, epoch } = resolve(row, around, group, *to, None)?;
        let (of, to) = (group.index(), to.index());
        row.readings[of][to].position = Some(offset);
        row.besides.epochs[of][to].read = epoch;
    }
    sinks::carry(row, group, moved.from, at);
    stop(row, around, group, moved.from);
    Ok(())
}

/// Whether the consumers are told that they are no members, and join.
pub(crate) fn may_rejoin(around: Around<'_>, group: Group, at: Cluster) -> Result<(), Refusal> {
    let state = &around.world.groups[group.index()];
    unless(!state.runs_at.contains(at), Refusal::GroupNotRunning)?;
    around.up(at)?;
    let asks = around.setting.reader(group).assignment == Assignment::Subscribed;
    unless(!asks, Refusal::UnknownMember)?;
    unless(has_members(around, group, at), Refusal::KnownMember)
}
