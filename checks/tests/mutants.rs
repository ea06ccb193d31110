//! The mutants of the model's rules, each tried in its case: who notices, and after how many events.

use highwater_checks::mutants::{Mutant, Trial, every, try_each};
use std::collections::BTreeSet;

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
fn every_mutant_is_tried() {
    let mutants: Vec<&'static Mutant> = every().collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let trials = try_each(&mutants, threads);
    for (mutant, trial) in mutants.iter().zip(&trials) {
        println!("{}", line(mutant, trial));
    }
}

fn line(mutant: &Mutant, trial: &Trial) -> String {
    format!("{:4} {:44} {trial:?}", mutant.rule, mutant.id)
}
