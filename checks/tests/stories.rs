//! Every story of `stories/` happens as it is told; and whoever tells one wrongly is told where.

use highwater_checks::replay::replay;
use highwater_vocabulary::Story;
use std::path::Path;

/// Where a story and the model differ.
fn differences(text: &str) -> Vec<String> {
    let story = match Story::parse(text) {
        Ok(story) => story,
        Err(error) => return vec![error.to_string()],
    };
    match replay(&story) {
        Ok(replayed) => replayed
            .differences
            .iter()
            .map(ToString::to_string)
            .collect(),
        Err(error) => vec![error],
    }
}

#[test]
fn every_story_happens_as_it_is_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stories");
    let mut told = 0;
    for file in folder.read_dir().expect("the folder of the stories") {
        let path = file.expect("a file").path();
        if path.is_dir() {
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
    assert!(told >= 5, "only {told} stories");
}

#[test]
fn a_difference_names_its_line_and_both_sides() {
    let header = "replication 4.1, brokers north-1 south-1, min ISR 2";
    for (told, found) in [
        // a fact of another value
        (
            "produce north-1 r1\n----\nnorth-1:   r1'1|",
            vec!["line 4: the story says `north-1: r1'1|`, the model `north-1: |r1'1`"],
        ),
        // two of them: both are told
        (
            "----\nepoch: 2\nleader: south-1",
            vec![
                "line 3: the story says `epoch: 2`, the model `epoch: 1`",
                "line 4: the story says `leader: south-1`, the model `leader: north-1`",
            ],
        ),
        // a fact of no meaning
        (
            "----\nisrs: north-1",
            vec![
                "line 3: there is no fact `isrs`; there are leader, epoch, isr, elr, fenced, \
                  acknowledged, north-1, south-1",
            ],
        ),
        // an event that a guard refuses
        (
            "produce south-1 r1\nfetch south-1",
            vec![
                "line 2: `produce south-1 r1` cannot happen: `leads-locally` refuses it (Only a \
                  broker that takes itself for the leader appends what producers send.); the rest \
                  was not replayed",
            ],
        ),
        // an event for which there is no occasion
        (
            "restart south-1",
            vec![
                "line 2: `restart south-1` cannot happen: `already-so`; the rest was not replayed",
            ],
        ),
        // an event that should be refused, and is not
        (
            "refused produce north-1 r1: leads-locally",
            vec![
                "line 2: `produce north-1 r1` happens, and the story says that `leads-locally` \
                  refuses it; the rest was not replayed",
            ],
        ),
        // an event that is refused, and by another; what follows is replayed
        (
            "refused produce south-1 r1: not-serving\n----\nepoch: 2",
            vec![
                "line 2: `produce south-1 r1` is refused by `leads-locally`, not by `not-serving`",
                "line 4: the story says `epoch: 2`, the model `epoch: 1`",
            ],
        ),
    ] {
        assert_eq!(differences(&format!("{header}\n{told}")), found, "{told}");
    }
}

#[test]
fn a_variant_that_means_nothing_is_an_error() {
    for (part, message) in [
        ("waive:everything", "there is no guard `everything`"),
        (
            "strict-min-isr=maybe",
            "switch `strict-min-isr` is `on` or `off`, not `maybe`",
        ),
        (
            "controller:west",
            "the active controller cannot be in `west`; there are voters in north, south",
        ),
    ] {
        let found = differences(&format!(
            "replication 4.1, brokers north-1 south-1, with {part}"
        ));
        assert_eq!(found, [message], "{part}");
    }
}
