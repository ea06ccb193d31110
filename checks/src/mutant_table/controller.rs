//! What the controller writes: R22, R27 to R34, R36, R49.

use super::edits::{elected, last_of, newest, other_than, uncommit};
use super::{
    AND_A_SPARE, IN_3_5, OBSERVER, ONE, ONE_OF_THREE, TWO, TWO_OF_THREE, UNCLEAN, WITHOUT_ELR,
    case, mutant, on, with,
};
use crate::guards::Besides::{self, MinIsr, Promote, Reassign};
use crate::mutants::Fate::{Breaks, Parts, Survives};
use crate::mutants::{Mutant, Step};
use highwater_model::replication::state::Outcome;
use highwater_model::replication::{LeaderEpoch, State};
use highwater_vocabulary::BrokerSet;
use highwater_vocabulary::Event::{
    self, Apply, ElectUnclean, Fence, Prefer, PromoteObservers, Register, SetMinIsr, Unclean,
    Unfence,
};

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
        "fencing-empties-the-elr",
        "R33",
        "Fencing a broker empties the ELR.",
        Breaks("electable", 8),
        case(TWO, "broker-pause+broker-pause", [1, 2, 0, 0]),
        on!(Fence { .. }, after => after.controller.elr = BrokerSet::EMPTY),
    ),
    mutant(
        "fencing-leaves-the-elr",
        "R33",
        "Who is fenced while it is an eligible leader replica is one no more.",
        Breaks("electable", 8),
        case(TWO, "broker-pause+broker-pause", [1, 2, 0, 0]),
        on!(Fence { broker }, after => {
            after.controller.elr = after.controller.elr.without(broker);
        }),
    ),
    mutant(
        "fencing-leaves-the-seat",
        "R31",
        "Who is fenced keeps its seat in the ISR.",
        Breaks("active-leader", 2),
        case(ONE, "broker-crash", [1, 2, 0, 0]),
        on!(Fence { broker }, before, after => {
            if before.image().isr.contains(broker) {
                let image = newest(after);
                image.isr = image.isr.with(broker);
            }
        }),
    ),
    mutant(
        "fencing-leaves-the-office",
        "R31",
        "Who is fenced goes on to be called leader.",
        Breaks("metadata-sanity", 2),
        case(ONE, "broker-crash", [1, 2, 0, 0]),
        on!(Fence { .. }, before, after => {
            let image = newest(after);
            image.leader = before.image().leader;
            image.leader_epoch = before.image().leader_epoch;
        }),
    ),
    mutant(
        "fencing-does-not-fence",
        "R31",
        "Who is fenced loses seat and office, and is not called fenced.",
        Parts(2),
        case(ONE, "broker-crash", [1, 2, 0, 0]),
        on!(Fence { broker }, after => {
            let image = newest(after);
            image.fenced = image.fenced.without(broker);
        }),
    ),
    mutant(
        "fencing-elects-nobody",
        "R31",
        "Who is fenced loses its office, and nobody is elected instead.",
        Parts(2),
        case(ONE, "broker-crash", [1, 2, 0, 0]),
        on!(Fence { .. }, before, after => {
            if elected(before, after).is_some() {
                newest(after).leader = None;
            }
        }),
    ),
    mutant(
        "fencing-fences-everybody",
        "R31",
        "One session ends, and every broker but the leader is fenced.",
        Breaks("active-leader", 2),
        case(ONE_OF_THREE, "broker-crash", [1, 2, 0, 0]),
        on!(Fence { .. }, after => {
            let image = newest(after);
            let others = match image.leader {
                Some(leader) => image.replicas.without(leader),
                None => image.replicas,
            };
            image.fenced = image.fenced.union(others);
        }),
    ),
    mutant(
        "last-member-leaves",
        "R31",
        "Without eligible leader replicas the last member of the ISR leaves it when it is fenced.",
        Breaks("metadata-sanity", 4),
        case(WITHOUT_ELR, "broker-crash+broker-crash", [1, 2, 1, 0]),
        on!(Fence { broker }, after => {
            let image = newest(after);
            image.isr = image.isr.without(broker);
        }),
    ),
    mutant(
        "last-known-leader-is-not-noted",
        "R34",
        "Nobody notes who led last when the ISR becomes empty.",
        Parts(7),
        case(TWO, "broker-crash+broker-crash", [0, 3, 0, 0]),
        on!(Fence { .. } | Register { .. }, after => after.controller.last_known_leader = None),
    ),
    mutant(
        "last-known-leader-is-another",
        "R34",
        "Somebody else than who led last is noted as the last known leader.",
        Parts(7),
        case(TWO, "broker-crash+broker-crash", [0, 3, 0, 0]),
        on!(Fence { .. } | Register { .. }, after => {
            if let Some(leader) = after.controller.last_known_leader {
                after.controller.last_known_leader = other_than(leader, after.image().replicas);
            }
        }),
    ),
    mutant(
        "last-known-leader-is-not-forgotten",
        "R34",
        "The last known leader is still known when there is a leader again.",
        Parts(8),
        case(TWO, "broker-crash+broker-crash", [1, 4, 1, 0]),
        on!(Unfence { .. } | Apply { .. }, before, after => {
            after.controller.last_known_leader = before.controller.last_known_leader;
        }),
    ),
    mutant(
        "election-keeps-the-epoch",
        "R27",
        "An election after a fencing does not raise the leader epoch.",
        Breaks("one-leader-per-epoch", 2),
        case(ONE, "broker-crash", [2, 2, 0, 0]),
        on!(Fence { .. } | Unfence { .. }, before, after => {
            newest(after).leader_epoch = before.image().leader_epoch;
        }),
    ),
    mutant(
        "election-keeps-the-partition-epoch",
        "R27",
        "An election does not raise the partition epoch.",
        Breaks("metadata-sanity", 2),
        case(ONE, "broker-crash", [1, 2, 0, 0]),
        on!(Fence { .. }, before, after => {
            newest(after).partition_epoch = before.image().partition_epoch;
        }),
    ),
    mutant(
        "election-skips-an-epoch",
        "R27",
        "An election raises the leader epoch by two.",
        Parts(2),
        case(ONE, "broker-crash", [1, 3, 0, 0]),
        on!(Fence { .. } | Unfence { .. } | Prefer, before, after => {
            if elected(before, after).is_some() {
                newest(after).leader_epoch = LeaderEpoch(before.image().leader_epoch.0 + 2);
            }
        }),
    ),
    mutant(
        "election-takes-the-last",
        "R28",
        "Of several candidates the last of the assignment is elected.",
        Parts(2),
        case(ONE_OF_THREE, "broker-crash", [1, 1, 0, 0]),
        on!(Fence { .. }, before, after => {
            if elected(before, after).is_some() {
                let last = last_of(after.image().isr);
                newest(after).leader = last;
            }
        }),
    ),
    mutant(
        "election-takes-anybody",
        "R28",
        "Whoever lives is elected, be it a candidate or not.",
        Breaks("metadata-sanity", 5),
        case(ONE, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Fence { .. }, before, after => {
            let image = after.image();
            let living = image.replicas.minus(image.fenced);
            if image.leader != before.image().leader && image.leader.is_none()
                && let Some(leader) = living.iter().next()
            {
                let image = newest(after);
                image.leader = Some(leader);
                image.isr = BrokerSet::only(leader);
            }
        }),
    ),
    mutant(
        "election-empties-the-isr",
        "R28",
        "An election leaves only the new leader in the ISR.",
        Parts(2),
        case(ONE_OF_THREE, "broker-crash", [1, 2, 0, 0]),
        on!(Fence { .. }, before, after => {
            if let Some(leader) = elected(before, after) {
                newest(after).isr = BrokerSet::only(leader);
            }
        }),
    ),
    mutant(
        "elected-eligible-has-no-seat",
        "R28",
        "Who is elected from the ELR gets no seat in the ISR.",
        Breaks("metadata-sanity", 6),
        case(TWO, "broker-pause+broker-pause", [1, 3, 0, 0]),
        on!(Fence { .. } | Unfence { .. }, before, after => {
            if let Some(leader) = elected(before, after)
                && before.controller.elr.contains(leader)
            {
                newest(after).isr = before.image().isr.without(leader);
            }
        }),
    ),
    mutant(
        "elected-eligible-stays-eligible",
        "R28",
        "Who is elected from the ELR stays in it.",
        Breaks("metadata-sanity", 6),
        case(TWO, "broker-pause+broker-pause", [1, 3, 0, 0]),
        on!(Fence { .. } | Unfence { .. }, before, after => {
            if let Some(leader) = elected(before, after)
                && before.controller.elr.contains(leader)
            {
                after.controller.elr = after.controller.elr.with(leader);
            }
        }),
    ),
    mutant(
        "elected-eligible-empties-the-elr",
        "R28",
        "Where somebody is elected from the ELR the others are eligible no more.",
        Parts(6),
        case(TWO, "broker-pause+broker-pause", [1, 3, 0, 0]),
        on!(Fence { .. } | Unfence { .. }, before, after => {
            if let Some(leader) = elected(before, after)
                && before.controller.elr.contains(leader)
            {
                after.controller.elr = BrokerSet::EMPTY;
            }
        }),
    ),
    mutant(
        "unclean-election-keeps-the-isr",
        "R29",
        "Who is elected uncleanly leads an ISR that it is not in.",
        Breaks("metadata-sanity", 6),
        with(Besides::ElectUnclean, ONE, "lag+broker-crash", [1, 2, 1, 0]),
        on!(ElectUnclean | Unclean, before, after => newest(after).isr = before.image().isr),
    ),
    mutant(
        "unclean-election-keeps-the-elr",
        "R29",
        "An unclean election leaves the ELR as it was.",
        Breaks("metadata-sanity", 6),
        with(Besides::ElectUnclean, ONE, "lag+broker-crash", [1, 2, 1, 0]),
        on!(ElectUnclean | Unclean, before, after => {
            after.controller.elr = before.controller.elr;
        }),
    ),
    mutant(
        "unclean-leader-is-taken-for-recovered",
        "R29",
        "The controller does not note that an unclean leader has yet to recover.",
        Survives(
            "no rule reads it: a leader takes itself for recovered as soon as it is elected, and its first \
             accepted change says so.  That an ISR of more than one says so too late is noticed, as \
             recovery-never-ends; that nobody says it is not",
        ),
        with(Besides::ElectUnclean, ONE, "lag+broker-crash", [0, 2, 1, 0]),
        on!(ElectUnclean | Unclean, after => after.controller.recovering = false),
    ),
    mutant(
        "unclean-election-keeps-the-epoch",
        "R29",
        "An unclean election starts no leader epoch.",
        Parts(6),
        with(Besides::ElectUnclean, ONE, "lag+broker-crash", [1, 3, 1, 0]),
        on!(ElectUnclean | Unclean, before, after => {
            newest(after).leader_epoch = before.image().leader_epoch;
        }),
    ),
    mutant(
        "preferred-election-keeps-the-epoch",
        "R30",
        "An election of the preferred leader starts no leader epoch.",
        Breaks("one-leader-per-epoch", 8),
        case(ONE, "broker-crash", [2, 3, 1, 1]),
        on!(Prefer, before, after => newest(after).leader_epoch = before.image().leader_epoch),
    ),
    mutant(
        "preferred-election-drops-the-former-leader",
        "R30",
        "An election of the preferred leader takes the former leader's seat.",
        Parts(8),
        case(ONE_OF_THREE, "broker-crash", [0, 2, 0, 1]),
        on!(Prefer, before, after => {
            if let Some(former) = before.image().leader {
                let image = newest(after);
                image.isr = image.isr.without(former);
            }
        }),
    ),
    mutant(
        "preferred-election-elects-nobody",
        "R30",
        "An election of the preferred leader starts an epoch, and leaves the office where it is.",
        Parts(8),
        case(ONE, "broker-crash", [1, 3, 0, 1]),
        on!(Prefer, before, after => newest(after).leader = before.image().leader),
    ),
    mutant(
        "unfenced-stays-fenced",
        "R32",
        "A broker is let in, and goes on to be called fenced.",
        Breaks("active-leader", 7),
        case(ONE, "lag+broker-pause", [0, 2, 1, 0]),
        on!(Unfence { broker }, after => {
            let image = newest(after);
            image.fenced = image.fenced.with(broker);
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
        Parts(10),
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
                image.fenced = image.fenced.without(broker);
            }
        }),
    ),
    mutant(
        "min-isr-is-not-set",
        "R33b",
        "An operator changes min ISR, and it is what it was.",
        Parts(3),
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
        "reassignment-takes-at-once",
        "R36",
        "A reassignment takes the old replicas away before the new ones are in sync.",
        Breaks("acked-somewhere", 6),
        with(
            Reassign(&["b-1 c-1"]),
            AND_A_SPARE,
            "broker-power-loss",
            [1, 2, 1, 0],
        ),
        on!(Event::Reassign { replicas }, after => {
            let image = newest(after);
            image.replicas = replicas;
            after.controller.removing = BrokerSet::EMPTY;
            after.controller.adding = BrokerSet::EMPTY;
        }),
    ),
    mutant(
        "reassigned-is-in-sync",
        "R36",
        "Who gets a replica by a reassignment is in the ISR at once.",
        Breaks("quorum-superset", 1),
        with(Reassign(&["b-1 c-1"]), AND_A_SPARE, "none", [1, 1, 0, 0]),
        on!(Event::Reassign { replicas }, after => {
            let image = newest(after);
            image.isr = image.isr.union(replicas);
        }),
    ),
    mutant(
        "reassignment-forgets-whom-to-remove",
        "R36",
        "A reassignment adds the new replicas, and takes nobody away in the end.",
        Parts(1),
        with(Reassign(&["b-1 c-1"]), AND_A_SPARE, "none", [1, 1, 0, 0]),
        on!(Event::Reassign { .. }, after => after.controller.removing = BrokerSet::EMPTY),
    ),
    mutant(
        "reassignment-forgets-whom-to-add",
        "R36",
        "A reassignment notes only whom it is to take away, and may complete without the new ones.",
        Breaks("metadata-sanity", 3),
        with(
            Reassign(&["b-1 c-1"]),
            AND_A_SPARE,
            "broker-power-loss",
            [1, 2, 1, 0],
        ),
        on!(Event::Reassign { .. }, before, after => {
            after.controller.adding = BrokerSet::EMPTY;
            newest(after).replicas = before.image().replicas;
        }),
    ),
    mutant(
        "completed-reassignment-keeps-the-replicas",
        "R36",
        "A reassignment is done, and who was to lose its replica has it still.",
        Parts(5),
        with(Reassign(&["b-1 c-1"]), AND_A_SPARE, "none", [1, 1, 0, 0]),
        on!(Apply { .. }, before, after => {
            newest(after).replicas = before.image().replicas;
        }),
    ),
    mutant(
        "completed-reassignment-keeps-the-epoch",
        "R27",
        "A reassignment that takes the leader's replica starts no leader epoch.",
        Breaks("one-leader-per-epoch", 5),
        with(Reassign(&["b-1 c-1"]), AND_A_SPARE, "none", [1, 1, 0, 0]),
        on!(Apply { .. }, before, after => {
            newest(after).leader_epoch = before.image().leader_epoch;
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
