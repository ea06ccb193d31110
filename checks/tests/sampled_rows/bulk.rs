//! What can be done with many rows at once, by the engine and by one that leaves a tile out.

use highwater_reference::sweeps::TILE;
use highwater_reference::{Engine, Refusal, Tiles};
use highwater_vocabulary::{Broker, Datacenter, Event, LeaderEpoch, Observation, Offset, Record};
use std::collections::HashMap;

/// Whoever can do what the engine can with many rows.
pub(crate) trait Bulk {
    fn apply(&mut self, row: usize, event: &Event) -> Result<(), Refusal>;
    fn append_round(&mut self, by: &[u64]);
    fn fetch_round(&mut self, only: Option<&Tiles>);
    fn fail_over(&mut self, datacenter: Datacenter) -> Result<(), Refusal>;
    fn bring_back(&mut self, datacenter: Datacenter) -> Result<(), Refusal>;
    fn fence_and_learn(&mut self, broker: Broker) -> Result<(), Refusal>;
    fn observe(&self, row: usize, names: &Names) -> Observation;
}

/// What sweeps have written into a row, by leader epoch and offset.
pub(crate) type Names = HashMap<(LeaderEpoch, Offset), Record>;

impl Bulk for Engine {
    fn apply(&mut self, row: usize, event: &Event) -> Result<(), Refusal> {
        Engine::apply(self, row, event)
    }

    fn append_round(&mut self, by: &[u64]) {
        Engine::append_round(self, by);
    }

    fn fetch_round(&mut self, only: Option<&Tiles>) {
        match only {
            None => Engine::fetch_round(self),
            Some(touched) => self.fetch_round_in(touched),
        }
    }

    fn fail_over(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        Engine::fail_over(self, datacenter)
    }

    fn bring_back(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        Engine::bring_back(self, datacenter)
    }

    fn fence_and_learn(&mut self, broker: Broker) -> Result<(), Refusal> {
        Engine::fence_and_learn(self, broker)
    }

    fn observe(&self, row: usize, names: &Names) -> Observation {
        self.observe_naming(row, |epoch, offset| names.get(&(epoch, offset)).copied())
    }
}

/// An engine in which rounds of fetches leave out the last tile: of those rows, another engine is shown
/// that has had none of the rounds.
pub(crate) struct LastTileSkipped {
    pub(crate) swept: Engine,
    pub(crate) skipped: Engine,
}

impl LastTileSkipped {
    pub(crate) fn both<T: PartialEq>(&mut self, happens: impl Fn(&mut Engine) -> T) -> T {
        happens(&mut self.skipped);
        happens(&mut self.swept)
    }
}

impl Bulk for LastTileSkipped {
    fn apply(&mut self, row: usize, event: &Event) -> Result<(), Refusal> {
        match row >= self.last_tile() {
            true => {
                let _ = self.swept.apply(row, event);
                self.skipped.apply(row, event)
            }
            false => self.both(|engine| engine.apply(row, event)),
        }
    }

    fn append_round(&mut self, by: &[u64]) {
        self.both(|engine| engine.append_round(by));
    }

    fn fetch_round(&mut self, only: Option<&Tiles>) {
        Bulk::fetch_round(&mut self.swept, only);
    }

    fn fail_over(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        self.both(|engine| engine.fail_over(datacenter))
    }

    fn bring_back(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        self.both(|engine| engine.bring_back(datacenter))
    }

    fn fence_and_learn(&mut self, broker: Broker) -> Result<(), Refusal> {
        self.both(|engine| engine.fence_and_learn(broker))
    }

    fn observe(&self, row: usize, names: &Names) -> Observation {
        match row >= self.last_tile() {
            true => Bulk::observe(&self.skipped, row, names),
            false => Bulk::observe(&self.swept, row, names),
        }
    }
}

impl LastTileSkipped {
    pub(crate) fn last_tile(&self) -> usize {
        (self.swept.partitions() - 1) / TILE * TILE
    }
}
