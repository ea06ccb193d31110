//! Which topics a set of flows makes of the local ones, and what comes back.

use crate::{name, naming};
use highwater_model::mirroring::{CycleTest, Expansion, Flow, Naming, Topics, Way, expand};
use proptest::prelude::*;

const CLUSTERS: [&str; 4] = ["A", "B", "C", "D"];

/// `B A.t` for the topic `A.t` in cluster B.
fn shown(expansion: &Expansion, topic: usize) -> String {
    let topic = &expansion.topics[topic];
    format!("{} {}", CLUSTERS[topic.cluster], topic.name)
}

fn topics(expansion: &Expansion) -> Vec<String> {
    let all = 0..expansion.topics.len();
    all.map(|topic| shown(expansion, topic)).collect()
}

fn way(expansion: &Expansion, way: &Way) -> String {
    let topics = way.topics.iter().map(|topic| shown(expansion, *topic));
    topics.collect::<Vec<_>>().join(" > ")
}

/// Flows under the clusters' own names: `A>B`.
fn flows(naming: &Naming, arrows: &[&str]) -> Vec<Flow> {
    let place = |name: &str| {
        let place = CLUSTERS.iter().position(|cluster| *cluster == name);
        place.unwrap_or_else(|| panic!("{name} is no cluster"))
    };
    let flow = |arrow: &&str| {
        let (from, to) = arrow.split_once('>').expect("from > to");
        Flow {
            naming: naming.clone(),
            ..Flow::prefixing(place(from), place(to), from, to)
        }
    };
    arrows.iter().map(flow).collect()
}

/// The topics, whether something comes back, whether something arrives twice, whether it ends.
#[test]
fn every_policy_over_every_shape() {
    let (prefix, tag) = (Naming::prefix(), Naming::Tag);
    let identity = Naming::Identity;
    let pair = ["A>B"];
    let both_ways = ["A>B", "B>A"];
    let chain = ["A>B", "B>C"];
    let mesh = ["A>B", "A>C", "B>A", "B>C", "C>A", "C>B"];
    // Two datacenters with a local and an aggregate cluster each: A feeds both aggregates, so does B.
    let aggregates = ["A>C", "A>D", "B>C", "B>D"];
    type Case<'a> = (
        &'a str,
        &'a Naming,
        &'a [&'a str],
        &'a [(usize, &'a str)],
        &'a str,
        &'a str,
        &'a str,
    );
    let cases: [Case<'_>; 13] = [
        (
            "prefix, pair",
            &prefix,
            &pair,
            &[(0, "t")],
            "A t, B A.t",
            "",
            "",
        ),
        (
            "identity, pair",
            &identity,
            &pair,
            &[(0, "t")],
            "A t, B t",
            "",
            "",
        ),
        (
            "tag, pair",
            &tag,
            &pair,
            &[(0, "A.t"), (0, "t")],
            "A A.t, A t, B A.t",
            "",
            "",
        ),
        (
            "prefix, both ways",
            &prefix,
            &both_ways,
            &[(0, "t"), (1, "t")],
            "A t, B t, B A.t, A B.t",
            "",
            "",
        ),
        // M18.
        (
            "identity, both ways",
            &identity,
            &both_ways,
            &[(0, "t")],
            "A t, B t",
            "A t > B t > A t",
            "",
        ),
        (
            "tag, both ways",
            &tag,
            &both_ways,
            &[(0, "A.t"), (1, "B.t")],
            "A A.t, B B.t, B A.t, A B.t",
            "",
            "",
        ),
        (
            "prefix, chain",
            &prefix,
            &chain,
            &[(0, "t")],
            "A t, B A.t, C B.A.t",
            "",
            "",
        ),
        (
            "identity, chain",
            &identity,
            &chain,
            &[(0, "t"), (1, "t")],
            "A t, B t, C t",
            "",
            "",
        ),
        // A tag's topic goes one hop: the next flow is told to copy its source's own.
        (
            "tag, chain",
            &tag,
            &chain,
            &[(0, "A.t"), (1, "B.t")],
            "A A.t, B B.t, B A.t, C B.t",
            "",
            "",
        ),
        // Directly and by way of the third: no cycle, and yet twice.
        (
            "prefix, mesh",
            &prefix,
            &mesh,
            &[(0, "t")],
            "A t, B A.t, C A.t, C B.A.t, B C.A.t",
            "",
            "A t > B A.t; A t > C A.t > B C.A.t",
        ),
        (
            "tag, mesh",
            &tag,
            &mesh,
            &[(0, "A.t")],
            "A A.t, B A.t, C A.t",
            "",
            "",
        ),
        // C55: local clusters and aggregates.
        (
            "identity, aggregates",
            &identity,
            &aggregates,
            &[(0, "t"), (1, "t")],
            "A t, B t, C t, D t",
            "",
            "",
        ),
        (
            "prefix, aggregates",
            &prefix,
            &aggregates,
            &[(0, "t"), (1, "t")],
            "A t, B t, C A.t, D A.t, C B.t, D B.t",
            "",
            "",
        ),
    ];
    for (what, naming, arrows, local, expected, back, twice) in cases {
        let expansion = expand(&flows(naming, arrows), local, CycleTest::Target);
        assert_eq!(topics(&expansion).join(", "), expected, "{what}");
        let comes_back = expansion.comes_back().map(|found| way(&expansion, &found));
        assert_eq!(comes_back.unwrap_or_default(), back, "{what}");
        let arrives_twice = expansion.arrives_twice();
        let ways = arrives_twice
            .map(|[one, other]| format!("{}; {}", way(&expansion, &one), way(&expansion, &other)));
        assert_eq!(ways.unwrap_or_default(), twice, "{what}");
        assert_eq!(expansion.cut_off, [], "{what}");
    }
}

