//! The steady state of many rows: a column a fact, and beside them what deviates.
//!
//! Steady is a row of which nobody named a record, in which every mirrored log is one run of copies at the
//! offsets of its source, and every worker has copied, and been told of, all that it read.

use super::kernels::{LIVED, PENDING};
use super::log::{Copied, Epoch, Logs, Span, Written};
use super::row::{Besides, Reading, Row, Worker};
use super::syncs::pair;
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Pair, Partitions, Setting, Stamps};
use std::collections::BTreeMap;

/// A column of one number a row.  Where there may be nothing, it holds what there is plus one.
pub type Column = Vec<u64>;

/// What is steady.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Columns {
    /// Log start offsets, a column a topic-partition.
    pub start: Vec<Column>,
    /// Log end offsets, likewise.
    pub end: Vec<Column>,
    /// The next offset that is copied, a column a task.
    pub position: Vec<Column>,
    /// The last offset that is stored as copied, plus one.
    pub stored: Vec<Column>,
    /// The target's offset of the last pair that fell due, plus one.
    pub last_due: Vec<Column>,
    /// [`LIVED`] and [`PENDING`].
    pub life: Vec<Vec<u8>>,
    /// The source's offset of the newest sync that has been read, plus one.
    pub newest_upstream: Vec<Column>,
    /// The target's offset of it.
    pub newest_downstream: Vec<Column>,
    /// The next offset of a group plus one, a column for each group and topic-partition.
    pub reading: Vec<Vec<Column>>,
    /// What a group has committed, plus one, likewise.
    pub committed: Vec<Vec<Column>>,
    /// The source's offset of a group's newest checkpoint plus one, a column for each group and task.
    pub checkpoint_upstream: Vec<Vec<Column>>,
    /// The target's offset of it.
    pub checkpoint_downstream: Vec<Vec<Column>>,
}

impl Columns {
    fn new(setting: &Setting, rows: usize) -> Columns {
        let column = || vec![0; rows];
        let (places, tasks) = (setting.partitions.len(), setting.tasks.len());
        let of_places = vec![column(); places];
        let of_tasks = vec![column(); tasks];
        let groups = setting.groups.len();
        Columns {
            start: of_places.clone(),
            end: of_places.clone(),
            position: of_tasks.clone(),
            stored: of_tasks.clone(),
            last_due: of_tasks.clone(),
            life: vec![vec![0; rows]; tasks],
            newest_upstream: of_tasks.clone(),
            newest_downstream: of_tasks.clone(),
            reading: vec![of_places.clone(); groups],
            committed: vec![of_places; groups],
            checkpoint_upstream: vec![of_tasks.clone(); groups],
            checkpoint_downstream: vec![of_tasks; groups],
        }
    }

    /// What a row takes in the columns.
    pub fn bytes_per_row(&self) -> usize {
        let of_groups = |columns: &Vec<Vec<Column>>| columns.iter().map(Vec::len).sum::<usize>();
        let numbers = self.start.len()
            + self.end.len()
            + self.position.len()
            + self.stored.len()
            + self.last_due.len()
            + self.newest_upstream.len()
            + self.newest_downstream.len()
            + of_groups(&self.reading)
            + of_groups(&self.committed)
            + of_groups(&self.checkpoint_upstream)
            + of_groups(&self.checkpoint_downstream);
        numbers * size_of::<u64>() + self.life.len()
    }
}

/// How each topic-partition is written, if it is steady.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    /// The topic-partition in whose ledger the records of each are.
    origin: Vec<usize>,
    /// The only task that writes each, if one does.
    pub writer: Vec<Option<usize>>,
    /// Where each task copies from and to, if it copies runs.
    pub runs: Vec<Option<(usize, usize)>>,
    /// Whether each task is one of a link.
    pub links: Vec<bool>,
}

