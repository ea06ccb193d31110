//! What a person reads: the table of a deployment.
//!
//! Operators' words, not the checker's: *kept*, *out of reach*, *LOST*.  The checker's own words
//! are in the JSON ([`crate::json`]).

use crate::check::{self, Checked, CheckedRow};
use crate::explore::Verdict;
use highwater_model::replication::Bounds;
use highwater_vocabulary::{Acks, Datacenter, Deployment, Fault, Faults, Member, Topic};
use std::collections::BTreeMap;
use std::fmt::Write;

/// How wide the first column may be.
const WHEN: usize = 62;

/// How much of a table is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// Rows in which all is well share a line that does not name them.
    Brief,
    /// Rows that come out the same share a line.
    Folded,
    /// Every row has its line.
    All,
}

/// The table of a deployment, and what was searched for it.  `file` is how the command line would
/// name it.
pub fn table(deployment: &Deployment, checked: &Checked, file: &str, detail: Detail) -> String {
    let mut text = String::new();
    for (place, topic) in deployment.cluster.topics.iter().enumerate() {
        let rows: Vec<&CheckedRow> = checked
            .rows
            .iter()
            .filter(|row| row.topic == place)
            .collect();
        if place > 0 {
            text.push('\n');
        }
        let _ = write!(text, "{}: {}", deployment.name, heading(deployment, topic));
        if detail == Detail::Brief {
            let _ = writeln!(text, " · {}", how_much(&rows));
            write_rows(&mut text, deployment, topic, &rows, detail);
            continue;
        }
        text.push('\n');
        write_rows(&mut text, deployment, topic, &rows, detail);
        let _ = writeln!(text, "{}", searched(&rows));
        if let Some(next) = next_step(deployment, &rows, file) {
            let _ = writeln!(text, "{next}");
        }
    }
    for goal in &checked.unmet {
        let _ = writeln!(text, "not met: {goal}");
    }
    text
}

/// What a topic is, in a line: `Kafka 4.1 · orders: RF 3, min ISR 2, acks all, ELR on`.
fn heading(deployment: &Deployment, topic: &Topic) -> String {
    let elr = check::models(
        deployment,
        topic,
        &Faults::default(),
        check::Options::default(),
    );
    let elr = elr.first().is_some_and(|model| model.has_elr());
    format!(
        "Kafka {} · {}: RF {}, min ISR {}, acks {}, ELR {}{}",
        deployment.kafka,
        topic.id,
        topic.placement.replicas(),
        topic.min_insync_replicas,
        topic.acks,
        if elr { "on" } else { "off" },
        if topic.unclean_leader_election {
            ", unclean election"
        } else {
            ""
        },
    )
}

/// The cells of a row, as an operator reads them.
#[derive(PartialEq, Eq)]
struct Cells {
    data: &'static str,
    electable: &'static str,
    split_brain: &'static str,
}

impl Cells {
    fn are_good(&self) -> bool {
        self.data == "kept" && self.electable == "yes" && self.split_brain == "no"
    }
}

fn cells(row: &CheckedRow, acks: Acks) -> Cells {
    let verdict = |property| row.cell(property).map(|cell| &cell.verdict);
    let unknown = |property| matches!(verdict(property), Some(Verdict::Incomplete) | None);
    let silent = |property| matches!(verdict(property), Some(Verdict::Silent));
    let data = if row.violates("acked-somewhere") || row.violates("acked-in-leader") {
        "LOST"
    } else if row.violates("acked-survives") {
        "out of reach"
    } else if ["acked-somewhere", "acked-in-leader", "acked-survives"]
        .into_iter()
        .any(unknown)
    {
        "not known"
    } else if acks == Acks::None || silent("acked-somewhere") {
        "nothing promised"
    } else {
        "kept"
    };
    let electable = match verdict("electable") {
        Some(Verdict::Violated(_)) => "NO",
        Some(Verdict::Holds | Verdict::Silent) => "yes",
        Some(Verdict::Incomplete) | None => "not known",
    };
    let split_brain = match verdict("no-split-brain") {
        Some(Verdict::Violated(_)) => "YES",
        Some(Verdict::Holds | Verdict::Silent) => "no",
        Some(Verdict::Incomplete) | None => "not known",
    };
    Cells {
        data,
        electable,
        split_brain,
    }
}

