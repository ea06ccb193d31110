//! The verdicts of a row in operators' words.

use crate::availability::{Service, Word};
use crate::check::CheckedRow;
use crate::explore::Verdict;
use highwater_vocabulary::{Acks, Deployment, Fault, Member};

/// The cells of a row, as an operator reads them, and whether they are as one would wish.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cells {
    words: [String; Cells::COLUMNS.len()],
    mark: Mark,
}

/// What a row is to an operator, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Mark {
    Lost,
    OutOfReach,
    Stops,
    NotKnown,
    Good,
}

impl Cells {
    /// What the columns are called.
    pub(crate) const COLUMNS: [&'static str; 6] = [
        "acknowledged data",
        "writes",
        "reads",
        "election",
        "split brain",
        "what to do",
    ];

    /// The columns that are printed only if one of their words is none of these, and what is said
    /// otherwise.
    pub(crate) const UNREMARKABLE: [(&'static str, &'static [&'static str], &'static str); 2] = [
        ("election", &["clean", "-"], "Every election is clean."),
        ("split brain", &["no"], "No split brain."),
    ];

    /// The cells of a row of a topic whose producers ask for these acks.
    pub(crate) fn of(deployment: &Deployment, row: &CheckedRow, acks: Acks) -> Cells {
        let [data, election, split_brain] = [
            acknowledged_data(row, acks),
            election(row),
            split_brain(row),
        ];
        let writes = goes_on(deployment, row, Service::Writes);
        let reads = goes_on(deployment, row, Service::Reads);
        let words = [
            data.0.to_owned(),
            writes.0,
            reads.0,
            election.0.to_owned(),
            split_brain.0.to_owned(),
            what_to_do(row),
        ];
        let marks = [data.1, writes.1, reads.1, election.1, split_brain.1];
        Cells {
            words,
            mark: marks.into_iter().min().unwrap_or(Mark::Good),
        }
    }

    /// The words, a column each.
    pub(crate) fn words(&self) -> &[String; Cells::COLUMNS.len()] {
        &self.words
    }

    /// Whether all of it is as one would wish.
    pub(crate) fn are_good(&self) -> bool {
        self.mark == Mark::Good
    }

    /// What is to be read first has the least.
    pub(crate) fn order(&self) -> impl Ord + use<> {
        self.mark
    }
}

/// How a service goes on, and for whom not, if others fare better.
fn goes_on(deployment: &Deployment, row: &CheckedRow, service: Service) -> (String, Mark) {
    let Some(cell) = row.service(service) else {
        return ("not known".to_owned(), Mark::NotKnown);
    };
    let moves = cell.runbook.as_ref().map(|runbook| runbook.moves.len());
    let several = moves.map(|count| format!("{count} moves"));
    let word = match (cell.word, moves) {
        (Word::Automatic, _) => return ("continue".to_owned(), Mark::Good),
        (Word::AfterHeal, _) if only_cut(row) => "until it heals",
        (Word::AfterHeal, _) => "until it returns",
        (Word::Manual, Some(1)) => "1 move",
        (Word::Manual, Some(_)) => several.as_deref().unwrap_or_default(),
        (Word::Manual, None) => "until you act",
        (Word::Never, _) => "never",
        (Word::Incomplete, _) => return ("not known".to_owned(), Mark::NotKnown),
    };
    let whose = match cell.clients.as_slice() {
        [] => String::new(),
        // A row that stands for others stands for other names.
        [client] if row.also.is_empty() => {
            format!(" (in {})", deployment.cluster.sites[client.index()].name)
        }
        _ => " (some clients)".to_owned(),
    };
    (format!("{word}{whose}"), Mark::Stops)
}

fn only_cut(row: &CheckedRow) -> bool {
    let cut = |fault| matches!(fault, Fault::Cut(..) | Fault::OneWayCut(..) | Fault::Lag);
    row.faults.iter().all(cut)
}

/// What an operator does about the first service that does not go on by itself.
fn what_to_do(row: &CheckedRow) -> String {
    let services = [Service::Writes, Service::Reads].into_iter();
    let cell = services
        .filter_map(|service| row.service(service))
        .find(|cell| cell.word != Word::Automatic);
    let Some(cell) = cell else {
        return "-".to_owned();
    };
    let no_controller = row
        .service(Service::Metadata)
        .is_some_and(|metadata| metadata.word > Word::Automatic && metadata.clients.is_empty());
    match (&cell.runbook, cell.word) {
        (_, Word::Incomplete) => "not known".to_owned(),
        (Some(runbook), Word::AfterHeal) => format!("wait, or {runbook}"),
        (Some(runbook), _) => runbook.to_string(),
        (None, Word::AfterHeal) if cell.is_open => "wait, or not known".to_owned(),
        (None, Word::AfterHeal) if no_controller => "wait: no metadata quorum".to_owned(),
        (None, Word::AfterHeal) => "wait".to_owned(),
        (None, _) if no_controller => "no move helps: no metadata quorum".to_owned(),
        (None, _) => "no move helps".to_owned(),
    }
}

fn acknowledged_data(row: &CheckedRow, acks: Acks) -> (&'static str, Mark) {
    const ASKED: [&str; 3] = ["acked-somewhere", "acked-in-leader", "acked-survives"];
    if row.violates("acked-somewhere") || row.violates("acked-in-leader") {
        ("LOST", Mark::Lost)
    } else if row.violates("acked-survives") {
        ("out of reach", Mark::OutOfReach)
    } else if ASKED.into_iter().any(|property| is_unknown(row, property)) {
        ("not known", Mark::NotKnown)
    } else if acks == Acks::None || is_silent(row, "acked-somewhere") {
        ("nothing promised", Mark::Good)
    } else {
        ("kept", Mark::Good)
    }
}

/// Whether somebody who runs may be elected cleanly wherever the data is alive.
fn election(row: &CheckedRow) -> (&'static str, Mark) {
    if row.violates("electable") {
        ("ONLY UNCLEAN", Mark::OutOfReach)
    } else if is_unknown(row, "electable") {
        ("not known", Mark::NotKnown)
    } else if is_silent(row, "electable") {
        ("-", Mark::Good)
    } else {
        ("clean", Mark::Good)
    }
}

fn split_brain(row: &CheckedRow) -> (&'static str, Mark) {
    if row.violates("no-split-brain") {
        ("YES", Mark::Lost)
    } else if is_unknown(row, "no-split-brain") {
        ("not known", Mark::NotKnown)
    } else {
        ("no", Mark::Good)
    }
}

fn is_unknown(row: &CheckedRow, property: &str) -> bool {
    row.cell(property)
        .is_none_or(|cell| cell.verdict == Verdict::Incomplete)
}

fn is_silent(row: &CheckedRow, property: &str) -> bool {
    row.cell(property)
        .is_some_and(|cell| cell.verdict == Verdict::Silent)
}
