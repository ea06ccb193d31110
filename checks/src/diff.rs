//! Two deployments side by side: the cells that differ.
//!
//! Rows are matched by the names of their faults, and so are datacenters; topics by their ids, or by
//! their place where each deployment has one.

use crate::check::CheckedRow;
use crate::report::table::{Line, Note, Table, escaped};
use crate::report::{Cells, Report, kafka, topics_in_words, when};
use highwater_vocabulary::{Faults, Topic};
use serde::Serialize;

/// What differs between two deployments.
#[derive(Debug)]
pub struct Diff<'a> {
    a: &'a Report,
    b: &'a Report,
    topics: Vec<(usize, usize)>,
    pairs: Vec<Pair<'a>>,
}

/// A property of a row of a topic, on which the two do not agree.  JSON has it as it is: the field
/// names are a contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// The row.
    pub fault: String,
    /// The topic, as the first deployment calls it.
    pub topic: String,
    /// The property.
    pub property: &'static str,
    /// The verdict word in the first deployment; `None` if it has no such row.
    pub a: Option<&'static str>,
    /// The verdict word in the second.
    pub b: Option<&'static str>,
}

/// A row of a topic that both have, and what it is in each that has it.
#[derive(Debug)]
struct Pair<'a> {
    topic: (usize, usize),
    /// In the first deployment's count of datacenters, if it has the row.
    faults: Faults,
    a: Option<&'a CheckedRow>,
    b: Option<&'a CheckedRow>,
}

impl<'a> Diff<'a> {
    /// Compares.
    pub fn of(a: &'a Report, b: &'a Report) -> Self {
        let topics = matched(topics_of(a), topics_of(b));
        let pairs = topics
            .iter()
            .flat_map(|topic| pairs(a, b, *topic))
            .collect();
        Diff {
            a,
            b,
            topics,
            pairs,
        }
    }

    /// Every cell that differs, row by row; a row that only one of the two has differs in all of
    /// them.
    pub fn differences(&self) -> Vec<Difference> {
        let mut differences = Vec::new();
        for pair in &self.pairs {
            let topic = &topics_of(self.a)[pair.topic.0].id;
            let names = match pair.a {
                Some(_) => self.a.deployment().cluster.datacenters(),
                None => self.b.deployment().cluster.datacenters(),
            };
            let Some(known) = pair.a.or(pair.b) else {
                continue;
            };
            let properties = known.cells.iter().map(|cell| cell.property.name);
            let services = known.services.iter().flat_map(|services| &services.cells);
            let services = services.map(|cell| cell.service.name());
            for property in properties.chain(services) {
                let word = |row: Option<&CheckedRow>| row?.word(property);
                let (a, b) = (word(pair.a), word(pair.b));
                if a != b {
                    differences.push(Difference {
                        fault: pair.faults.name(&names),
                        topic: topic.clone(),
                        property,
                        a,
                        b,
                    });
                }
            }
        }
        differences
    }

    /// What keeps the two from being compared like with like.
    pub fn caveats(&self) -> Vec<String> {
        let mut caveats = Vec::new();
        for (side, report, matched) in [
            ("A", self.a, self.topics.iter().map(|both| both.0).collect()),
            (
                "B",
                self.b,
                self.topics.iter().map(|both| both.1).collect::<Vec<_>>(),
            ),
        ] {
            for (place, topic) in topics_of(report).iter().enumerate() {
                if !matched.contains(&place) {
                    caveats.push(format!("Only {side} has the topic {}.", topic.id));
                }
            }
        }
        let in_both = self.in_both();
        let otherwise: Vec<&Faults> = in_both
            .iter()
            .filter(|(_, a, b)| (a.grain, a.bounds, a.coarser) != (b.grain, b.bounds, b.coarser))
            .map(|(pair, ..)| &pair.faults)
            .collect();
        if otherwise.len() == in_both.len() && !otherwise.is_empty() {
            caveats.push("No row was searched equally far in both.".into());
        } else if !otherwise.is_empty() {
            caveats.push(format!(
                "Not searched equally far in both: {}.",
                self.told(otherwise)
            ));
        }
        caveats
    }

    /// For a terminal.
    pub fn text(&self) -> String {
        self.table().text()
    }

    /// For an issue or a design document.
    pub fn markdown(&self) -> String {
        let mut text = self.table().markdown();
        for (side, report) in [("A", self.a), ("B", self.b)] {
            for warning in report.warnings() {
                text.push_str(&format!("- {side}: {}\n", escaped(&warning.what)));
            }
        }
        text
    }

    fn table(&self) -> Table {
        let mut lines: Vec<Line> = Vec::new();
        for topic in &self.topics {
            let name = match self.topics.len() {
                1 => String::new(),
                _ => format!("{}: ", topics_of(self.a)[topic.0].id),
            };
            for (what, a, b, rows) in self.folded(*topic) {
                let whens = when::phrases(&self.a.deployment().cluster.sites, rows);
                lines.extend(whens.into_iter().map(|when| Line {
                    cells: vec![format!("{name}{when}"), what.into(), a.clone(), b.clone()],
                    details: Vec::new(),
                }));
            }
        }
        Table {
            heading: vec![heading("A", self.a), heading("B", self.b)],
            columns: vec!["when", "what", "in A", "in B"],
            notes: self
                .notes(lines.is_empty())
                .into_iter()
                .map(Note::Sentence)
                .collect(),
            lines,
        }
    }

