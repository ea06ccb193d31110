//! `[[mirror]]`: what joins clusters, the topics that it brings, and what is to be said about it.

use super::at_most;
use super::group::Reader;
use crate::flows::{
    self, About, Carries, End, Finding, Mirroring, Move, Offsets, OffsetsTopic, Timestamps,
};
use crate::joined;
use crate::joined::Runs;
use crate::mirroring::flow_file::{declared, word};
use crate::mirroring::topology::Declared;
use crate::source::Remark;
use crate::table::{Table, Value};
use crate::wording::{instead, quoted};
use highwater_model::mirroring::{CycleTest, Expansion, Naming, expand};
use highwater_vocabulary::mirroring::{Failover, Stamps, SyncsAt, Tool};
use highwater_vocabulary::{
    Acks, CONSUMER_OFFSETS, Cluster, ObserverPromotion, Placement, Site, Topic,
};

/// The most mirrors of a file; what is explored together may have fewer.
const MOST_MIRRORS: usize = 16;
/// `replication.factor` of MirrorMaker 2 for the topics that it copies to (`MirrorSourceConfig`).
const COPIES: u8 = 2;
/// The same for its own topics, and for those of Connect (`MirrorSourceConfig`,
/// `MirrorCheckpointConfig`, `DistributedConfig`).
const OWN: u8 = 3;

/// The mirrors of a file.
pub(super) struct Mirrors<'a> {
    /// The names of the clusters.
    pub(super) names: Vec<String>,
    /// The topics that producers write.
    pub(super) topics: Vec<(usize, String)>,
    /// What was read.
    pub(super) read: Vec<joined::Mirror>,
    /// Where the file says of each from where it copies.
    places: Vec<Value<'a>>,
    /// The clusters of the file.
    clusters: Value<'a>,
}

/// Reads the mirrors.  The clusters get the topics that they imply.
pub(super) fn mirrors<'a>(
    entries: &Value<'a>,
    list: Option<Value<'a>>,
    clusters: &mut [Cluster],
    warnings: &mut Vec<Remark>,
) -> Result<Mirrors<'a>, Remark> {
    let mut mirrors = Mirrors {
        names: clusters.iter().map(|cluster| cluster.id.clone()).collect(),
        topics: Vec::new(),
        read: Vec::new(),
        places: Vec::new(),
        clusters: entries.clone(),
    };
    match (&list, clusters.len()) {
        (Some(list), 1) => {
            return Err(list
                .key_error("a mirror joins two clusters, and there is one")
                .remedy("add the other [[cluster]], or remove the mirror"));
        }
        (None, 2..) => {
            return Err(entries
                .key_error("nothing joins these clusters")
                .remedy(
                    "add a [[mirror]] with from, to, tool and, unless it is a link, runs_in, or give each cluster a file of its own",
                ));
        }
        _ => {}
    }
    if let Some(list) = &list {
        for entry in at_most(MOST_MIRRORS, list)? {
            mirrors.add(entry, clusters)?;
        }
    }
    mirrors.refuse_cycles(clusters)?;
    mirrors.topics = mirrors.written(clusters);
    mirrors.imply(clusters, warnings)?;
    Ok(mirrors)
}

impl<'a> Mirrors<'a> {
    fn add(&mut self, mut table: Table<'a>, clusters: &[Cluster]) -> Result<(), Remark> {
        let from = table.need("from", "from = \"main\"")?;
        let declared = declared(&mut table, &self.names)?;
        let runs = runs(&mut table, &declared, clusters)?;
        let retention = table.take("retention");
        let words = [("longer-than-outage", false), ("shorter", true)];
        let expires_uncopied = retention.map_or(Ok(false), |value| value.word(&words))?;
        let names = &declared.names;
        let twin = self.read.iter().any(|other| {
            let other = &other.declared.names;
            (other.from, other.to) == (names.from, names.to)
        });
        if twin {
            return Err(from
                .error("there is a mirror already between these two clusters, this way")
                .remedy("list the topics of both in one `topics`"));
        }
        let tool = declared.flow.tool;
        if declared.flow.exactly_once && tool == Tool::MirrorMaker1 {
            return Err(table
                .error("MirrorMaker 1 copies at least once")
                .remedy("remove exactly_once, or write tool = \"mm2@3.9\""));
        }
        if declared.flow.exactly_once && tool.is_link() {
            return Err(table
                .error(
                    "a link appends each record at the offset that it has: there is no other way",
                )
                .remedy("remove exactly_once"));
        }
        table.finish()?;
        self.places.push(from);
        self.read.push(joined::Mirror {
            declared,
            runs,
            expires_uncopied,
        });
        Ok(())
    }

