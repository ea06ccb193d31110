//! The deployments that are shipped: what is read from them, and what there is to search.

use highwater_checks::check::{Cell, CheckedRow, Options, Steps, check};
use highwater_checks::explore::{Crew, Limits, Verdict, explore};
use highwater_checks::report::{self, Detail, compare};
use highwater_checks::{Report, Source, deployment_file, ladder, placement};
use highwater_model::replication::{Bounds, Grain, Property, Replication, Variant};
use highwater_vocabulary::{
    Acks, BoundOverrides, Cluster, Deployment, Faults, Member, ObserverPromotion, Placement,
    Profile, Quorum, Requirement, Site, Topic,
};
use std::fmt::Write;
use std::path::Path;

/// The file of that name, under no other name.
fn named(name: &str) -> Source {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("deployments/{name}.toml"));
    let text = std::fs::read_to_string(path).expect("it is shipped");
    Source::new(name, text)
}

/// The deployment of that name, and the keys that the reader warns of.
fn shipped(name: &str) -> (Deployment, Vec<String>) {
    let (deployment, warnings) =
        deployment_file::read(&named(name)).unwrap_or_else(|error| panic!("{error}"));
    let keys = warnings.into_iter().filter_map(|warning| warning.key);
    (deployment, keys.collect())
}

#[test]
fn a_file_says_what_is_read() {
    let (deployment, warnings) = shipped("stretched-2dc-witness");
    let site = |name: &str, brokers, voters| Site {
        name: name.into(),
        brokers,
        voters,
    };
    let sites = vec![
        site("north", 1, 1),
        site("south", 1, 1),
        site("witness", 0, 1),
    ];
    let rows =
        highwater_checks::fault_pattern::rows("dc-loss:*", &sites, Profile::V4_1).expect("legal");
    let expected = Deployment {
        of_several: false,
        name: "Stretched over two datacenters and a witness".into(),
        kafka: Profile::V4_1,
        cluster: Cluster {
            id: "main".into(),
            sites,
            quorum: Quorum::Majority,
            zookeeper_observers: vec![0; 3],
            eligible_leader_replicas: None,
            topics: vec![Topic {
                id: "orders".into(),
                placement: Placement::Explicit(vec![1, 1, 0]),
                min_insync_replicas: 1,
                acks: Acks::All,
                unclean_leader_election: false,
                observers: vec![0, 0, 0],
                observer_promotion: ObserverPromotion::default(),
                implied_by: Vec::new(),
            }],
        },
        groups: Vec::new(),
        requirements: vec![Requirement {
            pattern: "dc-loss:*".into(),
            rows,
            wanted: vec!["acked-somewhere".into()],
            available: Vec::new(),
        }],
        bounds: BoundOverrides::default(),
    };
    assert_eq!(deployment, expected);
    assert_eq!(warnings, ["cluster.topic.min_insync_replicas"]);
}

/// Every file of the folder, and the keys that the reader warns of.
const FILES: &[(&str, &[&str])] = &[
    ("forgotten-offsets", &["group.reads"]),
    ("four-dc", &[]),
    ("racks-unknown", &["cluster.topic.rack_aware"]),
    ("single-site-acks-1", &["cluster.topic.acks"]),
    ("single-site-acks-all", &[]),
    (
        "stretched-2dc-witness",
        &["cluster.topic.min_insync_replicas"],
    ),
    ("stretched-3dc", &[]),
    ("three-dc-five-replicas", &[]),
    (
        "three-dc-four-replicas",
        &["cluster.topic.min_insync_replicas"],
    ),
    ("three-dc-hierarchical", &[]),
    ("three-dc-two-each", &[]),
    ("two-and-a-half-dc", &[]),
    (
        "two-dc-available",
        &[
            "cluster.voters.west",
            "cluster.topic.min_insync_replicas",
            "cluster.topic.min_insync_replicas",
            "cluster.topic.unclean_leader_election",
        ],
    ),
    ("two-dc-consistent", &["cluster.voters.west"]),
    (
        "two-dc-hierarchical",
        &["cluster.voters.tokyo", "cluster.voters.osaka"],
    ),
    ("two-dc-with-observers", &[]),
    ("two-dc-zookeeper-observers", &["cluster.voters.tokyo"]),
    (
        "two-regions",
        &["cluster.voters.tokyo", "cluster.topic.min_insync_replicas"],
    ),
];

