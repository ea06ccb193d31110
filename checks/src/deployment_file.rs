//! Reads a deployment from the file that a person wrote.
//!
//! An error is something that cannot be, or that this version cannot check; a warning is
//! something that Kafka accepts and that its author probably does not mean.  The first error ends
//! the reading.
//!
//! **Deliberately absent:** clusters joined by mirrors, consumer groups that move, and `simulate`.  Their keys are known and refused by name: a file that says more
//! than is checked must not look checked.

mod group;
mod metadata;
mod observers;
mod require;
mod topic;

pub(crate) use observers::promotion as observer_promotion;

use crate::names;
use crate::source::{Remark, Source};
use crate::table::{self, Table, Value};
use crate::wording::{instead, listed, quoted};
use highwater_model::replication::state::EPOCHS;
use highwater_vocabulary::{BoundOverrides, Cluster, Deployment, MOST_RECORDS, Profile};

/// The most topics of a cluster: each is searched by itself.
const MOST_TOPICS: usize = 16;
/// The most consumer groups.
const MOST_GROUPS: usize = 64;
/// The most goals of a deployment.
const MOST_REQUIREMENTS: usize = 64;

/// The deployment that a file describes, and what should be said about it.
pub fn read(source: &Source) -> Result<(Deployment, Vec<Remark>), Remark> {
    let parsed = table::parse(
        source,
        "start from a file in checks/deployments; docs/DEPLOYMENTS.md has every key",
    )?;
    let mut warnings = Vec::new();
    let deployment = deployment(Table::of_file(source, &parsed), &mut warnings)?;
    warnings.sort_by_key(Remark::line);
    Ok((deployment, warnings))
}

fn deployment(mut file: Table, warnings: &mut Vec<Remark>) -> Result<Deployment, Remark> {
    for (key, why) in [
        (
            "mirror",
            "it joins clusters, and so far there is one cluster",
        ),
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
    let kafka = match file.take("kafka") {
        Some(version) => kafka(&version, &Profile::ALL)?,
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
            newest
        }
    };
    file.belongs("topic", "[[cluster.topic]]")?;
    let clusters = file.need(
        "cluster",
        "[[cluster]] with id, brokers, voters and a topic",
    )?;
    let groups = file.take("group");
    let goals = file.take("require");
    let bounds = file.take("bounds");
    file.finish()?;

    let mut tables = clusters.tables()?.into_iter();
    let first = tables.next().ok_or_else(|| {
        clusters
            .error("this file has no cluster")
            .remedy("begin one with the line [[cluster]]")
    })?;
    let mut cluster = cluster(first, kafka, warnings)?;
    if let Some(second) = tables.next() {
        return Err(second
            .error("a second cluster is not supported yet: clusters meet only through mirrors")
            .remedy("give each cluster a file of its own"));
    }
    let groups = match groups {
        Some(entries) => group::groups(&entries, &mut cluster, warnings)?,
        None => Vec::new(),
    };
    let requirements = match goals {
        Some(entries) => at_most(MOST_REQUIREMENTS, &entries)?
            .into_iter()
            .map(|entry| require::requirement(entry, &cluster.sites))
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let bounds = match bounds {
        Some(table) => self::bounds(table.table()?)?,
        None => BoundOverrides::default(),
    };
    Ok(Deployment {
        name,
        kafka,
        cluster,
        groups,
        requirements,
        bounds,
    })
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
            match version {
                "0.10" | "1.0" | "2.0" | "2.1" | "2.7" => value
                    .error(format!(
                        "Kafka {version} is not supported yet: ZooKeeper keeps its metadata"
                    ))
                    .remedy(format!("there are {known}")),
                "3.3" => value
                    .error("Kafka 3.3 is not supported yet")
                    .remedy(format!("there are {known}")),
                _ => value
                    .error(format!("Kafka {} is not modelled", quoted(version)))
                    .remedy(match newest_up_to(version, modelled) {
                        Some(older) => {
                            format!("there are {known}; up to yours the newest is {older}")
                        }
                        None => format!("there are {known}"),
                    }),
            }
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
    kafka: Profile,
    warnings: &mut Vec<Remark>,
) -> Result<Cluster, Remark> {
    let id = table.need("id", "id = \"main\"")?;
    let name = id.text()?;
    names::plain(name).map_err(|remedy| {
        id.error(format!("{} cannot name a cluster", quoted(name)))
            .remedy(remedy)
    })?;
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
