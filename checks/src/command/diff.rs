//! `highwater diff`.

use super::check::Format;
use super::search::Search;
use super::{Asked, End, complain, print, read, with_progress};
use clap::Args;
use highwater_checks::diff;
use highwater_checks::json::Output;
use highwater_checks::{Remark, Report, Source};
use std::path::PathBuf;

/// What `diff` is asked for.
#[derive(Args)]
pub(crate) struct Diff {
    /// A deployment.
    a: PathBuf,
    /// The one to compare it with: another topology, or the same with one line changed.
    b: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    search: Search,
}

impl Diff {
    /// Answers.
    pub(crate) fn run(&self) -> Result<End, Remark> {
        let sources = [Source::read(&self.a)?, Source::read(&self.b)?];
        for source in &sources {
            if let (Asked::Experiment(_) | Asked::Quorum(_) | Asked::Liveness(_), _) = read(source)?
            {
                return Err(source
                    .whole("this is an experiment, and `diff` compares deployments")
                    .remedy("name two deployments"));
            }
        }
        let crew = self.search.crew()?;
        let check = |source: &Source| {
            with_progress(source.file(), |heard| {
                let options = self.search.options(2, &crew, heard);
                Report::of(source, &options, &*heard.finished)
            })
        };
        let [a, b] = [check(&sources[0])?, check(&sources[1])?];
        let warnings = a.warnings().iter().chain(b.warnings());
        let found = diff::Diff::of(&a, &b);
        match self.format {
            Format::Text => {
                warnings.for_each(complain);
                print(&found.text());
            }
            Format::Markdown => print(&found.markdown()),
            Format::Json => {
                let warnings = warnings.map(Remark::to_string).chain(found.caveats());
                let output = Output::new("diff", found.differences(), warnings.collect());
                print(&format!("{}\n", output.render()));
            }
        }
        Ok(End::Good)
    }
}
