//! Translated offsets against every tiny history, and against long random ones.
//!
//! A history is a source log of which some records were copied, what the target has besides the copies,
//! which syncs a checkpoint task has, and the offset that a group committed.  A translation is wrong in
//! two ways: it **skips** if a copy of a record that the group has not read lies before it and no copy lies
//! behind it, and it is **beyond the end** if the target is not that long yet.
//!
//! Every test takes the translation or the store as a parameter, so that a spoilt one can be shown to fail.

mod emission;
mod rewinds;
mod runs;

use highwater_model::mirroring::{EmissionRule, OffsetSync, Rule, Translated, translate};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{AddAssign, Range};

/// The target, with everything that will ever be copied there.
#[derive(Clone, Debug, Default)]
struct Mirror {
    /// The copies, in the order of the target: where the record was, where its copy is.
    copies: Vec<OffsetSync>,
    /// Where the next entry goes; every end is exclusive.
    end: u64,
}

impl Mirror {
    /// Something that is no copy: a transaction's marker, another producer's record.
    fn append_others(&mut self, entries: u64) {
        self.end += entries;
    }

    fn append_copy(&mut self, upstream: u64) -> OffsetSync {
        let copy = OffsetSync {
            upstream,
            downstream: self.end,
        };
        self.copies.push(copy);
        self.end += 1;
        copy
    }

    /// Of each record that is here, where its last copy is.
    fn last_copies(&self) -> BTreeMap<u64, u64> {
        let copies = self.copies.iter();
        copies
            .map(|copy| (copy.upstream, copy.downstream))
            .collect()
    }

    /// Whether a group that has read everything before `committed` at the source, and goes on at `offset`
    /// here, will miss a record.
    fn skips(&self, committed: u64, offset: u64) -> bool {
        let mut unread = self.last_copies().into_iter();
        unread.any(|(upstream, downstream)| upstream >= committed && downstream < offset)
    }
}

/// A moment of a history.
#[derive(Debug)]
struct Moment<'a> {
    mirror: &'a Mirror,
    /// Where the target ends now.
    end: u64,
    /// What a checkpoint task goes by, newest first.
    kept: &'a [OffsetSync],
    /// What the group has committed.
    committed: u64,
}

/// How often something is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Wrong {
    cases: u32,
    skips: u32,
    beyond_end: u32,
    /// Of all cases: no offset is given, so the group falls back to its reset policy.
    none: u32,
}

impl AddAssign for Wrong {
    fn add_assign(&mut self, other: Wrong) {
        self.cases += other.cases;
        self.skips += other.skips;
        self.beyond_end += other.beyond_end;
        self.none += other.none;
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cases: {} skip, {} beyond the end, {} without an offset",
            self.cases, self.skips, self.beyond_end, self.none
        )
    }
}

/// A way to translate: what there is to go by, newest first, and what is committed.
type Translate<'a> = &'a dyn Fn(&[OffsetSync], u64) -> Translated;

fn judge(moment: &Moment<'_>, by: Translate<'_>) -> Wrong {
    let Moment { committed, end, .. } = *moment;
    let (skips, beyond_end, none) = match by(moment.kept, committed) {
        Translated::To(offset) => (moment.mirror.skips(committed, offset), offset > end, false),
        Translated::TooOld | Translated::Unknown => (false, false, true),
    };
    Wrong {
        cases: 1,
        skips: skips.into(),
        beyond_end: beyond_end.into(),
        none: none.into(),
    }
}

/// Which syncs a checkpoint task may have.
#[derive(Clone, Copy, Debug)]
enum Syncs {
    /// Any of those that could be written, at least one: some may have been thinned out, not be written
    /// yet, or not be read yet.
    Any,
    /// Those that must be written at once, and any others; all were read and kept.
    Written(EmissionRule),
    /// Of those only the newest is kept, as Kafka 3.4 does.
    NewestOfWritten(EmissionRule),
}

/// So large that staleness alone never makes a task write.
const NEVER_STALE: u8 = 100;

impl Syncs {
    /// Every list of syncs, newest first, that a task may go by after these copies.
    fn lists(self, copies: &[OffsetSync]) -> Vec<Vec<OffsetSync>> {
        let must = self.must(copies);
        let chosen = (0..1u32 << copies.len()).filter(|chosen| chosen & must == must);
        let list = |chosen: u32| -> Vec<OffsetSync> {
            let newest_first = copies.iter().enumerate().rev();
            let chosen = newest_first.filter(|(at, _)| chosen >> at & 1 == 1);
            chosen.map(|(_, copy)| *copy).collect()
        };
        let mut lists: Vec<Vec<OffsetSync>> = chosen.map(list).collect();
        lists.retain(|list| !list.is_empty());
        if let Syncs::NewestOfWritten(_) = self {
            lists.iter_mut().for_each(|list| list.truncate(1));
            lists.sort();
            lists.dedup();
        }
        lists
    }

    /// Bit by bit, the copies that the task writes a sync of at once.
    fn must(self, copies: &[OffsetSync]) -> u32 {
        let (Syncs::Written(mut rule) | Syncs::NewestOfWritten(mut rule)) = self else {
            return 0;
        };
        let bits = copies.iter().zip(0..).map(|(copy, at)| {
            let written = rule.update(small(copy.upstream), small(copy.downstream), NEVER_STALE);
            u32::from(written) << at
        });
        bits.sum()
    }
}

