//! Reads a deployment from the file that a person wrote.
//!
//! An error is something that cannot be, or that this version cannot check; a warning is
//! something that Kafka accepts and that its author probably does not mean.  The first error ends
//! the reading.
//!
//! **Deliberately absent:** `[[link]]`, sinks, and `simulate`.  Their keys are known and refused by name: a
//! file that says more than is checked must not look checked.

mod group;
mod metadata;
mod mirror;
mod observers;
mod require;
mod topic;

pub(crate) use observers::promotion as observer_promotion;

use crate::joined::question::Ground;
use crate::joined::{self, Joined};
use crate::names;
use crate::source::{Remark, Source};
use crate::table::{self, Table, Value};
use crate::wording::{instead, listed, quoted};
use highwater_model::replication::state::EPOCHS;
use highwater_vocabulary::mirroring::MOST_CLUSTERS;
use highwater_vocabulary::{BoundOverrides, Cluster, Deployment, MOST_RECORDS, Profile};

/// The most topics of a cluster: each is searched by itself.
const MOST_TOPICS: usize = 16;
/// The most consumer groups.
const MOST_GROUPS: usize = 64;
/// The most goals of a deployment.
const MOST_REQUIREMENTS: usize = 64;

/// The deployment of one cluster that a file describes, and what should be said about it.
///
/// # Errors
/// What is wrong with the file; that it has several clusters.
pub fn read(source: &Source) -> Result<(Deployment, Vec<Remark>), Remark> {
    let (joined, warnings) = read_joined(source)?;
    let alone = joined.into_alone().map_err(|joined| {
        source
            .whole(format!(
                "this deployment has {} clusters, and this is for one",
                joined.parts.len()
            ))
            .remedy("give the cluster a file of its own; `check` and `explain` take several")
    })?;
    Ok((alone, warnings))
}

/// The clusters that a file describes, one or several, and what should be said about them.
///
/// # Errors
/// What is wrong with the file, where, and what to write instead.
pub fn read_joined(source: &Source) -> Result<(Joined, Vec<Remark>), Remark> {
    let parsed = table::parse(
        source,
        "start from a file in checks/deployments; docs/DEPLOYMENTS.md has every key",
    )?;
    let mut warnings = Vec::new();
    let joined = joined(Table::of_file(source, &parsed), &mut warnings)?;
    warnings.sort_by_key(Remark::line);
    Ok((joined, warnings))
}

fn joined(mut file: Table, warnings: &mut Vec<Remark>) -> Result<Joined, Remark> {
    for (key, why) in [
        (
            "link",
            "connections take no time in the search, and all exist",
        ),
        ("simulate", "there is no virtual clock so far"),
    ] {
        file.not_yet(key, why)?;
    }
    let name = file.need("name", "name = \"Stretched over three datacenters\"")?;
    let name = one_line(&name, "the name of a report")?;
    let kafka = version(&mut file, warnings)?;
    file.belongs("topic", "[[cluster.topic]]")?;
    let entries = file.need(
        "cluster",
        "[[cluster]] with id, brokers, voters and a topic",
    )?;
    let mirrors = file.take("mirror");
    let groups = file.take("group");
    let goals = file.take("require");
    let bounds = file.take("bounds");
    file.finish()?;

    let mut clusters = clusters(&entries, kafka, warnings)?;
    let mirrors = mirror::mirrors(&entries, mirrors, &mut clusters, warnings)?;
    let readers = match groups {
        Some(entries) => group::groups(&entries, &mut clusters, &mirrors, warnings)?,
        None => Vec::new(),
    };
    mirrors.remark(&clusters, &readers, warnings)?;
    let ground = Ground {
        clusters: &mirrors.names,
        topics: &mirrors.topics,
        mirrors: &mirrors.read,
        groups: &group::moving(&readers),
    };
    let questions = ground.questions().map_err(|what| {
        entries
            .key_error(what)
            .remedy("list `topics` of the mirrors, so that fewer are copied, or leave out a mirror")
    })?;
    let bounds = match bounds {
        Some(table) => self::bounds(table.table()?)?,
        None => BoundOverrides::default(),
    };
    let sites = joined::sites(clusters.iter().map(|cluster| cluster.sites.as_slice()));
    let of_several = clusters.len() > 1;
    let parts = clusters
        .into_iter()
        .enumerate()
        .map(|(place, cluster)| Deployment {
            name: match of_several {
                true => format!("{name}, cluster {}", cluster.id),
                false => name.clone(),
            },
            kafka,
            of_several,
            groups: group::at(&readers, place),
            cluster,
            requirements: Vec::new(),
            bounds,
        });
    let mut joined = Joined {
        name: name.clone(),
        kafka,
        parts: parts.collect(),
        sites,
        groups: ground.groups.to_vec(),
        questions,
        goals: Vec::new(),
        records: bounds.records,
        topics: mirrors.topics,
        mirrors: mirrors.read,
    };
    if let Some(entries) = goals {
        for entry in at_most(MOST_REQUIREMENTS, &entries)? {
            require::requirement(entry, &mut joined)?;
        }
    }
    Ok(joined)
}

