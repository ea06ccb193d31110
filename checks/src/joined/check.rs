//! The cells of each row: what is lost, skipped and read again, who writes, what to do.

use super::cause::{Causes, Hit, hits, ladder};
use super::effects::{self, Effect};
use super::search::{self, Asked, Found, LEAST_CLAIMED, Measure, OF_SINKS, Outcome};
use super::{Goal, Joined};
use crate::check::{self, Checked, Options};
use highwater_model::mirroring::Fault;
use highwater_vocabulary::mirroring::Cluster;
use highwater_vocabulary::{Deployment, Member};

/// How many records are written where the file does not say.
const USUAL_RECORDS: u8 = 3;
/// Which part of the budget each cluster gets that is searched by itself, and the records that are copied.
const PARTS: usize = 20;
/// How many such parts the groups get that move.
const GROUPS: usize = 8;

/// What comes out.
#[derive(Clone)]
pub struct CheckedJoined {
    /// Each cluster by itself.
    pub parts: Vec<Checked>,
    /// Every row, in the order of the table.
    pub rows: Vec<JoinedRow>,
    /// The goals that were not met, as sentences; those of single clusters first.
    pub unmet: Vec<String>,
    /// Different states of all explorations between the clusters.
    pub states: usize,
}

/// A row between clusters.
#[derive(Clone)]
pub struct JoinedRow {
    /// What goes wrong.
    pub causes: Causes,
    /// What was found for each question, as places in lists of questions and outcomes.
    pub found: Vec<Answer>,
}

/// What was found for a question in a row.
#[derive(Clone)]
pub struct Answer {
    /// The question.
    pub question: usize,
    /// What went wrong there.
    pub effect: Effect,
    /// What was found if producers are moved whenever somebody likes.
    pub outcome: Outcome,
    /// What becomes of the property that careful operators may mend ([`MENDED_BY_CARE`]) if they are; nothing if nobody
    /// asked.
    pub careful: Option<Found>,
}

/// What may be violated only because operators are not careful, and what they are to do: fence the old primary
/// before they move producers; and, where a group counts, wait until everything is copied.
pub const MENDED_BY_CARE: [(&str, Kept); 2] = [
    ("single-writer", Kept::NeedsFencing),
    ("one-sink-writer", Kept::NeedsDraining),
];

/// How much, at worst: the fewer the better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Amount {
    /// Nobody is there to whom it could happen.
    Nobody,
    /// Nothing.
    Zero,
    /// What had not been copied, or not been committed and translated, when it happened.
    Lag,
    /// That, and what has the same timestamp as the last record read.
    LagAndTies,
    /// That, and so many more, whether there are more records or not.
    LagAnd(usize),
    /// That, and so many more at least: not enough records were explored to see whether it grows.
    LagAndAtLeast(usize),
    /// More with every record.
    Unbounded,
    /// Not known.
    Unknown,
}

impl Amount {
    /// As JSON and files have it.
    pub fn word(self) -> String {
        match self {
            Amount::Nobody => "silent".into(),
            Amount::Zero => "0".into(),
            Amount::Lag => "the lag".into(),
            Amount::LagAndTies => "the lag and ties".into(),
            Amount::LagAnd(more) => format!("the lag and {more}"),
            Amount::LagAndAtLeast(more) => format!("the lag and at least {more}"),
            Amount::Unbounded => "unbounded".into(),
            Amount::Unknown => "incomplete".into(),
        }
    }

    /// The amount that a goal names.
    pub const DEMANDED: [(&'static str, &'static str); 2] = [("0", "0"), ("the lag", "the lag")];
}

impl Answer {
    /// What is lost if producers are moved.
    pub fn rpo(&self) -> Amount {
        let of = |property: &str| self.outcome.found(property);
        match of("nothing-lost-at-failover") {
            None | Some(Found::Silent) => return Amount::Nobody,
            Some(Found::Holds) => return Amount::Zero,
            Some(Found::Unknown) => return Amount::Unknown,
            Some(Found::Violated(..)) => {}
        }
        let holes = ["mirror-complete", "eventual-delivery"];
        let whole = |name: &&str| matches!(of(name), Some(Found::Holds | Found::Silent));
        match holes.iter().all(whole) {
            true => Amount::Lag,
            false => beyond(self.outcome.measured(Measure::Missing), Amount::Lag),
        }
    }

