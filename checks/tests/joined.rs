//! Deployments of several clusters: what a row may do to each, what comes out, what is refused.
//!
//! The budgets are small, so some cells say "not known" that the command knows.

use highwater_checks::check::Options;
use highwater_checks::deployment_file::{self, read_joined};
use highwater_checks::joined::check::{self, Amount, CheckedJoined, Kept};
use highwater_checks::joined::report::JoinedReport;
use highwater_checks::joined::{Joined, cause, effects};
use highwater_checks::report::Detail;
use highwater_checks::{Source, json, shipped};
use std::fmt::Write;
use std::path::Path;

/// Every shipped deployment with mirrors.
const SHIPPED: [&str; 14] = [
    "pair-read-replica",
    "both-ways-prefix",
    "local-to-aggregate",
    "fan-in",
    "fan-out",
    "chain",
    "mirror-maker-1",
    "stretched-and-mirrored",
    "linked-disaster-recovery",
    "kip-1279-both-directions",
    "replicator",
    "ureplicator-local-to-aggregate",
    "one-minute-counts-independent",
    "one-minute-counts-stretched",
];

fn small() -> Options {
    Options {
        states: 8_000_000,
        ..Options::default()
    }
}

fn source(name: &str) -> Source {
    shipped::deployment(name).unwrap_or_else(|| panic!("there is no {name}"))
}

fn joined(source: &Source) -> Joined {
    let read = read_joined(source);
    read.unwrap_or_else(|error| panic!("{error}")).0
}

/// The table between the clusters: what comes before those of each.
fn between(report: &JoinedReport) -> String {
    let text = report.text(Detail::Folded);
    let end = text.find("\nNext:").expect("there is something to explain");
    text[..end].to_owned()
}

fn pinned(name: &str) {
    let options = match name {
        // One of them as far as a person would see it.
        "pair-read-replica" => Options {
            states: 30_000_000,
            ..Options::default()
        },
        // Groups behind links and maps of offsets are dear.
        _ if SHIPPED[7..12].contains(&name) => Options {
            states: 4_000_000,
            ..Options::default()
        },
        _ => small(),
    };
    let report = JoinedReport::of(&source(name), &options, &|_, _| {}).expect("legal");
    insta::assert_snapshot!(format!("joined__{name}"), between(&report));
    let cut = |row: &&check::JoinedRow| row.rpo() == Amount::Unknown;
    assert!(report.checked().rows.iter().find(cut).is_none(), "{report}");
}

#[test]
fn a_pair_with_a_read_replica() {
    pinned(SHIPPED[0]);
}

#[test]
fn both_ways_with_prefixes() {
    pinned(SHIPPED[1]);
}

#[test]
fn local_clusters_and_aggregates() {
    pinned(SHIPPED[2]);
}

#[test]
fn fan_in_fan_out_and_a_chain() {
    for name in &SHIPPED[3..6] {
        pinned(name);
    }
}

#[test]
fn mirror_maker_1() {
    pinned(SHIPPED[6]);
}

#[test]
fn stretched_and_mirrored() {
    pinned(SHIPPED[7]);
}

#[test]
fn linked_disaster_recovery() {
    pinned(SHIPPED[8]);
}

#[test]
fn kip_1279_in_both_directions() {
    pinned(SHIPPED[9]);
}

#[test]
fn replicator_and_its_interceptor() {
    pinned(SHIPPED[10]);
}

#[test]
fn aggregates_by_ureplicator() {
    pinned(SHIPPED[11]);
}

#[test]
fn one_minute_counts_with_a_database_each() {
    pinned(SHIPPED[12]);
}

#[test]
fn one_minute_counts_with_one_database() {
    pinned(SHIPPED[13]);
}

/// What each row may do to the clusters, for each question: the promise that joins the two models.
#[test]
fn rows_do_to_clusters_what_replication_has_found() {
    let mut text = String::new();
    for name in ["pair-read-replica", "chain", "one-minute-counts-stretched"] {
        let joined = joined(&source(name));
        let parts = check::parts(&joined, &small(), &|_, _| {});
        let _ = writeln!(text, "{name}");
        for row in cause::ladder(&joined) {
            for question in &joined.questions {
                for effect in effects::of(&joined, &parts, &row, question) {
                    let whose = match question.group {
                        None => "records",
                        Some(_) => "a group",
                    };
                    let stops = effect.stops_with.iter().zip(&question.mirrors);
                    let stops = stops.filter(|(with, _)| !with.is_empty());
                    let stops: Vec<String> = stops
                        .map(|(_, mirror)| format!(", {} with it", joined.mirror_name(*mirror)))
                        .collect();
                    let _ = writeln!(
                        text,
                        "  {:32} {whose}: {}{}",
                        row.name(&joined),
                        effect.faults.name(&question.setting),
                        stops.concat()
                    );
                }
            }
        }
    }
    insta::assert_snapshot!("what_rows_do_to_clusters", text);
}

