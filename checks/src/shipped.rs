//! What comes with Highwater: the deployments that are checked when no file is named, and the
//! experiments.

use crate::experiment::Experiment;
use crate::{Remark, Source, experiment_file, mirroring};
use include_dir::{Dir, include_dir};

static EXPERIMENTS: Dir = include_dir!("$CARGO_MANIFEST_DIR/experiments");

static DEPLOYMENTS: Dir = include_dir!("$CARGO_MANIFEST_DIR/deployments");

/// The deployments that are checked when no file is named, in the order in which they are shown.
const FIRST_LOOK: [&str; 3] = [
    "stretched-3dc",
    "stretched-2dc-witness",
    "single-site-acks-1",
];

/// Every deployment of the first look.
///
/// # Panics
/// If one of them is not there; `tests/shipped_deployments.rs` reads them all.
pub fn deployments() -> Vec<Source> {
    let named = FIRST_LOOK.into_iter();
    named
        .map(|name| deployment(name).unwrap_or_else(|| panic!("{name} is not there")))
        .collect()
}

/// The deployment of that name.
pub fn deployment(name: &str) -> Option<Source> {
    let file = DEPLOYMENTS.get_file(format!("{name}.toml"))?;
    let text = file.contents_utf8()?;
    Some(Source::new(format!("checks/deployments/{name}.toml"), text))
}

/// The folder of those about clusters joined by mirrors.
const MIRRORING: &str = "mirroring";

/// The folders of those that are of another kind: about the metadata quorum, about the end of every
/// run, and about mirrors.
const OF_ANOTHER_KIND: [&str; 3] = ["quorum", "liveness", MIRRORING];

/// Every experiment about a partition, by its path under `checks/experiments` and without the ending, in that order.
///
/// # Panics
/// If one of them is broken; `tests/experiments.rs` reads them all.
pub fn experiments() -> Vec<(String, Experiment)> {
    let mut experiments: Vec<_> = files(&EXPERIMENTS)
        .filter(|file| {
            let path = file.path();
            !OF_ANOTHER_KIND
                .iter()
                .any(|folder| path.starts_with(folder))
        })
        .map(|file| read(file, experiment_file::read))
        .collect();
    experiments.sort_by(|(one, _), (other, _)| one.cmp(other));
    experiments
}

/// Every experiment about clusters joined by mirrors, by its path and in order as well.
///
/// # Panics
/// If one of them is broken; `tests/claims.rs` reads them all.
pub fn mirroring_experiments() -> Vec<(String, mirroring::Experiment)> {
    let mut experiments: Vec<_> = files(&EXPERIMENTS)
        .filter(|file| file.path().starts_with(MIRRORING))
        .map(|file| read(file, mirroring::experiment_file::read))
        .collect();
    experiments.sort_by(|(one, _), (other, _)| one.cmp(other));
    experiments
}

fn files(folder: &'static Dir) -> Box<dyn Iterator<Item = &'static include_dir::File<'static>>> {
    Box::new(folder.files().chain(folder.dirs().flat_map(files)))
}

fn read<E>(file: &include_dir::File, reader: fn(&Source) -> Result<E, Remark>) -> (String, E) {
    let name = file.path().with_extension("").display().to_string();
    let text = file.contents_utf8().unwrap_or_default();
    let source = Source::new(file.path().display().to_string(), text);
    let experiment = reader(&source).unwrap_or_else(|error| panic!("{error}"));
    (name, experiment)
}
