//! The engine as its callers see it: events in, observations out.

mod brokers;
mod bulk;
mod comeback;
mod failover;
mod observe;
mod office;
mod promise;
#[cfg(test)]
mod tests;

use crate::cluster::Cluster;
use crate::columns::{Columns, Table, bits};
use crate::row::Row;
use crate::rules::{
    Around, Observers, Rules, assignment, client, controller, fetch, isr, late, metadata, requests,
};
use crate::{Refusal, Switches};
use highwater_vocabulary::{Datacenter, Event, Setting};

/// Many partitions with the same replicas, and the brokers that hold them.
#[derive(Clone, Debug)]
pub struct Engine {
    setting: Setting,
    rules: Rules,
    cluster: Cluster,
    table: Table,
}

impl Engine {
    /// So many partitions of a setting, all of them new: everybody runs, the first of the assignment
    /// leads in epoch 1, everybody is in sync and has learnt it.  The active controller is in the
    /// first datacenter that has a voter, with ZooKeeper in the first that has a broker.
    ///
    /// # Panics
    /// If there are more partitions than a `u32` counts.
    pub fn new(setting: &Setting, partitions: usize) -> Engine {
        Engine::with_switches(setting, Switches::of(setting), partitions)
    }

    /// The same, under switches of one's own.
    ///
    /// # Panics
    /// As [`Engine::new`].
    pub fn with_switches(setting: &Setting, switches: Switches, partitions: usize) -> Engine {
        assert!(
            u32::try_from(partitions).is_ok(),
            "a row is counted in 32 bits"
        );
        let rules = Rules {
            switches,
            acks: setting.acks,
            idempotence: setting.idempotence,
            partition_zero_replicas: setting.partition_zero_replicas,
            unclean_leader_election: setting.unclean_leader_election,
            observers: Observers::new(setting),
        };
        let cluster = Cluster::new(setting, &switches);
        let mut engine = Engine {
            setting: setting.clone(),
            rules,
            cluster,
            table: Table::new(setting, partitions),
        };
        let synchronous = bits(setting.synchronous());
        for in_sync in &mut engine.table.columns.in_sync {
            *in_sync &= synchronous;
        }
        if !setting.spares.is_empty() {
            engine.take_from_spares();
        }
        if switches.waits_for_caught_up {
            engine.begin_caught_up();
        }
        if engine.cluster.keeps_requests {
            engine.begin_with_requests();
        }
        engine
    }

    /// The active controller begins in another datacenter.
    ///
    /// # Errors
    /// [`Refusal::NotInThisSetting`] if that datacenter has no voter, or with ZooKeeper no broker.
    pub fn seat_controller(&mut self, datacenter: Datacenter) -> Result<(), Refusal> {
        let site = self.cluster.knows_datacenter(datacenter)?;
        if !self.cluster.may_seat(site) {
            return Err(Refusal::NotInThisSetting);
        }
        self.cluster.active = Some(site as u8);
        Ok(())
    }

    /// The setting.
    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    /// How many partitions.
    pub fn partitions(&self) -> usize {
        self.table.columns.rows()
    }

    /// The steady facts of all partitions.
    pub fn columns(&self) -> &Columns {
        &self.table.columns
    }

    /// How many partitions deviate from the steady state, and are kept beside the columns too.
    pub fn deviating(&self) -> usize {
        self.table.aside.rows.len()
    }

