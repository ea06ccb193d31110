//! The controller changes a partition: who is in sync, who is eligible, who leads.
//!
//! Kafka: `PartitionChangeBuilder.build` and what it calls, and `PartitionRegistration.merge` for
//! the epochs.  One function for every occasion; the occasions differ in [`Change`].

use super::bits::{count, first, pick, when};
use std::ops::Range;

/// The columns of `PartitionRegistration` that a change reads and writes, all of one length.
/// A replica is a bit; its place is its place in the assignment.
#[derive(Debug)]
pub struct Registrations<'a> {
    /// The leader, as a set of one or none.
    pub leader: &'a mut [u8],
    /// The in-sync replicas.
    pub in_sync: &'a mut [u8],
    /// The eligible leader replicas (`elr`).
    pub eligible: &'a mut [u8],
    /// The last known leader (`lastKnownElr` as balanced recovery uses it).
    pub last_known: &'a mut [u8],
    /// The leader epoch.
    pub leader_epoch: &'a mut [u32],
    /// The partition epoch.
    pub partition_epoch: &'a mut [u32],
}

/// An occasion: what is the same for every row of the columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// Who may be elected at all (`LeaderAcceptor`): registered, unfenced, and not on its way out.
    pub acceptable: u8,
    /// Who leaves the ISR (`brokerToRemove`, `brokerWithUncleanShutdown`).
    pub removed: u8,
    /// Who is not to become eligible (`uncleanShutdownReplicas`).
    pub unclean_stop: u8,
    /// The effective min ISR (`getTopicEffectiveMinIsr`).
    pub min_isr: u8,
    /// `Election.PREFERRED`.
    pub prefers_first: bool,
    /// `Election.UNCLEAN`.
    pub allows_unclean: bool,
    /// The feature of KIP-966.
    pub has_eligible: bool,
    /// Whether the last known leader is elected although it does not live (4.0.0).
    pub elects_fenced_last_known: bool,
    /// Whether a shrinking starts a leader epoch (3.5.0).
    pub shrinking_starts_epoch: bool,
}

/// So many rows are planned together.
const TILE: usize = 256;

/// What a change means to each row of a tile.
struct Plan {
    /// The ISR it is to have, before anybody is elected from outside it.
    target: [u8; TILE],
    /// All bits, if it is changed at all.
    touched: [u8; TILE],
    /// Who may be elected.
    acceptable: [u8; TILE],
}

/// Takes replicas out of the ISR and elects, in every row (`generateLeaderAndIsrUpdates` without
/// its choice of partitions).  A row for which nothing changes keeps its epochs.
pub fn remove(rows: &mut Registrations<'_>, change: &Change) {
    each(rows, change, |rows, tile, plan| {
        without(&mut plan.target, &rows.in_sync[tile], change.removed);
    });
}

/// As [`remove`], in rows that have one of `whose` in the ISR (`partitionsWithBrokerInIsr`).
pub fn remove_members(rows: &mut Registrations<'_>, change: &Change, whose: u8) {
    each(rows, change, |rows, tile, plan| {
        let in_sync = &rows.in_sync[tile];
        without(&mut plan.target, in_sync, change.removed);
        having(&mut plan.touched, in_sync, whose);
    });
}

/// As [`remove_members`], for rows of different assignments: `assignment` says which each row has,
/// `leaving` and `acceptable` what the occasion means there.
pub fn remove_by_assignment(
    rows: &mut Registrations<'_>,
    change: &Change,
    assignment: &[u16],
    leaving: &[u8],
    acceptable: &[u8],
) {
    each(rows, change, |rows, tile, plan| {
        let in_sync = rows.in_sync[tile.clone()].iter();
        for (place, (in_sync, id)) in in_sync.zip(&assignment[tile]).enumerate() {
            let leaving = leaving[usize::from(*id)];
            plan.target[place] = in_sync & !leaving;
            plan.touched[place] = when(in_sync & leaving != 0);
            plan.acceptable[place] = acceptable[usize::from(*id)];
        }
    });
}

/// Elects where nobody leads (`partitionsWithNoLeader`).
pub fn elect_leaderless(rows: &mut Registrations<'_>, change: &Change) {
    each(rows, change, |rows, tile, plan| {
        without(&mut plan.target, &rows.in_sync[tile.clone()], 0);
        for (touched, leader) in plan.touched.iter_mut().zip(&rows.leader[tile]) {
            *touched = when(*leader == 0);
        }
    });
}

