//! What a leader proposes, and what it makes of the answer: R19 to R21, R24.

use super::edits::{earlier, leader_of, proposed_to, same_tenure};
use super::{IN_2_7, LATE, ONE, ONE_OF_THREE, TWO, TWO_OF_THREE, case, mutant, on, with};
use crate::guards::Besides::EveryChoice;
use crate::mutants::Fate::{Breaks, Parts, Survives};
use crate::mutants::{Mutant, Step};
use highwater_model::replication::State;
use highwater_model::replication::state::{Outcome, PerBroker};
use highwater_vocabulary::BrokerSet;
use highwater_vocabulary::Event::{Fetch, FetchLost, Lapse, Shrink, Told, Untold};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "nobody-is-proposed",
        "R19",
        "A follower that may join the ISR is not proposed for it.",
        Parts(5),
        case(ONE, "lag", [1, 0, 1, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if let Some(leader) = leader_of(before, follower)
                && proposed_to(before, after, leader).is_some()
            {
                after.changes[leader] = before.changes[leader];
                if let Some(tenure) = after.replicas[leader].tenure_mut() {
                    tenure.pending = None;
                }
            }
        }),
    ),
    mutant(
        "proposed-is-in-sync",
        "R19",
        "Who is proposed for the ISR is in it at once, as far as the leader is concerned.",
        Parts(5),
        case(TWO, "lag+broker-crash", [1, 2, 2, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if let Some(leader) = leader_of(before, follower)
                && let Some(proposed) = proposed_to(before, after, leader)
                && let Some(tenure) = after.replicas[leader].tenure_mut()
            {
                tenure.isr = proposed;
            }
        }),
    ),
    mutant(
        "proposed-does-not-count",
        "R09",
        "Who is proposed for the ISR does not count before the controller has answered.",
        Breaks("quorum-superset", 7),
        case(ONE, "broker-crash", [1, 3, 1, 1]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if let Some(leader) = leader_of(before, follower)
                && proposed_to(before, after, leader).is_some()
                && let Some(tenure) = after.replicas[leader].tenure_mut()
            {
                tenure.pending = None;
            }
        }),
    ),
    mutant(
        "proposal-has-everybody",
        "R19",
        "A leader that may let in one follower proposes all of them.",
        Breaks("a3-expansion", 7),
        case(ONE_OF_THREE, "lag", [1, 1, 1, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if let Some(leader) = leader_of(before, follower)
                && proposed_to(before, after, leader).is_some()
            {
                let everybody = before.image().replicas;
                if let Some(tenure) = after.replicas[leader].tenure_mut() {
                    tenure.pending = Some(everybody);
                }
                if let Some(request) = &mut after.changes[leader].request {
                    request.isr = everybody;
                }
            }
        }),
    ),
    mutant(
        "proposal-lacks-the-leader",
        "R19",
        "A leader that lets a follower in leaves itself out.",
        Parts(6),
        case(ONE, "lag", [2, 1, 1, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if let Some(leader) = leader_of(before, follower)
                && proposed_to(before, after, leader).is_some()
            {
                let joiner = BrokerSet::only(follower);
                if let Some(tenure) = after.replicas[leader].tenure_mut() {
                    tenure.pending = Some(joiner);
                }
                if let Some(request) = &mut after.changes[leader].request {
                    request.isr = joiner;
                }
            }
        }),
    ),
    mutant(
        "proposal-names-no-registrations",
        "R23",
        "A proposal leaves out under which registrations its members were heard from.",
        Breaks("candidates-complete", 13),
        case(LATE, "lag+dc-destroyed:b", [1, 1, 1, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if let Some(leader) = leader_of(before, follower)
                && let Some(request) = &mut after.changes[leader].request
            {
                request.member_epochs = PerBroker::default();
            }
        }),
    ),
    mutant(
        "proposal-is-not-sent",
        "R21",
        "A leader has a change pending, and has asked nobody for it.",
        Parts(3),
        case(ONE, "lag", [1, 0, 1, 0]),
        on!(Shrink { leader, .. }, after => after.changes[leader].request = None),
    ),
    mutant(
        "shrinking-takes-effect-at-once",
        "R20",
        "Who is to leave the ISR counts no more from the proposal on.",
        Breaks("quorum-superset", 2),
        case(ONE, "broker-crash", [1, 3, 1, 1]),
        on!(Shrink { leader, dropped }, after => {
            if let Some(tenure) = after.replicas[leader].tenure_mut() {
                tenure.isr = tenure.isr.minus(dropped);
            }
        }),
    ),
    mutant(
        "shrinking-is-not-pending",
        "R21",
        "A leader asks for a smaller ISR, and does not remember that it has.",
        Parts(2),
        case(ONE, "lag+broker-crash", [1, 2, 2, 0]),
        on!(Shrink { leader, .. }, after => {
            if let Some(tenure) = after.replicas[leader].tenure_mut() {
                tenure.pending = None;
            }
        }),
    ),
    mutant(
        "shrinking-drops-everybody-else",
        "R20",
        "A leader that drops one follower drops all of them.",
        Parts(3),
        case(TWO_OF_THREE, "lag", [1, 1, 1, 0]),
        on!(Shrink { leader, .. }, after => {
            let alone = BrokerSet::only(leader);
            if let Some(tenure) = after.replicas[leader].tenure_mut() {
                tenure.pending = Some(alone);
            }
            if let Some(request) = &mut after.changes[leader].request {
                request.isr = alone;
            }
        }),
    ),
    mutant(
        "shrinking-drops-the-others",
        "R20",
        "A leader keeps whom it should drop, and drops the others.",
        Parts(3),
        case(TWO_OF_THREE, "lag", [1, 1, 1, 0]),
        on!(Shrink { leader, dropped }, before, after => {
            let kept = dropped.with(leader).intersection(before.image().isr);
            if let Some(tenure) = after.replicas[leader].tenure_mut() {
                tenure.pending = Some(kept);
            }
            if let Some(request) = &mut after.changes[leader].request {
                request.isr = kept;
            }
        }),
    ),
    mutant(
        "shrinking-forgets-who-leaves",
        "R20",
        "A leader forgets how far somebody has come as soon as it proposes to drop it.",
        Survives(
            "the follower's next fetch tells it again.  Until then nothing is lost by it: the watermark was \
             looked at when that end was proved, and a follower joins the ISR by a fetch alone",
        ),
        case(ONE, "lag", [1, 1, 1, 0]),
        on!(Shrink { leader, dropped }, after => {
            if let Some(tenure) = after.replicas[leader].tenure_mut() {
                for follower in dropped.iter() {
                    tenure.follower_end[follower] = None;
                }
            }
        }),
    ),
    mutant(
        "shrinking-commits",
        "R09",
        "A leader that proposes to drop somebody commits its whole log on the spot.",
        Breaks("candidates-complete", 3),
        case(ONE, "lag", [1, 1, 1, 0]),
        on!(Shrink { leader, .. }, after => {
            after.replicas[leader].watermark = after.replicas[leader].log.end();
        }),
    ),
    mutant(
        "lapse-waits-for-ever",
        "R06",
        "The lag time of a follower passes, and the leader waits on.",
        Parts(3),
        case(
            "4.1, brokers a-1 b-1, min ISR 1, elr on, with waits-for-caught-up=on",
            "lag",
            [1, 0, 1, 0],
        ),
        on!(Lapse { .. }, before, after => *after = *before),
    ),
    mutant(
        "accepted-is-not-taken-over",
        "R24",
        "A leader hears that its change was taken, and goes on with the ISR it had.",
        Breaks("quorum-superset", 7),
        case(ONE, "lag+broker-crash", [1, 2, 2, 0]),
        on!(Told { leader }, before, after => {
            if let Some((old, tenure)) = same_tenure(before, after, leader) {
                tenure.isr = old.isr;
            }
        }),
    ),
    mutant(
        "accepted-stays-pending",
        "R24",
        "A leader hears that its change was taken, and takes it for pending still.",
        Parts(4),
        case(ONE, "lag", [1, 0, 2, 0]),
        on!(Told { leader }, before, after => {
            if let Some((old, tenure)) = same_tenure(before, after, leader) {
                tenure.pending = old.pending;
            }
        }),
    ),
    mutant(
        "accepted-keeps-the-partition-epoch",
        "R24",
        "A leader that takes over its change keeps the partition epoch of before.",
        Parts(6),
        case(ONE, "lag+broker-crash", [1, 2, 2, 0]),
        on!(Told { leader }, before, after => {
            if let Some((old, tenure)) = same_tenure(before, after, leader) {
                tenure.partition_epoch = old.partition_epoch;
            }
        }),
    ),
    mutant(
        "accepted-moves-no-watermark",
        "R24",
        "A leader takes over a smaller ISR and does not look at its watermark.",
        Parts(5),
        case(ONE, "lag", [1, 0, 1, 0]),
        on!(Told { leader }, before, after => {
            after.replicas[leader].watermark = before.replicas[leader].watermark;
        }),
    ),
    mutant(
        "refused-is-taken-for-accepted",
        "R24",
        "A leader that hears that a member may not join takes its proposal for the ISR.",
        Parts(9),
        case(TWO, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Told { leader }, before, after => {
            let refused = before.changes[leader]
                .answer
                .filter(|answer| answer.outcome == Outcome::Ineligible);
            if let Some(answer) = refused
                && let Some(tenure) = after.replicas[leader].tenure_mut()
            {
                tenure.isr = answer.to.1;
            }
        }),
    ),
    mutant(
        "refused-stays-pending",
        "R24",
        "A leader that hears that a member may not join takes its proposal for pending still.",
        Parts(9),
        case(ONE, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Told { leader }, before, after => {
            let outcome = before.changes[leader].answer.map(|answer| answer.outcome);
            if outcome == Some(Outcome::Ineligible)
                && let Some((old, tenure)) = same_tenure(before, after, leader)
            {
                tenure.pending = old.pending;
            }
        }),
    ),
    mutant(
        "lost-answer-is-taken-for-a-refusal",
        "R24",
        "A leader whose answer is lost takes its proposal back.",
        Breaks("quorum-superset", 7),
        with(EveryChoice, ONE, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Untold { leader }, after => {
            if let Some(tenure) = after.replicas[leader].tenure_mut() {
                tenure.pending = None;
            }
        }),
    ),
    mutant(
        "lost-answer-is-taken-for-an-acceptance",
        "R24",
        "A leader whose answer is lost takes its proposal for the ISR.",
        Parts(4),
        with(EveryChoice, TWO, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Untold { leader }, after => {
            if let Some(tenure) = after.replicas[leader].tenure_mut()
                && let Some(proposed) = tenure.pending.take()
            {
                tenure.isr = proposed;
            }
        }),
    ),
    mutant(
        "proposal-builds-on-an-older-change",
        "R21",
        "A proposal names the change before the one that the leader acts on.",
        Parts(3),
        case(ONE, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Shrink { leader, .. }, after => {
            if let Some(request) = &mut after.changes[leader].request {
                request.partition_epoch = earlier(request.partition_epoch);
            }
        }),
    ),
    mutant(
        "nobody-asks-again",
        "R21",
        "In 2.7 a leader whose answer is lost does not ask again.",
        Parts(5),
        with(EveryChoice, IN_2_7, "lag", [1, 0, 1, 0]),
        on!(Untold { leader }, after => after.changes[leader].request = None),
    ),
];
