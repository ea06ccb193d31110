//! What happens to brokers, links, the controller or the topic, and so to every partition.

use super::Engine;
use super::failover::fence_row;
use crate::Refusal;
use crate::cluster::Cluster;
use crate::kernels::change;
use crate::row::Row;
use crate::rules::{Around, assignment, controller, environment, metadata};
use highwater_vocabulary::{Datacenter, Event, MOST_BROKERS, Offset, Process};

impl Engine {
    pub(super) fn apply_to_brokers(&mut self, event: &Event) -> Result<(), Refusal> {
        let apart = self.cluster.apart;
        self.happen_to_brokers(event)?;
        // What a process had asked the former controller for is lost with it.
        let ended = |broker: &usize| {
            apart >> broker & 1 == 1 && self.cluster.process[*broker] == Process::Stopped
        };
        for broker in (0..self.cluster.brokers).filter(ended).collect::<Vec<_>>() {
            self.everywhere_else(|row, _| row.memory[broker].wire = None);
        }
        Ok(())
    }

    fn happen_to_brokers(&mut self, event: &Event) -> Result<(), Refusal> {
        let site = |datacenter| self.cluster.knows_datacenter(datacenter);
        if self.cluster.has_zookeeper() && is_of_kraft(event) {
            return Err(Refusal::NotInThisSetting);
        }
        match *event {
            Event::Terminate { broker } => self.terminate(self.cluster.knows_broker(broker)?),
            Event::BreakOut { datacenter } => self.break_out(site(datacenter)?),
            Event::AddVoter { datacenter } => self.add_voter(site(datacenter)?),
            Event::FallBehind { datacenter } => self.fall_behind(site(datacenter)?),
            Event::RollBack { datacenter } => self.roll_back(site(datacenter)?),

            Event::Fence { broker } => self.fence(self.cluster.knows_broker(broker)?),
            Event::Unfence { broker } => self.unfence(self.cluster.knows_broker(broker)?),
            Event::Register { broker } => self.register(self.cluster.knows_broker(broker)?),
            Event::Activate { datacenter } => self.activate(datacenter),
            Event::SetMinIsr { to } => self.set_min_isr(to),
            Event::PromoteObservers { datacenter } => self.promote_observers(datacenter),

            Event::ControlledShutdown { broker } => {
                self.shut_down(self.cluster.knows_broker(broker)?)
            }
            Event::Stop { broker } => self.stop(self.cluster.knows_broker(broker)?),
            Event::Restart { broker, watermark } => {
                self.restart(self.cluster.knows_broker(broker)?, watermark)
            }
            Event::Resume { broker } => self.freeze(
                self.cluster.knows_broker(broker)?,
                Process::Paused,
                Process::Running,
            ),
            Event::Pause { broker } => {
                let slot = self.cluster.knows_broker(broker)?;
                if self.cluster.process[slot] == Process::Stopped {
                    return Err(Refusal::NotServing);
                }
                self.freeze(slot, Process::Running, Process::Paused)
            }
            Event::CatchUp => self.set_lag(false),
            Event::Lag => self.set_lag(true),
            Event::Return { datacenter } => self.power_up(datacenter),
            Event::Heal { between: [x, y] } => self.link(&[(x, y), (y, x)], true),
            Event::Cut { between: [x, y] } => self.link(&[(x, y), (y, x)], false),
            Event::CutFrom { from, to } => self.link(&[(from, to)], false),

            Event::Crash { broker } => self.halt(self.cluster.knows_broker(broker)?, Loss::Nothing),
            Event::PowerLoss { broker, lost } => self.halt(
                self.cluster.knows_broker(broker)?,
                Loss::Suffix(lost.into()),
            ),
            Event::Wipe { broker } => {
                self.halt(self.cluster.knows_broker(broker)?, Loss::Everything)
            }
            Event::Lose { datacenter } => self.power_down(datacenter, |_| Loss::Nothing),
            Event::Darken { datacenter, lost } => {
                self.power_down(datacenter, |broker| Loss::Suffix(lost[broker].into()))
            }
            Event::Destroy { datacenter } => self.power_down(datacenter, |_| Loss::Everything),
            Event::Depose => self.depose(),

            _ => unreachable!("it happens to one row"),
        }
    }

