//! Producers, tasks, syncs and checkpoints: a history for each clause, and what is to be seen after it.

use crate::settings::{chain, growing, pair_of, there_and_back};
use crate::told::{after_with, check, check_told};
use highwater_vocabulary::mirroring::{Failback, Setting, Stamps, SyncsAt, Tool};

const MM1: Tool = Tool::MirrorMaker1;
const AT_3_4: Tool = Tool::MirrorMaker2At3_4;
const AT_3_9: Tool = Tool::MirrorMaker2At3_9;

fn pair() -> Setting {
    pair_of(AT_3_9).done()
}

/// `poll` and `copy`, with the task's name put in.
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

#[test]
fn producers_write_what_is_kept() {
    checks(
        &pair(),
        &[
            (
                "append P r1; mark P; abort P r2",
                &["east/orders from 0: r1 - (r2)"],
            ),
            (
                "append P r1; append P r1 !written-before",
                &["east/orders from 0: r1"],
            ),
            ("abort P r1; append P r1 !written-before", &[]),
            // MirrorMaker gives nobody the right to write what it writes.
            (
                "append west/east.orders r1 !mirrored-topics-are-read-only",
                &[],
            ),
            (
                "fence-cluster east; append P r1 !cluster-fenced",
                &["writable: east/orders"],
            ),
            (
                "lose east; fence-cluster east; append P r1 !cluster-down",
                &["up: west"],
            ),
        ],
    );
}

#[test]
fn producers_go_over() {
    let setting = there_and_back(AT_3_9, Failback::Reverse).done();
    let history = "append east/orders r1; append west/orders r2 !mirrored-topics-are-read-only; \
                   fail-over east>west; append west/orders r2; append east/orders r3; \
                   fail-over east>west !already-so";
    check(
        &setting,
        history,
        &[
            "writable: east/orders west/orders",
            "west/orders from 0: r2",
            "east/orders from 0: r1 r3",
        ],
    );
}

#[test]
fn a_task_copies_one_record_at_a_time() {
    checks(
        &pair(),
        &[
            ("poll T !nothing-there", &[]),
            (
                "append P r1; poll T",
                &["east/orders>west: at 1, has 0, had -, stored -"],
            ),
            (
                "append P r1; append P r2; poll T; poll T !memory-is-full",
                &[],
            ),
            (
                "append P r1; poll T; copy T; note T; note T !already-so",
                &[
                    "east/orders>west: at 1, has -, had -, stored 0",
                    "west/east.orders from 0: r1",
                ],
            ),
            // What is in memory outlives the source.
            (
                "append P r1; poll T; destroy east; copy T",
                &["east/orders from 0:", "west/east.orders from 0: r1"],
            ),
            (
                "append P r1; poll T; lose west; copy T !cluster-down; return west; copy T",
                &[],
            ),
            (
                "append P r1; cut east>west; poll T !cut; heal east>west; poll T",
                &[],
            ),
            // Markers are skipped; what was aborted is read, and is a record like any other at the target.
            (
                "mark P; abort P r1; mark P; poll T; copy T; poll T !nothing-there",
                &[
                    "east/orders>west: at 2, has -, had -, stored -",
                    "west/east.orders from 0: r1",
                ],
            ),
            // The answer is lost: it is sent again.
            (
                "append P r1; poll T; copy-lost T; copy T",
                &["west/east.orders from 0: r1 r1"],
            ),
        ],
    );
}

#[test]
fn with_exactly_once_copy_and_position_are_one() {
    let setting = pair_of(AT_3_9).with(|flow| flow.exactly_once = true).done();
    checks(
        &setting,
        &[
            (
                "append P r1; poll T; copy T; note T !already-so",
                &[
                    "west/east.orders from 0: r1 -",
                    "east/orders>west: at 1, has -, had -, stored 0",
                ],
            ),
            // A commit of the transaction is a commit of the task: nothing is left delayed (see syncs).
            (
                "append P r1; append P r2; poll T; copy T; poll T; copy T",
                &[
                    "west/east.orders from 0: r1 - r2 -",
                    "east/orders>west: due 1=2, delayed -",
                ],
            ),
            (
                "abort P r1; mark P; append P r2; poll T",
                &["east/orders>west: at 3, has 2, had -, stored -"],
            ),
            ("append P r1; poll T; copy-lost T !one-transaction", &[]),
            (
                "append P r1; poll T; take-over east>west; copy-late T !replaced-workers-are-fenced",
                &["east/orders>west: at 0, has -, had 0, stored -"],
            ),
        ],
    );
}

