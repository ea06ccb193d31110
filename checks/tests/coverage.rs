//! What a green test is worth: everything happens, every property catches something, every switch
//! changes something.
//!
//! The tables are kept as snapshots.  They are computed from the shipped experiments and from the
//! guard table, and from a few small cases here where neither has any.

use highwater_checks::explore::{Exploration, Limits, Verdict, explore_with_stateright};
use highwater_checks::guards::{Worth, line};
use highwater_checks::shipped;
use highwater_model::replication::{
    Bounds, Grain, Guard, GuardSet, Operators, Property, Replication, State, Switches, Variant,
};
use highwater_vocabulary::{Broker, Event, Faults, Member, Profile, Set, Story};
use insta::assert_snapshot;
use stateright::Model;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::fmt::Write;

/// The verbs of the alphabet, one a variant: the match has no `_`, so a new variant cannot be
/// forgotten.
macro_rules! verbs {
    ($($variant:ident $verb:literal)*) => {
        const VERBS: &[&str] = &[$($verb),*];

        fn verb(event: &Event) -> &'static str {
            match event { $(Event::$variant { .. } => $verb,)* }
        }
    };
}

verbs! {
    Produce "produce"  Retry "retry"  Ack "ack"  Refuse "refuse"  Read "read"
    Fetch "fetch"  FetchLost "fetch-lost"
    Request "request"  Serve "serve"  Answer "answer"  Drop "drop"
    Lapse "lapse"  Shrink "shrink"  Told "told"  Untold "untold"  Learn "learn"  Late "late"
    Apply "apply"  Fence "fence"  Unfence "unfence"  Register "register"
    Prefer "prefer"  Unclean "unclean"  Activate "activate"
    SetMinIsr "set-min-isr"  PromoteObservers "promote-observers"  Reassign "reassign"
    CancelReassignment "cancel-reassignment"
    ElectUnclean "elect-unclean"  ControlledShutdown "controlled-shutdown"  Stop "stop"
    Restart "restart"  Resume "resume"  CatchUp "catch-up"  Return "return"  Heal "heal"
    Crash "crash"  PowerLoss "power-loss"  Wipe "wipe"  Pause "pause"  Lag "lag"
    Lose "lose"  Darken "darken"  Destroy "destroy"  Cut "cut"  CutFrom "cut-from"  Depose "depose"
    Terminate "terminate"  BreakOut "break-out"  AddVoter "add-voter"
    FallBehind "fall-behind"  RollBack "roll-back"
}

/// A small case: the first line of a story, a row, and the rest of the bounds.
fn case(setting: &str, row: &str, bounds: Bounds) -> Replication {
    let story = Story::parse(&format!("replication {setting}")).expect("well-formed");
    let variant = Variant::parse(story.setting.kafka, &story.variant).expect("well-formed");
    let faults = Faults::parse(row, &story.setting.datacenters).expect("well-formed");
    Replication {
        setting: story.setting,
        variant,
        faults,
        bounds,
        asked: Property::ALL,
    }
}

/// Records, elections, ISR changes, preferred elections.
const fn bounds([records, elections, isr_changes, preferred_elections]: [u8; 4]) -> Bounds {
    Bounds {
        records,
        elections,
        isr_changes,
        preferred_elections,
        reads: 0,
        retries: 0,
        redundant_choices: false,
        redundant_states: false,
        operators: Operators {
            min_isr: [None, None],
            reassignments: [None; 2],
            promotions: 0,
            unclean_elections: 0,
            break_outs: Set::EMPTY,
            added_voters: 0,
            cancellations: 0,
        },
    }
}

// Every event of the alphabet happens.

/// More than this is not looked at: this is about what can happen, not about what holds.
const ENOUGH_STATES: usize = 20_000;

/// The verbs that fire as transitions, breadth first.
fn verbs_of(model: &Replication) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    let mut seen: HashSet<State> = model.init_states().into_iter().collect();
    let mut waiting: VecDeque<State> = seen.iter().copied().collect();
    let mut events = Vec::new();
    while let Some(state) = waiting.pop_front() {
        events.clear();
        model.actions(&state, &mut events);
        for event in &events {
            let Some(after) = model.next_state(&state, *event) else {
                continue;
            };
            if found.insert(verb(event)) {
                let line = event.line(&model.setting);
                assert_eq!(line.split(' ').next(), Some(verb(event)), "{line}");
            }
            if seen.len() < ENOUGH_STATES && seen.insert(after) {
                waiting.push_back(after);
            }
        }
    }
    found
}

