//! The verdicts of a row in operators' words.

use crate::check::CheckedRow;
use crate::explore::Verdict;
use highwater_vocabulary::Acks;

/// The cells of a row, as an operator reads them, and whether they are as one would wish.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cells {
    words: [&'static str; 3],
    mark: Mark,
}

/// What a row is to an operator, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Mark {
    Lost,
    OutOfReach,
    NotKnown,
    Good,
}

impl Cells {
    /// What the columns are called.
    pub(crate) const COLUMNS: [&'static str; 3] = ["acknowledged data", "election", "split brain"];

    /// The cells of a row of a topic whose producers ask for these acks.
    pub(crate) fn of(row: &CheckedRow, acks: Acks) -> Cells {
        let [data, election, split_brain] = [
            acknowledged_data(row, acks),
            election(row),
            split_brain(row),
        ];
        Cells {
            words: [data.0, election.0, split_brain.0],
            mark: data.1.min(election.1).min(split_brain.1),
        }
    }

    /// The words, a column each.
    pub(crate) fn words(&self) -> &[&'static str; 3] {
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