/// A shipped file with other words in it.
fn changed(name: &str, changes: &[(&str, &str)]) -> String {
    let mut text = source(name).text().to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

/// A pair whose parts can be changed.
fn pair(changes: &[(&str, &str)]) -> String {
    changed("pair-read-replica", changes)
}

/// Mistakes that only files of some tools, or with counts, can have: what, in which file, and how it comes about.
const OF_OTHERS: [(&str, &str, &str, &str); 9] = [
    (
        "a place of copies of which nothing is said",
        "replicator",
        "topics     = [\"orders\"]",
        "topics     = [\"orders\"]\nnaming = \"prefix\"",
    ),
    (
        "a mirror that is exact already",
        "replicator",
        "provenance = true",
        "exactly_once = true",
    ),
    (
        "an interceptor for nobody",
        "replicator",
        "\"replicator\"\ntopics     = [\"orders\"]\nprovenance = true",
        "\"mm2@3.9\"\nnaming = \"identity\"",
    ),
    (
        "no map of offsets",
        "replicator",
        "offsets = \"translated\"",
        "offsets = \"offset-mapping\"",
    ),
    (
        "offsets that uReplicator does not translate",
        "ureplicator-local-to-aggregate",
        "to      = \"all-east\"\nruns_in = \"tokyo\"\ntool    = \"ureplicator\"",
        "to      = \"all-east\"\nruns_in = \"tokyo\"\ntool    = \"ureplicator\"\nsync_group_offsets = true",
    ),
    (
        "a database each, and a group that moves",
        "one-minute-counts-stretched",
        "stretched-database",
        "database-per-cluster",
    ),
    (
        "one database, and consumers everywhere",
        "one-minute-counts-independent",
        "database-per-cluster",
        "stretched-database",
    ),
    (
        "a database each, and consumers at home",
        "one-minute-counts-independent",
        "also_at = [\"all-west\"]\n",
        "",
    ),
    (
        "a kind that there is not",
        "one-minute-counts-stretched",
        "kind = \"stretched-database\"",
        "kind = \"stretched\"",
    ),
];

/// Mistakes that only files with links can have, or only files without.
const OF_LINKS: [(&str, &str, &str); 5] = [
    (
        "a link runs nowhere in particular",
        "initiated_by       = \"source\"",
        "runs_in = \"osaka\"",
    ),
    (
        "workers connect to both",
        "tool = \"cluster-linking\"",
        "tool = \"mm2@3.9\"\nruns_in = \"osaka\"",
    ),
    ("an end that is none", "\"source\"", "\"main\""),
    (
        "nothing to be exact about",
        "sync_group_offsets",
        "exactly_once = true\nsync_group_offsets",
    ),
    (
        "a copy of which nothing is said",
        "id      = \"standby\"\nbrokers = { osaka = 3 }\nvoters  = { osaka = 3 }\n\n\
         # The mirror topic: a link leaves its replicas to the cluster that has it.\n\
         [[cluster.topic]]\nid = \"orders\"",
        "id      = \"standby\"\nbrokers = { osaka = 3 }\nvoters  = { osaka = 3 }\n\n\
         [[cluster.topic]]\nid = \"other\"",
    ),
];

fn checked(changes: &[(&str, &str)], rows: &str) -> (Joined, CheckedJoined) {
    checked_in("pair-read-replica", changes, rows)
}

/// Rows of a shipped file with other words in it.
fn checked_in(file: &str, changes: &[(&str, &str)], rows: &str) -> (Joined, CheckedJoined) {
    let joined = joined(&Source::new(format!("{file}.toml"), changed(file, changes)));
    let rows = cause::rows(&joined, rows).expect("there are such rows");
    let mut asked = joined.clone();
    asked.demand_within("test", &rows, &[], &[]);
    let parts = check::parts(&asked, &small(), &|_, _| {});
    let checked = check::check_rows(&joined, parts, &rows, &small(), &|_, _| {});
    (joined, checked)
}

/// What each setting of a file is worth: turned one way, and the other.
#[test]
fn settings_decide_their_cells() {
    let earliest = "auto_offset_reset = \"earliest\"\n";
    // Without a checkpoint, Kafka's own default goes to the end.
    let (_, latest) = checked(&[(earliest, "")], "none");
    assert_eq!(latest.rows[0].kept("no-skip"), Kept::Violated);
    let (_, kept) = checked(&[], "none");
    assert_eq!(kept.rows[0].kept("no-skip"), Kept::Holds);
    assert_eq!(kept.rows[0].kept("single-writer"), Kept::NeedsFencing);

    // Retention that overtakes the mirror leaves a hole that grows with what is written.
    let shorter = [("tool    =", "retention = \"shorter\"\ntool    =")];
    let (joined, holes) = checked(&shorter, "retention:*");
    assert_eq!(holes.rows[0].rpo(), Amount::Unbounded);
    let ladder = cause::ladder(&joined);
    assert!(ladder.contains(&holes.rows[0].causes));

    // A crash copies again what was copied since the position was stored; exactly-once copies nothing again.
    let (_, crash) = checked(&[], "mirror-crash:*");
    assert_eq!(crash.rows[0].kept("mirror-exact"), Kept::Violated);
    let once = [("tool    =", "exactly_once = true\ntool    =")];
    let (_, crash) = checked(&once, "mirror-crash:*");
    assert_eq!(crash.rows[0].kept("mirror-exact"), Kept::Holds);

    // What a leader shows and may lose, a mirror may have copied.
    let weak = [(
        "min_insync_replicas = 2",
        "min_insync_replicas = 2\nacks = \"1\"",
    )];
    let faults = |changes: &[(&str, &str)]| {
        let (joined, checked) = checked(changes, "broker-crash");
        let answer = &checked.rows[0].found[0];
        answer.effect.faults.name(&joined.questions[0].setting)
    };
    assert_eq!(faults(&weak), "suffix-loss:main/orders");
    assert_eq!(faults(&[]), "none");
}

/// What it takes to count once in one database: each of it left out, and what mends it all.
#[test]
fn settings_decide_what_is_counted() {
    let counts = |changes: &[(&str, &str)], rows: &str| {
        let (_, checked) = checked_in("one-minute-counts-stretched", changes, rows);
        checked.rows[0].counts()
    };
    let twice = (Kept::Violated, "one-sink-writer");
    let draining = (Kept::NeedsDraining, "one-sink-writer");
    assert_eq!(counts(&[], "none"), draining);
    assert_eq!(
        counts(&[("offsets_in_transaction = true, ", "")], "none"),
        twice
    );
    assert_eq!(counts(&[], "mirror-crash:*"), twice);
    // Whoever knows what he has counted counts nothing twice, whoever copies and whenever he moves.
    let knows = [("fenced = true", "fenced = true, duplicates = \"dropped\"")];
    assert_eq!(counts(&knows, "none").0, Kept::Holds);
    assert_eq!(counts(&knows, "mirror-crash:*").0, Kept::Holds);
}

/// A cut leaves consumers that are taken for dead; lost disks take a database with them that is not stretched.
#[test]
fn rows_strike_consumers_and_databases() {
    let faults = |changes: &[(&str, &str)], row: &str| {
        let (joined, checked) = checked_in("one-minute-counts-stretched", changes, row);
        let mut found = checked.rows[0].found.iter();
        let of_group = |question: usize| joined.questions[question].group.is_some();
        let answer = found.find(|answer| of_group(answer.question));
        let answer = answer.expect("a group is asked about");
        let setting = &joined.questions[answer.question].setting;
        answer.effect.faults.name(setting)
    };
    let cut = faults(&[], "one-way-cut:tokyo>osaka");
    assert!(cut.contains("consumers-stranded:east"), "{cut}");
    let replicated = [("stretched-database", "replicated-database")];
    let lost = faults(&replicated, "dc-destroyed:tokyo");
    assert!(lost.contains("database-loss:east"), "{lost}");
    let kept = faults(&[], "dc-destroyed:tokyo");
    assert!(!kept.contains("database-loss"), "{kept}");
}

/// Where a mirror runs decides what dies with a datacenter.
#[test]
fn a_mirror_stops_with_its_datacenter() {
    let (_, beside_target) = checked(&[], "dc-destroyed:osaka");
    let remote = [("runs_in = \"osaka\"", "runs_in = \"tokyo\"")];
    let (_, far) = checked(&remote, "dc-destroyed:osaka");
    // Workers that outlive the target read on where they were, past what is gone there.
    assert_eq!(far.rows[0].rpo(), Amount::Unbounded);
    assert_eq!(beside_target.rows[0].rpo(), Amount::Lag);
}

#[test]
fn goals_between_clusters_are_met_or_named() {
    let strict = [("rpo   = \"the lag\"", "rpo   = \"0\"")];
    let source = Source::new("pair.toml", pair(&strict));
    let report = JoinedReport::of(&source, &small(), &|_, _| {}).expect("legal");
    let expected = "dc-loss:tokyo: rpo should be 0, and is the lag";
    assert!(
        report.unmet().iter().any(|goal| goal == expected),
        "{:?}",
        report.unmet()
    );
    let failure =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| report.assert_required()));
    assert!(failure.is_err());

    let printed = json::Output::new("check", vec![json::joined_result(&report)], Vec::new());
    let printed: serde_json::Value = serde_json::from_str(&printed.render()).expect("JSON");
    let result = &printed["results"][0];
    assert_eq!(result["require"]["met"], false);
    let rows = result["rows"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["fault"] == "dc-loss:tokyo");
    let cells = &row.expect("the row")["cells"];
    assert_eq!(cells["rpo"]["verdict"], "the lag");
    assert_eq!(cells["single-writer"]["verdict"], "needs fencing");
    let of_copy = rows.iter().filter(|row| row["cluster"] == "copy");
    assert!(of_copy.count() > 10);
}

