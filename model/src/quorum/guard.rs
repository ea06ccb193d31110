//! What must be true for something to happen, each condition by its name.
//!
//! A guard is written once, in its rule, and an experiment may waive it.  docs/QUORUM.md has the table
//! of what breaks then; the checks try every line of it.

use std::fmt;
use std::str::FromStr;

macro_rules! guards {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $rule:literal;)*) => {
        /// A condition that KRaft checks, or a formula that it keeps to.
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

            /// The rule of docs/QUORUM.md that it belongs to.
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
    /// A voter's epoch is on its disk before anybody hears of it.
    EpochIsKept = "epoch-is-kept", "Q1";
    /// A vote is on the disk before it is given.
    VoteIsKept = "vote-is-kept", "Q1";
    /// A voter that has voted in an epoch votes for nobody else in it.
    OneVoteAnEpoch = "one-vote-an-epoch", "Q1";
    /// Whoever knows the leader of an epoch votes for nobody in it.
    KnownLeaderEndsVoting = "known-leader-ends-voting", "Q1";
    /// A candidate, a leader and one that has resigned vote for nobody else in their epoch.
    CandidatesVoteForThemselves = "candidates-vote-for-themselves", "Q1";
    /// A vote is given only to a log that is not behind the voter's own.
    VoteNeedsLog = "vote-needs-up-to-date-log", "Q1";
    /// A vote that was given is given again only to the same directory of the candidate.
    VoteNamesDirectory = "vote-names-the-directory", "Q1";
    /// A voter answers only requests for a vote that mean its directory (KIP-853).
    VoteIsForThisDirectory = "vote-is-for-this-directory", "Q1";
    /// More than half of the voters elect a leader.
    MajorityElects = "majority-elects", "Q3";
    /// A leader appends a record of its epoch as soon as it is elected.
    LeaderWritesAtOnce = "leader-writes-at-once", "Q3";
    /// A fetch is served only under the leader's own epoch.
    FetchEpochIsCurrent = "fetch-epoch-is-current", "Q4";
    /// An answer of an older epoch than the follower's is ignored.
    AnswerEpochIsCurrent = "answer-epoch-is-current", "Q4";
    /// A follower whose log leaves the leader's is told where, and given no entries.
    DivergenceIsChecked = "divergence-is-checked", "Q4";
    /// A diverging fetch proves nothing about what its sender holds.
    DivergingFetchProvesNothing = "diverging-fetch-proves-nothing", "Q4";
    /// A follower flushes what it has appended before it fetches again.
    FollowerFlushesFirst = "follower-flushes-first", "Q4";
    /// A leader flushes what it has appended before it handles another request.
    LeaderFlushesFirst = "leader-flushes-first", "Q4";
    /// A follower that is told to truncate what it knows to be committed refuses, and stops.
    TruncationKeepsCommitted = "truncation-keeps-committed", "Q4";
    /// What more than half of the voters hold is committed, and nothing else.
    MajorityCommits = "majority-commits", "Q5";
    /// A leader commits nothing before it commits an entry of its own epoch (Raft, section 5.4.2).
    OwnEpochCommits = "own-epoch-commits", "Q5";
    /// A leader that restarts does not lead its epoch again (KAFKA-10527).
    RestartResigns = "restart-resigns", "Q6";
    /// A leader that no majority fetches from resigns (KAFKA-15489).
    LeaderChecksQuorum = "leader-checks-quorum", "Q7";
    /// A follower that has fetched from its leader tells nobody to stand for election (KIP-996).
    FollowerRefusesPreVote = "follower-refuses-prevote", "Q8";
    /// Only a log that is not behind is told to stand for election.
    PreVoteNeedsLog = "prevote-needs-up-to-date-log", "Q8";
    /// A voter set counts from the moment its record is appended (KIP-853).
    VotersCountWhenAppended = "voters-count-when-appended", "Q9";
    /// The voter set is not changed while a change of it is uncommitted.
    OneChangeAtATime = "one-change-at-a-time", "Q9";
    /// The voter set is not changed before the leader has committed an entry of its own epoch.
    ChangeAwaitsOwnEpoch = "change-awaits-own-epoch", "Q9";
    /// Only a node that has caught up becomes a voter.
    NewVoterIsCaughtUp = "new-voter-is-caught-up", "Q9";
    /// No two voters have the same node id.
    VoterIdIsUnique = "voter-id-is-unique", "Q9";
    /// A fetch counts for the voter only if it comes from the directory that the voter set names.
    ProofIsOfThisDirectory = "proof-is-of-this-directory", "Q9";
    /// A leader that is no voter does not count towards the majority.
    RemovedLeaderIsNotCounted = "removed-leader-is-not-counted", "Q9";
    /// A leader whose removal is committed resigns.
    RemovedLeaderResigns = "removed-leader-resigns", "Q9";
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

const _: () = assert!(Guard::ALL.len() <= 32, "a guard is a bit of `GuardSet`");

/// A set of guards: those that an experiment waives.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct GuardSet(u32);

impl GuardSet {
    /// With `guard`.
    pub fn with(self, guard: Guard) -> Self {
        GuardSet(self.0 | 1 << guard as u32)
    }

    /// Whether `guard` is in it.
    pub fn contains(self, guard: Guard) -> bool {
        self.0 >> guard as u32 & 1 == 1
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

/// Why an event cannot happen here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disabled {
    /// A guard forbids it.
    By(Guard),
    /// The process does not run.
    Stopped,
    /// The process runs.
    Running,
    /// The node is in another role than this needs.
    OtherRole,
    /// The node is no voter, or already is one.
    OtherMembership,
    /// The connection cannot be opened.
    Unreachable,
    /// It would change nothing, or is already so.
    NothingThere,
    /// The answer says that the node leads an epoch in which it does not: its process ends there
    /// (`KafkaRaftClient.hasConsistentLeader`).
    WouldLeadItself,
    /// The version or the setting has nothing of the kind.
    NotInThisVersion,
    /// A log or the count of epochs is full: the model's own limit, never Kafka's.
    ModelIsFull,
}

impl super::Quorum {
    /// Whether `guard` is in force.
    pub fn keeps(&self, guard: Guard) -> bool {
        !self.variant.waived.contains(guard)
    }

    /// Demands `condition`, unless `guard` is waived.
    pub fn require(&self, guard: Guard, condition: bool) -> Result<(), Disabled> {
        match condition || !self.keeps(guard) {
            true => Ok(()),
            false => Err(Disabled::By(guard)),
        }
    }
}
