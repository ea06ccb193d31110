//! The lines of the guard table, in the order of the rules.

use crate::guards::Besides::{self, MinIsr, Nothing, Read, Reassign, ReassignAndCancel, Retry};
use crate::guards::Worth::{AvailabilityOnly, Breaks, MaskedBy, NotReproduced};
use crate::guards::{Case, Line, Worth};
use highwater_model::replication::Guard::{self, *};

const ONE: &str = "4.1, brokers a-1 b-1, min ISR 1, elr on";
const TWO: &str = "4.1, brokers a-1 b-1, min ISR 2, elr on";
const TWO_OF_THREE: &str = "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on";
const ONE_OF_THREE: &str = "4.1, brokers a-1 b-1 c-1, min ISR 1, elr on";
/// A cut between a and b silences a; b keeps the controllers.
const CUT_OFF: &str = "4.1, brokers a-1 b-1 c-1, voters b 1, min ISR 2, elr on";
const LATE: &str = "4.1, brokers a-1 b-1, voters a 1 b 1 w 1, min ISR 1, elr on, with late-fetches";
const LATE_WITHOUT_ACKS: &str =
    "4.1, brokers a-1 b-1, voters b 1, min ISR 1, acks 0, elr on, with late-fetches";
/// Only an unclean election would let the observer in.
const OBSERVER: &str = "4.1, brokers b-1 a-1 b-2, voters a 1 b 1 w 1, min ISR 2, elr on, observers b-2, \
                        promotion leader-is-observer";
const CAS: &str = "2.1, brokers a-1 b-1, min ISR 1";
const ALTER_ISR: &str = "2.7, brokers a-1 b-1, min ISR 1";
const LATE_REQUESTS: &str = "2.1, brokers a-1 b-1, min ISR 1, with late-requests";
const LATE_REQUESTS_2_7: &str = "2.7, brokers a-1 b-1, min ISR 1, with late-requests";
const AND_A_SPARE: &str = "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on, spares c-1";
const TWO_SPARES_WITHOUT_ELR: &str = "4.1, brokers a-1 b-1 c-1, min ISR 1, elr off, spares b-1 c-1";
const IDEMPOTENT: &str = "4.1, brokers a-1 b-1, min ISR 1, idempotence on, elr on";
const WITHOUT_ELR: &str = "4.1, brokers a-1 b-1, min ISR 1, elr off";

const fn line(
    guard: Guard,
    setting: &'static str,
    faults: &'static str,
    bounds: [u8; 4],
    worth: Worth,
) -> Line {
    line_with(guard, setting, faults, bounds, Nothing, worth)
}

const fn line_with(
    guard: Guard,
    setting: &'static str,
    faults: &'static str,
    bounds: [u8; 4],
    besides: Besides,
    worth: Worth,
) -> Line {
    Line {
        guard,
        case: Case {
            setting,
            faults,
            bounds,
            besides,
        },
        worth,
    }
}

