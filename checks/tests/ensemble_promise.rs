//! Every step of a ZooKeeper ensemble is a step of the machine that `replication` takes for granted,
//! or one of two moves of operators that are named here.

use highwater_checks::quorum::operators::{
    both_sides_broken_out, ensemble, one_side_broken_out, promoted_observer,
};
use highwater_checks::quorum::promise::kept_by_ensemble;
use highwater_model::quorum::ensemble::Verifier;
use highwater_model::zookeeper::promise::Breach;
use highwater_model::zookeeper::{Event, Zookeeper};
use highwater_vocabulary::{Datacenter, Member};

fn cut(mut model: Zookeeper) -> Zookeeper {
    model.bounds.cuts = vec![[Datacenter::at(0), Datacenter::at(1)]];
    model
}

/// Nobody reconfigures: nothing but stutters, appends and new leaders.
#[test]
fn an_ensemble_keeps_the_promise() {
    for (name, model) in [
        (
            "majority",
            cut(ensemble(Verifier::Majority, &[("a", 2), ("b", 1)], 0)),
        ),
        (
            "majority with an observer",
            ensemble(Verifier::Majority, &[("a", 2), ("b", 0)], 1),
        ),
        (
            "two groups",
            cut(ensemble(Verifier::Hierarchical, &[("a", 2), ("b", 2)], 0)),
        ),
        ("one group of two is broken out", one_side_broken_out()),
    ] {
        let found = kept_by_ensemble(&model);
        assert!(found.breach.is_none(), "{name}: {:?}", found.breach);
        assert!(
            found.moves.iter().all(|count| *count > 0),
            "{name}: {found:?}"
        );
    }
}

/// A new leader that need not have the newest history of its quorum breaks it: the test can fail.
#[test]
fn a_leader_without_the_newest_history_goes_back() {
    let mut model = ensemble(Verifier::Majority, &[("a", 2), ("b", 1)], 0);
    model.newest_history_leads = false;
    let (_, breach) = kept_by_ensemble(&model).breach.expect("a breach");
    let is_known = matches!(breach, Breach::GoesBack(_) | Breach::Forks(_));
    assert!(is_known, "{breach:?}");
}

/// The two exceptions, each by the move of an operator.
#[test]
fn operators_break_it_in_two_ways() {
    for (name, model) in [
        ("a stale observer is promoted", promoted_observer()),
        ("both sides are broken out", both_sides_broken_out()),
    ] {
        let (events, breach) = kept_by_ensemble(&model).breach.expect(name);
        let lines = events.iter().map(|event| event.line(&model.setting));
        let told: Vec<String> = lines.collect();
        println!("{name}: {breach:?}\n  {}", told.join("\n  "));
        let broken_out = |event: &Event| matches!(event, Event::BreakOut(_));
        assert!(events.iter().any(broken_out), "{name}: {told:?}");
    }
}
