//! What can be seen of a row from outside.

use super::Engine;
use crate::row::Assignment;
use crate::rules::{Around, client};
use highwater_vocabulary::{
    Broker, BrokerSet, Entry, LeaderEpoch, Member, Observation, Offset, Record, RecordSet,
    ReplicaView,
};

impl Engine {
    /// One partition, as its controller, its brokers and its clients see it.
    ///
    /// # Panics
    /// If there is no such row, or a log of it holds records that no event has written: sweeps
    /// count records and do not name them.
    pub fn observe(&self, row: usize) -> Observation {
        self.observe_naming(row, |_, _| None)
    }

    /// The same, where the caller names what sweeps have written: by its leader epoch and its offset,
    /// which no other record of the partition has unless a leader lost its end and led on.
    ///
    /// # Panics
    /// If there is no such row, or neither an event nor the caller names a record.
    pub fn observe_naming(
        &self,
        row: usize,
        name: impl Fn(LeaderEpoch, Offset) -> Option<Record>,
    ) -> Observation {
        let whole = self.table.load(row, &self.cluster);
        let controller = whole.registration;
        let around = Around {
            rules: &self.rules,
            cluster: &self.cluster,
        };
        let replicas = (0..self.cluster.brokers).map(|broker| {
            let disk = &whole.disks[broker];
            let memory = &whole.memory[broker];
            let log = (0..disk.end).map(|offset| {
                let (epoch, record) = whole.record_at(broker, offset);
                let epoch = LeaderEpoch(epoch);
                let record = record.or_else(|| name(epoch, Offset(offset)));
                Entry {
                    record: record.expect("what is observed has a name"),
                    epoch,
                }
            });
            ReplicaView {
                process: self.cluster.process[broker],
                leads: memory.tenure.is_some(),
                leader_epoch: LeaderEpoch(memory.leader_epoch),
                log: log.collect(),
                watermark: Offset(disk.watermark),
                in_sync: brokers(memory.tenure.as_ref().map_or(0, |tenure| tenure.committed)),
                pending: memory
                    .tenure
                    .as_ref()
                    .and_then(|tenure| tenure.pending)
                    .map(|pending| brokers(pending.maximal)),
                waiting: memory
                    .waiting
                    .iter()
                    .map(|waiting| waiting.record)
                    .collect(),
                latest: client::latest_offset(&whole, around, broker).map(Offset),
            }
        });
        Observation {
            leader: brokers(controller.leader).iter().next(),
            leader_epoch: LeaderEpoch(controller.leader_epoch),
            isr: brokers(controller.in_sync),
            elr: brokers(controller.eligible),
            fenced: brokers(self.cluster.fenced),
            in_controlled_shutdown: brokers(self.cluster.in_controlled_shutdown),
            assigned: in_order(whole.assignment),
            adding: brokers(whole.assignment.adding),
            removing: brokers(whole.assignment.removing),
            observers: brokers(whole.assignment.observers),
            replicas: replicas.collect(),
            acknowledged: members::<Record>(whole.acknowledged).collect::<RecordSet>(),
        }
    }
}

/// The replicas as they are listed.
fn in_order(assignment: Assignment) -> Vec<Broker> {
    let in_front = assignment.replicas & !assignment.behind;
    members(in_front)
        .chain(members(assignment.behind))
        .collect()
}

fn brokers(bits: u8) -> BrokerSet {
    members::<Broker>(bits).collect()
}

fn members<T: Member>(bits: u8) -> impl Iterator<Item = T> {
    (0..8)
        .filter(move |index| bits >> index & 1 == 1)
        .map(T::at)
}