impl Plan {
    fn new(setting: &Setting) -> Plan {
        let places = setting.partitions.len();
        let copies_runs = |task: &usize| {
            let work = &setting.tasks[*task];
            let flow = setting.flow(work.mirror);
            let [to] = work.to[..] else { return None };
            let is_alone = setting.writers_of(to).count() == 1 && !setting.partition(to).written;
            let is_plain = !flow.exactly_once && !flow.provenance && flow.stamps == Stamps::Create;
            (is_alone && (is_plain || flow.tool.is_link())).then(|| (work.from.index(), to.index()))
        };
        let tasks = 0..setting.tasks.len();
        let runs: Vec<_> = tasks.map(|task| copies_runs(&task)).collect();
        let mut writer = vec![None; places];
        for (task, run) in runs.iter().enumerate() {
            if let Some((_, to)) = run {
                writer[*to] = Some(task);
            }
        }
        // As far back as there are copies of copies; a circle ends somewhere on it.
        let source = |place: usize| Some(runs[writer[place]?]?.0);
        let origin = (0..places)
            .map(|place| (0..places).fold(place, |origin, _| source(origin).unwrap_or(origin)));
        let links = 0..setting.tasks.len();
        let links = links.map(|task| setting.flow(setting.tasks[task].mirror).tool.is_link());
        Plan {
            links: links.collect(),
            origin: origin.collect(),
            writer,
            runs,
        }
    }
}

/// All rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Table {
    pub columns: Columns,
    pub plan: Plan,
    pub rows: usize,
    /// Rows that are not steady, without what is in `besides`.
    pub aside: BTreeMap<u32, Box<Row>>,
    pub besides: BTreeMap<u32, Besides>,
    new: Besides,
}

impl Table {
    pub(crate) fn new(setting: &Setting, rows: usize) -> Table {
        Table {
            columns: Columns::new(setting, rows),
            plan: Plan::new(setting),
            rows,
            aside: BTreeMap::new(),
            besides: BTreeMap::new(),
            new: Besides::new(setting),
        }
    }

    /// A row, with everything about it.
    pub(crate) fn load(&self, row: usize) -> Row {
        let key = row as u32;
        let mut whole = match self.aside.get(&key) {
            Some(whole) => (**whole).clone(),
            None => self.steady(row),
        };
        whole.besides = self.besides.get(&key).unwrap_or(&self.new).clone();
        whole
    }

    /// Puts a row back: beside the columns only what they do not say.
    pub(crate) fn store(&mut self, row: usize, mut whole: Row) {
        let key = row as u32;
        self.write(row, &whole);
        let besides = std::mem::replace(&mut whole.besides, self.new.clone());
        match besides == self.new {
            true => drop(self.besides.remove(&key)),
            false => drop(self.besides.insert(key, besides)),
        }
        match !self.has_lost_what_is_next(&whole) && self.steady(row) == whole {
            true => drop(self.aside.remove(&key)),
            false => drop(self.aside.insert(key, Box::new(whole))),
        }
    }

    /// Whether something is not there any more that would be copied next: then no run follows.
    fn has_lost_what_is_next(&self, whole: &Row) -> bool {
        let mut runs = self.plan.runs.iter().enumerate();
        runs.any(|(task, run)| {
            run.is_some_and(|(from, to)| {
                let next = match self.plan.links[task] {
                    true => whole.logs.of[to].end,
                    false => whole.workers[task].position,
                };
                next < whole.logs.of[from].start
            })
        })
    }

    fn write(&mut self, row: usize, whole: &Row) {
        let columns = &mut self.columns;
        for (place, log) in whole.logs.of.iter().enumerate() {
            columns.start[place][row] = log.start;
            columns.end[place][row] = log.end;
        }
        for (task, worker) in whole.workers.iter().enumerate() {
            let emission = &worker.emission;
            let lived = u8::from(worker.acknowledged.is_some()) * LIVED;
            let pending = u8::from(emission.pending.is_some()) * PENDING;
            columns.position[task][row] = worker.position;
            columns.stored[task][row] = plus_one(worker.stored);
            columns.last_due[task][row] = plus_one(emission.last_due.map(|it| it.downstream.0));
            columns.life[task][row] = lived | pending;
            let newest = whole.besides.synced[task].store.newest();
            let (up, down) = (&mut columns.newest_upstream, &mut columns.newest_downstream);
            (up[task][row], down[task][row]) = numbers(newest);
        }
        for (group, readings) in whole.readings.iter().enumerate() {
            for (place, reading) in readings.iter().enumerate() {
                columns.reading[group][place][row] = plus_one(reading.position);
                columns.committed[group][place][row] = plus_one(reading.committed);
            }
            for (task, found) in whole.checkpoints[group].iter().enumerate() {
                let up = &mut columns.checkpoint_upstream[group][task];
                let down = &mut columns.checkpoint_downstream[group][task];
                (up[row], down[row]) = numbers(*found);
            }
        }
    }

