//! What ought to hold: a sentence, a formula and a function each, with the sign that it is not silent.

use super::ghost::{Broken, committed_end, is_followed};
use super::log::{Log, Voters};
use super::setting::Node;
use super::state::{NodeState, Role};
use super::{Quorum, State};

type Condition = fn(&Quorum, &State) -> bool;

/// Something that ought to hold in every state.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// As experiments write it.
    pub name: &'static str,
    /// What it says.
    pub sentence: &'static str,
    /// The same as a formula.
    pub formula: &'static str,
    /// Whether it holds in a state.
    pub holds: Condition,
    /// What must be the case for it to say something.
    pub arising: &'static str,
    /// Whether that is the case in a state.
    pub arises: Condition,
}

impl PartialEq for Property {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Property {
    /// Every one, the plainest first.
    pub const ALL: &'static [Property] = &[
        Property {
            name: "committed-survives",
            sentence: "Everything ever committed is on some disk.",
            formula: "∀ o < end(committed) : ∃ v : log(v)[o] = committed[o]",
            holds: committed_survives,
            arising: "something is committed",
            arises: something_committed,
        },
        Property {
            name: "leader-complete",
            sentence: "Whoever leads the newest epoch in which something was committed, or a later one, \
                       holds everything committed (Q-I2).",
            formula: "leads(v, e) ∧ e ≥ commit_epoch ⇒ committed ⊑ log(v)",
            holds: leader_complete,
            arising: "a leader is elected after something was committed",
            arises: elected_after_commit,
        },
        Property {
            name: "one-history",
            sentence: "Whatever is committed at an offset stays what is committed there, for everybody \
                       who knows that it is.",
            formula: "∀ v, o < hw(v) : log(v)[o] = committed[o]; no commit contradicts an earlier one",
            holds: one_history,
            arising: "two nodes know something to be committed",
            arises: two_watermarks,
        },
        Property {
            name: "one-leader-per-epoch",
            sentence: "In each epoch at most one node is elected (Q-I1).",
            formula: "elected(v, e) ∧ elected(w, e) ⇒ v = w",
            holds: one_leader_per_epoch,
            arising: "two nodes take themselves for the leader",
            arises: two_leaders,
        },
        Property {
            name: "log-matching",
            sentence: "Two logs that hold the same epoch at an offset hold the same up to it: nobody uses \
                       an offset of an epoch twice (Q-I3).",
            formula: "epoch(v, o) = epoch(w, o) ⇒ log(v)[..=o] = log(w)[..=o]",
            holds: log_matching,
            arising: "two logs hold the same epoch at an offset",
            arises: logs_meet,
        },
        Property {
            name: "quorums-meet",
            sentence: "Every majority of the voters by which a leader goes has a member in every majority \
                       of the voters last committed (Q-I4).",
            formula: "leads(v, e) ∧ e ≥ commit_epoch ∧ A ∈ quorums(voters(v)) ∧ B ∈ quorums(committed \
                      voters) ⇒ A ∩ B ≠ ∅",
            holds: quorums_meet,
            arising: "a leader goes by voters that are not committed",
            arises: voters_are_changing,
        },
        Property {
            name: "steady-leader",
            sentence: "Nobody stands for election in the epoch after that of a leader from which a \
                       majority fetches.",
            formula: "followed(l) ⇒ nobody becomes a candidate in epoch(l) + 1",
            holds: steady_leader,
            arising: "a voter is apart while a majority follows the leader",
            arises: someone_apart,
        },
    ];

    /// The property of that name.
    pub fn named(name: &str) -> Option<&'static Property> {
        Property::ALL.iter().find(|property| property.name == name)
    }
}