#[test]
fn every_event_happens() {
    let mut shown: BTreeMap<&str, String> = BTreeMap::new();
    let mut walk = |name: String, model: &Replication| {
        for verb in verbs_of(model) {
            shown.entry(verb).or_insert_with(|| name.clone());
        }
    };
    for (_, experiment) in shipped::experiments() {
        walk("experiments".into(), &experiment.model);
    }
    let two = "4.1, brokers a-1 b-1, min ISR 1, elr on";
    let few = bounds([1, 1, 1, 0]);
    let two_elections = bounds([1, 2, 1, 0]);
    let redundant = Bounds {
        redundant_choices: true,
        ..few
    };
    let reads = Bounds { reads: 1, ..few };
    let unclean = Bounds {
        operators: Operators {
            reassignments: [None; 2],
            promotions: 0,
            unclean_elections: 1,
            ..few.operators
        },
        ..two_elections
    };
    let voters = Bounds {
        operators: Operators {
            added_voters: 1,
            ..few.operators
        },
        ..few
    };
    for (setting, row, bounds) in [
        ("4.1, brokers a-1 b-1, min ISR 2, elr on", "lag", redundant),
        (two, "none", reads),
        (two, "broker-wiped", few),
        // A restarted broker of 2.1 looks at no broker epoch.
        (
            "2.1, brokers a-1 b-1, min ISR 1, with late-requests",
            "broker-crash",
            two_elections,
        ),
        (two, "controller-failover", few),
        (two, "controller-failover", voters),
        (two, "lag+broker-crash", unclean),
        // The controller elects uncleanly with the change that leaves nobody else, so its sweep over
        // leaderless partitions finds none.
        (
            "4.1, brokers a-1 b-1, min ISR 1, elr on, with waive:unclean-is-allowed",
            "lag+broker-crash",
            two_elections,
        ),
    ] {
        walk(format!("{setting}; {row}"), &case(setting, row, bounds));
    }
    let missing: Vec<_> = VERBS
        .iter()
        .filter(|verb| !shown.contains_key(*verb))
        .collect();
    assert!(missing.is_empty(), "never happen: {missing:?}");
    let table: String = VERBS
        .iter()
        .filter(|verb| shown[*verb] != "experiments")
        .map(|verb| format!("{verb:14} {}\n", shown[verb]))
        .collect();
    assert_snapshot!("events_that_no_experiment_reaches", table);
}

// Every property catches something.

/// What falls whenever another does: who holds on to the second has no need of the first.
///
/// The reason is an inclusion that the formulas show; the test also looks whether every case bears
/// it out.
const DERIVED: &[(&str, &str, &str)] = &[
    (
        "elr-complete",
        "candidates-complete",
        "an eligible leader replica is a candidate",
    ),
    (
        "unclean-exclusion",
        "candidates-complete",
        "whose disk lost something committed, and who leads or is a candidate, is an incomplete one",
    ),
];

/// Cases in which a property falls before all others, where neither an experiment nor the guard
/// table has one: setting, row, records and so on.
const ALONE: &[(&str, &str, &str, [u8; 4])] = &[
    // The zombie acknowledges while its successor is stopped, so that nobody in office lacks it.
    (
        "no-split-brain",
        "4.1, brokers a-1 b-1, min ISR 1, acks 1, elr on",
        "broker-pause+broker-crash",
        [1, 1, 0, 0],
    ),
    // Below min ISR nothing is committed, so that a power loss takes nothing committed.
    (
        "log-shape",
        "4.0, brokers a-1 b-1, voters b 1, min ISR 2, acks 0, with late-fetches",
        "lag+dc-power-loss:a",
        [3, 2, 1, 0],
    ),
];

/// A search, and what it found.
struct Case {
    name: String,
    is_experiment: bool,
    model: Replication,
    exploration: Exploration,
}

impl Case {
    fn of(name: String, is_experiment: bool, model: Replication) -> Case {
        let exploration = explore_with_stateright(&model, Limits::default());
        assert_eq!(exploration.incomplete, None, "{name}");
        Case {
            name,
            is_experiment,
            model,
            exploration,
        }
    }

    /// How many events it takes to violate a property.
    fn steps(&self, property: &str) -> Option<usize> {
        match self.exploration.verdict(property) {
            Some(Verdict::Violated(history)) => Some(history.events.len()),
            _ => None,
        }
    }

