//! `[[group]]`: consumer groups, and the internal topic that they imply.
//!
//! A commit of a group is a record of `__consumer_offsets`: what is kept and lost of that topic is
//! what is kept and lost of the group's position.
//!
//! **Deliberately absent:** what a group writes.

use super::mirror::{Mirrors, implied, offsets};
use super::{MOST_GROUPS, at_most, one_line};
use crate::flows::{Move, Offsets};
use crate::joined;
use crate::mirroring::flow_file::{cluster, word};
use crate::mirroring::sink_file;
use crate::mirroring::topology::Consumers;
use crate::source::Remark;
use crate::table::{Table, Value};
use crate::wording::{instead, quoted};
use highwater_vocabulary::mirroring::{
    Assignment, Cluster as Place, Commits, Databases, Failover, Partitions, Reader as Moving,
    Reset, Sink, Tool,
};
use highwater_vocabulary::{Acks, CONSUMER_OFFSETS, Cluster, Group, Member, Topic};

/// `offsets.topic.replication.factor`, unless the brokers' configuration says otherwise.
const USUAL_REPLICAS: u8 = 3;
/// Where the interceptor of Confluent Replicator leaves its time stamps, as documented; it makes the topic with
/// `timestamps.topic.replication.factor` = 3 replicas, unless configured otherwise.
const CONSUMER_TIMESTAMPS: &str = "__consumer_timestamps";

/// A group, and where the file says what it reads.
pub(super) struct Reader<'a> {
    group: Group,
    /// The cluster in which it runs.
    pub(super) home: usize,
    reads: Value<'a>,
    /// What becomes of it when it moves, and where the file says so.
    moving: joined::Group,
    failover: Option<Value<'a>>,
    /// Where the file says where it runs as well.
    also_at: Vec<Value<'a>>,
}

/// The groups of the file.  Each cluster gets the topic that they imply.
pub(super) fn groups<'a>(
    entries: &Value<'a>,
    clusters: &mut [Cluster],
    mirrors: &Mirrors,
    warnings: &mut Vec<Remark>,
) -> Result<Vec<Reader<'a>>, Remark> {
    let mut readers: Vec<Reader> = Vec::new();
    for entry in at_most(MOST_GROUPS, entries)? {
        let reader = reader(entry, clusters, mirrors, &readers)?;
        readers.push(reader);
    }
    for (place, cluster) in clusters.iter_mut().enumerate() {
        let there = readers.iter().filter(|reader| reader.comes_to(place));
        let there: Vec<&Reader> = there.collect();
        let is_named = cluster
            .topics
            .iter()
            .any(|topic| topic.id == CONSUMER_OFFSETS);
        if let Some(first) = there.first()
            && !is_named
        {
            let topic = implied_topic(cluster, &there, first, warnings);
            cluster.topics.push(topic);
        }
        let at_home = readers.iter().filter(|reader| reader.home == place);
        let at_home: Vec<&Reader> = at_home.collect();
        imply_timestamps(cluster, &at_home);
        warn_of_weaker_offsets(&at_home, cluster, warnings);
    }
    Ok(readers)
}

/// The groups that run in a cluster.
pub(super) fn at(readers: &[Reader], cluster: usize) -> Vec<Group> {
    let there = readers.iter().filter(|reader| reader.home == cluster);
    there.map(|reader| reader.group.clone()).collect()
}

/// The groups as what mirrors are asked about.
pub(super) fn moving(readers: &[Reader]) -> Vec<joined::Group> {
    readers.iter().map(|reader| reader.moving.clone()).collect()
}

impl<'a> Reader<'a> {
    fn comes_to(&self, cluster: usize) -> bool {
        self.home == cluster || self.moving.elsewhere().any(|at| at == cluster)
    }

