//! What all partitions share: processes, registrations, links, the controller.
//!
//! Kafka: `ClusterControlManager` and `BrokerHeartbeatManager` at the controller, `BrokerServer`
//! and `BrokerLifecycleManager` at the broker, `QuorumController` for who may commit.

use crate::ensemble::Ensemble;
use crate::former::{Copied, Office};
use crate::{Refusal, Switches};
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
    /// Whose controlled shutdown it has begun, fenced by now or not.
    pub in_controlled_shutdown: u8,
    /// The broker epoch of each registration that the controller knows; it grows with every new one.
    pub broker_epoch: [u32; MOST_BROKERS],
    /// The broker epoch that each process has been given.  The controller knows it unless its history has
    /// gone back, or is another one, or, with ZooKeeper, it has not noticed yet that a broker has
    /// registered anew.
    pub own_epoch: [u32; MOST_BROKERS],
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
    /// The datacenter of the active controller: a voter's, or with ZooKeeper that of the broker that has
    /// `/controller`.
    pub active: Option<u8>,
    /// With ZooKeeper: brokers whose end has taken `/controller` with it, the session of both being one.
    pub gone: u8,
    /// ZooKeeper's servers, where metadata is kept in ZooKeeper.
    pub ensemble: Option<Ensemble>,
    /// With ZooKeeper: whether requests state for which registration they are (KIP-380).
    pub states_broker_epochs: bool,
    /// With ZooKeeper: whether requests are kept although nobody waits for them, because they may arrive
    /// late.
    pub keeps_requests: bool,
    /// Whether followers may fall behind.
    pub lags: bool,
    /// `min.insync.replicas` as the controller has it.
    pub min_isr: u8,
    /// What a copy of the metadata has that has fallen behind.
    pub copied: Option<Copied>,
    /// The quorum as it was, where another history has begun.
    pub former: Option<Box<Office>>,
    /// Whether the two have changed places for the length of an event.
    pub is_turned: bool,
    /// Brokers that follow that one.
    pub apart: u8,
}

impl Cluster {
    /// Everybody runs, is registered and unfenced; the controller is in the first datacenter that
    /// has a voter, with ZooKeeper in the first that has a broker.
    pub(crate) fn new(setting: &Setting, switches: &Switches) -> Cluster {
        let brokers = setting.brokers.len();
        let datacenters = setting.datacenters.len();
        let all = ((1u16 << brokers) - 1) as u8;
        let has_zookeeper = setting.kafka.has_zookeeper();
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
            in_controlled_shutdown: 0,
            broker_epoch: [0; MOST_BROKERS],
            own_epoch: [0; MOST_BROKERS],
            mark: [0; MOST_BROKERS],
            previous_epoch: [0; MOST_BROKERS],
            exact_checkpoint: 0,
            dark: 0,
            reaches: [((1u16 << datacenters) - 1) as u8; MOST_DATACENTERS],
            active: None,
            gone: 0,
            ensemble: has_zookeeper.then(|| Ensemble::new(setting)),
            states_broker_epochs: has_zookeeper && switches.checks_request_broker_epoch,
            keeps_requests: has_zookeeper && switches.late_requests,
            lags: false,
            min_isr: setting.min_insync_replicas,
            copied: None,
            former: None,
            is_turned: false,
            apart: 0,
        };
        for (broker, home) in setting.brokers.iter().enumerate() {
            cluster.home[broker] = home.index() as u8;
            cluster.process[broker] = Process::Running;
            cluster.broker_epoch[broker] = 1;
            cluster.own_epoch[broker] = 1;
        }
        cluster.voters[..datacenters].copy_from_slice(&setting.voters);
        let seats = (0..datacenters).filter(|site| cluster.may_seat(*site));
        cluster.active = seats.map(|site| site as u8).next();
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

