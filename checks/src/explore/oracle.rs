//! The same search by stateright's own breadth-first checker: slower, independent, and therefore the
//! judge.
//!
//! One thread, so that the search is breadth-first and every path shortest.  No time limit and no depth
//! limit; a limit on states is checked against the count afterwards, because a run of stateright's that
//! was cut short still says that it is done.  The model must have a property that always holds, without
//! which the search ends as soon as the others are settled.

use super::{Counts, Coverage, Cut, Explorable, Path, Searched};
use stateright::{Checker, Expectation};

/// Searches with stateright; a limit of states generated is all that can be set.
pub fn search<M: Explorable>(model: &M, generated: usize) -> Searched<M> {
    let checker = model
        .clone()
        .checker()
        .threads(1)
        .target_state_count(generated)
        .spawn_bfs()
        .join();
    let counts = Counts {
        unique: checker.unique_state_count(),
        generated: checker.state_count(),
        depth: checker.max_depth().saturating_sub(1),
    };
    let mut found = checker.discoveries();
    let mut outcome = Searched {
        counts,
        represented: counts.unique,
        cut: (counts.generated >= generated).then_some(Cut::States),
        bytes: 0,
        visited_bytes: 0,
        coverage: Coverage::default(),
        arose: Vec::new(),
        violated: Vec::new(),
    };
    for property in model.properties() {
        let Some(path) = found.remove(property.name) else {
            continue;
        };
        if property.expectation == Expectation::Sometimes {
            outcome.arose.push(property.name);
            continue;
        }
        let steps = path.into_vec();
        let path = Path {
            beginning: steps[0].0.clone(),
            actions: steps.into_iter().filter_map(|(_, action)| action).collect(),
        };
        outcome.violated.push((property.name, path));
    }
    outcome
}
