//! Every guard is worth something, or we know why not: the whole table, tried line by line.

use highwater_checks::guards::{Worth, line, try_line};
use highwater_model::replication::Guard;
use insta::assert_snapshot;
use std::collections::BTreeSet;
use std::fmt::Write;

#[test]
fn every_guard_has_one_line() {
    let names: BTreeSet<_> = Guard::ALL.iter().map(|guard| guard.name()).collect();
    assert_eq!(
        names.len(),
        Guard::ALL.len(),
        "two guards have the same name"
    );
    for guard in Guard::ALL {
        assert_eq!(line(*guard).guard, *guard);
    }
}

#[test]
fn every_guard_is_worth_what_the_table_says() {
    let mut wrong = Vec::new();
    let (mut breaking, mut table) = (0, String::new());
    for guard in Guard::ALL {
        let found = try_line(line(*guard));
        let [without, with] = found.states;
        let (rule, name, worth) = (guard.rule(), guard.name(), found.worth);
        let _ = writeln!(
            table,
            "{rule:5} {name:34} {worth}  ({without} states, {with} with it)"
        );
        if !found.is_as_expected() {
            wrong.push(format!(
                "{guard}: expected {}, found {}",
                found.line.worth, found.worth
            ));
        }
        breaking += usize::from(matches!(found.worth, Worth::Breaks(..)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_snapshot!("what_every_guard_is_worth", table);
    assert!(
        breaking * 2 > Guard::ALL.len(),
        "more than half of the guards break something by themselves"
    );
}
