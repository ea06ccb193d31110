//! The walls between the rooms, read from the manifests.
//!
//! Model and engine are two accounts of one protocol.  Their agreement means something only while
//! neither can lean on the other, so the engine depends on the vocabulary and on no other crate of
//! ours, and the vocabulary on none.

use std::path::Path;
use toml::Table;

/// The crates of ours that a crate of ours depends on, whatever for.
fn ours(folder: &str) -> Vec<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder)
        .join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).expect("every crate has a manifest");
    let manifest: Table = text.parse().expect("cargo reads it too");
    let targets = manifest
        .get("target")
        .and_then(|targets| targets.as_table())
        .into_iter()
        .flatten();
    let tables =
        std::iter::once(&manifest).chain(targets.filter_map(|(_, target)| target.as_table()));
    let mut names: Vec<String> = tables
        .flat_map(|table| {
            ["dependencies", "dev-dependencies", "build-dependencies"].map(|kind| table.get(kind))
        })
        .flatten()
        .filter_map(|dependencies| dependencies.as_table())
        .flat_map(|dependencies| dependencies.iter().map(|(name, how)| package(name, how)))
        .filter(|name| name.starts_with("highwater"))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The package behind a dependency, which may have been renamed.
fn package(name: &str, how: &toml::Value) -> String {
    how.get("package")
        .and_then(|package| package.as_str())
        .unwrap_or(name)
        .to_owned()
}

#[test]
fn the_engine_knows_the_vocabulary_and_not_the_model() {
    assert_eq!(ours("reference"), ["highwater-vocabulary"]);
}

#[test]
fn the_model_knows_the_vocabulary_and_not_the_engine() {
    assert_eq!(ours("model"), ["highwater-vocabulary"]);
}

#[test]
fn the_vocabulary_knows_nobody() {
    assert_eq!(ours("model/vocabulary"), [""; 0]);
}

#[test]
fn the_engine_does_not_explore() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reference/Cargo.toml");
    let text = std::fs::read_to_string(manifest).expect("every crate has a manifest");
    assert!(!text.contains("stateright"), "stateright is the model's");
}

#[test]
fn the_checks_know_both() {
    let known = ours("checks");
    for name in ["highwater-model", "highwater-reference"] {
        assert!(known.iter().any(|it| it == name), "{known:?}");
    }
}
