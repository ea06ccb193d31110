//! Replication with the fences of KIP-320, after the TLA+ model of those who put them into Kafka.
//!
//! Source: `Kip320.tla`, `Kip279.tla`, `KafkaReplication.tla`, `FiniteReplicatedLog.tla`,
//! `IdSequence.tla` and `Util.tla` of `hachikuji/kafka-specification`, at its commit `d68782b`.
//! Read [`Kip320::next`] first: it is the table of contents, in the order of the original's `Next`.
//!
//! One partition.  There are no messages but the controller's requests, which are read late, in any
//! order, or never; all else happens in one step that looks at several replicas at once.  There are no
//! crashes: whoever does nothing for a while is as good as crashed.
//!
//! **Deliberately absent:** fairness, because only invariants are looked at.
//!
//! What is odd in the original is so here, and `tests/kip320.rs` shows it:
//! - A request that names no leader is read by nobody.  The rule for followers has a case for it,
//!   but it asks for a leader among the replicas first.
//! - While nobody leads, the controller may shrink the ISR until it is empty.  Then nobody can be
//!   elected any more.
//! - That the leader is in the ISR is stated as a theorem, but is false as written before the first
//!   election: see [`leader_in_isr`].

mod display;
mod properties;
mod rules;
mod state;

pub use properties::{leader_in_isr, strong_isr, type_ok, weak_isr};
pub use state::{
    Leadership, Log, MOST_EPOCHS, MOST_OFFSETS, MOST_REPLICAS, Record, Replica, Slot, Slots, State,
};

use serde::{Deserialize, Serialize};
use stateright::Property;
use strum::{EnumDiscriminants, VariantNames};

/// The model: how large it is, and which rule lacks its fence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kip320 {
    /// `Cardinality(Replicas)`.
    pub replicas: usize,
    /// `LogSize`: how many records a log takes.
    pub log_size: usize,
    /// `MaxRecords`: how many records producers write.
    pub records: u8,
    /// `MaxLeaderEpoch + 1`: how many leader epochs there are.
    pub epochs: u8,
    /// Which one rule is replaced by its predecessor.
    pub unfenced: Option<Rule>,
}

/// The rules to which KIP-320 gave a fence.  Without it a rule is what it was before, as
/// `KafkaReplication.tla` and `Kip279.tla` have it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Rule {
    /// `LeaderExpandIsr`: asks neither for the follower's epoch nor whether the watermark has come
    /// as far as the leader's own epoch.
    Expansion,
    /// `LeaderShrinkIsr`: takes a follower of another epoch for one of its own.
    Shrinking,
    /// `LeaderIncHighWatermark`: counts followers of another epoch.
    Watermark,
    /// `BecomeFollowerTruncateKip279`: truncates by the log of whoever is to lead, whether or not it
    /// leads already, and in which epoch.
    Truncation,
    /// `FollowerReplicate`: fetches from a leader of another epoch.
    Fetch,
}

impl Rule {
    /// All of them.
    pub const ALL: [Rule; 5] = [
        Rule::Expansion,
        Rule::Shrinking,
        Rule::Watermark,
        Rule::Truncation,
        Rule::Fetch,
    ];
}

/// What may happen, in the order of the original's `Next`.
///
/// A rule and its predecessor without a fence are one action: [`Kip320::next`] knows which is in
/// force.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Debug,
    Serialize,
    Deserialize,
    VariantNames,
    EnumDiscriminants,
)]
#[strum_discriminants(name(Kind), doc = "What happens, whoever does it.")]
pub enum Action {
    /// The controller elects `leader`.
    ControllerElectLeader {
        /// One of the ISR.
        leader: Slot,
    },
    /// The controller takes `replica` out of office and of the ISR.
    ControllerShrinkIsr {
        /// The leader, or one of the ISR.
        replica: Slot,
    },
    /// Whom the request of `epoch` names takes office.
    BecomeLeader {
        /// Of the request.
        epoch: u8,
    },
    /// `leader` lets `follower` into the ISR.
    LeaderExpandIsr {
        /// Who decides.
        leader: Slot,
        /// Whom it is about.
        follower: Slot,
    },
    /// `leader` takes `follower` out of the ISR.
    LeaderShrinkIsr {
        /// Who decides.
        leader: Slot,
        /// Whom it is about.
        follower: Slot,
    },
    /// A producer writes the next record to `leader`.
    LeaderWrite {
        /// Who believes that it leads.
        leader: Slot,
    },
    /// `leader` raises its watermark by one.
    LeaderIncHighWatermark {
        /// Who believes that it leads.
        leader: Slot,
    },
    /// `replica` follows whom the request of `epoch` names.
    BecomeFollowerAndTruncate {
        /// Who follows.
        replica: Slot,
        /// Of the request.
        epoch: u8,
    },
    /// `follower` fetches a record from `leader`.
    FollowerFetch {
        /// Who fetches.
        follower: Slot,
        /// From whom.
        leader: Slot,
    },
}

impl Kip320 {
    /// The size at which the original was counted: three replicas, logs of two records, two records,
    /// leader epochs 0 to 2.
    pub const PUBLISHED: Kip320 = Kip320 {
        replicas: 3,
        log_size: 2,
        records: 2,
        epochs: 3,
        unfenced: None,
    };

    /// The same with `rule` as it was before KIP-320.
    pub fn without_fence(self, rule: Rule) -> Kip320 {
        Kip320 {
            unfenced: Some(rule),
            ..self
        }
    }

