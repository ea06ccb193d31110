//! A pass and its null pass, timed in turns.

use crate::circumstances::middle;
use std::time::{Duration, Instant};

/// The most turns that are taken, and how long it is gone on with after the fewest.
const MOST_TURNS: usize = 31;
const FEWEST_TURNS: usize = 7;
const LONG_ENOUGH: Duration = Duration::from_millis(700);

/// What is done in a turn.  What makes ready is not timed.
pub(crate) struct Turn<S> {
    pub(crate) make_ready: fn(&mut S),
    pub(crate) pass: fn(&mut S),
    pub(crate) null_pass: fn(&mut S),
}

/// What came out, of the turn in the middle.
#[derive(Clone, Copy)]
pub(crate) struct Paired {
    /// Nanoseconds a partition.
    pub(crate) pass: f64,
    /// The same, of the null pass.
    pub(crate) null_pass: f64,
    /// The null pass by the pass, within a turn.
    pub(crate) of_null: f64,
}

/// Takes turns over `partitions` partitions.  The first turn warms up, and does not count.
pub(crate) fn paired<S>(state: &mut S, partitions: usize, turn: &Turn<S>) -> Paired {
    let (mut passes, mut null_passes, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let begun = Instant::now();
    for number in 0..=MOST_TURNS {
        (turn.make_ready)(state);
        let pass = timed(state, turn.pass);
        let null_pass = timed(state, turn.null_pass);
        if number == 0 {
            continue;
        }
        passes.push(pass / partitions as f64);
        null_passes.push(null_pass / partitions as f64);
        ratios.push(null_pass / pass);
        if number >= FEWEST_TURNS && begun.elapsed() > LONG_ENOUGH {
            break;
        }
    }
    Paired {
        pass: middle(passes),
        null_pass: middle(null_passes),
        of_null: middle(ratios),
    }
}

fn timed<S>(state: &mut S, run: fn(&mut S)) -> f64 {
    let begun = Instant::now();
    run(state);
    begun.elapsed().as_secs_f64() * 1e9
}
