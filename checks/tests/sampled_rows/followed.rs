//! A row that is told to the model.

use crate::bulk::Names;
use highwater_model::replication::{Replication, State};
use highwater_vocabulary::{
    Broker, Datacenter, Event, LeaderEpoch, Member, Observation, Offset, Process, Record, RecordSet,
};

/// A row that is followed: what the model makes of its history.
pub(crate) struct Followed {
    pub(crate) row: usize,
    pub(crate) state: State,
    pub(crate) names: Names,
    /// Records that a sweep wrote: nobody waits for them, and nobody is told.
    pub(crate) unnamed: RecordSet,
    pub(crate) written: usize,
    pub(crate) history: Vec<Event>,
}

impl Followed {
    /// The event happens in the model, or is refused there.
    pub(crate) fn tell(&mut self, model: &Replication, event: Event) -> bool {
        let after = model.step(&self.state, &event);
        if let Ok(after) = after {
            self.state = after;
            self.history.push(event);
        }
        after.is_ok()
    }

    /// So many records of a sweep reach the leader that the controller names.
    pub(crate) fn append(&mut self, model: &Replication, by: u64) {
        let Some(broker) = self.state.image().leader else {
            return;
        };
        for _ in 0..by {
            let record = Record::at(self.written);
            if self.tell(model, Event::Produce { broker, record }) {
                let log = &self.state.replicas[broker].log;
                let epoch = LeaderEpoch(self.state.replicas[broker].leader_epoch.0.into());
                let offset = Offset(log.entries().len() as u64 - 1);
                self.names.insert((epoch, offset), record);
                self.unnamed = self.unnamed.with(record);
                self.written += 1;
            }
        }
    }

    /// Everybody who can applies all there is.
    pub(crate) fn learn(&mut self, model: &Replication) {
        for broker in model.setting.replicas().iter() {
            let behind = self.state.controller.newest() - self.state.replicas[broker].place;
            self.tell(
                model,
                Event::Learn {
                    broker,
                    records: behind,
                },
            );
        }
    }

    pub(crate) fn fence_and_learn(&mut self, model: &Replication, broker: Broker) {
        if self.tell(model, Event::Fence { broker }) {
            self.learn(model);
        }
    }

    pub(crate) fn fail_over(&mut self, model: &Replication, datacenter: Datacenter) {
        if !self.tell(model, Event::Lose { datacenter }) {
            return;
        }
        if self.state.controller.active.is_none() {
            for datacenter in model.setting.every_datacenter() {
                if self.tell(model, Event::Activate { datacenter }) {
                    // A controller in ZooKeeper has fenced its predecessor by now.
                    if model.has_zookeeper() {
                        self.learn(model);
                    }
                    break;
                }
            }
        }
        for broker in model.setting.brokers_of(datacenter).iter() {
            if !self.state.image().inactive.fenced.contains(broker) {
                self.fence_and_learn(model, broker);
            }
        }
    }

    pub(crate) fn bring_back(&mut self, model: &Replication, datacenter: Datacenter) {
        if !self.tell(model, Event::Return { datacenter }) {
            return;
        }
        for broker in model.setting.brokers_of(datacenter).iter() {
            if self.state.replicas[broker].process != Process::Stopped {
                continue;
            }
            if model.has_zookeeper() && !self.state.image().inactive.fenced.contains(broker) {
                self.fence_and_learn(model, broker);
            }
            let watermark = None;
            self.tell(model, Event::Restart { broker, watermark });
            self.tell(model, Event::Register { broker });
            self.learn(model);
            self.tell(model, Event::Unfence { broker });
            self.learn(model);
        }
    }

    /// As the model sees it, without producers that a sweep does not have.
    pub(crate) fn expected(&self, model: &Replication) -> Observation {
        let mut seen = model.observe(&self.state);
        seen.acknowledged = seen.acknowledged.minus(self.unnamed);
        for replica in &mut seen.replicas {
            replica.waiting = replica.waiting.minus(self.unnamed);
        }
        seen
    }
}
