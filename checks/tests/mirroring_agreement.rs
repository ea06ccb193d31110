//! Model and engine of mirroring agree, on every edge of small settings and on long walks; and whoever is
//! spoilt is found out, with few events.

mod mirroring_bugs;
mod mirroring_links;

#[path = "../../reference/tests/mirroring/settings.rs"]
#[allow(dead_code, reason = "the engine's tests use more of it")]
mod settings;

use highwater_checks::agreement::lot::Lot;
use highwater_checks::mirroring::agreement::{
    self, Account, Compared, Disagreement, OfModel, Sides, Walk, compare_edges,
};
use highwater_model::mirroring::{Bounds, Fault, Faults, Mirroring, Variant};
use highwater_reference::mirroring::{Engine, Options, Switches};
use highwater_vocabulary::mirroring::{
    Assignment, Cluster, Clusters, Commits, Databases, Duplicates, Event, Failback, Failover, Flow,
    Late, Mirror, Observation, PlaceKept, Reset, Seek, Setting, Sink, Stamps, SyncsAt, Tool,
    TopicPartition, Windows,
};
use highwater_vocabulary::{Member, Offset};

const LAG_MAX: u64 = 1;
const STEPS: usize = 300;

fn every_setting(tool: Tool) -> Vec<Setting> {
    let mut all = vec![
        settings::pair_of(tool).done(),
        settings::there_and_back(tool, Failback::ReverseFromEnd).done(),
        settings::growing(tool).done(),
        settings::pair_of(tool)
            .who(|reader| reader.failover = Failover::ExternalMap)
            .done(),
        settings::counting(Databases::Replicated).done(),
    ];
    if tool.is_link() {
        all.push(settings::linked(tool).done());
    }
    all
}

fn engine(setting: &Setting, change: impl Fn(&mut Options)) -> Engine {
    let switches = setting.mirrors.iter().map(|flow| Switches::of(flow.tool));
    let mut options = Options {
        offset_lag_max: LAG_MAX,
        switches: switches.collect(),
        groups_know_epochs: true,
    };
    change(&mut options);
    Engine::with_options(setting, options, 1)
}

fn walk<M: Account, E: Account>(
    sides: &Sides<M, E>,
    case: u64,
) -> Result<Vec<Event>, Box<Disagreement>> {
    let lot = Lot::of_case(2, case);
    Walk { lot, steps: STEPS }.take(sides)
}

#[test]
fn an_engine_agrees_with_itself() {
    let mut happened = vec![0; Event::VERBS.len()];
    for (_, tool) in Tool::WORDS {
        for setting in every_setting(tool) {
            let sides = Sides {
                model: engine(&setting, |_| ()),
                engine: engine(&setting, |_| ()),
                setting,
                names_reasons: true,
            };
            for case in 0..40 {
                let events = walk(&sides, case).expect("they are the same");
                for event in events {
                    happened[event.verb()] += 1;
                }
            }
        }
    }
    let silent = Event::VERBS
        .iter()
        .zip(&happened)
        .filter(|(verb, times)| **times == 0 && !mirroring_links::VERBS.contains(verb));
    assert_eq!(silent.count(), 0, "{happened:?}");
}

/// How many cases it takes to find out an engine that has something else switched on.
fn cases_to_find(tool: Tool, change: impl Fn(&mut Options)) -> (u64, Box<Disagreement>) {
    for case in 0..1000 {
        for setting in every_setting(tool) {
            let sides = Sides {
                model: engine(&setting, |_| ()),
                engine: engine(&setting, &change),
                setting,
                names_reasons: true,
            };
            if let Err(disagreement) = walk(&sides, case) {
                return (case, disagreement);
            }
        }
    }
    panic!("never found");
}

