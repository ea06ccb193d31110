//! The choices left out because they can add nothing: with them and without, every verdict is the
//! same, over every layout of two brokers and a row of each kind.

use highwater_checks::explore::{Exploration, Limits, explore};
use highwater_model::replication::{Bounds, Property, Replication, Variant};
use highwater_vocabulary::{Faults, Story};

/// What each property comes to; how long the shortest history is may differ by the lag that begins
/// before everything else.
fn words(exploration: &Exploration) -> Vec<(&'static str, &'static str)> {
    assert_eq!(exploration.incomplete, None);
    exploration
        .verdicts
        .iter()
        .map(|(property, verdict)| (property.name, verdict.word()))
        .collect()
}

#[test]
fn choices_that_can_add_nothing_add_nothing() {
    let mut spared = 0;
    for setting in [
        "4.1, brokers a-1 b-1, min ISR 1, elr on",
        "4.1, brokers a-1 b-1, min ISR 2, elr on",
        "3.9, brokers a-1 b-1, min ISR 1, elr off",
        "3.9, brokers a-1 b-1, min ISR 2, elr off",
        "3.5, brokers a-1 b-1, min ISR 1, elr off",
        "4.1, brokers a-1 b-1, min ISR 1, acks 1, elr on",
    ] {
        for row in [
            "lag",
            "broker-crash",
            "broker-power-loss",
            "broker-pause",
            "lag+dc-loss:a",
            "cut:a|b",
        ] {
            let story = Story::parse(&format!("replication {setting}")).expect("well-formed");
            let faults = Faults::parse(row, &story.setting.datacenters).expect("well-formed");
            let verdicts = [false, true].map(|redundant_choices| {
                let bounds = Bounds {
                    records: 1,
                    elections: 2,
                    redundant_choices,
                    ..Bounds::default()
                };
                let model = Replication {
                    setting: story.setting.clone(),
                    variant: Variant::of(story.setting.kafka),
                    faults: faults.clone(),
                    bounds,
                    asked: Property::ALL,
                };
                explore(&model, Limits::default())
            });
            assert_eq!(words(&verdicts[0]), words(&verdicts[1]), "{setting}, {row}");
            spared += verdicts[1].counts.unique - verdicts[0].counts.unique;
        }
    }
    assert!(spared > 0, "then they would not be worth leaving out");
}
