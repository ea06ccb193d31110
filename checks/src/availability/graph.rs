//! A graph of states, and from where which goals can be reached.
//!
//! Nothing here knows what a state is.  Goals are bits; a step is a move of the protocol, of healing,
//! or of an operator; a runbook is a few moves of an operator in their order, with as many other
//! steps before, between and after them as it takes.

use petgraph::Directed;
use petgraph::Direction::Incoming;
use petgraph::graph::{Graph as Petgraph, NodeIndex};
use petgraph::visit::EdgeRef;

/// A set of goals, a bit each.
pub(crate) type Goals = u32;

/// A state.
pub(crate) type Node = NodeIndex<u32>;

/// Who makes a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// Brokers, controllers, clients: it happens by itself.
    Protocol,
    /// Something that was lost comes back.
    Healing,
    /// An operator.
    Operator(Move),
}

/// What an operator may do, in the order in which one would rather do it: what can be taken back
/// comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Move {
    /// `min.insync.replicas` of the topic is set.
    SetMinIsr(u8),
    /// An unclean election of the leaderless partition is asked for.
    ElectUnclean,
}

/// States, the goals that are met in each, and the steps between them.
#[derive(Default)]
pub(crate) struct Graph {
    steps: Petgraph<Met, Step, Directed, u32>,
}

/// What is met in a state.
#[derive(Clone, Copy, Default)]
struct Met {
    goals: Goals,
    /// Those of them that are met although something was lost.
    lossy: Goals,
}

impl Graph {
    /// A state in which nothing is met yet.
    pub(crate) fn add(&mut self) -> Node {
        self.steps.add_node(Met::default())
    }

    /// Notes that goals are met in a state, and whether at the price of a loss.
    pub(crate) fn meet(&mut self, node: Node, goals: Goals, lossy: bool) {
        let met = &mut self.steps[node];
        met.goals |= goals;
        met.lossy |= if lossy { goals } else { 0 };
    }

    /// A step from a state to another.
    pub(crate) fn connect(&mut self, from: Node, to: Node, step: Step) {
        self.steps.add_edge(from, to, step);
    }

    /// How many states there are.
    pub(crate) fn len(&self) -> usize {
        self.steps.node_count()
    }

    /// The goals that are met in a state itself.
    pub(crate) fn met(&self, node: Node) -> Goals {
        self.steps[node].goals
    }

    /// Notes that these goals can be reached from a state, and so from those before it.
    pub(crate) fn spread(
        &self,
        goals: &mut [Goals],
        from: Node,
        found: Goals,
        counts: impl Fn(Step) -> bool,
    ) {
        let mut open = vec![(from, found)];
        while let Some((node, found)) = open.pop() {
            let known = &mut goals[node.index()];
            if *known | found == *known {
                continue;
            }
            *known |= found;
            let steps = self.steps.edges_directed(node, Incoming);
            let before = steps.filter(|step| counts(*step.weight()));
            open.extend(before.map(|step| (step.source(), found)));
        }
    }

    /// The goals that are met in each state.
    pub(crate) fn goals(&self) -> Vec<Goals> {
        self.steps.node_weights().map(|met| met.goals).collect()
    }

    /// The goals that are met in each state at the price of a loss.
    pub(crate) fn lossy(&self) -> Vec<Goals> {
        self.steps.node_weights().map(|met| met.lossy).collect()
    }

    /// For each state the goals that some path of such steps leads to, if `goals` are met already: EF.
    pub(crate) fn leading_to(
        &self,
        mut goals: Vec<Goals>,
        counts: impl Fn(Step) -> bool,
    ) -> Vec<Goals> {
        goals.resize(self.len(), 0);
        let mut open: Vec<Node> = self.steps.node_indices().collect();
        open.retain(|node| goals[node.index()] != 0);
        while let Some(node) = open.pop() {
            let reached = goals[node.index()];
            let steps = self.steps.edges_directed(node, Incoming);
            for step in steps.filter(|step| counts(*step.weight())) {
                let before = &mut goals[step.source().index()];
                if *before | reached != *before {
                    *before |= reached;
                    open.push(step.source());
                }
            }
        }
        goals
    }

    /// For each state the goals that a runbook leads to by some path, if `goals` are met already.
    pub(crate) fn led_by(
        &self,
        runbook: &[Move],
        goals: Vec<Goals>,
        healing: bool,
    ) -> Vec<Goals> {
        let counts = |step| step == Step::Protocol || healing && step == Step::Healing;
        let mut reached = self.leading_to(goals, counts);
        for wanted in runbook.iter().rev() {
            let mut before = vec![0; self.len()];
            for step in self.steps.edge_references() {
                if *step.weight() == Step::Operator(*wanted) {
                    before[step.source().index()] |= reached[step.target().index()];
                }
            }
            reached = self.leading_to(before, counts);
        }
        reached
    }

    /// The steps from a state.
    pub(crate) fn steps_from(&self, node: Node) -> impl Iterator<Item = (Step, Node)> + '_ {
        let steps = self.steps.edges(node);
        steps.map(|step| (*step.weight(), step.target()))
    }
}
