//! What stateright does, as far as our verdicts rest on it.  A sentence a test.
//!
//! A green test that proves nothing is the worst defect we can have, and most of what is pinned
//! here can make one.  When an upgrade of stateright turns a sentence red, read its comment, see
//! whether what the project does instead is still needed, and only then change the sentence.
//!
//! **Deliberately absent:** our own rules.  Every model here is a graph of numbers, so that a
//! failure speaks about stateright and about nothing else.

use std::{collections::BTreeSet, time::Duration};

use stateright::{Checker, HasDiscoveries, Model, Property};

/// A graph that starts at 0.  An action is the number it leads to, so a history reads as the
/// numbers it visits.
struct Graph {
    next: Box<dyn Fn(u32) -> Vec<u32> + Send + Sync>,
    properties: Vec<Property<Graph>>,
}

impl Model for Graph {
    type State = u32;
    type Action = u32;

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }
    fn actions(&self, state: &u32, actions: &mut Vec<u32>) {
        actions.extend((self.next)(*state));
    }
    fn next_state(&self, _: &u32, action: u32) -> Option<u32> {
        Some(action)
    }
    fn properties(&self) -> Vec<Property<Graph>> {
        self.properties.clone()
    }
    fn within_boundary(&self, state: &u32) -> bool {
        *state < BOUNDARY
    }
}

/// Several times the 1,500 states that stateright takes between two looks at its limits.
const BOUNDARY: u32 = 10_000;

/// One after the other: the state `n` is `n` steps deep.
fn line(n: u32) -> Vec<u32> {
    vec![n + 1]
}

/// Every number is reached by long histories and by short ones.
fn strides(n: u32) -> Vec<u32> {
    vec![n + 1, n + 10]
}

/// The edges of a small graph, in the order in which the actions are offered.
fn edges(edges: &'static [(u32, u32)]) -> impl Fn(u32) -> Vec<u32> {
    |n| {
        edges
            .iter()
            .filter(|(from, _)| *from == n)
            .map(|(_, to)| *to)
            .collect()
    }
}

fn below_30() -> Property<Graph> {
    Property::always("below 30", |_, n| *n < 30)
}

fn below_5000() -> Property<Graph> {
    Property::always("below 5000", |_, n| *n < 5_000)
}

/// A model whose run ends by exhaustion, for the last of its properties is never discovered.
fn graph<const N: usize>(
    next: impl Fn(u32) -> Vec<u32> + Send + Sync + 'static,
    properties: [Property<Graph>; N],
) -> Graph {
    let mut graph = Graph {
        next: Box::new(next),
        properties: properties.into(),
    };
    graph
        .properties
        .push(Property::always("never discovered", |_, _| true));
    graph
}

fn breadth_first(graph: Graph) -> impl Checker<Graph> {
    graph.checker().spawn_bfs().join()
}

fn history(checker: &impl Checker<Graph>, property: &'static str) -> Option<Vec<u32>> {
    checker.discovery(property).map(|path| path.into_actions())
}

/// What `assert_no_discovery` takes for a proof.
fn says_it_holds(checker: &impl Checker<Graph>, property: &'static str) -> bool {
    checker.is_done() && history(checker, property).is_none()
}

// Trap 1: which history is kept.

/// So one exhaustive run may carry all properties and still print a shortest history for each.
/// stateright 0.31.0 overwrites a discovery with every later one and prints one of the longest
/// (1,008 steps here instead of 3): the reason why we stay on 0.30.2.
#[test]
fn of_many_properties_in_one_run_each_keeps_a_shortest_history() {
    let met = Property::sometimes("25 is met", |_, n| *n == 25);
    let checker = breadth_first(graph(strides, [below_30(), met, below_5000()]));

    assert_eq!(history(&checker, "below 30").unwrap().len(), 3);
    assert_eq!(history(&checker, "25 is met").unwrap().len(), 7);
    assert_eq!(history(&checker, "below 5000").unwrap().len(), 500);
    assert_eq!(
        checker.unique_state_count(),
        10_000,
        "the run goes on after a discovery"
    );
}

