//! What comes about in the end: the table of spaces, planted livelocks each of which must be found, and
//! the shipped experiments.

use highwater_checks::explain::for_ever;
use highwater_checks::liveness::experiment::Experiment;
use highwater_checks::liveness::experiment_file::read;
use highwater_checks::liveness::fairness::Class;
use highwater_checks::liveness::{Lasso, Liveness, MOST_STATES, Plant, Property, Verdict};
use highwater_checks::{Source, experiment_file};
use highwater_model::replication::{Disabled, Guard, Property as Safety, Replication, State};
use highwater_vocabulary::{Broker, BrokerSet, Event, Member};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const TWO: &[&str] = &["a-1", "b-1"];
const THREE: &[&str] = &["a-1", "b-1", "c-1"];

/// A partition over the datacenters a, b, c, with voters in a, b and a witness.
fn model(kafka: &str, brokers: &[&str], min_isr: u8, row: &str, elections: u8) -> Replication {
    let text = format!(
        "title = 't'\nquestion = 'q'\nsource = 'R01'\nheadline = 'acked-in-leader'\n\
         [setting]\nkafka = '{kafka}'\nbrokers = {brokers:?}\n\
         voters = {{ a = 1, b = 1, w = 1 }}\nmin_insync_replicas = {min_isr}\n\
         [faults]\nrow = '{row}'\n\
         [bounds]\nrecords = 1\nelections = {elections}\nisr_changes = 1\n\
         preferred_elections = 0\n\
         [verdicts]\ndefault = 'holds'\nacked-in-leader = 'holds'\n"
    );
    let source = Source::new("test", text);
    let experiment = experiment_file::read(&source).unwrap_or_else(|error| panic!("{error}"));
    Replication {
        asked: Safety::ALL,
        ..experiment.model
    }
}

fn waiving(guard: Guard, mut model: Replication) -> Replication {
    model.variant.waived = model.variant.waived.with(guard);
    model
}

/// With an election of the preferred leader, who then has written nothing.
fn with_preferred(mut model: Replication) -> Replication {
    model.bounds.preferred_elections = 1;
    model
}

fn lasso<'l>(found: &'l Liveness, name: &str) -> &'l Lasso {
    match found.verdict(name) {
        Some(Verdict::Violated(lasso)) => lasso,
        other => panic!("{name} should be violated, and is {other:?}"),
    }
}

fn lines(model: &Replication, events: &[Event]) -> Vec<String> {
    let lines = events.iter().map(|event| event.line(&model.setting));
    lines.collect()
}

/// One line a space: which properties are violated there.  Everything is exhausted.
#[test]
fn the_table_of_spaces() {
    let mut table = String::new();
    let rows = [
        "none",
        "broker-crash",
        "broker-power-loss",
        "broker-wiped",
        "broker-pause",
        "lag+broker-crash",
        "controller-failover+broker-pause",
        "cut:a|b",
        "one-way-cut:a>b",
        "dc-loss:a",
    ];
    for kafka in ["3.5", "3.9", "4.0", "4.1"] {
        for row in rows {
            for min_isr in [1, 2] {
                let model = model(kafka, TWO, min_isr, row, 1);
                tell(&mut table, kafka, &model, min_isr, row);
            }
        }
    }
    for (kafka, row) in [
        ("3.9", "broker-pause"),
        ("4.1", "broker-crash"),
        ("4.1", "broker-power-loss"),
    ] {
        let model = model(kafka, THREE, 2, row, 1);
        tell(&mut table, kafka, &model, 2, row);
    }
    insta::assert_snapshot!(table);
}

fn tell(table: &mut String, kafka: &str, model: &Replication, min_isr: u8, row: &str) {
    let found = Liveness::of(model, MOST_STATES);
    assert_eq!(found.incomplete, None, "{kafka} {row}");
    let [states, after] = found.states;
    let violated = match found.violated().as_slice() {
        [] => "all hold".to_owned(),
        violated => format!("violated: {}", violated.join(", ")),
    };
    let brokers = model.setting.brokers.len();
    let _ = writeln!(
        table,
        "{kafka}  {brokers} brokers  min ISR {min_isr}  {row:33} {states:6} +{after:7}  {violated}"
    );
}

/// A protocol that is broken, and what must never come about with it.
struct Planted {
    what: &'static str,
    missed: &'static str,
    model: Replication,
    plant: Box<Plant>,
}

