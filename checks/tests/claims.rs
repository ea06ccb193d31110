//! The claims: each stands on evidence, and falls with it.

use highwater_checks::choosing;
use highwater_checks::claims::{self, Claim, Judgement, layouts, survey::Survey};
use highwater_checks::explore::Crew;
use highwater_checks::grounds::{self, Grounds};
use highwater_model::mirroring::{self, Guard, GuardSet, Mirroring};
use highwater_model::replication::Replication;
use highwater_vocabulary::{Datacenter, Member, Set};
use std::collections::BTreeSet;
use std::path::Path;

/// And docs/CLAIMS.md shows it.  With `UPDATE_PAGES=1` that page is written anew.
#[test]
fn everything_that_a_claim_rests_on_comes_out_as_the_table_says() {
    let judged = claims::judge(&claims::claims(), &Crew::of(1), &|_, _| {});
    let wrong = judged.iter().filter(|judged| !judged.is_ok());
    let wrong: Vec<_> = wrong
        .map(|judged| (&judged.claim.id, &judged.evidence))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CLAIMS.md");
    let page = std::fs::read_to_string(&path).expect("the page can be read");
    let (before, rest) = page.split_once(SHOWN).expect("the page shows the command");
    let (_, after) = rest.split_once("```").expect("a block ends");
    let written = format!("{before}{SHOWN}{}```{after}", claims::text(&judged));
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, written).expect("the page can be written");
    } else {
        assert_eq!(page, written, "docs/CLAIMS.md does not show what is found");
    }
}

/// Where the page shows what is printed.
const SHOWN: &str = "```\n$ highwater claims\n";

#[test]
fn the_claims_are_in_order_and_each_says_something() {
    let claims = claims::claims();
    let numbers: Vec<u32> = claims.iter().map(number).collect();
    assert!(numbers.iter().copied().eq(1..=96), "{numbers:?}");
    for claim in &claims {
        assert!(
            !claim.statement.is_empty() && !claim.because.is_empty(),
            "{}",
            claim.id
        );
        for seed in claim.seed.split(", ") {
            assert!(
                ["J0", "A1", "G2", "H3", "J4"].contains(&seed),
                "{}: {seed}",
                claim.id
            );
        }
    }
    let statements: BTreeSet<_> = claims.iter().map(|claim| &claim.statement).collect();
    assert_eq!(statements.len(), claims.len(), "two claims say the same");
}

fn number(claim: &Claim) -> u32 {
    let number = claim.id.strip_prefix('C').expect("C and a number");
    assert_eq!(number.len(), 2, "{}", claim.id);
    number.parse().expect("a number")
}

/// A judgement about Kafka without evidence is an opinion; one without exploration says so.
#[test]
fn whatever_is_judged_is_shown() {
    for claim in claims::claims() {
        let is_shown =
            !claim.experiments.is_empty() || !claim.rows.is_empty() || !claim.surveys.is_empty();
        let is_judged = claim.judgement != Judgement::NotModelled;
        assert_eq!(is_shown, is_judged, "{}", claim.id);
    }
}

/// Table and files name each other.
#[test]
fn a_claim_and_its_experiments_know_of_each_other() {
    let experiments = grounds::shipped();
    let mut named: BTreeSet<(String, String)> = BTreeSet::new();
    for claim in claims::claims() {
        for of_it in &claim.experiments {
            let (property, path) = claims::property_and_path(of_it);
            let experiment = experiments
                .get(path)
                .unwrap_or_else(|| panic!("{}: there is no experiment {path}", claim.id));
            if let Some(property) = property {
                assert!(experiment.knows(property), "{}: {property}", claim.id);
                assert_ne!(property, experiment.headline(), "{}: {path}", claim.id);
            }
            assert!(
                experiment.claims().contains(&claim.id),
                "{path} does not name {}",
                claim.id
            );
            named.insert((claim.id.clone(), path.to_owned()));
        }
        for survey in claim.surveys.keys() {
            assert!(Survey::named(survey).is_some(), "{}: {survey}", claim.id);
        }
    }
    for (path, experiment) in &experiments {
        for claim in experiment.claims() {
            let known = named.contains(&(claim.clone(), path.clone()));
            assert!(
                known,
                "{path} names {claim}, whose line in the table does not name it"
            );
        }
    }
}