/// Of an `eventually` the last discovery is kept, and after the first it is no longer evaluated:
/// the history reported may be one in which it holds.  We state no `eventually`.
#[test]
fn the_history_of_an_eventually_may_be_one_that_satisfies_it() {
    let two = Property::eventually("2 is met", |_, n| *n == 2);
    let checker = breadth_first(graph(edges(&[(0, 1), (0, 2)]), [two]));

    assert_eq!(history(&checker, "2 is met"), Some(vec![2]));
}

// Trap 2: a run that was cut says the same as a run that was exhausted.

/// So no run of ours has a `target_state_count`, and `holds`, `violated` or `incomplete` is our
/// own outcome, never read off `is_done` or `assert_no_discovery`.
#[test]
fn a_run_cut_by_a_state_count_still_says_it_is_done() {
    let model = graph(line, [below_5000()]);
    let checker = model.checker().target_state_count(100).spawn_bfs().join();

    assert!(
        checker.unique_state_count() < 5_000,
        "the violation is not reached"
    );
    assert!(says_it_holds(&checker, "below 5000"));
    checker.assert_no_discovery("below 5000");
}

// Trap 3: bounds on the depth.

/// A bound of `d` checks histories of up to `d - 2` steps; the states one step further are
/// counted as if they had been looked at.  Our bounds are budgets in the state.
#[test]
fn a_depth_bound_counts_the_states_at_that_depth_and_does_not_check_them() {
    for (bound, found) in [(31, false), (32, true)] {
        let model = graph(line, [below_30()]);
        let checker = model.checker().target_max_depth(bound).spawn_bfs().join();

        assert_eq!(
            (checker.unique_state_count(), checker.max_depth()),
            (bound, bound)
        );
        assert_eq!(!says_it_holds(&checker, "below 30"), found, "bound {bound}");
    }
}

/// A state first met by a long history is cut there, and not looked at again when a short one
/// arrives.  Depth first shows it every time; breadth first on two threads does it now and then,
/// which no test can pin.  Again: budgets in the state, and no `target_max_depth`.
#[test]
fn a_depth_bound_loses_states_within_it_unless_the_search_is_breadth_first() {
    let not_3 = Property::always("not 3", |_, n| *n != 3);
    let two_ways = || edges(&[(0, 4), (4, 3), (0, 1), (1, 2), (2, 3)]);
    let bounded = || {
        graph(two_ways(), [not_3.clone()])
            .checker()
            .target_max_depth(4)
    };

    assert_eq!(
        history(&bounded().spawn_bfs().join(), "not 3"),
        Some(vec![4, 3])
    );
    assert!(says_it_holds(&bounded().spawn_dfs().join(), "not 3"));
}

// Trap 4: settings that are silently ignored.

/// A timeout closes the market of jobs, and a single thread goes there only to fetch the start
/// and to say goodbye.  Whether the clock or the thread is there first is chance, so both are
/// pinned: all is explored, or nothing but the start is, and either is "done".  (A timeout also
/// makes a run of a millisecond last seconds.)  We never set one.
#[test]
fn a_timeout_long_past_never_interrupts_a_single_thread() {
    for _ in 0..100 {
        let model = graph(line, []);
        let checker = model.checker().timeout(Duration::ZERO).spawn_bfs().join();

        assert!([1, 10_000].contains(&checker.unique_state_count()));
        assert!(says_it_holds(&checker, "never discovered"));
    }
}

/// A run that was meant to be symmetric is larger, never wrong; but its size says nothing about
/// the symmetry.  Depth first honours it.  `spawn_on_demand` is what the Explorer runs on; it is
/// not joined, for that never returns.  Our symmetry is in the key of our own explorer.
#[test]
fn symmetry_is_ignored_by_breadth_first_and_by_the_explorer() {
    let twins = || edges(&[(0, 1), (0, 2), (1, 3), (2, 4)]);
    let elder = |n: &u32| [0, 1, 1, 3, 3][*n as usize];
    let symmetric = || graph(twins(), []).checker().symmetry_fn(elder);
    let on_demand = symmetric().spawn_on_demand();
    on_demand.run_to_completion();
    while !on_demand.is_done() {
        std::thread::yield_now();
    }

    assert_eq!(symmetric().spawn_dfs().join().unique_state_count(), 3);
    assert_eq!(symmetric().spawn_bfs().join().unique_state_count(), 5);
    assert_eq!(on_demand.unique_state_count(), 5);
}

