//! Time-outs, votes, and who leads (Q1, Q2, Q3, Q7, Q8).

use super::super::log::{EPOCHS, Entry, Epoch, What};
use super::super::setting::{Node, Nodes};
use super::super::state::{NodeState, PerNode, Role, Tenure, Vote};
use super::super::{Disabled, Guard, Quorum, State};
use super::{enter, hear, reach, running, settle_disk, watermark};

/// An election or fetch time-out ends.  Time is the order of events, so it may end at any moment.
///
/// Who: a voter.  Source: KIP-595, KIP-996, `KafkaRaftClient.pollFollowerAsVoter`,
/// `pollUnattachedAsVoter`, `pollProspective`, `pollCandidate`, `pollResigned`; Q2, Q8.
pub(super) fn time_out(model: &Quorum, before: &State, voter: Node) -> Result<State, Disabled> {
    let node = running(before, voter)?;
    if matches!(node.role, Role::Leader(_)) {
        return Err(Disabled::OtherRole);
    }
    if !node.votes(model, voter) && !matches!(node.role, Role::Resigned) {
        return Err(Disabled::OtherMembership);
    }

    let mut after = *before;
    match node.role {
        // It must leave the epoch in which others may still take it for the leader.
        Role::Resigned if model.variant.switches.pre_vote || !node.votes(model, voter) => {
            let next = next_epoch(node)?;
            enter(&mut after.nodes[voter], next);
        }
        Role::Prospective(_) => lose_election(&mut after.nodes[voter]),
        _ if model.variant.switches.pre_vote => {
            after.nodes[voter].role = Role::Prospective(Nodes::only(voter));
            go_on(model, &mut after, voter)?;
        }
        _ => stand(model, &mut after, voter)?,
    }
    Ok(after)
}

/// A prospective voter gives up, and follows again whom it followed.
///
/// Source: `KafkaRaftClient.prospectiveTransitionAfterElectionLoss`.
fn lose_election(node: &mut NodeState) {
    node.role = match node.leader {
        Some(_) => Role::Follower { fetched: false },
        None => Role::Unattached,
    };
}

fn next_epoch(node: &NodeState) -> Result<Epoch, Disabled> {
    let next = Epoch(node.epoch.0 + 1);
    match usize::from(next.0) < EPOCHS {
        true => Ok(next),
        false => Err(Disabled::ModelIsFull),
    }
}

/// A voter asks another one whether it would vote for it.  No vote is noted; but who is asked enters the
/// epoch of who asks, if that is later, and that is noted.
///
/// Who: a prospective voter.  Source: KIP-996, `KafkaRaftClient.handleVoteRequest`; Q8.
pub(super) fn pre_vote(
    model: &Quorum,
    before: &State,
    asking: Node,
    asked: Node,
    heard: bool,
) -> Result<State, Disabled> {
    let Role::Prospective(granted) = running(before, asking)?.role else {
        return Err(Disabled::OtherRole);
    };
    ask(model, before, [asking, asked], granted, heard)
}

/// A candidate asks a voter for its vote.
///
/// Who: a candidate.  Source: KIP-595, `KafkaRaftClient.handleVoteRequest`, `handleVoteResponse`; Q1.
pub(super) fn vote(
    model: &Quorum,
    before: &State,
    asking: Node,
    asked: Node,
    heard: bool,
) -> Result<State, Disabled> {
    let Role::Candidate(granted) = running(before, asking)?.role else {
        return Err(Disabled::OtherRole);
    };
    ask(model, before, [asking, asked], granted, heard)
}

