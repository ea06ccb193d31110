//! What becomes of a partition: `PartitionChangeBuilder.build`.

use super::super::bits::{count, first, pick, when};
use super::{Change, Registrations, TILE};
use crate::runs::all_are;

impl Change {
    /// This occasion as a fencing mostly is, from Kafka 4.1 on with ELR: said in constants, so that
    /// what has no part in it is not compiled.
    #[inline(always)]
    pub(super) fn ordinary(self) -> Change {
        Change {
            acceptable: self.acceptable,
            removed: self.removed,
            unclean_stop: 0,
            min_isr: self.min_isr,
            preferred: 0,
            behind: 0,
            allows_unclean: false,
            has_eligible: true,
            elects_fenced_last_known: false,
            shrinking_starts_epoch: false,
            keeps_only_living: false,
        }
    }

    pub(super) fn is_ordinary(self) -> bool {
        self == self.ordinary()
    }
}

/// What is to become of one partition.
pub(super) struct Plan {
    /// The ISR it is to have, before anybody is elected from outside it.
    pub target: u8,
    /// All bits, if it is changed at all.
    pub touched: u8,
    /// Who may be elected.
    pub acceptable: u8,
}

impl Registrations<'_> {
    pub(super) fn tile(&mut self, start: usize) -> Registrations<'_> {
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
    pub(super) fn common_sets(&self) -> Option<Sets> {
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

    pub(super) fn become_all(&mut self, built: &Built) {
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
    pub(super) fn become_each(&mut self, change: &Change, plan: impl Fn(usize, Sets) -> Plan) {
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

/// `PartitionChangeBuilder.build` for one partition.
#[inline(always)]
pub(super) fn build_one(before: Sets, plan: &Plan, change: Change) -> Built {
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
    let in_order = pick(when(keep != 0), keep, first_of(valid, change.behind));
    let preferred = valid & change.preferred;
    let clean = pick(when(preferred != 0), preferred, in_order);

    // `canElectLastKnownLeader`.
    let living = acceptable | when(change.elects_fenced_last_known);
    let nobody = has_eligible & when(target | eligible == 0);
    let last = nobody & before.last_known & living;
    let uncleanly =
        first_of(acceptable, change.behind) & when(change.allows_unclean & (change.preferred == 0));
    let forced = pick(when(last != 0), last, uncleanly);
    let leader = pick(when(clean != 0), clean, forced);

    // `tryElection`: an unclean leader, or one from the eligible, is the whole ISR.
    let elected = when(leader != before.leader);
    let unclean = elected & when(clean == 0) & when(leader != 0);
    let from_eligible = elected & when(eligible & leader != 0);
    let written = pick(unclean | from_eligible, leader, target);
    let succeeded = elected & when(change.keeps_only_living) & when(leader != 0);
    let written = written & pick(succeeded, acceptable, u8::MAX);
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

/// The first of a set in the order of the assignment.
#[inline(always)]
fn first_of(set: u8, behind: u8) -> u8 {
    let in_front = set & !behind;
    first(pick(when(in_front != 0), in_front, set))
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
