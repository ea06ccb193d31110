//! The engine as its callers see it: events in, observations out.

use super::Refusal;
use super::clusters::World;
use super::columns::{Columns, Table};
use super::log::Says;
use super::row::Row;
use super::rules::{
    Around, checkpoints, faults, groups, links, producers, syncs, tasks, translations,
};
use super::switches::{Options, Switches};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Event, LinkState, Setting};

/// Clusters and the mirrors between them, with as many copies of their topic-partitions as there are rows.
///
/// What happens to a topic-partition or to a task happens to one row; what happens to a cluster, a mirror
/// or a group happens to all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Engine {
    pub(super) setting: Setting,
    pub(super) options: Options,
    pub(super) world: World,
    pub(super) table: Table,
}

impl Engine {
    /// Clusters of a setting, as their tools are: one row, and nothing has been written.
    pub fn new(setting: &Setting, offset_lag_max: u64) -> Engine {
        let switches = setting.mirrors.iter().map(|flow| Switches::of(flow.tool));
        let options = Options {
            offset_lag_max,
            switches: switches.collect(),
            groups_know_epochs: true,
        };
        Engine::with_options(setting, options, 1)
    }

    /// The same under options of one's own, and so many rows.
    ///
    /// # Panics
    /// If there are more rows than a `u32` counts, or other switches than mirrors.
    pub fn with_options(setting: &Setting, options: Options, rows: usize) -> Engine {
        assert!(u32::try_from(rows).is_ok(), "a row is counted in 32 bits");
        assert_eq!(options.switches.len(), setting.mirrors.len());
        let world = World::new(setting);
        let mut engine = Engine {
            setting: setting.clone(),
            options,
            world,
            table: Table::new(setting, rows),
        };
        engine.place_groups();
        engine
    }

    /// Groups begin at home, at the beginning of everything that they read there.
    fn place_groups(&mut self) {
        for group in self.setting.every_group() {
            let home = self.setting.reader(group).home;
            let reads = self.setting.read_at(group, home);
            for place in reads.intersection(self.world.exists).iter() {
                self.table.columns.reading[group.index()][place.index()].fill(1);
            }
        }
    }

