//! What a topic-partition is to mirrors, groups and producers: one committed log, made of each state of
//! `replication`.
//!
//! The log is that of the leader, as far as consumers may read it (its high watermark) or producers were
//! told (with acks=1 that is further).  *The leader* is whoever serves clients under the newest
//! leader epoch that has served any: consumers learn of a leader from any broker, so a leader that is
//! elected and does not know it yet is nobody's, and a former leader is everybody's until then.
//! A new leader's watermark may be behind what was read already.  Nothing is lost by that: who has read
//! further gets nothing until it has caught up, and who asks for the end is told to ask again
//! (KIP-207); so the log keeps what its leader has.
//!
//! What a leader of the past shows or acknowledges after a later one has served clients is not in the
//! log.  It is counted ([`Aside`]).
//!
//! **Deliberately absent:** who reaches the leader.  There are clients wherever there are brokers, so some
//! always reach it; to the others it is out of reach.  And reads of followers (KIP-392): a follower in
//! sync shows less than its leader, never something else.

use highwater_model::replication::state::{Entry, Log, Replica};
use highwater_model::replication::{End, LeaderEpoch, Replication, State};
use highwater_vocabulary::{Broker, RecordSet};
use serde::Serialize;

/// A partition as one committed log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize)]
pub struct CommittedLog {
    /// What it holds.
    pub log: Log,
    /// How far consumers could read it; what is beyond, producers have only been told of.
    pub shown: End,
    /// The newest leader epoch under which clients were served.
    pub epoch: LeaderEpoch,
    /// How far the leader of that epoch had it; what is beyond, a leader of the past has added.
    pub end_in_epoch: End,
    /// What it has lost, as far as it has not come back.
    pub lost: RecordSet,
}

/// What a log may do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Move {
    /// The leader is gone; what is there stays.
    OutOfReach,
    /// The leader is gone, and nobody has any of the log.
    Destroy,
    /// So many records that came last are not in the log any more.
    LoseSuffix(u8),
    /// There is a leader again.
    Return,
    /// So many records are added.
    Append(u8),
}

/// What a step of the partition is to its log: moves, and what is worth noting about them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Step {
    /// Whether clients were served before and are after.
    pub served: [bool; 2],
    /// Records that the log lost.
    pub lost: Lost,
    /// Whether that is all it had, and nobody has any of it.
    pub destroyed: bool,
    /// Records added.
    pub appended: u8,
    /// Records among them that the log had lost before.
    pub again: u8,
    /// Records among them that stand where another one could be read, under the same leader epoch.
    pub replaced: u8,
    /// What a leader of the past did that the log does not have.
    pub aside: Aside,
    /// Whether the watermark is behind what could be read before, and was not.
    pub falls_behind: bool,
    /// Whether a leader of the past serves clients with a log that ends before what could be read, and
    /// none did.
    pub past_is_short: bool,
    /// Acknowledged records that no replica holds any more.
    pub gone: u8,
}

/// What a log lost in a step.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Lost {
    /// How many records.
    pub records: u8,
    /// How many of them were acknowledged.
    pub told: u8,
    /// How many of them could be read.
    pub shown: u8,
    /// How many could be read and were not acknowledged.
    pub untold: u8,
    /// Whether no leader epoch tells the log from what it was.
    pub same_epoch: bool,
    /// Whether it had lost something before.
    pub more: bool,
}

/// What a leader of the past did in a step.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Aside {
    /// Records that it began to show to consumers, and that the log neither has nor had.
    pub shown: u8,
    /// Records that it acknowledged, and that the log does not have.
    pub told: u8,
}

impl CommittedLog {
    /// What a partition begins with.
    pub fn at_first(model: &Replication, state: &State) -> CommittedLog {
        let mut log = CommittedLog::default();
        let leader = log.leader(model, state);
        log.epoch = leader.map_or(log.epoch, |(_, leader)| leader.leader_epoch);
        log
    }

