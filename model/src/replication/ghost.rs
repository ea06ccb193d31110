//! What the proof must remember and no broker knows.  No rule reads it.
//!
//! The rules never write it either: `witness` watches every step from outside, with the states
//! before and after it.

use super::state::{EPOCHS, Entry, Image, Log, Replica, State};
use super::{Bounds, LeaderEpoch, Replication};
use highwater_vocabulary::{
    Acks, Broker, BrokerSet, Event, Fault, MOST_RECORDS, Member, Process, Record, RecordSet, Set,
};
use serde::{Deserialize, Serialize};

/// What the proof remembers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Ghost {
    /// Records whose producers were told that they are safe.
    pub acknowledged: RecordSet,
    /// What was ever below the watermark of a leader: the records, and their end.
    pub committed: Log,
    /// What a consumer has read, by offset.
    pub read: [Option<Entry>; MOST_RECORDS],
    /// Replicas that lost committed records with their disk, and do not have them again yet.
    pub lossy: BrokerSet,
    /// What each leader held when it took office; kept while somebody may act under an older epoch.
    pub offices: Offices,
    /// To whom the newest leader epoch was granted.
    pub granted: Option<Broker>,
    /// Which promises about single steps have been broken.
    pub broken: Set<Broken>,
    /// How much of every budget is spent.
    pub spent: Spent,
}

/// The records that each leader held when it took office, by leader epoch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Offices {
    taken: u8,
    held: [RecordSet; EPOCHS],
}

/// A promise about a single step: once broken, it stays so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Broken {
    /// An acks=all record was appended while the committed ISR was below min ISR (A1).
    Admission,
    /// An acks=all record was acknowledged above the watermark, or below min ISR (A2).
    Completion,
    /// A replica was proposed for the ISR that lacked what it takes (A3).
    Expansion,
    /// Something was acknowledged under an epoch that a later leader had overtaken without it.
    SplitBrain,
    /// An epoch fell, or stood still over a change.
    Epochs,
    /// A leader epoch was granted to two brokers.
    Granted,
    /// A leader's watermark fell within its tenure.
    WatermarkFell,
    /// A replica in ISR or ELR truncated what was committed.
    Truncation,
}

impl Member for Broken {
    fn index(self) -> usize {
        self as usize
    }

    fn at(index: usize) -> Self {
        use Broken::*;
        [
            Admission,
            Completion,
            Expansion,
            SplitBrain,
            Epochs,
            Granted,
            WatermarkFell,
            Truncation,
        ][index]
    }
}

/// How much of every budget is spent.  (Elections need no counter: every one shows in the leader
/// epoch.)
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Spent {
    /// Records sent so far; the next one has this number.
    pub records: u8,
    /// ISR changes that leaders proposed in order to drop somebody.
    pub isr_changes: u8,
    /// Elections of the preferred leader.
    pub preferred_elections: u8,
    /// Reads.
    pub reads: u8,
    /// Copies of requests that were sent before.
    pub retries: u8,
    /// Changes of min ISR.
    pub min_isr_changes: u8,
    /// Reassignments that began.
    pub reassignments: u8,
    /// Reassignments that were taken back.
    pub cancellations: u8,
    /// Promotions of observers.
    pub promotions: u8,
    /// Unclean elections that an operator asked for.
    pub unclean_elections: u8,
    /// Voters that an operator has added.
    pub added_voters: u8,
    /// Each fault of the row, in the row's order.
    pub faults: [u8; Bounds::FAULTS],
}

impl Ghost {
    pub(super) fn at_first(image: &Image) -> Ghost {
        Ghost {
            acknowledged: RecordSet::EMPTY,
            committed: Log::default(),
            read: Default::default(),
            lossy: BrokerSet::EMPTY,
            offices: Offices::default(),
            granted: image.leader,
            broken: Set::EMPTY,
            spent: Spent::default(),
        }
    }

    /// The next record to send.
    pub fn next_record(&self) -> Option<Record> {
        let next = usize::from(self.spent.records);
        (next < MOST_RECORDS).then(|| Record::at(next))
    }

    fn note(&mut self, promise: Broken, kept: bool) {
        if !kept {
            self.broken = self.broken.with(promise);
        }
    }
}

impl Offices {
    fn take(&mut self, epoch: LeaderEpoch, held: RecordSet) {
        self.taken |= 1 << epoch.0;
        self.held[usize::from(epoch.0)] = held;
    }

