//! What must be true for something to happen, each condition by its name.
//!
//! A guard is written once, in its rule.  An experiment may waive it, and a version of a tool may lack
//! it: most of what was mended in MirrorMaker over the years is a guard that came later.

use super::Mirroring;
use highwater_vocabulary::mirroring::{Task, Tool};
use std::fmt;
use std::str::FromStr;

macro_rules! guards {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $rule:literal;)*) => {
        /// A condition that a mirror or its users keep to, or a formula.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Guard {
            $($(#[doc = $doc])* $name,)*
        }

        impl Guard {
            /// Every one, in the order of the rules.
            pub const ALL: &'static [Guard] = &[$(Guard::$name,)*];

            /// As experiments write it.
            pub fn name(self) -> &'static str {
                match self { $(Guard::$name => $text,)* }
            }

            /// The rule of docs/MIRRORING.md that it belongs to.
            pub fn rule(self) -> &'static str {
                match self { $(Guard::$name => $rule,)* }
            }

            /// What it demands, as a sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Guard::$name => concat!($($doc),*).trim_ascii_start(),)* }
            }
        }
    };
}

guards! {
    /// Only what the target has acknowledged is stored as copied.
    PositionFollowsAcknowledgement = "position-follows-acknowledgement", "M02, M07";
    /// A worker that starts seeks to the offset after the stored one.
    SeekPastTheStored = "seek-past-the-stored", "M05";
    /// A copy goes to the partition of the same number.
    SamePartition = "same-partition", "M06";
    /// With exactly-once, a record and its position are stored in one transaction (KIP-618).
    PositionInTheTransaction = "position-in-the-transaction", "M08";
    /// With exactly-once, a worker that was replaced can write nothing more (KIP-618).
    ReplacedWorkersAreFenced = "replaced-workers-are-fenced", "M08";
    /// With exactly-once, a task reads only what is committed (KIP-618).
    ReadsCommitted = "reads-committed", "M08";
    /// A consumer that has fetched before finds out that the log was truncated (KIP-320).
    TruncationIsDetected = "truncation-is-detected", "M11";
    /// New partitions of the source are found and copied.
    RefreshFindsPartitions = "refresh-finds-partitions", "M12";
    /// The configuration of a topic is copied.
    ConfigurationIsCopied = "configuration-is-copied", "M13";
    /// Nobody but the mirror may write what a mirror writes.
    MirroredTopicsAreReadOnly = "mirrored-topics-are-read-only", "M13";
    /// A topic is not copied to a cluster through which it has come.
    NothingGoesBack = "nothing-goes-back", "M16";
    /// An offset sync speaks of a record that the target has acknowledged.
    SyncFollowsAcknowledgement = "sync-follows-acknowledgement", "M20";
    /// An offset sync that is due stays due until it is sent (KAFKA-12558).
    SyncsAreNotDropped = "syncs-are-not-dropped", "M20";
    /// An offset sync that was not due falls due at the next periodic commit (KAFKA-15906).
    DelayedSyncsAreSent = "delayed-syncs-are-sent", "M20";
    /// More than the newest offset sync is kept, so that a group that lags has a translation
    /// (KAFKA-14666).
    OlderSyncsAreKept = "older-syncs-are-kept", "M22";
    /// When the source's offsets go back, the syncs of the former history are forgotten.
    RewindForgetsSyncs = "rewind-forgets-syncs", "M22";
    /// Committed offsets are translated (KAFKA-12635, KAFKA-13452).
    OffsetsAreTranslated = "offsets-are-translated", "M23";
    /// An offset is translated only by a sync that is not later.
    SyncIsNotLater = "sync-is-not-later", "M23";
    /// Of what follows a sync nothing is known but that it follows: one step, not the difference
    /// (KAFKA-12468).
    OneStepPastTheSync = "one-step-past-the-sync", "M24";
    /// Nothing is translated before the offset syncs that were there are read (KAFKA-13659).
    SyncsAreReadToTheEnd = "syncs-are-read-to-the-end", "M25";
    /// A checkpoint task that restarts keeps the history of syncs and checkpoints (KAFKA-15905).
    HistorySurvivesRestart = "history-survives-restart", "M26";
    /// A checkpoint goes forward, unless the group went back (KAFKA-13659).
    CheckpointsAdvance = "checkpoints-advance", "M27";
    /// Offset 0 is an offset (KAFKA-10048).
    OffsetZeroCounts = "offset-zero-counts", "M27";
    /// The offsets of a group that runs are not written: the broker refuses.
    RunningGroupsAreRefused = "running-groups-are-refused", "M28";
    /// The offsets of an idle group are written only if they advance.
    GroupOffsetsAdvance = "group-offsets-advance", "M28";
    /// The offsets of a group of which nothing is known are not written, unless it was never there
    /// (KAFKA-19794).
    UnknownGroupsAreLeftAlone = "unknown-groups-are-left-alone", "M29";
    /// Consumers commit in Kafka only what they have counted.
    CommitsFollowCounts = "commits-follow-counts", "M48, M52";
    /// A link fetches nothing that is above the source's high watermark.
    FetchBelowWatermark = "fetch-below-watermark", "M38";
    /// What a link has fetched is appended at the offset at which it was fetched, or not at all.
    AppendsWhereItFetched = "appends-where-it-fetched", "M38";
    /// What a link writes may be written only once it has stopped.
    WritableWhenStopped = "writable-when-stopped", "M39";
    /// A link that stops throws away what it has fetched and not appended.
    FetchersStopFirst = "fetchers-stop-first", "M39, M44";
    /// Committed offsets at the target of a link do not pass its end.
    OffsetsAreClamped = "offsets-are-clamped", "M40";
    /// A link is promoted once nothing is left to copy.
    PromotionDrains = "promotion-drains", "M41";
    /// The offsets of a group that has moved are not copied any more.
    MovedGroupsAreLeftAlone = "moved-groups-are-left-alone", "M42";
    /// What the old primary has more than the link had is truncated before it is mirrored back.
    TruncatesBeforeMirroringBack = "truncates-before-mirroring-back", "M43";
    /// A link is reversed once nothing is left to copy.
    ReversalDrains = "reversal-drains", "M43";
    /// A link does not begin to write a topic that is there already.
    MirrorTopicsAreNew = "mirror-topics-are-new", "M43, C74";
    /// A link that stops truncates what it has written to the last stable offset.
    StopTruncatesToStable = "stop-truncates-to-stable", "M44";
    /// The old primary is truncated by the epoch of what was copied last, not by its offset.
    TruncatesByEpoch = "truncates-by-epoch", "M45";
    /// A link that stops raises the leader epoch above all that it has copied.
    EpochIsRaised = "epoch-is-raised", "M45";
    /// A copy has the leader epoch of what it is a copy of.
    EpochsAreKept = "epochs-are-kept", "M45";
    /// A link finds out by leader epochs that its source has parted from its target (KIP-595).
    LinksFindDivergence = "links-find-divergence", "M45";
    /// A link that begins its stop anew keeps what it has stored.
    LastIsKeptWhenRedone = "last-is-kept-when-redone", "M45";
    /// A link that stops aborts the transactions that are open in what it wrote.
    OpenTransactionsAreAborted = "open-transactions-are-aborted", "M44, M46";
    /// The ids of producers at the target do not meet those that were copied.
    IdsStayApart = "ids-stay-apart", "M46";
    /// A link fetches only below the source's last stable offset.
    FetchBelowStable = "fetch-below-stable", "M47";
    /// A link fetches only from the topic of which its target is a copy.
    TopicIdsAgree = "topic-ids-agree", "M47";
    /// A record is not copied to a topic and cluster through which it has come, as its headers say.
    ProvenanceIsLookedAt = "provenance-is-looked-at", "M34";
    /// The offset that an instrumented group commits is noted with a time stamp.
    InterceptorWritesARow = "interceptor-writes-a-row", "M31";
    /// Of the places to which the sources of an aggregate are mapped, the least is taken.
    MappingTakesTheLeast = "mapping-takes-the-least", "M37";
    /// Every source of an aggregate is mapped.
    MappingCoversEverySource = "mapping-covers-every-source", "M37";
    /// A group runs at one cluster at a time.
    OnePlaceAtATime = "one-place-at-a-time", "M49";
    /// Consumers whose place is in the transaction with their counts begin there, and not at what is committed.
    BeginsBesideItsCounts = "begins-beside-its-counts", "M52";
    /// Once consumers have started, those that wrote to the same database before can write nothing more.
    OlderWritersAreRefused = "older-writers-are-refused", "M52, C90";
    /// A seek by time stamp goes to the first record of that stamp, not past it.
    SeekIncludesTies = "seek-includes-ties", "M32, C51";
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Guard {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let mut guards = Guard::ALL.iter().copied();
        guards.find(|guard| guard.name() == name).ok_or(())
    }
}