/// The setting that decides is the one that decides: with another one the experiment contradicts
/// its claim.
#[test]
fn with_the_decisive_setting_changed_a_claim_falls() {
    type Change = fn(&mut Replication);
    let decisive: [(&str, Change); 9] = [
        ("stretched/three-datacenters-after-lag", |model| {
            model.setting.kafka = highwater_vocabulary::Profile::V4_1;
            model.setting.eligible_leader_replicas = true;
        }),
        ("stretched/three-datacenters-min-isr-1", |model| {
            model.setting.min_insync_replicas = 2;
        }),
        ("stretched/rack-aware-min-isr-2", |model| {
            model.setting.min_insync_replicas = 3;
        }),
        ("stretched/uneven-replicas-above", |model| {
            model.setting.min_insync_replicas = 2;
        }),
        ("stretched/old-leader-returns", |model| {
            model.setting.unclean_leader_election = false;
        }),
        ("stretched/whole-isr-acknowledges", |model| {
            model.setting.acks = highwater_vocabulary::Acks::Leader;
        }),
        // Half of the voters know everything.
        ("promise/stale-copy-is-promoted", |model| {
            model.setting.voters = vec![1, 1];
        }),
        ("promise/both-sides-are-broken-out", |model| {
            model.bounds.operators.break_outs = Set::EMPTY.with(Datacenter::at(1));
        }),
        ("zombies/acks-1", |model| {
            model.setting.acks = highwater_vocabulary::Acks::All;
            model.setting.min_insync_replicas = 2;
        }),
    ];
    let shipped = grounds::shipped();
    for (path, change) in decisive {
        let Grounds::Replication(experiment) = &shipped[path] else {
            panic!("{path} is about mirrors");
        };
        let mut experiment = experiment.clone();
        let headline = experiment.headline.name;
        // Only the headline counts here: the number of states is another one anyhow.
        experiment.states = None;
        experiment
            .expected
            .retain(|(property, _)| property.name == headline);
        experiment.model.asked = std::slice::from_ref(experiment.headline);
        let mut changed = experiment.clone();
        change(&mut changed.model);
        falls(
            path,
            &Grounds::Replication(experiment),
            &Grounds::Replication(changed),
        );
    }
}

/// The same where clusters are joined by mirrors.
#[test]
fn with_the_decisive_setting_of_a_mirror_changed_a_claim_falls() {
    type Change = fn(&mut Mirroring);
    let decisive: [(&str, Change); 5] = [
        // A mirror whose record and position are one transaction.
        ("mirroring/crash-copies-twice", |model| {
            for flow in &mut model.setting.mirrors {
                flow.exactly_once = true;
            }
        }),
        ("mirroring/translated-offsets", |model| {
            model.variant.waived = GuardSet::default().with(Guard::OneStepPastTheSync);
            model.variant.offset_lag_max = 100;
        }),
        ("mirroring/configuration-changes", |model| {
            model.variant.waived = GuardSet::default().with(Guard::ConfigurationIsCopied);
        }),
        ("mirroring/failover-in-a-cut", |model| {
            model.bounds.fence_first = true;
        }),
        ("mirroring/local-to-aggregate-crash", |model| {
            model.faults = mirroring::Faults::parse("none", &model.setting).expect("no fault");
        }),
    ];
    let mut shipped: std::collections::BTreeMap<_, _> =
        highwater_checks::shipped::mirroring_experiments()
            .into_iter()
            .collect();
    for (path, change) in decisive {
        let headline_alone = |mut experiment: highwater_checks::mirroring::Experiment| {
            let headline = experiment.headline;
            experiment.states = None;
            experiment.expected.retain(|(known, _)| *known == headline);
            experiment.model.asked = std::slice::from_ref(headline);
            experiment
        };
        let mut changed = headline_alone(shipped.remove(path).expect(path));
        let before = Grounds::Mirroring(Box::new(copied(&changed)));
        change(&mut changed.model);
        falls(path, &before, &Grounds::Mirroring(Box::new(changed)));
    }
}

/// The same experiment once more.
fn copied(
    experiment: &highwater_checks::mirroring::Experiment,
) -> highwater_checks::mirroring::Experiment {
    highwater_checks::mirroring::Experiment {
        title: experiment.title.clone(),
        question: experiment.question.clone(),
        source: experiment.source.clone(),
        model: experiment.model.clone(),
        expected: experiment.expected.clone(),
        ..*experiment
    }
}

/// That an experiment shows its headline, and does not once it was changed.
fn falls(path: &str, experiment: &Grounds, changed: &Grounds) {
    assert!(!experiment.claims().is_empty(), "{path} supports no claim");
    let judged = |experiment: &Grounds| {
        let found = experiment.explored(&Crew::of(1));
        experiment.shows(path, experiment.headline(), &found)
    };
    assert!(judged(experiment).ok, "{path}");
    let fallen = judged(changed);
    assert!(
        !fallen.ok,
        "{path} shows the same with another setting: {fallen:?}"
    );
}

