//! Long schedules, beyond what can be explored.

use super::{Account, Disagreement, Sides, every_event};
use crate::agreement::lot::Lot;
use highwater_vocabulary::mirroring::Event;

/// What is measured of walks.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The numbers that decide it.
    pub lot: Lot,
    /// How many events are chosen.
    pub steps: usize,
}

impl Walk {
    /// Takes both sides along.  Mostly an event is taken that can happen, of a verb that lots choose; now
    /// and then any.  Faults are rarer than the rest, and what ends everything is rarer still.  Says what
    /// happened.
    ///
    /// # Errors
    /// Where they part, with the events that it takes.
    pub fn take<M: Account, E: Account>(
        mut self,
        sides: &Sides<M, E>,
    ) -> Result<Vec<Event>, Box<Disagreement>> {
        let events = every_event(&sides.setting);
        let mut walked = sides.clone();
        let mut happened = Vec::new();
        for _ in 0..self.steps {
            for event in self.chosen(&events) {
                match walked.step(&event) {
                    Ok(true) => {
                        happened.push(event);
                        break;
                    }
                    Ok(false) => {}
                    Err(_) => {
                        happened.push(event);
                        return Err(cut_down(sides, happened));
                    }
                }
            }
        }
        Ok(happened)
    }

    /// What is tried next, one after the other until something happens.
    fn chosen(&mut self, events: &[Vec<Event>]) -> Vec<Event> {
        let alike = &events[self.lot.below(events.len())];
        let rarity = alike.first().map_or(1, rarity);
        if alike.is_empty() || !self.lot.one_in(rarity) {
            return Vec::new();
        }
        let first = self.lot.below(alike.len());
        let tried = match self.lot.one_in(8) {
            true => 1,
            false => alike.len(),
        };
        let turned = alike[first..].iter().chain(&alike[..first]);
        turned.take(tried).copied().collect()
    }
}

/// Once in so many times an event is tried, of those that lots choose.
fn rarity(event: &Event) -> usize {
    match event {
        Event::Destroy(_) | Event::StopMirror(_) | Event::FenceCluster(_) => 64,
        Event::Crash(_)
        | Event::TakeOver(_)
        | Event::Cut(_)
        | Event::Lose(_)
        | Event::LoseSuffix(..)
        | Event::LoseCommits(_)
        | Event::Expire(..)
        | Event::Recreate(_)
        | Event::Strand(..)
        | Event::LoseDatabase(_)
        | Event::Skew(_) => 8,
        _ => 1,
    }
}

/// A history in which two sides part, without the events that this does not take.
///
/// # Panics
/// If they do not part in it.
pub fn cut_down<M: Account, E: Account>(
    sides: &Sides<M, E>,
    mut history: Vec<Event>,
) -> Box<Disagreement> {
    let mut found = parted(sides, &history).expect("they part in it");
    let mut place = history.len();
    while place > 0 {
        place -= 1;
        let mut shorter = history.clone();
        shorter.remove(place);
        if let Some(disagreement) = parted(sides, &shorter) {
            history = disagreement.history.clone();
            history.push(disagreement.event);
            found = disagreement;
            place = place.min(history.len());
        }
    }
    found
}

fn parted<M: Account, E: Account>(
    sides: &Sides<M, E>,
    history: &[Event],
) -> Option<Box<Disagreement>> {
    sides.play(history).err()
}
