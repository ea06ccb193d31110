//! What a person reads whose file is wrong, or is not what they mean.
//!
//! Every row is one edit of a file that is right.  The snapshots are to be read as prose: line,
//! key and remedy, without knowing this code.

use highwater_checks::{Remark, Source, deployment_file};
use proptest::prelude::*;
use std::fmt::Write;
use std::path::Path;

const RIGHT: &str = r#"name = "Two sites and a witness"
kafka = "4.1"

[[cluster]]
id = "main"
brokers = { north = 2, south = 1 }
voters = { north = 1, south = 1, witness = 1 }

[[cluster.topic]]
id = "orders"
replicas = { north = 2, south = 1 }
min_insync_replicas = 2
acks = "all"

[[require]]
fault = "dc-loss:*"
acked-somewhere = "holds"
"#;

/// The replicas of `RIGHT`, to be replaced by a number of them.
const REPLICAS: &str = "replicas = { north = 2, south = 1 }";

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
        ("a Kafka with ZooKeeper", "\"4.1\"", "\"2.7\""),
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
            "a fraction of a broker",
            "north = 2, south = 1 }\nvoters",
            "north = 1.5 }\nvoters",
        ),
        // What is missing.
        ("no name", "name = \"Two sites and a witness\"", ""),
        ("no topic", "[[cluster.topic]]", "[[topic]]"),
        ("no id", "id = \"orders\"\n", ""),
        ("one pair of brackets", "[[cluster]]", "[cluster]"),
        (
            "a list of numbers for topics",
            "[[cluster.topic]]",
            "topic = [1]\n[other]",
        ),
        // Impossible numbers.
        (
            "no brokers",
            "brokers = { north = 2, south = 1 }",
            "brokers = {}",
        ),
        (
            "0 brokers",
            "north = 2, south = 1 }\nvoters",
            "north = 0 }\nvoters",
        ),
        (
            "-1 brokers",
            "north = 2, south = 1 }\nvoters",
            "north = -1 }\nvoters",
        ),
        (
            "brokers beyond counting",
            "{ north = 2",
            "{ north = 99999999999999999999",
        ),
        ("no voters", "{ north = 1, south = 1, witness = 1 }", "{}"),
        ("10 voters in one place", "{ north = 1,", "{ north = 10,"),
        (
            "five datacenters",
            "witness = 1",
            "witness = 1, d = 1, e = 1",
        ),
        ("min ISR 0", "insync_replicas = 2", "insync_replicas = 0"),
        (
            "more replicas than brokers",
            REPLICAS,
            "replication_factor = 4",
        ),
        (
            "more replicas than brokers there",
            "{ north = 2, south = 1 }\nmin",
            "{ south = 2 }\nmin",
        ),
        ("no replicas", REPLICAS, "replicas = {}"),
        (
            "five datacenters of brokers",
            "{ north = 2,",
            "{ north = 2, b = 1, c = 1, d = 1,",
        ),
        (
            "no topics in a list",
            "[[cluster.topic]]",
            "topic = []\n[other]",
        ),
        // Places and names.
        (
            "replicas in a datacenter misspelt",
            "south = 1 }\nmin",
            "sout = 1 }\nmin",
        ),
        (
            "replicas on a witness",
            "south = 1 }\nmin",
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
        // What lands later.
        ("observers", "acks =", "observers = { south = 1 }\nacks ="),
        (
            "four replicas",
            "{ north = 2, south = 1 }\nvoters",
            "{ north = 4 }\nvoters",
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
        let mut text = edited(from, to);
        if mistake == "four replicas" {
            text = text.replacen(REPLICAS, "replication_factor = 4", 1);
        }
        let error = read(&text).expect_err(mistake);
        assert!(error.line().is_some(), "{mistake}: no line");
        assert!(!error.remedy.is_empty(), "{mistake}: no remedy");
        let _ = writeln!(answers, "# {mistake}\n{error}\n");
    }
    insta::assert_snapshot!(answers);
}