    fn any_after(&self, epoch: LeaderEpoch) -> bool {
        usize::from(self.taken) >> epoch.0.min(EPOCHS as u8) > 1
    }

    /// Whether a leader of a later epoch than `epoch` took office without `record`.
    fn overtook(&self, epoch: LeaderEpoch, record: Record) -> bool {
        let later = usize::from(epoch.0) + 1..EPOCHS;
        later
            .into_iter()
            .any(|later| self.taken >> later & 1 == 1 && !self.held[later].contains(record))
    }

    fn forget_up_to(&mut self, epoch: LeaderEpoch) {
        for epoch in 0..=usize::from(epoch.0).min(EPOCHS - 1) {
            self.taken &= !(1 << epoch);
            self.held[epoch] = RecordSet::EMPTY;
        }
    }
}

/// Notes in `after` what the step from `before` shows.
pub(super) fn witness(model: &Replication, before: &State, event: &Event, after: &mut State) {
    spend(model, before, event, &mut after.ghost.spent);
    watch_clients(model, before, event, &mut after.ghost);
    watch_metadata(before, after);
    for broker in model.setting.replicas().iter() {
        watch_office(before, after, broker);
        watch_commits(before, after, broker);
        watch_disk(before, after, broker);
        watch_expansion(model, before, after, broker);
    }
}

fn spend(model: &Replication, before: &State, event: &Event, spent: &mut Spent) {
    match event {
        Event::Produce { .. } => count(&mut spent.records),
        Event::Retry { .. } => count(&mut spent.retries),
        Event::Shrink { .. } => count(&mut spent.isr_changes),
        Event::Prefer => count(&mut spent.preferred_elections),
        Event::Read { .. } => count(&mut spent.reads),
        Event::SetMinIsr { .. } => count(&mut spent.min_isr_changes),
        Event::Reassign { .. } => count(&mut spent.reassignments),
        Event::CancelReassignment => count(&mut spent.cancellations),
        Event::PromoteObservers { .. } => count(&mut spent.promotions),
        Event::ElectUnclean => count(&mut spent.unclean_elections),
        Event::AddVoter { .. } => count(&mut spent.added_voters),
        // The shutdown was counted as it began.
        Event::Stop { broker } if before.is_shutting_down(*broker) => {}
        _ => {
            if let Some(place) =
                fault_of(event).and_then(|fault| Bounds::place_of(&model.faults, fault))
            {
                count(&mut spent.faults[place]);
            }
        }
    }
}

/// A story may go on for longer than the counter of any budget; then it stays where it is.
fn count(spent: &mut u8) {
    *spent = spent.saturating_add(1);
}

/// The fault that an event is.
pub(super) fn fault_of(event: &Event) -> Option<Fault> {
    Some(match *event {
        Event::Crash { .. } => Fault::BrokerCrash,
        Event::PowerLoss { .. } => Fault::BrokerPowerLoss,
        Event::Wipe { .. } => Fault::BrokerWiped,
        Event::Pause { .. } => Fault::BrokerPause,
        Event::Stop { .. } => Fault::BrokerStop,
        Event::ControlledShutdown { .. } => Fault::ControlledShutdown,
        Event::Lag => Fault::Lag,
        Event::Lose { datacenter } => Fault::DatacenterLoss(datacenter),
        Event::Darken { datacenter, .. } => Fault::DatacenterPowerLoss(datacenter),
        Event::Destroy { datacenter } => Fault::DatacenterDestroyed(datacenter),
        Event::Cut { between: [x, y] } => Fault::Cut(x.min(y), x.max(y)),
        Event::CutFrom { from, to } => Fault::OneWayCut(from, to),
        Event::Depose => Fault::ControllerFailover,
        Event::RollBack { .. } => Fault::MetadataRollback,
        // No `_`: a fault that is forgotten here would have no budget.
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
        | Event::Terminate { .. }
        | Event::Apply { .. }
        | Event::Fence { .. }
        | Event::Unfence { .. }
        | Event::Register { .. }
        | Event::Prefer
        | Event::Unclean
        | Event::Activate { .. }
        | Event::SetMinIsr { .. }
        | Event::PromoteObservers { .. }
        | Event::Reassign { .. }
        | Event::CancelReassignment
        | Event::ElectUnclean
        | Event::BreakOut { .. }
        | Event::AddVoter { .. }
        | Event::FallBehind { .. }
        | Event::Restart { .. }
        | Event::Resume { .. }
        | Event::CatchUp
        | Event::Return { .. }
        | Event::Heal { .. } => return None,
    })
}