    /// Everything that is copied, if producers write these topics.
    fn expansion(&self, topics: &[(usize, String)]) -> Expansion {
        let local: Vec<(usize, &str)> = topics
            .iter()
            .map(|(at, name)| (*at, name.as_str()))
            .collect();
        let names = self.read.iter();
        let names: Vec<_> = names.map(|mirror| mirror.declared.names.clone()).collect();
        expand(&names, &local, CycleTest::Target)
    }

    /// The topics that producers write: those of the file, but for those to which a mirror copies
    /// another one.
    fn written(&self, clusters: &[Cluster]) -> Vec<(usize, String)> {
        let declared = declared_topics(clusters);
        let expansion = self.expansion(&declared);
        let is_copy = |place: usize| expansion.copies.iter().any(|copy| copy.to == place);
        let written = declared.into_iter().enumerate();
        written
            .filter(|(place, _)| !is_copy(*place))
            .map(|(_, topic)| topic)
            .collect()
    }

    fn refuse_cycles(&self, clusters: &[Cluster]) -> Result<(), Remark> {
        let drawn = self.drawn(declared_topics(clusters), Vec::new(), Vec::new());
        let found = flows::findings(&drawn);
        match found.iter().find(|finding| finding.is_error()) {
            None => Ok(()),
            Some(finding) => Err(self.error(finding, &drawn, &[])),
        }
    }

    /// The names at the source of what a group reads, wherever it was copied from.
    pub(super) fn origins(&self, home: usize, topics: &[String]) -> Vec<String> {
        let expansion = self.expansion(&self.topics);
        let mut origins: Vec<String> = Vec::new();
        for topic in topics {
            let mut ahead: Vec<usize> = expansion.find(home, topic).into_iter().collect();
            let mut seen = ahead.clone();
            while let Some(place) = ahead.pop() {
                let into = expansion.copies.iter().filter(|copy| copy.to == place);
                let before: Vec<usize> = into.map(|copy| copy.from).collect();
                let name = &expansion.topics[place].name;
                if before.is_empty() && !origins.contains(name) {
                    origins.push(name.clone());
                }
                for from in before {
                    if !seen.contains(&from) {
                        seen.push(from);
                        ahead.push(from);
                    }
                }
            }
        }
        origins
    }

    /// Adds the copies that the file does not name, and the topics that mirrors keep for themselves.
    fn imply(&self, clusters: &mut [Cluster], warnings: &mut Vec<Remark>) -> Result<(), Remark> {
        let expansion = self.expansion(&self.topics);
        for copy in &expansion.copies {
            let topic = &expansion.topics[copy.to];
            let mut known = clusters[topic.cluster].topics.iter();
            let tool = self.read[copy.flow].declared.flow.tool;
            if !has_own_replicas(tool) && !known.any(|known| known.id == topic.name) {
                return Err(self.not_said(copy.flow, topic.cluster, &topic.name));
            }
            self.imply_one(
                clusters,
                topic.cluster,
                &topic.name,
                COPIES,
                copy.flow,
                warnings,
            );
        }
        for (at, mirror) in self.read.iter().enumerate() {
            for (cluster, name) in own_topics(mirror) {
                self.imply_one(clusters, cluster, &name, OWN, at, warnings);
            }
        }
        Ok(())
    }

