//! The published model of Kafka replication with KIP-320, held to what TLC says about the original.
//!
//! TLC 2.15 was run with one worker on the original at its commit `d68782b`, with three replicas, logs
//! of two records, two records and leader epochs 0 to 2; and on the same with one rule replaced by its
//! predecessor.  Where a number below is TLC's, too, it says so.
//!
//! **Levels** are counted as TLC counts the depth of a state graph and stateright its `max_depth`: the
//! first state is level 1, so a history of `n` events ends on level `n + 1`.

use highwater_checks::peers::kip320::{
    Action, EXPOSED, Kip320, Leadership, Rule, STRONG_ISR, Slots, State, WEAK_ISR,
};
use stateright::{Checker, Model, Path};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;
use std::sync::LazyLock;

/// What a search through all states says.
#[derive(PartialEq, Eq, Debug)]
struct Outcome {
    unique: usize,
    generated: usize,
    levels: usize,
    /// Each invariant that falls, with the events in the shortest history against it.
    falls: Vec<(&'static str, usize)>,
}

type Histories = BTreeMap<&'static str, Path<State, Action>>;

/// Breadth-first, on one thread, until nothing is left.
fn explore(model: Kip320) -> (Outcome, Histories) {
    let checker = model.checker().threads(1).spawn_bfs().join();
    assert!(checker.is_done());
    let mut found: Histories = checker.discoveries().into_iter().collect();
    assert!(found.remove(EXPOSED).is_some(), "{model:?} is vacuous");
    let falls = found.iter().map(|(name, path)| (*name, events(path).len()));
    let outcome = Outcome {
        unique: checker.unique_state_count(),
        generated: checker.state_count(),
        levels: checker.max_depth(),
        falls: falls.collect(),
    };
    (outcome, found)
}

fn events(path: &Path<State, Action>) -> Vec<Action> {
    let steps = path.clone().into_vec();
    steps.into_iter().filter_map(|(_, event)| event).collect()
}

/// All states by level, without stateright and without fingerprints.
fn levels(model: &Kip320) -> Vec<Vec<State>> {
    let mut seen = HashSet::from([model.beginning()]);
    let mut levels = vec![vec![model.beginning()]];
    while let Some(level) = levels.last().filter(|level| !level.is_empty()) {
        let after = level.iter().flat_map(|state| successors(model, state));
        let next = after.filter(|state| seen.insert(*state)).collect();
        levels.push(next);
    }
    levels.pop();
    levels
}

/// All states of the published size.
static PUBLISHED: LazyLock<Vec<Vec<State>>> = LazyLock::new(|| levels(&Kip320::PUBLISHED));

/// What may come next, once for each action.
fn successors(model: &Kip320, state: &State) -> Vec<State> {
    let mut actions = Vec::new();
    model.actions(state, &mut actions);
    let after = actions.into_iter().map(|action| model.next(state, action));
    after.flatten().collect()
}

#[test]
fn kip320_has_as_many_states_and_levels_as_tlc_counts() {
    let (outcome, _) = explore(Kip320::PUBLISHED);
    let expected = Outcome {
        unique: 737_794,
        generated: 1_929_154,
        levels: 26,
        falls: vec![],
    };
    assert_eq!(outcome, expected);
}

/// TLC says 1,967,560 for the number that is 1,929,154 above, and both are right: the rule by which a
/// leader shrinks the ISR has two reasons, and where both are given TLC takes the step twice.
#[test]
fn kip320_generates_as_many_states_as_tlc_but_for_two_reasons_at_once() {
    let mut twice = 0;
    for state in PUBLISHED.iter().flatten() {
        for leader in 0..3 {
            for follower in 0..3 {
                let shrink = Action::LeaderShrinkIsr { leader, follower };
                if Kip320::PUBLISHED.next(state, shrink).is_none() {
                    continue;
                }
                let [leader, follower] = [leader, follower].map(usize::from);
                let [leads, follows] = [leader, follower].map(|slot| state.replicas[slot].knows);
                let of_another_epoch =
                    (leads.leader, leads.epoch) != (follows.leader, follows.epoch);
                let behind = state.logs[follower].end < state.logs[leader].end;
                assert!(of_another_epoch || behind);
                twice += usize::from(of_another_epoch && behind);
            }
        }
    }
    assert_eq!(1_929_154 + twice, 1_967_560);
}

/// One rule at a time is what it was before KIP-320.
///
/// TLC counts the same states and levels for each, and finds the same invariants falling to histories
/// of the same lengths.
#[test]
fn kip320_needs_its_fences() {
    //    what it was       unique     generated  StrongIsr and WeakIsr fall after
    #[rustfmt::skip]
    let table = [
        (Rule::Expansion,   1_064_089, 3_240_952, Some(11), Some(13)),
        // It only shrinks less.
        (Rule::Shrinking,     717_544, 1_865_758, None,     None),
        (Rule::Watermark,     742_366, 1_950_856, Some(12), Some(12)),
        (Rule::Truncation,    873_256, 2_580_415, Some(13), Some(13)),
        // A leader of the past exposes what it fetched from its successor.  The ISR in the quorum has
        // that; the one that it believes in has not.
        (Rule::Fetch,         863_029, 2_427_241, None,     Some(12)),
    ];
    for (rule, unique, generated, strong, weak) in table {
        let (outcome, histories) = explore(Kip320::PUBLISHED.without_fence(rule));
        let falls = [(STRONG_ISR, strong), (WEAK_ISR, weak)];
        let expected = Outcome {
            unique,
            generated,
            levels: 26,
            falls: falls
                .into_iter()
                .filter_map(|(name, length)| Some((name, length?)))
                .collect(),
        };
        assert_eq!(outcome, expected, "without the fence of {rule:?}");
        if !histories.is_empty() {
            let name = format!("without_the_fence_of_{rule:?}").to_lowercase();
            insta::assert_snapshot!(name, told(&histories));
        }
    }
}

/// Each history with the invariants that fall to it, its events a line each, and where it ends.
fn told(histories: &Histories) -> String {
    let mut ends: BTreeMap<Vec<Action>, (Vec<&str>, State)> = BTreeMap::new();
    for (name, path) in histories {
        let end = ends.entry(events(path));
        end.or_insert((vec![], *path.last_state())).0.push(name);
    }
    let mut text = String::new();
    for (events, (names, end)) in ends {
        writeln!(text, "{}\n", names.join(", ")).expect("a string takes everything");
        for event in events {
            writeln!(text, "    {event}").expect("a string takes everything");
        }
        writeln!(text, "\n{end}\n").expect("a string takes everything");
    }
    text
}

/// The numbers of the smaller models are TLC's, too.
#[test]
fn kip320_is_counted_alike_by_a_bare_loop() {
    let counts = |levels: &[Vec<State>]| (levels.iter().map(Vec::len).sum(), levels.len());
    assert_eq!(counts(&PUBLISHED), (737_794, 26));
    for (replicas, log_size, records, epochs, unique, depth) in [
        (2, 1, 2, 3, 1_919, 15),
        (2, 2, 2, 3, 5_973, 18),
        (2, 2, 3, 2, 1_321, 16),
        (3, 2, 2, 2, 39_619, 22),
    ] {
        let model = Kip320 {
            replicas,
            log_size,
            records,
            epochs,
            unfenced: None,
        };
        assert_eq!(counts(&levels(&model)), (unique, depth), "{model:?}");
        let (outcome, _) = explore(model);
        assert_eq!(
            (outcome.unique, outcome.levels),
            (unique, depth),
            "{model:?}"
        );
        assert_eq!(outcome.falls, [], "{model:?}");
    }
}

/// No replica has a name: rename them, and what may happen next is renamed along.
#[test]
fn kip320_is_symmetric_in_its_replicas() {
    let model = Kip320::PUBLISHED;
    for state in PUBLISHED.iter().flatten().step_by(199) {
        let after = successors(&model, state);
        for order in model.orders() {
            let renamed = |state| model.relabelled(state, order);
            let renamed_after: HashSet<State> = after.iter().map(renamed).collect();
            let after_renamed = HashSet::from_iter(successors(&model, &renamed(state)));
            assert_eq!(renamed_after, after_renamed, "{state}\n{order:?}");
        }
    }
}

/// A few more than a sixth of the states: some look the same with two replicas exchanged.
#[test]
fn kip320_states_fall_into_orbits() {
    let model = Kip320::PUBLISHED;
    let orders = model.orders();
    let (mut orbits, mut in_them) = (0, 0);
    for state in PUBLISHED.iter().flatten() {
        let orbit = orders.iter().map(|order| model.relabelled(state, *order));
        let orbit: BTreeSet<State> = orbit.collect();
        if orbit.first() == Some(state) {
            orbits += 1;
            in_them += orbit.len();
        }
    }
    assert_eq!((orbits, in_them), (123_311, 737_794));
}

/// What the port must not mend.
#[test]
fn kip320_is_as_odd_as_the_original() {
    let states = || PUBLISHED.iter().flatten();
    let sent = |state: &State| state.requests[..usize::from(state.next_epoch)].to_vec();

    let names_no_leader = |state: &State| sent(state).iter().any(|sent| sent.leader.is_none());
    assert!(states().any(names_no_leader));
    let read_that = |knows: Leadership| knows.epoch.is_some() && knows.leader.is_none();
    assert!(!states().any(|state| {
        state
            .replicas
            .iter()
            .any(|replica| read_that(replica.knows))
    }));

    assert!(states().any(|state| state.quorum.isr == Slots::default()));

    let leader = Kip320::PUBLISHED.beginning().quorum.leader;
    assert_eq!(leader, None, "so the leader is not in the ISR");
}

/// An order leaves unused room alone, and renaming back undoes it.
#[test]
fn kip320_renames_back() {
    let pair = Kip320 {
        replicas: 2,
        ..Kip320::PUBLISHED
    };
    assert_eq!(pair.orders(), [[0, 1, 2], [1, 0, 2]]);
    for state in levels(&pair).iter().flatten() {
        let renamed = pair.relabelled(state, [1, 0, 2]);
        assert_eq!(pair.relabelled(&renamed, [1, 0, 2]), *state);
    }
}
