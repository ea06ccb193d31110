//! The shipped experiments with mirrors come out as their files say; each guard is worth something, each
//! property can be violated, each event happens.

use highwater_checks::Source;
use highwater_checks::explore::{Limits, oracle};
use highwater_checks::mirroring::experiment_file::read;
use highwater_checks::mirroring::guards::try_guard;
use highwater_checks::mirroring::{Experiment, Exploration, Verdict, explore, telling};
use highwater_model::mirroring::{Event, Fault, Guard, Property};
use highwater_vocabulary::mirroring::Tool;
use stateright::Model;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

/// An experiment, what it came to, and its name.
struct Ran {
    name: String,
    experiment: Experiment,
    found: Exploration,
}

impl Ran {
    fn violates(&self, property: &str) -> bool {
        matches!(self.found.verdict(property), Some(Verdict::Violated(_)))
    }
}

fn shipped() -> Vec<(String, Experiment)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/mirroring");
    let files = std::fs::read_dir(root).expect("a folder").flatten();
    let mut paths: Vec<_> = files.map(|file| file.path()).collect();
    paths.sort();
    let experiment = |path: &Path| {
        let source = Source::read(path).unwrap_or_else(|error| panic!("{error}"));
        read(&source).unwrap_or_else(|error| panic!("{error}"))
    };
    let name = |path: &Path| {
        path.file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    };
    paths
        .iter()
        .map(|path| (name(path), experiment(path)))
        .collect()
}

/// Every experiment, explored once for all tests of this file.
static RAN: LazyLock<Vec<Ran>> = LazyLock::new(|| {
    let ran = shipped().into_iter().map(|(name, experiment)| Ran {
        found: explore(&experiment.model, Limits::default()),
        name,
        experiment,
    });
    ran.collect()
});

fn named(name: &str) -> &'static Ran {
    let mut ran = RAN.iter();
    ran.find(|ran| ran.name == name)
        .unwrap_or_else(|| panic!("there is no {name}"))
}

#[test]
fn every_experiment_comes_out_as_its_file_says() {
    let mut differences = Vec::new();
    assert!(RAN.len() >= 70, "{} experiments", RAN.len());
    for ran in RAN.iter() {
        let odd = ran.experiment.differences(&ran.found);
        differences.extend(odd.iter().map(|odd| format!("{}: {odd}", ran.name)));
        assert!(
            !ran.found.limited,
            "{}: the model has room for it",
            ran.name
        );
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// For each guard there is an experiment in which something is violated without it and not with it.
#[test]
fn every_guard_is_worth_something() {
    let mut table = String::new();
    for guard in Guard::ALL {
        let found = try_guard(*guard);
        assert!(
            found.breaks.is_some(),
            "{guard} has no experiment of its own"
        );
        let _ = writeln!(table, "{guard}: {}", found.told());
    }
    insta::assert_snapshot!(table);
}

/// Each property is violated somewhere, and holds somewhere where it says something.
#[test]
fn every_property_says_something() {
    for property in Property::ALL {
        let name = property.name;
        let violated = RAN.iter().any(|ran| ran.violates(name));
        let holds = RAN
            .iter()
            .any(|ran| matches!(ran.found.verdict(name), Some(Verdict::Holds)));
        assert!(violated, "{name} is violated nowhere");
        let definite = [
            // Whoever has read what the target lacks is told so only if the offset is out of range.
            "loss-reported",
            // Every mirror copies after the acknowledgement.
            "nothing-lost-at-failover",
        ];
        assert!(holds || definite.contains(&name), "{name} holds nowhere");
    }
}

#[test]
fn every_event_happens() {
    let mut happened = BTreeSet::new();
    for ran in RAN.iter() {
        let tallies = ran.found.coverage.tried();
        happened.extend(
            tallies
                .filter(|tally| tally.happened > 0)
                .map(|tally| tally.event),
        );
    }
    let missing: Vec<_> = Event::VERBS
        .iter()
        .filter(|verb| !happened.contains(**verb))
        .collect();
    assert!(missing.is_empty(), "never: {missing:?}");
}

/// Stateright's own search finds as many states, and violates the same.
#[test]
fn stateright_agrees() {
    for name in [
        "crash-copies-twice",
        "overwritten-group",
        "failback-rebuild",
        "sync-before-the-answer",
    ] {
        let ran = named(name);
        let model = ran.experiment.model.clone();
        let found = oracle::search(&model, Limits::default().generated);
        assert_eq!(found.cut, None, "{name}");
        assert_eq!(found.counts.unique, ran.found.counts.unique, "{name}");
        for property in Property::ALL {
            let violated = found
                .violated
                .iter()
                .any(|(name, _)| *name == property.name);
            assert_eq!(
                violated,
                ran.violates(property.name),
                "{name}: {}",
                property.name
            );
        }
    }
}

/// Every event that is tried on the way to any violation prints as a line that reads back.
#[test]
fn lines_read_back() {
    let mut verbs = BTreeSet::new();
    for ran in RAN.iter() {
        let model = &ran.experiment.model;
        let setting = &model.setting;
        for (_, verdict) in &ran.found.verdicts {
            let Verdict::Violated(history) = verdict else {
                continue;
            };
            let mut state = history.beginning;
            for event in &history.actions {
                let mut offered = Vec::new();
                model.actions(&state, &mut offered);
                assert!(
                    offered.contains(event),
                    "{}: {event:?} is offered",
                    ran.name
                );
                for event in offered {
                    let line = event.line(setting);
                    assert_eq!(Event::parse(&line, setting), Ok(event), "{line}");
                    verbs.insert(event.verb());
                }
                state = model.step(&state, event).expect("it happened");
            }
        }
    }
    assert_eq!(verbs.len(), Event::VERBS.len(), "every verb is offered");
}

/// The skip of the delta rule, and the overwritten group.
#[test]
fn two_histories_in_lanes() {
    for name in [
        "translated-by-the-difference",
        "overwritten-group",
        "copied-again",
    ] {
        let ran = named(name);
        let headline = ran.experiment.headline;
        let Some(Verdict::Violated(history)) = ran.found.verdict(headline.name) else {
            panic!("{name} is violated");
        };
        insta::assert_snapshot!(
            name,
            telling::told(&ran.experiment.model, headline, history)
        );
    }
}

/// The page has every guard, property, event, fault, tool and experiment.
#[test]
fn the_page_names_everything() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page: String = ["MIRRORING.md", "LINKS.md"]
        .iter()
        .map(|name| std::fs::read_to_string(docs.join(name)).expect("there is a page"))
        .collect();
    let guards = Guard::ALL.iter().map(|guard| format!("`{guard}`"));
    let properties = Property::ALL
        .iter()
        .map(|property| format!("`{}`", property.name));
    let events = Event::VERBS.iter().map(|verb| format!("`{verb} "));
    let faults = Fault::NAMES.iter().map(|name| format!("`{name}:"));
    let tools = Tool::WORDS.iter().map(|(name, _)| format!("`{name}`"));
    let experiments = shipped().into_iter().map(|(name, _)| format!("`{name}`"));
    let all = guards
        .chain(properties)
        .chain(events)
        .chain(faults)
        .chain(tools);
    let missing: Vec<String> = all
        .chain(experiments)
        .filter(|name| !page.contains(name))
        .collect();
    assert!(missing.is_empty(), "the page lacks {}", missing.join(", "));
}
