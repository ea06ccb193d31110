//! Many rows are each row, however alike they are.

use super::*;
use crate::columns::Columns;
use crate::sweeps::{self, ChangeRecord};
use proptest::prelude::*;

/// Partitions of four replicas in any state that the sets allow, around the edge of a tile; all
/// different, or all but the last the same.
fn any_columns() -> impl Strategy<Value = Columns> {
    let row = (0..16u8, 0..16u8, 0..5u32, 0..5u32);
    let rows = proptest::collection::vec(row, TILE - 1..TILE + 3);
    (rows, any::<bool>()).prop_map(|(mut rows, alike)| {
        if alike {
            let (first, but_the_last) = (rows[0], rows.len() - 1);
            rows[..but_the_last].fill(first);
        }
        let mut columns = Columns::new(4, rows.len());
        for (row, (in_sync, others, leader, last_known)) in rows.into_iter().enumerate() {
            columns.in_sync[row] = in_sync;
            columns.eligible[row] = others & !in_sync;
            columns.leader[row] = 1u8.checked_shl(leader).unwrap_or(0) & in_sync;
            columns.last_known[row] = 1u8.wrapping_shl(last_known) & 15;
        }
        columns
    })
}

/// A fencing as it mostly is, or any occasion.
fn any_change() -> impl Strategy<Value = Change> {
    let switches = proptest::collection::vec(any::<bool>(), 6);
    let sets = (0..16u8, 0..16u8, 0..16u8, 1..4u8);
    (any::<bool>(), sets, switches).prop_map(|(ordinary, sets, switches)| {
        let (acceptable, removed, unclean_stop, min_isr) = sets;
        let any = Change {
            acceptable,
            removed,
            unclean_stop,
            min_isr,
            preferred: u8::from(switches[0]),
            behind: removed & unclean_stop,
            allows_unclean: switches[1],
            has_eligible: switches[2],
            elects_fenced_last_known: switches[3],
            shrinking_starts_epoch: switches[4],
            keeps_only_living: switches[5],
        };
        if ordinary { any.ordinary() } else { any }
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn many_rows_are_each_row(columns in any_columns(), change in any_change()) {
        let whose = change.removed;
        let mut together = columns.clone();
        remove_members(&mut together.registrations(0..columns.rows()), &change, whose);
        let mut apart = columns.clone();
        for row in 0..columns.rows() {
            remove_members(&mut apart.registrations(row..row + 1), &change, whose);
        }
        prop_assert_eq!(together, apart);
    }

    #[test]
    fn an_assignment_is_a_change_of_its_own(
        columns in any_columns(),
        change in any_change(),
        meanings in proptest::collection::vec((0..16u8, 0..16u8), 1..5),
    ) {
        let rows = columns.rows();
        let assignment: Vec<u16> = (0..rows).map(|row| (row % meanings.len()) as u16).collect();
        let table: Vec<Meaning> = meanings
            .iter()
            .map(|(removed, acceptable)| Meaning { removed: *removed, acceptable: *acceptable })
            .collect();
        let mut mixed = columns.clone();
        remove_by_assignment(
            &mut mixed.registrations(0..rows),
            &change,
            &assignment,
            &table,
        );
        let mut apart = columns.clone();
        for (row, id) in assignment.iter().enumerate() {
            let (removed, acceptable) = meanings[usize::from(*id)];
            let change = Change { removed, acceptable, ..change };
            remove_members(&mut apart.registrations(row..row + 1), &change, removed);
        }
        prop_assert_eq!(mixed, apart);
    }

    #[test]
    fn a_replica_list_is_an_assignment_written_out(
        columns in any_columns(),
        change in any_change(),
        brokers in proptest::collection::vec((any::<bool>(), any::<bool>()), 4..9),
    ) {
        let brokers: Vec<Meaning> = brokers
            .iter()
            .map(|(leaves, may_lead)| Meaning {
                removed: (*leaves).into(),
                acceptable: (*may_lead).into(),
            })
            .collect();
        let rows = columns.rows();
        let replica = |slot: usize, row: usize| (row + slot) % brokers.len();
        let replicas: Vec<Vec<u16>> = (0..4)
            .map(|slot| (0..rows).map(|row| replica(slot, row) as u16).collect())
            .collect();
        let mut mixed = columns.clone();
        remove_by_replica_list(&mut mixed.registrations(0..rows), &change, &replicas, &brokers);

        let meanings: Vec<Meaning> = (0..brokers.len())
            .map(|first| {
                (0..4).fold(Meaning::default(), |all, slot| {
                    let broker = brokers[replica(slot, first)];
                    Meaning {
                        removed: all.removed | broker.removed << slot,
                        acceptable: all.acceptable | broker.acceptable << slot,
                    }
                })
            })
            .collect();
        let assignment: Vec<u16> = (0..rows).map(|row| (row % brokers.len()) as u16).collect();
        let mut apart = columns.clone();
        remove_by_assignment(&mut apart.registrations(0..rows), &change, &assignment, &meanings);
        prop_assert_eq!(mixed, apart);
    }

    #[test]
    fn every_change_is_written_down_once(columns in any_columns(), change in any_change()) {
        let mut fenced = columns.clone();
        let mut records = Vec::new();
        sweeps::fence_and_emit(&mut fenced, 0..columns.rows(), &change, &mut records);
        let changed = |row: &usize| {
            fenced.partition_epoch[*row] != columns.partition_epoch[*row]
        };
        let expected: Vec<ChangeRecord> = (0..columns.rows())
            .filter(changed)
            .map(|row| ChangeRecord {
                row: row as u32,
                leader_epoch: fenced.leader_epoch[row],
                partition_epoch: fenced.partition_epoch[row],
                leader: fenced.leader[row],
                in_sync: fenced.in_sync[row],
                eligible: fenced.eligible[row],
            })
            .collect();
        prop_assert_eq!(records, expected);
    }
}
