//! The explorer by levels: held against stateright, against itself on more workers, against itself
//! without symmetry; and its limits.

use highwater_checks::check::{self, Options};
use highwater_checks::explore::{
    Counts, Coverage, Cut, Explorable, Limits, Path, Question, Searched, Until, oracle, search,
    silently,
};
use highwater_checks::peers::kip320::{Kip320, Rule};
use highwater_checks::{Source, deployment_file, ladder, shipped};
use highwater_model::replication::{Grain, Replication};
use serde::{Deserialize, Serialize};
use stateright::{Model, Property};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Everything but what the machine decides.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Found<State, Action> {
    counts: Counts,
    represented: usize,
    cut: Option<Cut>,
    coverage: Coverage,
    arose: Vec<&'static str>,
    violated: Vec<(&'static str, Path<State, Action>)>,
}

fn found<M: Explorable>(searched: Searched<M>) -> Found<M::State, M::Action> {
    Found {
        counts: searched.counts,
        represented: searched.represented,
        cut: searched.cut,
        coverage: searched.coverage,
        arose: searched.arose,
        violated: searched.violated,
    }
}

fn ask<M: Explorable>(question: Question<M>) -> Found<M::State, M::Action> {
    found(search(question, silently()))
}

fn plain<M: Explorable>(model: &M) -> Found<M::State, M::Action> {
    ask(Question {
        symmetry: false,
        ..Question::new(model.clone())
    })
}

/// The names of what is violated, each with the length of its history.
fn lengths<State, Action>(found: &Found<State, Action>) -> Vec<(&'static str, usize)> {
    let violated = found.violated.iter();
    violated
        .map(|(name, path)| (*name, path.actions.len()))
        .collect()
}

fn assert_agree_with_stateright<M: Explorable>(name: &str, model: &M) {
    let ours = plain(model);
    let judge = found(oracle::search(model, usize::MAX));
    assert_eq!(ours.cut, None, "{name}");
    assert_eq!(ours.counts, judge.counts, "{name}");
    assert_eq!(ours.arose, judge.arose, "{name}");
    assert_eq!(lengths(&ours), lengths(&judge), "{name}");
    for (property, path) in &ours.violated {
        assert_is_history(model, property, path);
    }
}

/// The path begins where histories begin, and its end violates the property.
fn assert_is_history<M: Explorable>(model: &M, property: &str, path: &Path<M::State, M::Action>) {
    assert!(model.init_states().contains(&path.beginning), "{property}");
    let mut state = path.beginning.clone();
    for action in &path.actions {
        let mut offered = Vec::new();
        model.actions(&state, &mut offered);
        assert!(offered.contains(action), "{property}: {action:?}");
        let next = model.next_state(&state, *action);
        state = next.unwrap_or_else(|| panic!("{property}: {action:?} is not possible"));
    }
    let properties = model.properties();
    let mut properties = properties.iter();
    let property = properties.find(|known| known.name == property);
    let property = property.expect("a property of the model");
    assert!(!(property.condition)(model, &state), "{}", property.name);
}

#[test]
fn both_explorers_find_the_same_in_every_shipped_experiment() {
    let shipped = shipped::experiments();
    let violated = shipped.iter().map(|(name, experiment)| {
        assert_agree_with_stateright(name, &experiment.model);
        usize::from(experiment.shows_a_violation())
    });
    assert!(violated.sum::<usize>() > 20);
}

#[test]
fn both_explorers_find_the_same_in_kip320() {
    assert_agree_with_stateright("as published", &Kip320::PUBLISHED);
    for rule in [Rule::Expansion, Rule::Fetch] {
        let small = Kip320 {
            epochs: 2,
            ..Kip320::PUBLISHED
        };
        assert_agree_with_stateright("unfenced", &small.without_fence(rule));
    }
}

#[test]
fn the_number_of_workers_changes_nothing() {
    let by = |workers| {
        move |model: &Replication| {
            ask(Question {
                workers,
                ..Question::new(model.clone())
            })
        }
    };
    for (name, experiment) in shipped::experiments() {
        // The others would only take longer.
        if experiment.states.is_none_or(|states| states > 60_000) {
            continue;
        }
        let one = by(1)(&experiment.model);
        assert_eq!(one, by(2)(&experiment.model), "{name}");
        assert_eq!(one, by(3)(&experiment.model), "{name}");
    }
    let by = |workers| {
        ask(Question {
            workers,
            ..Question::new(Kip320::PUBLISHED.without_fence(Rule::Truncation))
        })
    };
    assert!(by(1) == by(2));
}

/// The rows of a deployment with two replicas in one datacenter and one in the other, in small and in
/// larger steps.
fn models_with_mates() -> Vec<(String, Replication)> {
    let text = "name = 'x'\n[[cluster]]\nid = 'c'\nbrokers = { a = 1, b = 2 }\n\
                voters = { a = 1, b = 1, w = 1 }\n[[cluster.topic]]\nid = 't'\n\
                replicas = { a = 1, b = 2 }\nmin_insync_replicas = 2\n\
                [bounds]\nrecords = 1\nisr_changes = 1\n";
    let source = Source::new("mates.toml", text);
    let (deployment, _) =
        deployment_file::read(&source).unwrap_or_else(|remark| panic!("{remark}"));
    let names = deployment.cluster.datacenters();
    let topic = &deployment.cluster.topics[0];
    let mut models = Vec::new();
    for row in ladder::rows(&deployment) {
        for mut model in check::models(&deployment, topic, &row.faults, &Options::default()) {
            for grain in [Grain::Fine, Grain::Coarse] {
                model.variant.grain = grain;
                let name = format!("{}, {grain:?}", row.faults.name(&names));
                models.push((name, model.clone()));
            }
        }
    }
    models
}

/// With symmetry fewer states are explored; they stand for all of them, and the verdicts are the same.
#[test]
fn symmetry_spares_states_and_changes_no_verdict() {
    let (mut folded_rows, mut spared) = (0, 0);
    for (name, model) in models_with_mates() {
        if model.interchangeable().is_empty() {
            continue;
        }
        let limits = Limits::of_states(200_000);
        let [whole, folded] = [false, true].map(|symmetry| {
            ask(Question {
                symmetry,
                limits,
                ..Question::new(model.clone())
            })
        });
        if whole.cut.is_some() {
            continue;
        }
        assert_eq!(folded.represented, whole.counts.unique, "{name}");
        assert_eq!(folded.counts.depth, whole.counts.depth, "{name}");
        assert_eq!(folded.arose, whole.arose, "{name}");
        assert_eq!(lengths(&folded), lengths(&whole), "{name}");
        for (property, path) in &folded.violated {
            assert_is_history(&model, property, path);
        }
        assert!(folded.counts.unique < whole.counts.unique, "{name}");
        folded_rows += 1;
        spared += whole.counts.unique - folded.counts.unique;
    }
    assert!(
        folded_rows >= 10 && spared > 5_000,
        "{folded_rows}, {spared}"
    );
}

#[test]
fn symmetry_folds_kip320_into_its_orbits() {
    let folded = ask(Question::new(Kip320::PUBLISHED));
    assert_eq!(
        (folded.counts.unique, folded.represented),
        (123_311, 737_794)
    );
    assert_eq!(folded.counts.depth + 1, 26);
    for rule in Rule::ALL {
        let model = Kip320 {
            epochs: 2,
            ..Kip320::PUBLISHED
        };
        let model = model.without_fence(rule);
        let (folded, whole) = (ask(Question::new(model)), plain(&model));
        assert_eq!(lengths(&folded), lengths(&whole), "{rule:?}");
        assert_eq!(folded.represented, whole.counts.unique, "{rule:?}");
    }
}

/// The events of a space are its transitions, and what was tried in vain is known by name.
#[test]
fn every_transition_is_counted_under_its_event() {
    for (name, experiment) in shipped::experiments() {
        if experiment.states.is_none_or(|states| states > 60_000) {
            continue;
        }
        let found = plain(&experiment.model);
        let happened: u64 = found.coverage.tried().map(|tally| tally.happened).sum();
        let beginnings = experiment.model.init_states().len();
        assert_eq!(
            happened as usize + beginnings,
            found.counts.generated,
            "{name}"
        );
        assert!(
            found
                .coverage
                .tried()
                .all(|tally| tally.tried >= tally.happened)
        );
    }
}

/// Two bits that are set in either order, and a third that never can be.
#[derive(Clone, Debug)]
struct Bits {
    /// Bits that may be set at all.
    room: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
enum SetBit {
    Low,
    High,
    Never,
}

impl Model for Bits {
    type State = u8;
    type Action = SetBit;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, _: &u8, actions: &mut Vec<SetBit>) {
        // Not in order: what comes first here must not matter.
        actions.extend([SetBit::Never, SetBit::High, SetBit::Low]);
    }

    fn next_state(&self, bits: &u8, action: SetBit) -> Option<u8> {
        let next = match action {
            SetBit::Low => bits | 1,
            SetBit::High => bits | 2,
            SetBit::Never => *bits,
        };
        (next != *bits && next & !self.room == 0).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("not both", |_, bits| *bits != 3),
            Property::always("not low", |_, bits| bits & 1 == 0),
            Property::always("not high", |_, bits| bits & 2 == 0),
            Property::sometimes("low", |_, bits| bits & 1 == 1),
        ]
    }
}

