//! What a row does to the clusters and mirrors of a question.
//!
//! The promise that joins the two models: the log of a cluster may, in a row, do what the model of
//! replication has found possible in that row, and nothing else.
//!
//! | found within the cluster | what its logs may do here |
//! |---|---|
//! | `acked-in-leader` or `acked-somewhere` is violated for a topic, or it may show what it has not acknowledged and may lose | its log loses a suffix |
//! | the same for `__consumer_offsets` | committed offsets are lost |
//! | writes or reads of a topic do not go on by themselves | the cluster is out of reach, and may return |
//! | every datacenter with brokers is destroyed | the cluster is destroyed, and may return empty; a database that is there is lost |
//! | a cut parts its datacenters from another cluster that a group with a database for all may move to | its consumers are taken for dead, and go on |
//! | all of these hold | nothing |

use super::cause::{Cause, Causes, Hit, hits};
use super::question::Question;
use super::{Joined, Runs};
use crate::availability::{Service, Word};
use crate::check::{Checked, CheckedRow};
use highwater_model::mirroring::Faults;
use highwater_vocabulary::mirroring::{
    Cluster, Clusters, Databases, Fault, Mirror, TopicPartition,
};
use highwater_vocabulary::{Acks, CONSUMER_OFFSETS, Datacenter, Fault as Within, Member};

/// What a row may do to a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Effect {
    /// What may go wrong.
    pub faults: Faults,
    /// For each mirror of the question, the clusters with which it stops.
    pub stops_with: Vec<Clusters>,
}

/// What a row may do: each of these by itself.
///
/// There are several where something strikes one cluster and none in particular.
pub fn of(joined: &Joined, parts: &[Checked], row: &Causes, question: &Question) -> Vec<Effect> {
    let struck: Vec<Option<usize>> = match row.are_placeless() {
        true => question.clusters.iter().map(|at| Some(*at)).collect(),
        false => vec![None],
    };
    let mut effects: Vec<Effect> = Vec::new();
    for struck in struck {
        let mut faults = between(joined, row, question);
        for (place, cluster) in question.clusters.iter().enumerate() {
            let within = row.within(joined, *cluster, struck == Some(*cluster));
            if within.iter().next().is_some() {
                let found = Found {
                    joined,
                    checked: &parts[*cluster],
                    cluster: *cluster,
                    faults: &within,
                };
                faults.extend(found.on(question, Cluster::at(place)));
            }
        }
        faults.extend(stranded(joined, row, question));
        let effect = with_mirrors(joined, row, question, faults);
        if !effects.contains(&effect) {
            effects.push(effect);
        }
    }
    effects
}

/// The mirrors that the row kills die with the clusters beside which they run, if these stop; else
/// at any moment.
fn with_mirrors(
    joined: &Joined,
    row: &Causes,
    question: &Question,
    mut faults: Vec<Fault>,
) -> Effect {
    let mut stops_with = Vec::new();
    for (place, mirror) in question.mirrors.iter().enumerate() {
        let beside = |cluster: &Cluster| {
            let own = question.clusters[cluster.index()];
            let mut sites = joined.parts[own].cluster.sites.iter();
            let stops = [
                Fault::ClusterLoss(*cluster),
                Fault::ClusterDestroyed(*cluster),
            ];
            let Runs::In(runs_in) = &joined.mirrors[*mirror].runs else {
                return false;
            };
            sites.any(|site| site.name == *runs_in && site.brokers > 0)
                && stops.iter().any(|stop| faults.contains(stop))
        };
        let with: Clusters = match dies_with_its_datacenter(joined, row, *mirror) {
            true => question.setting.every_cluster().filter(beside).collect(),
            false => Clusters::EMPTY,
        };
        if hits(joined, row, *mirror) == Some(Hit::Dies) && with.is_empty() {
            faults.push(Fault::MirrorCrash(Mirror::at(place)));
        }
        stops_with.push(with);
    }
    Effect {
        faults: Faults::of(&faults),
        stops_with,
    }
}

fn dies_with_its_datacenter(joined: &Joined, row: &Causes, mirror: usize) -> bool {
    let by_itself = row.iter().any(|cause| cause == Cause::MirrorCrash(mirror));
    !by_itself && hits(joined, row, mirror) == Some(Hit::Dies)
}

/// What happens to mirrors and topics, whatever becomes of the clusters.
fn between(joined: &Joined, row: &Causes, question: &Question) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (place, mirror) in question.mirrors.iter().enumerate() {
        if hits(joined, row, *mirror) == Some(Hit::CutOff) {
            faults.push(Fault::MirrorCut(Mirror::at(place)));
        }
    }
    for cause in row.iter() {
        match cause {
            Cause::Retention(topic) => {
                faults.extend(written(joined, question, topic).map(Fault::Retention));
            }
            Cause::TopicRecreated(topic) => {
                faults.extend(written(joined, question, topic).map(Fault::Recreated));
            }
            Cause::ClockSkew(cluster) => {
                let places = question.clusters.iter().position(|at| *at == cluster);
                faults.extend(places.map(|place| Fault::ClockSkew(Cluster::at(place))));
            }
            Cause::Within(_) | Cause::MirrorCrash(_) | Cause::MirrorCut(_) => {}
        }
    }
    faults
}