// Trap 5: `eventually`.

/// A cluster that turns in circles for ever and never elects would pass.  We state no
/// `eventually`; that recovery stays possible is a question of its own.
#[test]
fn eventually_misses_a_history_that_ends_in_a_cycle() {
    let two = Property::eventually("2 is met", |_, n| *n == 2);
    let checker = breadth_first(graph(edges(&[(0, 1), (1, 0)]), [two]));

    assert!(says_it_holds(&checker, "2 is met"));
}

/// What was met on the way is no part of a state: where two histories join, the first to arrive
/// speaks for both.
#[test]
fn eventually_finds_or_misses_a_violation_by_the_order_of_the_actions() {
    let one = || Property::eventually("1 is met", |_, n| *n == 1);
    let one_first = graph(edges(&[(0, 1), (0, 2), (1, 3), (2, 3)]), [one()]);
    let two_first = graph(edges(&[(0, 2), (0, 1), (1, 3), (2, 3)]), [one()]);

    assert!(says_it_holds(&breadth_first(one_first), "1 is met"));
    assert_eq!(
        history(&breadth_first(two_first), "1 is met"),
        Some(vec![2, 3])
    );
}

// Trap 6: threads.

/// Verdict, states and transitions of an exhausted run do not depend on the threads.  With two,
/// which history is found, its length and `max_depth` do (the last may even be too low); all that
/// is certain is that none is shorter than the shortest.  What we print comes from one thread.
#[test]
fn only_one_thread_gives_a_shortest_history_and_the_same_one_twice() {
    let run = |threads| {
        graph(strides, [below_30()])
            .checker()
            .threads(threads)
            .spawn_bfs()
            .join()
    };
    let (once, twice, threaded) = (run(1), run(1), run(2));

    assert_eq!(history(&once, "below 30").unwrap().len(), 3);
    assert_eq!(history(&twice, "below 30"), history(&once, "below 30"));
    assert!(history(&threaded, "below 30").unwrap().len() >= 3);
    assert_eq!(threaded.unique_state_count(), once.unique_state_count());
    assert_eq!(threaded.state_count(), once.state_count());
}

// What else a verdict leans on.

/// A depth is a number of states, one more than the steps; the total is the start and every
/// transition, those that change nothing among them; what is outside the boundary is in neither.
#[test]
fn depth_counts_states_and_the_total_counts_transitions() {
    let idle = edges(&[
        (0, 0),
        (0, 1),
        (1, 1),
        (1, 2),
        (2, 0),
        (2, 2),
        (2, BOUNDARY),
    ]);
    let checker = breadth_first(graph(idle, []));

    assert_eq!(checker.unique_state_count(), 3);
    assert_eq!(checker.max_depth(), 3, "two steps");
    assert_eq!(checker.state_count(), 1 + 6);
}

/// A run stops when every property has its discovery, and without properties every one has.
/// `finish_when` is no way round it: the states are then dropped instead of expanded.  So one of
/// our properties is never discovered, and no count is pinned in a run without it.
#[test]
fn without_an_undiscovered_property_a_run_stops_and_says_it_is_done() {
    let run = |properties, finish_when| {
        let model = Graph {
            next: Box::new(line),
            properties,
        };
        let checker = model.checker().finish_when(finish_when).spawn_bfs().join();
        assert!(checker.is_done());
        checker.unique_state_count()
    };
    let absent = HasDiscoveries::AllOf(BTreeSet::from(["absent"]));

    assert_eq!(run(vec![], HasDiscoveries::All), 1);
    assert_eq!(
        run(vec![below_30()], HasDiscoveries::All),
        31,
        "30 is not expanded"
    );
    assert_eq!(
        run(vec![below_30()], absent),
        31,
        "and is not for an absent property"
    );
}

/// Discoveries are kept by name.  So the names of our properties are asserted to be distinct.
#[test]
fn of_two_properties_with_one_name_only_one_is_heard() {
    let met = Property::sometimes("twice", |_, n| *n == 1);
    let violated = Property::always("twice", |_, n| *n < 30);
    let checker = breadth_first(graph(line, [met, violated]));

    assert_eq!(
        history(&checker, "twice").unwrap().len(),
        1,
        "nothing is heard of 30"
    );
}
