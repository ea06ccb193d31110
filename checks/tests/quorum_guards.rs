//! Every guard of the quorum is worth something, or we know why not: the whole table, line by line.

use highwater_checks::quorum::guards::{Worth, line, try_line};
use highwater_model::quorum::Guard;
use std::collections::BTreeSet;

#[test]
fn every_guard_has_one_line() {
    let names: BTreeSet<_> = Guard::ALL.iter().map(|guard| guard.name()).collect();
    assert_eq!(names.len(), Guard::ALL.len(), "two guards have one name");
    for guard in Guard::ALL {
        assert_eq!(line(*guard).guard, *guard);
    }
}

#[test]
fn every_guard_is_worth_what_the_table_says() {
    let mut wrong = Vec::new();
    let mut breaking = 0;
    for guard in Guard::ALL {
        let started = std::time::Instant::now();
        let found = try_line(line(*guard));
        println!(
            "{:32} {} [{:?}]",
            guard.name(),
            found.told,
            started.elapsed()
        );
        if !found.expected {
            wrong.push(format!("{guard}: {}", found.told));
        }
        let alone = matches!(
            line(*guard).worth,
            Worth::Breaks(..) | Worth::BreaksInStory(..)
        );
        breaking += usize::from(alone);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        breaking * 2 > Guard::ALL.len(),
        "more than half break something by themselves"
    );
}
