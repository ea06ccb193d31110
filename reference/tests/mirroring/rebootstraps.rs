//! Consumers that lose their cluster and find another in their list of bootstrap servers.

use crate::settings::{Draft, namesakes, pair_of};
use crate::told::check;
use highwater_vocabulary::mirroring::{Assignment, Reset, Tool};

const AT_3_9: Tool = Tool::MirrorMaker2At3_9;

/// Two records are read in the east, one of them is committed, and one copied; then the east is lost.
const LOST: &str = "append east/orders r1; append east/orders r2; consume billing east/orders; commit billing east; \
                    consume billing east/orders; poll east/orders>west; copy east/orders>west; lose east";

fn checks(draft: Draft, rows: &[(&str, &[&str])]) {
    let setting = draft.done();
    for (history, expected) in rows {
        check(&setting, &history.replace("LOST", LOST), expected);
    }
}

fn draft(assignment: Assignment, reset: Reset) -> Draft {
    namesakes(AT_3_9).who(|reader| (reader.assignment, reader.reset) = (assignment, reset))
}

#[test]
fn members_keep_their_place_until_they_join() {
    checks(
        draft(Assignment::Subscribed, Reset::Earliest),
        &[
            // The log there is shorter, which passes for a truncation.
            (
                "LOST; rebootstrap billing west",
                &[
                    "billing runs at west",
                    "billing in east/orders: at -, committed 1",
                    "billing in west/orders: at 1, committed -",
                    "billing in west/payments: at -, committed -",
                ],
            ),
            (
                "LOST; rebootstrap-reset billing west; consume billing west/orders",
                &["billing in west/orders: at 1, committed -"],
            ),
            // Nobody is told before, and nobody commits.
            (
                "LOST; rebootstrap billing west; commit billing west !unknown-member; \
                 append west/payments r3; consume billing west/payments !not-in-this-setting; \
                 rejoin billing west; consume billing west/payments; commit billing west; \
                 rejoin billing west !known-member",
                &[
                    "billing in west/orders: at 0, committed 0",
                    "billing in west/payments: at 1, committed 1",
                ],
            ),
            // The mirror commits for a group that has no members there.
            (
                "LOST; rebootstrap billing west; return east; sync east/orders>west; \
                 read-sync east/orders>west; checkpoint billing east/orders>west; \
                 look billing east>west; sync-group billing east>west; rejoin billing west",
                &["billing in west/orders: at 1, committed 1"],
            ),
            (
                "LOST; rebootstrap billing west; stop billing west; start billing east !cluster-down",
                &["billing in west/orders: at -, committed -"],
            ),
        ],
    );
}

#[test]
fn who_takes_partitions_himself_commits_at_once_and_never_joins() {
    checks(
        draft(Assignment::Manual, Reset::Latest),
        &[
            (
                "LOST; rebootstrap billing west; commit billing west; rejoin billing west !unknown-member",
                &["billing in west/orders: at 1, committed 1"],
            ),
            // Nobody refuses the mirror, for there is no member.
            (
                "append east/orders r1; poll east/orders>west; copy east/orders>west; sync east/orders>west; \
                 read-sync east/orders>west; commit billing east; stop billing east; start billing west; \
                 checkpoint billing east/orders>west; look billing east>west; commit billing west; \
                 sync-group billing east>west",
                &["billing in west/orders: at 1, committed 0"],
            ),
        ],
    );
}

#[test]
fn nobody_goes_over_who_need_not_or_cannot() {
    checks(
        draft(Assignment::Subscribed, Reset::None),
        &[
            (
                "rebootstrap billing west !cluster-is-reached; rebootstrap billing east !already-so; \
                 rejoin billing east !known-member; rejoin billing west !group-not-running; \
                 lose west; rebootstrap billing west !cluster-down",
                &["billing runs at east"],
            ),
            // Whatever would move it fails.
            (
                "LOST; rebootstrap billing west !no-reset-policy; rebootstrap-reset billing west !no-reset-policy",
                &["billing runs at east"],
            ),
            (
                "lose east; rebootstrap billing west; rejoin billing west !no-reset-policy",
                &["billing in west/orders: at 0, committed -"],
            ),
        ],
    );
    // What has the alias before its name has another name.
    checks(
        pair_of(AT_3_9),
        &[(
            "lose east; rebootstrap billing west !no-such-partition",
            &["billing runs at east"],
        )],
    );
}

/// Home again, once the other cluster is lost as well.
#[test]
fn and_back() {
    checks(
        draft(Assignment::Subscribed, Reset::Earliest),
        &[(
            "LOST; rebootstrap billing west; return east; rebootstrap billing east !cluster-is-reached; \
             lose west; rebootstrap billing east; consume billing east/orders",
            &[
                "billing runs at east",
                "billing in east/orders: at 2, committed 1",
            ],
        )],
    );
}
