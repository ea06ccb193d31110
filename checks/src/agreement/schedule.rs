//! Long schedules beyond what can be explored, over several partitions that share their brokers.
//!
//! A [`Walk`] takes events as lots choose them: mostly such as may happen here, now and then anything
//! that can be expressed.  Every walk leans towards some events and away from others, so that no two
//! are equally likely to meet in all of them.  What is found is cut down to the events it takes.

use super::lot::Lot;
use super::{Account, Difference, Disagreement, alphabet, engine_at, look};
use crate::replay::Replayed;
use highwater_model::replication::{Disabled, Replication, State};
use highwater_reference::{Refusal, happens_to_all};
use highwater_vocabulary::{Event, Story, Told as Line};
use std::ops::Range;

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

/// What became of an event that both agree about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It happened.
    Happened,
    /// It was refused.
    Refused,
    /// It was not asked for: the model has no room, or not all rows can take it.
    Passed,
}

/// How likely each event is beside what is usual, by its word.
#[derive(Clone, Debug)]
pub struct Leaning(Vec<usize>);

impl Leaning {
    /// As lots fall, one in eight for each word.
    pub fn drawn(lot: &mut Lot) -> Leaning {
        Leaning(Event::VERBS.iter().map(|_| lot.below(8)).collect())
    }

    /// The usual weight, nothing of it, or several times as much.  What goes wrong and what operators do
    /// comes up in one walk of two, everything else in most; reassignments in one of eight, because little
    /// of a partition is left when it has been reassigned a few times.
    fn of(&self, event: &Event) -> u64 {
        let factor = match self.0[event.verb()] {
            0 => 0,
            1..7 if matches!(event, Event::Reassign { .. }) => 0,
            1..4 if is_rare(event) => 0,
            1..5 => 1,
            5..7 => 3,
            _ if matches!(event, Event::Reassign { .. }) => 1,
            _ => 9,
        };
        factor * usual_weight(event)
    }
}

/// What one walk of two does without.
fn is_rare(event: &Event) -> bool {
    matches!(
        event,
        Event::Prefer
            | Event::Retry { .. }
            | Event::Unclean
            | Event::SetMinIsr { .. }
            | Event::PromoteObservers { .. }
            | Event::Reassign { .. }
            | Event::CancelReassignment
            | Event::ElectUnclean
            | Event::ControlledShutdown { .. }
            | Event::Stop { .. }
            | Event::Crash { .. }
            | Event::PowerLoss { .. }
            | Event::Wipe { .. }
            | Event::Pause { .. }
            | Event::Lag
            | Event::Lose { .. }
            | Event::Darken { .. }
            | Event::Destroy { .. }
            | Event::Cut { .. }
            | Event::CutFrom { .. }
            | Event::Depose
            | Event::BreakOut { .. }
            | Event::AddVoter { .. }
            | Event::FallBehind { .. }
            | Event::RollBack { .. }
    )
}

/// How often an event is tried, beside the others.
fn usual_weight(event: &Event) -> u64 {
    match event {
        Event::Fetch { .. } => 24,
        Event::Learn { .. } => 20,
        Event::Told { .. } | Event::Apply { .. } => 8,
        Event::Ack { .. } => 6,
        Event::Unfence { .. } | Event::Register { .. } | Event::Restart { .. } => 6,
        Event::Activate { .. } | Event::Return { .. } => 6,
        Event::Terminate { .. } => 6,
        Event::FetchLost { .. }
        | Event::Request { .. }
        | Event::Serve { .. }
        | Event::Answer { .. }
        | Event::Resume { .. } => 5,
        Event::Shrink { .. } | Event::Late { .. } | Event::Fence { .. } | Event::Heal { .. } => 4,
        // There are three records, and they had better not all be written in the first epoch.
        Event::Produce { .. }
        | Event::Retry { .. }
        | Event::Refuse { .. }
        | Event::Drop { .. }
        | Event::Lapse { .. }
        | Event::Untold { .. }
        | Event::Crash { .. }
        | Event::Lag
        | Event::ElectUnclean => 2,
        Event::Read { .. }
        | Event::Prefer
        | Event::Unclean
        | Event::SetMinIsr { .. }
        | Event::PromoteObservers { .. }
        | Event::Reassign { .. }
        | Event::CancelReassignment
        | Event::ControlledShutdown { .. }
        | Event::Stop { .. }
        | Event::CatchUp
        | Event::PowerLoss { .. }
        | Event::Wipe { .. }
        | Event::Pause { .. }
        | Event::Lose { .. }
        | Event::Darken { .. }
        | Event::Destroy { .. }
        | Event::Cut { .. }
        | Event::CutFrom { .. }
        | Event::BreakOut { .. }
        | Event::AddVoter { .. }
        | Event::FallBehind { .. }
        | Event::RollBack { .. }
        | Event::Depose => 1,
    }
}