    /// Which other properties are violated along the shortest history that violates this one.
    fn along(&self, property: &str) -> Option<BTreeSet<&'static str>> {
        let Some(Verdict::Violated(history)) = self.exploration.verdict(property) else {
            return None;
        };
        // A history is told in events, whatever the steps were.
        let mut model = self.model.clone();
        model.variant.grain = Grain::Fine;
        let mut state = history.beginning;
        let mut broken = BTreeSet::new();
        for event in &history.events {
            state = model.step(&state, event).expect("it happened");
            let broken_here = Property::ALL
                .iter()
                .filter(|other| other.name != property && !(other.holds)(&model, &state));
            broken.extend(broken_here.map(|other| other.name));
        }
        Some(broken)
    }
}

/// Every experiment, and every line of the guard table with its guards waived.
fn cases() -> Vec<Case> {
    let experiments = shipped::experiments()
        .into_iter()
        .map(|(name, experiment)| Case::of(name, true, experiment.model));
    let guards = Guard::ALL.iter().map(|guard| {
        let line = line(*guard);
        let others: &[Guard] = match line.worth {
            Worth::MaskedBy(others, ..) => others,
            _ => &[],
        };
        let waived: GuardSet = others.iter().copied().chain([*guard]).collect();
        Case::of(format!("without {guard}"), false, line.case.model(waived))
    });
    experiments.chain(guards).collect()
}

/// How many events it takes to violate a property in a history along which all others hold.
fn alone(model: &Replication, property: &str) -> Option<usize> {
    let named = Property::named(property).expect("a property");
    let others = Property::ALL.iter().filter(|other| other.name != property);
    let others: Vec<&Property> = others.collect();
    let mut seen: HashSet<State> = model.init_states().into_iter().collect();
    let mut waiting: VecDeque<(State, usize)> = seen.iter().map(|state| (*state, 0)).collect();
    let mut events = Vec::new();
    while let Some((state, steps)) = waiting.pop_front() {
        events.clear();
        model.actions(&state, &mut events);
        for event in &events {
            let Some(after) = model.next_state(&state, *event) else {
                continue;
            };
            if !others.iter().all(|other| (other.holds)(model, &after)) {
                continue;
            }
            if !(named.holds)(model, &after) {
                return Some(steps + 1);
            }
            if seen.insert(after) {
                waiting.push_back((after, steps + 1));
            }
        }
    }
    None
}

/// Where a property is the only one that falls, as a line of the table.
fn worth(property: &Property, cases: &[Case]) -> String {
    let name = property.name;
    if let Some((_, from, why)) = DERIVED.iter().find(|(derived, ..)| *derived == name) {
        return format!("derived from {from}: {why}");
    }
    let first_to_fall = cases
        .iter()
        .filter(|case| case.along(name).is_some_and(|broken| broken.is_empty()));
    if let Some(case) = first_to_fall.min_by_key(|case| case.steps(name)) {
        let steps = case.steps(name).expect("violated");
        return format!("after {steps} events, {}", case.name);
    }
    let extra = ALONE.iter().find(|(known, ..)| *known == name);
    let Some((_, setting, row, few)) = extra else {
        return "never alone".into();
    };
    match alone(&case(setting, row, bounds(*few)), name) {
        Some(steps) => format!("after {steps} events, {setting}; {row}"),
        None => "never alone".into(),
    }
}

#[test]
fn every_property_catches_something_and_says_something() {
    let cases = cases();
    let mut table = String::new();
    for property in Property::ALL {
        let name = property.name;
        let broken: Vec<&Case> = cases
            .iter()
            .filter(|case| case.steps(name).is_some())
            .collect();
        assert!(!broken.is_empty(), "{name} is violated nowhere");
        let names: Vec<&str> = broken.iter().map(|case| case.name.as_str()).collect();
        println!("{name} is violated in: {}", names.join(", "));
        if let Some((_, from, _)) = DERIVED.iter().find(|(derived, ..)| *derived == name) {
            let with = |case: &&Case| case.along(name).is_some_and(|broken| broken.contains(from));
            assert!(broken.iter().all(with), "{name} does not fall with {from}");
        }
        let mut experiments = cases.iter().filter(|case| case.is_experiment);
        assert!(
            experiments.any(|case| case.exploration.verdict(name) != Some(&Verdict::Silent)),
            "{name} says nothing in any experiment"
        );
        let worth = worth(property, &cases);
        assert_ne!(
            worth, "never alone",
            "{name}: it has no worth of its own; is it derived?"
        );
        let _ = writeln!(table, "{name:22} {worth}");
    }
    assert_snapshot!("where_a_property_falls_and_no_other", table);
}

