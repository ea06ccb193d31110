//! Followers fetch, leaders answer.
//!
//! A leader learns what a follower holds from the follower's *next* request, never from its own
//! answer: the offset asked for is the proof.  And the answer is read before the proof is taken into
//! account, so it carries the watermark from before it.

use crate::replication::rules::{isr, watermark};
use crate::replication::state::{Asks, Fetch, FetchAnswer, LateFetch, Role};
use crate::replication::{Disabled, End, Guard, LeaderEpoch, Replication, State};
use highwater_vocabulary::Broker;

/// A fetch is handled, and its answer arrives.  One step, and yet exactly as fine as request,
/// handling and answer: an answer can be seen only by its follower, and requests of a former role
/// are dropped.
///
/// Who: follower, leader.  Source: KIP-320, `Partition.fetchRecords`, `AbstractFetcherThread`; R10,
/// R12 to R16, R19.
pub(super) fn fetch(
    model: &Replication,
    before: &State,
    follower: Broker,
) -> Result<State, Disabled> {
    let (fetch, answer) = answered(model, before, follower)?;

    let mut after = *before;
    take_proof(model, &mut after, follower, &fetch, &answer)?;
    deliver(model, &mut after, follower, &fetch, &answer)?;
    Ok(after)
}

/// A fetch is handled, and its answer is lost.
///
/// Who: leader.  Source: as [`fetch`].
pub(super) fn fetch_lost(
    model: &Replication,
    before: &State,
    follower: Broker,
) -> Result<State, Disabled> {
    let (fetch, answer) = answered(model, before, follower)?;

    let mut after = *before;
    take_proof(model, &mut after, follower, &fetch, &answer)?;
    Ok(after)
}

/// The next fetch, and what the leader answers.
fn answered(
    model: &Replication,
    before: &State,
    follower: Broker,
) -> Result<(Fetch, FetchAnswer), Disabled> {
    let fetch = next_fetch(model, before, follower)?;
    let answer = answer_to(model, before, follower, &fetch)?;
    Ok((fetch, answer))
}

/// A follower sends a fetch that may be late.
///
/// Who: follower.  Source: `AbstractFetcherThread.doWork`; R15.
pub(super) fn request(
    model: &Replication,
    before: &State,
    follower: Broker,
) -> Result<State, Disabled> {
    fetches_may_be_late(model)?;
    let fetch = next_fetch(model, before, follower)?;
    if before.late[follower].is_some() {
        return Err(Disabled::AlreadySo);
    }

    let mut after = *before;
    after.late[follower] = Some(LateFetch::Request(fetch));
    Ok(after)
}

/// A late fetch is handled, by whatever its receiver has become meanwhile.
///
/// Who: leader.  Source: `Partition.fetchRecords`; R10, R12, R13.
pub(super) fn serve(
    model: &Replication,
    before: &State,
    follower: Broker,
) -> Result<State, Disabled> {
    fetches_may_be_late(model)?;
    let Some(LateFetch::Request(fetch)) = before.late[follower] else {
        return Err(Disabled::NothingThere);
    };
    let answer = answer_to(model, before, follower, &fetch)?;

    let mut after = *before;
    take_proof(model, &mut after, follower, &fetch, &answer)?;
    after.late[follower] = Some(LateFetch::Answer(fetch, answer));
    Ok(after)
}

/// A late answer reaches its follower, whatever that has become meanwhile.
///
/// Who: follower.  Source: `AbstractFetcherThread.processFetchRequest`; R15.
pub(super) fn answer(
    model: &Replication,
    before: &State,
    follower: Broker,
) -> Result<State, Disabled> {
    fetches_may_be_late(model)?;
    let Some(LateFetch::Answer(fetch, answer)) = before.late[follower] else {
        return Err(Disabled::NothingThere);
    };

    let mut after = *before;
    after.late[follower] = None;
    deliver(model, &mut after, follower, &fetch, &answer)?;
    Ok(after)
}

