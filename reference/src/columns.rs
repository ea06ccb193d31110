//! The steady state of many partitions that have the same replicas: a column a fact.
//!
//! Steady is a partition of which every running broker knows what the controller knows, and in which
//! nothing is under way.  Whatever else there is to a partition lies beside the columns, in
//! [`Deviations`], keyed by its row.

use crate::cluster::Cluster;
use crate::kernels::change::Sets;
use crate::kernels::{Registrations, office};
use crate::lineages::Lineages;
use crate::row::{Assignment, Disk, Registration, Row, Tenure, Written};
use crate::runs;
use crate::spans::{self, Span};
use highwater_vocabulary::{BrokerSet, MOST_BROKERS, Member, Setting};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// One column each for what a partition has once, and one a slot for what each replica has.  A slot
/// is a place in the assignment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Columns {
    /// The controller's leader, as a set of one or none.
    pub leader: Vec<u8>,
    /// The controller's in-sync replicas.
    pub in_sync: Vec<u8>,
    /// The controller's eligible leader replicas.
    pub eligible: Vec<u8>,
    /// The last known leader, remembered while there is neither ISR nor ELR.
    pub last_known: Vec<u8>,
    /// Replicas whose log ends in the epoch before the newest, and beyond where the newest begins:
    /// they have not yet truncated.
    pub on_previous: Vec<u8>,
    /// The leader epoch.
    pub leader_epoch: Vec<u32>,
    /// The partition epoch.
    pub partition_epoch: Vec<u32>,
    /// Where the leader epoch begins in the leader's log.
    pub epoch_start: Vec<u64>,
    /// The end of each replica's log, a column a slot.
    pub end: Vec<Vec<u64>>,
    /// Each replica's own high watermark.
    pub watermark: Vec<Vec<u64>>,
    /// What the leader knows of each follower's end: that end plus one, or 0.  One column less than
    /// there are replicas: what is known of the last replica lies in the leader's place, because a
    /// leader keeps nothing of itself here ([`Columns::place`]).
    pub known: Vec<Vec<u64>>,
}

impl Columns {
    /// New partitions: the first of the assignment leads in epoch 1, and everybody is in sync.
    pub fn new(slots: usize, rows: usize) -> Columns {
        let first = vec![1; rows];
        Columns {
            leader: first.clone(),
            in_sync: vec![((1u16 << slots) - 1) as u8; rows],
            eligible: vec![0; rows],
            last_known: vec![0; rows],
            on_previous: vec![0; rows],
            leader_epoch: vec![1; rows],
            partition_epoch: vec![1; rows],
            epoch_start: vec![0; rows],
            end: vec![vec![0; rows]; slots],
            watermark: vec![vec![0; rows]; slots],
            known: vec![vec![0; rows]; slots.saturating_sub(1)],
        }
    }

    /// What the controller has, of some rows.
    pub fn registrations(&mut self, rows: Range<usize>) -> Registrations<'_> {
        Registrations {
            leader: &mut self.leader[rows.clone()],
            in_sync: &mut self.in_sync[rows.clone()],
            eligible: &mut self.eligible[rows.clone()],
            last_known: &mut self.last_known[rows.clone()],
            leader_epoch: &mut self.leader_epoch[rows.clone()],
            partition_epoch: &mut self.partition_epoch[rows],
        }
    }

    /// From the first of `rows` on, as many as are alike: the same leader, the same in-sync replicas, the
    /// same that have to truncate.
    pub(crate) fn alike(&self, rows: Range<usize>) -> Alike {
        let mut end = rows.end;
        for sets in [&self.leader, &self.in_sync, &self.on_previous] {
            end = rows.start + runs::length(&sets[rows.start..end]);
        }
        Alike {
            rows: rows.start..end,
            leader: self.leader[rows.start],
            in_sync: self.in_sync[rows.start],
            on_previous: self.on_previous[rows.start],
        }
    }

    /// All of `rows`, those together that are [`Self::alike`].
    pub(crate) fn runs(&self, rows: Range<usize>) -> impl Iterator<Item = Alike> + use<'_> {
        let mut rest = rows;
        std::iter::from_fn(move || {
            let run = (!rest.is_empty()).then(|| self.alike(rest.clone()))?;
            rest.start = run.rows.end;
            Some(run)
        })
    }

    /// The same as [`Self::alike`], and in all that the controller has of them.
    pub(crate) fn alike_in_all(&self, rows: Range<usize>) -> (Alike, Sets) {
        let mut run = self.alike(rows);
        let first = run.rows.start;
        for sets in [&self.eligible, &self.last_known] {
            run.rows.end = first + runs::length(&sets[run.rows.clone()]);
        }
        let sets = Sets {
            leader: run.leader,
            in_sync: run.in_sync,
            eligible: self.eligible[first],
            last_known: self.last_known[first],
        };
        (run, sets)
    }

    /// The column of [`Columns::known`] for the follower in `slot` of the leader in another.
    pub fn place(&self, slot: usize, leader: usize) -> usize {
        if slot == self.known.len() {
            leader
        } else {
            slot
        }
    }

    /// The columns of [`Columns::known`] for those of `who` that follow, as a set.
    pub(crate) fn places(&self, run: &Alike, who: u8) -> u8 {
        let last = 1 << self.known.len();
        let followers = who & !run.leader;
        match followers & last {
            0 => followers,
            _ => followers & !last | run.leader,
        }
    }

    /// Whether any leader of these rows has heard of the replica in this slot.
    pub(crate) fn has_heard_of(&self, slot: usize, rows: Range<usize>) -> bool {
        self.runs(rows).any(|run| {
            let leads_it = run.leader & !(1 << slot) != 0;
            leads_it && {
                let known = &self.known[self.place(slot, run.leader_slot())][run.rows];
                known.iter().fold(0, |any, known| any | known) != 0
            }
        })
    }

    /// How many partitions.
    pub fn rows(&self) -> usize {
        self.leader.len()
    }

    /// How many replicas each has.
    pub fn slots(&self) -> usize {
        self.end.len()
    }

    /// What a partition takes in the columns.
    pub fn bytes_per_partition(&self) -> usize {
        5 * size_of::<u8>()
            + 2 * size_of::<u32>()
            + size_of::<u64>()
            + (self.end.len() + self.watermark.len() + self.known.len()) * size_of::<u64>()
    }
}

