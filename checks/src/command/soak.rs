//! `highwater soak`.

use super::{End, print};
use clap::Args;
use highwater_checks::Remark;
use highwater_checks::agreement::soak::{Finding, Soak, Tally, try_case};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

/// What `soak` is asked for.
#[derive(Args)]
#[command(after_help = "\
Example:
  highwater soak --seed 7 --for 10m     ten minutes of schedules, all of them decided by the seed
  highwater soak --seed 7 --case 4711   that one of them again

It ends with 1 if model and engine differ, and prints the shortest story it could make of it, which
`highwater replay` reads.")]
pub(crate) struct SoakFor {
    /// What decides the schedules: case number I of a seed is always the same one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long, such as 10m; one case at least.
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration, default_value = "1m")]
    how_long: Duration,
    /// Threads, by default one a core.  Which cases are run follows from the seed; how many, from time
    /// and threads.
    #[arg(long, value_name = "THREADS")]
    workers: Option<NonZeroUsize>,
    /// Only the case of this number, to see again what a soak has found.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["how_long", "workers"])]
    case: Option<u64>,
}

impl SoakFor {
    /// Answers.
    pub(crate) fn run(&self) -> Result<End, Remark> {
        let begun = Instant::now();
        let usual = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let workers = self.workers.unwrap_or_else(usual);
        let result = match self.case {
            Some(case) => try_case(self.seed, case).map_err(|finding| (case, finding)),
            None => with_progress(|listener| {
                let soak = Soak {
                    seed: self.seed,
                    // An end that no clock will ever show is none.
                    deadline: begun.checked_add(self.how_long),
                    workers,
                };
                soak.run(listener)
            }),
        };
        match result {
            Ok(tally) => {
                print(&self.summary(&tally, begun.elapsed(), workers));
                Ok(End::Good)
            }
            Err((case, finding)) => {
                print(&self.finding(case, &finding));
                Ok(End::Unmet)
            }
        }
    }

    fn summary(&self, tally: &Tally, taken: Duration, workers: NonZeroUsize) -> String {
        let agreed = format!(
            "Model and engine agree: {}, seed {}.\n",
            compared(tally),
            self.seed
        );
        if self.case.is_some() {
            return agreed;
        }
        let a_minute = tally.cases as f64 * 60.0 / taken.as_secs_f64().max(1e-3);
        format!(
            "{agreed}{} cases a minute on {}.\n",
            grouped(a_minute as u64),
            counted(workers.get() as u64, "thread"),
        )
    }

    fn finding(&self, case: u64, finding: &Finding) -> String {
        let again = format!("highwater soak --seed {} --case {case}", self.seed);
        match finding {
            Finding::Differs(disagreement) => format!(
                "Model and engine do not agree, in case {case} of seed {}:\n\n{disagreement}\n\
                 Again: {again}, or the story above with `highwater replay`.\n",
                self.seed
            ),
            Finding::Panicked => format!(
                "Model or engine gave up in case {case} of seed {}; stderr says where.\n\
                 Again: {again}.\n",
                self.seed
            ),
        }
    }
}

/// `12 cases, 3,456 events, 789 refusals`
fn compared(tally: &Tally) -> String {
    format!(
        "{}, {} that happened, {}",
        counted(tally.cases, "case"),
        counted(tally.events, "event"),
        counted(tally.refusals, "refusal"),
    )
}

fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(number))
}

/// `1,234,567`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Shows how much has been compared, on stderr and only on a terminal.
fn with_progress<T>(work: impl FnOnce(&(dyn Fn(&Tally) + Sync)) -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work(&|_| {});
    }
    let style = ProgressStyle::with_template("soak {elapsed}  {wide_msg}");
    let line = ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let result = work(&|tally| line.set_message(compared(tally)));
    line.finish_and_clear();
    result
}
