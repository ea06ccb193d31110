//! What a Kafka version switches on, read off its sources.
//!
//! The model has a table of the same kind.  It is written twice on purpose: a version that one of
//! the two misread is a disagreement, not a shared belief.

use crate::spans::Noting;
use highwater_vocabulary::{Profile, Setting};

/// How the releases differ, as far as one partition can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Switches {
    /// The watermark stands still below min ISR: `Partition.maybeIncrementLeaderHW` asks
    /// `isUnderMinIsr` (KAFKA-15583; not in 3.5.0, in 3.9.1).
    pub strict_min_isr: bool,
    /// `Replica.updateFetchStateOrThrow` refuses a fetch of an older registration than the
    /// metadata knows (KAFKA-15221; in 3.5.0 it is `updateFetchState` and refuses nothing).
    pub checks_fetch_broker_epoch: bool,
    /// `AbstractFetcherThread.processFetchRequest` drops an answer that was asked for under
    /// another leader epoch (KAFKA-18723; in 3.9.1 and 4.1.0, not in 3.5.0 and 4.0.0).
    pub checks_answer_epoch: bool,
    /// `PartitionChangeBuilder.triggerLeaderEpochBumpIfNeeded`: in 3.3.2 and 3.5.0 every shrinking of the ISR
    /// starts a leader epoch; later only below metadata version 3.6 (KAFKA-15021).  With ZooKeeper the
    /// controller's own changes do (`LeaderAndIsr.newLeaderAndIsr`), whatever this says.
    pub shrinking_starts_epoch: bool,
    /// `ReplicationControlManager.handleBrokerShutdown` at the registration of a new incarnation
    /// (4.0.0; in 3.9.1 only for metadata versions that have ELR, of which there is none).
    pub registration_takes_seats: bool,
    /// The controller's own elections honour `unclean.leader.election.enable`, and it sweeps over
    /// leaderless partitions (`maybeElectUncleanLeaders`; KAFKA-12670, in 3.9.1).  With ZooKeeper every
    /// election of a leaderless partition does (`collectUncleanLeaderElectionState`).
    pub unclean_by_controller: bool,
    /// `PartitionChangeBuilder.canElectLastKnownLeader` notes that the last known leader does not
    /// live, and elects it (4.0.0; not 4.1.0, KAFKA-19522).
    pub elects_fenced_last_known: bool,
    /// `PartitionReassignmentReplicas.maybeCompleteReassignment` wants all target replicas in the ISR, not
    /// only the adding ones (in 3.9.1 and 4.2.0, not in 3.5.0, nor after KAFKA-19975).  The controller in
    /// ZooKeeper wants them all (`KafkaController.isReassignmentComplete`).
    pub reassignment_awaits_targets: bool,
    /// `Partition.makeLeader` takes metadata of the partition epoch it already acts on, and drops
    /// what has become pending since.  In every version; off in every profile (candidate F-EQ).
    pub equal_epoch_wipes_pending: bool,
    /// `Replica.resetReplicaState` keeps the followers' ends where the leader was leader before.
    /// In every version; off in every profile (candidate F-RE).
    pub reelected_leader_remembers: bool,
    /// The watermark also waits for a follower outside the ISR that was caught up within the lag
    /// time.  In every version; left out of every profile, because it only delays.
    pub waits_for_caught_up: bool,
    /// A fetch may be split and outlive its sender's role: `request`, `serve`, `answer`, `drop`.
    pub late_fetches: bool,
    /// `LeaderAndIsr` requests are never forgotten by the network: `late`.
    pub late_requests: bool,
    /// `Partition.updateIsr` writes the partition's node in ZooKeeper, if it is as the leader knows it
    /// (2.1.0; gone with `AlterIsrManager`, 2.7.0).
    pub leader_writes_isr: bool,
    /// `KafkaApis.isBrokerEpochStale`, and `KafkaController.processBrokerChange` looks for bounced
    /// brokers (KIP-380; in 2.7.0, not in 2.1.0; with KRaft there are no such requests).
    pub checks_request_broker_epoch: bool,
    /// `Partition.isReplicaIsrEligible` and `ReplicationControlManager.ineligibleReplicasForIsr`
    /// look at who is fenced (KIP-841; in 3.3.2, neither in 2.1.0 nor in 2.7.0).
    pub checks_isr_members: bool,
    /// The same two look at broker epochs (`isBrokerEpochIsrEligible`; KIP-903, in 3.5.0, not in 3.3.2).
    pub checks_member_epochs: bool,
    /// An answer to an ISR change is an occasion to move the watermark
    /// (`Partition.handleAlterPartitionUpdate`; `handleAlterIsrResponse` of 2.7.0 does not look).
    pub answer_moves_watermark: bool,
    /// A follower that gets another leader truncates to its own watermark, and states no epoch when it
    /// fetches (0.10.2: `Partition.makeFollower`, `ReplicaManager.makeFollowers`; gone since KIP-101,
    /// 0.11).
    pub truncates_to_watermark: bool,
    /// `PartitionFetchState.truncatingLog`: a follower that gets another leader sends
    /// OffsetsForLeaderEpoch before it fetches, and its fetches state no epoch (1.0.0, 2.0.1).
    pub asks_before_fetching: bool,
    /// `Partition.makeFollower` says that something has changed where the leader epoch is more than one
    /// above the one before (2.0.1, not 2.0.0; KAFKA-7164).
    pub asks_after_missed_epoch: bool,
    /// `EpochEndOffset` has the epoch that the offset is the end of, and
    /// `AbstractFetcherThread.getOffsetTruncationState` reads it (2.0.1, not 1.0.0).
    pub answer_names_epoch: bool,
    /// `Partition.checkCurrentLeaderEpoch` (2.1.0, not 2.0.1; KIP-320).
    pub checks_fetch_epoch: bool,
    /// `Partition.makeLeader` calls `LeaderEpochFileCache.assign`, which drops what conflicts (2.0.1);
    /// before, `Log.append` alone did, and it let a newer epoch stand.
    pub notes_epoch_at_election: bool,
    /// `Partition.maybeExpandIsr` asks for `leaderEpochStartOffsetOpt` (2.0.1; KAFKA-7128).
    pub checks_epoch_start: bool,
    /// `Partition.fetchOffsetForTimestamp` answers `OFFSET_NOT_AVAILABLE` while the watermark is below
    /// `leaderEpochStartOffsetOpt` (KIP-207; 2.2, so not in 2.1.0).
    pub withholds_latest: bool,
    /// The eligible leader replicas of KIP-966 (feature `eligible.leader.replicas.version`, 4.0).
    pub eligible_leader_replicas: bool,
}

