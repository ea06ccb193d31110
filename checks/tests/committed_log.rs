//! What mirroring assumes of a partition: each step of it is a move of one committed log, or several,
//! or none.  What does not fit is named here, and where it happens.

mod first_line;
mod moves;

use highwater_checks::experiment::Expected;
use highwater_checks::explore::{Exploration, Limits, explore};
use highwater_checks::mirroring::committed_log::CommittedLog;
use highwater_checks::mirroring::projection::{Kind, Projection, project, project_by};
use highwater_checks::shipped;
use highwater_model::replication::Grain::Fine;
use highwater_model::replication::{LeaderEpoch, Property, Replication};
use insta::assert_snapshot;
use moves::cases::{CASES, Case, ONE, TWO, case};
use moves::{Differs, Moving};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;
use strum::VariantArray;

/// Experiments with more states are left out.
const SMALL: usize = 50_000;

/// Enough for every case.
const MOST: usize = 400_000;

fn projected(model: &Replication) -> Projection {
    let projection = project(model, MOST);
    assert!(projection.exhausted);
    projection
}

/// Every case, with all its steps and all its verdicts.
static LOOKED_AT: LazyLock<Vec<(String, Projection, Exploration)>> = LazyLock::new(|| {
    let look = |case: &Case| {
        let model = case.model();
        let explored = explore(&model, Limits::default());
        assert_eq!(explored.incomplete, None);
        (case.name(), projected(&model), explored)
    };
    CASES.iter().map(look).collect()
});

fn word(explored: &Exploration, property: &str) -> &'static str {
    explored.verdict(property).expect("it was asked for").word()
}

/// Every step is moves that the rules of mirroring allow, and they come to the same log.  What does not fit
/// is three things, and each is noted of the step.
#[test]
fn every_step_of_a_partition_is_moves_of_a_committed_log() {
    let moving = Moving::new();
    let mut differing: BTreeMap<Differs, usize> = BTreeMap::new();
    for (name, projection, _) in LOOKED_AT.iter() {
        for ((before, step, after), count) in &projection.passages {
            let differs = moving.make(before, step, after).err();
            let expected = Differs::expected(step);
            assert_eq!(differs, expected, "{name}: {before:?} {step:?}");
            if let Some(differs) = differs {
                *differing.entry(differs).or_default() += count;
            }
        }
    }
    assert_eq!(differing.len(), 3, "{differing:?}");
    let total = |kind: Kind| -> usize {
        let counts = LOOKED_AT.iter().map(|(_, found, _)| found.count(kind));
        counts.sum()
    };
    for kind in Kind::VARIANTS {
        assert!(total(*kind) > 0, "{} never happens", kind.name());
    }
}

/// What a verdict says of the log: it is violated where steps of these kinds happen.
const SAID: [(&str, &[Kind]); 4] = [
    ("acked-in-leader", &[Kind::LosesTold, Kind::AsideTold]),
    ("acked-somewhere", &[Kind::GoneForGood]),
    ("read-stability", &[Kind::LosesShown, Kind::AsideShown]),
    ("no-split-brain", &[Kind::AsideTold]),
];

fn happens(projection: &Projection, kinds: &[Kind]) -> bool {
    kinds.iter().any(|kind| projection.count(*kind) > 0)
}

/// What a row's verdicts say of its log, in both directions.
#[test]
fn verdicts_say_what_a_log_may_do() {
    let mut found = [0; 2];
    for (name, projection, explored) in LOOKED_AT.iter() {
        for (property, kinds) in SAID {
            let violated = word(explored, property) == "violated";
            assert_eq!(violated, happens(projection, kinds), "{name}: {property}");
            found[usize::from(violated)] += 1;
        }
    }
    assert!(found.iter().all(|count| *count > 20), "{found:?}");
}

/// Experiments whose verdicts say something else, each with a guard waived.
const OTHERWISE: [(&str, &str); 4] = [
    // A follower serves what its leader has not; nothing is wrong with the leaders.
    ("logs/divergence-is-checked", "read-stability"),
    // Nobody has the record any more, and nobody can be elected to lack it.
    ("operators/reassigned-too-early", "acked-in-leader"),
    ("operators/reassigned-too-early", "read-stability"),
    // One broker acts under an older epoch than it did, and nobody else has taken office.
    ("zookeeper/late-request-taken", "no-split-brain"),
];

/// The same of every experiment that is small enough: the verdicts are those of the files.
#[test]
fn verdicts_of_experiments_say_it_too() {
    let moving = Moving::new();
    let (mut otherwise, mut looked_at) = (Vec::new(), 0);
    for (name, experiment) in shipped::experiments() {
        let model = experiment.model.unabridged();
        let projection = project(&model, SMALL);
        if !projection.exhausted {
            continue;
        }
        looked_at += 1;
        for (property, kinds) in SAID {
            let said = Property::named(property).expect("a property");
            let violated = experiment.expected_of(said) == Expected::Violated;
            if violated != happens(&projection, kinds) {
                otherwise.push((name.clone(), property));
            }
        }
        for (before, step, after) in projection.passages.keys() {
            let differs = moving.make(before, step, after).err();
            assert_eq!(
                differs,
                Differs::expected(step),
                "{name}: {before:?} {step:?}"
            );
        }
    }
    let expected = OTHERWISE.map(|(name, property)| (name.to_owned(), property));
    assert_eq!(otherwise, expected);
    assert!(looked_at > 80, "{looked_at}");
}

