//! Where brokers and voters are, and who keeps the metadata: KRaft, or ZooKeeper with its ensembles.

use super::{datacenter, some_of};
use crate::source::Remark;
use crate::table::{Table, Value};
use crate::wording::{instead, quoted};
use highwater_model::quorum::ensemble::is_quorum;
use highwater_vocabulary::{Datacenter, MOST_DATACENTERS, Member, Profile, Quorum, Site};

/// The most brokers of one datacenter.
const MOST_BROKERS_THERE: i64 = 999;
/// The most voters of one datacenter, and observers of ZooKeeper.
const MOST_VOTERS_THERE: i64 = 9;

/// What a file says of it.
pub(super) struct Metadata {
    /// The datacenters, in the order in which the file first names them.
    pub(super) sites: Vec<Site>,
    /// Which voters are enough.
    pub(super) quorum: Quorum,
    /// ZooKeeper's observers; as long as `sites`.
    pub(super) observers: Vec<u8>,
}

/// Reads `metadata`, `brokers`, `voters`, `quorum`, `weights` and `zk_observers`.
pub(super) fn read(
    table: &mut Table,
    kafka: Profile,
    warnings: &mut Vec<Remark>,
) -> Result<Metadata, Remark> {
    keeper(table, kafka)?;
    let mut sites = brokers(table)?;
    let voters = table.need("voters", "voters = { north = 1, south = 1, east = 1 }")?;
    let counts = add_voters(&mut sites, &voters)?;
    let hierarchical = match table.take("quorum") {
        None => false,
        Some(value) => {
            let hierarchical = value.word(&[("majority", false), ("hierarchical", true)])?;
            if hierarchical {
                zookeepers_own(&value, kafka)?;
            }
            hierarchical
        }
    };
    let quorum = match (table.take("weights"), hierarchical) {
        (None, false) => Quorum::Majority,
        (Some(weights), false) => {
            return Err(weights
                .error("weights belong to a hierarchical quorum")
                .remedy("write quorum = \"hierarchical\", or remove them"));
        }
        (weights, true) => Quorum::Hierarchical {
            weights: self::weights(weights, &sites)?,
        },
    };
    let observers = match table.take("zk_observers") {
        None => vec![0; sites.len()],
        Some(counts) => {
            zookeepers_own(&counts, kafka)?;
            observers(counts, &sites)?
        }
    };
    match quorum {
        Quorum::Majority => warn_of_majorities(&sites, &voters, &counts, warnings),
        Quorum::Hierarchical { .. } => warn_of_groups(&sites, &quorum, &counts, warnings),
    }
    Ok(Metadata {
        sites,
        quorum,
        observers,
    })
}

/// `metadata` says nothing that the version does not say: it is there to be contradicted.
fn keeper(table: &mut Table, kafka: Profile) -> Result<(), Remark> {
    let Some(value) = table.take("metadata") else {
        return Ok(());
    };
    let zookeeper = value.word(&[("kraft", false), ("zookeeper", true)])?;
    let (has, remedy) = match kafka.has_zookeeper() {
        true => ("in ZooKeeper", "write metadata = \"zookeeper\""),
        false => ("with KRaft", "write metadata = \"kraft\""),
    };
    match zookeeper == kafka.has_zookeeper() {
        true => Ok(()),
        false => Err(value
            .error(format!("Kafka {kafka} is modelled with its metadata {has}"))
            .remedy(format!(
                "{remedy}, or another version: those up to 2.7 have ZooKeeper"
            ))),
    }
}

/// Refuses what only ZooKeeper has where there is none.
fn zookeepers_own(value: &Value, kafka: Profile) -> Result<(), Remark> {
    match kafka.has_zookeeper() {
        true => Ok(()),
        false => Err(value
            .error(format!(
                "Kafka {kafka} keeps its metadata with KRaft, which has nothing of the kind"
            ))
            .remedy("remove it, or write kafka = \"2.7\"")),
    }
}

fn brokers(table: &mut Table) -> Result<Vec<Site>, Remark> {
    let brokers = table.need("brokers", "brokers = { north = 2, south = 2, east = 2 }")?;
    let no_brokers = brokers
        .error("this cluster has no broker")
        .remedy("say how many there are in each datacenter, as in { north = 2 }");
    let mut sites: Vec<Site> = Vec::new();
    for count in brokers.table()?.take_all() {
        let name = datacenter(&count)?;
        let brokers = some_of(&count, MOST_BROKERS_THERE)?;
        sites.push(Site {
            name: name.into(),
            brokers,
            voters: 0,
        });
        not_too_many(&sites, &count)?;
    }
    match sites.is_empty() {
        true => Err(no_brokers),
        false => Ok(sites),
    }
}

fn add_voters<'a>(sites: &mut Vec<Site>, voters: &Value<'a>) -> Result<Vec<Value<'a>>, Remark> {
    let counts = voters.clone().table()?.take_all();
    for count in &counts {
        let name = datacenter(count)?;
        let voters = some_of(count, MOST_VOTERS_THERE)?;
        match sites.iter_mut().find(|site| site.name == name) {
            Some(site) => site.voters = voters,
            None => sites.push(Site {
                name: name.into(),
                brokers: 0,
                voters,
            }),
        }
        not_too_many(sites, count)?;
    }
    match counts.is_empty() {
        false => Ok(counts),
        true => Err(voters
            .error("this quorum has no voters: nobody could elect a leader")
            .remedy("say how many there are in each datacenter, as in { north = 3 }")),
    }
}

