//! One partition with everything about it, as the rules see it: taken out of the columns for an
//! event, and put back after it.

use crate::cluster::Cluster;
use crate::former::{CopiedRow, FormerRow};
use crate::kernels::{Registrations, watermark};
use crate::spans::Span;
use highwater_vocabulary::{MOST_BROKERS, Record};
use std::slice::{from_mut, from_ref};

/// The controller's `PartitionRegistration`.  Sets of replicas are bits, in assignment order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Registration {
    pub leader: u8,
    pub in_sync: u8,
    pub eligible: u8,
    pub last_known: u8,
    pub leader_epoch: u32,
    pub partition_epoch: u32,
}

impl Registration {
    /// As columns of length one.
    pub(crate) fn as_columns(&mut self) -> Registrations<'_> {
        Registrations {
            leader: from_mut(&mut self.leader),
            in_sync: from_mut(&mut self.in_sync),
            eligible: from_mut(&mut self.eligible),
            last_known: from_mut(&mut self.last_known),
            leader_epoch: from_mut(&mut self.leader_epoch),
            partition_epoch: from_mut(&mut self.partition_epoch),
        }
    }
}

/// The replica lists of `PartitionRegistration`, as sets.  The order of the replicas is that of the
/// brokers, but for those who stand behind the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Assignment {
    /// `replicas`: during a reassignment also whoever is to go.
    pub replicas: u8,
    /// `addingReplicas`.
    pub adding: u8,
    /// `removingReplicas`.
    pub removing: u8,
    /// Who stands behind the others among the replicas, in the order of the brokers; nobody who would
    /// stand there anyway.
    pub behind: u8,
    /// The observers of Confluent Server.
    pub observers: u8,
}

impl Assignment {
    /// The min ISR that counts: no more than there are replicas (`effectiveMinIsr`).
    pub(crate) fn effective(&self, min_isr: u8) -> u8 {
        min_isr.min(self.replicas.count_ones() as u8)
    }
}

/// What a broker knows once it has applied a committed record: Kafka's `MetadataImage`, as far as
/// it concerns one partition.  With ZooKeeper a record is a `LeaderAndIsr` request and the state of its
/// controller, and a broker has no image but of the topic's configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Image {
    pub partition: Registration,
    pub assignment: Assignment,
    pub fenced: u8,
    pub in_controlled_shutdown: u8,
    pub broker_epoch: [u32; MOST_BROKERS],
    pub min_isr: u8,
}

impl Image {
    pub(crate) fn of(partition: Registration, assignment: Assignment, cluster: &Cluster) -> Image {
        Image {
            partition,
            assignment,
            fenced: cluster.fenced,
            in_controlled_shutdown: cluster.in_controlled_shutdown,
            broker_epoch: cluster.broker_epoch,
            min_isr: cluster.min_isr,
        }
    }

    /// Whether it is, as a `LeaderAndIsr` request, sent to this broker and not refused by it: not meant for
    /// an earlier registration, and with a leader of a larger leader epoch.
    pub(crate) fn may_be_taken(&self, broker: usize, memory: &Memory, own_epoch: u32) -> bool {
        let is_meant = self.fenced >> broker & 1 == 0 && self.broker_epoch[broker] >= own_epoch;
        is_meant && self.is_newer(memory) && self.partition.leader != 0
    }

    /// Whether its leader epoch is larger.
    pub(crate) fn is_newer(&self, memory: &Memory) -> bool {
        self.partition.leader_epoch > memory.leader_epoch
    }

    /// Whether it says another configuration, which no broker refuses, where `behind` more have been
    /// committed since it or before.  That comes by a way of its own in Kafka (`DynamicConfigManager`),
    /// and here with the requests.
    pub(crate) fn configures_anew(&self, behind: usize, memory: &Memory) -> bool {
        behind < memory.unconfigured && self.min_isr != memory.image.min_isr
    }

    /// With ZooKeeper: what a broker keeps of it, the topic's configuration and who holds a replica.
    pub(crate) fn kept(&self) -> Image {
        Image {
            assignment: self.assignment,
            min_isr: self.min_isr,
            ..Image::default()
        }
    }