fn write_rows(
    text: &mut String,
    deployment: &Deployment,
    topic: &Topic,
    rows: &[&CheckedRow],
    detail: Detail,
) {
    let _ = writeln!(
        text,
        "{:WHEN$}  acknowledged data  electable  split brain",
        "when"
    );
    let mut lines: Vec<(Vec<String>, Cells)> = Vec::new();
    for row in rows {
        let when = describe(deployment, row);
        let cells = cells(row, topic.acks);
        match lines
            .iter_mut()
            .find(|(_, known)| detail != Detail::All && *known == cells)
        {
            Some((whens, _)) => whens.push(when),
            None => lines.push((vec![when], cells)),
        }
    }
    if detail != Detail::All {
        lines.sort_by_key(|(_, cells)| cells.are_good());
    }
    let alone = lines.len() == 1;
    for (whens, cells) in lines {
        let unnamed = detail == Detail::Brief && cells.are_good();
        let when = match unnamed {
            true if alone => format!("all {} rows", whens.len()),
            true => format!("all {} other rows", whens.len()),
            false => whens.join("; "),
        };
        let mut wrapped = wrap(&when, WHEN).into_iter();
        let first = wrapped.next().unwrap_or_default();
        let line = format!(
            "{first:WHEN$}  {:17}  {:9}  {}",
            cells.data, cells.electable, cells.split_brain
        );
        let _ = writeln!(text, "{}", line.trim_end());
        for more in wrapped {
            let _ = writeln!(text, "  {more}");
        }
    }
}

