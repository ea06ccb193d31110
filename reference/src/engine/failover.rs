//! A broker is fenced, and everybody who lives learns of it: what a failover comes to when nothing
//! else goes wrong.
//!
//! Rows that are alike come to the same: their leaders are elected, take office and move their
//! watermarks together, in kernels.  Whatever does not come out steady is done by its events.

use super::Engine;
use crate::Refusal;
use crate::columns::Alike;
use crate::kernels::change::{self, Built, Change};
use crate::row::Row;
use crate::rules::{Around, controller};
use crate::sweeps::{self, tiles};
use highwater_vocabulary::{Broker, Datacenter, Event, Member};
use std::collections::HashSet;

impl Engine {
    /// A datacenter is lost with its brokers and voters; if the active controller was there, the
    /// first datacenter that can takes over; the controller fences the brokers, each in its turn; and
    /// everybody who can learns of it.  It is [`Event::Lose`], perhaps [`Event::Activate`], then for
    /// each broker of the datacenter [`Event::Fence`], and [`Event::Learn`] for whoever is behind.  With
    /// ZooKeeper the new controller may have fenced them already.
    ///
    /// # Errors
    /// Whatever refuses the loss or a fencing; what had happened by then stays.
    pub fn fail_over(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        let site = self.cluster.knows_datacenter(datacenter)?;
        let brokers: Vec<usize> = self.cluster.brokers_of(site).collect();
        self.apply_to_all(&Event::Lose { datacenter })?;
        if self.cluster.controller().is_err() {
            let mut sites = (0..self.cluster.datacenters).map(Datacenter::at);
            // Where none can, nobody hears of anything and the fencing is refused.
            let took_over = sites.any(|site| {
                let activate = Event::Activate { datacenter: site };
                self.apply_to_all(&activate).is_ok()
            });
            if took_over && self.cluster.has_zookeeper() {
                let deviating = self.deviating_rows(0..self.partitions());
                self.one_by_one(deviating, |row, around, _| learn_all(row, around));
            }
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
        let mut aside = self.deviating_rows(0..self.partitions());
        let before = self.cluster.clone();
        self.cluster.fenced |= 1 << slot;
        let switches = self.rules.switches;
        let steadily = !switches.waits_for_caught_up && switches.goes_by_sweeps();
        if steadily && self.everybody_can_learn() {
            let deviating: HashSet<usize> = aside.iter().map(|(row, _)| *row).collect();
            let mut unsteady = Vec::new();
            self.fence_steady(&self.fencing(slot), &mut unsteady);
            unsteady.retain(|row| !deviating.contains(row));
            let unsteady = unsteady.into_iter();
            aside.extend(unsteady.map(|row| (row, self.table.load(row, &self.cluster))));
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

    /// What it takes to remember the epochs before the newest.  A table in which nobody has failed over
    /// needs nothing for it, and it is counted apart from the columns.
    pub fn bytes_of_older_epochs(&self) -> usize {
        self.table.aside.older.bytes()
    }

    /// Whether every broker that has a view of the partitions can renew it now, and nothing waits for one
    /// that is down.
    pub(super) fn everybody_can_learn(&self) -> bool {
        let cluster = &self.cluster;
        let is_reached = |broker: usize| match cluster.has_zookeeper() {
            false => cluster.controller_for(broker).is_ok(),
            true => cluster.office_reaches(broker).is_ok() && cluster.fenced >> broker & 1 == 0,
        };
        (0..cluster.brokers).all(|broker| match cluster.remembers(broker) {
            true => cluster.takes_part(broker) && is_reached(broker),
            false => !cluster.is_sent_to(broker),
        })
    }

    fn fencing(&self, slot: usize) -> Fencing {
        let around = self.around();
        Fencing {
            change: controller::fencing(around, slot),
            living: self.brokers_that(|engine, broker| engine.cluster.takes_part(broker)),
            min_isr: around.watermark_min_isr(self.cluster.effective(self.cluster.min_isr)),
        }
    }

    /// Fences the broker in steady rows.  Rows that would not be steady afterwards are left as they were,
    /// and added to `unsteady`.
    fn fence_steady(&mut self, fencing: &Fencing, unsteady: &mut Vec<usize>) {
        for tile in tiles(0..self.partitions()) {
            let mut rest = tile;
            while !rest.is_empty() {
                let (run, sets) = self.table.columns.alike_in_all(rest.clone());
                rest.start = run.rows.end;
                let built = change::outcome(sets, &fencing.change, fencing.change.removed);
                if built.changed != 0 {
                    self.fence_run(run, &built, fencing, unsteady);
                }
            }
        }
    }

    /// The same in rows that are alike, and will be.
    fn fence_run(
        &mut self,
        run: Alike,
        built: &Built,
        fencing: &Fencing,
        unsteady: &mut Vec<usize>,
    ) {
        let leader = built.sets.leader;
        let leads = leader & fencing.living != 0;
        if built.elected != 0 {
            // All logs have to be prefixes of the former leader's.  Whoever leads on in another epoch forgets
            // its followers' ends; with KRaft it keeps what the columns do not, their registrations.
            let leads_on = run.leader == leader && !self.cluster.has_zookeeper();
            let succeeds = leads && run.leader != 0 && !leads_on && run.on_previous == 0;
            if succeeds && !self.table.have_written(&run, leader) && run.rows.len() > 1 {
                self.fence_each(&run, built, fencing, unsteady);
                return;
            }
            if !succeeds || !self.table.have_written(&run, leader) {
                unsteady.extend(run.rows);
                return;
            }
            self.table.take_office(&run, leader);
        }
        let columns = &mut self.table.columns;
        sweeps::fence(columns, run.rows.clone(), &fencing.change);
        if leads {
            let in_sync = built.sets.in_sync;
            let run = Alike {
                leader,
                in_sync,
                ..run
            };
            sweeps::advance(columns, &run, fencing.min_isr);
        }
    }

    /// The same row by row, where some have written in the epoch that ends and some may not have.
    fn fence_each(
        &mut self,
        run: &Alike,
        built: &Built,
        fencing: &Fencing,
        unsteady: &mut Vec<usize>,
    ) {
        for row in run.rows.clone() {
            let alone = Alike {
                rows: row..row + 1,
                ..run.clone()
            };
            self.fence_run(alone, built, fencing, unsteady);
        }
    }
}

/// What a fencing means to steady rows.
struct Fencing {
    change: Change,
    /// Brokers that take part.
    living: u8,
    /// Below which watermarks stand still.
    min_isr: u8,
}

/// Everybody who can applies all there is, in one batch each.
pub(super) fn learn_all(row: &mut Row, around: Around<'_>) {
    row.settle(around.cluster);
    for broker in 0..around.cluster.brokers {
        let behind = row.memory[broker].behind;
        // Whoever cannot learn stays behind.
        let _ = super::learn(row, around, broker, behind);
        row.settle(around.cluster);
    }
}

/// What fencing a broker does to a row, or its controlled shutdown; the broker counts as inactive already.
pub(super) fn fence_row(row: &mut Row, around: Around<'_>, broker: usize) {
    let change = controller::fencing(around, broker);
    controller::remove_member(row, around, &change);
    row.commit(around.cluster);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweeps::TILE;
    use highwater_vocabulary::Story;

    const ROWS: usize = TILE + 40;

    fn everybody_learns(engine: &mut Engine) {
        for row in 0..ROWS {
            for broker in 0..engine.cluster.brokers {
                let behind = engine.table.load(row, &engine.cluster).memory[broker].behind;
                let (broker, records) = (Broker::at(broker), behind as u8);
                // Whoever is down learns nothing.
                let _ = engine.apply(row, &Event::Learn { broker, records });
            }
        }
    }

    /// The events that [`Engine::fail_over`] stands for.
    fn fail_over_by_events(engine: &mut Engine, datacenter: Datacenter) {
        let lost: Vec<usize> = engine.cluster.brokers_of(datacenter.index()).collect();
        let _ = engine.apply_to_all(&Event::Lose { datacenter });
        for site in (0..engine.cluster.datacenters).map(Datacenter::at) {
            // Where there is a controller already, that refuses.
            let _ = engine.apply_to_all(&Event::Activate { datacenter: site });
            if engine.cluster.has_zookeeper() {
                everybody_learns(engine);
            }
        }
        for broker in lost {
            if engine.cluster.fenced >> broker & 1 == 1 {
                continue;
            }
            let broker = Broker::at(broker);
            engine
                .apply_to_all(&Event::Fence { broker })
                .expect("a controller, and silence");
            everybody_learns(engine);
        }
    }

    /// Whoever asks to join is let in.
    fn settle(engine: &mut Engine) {
        for leader in (0..engine.cluster.brokers).map(Broker::at) {
            engine
                .apply_to_all(&Event::Apply { leader })
                .expect("it is of rows");
            engine
                .apply_to_all(&Event::Told { leader })
                .expect("it is of rows");
        }
        everybody_learns(engine);
    }

    fn assert_same(found: &Engine, expected: &Engine, when: &str) {
        for row in 0..ROWS {
            let found = found.table.load(row, &found.cluster);
            let expected = expected.table.load(row, &expected.cluster);
            assert_eq!(found, expected, "row {row} {when}");
        }
    }

    fn fetch_round_by_events(engine: &mut Engine) {
        for follower in (0..engine.cluster.brokers).map(Broker::at) {
            engine
                .apply_to_all(&Event::Fetch { follower })
                .expect("it is of rows");
        }
    }

    #[test]
    fn one_failover_after_another_leaves_what_its_events_leave() {
        for header in [
            "replication 4.1, brokers a-1 b-1 c-1, min ISR 2, acks all, elr on",
            "replication 4.1, brokers a-1 b-1 c-1 a-2 b-2, min ISR 2, acks all, elr on",
            "replication 2.1, brokers a-1 b-1 c-1, min ISR 2, acks all",
            "replication 2.7, brokers a-1 b-1 c-1 a-2 b-2, min ISR 2, acks all",
        ] {
            fail_over_again_and_again(header);
        }
    }

    fn fail_over_again_and_again(header: &str) {
        let story = Story::parse(header).expect("a setting");
        let mut swept = Engine::new(&story.setting, ROWS);
        for (round, site) in [0, 1, 0, 2, 1].into_iter().enumerate() {
            // In some rows nobody writes in some epochs.
            let by: Vec<u64> = (0..ROWS).map(|row| ((row + round) % 7) as u64).collect();
            swept.append_round(&by);
            swept.fetch_round();
            swept.append_round(&by);
            // What only its own datacenter has got will be cut off everywhere there.
            let datacenter = Datacenter::at(site);
            for follower in swept.cluster.brokers_of(site).collect::<Vec<_>>() {
                let follower = Broker::at(follower);
                swept
                    .apply_to_all(&Event::Fetch { follower })
                    .expect("it is of rows");
            }
            let mut folded = swept.clone();
            swept.fail_over(datacenter).expect("a majority is left");
            fail_over_by_events(&mut folded, datacenter);
            assert_same(&swept, &folded, &format!("after failover {round}"));

            // Whoever comes back has to catch up before it may join.
            swept.append_round(&vec![1; ROWS]);
            swept.fetch_round();
            swept.fetch_round();
            swept.bring_back(datacenter).expect("it is dark");
            for fetches in 0..5 {
                let mut folded = swept.clone();
                swept.fetch_round();
                fetch_round_by_events(&mut folded);
                assert_same(
                    &swept,
                    &folded,
                    &format!("after fetch {fetches} of {round}"),
                );
                settle(&mut swept);
            }
            let everybody = swept.cluster.acceptable();
            assert!(
                swept
                    .columns()
                    .in_sync
                    .iter()
                    .all(|in_sync| *in_sync == everybody)
            );
        }
        assert!(swept.bytes_of_older_epochs() > 0);
    }
}
