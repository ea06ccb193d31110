//! The alphabet of replication: everything that may happen to one partition, one line each.
//!
//! `docs/NOTATION.md` argues for each event why it may be taken as one step.

use crate::{Broker, BrokerSet, Datacenter, MOST_BROKERS, Offset, Record};
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, VariantNames};

/// Something that happens.  The order of the variants is the order in which ties between
/// histories of equal length are decided, so it is part of the notation.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Debug,
    Serialize,
    Deserialize,
    VariantNames,
    EnumDiscriminants,
)]
#[strum(serialize_all = "kebab-case")]
#[strum_discriminants(name(Verb), doc = "What happens, without the operands.")]
#[expect(missing_docs, reason = "the line of each event names its operands")]
pub enum Event {
    // Clients.
    /// `produce B r`: a producer sends a record to a broker that takes itself for the leader.
    Produce { broker: Broker, record: Record },
    /// `retry B r`: a copy of a request that was sent before reaches a broker: the producer has not been
    /// answered and sends the record again, or the network had kept it.
    Retry { broker: Broker, record: Record },
    /// `ack B r`: the producer of a waiting record is told that it is committed.
    Ack { broker: Broker, record: Record },
    /// `refuse B r`: the producer of a waiting record is told that too few replicas were in sync
    /// after it had been appended; it cannot know whether the record stays.
    Refuse { broker: Broker, record: Record },
    /// `read X B o`: a consumer in datacenter X reads offset o from B.
    Read {
        from: Datacenter,
        broker: Broker,
        offset: Offset,
    },

    // Followers and leaders.
    /// `fetch F`: a fetch of F is handled by the leader it knows, and answered.
    Fetch { follower: Broker },
    /// `fetch-lost F`: a fetch of F is handled, and the answer is lost.
    FetchLost { follower: Broker },
    /// `request F`: F sends a fetch that may be late.
    Request { follower: Broker },
    /// `serve F`: the late fetch is handled by the broker it was sent to.
    Serve { follower: Broker },
    /// `answer F`: the late answer reaches F.
    Answer { follower: Broker },
    /// `drop F`: the late fetch, or its answer, is lost.
    Drop { follower: Broker },
    /// `lapse L F`: the lag time of F passes, and leader L no longer waits for F to join the ISR.
    Lapse { leader: Broker, follower: Broker },
    /// `shrink L F…`: leader L proposes an ISR without those.
    Shrink { leader: Broker, dropped: BrokerSet },
    /// `told L`: the controller's answer to L's ISR change arrives.
    Told { leader: Broker },
    /// `untold L`: that answer is lost.
    Untold { leader: Broker },
    /// `learn B n`: B applies the next n committed metadata records at once.
    ///
    /// With ZooKeeper: the LeaderAndIsr request of the nth record from here arrives at B; those
    /// between are lost, or late.
    Learn { broker: Broker, records: u8 },
    /// `late B n`: the LeaderAndIsr request n records before the one B took last arrives at B.
    Late { broker: Broker, records: u8 },
    /// `terminate B`: B fetches metadata that contradicts what it has applied, and its process ends.
    Terminate { broker: Broker },

    // The controller.
    /// `apply L`: the controller takes or rejects L's ISR change.
    Apply { leader: Broker },
    /// `fence B`: the session of B has expired; whatever it led or held is re-elected.
    Fence { broker: Broker },
    /// `unfence B`: B has caught up with its registration and is let back in.
    Unfence { broker: Broker },
    /// `register B`: a restarted broker registers and gets a new broker epoch.
    Register { broker: Broker },
    /// `prefer`: the preferred leader is elected, if it may lead.
    Prefer,
    /// `unclean`: the controller's own sweep over leaderless partitions elects uncleanly.
    Unclean,
    /// `activate X`: a voter of X becomes the active controller; with ZooKeeper, a broker of X.
    Activate { datacenter: Datacenter },

    // Operators.
    /// `set-min-isr n`: the topic's `min.insync.replicas` is changed.
    SetMinIsr { to: u8 },
    /// `promote-observers X`: the observers of X become ordinary replicas, by a change of the
    /// topic's placement.
    PromoteObservers { datacenter: Datacenter },
    /// `reassign B…`: a reassignment to these replicas begins, in the order of the setting.
    Reassign { replicas: BrokerSet },
    /// `cancel-reassignment`: the reassignment that runs is taken back.
    CancelReassignment,
    /// `elect-unclean`: an operator asks for an unclean election of a leaderless partition.
    ElectUnclean,
    /// `controlled-shutdown B`: the controller hears that B wants to be shut down, and gives what it led and
    /// its seat in the ISR to others.
    ControlledShutdown { broker: Broker },
    /// `stop B`: B is shut down in an orderly way.
    Stop { broker: Broker },
    /// `break-out X`: the voters or observers of X are made a metadata quorum of their own, and go on
    /// from what they hold.
    BreakOut { datacenter: Datacenter },
    /// `add-voter X`: the metadata quorum gets one more voter in X.
    AddVoter { datacenter: Datacenter },

    // Healing, which is never rationed.
    /// `restart B`, `restart B w`: the process starts again; its high watermark is the one it had,
    /// or w if the checkpoint on disk is older.
    Restart {
        broker: Broker,
        watermark: Option<Offset>,
    },
    /// `resume B`: a paused broker goes on.
    Resume { broker: Broker },
    /// `catch-up`: the episode of lag ends.
    CatchUp,
    /// `return X`: the datacenter has power and network again; its voters run, its brokers may
    /// restart.
    Return { datacenter: Datacenter },
    /// `heal X Y`: every connection between the two works again.
    Heal { between: [Datacenter; 2] },

    // Faults.
    /// `crash B`.
    Crash { broker: Broker },
    /// `power-loss B n`: B stops, and the last n records of its log are gone.
    PowerLoss { broker: Broker, lost: u8 },
    /// `wipe B`: B stops, and its disk is empty.
    Wipe { broker: Broker },
    /// `pause B`.
    Pause { broker: Broker },
    /// `lag`: followers may fall behind from here on.
    Lag,
    /// `lose X`: every broker and voter of X stops.
    Lose { datacenter: Datacenter },
    /// `darken X n…`: X loses power; its brokers lose the last n records, each its own n.
    Darken {
        datacenter: Datacenter,
        lost: [u8; MOST_BROKERS],
    },
    /// `destroy X`: X is lost with its disks.
    Destroy { datacenter: Datacenter },
    /// `cut X Y`.
    Cut { between: [Datacenter; 2] },
    /// `cut-from X Y`: connections opened from X to Y fail.
    CutFrom { from: Datacenter, to: Datacenter },
    /// `depose`: the active controller loses its office.
    Depose,
    /// `fall-behind X`: a copy of the metadata in X, a voter's or an observer's, learns nothing that is
    /// committed from here on.
    FallBehind { datacenter: Datacenter },
    /// `roll-back X`: the quorum elects a voter of X that has fallen behind, and goes on from what it
    /// holds.
    RollBack { datacenter: Datacenter },
}

impl Event {
    /// The first word of the line of each event, in the order of the events.
    pub const VERBS: &'static [&'static str] = <Event as VariantNames>::VARIANTS;

    /// The place of this event's word among them.
    pub fn verb(&self) -> usize {
        Verb::from(self) as usize
    }
}
