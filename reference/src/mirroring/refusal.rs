//! Why an event between clusters does not happen.

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
    /// The setting has no such cluster, topic-partition, mirror, task or group.
    NotInThisSetting = "not-in-this-setting",
    /// The tool has nothing of the kind.
    NotInThisTool = "not-in-this-tool",
    /// The mirror does not run.
    NotRunning = "not-running",
    /// The mirror reaches neither of its clusters.
    Cut = "cut",
    /// A cluster that the step needs is down.
    ClusterDown = "cluster-down",
    /// The topic-partition does not exist, or the mirror has not found it yet.
    NoSuchPartition = "no-such-partition",
    /// There is nothing of that kind to happen to.
    NothingThere = "nothing-there",
    /// It is so already, or nothing would change.
    AlreadySo = "already-so",
    /// The log does not hold that many.
    NoSuchRecord = "no-such-record",
    /// The mirror was stopped for good.
    Gone = "gone",
    // Guards.
    /// An operator has fenced the cluster.
    ClusterFenced = "cluster-fenced",
    /// Producers have no right to write it, or are not pointed to it.
    MirroredTopicsAreReadOnly = "mirrored-topics-are-read-only",
    /// The record has been written before.
    WrittenBefore = "written-before",
    /// A task has one record in memory at a time.
    MemoryIsFull = "memory-is-full",
    /// A link does not do that in the state in which it is.
    OtherLinkState = "other-link-state",
    /// The topic at the source is another one.
    TopicIdsAgree = "topic-ids-agree",
    /// The target has not got the same as the source up to its end, or cannot have.
    LogsPart = "logs-part",
    /// It is above the high watermark, or not stable.
    NotCommitted = "not-committed",
    /// Not everything was copied.
    NotDrained = "not-drained",
    /// Something is above the high watermark, or a transaction is open.
    SomethingIsOpen = "something-is-open",
    /// What belongs to the position and what was copied are in one transaction.
    OneTransaction = "one-transaction",
    /// `ProducerFencedException`: the worker has been replaced.
    ReplacedWorkersAreFenced = "replaced-workers-are-fenced",
    /// This version sends every offset sync that falls due.
    SyncsAreNotDropped = "syncs-are-not-dropped",
    /// The syncs that were there at the start have not been read to their end.
    SyncsAreReadToEnd = "syncs-are-read-to-end",
    /// There is no sync at or before the committed offset.
    NotTranslatable = "not-translatable",
    /// The checkpoint says nothing new.
    CheckpointsAreMonotone = "checkpoints-are-monotone",
    /// The mirror is not told to write the offsets of groups.
    GroupsAreNotSynced = "groups-are-not-synced",
    /// The tool finds no places for groups.
    FindsNoPlaces = "finds-no-places",
    /// The mirror has not looked since it last wrote.
    LooksBeforeItWrites = "looks-before-it-writes",
    /// The group runs already, here or elsewhere.
    OnePlaceAtATime = "one-place-at-a-time",
    /// What consumers have processed and not counted they do not commit.
    CommitsFollowCounts = "commits-follow-counts",
    /// Other consumers have started since, and the database takes nothing more from these.
    OlderWritersAreRefused = "older-writers-are-refused",
    /// The group does not run there.
    GroupNotRunning = "group-not-running",
    /// None of the clusters at which the group runs is down.
    ClusterIsReached = "cluster-is-reached",
    /// `UNKNOWN_MEMBER_ID`: the coordinator has no such member; or nobody asks it.
    UnknownMember = "unknown-member",
    /// The coordinator knows the group's members.
    KnownMember = "known-member",
    /// `NoOffsetForPartitionException`, `OffsetOutOfRangeException`: `auto.offset.reset` is `none`.
    NoResetPolicy = "no-reset-policy",
    /// There was no failover in the other direction.
    NoFailoverBefore = "no-failover-before",
    /// The mirror in the other direction runs.
    OtherDirectionRuns = "other-direction-runs",
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for Refusal {}
