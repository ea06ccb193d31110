//! `[[cluster.topic]]`: how many replicas, where, and what their producers are promised.

use super::some_of;
use crate::names;
use crate::source::Remark;
use crate::table::{Table, Value};
use crate::wording::{instead, quoted};
use highwater_vocabulary::{Acks, Cluster, MOST_BROKERS, Placement, Topic};

/// Kafka's own limit is that of its integers; this is beyond any number of replicas.
const MOST_MIN_ISR: i64 = 99;
/// The replicas a partition gets if the file says nothing.
const USUAL_REPLICAS: u8 = 3;

pub(super) fn topic(
    mut table: Table,
    cluster: &Cluster,
    warnings: &mut Vec<Remark>,
) -> Result<Topic, Remark> {
    for key in ["observers", "observer_promotion"] {
        table.not_yet(key, "asynchronous replicas are not modelled")?;
    }
    let id = id(&mut table, cluster)?;
    let placement = placement(&mut table, cluster, warnings)?;
    let acks = table.take("acks");
    let min_insync_replicas = table.take("min_insync_replicas");
    let promise = promise(&table, acks, min_insync_replicas, &placement, warnings)?;
    let unclean_leader_election = match table.take("unclean_leader_election") {
        Some(value) => value.switch()?,
        None => false,
    };
    table.finish()?;
    Ok(Topic {
        id,
        placement,
        min_insync_replicas: promise.min_insync_replicas,
        acks: promise.acks,
        unclean_leader_election,
    })
}

fn id(table: &mut Table, cluster: &Cluster) -> Result<String, Remark> {
    let value = table.need("id", "id = \"orders\"")?;
    let id = value.text()?;
    names::topic(id).map_err(|remedy| {
        value
            .error(format!("{} cannot name a topic", quoted(id)))
            .remedy(remedy)
    })?;
    match cluster.topics.iter().any(|other| other.id == id) {
        false => Ok(id.into()),
        true => Err(value
            .error(format!("there are two topics {}", quoted(id)))
            .remedy("give each topic a name of its own")),
    }
}

fn placement(
    table: &mut Table,
    cluster: &Cluster,
    warnings: &mut Vec<Remark>,
) -> Result<Placement, Remark> {
    let count = table.take("replication_factor");
    let counts = table.take("replicas");
    let rack_aware = table.take("rack_aware");
    match (count, counts) {
        (Some(count), Some(_)) => Err(count
            .error("`replication_factor` stands beside `replicas`, which says it already")
            .remedy("remove one of the two")),
        (None, Some(counts)) => match rack_aware {
            Some(value) => Err(value
                .error("`rack_aware` has no say where `replicas` names the datacenters")
                .remedy("remove one of the two")),
            None => explicit(counts, cluster),
        },
        (count, None) => {
            let replicas = match count {
                Some(count) => replication_factor(&count, cluster)?,
                None => usual_replicas(table, cluster, warnings),
            };
            Ok(match rack_aware.map(|value| value.switch()).transpose()? {
                Some(false) => Placement::Anywhere(replicas),
                Some(true) | None => Placement::RackAware(replicas),
            })
        }
    }
}

fn replication_factor(value: &Value, cluster: &Cluster) -> Result<u8, Remark> {
    let replicas = value.number::<u8>(1..=99)?;
    let brokers = cluster.brokers();
    if u32::from(replicas) > brokers {
        return Err(value
            .error(format!(
                "{replicas} replicas need as many brokers, and cluster `{}` has {brokers}",
                cluster.id
            ))
            .remedy("lower it, or add brokers"));
    }
    not_too_many(replicas.into(), value)?;
    Ok(replicas)
}

fn usual_replicas(table: &Table, cluster: &Cluster, warnings: &mut Vec<Remark>) -> u8 {
    let replicas = u8::try_from(cluster.brokers())
        .unwrap_or(u8::MAX)
        .min(USUAL_REPLICAS);
    let why = match replicas < USUAL_REPLICAS {
        true => ", as many as there are brokers",
        false => "",
    };
    warnings.push(
        table
            .warning(
                "replication_factor",
                format!("no replication factor: this checks {replicas}{why}"),
            )
            .remedy(format!(
                "write replication_factor = {replicas}, or what you run"
            )),
    );
    replicas
}

