//! What the controller does when brokers are fenced: every layout, and the records.

use crate::null;
use crate::paired::Turn;
use crate::report::Report;
use crate::rounds::Layout;
use highwater_reference::Columns;
use highwater_reference::kernels::change::{self, Change, Meaning};
use highwater_reference::sweeps::{self, ChangeRecord};
use std::ops::Range;

/// Replica lists in a table, each of as many partitions.  A broker of the datacenter that is lost has
/// another place in each.
const LISTS: usize = 3;

/// Partitions of which a broker of a large cluster has a replica.
const OF_A_BROKER: usize = 10_000;

/// A table of which every partition has a replica on the brokers that are fenced.
struct Fencings {
    layout: Layout,
    fresh: Columns,
    own: Columns,
    bare: Columns,
    /// Which list each partition has, where they are mixed.
    assignment: Vec<u16>,
    /// Of each slot, the broker of each partition.
    replicas: Vec<Vec<u16>>,
    records: Vec<ChangeRecord>,
}

/// The place of the broker that is fenced at the `turn`, in a list.
fn place(layout: &Layout, list: usize, turn: usize) -> usize {
    (layout.lost[turn] + list) % layout.replicas
}

/// What each fencing means to a list.
fn change(layout: &Layout, list: usize, turn: usize) -> Change {
    let fenced = (0..=turn).fold(0u8, |fenced, turn| fenced | 1 << place(layout, list, turn));
    let everybody = ((1u16 << layout.replicas) - 1) as u8;
    Change {
        acceptable: everybody & !fenced,
        removed: 1 << place(layout, list, turn),
        unclean_stop: 0,
        min_isr: layout.min_isr,
        preferred: 0,
        behind: 0,
        allows_unclean: false,
        has_eligible: true,
        elects_fenced_last_known: false,
        shrinking_starts_epoch: false,
        keeps_only_living: false,
    }
}

impl Fencings {
    fn new(layout: &Layout, partitions: usize) -> Fencings {
        let columns = Columns::new(layout.replicas, partitions);
        // Mixed so that no pattern of a few rows repeats.
        let mixed = |row: usize| (row.wrapping_mul(0x9E37_79B9) >> 16) % LISTS;
        let brokers =
            |slot: usize, row: usize| (slot + layout.replicas - mixed(row)) % layout.replicas;
        Fencings {
            layout: *layout,
            fresh: columns.clone(),
            own: columns.clone(),
            bare: columns,
            assignment: (0..partitions).map(|row| mixed(row) as u16).collect(),
            replicas: (0..layout.replicas)
                .map(|slot| {
                    (0..partitions)
                        .map(|row| brokers(slot, row) as u16)
                        .collect()
                })
                .collect(),
            records: Vec::with_capacity(partitions * layout.lost.len()),
        }
    }

    fn make_ready(&mut self) {
        for columns in [&mut self.own, &mut self.bare] {
            columns.leader.copy_from_slice(&self.fresh.leader);
            columns.in_sync.copy_from_slice(&self.fresh.in_sync);
            columns.eligible.copy_from_slice(&self.fresh.eligible);
            columns.last_known.copy_from_slice(&self.fresh.last_known);
            columns
                .leader_epoch
                .copy_from_slice(&self.fresh.leader_epoch);
            columns
                .partition_epoch
                .copy_from_slice(&self.fresh.partition_epoch);
        }
        self.records.clear();
    }

    /// The partitions of each list, where they lie together.
    fn groups(&self) -> [Range<usize>; LISTS] {
        let partitions = self.own.rows();
        std::array::from_fn(|list| list * partitions / LISTS..(list + 1) * partitions / LISTS)
    }

    /// The partitions that the first broker of a large cluster has a replica of, by its place in them.
    /// Every broker has about [`OF_A_BROKER`].
    fn of_one_broker(&self) -> Vec<(usize, Range<usize>)> {
        let (partitions, replicas) = (self.own.rows(), self.layout.replicas);
        let lists = (partitions * replicas / OF_A_BROKER).max(replicas);
        let group = |list: usize| list * partitions / lists..(list + 1) * partitions / lists;
        (0..replicas)
            .map(|slot| (slot, group((lists - slot) % lists)))
            .collect()
    }

    fn one_broker(&mut self) {
        let everybody = ((1u16 << self.layout.replicas) - 1) as u8;
        for (slot, rows) in self.of_one_broker() {
            let change = Change {
                acceptable: everybody & !(1 << slot),
                removed: 1 << slot,
                ..change(&self.layout, 0, 0)
            };
            sweeps::fence(&mut self.own, rows, &change);
        }
    }