/// A late fetch, or its answer, is lost.
///
/// Who: network.
pub(super) fn drop(
    model: &Replication,
    before: &State,
    follower: Broker,
) -> Result<State, Disabled> {
    fetches_may_be_late(model)?;
    if before.late[follower].is_none() {
        return Err(Disabled::NothingThere);
    }

    let mut after = *before;
    after.late[follower] = None;
    Ok(after)
}

/// Whether fetches are sent, handled and answered one by one here.
fn fetches_may_be_late(model: &Replication) -> Result<(), Disabled> {
    match model.variant.late_fetches {
        true => Ok(()),
        false => Err(Disabled::NotInThisSetting),
    }
}

/// What a follower asks its leader next, if it can reach it.  One fetch of a tenure is under way at a
/// time.
fn next_fetch(model: &Replication, before: &State, follower: Broker) -> Result<Fetch, Disabled> {
    let replica = &before.replicas[follower];
    if !replica.serves() {
        return Err(Disabled::NotServing);
    }
    let Role::Follower(Some(leader)) = replica.role else {
        return Err(Disabled::NoLeaderToFetchFrom);
    };
    if !before
        .world
        .connects(model.setting.home(follower), model.setting.home(leader))
    {
        return Err(Disabled::Unreachable);
    }
    let asks = replica.asks != Asks::Nothing;
    let switches = &model.variant.switches;
    let states_no_epoch = switches.truncates_to_watermark || switches.asks_before_fetching;
    let last_epoch = match states_no_epoch && !asks {
        true => LeaderEpoch(0),
        false => replica.log.last_epoch(),
    };
    let fetch = Fetch {
        to: leader,
        offset: replica.log.end(),
        asks,
        last_epoch,
        leader_epoch: replica.leader_epoch,
        broker_epoch: replica.broker_epoch,
    };
    if let Some(LateFetch::Request(late) | LateFetch::Answer(late, _)) = before.late[follower] {
        let same_tenure = (late.to, late.leader_epoch, late.broker_epoch)
            == (fetch.to, fetch.leader_epoch, fetch.broker_epoch);
        if same_tenure {
            return Err(Disabled::AlreadySo);
        }
    }
    Ok(fetch)
}

/// What the leader answers.
///
/// Who: leader.  Source: `Partition.checkCurrentLeaderEpoch`, `Replica.updateFetchStateOrThrow`,
/// `Partition.readRecords`; R10, R12, R13, R18.
fn answer_to(
    model: &Replication,
    before: &State,
    follower: Broker,
    fetch: &Fetch,
) -> Result<FetchAnswer, Disabled> {
    let leader = &before.replicas[fetch.to];
    if !leader.serves() || !leader.open {
        return Err(Disabled::NotServing);
    }
    if model.variant.switches.checks_fetch_epoch {
        let current = fetch.leader_epoch == leader.leader_epoch;
        model.require(Guard::FetchEpochIsCurrent, current)?;
    }
    if leader.tenure().is_none() {
        return Err(Disabled::NotLeading);
    }
    let is_known = before.view(fetch.to).replicas.contains(follower);
    model.require(Guard::FetcherIsAssigned, is_known)?;
    let log = leader.log;
    if fetch.asks {
        let known = model.known_end(&log, fetch.last_epoch);
        return Ok(FetchAnswer::EpochEnd(known));
    }
    if model.keeps(Guard::DivergenceIsChecked) && fetch.last_epoch != LeaderEpoch(0) {
        let (epoch, end) = log
            .end_of_epoch(fetch.last_epoch)
            .ok_or(Disabled::OffsetOutOfRange)?;
        if epoch < fetch.last_epoch || end < fetch.offset {
            return Ok(FetchAnswer::Diverging {
                epoch,
                end,
                watermark: leader.watermark,
            });
        }
    }
    if fetch.offset > log.end() {
        return Err(Disabled::OffsetOutOfRange);
    }
    // Only who proves something is asked under which registration: the log has been read by then, and
    // whoever diverges has had its answer.
    if model.variant.switches.checks_fetch_broker_epoch {
        let view = before.view(fetch.to);
        let known = !view.inactive.fenced.contains(follower)
            && fetch.broker_epoch < view.broker_epochs[follower];
        model.require(Guard::FetchBrokerEpochIsCurrent, !known)?;
    }
    Ok(FetchAnswer::Records {
        log,
        watermark: leader.watermark,
    })
}

