//! A broker is fenced, and everybody who lives learns of it: what a failover comes to when nothing
//! else goes wrong.
//!
//! The controller's part is one kernel.  Taking office is worked out row by row, because it changes
//! what logs share; whatever does not come out steady is done by its events.

use super::Engine;
use crate::Refusal;
use crate::kernels::change;
use crate::row::{Registration, Row};
use crate::rules::{Around, controller, metadata};
use crate::spans::Span;
use crate::sweeps::{self, TILE, tiles};
use highwater_vocabulary::{Broker, Datacenter, Event, Member};
use std::ops::Range;

impl Engine {
    /// A datacenter is lost with its brokers and voters; if the active controller was there, the
    /// first datacenter that can takes over; the controller fences the brokers, each in its turn; and
    /// everybody who can learns of it.  It is [`Event::Lose`], perhaps [`Event::Activate`], then for
    /// each broker of the datacenter [`Event::Fence`], and [`Event::Learn`] for whoever is behind.
    ///
    /// # Errors
    /// Whatever refuses the loss or a fencing; what had happened by then stays.
    pub fn fail_over(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        let site = self.cluster.knows_datacenter(datacenter)?;
        let brokers: Vec<usize> = self.cluster.brokers_of(site).collect();
        self.apply_to_all(&Event::Lose { datacenter })?;
        if self.cluster.controller().is_err() {
            let mut sites = (0..self.cluster.datacenters).map(Datacenter::at);
            // Where none can, the fencing is refused.
            sites.find(|site| {
                let activate = Event::Activate { datacenter: *site };
                self.apply_to_all(&activate).is_ok()
            });
        }
        for broker in brokers {
            if self.cluster.fenced >> broker & 1 == 0 {
                self.fence_and_learn(Broker::at(broker))?;
            }
        }
        Ok(())
    }

    /// The controller fences a broker, and everybody who can learns of it.
    ///
    /// # Errors
    /// As [`Event::Fence`] is refused.
    pub fn fence_and_learn(&mut self, broker: Broker) -> Result<(), Refusal> {
        let slot = self.cluster.knows_broker(broker)?;
        self.can_fence(slot)?;
        let deviating = self.deviating_rows(0..self.partitions());
        let before = self.cluster.clone();
        self.cluster.fenced |= 1 << slot;
        let living = self.brokers_that(|engine, broker| engine.cluster.takes_part(broker));
        let mut aside = deviating;
        let switches = self.rules.switches;
        let steadily = !switches.waits_for_caught_up && !switches.truncates_to_watermark;
        if steadily && self.everybody_can_learn() {
            let known: std::collections::HashSet<usize> =
                aside.iter().map(|(row, _)| *row).collect();
            for tile in tiles(0..self.partitions()) {
                let changed = self.fence_tile(tile, slot, living);
                for (row, whole) in changed {
                    if !known.contains(&row) {
                        aside.push((row, whole));
                    }
                }
            }
        } else {
            aside = (0..self.partitions())
                .map(|row| (row, self.table.load(row, &before)))
                .collect();
        }
        self.one_by_one(aside, |row, around, _| {
            fence_row(row, around, slot);
            learn_all(row, around);
        });
        Ok(())
    }

    /// Whether every broker that has a view of the partitions can renew it now.
    pub(super) fn everybody_can_learn(&self) -> bool {
        (0..self.cluster.brokers)
            .filter(|broker| self.cluster.remembers(*broker))
            .all(|broker| {
                self.cluster.takes_part(broker) && self.cluster.controller_for(broker).is_ok()
            })
    }

    /// Fences the broker in a tile of steady rows.  Rows that would not be steady afterwards are left
    /// as they were, and returned.
    fn fence_tile(&mut self, tile: Range<usize>, slot: usize, living: u8) -> Vec<(usize, Row)> {
        let mut before = [Registration::default(); TILE];
        let columns = &self.table.columns;
        for (before, row) in before.iter_mut().zip(tile.clone()) {
            *before = Registration {
                leader: columns.leader[row],
                in_sync: columns.in_sync[row],
                eligible: columns.eligible[row],
                last_known: columns.last_known[row],
                leader_epoch: columns.leader_epoch[row],
                partition_epoch: columns.partition_epoch[row],
            };
        }
        let change = controller::fencing(self.around(), slot);
        sweeps::fence(&mut self.table.columns, tile.clone(), &change);

        let mut leading = [0u8; TILE];
        let mut unsteady = Vec::new();
        for (place, row) in tile.clone().enumerate() {
            let columns = &self.table.columns;
            if columns.partition_epoch[row] == before[place].partition_epoch {
                continue;
            }
            if columns.leader_epoch[row] != before[place].leader_epoch
                && !self.take_office(row, before[place], living)
            {
                self.put_back(row, before[place]);
                unsteady.push(row);
                continue;
            }
            leading[place] = self.table.columns.leader[row] & living;
        }
        let gate = self.around().watermark_min_isr(self.cluster.min_isr);
        let length = tile.len();
        sweeps::advance(&mut self.table.columns, tile, &leading[..length], gate);
        unsteady
            .into_iter()
            .map(|row| (row, self.table.load(row, &self.cluster)))
            .collect()
    }

    fn put_back(&mut self, row: usize, before: Registration) {
        let columns = &mut self.table.columns;
        columns.leader[row] = before.leader;
        columns.in_sync[row] = before.in_sync;
        columns.eligible[row] = before.eligible;
        columns.last_known[row] = before.last_known;
        columns.leader_epoch[row] = before.leader_epoch;
        columns.partition_epoch[row] = before.partition_epoch;
    }

    /// The newly elected takes office where all logs are prefixes of the former leader's, which has
    /// written in its epoch, and the elected holds some of that.  False, and nothing done, elsewhere.
    fn take_office(&mut self, row: usize, before: Registration, living: u8) -> bool {
        let columns = &mut self.table.columns;
        let elected = columns.leader[row].trailing_zeros() as usize;
        let former = before.leader.trailing_zeros() as usize;
        if columns.leader[row] & living == 0
            || before.leader == 0
            || elected == former
            || columns.on_previous[row] != 0
        {
            return false;
        }
        let start = columns.end[elected][row];
        let former_start = columns.epoch_start[row];
        if start <= former_start || columns.end[former][row] <= former_start {
            return false;
        }
        let older = self.table.aside.older.entry(row as u32).or_default();
        older.push(Span {
            epoch: before.leader_epoch,
            writing: 0,
            start: former_start,
        });
        columns.epoch_start[row] = start;
        for slot in 0..columns.slots() {
            columns.known[slot][row] = 0;
            let beyond = u8::from(columns.end[slot][row] > start);
            columns.on_previous[row] |= beyond << slot;
        }
        true
    }
}

/// Everybody who can applies all there is, in one batch each.
pub(super) fn learn_all(row: &mut Row, around: Around<'_>) {
    row.settle(around.cluster);
    for broker in 0..around.cluster.brokers {
        let behind = row.memory[broker].behind;
        // Whoever cannot learn stays behind.
        let _ = metadata::learn(row, around, broker, behind);
        row.settle(around.cluster);
    }
}

/// What fencing a broker does to a row; the broker counts as fenced already.
pub(super) fn fence_row(row: &mut Row, around: Around<'_>, broker: usize) {
    let change = controller::fencing(around, broker);
    let whose = change.removed;
    change::remove_members(&mut row.registration.as_columns(), &change, whose);
    row.commit(around.cluster);
}
