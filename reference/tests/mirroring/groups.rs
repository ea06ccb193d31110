//! Groups at both ends, and the operators' steps there and back.

use crate::settings::{growing, pair_of, there_and_back};
use crate::told::{after_with, check, check_told};
use highwater_reference::mirroring::{Engine, Options, Switches};
use highwater_vocabulary::mirroring::{Commits, Failback, Failover, Reset, Setting, Tool};

const AT_3_9: Tool = Tool::MirrorMaker2At3_9;

fn steps(history: &str) -> String {
    history
        .replace(" T", " east/orders>west")
        .replace(" P", " east/orders")
}

fn checks(setting: &Setting, rows: &[(&str, &[&str])]) {
    for (history, expected) in rows {
        check(setting, &steps(history), expected);
    }
}

fn pair() -> Setting {
    pair_of(AT_3_9).done()
}

#[test]
fn a_group_processes_and_commits() {
    checks(
        &pair(),
        &[
            (
                "append P r1; mark P; abort P r2; append P r3; consume billing P; consume billing P; \
          consume billing P !nothing-there; commit billing east",
                &["billing in east/orders: at 4, committed 4"],
            ),
            (
                "consume billing west/east.orders !group-not-running; start billing west !one-place-at-a-time; \
          commit billing west !group-not-running; stop billing west !group-not-running",
                &["billing runs at east"],
            ),
            (
                "lose east; consume billing P !cluster-down; commit billing east !cluster-down; \
          stop billing east; start billing east !cluster-down",
                &["billing runs at"],
            ),
            // Its place is forgotten, its commit is not.
            (
                "append P r1; append P r2; consume billing P; commit billing east; consume billing P; \
          stop billing east; start billing east",
                &["billing in east/orders: at 1, committed 1"],
            ),
        ],
    );
    let early = pair_of(AT_3_9)
        .who(|reader| reader.commits = Commits::Before)
        .done();
    checks(
        &early,
        &[
            (
                "append P r1; mark P; append P r2; commit billing east; consume billing P; \
          commit billing east",
                &["billing in east/orders: at 1, committed 3"],
            ),
            (
                "commit billing east",
                &["billing in east/orders: at 0, committed 0"],
            ),
        ],
    );
}

#[test]
fn outside_the_log_it_goes_where_the_reset_says() {
    let with = |reset| pair_of(AT_3_9).who(|reader| reader.reset = reset).done();
    let expired = "append P r1; append P r2; append P r3; append P r4; commit billing east; expire P 2; \
                   stop billing east; start billing east";
    checks(
        &with(Reset::Earliest),
        &[(expired, &["billing in east/orders: at 2, committed 0"])],
    );
    checks(
        &with(Reset::Latest),
        &[(expired, &["billing in east/orders: at 4, committed 0"])],
    );
    let refused = format!("{expired} !no-reset-policy");
    checks(&with(Reset::None), &[(&refused, &["billing runs at"])]);
    let running = "append P r1; append P r2; expire P 1; consume billing P";
    checks(
        &with(Reset::Earliest),
        &[(running, &["billing in east/orders: at 2, committed -"])],
    );
    let nothing = format!("{running} !nothing-there");
    checks(
        &with(Reset::Latest),
        &[(&nothing, &["billing in east/orders: at 0, committed -"])],
    );
    let refused = format!("{running} !no-reset-policy");
    checks(&with(Reset::None), &[(&refused, &[])]);
}

/// By the epoch of what it read last: while it runs, and in its commits (`SubscriptionState.allConsumed`).
#[test]
fn it_finds_out_that_the_log_lost_a_suffix() {
    let latest = pair_of(AT_3_9)
        .who(|reader| reader.reset = Reset::Latest)
        .done();
    let running = "append P r1; append P r2; consume billing P; consume billing P; lose-suffix P 1; \
                   append P r3; consume billing P";
    checks(
        &latest,
        &[(running, &["billing in east/orders: at 2, committed -"])],
    );
    let committed = "append P r1; append P r2; consume billing P; consume billing P; \
                     commit billing east; lose-suffix P 1; append P r3; stop billing east; \
                     start billing east";
    checks(
        &latest,
        &[(committed, &["billing in east/orders: at 1, committed 2"])],
    );
    // With bare offsets it reads on at the same number.
    let options = Options {
        offset_lag_max: 2,
        switches: vec![Switches::of(AT_3_9)],
        groups_know_epochs: false,
    };
    let history = steps(committed);
    let engine = crate::told::play(Engine::with_options(&latest, options, 1), &history);
    check_told(
        &engine,
        &history,
        &["billing in east/orders: at 2, committed 2"],
    );
}