/// The Kafka version, or the newest.
fn version(file: &mut Table, warnings: &mut Vec<Remark>) -> Result<Profile, Remark> {
    match file.take("kafka") {
        Some(version) => kafka(&version, &Profile::ALL),
        None => {
            let newest = Profile::NEWEST;
            warnings.push(
                file.warning(
                    "kafka",
                    format!("no Kafka version: this checks {newest}, the newest"),
                )
                .remedy(format!(
                    "write the version you run, as in kafka = \"{newest}\""
                )),
            );
            Ok(newest)
        }
    }
}

fn clusters(
    entries: &Value,
    kafka: Profile,
    warnings: &mut Vec<Remark>,
) -> Result<Vec<Cluster>, Remark> {
    let mut clusters: Vec<Cluster> = Vec::new();
    for entry in at_most(MOST_CLUSTERS, entries)? {
        clusters.push(cluster(entry, &clusters, kafka, warnings)?);
    }
    match clusters.is_empty() {
        false => Ok(clusters),
        true => Err(entries
            .error("this file has no cluster")
            .remedy("begin one with the line [[cluster]]")),
    }
}

/// A text that names `what`, such as "the name of a report".
fn one_line(value: &Value, what: &str) -> Result<String, Remark> {
    let name = value.text()?;
    match (1..=100).contains(&name.chars().count()) && !name.contains(char::is_control) {
        true => Ok(name.into()),
        false => Err(value
            .error(format!("this cannot be {what}"))
            .remedy("write one line of 1 to 100 letters")),
    }
}

/// One of these Kafka versions.
pub(crate) fn kafka(value: &Value, modelled: &[Profile]) -> Result<Profile, Remark> {
    let version = value.text()?;
    let named = version.parse().ok();
    named
        .filter(|named| modelled.contains(named))
        .ok_or_else(|| {
            let known = listed(modelled.iter().map(|profile| profile.name()));
            value
                .error(format!("Kafka {} is not modelled", quoted(version)))
                .remedy(match newest_up_to(version, modelled) {
                    Some(older) => format!("there are {known}; up to yours the newest is {older}"),
                    None => format!("there are {known}"),
                })
        })
}

/// The newest modelled version that is not newer than one like `3.7` or `4.1.0`.
fn newest_up_to(version: &str, modelled: &[Profile]) -> Option<Profile> {
    let numbers = |version: &str| -> Option<(u32, u32)> {
        let mut parts = version.split('.').map(|part| part.parse().ok());
        Some((parts.next()??, parts.next()??))
    };
    let wanted = numbers(version)?;
    modelled
        .iter()
        .copied()
        .rfind(|profile| numbers(profile.name()).is_some_and(|known| known <= wanted))
}

