//! Advice: what mends what, and at which price; each held against the edited file.

use highwater_checks::advise::{Advised, Column, Edit, Grade, MOST_SEARCHED};
use highwater_checks::check::{Options, Steps};
use highwater_checks::{Report, Source, json};

/// Few events in large steps: what is advised about lies beyond neither.
fn options() -> Options {
    Options {
        records: 1,
        steps: Steps::Coarse,
        ..Options::default()
    }
}

fn file(brokers: &str, voters: &str, topic: &str) -> String {
    format!(
        "name = 'x'\nkafka = '4.1'\n[[cluster]]\nid = 'main'\nbrokers = {{ {brokers} }}\n\
         voters = {{ {voters} }}\n[[cluster.topic]]\nid = 'orders'\n{topic}\n\
         [bounds]\nrecords = 1\nelections = 2\nisr_changes = 1\n"
    )
}

fn advised(text: &str) -> (Report, Advised) {
    let source = Source::new("my.toml", text);
    let report = Report::of(&source, &options(), &|_, _| {});
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    let advised = report.advise(&options());
    assert!(advised.searched <= MOST_SEARCHED);
    (report, advised)
}

/// What is said of a file is found in the file that is edited by hand.
fn holds_in(text: &str, mends: &[(&str, Column)]) {
    let source = Source::new("edited.toml", text);
    let report = Report::of(&source, &options(), &|_, _| {}).expect("it is right");
    let advised = report.advise(&options());
    for (fault, column) in mends {
        let is_bad = advised
            .bad
            .iter()
            .any(|((_, name, of), _)| name == fault && of == column);
        assert!(!is_bad, "{fault} {column:?}");
    }
}

#[test]
fn nothing_is_advised_where_nothing_is_bad() {
    let text = file(
        "a = 1, b = 1, c = 1",
        "a = 1, b = 1, c = 1",
        "replication_factor = 3\nmin_insync_replicas = 2",
    );
    let (report, advised) = advised(&text);
    assert_eq!(advised.bad, []);
    assert!(advised.advice.is_empty() && advised.searched == 0);
    assert!(advised.text().starts_with("Advice: none is needed"));
    let result = json::check_result(&report).with_advice(&advised);
    let json = serde_json::to_value(&result).expect("it is JSON");
    assert_eq!(json["advice"], serde_json::json!([]));
}

#[test]
fn a_min_isr_of_one_over_three_datacenters_is_raised() {
    let topic = |min_isr| format!("replication_factor = 3\nmin_insync_replicas = {min_isr}");
    let text = |min_isr| {
        file(
            "a = 1, b = 1, c = 1",
            "a = 1, b = 1, c = 1",
            &topic(min_isr),
        )
    };
    let (_, advised) = advised(&text(1));
    let first = &advised.advice[0];
    assert_eq!(first.edits, [Edit::MinIsr { topic: 0, to: 2 }]);
    assert_eq!(
        (first.left, first.costs.len()),
        (0, 0),
        "{}",
        advised.text()
    );
    let mended: Vec<_> = first
        .mends
        .iter()
        .map(|changed| (changed.place.1.as_str(), changed.place.2))
        .collect();
    assert!(mended.contains(&("lag+dc-loss:a", Column::Data)));
    holds_in(&text(2), &mended);
    insta::assert_snapshot!(advised.text());
}

#[test]
fn a_voter_is_moved_out_of_the_datacenter_that_has_most() {
    let text = |voters| {
        file(
            "a = 1, b = 1, c = 1",
            voters,
            "replication_factor = 3\nmin_insync_replicas = 2",
        )
    };
    let (_, advised) = advised(&text("a = 2, b = 1"));
    let moved = advised
        .advice
        .iter()
        .find(|advice| advice.edits == [Edit::MoveVoter { from: 0, to: 2 }]);
    let moved = moved.unwrap_or_else(|| panic!("{}", advised.text()));
    assert_eq!(moved.left, 0);
    let place = (
        "orders".to_owned(),
        "dc-loss:a".to_owned(),
        Column::Metadata,
    );
    let mends = moved.mends.iter().find(|changed| changed.place == place);
    assert_eq!(mends.and_then(|changed| changed.before), Some(Grade::Waits));
    holds_in(
        &text("a = 1, b = 1, c = 1"),
        &[
            ("dc-loss:a", Column::Metadata),
            ("dc-loss:a", Column::Writes),
        ],
    );
}

