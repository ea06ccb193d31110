//! What comes with Highwater: the deployments that are checked when no file is named, and the
//! experiments.

use crate::experiment::Experiment;
use crate::{Source, experiment_file};
use include_dir::{Dir, include_dir};

static EXPERIMENTS: Dir = include_dir!("$CARGO_MANIFEST_DIR/experiments");

/// Name and text of each, in the order in which they are shown.
const DEPLOYMENTS: [(&str, &str); 3] = [
    (
        "checks/deployments/stretched-3dc.toml",
        include_str!("../deployments/stretched-3dc.toml"),
    ),
    (
        "checks/deployments/stretched-2dc-witness.toml",
        include_str!("../deployments/stretched-2dc-witness.toml"),
    ),
    (
        "checks/deployments/single-site-acks-1.toml",
        include_str!("../deployments/single-site-acks-1.toml"),
    ),
];

/// Every shipped deployment.
pub fn deployments() -> Vec<Source> {
    DEPLOYMENTS
        .into_iter()
        .map(|(file, text)| Source::new(file, text))
        .collect()
}

/// The folder of those that ask about the metadata quorum, which are of another kind.
const ABOUT_QUORUMS: &str = "quorum";

/// Every experiment about a partition, by its path under `checks/experiments` and without the ending, in that order.
///
/// # Panics
/// If one of them is broken; `tests/experiments.rs` reads them all.
pub fn experiments() -> Vec<(String, Experiment)> {
    let mut experiments: Vec<_> = files(&EXPERIMENTS)
        .filter(|file| !file.path().starts_with(ABOUT_QUORUMS))
        .map(experiment)
        .collect();
    experiments.sort_by(|(one, _), (other, _)| one.cmp(other));
    experiments
}

fn files(folder: &'static Dir) -> Box<dyn Iterator<Item = &'static include_dir::File<'static>>> {
    Box::new(folder.files().chain(folder.dirs().flat_map(files)))
}

fn experiment(file: &include_dir::File) -> (String, Experiment) {
    let name = file.path().with_extension("").display().to_string();
    let text = file.contents_utf8().unwrap_or_default();
    let source = Source::new(file.path().display().to_string(), text);
    let experiment = experiment_file::read(&source).unwrap_or_else(|error| panic!("{error}"));
    (name, experiment)
}