    /// Who serves clients under the newest epoch that has served any, or a newer one.
    pub fn leader<'s>(
        &self,
        model: &Replication,
        state: &'s State,
    ) -> Option<(Broker, &'s Replica)> {
        leaders(model, state)
            .filter(|(_, replica)| replica.leader_epoch >= self.epoch)
            .max_by_key(|(_, replica)| replica.leader_epoch)
    }

    /// What a step of the partition makes of its log.
    pub fn follow(
        &self,
        model: &Replication,
        before: &State,
        after: &State,
    ) -> (CommittedLog, Step) {
        let mut next = *self;
        let leader = self.leader(model, after);
        let mut step = Step {
            served: [self.leader(model, before).is_some(), leader.is_some()],
            ..Step::default()
        };
        match leader {
            Some((_, leader)) => next.follow_leader(leader, after, &mut step),
            None if !self.log.entries().is_empty() && !is_held(model, &self.log, after) => {
                step.destroyed = true;
                step.lost = next.lose_from(0, after, false);
            }
            None => {}
        }
        next.follow_past(model, after, &mut step);
        step.falls_behind &= !self.is_behind(model, before);
        step.aside = next.aside(model, before, after);
        step.past_is_short =
            next.has_short_past(model, after) && !self.has_short_past(model, before);
        step.gone = held(before)
            .minus(held(after))
            .intersection(after.ghost.acknowledged)
            .len() as u8;
        (next, step)
    }

    /// Takes over what the leader has of the log, and what is new in it.
    fn follow_leader(&mut self, leader: &Replica, after: &State, step: &mut Step) {
        let common = common(&self.log, &leader.log);
        if common < self.log.entries().len() {
            let within = leader.leader_epoch == self.epoch && common < self.end_in_epoch.index();
            step.lost = self.lose_from(common, after, within);
        }
        self.extend(leader, after, step);
        self.epoch = leader.leader_epoch;
        self.end_in_epoch = self.log.end();
        step.falls_behind = leader.watermark < self.shown;
        self.shown = self.shown.max(leader.watermark);
    }

    /// A leader of the past goes on with the log as long as nobody newer serves, or the newer one has what
    /// it shows.
    fn follow_past(&mut self, model: &Replication, after: &State, step: &mut Step) {
        let newer = self.leader(model, after);
        for (_, past) in leaders(model, after) {
            let end = public_end(past, after).index();
            let goes_on = common(&self.log, &past.log) == self.log.entries().len();
            let is_shared = newer.is_none_or(|(_, newer)| common(&past.log, &newer.log) >= end);
            if past.leader_epoch < self.epoch && goes_on && is_shared {
                self.extend(past, after, step);
                self.shown = self.shown.max(past.watermark);
            }
        }
    }

    /// Adds what a leader has shown or acknowledged beyond the end.
    fn extend(&mut self, leader: &Replica, after: &State, step: &mut Step) {
        let end = public_end(leader, after).index();
        let added = leader.log.entries().iter().enumerate().take(end);
        for (place, entry) in added.skip(self.log.end().index()) {
            self.log.append(*entry);
            step.appended += 1;
            step.again += u8::from(self.lost.contains(entry.record));
            step.replaced += u8::from(replaces(entry, place, after));
            self.lost = self.lost.without(entry.record);
        }
    }

    /// Drops what stands from `place` on.
    fn lose_from(&mut self, place: usize, after: &State, same_epoch: bool) -> Lost {
        let mut lost = Lost {
            same_epoch,
            more: !self.lost.is_empty(),
            ..Lost::default()
        };
        for (at, entry) in self.log.entries().iter().enumerate().skip(place) {
            let told = after.ghost.acknowledged.contains(entry.record);
            let shown = at < self.shown.index();
            lost.records += 1;
            lost.told += u8::from(told);
            lost.shown += u8::from(shown);
            lost.untold += u8::from(shown && !told);
            self.lost = self.lost.with(entry.record);
        }
        let end = End(place as u8);
        self.log.truncate(end);
        self.shown = self.shown.min(end);
        self.end_in_epoch = self.end_in_epoch.min(end);
        lost
    }

    fn is_behind(&self, model: &Replication, state: &State) -> bool {
        let leader = self.leader(model, state);
        leader.is_some_and(|(_, leader)| leader.watermark < self.shown)
    }

    /// Whether a leader of the past serves clients and has less than could be read.
    fn has_short_past(&self, model: &Replication, state: &State) -> bool {
        let is_short =
            |leader: &Replica| leader.leader_epoch < self.epoch && leader.log.end() < self.shown;
        leaders(model, state).any(|(_, leader)| is_short(leader))
    }

    /// What leaders of the past came to show, and acknowledged.
    fn aside(&self, model: &Replication, before: &State, after: &State) -> Aside {
        let is_known = |at: usize, entry: &Entry| {
            self.log.entries().get(at) == Some(entry) || self.lost.contains(entry.record)
        };
        let mut shown = 0;
        for (broker, leader) in leaders(model, after) {
            if leader.leader_epoch >= self.epoch {
                continue;
            }
            let readable = leader.log.entries().iter().enumerate();
            let strange = readable
                .take(leader.watermark.index())
                .skip(shown_before(&before.replicas[broker], leader).index())
                .filter(|(at, entry)| !is_known(*at, entry));
            shown += strange.count() as u8;
        }
        let told = after.ghost.acknowledged.minus(before.ghost.acknowledged);
        Aside {
            shown,
            told: told.minus(self.log.records()).len() as u8,
        }
    }
}