impl Explorable for Bits {
    fn kinds(&self) -> &'static [&'static str] {
        &["low", "high", "never"]
    }

    fn kind(&self, action: &SetBit) -> usize {
        *action as usize
    }

    type Names = ();

    fn renamed(&self, bits: &u8, (): &()) -> u8 {
        *bits
    }
}

#[test]
fn of_two_histories_the_one_with_the_smaller_last_event_is_told() {
    for workers in [1, 2, 3] {
        let found = ask(Question {
            workers,
            ..Question::new(Bits { room: 3 })
        });
        let (name, path) = &found.violated[0];
        assert_eq!(*name, "not both");
        assert_eq!(path.actions, [SetBit::High, SetBit::Low]);
        assert_eq!(found.coverage.never().collect::<Vec<_>>(), ["never"]);
    }
}

/// Whatever is violated in as many events is told; what would take more is not looked for.
#[test]
fn a_search_for_a_violation_ends_with_the_level_that_shows_it() {
    let found = ask(Question {
        until: Until::Violation,
        ..Question::new(Bits { room: 3 })
    });
    assert_eq!(lengths(&found), [("not low", 1), ("not high", 1)]);
    assert_eq!((found.counts.unique, found.counts.depth), (3, 1));
    assert_eq!(found.cut, None);
    let fine = ask(Question {
        until: Until::Violation,
        ..Question::new(Bits { room: 0 })
    });
    assert_eq!(lengths(&fine), []);
}

