//! `[[group]]`: consumer groups, and the internal topic that they imply.
//!
//! A commit of a group is a record of `__consumer_offsets`: what is kept and lost of that topic is
//! what is kept and lost of the group's position.
//!
//! **Deliberately absent:** when a group commits, where it moves, what it writes; so far a group
//! only reads.

use super::{MOST_GROUPS, at_most, one_line};
use crate::source::Remark;
use crate::table::{Table, Value};
use crate::wording::{instead, quoted};
use highwater_vocabulary::{
    Acks, CONSUMER_OFFSETS, Cluster, Group, ObserverPromotion, Placement, Topic,
};

/// `offsets.topic.replication.factor`, unless the brokers' configuration says otherwise.
const USUAL_REPLICAS: u8 = 3;

/// A group, and where the file says what it reads.
struct Reader<'a> {
    group: Group,
    reads: Value<'a>,
}

/// The groups of the file.  The cluster gets the topic that they imply.
pub(super) fn groups(
    entries: &Value,
    cluster: &mut Cluster,
    warnings: &mut Vec<Remark>,
) -> Result<Vec<Group>, Remark> {
    let mut readers: Vec<Reader> = Vec::new();
    for entry in at_most(MOST_GROUPS, entries)? {
        let reader = reader(entry, cluster, &readers)?;
        readers.push(reader);
    }
    let is_named = |topic: &Topic| topic.id == CONSUMER_OFFSETS;
    if let Some(first) = readers.first()
        && !cluster.topics.iter().any(is_named)
    {
        let implied_by = readers.iter().map(|reader| reader.group.id.clone());
        let topic = implied_topic(cluster, implied_by.collect(), first, warnings);
        cluster.topics.push(topic);
    }
    warn_of_weaker_offsets(&readers, cluster, warnings);
    Ok(readers.into_iter().map(|reader| reader.group).collect())
}

fn reader<'a>(
    mut table: Table<'a>,
    cluster: &Cluster,
    others: &[Reader],
) -> Result<Reader<'a>, Remark> {
    for (key, why) in [
        (
            "commits",
            "consumers and what they process are not modelled",
        ),
        ("failover", "a group can move only to a second cluster"),
        ("sink", "what consumers write is not modelled"),
    ] {
        table.not_yet(key, why)?;
    }
    let value = table.need("id", "id = \"billing\"")?;
    let id = one_line(&value, "the name of a group")?;
    if others.iter().any(|other| other.group.id == id) {
        return Err(value
            .error(format!("there are two groups {}", quoted(&id)))
            .remedy("give each group a name of its own"));
    }
    let reads = table.need("reads", "reads = [\"orders\"]")?;
    let topics = topics(&reads, cluster)?;
    if let Some(runs_at) = table.take("runs_at") {
        runs_at.word(&[(cluster.id.as_str(), ())])?;
    }
    table.finish()?;
    Ok(Reader {
        group: Group { id, reads: topics },
        reads,
    })
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
    implied_by: Vec<String>,
    first: &Reader,
    warnings: &mut Vec<Remark>,
) -> Topic {
    let brokers = cluster.brokers();
    let replicas = u8::try_from(brokers).unwrap_or(u8::MAX).min(USUAL_REPLICAS);
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
    Topic {
        id: CONSUMER_OFFSETS.into(),
        placement: Placement::RackAware(replicas),
        min_insync_replicas: 1,
        acks: Acks::All,
        unclean_leader_election: false,
        observers: vec![0; cluster.sites.len()],
        observer_promotion: ObserverPromotion::default(),
        implied_by,
    }
}

/// What a group has read is only as safe as its position is: said once, of the first topic that
/// is better kept.
fn warn_of_weaker_offsets(readers: &[Reader], cluster: &Cluster, warnings: &mut Vec<Remark>) {
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
