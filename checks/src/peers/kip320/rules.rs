//! What happens, a function for each action of the original, in the order of its `Next`; each is
//! followed by what it was before KIP-320.

use super::Kip320;
use super::state::{Leadership, Record, Replica, Slot, Slots, State};

/// `ControllerElectLeader`: any of the ISR, at any time.
pub(super) fn controller_elect_leader(
    model: &Kip320,
    before: &State,
    leader: Slot,
) -> Option<State> {
    require(before.quorum.isr.contains(leader))?;
    require(before.quorum.leader != Some(leader))?;

    controller_update_isr(model, before, Some(leader), before.quorum.isr)
}

/// `ControllerShrinkIsr`: a broker failed, or so it seems.  The last of the ISR stays in it, if it
/// leads.
pub(super) fn controller_shrink_isr(
    model: &Kip320,
    before: &State,
    replica: Slot,
) -> Option<State> {
    let Leadership { leader, isr, .. } = before.quorum;
    let leads = leader == Some(replica);
    require(leads || isr.contains(replica))?;

    if !leads {
        controller_update_isr(model, before, leader, isr.without(replica))
    } else if isr == Slots::only(replica) {
        controller_update_isr(model, before, None, isr)
    } else {
        controller_update_isr(model, before, None, isr.without(replica))
    }
}

/// `ControllerUpdateIsr`: a new epoch, in the quorum and on its way to the replicas.
fn controller_update_isr(
    model: &Kip320,
    before: &State,
    leader: Option<Slot>,
    isr: Slots,
) -> Option<State> {
    require(before.next_epoch < model.epochs)?;

    let mut after = *before;
    let epoch = Some(before.next_epoch);
    after.next_epoch += 1;
    after.quorum = Leadership { epoch, leader, isr };
    after.requests[usize::from(before.next_epoch)] = after.quorum;
    Some(after)
}

/// `BecomeLeader`: the watermark stays what it was, and may be behind what others were told.
pub(super) fn become_leader(before: &State, epoch: u8) -> Option<State> {
    let request = *before.sent().get(usize::from(epoch))?;
    let leader = request.leader?;
    require(request.epoch > before.replica(leader).knows.epoch)?;

    let mut after = *before;
    after.replica_mut(leader).knows = request;
    Some(after)
}

/// `FencedLeaderExpandIsr`: the follower is of the leader's epoch and has what is committed, and what is
/// committed includes all from before this epoch.
pub(super) fn fenced_leader_expand_isr(
    before: &State,
    leader: Slot,
    follower: Slot,
) -> Option<State> {
    let isr = before.replica(leader).knows.isr;
    require(!isr.contains(follower))?;
    require(before.is_following_leader_epoch(leader, follower))?;
    require(before.has_follower_reached_high_watermark(leader, follower))?;
    require(before.has_high_watermark_reached_current_epoch(leader))?;

    quorum_update_leader_and_isr(before, leader, isr.with(follower))
}

/// `LeaderExpandIsr`, before KIP-320: the follower has what the leader knows to be committed.
pub(super) fn leader_expand_isr(before: &State, leader: Slot, follower: Slot) -> Option<State> {
    let Replica { watermark, knows } = *before.replica(leader);
    require(!knows.isr.contains(follower))?;
    require(before.is_follower_caught_up(leader, follower, watermark))?;

    quorum_update_leader_and_isr(before, leader, knows.isr.with(follower))
}

/// `FencedLeaderShrinkIsr`: the follower is of another epoch, or lacks something.
pub(super) fn fenced_leader_shrink_isr(
    before: &State,
    leader: Slot,
    follower: Slot,
) -> Option<State> {
    let isr = before.replica(leader).knows.isr;
    require(follower != leader && isr.contains(follower))?;
    require(
        !before.is_following_leader_epoch(leader, follower)
            || before.log(follower).end < before.log(leader).end,
    )?;

    quorum_update_leader_and_isr(before, leader, isr.without(follower))
}

/// `LeaderShrinkIsr`, before KIP-320: the follower follows somebody else, or lacks something.
pub(super) fn leader_shrink_isr(before: &State, leader: Slot, follower: Slot) -> Option<State> {
    let isr = before.replica(leader).knows.isr;
    require(follower != leader && isr.contains(follower))?;
    require(!before.is_follower_caught_up(leader, follower, before.log(leader).end))?;

    quorum_update_leader_and_isr(before, leader, isr.without(follower))
}