const _: () = assert!(Guard::ALL.len() <= 64, "a guard is a bit of `GuardSet`");

/// A set of guards.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct GuardSet(u64);

impl GuardSet {
    /// With `guard`.
    pub fn with(self, guard: Guard) -> Self {
        GuardSet(self.0 | 1 << guard as u64)
    }

    /// Whether `guard` is in it.
    pub fn contains(self, guard: Guard) -> bool {
        self.0 >> guard as u64 & 1 == 1
    }

    /// The members, in the order of the rules.
    pub fn iter(self) -> impl Iterator<Item = Guard> {
        let all = Guard::ALL.iter().copied();
        all.filter(move |guard| self.contains(*guard))
    }
}

impl FromIterator<Guard> for GuardSet {
    fn from_iter<I: IntoIterator<Item = Guard>>(guards: I) -> Self {
        guards.into_iter().fold(GuardSet::default(), GuardSet::with)
    }
}

impl fmt::Debug for GuardSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The guards that a version of a tool lacks.
pub fn lacking(tool: Tool) -> &'static [Guard] {
    match tool {
        Tool::MirrorMaker1 => &[Guard::SamePartition, Guard::ConfigurationIsCopied],
        Tool::MirrorMaker2At3_4 => &[
            Guard::SyncsAreNotDropped,
            Guard::DelayedSyncsAreSent,
            Guard::OlderSyncsAreKept,
            Guard::OneStepPastTheSync,
            Guard::SyncsAreReadToTheEnd,
            Guard::HistorySurvivesRestart,
            Guard::CheckpointsAdvance,
            Guard::UnknownGroupsAreLeftAlone,
        ],
        Tool::MirrorMaker2At3_9 => &[Guard::UnknownGroupsAreLeftAlone],
        Tool::ClusterLinking => &[
            Guard::MovedGroupsAreLeftAlone,
            Guard::StopTruncatesToStable,
            Guard::TruncatesByEpoch,
            Guard::LastIsKeptWhenRedone,
            Guard::FetchBelowStable,
        ],
        Tool::MirroringAt2026_03 => &[
            Guard::MovedGroupsAreLeftAlone,
            Guard::TruncatesByEpoch,
            Guard::EpochsAreKept,
            Guard::LinksFindDivergence,
            Guard::LastIsKeptWhenRedone,
        ],
        Tool::MirroringAt2026_11 => &[
            Guard::MovedGroupsAreLeftAlone,
            Guard::StopTruncatesToStable,
            Guard::LastIsKeptWhenRedone,
            Guard::FetchBelowStable,
        ],
        Tool::Replicator => &[Guard::NothingGoesBack],
        Tool::UReplicator => &[Guard::NothingGoesBack, Guard::ConfigurationIsCopied],
    }
}