    /// An event happens, or is refused and changes nothing.
    ///
    /// What happens to a partition (clients, fetches, ISR changes, its metadata, an election on
    /// request) happens to this row alone.  What happens to brokers, links, the controller or the
    /// topic happens to every row, whichever is named here.
    ///
    /// # Errors
    /// Whatever refuses it.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn apply(&mut self, row: usize, event: &Event) -> Result<(), Refusal> {
        assert!(row < self.partitions(), "row {row} is not in the table");
        if self.cluster.former.is_some() {
            return self.apply_to_history(row, event);
        }
        let happened = self.apply_in_front(row, event);
        if self.cluster.former.is_some() {
            self.drop_former();
        }
        happened
    }

    /// The same of the history in front.
    fn apply_in_front(&mut self, row: usize, event: &Event) -> Result<(), Refusal> {
        if happens_to_all(event) {
            return self.apply_to_brokers(event);
        }
        let mut whole = self.table.load(row, &self.cluster);
        self.apply_to_row(&mut whole, event)?;

        whole.settle(&self.cluster);
        self.table.store(row, whole, &self.cluster);
        Ok(())
    }

    /// An event happens to every partition in which nothing refuses it; says in how many.
    ///
    /// # Errors
    /// Whatever refuses an event of brokers, links, the controller or the topic.
    pub fn apply_to_all(&mut self, event: &Event) -> Result<usize, Refusal> {
        if happens_to_all(event) {
            match self.cluster.former.is_some() {
                true => self.apply_to_history(0, event)?,
                false => self.apply_to_brokers(event)?,
            }
            return Ok(self.partitions());
        }
        let happened = (0..self.partitions())
            .filter(|row| self.apply(*row, event).is_ok())
            .count();
        Ok(happened)
    }

    fn apply_to_row(&self, row: &mut Row, event: &Event) -> Result<(), Refusal> {
        let around = Around {
            rules: &self.rules,
            cluster: &self.cluster,
        };
        let slot = |broker| self.cluster.knows_broker(broker);
        match *event {
            Event::Produce { broker, record } => {
                client::produce(row, around, slot(broker)?, record)
            }
            Event::Retry { broker, record } => client::retry(row, around, slot(broker)?, record),
            Event::Ack { broker, record } => client::ack(row, around, slot(broker)?, record),
            Event::Refuse { broker, record } => client::refuse(row, around, slot(broker)?, record),
            Event::Read {
                from,
                broker,
                offset,
            } => {
                let from = self.cluster.knows_datacenter(from)?;
                client::read(row, around, from, slot(broker)?, offset.0)
            }

            Event::Fetch { follower } => fetch::fetch(row, around, slot(follower)?, true),
            Event::FetchLost { follower } => fetch::fetch(row, around, slot(follower)?, false),
            Event::Request { follower } => late::request(row, around, slot(follower)?),
            Event::Serve { follower } => late::serve(row, around, slot(follower)?),
            Event::Answer { follower } => late::answer(row, around, slot(follower)?),
            Event::Drop { follower } => late::lose(row, around, slot(follower)?),

            Event::Lapse { leader, follower } => {
                isr::lapse(row, around, slot(leader)?, slot(follower)?)
            }
            Event::Shrink { leader, dropped } => {
                isr::shrink(row, around, slot(leader)?, bits(dropped))
            }
            Event::Told { leader } => isr::told(row, around, slot(leader)?),
            Event::Untold { leader } => isr::untold(row, around, slot(leader)?),
            Event::Learn { broker, records } => {
                let (broker, records) = (slot(broker)?, usize::from(records));
                learn(row, around, broker, records)
            }
            Event::Late { broker, records } => {
                requests::late(row, around, slot(broker)?, usize::from(records))
            }

            Event::Apply { leader } => controller::apply(row, around, slot(leader)?),
            Event::Prefer => controller::prefer(row, around),
            Event::Unclean => controller::sweep_unclean(row, around),
            Event::ElectUnclean => controller::elect_unclean(row, around),
            Event::Reassign { replicas } => assignment::reassign(row, around, bits(replicas)),
            Event::CancelReassignment => assignment::cancel(row, around),

            Event::Fence { .. }
            | Event::Unfence { .. }
            | Event::Register { .. }
            | Event::Activate { .. }
            | Event::SetMinIsr { .. }
            | Event::PromoteObservers { .. }
            | Event::ControlledShutdown { .. }
            | Event::Stop { .. }
            | Event::Restart { .. }
            | Event::Resume { .. }
            | Event::CatchUp
            | Event::Return { .. }
            | Event::Heal { .. }
            | Event::Crash { .. }
            | Event::PowerLoss { .. }
            | Event::Wipe { .. }
            | Event::Pause { .. }
            | Event::Lag
            | Event::Lose { .. }
            | Event::Darken { .. }
            | Event::Destroy { .. }
            | Event::Cut { .. }
            | Event::CutFrom { .. }
            | Event::Depose
            | Event::Terminate { .. }
            | Event::BreakOut { .. }
            | Event::AddVoter { .. }
            | Event::FallBehind { .. }
            | Event::RollBack { .. } => unreachable!("it happens to all rows"),
        }
    }

    /// Spares hold no replica, which no column can say: every row is kept aside.
    fn take_from_spares(&mut self) {
        let spares = bits(self.setting.spares);
        for row in 0..self.partitions() {
            let mut whole = self.table.load(row, &self.cluster);
            whole.assignment.replicas &= !spares;
            let assignment = whole.assignment;
            for (broker, memory) in whole.memory.iter_mut().enumerate() {
                memory.image.assignment = assignment;
                if spares >> broker & 1 == 1 {
                    (memory.leader, memory.leader_epoch) = (0, 0);
                }
            }
            self.table.store(row, whole, &self.cluster);
        }
    }

    /// Everybody has taken the request of the beginning, which may arrive again.
    fn begin_with_requests(&mut self) {
        for row in 0..self.partitions() {
            let mut whole = self.table.load(row, &self.cluster);
            whole.commit_unsent(&self.cluster);
            self.table.store(row, whole, &self.cluster);
        }
    }

    /// Every follower is caught up with a log that is empty.
    fn begin_caught_up(&mut self) {
        for row in 0..self.partitions() {
            let mut whole = self.table.load(row, &self.cluster);
            let in_sync = whole.registration.in_sync;
            if let Some(tenure) = &mut whole.memory[0].tenure {
                tenure.caught_up = in_sync & !1;
            }
            self.table.store(row, whole, &self.cluster);
        }
    }
}