/// Each switch of a tool, turned, is found within so many cases, and the story is short.
#[test]
fn every_switch_that_is_turned_is_found() {
    let names = [
        "translates-by-delta",
        "keeps-only-latest-sync",
        "reads-to-end-first",
        "keeps-history",
        "promotes-delayed",
        "monotone-checkpoints",
        "drops-syncs-under-load",
        "overwrites-without-snapshot",
    ];
    for name in names {
        let (cases, disagreement) = cases_to_find(Tool::MirrorMaker2At3_9, |options| {
            for switches in &mut options.switches {
                let switch = switches.named(name).expect("a switch");
                *switch = !*switch;
            }
        });
        assert!(cases < 1000, "{name} took {cases} cases");
        assert!(disagreement.history.len() <= 25, "{name}:\n{disagreement}");
    }
    let (cases, disagreement) = cases_to_find(Tool::MirrorMaker2At3_9, |options| {
        options.groups_know_epochs = false;
    });
    assert!(cases < 1000, "{cases} cases: {disagreement}");
}

/// The model beside the engine.
fn both(setting: &Setting, lag_max: u8) -> Sides<OfModel, Engine> {
    let variant = Variant {
        offset_lag_max: lag_max,
        ..Variant::default()
    };
    Sides {
        model: OfModel::beginning(setting, variant),
        engine: agreement::engine(setting, lag_max.into()),
        setting: setting.clone(),
        names_reasons: false,
    }
}

/// Settings in which groups look for their place in every way, and the mirrors do all that they can be told to.
fn varied_settings() -> Vec<Setting> {
    let mut settings = Vec::new();
    let mirror_makers = Tool::WORDS.iter().filter(|(_, tool)| !tool.is_link());
    for (_, tool) in mirror_makers.copied() {
        settings.push(settings::growing(tool).done());
        settings.push(settings::chain(tool).done());
        for failback in [
            Failback::Rebuild,
            Failback::Reverse,
            Failback::ReverseFromEnd,
        ] {
            settings.push(settings::there_and_back(tool, failback).done());
        }
        for (_, failover) in Failover::WORDS {
            for (reset, commits) in [
                (Reset::Earliest, Commits::After),
                (Reset::Latest, Commits::Before),
                (Reset::None, Commits::After),
            ] {
                let pair = settings::pair_of(tool).who(|reader| {
                    reader.failover = failover;
                    (reader.reset, reader.commits) = (reset, commits);
                });
                settings.push(pair.done());
            }
        }
    }
    for (_, seek) in Seek::WORDS {
        settings.push(settings::both_ways(seek).done());
        for stamps in [Stamps::Create, Stamps::Append] {
            let sought = settings::pair_of(Tool::Replicator)
                .with(|flow| (flow.seek, flow.stamps) = (seek, stamps));
            settings.push(sought.done());
        }
    }
    settings.push(settings::aggregates().done());
    let newest = || settings::pair_of(Tool::MirrorMaker2At3_9);
    settings.push(newest().with(|flow| flow.exactly_once = true).done());
    settings.push(newest().with(|flow| flow.emits_syncs = false).done());
    for end in [|flow: &Flow| flow.from, |flow: &Flow| flow.to] {
        let beside = newest().with(|flow| flow.stops_with = Clusters::EMPTY.with(end(flow)));
        settings.push(beside.done());
    }
    settings.push(newest().with(|flow| flow.syncs_at = SyncsAt::Target).done());
    let stamped = newest().with(|flow| {
        flow.exactly_once = true;
        flow.stamps = Stamps::Append;
    });
    let stamped = stamped.who(|reader| reader.failover = Failover::Timestamp);
    settings.push(stamped.done());
    for (_, assignment) in Assignment::WORDS {
        for reset in [Reset::Earliest, Reset::Latest, Reset::None] {
            let same = settings::namesakes(Tool::MirrorMaker2At3_9).who(|reader| {
                (reader.assignment, reader.reset) = (assignment, reset);
            });
            settings.push(same.done());
        }
    }
    settings.extend(counting_settings());
    settings
}

