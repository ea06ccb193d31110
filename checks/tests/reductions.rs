//! What is left out because it can add nothing: with it and without, every verdict is the same.
//!
//! Choices, states that nobody can tell apart, and what nobody asks for: over every layout of two
//! brokers and a row of each kind, and the last over some whole spaces state by state.

mod first_line;

use first_line::model;
use highwater_checks::explain::explain;
use highwater_checks::explore::{Exploration, History, Limits, Verdict, explore};
use highwater_model::replication::abridge::LeftOut;
use highwater_model::replication::{
    Bounds, End, Grain, Operators, Property, Replication, State, WINDOW_USED_UP,
};
use highwater_vocabulary::Set;
use stateright::Model;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

const SETTINGS: [&str; 12] = [
    "4.1, brokers a-1 b-1, min ISR 1, elr on",
    "4.1, brokers a-1 b-1, min ISR 2, elr on",
    "3.9, brokers a-1 b-1, min ISR 1, elr off",
    "3.9, brokers a-1 b-1, min ISR 2, elr off",
    "3.5, brokers a-1 b-1, min ISR 1, elr off",
    "4.1, brokers a-1 b-1, min ISR 1, acks 1, elr on",
    "2.1, brokers a-1 b-1, voters a 1 b 1 c 1, min ISR 1",
    "2.7, brokers a-1 b-1, voters a 1 b 1 c 1, min ISR 1",
    "0.10, brokers a-1 b-1, voters a 1 b 1 c 1, min ISR 1",
    "1.0, brokers a-1 b-1, voters a 1 b 1 c 1, min ISR 1",
    "2.0, brokers a-1 b-1, voters a 1 b 1 c 1, min ISR 1",
    "3.3, brokers a-1 b-1, min ISR 1, elr off",
];

const ROWS: [&str; 6] = [
    "lag",
    "broker-crash",
    "broker-power-loss",
    "broker-pause",
    "lag+dc-loss:a",
    "cut:a|b",
];

const FEW: Bounds = Bounds {
    records: 1,
    elections: 2,
    isr_changes: 2,
    preferred_elections: 1,
    reads: 0,
    retries: 0,
    redundant_choices: false,
    redundant_states: false,
    operators: Operators {
        min_isr: [None; 2],
        reassignments: [None; 2],
        promotions: 0,
        unclean_elections: 0,
        break_outs: Set::EMPTY,
        added_voters: 0,
        cancellations: 0,
    },
};

fn exhausted(model: &Replication) -> Exploration {
    let exploration = explore(model, Limits::default());
    assert_eq!(exploration.incomplete, None);
    exploration
}

/// What each property comes to.
fn words(exploration: &Exploration) -> Vec<(&'static str, &'static str)> {
    exploration
        .verdicts
        .iter()
        .map(|(property, verdict)| (property.name, verdict.word()))
        .collect()
}

/// How many events the shortest violation of each property takes.
fn lengths(exploration: &Exploration) -> Vec<Option<usize>> {
    exploration
        .verdicts
        .iter()
        .map(|(_, verdict)| match verdict {
            Verdict::Violated(history) => Some(history.events.len()),
            _ => None,
        })
        .collect()
}

/// Every setting with every row.
fn everywhere() -> impl Iterator<Item = (&'static str, &'static str)> {
    SETTINGS
        .iter()
        .flat_map(|setting| ROWS.iter().map(move |row| (*setting, *row)))
}

/// How long the shortest history is may differ by the lag that begins before everything else.
#[test]
fn choices_that_can_add_nothing_add_nothing() {
    let mut spared = 0;
    for (setting, row) in everywhere() {
        let [without, with] = [false, true].map(|redundant_choices| {
            let bounds = Bounds {
                redundant_choices,
                ..FEW
            };
            exhausted(&model(setting, row, bounds))
        });
        assert_eq!(words(&without), words(&with), "{setting}, {row}");
        spared += with.counts.unique - without.counts.unique;
    }
    assert!(spared > 0, "then they would not be worth leaving out");
}

#[test]
fn states_that_nobody_can_tell_apart_are_one() {
    let (mut merged, mut apart) = (0, 0);
    for (setting, row) in everywhere() {
        let [without, with] = [false, true].map(|redundant_states| {
            let bounds = Bounds {
                redundant_states,
                ..FEW
            };
            exhausted(&model(setting, row, bounds))
        });
        let at = format!(
            "{setting}, {row}: {} and {}",
            without.counts.unique, with.counts.unique
        );
        assert_eq!(words(&without), words(&with), "{at}");
        assert_eq!(lengths(&without), lengths(&with), "{at}");
        assert!(without.counts.unique <= with.counts.unique, "{at}");
        assert!(!with.used_up.contains(&WINDOW_USED_UP), "{at}");
        merged += without.counts.unique;
        apart += with.counts.unique;
    }
    println!("{apart} states are {merged}");
    assert!(apart > 2 * merged, "{apart} states are {merged}");
}

