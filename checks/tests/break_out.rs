//! A metadata quorum that is lost with a datacenter: what a part of it that is broken out brings back, and at
//! what price.

mod services;

use highwater_checks::availability::{Move, Service, Word};
use highwater_model::replication::{Disabled, Replication, State};
use highwater_vocabulary::{Datacenter, Event, Member};
use services::{cell, deployment, replay, row};

/// The datacenter that is lost, and the one that is left.
fn both() -> [Datacenter; 2] {
    [0, 1].map(Datacenter::at)
}

/// protocol and layout, and what can be said without a search: min ISR spans both datacenters, so whatever is
/// acknowledged is in b; whoever is elected there was in the ISR, unless the voters of b have missed how
/// that changed.  They have not if the others are no majority without them.
#[test]
fn what_a_minority_has_missed_is_the_price() {
    let [_, b] = both();
    //   replicas, voters, min ISR, row, and whether the move may lose something acknowledged
    for (replicas, voters, min_isr, faults, may_lose) in [
        ([1, 2, 0], [2, 1, 0], 2, "lag+dc-loss:a", true),
        ([1, 2, 0], [2, 2, 0], 2, "lag+dc-loss:a", false), // half of them
        ([1, 2, 0], [2, 1, 0], 2, "dc-loss:a", false),     // nobody ever left the ISR
        ([1, 2, 0], [2, 0, 0], 2, "lag+dc-loss:a", true),  // an observer's copy
        ([1, 2, 0], [2, 1, 0], 2, "lag+dc-destroyed:a", true),
    ] {
        let deployment = deployment("4.1", &replicas, &voters, min_isr, "");
        let found = row(&deployment, faults);
        let case = format!("{voters:?} {faults}");
        let word = match faults.contains("destroyed") {
            true => Word::Manual,
            false => Word::AfterHeal,
        };
        for service in [Service::Writes, Service::Reads] {
            let cell = cell(&found, service);
            assert_eq!(cell.word, word, "{case}");
            let runbook = cell.runbook.as_ref().unwrap_or_else(|| panic!("{case}"));
            assert_eq!(runbook.moves[0], Move::BreakOut(b), "{case}");
            assert_eq!(runbook.may_lose, may_lose, "{case}: {runbook}");
            let elects = runbook.moves.contains(&Move::ElectUnclean);
            assert!(!elects, "{case}: {runbook}");
            replay(cell);
        }
        let metadata = cell(&found, Service::Metadata);
        let moves = metadata.runbook.as_ref().map(|runbook| &runbook.moves);
        assert_eq!(moves, Some(&vec![Move::BreakOut(b)]), "{case}");
        replay(metadata);
    }
}

/// Where links are cut nobody knows whether the other side lives; with ZooKeeper there is one history; and
/// where a majority is left, or nobody who has the metadata, there is nothing to break out.
#[test]
fn nobody_is_broken_out_where_that_may_be_a_second_cluster() {
    for (kafka, replicas, voters, faults) in [
        ("4.1", [1, 1, 0], [2, 1, 0], "cut:a|b"),
        ("4.1", [1, 1, 0], [1, 1, 0], "cut:a|b"),
        ("2.7", [1, 1, 0], [2, 1, 0], "dc-loss:a"),
        ("4.1", [2, 1, 0], [1, 1, 1], "dc-loss:a"),
        ("4.1", [1, 0, 0], [3, 0, 0], "dc-loss:a"),
        ("4.1", [1, 1, 0], [2, 1, 0], "lag"),
    ] {
        let deployment = deployment(kafka, &replicas, &voters, 1, "");
        let found = row(&deployment, faults);
        for cell in &found.cells {
            let runbook = cell.runbook.as_ref();
            let breaks_out = runbook.is_some_and(|runbook| runbook.breaks_out());
            assert!(!breaks_out, "{kafka} {voters:?} {faults}: {cell:?}");
        }
    }
}

fn happens(model: &Replication, state: &State, event: Event) -> State {
    let after = model.step(state, &event);
    after.unwrap_or_else(|why| panic!("{event:?}: {why:?}"))
}

/// To add a voter does not bring the quorum back, and after the break-out it can be done; and whoever lets
/// the lost ones come back as they were has two controllers that commit.
#[test]
fn a_voter_is_added_afterwards_and_the_lost_ones_are_a_second_cluster() {
    let [a, b] = both();
    let deployment = deployment("4.1", &[1, 2, 0], &[2, 1, 0], 2, "");
    let found = row(&deployment, "dc-loss:a");
    let metadata = cell(&found, Service::Metadata);
    let (model, worst) = metadata.worst.as_ref().expect("it has a worst state");
    let stuck = worst.events.iter().fold(worst.beginning, |state, event| {
        happens(model, &state, *event)
    });
    let more = Event::AddVoter { datacenter: b };
    assert_eq!(model.step(&stuck, &more), Err(Disabled::NoController));

    let (model, led) = replay(metadata);
    assert_eq!(led.former.map(|former| former.has_voters()), Some(true));
    let added = happens(&model, &led, more);
    assert_eq!(added.controller.voters[b.index()], 2);

    let back = happens(&model, &led, Event::Return { datacenter: a });
    let two = happens(&model, &back, Event::Activate { datacenter: a });
    assert!(model.has_controller(&two) && model.has_controller(&two.turned(&model)));
}

/// A runbook's steps say what has to be put right, and when: before anybody comes back.
#[test]
fn the_steps_after_a_break_out_come_in_their_order() {
    let [_, b] = both();
    let deployment = deployment("4.1", &[1, 2, 0], &[2, 1, 0], 3, "");
    let found = row(&deployment, "dc-loss:a");
    let writes = cell(&found, Service::Writes);
    let runbook = writes.runbook.as_ref().expect("an operator helps");
    assert_eq!(runbook.moves, [Move::BreakOut(b), Move::SetMinIsr(2)]);
    let names = deployment.cluster.datacenters();
    let steps = runbook.steps("t", 3, &names);
    let begins = [
        "make sure that",
        "set min.insync",
        "before any controller",
        "when every ISR",
    ];
    assert_eq!(steps.len(), begins.len(), "{steps:#?}");
    for (step, begins) in steps.iter().zip(begins) {
        assert!(step.starts_with(begins), "{step}");
    }
}