/// Refuses the datacenter of `count` if there is no room for it.
fn not_too_many(sites: &[Site], count: &Value) -> Result<(), Remark> {
    match sites.len() > MOST_DATACENTERS {
        false => Ok(()),
        true => Err(count
            .key_error(format!("`{}` is one datacenter too many", count.key()))
            .remedy(format!("there may be {MOST_DATACENTERS} so far"))),
    }
}

/// The weight of each server of a datacenter: 1, unless the file says otherwise.
fn weights(weights: Option<Value>, sites: &[Site]) -> Result<Vec<u8>, Remark> {
    let mut of_each = vec![1; sites.len()];
    let Some(value) = weights else {
        return Ok(of_each);
    };
    for weight in value.clone().table()?.take_all() {
        let at = site_of(&weight, sites)?;
        if sites[at].voters == 0 {
            return Err(weight
                .key_error(format!("`{}` has no voters to weigh", weight.key()))
                .remedy("remove it, or give it voters"));
        }
        of_each[at] = weight.number(0..=MOST_VOTERS_THERE)?;
    }
    let counts = |(site, weight): (&Site, &u8)| site.voters > 0 && *weight > 0;
    match sites.iter().zip(&of_each).any(counts) {
        true => Ok(of_each),
        false => Err(value
            .error("no group has any weight: nobody could elect a leader")
            .remedy("leave a datacenter out to give its servers the weight 1")),
    }
}

fn observers(counts: Value, sites: &[Site]) -> Result<Vec<u8>, Remark> {
    let mut of_each = vec![0; sites.len()];
    for count in counts.table()?.take_all() {
        of_each[site_of(&count, sites)?] = some_of(&count, MOST_VOTERS_THERE)?;
    }
    Ok(of_each)
}

fn site_of(count: &Value, sites: &[Site]) -> Result<usize, Remark> {
    let name = count.key();
    let place = sites.iter().position(|site| site.name == name);
    place.ok_or_else(|| {
        count
            .key_error(format!(
                "there are neither brokers nor voters in {}",
                quoted(name)
            ))
            .remedy(instead(name, sites.iter().map(|site| site.name.as_str())))
    })
}

fn warn_of_majorities(
    sites: &[Site],
    voters: &Value,
    counts: &[Value],
    warnings: &mut Vec<Remark>,
) {
    let with_voters = sites.iter().map(|site| site.voters);
    let with_voters: Vec<u8> = with_voters.filter(|voters| *voters > 0).collect();
    match with_voters[..] {
        [one, other] if one == other => warnings.push(
            voters
                .warning(
                    "two datacenters have half of the voters each: without either of them, or \
                     while they are cut off, there is no majority, and nobody is elected anywhere",
                )
                .remedy("add a witness: a third datacenter with one voter and no brokers"),
        ),
        _ if sites.len() > 1 => warn_of_heavy_sites(sites, counts, warnings),
        _ => {}
    }
}

/// A majority that is not there without one datacenter is a quorum of that datacenter.
fn warn_of_heavy_sites(sites: &[Site], counts: &[Value], warnings: &mut Vec<Remark>) {
    let all: u32 = sites.iter().map(|site| u32::from(site.voters)).sum();
    for count in counts {
        let heavy = sites
            .iter()
            .find(|site| site.name == count.key() && u32::from(site.voters) * 2 >= all);
        if let Some(Site {
            name,
            voters,
            brokers,
        }) = heavy
        {
            let (what, remedy) = match brokers {
                0 => (
                    format!("the witness `{name}` has {voters} of {all} voters"),
                    "leave a witness one voter, and have as many in each of the others",
                ),
                _ => (
                    format!("`{name}` has {voters} of {all} voters"),
                    "give no datacenter half of the voters: one each over three, of which one \
                     may be a witness, with a voter and no brokers",
                ),
            };
            warnings.push(
                count
                    .warning(format!(
                        "{what}: without it there is no majority, and nobody is elected anywhere"
                    ))
                    .remedy(remedy),
            );
        }
    }
}

/// The groups without which too few are left.
fn warn_of_groups(sites: &[Site], quorum: &Quorum, counts: &[Value], warnings: &mut Vec<Remark>) {
    let voters: Vec<u8> = sites.iter().map(|site| site.voters).collect();
    for count in counts {
        let lost = sites.iter().position(|site| site.name == count.key());
        let others_are_enough = lost
            .is_none_or(|lost| is_quorum(quorum, &voters, |site: Datacenter| site.index() != lost));
        if sites.len() == 1 || others_are_enough {
            continue;
        }
        warnings.push(
            count
                .warning(format!(
                    "without the group of `{}` half of the groups are left, or fewer: there is no \
                     quorum, and nobody is elected anywhere",
                    count.key()
                ))
                .remedy(
                    "spread the groups over three datacenters, or be ready to break a group out by \
                     hand, and on one side only",
                ),
        );
    }
}
