//! What must be true for something to happen, each condition by its name.
//!
//! A guard is written once, in its rule, beside the effect it protects, and an experiment may waive
//! it.  `highwater rules`' table (checks/src/guards.rs) says for every one of them what breaks.

use std::fmt;
use std::str::FromStr;

macro_rules! guards {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $rule:literal;)*) => {
        /// A condition that Kafka checks, or a formula that it keeps to.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Guard {
            $($(#[doc = $doc])* $name,)*
        }

        impl Guard {
            /// Every one, in the order of the rules.
            pub const ALL: &'static [Guard] = &[$(Guard::$name,)*];

            /// As experiments and stories write it.
            pub fn name(self) -> &'static str {
                match self { $(Guard::$name => $text,)* }
            }

            /// The rule of docs/PROTOCOL.md that it belongs to.
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
    /// Only a broker that takes itself for the leader appends what producers send.
    LeadsLocally = "leads-locally", "R01";
    /// With acks=all nothing is appended while the committed ISR is smaller than min ISR.
    AdmissionAtMinIsr = "admission-at-min-isr", "R02";
    /// The leader goes by the topic's min ISR, as the controller does.
    LeaderKnowsMinIsr = "leader-knows-min-isr", "R03";
    /// A producer that asked for all is told only what lies below the watermark.
    AckAwaitsWatermark = "ack-awaits-watermark", "R05";
    /// A producer that asked for all is told only while the maximal ISR has min ISR members.
    AckAtMinIsr = "ack-at-min-isr", "R05";
    /// The watermark is the end of the slowest in-sync replica, not of the leader.
    WatermarkIsSlowestInSync = "watermark-is-slowest-in-sync", "R06";
    /// The watermark stands still while the committed ISR is smaller than min ISR (KIP-966).
    WatermarkAtMinIsr = "watermark-at-min-isr", "R07";
    /// A leader's watermark does not fall.
    WatermarkIsMonotone = "watermark-is-monotone", "R08";
    /// A proposed member counts for the watermark from the moment it is proposed (KIP-497).
    JoinerCountsAtOnce = "joiner-counts-at-once", "R09";
    /// A member proposed to be dropped counts until the controller has committed it (KIP-497).
    LeaverCountsUntilCommitted = "leaver-counts-until-committed", "R09";
    /// A fetch is served only under the leader's own epoch (KIP-320).
    FetchEpochIsCurrent = "fetch-epoch-is-current", "R10";
    /// A leader serves only followers that it knows to hold a replica.
    FetcherIsAssigned = "fetcher-is-assigned", "R11";
    /// A follower whose log leaves the leader's is told where, and given no records.
    DivergenceIsChecked = "divergence-is-checked", "R12";
    /// A diverging fetch proves nothing about what its sender holds (KAFKA-13141).
    DivergingFetchProvesNothing = "diverging-fetch-proves-nothing", "R12";
    /// A fetch of an older registration than the leader has learnt is refused (KAFKA-15221).
    FetchBrokerEpochIsCurrent = "fetch-broker-epoch-is-current", "R13";
    /// A follower told to truncate goes back to where the epochs of both logs last agree.
    TruncationComparesEpochs = "truncation-compares-epochs", "R14";
    /// An answer is appended only where the follower's log ends.
    AnswerIsForThisEnd = "answer-is-for-this-end", "R15";
    /// An answer given under another leader epoch is dropped (KAFKA-18723).
    AnswerEpochIsCurrent = "answer-epoch-is-current", "R15";
    /// A diverging answer leaves the follower's watermark alone (KAFKA-14704).
    DivergingAnswerKeepsWatermark = "diverging-answer-keeps-watermark", "R16";
    /// A follower's watermark does not pass its own log end.
    FollowerWatermarkWithinLog = "follower-watermark-within-log", "R16";
    /// A new follower starts from its log end; it does not first drop what it knows no commit of.
    FollowerKeepsLog = "follower-keeps-log", "R17";
    /// A new leader notes its epoch even before it has written anything.
    LeaderNotesEpoch = "leader-notes-epoch", "R18";
    /// Truncation also drops the note of a leader that wrote nothing (KAFKA-10706).
    TruncationDropsEmptyEpoch = "truncation-drops-empty-epoch", "R18";
    /// A follower joins the ISR only when it has proved to hold everything below the watermark.
    JoinerReachesWatermark = "joiner-reaches-watermark", "R19";
    /// A follower joins the ISR only when it has reached the start of the leader's epoch
    /// (KAFKA-7128).
    JoinerReachesEpochStart = "joiner-reaches-epoch-start", "R19";
    /// An observer joins the ISR only while the promotion policy asks for it.
    JoinerIsNoObserver = "joiner-is-no-observer", "R49";
    /// A follower that the leader knows to be fenced does not join the ISR (KIP-841).
    JoinerIsNotFenced = "joiner-is-not-fenced", "R19";
    /// A follower that the leader knows to be in controlled shutdown does not join the ISR (KIP-841).
    JoinerIsNotShuttingDown = "joiner-is-not-shutting-down", "R19";
    /// A follower joins the ISR only under the registration that the leader knows (KIP-903).
    JoinerEpochIsKnown = "joiner-epoch-is-known", "R19";
    /// A follower that has proved to hold the whole log is not dropped from the ISR.
    OnlyLaggingAreDropped = "only-lagging-are-dropped", "R20";
    /// A leader with a pending ISR change proposes no other.
    NoProposalWhilePending = "no-proposal-while-pending", "R21";
    /// A broker has one ISR change of a partition on the wire at a time.
    OneChangeOnTheWire = "one-change-on-the-wire", "R21";
    /// The controller takes an ISR change only from the sender's current registration.
    SenderEpochIsCurrent = "sender-epoch-is-current", "R22";
    /// The controller takes an ISR change only under the current leader epoch.
    ChangeEpochIsCurrent = "change-epoch-is-current", "R22";
    /// The controller takes an ISR change only from the leader.
    SenderLeads = "sender-leads", "R22";
    /// The controller takes an ISR change only if it builds on the newest one.
    ChangeBuildsOnNewest = "change-builds-on-newest", "R22";
    /// The controller admits no fenced member (KIP-841).
    MembersAreNotFenced = "members-are-not-fenced", "R23";
    /// The controller admits no member in controlled shutdown (KIP-841).
    MembersAreNotShuttingDown = "members-are-not-shutting-down", "R23";
    /// The controller admits no member under an older registration (KIP-903).
    MemberEpochsAreCurrent = "member-epochs-are-current", "R23";
    /// A leader that does not know whether its proposal was applied keeps counting with it.
    UnknownOutcomeStaysPending = "unknown-outcome-stays-pending", "R24";
    /// An answer counts only for the proposal it answers (KAFKA-12686).
    AnswerMatchesProposal = "answer-matches-proposal", "R24";
    /// Metadata older than what the leader acts on is not applied.
    MetadataIsNotOlder = "metadata-is-not-older", "R25";
    /// A new leader knows nothing of its followers until they fetch.
    NewLeaderForgetsFollowers = "new-leader-forgets-followers", "R26";
    /// Every election starts a new leader epoch.
    ElectionStartsEpoch = "election-starts-epoch", "R27";
    /// Whoever loses its replica starts a new leader epoch.
    LeavingStartsEpoch = "leaving-starts-epoch", "R27";
    /// A clean election chooses from the ISR, or from the eligible leader replicas if it is empty.
    ElectedIsCandidate = "elected-is-candidate", "R28";
    /// No fenced broker is elected.
    ElectedIsNotFenced = "elected-is-not-fenced", "R28";
    /// Outside ISR and ELR a leader is elected only where unclean election is allowed.
    UncleanIsAllowed = "unclean-is-allowed", "R29";
    /// Without eligible leader replicas the last member stays in the ISR.
    LastMemberStays = "last-member-stays", "R31";
    /// An unfenced broker makes the controller look for a leader of leaderless partitions.
    UnfencingElects = "unfencing-elects", "R32";
    /// The eligible leader replicas are cleared when the ISR is as large as min ISR.
    ElrEndsAtMinIsr = "elr-ends-at-min-isr", "R33";
    /// Whoever leaves an ISR that falls below min ISR becomes an eligible leader replica.
    LeaversBecomeEligible = "leavers-become-eligible", "R33";
    /// A change of min ISR clears the eligible leader replicas.
    MinIsrChangeClearsElr = "min-isr-change-clears-elr", "R33b";
    /// The last known leader is elected only if it is not fenced (KAFKA-19522).
    LastKnownLeaderIsNotFenced = "last-known-leader-is-not-fenced", "R34";
    /// The last known leader is elected only where ISR and eligible leader replicas are empty.
    LastKnownLeaderIsLastResort = "last-known-leader-is-last-resort", "R34";
    /// A broker that comes back from an unclean stop loses its seat among ISR and eligible leader
    /// replicas.
    UncleanStopCostsSeat = "unclean-stop-costs-seat", "R35";
    /// A reassignment completes only when whoever is to hold a replica is in the ISR.
    ReassignmentAwaitsReplicas = "reassignment-awaits-replicas", "R36";
    /// A reassignment is not taken back where that would leave nobody in sync, unless unclean elections are
    /// allowed.
    CancellingIsClean = "cancelling-is-clean", "R36";
    /// A new process of a broker registers only after the session of the old one has ended.
    RegistrationAwaitsSessionEnd = "registration-awaits-session-end", "R37";
    /// A registered broker stays fenced until it has applied its own registration.
    RegistrationFences = "registration-fences", "R37";
    /// A restarted broker acts on no metadata older than its own registration.
    RestartForgetsRole = "restart-forgets-role", "R38";
    /// Only a broker that cannot complete a heartbeat is fenced.
    FencedIsSilent = "fenced-is-silent", "R39";
    /// Consumers read only below the watermark of the replica that serves them.
    ReadsBelowWatermark = "reads-below-watermark", "R43";
    /// A leader does not say what the latest offset is before its watermark has reached the start of its
    /// epoch (KIP-207).
    LatestAwaitsEpochStart = "latest-awaits-epoch-start", "R44";
    /// A record of an idempotent producer that the log holds is not appended again (KIP-98).
    DuplicateIsRecognised = "duplicate-is-recognised", "R46";
    /// A record of an idempotent producer is appended only behind the one that was sent before it (KIP-98).
    SequenceIsNext = "sequence-is-next", "R46";
    /// What a leader knows of an idempotent producer it knows from its log, whoever appended it.
    ProducerStateFollowsLog = "producer-state-follows-log", "R46";
    /// A controller that has lost its office changes nothing any more: each of its writes is conditional
    /// on the version of `/controller_epoch` (KAFKA-6082).
    DeposedControllerWritesNothing = "deposed-controller-writes-nothing", "R50";
    /// A broker acts on a LeaderAndIsr request only if its leader epoch is larger than its own.
    RequestIsNewer = "request-is-newer", "R51";
    /// A broker refuses requests that were meant for an older registration of it (KIP-380).
    RequestBrokerEpochIsCurrent = "request-broker-epoch-is-current", "R51";
    /// A leader writes the ISR only over the version of the partition's node that it knows.
    IsrVersionIsCurrent = "isr-version-is-current", "R52";
    /// A broker that has come back before its absence was noticed is treated as one that was gone
    /// (KIP-380).
    BounceIsNoticed = "bounce-is-noticed", "R52";
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Guard {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Guard::ALL
            .iter()
            .copied()
            .find(|guard| guard.name() == name)
            .ok_or(())
    }
}

const _: () = assert!(Guard::ALL.len() <= 128, "a guard is a bit of `GuardSet`");

/// A set of guards: those that an experiment waives.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct GuardSet(u128);

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
        Guard::ALL
            .iter()
            .copied()
            .filter(move |guard| self.contains(*guard))
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

/// Why an event cannot happen here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disabled {
    /// A guard forbids it.
    By(Guard),
    /// The broker's process does not run, or is not registered.
    NotServing,
    /// The broker is not a leader.
    NotLeading,
    /// The broker follows nobody who could answer.
    NoLeaderToFetchFrom,
    /// A link is cut, or a datacenter lost.
    Unreachable,
    /// There is no active controller.
    NoController,
    /// Nothing of the kind is under way: no request, no answer, no metadata, no waiting record.
    NothingThere,
    /// It would change nothing, or is already so.
    AlreadySo,
    /// The other side fetches and keeps up, so no lag time can pass.
    NotLate,
    /// The record, the offset or the suffix is not in the log.
    NoSuchRecord,
    /// The leader would ask for an offset or epoch that the other log does not know.
    OffsetOutOfRange,
    /// The setting does not have what the event needs (ELR, unclean election).
    NotInThisSetting,
    /// A reassignment runs, and has to complete first: this model's own limit, not Kafka's.
    ReassignmentRuns,
    /// A log or the controller's window is full: the model's own limit, never Kafka's.
    ModelIsFull,
}

