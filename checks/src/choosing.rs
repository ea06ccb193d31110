//! Which pattern to choose: what each costs, keeps and needs, side by side.
//!
//! `choosing.toml` has a line for every pattern that the literature draws, and in it a cell for every
//! question that people ask of it: the answer in a few words, and what it rests on.  That is
//! [looked up](crate::claims::Inquiry) again whenever somebody asks, as the evidence of a claim is, so an
//! answer stands on what the models say today.
//!
//! **Deliberately absent:** money, and how long anything takes: of a recovery there are its steps.

use crate::claims::{Basis, Inquiry, evidence_line};
use crate::explore::Crew;
use crate::grounds::Evidence;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The patterns, as they are written down.
const TABLE: &str = include_str!("../choosing.toml");

/// A way to have Kafka in several datacenters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// What it is called here.
    pub name: String,
    /// What runs where, and what is copied.
    pub drawn: String,
    /// The documents that draw it, by their letters in docs/CLAIMS.md; none if it is ours.
    #[serde(default)]
    pub seed: String,
    /// The shipped deployments that are drawn so.
    pub deployments: Vec<String>,
    /// Its line in the tables that come first.
    pub brief: Brief,
    /// What of the acknowledged records is lost with a datacenter, or a cluster, whose disks are kept.
    pub rpo: Cell,
    /// The same where power is lost with it, or the disks.
    pub destroyed: Cell,
    /// Whether producers go on after the loss.
    pub writes: Cell,
    /// Whether groups pass over what is there.
    pub skip: Cell,
    /// What groups read again.
    pub duplicates: Cell,
    /// In which order records are read.
    pub order: Cell,
    /// What all clusters store and take, in multiples of what users write.
    pub capacity: Cell,
    /// What an operator does: the recovery time, as a class.
    pub moves: Cell,
    /// What all of that presumes.
    pub needs: Cell,
}

/// A pattern in a line.  Each word is one of its answers cut short, so it names no evidence of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brief {
    /// Whether it is one cluster or several.
    pub clusters: Clusters,
    /// Of [`Pattern::rpo`].
    pub lost: String,
    /// Of [`Pattern::destroyed`].
    pub destroyed: String,
    /// Of [`Pattern::writes`].
    pub writes: String,
    /// Of [`Pattern::skip`] and [`Pattern::duplicates`].
    pub again: String,
    /// Of [`Pattern::capacity`].
    pub replicas: String,
    /// Of [`Pattern::moves`].
    pub must: String,
}

/// In which of the two tables a pattern stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clusters {
    /// One cluster over several datacenters.
    One,
    /// Clusters that copy each other.
    Several,
}

/// An answer, and what it rests on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The answer, in a few words.
    pub says: String,
    /// As in [`crate::claims::Claim::experiments`].
    #[serde(default)]
    pub experiments: Vec<String>,
    /// As in [`crate::claims::Claim::rows`]; of joined clusters, also what the table between them says.
    #[serde(default)]
    pub rows: BTreeMap<String, String>,
    /// As in [`crate::claims::Claim::surveys`].
    #[serde(default)]
    pub surveys: BTreeMap<String, String>,
}

impl Cell {
    /// What it rests on.
    pub fn basis(&self) -> Basis<'_> {
        Basis {
            experiments: &self.experiments,
            rows: &self.rows,
            surveys: &self.surveys,
        }
    }
}

/// The questions, in the order of the page.
pub const QUESTIONS: [&str; 9] = [
    "RPO, a datacenter is lost and its disks are kept",
    "RPO, power is lost or the disks are",
    "writes after a loss",
    "skip",
    "duplicates",
    "order",
    "capacity",
    "moves",
    "needs",
];

