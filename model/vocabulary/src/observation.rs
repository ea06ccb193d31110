//! What can be seen of a partition from outside the protocol: what model and engine are compared
//! by, what a story may claim, what a history is drawn from.

use crate::{Broker, BrokerSet, LeaderEpoch, Member, Offset, Record, RecordSet, Setting};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A record in a log, with the leader epoch it was written under; printed `r1'2`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Entry {
    /// The record.
    pub record: Record,
    /// The epoch of the leader that appended it.
    pub epoch: LeaderEpoch,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}'{}", self.record, self.epoch)
    }
}

/// Whether a broker's process runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Process {
    /// It does not; only the disk is there.
    #[default]
    Stopped,
    /// It is frozen with everything it had in memory.
    Paused,
    /// It runs.
    Running,
}

/// One replica.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ReplicaView {
    /// Whether its broker runs.
    pub process: Process,
    /// Whether it takes itself for the leader.
    pub leads: bool,
    /// The newest leader epoch it has learnt; 0 if none since it started.
    pub leader_epoch: LeaderEpoch,
    /// Its log.
    pub log: Vec<Entry>,
    /// Its own high watermark.
    pub watermark: Offset,
    /// While it leads: the committed ISR it acts on.
    pub in_sync: BrokerSet,
    /// While it leads and an ISR change of its own is pending: whom it counts until that is settled.
    pub pending: Option<BrokerSet>,
    /// While it leads: the records whose producers wait for the watermark.
    pub waiting: RecordSet,
    /// While it leads and serves clients: what it says is the latest offset, unless it withholds that.
    pub latest: Option<Offset>,
}

impl fmt::Display for ReplicaView {
    /// A cell of a lane: `x ` before a stopped broker, `z ` before a paused one, and the bar at its
    /// high watermark.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.process {
            Process::Stopped => "x ",
            Process::Paused => "z ",
            Process::Running => "",
        })?;
        let watermark = self.watermark.0 as usize;
        for (offset, entry) in self.log.iter().enumerate() {
            let before = match offset {
                _ if offset == watermark => "|",
                0 => "",
                _ => " ",
            };
            write!(f, "{before}{entry}")?;
        }
        if watermark >= self.log.len() {
            f.write_str("|")
        } else {
            Ok(())
        }
    }
}

/// One partition, as its controller, its brokers and its clients see it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Observation {
    /// Whom the controller calls leader.
    pub leader: Option<Broker>,
    /// Under which epoch.
    pub leader_epoch: LeaderEpoch,
    /// The controller's in-sync replicas.
    pub isr: BrokerSet,
    /// The controller's eligible leader replicas.
    pub elr: BrokerSet,
    /// Who is fenced.
    pub fenced: BrokerSet,
    /// Whose controlled shutdown has begun; a new registration ends it.
    pub in_controlled_shutdown: BrokerSet,
    /// Who holds a replica, in the order of the assignment, as the controller has it: during a
    /// reassignment also whoever is to lose one.
    pub assigned: Vec<Broker>,
    /// Who is to get a replica by the reassignment that runs.
    pub adding: BrokerSet,
    /// Who is to lose one.
    pub removing: BrokerSet,
    /// Which replicas are observers.
    pub observers: BrokerSet,
    /// The brokers, in the order of the setting.
    pub replicas: Vec<ReplicaView>,
    /// Records whose producers were told that they are safe.
    pub acknowledged: RecordSet,
}

impl Observation {
    /// Everything a story may claim, one fact a line.  Of controlled shutdowns only where there
    /// is one, and of the assignment only where it may change: where there are spares or observers.
    pub fn facts(&self, setting: &Setting) -> Vec<String> {
        let mut facts = vec![
            format!(
                "leader: {}",
                self.leader
                    .map_or("none".into(), |leader| setting.broker_name(leader))
            ),
            format!("epoch: {}", self.leader_epoch),
            format!("isr: {}", setting.broker_names(self.isr)),
            format!("elr: {}", setting.broker_names(self.elr)),
            format!("fenced: {}", setting.broker_names(self.fenced)),
            format!("acknowledged: {}", records(self.acknowledged)),
        ];
        if !self.in_controlled_shutdown.is_empty() {
            let leaving = setting.broker_names(self.in_controlled_shutdown);
            facts.push(format!("in-controlled-shutdown: {leaving}"));
        }
        if !setting.spares.is_empty() {
            let assigned = self
                .assigned
                .iter()
                .map(|broker| setting.broker_name(*broker));
            let assigned: Vec<_> = assigned.collect();
            facts.push(format!("assigned: {}", assigned.join(" ")));
            facts.push(format!("adding: {}", setting.broker_names(self.adding)));
            facts.push(format!("removing: {}", setting.broker_names(self.removing)));
        }
        if !setting.observers.is_empty() {
            let observers = setting.broker_names(self.observers);
            facts.push(format!("observers: {observers}"));
        }
        for (index, replica) in self.replicas.iter().enumerate() {
            facts.push(format!(
                "{}: {replica}",
                setting.broker_name(Broker::at(index))
            ));
        }
        facts
    }
}

fn records(records: RecordSet) -> String {
    if records.is_empty() {
        return "none".into();
    }
    records
        .iter()
        .map(|record| record.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}