    /// The min ISR that counts for a leader that has applied this.
    pub(crate) fn effective_min_isr(&self) -> u8 {
        self.assignment.effective(self.min_isr)
    }

    /// Whether that broker holds a replica.
    pub(crate) fn assigns(&self, broker: usize) -> bool {
        self.assignment.replicas >> broker & 1 == 1
    }
}

/// What lies on a broker's disk.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Disk {
    pub end: u64,
    pub watermark: u64,
    pub spans: Vec<Span>,
    /// How often this log has lost its end while its broker was down; and where an epoch may be led twice,
    /// how often its broker took office.
    pub losses: u32,
}

impl Disk {
    /// Whether there have been two histories: an epoch may be led twice then, also by one broker, whose log
    /// another leader has cut off meanwhile.
    pub(crate) fn tells_tenures_apart(&self) -> bool {
        self.losses > u32::from(u16::MAX)
    }
}

/// An ISR change that a leader has proposed (`PendingPartitionChange`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pending {
    /// Which proposal this is, so that its answer is known by it.
    pub number: u32,
    /// Who counts until it is settled: the committed ISR and whoever joins (`maximalIsr`).
    pub maximal: u8,
    /// The ISR that was proposed.
    pub proposed: u8,
}

/// An `AlterPartition` request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Proposal {
    pub number: u32,
    /// Whether it has left the broker: the controller has it then, whatever becomes of its sender.
    /// Until a controller is known that can be reached it waits in the broker
    /// (`NodeToControllerRequestThread`), and ends with it.
    pub sent: bool,
    pub in_sync: u8,
    /// The registration of each member, or 0 where it is not stated.
    pub broker_epoch: [u32; MOST_BROKERS],
    pub sender_epoch: u32,
    pub leader_epoch: u32,
    pub partition_epoch: u32,
}

impl Proposal {
    /// Whether the partition is already as the broker asks (`LeaderAndIsr.equalsIgnoreZk`).
    pub(crate) fn is_so(&self, broker: usize, now: &Registration) -> bool {
        (now.leader, now.leader_epoch, now.in_sync)
            == (1 << broker, self.leader_epoch, self.in_sync)
    }
}

/// What the controller answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// Taken; the partition is so now.
    Taken(Registration),
    /// `INELIGIBLE_REPLICA`: not taken.  The proposal is kept: it is sent again if its sender does not
    /// hear of this.
    Ineligible(Proposal),
    /// `NEW_LEADER_ELECTED`: taken, and with that a reassignment has taken the sender's office.  To the
    /// sender it is an error that says nothing.
    NewLeaderElected,
}

/// Where an ISR change is on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wire {
    Asked(Proposal),
    Answered { number: u32, verdict: Verdict },
}

impl Wire {
    /// What is left when an answer is lost: `DefaultAlterPartitionManager` repeats the request.  Where
    /// the change was taken the repeated one is out of date, and that changes nothing.
    pub(crate) fn unanswered(self) -> Option<Wire> {
        match self {
            Wire::Answered {
                verdict: Verdict::Ineligible(proposal),
                ..
            } => Some(Wire::Asked(Proposal {
                sent: false,
                ..proposal
            })),
            Wire::Answered { .. } => None,
            Wire::Asked(_) => Some(self),
        }
    }
}

/// What a broker knows while it takes itself for the leader.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Tenure {
    /// `leaderEpochStartOffset`.
    pub epoch_start: u64,
    /// `CommittedPartitionState.isr`.
    pub committed: u8,
    pub pending: Option<Pending>,
    /// Each follower's log end plus one; 0 if it has not fetched in this tenure.
    pub known: [u64; MOST_BROKERS],
    /// The registration under which each has fetched, or 0.
    pub heard_as: [u32; MOST_BROKERS],
    /// Followers that were at the log end, and whose lag time has not passed since.  Kept only
    /// where the watermark waits for them.
    pub caught_up: u8,
}

impl Tenure {
    /// `PartitionState.maximalIsr`.
    pub(crate) fn maximal(&self) -> u8 {
        self.pending
            .map_or(self.committed, |pending| pending.maximal)
    }
}