/// The committed offsets of a topic go with it (`GroupCoordinator.handleDeletedPartitions`).
#[test]
fn a_topic_that_is_made_anew_has_no_commits() {
    checks(
        &pair(),
        &[
            (
                "append P r1; consume billing P; commit billing east; recreate P",
                &["billing in east/orders: at 1, committed -"],
            ),
            (
                "append P r1; consume billing P; commit billing east; lose-commits east; stop billing east; \
          start billing east",
                &["billing in east/orders: at 0, committed -"],
            ),
        ],
    );
}

/// Four records, the second copied twice; the first two read at the source.
const FOUR: &str = "append P r1; tick east; append P r2; tick east; append P r3; append P r4; \
                    poll T; copy T; sync T; poll T; copy-lost T; copy T; note T; sync T; \
                    poll T; copy T; poll T; copy T; note T; sync T; read-sync T; read-sync T; \
                    read-sync T; consume billing P; consume billing P; commit billing east; \
                    checkpoint billing T; stop billing east";

#[test]
fn it_begins_elsewhere_by_its_strategy() {
    //   r1 r2 r2 r3 r4 at the target
    for (failover, position) in [
        (Failover::Earliest, 0),
        (Failover::Latest, 5),
        (Failover::Preserved, 2),
        (Failover::Timestamp, 1),   // r2 has been read last
        (Failover::ExternalMap, 3), // the first copy of offset 2
        (Failover::Translated, 3),  // one past the sync of offset 1
    ] {
        let setting = pair_of(AT_3_9)
            .who(|reader| reader.failover = failover)
            .done();
        let history = format!("{FOUR}; start billing west");
        let expected = format!("billing in west/east.orders: at {position}, committed -");
        check(
            &setting,
            &steps(&history),
            &[&expected, "billing runs at west"],
        );
        // Where it has itself committed, it begins there.
        let history = format!(
            "{history}; consume billing west/east.orders; commit billing west; stop billing west; \
             start billing west"
        );
        let (last, at) = (position == 5, (position + 1).min(5));
        let history = match last {
            true => history.replace("consume billing west/east.orders; ", ""),
            false => history,
        };
        let expected = format!("billing in west/east.orders: at {at}, committed {at}");
        check(&setting, &steps(&history), &[&expected]);
    }
    for (reset, position) in [(Reset::Earliest, 0), (Reset::Latest, 1)] {
        for failover in [
            Failover::Preserved,
            Failover::Timestamp,
            Failover::ExternalMap,
            Failover::Translated,
        ] {
            // It has committed nothing: no strategy has anything to stand on.
            let setting = pair_of(AT_3_9).who(|reader| {
                (reader.failover, reader.reset) = (failover, reset);
            });
            let history = "append P r1; poll T; copy T; stop billing east; start billing west";
            let expected = format!("billing in west/east.orders: at {position}, committed -");
            check(&setting.done(), &steps(history), &[&expected]);
        }
    }
    // An offset beyond the end is outside the log.
    let setting = pair_of(AT_3_9).who(|reader| {
        (reader.failover, reader.reset) = (Failover::Preserved, Reset::None);
    });
    let history = "append P r1; consume billing P; commit billing east; stop billing east; \
                   start billing west !no-reset-policy";
    check(&setting.done(), &steps(history), &["billing runs at"]);
}

