//! Rounds over all rows: the kernels for steady rows, and the same events one by one for those that
//! deviate.

use super::engine::Engine;
use super::kernels::{self, Ticking};
use super::row::Row;
use super::rules::{Around, producers, tasks};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Group, LinkState, Task, TopicPartition};

impl Engine {
    /// So many records, which nobody names, are written to each topic-partition of a row that producers
    /// can write; then every task in order copies all that it can, and stores its position.
    ///
    /// # Panics
    /// If `produced` is not as long as there are rows.
    pub fn tick(&mut self, produced: &[u64]) {
        assert_eq!(produced.len(), self.rows(), "a number for each row");
        if self
            .setting
            .every_task()
            .any(|task| !self.copies_runs(task))
        {
            for (row, produced) in produced.iter().enumerate() {
                let mut whole = self.table.load(row);
                tick_row(&mut whole, self.around(), *produced);
                self.table.store(row, whole);
            }
            return;
        }
        let aside: Vec<u32> = self.table.aside.keys().copied().collect();
        let before: Vec<Row> = aside
            .iter()
            .map(|row| self.table.load(*row as usize))
            .collect();
        self.sweep(produced);
        for (row, mut whole) in aside.into_iter().zip(before) {
            let row = row as usize;
            tick_row(&mut whole, self.around(), produced[row]);
            self.table.store(row, whole);
        }
    }

    fn sweep(&mut self, produced: &[u64]) {
        let mut nothing = Vec::new();
        let mut writes: Vec<bool> = self
            .setting
            .every_partition()
            .map(|place| producers::accepts(self.around(), place).is_ok())
            .collect();
        let runs = self.table.plan.runs.clone();
        for (task, (from, to)) in runs.into_iter().flatten().enumerate() {
            let is_link = self.table.plan.links[task];
            let columns = &mut self.table.columns;
            let mut source_end = std::mem::take(&mut columns.end[from]);
            let produced = match std::mem::take(&mut writes[from]) {
                true => produced,
                false => {
                    nothing.resize(produced.len(), 0);
                    &nothing[..]
                }
            };
            if is_link {
                kernels::links::link_tick(produced, &mut source_end, &mut columns.end[to]);
            } else {
                let ticking = Ticking {
                    source_end: &mut source_end,
                    position: &mut columns.position[task],
                    target_end: &mut columns.end[to],
                    stored: &mut columns.stored[task],
                    last_due: &mut columns.last_due[task],
                    life: &mut columns.life[task],
                };
                kernels::mirror_tick(produced, ticking, self.options.offset_lag_max);
            }
            columns.end[from] = source_end;
        }
        let unread = writes.iter().enumerate().filter(|(_, writes)| **writes);
        for (place, _) in unread {
            let ends = &mut self.table.columns.end[place];
            for (end, produced) in ends.iter_mut().zip(produced) {
                *end += produced;
            }
        }
    }

    /// Whether a task does now, in steady rows, what the kernel does.
    fn copies_runs(&self, task: Task) -> bool {
        let around = self.around();
        let setting = &self.setting;
        let work = setting.work(task);
        let flow = setting.flow(work.mirror);
        let state = self.world.mirror(work.mirror);
        let switches = around.switches(work.mirror);
        let is_up = |place: TopicPartition| {
            around.exists(place).is_ok() && around.up(setting.partition(place).cluster).is_ok()
        };
        self.table.plan.runs[task.index()].is_some()
            && state.running
            && !state.cut
            && state.known.contains(task)
            && is_up(work.from)
            && work
                .to
                .iter()
                .all(|to| is_up(*to) && !self.world.written.contains(*to))
            && self.world.up.contains(flow.to)
            && match switches.link {
                Some(_) => self.world.link(task) == LinkState::Active,
                None => {
                    switches.has_checkpoints
                        && !switches.stores_at_source
                        && switches.promotes_delayed
                        && !switches.translates_by_delta
                }
            }
            && !setting.every_task().any(|later| {
                // What is written after it was read in this round would have to wait for the next.
                later > task && setting.work(later).to.contains(&work.from)
            })
    }

    /// What a group has committed in what a task copies, at the target: of each row, plus one, or nothing.
    /// Says nothing of whether the mirror would write that as a checkpoint now.
    ///
    /// # Panics
    /// If `downstream` is not as long as there are rows.
    pub fn translate(&self, group: Group, task: Task, downstream: &mut [u64]) {
        assert_eq!(downstream.len(), self.rows(), "a number for each row");
        let work = self.setting.work(task);
        let (of, at) = (group.index(), task.index());
        let columns = &self.table.columns;
        let by_delta = self.around().switches(work.mirror).translates_by_delta;
        let committed = &columns.committed[of][work.from.index()];
        let (upstream, known) = (&columns.newest_upstream[at], &columns.newest_downstream[at]);
        kernels::offset_translate(downstream, committed, upstream, known, by_delta);
        // Only these have read any sync, and may have an older one to translate from.
        for (row, besides) in &self.table.besides {
            let row = *row as usize;
            if let Some(committed) = committed[row].checked_sub(1) {
                let found = besides.synced[at].store.translate(committed, by_delta);
                downstream[row] = found.map_or(0, |found| found + 1);
            }
        }
    }
}

/// A round over one row, event by event.
pub(super) fn tick_row(row: &mut Row, around: Around<'_>, produced: u64) {
    for place in around.setting.every_partition() {
        let is_offered = row.logs.offered(place.index()).is_some();
        if producers::accepts(around, place).is_ok() && !is_offered {
            row.logs.fill(place.index(), produced);
        }
    }
    for task in around.setting.every_task() {
        loop {
            // There may be something in memory already; and nothing may be left to read.
            let _ = tasks::poll(row, around, task);
            if tasks::copy(row, around, task).is_err() {
                break;
            }
        }
        // It is stored already, if nothing was copied.
        let _ = tasks::note(row, around, task);
    }
}
