//! The known bugs: each is found again, and absent without what makes it.

use highwater_checks::bugs::{self, Answer, Finding, Mend};
use highwater_checks::explore::Crew;
use highwater_checks::grounds;
use insta::assert_snapshot;
use std::collections::BTreeSet;
use std::path::Path;

/// Where the page shows what is printed.
const SHOWN: &str = "```\n$ highwater bugs\n";

/// The snapshot has the shortest histories, and docs/BUGS.md all but them.  With `UPDATE_PAGES=1` that page
/// is written anew.
#[test]
fn every_bug_is_found_and_absent_without_what_makes_it() {
    let judged = bugs::judge(&bugs::bugs(), &Crew::of(2), &|_, _| {});
    assert_snapshot!(bugs::text(&judged, true));
    let wrong = judged.iter().filter(|judged| !judged.is_ok());
    let wrong: Vec<&str> = wrong.map(|judged| judged.bug.id.as_str()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/BUGS.md");
    let page = std::fs::read_to_string(&path).expect("the page can be read");
    let (before, rest) = page.split_once(SHOWN).expect("the page shows the command");
    let (_, after) = rest.split_once("```").expect("a block ends");
    let written = format!("{before}{SHOWN}{}```{after}", bugs::text(&judged, false));
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, written).expect("the page can be written");
    } else {
        assert_eq!(page, written, "docs/BUGS.md does not show what is found");
    }
}

/// What experiments and the table say of each other is the same.
#[test]
fn experiments_and_the_table_name_each_other() {
    let bugs = bugs::bugs();
    let known: BTreeSet<&str> = bugs.iter().map(|bug| bug.id.as_str()).collect();
    assert_eq!(known.len(), bugs.len(), "two have the same number");
    let shipped = grounds::shipped();
    for (path, experiment) in &shipped {
        let mut named = experiment
            .bugs()
            .iter()
            .filter(|name| name.starts_with('B'));
        let unknown = named.find(|id| !known.contains(id.as_str()));
        assert_eq!(unknown, None, "{path} names what the table lacks");
    }
    for bug in &bugs {
        let Answer::Found(finding) = &bug.answer else {
            continue;
        };
        let experiment = &shipped[&finding.experiment];
        let mut issues = bug.issue.split(", ");
        let names = experiment.bugs();
        let is_named = names.contains(&bug.id)
            || issues.any(|issue| names.iter().any(|source| source.contains(issue)));
        assert!(is_named, "{} does not name {}", finding.experiment, bug.id);
        if let Some(property) = &finding.property {
            assert!(experiment.knows(property), "{}: {property}", bug.id);
        }
    }
}

/// A bug whose mend mends nothing, or that is not there to begin with, is not taken for found.
#[test]
fn what_is_not_found_is_told() {
    let mut bug = bugs::bugs().remove(0);
    let claims_to_be_found = |experiment: &str, mend: Mend| Finding {
        experiment: experiment.to_owned(),
        property: Some("acked-in-leader".to_owned()),
        mend,
    };
    let elsewhere = Mend::Switches(vec!["checks-isr-members".to_owned()]);
    let with_epochs = Mend::Kafka("4.1".parse().expect("a version"));
    for (finding, found) in [
        (
            claims_to_be_found("acknowledgement/acks-1", elsewhere),
            "violated",
        ),
        (
            claims_to_be_found("acknowledgement/acks-all", with_epochs),
            "holds",
        ),
    ] {
        bug.answer = Answer::Found(finding);
        let judged = bugs::judge(std::slice::from_ref(&bug), &Crew::of(1), &|_, _| {});
        assert!(!judged[0].is_ok(), "{judged:?}");
        let text = bugs::text(&judged, false);
        assert!(text.contains("NOT as the table says"), "{text}");
        assert!(text.contains(found), "{text}");
    }
}
