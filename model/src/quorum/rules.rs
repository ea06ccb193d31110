//! Everything that may happen, one arm an event, grouped by who acts.
//!
//! A rule is a function: who and source in its doc, guards first, a blank line, then the effect.

mod election;
mod environment;
mod membership;
mod replication;
mod watermark;

use replication::Answer;

use super::log::Epoch;
use super::setting::Node;
use super::state::{NodeState, Role};
use super::{Disabled, Event, Guard, Quorum, State};

/// What `event` makes of `before`.
///
/// # Errors
/// What forbids it.
pub fn next(model: &Quorum, before: &State, event: &Event) -> Result<State, Disabled> {
    match *event {
        Event::TimeOut(voter) => election::time_out(model, before, voter),
        Event::PreVote(asking, asked) => election::pre_vote(model, before, asking, asked, true),
        Event::PreVoteLost(asking, asked) => {
            election::pre_vote(model, before, asking, asked, false)
        }
        Event::Vote(asking, asked) => election::vote(model, before, asking, asked, true),
        Event::VoteLost(asking, asked) => election::vote(model, before, asking, asked, false),
        Event::Begin(leader, voter) => election::begin(model, before, leader, voter),
        Event::Resign(leader) => election::resign(model, before, leader),

        Event::Append(leader, record) => replication::append(model, before, leader, record),
        Event::Fetch(node, from) => replication::fetch(model, before, [node, from], Answer::Whole),
        Event::FetchLost(node, from) => {
            replication::fetch(model, before, [node, from], Answer::Lost)
        }
        Event::FetchPart(node, from) => {
            replication::fetch(model, before, [node, from], Answer::OneEntry)
        }
        Event::Parked(voter, leader) => replication::parked(model, before, voter, leader),

        Event::AddVoter(leader, node) => membership::add_voter(model, before, leader, node),
        Event::RemoveVoter(leader, node) => membership::remove_voter(model, before, leader, node),

        Event::Restart(node) => environment::restart(model, before, node),
        Event::Heal(x, y) => environment::heal(before, x, y),

        Event::Crash(node) => environment::crash(before, node),
        Event::PowerLoss(node, lost) => environment::power_loss(before, node, lost),
        Event::Wipe(node) => environment::wipe(model, before, node),
        Event::Lose(datacenter) => environment::lose(model, before, datacenter),
        Event::Cut(x, y) => environment::cut(before, x, y),
        Event::CutFrom(from, to) => environment::cut_from(before, from, to),
    }
}

/// The node, if its process runs.
fn running(state: &State, node: Node) -> Result<&NodeState, Disabled> {
    let found = &state.nodes[node];
    match found.stopped {
        true => Err(Disabled::Stopped),
        false => Ok(found),
    }
}

/// Demands that a request of one running node reaches another: two different ones.
fn reach(model: &Quorum, state: &State, from: Node, to: Node) -> Result<(), Disabled> {
    running(state, from)?;
    running(state, to)?;
    match from != to && state.connects(model, from, to) {
        true => Ok(()),
        false => Err(Disabled::Unreachable),
    }
}

/// A node hears that this epoch has this leader, or none that is known.
///
/// Source: `KafkaRaftClient.maybeTransition`, `QuorumState.transitionToFollower`,
/// `transitionToUnattached`.
fn hear(
    node: &mut NodeState,
    me: Node,
    epoch: Epoch,
    leader: Option<Node>,
) -> Result<(), Disabled> {
    if leader == Some(me) && !(node.epoch == epoch && node.leader == Some(me)) {
        return Err(Disabled::WouldLeadItself);
    }
    if epoch > node.epoch {
        enter(node, epoch);
    }
    let learns = epoch == node.epoch && node.leader.is_none();
    if let (true, Some(leader)) = (learns, leader) {
        node.leader = Some(leader);
        node.role = Role::Follower { fetched: false };
    }
    Ok(())
}

/// A node enters an epoch in which it has done nothing yet.
fn enter(node: &mut NodeState, epoch: Epoch) {
    node.epoch = epoch;
    node.voted = None;
    node.leader = None;
    node.role = Role::Unattached;
}

/// What a node does before it handles what comes in: a leader has flushed by then, because one thread
/// appends, flushes and handles requests.
///
/// Source: `KafkaRaftClient.flushLeaderLog`, `poll`.
fn settle_disk(model: &Quorum, node: &mut NodeState) {
    if matches!(node.role, Role::Leader(_)) && model.keeps(Guard::LeaderFlushesFirst) {
        node.flushed = node.log.end();
    }
}
