//! Where ZooKeeper keeps the metadata: R50 to R52.

use super::edits::{leader_of, leaders_view, newest, uncommit};
use super::{IN_2_1, IN_2_7, case, mutant, on};
use crate::mutants::Fate::{Breaks, Parts};
use crate::mutants::{Mutant, Step};
use highwater_model::replication::State;
use highwater_vocabulary::Event::{
    Activate, Apply, Fence, Fetch, FetchLost, Late, Learn, Register, Shrink, Unfence,
};

/// LeaderAndIsr requests that others have overtaken.
const LATE_REQUESTS: &str = "2.1, brokers a-1 b-1, min ISR 1, with late-requests";

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "write-keeps-the-version",
        "R52",
        "In 2.1 a leader writes its ISR, and the version of the node stays.",
        Breaks("metadata-sanity", 2),
        case(IN_2_1, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Shrink { leader, .. }, before, after => {
            newest(after).partition_epoch = before.image().partition_epoch;
            if let Some(tenure) = after.replicas[leader].tenure_mut() {
                tenure.partition_epoch = before.image().partition_epoch;
            }
        }),
    ),
    mutant(
        "write-is-not-written",
        "R52",
        "In 2.1 a leader takes its ISR for written, and the node is as it was.",
        Breaks("quorum-superset", 2),
        case(IN_2_1, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Shrink { .. }, before, after => uncommit(before, after)),
    ),
    mutant(
        "write-is-forgotten",
        "R52",
        "In 2.1 a leader writes whom it lets in, and goes on with the ISR it had.",
        Breaks("quorum-superset", 3),
        case(IN_2_1, "lag+broker-crash", [2, 2, 1, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if let Some((_, old, tenure)) = leaders_view(before, after, follower) {
                tenure.isr = old.isr;
            }
        }),
    ),
    mutant(
        "write-lets-everybody-in",
        "R52",
        "In 2.1 a leader that drops somebody writes an ISR with everybody.",
        Breaks("quorum-superset", 2),
        case(IN_2_1, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Shrink { .. }, before, after => newest(after).isr = before.image().isr),
    ),
    mutant(
        "write-takes-the-office",
        "R52",
        "In 2.1 a leader that lets somebody in makes it the leader by what it writes.",
        Breaks("one-leader-per-epoch", 3),
        case(IN_2_1, "lag", [1, 1, 1, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if leader_of(before, follower).is_some() && after.image() != before.image() {
                newest(after).leader = Some(follower);
            }
        }),
    ),
    mutant(
        "request-brings-no-epoch",
        "R51",
        "In 2.1 a broker does what a LeaderAndIsr request says, in the epoch it had.",
        Breaks("one-leader-per-epoch", 4),
        case(IN_2_1, "broker-pause", [1, 2, 0, 1]),
        on!(Learn { broker, .. }, before, after => {
            after.replicas[broker].leader_epoch = before.replicas[broker].leader_epoch;
        }),
    ),
    mutant(
        "request-is-heard-and-not-heeded",
        "R51",
        "In 2.1 a broker takes a LeaderAndIsr request and does not act on it.",
        Parts(3),
        case(IN_2_1, "broker-pause", [1, 2, 0, 1]),
        on!(Learn { broker, .. }, before, after => {
            let place = after.replicas[broker].place;
            after.replicas[broker] = before.replicas[broker];
            after.replicas[broker].place = place;
        }),
    ),
    mutant(
        "late-request-brings-the-newest-epoch",
        "R51",
        "A late LeaderAndIsr request is acted on in the newest epoch there is.",
        Breaks("one-leader-per-epoch", 5),
        case(LATE_REQUESTS, "broker-crash", [1, 2, 0, 0]),
        on!(Late { broker, .. } | Learn { broker, .. }, after => {
            after.replicas[broker].leader_epoch = after.image().leader_epoch;
        }),
    ),
    mutant(
        "election-keeps-the-dead-in-sync",
        "R52",
        "In 2.1 a controller that elects a leader for one that is gone leaves that one in the ISR.",
        Breaks("active-leader", 2),
        case(IN_2_1, "broker-crash", [1, 2, 0, 0]),
        on!(Fence { .. }, before, after => newest(after).isr = before.image().isr),
    ),
    mutant(
        "election-keeps-the-version",
        "R50",
        "In 2.1 a controller elects, and the version of the partition's node stays.",
        Breaks("metadata-sanity", 2),
        case(IN_2_1, "broker-pause", [1, 2, 1, 0]),
        on!(Fence { .. }, before, after => {
            newest(after).partition_epoch = before.image().partition_epoch;
        }),
    ),
    mutant(
        "new-controller-notices-no-absence",
        "R50",
        "In 2.1 a new controller does not notice that its predecessor's broker is gone.",
        Parts(2),
        case(
            "2.1, brokers a-1 b-1, min ISR 1, voters w 1",
            "broker-crash",
            [1, 2, 0, 0],
        ),
        on!(Activate { .. }, before, after => {
            let active = after.controller.active;
            uncommit(before, after);
            after.controller.active = active;
        }),
    ),
    mutant(
        "node-has-the-old-registration",
        "R52",
        "In 2.7 a broker that comes back has the broker epoch of its former process.",
        Parts(4),
        case(IN_2_7, "broker-crash", [1, 2, 0, 0]),
        on!(Register { broker }, before, after => {
            after.replicas[broker].broker_epoch = before.image().broker_epochs[broker];
        }),
    ),
    mutant(
        "live-broker-is-let-into-the-isr",
        "R52",
        "In 2.7 a broker whose node is noticed is in the ISR at once.",
        Breaks("quorum-superset", 6),
        case(IN_2_7, "broker-crash", [1, 2, 0, 0]),
        on!(Unfence { broker }, after => {
            let image = newest(after);
            image.isr = image.isr.with(broker);
            image.partition_epoch = image.partition_epoch.next();
        }),
    ),
    mutant(
        "controller-writes-nothing",
        "R52",
        "In 2.7 the controller answers that it has written an ISR, and has not.",
        Breaks("quorum-superset", 4),
        case(IN_2_7, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Apply { .. }, before, after => uncommit(before, after)),
    ),
];
