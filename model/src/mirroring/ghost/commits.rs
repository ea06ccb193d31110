//! What becomes of what groups have committed.

use super::super::rules::reads;
use super::super::state::State;
use super::super::{Guard, Mirroring};
use super::Broken;
use highwater_vocabulary::mirroring::{Cluster, Group};
use highwater_vocabulary::{Member, RecordSet};

/// What lies before the offsets that a group commits at home, and what it has processed, it counts as done.
pub(super) fn committed(model: &Mirroring, group: Group, at: Cluster, after: &mut State) {
    if at != model.setting.reader(group).home {
        return;
    }
    let processed = after.ghost.processed_by(group);
    for place in reads(model, after, group, at).iter() {
        let Some(committed) = after[group].committed[place.index()] else {
            continue;
        };
        let records = after[place].records();
        let before = records.filter(|(offset, _)| *offset < committed);
        let done: RecordSet = before
            .map(|(_, record)| record)
            .filter(|record| processed.contains(*record))
            .collect();
        let list = &mut after.ghost.done[group.index()];
        *list = list.union(done);
    }
}

/// What a group finds where it comes to, and forgets when it goes.
pub(super) fn found(model: &Mirroring, before: &State, after: &mut State) {
    for group in model.setting.every_group() {
        let home = model.setting.reader(group).home;
        for cluster in model.setting.every_cluster().filter(|at| *at != home) {
            let ran = before[group].runs_at.contains(cluster);
            if after[group].runs_at.contains(cluster) == ran {
                continue;
            }
            let places = model.setting.read_at(group, cluster);
            let there = places.iter().flat_map(|place| {
                let records = after[place].records();
                records.map(|(_, record)| record).collect::<Vec<_>>()
            });
            let there: RecordSet = match ran {
                true => RecordSet::EMPTY,
                false => there.collect(),
            };
            // Only who runs at two places commits at home while away.
            let found = match model.keeps(Guard::OnePlaceAtATime) {
                true => there.intersection(after.ghost.done[group.index()]),
                false => there,
            };
            after.ghost.found[group.index()][cluster.index()] = found;
        }
    }
}

/// Whether somebody took back what a group had itself committed where it runs.
pub(super) fn taken_back(model: &Mirroring, before: &State, after: &mut State) {
    let taken = model.setting.every_group().any(|group| {
        let own = &before[group];
        let at = own.runs_at.intersection(own.committed_at).iter();
        let mut places = at.flat_map(|at| model.setting.read_at(group, at).iter());
        places.any(|place| {
            let [old, new] = [before, &*after].map(|state| state[group].committed[place.index()]);
            new < old
        })
    });
    after.ghost.broken.add_if(Broken::CommitTakenBack, taken);
}
