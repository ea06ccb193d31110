//! Rows between clusters in words: "tokyo is lost; mirror main>dr crashes".

use super::Joined;
use super::cause::{Cause, Causes};
use crate::report::when;
use highwater_vocabulary::{Fault, Faults};

/// Rows that come out the same, told together.
pub(super) fn in_words(joined: &Joined, rows: &[&Causes]) -> String {
    let within: Vec<Faults> = rows.iter().filter_map(|row| within_alone(row)).collect();
    let mut phrases = when::phrases(&joined.sites, &within);
    let mut kinds: Vec<(&'static str, &'static str, Vec<String>)> = Vec::new();
    for row in rows.iter().filter(|row| within_alone(row).is_none()) {
        let causes: Vec<Cause> = row.iter().collect();
        match causes.as_slice() {
            [cause] => {
                let (what, happens, operand) = told(joined, *cause);
                match kinds
                    .iter_mut()
                    .find(|known| (known.0, known.1) == (what, happens))
                {
                    Some((_, _, operands)) => operands.push(operand),
                    None => kinds.push((what, happens, vec![operand])),
                }
            }
            causes => {
                let each = causes.iter().map(|cause| match *cause {
                    Cause::Within(fault) => {
                        when::phrases(&joined.sites, &[Faults::new(vec![fault])]).join(" ")
                    }
                    cause => {
                        let (what, happens, operand) = told(joined, cause);
                        format!("{what} {operand} {happens}")
                    }
                });
                phrases.push(each.collect::<Vec<_>>().join(", and "));
            }
        }
    }
    phrases.extend(
        kinds
            .into_iter()
            .map(|(what, happens, operands)| format!("{what} {} {happens}", operands.join(" or "))),
    );
    phrases.join("; ")
}

/// The faults of a row in which nothing happens but within clusters.
fn within_alone(row: &Causes) -> Option<Faults> {
    let faults: Option<Vec<Fault>> = row
        .iter()
        .map(|cause| match cause {
            Cause::Within(fault) => Some(fault),
            _ => None,
        })
        .collect();
    faults.map(Faults::new)
}

fn told(joined: &Joined, cause: Cause) -> (&'static str, &'static str, String) {
    match cause {
        Cause::Within(fault) => ("", "", fault.name(&joined.datacenters())),
        Cause::MirrorCrash(at) => ("mirror", "crashes", joined.mirror_name(at)),
        Cause::MirrorCut(at) => ("mirror", "is cut off", joined.mirror_name(at)),
        Cause::Retention(at) => (
            "retention of",
            "overtakes the mirror",
            joined.topic_name(at),
        ),
        Cause::TopicRecreated(at) => ("topic", "is made anew", joined.topic_name(at)),
        Cause::ClockSkew(at) => (
            "the clock of",
            "jumps back",
            joined.parts[at].cluster.id.clone(),
        ),
    }
}
