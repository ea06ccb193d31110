//! What happens to clusters, mirrors and groups, and so to every row.

use super::engine::Engine;
use super::rules::{
    begin_workers, checkpoints, end_workers, faults, groups, links, operators, rebootstrap, sinks,
    unless,
};
use super::{Refusal, rules::Around};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Cluster, Databases, Event, Group, Mirror, TopicPartition};

impl Engine {
    pub(super) fn apply_to_all(&mut self, event: &Event) -> Result<(), Refusal> {
        match *event {
            Event::Look(group, mirror) => self.look(group, mirror, true),
            Event::LookFailed(group, mirror) => self.look(group, mirror, false),
            Event::SyncGroup(group, mirror) => self.sync_group(group, mirror),
            Event::Start(group, at) => self.start(group, at),
            Event::Commit(group, at) => self.commit(group, at),
            Event::Stop(group, at) => self.stop(group, at),
            Event::Count(group, at) => self.count(group, at),
            Event::ReplicateDatabase(group) => self.replicate_database(group),
            Event::Strand(group, at) => self.strand(group, at),
            Event::LoseDatabase(cluster) => self.lose_database(cluster),
            Event::Rebootstrap(group, at) => self.rebootstrap(group, at, true),
            Event::RebootstrapReset(group, at) => self.rebootstrap(group, at, false),
            Event::Rejoin(group, at) => self.rejoin(group, at),

            Event::Refresh(mirror) => self.refresh(mirror),
            Event::Restart(mirror) => self.restart(mirror),
            Event::Heal(mirror) => self.reach(mirror, true),
            Event::Cut(mirror) => self.reach(mirror, false),
            Event::FailOver(mirror) => self.fail_over(mirror),
            Event::Promote(mirror) => self.promote(mirror),
            Event::Reverse(mirror) => self.reverse(mirror),
            Event::StopMirror(mirror) => self.stop_mirror(mirror),
            Event::FailBack(mirror) => self.fail_back(mirror),
            Event::Crash(mirror) => self.crash(mirror),
            Event::TakeOver(mirror) => self.take_over(mirror),

            Event::Return(cluster) => self.bring_back(cluster),
            Event::Tick(cluster) => self.turn_clock(cluster, 1),
            Event::Skew(cluster) => self.turn_clock(cluster, -1),
            Event::AddPartition(place) => self.add_partition(place),
            Event::Alter(cluster) => self.alter(cluster),
            Event::FenceCluster(cluster) => self.fence(cluster),
            Event::Lose(cluster) => self.lose(cluster),
            Event::Destroy(cluster) => self.destroy(cluster),
            Event::LoseCommits(cluster) => self.lose_commits(cluster),

            Event::Note(task) => self.note_link(task),
            Event::Truncate(task) => self.truncate_back(task),
            Event::EndTransactions(task) => self.end_transactions(task),
            Event::Finish(task) => self.finish(task),

            Event::Append(..)
            | Event::AppendLost(..)
            | Event::Abort(..)
            | Event::Mark(_)
            | Event::Begin(..)
            | Event::CommitTransaction(_)
            | Event::AbortTransaction(_)
            | Event::Offer(..)
            | Event::Retract(_)
            | Event::Poll(_)
            | Event::Copy(_)
            | Event::CopyLost(_)
            | Event::CopyLate(_)
            | Event::Sync(_)
            | Event::SyncLost(_)
            | Event::ReadSync(_)
            | Event::Checkpoint(..)
            | Event::Translate(..)
            | Event::Consume(..)
            | Event::LoseSuffix(..)
            | Event::Expire(..)
            | Event::Recreate(_) => unreachable!("it happens to one row"),
        }
    }

    fn look(&mut self, group: Group, mirror: Mirror, is_answered: bool) -> Result<(), Refusal> {
        checkpoints::may_look(self.around(), mirror)?;

        if is_answered {
            self.each(|row, around| checkpoints::look(row, around, group, mirror));
        }
        let looked_by = &mut self.world.groups[group.index()].looked_by;
        *looked_by = looked_by.with(mirror);
        Ok(())
    }

    fn sync_group(&mut self, group: Group, mirror: Mirror) -> Result<(), Refusal> {
        if self.is_link(mirror) {
            links::may_sync_group(self.around(), group, mirror)?;
            self.each(|row, around| links::sync_group(row, around, group, mirror));
            return Ok(());
        }
        checkpoints::may_write(self.around(), group, mirror)?;

        self.each(|row, around| checkpoints::sync_group(row, around, group, mirror));
        let looked_by = &mut self.world.groups[group.index()].looked_by;
        *looked_by = looked_by.without(mirror);
        Ok(())
    }

    fn start(&mut self, group: Group, at: Cluster) -> Result<(), Refusal> {
        groups::may_start(self.around(), group, at)?;
        self.each_or_none(|row, around| groups::start(row, around, group, at))?;

        let counts_apart = self.around().counts_apart(group);
        let counts = self.setting.reader(group).sink.is_some();
        let state = &mut self.world.groups[group.index()];
        state.runs_at = state.runs_at.with(at);
        if counts && !counts_apart {
            state.newest = Some(at);
        }
        Ok(())
    }

