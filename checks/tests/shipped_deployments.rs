//! The deployments that are shipped: what is read from them, and what there is to search.

use highwater_checks::check::{Options, check};
use highwater_checks::report::{self, Detail};
use highwater_checks::{Source, deployment_file, ladder, placement};
use highwater_vocabulary::{
    Acks, BoundOverrides, Cluster, Deployment, Member, Placement, Profile, Requirement, Site, Topic,
};
use std::fmt::Write;
use std::path::Path;

/// The deployment of that name, and the keys that the reader warns of.
fn shipped(name: &str) -> (Deployment, Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deployments")
        .join(name)
        .with_extension("toml");
    let source = Source::read(&path).unwrap_or_else(|error| panic!("{error}"));
    let (deployment, warnings) =
        deployment_file::read(&source).unwrap_or_else(|error| panic!("{error}"));
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
    let rows = highwater_checks::fault_pattern::rows("dc-loss:*", &sites).expect("legal");
    let expected = Deployment {
        name: "Stretched over two datacenters and a witness".into(),
        kafka: Profile::V4_1,
        cluster: Cluster {
            id: "main".into(),
            sites,
            eligible_leader_replicas: None,
            topics: vec![Topic {
                id: "orders".into(),
                placement: Placement::Explicit(vec![1, 1, 0]),
                min_insync_replicas: 1,
                acks: Acks::All,
                unclean_leader_election: false,
                implied_by: Vec::new(),
            }],
        },
        groups: Vec::new(),
        requirements: vec![Requirement {
            pattern: "dc-loss:*".into(),
            rows,
            wanted: vec!["acked-somewhere".into()],
        }],
        bounds: BoundOverrides::default(),
    };
    assert_eq!(deployment, expected);
    assert_eq!(warnings, ["cluster.topic.min_insync_replicas"]);
}

#[test]
fn a_file_warns_of_nothing_but_what_it_is_about() {
    for (name, expected) in [
        ("stretched-3dc", &[][..]),
        (
            "stretched-2dc-witness",
            &["cluster.topic.min_insync_replicas"],
        ),
        ("single-site-acks-1", &["cluster.topic.acks"]),
    ] {
        assert_eq!(shipped(name).1, expected, "{name}");
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

/// What an operator reads of each shipped deployment, in full and as README shows it: the product,
/// reviewed.
#[test]
fn the_tables_say_what_is_kept_and_what_is_lost() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(readme).expect("README.md can be read");
    let options = Options {
        records: 1,
        ..Options::default()
    };
    for name in [
        "stretched-3dc",
        "stretched-2dc-witness",
        "single-site-acks-1",
    ] {
        let (deployment, _) = shipped(name);
        let checked = check(&deployment, options, &|_, _| {});
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

#[test]
fn workers_change_nothing_but_the_time() {
    let (deployment, _) = shipped("stretched-2dc-witness");
    let tables = [1, 2].map(|workers| {
        let options = Options {
            records: 1,
            workers,
            ..Options::default()
        };
        let checked = check(&deployment, options, &|_, _| {});
        report::table(&deployment, &checked, "x", Detail::All)
    });
    assert_eq!(tables[0], tables[1]);
}
