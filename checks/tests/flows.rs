//! What is said of a set of mirrors before anything is searched.

use highwater_checks::flows::{
    About, Carries, End, Finding, Mirror, Mirroring, Move, Offsets, OffsetsTopic, Timestamps,
    cycle, findings,
};
use highwater_model::mirroring::{CycleTest, Flow, Naming, Topics};
use proptest::prelude::*;

/// Two clusters that mirror each other, under the prefix policy and with all that a move needs.
fn sound() -> Mirroring {
    let mirror = |from, to, source, target| Mirror {
        flow: Flow::prefixing(from, to, source, target),
        carries: Carries::BySyncs(End::Target),
        timestamps: Timestamps::Create,
        sync_group_offsets: true,
    };
    Mirroring {
        clusters: vec!["main".into(), "dr".into(), "third".into()],
        topics: vec![(0, "orders".into()), (1, "orders".into())],
        mirrors: vec![mirror(0, 1, "main", "dr"), mirror(1, 0, "dr", "main")],
        moves: vec![Move {
            group: "billing".into(),
            from: 0,
            to: 1,
            offsets: Offsets::Translated,
            instrumented: false,
        }],
        offsets_topics: vec![OffsetsTopic {
            cluster: 0,
            alone_in: None,
            datacenters: 2,
        }],
        cycle_test: CycleTest::Target,
    }
}

/// The sound one with a change.
fn with(change: impl FnOnce(&mut Mirroring)) -> Mirroring {
    let mut mirroring = sound();
    change(&mut mirroring);
    mirroring
}

/// Every finding but a cycle, each with what is said of it, from the smallest change that brings it.
#[test]
fn every_warning_has_its_cause() {
    type Change = Box<dyn FnOnce(&mut Mirroring)>;
    let topic = |name: &'static str| -> Change {
        Box::new(move |all| all.topics.push((0, name.to_string())))
    };
    let cases: Vec<(Change, About, &str)> = vec![
        (
            Box::new(|all| all.mirrors[1].flow.target_alias = "east".into()),
            About::Mirror(1),
            "the mirror from `main` to `dr` calls cluster `main` `main`, and the one from `dr` to `main` calls it `east`",
        ),
        (
            Box::new(|all| {
                let flow = Flow::prefixing(2, 1, "main", "dr");
                all.mirrors.push(Mirror {
                    flow,
                    ..all.mirrors[0].clone()
                });
            }),
            About::Mirror(2),
            "calls cluster `main` `main`, and the one from `third` to `dr` calls cluster `third` so",
        ),
        (
            Box::new(|all| {
                let separator = "-".to_string();
                all.mirrors.truncate(1);
                all.mirrors[0].flow.naming = Naming::Prefix { separator };
                all.mirrors[0].flow.source_alias = "main-1".into();
            }),
            About::Mirror(0),
            "the alias `main-1` of the mirror from `main` to `dr` has the separator in it",
        ),
        // M17.
        (
            topic("dr.orders"),
            About::Mirror(0),
            "topic `dr.orders` is not copied from `main` to `dr`: its name says that it came from `dr`, where it never was",
        ),
        // Only the second hop takes it for a copy.
        (
            Box::new(|all| {
                let flow = Flow::prefixing(1, 2, "dr", "third");
                all.mirrors.push(Mirror {
                    flow,
                    ..all.mirrors[0].clone()
                });
                all.topics.push((0, "third.orders".into()));
            }),
            About::Mirror(2),
            "topic `main.third.orders` is not copied from `dr` to `third`: its name says that it came from `third`, where",
        ),
        (
            Box::new(|all| {
                all.mirrors.truncate(1);
                all.topics = vec![(0, "orders".into())];
                all.mirrors[0].flow.naming = Naming::Tag;
            }),
            About::Mirror(0),
            "topic `orders` is not copied from `main` to `dr`: it does not begin with the source's tag, `main`",
        ),
        (
            topic("orders.replica"),
            About::Mirror(0),
            "topic `orders.replica` is not copied from `main` to `dr`: its name is that of an internal topic",
        ),
        (
            Box::new(|all| {
                all.mirrors.truncate(1);
                all.topics = vec![(0, "device-heartbeats".into())];
                all.mirrors[0].flow.naming = Naming::Identity;
            }),
            About::Mirror(0),
            "topic `device-heartbeats` is called `main.device-heartbeats`",
        ),
        // Main to third directly, and by way of dr.
        (
            Box::new(|all| {
                for (from, source) in [(0, "main"), (1, "dr")] {
                    let flow = Flow::prefixing(from, 2, source, "third");
                    all.mirrors.push(Mirror {
                        flow,
                        ..all.mirrors[0].clone()
                    });
                }
            }),
            About::Cluster(2),
            "records of `orders` are in cluster `third` twice, as `main.orders` and as `dr.main.orders`",
        ),
        (
            Box::new(|all| all.moves[0].to = 2),
            About::Group(0),
            "group `billing` is to go on in cluster `third`, to which no mirror leads from `main`",
        ),
        (
            Box::new(|all| all.mirrors[0].sync_group_offsets = false),
            About::Group(0),
            "translated offsets, which the mirror from `main` to `dr` does not commit for it",
        ),
        (
            Box::new(|all| all.mirrors[0].carries = Carries::Nothing),
            About::Group(0),
            "translated offsets, and the mirror from `main` to `dr` translates none",
        ),
        // M21.
        (
            Box::new(|all| all.mirrors[0].carries = Carries::BySyncs(End::Source)),
            About::Group(0),
            "the mirror from `main` to `dr` keeps its offset syncs at the source",
        ),
        // M31.
        (
            Box::new(|all| all.mirrors[0].carries = Carries::ByTimestamps),
            About::Group(0),
            "what the mirror from `main` to `dr` translates by time stamps, and its consumers leave none",
        ),
        // M37.
        (
            Box::new(|all| all.moves[0].offsets = Offsets::Mapped),
            About::Group(0),
            "no cluster that uReplicator copies there and to `main`",
        ),
        (
            Box::new(|all| {
                all.moves[0].offsets = Offsets::Timestamp;
                all.mirrors[0].timestamps = Timestamps::Append;
            }),
            About::Group(0),
            "group `billing` is to go on from a timestamp, and what is mirrored from `main` to `dr` has the time of copying",
        ),
        (
            Box::new(|all| all.offsets_topics[0].alone_in = Some("north".into())),
            About::Cluster(0),
            "cluster `main` may keep a group's offsets in datacenter `north` alone",
        ),
    ];
    assert_eq!(findings(&sound()), [], "the sound one has none");
    let mut seen = Vec::new();
    for (change, about, expected) in cases {
        let mirroring = with(change);
        let found = findings(&mirroring);
        let hit = found
            .iter()
            .find(|finding| finding.message(&mirroring).contains(expected))
            .unwrap_or_else(|| panic!("{expected:?} is not in {found:#?}"));
        assert_eq!(hit.about(), about, "{expected}");
        assert!(!hit.remedy().is_empty(), "{expected}");
        // Without syncs nothing can be translated, and without uReplicator nothing mapped, whatever else is set.
        let impossible = ["translates none", "and to `main`"];
        assert_eq!(
            hit.is_error(),
            impossible.iter().any(|end| expected.ends_with(end)),
            "{expected}"
        );
        // One alias that disagrees also makes records come back; nothing else brings a second finding.
        let others = found.iter().filter(|finding| *finding != hit);
        for other in others {
            assert!(matches!(other, Finding::Cycle(_)), "{expected}: {other:?}");
        }
        seen.push(std::mem::discriminant(hit));
    }
    seen.dedup();
    assert_eq!(seen.len(), 16, "every finding but the cycle");
}

