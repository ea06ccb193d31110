//! Histories in which the mirror goes back: it starts again, or a topic is made anew.

use crate::{Mirror, Moment, Syncs, Wrong, by, continued, judge, mirrors, wrong};
use highwater_model::mirroring::{
    EmissionRule, OffsetSync, Rule, SyncStore, Translated, translate,
};
use std::ops::RangeInclusive;

/// What makes a mirror go back.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Between {
    /// Its task starts again from an earlier record, and copies some twice.
    Restart,
    /// The same, and the target has lost its last entries.
    TargetLoses,
    /// The source's topic is made anew, and counts from 0.
    SourceAnew,
    /// So are the source's and the target's.
    BothAnew,
}

impl Between {
    fn is_same_source(self) -> bool {
        matches!(self, Between::Restart | Between::TargetLoses)
    }

    /// Where the second life may begin: at the source, after the first has copied up to `stop`.
    fn starts(self, stop: u64) -> RangeInclusive<u64> {
        match self.is_same_source() {
            true => 0..=stop,
            false => 0..=0,
        }
    }

    /// And where its first entry may go at the target, which ended at `end`.
    fn target_ends(self, end: u64) -> RangeInclusive<u64> {
        match self {
            Between::Restart | Between::SourceAnew => end..=end,
            Between::TargetLoses => 0..=end.saturating_sub(1),
            Between::BothAnew => 0..=0,
        }
    }
}

/// What a mirror copied before it went back, and what after.
struct TwoLives {
    before: Vec<OffsetSync>,
    after: Vec<OffsetSync>,
    /// What is of the topics that there are now.
    mirror: Mirror,
}

/// Every history over `end` offsets of the source that goes back once.
fn two_lives(end: u64, between: Between) -> Vec<TwoLives> {
    let mut all = Vec::new();
    for first in mirrors(end) {
        let stop = first.copies.last().map_or(0, |last| last.upstream + 1);
        for start in between.starts(stop) {
            // Whether a record is copied is the record's own doing, and the same both times.
            let twice = |copies: &[OffsetSync]| -> Vec<u64> {
                let offsets = copies.iter().map(|copy| copy.upstream);
                offsets.filter(|at| (start..stop).contains(at)).collect()
            };
            for target_end in between.target_ends(first.end) {
                let empty = Mirror {
                    copies: Vec::new(),
                    end: target_end,
                };
                let mut seconds = continued(&empty, start..end);
                seconds.retain(|second| {
                    !between.is_same_source() || twice(&first.copies) == twice(&second.copies)
                });
                let lives = |second| joined(between, &first, target_end, second);
                all.extend(seconds.into_iter().map(lives));
            }
        }
    }
    all
}

fn joined(between: Between, first: &Mirror, target_end: u64, second: Mirror) -> TwoLives {
    let mut copies = first.copies.clone();
    copies.retain(|copy| between.is_same_source() && copy.downstream < target_end);
    copies.extend(&second.copies);
    TwoLives {
        before: first.copies.clone(),
        after: second.copies,
        mirror: Mirror {
            copies,
            end: second.end,
        },
    }
}

/// What becomes of the mirror after the group has moved.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// It copies whatever the source has.
    GoesOn,
    /// The source is lost: nothing more is ever copied.
    Ends,
}

impl Ending {
    /// The target when so many records were copied in the second life.
    fn of(self, lives: &TwoLives, so_far: usize) -> Mirror {
        let mut mirror = lives.mirror.clone();
        if let Ending::Ends = self {
            let to_come = lives.after.len() - so_far;
            mirror.copies.truncate(mirror.copies.len() - to_come);
        }
        mirror
    }
}

/// What a task does with a sync that it reads.
type Read<'a> = &'a dyn Fn(&mut SyncStore, OffsetSync);

/// Every history that goes back once: each choice of syncs among those that may be written, as far as the
/// second life has come, and every offset that the group may have committed then.
///
/// First those in which the syncs go back, too, so that a task can see it; then the others.
fn every_rewind(end: u64, between: Between, ending: Ending, read: Read<'_>) -> [Wrong; 2] {
    let syncs = Syncs::Written(EmissionRule::STEP);
    let mut wrong = [Wrong::default(); 2];
    for lives in two_lives(end, between) {
        for so_far in 1..=lives.after.len() {
            let after = &lives.after[..so_far];
            let mirror = ending.of(&lives, so_far);
            for early in syncs.lists(&lives.before) {
                for late in syncs.lists(after) {
                    let unseen = late[late.len() - 1].upstream >= early[0].upstream;
                    let kept = kept(early.iter().rev().chain(late.iter().rev()), read);
                    let target_end = after[so_far - 1].downstream + 1;
                    for committed in 0..=end {
                        let moment = Moment {
                            mirror: &mirror,
                            end: target_end,
                            kept: &kept,
                            committed,
                        };
                        wrong[usize::from(unseen)] += judge(&moment, &by(Rule::Step));
                    }
                }
            }
        }
    }
    wrong
}

