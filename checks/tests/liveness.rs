//! What comes about in the end: the table of spaces, and planted livelocks, each of which must be found.

use highwater_checks::liveness::{Lasso, Liveness, MOST_STATES, Plant, Property, Verdict};
use highwater_checks::{Source, experiment_file};
use highwater_model::replication::{Disabled, Guard, Property as Safety, Replication, State};
use highwater_vocabulary::Event;
use std::fmt::Write;

/// A model over the datacenters a, b, c, with a voter in each and a witness.
fn model(kafka: &str, brokers: &[&str], min_isr: u8, row: &str, more: &str) -> Replication {
    let text = format!(
        "title = 't'\nquestion = 'q'\nsource = 'R01'\nheadline = 'acked-in-leader'\n\
         [setting]\nkafka = '{kafka}'\nbrokers = {brokers:?}\n\
         voters = {{ a = 1, b = 1, w = 1 }}\nmin_insync_replicas = {min_isr}\n\
         [faults]\nrow = '{row}'\n\
         [bounds]\nrecords = 1\nelections = 1\nisr_changes = 1\npreferred_elections = 0\n{more}\n\
         [verdicts]\ndefault = 'holds'\nacked-in-leader = 'holds'\n"
    );
    let source = Source::new("test", text);
    let experiment = experiment_file::read(&source).unwrap_or_else(|error| panic!("{error}"));
    Replication {
        asked: Safety::ALL,
        ..experiment.model
    }
}

fn lasso<'l>(found: &'l Liveness, name: &str) -> &'l Lasso {
    match found.verdict(name) {
        Some(Verdict::Violated(lasso)) => lasso,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn exploratory() {
    for (kafka, brokers, m, row) in [
        ("4.1", vec!["a-1", "b-1", "c-1"], 2, "broker-crash"),
        ("4.1", vec!["a-1", "b-1", "c-1"], 2, "lag+broker-crash"),
        ("4.1", vec!["a-1", "b-1", "c-1"], 1, "broker-power-loss"),
        ("3.9", vec!["a-1", "b-1", "c-1"], 2, "cut:a|b"),
        ("4.1", vec!["a-1", "b-1"], 2, "broker-pause"),
        ("4.1", vec!["a-1", "b-1"], 1, "lag+controller-failover+broker-crash"),
        ("4.0", vec!["a-1", "b-1"], 2, "broker-power-loss+broker-power-loss"),
    ] {
        let model = model(kafka, &brokers, m, row, "");
        let start = std::time::Instant::now();
        let found = Liveness::of(&model, MOST_STATES);
        println!("{kafka} {} m{m} {row:40} {:?} {:?} {:?} {:?}", brokers.len(), found.states, start.elapsed(), found.violated(), found.incomplete);
    }
}

type Planted = (&'static str, &'static str, Replication, Box<Plant>);

#[test]
fn planted() {
    let two = ["a-1", "b-1"];
    let waiving = |guard, mut model: Replication| {
        model.variant.waived = model.variant.waived.with(guard);
        model
    };
    let nothing = || -> Box<Plant> { Box::new(|_, _, result| result) };
    let plants: Vec<Planted> = vec![
        ("unfencing", "leader-elected", waiving(Guard::UnfencingElects, model("3.9", &two, 1, "lag+broker-crash", "")), nothing()),
        ("empty epoch", "followers-converge", waiving(Guard::TruncationDropsEmptyEpoch, model("3.9", &two, 1, "lag+broker-crash", "elections = 3")), nothing()),
        ("ack", "produce-answered", model("4.1", &two, 1, "none", ""), Box::new(never(|event| matches!(event, Event::Ack { .. })))),
        ("unfence", "broker-unfenced", model("4.1", &two, 1, "broker-crash", ""), Box::new(never(|event| matches!(event, Event::Unfence { .. })))),
        ("learn", "metadata-learnt", model("4.1", &two, 1, "broker-crash", ""), Box::new(never(|event| matches!(event, Event::Learn { records: 2.., .. } | Event::Learn { .. })))),
    ];
    for (what, name, model, plant) in plants {
        let start = std::time::Instant::now();
        let found = Liveness::of_altered(&model, &*plant, MOST_STATES);
        println!("{what}: {name} {:?} {:?} {:?}", found.states, found.violated(), start.elapsed());
        if let Some(Verdict::Violated(_)) = found.verdict(name) {
            let lasso = lasso(&found, name);
            if let Some(told) = highwater_checks::explain::for_ever(&model, Property::named(name).unwrap(), lasso) { println!("{}", told.text("")); }
        }
    }
}

fn never(of: impl Fn(&Event) -> bool) -> impl Fn(&State, &Event, Result<State, Disabled>) -> Result<State, Disabled> {
    move |_, event, result| match of(event) {
        true => Err(Disabled::NothingThere),
        false => result,
    }
}