fn each<'s>(
    model: &Quorum,
    state: &'s State,
) -> impl Iterator<Item = (Node, &'s NodeState)> + Clone + use<'s> {
    let nodes = model.setting.nodes();
    nodes.map(move |node| (node, &state.nodes[node]))
}

/// The leaders that ought to have everything committed: not those of epochs that are over.
fn current<'s>(
    model: &Quorum,
    state: &'s State,
) -> impl Iterator<Item = (Node, &'s NodeState)> + use<'s> {
    let since = state.ghost.commit_epoch;
    let leaders = state.leaders(model);
    leaders.filter(move |(_, node)| node.epoch >= since)
}

fn holds_committed(state: &State, log: &Log) -> bool {
    log.agrees_below(&state.ghost.committed, committed_end(state))
}

fn committed_survives(model: &Quorum, state: &State) -> bool {
    let mut committed = state.ghost.committed.entries().zip(0..);
    committed.all(|(entry, offset)| {
        each(model, state).any(|(_, node)| node.log.at(offset) == Some(entry))
    })
}

fn something_committed(_: &Quorum, state: &State) -> bool {
    committed_end(state) > 0
}

fn leader_complete(model: &Quorum, state: &State) -> bool {
    current(model, state).all(|(_, node)| holds_committed(state, &node.log))
}

fn elected_after_commit(model: &Quorum, state: &State) -> bool {
    let since = state.ghost.commit_epoch;
    committed_end(state) > 0 && current(model, state).any(|(_, node)| node.epoch > since)
}

fn one_history(model: &Quorum, state: &State) -> bool {
    let known = |node: &NodeState| {
        let end = node.watermark.min(committed_end(state));
        node.log.agrees_below(&state.ghost.committed, end)
    };
    !state.ghost.broken.contains(Broken::Fork) && each(model, state).all(|(_, node)| known(node))
}

fn two_watermarks(model: &Quorum, state: &State) -> bool {
    let knowing = each(model, state).filter(|(_, node)| node.watermark > 0);
    knowing.count() > 1
}

fn one_leader_per_epoch(_: &Quorum, state: &State) -> bool {
    !state.ghost.broken.contains(Broken::TwoLeaders)
}

fn two_leaders(model: &Quorum, state: &State) -> bool {
    state.leaders(model).count() > 1
}

fn pairs<'s>(
    model: &Quorum,
    state: &'s State,
) -> impl Iterator<Item = (&'s Log, &'s Log)> + use<'s> {
    let all = each(model, state);
    all.clone().flat_map(move |(a, one)| {
        let others = all.clone().filter(move |(b, _)| a < *b);
        others.map(move |(_, other)| (&one.log, &other.log))
    })
}

fn log_matching(model: &Quorum, state: &State) -> bool {
    pairs(model, state).all(|(a, b)| {
        let common = a.entries().zip(b.entries());
        let meeting = common.zip(1..).filter(|((a, b), _)| a.epoch == b.epoch);
        let last = meeting.map(|(_, end)| end).last();
        last.is_none_or(|end| a.agrees_below(b, end))
    })
}

fn logs_meet(model: &Quorum, state: &State) -> bool {
    pairs(model, state).any(|(a, b)| {
        let mut common = a.entries().zip(b.entries());
        common.any(|(a, b)| a.epoch == b.epoch)
    })
}

fn committed_voters(model: &Quorum, state: &State) -> Voters {
    let committed = state.ghost.committed.voters_below(committed_end(state));
    committed.map_or(Voters::first(model.setting.voters), |(_, voters)| voters)
}

fn quorums_meet(model: &Quorum, state: &State) -> bool {
    let committed = committed_voters(model, state);
    current(model, state).all(|(_, node)| majorities_meet(committed, node.voters(model)))
}

fn voters_are_changing(model: &Quorum, state: &State) -> bool {
    let committed = committed_voters(model, state);
    current(model, state).any(|(_, node)| node.voters(model) != committed)
}

/// Whether every majority of `a` has a member in every majority of `b`.  A node with another directory
/// is another voter.
pub fn majorities_meet(a: Voters, b: Voters) -> bool {
    let shared = a.ids.intersection(b.ids).iter();
    let shared = shared.filter(|node| a.directory(*node) == b.directory(*node));
    let shared = shared.count();
    // Two majorities that avoid each other take from the shared voters only what they cannot do without.
    let needed = |voters: Voters| (voters.len() / 2 + 1).saturating_sub(voters.len() - shared);
    needed(a) + needed(b) > shared
}

fn steady_leader(_: &Quorum, state: &State) -> bool {
    !state.ghost.broken.contains(Broken::Disturbed)
}

fn someone_apart(model: &Quorum, state: &State) -> bool {
    let mut followed = state
        .leaders(model)
        .filter(|(leader, _)| is_followed(model, state, *leader));
    followed.any(|(leader, leading)| {
        let voters = leading.voters(model).ids.without(leader);
        voters.iter().any(|voter| {
            let own = &state.nodes[voter];
            let apart = matches!(own.role, Role::Prospective(_) | Role::Candidate(_))
                || !state.connects(model, voter, leader);
            apart && !own.stopped && own.epoch <= leading.epoch
        })
    })
}
