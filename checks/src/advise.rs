//! Which edits of a deployment's file mend what is bad in its table, and what each costs.
//!
//! Advice is never read off a table of rules: every edit that is advised has been made, and the edited
//! deployment searched with the same options.  First only the rows that are bad, to see whether it mends
//! anything; then, for those that mend most, all rows, to see what they cost.  One edit at a time, and if none mends
//! everything, two together.  The budget is a number of deployments that are searched, and never a
//! clock, so the advice is the same on every machine.
//!
//! **Deliberately absent:** prices.  Which column matters more is the reader's to say.

mod cells;
mod edit;
mod telling;

use crate::availability;
use crate::check::{self, Checked, CheckedRow, Options};
use crate::ladder;
use crate::placement;
use cells::Grades;
pub use cells::{Column, Grade, Place};
pub use edit::Edit;
use highwater_vocabulary::Deployment;
pub use telling::AdviceJson;

/// Deployments that are searched for the advice on one, those included of which only some rows are.
pub const MOST_SEARCHED: usize = 60;
/// Edits of one kind (alone, in pairs) whose price is found out at most: those that mend most.
const MOST_CHECKED: usize = 6;
/// Edits that are advised at most: the nearest.
const MOST_ADVISED: usize = 5;

/// What is bad about a deployment, and what would mend it.
#[derive(Clone, Debug, Default)]
pub struct Advised {
    /// The cells that advice was wanted for.
    pub bad: Vec<(Place, Grade)>,
    /// What mends some of them, the best first.
    pub advice: Vec<Advice>,
    /// Why nothing mends all of them, where that can be said.
    pub reasons: Vec<String>,
    /// Deployments that were searched for it.
    pub searched: usize,
    /// Edits, and pairs of them, that were not tried because the budget was spent.
    pub untried: usize,
}

/// Edits that were made together, and what came of them.
#[derive(Clone, Debug)]
pub struct Advice {
    /// What is written otherwise.
    pub edits: Vec<Edit>,
    /// The same, in words.
    pub names: Vec<String>,
    /// Bad cells that are good with it.
    pub mends: Vec<Changed>,
    /// Cells that are worse with it, among them those of rows that there were not before.
    pub costs: Vec<Changed>,
    /// How many bad cells are left.
    pub left: usize,
}

/// A cell that differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// Which cell.
    pub place: Place,
    /// Its grade before; nothing, if there was no such row.
    pub before: Option<Grade>,
    /// Its grade after.
    pub after: Grade,
}

/// What would mend the deployment of which `checked` is the table.
pub fn advise(deployment: &Deployment, checked: &Checked, options: &Options) -> Advised {
    let grades = cells::grades(deployment, &checked.rows);
    let bad: Vec<(Place, Grade)> = bad(&grades).collect();
    if bad.is_empty() {
        return Advised::default();
    }
    let mut adviser = Adviser {
        deployment,
        options,
        bad_rows: bad_rows(&checked.rows),
        grades,
        searched: 0,
        untried: 0,
    };
    let mut advice = adviser.singles();
    if advice.iter().all(|advice| advice.left > 0) {
        let pairs = adviser.pairs(&advice);
        advice.extend(pairs);
    }
    let reasons = reasons(deployment, &bad, &advice);
    advice.sort_by_key(|advice| (advice.left + advice.costs.len(), advice.edits.len()));
    let advice = without_dominated(advice);
    Advised {
        bad,
        advice,
        reasons,
        searched: adviser.searched,
        untried: adviser.untried,
    }
}

/// The cells that advice is wanted for.
fn bad(grades: &Grades) -> impl Iterator<Item = (Place, Grade)> + '_ {
    let bad = grades.iter();
    let bad = bad.filter(|((.., column), (grade, alone))| column.is_bad(*grade, *alone));
    bad.map(|(place, (grade, _))| (place.clone(), *grade))
}

/// The rows that have one, with the topics they are of.
fn bad_rows(rows: &[CheckedRow]) -> Vec<(usize, ladder::Row)> {
    let is_bad = |row: &&CheckedRow| {
        let alone = row.faults.iter().count() == 1;
        let mut columns = Column::ALL.into_iter();
        columns.any(|column| column.is_bad(column.grade(row), alone))
    };
    let row = |row: &CheckedRow| {
        let known = ladder::Row {
            faults: row.faults.clone(),
            also: row.also.clone(),
        };
        (row.topic, known)
    };
    rows.iter().filter(is_bad).map(row).collect()
}

