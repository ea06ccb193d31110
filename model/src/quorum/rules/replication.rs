//! What leaders append, and how it reaches the others (Q4).

use super::super::log::{Entry, What};
use super::super::setting::Node;
use super::super::state::{NodeState, Role};
use super::super::{Disabled, Guard, Quorum, State};
use super::{hear, reach, running, settle_disk, watermark};

/// The controller on the leader writes a metadata record.  It is flushed before the leader handles
/// another request, and not yet when waiting fetches are answered with it.
///
/// Who: the leader.  Source: `KafkaRaftClient.maybeAppendBatches`, `flushLeaderLog`; Q4.
pub(super) fn append(
    model: &Quorum,
    before: &State,
    leader: Node,
    record: u8,
) -> Result<State, Disabled> {
    let node = running(before, leader)?;
    if node.tenure().is_none() {
        return Err(Disabled::OtherRole);
    }
    if record != before.ghost.spent.records {
        return Err(Disabled::NothingThere);
    }

    let mut after = *before;
    let what = What::Metadata(record);
    append_entry(model, &mut after.nodes[leader], leader, what)?;
    Ok(after)
}

/// A leader appends an entry of its epoch.
pub(super) fn append_entry(
    model: &Quorum,
    node: &mut NodeState,
    leader: Node,
    what: What,
) -> Result<(), Disabled> {
    if !node.log.has_room(1) {
        return Err(Disabled::ModelIsFull);
    }
    settle_disk(model, node);
    node.log.append(Entry {
        epoch: node.epoch,
        what,
    });
    watermark::advance(model, node, leader);
    Ok(())
}

/// What becomes of the answer to a fetch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It has everything up to the leader's end.
    Whole,
    /// It has room for one entry of several.
    OneEntry,
    /// Nobody hears it.
    Lost,
}

/// A node fetches.  A leader of the same epoch serves it; anybody else says which epoch and which
/// leader it knows.
///
/// Who: a follower or an unattached node, voter or not.  Source: KIP-595,
/// `KafkaRaftClient.tryCompleteFetchRequest`, `handleFetchResponse`, `maybeHandleCommonResponse`; Q4.
pub(super) fn fetch(
    model: &Quorum,
    before: &State,
    [fetching, from]: [Node; 2],
    answer: Answer,
) -> Result<State, Disabled> {
    if !matches!(
        running(before, fetching)?.role,
        Role::Follower { .. } | Role::Unattached
    ) {
        return Err(Disabled::OtherRole);
    }
    reach(model, before, fetching, from)?;
    let (own, other) = (&before.nodes[fetching], &before.nodes[from]);
    let serves = other.tenure().is_some();
    if serves {
        model.require(Guard::FetchEpochIsCurrent, own.epoch <= other.epoch)?;
    }
    let same_epoch = own.epoch == other.epoch || !model.keeps(Guard::FetchEpochIsCurrent);

    let mut after = *before;
    if serves && same_epoch {
        serve(model, &mut after, [fetching, from], answer)?;
    } else if own.epoch <= other.epoch && answer == Answer::Whole {
        hear(
            &mut after.nodes[fetching],
            fetching,
            other.epoch,
            other.leader,
        )?;
    } else {
        return Err(Disabled::NothingThere);
    }
    Ok(after)
}

/// The leader handles a fetch: what is asked for proves what is held.
fn serve(
    model: &Quorum,
    after: &mut State,
    [fetching, leader]: [Node; 2],
    answer: Answer,
) -> Result<(), Disabled> {
    let own = after.nodes[fetching];
    let leading = &mut after.nodes[leader];
    settle_disk(model, leading);
    let asked = leading.log.end_of_epoch(own.log.last_epoch());
    let fits =
        own.log.end() == 0 || (asked.epoch == own.log.last_epoch() && asked.end >= own.log.end());
    let diverges = !fits && model.keeps(Guard::DivergenceIsChecked);
    if !diverges || !model.keeps(Guard::DivergingFetchProvesNothing) {
        let proved = own.log.end().min(leading.log.end());
        if let Role::Leader(tenure) = &mut leading.role {
            tenure.held[fetching][usize::from(own.directory)] = proved;
        }
        watermark::advance(model, leading, leader);
    }
    let leading = after.nodes[leader];
    let missing = leading.log.end().saturating_sub(own.log.end());
    if answer == Answer::OneEntry && (diverges || missing < 2) {
        return Err(Disabled::NothingThere);
    }
    let is_old = leading.epoch < own.epoch;
    if answer == Answer::Lost || (is_old && model.keeps(Guard::AnswerEpochIsCurrent)) {
        return Ok(());
    }
    let follower = &mut after.nodes[fetching];
    if !is_old {
        hear(follower, fetching, leading.epoch, Some(leader))?;
    }
    match diverges {
        true => truncate(model, follower, asked)?,
        false => take(model, follower, &leading, answer),
    }
    if let Role::Follower { fetched } = &mut follower.role {
        *fetched = true;
    }
    Ok(())
}

/// A follower drops what the leader does not have.
///
/// Source: `RaftLog.truncateToEndOffset`, `KafkaRaftClient.handleFetchResponse`; Q4.
fn truncate(
    model: &Quorum,
    follower: &mut NodeState,
    diverging: super::super::log::EpochEnd,
) -> Result<(), Disabled> {
    let own = follower.log.end_of_epoch(diverging.epoch);
    let end = match own.epoch == diverging.epoch {
        true => own.end.min(diverging.end),
        false => own.end,
    };
    model.require(
        Guard::TruncationKeepsCommitted,
        diverging.end >= follower.watermark,
    )?;

    follower.log.truncate(end);
    follower.flushed = follower.flushed.min(end);
    follower.watermark = follower.watermark.min(end);
    Ok(())
}

/// A follower appends what the leader has beyond its own end, and takes over the watermark.
///
/// Source: `KafkaRaftClient.appendAsFollower`, `updateFollowerHighWatermark`; Q4.
fn take(model: &Quorum, follower: &mut NodeState, leading: &NodeState, answer: Answer) {
    let end = usize::from(follower.log.end());
    let room = match answer {
        Answer::Whole | Answer::Lost => usize::MAX,
        Answer::OneEntry => 1,
    };
    for entry in leading.log.entries().skip(end).take(room) {
        follower.log.append(entry);
    }
    if model.keeps(Guard::FollowerFlushesFirst) {
        follower.flushed = follower.log.end();
    }
    let known = leading.watermark.min(follower.log.end());
    follower.watermark = follower.watermark.max(known);
}

/// A fetch that waited at the leader for something new is answered as soon as there is something,
/// which is before the leader has flushed it.
///
/// Who: the leader.  Source: `KafkaRaftClient.updateLeaderEndOffsetAndTimestamp`; Q4.
pub(super) fn parked(
    model: &Quorum,
    before: &State,
    fetching: Node,
    leader: Node,
) -> Result<State, Disabled> {
    reach(model, before, fetching, leader)?;
    let (own, leading) = (&before.nodes[fetching], &before.nodes[leader]);
    if leading.tenure().is_none() || own.epoch != leading.epoch || own.leader != Some(leader) {
        return Err(Disabled::OtherRole);
    }
    let follows = matches!(own.role, Role::Follower { fetched: true });
    let waited = own.log.end() == leading.flushed
        && leading.flushed < leading.log.end()
        && own.log.agrees_below(&leading.log, own.log.end());
    if !follows || !waited {
        return Err(Disabled::NothingThere);
    }

    let mut after = *before;
    take(model, &mut after.nodes[fetching], leading, Answer::Whole);
    Ok(after)
}
