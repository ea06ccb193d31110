//! `highwater compare`.

use super::search::Search;
use super::{End, complain, deployments, print};
use clap::{Args, ValueEnum};
use highwater_checks::report::compare;
use highwater_checks::{Remark, Report};
use std::path::{Path, PathBuf};

/// What `compare` is asked for.
#[derive(Args)]
pub(crate) struct Compare {
    /// Deployments, in the order in which they are to be read.
    #[arg(required = true, num_args = 2..)]
    files: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    search: Search,
}

/// How the tables are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal.
    Text,
    /// For an issue or a design document.
    Markdown,
}

impl Compare {
    /// Answers.
    pub(crate) fn run(&self) -> Result<End, Remark> {
        let files: Vec<&Path> = self.files.iter().map(PathBuf::as_path).collect();
        let reports = deployments(&files, "compare", &self.search)?;
        match self.format {
            Format::Text => {
                reports.iter().flat_map(Report::warnings).for_each(complain);
                print(&compare::text(&reports));
            }
            Format::Markdown => print(&compare::markdown(&reports)),
        }
        Ok(End::Good)
    }
}
