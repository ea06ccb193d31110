//! How far the rows of a deployment are searched: all side by side, from large steps to small ones,
//! within one budget of states.
//!
//! Each round takes every model that is still small enough one [`Reach`] further.  What that will
//! cost is guessed from what the round before cost, the cheapest are served first, and who does
//! not fit keeps the verdicts it has.  Nothing of it looks at a clock or at who finished first, so
//! the results depend neither on the machine nor on the number of workers.

use crate::explore::{Coverage, Crew, Exploration, History, Limits, Question, Until, Verdict};
use highwater_model::replication::{Bounds, Grain, Property, Replication};

/// What the states of a model cost grows with its replicas; budgets are in states of this many.
const USUAL_REPLICAS: usize = 3;
/// The most replicas of which it is claimed that nothing is violated.
///
/// Beyond them even the largest steps cannot be exhausted in reasonable time, so a row shows what
/// it shows and is silent about the rest.
pub const MOST_REPLICAS_CLAIMED: usize = 6;

/// How far a search went: in which steps, within which bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reach {
    /// How large the steps were.
    pub grain: Grain,
    /// How much could happen.
    pub bounds: Bounds,
}

impl Reach {
    /// Whether everything that was searched there was searched here.
    fn includes(&self, other: &Reach) -> bool {
        self.grain >= other.grain
            && self.bounds.records >= other.bounds.records
            && self.bounds.isr_changes >= other.bounds.isr_changes
    }
}

/// What the search of a model came to.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// How many rounds were exhausted.
    pub(crate) rounds: usize,
    /// What was exhausted, the smallest steps last; nothing that something else includes.
    pub(crate) reached: Vec<Reach>,
    /// Why nothing was, if nothing was.
    pub(crate) incomplete: Option<String>,
    /// Different states of the furthest round.
    pub(crate) states: usize,
    /// Which bounds some history came up against there.
    pub(crate) used_up: Vec<&'static str>,
    /// How often each event was tried there, and happened.
    pub(crate) coverage: Coverage,
    /// Each property, with what all rounds together say of it.
    pub(crate) verdicts: Vec<(&'static Property, Verdict)>,
}

/// A round: how far it goes, and what it is likely to cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    pub(crate) reach: Reach,
    /// How many times the states of the round before it generates, for each replica.  Measured over two
    /// to six replicas and rounded up.
    growth: usize,
}

/// The rounds of a deployment that is to be searched at these grains, at most within these bounds.
pub(crate) fn rounds(most: Bounds, grains: impl Fn(Grain) -> bool) -> Vec<Round> {
    let one_shrinking = Bounds {
        isr_changes: most.isr_changes.min(1),
        ..most
    };
    let one_record = |bounds| Bounds {
        records: 1,
        ..bounds
    };
    let mut rounds: Vec<Round> = [
        (Grain::CoarseFetches, one_record(one_shrinking), 0),
        (Grain::CoarseFetches, one_shrinking, 3),
        (Grain::CoarseFetches, most, 1),
        (Grain::CoarseDatacenters, most, 3),
        (Grain::Coarse, most, 5),
        (Grain::Fine, one_record(most), 5),
        (Grain::Fine, most, 4),
    ]
    .map(|(grain, bounds, growth)| Round {
        reach: Reach { grain, bounds },
        growth,
    })
    .into();
    rounds.retain(|round| grains(round.reach.grain));
    rounds.dedup_by_key(|round| round.reach);
    rounds
}

