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
    let experiment = PathBuf::from("experiments/acknowledgement/acks-1.toml");
    let good = file("good.toml", TWO_SITES);
    let good = good.to_str().expect("a path in words");
    let liveness = PathBuf::from("experiments/liveness/everybody-recovers.toml");
    let cases: [(&[&str], PathBuf); 18] = [
        (&["check"], unknown_key.clone()),
        (&["check"], empty),
        (&["check"], PathBuf::from("no-such-file.toml")),
        (&["check"], PathBuf::from(env!("CARGO_MANIFEST_DIR"))),
        (&["explain"], unknown_key),
        (&["replay"], bad_story),
        (
            &["explain", "--fault", "dc-loss:nowhere"],
            PathBuf::from(good),
        ),
        (&["explain", "--topic", "nowhere"], PathBuf::from(good)),
        // What an experiment would pay no heed to.
        (&["check", "--grain", "fine"], experiment.clone()),
        (&["check", "--max-memory", "much"], experiment.clone()),
        (&["check", "--max-time", "soon"], experiment.clone()),
        (&["check", "--process", "0"], experiment.clone()),
        (&["explain", "--as-source"], experiment.clone()),
        (&["explain", "--topic", "t"], experiment.clone()),
        (&["compare", good], experiment.clone()),
        (&["compare", good], liveness),
        (&["diff", good], experiment),
        (&["diff", good], PathBuf::from("no-such-file.toml")),
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

/// Every field of a JSON object and what it is, a line each; of a list, its first item.
fn shape(value: &serde_json::Value, path: &str, lines: &mut Vec<String>) {
    use serde_json::Value;
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(items) => {
            match items.first() {
                Some(item) => shape(item, &format!("{path}[]"), lines),
                None => lines.push(format!("{path}[]")),
            }
            return;
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                shape(field, &format!("{path}.{name}"), lines);
            }
            return;
        }
    };
    lines.push(format!("{path} {kind}"));
}

fn shape_of(printed: &serde_json::Value) -> String {
    let mut lines = Vec::new();
    shape(printed, "", &mut lines);
    lines.sort();
    lines.join("\n")
}

fn json(output: &assert_cmd::assert::Assert) -> serde_json::Value {
    serde_json::from_slice(&output.get_output().stdout).expect("one JSON object")
}

/// docs/DEPLOYMENTS.md promises these names; other people's programs read them.
#[test]
fn json_keeps_its_contract() {
    let acks_1 = TWO_SITES.replace(
        "min_insync_replicas = 2",
        "min_insync_replicas = 1\nacks = \"1\"",
    );
    let goal = "[[require]]\nfault = \"broker-crash\"\nacked-somewhere = \"holds\"\n";
    let path = file("contract.toml", &format!("{acks_1}{goal}"));
    let output = highwater()
        .args(["check", "--format", "json"])
        .arg(&path)
        .assert()
        .code(1);
    let mut printed = json(&output);
    assert_eq!(printed["schema"], 1);
    assert_eq!(printed["command"], "check");
    let result = &mut printed["results"][0];
    assert_eq!(result["kafka"], "4.1");
    assert_eq!(result["require"]["met"], false);
    let rows = result["rows"].as_array_mut().expect("rows");
    assert_eq!(rows[0]["fault"], "none");
    assert_eq!(rows[0]["bounds"]["records"], 1);
    assert_eq!(rows[0]["cells"]["acked-somewhere"]["verdict"], "holds");
    assert_eq!(rows[0]["cells"]["no-split-brain"]["verdict"], "silent");

    // The row with the most to say: it is violated, and another is the same.
    let bad = rows.iter().find(|row| {
        row["fault"] == "dc-loss:a" && row["cells"]["acked-somewhere"]["verdict"] == "violated"
    });
    let bad = bad.expect("acks=1 loses records").clone();
    assert_eq!(
        bad["placement"],
        bad["cells"]["acked-somewhere"]["placement"]
    );
    *rows = vec![bad];
    insta::assert_snapshot!("shape_of_check", shape_of(&printed));
}

/// The rows as well as the cells: a file that demands nothing is met.
#[test]
fn json_says_that_nothing_is_unmet() {
    let path = file("met-json.toml", TWO_SITES);
    let output = highwater()
        .args(["check", "--format", "json"])
        .arg(&path)
        .assert()
        .code(0);
    assert_eq!(
        json(&output)["results"][0]["require"],
        serde_json::json!({ "met": true, "unmet": [] })
    );
}

/// `TWO_SITES`, and the same with a min ISR of 1.
fn two_and_one() -> [PathBuf; 2] {
    let one = TWO_SITES.replace("min_insync_replicas = 2", "min_insync_replicas = 1");
    [file("diff-a.toml", TWO_SITES), file("diff-b.toml", &one)]
}

