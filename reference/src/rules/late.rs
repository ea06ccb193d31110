//! Fetches that are late: request, handling and answer apart, and what overtakes them.

use super::{Around, fetch};
use crate::Refusal;
use crate::row::{Row, Truncating};

/// The follower sends a fetch that may be late.  One at a time.
pub(crate) fn request(row: &mut Row, around: Around<'_>, follower: usize) -> Result<(), Refusal> {
    is_split(around)?;
    let request = fetch::request(row, around, follower)?;
    if row.late[follower].is_some() {
        return Err(Refusal::AlreadySo);
    }

    row.late[follower] = Some(request);
    Ok(())
}

/// The broker it was sent to handles it, whatever either is by now.
pub(crate) fn serve(row: &mut Row, around: Around<'_>, follower: usize) -> Result<(), Refusal> {
    is_split(around)?;
    let request = row.late[follower]
        .clone()
        .filter(|late| late.answer.is_none())
        .ok_or(Refusal::NothingThere)?;
    let answer = fetch::handle(row, around, follower, &request)?;

    row.late[follower] = Some(crate::row::Late {
        answer: Some(answer),
        ..request
    });
    Ok(())
}

/// The answer arrives, and is heeded: by the process that asked, while that still follows the same
/// leader from the same end; the versions that check it also ask for the same leader epoch.  One that
/// would not be heeded is still on its way, or lost (`drop`).
///
/// Kafka: `AbstractFetcherThread.processFetchRequest`: each leader has a fetcher of its own, which
/// heeds no answer for a partition it has lost.
pub(crate) fn answer(row: &mut Row, around: Around<'_>, follower: usize) -> Result<(), Refusal> {
    is_split(around)?;
    let late = row.late[follower].clone().ok_or(Refusal::NothingThere)?;
    let answer = late.answer.ok_or(Refusal::NothingThere)?;
    let same_process = late.broker_epoch == around.cluster.own_epoch[follower];
    if !around.cluster.takes_part(follower) || !same_process {
        return Err(Refusal::NotServing);
    }
    let memory = &row.memory[follower];
    if memory.tenure.is_some() || memory.leader != 1 << late.to {
        return Err(Refusal::NoLeaderToFetchFrom);
    }
    let same_epoch = late.leader_epoch == memory.leader_epoch;
    if !same_epoch && around.rules.switches.checks_answer_epoch {
        return Err(Refusal::AnswerEpochIsCurrent);
    }
    // `isReadyForFetch`.
    if late.asks != (memory.truncating != Truncating::Done) {
        return Err(Refusal::NothingThere);
    }
    if !late.asks && row.disks[follower].end != late.offset {
        return Err(Refusal::AnswerIsForThisEnd);
    }

    row.late[follower] = None;
    fetch::take(row, around, follower, answer);
    Ok(())
}

/// The late fetch, or its answer, is lost.
pub(crate) fn lose(row: &mut Row, around: Around<'_>, follower: usize) -> Result<(), Refusal> {
    is_split(around)?;
    row.late[follower]
        .take()
        .map(|_| ())
        .ok_or(Refusal::NothingThere)
}

fn is_split(around: Around<'_>) -> Result<(), Refusal> {
    if around.rules.switches.late_fetches {
        Ok(())
    } else {
        Err(Refusal::NotInThisSetting)
    }
}
