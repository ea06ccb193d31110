//! `highwater check`.

use super::{Asked, End, complain, print, read, with_progress};
use clap::{Args, ValueEnum};
use highwater_checks::check::{Checked, Options, check};
use highwater_checks::experiment::{self, Experiment};
use highwater_checks::explore::Exploration;
use highwater_checks::json::{self, CheckResult, Output};
use highwater_checks::report::{self, Detail};
use highwater_checks::{Remark, Source, shipped};
use std::path::PathBuf;

/// What `check` is asked for.
#[derive(Args)]
pub(crate) struct Check {
    /// Deployments, and experiments.
    files: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// A line for every row, instead of one for all that come out the same.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    search: Search,
}

/// How deployments are searched.
#[derive(Args)]
pub(crate) struct Search {
    /// Explorations of a deployment side by side, by default one a core; the results do not depend
    /// on it.
    #[arg(long)]
    workers: Option<usize>,
    /// States an exploration of a deployment may generate before it gives up, by default 6 million.
    #[arg(long)]
    max_states: Option<usize>,
    /// Deployments with the candidate defects as Kafka's source has them, instead of repaired
    /// (experiments say it in their files).
    #[arg(long)]
    as_source: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Search {
    /// The options; `records` where the file says nothing.
    pub(crate) fn options(&self, records: u8) -> Options {
        let mut options = Options {
            as_source: self.as_source,
            records,
            ..Options::default()
        };
        if let Some(workers) = self.workers {
            options.workers = workers;
        }
        if let Some(states) = self.max_states {
            options.limits.generated = states;
        }
        options
    }
}

impl Check {
    /// Answers.
    pub(crate) fn run(&self) -> Result<End, Remark> {
        let shipped = self.files.is_empty();
        let sources: Vec<Source> = match shipped {
            true => shipped::deployments(),
            false => self
                .files
                .iter()
                .map(|file| Source::read(file))
                .collect::<Result<_, _>>()?,
        };
        let read: Vec<_> = sources.iter().map(read).collect::<Result<_, _>>()?;
        let warnings: Vec<&Remark> = read.iter().flat_map(|(_, warnings)| warnings).collect();
        if self.format == Format::Text && !shipped {
            warnings.iter().for_each(|warning| complain(warning));
        }
        let mut unmet = false;
        let mut results: Vec<CheckResult> = Vec::new();
        let mut brief: Vec<Checked> = Vec::new();
        for (source, (asked, _)) in sources.iter().zip(&read) {
            let file = source.file();
            match asked {
                Asked::Deployment(deployment) => {
                    // A first look has to be quick.
                    let options = self.search.options(if shipped { 1 } else { 2 });
                    let checked = with_progress(&deployment.name, |progress| {
                        check(deployment, options, progress)
                    });
                    unmet |= !checked.unmet.is_empty();
                    match self.format {
                        Format::Json => {
                            results.push(json::check_result(file, deployment, &checked))
                        }
                        Format::Text => {
                            print(&report::table(deployment, &checked, file, self.detail()));
                            print("\n");
                        }
                    }
                    brief.push(checked);
                }
                Asked::Experiment(experiment) => {
                    let found = with_progress(&experiment.title, |_| experiment::run(experiment));
                    unmet |= found.is_err();
                    match self.format {
                        Format::Json => {
                            results.push(json::experiment_result(file, experiment, &found))
                        }
                        Format::Text => print(&told(experiment, &found, file)),
                    }
                }
            }
        }
        match self.format {
            Format::Json => {
                let warnings = warnings.into_iter().map(Remark::to_string).collect();
                print(&format!(
                    "{}\n",
                    Output::new("check", results, warnings).render()
                ));
            }
            Format::Text if shipped => print(&format!("{}\n", report::brief_bounds(&brief))),
            Format::Text => {}
        }
        Ok(if unmet { End::Unmet } else { End::Good })
    }

    fn detail(&self) -> Detail {
        match (self.all, self.files.is_empty()) {
            (true, _) => Detail::All,
            (false, true) => Detail::Brief,
            (false, false) => Detail::Folded,
        }
    }
}

/// An experiment and its outcome, in words.
fn told(
    experiment: &Experiment,
    found: &Result<Exploration, experiment::Unexpected>,
    file: &str,
) -> String {
    let mut text = format!("{}\n{}\n", experiment.title, experiment.question.trim());
    match found {
        Err(unexpected) => text.push_str(&format!("\nNOT as the file says: {unexpected}\n")),
        Ok(exploration) => {
            text.push('\n');
            for (property, verdict) in &exploration.verdicts {
                text.push_str(&format!("  {:22} {}\n", property.name, verdict.word()));
            }
            text.push_str(&format!(
                "\nAs the file says. Exhausted: {} states, {} generated, {} events deep. Not a proof beyond the bounds.\n",
                exploration.counts.unique, exploration.counts.generated, exploration.counts.depth
            ));
            if experiment.shows_a_violation() {
                text.push_str(&format!("Next: highwater explain {file}\n"));
            }
        }
    }
    text.push('\n');
    text
}
