//! The deployments that are shipped: what is read from them, and what there is to search.

use highwater_checks::{Source, deployment_file, ladder, placement};
use highwater_vocabulary::{
    Acks, BoundOverrides, Cluster, Deployment, Member, Placement, Profile, Requirement, Site,
    Topic, Verdict,
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
        site("north", 2, 1),
        site("south", 2, 1),
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
                placement: Placement::Explicit(vec![2, 1, 0]),
                min_insync_replicas: 2,
                acks: Acks::All,
                unclean_leader_election: false,
            }],
        },
        requirements: vec![Requirement {
            pattern: "dc-loss:*".into(),
            rows,
            wanted: vec![
                ("acked-somewhere".into(), Verdict::Holds),
                ("metadata-available".into(), Verdict::Automatic),
            ],
        }],
        bounds: BoundOverrides::default(),
    };
    assert_eq!(deployment, expected);
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn a_file_warns_of_nothing_but_what_it_is_about() {
    for (name, expected) in [
        ("stretched-3dc", &[][..]),
        ("stretched-2dc-witness", &[]),
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
