//! Who is the active controller, and who has registered with ZooKeeper.

use super::Engine;
use crate::Refusal;
use crate::cluster::Cluster;
use crate::row::Row;
use crate::rules::{Around, isr};
use highwater_vocabulary::Datacenter;

impl Engine {
    /// With ZooKeeper a process registers by itself: nobody has to notice.  That the node of the process
    /// before is gone may be true at any moment since that has ended.
    ///
    /// Kafka: `KafkaZkClient.registerBroker`; the broker epoch is the transaction that created the node.
    pub(super) fn create_node(&mut self, broker: usize) -> Result<(), Refusal> {
        let home = usize::from(self.cluster.home[broker]);
        if !self.cluster.reaches_zookeeper(home) {
            return Err(Refusal::Unreachable);
        }

        self.cluster.exact_checkpoint &= !(1 << broker);
        self.cluster.gone &= !(1 << broker);
        self.cluster.registered |= 1 << broker;
        self.cluster.open |= 1 << broker;
        if self.cluster.states_broker_epochs {
            self.cluster.own_epoch[broker] = self.cluster.broker_epoch[broker] + 1;
        }
        Ok(())
    }

    pub(super) fn activate(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        let site = self.cluster.knows_datacenter(datacenter)?;
        let (before, former) = (self.cluster.clone(), self.cluster.active);
        self.cluster.activate(site)?;
        // What a KRaft controller that can commit no more had answered before may still arrive.
        if self.cluster.has_zookeeper() {
            self.begin_office(&before, former);
        }
        Ok(())
    }

    /// With ZooKeeper a new controller reads who lives, tells everybody what the partitions are, and treats
    /// its predecessor as failed, if that has not come back.
    ///
    /// Kafka: `KafkaController.onControllerFailover`, `ReplicaStateMachine.startup`,
    /// `PartitionStateMachine.startup`.
    fn begin_office(&mut self, before: &Cluster, former: Option<u8>) {
        let absent = self.cluster.take_absent(former);
        self.cluster.read_nodes();
        let begin = |row: &mut Row, around: Around<'_>| {
            isr::lose_answers_to(row, around, u8::MAX);
            row.commit(around.cluster);
        };
        if self.requests_tell_nothing() {
            self.everywhere_else(begin);
        } else {
            self.everywhere(before, begin);
        }
        for broker in absent {
            self.fence_process(broker);
        }
    }

    /// With ZooKeeper the controller is a broker: whichever of its datacenter stops next, or one of those
    /// that stop together.
    pub(super) fn vacate_with(&mut self, gone: u8) {
        if gone != 0 {
            self.cluster.gone |= gone;
            self.vacate();
        }
    }

    /// With ZooKeeper: whether in a steady row everybody knows what a new controller tells.
    fn requests_tell_nothing(&self) -> bool {
        let mut brokers = 0..self.cluster.brokers;
        brokers.all(|broker| self.cluster.remembers(broker) || !self.cluster.is_sent_to(broker))
    }

    pub(super) fn depose(&mut self) -> Result<(), Refusal> {
        if self.cluster.active.is_none() {
            return Err(Refusal::NoController);
        }

        self.vacate();
        Ok(())
    }

    /// Nobody is the active controller any more.
    fn vacate(&mut self) {
        self.cluster.active = None;
        self.lose_answers_to(!self.cluster.apart);
    }

    /// Answers on their way to these brokers are lost.
    pub(super) fn lose_answers_to(&mut self, brokers: u8) {
        self.everywhere_else(|row, around| isr::lose_answers_to(row, around, brokers));
    }
}
