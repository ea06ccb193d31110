//! Why an event does not happen, in the words of `docs/NOTATION.md`.

use std::fmt;

macro_rules! refusals {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What refuses an event.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Refusal {
            $($(#[$doc])* $variant,)*
        }

        impl Refusal {
            /// Every one.
            pub const ALL: &'static [Refusal] = &[$(Refusal::$variant,)*];

            /// As stories write it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Refusal::$variant => $name,)*
                }
            }
        }
    };
}

refusals! {
    // Physics and occasions.
    /// The broker's process does not run, or serves nobody yet.
    NotServing = "not-serving",
    /// The broker asked does not lead.
    NotLeading = "not-leading",
    /// The follower knows no leader, or is it.
    NoLeaderToFetchFrom = "no-leader-to-fetch-from",
    /// The connection cannot be opened, or too few voters can be reached.
    Unreachable = "unreachable",
    /// There is no active controller that could commit anything.
    NoController = "no-controller",
    /// There is nothing of that kind to happen to.
    NothingThere = "nothing-there",
    /// It is so already.
    AlreadySo = "already-so",
    /// The follower fetches and keeps up, so no lag time passes.
    NotLate = "not-late",
    /// A log does not hold that many records.
    NoSuchRecord = "no-such-record",
    /// The offset lies outside the log.
    OffsetOutOfRange = "offset-out-of-range",
    /// The setting has no such broker, datacenter, voter or switch.
    NotInThisSetting = "not-in-this-setting",
    /// A reassignment runs, and has to complete first.
    ReassignmentRuns = "reassignment-runs",
    // Guards of Kafka's.
    /// `NOT_LEADER_OR_FOLLOWER` to a producer.
    LeadsLocally = "leads-locally",
    /// `NOT_ENOUGH_REPLICAS`.
    AdmissionAtMinIsr = "admission-at-min-isr",
    /// `OUT_OF_ORDER_SEQUENCE_NUMBER`.
    SequenceIsNext = "sequence-is-next",
    /// The record is not below the watermark.
    AckAwaitsWatermark = "ack-awaits-watermark",
    /// `NOT_ENOUGH_REPLICAS_AFTER_APPEND` instead of success.
    AckAtMinIsr = "ack-at-min-isr",
    /// The offset is not below the watermark.
    ReadsBelowWatermark = "reads-below-watermark",
    /// `FENCED_LEADER_EPOCH` or `UNKNOWN_LEADER_EPOCH` to a fetch.
    FetchEpochIsCurrent = "fetch-epoch-is-current",
    /// `UNKNOWN_LEADER_EPOCH` to a fetch of a broker that holds no replica.
    FetcherIsAssigned = "fetcher-is-assigned",
    /// A fetch of an older registration than the leader knows.
    FetchBrokerEpochIsCurrent = "fetch-broker-epoch-is-current",
    /// The answer was given under another leader epoch.
    AnswerEpochIsCurrent = "answer-epoch-is-current",
    /// The answer continues another end than the log has now.
    AnswerIsForThisEnd = "answer-is-for-this-end",
    /// An ISR change is pending.
    NoProposalWhilePending = "no-proposal-while-pending",
    /// A former ISR change is still on its way (`OPERATION_NOT_ATTEMPTED`).
    OneChangeOnTheWire = "one-change-on-the-wire",
    /// The follower is at the leader's log end.
    OnlyLaggingAreDropped = "only-lagging-are-dropped",
    /// The broker can complete a heartbeat.
    FencedIsSilent = "fenced-is-silent",
    /// `STALE_CONTROLLER_EPOCH` to a `LeaderAndIsr` request whose leader epoch is not larger.
    RequestIsNewer = "request-is-newer",
    /// `STALE_BROKER_EPOCH` to a `LeaderAndIsr` request for an earlier registration.
    RequestBrokerEpochIsCurrent = "request-broker-epoch-is-current",
    /// The partition's node in ZooKeeper has another version than the leader knows.
    IsrVersionIsCurrent = "isr-version-is-current",
    /// Nobody would be in sync without those that the reassignment adds (`PartitionReassignmentRevert`).
    CancellingIsClean = "cancelling-is-clean",
    /// Unclean election is disabled, or the version's controller does not look at it.
    UncleanIsAllowed = "unclean-is-allowed",
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for Refusal {}