/// Groups that count, in every kind of database.
fn counting_settings() -> Vec<Setting> {
    let mut settings = Vec::new();
    for (_, databases) in Databases::WORDS {
        for place in PlaceKept::ALL {
            for (fenced, windows, late, duplicates) in [
                (
                    true,
                    Windows::EventTime,
                    Late::Accepted,
                    Duplicates::Counted,
                ),
                (
                    false,
                    Windows::ProcessingTime,
                    Late::Refused,
                    Duplicates::Counted,
                ),
                (
                    false,
                    Windows::EventTime,
                    Late::Refused,
                    Duplicates::Dropped,
                ),
            ] {
                let sink = Sink {
                    databases,
                    place,
                    fenced,
                    windows,
                    late,
                    duplicates,
                };
                let counting = settings::counting(databases);
                let counting = counting.who(|reader| reader.sink = Some(sink));
                settings.push(counting.done());
                let pair = settings::pair_of(Tool::MirrorMaker2At3_9).who(|reader| {
                    reader.sink = Some(sink);
                    reader.failover = Failover::ExternalMap;
                });
                settings.push(pair.done());
            }
        }
    }
    for (_, assignment) in Assignment::WORDS {
        let same = settings::namesakes(Tool::MirrorMaker2At3_9).who(|reader| {
            reader.assignment = assignment;
            reader.sink = settings::counting(Databases::Stretched).done().groups[0].sink;
        });
        settings.push(same.done());
    }
    settings
}

#[test]
fn model_and_engine_agree_on_counts_in_walks() {
    for setting in counting_settings() {
        let sides = both(&setting, 1);
        for case in 0..20 {
            walk(&sides, case).unwrap_or_else(|parted| panic!("{parted}"));
        }
    }
}

/// The same on every edge, with consumers that are taken for dead and databases that are lost.
#[test]
fn model_and_engine_agree_on_every_edge_of_counts() {
    for (_, databases) in Databases::WORDS {
        let setting = settings::counting(databases).done();
        let east = Cluster::at(1);
        let mut model = small(&setting, Fault::ConsumersStranded(east));
        model.faults = Faults::of(&[Fault::ConsumersStranded(east), Fault::DatabaseLoss(east)]);
        model.bounds.records = 1;
        let engine = agreement::engine(&setting, 1);
        let compared = compare_edges(&model, engine, MOST_EDGES / 4, 50);
        let compared = compared.unwrap_or_else(|parted| panic!("{parted}"));
        println!("{databases:?}: {compared:?}");
        assert!(compared.is_complete || compared.edges == MOST_EDGES / 4);
    }
}

#[test]
fn model_and_engine_agree_on_walks() {
    let mut happened = vec![0; Event::VERBS.len()];
    for setting in varied_settings() {
        for lag_max in [0, 1, 100] {
            let sides = both(&setting, lag_max);
            for case in 0..40 {
                let events = walk(&sides, case).unwrap_or_else(|parted| panic!("{parted}"));
                for event in events {
                    happened[event.verb()] += 1;
                }
            }
        }
    }
    let verbs = Event::VERBS.iter().zip(&happened);
    let silent: Vec<_> = verbs
        .filter(|(verb, times)| **times == 0 && !mirroring_links::VERBS.contains(verb))
        .collect();
    assert!(silent.is_empty(), "never happened: {silent:?}");
    println!("{} events", happened.iter().sum::<usize>());
}

/// Two records, two starts of the group, and one fault.
fn small(setting: &Setting, fault: Fault) -> Mirroring {
    Mirroring {
        setting: setting.clone(),
        variant: Variant {
            offset_lag_max: 1,
            ..Variant::default()
        },
        faults: Faults::of(&[fault]),
        bounds: Bounds {
            records: 2,
            ..Bounds::default()
        },
        asked: &[],
    }
}

const MOST_EDGES: usize = 200_000;

fn compared(setting: &Setting, fault: Fault) -> Compared {
    let engine = agreement::engine(setting, 1);
    let model = small(setting, fault);
    compare_edges(&model, engine, MOST_EDGES, 50).unwrap_or_else(|parted| panic!("{parted}"))
}