    /// `Init`: nobody leads, nobody knows anything, and everybody is in the ISR.
    ///
    /// # Panics
    /// If a state has no room for a model of this size.
    pub fn beginning(&self) -> State {
        assert!(self.replicas <= MOST_REPLICAS, "{self:?}");
        assert!(self.log_size <= MOST_OFFSETS, "{self:?}");
        assert!(usize::from(self.epochs) <= MOST_EPOCHS, "{self:?}");
        let mut state = State::default();
        state.quorum.isr = Slots::first(self.replicas);
        state
    }

    /// `Next`: what `action` makes of `before`, if it is possible.
    pub fn next(&self, before: &State, action: Action) -> Option<State> {
        let fenced = |rule| self.unfenced != Some(rule);
        match action {
            Action::ControllerElectLeader { leader } => {
                rules::controller_elect_leader(self, before, leader)
            }
            Action::ControllerShrinkIsr { replica } => {
                rules::controller_shrink_isr(self, before, replica)
            }
            Action::BecomeLeader { epoch } => rules::become_leader(before, epoch),
            Action::LeaderExpandIsr { leader, follower } => match fenced(Rule::Expansion) {
                true => rules::fenced_leader_expand_isr(before, leader, follower),
                false => rules::leader_expand_isr(before, leader, follower),
            },
            Action::LeaderShrinkIsr { leader, follower } => match fenced(Rule::Shrinking) {
                true => rules::fenced_leader_shrink_isr(before, leader, follower),
                false => rules::leader_shrink_isr(before, leader, follower),
            },
            Action::LeaderWrite { leader } => rules::leader_write(self, before, leader),
            Action::LeaderIncHighWatermark { leader } => match fenced(Rule::Watermark) {
                true => rules::fenced_leader_inc_high_watermark(before, leader),
                false => rules::leader_inc_high_watermark(self, before, leader),
            },
            Action::BecomeFollowerAndTruncate { replica, epoch } => {
                match fenced(Rule::Truncation) {
                    true => rules::fenced_become_follower_and_truncate(before, replica, epoch),
                    false => rules::become_follower_truncate_kip279(before, replica, epoch),
                }
            }
            Action::FollowerFetch { follower, leader } => match fenced(Rule::Fetch) {
                true => rules::fenced_follower_fetch(before, follower, leader),
                false => rules::follower_replicate(before, follower, leader),
            },
        }
    }

    /// Whom and what an action may be about: every "there is" of the original.  It offers too much,
    /// for the rules decide.
    fn offer(&self, state: &State, actions: &mut Vec<Action>) {
        let slots = || 0..self.replicas as Slot;
        let epochs = || 0..state.next_epoch;
        let pairs = || slots().flat_map(|one| slots().map(move |other| (one, other)));

        actions.extend(slots().map(|leader| Action::ControllerElectLeader { leader }));
        actions.extend(slots().map(|replica| Action::ControllerShrinkIsr { replica }));
        actions.extend(epochs().map(|epoch| Action::BecomeLeader { epoch }));
        for (leader, follower) in pairs() {
            actions.push(Action::LeaderExpandIsr { leader, follower });
        }
        for (leader, follower) in pairs() {
            actions.push(Action::LeaderShrinkIsr { leader, follower });
        }
        actions.extend(slots().map(|leader| Action::LeaderWrite { leader }));
        actions.extend(slots().map(|leader| Action::LeaderIncHighWatermark { leader }));
        for replica in slots() {
            let follow = |epoch| Action::BecomeFollowerAndTruncate { replica, epoch };
            actions.extend(epochs().map(follow));
        }
        for (follower, leader) in pairs() {
            actions.push(Action::FollowerFetch { follower, leader });
        }
    }

    /// `state` with every replica `i` renamed to `order[i]`.  The rules know no replica by name, so
    /// what may happen next is renamed along, and what holds stays.
    ///
    /// `order` is one of [`Kip320::orders`].
    pub fn relabelled(&self, state: &State, order: [usize; MOST_REPLICAS]) -> State {
        state.relabelled(order)
    }

    /// Every way to rename the replicas, the one that changes nothing first.  Room that the model does
    /// not use stays where it is.
    pub fn orders(&self) -> Vec<[usize; MOST_REPLICAS]> {
        let unused = self.replicas..MOST_REPLICAS;
        [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ]
        .into_iter()
        .filter(|order| unused.clone().all(|slot| order[slot] == slot))
        .collect()
    }
}

/// The name of the property that holds everywhere.
pub const EVERYTHING: &str = "everything is explored";
/// The name of [`type_ok`].
pub const TYPE_OK: &str = "TypeOk";
/// The name of [`weak_isr`].
pub const WEAK_ISR: &str = "WeakIsr";
/// The name of [`strong_isr`].
pub const STRONG_ISR: &str = "StrongIsr";
/// The name of [`leader_in_isr`].
pub const LEADER_IN_ISR: &str = "LeaderInIsr";
/// The name of the `sometimes` that shows that the invariants are not vacuous.
pub const EXPOSED: &str = "the last leader there can be exposes a record of its predecessor's";

impl stateright::Model for Kip320 {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.beginning()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.offer(state, actions);
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        self.next(before, action)
    }

    /// The invariants of the original, and one that holds everywhere, without which stateright stops as
    /// soon as all others are settled.
    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(EVERYTHING, |_, _| true),
            Property::always(TYPE_OK, type_ok),
            Property::always(WEAK_ISR, weak_isr),
            Property::always(STRONG_ISR, strong_isr),
            Property::always(LEADER_IN_ISR, leader_in_isr),
            Property::sometimes(EXPOSED, properties::exposed),
        ]
    }
}
