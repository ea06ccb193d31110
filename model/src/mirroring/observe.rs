//! What can be seen of a state from outside.

use super::state::{Held, Log, Sync};
use super::{Mirroring, State, rules};
use highwater_vocabulary::mirroring::{
    Cluster, Content, DatabaseView, Group, GroupView, LogView, Observation, Pair, Row, Task,
    TaskView,
};
use highwater_vocabulary::{Member, Offset};

impl Mirroring {
    /// What can be seen of a state.
    pub fn observe(&self, state: &State) -> Observation {
        let setting = &self.setting;
        let logs = setting.every_partition().map(|place| log(&state[place]));
        let tasks = setting.every_task().map(|one| {
            let runs = state.running.contains(setting.work(one).mirror);
            let last = rules::last(self, state, one);
            TaskView {
                last,
                ..task(state, one, runs)
            }
        });
        let groups = setting.every_group().map(|one| self.group(state, one));
        Observation {
            up: state.up,
            writable: state.writable,
            running: state.running,
            logs: logs.collect(),
            tasks: tasks.collect(),
            groups: groups.collect(),
        }
    }

    fn group(&self, state: &State, group: Group) -> GroupView {
        let own = &state[group];
        let places = || self.setting.every_partition();
        let reads = |place| {
            let cluster = self.setting.partition(place).cluster;
            let runs = own.runs_at.contains(cluster);
            runs && rules::reads(self, state, group, cluster).contains(place)
        };
        let position =
            places().map(|place| reads(place).then(|| offset(own.position[place.index()])));
        let committed = places().map(|place| own.committed[place.index()].map(offset));
        let checkpoints = self.setting.every_task().map(|task| {
            own.checkpoints[task.index()].map(|checkpoint| Pair {
                upstream: offset(checkpoint.upstream),
                downstream: offset(checkpoint.downstream),
            })
        });
        let rows = self.setting.every_task().map(|task| {
            own.rows[task.index()].map(|row| Row {
                offset: offset(row.offset),
                stamp: row.stamp.into(),
            })
        });
        GroupView {
            runs_at: own.runs_at,
            position: position.collect(),
            committed: committed.collect(),
            checkpoints: checkpoints.collect(),
            stranded: state.sink(group).stranded,
            uncounted: self.sinks(group, |at| {
                let memory = state.sink(group).memory_at(at);
                memory.rows().collect()
            }),
            databases: self.sinks(group, |at| {
                let database = state.sink(group).at(at);
                DatabaseView {
                    counts: database.counts.rows().collect(),
                    places: places()
                        .map(|place| database.place(place).map(offset))
                        .collect(),
                }
            }),
            rows: rows.collect(),
        }
    }

    /// What a group keeps at each cluster; nothing, if it counts nothing.
    fn sinks<T>(&self, group: Group, of: impl Fn(Cluster) -> T) -> Vec<T> {
        let clusters = self.setting.every_cluster();
        let sink = self.setting.reader(group).sink;
        let clusters = clusters.filter(|_| sink.is_some());
        clusters.map(of).collect()
    }
}

fn offset(offset: u8) -> Offset {
    Offset(offset.into())
}

fn log(log: &Log) -> LogView {
    let contents: Vec<Content> = log.entries().map(|(_, entry)| entry.content).collect();
    LogView {
        exists: log.exists,
        start: offset(log.start),
        contents,
        epochs: match log.linked {
            true => {
                let entries = log.entries().map(|(_, entry)| entry.epoch);
                entries.chain([log.epoch]).collect()
            }
            false => Vec::new(),
        },
    }
}

fn pair(sync: Sync) -> Pair {
    Pair {
        upstream: offset(sync.upstream),
        downstream: offset(sync.downstream),
    }
}

/// A worker has a place only while it runs.
fn task(state: &State, task: Task, runs: bool) -> TaskView {
    let own = &state[task];
    let held = |held: Held| offset(held.offset);
    TaskView {
        position: offset(if runs { own.position } else { 0 }),
        memory: own.memory.map(held),
        former: own.former.map(held),
        stored: own.stored.map(offset),
        pending: own.pending.map(pair),
        delayed: own.delayed.map(pair),
        syncs: own.syncs.all().iter().map(|sync| pair(*sync)).collect(),
        read: own.read,
        link: own.link,
        last: None,
    }
}
