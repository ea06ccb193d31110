//! What mirroring assumes of a partition: each step of it is a move of one committed log, or several,
//! or none.  What does not fit is named here, and where it happens.

mod first_line;
mod moves;

use highwater_checks::experiment::Expected;
use highwater_checks::explore::{Exploration, Limits, Verdict, explore};
use highwater_checks::mirroring::committed_log::{CommittedLog, Step};
use highwater_checks::mirroring::projection::{Kind, Projection, project, project_by};
use highwater_checks::shipped;
use highwater_model::replication::Grain::{Coarse, Fine};
use highwater_model::replication::{LeaderEpoch, Property, Replication, State};
use highwater_vocabulary::{Broker, Event, Member, Record};
use insta::assert_snapshot;
use moves::cases::{CASES, Case, ONE, TWO, case};
use moves::{Differs, Moving};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;
use strum::VariantArray;

/// Experiments with more states are left out.
const SMALL: usize = 120_000;

/// Enough for every case.
const MOST: usize = 400_000;

fn projected(model: &Replication) -> Projection {
    let projection = project(model, MOST);
    assert!(projection.exhausted);
    projection
}

/// Whether whoever goes on leading under its epoch shows all that it showed, and perhaps more.
fn only_grows(model: &Replication, before: &State, after: &State) -> bool {
    model.setting.replicas().iter().all(|broker| {
        let [old, new] = [before, after].map(|state| &state.replicas[broker]);
        let goes_on = old.leads() && new.leads() && old.leader_epoch == new.leader_epoch;
        let shown = old.watermark;
        !goes_on || new.watermark >= shown && old.log.agrees_below(&new.log, shown)
    })
}

