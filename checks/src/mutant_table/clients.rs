//! Producers, consumers, and the watermark that an append moves: R01 to R08, R43.

use super::edits::log_of;
use super::{ACKS_1, ONE, ONE_OF_THREE, TWO, case, mutant, on, with};
use crate::guards::Besides::{EveryChoice, Read};
use crate::mutants::Fate::{Breaks, Parts};
use crate::mutants::{Mutant, Step};
use highwater_model::replication::state::Entry;
use highwater_model::replication::{End, LeaderEpoch, State};
use highwater_vocabulary::Event::{self, Ack, Produce, Refuse};
use highwater_vocabulary::RecordSet;

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "append-is-lost",
        "R01",
        "A leader says that it has appended, and its log is as it was.",
        Breaks("acked-somewhere", 1),
        case(ACKS_1, "none", [1, 0, 0, 0]),
        on!(Produce { broker, .. }, before, after => {
            after.replicas[broker].log = before.replicas[broker].log;
        }),
    ),
    mutant(
        "append-twice",
        "R01",
        "A record is appended twice.",
        Breaks("log-shape", 1),
        case(ONE, "none", [1, 0, 0, 0]),
        on!(Produce { broker, record }, after => {
            let replica = &mut after.replicas[broker];
            let epoch = replica.leader_epoch;
            replica.log.append(Entry { record, epoch });
        }),
    ),
    mutant(
        "append-over-the-last",
        "R01",
        "A record is written over the one before it.",
        Breaks("log-matching", 3),
        case(ONE, "none", [2, 0, 0, 0]),
        on!(Produce { broker, record }, before, after => {
            let replica = &mut after.replicas[broker];
            let epoch = replica.leader_epoch;
            let mut log = before.replicas[broker].log;
            log.truncate(End(log.end().0.saturating_sub(1)));
            log.append(Entry { record, epoch });
            replica.log = log;
        }),
    ),
    mutant(
        "append-under-an-older-epoch",
        "R01",
        "A leader stamps its records with the epoch before its own.",
        Breaks("log-matching", 5),
        case(ONE, "broker-pause", [2, 2, 1, 1]),
        on!(Produce { broker, record }, before, after => {
            let replica = &mut after.replicas[broker];
            let epoch = LeaderEpoch(replica.leader_epoch.0.saturating_sub(1).max(1));
            let mut log = before.replicas[broker].log;
            log.append(Entry { record, epoch });
            replica.log = log;
        }),
    ),
    mutant(
        "append-commits",
        "R06",
        "An append moves the watermark to the log end, whoever else is in sync.",
        Breaks("candidates-complete", 1),
        case(ONE, "broker-crash", [1, 2, 1, 0]),
        on!(Produce { broker, .. }, after => {
            let replica = &mut after.replicas[broker];
            replica.watermark = replica.log.end();
        }),
    ),
    mutant(
        "append-resets-the-watermark",
        "R08",
        "An append sets the watermark back to the start of the log.",
        Breaks("watermark-discipline", 4),
        case(ONE, "none", [2, 0, 0, 0]),
        on!(Produce { broker, .. }, after => after.replicas[broker].watermark = End(0)),
    ),
    mutant(
        "append-moves-no-watermark",
        "R06",
        "A leader that is alone in sync does not look at its watermark when it appends.",
        Parts(4),
        case(ONE, "broker-crash", [1, 2, 1, 0]),
        on!(Produce { broker, .. }, before, after => {
            after.replicas[broker].watermark = before.replicas[broker].watermark;
        }),
    ),
    mutant(
        "producer-is-forgotten",
        "R05",
        "Nobody notes that a producer with acks=all waits.",
        Parts(1),
        case(ONE, "none", [1, 0, 0, 0]),
        on!(Produce { broker, record }, after => {
            if let Some(tenure) = after.replicas[broker].tenure_mut() {
                tenure.waiting = tenure.waiting.without(record);
            }
        }),
    ),
    mutant(
        "acks-1-waits",
        "R04",
        "A producer with acks=1 is told at once, and told again when its record is committed.",
        Parts(1),
        case(ACKS_1, "none", [1, 0, 0, 0]),
        on!(Produce { broker, record }, after => {
            if let Some(tenure) = after.replicas[broker].tenure_mut() {
                tenure.waiting = tenure.waiting.with(record);
            }
        }),
    ),
    mutant(
        "ack-keeps-the-producer-waiting",
        "R05",
        "Whoever has been acknowledged still waits.",
        Parts(4),
        case(ONE, "none", [1, 0, 0, 0]),
        on!(Ack { broker, record }, after => {
            if let Some(tenure) = after.replicas[broker].tenure_mut() {
                tenure.waiting = tenure.waiting.with(record);
            }
        }),
    ),
    mutant(
        "ack-forgets-the-others",
        "R05",
        "When one producer is answered, all others are forgotten.",
        Parts(5),
        case(ONE, "none", [2, 0, 0, 0]),
        on!(Ack { broker, .. }, after => {
            if let Some(tenure) = after.replicas[broker].tenure_mut() {
                tenure.waiting = RecordSet::EMPTY;
            }
        }),
    ),
    mutant(
        "ack-commits-everything",
        "R05",
        "An acknowledgement moves the watermark to the log end.",
        Breaks("candidates-complete", 5),
        case(ONE, "broker-crash", [2, 2, 1, 0]),
        on!(Ack { broker, .. }, after => {
            let replica = &mut after.replicas[broker];
            replica.watermark = replica.log.end();
        }),
    ),
    mutant(
        "refusal-keeps-the-producer-waiting",
        "R05",
        "Who was told that too few replicas are in sync still waits.",
        Parts(8),
        with(EveryChoice, TWO, "lag", [1, 1, 1, 0]),
        on!(Refuse { broker, record }, after => {
            if let Some(tenure) = after.replicas[broker].tenure_mut() {
                tenure.waiting = tenure.waiting.with(record);
            }
        }),
    ),
    mutant(
        "refusal-takes-the-record-back",
        "R05",
        "Who is told that too few replicas are in sync has its record taken out of the leader's log.",
        Breaks("candidates-complete", 8),
        with(EveryChoice, TWO, "lag", [1, 1, 1, 0]),
        on!(Refuse { broker, record }, after => {
            let replica = &mut after.replicas[broker];
            let kept = replica.log.entries().iter().filter(|entry| entry.record != record);
            let log = log_of(kept.copied().collect::<Vec<_>>());
            replica.log = log;
            replica.watermark = replica.watermark.min(log.end());
        }),
    ),
    mutant(
        "read-commits",
        "R43",
        "A read moves the watermark of whoever serves it to the log end.",
        Breaks("candidates-complete", 7),
        with(Read, ONE_OF_THREE, "none", [2, 0, 0, 0]),
        on!(Event::Read { broker, .. }, after => {
            let replica = &mut after.replicas[broker];
            replica.watermark = replica.log.end();
        }),
    ),
];