    /// What consumers get twice: of copies, and because they were moved.
    pub fn duplicates(&self) -> Amount {
        let lag =
            |property: &str, measure: Measure, least: Amount| match self.outcome.found(property) {
                None | Some(Found::Silent) => Amount::Nobody,
                Some(Found::Holds) => Amount::Zero,
                Some(Found::Unknown) => Amount::Unknown,
                Some(Found::Violated(..)) => beyond(self.outcome.measured(measure), least),
            };
        let copied = lag("mirror-exact", Measure::CopiedAgain, Amount::Lag);
        let ties = self
            .outcome
            .measured(Measure::Ties)
            .iter()
            .any(|most| *most > 0);
        let least = if ties {
            Amount::LagAndTies
        } else {
            Amount::Lag
        };
        copied.max(lag("commits-carry-over", Measure::ReadAgain, least))
    }
}

/// `least`, unless a measure shows more than that: with one record, two, and so on.
///
/// What takes two records for every one that is lost grows with every second record only, so a measure
/// has to stand still over two to be taken for bounded; and with one record nothing is claimed.
fn beyond(measured: &[usize], least: Amount) -> Amount {
    let shown: Vec<usize> = measured.iter().copied().filter(|most| *most > 0).collect();
    match shown.as_slice() {
        [] if measured.len() < usize::from(LEAST_CLAIMED) => Amount::Unknown,
        [] => least,
        [first, .., last] if last > first => Amount::Unbounded,
        [more, _, _, ..] => Amount::LagAnd(*more),
        [more, ..] => Amount::LagAndAtLeast(*more),
    }
}

/// A question of yes or no, at worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kept {
    /// It says nothing here.
    Silent,
    /// It holds.
    Holds,
    /// Not known.
    Unknown,
    /// It is violated, and fencing the old primary mends it.
    NeedsFencing,
    /// It is violated, and fencing and moving only when everything is copied mends it.
    NeedsDraining,
    /// It is violated.
    Violated,
}

impl Kept {
    /// As JSON has it.
    pub fn word(self) -> &'static str {
        match self {
            Kept::Silent => "silent",
            Kept::Holds => "holds",
            Kept::Unknown => "incomplete",
            Kept::NeedsFencing => "needs fencing",
            Kept::NeedsDraining => "needs draining",
            Kept::Violated => "violated",
        }
    }
}

/// What careful operators do about a property, if they can do something.
fn mended(property: &str) -> Option<Kept> {
    let mut all = MENDED_BY_CARE.iter();
    all.find(|(known, _)| *known == property)
        .map(|(_, care)| *care)
}

impl JoinedRow {
    /// What is lost if producers are moved, of the worst topic.
    pub fn rpo(&self) -> Amount {
        let all = self.found.iter().map(Answer::rpo);
        all.max().unwrap_or(Amount::Nobody)
    }

    /// What consumers get twice, at worst.
    pub fn duplicates(&self) -> Amount {
        let all = self.found.iter().map(Answer::duplicates);
        all.max().unwrap_or(Amount::Nobody)
    }

    /// What is known of a property, at worst.
    pub fn kept(&self, property: &str) -> Kept {
        let kept = |answer: &Answer| match answer.outcome.found(property)? {
            Found::Holds => Some(Kept::Holds),
            Found::Silent => Some(Kept::Silent),
            Found::Unknown => Some(Kept::Unknown),
            Found::Violated(..) => Some(match (mended(property), &answer.careful) {
                (None, _) | (_, Some(Found::Violated(..))) => Kept::Violated,
                (Some(care), Some(Found::Holds | Found::Silent)) => care,
                (Some(_), Some(Found::Unknown) | None) => Kept::Unknown,
            }),
        };
        let all = self.found.iter().filter_map(kept);
        all.max().unwrap_or(Kept::Silent)
    }

    /// The counts that groups keep beside Kafka, at worst of all that is asked of them.
    pub fn counts(&self) -> (Kept, &'static str) {
        let all = OF_SINKS.map(|property| (self.kept(property), property));
        let [first, others @ ..] = all;
        let worse = |one: (Kept, &'static str), other: (Kept, &'static str)| match other.0 > one.0 {
            true => other,
            false => one,
        };
        others.into_iter().fold(first, worse)
    }

    /// A cell in the words of JSON and of goals.
    pub fn word(&self, name: &str) -> String {
        match name {
            "rpo" => self.rpo().word(),
            "bounded-duplicates" => self.duplicates().word(),
            property => self.kept(property).word().into(),
        }
    }

