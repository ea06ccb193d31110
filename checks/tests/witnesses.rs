//! A promise about a single step that is broken is noted, also where a longer way round breaks it.
//!
//! Explorations show the shortest way only.

use highwater_checks::replay::replay;
use highwater_model::replication::Property;
use highwater_vocabulary::Story;

/// The event after which a property falls, if it does.
fn falls_with(property: &str, text: &str) -> Option<String> {
    let property = Property::named(property).expect("a property");
    let replayed = replay(&Story::parse(text).expect("well-formed")).expect("of a model");
    assert_eq!(replayed.differences, Vec::new(), "{text}");
    let mut state = replayed.history.beginning;
    for event in &replayed.history.events {
        state = replayed.model.step(&state, event).expect("it happened");
        if !(property.holds)(&replayed.model, &state) {
            return Some(event.line(&replayed.model.setting));
        }
    }
    None
}

#[test]
fn a_broken_promise_is_noted() {
    for (property, text, falls) in [
        // Its office lies ahead of it, unread, while a later leader takes the next one.
        (
            "no-split-brain",
            "replication 4.1, brokers a-1 b-1, min ISR 2, acks 1, elr on\n\
             pause a-1\nfence a-1\npause b-1\nfence b-1\nresume a-1\nunfence a-1\nlearn a-1 3\n\
             resume b-1\nlearn b-1 1\nproduce b-1 r1",
            "produce b-1 r1",
        ),
        // The record is below the watermark, and meanwhile the ISR is below min ISR.
        (
            "a2-completion",
            "replication 4.1, brokers a-1 b-1, min ISR 2, elr on, with waive:ack-at-min-isr\n\
             produce a-1 r1\nfetch b-1\nfetch b-1\ncrash b-1\nfence b-1\nlearn a-1\nack a-1 r1",
            "ack a-1 r1",
        ),
    ] {
        assert_eq!(falls_with(property, text).as_deref(), Some(falls), "{text}");
    }
}