/// One cluster of several is no deployment of one.
#[test]
fn readers_of_one_cluster_refuse_several() {
    let error = deployment_file::read(&source("chain")).expect_err("three clusters");
    assert!(error.what.contains("3 clusters"), "{error}");
    let one = shipped::deployment("single-site-acks-all").expect("shipped");
    assert!(JoinedReport::of(&one, &small(), &|_, _| {}).is_err());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deployments");
    for file in folder.read_dir().expect("a folder").flatten() {
        let path = file.path();
        let text = std::fs::read_to_string(&path).expect("a file");
        let name = path.file_stem().and_then(|name| name.to_str());
        let is_known = SHIPPED.contains(&name.expect("a name"));
        assert_eq!(is_known, text.contains("[[mirror]]"), "{}", path.display());
    }
}

/// Each of these mistakes, and what is said.
#[test]
fn every_mistake_between_clusters_is_answered_with_line_key_and_remedy() {
    let mirror = "[[mirror]]\nfrom    = \"main\"";
    let back = "[[mirror]]\nfrom = \"copy\"\nto = \"main\"\nruns_in = \"tokyo\"\ntool = \"mm2@3.9\"\n\
                naming = \"identity\"\n\n[[mirror]]\nnaming  = \"identity\"\nfrom    = \"main\"";
    let mistakes: &[(&str, &str, &str)] = &[
        (
            "no such cluster",
            "to      = \"copy\"",
            "to      = \"kopy\"",
        ),
        (
            "a mirror to itself",
            "to      = \"copy\"",
            "to      = \"main\"",
        ),
        (
            "no such datacenter",
            "runs_in = \"osaka\"",
            "runs_in = \"oska\"",
        ),
        ("nowhere to run", "runs_in = \"osaka\"\n", ""),
        ("no such tool", "mm2@3.9", "mm2@9.9"),
        ("a cycle", mirror, back),
        ("nothing is translated", "mm2@3.9", "mm1"),
        (
            "once is too much",
            "tool    = \"mm2@3.9\"",
            "tool    = \"mm1\"\nexactly_once = true",
        ),
        ("nothing is copied", "[\"orders\"]\nsync", "[]\nsync"),
        (
            "everything and more",
            "[\"orders\"]\nsync",
            "[\"*\", \"orders\"]\nsync",
        ),
        ("an unknown key", "sync_group_offsets", "sync_group_ofsets"),
        (
            "no such word",
            "tool    =",
            "retention = \"short\"\ntool    =",
        ),
        (
            "two clusters of one name",
            "id      = \"copy\"",
            "id      = \"main\"",
        ),
        ("a group without a home", "runs_at  = \"main\"\n", ""),
        ("a group that stays", "to = \"copy\"", "to = \"main\""),
        (
            "no such strategy",
            "offsets = \"translated\"",
            "offsets = \"guessed\"",
        ),
        (
            "no such topic",
            "reads    = [\"orders\"]",
            "reads    = [\"order\"]",
        ),
        (
            "a row of nothing",
            "\"dc-loss:*\"",
            "\"mirror-crash:copy>main\"",
        ),
        (
            "a row of another kind",
            "\"dc-loss:*\"",
            "\"retention:main\"",
        ),
        ("no such amount", "\"the lag\"", "\"a little\""),
        (
            "a goal that no row asks for",
            "no-skip       = ",
            "failback-converges = ",
        ),
        (
            "a mirror twice",
            mirror,
            "[[mirror]]\nfrom = \"main\"\nto = \"copy\"\nruns_in = \"osaka\"\n\
          tool = \"mm2@3.9\"\n\n[[mirror]]\nfrom    = \"main\"",
        ),
    ];
    let mut told = String::new();
    for (what, from, to) in mistakes {
        let error = read_joined(&Source::new("pair.toml", pair(&[(from, to)])));
        let error = error.map(|_| ()).expect_err(what);
        let _ = writeln!(told, "# {what}\n{}\n", error.render(false));
    }
    for (what, from, to) in OF_LINKS {
        let text = changed("linked-disaster-recovery", &[(from, to)]);
        let error = read_joined(&Source::new("linked.toml", text)).map(|_| ());
        let _ = writeln!(told, "# {what}\n{}\n", error.expect_err(what).render(false));
    }
    for (what, file, from, to) in OF_OTHERS {
        let text = changed(file, &[(from, to)]);
        let error = read_joined(&Source::new(format!("{file}.toml"), text)).map(|_| ());
        let _ = writeln!(told, "# {what}\n{}\n", error.expect_err(what).render(false));
    }
    let text = pair(&[]);
    let alone = text.split("[[mirror]]").next().expect("the clusters");
    let error = read_joined(&Source::new("pair.toml", alone)).map(|_| ());
    let error = error.expect_err("nothing joins them");
    let _ = writeln!(told, "# no mirror\n{}", error.render(false));
    insta::assert_snapshot!("mistakes_between_clusters", told);
}

