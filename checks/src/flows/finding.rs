//! What is found, and how to say it.

use super::{Cycle, Mirroring};
use highwater_model::mirroring::NotCopied;

/// Something that is to be said of a set of mirrors.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Finding {
    /// Records come back to a cluster (M16, M18, P15): an error.
    Cycle(Cycle),
    /// Two mirrors call one cluster by two names, so the cycle test of one does not see what the other
    /// wrote (M16).
    AliasesDisagree {
        /// The cluster.
        cluster: usize,
        /// The two mirrors.
        mirrors: [usize; 2],
        /// What each calls it.
        aliases: [String; 2],
    },
    /// Two mirrors call two clusters by one name, so a name does not tell where a topic came from.
    AliasShared {
        /// The clusters.
        clusters: [usize; 2],
        /// The mirror that has the alias for the first, and the one for the second.
        mirrors: [usize; 2],
        /// The alias.
        alias: String,
    },
    /// The separator is in an alias, so no cycle test will ever find the alias in a name.
    AliasHasSeparator {
        /// The mirror.
        mirror: usize,
        /// The alias.
        alias: String,
    },
    /// A topic is named as though it had come from where the mirror leads (since KAFKA-9914: or from where
    /// it starts), never was there, and is not copied (M17).
    LooksRemote {
        /// The mirror.
        mirror: usize,
        /// The topic.
        topic: String,
        /// The alias that its name seems to go back to.
        alias: String,
    },
    /// A local topic does not bear its cluster's tag, and is not copied.
    OtherTag {
        /// The mirror.
        mirror: usize,
        /// The topic.
        topic: String,
    },
    /// A local topic is taken for an internal one, and is not copied (M14).
    Excluded {
        /// The mirror.
        mirror: usize,
        /// The topic.
        topic: String,
        /// Why.
        reason: NotCopied,
    },
    /// A topic does not keep its name, although names are to stay: it ends in `heartbeats`.
    Renamed {
        /// The mirror.
        mirror: usize,
        /// The topic.
        topic: String,
        /// What it is called at the target.
        name: String,
    },
    /// Records reach a cluster by two ways, so they are there twice.
    ArrivesTwice {
        /// The cluster.
        cluster: usize,
        /// What the topic is called on each way.
        topics: [Vec<String>; 2],
        /// The mirrors of each way.
        mirrors: [Vec<usize>; 2],
    },
    /// A group is to go on where no mirror leads.
    NothingMirrored {
        /// The group.
        group: usize,
    },
    /// Offsets are translated, and nobody commits them for the group (KIP-545 is off).
    GroupOffsetsNotSynced {
        /// The group.
        group: usize,
        /// The mirror.
        mirror: usize,
    },
    /// Offsets are to be translated, and the tool writes no offset syncs: an error.
    NoOffsetSyncs {
        /// The group.
        group: usize,
        /// The mirror.
        mirror: usize,
    },
    /// Offset syncs are lost with the source (M21).
    OffsetSyncsAtSource {
        /// The group.
        group: usize,
        /// The mirror.
        mirror: usize,
    },
    /// Replicator translates for consumers that leave it time stamps, and a group's leave none (M31).
    NotInstrumented {
        /// The group.
        group: usize,
        /// The mirror.
        mirror: usize,
    },
    /// Offsets are to be mapped, and uReplicator does not copy one cluster to both (M37): an error.
    NoOffsetMapping {
        /// The group.
        group: usize,
    },
    /// A group is to go on from a timestamp, and copies have others than the records (M33, C51).
    AppendTimestamps {
        /// The group.
        group: usize,
        /// The mirror.
        mirror: usize,
    },
    /// Committed offsets are lost with one datacenter although the cluster has others (C02).
    OffsetsInOneDatacenter {
        /// The cluster.
        cluster: usize,
        /// The datacenter.
        datacenter: String,
    },
}

/// Which table of a deployment a finding is about, by its place among its like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// A mirror.
    Mirror(usize),
    /// A group that moves.
    Group(usize),
    /// A cluster.
    Cluster(usize),
}

impl Finding {
    /// Whether a deployment that has it is refused; otherwise it is a warning.
    pub fn is_error(&self) -> bool {
        matches!(
            self,
            Finding::Cycle(_) | Finding::NoOffsetSyncs { .. } | Finding::NoOffsetMapping { .. }
        )
    }

