//! What is committed (Q5, Q9).

use super::super::log::{End, Voters};
use super::super::setting::Node;
use super::super::state::{NodeState, Role};
use super::super::{Guard, Quorum};

/// The leader moves its watermark to what a majority of the voters holds, if an entry of its own epoch
/// is below it.
///
/// Source: `LeaderState.maybeUpdateHighWatermark`; Raft, section 5.4.2; Q5, Q9.
pub(super) fn advance(model: &Quorum, node: &mut NodeState, me: Node) {
    let own = node.log.end();
    let own_directory = usize::from(node.directory);
    let voters = node.voters(model);
    let Role::Leader(tenure) = &mut node.role else {
        return;
    };
    tenure.held[me][own_directory] = own;
    let committed = held_by_majority(model, &tenure.held.0, voters, me, own);
    let own_epoch = committed > tenure.start || !model.keeps(Guard::OwnEpochCommits);
    if own_epoch && committed > node.watermark {
        node.watermark = committed;
        resign_if_removed(model, node, me);
    }
}

/// Up to where enough voters hold the log.
fn held_by_majority(model: &Quorum, held: &[[End; 2]], voters: Voters, me: Node, own: End) -> End {
    use highwater_vocabulary::Member;
    let proved = |voter: Node| {
        let [first, renewed] = held[voter.index()];
        match model.variant.switches.static_voters || !model.keeps(Guard::ProofIsOfThisDirectory) {
            true => first.max(renewed),
            false => [first, renewed][usize::from(voters.directory(voter))],
        }
    };
    let mut ends: Vec<End> = voters.ids.iter().map(proved).collect();
    if !voters.ids.contains(me) && !model.keeps(Guard::RemovedLeaderIsNotCounted) {
        ends.push(own);
    }
    ends.sort_unstable_by(|one, other| other.cmp(one));
    let half = voters.len() / 2;
    let enough = match model.keeps(Guard::MajorityCommits) {
        true => half + 1,
        false => half.max(1),
    };
    ends[enough - 1]
}

/// A leader that has committed a voter set without itself resigns.
///
/// Source: `RemoveVoterHandler.highWatermarkUpdated`; Q9.
fn resign_if_removed(model: &Quorum, node: &mut NodeState, me: Node) {
    let committed = node.log.voters_below(node.watermark);
    let removed = committed.is_some_and(|(_, voters)| !voters.ids.contains(me))
        && !node.voters(model).ids.contains(me);
    if removed && model.keeps(Guard::RemovedLeaderResigns) {
        node.role = Role::Resigned;
    }
}