/// Where there are more, the first of them.
#[test]
fn model_and_engine_agree_on_every_edge() {
    let (mirror, place) = (Mirror::at(0), TopicPartition::at(0));
    for (tool, fault, is_complete) in [
        (Tool::MirrorMaker1, Fault::MirrorCrash(mirror), true),
        (Tool::MirrorMaker2At3_4, Fault::MirrorPause(mirror), false),
        (Tool::MirrorMaker2At3_9, Fault::SuffixLoss(place), false),
    ] {
        let setting = settings::pair_of(tool).done();
        let compared = compared(&setting, fault);
        println!("{} {}: {compared:?}", tool.name(), fault.name(&setting));
        assert_eq!(compared.is_complete, is_complete);
        assert!(is_complete || compared.edges == MOST_EDGES);
    }
}

/// The same for places that are found by time stamps, for headers, and for offsets that are mapped.
#[test]
fn model_and_engine_agree_on_places_that_are_found() {
    let (cluster, mirror) = (Cluster::at(1), Mirror::at(0));
    for (setting, fault) in [
        (
            settings::pair_of(Tool::Replicator),
            Fault::ClockSkew(cluster),
        ),
        (settings::both_ways(Seek::Next), Fault::MirrorCrash(mirror)),
        (settings::aggregates(), Fault::MirrorCrash(mirror)),
    ] {
        let setting = setting.done();
        let compared = compared(&setting, fault);
        println!("{}: {compared:?}", fault.name(&setting));
        assert!(compared.is_complete || compared.edges == MOST_EDGES);
    }
}

/// The same for consumers that lose their cluster and find another.
#[test]
fn model_and_engine_agree_on_rebootstraps() {
    for (_, assignment) in Assignment::WORDS {
        let setting = settings::namesakes(Tool::MirrorMaker2At3_9);
        let setting = setting.who(|reader| reader.assignment = assignment).done();
        let mut model = small(&setting, Fault::ClusterLoss(Cluster::at(0)));
        model.bounds = Bounds {
            records: 1,
            starts: 1,
            rebootstraps: 1,
            ..Bounds::default()
        };
        let engine = agreement::engine(&setting, 1);
        let compared = compare_edges(&model, engine, MOST_EDGES, 50);
        let compared = compared.unwrap_or_else(|parted| panic!("{parted}"));
        println!("{assignment:?}: {compared:?}");
        assert!(compared.is_complete || compared.edges == MOST_EDGES);
    }
}

/// An engine that shows something else than it has.
#[derive(Clone)]
struct Spoilt {
    engine: Engine,
    spoil: fn(&mut Observation),
}

impl Account for Spoilt {
    fn apply(&mut self, event: &Event) -> Result<(), &'static str> {
        Account::apply(&mut self.engine, event)
    }

    fn observe(&self) -> Observation {
        let mut seen = Account::observe(&self.engine);
        (self.spoil)(&mut seen);
        seen
    }
}

#[test]
fn what_is_shown_otherwise_is_found_and_told() {
    let spoil: fn(&mut Observation) = |seen| {
        let stored = &mut seen.tasks[0].stored;
        *stored = stored.map(|stored| Offset(stored.0 + 1));
    };
    let setting = settings::pair_of(Tool::MirrorMaker2At3_9).done();
    let sides = Sides {
        model: engine(&setting, |_| ()),
        engine: Spoilt {
            engine: engine(&setting, |_| ()),
            spoil,
        },
        setting,
        names_reasons: true,
    };
    let found = (0..10).find_map(|case| walk(&sides, case).err());
    let told = found
        .expect("it is never long until a position is stored")
        .to_string();
    let lines: Vec<&str> = told.lines().collect();
    let (first, rest) = lines.split_first().expect("a story");
    // Whatever is written is copied, aborted or not.
    assert!(first.contains(" east/orders r"), "{told}");
    assert_eq!(
        rest,
        [
            "poll east/orders>west",
            "copy east/orders>west",
            "# Here model and engine part.",
            "note east/orders>west",
            "# the model says `east/orders>west is stored as having copied 0`, \
             the engine `east/orders>west is stored as having copied 1`",
        ]
    );
}