/// The lines of a text, none longer than `width` but for a single word; all but the first are to be
/// indented by two.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let indent = if lines.len() > 1 { 2 } else { 0 };
        let last = lines.last_mut().expect("there is always a line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() + indent <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A row in words: what goes wrong, and for which datacenters it is the same.
fn describe(deployment: &Deployment, row: &CheckedRow) -> String {
    let names = deployment.cluster.datacenters();
    let site = |datacenter: Datacenter| names[datacenter.index()].as_str();
    let any = any_site(deployment, row);
    let parts = row.faults.iter().map(|fault| match fault {
        Fault::DatacenterLoss(_) if any => "any one datacenter is lost".into(),
        Fault::DatacenterPowerLoss(_) if any => "any one datacenter loses power".into(),
        Fault::DatacenterDestroyed(_) if any => "any one datacenter is destroyed".into(),
        Fault::Cut(..) if any => "any one link is cut".into(),
        Fault::OneWayCut(..) if any => "any one link is cut one way".into(),
        Fault::BrokerCrash => "a broker crashes".into(),
        Fault::BrokerPowerLoss => "a broker loses power".into(),
        Fault::BrokerWiped => "a broker loses its disk".into(),
        Fault::BrokerPause => "a broker freezes".into(),
        Fault::BrokerStop => "a broker is stopped".into(),
        Fault::Lag => "replicas lag".into(),
        Fault::DatacenterLoss(x) => format!("{} is lost", site(x)),
        Fault::DatacenterPowerLoss(x) => format!("{} loses power", site(x)),
        Fault::DatacenterDestroyed(x) => format!("{} is destroyed", site(x)),
        Fault::Cut(x, y) => format!("{}|{} is cut", site(x), site(y)),
        Fault::OneWayCut(x, y) => format!("{}>{} is cut", site(x), site(y)),
        Fault::ControllerFailover => "the controller fails over".into(),
    });
    let parts: Vec<String> = parts.collect();
    let described = if parts.is_empty() {
        "nothing goes wrong".to_owned()
    } else {
        parts.join(" and ")
    };
    if any || row.also.is_empty() {
        return described;
    }
    let also: Vec<_> = row.also.iter().map(|faults| faults.name(&names)).collect();
    format!("{described} (or {})", also.join(", "))
}

/// Whether a row and those that are the same cover every datacenter with brokers, or every link.
fn any_site(deployment: &Deployment, row: &CheckedRow) -> bool {
    let sites = &deployment.cluster.sites;
    let all = match row.faults.iter().last() {
        Some(Fault::Cut(..)) => sites.len() * (sites.len() - 1) / 2,
        Some(Fault::OneWayCut(..)) => sites.len() * (sites.len() - 1),
        _ => sites.len(),
    };
    !row.also.is_empty() && row.also.len() + 1 == all
}

/// How many rows and states there were, and whether all of them were looked at.
fn how_much(rows: &[&CheckedRow]) -> String {
    let states: usize = rows.iter().map(|row| row.states).sum();
    let how_far = match rows.iter().filter(|row| row.incomplete.is_some()).count() {
        0 => "all exhausted".to_owned(),
        cut => format!("{cut} of them NOT exhausted"),
    };
    format!("{} rows, {}, {how_far}", rows.len(), million(states))
}

/// What was searched, once, under the table.
fn searched(rows: &[&CheckedRow]) -> String {
    let size = |bounds: &Bounds| (bounds.records, bounds.isr_changes);
    let most = rows
        .iter()
        .map(|row| row.bounds)
        .max_by_key(size)
        .unwrap_or_default();
    let mut smaller: BTreeMap<(u8, u8), usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| size(&row.bounds) < size(&most)) {
        *smaller.entry(size(&row.bounds)).or_default() += 1;
    }
    let exceptions: String = smaller
        .into_iter()
        .map(|((records, isr_changes), rows)| {
            format!(
                "\n  {} too large for that: {} and {} there.",
                count_of(rows, "row"),
                count(records, "write"),
                count(isr_changes, "shrinking")
            )
        })
        .collect();
    let mut text = format!(
        "Searched: {}; in each {},\n  {}.{exceptions}",
        how_much(rows),
        count(most.records, "write"),
        within(most)
    );
    let mut bit: Vec<_> = rows.iter().flat_map(|row| row.used_up.clone()).collect();
    bit.sort_unstable();
    bit.dedup();
    if !bit.is_empty() {
        let _ = write!(
            text,
            "\n  Some histories came up against a bound: {}.",
            bit.join(", ")
        );
    }
    text.push_str("\n  Not a proof beyond these bounds.");
    text
}

/// The rest of a row's bounds, in words.
fn within(bounds: Bounds) -> String {
    format!(
        "{}, {} of the ISR and the faults of the row, in every order",
        count(bounds.elections, "election"),
        count(bounds.isr_changes, "shrinking"),
    )
}

/// What is said once under several brief tables.
pub fn brief_bounds(checked: &[Checked]) -> String {
    let bounds = checked
        .iter()
        .flat_map(|checked| &checked.rows)
        .map(|row| row.bounds)
        .next();
    let bounds = bounds.unwrap_or_default();
    format!(
        "In each row {}, {}. Not a proof beyond that.",
        count(bounds.records, "write"),
        within(bounds)
    )
}

fn count_of(number: usize, what: &str) -> String {
    match number {
        1 => format!("One {what} was"),
        _ => format!("{number} {what}s were"),
    }
}

fn count(number: u8, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn million(states: usize) -> String {
    match states {
        0..100_000 => format!("{states} states"),
        _ => format!("{:.1} million states", states as f64 / 1e6),
    }
}

/// The command that shows the first bad cell.
fn next_step(deployment: &Deployment, rows: &[&CheckedRow], file: &str) -> Option<String> {
    let names = deployment.cluster.datacenters();
    let (row, cell) = rows.iter().find_map(|row| {
        let bad = row
            .cells
            .iter()
            .find(|cell| matches!(cell.verdict, Verdict::Violated(_)))?;
        Some((row, bad))
    })?;
    let faults = row.faults.name(&names);
    let quoted = if faults.contains(['|', '>']) {
        format!("'{faults}'")
    } else {
        faults
    };
    Some(format!(
        "Next: highwater explain {file} --fault {quoted} --property {}",
        cell.property.name
    ))
}