    /// How a copy lies is not for its mirror to say.
    fn not_said(&self, mirror: usize, cluster: usize, topic: &str) -> Remark {
        let id = &self.names[cluster];
        let why = match self.read[mirror].declared.flow.tool {
            Tool::Replicator => {
                "Replicator gives its copy as many replicas as the source has, unless configured otherwise, and \
                 lays them out as that cluster does"
            }
            Tool::UReplicator => "uReplicator copies to topics that are there",
            _ => {
                "a link gives its copy as many replicas as that cluster gives new topics, which this file does not \
                 say"
            }
        };
        self.places[mirror]
            .error(format!(
                "cluster `{id}` has no topic {}: {why}",
                quoted(topic)
            ))
            .remedy(format!("name it as a [[cluster.topic]] of cluster `{id}`"))
    }

    fn imply_one(
        &self,
        clusters: &mut [Cluster],
        cluster: usize,
        name: &str,
        usual: u8,
        mirror: usize,
        warnings: &mut Vec<Remark>,
    ) {
        let names = &self.read[mirror].declared.names;
        let by = format!("mirror {}>{}", self.names[names.from], self.names[names.to]);
        let cluster = &mut clusters[cluster];
        if let Some(known) = cluster.topics.iter_mut().find(|known| known.id == name) {
            if !known.implied_by.is_empty() && !known.implied_by.contains(&by) {
                known.implied_by.push(by);
            }
            return;
        }
        let topic = implied(cluster, name, usual, vec![by]);
        let replicas = topic.placement.replicas();
        let is_told = cluster
            .topics
            .iter()
            .any(|known| !known.implied_by.is_empty());
        if replicas < usual && !is_told {
            let (gives, factor) = match self.read[mirror].declared.flow.tool {
                Tool::Replicator => (
                    format!("Connect gives the topics that it keeps for itself {OWN} replicas"),
                    "offset.storage.replication.factor of Connect",
                ),
                _ => (
                    format!(
                        "MirrorMaker gives the topics that it makes {COPIES} replicas, and its own {OWN}"
                    ),
                    "replication.factor of MirrorMaker",
                ),
            };
            warnings.push(
                self.places[mirror]
                    .warning(format!(
                        "{gives}, unless configured otherwise: it cannot make them before cluster `{}` has as many \
                         brokers; this checks {replicas}",
                        cluster.id
                    ))
                    .remedy(format!(
                        "add brokers, or lower {factor} and name the topics here, as a [[cluster.topic]] each"
                    )),
            );
        }
        cluster.topics.push(topic);
    }

    /// What is probably not meant, and what cannot be.
    pub(super) fn remark(
        &self,
        clusters: &[Cluster],
        readers: &[Reader],
        warnings: &mut Vec<Remark>,
    ) -> Result<(), Remark> {
        if self.read.is_empty() {
            return Ok(());
        }
        let going = readers.iter().flat_map(Reader::elsewhere);
        let (moves, places): (Vec<Move>, Vec<Value>) = going.unzip();
        let kept = clusters
            .iter()
            .enumerate()
            .filter_map(|(place, cluster)| offsets_topic(place, cluster));
        let drawn = self.drawn(self.topics.clone(), moves, kept.collect());
        for finding in flows::findings(&drawn) {
            if finding.is_error() {
                return Err(self.error(&finding, &drawn, &places));
            }
            let place = self.place(&finding, &places);
            let warning = place.warning(finding.message(&drawn));
            warnings.push(warning.remedy(finding.remedy()));
        }
        Ok(())
    }

