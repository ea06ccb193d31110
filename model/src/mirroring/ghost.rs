//! What only the proof knows, and how it learns it.  No rule reads it.

mod commits;
mod links;

use super::state::State;
use super::{Event, Fault, Mirroring, rules};
use highwater_vocabulary::mirroring::{
    Cluster, Content, Group, LinkState, MOST_CLUSTERS, MOST_GROUPS, MOST_TASKS, Mirrors, Task,
    TopicPartition,
};
use highwater_vocabulary::{Member, Record, RecordSet};
use serde::{Deserialize, Serialize};

/// How many different faults may be budgeted at once.
pub const MOST_FAULTS: usize = 6;

/// Something that happened once and cannot be seen in the state any more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Broken {
    /// An acknowledged record was missing at the target when the producers were moved there.
    LostAtFailover,
    /// Retention removed a record that no copy had been made of.
    ExpiredUncopied,
    /// A record came to its target after one that follows it at the source, with the same key.
    OutOfOrder,
    /// A record came to the cluster at which it was written, or went round.
    WentRound,
    /// A checkpoint, or an offset that the mirror commits, went back although the group had not.
    WentBack,
    /// Two clusters took records of producers for the same topic.
    TwoWriters,
    /// Somebody but the mirror wrote what the mirror writes.
    WroteIntoMirror,
    /// A group that moved was told nothing of records that it had read and the target lacks.
    Unreported,
    /// The committed offset of a group was lost.
    CommitLost,
    /// A group processed a record that it had processed and committed at home, and found where it came to.
    CommitRepeated,
    /// Somebody took back what a group had committed where it runs.
    CommitTakenBack,
    /// A link was promoted, and its source has an acknowledged record that the target has not.
    PromotedAndLost,
    /// A truncation took what was acknowledged from a log that producers write.
    ThrownAway,
}

impl Member for Broken {
    fn index(self) -> usize {
        self as usize
    }

    fn at(index: usize) -> Self {
        [
            Broken::LostAtFailover,
            Broken::ExpiredUncopied,
            Broken::OutOfOrder,
            Broken::WentRound,
            Broken::WentBack,
            Broken::TwoWriters,
            Broken::WroteIntoMirror,
            Broken::Unreported,
            Broken::CommitLost,
            Broken::CommitRepeated,
            Broken::CommitTakenBack,
            Broken::PromotedAndLost,
            Broken::ThrownAway,
        ][index]
    }
}

/// Things that happened, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct BrokenSet(u16);

impl BrokenSet {
    /// Whether it happened.
    pub fn contains(self, what: Broken) -> bool {
        self.0 >> what.index() & 1 == 1
    }

    fn add_if(&mut self, what: Broken, happened: bool) {
        self.0 |= u16::from(happened) << what.index();
    }
}

/// How much of every budget is spent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Records that producers have begun to write.
    pub records: u8,
    /// Transaction markers.
    pub marks: u8,
    /// Records of aborted transactions.
    pub aborts: u8,
    /// Answers to producers that were lost.
    pub unanswered: u8,
    /// Transactions.
    pub transactions: u8,
    /// Records above the high watermark.
    pub offers: u8,
    /// Ticks of clocks.
    pub ticks: u8,
    /// Starts of groups.
    pub starts: u8,
    /// Rebootstraps of groups.
    pub rebootstraps: u8,
    /// Ways back that were opened.
    pub ways_back: u8,
    /// Each of the faults, in their order.
    pub faults: [u8; MOST_FAULTS],
}

/// What only the proof knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Ghost {
    /// The records that producers were told are kept.
    pub acknowledged: RecordSet,
    /// The records whose producers do not know.
    pub unanswered: RecordSet,
    /// The records of aborted transactions.
    pub aborted: RecordSet,
    /// The records of transactions that were begun and not ended, and those that were offered and not
    /// acknowledged.
    pub open: RecordSet,
    /// The mirrors that were promoted.
    pub promoted: Mirrors,
    /// The clusters' records by where they were written first: `homes[r]`.
    pub homes: [TopicPartition; 8],
    /// The records that each task has ever copied.
    pub copied: [RecordSet; MOST_TASKS],
    /// The records that each task has copied more than once.
    pub recopied: [RecordSet; MOST_TASKS],
    /// The records that each group has processed.
    pub processed: [RecordSet; MOST_GROUPS],
    /// The records that each group has processed more than once.
    pub repeated: [RecordSet; MOST_GROUPS],
    /// The records that each group has processed and then committed at home.
    pub done: [RecordSet; MOST_GROUPS],
    /// The records that each group found where it came to, of each cluster but its home, while it is there:
    /// those that it had done, or might while it is away.
    pub found: [[RecordSet; MOST_CLUSTERS]; MOST_GROUPS],
    /// The mirrors that an operator has started as a way back, until producers have gone that way.
    pub failed_back: Mirrors,
    /// What cannot be seen any more.
    pub broken: BrokenSet,
    /// The budgets.
    pub spent: Spent,
}

