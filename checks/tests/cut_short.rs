//! What was not looked at is never said to hold: not of a space, not of a row, not in a table.

use highwater_checks::check::{self, CheckedRow, Options, check};
use highwater_checks::explore::{Limits, Verdict, explore};
use highwater_checks::report::{self, Detail};
use highwater_checks::{Source, deployment_file};
use highwater_vocabulary::{Deployment, Faults};

/// Two replicas over two sites that differ, so that a row takes several orders.
const TWO_AND_ONE: &str = "name = 'x'\n[[cluster]]\nid = 'c'\nbrokers = { n = 2, s = 1 }\n\
     voters = { n = 1, s = 2 }\n[[cluster.topic]]\nid = 't'\nreplication_factor = 2\n\
     min_insync_replicas = 2\n[bounds]\nelections = 1\nisr_changes = 0\n";

fn deployment() -> Deployment {
    let (deployment, _) = deployment_file::read(&Source::new("test", TWO_AND_ONE)).expect("legal");
    deployment
}

fn options(records: u8, generated: usize) -> Options {
    Options {
        limits: Limits { generated },
        workers: 1,
        records,
        ..Options::default()
    }
}

/// How many states each order of a row generates, with so many records.
fn sizes(deployment: &Deployment, faults: &Faults, records: u8) -> Vec<usize> {
    let options = options(records, usize::MAX);
    let topic = &deployment.cluster.topics[0];
    check::models(deployment, topic, faults, options)
        .iter()
        .map(|model| explore(model, options.limits).counts.generated)
        .collect()
}

/// The row of these faults, searched that far.
fn row(deployment: &Deployment, faults: &Faults, options: Options) -> CheckedRow {
    let checked = check(deployment, options, &|_, _| {});
    let mut rows = checked.rows.into_iter();
    rows.find(|row| row.faults == *faults).expect("a row")
}

#[test]
fn a_space_is_counted_whole_or_said_to_be_cut() {
    let deployment = deployment();
    let topic = &deployment.cluster.topics[0];
    let models = check::models(&deployment, topic, &Faults::default(), options(1, 0));
    let whole = explore(&models[0], Limits::default()).counts;
    for generated in 0..=whole.generated {
        let found = explore(&models[0], Limits { generated });
        assert!(found.incomplete.is_some(), "{generated} of {whole:?}");
    }
    let generated = whole.generated + 1;
    let found = explore(&models[0], Limits { generated });
    assert_eq!((found.incomplete, found.counts), (None, whole));
}

#[test]
fn a_table_says_of_nothing_unknown_that_it_is_well() {
    let deployment = deployment();
    let checked = check(&deployment, options(1, 1), &|_, _| {});
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
    assert_eq!(
        words,
        ["nothing goes wrong", "not known", "not known", "not known"]
    );
}

/// The orders of a row are of different size; what is not known of one is not known of the row.
#[test]
fn an_order_that_was_cut_short_does_not_hide_behind_another() {
    let deployment = deployment();
    let names = deployment.cluster.datacenters();
    let faults = Faults::parse("dc-loss:n", &names).expect("legal");
    let sizes = sizes(&deployment, &faults, 1);
    let largest = *sizes.iter().max().expect("an order");
    assert!(sizes.iter().any(|size| *size < largest), "{sizes:?}");
    let row = row(&deployment, &faults, options(1, largest));
    assert!(row.incomplete.is_some());
    let known = row
        .cells
        .iter()
        .filter(|cell| cell.property.name == "acked-somewhere");
    let verdicts: Vec<&Verdict> = known.map(|cell| &cell.verdict).collect();
    assert_eq!(verdicts, [&Verdict::Incomplete]);
}

/// One order takes two records and another only one; then the row speaks of one.
#[test]
fn a_row_claims_the_records_of_its_poorest_order() {
    let deployment = deployment();
    let names = deployment.cluster.datacenters();
    let faults = Faults::parse("dc-loss:n", &names).expect("legal");
    let sizes = sizes(&deployment, &faults, 2);
    let largest = *sizes.iter().max().expect("an order");
    assert!(sizes.iter().any(|size| *size < largest), "{sizes:?}");
    let row = row(&deployment, &faults, options(2, largest));
    assert_eq!((row.bounds.records, row.incomplete), (1, None));
}
