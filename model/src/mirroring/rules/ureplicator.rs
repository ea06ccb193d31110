//! uReplicator: local clusters copied to aggregates, and a service that maps the offsets of one aggregate to
//! those of another.
//!
//! It copies as MirrorMaker 1 does, to the partition of the same number, and reports now and then which
//! offset of the target its last copy has.  An offset of an aggregate says nothing of another aggregate,
//! in which the same sources are mixed otherwise: so it is mapped back to each source, and on from there.

use super::super::state::TaskState;
use super::super::{Disabled, Guard, Mirroring, State};
use super::groups::is_member;
use super::{needs, needs_up};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Failover, Group, Task, Tool};

/// The offset at which a group that reads an aggregate at home goes on at the aggregate that a task writes;
/// nothing, if it has committed nothing, or nothing is copied to both.
///
/// Each source in turn: the newest report whose copy the group has read, and the newest report of the other
/// aggregate that is not later.  What lies before the least of these places has been read, whatever its
/// source.  Of a source that is not copied to the home nothing has been read.
pub fn mapped(model: &Mirroring, state: &State, group: Group, task: Task) -> Option<u8> {
    let there = model.setting.work(task).to[0];
    let home = model.setting.reader(group).home;
    let here = model.setting.namesake(there, home)?;
    let committed = state[group].committed[here.index()]?;
    let maps = |one: &Task| model.setting.flow_of(*one).tool == Tool::UReplicator;
    let at_home = |other: Task| {
        let from = model.setting.work(other).from;
        let mut writers = model.setting.writers_of(here).filter(maps);
        writers.find(|one| model.setting.work(*one).from == from)
    };
    let mut sources = model.setting.writers_of(there).filter(maps);
    sources.find_map(at_home)?;
    let places = model.setting.writers_of(there).filter(maps).map(|other| {
        let read = at_home(other).and_then(|home| {
            let mut reports = state[home].syncs.all().iter();
            reports.rfind(|report| report.downstream < committed)
        });
        let place = read.and_then(|read| after_copy(&state[other], read.upstream));
        place.unwrap_or(state[there].start)
    });
    let every = model.keeps(Guard::MappingCoversEverySource);
    let places = places.take(if every { usize::MAX } else { 1 });
    match model.keeps(Guard::MappingTakesTheLeast) {
        true => places.min(),
        false => places.max(),
    }
}

/// One past the newest reported copy of what is not after an offset of the source.
fn after_copy(other: &TaskState, upstream: u8) -> Option<u8> {
    let mut reports = other.syncs.all().iter();
    let found = reports.rfind(|report| report.upstream <= upstream)?;
    Some(found.downstream + 1)
}

/// The service commits the mapped offset for a group that has not come to the other aggregate yet.
///
/// It needs neither mirror: what they have reported, it keeps itself.
pub(super) fn translate(
    model: &Mirroring,
    before: &State,
    group: Group,
    task: Task,
) -> Result<State, Disabled> {
    let reader = model.setting.reader(group);
    let at = model.setting.flow_of(task).to;
    needs_up(before, reader.home)?;
    needs_up(before, at)?;
    let told = reader.failover == Failover::OffsetMapping && at != reader.home;
    needs(told, Disabled::NotInThisTool)?;
    let has_come = before[group].committed_at.contains(at);
    needs(!has_come, Disabled::OtherPlace)?;
    let refused = is_member(model, before, group, at);
    model.require(Guard::RunningGroupsAreRefused, !refused)?;
    let place = model.setting.work(task).to[0];
    let found = mapped(model, before, group, task).ok_or(Disabled::NothingThere)?;
    let known = before[group].committed[place.index()];
    needs(known != Some(found), Disabled::NothingThere)?;

    let mut after = *before;
    after[group].commit_bare(place, found);
    Ok(after)
}
