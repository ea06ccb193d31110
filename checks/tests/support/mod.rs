//! What several tests need: the shipped experiments.

use highwater_checks::experiment::Experiment;
use highwater_checks::{Source, experiment_file};
use std::path::{Path, PathBuf};

/// Every experiment, by its path under `experiments` and without the ending, in that order.
pub(crate) fn shipped_experiments() -> Vec<(String, Experiment)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
    let mut paths = files(&root);
    // Those with a metadata quorum are of another kind: `tests/quorum_experiments.rs`.
    paths.retain(|path| !path.starts_with(root.join("quorum")));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).expect("under the root");
        let name = name.with_extension("").display().to_string();
        let source = Source::read(&path).unwrap_or_else(|error| panic!("{error}"));
        let experiment = experiment_file::read(&source).unwrap_or_else(|error| panic!("{error}"));
        (name, experiment)
    };
    paths.into_iter().map(read).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of experiments");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}
