//! A deployment, asked about every row of its ladder.

use crate::explore::{Counts, Exploration, Limits, Verdict, explore};
use crate::ladder;
use crate::placement;
use highwater_model::replication::{Bounds, Property, Replication, Variant};
use highwater_vocabulary::{Deployment, Faults, Setting, Topic};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a deployment is searched.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How far each exploration may go.
    pub limits: Limits,
    /// How many explorations run side by side; the results do not depend on it.
    pub workers: usize,
    /// How many records are sent where the file does not say.
    pub records: u8,
    /// Whether the candidate defects are there as Kafka's source has them, or repaired.
    pub as_source: bool,
}

impl Default for Options {
    fn default() -> Self {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        Options {
            limits: Limits {
                generated: 8_000_000,
            },
            workers,
            records: 2,
            as_source: false,
        }
    }
}

/// The properties that operators ask about; every row is asked for all of them.
pub fn operators_properties() -> &'static [Property] {
    &Property::ALL[..5]
}

/// What a deployment comes to.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Every row, topic by topic.
    pub rows: Vec<CheckedRow>,
    /// The goals that were not met, as sentences.
    pub unmet: Vec<String>,
}

/// One row, for one topic.
#[derive(Clone, Debug)]
pub struct CheckedRow {
    /// The place of the topic in the file.
    pub topic: usize,
    /// What may go wrong.
    pub faults: Faults,
    /// The rows that are the same one under other names.
    pub also: Vec<Faults>,
    /// How much could happen in the histories that were searched.
    pub bounds: Bounds,
    /// What was searched, over all placements and orders together.
    pub states: usize,
    /// Why some search was not exhausted.
    pub incomplete: Option<String>,
    /// Which bounds some history came up against.
    pub used_up: Vec<&'static str>,
    /// The properties, each with its worst verdict.
    pub cells: Vec<Cell>,
}

/// The worst verdict on a property, and where it was found.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The property.
    pub property: &'static Property,
    /// The verdict.
    pub verdict: Verdict,
    /// The placement and order in which it was found.
    pub worst: Setting,
}

impl CheckedRow {
    /// The cell of a property.
    pub fn cell(&self, property: &str) -> Option<&Cell> {
        self.cells
            .iter()
            .find(|cell| cell.property.name == property)
    }

    /// Whether this property is violated here.
    pub fn violates(&self, property: &str) -> bool {
        self.cell(property)
            .is_some_and(|cell| matches!(cell.verdict, Verdict::Violated(_)))
    }

    fn covers(&self, faults: &Faults) -> bool {
        self.faults == *faults || self.also.contains(faults)
    }
}

/// The bounds within which a deployment's rows are searched: the defaults, and what the file says.
///
/// One election less than in experiments, and no balancer, so that a row is exhausted in seconds:
/// the verdicts say so.
pub fn bounds(deployment: &Deployment, options: Options) -> Bounds {
    let file = &deployment.bounds;
    let default = Bounds {
        elections: 2,
        preferred_elections: 0,
        ..Bounds::default()
    };
    Bounds {
        records: file.records.unwrap_or(options.records),
        elections: file.elections.unwrap_or(default.elections),
        isr_changes: file.isr_changes.unwrap_or(default.isr_changes),
        ..default
    }
}

/// The models that judge one row of one topic: one for each placement and order that the row tells
/// apart.
pub fn models(
    deployment: &Deployment,
    topic: &Topic,
    faults: &Faults,
    options: Options,
) -> Vec<Replication> {
    let mut variant = Variant::of(deployment.kafka);
    if options.as_source {
        variant.switches = variant.switches.as_source();
    }
    let settings = ladder::reduce_orders(deployment, faults, placement::classes(deployment, topic));
    let model = |setting| Replication {
        setting,
        variant,
        faults: faults.clone(),
        bounds: bounds(deployment, options),
        asked: operators_properties(),
    };
    settings.into_iter().map(model).collect()
}

