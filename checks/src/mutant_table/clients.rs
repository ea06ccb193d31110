//! Producers, consumers, and the watermark that an append moves: R01 to R08, R43, R46.

use super::edits::log_of;
use super::{ACKS_1, IDEMPOTENT, ONE, ONE_OF_THREE, TWO, case, mutant, on, with};
use crate::guards::Besides::{EveryChoice, Read, Retry};
use crate::mutants::Fate::{Breaks, Parts};
use crate::mutants::{Mutant, Step};
use highwater_model::replication::state::Entry;
use highwater_model::replication::{End, LeaderEpoch, State};
use highwater_vocabulary::Event::{self, Ack, Produce, Refuse};
use highwater_vocabulary::{Broker, Member, RecordSet};

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
    mutant(
        "duplicate-is-appended",
        "R46",
        "A leader knows that it has a record of an idempotent producer, and appends it once more.",
        Breaks("log-shape", 2),
        with(Retry(1), IDEMPOTENT, "none", [1, 0, 0, 0]),
        on!(Event::Retry { broker, record }, before, after => {
            let held = before.replicas[broker].log.records().contains(record);
            let replica = &mut after.replicas[broker];
            let epoch = replica.leader_epoch;
            if held {
                replica.log.append(Entry { record, epoch });
            }
        }),
    ),
    mutant(
        "duplicate-is-written-anew",
        "R46",
        "A record that is sent again is taken out of the log and appended in the epoch of now.",
        Breaks("candidates-complete", 6),
        with(Retry(1), IDEMPOTENT, "broker-crash", [1, 2, 0, 0]),
        on!(Event::Retry { broker, record }, after => {
            let replica = &mut after.replicas[broker];
            let epoch = replica.leader_epoch;
            let others = replica.log.entries().iter().filter(|entry| entry.record != record);
            let others = others.copied().chain([Entry { record, epoch }]);
            replica.log = log_of(others.collect::<Vec<_>>());
        }),
    ),
    mutant(
        "duplicate-is-not-awaited",
        "R46",
        "A leader that has a record already does not note that its producer waits.",
        Parts(2),
        with(Retry(1), IDEMPOTENT, "broker-crash", [1, 2, 0, 0]),
        on!(Event::Retry { broker, record }, before, after => {
            let held = before.replicas[broker].log.records().contains(record);
            if let Some(tenure) = after.replicas[broker].tenure_mut().filter(|_| held) {
                tenure.waiting = tenure.waiting.without(record);
            }
        }),
    ),
    mutant(
        "retry-leaves-the-others-waiting",
        "R46",
        "A producer that sends again still hears whom it asked before.",
        Parts(5),
        with(Retry(1), IDEMPOTENT, "broker-pause", [1, 2, 0, 0]),
        on!(Event::Retry { broker, record }, before, after => {
            for other in 0..2 {
                let other = Broker::at(other);
                let waited = before.replicas[other].tenure();
                let waited = waited.is_some_and(|tenure| tenure.waiting.contains(record));
                let tenure = after.replicas[other].tenure_mut();
                if let Some(tenure) = tenure.filter(|_| waited && other != broker) {
                    tenure.waiting = tenure.waiting.with(record);
                }
            }
        }),
    ),
    mutant(
        "retry-of-a-plain-producer-is-lost",
        "R46",
        "A record that is sent again without idempotence is not appended.",
        Parts(2),
        with(Retry(1), ONE, "none", [1, 0, 0, 0]),
        on!(Event::Retry { broker, .. }, before, after => {
            after.replicas[broker].log = before.replicas[broker].log;
        }),
    ),
];
