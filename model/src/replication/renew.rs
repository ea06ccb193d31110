//! A state as the first of a new history: what the budgets have spent is forgotten, and so is
//! whatever of the past nobody can tell.
//!
//! Whether clients are served again is asked of every state that a row of faults can reach.  A bound
//! that the way there has used up must not be taken for an outage; so the question starts with
//! every budget new, and epochs are counted anew.
//!
//! **Deliberately absent:** anything a rule could notice.  Epochs keep their order, which is all that
//! rules compare, and `0` stays "none"; checks/tests/availability.rs goes through whole spaces and
//! compares what may happen before and after.

use super::ghost::Ghost;
use super::state::{Outcome, State};
use super::{BrokerEpoch, LeaderEpoch, Replication};
use highwater_vocabulary::{Broker, RecordSet};

impl Replication {
    /// `state` with every budget new and no episode of lag: the faults are over, and what they did
    /// is not.
    ///
    /// Leader epochs and broker epochs become ranks.  Of what the proof remembers only the
    /// acknowledgements of records stay that some log still holds: nobody can lose the others again.
    pub fn renewed(&self, state: &State) -> State {
        let mut renewed = self.recounted(state);
        renewed.world.lag = false;
        let brokers = self.setting.replicas().iter();
        let held = brokers.map(|broker| state.replicas[broker].log.records());
        let held = held.fold(RecordSet::EMPTY, RecordSet::union);
        renewed.ghost.acknowledged = state.ghost.acknowledged.intersection(held);
        renewed
    }

    /// `state` without the copy of the metadata that has fallen behind: nobody will come to act on it.
    pub fn without_copy(&self, state: &State) -> State {
        let mut without = *state;
        without.controller.copy = None;
        super::settle::settle(self, &mut without);
        without
    }

    /// `state` with every budget new, its epochs counted anew, and all acknowledgements.
    pub fn recounted(&self, state: &State) -> State {
        let mut counted = *state;
        counted.ghost = Ghost {
            acknowledged: state.ghost.acknowledged,
            ..Ghost::at_first(state.image())
        };
        if !self.variant.late_fetches {
            rank_leader_epochs(self, &mut counted);
            for broker in self.setting.replicas().iter() {
                rank_broker_epochs(self, &mut counted, broker);
            }
        }
        counted
    }
}

fn rank_leader_epochs(model: &Replication, state: &mut State) {
    let mut known = Known::default();
    visit_leader_epochs(model, state, |epoch| known.note(epoch.0));
    if !known.are_ranks() {
        visit_leader_epochs(model, state, |epoch| epoch.0 = known.rank(epoch.0));
    }
}

fn visit_leader_epochs(
    model: &Replication,
    state: &mut State,
    mut visit: impl FnMut(&mut LeaderEpoch),
) {
    for image in state.images_mut() {
        visit(&mut image.leader_epoch);
    }
    for broker in model.setting.replicas().iter() {
        let replica = &mut state.replicas[broker];
        visit(&mut replica.leader_epoch);
        replica.log.visit_epochs(&mut visit);
        let change = &mut state.changes[broker];
        if let Some(request) = &mut change.request {
            visit(&mut request.leader_epoch);
        }
        if let Some(answer) = &mut change.answer
            && let Outcome::Accepted { leader_epoch, .. } = &mut answer.outcome
        {
            visit(leader_epoch);
        }
    }
}

fn rank_broker_epochs(model: &Replication, state: &mut State, broker: Broker) {
    let mut known = Known::default();
    visit_broker_epochs(model, state, broker, |epoch| known.note(epoch.0));
    if !known.are_ranks() {
        visit_broker_epochs(model, state, broker, |epoch| epoch.0 = known.rank(epoch.0));
    }
}

/// Every place where a registration of `broker` is named.
fn visit_broker_epochs(
    model: &Replication,
    state: &mut State,
    broker: Broker,
    mut visit: impl FnMut(&mut BrokerEpoch),
) {
    for image in state.images_mut() {
        visit(&mut image.broker_epochs[broker]);
    }
    let replica = &mut state.replicas[broker];
    visit(&mut replica.broker_epoch);
    visit(&mut replica.stopped_under);
    if let Some(request) = &mut state.changes[broker].request {
        visit(&mut request.broker_epoch);
    }
    for other in model.setting.replicas().iter() {
        if let Some(tenure) = state.replicas[other].tenure_mut() {
            visit(&mut tenure.follower_epoch[broker]);
        }
        if let Some(request) = &mut state.changes[other].request {
            visit(&mut request.member_epochs[broker]);
        }
    }
}

/// Which numbers occur, 0 for none apart.
#[derive(Default)]
struct Known([u64; 4]);

impl Known {
    fn note(&mut self, number: u8) {
        if number > 0 {
            self.0[usize::from(number / 64)] |= 1 << (number % 64);
        }
    }

    /// How many known numbers are not above this one.
    fn rank(&self, number: u8) -> u8 {
        let (word, bit) = (usize::from(number / 64), number % 64);
        let below = self.0[..word].iter().map(|word| word.count_ones());
        let own = self.0[word] & (u64::MAX >> (63 - bit));
        (below.sum::<u32>() + own.count_ones()) as u8
    }

    fn are_ranks(&self) -> bool {
        let [first, rest @ ..] = &self.0;
        rest.iter().all(|word| *word == 0) && ((first | 1).wrapping_add(1) & (first | 1)) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_keeps_the_order_and_leaves_none_alone() {
        let mut known = Known::default();
        for number in [0, 3, 64, 65, 255] {
            known.note(number);
        }
        assert!(!known.are_ranks());
        let ranks = [0, 3, 64, 65, 255].map(|number| known.rank(number));
        assert_eq!(ranks, [0, 1, 2, 3, 4]);

        let mut ranks = Known::default();
        for number in [1, 2, 3] {
            ranks.note(number);
        }
        assert!(ranks.are_ranks());
        assert!(Known::default().are_ranks());
    }
}
