//! What a person reads: the table of a deployment.
//!
//! Operators' words, not the checker's: *kept*, *out of reach*, *LOST*.  The checker's own words
//! are in the JSON ([`crate::json`]).

mod cells;
pub mod compare;
pub(crate) mod rows;
mod services;
pub(crate) mod table;
pub(crate) mod when;

pub use rows::Detail;

use crate::advise::{self, Advised};
use crate::check::{self, Checked, CheckedRow, Options};
use crate::experiment::{Experiment, Unexpected};
use crate::explore::{Exploration, Verdict};
use crate::{Remark, Source, deployment_file};
pub(crate) use cells::Cells;
use highwater_vocabulary::Deployment;
pub(crate) use rows::{explain_command, kafka, quoted, topics_in_words, worst_cell};
use std::fmt;
use table::{Table, escaped};

/// How an experiment ended.
type Found = Result<Exploration, Unexpected>;

/// A deployment that was checked.  It prints as the table an operator reads.
#[derive(Clone, Debug)]
#[must_use = "a report that nobody looks at demands nothing: see `assert_required`"]
pub struct Report {
    file: String,
    deployment: Deployment,
    warnings: Vec<Remark>,
    checked: Checked,
}

impl Report {
    /// Reads a deployment and searches every row of it.  `progress` hears of every finished
    /// exploration.
    pub fn of(
        source: &Source,
        options: &Options,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Report, Remark> {
        let (deployment, warnings) = deployment_file::read(source)?;
        let checked = check::check(&deployment, options, progress);
        Ok(Report {
            file: source.file().to_owned(),
            deployment,
            warnings,
            checked,
        })
    }

    /// The file, as it was named.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What was read from it.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// Every row, topic by topic.
    pub fn rows(&self) -> &[CheckedRow] {
        &self.checked.rows
    }

    /// What is legal in the file and probably not meant.
    pub fn warnings(&self) -> &[Remark] {
        &self.warnings
    }

    /// The goals that are not met, a sentence each.
    pub fn unmet(&self) -> &[String] {
        &self.checked.unmet
    }

    /// Which edits of the file would mend what is bad, each made and searched with these options.
    pub fn advise(&self, options: &Options) -> Advised {
        advise::advise(&self.deployment, &self.checked, options)
    }

    /// The table on a terminal.
    pub fn text(&self, detail: Detail) -> String {
        table(&self.deployment, &self.checked, &self.file, detail)
    }

    /// The table in an issue or a design document, and whatever there is to say about the file.
    pub fn markdown(&self, detail: Detail) -> String {
        let tables = self.tables(detail);
        let mut text = join(tables.iter().map(Table::markdown));
        text.push_str(&remarks_in_markdown(self.unmet(), &self.warnings));
        text
    }

    /// Demands what the file demands, for a test of your own.
    ///
    /// # Panics
    /// If a goal of the file is not met: the message names every such goal, the command that shows
    /// the shortest history, and the whole table.  And if the file has no `[[require]]`: a test
    /// that cannot fail is worse than none.
    pub fn assert_required(&self) {
        let name = format!("{} ({})", self.deployment.name, self.file);
        let demands = self.deployment.requirements.iter();
        assert!(
            demands.map(|demand| demand.goals().len()).sum::<usize>() > 0,
            "{name} demands nothing, so it cannot fail: add a [[require]] to the file, such as\n\n\
             [[require]]\nfault = \"dc-loss:*\"\nacked-somewhere = \"holds\"\n"
        );
        assert!(
            self.unmet().is_empty(),
            "{name} does not meet its goals:\n\n  {}\n\n{}\n\n{self}",
            self.unmet().join("\n  "),
            self.how_to_see_it()
        );
    }

    /// The command that shows the history behind the first goal that is not met.
    fn how_to_see_it(&self) -> String {
        let demands = self.deployment.requirements.iter().flat_map(|demand| {
            let wanted = move |faults| demand.wanted.iter().map(move |wanted| (faults, wanted));
            demand.rows.iter().flat_map(wanted)
        });
        let mut violated = demands.flat_map(|(faults, wanted)| {
            let rows = self.rows().iter();
            rows.filter(move |row| row.faults == *faults || row.also.contains(faults))
                .filter(|row| row.violates(wanted))
                .map(move |row| (row, faults, wanted))
        });
        match violated.next() {
            Some((row, faults, property)) => format!(
                "The shortest history that shows it: {}",
                explain_command(&self.deployment, &self.file, row.topic, faults, property)
            ),
            None => {
                "No history violates them: something stops, or the search was cut.  The table says \
                     which; `highwater check --all` says more."
                    .to_owned()
            }
        }
    }

    fn tables(&self, detail: Detail) -> Vec<Table> {
        rows::tables(&self.deployment, &self.checked, &self.file, detail)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Detail::Folded))
    }
}

/// The table of a deployment, and what was searched for it.  `file` is how the command line would
/// name it.
pub fn table(deployment: &Deployment, checked: &Checked, file: &str, detail: Detail) -> String {
    let tables = rows::tables(deployment, checked, file, detail);
    let mut text = join(tables.iter().map(Table::text));
    for goal in &checked.unmet {
        text.push_str(&format!("not met: {goal}\n"));
    }
    text
}

/// What is said once under several brief tables.
pub fn searched_in_brief(reports: &[Report]) -> String {
    let rows = reports.iter().flat_map(Report::rows).collect::<Vec<_>>();
    let searched = rows::searched_in_brief(&rows);
    format!("{searched}\nNot a proof beyond that.")
}

/// An experiment and its outcome.  `file` is how the command line would name it.
pub fn experiment_text(experiment: &Experiment, found: &Found, file: &str) -> String {
    rows::experiment_table(experiment, found, file).text()
}

/// The same, for an issue or a design document.
pub fn experiment_markdown(experiment: &Experiment, found: &Found, file: &str) -> String {
    rows::experiment_table(experiment, found, file).markdown()
}

/// What is said of a file under its tables: the goals that are not met, and the warnings.
pub(crate) fn remarks_in_markdown(unmet: &[String], warnings: &[Remark]) -> String {
    let warnings = warnings.iter().map(|warning| {
        let line = warning.line().map(|line| format!("line {line}: "));
        let remedy = match warning.remedy.as_str() {
            "" => String::new(),
            remedy => format!(" ({remedy})"),
        };
        format!("{}{}{remedy}", line.unwrap_or_default(), warning.what)
    });
    let mut text = String::new();
    for (title, list) in [
        ("Not met", unmet.to_vec()),
        ("Warnings", warnings.collect()),
    ] {
        if !list.is_empty() {
            text.push_str(&format!("\n**{title}**\n\n"));
        }
        for item in list {
            text.push_str(&format!("- {}\n", escaped(&item)));
        }
    }
    text
}

fn join(tables: impl Iterator<Item = String>) -> String {
    tables.collect::<Vec<_>>().join("\n")
}

/// Whether a verdict is that the property is violated.
fn is_violated(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Violated(_))
}