#[test]
fn a_worker_that_starts_reads_on_after_the_stored_position() {
    checks(
        &pair(),
        &[
            (
                "append P r1; poll T; copy T; crash east>west; poll T !not-running; restart east>west; \
          poll T; copy T",
                &["west/east.orders from 0: r1 r1"],
            ),
            (
                "append P r1; poll T; copy T; note T; crash east>west; restart east>west; \
          poll T !nothing-there",
                &["east/orders>west: at 1, has -, had -, stored 0"],
            ),
            (
                "append P r1; poll T; take-over east>west; poll T; copy T; copy-late T; \
          copy-late T !nothing-there",
                &["west/east.orders from 0: r1 r1"],
            ),
            (
                "append P r1; poll T; take-over east>west; crash east>west; restart east>west; \
          copy-late T !nothing-there",
                &[],
            ),
            (
                "crash east>west; lose west; restart east>west; return west; \
          restart east>west !already-so",
                &["running: east>west"],
            ),
            (
                "stop-mirror east>west; restart east>west !gone; stop-mirror east>west !already-so",
                &["running:"],
            ),
        ],
    );
}

#[test]
fn outside_the_log_a_task_goes_to_its_start() {
    checks(
        &pair(),
        &[
            // Retention has taken what was not copied: nobody is told.
            (
                "append P r1; append P r2; append P r3; expire P 2; poll T",
                &[
                    "east/orders>west: at 3, has 2, had -, stored -",
                    "east/orders from 2: r3",
                ],
            ),
            // Made anew, and shorter: copied from the beginning.
            (
                "append P r1; append P r2; poll T; copy T; poll T; copy T; recreate P; append P r3; poll T",
                &["east/orders>west: at 1, has 0, had -, stored -"],
            ),
            // Made anew, and as long: read on at the same number.
            (
                "append P r1; poll T; copy T; recreate P; append P r2; poll T !nothing-there; append P r3; \
          poll T; copy T",
                &["west/east.orders from 0: r1 r3"],
            ),
            // A consumer that has read before finds out that the log lost a suffix.
            (
                "append P r1; append P r2; poll T; copy T; poll T; copy T; lose-suffix P 1; append P r3; \
          poll T; copy T",
                &["west/east.orders from 0: r1 r2 r3"],
            ),
            // One that has just started does not.
            (
                "append P r1; append P r2; poll T; copy T; poll T; copy T; note T; lose-suffix P 1; \
          append P r3; crash east>west; restart east>west; poll T !nothing-there",
                &[],
            ),
            (
                "lose-suffix P 1 !no-such-record; append P r1; lose-suffix P 2 !no-such-record; \
          expire P 0 !no-such-record",
                &[],
            ),
        ],
    );
}

#[test]
fn mirror_maker_1_stores_at_the_source_and_lets_the_key_choose() {
    checks(
        &pair_of(MM1).done(),
        &[
            (
                "append P r1; poll T; copy T; lose east; note T !cluster-down; return east; note T; \
          lose-commits east",
                &["east/orders>west: at 1, has -, had -, stored -"],
            ),
            (
                "append P r1; poll T; copy T; sync T !nothing-there; checkpoint billing T !nothing-there; \
          look billing east>west !groups-are-not-synced",
                &[],
            ),
            // What it has stored is a group's commit in the topic, and goes with it.
            (
                "append P r1; poll T; copy T; note T; recreate P",
                &["east/orders>west: at 1, has -, had -, stored -"],
            ),
        ],
    );
    let two = growing(MM1).done();
    let copy = "poll east/orders-0>west; copy east/orders-0>west";
    let history = format!(
        "append east/orders-0 r1; append east/orders-0 r2; append east/orders-0 r4; {copy}; {copy}; \
         add-partition west/orders-1; add-partition west/orders-1 !already-so; {copy}"
    );
    check(
        &two,
        &history,
        &["west/orders-0 from 0: r1 r2", "west/orders-1 from 0: r4"],
    );
}

#[test]
fn a_mirror_finds_partitions_when_it_looks() {
    let history = "refresh east>west !already-so; add-partition east/orders-1; \
                   append east/orders-1 r1; poll east/orders-1>west !no-such-partition; \
                   refresh east>west; poll east/orders-1>west; copy east/orders-1>west; \
                   alter east; refresh east>west; refresh east>west !already-so";
    check(
        &growing(AT_3_9).done(),
        history,
        &["west/orders-1 from 0: r1"],
    );
    // MirrorMaker 1 makes nothing at the target, and copies no configuration.
    let history = "add-partition east/orders-1; refresh east>west; alter east; \
                   refresh east>west !already-so";
    let expected = ["west/orders-1 is not there from 0:"];
    check(&growing(MM1).done(), history, &expected);
}

#[test]
fn a_copy_is_copied() {
    let history = "append east/orders r1; append east/orders r2; \
                   poll east/orders>west; copy east/orders>west; \
                   poll west/east.orders>north; copy west/east.orders>north; \
                   destroy east; destroy west";
    check(
        &chain(AT_3_9).done(),
        history,
        &[
            "north/west.east.orders from 0: r1",
            "north/east.orders from 0:",
        ],
    );
}

