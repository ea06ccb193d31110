//! What a program reads.  The field names are a contract; docs/DEPLOYMENTS.md lists them.

use crate::advise::{AdviceJson, Advised};
use crate::availability::{Move, Runbook, ServiceCell, durable};
use crate::check::{Cell, CheckedRow};
use crate::experiment::{Experiment, Unexpected};
use crate::explore::{Coverage, Exploration, Verdict, chance_of_clash};
use crate::joined::Joined;
use crate::joined::check::JoinedRow;
use crate::joined::report::JoinedReport;
use crate::joined::search::{Found, OF_GROUPS, OF_RECORDS, OF_SINKS};
use crate::liveness::{self, Liveness};
use crate::report::{self, Report};
use crate::subject::{self, Subject};
use highwater_model::replication::{Bounds, Grain};
use highwater_vocabulary::{Deployment, Member, Setting};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The one object that a command prints.
#[derive(Serialize)]
pub struct Output<R> {
    /// The version of this contract.
    pub schema: u32,
    /// The subcommand.
    pub command: &'static str,
    /// The commit that Highwater was built from, if whoever built it has said so in
    /// `HIGHWATER_COMMIT`; else its version.
    pub commit: &'static str,
    /// One a file.
    pub results: Vec<R>,
    /// What is legal and probably not meant.
    pub warnings: Vec<String>,
}

impl<R: Serialize> Output<R> {
    /// The results of a command.
    pub fn new(command: &'static str, results: Vec<R>, warnings: Vec<String>) -> Self {
        Output {
            schema: 1,
            command,
            commit: option_env!("HIGHWATER_COMMIT").unwrap_or(env!("CARGO_PKG_VERSION")),
            results,
            warnings,
        }
    }

    /// As text.
    pub fn render(&self) -> String {
        serde_json::to_string_pretty(self)
            .unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"))
    }
}

/// What a deployment or an experiment comes to.
#[derive(Serialize)]
pub struct CheckResult {
    file: String,
    name: String,
    kafka: &'static str,
    rows: Vec<Row>,
    require: Require,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<Vec<AdviceJson>>,
    /// Why no advice mends everything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    advice_reasons: Vec<String>,
}

impl CheckResult {
    /// What a file came to, without advice.
    fn of(
        file: &str,
        name: &str,
        kafka: &'static str,
        rows: Vec<Row>,
        unmet: Vec<String>,
    ) -> CheckResult {
        CheckResult {
            file: file.to_owned(),
            name: name.to_owned(),
            kafka,
            rows,
            require: Require {
                met: unmet.is_empty(),
                unmet,
            },
            advice: None,
            advice_reasons: Vec::new(),
        }
    }

    /// The same, with what would mend it.
    pub fn with_advice(mut self, advised: &Advised) -> CheckResult {
        self.advice = Some(advised.json());
        self.advice_reasons = advised.reasons.clone();
        self
    }
}

#[derive(Serialize)]
struct Row {
    /// Of several clusters, the one in which it was searched; between them, none.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    fault: String,
    also: Vec<String>,
    #[serde(flatten)]
    reach: RowReach,
    #[serde(skip_serializing_if = "Option::is_none")]
    coarser: Option<RowReach>,
    states: usize,
    chance_of_clash: f64,
    events: BTreeMap<&'static str, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<String>,
    used_up: Vec<&'static str>,
    placement: Vec<String>,
    cells: BTreeMap<&'static str, CellResult>,
}

#[derive(Serialize)]
struct RowReach {
    grain: &'static str,
    restrictions: &'static [&'static str],
    bounds: RowBounds,
}

#[derive(Serialize)]
struct RowBounds {
    records: u8,
    elections: u8,
    isr_changes: u8,
}

#[derive(Serialize)]
struct CellResult {
    verdict: Cow<'static, str>,
    placement: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<usize>,
    /// Whose clients fare worse than others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    datacenters: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook: Option<RunbookResult>,
}

