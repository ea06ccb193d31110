//! The store of offset syncs against a second account of it, what its slots promise, and Kafka's own cases.
//!
//! `second_account` is written another way.

mod second_account;

use highwater_model::mirroring::{OffsetSync, Rule, SmallStore, SyncStore, Translated, translate};
use proptest::prelude::*;
use second_account::SecondAccount;

const SLOTS: usize = 64;

fn sync(upstream: u64, downstream: u64) -> OffsetSync {
    OffsetSync {
        upstream,
        downstream,
    }
}

/// What a store does with a sync: the parameter that is spoilt.
type Add<'a> = &'a dyn Fn(&mut SyncStore, OffsetSync);

const AS_IT_IS: Add<'_> = &|store, sync| store.add(sync);

/// What is wrong with the store after some sync, if anything.
fn first_fault(syncs: &[OffsetSync], add: Add<'_>) -> Option<String> {
    let mut second = SecondAccount::default();
    let mut store: Option<SyncStore> = None;
    let mut earliest = *syncs.first()?;
    for (at, sync) in syncs.iter().enumerate() {
        if at > 0 && sync.upstream < syncs[at - 1].upstream {
            earliest = *sync;
        }
        let store = match &mut store {
            Some(store) => {
                add(store, *sync);
                store
            }
            empty => empty.insert(SyncStore::first(*sync)),
        };
        second.add(*sync);
        let fault = fault(store, &second, *sync, earliest);
        if let Some(fault) = fault {
            return Some(format!("after {sync:?}, the {at}th: {fault}"));
        }
    }
    None
}

fn fault(
    store: &SyncStore,
    second: &SecondAccount,
    newest: OffsetSync,
    earliest: OffsetSync,
) -> Option<&'static str> {
    let slots = store.slots();
    let differ = second
        .slots
        .iter()
        .zip(slots)
        .any(|(one, other)| one.sync != *other);
    [
        (slots[0] != newest, "A: the newest is not first"),
        (!is_recent(slots), "B: a sync is too old for its slot"),
        (!is_apart(slots), "C: two syncs are too near"),
        (slots[SLOTS - 1] != earliest, "D: the earliest is gone"),
        (
            !translates_in_order(store),
            "a later offset is put further back",
        ),
        (differ, "the second account differs"),
    ]
    .into_iter()
    .find_map(|(wrong, what)| wrong.then_some(what))
}

/// Invariant B, of every two slots: `2^j - 2^i` apart at the most.
fn is_recent(slots: &[OffsetSync; SLOTS]) -> bool {
    every_two(slots, |i, j, apart| apart <= (1 << j) - (1 << i))
}

/// Invariant C, of every two slots: `2^(i-2)` apart at the least.  Two syncs of one record are let pass;
/// Kafka's page on the class does not mention them.
fn is_apart(slots: &[OffsetSync; SLOTS]) -> bool {
    every_two(slots, |i, _, apart| {
        apart == 0 || apart >= 1 << (i.max(2) - 2)
    })
}

fn every_two(slots: &[OffsetSync; SLOTS], holds: impl Fn(usize, usize, i128) -> bool) -> bool {
    (0..SLOTS).all(|i| {
        (i + 1..SLOTS).all(|j| {
            let apart = i128::from(slots[i].upstream) - i128::from(slots[j].upstream);
            slots[i] == slots[j] || holds(i, j, apart)
        })
    })
}

/// While the store stands still, a group that is further on is put no further back.
fn translates_in_order(store: &SyncStore) -> bool {
    let around = |sync: OffsetSync| [sync.upstream, sync.upstream.saturating_add(1)];
    let mut offsets: Vec<u64> = store.kept().flat_map(around).collect();
    offsets.sort_unstable();
    let translated = offsets
        .iter()
        .map(|at| translate(Rule::Step, store.kept(), *at));
    let translated: Vec<u64> = translated.filter_map(offset).collect();
    translated.is_sorted()
}

fn offset(translated: Translated) -> Option<u64> {
    match translated {
        Translated::To(offset) => Some(offset),
        Translated::TooOld | Translated::Unknown => None,
    }
}

/// A sync of every `step`-th record, none left out at the source.
fn regular(step: u64, count: u64) -> Vec<OffsetSync> {
    (0..count).map(|at| sync(at * step, at * step)).collect()
}

/// The store after these syncs, as a task has it that has read all before.
fn store_of(syncs: &[OffsetSync]) -> SyncStore {
    let mut store = SyncStore::first(syncs[0]);
    syncs[1..].iter().for_each(|sync| store.add(*sync));
    store
}

#[test]
fn ten_thousand_offsets_and_a_million() {
    for (step, expected) in [(1, 15), (100, 15)] {
        let syncs = regular(step, 10_000);
        assert_eq!(first_fault(&syncs, AS_IT_IS), None, "every {step}th");
        let kept = store_of(&syncs).kept().count();
        println!("a sync every {step}: {kept} of 10000 kept");
        assert_eq!(kept, expected, "every {step}th");
    }
}