    /// What the columns say of a row.
    fn steady(&self, row: usize) -> Row {
        let columns = &self.columns;
        let places = columns.end.len();
        let mut logs = Logs::new(places);
        for place in 0..places {
            logs.of[place].start = columns.start[place][row];
            logs.of[place].end = columns.end[place][row];
            logs.of[place].spans = self.run(place, columns.end[place][row]);
            if self.plan.writer[place].is_none() {
                logs.ledgers[place].length = columns.end[place][row];
            }
        }
        let group = |group: usize| {
            let of = (0..places).map(|place| Reading {
                position: columns.reading[group][place][row].checked_sub(1),
                committed: columns.committed[group][place][row].checked_sub(1),
            });
            of.collect()
        };
        let tasks = || 0..columns.position.len();
        let checkpoints = |group: usize| {
            let of = tasks().map(|task| {
                let up = columns.checkpoint_upstream[group][task][row].checked_sub(1)?;
                Some(pair(up, columns.checkpoint_downstream[group][task][row]))
            });
            of.collect()
        };
        Row {
            logs,
            workers: tasks().map(|task| self.worker(task, row)).collect(),
            readings: (0..columns.reading.len()).map(group).collect(),
            checkpoints: (0..columns.reading.len()).map(checkpoints).collect(),
            besides: self.new.clone(),
        }
    }

    /// The one run that a steady log holds.
    fn run(&self, place: usize, end: u64) -> Vec<Span> {
        let task = self.plan.writer[place];
        let span = Span {
            offset: 0,
            written: Written {
                ledger: self.plan.origin[place],
                number: 0,
                plain: task.is_some_and(|task| !self.plan.links[task]),
            },
            copied: task.map(|task| Copied { task, upstream: 0 }),
            stamp: None,
            headers: Partitions::EMPTY,
        };
        match end {
            0 => Vec::new(),
            _ => vec![span],
        }
    }

    /// A worker that has copied all that it read, or has read nothing in this life.
    fn worker(&self, task: usize, row: usize) -> Worker {
        let columns = &self.columns;
        let position = columns.position[task][row];
        let life = columns.life[task][row];
        let mut worker = Worker {
            position,
            stored: columns.stored[task][row].checked_sub(1),
            ..Worker::default()
        };
        let copied = position.checked_sub(1).filter(|_| life & LIVED != 0);
        let to = self.plan.runs[task].map(|(_, to)| columns.end[to][row]);
        let (Some(copied), Some(end @ 1..)) = (copied, to) else {
            return worker;
        };
        worker.acknowledged = Some(copied);
        worker.epoch = Some(Epoch {
            incarnation: 0,
            leader: 0,
        });
        if let Some(due) = columns.last_due[task][row].checked_sub(1) {
            let last = pair(copied, end - 1);
            worker.emission.previous = Some(last);
            worker.emission.last_due = Some(pair((due + copied).wrapping_sub(end - 1), due));
            worker.emission.pending = Some(last).filter(|_| life & PENDING != 0);
        }
        worker
    }
}

fn plus_one(number: Option<u64>) -> u64 {
    number.map_or(0, |number| number + 1)
}

fn numbers(found: Option<Pair>) -> (u64, u64) {
    found.map_or((0, 0), |found| (found.upstream.0 + 1, found.downstream.0))
}
