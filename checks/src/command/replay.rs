//! `highwater replay`.

use super::{End, print};
use clap::Args;
use highwater_checks::agreement::schedule::retell;
use highwater_checks::explain::{picture, steps_of};
use highwater_checks::replay::replay;
use highwater_checks::{Remark, Source};
use highwater_vocabulary::Story;
use std::path::PathBuf;

/// What `replay` is asked for.
#[derive(Args)]
pub(crate) struct Replay {
    /// A story; docs/NOTATION.md says how one is written.
    file: PathBuf,
}

impl Replay {
    /// Answers.
    pub(crate) fn run(&self) -> Result<End, Remark> {
        let source = Source::read(&self.file)?;
        let wrong = |line, what: String| {
            source
                .line(line, what)
                .remedy("docs/NOTATION.md says how a story is written")
        };
        let story = Story::parse(source.text()).map_err(|error| wrong(error.line, error.what))?;
        let replayed = replay(&story).map_err(|what| wrong(1, what))?;
        let setting = &replayed.model.setting;
        let brokers: Vec<String> = setting
            .replicas()
            .iter()
            .map(|broker| setting.broker_name(broker))
            .collect();
        print(&picture(
            &brokers,
            &steps_of(&replayed.model, &replayed.history),
        ));
        let engine = match retell(&replayed, &story) {
            Ok(None) => "So does the engine.".to_owned(),
            Ok(Some(disagreement)) => {
                print(&format!(
                    "\nModel and engine do not agree:\n\n{disagreement}"
                ));
                return Ok(End::Unmet);
            }
            Err(what) => format!("The engine was not asked: {what}."),
        };
        if replayed.differences.is_empty() {
            print(&format!(
                "\nThe model agrees with all of it: {} events. {engine}\n",
                replayed.steps
            ));
            return Ok(End::Good);
        }
        print("\nThe model does not agree:\n");
        for difference in &replayed.differences {
            print(&format!("  {difference}\n"));
        }
        Ok(End::Unmet)
    }
}