/// How many offsets further back than its own a group is put that is `lag` behind the newest sync.
fn worst_extra(syncs: &[OffsetSync], lag: u64) -> u64 {
    let mut store = SyncStore::first(syncs[0]);
    let mut worst = 0;
    for sync in &syncs[1..] {
        store.add(*sync);
        if let Some(committed) = sync.upstream.checked_sub(lag) {
            let used = store.kept().find(|sync| sync.upstream <= committed);
            worst = used.map_or(worst, |used| worst.max(committed - used.upstream));
        }
    }
    worst
}

/// With regular syncs: less than twice its lag, and one interval between syncs.
#[test]
fn who_lags_reads_again_in_proportion() {
    for (step, pinned) in [(1, [0, 0, 127, 1023, 4095]), (100, [0, 99, 0, 1500, 6300])] {
        let syncs = regular(step, 10_000);
        let found = [0, 1, 100, 1000, 5000].map(|lag| worst_extra(&syncs, lag));
        println!("a sync every {step}: lags 0, 1, 100, 1000, 5000 read {found:?} again");
        assert_eq!(found, pinned);
        for lag in (0..130).chain((130..9_000).step_by(97)) {
            let extra = worst_extra(&syncs, lag);
            assert!(extra < 2 * lag + step, "{lag}: {extra}");
        }
    }
}

/// Kafka's own test (`OffsetSyncStoreTest.testPastOffsetTranslation` and the one after it): the syncs that
/// it expects to find in the end.
#[test]
fn the_cases_of_kafka() {
    let every_ten = |range: std::ops::RangeInclusive<u64>| {
        let offsets = range.step_by(10);
        offsets.map(|at| sync(at, at)).collect::<Vec<OffsetSync>>()
    };
    let upstream = |store: &SyncStore| -> Vec<u64> {
        let mut kept: Vec<u64> = store.kept().map(|sync| sync.upstream).collect();
        kept.dedup();
        kept
    };

    let mut anew = SyncStore::first(sync(0, 0));
    for sync in every_ten(0..=1000) {
        anew.forget_and_add(sync);
    }
    assert_eq!(upstream(&anew), [1000]);
    every_ten(1010..=10_000)
        .into_iter()
        .for_each(|sync| anew.add(sync));
    let expected = [
        10_000, 9990, 9970, 9940, 9880, 9640, 9160, 8680, 6760, 4840, 1000,
    ];
    assert_eq!(upstream(&anew), expected);

    let mut again = store_of(&every_ten(0..=1000));
    every_ten(1000..=10_000)
        .into_iter()
        .for_each(|sync| again.add(sync));
    let expected = [
        10_000, 9990, 9960, 9900, 9840, 9600, 9120, 8640, 7680, 3840, 0,
    ];
    assert_eq!(upstream(&again), expected);

    again.add(sync(1500, 11_000));
    assert_eq!(upstream(&again), [1500]);
    let translated = [1499, 1500, 2000].map(|at| translate(Rule::Step, again.kept(), at));
    let expected = [
        Translated::TooOld,
        Translated::To(11_000),
        Translated::To(11_001),
    ];
    assert_eq!(translated, expected);
}

/// A mirror that starts again copies its last record once more and says so.  Kafka's page on the class has
/// it that two syncs are apart; these are not, and the later one is used.
#[test]
fn two_syncs_of_one_record_stand_side_by_side() {
    let store = store_of(&[sync(0, 0), sync(3, 5), sync(3, 9)]);
    let kept: Vec<OffsetSync> = store.kept().collect();
    assert_eq!(kept, [sync(3, 9), sync(3, 5), sync(0, 0)]);
    assert_eq!(translate(Rule::Step, store.kept(), 3), Translated::To(9));
}

/// A new sync drives out one other at the most, if they come regularly, whatever the interval.
#[test]
fn regular_syncs_drive_out_one_another_one_by_one() {
    let intervals = std::iter::successors(Some(1u64), |step| step.checked_mul(2)?.checked_add(1));
    for step in intervals.take_while(|step| *step < (1 << 63) / 100) {
        for first in 0..30 {
            let mut store = SyncStore::first(sync(first, 0));
            for at in 1..100 {
                let before = store.kept().count();
                store.add(sync(first + at * step, at));
                assert!(store.kept().count() >= before, "{step} from {first}");
            }
        }
    }
}

/// In a small model, where offsets are below 16: six slots do what 64 do; the newest and the earliest stay;
/// and three syncs are enough for one to be forgotten, so no model may take it that few are all kept.
#[test]
fn a_small_store_is_exact() {
    let mut forgetting = Vec::new();
    for chosen in 1..1u32 << 16 {
        let offsets: Vec<u8> = (0..16).filter(|at| chosen >> at & 1 == 1).collect();
        let store = both_stores(offsets.iter().map(|at| (*at, *at)), false);
        let kept: Vec<u64> = store.kept().map(|sync| sync.upstream).collect();
        let ends = [kept.first(), kept.last()].map(|end| end.copied());
        let newest_and_earliest = [offsets.last(), offsets.first()];
        assert_eq!(
            ends,
            newest_and_earliest.map(|end| end.copied().map(u64::from))
        );
        if kept.len() < offsets.len() {
            forgetting.push((offsets.len(), offsets, kept));
        }
    }
    forgetting.sort();
    println!(
        "of 65535, {} forget; first {:?}",
        forgetting.len(),
        forgetting[0]
    );
    assert_eq!(forgetting.len(), 63_922);
    assert_eq!(forgetting[0], (3, vec![0, 1, 4], vec![4, 0]));
}

