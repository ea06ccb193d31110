//! What can be said of a set of mirrors before anything is searched: whether records come back, which names
//! mislead, and what a consumer group that moves will lack.
//!
//! **Deliberately absent:** files and lines.  Whoever reads a deployment describes its mirrors with these
//! structs and puts each [`Finding`] where it belongs: [`Finding::about`] says to which table.

mod finding;

pub use finding::{About, Finding};

use highwater_model::mirroring::{CycleTest, Expansion, Flow, Naming, NotCopied, Way, expand};

/// All that is between clusters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mirroring {
    /// The names of the clusters; elsewhere a cluster is a place in this list.
    pub clusters: Vec<String>,
    /// The topics that each cluster's own producers write to: in which cluster, and its name there.
    pub topics: Vec<(usize, String)>,
    /// The mirrors, in the order of the file.
    pub mirrors: Vec<Mirror>,
    /// The groups that move when their cluster is lost.
    pub moves: Vec<Move>,
    /// Where the offsets of groups are kept, a line for each cluster that has groups.
    pub offsets_topics: Vec<OffsetsTopic>,
    /// How mirrors find out that a topic came from where they would bring it.
    pub cycle_test: CycleTest,
}

/// One mirror.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mirror {
    /// From where to where, under which names.
    pub flow: Flow,
    /// How it carries groups' offsets over.
    pub carries: Carries,
    /// What a copy's timestamp is.
    pub timestamps: Timestamps,
    /// Whether it commits translated offsets for groups that do not run at the target (KIP-545).
    pub sync_group_offsets: bool,
}

/// How a mirror carries the offsets of groups over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carries {
    /// Not at all.
    Nothing,
    /// Translated by offset syncs, which are kept at this end.
    BySyncs(End),
    /// As they are: it copies every record to the offset that it has.
    AsTheyAre,
    /// Sought by the time stamps that consumers with an interceptor leave (Confluent Replicator).
    ByTimestamps,
    /// By a map between the aggregates of one source, which another service keeps (uReplicator).
    ByMapping,
}

/// An end of a mirror.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The cluster that is copied.
    Source,
    /// The cluster that has the copy.
    Target,
}

/// What a copy's timestamp is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timestamps {
    /// That of the record at the source.
    Create,
    /// The time at which the target appended it.
    Append,
}

/// A consumer group that goes on in another cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Move {
    /// The group.
    pub group: String,
    /// Where it ran.
    pub from: usize,
    /// Where it goes on.
    pub to: usize,
    /// From which offsets.
    pub offsets: Offsets,
    /// Whether its consumers have the interceptor that leaves time stamps for Replicator.
    pub instrumented: bool,
}

/// Where a group that moved goes on (M04).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offsets {
    /// From the earliest record there is.
    Earliest,
    /// Behind the latest.
    Latest,
    /// From the first record with the timestamp of the last one read.
    Timestamp,
    /// From what the mirror makes of its committed offset.
    Translated,
    /// From the same offset.
    Preserved,
    /// From a map that somebody else keeps.
    ExternalMap,
    /// From what uReplicator's service has mapped from the other aggregate.
    Mapped,
}

/// `__consumer_offsets` of one cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffsetsTopic {
    /// Of which cluster.
    pub cluster: usize,
    /// A datacenter that has, or may have, all replicas of some of its partitions.
    pub alone_in: Option<String>,
    /// In how many datacenters the cluster has brokers.
    pub datacenters: usize,
}

/// A way by which records come to a cluster that they have been in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cycle {
    /// The clusters on the way; the last of them is there twice.
    pub clusters: Vec<usize>,
    /// What the topic is called in each.
    pub topics: Vec<String>,
    /// The mirrors on the way, one fewer.
    pub mirrors: Vec<usize>,
    /// Whether records go on over more hops than there are clusters, here or elsewhere: under names that
    /// grow, or under the same name.
    pub goes_on: bool,
}

