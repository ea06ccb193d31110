//! What is left out because it can add nothing: with it and without, every verdict is the same.
//!
//! Choices, and states that nobody can tell apart: over every layout of two brokers and a row of each
//! kind.

use highwater_checks::explore::{Exploration, Limits, Verdict, explore};
use highwater_model::replication::{
    Bounds, Operators, Property, Replication, Variant, WINDOW_USED_UP,
};
use highwater_vocabulary::{Faults, Story};

const SETTINGS: [&str; 6] = [
    "4.1, brokers a-1 b-1, min ISR 1, elr on",
    "4.1, brokers a-1 b-1, min ISR 2, elr on",
    "3.9, brokers a-1 b-1, min ISR 1, elr off",
    "3.9, brokers a-1 b-1, min ISR 2, elr off",
    "3.5, brokers a-1 b-1, min ISR 1, elr off",
    "4.1, brokers a-1 b-1, min ISR 1, acks 1, elr on",
];

const ROWS: [&str; 6] = [
    "lag",
    "broker-crash",
    "broker-power-loss",
    "broker-pause",
    "lag+dc-loss:a",
    "cut:a|b",
];

const FEW: Bounds = Bounds {
    records: 1,
    elections: 2,
    isr_changes: 2,
    preferred_elections: 1,
    reads: 0,
    redundant_choices: false,
    redundant_states: false,
    operators: Operators {
        min_isr: [None; 2],
        unclean_elections: 0,
    },
};

/// A model by the first line of a story.
fn model(setting: &str, row: &str, bounds: Bounds) -> Replication {
    let story = Story::parse(&format!("replication {setting}")).expect("well-formed");
    Replication {
        variant: Variant::parse(story.setting.kafka, &story.variant).expect("well-formed"),
        faults: Faults::parse(row, &story.setting.datacenters).expect("well-formed"),
        setting: story.setting,
        bounds,
        asked: Property::ALL,
    }
}

fn exhausted(model: &Replication) -> Exploration {
    let exploration = explore(model, Limits::default());
    assert_eq!(exploration.incomplete, None);
    exploration
}

/// What each property comes to.
fn words(exploration: &Exploration) -> Vec<(&'static str, &'static str)> {
    exploration
        .verdicts
        .iter()
        .map(|(property, verdict)| (property.name, verdict.word()))
        .collect()
}

/// How many events the shortest violation of each property takes.
fn lengths(exploration: &Exploration) -> Vec<Option<usize>> {
    exploration
        .verdicts
        .iter()
        .map(|(_, verdict)| match verdict {
            Verdict::Violated(history) => Some(history.events.len()),
            _ => None,
        })
        .collect()
}

/// Every setting with every row.
fn everywhere() -> impl Iterator<Item = (&'static str, &'static str)> {
    SETTINGS
        .iter()
        .flat_map(|setting| ROWS.iter().map(move |row| (*setting, *row)))
}

/// How long the shortest history is may differ by the lag that begins before everything else.
#[test]
fn choices_that_can_add_nothing_add_nothing() {
    let mut spared = 0;
    for (setting, row) in everywhere() {
        let [without, with] = [false, true].map(|redundant_choices| {
            let bounds = Bounds {
                redundant_choices,
                ..FEW
            };
            exhausted(&model(setting, row, bounds))
        });
        assert_eq!(words(&without), words(&with), "{setting}, {row}");
        spared += with.counts.unique - without.counts.unique;
    }
    assert!(spared > 0, "then they would not be worth leaving out");
}

#[test]
fn states_that_nobody_can_tell_apart_are_one() {
    let (mut merged, mut apart) = (0, 0);
    for (setting, row) in everywhere() {
        let [without, with] = [false, true].map(|redundant_states| {
            let bounds = Bounds {
                redundant_states,
                ..FEW
            };
            exhausted(&model(setting, row, bounds))
        });
        let at = format!(
            "{setting}, {row}: {} and {}",
            without.counts.unique, with.counts.unique
        );
        assert_eq!(words(&without), words(&with), "{at}");
        assert_eq!(lengths(&without), lengths(&with), "{at}");
        assert!(without.counts.unique <= with.counts.unique, "{at}");
        assert!(!with.used_up.contains(&WINDOW_USED_UP), "{at}");
        merged += without.counts.unique;
        apart += with.counts.unique;
    }
    assert!(apart > 2 * merged, "{apart} states are {merged}");
}
