//! The services of the rows of a deployment: every placement and order of a topic, the worst of all.

use super::graph::Move;
use super::{Availability, Runbook, Served, Service, Word, Worst, durable, judge};
use crate::check::{self, CheckedRow, Options};
use crate::ladder;
use crate::search::{MOST_REPLICAS_CLAIMED, Reach};
use crate::symmetry;
use highwater_model::replication::{Bounds, Grain, Replication};
use highwater_vocabulary::{Datacenter, Deployment, Member};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// The most states that are looked at for a placement, of the row and of what follows.
const MOST_STATES: usize = 200_000;
/// A placement of so many replicas, and with no more states than this in the largest steps, is asked
/// again in smaller ones.
const FEW: (usize, usize) = (3, 3_000);

/// A service in a row, over all placements and orders.
#[derive(Clone, Debug)]
pub struct ServiceCell {
    /// Which service.
    pub service: Service,
    /// How it goes on in the worst state.
    pub word: Word,
    /// Whose clients are worse off than others in the same state; nobody if all fare alike.
    pub clients: Vec<Datacenter>,
    /// What an operator does about it, if that helps wherever it does not go on by itself.
    pub runbook: Option<Runbook>,
    /// The model in which the worst state was found, and how it came about; nothing if that is not
    /// known.
    pub worst: Option<(Replication, Worst)>,
    /// Whether the search for what an operator may do about it was cut short, so that there may be more.
    pub is_open: bool,
}

/// What is known of the services of a row.
#[derive(Clone, Debug)]
pub struct RowServices {
    /// Each service.
    pub cells: Vec<ServiceCell>,
    /// In which steps and within which bounds the states of the row were searched, where least.
    pub reach: Reach,
    /// Different states, of the row and of what follows, over all placements and orders.
    pub states: usize,
    /// Whether what the controllers committed is kept.
    pub metadata_durable: bool,
}

/// What a model came to, and how far it was searched.
#[derive(Clone)]
struct Judged {
    found: Availability,
    reach: Reach,
}

/// Judges the services of every row.
pub(crate) fn fill(deployment: &Deployment, options: &Options, rows: &mut [CheckedRow]) {
    let mut models: Vec<Replication> = Vec::new();
    let mut places: Vec<Vec<usize>> = Vec::new();
    for row in rows.iter() {
        let topic = &deployment.cluster.topics[row.topic];
        let own = check::models(deployment, topic, &row.faults, options);
        let place = |model: Replication| {
            let same = |known: &Replication| {
                known.setting == model.setting && known.faults == model.faults
            };
            let known = models.iter().position(same);
            known.unwrap_or_else(|| {
                models.push(model);
                models.len() - 1
            })
        };
        places.push(own.into_iter().map(place).collect());
    }
    let judged = judge_all(deployment, options, &models);
    for (row, places) in rows.iter_mut().zip(places) {
        let found: Vec<_> = places
            .iter()
            .map(|at| (&models[*at], &judged[*at]))
            .collect();
        row.services = Some(together(deployment, row, &found));
    }
}

/// Judges the models side by side; who is faster changes nothing.
fn judge_all(deployment: &Deployment, options: &Options, models: &[Replication]) -> Vec<Judged> {
    let sites = deployment.cluster.sites.iter();
    let brokers: Vec<u16> = sites.map(|site| site.brokers).collect();
    let next = AtomicUsize::new(0);
    let slots: Vec<Mutex<Option<Judged>>> = models.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..options.crew.threads().min(models.len()) {
            scope.spawn(|| {
                while let Some(model) = models.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let judged = judge_deeply(model, &brokers, options);
                    let place = models.iter().position(|known| std::ptr::eq(known, model));
                    if let Some(slot) = place.and_then(|place| slots.get(place))
                        && let Ok(mut slot) = slot.lock()
                    {
                        *slot = Some(judged);
                    }
                }
            });
        }
    });
    let judged = slots
        .into_iter()
        .map(|slot| slot.into_inner().ok().flatten());
    judged
        .map(|judged| judged.expect("every model is judged"))
        .collect()
}

/// How far a search goes, for comparing two.
pub(crate) fn extent(reach: &Reach) -> (Grain, u8, u8, u8) {
    let bounds = &reach.bounds;
    (
        reach.grain,
        bounds.records,
        bounds.elections,
        bounds.isr_changes,
    )
}

/// Judges a model in the largest steps, and where that was cheap in smaller ones; where it was too
/// much, with less before the question is asked.
fn judge_deeply(model: &Replication, brokers: &[u16], options: &Options) -> Judged {
    let replicas = model.setting.brokers.len();
    let most = match options.crew.deadline {
        Some((end, _)) if Instant::now() >= end => 0,
        _ if replicas > MOST_REPLICAS_CLAIMED => 0,
        _ => MOST_STATES.min(options.states / 50),
    };
    let first = Reach {
        grain: Grain::CoarseFetches,
        bounds: Bounds {
            records: 1,
            isr_changes: match replicas {
                0..=4 => model.bounds.isr_changes,
                _ => model.bounds.isr_changes.min(1),
            },
            ..model.bounds
        },
    };
    let coarse = judge_at(model, brokers, first, most);
    if !coarse.found.is_known() {
        let bounds = Bounds {
            isr_changes: first.bounds.isr_changes.min(1),
            elections: first.bounds.elections.min(1),
            ..first.bounds
        };
        return judge_at(model, brokers, Reach { bounds, ..first }, most);
    }
    let states: usize = coarse.found.states.iter().sum();
    if replicas > FEW.0 || states > FEW.1 {
        return coarse;
    }
    let second = Reach {
        grain: Grain::Coarse,
        bounds: Bounds {
            records: model.bounds.records.min(2),
            ..model.bounds
        },
    };
    let finer = judge_at(model, brokers, second, most);
    match finer.found.is_known() {
        true => with_reassignments_of(finer, &coarse),
        false => coarse,
    }
}

