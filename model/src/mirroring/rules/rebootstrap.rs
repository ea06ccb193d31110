//! What consumers do that have lost their cluster, and find another in their list of bootstrap servers.
//!
//! With `metadata.recovery.strategy=rebootstrap` a client that reaches none of its brokers forgets them and
//! asks its bootstrap servers again (KIP-899).  It forgets the cluster's id with them, so nobody refuses it
//! where another cluster answers: the test of KIP-1242 is for clients that know an id.

use super::super::state::Place;
use super::super::{Disabled, Mirroring, State};
use super::groups::{leave, reads, resolve};
use super::{needs, needs_up, sinks};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Assignment, Cluster, Group, Partitions, Reset};

/// The consumers go on at the offsets that they had (`SubscriptionState` knows nothing of clusters).
///
/// The leader epoch of what they read last is a number that the other cluster happens to know: so it tells
/// them where that epoch ends there, and a position that is past it moves there (KIP-320).
pub(super) fn keeping(
    model: &Mirroring,
    before: &State,
    group: Group,
    at: Cluster,
) -> Result<State, Disabled> {
    let (mut after, left) = arrive(model, before, group, at)?;
    for place in reads(model, before, group, left).iter() {
        let Some(here) = model.setting.namesake(place, at) else {
            continue;
        };
        if !after[group].carried.contains(here) {
            continue;
        }
        let (position, end) = (before[group].position[place.index()], before[here].end);
        let truncated = position > end && model.setting.reader(group).reset == Reset::None;
        needs(!truncated, Disabled::NoOffset)?;
        // Of the epochs here they have read none.
        after[group].stands(here, Place::bare(position.min(end)));
    }
    Ok(after)
}

/// The other cluster does not know that leader epoch, which they take for a truncation; or their offset is
/// bare, and outside the log.  They go where `auto.offset.reset` says.
pub(super) fn resetting(
    model: &Mirroring,
    before: &State,
    group: Group,
    at: Cluster,
) -> Result<State, Disabled> {
    let (mut after, _) = arrive(model, before, group, at)?;
    for place in reads(model, &after, group, at).iter() {
        let found = resolve(model, group, &before[place], None)?;
        after[group].stands(place, found);
    }
    Ok(after)
}

/// The consumers leave a cluster that is down, and read at another what has the same name; says what they
/// have left.
fn arrive(
    model: &Mirroring,
    before: &State,
    group: Group,
    at: Cluster,
) -> Result<(State, Cluster), Disabled> {
    needs_up(before, at)?;
    let runs_at = before[group].runs_at;
    needs(!runs_at.contains(at), Disabled::OtherPlace)?;
    let mut lost = runs_at.iter().filter(|cluster| !before.is_up(*cluster));
    let left = lost.next().ok_or(Disabled::ClusterIsUp)?;
    let same = reads(model, before, group, left).iter();
    let there = model.setting.read_at(group, at);
    let found: Partitions = same
        .filter_map(|place| model.setting.namesake(place, at))
        .filter(|place| there.contains(*place) && before[*place].exists)
        .collect();
    needs(!found.is_empty(), Disabled::NoSuchPartition)?;

    let mut after = *before;
    leave(model, &mut after, group, left);
    sinks::goes_over(before, &mut after, group, left, at);
    after[group].runs_at = after[group].runs_at.with(at);
    after[group].carried = after[group].carried.union(found);
    Ok((after, left))
}

/// The coordinator does not know them (`UNKNOWN_MEMBER_ID`).  They give up what they read, join, and begin
/// at what is committed there for their group, by whomever (`ConsumerCoordinator.onJoinPrepare`,
/// `initWithCommittedOffsetsIfNeeded`).  If they keep their place beside counts, they seek to that.  What they
/// had not counted is given up with what they read (`ConsumerRebalanceListener.onPartitionsLost`).
pub(super) fn rejoin(
    model: &Mirroring,
    before: &State,
    group: Group,
    at: Cluster,
) -> Result<State, Disabled> {
    needs_up(before, at)?;
    let subscribed = model.setting.reader(group).assignment == Assignment::Subscribed;
    needs(subscribed, Disabled::NoMember)?;
    let read = model.setting.read_at(group, at);
    let unknown =
        before[group].runs_at.contains(at) && !read.intersection(before[group].carried).is_empty();
    needs(unknown, Disabled::NoMember)?;

    let mut after = *before;
    after[group].carried = before[group].carried.minus(read);
    after.sink_mut(group).memory[at.index()] = Default::default();
    for place in read.iter() {
        let wanted = match sinks::begins_beside(model, group) {
            true => sinks::place_beside(model, before, group, at, place).map(Place::bare),
            false => before[group].committed_place(place),
        };
        let found = resolve(model, group, &before[place], wanted)?;
        after[group].stands(place, found);
    }
    Ok(after)
}
