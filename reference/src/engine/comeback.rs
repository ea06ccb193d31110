//! A datacenter comes back: its brokers start, register, are unfenced, and everybody learns of it.
//!
//! Most partitions notice nothing: whoever comes back is neither leader nor in the ISR, and its
//! leader has not heard of it in this tenure.  Those rows stay as they are.  The others take the
//! events.  What a former leader has too much is cut off by the next round of fetches.

use super::Engine;
use super::brokers::{register_row, unfence_row};
use super::failover::learn_all;
use crate::Refusal;
use crate::cluster::Cluster;
use crate::columns::Columns;
use crate::row::Row;
use crate::rules::{Around, environment};
use crate::sweeps::tiles;
use highwater_vocabulary::{Broker, Datacenter, Event, Member, Process};
use std::collections::BTreeSet;
use std::ops::Range;

impl Engine {
    /// Power and network return to a datacenter, and each broker that was stopped there starts,
    /// registers, and is unfenced: [`Event::Return`], then for each [`Event::Restart`],
    /// [`Event::Register`] and [`Event::Unfence`], with [`Event::Learn`] for whoever is behind after
    /// either of the last two.  With ZooKeeper whoever has not been fenced is, before it starts: nobody
    /// would notice it otherwise.
    ///
    /// # Errors
    /// Whatever refuses one of them; what had happened by then stays.
    pub fn bring_back(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        let site = self.cluster.knows_datacenter(datacenter)?;
        let brokers: Vec<usize> = self.cluster.brokers_of(site).collect();
        self.apply_to_all(&Event::Return { datacenter })?;
        for slot in brokers {
            if self.cluster.process[slot] == Process::Stopped {
                if self.cluster.has_zookeeper() && self.cluster.fenced >> slot & 1 == 0 {
                    self.fence_and_learn(Broker::at(slot))?;
                }
                self.start_and_learn(slot)?;
            }
        }
        Ok(())
    }

    fn start_and_learn(&mut self, slot: usize) -> Result<(), Refusal> {
        let bit = 1 << slot;
        let before = self.cluster.clone();
        self.start_process(slot, None)?;
        self.where_noticed(
            &before,
            |columns, rows| any_has(&columns.leader[rows], bit),
            |row, _| environment::start(row, slot, None),
        );

        let before = self.cluster.clone();
        let clean = self.register_process(slot)?;
        self.where_noticed(
            &before,
            |columns, rows| {
                any_has(&columns.leader[rows.clone()], bit)
                    || any_has(&columns.in_sync[rows.clone()], bit)
                    || any_has(&columns.eligible[rows.clone()], bit)
                    || columns.has_heard_of(slot, rows)
            },
            |row, around| {
                register_row(row, around, slot, clean);
                learn_all(row, around);
            },
        );

        let before = self.cluster.clone();
        self.unfence_process(slot)?;
        self.where_noticed(
            &before,
            |columns, rows| any_is_empty(&columns.leader[rows]),
            |row, around| {
                unfence_row(row, around, slot);
                learn_all(row, around);
            },
        );
        Ok(())
    }

    /// The rule happens to every row that deviates, or would notice; or to all, if somebody who
    /// should learn of it cannot.
    fn where_noticed(
        &mut self,
        before: &Cluster,
        notices: impl Fn(&Columns, Range<usize>) -> bool,
        rule: impl Fn(&mut Row, Around<'_>),
    ) {
        let rows = 0..self.partitions();
        // A process that starts would truncate to its watermark wherever it follows, or would have to ask.
        let truncates = !self.rules.switches.goes_by_sweeps();
        let begins_blank = self.cluster.has_zookeeper();
        let steadily = self.everybody_can_learn() && !truncates && !begins_blank;
        let noticing: Vec<usize> = if steadily {
            let steady = rows_that_notice(&self.table.columns, notices);
            let deviating = self.table.aside.rows.keys().map(|row| *row as usize);
            let both: BTreeSet<usize> = deviating.chain(steady).collect();
            both.into_iter().collect()
        } else {
            rows.collect()
        };
        let rows = noticing.into_iter();
        let rows = rows.map(|row| (row, self.table.load(row, before)));
        let rows: Vec<(usize, Row)> = rows.collect();
        self.one_by_one(rows, |row, around, _| rule(row, around));
    }
}

/// Looks at a tile as a whole first: mostly none of its rows does.
fn rows_that_notice(
    columns: &Columns,
    notices: impl Fn(&Columns, Range<usize>) -> bool,
) -> Vec<usize> {
    tiles(0..columns.rows())
        .filter(|tile| notices(columns, tile.clone()))
        .flatten()
        .filter(|row| notices(columns, *row..row + 1))
        .collect()
}

/// Whether any of the sets has one of `whose`.
fn any_has(sets: &[u8], whose: u8) -> bool {
    sets.iter().fold(0, |all, set| all | set) & whose != 0
}

/// Whether any set is empty.
fn any_is_empty(sets: &[u8]) -> bool {
    sets.iter().fold(false, |any, set| any | (*set == 0))
}
