//! The shipped experiments with a quorum come out as their files say; and the promise to `replication`
//! is kept where they say that everything holds.

use highwater_checks::Source;
use highwater_checks::explore::Limits;
use highwater_checks::quorum::Experiment;
use highwater_checks::quorum::experiment_file::read;
use highwater_checks::quorum::promise::kept;
use highwater_checks::quorum::{explore, telling};
use highwater_model::quorum::{Event, Guard, Property, Quorum, Switches};
use std::fmt::Write;
use std::path::Path;

fn shipped() -> Vec<(String, Experiment)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/quorum");
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

#[test]
fn every_experiment_comes_out_as_its_file_says() {
    let mut differences = Vec::new();
    let shipped = shipped();
    assert!(shipped.len() >= 9);
    for (name, experiment) in &shipped {
        let found = explore(&experiment.model, Limits::default());
        let odd = experiment.differences(&found);
        differences.extend(odd.iter().map(|odd| format!("{name}: {odd}")));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Every step of the quorum is a step of the controller that brokers see, or none that they see.  Where
/// it is not, the shortest history says how.
#[test]
fn the_promise_to_replication() {
    let mut text = String::new();
    for (name, experiment) in shipped() {
        // Half-cut voters break nothing that brokers see.
        if name.starts_with("half-cut") || name.starts_with("two-changes") {
            continue;
        }
        let model = &experiment.model;
        let found = kept(model);
        let Some((events, breach)) = &found.breach else {
            let [stutter, append, activate] = found.moves;
            assert!(activate > 0, "{name}: a controller becomes active");
            let _ = writeln!(
                text,
                "{name}: kept in {} steps: {stutter} stutter, {append} append, {activate} activate",
                found.steps
            );
            continue;
        };
        let history = highwater_checks::quorum::History {
            beginning: model.beginning(),
            actions: events.clone(),
        };
        let _ = writeln!(
            text,
            "{name}: broken, {}\n{}",
            told(model, breach),
            telling::table(model, &history)
        );
    }
    insta::assert_snapshot!(text);
}

fn told(model: &Quorum, breach: &highwater_model::quorum::promise::Breach) -> String {
    use highwater_model::quorum::promise::Breach;
    match breach {
        Breach::Forks(node) => format!(
            "{} commits something else than was committed there",
            model.setting.name(*node)
        ),
        Breach::Differs(node) => format!(
            "{} takes something else for committed than is",
            model.setting.name(*node)
        ),
        Breach::OldControllerAppends(node) => format!(
            "{} adds to the history although its epoch is over",
            model.setting.name(*node)
        ),
        Breach::EpochsFall(node) => {
            format!("{} lets the epochs fall", model.setting.name(*node))
        }
    }
}

/// The page has every guard, switch, property, event and experiment.
#[test]
fn the_page_names_everything() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/QUORUM.md");
    let page = std::fs::read_to_string(path).expect("there is a page");
    let guards = Guard::ALL.iter().map(|guard| guard.name().to_owned());
    let switches = Switches::NAMES.iter().map(|name| format!("`{name}"));
    let properties = Property::ALL
        .iter()
        .map(|property| property.name.to_owned());
    let events = Event::VERBS.iter().map(|verb| format!("`{verb} "));
    let experiments = shipped()
        .into_iter()
        .map(|(name, _)| format!("quorum/{name}"));
    let all = guards.chain(switches).chain(properties).chain(events);
    for name in all.chain(experiments) {
        assert!(page.contains(&name), "docs/QUORUM.md does not name {name}");
    }
}

/// Whatever is left out of a file or written in another way, its reader answers and does not panic.
#[test]
fn no_file_makes_the_reader_panic() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/quorum");
    let mut refused = 0;
    let mut tried = 0;
    for file in std::fs::read_dir(root).expect("a folder").flatten() {
        let text = std::fs::read_to_string(file.path()).expect("a file");
        let lines: Vec<&str> = text.lines().collect();
        for place in 0..lines.len() {
            let key = lines[place].split('=').next().unwrap_or_default();
            for value in [
                "",
                "= 0",
                "= -1",
                "= 99",
                "= true",
                "= 'x'",
                "= []",
                "= {}",
                "= { x = 1 }",
            ] {
                let mut mutated = lines.clone();
                let line = format!("{key}{value}");
                mutated[place] = if value.is_empty() { "" } else { &line };
                let source = Source::new("my.toml", mutated.join("\n"));
                tried += 1;
                refused += usize::from(read(&source).is_err());
            }
        }
    }
    assert!(
        tried > 1000 && refused * 2 > tried,
        "{refused} of {tried} refused"
    );
}

/// Every mistake is answered with the line, the key and a remedy.
#[test]
fn every_mistake_is_answered() {
    let good = "title = 'T'\nquestion = 'Q'\nsource = 'Q1'\nheadline = 'leader-complete'\n\
                [quorum]\nvoters = { a = 3 }\n[faults]\nrow = 'none'\n[verdicts]\n\
                default = 'holds'\nleader-complete = 'holds'\n";
    let mut text = String::new();
    for (from, to) in [
        (
            "headline = 'leader-complete'",
            "headline = 'leader-compleat'",
        ),
        ("voters = { a = 3 }", "voters = { a = 7 }"),
        ("voters = { a = 3 }", "voters = { a = 0 }"),
        ("voters = { a = 3 }", "voters = { 'a b' = 1 }"),
        ("voters = { a = 3 }", "voters = 3"),
        (
            "voters = { a = 3 }",
            "voters = { a = 3 }\nspare = { a = 1 }",
        ),
        ("voters = { a = 3 }", "voters = { a = 3 }\nkafka = '2.7'"),
        (
            "voters = { a = 3 }",
            "kafka = '3.5'\nvoters = { a = 3 }\nstatic_voters = false",
        ),
        ("row = 'none'", "row = 'broker-crash'"),
        ("row = 'none'", "row = 'dc-loss:b'"),
        ("row = 'none'", "row = 'cut:a|a'"),
        (
            "[faults]",
            "[variant]\nwaive = ['one-vote-per-epoch']\n[faults]",
        ),
        (
            "[faults]",
            "[variant]\nswitches = { prevote = true }\n[faults]",
        ),
        ("[faults]", "[bounds]\nepochs = 9\n[faults]"),
        ("[faults]", "[bounds]\nepoch = 1\n[faults]"),
        ("default = 'holds'\n", ""),
        ("leader-complete = 'holds'\n", ""),
        ("row = 'none'", ""),
        ("row = 'none'", "row = 'voter-wiped+voter-wiped'"),
        (
            "row = 'none'",
            "row = 'voter-crash+voter-power-loss+voter-wiped+dc-loss:a+cut:a|b'",
        ),
        ("[faults]", "[bounds]\nepochs = 6\nrecords = 3\n[faults]"),
    ] {
        let wrong = good.replacen(from, to, 1);
        let source = Source::new("my.toml", wrong);
        let error = read(&source).err().expect(to);
        let _ = writeln!(text, "{to:?}\n{error}\n");
    }
    insta::assert_snapshot!(text);
}