fn planted() -> Vec<Planted> {
    let as_it_is = || -> Box<Plant> { Box::new(|_, _, result| result) };
    let plant = |what, missed, model, plant| Planted {
        what,
        missed,
        model,
        plant,
    };
    vec![
        plant(
            "nobody looks for a leader when a candidate is unfenced",
            "leader-elected",
            waiving(
                Guard::UnfencingElects,
                model("3.9", TWO, 1, "lag+broker-crash", 1),
            ),
            as_it_is(),
        ),
        plant(
            "a leader looks at the watermark only while a producer waits",
            "watermark-reaches-end",
            model("4.1", TWO, 1, "broker-crash", 1),
            Box::new(watermark_moves_only_for_producers),
        ),
        plant(
            "producers are never answered",
            "produce-answered",
            model("4.1", TWO, 1, "none", 1),
            Box::new(never(|event| matches!(event, Event::Ack { .. }))),
        ),
        plant(
            "the note of a leader that wrote nothing outlives truncation (KAFKA-10706)",
            "followers-converge",
            waiving(
                Guard::TruncationDropsEmptyEpoch,
                with_preferred(model("3.9", TWO, 1, "broker-pause", 3)),
            ),
            as_it_is(),
        ),
        plant(
            "an ISR change that was refused is not asked for again when the answer is lost",
            "isr-change-resolved",
            model("4.1", TWO, 1, "controller-failover+broker-pause", 1),
            Box::new(refusals_are_not_repeated),
        ),
        plant(
            "a follower is considered for the ISR only when its end has moved",
            "caught-up-in-sync",
            model("4.1", TWO, 1, "broker-pause", 1),
            Box::new(only_who_moves_is_considered),
        ),
        plant(
            "nobody is unfenced",
            "broker-unfenced",
            model("4.1", TWO, 1, "broker-crash", 1),
            Box::new(never(|event| matches!(event, Event::Unfence { .. }))),
        ),
        plant(
            "a leader does not hear of metadata",
            "metadata-learnt",
            model("4.1", TWO, 1, "broker-crash", 1),
            Box::new(leaders_learn_nothing),
        ),
        plant(
            "the controller completes no reassignment",
            "reassignment-completes",
            reassigned_to_b(model("4.1", TWO, 1, "none", 1)),
            Box::new(no_reassignment_completes),
        ),
        plant(
            "a follower whose log is empty never fetches",
            "committed-everywhere",
            model("4.1", TWO, 1, "lag", 1),
            Box::new(empty_logs_stay_empty),
        ),
    ]
}

/// A replica moves from a to b.
fn reassigned_to_b(mut model: Replication) -> Replication {
    let b = BrokerSet::only(Broker::at(1));
    model.setting.spares = b;
    model.bounds.operators.reassignments[0] = Some(b);
    model
}

fn no_reassignment_completes(
    before: &State,
    event: &Event,
    result: Result<State, Disabled>,
) -> Result<State, Disabled> {
    let after = result?;
    match after.image().replicas.len() < before.image().replicas.len() {
        // It is asked for, and asked for again.
        true if matches!(event, Event::Apply { .. }) => Ok(*before),
        true => Err(Disabled::NothingThere),
        false => Ok(after),
    }
}

fn empty_logs_stay_empty(
    before: &State,
    event: &Event,
    result: Result<State, Disabled>,
) -> Result<State, Disabled> {
    match *event {
        Event::Fetch { follower } | Event::FetchLost { follower }
            if before.replicas[follower].log.entries().is_empty() =>
        {
            // It fetches, and is given nothing.
            result.map(|_| *before)
        }
        _ => result,
    }
}

fn never(
    of: impl Fn(&Event) -> bool,
) -> impl Fn(&State, &Event, Result<State, Disabled>) -> Result<State, Disabled> {
    move |_, event, result| match of(event) {
        true => Err(Disabled::NothingThere),
        false => result,
    }
}

fn watermark_moves_only_for_producers(
    before: &State,
    event: &Event,
    result: Result<State, Disabled>,
) -> Result<State, Disabled> {
    let mut after = result?;
    if matches!(event, Event::Restart { .. }) {
        return Ok(after);
    }
    for (replica, known) in after.replicas.0.iter_mut().zip(before.replicas.0) {
        let waits = replica
            .tenure()
            .is_some_and(|tenure| !tenure.waiting.is_empty());
        if replica.tenure().is_some() && !waits {
            replica.watermark = replica.watermark.min(known.watermark);
        }
    }
    Ok(after)
}

fn refusals_are_not_repeated(
    _: &State,
    event: &Event,
    result: Result<State, Disabled>,
) -> Result<State, Disabled> {
    let mut after = result?;
    if matches!(event, Event::Untold { .. } | Event::Depose) {
        for change in &mut after.changes.0 {
            change.request = change.request.filter(|request| request.sent);
        }
    }
    Ok(after)
}

