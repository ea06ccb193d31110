//! Registrations, stops, restarts, disks, links and the controller's office: R35, R37, R40, R41, R24.

use super::edits::newest;
use super::{LATE, ONE, TWO, TWO_AND_A_WITNESS, TWO_VOTERS, case, mutant, on, with};
use crate::guards::Besides::Read;
use crate::mutants::Fate::{Breaks, Parts};
use crate::mutants::{Mutant, Step};
use highwater_model::replication::state::Role;
use highwater_model::replication::{BrokerEpoch, End, State};
use highwater_vocabulary::Event::{
    Activate, ControlledShutdown, Crash, Cut, Depose, Destroy, Heal, Lose, Pause, PowerLoss,
    Register, Restart, Resume, Return, RollBack, Stop, Terminate, Wipe,
};
use highwater_vocabulary::{BrokerSet, Process};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "registration-keeps-the-broker-epoch",
        "R37",
        "A restarted broker gets the broker epoch of its former process.",
        Breaks("candidates-complete", 12),
        case(LATE, "lag+dc-destroyed:b", [1, 1, 1, 0]),
        on!(Register { broker }, before, after => {
            let known = before.image().broker_epochs[broker];
            newest(after).broker_epochs[broker] = known;
            after.replicas[broker].broker_epoch = known;
        }),
    ),
    mutant(
        "registration-keeps-the-isr-seat",
        "R35",
        "A broker that registers anew keeps its seat in the ISR.",
        Breaks("active-leader", 3),
        case(TWO, "broker-power-loss", [1, 3, 1, 0]),
        on!(Register { broker }, before, after => {
            if before.image().isr.contains(broker) {
                let image = newest(after);
                image.isr = image.isr.with(broker);
            }
        }),
    ),
    mutant(
        "registration-keeps-the-elr-seat",
        "R35",
        "A broker that registers after an unclean stop stays an eligible leader replica.",
        Breaks("candidates-complete", 7),
        case(TWO, "broker-power-loss", [1, 3, 1, 0]),
        on!(Register { broker }, before, after => {
            if before.controller.elr.contains(broker) {
                after.controller.elr = after.controller.elr.with(broker);
            }
        }),
    ),
    mutant(
        "registration-keeps-the-office",
        "R35",
        "A leader that registers anew goes on to be called leader, in its old epoch.",
        Breaks("active-leader", 3),
        case(ONE, "broker-power-loss", [2, 3, 1, 0]),
        on!(Register { broker }, before, after => {
            if before.image().leader == Some(broker) {
                let image = newest(after);
                image.leader = Some(broker);
                image.leader_epoch = before.image().leader_epoch;
                image.isr = before.image().isr;
            }
        }),
    ),
    mutant(
        "registration-fences-nobody",
        "R37",
        "A broker that registers after its session has ended is not fenced.",
        Parts(3),
        case(ONE, "broker-crash", [1, 2, 0, 0]),
        on!(Register { broker }, after => {
            let image = newest(after);
            image.inactive.fenced = image.inactive.fenced.without(broker);
        }),
    ),
    mutant(
        "registration-begins-with-old-metadata",
        "R38",
        "A broker that registers begins with the oldest metadata that is kept.",
        Breaks("no-split-brain", 11),
        case(ONE, "broker-crash+broker-pause", [2, 2, 0, 0]),
        on!(Register { broker }, before, after => {
            let oldest = *before.controller.record(0);
            let replica = &mut after.replicas[broker];
            replica.place = 0;
            replica.role = match oldest.leader == Some(broker) {
                true => Role::Idle,
                false => Role::Follower(oldest.leader),
            };
            replica.leader_epoch = oldest.leader_epoch;
        }),
    ),
    mutant(
        "registration-lets-everybody-in",
        "R37",
        "A broker that registers serves at once, fenced or not.",
        Parts(7),
        with(Read, ONE, "broker-crash", [1, 2, 0, 0]),
        on!(Register { broker }, after => after.replicas[broker].open = true),
    ),
    mutant(
        "registration-makes-an-idler",
        "R37",
        "A broker that registers does not act on the metadata it has caught up with.",
        Parts(4),
        case(ONE, "broker-crash", [1, 2, 0, 0]),
        on!(Register { broker }, after => after.replicas[broker].role = Role::Idle),
    ),
    mutant(
        "crash-loses-a-record",
        "R41",
        "A process that ends takes the last record of its log with it.",
        Breaks("acked-somewhere", 7),
        case(ONE, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Crash { broker }, after => {
            let replica = &mut after.replicas[broker];
            replica.truncate(End(replica.log.end().0.saturating_sub(1)));
        }),
    ),
    mutant(
        "crash-fences",
        "R39",
        "A process that ends is fenced at once, without its session having ended; nothing else changes.",
        Breaks("active-leader", 1),
        case(ONE, "broker-crash", [1, 2, 0, 0]),
        on!(Crash { broker }, after => {
            let image = newest(after);
            image.inactive.fenced = image.inactive.fenced.with(broker);
        }),
    ),
    mutant(
        "crash-is-taken-for-an-orderly-stop",
        "R35",
        "A process that ends without notice leaves the mark of an orderly stop.",
        Breaks("candidates-complete", 6),
        case(TWO, "broker-power-loss", [1, 3, 1, 0]),
        on!(PowerLoss { broker, .. } | Crash { broker }, before, after => {
            after.replicas[broker].stopped_under = before.replicas[broker].broker_epoch;
        }),
    ),
    mutant(
        "crash-leaves-the-role",
        "R41",
        "A process that starts again knows what it was, and under which registration.",
        Breaks("watermark-discipline", 4),
        case(ONE, "broker-power-loss", [2, 3, 1, 0]),
        on!(Crash { broker } | PowerLoss { broker, .. }, before, after => {
            let log = after.replicas[broker].log;
            after.replicas[broker] = before.replicas[broker];
            after.replicas[broker].log = log;
            after.replicas[broker].process = Process::Stopped;
        }),
    ),
    mutant(
        "power-loss-loses-one-more",
        "R41",
        "A disk loses one record more than it should.",
        Parts(2),
        case(TWO, "broker-power-loss", [1, 2, 0, 0]),
        on!(PowerLoss { broker, .. }, after => {
            let replica = &mut after.replicas[broker];
            replica.truncate(End(replica.log.end().0.saturating_sub(1)));
        }),
    ),
    mutant(
        "power-loss-loses-nothing",
        "R41",
        "A disk keeps what had not been written to it.",
        Parts(2),
        case(TWO, "broker-power-loss", [1, 2, 0, 0]),
        on!(PowerLoss { broker, .. }, before, after => {
            after.replicas[broker].log = before.replicas[broker].log;
            after.replicas[broker].watermark = before.replicas[broker].watermark;
        }),
    ),
    mutant(
        "wipe-leaves-the-disk",
        "R41",
        "A disk that was wiped has everything still.",
        Parts(2),
        case(TWO, "broker-wiped", [1, 2, 0, 0]),
        on!(Wipe { broker }, before, after => {
            after.replicas[broker].log = before.replicas[broker].log;
            after.replicas[broker].watermark = before.replicas[broker].watermark;
        }),
    ),
    mutant(
        "shutting-down-keeps-the-isr-seat",
        "R40",
        "A follower in controlled shutdown stays in the ISR.",
        Breaks("metadata-sanity", 1),
        case(TWO, "controlled-shutdown", [1, 2, 0, 0]),
        on!(ControlledShutdown { broker }, before, after => {
            let was_member = before.image().isr.contains(broker);
            if was_member && before.image().leader != Some(broker) {
                let image = newest(after);
                image.isr = image.isr.with(broker);
            }
        }),
    ),
    mutant(
        "shutting-down-keeps-the-office",
        "R40",
        "A leader in controlled shutdown goes on to be called leader, in its old epoch.",
        Breaks("metadata-sanity", 1),
        case(TWO, "controlled-shutdown", [1, 2, 0, 0]),
        on!(ControlledShutdown { .. }, before, after => {
            let (leader, epoch) = (before.image().leader, before.image().leader_epoch);
            let image = newest(after);
            (image.leader, image.leader_epoch) = (leader, epoch);
        }),
    ),
    mutant(
        "shutting-down-keeps-the-leader-epoch",
        "R40",
        "Whoever takes over from a broker in controlled shutdown leads in its epoch.",
        Breaks("one-leader-per-epoch", 1),
        case(ONE, "controlled-shutdown", [2, 2, 0, 0]),
        on!(ControlledShutdown { .. }, before, after => {
            newest(after).leader_epoch = before.image().leader_epoch;
        }),
    ),
    mutant(
        "shutting-down-is-not-noted",
        "R40",
        "The registration does not say that its broker is in controlled shutdown.",
        Parts(1),
        case(TWO, "controlled-shutdown", [1, 2, 0, 0]),
        on!(ControlledShutdown { broker }, after => {
            let leaving = &mut newest(after).inactive.in_controlled_shutdown;
            *leaving = leaving.without(broker);
        }),
    ),
    mutant(
        "registration-ends-every-shutdown",
        "R40",
        "A broker that registers anew ends the controlled shutdowns of all brokers.",
        Parts(4),
        case(TWO, "broker-crash+controlled-shutdown", [1, 2, 0, 0]),
        on!(Register { .. }, after => {
            newest(after).inactive.in_controlled_shutdown = BrokerSet::EMPTY;
        }),
    ),
    mutant(
        "stop-leaves-no-mark",
        "R35",
        "An orderly stop does not leave the broker epoch on the disk.",
        Breaks("electable", 8),
        case(TWO, "broker-stop+broker-stop", [1, 2, 0, 0]),
        on!(Stop { broker }, after => after.replicas[broker].stopped_under = BrokerEpoch(0)),
    ),
    mutant(
        "stop-loses-a-record",
        "R41",
        "An orderly stop does not write the last record to the disk.",
        Breaks("candidates-complete", 6),
        case(TWO, "broker-stop", [1, 2, 0, 0]),
        on!(Stop { broker }, after => {
            let replica = &mut after.replicas[broker];
            replica.truncate(End(replica.log.end().0.saturating_sub(1)));
        }),
    ),
    mutant(
        "pause-forgets-the-role",
        "R41",
        "A broker that is paused forgets its role.",
        Parts(1),
        case(ONE, "broker-pause", [1, 2, 0, 0]),
        on!(Pause { broker }, after => after.replicas[broker].role = Role::Idle),
    ),
    mutant(
        "resumed-has-learnt-everything",
        "R42",
        "A broker that is resumed has a place at the end of the metadata log, and acts on what it knew.",
        Parts(4),
        case(ONE, "broker-pause", [2, 2, 0, 1]),
        on!(Resume { broker }, after => {
            after.replicas[broker].place = after.controller.newest();
        }),
    ),
    mutant(
        "restart-empties-the-log",
        "R41",
        "A process that starts finds an empty log.",
        Breaks("truncation-safety", 5),
        case(TWO, "broker-crash", [1, 2, 0, 0]),
        on!(Restart { broker, .. }, after => after.replicas[broker].truncate(End(0))),
    ),
    mutant(
        "restart-commits-the-log",
        "R41",
        "A process that starts takes all that is on its disk for committed.",
        Breaks("committed-prefix", 6),
        case(ONE, "broker-crash", [2, 2, 0, 0]),
        on!(Restart { broker, .. }, after => {
            let replica = &mut after.replicas[broker];
            replica.watermark = replica.log.end();
        }),
    ),
    mutant(
        "restart-keeps-the-watermark",
        "R41",
        "A process that starts has the watermark it had, however old the checkpoint is.",
        Parts(5),
        case(TWO, "broker-crash", [1, 2, 0, 0]),
        on!(Restart { broker, .. }, before, after => {
            after.replicas[broker].watermark = before.replicas[broker].watermark;
        }),
    ),
    mutant(
        "loss-spares-the-brokers",
        "R41",
        "A datacenter is lost, and its brokers run on.",
        Parts(1),
        case(TWO_AND_A_WITNESS, "dc-loss:a", [1, 1, 0, 0]),
        on!(Lose { .. }, before, after => {
            after.replicas = before.replicas;
            after.changes = before.changes;
        }),
    ),
    mutant(
        "destruction-spares-the-disks",
        "R41",
        "A datacenter is destroyed, and its disks are as they were.",
        Parts(2),
        case(TWO_AND_A_WITNESS, "dc-destroyed:a", [1, 1, 0, 0]),
        on!(Destroy { .. }, before, after => {
            for (old, new) in before.replicas.0.iter().zip(&mut after.replicas.0) {
                new.log = old.log;
                new.watermark = old.watermark;
            }
        }),
    ),
    mutant(
        "destruction-takes-every-disk",
        "R41",
        "A datacenter is destroyed, and the disks of all others with it.",
        Breaks("candidates-complete", 4),
        case(TWO_AND_A_WITNESS, "dc-destroyed:a", [1, 1, 0, 0]),
        on!(Destroy { .. }, after => {
            for replica in &mut after.replicas.0 {
                replica.truncate(End(0));
            }
        }),
    ),
    mutant(
        "return-brings-nobody-back",
        "R41",
        "A datacenter has power again, and its processes cannot start.",
        Parts(3),
        case(TWO_AND_A_WITNESS, "dc-loss:a", [1, 1, 0, 0]),
        on!(Return { .. }, before, after => after.world.lost = before.world.lost),
    ),
    mutant(
        "cut-is-one-way",
        "R39",
        "A link that is cut lets the second of its ends connect to the first.",
        Parts(2),
        case(TWO_AND_A_WITNESS, "cut:a|b", [1, 1, 0, 0]),
        on!(Cut { between: [x, y] }, before, after => {
            after.world.cut_from = before.world.cut_from;
            let cut = &mut after.world.cut_from[highwater_vocabulary::Member::index(x)];
            *cut = cut.with(y);
        }),
    ),
    mutant(
        "heal-heals-nothing",
        "R39",
        "A link that is healed is cut still.",
        Parts(3),
        case(TWO_AND_A_WITNESS, "cut:a|b", [1, 1, 0, 0]),
        on!(Heal { .. }, before, after => after.world = before.world),
    ),
    mutant(
        "deposed-controller-answers",
        "R24",
        "An answer of a controller that has lost its office arrives.",
        Parts(5),
        case(ONE, "lag+controller-failover", [1, 1, 1, 0]),
        on!(Depose, before, after => after.changes = before.changes),
    ),
    mutant(
        "activation-seats-nobody",
        "R39",
        "A voter becomes the active controller, and nobody is.",
        Parts(3),
        case(ONE, "controller-failover", [1, 1, 0, 0]),
        on!(Activate { .. }, before, after => after.controller = before.controller),
    ),
    mutant(
        "activation-unfences-everybody",
        "R39",
        "A new active controller takes everybody for unfenced.",
        Parts(4),
        case(ONE, "broker-crash+controller-failover", [1, 2, 0, 0]),
        on!(Activate { .. }, after => newest(after).inactive.fenced = BrokerSet::EMPTY),
    ),
    mutant(
        "roll-back-takes-nothing-back",
        "Q5",
        "A quorum elects a voter that has fallen behind, and goes on from what it had committed.",
        Parts(5),
        case(TWO_VOTERS, "lag+metadata-rollback", [1, 1, 1, 0]),
        on!(RollBack { datacenter }, before, after => {
            *after = *before;
            after.controller.active = Some(datacenter);
            after.controller.copy = None;
        }),
    ),
    mutant(
        "roll-back-answers",
        "Q5",
        "An answer arrives of a controller whose history has gone back.",
        Parts(6),
        case(TWO_VOTERS, "lag+metadata-rollback", [1, 1, 1, 0]),
        on!(RollBack { .. }, before, after => after.changes = before.changes),
    ),
    mutant(
        "termination-loses-a-record",
        "Q5",
        "A broker that ends because metadata contradicts it takes the last record of its log with it.",
        Breaks("unclean-exclusion", 14),
        case(TWO_VOTERS, "lag+metadata-rollback", [1, 1, 1, 0]),
        on!(Terminate { broker }, after => {
            let replica = &mut after.replicas[broker];
            replica.truncate(End(replica.log.end().0.saturating_sub(1)));
        }),
    ),
];
