//! How much, where a property only says whether.
//!
//! Each is asked of a mirror that has no lag, so that what it counts does not grow with how far the mirror
//! is behind.  Compared between so many records and one more, it tells a loss that stays within the lag
//! from one that has no bound.

use super::properties::{has_copied_all, is_settled};
use super::rules::{self, reading_position};
use super::state::State;
use super::{Event, Fault, Mirroring};
use highwater_vocabulary::mirroring::{Cluster, Clusters, Failover, Group, Mirror, Task};
use highwater_vocabulary::{Member, Record};

/// How many records a target lacks although its mirror has nothing left to copy: holes.  Of several
/// mirrors, the worst.
///
/// A record that its source has lost as well, by an unclean election or with its disks, is not counted:
/// it was within the lag when the source lost it.  One that retention removed there is.
pub fn missing_without_lag(model: &Mirroring, state: &State) -> usize {
    let mirrors = model.setting.every_mirror();
    let settled = mirrors.filter(|mirror| has_copied_all(model, state, *mirror));
    let missing = settled.map(|mirror| {
        let tasks = model.setting.tasks_of(mirror);
        tasks.map(|task| missing_of(model, state, task)).sum()
    });
    missing.max().unwrap_or(0)
}

fn missing_of(model: &Mirroring, state: &State, task: Task) -> usize {
    let work = model.setting.work(task);
    let source = &state[work.from];
    let taken = [
        Fault::SuffixLoss(work.from),
        Fault::Recreated(work.from),
        Fault::ClusterDestroyed(model.setting.partition(work.from).cluster),
    ];
    let only_expired = taken.iter().all(|fault| model.faults.budget(*fault) == 0);
    let written_there = |record: &Record| state.ghost.homes[record.index()] == work.from;
    let mut owed: Vec<Record> = source.records().map(|(_, record)| record).collect();
    if only_expired {
        let acknowledged = state.ghost.acknowledged.iter().filter(written_there);
        owed.extend(acknowledged);
    }
    owed.sort_unstable();
    owed.dedup();
    let is_missing = |record: &&Record| !work.to.iter().any(|place| state[*place].holds(**record));
    owed.iter().filter(is_missing).count()
}

/// How many records a mirror would copy once more if its workers died now, although it has stored every
/// position.  Of several mirrors, the worst.
pub fn copied_again_without_lag(model: &Mirroring, state: &State) -> usize {
    let mirrors = model.setting.every_mirror();
    let settled = mirrors.filter(|mirror| is_settled(model, state, *mirror));
    let again = settled.map(|mirror| copied_again_by(model, state, mirror));
    again.max().unwrap_or(0)
}

fn copied_again_by(model: &Mirroring, state: &State, mirror: Mirror) -> usize {
    let restarted = rules::next(model, state, &Event::Crash(mirror))
        .and_then(|dead| rules::next(model, &dead, &Event::Restart(mirror)));
    let Ok(restarted) = restarted else {
        return 0;
    };
    let again = |task: Task| {
        // A link reads at the end of what it writes: it never writes anything twice.
        if model.setting.flow_of(task).tool.is_link() {
            return 0;
        }
        let source = &state[model.setting.work(task).from];
        let position = reading_position(model, &restarted[task], source);
        let ahead = source.records().filter(|(offset, _)| *offset >= position);
        ahead
            .filter(|(_, record)| state.ghost.copied_by(task).contains(*record))
            .count()
    };
    model.setting.tasks_of(mirror).map(again).sum()
}

/// Records that a group would read again elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReadAgain {
    /// Those that have the timestamp of the last one it had read, if it finds its place by that.
    pub ties: usize,
    /// All others.
    pub others: usize,
}

/// How many records a group would read again if it were moved now, although it has committed everything
/// that its home holds and the mirrors have nothing left to do.  Of several groups and clusters, the worst.
pub fn read_again_without_lag(model: &Mirroring, state: &State) -> ReadAgain {
    let mut worst = ReadAgain::default();
    for group in model.setting.every_group() {
        let home = model.setting.reader(group).home;
        let is_behind = !has_committed_all(model, state, group, home)
            || !is_complete(model, state, group, home);
        if is_behind {
            continue;
        }
        let been = state[group].committed_at;
        let elsewhere = model.setting.every_cluster();
        for at in elsewhere.filter(|at| *at != home && !been.contains(*at)) {
            let again = read_again_at(model, state, group, at);
            worst.ties = worst.ties.max(again.ties);
            worst.others = worst.others.max(again.others);
        }
    }
    worst
}

fn has_committed_all(model: &Mirroring, state: &State, group: Group, home: Cluster) -> bool {
    let mut places = model.setting.read_at(group, home).iter();
    places.all(|place| {
        let committed = state[group].committed[place.index()];
        let mut records = state[place].records();
        committed.is_some_and(|committed| records.all(|(offset, _)| offset < committed))
    })
}

/// Whether the mirrors that write what the group reads at home, if any do, have nothing left to copy.
fn is_complete(model: &Mirroring, state: &State, group: Group, home: Cluster) -> bool {
    let read = model.setting.read_at(group, home);
    let mut writers = read
        .iter()
        .flat_map(|place| model.setting.writers_of(place));
    writers.all(|task| has_copied_all(model, state, model.setting.work(task).mirror))
}

fn read_again_at(model: &Mirroring, state: &State, group: Group, at: Cluster) -> ReadAgain {
    let mut stopped = *state;
    stopped[group].runs_at = Clusters::EMPTY;
    let moved = rules::next(model, &stopped, &Event::Start(group, at));
    let Some(moved) = moved
        .ok()
        .filter(|_| is_handed_over(model, state, group, at))
    else {
        return ReadAgain::default();
    };
    let by_stamp = model.setting.reader(group).failover == Failover::Timestamp;
    let seen = state.ghost.processed_by(group);
    let mut again = ReadAgain::default();
    for place in model.setting.read_at(group, at).iter() {
        let position = moved[group].position[place.index()];
        for (offset, entry) in state[place].entries() {
            let record = entry.record().filter(|record| seen.contains(*record));
            if offset < position || record.is_none() {
                continue;
            }
            match by_stamp && state[group].stamp == Some(entry.stamp) {
                true => again.ties += 1,
                false => again.others += 1,
            }
        }
    }
    again
}

/// Whether the mirrors that write what a group would read there have nothing left to do, for the group
/// neither.  uReplicator maps what they report and what those at home do, which it has to have heard as well.
fn is_handed_over(model: &Mirroring, state: &State, group: Group, at: Cluster) -> bool {
    let reader = model.setting.reader(group);
    let read = match reader.failover {
        Failover::OffsetMapping => {
            let home = model.setting.read_at(group, reader.home);
            model.setting.read_at(group, at).union(home)
        }
        _ => model.setting.read_at(group, at),
    };
    let mut tasks = model.setting.every_task().filter(|task| {
        let mut to = model.setting.work(*task).to.iter();
        to.any(|place| read.contains(*place))
    });
    tasks.all(|task| {
        let work = model.setting.work(task);
        let checkpoint = state[group].checkpoints[task.index()];
        let committed = state[group].committed[work.to[0].index()];
        let synced = match model.setting.flow_of(task).tool.is_link() {
            true => {
                let at_source = state[group].committed[work.from.index()];
                committed == at_source.map(|offset| offset.min(state[work.to[0]].end))
            }
            false => checkpoint.is_none_or(|made| committed == Some(made.downstream)),
        };
        let waits = model.setting.flow(work.mirror).syncs_groups && !synced;
        is_settled(model, state, work.mirror) && !waits
    })
}