/// Whoever makes edits and looks what comes of them.
struct Adviser<'d> {
    deployment: &'d Deployment,
    options: &'d Options,
    bad_rows: Vec<(usize, ladder::Row)>,
    grades: Grades,
    searched: usize,
    untried: usize,
}

impl Adviser<'_> {
    /// Every single edit that mends something.
    fn singles(&mut self) -> Vec<Advice> {
        let mut topics: Vec<usize> = self.bad_rows.iter().map(|(topic, _)| *topic).collect();
        topics.dedup();
        let edits = edit::edits(self.deployment, &topics);
        let edits = edits.into_iter().map(|edit| vec![edit]);
        self.tried(edits.collect())
    }

    /// Every pair of edits each of which mends something alone; then, as a majority may take two steps,
    /// those of two edits of the voters; then those of one that mends something with any other.
    fn pairs(&mut self, singles: &[Advice]) -> Vec<Advice> {
        let helpful: Vec<Edit> = singles.iter().map(|advice| advice.edits[0]).collect();
        let mut topics: Vec<usize> = self.bad_rows.iter().map(|(topic, _)| *topic).collect();
        topics.dedup();
        let all = edit::edits(self.deployment, &topics);
        let others = all.iter().copied().filter(|edit| !helpful.contains(edit));
        let others: Vec<Edit> = others.collect();
        let mut pairs = Vec::new();
        for (place, first) in helpful.iter().enumerate() {
            pairs.extend(
                helpful[place + 1..]
                    .iter()
                    .map(|second| vec![*first, *second]),
            );
        }
        let of_voters: Vec<Edit> = all
            .iter()
            .copied()
            .filter(|edit| edit.is_of_voters())
            .collect();
        for (place, first) in of_voters.iter().enumerate() {
            pairs.extend(
                of_voters[place..]
                    .iter()
                    .map(|second| vec![*first, *second]),
            );
        }
        for first in &helpful {
            pairs.extend(others.iter().map(|second| vec![*first, *second]));
        }
        self.tried(pairs)
    }

    /// What comes of each of these, as far as the budget goes: all are looked at as far as the bad rows go,
    /// and those that mend most altogether.
    fn tried(&mut self, candidates: Vec<Vec<Edit>>) -> Vec<Advice> {
        let mut seen: Vec<Deployment> = vec![self.deployment.clone()];
        let mut helpful: Vec<(usize, Vec<Edit>, Deployment)> = Vec::new();
        for edits in candidates {
            let Some(edited) = made(self.deployment, &edits) else {
                continue;
            };
            if seen.contains(&edited) {
                continue;
            }
            if self.searched + MOST_CHECKED >= MOST_SEARCHED {
                self.untried += 1;
                continue;
            }
            seen.push(edited.clone());
            match self.mended(&edited) {
                0 => {}
                mended => helpful.push((mended, edits, edited)),
            }
        }
        helpful.sort_by_key(|(mended, ..)| std::cmp::Reverse(*mended));
        helpful.truncate(MOST_CHECKED);
        let checked = helpful.into_iter();
        checked
            .map(|(_, edits, edited)| self.outcome(&edited, edits))
            .collect()
    }

    /// How many bad cells are good in an edited deployment.
    fn mended(&mut self, edited: &Deployment) -> usize {
        let screened = self.screened(edited);
        let is_good = |place: &Place| matches!(screened.get(place), Some((Grade::Good, _)));
        bad(&self.grades)
            .filter(|(place, _)| is_good(place))
            .count()
    }

    /// What comes of edits in all rows.
    fn outcome(&mut self, edited: &Deployment, edits: Vec<Edit>) -> Advice {
        self.searched += 1;
        let checked = check::check(edited, self.options, &|_, _| {});
        let after = cells::grades(edited, &checked.rows);
        let is_good = |place: &Place| matches!(after.get(place), Some((Grade::Good, _)));
        let mended = bad(&self.grades).filter(|(place, _)| is_good(place));
        let mends: Vec<Changed> = mended
            .map(|(place, before)| Changed {
                place,
                before: Some(before),
                after: Grade::Good,
            })
            .collect();
        let costs = after.iter();
        let costs = costs.filter_map(|(place, (grade, alone))| self.cost(place, *grade, *alone));
        Advice {
            names: named(self.deployment, &edits),
            left: bad(&self.grades).count() - mends.len(),
            edits,
            costs: costs.collect(),
            mends,
        }
    }

    /// The rows that were bad, searched anew; what goes on only where that was bad.
    fn screened(&mut self, edited: &Deployment) -> Grades {
        self.searched += 1;
        let ladder = ladder::rows(edited);
        let mut grades = Grades::new();
        for topic in 0..edited.cluster.topics.len() {
            let own = self.bad_rows.iter().filter(|(of, _)| *of == topic);
            let own: Vec<&ladder::Row> = own.map(|(_, row)| row).collect();
            let is_asked = |row: &&ladder::Row| own.iter().any(|bad| overlap(bad, row));
            let rows: Vec<ladder::Row> = ladder.iter().filter(is_asked).cloned().collect();
            let mut checked = check::check_rows(edited, &[topic], &rows, self.options, &|_, _| {});
            if bad(&self.grades).any(|((.., column), _)| column != Column::Data) {
                availability::rows::fill(edited, self.options, &mut checked);
            }
            grades.extend(cells::grades(edited, &checked));
        }
        grades
    }

    /// What a cell costs: it is worse than before, or new and bad.
    fn cost(&self, place: &Place, after: Grade, alone: bool) -> Option<Changed> {
        let before = self.grades.get(place).map(|(grade, _)| *grade);
        let is_worse = match before {
            Some(before) => after > before,
            None => place.2.is_bad(after, alone),
        };
        is_worse.then(|| Changed {
            place: place.clone(),
            before,
            after,
        })
    }
}

