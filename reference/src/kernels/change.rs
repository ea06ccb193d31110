//! The controller changes a partition: who is in sync, who is eligible, who leads.
//!
//! Kafka: `PartitionChangeBuilder.build` and what it calls, and `PartitionRegistration.merge` for
//! the epochs.  One function for every occasion; the occasions differ in [`Change`].

use super::bits::{count, first, pick, when};
use crate::runs::all_are;
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

/// So many rows are changed together.
const TILE: usize = 256;

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

impl Change {
    /// This occasion as a fencing mostly is, from Kafka 4.1 on with ELR: said in constants, so that
    /// what has no part in it is not compiled.
    #[inline(always)]
    fn ordinary(self) -> Change {
        Change {
            acceptable: self.acceptable,
            removed: self.removed,
            unclean_stop: 0,
            min_isr: self.min_isr,
            prefers_first: false,
            allows_unclean: false,
            has_eligible: true,
            elects_fenced_last_known: false,
            shrinking_starts_epoch: false,
        }
    }

    fn is_ordinary(self) -> bool {
        self == self.ordinary()
    }
}

/// What an occasion means to one assignment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Meaning {
    /// Who leaves the ISR.
    pub removed: u8,
    /// Who may be elected at all.
    pub acceptable: u8,
}

/// What is to become of one partition.
struct Plan {
    /// The ISR it is to have, before anybody is elected from outside it.
    target: u8,
    /// All bits, if it is changed at all.
    touched: u8,
    /// Who may be elected.
    acceptable: u8,
}

/// Takes replicas out of the ISR and elects, in every row (`generateLeaderAndIsrUpdates` without
/// its choice of partitions).  A row for which nothing changes keeps its epochs.
pub fn remove(rows: &mut Registrations<'_>, change: &Change) {
    each_tile(rows, change, |sets| Plan {
        target: sets.in_sync & !change.removed,
        touched: u8::MAX,
        acceptable: change.acceptable,
    });
}

/// As [`remove`], in rows that have one of `whose` in the ISR (`partitionsWithBrokerInIsr`).
pub fn remove_members(rows: &mut Registrations<'_>, change: &Change, whose: u8) {
    each_tile(rows, change, |sets| Plan {
        target: sets.in_sync & !change.removed,
        touched: when(sets.in_sync & whose != 0),
        acceptable: change.acceptable,
    });
}

/// As [`remove_members`], for rows of different assignments: `assignment` says which each row has,
/// `meanings` what the occasion means there.
pub fn remove_by_assignment(
    rows: &mut Registrations<'_>,
    change: &Change,
    assignment: &[u16],
    meanings: &[Meaning],
) {
    let meanings: Vec<u16> = meanings.iter().map(|meaning| meaning.at(0)).collect();
    each_meaning(rows, change, |tile, found| {
        look_up(found, &assignment[tile], &meanings)
    });
}

/// As [`remove_members`], for rows that have their replica lists beside them: `replicas` is a column
/// of brokers for each slot, and `brokers` what the occasion means to each broker, as the
/// only one of its assignment.
pub fn remove_by_replica_list(
    rows: &mut Registrations<'_>,
    change: &Change,
    replicas: &[Vec<u16>],
    brokers: &[Meaning],
) {
    let slots = 0..replicas.len() as u32;
    let meanings: Vec<Vec<u16>> = slots
        .map(|slot| brokers.iter().map(|broker| broker.at(slot)).collect())
        .collect();
    each_meaning(rows, change, |tile, found| {
        for (replicas, meanings) in replicas.iter().zip(&meanings) {
            look_up(found, &replicas[tile.clone()], meanings);
        }
    });
}

/// Elects where nobody leads (`partitionsWithNoLeader`).
pub fn elect_leaderless(rows: &mut Registrations<'_>, change: &Change) {
    each_tile(rows, change, |sets| Plan {
        target: sets.in_sync,
        touched: when(sets.leader == 0),
        acceptable: change.acceptable,
    });
}

