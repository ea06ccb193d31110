//! Metadata that brokers apply, and the offices they take by it: R17, R25, R26, R36, R42.

use super::edits::{new_tenure, same_tenure};
use super::{AND_A_SPARE, ONE, ONE_OF_THREE, TWO, TWO_OF_THREE, case, mutant, on, with};
use crate::guards::Besides::{EveryChoice, Reassign};
use crate::mutants::Fate::{Breaks, Parts};
use crate::mutants::{Mutant, Step};
use highwater_model::replication::state::Role;
use highwater_model::replication::{End, LeaderEpoch, State};
use highwater_vocabulary::BrokerSet;
use highwater_vocabulary::Event::{Learn, Register};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "leader-keeps-the-old-isr",
        "R25",
        "A leader that learns of a change of its partition keeps the ISR it had.",
        Breaks("quorum-superset", 7),
        with(EveryChoice, ONE, "lag+broker-crash", [1, 2, 2, 0]),
        on!(Learn { broker, .. }, before, after => {
            if let Some((old, tenure)) = same_tenure(before, after, broker) {
                tenure.isr = old.isr;
            }
        }),
    ),
    mutant(
        "leader-keeps-its-proposal",
        "R25",
        "A leader that learns of a change of its partition takes its own proposal for pending still.",
        Parts(4),
        case(ONE, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Learn { broker, .. }, before, after => {
            if let Some((old, tenure)) = same_tenure(before, after, broker) {
                tenure.pending = old.pending;
            }
        }),
    ),
    mutant(
        "leader-keeps-the-partition-epoch",
        "R25",
        "A leader takes over an ISR from metadata, and not the partition epoch.",
        Parts(6),
        case(ONE, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Learn { broker, .. }, before, after => {
            if let Some((old, tenure)) = same_tenure(before, after, broker) {
                tenure.partition_epoch = old.partition_epoch;
            }
        }),
    ),
    mutant(
        "leader-forgets-everybody",
        "R25",
        "A leader that learns of a change of its partition forgets how far its followers have come.",
        Parts(6),
        case(ONE_OF_THREE, "lag+broker-crash", [0, 1, 1, 0]),
        on!(Learn { broker, .. }, before, after => {
            if let Some((_, tenure)) = same_tenure(before, after, broker) {
                tenure.follower_end = Default::default();
            }
        }),
    ),
    mutant(
        "metadata-is-applied-and-not-noted",
        "R42",
        "A broker applies records, and its place in the metadata log stays: it applies older ones after \
         newer ones.",
        Breaks("candidates-complete", 12),
        case(ONE, "broker-pause", [1, 3, 1, 1]),
        on!(Learn { broker, .. }, before, after => {
            after.replicas[broker].place = before.replicas[broker].place;
        }),
    ),
    mutant(
        "metadata-is-noted-and-not-applied",
        "R42",
        "A broker passes over records that concern it.",
        Parts(3),
        case(ONE, "broker-pause", [1, 2, 1, 1]),
        on!(Learn { broker, .. }, before, after => {
            let place = after.replicas[broker].place;
            after.replicas[broker] = before.replicas[broker];
            after.replicas[broker].place = place;
        }),
    ),
    mutant(
        "follower-keeps-the-old-epoch",
        "R17",
        "A follower learns of a new leader, and not of the epoch.",
        Parts(4),
        case(ONE, "broker-pause", [1, 2, 1, 1]),
        on!(Learn { broker, .. }, before, after => {
            let replica = &mut after.replicas[broker];
            if matches!(replica.role, Role::Follower(_)) {
                replica.leader_epoch = before.replicas[broker].leader_epoch;
            }
        }),
    ),
    mutant(
        "follower-keeps-the-old-leader",
        "R17",
        "A follower learns of a new epoch, and not of the leader.",
        Parts(5),
        case(ONE_OF_THREE, "broker-crash", [1, 1, 0, 0]),
        on!(Learn { broker, .. }, before, after => {
            let (old, new) = (before.replicas[broker].role, &mut after.replicas[broker].role);
            if matches!((old, &new), (Role::Follower(_), Role::Follower(_))) {
                *new = old;
            }
        }),
    ),
    mutant(
        "deposed-leader-goes-on",
        "R17",
        "A leader that learns of another goes on, in the epoch of the other.",
        Breaks("one-leader-per-epoch", 4),
        case(ONE, "broker-pause", [2, 2, 1, 1]),
        on!(Learn { broker, .. }, before, after => {
            let (old, new) = (before.replicas[broker].role, &mut after.replicas[broker].role);
            if matches!((old, &new), (Role::Leader(_), Role::Follower(_))) {
                *new = old;
            }
        }),
    ),
    mutant(
        "new-follower-empties-its-log",
        "R17",
        "A follower of a new leader begins with an empty log.",
        Breaks("candidates-complete", 7),
        case(TWO, "broker-pause", [1, 2, 0, 1]),
        on!(Learn { broker, .. }, before, after => {
            let new_epoch =
                after.replicas[broker].leader_epoch != before.replicas[broker].leader_epoch;
            if new_epoch && after.replicas[broker].tenure().is_none() {
                after.replicas[broker].truncate(End(0));
            }
        }),
    ),
    mutant(
        "new-follower-commits-its-log",
        "R17",
        "A follower of a new leader takes all it holds for committed.",
        Breaks("committed-prefix", 7),
        case(ONE, "broker-pause", [2, 2, 1, 1]),
        on!(Learn { broker, .. }, before, after => {
            let new_epoch =
                after.replicas[broker].leader_epoch != before.replicas[broker].leader_epoch;
            let replica = &mut after.replicas[broker];
            if new_epoch && replica.tenure().is_none() {
                replica.watermark = replica.log.end();
            }
        }),
    ),
    mutant(
        "epoch-begins-at-the-start",
        "R26",
        "A new leader notes that its epoch begins at the start of the log, and not at its end.",
        Breaks("latest-stands", 6),
        case(TWO, "broker-power-loss", [1, 3, 1, 0]),
        on!(Learn { broker, .. } | Register { broker }, before, after => {
            if let Some(tenure) = new_tenure(before, after, broker) {
                tenure.epoch_start = End(0);
            }
        }),
    ),
    mutant(
        "office-notes-no-epoch",
        "R18",
        "A new leader notes its epoch with its first record, and not when it takes office.",
        Parts(6),
        case(ONE, "broker-pause", [2, 2, 1, 1]),
        on!(Learn { broker, .. } | Register { broker }, before, after => {
            if new_tenure(before, after, broker).is_some() {
                let log = &mut after.replicas[broker].log;
                log.truncate(log.end());
            }
        }),
    ),
    mutant(
        "office-truncates-to-the-watermark",
        "R26",
        "A new leader cuts from its log what it does not know to be committed.",
        Breaks("candidates-complete", 6),
        case(TWO, "broker-crash", [1, 2, 0, 0]),
        on!(Learn { broker, .. } | Register { broker }, before, after => {
            if new_tenure(before, after, broker).is_some() {
                let replica = &mut after.replicas[broker];
                replica.truncate(replica.watermark);
            }
        }),
    ),
    mutant(
        "office-commits-the-log",
        "R26",
        "A new leader takes all it holds for committed.",
        Breaks("candidates-complete", 5),
        case(TWO_OF_THREE, "broker-crash", [1, 1, 0, 0]),
        on!(Learn { broker, .. } | Register { broker }, before, after => {
            if new_tenure(before, after, broker).is_some() {
                let replica = &mut after.replicas[broker];
                replica.watermark = replica.log.end();
            }
        }),
    ),
    mutant(
        "office-begins-at-watermark-0",
        "R26",
        "A new leader begins with a watermark of 0.",
        Parts(7),
        case(TWO, "broker-pause", [1, 2, 0, 1]),
        on!(Learn { broker, .. } | Register { broker }, before, after => {
            if new_tenure(before, after, broker).is_some() {
                after.replicas[broker].watermark = End(0);
            }
        }),
    ),
    mutant(
        "office-begins-alone",
        "R26",
        "A new leader takes itself for the only one in sync.",
        Breaks("quorum-superset", 10),
        case(ONE, "broker-pause", [1, 2, 0, 1]),
        on!(Learn { broker, .. } | Register { broker }, before, after => {
            if let Some(tenure) = new_tenure(before, after, broker) {
                tenure.isr = BrokerSet::only(broker);
            }
        }),
    ),
    mutant(
        "office-begins-with-everybody",
        "R26",
        "A new leader takes everybody of the assignment for in sync.",
        Parts(4),
        case(TWO, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Learn { broker, .. } | Register { broker }, before, after => {
            let everybody = after.image().replicas;
            if let Some(tenure) = new_tenure(before, after, broker) {
                tenure.isr = everybody;
            }
        }),
    ),
    mutant(
        "office-takes-followers-for-complete",
        "R26",
        "A new leader takes every follower to hold all that it holds itself.",
        Breaks("candidates-complete", 7),
        case(ONE_OF_THREE, "broker-power-loss", [1, 2, 0, 0]),
        on!(Learn { broker, .. } | Register { broker }, before, after => {
            let end = after.replicas[broker].log.end();
            if let Some(tenure) = new_tenure(before, after, broker) {
                tenure.follower_end.0.fill(Some(end));
            }
        }),
    ),
    mutant(
        "office-in-the-old-epoch",
        "R26",
        "A new leader acts in the epoch before the one that made it leader.",
        Breaks("one-leader-per-epoch", 4),
        case(ONE, "broker-pause", [2, 2, 1, 1]),
        on!(Learn { broker, .. }, before, after => {
            if new_tenure(before, after, broker).is_some() {
                after.replicas[broker].leader_epoch = before.replicas[broker].leader_epoch;
            }
        }),
    ),
    mutant(
        "office-in-a-later-epoch",
        "R26",
        "A new leader acts in the epoch after the one that made it leader.",
        Parts(3),
        case(ONE, "broker-pause", [2, 2, 1, 1]),
        on!(Learn { broker, .. }, before, after => {
            if new_tenure(before, after, broker).is_some() {
                let epoch = &mut after.replicas[broker].leader_epoch;
                *epoch = LeaderEpoch(epoch.0 + 1);
            }
        }),
    ),
    mutant(
        "office-keeps-the-old-change",
        "R26",
        "A new leader believes that its partition has changed less often than it has.",
        Parts(8),
        case(ONE, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Learn { broker, .. }, before, after => {
            let known = before.view(broker).partition_epoch;
            if let Some(tenure) = new_tenure(before, after, broker) {
                tenure.partition_epoch = known;
            }
        }),
    ),
    mutant(
        "who-leaves-keeps-its-log",
        "R36",
        "A broker that loses its replica keeps the log.",
        Parts(3),
        with(
            Reassign(&["b-1", "a-1 b-1"]),
            ONE,
            "broker-crash",
            [1, 3, 0, 0],
        ),
        on!(Learn { broker, .. }, before, after => {
            let replica = &mut after.replicas[broker];
            if replica.role == Role::Idle {
                replica.log = before.replicas[broker].log;
            }
        }),
    ),
    mutant(
        "who-leaves-goes-on",
        "R36",
        "A broker that loses its replica goes on as if it had it.",
        Parts(6),
        with(Reassign(&["b-1 c-1"]), AND_A_SPARE, "none", [1, 1, 0, 0]),
        on!(Learn { broker, .. }, before, after => {
            if after.replicas[broker].role == Role::Idle {
                let place = after.replicas[broker].place;
                after.replicas[broker] = before.replicas[broker];
                after.replicas[broker].place = place;
            }
        }),
    ),
];