    /// The setting.
    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.table.rows
    }

    /// The steady facts of all rows.
    pub fn columns(&self) -> &Columns {
        &self.table.columns
    }

    /// How many rows are not steady, and are kept beside the columns too.
    pub fn deviating(&self) -> usize {
        self.table.aside.len()
    }

    pub(super) fn around(&self) -> Around<'_> {
        Around {
            setting: &self.setting,
            options: &self.options,
            world: &self.world,
        }
    }

    /// An event happens to the first row, or to all if it is of that kind; or it is refused and changes
    /// nothing.
    ///
    /// # Errors
    /// Whatever refuses it.
    pub fn apply(&mut self, event: &Event) -> Result<(), Refusal> {
        self.apply_to(0, event)
    }

    /// The same, and what happens to one row happens to this one.
    ///
    /// # Errors
    /// Whatever refuses it.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn apply_to(&mut self, row: usize, event: &Event) -> Result<(), Refusal> {
        assert!(row < self.rows(), "row {row} is not in the table");
        self.knows(event)?;
        self.suits(event)?;
        if self.happens_to_all(event) {
            return self.apply_to_all(event);
        }
        let mut whole = self.table.load(row);
        apply_to_row(&mut whole, self.around(), event)?;

        self.table.store(row, whole);
        Ok(())
    }

    /// Whether an event is about a cluster, a mirror or a group, and so about every row.  The states of a
    /// link are those of the mirror, whatever its rows hold.
    pub fn happens_to_all(&self, event: &Event) -> bool {
        match *event {
            Event::Note(task) => self.is_of_link(task),
            Event::Truncate(task) => self.world.link(task) == LinkState::Preparing,
            _ => is_shared(event),
        }
    }

    /// What happens to every row alike.
    pub(super) fn each(&mut self, rule: impl Fn(&mut Row, Around<'_>)) {
        let around = Around {
            setting: &self.setting,
            options: &self.options,
            world: &self.world,
        };
        for row in 0..self.table.rows {
            let mut whole = self.table.load(row);
            rule(&mut whole, around);
            self.table.store(row, whole);
        }
    }

    /// The same, unless any of them refuses it.
    pub(super) fn each_or_none(
        &mut self,
        rule: impl Fn(&mut Row, Around<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        for row in 0..self.table.rows {
            rule(&mut self.table.load(row), self.around())?;
        }
        self.each(|row, around| {
            // Nothing has refused it a moment ago.
            let _ = rule(row, around);
        });
        Ok(())
    }

    /// Whether everything that an event names is in the setting.
    fn knows(&self, event: &Event) -> Result<(), Refusal> {
        let setting = &self.setting;
        let is_known = match *event {
            Event::Append(place, _)
            | Event::AppendLost(place, _)
            | Event::Abort(place, _)
            | Event::Mark(place)
            | Event::Begin(place, _)
            | Event::CommitTransaction(place)
            | Event::AbortTransaction(place)
            | Event::Offer(place, _)
            | Event::Retract(place)
            | Event::AddPartition(place)
            | Event::LoseSuffix(place, _)
            | Event::Expire(place, _)
            | Event::Recreate(place) => place.index() < setting.partitions.len(),
            Event::Poll(task)
            | Event::Copy(task)
            | Event::CopyLost(task)
            | Event::CopyLate(task)
            | Event::Note(task)
            | Event::Truncate(task)
            | Event::EndTransactions(task)
            | Event::Finish(task)
            | Event::Sync(task)
            | Event::SyncLost(task)
            | Event::ReadSync(task) => task.index() < setting.tasks.len(),
            Event::Checkpoint(group, task) | Event::Translate(group, task) => {
                group.index() < setting.groups.len() && task.index() < setting.tasks.len()
            }
            Event::Look(group, mirror)
            | Event::LookFailed(group, mirror)
            | Event::SyncGroup(group, mirror) => {
                group.index() < setting.groups.len() && mirror.index() < setting.mirrors.len()
            }
            Event::Start(group, cluster)
            | Event::Commit(group, cluster)
            | Event::Stop(group, cluster)
            | Event::Count(group, cluster)
            | Event::Strand(group, cluster)
            | Event::Rebootstrap(group, cluster)
            | Event::RebootstrapReset(group, cluster)
            | Event::Rejoin(group, cluster) => {
                group.index() < setting.groups.len() && cluster.index() < setting.clusters.len()
            }
            Event::Consume(group, place) => {
                group.index() < setting.groups.len() && place.index() < setting.partitions.len()
            }
            Event::ReplicateDatabase(group) => group.index() < setting.groups.len(),
            Event::Refresh(mirror)
            | Event::Restart(mirror)
            | Event::Heal(mirror)
            | Event::FailOver(mirror)
            | Event::Promote(mirror)
            | Event::Reverse(mirror)
            | Event::StopMirror(mirror)
            | Event::FailBack(mirror)
            | Event::Crash(mirror)
            | Event::TakeOver(mirror)
            | Event::Cut(mirror) => mirror.index() < setting.mirrors.len(),
            Event::Return(cluster)
            | Event::Tick(cluster)
            | Event::Alter(cluster)
            | Event::FenceCluster(cluster)
            | Event::Lose(cluster)
            | Event::Destroy(cluster)
            | Event::LoseCommits(cluster)
            | Event::LoseDatabase(cluster)
            | Event::Skew(cluster) => cluster.index() < setting.clusters.len(),
        };
        match is_known {
            true => Ok(()),
            false => Err(Refusal::NotInThisSetting),
        }
    }
}

/// What happens to a topic-partition or to a task.
pub(super) fn apply_to_row(
    row: &mut Row,
    around: Around<'_>,
    event: &Event,
) -> Result<(), Refusal> {
    match *event {
        Event::Append(to, record) => producers::append(row, around, to, record),
        Event::AppendLost(to, record) => producers::append_lost(row, around, to, record),
        Event::Abort(to, record) => producers::abort(row, around, to, record),
        Event::Mark(to) => producers::mark(row, around, to),
        Event::Begin(to, record) => producers::begin(row, around, to, record),
        Event::CommitTransaction(to) => producers::end_transaction(row, around, to, Says::Commits),
        Event::AbortTransaction(to) => producers::end_transaction(row, around, to, Says::Aborts),
        Event::Offer(to, record) => producers::offer(row, around, to, record),
        Event::Retract(at) => producers::retract(row, around, at),

        Event::Truncate(task) => links::truncate(row, around, task),

        Event::Poll(task) => tasks::poll(row, around, task),
        Event::Copy(task) => tasks::copy(row, around, task),
        Event::CopyLost(task) => tasks::copy_lost(row, around, task),
        Event::CopyLate(task) => tasks::copy_late(row, around, task),
        Event::Note(task) => tasks::note(row, around, task),

        Event::Sync(task) => syncs::sync(row, around, task),
        Event::SyncLost(task) => syncs::sync_lost(row, around, task),
        Event::ReadSync(task) => syncs::read_sync(row, around, task),
        Event::Checkpoint(group, task) => checkpoints::checkpoint(row, around, group, task),

        Event::Translate(group, task) => translations::translate(row, around, group, task),

        Event::Consume(group, from) => groups::consume(row, around, group, from),

        Event::LoseSuffix(place, lost) => faults::lose_suffix(row, around, place, lost),
        Event::Expire(place, lost) => faults::expire(row, around, place, lost),
        Event::Recreate(place) => faults::recreate(row, around, place),

        Event::Look(..)
        | Event::LookFailed(..)
        | Event::SyncGroup(..)
        | Event::Refresh(_)
        | Event::Start(..)
        | Event::Commit(..)
        | Event::Stop(..)
        | Event::Count(..)
        | Event::ReplicateDatabase(_)
        | Event::Strand(..)
        | Event::LoseDatabase(_)
        | Event::Rebootstrap(..)
        | Event::RebootstrapReset(..)
        | Event::Rejoin(..)
        | Event::Restart(_)
        | Event::Heal(_)
        | Event::Return(_)
        | Event::Tick(_)
        | Event::AddPartition(_)
        | Event::Alter(_)
        | Event::FenceCluster(_)
        | Event::FailOver(_)
        | Event::Promote(_)
        | Event::Reverse(_)
        | Event::StopMirror(_)
        | Event::FailBack(_)
        | Event::Crash(_)
        | Event::TakeOver(_)
        | Event::Cut(_)
        | Event::Lose(_)
        | Event::Destroy(_)
        | Event::LoseCommits(_)
        | Event::EndTransactions(_)
        | Event::Finish(_)
        | Event::Skew(_) => unreachable!("it happens to all rows"),
    }
}

/// Whether an event is always about a cluster, a mirror or a group.
fn is_shared(event: &Event) -> bool {
    match event {
        Event::Append(..)
        | Event::AppendLost(..)
        | Event::Abort(..)
        | Event::Mark(_)
        | Event::Begin(..)
        | Event::CommitTransaction(_)
        | Event::AbortTransaction(_)
        | Event::Offer(..)
        | Event::Retract(_)
        | Event::Truncate(_)
        | Event::Poll(_)
        | Event::Copy(_)
        | Event::CopyLost(_)
        | Event::CopyLate(_)
        | Event::Note(_)
        | Event::Sync(_)
        | Event::SyncLost(_)
        | Event::ReadSync(_)
        | Event::Checkpoint(..)
        | Event::Translate(..)
        | Event::Consume(..)
        | Event::LoseSuffix(..)
        | Event::Expire(..)
        | Event::Recreate(_) => false,
        Event::EndTransactions(_)
        | Event::Finish(_)
        | Event::Look(..)
        | Event::LookFailed(..)
        | Event::SyncGroup(..)
        | Event::Refresh(_)
        | Event::Start(..)
        | Event::Commit(..)
        | Event::Stop(..)
        | Event::Count(..)
        | Event::ReplicateDatabase(_)
        | Event::Strand(..)
        | Event::LoseDatabase(_)
        | Event::Rebootstrap(..)
        | Event::RebootstrapReset(..)
        | Event::Rejoin(..)
        | Event::Restart(_)
        | Event::Heal(_)
        | Event::Return(_)
        | Event::Tick(_)
        | Event::AddPartition(_)
        | Event::Alter(_)
        | Event::FenceCluster(_)
        | Event::FailOver(_)
        | Event::Promote(_)
        | Event::Reverse(_)
        | Event::StopMirror(_)
        | Event::FailBack(_)
        | Event::Crash(_)
        | Event::TakeOver(_)
        | Event::Cut(_)
        | Event::Lose(_)
        | Event::Destroy(_)
        | Event::LoseCommits(_)
        | Event::Skew(_) => true,
    }
}
