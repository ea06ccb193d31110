//! The mutants of the model's rules, each tried in its case: who notices, and after how many events.

use highwater_checks::mutants::{BesideEngine, Fate, Mutant, Trial, every, try_each};
use insta::assert_snapshot;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

#[test]
fn every_mutant_is_told_apart() {
    let mutants: Vec<_> = every().collect();
    let ids: BTreeSet<_> = mutants.iter().map(|mutant| mutant.id).collect();
    assert_eq!(ids.len(), mutants.len(), "two mutants have the same name");
    let sentences: BTreeSet<_> = mutants.iter().map(|mutant| mutant.wrong).collect();
    assert_eq!(
        sentences.len(),
        mutants.len(),
        "two mutants do the same wrong"
    );
    assert!(mutants.len() >= 80, "{} mutants", mutants.len());
}

#[test]
fn every_mutant_fares_as_the_table_says() {
    let mutants: Vec<&'static Mutant> = every().collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let trials = try_each(&mutants, threads);
    let mut wrong = Vec::new();
    for (mutant, trial) in mutants.iter().zip(&trials) {
        let Mutant { id, fate, .. } = mutant;
        if !trial.is_at_work {
            wrong.push(format!("{id} makes no difference to any step: no mutant"));
        }
        if trial.is_cut || !trial.is_as_told(*fate) {
            wrong.push(format!("{id}: expected {fate:?}, found {trial:?}"));
        }
    }
    let told = table(&mutants, &trials);
    println!("{told}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let survivors = mutants
        .iter()
        .filter(|mutant| matches!(mutant.fate, Fate::Survives(_)));
    let killed = mutants.len() - survivors.count();
    assert!(
        100 * killed >= 95 * mutants.len(),
        "{killed} of {} mutants are noticed",
        mutants.len()
    );
    assert_snapshot!("who_notices_which_mutant", told);
}

/// A line a mutant: its rule, its name, the property that is violated and after how many events, and the
/// same of the engine; then how many each of them notices.
fn table(mutants: &[&Mutant], trials: &[Trial]) -> String {
    let mut told = format!(
        "{:5}{:44}{:27}{}\n",
        "rule", "mutant", "property, events", "engine, events"
    );
    let mut by_property: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut by_engine, mut by_engine_alone, mut by_nobody) = (0, 0, 0);
    for (mutant, trial) in mutants.iter().zip(trials) {
        let property = match trial.breaks {
            Some((property, events)) => format!("{property} {events}"),
            None => "-".into(),
        };
        let (id, rule, engine) = (mutant.id, mutant.rule, trial.beside_engine);
        writeln!(told, "{rule:5}{id:44}{property:27}{engine}").expect("a string takes it");
        let differs = matches!(engine, BesideEngine::Differs(_));
        by_engine += usize::from(differs);
        match trial.breaks {
            Some((property, _)) => *by_property.entry(property).or_default() += 1,
            None if differs => by_engine_alone += 1,
            None => by_nobody += 1,
        }
    }
    let all_properties: usize = by_property.values().sum();
    writeln!(
        told,
        "\n{} mutants: {all_properties} break a property, {by_engine_alone} only part model and engine, \
         {by_nobody} go unnoticed.\nThe engine notices {by_engine} of all.\n",
        mutants.len()
    )
    .expect("a string takes it");
    for (property, count) in by_property {
        writeln!(told, "{property:25}{count:4}").expect("a string takes it");
    }
    for mutant in mutants {
        if let Fate::Survives(why) = mutant.fate {
            writeln!(told, "\n{}: {why}", mutant.id).expect("a string takes it");
        }
    }
    told
}