/// What an operator does, one after the other, and at what price.
#[derive(Serialize)]
struct RunbookResult {
    moves: Vec<String>,
    after_return: bool,
    may_lose_acknowledged: bool,
}

#[derive(Serialize)]
struct Require {
    met: bool,
    unmet: Vec<String>,
}

/// A checked deployment as its result.
pub fn check_result(report: &Report) -> CheckResult {
    let deployment = report.deployment();
    let rows = report.rows().iter();
    CheckResult::of(
        report.file(),
        &deployment.name,
        deployment.kafka.name(),
        rows.map(|row| row_result(deployment, row)).collect(),
        report.unmet().to_vec(),
    )
}

/// Clusters that are joined as their result: the rows between them, and then those of each.
pub fn joined_result(report: &JoinedReport) -> CheckResult {
    let joined = report.joined();
    let checked = report.checked();
    let mut rows: Vec<Row> = checked
        .rows
        .iter()
        .map(|row| between_result(joined, row))
        .collect();
    for (part, checked) in joined.parts.iter().zip(&checked.parts) {
        rows.extend(checked.rows.iter().map(|row| row_result(part, row)));
    }
    CheckResult::of(
        report.file(),
        &joined.name,
        joined.kafka.name(),
        rows,
        report.unmet().to_vec(),
    )
}

/// A row between clusters: how far it was searched is told by its records, those of the question that got
/// least far.
fn between_result(joined: &Joined, row: &JoinedRow) -> Row {
    let states = row.found.iter().map(|answer| answer.outcome.states).sum();
    let [records, of_groups] = row.records(joined);
    let least = records.into_iter().chain(of_groups).min();
    let names = ["rpo", "bounded-duplicates"].into_iter();
    let of_sinks = OF_SINKS.into_iter().filter(|_| joined.counts_beside());
    let names = names.chain(OF_RECORDS).chain(OF_GROUPS).chain(of_sinks);
    let cells = names.map(|name| {
        let steps = row
            .found
            .iter()
            .filter_map(|answer| match answer.outcome.found(name) {
                Some(Found::Violated(_, history)) => Some(history.actions.len()),
                _ => None,
            });
        let cell = CellResult {
            verdict: row.word(name).into(),
            placement: Vec::new(),
            steps: steps.min(),
            datacenters: Vec::new(),
            runbook: None,
        };
        (name, cell)
    });
    Row {
        cluster: None,
        topic: None,
        fault: row.causes.name(joined),
        also: Vec::new(),
        reach: RowReach {
            grain: "fine",
            restrictions: &[],
            bounds: RowBounds {
                records: least.unwrap_or_default(),
                elections: 0,
                isr_changes: 0,
            },
        },
        coarser: None,
        states,
        chance_of_clash: chance_of_clash(states),
        events: BTreeMap::new(),
        incomplete: (least == Some(0)).then(|| "cut short".to_owned()),
        used_up: Vec::new(),
        placement: joined
            .parts
            .iter()
            .map(|part| part.cluster.id.clone())
            .collect(),
        cells: cells.collect(),
    }
}

fn row_result(deployment: &Deployment, row: &CheckedRow) -> Row {
    let names = deployment.cluster.datacenters();
    let services = row.services.iter().flat_map(|services| {
        let cells = services.cells.iter();
        let cells = cells.map(|cell| (cell.service.name(), service_result(&names, cell)));
        let durable = (durable::NAME, durable_result(services.metadata_durable));
        cells.chain([durable])
    });
    Row {
        cluster: deployment.of_several.then(|| deployment.cluster.id.clone()),
        topic: Some(deployment.cluster.topics[row.topic].id.clone()),
        fault: row.faults.name(&names),
        also: row.also.iter().map(|faults| faults.name(&names)).collect(),
        reach: row_reach(row.grain, row.bounds),
        coarser: row
            .coarser
            .map(|reach| row_reach(reach.grain, reach.bounds)),
        states: row.states,
        chance_of_clash: chance_of_clash(row.states),
        events: events(&row.coverage),
        incomplete: row.incomplete.clone(),
        used_up: row.used_up.clone(),
        placement: report::worst_cell(row).map_or_else(Vec::new, |cell| replicas(&cell.worst)),
        cells: row
            .cells
            .iter()
            .map(|cell| (cell.property.name, cell_result(cell)))
            .chain(services)
            .collect(),
    }
}

