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
        prefers_first: false,
        allows_unclean: false,
        has_eligible: true,
        elects_fenced_last_known: false,
        shrinking_starts_epoch: false,
    }
}

impl Fencings {
    fn new(layout: &Layout, partitions: usize) -> Fencings {
        let columns = Columns::new(layout.replicas, partitions);
        // Mixed so that no pattern of a few rows repeats.
        let mixed = |row: usize| (row.wrapping_mul(0x9E37_79B9) >> 16) % LISTS;
        let brokers = |slot: usize, row: usize| {
            (slot + layout.replicas - mixed(row)) % layout.replicas
        };
        Fencings {
            layout: *layout,
            fresh: columns.clone(),
            own: columns.clone(),
            bare: columns,
            assignment: (0..partitions).map(|row| mixed(row) as u16).collect(),
            replicas: (0..layout.replicas)
                .map(|slot| (0..partitions).map(|row| brokers(slot, row) as u16).collect())
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
            columns.leader_epoch.copy_from_slice(&self.fresh.leader_epoch);
            columns.partition_epoch.copy_from_slice(&self.fresh.partition_epoch);
        }
        self.records.clear();
    }

    /// The partitions of each list, where they lie together.
    fn groups(&self) -> [Range<usize>; LISTS] {
        let partitions = self.own.rows();
        std::array::from_fn(|list| list * partitions / LISTS..(list + 1) * partitions / LISTS)
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

/// Every layout.
pub(crate) fn measure(report: &mut Report, layout: &Layout, partitions: usize) {
    let passes = ["failover_datacenter/", "failover_broker"];
    if !report.wants(&passes[..1]) {
        return;
    }
    let mut fencings = Fencings::new(layout, partitions);
    let mut measure = |pass, run: fn(&mut Fencings), null_pass: fn(&mut Fencings)| {
        let turn = Turn {
            make_ready: Fencings::make_ready,
            pass: run,
            null_pass,
        };
        report.measure(pass, &mut fencings, partitions, &turn);
    };
    measure(
        "failover_datacenter/grouped",
        Fencings::grouped,
        Fencings::grouped_null,
    );
    measure(
        "failover_datacenter/by_assignment",
        Fencings::by_assignment,
        Fencings::by_assignment_null,
    );
    measure(
        "failover_datacenter/by_replica_list",
        Fencings::by_replica_list,
        Fencings::by_replica_list_null,
    );
    measure(
        "failover_datacenter/emit",
        Fencings::emit,
        Fencings::emit_null,
    );
}