#[test]
fn a_file_warns_of_nothing_but_what_it_is_about() {
    for (name, expected) in FILES {
        assert_eq!(shipped(name).1, *expected, "{name}");
    }
}

#[test]
fn every_file_is_looked_at_here_and_told_of_in_the_manual() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deployments");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| entry.expect("so can its entries").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    found.sort();
    // Those with mirrors are looked at in tests/joined.rs.
    let alone = found
        .iter()
        .filter(|name| !named(name).text().contains("[[mirror]]"));
    let known = FILES.iter().map(|(name, _)| *name);
    assert_eq!(alone.collect::<Vec<_>>(), known.collect::<Vec<_>>());
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/DEPLOYMENTS.md");
    let manual = std::fs::read_to_string(manual).expect("docs/DEPLOYMENTS.md can be read");
    for name in found {
        assert!(
            manual.contains(&format!("/{name}.toml)")),
            "docs/DEPLOYMENTS.md does not tell what {name}.toml shows"
        );
    }
}

/// What is written in a file, and what instead.
type Change = &'static [(&'static str, &'static str)];
/// File, change, place of the topic, faults, records, and the properties that are violated.
type Claim = (&'static str, Change, usize, &'static str, u8, &'static str);

/// What a row of one topic of a file comes to at the coarsest grain: the properties that are
/// violated, worst placement or not.
fn violated(name: &str, change: Change, topic: usize, faults: &str, records: u8) -> String {
    let mut text = named(name).text().to_owned();
    for (from, to) in change {
        assert!(text.contains(from), "{name} has no {from}");
        text = text.replace(from, to);
    }
    let (deployment, _) =
        deployment_file::read(&Source::new(name, text)).unwrap_or_else(|error| panic!("{error}"));
    let faults = Faults::parse(faults, &deployment.cluster.datacenters()).expect("legal");
    let settings = placement::classes(&deployment, &deployment.cluster.topics[topic]);
    let mut found = Vec::new();
    for setting in ladder::reduce_orders(&deployment, &faults, settings) {
        let model = Replication {
            variant: Variant {
                grain: Grain::CoarseFetches,
                ..Variant::of(setting.kafka)
            },
            setting,
            faults: faults.clone(),
            bounds: Bounds {
                records,
                elections: 2,
                isr_changes: records,
                preferred_elections: 0,
                ..Bounds::default()
            },
            asked: &Property::ALL[..5],
        };
        let exploration = explore(&model, Limits::default());
        assert_eq!(exploration.incomplete, None, "{name}, {faults:?}");
        found.extend(
            exploration
                .verdicts
                .iter()
                .filter_map(|(property, verdict)| {
                    matches!(verdict, Verdict::Violated(_)).then_some(property.name)
                }),
        );
    }
    let asked = Property::ALL[..5].iter().map(|property| property.name);
    let worst: Vec<&str> = asked.filter(|name| found.contains(name)).collect();
    worst.join(" ")
}

/// What the comments of the files say to look at.  At the coarsest grain: what is found there is found
/// at every grain, and the tables that are reviewed say more.
#[test]
fn what_a_comment_points_at_is_there() {
    const NO_ELR: Change = &[(
        "[[cluster.topic]]",
        "eligible_leader_replicas = false\n[[cluster.topic]]",
    )];
    let out_of_reach = "acked-survives electable";
    let lost = "acked-somewhere acked-survives acked-in-leader";
    #[rustfmt::skip]
    let claims: &[Claim] = &[
        ("two-dc-consistent", &[], 0, "lag+dc-loss:west", 2, ""),
        ("two-dc-consistent", &[], 0, "lag+dc-loss:east", 2, ""),
        ("two-dc-available", &[], 0, "dc-loss:west", 2, ""),
        ("two-dc-available", &[], 1, "dc-loss:east", 2, ""),
        ("two-dc-available", &[], 0, "lag+dc-loss:west", 2, out_of_reach),
        ("two-dc-available", &[], 0, "lag+dc-loss:east", 2, out_of_reach),
        // Unclean election makes of what is out of reach what is lost.
        ("two-dc-available", &[], 1, "lag+dc-loss:west", 2, "acked-somewhere acked-survives acked-in-leader electable"),
        ("two-dc-available", &[], 1, "lag+dc-loss:east", 2, "acked-somewhere acked-survives acked-in-leader electable"),
        ("two-and-a-half-dc", &[], 0, "lag+dc-loss:west", 2, ""),
        ("two-and-a-half-dc", NO_ELR, 0, "lag+dc-loss:west", 2, "electable"),
        // Before 3.9 a min ISR does not hold the watermark back, and nobody remembers who left.
        ("two-dc-zookeeper-observers", &[], 0, "dc-loss:tokyo", 1, ""),
        ("two-dc-zookeeper-observers", &[], 0, "lag+dc-loss:osaka", 2, "electable"),
        ("two-dc-hierarchical", &[], 0, "dc-loss:osaka", 1, ""),
        ("three-dc-hierarchical", &[], 0, "dc-loss:north", 2, ""),
        ("three-dc-hierarchical", &[], 0, "lag+dc-loss:north", 2, "electable"),
        ("two-regions", &[], 0, "one-way-cut:tokyo>oregon", 1, ""),
        ("two-regions", &[], 0, "lag+dc-loss:tokyo", 2, out_of_reach),
        ("two-regions", &[("replicas = 2", "replicas = 3")], 0, "lag+dc-loss:tokyo", 2, ""),
        ("two-dc-with-observers", &[], 0, "dc-loss:west", 1, ""),
        ("two-dc-with-observers", &[], 0, "lag+dc-loss:west", 1, out_of_reach),
        // Four over three: the two of one datacenter are enough for a min ISR of 2.
        ("three-dc-four-replicas", &[], 0, "dc-loss:north", 2, ""),
        ("three-dc-four-replicas", &[], 0, "lag+dc-loss:north", 2, out_of_reach),
        ("three-dc-four-replicas", &[], 1, "lag+dc-loss:north", 2, ""),
        ("three-dc-five-replicas", &[], 0, "lag+dc-loss:north", 1, ""),
        ("three-dc-five-replicas", &[], 0, "dc-power-loss:north", 1, ""),
        ("three-dc-two-each", &[], 0, "lag+dc-loss:north", 1, ""),
        ("three-dc-two-each", &[("replicas = 3", "replicas = 4")], 0, "lag+dc-loss:north", 1, ""),
        ("three-dc-two-each", &[("replicas = 3", "replicas = 2")], 0, "lag+dc-loss:north", 1, out_of_reach),
        ("four-dc", &[], 0, "lag+dc-loss:north", 1, ""),
        ("four-dc", &[("replicas = 3", "replicas = 2")], 0, "lag+dc-loss:north", 1, ""),
        // The same racks with acks=1 and with acks=all.
        ("single-site-acks-1", &[], 0, "broker-crash", 1, lost),
        ("single-site-acks-1", &[], 0, "dc-loss:rack-a", 1, lost),
        ("single-site-acks-all", &[], 0, "broker-crash", 2, ""),
        ("single-site-acks-all", &[], 0, "dc-loss:rack-a", 2, ""),
        ("single-site-acks-all", &[], 0, "broker-power-loss", 1, lost),
        ("single-site-acks-all", &[], 0, "dc-power-loss:rack-a", 1, lost),
        ("single-site-acks-all", &[], 0, "lag+dc-loss:rack-a", 2, "electable"),
        ("single-site-acks-all", &[("\"3.9\"", "\"4.0\"")], 0, "dc-power-loss:rack-a", 1, ""),
        ("racks-unknown", &[], 0, "dc-destroyed:rack-a", 1, lost),
        ("racks-unknown", &[], 0, "lag+dc-loss:rack-a", 1, out_of_reach),
        ("forgotten-offsets", &[], 0, "lag+dc-loss:north", 2, ""),
        ("forgotten-offsets", &[], 1, "lag+dc-loss:north", 2, out_of_reach),
    ];
    for (name, change, topic, faults, records, expected) in claims {
        let found = violated(name, change, *topic, faults, *records);
        assert_eq!(
            found, *expected,
            "{name} {change:?}, topic {topic}, {faults}"
        );
    }
}

/// Every row with the orders that it takes, a letter a replica: `a` lies in the first datacenter
/// of the file.
#[test]
fn a_row_is_searched_in_these_orders() {
    let mut drawn = String::new();
    for name in [
        "stretched-3dc",
        "stretched-2dc-witness",
        "single-site-acks-1",
    ] {
        let (deployment, _) = shipped(name);
        let cluster = &deployment.cluster;
        let names = cluster.datacenters();
        let _ = writeln!(drawn, "# {name}");
        for row in ladder::rows(&deployment) {
            let settings = placement::classes(&deployment, &cluster.topics[0]);
            let orders: Vec<String> = ladder::reduce_orders(&deployment, &row.faults, settings)
                .iter()
                .map(|setting| {
                    let homes = setting.brokers.iter();
                    homes
                        .map(|home| ["a", "b", "c", "d"][home.index()])
                        .collect()
                })
                .collect();
            let _ = writeln!(
                drawn,
                "{:<28}{:<28}and {} alike",
                row.faults.name(&names),
                orders.join(" "),
                row.also.len()
            );
        }
        drawn.push('\n');
    }
    insta::assert_snapshot!(drawn);
}

/// Files with a goal that is not met, on purpose.
const UNMET: &[&str] = &["racks-unknown", "forgotten-offsets"];

/// The deployments of a run without arguments, in full and as README shows them: the product, reviewed.
#[test]
fn the_first_tables_say_what_is_kept_and_what_is_lost() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(readme).expect("README.md can be read");
    let options = Options {
        records: 1,
        ..Options::default()
    };
    for source in highwater_checks::shipped::deployments() {
        let (deployment, _) = deployment_file::read(&source).expect("legal");
        let checked = check(&deployment, &options, &|_, _| {});
        let name = Path::new(source.file()).file_stem();
        let name = name.and_then(|name| name.to_str()).expect("a file's name");
        assert_eq!(checked.unmet, [""; 0], "{name}");
        insta::assert_snapshot!(
            name,
            report::table(&deployment, &checked, name, Detail::All)
        );
        let brief = report::table(&deployment, &checked, name, Detail::Brief);
        assert!(
            readme.contains(&brief),
            "README.md does not show what is printed:\n{brief}"
        );
    }
}

