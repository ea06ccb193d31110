//! A deployment, asked about every row of its ladder.

use crate::availability::{self, RowServices, Service, ServiceCell, Word, durable};
use crate::explore::{Coverage, Crew, Verdict};
use crate::ladder;
use crate::placement;
use crate::search::{self, Outcome, Reach};
use highwater_model::replication::{Bounds, Grain, Property, Replication, Variant};
use highwater_vocabulary::{Deployment, Faults, Setting, Topic};

/// How a deployment is searched.
#[derive(Clone, Debug)]
pub struct Options {
    /// States that may be generated for a deployment altogether, repetitions included; one of six
    /// replicas counts as two.
    pub states: usize,
    /// Who explores, and what they may take.
    pub crew: Crew,
    /// How many records are sent where the file does not say.
    pub records: u8,
    /// Whether the candidate defects are there as Kafka's source has them, or repaired.
    pub as_source: bool,
    /// How large the steps may be.
    pub steps: Steps,
}

/// How large the steps of a search may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Steps {
    /// Large ones first, and smaller ones as far as the budget goes.
    #[default]
    Both,
    /// Only large ones.
    Coarse,
    /// Only one event at a time.
    Fine,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            states: 60_000_000,
            crew: Crew::default(),
            records: 2,
            as_source: false,
            steps: Steps::Both,
        }
    }
}

