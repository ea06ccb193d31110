//! What all partitions share: processes, registrations, links, the controller.
//!
//! Kafka: `ClusterControlManager` and `BrokerHeartbeatManager` at the controller, `BrokerServer`
//! and `BrokerLifecycleManager` at the broker, `QuorumController` for who may commit.

use crate::Refusal;
use crate::former::{Copied, Office};
use highwater_vocabulary::{
    Broker, Datacenter, MOST_BROKERS, MOST_DATACENTERS, Member, Process, Setting,
};

/// The facts of brokers and datacenters.  Sets of brokers are bits, as in the columns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cluster {
    pub brokers: usize,
    pub home: [u8; MOST_BROKERS],
    pub voters: [u8; MOST_DATACENTERS],
    /// Datacenters whose voters count here, and follow another quorum.
    pub left: u8,
    pub datacenters: usize,
    pub process: [Process; MOST_BROKERS],
    /// Brokers whose process has registered since it started.
    pub registered: u8,
    /// Brokers whose process has been unfenced since it started: `BrokerServer` opens its sockets
    /// to clients and followers only then.
    pub open: u8,
    /// Whom the controller has fenced.
    pub fenced: u8,
    /// The broker epoch of each registration; it grows with every new one.
    pub broker_epoch: [u32; MOST_BROKERS],
    /// The broker epoch that each process has been given, which the controller knows unless its history
    /// has gone back, or is another one.
    pub registered_as: [u32; MOST_BROKERS],
    /// What `CleanShutdownFileHandler` left on each disk: the epoch of the process that ended in
    /// an orderly way, or 0.
    pub mark: [u32; MOST_BROKERS],
    /// The epoch that each running process found in that file when it started.
    pub previous_epoch: [u32; MOST_BROKERS],
    /// Brokers whose disk is as an orderly stop has left it: everything is flushed, and the checkpoint of
    /// the watermark is exact.  Until it has registered, a process that starts writes nothing.
    pub exact_checkpoint: u8,
    /// Datacenters without power.
    pub dark: u8,
    /// For each datacenter, to which others connections can be opened from it.
    pub reaches: [u8; MOST_DATACENTERS],
    /// The datacenter of the active controller.
    pub active: Option<u8>,
    /// Whether followers may fall behind.
    pub lags: bool,
    /// `min.insync.replicas` as the controller has it.
    pub min_isr: u8,
    /// What a copy of the metadata has that has fallen behind.
    pub copied: Option<Copied>,
    /// The quorum as it was, where another history has begun.
    pub former: Option<Box<Office>>,
    /// Brokers that follow that one.
    pub apart: u8,
}

impl Cluster {
    /// Everybody runs, is registered and unfenced; the controller is in the first datacenter that
    /// has a voter.
    pub(crate) fn new(setting: &Setting) -> Cluster {
        let brokers = setting.brokers.len();
        let datacenters = setting.datacenters.len();
        let all = ((1u16 << brokers) - 1) as u8;
        let mut cluster = Cluster {
            brokers,
            home: [0; MOST_BROKERS],
            voters: [0; MOST_DATACENTERS],
            left: 0,
            datacenters,
            process: [Process::Stopped; MOST_BROKERS],
            registered: all,
            open: all,
            fenced: 0,
            broker_epoch: [0; MOST_BROKERS],
            registered_as: [0; MOST_BROKERS],
            mark: [0; MOST_BROKERS],
            previous_epoch: [0; MOST_BROKERS],
            exact_checkpoint: 0,
            dark: 0,
            reaches: [((1u16 << datacenters) - 1) as u8; MOST_DATACENTERS],
            active: setting.voters.iter().position(|n| *n > 0).map(|x| x as u8),
            lags: false,
            min_isr: setting.min_insync_replicas,
            copied: None,
            former: None,
            apart: 0,
        };
        for (broker, home) in setting.brokers.iter().enumerate() {
            cluster.home[broker] = home.index() as u8;
            cluster.process[broker] = Process::Running;
            cluster.broker_epoch[broker] = 1;
            cluster.registered_as[broker] = 1;
        }
        cluster.voters[..datacenters].copy_from_slice(&setting.voters);
        cluster
    }

    pub(crate) fn knows_broker(&self, broker: Broker) -> Result<usize, Refusal> {
        match broker.index() {
            slot if slot < self.brokers => Ok(slot),
            _ => Err(Refusal::NotInThisSetting),
        }
    }

    pub(crate) fn knows_datacenter(&self, datacenter: Datacenter) -> Result<usize, Refusal> {
        match datacenter.index() {
            site if site < self.datacenters => Ok(site),
            _ => Err(Refusal::NotInThisSetting),
        }
    }

