//! Ask, compare, explain: what the command `highwater` and `cargo test` are made of.
//!
//! A [`Source`] is a file that a person wrote; [`deployment_file`] reads a deployment from it;
//! [`ladder`] lists the rows of its table, and [`placement`] the settings in which each row is
//! searched; [`search`] and [`explore`] search them; a [`Report`] is what comes of it.  [`check`](fn@check) is all
//! of that in one call.

pub mod advise;
pub mod agreement;
pub mod availability;
pub mod bugs;
pub mod check;
pub mod choosing;
pub mod claims;
pub mod deployment_file;
pub mod diff;
pub mod experiment;
pub mod experiment_file;
pub mod explain;
pub mod explore;
pub mod fault_pattern;
pub mod flows;
pub mod grounds;
mod guard_table;
pub mod guards;
pub mod joined;
pub mod json;
pub mod ladder;
pub mod liveness;
pub mod mirroring;
mod mutant_table;
pub mod mutants;
mod names;
pub mod peers;
pub mod placement;
pub mod quorum;
pub mod replay;
pub mod report;
pub mod rules;
pub mod search;
pub mod shipped;
pub mod source;
pub mod subject;
pub mod symmetry;
mod table;
mod wording;

pub use joined::report::JoinedReport;
pub use report::Report;
pub use source::{Remark, Source};

use std::path::Path;

/// Checks the deployment in the file at `path`, as `highwater check` does: for a test of your own
/// that holds your topology to its `[[require]]`.
///
/// ```
/// # fn main() -> Result<(), highwater_checks::Remark> {
/// let report = highwater_checks::check("deployments/stretched-2dc-witness.toml")?;
/// report.assert_required();
/// assert!(report.rows().iter().any(|row| row.violates("acked-survives")));
/// # Ok(())
/// # }
/// ```
///
/// A file that cannot be read or is wrong ends in a [`Remark`], which shows the line and says what to
/// write instead.
pub fn check(path: impl AsRef<Path>) -> Result<Report, Remark> {
    let source = Source::read(path.as_ref())?;
    Report::of(&source, &check::Options::default(), &|_, _| {})
}

/// The same for a deployment of several clusters joined by mirrors: each cluster, and what is between
/// them.
///
/// # Errors
/// The file cannot be read or is wrong, or has one cluster alone.
pub fn check_joined(path: impl AsRef<Path>) -> Result<JoinedReport, Remark> {
    let source = Source::read(path.as_ref())?;
    JoinedReport::of(&source, &check::Options::default(), &|_, _| {})
}
