//! Rounds over all partitions: the sweeps for steady rows, and the same events one by one for rows
//! that deviate.

use super::Engine;
use crate::Tiles;
use crate::columns::Alike;
use crate::row::Row;
use crate::rules::{Around, client, fetch};
use crate::sweeps;
use highwater_vocabulary::{Acks, MOST_BROKERS};
use std::ops::Range;

impl Engine {
    /// Every leader that serves appends so many records a partition, which nobody names and nobody
    /// waits for, unless it has to refuse them.
    ///
    /// # Panics
    /// If `by` is not as long as there are partitions.
    pub fn append_round(&mut self, by: &[u64]) {
        assert_eq!(by.len(), self.partitions(), "a number for each partition");
        let deviating = self.deviating_rows(0..self.partitions());
        let min_isr = self.cluster.effective(self.cluster.min_isr);
        let admission = match self.rules.acks {
            Acks::All => min_isr,
            Acks::None | Acks::Leader => 0,
        };
        let gate = self.around().watermark_min_isr(min_isr);
        let serving = self.brokers_that(|engine, broker| engine.cluster.serves(broker));
        let rows = 0..self.partitions();
        let columns = &mut self.table.columns;
        sweeps::append(columns, rows, by, serving, admission, gate);
        self.one_by_one(deviating, |row, around, place| {
            let leader = row.registration.leader.trailing_zeros() as usize;
            if leader < MOST_BROKERS {
                // A refusal changes nothing; the round goes on with the next partition.
                let _ = client::fill(row, around, leader, by[place]);
            }
        });
    }

    /// Every follower that can fetches once, in the order of the assignment, and is answered.
    pub fn fetch_round(&mut self) {
        self.fetch_round_over(0..self.partitions());
    }

    /// The same, for the partitions of touched tiles alone.
    pub fn fetch_round_in(&mut self, touched: &Tiles) {
        let ranges: Vec<Range<usize>> = touched.touched().collect();
        for range in ranges {
            self.fetch_round_over(range);
        }
    }

    /// Who in each ISR is not at the leader's log end, as the leader knows it: a byte a partition.
    pub fn behind(&self) -> Vec<u8> {
        let mut behind = vec![0; self.partitions()];
        sweeps::behind(&self.table.columns, 0..self.partitions(), &mut behind);
        behind
    }

    fn fetch_round_over(&mut self, rows: Range<usize>) {
        let mut aside = self.deviating_rows(rows.clone());
        if !self.rules.switches.goes_by_sweeps() {
            // The sweep tells diverging followers to truncate, as later versions do.
            aside = rows
                .clone()
                .map(|row| (row, self.table.load(row, &self.cluster)))
                .collect();
        } else {
            aside.extend(self.rows_with_joiners(rows.clone(), &aside));
        }
        let can_ask: Vec<u8> = (0..self.cluster.brokers)
            .map(|follower| self.leaders_for(follower))
            .collect();
        let min_isr = self.cluster.effective(self.cluster.min_isr);
        let gate = self.around().watermark_min_isr(min_isr);
        sweeps::fetch_round(&mut self.table.columns, rows, &can_ask, gate);
        let followers = self.cluster.brokers;
        self.one_by_one(aside, |row, around, _| {
            for follower in 0..followers {
                // A refusal changes nothing; the round goes on with the next follower.
                let _ = fetch::fetch(row, around, follower, true);
                row.settle(around.cluster);
            }
        });
    }

    /// Steady rows that will not be steady after a round, because a follower asks to join the ISR.
    fn rows_with_joiners(&self, rows: Range<usize>, aside: &[(usize, Row)]) -> Vec<(usize, Row)> {
        let switches = self.rules.switches;
        let admitted = match switches.checks_isr_members || switches.checks_member_epochs {
            true => self.cluster.acceptable(),
            false => u8::MAX,
        };
        let candidates = self.brokers_that(|engine, broker| {
            engine.cluster.takes_part(broker) && admitted >> broker & 1 == 1
        });
        let min_isr = self.cluster.effective(self.cluster.min_isr);
        let observers = self.rules.observers;
        let eligible =
            |run: &Alike| candidates & !observers.unasked(run.leader, run.in_sync, min_isr);
        let known: std::collections::HashSet<usize> = aside.iter().map(|(row, _)| *row).collect();
        sweeps::joining(&self.table.columns, rows, eligible)
            .into_iter()
            .filter(|row| !known.contains(row))
            .map(|row| (row, self.table.load(row, &self.cluster)))
            .collect()
    }

    /// The leaders that a follower can fetch from, as far as that is about brokers.
    fn leaders_for(&self, follower: usize) -> u8 {
        let cluster = &self.cluster;
        let home = |broker: usize| usize::from(cluster.home[broker]);
        if !cluster.takes_part(follower) {
            return 0;
        }
        self.brokers_that(|engine, leader| {
            engine.cluster.serves(leader) && cluster.connects(home(follower), home(leader))
        })
    }

    pub(super) fn brokers_that(&self, holds: impl Fn(&Engine, usize) -> bool) -> u8 {
        (0..self.cluster.brokers)
            .filter(|broker| holds(self, *broker))
            .fold(0, |brokers, broker| brokers | 1 << broker)
    }

    pub(super) fn around(&self) -> Around<'_> {
        Around {
            rules: &self.rules,
            cluster: &self.cluster,
        }
    }

    /// The rows that deviate, as they are before a sweep passes over their columns.
    pub(super) fn deviating_rows(&self, rows: Range<usize>) -> Vec<(usize, Row)> {
        let rows = rows.start as u32..rows.end as u32;
        let aside = self.table.aside.rows.range(rows);
        aside
            .map(|(row, whole)| (*row as usize, (**whole).clone()))
            .collect()
    }

    pub(super) fn one_by_one(
        &mut self,
        aside: Vec<(usize, Row)>,
        rule: impl Fn(&mut Row, Around<'_>, usize),
    ) {
        for (row, mut whole) in aside {
            rule(&mut whole, self.around(), row);
            whole.settle(&self.cluster);
            self.table.store(row, whole, &self.cluster);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use highwater_vocabulary::{Broker, Event, Member, Story};

    /// A watermark that stands below min ISR could move as soon as min ISR is lowered.  Kafka moves it
    /// when something is appended or fetched, and not before.
    #[test]
    fn nothing_appended_is_no_occasion_to_move_the_watermark() {
        let header = "replication 3.9, brokers a-1 b-1 c-1, voters a 1, min ISR 2, acks 1";
        let story = Story::parse(header).expect("a setting");
        let mut engine = Engine::new(&story.setting, 2);
        for broker in [1, 2].map(Broker::at) {
            engine
                .apply_to_all(&Event::Crash { broker })
                .expect("it runs");
            engine.fence_and_learn(broker).expect("it is silent");
        }
        engine.append_round(&[1, 1]);
        assert_eq!(engine.columns().watermark[0], [0, 0], "one is not enough");
        engine
            .apply_to_all(&Event::SetMinIsr { to: 1 })
            .expect("it is new");
        let (broker, records) = (Broker::at(0), 1);
        engine
            .apply_to_all(&Event::Learn { broker, records })
            .expect("it is of rows");
        assert_eq!(engine.deviating(), 0);

        engine.append_round(&[0, 1]);
        assert_eq!(engine.columns().watermark[0], [0, 2]);
    }
}
