//! The subcommands: what is asked for, and how the answer is printed.
//!
//! **Architecture invariant:** nothing is printed on stdout before all input has been read and found
//! right; what is wrong with it goes to stderr.

pub(crate) mod bugs;
pub(crate) mod check;
pub(crate) mod claims;
pub(crate) mod compare;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod replay;
pub(crate) mod rules;
pub(crate) mod search;
pub(crate) mod soak;

use highwater_checks::experiment::Experiment;
use highwater_checks::explore::{Listener, silently};
use highwater_checks::joined::Joined;
use highwater_checks::{
    Remark, Report, Source, deployment_file, experiment_file, liveness, mirroring, quorum,
};
use highwater_vocabulary::Deployment;
use indicatif::{ProgressBar, ProgressStyle};
use search::Search;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

/// How a command ends, if its input is right.
pub(crate) enum End {
    /// Everything is as demanded.
    Good,
    /// Some demand is unmet, or something differs.
    Unmet,
}

/// What a file turned out to be.
pub(crate) enum Asked {
    /// What an operator would draw.
    Deployment(Deployment),
    /// The same with several clusters.
    Joined(Box<Joined>),
    /// What a researcher asks.
    Experiment(Box<Experiment>),
    /// What a researcher asks of the metadata quorum.
    Quorum(Box<quorum::Experiment>),
    /// What a researcher asks of clusters joined by mirrors.
    Mirroring(Box<mirroring::Experiment>),
    /// What a researcher asks about the end of every run.
    Liveness(Box<liveness::experiment::Experiment>),
}

/// Reads a file, whichever it is, and what is to be said about it.
///
/// An experiment has a `[setting]`, one with the metadata quorum a `[quorum]`, one with mirrors
/// a `[[flow]]`, one about liveness such a headline; everything else is read as a deployment, whose
/// reader says what is missing.
pub(crate) fn read(source: &Source) -> Result<(Asked, Vec<Remark>), Remark> {
    let file = source.text().parse::<toml::Table>().unwrap_or_default();
    if file.contains_key("quorum") {
        let experiment = quorum::experiment_file::read(source)?;
        return Ok((Asked::Quorum(Box::new(experiment)), Vec::new()));
    }
    if file.contains_key("flow") {
        let experiment = mirroring::experiment_file::read(source)?;
        return Ok((Asked::Mirroring(Box::new(experiment)), Vec::new()));
    }
    if liveness::experiment_file::is_one(&file) {
        let experiment = liveness::experiment_file::read(source)?;
        return Ok((Asked::Liveness(Box::new(experiment)), Vec::new()));
    }
    if file.contains_key("setting") {
        let experiment = experiment_file::read(source)?;
        return Ok((Asked::Experiment(Box::new(experiment)), Vec::new()));
    }
    let (joined, warnings) = deployment_file::read_joined(source)?;
    let asked = match joined.into_alone() {
        Ok(deployment) => Asked::Deployment(deployment),
        Err(joined) => Asked::Joined(joined),
    };
    Ok((asked, warnings))
}

/// The deployments in these files, checked one after the other.  Whatever else a file may be is refused
/// before any of them is searched.
pub(crate) fn deployments(
    files: &[&Path],
    command: &str,
    search: &Search,
) -> Result<Vec<Report>, Remark> {
    let sources = files.iter().map(|file| Source::read(file));
    let sources: Vec<Source> = sources.collect::<Result<_, _>>()?;
    for source in &sources {
        match read(source)?.0 {
            Asked::Deployment(_) => {}
            Asked::Joined(joined) => {
                return Err(source
                    .whole(format!(
                        "this deployment has {} clusters, and `{command}` compares those of one",
                        joined.parts.len()
                    ))
                    .remedy("give a cluster a file of its own; `highwater check` takes both"));
            }
            Asked::Experiment(_) | Asked::Quorum(_) | Asked::Mirroring(_) | Asked::Liveness(_) => {
                return Err(source
                    .whole(format!(
                        "this is an experiment, and `{command}` compares deployments"
                    ))
                    .remedy("name deployments; `highwater check` takes both"));
            }
        }
    }
    let crew = search.crew()?;
    let check = |source: &Source| {
        with_progress(source.file(), |heard| {
            let options = search.options(2, &crew, heard);
            Report::of(source, &options, &*heard.finished)
        })
    };
    sources.iter().map(check).collect()
}

/// Says on stderr what is wrong, or odd.
pub(crate) fn complain(remark: &Remark) {
    let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    eprintln!("{}", remark.render(coloured));
}

/// Prints on stdout; a reader that has gone away is no error of ours.
pub(crate) fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Who hears how far the work has come.
pub(crate) struct Heard {
    /// How many explorations are done, and of how many that are begun.
    pub(crate) finished: Box<dyn Fn(usize, usize) + Sync>,
    /// How far an exploration has come.
    pub(crate) listener: Listener,
}

/// Shows how far the work has come, on stderr and only on a terminal.
pub(crate) fn with_progress<T>(name: &str, work: impl FnOnce(&Heard) -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work(&Heard {
            finished: Box::new(|_, _| {}),
            listener: silently(),
        });
    }
    let style = ProgressStyle::with_template("{prefix} {bar:20} {pos}/{len} {elapsed}  {wide_msg}");
    let bar =
        ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(name.to_owned());
    let (finished, level) = (bar.clone(), bar.clone());
    let result = work(&Heard {
        finished: Box::new(move |done, of| {
            finished.set_length(of as u64);
            finished.set_position(done as u64);
        }),
        listener: Arc::new(move |progress| level.set_message(progress.to_string())),
    });
    bar.finish_and_clear();
    result
}
