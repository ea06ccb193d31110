//! Violations of small settings, explained: the pictures and arguments that a reader gets.
//!
//! Each is found by exploration, told as a story, and the story is replayed.

use highwater_checks::explain::{Explanation, explain};
use highwater_checks::explore::{Limits, Verdict, explore};
use highwater_checks::replay::replay;
use highwater_model::replication::{Bounds, Property, Replication, Variant};
use highwater_vocabulary::{Faults, Story};

/// The shortest history in which `property` does not hold, explained.
fn explained(header: &str, faults: &str, property: &str) -> Explanation {
    let story = Story::parse(header).expect("a setting");
    let model = Replication {
        variant: Variant::parse(story.setting.kafka, &story.variant).expect("a variant"),
        faults: Faults::parse(faults, &story.setting.datacenters).expect("faults"),
        setting: story.setting,
        bounds: Bounds {
            records: 1,
            elections: 2,
            isr_changes: 1,
            ..Bounds::default()
        },
        asked: Property::ALL,
    };
    let found = explore(&model, Limits::default());
    let asked = Property::named(property).expect("a property");
    match found.verdict(property) {
        Some(Verdict::Violated(history)) => explain(&model, asked, history),
        other => panic!("{property} should be violated: {other:?}"),
    }
}

/// Compares the text with a reviewed one, and replays the story.
fn check(name: &str, header: &str, faults: &str, property: &str) {
    let explanation = explained(header, faults, property);
    let told = format!("{header}\nfaults {faults}\n\n{}", explanation.text(name));
    insta::assert_snapshot!(name, told);
    assert_eq!(
        replayed(&explanation),
        Vec::<String>::new(),
        "{}",
        explanation.story()
    );
}

/// Where the story of an explanation differs from the model.
fn replayed(explanation: &Explanation) -> Vec<String> {
    let story = Story::parse(&explanation.story()).expect("a story parses back");
    let replayed = replay(&story).expect("a story of a variant of the model");
    assert_eq!(replayed.steps, explanation.steps.len());
    replayed
        .differences
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn acks_1_and_a_crash() {
    check(
        "acks-1-and-a-crash",
        "replication 4.1, brokers north-1 south-1, min ISR 1, acks 1, elr on",
        "broker-crash",
        "acked-in-leader",
    );
}

#[test]
fn a_lagging_follower_and_a_power_loss() {
    check(
        "lag-and-a-power-loss",
        "replication 4.1, brokers north-1 south-1 east-1, min ISR 2, elr off",
        "lag+broker-power-loss",
        "candidates-complete",
    );
}

#[test]
fn a_joiner_that_lacks_what_is_committed() {
    check(
        "joiner-below-the-watermark",
        "replication 4.1, brokers north-1 south-1, min ISR 1, elr on, with waive:joiner-reaches-watermark",
        "lag+broker-crash",
        "acked-in-leader",
    );
}

#[test]
fn truncation_to_the_watermark() {
    check(
        "truncation-to-the-watermark",
        "replication 3.9, brokers north-1 south-1, min ISR 1, elr off, with truncates-to-watermark=on",
        "broker-crash+broker-crash",
        "acked-in-leader",
    );
}

#[test]
fn an_old_registration_joins() {
    check(
        "an-old-registration-joins",
        "replication 4.1, brokers north-1 south-1 east-1, min ISR 2, elr on, with waive:member-epochs-are-current",
        "lag+broker-wiped",
        "candidates-complete",
    );
}

#[test]
fn data_that_nobody_may_lead() {
    check(
        "data-that-nobody-may-lead",
        "replication 3.9, brokers north-1 south-1, min ISR 1, elr off",
        "lag+dc-loss:north",
        "electable",
    );
}

/// A cause is named only if some step would be otherwise without it.
#[test]
fn a_waived_guard_without_part_in_the_history_is_passed_over() {
    let explanation = explained(
        "replication 4.1, brokers north-1 south-1, min ISR 1, acks 1, elr on, with waive:members-are-not-fenced",
        "broker-crash",
        "acked-in-leader",
    );
    let argument = explanation.argument.join(" ");
    assert!(!argument.contains("members-are-not-fenced"), "{argument}");
}

/// What JSON readers rely on.
#[test]
fn the_names_of_the_json_fields() {
    let explanation = explained(
        "replication 4.1, brokers north-1 south-1, min ISR 1, acks 1, elr on",
        "broker-crash",
        "acked-in-leader",
    );
    let json = serde_json::to_string_pretty(&explanation.json()).expect("JSON");
    insta::assert_snapshot!("acks-1-and-a-crash.json", json);
}