/// A setting that matters only to who needs it.
#[test]
fn what_nobody_needs_is_not_warned_of() {
    let quiet = |change: &dyn Fn(&mut Mirroring)| {
        assert_eq!(findings(&with(change)), []);
    };
    for offsets in [
        Offsets::Earliest,
        Offsets::Latest,
        Offsets::Preserved,
        Offsets::ExternalMap,
    ] {
        quiet(&|all| {
            all.moves[0].offsets = offsets;
            all.mirrors[0].carries = Carries::BySyncs(End::Source);
            all.mirrors[0].sync_group_offsets = false;
            all.mirrors[0].timestamps = Timestamps::Append;
        });
    }
    quiet(&|all| all.moves.clear());
    // Replicator commits what it translates, where consumers have its interceptor.
    quiet(&|all| {
        all.moves[0].instrumented = true;
        all.mirrors[0].carries = Carries::ByTimestamps;
        all.mirrors[0].sync_group_offsets = false;
    });
    // The mirror back is not the one that the group goes by.
    quiet(&|all| all.mirrors[1].carries = Carries::BySyncs(End::Source));
    for own in ["__consumer_offsets", "mm2-offset-syncs.dr.internal"] {
        quiet(&|all| all.topics.push((0, own.into())));
    }
    quiet(&|all| all.topics.push((2, "dr.orders".into())));
    quiet(&|all| {
        all.offsets_topics[0] = OffsetsTopic {
            cluster: 0,
            alone_in: Some("north".into()),
            datacenters: 1,
        };
    });
    // Since KAFKA-9914 a topic that begins with its own cluster's alias stays where it is.
    let own = |all: &mut Mirroring| all.topics.push((0, "main.orders".into()));
    quiet(&own);
    let newer = with(|all| {
        own(all);
        all.cycle_test = CycleTest::TargetOrSource;
    });
    assert!(matches!(
        findings(&newer).as_slice(),
        [Finding::LooksRemote { mirror: 0, .. }]
    ));
}