/// Searches every row of `deployment`.  `progress` hears of every finished exploration: how many are
/// done, and of how many.
pub fn check(
    deployment: &Deployment,
    options: Options,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Checked {
    let mut rows = Vec::new();
    let mut jobs = Vec::new();
    for (place, topic) in deployment.cluster.topics.iter().enumerate() {
        for row in ladder::rows(deployment) {
            for model in models(deployment, topic, &row.faults, options) {
                jobs.push((rows.len(), model));
            }
            rows.push((place, row));
        }
    }
    let found = side_by_side(&jobs, options, progress);
    let mut checked: Vec<CheckedRow> = Vec::new();
    for (number, (topic, row)) in rows.into_iter().enumerate() {
        let own = jobs.iter().zip(&found).filter(|((of, _), _)| *of == number);
        let own: Vec<_> = own
            .map(|((_, model), exploration)| (model, exploration))
            .collect();
        checked.push(judge(topic, row, &own));
    }
    let unmet = unmet(deployment, &checked);
    Checked {
        rows: checked,
        unmet,
    }
}

/// Explores every model, each on one thread; the results come in the order of the jobs.
fn side_by_side(
    jobs: &[(usize, Replication)],
    options: Options,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<(Bounds, Exploration)> {
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let found: Vec<Mutex<Option<(Bounds, Exploration)>>> =
        jobs.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..options.workers.clamp(1, jobs.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((_, model)) = jobs.get(place) else {
                        break;
                    };
                    let exploration = search(model, options.limits);
                    if let Ok(mut slot) = found[place].lock() {
                        *slot = Some(exploration);
                    }
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1, jobs.len());
                }
            });
        }
    });
    let found = found
        .into_iter()
        .map(|slot| slot.into_inner().unwrap_or_default());
    found
        .map(|exploration| exploration.expect("every job is done once"))
        .collect()
}

/// Searches upwards, each step with half the limit of the one before.  What is too large keeps the
/// verdicts of the last step that was exhausted, and says so by its bounds; but what a search that
/// was cut has found, it has found.
fn search(model: &Replication, limits: Limits) -> (Bounds, Exploration) {
    let mut best: Option<(Bounds, Exploration)> = None;
    for (step, bounds) in steps_up_to(model.bounds).into_iter().enumerate() {
        let limits = Limits {
            generated: (limits.generated >> step).max(1),
        };
        let exploration = explore(
            &Replication {
                bounds,
                ..model.clone()
            },
            limits,
        );
        let too_large = exploration.incomplete.is_some();
        best = Some(match best {
            Some((bounds, known)) if too_large => (bounds, with_violations_of(known, exploration)),
            _ => (bounds, exploration),
        });
        if too_large {
            break;
        }
    }
    best.expect("there is at least one step")
}

/// The bounds within which a row is searched, smallest first.
fn steps_up_to(most: Bounds) -> Vec<Bounds> {
    let small = Bounds {
        records: 1,
        isr_changes: most.isr_changes.min(1),
        ..most
    };
    let mut steps = vec![small];
    steps.extend((1..=most.records).map(|records| Bounds { records, ..most }));
    steps.dedup();
    steps
}

fn with_violations_of(mut known: Exploration, cut: Exploration) -> Exploration {
    for ((_, verdict), (_, found)) in known.verdicts.iter_mut().zip(cut.verdicts) {
        let is_new = !matches!(verdict, Verdict::Violated(_));
        if is_new && matches!(found, Verdict::Violated(_)) {
            *verdict = found;
        }
    }
    known
}