/// A search in smaller steps may be too much with spares, where the one in larger steps was not: what
/// that one knows of reassignments counts where nothing else is known.
fn with_reassignments_of(mut finer: Judged, coarse: &Judged) -> Judged {
    let served = finer.found.services.iter_mut().zip(&coarse.found.services);
    for (served, coarse) in served {
        let reassigns = |runbook: &Runbook| runbook.moves.contains(&Move::Reassign);
        let same_word = served.word() == coarse.word();
        if served.runbook.is_none() && same_word && coarse.runbook.as_ref().is_some_and(reassigns) {
            *served = coarse.clone();
        }
    }
    finer
}

fn judge_at(model: &Replication, brokers: &[u16], reach: Reach, most: usize) -> Judged {
    let mut at = model.clone();
    at.variant.grain = reach.grain;
    at.bounds = reach.bounds;
    let mut found = judge(&at, brokers, most);
    // A loss by an unclean election may take a second record, or a fetch that is not whole.
    let is_deep = reach.grain >= Grain::Coarse && reach.bounds.records > 1;
    for served in &mut found.services {
        if let Some(runbook) = &mut served.runbook {
            runbook.may_lose |= !is_deep && runbook.moves.contains(&Move::ElectUnclean);
        }
    }
    Judged { found, reach }
}

/// What all placements and orders of a row come to together.
fn together(
    deployment: &Deployment,
    row: &CheckedRow,
    found: &[(&Replication, &Judged)],
) -> RowServices {
    let cells = Service::ALL.iter().enumerate().map(|(place, service)| {
        let served = found
            .iter()
            .map(|(_, judged)| &judged.found.services[place]);
        service_cell(deployment, row, *service, served.collect())
    });
    let sites = deployment.cluster.sites.iter();
    let voters: Vec<u8> = sites.map(|site| site.voters).collect();
    let least = found.iter().map(|(_, judged)| judged.reach);
    let least = least.min_by_key(extent);
    RowServices {
        cells: cells.collect(),
        reach: least.unwrap_or(Reach {
            grain: row.grain,
            bounds: row.bounds,
        }),
        states: found
            .iter()
            .map(|(_, judged)| judged.found.states.iter().sum::<usize>() + judged.found.wider)
            .sum(),
        metadata_durable: durable::holds(&deployment.cluster.quorum, &voters, &row.faults),
    }
}

fn service_cell(
    deployment: &Deployment,
    row: &CheckedRow,
    service: Service,
    served: Vec<&Served>,
) -> ServiceCell {
    let word = served.iter().map(|served| served.word()).max();
    let word = word.unwrap_or(Word::Incomplete);
    let worst = served.iter().filter(|served| served.word() == word);
    let apart: Vec<Datacenter> = worst
        .clone()
        .flat_map(|served| served.worse_off.iter())
        .collect();
    let unnoticed = symmetry::renamings(deployment)
        .into_iter()
        .filter(|renaming| renaming.faults(&row.faults) == row.faults);
    let mut clients: Vec<Datacenter> = unnoticed
        .flat_map(|renaming| {
            let renamed = apart.iter().map(move |client| renaming.datacenter(*client));
            renamed.collect::<Vec<_>>()
        })
        .collect();
    clients.sort_by_key(|client| client.index());
    clients.dedup();
    let stuck = served
        .iter()
        .filter(|served| served.word() != Word::Automatic);
    let remedies: Option<Vec<_>> = stuck
        .map(|served| Some((*served, served.runbook.clone()?)))
        .collect();
    let dearest = remedies
        .unwrap_or_default()
        .into_iter()
        .max_by(|one, other| one.1.cmp(&other.1));
    let told = match &dearest {
        _ if word == Word::Incomplete => None,
        Some((served, _)) => Some(*served),
        None => worst.clone().next().copied(),
    };
    ServiceCell {
        service,
        word,
        clients,
        worst: told.and_then(|served| {
            let worst = served.worst.clone()?;
            Some((worst.model.clone(), worst))
        }),
        is_open: word != Word::Automatic
            && dearest.is_none()
            && served.iter().any(|served| served.is_open),
        runbook: dearest.map(|(_, runbook)| runbook),
    }
}

/// Judges the services of one row of one topic, as `check` does.
pub fn of_row(
    deployment: &Deployment,
    topic: usize,
    row: &ladder::Row,
    options: &Options,
) -> RowServices {
    let mut rows = check::check_rows(
        deployment,
        &[topic],
        std::slice::from_ref(row),
        &Options {
            states: 1,
            ..options.clone()
        },
        &|_, _| {},
    );
    fill(deployment, options, &mut rows);
    rows.remove(0).services.expect("every row is filled")
}
