//! Whatever a file says, it is read or it is answered; nothing in it makes us panic.
//!
//! Shipped deployments, experiments and stories are changed a little or a lot, and every reader
//! gets to see the result.  What is accepted is laid out as for a search, which is not begun; a
//! story is replayed.  `PROPTEST_CASES=1000000` tries that many texts.

use highwater_checks::check::{self, Options};
use highwater_checks::joined::cause;
use highwater_checks::{
    Remark, Source, deployment_file, experiment_file, ladder, liveness, mirroring, placement,
    quorum, replay,
};
use highwater_vocabulary::{Deployment, Story};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Every file that is shipped.
static SHIPPED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = ["deployments", "experiments", "stories"]
        .iter()
        .flat_map(|folder| files(&root.join(folder)))
        .collect();
    paths.sort();
    let text = |path: PathBuf| std::fs::read_to_string(path).expect("a shipped file");
    let mut texts: Vec<String> = paths.into_iter().map(text).collect();
    // So that deployments, of which there are few, are tried as often as the rest.
    let alone = texts.iter().filter(|text| !text.contains("[[mirror]]"));
    let deployments: Vec<String> = alone.take(3).cloned().collect();
    while texts
        .iter()
        .filter(|text| text.contains("[[cluster]]"))
        .count()
        * 2
        < texts.len()
    {
        texts.extend(deployments.iter().map(|text| format!("{text}{MORE}")));
    }
    texts
});

/// What no shipped deployment has.
const MORE: &str = r#"
[[cluster.topic]]
id = "__consumer_offsets"
rack_aware = false
replication_factor = 2
[[group]]
id = "billing"
reads = ["__consumer_offsets"]
[bounds]
elections = 1
"#;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder that is shipped");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

/// Keys and headers that mean something somewhere.
const KEYS: [&str; 53] = [
    "from",
    "to",
    "runs_in",
    "tool",
    "topics",
    "naming",
    "offsets",
    "name",
    "kafka",
    "id",
    "brokers",
    "voters",
    "metadata",
    "quorum",
    "weights",
    "zk_observers",
    "eligible_leader_replicas",
    "replication_factor",
    "rack_aware",
    "replicas",
    "min_insync_replicas",
    "acks",
    "unclean_leader_election",
    "observers",
    "observer_promotion",
    "fault",
    "acked-somewhere",
    "writes-available",
    "rpo",
    "records",
    "elections",
    "isr_changes",
    "reads",
    "runs_at",
    "failover",
    "commits",
    "sink",
    "cluster",
    "topic",
    "group",
    "require",
    "mirror",
    "title",
    "question",
    "source",
    "headline",
    "setting",
    "variant",
    "faults",
    "row",
    "verdicts",
    "states",
    "default",
];

/// Values that are right somewhere, and values that are right nowhere.
const VALUES: [&str; 49] = [
    "0",
    "1",
    "2",
    "3",
    "4",
    "6",
    "8",
    "9",
    "99",
    "255",
    "256",
    "999",
    "65536",
    "-1",
    "9223372036854775807",
    "99999999999999999999",
    "0x7f",
    "1_000",
    "1.5",
    "nan",
    "true",
    "false",
    "\"\"",
    "\"all\"",
    "\"1\"",
    "\"0\"",
    "\"3.5\"",
    "\"3.9\"",
    "\"4.0\"",
    "\"2.7\"",
    "\"holds\"",
    "\"violated\"",
    "\"kraft\"",
    "\"zookeeper\"",
    "\"dc-loss:*\"",
    "\"lag+dc-loss:*\"",
    "\"cut:*|*\"",
    "\"one-way-cut:*>*\"",
    "\"*\"",
    "\"north\"",
    "\"__consumer_offsets\"",
    "{ north = 1, south = 1, east = 1 }",
    "{ north = 9, south = 9, east = 9 }",
    "{ a = 1, b = 2, c = 3, d = 4 }",
    "{ north = 2 }",
    "[]",
    "[\"orders\"]",
    "[{}]",
    "1979-05-27",
];