/// The table of every file, in whole steps and with a part of the usual budget: what `highwater check
/// --grain coarse --max-states N --all` prints.  And the layouts that stretch over datacenters, side by side.
#[test]
fn every_table_says_what_is_kept_and_what_is_lost() {
    let mut reports = Vec::new();
    for (name, _) in FILES {
        // Six replicas are dear, and nothing is said of a row before its first round is exhausted.
        let states = match *name {
            "three-dc-two-each" => 24_000_000,
            "two-dc-with-observers" => 12_000_000,
            _ => 4_000_000,
        };
        let report = Report::of(&named(name), &coarse(states), &|_, _| {}).expect("legal");
        let unknown = report.rows().iter().filter(|row| row.incomplete.is_some());
        assert_eq!(unknown.count(), 0, "{name}");
        // A goal may need more than this budget; then it is not known, and no more than that.
        let violated = report.unmet().iter().any(|goal| goal.contains("violated"));
        assert_eq!(violated, UNMET.contains(name), "{name}");
        insta::assert_snapshot!(format!("{name}-coarse"), report.text(Detail::All));
        reports.push((*name, report));
    }
    the_page_shows(&in_this_order(STRETCHED, reports));
}

/// The layouts of docs/STRETCHED.md, in its order.
const STRETCHED: &[&str] = &[
    "two-dc-consistent",
    "two-dc-available",
    "stretched-2dc-witness",
    "two-and-a-half-dc",
    "two-dc-with-observers",
    "two-dc-zookeeper-observers",
    "two-dc-hierarchical",
    "two-regions",
    "stretched-3dc",
    "three-dc-hierarchical",
    "three-dc-four-replicas",
    "three-dc-five-replicas",
    "three-dc-two-each",
    "four-dc",
];

