//! Brokers apply the controller's committed records: late, in order, one or several at once.

use crate::replication::rules::environment::reach_controller;
use crate::replication::rules::{request, watermark};
use crate::replication::state::{Asks, Image, Replica, Role, Tenure};
use crate::replication::{BrokerEpoch, Disabled, End, Guard, LeaderEpoch, Replication, State};
use highwater_vocabulary::{Broker, BrokerSet, Member};

/// A broker applies the next records as one batch: it sees the last of them, and nothing of those
/// in between.
///
/// Who: broker.  Source: KIP-631, `BrokerMetadataPublisher`, `ReplicaManager.applyDelta`; R17, R25,
/// R26, R42.
pub(super) fn learn(
    model: &Replication,
    before: &State,
    broker: Broker,
    records: u8,
) -> Result<State, Disabled> {
    if model.has_zookeeper() {
        return request::learn(model, before, broker, records);
    }
    let replica = &before.replicas[broker];
    if !replica.serves() {
        return Err(Disabled::NotServing);
    }
    reach_controller(model, before, broker)?;
    let newest = before.history_of(broker).newest();
    if records == 0 || replica.place.saturating_add(records) > newest {
        return Err(Disabled::NothingThere);
    }

    let mut after = *before;
    let old = *before.view(broker);
    after.replicas[broker].place += records;
    let new = *after.view(broker);
    // A batch that does not change the partition calls nobody who would look at the watermark: a new
    // min ISR waits for the next append or fetch (`ReplicaManager.applyDelta`).
    if new.partition_epoch != old.partition_epoch
        && apply_partition(model, &mut after, broker, &new)
    {
        // The configuration of a batch is applied after its partitions (`BrokerMetadataPublisher`), so
        // whoever looks at the watermark now goes by the min ISR from before, of the replicas from now.
        let min_isr = watermark::min_isr_of(model, old.min_isr, new.replicas);
        watermark::advance_under(model, &mut after, broker, min_isr);
    }
    Ok(after)
}

/// A broker that holds no replica, or no longer: its log is deleted with whatever else it knew.  One
/// that was down when it lost its replica finds a stray log when it starts, and deletes that.
///
/// Who: broker.  Source: `TopicDelta.localChanges`, `ReplicaManager.stopPartitions`,
/// `BrokerMetadataPublisher` for stray logs; R36.
fn leave(replica: &mut Replica) {
    replica.truncate(End(0));
    replica.role = Role::Idle;
    replica.asks = Asks::Nothing;
    replica.leader_epoch = LeaderEpoch(0);
}

/// What a broker makes of the partition's newest record, and whether it makes anything of it.
pub(super) fn apply_partition(
    model: &Replication,
    after: &mut State,
    broker: Broker,
    image: &Image,
) -> bool {
    // Only where a history has gone back does a record of another leader epoch come that is older than
    // what the leader knows by an answer.  What a LeaderAndIsr request says is applied whenever the
    // request is (`Partition.makeLeader`).
    let known = after.replicas[broker].tenure();
    let older = known.is_some_and(|tenure| image.partition_epoch < tenure.partition_epoch);
    if older && model.keeps(Guard::MetadataIsNotOlder) && !model.has_zookeeper() {
        return false;
    }
    if !image.replicas.contains(broker) {
        leave(&mut after.replicas[broker]);
        true
    } else if image.leader == Some(broker) {
        lead(model, &mut after.replicas[broker], broker, image)
    } else {
        follow(model, &mut after.replicas[broker], image);
        true
    }
}

/// The record names this broker as leader.  In a new leader epoch it takes office; in the one it
/// leads already it takes over the committed ISR, unless it knows better from an answer.
///
/// Who: broker.  Source: `Partition.makeLeader`; R25, R26.
fn lead(model: &Replication, replica: &mut Replica, broker: Broker, image: &Image) -> bool {
    let in_this_epoch = replica.leader_epoch == image.leader_epoch;
    match replica.role {
        Role::Leader(ref mut tenure) if in_this_epoch => {
            let equal = image.partition_epoch == tenure.partition_epoch;
            forget_others(tenure, image.replicas);
            let wiped = model.variant.switches.equal_epoch_wipes_pending || model.has_zookeeper();
            if equal && !wiped {
                return false;
            }
            tenure.isr = image.isr;
            tenure.partition_epoch = image.partition_epoch;
            tenure.pending = None;
        }
        _ => take_office(model, replica, broker, image),
    }
    true
}

