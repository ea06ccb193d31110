//! What a person reads whose file is wrong, or is not what they mean.
//!
//! Every row is one edit of a file that is right.  The snapshots are to be read as prose: line,
//! key and remedy, without knowing this code.

use highwater_checks::{Remark, Source, deployment_file};
use highwater_vocabulary::{
    Acks, CONSUMER_OFFSETS, MOST_BROKERS, ObserverPromotion, Placement, Topic,
};
use std::fmt::Write;
use std::path::Path;

const RIGHT: &str = r#"name = "Three sites and a witness"
kafka = "4.1"

[[cluster]]
id = "main"
brokers = { north = 2, south = 1, east = 1 }
voters = { north = 1, south = 1, witness = 1 }

[[cluster.topic]]
id = "orders"
replicas = { north = 1, south = 1, east = 1 }
min_insync_replicas = 2
acks = "all"

[[cluster.topic]]
id = "__consumer_offsets"
replication_factor = 3
min_insync_replicas = 2

[[group]]
id = "billing"
reads = ["orders"]
runs_at = "main"

[[require]]
fault = "dc-loss:*"
acked-somewhere = "holds"
"#;

/// The brokers and replicas of `RIGHT`, to be replaced.
const BROKERS: &str = "brokers = { north = 2, south = 1, east = 1 }";
const REPLICAS: &str = "replicas = { north = 1, south = 1, east = 1 }";
/// The internal topic of `RIGHT`, without which it is implied.
const OFFSETS: &str = "[[cluster.topic]]
id = \"__consumer_offsets\"
replication_factor = 3
min_insync_replicas = 2
";
const GROUP: &str = "[[group]]
id = \"billing\"
reads = [\"orders\"]
runs_at = \"main\"
";

fn edited(from: &str, to: &str) -> String {
    assert!(RIGHT.contains(from), "the edit of `{from}` edits nothing");
    RIGHT.replacen(from, to, 1)
}

fn read(text: &str) -> Result<Vec<Remark>, Remark> {
    let source = Source::new("my.toml", text);
    deployment_file::read(&source).map(|(_, warnings)| warnings)
}

#[test]
fn the_file_that_is_edited_is_right() {
    assert_eq!(read(RIGHT), Ok(Vec::new()));
    // However an editor of another system writes it.
    assert_eq!(read(&RIGHT.replace('\n', "\r\n")), Ok(Vec::new()));
    assert_eq!(read(&format!("\u{feff}{RIGHT}")), Ok(Vec::new()));
}

#[test]
fn every_mistake_is_answered_with_line_key_and_remedy() {
    let mut answers = String::new();
    let begin = RIGHT.find("[[cluster.topic]]").unwrap_or_default();
    let end = RIGHT.find("[[group]]").unwrap_or_default();
    let topics = RIGHT[begin..end].to_string();
    for (mistake, from, to) in [
        // Words that do not exist.
        ("a key misspelt", "acks =", "ack ="),
        ("a needed key misspelt", "brokers =", "broker ="),
        (
            "a key nobody knows",
            "acks = \"all\"",
            "compression = \"zstd\"",
        ),
        (
            "a key of another table",
            "kafka =",
            "acks = \"all\"\nkafka =",
        ),
        ("a table nobody knows", "[[require]]", "[[requirement]]"),
        ("a Kafka nobody models", "\"4.1\"", "\"5.0\""),
        ("a Kafka between those modelled", "\"4.1\"", "\"3.7.1\""),
        ("a Kafka older than those modelled", "\"4.1\"", "\"0.9\""),
        ("acks misspelt", "\"all\"", "\"al\""),
        ("acks as a number", "\"all\"", "1"),
        ("a version as a number", "\"4.1\"", "4.1"),
        ("a number in quotes", "replicas = 2", "replicas = \"2\""),
        (
            "a switch in quotes",
            "acks =",
            "unclean_leader_election = \"no\"\nacks =",
        ),
        (
            "a promotion of nobody",
            "acks =",
            "observer_promotion = \"under-min-isr\"\nacks =",
        ),
        (
            "a policy nobody knows",
            "acks =",
            "observers = { north = 1 }\nobserver_promotion = \"always\"\nacks =",
        ),
        (
            "an observer without a broker",
            "acks =",
            "observers = { south = 1 }\nacks =",
        ),
        (
            "an observer nowhere",
            "acks =",
            "observers = { west = 1 }\nacks =",
        ),
        ("no observer", "acks =", "observers = { north = 0 }\nacks ="),
        (
            "a fraction of a broker",
            BROKERS,
            "brokers = { north = 1.5 }",
        ),
        // What is missing.
        ("no name", "name = \"Three sites and a witness\"", ""),
        ("no id", "id = \"orders\"\n", ""),
        ("one pair of brackets", "[[cluster]]", "[cluster]"),
        // Impossible numbers.
        ("no brokers", BROKERS, "brokers = {}"),
        ("0 brokers", BROKERS, "brokers = { north = 0 }"),
        ("-1 brokers", BROKERS, "brokers = { north = -1 }"),
        (
            "brokers beyond counting",
            "{ north = 2",
            "{ north = 99999999999999999999",
        ),
        ("no voters", "{ north = 1, south = 1, witness = 1 }", "{}"),
        ("10 voters in one place", "{ north = 1,", "{ north = 10,"),
        ("five datacenters", "witness = 1", "witness = 1, d = 1"),
        ("min ISR 0", "insync_replicas = 2", "insync_replicas = 0"),
        (
            "more replicas than brokers",
            REPLICAS,
            "replication_factor = 5",
        ),
        (
            "more replicas than brokers there",
            REPLICAS,
            "replicas = { south = 2 }",
        ),
        ("no replicas", REPLICAS, "replicas = {}"),
        (
            "five datacenters of brokers",
            "{ north = 2,",
            "{ north = 2, b = 1, c = 1, d = 1,",
        ),
        // Places and names.
        (
            "replicas in a datacenter misspelt",
            "east = 1 }\nmin",
            "eats = 1 }\nmin",
        ),
        (
            "replicas on a witness",
            "east = 1 }\nmin",
            "witness = 1 }\nmin",
        ),
        ("a datacenter like a broker", "witness = 1", "witness-1 = 1"),
        (
            "a datacenter like a terminal",
            "witness = 1",
            "\"\\u001b[31m\" = 1",
        ),
        ("a topic Kafka refuses", "\"orders\"", "\"or ders\""),
        (
            "two topics of one name",
            "[[require]]",
            "[[cluster.topic]]\nid = \"orders\"\n[[require]]",
        ),
        ("a key twice", "acks =", "min_insync_replicas = 1\nacks ="),
        // Contradictions.
        (
            "two ways to say replicas",
            "replicas = {",
            "replication_factor = 3\nreplicas = {",
        ),
        (
            "rack-aware by hand",
            "replicas = {",
            "rack_aware = true\nreplicas = {",
        ),
        (
            "ELR before it existed",
            "kafka = \"4.1\"\n\n[[cluster]]",
            "kafka = \"3.9\"\n\n[[cluster]]\neligible_leader_replicas = true",
        ),
        // What only ZooKeeper has.
        ("weights", "brokers =", "weights = { north = 2 }\nbrokers ="),
        (
            "observers of ZooKeeper",
            "brokers =",
            "zk_observers = { south = 1 }\nbrokers =",
        ),
        (
            "ZooKeeper",
            "brokers =",
            "metadata = \"zookeeper\"\nbrokers =",
        ),
        (
            "a hierarchical quorum",
            "brokers =",
            "quorum = \"hierarchical\"\nbrokers =",
        ),
        (
            "KRaft before it was there",
            "kafka = \"4.1\"\n\n[[cluster]]",
            "kafka = \"2.7\"\n\n[[cluster]]\nmetadata = \"kraft\"",
        ),
        (
            "weights of a majority",
            "kafka = \"4.1\"\n\n[[cluster]]",
            "kafka = \"2.7\"\n\n[[cluster]]\nweights = { north = 2 }",
        ),
        (
            "groups without weight",
            "kafka = \"4.1\"\n\n[[cluster]]",
            "kafka = \"2.7\"\n\n[[cluster]]\nquorum = \"hierarchical\"\nweights = { north = 0, south = 0, witness = 0 }",
        ),
        (
            "the weight of nobody",
            "kafka = \"4.1\"\n\n[[cluster]]",
            "kafka = \"2.7\"\n\n[[cluster]]\nquorum = \"hierarchical\"\nweights = { east = 2 }",
        ),
        (
            "a weight nowhere",
            "kafka = \"4.1\"\n\n[[cluster]]",
            "kafka = \"2.7\"\n\n[[cluster]]\nquorum = \"hierarchical\"\nweights = { nroth = 2 }",
        ),
        (
            "no ZooKeeper observers",
            "kafka = \"4.1\"\n\n[[cluster]]",
            "kafka = \"2.7\"\n\n[[cluster]]\nzk_observers = { north = 0 }",
        ),
        (
            "a quorum misspelt",
            "brokers =",
            "quorum = \"hierarchic\"\nbrokers =",
        ),
        // Goals.
        ("a goal for a fault misspelt", "dc-loss:*", "dc-los:*"),
        (
            "a goal for a datacenter misspelt",
            "dc-loss:*",
            "dc-loss:nroth",
        ),
        (
            "a goal for a disk of a witness",
            "dc-loss:*",
            "dc-destroyed:witness",
        ),
        ("a goal for a mirror", "dc-loss:*", "mirror-cut:a>b"),
        (
            "a goal with too many faults",
            "dc-loss:*",
            "lag+lag+lag+lag+lag",
        ),
        (
            "a goal for a property misspelt",
            "acked-somewhere",
            "acked-somwhere",
        ),
        ("a goal in the wrong word", "\"holds\"", "\"automatic\""),
        (
            "a goal about mirrors",
            "acked-somewhere = \"holds\"",
            "rpo = \"0\"",
        ),
        (
            "a goal without a property",
            "acked-somewhere = \"holds\"",
            "",
        ),
        (
            "a bound beyond the model",
            "[[require]]",
            "[bounds]\nrecords = 9\n[[require]]",
        ),
        // No topics; the whole of them goes.
        ("no topic", TOPICS, ""),
        (
            "a topic beside its cluster",
            TOPICS,
            "[[topic]]\nid = \"orders\"\n",
        ),
        ("a list of numbers for topics", TOPICS, "topic = [1]\n"),
        ("no topics in a list", TOPICS, "topic = []\n"),
        // Groups.
        ("a group without a name", "id = \"billing\"\n", ""),
        ("a group without a line", "\"billing\"", "\"bil\\nling\""),
        ("a group that reads nothing", "[\"orders\"]", "[]"),
        ("a group that reads no list", "[\"orders\"]", "\"orders\""),
        ("a group that reads a number", "[\"orders\"]", "[1]"),
        ("a group of a topic misspelt", "[\"orders\"]", "[\"order\"]"),
        (
            "a group that reads a topic twice",
            "[\"orders\"]",
            "[\"orders\", \"orders\"]",
        ),
        (
            "a group elsewhere",
            "runs_at = \"main\"",
            "runs_at = \"dr\"",
        ),
        (
            "two groups of one name",
            "[[require]]",
            "[[group]]\nid = \"billing\"\nreads = [\"orders\"]\n[[require]]",
        ),
        ("a group misspelt", "[[group]]", "[[groups]]"),
        ("a key of a group misspelt", "reads =", "read ="),
        (
            "commits with acks 1, which are gone",
            "factor = 3\nmin",
            "factor = 3\nacks = \"1\"\nmin",
        ),
        (
            "transactions with acks 1",
            "\"__consumer_offsets\"",
            "\"__transaction_state\"\nacks = \"1\"",
        ),
        // What lands later.
        (
            "when a group commits",
            "runs_at",
            "commits = \"after\"\nruns_at",
        ),
        (
            "a group that moves",
            "runs_at",
            "failover = { to = \"dr\", offsets = \"translated\" }\nruns_at",
        ),
        (
            "counts of a group that stays",
            "runs_at",
            "sink = { kind = \"stretched-database\" }\nruns_at",
        ),
        (
            "a link",
            "[[require]]",
            "[[link]]\nbetween = [\"north\", \"south\"]\n[[require]]",
        ),
        (
            "a simulation",
            "[[require]]",
            "[simulate]\nproduce_per_second = 1000\n[[require]]",
        ),
        ("the first Kafka with KRaft", "\"4.1\"", "\"2.8\""),
        (
            "a goal about availability",
            "acked-somewhere = \"holds\"",
            "writes-available = \"holds\"",
        ),
        (
            "a goal about metadata",
            "acked-somewhere = \"holds\"",
            "metadata-durable = \"automatic\"",
        ),
        (
            "a goal about commits",
            "acked-somewhere = \"holds\"",
            "offsets-durable = \"holds\"",
        ),
        (
            "a goal about the protocol",
            "acked-somewhere",
            "candidates-complete",
        ),
        (
            "a mirror",
            "[[require]]",
            "[[mirror]]\nfrom = \"main\"\n[[require]]",
        ),
        (
            "a second cluster",
            "[[require]]",
            "[[cluster]]\nid = \"dr\"\n[[require]]",
        ),
        // Not even TOML.
        ("an open quote", "\"orders\"", "\"orders"),
        ("an open table", "witness = 1 }", "witness = 1"),
        ("a bracket too few", "[[require]]", "[[require]"),
    ] {
        let error = read(&edited(&from.replace(TOPICS, &topics), to)).expect_err(mistake);
        assert!(error.line().is_some(), "{mistake}: no line");
        assert!(!error.remedy.is_empty(), "{mistake}: no remedy");
        let _ = writeln!(answers, "# {mistake}\n{error}\n");
    }
    insta::assert_snapshot!(answers);
}

/// Stands for all the topics of `RIGHT`.
const TOPICS: &str = "…";

/// `RIGHT` after several edits.
fn edited_often(edits: &[(&str, &str)]) -> String {
    let mut text = RIGHT.to_string();
    for (from, to) in edits {
        assert!(text.contains(from), "the edit of `{from}` edits nothing");
        text = text.replacen(from, to, 1);
    }
    text
}

const NO_OFFSETS: (&str, &str) = (OFFSETS, "");
const NO_GROUP: (&str, &str) = (GROUP, "");
/// Two datacenters that hold three replicas, and a witness.
const IN_TWO: [(&str, &str); 4] = [
    (BROKERS, "brokers = { north = 3, south = 3 }"),
    (REPLICAS, "replication_factor = 3"),
    NO_OFFSETS,
    NO_GROUP,
];
/// One datacenter.
const IN_ONE: [(&str, &str); 4] = [
    (BROKERS, "brokers = { north = 3 }"),
    (REPLICAS, "replication_factor = 3"),
    NO_OFFSETS,
    NO_GROUP,
];
const MIN_ISR: &str = "min_insync_replicas = 2";
const VOTERS: &str = "voters = { north = 1, south = 1, witness = 1 }";
/// ZooKeeper instead of KRaft.
const ZOOKEEPER: (&str, &str) = ("kafka = \"4.1\"", "kafka = \"2.7\"");

/// What Kafka accepts and its author probably does not mean: each is said once.
#[test]
fn every_oddity_is_pointed_out() {
    let mut answers = String::new();
    for (oddity, base, edit) in [
        ("no Kafka version", &[][..], ("kafka = \"4.1\"", "")),
        // How many replicas, and where.
        ("no replication factor", &[], (REPLICAS, "")),
        (
            "no replication factor, and two brokers",
            &[
                (BROKERS, "brokers = { north = 1, south = 1 }"),
                NO_OFFSETS,
                NO_GROUP,
                (MIN_ISR, "acks = \"0\""),
                ("acks = \"all\"\n", ""),
            ],
            (REPLICAS, ""),
        ),
        (
            "replicas in one of several datacenters",
            &[
                (BROKERS, "brokers = { north = 3, south = 1 }"),
                NO_OFFSETS,
                NO_GROUP,
            ],
            (REPLICAS, "replicas = { north = 3 }"),
        ),
        (
            "replicas that may all be in one datacenter",
            &IN_TWO,
            ("acks", "rack_aware = false\nacks"),
        ),
        // Min ISR, with acks=all.
        ("no min ISR", &[], (MIN_ISR, "")),
        ("min ISR 1", &[], (MIN_ISR, "min_insync_replicas = 1")),
        (
            "min ISR of all replicas",
            &[NO_OFFSETS, NO_GROUP],
            (MIN_ISR, "min_insync_replicas = 3"),
        ),
        (
            "min ISR of all replicas in two datacenters",
            &IN_TWO,
            (MIN_ISR, "min_insync_replicas = 3"),
        ),
        (
            "min ISR of both replicas",
            &[NO_OFFSETS, NO_GROUP],
            (REPLICAS, "replicas = { north = 1, south = 1 }"),
        ),
        (
            "min ISR above the replicas",
            &[NO_OFFSETS, NO_GROUP],
            (MIN_ISR, "min_insync_replicas = 4"),
        ),
        (
            "min ISR above one replica",
            &[NO_OFFSETS, NO_GROUP],
            (REPLICAS, "replicas = { north = 1 }"),
        ),
        (
            "min ISR within one datacenter, by rack",
            &IN_TWO[1..],
            (BROKERS, "brokers = { north = 3, south = 3 }"),
        ),
        (
            "min ISR within one datacenter, by hand",
            &[NO_OFFSETS, NO_GROUP],
            (REPLICAS, "replicas = { north = 2, east = 1 }"),
        ),
        (
            "min ISR within one datacenter, anywhere",
            &[NO_OFFSETS, NO_GROUP],
            (REPLICAS, "replication_factor = 3\nrack_aware = false"),
        ),
        // The other acks.
        ("min ISR with acks 1", &[], ("\"all\"", "\"1\"")),
        ("acks 0", &[], ("\"all\"", "\"0\"")),
        (
            "acks 1 and min ISR 1",
            &[(MIN_ISR, "min_insync_replicas = 1")],
            ("\"all\"", "\"1\""),
        ),
        // Unclean election.
        (
            "unclean election",
            &[],
            ("acks", "unclean_leader_election = true\nacks"),
        ),
        (
            "unclean election that the controller ignores",
            &[("\"4.1\"", "\"3.5\"")],
            ("acks", "unclean_leader_election = true\nacks"),
        ),
        // Voters.
        (
            "half of the voters on each side",
            &[],
            (VOTERS, "voters = { north = 2, south = 2 }"),
        ),
        (
            "half of the voters in one place",
            &[],
            (VOTERS, "voters = { north = 2, south = 1, east = 1 }"),
        ),
        (
            "most voters in one place",
            &[],
            (VOTERS, "voters = { north = 2, south = 1 }"),
        ),
        (
            "all voters in one place",
            &[],
            (VOTERS, "voters = { north = 3 }"),
        ),
        (
            "half of the voters on the witness",
            &[],
            (VOTERS, "voters = { north = 1, south = 1, witness = 2 }"),
        ),
        // ZooKeeper.
        (
            "unclean election with ZooKeeper",
            &[ZOOKEEPER],
            ("acks", "unclean_leader_election = true\nacks"),
        ),
        (
            "two groups of ZooKeeper servers",
            &[ZOOKEEPER],
            (
                VOTERS,
                "voters = { north = 3, south = 3 }\nquorum = \"hierarchical\"",
            ),
        ),
        (
            "three groups, of which one has all the weight",
            &[ZOOKEEPER],
            (
                VOTERS,
                "voters = { north = 3, south = 3, east = 3 }\nquorum = \"hierarchical\"\n\
                 weights = { south = 0, east = 0 }",
            ),
        ),
        // Groups.
        ("offsets by default", &[], NO_OFFSETS),
        (
            "offsets by default on two brokers",
            &[
                (BROKERS, "brokers = { north = 2 }"),
                (MIN_ISR, ""),
                ("acks = \"all\"", "acks = \"0\""),
                (REPLICAS, "replication_factor = 2"),
            ],
            NO_OFFSETS,
        ),
        (
            "offsets with a lower min ISR",
            &[],
            (
                "factor = 3\nmin_insync_replicas = 2",
                "factor = 3\nmin_insync_replicas = 1",
            ),
        ),
        (
            "offsets with fewer replicas",
            &[("acks = \"all\"", "acks = \"0\"")],
            ("factor = 3", "factor = 2"),
        ),
    ] {
        let edits = [base, &[edit]].concat();
        let before = read(&edited_often(base)).unwrap_or_default();
        let warnings = read(&edited_often(&edits)).expect(oddity);
        let new: Vec<&Remark> = warnings
            .iter()
            .filter(|warning| before.iter().all(|known| known.what != warning.what))
            .collect();
        assert!(!new.is_empty(), "{oddity}: nothing is said");
        let _ = writeln!(answers, "# {oddity}");
        for warning in new {
            assert!(warning.line().is_some(), "{oddity}: no line");
            assert!(warning.key.is_some(), "{oddity}: no key");
            assert!(!warning.remedy.is_empty(), "{oddity}: no remedy");
            let _ = writeln!(answers, "{warning}\n");
        }
    }
    insta::assert_snapshot!(answers);
}

/// What looks like an oddity and is none is not spoken of.
#[test]
fn what_is_well_meant_is_left_alone() {
    let replicas = |text: &str, wanted: usize| match wanted <= MOST_BROKERS {
        true => Some(text.to_string()),
        false => None,
    };
    let four = replicas(
        &edited_often(&IN_TWO)
            .replace("factor = 3", "factor = 4")
            .replace(MIN_ISR, "min_insync_replicas = 3"),
        4,
    );
    for (case, text) in [
        (
            "as many voters as two, but three",
            edited(VOTERS, "voters = { north = 2, south = 2, witness = 2 }"),
        ),
        (
            "three groups of ZooKeeper servers",
            edited_often(&[
                ZOOKEEPER,
                (
                    VOTERS,
                    "voters = { north = 3, south = 3, east = 3 }\nquorum = \"hierarchical\"\n\
                     metadata = \"zookeeper\"\nzk_observers = { north = 1 }",
                ),
            ]),
        ),
        (
            "anywhere, with a broker each",
            edited_often(&[
                (BROKERS, "brokers = { north = 1, south = 1, east = 1 }"),
                (REPLICAS, "replication_factor = 3\nrack_aware = false"),
            ]),
        ),
        (
            "anywhere in the only datacenter",
            edited_often(&IN_ONE).replace("acks", "rack_aware = false\nacks"),
        ),
        (
            "all replicas in the only datacenter",
            edited_often(&IN_ONE).replace("replication_factor = 3", "replicas = { north = 3 }"),
        ),
        (
            "all voters in the only datacenter",
            edited_often(&IN_ONE).replace(VOTERS, "voters = { north = 3 }"),
        ),
        (
            "unclean election off",
            edited("acks", "unclean_leader_election = false\nacks"),
        ),
        ("acks left out", edited("acks = \"all\"", "")),
        (
            "rack-aware as it is by default",
            edited(REPLICAS, "replication_factor = 3\nrack_aware = true"),
        ),
        (
            "a topic of transactions",
            edited("\"orders\"\nrep", "\"__transaction_state\"\nrep")
                .replace("[\"orders\"]", "[\"__transaction_state\"]"),
        ),
        (
            "a group of the offsets themselves",
            edited("[\"orders\"]", "[\"__consumer_offsets\"]"),
        ),
    ]
    .into_iter()
    .chain(four.map(|four| ("a min ISR above the share of each of two datacenters", four)))
    {
        assert_eq!(read(&text), Ok(Vec::new()), "{case}\n{text}");
    }
    // Whoever is content with min ISR 1 is told so once, and not of the offsets too.
    let modest = read(&edited_often(&[
        NO_OFFSETS,
        (MIN_ISR, "min_insync_replicas = 1"),
    ]));
    assert_eq!(modest.map(|warnings| warnings.len()), Ok(1));
}

/// More replicas than the search can follow are refused, and more than it can go through are
/// pointed out.
#[test]
fn many_replicas_are_refused_or_pointed_out() {
    let many = |replicas: usize| {
        edited_often(&[(BROKERS, "brokers = { north = 9, south = 9, east = 9 }")])
            .replace(REPLICAS, &format!("replication_factor = {replicas}"))
    };
    let refused = read(&many(MOST_BROKERS + 1)).expect_err("too many");
    assert!(refused.what.contains("not supported yet"), "{refused}");
    assert_eq!(
        refused.key.as_deref(),
        Some("cluster.topic.replication_factor")
    );
    for replicas in 1..=MOST_BROKERS {
        let warnings = read(&many(replicas)).expect("not too many");
        let is_said = warnings
            .iter()
            .any(|warning| warning.what.contains("not claimed"));
        assert_eq!(is_said, replicas > 6, "{replicas} replicas");
    }
}

/// The topic that groups imply follows those of the file, and knows why it is there.
#[test]
fn a_group_implies_the_topic_of_its_offsets() {
    let deployment = |text: &str| {
        let source = Source::new("my.toml", text);
        deployment_file::read(&source).expect("legal").0
    };
    let second = "[[group]]\nid = \"audit\"\nreads = [\"orders\"]\n[[require]]";
    let implied = deployment(&edited_often(&[NO_OFFSETS, ("[[require]]", second)]));
    assert_eq!(
        implied.cluster.topics[1..],
        [Topic {
            id: CONSUMER_OFFSETS.into(),
            placement: Placement::RackAware(3),
            min_insync_replicas: 1,
            acks: Acks::All,
            unclean_leader_election: false,
            observers: vec![0; implied.cluster.sites.len()],
            observer_promotion: ObserverPromotion::default(),
            implied_by: vec!["group billing".into(), "group audit".into()],
        }]
    );
    let named = deployment(RIGHT);
    assert_eq!(named.cluster.topics.len(), 2);
    assert!(
        named
            .cluster
            .topics
            .iter()
            .all(|topic| topic.implied_by.is_empty())
    );
    assert_eq!(named.groups[0].reads, ["orders"]);
    let without = deployment(&edited_often(&[NO_OFFSETS, NO_GROUP]));
    assert_eq!(without.cluster.topics.len(), 1);
}

#[test]
fn what_is_no_deployment_at_all_is_refused() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-deployments");
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let written = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("a file for the test");
        path
    };
    for (path, expected) in [
        (folder.clone(), "this is a directory"),
        (folder.join("absent.toml"), "this file cannot be read"),
        (
            written("binary", b"name = \"\xff\xfe\""),
            "byte 8 is not UTF-8",
        ),
        (
            written("huge", &vec![b'#'; 1024 * 1024 + 1]),
            "longer than a MiB",
        ),
    ] {
        let error = Source::read(&path).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(&*path.to_string_lossy()), "{error}");
    }
    for empty in ["", "\n\n", " \t\r\n", "\u{feff}"] {
        let error = read(empty).expect_err("empty");
        assert!(error.what.contains("empty"), "{error}");
    }
    let no_cluster = read("name = \"nothing\"\nkafka = \"4.1\"\ncluster = []\n");
    let no_cluster = no_cluster.expect_err("no cluster");
    assert_eq!(no_cluster.what, "this file has no cluster");
    let only_comments = read("# to do\n").expect_err("no name");
    assert_eq!(only_comments.key.as_deref(), Some("name"));
}