#[test]
fn a_difference_is_no_failure() {
    let [a, b] = two_and_one();
    let output = highwater().arg("diff").arg(&a).arg(&b).assert().code(0);
    let printed = text(&output.get_output().stdout);
    let row = printed.lines().find(|line| {
        line.starts_with("replicas lag, and a or b is lost") && line.contains("acknowledged data")
    });
    let row = row.unwrap_or_else(|| panic!("{printed}"));
    assert!(
        row.contains("  kept  ") && row.ends_with("  out of reach"),
        "{printed}"
    );

    let output = highwater().arg("diff").arg(&a).arg(&a).assert().code(0);
    let printed = text(&output.get_output().stdout);
    assert!(printed.contains("Nothing differs"), "{printed}");
}

#[test]
fn a_difference_is_json_too() {
    let [a, b] = two_and_one();
    let output = highwater()
        .args(["diff", "--format", "json"])
        .args([&a, &b])
        .assert()
        .code(0);
    let printed = json(&output);
    assert_eq!(printed["command"], "diff");
    let expected = serde_json::json!({
        "fault": "lag+dc-loss:b", "topic": "t", "property": "acked-survives",
        "a": "holds", "b": "violated",
    });
    let results = printed["results"].as_array().expect("results");
    assert!(results.contains(&expected), "{printed}");
    insta::assert_snapshot!("shape_of_diff", shape_of(&printed));
}

/// A row that only one of the two has is a difference, and no verdict of the other.
#[test]
fn a_row_that_only_one_has_is_listed() {
    let [a, _] = two_and_one();
    let third = TWO_SITES.replace("w = 1", "c = 1");
    let b = file("diff-c.toml", &third);
    let output = highwater().arg("diff").arg(&a).arg(&b).assert().code(0);
    let printed = text(&output.get_output().stdout);
    assert!(
        printed.contains("Only A has the rows: w is lost"),
        "{printed}"
    );
    assert!(
        printed.contains("Only B has the rows: c is lost"),
        "{printed}"
    );
    let output = highwater()
        .args(["diff", "--format", "json"])
        .args([&a, &b])
        .assert()
        .code(0);
    let printed = json(&output);
    let results = printed["results"].as_array().expect("results");
    let of = |fault: &str| {
        let found = results.iter().find(|result| result["fault"] == fault);
        let found = found.unwrap_or_else(|| panic!("{fault}: {printed}"));
        (found["a"].is_null(), found["b"].is_null())
    };
    assert_eq!(
        (of("dc-loss:w"), of("dc-loss:c")),
        ((false, true), (true, false))
    );
}

/// A line for each deployment under whatever goes wrong somewhere, and nothing about what harms nobody.
#[test]
fn deployments_are_compared_side_by_side() {
    let [a, b] = two_and_one();
    let output = highwater().arg("compare").args([&a, &b]).assert().code(0);
    insta::assert_snapshot!("compared", text(&output.get_output().stdout));
    let output = highwater()
        .args(["compare", "--format", "markdown"])
        .args([&a, &b])
        .assert()
        .code(0);
    let printed = text(&output.get_output().stdout);
    for expected in [
        "### Layouts\n\n| layout | Kafka | brokers | voters | topics |\n",
        "\n### Replicas lag, and a datacenter is lost\n\n| layout | when | acknowledged data |",
    ] {
        assert!(
            printed.contains(expected),
            "{expected} is not in\n{printed}"
        );
    }
}

#[test]
fn markdown_is_a_table_and_a_list() {
    let unmet =
        format!("{TWO_SITES}[[require]]\nfault = \"lag+dc-loss:*\"\nacked-survives = \"holds\"\n");
    let unmet = unmet.replace("min_insync_replicas = 2", "min_insync_replicas = 1");
    let output = highwater()
        .args(["check", "--format", "markdown"])
        .arg(file("markdown.toml", &unmet))
        .assert()
        .code(1);
    let printed = text(&output.get_output().stdout);
    for expected in [
        "### Two rooms · Kafka 4.1\n",
        "| when | acknowledged data | writes | reads | election | what to do |\n|---|---|---|---|---|---|\n",
        "\n| replicas lag, and a or b is lost | out of reach | until it returns | until it returns | \
         ONLY UNCLEAN | wait, or 1 move: elect unclean (may lose) |\n",
        "\n- No split brain.\n",
        "\n- Searched: ",
        "\n- Next: `highwater explain ",
        "\n**Not met**\n\n- lag+dc-loss:a: acked-survives should hold for t",
        "\n**Warnings**\n\n- line 11: min ISR 1",
    ] {
        assert!(printed.contains(expected), "{expected:?} in\n{printed}");
    }
}