/// The shortest cycle of the flows, which a deployment must not have: every record would be in one cluster
/// twice, or without end (P15).
pub fn cycle(flows: &[Flow], local: &[(usize, String)], test: CycleTest) -> Option<Cycle> {
    let expansion = expanded(flows, local, test);
    let way = expansion.comes_back()?;
    let (end, before) = way.topics.split_last()?;
    Some(Cycle {
        clusters: way
            .topics
            .iter()
            .map(|at| expansion.topics[*at].cluster)
            .collect(),
        goes_on: before.contains(end) || !expansion.cut_off.is_empty(),
        topics: names(&expansion, &way),
        mirrors: way.flows,
    })
}

/// Everything that is to be said of these mirrors; what must not be comes first.
pub fn findings(mirroring: &Mirroring) -> Vec<Finding> {
    [
        cycles(mirroring),
        aliases(mirroring),
        names_that_mislead(mirroring),
        twofold(mirroring),
        groups(mirroring),
        offsets_topics(mirroring),
    ]
    .concat()
}

fn flows(mirroring: &Mirroring) -> Vec<Flow> {
    let mirrors = mirroring.mirrors.iter();
    mirrors.map(|mirror| mirror.flow.clone()).collect()
}

fn expanded(flows: &[Flow], local: &[(usize, String)], test: CycleTest) -> Expansion {
    let local = local.iter();
    let local: Vec<(usize, &str)> = local.map(|(at, name)| (*at, name.as_str())).collect();
    expand(flows, &local, test)
}

fn names(expansion: &Expansion, way: &Way) -> Vec<String> {
    let topics = way.topics.iter();
    topics
        .map(|at| expansion.topics[*at].name.clone())
        .collect()
}

fn cycles(mirroring: &Mirroring) -> Vec<Finding> {
    let found = cycle(&flows(mirroring), &mirroring.topics, mirroring.cycle_test);
    found.map(Finding::Cycle).into_iter().collect()
}

/// Names of clusters: two for one cluster, one for two, and names that no mirror can find again.
fn aliases(mirroring: &Mirroring) -> Vec<Finding> {
    let mut known: Vec<(usize, usize, &str)> = Vec::new();
    for (mirror, at) in mirroring.mirrors.iter().zip(0..) {
        let flow = &mirror.flow;
        if flow.naming == Naming::Identity {
            continue;
        }
        known.push((at, flow.from, &flow.source_alias));
        known.push((at, flow.to, &flow.target_alias));
    }
    let mut found = Vec::new();
    for (place, (mirror, cluster, alias)) in known.iter().enumerate() {
        let disagrees =
            |(_, of, other): &&(usize, usize, &str)| (of == cluster) != (other == alias);
        let Some((earlier, of, other)) = known[..place].iter().find(disagrees) else {
            continue;
        };
        let new = match of == cluster {
            true => Finding::AliasesDisagree {
                cluster: *cluster,
                mirrors: [*earlier, *mirror],
                aliases: [other.to_string(), alias.to_string()],
            },
            false => Finding::AliasShared {
                clusters: [*of, *cluster],
                mirrors: [*earlier, *mirror],
                alias: alias.to_string(),
            },
        };
        if !found.contains(&new) {
            found.push(new);
        }
    }
    found.extend(unfindable(mirroring));
    found
}

/// An alias with the separator in it: a name's first part is never the whole alias.
fn unfindable(mirroring: &Mirroring) -> impl Iterator<Item = Finding> + '_ {
    mirroring
        .mirrors
        .iter()
        .zip(0..)
        .filter_map(|(mirror, at)| {
            let flow = &mirror.flow;
            let alias = &flow.source_alias;
            let copy = flow.remote_name("t");
            let found_again = flow
                .naming
                .source_of(&copy)
                .is_none_or(|first| first == alias);
            (!found_again).then(|| Finding::AliasHasSeparator {
                mirror: at,
                alias: alias.clone(),
            })
        })
}