fn only_who_moves_is_considered(
    before: &State,
    event: &Event,
    result: Result<State, Disabled>,
) -> Result<State, Disabled> {
    let mut after = result?;
    let (Event::Fetch { follower } | Event::FetchLost { follower }) = *event else {
        return Ok(after);
    };
    for index in 0..after.replicas.0.len() {
        let leader = Broker::at(index);
        let known = before.replicas[leader].tenure().copied();
        if let (Some(tenure), Some(known)) = (after.replicas[leader].tenure_mut(), known)
            && tenure.follower_end[follower] == known.follower_end[follower]
            && tenure.pending != known.pending
        {
            tenure.pending = known.pending;
            after.changes[leader] = before.changes[leader];
        }
    }
    Ok(after)
}

fn leaders_learn_nothing(
    before: &State,
    event: &Event,
    result: Result<State, Disabled>,
) -> Result<State, Disabled> {
    match *event {
        Event::Learn { broker, .. } if before.replicas[broker].leads() => {
            Err(Disabled::NothingThere)
        }
        _ => result,
    }
}

/// Each plant is found, by the property that it is about; and what it is planted in violates none.
#[test]
fn every_planted_livelock_is_found() {
    let mut told = String::new();
    for planted in planted() {
        let Planted {
            what,
            missed,
            model,
            plant,
        } = &planted;
        let found = Liveness::of_altered(model, plant, MOST_STATES);
        assert_eq!(found.incomplete, None, "{what}");
        let run = lasso(&found, missed);
        assert!(follows_its_model(model, plant, run), "{what}");
        let _ = writeln!(told, "{what}: {}", found.violated().join(", "));
        for (heading, events) in [
            ("", &run.faults),
            ("  then", &run.way),
            ("  for ever", &run.round),
        ] {
            let _ = writeln!(told, "{heading}  {}", lines(model, events).join("; "));
        }
        let mut sound = model.clone();
        sound.variant.waived = Default::default();
        let sound = Liveness::of(&sound, MOST_STATES);
        assert_eq!(sound.violated(), [""; 0], "{what}, unplanted");
    }
    let names: Vec<_> = planted().iter().map(|planted| planted.missed).collect();
    for property in Property::ALL {
        assert!(
            names.contains(&property.name),
            "{} is never violated",
            property.name
        );
    }
    insta::assert_snapshot!(told);
}

/// Whether the run can be taken step by step, nothing fails after its faults, and its round leads back
/// to where it begins, as far as can be seen.
fn follows_its_model(model: &Replication, plant: &Plant, run: &Lasso) -> bool {
    let mut state = run.beginning;
    let mut take = |event: &Event| {
        let result = plant(&state, event, model.step(&state, event));
        result.is_ok_and(|after| {
            state = after;
            true
        })
    };
    let mut fails = run.faults.iter();
    if !fails.all(&mut take) {
        return false;
    }
    let _ = take(&Event::CatchUp);
    let mut way = run.way.iter();
    if !way.all(&mut take) {
        return false;
    }
    let before = model.observe(&state);
    let goes_round = run.round.iter().all(|event| {
        let result = plant(&state, event, model.step(&state, event));
        result.is_ok_and(|after| {
            state = after;
            true
        })
    });
    let after = model.observe(&state);
    goes_round
        && (before.leader, before.isr, before.replicas) == (after.leader, after.isr, after.replicas)
}

/// Where channels may lose for ever whatever can be sent again, a leader never hears that its change
/// was refused: weak fairness is not enough, because the answer cannot arrive in the moment in which the
/// change is asked for again.
#[test]
fn weak_fairness_is_not_enough_for_an_answer_that_is_asked_for_again() {
    let model = model("4.1", TWO, 1, "lag+broker-crash", 1);
    assert_eq!(Liveness::of(&model, MOST_STATES).violated(), [""; 0]);
    let found = Liveness::of_losing(&model, MOST_STATES);
    assert_eq!(
        found.violated(),
        ["isr-change-resolved", "caught-up-in-sync"]
    );
    let run = lasso(&found, "isr-change-resolved");
    let round = lines(&model, &run.round);
    assert!(round.contains(&"untold a-1".to_owned()), "{round:?}");
    assert!(round.contains(&"apply a-1".to_owned()), "{round:?}");
    let told = run
        .idle
        .iter()
        .any(|(class, _)| matches!(class, Class::Told(_)));
    assert!(told, "{:?}", run.idle);
}

/// A search that comes to its limit knows nothing.
#[test]
fn a_search_that_is_cut_gives_no_verdict() {
    let model = model("4.1", TWO, 1, "broker-crash", 1);
    for most in [1, 100, 1000] {
        let found = Liveness::of(&model, most);
        assert!(found.incomplete.is_some(), "{most}");
        let mut verdicts = found.verdicts.iter();
        assert!(verdicts.all(|(_, verdict)| *verdict == Verdict::Incomplete));
    }
}