fn explicit(counts: Value, cluster: &Cluster) -> Result<Placement, Remark> {
    let nowhere = counts
        .error("this topic has no replicas")
        .remedy("say how many there are in each datacenter, as in { north = 2, south = 1 }");
    let mut replicas = vec![0; cluster.sites.len()];
    let mut all = 0;
    for count in counts.table()?.take_all() {
        let name = count.key();
        let Some(at) = cluster.sites.iter().position(|site| site.name == name) else {
            let known = cluster.sites.iter().map(|site| site.name.as_str());
            return Err(count
                .key_error(format!(
                    "this topic has replicas in {}, where cluster `{}` has nothing",
                    quoted(name),
                    cluster.id
                ))
                .remedy(instead(name, known)));
        };
        let here = some_of::<u8>(&count, 99)?;
        let brokers = cluster.sites[at].brokers;
        if u16::from(here) > brokers {
            return Err(count
                .error(match brokers {
                    0 => format!("`{name}` has voters and no brokers: a witness holds no replica"),
                    _ => {
                        format!("{here} replicas need as many brokers, and `{name}` has {brokers}")
                    }
                })
                .remedy("move replicas, or add brokers"));
        }
        all += usize::from(here);
        not_too_many(all, &count)?;
        replicas[at] = here;
    }
    match all {
        0 => Err(nowhere),
        _ => Ok(Placement::Explicit(replicas)),
    }
}

/// Refuses what the search cannot follow yet.
fn not_too_many(replicas: usize, value: &Value) -> Result<(), Remark> {
    match replicas > MOST_BROKERS {
        false => Ok(()),
        true => Err(value
            .error(format!(
                "{replicas} replicas are not supported yet: up to {MOST_BROKERS} replicas so far"
            ))
            .remedy(format!("check the deployment with {MOST_BROKERS} of them"))),
    }
}

/// What a producer may conclude from an answer.
struct Promise {
    acks: Acks,
    min_insync_replicas: u8,
}

fn promise(
    table: &Table,
    acks: Option<Value>,
    min_insync_replicas: Option<Value>,
    placement: &Placement,
    warnings: &mut Vec<Remark>,
) -> Result<Promise, Remark> {
    let asked = match &acks {
        Some(value) => value.word(&[("all", Acks::All), ("1", Acks::Leader), ("0", Acks::None)])?,
        None => Acks::All,
    };
    let least = match &min_insync_replicas {
        Some(value) => value.number(1..=MOST_MIN_ISR)?,
        None => 1,
    };
    let warn_of_acks = |what: String| match &acks {
        Some(value) => value.warning(what),
        None => table.warning("acks", what),
    };
    let warn_of_least = |what: String| match &min_insync_replicas {
        Some(value) => value.warning(what),
        None => table.warning("min_insync_replicas", what),
    };

    let replicas = placement.replicas();
    if least > replicas {
        warnings.push(
            warn_of_least(format!(
                "min ISR {least} is more than there are replicas: Kafka takes {replicas}"
            ))
            .remedy(format!("write {replicas} or less")),
        );
    }
    match (asked, least) {
        (Acks::All, 1) => {
            let by_default = match min_insync_replicas {
                Some(_) => "",
                None => ", Kafka's default",
            };
            warnings.push(
                warn_of_least(format!(
                    "min ISR 1{by_default}: a record may be acknowledged while one replica has it"
                ))
                .remedy("with 3 replicas, write min_insync_replicas = 2"),
            );
        }
        (Acks::Leader, _) => {
            let protects_nothing = match least {
                1 => "",
                _ => "; nobody looks at min_insync_replicas, so it protects nothing",
            };
            warnings.push(
                warn_of_acks(format!(
                    "acks 1: a record is acknowledged while only its leader has it\
                     {protects_nothing}"
                ))
                .remedy("write acks = \"all\", here and in the producers"),
            );
        }
        (Acks::None, _) => warnings.push(
            warn_of_acks(
                "acks 0 promises nothing: no record is acknowledged, so none can be missed".into(),
            )
            .remedy("write acks = \"all\", here and in the producers"),
        ),
        (Acks::All, _) => {}
    }
    Ok(Promise {
        acks: asked,
        min_insync_replicas: least,
    })
}
