//! What comes with Highwater: the deployments that are checked when no file is named, and the
//! experiments.

use crate::experiment::Experiment;
use crate::{Remark, Source, experiment_file, liveness, mirroring, quorum};
use include_dir::{Dir, include_dir};
use std::path::Path;

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

/// The folders of those that are of a kind of their own.
const QUORUM: &str = "quorum";
const LIVENESS: &str = "liveness";
const MIRRORING: &str = "mirroring";

/// Every experiment about a partition, by its path under `checks/experiments` and without the ending, in that order.
///
/// # Panics
/// If one of them is broken; `tests/experiments.rs` reads them all.
pub fn experiments() -> Vec<(String, Experiment)> {
    let of_another_kind = [QUORUM, LIVENESS, MIRRORING];
    let is_one = |path: &Path| {
        !of_another_kind
            .iter()
            .any(|folder| path.starts_with(folder))
    };
    those(is_one, experiment_file::read)
}

/// Every experiment about the metadata quorum, likewise.
///
/// # Panics
/// If one of them is broken; `tests/quorum_experiments.rs` reads them all.
pub fn quorum_experiments() -> Vec<(String, quorum::Experiment)> {
    those(
        |path| path.starts_with(QUORUM),
        quorum::experiment_file::read,
    )
}

/// Every experiment about the end of every run, likewise.
///
/// # Panics
/// If one of them is broken; `tests/liveness.rs` reads them all.
pub fn liveness_experiments() -> Vec<(String, liveness::experiment::Experiment)> {
    those(
        |path| path.starts_with(LIVENESS),
        liveness::experiment_file::read,
    )
}

/// Every experiment about clusters joined by mirrors, likewise.
///
/// # Panics
/// If one of them is broken; `tests/claims.rs` reads them all.
pub fn mirroring_experiments() -> Vec<(String, mirroring::Experiment)> {
    those(
        |path| path.starts_with(MIRRORING),
        mirroring::experiment_file::read,
    )
}

/// The experiment of that path under `checks/experiments`, without the ending.
pub fn experiment(path: &str) -> Option<Source> {
    let text = EXPERIMENTS
        .get_file(format!("{path}.toml"))?
        .contents_utf8()?;
    Some(Source::new(format!("checks/experiments/{path}.toml"), text))
}

fn those<E>(
    is_one: impl Fn(&Path) -> bool,
    reader: fn(&Source) -> Result<E, Remark>,
) -> Vec<(String, E)> {
    let files = files(&EXPERIMENTS).filter(|file| is_one(file.path()));
    let mut experiments: Vec<_> = files.map(|file| read(file, reader)).collect();
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