fn small(offset: u64) -> u8 {
    u8::try_from(offset).expect("the histories here are short")
}

/// Every history of a source log of up to `longest` offsets: each offset is copied or not, before each
/// copy there is something else at the target or not, the mirror has come to any of its copies, and the
/// group has committed any offset, which may be ahead of the mirror.
fn every_history(longest: u64, syncs: Syncs, by: Translate<'_>) -> Wrong {
    let mut wrong = Wrong::default();
    for source_end in 0..=longest {
        for mirror in mirrors(source_end) {
            for so_far in 1..=mirror.copies.len() {
                wrong += every_group(source_end, &mirror, so_far, syncs, by);
            }
        }
    }
    wrong
}

fn every_group(
    source_end: u64,
    mirror: &Mirror,
    so_far: usize,
    syncs: Syncs,
    by: Translate<'_>,
) -> Wrong {
    let mut wrong = Wrong::default();
    let copied = &mirror.copies[..so_far];
    for kept in syncs.lists(copied) {
        for committed in 0..=source_end {
            let moment = Moment {
                mirror,
                end: copied[so_far - 1].downstream + 1,
                kept: &kept,
                committed,
            };
            wrong += judge(&moment, by);
        }
    }
    wrong
}

/// Every target that a source log with this end can have.
fn mirrors(source_end: u64) -> Vec<Mirror> {
    continued(&Mirror::default(), 0..source_end)
}

/// Every way to go on with `mirror` over these offsets of the source.
fn continued(mirror: &Mirror, offsets: Range<u64>) -> Vec<Mirror> {
    let mut mirrors = vec![mirror.clone()];
    for upstream in offsets {
        let copied = |mirror: &Mirror, others: u64| {
            let mut mirror = mirror.clone();
            mirror.append_others(others);
            mirror.append_copy(upstream);
            mirror
        };
        let longer = |mirror: &Mirror| [mirror.clone(), copied(mirror, 0), copied(mirror, 1)];
        mirrors = mirrors.iter().flat_map(longer).collect();
    }
    mirrors
}

fn by(rule: Rule) -> impl Fn(&[OffsetSync], u64) -> Translated {
    move |kept, committed| translate(rule, kept.iter().copied(), committed)
}

/// The step rule with a step of two: one record further than is known.
fn steps_too_far(kept: &[OffsetSync], committed: u64) -> Translated {
    match translate(Rule::Step, kept.iter().copied(), committed) {
        Translated::To(offset) if !kept.iter().any(|sync| sync.upstream == committed) => {
            Translated::To(offset + 1)
        }
        as_it_is => as_it_is,
    }
}

/// Rules against every history of up to four offsets.  The numbers are pinned because they are
/// deterministic, and because a rule that is known to be wrong and does not fail here would show that the
/// enumeration is too poor to tell.
#[test]
fn every_tiny_history() {
    let step: Translate<'_> = &by(Rule::Step);
    let delta: Translate<'_> = &by(Rule::Delta);
    let literal: Translate<'_> = &by(Rule::Literal);
    let now = Syncs::Written(EmissionRule::STEP);
    let then = Syncs::Written(EmissionRule::DELTA);
    let newest = Syncs::NewestOfWritten(EmissionRule::DELTA);
    for (what, syncs, rule, expected) in [
        ("step, any syncs", Syncs::Any, step, [4992, 0, 0, 744]),
        ("step, written syncs", now, step, [2888, 0, 0, 132]),
        // A step that is one too long is found.
        (
            "step + 1, any syncs",
            Syncs::Any,
            &steps_too_far,
            [4992, 474, 1224, 744],
        ),
        ("delta, any syncs", Syncs::Any, delta, [4992, 70, 700, 744]),
        ("delta, written syncs", then, delta, [2888, 28, 492, 132]),
        // Kafka 3.4 as it was.
        ("delta, newest sync", newest, delta, [2336, 26, 468, 528]),
        ("literal", Syncs::Any, literal, [4992, 243, 516, 0]),
    ] {
        let found = every_history(4, syncs, rule);
        println!("{what}: {found}");
        assert_eq!(found, wrong(expected), "{what}");
    }
}

/// The smallest history in which the old rule skips: records 1 and 3 are copied, 1 has a sync, and a group
/// has read up to 3.
#[test]
fn the_delta_rule_counts_what_was_not_copied() {
    let mut mirror = Mirror::default();
    let kept = [mirror.append_copy(1)];
    mirror.append_copy(3);
    for (rule, offset, skips) in [(Rule::Step, 1, false), (Rule::Delta, 2, true)] {
        let found = translate(rule, kept, 3);
        assert_eq!(found, Translated::To(offset), "{rule:?}");
        assert_eq!(mirror.skips(3, offset), skips, "{rule:?}");
    }
}

fn wrong([cases, skips, beyond_end, none]: [u32; 4]) -> Wrong {
    Wrong {
        cases,
        skips,
        beyond_end,
        none,
    }
}
