//! The call that somebody's own `cargo test` makes.

use highwater_checks::{Report, check};
use std::panic::catch_unwind;
use std::path::PathBuf;

const TWO_SITES: &str = r#"
name = "Two rooms"
kafka = "4.1"
[[cluster]]
id = "main"
brokers = { a = 1, b = 1 }
voters = { a = 1, b = 1, w = 1 }
[[cluster.topic]]
id = "t"
replicas = { a = 1, b = 1 }
min_insync_replicas = 1
[bounds]
records = 1
elections = 1
isr_changes = 1
"#;

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the target folder can be written");
    path
}

fn goal(fault: &str, property: &str) -> String {
    format!("{TWO_SITES}[[require]]\nfault = \"{fault}\"\n{property} = \"holds\"\n")
}

/// What `assert_required` panics with, if it does.
fn complaint(report: &Report) -> Option<String> {
    let panicked = catch_unwind(|| report.assert_required()).err()?;
    panicked.downcast_ref::<String>().cloned()
}

#[test]
fn a_goal_that_is_met_is_met() {
    let path = file("library-met.toml", &goal("dc-loss:*", "acked-somewhere"));
    let report = check(&path).expect("it is right");
    assert_eq!(complaint(&report), None);
    assert_eq!(report.warnings().len(), 1, "min ISR 1 is an oddity");
    assert!(!report.rows().is_empty());
}

#[test]
fn a_goal_that_is_not_met_names_the_command_that_shows_why() {
    let path = file(
        "library-unmet.toml",
        &goal("lag+dc-loss:*", "acked-survives"),
    );
    let report = check(&path).expect("it is right");
    let complaint = complaint(&report).expect("it is not met");
    for expected in [
        "Two rooms",
        "lag+dc-loss:a: acked-survives should hold for t, and is violated",
        "lag+dc-loss:b: acked-survives should hold for t, and is violated",
        "library-unmet.toml --fault lag+dc-loss:a --property acked-survives",
        "out of reach",
    ] {
        assert!(complaint.contains(expected), "{expected:?} in\n{complaint}");
    }
}

#[test]
fn a_file_that_demands_nothing_cannot_pass() {
    let path = file("library-nothing.toml", TWO_SITES);
    let report = check(&path).expect("it is right");
    let complaint = complaint(&report).expect("nothing is demanded");
    assert!(complaint.contains("[[require]]"), "{complaint}");
}

/// As a test that ends in an error shows it, too.
#[test]
fn a_mistake_is_shown_in_its_line() {
    let path = file("library-wrong.toml", &TWO_SITES.replace("voters", "vters"));
    let remark = check(&path).expect_err("there is no such key");
    for shown in [remark.to_string(), format!("{remark:?}")] {
        assert!(shown.contains("library-wrong.toml:7"), "{shown}");
        assert!(shown.contains("did you mean `voters`?"), "{shown}");
    }
    assert!(check("no-such-file.toml").is_err());
}