    /// The table to show; of several mirrors the last, which made the difference.
    pub fn about(&self) -> About {
        match self {
            Finding::Cycle(cycle) => About::Mirror(cycle.mirrors.last().copied().unwrap_or(0)),
            Finding::AliasesDisagree { mirrors, .. } | Finding::AliasShared { mirrors, .. } => {
                About::Mirror(mirrors[1])
            }
            Finding::AliasHasSeparator { mirror, .. }
            | Finding::LooksRemote { mirror, .. }
            | Finding::OtherTag { mirror, .. }
            | Finding::Excluded { mirror, .. }
            | Finding::Renamed { mirror, .. } => About::Mirror(*mirror),
            Finding::ArrivesTwice { cluster, .. }
            | Finding::OffsetsInOneDatacenter { cluster, .. } => About::Cluster(*cluster),
            Finding::NothingMirrored { group }
            | Finding::GroupOffsetsNotSynced { group, .. }
            | Finding::NoOffsetSyncs { group, .. }
            | Finding::OffsetSyncsAtSource { group, .. }
            | Finding::NotInstrumented { group, .. }
            | Finding::NoOffsetMapping { group }
            | Finding::AppendTimestamps { group, .. } => About::Group(*group),
        }
    }

    /// What is the matter, in a sentence without its full stop.
    pub fn message(&self, of: &Mirroring) -> String {
        let cluster = |at: &usize| format!("`{}`", of.clusters[*at]);
        let mirror = |at: &usize| {
            let flow = &of.mirrors[*at].flow;
            format!("`{}` to `{}`", of.clusters[flow.from], of.clusters[flow.to])
        };
        let group = |at: &usize| format!("group `{}`", of.moves[*at].group);
        match self {
            Finding::Cycle(cycle) => cycle.message(of),
            Finding::AliasesDisagree {
                cluster: at,
                mirrors,
                aliases,
            } => format!(
                "the mirror from {} calls cluster {} `{}`, and the one from {} calls it `{}`: \
                 neither recognises what the other copied",
                mirror(&mirrors[0]),
                cluster(at),
                aliases[0],
                mirror(&mirrors[1]),
                aliases[1]
            ),
            Finding::AliasShared {
                clusters,
                mirrors,
                alias,
            } => format!(
                "the mirror from {} calls cluster {} `{alias}`, and the one from {} calls cluster {} so: \
                 a topic's name does not tell where it came from",
                mirror(&mirrors[0]),
                cluster(&clusters[0]),
                mirror(&mirrors[1]),
                cluster(&clusters[1])
            ),
            Finding::AliasHasSeparator { mirror: at, alias } => format!(
                "the alias `{alias}` of the mirror from {} has the separator in it: no mirror finds it again in a \
                 topic's name, so none sees a cycle",
                mirror(at)
            ),
            Finding::LooksRemote {
                mirror: at,
                topic,
                alias,
            } => format!(
                "topic `{topic}` is not copied from {}: its name says that it came from `{alias}`, where it never was",
                mirror(at)
            ),
            Finding::OtherTag { mirror: at, topic } => format!(
                "topic `{topic}` is not copied from {}: it does not begin with the source's tag, `{}`",
                mirror(at),
                of.mirrors[*at].flow.source_alias
            ),
            Finding::Excluded {
                mirror: at, topic, ..
            } => format!(
                "topic `{topic}` is not copied from {}: its name is that of an internal topic",
                mirror(at)
            ),
            Finding::Renamed {
                mirror: at,
                topic,
                name,
            } => format!(
                "topic `{topic}` is called `{name}` when it is copied from {}, although names are to stay: \
                 whatever ends in `heartbeats` is taken for MirrorMaker's own",
                mirror(at)
            ),
            Finding::ArrivesTwice {
                cluster: at,
                topics,
                ..
            } => format!(
                "records of `{}` are in cluster {} twice, as `{}` and as `{}`",
                topics[0][0],
                cluster(at),
                last(&topics[0]),
                last(&topics[1])
            ),
            Finding::NothingMirrored { group: at } => format!(
                "{} is to go on in cluster {}, to which no mirror leads from {}",
                group(at),
                cluster(&of.moves[*at].to),
                cluster(&of.moves[*at].from)
            ),
            Finding::GroupOffsetsNotSynced {
                group: at,
                mirror: by,
            } => format!(
                "{} is to go on from translated offsets, which the mirror from {} does not commit for it",
                group(at),
                mirror(by)
            ),
            Finding::NoOffsetSyncs {
                group: at,
                mirror: by,
            } => format!(
                "{} is to go on from translated offsets, and the mirror from {} translates none",
                group(at),
                mirror(by)
            ),
            Finding::OffsetSyncsAtSource {
                group: at,
                mirror: by,
            } => format!(
                "the mirror from {} keeps its offset syncs at the source: when that is lost, {} goes on from its last \
                 checkpoint, and no further checkpoint can be made",
                mirror(by),
                group(at)
            ),
            Finding::NotInstrumented {
                group: at,
                mirror: by,
            } => format!(
                "{} is to go on from what the mirror from {} translates by time stamps, and its consumers leave none",
                group(at),
                mirror(by)
            ),
            Finding::NoOffsetMapping { group: at } => format!(
                "{} is to go on in cluster {} from mapped offsets, and there is no cluster that uReplicator copies there \
                 and to {}",
                group(at),
                cluster(&of.moves[*at].to),
                cluster(&of.moves[*at].from)
            ),
            Finding::AppendTimestamps {
                group: at,
                mirror: by,
            } => format!(
                "{} is to go on from a timestamp, and what is mirrored from {} has the time of copying: \
                 it may skip records if the clocks differ, or read them again",
                group(at),
                mirror(by)
            ),
            Finding::OffsetsInOneDatacenter {
                cluster: at,
                datacenter,
            } => format!(
                "cluster {} may keep a group's offsets in datacenter `{datacenter}` alone: without it, its groups do \
                 not know where they were",
                cluster(at)
            ),
        }
    }