    fn count(&mut self, group: Group, at: Cluster) -> Result<(), Refusal> {
        let database = sinks::may_count(self.around(), group, at)?;
        self.each_or_none(|row, around| sinks::count(row, around, group, at, database))
    }

    fn replicate_database(&mut self, group: Group) -> Result<(), Refusal> {
        let is_replicated = self.around().sink(group)?.databases == Databases::Replicated;
        unless(!is_replicated, Refusal::NothingThere)?;
        let home = self.setting.reader(group).home;
        let written = self.around().books_at(group, home);
        let written = written.ok_or(Refusal::NothingThere)?;

        self.each(|row, around| sinks::replicate(row, around, group, written));
        Ok(())
    }

    fn strand(&mut self, group: Group, at: Cluster) -> Result<(), Refusal> {
        self.around().sink(group)?;
        let state = &mut self.world.groups[group.index()];
        unless(!state.runs_at.contains(at), Refusal::GroupNotRunning)?;
        unless(state.stranded.contains(at), Refusal::AlreadySo)?;

        state.stranded = state.stranded.with(at);
        Ok(())
    }

    /// Whoever writes there is gone with it.
    fn lose_database(&mut self, cluster: Cluster) -> Result<(), Refusal> {
        for group in self.setting.every_group() {
            let Ok(sink) = self.around().sink(group) else {
                continue;
            };
            if sink.databases == Databases::Stretched {
                continue;
            }
            let runs_at = self.world.groups[group.index()].runs_at;
            for at in runs_at.iter() {
                if self.around().books_at(group, at) == Some(cluster) {
                    self.stop(group, at)?;
                }
            }
            self.each(|row, around| sinks::empty(row, around, group, cluster));
            if sink.databases == Databases::Replicated {
                let state = &mut self.world.groups[group.index()];
                state.lost = state.lost.with(cluster);
            }
        }
        Ok(())
    }

    fn commit(&mut self, group: Group, at: Cluster) -> Result<(), Refusal> {
        groups::may_commit(self.around(), group, at)?;
        self.each_or_none(|row, around| groups::commit(row, around, group, at))?;

        let state = &mut self.world.groups[group.index()];
        state.committed_at = state.committed_at.with(at);
        Ok(())
    }

    fn stop(&mut self, group: Group, at: Cluster) -> Result<(), Refusal> {
        let runs_at = self.world.groups[group.index()].runs_at;
        unless(!runs_at.contains(at), Refusal::GroupNotRunning)?;

        self.each(|row, around| groups::stop(row, around, group, at));
        let left = self.setting.read_at(group, at);
        let state = &mut self.world.groups[group.index()];
        state.runs_at = runs_at.without(at);
        state.brought = state.brought.minus(left);
        state.stranded = state.stranded.without(at);
        Ok(())
    }

    fn rebootstrap(&mut self, group: Group, at: Cluster, keeps: bool) -> Result<(), Refusal> {
        let moved = rebootstrap::moved(self.around(), group, at)?;
        self.each_or_none(|row, around| match keeps {
            true => rebootstrap::bring(row, around, group, at, &moved),
            false => rebootstrap::reset(row, around, group, at, &moved),
        })?;

        let left = self.setting.read_at(group, moved.from);
        let state = &mut self.world.groups[group.index()];
        state.runs_at = state.runs_at.without(moved.from).with(at);
        let brought = moved.places.iter().map(|(_, to)| *to).collect();
        state.brought = state.brought.minus(left).union(brought);
        state.stranded = state.stranded.without(moved.from);
        if state.newest == Some(moved.from) {
            state.newest = Some(at);
        }
        Ok(())
    }

    fn rejoin(&mut self, group: Group, at: Cluster) -> Result<(), Refusal> {
        rebootstrap::may_rejoin(self.around(), group, at)?;
        self.each_or_none(|row, around| groups::start_at_commits(row, around, group, at))?;

        let reads = self.setting.read_at(group, at);
        let state = &mut self.world.groups[group.index()];
        state.brought = state.brought.minus(reads);
        Ok(())
    }

    fn refresh(&mut self, mirror: Mirror) -> Result<(), Refusal> {
        let found = operators::refreshed(self.around(), mirror)?;

        let made = operators::made_for(self.around(), mirror, found);
        self.world.exists = self.world.exists.union(made);
        if operators::has_configuration_to_copy(self.around(), mirror) {
            let target = self.setting.flow(mirror).to;
            self.world.altered = self.world.altered.with(target);
        }
        self.world.mirror_mut(mirror).known = found;
        Ok(())
    }

    fn restart(&mut self, mirror: Mirror) -> Result<(), Refusal> {
        operators::may_restart(self.around(), mirror)?;

        self.world.mirror_mut(mirror).running = true;
        self.stop_again(mirror);
        self.each(|row, around| begin_workers(row, around, mirror));
        Ok(())
    }

    fn reach(&mut self, mirror: Mirror, reaches: bool) -> Result<(), Refusal> {
        let state = self.world.mirror_mut(mirror);
        unless(state.cut != reaches, Refusal::AlreadySo)?;

        state.cut = !reaches;
        Ok(())
    }

