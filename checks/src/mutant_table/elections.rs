//! Fencing, elections and the last known leader: R27 to R31, R34.

use super::edits::{elected, last_of, newest, other_than};
use super::{CONTROLLERS_AT_C, ONE, ONE_OF_THREE, TWO, WITHOUT_ELR, case, mutant, on, with};
use crate::guards::Besides;
use crate::mutants::Fate::{Breaks, Parts, Survives};
use crate::mutants::{Mutant, Step};
use highwater_model::replication::{LeaderEpoch, State};
use highwater_vocabulary::BrokerSet;
use highwater_vocabulary::Event::{Apply, ElectUnclean, Fence, Prefer, Register, Unclean, Unfence};

pub(super) const MUTANTS: &[Mutant] = &[
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
            image.inactive.fenced = image.inactive.fenced.without(broker);
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
            image.inactive.fenced = image.inactive.fenced.union(others);
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
            let living = image.replicas.minus(image.inactive.fenced);
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
        Breaks("acked-survives", 6),
        case(CONTROLLERS_AT_C, "dc-loss:a+dc-loss:b", [1, 2, 0, 0]),
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
            "no rule reads it: a leader takes itself for recovered as soon as it is elected.  The property \
             that does asks that the note does not stay too long (recovery-never-ends), and not that it is \
             made",
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
];