    fn one_broker_null(&mut self) {
        for (_, rows) in self.of_one_broker() {
            null::fence(&mut self.bare, rows);
        }
    }

    fn grouped(&mut self) {
        for turn in 0..self.layout.lost.len() {
            for (list, group) in self.groups().into_iter().enumerate() {
                sweeps::fence(&mut self.own, group, &change(&self.layout, list, turn));
            }
        }
    }

    fn grouped_null(&mut self) {
        for _ in self.layout.lost {
            for group in self.groups() {
                null::fence(&mut self.bare, group);
            }
        }
    }

    fn by_assignment(&mut self) {
        for turn in 0..self.layout.lost.len() {
            let occasion = change(&self.layout, 0, turn);
            let meanings: [Meaning; LISTS] = std::array::from_fn(|list| {
                let change = change(&self.layout, list, turn);
                Meaning {
                    removed: change.removed,
                    acceptable: change.acceptable,
                }
            });
            let mut rows = self.own.registrations(0..self.fresh.rows());
            change::remove_by_assignment(&mut rows, &occasion, &self.assignment, &meanings);
        }
    }

    fn by_replica_list(&mut self) {
        for turn in 0..self.layout.lost.len() {
            let occasion = change(&self.layout, 0, turn);
            let brokers: Vec<Meaning> = (0..self.layout.replicas)
                .map(|broker| Meaning {
                    removed: u8::from(broker == self.layout.lost[turn]),
                    acceptable: u8::from(!self.layout.lost[..=turn].contains(&broker)),
                })
                .collect();
            let mut rows = self.own.registrations(0..self.fresh.rows());
            change::remove_by_replica_list(&mut rows, &occasion, &self.replicas, &brokers);
        }
    }

    fn by_replica_list_null(&mut self) {
        let replicas: Vec<&[u16]> = self.replicas.iter().map(Vec::as_slice).collect();
        for _ in self.layout.lost {
            let rows = 0..self.bare.rows();
            null::fence_by(&mut self.bare, rows, &replicas);
        }
    }

    fn by_assignment_null(&mut self) {
        for _ in self.layout.lost {
            let rows = 0..self.bare.rows();
            null::fence_by(&mut self.bare, rows, &[&self.assignment]);
        }
    }

    fn emit(&mut self) {
        for turn in 0..self.layout.lost.len() {
            for (list, group) in self.groups().into_iter().enumerate() {
                let change = change(&self.layout, list, turn);
                sweeps::fence_and_emit(&mut self.own, group, &change, &mut self.records);
            }
        }
    }

    fn emit_null(&mut self) {
        self.records.clear();
        for _ in self.layout.lost {
            for group in self.groups() {
                null::fence_and_emit(&mut self.bare, group, &mut self.records);
            }
        }
    }
}

type Run = fn(&mut Fencings);

/// Every layout, and one broker of many.
pub(crate) fn measure(report: &mut Report, layout: &Layout, partitions: usize) {
    if !report.wants(&["failover_datacenter/", "failover_broker"]) {
        return;
    }
    let mut fencings = Fencings::new(layout, partitions);
    let everywhere: [(&str, Run, Run); 4] = [
        (
            "failover_datacenter/grouped",
            Fencings::grouped,
            Fencings::grouped_null,
        ),
        (
            "failover_datacenter/by_assignment",
            Fencings::by_assignment,
            Fencings::by_assignment_null,
        ),
        (
            "failover_datacenter/by_replica_list",
            Fencings::by_replica_list,
            Fencings::by_replica_list_null,
        ),
        (
            "failover_datacenter/emit",
            Fencings::emit,
            Fencings::emit_null,
        ),
    ];
    let make_ready = Fencings::make_ready;
    for (name, pass, null_pass) in everywhere {
        let turn = Turn {
            make_ready,
            pass,
            null_pass,
        };
        report.measure(name, &mut fencings, partitions, &turn);
    }
    let of_one = fencings.of_one_broker();
    let of_one = of_one.into_iter().map(|(_, rows)| rows.len()).sum();
    let turn = Turn {
        make_ready,
        pass: Fencings::one_broker,
        null_pass: Fencings::one_broker_null,
    };
    report.measure("failover_broker", &mut fencings, of_one, &turn);
}
