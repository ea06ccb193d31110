//! Random walks: nothing panics, what is refused changes nothing, and every event occurs.

use crate::settings::{chain, counting, every_event, growing, linked, pair_of, there_and_back};
use highwater_reference::mirroring::{Engine, Refusal};
use highwater_vocabulary::mirroring::{
    Commits, Databases, Event, Failback, Failover, Reset, Setting, Stamps, SyncsAt, Tool,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Settings that differ in every word that a setting has.
fn setting(number: usize) -> Setting {
    let (_, tool) = Tool::WORDS[number % Tool::WORDS.len()];
    let (_, failover) = Failover::WORDS[number % 7];
    let failbacks = [
        Failback::Rebuild,
        Failback::Reverse,
        Failback::ReverseFromEnd,
    ];
    let resets = [Reset::Earliest, Reset::Latest, Reset::None];
    let commits = [Commits::After, Commits::Before];
    let draft = match number % 5 {
        0 if number.is_multiple_of(15) => counting(Databases::WORDS[number / 15 % 3].1),
        0 => pair_of(tool),
        1 => there_and_back(tool, failbacks[number / 4 % 3]),
        2 => growing(tool),
        3 => linked(tool),
        _ => chain(tool),
    };
    let draft = draft.who(|reader| {
        reader.failover = failover;
        reader.instrumented = tool == Tool::Replicator;
        reader.reset = resets[number / 3 % 3];
        reader.commits = commits[number / 2 % 2];
    });
    let draft = draft.with(|flow| {
        flow.exactly_once = tool == Tool::MirrorMaker2At3_9 && number.is_multiple_of(5);
        flow.provenance = tool == Tool::Replicator && number.is_multiple_of(4);
        flow.stamps = [Stamps::Create, Stamps::Append][number / 5 % 2];
        flow.syncs_at = [SyncsAt::Source, SyncsAt::Target][number / 7 % 2];
    });
    draft.done()
}

/// The events of each verb.
fn by_verb(setting: &Setting) -> Vec<Vec<Event>> {
    let mut all = vec![Vec::new(); Event::VERBS.len()];
    for event in every_event(setting) {
        all[event.verb()].push(event);
    }
    all
}

/// One event of the chosen verb happens, if any can: the chosen one, or the next that is not refused.
fn step(
    engine: &mut Engine,
    events: &[Vec<Event>],
    choice: usize,
    mut heard: impl FnMut(Result<usize, Refusal>),
) {
    let alike = &events[choice % events.len()];
    let first = choice / events.len();
    for place in 0..alike.len() {
        let event = &alike[(first + place) % alike.len()];
        match engine.apply(event) {
            Ok(()) => return heard(Ok(event.verb())),
            Err(refusal) => heard(Err(refusal)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_panics_and_what_is_refused_changes_nothing(
        number in 0..840usize,
        lag_max in 0..4u64,
        choices in prop::collection::vec(0..100_000usize, 0..200),
    ) {
        let setting = setting(number);
        let events = by_verb(&setting);
        let mut engine = Engine::new(&setting, lag_max);
        for choice in choices {
            step(&mut engine, &events, choice, |_| ());
            let event = &events[choice % events.len()];
            if let Some(event) = event.get(choice / events.len() % event.len().max(1)) {
                let before = engine.clone();
                if engine.apply(event).is_err() {
                    prop_assert_eq!(engine.observe(), before.observe(), "{}", event.line(&setting));
                    prop_assert_eq!(engine.columns(), before.columns());
                }
            }
        }
    }
}

/// The walks are not empty: each event happens in some of them, and each refusal is heard.
#[test]
fn every_event_happens_and_every_refusal_is_heard() {
    let mut happened = BTreeSet::new();
    let mut silent: BTreeSet<Refusal> = Refusal::ALL.iter().copied().collect();
    let mut chosen = 12_345_u64;
    let crash = Event::VERBS.iter().position(|verb| *verb == "crash");
    let crash = crash.expect("the first fault");
    for number in 0..840 {
        let setting = setting(number);
        let events = by_verb(&setting);
        let mut engine = Engine::new(&setting, 1);
        for _ in 0..300 {
            chosen = chosen
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let choice = (chosen >> 33) as usize;
            // Faults are rare, and what ends everything is rarer, so that there is something to see before.
            let odds = match events[choice % events.len()].first() {
                Some(Event::Destroy(_) | Event::StopMirror(_) | Event::FenceCluster(_)) => 63,
                Some(event) if event.verb() >= crash => 7,
                _ => 0,
            };
            if chosen >> 20 & odds != 0 {
                continue;
            }
            step(&mut engine, &events, choice, |it| match it {
                Ok(verb) => drop(happened.insert(verb)),
                Err(refusal) => drop(silent.remove(&refusal)),
            });
        }
    }
    let missing = Event::VERBS.iter().enumerate();
    let missing: Vec<_> = missing
        .filter(|(verb, _)| !happened.contains(verb))
        .collect();
    assert!(missing.is_empty(), "never happened: {missing:?}");
    assert!(silent.is_empty(), "never heard: {silent:?}");
}
