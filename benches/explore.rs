//! What it costs to explore a space.
//!
//! | `cargo bench -p highwater-benches --bench explore` | |
//! |---|---|
//! | `-- side-by-side` | every explorer on every space, each in a process of its own: the table of docs/PERFORMANCE.md |
//! | `-- largest [EXPLORER]` | the largest spaces that were exhausted, once; see there |
//! | `-- measure SPACE EXPLORER` | one of all these, on its own: for a profiler |
//! | `-- FILTER` | criterion, on what takes microseconds; `-- --list` names it |
//!
//! Without more it is criterion and then side by side.  Without `--bench`, as `cargo test` runs it, every
//! small thing is done once and nothing is measured.

mod circumstances;
mod explorers;
mod side_by_side;
mod small;
mod spaces;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words = arguments.iter().filter(|word| !word.starts_with('-'));
    let words: Vec<&str> = words.map(String::as_str).collect();
    let is_measured = arguments.iter().any(|word| word == "--bench");
    match words[..] {
        ["measure", space, explorer] => side_by_side::measure_here(space, explorer),
        ["side-by-side"] => side_by_side::all(),
        ["largest"] => side_by_side::largest("levels-folded"),
        ["largest", explorer] => side_by_side::largest(explorer),
        _ => {
            small::run();
            if is_measured && words.is_empty() && arguments.len() == 1 {
                side_by_side::all();
            }
        }
    }
}