impl Ghost {
    /// The records that a group has processed.
    pub fn processed_by(&self, group: Group) -> RecordSet {
        self.processed[group.index()]
    }

    /// Whether a producer has written a record, whatever came of it.
    pub fn was_written(&self, record: Record) -> bool {
        let written = [self.acknowledged, self.unanswered, self.aborted, self.open];
        written.iter().any(|records| records.contains(record))
    }

    /// The records that a task has copied.
    pub fn copied_by(&self, task: Task) -> RecordSet {
        self.copied[task.index()]
    }
}

/// The key of a record: records of the same key are to stay in order.
pub fn key(record: Record) -> usize {
    record.index() % 2
}

/// Learns what `event` tells.
pub(super) fn witness(model: &Mirroring, before: &State, event: &Event, after: &mut State) {
    spend(model, event, before, after);
    commits::found(model, before, after);
    match *event {
        Event::Append(to, record) => appended(model, to, record, after),
        Event::AppendLost(to, record) => {
            appended_somewhere(model, to, record, after);
            after.ghost.unanswered = after.ghost.unanswered.with(record);
        }
        Event::Abort(to, record) => {
            after.ghost.homes[record.index()] = to;
            after.ghost.aborted = after.ghost.aborted.with(record);
        }
        Event::Begin(to, record) | Event::Offer(to, record) => {
            appended_somewhere(model, to, record, after);
            after.ghost.open = after.ghost.open.with(record);
        }
        Event::CommitTransaction(to) => {
            if let Some(record) = links::decided(before, to) {
                appended(model, to, record, after);
            }
        }
        Event::AbortTransaction(to) => {
            if let Some(record) = links::decided(before, to) {
                after.ghost.open = after.ghost.open.without(record);
                after.ghost.aborted = after.ghost.aborted.with(record);
            }
        }
        Event::Truncate(task) => links::truncated(model, before, task, after),
        Event::Copy(task) | Event::CopyLost(task) | Event::CopyLate(task) => {
            copied(model, before, task, after);
        }
        Event::Consume(group, from) => consumed(model, before, group, from, after),
        Event::Commit(group, at) => commits::committed(model, group, at, after),
        Event::Checkpoint(group, task) => {
            let [old, new] = [before, &*after].map(|state| state[group].checkpoints[task.index()]);
            let back = old.zip(new).is_some_and(|(old, new)| {
                new.downstream < old.downstream && new.upstream >= old.upstream
            });
            after.ghost.broken.add_if(Broken::WentBack, back);
        }
        Event::SyncGroup(group, _) => {
            let places = model.setting.every_partition();
            let back = places.map(|place| place.index()).any(|place| {
                let committed = [before, &*after].map(|state| state[group].committed[place]);
                committed[0]
                    .zip(committed[1])
                    .is_some_and(|(old, new)| new < old)
            });
            after.ghost.broken.add_if(Broken::WentBack, back);
            commits::taken_back(model, before, after);
        }
        Event::Translate(group, task) => {
            let place = model.setting.work(task).to[0].index();
            let [old, new] = [before, &*after].map(|state| state[group].committed[place]);
            let back = old.zip(new).is_some_and(|(old, new)| new < old);
            after.ghost.broken.add_if(Broken::WentBack, back);
            commits::taken_back(model, before, after);
        }
        Event::Start(group, at)
        | Event::Rebootstrap(group, at)
        | Event::RebootstrapReset(group, at) => started(model, group, at, after),
        Event::Promote(mirror) => {
            links::promoted(model, mirror, after);
            commits::taken_back(model, before, after);
        }
        Event::Reverse(mirror) => links::reversed(model, mirror, after),
        Event::FailOver(mirror) => {
            let tasks = model.setting.tasks_of(mirror);
            let lost = tasks
                .into_iter()
                .any(|task| is_missing_some(model, after, task));
            after.ghost.broken.add_if(Broken::LostAtFailover, lost);
            after.ghost.failed_back = after.ghost.failed_back.without(mirror);
        }
        Event::FailBack(mirror) => {
            after.ghost.failed_back = after.ghost.failed_back.with(mirror);
        }
        Event::Expire(place, _) => {
            let lost = before[place].records();
            let mut lost = lost.filter(|(_, record)| !after[place].holds(*record));
            let uncopied = lost.any(|(offset, record)| {
                let mut tasks = readers_of(model, place);
                tasks.any(|task| {
                    !is_copied_or_held(before, task, offset, record)
                        && !rules::leaves_out_at(model, before, task, offset)
                })
            });
            after.ghost.broken.add_if(Broken::ExpiredUncopied, uncopied);
        }
        Event::LoseCommits(cluster) => {
            commits_lost(model, before, cluster, after);
            commits::taken_back(model, before, after);
        }
        _ => {}
    }
}