    /// Where it reads besides its home, and where the file says so.
    pub(super) fn elsewhere(&self) -> Vec<(Move, Value<'a>)> {
        let reader = &self.moving.consumers.reader;
        let goes = |to: usize, offsets: Offsets| Move {
            group: reader.name.clone(),
            from: self.home,
            to,
            offsets,
            instrumented: reader.instrumented,
        };
        let moves = self.moving.moves_to.zip(self.failover.clone());
        let moves = moves.map(|(to, place)| (goes(to, offsets(reader.failover)), place));
        let also = self.moving.also_at.iter().zip(&self.also_at);
        // Consumers of their own take over nobody's place.
        let also = also.map(|(at, place)| (goes(*at, Offsets::Earliest), place.clone()));
        moves.into_iter().chain(also).collect()
    }
}

fn reader<'a>(
    mut table: Table<'a>,
    clusters: &[Cluster],
    mirrors: &Mirrors,
    others: &[Reader],
) -> Result<Reader<'a>, Remark> {
    if clusters.len() == 1 {
        for key in [
            "commits",
            "failover",
            "auto_offset_reset",
            "assignment",
            "instrumented",
            "sink",
            "also_at",
        ] {
            table.not_yet(
                key,
                "it is for a group that moves, and there is one cluster",
            )?;
        }
    }
    let value = table.need("id", "id = \"billing\"")?;
    let id = one_line(&value, "the name of a group")?;
    if others.iter().any(|other| other.group.id == id) {
        return Err(value
            .error(format!("there are two groups {}", quoted(&id)))
            .remedy("give each group a name of its own"));
    }
    let reads = table.need("reads", "reads = [\"orders\"]")?;
    let home = match clusters.len() {
        1 => {
            let runs_at = table.take("runs_at");
            runs_at.map_or(Ok(0), |value| cluster(&value, &mirrors.names))?
        }
        _ => {
            let runs_at = table.need("runs_at", "runs_at = \"main\"")?;
            cluster(&runs_at, &mirrors.names)?
        }
    };
    let topics = topics(&reads, &clusters[home])?;
    let also_at = also_at(&mut table, home, mirrors)?;
    let (mut moving, failover) = moving_group(&mut table, &id, home, &topics, mirrors)?;
    moving.also_at = also_at.iter().map(|(at, _)| *at).collect();
    if let Some(value) = table.take("sink") {
        moving.consumers.reader.sink = Some(sink_of(value, &moving)?);
    } else if let Some((_, first)) = also_at.first() {
        return Err(first
            .error("a group that counts nothing runs at one cluster at a time")
            .remedy("write failover = { to = …, offsets = … }, or give it a sink"));
    }
    table.finish()?;
    Ok(Reader {
        group: Group { id, reads: topics },
        home,
        reads,
        moving,
        failover,
        also_at: also_at.into_iter().map(|(_, value)| value).collect(),
    })
}

/// The clusters at which other consumers of the group run at the same time, with databases of their own.
fn also_at<'a>(
    table: &mut Table<'a>,
    home: usize,
    mirrors: &Mirrors,
) -> Result<Vec<(usize, Value<'a>)>, Remark> {
    let Some(value) = table.take("also_at") else {
        return Ok(Vec::new());
    };
    let mut places: Vec<(usize, Value)> = Vec::new();
    for value in value.list()? {
        let at = cluster(&value, &mirrors.names)?;
        if at == home || places.iter().any(|(known, _)| *known == at) {
            return Err(value
                .error("this group is said to run here already")
                .remedy("name each cluster once; runs_at is the first"));
        }
        places.push((at, value));
    }
    Ok(places)
}

/// What a group counts.  With databases of their own nobody moves; with one for all, one is where they run.
fn sink_of(value: Value, group: &joined::Group) -> Result<Sink, Remark> {
    let sink = sink_file::sink(value.clone())?;
    let own = sink.databases == Databases::PerCluster;
    let wrong = match (own, group.moves_to.is_some(), group.also_at.is_empty()) {
        (true, true, _) => Some((
            "consumers with a database at each cluster move nowhere",
            "write also_at = [\"…\"] instead of failover, or name another kind",
        )),
        (true, false, true) => Some((
            "a database at each cluster, and consumers at one",
            "write also_at = [\"…\"], the other clusters where they run",
        )),
        (false, _, false) => Some((
            "consumers of one database run at one cluster at a time",
            "write failover = { to = …, offsets = … } instead of also_at, or name another kind",
        )),
        (false, false, true) => Some((
            "one database, and consumers that stay at home: nobody else ever writes it",
            "write failover = { to = …, offsets = … }, or remove the sink",
        )),
        _ => None,
    };
    match wrong {
        None => Ok(sink),
        Some((what, remedy)) => Err(value.error(what).remedy(remedy)),
    }
}