/// Consumers at home that are cut off from where their group goes on, and write the same database.
fn stranded(joined: &Joined, row: &Causes, question: &Question) -> Option<Fault> {
    let group = &joined.groups[question.group?];
    let home = group.consumers.reader.home.index();
    group.consumers.reader.sink?;
    let to = group.moves_to?;
    let site = |x: Datacenter| &joined.sites[x.index()];
    let parts = |x, y| joined.has_brokers(home, site(x)) && joined.has_brokers(to, site(y));
    let is_cut = row.iter().any(|cause| match cause {
        Cause::Within(Within::Cut(x, y) | Within::OneWayCut(x, y)) => parts(x, y) || parts(y, x),
        _ => false,
    });
    let mut places = question.clusters.iter();
    let place = places.position(|cluster| *cluster == home)?;
    is_cut.then(|| Fault::ConsumersStranded(Cluster::at(place)))
}

/// The place of a topic that producers write, if the question has it.
fn written<'a>(
    joined: &'a Joined,
    question: &'a Question,
    topic: usize,
) -> impl Iterator<Item = TopicPartition> + 'a {
    let (cluster, name) = &joined.topics[topic];
    let asked = question.topics.contains(&topic);
    question.setting.every_partition().filter(move |place| {
        let found = question.setting.partition(*place);
        asked && question.clusters[found.cluster.index()] == *cluster && found.topic == *name
    })
}

/// What was found within one cluster.
struct Found<'a> {
    joined: &'a Joined,
    checked: &'a Checked,
    cluster: usize,
    faults: &'a highwater_vocabulary::Faults,
}

impl Found<'_> {
    fn on(&self, question: &Question, place: Cluster) -> Vec<Fault> {
        if self.is_destroyed() {
            let has_database = question.setting.groups.iter().any(|group| {
                let sink = group.sink.map(|sink| sink.databases);
                sink.is_some_and(|databases| databases != Databases::Stretched)
            });
            let database = has_database.then_some(Fault::DatabaseLoss(place));
            let cluster = Fault::ClusterDestroyed(place);
            return std::iter::once(cluster).chain(database).collect();
        }
        let mut faults = Vec::new();
        for partition in question.setting.partitions_of(place) {
            let topic = &question.setting.partition(partition).topic;
            if self.may(topic, loses) || self.shows_what_it_may_lose(topic) {
                faults.push(Fault::SuffixLoss(partition));
            }
            if self.may(topic, stops) && !faults.contains(&Fault::ClusterLoss(place)) {
                faults.push(Fault::ClusterLoss(place));
            }
        }
        if question.group.is_some() && self.may(CONSUMER_OFFSETS, loses) {
            faults.push(Fault::OffsetsLost(place));
        }
        faults
    }

    /// Whether records may be shown to a mirror, and lost, although nothing acknowledged is: with an
    /// unclean election, or where producers do not wait for the in-sync replicas.
    fn shows_what_it_may_lose(&self, topic: &str) -> bool {
        let mut topics = self.joined.parts[self.cluster].cluster.topics.iter();
        let known = topics.find(|known| known.id == topic);
        known.is_some_and(|known| known.unclean_leader_election || known.acks != Acks::All)
    }

    /// Whether no disk of the cluster is left.
    fn is_destroyed(&self) -> bool {
        let sites = &self.joined.parts[self.cluster].cluster.sites;
        let gone = |place: usize| {
            self.faults
                .iter()
                .any(|fault| matches!(fault, Within::DatacenterDestroyed(x) if x.index() == place))
        };
        (0..sites.len()).all(|place| sites[place].brokers == 0 || gone(place))
    }

    /// Whether something was found for a topic in this row.  Of a row that was not searched anything is
    /// possible; a topic that the cluster does not have yet has nothing to lose.
    fn may(&self, topic: &str, happen: fn(&CheckedRow) -> bool) -> bool {
        let mut topics = self.joined.parts[self.cluster].cluster.topics.iter();
        let Some(place) = topics.position(|known| known.id == topic) else {
            return false;
        };
        let rows = self.checked.rows.iter();
        let mut rows = rows.filter(|row| row.topic == place && row.covers(self.faults));
        rows.clone().next().is_none() || rows.any(happen)
    }
}

/// Whether acknowledged records may be gone; what is not known may be.
fn loses(row: &CheckedRow) -> bool {
    ["acked-in-leader", "acked-somewhere"]
        .iter()
        .any(|property| !matches!(row.word(property), Some("holds" | "silent")))
}

/// Whether the topic may be out of reach.
fn stops(row: &CheckedRow) -> bool {
    let services = [Service::Writes, Service::Reads].into_iter();
    let mut words = services.map(|service| row.service(service).map(|cell| cell.word));
    words.any(|word| word != Some(Word::Automatic))
}