/// Elects in every row (`electLeader`, of which the caller has asked whether it is needed).
pub fn elect(rows: &mut Registrations<'_>, change: &Change) {
    each_tile(rows, change, |sets| Plan {
        target: sets.in_sync,
        touched: u8::MAX,
        acceptable: change.acceptable,
    });
}

/// Takes over the ISR that a leader proposes (`alterPartition` after validation).
pub fn take(rows: &mut Registrations<'_>, change: &Change, proposed: u8) {
    each_tile(rows, change, |_| Plan {
        target: proposed,
        touched: u8::MAX,
        acceptable: change.acceptable,
    });
}

/// What [`remove_members`] would make of rows that have these sets.
pub(crate) fn outcome(before: Sets, change: &Change, whose: u8) -> Built {
    let touched = when(before.in_sync & whose != 0);
    let target = before.in_sync & !change.removed;
    build_one(
        before,
        &Plan {
            target,
            touched,
            acceptable: change.acceptable,
        },
        *change,
    )
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

impl Meaning {
    /// Both sets in one number, the acceptable in its upper half, with what it says of the first
    /// replica said of the one in this slot.
    fn at(&self, slot: u32) -> u16 {
        u16::from_le_bytes([self.removed, self.acceptable]).wrapping_shl(slot)
    }
}

/// Adds what the occasion means to each row, from the place in the table that the row names.
#[inline(never)]
fn look_up(found: &mut [u16], places: &[u16], meanings: &[u16]) {
    for (found, place) in found.iter_mut().zip(places) {
        *found |= meanings[usize::from(*place)];
    }
}

fn split(removed: &mut [u8; TILE], acceptable: &mut [u8; TILE], found: &[u16; TILE]) {
    for ((removed, acceptable), found) in removed.iter_mut().zip(acceptable).zip(found) {
        [*removed, *acceptable] = found.to_le_bytes();
    }
}

/// Changes a tile at a time: once for all rows if they have the same sets, as nearly always, and else
/// row by row.
#[inline(always)]
fn each_tile(rows: &mut Registrations<'_>, change: &Change, plan: impl Fn(Sets) -> Plan) {
    for start in (0..rows.leader.len()).step_by(TILE) {
        let mut tile = rows.tile(start);
        match tile.common_sets() {
            Some(sets) => tile.become_all(&build_one(sets, &plan(sets), *change)),
            None => tile.become_each(change, |_, sets| plan(sets)),
        }
    }
}

/// The same for rows to which the occasion means different things; `look_up` fills in what.
#[inline(always)]
fn each_meaning(
    rows: &mut Registrations<'_>,
    change: &Change,
    look_up: impl Fn(Range<usize>, &mut [u16]),
) {
    for start in (0..rows.leader.len()).step_by(TILE) {
        let mut tile = rows.tile(start);
        let width = tile.leader.len();
        let mut found = [0u16; TILE];
        look_up(start..start + width, &mut found[..width]);
        let (mut removed, mut acceptable) = ([0u8; TILE], [0u8; TILE]);
        split(&mut removed, &mut acceptable, &found);
        let (removed, acceptable) = (&removed[..width], &acceptable[..width]);
        tile.become_each(change, |row, sets| Plan {
            target: sets.in_sync & !removed[row],
            touched: when(sets.in_sync & removed[row] != 0),
            acceptable: acceptable[row],
        });
    }
}

impl Registrations<'_> {
    fn tile(&mut self, start: usize) -> Registrations<'_> {
        let tile = start..(start + TILE).min(self.leader.len());
        Registrations {
            leader: &mut self.leader[tile.clone()],
            in_sync: &mut self.in_sync[tile.clone()],
            eligible: &mut self.eligible[tile.clone()],
            last_known: &mut self.last_known[tile.clone()],
            leader_epoch: &mut self.leader_epoch[tile.clone()],
            partition_epoch: &mut self.partition_epoch[tile],
        }
    }

    /// The sets of all rows, if they are the same.
    fn common_sets(&self) -> Option<Sets> {
        let first = Sets {
            leader: *self.leader.first()?,
            in_sync: self.in_sync[0],
            eligible: self.eligible[0],
            last_known: self.last_known[0],
        };
        let same = all_are(self.leader, first.leader)
            && all_are(self.in_sync, first.in_sync)
            && all_are(self.eligible, first.eligible)
            && all_are(self.last_known, first.last_known);
        same.then_some(first)
    }

    fn become_all(&mut self, built: &Built) {
        let Sets {
            leader,
            in_sync,
            eligible,
            last_known,
        } = built.sets;
        self.leader.fill(leader);
        self.in_sync.fill(in_sync);
        self.eligible.fill(eligible);
        self.last_known.fill(last_known);
        grow(self.leader_epoch, built.elected);
        grow(self.partition_epoch, built.changed);
    }

    #[inline(always)]
    fn become_each(&mut self, change: &Change, plan: impl Fn(usize, Sets) -> Plan) {
        let (mut elected, mut changed) = ([0u8; TILE], [0u8; TILE]);
        let width = self.leader.len();
        let build = match change.is_ordinary() {
            true => build::<true>,
            false => build::<false>,
        };
        build(
            self.leader,
            self.in_sync,
            self.eligible,
            self.last_known,
            &mut elected[..width],
            &mut changed[..width],
            *change,
            plan,
        );
        grow_each(self.leader_epoch, &elected);
        grow_each(self.partition_epoch, &changed);
    }
}

