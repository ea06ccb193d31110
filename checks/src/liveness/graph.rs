//! A graph of states, and where in it a fair run may stay for ever.
//!
//! Nothing here knows what a state is, or a step.  A step has a class or none.  A class is *enabled* in
//! a state from which one of its steps leads, be it back to the same state.  A run is fair if every
//! class that is enabled for ever from some moment on (*weak*), or again and again (*strong*), is taken
//! again and again.  A run whose last state enables no class may end there.
//!
//! A run stays for ever within a strongly connected component.  So a component is *fair* if a run may
//! go round in it and neglect no class; a component in which a strong class is enabled and never taken
//! is looked at again without the states that enable it, for a fair run that stays must avoid them
//! (the emptiness test of Streett automata).

use petgraph::Directed;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{Graph as Petgraph, NodeIndex};
use petgraph::visit::{EdgeRef, NodeFiltered};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

/// A state.
pub(crate) type Node = NodeIndex<u32>;

/// A class of steps, by its number.
pub(crate) type ClassNumber = u8;

/// A set of classes, a bit each.
pub(crate) type Classes = u128;

/// Classes that there may be.
pub(crate) const MOST_CLASSES: usize = Classes::BITS as usize;

/// The step of a walk: of which class it was, if of any, and where it led.
pub(crate) type Step = (Option<ClassNumber>, Node);

/// States and the steps between them.
#[derive(Default)]
pub(crate) struct Graph {
    steps: Petgraph<Classes, Option<ClassNumber>, Directed, u32>,
    /// The classes of which not one step more is enough.
    strong: Classes,
}

/// States between which a fair run may go for ever.
pub(crate) struct Component {
    /// The states.
    pub(crate) nodes: HashSet<Node>,
}

impl Graph {
    /// That a class is fair in the strong sense.
    pub(crate) fn demand_strong(&mut self, class: ClassNumber) {
        self.strong |= bit(class);
    }

    /// A state from which no step is known yet.
    pub(crate) fn add(&mut self) -> Node {
        self.steps.add_node(0)
    }

    /// A step from a state to another or to itself.
    pub(crate) fn connect(&mut self, from: Node, to: Node, class: Option<ClassNumber>) {
        if let Some(class) = class {
            self.steps[from] |= bit(class);
        }
        self.steps.add_edge(from, to, class);
    }

    /// How many states there are.
    pub(crate) fn len(&self) -> usize {
        self.steps.node_count()
    }