/// Elects in every row (`electLeader`, of which the caller has asked whether it is needed).
pub fn elect(rows: &mut Registrations<'_>, change: &Change) {
    each(rows, change, |rows, tile, plan| {
        without(&mut plan.target, &rows.in_sync[tile], 0);
    });
}

/// Takes over the ISRs that leaders propose, a proposal a row (`alterPartition` after validation).
pub fn take(rows: &mut Registrations<'_>, change: &Change, proposed: &[u8]) {
    each(rows, change, |_, tile, plan| {
        without(&mut plan.target, &proposed[tile], 0);
    });
}

/// Forgets the eligible and the last known leader (`ClearElrRecord`).
pub fn clear_eligible(rows: &mut Registrations<'_>) {
    let sets = rows.eligible.iter_mut().zip(rows.last_known.iter_mut());
    for ((eligible, last_known), epoch) in sets.zip(rows.partition_epoch.iter_mut()) {
        *epoch = epoch.wrapping_add(u32::from(*eligible | *last_known != 0));
        *eligible = 0;
        *last_known = 0;
    }
}

fn without(target: &mut [u8], in_sync: &[u8], removed: u8) {
    for (target, in_sync) in target.iter_mut().zip(in_sync) {
        *target = in_sync & !removed;
    }
}

fn having(touched: &mut [u8], sets: &[u8], whose: u8) {
    for (touched, set) in touched.iter_mut().zip(sets) {
        *touched = when(set & whose != 0);
    }
}

/// Plans and changes a tile at a time.
#[inline(always)]
fn each(
    rows: &mut Registrations<'_>,
    change: &Change,
    plan_tile: impl Fn(&Registrations<'_>, Range<usize>, &mut Plan),
) {
    let mut plan = Plan {
        target: [0; TILE],
        touched: [u8::MAX; TILE],
        acceptable: [change.acceptable; TILE],
    };
    let (mut elected, mut changed) = ([0u8; TILE], [0u8; TILE]);
    let length = rows.leader.len();
    for start in (0..length).step_by(TILE) {
        let tile = start..(start + TILE).min(length);
        let width = tile.len();
        plan_tile(rows, tile.clone(), &mut plan);
        build(
            &mut rows.leader[tile.clone()],
            &mut rows.in_sync[tile.clone()],
            &mut rows.eligible[tile.clone()],
            &mut rows.last_known[tile.clone()],
            &mut elected[..width],
            &mut changed[..width],
            &plan.target,
            &plan.touched,
            &plan.acceptable,
            change,
        );
        bump(&mut rows.leader_epoch[tile.clone()], &elected);
        bump(&mut rows.partition_epoch[tile], &changed);
    }
}

/// `PartitionChangeBuilder.build` for a tile, in masks.  What each row comes to is 1 in `elected`
/// where its leader epoch grows, and in `changed` where its partition epoch does.
#[inline(never)]
#[expect(
    clippy::too_many_arguments,
    reason = "slices that are arguments are known not to overlap, so the loop becomes vectors"
)]
fn build(
    leader: &mut [u8],
    in_sync: &mut [u8],
    eligible: &mut [u8],
    last_known: &mut [u8],
    elected: &mut [u8],
    changed: &mut [u8],
    target: &[u8],
    touched: &[u8],
    acceptable: &[u8],
    change: &Change,
) {
    let change = *change;
    let length = leader.len();
    let (in_sync, eligible) = (&mut in_sync[..length], &mut eligible[..length]);
    let (last_known, elected) = (&mut last_known[..length], &mut elected[..length]);
    let (changed, target) = (&mut changed[..length], &target[..length]);
    let (touched, acceptable) = (&touched[..length], &acceptable[..length]);
    for row in 0..length {
        let before = Sets {
            leader: leader[row],
            in_sync: in_sync[row],
            eligible: eligible[row],
            last_known: last_known[row],
        };
        let after = build_one(before, target[row], acceptable[row], change);
        let touched = touched[row];
        leader[row] = pick(touched, after.sets.leader, before.leader);
        in_sync[row] = pick(touched, after.sets.in_sync, before.in_sync);
        eligible[row] = pick(touched, after.sets.eligible, before.eligible);
        last_known[row] = pick(touched, after.sets.last_known, before.last_known);
        elected[row] = after.elected & touched & 1;
        changed[row] = after.changed & touched & 1;
    }
}

/// The sets of one partition.
#[derive(Clone, Copy)]
struct Sets {
    leader: u8,
    in_sync: u8,
    eligible: u8,
    last_known: u8,
}