fn in_this_order(names: &[&str], reports: Vec<(&str, Report)>) -> Vec<Report> {
    let mut chosen: Vec<(usize, Report)> = reports
        .into_iter()
        .filter_map(|(name, report)| {
            let place = names.iter().position(|wanted| *wanted == name)?;
            Some((place, report))
        })
        .collect();
    chosen.sort_by_key(|(place, _)| *place);
    assert_eq!(chosen.len(), names.len());
    chosen.into_iter().map(|(_, report)| report).collect()
}

/// docs/STRETCHED.md ends with these tables.  With `UPDATE_PAGES=1` that page is written anew.
fn the_page_shows(reports: &[Report]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/STRETCHED.md");
    let page = std::fs::read_to_string(&path).expect("the page can be read");
    const TABLES: &str = "\n## Tables\n\n";
    let (before, _) = page.split_once(TABLES).expect("the page has tables");
    let written = format!("{before}{TABLES}{}", compare::markdown(reports));
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, written).expect("the page can be written");
    } else {
        assert_eq!(
            page, written,
            "docs/STRETCHED.md does not show what is found"
        );
    }
}

fn coarse(states: usize) -> Options {
    Options {
        states,
        steps: Steps::Coarse,
        ..Options::default()
    }
}

/// The whole of what `highwater check` searches finds nothing that the quick tables above do not show.
#[test]
#[ignore = "ten minutes on two cores: every shipped file with the usual budget"]
fn every_table_in_full_takes_ten_minutes() {
    for (name, _) in FILES {
        let (deployment, _) = shipped(name);
        let quick = check(&deployment, &coarse(24_000_000), &|_, _| {});
        let full = check(&deployment, &Options::default(), &|_, _| {});
        assert_eq!(full.unmet.is_empty(), !UNMET.contains(name), "{name}");
        for (quick, full) in quick.rows.iter().zip(&full.rows) {
            let verdicts = |row: &CheckedRow| -> Vec<(&str, bool)> {
                let violated = |cell: &Cell| matches!(cell.verdict, Verdict::Violated(_));
                let cells = row.cells.iter();
                cells
                    .map(|cell| (cell.property.name, violated(cell)))
                    .collect()
            };
            assert_eq!(full.incomplete, None, "{name}: {:?}", full.faults);
            assert_eq!(verdicts(quick), verdicts(full), "{name}: {:?}", full.faults);
        }
    }
}

#[test]
fn workers_change_nothing_but_the_time() {
    let (deployment, _) = shipped("stretched-2dc-witness");
    let tables = [1, 2].map(|workers| {
        let options = Options {
            records: 1,
            crew: Crew::of(workers),
            ..Options::default()
        };
        let checked = check(&deployment, &options, &|_, _| {});
        report::table(&deployment, &checked, "x", Detail::All)
    });
    assert_eq!(tables[0], tables[1]);
}