/// Without the cycle test (M16): names grow for ever, or records go round under the same name.
#[test]
fn nothing_ends_without_the_cycle_test() {
    for (naming, local, back, cut_off) in [
        (Naming::prefix(), "t", "A t > B A.t > A B.A.t", "A.B.A.t"),
        (Naming::Tag, "A.t", "A A.t > B A.t > A A.t", ""),
    ] {
        let flows = flows(&naming, &["A>B", "B>A"]);
        let expansion = expand(&flows, &[(0, local)], CycleTest::Waived);
        let comes_back = expansion.comes_back().expect("it comes back");
        assert_eq!(way(&expansion, &comes_back), back);
        let cut_off = Some(cut_off).filter(|name| !name.is_empty());
        assert_eq!(
            expansion.cut_off.first().map(|cut| cut.name.as_str()),
            cut_off
        );
    }
}

/// By a long way first, given up, and then by a short one: it is there, and nothing is missing.
#[test]
fn a_shorter_way_makes_good_what_was_cut_off() {
    let flow = |from, to, naming: Naming, topics| Flow {
        naming,
        topics,
        ..Flow::prefixing(from, to, "y", "z")
    };
    let only = || Topics::These(vec!["t".to_string()]);
    let flows = [
        flow(0, 1, Naming::Identity, only()),
        flow(1, 0, Naming::prefix(), only()),
        flow(0, 1, Naming::Identity, Topics::All),
        flow(0, 1, Naming::prefix(), only()),
    ];
    let expansion = expand(&flows, &[(0, "t")], CycleTest::Target);
    assert_eq!(topics(&expansion), ["A t", "B t", "A y.t", "B y.t"]);
    assert_eq!(expansion.topics[3].hops, 1);
    assert_eq!(expansion.cut_off, []);
}

