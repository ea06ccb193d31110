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
use highwater_vocabulary::{Datacenter, Event, Process};

impl Engine {
    /// Power and network return to a datacenter, and each broker that was stopped there starts,
    /// registers, and is unfenced: [`Event::Return`], then for each [`Event::Restart`],
    /// [`Event::Register`] and [`Event::Unfence`], with [`Event::Learn`] for whoever is behind after
    /// either of the last two.
    ///
    /// # Errors
    /// Whatever refuses one of them; what had happened by then stays.
    pub fn bring_back(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        let site = self.cluster.knows_datacenter(datacenter)?;
        let brokers: Vec<usize> = self.cluster.brokers_of(site).collect();
        self.apply_to_all(&Event::Return { datacenter })?;
        for slot in brokers {
            if self.cluster.process[slot] == Process::Stopped {
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
            |columns, row| columns.leader[row] & bit != 0,
            |row, _| environment::start(row, slot, None),
        );

        let before = self.cluster.clone();
        let clean = self.register_process(slot)?;
        self.where_noticed(
            &before,
            |columns, row| {
                let seats = columns.leader[row] | columns.in_sync[row] | columns.eligible[row];
                seats & bit != 0 || columns.known[slot][row] != 0
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
            |columns, row| columns.leader[row] == 0,
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
        notices: impl Fn(&Columns, usize) -> bool,
        rule: impl Fn(&mut Row, Around<'_>),
    ) {
        // A process that starts would truncate to its watermark wherever it follows.
        let truncates = self.rules.switches.truncates_to_watermark;
        let all_learn = self.everybody_can_learn() && !truncates;
        let rows: Vec<(usize, Row)> = (0..self.partitions())
            .filter(|row| {
                !all_learn
                    || self.table.aside.rows.contains_key(&(*row as u32))
                    || notices(&self.table.columns, *row)
            })
            .map(|row| (row, self.table.load(row, before)))
            .collect();
        self.one_by_one(rows, |row, around, _| rule(row, around));
    }
}