    /// The brokers that live in a datacenter.
    pub(crate) fn brokers_of(&self, site: usize) -> impl Iterator<Item = usize> + use<'_> {
        (0..self.brokers).filter(move |broker| usize::from(self.home[*broker]) == site)
    }

    /// Whether the link works.  Within a datacenter it always does.
    pub(crate) fn connects(&self, from: usize, to: usize) -> bool {
        from == to || self.reaches[from] >> to & 1 == 1
    }

    /// Whether a connection can be opened now: neither side has lost power and network.
    pub(crate) fn can_open(&self, from: usize, to: usize) -> bool {
        self.connects(from, to) && (self.dark >> from | self.dark >> to) & 1 == 0
    }

    pub(crate) fn runs(&self, broker: usize) -> bool {
        self.process[broker] == Process::Running
    }

    /// Whether the process runs and has registered, so that it takes part in the protocol.
    pub(crate) fn takes_part(&self, broker: usize) -> bool {
        self.runs(broker) && self.registered >> broker & 1 == 1
    }

    /// Whether the broker answers requests of clients and followers.
    pub(crate) fn serves(&self, broker: usize) -> bool {
        self.takes_part(broker) && self.open >> broker & 1 == 1
    }

    /// Whether the broker's memory holds a view of the partition: it has registered since its
    /// process started, and the process has not ended.
    pub(crate) fn remembers(&self, broker: usize) -> bool {
        self.process[broker] != Process::Stopped && self.registered >> broker & 1 == 1
    }

    /// Who may be elected: `ClusterControlManager.isActive`, registered and unfenced.
    pub(crate) fn acceptable(&self) -> u8 {
        !self.fenced & ((1u16 << self.brokers) - 1) as u8
    }

    /// The min ISR that counts: no more than there are replicas (`effectiveMinIsr`).
    pub(crate) fn effective(&self, min_isr: u8) -> u8 {
        min_isr.min(self.brokers as u8)
    }

    fn is_majority(&self, sites: impl Iterator<Item = usize>) -> bool {
        let counted = |site: usize| u32::from(self.voters[site]);
        let all: u32 = (0..self.datacenters).map(counted).sum();
        2 * sites.map(|site| self.voters_in(site)).sum::<u32>() > all
    }

    /// The voters of a datacenter that take part in this quorum.
    pub(crate) fn voters_in(&self, site: usize) -> u32 {
        match self.left >> site & 1 {
            0 => self.voters[site].into(),
            _ => 0,
        }
    }

    fn powered(&self) -> impl Iterator<Item = usize> + use<'_> {
        (0..self.datacenters).filter(|site| self.dark >> site & 1 == 0)
    }

    /// Whether a majority of the voters fetches from a controller in that datacenter, so that what
    /// it appends is committed (`LeaderState.updateReplicaState`).
    fn is_fetched_by_majority(&self, at: usize) -> bool {
        self.is_majority(self.powered().filter(|site| self.connects(*site, at)))
    }

    /// Whether a majority of the voters can be asked for its vote from that datacenter.
    fn is_heard_by_majority(&self, at: usize) -> bool {
        self.is_majority(self.powered().filter(|site| self.connects(at, *site)))
    }

    /// The datacenter of a controller that can commit.
    pub(crate) fn controller(&self) -> Result<usize, Refusal> {
        let at = usize::from(self.active.ok_or(Refusal::NoController)?);
        if self.is_fetched_by_majority(at) {
            Ok(at)
        } else {
            Err(Refusal::NoController)
        }
    }

    /// The same, and the broker can open a connection to it.
    pub(crate) fn controller_for(&self, broker: usize) -> Result<usize, Refusal> {
        if self.is_apart(broker) && self.former.is_some() {
            let mut turned = self.turned();
            turned.apart &= !(1 << broker);
            return turned.controller_for(broker);
        }
        let at = self.controller()?;
        if self.connects(usize::from(self.home[broker]), at) {
            Ok(at)
        } else {
            Err(Refusal::Unreachable)
        }
    }

    /// Whether a voter there could be elected, and commit.
    pub(crate) fn could_elect(&self, site: usize) -> Result<(), Refusal> {
        let is_dark = self.dark >> site & 1 == 1;
        match !is_dark && self.is_heard_by_majority(site) && self.is_fetched_by_majority(site) {
            true => Ok(()),
            false => Err(Refusal::Unreachable),
        }
    }

    /// A voter of that datacenter becomes the active controller.
    ///
    /// Kafka: `KafkaRaftClient`: votes of a majority, and a majority that then fetches.
    pub(crate) fn activate(&mut self, site: usize) -> Result<(), Refusal> {
        if self.voters_in(site) == 0 {
            return Err(Refusal::NotInThisSetting);
        }
        if self.controller().is_ok() {
            return Err(Refusal::AlreadySo);
        }
        self.could_elect(site)?;

        self.active = Some(site as u8);
        Ok(())
    }

    /// The process ends; what it was goes with it.
    pub(crate) fn halt(&mut self, broker: usize) {
        if self.process[broker] != Process::Stopped {
            self.exact_checkpoint &= !(1 << broker);
        }
        self.process[broker] = Process::Stopped;
        self.registered &= !(1 << broker);
        self.open &= !(1 << broker);
        self.apart &= !(1 << broker);
        self.previous_epoch[broker] = 0;
    }

    pub(crate) fn set_link(&mut self, from: usize, to: usize, works: bool) {
        let bit = 1 << to;
        if works {
            self.reaches[from] |= bit;
        } else {
            self.reaches[from] &= !bit;
        }
    }
}