/// The cycle is named: through which clusters, under which names, by which mirrors.
#[test]
fn a_cycle_is_named() {
    let naming = |naming: Naming| {
        move |all: &mut Mirroring| {
            let mirrors = all.mirrors.iter_mut();
            mirrors.for_each(|mirror| mirror.flow.naming = naming.clone());
        }
    };
    let tag_of_all = |all: &mut Mirroring| {
        naming(Naming::Tag)(all);
        all.topics = vec![(0, "main.orders".into())];
        all.cycle_test = CycleTest::Waived;
    };
    let aliases = |all: &mut Mirroring| {
        all.mirrors[0].flow.target_alias = "west".into();
        all.mirrors[1].flow.target_alias = "east".into();
    };
    let ring = |all: &mut Mirroring| {
        let flow = |from, to| Flow {
            naming: Naming::Identity,
            ..Flow::prefixing(from, to, "x", "y")
        };
        let mirror = all.mirrors[0].clone();
        let arrows = [flow(1, 2), flow(2, 0), flow(0, 1)];
        all.mirrors = arrows
            .map(|flow| Mirror {
                flow,
                ..mirror.clone()
            })
            .to_vec();
        all.topics.truncate(1);
    };
    type Change<'a> = &'a dyn Fn(&mut Mirroring);
    let identity: Change<'_> = &naming(Naming::Identity);
    let cases: [(Change<'_>, &[usize], &[usize], &str); 4] = [
        (
            identity,
            &[0, 1, 0],
            &[0, 1],
            "`orders` in `main`, then `orders` in `dr`, then `orders` in `main`, and so on",
        ),
        (
            &aliases,
            &[0, 1, 0],
            &[0, 1],
            "`orders` in `main`, then `main.orders` in `dr`, then `dr.main.orders` in `main`, and so on",
        ),
        (
            &tag_of_all,
            &[0, 1, 0],
            &[0, 1],
            "`main.orders` in `main`, then `main.orders` in `dr`, then `main.orders` in `main`, and so on",
        ),
        (
            &ring,
            &[0, 1, 2, 0],
            &[2, 0, 1],
            "`orders` in `main`, then `orders` in `dr`, then `orders` in `third`, then `orders` in `main`, and so on",
        ),
    ];
    for (change, clusters, mirrors, expected) in cases {
        let mirroring = with(change);
        let found = findings(&mirroring);
        let [Finding::Cycle(found), ..] = found.as_slice() else {
            panic!("the cycle comes first: {found:?}");
        };
        assert_eq!(
            (found.clusters.as_slice(), found.mirrors.as_slice()),
            (clusters, mirrors)
        );
        let finding = Finding::Cycle(found.clone());
        assert_eq!(
            finding.message(&mirroring),
            format!("records come back: {expected}")
        );
        assert!(finding.is_error());
        assert_eq!(finding.about(), About::Mirror(mirrors[mirrors.len() - 1]));
    }
    // Topics that are listed do not come back under a longer name.
    let listed = with(|all| {
        aliases(all);
        for mirror in &mut all.mirrors {
            mirror.flow.topics = Topics::These(vec!["orders".into()]);
        }
    });
    let flows: Vec<Flow> = listed
        .mirrors
        .iter()
        .map(|mirror| mirror.flow.clone())
        .collect();
    assert_eq!(cycle(&flows, &listed.topics, CycleTest::Target), None);
}

fn some_mirror() -> impl Strategy<Value = Mirror> {
    let alias = || prop_oneof![Just("a"), Just("b"), Just("a.b"), Just("")];
    let naming = prop_oneof![
        Just(Naming::prefix()),
        Just(Naming::Identity),
        Just(Naming::Tag)
    ];
    (
        0..3usize,
        0..3usize,
        alias(),
        alias(),
        naming,
        any::<[bool; 3]>(),
    )
        .prop_map(
            |(from, to, source, target, naming, [syncs, append, groups])| Mirror {
                flow: Flow {
                    naming,
                    ..Flow::prefixing(from, to, source, target)
                },
                carries: match syncs {
                    true => Carries::BySyncs(End::Source),
                    false => Carries::Nothing,
                },
                timestamps: if append {
                    Timestamps::Append
                } else {
                    Timestamps::Create
                },
                sync_group_offsets: groups,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(17),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever is joined to whatever, under whatever names: all that is found can be said.
    #[test]
    fn any_mirrors_are_answered(
        mirrors in proptest::collection::vec(some_mirror(), 0..6),
        topics in proptest::collection::vec((0..3usize, "[ab.]{0,5}"), 0..4),
        to in 0..3usize,
    ) {
        let mirroring = with(|all| {
            all.mirrors = mirrors;
            all.topics = topics;
            all.moves[0].to = to;
        });
        for finding in findings(&mirroring) {
            prop_assert!(finding.message(&mirroring).len() > 20);
            let message = finding.message(&mirroring);
            let is_error = message.starts_with("records come back") || message.ends_with("translates none");
            prop_assert_eq!(finding.is_error(), is_error);
            let (About::Mirror(at) | About::Group(at) | About::Cluster(at)) = finding.about();
            prop_assert!(at < 6);
        }
    }
}