//   guard, setting, faults, [records, elections, ISR changes, preferred elections], worth
pub(crate) const TABLE: &[Line] = &[
    line(
        LeadsLocally,
        ONE,
        "none",
        [2, 2, 1, 0],
        Breaks("log-matching", 2),
    ),
    line(
        AdmissionAtMinIsr,
        TWO,
        "lag+broker-crash",
        [1, 2, 2, 0],
        MaskedBy(&[AckAtMinIsr, WatermarkAtMinIsr], "acked-in-leader", 9),
    ),
    line(
        LeaderKnowsMinIsr,
        TWO,
        "lag+broker-crash",
        [1, 2, 2, 0],
        Breaks("acked-in-leader", 9),
    ),
    line(
        AckAwaitsWatermark,
        ONE,
        "broker-crash",
        [1, 3, 1, 0],
        Breaks("acked-in-leader", 5),
    ),
    line(
        AckAtMinIsr,
        TWO,
        "lag+broker-crash",
        [1, 2, 2, 0],
        MaskedBy(&[WatermarkAtMinIsr], "acked-in-leader", 9),
    ),
    line(
        WatermarkIsSlowestInSync,
        ONE,
        "broker-crash",
        [1, 3, 1, 0],
        Breaks("acked-in-leader", 5),
    ),
    line(
        WatermarkAtMinIsr,
        TWO,
        "lag+broker-crash",
        [1, 2, 2, 0],
        Breaks("read-stability", 8),
    ),
    line(
        WatermarkIsMonotone,
        TWO,
        "broker-power-loss",
        [1, 3, 1, 0],
        Breaks("candidates-complete", 11),
    ),
    line(
        JoinerCountsAtOnce,
        ONE,
        "broker-crash",
        [1, 3, 1, 1],
        Breaks("acked-in-leader", 11),
    ),
    line(
        LeaverCountsUntilCommitted,
        ONE,
        "broker-crash",
        [1, 3, 1, 1],
        Breaks("acked-in-leader", 13),
    ),
    line(
        FetchEpochIsCurrent,
        CUT_OFF,
        "cut:a|b+cut:a|b",
        [1, 3, 0, 1],
        Breaks("candidates-complete", 19),
    ),
    line_with(
        FetcherIsAssigned,
        AND_A_SPARE,
        "broker-power-loss",
        [1, 2, 1, 0],
        Reassign(&["b-1 c-1"]),
        NotReproduced(
            "a broker that its leader does not know to hold a replica, under the same leader epoch, is \
             being added; its proposal builds on the older change, and the controller rejects it",
        ),
    ),
    line(
        DivergenceIsChecked,
        ONE,
        "broker-power-loss",
        [2, 2, 1, 0],
        Breaks("committed-prefix", 7),
    ),
    line(
        DivergingFetchProvesNothing,
        ONE,
        "broker-pause",
        [2, 2, 1, 1],
        Breaks("acked-in-leader", 13),
    ),
    line(
        FetchBrokerEpochIsCurrent,
        LATE,
        "lag+dc-destroyed:b",
        [1, 1, 1, 0],
        Breaks("candidates-complete", 19),
    ),
    line(
        TruncationComparesEpochs,
        ONE,
        "broker-pause",
        [2, 3, 1, 1],
        AvailabilityOnly(
            "a follower whose epochs interleave with the leader's is told to truncate for ever",
        ),
    ),
    line(
        AnswerIsForThisEnd,
        LATE_WITHOUT_ACKS,
        "lag+dc-power-loss:a",
        [2, 2, 1, 0],
        NotReproduced(
            "an answer of this tenure is the only one, and one of another is dropped for its epoch",
        ),
    ),
    line(
        AnswerEpochIsCurrent,
        LATE_WITHOUT_ACKS,
        "lag+dc-power-loss:a",
        [3, 2, 1, 0],
        Breaks("log-shape", 19),
    ),
    line(
        DivergingAnswerKeepsWatermark,
        ONE,
        "broker-power-loss",
        [2, 2, 1, 0],
        Breaks("committed-prefix", 7),
    ),
    line(
        FollowerWatermarkWithinLog,
        ONE,
        "broker-power-loss",
        [2, 2, 1, 0],
        NotReproduced("a fetch brings the whole log here, so no watermark in an answer passes it"),
    ),
    line(
        FollowerKeepsLog,
        TWO,
        "broker-crash+broker-crash",
        [1, 3, 1, 0],
        Breaks("acked-survives", 8),
    ),
    line(
        LeaderNotesEpoch,
        ONE,
        "broker-pause",
        [2, 3, 1, 1],
        AvailabilityOnly(
            "a follower with a newer epoch than any in the leader's log asks from the future for ever",
        ),
    ),
    line(
        TruncationDropsEmptyEpoch,
        ONE,
        "broker-pause",
        [2, 3, 1, 1],
        AvailabilityOnly("a follower that led without writing asks from the future for ever"),
    ),
    line(
        JoinerReachesWatermark,
        ONE,
        "broker-crash",
        [1, 3, 1, 1],
        Breaks("acked-in-leader", 11),
    ),
    line(
        JoinerReachesEpochStart,
        TWO,
        "broker-power-loss",
        [1, 3, 1, 0],
        Breaks("candidates-complete", 10),
    ),
    line(
        JoinerIsNoObserver,
        OBSERVER,
        "lag+dc-loss:b",
        [1, 0, 1, 0],
        Breaks("acked-survives", 11),
    ),
    line(
        JoinerIsNotFenced,
        ONE,
        "lag+broker-crash",
        [1, 2, 1, 0],
        NotReproduced(
            "of a fenced broker no epoch is known, so joiner-epoch-is-known asks the same",
        ),
    ),
    line(
        JoinerIsNotShuttingDown,
        ONE,
        "lag+controlled-shutdown",
        [1, 2, 1, 0],
        NotReproduced("the controller refuses what it proposes: members-are-not-shutting-down"),
    ),
    line(
        JoinerEpochIsKnown,
        LATE,
        "lag+dc-destroyed:b",
        [1, 1, 1, 0],
        Breaks("candidates-complete", 18),
    ),
    line(
        OnlyLaggingAreDropped,
        TWO,
        "lag+broker-crash",
        [1, 2, 1, 0],
        AvailabilityOnly("replicas that keep up leave the ISR, which may fall below min ISR"),
    ),
    line(
        NoProposalWhilePending,
        ONE_OF_THREE,
        "lag",
        [1, 1, 2, 0],
        Breaks("candidates-complete", 10),
    ),
    line(
        OneChangeOnTheWire,
        ONE,
        "lag+broker-crash",
        [1, 2, 2, 0],
        MaskedBy(
            &[NoProposalWhilePending, AnswerMatchesProposal],
            "acked-in-leader",
            12,
        ),
    ),
    line(
        SenderEpochIsCurrent,
        ONE,
        "lag+broker-crash",
        [1, 3, 1, 0],
        NotReproduced("the sender is a member, so member-epochs-are-current asks the same of it"),
    ),
    line(
        ChangeEpochIsCurrent,
        ONE,
        "lag+broker-pause",
        [1, 2, 2, 0],
        MaskedBy(&[SenderLeads, ChangeBuildsOnNewest], "acked-in-leader", 11),
    ),
    line(
        SenderLeads,
        ONE,
        "lag+broker-pause",
        [1, 2, 2, 0],
        MaskedBy(
            &[ChangeEpochIsCurrent, ChangeBuildsOnNewest],
            "acked-in-leader",
            11,
        ),
    ),
    line(
        ChangeBuildsOnNewest,
        ONE_OF_THREE,
        "lag+broker-wiped",
        [1, 1, 1, 0],
        Breaks("candidates-complete", 11),
    ),
    line(
        MembersAreNotFenced,
        ONE,
        "lag+broker-crash",
        [1, 2, 1, 0],
        AvailabilityOnly("a dead broker joins the ISR, and the watermark waits for it"),
    ),
    line(
        MembersAreNotShuttingDown,
        ONE,
        "lag+controlled-shutdown",
        [1, 2, 1, 0],
        AvailabilityOnly(
            "a broker that is about to stop joins the ISR, and the watermark waits for it",
        ),
    ),
    line(
        MemberEpochsAreCurrent,
        LATE,
        "lag+dc-destroyed:b",
        [1, 1, 1, 0],
        Breaks("candidates-complete", 13),
    ),
    line(
        UnknownOutcomeStaysPending,
        ONE,
        "lag+broker-crash",
        [1, 2, 1, 0],
        Breaks("acked-in-leader", 12),
    ),
    line(
        AnswerMatchesProposal,
        ONE,
        "lag+broker-crash",
        [1, 2, 2, 0],
        MaskedBy(
            &[NoProposalWhilePending, OneChangeOnTheWire],
            "acked-in-leader",
            12,
        ),
    ),
    line(
        MetadataIsNotOlder,
        ONE,
        "lag+broker-crash",
        [1, 2, 2, 0],
        Breaks("acked-in-leader", 13),
    ),
    line(
        NewLeaderForgetsFollowers,
        CUT_OFF,
        "cut:a|b+cut:a|b",
        [1, 3, 0, 1],
        Breaks("candidates-complete", 20),
    ),
    line(
        ElectionStartsEpoch,
        ONE,
        "broker-crash",
        [2, 2, 1, 0],
        Breaks("log-matching", 5),
    ),
    line_with(
        LeavingStartsEpoch,
        ONE,
        "none",
        [1, 1, 0, 0],
        Reassign(&["a-1", "a-1 b-1"]),
        Breaks("candidates-complete", 8),
    ),
    line(
        ElectedIsCandidate,
        ONE,
        "lag+broker-crash",
        [1, 2, 1, 0],
        Breaks("acked-in-leader", 9),
    ),
    line(
        ElectedIsNotFenced,
        ONE,
        "lag+broker-crash",
        [1, 2, 1, 0],
        AvailabilityOnly("a dead broker is elected, and nobody else is asked"),
    ),
    line(
        UncleanIsAllowed,
        ONE,
        "lag+broker-crash",
        [1, 2, 1, 0],
        Breaks("acked-in-leader", 10),
    ),
    line(
        LastMemberStays,
        WITHOUT_ELR,
        "broker-crash+broker-crash",
        [1, 2, 1, 0],
        AvailabilityOnly("without a last member nobody may ever be elected again"),
    ),
    line(
        UnfencingElects,
        ONE,
        "broker-crash+broker-crash",
        [1, 2, 1, 0],
        AvailabilityOnly("a candidate comes back, and the partition stays without a leader"),
    ),
    line(
        ElrEndsAtMinIsr,
        TWO_OF_THREE,
        "broker-pause",
        [1, 2, 0, 0],
        Breaks("candidates-complete", 7),
    ),
    line(
        LeaversBecomeEligible,
        TWO,
        "lag+dc-loss:a",
        [1, 2, 2, 0],
        Breaks("electable", 8),
    ),
    line_with(
        MinIsrChangeClearsElr,
        TWO,
        "broker-pause",
        [1, 2, 1, 0],
        MinIsr(1),
        Breaks("candidates-complete", 6),
    ),
    line(
        LastKnownLeaderIsNotFenced,
        TWO,
        "broker-crash+broker-crash",
        [1, 3, 1, 0],
        AvailabilityOnly("a dead broker is called leader, and who comes back first is not asked"),
    ),
    line(
        LastKnownLeaderIsLastResort,
        TWO,
        "broker-pause+broker-power-loss",
        [1, 3, 1, 0],
        Breaks("acked-in-leader", 11),
    ),
    line(
        UncleanStopCostsSeat,
        TWO,
        "broker-power-loss",
        [1, 3, 1, 0],
        Breaks("candidates-complete", 6),
    ),
    line_with(
        ReassignmentAwaitsReplicas,
        AND_A_SPARE,
        "broker-power-loss",
        [1, 2, 1, 0],
        Reassign(&["b-1 c-1"]),
        Breaks("acked-somewhere", 6),
    ),
    line_with(
        CancellingIsClean,
        TWO_SPARES_WITHOUT_ELR,
        "broker-crash",
        [1, 2, 0, 0],
        ReassignAndCancel(&["b-1 c-1"]),
        Breaks("acked-in-leader", 14),
    ),
    line(
        RegistrationAwaitsSessionEnd,
        TWO,
        "broker-power-loss",
        [1, 3, 1, 0],
        Breaks("acked-in-leader", 7),
    ),
    line(
        RegistrationFences,
        ONE,
        "broker-power-loss",
        [1, 3, 1, 0],
        NotReproduced("who registers has lost its seats already, and may be unfenced at once"),
    ),
    line(
        RestartForgetsRole,
        ONE,
        "broker-power-loss",
        [2, 3, 1, 0],
        Breaks("log-matching", 7),
    ),
    line(
        FencedIsSilent,
        ONE,
        "none",
        [1, 1, 1, 0],
        AvailabilityOnly("brokers that work are fenced, and come back"),
    ),
    line_with(
        ReadsBelowWatermark,
        ONE,
        "broker-crash",
        [1, 2, 1, 0],
        Read,
        Breaks("read-stability", 5),
    ),
    line(
        LatestAwaitsEpochStart,
        ONE_OF_THREE,
        "broker-crash",
        [1, 1, 0, 0],
        Breaks("latest-stands", 8),
    ),
    line_with(
        DuplicateIsRecognised,
        IDEMPOTENT,
        "broker-crash",
        [1, 2, 0, 0],
        Retry(1),
        MaskedBy(&[SequenceIsNext], "exactly-once", 4),
    ),
    line_with(
        SequenceIsNext,
        IDEMPOTENT,
        "broker-crash",
        [2, 1, 1, 0],
        Retry(1),
        Breaks("in-order", 6),
    ),
    line_with(
        ProducerStateFollowsLog,
        IDEMPOTENT,
        "broker-crash",
        [1, 2, 0, 0],
        Retry(1),
        Breaks("exactly-once", 6),
    ),
    line(
        DeposedControllerWritesNothing,
        ALTER_ISR,
        "broker-crash+controller-failover",
        [1, 3, 1, 0],
        NotReproduced(
            "its writes are conditional on the version of the partition's node too, so two controllers \
             decide one after the other",
        ),
    ),
    line(
        RequestIsNewer,
        LATE_REQUESTS,
        "broker-crash",
        [1, 2, 0, 0],
        Breaks("no-split-brain", 6),
    ),
    line(
        RequestBrokerEpochIsCurrent,
        LATE_REQUESTS_2_7,
        "broker-crash+broker-crash",
        [1, 2, 0, 0],
        Breaks("acked-in-leader", 17),
    ),
    line(
        IsrVersionIsCurrent,
        CAS,
        "broker-pause",
        [1, 2, 1, 0],
        Breaks("acked-in-leader", 7),
    ),
    line(
        BounceIsNoticed,
        ALTER_ISR,
        "broker-crash",
        [1, 2, 1, 0],
        AvailabilityOnly(
            "a broker that is back before it was missed is told nothing, and if it leads nobody does",
        ),
    ),
];