fn shipped() -> Vec<(PathBuf, Experiment)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/liveness");
    let files = std::fs::read_dir(root).expect("a folder").flatten();
    let mut paths: Vec<PathBuf> = files.map(|file| file.path()).collect();
    paths.sort();
    let experiment = |path: PathBuf| {
        let source = Source::read(&path).unwrap_or_else(|error| panic!("{error}"));
        let experiment = read(&source).unwrap_or_else(|error| panic!("{error}"));
        (path, experiment)
    };
    paths.into_iter().map(experiment).collect()
}

/// The shipped experiments come out as their files say, and what is violated can be told.
#[test]
fn every_experiment_comes_out_as_its_file_says() {
    let shipped = shipped();
    assert!(shipped.len() >= 4);
    let mut told = String::new();
    for (path, experiment) in &shipped {
        let found = experiment.run(MOST_STATES);
        let name = path.file_stem().expect("a name").to_string_lossy();
        assert_eq!(experiment.differences(&found), [""; 0], "{name}");
        let _ = writeln!(told, "== {name}\n{}", experiment.text(&found, &name));
        for (property, verdict) in &found.verdicts {
            let Verdict::Violated(run) = verdict else {
                continue;
            };
            let explanation = for_ever(&experiment.model, property, run).expect("it is short");
            if property.name == experiment.headline.name {
                let _ = writeln!(told, "{}", explanation.text(&name));
            }
        }
    }
    insta::assert_snapshot!(told);
}

/// The page of properties has every one, and every experiment.
#[test]
fn the_page_names_everything() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/PROPERTIES.md");
    let page = std::fs::read_to_string(path).expect("there is a page");
    for property in Property::ALL {
        let heading = format!("| {} | {} |", property.number, property.name);
        assert!(page.contains(&heading), "no line `{heading}`");
        let formula = property.formula.replace('|', "\\|");
        assert!(page.contains(&formula), "{formula}");
    }
    for (path, _) in shipped() {
        let name = format!(
            "liveness/{}",
            path.file_stem().expect("a name").to_string_lossy()
        );
        assert!(
            page.contains(&name),
            "docs/PROPERTIES.md does not name {name}"
        );
    }
}

/// Every mistake is answered with the line, the key and a remedy, and nothing panics.
#[test]
fn every_mistake_is_answered() {
    let good = "title = 'T'\nquestion = 'Q'\nsource = 'R1'\nheadline = 'leader-elected'\n\
                [setting]\nkafka = '4.1'\nbrokers = ['a-1', 'b-1']\n[faults]\nrow = 'none'\n\
                [bounds]\nrecords = 1\n[verdicts]\ndefault = 'holds'\nleader-elected = 'silent'\n";
    assert!(read(&Source::new("my.toml", good)).is_ok());
    let mut text = String::new();
    for (from, to) in [
        ("'leader-elected'\n", "'leader-electd'\n"),
        ("leader-elected = 'silent'\n", ""),
        (
            "leader-elected = 'silent'",
            "acked-in-leader = 'holds'\nleader-elected = 'silent'",
        ),
        ("leader-elected = 'silent'", "leader-elected = 'never'"),
        ("records = 1", "records = 3"),
        ("records = 1", "grain = 'coarse'"),
        ("row = 'none'", "row = 'dc-loss:*'"),
        ("title = 'T'", "title = 'T'\nclaims = ['C1']"),
    ] {
        let source = Source::new("my.toml", good.replacen(from, to, 1));
        let error = read(&source).expect_err(to);
        let _ = writeln!(text, "{error}\n");
    }
    insta::assert_snapshot!(text);
}

/// Whatever is left out of a file or written in another way, its reader answers.
#[test]
fn no_file_makes_the_reader_panic() {
    let mut refused = 0;
    for (path, _) in shipped() {
        let text = std::fs::read_to_string(path).expect("a file");
        let lines: Vec<&str> = text.lines().collect();
        for place in 0..lines.len() {
            let key = lines[place].split('=').next().unwrap_or_default();
            for value in ["", "= 0", "= -1", "= true", "= 'x'", "= []", "= {}"] {
                let mut mutated = lines.clone();
                let line = format!("{key}{value}");
                mutated[place] = if value.is_empty() { "" } else { &line };
                refused += usize::from(read(&Source::new("my.toml", mutated.join("\n"))).is_err());
            }
        }
    }
    assert!(refused > 100, "{refused}");
}
