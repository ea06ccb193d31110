//! `highwater claims`.

use super::check::Format;
use super::{End, print, with_progress};
use clap::Args;
use highwater_checks::claims::{self, Claim};
use highwater_checks::explore::Crew;
use highwater_checks::json::Output;
use highwater_checks::{Remark, Source};

/// What `claims` is asked for.
#[derive(Args)]
pub(crate) struct Claims {
    /// Only these, as in C16; every claim if none is named.
    ids: Vec<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// How many threads explore.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: u16,
}

impl Claims {
    /// Answers.
    pub(crate) fn run(&self) -> Result<End, Remark> {
        let asked = self.asked()?;
        let crew = Crew::of(usize::from(self.workers));
        let judged = with_progress("claims", |heard| {
            claims::judge(&asked, &crew.heard_by(&heard.listener), &*heard.finished)
        });
        match self.format {
            Format::Text => print(&claims::text(&judged)),
            Format::Markdown => print(&claims::markdown(&judged)),
            Format::Json => {
                let results: Vec<_> = judged.iter().map(claims::result).collect();
                let output = Output::new("claims", results, Vec::new());
                print(&format!("{}\n", output.render()));
            }
        }
        let unmet = judged.iter().any(|judged| !judged.is_ok());
        Ok(if unmet { End::Unmet } else { End::Good })
    }

    fn asked(&self) -> Result<Vec<Claim>, Remark> {
        let mut all = claims::claims();
        for id in &self.ids {
            if !all.iter().any(|claim| claim.id.eq_ignore_ascii_case(id)) {
                return Err(Source::new("claims", "")
                    .whole(format!("there is no claim `{id}`"))
                    .remedy("`highwater claims` without a name lists them all"));
            }
        }
        if !self.ids.is_empty() {
            all.retain(|claim| self.ids.iter().any(|id| claim.id.eq_ignore_ascii_case(id)));
        }
        Ok(all)
    }
}