    fn error(&self, finding: &Finding, drawn: &Mirroring, moves: &[Value<'a>]) -> Remark {
        let place = self.place(finding, moves);
        place.error(finding.message(drawn)).remedy(finding.remedy())
    }

    /// Where in the file it is.
    fn place(&self, finding: &Finding, moves: &[Value<'a>]) -> Value<'a> {
        let found = match finding.about() {
            About::Mirror(at) => self.places.get(at).cloned(),
            About::Group(at) => moves.get(at).cloned(),
            About::Cluster(_) => None,
        };
        found.unwrap_or_else(|| self.clusters.clone())
    }

    fn drawn(
        &self,
        topics: Vec<(usize, String)>,
        moves: Vec<Move>,
        offsets_topics: Vec<OffsetsTopic>,
    ) -> Mirroring {
        let mirrors = self.read.iter().map(|mirror| {
            let flow = &mirror.declared.flow;
            flows::Mirror {
                flow: mirror.declared.names.clone(),
                carries: match (flow.tool, flow.syncs_at) {
                    (Tool::MirrorMaker1, _) => Carries::Nothing,
                    (Tool::Replicator, _) => Carries::ByTimestamps,
                    (Tool::UReplicator, _) => Carries::ByMapping,
                    (tool, _) if tool.is_link() => Carries::AsTheyAre,
                    (_, SyncsAt::Source) => Carries::BySyncs(End::Source),
                    (_, SyncsAt::Target) => Carries::BySyncs(End::Target),
                },
                timestamps: match flow.stamps {
                    Stamps::Create => Timestamps::Create,
                    Stamps::Append => Timestamps::Append,
                },
                sync_group_offsets: flow.syncs_groups,
            }
        });
        Mirroring {
            clusters: self.names.clone(),
            topics,
            mirrors: mirrors.collect(),
            moves,
            offsets_topics,
            cycle_test: CycleTest::Target,
        }
    }
}

/// Where what copies runs: workers in a datacenter, or brokers, which are told who connects.
fn runs(table: &mut Table, declared: &Declared, clusters: &[Cluster]) -> Result<Runs, Remark> {
    let names = &declared.names;
    let is_link = declared.flow.tool.is_link();
    let foreign = match is_link {
        true => table.take("runs_in"),
        false => table.take("initiated_by"),
    };
    if let Some(value) = foreign {
        return Err(match is_link {
            true => value
                .key_error("a link has no workers: whichever broker of the target leads fetches")
                .remedy("remove runs_in; initiated_by says which end connects"),
            false => value
                .key_error("the workers of this tool connect to both clusters")
                .remedy(
                    "remove initiated_by, which is for links; runs_in says where the workers are",
                ),
        });
    }
    if !is_link {
        return Ok(Runs::In(runs_in(table, clusters)?));
    }
    let ends = [("target", names.to), ("source", names.from)];
    Ok(Runs::InTheTarget {
        connects: word(table, "initiated_by", &ends)?,
    })
}

/// The datacenter with which a mirror stops.
fn runs_in(table: &mut Table, clusters: &[Cluster]) -> Result<String, Remark> {
    let value = table.need("runs_in", "runs_in = \"fukuoka\"")?;
    let name = value.text()?;
    let mut sites = clusters.iter().flat_map(|cluster| &cluster.sites);
    match sites.any(|site| site.name == name) {
        true => Ok(name.to_owned()),
        false => {
            let known = clusters.iter().flat_map(|cluster| &cluster.sites);
            Err(value
                .error(format!("there is no datacenter {}", quoted(name)))
                .remedy(instead(name, known.map(|site| site.name.as_str()))))
        }
    }
}

/// The topics that the file names, but for Kafka's own.
fn declared_topics(clusters: &[Cluster]) -> Vec<(usize, String)> {
    let all = clusters.iter().enumerate().flat_map(|(place, cluster)| {
        let topics = cluster.topics.iter();
        topics.map(move |topic| (place, topic.id.clone()))
    });
    all.filter(|(_, name)| !name.starts_with("__")).collect()
}

/// Whether a tool makes the topics that it copies to, with a number of replicas of its own.
fn has_own_replicas(tool: Tool) -> bool {
    match tool {
        Tool::MirrorMaker1 | Tool::MirrorMaker2At3_4 | Tool::MirrorMaker2At3_9 => true,
        Tool::Replicator | Tool::UReplicator => false,
        Tool::ClusterLinking | Tool::MirroringAt2026_03 | Tool::MirroringAt2026_11 => false,
    }
}

/// What MirrorMaker 2 and its Connect workers keep, and where; and what those of Replicator keep.
///
/// Source: `DefaultReplicationPolicy`, `MirrorMakerConfig`; `offset.storage.topic` of Connect has no default, and
/// Connect's own examples call it so.
fn own_topics(mirror: &joined::Mirror) -> Vec<(usize, String)> {
    let flow = &mirror.declared.flow;
    let names = &mirror.declared.names;
    match flow.tool {
        Tool::MirrorMaker2At3_4 | Tool::MirrorMaker2At3_9 => {}
        Tool::Replicator => return vec![(names.to, "connect-offsets".into())],
        _ => return Vec::new(),
    }
    let separator = match &names.naming {
        Naming::Prefix { separator } => separator.as_str(),
        Naming::Identity | Naming::Tag => highwater_model::mirroring::naming::SEPARATOR,
    };
    let (source, target) = (&names.source_alias, &names.target_alias);
    let syncs = match flow.syncs_at {
        SyncsAt::Source => (names.from, target),
        SyncsAt::Target => (names.to, source),
    };
    vec![
        (
            syncs.0,
            format!("mm2-offset-syncs{separator}{}{separator}internal", syncs.1),
        ),
        (
            names.to,
            format!("{source}{separator}checkpoints{separator}internal"),
        ),
        (
            names.to,
            format!("mm2-offsets{separator}{source}{separator}internal"),
        ),
    ]
}

/// A topic as it is made when nobody has configured it.
pub(super) fn implied(cluster: &Cluster, id: &str, usual: u8, implied_by: Vec<String>) -> Topic {
    let brokers = u8::try_from(cluster.brokers()).unwrap_or(u8::MAX);
    Topic {
        id: id.into(),
        placement: Placement::RackAware(brokers.min(usual)),
        min_insync_replicas: 1,
        acks: Acks::All,
        unclean_leader_election: false,
        observers: vec![0; cluster.sites.len()],
        observer_promotion: ObserverPromotion::default(),
        implied_by,
    }
}

pub(super) fn offsets(failover: Failover) -> Offsets {
    match failover {
        Failover::Earliest => Offsets::Earliest,
        Failover::Latest => Offsets::Latest,
        Failover::Timestamp => Offsets::Timestamp,
        Failover::Translated => Offsets::Translated,
        Failover::OffsetMapping => Offsets::Mapped,
        Failover::Preserved => Offsets::Preserved,
        Failover::ExternalMap => Offsets::ExternalMap,
    }
}

/// Where a cluster keeps the offsets of groups, if it does.
fn offsets_topic(place: usize, cluster: &Cluster) -> Option<OffsetsTopic> {
    let mut topics = cluster.topics.iter();
    let topic = topics.find(|topic| topic.id == CONSUMER_OFFSETS)?;
    let with_brokers = || cluster.sites.iter().filter(|site| site.brokers > 0);
    let name = |site: &Site| site.name.clone();
    let alone_in = match &topic.placement {
        Placement::RackAware(1) => with_brokers().next().map(name),
        Placement::RackAware(_) => None,
        Placement::Anywhere(count) => with_brokers()
            .find(|site| site.brokers >= u16::from(*count))
            .map(name),
        Placement::Explicit(counts) => {
            let holding: Vec<&Site> = cluster
                .sites
                .iter()
                .zip(counts)
                .filter(|(_, count)| **count > 0)
                .map(|(site, _)| site)
                .collect();
            match holding.as_slice() {
                [only] => Some(name(only)),
                _ => None,
            }
        }
    };
    Some(OffsetsTopic {
        cluster: place,
        alone_in,
        datacenters: with_brokers().count(),
    })
}