/// The request, the answer, and what follows from it; one step, because who asks does not change in
/// between except by giving up.
fn ask(
    model: &Quorum,
    before: &State,
    [asking, asked]: [Node; 2],
    granted: Nodes,
    heard: bool,
) -> Result<State, Disabled> {
    reach(model, before, asking, asked)?;
    let (candidate, voter) = (&before.nodes[asking], &before.nodes[asked]);
    let voters = candidate.voters(model);
    if !voters.ids.contains(asked) || granted.contains(asked) {
        return Err(Disabled::OtherMembership);
    }
    if voter.epoch > candidate.epoch && !heard {
        return Err(Disabled::NothingThere);
    }

    let mut after = *before;
    let voter = &mut after.nodes[asked];
    settle_disk(model, voter);
    if voter.epoch > candidate.epoch {
        let (epoch, leader) = (voter.epoch, voter.leader);
        hear(&mut after.nodes[asking], asking, epoch, leader)?;
        return Ok(after);
    }
    if candidate.epoch > voter.epoch {
        enter(voter, candidate.epoch);
    }
    let is_meant =
        !model.keeps(Guard::VoteIsForThisDirectory) || voter.is_meant(model, voters, asked);
    let given = is_meant && give_vote(model, voter, candidate, asking);
    let leader = voter.leader;
    if !heard {
        return Ok(after);
    }
    let candidate = &mut after.nodes[asking];
    match &mut candidate.role {
        Role::Prospective(granted) | Role::Candidate(granted) if given => {
            *granted = granted.with(asked);
            go_on(model, &mut after, asking)?;
        }
        _ => hear(candidate, asking, candidate.epoch, leader)?,
    }
    Ok(after)
}

/// Whether a voter gives its vote, and its note of that.
///
/// Source: `canGrantVote` of each state of the quorum, `QuorumState.unattachedAddVotedState`; Q1, Q8.
fn give_vote(model: &Quorum, voter: &mut NodeState, candidate: &NodeState, asking: Node) -> bool {
    let up_to_date = candidate.is_up_to_date_with(voter);
    if matches!(candidate.role, Role::Prospective(_)) {
        let fit = up_to_date || !model.keeps(Guard::PreVoteNeedsLog);
        return fit
            && match voter.role {
                Role::Leader(_) => !model.keeps(Guard::FollowerRefusesPreVote),
                Role::Follower { fetched } => {
                    !fetched || !model.keeps(Guard::FollowerRefusesPreVote)
                }
                _ => true,
            };
    }
    let fit = up_to_date || !model.keeps(Guard::VoteNeedsLog);
    match voter.role {
        Role::Leader(_) | Role::Candidate(_) | Role::Resigned => {
            fit && !model.keeps(Guard::CandidatesVoteForThemselves)
        }
        Role::Follower { .. } if model.keeps(Guard::KnownLeaderEndsVoting) => false,
        Role::Follower { .. } | Role::Unattached | Role::Prospective(_) => {
            let directory = (!model.variant.switches.static_voters).then_some(candidate.directory);
            let vote = Vote {
                candidate: asking,
                directory,
            };
            match voter.voted {
                // Whoever has it is not asked again what its log holds.
                Some(earlier) if earlier.candidate == asking => {
                    let same = earlier.directory.is_none() || earlier.directory == directory;
                    same || !model.keeps(Guard::VoteNamesDirectory)
                }
                Some(_) if model.keeps(Guard::OneVoteAnEpoch) => false,
                _ if voter.leader.is_some() && model.keeps(Guard::KnownLeaderEndsVoting) => false,
                _ => {
                    voter.voted = if fit { Some(vote) } else { voter.voted };
                    fit
                }
            }
        }
    }
}

/// A voter that is told yes often enough stands for election, or leads.
///
/// Source: `KafkaRaftClient.maybeTransitionForward`.
fn go_on(model: &Quorum, after: &mut State, me: Node) -> Result<(), Disabled> {
    let node = &after.nodes[me];
    let voters = node.voters(model);
    let enough = |granted: Nodes| {
        let granted = granted.intersection(voters.ids).len();
        match model.keeps(Guard::MajorityElects) {
            true => 2 * granted > voters.len(),
            false => 2 * granted + 1 >= voters.len(),
        }
    };
    match node.role {
        Role::Prospective(granted) if 2 * granted.len() > voters.len() => stand(model, after, me),
        Role::Candidate(granted) if enough(granted) => lead(model, after, me),
        _ => Ok(()),
    }
}