/// A derived property never falls without the one that it is derived from: looked at in every state
/// of a few spaces in which it does fall.
#[test]
fn a_derived_property_falls_with_another() {
    for (derived, from, _) in DERIVED {
        for (setting, row, few) in [
            (
                "4.1, brokers a-1 b-1, min ISR 2, elr on, with waive:unclean-stop-costs-seat",
                "lag+broker-power-loss",
                [1, 2, 1, 0],
            ),
            (
                "4.1, brokers a-1 b-1, min ISR 2, elr on, with waive:watermark-at-min-isr",
                "broker-crash+broker-power-loss",
                [1, 3, 1, 0],
            ),
            (
                "3.9, brokers a-1 b-1, min ISR 1",
                "lag+broker-power-loss",
                [1, 2, 1, 0],
            ),
        ] {
            let model = case(setting, row, bounds(few));
            assert_eq!(
                alone(&model, derived),
                None,
                "{derived} without {from}: {setting}"
            );
        }
    }
}

// Every switch changes something.

/// Switch, property, where, row, records and so on.
const SWITCHES: &[(&str, &str, &str, &str, [u8; 4])] = &[
    (
        "truncates-to-watermark",
        "acked-in-leader",
        "4.1, brokers a-1 b-1, min ISR 2, elr on",
        "broker-stop+broker-pause",
        [1, 1, 0, 0],
    ),
    (
        "asks-before-fetching",
        "log-matching",
        "1.0, brokers a-1 b-1, min ISR 1",
        "broker-pause+broker-pause",
        [3, 3, 0, 1],
    ),
    // Before KIP-320 a fetch of the epoch that was missed does the same harm.
    (
        "asks-after-missed-epoch",
        "log-matching",
        "2.0, brokers a-1 b-1 c-1, min ISR 1, with checks-fetch-epoch=on",
        "broker-pause",
        [3, 2, 0, 1],
    ),
    (
        "answer-names-epoch",
        "log-matching",
        "2.0, brokers a-1 b-1, min ISR 1",
        "broker-pause+broker-pause",
        [3, 3, 0, 1],
    ),
    (
        "checks-fetch-epoch",
        "candidates-complete",
        "2.0, brokers a-1 b-1 c-1, voters b 1, min ISR 2",
        "cut:a|b+cut:a|b",
        [1, 3, 0, 1],
    ),
    (
        "notes-epoch-at-election",
        "log-matching",
        "2.0, brokers a-1 b-1, min ISR 1",
        "broker-pause+broker-pause",
        [3, 3, 0, 1],
    ),
    (
        "checks-epoch-start",
        "candidates-complete",
        "1.0, brokers a-1 b-1 c-1, voters witness 1, min ISR 2",
        "lag+dc-loss:a",
        [1, 1, 1, 0],
    ),
    (
        "strict-min-isr",
        "read-stability",
        "4.1, brokers a-1 b-1, min ISR 2, elr on",
        "lag+broker-crash",
        [1, 1, 1, 0],
    ),
    // Two other guards hide it, and both are waived; then it costs an event to go round it.
    (
        "checks-fetch-broker-epoch",
        "candidates-complete",
        "4.1, brokers a-1 b-1, voters a 1 b 1 w 1, min ISR 1, elr on, with late-fetches, \
         with waive:joiner-epoch-is-known, with waive:member-epochs-are-current",
        "lag+dc-destroyed:b",
        [1, 1, 1, 0],
    ),
    (
        "checks-answer-epoch",
        "log-shape",
        "4.0, brokers a-1 b-1, voters b 1, min ISR 2, acks 0, with late-fetches",
        "lag+dc-power-loss:a",
        [3, 2, 1, 0],
    ),
    // It hides F-EQ from two replicas; what it is for is availability (KAFKA-15021).
    (
        "shrinking-starts-epoch",
        "acked-in-leader",
        "3.9, brokers a-1 b-1, min ISR 1, with equal-epoch-wipes-pending=on",
        "lag+broker-pause",
        [1, 3, 1, 0],
    ),
    (
        "registration-takes-seats",
        "acked-in-leader",
        "3.9, brokers a-1 b-1, min ISR 2",
        "broker-power-loss",
        [1, 2, 0, 0],
    ),
    (
        "unclean-by-controller",
        "acked-in-leader",
        "3.5, brokers a-1 b-1, min ISR 1, unclean on",
        "lag+broker-crash",
        [1, 2, 1, 0],
    ),
    (
        "elects-fenced-last-known",
        "active-leader",
        "4.1, brokers a-1 b-1, min ISR 2, elr on",
        "broker-crash+broker-crash",
        [1, 3, 0, 0],
    ),
    // The partition goes from a and b, where everything is, to b and c before b has it.
    (
        "reassignment-awaits-targets",
        "acked-survives",
        "4.1, brokers a-1 b-1 c-1, min ISR 2",
        "lag+dc-loss:c",
        [1, 1, 1, 0],
    ),
    (
        "equal-epoch-wipes-pending",
        "acked-in-leader",
        "4.1, brokers a-1 b-1, min ISR 1, elr on",
        "lag+broker-pause",
        [1, 1, 1, 0],
    ),
    (
        "reelected-leader-remembers",
        "candidates-complete",
        "4.1, brokers a-1 b-1 c-1, voters b 1, min ISR 2, elr on",
        "cut:a|b+cut:a|b",
        [1, 3, 0, 1],
    ),
    // A delay: what happens without it happens with it, an event later.
    (
        "waits-for-caught-up",
        "acked-in-leader",
        "4.1, brokers a-1 b-1, min ISR 1, elr on, with equal-epoch-wipes-pending=on",
        "lag+broker-pause",
        [1, 1, 1, 0],
    ),
    // A leader that writes itself needs no answer.
    (
        "leader-writes-isr",
        "acked-in-leader",
        "2.1, brokers a-1 b-1, min ISR 1, unclean on",
        "lag+broker-crash",
        [1, 2, 1, 0],
    ),
    // A bounce has to fall into a change of the controller, where it is looked for.
    (
        "checks-request-broker-epoch",
        "candidates-complete",
        "2.7, brokers a-1 b-1, min ISR 1",
        "broker-power-loss",
        [1, 2, 0, 0],
    ),
    (
        "checks-isr-members",
        "active-leader",
        "4.1, brokers a-1 b-1, min ISR 1, elr on",
        "lag+broker-crash",
        [1, 1, 1, 0],
    ),
    (
        "checks-member-epochs",
        "candidates-complete",
        "3.3, brokers a-1 b-1, voters a 1 b 1 w 1, min ISR 1, with registration-takes-seats=on",
        "lag+dc-destroyed:b",
        [1, 1, 1, 0],
    ),
    (
        "withholds-latest",
        "latest-stands",
        "2.1, brokers a-1 b-1 c-1, min ISR 1",
        "broker-crash",
        [1, 1, 0, 0],
    ),
    // Below min ISR nothing is appended any more, so nothing else looks at the watermark.
    (
        "answer-moves-watermark",
        "candidates-complete",
        "2.7, brokers a-1 b-1, min ISR 2, unclean on",
        "lag+broker-crash",
        [1, 2, 1, 0],
    ),
];

