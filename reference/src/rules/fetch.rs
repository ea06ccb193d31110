//! A follower's fetch: asked for, handled by its leader, and answered.

use super::Around;
use super::isr;
use crate::kernels;
use crate::row::{Answer, Disk, Late, Row, Truncating};
use crate::{Refusal, Switches, spans};
use std::slice::{from_mut, from_ref};

/// A fetch is sent, handled and answered; the answer arrives, or is lost.
///
/// Kafka: `AbstractFetcherThread.processFetchRequest` around `Partition.fetchRecords`.
pub(crate) fn fetch(
    row: &mut Row,
    around: Around<'_>,
    follower: usize,
    delivered: bool,
) -> Result<(), Refusal> {
    let request = request(row, around, follower)?;
    let answer = handle(row, around, follower, &request)?;

    if delivered {
        take(row, around, follower, answer);
    }
    Ok(())
}

/// What a follower would ask for now.
///
/// Kafka: `ReplicaManager.applyLocalFollowersDelta` starts it at the log's end,
/// `ReplicaFetcherThread.latestEpoch` states the newest epoch of the log.
pub(super) fn request(row: &Row, around: Around<'_>, follower: usize) -> Result<Late, Refusal> {
    if !around.cluster.takes_part(follower) {
        return Err(Refusal::NotServing);
    }
    let memory = &row.memory[follower];
    if memory.tenure.is_some() || memory.leader == 0 {
        return Err(Refusal::NoLeaderToFetchFrom);
    }
    let to = memory.leader.trailing_zeros() as usize;
    let homes = [follower, to].map(|broker| usize::from(around.cluster.home[broker]));
    if !around.cluster.can_open(homes[0], homes[1]) {
        return Err(Refusal::Unreachable);
    }
    let broker_epoch = around.cluster.own_epoch[follower];
    // A fetcher thread asks again when it has been answered, or has given up.
    let tenure = (to, memory.leader_epoch, broker_epoch);
    let under_way = row.late[follower].as_ref();
    if under_way.is_some_and(|late| (late.to, late.leader_epoch, late.broker_epoch) == tenure) {
        return Err(Refusal::AlreadySo);
    }
    let disk = &row.disks[follower];
    let switches = around.rules.switches;
    let asks = memory.truncating != Truncating::Done;
    let states_epoch = !switches.truncates_to_watermark && !switches.asks_before_fetching;
    Ok(Late {
        to,
        leader_epoch: memory.leader_epoch,
        broker_epoch,
        offset: disk.end,
        last_epoch: match states_epoch || asks {
            true => spans::newest(&disk.spans),
            false => None,
        },
        asks,
        answer: None,
    })
}

/// The receiver handles a fetch.  The answer is read first; then what was asked for is noted, then
/// the ISR may be expanded, then the watermark moves.
///
/// Kafka: `Partition.fetchRecords`, `checkCurrentLeaderEpoch`, `readRecords`,
/// `updateFollowerFetchState`, `Replica.updateFetchStateOrThrow`.
pub(super) fn handle(
    row: &mut Row,
    around: Around<'_>,
    follower: usize,
    request: &Late,
) -> Result<Answer, Refusal> {
    let to = request.to;
    if !around.cluster.serves(to) {
        return Err(Refusal::NotServing);
    }
    let is_current = request.leader_epoch == row.memory[to].leader_epoch;
    if around.rules.switches.checks_fetch_epoch && !is_current {
        return Err(Refusal::FetchEpochIsCurrent);
    }
    if row.memory[to].tenure.is_none() {
        return Err(Refusal::NotLeading);
    }
    // `followerReplicaOrThrow`.
    if !row.memory[to].image.assigns(follower) {
        return Err(Refusal::FetcherIsAssigned);
    }
    if request.asks {
        let found = last_offset(row, request, around.rules.switches);
        return Ok(Answer::EpochEnd(found));
    }
    let answer = read(row, request)?;
    if let Answer::Diverging { .. } = answer {
        return Ok(answer);
    }
    let image = &row.memory[to].image;
    let outdated = request.broker_epoch < image.broker_epoch[follower];
    let living = image.fenced >> follower & 1 == 0;
    if around.rules.switches.checks_fetch_broker_epoch && living && outdated {
        return Err(Refusal::FetchBrokerEpochIsCurrent);
    }

    note(row, around, follower, request);
    Ok(answer)
}

/// `Partition.lastOffsetForLeaderEpoch`, asked by a follower; nothing stated is nothing known.
fn last_offset(row: &Row, request: &Late, switches: Switches) -> Option<(u32, u64)> {
    end_offset_for(&row.disks[request.to], request.last_epoch?, switches)
}

