//! `highwater compare`.

use super::search::Search;
use super::{Asked, End, complain, print, read, with_progress};
use clap::{Args, ValueEnum};
use highwater_checks::report::compare;
use highwater_checks::{Remark, Report, Source};
use std::path::PathBuf;

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
        let sources = self.files.iter().map(|file| Source::read(file));
        let sources: Vec<Source> = sources.collect::<Result<_, _>>()?;
        for source in &sources {
            if let (Asked::Experiment(_) | Asked::Quorum(_), _) = read(source)? {
                return Err(source
                    .whole("this is an experiment, and `compare` compares deployments")
                    .remedy("name deployments; `highwater check` takes both"));
            }
        }
        let crew = self.search.crew()?;
        let check = |source: &Source| {
            with_progress(source.file(), |heard| {
                let options = self.search.options(2, &crew, heard);
                Report::of(source, &options, &*heard.finished)
            })
        };
        let reports: Vec<Report> = sources.iter().map(check).collect::<Result<_, _>>()?;
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
