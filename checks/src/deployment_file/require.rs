//! `[[require]]`: what must come out, in which rows.

use crate::fault_pattern::{self, NoSuchRow};
use crate::source::Remark;
use crate::table::Table;
use highwater_vocabulary::{Requirement, Site, Verdict};

/// What an operator may demand of a deployment, and in which words.
const PROPERTIES: [(&str, &[Verdict]); 8] = [
    ("acked-somewhere", &Verdict::SAFETY),
    ("acked-survives", &Verdict::SAFETY),
    ("acked-in-leader", &Verdict::SAFETY),
    ("electable", &Verdict::SAFETY),
    ("no-split-brain", &Verdict::SAFETY),
    ("writes-available", &Verdict::AVAILABILITY),
    ("reads-available", &Verdict::AVAILABILITY),
    ("metadata-available", &Verdict::AVAILABILITY),
];

/// Properties that have a name already and cannot be judged yet.
const LATER: [(&str, &str); 11] = [
    (
        "metadata-durable",
        "it takes the model of the metadata quorum",
    ),
    ("offsets-durable", "it takes consumer groups"),
    ("rpo", MIRRORED),
    ("no-skip", MIRRORED),
    ("bounded-duplicates", MIRRORED),
    ("single-writer", MIRRORED),
    ("failback-converges", MIRRORED),
    ("no-cycle", MIRRORED),
    ("promote-lossless", MIRRORED),
    ("same-counts", MIRRORED),
    ("one-sink-writer", MIRRORED),
];
const MIRRORED: &str = "it takes a mirror, and acked-somewhere is what holds within a cluster";

pub(super) fn requirement(
    mut table: Table,
    sites: &[Site],
    warnings: &mut Vec<Remark>,
) -> Result<Requirement, Remark> {
    let fault = table.need("fault", "fault = \"dc-loss:*\"")?;
    let pattern = fault.text()?;
    let rows = fault_pattern::rows(pattern, sites)
        .map_err(|NoSuchRow { what, remedy }| fault.error(what).remedy(remedy))?;
    let mut wanted = Vec::new();
    for (property, words) in PROPERTIES {
        let Some(value) = table.take(property) else {
            continue;
        };
        let word = value.word(
            &words
                .iter()
                .map(|word| (word.name(), *word))
                .collect::<Vec<_>>(),
        )?;
        if words.last() == Some(&word) {
            warnings.push(
                value
                    .warning(format!(
                        "this demands nothing: every verdict is as good as `{word}`, or better"
                    ))
                    .remedy(format!("write \"{}\", or remove it", words[0])),
            );
        }
        wanted.push((property.to_string(), word));
    }
    for (property, why) in LATER {
        table.not_yet(property, why)?;
    }
    if wanted.is_empty() {
        let nothing = table.error("this demands nothing");
        table.finish()?;
        return Err(nothing.remedy("add a property, such as acked-somewhere = \"holds\""));
    }
    table.finish()?;
    Ok(Requirement {
        pattern: pattern.into(),
        rows,
        wanted,
    })
}
