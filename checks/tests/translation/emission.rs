//! Which records get a sync at once, and how far that keeps a group from its place.

use highwater_model::mirroring::{EmissionRule, OffsetSync, Rule, Translated, translate};
use proptest::prelude::*;

/// Which of these copies, each where it was and where it is, get a sync.
fn written(mut rule: EmissionRule, max_lag: u8, copies: &[(u8, u8)]) -> Vec<bool> {
    let copies = copies.iter();
    copies
        .map(|(upstream, downstream)| rule.update(*upstream, *downstream, max_lag))
        .collect()
}

#[test]
fn which_copies_get_a_sync() {
    const NO: bool = false;
    const YES: bool = true;
    //   copies                         max lag   since 3.5         until 3.4
    for (copies, max_lag, step, delta) in [
        // The first since the task started, whatever it is.
        (vec![(7, 3)], 100, vec![YES], vec![YES]),
        (
            vec![(0, 0), (1, 1), (2, 2)],
            100,
            vec![YES, NO, NO],
            vec![YES, NO, NO],
        ),
        // Since 3.5 a group is put one behind the last sync, so plain progress makes that stale.
        (
            vec![(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)],
            2,
            vec![YES, NO, NO, YES, NO],
            vec![YES, NO, NO, NO, NO],
        ),
        // Until 3.4 only entries at the target that the source does not have did.
        (
            vec![(0, 0), (1, 2), (2, 4)],
            2,
            vec![YES, NO, YES],
            vec![YES, NO, YES],
        ),
        // Records that were left out.
        (
            vec![(0, 0), (2, 1), (3, 2)],
            100,
            vec![YES, YES, NO],
            vec![YES, YES, NO],
        ),
        // The mirror goes back, and the target does.
        (
            vec![(5, 5), (5, 6), (4, 7)],
            100,
            vec![YES, YES, YES],
            vec![YES, YES, YES],
        ),
        (
            vec![(5, 5), (6, 2), (7, 3)],
            100,
            vec![YES, YES, NO],
            vec![YES, YES, NO],
        ),
        // `offset.lag.max = 0`: every one, until 3.4 as well.
        (
            vec![(0, 9), (1, 10), (2, 11)],
            0,
            vec![YES, YES, YES],
            vec![YES, YES, YES],
        ),
        // The ends of the numbers.
        (
            vec![(255, 0), (0, 255), (255, 255)],
            255,
            vec![YES; 3],
            vec![YES; 3],
        ),
    ] {
        assert_eq!(
            written(EmissionRule::STEP, max_lag, &copies),
            step,
            "{copies:?}, step"
        );
        assert_eq!(
            written(EmissionRule::DELTA, max_lag, &copies),
            delta,
            "{copies:?}, delta"
        );
    }
}

/// Each of a task takes no more than eight bytes of a state.
#[test]
fn a_rule_is_small() {
    let size = size_of::<EmissionRule>();
    println!("{size} bytes");
    assert!(size <= 8);
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(21),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Translated by the syncs that are written at once, a group that has read up to a copied record is
    /// less than `offset.lag.max` entries before its copy.
    #[test]
    fn no_translation_is_staler_than_the_setting(
        gaps in proptest::collection::vec((1..3u8, 1..4u8), 1..60),
        max_lag in 0..20u8,
    ) {
        let mut rule = EmissionRule::STEP;
        let mut syncs: Vec<OffsetSync> = Vec::new();
        let (mut upstream, mut downstream) = (0, 0);
        for (up, down) in gaps {
            (upstream, downstream) = (upstream + up, downstream + down);
            let (up, down) = (u64::from(upstream), u64::from(downstream));
            if rule.update(upstream, downstream, max_lag) {
                syncs.insert(0, OffsetSync { upstream: up, downstream: down });
            }
            let translated = translate(Rule::Step, syncs.iter().copied(), up);
            let Translated::To(offset) = translated else {
                return Err(TestCaseError::fail("the first copy has a sync"));
            };
            prop_assert!(offset <= down && down - offset < u64::from(max_lag).max(1));
        }
    }
}