/// A voter begins a new epoch, and votes for itself in it.
///
/// Source: `QuorumState.transitionToCandidate`; Q2.
fn stand(model: &Quorum, after: &mut State, me: Node) -> Result<(), Disabled> {
    let node = &mut after.nodes[me];
    let epoch = next_epoch(node)?;
    enter(node, epoch);
    let directory = (!model.variant.switches.static_voters).then_some(node.directory);
    node.voted = Some(Vote {
        candidate: me,
        directory,
    });
    node.role = Role::Candidate(Nodes::only(me));
    go_on(model, after, me)
}

/// A candidate that has won leads, with a record of its epoch at once.  It does not know yet what is
/// committed.
///
/// Source: `KafkaRaftClient.onBecomeLeader`, `LeaderState.appendStartOfEpochControlRecords`; Q3.
fn lead(model: &Quorum, after: &mut State, me: Node) -> Result<(), Disabled> {
    let node = &mut after.nodes[me];
    if !node.log.has_room(1) {
        return Err(Disabled::ModelIsFull);
    }
    node.leader = Some(me);
    node.voted = None;
    node.watermark = 0;
    node.role = Role::Leader(Tenure {
        start: node.log.end(),
        held: PerNode::default(),
    });
    if model.keeps(Guard::LeaderWritesAtOnce) {
        node.log.append(Entry {
            epoch: node.epoch,
            what: What::LeaderChange,
        });
    }
    watermark::advance(model, node, me);
    Ok(())
}

/// A former leader takes up its epoch again after a restart: what Kafka did before KAFKA-10527, and
/// does where `restart-resigns` is waived.
pub(super) fn lead_again(model: &Quorum, node: &mut NodeState, me: Node) {
    node.role = Role::Leader(Tenure {
        start: node.log.end(),
        held: PerNode::default(),
    });
    node.log.append(Entry {
        epoch: node.epoch,
        what: What::LeaderChange,
    });
    watermark::advance(model, node, me);
}

/// A leader tells a voter of its epoch; if there is a newer one, the answer says so.
///
/// Who: the leader.  Source: KIP-595, `KafkaRaftClient.handleBeginQuorumEpochRequest`.
pub(super) fn begin(
    model: &Quorum,
    before: &State,
    leader: Node,
    voter: Node,
) -> Result<State, Disabled> {
    reach(model, before, leader, voter)?;
    let (leading, told) = (&before.nodes[leader], &before.nodes[voter]);
    if leading.tenure().is_none() {
        return Err(Disabled::OtherRole);
    }
    if !leading.voters(model).ids.contains(voter) {
        return Err(Disabled::OtherMembership);
    }

    let mut after = *before;
    if told.epoch > leading.epoch {
        settle_disk(model, &mut after.nodes[leader]);
        hear(&mut after.nodes[leader], leader, told.epoch, told.leader)?;
    } else {
        hear(&mut after.nodes[voter], voter, leading.epoch, Some(leader))?;
    }
    Ok(after)
}

/// A leader that no majority has fetched from for too long resigns; a single voter never does.
///
/// Who: the leader.  Source: KAFKA-15489, `LeaderState.timeUntilCheckQuorumExpires`; Q7.
pub(super) fn resign(model: &Quorum, before: &State, leader: Node) -> Result<State, Disabled> {
    let node = running(before, leader)?;
    if node.tenure().is_none() || node.voters(model).len() == 1 {
        return Err(Disabled::OtherRole);
    }
    if !model.variant.switches.check_quorum {
        return Err(Disabled::NotInThisVersion);
    }
    // What the guard demands is done, so where it is waived it is not.
    if !model.keeps(Guard::LeaderChecksQuorum) {
        return Err(Disabled::By(Guard::LeaderChecksQuorum));
    }

    let mut after = *before;
    settle_disk(model, &mut after.nodes[leader]);
    after.nodes[leader].role = Role::Resigned;
    Ok(after)
}