/// The leader notes what the request proves, proposes the follower for the ISR if it may join, and
/// moves its watermark.
///
/// Who: leader.  Source: `Partition.updateFollowerFetchState`; R06, R12, R13, R19.
fn take_proof(
    model: &Replication,
    after: &mut State,
    follower: Broker,
    fetch: &Fetch,
    answer: &FetchAnswer,
) -> Result<(), Disabled> {
    if matches!(answer, FetchAnswer::EpochEnd(_)) {
        return Ok(());
    }
    let diverges = matches!(answer, FetchAnswer::Diverging { .. });
    if diverges && model.keeps(Guard::DivergingFetchProvesNothing) {
        return Ok(());
    }
    let leader = &mut after.replicas[fetch.to];
    let end = leader.log.end();
    let Some(tenure) = leader.tenure_mut() else {
        return Ok(());
    };
    let proved = tenure.follower_end[follower].replace(fetch.offset);
    if model.variant.switches.checks_member_epochs {
        tenure.follower_epoch[follower] = fetch.broker_epoch;
    }
    if model.variant.switches.waits_for_caught_up && fetch.offset >= end {
        tenure.caught_up = tenure.caught_up.with(follower);
    }
    isr::propose_expansion(model, after, fetch.to, follower)?;
    // `Partition.updateFollowerFetchState` looks at the watermark only if the follower's end has moved.
    if proved != Some(fetch.offset) {
        watermark::advance(model, after, fetch.to);
    }
    Ok(())
}

/// The follower takes the answer: it truncates, or it appends and takes over the watermark.
///
/// Who: follower.  Source: `AbstractFetcherThread.processFetchRequest`; R14, R15, R16.
fn deliver(
    model: &Replication,
    after: &mut State,
    follower: Broker,
    fetch: &Fetch,
    answer: &FetchAnswer,
) -> Result<(), Disabled> {
    let replica = &after.replicas[follower];
    if !replica.serves() || replica.broker_epoch != fetch.broker_epoch {
        return Err(Disabled::NotServing);
    }
    if replica.role != Role::Follower(Some(fetch.to)) {
        return Err(Disabled::NoLeaderToFetchFrom);
    }
    if model.variant.switches.checks_answer_epoch {
        let current = replica.leader_epoch == fetch.leader_epoch;
        model.require(Guard::AnswerEpochIsCurrent, current)?;
    }
    // Whoever has to ask heeds no answer to a fetch, and whoever fetches none to a question
    // (`PartitionFetchState.isReadyForFetch`).
    if fetch.asks != (replica.asks != Asks::Nothing) {
        return Err(Disabled::NothingThere);
    }
    let at_this_end = fetch.asks || replica.log.end() == fetch.offset;
    model.require(Guard::AnswerIsForThisEnd, at_this_end)?;
    match answer {
        FetchAnswer::EpochEnd(found) => {
            truncate_first(model, after, follower, *found);
            Ok(())
        }
        FetchAnswer::Records { log, watermark } => {
            append(model, after, follower, fetch, log, *watermark)
        }
        FetchAnswer::Diverging {
            epoch,
            end,
            watermark,
        } => {
            truncate(model, after, follower, *epoch, *end, *watermark);
            Ok(())
        }
    }
}