/// The small store after these syncs; the large one is taken along.
fn both_stores(mut syncs: impl Iterator<Item = (u8, u8)>, mixes: bool) -> SmallStore {
    let small = |(upstream, downstream)| OffsetSync {
        upstream,
        downstream,
    };
    let first = small(syncs.next().expect("there is a sync"));
    let (mut small_store, mut store) = (SmallStore::first(first), SyncStore::first(first.wide()));
    for sync in syncs {
        let sync = small(sync);
        match mixes {
            true => (small_store.take_in(sync), store.take_in(sync.wide())),
            false => (small_store.add(sync), store.add(sync.wide())),
        };
        assert!(small_store.kept().eq(store.kept()), "{small_store:?}");
    }
    small_store
}

/// What the checks above find when the store is spoilt.
#[test]
fn spoilt_stores_are_found() {
    let mixes: Add<'_> = &|store, sync| store.take_in(sync);
    let keeps_the_newest: Add<'_> = &|store, sync| store.forget_and_add(sync);
    let forgets_the_newest: Add<'_> = &|store, sync| {
        let newest = store.newest();
        store.add(sync);
        if sync.upstream % 1000 == 0 {
            store.take_in(newest);
        }
    };
    let thins_too_much: Add<'_> = &|store, sync| {
        let oldest = store.oldest();
        let rewinds = store.rewinds(sync);
        store.add(sync);
        if store.kept().count() > 9 && !rewinds {
            let recent: Vec<OffsetSync> = store.kept().take(8).collect();
            *store = SyncStore::first(oldest);
            recent.into_iter().rev().for_each(|sync| store.add(sync));
        }
    };
    let there_and_back = [regular(1, 50), regular(1, 20)].concat();
    for (what, syncs, add, expected) in [
        ("no clear on rewind", &there_and_back, mixes, "the 50th: C"),
        (
            "nothing but the newest",
            &regular(1, 50),
            keeps_the_newest,
            "the 1th: D",
        ),
        (
            "not the newest",
            &regular(1, 1100),
            forgets_the_newest,
            "the 1000th: A",
        ),
        (
            "fewer than there is room for",
            &regular(1, 1100),
            thins_too_much,
            "the second account",
        ),
    ] {
        let found = first_fault(syncs, add).unwrap_or_else(|| panic!("{what} is not found"));
        println!("{what}: {found}");
        assert!(found.contains(expected), "{what}: {found}");
        assert_eq!(first_fault(syncs, AS_IT_IS), None, "{what}");
    }
}

/// How a mirror goes on from one sync to the next.
fn gap() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => 1..4i64,
        4 => 1..200i64,
        2 => 1..100_000i64,
        1 => (1..40u32).prop_map(|bits| 1i64 << bits),
        1 => -300..0i64,
    ]
}

/// Syncs that are so far apart, from here on; nothing runs over.
fn apart(start: u64, gaps: &[i64]) -> Vec<OffsetSync> {
    let mut upstream = start;
    let next = |(gap, downstream): (&i64, u64)| {
        upstream = upstream.saturating_add_signed(*gap).min(i64::MAX as u64);
        sync(upstream, downstream)
    };
    gaps.iter().zip(0..).map(next).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        rng_seed: proptest::test_runner::RngSeed::Fixed(22),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_gaps_and_rewinds(
        start in prop_oneof![Just(0), 0..1000u64, Just(i64::MAX as u64 - 5000)],
        gaps in proptest::collection::vec(gap(), 1..400),
    ) {
        let syncs = apart(start, &gaps);
        prop_assert_eq!(first_fault(&syncs, AS_IT_IS), None);
    }

    /// The same record may be synced twice, and even at the same place.
    #[test]
    fn any_syncs_at_all(
        syncs in proptest::collection::vec((0..40u64, 0..3u64), 1..60),
    ) {
        let syncs: Vec<OffsetSync> = syncs.into_iter().map(|(up, down)| sync(up, down)).collect();
        let mut second = SecondAccount::default();
        let mut store = SyncStore::first(syncs[0]);
        second.add(syncs[0]);
        for sync in &syncs[1..] {
            store.add(*sync);
            second.add(*sync);
            let slots: Vec<OffsetSync> = second.slots.iter().map(|read| read.sync).collect();
            prop_assert_eq!(&slots[..], &store.slots()[..]);
        }
    }

    #[test]
    fn any_small_store(
        syncs in proptest::collection::vec((0..17u8, 0..4u8), 1..40),
        mixes in any::<bool>(),
    ) {
        both_stores(syncs.into_iter(), mixes);
    }
}