/// The properties of operators, at a grain.
fn for_operators(model: &Replication, grain: Grain) -> Replication {
    let mut model = model.clone();
    model.variant.grain = grain;
    model.asked = &Property::ALL[..5];
    model
}

/// The same with everything in its states.
fn complete(model: &Replication) -> Replication {
    let model = model.unabridged();
    assert_eq!(LeftOut::by(&model), LeftOut::NOTHING);
    model
}

/// That a history found with something left out happens with everything there, and is explained so.
fn assert_told_in_full(at: &str, model: &Replication, property: &Property, history: &History) {
    let mut model = model.clone();
    model.variant.grain = Grain::Fine;
    let whole = complete(&model);
    let mut state = history.beginning;
    for event in &history.events {
        state = whole.step(&state, event).unwrap_or_else(|refusal| {
            panic!("{at}, {}: {event:?} is refused: {refusal:?}", property.name)
        });
    }
    assert!(!(property.holds)(&whole, &state), "{at}, {}", property.name);
    let [told, in_full] = [&model, &whole].map(|model| explain(model, property, history));
    assert_eq!(told.text("x"), in_full.text("x"), "{at}");
    let lanes = told.steps.last().map(|step| &step.cells);
    let seen = whole.observe(&state).replicas.into_iter();
    let seen: Vec<String> = seen.map(|replica| replica.to_string()).collect();
    let lanes: Option<Vec<String>> =
        lanes.map(|cells| cells.iter().map(|cell| cell.text.clone()).collect());
    assert_eq!(lanes, Some(seen), "{at}");
}

/// That operators get the same answers, be something left out or not.
fn compare_for_operators(at: &str, model: &Replication) -> [usize; 2] {
    let whole = exhausted(&complete(model));
    let abridged = exhausted(model);
    let count = abridged.verdicts.len();
    assert_eq!(words(&whole)[..count], words(&abridged)[..], "{at}");
    assert_eq!(lengths(&whole)[..count], lengths(&abridged)[..], "{at}");
    assert_eq!(whole.used_up, abridged.used_up, "{at}");
    for (property, verdict) in &abridged.verdicts {
        if let Verdict::Violated(history) = verdict {
            assert_told_in_full(at, model, property, history);
        }
    }
    [whole, abridged].map(|exploration| exploration.counts.unique)
}

#[test]
fn what_nobody_asks_for_is_not_missed_by_operators() {
    let mut sums = [0; 2];
    for (setting, row) in everywhere() {
        for records in [1, 2] {
            let bounds = Bounds { records, ..FEW };
            let model = for_operators(&model(setting, row, bounds), Grain::Fine);
            assert_ne!(LeftOut::by(&model), LeftOut::NOTHING);
            let states = compare_for_operators(&format!("{setting}, {row}, {records}"), &model);
            sums = [sums[0] + states[0], sums[1] + states[1]];
        }
    }
    println!("two brokers: {sums:?}");
    assert!(2 * sums[0] > 3 * sums[1], "{sums:?}");
}

#[test]
fn what_nobody_asks_for_is_not_missed_with_three_brokers() {
    let mut sums = [0; 2];
    let few = Bounds {
        elections: 1,
        isr_changes: 1,
        preferred_elections: 0,
        ..FEW
    };
    let more = Bounds {
        records: 2,
        elections: 2,
        ..few
    };
    for setting in [
        "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on",
        "3.9, brokers a-1 b-1 c-1, min ISR 1, unclean on",
        "3.5, brokers a-1 b-1 c-1, min ISR 2",
        "2.1, brokers a-1 b-1 c-1, min ISR 2",
        "2.0, brokers a-1 b-1 c-1, min ISR 2",
        "2.7, brokers a-1 b-1 c-1, min ISR 1",
    ] {
        for row in ["broker-pause", "dc-power-loss:a", "lag+dc-loss:a"] {
            for grain in Grain::ALL {
                let bounds = if grain == Grain::Fine { few } else { more };
                let model = for_operators(&model(setting, row, bounds), grain);
                let at = format!("{setting}, {row}, {}", grain.name());
                let states = compare_for_operators(&at, &model);
                // In 2.0 a follower may go back to its watermark, which is not left out then.
                if !setting.starts_with("2.0") {
                    sums = [sums[0] + states[0], sums[1] + states[1]];
                }
            }
        }
    }
    println!("three brokers: {sums:?}");
    assert!(sums[0] > 2 * sums[1], "{sums:?}");
}