/// Whether two rows have a name in common.
fn overlap(one: &ladder::Row, other: &ladder::Row) -> bool {
    let mut names = std::iter::once(&one.faults).chain(&one.also);
    names.any(|faults| *faults == other.faults || other.also.contains(faults))
}

/// The deployment with these edits, one after the other.
fn made(deployment: &Deployment, edits: &[Edit]) -> Option<Deployment> {
    let mut edits = edits.iter();
    edits.try_fold(deployment.clone(), |edited, edit| edit.made(&edited))
}

fn named(deployment: &Deployment, edits: &[Edit]) -> Vec<String> {
    let mut edited = deployment.clone();
    let names = edits.iter().map(|edit| {
        let name = edit.name(&edited);
        edited = edit.made(&edited).unwrap_or_else(|| edited.clone());
        name
    });
    names.collect()
}

/// The nearest, without those that do no more than a better one at no less a price.
fn without_dominated(sorted: Vec<Advice>) -> Vec<Advice> {
    let mut kept: Vec<Advice> = Vec::new();
    for advice in sorted {
        let does_more = |known: &Advice| {
            let mends = |changed| known.mends.contains(changed);
            let costs = |changed| advice.costs.contains(changed);
            known.edits.len() <= advice.edits.len()
                && advice.mends.iter().all(mends)
                && known.costs.iter().all(costs)
        };
        if kept.len() < MOST_ADVISED && !kept.iter().any(does_more) {
            kept.push(advice);
        }
    }
    kept
}

/// Why nothing that was tried mends everything.
///
/// A record survives the loss of any one datacenter whatever the ISR has come to only if min ISR is above
/// the replicas of each; and what is left of the others can take a write only if it is not above their
/// number.  Where no number does both, no edit of settings does.
fn reasons(deployment: &Deployment, bad: &[(Place, Grade)], advice: &[Advice]) -> Vec<String> {
    if advice
        .iter()
        .any(|advice| advice.left == 0 && advice.costs.is_empty())
    {
        return Vec::new();
    }
    let of_interest = |topic: &&highwater_vocabulary::Topic| {
        bad.iter().any(|((id, _, column), _)| {
            *id == topic.id && matches!(column, Column::Data | Column::Writes)
        })
    };
    let topics = deployment.cluster.topics.iter().filter(of_interest);
    topics
        .filter_map(|topic| {
            let share = placement::largest_share(&topic.placement, &deployment.cluster.sites);
            let replicas = topic.placement.replicas();
            let rest = replicas - share.min(replicas);
            let homes = deployment.cluster.sites.iter();
            let homes = homes.filter(|site| site.brokers > 0).count();
            (rest <= share && homes > 1).then(|| {
                format!(
                    "{}: no edit gives both, that data is kept and that writes go on, when a datacenter \
                     is lost. Up to {share} of {replicas} replicas are in one: to be kept whatever \
                     leaves the ISR before, a record must be on more than {share} when it is \
                     acknowledged, and without that datacenter it can be on {rest} at most. It takes \
                     {}.",
                    topic.id,
                    match homes {
                        2 => "brokers in a third datacenter",
                        _ => "replicas that are spread more evenly",
                    }
                )
            })
        })
        .collect()
}
