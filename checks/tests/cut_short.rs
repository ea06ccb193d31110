//! What was not looked at is never said to hold: not of a space, not of a row, not in a table.

use highwater_checks::check::{self, CheckedRow, Options, Steps, check};
use highwater_checks::explore::{Crew, Limits, Verdict, explore};
use highwater_checks::report::{self, Detail};
use highwater_checks::{Source, deployment_file};
use highwater_model::replication::{Grain, Replication};
use highwater_vocabulary::{Deployment, Faults};

/// Two replicas over two sites that differ, so that a row takes several orders.
const TWO_AND_ONE: &str =
    "replication_factor = 2\nmin_insync_replicas = 2\n[bounds]\nelections = 1\nisr_changes = 0\n";

fn deployment(topic: &str) -> Deployment {
    let text = format!(
        "name = 'x'\nkafka = '4.1'\n[[cluster]]\nid = 'c'\nbrokers = {{ n = 7, s = 1 }}\n\
         voters = {{ n = 1, s = 2 }}\n[[cluster.topic]]\nid = 't'\n{topic}"
    );
    let (deployment, _) = deployment_file::read(&Source::new("test", text)).expect("legal");
    deployment
}

fn options(states: usize, steps: Steps) -> Options {
    Options {
        states,
        crew: Crew::of(1),
        steps,
        ..Options::default()
    }
}

fn faults(deployment: &Deployment, name: &str) -> Faults {
    Faults::parse(name, &deployment.cluster.datacenters()).expect("legal")
}

/// The models of a row, at this grain and with so many records.
fn models(deployment: &Deployment, faults: &Faults, grain: Grain, records: u8) -> Vec<Replication> {
    let topic = &deployment.cluster.topics[0];
    let mut models = check::models(deployment, topic, faults, &Options::default());
    for model in &mut models {
        model.variant.grain = grain;
        model.bounds.records = records;
    }
    models
}

/// The row of these faults, searched that far.
fn row(deployment: &Deployment, faults: &Faults, options: Options) -> CheckedRow {
    let row = highwater_checks::ladder::Row {
        faults: faults.clone(),
        also: Vec::new(),
    };
    let rows = check::check_rows(deployment, &[0], &[row], &options, &|_, _| {});
    rows.into_iter().next().expect("a row")
}

#[test]
fn a_space_is_counted_whole_or_said_to_be_cut() {
    let deployment = deployment(TWO_AND_ONE);
    let model = &models(&deployment, &Faults::default(), Grain::Fine, 1)[0];
    let whole = explore(model, Limits::default()).counts;
    for generated in 0..=whole.generated {
        let found = explore(model, Limits::of_states(generated));
        assert!(found.incomplete.is_some(), "{generated} of {whole:?}");
    }
    let generated = whole.generated + 1;
    let found = explore(model, Limits::of_states(generated));
    assert_eq!((found.incomplete, found.counts), (None, whole));
}

#[test]
fn a_table_says_of_nothing_unknown_that_it_is_well() {
    let deployment = deployment(TWO_AND_ONE);
    let checked = check(&deployment, &options(1, Steps::Both), &|_, _| {});
    let known = checked.rows.iter().flat_map(|row| &row.cells);
    assert!(known.clone().count() > 0);
    for cell in known {
        assert_eq!(cell.verdict, Verdict::Incomplete);
    }
    let table = report::table(&deployment, &checked, "x", Detail::All);
    let mut lines = table.lines();
    let first = lines.find(|line| line.starts_with("nothing goes wrong"));
    let first = first.expect("a row");
    let words: Vec<&str> = first.split("  ").map(str::trim).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let (when, cells) = words.split_first().expect("a row has cells");
    assert_eq!(*when, "nothing goes wrong");
    assert_eq!(cells, ["not known"; 6]);
}

/// The orders of a row are of different size.  The first round gives each a quarter of the budget: what
/// is not known of one is not known of the row.
#[test]
fn an_order_that_was_cut_short_does_not_hide_behind_another() {
    let deployment = deployment(TWO_AND_ONE);
    let faults = faults(&deployment, "dc-loss:n");
    let models = models(&deployment, &faults, Grain::Fine, 1);
    let sizes = models.iter().map(|model| explore(model, Limits::default()));
    let sizes: Vec<usize> = sizes.map(|found| found.counts.generated).collect();
    let (least, most) = (sizes.iter().min(), sizes.iter().max());
    let (least, most) = (*least.expect("an order"), *most.expect("an order"));
    assert!(least < most, "{sizes:?}");
    // A state of two replicas costs two thirds of one of three.
    let budget = |generated: usize| generated * 4 * 2 / 3;
    let of = |states| row(&deployment, &faults, options(states, Steps::Fine));
    let (cut, whole) = (of(budget(most)), of(budget(most + 2)));
    let somewhere = |row: &CheckedRow| {
        let cell = row.cell("acked-somewhere").expect("asked for");
        cell.verdict.clone()
    };
    assert!(cut.incomplete.is_some());
    assert_eq!(somewhere(&cut), Verdict::Incomplete);
    assert_eq!(whole.incomplete, None);
    assert_eq!(somewhere(&whole), Verdict::Holds);
}

/// With more budget a row is searched further, and says so; what it claims was exhausted.
#[test]
fn a_row_claims_what_was_exhausted_and_no_more() {
    let deployment = deployment(TWO_AND_ONE);
    let faults = faults(&deployment, "dc-loss:n");
    let mut reaches = Vec::new();
    for states in (0..14).map(|step| 50 << step) {
        let row = row(&deployment, &faults, options(states, Steps::Both));
        let reach = (row.incomplete.is_none(), row.grain, row.bounds.records);
        if row.incomplete.is_none() {
            let exhausted = models(&deployment, &faults, row.grain, row.bounds.records);
            let unique = exhausted
                .iter()
                .map(|model| explore(model, Limits::default()).counts.unique);
            assert!(unique.sum::<usize>() <= row.states, "{states}");
        }
        if reaches.last() != Some(&reach) {
            reaches.push(reach);
        }
    }
    assert!(reaches.is_sorted(), "{reaches:?}");
    assert!(reaches.len() > 3, "{reaches:?}");
}

/// What a round finds stays found when a later one is cut or has fewer records.
#[test]
fn a_violation_of_large_steps_stays() {
    let deployment = deployment("replicas = { n = 2, s = 1 }\nmin_insync_replicas = 1\n");
    let faults = faults(&deployment, "lag+dc-loss:n");
    for states in [2_000, 20_000, 200_000] {
        let row = row(&deployment, &faults, options(states, Steps::Both));
        assert!(row.violates("acked-survives"), "{states}");
    }
}

/// With seven replicas a violation is shown, and nothing is said to hold.
#[test]
fn of_seven_replicas_nothing_is_claimed_to_hold() {
    let deployment = deployment(
        "replicas = { n = 7 }\nmin_insync_replicas = 1\nacks = '1'\n[bounds]\nrecords = 1\n",
    );
    let faults = faults(&deployment, "broker-crash");
    let row = row(&deployment, &faults, options(60_000, Steps::Both));
    assert!(row.violates("acked-in-leader"));
    for cell in &row.cells {
        let verdict = &cell.verdict;
        let told = matches!(verdict, Verdict::Violated(_) | Verdict::Incomplete);
        assert!(told, "{}: {verdict:?}", cell.property.name);
    }
    assert!(row.incomplete.is_some());
}