#[test]
fn every_oddity_is_pointed_out() {
    let mut answers = String::new();
    for (oddity, from, to) in [
        ("no Kafka version", "kafka = \"4.1\"", ""),
        ("no replication factor", REPLICAS, ""),
        ("no min ISR", "min_insync_replicas = 2", ""),
        (
            "min ISR 1",
            "min_insync_replicas = 2",
            "min_insync_replicas = 1",
        ),
        (
            "min ISR above the replicas",
            "min_insync_replicas = 2",
            "min_insync_replicas = 4",
        ),
        ("min ISR with acks 1", "\"all\"", "\"1\""),
        ("acks 0", "\"all\"", "\"0\""),
        ("half of the voters in one place", ", witness = 1", ""),
        ("most voters in one place", "{ north = 1,", "{ north = 3,"),
    ] {
        let warnings = read(&edited(from, to)).expect(oddity);
        assert!(!warnings.is_empty(), "{oddity}: nothing is said");
        let _ = writeln!(answers, "# {oddity}");
        for warning in warnings {
            let _ = writeln!(answers, "{warning}\n");
        }
    }
    insta::assert_snapshot!(answers);
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

const SHIPPED: [(&str, &str); 3] = [
    (
        "stretched-3dc",
        include_str!("../deployments/stretched-3dc.toml"),
    ),
    (
        "stretched-2dc-witness",
        include_str!("../deployments/stretched-2dc-witness.toml"),
    ),
    (
        "single-site-acks-1",
        include_str!("../deployments/single-site-acks-1.toml"),
    ),
];

/// A change to the bytes of a file; places are taken modulo what is there.
#[derive(Clone, Debug)]
enum Mutation {
    DropByte(usize),
    SetByte(usize, u8),
    DropLine(usize),
    RepeatLine(usize),
    SwapLines(usize, usize),
    Cut(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = || any::<usize>();
    prop_oneof![
        at().prop_map(Mutation::DropByte),
        // Mostly letters that mean something to TOML.
        (
            at(),
            prop_oneof![
                any::<u8>(),
                proptest::sample::select(&b"[]{}=\".,#'\\-0919ax\n"[..])
            ]
        )
            .prop_map(|(at, byte)| Mutation::SetByte(at, byte)),
        at().prop_map(Mutation::DropLine),
        at().prop_map(Mutation::RepeatLine),
        (at(), at()).prop_map(|(x, y)| Mutation::SwapLines(x, y)),
        at().prop_map(Mutation::Cut),
    ]
}

fn mutated(text: &str, mutations: &[Mutation]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for mutation in mutations {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(Vec::from).collect();
        let count = lines.len();
        match *mutation {
            Mutation::DropByte(at) => {
                bytes.remove(at % length);
                continue;
            }
            Mutation::SetByte(at, byte) => {
                bytes[at % length] = byte;
                continue;
            }
            Mutation::Cut(at) => {
                bytes.truncate(at % length);
                continue;
            }
            Mutation::DropLine(at) => {
                lines.remove(at % count);
            }
            Mutation::RepeatLine(at) => {
                let line = lines[at % count].clone();
                lines.insert(at % count, line);
            }
            Mutation::SwapLines(x, y) => lines.swap(x % count, y % count),
        }
        bytes = lines.join(&b'\n');
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever a file says, it is read or it is answered; and what is read can be laid out.
    #[test]
    fn no_file_makes_the_reader_panic(
        shipped in proptest::sample::select(&SHIPPED[..]),
        mutations in proptest::collection::vec(mutation(), 1..6),
    ) {
        let text = mutated(shipped.1, &mutations);
        match deployment_file::read(&Source::new("mutated.toml", text)) {
            Err(error) => {
                prop_assert!(!error.what.is_empty() && !error.remedy.is_empty());
                prop_assert!(!error.render(true).is_empty() && !error.to_string().is_empty());
            }
            Ok((deployment, warnings)) => {
                prop_assert!(warnings.iter().all(|warning| !warning.to_string().is_empty()));
                let rows = highwater_checks::ladder::rows(&deployment);
                for topic in &deployment.cluster.topics {
                    let settings = highwater_checks::placement::classes(&deployment, topic);
                    prop_assert!(!settings.is_empty());
                    for row in &rows {
                        let kept = highwater_checks::ladder::reduce_orders(
                            &deployment,
                            &row.faults,
                            settings.clone(),
                        );
                        prop_assert!(!kept.is_empty());
                    }
                }
            }
        }
    }
}
