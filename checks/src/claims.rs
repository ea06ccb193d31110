//! What the literature says of Kafka over several datacenters, held against exploration.
//!
//! `claims.toml` has the statements, in our words: where each comes from, whether it is right, why,
//! and what shows it.  What shows it is explored again whenever somebody asks, so the judgement
//! stands on what the model does today: on [experiments](crate::grounds), each with the verdicts
//! that must come out, on rows of shipped deployments, and on [surveys](survey) over many layouts.
//!
//! A judgement without evidence is one that no exploration can give: of history, of what is not
//! modelled.  It says so.

mod flows;
pub mod layouts;
mod quorums;
mod report;
pub mod services;
pub mod survey;
mod walks;

pub(crate) use report::evidence_line;
pub use report::{ClaimResult, markdown, result, text};

use crate::explore::Crew;
use crate::grounds::{self, Evidence, Found, Grounds};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use survey::Survey;

/// The table, as it is written down.
const TABLE: &str = include_str!("../claims.toml");

/// A statement of somebody, and what we make of it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// As lists of claims call it: `C16`.
    pub id: String,
    /// The documents that say so, by their letters in docs/CLAIMS.md.
    pub seed: String,
    /// What is said, in our words.
    pub statement: String,
    /// Whether it is right as it was said.
    pub judgement: Judgement,
    /// Why; what has to be added; what is true instead.
    pub because: String,
    /// The experiments that show it, by their paths under `checks/experiments` without ending; by their
    /// headline, or by `PROPERTY in PATH`.
    #[serde(default)]
    pub experiments: Vec<String>,
    /// The rows of shipped deployments that show it, as [`services::Rows`] reads them, each with what must
    /// come out.
    #[serde(default)]
    pub rows: BTreeMap<String, String>,
    /// The surveys that show it, each with what must come out.
    #[serde(default)]
    pub surveys: BTreeMap<String, String>,
}

/// Whether a claim is right.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// As it was said.
    Right,
    /// With something added that was not said.
    Conditional,
    /// It was, in the Kafka of its day.
    Dated,
    /// Something else is true.
    Wrong,
    /// Nothing here can say: it is about time, money, or what is left out.
    NotModelled,
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Judgement::Right => "right",
            Judgement::Conditional => "conditional",
            Judgement::Dated => "dated",
            Judgement::Wrong => "wrong",
            Judgement::NotModelled => "not modelled",
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    claim: Vec<Claim>,
}

/// Every claim, in the order of their numbers.
///
/// # Panics
/// If the table that was built in is broken; `tests/claims.rs` reads it.
pub fn claims() -> Vec<Claim> {
    let file: File = toml::from_str(TABLE).unwrap_or_else(|error| panic!("claims.toml: {error}"));
    let mut claims = file.claim;
    for claim in &mut claims {
        for text in [&mut claim.statement, &mut claim.because] {
            *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
    }
    claims
}

/// A claim, and what its evidence came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judged {
    /// The claim.
    pub claim: Claim,
    /// In the order of the table: experiments, rows, surveys.
    pub evidence: Vec<Evidence>,
}

impl Judged {
    /// Whether everything came out as the table says.
    pub fn is_ok(&self) -> bool {
        self.evidence.iter().all(|evidence| evidence.ok)
    }
}

/// Explores everything that these claims rest on, each once.  `progress` hears how much is done, and
/// of how much.
///
/// # Panics
/// If a claim names an experiment or a survey that does not exist; `tests/claims.rs` looks.
pub fn judge(claims: &[Claim], crew: &Crew, progress: &dyn Fn(usize, usize)) -> Vec<Judged> {
    let mut inquiry = Inquiry::new(crew);
    let mut judged = Vec::new();
    for (done, claim) in claims.iter().enumerate() {
        progress(done, claims.len());
        judged.push(Judged {
            claim: claim.clone(),
            evidence: inquiry.evidence(claim.basis()),
        });
    }
    judged
}

/// What something rests on, as tables name it.
#[derive(Clone, Copy)]
pub struct Basis<'a> {
    /// Experiments; see [`Claim::experiments`].
    pub experiments: &'a [String],
    /// Rows of shipped deployments, each with what must come out.
    pub rows: &'a BTreeMap<String, String>,
    /// Surveys, each with what must come out.
    pub surveys: &'a BTreeMap<String, String>,
}

impl Claim {
    /// What it rests on.
    pub fn basis(&self) -> Basis<'_> {
        Basis {
            experiments: &self.experiments,
            rows: &self.rows,
            surveys: &self.surveys,
        }
    }
}

/// Looks evidence up, each experiment once.
pub struct Inquiry<'a> {
    crew: &'a Crew,
    shipped: BTreeMap<String, Grounds>,
    explored: BTreeMap<String, Found>,
    rows: services::Rows,
}

impl<'a> Inquiry<'a> {
    /// With nothing explored yet.
    pub fn new(crew: &'a Crew) -> Inquiry<'a> {
        Inquiry {
            crew,
            shipped: grounds::shipped(),
            explored: BTreeMap::new(),
            rows: services::Rows::default(),
        }
    }

    /// What everything that something rests on came to, in the order of [`Basis`].
    ///
    /// # Panics
    /// If an experiment, a row or a survey does not exist; `tests/claims.rs` looks.
    pub fn evidence(&mut self, basis: Basis<'_>) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        for named in basis.experiments {
            let (property, path) = property_and_path(named);
            let experiment = &self.shipped[path];
            let explored = self.explored.entry(path.to_owned());
            let found = explored.or_insert_with(|| experiment.explored(self.crew));
            let property = property.unwrap_or(experiment.headline());
            evidence.push(experiment.shows(path, property, found));
        }
        for (row, expected) in basis.rows {
            let found = self.rows.found(row);
            evidence.push(Evidence {
                of: format!("checks/deployments, {row}"),
                ok: found == *expected,
                expected: expected.clone(),
                found,
            });
        }
        let surveys = basis.surveys.iter();
        evidence.extend(surveys.map(|(name, expected)| surveyed(name, expected)));
        evidence
    }
}

/// `PROPERTY in PATH`, or only `PATH`.
pub fn property_and_path(grounds: &str) -> (Option<&str>, &str) {
    match grounds.split_once(" in ") {
        Some((property, path)) => (Some(property), path),
        None => (None, grounds),
    }
}

fn surveyed(name: &str, expected: &str) -> Evidence {
    let survey = Survey::named(name).unwrap_or_else(|| panic!("there is no survey {name}"));
    let found = survey.run();
    Evidence {
        of: survey.sentence().to_owned(),
        ok: found == expected,
        expected: expected.to_owned(),
        found,
    }
}
