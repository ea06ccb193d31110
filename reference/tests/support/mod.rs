//! What the tests of the engine share.

#![allow(dead_code, reason = "each test uses its own part")]

pub(crate) mod naive;

use highwater_reference::{Engine, Switches};
use highwater_vocabulary::{Expected, Setting, Story, Told};

/// A setting as the first line of a story says it.
pub(crate) fn setting(header: &str) -> Setting {
    Story::parse(header).expect("a first line").setting
}

/// Where a story and the engine differ, line by line.
pub(crate) fn differences(text: &str) -> Vec<String> {
    let story = Story::parse(text).expect("a story");
    let mut switches = Switches::of(&story.setting);
    let mut seat = None;
    for part in &story.variant {
        if let Some(site) = part.strip_prefix("controller:") {
            seat = story.setting.datacenter_named(site);
            continue;
        }
        let (name, on) = part.split_once('=').unwrap_or((part, "on"));
        *switches.named(name).expect("a switch of the engine") = on == "on";
    }
    let mut engine = Engine::with_switches(&story.setting, switches, 1);
    if let Some(seat) = seat {
        engine.seat_controller(seat).expect("a voter");
    }
    let mut found = Vec::new();
    for (line, told) in &story.told {
        match told {
            Told::Event(event, expected) => {
                let happened = engine.apply(0, event).map_err(|refusal| refusal.name());
                let expected = match expected {
                    Expected::Happens => Ok(()),
                    Expected::RefusedBy(name) => Err(name.as_str()),
                };
                if happened != expected {
                    let event = event.line(&story.setting);
                    found.push(format!(
                        "line {line}: `{event}` is {happened:?}, not {expected:?}"
                    ));
                }
            }
            Told::Fact(fact) => {
                let facts = engine.observe(0).facts(&story.setting);
                if !facts.contains(fact) {
                    let key = fact.split(':').next().expect("a key");
                    let own = facts.iter().find(|own| own.starts_with(&format!("{key}:")));
                    found.push(format!(
                        "line {line}: the story says `{fact}`, the engine {own:?}"
                    ));
                }
            }
        }
    }
    found
}