/// The row, from what was found for each of its placements and orders: the worst counts.
fn judge(
    topic: usize,
    row: ladder::Row,
    found: &[(&Replication, &(Bounds, Exploration))],
) -> CheckedRow {
    let bounds = found
        .iter()
        .map(|(_, (bounds, _))| *bounds)
        .min_by_key(|bounds| (bounds.records, bounds.isr_changes));
    let found: Vec<_> = found
        .iter()
        .map(|(model, (_, exploration))| (*model, exploration))
        .collect();
    let counts: Vec<Counts> = found
        .iter()
        .map(|(_, exploration)| exploration.counts)
        .collect();
    let mut used_up: Vec<_> = found
        .iter()
        .flat_map(|(_, exploration)| exploration.used_up.clone())
        .collect();
    used_up.sort_unstable();
    used_up.dedup();
    let cells = operators_properties().iter().filter_map(|property| {
        let verdicts = found
            .iter()
            .filter_map(|(model, exploration)| Some((*model, exploration.verdict(property.name)?)));
        let (model, verdict) = verdicts.reduce(|worst, other| {
            if worse(other.1, worst.1) {
                other
            } else {
                worst
            }
        })?;
        Some(Cell {
            property,
            verdict: verdict.clone(),
            worst: model.setting.clone(),
        })
    });
    CheckedRow {
        topic,
        faults: row.faults,
        also: row.also,
        bounds: bounds.unwrap_or_default(),
        states: counts.iter().map(|counts| counts.unique).sum(),
        incomplete: found
            .iter()
            .find_map(|(_, exploration)| exploration.incomplete.clone()),
        used_up,
        cells: cells.collect(),
    }
}

/// Whether the first verdict is worse: violated, sooner violated, not known, holding, silent.
fn worse(one: &Verdict, other: &Verdict) -> bool {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Violated(history) => (0, history.events.len()),
        Verdict::Incomplete => (1, 0),
        Verdict::Holds => (2, 0),
        Verdict::Silent => (3, 0),
    };
    rank(one) < rank(other)
}

/// The goals of the file that some row does not meet.  What is not known does not meet a goal; what
/// says nothing does.
fn unmet(deployment: &Deployment, rows: &[CheckedRow]) -> Vec<String> {
    let names = deployment.cluster.datacenters();
    let mut unmet = Vec::new();
    for requirement in &deployment.requirements {
        for (faults, property) in requirement.rows.iter().flat_map(|faults| {
            requirement
                .wanted
                .iter()
                .map(move |wanted| (faults, wanted))
        }) {
            for row in rows.iter().filter(|row| row.covers(faults)) {
                let Some(cell) = row.cell(property) else {
                    continue;
                };
                if !matches!(cell.verdict, Verdict::Holds | Verdict::Silent) {
                    let topic = &deployment.cluster.topics[row.topic].id;
                    let found = match cell.verdict {
                        Verdict::Incomplete => "not known",
                        _ => cell.verdict.word(),
                    };
                    unmet.push(format!(
                        "{}: {property} should hold for {topic}, and is {found}",
                        faults.name(&names)
                    ));
                }
            }
        }
    }
    unmet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_searched_upwards() {
        let most = Bounds {
            records: 2,
            isr_changes: 2,
            ..Bounds::default()
        };
        let steps = steps_up_to(most);
        let drawn: Vec<_> = steps
            .iter()
            .map(|bounds| (bounds.records, bounds.isr_changes))
            .collect();
        assert_eq!(drawn, [(1, 1), (1, 2), (2, 2)]);
        assert_eq!(
            steps_up_to(Bounds {
                records: 1,
                isr_changes: 1,
                ..most
            })
            .len(),
            1
        );
    }

    #[test]
    fn what_a_cut_search_has_found_it_has_found() {
        let deployment = crate::deployment_file::read(&crate::shipped::deployments()[2])
            .expect("shipped")
            .0;
        let names = deployment.cluster.datacenters();
        let faults = Faults::parse("broker-crash", &names).expect("legal");
        let model = &models(
            &deployment,
            &deployment.cluster.topics[0],
            &faults,
            Options::default(),
        )[0];
        let whole = explore(model, Limits::default());
        let cut = explore(model, Limits { generated: 300 });
        assert!(cut.incomplete.is_some());
        let mut known = whole.clone();
        for (_, verdict) in &mut known.verdicts {
            *verdict = Verdict::Holds;
        }
        let merged = with_violations_of(known, cut.clone());
        for ((property, verdict), (_, found)) in merged.verdicts.iter().zip(&cut.verdicts) {
            let expected = if matches!(found, Verdict::Violated(_)) {
                "violated"
            } else {
                "holds"
            };
            assert_eq!(verdict.word(), expected, "{}", property.name);
        }
        assert!(
            merged
                .verdicts
                .iter()
                .any(|(_, verdict)| verdict.word() == "violated")
        );
    }
}