/// What one partition comes to; all bits, if its leader epoch or its partition epoch grows.
struct Built {
    sets: Sets,
    elected: u8,
    changed: u8,
}

#[inline(always)]
fn build_one(before: Sets, target: u8, acceptable: u8, change: Change) -> Built {
    let has_eligible = when(change.has_eligible);

    // `maybePopulateTargetElr`.
    let below = when(count(target) < change.min_isr);
    let eligible =
        has_eligible & below & (before.eligible | before.in_sync) & !target & !change.unclean_stop;

    // `electAnyLeader`, `electPreferredLeader`, `isValidNewLeader`.
    let candidates = pick(when(target != 0), target, eligible);
    let valid = candidates & acceptable;
    let keep = before.leader & valid;
    let in_order = pick(when(keep != 0), keep, first(valid));
    let preferred = valid & 1 & when(change.prefers_first);
    let clean = pick(when(preferred != 0), preferred, in_order);

    // `canElectLastKnownLeader`.
    let living = acceptable | when(change.elects_fenced_last_known);
    let nobody = has_eligible & when(target | eligible == 0);
    let last = nobody & before.last_known & living;
    let uncleanly = first(acceptable) & when(change.allows_unclean & !change.prefers_first);
    let forced = pick(when(last != 0), last, uncleanly);
    let leader = pick(when(clean != 0), clean, forced);

    // `tryElection`: an unclean leader, or one from the eligible, is the whole ISR.
    let elected = when(leader != before.leader);
    let unclean = elected & when(clean == 0) & when(leader != 0);
    let from_eligible = elected & when(eligible & leader != 0);
    let written = pick(unclean | from_eligible, leader, target);
    // `build`: only with the eligible leader replicas may an ISR be empty.
    let in_sync = pick(when(written != 0) | has_eligible, written, before.in_sync);
    // `maybeUpdateRecordElr`.
    let eligible = eligible & !unclean & !(from_eligible & leader);

    // `triggerLeaderEpochBumpForIsrShrinkIfNeeded`.
    let shrinks = when(before.in_sync & !written != 0) & when(change.shrinking_starts_epoch);

    // `maybeUpdateLastKnownLeader`.
    let emptied = has_eligible & when(in_sync == 0) & when(before.in_sync != 0);
    let led = has_eligible & when(leader != 0);
    let last_known = pick(emptied, before.leader, before.last_known & !led);

    let sets = Sets {
        leader,
        in_sync,
        eligible,
        last_known,
    };
    let differs = (in_sync ^ before.in_sync)
        | (eligible ^ before.eligible)
        | (last_known ^ before.last_known);
    Built {
        sets,
        elected: elected | shrinks,
        changed: elected | shrinks | when(differs != 0),
    }
}

/// Epochs grow where they have to.
#[inline(never)]
fn bump(epochs: &mut [u32], by: &[u8]) {
    for (epoch, by) in epochs.iter_mut().zip(by) {
        *epoch = epoch.wrapping_add(u32::from(*by));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::Columns;
    use crate::sweeps::{self, ChangeRecord};
    use proptest::prelude::*;

    /// Partitions of four replicas in any state that the sets allow, and around the edge of a tile.
    fn any_columns() -> impl Strategy<Value = Columns> {
        let row = (0..16u8, 0..16u8, 0..5u32, 0..5u32);
        proptest::collection::vec(row, TILE - 1..TILE + 3).prop_map(|rows| {
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

    fn any_change() -> impl Strategy<Value = Change> {
        let switches = (
            any::<bool>(),
            any::<bool>(),
            any::<bool>(),
            any::<bool>(),
            any::<bool>(),
        );
        (0..16u8, 0..16u8, 0..16u8, 1..4u8, switches).prop_map(
            |(acceptable, removed, unclean_stop, min_isr, switches)| Change {
                acceptable,
                removed,
                unclean_stop,
                min_isr,
                prefers_first: switches.0,
                allows_unclean: switches.1,
                has_eligible: switches.2,
                elects_fenced_last_known: switches.3,
                shrinking_starts_epoch: switches.4,
            },
        )
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
            let (leaving, acceptable): (Vec<u8>, Vec<u8>) = meanings.iter().copied().unzip();
            let mut mixed = columns.clone();
            remove_by_assignment(
                &mut mixed.registrations(0..rows),
                &change,
                &assignment,
                &leaving,
                &acceptable,
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
}
