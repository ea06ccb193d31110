//! The table itself: where each guard of the quorum is tried, and what comes out.

use super::guards::Worth::{AvailabilityOnly, Breaks, BreaksInStory, MaskedBy, NotReproduced};
use super::guards::{Case, Hope, Line, Worth};
use super::recovery::{anywhere, every_leader_could_commit, every_leader_votes, somebody_commits};
use highwater_model::quorum::Guard;
use highwater_model::quorum::Guard::*;

const fn line(guard: Guard, case: Case, worth: Worth) -> Line {
    Line { guard, case, worth }
}

/// Three voters, nothing that may fail, no record but those with which leaders begin.
const THREE: Case = Case {
    nodes: [3, 0],
    faults: "none",
    bounds: [0, 1, 0],
    pre_vote: false,
    apart: false,
};

const TWO_EPOCHS: Case = Case {
    bounds: [0, 2, 0],
    ..THREE
};

const fn with_fault(faults: &'static str, case: Case) -> Case {
    Case { faults, ..case }
}

const COMMITS: Hope = Hope {
    sentence: "some leader commits an entry of its epoch",
    asked: anywhere,
    goal: somebody_commits,
    more: [0, 2],
};

const NO_ISOLATED_LEADER: Hope = Hope {
    sentence: "whoever takes itself for the leader could commit",
    asked: anywhere,
    goal: every_leader_could_commit,
    more: [0, 1],
};

const LEADERS_VOTE: Hope = Hope {
    sentence: "whoever leads is a voter",
    asked: anywhere,
    goal: every_leader_votes,
    more: [0, 1],
};