/// An experiment as its result: one row, and its verdicts as the demand.
pub fn experiment_result(
    file: &str,
    experiment: &Experiment,
    found: &Result<Exploration, Unexpected>,
) -> CheckResult {
    let model = &experiment.model;
    let names = &model.setting.datacenters;
    let exploration = found.as_ref().ok();
    let placement = replicas(&model.setting);
    let cells = exploration
        .into_iter()
        .flat_map(|exploration| &exploration.verdicts)
        .map(|(property, verdict)| {
            let cell = CellResult {
                verdict: verdict.word().into(),
                placement: placement.clone(),
                steps: steps(verdict),
                datacenters: Vec::new(),
                runbook: None,
            };
            (property.name, cell)
        });
    let row = Row {
        cluster: None,
        topic: None,
        fault: model.faults.name(names),
        also: Vec::new(),
        reach: row_reach(model.variant.grain, model.bounds),
        coarser: None,
        states: exploration.map_or(0, |exploration| exploration.represented),
        chance_of_clash: exploration.map_or(0., |found| chance_of_clash(found.represented)),
        events: exploration.map_or_else(BTreeMap::new, |found| events(&found.coverage)),
        incomplete: None,
        used_up: exploration
            .map(|exploration| exploration.used_up.clone())
            .unwrap_or_default(),
        placement: placement.clone(),
        cells: cells.collect(),
    };
    let unmet = found
        .as_ref()
        .err()
        .map(|unexpected| unexpected.differences.clone())
        .unwrap_or_default();
    CheckResult::of(
        file,
        &experiment.title,
        model.setting.kafka.name(),
        vec![row],
        unmet,
    )
}

/// An experiment with a model of its own properties as its result: one row, and its verdicts as the
/// demand.
pub fn subject_result<M: Subject>(
    file: &str,
    experiment: &subject::Experiment<M>,
    found: &subject::Exploration<M>,
) -> CheckResult {
    let model = &experiment.model;
    let placement = model.members();
    let cells = found.verdicts.iter().map(|(property, verdict)| {
        let cell = CellResult {
            verdict: verdict.word().into(),
            placement: placement.clone(),
            steps: found.steps_to(M::name(property)),
            datacenters: Vec::new(),
            runbook: None,
        };
        (M::name(property), cell)
    });
    let unmet = experiment.differences(found);
    let [records, elections] = model.rations();
    let row = Row {
        cluster: None,
        topic: None,
        fault: model.faults(),
        also: Vec::new(),
        reach: RowReach {
            grain: "fine",
            restrictions: &[],
            bounds: RowBounds {
                records,
                elections,
                isr_changes: 0,
            },
        },
        coarser: None,
        states: found.represented,
        chance_of_clash: chance_of_clash(found.represented),
        events: events(&found.coverage),
        incomplete: found.cut_short.then(|| "cut short".to_owned()),
        used_up: found.limited.then_some(M::LIMIT[0]).into_iter().collect(),
        placement: placement.clone(),
        cells: cells.collect(),
    };
    CheckResult::of(
        file,
        &experiment.title,
        experiment.version,
        vec![row],
        unmet,
    )
}

