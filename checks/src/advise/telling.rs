//! Advice, as a person reads it and as a program does.

use super::{Advice, Advised, Changed, Column, Grade, MOST_SEARCHED};
use serde::Serialize;

/// How wide a line runs.
const WIDTH: usize = 110;

impl Advised {
    /// What stands under the table.
    pub fn text(&self) -> String {
        if self.bad.is_empty() {
            return "Advice: none is needed; data is kept in every row, and no single fault stops \
                    anything.\n"
                .into();
        }
        let mut lines = vec![wrapped("", &format!("Advice: {}.", self.how()))];
        if self.advice.is_empty() {
            lines.push("No edit that was tried mends any of it.".into());
        }
        for (number, advice) in (1..).zip(&self.advice) {
            lines.push(wrapped(
                &format!("{number}. "),
                &advice.names.join("; and "),
            ));
            for (what, cells) in [("mends", &advice.mends), ("costs", &advice.costs)] {
                let begin = format!("   {what}  ");
                lines.extend(folded(cells).iter().map(|line| wrapped(&begin, line)));
            }
            if advice.costs.is_empty() {
                lines.push("   costs  nothing in this table".into());
            }
            if advice.left > 0 {
                let (left, all) = (advice.left, self.bad.len());
                lines.push(format!("   leaves {left} of {all} bad cells"));
            }
        }
        lines.extend(self.reasons.iter().map(|reason| wrapped("", reason)));
        lines.join("\n") + "\n"
    }

    /// The same for an issue or a design document.
    pub fn markdown(&self) -> String {
        format!("\n**Advice**\n\n```\n{}```\n", self.text())
    }

    fn how(&self) -> String {
        let spent = match self.untried {
            0 => String::new(),
            untried => format!(
                ", and {untried} edits and pairs were not tried: the budget of {MOST_SEARCHED} is spent"
            ),
        };
        format!(
            "each of these edits was made and the deployment searched again as above ({} searches{spent})",
            self.searched
        )
    }

    /// What `check --format json` says of it.
    pub fn json(&self) -> Vec<AdviceJson> {
        self.advice.iter().map(Advice::json).collect()
    }
}

impl Advice {
    fn json(&self) -> AdviceJson {
        let cells = |cells: &[Changed]| cells.iter().map(cell).collect();
        AdviceJson {
            edits: self.names.clone(),
            mends: cells(&self.mends),
            costs: cells(&self.costs),
            left: self.left,
        }
    }
}

/// Advice, as JSON; the names of the fields are a contract.
#[derive(Serialize, Debug)]
pub struct AdviceJson {
    edits: Vec<String>,
    mends: Vec<CellJson>,
    costs: Vec<CellJson>,
    left: usize,
}

#[derive(Serialize, Debug)]
struct CellJson {
    topic: String,
    fault: String,
    cell: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'static str>,
    after: &'static str,
}

fn cell(changed: &Changed) -> CellJson {
    let (topic, fault, column) = &changed.place;
    CellJson {
        topic: topic.clone(),
        fault: fault.clone(),
        cell: column.name(),
        before: changed.before.map(|grade| column.word(grade)),
        after: column.word(changed.after),
    }
}

/// A text that begins so, in lines of a page; those after the first are set in as far.
fn wrapped(begin: &str, text: &str) -> String {
    let indent = " ".repeat(begin.len().max(2));
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(begin)
        .subsequent_indent(&indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

/// Cells that changed alike, in one line each.
fn folded(cells: &[Changed]) -> Vec<String> {
    type Alike<'c> = (&'c str, Column, Option<Grade>, Grade);
    let mut alike: Vec<(Alike, Vec<&str>)> = Vec::new();
    for changed in cells {
        let (topic, fault, column) = &changed.place;
        let what = (topic.as_str(), *column, changed.before, changed.after);
        match alike.iter_mut().find(|(known, _)| *known == what) {
            Some((_, faults)) => faults.push(fault),
            None => alike.push((what, vec![fault])),
        }
    }
    let line = |((topic, column, before, after), faults): &(Alike, Vec<&str>)| {
        let before = match before {
            Some(grade) => format!("{} -> ", column.word(*grade)),
            None => "new: ".into(),
        };
        let (name, after) = (column.name(), column.word(*after));
        format!("{topic}, {name}: {before}{after}  ({})", faults.join(", "))
    };
    alike.iter().map(line).collect()
}