/// Two deployments that call the same clusters by other names.
#[test]
fn aliases_that_disagree_defeat_the_cycle_test() {
    use CycleTest::{Target, TargetOrSource};
    let there = |from, to| Flow::prefixing(0, 1, from, to);
    let back = |from, to| Flow::prefixing(1, 0, from, to);
    //                                                      comes back          goes on and on
    for (there, back_again, test, back, endless) in [
        (there("A", "B"), back("B", "A"), Target, "", false),
        // One cluster under two names: it comes back once, and then the other name is found.
        (
            there("A", "B"),
            back("B", "east"),
            Target,
            "A t > B A.t > A B.A.t",
            false,
        ),
        // Both: for ever.
        (
            there("A", "west"),
            back("B", "east"),
            Target,
            "A t > B A.t > A B.A.t",
            true,
        ),
        // Each knows its own source: records still come back, but once (KAFKA-9914).
        (
            there("A", "west"),
            back("B", "east"),
            TargetOrSource,
            "A t > B A.t > A B.A.t",
            false,
        ),
        // An alias with the separator in it is never found again.
        (
            there("us.a", "us.b"),
            back("us.b", "us.a"),
            Target,
            "A t > B us.a.t > A us.b.us.a.t",
            true,
        ),
        (
            there("us.a", "us.b"),
            back("us.b", "us.a"),
            TargetOrSource,
            "A t > B us.a.t > A us.b.us.a.t",
            true,
        ),
    ] {
        let expansion = expand(&[there, back_again], &[(0, "t")], test);
        let comes_back = expansion.comes_back().map(|found| way(&expansion, &found));
        assert_eq!(comes_back.unwrap_or_default(), back);
        assert_eq!(!expansion.cut_off.is_empty(), endless, "{back} {test:?}");
    }
}

fn any_flow() -> impl Strategy<Value = Flow> {
    let listed = prop_oneof![
        3 => Just(Topics::All),
        1 => proptest::collection::vec(name(), 0..3).prop_map(Topics::These),
    ];
    (0..4usize, 0..4usize, name(), name(), naming(), listed).prop_map(
        |(from, to, source_alias, target_alias, naming, topics)| Flow {
            from,
            to,
            source_alias,
            target_alias,
            naming,
            topics,
        },
    )
}

fn any_test() -> impl Strategy<Value = CycleTest> {
    use CycleTest::{Target, TargetOrSource, Waived};
    prop_oneof![Just(Waived), Just(Target), Just(TargetOrSource)]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        rng_seed: proptest::test_runner::RngSeed::Fixed(16),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever the flows: it ends, what there is follows from the flows, and if nothing was cut off, nothing is missing.
    #[test]
    fn any_flows_expand(
        flows in proptest::collection::vec(any_flow(), 0..7),
        local in proptest::collection::vec((0..4usize, name()), 0..4),
        test in any_test(),
    ) {
        let local: Vec<(usize, &str)> = local.iter().map(|(at, name)| (*at, name.as_str())).collect();
        let expansion = expand(&flows, &local, test);
        for copy in &expansion.copies {
            let (flow, from) = (&flows[copy.flow], &expansion.topics[copy.from]);
            let to = &expansion.topics[copy.to];
            prop_assert_eq!((flow.from, flow.to), (from.cluster, to.cluster));
            prop_assert_eq!(flow.remote_name(&from.name), to.name.clone());
            prop_assert_eq!(flow.refuses(&from.name, test), None);
            prop_assert!(to.hops <= from.hops + 1);
        }
        for topic in &expansion.topics {
            for flow in flows.iter().filter(|flow| flow.from == topic.cluster) {
                let copied = flow.refuses(&topic.name, test).is_none();
                let there = expansion.find(flow.to, &flow.remote_name(&topic.name)).is_some();
                prop_assert!(!copied || there || !expansion.cut_off.is_empty());
            }
        }
        if !expansion.cut_off.is_empty() {
            prop_assert!(expansion.comes_back().is_some(), "more hops than clusters meet one twice");
        }
        expansion.arrives_twice();
    }
}