fn published(
    limits: Limits,
) -> Found<highwater_checks::peers::kip320::State, highwater_checks::peers::kip320::Action> {
    ask(Question {
        limits,
        symmetry: false,
        ..Question::new(Kip320::PUBLISHED)
    })
}

/// However little it may take, a search ends by itself and says why.
#[test]
fn a_search_that_is_cut_says_by_what() {
    let free = Limits::default();
    let memory = published(Limits {
        bytes: Some(4 << 20),
        ..free
    });
    assert_eq!(memory.cut, Some(Cut::Memory));
    assert!(
        (1_000..700_000).contains(&memory.counts.unique),
        "{:?}",
        memory.counts
    );
    let allowed = Duration::from_millis(20);
    let time = published(Limits {
        deadline: Some((Instant::now() + allowed, allowed)),
        ..free
    });
    assert_eq!(time.cut, Some(Cut::Time));
    assert!(time.counts.unique < 700_000, "{:?}", time.counts);
    let states = published(Limits::of_states(10_000));
    assert_eq!(states.cut, Some(Cut::States));
    assert!(
        (10_000..40_000).contains(&states.counts.generated),
        "{:?}",
        states.counts
    );
}

/// The limit on states cuts between levels, so the number of workers does not matter there either.
#[test]
fn a_search_that_is_cut_by_states_is_cut_alike_by_all() {
    let [one, two] = [1, 2].map(|workers| {
        ask(Question {
            workers,
            limits: Limits::of_states(50_000),
            ..Question::new(Kip320::PUBLISHED.without_fence(Rule::Watermark))
        })
    });
    assert!(one.cut == Some(Cut::States) && one == two);
}