/// When it commits, and where and how it goes on elsewhere.
fn moving_group<'a>(
    table: &mut Table<'a>,
    id: &str,
    home: usize,
    topics: &[String],
    mirrors: &Mirrors,
) -> Result<(joined::Group, Option<Value<'a>>), Remark> {
    let commits = word(
        table,
        "commits",
        &[("after", Commits::After), ("before", Commits::Before)],
    )?;
    let reset = word(
        table,
        "auto_offset_reset",
        &[
            ("latest", Reset::Latest),
            ("earliest", Reset::Earliest),
            ("none", Reset::None),
        ],
    )?;
    let value = table.take("failover");
    let (moves_to, failover) = match &value {
        None => (None, Failover::Earliest),
        Some(value) => {
            let mut table = value.clone().table()?;
            let to = table.need("to", "to = \"dr\"")?;
            let place = cluster(&to, &mirrors.names)?;
            if place == home {
                return Err(to
                    .error("this group would move to where it runs")
                    .remedy("name another cluster"));
            }
            let offsets = table.need("offsets", "offsets = \"translated\"")?;
            let strategy = offsets.word(&Failover::WORDS)?;
            table.finish()?;
            (Some(place), strategy)
        }
    };
    let assignment = word(
        table,
        "assignment",
        &[
            ("subscribed", Assignment::Subscribed),
            ("manual", Assignment::Manual),
        ],
    )?;
    let instrumented = instrumented(table, home, mirrors)?;
    let reader = Moving {
        name: id.to_owned(),
        home: Place::at(home),
        reads: Partitions::EMPTY,
        commits,
        failover,
        instrumented,
        reset,
        assignment,
        sink: None,
    };
    let consumers = Consumers {
        reader,
        topics: mirrors.origins(home, topics),
        at: None,
    };
    Ok((
        joined::Group {
            consumers,
            moves_to,
            also_at: Vec::new(),
        },
        value,
    ))
}

/// Whether its consumers leave time stamps, for Replicator to translate.
fn instrumented(table: &mut Table, home: usize, mirrors: &Mirrors) -> Result<bool, Remark> {
    let Some(value) = table.take("instrumented") else {
        return Ok(false);
    };
    let on = value.switch()?;
    let mut read = mirrors.read.iter().map(|mirror| &mirror.declared);
    let is_read =
        read.any(|mirror| mirror.flow.tool == Tool::Replicator && mirror.names.from == home);
    match on && !is_read {
        false => Ok(on),
        true => Err(value
            .error("no Replicator copies from there, so nobody reads what the interceptor leaves")
            .remedy("remove it, or write tool = \"replicator\"")),
    }
}

/// The topics that a group reads, each once.
fn topics(reads: &Value, cluster: &Cluster) -> Result<Vec<String>, Remark> {
    let mut topics: Vec<String> = Vec::new();
    for value in reads.list()? {
        let id = value.text()?;
        if !cluster.topics.iter().any(|topic| topic.id == id) {
            let known = cluster.topics.iter().map(|topic| topic.id.as_str());
            return Err(value
                .error(format!(
                    "cluster `{}` has no topic {}",
                    cluster.id,
                    quoted(id)
                ))
                .remedy(instead(id, known)));
        }
        if topics.iter().any(|other| other == id) {
            return Err(value
                .error(format!("this group reads {} twice", quoted(id)))
                .remedy("name each topic once"));
        }
        topics.push(id.into());
    }
    match topics.is_empty() {
        false => Ok(topics),
        true => Err(reads
            .error("this group reads nothing")
            .remedy("name a topic, or remove the group")),
    }
}