impl Switches {
    /// The switches of a setting: those of its Kafka version, and whether it has ELR.
    pub fn of(setting: &Setting) -> Switches {
        let version = setting.kafka;
        Switches {
            strict_min_isr: version >= Profile::V3_9,
            checks_fetch_broker_epoch: version >= Profile::V3_9,
            checks_answer_epoch: matches!(version, Profile::V3_9 | Profile::V4_1),
            shrinking_starts_epoch: matches!(version, Profile::V3_3 | Profile::V3_5),
            registration_takes_seats: version >= Profile::V4_0,
            unclean_by_controller: version >= Profile::V3_9 || version.has_zookeeper(),
            elects_fenced_last_known: version == Profile::V4_0,
            reassignment_awaits_targets: version >= Profile::V3_9 || version.has_zookeeper(),
            equal_epoch_wipes_pending: false,
            reelected_leader_remembers: false,
            waits_for_caught_up: false,
            late_fetches: false,
            late_requests: false,
            leader_writes_isr: version < Profile::V2_7,
            checks_request_broker_epoch: version == Profile::V2_7,
            checks_isr_members: !version.has_zookeeper(),
            checks_member_epochs: version >= Profile::V3_5,
            answer_moves_watermark: version != Profile::V2_7,
            truncates_to_watermark: version < Profile::V1_0,
            asks_before_fetching: (Profile::V1_0..Profile::V2_1).contains(&version),
            asks_after_missed_epoch: version == Profile::V2_0,
            answer_names_epoch: version > Profile::V1_0,
            checks_fetch_epoch: version > Profile::V2_0,
            notes_epoch_at_election: version > Profile::V1_0,
            checks_epoch_start: version > Profile::V1_0,
            withholds_latest: version > Profile::V2_1,
            eligible_leader_replicas: version >= Profile::V4_0 && setting.eligible_leader_replicas,
        }
    }

    /// Whether followers do in rounds what the sweeps have them do: state their newest epoch with each
    /// fetch, and truncate by the answer; and whether leaders note and ask what the columns say.
    pub(crate) fn goes_by_sweeps(&self) -> bool {
        !self.truncates_to_watermark
            && !self.asks_before_fetching
            && self.answer_names_epoch
            && self.checks_fetch_epoch
            && self.notes_epoch_at_election
            && self.checks_epoch_start
    }

    /// What becomes of an epoch in a follower's cache when it copies records.
    pub(crate) fn noting(&self) -> Noting {
        if self.truncates_to_watermark {
            Noting::Everything
        } else if !self.notes_epoch_at_election {
            Noting::OnlyNewer
        } else {
            Noting::OverNewer
        }
    }

    /// The switch of that name, as stories write it.
    pub fn named(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "strict-min-isr" => &mut self.strict_min_isr,
            "checks-fetch-broker-epoch" => &mut self.checks_fetch_broker_epoch,
            "checks-answer-epoch" => &mut self.checks_answer_epoch,
            "shrinking-starts-epoch" => &mut self.shrinking_starts_epoch,
            "registration-takes-seats" => &mut self.registration_takes_seats,
            "unclean-by-controller" => &mut self.unclean_by_controller,
            "elects-fenced-last-known" => &mut self.elects_fenced_last_known,
            "reassignment-awaits-targets" => &mut self.reassignment_awaits_targets,
            "equal-epoch-wipes-pending" => &mut self.equal_epoch_wipes_pending,
            "reelected-leader-remembers" => &mut self.reelected_leader_remembers,
            "waits-for-caught-up" => &mut self.waits_for_caught_up,
            "truncates-to-watermark" => &mut self.truncates_to_watermark,
            "asks-before-fetching" => &mut self.asks_before_fetching,
            "asks-after-missed-epoch" => &mut self.asks_after_missed_epoch,
            "answer-names-epoch" => &mut self.answer_names_epoch,
            "checks-fetch-epoch" => &mut self.checks_fetch_epoch,
            "notes-epoch-at-election" => &mut self.notes_epoch_at_election,
            "checks-epoch-start" => &mut self.checks_epoch_start,
            "withholds-latest" => &mut self.withholds_latest,
            "late-fetches" => &mut self.late_fetches,
            "late-requests" => &mut self.late_requests,
            "leader-writes-isr" => &mut self.leader_writes_isr,
            "checks-request-broker-epoch" => &mut self.checks_request_broker_epoch,
            "checks-isr-members" => &mut self.checks_isr_members,
            "checks-member-epochs" => &mut self.checks_member_epochs,
            "answer-moves-watermark" => &mut self.answer_moves_watermark,
            _ => return None,
        })
    }
}