    pub(super) fn fail_over(&mut self, mirror: Mirror) -> Result<(), Refusal> {
        operators::may_fail_over(self.around(), mirror)?;
        if self.is_link(mirror) {
            links::may_stop(self.around(), mirror)?;
        }

        self.each(|row, _| operators::fail_over(row, mirror));
        if self.is_link(mirror) {
            self.stop_link(mirror);
        } else {
            let then_written = self.setting.flow(mirror).then_written;
            self.world.written = self.world.written.union(then_written);
        }
        // Producers that come home have left again.
        let opposite: Vec<Mirror> = operators::opposite(self.around(), mirror).collect();
        for other in opposite {
            self.world.mirror_mut(other).failed_over = false;
        }
        self.world.mirror_mut(mirror).failed_over = true;
        Ok(())
    }

    fn fail_back(&mut self, mirror: Mirror) -> Result<(), Refusal> {
        if self.is_link(mirror) {
            return self.fail_back_link(mirror);
        }
        operators::may_fail_back(self.around(), mirror)?;

        self.each(|row, around| operators::fail_back(row, around, mirror));
        let rebuilt = operators::rebuilt(self.around(), mirror);
        self.world.written = self.world.written.minus(rebuilt);
        let state = self.world.mirror_mut(mirror);
        (state.running, state.started, state.stopped) = (true, true, false);
        Ok(())
    }

    fn stop_mirror(&mut self, mirror: Mirror) -> Result<(), Refusal> {
        operators::may_stop(self.around(), mirror)?;

        self.world.mirror_mut(mirror).stopped = true;
        self.end(mirror);
        Ok(())
    }

    fn crash(&mut self, mirror: Mirror) -> Result<(), Refusal> {
        unless(!self.world.mirror(mirror).running, Refusal::NotRunning)?;

        self.end(mirror);
        Ok(())
    }

    /// Every worker of the mirror dies.
    pub(super) fn end(&mut self, mirror: Mirror) {
        self.world.mirror_mut(mirror).running = false;
        self.forget_looks(mirror);
        self.each(|row, around| end_workers(row, around, mirror));
    }

    fn take_over(&mut self, mirror: Mirror) -> Result<(), Refusal> {
        unless(!self.world.mirror(mirror).running, Refusal::NotRunning)?;

        self.forget_looks(mirror);
        self.each(|row, around| operators::take_over(row, around, mirror));
        Ok(())
    }

    fn forget_looks(&mut self, mirror: Mirror) {
        for group in &mut self.world.groups {
            group.looked_by = group.looked_by.without(mirror);
        }
    }

    fn bring_back(&mut self, cluster: Cluster) -> Result<(), Refusal> {
        operators::may_return(self.around(), cluster)?;

        self.world.up = self.world.up.with(cluster);
        Ok(())
    }

    fn turn_clock(&mut self, cluster: Cluster, by: i64) -> Result<(), Refusal> {
        let clock = &mut self.world.clocks[cluster.index()];
        let turned = clock.checked_add_signed(by).ok_or(Refusal::NothingThere)?;

        *clock = turned;
        Ok(())
    }

    fn add_partition(&mut self, place: TopicPartition) -> Result<(), Refusal> {
        operators::may_add(self.around(), place)?;

        self.world.exists = self.world.exists.with(place);
        Ok(())
    }

    fn alter(&mut self, cluster: Cluster) -> Result<(), Refusal> {
        operators::may_alter(self.around(), cluster)?;

        self.world.altered = self.world.altered.with(cluster);
        Ok(())
    }

    fn fence(&mut self, cluster: Cluster) -> Result<(), Refusal> {
        unless(self.world.fenced.contains(cluster), Refusal::AlreadySo)?;

        self.world.fenced = self.world.fenced.with(cluster);
        Ok(())
    }

    fn lose(&mut self, cluster: Cluster) -> Result<(), Refusal> {
        self.around().up(cluster)?;

        self.world.up = self.world.up.without(cluster);
        let beside = |mirror: &Mirror| self.setting.flow(*mirror).stops_with.contains(cluster);
        let dying: Vec<Mirror> = self.setting.every_mirror().filter(beside).collect();
        for mirror in dying {
            if self.world.mirror(mirror).running {
                self.end(mirror);
            }
        }
        Ok(())
    }

    fn destroy(&mut self, cluster: Cluster) -> Result<(), Refusal> {
        self.lose(cluster)?;

        self.forget_own_commits(cluster);
        self.each(|row, around| faults::destroy(row, around, cluster));
        Ok(())
    }

    fn lose_commits(&mut self, cluster: Cluster) -> Result<(), Refusal> {
        self.forget_own_commits(cluster);
        self.each(|row, around: Around<'_>| faults::lose_commits(row, around, cluster));
        Ok(())
    }

    fn forget_own_commits(&mut self, cluster: Cluster) {
        for group in &mut self.world.groups {
            group.committed_at = group.committed_at.without(cluster);
        }
    }
}