/// What taking several states for one comes to.
#[derive(Debug)]
struct Quotient {
    states: usize,
    classes: HashSet<u64>,
    /// States from which other classes are reached than from what they are taken for.
    elsewhere: usize,
    /// States in which a property has another value than in what they are taken for.
    otherwise: usize,
}

fn key(state: &State) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(state)
}

/// Every state of a model.
fn reachable(model: &Replication) -> Vec<State> {
    let mut states = model.init_states();
    let mut seen: HashSet<u64> = states.iter().map(key).collect();
    let mut waiting: VecDeque<State> = states.iter().copied().collect();
    while let Some(state) = waiting.pop_front() {
        for after in successors(model, &state) {
            if seen.insert(key(&after)) {
                states.push(after);
                waiting.push_back(after);
            }
        }
    }
    states
}

fn successors(model: &Replication, state: &State) -> Vec<State> {
    let mut events = Vec::new();
    model.actions(state, &mut events);
    events
        .into_iter()
        .filter_map(|event| model.next_state(state, event))
        .collect()
}

/// Takes every state of a model for its image, and looks whether anybody can tell: whether the same
/// classes are reached (staying in one's own does not count), and whether the properties that do not
/// look inside say the same.
fn quotient(model: &Replication, image: impl Fn(&Replication, &mut State)) -> Quotient {
    let model = &complete(model);
    let image = |state: &State| {
        let mut taken_for = *state;
        image(model, &mut taken_for);
        taken_for
    };
    let look = |state: &State, class: u64| {
        let reached = successors(model, state)
            .iter()
            .map(|after| key(&image(after)))
            .collect();
        let outside = Property::ALL
            .iter()
            .filter(|property| !property.looks_inside);
        let says =
            outside.map(|property| [property.holds, property.arises].map(|ask| ask(model, state)));
        let mut reached: BTreeSet<u64> = reached;
        reached.remove(&class);
        (reached, says.collect::<Vec<_>>())
    };
    let mut classes = HashMap::new();
    let (mut elsewhere, mut otherwise) = (0, 0);
    let states = reachable(model);
    for state in &states {
        let image = image(state);
        let class = key(&image);
        let (reached, says) = classes.entry(class).or_insert_with(|| look(&image, class));
        let own = look(state, class);
        elsewhere += usize::from(own.0 != *reached);
        otherwise += usize::from(own.1 != *says);
    }
    Quotient {
        states: states.len(),
        classes: classes.into_keys().collect(),
        elsewhere,
        otherwise,
    }
}

/// Whole spaces: setting, row, records, grain.
const SPACES: &[(&str, &str, u8, Grain)] = &[
    (
        "4.1, brokers a-1 b-1, min ISR 2, elr on",
        "lag+broker-power-loss",
        2,
        Grain::Fine,
    ),
    (
        "4.1, brokers a-1 b-1, min ISR 1, elr on",
        "broker-pause",
        2,
        Grain::Fine,
    ),
    (
        "2.1, brokers a-1 b-1, min ISR 1",
        "lag+broker-power-loss",
        2,
        Grain::Fine,
    ),
    (
        "2.7, brokers a-1 b-1, min ISR 1",
        "broker-pause",
        2,
        Grain::Fine,
    ),
    (
        "4.1, brokers a-1 b-1, min ISR 1, acks 1, elr on",
        "lag+dc-loss:a",
        2,
        Grain::Fine,
    ),
    (
        "4.1, brokers a-1 b-1, min ISR 1, elr on, unclean on",
        "lag+broker-crash",
        2,
        Grain::Fine,
    ),
    (
        "4.0, brokers a-1 b-1, voters a 1 b 1 c 1, min ISR 1, elr on",
        "cut:a|b",
        2,
        Grain::Fine,
    ),
    (
        "3.9, brokers a-1 b-1, voters a 1 b 1 c 1, min ISR 1, unclean on",
        "one-way-cut:b>a",
        2,
        Grain::Fine,
    ),
    // The leader starts a new epoch while producers wait.
    (
        "3.5, brokers a-1 b-1, min ISR 1",
        "lag+broker-pause",
        2,
        Grain::Fine,
    ),
    (
        "3.5, brokers a-1 b-1, min ISR 2",
        "lag+dc-power-loss:a",
        2,
        Grain::Fine,
    ),
    // What a deployment is searched with under `--as-source`.
    (
        "4.1, brokers a-1 b-1, min ISR 1, elr on, with equal-epoch-wipes-pending=on, \
         with reelected-leader-remembers=on, with waits-for-caught-up=on",
        "lag+dc-loss:a",
        1,
        Grain::Fine,
    ),
    (
        "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on",
        "dc-power-loss:a",
        1,
        Grain::Fine,
    ),
    (
        "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on",
        "lag+dc-power-loss:a",
        1,
        Grain::Coarse,
    ),
    (
        "3.5, brokers a-1 b-1 c-1, min ISR 2",
        "broker-pause",
        2,
        Grain::Coarse,
    ),
    (
        "4.1, brokers a-1 b-1 a-2, min ISR 2, elr on",
        "lag+dc-loss:a",
        2,
        Grain::CoarseDatacenters,
    ),
    (
        "4.1, brokers a-1 b-1 c-1, voters a 1 b 1 c 1, min ISR 2, elr on",
        "cut:a|b",
        2,
        Grain::CoarseFetches,
    ),
    (
        "3.9, brokers a-1 b-1 a-2, min ISR 1",
        "lag+dc-loss:a",
        2,
        Grain::CoarseFetches,
    ),
];