/// What `--all` prints after `--fault` can be typed after `--fault`.
#[test]
fn every_row_says_how_it_is_asked_for() {
    let path = file("all.toml", TWO_SITES);
    let output = highwater().args(["check", "--all"]).arg(&path).assert();
    let printed = text(&output.code(0).get_output().stdout);
    let asked: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--fault "))
        .map(|rest| rest.split(", and").next().unwrap_or(rest))
        .collect();
    assert!(asked.contains(&"'one-way-cut:a>b'"), "{printed}");
    for fault in asked.iter().rev().take(3) {
        let output = highwater()
            .args(["explain", "--fault", fault.trim_matches('\'')])
            .arg(&path)
            .assert();
        output.code(0);
    }
}

#[test]
fn the_grain_is_as_asked_for() {
    let path = file("grain.toml", TWO_SITES);
    let row = |arguments: &[&str]| {
        let mut command = highwater();
        command.args(["check", "--format", "json"]).arg(&path);
        let output = command.args(arguments).assert().code(0);
        let row = json(&output)["results"][0]["rows"][1].clone();
        (row["grain"].clone(), row["restrictions"].clone())
    };
    let both = row(&[]);
    assert_eq!(both, row(&["--grain", "fine"]));
    assert_eq!(
        (both.0.as_str(), both.1),
        (Some("fine"), serde_json::json!([]))
    );
    let coarse = row(&["--grain", "coarse"]);
    assert_eq!(coarse.0.as_str(), Some("coarse"));
    assert_eq!(coarse.1, serde_json::json!(["metadata", "ISR changes"]));
    highwater()
        .args(["check", "--grain", "medium"])
        .arg(&path)
        .assert()
        .code(2)
        .stdout("");
    let experiment = "experiments/candidate-defects/f-eq-repaired.toml";
    let output = highwater()
        .args(["check", "--grain", "coarse", experiment])
        .assert()
        .code(2)
        .stdout("");
    let complaint = text(&output.get_output().stderr);
    assert!(
        complaint.contains("--grain is for deployments"),
        "{complaint}"
    );
}

