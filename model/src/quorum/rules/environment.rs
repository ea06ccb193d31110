//! What breaks, and what is repaired.

use super::super::log::{End, Log};
use super::super::setting::Node;
use super::super::state::{NodeState, Role};
use super::super::{Disabled, Guard, Quorum, State};
use super::election::lead_again;
use super::running;
use highwater_vocabulary::{Datacenter, Member};

/// A process stops; what it had appended is still there when it starts again, because the machine's
/// memory was not lost.
pub(super) fn crash(before: &State, node: Node) -> Result<State, Disabled> {
    running(before, node)?;

    let mut after = *before;
    stop(&mut after.nodes[node]);
    Ok(after)
}

fn stop(node: &mut NodeState) {
    node.stopped = true;
    node.role = Role::Unattached;
    node.watermark = 0;
}

/// A machine loses power, and with it the end of what was not flushed.
pub(super) fn power_loss(before: &State, node: Node, lost: End) -> Result<State, Disabled> {
    let losing = running(before, node)?;
    let unflushed = losing.log.end() - losing.flushed;
    if lost > unflushed {
        return Err(Disabled::NothingThere);
    }

    let mut after = *before;
    let node = &mut after.nodes[node];
    stop(node);
    node.log.truncate(node.log.end() - lost);
    node.flushed = node.log.end();
    Ok(after)
}

/// A disk is lost, and formatted anew.
pub(super) fn wipe(model: &Quorum, before: &State, node: Node) -> Result<State, Disabled> {
    let wiped = running(before, node)?;
    let switches = &model.variant.switches;
    let new_directory = !switches.static_voters && !switches.same_directory;
    if new_directory && wiped.directory > 0 {
        return Err(Disabled::ModelIsFull);
    }

    let mut after = *before;
    after.nodes[node] = NodeState {
        directory: wiped.directory + u8::from(new_directory),
        log: Log::default(),
        stopped: true,
        ..NodeState::default()
    };
    Ok(after)
}

/// Every process of a datacenter stops at one moment.
pub(super) fn lose(
    model: &Quorum,
    before: &State,
    datacenter: Datacenter,
) -> Result<State, Disabled> {
    let mut there = model.setting.nodes_of(datacenter).iter();
    if !there.any(|node| !before.nodes[node].stopped) {
        return Err(Disabled::Stopped);
    }

    let mut after = *before;
    for node in model.setting.nodes_of(datacenter).iter() {
        stop(&mut after.nodes[node]);
    }
    Ok(after)
}

/// A process starts, and goes by what it finds on its disk.
///
/// Source: `QuorumState.initialize`; Q1, Q6.
pub(super) fn restart(model: &Quorum, before: &State, me: Node) -> Result<State, Disabled> {
    if !before.nodes[me].stopped {
        return Err(Disabled::Running);
    }

    let mut after = *before;
    let node = &mut after.nodes[me];
    node.stopped = false;
    forget(model, node);
    if node.epoch < node.log.last_epoch() {
        node.epoch = node.log.last_epoch();
        node.voted = None;
        node.leader = None;
    }
    let voted_for_itself = node.voted.is_some_and(|vote| vote.candidate == me);
    node.role = match node.leader {
        Some(leader) if leader == me => Role::Resigned,
        Some(_) => Role::Follower { fetched: false },
        None if voted_for_itself => Role::Candidate(super::super::setting::Nodes::only(me)),
        None => Role::Unattached,
    };
    if matches!(node.role, Role::Resigned) && !model.keeps(Guard::RestartResigns) {
        if !node.log.has_room(1) {
            return Err(Disabled::ModelIsFull);
        }
        lead_again(model, node, me);
    }
    Ok(after)
}

/// What a node that does not keep it on its disk forgets.
fn forget(model: &Quorum, node: &mut NodeState) {
    if !model.keeps(Guard::EpochIsKept) {
        node.epoch = node.log.last_epoch();
        node.voted = None;
        node.leader = None;
    }
    if !model.keeps(Guard::VoteIsKept) {
        node.voted = None;
    }
}

/// No connection can be opened, in either direction.
pub(super) fn cut(before: &State, x: Datacenter, y: Datacenter) -> Result<State, Disabled> {
    let after = cut_from(before, x, y).unwrap_or(*before);
    let after = cut_from(&after, y, x).unwrap_or(after);
    changed(before, after)
}

/// No connection can be opened from one datacenter to another.
pub(super) fn cut_from(
    before: &State,
    from: Datacenter,
    to: Datacenter,
) -> Result<State, Disabled> {
    let mut after = *before;
    let cut = &mut after.cut_from[from.index()];
    *cut = cut.with(to);
    changed(before, after)
}

/// Every connection between two datacenters can be opened again.
pub(super) fn heal(before: &State, x: Datacenter, y: Datacenter) -> Result<State, Disabled> {
    let mut after = *before;
    for (from, to) in [(x, y), (y, x)] {
        let cut = &mut after.cut_from[from.index()];
        *cut = cut.without(to);
    }
    changed(before, after)
}

fn changed(before: &State, after: State) -> Result<State, Disabled> {
    match *before == after {
        true => Err(Disabled::NothingThere),
        false => Ok(after),
    }
}