pub(super) const TABLE: &[Line] = &[
    line(
        EpochIsKept,
        with_fault("voter-crash", THREE),
        Breaks("one-leader-per-epoch", 6),
    ),
    line(
        VoteIsKept,
        with_fault("voter-crash", THREE),
        Breaks("one-leader-per-epoch", 6),
    ),
    line(OneVoteAnEpoch, THREE, Breaks("one-leader-per-epoch", 4)),
    line(
        KnownLeaderEndsVoting,
        THREE,
        MaskedBy(&[OneVoteAnEpoch], "one-leader-per-epoch", 4),
    ),
    line(
        CandidatesVoteForThemselves,
        THREE,
        Breaks("one-leader-per-epoch", 4),
    ),
    line(VoteNeedsLog, TWO_EPOCHS, Breaks("leader-complete", 7)),
    line(
        VoteNamesDirectory,
        with_fault("voter-wiped", TWO_EPOCHS),
        NotReproduced(
            "who comes back with another directory is no voter, and does not stand for election",
        ),
    ),
    line(
        VoteIsForThisDirectory,
        with_fault("voter-wiped", TWO_EPOCHS),
        Breaks("one-leader-per-epoch", 6),
    ),
    line(MajorityElects, THREE, Breaks("one-leader-per-epoch", 2)),
    line(
        LeaderWritesAtOnce,
        THREE,
        AvailabilityOnly(
            "what earlier leaders left is not committed before the next record is written",
            COMMITS,
        ),
    ),
    line(
        FetchEpochIsCurrent,
        TWO_EPOCHS,
        MaskedBy(&[AnswerEpochIsCurrent], "leader-complete", 6),
    ),
    line(
        AnswerEpochIsCurrent,
        TWO_EPOCHS,
        MaskedBy(&[FetchEpochIsCurrent], "leader-complete", 6),
    ),
    line(DivergenceIsChecked, TWO_EPOCHS, Breaks("one-history", 6)),
    line(
        DivergingFetchProvesNothing,
        THREE,
        BreaksInStory(
            "leader-complete",
            &[
                "time-out a-1",
                "vote a-1 a-2",
                "time-out a-2",
                "vote a-2 a-3",
                "begin a-1 a-2",
                "fetch-lost a-1 a-2",
                "time-out a-1",
                "vote a-1 a-3",
            ],
        ),
    ),
    line(
        FollowerFlushesFirst,
        with_fault("voter-power-loss", TWO_EPOCHS),
        Breaks("leader-complete", 8),
    ),
    line(
        LeaderFlushesFirst,
        with_fault("voter-power-loss", TWO_EPOCHS),
        Breaks("leader-complete", 8),
    ),
    line(
        TruncationKeepsCommitted,
        TWO_EPOCHS,
        MaskedBy(&[VoteNeedsLog], "committed-survives", 10),
    ),
    line(MajorityCommits, TWO_EPOCHS, Breaks("leader-complete", 4)),
    line(
        OwnEpochCommits,
        THREE,
        BreaksInStory(
            "leader-complete",
            &[
                "time-out a-1",
                "vote a-1 a-3",
                "time-out a-2",
                "time-out a-2",
                "vote a-2 a-3",
                "resign a-1",
                "time-out a-1",
                "time-out a-1",
                "vote a-1 a-3",
                "fetch-part a-3 a-1",
                "fetch-lost a-3 a-1",
                "begin a-2 a-3",
                "time-out a-2",
                "vote a-2 a-3",
            ],
        ),
    ),
    line(
        RestartResigns,
        with_fault(
            "voter-power-loss",
            Case {
                bounds: [1, 1, 0],
                ..THREE
            },
        ),
        Breaks("log-matching", 7),
    ),
    line(
        LeaderChecksQuorum,
        with_fault(
            "cut:a|b+cut:a|c",
            Case {
                pre_vote: true,
                apart: true,
                ..THREE
            },
        ),
        AvailabilityOnly(
            "a leader that is cut off from the other voters stays the leader of whoever still sees it",
            NO_ISOLATED_LEADER,
        ),
    ),
    line(
        FollowerRefusesPreVote,
        Case {
            pre_vote: true,
            ..TWO_EPOCHS
        },
        Breaks("steady-leader", 8),
    ),
    line(
        PreVoteNeedsLog,
        Case {
            pre_vote: true,
            ..TWO_EPOCHS
        },
        NotReproduced("who stands with a log that is behind is not elected, and tries again"),
    ),
    line(
        VotersCountWhenAppended,
        Case {
            bounds: [0, 2, 2],
            ..THREE
        },
        Breaks("quorums-meet", 11),
    ),
    // Exhausted in experiments/quorum/two-changes-at-once.
    line(
        OneChangeAtATime,
        THREE,
        BreaksInStory(
            "leader-complete",
            &[
                "time-out a-1",
                "vote a-1 a-2",
                "fetch a-2 a-1",
                "fetch a-2 a-1",
                "remove-voter a-1 a-2",
                "remove-voter a-1 a-3",
                "time-out a-2",
                "vote a-2 a-3",
            ],
        ),
    ),
    line(
        ChangeAwaitsOwnEpoch,
        Case {
            nodes: [4, 0],
            ..THREE
        },
        BreaksInStory(
            "leader-complete",
            &[
                "time-out a-1",
                "vote a-1 a-2",
                "vote a-1 a-3",
                "remove-voter a-1 a-4",
                "time-out a-2",
                "vote a-2 a-3",
                "vote a-2 a-4",
                "remove-voter a-2 a-1",
                "fetch a-4 a-2",
                "fetch a-4 a-2",
                "resign a-1",
                "time-out a-1",
                "time-out a-1",
                "vote a-1 a-3",
            ],
        ),
    ),
    line(
        NewVoterIsCaughtUp,
        Case {
            nodes: [2, 1],
            bounds: [0, 2, 1],
            ..THREE
        },
        NotReproduced("a voter with an empty log delays commits until it has caught up"),
    ),
    line(
        VoterIdIsUnique,
        with_fault("voter-wiped", THREE),
        BreaksInStory(
            "leader-complete",
            &[
                "time-out a-1",
                "vote a-1 a-2",
                "fetch a-2 a-1",
                "fetch-lost a-2 a-1",
                "time-out a-2",
                "vote a-2 a-3",
                "wipe a-3",
                "restart a-3",
                "begin a-1 a-3",
                "fetch a-3 a-1",
                "fetch a-3 a-1",
                "add-voter a-1 a-3",
                "fetch a-3 a-1",
                "fetch a-3 a-1",
            ],
        ),
    ),
    line(
        ProofIsOfThisDirectory,
        with_fault("voter-wiped", TWO_EPOCHS),
        Breaks("leader-complete", 9),
    ),
    line(
        RemovedLeaderIsNotCounted,
        Case {
            nodes: [4, 0],
            ..THREE
        },
        BreaksInStory(
            "leader-complete",
            &[
                "time-out a-1",
                "vote a-1 a-2",
                "vote a-1 a-3",
                "fetch a-2 a-1",
                "fetch a-3 a-1",
                "fetch a-2 a-1",
                "fetch a-3 a-1",
                "remove-voter a-1 a-1",
                "fetch a-3 a-1",
                "append a-1 m1",
                "fetch a-2 a-1",
                "fetch a-2 a-1",
                "time-out a-3",
                "vote a-3 a-4",
            ],
        ),
    ),
    line(
        RemovedLeaderResigns,
        Case {
            bounds: [0, 1, 1],
            pre_vote: true,
            ..THREE
        },
        AvailabilityOnly(
            "a leader that was removed goes on leading voters of which it is none",
            LEADERS_VOTE,
        ),
    ),
];
