//! `[[cluster.topic]]`: how many replicas, where, and what their producers are promised.

use super::some_of;
use crate::source::Remark;
use crate::table::{Table, Value};
use crate::wording::quoted;
use crate::{names, placement};
use highwater_vocabulary::{
    Acks, CONSUMER_OFFSETS, Cluster, MOST_BROKERS, Placement, Profile, Site, Topic,
};

/// Kafka's own limit is that of its integers; this is beyond any number of replicas.
const MOST_MIN_ISR: i64 = 99;
/// The replicas a partition gets if the file says nothing.
const USUAL_REPLICAS: u8 = 3;
/// The most replicas of which the search says that nothing is lost.
const MOST_CLAIMED: u8 = 6;

pub(super) fn topic(
    mut table: Table,
    cluster: &Cluster,
    kafka: Profile,
    warnings: &mut Vec<Remark>,
) -> Result<Topic, Remark> {
    let id = id(&mut table, cluster)?;
    let placement = placement(&mut table, cluster, warnings)?;
    let observers = super::observers::read(&mut table, cluster, &placement)?;
    let acks = table.take("acks");
    if let Some(value) = &acks {
        check_internal(&id, value, kafka)?;
    }
    let min_insync_replicas = table.take("min_insync_replicas");
    let layout = Layout::of(&placement, &cluster.sites);
    let promise = promise(&table, acks, min_insync_replicas, layout, warnings)?;
    let unclean_leader_election = match table.take("unclean_leader_election") {
        Some(value) => unclean_leader_election(&value, kafka, warnings)?,
        None => false,
    };
    table.finish()?;
    Ok(Topic {
        id,
        placement,
        min_insync_replicas: promise.min_insync_replicas,
        acks: promise.acks,
        unclean_leader_election,
        observers: observers.in_each,
        observer_promotion: observers.promotion,
        implied_by: Vec::new(),
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

/// Refuses what the brokers that write an internal topic do not ask for.
///
/// Source: KIP-1041, `TransactionLog.EnforcedRequiredAcks`.
fn check_internal(id: &str, acks: &Value, kafka: Profile) -> Result<(), Remark> {
    let always_all = match id {
        CONSUMER_OFFSETS => kafka >= Profile::V4_0,
        "__transaction_state" => true,
        _ => false,
    };
    match always_all && acks.text()? != "all" {
        false => Ok(()),
        true => Err(acks
            .error(format!(
                "brokers write `{id}`, and those of Kafka {kafka} always ask for all in-sync \
                 replicas"
            ))
            .remedy("write acks = \"all\", or leave it out")),
    }
}

fn unclean_leader_election(
    value: &Value,
    kafka: Profile,
    warnings: &mut Vec<Remark>,
) -> Result<bool, Remark> {
    let on = value.switch()?;
    if on {
        let is_ignored = !kafka.has_zookeeper() && kafka < Profile::V3_9;
        warnings.push(match is_ignored {
            true => value
                .warning(format!(
                    "the controller of Kafka {kafka} does not look at this: it elects nobody \
                     unclean unless an operator asks"
                ))
                .remedy("remove it, before an upgrade to 3.9 gives it a meaning"),
            false => value
                .warning(
                    "unclean election is on: a replica that lacks acknowledged records may be \
                     elected, and then they are lost",
                )
                .remedy(
                    "remove it; an operator can still ask for an unclean election, partition by \
                     partition",
                ),
        });
    }
    Ok(on)
}

/// How much of a partition one datacenter may hold.
#[derive(Clone, Copy)]
struct Layout {
    replicas: u8,
    /// The most replicas that may lie in one datacenter.
    largest_share: u8,
    /// Whether brokers of other datacenters could have them.
    has_elsewhere: bool,
}

impl Layout {
    fn of(placement: &Placement, sites: &[Site]) -> Self {
        Layout {
            replicas: placement.replicas(),
            largest_share: placement::largest_share(placement, sites),
            has_elsewhere: sites.iter().filter(|site| site.brokers > 0).count() > 1,
        }
    }

    /// Whether one datacenter may hold all of several replicas, for no need.
    fn may_be_in_one_place(self) -> bool {
        self.has_elsewhere && self.replicas > 1 && self.largest_share == self.replicas
    }

    /// Whether so many replicas may lie in one datacenter, while others lie elsewhere.
    fn may_be_most_of(self, in_sync: u8) -> bool {
        self.has_elsewhere && in_sync <= self.largest_share && self.largest_share < self.replicas
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
    let said = counts.clone().or(count.clone());
    let placement = match (count, counts) {
        (Some(count), Some(_)) => {
            return Err(count
                .error("`replication_factor` stands beside `replicas`, which says it already")
                .remedy("remove one of the two"));
        }
        (None, Some(counts)) => match &rack_aware {
            Some(value) => {
                return Err(value
                    .error("`rack_aware` has no say where `replicas` names the datacenters")
                    .remedy("remove one of the two"));
            }
            None => explicit(counts, cluster)?,
        },
        (count, None) => {
            let replicas = match count {
                Some(count) => replication_factor(&count, cluster)?,
                None => usual_replicas(table, cluster, warnings),
            };
            match rack_aware.as_ref().map(Value::switch).transpose()? {
                Some(false) => Placement::Anywhere(replicas),
                Some(true) | None => Placement::RackAware(replicas),
            }
        }
    };
    let layout = Layout::of(&placement, &cluster.sites);
    if layout.may_be_in_one_place() {
        warnings.extend(match (&placement, &said, &rack_aware) {
            (Placement::Explicit(_), Some(counts), _) => Some(
                counts
                    .warning("all replicas lie in one datacenter: they stop and are lost with it")
                    .remedy("move some of them to another datacenter"),
            ),
            (_, _, Some(rack_aware)) => Some(
                rack_aware
                    .warning(format!(
                        "all {} replicas of a partition may come to lie in one datacenter: they \
                         stop and are lost with it",
                        layout.replicas
                    ))
                    .remedy("remove it, and tell every broker its datacenter as broker.rack"),
            ),
            _ => None,
        });
    }
    if let Some(value) = said
        && layout.replicas > MOST_CLAIMED
    {
        warnings.push(
            value
                .warning(format!(
                    "{} replicas are more than can be searched through: a loss that is shown is \
                     one, and that there is none is not claimed",
                    layout.replicas
                ))
                .remedy(format!(
                    "check the deployment with {MOST_CLAIMED} of them as well"
                )),
        );
    }
    Ok(placement)
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
    for (at, count) in super::in_sites(counts, cluster, "replicas")? {
        let name = count.key();
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
                .remedy(match brokers {
                    0 => "move them to a datacenter with brokers",
                    _ => "move replicas, or add brokers",
                }));
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
    layout: Layout,
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

    match asked {
        Acks::All => warnings.extend(
            oddity_of_min_isr(least, min_insync_replicas.is_some(), layout)
                .map(|(what, remedy)| warn_of_least(what).remedy(remedy)),
        ),
        Acks::Leader => {
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
        Acks::None => warnings.push(
            warn_of_acks(
                "acks 0 promises nothing: no record is acknowledged, so none can be missed".into(),
            )
            .remedy("write acks = \"all\", here and in the producers"),
        ),
    }
    Ok(Promise {
        acks: asked,
        min_insync_replicas: least,
    })
}

/// What is odd about a min ISR that producers are held to, and what to write instead.  Of several
/// things the first: the others follow from it.
fn oddity_of_min_isr(least: u8, is_said: bool, layout: Layout) -> Option<(String, String)> {
    let replicas = layout.replicas;
    let in_sync = least.min(replicas);
    let fewer = replicas - 1;
    let one_may_be_down = match fewer >= 2 && !layout.may_be_most_of(fewer) {
        true => format!("write min_insync_replicas = {fewer}: then one may be down"),
        false => "with a replica more, one may be down".into(),
    };
    if least > replicas {
        let nothing_is_written = match replicas {
            1 => "",
            _ => ", so nothing is acknowledged while one of them is down",
        };
        return Some((
            format!(
                "min ISR {least} is more than there are replicas: Kafka takes {replicas}\
                 {nothing_is_written}"
            ),
            one_may_be_down,
        ));
    }
    if in_sync == 1 {
        let by_default = match is_said {
            true => "",
            false => ", Kafka's default",
        };
        return Some((
            format!("min ISR 1{by_default}: a record may be acknowledged while one replica has it"),
            "with 3 replicas, write min_insync_replicas = 2".into(),
        ));
    }
    if in_sync == replicas {
        return Some((
            format!(
                "min ISR {least} is all there are: nothing is acknowledged while one of the \
                 {replicas} replicas is down"
            ),
            one_may_be_down,
        ));
    }
    if layout.may_be_most_of(in_sync) {
        let share = layout.largest_share;
        return Some((
            format!(
                "min ISR {least}, and {share} of {replicas} replicas may lie in one datacenter: \
                 what is acknowledged may exist in no other"
            ),
            match share + 1 < replicas {
                true => format!("write min_insync_replicas = {}", share + 1),
                false => "spread the replicas over more datacenters".into(),
            },
        ));
    }
    None
}