/// A record whose producer waits until the watermark has reached `end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Waiting {
    pub record: Record,
    pub end: u64,
}

/// What is in a broker's memory: blank while it does not run or has not registered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Memory {
    /// The metadata it has applied.
    pub image: Image,
    /// How many committed records it has not applied.
    pub behind: usize,
    /// With ZooKeeper: how many of those are newer than the topic's configuration that it has read.
    pub unconfigured: usize,
    /// What its `Partition` acts on; it may be ahead of the image by an answer.
    pub leader: u8,
    pub leader_epoch: u32,
    pub partition_epoch: u32,
    pub tenure: Option<Tenure>,
    pub truncating: Truncating,
    pub waiting: Vec<Waiting>,
    pub wire: Option<Wire>,
    /// The number of its newest proposal.
    pub proposals: u32,
}

impl Memory {
    /// The ISR change that is pending, to be asked for once more.
    pub(crate) fn asked_again(&self, sender_epoch: u32) -> Option<Proposal> {
        let pending = self.tenure.as_ref()?.pending?;
        Some(Proposal {
            number: pending.number,
            sent: false,
            in_sync: pending.proposed,
            broker_epoch: [0; MOST_BROKERS],
            sender_epoch,
            leader_epoch: self.leader_epoch,
            partition_epoch: self.partition_epoch,
        })
    }

    /// Nothing but a request that has left the broker, and those that are on their way to it.  There is
    /// one such place for each broker, which `apply L` names, so its next process proposes nothing while
    /// that is taken.
    pub(crate) fn but_what_was_sent(&self) -> Memory {
        let emptied = Memory {
            behind: self.behind,
            ..Memory::default()
        };
        match &self.wire {
            Some(Wire::Asked(proposal)) if proposal.sent => Memory {
                wire: self.wire,
                proposals: self.proposals,
                ..emptied
            },
            _ => emptied,
        }
    }
}

/// A fetch that may outlive its sender's role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Late {
    /// The broker it was sent to.
    pub to: usize,
    pub leader_epoch: u32,
    pub broker_epoch: u32,
    pub offset: u64,
    pub last_epoch: Option<u32>,
    /// OffsetsForLeaderEpoch: `last_epoch` is what it asks about, and it fetches nothing.
    pub asks: bool,
    pub answer: Option<Answer>,
}

/// What a leader answers to a fetch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// All there is from the offset asked for, and the watermark.
    Records {
        spans: Vec<Span>,
        end: u64,
        watermark: u64,
    },
    /// The newest epoch both may share, and where it ends.
    Diverging { epoch: u32, end: u64 },
    /// The answer to OffsetsForLeaderEpoch: the same, if it is known.
    EpochEnd(Option<(u32, u64)>),
}

/// Where a follower of 1.0 or 2.0 is before it fetches: `truncatingLog`, and what it has set as its fetch
/// offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Truncating {
    #[default]
    Done,
    /// Its fetch offset is its watermark (`ReplicaManager.makeFollowers`).
    FromWatermark,
    /// Its fetch offset is where it has truncated to.
    FromEnd,
}

/// A record by where and how it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Written {
    pub epoch: u32,
    pub writing: u32,
    pub offset: u64,
    pub record: Record,
}

/// The partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub registration: Registration,
    pub assignment: Assignment,
    pub disks: [Disk; MOST_BROKERS],
    pub memory: [Memory; MOST_BROKERS],
    /// What has been committed and not been applied by everybody, oldest first.
    pub records: Vec<Image>,
    pub late: [Option<Late>; MOST_BROKERS],
    pub acknowledged: u8,
    pub written: Vec<Written>,
    /// What a copy of the metadata that has fallen behind has of it.
    pub copied: Option<CopiedRow>,
    /// What the former history has of it, where there are two.
    pub former: Option<FormerRow>,
}