/// The tasks that read a topic-partition.
pub fn readers_of(
    model: &Mirroring,
    place: TopicPartition,
) -> impl Iterator<Item = Task> + use<'_> {
    let tasks = model.setting.every_task();
    tasks.filter(move |task| model.setting.work(*task).from == place)
}

/// Whether a task has copied a record, or has it in memory.
pub fn is_copied_or_held(state: &State, task: Task, offset: u8, record: Record) -> bool {
    let holds = |held: Option<super::state::Held>| held.is_some_and(|held| held.offset == offset);
    state.ghost.copied_by(task).contains(record)
        || holds(state[task].memory)
        || holds(state[task].former)
}

fn appended_somewhere(model: &Mirroring, to: TopicPartition, record: Record, after: &mut State) {
    let mut writers = model.setting.writers_of(to);
    let mirrored = writers.any(|task| {
        let mirror = model.setting.work(task).mirror;
        !after.retired.contains(mirror) && after[task].link != LinkState::Refused
    });
    let mut moved = after.failed_over.iter();
    let handed_over = moved.any(|mirror| model.setting.flow(mirror).then_written.contains(to))
        && !links::writes_still(model, to, after);
    let left = after.failed_over.iter().any(|mirror| {
        let mut tasks = model.setting.tasks_of(mirror);
        tasks.any(|task| model.setting.work(task).from == to)
    });
    let ghost = &mut after.ghost;
    if !ghost.unanswered.contains(record) {
        ghost.homes[record.index()] = to;
    }
    ghost
        .broken
        .add_if(Broken::WroteIntoMirror, mirrored && !handed_over);
    ghost.broken.add_if(Broken::TwoWriters, left);
}

fn appended(model: &Mirroring, to: TopicPartition, record: Record, after: &mut State) {
    appended_somewhere(model, to, record, after);
    links::after_promotion(model, to, after);
    let ghost = &mut after.ghost;
    ghost.unanswered = ghost.unanswered.without(record);
    ghost.open = ghost.open.without(record);
    ghost.acknowledged = ghost.acknowledged.with(record);
}

fn copied(model: &Mirroring, before: &State, task: Task, after: &mut State) {
    let work = model.setting.work(task);
    // With exactly-once a marker follows the record.
    let new = work.to.iter().find_map(|place| {
        let fresh = before[*place].end..after[*place].end;
        fresh
            .filter_map(|offset| after[*place].at(offset))
            .find(|entry| entry.copied.is_some())
            .map(|entry| (*place, *entry))
    });
    let Some((place, entry)) = new else { return };
    let Content::Record(record) = entry.content else {
        return;
    };
    let home = model
        .setting
        .partition(before.ghost.homes[record.index()])
        .cluster;
    let cluster = model.setting.partition(place).cluster;
    let there = |held: TopicPartition| before[held].holds(record);
    let came_home = home == cluster && model.setting.partitions_of(cluster).any(there);
    let round = came_home || usize::from(entry.hops) >= model.setting.clusters.len();
    let first = !before.ghost.copied_by(task).contains(record);
    let inverted = first && is_out_of_order(model, before, task, place, record);
    let ghost = &mut after.ghost;
    ghost.broken.add_if(Broken::WentRound, round);
    ghost.broken.add_if(Broken::OutOfOrder, inverted);
    let list = match first {
        true => &mut ghost.copied,
        false => &mut ghost.recopied,
    };
    list[task.index()] = list[task.index()].with(record);
}