/// Where nothing acknowledged is ever missing, a mirror may yet have copied what its source has lost.
#[test]
fn what_nobody_was_told_may_be_lost_where_nothing_acknowledged_is() {
    let found = LOOKED_AT.iter().filter(|(_, projection, explored)| {
        word(explored, "acked-in-leader") != "violated" && projection.count(Kind::LosesShown) > 0
    });
    let found: Vec<String> = found
        .map(|(name, projection, explored)| {
            assert_eq!(projection.count(Kind::LosesTold), 0);
            assert!(projection.count(Kind::LosesUntold) > 0);
            format!(
                "{name}: acked-in-leader {}",
                word(explored, "acked-in-leader")
            )
        })
        .collect();
    assert_snapshot!(found.join("\n"));
}

#[test]
fn the_steps_are_counted() {
    let mut lines = String::new();
    let (mut states, mut steps, mut counts) = (0, 0, vec![0; Kind::VARIANTS.len()]);
    for (name, projection, explored) in LOOKED_AT.iter() {
        let verdicts = ["acked-in-leader", "acked-somewhere", "read-stability"];
        let verdicts = verdicts.map(|name| format!("{name} {}", word(explored, name)));
        let _ = writeln!(lines, "{name}: {}", verdicts.join(", "));
        let _ = write!(
            lines,
            "    {} states, {} steps:",
            projection.states, projection.steps
        );
        for kind in Kind::VARIANTS {
            let count = projection.count(*kind);
            if count > 0 {
                let _ = write!(lines, " {} {count}", kind.name());
            }
            counts[*kind as usize] += count;
        }
        lines.push('\n');
        states += projection.states;
        steps += projection.steps;
    }
    let _ = writeln!(lines, "altogether {states} states, {steps} steps");
    for kind in Kind::VARIANTS {
        let _ = writeln!(lines, "    {} {}", kind.name(), counts[*kind as usize]);
    }
    assert_snapshot!(lines);
}

/// A shortest history of each thing that is not a plain move.
#[test]
fn how_each_exception_comes_about() {
    let mut lines = String::new();
    for kind in Kind::VARIANTS {
        let histories = LOOKED_AT
            .iter()
            .zip(&CASES)
            .filter_map(|(looked_at, case)| {
                let history = looked_at.1.history(*kind)?;
                Some((history.len(), history, &looked_at.0, case))
            });
        let shortest = histories.min_by_key(|(length, ..)| *length);
        let (_, events, name, case) = shortest.expect("it happens somewhere");
        let setting = case.model().setting;
        let told: Vec<String> = events.iter().map(|event| event.line(&setting)).collect();
        let _ = writeln!(lines, "{} ({name})\n    {}", kind.name(), told.join("; "));
    }
    assert_snapshot!(lines);
}

// Planted bugs: each makes a row that is quiet lose something, or seem to.

/// Kafka before KIP-101: a follower drops what it does not know to be committed, and is elected.
#[test]
fn a_follower_that_truncates_to_its_watermark_loses_a_suffix() {
    let row = "broker-stop+broker-pause";
    let sound = case(TWO, row, [1, 1, 0, 0, 0], Fine).model();
    let mut spoilt = sound.clone();
    spoilt.variant.switches.truncates_to_watermark = true;
    assert_eq!(projected(&sound).count(Kind::LosesShown), 0);
    let found = projected(&spoilt);
    assert!(found.count(Kind::LosesTold) > 0);
    let explored = explore(&spoilt, Limits::default());
    assert_eq!(word(&explored, "acked-in-leader"), "violated");
}

/// A projection that believes a leader of the past once the newest one is gone.
#[test]
fn a_projection_that_reads_from_zombies_is_found_out() {
    let model = case(ONE, "broker-pause+broker-crash", [1, 3, 1, 0, 0], Fine).model();
    assert_eq!(projected(&model).count(Kind::LoseSuffix), 0);
    let gullible = project_by(&model, MOST, |log, model, before, after| {
        let forgetful = CommittedLog {
            epoch: LeaderEpoch(0),
            ..*log
        };
        forgetful.follow(model, before, after)
    });
    assert!(gullible.exhausted);
    assert!(gullible.count(Kind::LosesTold) > 0);
}

/// A projection that takes a watermark which is behind for the end of the log.
#[test]
fn a_projection_that_forgets_what_was_read_is_found_out() {
    let model = case(TWO, "broker-crash", [1, 2, 1, 0, 0], Fine).model();
    assert_eq!(projected(&model).count(Kind::LoseSuffix), 0);
    let watermark_only = project_by(&model, MOST, |log, model, before, after| {
        let (next, mut step) = log.follow(model, before, after);
        step.lost.records += u8::from(step.falls_behind);
        (next, step)
    });
    assert!(watermark_only.count(Kind::LoseSuffix) > 0);
}
