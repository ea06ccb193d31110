//! `highwater diff`.

use super::check::Format;
use super::search::Search;
use super::{End, complain, deployments, print};
use clap::Args;
use highwater_checks::Remark;
use highwater_checks::diff;
use highwater_checks::json::Output;
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
        let reports = deployments(&[&self.a, &self.b], "diff", &self.search)?;
        let (a, b) = (&reports[0], &reports[1]);
        let warnings = a.warnings().iter().chain(b.warnings());
        let found = diff::Diff::of(a, b);
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