    /// Every row goes from the broker facts as they were to those as they are now.
    pub(super) fn everywhere(&mut self, before: &Cluster, rule: impl Fn(&mut Row, Around<'_>)) {
        let around = Around {
            rules: &self.rules,
            cluster: &self.cluster,
        };
        for row in 0..self.table.columns.rows() {
            let mut whole = self.table.load(row, before);
            rule(&mut whole, around);
            whole.settle(&self.cluster);
            self.table.store(row, whole, &self.cluster);
        }
    }

    /// The same, where the rule forgets what is under way and the columns hold none of it: steady rows
    /// stay as they are.
    pub(super) fn everywhere_else(&mut self, rule: impl Fn(&mut Row, Around<'_>)) {
        let around = Around {
            rules: &self.rules,
            cluster: &self.cluster,
        };
        let deviating: Vec<u32> = self.table.aside.rows.keys().copied().collect();
        for row in deviating {
            let row = row as usize;
            let mut whole = self.table.load(row, &self.cluster);
            rule(&mut whole, around);
            whole.settle(&self.cluster);
            self.table.store(row, whole, &self.cluster);
        }
    }

    /// A broker's session has expired: `ReplicationControlManager.handleBrokerFenced`.  With ZooKeeper: its
    /// node is gone, or is another one than before, and the controller has noticed
    /// (`KafkaController.processBrokerChange`, `onBrokerFailure`).
    fn fence(&mut self, broker: usize) -> Result<(), Refusal> {
        self.can_fence(broker)?;

        self.fence_process(broker);
        Ok(())
    }

    pub(super) fn fence_process(&mut self, broker: usize) {
        let before = self.cluster.clone();
        self.cluster.fenced |= 1 << broker;
        self.everywhere(&before, |row, around| fence_row(row, around, broker));
    }

    pub(super) fn can_fence(&self, broker: usize) -> Result<(), Refusal> {
        let at = self.cluster.controller()?;
        if self.cluster.fenced >> broker & 1 == 1 {
            return Err(Refusal::AlreadySo);
        }
        let home = usize::from(self.cluster.home[broker]);
        let follows = self.cluster.takes_part(broker) && !self.cluster.is_apart(broker);
        let is_heard = match self.cluster.has_zookeeper() {
            false => follows && self.cluster.connects(home, at),
            true => self.cluster.has_session(broker) && !self.cluster.has_bounced(broker),
        };
        if is_heard {
            return Err(Refusal::FencedIsSilent);
        }
        Ok(())
    }

    /// A broker's heartbeat says that it wants to be shut down (`wantShutDown`):
    /// `ReplicationControlManager.handleBrokerInControlledShutdown`, which takes its seats as a fencing does.
    fn shut_down(&mut self, broker: usize) -> Result<(), Refusal> {
        let cluster = &self.cluster;
        let is_known = cluster.own_epoch[broker] == cluster.broker_epoch[broker];
        if !cluster.takes_part(broker) || !is_known {
            return Err(Refusal::NotServing);
        }
        cluster.controller_for(broker)?;
        if cluster.acceptable() >> broker & 1 == 0 {
            return Err(Refusal::AlreadySo);
        }

        let before = cluster.clone();
        self.cluster.in_controlled_shutdown |= 1 << broker;
        self.everywhere(&before, |row, around| fence_row(row, around, broker));
        Ok(())
    }

    /// A broker has caught up with its registration, and says so in a heartbeat:
    /// `handleBrokerUnfenced`, `BrokerHeartbeatManager.calculateNextBrokerState`.  With ZooKeeper: the
    /// controller has noticed the broker's node, and sends it a request for all that it has
    /// (`KafkaController.onBrokerStartup`).
    fn unfence(&mut self, broker: usize) -> Result<(), Refusal> {
        let before = self.cluster.clone();
        self.unfence_process(broker)?;
        self.everywhere(&before, |row, around| unfence_row(row, around, broker));
        Ok(())
    }

    pub(super) fn unfence_process(&mut self, broker: usize) -> Result<(), Refusal> {
        let cluster = &self.cluster;
        let is_known =
            cluster.has_zookeeper() || cluster.own_epoch[broker] == cluster.broker_epoch[broker];
        if !cluster.takes_part(broker) || !is_known {
            return Err(Refusal::NotServing);
        }
        if self.cluster.has_zookeeper() {
            self.cluster.controller()?;
            if !self.cluster.has_session(broker) {
                return Err(Refusal::Unreachable);
            }
        } else {
            self.cluster.controller_for(broker)?;
        }
        if self.cluster.in_controlled_shutdown >> broker & 1 == 1 {
            return Err(Refusal::NotServing);
        }
        if self.cluster.fenced >> broker & 1 == 0 {
            return Err(Refusal::AlreadySo);
        }

        self.cluster.fenced &= !(1 << broker);
        if self.cluster.states_broker_epochs {
            // A process that has lost its session registers anew (`RegisterBrokerAndReelect`).
            if !self.cluster.has_bounced(broker) {
                self.cluster.own_epoch[broker] += 1;
            }
            self.cluster.broker_epoch[broker] = self.cluster.own_epoch[broker];
        }
        self.cluster.open |= 1 << broker;
        Ok(())
    }

    /// A process that has started registers: `ClusterControlManager.registerBroker`.  Its
    /// predecessor has been silent since it ended, so the old session may have expired by now.
    fn register(&mut self, broker: usize) -> Result<(), Refusal> {
        let before = self.cluster.clone();
        let clean = self.register_process(broker)?;
        self.everywhere(&before, |row, around| {
            register_row(row, around, broker, clean)
        });
        Ok(())
    }

    /// Whether the process before has ended in an orderly way.
    pub(super) fn register_process(&mut self, broker: usize) -> Result<bool, Refusal> {
        if !self.cluster.runs(broker) {
            return Err(Refusal::NotServing);
        }
        if self.cluster.registered >> broker & 1 == 1 {
            return Err(Refusal::AlreadySo);
        }
        if self.cluster.has_zookeeper() {
            return self.create_node(broker).map(|()| false);
        }
        self.cluster.controller_for(broker)?;

        let clean = self.cluster.previous_epoch[broker] == self.cluster.broker_epoch[broker];
        self.cluster.exact_checkpoint &= !(1 << broker);
        self.cluster.broker_epoch[broker] += 1;
        self.cluster.own_epoch[broker] = self.cluster.broker_epoch[broker];
        self.cluster.registered |= 1 << broker;
        self.cluster.fenced |= 1 << broker;
        self.cluster.in_controlled_shutdown &= !(1 << broker);
        Ok(clean)
    }

    /// `min.insync.replicas` of the topic: `ConfigurationControlManager.incrementalAlterConfigs`,
    /// which clears the eligible leader replicas (`ReplicationControlManager.replay(ClearElrRecord)`).
    fn set_min_isr(&mut self, to: u8) -> Result<(), Refusal> {
        // `DynamicConfigManager` brings it, whatever becomes of requests: it is not to be late with them.
        if to == 0 || usize::from(to) > MOST_BROKERS || self.cluster.keeps_requests {
            return Err(Refusal::NotInThisSetting);
        }
        if !self.cluster.zookeeper_works() {
            self.cluster.controller()?;
        }
        let clears = self.rules.switches.eligible_leader_replicas;
        let is_new = self.cluster.min_isr != to;
        if !(is_new || clears && self.has_anything_to_clear()) {
            return Err(Refusal::AlreadySo);
        }

        let before = self.cluster.clone();
        self.cluster.min_isr = to;
        self.everywhere(&before, |row, around| {
            let as_it_was = row.registration;
            if clears {
                change::clear_eligible(&mut row.registration.as_columns());
            }
            if is_new || row.registration != as_it_was {
                row.commit(around.cluster);
            }
        });
        Ok(())
    }

    /// The observers of a datacenter become ordinary replicas of every partition of the topic.
    fn promote_observers(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        let site = self.cluster.knows_datacenter(datacenter)?;
        self.cluster.is_of_one_history()?;
        self.cluster.controller()?;
        let there = self.cluster.brokers_of(site);
        let there = there.fold(0, |there, broker| there | 1 << broker);
        let mut rows = 0..self.partitions();
        if !rows.any(|row| self.table.assignment(row).observers & there != 0) {
            return Err(Refusal::AlreadySo);
        }

        let before = self.cluster.clone();
        self.everywhere(&before, |row, around| {
            assignment::promote(row, around, there)
        });
        Ok(())
    }

    /// A value that is set anew, on another level or for the cluster, is a record too, and
    /// `createClearElrRecordsAsNeeded` looks at the record, not at the value.
    fn has_anything_to_clear(&self) -> bool {
        let columns = &self.table.columns;
        let mut sets = columns.eligible.iter().chain(&columns.last_known);
        sets.any(|set| *set != 0)
    }

    /// An orderly stop: `LogManager.shutdown` flushes, checkpoints the watermarks exactly, and
    /// `CleanShutdownFileHandler` writes the broker epoch.
    ///
    /// A process that has not registered writes the epoch -1 there, which no registration has, and has
    /// appended nothing: that end is told as a `crash`.
    fn stop(&mut self, broker: usize) -> Result<(), Refusal> {
        if !self.cluster.takes_part(broker) {
            return Err(Refusal::NotServing);
        }

        self.cluster.mark[broker] = self.cluster.own_epoch[broker];
        let takes_office = self.cluster.may_be_controller(broker);
        self.cluster.halt(broker);
        self.cluster.exact_checkpoint |= 1 << broker;
        self.everywhere_else(|row, _| environment::halt(row, broker));
        self.vacate_with(u8::from(takes_office) << broker);
        Ok(())
    }

    /// The process starts; it reads the mark of an orderly stop, and removes it.
    fn restart(&mut self, broker: usize, watermark: Option<Offset>) -> Result<(), Refusal> {
        let before = self.cluster.clone();
        self.start_process(broker, watermark)?;
        self.everywhere(&before, |row, _| {
            let had = row.disks[broker].watermark;
            environment::start(row, broker, watermark.map(|Offset(older)| older.min(had)));
        });
        Ok(())
    }

    pub(super) fn start_process(
        &mut self,
        broker: usize,
        watermark: Option<Offset>,
    ) -> Result<(), Refusal> {
        if self.cluster.process[broker] != Process::Stopped {
            return Err(Refusal::AlreadySo);
        }
        if self.cluster.dark >> self.cluster.home[broker] & 1 == 1 {
            return Err(Refusal::Unreachable);
        }
        let exact = self.cluster.exact_checkpoint >> broker & 1 == 1;
        if let Some(Offset(older)) = watermark {
            let had = self.furthest(|columns| &columns.watermark[broker]);
            if older > had || (exact && older < had) {
                return Err(Refusal::NoSuchRecord);
            }
        }

        self.cluster.process[broker] = Process::Running;
        self.cluster.previous_epoch[broker] = self.cluster.mark[broker];
        self.cluster.mark[broker] = 0;
        Ok(())
    }

    fn freeze(&mut self, broker: usize, from: Process, to: Process) -> Result<(), Refusal> {
        if self.cluster.process[broker] != from {
            return Err(Refusal::AlreadySo);
        }
        self.cluster.process[broker] = to;
        Ok(())
    }

    fn set_lag(&mut self, lags: bool) -> Result<(), Refusal> {
        if self.cluster.lags == lags {
            return Err(Refusal::AlreadySo);
        }
        self.cluster.lags = lags;
        Ok(())
    }

    fn link(&mut self, links: &[(Datacenter, Datacenter)], works: bool) -> Result<(), Refusal> {
        let mut sites = Vec::new();
        for (from, to) in links {
            sites.push((
                self.cluster.knows_datacenter(*from)?,
                self.cluster.knows_datacenter(*to)?,
            ));
        }
        if sites
            .iter()
            .all(|(from, to)| self.cluster.connects(*from, *to) == works)
        {
            return Err(Refusal::AlreadySo);
        }

        for (from, to) in sites {
            self.cluster.set_link(from, to, works);
        }
        Ok(())
    }

    fn halt(&mut self, broker: usize, loss: Loss) -> Result<(), Refusal> {
        if self.cluster.process[broker] == Process::Stopped {
            return Err(Refusal::AlreadySo);
        }
        self.can_lose(broker, loss)?;

        self.end_with(broker, loss);
        Ok(())
    }

    /// The process ends, and its disk keeps everything.
    pub(super) fn end(&mut self, broker: usize) {
        self.end_with(broker, Loss::Nothing);
    }

    fn end_with(&mut self, broker: usize, loss: Loss) {
        let before = self.cluster.clone();
        let takes_office = self.cluster.may_be_controller(broker);
        self.cluster.halt(broker);
        self.each_loses(&before, &[(broker, loss)]);
        self.vacate_with(u8::from(takes_office) << broker);
    }

    /// A datacenter stops at one moment: its brokers, its voters, the active controller if it is
    /// there.
    fn power_down(
        &mut self,
        datacenter: Datacenter,
        loss: impl Fn(usize) -> Loss,
    ) -> Result<(), Refusal> {
        let site = self.cluster.knows_datacenter(datacenter)?;
        if self.cluster.dark >> site & 1 == 1 {
            return Err(Refusal::AlreadySo);
        }
        let losses: Vec<(usize, Loss)> = self
            .cluster
            .brokers_of(site)
            .map(|broker| (broker, loss(broker)))
            .collect();
        for (broker, loss) in &losses {
            self.can_lose(*broker, *loss)?;
        }

        let before = self.cluster.clone();
        let officers = self.cluster.brokers_of(site);
        let officers = officers.filter(|broker| self.cluster.may_be_controller(*broker));
        let gone = officers.fold(0, |gone, broker| gone | 1 << broker);
        self.cluster.dark |= 1 << site;
        for (broker, loss) in &losses {
            self.cluster.halt(*broker);
            if *loss == Loss::Everything {
                self.cluster.mark[*broker] = 0;
                self.cluster.exact_checkpoint &= !(1 << broker);
            }
        }
        let deposes = self.cluster.active == Some(site as u8);
        if deposes {
            self.cluster.active = None;
            self.cluster.gone |= gone;
        }
        let former = self.cluster.former.as_mut();
        let former = former.filter(|former| former.active == Some(site as u8));
        let deposes_former = former.is_some();
        if let Some(former) = former {
            former.active = None;
        }
        self.each_loses(&before, &losses);
        if deposes {
            self.lose_answers_to(!before.apart);
        }
        if deposes_former {
            self.lose_answers_to(before.apart);
        }
        Ok(())
    }

    fn each_loses(&mut self, before: &Cluster, losses: &[(usize, Loss)]) {
        let rule = |row: &mut Row| {
            for (broker, loss) in losses {
                lose(row, *broker, *loss);
            }
        };
        if losses.iter().all(|(_, loss)| *loss == Loss::Nothing) {
            self.everywhere_else(|row, _| rule(row));
        } else {
            self.everywhere(before, |row, _| rule(row));
        }
    }

    fn power_up(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        let site = self.cluster.knows_datacenter(datacenter)?;
        if self.cluster.dark >> site & 1 == 0 {
            return Err(Refusal::AlreadySo);
        }
        self.cluster.dark &= !(1 << site);
        Ok(())
    }

    /// Some log holds that much that is not flushed: an orderly stop flushes.
    fn can_lose(&self, broker: usize, loss: Loss) -> Result<(), Refusal> {
        let Loss::Suffix(lost) = loss else {
            return Ok(());
        };
        let flushed = self.cluster.exact_checkpoint >> broker & 1 == 1;
        let holds = if flushed {
            0
        } else {
            self.furthest(|columns| &columns.end[broker])
        };
        if lost > holds {
            Err(Refusal::NoSuchRecord)
        } else {
            Ok(())
        }
    }

    fn furthest(&self, column: impl Fn(&crate::Columns) -> &Vec<u64>) -> u64 {
        column(&self.table.columns)
            .iter()
            .copied()
            .max()
            .unwrap_or(0)
    }
}

/// What is told of KRaft alone: its quorum, its histories, its way to place replicas.
fn is_of_kraft(event: &Event) -> bool {
    matches!(
        event,
        Event::Terminate { .. }
            | Event::BreakOut { .. }
            | Event::AddVoter { .. }
            | Event::FallBehind { .. }
            | Event::RollBack { .. }
            | Event::PromoteObservers { .. }
            | Event::ControlledShutdown { .. }
    )
}

/// What registering a broker does to a row; it counts as registered already, and but for ZooKeeper as
/// fenced.
pub(super) fn register_row(row: &mut Row, around: Around<'_>, broker: usize, clean: bool) {
    if around.cluster.has_zookeeper() {
        metadata::begin_blank(row, around, broker);
        return;
    }
    if around.cluster.former.is_some() {
        // What an earlier process had asked of either controller is lost.
        row.memory[broker].wire = None;
    }
    if around.rules.switches.registration_takes_seats {
        controller::take_seats(row, around, broker, clean);
    }
    row.commit(around.cluster);
    metadata::begin(row, around, broker);
}

/// What unfencing a broker does to a row; it counts as unfenced already.
pub(super) fn unfence_row(row: &mut Row, around: Around<'_>, broker: usize) {
    let change = controller::unfencing(around, broker);
    controller::elect_if_leaderless(row, around, &change);
    row.commit(around.cluster);
}

/// What a stop costs a disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Loss {
    Nothing,
    Suffix(u64),
    Everything,
}

fn lose(row: &mut Row, broker: usize, loss: Loss) {
    environment::halt(row, broker);
    match loss {
        Loss::Nothing => {}
        Loss::Suffix(lost) => environment::lose_suffix(row, broker, lost),
        Loss::Everything => environment::wipe(row, broker),
    }
}