    /// The clusters that this row may stop, and whether for good.
    pub fn stopped(&self, joined: &Joined) -> Vec<(usize, bool)> {
        let mut stopped: Vec<(usize, bool)> = Vec::new();
        for answer in &self.found {
            let question = &joined.questions[answer.question];
            let place = |cluster: Cluster| question.clusters[cluster.index()];
            for fault in answer.effect.faults.different() {
                let new = match fault {
                    Fault::ClusterLoss(cluster) => (place(cluster), false),
                    Fault::ClusterDestroyed(cluster) => (place(cluster), true),
                    _ => continue,
                };
                if !stopped.contains(&new) {
                    stopped.push(new);
                }
            }
        }
        stopped.sort_unstable();
        stopped
    }

    /// Whether some mirror dies here.
    pub fn kills_a_mirror(&self, joined: &Joined) -> bool {
        let mut mirrors = 0..joined.mirrors.len();
        mirrors.any(|mirror| hits(joined, &self.causes, mirror) == Some(Hit::Dies))
    }

    /// With how many records everything was exhausted: records, and groups.
    pub fn records(&self, joined: &Joined) -> [Option<u8>; 2] {
        [false, true].map(|of_group| {
            let asked = self
                .found
                .iter()
                .filter(|answer| joined.questions[answer.question].group.is_some() == of_group);
            asked.map(|answer| answer.outcome.records).min()
        })
    }
}

