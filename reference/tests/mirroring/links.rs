//! Every clause of docs/LINKS.md: a history, and what is to be seen after it.

use crate::settings::linked;
use crate::told::{check, check_told, play};
use highwater_reference::mirroring::Engine;
use highwater_vocabulary::mirroring::{Setting, Tool};

const CONFLUENT: Tool = Tool::ClusterLinking;
const MARCH: Tool = Tool::MirroringAt2026_03;
const NOVEMBER: Tool = Tool::MirroringAt2026_11;

/// With the names of the logs, the links and their tasks put in.
fn steps(history: &str) -> String {
    history
        .replace(" S", " east/orders")
        .replace(" D", " west/orders")
        .replace(" T", " east/orders>west")
        .replace(" B", " west/orders>east")
        .replace(" M", " east>west")
        .replace(" W", " west>east")
}

fn checks(tool: Tool, rows: &[(&str, &[&str])]) {
    let setting = linked(tool).done();
    for (history, expected) in rows {
        let expected: Vec<String> = expected
            .iter()
            .map(|line| steps(&format!(" {line}")))
            .collect();
        let expected: Vec<&str> = expected.iter().map(|line| line.trim_start()).collect();
        check(&setting, &steps(history), &expected);
    }
}

#[test]
fn a_link_copies_whatever_stands_at_its_own_end() {
    for tool in [CONFLUENT, MARCH, NOVEMBER] {
        checks(
            tool,
            &[
                (
                    "append S r1; poll T; poll T !memory-is-full; copy T; copy T !nothing-there; \
                     mark S; abort S r2; poll T; copy T; poll T; copy T; poll T !nothing-there",
                    &["D from 0: r1 - (r2)", "D epochs 0 0 0, leader 0"],
                ),
                (
                    "poll T !nothing-there; lose west; poll T !cluster-down",
                    &[],
                ),
                ("append S r1; poll T; lose west; copy T !cluster-down", &[]),
                // Above the high watermark there is nothing to fetch.
                (
                    "offer S r1; poll T !not-committed; append S r2 !something-is-open; \
                     lose-suffix S 1 !something-is-open; append S r1; poll T; copy T",
                    &["S from 0: r1", "D from 0: r1"],
                ),
                (
                    "offer S r1; retract S; retract S !nothing-there; append S r1 !written-before",
                    &["S from 0: ", "S epochs , leader 1"],
                ),
                (
                    "append S r1; poll T; copy T; recreate S; append S r2; poll T !topic-ids-agree",
                    &["S from 0: r2"],
                ),
                // What it would fetch is gone.
                (
                    "append S r1; append S r2; expire S 2; poll T !logs-part; truncate T; \
                     append S r3; poll T; copy T",
                    &["D from 2: r3"],
                ),
                ("truncate T !nothing-there; sync T !not-in-this-tool", &[]),
                (
                    "stop-mirror M !not-in-this-tool; take-over M !not-in-this-tool",
                    &[],
                ),
            ],
        );
    }
}

#[test]
fn transactions_are_decided_by_the_marker_that_follows() {
    checks(
        MARCH,
        &[
            (
                "begin S r1; begin S r2 !something-is-open; poll T !not-committed; \
                 consume billing S !nothing-there; commit-transaction S; \
                 commit-transaction S !nothing-there; poll T; copy T; consume billing S",
                &["S from 0: r1 -", "D from 0: r1?"],
            ),
            ("begin S r1; abort-transaction S", &["S from 0: (r1) -"]),
            (
                "begin S r1; commit-transaction S; lose-suffix S 1",
                &["S from 0: r1?", "S epochs 0, leader 1"],
            ),
        ],
    );
    checks(
        NOVEMBER,
        &[(
            "begin S r1; poll T; copy T; poll T !nothing-there",
            &["D from 0: r1?"],
        )],
    );
    checks(CONFLUENT, &[("begin S r1 !not-in-this-tool", &[])]);
}

