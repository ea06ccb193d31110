//! A follower's fetch: asked for, handled by its leader, and answered.

use super::Around;
use super::isr;
use crate::kernels;
use crate::row::{Answer, Late, Row};
use crate::{Refusal, spans};
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
    Ok(Late {
        to,
        leader_epoch: memory.leader_epoch,
        broker_epoch,
        offset: disk.end,
        last_epoch: match around.rules.switches.truncates_to_watermark {
            true => None,
            false => spans::newest(&disk.spans),
        },
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
    if request.leader_epoch != row.memory[to].leader_epoch {
        return Err(Refusal::FetchEpochIsCurrent);
    }
    if row.memory[to].tenure.is_none() {
        return Err(Refusal::NotLeading);
    }
    // `followerReplicaOrThrow`.
    if !row.memory[to].image.assigns(follower) {
        return Err(Refusal::FetcherIsAssigned);
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
    let compares = !around.rules.switches.truncates_to_watermark;
    let disk = &mut row.disks[follower];
    match answer {
        Answer::Records {
            spans: leaders,
            end,
            watermark,
        } => {
            spans::copy(&mut disk.spans, disk.end, &leaders, end, compares);
            kernels::fetch::copy(
                from_mut(&mut disk.end),
                from_mut(&mut disk.watermark),
                from_ref(&end),
                from_ref(&watermark),
            );
        }
        Answer::Diverging { epoch, end } => {
            let keep = spans::keep(&disk.spans, disk.end, epoch, end);
            spans::truncate(&mut disk.spans, keep);
            kernels::fetch::truncate(
                from_mut(&mut disk.end),
                from_mut(&mut disk.watermark),
                from_ref(&keep),
            );
        }
    }
}