#[test]
fn every_switch_changes_something() {
    let listed: Vec<&str> = SWITCHES.iter().map(|(name, ..)| *name).collect();
    assert_eq!(listed, Switches::NAMES);
    let mut table = String::new();
    for (switch, property, setting, row, few) in SWITCHES {
        let [off, on] = ["off", "on"].map(|value| {
            let setting = format!("{setting}, with {switch}={value}");
            let mut few = bounds(*few);
            if *switch == "reassignment-awaits-targets" {
                let targets = [1, 2].map(Broker::at);
                few.operators.reassignments[0] = Some(targets.into_iter().collect());
            }
            let case = Case::of(setting.clone(), false, case(&setting, row, few));
            match case.steps(property) {
                Some(steps) => format!("violated after {steps}"),
                None => case
                    .exploration
                    .verdict(property)
                    .expect("asked")
                    .word()
                    .into(),
            }
        });
        assert_ne!(off, on, "{switch} changes nothing");
        let _ = writeln!(table, "{switch:26} {property:20} off: {off:18} on: {on}");
    }
    assert_snapshot!("what_a_switch_changes", table);
}

/// Every Kafka version that is modelled stands in an experiment.
#[test]
fn every_profile_is_asked_about() {
    let asked: BTreeSet<Profile> = shipped::experiments()
        .into_iter()
        .map(|(_, experiment)| experiment.model.setting.kafka)
        .collect();
    assert_eq!(asked, Profile::ALL.into_iter().collect());
}