impl Disabled {
    /// As stories write it.
    pub fn name(self) -> &'static str {
        match self {
            Disabled::By(guard) => guard.name(),
            Disabled::NotServing => "not-serving",
            Disabled::NotLeading => "not-leading",
            Disabled::NoLeaderToFetchFrom => "no-leader-to-fetch-from",
            Disabled::Unreachable => "unreachable",
            Disabled::NoController => "no-controller",
            Disabled::NothingThere => "nothing-there",
            Disabled::AlreadySo => "already-so",
            Disabled::NotLate => "not-late",
            Disabled::NoSuchRecord => "no-such-record",
            Disabled::OffsetOutOfRange => "offset-out-of-range",
            Disabled::NotInThisSetting => "not-in-this-setting",
            Disabled::ReassignmentRuns => "reassignment-runs",
            Disabled::ModelIsFull => "model-is-full",
        }
    }
}

impl super::Replication {
    /// Whether `guard` is in force.
    pub fn keeps(&self, guard: Guard) -> bool {
        !self.variant.waived.contains(guard)
    }

    /// Demands `condition`, unless `guard` is waived.
    pub fn require(&self, guard: Guard, condition: bool) -> Result<(), Disabled> {
        if condition || !self.keeps(guard) {
            Ok(())
        } else {
            Err(Disabled::By(guard))
        }
    }
}