/// `PartitionChangeBuilder.build` for a tile, in masks.  What each row comes to is 1 in `elected`
/// where its leader epoch grows, and in `changed` where its partition epoch does.
#[inline(never)]
#[expect(
    clippy::too_many_arguments,
    reason = "slices that are arguments are known not to overlap, so the loop becomes vectors"
)]
fn build<const ORDINARY: bool>(
    leader: &mut [u8],
    in_sync: &mut [u8],
    eligible: &mut [u8],
    last_known: &mut [u8],
    elected: &mut [u8],
    changed: &mut [u8],
    change: Change,
    plan: impl Fn(usize, Sets) -> Plan,
) {
    let change = if ORDINARY { change.ordinary() } else { change };
    let length = leader.len();
    let (in_sync, eligible) = (&mut in_sync[..length], &mut eligible[..length]);
    let (last_known, elected) = (&mut last_known[..length], &mut elected[..length]);
    let changed = &mut changed[..length];
    for row in 0..length {
        let before = Sets {
            leader: leader[row],
            in_sync: in_sync[row],
            eligible: eligible[row],
            last_known: last_known[row],
        };
        let after = build_one(before, &plan(row, before), change);
        leader[row] = after.sets.leader;
        in_sync[row] = after.sets.in_sync;
        eligible[row] = after.sets.eligible;
        last_known[row] = after.sets.last_known;
        elected[row] = after.elected;
        changed[row] = after.changed;
    }
}

/// The sets of one partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sets {
    pub leader: u8,
    pub in_sync: u8,
    pub eligible: u8,
    pub last_known: u8,
}

/// What one partition comes to; 1, if its leader epoch or its partition epoch grows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Built {
    pub sets: Sets,
    pub elected: u8,
    pub changed: u8,
}

#[inline(always)]
fn build_one(before: Sets, plan: &Plan, change: Change) -> Built {
    let Plan {
        target,
        touched,
        acceptable,
    } = *plan;
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

    let differs = (in_sync ^ before.in_sync)
        | (eligible ^ before.eligible)
        | (last_known ^ before.last_known);
    let elected = elected | shrinks;
    let changed = elected | when(differs != 0);
    Built {
        sets: Sets {
            leader: pick(touched, leader, before.leader),
            in_sync: pick(touched, in_sync, before.in_sync),
            eligible: pick(touched, eligible, before.eligible),
            last_known: pick(touched, last_known, before.last_known),
        },
        elected: elected & touched & 1,
        changed: changed & touched & 1,
    }
}

/// Epochs grow, all by the same.
#[inline(never)]
fn grow(epochs: &mut [u32], by: u8) {
    for epoch in epochs {
        *epoch = epoch.wrapping_add(by.into());
    }
}

/// Epochs grow where they have to.
#[inline(never)]
fn grow_each(epochs: &mut [u32], by: &[u8]) {
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
