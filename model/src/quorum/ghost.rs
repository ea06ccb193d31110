//! What the proof must remember and no node knows.  No rule reads it.
//!
//! The rules never write it either: `witness` watches every step from outside.

use super::bounds::fault_of;
use super::log::{EPOCHS, End, Epoch, Log};
use super::setting::{Faults, Node, Nodes};
use super::state::{NodeState, Role, State};
use super::{Event, Quorum};
use highwater_vocabulary::{Member, Set};
use serde::{Deserialize, Serialize};

/// What the proof remembers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Ghost {
    /// Who was elected in each epoch.
    pub elected: [Option<Node>; EPOCHS],
    /// What was ever below the watermark of a leader.
    pub committed: Log,
    /// The newest epoch in which a leader added to that.
    pub commit_epoch: Epoch,
    /// Which promises about single steps have been broken.
    pub broken: Set<Broken>,
    /// How much of every budget is spent.
    pub spent: Spent,
}

/// A promise about a single step: once broken, it stays so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Broken {
    /// Two nodes were elected in one epoch.
    TwoLeaders,
    /// A leader committed something else than was committed there before.
    Fork,
    /// A voter stood for election against a leader that a majority followed.
    Disturbed,
}

impl Member for Broken {
    fn index(self) -> usize {
        self as usize
    }

    fn at(index: usize) -> Self {
        [Broken::TwoLeaders, Broken::Fork, Broken::Disturbed][index]
    }
}

/// How much of every budget is spent.  (Epochs need no counter: the nodes know them.)
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Metadata records so far; the next one has this number.
    pub records: u8,
    /// Changes of the voter set.
    pub changes: u8,
    /// Each different fault, in the order of the setting's list.
    pub faults: [u8; Faults::DIFFERENT],
}

impl Ghost {
    fn note(&mut self, promise: Broken, kept: bool) {
        if !kept {
            self.broken = self.broken.with(promise);
        }
    }
}

/// Notes in `after` what the step from `before` shows.
pub(super) fn witness(model: &Quorum, before: &State, event: &Event, after: &mut State) {
    spend(model, event, after);
    for node in model.setting.nodes() {
        if before.nodes[node] != after.nodes[node] {
            watch_election(before, after, node);
            watch_commits(before, after, node);
            watch_candidacy(model, before, after, node);
        }
    }
}

fn spend(model: &Quorum, event: &Event, after: &mut State) {
    let spent = &mut after.ghost.spent;
    match event {
        Event::Append(..) => spent.records = spent.records.saturating_add(1),
        Event::AddVoter(..) | Event::RemoveVoter(..) => {
            spent.changes = spent.changes.saturating_add(1);
        }
        _ => {
            let place = fault_of(event).and_then(|fault| model.faults.place_of(fault));
            if let Some(place) = place {
                spent.faults[place] = spent.faults[place].saturating_add(1);
            }
        }
    }
}

fn epoch_led(node: &NodeState) -> Option<Epoch> {
    node.tenure().map(|_| node.epoch)
}

/// Each epoch belongs to one leader.
fn watch_election(before: &State, after: &mut State, node: Node) {
    let led = epoch_led(&after.nodes[node]);
    let Some(epoch) = led.filter(|_| led != epoch_led(&before.nodes[node])) else {
        return;
    };
    let elected = &mut after.ghost.elected[usize::from(epoch.0)];
    let other = elected.is_some_and(|other| other != node);
    *elected = elected.or(Some(node));
    after.ghost.note(Broken::TwoLeaders, !other);
}

/// What a leader's watermark covers is committed; and it is what was committed there before.
///
/// A leader that commits its own removal resigns in the same step, so the role is looked at before it.
fn watch_commits(before: &State, after: &mut State, node: Node) {
    let (old, new) = (&before.nodes[node], &after.nodes[node]);
    let led = new.leader == Some(node) && !new.stopped;
    if !led || !matches!(new.role, Role::Leader(_) | Role::Resigned) {
        return;
    }
    let grew = new.watermark > old.watermark || epoch_led(old) != epoch_led(new);
    if !grew || new.watermark == 0 {
        return;
    }
    let log = new.log;
    let (end, epoch) = (new.watermark, new.epoch);
    let committed = &mut after.ghost.committed;
    let agrees = log.agrees_below(committed, end.min(committed.end()));
    if end > committed.end() {
        for entry in log.entries().take(end.into()).skip(committed.end().into()) {
            committed.append(entry);
        }
        after.ghost.commit_epoch = after.ghost.commit_epoch.max(epoch);
    }
    after.ghost.note(Broken::Fork, agrees);
}

/// Nobody stands for election against a leader whom a majority follows: in a later epoch than its own.
fn watch_candidacy(model: &Quorum, before: &State, after: &mut State, node: Node) {
    let (old, new) = (&before.nodes[node], &after.nodes[node]);
    let stands = new.epoch > old.epoch
        && matches!(new.role, Role::Candidate(_) | Role::Leader(_))
        && new.voted.is_none_or(|vote| vote.candidate == node);
    let opposed = stands
        && before.leaders(model).any(|(leader, leading)| {
            (old.epoch..new.epoch).contains(&leading.epoch) && is_followed(model, before, leader)
        });
    after.ghost.note(Broken::Disturbed, !opposed);
}

/// Whether a majority of the voters, the leader among them, has fetched from a leader in its epoch and
/// can go on.
pub(super) fn is_followed(model: &Quorum, state: &State, leader: Node) -> bool {
    let leading = &state.nodes[leader];
    let voters = leading.voters(model);
    let follows = |node: &Node| {
        let own = &state.nodes[*node];
        let fetches = own.role == Role::Follower { fetched: true } && own.leader == Some(leader);
        *node == leader
            || (!own.stopped
                && fetches
                && own.epoch == leading.epoch
                && state.connects(model, *node, leader))
    };
    let following: Nodes = voters.ids.iter().filter(follows).collect();
    2 * following.len() > voters.len()
}

/// Up to where everybody has to hold what is committed.
pub(super) fn committed_end(state: &State) -> End {
    state.ghost.committed.end()
}
