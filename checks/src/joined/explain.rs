//! The shortest history behind a cell of the table between clusters.

use super::Joined;
use super::cause::Causes;
use super::check::{self, Amount, Answer, JoinedRow};
use super::search::{Asked, Found, OF_GROUPS, OF_RECORDS, OF_SINKS};
use crate::check::Options;
use crate::mirroring::telling;

/// What a cell may be asked for by name.
pub fn names() -> Vec<&'static str> {
    let named = OF_RECORDS.iter().chain(&OF_GROUPS).chain(&OF_SINKS);
    let amounts = ["rpo", "bounded-duplicates"].iter();
    amounts.chain(named).copied().collect()
}

/// The first violation in these rows, row by row, of a property or of any: what happens, step by step.
///
/// `None` if there is none; the second part says whether that is known.
pub fn explain(
    joined: &Joined,
    rows: &[Causes],
    property: Option<&str>,
    options: &Options,
) -> (Option<String>, bool) {
    let mut asked = joined.clone();
    asked.demand_within("explained", rows, &[], &[]);
    let parts = check::parts(&asked, options, &|_, _| {});
    let checked = check::check_rows(joined, parts, rows, options, &|_, _| {});
    let asked = |row: &JoinedRow| match property {
        Some(name) => behind(row, name),
        None => ["no-skip", "rpo", "bounded-duplicates"]
            .into_iter()
            .flat_map(|name| behind(row, name))
            .chain(names())
            .collect(),
    };
    let mut found = checked.rows.iter().flat_map(|row| {
        let wanted = asked(row);
        let told = wanted
            .into_iter()
            .filter_map(|name| told(joined, row, name));
        told.collect::<Vec<_>>()
    });
    if let Some(told) = found.next() {
        return (Some(told), true);
    }
    let known = checked.rows.iter().all(|row| {
        let mut answers = row.found.iter();
        answers.all(|answer| answer.outcome.records > 1)
    });
    (None, known)
}

/// The properties of the model that a cell is made of, the worst first.
fn behind(row: &JoinedRow, cell: &str) -> Vec<&'static str> {
    match cell {
        "rpo" if row.rpo() > Amount::Lag => {
            vec!["mirror-complete", "eventual-delivery"]
        }
        "rpo" => vec!["nothing-lost-at-failover"],
        "bounded-duplicates" => vec!["no-repeat", "mirror-exact"],
        name => names().into_iter().filter(|known| *known == name).collect(),
    }
}

/// The shortest of the histories that violate a property in a row.
fn told(joined: &Joined, row: &JoinedRow, property: &str) -> Option<String> {
    let violated = row
        .found
        .iter()
        .filter_map(|answer| match answer.outcome.found(property) {
            Some(Found::Violated(records, history)) => Some((answer, *records, history)),
            _ => None,
        });
    let (answer, records, history) =
        violated.min_by_key(|(_, _, history)| history.actions.len())?;
    let Answer {
        question, effect, ..
    } = answer;
    let asked = Asked {
        question: &joined.questions[*question],
        effect: effect.clone(),
        careful: false,
    };
    let model = asked.model(records);
    let mut verdicts = answer.outcome.verdicts.iter();
    let (known, _) = verdicts.find(|(known, _)| known.name == property)?;
    Some(telling::told(&model, known, history))
}
