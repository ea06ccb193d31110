//! Who explores: stateright, our own explorer by levels, and the bare loop that both are held against.

use highwater_checks::explore::{Explorable, Limits, Listener, Question, key_of, search};
use stateright::Checker;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// An explorer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Explorer {
    /// The same actions, successors and keys, and nothing else: no properties, no histories.
    BareLoop,
    /// Ours, on so many workers; with symmetry or without.
    Levels { workers: usize, symmetry: bool },
    /// Of stateright, on one thread.
    BreadthFirst,
    /// Of stateright, on one thread.
    DepthFirst,
}

/// Everybody that explores a space, by name.
pub(crate) const EXPLORERS: [(&str, Explorer); 7] = [
    ("bare-loop", Explorer::BareLoop),
    ("levels-1", levels(1)),
    ("levels-2", levels(2)),
    ("stateright-bfs", Explorer::BreadthFirst),
    ("stateright-dfs", Explorer::DepthFirst),
    ("levels-folded", folded(1)),
    ("levels-folded-2", folded(2)),
];

/// Those that are compared, all of which find the same states.
pub(crate) fn compared() -> impl Iterator<Item = &'static str> {
    EXPLORERS.iter().take(5).map(|(name, _)| *name)
}

const fn levels(workers: usize) -> Explorer {
    Explorer::Levels {
        workers,
        symmetry: false,
    }
}

const fn folded(workers: usize) -> Explorer {
    Explorer::Levels {
        workers,
        symmetry: true,
    }
}

/// What was explored.
pub(crate) struct Explored {
    pub(crate) unique: usize,
    pub(crate) generated: usize,
    /// As many states as these stand for.
    pub(crate) represented: usize,
    /// Steps to the farthest state, where it is known.
    pub(crate) depth: Option<usize>,
    /// What the explorer itself says that the states it has seen take, at the end.
    pub(crate) visited_bytes: Option<usize>,
}

impl Explorer {
    pub(crate) fn named(name: &str) -> Option<Explorer> {
        let found = EXPLORERS.iter().find(|(known, _)| *known == name);
        found.map(|(_, explorer)| *explorer)
    }

    /// Explores everything.  Only ours knows limits, and tells how far it has come.
    pub(crate) fn explore<M: Explorable>(
        self,
        model: &M,
        limits: Limits,
        listener: Listener,
    ) -> Explored {
        let (checker, model) = match self {
            Explorer::BareLoop => return bare_loop(model),
            Explorer::Levels { workers, symmetry } => {
                let question = Question {
                    limits,
                    symmetry,
                    workers,
                    ..Question::new(model.clone())
                };
                return by_levels(question, listener);
            }
            Explorer::BreadthFirst | Explorer::DepthFirst => (model.clone().checker(), model),
        };
        // Every model here has a property that always holds, so the search goes on to the end.
        let holds = |name: &str| model.properties().iter().any(|known| known.name == name);
        assert!(holds("everything is explored"));
        let (unique, generated) = match self {
            Explorer::BreadthFirst => counts(&checker.threads(1).spawn_bfs().join()),
            _ => counts(&checker.threads(1).spawn_dfs().join()),
        };
        Explored {
            unique,
            generated,
            represented: unique,
            depth: None,
            visited_bytes: None,
        }
    }
}

fn counts<M: stateright::Model>(checker: &impl Checker<M>) -> (usize, usize) {
    (checker.unique_state_count(), checker.state_count())
}

fn by_levels<M: Explorable>(question: Question<M>, listener: Listener) -> Explored {
    let found = search(question, listener);
    assert_eq!(found.cut, None, "the space was not exhausted");
    Explored {
        unique: found.counts.unique,
        generated: found.counts.generated,
        represented: found.represented,
        depth: Some(found.counts.depth),
        visited_bytes: Some(found.visited_bytes),
    }
}

/// The ceiling: what is left if nothing is asked but which states there are.
fn bare_loop<M: Explorable>(model: &M) -> Explored {
    let mut visited: HashSet<u64, BuildHasherDefault<Itself>> = HashSet::default();
    let mut room = Vec::new();
    let mut generated = 0;
    let mut depth = 0;
    let mut level = Vec::new();
    for state in model.init_states() {
        generated += 1;
        if visited.insert(key_of(&state, &mut room)) {
            level.push(state);
        }
    }
    let mut actions = Vec::new();
    loop {
        let mut next_level = Vec::new();
        for state in &level {
            model.actions(state, &mut actions);
            for action in actions.drain(..) {
                let Some(next) = model.next_state(state, action) else {
                    continue;
                };
                generated += 1;
                if visited.insert(key_of(&next, &mut room)) {
                    next_level.push(next);
                }
            }
        }
        if next_level.is_empty() {
            break;
        }
        depth += 1;
        level = next_level;
    }
    let unique = visited.len();
    let place = size_of::<u64>() + 1;
    Explored {
        unique,
        generated,
        represented: unique,
        depth: Some(depth),
        visited_bytes: Some((visited.capacity() * 8 / 7).next_power_of_two() * place),
    }
}

/// A key is a hash already.
#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only keys are hashed by themselves")
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
