//! Long random runs of a mirror with its sync writer and its checkpoint task.

use crate::{Mirror, small, steps_too_far};
use highwater_model::mirroring::{
    EmissionRule, OffsetSync, Rule, SyncStore, Translated, translate,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// What a mirror and the tasks beside it do next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The next record is copied, so many other entries behind the last.
    Copy(u64),
    /// The next offset of the source is a transaction's marker, or a record that is filtered out.
    LeaveOut,
    /// Connect commits the mirror's position: the sync that was put off is written.
    Commit,
    /// The mirror starts again, this many offsets back at the most.
    Restart(u64),
    /// The checkpoint task starts again: with its old checkpoints (`true`) or only with the newest sync.
    Reload(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => Just(Step::Copy(0)),
        3 => (1..3u64).prop_map(Step::Copy),
        4 => Just(Step::LeaveOut),
        2 => Just(Step::Commit),
        1 => (0..6u64).prop_map(Step::Restart),
        1 => any::<bool>().prop_map(Step::Reload),
    ]
}

/// A mirror with its sync writer and its checkpoint task, whole.
struct Run {
    mirror: Mirror,
    /// Of each offset of the source that was reached: what is in front of the copy, if it is copied.
    source: Vec<Option<u64>>,
    position: u64,
    writer: EmissionRule,
    max_lag: u8,
    delayed: Option<OffsetSync>,
    /// The topic of offset syncs.
    syncs: Vec<OffsetSync>,
    store: Option<SyncStore>,
}

impl Run {
    fn step(&mut self, step: Step) {
        match step {
            Step::Copy(others) => self.copy(Some(others)),
            Step::LeaveOut => self.copy(None),
            Step::Commit => {
                if let Some(sync) = self.delayed.take() {
                    self.write(sync);
                }
            }
            Step::Restart(back) => {
                self.position = self.position.saturating_sub(back);
                self.writer = EmissionRule::STEP;
                self.delayed = None;
            }
            Step::Reload(keeps) => {
                self.store = None;
                let syncs = self.syncs.clone();
                syncs.iter().for_each(|sync| self.read(*sync, keeps));
            }
        }
    }

    /// What an offset holds is drawn once; whoever comes by again finds the same.
    fn copy(&mut self, drawn: Option<u64>) {
        let at = self.position;
        if self.source.len() as u64 == at {
            self.source.push(drawn);
        }
        self.position += 1;
        let Some(others) = self.source[at as usize] else {
            return;
        };
        self.mirror.append_others(others);
        let sync = self.mirror.append_copy(at);
        match self
            .writer
            .update(small(at), small(sync.downstream), self.max_lag)
        {
            true => {
                self.delayed = None;
                self.write(sync);
            }
            false => self.delayed = Some(sync),
        }
    }

    fn write(&mut self, sync: OffsetSync) {
        self.syncs.push(sync);
        self.read(sync, true);
    }

    fn read(&mut self, sync: OffsetSync, keeps: bool) {
        match &mut self.store {
            Some(store) if keeps => store.add(sync),
            Some(store) => store.forget_and_add(sync),
            None => self.store = Some(SyncStore::first(sync)),
        }
    }
}

/// A way to translate: what there is to go by, newest first, and what is committed.
type Translate = fn(&[OffsetSync], u64) -> Translated;

/// Where groups may have been sent on the way: what each had committed, to where, and where the target ended.
fn moves(run: &Run, by: Translate) -> Vec<(u64, u64, u64)> {
    let kept: Vec<OffsetSync> = run.store.iter().flat_map(SyncStore::kept).collect();
    let translated = |committed| match by(&kept, committed) {
        Translated::To(offset) => Some((committed, offset, run.mirror.end)),
        Translated::TooOld | Translated::Unknown => None,
    };
    (0..=run.position + 3).filter_map(translated).collect()
}

/// Takes the steps, lets the mirror catch up, and judges every move that was possible on the way.
fn judge(steps: &[Step], max_lag: u8, by: Translate) -> Result<(), TestCaseError> {
    let mut run = Run {
        mirror: Mirror::default(),
        source: Vec::new(),
        position: 0,
        writer: EmissionRule::STEP,
        max_lag,
        delayed: None,
        syncs: Vec::new(),
        store: None,
    };
    let mut moved = Vec::new();
    for step in steps {
        if run.mirror.end > 240 {
            break;
        }
        run.step(*step);
        moved.extend(moves(&run, by));
    }
    // A mirror that never comes so far is another case: `a_mirror_that_ends_while_it_copies_again`.
    while run.position < run.source.len() as u64 {
        run.copy(None);
    }
    moved.sort_unstable();
    moved.dedup();
    let last_copies = run.mirror.last_copies();
    for (committed, offset, end) in moved {
        prop_assert!(offset <= end, "{} -> {}, end {}", committed, offset, end);
        let missed = last_copies.range(committed..).find(|(_, at)| **at < offset);
        prop_assert_eq!(missed, None, "{} -> {}", committed, offset);
    }
    Ok(())
}

/// The first history of many in which a group skips or is sent beyond the end.
fn counterexample(by: Translate) -> Option<String> {
    let config = Config {
        cases: 512,
        rng_seed: RngSeed::Fixed(20),
        failure_persistence: None,
        ..Config::default()
    };
    let steps = proptest::collection::vec(step(), 1..220);
    let result = TestRunner::new(config).run(&(steps, 0..40u8), |(steps, max_lag)| {
        judge(&steps, max_lag, by)
    });
    result.err().map(|error| error.to_string())
}

fn by_step(kept: &[OffsetSync], committed: u64) -> Translated {
    translate(Rule::Step, kept.iter().copied(), committed)
}

fn by_delta(kept: &[OffsetSync], committed: u64) -> Translated {
    translate(Rule::Delta, kept.iter().copied(), committed)
}

/// Whatever was mirrored, wherever tasks started again, and however few syncs are left: no group is ever
/// sent past a record that it has not read, nor beyond what is there.
#[test]
fn no_group_skips() {
    assert_eq!(counterexample(by_step), None);
}

/// And the same runs find a rule that is wrong.
#[test]
fn spoilt_rules_are_found() {
    for (what, by) in [
        ("delta", by_delta as Translate),
        ("step + 1", steps_too_far),
    ] {
        let found = counterexample(by).unwrap_or_else(|| panic!("{what} is not found"));
        println!("{what}: {found}");
    }
}