/// Lines that are right in many a file that has the key already.
const TURNS: [(&str, &str); 34] = [
    ("kafka", "\"3.5\""),
    ("kafka", "\"3.9\""),
    ("kafka", "\"4.0\""),
    ("brokers", "{ north = 3, south = 2 }"),
    ("brokers", "{ north = 9 }"),
    ("brokers", "{ a = 1, b = 2, c = 3, d = 4 }"),
    ("brokers", "{ north = 4, south = 4, east = 4, west = 4 }"),
    ("brokers", "[\"north-1\", \"north-2\", \"south-1\"]"),
    ("voters", "{ north = 9 }"),
    ("voters", "{ north = 2, south = 2 }"),
    ("voters", "{ north = 1, witness = 1 }"),
    ("replication_factor", "1"),
    ("replication_factor", "2"),
    ("replication_factor", "3"),
    ("replication_factor", "6"),
    ("replication_factor", "8"),
    ("replicas", "{ north = 1 }"),
    ("replicas", "{ north = 1, south = 2 }"),
    ("rack_aware", "true"),
    ("min_insync_replicas", "1"),
    ("min_insync_replicas", "3"),
    ("min_insync_replicas", "99"),
    ("acks", "\"all\""),
    ("acks", "\"1\""),
    ("acks", "\"0\""),
    ("unclean_leader_election", "true"),
    ("fault", "\"lag+dc-loss:*\""),
    ("fault", "\"cut:*|*+lag+lag\""),
    ("fault", "\"one-way-cut:*>*+controller-failover\""),
    ("row", "\"none\""),
    ("row", "\"lag+broker-wiped\""),
    ("records", "3"),
    ("elections", "6"),
    ("isr_changes", "0"),
];

/// Events and facts of stories, in and out of place.
const LINES: [&str; 24] = [
    "produce north-1 r1",
    "ack north-1 r1",
    "fetch south-1",
    "fetch-lost south-1",
    "learn south-1 9",
    "shrink north-1 south-1",
    "apply north-1",
    "told north-1",
    "fence north-1",
    "register north-1",
    "unfence north-1",
    "crash north-1",
    "power-loss north-1 255",
    "restart north-1",
    "lose north",
    "darken north 1 1",
    "return north",
    "cut north south",
    "set-min-isr 255",
    "elect-unclean",
    "----",
    "given",
    "north-1 |r1'1 r2'2",
    "[[cluster.topic]]",
];