/// LAG_MAX is 2: a pair is due if it is 2 or more past one after the last that was.
#[test]
fn a_sync_falls_due() {
    let copies = |count: usize| {
        let copy = |number| format!("append P r{number}; poll T; copy T");
        (1..=count).map(copy).collect::<Vec<_>>().join("; ")
    };
    let after = |count, rest: &str| format!("{}{rest}", copies(count));
    let rows: &[(String, &[&str])] = &[
        // The first of a life.
        (after(1, ""), &["east/orders>west: due 0=0, delayed -"]),
        (after(3, ""), &["east/orders>west: due 0=0, delayed 2=2"]),
        // 3 is 2 past one after 0.
        (after(4, ""), &["east/orders>west: due 3=3, delayed -"]),
        // What waited becomes due, in the place of what was due.
        (
            after(2, "; note T"),
            &["east/orders>west: due 1=1, delayed -"],
        ),
        // It is no mark to measure from: 3 is still the next.
        (
            after(
                2,
                "; note T; append P r3; poll T; copy T; append P r4; poll T; copy T",
            ),
            &["east/orders>west: due 3=3, delayed -"],
        ),
        (
            after(2, "; note T; sync T; sync T !nothing-there"),
            &["east/orders>west: syncs 1=1, read 0"],
        ),
        (after(1, "; sync-lost T !syncs-are-not-dropped"), &[]),
        // A gap at the source.
        (
            after(1, "; sync T; mark P; append P r2; poll T; copy T"),
            &["east/orders>west: due 2=1, delayed -"],
        ),
        // The target went back.
        (
            after(
                2,
                "; sync T; lose-suffix west/east.orders 2; append P r3; poll T; copy T",
            ),
            &["east/orders>west: due 2=0, delayed -"],
        ),
        // A worker that starts has no previous pair, nothing due, nothing delayed.
        (
            after(2, "; note T; crash east>west; restart east>west"),
            &["east/orders>west: due -, delayed -"],
        ),
        (
            after(
                2,
                "; note T; crash east>west; restart east>west; append P r3; poll T; copy T",
            ),
            &["east/orders>west: due 2=2, delayed -"],
        ),
    ];
    for (history, expected) in rows {
        check(&pair(), &steps(history), expected);
    }
}

#[test]
fn in_3_4_the_distance_is_measured_from_the_difference() {
    checks(
        &pair_of(AT_3_4).done(),
        &[
            // Nothing is delayed, and nothing is due as long as both advance alike.
            (
                "append P r1; poll T; copy T; sync T; append P r2; poll T; copy T; append P r3; poll T; copy T; \
          append P r4; poll T; copy T; note T",
                &["east/orders>west: due -, delayed -"],
            ),
            // Two more at the target than at the source.
            (
                "append P r1; poll T; copy T; sync T; append P r2; poll T; copy-lost T; copy-lost T; copy T",
                &["east/orders>west: due 1=3, delayed -"],
            ),
            (
                "append P r1; poll T; copy T; sync-lost T; sync T !nothing-there",
                &[],
            ),
        ],
    );
}

#[test]
fn syncs_are_where_the_mirror_keeps_them() {
    let lost = "append P r1; poll T; copy T; lose east; sync T !cluster-down; return east; sync T; \
                lose east; read-sync T !cluster-down; return east; read-sync T; destroy east";
    let syncs = ["east/orders>west: syncs , read 0"];
    checks(&pair(), &[(lost, &syncs)]);
    let at_target = pair_of(AT_3_9)
        .with(|flow| flow.syncs_at = SyncsAt::Target)
        .done();
    let kept =
        "append P r1; poll T; copy T; lose east; sync T; read-sync T; read-sync T !nothing-there";
    checks(
        &at_target,
        &[(kept, &["east/orders>west: syncs 0=0, read 1"])],
    );
}

/// Three records are copied, each with its sync; a first copy of r2 was lost, so targets are 0, 2, 3.
const THREE: &str = "append P r1; append P r2; append P r3; poll T; copy T; sync T; poll T; copy-lost T; \
                     copy T; note T; sync T; poll T; copy T; note T; sync T";

fn read(history: &str, committed: u8) -> String {
    let consume = "consume billing east/orders; ".repeat(usize::from(committed));
    format!("{THREE}; {consume}commit billing east; {history}")
}

