//! The controller changes a partition: who is in sync, who is eligible, who leads.
//!
//! Kafka: `PartitionChangeBuilder.build` and what it calls, and `PartitionRegistration.merge` for
//! the epochs.  One function for every occasion; the occasions differ in [`Change`].

mod build;

use super::bits::when;
pub(crate) use build::{Built, Sets};
use build::{Plan, build_one};
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
    /// Whom `Election.PREFERRED` tries first, as a set of one; empty at any other election.
    pub preferred: u8,
    /// Who stands behind the others in the assignment.
    pub behind: u8,
    /// `Election.UNCLEAN`.
    pub allows_unclean: bool,
    /// The feature of KIP-966.
    pub has_eligible: bool,
    /// Whether the last known leader is elected although it does not live (4.0.0).
    pub elects_fenced_last_known: bool,
    /// Whether a shrinking starts a leader epoch (3.5.0, and every controller in ZooKeeper).
    pub shrinking_starts_epoch: bool,
    /// Whether an election leaves only those in the ISR that may be elected (`Election.leaderForOffline`
    /// of the controller in ZooKeeper).
    pub keeps_only_living: bool,
}

/// What an occasion means to one assignment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Meaning {
    /// Who leaves the ISR.
    pub removed: u8,
    /// Who may be elected at all.
    pub acceptable: u8,
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

#[cfg(test)]
mod tests;