/// What was found before a limit was reached is told.
#[test]
fn a_violation_that_was_found_before_a_limit_stays_one() {
    let model = Kip320::PUBLISHED.without_fence(Rule::Fetch);
    let whole = ask(Question::new(model));
    let limits = Limits::of_states(whole.counts.generated - 10);
    let cut = ask(Question {
        limits,
        ..Question::new(model)
    });
    assert_eq!((cut.cut, cut.violated), (Some(Cut::States), whole.violated));
}

#[test]
fn progress_is_told_level_by_level() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ears = Arc::clone(&heard);
    let listener = Arc::new(move |progress: &highwater_checks::explore::Progress| {
        ears.lock().expect("nobody panicked").push(*progress);
    });
    let found = search(Question::new(Kip320::PUBLISHED), listener);
    let heard = heard.lock().expect("nobody panicked");
    assert_eq!(heard.len(), found.counts.depth + 1);
    assert!(
        heard
            .iter()
            .enumerate()
            .all(|(level, told)| told.level == level)
    );
    let seen: usize = heard.iter().map(|told| told.frontier).sum();
    assert_eq!(seen, found.counts.unique);
    assert_eq!(
        heard
            .last()
            .map(|told| told.generated < found.counts.generated),
        Some(true)
    );
    assert!(heard.iter().all(|told| told.bytes > 0));
}

/// The last worker that is cut must not leave the others waiting, whatever is cut.
#[test]
fn workers_that_are_cut_come_to_an_end_together() {
    for bytes in [1, 100_000, 1 << 20, 4 << 20] {
        let found = ask(Question {
            workers: 3,
            limits: Limits {
                bytes: Some(bytes),
                ..Limits::default()
            },
            ..Question::new(Kip320::PUBLISHED)
        });
        assert_eq!(found.cut, Some(Cut::Memory), "{bytes}");
    }
}

/// A model whose property nobody here can judge.
#[test]
#[should_panic(expected = "`eventually` is not supported")]
fn eventually_is_refused() {
    #[derive(Clone, Debug)]
    struct Later(Bits);

    impl Model for Later {
        type State = u8;
        type Action = SetBit;

        fn init_states(&self) -> Vec<u8> {
            self.0.init_states()
        }

        fn actions(&self, bits: &u8, actions: &mut Vec<SetBit>) {
            self.0.actions(bits, actions);
        }

        fn next_state(&self, bits: &u8, action: SetBit) -> Option<u8> {
            self.0.next_state(bits, action)
        }

        fn properties(&self) -> Vec<Property<Self>> {
            vec![Property::eventually("both", |_, bits| *bits == 3)]
        }
    }

    impl Explorable for Later {
        fn kinds(&self) -> &'static [&'static str] {
            self.0.kinds()
        }

        fn kind(&self, action: &SetBit) -> usize {
            self.0.kind(action)
        }

        type Names = ();

        fn renamed(&self, bits: &u8, (): &()) -> u8 {
            *bits
        }
    }

    search(Question::new(Later(Bits { room: 3 })), silently());
}