/// An experiment about liveness as its result: one row, and its verdicts as the demand.  The steps of a
/// violation are those up to the round, and those of the round.
pub fn liveness_result(
    file: &str,
    experiment: &liveness::experiment::Experiment,
    found: &Liveness,
) -> CheckResult {
    let model = &experiment.model;
    let placement = replicas(&model.setting);
    let cells = found.verdicts.iter().map(|(property, verdict)| {
        let cell = CellResult {
            verdict: verdict.word().into(),
            placement: placement.clone(),
            steps: match verdict {
                liveness::Verdict::Violated(lasso) => {
                    Some(lasso.faults.len() + lasso.way.len() + lasso.round.len())
                }
                _ => None,
            },
            datacenters: Vec::new(),
            runbook: None,
        };
        (property.name, cell)
    });
    let states = found.states.iter().sum();
    let unmet = experiment.differences(found);
    let row = Row {
        cluster: None,
        topic: None,
        fault: model.faults.name(&model.setting.datacenters),
        also: Vec::new(),
        reach: row_reach(model.variant.grain, model.bounds),
        coarser: None,
        states,
        chance_of_clash: chance_of_clash(states),
        events: BTreeMap::new(),
        incomplete: found.incomplete.clone(),
        used_up: Vec::new(),
        placement: placement.clone(),
        cells: cells.collect(),
    };
    CheckResult::of(
        file,
        &experiment.title,
        model.setting.kafka.name(),
        vec![row],
        unmet,
    )
}

fn row_reach(grain: Grain, bounds: Bounds) -> RowReach {
    RowReach {
        grain: match grain {
            Grain::Fine => "fine",
            Grain::Coarse | Grain::CoarseDatacenters | Grain::CoarseFetches => "coarse",
        },
        restrictions: grain.restrictions(),
        bounds: row_bounds(bounds),
    }
}

fn row_bounds(bounds: Bounds) -> RowBounds {
    RowBounds {
        records: bounds.records,
        elections: bounds.elections,
        isr_changes: bounds.isr_changes,
    }
}

/// How often each event that was tried happened; 0 for one that never did.
fn events(coverage: &Coverage) -> BTreeMap<&'static str, u64> {
    let tallies = coverage.tried();
    tallies.map(|tally| (tally.event, tally.happened)).collect()
}

fn steps(verdict: &Verdict) -> Option<usize> {
    match verdict {
        Verdict::Violated(history) => Some(history.events.len()),
        _ => None,
    }
}

fn cell_result(cell: &Cell) -> CellResult {
    CellResult {
        verdict: cell.verdict.word().into(),
        placement: replicas(&cell.worst),
        steps: steps(&cell.verdict),
        datacenters: Vec::new(),
        runbook: None,
    }
}

/// A service of a row; `steps` lead to its worst state.
fn service_result(names: &[String], cell: &ServiceCell) -> CellResult {
    let worst = cell.worst.as_ref();
    let clients = cell.clients.iter();
    CellResult {
        verdict: cell.word.name().into(),
        placement: worst.map_or_else(Vec::new, |(model, _)| replicas(&model.setting)),
        steps: worst.map(|(_, worst)| worst.events.len()),
        datacenters: clients
            .map(|client| names[client.index()].clone())
            .collect(),
        runbook: (cell.runbook.as_ref()).map(|runbook| runbook_result(names, runbook)),
    }
}

fn runbook_result(names: &[String], runbook: &Runbook) -> RunbookResult {
    let moves = runbook.moves.iter().map(|made| match made {
        Move::SetMinIsr(to) => format!("set-min-isr {to}"),
        Move::PromoteObservers(there) => format!("promote-observers {}", names[there.index()]),
        Move::Reassign => "reassign".to_owned(),
        Move::ElectUnclean => "elect-unclean".to_owned(),
        Move::BreakOut(there) => format!("break-out {}", names[there.index()]),
    });
    RunbookResult {
        moves: moves.collect(),
        after_return: runbook.after_return,
        may_lose_acknowledged: runbook.may_lose,
    }
}

/// The cell of what follows from the faults alone.
fn durable_result(holds: bool) -> CellResult {
    CellResult {
        verdict: Cow::Borrowed(if holds { "holds" } else { "violated" }),
        placement: Vec::new(),
        steps: None,
        datacenters: Vec::new(),
        runbook: None,
    }
}

/// The replicas in the order of the assignment: `north-1`, `south-1`.
fn replicas(setting: &Setting) -> Vec<String> {
    let replicas = setting.assigned();
    let names = replicas.iter().map(|broker| setting.broker_name(broker));
    names.collect()
}