/// Whether an event is about brokers, links, the controller or the topic, and so about every row.
pub fn happens_to_all(event: &Event) -> bool {
    match event {
        Event::Produce { .. }
        | Event::Retry { .. }
        | Event::Ack { .. }
        | Event::Refuse { .. }
        | Event::Read { .. }
        | Event::Fetch { .. }
        | Event::FetchLost { .. }
        | Event::Request { .. }
        | Event::Serve { .. }
        | Event::Answer { .. }
        | Event::Drop { .. }
        | Event::Lapse { .. }
        | Event::Shrink { .. }
        | Event::Told { .. }
        | Event::Untold { .. }
        | Event::Learn { .. }
        | Event::Late { .. }
        | Event::Apply { .. }
        | Event::Prefer
        | Event::Unclean
        | Event::Reassign { .. }
        | Event::CancelReassignment
        | Event::ElectUnclean => false,
        Event::Fence { .. }
        | Event::Unfence { .. }
        | Event::Register { .. }
        | Event::Activate { .. }
        | Event::SetMinIsr { .. }
        | Event::PromoteObservers { .. }
        | Event::ControlledShutdown { .. }
        | Event::Stop { .. }
        | Event::Restart { .. }
        | Event::Resume { .. }
        | Event::CatchUp
        | Event::Return { .. }
        | Event::Heal { .. }
        | Event::Crash { .. }
        | Event::PowerLoss { .. }
        | Event::Wipe { .. }
        | Event::Pause { .. }
        | Event::Lag
        | Event::Lose { .. }
        | Event::Darken { .. }
        | Event::Destroy { .. }
        | Event::Cut { .. }
        | Event::CutFrom { .. }
        | Event::Depose
        | Event::Terminate { .. }
        | Event::BreakOut { .. }
        | Event::AddVoter { .. }
        | Event::FallBehind { .. }
        | Event::RollBack { .. } => true,
    }
}

/// A broker learns what the controller has committed: it reads on, or with ZooKeeper it is told.
fn learn(row: &mut Row, around: Around<'_>, broker: usize, records: usize) -> Result<(), Refusal> {
    match around.cluster.has_zookeeper() {
        true => requests::learn(row, around, broker, records),
        false => metadata::learn(row, around, broker, records),
    }
}