/// Rows that are alike, and in what.
#[derive(Clone, Debug)]
pub(crate) struct Alike {
    pub rows: Range<usize>,
    pub leader: u8,
    pub in_sync: u8,
    pub on_previous: u8,
}

impl Alike {
    /// The place of the leader.
    pub(crate) fn leader_slot(&self) -> usize {
        self.leader.trailing_zeros() as usize
    }
}

/// What deviates from the columns, or has no place in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deviations {
    /// Partitions that are not steady, with everything about them.
    pub rows: BTreeMap<u32, Box<Row>>,
    /// Where the epochs before the newest begin, of partitions that have had more than one.
    pub older: Lineages,
    /// What clients sent and were told, of partitions that events have written to.
    pub clients: HashMap<u32, (u8, Vec<Written>)>,
}

/// The partitions of one assignment.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub columns: Columns,
    /// What is in no column, being the same for all rows that are not kept aside: every broker holds a
    /// replica, and the observers are those of the setting.
    pub assignment: Assignment,
    pub aside: Deviations,
}

impl Table {
    pub(crate) fn new(setting: &Setting, rows: usize) -> Table {
        Table {
            columns: Columns::new(setting.brokers.len(), rows),
            assignment: Assignment {
                replicas: bits(setting.replicas()),
                observers: bits(setting.observers),
                ..Assignment::default()
            },
            aside: Deviations::default(),
        }
    }

    /// Whether the leaders of these rows and their successors have all written in the leaders' epochs.
    pub(crate) fn have_written(&self, run: &Alike, elected: u8) -> bool {
        let columns = &self.columns;
        let end = |slot: usize| &columns.end[slot][run.rows.clone()];
        let elected = elected.trailing_zeros() as usize;
        let epoch_start = &columns.epoch_start[run.rows.clone()];
        office::have_written(end(run.leader_slot()), end(elected), epoch_start)
    }

    /// The leaders' successors take office, in rows of which all logs are prefixes of the leaders' and
    /// all [`Self::have_written`].
    pub(crate) fn take_office(&mut self, run: &Alike, elected: u8) {
        let rows = || run.rows.clone();
        let columns = &mut self.columns;
        let epochs = &columns.leader_epoch[rows()];
        let epoch_start = &mut columns.epoch_start[rows()];
        self.aside.older.push(rows(), epochs, epoch_start);
        let elected = elected.trailing_zeros() as usize;
        epoch_start.copy_from_slice(&columns.end[elected][rows()]);
        for (slot, end) in columns.end.iter().enumerate() {
            let on_previous = &mut columns.on_previous[rows()];
            office::reach_beyond(on_previous, &end[rows()], epoch_start, 1 << slot);
        }
        for known in &mut columns.known {
            known[rows()].fill(0);
        }
    }

    /// The row with everything about it, under the broker facts it was last stored with.
    pub(crate) fn load(&self, row: usize, cluster: &Cluster) -> Row {
        match self.aside.rows.get(&(row as u32)) {
            Some(deviating) => (**deviating).clone(),
            None => self.steady(row, cluster),
        }
    }

    /// Who holds a replica of the row.
    pub(crate) fn assignment(&self, row: usize) -> Assignment {
        let aside = self.aside.rows.get(&(row as u32));
        aside.map_or(self.assignment, |whole| whole.assignment)
    }

    /// Puts the row back, beside the columns only if they do not say it all.
    pub(crate) fn store(&mut self, row: usize, whole: Row, cluster: &Cluster) {
        let key = row as u32;
        self.write_columns(row, &whole);
        let clients = (whole.acknowledged, whole.written.clone());
        if clients == (0, Vec::new()) {
            self.aside.clients.remove(&key);
        } else {
            self.aside.clients.insert(key, clients);
        }
        if self.steady(row, cluster) == whole {
            self.aside.rows.remove(&key);
        } else {
            self.aside.rows.insert(key, Box::new(whole));
        }
    }

