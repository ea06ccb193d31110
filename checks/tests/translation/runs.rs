//! Long random runs of a mirror with its sync writer and its checkpoint task.

use crate::{Mirror, small};
use highwater_model::mirroring::{
    EmissionRule, OffsetSync, Rule, SyncStore, Translated, translate,
};
use proptest::prelude::*;

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

/// What a group may have been given on the way: what it had committed, and where it was sent.
fn moves(run: &Run) -> Vec<(u64, u64, u64)> {
    let kept: Vec<OffsetSync> = run.store.iter().flat_map(SyncStore::kept).collect();
    let translated = |committed| match translate(Rule::Step, kept.iter().copied(), committed) {
        Translated::To(offset) => Some((committed, offset, run.mirror.end)),
        Translated::TooOld | Translated::Unknown => None,
    };
    (0..=run.position + 3).filter_map(translated).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever was mirrored, wherever tasks started again, and however few syncs are left: no group is
    /// ever sent beyond a record that it has not read, nor beyond what is there.
    #[test]
    fn no_group_skips(steps in proptest::collection::vec(step(), 1..220), max_lag in 0..40u8) {
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
            run.step(step);
            moved.extend(moves(&run));
        }
        // What is there twice is judged when it is: see `a_mirror_that_ends_while_it_copies_again`.
        while run.position < run.source.len() as u64 {
            run.copy(None);
        }
        moved.sort_unstable();
        moved.dedup();
        let last_copies = run.mirror.last_copies();
        for (committed, offset, end) in moved {
            prop_assert!(offset <= end, "{committed} -> {offset}, end {end}");
            let unread = last_copies.range(committed..).find(|(_, at)| **at < offset);
            prop_assert_eq!(unread, None, "{} -> {}", committed, offset);
        }
    }
}
