//! `highwater rules`.

use super::{End, print, with_progress};
use clap::Args;
use highwater_checks::Remark;
use highwater_checks::guards::{line, try_line};
use highwater_model::replication::variant::{elr_by_default, elr_possible};
use highwater_model::replication::{Guard, Switches};
use highwater_vocabulary::Profile;

/// What `rules` is asked for.
#[derive(Args)]
pub(crate) struct Rules {
    /// The matrix of switches instead: what each Kafka version switches on.
    #[arg(long)]
    profiles: bool,
}

impl Rules {
    /// Answers.
    pub(crate) fn run(&self) -> Result<End, Remark> {
        if self.profiles {
            print(&matrix());
            return Ok(End::Good);
        }
        let found = with_progress("guards", |heard| {
            let tried = (1..).zip(Guard::ALL).map(|(done, guard)| {
                (heard.finished)(done, Guard::ALL.len());
                try_line(line(*guard))
            });
            tried.collect::<Vec<_>>()
        });
        let mut wrong = false;
        for found in &found {
            let guard = found.line.guard;
            print(&format!(
                "{:5} {:34} {}\n",
                guard.rule(),
                guard.name(),
                found.worth
            ));
            print(&format!("      {}\n", guard.sentence()));
            print(&format!(
                "      in {}; faults {}; {} states\n",
                found.line.case.setting, found.line.case.faults, found.states[0]
            ));
            if !found.is_as_expected() {
                wrong = true;
                print(&format!("      NOT as expected: {}\n", found.line.worth));
            }
        }
        Ok(if wrong { End::Unmet } else { End::Good })
    }
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
