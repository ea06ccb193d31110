//! The shipped experiments: each comes out as its file says, and together they are worth reading.

use highwater_checks::experiment::judged;
use highwater_checks::explore::{Limits, Verdict, explore_with_stateright};
use highwater_checks::shipped;
use std::collections::BTreeMap;

/// One test explores them all, one after the other: their shortest histories are compared, too.
/// stateright explores here; that ours finds the same is tested in `explorers.rs`.
#[test]
fn every_experiment_comes_out_as_its_file_says() {
    let mut differences = Vec::new();
    let mut told: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for (name, experiment) in shipped::experiments() {
        let exploration = explore_with_stateright(&experiment.model, Limits::default());
        let exploration = match judged(&experiment, exploration) {
            Ok(exploration) => exploration,
            Err(unexpected) => {
                differences.push(format!("{name}: {unexpected}"));
                continue;
            }
        };
        let Some(Verdict::Violated(history)) = exploration.verdict(experiment.headline.name) else {
            continue;
        };
        let setting = &experiment.model.setting;
        let events = history.events.iter().map(|event| event.line(setting));
        if let Some(same) = told.insert(events.collect(), name.clone()) {
            differences.push(format!("{name}: tells the history of {same}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[test]
fn there_are_enough_of_them_and_half_go_wrong() {
    let shipped = shipped::experiments();
    let violations = shipped
        .iter()
        .filter(|(_, experiment)| experiment.shows_a_violation())
        .count();
    assert!(shipped.len() >= 20, "{} experiments", shipped.len());
    assert!(
        2 * violations >= shipped.len(),
        "{violations} of {} show a violation",
        shipped.len()
    );
}

#[test]
fn every_size_is_pinned_and_small() {
    let mut all = 0;
    for (name, experiment) in shipped::experiments() {
        let states = experiment
            .states
            .unwrap_or_else(|| panic!("{name}: no [size]"));
        assert!(states <= 300_000, "{name}: {states} states");
        all += states;
    }
    assert!(all <= 3_100_000, "{all} states in all");
}

/// Titles stand in one list, so each says what is its own.
#[test]
fn every_title_is_different() {
    let mut titles = BTreeMap::new();
    for (name, experiment) in shipped::experiments() {
        if let Some(other) = titles.insert(experiment.title, name.clone()) {
            panic!("{name} has the title of {other}");
        }
    }
}
