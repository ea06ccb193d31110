//! The controller changes a partition: who is in sync, who is eligible, who leads.
//!
//! Kafka: `PartitionChangeBuilder.build` and what it calls, and `PartitionRegistration.merge` for
//! the epochs.  One function for every occasion; the occasions differ in [`Change`].

use super::bits::{count, first, pick, when};

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

/// One partition before or after a change.
#[derive(Clone, Copy)]
struct One {
    leader: u8,
    in_sync: u8,
    eligible: u8,
    last_known: u8,
    leader_epoch: u32,
    partition_epoch: u32,
}

/// Takes replicas out of the ISR and elects, in every row (`generateLeaderAndIsrUpdates` without
/// its choice of partitions).  A row for which nothing changes keeps its epochs.
pub fn remove(rows: &mut Registrations<'_>, change: &Change) {
    let change = *change;
    each(rows, |one, _| {
        // Without the eligible leader replicas the last member stays (`build` writes no empty ISR).
        build(one, one.in_sync & !change.removed, change)
    });
}

/// As [`remove`], in rows that have one of `whose` in the ISR (`partitionsWithBrokerInIsr`).
pub fn remove_members(rows: &mut Registrations<'_>, change: &Change, whose: u8) {
    let change = *change;
    each(rows, |one, _| {
        let touched = when(one.in_sync & whose != 0);
        let built = build(one, one.in_sync & !change.removed, change);
        choose(touched, built, one)
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
    let change = *change;
    let assignment = &assignment[..rows.leader.len()];
    each(rows, |one, row| {
        let id = usize::from(assignment[row]);
        let here = Change {
            removed: leaving[id],
            acceptable: acceptable[id],
            ..change
        };
        let touched = when(one.in_sync & here.removed != 0);
        choose(touched, build(one, one.in_sync & !here.removed, here), one)
    });
}

/// As [`remove`], in rows that have one of `whose` among the eligible (`partitionsWithBrokerInElr`).
pub fn remove_eligible(rows: &mut Registrations<'_>, change: &Change, whose: u8) {
    let change = *change;
    each(rows, |one, _| {
        let touched = when(one.eligible & whose != 0);
        let built = build(one, one.in_sync & !change.removed, change);
        choose(touched, built, one)
    });
}

/// Elects where nobody leads (`partitionsWithNoLeader`).
pub fn elect_leaderless(rows: &mut Registrations<'_>, change: &Change) {
    let change = *change;
    each(rows, |one, _| {
        let built = build(one, one.in_sync, change);
        choose(when(one.leader == 0), built, one)
    });
}

/// Elects in every row (`electLeader`, of which the caller has asked whether it is needed).
pub fn elect(rows: &mut Registrations<'_>, change: &Change) {
    let change = *change;
    each(rows, |one, _| build(one, one.in_sync, change));
}

/// Takes over the ISRs that leaders propose, a proposal a row (`alterPartition` after validation).
pub fn take(rows: &mut Registrations<'_>, change: &Change, proposed: &[u8]) {
    let change = *change;
    each(rows, |one, row| build(one, proposed[row], change));
}

/// Forgets the eligible and the last known leader (`ClearElrRecord`).
pub fn clear_eligible(rows: &mut Registrations<'_>) {
    each(rows, |one, _| One {
        eligible: 0,
        last_known: 0,
        partition_epoch: one
            .partition_epoch
            .wrapping_add(u32::from(one.eligible | one.last_known != 0)),
        ..one
    });
}

#[inline(always)]
fn each(rows: &mut Registrations<'_>, step: impl Fn(One, usize) -> One) {
    let length = rows.leader.len();
    let in_sync = &mut rows.in_sync[..length];
    let eligible = &mut rows.eligible[..length];
    let last_known = &mut rows.last_known[..length];
    let leader_epoch = &mut rows.leader_epoch[..length];
    let partition_epoch = &mut rows.partition_epoch[..length];
    for row in 0..length {
        let after = step(
            One {
                leader: rows.leader[row],
                in_sync: in_sync[row],
                eligible: eligible[row],
                last_known: last_known[row],
                leader_epoch: leader_epoch[row],
                partition_epoch: partition_epoch[row],
            },
            row,
        );
        rows.leader[row] = after.leader;
        in_sync[row] = after.in_sync;
        eligible[row] = after.eligible;
        last_known[row] = after.last_known;
        leader_epoch[row] = after.leader_epoch;
        partition_epoch[row] = after.partition_epoch;
    }
}

#[inline(always)]
fn choose(mask: u8, yes: One, no: One) -> One {
    let epochs = u32::from(mask & 1).wrapping_neg();
    One {
        leader: pick(mask, yes.leader, no.leader),
        in_sync: pick(mask, yes.in_sync, no.in_sync),
        eligible: pick(mask, yes.eligible, no.eligible),
        last_known: pick(mask, yes.last_known, no.last_known),
        leader_epoch: (epochs & yes.leader_epoch) | (!epochs & no.leader_epoch),
        partition_epoch: (epochs & yes.partition_epoch) | (!epochs & no.partition_epoch),
    }
}

/// `PartitionChangeBuilder.build` for one row, in masks.
#[inline(always)]
fn build(before: One, target: u8, change: Change) -> One {
    let has_eligible = when(change.has_eligible);

    // `maybePopulateTargetElr`.
    let below = when(count(target) < change.min_isr);
    let eligible =
        has_eligible & below & (before.eligible | before.in_sync) & !target & !change.unclean_stop;

    // `electAnyLeader`, `electPreferredLeader`, `isValidNewLeader`.
    let candidates = pick(when(target != 0), target, eligible);
    let valid = candidates & change.acceptable;
    let keep = before.leader & valid;
    let in_order = pick(when(keep != 0), keep, first(valid));
    let preferred = valid & 1 & when(change.prefers_first);
    let clean = pick(when(preferred != 0), preferred, in_order);

    // `canElectLastKnownLeader`.
    let living = change.acceptable | when(change.elects_fenced_last_known);
    let nobody = has_eligible & when(target | eligible == 0);
    let last = nobody & before.last_known & living;
    let uncleanly = first(change.acceptable) & when(change.allows_unclean & !change.prefers_first);
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

    let changed = elected
        | shrinks
        | (in_sync ^ before.in_sync)
        | (eligible ^ before.eligible)
        | (last_known ^ before.last_known);
    One {
        leader,
        in_sync,
        eligible,
        last_known,
        leader_epoch: before
            .leader_epoch
            .wrapping_add(u32::from((elected | shrinks) & 1)),
        partition_epoch: before.partition_epoch.wrapping_add(u32::from(changed != 0)),
    }
}
