//! Fetches, what they prove, what they bring, and truncation: R06, R12 to R18.

use super::edits::{added_to, cut_from, leader_of, leaders_view, log_of};
use super::{
    IN_0_10, IN_2_0, LATE, LATE_OF_THREE, ONE, ONE_OF_THREE, TWO, TWO_OF_THREE, UNCLEAN, case,
    mutant, on,
};
use crate::mutants::Fate::{Breaks, Parts};
use crate::mutants::{Mutant, Step};
use highwater_model::replication::state::{Asks, Entry, FetchAnswer, LateFetch};
use highwater_model::replication::{End, State};
use highwater_vocabulary::Event::{Answer, Drop, Fetch, FetchLost, Learn, Request, Serve};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "fetch-commits-everything",
        "R06",
        "Whatever a fetch proves, it moves the leader's watermark to the log end.",
        Breaks("candidates-complete", 2),
        case(ONE, "broker-crash", [1, 2, 1, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if let Some(leader) = leader_of(before, follower) {
                after.replicas[leader].watermark = after.replicas[leader].log.end();
            }
        }),
    ),
    mutant(
        "fetch-moves-no-watermark",
        "R06",
        "A leader does not look at its watermark when a fetch has moved a follower's end.",
        Parts(3),
        case(ONE, "none", [1, 0, 0, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if let Some(leader) = leader_of(before, follower) {
                after.replicas[leader].watermark = before.replicas[leader].watermark;
            }
        }),
    ),
    mutant(
        "watermark-counts-the-fastest",
        "R06",
        "One proof is enough: the watermark follows whoever fetches, and waits for nobody else.",
        Breaks("candidates-complete", 3),
        case(ONE_OF_THREE, "broker-crash", [1, 2, 1, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if let Some(leader) = leader_of(before, follower) {
                let proved = before.replicas[follower].log.end();
                let leader = &mut after.replicas[leader];
                leader.watermark = leader.watermark.max(proved.min(leader.log.end()));
            }
        }),
    ),
    mutant(
        "answer-counts-as-proof",
        "R13",
        "A leader takes a follower to hold what it sends it, before the follower says so.",
        Breaks("candidates-complete", 3),
        case(ONE, "broker-crash", [2, 2, 1, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            let end = leader_of(before, follower).map(|leader| before.replicas[leader].log.end());
            if let Some((_, _, tenure)) = leaders_view(before, after, follower) {
                tenure.follower_end[follower] = end;
            }
        }),
    ),
    mutant(
        "proof-is-not-noted",
        "R13",
        "A leader does not note what a fetch proves.",
        Parts(3),
        case(ONE, "none", [1, 0, 0, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if let Some((leader, old, tenure)) = leaders_view(before, after, follower) {
                tenure.follower_end = old.follower_end;
                after.replicas[leader].watermark = before.replicas[leader].watermark;
            }
        }),
    ),
    mutant(
        "proof-is-noted-for-all",
        "R13",
        "What one follower proves is noted for every follower.",
        Breaks("candidates-complete", 4),
        case(ONE_OF_THREE, "broker-crash", [2, 2, 1, 0]),
        on!(Fetch { follower } | FetchLost { follower }, before, after => {
            if let Some((_, _, tenure)) = leaders_view(before, after, follower) {
                let proved = tenure.follower_end[follower];
                tenure.follower_end.0.fill(proved);
            }
        }),
    ),
    mutant(
        "lost-answer-proves-nothing",
        "R13",
        "A leader notes what a fetch proves when its answer has arrived, and not if that is lost.",
        Parts(3),
        case(ONE, "none", [1, 0, 0, 0]),
        on!(FetchLost { .. }, before, after => *after = *before),
    ),
    mutant(
        "answer-has-the-newer-watermark",
        "R13",
        "The answer carries the watermark of after this fetch.",
        Parts(3),
        case(ONE, "broker-power-loss", [2, 2, 1, 0]),
        on!(Fetch { follower }, before, after => {
            if let Some(leader) = leader_of(before, follower) {
                let known = after.replicas[leader].watermark;
                let replica = &mut after.replicas[follower];
                replica.watermark = known.min(replica.log.end());
            }
        }),
    ),
    mutant(
        "answer-moves-no-watermark",
        "R16",
        "A follower appends, and does not take over the watermark.",
        Parts(4),
        case(ONE, "broker-power-loss", [2, 2, 1, 0]),
        on!(Fetch { follower }, before, after => {
            let replica = &mut after.replicas[follower];
            replica.watermark = before.replicas[follower].watermark.min(replica.log.end());
        }),
    ),
    mutant(
        "follower-commits-what-it-appends",
        "R16",
        "A follower's watermark is the end of its own log.",
        Breaks("candidates-complete", 5),
        case(ONE_OF_THREE, "broker-crash", [1, 1, 0, 0]),
        on!(Fetch { follower }, after => {
            let replica = &mut after.replicas[follower];
            replica.watermark = replica.log.end();
        }),
    ),
    mutant(
        "follower-watermark-never-falls",
        "R16",
        "A follower keeps its own watermark where the leader's is older.",
        Parts(14),
        case(ONE, "broker-crash", [1, 3, 1, 1]),
        on!(Fetch { follower }, before, after => {
            let old = before.replicas[follower].watermark;
            let replica = &mut after.replicas[follower];
            replica.watermark = replica.watermark.max(old.min(replica.log.end()));
        }),
    ),
    mutant(
        "answer-is-not-appended",
        "R15",
        "A follower takes over the watermark and appends nothing.",
        Breaks("watermark-discipline", 6),
        case(ONE, "broker-crash", [1, 2, 1, 0]),
        on!(Fetch { follower }, before, after => {
            if added_to(before, after, follower) > 0 {
                after.replicas[follower].log = before.replicas[follower].log;
            }
        }),
    ),
    mutant(
        "answer-is-appended-but-for-the-last",
        "R15",
        "A follower appends all records of an answer but the last.",
        Parts(2),
        case(ONE, "none", [2, 0, 0, 0]),
        on!(Fetch { follower }, before, after => {
            if added_to(before, after, follower) > 0 {
                let replica = &mut after.replicas[follower];
                replica.truncate(End(replica.log.end().0 - 1));
            }
        }),
    ),
    mutant(
        "answer-is-appended-but-for-the-first",
        "R15",
        "A follower leaves out the first record of an answer.",
        Breaks("log-matching", 3),
        case(ONE, "none", [2, 0, 0, 0]),
        on!(Fetch { follower }, before, after => {
            if added_to(before, after, follower) > 0 {
                let replica = &mut after.replicas[follower];
                let hole = before.replicas[follower].log.end().index();
                let entries = replica.log.entries().iter().enumerate();
                let kept = entries.filter(|(place, _)| *place != hole);
                let log = log_of(kept.map(|(_, entry)| *entry).collect::<Vec<_>>());
                replica.log = log;
                replica.watermark = replica.watermark.min(log.end());
            }
        }),
    ),
    mutant(
        "copies-are-stamped-anew",
        "R15",
        "A follower stamps what it copies with the leader epoch it knows, and not with that of the record.",
        Breaks("committed-prefix", 7),
        case(ONE, "broker-power-loss", [1, 2, 0, 0]),
        on!(Fetch { follower }, before, after => {
            let replica = &mut after.replicas[follower];
            let old = before.replicas[follower].log.end().index();
            let epoch = replica.leader_epoch;
            let entries = replica.log.entries().iter().enumerate();
            let stamped = entries.map(|(place, entry)| Entry {
                record: entry.record,
                epoch: if place < old { entry.epoch } else { epoch },
            });
            if replica.log.entries().len() > old {
                replica.log = log_of(stamped.collect::<Vec<_>>());
            }
        }),
    ),
    mutant(
        "truncation-cuts-one-too-few",
        "R14",
        "A follower whose log leaves the leader's cuts one record too few.",
        Parts(6),
        case(ONE, "broker-power-loss", [2, 2, 1, 0]),
        on!(Fetch { follower }, before, after => {
            if cut_from(before, after, follower) > 0 {
                let to = after.replicas[follower].log.end();
                let mut log = before.replicas[follower].log;
                log.truncate(End(to.0 + 1));
                after.replicas[follower].log = log;
            }
        }),
    ),
    mutant(
        "truncation-cuts-one-too-many",
        "R14",
        "A follower whose log leaves the leader's cuts one record too many.",
        Breaks("candidates-complete", 15),
        case(ONE, "broker-pause", [3, 2, 1, 1]),
        on!(Fetch { follower }, before, after => {
            if cut_from(before, after, follower) > 0 {
                let replica = &mut after.replicas[follower];
                replica.truncate(End(replica.log.end().0.saturating_sub(1)));
            }
        }),
    ),
    mutant(
        "truncation-cuts-everything",
        "R14",
        "A follower whose log leaves the leader's begins again with an empty log.",
        Breaks("candidates-complete", 15),
        case(ONE, "broker-pause", [3, 2, 1, 1]),
        on!(Fetch { follower }, before, after => {
            if cut_from(before, after, follower) > 0 {
                after.replicas[follower].truncate(End(0));
            }
        }),
    ),
    mutant(
        "truncation-goes-to-the-watermark",
        "R14",
        "A follower whose log leaves the leader's goes back to its own watermark.",
        Breaks("candidates-complete", 11),
        case(TWO_OF_THREE, "broker-pause", [2, 2, 0, 0]),
        on!(Fetch { follower }, before, after => {
            if cut_from(before, after, follower) > 0 {
                let watermark = before.replicas[follower].watermark;
                let mut log = before.replicas[follower].log;
                log.truncate(watermark);
                after.replicas[follower].log = log;
            }
        }),
    ),
    mutant(
        "truncation-does-nothing",
        "R14",
        "A follower whose log leaves the leader's leaves it at that.",
        Parts(7),
        case(ONE, "broker-pause", [2, 2, 1, 1]),
        on!(Fetch { follower }, before, after => {
            if cut_from(before, after, follower) > 0 {
                after.replicas[follower] = before.replicas[follower];
            }
        }),
    ),
    mutant(
        "truncation-leaves-the-watermark",
        "R14",
        "A follower truncates below its watermark, and its watermark stays.",
        Breaks("watermark-discipline", 10),
        case(UNCLEAN, "lag+broker-crash", [1, 2, 1, 0]),
        on!(Fetch { follower }, before, after => {
            if cut_from(before, after, follower) > 0 {
                after.replicas[follower].watermark = before.replicas[follower].watermark;
            }
        }),
    ),
    mutant(
        "truncation-appends-too",
        "R12",
        "A follower that is told to truncate takes the leader's log in the same answer, as it would be \
         from there.",
        Parts(8),
        case(ONE, "broker-pause", [2, 2, 1, 1]),
        on!(Fetch { follower }, before, after => {
            if let Some(leader) = leader_of(before, follower)
                && cut_from(before, after, follower) > 0
            {
                after.replicas[follower].log = after.replicas[leader].log;
            }
        }),
    ),
    mutant(
        "new-follower-does-not-ask",
        "R17",
        "In 2.0 a follower of a new leader fetches at once, and does not ask where its epoch ends.",
        Breaks("candidates-complete", 10),
        case(IN_2_0, "broker-crash", [2, 2, 1, 0]),
        on!(Learn { broker, .. }, after => after.replicas[broker].asks = Asks::Nothing),
    ),
    mutant(
        "who-asks-does-not-truncate",
        "R14",
        "In 2.0 a follower asks where its epoch ends in the leader's log, and cuts nothing from its own.",
        Breaks("candidates-complete", 11),
        case(IN_2_0, "broker-crash", [2, 2, 1, 0]),
        on!(Fetch { follower }, before, after => {
            if before.replicas[follower].asks != Asks::Nothing {
                after.replicas[follower].log = before.replicas[follower].log;
                after.replicas[follower].watermark = before.replicas[follower].watermark;
            }
        }),
    ),
    mutant(
        "who-has-asked-asks-again",
        "R14",
        "In 2.0 a follower that has been answered asks again.",
        Parts(8),
        case(IN_2_0, "broker-crash", [1, 2, 1, 0]),
        on!(Fetch { follower }, before, after => {
            after.replicas[follower].asks = before.replicas[follower].asks;
        }),
    ),
    mutant(
        "new-follower-keeps-its-log",
        "R17",
        "In 0.10 a follower of a new leader keeps what is above its watermark.",
        Breaks("committed-prefix", 10),
        case(IN_0_10, "broker-crash", [2, 2, 1, 0]),
        on!(Learn { broker, .. }, before, after => {
            if cut_from(before, after, broker) > 0 {
                after.replicas[broker].log = before.replicas[broker].log;
            }
        }),
    ),
    mutant(
        "late-request-proves-the-end",
        "R13",
        "A late fetch is taken to prove the whole of the leader's log.",
        Breaks("candidates-complete", 4),
        case(LATE, "lag+dc-loss:a", [1, 1, 1, 0]),
        on!(Serve { follower }, before, after => {
            let end = leader_of(before, follower).map(|leader| before.replicas[leader].log.end());
            if let Some((leader, _, tenure)) = leaders_view(before, after, follower) {
                tenure.follower_end[follower] = end;
                after.replicas[leader].watermark = after.replicas[leader].log.end();
            }
        }),
    ),
    mutant(
        "late-request-states-more",
        "R15",
        "A fetch asks from one record further than the follower's log goes.",
        Breaks("candidates-complete", 3),
        case(LATE, "none", [2, 0, 0, 0]),
        on!(Request { follower }, after => {
            if let Some(LateFetch::Request(fetch)) = &mut after.late[follower] {
                fetch.offset = End(fetch.offset.0 + 1);
            }
        }),
    ),
    mutant(
        "late-answer-has-the-newer-watermark",
        "R13",
        "The answer to a late fetch carries the leader's whole log as committed.",
        Breaks("candidates-complete", 7),
        case(LATE_OF_THREE, "dc-loss:a", [1, 1, 0, 0]),
        on!(Serve { follower }, after => {
            if let Some(LateFetch::Answer(_, FetchAnswer::Records { log, watermark })) =
                &mut after.late[follower]
            {
                *watermark = log.end();
            }
        }),
    ),
    mutant(
        "late-answer-comes-twice",
        "R15",
        "An answer that a follower has taken comes again.",
        Parts(5),
        case(LATE, "lag+dc-power-loss:a", [1, 1, 1, 0]),
        on!(Answer { follower }, before, after => after.late[follower] = before.late[follower]),
    ),
    mutant(
        "lost-fetch-is-not-lost",
        "R15",
        "A late fetch that was lost arrives all the same.",
        Parts(4),
        case(LATE, "lag+dc-loss:a", [1, 1, 1, 0]),
        on!(Drop { follower }, before, after => after.late[follower] = before.late[follower]),
    ),
    mutant(
        "fetch-takes-the-record-from-the-leader",
        "R12",
        "What a leader has sent it no longer holds: the last record moves to the follower.",
        Breaks("log-matching", 3),
        case(TWO, "none", [2, 0, 0, 0]),
        on!(Fetch { follower }, before, after => {
            if let Some(leader) = leader_of(before, follower)
                && added_to(before, after, follower) > 0
            {
                after.replicas[leader].truncate(before.replicas[follower].log.end());
            }
        }),
    ),
];
