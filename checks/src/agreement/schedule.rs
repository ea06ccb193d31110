//! Long schedules beyond what can be explored, over several partitions that share their brokers.
//!
//! A [`Walk`] takes events as picks choose them: mostly such as may happen here, now and then anything
//! that can be expressed.  What is found is cut down to the events it takes.

use super::{Difference, Disagreement, alphabet, differences, engine_at};
use crate::replay::Replayed;
use highwater_model::replication::{Disabled, Replication, State};
use highwater_reference::{Engine, Refusal, happens_to_all};
use highwater_vocabulary::{Event, Story, Told as Line};
use stateright::Model;

/// An event, and the row it happens to; one of brokers, links or the controller happens to all.
pub type Told = (usize, Event);

/// Where model and engine differ: after which event, in which row, and how.
#[derive(Clone, Debug)]
pub struct Parting {
    /// The event.
    pub told: Told,
    /// The row that differs.
    pub row: usize,
    /// How.
    pub difference: Difference,
}

/// Model and engine on their way: a state for each row, and one engine.
#[derive(Clone)]
pub struct Walk<'a> {
    model: &'a Replication,
    states: Vec<State>,
    engine: Engine,
    everything: Vec<Event>,
    /// What has happened.
    pub told: Vec<Told>,
    /// How many events were compared, the refused ones included.
    pub compared: u64,
}

impl<'a> Walk<'a> {
    /// Before anything has happened.
    ///
    /// # Errors
    /// Says what the engine does not have.
    pub fn new(model: &'a Replication, beginning: &State, rows: usize) -> Result<Walk<'a>, String> {
        Ok(Walk {
            model,
            states: vec![*beginning; rows],
            engine: engine_at(model, beginning, rows)?,
            everything: alphabet::every(&model.setting),
            told: Vec::new(),
            compared: 0,
        })
    }

    /// One event, as a number chooses it.
    ///
    /// # Errors
    /// Where model and engine differ.
    pub fn pick(&mut self, pick: u64) -> Result<(), Parting> {
        let row = (pick >> 8) as usize % self.states.len();
        let state = &self.states[row];
        let mut events = Vec::new();
        if pick.is_multiple_of(12) {
            let record = state.ghost.next_record();
            let produce = record.map(|record| alphabet::produce(&self.model.setting, record));
            events.extend(self.everything.iter().copied());
            events.extend(produce.into_iter().flatten());
        } else {
            self.model.actions(state, &mut events);
            events.retain(|event| self.model.step(state, event).is_ok());
        }
        if events.is_empty() {
            return Ok(());
        }
        let event = events[(pick >> 16) as usize % events.len()];
        self.take((row, event))
    }

    /// This event; nothing, if it concerns all rows and not all of them can take it.
    ///
    /// # Errors
    /// Where model and engine differ.
    pub fn take(&mut self, told: Told) -> Result<(), Parting> {
        let (row, event) = told;
        let rows = match happens_to_all(&event) {
            true => 0..self.states.len(),
            false => row..row + 1,
        };
        let steps: Vec<Result<State, Disabled>> = self.states[rows.clone()]
            .iter()
            .map(|state| self.model.step(state, &event))
            .collect();
        let happening = steps.iter().filter(|step| step.is_ok()).count();
        let divided = happening != 0 && happening != steps.len();
        // How much a disk or a checkpoint holds is asked of every row together: one that has enough of
        // each is not needed.
        let by_size = matches!(
            event,
            Event::PowerLoss { .. } | Event::Darken { .. } | Event::Restart { .. }
        );
        let divided = divided || by_size && happening == 0 && self.states.len() > 1;
        if divided || steps.contains(&Err(Disabled::ModelIsFull)) {
            return Ok(());
        }
        self.compared += 1;
        let engine = self.engine.apply(row, &event);
        for (row, after) in rows.zip(steps) {
            self.conclude(row, after, engine)
                .map_err(|difference| Parting {
                    told,
                    row,
                    difference,
                })?;
        }
        if engine.is_ok() {
            self.told.push(told);
        }
        Ok(())
    }

    fn conclude(
        &mut self,
        row: usize,
        after: Result<State, Disabled>,
        engine: Result<(), Refusal>,
    ) -> Result<(), Difference> {
        match (after, engine) {
            (Ok(after), Ok(())) => self.states[row] = after,
            (Err(_), Err(_)) => {}
            (Ok(_), Err(refusal)) => return Err(Difference::only_in_model(refusal)),
            (Err(disabled), Ok(())) => return Err(Difference::only_in_engine(disabled)),
        }
        let (expected, found) = (
            self.model.observe(&self.states[row]),
            self.engine.observe(row),
        );
        match expected == found {
            true => Ok(()),
            false => Err(Difference::Looks(differences(
                &self.model.setting,
                &expected,
                &found,
            ))),
        }
    }
}

/// A story in both accounts, event for event, the refused ones included; what it claims is not looked
/// at.  Its first event in which they differ, if there is one.
///
/// # Errors
/// Says what the engine does not have.
pub fn retell(replayed: &Replayed, story: &Story) -> Result<Option<Disagreement>, String> {
    let (model, beginning) = (&replayed.model, &replayed.history.beginning);
    let mut walk = Walk::new(model, beginning, 1)?;
    for (_, told) in &story.told {
        let Line::Event(event, _) = told else {
            continue;
        };
        if let Err(parting) = walk.take((0, *event)) {
            let history = walk.told.iter().map(|(_, event)| *event).collect();
            let event = Some(*event);
            let difference = parting.difference;
            return Ok(Some(Disagreement::new(
                model, beginning, history, event, difference,
            )));
        }
    }
    Ok(None)
}

/// Everything a schedule tells, until model and engine differ.
fn tell(
    model: &Replication,
    beginning: &State,
    rows: usize,
    schedule: &[Told],
) -> Option<(Vec<Told>, Parting)> {
    let mut walk = Walk::new(model, beginning, rows).ok()?;
    for told in schedule {
        if let Err(parting) = walk.take(*told) {
            return Some((walk.told, parting));
        }
    }
    None
}

/// The shortest schedule that leaving out one event after another leads to: of the one row that
/// differs, if it differs alone as well.
pub fn shortest(
    model: &Replication,
    beginning: &State,
    rows: usize,
    mut schedule: Vec<Told>,
    parting: Parting,
) -> Disagreement {
    schedule.push(parting.told);
    let alone: Vec<Told> = schedule
        .iter()
        .filter(|(row, event)| happens_to_all(event) || *row == parting.row)
        .map(|(_, event)| (0, *event))
        .collect();
    let (rows, mut schedule) = match tell(model, beginning, 1, &alone) {
        Some(_) => (1, alone),
        None => (rows, schedule),
    };
    let mut found = (schedule.clone(), parting);
    loop {
        let before = schedule.len();
        let mut place = schedule.len();
        while place > 0 {
            place -= 1;
            let mut shorter = schedule.clone();
            shorter.remove(place);
            if let Some((happened, parting)) = tell(model, beginning, rows, &shorter) {
                schedule = happened.clone();
                schedule.push(parting.told);
                place = place.min(schedule.len());
                found = (happened, parting);
            }
        }
        if schedule.len() == before {
            break;
        }
    }
    let (happened, parting) = found;
    let history = happened.iter().map(|(_, event)| *event).collect();
    let event = Some(parting.told.1);
    Disagreement::new(model, beginning, history, event, parting.difference)
}