/// What producers are told, what consumers read, and whether they should have been.
fn watch_clients(model: &Replication, before: &State, event: &Event, ghost: &mut Ghost) {
    match *event {
        Event::Produce { broker, record } | Event::Retry { broker, record } => {
            let replica = &before.replicas[broker];
            match model.setting.acks {
                Acks::All => {
                    let isr = replica.tenure().map_or(0, |tenure| tenure.isr.len());
                    ghost.note(
                        Broken::Admission,
                        isr >= min_isr_known(model, before, broker),
                    );
                }
                Acks::Leader => acknowledge(before, ghost, broker, record),
                Acks::None => {}
            }
        }
        Event::Ack { broker, record } => {
            let replica = &before.replicas[broker];
            let committed = replica
                .log
                .end_of(record)
                .is_some_and(|end| end <= replica.watermark);
            let in_sync = replica
                .tenure()
                .map_or(0, |tenure| tenure.maximal_isr().len());
            let enough = in_sync >= min_isr_known(model, before, broker);
            ghost.note(Broken::Completion, committed && enough);
            acknowledge(before, ghost, broker, record);
        }
        Event::Read { broker, offset, .. } => {
            let place = offset.0 as usize;
            ghost.read[place] =
                ghost.read[place].or(before.replicas[broker].log.entries().get(place).copied());
        }
        _ => {}
    }
}

fn min_isr_known(model: &Replication, state: &State, broker: Broker) -> usize {
    model.effective_min_isr(state.min_isr_known_by(broker), state.view(broker).replicas)
}

fn acknowledge(before: &State, ghost: &mut Ghost, broker: Broker, record: Record) {
    ghost.acknowledged = ghost.acknowledged.with(record);
    let overtaken = ghost
        .offices
        .overtook(before.replicas[broker].leader_epoch, record);
    ghost.note(Broken::SplitBrain, !overtaken);
}

/// Epochs grow with every change, and each leader epoch belongs to one broker.
fn watch_metadata(before: &State, after: &mut State) {
    let (old, new) = (before.image(), *after.image());
    let partition = |image: &Image| {
        let replicas = (image.replicas, image.observers);
        (image.leader, image.leader_epoch, image.isr, replicas)
    };
    let changed = partition(old) != partition(&new);
    let grows = new.leader_epoch >= old.leader_epoch
        && new.partition_epoch >= old.partition_epoch
        && (!changed || new.partition_epoch > old.partition_epoch);
    let ghost = &mut after.ghost;
    let regranted = new.leader_epoch == old.leader_epoch
        && new.leader.is_some()
        && ghost.granted.is_some()
        && new.leader != ghost.granted;
    ghost.note(Broken::Epochs, grows);
    ghost.note(Broken::Granted, !regranted);
    if new.leader.is_some() || new.leader_epoch > old.leader_epoch {
        ghost.granted = new.leader;
    }
}

/// A leader that takes office begins with what its log holds.
fn watch_office(before: &State, after: &mut State, broker: Broker) {
    let epoch_led = |replica: &Replica| replica.leads().then_some(replica.leader_epoch);
    let (old, new) = (
        epoch_led(&before.replicas[broker]),
        epoch_led(&after.replicas[broker]),
    );
    if let Some(epoch) = new.filter(|epoch| old != Some(*epoch)) {
        let held = after.replicas[broker].log.records();
        after.ghost.offices.take(epoch, held);
    }
}

/// What a leader's watermark covers is committed, and stays covered while it leads.
fn watch_commits(before: &State, after: &mut State, broker: Broker) {
    let (old, new) = (&before.replicas[broker], &after.replicas[broker]);
    if !new.leads() {
        return;
    }
    let same_tenure = old.leads() && old.leader_epoch == new.leader_epoch;
    after.ghost.note(
        Broken::WatermarkFell,
        !same_tenure || new.watermark >= old.watermark,
    );
    let committed = &mut after.ghost.committed;
    for entry in new
        .log
        .entries()
        .iter()
        .take(new.watermark.index())
        .skip(committed.end().index())
    {
        committed.append(*entry);
    }
}

