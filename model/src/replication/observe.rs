//! A state as it can be seen from outside.

use super::Replication;
use super::state::{Replica, State};
use highwater_vocabulary::{Entry, LeaderEpoch, Observation, Offset, ReplicaView};

pub(super) fn observe(model: &Replication, state: &State) -> Observation {
    let image = state.image();
    Observation {
        leader: image.leader,
        leader_epoch: LeaderEpoch(image.leader_epoch.0.into()),
        isr: image.isr,
        elr: state.controller.elr,
        fenced: image.inactive.fenced,
        in_controlled_shutdown: image.inactive.in_controlled_shutdown,
        assigned: super::rules::list_of_replicas(&state.controller),
        adding: state.controller.adding,
        removing: state.controller.removing,
        observers: image.observers,
        replicas: model
            .setting
            .replicas()
            .iter()
            .map(|broker| ReplicaView {
                latest: model
                    .latest_offset(state, broker)
                    .map(|end| Offset(end.0.into())),
                ..view(&state.replicas[broker])
            })
            .collect(),
        acknowledged: state.ghost.acknowledged,
    }
}

fn view(replica: &Replica) -> ReplicaView {
    let entries = replica.log.entries().iter();
    let tenure = replica.tenure();
    ReplicaView {
        process: replica.process,
        leads: tenure.is_some(),
        leader_epoch: LeaderEpoch(replica.leader_epoch.0.into()),
        log: entries
            .map(|entry| Entry {
                record: entry.record,
                epoch: LeaderEpoch(entry.epoch.0.into()),
            })
            .collect(),
        watermark: Offset(replica.watermark.0.into()),
        in_sync: tenure.map(|tenure| tenure.isr).unwrap_or_default(),
        pending: tenure.and_then(|tenure| tenure.pending.map(|_| tenure.maximal_isr())),
        waiting: tenure.map(|tenure| tenure.waiting).unwrap_or_default(),
        latest: None,
    }
}
