//! The command as its users meet it: what it prints where, and how it ends.

use assert_cmd::Command;
use std::path::PathBuf;

fn highwater() -> Command {
    let mut command = Command::cargo_bin("highwater").expect("it is built");
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// A file of this text, under a name of its own.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the target folder can be written");
    path
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what is printed is text")
}

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
min_insync_replicas = 2
[bounds]
records = 1
elections = 1
isr_changes = 1
"#;

#[test]
fn what_is_met_ends_with_0_and_what_is_not_with_1() {
    let goal = |property: &str, fault: &str| {
        format!("{TWO_SITES}[[require]]\nfault = \"{fault}\"\n{property} = \"holds\"\n")
    };
    let met = file("met.toml", &goal("acked-somewhere", "dc-loss:a"));
    let output = highwater().arg("check").arg(&met).assert().code(0);
    assert!(text(&output.get_output().stdout).contains("Two rooms"));

    let unmet = file(
        "unmet.toml",
        &goal("acked-survives", "dc-loss:a").replace(
            "min_insync_replicas = 2",
            "min_insync_replicas = 1\nacks = \"1\"",
        ),
    );
    let output = highwater().arg("check").arg(&unmet).assert().code(1);
    assert!(
        text(&output.get_output().stdout)
            .contains("not met: dc-loss:a: acked-survives should hold for t")
    );
}

#[test]
fn what_is_wrong_ends_with_2_and_prints_nothing_on_stdout() {
    let unknown_key = file(
        "unknown.toml",
        &TWO_SITES
            .replace("acks", "ack")
            .replace("records", "record"),
    );
    let empty = file("empty.toml", "");
    let bad_story = file(
        "bad.story",
        "replication 4.1, brokers a-1 b-1\nproduce c-1 r1\n",
    );
    let cases: [(&[&str], PathBuf); 7] = [
        (&["check"], unknown_key.clone()),
        (&["check"], empty),
        (&["check"], PathBuf::from("no-such-file.toml")),
        (&["check"], PathBuf::from(env!("CARGO_MANIFEST_DIR"))),
        (&["explain"], unknown_key),
        (&["replay"], bad_story),
        (
            &["explain", "--fault", "dc-loss:nowhere"],
            file("good.toml", TWO_SITES),
        ),
    ];
    for (arguments, path) in cases {
        let output = highwater().args(arguments).arg(&path).assert().code(2);
        let output = output.get_output();
        assert!(output.stdout.is_empty(), "{arguments:?} {path:?}");
        let complaint = text(&output.stderr);
        assert!(
            complaint.contains("error") && complaint.contains("help"),
            "{complaint}"
        );
    }
}

#[test]
fn json_keeps_its_contract() {
    let path = file("contract.toml", TWO_SITES);
    let output = highwater()
        .args(["check", "--format", "json"])
        .arg(&path)
        .assert()
        .code(0);
    let printed: serde_json::Value =
        serde_json::from_slice(&output.get_output().stdout).expect("one JSON object");
    assert_eq!(printed["schema"], 1);
    assert_eq!(printed["command"], "check");
    let result = &printed["results"][0];
    assert_eq!(result["kafka"], "4.1");
    assert_eq!(result["require"]["met"], true);
    let row = &result["rows"][0];
    assert_eq!(row["fault"], "none");
    assert_eq!(row["bounds"]["records"], 1);
    assert_eq!(row["cells"]["acked-somewhere"]["verdict"], "holds");
    assert_eq!(row["cells"]["no-split-brain"]["verdict"], "silent");
}

#[test]
fn a_counterexample_is_a_story_that_replays() {
    let experiment = "experiments/acknowledgement/acks-1.toml";
    let output = highwater()
        .args(["explain", experiment, "--format", "story"])
        .assert()
        .code(0);
    let story = file("acks-1.story", &text(&output.get_output().stdout));
    let output = highwater().arg("replay").arg(&story).assert().code(0);
    assert!(text(&output.get_output().stdout).contains("agrees"));

    let wrong = text(&std::fs::read(&story).expect("just written"))
        .replace("acknowledged: r1", "acknowledged: none");
    highwater()
        .arg("replay")
        .arg(file("wrong.story", &wrong))
        .assert()
        .code(1);
}

#[test]
fn a_limit_that_cuts_a_search_is_no_verdict() {
    let path = file(
        "cut.toml",
        &format!("{TWO_SITES}[[require]]\nfault = \"lag\"\nacked-somewhere = \"holds\"\n"),
    );
    let output = highwater()
        .args(["check", "--max-states", "10"])
        .arg(&path)
        .assert()
        .code(1);
    let printed = text(&output.get_output().stdout);
    assert!(
        printed.contains("not known") && printed.contains("NOT exhausted"),
        "{printed}"
    );
    assert!(printed.contains("and is not known"), "{printed}");

    let output = highwater()
        .args(["explain", "--max-states", "10", "--fault", "none"])
        .args(["--format", "json"])
        .arg(&path)
        .assert()
        .code(0);
    let printed: serde_json::Value =
        serde_json::from_slice(&output.get_output().stdout).expect("one JSON object");
    assert_eq!(printed["results"], serde_json::json!([]));
    let warning = printed["warnings"][0].as_str().unwrap_or_default();
    assert!(warning.starts_with("Not known"), "{printed}");
}

#[test]
fn the_readme_shows_what_is_printed() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("README.md can be read");
    let asked = "explain checks/deployments/stretched-2dc-witness.toml";
    let output = highwater()
        .current_dir(&root)
        .args(asked.split(' '))
        .assert()
        .code(0);
    let printed = text(&output.get_output().stdout);
    let shown = format!("$ cargo run --release -- {asked}\n{printed}```");
    assert!(
        readme.contains(&shown),
        "README.md does not show:\n{printed}"
    );
}
