//! `highwater check`.

use super::search::Search;
use super::{Asked, End, complain, print, read, with_progress};
use clap::{Args, ValueEnum};
use highwater_checks::advise::Advised;
use highwater_checks::explore::Crew;
use highwater_checks::joined::report::JoinedReport;
use highwater_checks::json::{self, CheckResult, Output};
use highwater_checks::report::{self, Detail};
use highwater_checks::subject::{self, Subject};
use highwater_checks::{Remark, Report, Source, experiment, shipped};
use std::path::PathBuf;

/// What `check` is asked for.
#[derive(Args)]
pub(crate) struct Check {
    /// Deployments, and experiments.
    files: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// A line for every row, and under it how to ask for it, how it was searched, and every verdict.
    #[arg(long)]
    all: bool,
    /// Under the table of a deployment: which edits of its file would mend what is bad, each searched
    /// again, and what each costs.
    #[arg(long, requires = "files")]
    advise: bool,
    #[command(flatten)]
    search: Search,
}

/// How a table is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a terminal.
    Text,
    /// For an issue or a design document.
    Markdown,
    /// For a program.
    Json,
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
        for (source, (asked, _)) in sources.iter().zip(&read) {
            if let Asked::Experiment(_)
            | Asked::Quorum(_)
            | Asked::Mirroring(_)
            | Asked::Liveness(_) = asked
            {
                self.search.refuse_for_experiment(source)?;
            }
            if self.advise && matches!(asked, Asked::Joined(_)) {
                return Err(source
                    .whole("--advise weighs what one cluster could do, and this file joins several")
                    .remedy("leave out --advise, or give the cluster a file of its own"));
            }
            if self.advise && !matches!(asked, Asked::Deployment(_)) {
                return Err(source
                    .whole("--advise is for deployments, and this is an experiment")
                    .remedy("leave out --advise: an experiment has nothing to mend"));
            }
            if let Asked::Liveness(_) = asked {
                self.search.refuse_for_liveness(source)?;
            }
        }
        let crew = self.search.crew()?;
        let warnings: Vec<&Remark> = read.iter().flat_map(|(_, warnings)| warnings).collect();
        if self.format == Format::Text && !shipped {
            warnings.iter().for_each(|warning| complain(warning));
        }
        let mut unmet = false;
        let mut results: Vec<CheckResult> = Vec::new();
        let mut reports: Vec<Report> = Vec::new();
        for (source, (asked, _)) in sources.iter().zip(&read) {
            let file = source.file();
            match asked {
                Asked::Deployment(deployment) => {
                    // A first look has to be quick.
                    let records = if shipped { 1 } else { 2 };
                    let (report, advised) = with_progress(&deployment.name, |heard| {
                        let options = self.search.options(records, &crew, heard);
                        let report = Report::of(source, &options, &*heard.finished)?;
                        let advised = self.advise.then(|| report.advise(&options));
                        Ok((report, advised))
                    })?;
                    unmet |= !report.unmet().is_empty();
                    match self.format {
                        Format::Json => {
                            let result = json::check_result(&report);
                            results.push(match &advised {
                                Some(advised) => result.with_advice(advised),
                                None => result,
                            });
                        }
                        Format::Markdown => {
                            let advice = advised.as_ref().map(Advised::markdown);
                            let table = report.markdown(self.detail());
                            self.print_one(&(table + &advice.unwrap_or_default()));
                        }
                        Format::Text => {
                            let advice = advised.as_ref().map(Advised::text);
                            let advice = advice.map(|advice| format!("\n{advice}"));
                            let table = report.text(self.detail());
                            self.print_one(&(table + &advice.unwrap_or_default()));
                        }
                    }
                    reports.push(report);
                }
                Asked::Joined(joined) => {
                    let report = with_progress(&joined.name, |heard| {
                        let options = self.search.options(2, &crew, heard);
                        JoinedReport::of(source, &options, &*heard.finished)
                    })?;
                    unmet |= !report.unmet().is_empty();
                    match self.format {
                        Format::Json => results.push(json::joined_result(&report)),
                        Format::Markdown => self.print_one(&report.markdown(self.detail())),
                        Format::Text => self.print_one(&report.text(self.detail())),
                    }
                }
                Asked::Quorum(experiment) => {
                    let (result, is_unmet) = self.of_subject(file, experiment, &crew);
                    results.extend(result);
                    unmet |= is_unmet;
                }
                Asked::Mirroring(experiment) => {
                    let (result, is_unmet) = self.of_subject(file, experiment, &crew);
                    results.extend(result);
                    unmet |= is_unmet;
                }
                Asked::Liveness(experiment) => {
                    let found = experiment.run(self.search.states_kept());
                    unmet |= !experiment.differences(&found).is_empty();
                    match self.format {
                        Format::Json => {
                            results.push(json::liveness_result(file, experiment, &found))
                        }
                        Format::Markdown => {
                            let text = experiment.text(&found, file);
                            self.print_one(&format!("```\n{text}```\n"));
                        }
                        Format::Text => self.print_one(&experiment.text(&found, file)),
                    }
                }
                Asked::Experiment(experiment) => {
                    let found = with_progress(&experiment.title, |heard| {
                        let crew = crew.heard_by(&heard.listener);
                        experiment::run(experiment, self.search.limits(), &crew)
                    });
                    unmet |= found.is_err();
                    match self.format {
                        Format::Json => {
                            results.push(json::experiment_result(file, experiment, &found))
                        }
                        Format::Markdown => {
                            self.print_one(&report::experiment_markdown(experiment, &found, file))
                        }
                        Format::Text => {
                            self.print_one(&report::experiment_text(experiment, &found, file))
                        }
                    }
                }
            }
        }
        if self.format == Format::Json {
            let warnings = warnings.into_iter().map(Remark::to_string).collect();
            let output = Output::new("check", results, warnings);
            print(&format!("{}\n", output.render()));
        } else if self.detail() == Detail::Brief {
            print(&format!("\n{}\n", report::searched_in_brief(&reports)));
        }
        Ok(if unmet { End::Unmet } else { End::Good })
    }

    /// What an experiment with a model of its own properties came to, for a program, and whether that is
    /// not what its file says.
    fn of_subject<M: Subject>(
        &self,
        file: &str,
        experiment: &subject::Experiment<M>,
        crew: &Crew,
    ) -> (Option<CheckResult>, bool) {
        let found = with_progress(&experiment.title, |heard| {
            let model = experiment.model.clone();
            self.search.explore(model, crew, heard)
        });
        let unmet = !experiment.differences(&found).is_empty();
        let text = experiment.text(&found, file);
        match self.format {
            Format::Json => {
                let result = json::subject_result(file, experiment, &found);
                return (Some(result), unmet);
            }
            Format::Markdown => self.print_one(&format!("```\n{text}```\n")),
            Format::Text => self.print_one(&text),
        }
        (None, unmet)
    }

    /// Prints what one file came to, set off from what follows it.
    fn print_one(&self, text: &str) {
        let is_set_off = self.files.len() == 1 || self.detail() == Detail::Brief;
        print(text);
        print(if is_set_off { "" } else { "\n" });
    }

    fn detail(&self) -> Detail {
        match (self.all, self.files.is_empty()) {
            (true, _) => Detail::All,
            (false, true) => Detail::Brief,
            (false, false) => Detail::Folded,
        }
    }
}