/// What is kept of these syncs, which are read in this order; newest first.
fn kept<'a>(mut syncs: impl Iterator<Item = &'a OffsetSync>, read: Read<'_>) -> Vec<OffsetSync> {
    let first = syncs.next().expect("there is a sync in each list");
    let mut store = SyncStore::first(*first);
    syncs.for_each(|sync| read(&mut store, *sync));
    store.kept().collect()
}

/// A rewind that a task can see makes it forget, and then nothing is ever skipped.
///
/// A task that mixes the histories skips **only if the target has lost something, too**.  If the mirror
/// just starts again, or the source's topic is made anew, the copies are further on at the target than all
/// former ones, so an older sync only makes a group read again; forgetting costs it its offset instead.
///
/// A rewind of the target alone is not looked for: if the syncs of the source go on, offsets of what the
/// target has lost stay in use, and both skip.
#[test]
fn every_tiny_rewind() {
    let forgets: Read<'_> = &|store, sync| store.add(sync);
    let mixes: Read<'_> = &|store, sync| store.take_in(sync);
    for (between, forgetting, mixing, unseen) in [
        (
            Between::Restart,
            [7744, 0, 0, 288],
            [7744, 0, 0, 96],
            [5968, 0, 0, 196],
        ),
        (
            Between::TargetLoses,
            [32448, 0, 0, 1152],
            [32448, 446, 2, 288],
            [20568, 380, 40, 462],
        ),
        (
            Between::SourceAnew,
            [15184, 0, 0, 364],
            [15184, 0, 0, 612],
            [6624, 0, 0, 112],
        ),
        (
            Between::BothAnew,
            [15184, 0, 0, 364],
            [15184, 556, 4, 612],
            [6624, 360, 33, 112],
        ),
    ] {
        let seen = |read| {
            let [found, not_seen] = every_rewind(3, between, Ending::GoesOn, read);
            assert_eq!(not_seen, wrong(unseen), "{between:?}, unseen");
            found
        };
        let found = [seen(forgets), seen(mixes)];
        println!("{between:?}: forgets: {}; mixes: {}", found[0], found[1]);
        assert_eq!(found, [wrong(forgetting), wrong(mixing)], "{between:?}");
    }
}

/// A mirror that starts again says at once where the first record's second copy is, long before it has
/// copied the others again.  A group that was behind is sent there: past first copies that it has not read.
/// If the source is lost at that moment, the second copies never come.
///
/// Forgetting what was known before is what sends it there, so here mixing is the safer.
#[test]
fn a_mirror_that_ends_while_it_copies_again() {
    let forgets: Read<'_> = &|store, sync| store.add(sync);
    let mixes: Read<'_> = &|store, sync| store.take_in(sync);
    for (how, read, expected) in [
        ("forgets", forgets, [7744, 2064, 0, 288]),
        ("mixes", mixes, [7744, 1872, 0, 96]),
    ] {
        let [seen, unseen] = every_rewind(3, Between::Restart, Ending::Ends, read);
        println!("the mirror ends, {how}: {seen}");
        assert_eq!(seen, wrong(expected), "{how}");
        assert_eq!(unseen, wrong([5968, 800, 0, 196]), "{how}");
    }

    let mut mirror = Mirror::default();
    let mut copies = (0..3).map(|upstream| mirror.append_copy(upstream));
    let first = copies.next().expect("there are three");
    copies.for_each(drop);
    let again = mirror.append_copy(0);
    let kept = kept([first, again].iter(), forgets);
    assert_eq!(by(Rule::Step)(&kept, 1), Translated::To(4));
    assert!(mirror.skips(1, 4), "records 1 and 2 are at 1 and 2");
}

/// Kafka has it so: the target loses its last two entries in an unclean election, the mirror goes on with
/// record 3, and its sync says so.  The older one is still believed.
#[test]
fn what_the_target_lost_is_still_translated_to() {
    let sync = |upstream, downstream| OffsetSync {
        upstream,
        downstream,
    };
    let mut store = SyncStore::first(sync(0, 0));
    store.add(sync(2, 2));
    store.add(sync(3, 1));
    assert_eq!(translate(Rule::Step, store.kept(), 2), Translated::To(2));
    let mirror = Mirror {
        copies: vec![sync(0, 0), sync(3, 1), sync(4, 2)],
        end: 3,
    };
    assert!(mirror.skips(2, 2), "record 3 is at 1");
}
