//! A graph of states, and from where which goals can be reached.
//!
//! Nothing here knows what a state is.  Goals are bits; a step is a move of the protocol, of healing,
//! or of an operator; a runbook is a few moves of an operator in their order, with as many other
//! steps before, between and after them as it takes.

use highwater_vocabulary::Datacenter;
use petgraph::Directed;
use petgraph::Direction::Incoming;
use petgraph::graph::{Graph as Petgraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::{HashMap, VecDeque};

/// A set of goals, a bit each.
pub(crate) type Goals = u32;

/// A state.
pub(crate) type Node = NodeIndex<u32>;

/// A state, and how many moves of a runbook have been made.
type Place = (Node, usize);

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

/// What an operator may do, in the order in which one would rather do it: what acts at once and can be
/// taken back with a word; what changes the placement for good; what moves all the data first; and at last
/// what may cost data.  docs/PROPERTIES.md argues for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Move {
    /// `min.insync.replicas` of the topic is set.
    SetMinIsr(u8),
    /// The observers of a datacenter become ordinary replicas.
    PromoteObservers(Datacenter),
    /// Whoever does not run gives its replica to a broker that does.
    Reassign,
    /// An unclean election of the leaderless partition is asked for.
    ElectUnclean,
    /// The voters of a datacenter, or an observer there, are made a metadata quorum of their own.
    BreakOut(Datacenter),
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
    pub(crate) fn led_by(&self, runbook: &[Move], goals: Vec<Goals>, healing: bool) -> Vec<Goals> {
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

    /// A shortest way from a state to one in which one of `goals` is met, on which an operator makes
    /// just these moves; the states on it, with the step to each.
    pub(crate) fn way(
        &self,
        start: Node,
        goals: Goals,
        runbook: &[Move],
        healing: bool,
    ) -> Option<Vec<(Step, Node)>> {
        // What was made of the runbook so far is part of where one is.
        let first: Place = (start, 0);
        let mut ways: HashMap<Place, Option<(Place, Step)>> = HashMap::new();
        let mut open = VecDeque::from([first]);
        ways.insert(first, None);
        while let Some(at) = open.pop_front() {
            let (node, made) = at;
            if made == runbook.len() && self.met(node) & goals != 0 {
                let mut way = Vec::new();
                let mut at = at;
                while let Some((before, step)) = ways[&at] {
                    way.push((step, at.0));
                    at = before;
                }
                way.reverse();
                return Some(way);
            }
            for (step, to) in self.steps_from(node) {
                let next = match step {
                    Step::Protocol => (to, made),
                    Step::Healing if healing => (to, made),
                    Step::Operator(own) if runbook.get(made) == Some(&own) => (to, made + 1),
                    Step::Healing | Step::Operator(_) => continue,
                };
                ways.entry(next).or_insert_with(|| {
                    open.push_back(next);
                    Some((at, step))
                });
            }
        }
        None
    }

    /// The steps from a state.
    pub(crate) fn steps_from(&self, node: Node) -> impl Iterator<Item = (Step, Node)> + '_ {
        let steps = self.steps.edges(node);
        steps.map(|step| (*step.weight(), step.target()))
    }
}

#[cfg(test)]
mod tests {
    use super::Step::{Healing, Operator, Protocol};
    use super::*;

    const SERVED: Goals = 1;
    const UNCLEAN: Step = Operator(Move::ElectUnclean);
    const LOWER: Step = Operator(Move::SetMinIsr(1));

    /// A graph from its steps; clients are served in the last state, and in state `lossy` at a price.
    fn graph(states: usize, steps: &[(u32, Step, u32)], lossy: Option<u32>) -> Graph {
        let mut graph = Graph::default();
        for _ in 0..states {
            graph.add();
        }
        for (from, step, to) in steps {
            graph.connect(Node::from(*from), Node::from(*to), *step);
        }
        graph.meet(Node::new(states - 1), SERVED, false);
        if let Some(state) = lossy {
            graph.meet(Node::from(state), SERVED, true);
        }
        graph
    }

    fn served(goals: &[Goals]) -> Vec<usize> {
        let places = goals.iter().enumerate();
        let served = places.filter(|(_, goals)| **goals & SERVED != 0);
        served.map(|(place, _)| place).collect()
    }

    #[test]
    fn who_can_get_there_is_told_from_who_goes_round_in_circles() {
        // 0 and 1 drop and admit each other for ever; 2 gets away; 4 is a dead end.
        let steps = [
            (0, Protocol, 1),
            (1, Protocol, 0),
            (2, Protocol, 1),
            (2, Protocol, 3),
            (3, Protocol, 4),
            (3, Protocol, 5),
            (1, Healing, 3),
        ];
        let graph = graph(6, &steps, None);
        let by_itself = graph.leading_to(graph.goals(), |step| step == Protocol);
        assert_eq!(served(&by_itself), [2, 3, 5]);
        let healed = graph.leading_to(graph.goals(), |step| step != UNCLEAN);
        assert_eq!(served(&healed), [0, 1, 2, 3, 5]);
    }

    #[test]
    fn what_is_found_spreads_to_whoever_comes_before() {
        let steps = [(0, Protocol, 1), (1, Protocol, 2), (0, Healing, 2)];
        let graph = graph(3, &steps, None);
        let mut goals = vec![0; 3];
        graph.spread(&mut goals, Node::new(2), SERVED, |step| step == Protocol);
        assert_eq!(served(&goals), [0, 1, 2]);
    }

    #[test]
    fn a_runbook_is_its_moves_in_their_order() {
        let steps = [
            (0, UNCLEAN, 1),
            (1, Protocol, 2),
            (2, LOWER, 5),
            (0, LOWER, 3),
            (3, UNCLEAN, 4),
        ];
        let graph = graph(6, &steps, None);
        let [lower, unclean] = [Move::SetMinIsr(1), Move::ElectUnclean];
        for (moves, helped) in [
            (vec![unclean, lower], vec![0]),
            (vec![lower, unclean], vec![]),
            (vec![lower], vec![1, 2]),
            (vec![], vec![5]),
        ] {
            let goals = graph.led_by(&moves, graph.goals(), false);
            assert_eq!(served(&goals), helped, "{moves:?}");
            let way = graph.way(Node::new(0), SERVED, &moves, false);
            assert_eq!(way.is_some(), helped.contains(&0), "{moves:?}");
        }
    }

    #[test]
    fn the_price_is_what_may_happen_on_some_way() {
        let steps = [(0, UNCLEAN, 1), (1, Protocol, 2), (1, Protocol, 3)];
        let graph = graph(4, &steps, Some(2));
        let goals = graph.led_by(&[Move::ElectUnclean], graph.lossy(), false);
        assert_eq!(served(&goals), [0]);
    }
}