/// Model and engine on their way: a state for each row, and one account of all.
#[derive(Clone)]
pub struct Walk<'a, A> {
    model: &'a Replication,
    states: Vec<State>,
    account: A,
    /// What has happened.
    pub told: Vec<Told>,
    /// How many events happened on both sides, and left both looking the same.
    pub events: u64,
    /// How many events both refused, for the same reason.
    pub refusals: u64,
}

impl<'a, A: Account> Walk<'a, A> {
    /// Before anything has happened.
    pub fn new(model: &'a Replication, beginning: &State, rows: usize, account: A) -> Walk<'a, A> {
        Walk {
            model,
            states: vec![*beginning; rows],
            account,
            told: Vec::new(),
            events: 0,
            refusals: 0,
        }
    }

    /// This event; nothing, if it concerns all rows and not all of them can take it.
    ///
    /// # Errors
    /// Where model and engine differ.
    pub fn take(&mut self, told: Told) -> Result<Outcome, Parting> {
        let (row, event) = told;
        let rows = match happens_to_all(&event) {
            true => 0..self.states.len(),
            false => row..row + 1,
        };
        let steps: Vec<Result<State, Disabled>> = self.states[rows.clone()]
            .iter()
            .map(|state| self.model.step(state, &event))
            .collect();
        if self.is_divided(&event, rows.clone(), &steps)
            || steps.contains(&Err(Disabled::ModelIsFull))
        {
            return Ok(Outcome::Passed);
        }
        let answer = self.account.apply(row, &event);
        for (row, after) in rows.zip(steps) {
            let concluded = self.conclude(row, after, answer);
            concluded.map_err(|difference| Parting {
                told,
                row,
                difference,
            })?;
        }
        if answer.is_err() {
            self.refusals += 1;
            return Ok(Outcome::Refused);
        }
        self.events += 1;
        self.told.push(told);
        Ok(Outcome::Happened)
    }

    /// Whether rows take it differently: not for the same reason, with other brokers left to the former
    /// history, or in another history.  The engine has one answer for all, where the model has one for each:
    /// who knows more than a copy, whether a reassignment runs and whether a change of min ISR clears
    /// anything is asked of every row together.  So is how much a disk or a checkpoint holds: one that has
    /// enough of each is not needed.
    fn is_divided(
        &self,
        event: &Event,
        rows: Range<usize>,
        steps: &[Result<State, Disabled>],
    ) -> bool {
        let clears = |state: &State| {
            let controller = &state.controller;
            let is_there = !controller.elr.is_empty() || controller.last_known_leader.is_some();
            matches!(event, Event::SetMinIsr { .. }) && state.former.is_some() && is_there
        };
        let befores = &self.states[rows];
        let comes_to = befores.iter().zip(steps).map(|(before, step)| {
            let apart = step.as_ref().map(|after| after.apart);
            (clears(before), apart.map_err(|why| *why))
        });
        let by_size = matches!(
            event,
            Event::PowerLoss { .. } | Event::Darken { .. } | Event::Restart { .. }
        );
        let is_refused = steps.iter().all(Result::is_err);
        !comes_to.clone().is_sorted_by(|one, other| one == other)
            || by_size && is_refused && steps.len() > 1
    }

    fn conclude(
        &mut self,
        row: usize,
        after: Result<State, Disabled>,
        answer: Result<(), Refusal>,
    ) -> Result<(), Difference> {
        match (after, answer) {
            (Ok(after), Ok(())) => self.states[row] = after,
            (Err(disabled), Err(refusal)) => Difference::unless_same(disabled, refusal)?,
            (Ok(_), Err(refusal)) => return Err(Difference::only_in_model(refusal)),
            (Err(disabled), Ok(())) => return Err(Difference::only_in_engine(disabled)),
        }
        look(self.model, &self.states[row], &self.account, row)
    }
}

/// Chooses events for walks through one model.
pub struct Chooser {
    /// What the leaning makes of each word, and its events; of `produce` and `retry` those follow from
    /// what has been sent.
    words: Vec<(u64, Vec<Event>)>,
}

impl Chooser {
    /// For walks through this model.
    pub fn new(model: &Replication, leaning: &Leaning) -> Chooser {
        let mut words = vec![(0, Vec::new()); Event::VERBS.len()];
        for event in alphabet::every(&model.setting) {
            let (weight, events) = &mut words[event.verb()];
            *weight = leaning.of(&event);
            events.push(event);
        }
        let record = highwater_vocabulary::Record::default();
        for event in alphabet::sent(&model.setting, 1, Some(record)) {
            words[event.verb()].0 = leaning.of(&event);
        }
        Chooser { words }
    }

