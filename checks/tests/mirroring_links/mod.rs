//! Links: model and engine on walks and on every edge of small explorations, and bugs that are planted.

mod bugs;

use super::{both, settings, small, walk};
use highwater_checks::mirroring::agreement::{self, Compared, compare_edges};
use highwater_model::mirroring::{Bounds, Fault};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Cluster, Clusters, Commits, Event, Failback, Failover, Mirror, Reset, Setting, Tool,
    TopicPartition,
};

pub(crate) const LINKS: [Tool; 3] = [
    Tool::ClusterLinking,
    Tool::MirroringAt2026_03,
    Tool::MirroringAt2026_11,
];

const NEWEST_MIRROR_MAKER: Tool = Tool::MirrorMaker2At3_9;

/// What links do that no MirrorMaker does.
pub(crate) const VERBS: [&str; 10] = [
    "begin",
    "commit-transaction",
    "abort-transaction",
    "offer",
    "retract",
    "truncate",
    "end-transactions",
    "finish",
    "promote",
    "reverse",
];

/// Links there and back, in chains, over topics that grow, beside others; and groups that look for their
/// place in every way.
fn settings_of(tool: Tool) -> Vec<Setting> {
    let mut all = vec![
        settings::linked(tool).done(),
        settings::there_and_back(tool, Failback::Rebuild).done(),
        settings::chain(tool).done(),
        settings::growing(tool).done(),
        settings::namesakes(tool).done(),
        meeting(tool),
        beside_a_mirror_maker(tool),
    ];
    for end in [0, 1].map(Cluster::at) {
        let beside = settings::linked(tool).with(|flow| flow.stops_with = Clusters::only(end));
        all.push(beside.done());
    }
    for (reset, commits) in [
        (Reset::Earliest, Commits::After),
        (Reset::Latest, Commits::Before),
        (Reset::None, Commits::After),
    ] {
        for (_, failover) in Failover::WORDS {
            let linked = settings::linked(tool).who(|reader| {
                reader.failover = failover;
                (reader.reset, reader.commits) = (reset, commits);
            });
            all.push(linked.done());
        }
    }
    all
}

/// Two links that lead to what the other reads.
fn meeting(tool: Tool) -> Setting {
    let mut setting = settings::linked(tool).done();
    setting.mirrors[1].initial = true;
    setting
}

/// A MirrorMaker that copies on what a link has copied.
fn beside_a_mirror_maker(tool: Tool) -> Setting {
    let mut setting = settings::chain(tool).done();
    setting.mirrors[2].tool = NEWEST_MIRROR_MAKER;
    setting
}

/// How many walks there are of each setting.  All settings agree on 200, which take minutes.
const WALKS: u64 = 10;

#[test]
fn model_and_engine_agree_on_walks_of_links() {
    let mut happened = vec![0; Event::VERBS.len()];
    let settings: Vec<Setting> = LINKS.into_iter().flat_map(settings_of).collect();
    for setting in &settings {
        let sides = both(setting, 1);
        for case in 0..WALKS {
            let events = walk(&sides, case)
                .unwrap_or_else(|parted| panic!("{}\n{parted}", setting.mirrors[0].tool.name()));
            for event in events {
                happened[event.verb()] += 1;
            }
        }
    }
    let verbs = Event::VERBS.iter().zip(&happened);
    let silent: Vec<_> = verbs
        .filter(|(verb, times)| **times == 0 && VERBS.contains(verb))
        .collect();
    assert!(silent.is_empty(), "never happened: {silent:?}");
    let events = happened.iter().sum::<usize>();
    println!("{} settings, {events} events", settings.len());
}

const MOST_EDGES: usize = 200_000;

fn compared(tool: Tool, fault: Fault) -> Compared {
    let setting = settings::linked(tool).done();
    let mut model = small(&setting, fault);
    model.bounds = Bounds {
        records: 2,
        starts: 0,
        transactions: u8::from(tool != Tool::ClusterLinking),
        offers: 1,
        promote: tool == Tool::ClusterLinking,
        reverse: tool == Tool::ClusterLinking,
        ..Bounds::default()
    };
    let engine = agreement::engine(&setting, 1);
    compare_edges(&model, engine, MOST_EDGES, 50).unwrap_or_else(|parted| panic!("{parted}"))
}

#[test]
fn model_and_engine_agree_on_every_edge_of_links() {
    for tool in LINKS {
        for fault in [
            Fault::SuffixLoss(TopicPartition::at(0)),
            Fault::MirrorCrash(Mirror::at(0)),
        ] {
            let compared = compared(tool, fault);
            println!("{} {fault:?}: {compared:?}", tool.name());
            assert!(compared.is_complete || compared.edges == MOST_EDGES);
        }
    }
}