/// The leader forgets followers that hold no replica any more.
///
/// Source: `Partition.updateAssignmentAndIsr`.
fn forget_others(tenure: &mut Tenure, replicas: BrokerSet) {
    for (index, end) in tenure.follower_end.0.iter_mut().enumerate() {
        let other = Broker::at(index);
        if !replicas.contains(other) {
            *end = None;
            tenure.follower_epoch[other] = BrokerEpoch(0);
        }
    }
    tenure.caught_up = tenure.caught_up.intersection(replicas);
}

/// A broker becomes the leader of a new epoch.  Its log is not truncated; whatever it holds is the
/// truth from now on.
///
/// Who: leader.  Source: `Partition.makeLeader`, `Replica.resetReplicaState`; R18, R26.
fn take_office(model: &Replication, replica: &mut Replica, broker: Broker, image: &Image) {
    let earlier = replica.tenure().copied();
    let mut tenure = Tenure {
        partition_epoch: image.partition_epoch,
        isr: image.isr,
        epoch_start: replica.log.end(),
        waiting: earlier.map(|tenure| tenure.waiting).unwrap_or_default(),
        ..Tenure::default()
    };
    if let Some(mut earlier) = earlier {
        forget_others(&mut earlier, image.replicas);
        tenure.follower_epoch = earlier.follower_epoch;
        if model.variant.switches.reelected_leader_remembers {
            tenure.follower_end = earlier.follower_end;
        }
    } else if !model.keeps(Guard::NewLeaderForgetsFollowers) {
        tenure.follower_end = replica.remembered;
        tenure.follower_epoch = image.broker_epochs;
    }
    if model.variant.switches.waits_for_caught_up {
        // Who is in the ISR counts as caught up at this moment, whether or not it was heard from.
        tenure.caught_up = image.isr.without(broker);
    }
    // Where a fetch of another epoch is answered the log may hold a later epoch than the one that begins:
    // as in `fetch::append`, the cache is taken to keep it.
    let is_later = image.leader_epoch > replica.log.last_epoch();
    let notes =
        model.variant.switches.notes_epoch_at_election && model.keeps(Guard::LeaderNotesEpoch);
    if notes && (is_later || model.keeps(Guard::FetchEpochIsCurrent)) {
        replica.log.assign_epoch(image.leader_epoch);
    }
    replica.asks = Asks::Nothing;
    replica.leader_epoch = image.leader_epoch;
    replica.role = Role::Leader(tenure);
}

/// The record names another leader, or none.  Producers that wait here are told that this is not
/// the leader.  In a new leader epoch the follower starts again from its log end; until 2.0 it is another
/// leader that makes it start again, by truncating or by asking, or an epoch that it has missed
/// (KAFKA-7164).
///
/// Who: follower.  Source: `Partition.makeFollower`, `ReplicaManager.applyLocalFollowersDelta`, in 1.0 and
/// 2.0 `AbstractFetcherThread.addPartitions`; R17.
fn follow(model: &Replication, replica: &mut Replica, image: &Image) {
    let new_epoch = image.leader_epoch > replica.leader_epoch;
    let new_leader = replica.role != Role::Follower(image.leader);
    if let (Role::Leader(tenure), false) =
        (replica.role, model.keeps(Guard::NewLeaderForgetsFollowers))
    {
        replica.remembered = tenure.follower_end;
    }
    let missed_one = image.leader_epoch.0 > replica.leader_epoch.0 + 1;
    replica.role = Role::Follower(image.leader);
    replica.leader_epoch = image.leader_epoch;
    if new_leader || missed_one && model.variant.switches.asks_after_missed_epoch {
        let asks = model.variant.switches.asks_before_fetching && image.leader.is_some();
        replica.asks = if asks { Asks::First } else { Asks::Nothing };
    }
    let truncates = match model.variant.switches.truncates_to_watermark {
        // 0.10.2 looks at the leader, not at its epoch.
        true => new_leader,
        false => new_epoch && !model.keeps(Guard::FollowerKeepsLog),
    };
    if truncates && image.leader.is_some() {
        replica.truncate(replica.watermark);
    }
}
