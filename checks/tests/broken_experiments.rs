//! What a person reads whose experiment is wrong.
//!
//! Every row is one edit of a file that is right.  The snapshot is to be read as prose: line, key
//! and remedy, without knowing this code.

use highwater_checks::experiment::{Expected, Experiment, run};
use highwater_checks::explore::{Crew, Limits};
use highwater_checks::{Remark, Source, experiment_file};
use highwater_model::replication::{Bounds, Guard, Operators, Property};
use highwater_vocabulary::Acks;
use std::fmt::Write;

const RIGHT: &str = r#"title = "Two brokers and a witness"
question = """
What is this?
A file to be edited.
"""
source = "KIP-497; R09"
claims = ["C16"]
bugs = ["B7"]
headline = "acked-in-leader"

[setting]
kafka = "4.1"
brokers = ["north-1", "south-1"]
voters = { north = 1, south = 1, witness = 1 }
min_insync_replicas = 2
acks = "all"

[variant]
waive = ["joiner-counts-at-once"]
late_fetches = true
switches = { equal-epoch-wipes-pending = true }

[faults]
row = "lag+dc-loss:north"

[bounds]
records = 1
elections = 2
isr_changes = 1
preferred_elections = 0
min_isr = [1]

[verdicts]
default = "holds"
acked-in-leader = "violated"
elr-complete = "silent"

[size]
states = 1234
"#;

fn edited(from: &str, to: &str) -> String {
    assert!(RIGHT.contains(from), "the edit of `{from}` edits nothing");
    RIGHT.replacen(from, to, 1)
}

fn read(text: &str) -> Result<Experiment, Remark> {
    experiment_file::read(&Source::new("my.toml", text))
}

#[test]
fn a_file_says_what_is_read() {
    let experiment = read(RIGHT).expect("right");
    assert_eq!(experiment.question, "What is this? A file to be edited.");
    assert_eq!(experiment.source, ["KIP-497", "R09"]);
    assert_eq!(experiment.claims, ["C16"]);
    assert_eq!(experiment.bugs, ["B7"]);
    assert_eq!(experiment.headline.name, "acked-in-leader");
    assert_eq!(experiment.states, Some(1234));
    let model = &experiment.model;
    assert_eq!(model.setting.datacenters, ["north", "south", "witness"]);
    assert_eq!(model.setting.voters, [1, 1, 1]);
    assert_eq!(model.setting.acks, Acks::All);
    assert!(model.setting.eligible_leader_replicas, "4.1 has them");
    assert_eq!(
        model.faults.name(&model.setting.datacenters),
        "lag+dc-loss:north"
    );
    assert!(model.variant.waived.contains(Guard::JoinerCountsAtOnce));
    assert!(model.variant.late_fetches && model.variant.switches.equal_epoch_wipes_pending);
    let bounds = Bounds {
        records: 1,
        elections: 2,
        isr_changes: 1,
        preferred_elections: 0,
        operators: Operators {
            min_isr: [Some(1), None],
            ..Operators::default()
        },
        ..Bounds::default()
    };
    assert_eq!(model.bounds, bounds);
    assert_eq!(experiment.expected.len(), Property::ALL.len());
    let expected = |name| experiment.expected_of(Property::named(name).expect("a property"));
    assert_eq!(expected("acked-in-leader"), Expected::Violated);
    assert_eq!(expected("elr-complete"), Expected::Silent);
    assert_eq!(expected("log-matching"), Expected::Unviolated);
}

#[test]
fn every_mistake_is_answered_with_line_key_and_remedy() {
    let mut answers = String::new();
    for (mistake, from, to) in [
        // Words that do not exist.
        ("a key misspelt", "records =", "record ="),
        ("a table nobody knows", "[size]", "[sizes]"),
        ("a guard misspelt", "joiner-counts", "joiner-count"),
        ("a switch misspelt", "equal-epoch", "equal-epochs"),
        ("a property misspelt", "elr-complete =", "elr-completes ="),
        (
            "a headline misspelt",
            "headline = \"acked",
            "headline = \"acks",
        ),
        ("a verdict nobody gives", "\"silent\"", "\"incomplete\""),
        (
            "a default that says nothing",
            "default = \"holds\"",
            "default = \"silent\"",
        ),
        ("a claim that is a bug", "\"C16\"", "\"B16\""),
        ("a Kafka nobody models", "\"4.1\"", "\"5.0\""),
        // What is missing.
        ("no question", "What is this?\nA file to be edited.\n", ""),
        ("no headline", "headline = \"acked-in-leader\"\n", ""),
        (
            "no verdict on the headline",
            "acked-in-leader = \"violated\"",
            "",
        ),
        ("no default", "default = \"holds\"\n", ""),
        (
            "one guard, not a list",
            "[\"joiner-counts-at-once\"]",
            "\"joiner-counts-at-once\"",
        ),
        // What cannot be.
        ("no brokers", "[\"north-1\", \"south-1\"]", "[]"),
        ("a broker without a number", "\"south-1\"", "\"south\""),
        ("a broker misnumbered", "\"south-1\"", "\"north-3\""),
        (
            "nine brokers",
            "\"south-1\"",
            "\"south-1\", \"south-2\", \"south-3\", \"south-4\", \"south-5\", \"south-6\", \"south-7\", \"south-8\"",
        ),
        (
            "no voters",
            "{ north = 1, south = 1, witness = 1 }",
            "{ north = 0 }",
        ),
        (
            "eligible leader replicas too early",
            "\"4.1\"",
            "\"3.9\"\neligible_leader_replicas = true",
        ),
        ("several rows", "dc-loss:north", "dc-loss:*"),
        ("a fault elsewhere", "dc-loss:north", "dc-loss:east"),
        ("four records", "records = 1", "records = 4"),
        ("three changes of min ISR", "[1]\n\n", "[1, 2, 1]\n\n"),
        ("no states", "1234", "0"),
        ("an open list", "[1]\n\n", "[1\n\n"),
    ] {
        let error = read(&edited(from, to)).expect_err(mistake);
        assert!(error.line().is_some(), "{mistake}: no line");
        assert!(!error.remedy.is_empty(), "{mistake}: no remedy");
        let _ = writeln!(answers, "# {mistake}\n{error}\n");
    }
    insta::assert_snapshot!(answers);
}

#[test]
fn an_empty_file_is_told_where_to_start() {
    for empty in ["", " \n", "\u{feff}"] {
        let error = read(empty).expect_err("empty");
        assert!(error.what.contains("empty") && error.remedy.contains("experiments"));
    }
}

/// What comes out otherwise is listed, a pass that was not expected included.
#[test]
fn an_unexpected_outcome_is_a_difference_each() {
    let text = edited("lag+dc-loss:north", "none").replace("late_fetches = true\n", "");
    let experiment = read(&text).expect("right");
    let unexpected = run(&experiment, Limits::default(), &Crew::default());
    let unexpected = unexpected.expect_err("nothing fails");
    insta::assert_snapshot!(unexpected, @r"
    Two brokers and a witness
      acked-in-leader: expected violated, found holds
      states: expected 1234, found 27
    ");
}
