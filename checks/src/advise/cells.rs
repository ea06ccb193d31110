//! The cells that advice is about, each with a grade, so that two tables can be compared.

use crate::availability::{Service, Word};
use crate::check::CheckedRow;
use highwater_vocabulary::Deployment;
use std::collections::BTreeMap;

/// What is asked of a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Column {
    /// What was acknowledged.
    Data,
    /// Whether writes go on.
    Writes,
    /// Whether reads go on.
    Reads,
    /// Whether metadata can be changed, and stays.
    Metadata,
    /// Whether whoever is alive may lead.
    Election,
    /// Whether two sides acknowledge.
    SplitBrain,
}

/// How good a cell is, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Grade {
    /// As one would wish.
    Good,
    /// It goes on, but not for clients of every datacenter: those who are cut off from the leader.
    ForSome,
    /// It goes on when something returns, or the data is out of reach until then.
    Waits,
    /// It goes on when an operator does something.
    Acts,
    /// It does not go on, or something is lost.
    Lost,
    /// It was not found out.
    Unknown,
}

/// A cell: the topic, the row, and the column.
pub type Place = (String, String, Column);

/// Each cell of a table, under every name of its row, with whether one thing alone goes wrong there.
pub(super) type Grades = BTreeMap<Place, (Grade, bool)>;

impl Column {
    /// Every one.
    pub const ALL: [Column; 6] = [
        Column::Data,
        Column::Writes,
        Column::Reads,
        Column::Metadata,
        Column::Election,
        Column::SplitBrain,
    ];

    /// As the table heads it.
    pub fn name(self) -> &'static str {
        match self {
            Column::Data => "acknowledged data",
            Column::Writes => "writes",
            Column::Reads => "reads",
            Column::Metadata => "metadata",
            Column::Election => "election",
            Column::SplitBrain => "split brain",
        }
    }

    /// What the table says for such a grade.
    pub fn word(self, grade: Grade) -> &'static str {
        match (self, grade) {
            (_, Grade::Unknown) => "not known",
            (Column::Data, Grade::Good) => "kept",
            (Column::Data, Grade::Waits) => "out of reach",
            (Column::Data, _) => "LOST",
            (Column::Election, Grade::Good) => "clean",
            (Column::Election, _) => "ONLY UNCLEAN",
            (Column::SplitBrain, Grade::Good) => "no",
            (Column::SplitBrain, _) => "YES",
            (_, Grade::Good) => "continue",
            (_, Grade::ForSome) => "stop for some clients",
            (_, Grade::Waits) => "until it returns",
            (_, Grade::Acts) => "until you act",
            (_, Grade::Lost) => "never",
        }
    }

    /// Whether advice is wanted where this is not good: data in every row, what goes on where one thing
    /// alone goes wrong.
    pub(super) fn is_bad(self, grade: Grade, alone: bool) -> bool {
        let is_known = matches!(grade, Grade::Waits | Grade::Acts | Grade::Lost);
        match self {
            Column::Data => is_known,
            Column::Writes | Column::Reads | Column::Metadata => is_known && alone,
            Column::Election | Column::SplitBrain => false,
        }
    }

    pub(super) fn grade(self, row: &CheckedRow) -> Grade {
        let service = |service| {
            let cell = row.service(service);
            let for_some = cell.is_some_and(|cell| !cell.clients.is_empty());
            match cell.map(|cell| cell.word) {
                None | Some(Word::Incomplete) => Grade::Unknown,
                Some(Word::Automatic) => Grade::Good,
                Some(_) if for_some => Grade::ForSome,
                Some(Word::AfterHeal) => Grade::Waits,
                Some(Word::Manual) => Grade::Acts,
                Some(Word::Never) => Grade::Lost,
            }
        };
        let violated = |name: &str, grade| match row.word(name) {
            Some("violated") => grade,
            None | Some("incomplete") => Grade::Unknown,
            Some(_) => Grade::Good,
        };
        let worst = |grades: &[Grade]| {
            let is_lost = grades.contains(&Grade::Lost);
            let worst = grades.iter().copied().max();
            match is_lost {
                true => Grade::Lost,
                false => worst.unwrap_or(Grade::Unknown),
            }
        };
        match self {
            Column::Data => worst(&[
                violated("acked-somewhere", Grade::Lost),
                violated("acked-in-leader", Grade::Lost),
                violated("acked-survives", Grade::Waits),
            ]),
            Column::Writes => service(Service::Writes),
            Column::Reads => service(Service::Reads),
            Column::Metadata => {
                let durable = row.services.as_ref().map(|found| found.metadata_durable);
                match durable {
                    Some(false) => Grade::Lost,
                    _ => service(Service::Metadata),
                }
            }
            Column::Election => violated("electable", Grade::Lost),
            Column::SplitBrain => violated("no-split-brain", Grade::Lost),
        }
    }
}

/// The cells of these rows.
pub(super) fn grades(deployment: &Deployment, rows: &[CheckedRow]) -> Grades {
    let names = deployment.cluster.datacenters();
    let mut grades = Grades::new();
    for row in rows {
        let topic = &deployment.cluster.topics[row.topic].id;
        let alone = row.faults.iter().count() == 1;
        for faults in std::iter::once(&row.faults).chain(&row.also) {
            for column in Column::ALL {
                let place = (topic.clone(), faults.name(&names), column);
                grades.insert(place, (column.grade(row), alone));
            }
        }
    }
    grades
}