impl Pattern {
    /// Its answers, in the order of [`QUESTIONS`].
    pub fn cells(&self) -> [&Cell; 9] {
        [
            &self.rpo,
            &self.destroyed,
            &self.writes,
            &self.skip,
            &self.duplicates,
            &self.order,
            &self.capacity,
            &self.moves,
            &self.needs,
        ]
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pattern: Vec<Pattern>,
}

/// Every pattern, in the order of the page.
///
/// # Panics
/// If the table that was built in is broken; `tests/claims.rs` reads it.
pub fn patterns() -> Vec<Pattern> {
    let file: File = toml::from_str(TABLE).unwrap_or_else(|error| panic!("choosing.toml: {error}"));
    file.pattern
}

/// A pattern, and what the evidence of each answer came to.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// The pattern.
    pub pattern: Pattern,
    /// In the order of [`QUESTIONS`].
    pub evidence: Vec<Vec<Evidence>>,
}

/// Explores everything that the answers rest on, each once.
///
/// # Panics
/// If an answer names evidence that does not exist; `tests/claims.rs` looks.
pub fn weigh(patterns: &[Pattern], crew: &Crew) -> Vec<Weighed> {
    let mut inquiry = Inquiry::new(crew);
    let weighed = patterns.iter().map(|pattern| {
        let cells = pattern.cells().into_iter();
        Weighed {
            evidence: cells.map(|cell| inquiry.evidence(cell.basis())).collect(),
            pattern: pattern.clone(),
        }
    });
    weighed.collect()
}

/// What the tables that come first ask, cut short.
const COLUMNS: [&str; 6] = [
    "lost, disks kept",
    "lost, with power or disks",
    "writes",
    "skips or repeats",
    "replicas",
    "you must",
];

/// For docs/CHOOSING.md: a short table of one cluster and one of several, and under the name of each pattern
/// its answers and what they rest on.
pub fn markdown(weighed: &[Weighed]) -> String {
    let mut text = String::new();
    let tables = [
        (Clusters::One, "One cluster"),
        (Clusters::Several, "Several clusters"),
    ];
    for (clusters, heading) in tables {
        let of_it = weighed.iter().map(|weighed| &weighed.pattern);
        let of_it = of_it.filter(|pattern| pattern.brief.clusters == clusters);
        write_table(&mut text, heading, of_it);
    }
    text.push_str("### Each, with its evidence\n");
    for Weighed { pattern, evidence } in weighed {
        let _ = writeln!(
            text,
            "\n#### {}\n\n{}",
            pattern.name,
            one_line(&pattern.drawn)
        );
        let files = pattern.deployments.iter();
        let files: Vec<String> = files
            .map(|name| format!("[{name}.toml](../checks/deployments/{name}.toml)"))
            .collect();
        let drawn_by = match pattern.seed.is_empty() {
            true => String::new(),
            false => format!(" Drawn in {}.", pattern.seed),
        };
        let _ = writeln!(text, "As a file: {}.{drawn_by}\n", files.join(", "));
        for ((question, cell), evidence) in QUESTIONS.iter().zip(pattern.cells()).zip(evidence) {
            let _ = writeln!(text, "- **{question}**: {}", one_line(&cell.says));
            for found in evidence {
                let _ = writeln!(text, "  - {}", evidence_line(found));
            }
        }
    }
    text
}

fn write_table<'a>(text: &mut String, heading: &str, patterns: impl Iterator<Item = &'a Pattern>) {
    let _ = writeln!(
        text,
        "### {heading}\n\n| pattern | {} |\n|---{}|",
        COLUMNS.join(" | "),
        "|---".repeat(COLUMNS.len())
    );
    for pattern in patterns {
        let brief = &pattern.brief;
        let words = [
            &brief.lost,
            &brief.destroyed,
            &brief.writes,
            &brief.again,
            &brief.replicas,
            &brief.must,
        ];
        let words = words.map(|word| in_a_table(word));
        let _ = writeln!(
            text,
            "| [{}](#{}) | {} |",
            pattern.name,
            anchor(&pattern.name),
            words.join(" | ")
        );
    }
    text.push('\n');
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn in_a_table(text: &str) -> String {
    one_line(text).replace('|', "\\|")
}

/// The anchor that a heading gets on a page.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        letter if letter.is_alphanumeric() || letter == '-' => Some(letter.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}