/// A property that no state lets say anything does not show a claim.
#[test]
fn what_says_nothing_shows_nothing() {
    let shipped = grounds::shipped();
    let path = "mirroring/crash-copies-twice";
    let found = shipped[path].explored(&Crew::of(1));
    assert!(shipped[path].shows(path, "mirror-exact", &found).ok);
    let silent = shipped[path].shows(path, "no-skip", &found);
    assert!(
        silent.found.contains("no-skip silent"),
        "no group moves: {silent:?}"
    );
    assert!(!silent.ok, "{silent:?}");
}

/// A survey that is told something else notices.
#[test]
fn a_survey_contradicts_a_wrong_table() {
    let mut claim = claims::claims()
        .into_iter()
        .find(|claim| claim.surveys.contains_key("rounded-mean-of-nine"))
        .expect("C16");
    claim.experiments.clear();
    claim.surveys = [("rounded-mean-of-nine".to_owned(), "nowhere".to_owned())].into();
    let judged = claims::judge(&[claim], &Crew::of(1), &|_, _| {});
    assert!(!judged[0].is_ok());
    assert!(claims::text(&judged).contains("NOT as expected (nowhere): (4,9,3)"));
}

#[test]
fn balanced_layouts_are_what_kafka_places() {
    assert_eq!(layouts::balanced(4, 3), [2, 1, 1]);
    assert_eq!(layouts::balanced(7, 3), [3, 2, 2]);
    assert_eq!(layouts::balanced(2, 3), [1, 1]);
    for replicas in 2..=6 {
        for sites in 2..=4 {
            let layout = layouts::balanced(replicas, sites);
            assert_eq!(layout.iter().sum::<u8>(), replicas);
            assert!(layouts::layouts(replicas).contains(&layout), "{layout:?}");
        }
    }
}

/// docs/CHOOSING.md ends with what the answers rest on.  With `UPDATE_PAGES=1` that page is written anew.
#[test]
fn everything_that_a_choice_rests_on_comes_out_as_the_table_says() {
    let weighed = choosing::weigh(&choosing::patterns(), &Crew::of(1));
    let of_cells = weighed.iter().flat_map(|one| {
        let questions = choosing::QUESTIONS.iter().zip(&one.evidence);
        questions.map(|(question, evidence)| (&one.pattern.name, question, evidence))
    });
    let wrong: Vec<_> = of_cells
        .filter(|(_, _, evidence)| evidence.iter().any(|found| !found.ok))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CHOOSING.md");
    let page = std::fs::read_to_string(&path).expect("the page can be read");
    const TABLES: &str = "\n## The patterns\n\n";
    const BEHIND: &str = "\n## What the tables of the literature say\n";
    let (before, rest) = page.split_once(TABLES).expect("the page has a table");
    let (_, after) = rest.split_once(BEHIND).expect("and more behind it");
    let written = format!(
        "{before}{TABLES}{}{BEHIND}{after}",
        choosing::markdown(&weighed)
    );
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, written).expect("the page can be written");
    } else {
        assert_eq!(
            page, written,
            "docs/CHOOSING.md does not show what is found"
        );
    }
}

/// An answer without evidence is an opinion, and a pattern without a file cannot be checked by anybody.
#[test]
fn every_answer_rests_on_something_and_every_pattern_is_a_file() {
    for pattern in choosing::patterns() {
        for (question, cell) in choosing::QUESTIONS.iter().zip(pattern.cells()) {
            let basis = cell.basis();
            let rests = basis.experiments.len() + basis.rows.len() + basis.surveys.len();
            assert!(rests > 0, "{}: {question}", pattern.name);
            assert!(!cell.says.trim().is_empty(), "{}: {question}", pattern.name);
        }
        assert!(!pattern.deployments.is_empty(), "{}", pattern.name);
        for file in &pattern.deployments {
            let known = highwater_checks::shipped::deployment(file);
            assert!(known.is_some(), "{}: there is no {file}", pattern.name);
        }
    }
}

/// An answer whose evidence says something else is found out.
#[test]
fn a_wrong_answer_is_found_out() {
    let mut pattern = choosing::patterns().swap_remove(0);
    let row = "stretched-3dc dc-loss:north writes-available";
    for cell in [
        &mut pattern.rpo,
        &mut pattern.destroyed,
        &mut pattern.skip,
        &mut pattern.duplicates,
        &mut pattern.order,
        &mut pattern.capacity,
        &mut pattern.moves,
        &mut pattern.needs,
    ] {
        (cell.experiments, cell.rows, cell.surveys) = Default::default();
    }
    pattern.writes.rows = [(row.to_owned(), "after-heal".to_owned())].into();
    let weighed = choosing::weigh(&[pattern], &Crew::of(1));
    assert!(!weighed[0].evidence[2][0].ok);
    assert!(choosing::markdown(&weighed).contains("NOT as expected (after-heal): automatic"));
}