#[test]
fn the_mirror_commits_on_a_group_s_behalf() {
    let to = "billing in west/east.orders";
    let rows: &[(&str, &str)] = &[
        (
            "look billing east>west; sync-group billing east>west; \
          sync-group billing east>west !looks-before-it-writes",
            "at -, committed 3",
        ),
        // No answer, and so no snapshot: everything is written.
        (
            "look-failed billing east>west; sync-group billing east>west",
            "at -, committed 3",
        ),
        // It is farther at the target: its own commit is kept.
        (
            "start billing west; consume billing west/east.orders; commit billing west; stop billing west; \
          look billing east>west; sync-group billing east>west",
            "at -, committed 4",
        ),
        // It was running when it was looked at: its own commit is overwritten (KAFKA-19794).
        (
            "start billing west; consume billing west/east.orders; commit billing west; \
          look billing east>west; stop billing west; sync-group billing east>west",
            "at -, committed 3",
        ),
        // It runs when its offsets are written: the target refuses.
        (
            "look billing east>west; start billing west; consume billing west/east.orders; \
          commit billing west; sync-group billing east>west",
            "at 4, committed 4",
        ),
        // A snapshot that was not used stays, whatever came of the group.
        (
            "look billing east>west; sync-group billing east>west; look billing east>west; \
          start billing west; consume billing west/east.orders; commit billing west; \
          look billing east>west; stop billing west; sync-group billing east>west",
            "at -, committed 4",
        ),
        (
            "crash east>west; look billing east>west !not-running; restart east>west; \
          sync-group billing east>west !looks-before-it-writes",
            "at -, committed -",
        ),
    ];
    for (rest, expected) in rows {
        let history = steps(&format!("{FOUR}; {rest}"));
        check(&pair(), &history, &[&format!("{to}: {expected}")]);
    }
    let fixed = steps(&format!(
        "{FOUR}; start billing west; consume billing west/east.orders; commit billing west; \
         look billing east>west; stop billing west; sync-group billing east>west"
    ));
    let engine = after_with(&pair(), |it| it.overwrites_without_snapshot = false, &fixed);
    check_told(&engine, &fixed, &[&format!("{to}: at -, committed 4")]);
    let quiet = pair_of(AT_3_9)
        .with(|flow| flow.syncs_groups = false)
        .done();
    check(&quiet, "look billing east>west !groups-are-not-synced", &[]);
}

/// What the mirror has committed for it is where a translated group begins, before any checkpoint.
#[test]
fn what_was_committed_on_its_behalf_comes_first() {
    let history = steps(&format!(
        "{FOUR}; look billing east>west; sync-group billing east>west; lose-commits west; \
         start billing west"
    ));
    check(
        &pair(),
        &history,
        &["billing in west/east.orders: at 3, committed -"],
    );
}

#[test]
fn a_partition_made_while_it_runs_is_read_from_its_commit() {
    let history = "add-partition east/orders-1; append east/orders-1 r1; consume billing east/orders-1; \
                   commit billing east";
    check(
        &growing(AT_3_9).done(),
        history,
        &["billing in east/orders-1: at 1, committed 1"],
    );
}

#[test]
fn the_way_back() {
    let there = "append east/orders r1; append east/orders r2; poll east/orders>west; \
                 copy east/orders>west; consume billing east/orders; commit billing east; \
                 fail-back west>east !no-failover-before; fail-over east>west; \
                 append west/orders r3; fail-back west>east !other-direction-runs; \
                 stop-mirror east>west; lose east; fail-back west>east !cluster-down; return east; \
                 fail-back west>east; fail-back west>east !already-so; poll west/orders>east; \
                 copy west/orders>east";
    //   west has r1 r3, of which r1 is a copy
    for (failback, east, committed) in [
        (Failback::Rebuild, "r1", "-"),
        (Failback::Reverse, "r1 r2 r1", "1"),
        (Failback::ReverseFromEnd, "r1 r2 r3", "1"),
    ] {
        let setting = there_and_back(AT_3_9, failback).done();
        check(
            &setting,
            there,
            &[
                &format!("east/orders from 0: {east}"),
                &format!("billing in east/orders: at 1, committed {committed}"),
                "running: west>east",
            ],
        );
    }
}

#[test]
fn clusters_stop_and_return() {
    checks(
        &pair(),
        &[
            (
                "append P r1; lose east; lose east !cluster-down; return east; return east !already-so",
                &["east/orders from 0: r1", "up: east west"],
            ),
            (
                "append P r1; consume billing P; commit billing east; poll T; copy T; note T; sync T; \
          read-sync T; checkpoint billing T; destroy east; return east",
                &[
                    "east/orders from 0:",
                    "east/orders>west: syncs , read 0",
                    "east/orders>west: at 1, has -, had -, stored 0",
                    "billing in east/orders: at 1, committed -",
                    "billing of east/orders>west: 1=1",
                    "up: east west",
                ],
            ),
            (
                "append P r1; consume billing P; commit billing east; poll T; copy T; note T; sync T; \
          read-sync T; checkpoint billing T; destroy west",
                &[
                    "east/orders>west: syncs 0=0, read 1",
                    "east/orders>west: at 1, has -, had -, stored -",
                    "billing of east/orders>west: -",
                ],
            ),
            (
                "skew east; skew east !nothing-there; tick east; skew east",
                &[],
            ),
            (
                "lose east; alter east !cluster-down; recreate P !cluster-down",
                &[],
            ),
        ],
    );
}