impl Step {
    /// The moves of the log, in an order in which it can do them.
    pub fn moves(&self) -> impl Iterator<Item = Move> + use<> {
        let [before, after] = self.served;
        let lost = self.lost.records;
        // A log that is out of reach already cannot be destroyed once more; it can lose everything.
        let destroyed = self.destroyed && before;
        // Only who has not heard of a later leader is served by one of the past.
        let by_past = self.appended > 0 && !after;
        [
            destroyed.then_some(Move::Destroy),
            (before && !after && !destroyed && !by_past).then_some(Move::OutOfReach),
            (lost > 0 && !destroyed).then_some(Move::LoseSuffix(lost)),
            (!before && (after || by_past)).then_some(Move::Return),
            (self.appended > 0).then_some(Move::Append(self.appended)),
            by_past.then_some(Move::OutOfReach),
        ]
        .into_iter()
        .flatten()
    }
}

/// Who serves clients as a leader, rightfully or not.
fn leaders<'s>(
    model: &Replication,
    state: &'s State,
) -> impl Iterator<Item = (Broker, &'s Replica)> {
    let brokers = model.setting.replicas().iter();
    let all = brokers.map(|broker| (broker, &state.replicas[broker]));
    all.filter(|(_, replica)| replica.leads() && replica.open)
}

/// How far a leader showed its log before a step.
fn shown_before(before: &Replica, after: &Replica) -> End {
    let led = before.leads() && before.open && before.leader_epoch == after.leader_epoch;
    if led { before.watermark } else { End(0) }
}

/// How many records both logs begin with.
fn common(one: &Log, other: &Log) -> usize {
    let pairs = one.entries().iter().zip(other.entries());
    pairs.take_while(|(a, b)| a == b).count()
}

/// How far consumers may read a leader's log, or producers were told of it.
fn public_end(leader: &Replica, state: &State) -> End {
    let told = |entry: &Entry| state.ghost.acknowledged.contains(entry.record);
    let last = leader.log.entries().iter().rposition(told);
    leader.watermark.max(End(last.map_or(0, |at| at as u8 + 1)))
}

/// Whether another record of the same leader epoch could be read where this one stands.
fn replaces(entry: &Entry, place: usize, state: &State) -> bool {
    let read = state.ghost.committed.entries().get(place);
    read.is_some_and(|read| read.epoch == entry.epoch && read.record != entry.record)
}

/// Whether some replica, running or stopped, has anything that `log` begins with, or somebody who has
/// not heard that it lost its replica still serves it.
fn is_held(model: &Replication, log: &Log, state: &State) -> bool {
    let replicas = state.image().replicas.iter();
    let serving = leaders(model, state).map(|(broker, _)| broker);
    let mut holders = replicas.chain(serving);
    holders.any(|broker| common(log, &state.replicas[broker].log) > 0)
}

/// What some replica holds, running or stopped.
fn held(state: &State) -> RecordSet {
    let replicas = state.image().replicas.iter();
    let held = replicas.map(|broker| state.replicas[broker].log.records());
    held.fold(RecordSet::EMPTY, RecordSet::union)
}