impl Row {
    /// A broker's view just after it has applied the newest metadata, in a partition where nothing
    /// is under way.
    pub(crate) fn settled_memory(
        (registration, assignment): (Registration, Assignment),
        cluster: &Cluster,
        broker: usize,
        tenure: impl FnOnce() -> Tenure,
    ) -> Memory {
        if !cluster.remembers(broker) {
            return Memory::default();
        }
        let leads = registration.leader >> broker & 1 == 1;
        let image = Image::of(registration, assignment, cluster);
        let (image, partition_epoch) = match cluster.has_zookeeper() {
            false => (image, registration.partition_epoch),
            // Who leads knows the version of the partition's node; others have no use for it.
            true => (
                image.kept(),
                registration.partition_epoch * u32::from(leads),
            ),
        };
        Memory {
            image,
            leader: registration.leader,
            leader_epoch: registration.leader_epoch,
            partition_epoch,
            tenure: leads.then(tenure),
            ..Memory::default()
        }
    }

    /// The controller commits what has just been changed: it becomes a record that every broker
    /// will apply.
    pub(crate) fn commit(&mut self, cluster: &Cluster) {
        let image = Image::of(self.registration, self.assignment, cluster);
        self.records.push(image);
        if let Some(copied) = &mut self.copied {
            copied.since += 1;
        }
        for broker in 0..cluster.brokers {
            let follows = cluster.remembers(broker) && !cluster.is_apart(broker);
            if follows || cluster.is_sent_to(broker) {
                self.memory[broker].behind += 1;
                self.memory[broker].unconfigured += usize::from(cluster.has_zookeeper());
            }
        }
    }

    /// With ZooKeeper: the partition's node has changed, and no request says so.  Who has all requests has
    /// them all still.
    pub(crate) fn commit_unsent(&mut self, cluster: &Cluster) {
        let image = Image::of(self.registration, self.assignment, cluster);
        self.records.push(image);
        for memory in &mut self.memory[..cluster.brokers] {
            memory.behind += usize::from(memory.behind > 0);
            memory.unconfigured += usize::from(memory.unconfigured > 0);
        }
    }

    /// Moves the leader's watermark if it may move (`Partition.maybeIncrementLeaderHW`).  `waited_for` are
    /// those who might join, and count while they are caught up.
    pub(crate) fn advance_watermark(&mut self, leader: usize, min_isr: u8, waited_for: u8) {
        let Some(tenure) = &self.memory[leader].tenure else {
            return;
        };
        let counted = tenure.maximal() | tenure.caught_up & waited_for;
        if !watermark::enough(tenure.committed, min_isr) {
            return;
        }
        let followers = (0..MOST_BROKERS).filter(|slot| counted & !(1 << leader) & 1 << slot != 0);
        let known: Vec<&[u64]> = followers
            .map(|slot| from_ref(&tenure.known[slot]))
            .collect();
        let disk = &mut self.disks[leader];
        watermark::raise(from_mut(&mut disk.watermark), from_ref(&disk.end), &known);
    }

    /// Who has been heard by the leader under the registration that its metadata knows
    /// (`Partition.isBrokerEpochIsrEligible`).
    pub(crate) fn heard_as_registered(&self, leader: usize) -> u8 {
        let memory = &self.memory[leader];
        let Some(tenure) = &memory.tenure else {
            return 0;
        };
        (0..MOST_BROKERS)
            .filter(|slot| {
                tenure.heard_as[*slot] != 0
                    && tenure.heard_as[*slot] == memory.image.broker_epoch[*slot]
            })
            .fold(0u8, |known, slot| known | 1 << slot)
    }

    /// What the end of a process takes with it.
    pub(crate) fn forget(&mut self, broker: usize) {
        self.memory[broker] = self.memory[broker].but_what_was_sent();
    }

    /// The leader epoch of what lies at an offset of a broker's log, and the record, if an event wrote
    /// it.
    ///
    /// # Panics
    /// If nothing lies there.
    pub(crate) fn record_at(&self, broker: usize, offset: u64) -> (u32, Option<Record>) {
        let mut spans = self.disks[broker].spans.iter();
        let span = spans
            .rfind(|span| span.start <= offset)
            .expect("whatever was written was written in an epoch");
        let written = self.written.iter().find(|written| {
            (written.epoch, written.writing, written.offset) == (span.epoch, span.writing, offset)
        });
        (span.epoch, written.map(|written| written.record))
    }
}
