//! The command `highwater`.

mod command;

use clap::{Parser, Subcommand};
use command::{End, bugs, check, claims, compare, diff, explain, replay, rules, soak};
use std::process::ExitCode;

/// Tells you, before you build it, what a Kafka deployment over several datacenters will lose.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Command {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    check: check::Check,
}

#[derive(Subcommand)]
enum What {
    /// What is kept and what is lost, for every fault.  Without a file: three shipped deployments.
    Check(check::Check),
    /// The shortest history that shows a violation, and why it had to come to it.
    Explain(explain::Explain),
    /// The cells that differ between two deployments.  That they differ is no failure: it ends with 0.
    Diff(diff::Diff),
    /// Several deployments side by side: a table for each thing that may go wrong.  For a program there is
    /// `check --format json`.
    Compare(compare::Compare),
    /// Known bugs of Kafka: found with what makes them, absent without.
    Bugs(bugs::Bugs),
    /// What is said of Kafka over several datacenters, and what exploration says of that.
    Claims(claims::Claims),
    /// Tell a story to the model, and show where it disagrees.
    Replay(replay::Replay),
    /// Every guard, and what breaks without it; or what each Kafka version switches on.
    Rules(rules::Rules),
    /// Long random schedules through model and engine side by side, for as long as is said.
    Soak(soak::SoakFor),
}

fn main() -> ExitCode {
    let command = Command::parse();
    let end = match command.what {
        None => command.check.run(),
        Some(What::Check(check)) => check.run(),
        Some(What::Explain(explain)) => explain.run(),
        Some(What::Diff(diff)) => diff.run(),
        Some(What::Compare(compare)) => compare.run(),
        Some(What::Bugs(bugs)) => bugs.run(),
        Some(What::Claims(claims)) => claims.run(),
        Some(What::Replay(replay)) => replay.run(),
        Some(What::Rules(rules)) => rules.run(),
        Some(What::Soak(soak)) => soak.run(),
    };
    match end {
        Ok(End::Good) => ExitCode::SUCCESS,
        Ok(End::Unmet) => ExitCode::from(1),
        Err(remark) => {
            command::complain(&remark);
            ExitCode::from(2)
        }
    }
}
