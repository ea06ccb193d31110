//! Who votes (Q9).

use super::super::log::{Voters, What};
use super::super::setting::Node;
use super::super::state::NodeState;
use super::super::{Disabled, Guard, Quorum, State};
use super::replication::append_entry;
use super::{reach, running};

/// The leader makes a node a voter.
///
/// Who: the leader, for an operator or for the node itself.  Source: KIP-853, `AddVoterHandler`; Q9.
pub(super) fn add_voter(
    model: &Quorum,
    before: &State,
    leader: Node,
    node: Node,
) -> Result<State, Disabled> {
    let leading = may_change(model, before, leader)?;
    let voters = leading.voters(model);
    let directory = before.nodes[node].directory;
    if voters.ids.contains(node) && voters.directory(node) == directory {
        return Err(Disabled::OtherMembership);
    }
    model.require(Guard::VoterIdIsUnique, !voters.ids.contains(node))?;
    reach(model, before, leader, node)?;
    let held = leading
        .tenure()
        .map_or(0, |tenure| tenure.held[node][usize::from(directory)]);
    model.require(Guard::NewVoterIsCaughtUp, held >= leading.watermark.max(1))?;

    let mut after = *before;
    let what = What::Voters(voters.with(node, directory));
    append_entry(model, &mut after.nodes[leader], leader, what)?;
    Ok(after)
}

/// The leader removes a voter, which may be itself.
///
/// Who: the leader, for an operator.  Source: KIP-853, `RemoveVoterHandler`; Q9.
pub(super) fn remove_voter(
    model: &Quorum,
    before: &State,
    leader: Node,
    node: Node,
) -> Result<State, Disabled> {
    let voters = may_change(model, before, leader)?.voters(model);
    if !voters.ids.contains(node) || voters.len() == 1 {
        return Err(Disabled::OtherMembership);
    }

    let mut after = *before;
    let what = What::Voters(voters.without(node));
    append_entry(model, &mut after.nodes[leader], leader, what)?;
    Ok(after)
}

/// The leader, if it may change the voter set now.
fn may_change<'s>(
    model: &Quorum,
    before: &'s State,
    leader: Node,
) -> Result<&'s NodeState, Disabled> {
    let leading = running(before, leader)?;
    if leading.tenure().is_none() {
        return Err(Disabled::OtherRole);
    }
    if model.variant.switches.static_voters {
        return Err(Disabled::NotInThisVersion);
    }
    model.require(Guard::ChangeAwaitsOwnEpoch, leading.watermark > 0)?;
    let newest = leading.log.voters_below(leading.log.end());
    let committed = newest.is_none_or(|(offset, _): (u8, Voters)| offset < leading.watermark);
    model.require(Guard::OneChangeAtATime, committed)?;
    Ok(leading)
}