/// Whether a later record of the same key is already there, or an earlier one in another partition.
fn is_out_of_order(
    model: &Mirroring,
    before: &State,
    task: Task,
    place: TopicPartition,
    record: Record,
) -> bool {
    let home = before.ghost.homes[record.index()];
    let alike =
        before.ghost.copied_by(task).iter().filter(|other| {
            key(*other) == key(record) && before.ghost.homes[other.index()] == home
        });
    let elsewhere = |other: Record| {
        let mut places = model.setting.work(task).to.iter();
        places.any(|at| *at != place && before[*at].holds(other))
    };
    alike
        .into_iter()
        .any(|other| other > record || elsewhere(other))
}

fn consumed(
    model: &Mirroring,
    before: &State,
    group: Group,
    from: TopicPartition,
    after: &mut State,
) {
    let new = after[group].position[from.index()];
    let mut records = before[from].records();
    // A reset goes first, so the record is the last one before the new position.
    let last = records.rfind(|(offset, _)| *offset < new);
    let Some((_, record)) = last else {
        return;
    };
    let cluster = model.setting.partition(from).cluster;
    let found = before.ghost.found[group.index()][cluster.index()];
    let ghost = &mut after.ghost;
    let done = ghost.done[group.index()].contains(record);
    let repeated = done && found.contains(record);
    ghost.broken.add_if(Broken::CommitRepeated, repeated);
    let list = match ghost.processed[group.index()].contains(record) {
        true => &mut ghost.repeated,
        false => &mut ghost.processed,
    };
    list[group.index()] = list[group.index()].with(record);
}

/// A group came to a cluster that lacks what it has read, and nothing told it so: its offset was in
/// range, or there was none.
fn started(model: &Mirroring, group: Group, at: Cluster, after: &mut State) {
    let read = model.setting.read_at(group, at);
    let tasks = model.setting.every_task();
    let arriving = tasks.filter(|task| {
        let mut to = model.setting.work(*task).to.iter();
        to.any(|place| read.contains(*place))
    });
    let seen = after.ghost.processed_by(group).iter();
    let lacking = seen.filter(|record| !read.iter().any(|place| after[place].holds(*record)));
    let mut sources = arriving.map(|task| model.setting.work(task).from);
    let homes = after.ghost.homes;
    let lacking: Vec<Record> = lacking.collect();
    let unreported = sources.any(|from| lacking.iter().any(|record| homes[record.index()] == from));
    after.ghost.broken.add_if(Broken::Unreported, unreported);
}

/// Whether the target of a task lacks an acknowledged record of what the task reads.
pub fn is_missing_some(model: &Mirroring, state: &State, task: Task) -> bool {
    let work = model.setting.work(task);
    let mut acknowledged = state.ghost.acknowledged.iter();
    acknowledged.any(|record| {
        state.ghost.homes[record.index()] == work.from
            && !work.to.iter().any(|place| state[*place].holds(record))
    })
}

fn commits_lost(model: &Mirroring, before: &State, cluster: Cluster, after: &mut State) {
    let lost = model.setting.partitions_of(cluster).any(|place| {
        let mut groups = model.setting.every_group();
        groups.any(|group| before[group].committed[place.index()].is_some())
    });
    after.ghost.broken.add_if(Broken::CommitLost, lost);
}

fn spend(model: &Mirroring, event: &Event, before: &State, after: &mut State) {
    let spent = &mut after.ghost.spent;
    match event {
        Event::Append(_, record)
            if before.ghost.unanswered.contains(*record) || before.ghost.open.contains(*record) => {
        }
        Event::Begin(..) => {
            spent.records += 1;
            spent.transactions += 1;
        }
        Event::Offer(..) => {
            spent.records += 1;
            spent.offers += 1;
        }
        Event::Append(..) => spent.records += 1,
        Event::AppendLost(_, record) => {
            spent.records += u8::from(!before.ghost.unanswered.contains(*record));
            spent.unanswered += 1;
        }
        Event::Abort(..) => {
            spent.records += 1;
            spent.aborts += 1;
        }
        Event::Mark(_) => spent.marks += 1,
        Event::Tick(_) => spent.ticks += 1,
        Event::Start(..) => spent.starts += 1,
        Event::Rebootstrap(..) | Event::RebootstrapReset(..) => spent.rebootstraps += 1,
        Event::FailBack(_) | Event::Reverse(_) => spent.ways_back += 1,
        _ => {
            let fault = super::bounds::fault_of(model, event);
            if let Some(place) = fault.and_then(|fault| place_of(model, fault)) {
                spent.faults[place] += 1;
            }
        }
    }
}

/// Where a fault is counted; nowhere if it has no budget.
pub fn place_of(model: &Mirroring, fault: Fault) -> Option<usize> {
    model.faults.different().position(|listed| listed == fault)
}