    /// Every state.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        self.steps.node_indices()
    }

    /// The steps from a state, in the order in which they were added.
    pub(crate) fn steps_from(&self, node: Node) -> Vec<Step> {
        let steps = self.steps.edges(node);
        let mut steps: Vec<Step> = steps.map(|step| (*step.weight(), step.target())).collect();
        steps.reverse();
        steps
    }

    /// The classes that are enabled in a state.
    pub(crate) fn enabled(&self, node: Node) -> Classes {
        self.steps[node]
    }

    /// The largest components in which a fair run may go for ever without leaving the states that are
    /// `allowed`.
    pub(crate) fn fair_components(&self, allowed: impl Fn(Node) -> bool) -> Vec<Component> {
        let first: HashSet<Node> = self.nodes().filter(|node| allowed(*node)).collect();
        let mut open = vec![first];
        let mut found = Vec::new();
        while let Some(nodes) = open.pop() {
            for component in self.components(&nodes) {
                match self.judge(&component) {
                    Fairness::Fair => found.push(Component { nodes: component }),
                    Fairness::Neglects => {}
                    Fairness::Without(classes) => {
                        let rest = component.into_iter();
                        let rest = rest.filter(|node| self.enabled(*node) & classes == 0);
                        let rest: HashSet<Node> = rest.collect();
                        if !rest.is_empty() {
                            open.push(rest);
                        }
                    }
                }
            }
        }
        found
    }

    /// The strongly connected components of some of the states.
    fn components(&self, nodes: &HashSet<Node>) -> Vec<HashSet<Node>> {
        let inside = NodeFiltered::from_fn(&self.steps, |node| nodes.contains(&node));
        let components = kosaraju_scc(&inside).into_iter();
        components
            .map(|component| component.into_iter().collect())
            .collect()
    }

    /// Whether a fair run may go round in a component for ever.
    fn judge(&self, component: &HashSet<Node>) -> Fairness {
        let (mut always, mut ever, mut taken) = (Classes::MAX, 0, 0);
        for node in component {
            always &= self.enabled(*node);
            ever |= self.enabled(*node);
            let steps = self.steps.edges(*node);
            let inside = steps.filter(|step| component.contains(&step.target()));
            let classes = inside.filter_map(|step| *step.weight());
            taken |= classes.fold(0, |all, class| all | bit(class));
        }
        if always & !taken != 0 {
            return Fairness::Neglects;
        }
        match ever & self.strong & !taken {
            0 => Fairness::Fair,
            starved => Fairness::Without(starved),
        }
    }

    /// A walk from a state round in its component that neglects no class, as far as it takes; no step
    /// at all if a run may end there.
    pub(crate) fn round(&self, component: &Component, start: Node) -> Vec<Step> {
        let mut walk = Vec::new();
        let mut at = start;
        let mut owed = self.owed(component);
        loop {
            let passed = walk.iter().map(|(_, node)| *node).chain([start]);
            let idle = passed.fold(0, |idle, node| idle | !self.enabled(node));
            let taken = walk.iter().filter_map(|(class, _)| *class);
            let taken = taken.fold(0, |all, class| all | bit(class));
            // A strong class is owed a step; who is weak is content to be disabled for a moment.
            owed &= !taken & !(idle & !self.strong);
            if owed == 0 {
                break;
            }
            let pays = |from: Node, (class, _): &Step| {
                class.is_some_and(|class| owed & bit(class) != 0)
                    || owed & !self.strong & !self.enabled(from) != 0
            };
            let Some(way) = self.way(component, at, pays) else {
                break;
            };
            at = way.last().map_or(at, |(_, node)| *node);
            walk.extend(way);
        }
        if at != start {
            let back = self.way_to(component, at, start);
            walk.extend(back);
        }
        walk
    }

    /// The classes that a run which stays in a component has to heed.
    fn owed(&self, component: &Component) -> Classes {
        let nodes = component.nodes.iter();
        nodes.fold(0, |all, node| all | self.enabled(*node))
    }

    /// A shortest way inside a component up to and with a step that will do.
    fn way(
        &self,
        component: &Component,
        start: Node,
        will_do: impl Fn(Node, &Step) -> bool,
    ) -> Option<Vec<Step>> {
        let mut before: HashMap<Node, (Node, Step)> = HashMap::new();
        let mut seen = HashSet::from([start]);
        let mut open = VecDeque::from([start]);
        while let Some(node) = open.pop_front() {
            for step in self.steps_from(node) {
                if !component.nodes.contains(&step.1) {
                    continue;
                }
                if will_do(node, &step) {
                    let mut way = traced(&before, start, node);
                    way.push(step);
                    return Some(way);
                }
                if seen.insert(step.1) {
                    before.insert(step.1, (node, step));
                    open.push_back(step.1);
                }
            }
        }
        None
    }

    /// A shortest way inside a component to a state that is not where it starts.
    fn way_to(&self, component: &Component, start: Node, end: Node) -> Vec<Step> {
        let way = self.way(component, start, |_, (_, to)| *to == end);
        way.unwrap_or_default()
    }

    /// The nearest of `wanted`, and the way to it, from states that are so many steps away already.
    pub(crate) fn nearest(
        &self,
        starts: &[(usize, Node)],
        wanted: impl Fn(Node) -> bool,
    ) -> Option<(Node, Vec<Step>)> {
        let mut before: HashMap<Node, (Node, Step)> = HashMap::new();
        let mut origin: HashMap<Node, Node> = HashMap::new();
        let mut open: BTreeSet<(usize, Node)> = BTreeSet::new();
        let mut reached: HashMap<Node, usize> = HashMap::new();
        for (steps, node) in starts {
            let known = reached.entry(*node).or_insert(*steps);
            *known = (*known).min(*steps);
            origin.insert(*node, *node);
        }
        open.extend(reached.iter().map(|(node, steps)| (*steps, *node)));
        while let Some((steps, node)) = open.pop_first() {
            if wanted(node) {
                return Some((origin[&node], traced(&before, origin[&node], node)));
            }
            for step in self.steps_from(node) {
                let known = reached.get(&step.1).copied();
                if known.is_some_and(|known| known <= steps + 1) {
                    continue;
                }
                if let Some(known) = known {
                    open.remove(&(known, step.1));
                }
                reached.insert(step.1, steps + 1);
                before.insert(step.1, (node, step));
                origin.insert(step.1, origin[&node]);
                open.insert((steps + 1, step.1));
            }
        }
        None
    }
}

/// What a component comes to.
enum Fairness {
    /// A fair run may go round in it.
    Fair,
    /// Some class is enabled in all of its states and never taken.
    Neglects,
    /// These strong classes are enabled in some of its states and never taken.
    Without(Classes),
}

fn bit(class: ClassNumber) -> Classes {
    1 << class
}