#[test]
fn a_link_stops_step_by_step() {
    checks(
        NOVEMBER,
        &[
            (
                "begin S r1; poll T; copy T; fail-over M; poll T !other-link-state; \
                 finish T !other-link-state; append D r2 !mirrored-topics-are-read-only; note T; \
                 finish T !other-link-state; end-transactions T; finish T; append D r2",
                &[
                    "D from 0: (r1) - - r2",
                    "D epochs 0 1 1 1, leader 1",
                    "T: stopped, last 0",
                    "running:",
                ],
            ),
            // Whoever takes over begins anew, and stores what the first one has raised.
            (
                "append S r1; poll T; copy T; fail-over M; note T; end-transactions T; crash M; \
                 finish T !not-running; restart M; note T; end-transactions T",
                &["D epochs 0 1 2, leader 2", "T: stopping, ended, last 1"],
            ),
            ("fail-over M; note T", &["T: stopping, noted, last -"]),
            // Of the source nothing is asked.
            ("lose east; fail-over M; note T", &[]),
        ],
    );
    checks(
        MARCH,
        &[(
            "begin S r1; commit-transaction S; poll T; copy T; fail-over M; note T !not-committed; \
             end-transactions T !not-in-this-tool; truncate T; note T; finish T",
            &["D from 0: ", "T: stopped, last 0", "writable: S D"],
        )],
    );
    checks(
        CONFLUENT,
        &[
            (
                "append S r1; append S r2; poll T; copy T; consume billing S; consume billing S; \
                 commit billing east; sync-group billing M",
                &["billing in D: at -, committed 2"],
            ),
            // What was committed past the end is the end.
            (
                "append S r1; append S r2; poll T; copy T; consume billing S; consume billing S; \
                 commit billing east; sync-group billing M; fail-over M; note T; finish T",
                &["billing in D: at -, committed 1", "T: stopped, last 1"],
            ),
            (
                "append S r1; promote M !not-drained; poll T; promote M !not-drained; copy T; \
                 promote M; note T; finish T",
                &["writable: S D"],
            ),
        ],
    );
    checks(
        NOVEMBER,
        &[(
            "promote M !not-in-this-tool; reverse W !not-in-this-tool",
            &[],
        )],
    );
}

#[test]
fn offsets_are_written_within_the_target() {
    for tool in [MARCH, NOVEMBER] {
        checks(
            tool,
            &[(
                "append S r1; append S r2; poll T; copy T; consume billing S; consume billing S; \
                 commit billing east; sync-group billing M",
                &["billing in D: at -, committed 1"],
            )],
        );
    }
}

#[test]
fn what_leads_back_truncates_first() {
    let stops = "append S r1; poll T; copy T; append S r2; fail-over M; note T; end-transactions T; \
                 finish T; append D r3; fail-back W !other-direction-runs";
    let stops = stops.replace("fail-back W !other-direction-runs", "fail-back W");
    let by_epoch =
        format!("{stops}; poll B !other-link-state; truncate B; poll B !logs-part; truncate B");
    let back = "poll B; copy B; poll B; copy B; poll B !nothing-there";
    checks(
        NOVEMBER,
        &[
            // The leader of the old primary knows no later epoch, so nothing goes at first.
            (
                &format!("{stops}; truncate B"),
                &["S from 0: r1 r2", "B: active, last -", "writable: D"],
            ),
            (&by_epoch, &["S from 0: r1"]),
            (
                &format!("{by_epoch}; {back}"),
                &["S from 0: r1 - r3", "S epochs 0 1 1, leader 1"],
            ),
        ],
    );
    let stops = stops.replace("end-transactions T; ", "");
    for tool in [MARCH, CONFLUENT] {
        checks(
            tool,
            &[
                (
                    &format!("{stops}; truncate B"),
                    &["S from 0: r1", "T: stopped, last 1"],
                ),
                (
                    &format!("{stops}; truncate B; poll B; copy B"),
                    &["S from 0: r1 r3"],
                ),
            ],
        );
    }
}

#[test]
fn a_link_is_turned_round() {
    checks(
        CONFLUENT,
        &[
            (
                "append S r1; reverse W !not-drained; poll T; copy T; reverse W; \
                 append S r2 !mirrored-topics-are-read-only; append D r2; poll B; copy B",
                &[
                    "S from 0: r1 r2",
                    "S epochs 0 1, leader 1",
                    "T: stopped, last 1",
                    "B: active, last -",
                    "running: W",
                ],
            ),
            ("cut M; reverse W !cut", &[]),
            ("crash M; reverse W !not-running", &[]),
        ],
    );
}

#[test]
fn logs_that_part_are_found_by_their_epochs() {
    let parted = "append S r1; append S r2; poll T; copy T; poll T; copy T; lose-suffix S 1; append S r3; \
                  append S r4";
    for tool in [CONFLUENT, NOVEMBER] {
        checks(
            tool,
            &[(
                &format!("{parted}; poll T !logs-part; truncate T; poll T; copy T"),
                &["D from 0: r1 r3", "D epochs 0 1, leader 1"],
            )],
        );
    }
    // Not so in March: what took the place of a lost record is never copied.
    checks(
        MARCH,
        &[
            (
                &format!("{parted}; truncate T !nothing-there; poll T; copy T"),
                &["D from 0: r1 r2 r4", "D epochs 0 0 0, leader 0"],
            ),
            (
                "append S r1; poll T; copy T; lose-suffix S 1; poll T !logs-part; truncate T",
                &["D from 0: "],
            ),
        ],
    );
}

/// Whatever was there before a link is not its own.
#[test]
fn a_link_does_not_begin_with_what_was_there() {
    let mut setting: Setting = linked(NOVEMBER).done();
    setting.partitions[1].written = true;
    let history = steps("append S r1; poll T !other-link-state");
    let engine = play(Engine::new(&setting, 0), &history);
    check_told(&engine, &history, &["east/orders>west: refused, last -"]);
}
