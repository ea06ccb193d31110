//! `highwater rules`.

use super::check::Format;
use super::{End, print, with_progress};
use clap::Args;
use highwater_checks::json::Output;
use highwater_checks::rules::{Guard, Tried};
use highwater_checks::{Remark, Source};
use highwater_model::replication::Switches;
use highwater_model::replication::variant::{elr_by_default, elr_possible};
use highwater_vocabulary::Profile;
use std::fmt::Write;

/// What `rules` is asked for.
#[derive(Args)]
pub(crate) struct Rules {
    /// Only the guards of these rules, as in R19, Q5, M27, or of these names; every guard if none is
    /// named.  R stands for all rules of a partition, Q for those of the quorum, M for those of mirrors.
    which: Vec<String>,
    /// The matrix of switches instead: what each Kafka version switches on.
    #[arg(long, conflicts_with_all = ["which", "format"])]
    profiles: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Rules {
    /// Answers.
    pub(crate) fn run(&self) -> Result<End, Remark> {
        if self.profiles {
            print(&matrix());
            return Ok(End::Good);
        }
        let asked = self.asked()?;
        let tried: Vec<Tried> = with_progress("guards", |heard| {
            let tried = (1..).zip(&asked).map(|(done, guard)| {
                (heard.finished)(done, asked.len());
                guard.try_it()
            });
            tried.collect()
        });
        match self.format {
            Format::Text => print(&tried.iter().map(text).collect::<String>()),
            Format::Markdown => print(&markdown(&tried)),
            Format::Json => {
                let output = Output::new("rules", tried.iter().collect::<Vec<_>>(), Vec::new());
                print(&format!("{}\n", output.render()));
            }
        }
        let good = tried.iter().all(|tried| tried.ok);
        Ok(if good { End::Good } else { End::Unmet })
    }

    fn asked(&self) -> Result<Vec<Guard>, Remark> {
        let mut all = Guard::every();
        for name in &self.which {
            if !all.iter().any(|guard| is_meant(name, *guard)) {
                return Err(Source::new("rules", "")
                    .whole(format!("no guard belongs to `{name}`"))
                    .remedy(
                        "name a rule, as in R19, Q5 or M27, or a guard; not every rule has one \
                         (docs/PROTOCOL.md, QUORUM.md and MIRRORING.md list them)",
                    ));
            }
        }
        if !self.which.is_empty() {
            all.retain(|guard| self.which.iter().any(|name| is_meant(name, *guard)));
        }
        Ok(all)
    }
}

/// Whether somebody who writes `name` means this guard: by its own name, its rule, or the letter of that.
fn is_meant(name: &str, guard: Guard) -> bool {
    let rule = guard.rule();
    let is_letter = name.len() == 1 && rule[..1].eq_ignore_ascii_case(name);
    is_letter || rule.eq_ignore_ascii_case(name) || guard.name() == name
}

fn text(tried: &Tried) -> String {
    let mut text = format!("{:5} {:34} {}\n", tried.id, tried.guard, tried.worth);
    let _ = writeln!(text, "      {}", tried.demands);
    let _ = writeln!(text, "      in {}", tried.tried_in);
    if !tried.ok {
        text.push_str("      NOT as expected\n");
    }
    text
}

fn markdown(tried: &[Tried]) -> String {
    let mut text = "| rule | guard | demands | worth |\n|---|---|---|---|\n".to_owned();
    for tried in tried {
        let (id, guard, demands) = (tried.id, tried.guard, tried.demands);
        let _ = writeln!(text, "| {id} | {guard} | {demands} | {} |", tried.worth);
    }
    text
}

/// What each version switches on, a line a switch.
fn matrix() -> String {
    let mark = |on: bool| if on { "yes" } else { "-" };
    let mut text = format!("{:28}", "");
    for profile in Profile::ALL {
        text.push_str(&format!("{:>8}", profile.name()));
    }
    text.push('\n');
    let mut row = |name: &str, on: &dyn Fn(Profile) -> String| {
        text.push_str(&format!("{name:28}"));
        for profile in Profile::ALL {
            text.push_str(&format!("{:>8}", on(profile)));
        }
        text.push('\n');
    };
    for name in Switches::NAMES {
        row(name, &|profile| {
            mark(Switches::of(profile).get(name) == Some(true)).to_owned()
        });
    }
    row("eligible-leader-replicas", &|profile| {
        match (elr_possible(profile), elr_by_default(profile)) {
            (false, _) => "-",
            (true, false) => "may",
            (true, true) => "yes",
        }
        .to_owned()
    });
    text.push_str(
        "\nequal-epoch-wipes-pending and reelected-leader-remembers are candidate defects: Kafka's source has them in\n\
         every version, no running Kafka has shown them, and they are repaired here unless --as-source is said.\n",
    );
    text
}
