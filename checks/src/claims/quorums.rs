//! Surveys of the metadata quorum: which voters may be lost, and what operators may forget.

use crate::quorum::layouts::failures_tolerated;
use crate::quorum::{operators, zookeeper};
use highwater_model::quorum::ensemble::{Ensemble, Servers, Verifier};
use highwater_model::zookeeper::Zookeeper;
use highwater_vocabulary::{Datacenter, Member};

/// Whether a quorum is left when everything in a datacenter is lost.
fn outlives(ensemble: &Ensemble, lost: usize) -> bool {
    let servers = &ensemble.servers;
    let left = Servers::which(servers.len(), |place| {
        servers[place].home != Datacenter::at(lost)
    });
    ensemble.contains_quorum(left)
}

/// `(2,1)`.
fn written(voters: &[usize]) -> String {
    let numbers: Vec<String> = voters.iter().map(usize::to_string).collect();
    format!("({})", numbers.join(","))
}

fn or_nowhere(found: Vec<String>) -> String {
    match found.is_empty() {
        true => "nowhere".to_owned(),
        false => found.join(" "),
    }
}

/// Two datacenters that outlive the loss of either.
pub(super) fn two_datacenters() -> String {
    let all = (1..=5).flat_map(|a| (1..=a).map(move |b| [a, b]));
    let outliving = all.filter(|voters| {
        let ensemble = Ensemble::of(Verifier::Majority, voters);
        outlives(&ensemble, 0) && outlives(&ensemble, 1)
    });
    or_nowhere(outliving.map(|voters| written(&voters)).collect())
}

/// Two datacenters and a third: where the loss of any is outlived exactly if none has half the voters.
pub(super) fn less_than_half() -> String {
    let every = (0..=5).flat_map(|a| (0..=a).flat_map(move |b| (0..=5).map(move |c| [a, b, c])));
    let differing = every.filter(|voters| {
        let all: usize = voters.iter().sum();
        let ensemble = Ensemble::of(Verifier::Majority, voters);
        let outlives = (0..3).all(|lost| outlives(&ensemble, lost));
        let rule = voters.iter().all(|here| 2 * here < all);
        all > 0 && outlives != rule
    });
    or_nowhere(differing.map(|voters| written(&voters)).collect())
}

/// Witnesses that are too large: two equal datacenters, and what is lost with the third.
pub(super) fn large_witnesses() -> String {
    let witnesses = [
        [1, 1, 1],
        [1, 1, 3],
        [1, 1, 5],
        [2, 2, 1],
        [2, 2, 3],
        [2, 2, 5],
    ];
    let fatal = witnesses.into_iter().filter(|voters| {
        let ensemble = Ensemble::of(Verifier::Majority, voters);
        !outlives(&ensemble, 2)
    });
    or_nowhere(fatal.map(|voters| written(&voters)).collect())
}

/// Groups, a datacenter each: whose loss is outlived, and how many servers may fail anywhere.
pub(super) fn groups() -> String {
    let mut found = Vec::new();
    for voters in [&[3, 3][..], &[3, 3, 3]] {
        for verifier in [Verifier::Majority, Verifier::Hierarchical] {
            let ensemble = Ensemble::of(verifier, voters);
            let name = match verifier {
                Verifier::Majority => "flat",
                Verifier::Hierarchical => "groups",
            };
            let outlived = (0..voters.len()).all(|lost| outlives(&ensemble, lost));
            let lost = if outlived { "goes on" } else { "stops" };
            let any = failures_tolerated(&ensemble);
            found.push(format!(
                "{name} {}: {lost}, any {any} may fail",
                written(voters)
            ));
        }
    }
    found.join("; ")
}

/// What is violated in an ensemble, and after how many steps.
fn violated(model: &Zookeeper) -> String {
    let found = zookeeper::explored(model);
    assert_eq!(found.cut, None, "the space is exhausted");
    let violated = found.violated.iter();
    let mut violated: Vec<String> = violated
        .map(|(name, path)| format!("{name} violated after {} steps", path.actions.len()))
        .collect();
    violated.sort();
    match violated.is_empty() {
        true => "nothing is violated".to_owned(),
        false => violated.join("; "),
    }
}

pub(super) fn promoted_observer() -> String {
    violated(&operators::promoted_observer())
}

pub(super) fn both_sides_broken_out() -> String {
    violated(&operators::both_sides_broken_out())
}

pub(super) fn one_side_broken_out() -> String {
    violated(&operators::one_side_broken_out())
}
