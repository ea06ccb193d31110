//! What can be seen of a row from outside.

use super::books::told;
use super::engine::Engine;
use super::row::{Held, Row};
use highwater_vocabulary::mirroring::{
    Content, Group, GroupView, LinkState, LogView, Observation, Task, TaskView, TopicPartition,
};
use highwater_vocabulary::{Member, Offset};

impl Engine {
    /// Everything that can be seen of the first row.
    pub fn observe(&self) -> Observation {
        self.observe_row(0)
    }

    /// Everything that can be seen of a row.  A record that nobody named is shown as a marker: there is
    /// nothing that names it.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn observe_row(&self, row: usize) -> Observation {
        let row = self.table.load(row);
        let setting = &self.setting;
        let running = setting.every_mirror();
        Observation {
            up: self.world.up,
            writable: self.world.written,
            running: running
                .filter(|mirror| self.world.mirror(*mirror).running)
                .collect(),
            logs: setting
                .every_partition()
                .map(|place| self.log(&row, place))
                .collect(),
            tasks: setting
                .every_task()
                .map(|task| view(&row, self.world.link(task), task))
                .collect(),
            groups: setting
                .every_group()
                .map(|group| self.group(&row, group))
                .collect(),
        }
    }

    fn log(&self, row: &Row, place: TopicPartition) -> LogView {
        let log = &row.logs.of[place.index()];
        let content = |offset| row.logs.content(place.index(), offset);
        LogView {
            exists: self.world.exists.contains(place),
            start: Offset(log.start),
            contents: (log.start..log.end)
                .map(|offset| content(offset).unwrap_or(Content::Marker))
                .collect(),
            epochs: match self.setting.is_linked(place) {
                true => log.shown_epochs(),
                false => Vec::new(),
            },
        }
    }

    fn group(&self, row: &Row, group: Group) -> GroupView {
        let readings = row.readings[group.index()].iter();
        let counts = self.setting.reader(group).sink.is_some();
        let counting = self.setting.every_cluster().filter(move |_| counts);
        let book = &row.besides.books[group.index()];
        GroupView {
            runs_at: self.world.groups[group.index()].runs_at,
            position: readings.clone().map(|it| it.position.map(Offset)).collect(),
            committed: readings.map(|it| it.committed.map(Offset)).collect(),
            checkpoints: row.checkpoints[group.index()].clone(),
            stranded: self.world.groups[group.index()].stranded,
            uncounted: counting
                .clone()
                .map(|at| told(book.memory_of(at)))
                .collect(),
            databases: counting.map(|at| book.pages[at.index()].view()).collect(),
            rows: row.besides.noted[group.index()].clone(),
        }
    }
}

fn view(row: &Row, link: LinkState, task: Task) -> TaskView {
    let worker = &row.workers[task.index()];
    let synced = &row.besides.synced[task.index()];
    let upstream = |held: Option<Held>| held.map(|held| Offset(held.upstream));
    TaskView {
        position: Offset(worker.position),
        memory: upstream(worker.memory),
        former: upstream(worker.former),
        stored: worker.stored.map(Offset),
        pending: worker.emission.pending,
        delayed: worker.emission.delayed,
        syncs: synced.topic.clone(),
        read: u8::try_from(synced.read).unwrap_or(u8::MAX),
        link,
        last: row.besides.lasts[task.index()].map(|last| u8::try_from(last).unwrap_or(u8::MAX)),
    }
}
