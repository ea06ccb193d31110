//! The rule of thumb of every stretched cluster, held against exploration: what was acknowledged
//! stays within reach when any one datacenter is lost if, and only if, the min ISR is **above the
//! largest number of replicas that one datacenter has**.
//!
//! It is asked of every layout of up to six replicas over up to four datacenters, up to the names of the
//! datacenters, with every min ISR; `claims::layouts` says what is asked and how it is searched.
//!
//! **Deliberately absent:** at six replicas, the loss of a datacenter that has fewer replicas than another one, and the
//! datacenter that has all six.

use highwater_checks::claims::layouts::{Searched, counts, file, laid_out, layouts};
use highwater_checks::{Source, deployment_file};
use highwater_vocabulary::{Datacenter, Deployment, Member};

/// The formula: is everything acknowledged within reach when a datacenter with `share` of the
/// replicas is lost?
fn keeps(min_isr: u8, share: u8) -> bool {
    min_isr > share
}

fn replicas_of(layout: &[u8]) -> u8 {
    layout.iter().sum()
}

fn read(source: &Source) -> (Deployment, Vec<String>) {
    let (deployment, warnings) =
        deployment_file::read(source).unwrap_or_else(|error| panic!("{error}"));
    let texts = warnings.iter().map(ToString::to_string).collect();
    (deployment, texts)
}

/// The datacenters to lose, each with how many replicas it has: of those that have as many the first
/// stands for all.  Up to five replicas every one, then the largest.
fn worth_losing(layout: &[u8]) -> Vec<(u8, usize)> {
    let places = layout.iter().copied().zip(0..);
    let mut worth: Vec<(u8, usize)> = places.collect();
    worth.dedup_by_key(|(share, _)| *share);
    match replicas_of(layout) {
        0..=5 => worth,
        replicas => worth
            .into_iter()
            .take(1)
            .filter(|(share, _)| *share < replicas)
            .collect(),
    }
}

/// Every layout of these many replicas with every min ISR, against the formula.
fn check_formula(replicas: impl Iterator<Item = u8>, elr: bool) {
    let mut searched = Searched::default();
    let mut cases = 0;
    let mut at_least: Vec<String> = Vec::new();
    for layout in replicas.flat_map(layouts) {
        let replicas = replicas_of(&layout);
        let lost = worth_losing(&layout);
        if lost.is_empty() {
            continue;
        }
        let mut line = String::new();
        for min_isr in 1..=replicas {
            let (deployment, _) = read(&laid_out(&layout, min_isr, elr));
            let mut worst = false;
            for (share, at) in lost.iter().copied() {
                let found = searched.out_of_reach(&deployment, Datacenter::at(at));
                // Without the only datacenter nobody runs who could lack it: `acked-survives` is silent.
                let somebody_runs = share < replicas;
                let expected = somebody_runs && !keeps(min_isr, share);
                assert_eq!(
                    found, expected,
                    "{layout:?}, min ISR {min_isr}, without {share} of them"
                );
                worst |= found;
            }
            if layout.len() > 1 {
                assert_eq!(
                    worst,
                    !keeps(min_isr, layout[0]),
                    "{layout:?}, min ISR {min_isr}"
                );
                // A formula that is off by one is told from this one.
                if worst && min_isr >= layout[0] {
                    at_least.push(format!("{layout:?}"));
                }
            }
            cases += 1;
            line += if worst { "  out of reach" } else { "  kept" };
        }
        println!("{:<24}{line}", counts(&layout));
    }
    println!(
        "{cases} cases, {} explorations, {} states; `at least` would be wrong for {}",
        searched.explorations,
        searched.states,
        at_least.join(" ")
    );
    assert!(!at_least.is_empty(), "this could not have failed");
}

#[test]
fn up_to_five_replicas_are_within_reach_if_the_min_isr_is_above_the_largest_share() {
    check_formula(1..=5, true);
}

#[test]
fn six_replicas_are_within_reach_if_the_min_isr_is_above_the_largest_share() {
    check_formula(6..=6, true);
}

#[test]
fn eligible_leader_replicas_make_no_difference_to_reach() {
    check_formula(1..=4, false);
}

/// What a blog says, `min ISR > round(replicas / datacenters)`, is refuted by name; which way halves
/// are rounded does not mend it.
#[test]
fn the_rounded_mean_is_not_the_largest_share() {
    let half_up = |rf: u8, dcs: u8| (2 * rf + dcs) / (2 * dcs);
    let half_even = |rf: u8, dcs: u8| match (2 * rf) % (2 * dcs) == dcs {
        true => (rf / dcs).next_multiple_of(2),
        false => half_up(rf, dcs),
    };
    let mut searched = Searched::default();
    for (dcs, rf, min_isr, rounded) in [
        (3_u8, 4, 2, half_up(4, 3)),
        (4, 5, 2, half_up(5, 4)),
        (3, 7, 3, half_up(7, 3)),
        (2, 5, 3, half_even(5, 2)),
    ] {
        assert!(
            min_isr > rounded,
            "the rounded mean allows {dcs} {rf} {min_isr}"
        );
        let replicas = format!("replication_factor = {rf}");
        let brokers = vec![rf; usize::from(dcs)];
        let (deployment, _) = read(&file(&brokers, &replicas, min_isr, true));
        let lost = Datacenter::at(0);
        assert!(
            searched.out_of_reach(&deployment, lost),
            "{rf} replicas over {dcs} datacenters, min ISR {min_isr}"
        );
    }
    // The two agree wherever the mean is a whole number; so does the reader, below.
    assert_eq!((half_up(6, 3), half_even(6, 3)), (2, 2));
    assert_eq!((half_up(5, 2), half_even(5, 2)), (3, 2));
}

/// The reader says so without a search: it warns exactly where the formula is not met.
#[test]
fn the_reader_warns_exactly_where_the_formula_is_not_met() {
    let warns = |warnings: &[String]| {
        let of_min_isr = |text: &&String| {
            text.contains("what is acknowledged may exist in no other")
                || text.contains("a record may be acknowledged while one replica has it")
        };
        warnings.iter().find(of_min_isr).is_some()
    };
    let mut cases = 0;
    for layout in (2..=6).flat_map(layouts).filter(|layout| layout.len() > 1) {
        for min_isr in 1..=replicas_of(&layout) {
            let (_, warnings) = read(&laid_out(&layout, min_isr, true));
            let expected = !keeps(min_isr, layout[0]);
            assert_eq!(
                warns(&warnings),
                expected,
                "{layout:?}, min ISR {min_isr}: {warnings:?}"
            );
            cases += 1;
        }
    }
    // Kafka's own placement: no datacenter has more than its share, rounded *up*.
    for (dcs, rf) in (2..=4).flat_map(|dcs| (2..=8).map(move |rf| (dcs, rf))) {
        for min_isr in 1..=rf {
            let replicas = format!("replication_factor = {rf}");
            let (_, warnings) = read(&file(&vec![8; dcs], &replicas, min_isr, true));
            let share = rf.div_ceil(u8::try_from(dcs).expect("few"));
            assert_eq!(
                warns(&warnings),
                !keeps(min_isr, share),
                "{rf} over {dcs}, min ISR {min_isr}: {warnings:?}"
            );
            cases += 1;
        }
    }
    println!("{cases} files");
}