/// `LeaderWrite`: whoever believes that it leads takes writes.
pub(super) fn leader_write(model: &Kip320, before: &State, leader: Slot) -> Option<State> {
    require(before.presumes_leadership(leader))?;
    require(before.next_record < model.records)?;
    require(usize::from(before.log(leader).end) < model.log_size)?;
    let epoch = before.replica(leader).knows.epoch?;

    let mut after = *before;
    after.log_mut(leader).append(Record {
        id: before.next_record,
        epoch,
    });
    after.next_record += 1;
    Some(after)
}

/// `FencedLeaderIncHighWatermark`: the ISR that the leader knows of is of its epoch and has the record.
pub(super) fn fenced_leader_inc_high_watermark(before: &State, leader: Slot) -> Option<State> {
    let Replica { watermark, knows } = *before.replica(leader);
    require(before.log(leader).has_offset(watermark))?;
    require(knows.isr.iter().all(|follower| {
        before.is_following_leader_epoch(leader, follower)
            && before.log(follower).has_offset(watermark)
    }))?;

    let mut after = *before;
    after.replica_mut(leader).watermark += 1;
    Some(after)
}

/// `LeaderIncHighWatermark`, before KIP-320: the ISR follows it and has the record, in whatever
/// epoch.
pub(super) fn leader_inc_high_watermark(
    model: &Kip320,
    before: &State,
    leader: Slot,
) -> Option<State> {
    let Replica { watermark, knows } = *before.replica(leader);
    require(before.presumes_leadership(leader))?;
    require(usize::from(watermark) < model.log_size)?;
    require(knows.isr.iter().all(|follower| {
        before.is_following(follower, leader) && before.log(follower).has_offset(watermark)
    }))?;

    let mut after = *before;
    after.replica_mut(leader).watermark += 1;
    Some(after)
}

/// `FencedBecomeFollowerAndTruncate`: by the log of who leads already, in the epoch of the request.
pub(super) fn fenced_become_follower_and_truncate(
    before: &State,
    replica: Slot,
    epoch: u8,
) -> Option<State> {
    let request = *before.sent().get(usize::from(epoch))?;
    let leader = request.leader?;
    require(before.presumes_leadership(leader))?;
    require(before.replica(leader).knows.epoch == request.epoch)?;

    become_follower_truncate_kip279(before, replica, epoch)
}

/// `BecomeFollowerTruncateKip279`, before KIP-320: by the log of whom the request names, whatever that one
/// knows.
pub(super) fn become_follower_truncate_kip279(
    before: &State,
    replica: Slot,
    epoch: u8,
) -> Option<State> {
    let request = *before.sent().get(usize::from(epoch))?;
    let leader = request.leader?;
    require(leader != replica)?;
    require(request.epoch > before.replica(replica).knows.epoch)?;

    Some(follow(before, replica, leader, request))
}

/// `FencedFollowerFetch`: follower and leader are of one epoch.
pub(super) fn fenced_follower_fetch(before: &State, follower: Slot, leader: Slot) -> Option<State> {
    require(before.is_following_leader_epoch(leader, follower))?;

    fetch(before, follower, leader)
}

/// `FollowerReplicate`, before KIP-320: each takes the other for what it is.
pub(super) fn follower_replicate(before: &State, follower: Slot, leader: Slot) -> Option<State> {
    require(before.presumes_leadership(leader))?;
    require(before.is_following(follower, leader))?;

    fetch(before, follower, leader)
}

/// `QuorumUpdateLeaderAndIsr`: none but the true leader, and then all at once.
fn quorum_update_leader_and_isr(before: &State, leader: Slot, isr: Slots) -> Option<State> {
    require(before.is_true_leader(leader))?;

    let mut after = *before;
    after.quorum.isr = isr;
    after.replica_mut(leader).knows.isr = isr;
    Some(after)
}

/// `FollowerReplicate`, and what `FencedFollowerFetch` does once it may.
fn fetch(before: &State, follower: Slot, leader: Slot) -> Option<State> {
    let record = before.log(leader).at(before.log(follower).end)?;

    let mut after = *before;
    after.log_mut(follower).append(record);
    after.replica_mut(follower).watermark = before
        .replica(leader)
        .watermark
        .min(after.log(follower).end);
    Some(after)
}

/// `BecomeFollower` with `TruncateTo`.
fn follow(before: &State, replica: Slot, leader: Slot, request: Leadership) -> State {
    let end = before.first_non_matching_offset_from_tail(leader, replica);
    let mut after = *before;
    after.log_mut(replica).truncate_to(end);
    *after.replica_mut(replica) = Replica {
        watermark: before.replica(replica).watermark.min(end),
        knows: request,
    };
    after
}

/// A guard.
fn require(condition: bool) -> Option<()> {
    condition.then_some(())
}
