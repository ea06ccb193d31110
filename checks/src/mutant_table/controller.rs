//! What else the controller writes: ISR changes, the ELR, who is let in, min ISR, observers: R22, R27, R32, R33,
//! R49.

use super::edits::{elected, last_of, newest, uncommit};
use super::{IN_3_5, OBSERVER, ONE, TWO, TWO_OF_THREE, UNCLEAN, case, mutant, on, with};
use crate::guards::Besides::{MinIsr, Promote};
use crate::mutants::Fate::{Breaks, Parts};
use crate::mutants::{Mutant, Step};
use highwater_model::replication::State;
use highwater_model::replication::state::Outcome;
use highwater_vocabulary::BrokerSet;
use highwater_vocabulary::Event::{Apply, Fence, PromoteObservers, SetMinIsr, Unfence};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "change-keeps-the-partition-epoch",
        "R27",
        "Accepting a change of the ISR does not raise the partition epoch.",
        Breaks("metadata-sanity", 3),
        case(ONE, "lag", [1, 0, 1, 0]),
        on!(Apply { .. }, before, after => {
            newest(after).partition_epoch = before.image().partition_epoch;
        }),
    ),
    mutant(
        "change-is-not-committed",
        "R22",
        "The controller says that it has taken a change, and has not.",
        Breaks("quorum-superset", 4),
        case(ONE, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Apply { .. }, before, after => uncommit(before, after)),
    ),
    mutant(
        "change-drops-nobody",
        "R22",
        "The controller takes a change, and drops nobody.",
        Breaks("quorum-superset", 4),
        case(ONE, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Apply { .. }, before, after => {
            let old = before.image().isr;
            let image = newest(after);
            image.isr = image.isr.union(old);
        }),
    ),
    mutant(
        "change-lets-nobody-in",
        "R22",
        "The controller takes a change, and lets nobody in.",
        Breaks("electable", 11),
        case(TWO, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Apply { .. }, before, after => {
            let old = before.image().isr;
            let image = newest(after);
            image.isr = image.isr.intersection(old);
        }),
    ),
    mutant(
        "change-starts-an-epoch",
        "R27",
        "Every accepted change starts a leader epoch.",
        Parts(3),
        case(ONE, "lag", [1, 1, 1, 0]),
        on!(Apply { .. }, before, after => {
            if after.image() != before.image() {
                newest(after).leader_epoch = before.image().leader_epoch.next();
            }
        }),
    ),
    mutant(
        "change-starts-no-epoch-in-3-5",
        "R27",
        "In 3.5 dropping a member starts no leader epoch.",
        Parts(3),
        case(IN_3_5, "lag", [1, 1, 1, 0]),
        on!(Apply { .. }, before, after => {
            newest(after).leader_epoch = before.image().leader_epoch;
        }),
    ),
    mutant(
        "change-moves-the-office",
        "R22",
        "A change of the ISR makes its last member the leader, in the epoch there is.",
        Breaks("one-leader-per-epoch", 6),
        case(ONE, "lag", [1, 0, 2, 0]),
        on!(Apply { .. }, before, after => {
            if after.image() != before.image() {
                let last = last_of(after.image().isr);
                newest(after).leader = last;
            }
        }),
    ),
    mutant(
        "change-is-answered-out-of-date",
        "R22",
        "The controller takes a change and answers that it is out of date.",
        Parts(4),
        case(ONE, "lag", [1, 0, 1, 0]),
        on!(Apply { leader }, after => {
            if let Some(answer) = &mut after.changes[leader].answer {
                answer.outcome = Outcome::OutOfDate;
            }
        }),
    ),
    mutant(
        "change-is-answered-as-refused",
        "R22",
        "The controller takes a change and answers that a member may not join.",
        Breaks("quorum-superset", 7),
        case(ONE, "lag+broker-crash", [1, 2, 2, 0]),
        on!(Apply { leader }, after => {
            if let Some(answer) = &mut after.changes[leader].answer {
                answer.outcome = Outcome::Ineligible;
            }
        }),
    ),
    mutant(
        "refusal-is-answered-as-accepted",
        "R22",
        "The controller refuses a change and answers that it has taken it.",
        Parts(9),
        case(TWO, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Apply { leader }, after => {
            let (leader_epoch, partition_epoch) =
                (after.image().leader_epoch, after.image().partition_epoch);
            let change = &mut after.changes[leader];
            if let Some(answer) = &mut change.answer
                && answer.outcome == Outcome::Ineligible
            {
                answer.outcome = Outcome::Accepted { leader_epoch, partition_epoch };
                change.request = None;
            }
        }),
    ),
    mutant(
        "change-is-not-answered",
        "R22",
        "The controller takes a change and answers nothing.",
        Parts(4),
        case(ONE, "lag", [1, 0, 1, 0]),
        on!(Apply { leader }, after => after.changes[leader].answer = None),
    ),
    mutant(
        "recovery-never-ends",
        "R29",
        "An unclean leader's first change does not say that it has recovered.",
        Breaks("metadata-sanity", 10),
        case(UNCLEAN, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Apply { .. }, before, after => {
            after.controller.recovering = before.controller.recovering;
        }),
    ),
    mutant(
        "dropped-is-not-eligible",
        "R33",
        "Who is dropped below min ISR does not become an eligible leader replica.",
        Breaks("electable", 8),
        case(TWO, "lag+dc-loss:a", [1, 2, 2, 0]),
        on!(Apply { .. }, before, after => after.controller.elr = before.controller.elr),
    ),
    mutant(
        "elr-outlives-min-isr",
        "R33",
        "The ELR stays when the ISR has reached min ISR.",
        Breaks("metadata-sanity", 2),
        case(TWO_OF_THREE, "broker-pause", [1, 2, 0, 0]),
        on!(Apply { .. } | Fence { .. }, before, after => {
            let isr = after.image().isr;
            after.controller.elr = before.controller.elr.union(before.image().isr).minus(isr);
        }),
    ),
    mutant(
        "elr-takes-everybody",
        "R33",
        "Below min ISR everybody of the assignment is an eligible leader replica.",
        Breaks("quorum-superset", 6),
        case(TWO_OF_THREE, "lag+broker-crash", [0, 1, 1, 0]),
        on!(Apply { .. } | Fence { .. }, after => {
            let image = after.image();
            if image.isr.len() < usize::from(image.min_isr) {
                after.controller.elr = image.replicas.minus(image.isr);
            }
        }),
    ),
    mutant(
        "unfenced-stays-fenced",
        "R32",
        "A broker is let in, and goes on to be called fenced.",
        Breaks("active-leader", 7),
        case(ONE, "lag+broker-pause", [0, 2, 1, 0]),
        on!(Unfence { broker }, after => {
            let image = newest(after);
            image.inactive.fenced = image.inactive.fenced.with(broker);
        }),
    ),
    mutant(
        "unfenced-is-in-sync",
        "R32",
        "A broker that is let in is in the ISR at once.",
        Breaks("quorum-superset", 5),
        case(ONE, "broker-crash", [1, 2, 0, 0]),
        on!(Unfence { broker }, after => {
            let image = newest(after);
            image.isr = image.isr.with(broker);
            image.partition_epoch = image.partition_epoch.next();
        }),
    ),
    mutant(
        "unfenced-takes-the-office",
        "R32",
        "A broker that is let in is elected, whoever leads.",
        Breaks("candidates-complete", 6),
        case(ONE, "broker-crash", [1, 3, 0, 0]),
        on!(Unfence { broker }, after => {
            let image = newest(after);
            image.leader = Some(broker);
            image.leader_epoch = image.leader_epoch.next();
            image.isr = BrokerSet::only(broker);
            image.partition_epoch = image.partition_epoch.next();
        }),
    ),
    mutant(
        "unfenced-serves-nobody",
        "R32",
        "A broker that is let in by the controller lets nobody in itself.",
        Parts(9),
        case(ONE, "broker-crash", [1, 3, 0, 1]),
        on!(Unfence { broker }, before, after => {
            after.replicas[broker].open = before.replicas[broker].open;
        }),
    ),
    mutant(
        "unfencing-elects-nobody",
        "R32",
        "A candidate is let in where nobody leads, and is not elected.",
        Parts(6),
        case(ONE, "broker-crash+broker-crash", [1, 3, 1, 0]),
        on!(Unfence { broker }, before, after => {
            if elected(before, after).is_some() {
                after.controller = before.controller;
                let image = newest(after);
                image.inactive.fenced = image.inactive.fenced.without(broker);
            }
        }),
    ),
    mutant(
        "min-isr-is-not-set",
        "R33b",
        "An operator changes min ISR, and it is what it was.",
        Parts(2),
        with(MinIsr(1), TWO, "broker-pause", [1, 1, 1, 0]),
        on!(SetMinIsr { .. }, before, after => newest(after).min_isr = before.image().min_isr),
    ),
    mutant(
        "min-isr-change-keeps-the-elr",
        "R33b",
        "A change of min ISR leaves the ELR, which was chosen under the old value.",
        Breaks("metadata-sanity", 3),
        with(MinIsr(1), TWO, "broker-pause", [1, 2, 1, 0]),
        on!(SetMinIsr { .. }, before, after => after.controller.elr = before.controller.elr),
    ),
    mutant(
        "min-isr-change-keeps-the-last-known-leader",
        "R33b",
        "A change of min ISR leaves the last known leader.",
        Parts(7),
        with(MinIsr(1), TWO, "broker-crash+broker-crash", [0, 3, 0, 0]),
        on!(SetMinIsr { .. }, before, after => {
            after.controller.last_known_leader = before.controller.last_known_leader;
        }),
    ),
    mutant(
        "min-isr-change-keeps-the-partition-epoch",
        "R33b",
        "A change of min ISR that empties the ELR does not raise the partition epoch.",
        Parts(8),
        with(MinIsr(1), TWO, "broker-pause", [1, 2, 1, 0]),
        on!(SetMinIsr { .. }, before, after => {
            newest(after).partition_epoch = before.image().partition_epoch;
        }),
    ),
    mutant(
        "promotion-promotes-nobody",
        "R49",
        "Observers are made ordinary replicas, and stay observers.",
        Parts(1),
        with(Promote, OBSERVER, "none", [1, 0, 0, 0]),
        on!(PromoteObservers { .. }, before, after => {
            newest(after).observers = before.image().observers;
        }),
    ),
    mutant(
        "promoted-is-in-sync",
        "R49",
        "Who is made an ordinary replica is in the ISR at once.",
        Breaks("quorum-superset", 1),
        with(Promote, OBSERVER, "none", [1, 0, 0, 0]),
        on!(PromoteObservers { .. }, before, after => {
            let promoted = before.image().observers;
            let image = newest(after);
            image.isr = image.isr.union(promoted);
        }),
    ),
    mutant(
        "promotion-keeps-the-partition-epoch",
        "R49",
        "Making observers ordinary replicas does not raise the partition epoch.",
        Breaks("metadata-sanity", 1),
        with(Promote, OBSERVER, "none", [1, 0, 0, 0]),
        on!(PromoteObservers { .. }, before, after => {
            newest(after).partition_epoch = before.image().partition_epoch;
        }),
    ),
];