    /// What to do about it, as an order.
    pub fn remedy(&self) -> &'static str {
        match self {
            Finding::Cycle(_) => {
                "leave out one of these mirrors, list its `topics`, or use `naming = \"prefix\"` with one alias for \
                 each cluster"
            }
            Finding::AliasesDisagree { .. } => "give the cluster the same alias in every mirror",
            Finding::AliasShared { .. } => "give each cluster an alias of its own",
            Finding::AliasHasSeparator { .. } => "choose another alias or another `separator`",
            Finding::LooksRemote { .. } => {
                "rename the topic, or choose another alias or another `separator`"
            }
            Finding::OtherTag { .. } => "begin the topic's name with the tag",
            Finding::Excluded { .. } => "rename the topic",
            Finding::Renamed { .. } => {
                "rename the topic, or let consumers read it under the other name"
            }
            Finding::ArrivesTwice { .. } => "list `topics` so that it is mirrored by one way only",
            Finding::NothingMirrored { .. } => "mirror what it reads, or name another cluster",
            Finding::GroupOffsetsNotSynced { .. } => "set `sync_group_offsets = true`",
            Finding::NoOffsetSyncs { .. } => {
                "choose another `offsets`, or a `tool` that translates"
            }
            Finding::NotInstrumented { .. } => {
                "give its consumers the interceptor, and set `instrumented = true`"
            }
            Finding::NoOffsetMapping { .. } => {
                "choose another `offsets`, or `tool = \"ureplicator\"` from one cluster to both"
            }
            Finding::OffsetSyncsAtSource { .. } => "set `offset_syncs_at = \"target\"`",
            Finding::AppendTimestamps { .. } => "set `timestamps = \"create\"`",
            Finding::OffsetsInOneDatacenter { .. } => {
                "place `__consumer_offsets` so that each partition is in two datacenters"
            }
        }
    }
}

fn last(topics: &[String]) -> &str {
    topics.last().map_or("", String::as_str)
}

impl Cycle {
    /// `records come back: t in A, A.t in B, …`.
    fn message(&self, of: &Mirroring) -> String {
        let places = self.clusters.iter().zip(&self.topics);
        let steps: Vec<String> = places
            .map(|(cluster, topic)| format!("`{topic}` in `{}`", of.clusters[*cluster]))
            .collect();
        let end = match self.goes_on {
            true => ", and so on",
            false => "",
        };
        format!("records come back: {}{end}", steps.join(", then "))
    }
}