/// Searches every model through the rounds, as far as the budget goes: states that may be generated for
/// all models together, one of three replicas each.  `progress` hears of every
/// exploration: how many are done, and of how many that are begun.
pub(crate) fn search(
    models: &[Replication],
    rounds: &[Round],
    budget: usize,
    crew: &Crew,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Outcome> {
    let mut outcomes: Vec<Option<Outcome>> = vec![None; models.len()];
    let mut spent: Vec<usize> = Vec::new();
    let mut left = budget;
    let mut done = 0;
    for (number, round) in rounds.iter().enumerate() {
        let reach = &round.reach;
        let jobs = match number {
            0 => first_jobs(models, budget),
            _ => next_jobs(models, round.growth, &spent, &outcomes, left),
        };
        let questions = jobs.iter().map(|job| Question {
            limits: job.limits,
            ..Question::new(at(&models[job.model], reach))
        });
        let explorations = crew.explore_all(questions.collect(), &|finished| {
            progress(done + finished, done + jobs.len());
        });
        done += jobs.len();
        spent = vec![0; models.len()];
        for (job, exploration) in jobs.iter().zip(explorations) {
            let cost = exploration.counts.generated * weight(&models[job.model]) / USUAL_REPLICAS;
            left = left.saturating_sub(cost);
            if exploration.incomplete.is_none() {
                spent[job.model] = exploration.counts.generated;
            }
            let known = outcomes[job.model].take();
            outcomes[job.model] = Some(further(known, *reach, exploration));
        }
    }
    let outcomes = outcomes.into_iter().zip(models);
    outcomes
        .map(|(outcome, model)| {
            let outcome = outcome.expect("the first round leaves nobody out");
            without_unfounded_claims(model, outcome)
        })
        .collect()
}

/// The shortest history that violates `property`, if one is found that is shorter than `known`: what
/// was found in large steps is the shortest in those, and a search in small ones with few records may
/// know a shorter one.
pub fn shortened(
    model: &Replication,
    property: &'static Property,
    known: &History,
    states: usize,
    crew: &Crew,
) -> History {
    let asked = Replication {
        asked: std::slice::from_ref(property),
        ..model.clone()
    };
    let limits = Limits::of_states((states / 4 * USUAL_REPLICAS / weight(model)).max(1));
    for records in 1..=model.bounds.records {
        let bounds = Bounds {
            records,
            ..model.bounds
        };
        let grain = Grain::Fine;
        let exploration = crew.explore(Question {
            limits,
            until: Until::Violation,
            ..Question::new(at(&asked, &Reach { grain, bounds }))
        });
        match exploration.verdict(property.name) {
            Some(Verdict::Violated(found)) if found.events.len() <= known.events.len() => {
                return found.clone();
            }
            Some(Verdict::Violated(_)) => break,
            _ if exploration.incomplete.is_some() => break,
            _ => {}
        }
    }
    known.clone()
}

/// A model to explore, and how far.
struct Job {
    model: usize,
    limits: Limits,
}

fn weight(model: &Replication) -> usize {
    model.setting.brokers.len().max(1)
}

/// The first round is for everybody: without it nothing would be known.  A quarter of the budget is
/// far more than it needs up to six replicas; of more, where nothing is claimed anyhow, each gets
/// its share.
fn first_jobs(models: &[Replication], budget: usize) -> Vec<Job> {
    let limit = |model: &Replication| {
        let parts = match weight(model) <= MOST_REPLICAS_CLAIMED {
            true => 4,
            false => models.len(),
        };
        (budget / parts).saturating_mul(USUAL_REPLICAS) / weight(model)
    };
    let jobs = models.iter().enumerate();
    jobs.map(|(place, model)| Job {
        model: place,
        limits: Limits::of_states(limit(model).max(1)),
    })
    .collect()
}

/// Whoever was exhausted goes on, cheapest first, as long as the budget is likely to last.
fn next_jobs(
    models: &[Replication],
    growth: usize,
    spent: &[usize],
    outcomes: &[Option<Outcome>],
    left: usize,
) -> Vec<Job> {
    let guess = |place: usize| spent[place] * growth * weight(&models[place]);
    let cost = |place: usize| guess(place) * weight(&models[place]) / USUAL_REPLICAS;
    let is_known = |place: &usize| {
        let outcome = outcomes[*place].as_ref();
        spent[*place] > 0 && outcome.is_some_and(|outcome| outcome.incomplete.is_none())
    };
    let mut places: Vec<usize> = (0..models.len()).filter(is_known).collect();
    places.sort_by_key(|place| (cost(*place), *place));
    let mut planned = 0;
    places.retain(|place| {
        planned += cost(*place);
        planned <= left
    });
    let planned: usize = places.iter().map(|place| cost(*place)).sum();
    places.sort_unstable();
    let slack = (left / planned.max(1)).clamp(1, 16);
    places
        .into_iter()
        .map(|place| Job {
            model: place,
            limits: Limits::of_states(guess(place) * slack),
        })
        .collect()
}

/// What is known after one more exploration.  What a search that was cut has found, it has found; and
/// every history of a larger grain is one of a smaller grain, so what any round found stays found.
fn further(known: Option<Outcome>, reach: Reach, found: Exploration) -> Outcome {
    let is_cut = found.incomplete.is_some();
    let Some(mut known) = known else {
        return Outcome {
            rounds: usize::from(!is_cut),
            reached: if is_cut { Vec::new() } else { vec![reach] },
            incomplete: found.incomplete,
            states: found.represented,
            used_up: found.used_up,
            coverage: found.coverage,
            verdicts: found.verdicts,
        };
    };
    for ((_, verdict), (_, found)) in known.verdicts.iter_mut().zip(found.verdicts) {
        *verdict = match (&*verdict, found) {
            (Verdict::Violated(history), Verdict::Violated(new)) if is_cut => {
                let shorter = new.events.len() < history.events.len();
                Verdict::Violated(if shorter { new } else { history.clone() })
            }
            (_, Verdict::Violated(new)) => Verdict::Violated(new),
            (Verdict::Violated(history), _) => Verdict::Violated(history.clone()),
            (Verdict::Holds, _) | (_, Verdict::Holds) => Verdict::Holds,
            (verdict, _) => verdict.clone(),
        };
    }
    if !is_cut {
        known.reached.retain(|other| !reach.includes(other));
        known.reached.push(reach);
        known.rounds += 1;
        known.states = found.represented;
        known.used_up = found.used_up;
        known.coverage = found.coverage;
    }
    known
}

/// Takes back what was not violated and could hardly be.
///
/// With whole fetches and a single record nobody holds a record without its leader's knowing, so
/// nobody is dropped who holds it, which is how `electable` falls (tests/grains.rs lists it among what
/// that grain misses).
fn without_unfounded_claims(model: &Replication, mut outcome: Outcome) -> Outcome {
    let too_many = weight(model) > MOST_REPLICAS_CLAIMED;
    let whole_fetches_only = outcome
        .reached
        .iter()
        .all(|reach| reach.grain == Grain::CoarseFetches && reach.bounds.records == 1);
    for (property, verdict) in &mut outcome.verdicts {
        let unfounded = too_many || whole_fetches_only && property.name == "electable";
        if unfounded && matches!(verdict, Verdict::Holds | Verdict::Silent) {
            *verdict = Verdict::Incomplete;
        }
    }
    if too_many {
        outcome.incomplete = Some(format!(
            "with more than {MOST_REPLICAS_CLAIMED} replicas only what is found is told"
        ));
    }
    outcome
}

/// The model, to be searched that far.
fn at(model: &Replication, reach: &Reach) -> Replication {
    let mut model = model.clone();
    model.variant.grain = reach.grain;
    model.bounds = reach.bounds;
    model
}
