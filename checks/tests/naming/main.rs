//! What mirrored topics are called, and which are not copied; `expansion`: which topics a set of flows makes.

mod expansion;

use highwater_model::mirroring::{CycleTest, Flow, Naming, NotCopied, Topics};
use proptest::prelude::*;

fn separated_by(separator: &str) -> Naming {
    Naming::Prefix {
        separator: separator.to_string(),
    }
}

#[test]
fn a_name_says_where_a_topic_came_from() {
    let (dot, dash, heavy) = (Naming::prefix(), separated_by("-"), separated_by("--"));
    let none = separated_by("");
    //   policy  topic           from        upstream      original
    for (naming, topic, source, upstream, original) in [
        (&dot, "t", None, None, "t"),
        (&dot, "A.t", Some("A"), Some("t"), "t"),
        (&dot, "C.B.A.t", Some("C"), Some("B.A.t"), "t"),
        (&dash, "A.t", None, None, "A.t"),
        (&dash, "A-t", Some("A"), Some("t"), "t"),
        (&heavy, "A---t", Some("A"), Some("-t"), "-t"),
        // As Java splits: what is behind the last name does not count, what is before the first does.
        (&dot, "a.", None, None, "a."),
        (&dot, "a..", None, None, "a.."),
        (&dot, ".", None, None, "."),
        (&dot, ".a", Some(""), Some("a"), "a"),
        (&dot, "a..b", Some("a"), Some(".b"), "b"),
        (&dot, "", None, None, ""),
        (&none, "abc", Some("a"), Some("bc"), "c"),
        (&none, "a", None, None, "a"),
        // Identity: a name says nothing; what ends in heartbeats is an exception, even a user's.
        (&Naming::Identity, "A.t", None, None, "A.t"),
        (
            &Naming::Identity,
            "A.heartbeats",
            Some("A"),
            Some("heartbeats"),
            "heartbeats",
        ),
        (
            &Naming::Identity,
            "A.device-heartbeats",
            Some("A"),
            Some("device-heartbeats"),
            "device-heartbeats",
        ),
        // A tag stays.
        (&Naming::Tag, "A.t", Some("A"), None, "A.t"),
        (&Naming::Tag, "t", None, None, "t"),
    ] {
        assert_eq!(naming.source_of(topic), source, "{naming:?} {topic:?}");
        assert_eq!(
            naming.upstream_topic(topic),
            upstream,
            "{naming:?} {topic:?}"
        );
        assert_eq!(
            naming.original_topic(topic),
            original,
            "{naming:?} {topic:?}"
        );
    }
}

#[test]
fn what_is_not_copied() {
    let flow = |naming: Naming| Flow {
        naming,
        ..Flow::prefixing(0, 1, "A", "B")
    };
    let (prefix, dash) = (flow(Naming::prefix()), flow(separated_by("-")));
    let (identity, tag) = (flow(Naming::Identity), flow(Naming::Tag));
    let only_orders = Flow {
        topics: Topics::These(vec!["orders".to_string()]),
        ..prefix.clone()
    };
    let same_aliases = Flow {
        target_alias: "A".to_string(),
        ..identity.clone()
    };
    use CycleTest::{Target, TargetOrSource, Waived};
    use NotCopied::{Cycle, ExcludedByDefault, Internal, NotListed, OtherTag};
    for (flow, topic, test, expected) in [
        (&prefix, "orders", Target, None),
        (&prefix, "__consumer_offsets", Target, Some(Internal)),
        (&prefix, ".hidden", Target, Some(Internal)),
        (
            &prefix,
            "mm2-offset-syncs.B.internal",
            Target,
            Some(ExcludedByDefault),
        ),
        (
            &dash,
            "mm2-offset-syncs-B-internal",
            Target,
            Some(ExcludedByDefault),
        ),
        (
            &prefix,
            "A.checkpoints.internal",
            Target,
            Some(ExcludedByDefault),
        ),
        (&prefix, "orders.replica", Target, Some(ExcludedByDefault)),
        (&prefix, "orders-internal", Target, Some(ExcludedByDefault)),
        (&only_orders, "orders", Target, None),
        (&only_orders, "C.orders", Target, Some(NotListed)),
        // It came from the target, at whatever hop.
        (&prefix, "B.orders", Target, Some(Cycle)),
        (&prefix, "C.B.orders", Target, Some(Cycle)),
        (&prefix, "C.orders", Target, None),
        (&prefix, "B.orders", Waived, None),
        // A local topic that is named as though it came from the target (M17) is never copied.
        (&prefix, "B.eu.orders", Target, Some(Cycle)),
        (&dash, "B.orders", Target, None),
        // KAFKA-9914: the source's own alias counts as well, so a local topic with that prefix stops.
        (&prefix, "A.orders", Target, None),
        (&prefix, "A.orders", TargetOrSource, Some(Cycle)),
        (&prefix, "C.A.orders", TargetOrSource, Some(Cycle)),
        (&prefix, "C.orders", TargetOrSource, None),
        (&identity, "B.orders", Target, None),
        (&identity, "A.orders", TargetOrSource, None),
        (&identity, "B.heartbeats", Target, Some(Cycle)),
        (&identity, "A.heartbeats", TargetOrSource, None),
        // The policy answers with the source's alias for whatever topic.
        (&same_aliases, "orders", Target, Some(Cycle)),
        (&tag, "A.orders", Target, None),
        (&tag, "B.orders", Target, Some(OtherTag)),
        (&tag, "orders", Target, Some(OtherTag)),
        (&tag, "B.orders", Waived, None),
    ] {
        assert_eq!(
            flow.refuses(topic, test),
            expected,
            "{:?} {topic} {test:?}",
            flow.naming
        );
    }
    assert!(Naming::prefix().is_internal("A.checkpoints.internal"));
    assert!(separated_by("-").is_internal("mm2-offset-syncs-B-internal"));
    assert!(!separated_by("-").is_internal("A.checkpoints.internal"));
}