/// `LeaderEpochFileCache.endOffsetFor`, which knows what was before its oldest epoch since 2.0.1.
fn end_offset_for(disk: &Disk, epoch: u32, switches: Switches) -> Option<(u32, u64)> {
    match switches.notes_epoch_at_election {
        true => spans::end_of_epoch(&disk.spans, disk.end, epoch),
        false => spans::end_of_noted_epoch(&disk.spans, disk.end, epoch),
    }
}

fn read(row: &Row, request: &Late) -> Result<Answer, Refusal> {
    let disk = &row.disks[request.to];
    if let Some(stated) = request.last_epoch {
        let (epoch, end) =
            spans::end_of_epoch(&disk.spans, disk.end, stated).ok_or(Refusal::OffsetOutOfRange)?;
        if epoch < stated || end < request.offset {
            return Ok(Answer::Diverging { epoch, end });
        }
    }
    if request.offset > disk.end {
        return Err(Refusal::OffsetOutOfRange);
    }
    Ok(Answer::Records {
        spans: disk.spans.clone(),
        end: disk.end,
        watermark: disk.watermark,
    })
}

fn note(row: &mut Row, around: Around<'_>, follower: usize, request: &Late) {
    let leader = request.to;
    let leader_end = row.disks[leader].end;
    let Some(tenure) = &mut row.memory[leader].tenure else {
        return;
    };
    let known = &mut tenure.known[follower];
    let before = *known;
    kernels::fetch::prove(from_mut(known), from_ref(&request.offset));
    let is_new = *known != before;
    // With ZooKeeper a leader does not know registrations.
    if !around.cluster.has_zookeeper() {
        tenure.heard_as[follower] = request.broker_epoch;
    }
    if around.rules.switches.waits_for_caught_up && request.offset >= leader_end {
        tenure.caught_up |= 1 << follower;
    }
    isr::propose_expansion(row, around, leader, follower);
    if is_new {
        around.advance(row, leader);
    }
}

/// The answer reaches the follower: it appends, or it truncates and will ask again.
///
/// Kafka: `ReplicaFetcherThread.processPartitionData`,
/// `AbstractFetcherThread.truncateOnFetchResponse`.  A diverging answer leaves the watermark alone,
/// but for what is cut off (KAFKA-14704).
pub(super) fn take(row: &mut Row, around: Around<'_>, follower: usize, answer: Answer) {
    let switches = around.rules.switches;
    let disk = &mut row.disks[follower];
    match answer {
        Answer::Records {
            spans: leaders,
            end,
            watermark,
        } => {
            spans::copy(&mut disk.spans, disk.end, &leaders, end, switches.noting());
            kernels::fetch::copy(
                from_mut(&mut disk.end),
                from_mut(&mut disk.watermark),
                from_ref(&end),
                from_ref(&watermark),
            );
        }
        Answer::Diverging { epoch, end } => {
            let keep = match switches.answer_names_epoch {
                true => spans::keep(&disk.spans, disk.end, epoch, end),
                false => end.min(disk.end),
            };
            spans::truncate(&mut disk.spans, keep);
            kernels::fetch::truncate(
                from_mut(&mut disk.end),
                from_mut(&mut disk.watermark),
                from_ref(&keep),
            );
        }
        Answer::EpochEnd(found) => {
            let memory = &mut row.memory[follower];
            let (keep, truncating) = maybe_truncate(disk, memory.truncating, found, switches);
            memory.truncating = truncating;
            spans::truncate(&mut disk.spans, keep);
            kernels::fetch::truncate(
                from_mut(&mut disk.end),
                from_mut(&mut disk.watermark),
                from_ref(&keep),
            );
        }
    }
}

/// How much a follower keeps, and whether it has to ask again.
///
/// Kafka: `ReplicaFetcherThread.maybeTruncate` in 1.0.0, `AbstractFetcherThread.getOffsetTruncationState` in
/// 2.0.1.  Where the leader knows nothing, the fetch offset is what is left: the watermark at first.
fn maybe_truncate(
    disk: &Disk,
    truncating: Truncating,
    found: Option<(u32, u64)>,
    switches: Switches,
) -> (u64, Truncating) {
    let Some((epoch, end)) = found else {
        let fetch_offset = match truncating {
            Truncating::FromWatermark => disk.watermark,
            Truncating::FromEnd | Truncating::Done => disk.end,
        };
        return (fetch_offset, Truncating::Done);
    };
    let own = match switches.answer_names_epoch {
        true => end_offset_for(disk, epoch, switches),
        false => None,
    };
    match own {
        Some((known, own_end)) if known != epoch => (own_end.min(disk.end), Truncating::FromEnd),
        Some((_, own_end)) => (own_end.min(end).min(disk.end), Truncating::Done),
        None => (end.min(disk.end), Truncating::Done),
    }
}
