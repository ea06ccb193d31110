//! When several things refuse an event, which of them is named: whether the mirror runs, whether it is
//! cut, which clusters are up, what there is, and then whatever else.

use crate::settings::{pair_of, there_and_back};
use crate::told::check;
use highwater_vocabulary::mirroring::{Failback, Tool};

const AT_3_9: Tool = Tool::MirrorMaker2At3_9;

/// Everything is wrong at first, and one thing after the other is mended.
#[test]
fn refusals_come_in_one_order() {
    let wrong = "crash east>west; cut east>west; lose east; lose west";
    let mends = ["restart east>west", "return east", "return west"];
    for (event, named) in [
        (
            "poll T",
            [
                "not-running",
                "cluster-down",
                "nothing-there",
                "nothing-there",
            ],
        ),
        (
            "copy T",
            [
                "not-running",
                "cluster-down",
                "cluster-down",
                "nothing-there",
            ],
        ),
        (
            "copy-lost T",
            [
                "not-running",
                "cluster-down",
                "cluster-down",
                "nothing-there",
            ],
        ),
        (
            "note T",
            ["not-running", "cluster-down", "cluster-down", "already-so"],
        ),
        (
            "sync T",
            [
                "not-running",
                "cluster-down",
                "nothing-there",
                "nothing-there",
            ],
        ),
        (
            "sync-lost T",
            [
                "not-running",
                "nothing-there",
                "nothing-there",
                "nothing-there",
            ],
        ),
        (
            "read-sync T",
            [
                "not-running",
                "cluster-down",
                "nothing-there",
                "nothing-there",
            ],
        ),
        (
            "checkpoint billing T",
            [
                "not-running",
                "cluster-down",
                "cluster-down",
                "nothing-there",
            ],
        ),
        (
            "look billing east>west",
            [
                "not-running",
                "cluster-down",
                "cluster-down",
                "groups-are-not-synced",
            ],
        ),
        (
            "sync-group billing east>west",
            [
                "not-running",
                "cluster-down",
                "cluster-down",
                "groups-are-not-synced",
            ],
        ),
        (
            "refresh east>west",
            ["not-running", "cluster-down", "cluster-down", "already-so"],
        ),
    ] {
        let setting = pair_of(AT_3_9)
            .with(|flow| flow.syncs_groups = false)
            .done();
        let [dead, dark, east, both] = named;
        let event = event.replace(" T", " east/orders>west");
        // Workers begin only where the stored positions can be read; then all is lost again.
        let begin = format!("heal east>west; return west; {}; lose west", mends[0]);
        let history = format!(
            "{wrong}; {event} !{dead}; {begin}; cut east>west; {event} !cut; heal east>west; \
             {event} !{dark}; {}; {event} !{east}; {}; {event} !{both}",
            mends[1], mends[2]
        );
        check(&setting, &history, &[]);
    }
}

#[test]
fn a_start_and_a_return_are_refused_in_order() {
    let setting = pair_of(AT_3_9).done();
    let history = "lose west; start billing west !one-place-at-a-time; stop billing east; \
                   start billing west !cluster-down; return west; start billing west";
    check(&setting, history, &["billing runs at west"]);
    // Workers begin whether or not they reach anything.
    let history = "cut east>west; take-over east>west; heal east>west; lose west; \
                   take-over east>west; crash east>west; \
                   take-over east>west !not-running; heal east>west !already-so; crash east>west !not-running";
    check(&setting, history, &["running:"]);
    let both = there_and_back(AT_3_9, Failback::Reverse).done();
    let history = "restart west>east !nothing-there; stop-mirror west>east !nothing-there; \
                   lose east; fail-back west>east !no-failover-before; fail-over east>west; \
                   fail-back west>east !other-direction-runs; crash east>west; \
                   fail-back west>east !cluster-down; return east; fail-back west>east";
    check(&both, history, &["running: west>east"]);
}