/// A way to name a copy, which is spoilt.
type Names<'a> = &'a dyn Fn(&Naming, &str, &str) -> String;

/// What a hop must do to a name: the copy says where it came from, what it was called, and its whole chain.
fn hop_fault(naming: &Naming, alias: &str, topic: &str, names: Names<'_>) -> Option<String> {
    let copy = names(naming, alias, topic);
    let chain = [vec![alias], naming.chain(topic)].concat();
    let right = naming.source_of(&copy) == Some(alias)
        && naming.upstream_topic(&copy) == Some(topic)
        && naming.original_topic(&copy) == naming.original_topic(topic)
        && naming.chain(&copy) == chain;
    (!right).then(|| format!("{alias} and {topic} make {copy}"))
}

#[test]
fn every_hop_adds_one_name() {
    let as_it_is: Names<'_> = &Naming::remote_name;
    let forgets_on_the_second_hop: Names<'_> = &|naming, alias, topic| match naming.source_of(topic)
    {
        Some(_) => format!("{alias}{topic}"),
        None => naming.remote_name(alias, topic),
    };
    let found = |names| {
        let namings = [
            Naming::prefix(),
            separated_by("-"),
            separated_by("--"),
            separated_by("_"),
        ];
        let mut found = Vec::new();
        for naming in &namings {
            let mut topic = "orders".to_string();
            for alias in ["north", "south", "east", "west"] {
                found.extend(hop_fault(naming, alias, &topic, names));
                topic = names(naming, alias, &topic);
            }
        }
        found
    };
    assert_eq!(found(as_it_is), [""; 0]);
    let spoilt = found(forgets_on_the_second_hop);
    println!("{spoilt:#?}");
    assert_eq!(spoilt.len(), 12, "every hop but the first of each policy");
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[A-C.\\-_]{0,7}",
        2 => "[A-C]\\.(orders|heartbeats|internal)",
        1 => any::<String>(),
    ]
}

fn naming() -> impl Strategy<Value = Naming> {
    prop_oneof![
        4 => prop_oneof![Just("."), Just("-"), Just("--"), Just("..")].prop_map(separated_by),
        1 => name().prop_map(|separator| separated_by(&separator)),
        1 => Just(Naming::Identity),
        1 => Just(Naming::Tag),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        rng_seed: proptest::test_runner::RngSeed::Fixed(15),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever the names, there is an answer, and a name gets shorter upstream.
    #[test]
    fn odd_names_are_answered(naming in naming(), alias in name(), topic in name()) {
        if let Some(upstream) = naming.upstream_topic(&topic) {
            prop_assert!(upstream.len() < topic.len());
            prop_assert!(topic.ends_with(upstream));
        }
        let copy = naming.remote_name(&alias, &topic);
        prop_assert!(copy.ends_with(&topic));
        prop_assert!(!naming.is_internal(&topic) || !topic.is_empty());
        let original = naming.original_topic(&topic);
        prop_assert_eq!(naming.original_topic(original), original);
    }

    /// An alias without the separator and a name with something in it go there and back again.
    #[test]
    fn a_copy_names_its_source(alias in "[a-z]{0,4}", topic in "[a-z]{1,3}([.][a-z]{1,3}){0,3}") {
        prop_assert_eq!(hop_fault(&Naming::prefix(), &alias, &topic, &Naming::remote_name), None);
    }
}