/// Why an event cannot happen here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disabled {
    /// A guard forbids it.
    By(Guard),
    /// The cluster is down.
    ClusterIsDown,
    /// The cluster is up.
    ClusterIsUp,
    /// The cluster takes nothing from producers.
    Fenced,
    /// The topic-partition does not exist, or is already there.
    NoSuchPartition,
    /// Producers do not write it.
    NobodyWrites,
    /// The record was written before.
    AlreadyWritten,
    /// The mirror does not run, or does.
    OtherLife,
    /// The mirror reaches neither cluster.
    Unreachable,
    /// The task does not know of its topic-partition yet.
    NotYetKnown,
    /// A worker has something in memory already, or nothing.
    Memory,
    /// The group runs there already, or does not.
    OtherPlace,
    /// The coordinator does not know the group's consumers as its members, or knows them.
    NoMember,
    /// It would change nothing, or there is nothing of the kind.
    NothingThere,
    /// The consumer has nowhere to start and is told to fail then.
    NoOffset,
    /// The tool has nothing of the kind.
    NotInThisTool,
    /// The link is in another state.
    LinkState,
    /// The target of the link has to be truncated first.
    Truncation,
    /// A transaction is open, or none; or something is above the high watermark.
    Transaction,
    /// A log or a list is full: the model's own limit, never Kafka's.
    ModelIsFull,
}

impl Mirroring {
    /// Whether a guard that is nobody's in particular is in force.
    pub fn keeps(&self, guard: Guard) -> bool {
        !self.variant.waived.contains(guard)
    }

    /// Whether a guard is in force for a task: its tool may lack it.
    pub fn keeps_for(&self, task: Task, guard: Guard) -> bool {
        let lacks = lacking(self.setting.flow_of(task).tool).contains(&guard);
        self.keeps(guard) && (!lacks || self.variant.restored.contains(guard))
    }

    /// Demands `condition`, unless `guard` is waived.
    pub fn require(&self, guard: Guard, condition: bool) -> Result<(), Disabled> {
        match condition || !self.keeps(guard) {
            true => Ok(()),
            false => Err(Disabled::By(guard)),
        }
    }
}
