//! `highwater bugs`.

use super::check::Format;
use super::{End, print, with_progress};
use clap::Args;
use highwater_checks::bugs::{self, Bug};
use highwater_checks::explore::Crew;
use highwater_checks::json::Output;
use highwater_checks::{Remark, Source};

/// What `bugs` is asked for.
#[derive(Args)]
pub(crate) struct Bugs {
    /// Only these, as in B11; every bug if none is named.
    ids: Vec<String>,
    /// The shortest history of each as well.
    #[arg(long)]
    history: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// How many threads explore.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: u16,
}

impl Bugs {
    /// Answers.
    pub(crate) fn run(&self) -> Result<End, Remark> {
        let asked = self.asked()?;
        if self.history && self.format != Format::Text {
            return Err(Source::new("bugs", "")
                .whole("histories are written as text alone")
                .remedy("leave out --history; `highwater explain FILE` has other formats"));
        }
        let crew = Crew::of(usize::from(self.workers));
        let judged = with_progress("bugs", |heard| {
            bugs::judge(&asked, &crew.heard_by(&heard.listener), &*heard.finished)
        });
        match self.format {
            Format::Text => print(&bugs::text(&judged, self.history)),
            Format::Markdown => print(&bugs::markdown(&judged)),
            Format::Json => {
                let results: Vec<_> = judged.iter().map(bugs::result).collect();
                let output = Output::new("bugs", results, Vec::new());
                print(&format!("{}\n", output.render()));
            }
        }
        let unmet = judged.iter().any(|judged| !judged.is_ok());
        Ok(if unmet { End::Unmet } else { End::Good })
    }

    fn asked(&self) -> Result<Vec<Bug>, Remark> {
        let mut all = bugs::bugs();
        for id in &self.ids {
            if !all.iter().any(|bug| bug.id.eq_ignore_ascii_case(id)) {
                return Err(Source::new("bugs", "")
                    .whole(format!("there is no bug `{id}`"))
                    .remedy("`highwater bugs` without a name lists them all"));
            }
        }
        if !self.ids.is_empty() {
            all.retain(|bug| self.ids.iter().any(|id| bug.id.eq_ignore_ascii_case(id)));
        }
        Ok(all)
    }
}