    fn write_columns(&mut self, row: usize, whole: &Row) {
        let columns = &mut self.columns;
        let controller = whole.registration;
        columns.leader[row] = controller.leader;
        columns.in_sync[row] = controller.in_sync;
        columns.eligible[row] = controller.eligible;
        columns.last_known[row] = controller.last_known;
        columns.leader_epoch[row] = controller.leader_epoch;
        columns.partition_epoch[row] = controller.partition_epoch;
        let leader = controller.leader.trailing_zeros() as usize;
        let tenure = whole.memory.get(leader).and_then(|it| it.tenure.as_ref());
        if let Some(tenure) = tenure {
            columns.epoch_start[row] = tenure.epoch_start;
        }
        for (slot, disk) in whole.disks.iter().enumerate().take(columns.end.len()) {
            columns.end[slot][row] = disk.end;
            columns.watermark[slot][row] = disk.watermark;
        }
        for known in &mut columns.known {
            known[row] = 0;
        }
        if let Some(tenure) = tenure {
            for slot in (0..columns.slots()).filter(|slot| *slot != leader) {
                let place = columns.place(slot, leader);
                columns.known[place][row] = tenure.known[slot];
            }
        }
        self.write_lineage(row, whole, leader);
    }

    /// The leader's older epochs are everybody's, or the row will turn out to deviate.
    fn write_lineage(&mut self, row: usize, whole: &Row, leader: usize) {
        let columns = &mut self.columns;
        let epoch = columns.leader_epoch[row];
        let older: Vec<Span> = whole
            .disks
            .get(leader)
            .map(|disk| disk.spans.iter().filter(|span| span.epoch < epoch).copied())
            .into_iter()
            .flatten()
            .collect();
        let mut on_previous = 0;
        for (slot, disk) in whole.disks.iter().enumerate().take(columns.end.len()) {
            let reaches_beyond = disk.end > columns.epoch_start[row];
            let stays_behind = spans::newest(&disk.spans) < Some(epoch);
            on_previous |= u8::from(reaches_beyond && stays_behind) << slot;
        }
        columns.on_previous[row] = on_previous;
        self.aside.older.set(row, older);
    }

    /// What the columns say of a row.
    fn steady(&self, row: usize, cluster: &Cluster) -> Row {
        let columns = &self.columns;
        let registration = Registration {
            leader: columns.leader[row],
            in_sync: columns.in_sync[row],
            eligible: columns.eligible[row],
            last_known: columns.last_known[row],
            leader_epoch: columns.leader_epoch[row],
            partition_epoch: columns.partition_epoch[row],
        };
        let key = row as u32;
        let older = self.aside.older.of(row);
        let mut known = [0; MOST_BROKERS];
        let mut heard_as = [0; MOST_BROKERS];
        let mut disks: [Disk; MOST_BROKERS] = Default::default();
        let leader = registration.leader.trailing_zeros() as usize;
        for slot in 0..columns.slots() {
            if registration.leader & !(1 << slot) != 0 {
                known[slot] = columns.known[columns.place(slot, leader)][row];
            }
            let is_heard = known[slot] != 0 && !cluster.has_zookeeper();
            heard_as[slot] = u32::from(is_heard) * cluster.broker_epoch[slot];
            disks[slot] = Disk {
                end: columns.end[slot][row],
                watermark: columns.watermark[slot][row],
                spans: self.lineage(row, slot, &older),
                losses: 0,
            };
        }
        let memory = std::array::from_fn(|broker| {
            if broker >= columns.slots() {
                return Default::default();
            }
            let registered = (registration, self.assignment);
            Row::settled_memory(registered, cluster, broker, || Tenure {
                epoch_start: columns.epoch_start[row],
                committed: registration.in_sync,
                pending: None,
                known,
                heard_as,
                caught_up: 0,
            })
        });
        let clients = self.aside.clients.get(&key).cloned().unwrap_or_default();
        Row {
            registration,
            assignment: self.assignment,
            disks,
            memory,
            records: Vec::new(),
            late: Default::default(),
            acknowledged: clients.0,
            written: clients.1,
            copied: None,
            former: None,
        }
    }

    fn lineage(&self, row: usize, slot: usize, older: &[Span]) -> Vec<Span> {
        let columns = &self.columns;
        let mut lineage = older.to_vec();
        if columns.on_previous[row] >> slot & 1 == 0 {
            lineage.push(Span {
                epoch: columns.leader_epoch[row],
                writing: 0,
                noted: true,
                start: columns.epoch_start[row],
            });
        }
        // The leader has noted its epoch; others note what they have copied.
        let end = columns.end[slot][row];
        let leads = columns.leader[row] >> slot & 1 == 1;
        lineage.retain(|span| span.start < end || (leads && span.start == end));
        lineage
    }
}

/// A set of brokers as it stands in a column.
pub(crate) fn bits(brokers: BrokerSet) -> u8 {
    brokers
        .iter()
        .fold(0, |bits, broker| bits | 1 << broker.index())
}