/// Adds the warnings of a file, which has some.
fn warned(what: &str, source: Source, told: &mut String) {
    let (_, warnings) = read_joined(&source).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(!warnings.is_empty(), "{what}");
    let _ = writeln!(told, "# {what}");
    for warning in warnings {
        let _ = writeln!(told, "{}\n", warning.render(false));
    }
}

/// What is legal and probably not meant.
#[test]
fn what_is_odd_between_clusters_is_said() {
    let mut told = String::new();
    for (what, from, to) in [
        (
            "group offsets are not synced",
            "sync_group_offsets = true\n",
            "",
        ),
        (
            "offset syncs at the source",
            "offset_syncs_at    = \"target\"\n",
            "",
        ),
        (
            "append timestamps",
            "tool    = \"mm2@3.9\"\n",
            "tool    = \"mm2@3.9\"\ntimestamps = \"append\"\n",
        ),
        (
            "the separator in an alias",
            "tool    = \"mm2@3.9\"\n",
            "tool    = \"mm2@3.9\"\nalias = \"ma.in\"\n",
        ),
    ] {
        let offsets = match what {
            "append timestamps" => ("offsets = \"translated\"", "offsets = \"timestamp\""),
            _ => ("kafka = \"4.1\"", "kafka = \"4.1\""),
        };
        warned(
            what,
            Source::new("pair.toml", pair(&[(from, to), offsets])),
            &mut told,
        );
    }
    for (what, from, to) in [
        ("no interceptor", "instrumented = true\n", ""),
        (
            "a time stamp of copying",
            "provenance = true",
            "timestamps = \"append\"",
        ),
        (
            "too few brokers for what Connect keeps",
            "brokers = { osaka = 3 }",
            "brokers = { osaka = 2 }",
        ),
    ] {
        let fewer = [(
            "id = \"orders\"\nreplication_factor  = 3\nmin_insync_replicas = 2\n\n[[cluster.topic]]\nid = \"__consumer_offsets\"\nreplication_factor  = 3\nmin_insync_replicas = 2\n\n[[mirror]]",
            "id = \"orders\"\nreplication_factor  = 2\nmin_insync_replicas = 2\n\n[[cluster.topic]]\nid = \"__consumer_offsets\"\nreplication_factor  = 2\nmin_insync_replicas = 2\n\n[[mirror]]",
        )];
        let changes: Vec<(&str, &str)> = match from.contains("brokers") {
            true => [(from, to)].into_iter().chain(fewer).collect(),
            false => vec![(from, to)],
        };
        warned(
            what,
            Source::new("replicator.toml", changed("replicator", &changes)),
            &mut told,
        );
    }
    insta::assert_snapshot!("warnings_between_clusters", told);
}
