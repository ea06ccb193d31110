//! What happens to a link, and so to every row.

use super::engine::Engine;
use super::rules::{begin_workers, links, operators, unless};
use super::{Refusal, rules::Around};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Event, LinkState, Mirror, Partitions, Task};

impl Engine {
    pub(super) fn is_link(&self, mirror: Mirror) -> bool {
        self.around().switches(mirror).link.is_some()
    }

    pub(super) fn is_of_link(&self, task: Task) -> bool {
        self.is_link(self.setting.work(task).mirror)
    }

    /// Whether the tool of what an event is about knows anything of the kind.
    pub(super) fn suits(&self, event: &Event) -> Result<(), Refusal> {
        let is_of_other = match *event {
            Event::CopyLost(task)
            | Event::CopyLate(task)
            | Event::Sync(task)
            | Event::SyncLost(task)
            | Event::ReadSync(task)
            | Event::Checkpoint(_, task) => self.is_of_link(task),
            Event::Look(_, mirror)
            | Event::LookFailed(_, mirror)
            | Event::TakeOver(mirror)
            | Event::StopMirror(mirror) => self.is_link(mirror),
            Event::Truncate(task) | Event::EndTransactions(task) | Event::Finish(task) => {
                !self.is_of_link(task)
            }
            Event::Promote(mirror) | Event::Reverse(mirror) => !self.is_link(mirror),
            _ => false,
        };
        unless(is_of_other, Refusal::NotInThisTool)
    }

    fn tasks(&self, mirror: Mirror) -> Vec<Task> {
        self.setting.tasks_of(mirror).collect()
    }

    /// What a mirror writes.
    fn targets(&self, mirror: Mirror) -> Partitions {
        let tasks = self.setting.tasks_of(mirror);
        tasks
            .flat_map(|task| self.setting.work(task).to.iter().copied())
            .collect()
    }

    fn enter(&mut self, task: Task, state: LinkState) {
        self.world.links[task.index()] = state;
    }

    pub(super) fn note_link(&mut self, task: Task) -> Result<(), Refusal> {
        links::may_note(self.around(), task)?;
        self.each_or_none(|row, around| links::note(row, around, task))?;

        self.enter(task, LinkState::Noted);
        Ok(())
    }

    pub(super) fn truncate_back(&mut self, task: Task) -> Result<(), Refusal> {
        links::may_truncate_back(self.around(), task)?;

        self.each(|row, around| links::truncate_back(row, around, task));
        self.enter(task, LinkState::Active);
        Ok(())
    }

    pub(super) fn end_transactions(&mut self, task: Task) -> Result<(), Refusal> {
        links::may_end_transactions(self.around(), task)?;

        self.each(|row, around| links::end_transactions(row, around, task));
        self.enter(task, LinkState::Ended);
        Ok(())
    }

    pub(super) fn finish(&mut self, task: Task) -> Result<(), Refusal> {
        links::may_finish(self.around(), task)?;

        self.enter(task, LinkState::Stopped);
        let work = self.setting.work(task);
        let mirror = work.mirror;
        let writes: Partitions = work.to.iter().copied().collect();
        let then_written = self.setting.flow(mirror).then_written.intersection(writes);
        self.world.written = self.world.written.union(then_written);
        if self.are_all(mirror, LinkState::Stopped) {
            self.world.mirror_mut(mirror).stopped = true;
            self.end(mirror);
        }
        Ok(())
    }

    fn are_all(&self, mirror: Mirror, state: LinkState) -> bool {
        let mut tasks = self.setting.tasks_of(mirror);
        tasks.all(|task| self.world.link(task) == state)
    }

    /// A link is told to stop.
    pub(super) fn stop_link(&mut self, mirror: Mirror) {
        self.each(|row, around| links::stop(row, around, mirror));
        for task in self.tasks(mirror) {
            if self.world.link(task) == LinkState::Active {
                self.enter(task, LinkState::Stopping);
            }
        }
    }

    pub(super) fn promote(&mut self, mirror: Mirror) -> Result<(), Refusal> {
        links::may_drain(self.around(), mirror)?;
        operators::may_fail_over(self.around(), mirror)?;
        links::may_stop(self.around(), mirror)?;
        self.every_row(|row, around| links::has_drained(row, around, mirror))?;

        for group in self.setting.every_group() {
            if links::may_sync_group(self.around(), group, mirror).is_ok() {
                self.each(|row, around| links::sync_group(row, around, group, mirror));
            }
        }
        self.fail_over(mirror)
    }

    /// Whether no row refuses something.
    fn every_row(
        &self,
        asked: impl Fn(&super::row::Row, Around<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut rows = 0..self.table.rows;
        rows.try_for_each(|row| asked(&self.table.load(row), self.around()))
    }

    pub(super) fn reverse(&mut self, mirror: Mirror) -> Result<(), Refusal> {
        let around = self.around();
        let turned = operators::opposite(around, mirror).next();
        let turned = turned.ok_or(Refusal::NothingThere)?;
        links::may_drain(around, turned)?;
        unless(!operators::waits(around, mirror), Refusal::AlreadySo)?;
        let are_active = self.are_all(turned, LinkState::Active);
        unless(!are_active, Refusal::OtherLinkState)?;
        self.every_row(|row, around| links::has_drained(row, around, turned))?;

        self.each(|row, around| {
            links::turn_round(row, around, turned);
            links::begin(row, around, mirror);
        });
        for task in self.tasks(turned) {
            self.enter(task, LinkState::Stopped);
        }
        for task in self.tasks(mirror) {
            self.enter(task, LinkState::Active);
        }
        self.world.mirror_mut(turned).stopped = true;
        self.end(turned);
        let then_written = self.setting.flow(turned).then_written;
        let written = self.world.written.minus(self.targets(mirror));
        self.world.written = written.union(then_written);
        self.world.mirror_mut(turned).failed_over = true;
        self.world.mirror_mut(mirror).failed_over = false;
        self.run(mirror);
        Ok(())
    }

    /// A link that waited runs.
    fn run(&mut self, mirror: Mirror) {
        let state = self.world.mirror_mut(mirror);
        (state.running, state.started, state.stopped) = (true, true, false);
        self.each(|row, around| begin_workers(row, around, mirror));
    }

    pub(super) fn fail_back_link(&mut self, mirror: Mirror) -> Result<(), Refusal> {
        operators::may_fail_back(self.around(), mirror)?;
        let have_stopped = operators::opposite(self.around(), mirror)
            .all(|other| self.are_all(other, LinkState::Stopped));
        unless(!have_stopped, Refusal::OtherLinkState)?;

        self.each(|row, around| links::begin(row, around, mirror));
        for task in self.tasks(mirror) {
            self.enter(task, LinkState::Preparing);
        }
        self.world.written = self.world.written.minus(self.targets(mirror));
        self.run(mirror);
        Ok(())
    }

    /// Whoever takes over a link that stops begins anew.
    pub(super) fn stop_again(&mut self, mirror: Mirror) {
        for task in self.tasks(mirror) {
            if matches!(self.world.link(task), LinkState::Noted | LinkState::Ended) {
                self.enter(task, LinkState::Stopping);
            }
        }
    }
}