#[test]
fn topics_that_come_out_the_same_share_a_table() {
    let topic = |id: &str, min_isr: u8| {
        format!(
            "[[cluster.topic]]\nid = \"{id}\"\nreplicas = {{ a = 1, b = 1 }}\nmin_insync_replicas = {min_isr}\n"
        )
    };
    let (head, bounds) = TWO_SITES.split_once("[bounds]").expect("it has bounds");
    let several = format!("{head}{}{}[bounds]{bounds}", topic("u", 2), topic("v", 1));
    let path = file("topics.toml", &several);
    let output = highwater().arg("check").arg(&path).assert().code(0);
    let printed = text(&output.get_output().stdout);
    assert!(printed.contains("\nt, u: RF 2, min ISR 2"), "{printed}");
    assert_eq!(printed.matches("acknowledged data").count(), 2, "{printed}");
    let next = printed.lines().filter(|line| line.starts_with("Next:"));
    let next: Vec<&str> = next.collect();
    assert!(
        next.iter().any(|next| next.contains("--topic v")),
        "{printed}"
    );
    // Nothing is violated there, but writes stop.
    let stops = "--property writes-available";
    assert!(next.iter().any(|next| next.contains(stops)), "{printed}");
    let stopped = highwater()
        .args([
            "explain",
            "--topic",
            "u",
            "--fault",
            "dc-loss:a",
            "--property",
        ])
        .arg("writes-available")
        .arg(&path)
        .assert()
        .code(0);
    let stopped = text(&stopped.get_output().stdout);
    for expected in [
        "writes-available is after-heal after ",
        "set-min-isr 1",
        "b-1 leads with 1 in sync",
        "the runbook (1 move: min ISR 1)",
        "nothing acknowledged is lost by it",
    ] {
        assert!(stopped.contains(expected), "{expected:?} in\n{stopped}");
    }
    let explained = highwater()
        .args(["explain", "--topic", "u", "--fault", "lag+dc-loss:a"])
        .arg(&path)
        .assert()
        .code(0);
    assert!(text(&explained.get_output().stdout).contains("Nothing is violated"));
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
fn a_first_look_fits_a_screen() {
    let output = highwater().assert().code(0);
    let printed = text(&output.get_output().stdout);
    assert!(printed.lines().count() <= 20, "{printed}");
}

#[test]
fn a_claim_is_told_with_what_it_rests_on() {
    let printed = |arguments: &[&str]| {
        let output = highwater().arg("claims").args(arguments).assert().success();
        text(&output.get_output().stdout)
    };
    insta::assert_snapshot!(printed(&["c24", "C40"]));
    let json: serde_json::Value =
        serde_json::from_str(&printed(&["C40", "--format", "json"])).expect("JSON");
    assert_eq!(json["command"], "claims");
    assert_eq!(json["results"][0]["judgement"], "not-modelled");
    assert_eq!(json["results"][0]["ok"], true);
    assert!(printed(&["C40", "--format", "markdown"]).contains("| C40 | A recovery time"));
    let unknown = highwater().args(["claims", "C99"]).assert().code(2);
    let said = text(&unknown.get_output().stderr);
    assert!(said.contains("there is no claim `C99`"), "{said}");
}

#[test]
fn a_bug_is_told_with_where_it_was_found() {
    let printed = |arguments: &[&str]| {
        let output = highwater().arg("bugs").args(arguments).assert().success();
        text(&output.get_output().stdout)
    };
    insta::assert_snapshot!(printed(&["b20", "B14", "--history"]));
    let json: serde_json::Value =
        serde_json::from_str(&printed(&["B20", "--format", "json"])).expect("JSON");
    assert_eq!(json["command"], "bugs");
    let bug = &json["results"][0];
    assert_eq!(bug["profiles"], serde_json::json!(["4.0"]));
    assert_eq!(bug["switch"], "elects-fenced-last-known");
    assert_eq!(bug["absent_without"], true);
    assert!(printed(&["B14", "--format", "markdown"]).contains("| B14 | A controller that"));
    for (arguments, said) in [
        (&["B99"][..], "there is no bug `B99`"),
        (
            &["B20", "--history", "--format", "json"],
            "leave out --history",
        ),
    ] {
        let refused = highwater().arg("bugs").args(arguments).assert().code(2);
        let answer = text(&refused.get_output().stderr);
        assert!(answer.contains(said), "{answer}");
    }
}

#[test]
fn a_guard_is_told_with_what_breaks_without_it() {
    let printed = |arguments: &[&str]| {
        let output = highwater().arg("rules").args(arguments).assert().success();
        text(&output.get_output().stdout)
    };
    insta::assert_snapshot!(printed(&["R27", "q6", "replaced-workers-are-fenced"]));
    let json: serde_json::Value =
        serde_json::from_str(&printed(&["R02", "--format", "json"])).expect("JSON");
    let guard = &json["results"][0];
    assert_eq!(guard["guard"], "admission-at-min-isr");
    assert_eq!(guard["waived_with"].as_array().map(Vec::len), Some(2));
    assert_eq!(guard["ok"], true);
    assert!(printed(&["R27", "--format", "markdown"]).contains("| R27 | election-starts-epoch |"));
    assert!(printed(&["--profiles"]).contains("truncates-to-watermark"));
    let unknown = highwater().args(["rules", "R99"]).assert().code(2);
    let said = text(&unknown.get_output().stderr);
    assert!(said.contains("no guard belongs to `R99`"), "{said}");
}

/// The pages show what is printed.  A block that begins with `$ cargo run --release` or
/// `$ highwater` is what that command prints on stdout, where the blocks of TOML that begin with
/// `# NAME.toml` are files.  With `UPDATE_PAGES=1` the pages are written anew.  Those of the larger tables
/// are held to them where the tables are judged: tests/claims.rs and tests/bugs.rs.
#[test]
fn the_pages_show_what_is_printed() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    for (name, blocks) in [("README.md", 2), ("docs/OPERATORS.md", 3)] {
        let path = root.join(name);
        let page = std::fs::read_to_string(&path).expect("the page can be read");
        let folder = files_of(&page).unwrap_or_else(|| root.clone());
        let mut written = page.clone();
        let mut found = 0;
        for block in page.split("```").skip(1).step_by(2) {
            let Some(line) = block.lines().nth(1) else {
                continue;
            };
            let asked = ["$ cargo run --release", "$ highwater"]
                .into_iter()
                .find_map(|command| line.strip_prefix(command));
            let Some(asked) = asked else { continue };
            let asked = asked.trim().trim_start_matches("--").split_whitespace();
            let output = highwater().current_dir(&folder).args(asked).assert();
            let printed = text(&output.get_output().stdout);
            let shown = format!("\n{line}\n{printed}");
            if std::env::var_os("UPDATE_PAGES").is_some() {
                written = written.replace(block, &shown);
            } else {
                assert_eq!(block, shown, "{name} does not show what is printed");
            }
            found += 1;
        }
        assert_eq!(found, blocks, "{name}");
        if written != page {
            std::fs::write(&path, written).expect("the page can be written");
        }
    }
}

/// The folder with the files that a page shows, if it shows any.
fn files_of(page: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("page");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let mut any = false;
    for block in page.split("```toml\n").skip(1) {
        let text = block.split("```").next().unwrap_or(block);
        let name = text.lines().next().and_then(|line| line.strip_prefix("# "));
        if let Some(name) = name.filter(|name| name.ends_with(".toml") && !name.contains('/')) {
            std::fs::write(folder.join(name), text).expect("the target folder can be written");
            any = true;
        }
    }
    any.then_some(folder)
}
