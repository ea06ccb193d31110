//! What there is: the nodes with disk and process, the links between them, and the ghost.

use super::ghost::Ghost;
use super::log::{End, Epoch, Log, Voters};
use super::setting::{MOST_NODES, Node, Nodes};
use super::{Guard, Quorum};
use highwater_vocabulary::{Datacenter, Member, Set};
use serde::{Deserialize, Serialize};
use std::ops::{Index, IndexMut};

/// Datacenters that a setting may have.
pub const MOST_DATACENTERS: usize = 6;

/// Everything.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct State {
    /// Each node.
    pub nodes: PerNode<NodeState>,
    /// For each datacenter, those to which no connection can be opened from it.
    pub cut_from: [Set<Datacenter>; MOST_DATACENTERS],
    /// What only the proof knows.
    pub ghost: Ghost,
}

/// Something for every node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct PerNode<T>(pub [T; MOST_NODES]);

impl<T> Index<Node> for PerNode<T> {
    type Output = T;

    fn index(&self, node: Node) -> &T {
        &self.0[node.index()]
    }
}

impl<T> IndexMut<Node> for PerNode<T> {
    fn index_mut(&mut self, node: Node) -> &mut T {
        &mut self.0[node.index()]
    }
}

/// A node: what its disk holds, and what its process does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct NodeState {
    /// Its epoch (on disk, in `quorum-state`).
    pub epoch: Epoch,
    /// For whom it voted in this epoch (on disk).
    pub voted: Option<Vote>,
    /// Who leads this epoch, if it knows (on disk).
    pub leader: Option<Node>,
    /// Its log (on disk, as far as it is flushed).
    pub log: Log,
    /// How much of the log no power loss can take.
    pub flushed: End,
    /// How often its disk was formatted anew: the directory id.
    pub directory: u8,
    /// Whether its process is stopped.
    pub stopped: bool,
    /// What its process does.
    pub role: Role,
    /// Up to where it knows the log to be committed; 0 if it does not know.
    pub watermark: End,
}

/// A vote: for which node, and for which of its directories, if the request said so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Vote {
    /// The candidate.
    pub candidate: Node,
    /// Its directory; none with static voters, whose records of votes have no room for it.
    pub directory: Option<u8>,
}

/// What a process does.  Source: the states of `QuorumState`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Role {
    /// `UnattachedState`: in an epoch without doing anything in it, or stopped.
    #[default]
    Unattached,
    /// `ProspectiveState`: asks whether it would be elected (KIP-996); who said yes.
    Prospective(Nodes),
    /// `CandidateState`: asks for votes; who gave one.
    Candidate(Nodes),
    /// `LeaderState`.
    Leader(Tenure),
    /// `FollowerState`: follows `leader`; whether it has fetched from it in this role.
    Follower {
        /// Whether a fetch has succeeded.
        fetched: bool,
    },
    /// `ResignedState`: was the leader of this epoch, and waits for another one.
    Resigned,
}

/// What a leader knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Tenure {
    /// Where its log ended when it was elected.
    pub start: End,
    /// Up to where each node has proved to hold the leader's log, for each directory; 0 if nothing
    /// was proved.
    pub held: PerNode<[End; 2]>,
}

impl State {
    /// Whether a connection can be opened.
    pub fn connects(&self, model: &Quorum, from: Node, to: Node) -> bool {
        let (from, to) = (model.setting.home(from), model.setting.home(to));
        !self.cut_from[from.index()].contains(to)
    }

    /// The leaders there are, whatever their epochs.
    pub fn leaders(&self, model: &Quorum) -> impl Iterator<Item = (Node, &NodeState)> + use<'_> {
        let nodes = model.setting.nodes();
        let nodes = nodes.map(|node| (node, &self.nodes[node]));
        nodes.filter(|(_, state)| state.tenure().is_some())
    }
}

impl NodeState {
    /// What it knows as the leader, if it is one.
    pub fn tenure(&self) -> Option<&Tenure> {
        match &self.role {
            Role::Leader(tenure) if !self.stopped => Some(tenure),
            _ => None,
        }
    }

    /// The voter set by which it goes: that of its own log, committed or not (Q9), and otherwise the
    /// one it was configured with.
    pub fn voters(&self, model: &Quorum) -> Voters {
        let newest = match model.keeps(Guard::VotersCountWhenAppended) {
            true => self.log.end(),
            false => self.watermark,
        };
        let configured = Voters::first(model.setting.voters);
        self.log
            .voters_below(newest)
            .map_or(configured, |(_, voters)| voters)
    }

    /// Whether it is one of the voters by which it goes itself: node id and directory.
    pub fn votes(&self, model: &Quorum, me: Node) -> bool {
        let voters = self.voters(model);
        voters.ids.contains(me) && self.is_meant(model, voters, me)
    }

    /// Whether the voter set means this directory of the node.  Static voters have none.
    pub fn is_meant(&self, model: &Quorum, voters: Voters, me: Node) -> bool {
        model.variant.switches.static_voters || voters.directory(me) == self.directory
    }

    /// Whether its log is not behind that of `other`: last epoch first, then the end.
    pub fn is_up_to_date_with(&self, other: &NodeState) -> bool {
        (self.log.last_epoch(), self.log.end()) >= (other.log.last_epoch(), other.log.end())
    }
}
