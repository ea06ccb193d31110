//! Every story that is told to the model happens in the engine too.

mod support;

use std::path::Path;
use support::differences;

#[test]
fn every_shipped_story_happens_as_it_is_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../checks/stories");
    let mut told = 0;
    for file in folder.read_dir().expect("the folder of the stories") {
        let path = file.expect("a file").path();
        if path.extension().is_none_or(|ending| ending != "story") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a text");
        let found = differences(&text);
        assert!(
            found.is_empty(),
            "{}:\n{}",
            path.display(),
            found.join("\n")
        );
        told += 1;
    }
    assert!(told >= 7, "only {told} stories");
}