#[test]
fn committed_offsets_are_translated() {
    let rows = |rest: &str, committed, expected: &[&str], tool| {
        let history = steps(&read(rest, committed));
        check(&pair_of(tool).done(), &history, expected);
    };
    // Exactly a sync; one past the newest that is not later; and none.
    let all = "read-sync T; read-sync T; read-sync T; checkpoint billing T";
    rows(all, 1, &["billing of east/orders>west: 1=2"], AT_3_9);
    let first = "read-sync T; checkpoint billing T";
    rows(first, 2, &["billing of east/orders>west: 2=1"], AT_3_9);
    rows("checkpoint billing T !not-translatable", 2, &[], AT_3_9);
    // 3.4 adds the difference, from the newest alone.
    let history = "append P r1; append P r2; append P r3; poll T; copy T; poll T; copy T; poll T; copy T; \
                   sync T; read-sync T; consume billing P; consume billing P; commit billing east; \
                   checkpoint billing T; checkpoint billing T !already-so";
    let expected = ["billing of east/orders>west: 2=2"];
    checks(&pair_of(AT_3_4).done(), &[(history, &expected)]);
    checks(
        &pair(),
        &[(
            "append P r1; checkpoint billing T !nothing-there; commit billing east; lose west; \
         checkpoint billing T !cluster-down",
            &["billing in east/orders: at 0, committed 0"],
        )],
    );
}

#[test]
fn only_the_newest_sync_is_looked_at_in_3_4() {
    let history = steps(&read(
        "read-sync T; read-sync T; read-sync T; checkpoint billing T !not-translatable",
        1,
    ));
    // All syncs are sent, as in 3.9, and only the store is the older one.
    let engine = after_with(&pair(), |it| it.keeps_only_latest_sync = true, &history);
    check_told(&engine, &history, &["billing of east/orders>west: -"]);
}

#[test]
fn a_checkpoint_is_news() {
    let all = "read-sync T; read-sync T; read-sync T; checkpoint billing T";
    // The same again says nothing new.
    let again = format!("{all}; checkpoint billing T !checkpoints-are-monotone");
    check(&pair(), &steps(&read(&again, 1)), &[]);
    // A task that restarts has its checkpoints and, once it has read them, all syncs.
    let restart = format!(
        "{all}; crash east>west; restart east>west; checkpoint billing T !syncs-are-read-to-end; \
         read-sync T; read-sync T; read-sync T; checkpoint billing T !checkpoints-are-monotone"
    );
    let expected = ["billing of east/orders>west: 1=2"];
    check(&pair(), &steps(&read(&restart, 1)), &expected);
    // Before 3.7 it had forgotten both: of what was there it keeps the last alone.
    let restart = "crash east>west; restart east>west; read-sync T; read-sync T; read-sync T; \
                   checkpoint billing T !not-translatable; consume billing P; commit billing east; \
                   checkpoint billing T";
    let history = steps(&read(restart, 1));
    let engine = after_with(&pair(), |it| it.keeps_history = false, &history);
    check_told(&engine, &history, &["billing of east/orders>west: 2=3"]);
    // Without the gate a checkpoint is written from what has been read so far.
    let early = "crash east>west; restart east>west; read-sync T; checkpoint billing T";
    let history = steps(&read(early, 2));
    let engine = after_with(&pair(), |it| it.reads_to_end_first = false, &history);
    check_told(&engine, &history, &["billing of east/orders>west: 2=1"]);
}

#[test]
fn a_group_that_goes_back_gets_a_checkpoint() {
    // Its offsets are lost, and it reads again from the beginning.
    let back = "read-sync T; read-sync T; read-sync T; checkpoint billing T; lose-commits east; \
                checkpoint billing T !nothing-there; stop billing east; start billing east; \
                commit billing east; checkpoint billing T";
    check(
        &pair(),
        &steps(&read(back, 2)),
        &["billing of east/orders>west: 0=0"],
    );
}

#[test]
fn a_copy_carries_the_stamp_that_the_target_wants() {
    use highwater_vocabulary::mirroring::{Failover, Reset};
    // r1 is written at 0, r2 and r3 at 1; all are copied when the target shows 1.
    let history = "append east/orders r1; tick east; append east/orders r2; append east/orders r3; \
                   tick west; poll T; copy T; poll T; copy T; poll T; copy T; \
                   consume billing east/orders; commit billing east; stop billing east; \
                   start billing west";
    // The last record before the commit is r1, of stamp 0.
    for (stamps, skew, position) in [
        (Stamps::Create, "", 0),
        (Stamps::Append, "", 0),
        (
            Stamps::Create,
            "consume billing east/orders; commit billing east; ",
            1,
        ),
        (
            Stamps::Append,
            "consume billing east/orders; commit billing east; ",
            0,
        ),
    ] {
        let setting = pair_of(AT_3_9)
            .with(|flow| flow.stamps = stamps)
            .who(|reader| {
                reader.failover = Failover::Timestamp;
                reader.reset = Reset::Latest;
            });
        let history = steps(history).replace("stop billing", &format!("{skew}stop billing"));
        let expected = format!("billing in west/east.orders: at {position}, committed -");
        check(&setting.done(), &history, &[&expected]);
    }
}
