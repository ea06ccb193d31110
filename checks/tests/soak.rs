//! `highwater soak`: what it prints, how it ends, and that its cases follow from the seed.

use assert_cmd::Command;
use highwater_checks::agreement::soak::{Case, Soak, try_case};
use std::num::NonZeroUsize;
use std::time::Instant;

fn soak(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("highwater").expect("it is built");
    command.arg("soak").args(arguments);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what is printed is text")
}

#[test]
fn a_short_soak_agrees() {
    let output = soak(&["--seed", "7", "--for", "1s", "--workers", "2"])
        .assert()
        .code(0);
    let output = output.get_output();
    let printed = text(&output.stdout);
    assert!(printed.starts_with("Model and engine agree: "), "{printed}");
    for word in [
        " case",
        " event",
        " refusal",
        "seed 7",
        "a minute on 2 threads",
    ] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn a_case_is_the_same_every_time() {
    let once = || {
        let output = soak(&["--seed", "7", "--case", "12"]).assert().code(0);
        text(&output.get_output().stdout)
    };
    let printed = once();
    assert!(printed.contains("1 case,"), "{printed}");
    assert_eq!(printed, once());

    let (one, same, other) = (Case::of(7, 12), Case::of(7, 12), Case::of(8, 12));
    assert_eq!(one.model.setting, same.model.setting);
    let tallies = [&one, &same].map(|case| case.run().expect("they agree"));
    assert_eq!(tallies[0], tallies[1]);
    let told = |case: &Case| format!("{:?} {} {}", case.model.setting, case.rows, case.steps);
    assert_ne!(told(&one), told(&other));
}

/// Which cases are run does not depend on the threads; only how many.
#[test]
fn cases_are_numbered_from_0_on() {
    let soak = Soak {
        seed: 3,
        deadline: Some(Instant::now()),
        workers: NonZeroUsize::MIN,
    };
    let tally = soak.run(&|_| {}).expect("they agree");
    assert_eq!(tally.cases, 1);
    assert_eq!(tally, try_case(3, 0).expect("they agree"));
}

#[test]
fn what_is_wrong_ends_with_2() {
    for arguments in [
        &["--for", "soon"][..],
        &["--seed", "-1"],
        &["--workers", "0"],
        &["--case", "1", "--for", "1s"],
        &["--case", "first"],
        &["somewhere.toml"],
    ] {
        let output = soak(arguments).assert().code(2);
        let output = output.get_output();
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(text(&output.stderr).contains("error"), "{arguments:?}");
    }
}

#[test]
fn help_shows_an_example() {
    let output = soak(&["--help"]).assert().code(0);
    let printed = text(&output.get_output().stdout);
    assert!(
        printed.contains("highwater soak --seed 7 --for 10m"),
        "{printed}"
    );
}
