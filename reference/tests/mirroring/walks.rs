//! Random walks: nothing panics, what is refused changes nothing, and every event occurs.

use crate::settings::{chain, every_event, growing, pair_of, there_and_back};
use highwater_reference::mirroring::{Mirrors, Refusal};
use highwater_vocabulary::mirroring::{
    Commits, Event, Failback, Failover, Reset, Setting, Stamps, SyncsAt, Tool,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Settings that differ in every word that a setting has.
fn setting(number: usize) -> Setting {
    let (_, tool) = Tool::WORDS[number % 3];
    let (_, failover) = Failover::WORDS[number % 6];
    let failbacks = [Failback::Rebuild, Failback::Reverse, Failback::ReverseFromEnd];
    let resets = [Reset::Earliest, Reset::Latest, Reset::None];
    let commits = [Commits::After, Commits::Before];
    let draft = match number % 4 {
        0 => pair_of(tool),
        1 => there_and_back(tool, failbacks[number / 4 % 3]),
        2 => growing(tool),
        _ => chain(tool),
    };
    let draft = draft.who(|reader| {
        reader.failover = failover;
        reader.reset = resets[number / 3 % 3];
        reader.commits = commits[number / 2 % 2];
    });
    let draft = draft.with(|flow| {
        flow.exactly_once = tool == Tool::MirrorMaker2At3_9 && number % 5 == 0;
        flow.stamps = [Stamps::Create, Stamps::Append][number / 5 % 2];
        flow.syncs_at = [SyncsAt::Source, SyncsAt::Target][number / 7 % 2];
    });
    draft.done()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_panics_and_what_is_refused_changes_nothing(
        number in 0..840usize,
        lag_max in 0..4u64,
        choices in prop::collection::vec(0..2000usize, 0..400),
    ) {
        let setting = setting(number);
        let events = every_event(&setting);
        let mut engine = Mirrors::new(&setting, lag_max);
        for choice in choices {
            let event = &events[choice % events.len()];
            let before = engine.clone();
            let seen = before.observe();
            if engine.apply(event).is_err() {
                prop_assert_eq!(engine.observe(), seen, "{}", event.line(&setting));
                prop_assert_eq!(engine.columns(), before.columns());
            }
        }
    }
}

/// The walks are not empty: each event happens in some of them, and each refusal is heard.
#[test]
fn every_event_happens_and_every_refusal_is_heard() {
    let mut happened = BTreeSet::new();
    let mut heard = BTreeSet::new();
    let mut chosen = 12_345_u64;
    for number in 0..840 {
        let setting = setting(number);
        let events = every_event(&setting);
        let mut engine = Mirrors::new(&setting, 1);
        for _ in 0..400 {
            chosen = chosen.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let event = &events[(chosen >> 33) as usize % events.len()];
            // What ends everything is rare, so that there is something to see before.
            let is_end = matches!(
                event,
                Event::Destroy(_) | Event::StopMirror(_) | Event::FenceCluster(_) | Event::Lose(_)
            );
            if is_end && chosen >> 20 & 7 != 0 {
                continue;
            }
            match engine.apply(event) {
                Ok(()) => happened.insert(event.verb()),
                Err(refusal) => heard.insert(refusal),
            };
        }
    }
    let missing = Event::VERBS.iter().enumerate();
    let missing: Vec<_> = missing.filter(|(verb, _)| !happened.contains(verb)).collect();
    assert!(missing.is_empty(), "never happened: {missing:?}");
    // What is not in the setting is not among its events.
    let silent = Refusal::ALL.iter().filter(|it| !heard.contains(it));
    assert_eq!(silent.collect::<Vec<_>>(), [&Refusal::NotInThisSetting]);
}