/// Checks each cluster, and then what is between them.  `progress` hears of every exploration.
pub fn check(
    joined: &Joined,
    options: &Options,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> CheckedJoined {
    let parts = parts(joined, options, progress);
    let rows = ladder(joined);
    check_rows(joined, parts, &rows, options, progress)
}

/// Checks these rows between clusters that have been checked.
pub fn check_rows(
    joined: &Joined,
    parts: Vec<Checked>,
    ladder: &[Causes],
    options: &Options,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> CheckedJoined {
    let mut asked: Vec<Asked> = Vec::new();
    let mut of_rows: Vec<Vec<(usize, usize)>> = Vec::new();
    for row in ladder {
        let mut own = Vec::new();
        for (place, question) in joined.questions.iter().enumerate() {
            for effect in effects::of(joined, &parts, row, question) {
                let known = asked.iter().position(|known| {
                    std::ptr::eq(known.question, question) && known.effect == effect
                });
                own.push((place, known.unwrap_or(asked.len())));
                if known.is_none() {
                    asked.push(Asked {
                        question,
                        effect,
                        careful: false,
                    });
                }
            }
        }
        of_rows.push(own);
    }
    let records = joined.records.unwrap_or(USUAL_RECORDS);
    let budget = options.states / PARTS;
    let outcomes = searched(&asked, records, budget, options, progress);
    let careful = carefully(&asked, &outcomes, records, budget, options, progress);
    let states = outcomes.iter().map(|outcome| outcome.states).sum();
    let rows = ladder.iter().zip(of_rows).map(|(causes, own)| JoinedRow {
        causes: causes.clone(),
        found: own
            .into_iter()
            .map(|(question, place)| Answer {
                question,
                effect: asked[place].effect.clone(),
                outcome: outcomes[place].clone(),
                careful: careful[place].clone(),
            })
            .collect(),
    });
    let rows: Vec<JoinedRow> = rows.collect();
    let mut unmet: Vec<String> = Vec::new();
    for (part, checked) in joined.parts.iter().zip(&parts) {
        let id = &part.cluster.id;
        unmet.extend(checked.unmet.iter().map(|goal| format!("{id}: {goal}")));
    }
    unmet.extend(
        joined
            .goals
            .iter()
            .flat_map(|goal| falls_short(joined, goal, &rows)),
    );
    CheckedJoined {
        parts,
        rows,
        unmet,
        states,
    }
}

/// What is copied, and then each group, within a budget of its own: groups take far more states.
fn searched(
    asked: &[Asked],
    records: u8,
    budget: usize,
    options: &Options,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Outcome> {
    let mut outcomes: Vec<Option<Outcome>> = asked.iter().map(|_| None).collect();
    for of_group in [false, true] {
        let places: Vec<usize> = (0..asked.len())
            .filter(|place| asked[*place].question.group.is_some() == of_group)
            .collect();
        let own: Vec<Asked> = places.iter().map(|place| asked[*place].clone()).collect();
        let budget = budget * if of_group { GROUPS } else { 1 };
        let found = search::search(&own, records, budget, &options.crew, progress);
        for (place, outcome) in places.into_iter().zip(found) {
            outcomes[place] = Some(outcome);
        }
    }
    outcomes.into_iter().flatten().collect()
}

/// Where two clusters take records, or something is counted twice: whether it is so although operators are careful.
fn carefully(
    asked: &[Asked],
    outcomes: &[Outcome],
    records: u8,
    budget: usize,
    options: &Options,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Option<Found>> {
    let torn = |place: usize| {
        let mut mended = MENDED_BY_CARE.iter();
        mended.find(|(property, _)| outcomes[place].violates(property))
    };
    let places = (0..asked.len()).filter_map(|place| Some((place, torn(place)?.0)));
    let places: Vec<(usize, &str)> = places.collect();
    let again: Vec<Asked> = places
        .iter()
        .map(|(place, _)| Asked {
            careful: true,
            ..asked[*place].clone()
        })
        .collect();
    let found = search::search(&again, records, budget, &options.crew, progress);
    let mut careful = vec![None; asked.len()];
    for ((place, property), outcome) in places.into_iter().zip(found) {
        // It takes as many records as showed the violation.
        let shown = match outcomes[place].found(property) {
            Some(Found::Violated(records, _)) => *records,
            _ => u8::MAX,
        };
        let as_far = outcome.records >= shown;
        careful[place] = outcome
            .found(property)
            .filter(|found| as_far || matches!(found, Found::Violated(..)))
            .cloned();
    }
    careful
}

/// Each cluster by itself; clusters that are alike but for their names are searched once.
pub fn parts(
    joined: &Joined,
    options: &Options,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Checked> {
    let options = Options {
        states: (options.states / PARTS).max(1),
        ..options.clone()
    };
    let mut known: Vec<(Deployment, Checked)> = Vec::new();
    let parts = joined.parts.iter().map(|part| {
        let shape = without_names(part);
        let found = known.iter().find(|(other, _)| *other == shape);
        let mut checked = match found {
            Some((_, checked)) => checked.clone(),
            None => {
                let checked = check::check(part, &options, progress);
                known.push((shape, checked.clone()));
                checked
            }
        };
        checked.unmet = check::unmet(part, &checked.rows);
        checked
    });
    parts.collect()
}

/// What a search of the cluster depends on.
fn without_names(part: &Deployment) -> Deployment {
    let mut shape = part.clone();
    shape.name.clear();
    shape.cluster.id.clear();
    shape.groups.clear();
    for (place, site) in shape.cluster.sites.iter_mut().enumerate() {
        site.name = place.to_string();
    }
    for (place, topic) in shape.cluster.topics.iter_mut().enumerate() {
        topic.id = place.to_string();
        topic.implied_by.clear();
    }
    for requirement in &mut shape.requirements {
        requirement.pattern.clear();
    }
    shape
}

/// The rows in which a goal is not met.
fn falls_short(joined: &Joined, goal: &Goal, rows: &[JoinedRow]) -> Vec<String> {
    let demanded = rows.iter().filter(|row| goal.rows.contains(&row.causes));
    let short = demanded.filter_map(|row| {
        let found = row.word(goal.property);
        let meets = match goal.property {
            "rpo" => meets(row.rpo(), goal.least),
            "bounded-duplicates" => meets(row.duplicates(), goal.least),
            // Whoever demands care has it in his runbook.
            property if mended(property).is_some_and(|care| care.word() == goal.least) => {
                !matches!(row.kept(property), Kept::Violated | Kept::Unknown)
            }
            property => matches!(row.kept(property), Kept::Holds | Kept::Silent),
        };
        let name = row.causes.name(joined);
        let wanted = match goal.least {
            "holds" => "hold".to_owned(),
            least => format!("be {least}"),
        };
        (!meets).then(|| {
            let found = found.replace("incomplete", "not known");
            format!("{name}: {} should {wanted}, and is {found}", goal.property)
        })
    });
    short.collect()
}

fn meets(found: Amount, least: &str) -> bool {
    match least {
        "0" => found <= Amount::Zero,
        _ => found <= Amount::Lag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_bounded_only_where_it_was_seen_to_stand_still() {
        for (measured, expected) in [
            (&[][..], Amount::Unknown),
            (&[0], Amount::Unknown),
            (&[0, 0], Amount::Lag),
            (&[1], Amount::LagAndAtLeast(1)),
            (&[0, 1], Amount::LagAndAtLeast(1)),
            (&[0, 1, 1], Amount::LagAndAtLeast(1)),
            (&[0, 1, 1, 1], Amount::LagAnd(1)),
            // It takes two records for each one that is lost.
            (&[0, 1, 1, 2], Amount::Unbounded),
            (&[1, 2], Amount::Unbounded),
        ] {
            assert_eq!(beyond(measured, Amount::Lag), expected, "{measured:?}");
        }
    }
}