/// Every case, with all its steps and all its verdicts.  What a leader shows only grows under its epoch, so
/// to one consumer, which never goes back to an older epoch, what a leader of the past still shows is
/// the log as it was before.
static LOOKED_AT: LazyLock<Vec<(String, Projection, Exploration)>> = LazyLock::new(|| {
    let look = |case: &Case| {
        let model = case.model();
        let explored = explore(&model, Limits::default());
        assert_eq!(explored.incomplete, None);
        let projection = project_by(&model, MOST, |log, model, before, after| {
            assert!(only_grows(model, before, after), "{}", case.name());
            log.follow(model, before, after)
        });
        assert!(projection.exhausted);
        (case.name(), projection, explored)
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

/// Experiments whose verdicts say something else: a guard is waived in each, or not there yet.
const OTHERWISE: [(&str, &str); 6] = [
    // A follower serves what its leader has not; nothing is wrong with the leaders.
    ("logs/divergence-is-checked", "read-stability"),
    ("logs/diverging-answer-moves-watermark", "read-stability"),
    // A leader took office and gave it up; one of the past acknowledges while nobody else serves.
    ("logs/kip-320", "no-split-brain"),
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
    let (mut states, mut steps, mut unnoticed) = (0, 0, String::new());
    for (name, experiment) in shipped::experiments() {
        let model = experiment.model.unabridged();
        // No log of mirroring holds a record twice.
        if model.bounds.retries > 0 {
            continue;
        }
        let projection = project(&model, SMALL);
        if !projection.exhausted {
            continue;
        }
        looked_at += 1;
        states += projection.states;
        steps += projection.steps;
        let in_leader = Property::named("acked-in-leader").expect("a property");
        let is_kept = experiment.expected_of(in_leader) != Expected::Violated;
        if is_kept && happens(&projection, &[Kind::LosesShown]) {
            let _ = writeln!(unnoticed, "    {name}");
        }
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
    is_on_the_page(&[looked_at, steps]);
    let looked_at = format!("{looked_at} experiments, {states} states, {steps} steps");
    assert_snapshot!(format!(
        "{looked_at}\n\nunnoticed by acked-in-leader:\n{unnoticed}"
    ));
}

/// docs/findings/0019: nothing is wrong with the partition, and yet whoever asks a leader of the past with a
/// bare offset is told that it is out of range.
#[test]
fn everything_holds_where_a_former_leader_has_less() {
    let found = LOOKED_AT.iter().filter(|(_, projection, explored)| {
        let violated = |(_, verdict): &(_, Verdict)| verdict.word() == "violated";
        happens(projection, &[Kind::PastIsShort]) && !explored.verdicts.iter().any(violated)
    });
    let found: Vec<String> = found
        .map(|(name, projection, _)| {
            let count = projection.count(Kind::PastIsShort);
            format!("{name}: {count} of {} steps", projection.steps)
        })
        .collect();
    assert_snapshot!(found.join("\n"));
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
    is_on_the_page(&[states, steps]);
    let plain = [
        Kind::LosesTold,
        Kind::LosesShown,
        Kind::LosesUntold,
        Kind::GoneForGood,
    ];
    let named = Kind::VARIANTS
        .iter()
        .filter(|kind| !plain.contains(kind) && **kind != Kind::FallsBehind);
    let numbers: Vec<usize> = named.map(|kind| counts[*kind as usize]).collect();
    is_on_the_page(&numbers);
}

/// docs/MIRRORING.md has these numbers, grouped by thousands.
fn is_on_the_page(numbers: &[usize]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/MIRRORING.md");
    let page = std::fs::read_to_string(path).expect("there is a page");
    for number in numbers {
        let digits = number.to_string();
        let groups: Vec<&str> = digits
            .as_bytes()
            .rchunks(3)
            .rev()
            .map(|group| std::str::from_utf8(group).expect("digits"))
            .collect();
        let number = groups.join(" ");
        assert!(
            page.contains(&number),
            "docs/MIRRORING.md does not have {number}"
        );
    }
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

/// One power loss, three replicas: the next record takes the offset and the epoch of one that consumers
/// have read, and is acknowledged.  Who has read on does not get it.  Not so from 4.0 on.
#[test]
fn a_record_that_readers_will_miss_is_acknowledged() {
    let of = |version: &str| {
        let case = CASES.iter().find(|case| {
            let model = case.model();
            model.setting.kafka.to_string() == version
                && model.setting.replicas().len() == 3
                && case.grain() == Coarse
        });
        case.expect("there is one").model()
    };
    let model = of("3.9");
    let found = projected(&model);
    let events = found
        .history(Kind::ReplacesWithinEpoch)
        .expect("it happens");
    let begin = model.beginnings()[0];
    let step = |state, event: &Event| model.step(&state, event).expect("it happened");
    let state = events.iter().fold(begin, step);
    let [r1, r2] = [0, 1].map(Record::at);
    assert_eq!(state.ghost.committed.entries()[0].record, r1);
    let broker = Broker::at(0);
    let told = step(state, &Event::Ack { broker, record: r2 });
    assert!(told.ghost.acknowledged.contains(r2));
    assert_eq!(told.replicas[broker].log.entries()[0].record, r2);

    let repaired = projected(&of("4.0"));
    assert_eq!(repaired.count(Kind::LosesWithinEpoch), 0);
    assert!(repaired.count(Kind::Append) > 0);
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
    let forgetful = project_by(&model, MOST, |log, model, before, after| {
        let (mut next, mut step) = log.follow(model, before, after);
        if let Some((_, leader)) = next.leader(model, after).filter(|_| step.falls_behind) {
            step.lost.records = next.log.end().0 - leader.watermark.0;
            next.log.truncate(leader.watermark);
            next.shown = leader.watermark;
        }
        (next, step)
    });
    assert!(forgetful.exhausted);
    assert!(forgetful.count(Kind::LoseSuffix) > 0);
}

/// A step that is told wrongly comes to another log by the rules of mirroring.
#[test]
#[should_panic(expected = "assertion `left == right` failed")]
fn a_step_that_is_told_wrongly_is_found_out() {
    let found = projected(&case(ONE, "none", [1, 1, 0, 0, 0], Fine).model());
    let mut passages = found.passages.keys();
    let (before, step, after) = passages
        .find(|(_, step, _)| step.appended == 1)
        .expect("something is written");
    let nothing = Step {
        appended: 0,
        ..*step
    };
    let _ = Moving::new().make(before, &nothing, after);
}