/// Topics whose names mean something else to a mirror than to who named them.
fn names_that_mislead(mirroring: &Mirroring) -> Vec<Finding> {
    let expansion = expanded(&flows(mirroring), &mirroring.topics, mirroring.cycle_test);
    let mut found = Vec::new();
    for way in expansion.ways() {
        let Some((topic, before)) = way.topics.split_last() else {
            continue;
        };
        let been = |cluster: usize| {
            let mut topics = way.topics.iter();
            topics.any(|at| expansion.topics[*at].cluster == cluster)
        };
        let topic = &expansion.topics[*topic];
        for (mirror, at) in mirroring.mirrors.iter().zip(0..) {
            let flow = &mirror.flow;
            if flow.from == topic.cluster {
                let is_local = before.is_empty();
                let reason = flow.refuses(&topic.name, mirroring.cycle_test);
                let finding = match reason {
                    Some(NotCopied::Cycle) if !been(flow.to) => {
                        Some(looks_remote(at, flow, &topic.name))
                    }
                    reason if is_local => misread(at, flow, &topic.name, reason),
                    _ => None,
                };
                found.extend(finding.filter(|finding| !found.contains(finding)));
            }
        }
    }
    found
}

/// A topic that was never where its name says (M17).
fn looks_remote(mirror: usize, flow: &Flow, topic: &str) -> Finding {
    let known = |alias: &&str| *alias == flow.target_alias || *alias == flow.source_alias;
    let named = flow.naming.chain(topic).into_iter().find(known);
    Finding::LooksRemote {
        mirror,
        topic: topic.to_string(),
        alias: named.unwrap_or(&flow.source_alias).to_string(),
    }
}

/// What a mirror makes of a local topic's name, if that is not what it says.
fn misread(mirror: usize, flow: &Flow, topic: &str, reason: Option<NotCopied>) -> Option<Finding> {
    match reason {
        Some(NotCopied::OtherTag) => Some(Finding::OtherTag {
            mirror,
            topic: topic.to_string(),
        }),
        Some(reason @ (NotCopied::ExcludedByDefault | NotCopied::Internal)) => {
            excluded(mirror, topic, reason)
        }
        Some(NotCopied::NotListed | NotCopied::Cycle) => None,
        None => renamed(mirror, flow, topic),
    }
}

/// A user's topic that is taken for an internal one.  Kafka's own, `__…`, and the mirror's own, `mm2-…`,
/// nobody expects to be copied.
fn excluded(mirror: usize, topic: &str, reason: NotCopied) -> Option<Finding> {
    let is_own = topic.starts_with("__") || topic.starts_with("mm2-");
    (!is_own).then(|| Finding::Excluded {
        mirror,
        topic: topic.to_string(),
        reason,
    })
}

/// A topic that gets another name although names are to stay (what ends in `heartbeats`, M18).
fn renamed(mirror: usize, flow: &Flow, topic: &str) -> Option<Finding> {
    let name = flow.remote_name(topic);
    (flow.naming == Naming::Identity && name != topic).then(|| Finding::Renamed {
        mirror,
        topic: topic.to_string(),
        name,
    })
}

/// Records that are in one cluster twice though nothing goes in circles.
fn twofold(mirroring: &Mirroring) -> Vec<Finding> {
    let flows = flows(mirroring);
    let expansion = expanded(&flows, &mirroring.topics, mirroring.cycle_test);
    let ways = expansion.arrives_twice().into_iter();
    let found = ways.filter_map(|ways| {
        let end = *ways[0].topics.last()?;
        Some(Finding::ArrivesTwice {
            cluster: expansion.topics[end].cluster,
            topics: ways.each_ref().map(|way| names(&expansion, way)),
            mirrors: ways.map(|way| way.flows),
        })
    });
    found.collect()
}