/// A change to a text; places are taken modulo what is there.
#[derive(Clone, Debug)]
enum Mutation {
    DropByte(Index),
    SetByte(Index, u8),
    DropLine(Index),
    RepeatLine(Index, u8),
    SwapLines(Index, Index),
    Cut(Index),
    /// A line of another file.
    Borrow(Index, Index, Index),
    /// The rest of another file.
    Splice(Index, Index, Index),
    SetKey(Index, &'static str),
    SetValue(Index, &'static str),
    Insert(Index, String),
    /// Every line that has the key gets the value.
    Turn(&'static str, &'static str),
    /// A number becomes another one.
    SetNumber(Index, &'static str),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    let byte = prop_oneof![
        any::<u8>(),
        select(&b"[]{}=\".,#'\\-+:|>*0919ax\n\r\t "[..])
    ];
    let line = prop_oneof![
        (select(&KEYS[..]), select(&VALUES[..]))
            .prop_map(|(key, value)| format!("{key} = {value}")),
        select(&KEYS[..]).prop_map(|key| format!("[{key}]")),
        select(&KEYS[..]).prop_map(|key| format!("[[{key}]]")),
        select(&LINES[..]).prop_map(String::from),
    ];
    prop_oneof![
        1 => at().prop_map(Mutation::DropByte),
        2 => (at(), byte).prop_map(|(at, byte)| Mutation::SetByte(at, byte)),
        1 => at().prop_map(Mutation::DropLine),
        1 => (at(), 1u8..20).prop_map(|(at, times)| Mutation::RepeatLine(at, times)),
        1 => (at(), at()).prop_map(|(x, y)| Mutation::SwapLines(x, y)),
        1 => at().prop_map(Mutation::Cut),
        2 => (at(), at(), at()).prop_map(|(at, file, line)| Mutation::Borrow(at, file, line)),
        1 => (at(), at(), at()).prop_map(|(at, file, line)| Mutation::Splice(at, file, line)),
        2 => (at(), select(&KEYS[..])).prop_map(|(at, key)| Mutation::SetKey(at, key)),
        4 => (at(), select(&VALUES[..])).prop_map(|(at, value)| Mutation::SetValue(at, value)),
        3 => (at(), line).prop_map(|(at, line)| Mutation::Insert(at, line)),
        9 => select(&TURNS[..]).prop_map(|(key, value)| Mutation::Turn(key, value)),
        3 => (at(), select(&VALUES[..20])).prop_map(|(at, value)| Mutation::SetNumber(at, value)),
    ]
}

fn mutated(text: &str, mutations: &[Mutation]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for mutation in mutations {
        bytes = one_mutation(bytes, mutation);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn one_mutation(mut bytes: Vec<u8>, mutation: &Mutation) -> Vec<u8> {
    if bytes.is_empty() {
        return bytes;
    }
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(Vec::from).collect();
    let count = lines.len();
    match mutation {
        Mutation::DropByte(at) => {
            bytes.remove(at.index(bytes.len()));
            return bytes;
        }
        Mutation::SetByte(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
            return bytes;
        }
        Mutation::Cut(at) => {
            bytes.truncate(at.index(bytes.len()));
            return bytes;
        }
        Mutation::SetNumber(at, value) => {
            let digits: Vec<usize> = (0..bytes.len())
                .filter(|at| bytes[*at].is_ascii_digit())
                .collect();
            if !digits.is_empty() {
                let at = digits[at.index(digits.len())];
                bytes.splice(at..=at, value.bytes());
            }
            return bytes;
        }
        Mutation::DropLine(at) => {
            lines.remove(at.index(count));
        }
        Mutation::RepeatLine(at, times) => {
            let at = at.index(count);
            let line = lines[at].clone();
            lines.splice(at..at, std::iter::repeat_n(line, usize::from(*times)));
        }
        Mutation::SwapLines(x, y) => lines.swap(x.index(count), y.index(count)),
        Mutation::Borrow(at, file, line) => {
            let other: Vec<&str> = SHIPPED[file.index(SHIPPED.len())].lines().collect();
            lines.insert(at.index(count), other[line.index(other.len())].into());
        }
        Mutation::Splice(at, file, line) => {
            let other: Vec<&str> = SHIPPED[file.index(SHIPPED.len())].lines().collect();
            lines.truncate(at.index(count));
            let rest = &other[line.index(other.len())..];
            lines.extend(rest.iter().map(|line| line.as_bytes().to_vec()));
        }
        Mutation::SetKey(at, key) => {
            let line = &mut lines[at.index(count)];
            let end = line.iter().position(|byte| *byte == b'=').unwrap_or(0);
            line.splice(..end, key.bytes());
        }
        Mutation::Turn(key, value) => {
            for line in &mut lines {
                let is_meant = line
                    .strip_prefix(key.as_bytes())
                    .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"="));
                if is_meant {
                    *line = format!("{key} = {value}").into_bytes();
                }
            }
        }
        Mutation::SetValue(at, value) => {
            let line = &mut lines[at.index(count)];
            if let Some(begin) = line.iter().position(|byte| *byte == b'=') {
                line.splice(begin + 1.., value.bytes());
            }
        }
        Mutation::Insert(at, line) => lines.insert(at.index(count), line.clone().into_bytes()),
    }
    lines.join(&b'\n')
}

/// An answer can be printed, says what is wrong and what to do.
fn is_an_answer(remark: &Remark) -> bool {
    !remark.what.is_empty()
        && !remark.remedy.is_empty()
        && !remark.render(true).is_empty()
        && !remark.to_string().contains('\u{1b}')
}

/// Lays a deployment out as `check` does before it searches.
fn lay_out(deployment: &Deployment) {
    let names = deployment.cluster.datacenters();
    let rows = ladder::rows(deployment);
    for topic in &deployment.cluster.topics {
        let settings = placement::classes(deployment, topic);
        assert!(!settings.is_empty());
        assert!(
            settings
                .iter()
                .all(|setting| !placement::words(setting).is_empty())
        );
        // Many replicas anywhere make hundreds; a few rows, or none, stand for the others then.
        let rows = match settings.len() {
            0..50 => &rows[..],
            50..500 => &rows[..rows.len().min(2)],
            _ => &rows[..0],
        };
        for row in rows {
            assert!(!row.faults.name(&names).is_empty());
            let models = check::models(deployment, topic, &row.faults, &Options::default());
            assert!(!models.is_empty());
            for model in models {
                assert!(!model.beginnings().is_empty());
            }
        }
    }
}

/// Which readers accepted a text.
#[derive(Clone, Copy, Default)]
struct Accepted {
    deployment: bool,
    experiment: bool,
    story: bool,
}

/// Shows the text to every reader; panics if one does.
fn read(text: &str) -> Accepted {
    let source = Source::new("mutated", text);
    let deployment = deployment_file::read_joined(&source);
    match &deployment {
        Err(error) => assert!(is_an_answer(error), "{error:?}"),
        Ok((joined, warnings)) => {
            assert!(warnings.iter().all(is_an_answer), "{warnings:?}");
            joined.parts.iter().for_each(lay_out);
            if !joined.mirrors.is_empty() {
                let rows = cause::ladder(joined);
                assert!(rows.iter().all(|row| !row.name(joined).is_empty()));
            }
        }
    }
    let experiment = experiment_file::read(&source);
    match &experiment {
        Err(error) => assert!(is_an_answer(error), "{error:?}"),
        Ok(experiment) => assert!(!experiment.model.beginnings().is_empty()),
    }
    let quorum = quorum::experiment_file::read(&source);
    if let Err(error) = &quorum {
        assert!(is_an_answer(error), "{error:?}");
    }
    let liveness = liveness::experiment_file::read(&source);
    if let Err(error) = &liveness {
        assert!(is_an_answer(error), "{error:?}");
    }
    let mirrors = mirroring::experiment_file::read(&source);
    match &mirrors {
        Err(error) => assert!(is_an_answer(error), "{error:?}"),
        Ok(experiment) => assert!(experiment.model.setting.tasks.len() <= 8),
    }
    let story = Story::parse(text);
    match &story {
        Err(error) => {
            let answer = source.line(error.line, error.what.as_str());
            assert!(!answer.to_string().is_empty());
        }
        Ok(story) => {
            let _ = replay::replay(story);
        }
    }
    Accepted {
        deployment: deployment.is_ok(),
        experiment: experiment.is_ok() || quorum.is_ok() || liveness.is_ok() || mirrors.is_ok(),
        story: story.is_ok(),
    }
}

/// A thousand, unless `PROPTEST_CASES` says how many.
fn cases() -> ProptestConfig {
    match std::env::var("PROPTEST_CASES") {
        Ok(_) => ProptestConfig::default(),
        Err(_) => ProptestConfig::with_cases(1000),
    }
}

#[test]
fn no_file_makes_a_reader_panic() {
    let found = Cell::new([0; 4]);
    let changed = (any::<Index>(), vec(mutation(), 1..6));
    let config = ProptestConfig {
        source_file: Some(file!()),
        ..cases()
    };
    let outcome = TestRunner::new(config).run(&changed, |(shipped, mutations)| {
        let accepted = read(&mutated(&SHIPPED[shipped.index(SHIPPED.len())], &mutations));
        let mut counts = found.get();
        counts[0] += 1;
        counts[1] += u32::from(accepted.deployment);
        counts[2] += u32::from(accepted.experiment);
        counts[3] += u32::from(accepted.story);
        found.set(counts);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let [texts, deployments, experiments, stories] = found.get();
    println!(
        "{texts} texts: {deployments} deployments, {experiments} experiments, {stories} stories"
    );
    // Texts that are all refused would try little.
    assert!(
        [deployments, experiments, stories]
            .iter()
            .all(|found| *found > texts / 200)
    );
}

proptest! {
    #![proptest_config(cases())]

    /// Bytes that were never a file of ours.
    #[test]
    fn no_noise_makes_a_reader_panic(noise in vec(any::<u8>(), 0..200)) {
        read(&String::from_utf8_lossy(&noise));
    }
}

#[test]
fn what_is_not_changed_is_read() {
    for text in SHIPPED.iter() {
        let accepted = read(text);
        assert!(
            accepted.deployment || accepted.experiment || accepted.story,
            "{text}"
        );
    }
}