/// `__consumer_offsets` as Kafka creates it when nobody has configured it.  Commits ask for all
/// in-sync replicas: `offsets.commit.required.acks` is -1 unless said, and gone since 4.0.
///
/// Source: `GroupCoordinatorConfig`, KIP-1041.
fn implied_topic(
    cluster: &Cluster,
    there: &[&Reader],
    first: &Reader,
    warnings: &mut Vec<Remark>,
) -> Topic {
    let implied_by = there
        .iter()
        .map(|reader| format!("group {}", reader.group.id));
    let topic = implied(
        cluster,
        CONSUMER_OFFSETS,
        USUAL_REPLICAS,
        implied_by.collect(),
    );
    let replicas = topic.placement.replicas();
    if replicas < USUAL_REPLICAS {
        warnings.push(
            first
                .reads
                .warning(format!(
                    "`{CONSUMER_OFFSETS}` has {USUAL_REPLICAS} replicas unless configured \
                     otherwise: Kafka does not create it before there are {USUAL_REPLICAS} \
                     brokers, and until then no group commits; this checks {replicas}"
                ))
                .remedy(format!(
                    "add brokers, or set offsets.topic.replication.factor = {replicas} in Kafka \
                     and name the topic here, as a [[cluster.topic]]"
                )),
        );
    }
    topic
}

/// The topic to which instrumented consumers write.
fn imply_timestamps(cluster: &mut Cluster, at_home: &[&Reader]) {
    let leave = at_home
        .iter()
        .filter(|reader| reader.moving.consumers.reader.instrumented);
    let implied_by: Vec<String> = leave
        .map(|reader| format!("group {}", reader.group.id))
        .collect();
    let mut known = cluster.topics.iter();
    let is_named = known.any(|topic| topic.id == CONSUMER_TIMESTAMPS);
    if !implied_by.is_empty() && !is_named {
        let topic = implied(cluster, CONSUMER_TIMESTAMPS, USUAL_REPLICAS, implied_by);
        cluster.topics.push(topic);
    }
}

/// What a group has read is only as safe as its position is: said once, of the first topic that
/// is better kept.
fn warn_of_weaker_offsets(readers: &[&Reader], cluster: &Cluster, warnings: &mut Vec<Remark>) {
    let topic = |id: &str| cluster.topics.iter().find(|topic| topic.id == id);
    let Some(offsets) = topic(CONSUMER_OFFSETS) else {
        return;
    };
    let by_default = match offsets.implied_by.is_empty() {
        true => "",
        false => ", by default",
    };
    for reader in readers {
        for read in reader.group.reads.iter().filter_map(|id| topic(id)) {
            let replicas = (offsets.placement.replicas(), read.placement.replicas());
            let in_sync = (in_sync(offsets), in_sync(read));
            let (what, key) = match () {
                () if in_sync.0 < in_sync.1 => (
                    format!(
                        "min ISR {}{by_default}, and `{}` has {}",
                        in_sync.0, read.id, in_sync.1
                    ),
                    format!("min_insync_replicas = {}", in_sync.1),
                ),
                () if replicas.0 < replicas.1 => (
                    format!(
                        "{} replicas{by_default}, and `{}` has {}",
                        replicas.0, read.id, replicas.1
                    ),
                    format!("{} replicas", replicas.1),
                ),
                () => continue,
            };
            warnings.push(
                reader
                    .reads
                    .warning(format!(
                        "`{CONSUMER_OFFSETS}` has {what}: what the group reads is kept better \
                         than how far it has read"
                    ))
                    .remedy(format!(
                        "give `{CONSUMER_OFFSETS}` {key}, as a [[cluster.topic]] here and in Kafka"
                    )),
            );
            return;
        }
    }
}

/// How many replicas have a record of the topic when it is acknowledged, at least.
fn in_sync(topic: &Topic) -> u8 {
    match topic.acks {
        Acks::All => topic.min_insync_replicas.min(topic.placement.replicas()),
        Acks::Leader => 1,
        Acks::None => 0,
    }
}