/// The follower appends what the leader's log holds from the requested offset on, and takes over the
/// leader's watermark as far as its own log goes.  Its watermark may fall.
///
/// Who: follower.  Source: `ReplicaFetcherThread.processPartitionData`,
/// `UnifiedLog.maybeUpdateHighWatermark`; R15, R16.
fn append(
    model: &Replication,
    after: &mut State,
    follower: Broker,
    fetch: &Fetch,
    leaders: &crate::replication::state::Log,
    watermark: End,
) -> Result<(), Disabled> {
    let replica = &mut after.replicas[follower];
    let only_newer = model.notes_only_newer();
    for entry in &leaders.entries()[fetch.offset.index()..] {
        let appended = match only_newer {
            true => replica.log.append_noting_newer(*entry),
            false => replica.log.append(*entry),
        };
        if !appended {
            return Err(Disabled::ModelIsFull);
        }
    }
    // Where nobody compares epochs, or this guard is waived, they follow each other in any order, and the
    // cache is taken to have them all.
    let in_any_order =
        model.variant.switches.truncates_to_watermark || !model.keeps(Guard::FetchEpochIsCurrent);
    if in_any_order && !only_newer {
        replica.log.note_everything();
    }
    replica.watermark = match model.keeps(Guard::FollowerWatermarkWithinLog) {
        true => watermark.min(replica.log.end()),
        false => watermark,
    };
    Ok(())
}

/// The follower goes back to where both logs may still agree; if its own epochs leave a doubt, the
/// next fetch settles it, each time one epoch further down.
///
/// Who: follower.  Source: KIP-101, KIP-279, KAFKA-10734,
/// `AbstractFetcherThread.getOffsetTruncationState`; R14, R16.
fn truncate(
    model: &Replication,
    after: &mut State,
    follower: Broker,
    epoch: LeaderEpoch,
    end: End,
    watermark: End,
) {
    let replica = &mut after.replicas[follower];
    let copied = watermark.min(replica.log.end());
    if !model.keeps(Guard::DivergingAnswerKeepsWatermark) && replica.watermark != copied {
        // What Kafka did before KAFKA-14704: the watermark first, the truncation a moment later.
        replica.watermark = copied;
        return;
    }
    let to = match replica.log.end_of_epoch(epoch) {
        _ if !compares_epochs(model) => end,
        Some((own_epoch, own_end)) if own_epoch != epoch => own_end,
        Some((_, own_end)) => own_end.min(end),
        None => end,
    };
    let to = to.min(replica.log.end());
    match model.keeps(Guard::TruncationDropsEmptyEpoch) {
        true => replica.truncate(to),
        false => {
            replica.log.truncate_records_only(to);
            replica.watermark = replica.watermark.min(to);
        }
    }
}

/// A follower that has asked goes back to where both logs may still agree.  If its leader knows nothing of
/// its epoch, that is its own watermark; but not if it has truncated by an answer already.  It asks once
/// more if its own epochs leave a doubt.
///
/// Who: follower.  Source: KIP-101, KIP-279, `ReplicaFetcherThread.maybeTruncate` (1.0.0),
/// `AbstractFetcherThread.getOffsetTruncationState` (2.0.1); R14.
fn truncate_first(
    model: &Replication,
    after: &mut State,
    follower: Broker,
    found: Option<(LeaderEpoch, End)>,
) {
    let replica = &mut after.replicas[follower];
    let known = |epoch| model.known_end(&replica.log, epoch);
    let (to, asks) = match found {
        None if replica.asks == Asks::First => (replica.watermark, Asks::Nothing),
        None => (replica.log.end(), Asks::Nothing),
        Some((_, end)) if !compares_epochs(model) => (end, Asks::Nothing),
        Some((epoch, end)) => match known(epoch) {
            Some((own_epoch, own_end)) if own_epoch != epoch => (own_end, Asks::Again),
            Some((_, own_end)) => (own_end.min(end), Asks::Nothing),
            None => (end, Asks::Nothing),
        },
    };
    replica.truncate(to.min(replica.log.end()));
    replica.asks = asks;
}

/// Whether who is told where an epoch ends goes by its own knowledge of that epoch too.
fn compares_epochs(model: &Replication) -> bool {
    model.variant.switches.answer_names_epoch && model.keeps(Guard::TruncationComparesEpochs)
}
