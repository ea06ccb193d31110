//! What a client gets in a state, if it asks now: a read, the latest offset, a change of metadata.
//!
//! (A write takes several steps, so it is no predicate of a state: whoever asks for it sends one and
//! looks for its acknowledgement.)

use super::{End, Guard, Replication, State, rules};
use highwater_vocabulary::{Broker, Datacenter, Process, Set};

impl Replication {
    /// The leader of the newest epoch, if it has taken office and runs.
    pub fn leader_in_office(&self, state: &State) -> Option<Broker> {
        super::properties::in_office(self, state).map(|(leader, _)| leader)
    }

    /// Whether there is an active controller that a majority of the voters can fetch from.
    pub fn has_controller(&self, state: &State) -> bool {
        rules::controller_works(self, state)
    }

    /// The broker from which a consumer in `from` may read what is committed: the leader in office,
    /// if it lets clients in and can be reached.  A leader of the past would answer too, but only
    /// with what was committed in its days.
    ///
    /// Source: `ReplicaManager.readFromLog`, KIP-392 (also who reads from a follower asks the
    /// leader first); R43.
    pub fn read_from(&self, state: &State, from: Datacenter) -> Option<Broker> {
        let leader = self.leader_in_office(state)?;
        let reached = state.world.connects(from, self.setting.home(leader));
        (state.replicas[leader].open && reached).then_some(leader)
    }

    /// What `broker` answers to whoever asks it for the latest offset: its watermark, unless it withholds
    /// that, because as a new leader it may know less than its predecessor did.
    ///
    /// Source: `Partition.fetchOffsetForTimestamp` (`OFFSET_NOT_AVAILABLE`), KIP-207; R44.
    pub fn latest_offset(&self, state: &State, broker: Broker) -> Option<End> {
        let replica = &state.replicas[broker];
        let tenure = replica
            .tenure()
            .filter(|_| replica.serves() && replica.open)?;
        let withholds = self.variant.switches.withholds_latest
            && self.keeps(Guard::LatestAwaitsEpochStart)
            && replica.watermark < tenure.epoch_start;
        (!withholds).then_some(replica.watermark)
    }

    /// Whether a change of metadata, asked for in `from`, is committed: some broker can be reached
    /// that reaches an active controller with a quorum.  `entrances` are the datacenters in which a
    /// broker runs.
    ///
    /// Source: KIP-590 (brokers forward to the controller, since 2.8), KIP-595; R39.
    pub fn changes_metadata(
        &self,
        state: &State,
        from: Datacenter,
        entrances: Set<Datacenter>,
    ) -> bool {
        let Some(active) = state.controller.active else {
            return false;
        };
        if self.has_zookeeper() {
            // Whoever asks for a change finds the controller and asks it.
            return rules::controller_works(self, state) && state.world.connects(from, active);
        }
        let leads_there = |entrance| {
            state.world.connects(from, entrance) && state.world.connects(entrance, active)
        };
        rules::controller_works(self, state) && entrances.iter().any(leads_there)
    }

    /// The datacenters in which a broker runs, if each has so many in all: those that hold no replica
    /// of the partition run as long as their datacenter does.
    pub fn datacenters_with_brokers(&self, state: &State, brokers: &[u16]) -> Set<Datacenter> {
        let runs = |home: &Datacenter| {
            let replicas = self.setting.brokers_of(*home);
            let others = usize::from(brokers[highwater_vocabulary::Member::index(*home)]);
            let mut running = replicas
                .iter()
                .map(|broker| state.replicas[broker].process == Process::Running);
            !state.world.lost.contains(*home) && (others > replicas.len() || running.any(|is| is))
        };
        self.setting.every_datacenter().filter(runs).collect()
    }
}
