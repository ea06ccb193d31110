//! Nodes that the model cannot tell apart, and states under new names.

use super::Quorum;
use super::ghost::Ghost;
use super::log::{Entry, Log, Voters, What};
use super::setting::{MOST_NODES, Node, Nodes};
use super::state::{NodeState, PerNode, Role, State, Tenure, Vote};
use highwater_vocabulary::Member;

/// New names for nodes, by their old ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodeNames([Node; MOST_NODES]);

impl NodeNames {
    fn unchanged() -> Self {
        NodeNames(std::array::from_fn(Node::at))
    }

    fn of(&self, node: Node) -> Node {
        self.0[node.index()]
    }

    fn of_set(&self, nodes: Nodes) -> Nodes {
        nodes.iter().map(|node| self.of(node)).collect()
    }

    fn of_each<T: Copy>(&self, old: &PerNode<T>, change: impl Fn(&T) -> T) -> PerNode<T> {
        let mut new = *old;
        for node in super::log::every_node() {
            new[self.of(node)] = change(&old[node]);
        }
        new
    }
}

impl Quorum {
    /// Every change of names that the model cannot see, but the one that changes nothing: nodes of one
    /// datacenter that vote in the beginning may change places, and so may those that do not.
    pub fn interchangeable(&self) -> Vec<NodeNames> {
        let mut names = vec![NodeNames::unchanged()];
        for home in self.setting.every_datacenter() {
            let there = self.setting.nodes_of(home);
            for group in [
                there.intersection(self.setting.voters),
                there.minus(self.setting.voters),
            ] {
                names = with_permutations(&names, group);
            }
        }
        names.retain(|names| *names != NodeNames::unchanged());
        names
    }
}

/// Each of `names`, with the nodes in every order.
fn with_permutations(names: &[NodeNames], nodes: Nodes) -> Vec<NodeNames> {
    let Some(first) = nodes.iter().next() else {
        return names.to_vec();
    };
    let rest = with_permutations(names, nodes.without(first));
    let exchanged = |names: &NodeNames, other: Node| {
        let mut names = *names;
        names.0.swap(first.index(), other.index());
        names
    };
    let exchanges = nodes
        .iter()
        .flat_map(|other| rest.iter().map(move |names| exchanged(names, other)));
    exchanges.collect()
}

impl State {
    /// The same state, its nodes under new names.
    ///
    /// Everything is taken apart by name: a field that is added must be thought of here.
    pub fn renamed(&self, names: &NodeNames) -> State {
        let State {
            nodes,
            cut_from,
            ghost,
        } = self;
        State {
            nodes: names.of_each(nodes, |node| renamed_node(names, node)),
            cut_from: *cut_from,
            ghost: renamed_ghost(names, ghost),
        }
    }
}

fn renamed_node(names: &NodeNames, node: &NodeState) -> NodeState {
    let NodeState {
        epoch,
        voted,
        leader,
        ref log,
        flushed,
        directory,
        stopped,
        role,
        watermark,
    } = *node;
    NodeState {
        epoch,
        voted: voted.map(
            |Vote {
                 candidate,
                 directory,
             }| Vote {
                candidate: names.of(candidate),
                directory,
            },
        ),
        leader: leader.map(|leader| names.of(leader)),
        log: renamed_log(names, log),
        flushed,
        directory,
        stopped,
        role: match role {
            Role::Unattached | Role::Follower { .. } | Role::Resigned => role,
            Role::Prospective(granted) => Role::Prospective(names.of_set(granted)),
            Role::Candidate(granted) => Role::Candidate(names.of_set(granted)),
            Role::Leader(Tenure { start, ref held }) => Role::Leader(Tenure {
                start,
                held: names.of_each(held, |held| *held),
            }),
        },
        watermark,
    }
}

fn renamed_log(names: &NodeNames, log: &Log) -> Log {
    let mut renamed = Log::default();
    for Entry { epoch, what } in log.entries() {
        let what = match what {
            What::LeaderChange | What::Metadata(_) => what,
            What::Voters(Voters { ids, renewed }) => What::Voters(Voters {
                ids: names.of_set(ids),
                renewed: names.of_set(renewed),
            }),
        };
        renamed.append(Entry { epoch, what });
    }
    renamed
}

fn renamed_ghost(names: &NodeNames, ghost: &Ghost) -> Ghost {
    let Ghost {
        elected,
        ref committed,
        commit_epoch,
        broken,
        spent,
    } = *ghost;
    Ghost {
        elected: elected.map(|elected| elected.map(|node| names.of(node))),
        committed: renamed_log(names, committed),
        commit_epoch,
        broken,
        spent,
    }
}
