//! The spaces of the deep run: they are what docs/DEEP.md says that `.ci/deep` explores, and stateright finds
//! the same in those that it has room for.

use assert_cmd::Command;
use highwater_checks::experiment::Experiment;
use highwater_checks::explore::{
    Exploration, Limits, Question, Verdict, explore_with_stateright, explored, silently,
};
use highwater_checks::{Source, experiment_file};
use highwater_model::replication::Bounds;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every space, by the name of its file.
fn spaces() -> Vec<(String, Experiment)> {
    let files = root().join("checks/deep").read_dir();
    let files = files.expect("a folder of spaces");
    let mut spaces: Vec<_> = files
        .map(|file| {
            let path = file.expect("a file").path();
            let source = Source::read(&path).unwrap_or_else(|error| panic!("{error}"));
            let experiment =
                experiment_file::read(&source).unwrap_or_else(|error| panic!("{error}"));
            let name = path.file_stem().expect("a name").display().to_string();
            (name, experiment)
        })
        .collect();
    spaces.sort_by(|(one, _), (other, _)| one.cmp(other));
    spaces
}

/// How many different states are explored at least: with symmetry, a state stands for as many others as
/// there are changes of names.  A space that was never exhausted has no number, and counts for nothing.
fn least_explored(experiment: &Experiment) -> usize {
    experiment.states.unwrap_or_default() / (experiment.model.interchangeable().len() + 1)
}

#[test]
fn every_space_has_the_default_bounds_and_one_record_more() {
    let usual = Bounds::default();
    let one_more = Bounds {
        records: usual.records + 1,
        ..usual
    };
    for (name, experiment) in spaces() {
        assert_eq!(experiment.model.bounds, one_more, "{name}");
    }
}

#[test]
fn the_spaces_are_as_large_as_a_deep_run_should_be() {
    let sizes: Vec<_> = spaces()
        .iter()
        .map(|(_, space)| least_explored(space))
        .collect();
    let large = sizes.iter().filter(|states| **states > 10_000_000);
    assert!(large.count() >= 2, "two above ten million: {sizes:?}");
    let all: usize = sizes.iter().sum();
    assert!(all >= 100_000_000, "{all} states in all");
}

/// Such a file is an experiment like any other; tests/broken_experiments.rs has every mistake.
#[test]
fn a_mistake_in_a_space_ends_with_2() {
    let text = std::fs::read_to_string(root().join("checks/deep/broker-crash.toml"));
    let text = text.expect("a space");
    let file = std::env::temp_dir().join(format!("deep-{}.toml", std::process::id()));
    for (from, to, what) in [
        ("records =", "record =", "there is no key `record`"),
        (
            "acked-in-leader = \"holds\"",
            "acked-in-leaders = \"holds\"",
            "there is no key `acked-in-leaders`",
        ),
    ] {
        assert!(text.contains(from));
        std::fs::write(&file, text.replace(from, to)).expect("a file can be written");
        let mut command = Command::cargo_bin("highwater").expect("it is built");
        let output = command.arg("check").arg(&file).assert().code(2);
        let complaint = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        let line = 1 + text
            .lines()
            .position(|line| line.contains(from))
            .expect("it is there");
        for part in [what, &format!(":{line}:"), "help: "] {
            assert!(complaint.contains(part), "{part}: {complaint}");
        }
    }
    std::fs::remove_file(&file).expect("it was written");
}

/// A test of random cases that `.ci/deep` does not name would have no hundredfold.
#[test]
fn the_deep_run_names_every_file_of_random_cases() {
    let script = std::fs::read_to_string(root().join(".ci/deep")).expect("the deep run");
    let mut files = Vec::new();
    for folder in ["model", "reference", "checks/src", "checks/tests"] {
        sources(&root().join(folder), &mut files);
    }
    let random = files.iter().filter(|path| {
        let text = std::fs::read_to_string(path).expect("a text");
        text.lines().any(|line| line.trim() == "proptest! {")
    });
    for path in random {
        // `tests/naming/expansion.rs` is run by `--test naming`, `src/placement.rs` by `--lib placement`.
        let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
        let target = parts
            .iter()
            .rposition(|part| *part == "tests" || *part == "src");
        let target = target.expect("a source lies there") + 1;
        let (kind, name) = (&parts[target - 1], parts[target].trim_end_matches(".rs"));
        let target = match kind.as_ref() {
            "tests" => format!("--test {name}"),
            _ => format!("--lib {name}"),
        };
        assert!(
            script.contains(&target),
            "{} has random cases, and .ci/deep has no {target}",
            path.display()
        );
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|ending| ending == "rs") => found.push(path),
            false => {}
        }
    }
}

/// What both explorers must find alike.
fn found(exploration: &Exploration) -> (usize, Vec<(&'static str, &'static str, usize)>) {
    assert_eq!(exploration.incomplete, None);
    let verdicts = exploration.verdicts.iter().map(|(property, verdict)| {
        let steps = match verdict {
            Verdict::Violated(history) => history.events.len(),
            _ => 0,
        };
        (property.name, verdict.word(), steps)
    });
    (exploration.counts.depth, verdicts.collect())
}

#[test]
#[ignore = "ten minutes and four GiB: stateright keeps what is still to be expanded as it is"]
fn both_explorers_find_the_same_in_deep_spaces() {
    let has_room =
        |experiment: &Experiment| experiment.states.is_some_and(|states| states <= 14_000_000);
    println!("\n| space | different states | generated |\n|---|--:|--:|");
    let mut compared = 0;
    for (name, experiment) in spaces() {
        if !has_room(&experiment) {
            continue;
        }
        let limits = Limits::of_states(usize::MAX);
        let ours = Question {
            limits,
            symmetry: false,
            ..Question::new(experiment.model.clone())
        };
        let ours = explored(ours, silently());
        let judge = explore_with_stateright(&experiment.model, limits);
        assert_eq!(ours.counts, judge.counts, "{name}");
        assert_eq!(found(&ours), found(&judge), "{name}");
        println!(
            "| {name} | {} | {} |",
            ours.counts.unique, ours.counts.generated
        );
        compared += 1;
    }
    assert!(compared > 0, "no space is small enough");
}