    /// Who may be elected: `ClusterControlManager.isActive`, registered, unfenced and not in controlled
    /// shutdown.
    pub(crate) fn acceptable(&self) -> u8 {
        !(self.fenced | self.in_controlled_shutdown) & ((1u16 << self.brokers) - 1) as u8
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

    /// Whether metadata is kept in ZooKeeper.
    pub(crate) fn has_zookeeper(&self) -> bool {
        self.ensemble.is_some()
    }

    /// Whether a controller could be in that datacenter at all: a voter, or with ZooKeeper a broker.
    pub(crate) fn may_seat(&self, site: usize) -> bool {
        match self.ensemble {
            None => self.voters_in(site) > 0,
            Some(_) => self.brokers_of(site).next().is_some(),
        }
    }

    /// Whether ZooKeeper can commit anything.
    pub(crate) fn zookeeper_works(&self) -> bool {
        let ensemble = self.ensemble.as_ref();
        ensemble.is_some_and(|it| it.works(|from, to| self.can_open(from, to)))
    }

    /// Whether sessions of clients in that datacenter go on.
    pub(crate) fn reaches_zookeeper(&self, site: usize) -> bool {
        let ensemble = self.ensemble.as_ref();
        ensemble.is_some_and(|it| it.is_reached_from(site, |from, to| self.can_open(from, to)))
    }

    /// Whether the broker's node in ZooKeeper stands.
    pub(crate) fn has_session(&self, broker: usize) -> bool {
        self.takes_part(broker) && self.reaches_zookeeper(usize::from(self.home[broker]))
    }

    /// With ZooKeeper: whether requests wait for the broker's next process while none runs.  The controller
    /// takes it for alive, and nothing tells the next process from the one before.
    pub(crate) fn is_sent_to(&self, broker: usize) -> bool {
        self.has_zookeeper() && !self.states_broker_epochs && self.fenced >> broker & 1 == 0
    }

    /// With ZooKeeper: the registration that a request must not be older than.
    pub(crate) fn stated_epoch(&self, broker: usize) -> u32 {
        u32::from(self.states_broker_epochs) * self.own_epoch[broker]
    }

    /// The datacenter of a controller that can commit.
    pub(crate) fn controller(&self) -> Result<usize, Refusal> {
        let at = self.seat_of_controller()?;
        let commits = match self.ensemble {
            None => self.is_fetched_by_majority(at),
            Some(_) => self.has_officer(at) && self.reaches_zookeeper(at),
        };
        if commits {
            Ok(at)
        } else {
            Err(Refusal::NoController)
        }
    }

    /// Whether there is one history of metadata, known in full to whoever might act on it, and a quorum of
    /// KRaft's: replicas are not placed anew otherwise.
    pub(crate) fn is_of_one_history(&self) -> Result<(), Refusal> {
        match self.has_zookeeper() || self.former.is_some() || self.copied.is_some() {
            true => Err(Refusal::NotInThisSetting),
            false => Ok(()),
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
        self.link(usize::from(self.home[broker]), at)
    }

    /// The datacenter of a controller that the broker can send a request to now.  With ZooKeeper that is
    /// whoever takes itself for the controller.
    pub(crate) fn office_for(&self, broker: usize) -> Result<usize, Refusal> {
        if !self.has_zookeeper() {
            return self.controller_for(broker);
        }
        self.link(usize::from(self.home[broker]), self.seat_of_controller()?)
    }

    /// With ZooKeeper: whether the controller's requests get to the broker.  They go out for as long as it
    /// believes in its office.
    pub(crate) fn office_reaches(&self, broker: usize) -> Result<usize, Refusal> {
        let at = self.seat_of_controller()?;
        if !self.has_officer(at) {
            return Err(Refusal::Unreachable);
        }
        self.link(at, usize::from(self.home[broker]))
    }

    /// With ZooKeeper: whether a broker runs there that could be the controller.
    fn has_officer(&self, site: usize) -> bool {
        self.brokers_of(site).any(|broker| self.takes_part(broker))
    }

    fn seat_of_controller(&self) -> Result<usize, Refusal> {
        self.active.map(usize::from).ok_or(Refusal::NoController)
    }

    fn link(&self, from: usize, to: usize) -> Result<usize, Refusal> {
        if self.connects(from, to) {
            Ok(to)
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

    /// A voter of that datacenter becomes the active controller, with ZooKeeper a broker of it.
    ///
    /// Kafka: `KafkaRaftClient`: votes of a majority, and a majority that then fetches.
    /// `KafkaController.elect`: whoever creates `/controller`, which takes a session.
    pub(crate) fn activate(&mut self, site: usize) -> Result<(), Refusal> {
        if !self.may_seat(site) {
            return Err(Refusal::NotInThisSetting);
        }
        if self.controller().is_ok() {
            return Err(Refusal::AlreadySo);
        }
        match self.ensemble {
            None => self.could_elect(site)?,
            Some(_) => {
                let mut there = self.brokers_of(site);
                if !there.any(|broker| self.has_session(broker)) {
                    return Err(Refusal::Unreachable);
                }
            }
        }

        self.active = Some(site as u8);
        Ok(())
    }

    /// With ZooKeeper: whether the broker's registration is another one than the controller knows.
    pub(crate) fn has_bounced(&self, broker: usize) -> bool {
        self.states_broker_epochs
            && self.takes_part(broker)
            && self.own_epoch[broker] != self.broker_epoch[broker]
    }

    /// With ZooKeeper: whose end would take `/controller` with it, as far as can be known: it is some broker
    /// of this datacenter that the last controller took for alive.
    pub(crate) fn may_be_controller(&self, broker: usize) -> bool {
        let lives = self.registered & !self.fenced & 1 << broker != 0;
        self.has_zookeeper() && self.active == Some(self.home[broker]) && lives
    }

    /// With ZooKeeper: the brokers that a new controller does not find, because the one before was among
    /// them.
    pub(crate) fn take_absent(&mut self, former: Option<u8>) -> Vec<usize> {
        let gone = std::mem::take(&mut self.gone);
        let missing = |broker: &usize| {
            let may_be = gone >> broker & 1 == 1 || former == Some(self.home[*broker]);
            may_be && self.fenced >> broker & 1 == 0 && !self.has_session(*broker)
        };
        (0..self.brokers).filter(missing).collect()
    }

    /// With ZooKeeper: a new controller reads who lives under which registration.  A bounce that its
    /// predecessor has not noticed is none to it (`KafkaController.initializeControllerContext`).
    pub(crate) fn read_nodes(&mut self) {
        for broker in 0..self.brokers {
            if self.fenced >> broker & 1 == 0 && self.has_session(broker) {
                self.broker_epoch[broker] = self.own_epoch[broker];
            }
        }
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