/// All voters in one place: it takes two moves.
#[test]
fn two_voters_are_moved_where_one_does_not_help() {
    let text = file(
        "a = 1, b = 1, c = 1",
        "a = 3",
        "replication_factor = 3\nmin_insync_replicas = 2",
    );
    let (_, advised) = advised(&text);
    let best = &advised.advice[0];
    assert_eq!(best.edits.len(), 2, "{}", advised.text());
    assert_eq!(best.left, 0, "{}", advised.text());
}

/// Two datacenters: what mends the data costs writes, and the other way round; and it is said why.
#[test]
fn two_datacenters_do_not_give_both() {
    for min_isr in [1, 2] {
        let topic = format!("replication_factor = 2\nmin_insync_replicas = {min_isr}");
        let text = file("a = 1, b = 1", "a = 1, b = 1, w = 1", &topic);
        let (_, advised) = advised(&text);
        assert!(!advised.bad.is_empty());
        for advice in &advised.advice {
            assert!(
                advice.left > 0 || !advice.costs.is_empty(),
                "{}",
                advised.text()
            );
        }
        let [reason] = advised.reasons.as_slice() else {
            panic!("{}", advised.text());
        };
        assert!(reason.contains("no edit gives both"), "{reason}");
        let unwrapped = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(unwrapped(advised.text()).contains(reason));
        assert!(unwrapped(advised.markdown()).contains(reason));
    }
}

fn highwater() -> assert_cmd::Command {
    let mut command = assert_cmd::Command::cargo_bin("highwater").expect("it is built");
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

#[test]
fn advice_is_for_deployments() {
    highwater().args(["check", "--advise"]).assert().code(2);
    for experiment in [
        "experiments/acknowledgement/acks-1.toml",
        "experiments/quorum/single-voter.toml",
        "experiments/liveness/everybody-recovers.toml",
    ] {
        let run = highwater().args(["check", experiment, "--advise"]).assert();
        let run = run.code(2).stdout("");
        let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(said.contains("leave out --advise"), "{said}");
    }
}

/// Under the table, in each of the three formats.
#[test]
fn the_command_prints_advice() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("advise.toml");
    let topic = "replication_factor = 2\nmin_insync_replicas = 1";
    let text = file("a = 1, b = 1", "a = 1, b = 1, w = 1", topic);
    std::fs::write(&path, text).expect("it can be written");
    let printed = |format: &str| {
        let mut command = highwater();
        let command = command.arg("check").arg(&path);
        let command = command.args(["--advise", "--grain", "coarse", "--format", format]);
        let output = command.assert().code(0).get_output().stdout.clone();
        String::from_utf8(output).expect("it is a text")
    };
    assert!(printed("text").contains("\nAdvice: each of these edits was made"));
    assert!(printed("markdown").contains("**Advice**"));
    let json: serde_json::Value = serde_json::from_str(&printed("json")).expect("it is JSON");
    let result = &json["results"][0];
    let edits = &result["advice"][0]["edits"][0];
    assert!(edits.is_string(), "{result}");
    assert!(result["advice_reasons"][0].is_string(), "{result}");
}

/// The page for operators shows the advice on its own first file.
#[test]
fn the_page_shows_what_is_advised() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/OPERATORS.md")).expect("there is a page");
    let mut blocks = page.split("```toml\n# my.toml\n").skip(1);
    let file = blocks.next().and_then(|block| block.split("```").next());
    let source = Source::new("my.toml", file.expect("the page shows a file"));
    let options = Options::default();
    let report = Report::of(&source, &options, &|_, _| {}).expect("it is right");
    let advice = report.advise(&options).text();
    assert!(page.contains(&format!("```\n{advice}```\n")), "{advice}");
}