fn space(setting: &str, row: &str, records: u8, grain: Grain) -> Replication {
    let bounds = Bounds {
        records,
        isr_changes: 1,
        preferred_elections: 0,
        ..FEW
    };
    for_operators(&model(setting, row, bounds), grain)
}

#[test]
fn nobody_can_tell_what_is_left_out() {
    for (setting, row, records, grain) in SPACES {
        let model = space(setting, row, *records, *grain);
        let left_out = LeftOut::by(&model);
        let quotient = quotient(&model, |whole, state| left_out.of(whole, state));
        let at = format!(
            "{setting}, {row}, {}: {} states are {}",
            grain.name(),
            quotient.states,
            quotient.classes.len()
        );
        println!("{at}");
        assert_eq!((quotient.elsewhere, quotient.otherwise), (0, 0), "{at}");
        let explored: HashSet<u64> = reachable(&model).iter().map(key).collect();
        assert!(explored == quotient.classes, "{at}, not {}", explored.len());
        assert!(explored.len() < quotient.states, "{at}");
    }
}

/// Every part, whatever the model says.
const EVERYTHING: LeftOut = LeftOut {
    watermarks: true,
    follower_ends: true,
    ghost: true,
};

/// Where a condition does not hold, the test above would find it.
#[test]
fn what_matters_is_missed_where_it_is_left_out() {
    for (variant, row) in [
        ("waive:joiner-reaches-epoch-start", "lag+broker-pause"),
        ("waive:follower-keeps-log", "lag+broker-crash"),
        ("waive:diverging-answer-keeps-watermark", "lag+broker-pause"),
        ("waive:metadata-is-not-older", "lag+broker-pause"),
        ("waive:unknown-outcome-stays-pending", "lag+broker-pause"),
        ("waive:new-leader-forgets-followers", "lag+broker-pause"),
        ("late-fetches", "lag+broker-pause"),
        ("truncates-to-watermark=on", "lag+broker-crash"),
        ("equal-epoch-wipes-pending=on", "lag"),
        ("waits-for-caught-up=on", "lag"),
    ] {
        let setting = format!("4.1, brokers a-1 b-1, min ISR 1, elr on, with {variant}");
        let model = space(&setting, row, 2, Grain::Fine);
        assert_ne!(LeftOut::by(&model), EVERYTHING, "{variant}");
        let quotient = quotient(&model, |whole, state| EVERYTHING.of(whole, state));
        println!("{variant}: {} of {}", quotient.elsewhere, quotient.states);
        assert!(quotient.elsewhere > 0, "{variant}");
    }
}

/// A leader that starts a new epoch while producers wait has to know which of them it may tell, below
/// the start of that epoch too.
#[test]
fn a_watermark_below_the_start_of_the_epoch_matters_to_whoever_waits() {
    let model = space(
        "3.5, brokers a-1 b-1, min ISR 1",
        "lag+broker-pause",
        2,
        Grain::Fine,
    );
    let quotient = quotient(&model, |whole, state| {
        for broker in whole.setting.replicas().iter() {
            let replica = &mut state.replicas[broker];
            let started = replica.tenure().map(|tenure| tenure.epoch_start);
            if started.is_none_or(|start| replica.watermark <= start) {
                replica.watermark = End(0);
            }
        }
    });
    println!("{} of {}", quotient.elsewhere, quotient.states);
    assert!(quotient.elsewhere > 0);
}
