//! Long schedules, beyond what can be explored.

use super::{Account, Disagreement, Sides, every_event};
use crate::agreement::lot::Lot;
use highwater_vocabulary::mirroring::{Event, Setting, Tool};

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
        let events = that_may_happen(&sides.setting);
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
        if !self.lot.one_in(rarity(&alike[0])) {
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

/// The events, by their verbs, but for those that no state of the setting allows: lots that fall on them
/// would only make the walk shorter.  [Every edge](super::compare_edges) tries them.
fn that_may_happen(setting: &Setting) -> Vec<Vec<Event>> {
    let counts = |group| setting.reader(group).sink.is_some();
    let may_happen = |event: &Event| match *event {
        Event::Translate(_, task) => matches!(
            setting.flow_of(task).tool,
            Tool::Replicator | Tool::UReplicator
        ),
        Event::Count(group, _) | Event::Strand(group, _) | Event::ReplicateDatabase(group) => {
            counts(group)
        }
        Event::LoseDatabase(_) => setting.every_group().any(counts),
        _ => true,
    };
    let mut events = every_event(setting);
    for alike in &mut events {
        alike.retain(may_happen);
    }
    events.retain(|alike| !alike.is_empty());
    events
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