/// Whatever stands where a file should: one answer on stderr, nothing on stdout, exit code 2.
#[test]
fn whatever_cannot_be_read_ends_the_command_with_2() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unreadable");
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let written = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("a file for the test");
        path
    };
    let mut paths = vec![
        folder.clone(),
        folder.join("absent.toml"),
        folder.join("absent").join("absent.toml"),
        written("empty.toml", b""),
        written("zero.toml", &[0; 4096]),
        written(
            "binary.toml",
            &(0..=255).cycle().take(9000).collect::<Vec<u8>>(),
        ),
        written("huge.toml", &vec![b'\n'; 64 * 1024 * 1024]),
        written(
            "long.toml",
            format!("name = \"{}\"", "x".repeat(1_000_000)).as_bytes(),
        ),
        written(
            "deep.toml",
            format!("a = {}", "[".repeat(500_000)).as_bytes(),
        ),
    ];
    #[cfg(unix)]
    {
        let circle = folder.join("circle.toml");
        let _ = std::fs::remove_file(&circle);
        std::os::unix::fs::symlink(&circle, &circle).expect("a link for the test");
        paths.extend([circle, "/dev/zero".into(), "/dev/null".into()]);
    }
    for path in paths {
        for command in ["check", "explain", "replay"] {
            let mut highwater = assert_cmd::Command::cargo_bin("highwater").expect("it is built");
            let ended = highwater.arg(command).arg(&path).assert().code(2);
            let output = ended.get_output();
            let answer = String::from_utf8_lossy(&output.stderr);
            assert!(output.stdout.is_empty(), "{command} {path:?}");
            assert!(
                answer.starts_with("error: "),
                "{command} {path:?}: {answer}"
            );
            assert!(
                answer.len() < 4000,
                "{command} {path:?}: {} bytes",
                answer.len()
            );
        }
    }
}