    /// The rows of a topic in which a word of the table differs, by what it is in the two.
    fn folded(&self, topic: (usize, usize)) -> Vec<(&'static str, String, String, Vec<&Faults>)> {
        let mut folded: Vec<(&str, String, String, Vec<&Faults>)> = Vec::new();
        for (pair, a, b) in self.in_both() {
            if pair.topic != topic {
                continue;
            }
            let a = Cells::of(self.a.deployment(), a, topics_of(self.a)[topic.0].acks);
            let b = Cells::of(self.b.deployment(), b, topics_of(self.b)[topic.1].acks);
            let words = a.words().iter().zip(b.words());
            for (what, (a, b)) in Cells::COLUMNS.iter().zip(words) {
                // What to do follows from the others.
                if a == b || *what == "what to do" {
                    continue;
                }
                let same = |known: &&mut (&str, String, String, Vec<&Faults>)| {
                    (known.0, &known.1, &known.2) == (*what, a, b)
                };
                match folded.iter_mut().find(same) {
                    Some(known) => known.3.push(&pair.faults),
                    None => folded.push((what, a.clone(), b.clone(), vec![&pair.faults])),
                }
            }
        }
        folded
    }

    fn notes(&self, is_empty: bool) -> Vec<String> {
        let rows = self.in_both().len();
        let mut notes = vec![match is_empty {
            true => format!("Nothing differs: {rows} faults compared, and every cell is the same."),
            false => format!("{rows} faults compared; every other cell is the same."),
        }];
        let finer: Vec<&Faults> = self
            .in_both()
            .into_iter()
            .filter(|(pair, a, b)| {
                Cells::of(self.a.deployment(), a, topics_of(self.a)[pair.topic.0].acks)
                    == Cells::of(self.b.deployment(), b, topics_of(self.b)[pair.topic.1].acks)
                    && a.cells.iter().any(|cell| {
                        let other = b.cell(cell.property.name);
                        other.is_none_or(|other| other.verdict.word() != cell.verdict.word())
                    })
            })
            .map(|(pair, ..)| &pair.faults)
            .collect();
        if !finer.is_empty() {
            notes.push(format!(
                "The same in these words, and not in every verdict (--format json has them): {}.",
                self.told(finer)
            ));
        }
        for (side, report, is_there) in [
            (
                "A",
                self.a,
                &(|pair: &Pair<'_>| pair.b.is_none()) as &dyn Fn(&Pair<'_>) -> bool,
            ),
            ("B", self.b, &|pair| pair.a.is_none()),
        ] {
            let rows: Vec<&Faults> = self
                .pairs
                .iter()
                .filter(|pair| is_there(pair))
                .map(|pair| &pair.faults)
                .collect();
            if !rows.is_empty() {
                let told = when::phrases(&report.deployment().cluster.sites, rows).join("; ");
                notes.push(format!("Only {side} has the rows: {told}."));
            }
        }
        notes.extend(self.caveats());
        notes.push("Within the bounds of the searches.".to_owned());
        notes
    }

    fn in_both(&self) -> Vec<(&Pair<'a>, &'a CheckedRow, &'a CheckedRow)> {
        let pairs = self.pairs.iter();
        pairs
            .filter_map(|pair| Some((pair, pair.a?, pair.b?)))
            .collect()
    }

    fn told(&self, rows: Vec<&Faults>) -> String {
        when::phrases(&self.a.deployment().cluster.sites, rows).join("; ")
    }
}

fn topics_of(report: &Report) -> &[Topic] {
    &report.deployment().cluster.topics
}

/// The places of the topics that are compared.
fn matched(a: &[Topic], b: &[Topic]) -> Vec<(usize, usize)> {
    if a.len() == 1 && b.len() == 1 {
        return vec![(0, 0)];
    }
    let other = |topic: &Topic| b.iter().position(|other| other.id == topic.id);
    a.iter()
        .enumerate()
        .filter_map(|(place, topic)| Some((place, other(topic)?)))
        .collect()
}

/// The rows of a topic, those of the first deployment before those that only the second has.
fn pairs<'a>(a: &'a Report, b: &'a Report, topic: (usize, usize)) -> Vec<Pair<'a>> {
    let names_a = a.deployment().cluster.datacenters();
    let names_b = b.deployment().cluster.datacenters();
    let mut pairs: Vec<Pair<'a>> = rows(a, topic.0)
        .map(|(faults, row)| Pair {
            topic,
            faults: faults.clone(),
            a: Some(row),
            b: None,
        })
        .collect();
    for (faults, row) in rows(b, topic.1) {
        // As the first deployment counts its datacenters, if it has them.
        let renamed = Faults::parse(&faults.name(&names_b), &names_a).ok();
        let known = pairs
            .iter_mut()
            .filter(|pair| pair.a.is_some())
            .find(|pair| renamed.as_ref() == Some(&pair.faults));
        match known {
            Some(pair) => pair.b = Some(row),
            None => pairs.push(Pair {
                topic,
                faults: faults.clone(),
                a: None,
                b: Some(row),
            }),
        }
    }
    pairs
}

/// The rows of a topic under all their names.
fn rows(report: &Report, topic: usize) -> impl Iterator<Item = (&Faults, &CheckedRow)> {
    let rows = report.rows().iter().filter(move |row| row.topic == topic);
    rows.flat_map(|row| {
        let names = std::iter::once(&row.faults).chain(&row.also);
        names.map(move |faults| (faults, row))
    })
}

fn heading(side: &str, report: &Report) -> String {
    let deployment = report.deployment();
    let topics: Vec<usize> = (0..deployment.cluster.topics.len()).collect();
    format!(
        "{side}: {} · {} · {}",
        report.file(),
        kafka(deployment),
        topics_in_words(deployment, &topics).join("; ")
    )
}
