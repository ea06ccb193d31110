//! The command `highwater`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use highwater_checks::check::{self, Options};
use highwater_checks::json::{self, Output};
use highwater_checks::report::{self, Detail};
use highwater_checks::{Remark, Source, deployment_file, shipped};
use highwater_vocabulary::Deployment;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Tells you, before you build it, what a Kafka deployment over several datacenters will lose.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Command {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    check: Check,
}

#[derive(Subcommand)]
enum What {
    /// What is kept and what is lost, for every fault.  Without a file: three shipped deployments.
    Check(Check),
}

#[derive(Args)]
struct Check {
    /// Deployments.
    files: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// A line for every row, instead of one for all that come out the same.
    #[arg(long)]
    all: bool,
    /// Explorations side by side; the results do not depend on it.
    #[arg(long)]
    workers: Option<usize>,
    /// States an exploration may generate before it gives up.
    #[arg(long)]
    max_states: Option<usize>,
    /// With the candidate defects as Kafka's source has them, instead of repaired.
    #[arg(long)]
    as_source: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// How a command ends.
enum End {
    /// Everything is as demanded.
    Good,
    /// Some demand is unmet.
    Unmet,
}

fn main() -> ExitCode {
    let command = Command::parse();
    let end = match command.what {
        None => check_files(&command.check),
        Some(What::Check(check)) => check_files(&check),
    };
    match end {
        Ok(End::Good) => ExitCode::SUCCESS,
        Ok(End::Unmet) => ExitCode::from(1),
        Err(remark) => {
            complain(&remark);
            ExitCode::from(2)
        }
    }
}

fn complain(remark: &Remark) {
    let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    eprintln!("{}", remark.render(coloured));
}

/// Prints on stdout; a reader that has gone away is no error of ours.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn check_files(args: &Check) -> Result<End, Remark> {
    let sources: Vec<Source> = match args.files.as_slice() {
        [] => shipped::deployments(),
        files => files
            .iter()
            .map(|file| Source::read(file))
            .collect::<Result<_, _>>()?,
    };
    let mut read: Vec<(String, Deployment)> = Vec::new();
    let mut warnings = Vec::new();
    for source in &sources {
        let (deployment, remarks) = deployment_file::read(source)?;
        read.push((source.file().to_owned(), deployment));
        warnings.extend(remarks);
    }
    if args.format == Format::Text && !args.files.is_empty() {
        warnings.iter().for_each(complain);
    }
    let options = options(args);
    let detail = match (args.all, args.files.is_empty()) {
        (true, _) => Detail::All,
        (false, true) => Detail::Brief,
        (false, false) => Detail::Folded,
    };
    let mut unmet = false;
    let mut results = Vec::new();
    for (file, deployment) in &read {
        let checked = with_progress(&deployment.name, |progress| {
            check::check(deployment, options, progress)
        });
        unmet |= !checked.unmet.is_empty();
        match args.format {
            Format::Text => print(&format!(
                "{}\n",
                report::table(deployment, &checked, file, detail)
            )),
            Format::Json => results.push(json::check_result(file, deployment, &checked)),
        }
    }
    if args.format == Format::Json {
        let warnings = warnings.iter().map(Remark::to_string).collect();
        print(&format!(
            "{}\n",
            Output::new("check", results, warnings).render()
        ));
    }
    Ok(if unmet { End::Unmet } else { End::Good })
}

fn options(args: &Check) -> Options {
    let mut options = Options {
        as_source: args.as_source,
        ..Options::default()
    };
    if args.files.is_empty() {
        // A first look has to be quick.
        options.records = 1;
    }
    if let Some(workers) = args.workers {
        options.workers = workers;
    }
    if let Some(states) = args.max_states {
        options.limits.generated = states;
    }
    options
}

/// Shows how far the work has come, on stderr and only on a terminal.
fn with_progress<T>(name: &str, work: impl FnOnce(&(dyn Fn(usize, usize) + Sync)) -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work(&|_, _| {});
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} searches {elapsed}");
    let bar =
        ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(name.to_owned());
    let result = work(&|done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    result
}