/// The way to `end` that was noted backwards.
fn traced(before: &HashMap<Node, (Node, Step)>, start: Node, end: Node) -> Vec<Step> {
    let mut way = Vec::new();
    let mut at = end;
    while at != start {
        let (from, step) = before[&at];
        way.push(step);
        at = from;
    }
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Option<ClassNumber> = Some(0);
    const B: Option<ClassNumber> = Some(1);
    const UNFAIR: Option<ClassNumber> = None;

    fn graph(steps: &[(u32, Option<ClassNumber>, u32)], strong: Classes) -> Graph {
        let mut graph = Graph {
            strong,
            ..Graph::default()
        };
        let ends = steps.iter().map(|(from, _, to)| from.max(to));
        for _ in 0..=*ends.max().expect("a step") {
            graph.add();
        }
        for (from, class, to) in steps {
            graph.connect(Node::from(*from), Node::from(*to), *class);
        }
        graph
    }

    /// The fair components among the states below `missed`, each as its states in order.
    fn stuck(graph: &Graph, missed: u32) -> Vec<Vec<usize>> {
        let components = graph.fair_components(|node| node.index() < missed as usize);
        let mut stuck: Vec<Vec<usize>> = components
            .iter()
            .map(|component| {
                let mut nodes: Vec<_> = component.nodes.iter().map(|node| node.index()).collect();
                nodes.sort_unstable();
                nodes
            })
            .collect();
        stuck.sort();
        stuck
    }

    #[test]
    fn who_neglects_a_class_does_not_stay() {
        // In each graph the last state is the goal; the numbers are where a run may miss it for ever.
        for (what, steps, missed, expected) in [
            ("a dead end", vec![(0, A, 1), (0, A, 2)], 2, vec![vec![1]]),
            (
                "a step that nobody has to take leads away from it",
                vec![(0, UNFAIR, 1)],
                1,
                vec![vec![0]],
            ),
            (
                "a fair step leads away: nobody stays",
                vec![(0, A, 1)],
                1,
                vec![],
            ),
            (
                "an unfair cycle, and a fair step from one of its states only: the step is not \
                 enabled for ever",
                vec![(0, UNFAIR, 1), (1, UNFAIR, 0), (1, A, 2)],
                2,
                vec![vec![0, 1]],
            ),
            (
                "the same from all of its states",
                vec![(0, UNFAIR, 1), (1, UNFAIR, 0), (0, A, 2), (1, A, 2)],
                2,
                vec![],
            ),
            (
                "a fair step that changes nothing is taken all the same",
                vec![(0, A, 0), (0, UNFAIR, 1)],
                1,
                vec![vec![0]],
            ),
            (
                "a cycle that needs both of its classes: A goes one way, B the other",
                vec![(0, A, 1), (1, B, 0), (0, UNFAIR, 2)],
                2,
                vec![vec![0, 1]],
            ),
            (
                "two cycles that neglect a class each, and together none",
                vec![
                    (0, A, 1),
                    (1, A, 0),
                    (0, B, 2),
                    (2, B, 0),
                    (1, B, 0),
                    (2, A, 0),
                    (0, UNFAIR, 3),
                ],
                3,
                vec![vec![0, 1, 2]],
            ),
            (
                "a component that hangs on the goal is none without it",
                vec![(0, A, 1), (1, A, 0)],
                1,
                vec![],
            ),
            (
                "two places to be stuck in, one behind the other; only what is fair is told",
                vec![(0, A, 0), (0, B, 1), (1, B, 1), (1, UNFAIR, 2)],
                2,
                vec![vec![1]],
            ),
        ] {
            assert_eq!(stuck(&graph(&steps, 0), missed), expected, "{what}");
        }
    }

    /// A channel that loses whatever is sent: send (A) and lose without end, receiving (B) enabled in
    /// between.  Weakly fair, strongly not.
    #[test]
    fn a_strong_class_is_not_put_off_by_being_disabled_now_and_then() {
        let steps = [(0, A, 1), (1, UNFAIR, 0), (1, B, 2)];
        assert_eq!(stuck(&graph(&steps, 0), 2), [[0, 1]]);
        assert!(stuck(&graph(&steps, 0b10), 2).is_empty());
    }

    /// The outer component neglects the strong class; within it there is a cycle that avoids it, and
    /// one that would neglect it too.
    #[test]
    fn a_component_may_be_fair_within_one_that_is_not() {
        let steps = [
            (0, UNFAIR, 1),
            (1, UNFAIR, 0),
            (1, UNFAIR, 2),
            (2, UNFAIR, 1),
            (2, B, 3),
        ];
        let graph = graph(&steps, 0b10);
        assert_eq!(stuck(&graph, 3), [[0, 1]]);
    }

    #[test]
    fn a_round_takes_what_fairness_asks_for() {
        let steps = [(0, A, 1), (1, UNFAIR, 2), (2, B, 0), (0, UNFAIR, 0)];
        let graph = graph(&steps, 0);
        let [component] = &graph.fair_components(|_| true)[..] else {
            panic!("one component");
        };
        let round = graph.round(component, Node::new(0));
        let walked: Vec<_> = round.iter().map(|(_, node)| node.index()).collect();
        // In state 1 neither class is enabled; so that the run is fair it has only to come there.
        assert_eq!(walked, [1, 2, 0]);
    }

    #[test]
    fn the_nearest_counts_what_came_before() {
        let steps = [(0, A, 2), (1, A, 3), (3, A, 4)];
        let graph = graph(&steps, 0);
        let starts = [(5, Node::new(0)), (1, Node::new(1))];
        let nearest = |wanted: &[usize]| {
            let found = graph.nearest(&starts, |node| wanted.contains(&node.index()));
            found.map(|(start, way)| (start.index(), way.len()))
        };
        assert_eq!(nearest(&[2, 4]), Some((1, 2)));
        assert_eq!(nearest(&[2]), Some((0, 1)));
        assert_eq!(nearest(&[7]), None);
    }
}