    /// One event, as a lot chooses it: mostly one that happens here, in one step of six one that a
    /// guard refuses, and in one of six any.
    ///
    /// # Errors
    /// Where model and engine differ.
    pub fn step<A: Account>(&self, walk: &mut Walk<'_, A>, lot: &mut Lot) -> Result<(), Parting> {
        let row = lot.below(walk.states.len());
        let wanted: fn(&Result<State, Disabled>) -> bool = match lot.below(12) {
            0 => {
                let word = lot.below(self.words.len());
                let any = self.find(walk, row, word, lot, |_| true);
                return any.map_or(Ok(()), |event| walk.take((row, event)).map(|_| ()));
            }
            1 => |_| true,
            2..4 => |result| matches!(result, Err(Disabled::By(_))),
            _ => Result::is_ok,
        };
        for _ in 0..TRIES {
            let word = self.word(lot);
            if let Some(event) = self.find(walk, row, word, lot, wanted)
                && walk.take((row, event))? != Outcome::Passed
            {
                break;
            }
        }
        Ok(())
    }

    /// The first event of this word from a lot on whose result here is as wanted.
    fn find<A>(
        &self,
        walk: &Walk<'_, A>,
        row: usize,
        word: usize,
        lot: &mut Lot,
        wanted: impl Fn(&Result<State, Disabled>) -> bool,
    ) -> Option<Event> {
        let events = self.events_of(walk, row, word);
        let first = lot.below(events.len());
        let mut turned = events[first..].iter().chain(&events[..first]);
        let state = &walk.states[row];
        turned
            .find(|event| wanted(&walk.model.step(state, event)))
            .copied()
    }

    fn word(&self, lot: &mut Lot) -> usize {
        let weight = |word: usize| self.words[word].0;
        let all: u64 = (0..self.words.len()).map(weight).sum();
        let mut left = lot.draw() % all.max(1);
        let chosen = (0..self.words.len()).find(|word| {
            let weight = weight(*word);
            let here = left < weight;
            left = left.wrapping_sub(weight);
            here
        });
        chosen.unwrap_or(0)
    }

    fn events_of<A>(&self, walk: &Walk<'_, A>, row: usize, word: usize) -> Vec<Event> {
        let mut events = self.words[word].1.clone();
        let ghost = &walk.states[row].ghost;
        let sent = alphabet::sent(
            &walk.model.setting,
            ghost.spent.records,
            ghost.next_record(),
        );
        events.extend(sent.filter(|event| event.verb() == word));
        events
    }
}

/// So many words are tried before a step is given up.
const TRIES: usize = 24;

/// A story in both accounts, event for event, the refused ones included; what it claims is not looked
/// at.  Its first event in which they differ, if there is one.
///
/// # Errors
/// Says what the engine does not have.
pub fn retell(replayed: &Replayed, story: &Story) -> Result<Option<Disagreement>, String> {
    let (model, beginning) = (&replayed.model, &replayed.history.beginning);
    let mut walk = Walk::new(model, beginning, 1, engine_at(model, beginning, 1)?);
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

/// Cuts down what was found.
pub struct Shortener<'a, F> {
    /// The model.
    pub model: &'a Replication,
    /// Where it began.
    pub beginning: &'a State,
    /// An account of so many rows before anything has happened.
    pub begin: F,
}

impl<A: Account, F: Fn(usize) -> A> Shortener<'_, F> {
    /// The shortest schedule that leaving out one stretch of events after another leads to: of the one
    /// row that differs, if it differs alone as well.
    pub fn shortest(&self, rows: usize, told: Vec<Told>, parting: Parting) -> Disagreement {
        let mut schedule = told;
        schedule.push(parting.told);
        let alone: Vec<Told> = schedule
            .iter()
            .filter(|(row, event)| happens_to_all(event) || *row == parting.row)
            .map(|(_, event)| (0, *event))
            .collect();
        let (rows, mut schedule, mut parting) = match self.tell(1, &alone) {
            Some((happened, parting)) => (1, happened, parting),
            None => (rows, schedule, parting),
        };
        let mut stretch = schedule.len().next_power_of_two() / 2;
        while stretch > 0 {
            let before = schedule.len();
            let mut end = schedule.len();
            while end > 0 {
                let start = end.saturating_sub(stretch);
                let mut shorter = schedule.clone();
                shorter.drain(start..end);
                if let Some((happened, found)) = self.tell(rows, &shorter) {
                    (schedule, parting) = (happened, found);
                }
                end = start.min(schedule.len());
            }
            // The last event of all cannot be missed; with it, single ones are tried until none can.
            if stretch > 1 || schedule.len() == before {
                stretch /= 2;
            }
        }
        schedule.pop();
        let history = schedule.iter().map(|(_, event)| *event).collect();
        let event = Some(parting.told.1);
        Disagreement::new(
            self.model,
            self.beginning,
            history,
            event,
            parting.difference,
        )
    }

    /// What happens of a schedule until the two differ, that event included; nothing if they do not.
    fn tell(&self, rows: usize, schedule: &[Told]) -> Option<(Vec<Told>, Parting)> {
        let account = (self.begin)(rows);
        let mut walk = Walk::new(self.model, self.beginning, rows, account);
        for told in schedule {
            if let Err(parting) = walk.take(*told) {
                let mut happened = walk.told;
                happened.push(*told);
                return Some((happened, parting));
            }
        }
        None
    }
}