/// Who lost committed records with the disk, who has them again, and who dropped them while running.
/// What is committed only grows, so nobody has it again whose log is as it was.
fn watch_disk(before: &State, after: &mut State, broker: Broker) {
    let (old, new) = (&before.replicas[broker], &after.replicas[broker]);
    if new.log == old.log {
        return;
    }
    let committed = &after.ghost.committed;
    let holds_all = new.log.agrees_below(committed, committed.end());
    let shorter = new.log.end() < old.log.end();
    let kept = new.log.entries().len();
    let mut dropped = old
        .log
        .entries()
        .iter()
        .zip(before.ghost.committed.entries())
        .skip(kept);
    let drops_committed = dropped.any(|(own, committed)| own == committed);
    let candidate = before.candidates().contains(broker);
    let lossy = &mut after.ghost.lossy;
    if new.process == Process::Stopped && shorter && !holds_all {
        *lossy = lossy.with(broker);
    }
    if holds_all {
        *lossy = lossy.without(broker);
    }
    let truncates =
        new.process == Process::Running && drops_committed && candidate && !lossy.contains(broker);
    after.ghost.note(Broken::Truncation, !truncates);
}

/// Whoever is proposed for the ISR really holds what is below the watermark, and has reached the
/// leader's epoch.
fn watch_expansion(model: &Replication, before: &State, after: &mut State, leader: Broker) {
    let Some(tenure) = after.replicas[leader].tenure() else {
        return;
    };
    let earlier = before.replicas[leader].tenure();
    let (known, proposed) = match model.variant.switches.leader_writes_isr {
        // What it proposes it has.
        true => {
            let same_tenure =
                before.replicas[leader].leader_epoch == after.replicas[leader].leader_epoch;
            let known = earlier.filter(|_| same_tenure).map(|earlier| earlier.isr);
            (known.unwrap_or(tenure.isr), Some(tenure.isr))
        }
        false => {
            let is_new = earlier.and_then(|tenure| tenure.pending) != tenure.pending;
            (tenure.isr, tenure.pending.filter(|_| is_new))
        }
    };
    let Some(proposed) = proposed else {
        return;
    };
    let leaders = &before.replicas[leader];
    let needed = leaders.watermark.max(tenure.epoch_start);
    let fit = |joiner: Broker| {
        let log = &before.replicas[joiner].log;
        log.end() >= needed && log.agrees_below(&leaders.log, leaders.watermark)
    };
    let all_fit = proposed.minus(known).iter().all(fit);
    after.ghost.note(Broken::Expansion, all_fit);
}

/// Forgets what can no longer matter to any property.
pub(super) fn forget(model: &Replication, state: &mut State) {
    if state.ghost.offices.taken != 0 {
        let oldest = oldest_acting(model, state);
        state.ghost.offices.forget_up_to(oldest);
    }
}

/// Whether a leader took office that somebody acting under an older epoch may not know of.
pub(super) fn older_epoch_may_act(model: &Replication, state: &State) -> bool {
    let offices = &state.ghost.offices;
    offices.taken != 0 && offices.any_after(oldest_acting(model, state))
}

/// The oldest epoch under which somebody acts as leader, or still may.
fn oldest_acting(model: &Replication, state: &State) -> LeaderEpoch {
    let brokers = model.setting.replicas().iter();
    let acting = brokers.filter_map(|broker| oldest_office(model, state, broker));
    acting.min().unwrap_or(LeaderEpoch::LAST)
}

/// The oldest epoch under which `broker` acts as leader, or still may once it has learnt of it.
fn oldest_office(model: &Replication, state: &State, broker: Broker) -> Option<LeaderEpoch> {
    let replica = &state.replicas[broker];
    if replica.process == Process::Stopped && !super::rules::inherits_requests(model, state, broker)
    {
        return None;
    }
    let led = replica.tenure().map(|_| replica.leader_epoch);
    if led.is_some() && !model.variant.late_requests {
        return led;
    }
    let oldest = match model.variant.late_requests {
        true => 0,
        false => usize::from(replica.place),
    };
    let unread = &state.history_of(broker).records()[oldest..];
    unread
        .iter()
        .filter(|image| image.leader == Some(broker))
        .map(|image| image.leader_epoch)
        .chain(led)
        .min()
}