/// What groups that move will lack.
fn groups(mirroring: &Mirroring) -> Vec<Finding> {
    let mut found = Vec::new();
    for (group, at) in mirroring.moves.iter().zip(0..) {
        let joins = |mirror: &Mirror| (mirror.flow.from, mirror.flow.to) == (group.from, group.to);
        let joining = mirroring
            .mirrors
            .iter()
            .zip(0..)
            .filter(|(mirror, _)| joins(mirror));
        let mut any = false;
        for (mirror, by) in joining {
            any = true;
            found.extend(lacks(group, at, mirror, by));
        }
        if !any && !share_a_source(mirroring, group) {
            found.push(Finding::NothingMirrored { group: at });
        }
        if group.offsets == Offsets::Mapped && !is_mapped(mirroring, group) {
            found.push(Finding::NoOffsetMapping { group: at });
        }
    }
    found
}

/// Whether the same cluster is mirrored to both, as a local one is to two aggregates.
fn share_a_source(mirroring: &Mirroring, group: &Move) -> bool {
    from_one_source(mirroring, group).next().is_some()
}

/// Whether uReplicator reports of the same cluster where its records are in both.
fn is_mapped(mirroring: &Mirroring, group: &Move) -> bool {
    from_one_source(mirroring, group).any(|pair| {
        let mut pair = pair.into_iter();
        pair.all(|mirror| mirror.carries == Carries::ByMapping)
    })
}

/// The pairs of mirrors from one cluster: to where a group was, and to where it goes on.
fn from_one_source<'a>(
    mirroring: &'a Mirroring,
    group: &'a Move,
) -> impl Iterator<Item = [&'a Mirror; 2]> {
    let into = |cluster: usize| {
        let mirrors = mirroring.mirrors.iter();
        mirrors.filter(move |mirror| mirror.flow.to == cluster)
    };
    into(group.from).flat_map(move |one| {
        let others = into(group.to).filter(|other| one.flow.from == other.flow.from);
        others.map(move |other| [one, other])
    })
}

fn lacks(group: &Move, at: usize, mirror: &Mirror, by: usize) -> Vec<Finding> {
    let (translated, by_timestamp) = match group.offsets {
        Offsets::Translated => (true, mirror.carries == Carries::ByTimestamps),
        Offsets::Timestamp => (false, true),
        Offsets::Earliest
        | Offsets::Latest
        | Offsets::Preserved
        | Offsets::ExternalMap
        | Offsets::Mapped => (false, false),
    };
    let instrumented = group.instrumented;
    let (group, mirror_place) = (at, by);
    let findings = [
        (
            translated && !mirror.sync_group_offsets && !by_timestamp,
            Finding::GroupOffsetsNotSynced {
                group,
                mirror: mirror_place,
            },
        ),
        (
            translated && matches!(mirror.carries, Carries::Nothing | Carries::ByMapping),
            Finding::NoOffsetSyncs {
                group,
                mirror: mirror_place,
            },
        ),
        (
            translated && mirror.carries == Carries::BySyncs(End::Source),
            Finding::OffsetSyncsAtSource {
                group,
                mirror: mirror_place,
            },
        ),
        (
            translated && by_timestamp && !instrumented,
            Finding::NotInstrumented {
                group,
                mirror: mirror_place,
            },
        ),
        (
            by_timestamp && mirror.timestamps == Timestamps::Append,
            Finding::AppendTimestamps {
                group,
                mirror: mirror_place,
            },
        ),
    ];
    let holding = findings.into_iter().filter(|(holds, _)| *holds);
    holding.map(|(_, finding)| finding).collect()
}

fn offsets_topics(mirroring: &Mirroring) -> Vec<Finding> {
    let alone = mirroring.offsets_topics.iter().filter_map(|topic| {
        let alone_in = topic.alone_in.clone().filter(|_| topic.datacenters > 1);
        alone_in.map(|datacenter| Finding::OffsetsInOneDatacenter {
            cluster: topic.cluster,
            datacenter,
        })
    });
    alone.collect()
}