#[test]
fn a_file_cannot_paint_the_terminal() {
    let red = "\u{1b}[31m";
    for text in [
        edited("\"all\"", &format!("\"{red}\"")),
        edited("acks", red),
        edited("acks =", &format!("# {red}\nacks =")),
        edited("\"all\"", "\"\\u001b[31m\""),
        edited("dc-loss:*", "dc-loss:\\u001b[31m"),
        edited("acks", "\"\\u001b[31m\""),
    ] {
        let error = read(&text).expect_err("red").to_string();
        assert!(!error.contains('\u{1b}'), "{error}");
    }
}

#[test]
fn depth_does_not_overflow_the_stack() {
    let deep = 200_000;
    for text in [
        format!("a = {}", "[".repeat(deep)),
        format!("a = {}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("a = {}", "{a=".repeat(deep)),
        format!("a = {}1{}", "{a=".repeat(deep), "}".repeat(deep)),
        format!("a{} = 1", ".a".repeat(deep)),
        format!("[a{}]", ".a".repeat(deep)),
        format!("[[a{}]]", ".a".repeat(deep)),
        format!("a = {{ b{} = 1 }}", ".b".repeat(deep)),
    ] {
        let error = read(&text).expect_err("too deep").to_string();
        // A line of a hundred thousand letters is not shown whole.
        assert!(error.len() < 2000, "{} bytes of answer", error.len());
    }
}