impl Options {
    /// Whether steps of this grain are taken.  The candidate defects lie between the events that a
    /// large step takes together, so they are looked for with small ones, unless large ones are asked
    /// for.
    fn takes(&self, grain: Grain) -> bool {
        match self.steps {
            Steps::Both => grain == Grain::Fine || !self.as_source,
            Steps::Coarse => grain != Grain::Fine,
            Steps::Fine => grain == Grain::Fine,
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
    /// The smallest steps in which every history was searched.
    pub grain: Grain,
    /// How much could happen in the histories that were searched in those.
    pub bounds: Bounds,
    /// What was searched beside that: in larger steps, and more could happen.
    pub coarser: Option<Reach>,
    /// What was searched, over all placements and orders together.
    pub states: usize,
    /// Why some search was not exhausted at all.
    pub incomplete: Option<String>,
    /// Which bounds some history came up against.
    pub used_up: Vec<&'static str>,
    /// How often each event was tried, and happened.
    pub coverage: Coverage,
    /// The properties, each with its worst verdict.
    pub cells: Vec<Cell>,
    /// What stops, and the way back; nothing where it was not asked.
    pub services: Option<RowServices>,
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

    /// The cell of a service.
    pub fn service(&self, service: Service) -> Option<&ServiceCell> {
        let cells = self.services.iter().flat_map(|services| &services.cells);
        cells.into_iter().find(|cell| cell.service == service)
    }

    /// The verdict word on a property or a service.
    pub fn word(&self, name: &str) -> Option<&'static str> {
        let services = self.services.iter().flat_map(|services| &services.cells);
        let mut named = services.filter(|cell| cell.service.name() == name);
        match self.cell(name) {
            Some(cell) => Some(cell.verdict.word()),
            None => named.next().map(|cell| cell.word.name()),
        }
    }

    /// Whether this property is violated here.
    pub fn violates(&self, property: &str) -> bool {
        self.cell(property)
            .is_some_and(|cell| matches!(cell.verdict, Verdict::Violated(_)))
    }

    /// Whether this row judges these faults.
    pub fn covers(&self, faults: &Faults) -> bool {
        self.faults == *faults || self.also.contains(faults)
    }
}

/// The bounds within which a deployment's rows are searched: the defaults, and what the file says.
///
/// One election less than in experiments, and no balancer, so that a row is exhausted in seconds:
/// the verdicts say so.
pub fn bounds(deployment: &Deployment, options: &Options) -> Bounds {
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
    options: &Options,
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

/// Searches every row of `deployment`.  `progress` hears of every exploration: how many are done, and
/// of how many that are begun.
pub fn check(
    deployment: &Deployment,
    options: &Options,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Checked {
    let ladder = ladder::rows(deployment);
    let topics: Vec<usize> = (0..deployment.cluster.topics.len()).collect();
    let mut rows = check_rows(deployment, &topics, &ladder, options, progress);
    availability::rows::fill(deployment, options, &mut rows);
    let unmet = unmet(deployment, &rows);
    Checked { rows, unmet }
}

/// Searches these rows for these topics, and nothing else.  Topics that are alike are searched once.
pub fn check_rows(
    deployment: &Deployment,
    topics: &[usize],
    ladder: &[ladder::Row],
    options: &Options,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<CheckedRow> {
    let mut models: Vec<Replication> = Vec::new();
    let mut rows = Vec::new();
    for place in topics {
        for row in ladder {
            let topic = &deployment.cluster.topics[*place];
            let mut own = Vec::new();
            for model in self::models(deployment, topic, &row.faults, options) {
                let same = |known: &Replication| {
                    known.setting == model.setting && known.faults == model.faults
                };
                own.push(models.iter().position(same).unwrap_or(models.len()));
                if own.last() == Some(&models.len()) {
                    models.push(model);
                }
            }
            rows.push((*place, row, own));
        }
    }
    let rounds = search::rounds(bounds(deployment, options), |grain| options.takes(grain));
    let outcomes = search::search(&models, &rounds, options.states, &options.crew, progress);
    let judged = rows.into_iter().map(|(topic, row, own)| {
        let found: Vec<_> = own
            .iter()
            .map(|at| (&models[*at], &outcomes[*at]))
            .collect();
        judge(topic, row, &found, rounds[0].reach)
    });
    judged.collect()
}

/// The row, from what was found for each of its placements and orders: the worst counts.
fn judge(
    topic: usize,
    row: &ladder::Row,
    found: &[(&Replication, &Outcome)],
    least: Reach,
) -> CheckedRow {
    let poorest = found.iter().map(|(_, outcome)| outcome);
    let poorest = poorest.min_by_key(|outcome| outcome.rounds);
    let reached = poorest.map(|outcome| outcome.reached.as_slice());
    let (furthest, coarser) = match reached.unwrap_or_default() {
        [] => (least, None),
        [reach] => (*reach, None),
        [.., coarser, reach] => (*reach, Some(*coarser)),
    };
    let outcomes = || found.iter().map(|(_, outcome)| outcome);
    let mut used_up: Vec<_> = outcomes()
        .flat_map(|outcome| outcome.used_up.clone())
        .collect();
    used_up.sort_unstable();
    used_up.dedup();
    let cells = operators_properties().iter().filter_map(|property| {
        let verdicts = found.iter().filter_map(|(model, outcome)| {
            let mut verdicts = outcome.verdicts.iter();
            let (_, verdict) = verdicts.find(|(known, _)| known.name == property.name)?;
            Some((*model, verdict))
        });
        let (model, verdict) = verdicts.reduce(|worst, other| {
            if rank(other.1) < rank(worst.1) {
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
        faults: row.faults.clone(),
        also: row.also.clone(),
        grain: furthest.grain,
        bounds: furthest.bounds,
        coarser,
        states: outcomes().map(|outcome| outcome.states).sum(),
        incomplete: outcomes().find_map(|outcome| outcome.incomplete.clone()),
        used_up,
        coverage: outcomes().fold(Coverage::default(), |all, outcome| {
            all.and(&outcome.coverage)
        }),
        cells: cells.collect(),
        services: None,
    }
}

/// How bad a verdict is, the worst first: violated, sooner violated, not known, holding, silent.
pub(crate) fn rank(verdict: &Verdict) -> (u8, usize) {
    match verdict {
        Verdict::Violated(history) => (0, history.events.len()),
        Verdict::Incomplete => (1, 0),
        Verdict::Holds => (2, 0),
        Verdict::Silent => (3, 0),
    }
}

/// The goals of the file that some row does not meet.  What is not known does not meet a goal; what
/// says nothing does, and so does a better word than the one that was asked for.
pub(crate) fn unmet(deployment: &Deployment, rows: &[CheckedRow]) -> Vec<String> {
    let names = deployment.cluster.datacenters();
    let mut unmet = Vec::new();
    for requirement in &deployment.requirements {
        for faults in &requirement.rows {
            for (name, least) in &requirement.goals() {
                for row in rows.iter().filter(|row| row.covers(faults)) {
                    let Some(found) = falls_short(row, name, least) else {
                        continue;
                    };
                    let topic = &deployment.cluster.topics[row.topic].id;
                    let wanted = match *least {
                        "holds" => format!("hold for {topic}"),
                        "automatic" => format!("be automatic for {topic}"),
                        least => format!("be {least} or better for {topic}"),
                    };
                    unmet.push(format!(
                        "{}: {name} should {wanted}, and is {found}",
                        faults.name(&names)
                    ));
                }
            }
        }
    }
    unmet
}

/// What is found instead, if a row does not meet a goal.
fn falls_short(row: &CheckedRow, name: &str, least: &str) -> Option<&'static str> {
    let service = Service::ALL
        .into_iter()
        .find(|service| service.name() == name);
    if let Some(service) = service {
        let word = row.service(service)?.word;
        let least = Word::named(least)?;
        return match word {
            Word::Incomplete => Some("not known"),
            word => (word > least).then(|| word.name()),
        };
    }
    if name == durable::NAME {
        let durable = row.services.as_ref()?.metadata_durable;
        return (!durable).then_some("violated");
    }
    match &row.cell(name)?.verdict {
        Verdict::Holds | Verdict::Silent => None,
        Verdict::Incomplete => Some("not known"),
        verdict => Some(verdict.word()),
    }
}