fn cluster(
    mut table: Table,
    others: &[Cluster],
    kafka: Profile,
    warnings: &mut Vec<Remark>,
) -> Result<Cluster, Remark> {
    let id = table.need("id", "id = \"main\"")?;
    let name = id.text()?;
    names::plain(name).map_err(|remedy| {
        id.error(format!("{} cannot name a cluster", quoted(name)))
            .remedy(remedy)
    })?;
    if others.iter().any(|other| other.id == name) {
        return Err(id
            .error(format!("there are two clusters {}", quoted(name)))
            .remedy("give each cluster a name of its own"));
    }
    let metadata = metadata::read(&mut table, kafka, warnings)?;
    let eligible_leader_replicas = match table.take("eligible_leader_replicas") {
        Some(value) => {
            let on = value.switch()?;
            if on && kafka < Profile::V4_0 {
                return Err(value
                    .error(format!("Kafka {kafka} has no eligible leader replicas"))
                    .remedy("remove it, or write kafka = \"4.0\" or newer"));
            }
            Some(on)
        }
        None => None,
    };
    let topics = table.need("topic", "[[cluster.topic]] with the id of the topic")?;
    let mut cluster = Cluster {
        id: name.into(),
        sites: metadata.sites,
        quorum: metadata.quorum,
        zookeeper_observers: metadata.observers,
        eligible_leader_replicas,
        topics: Vec::new(),
    };
    for entry in at_most(MOST_TOPICS, &topics)? {
        let topic = topic::topic(entry, &cluster, kafka, warnings)?;
        cluster.topics.push(topic);
    }
    if cluster.topics.is_empty() {
        return Err(topics
            .error("this cluster has no topic")
            .remedy("begin one with the line [[cluster.topic]]"));
    }
    table.finish()?;
    Ok(cluster)
}

/// The key of `count`, as the name of a datacenter.
fn datacenter<'a>(count: &Value<'a>) -> Result<&'a str, Remark> {
    let name = count.key();
    names::plain(name).map(|()| name).map_err(|remedy| {
        count
            .key_error(format!("{} cannot name a datacenter", quoted(name)))
            .remedy(remedy)
    })
}

/// A number of brokers, voters or replicas somewhere: whoever means none leaves the place out.
fn some_of<T: TryFrom<i64>>(count: &Value, most: i64) -> Result<T, Remark> {
    match count.number::<i64>(0..=most) {
        Ok(0) => Err(count
            .error(format!("`{}` cannot be 0", count.key()))
            .remedy(format!("leave `{}` out here", count.key()))),
        _ => count.number(1..=most),
    }
}

/// The entries of `{ datacenter = how many }`, each with the place of its datacenter in the cluster.
fn in_sites<'a>(
    counts: Value<'a>,
    cluster: &Cluster,
    what: &str,
) -> Result<Vec<(usize, Value<'a>)>, Remark> {
    let entries = counts.table()?.take_all().into_iter().map(|count| {
        let name = count.key();
        match cluster.sites.iter().position(|site| site.name == name) {
            Some(at) => Ok((at, count)),
            None => Err(count
                .key_error(format!(
                    "this topic has {what} in {}, where cluster `{}` has nothing",
                    quoted(name),
                    cluster.id
                ))
                .remedy(instead(
                    name,
                    cluster.sites.iter().map(|site| site.name.as_str()),
                ))),
        }
    });
    entries.collect()
}

/// The tables of a list that is not too long.
fn at_most<'a>(most: usize, list: &Value<'a>) -> Result<Vec<Table<'a>>, Remark> {
    let tables = list.tables()?;
    match tables.get(most) {
        None => Ok(tables),
        Some(first_too_many) => Err(first_too_many
            .error(format!("there may be {most} of these"))
            .remedy("spread them over several files")),
    }
}

fn bounds(mut table: Table) -> Result<BoundOverrides, Remark> {
    let mut bound = |key, range| table.take(key).map(|value| value.number(range)).transpose();
    let bounds = BoundOverrides {
        records: bound("records", 1..=MOST_RECORDS as i64)?,
        elections: bound("elections", 1..=EPOCHS as i64 - 2)?,
        isr_changes: bound("isr_changes", 0..=9)?,
    };
    table.finish()?;
    Ok(bounds)
}
