//! The observers of a topic: replicas beside the others that copy and normally count for nothing.

use super::some_of;
use crate::source::Remark;
use crate::table::{Table, Value};
use highwater_vocabulary::{Cluster, MOST_BROKERS, ObserverPromotion, Placement};

/// What a file says of them.
pub(super) struct Observers {
    /// How many there are in each datacenter; as long as the cluster's sites.
    pub(super) in_each: Vec<u8>,
    /// When they may join the ISR.
    pub(super) promotion: ObserverPromotion,
}

/// Reads `observers` and `observer_promotion`.
pub(super) fn read(
    table: &mut Table,
    cluster: &Cluster,
    placement: &Placement,
) -> Result<Observers, Remark> {
    let in_each = match table.take("observers") {
        Some(counts) => counted(counts, cluster, placement)?,
        None => vec![0; cluster.sites.len()],
    };
    let promotion = match table.take("observer_promotion") {
        None => ObserverPromotion::default(),
        Some(value) if in_each.iter().all(|there| *there == 0) => {
            return Err(value
                .error("this topic has no observers to promote")
                .remedy("remove it, or say where they are: observers = { south = 1 }"));
        }
        Some(value) => promotion(&value)?,
    };
    Ok(Observers { in_each, promotion })
}

/// One of the policies.
pub(crate) fn promotion(value: &Value) -> Result<ObserverPromotion, Remark> {
    value.word(&ObserverPromotion::ALL.map(|policy| (policy.name(), policy)))
}

fn counted(counts: Value, cluster: &Cluster, placement: &Placement) -> Result<Vec<u8>, Remark> {
    let mut in_each = vec![0; cluster.sites.len()];
    let mut all = usize::from(placement.replicas());
    for (at, count) in super::in_sites(counts, cluster, "observers")? {
        let name = count.key();
        in_each[at] = some_of::<u8>(&count, 99)?;
        all += usize::from(in_each[at]);
        if all > MOST_BROKERS {
            return Err(count
                .error(format!(
                    "with observers these are {all} replicas, and up to {MOST_BROKERS} are supported so far"
                ))
                .remedy("check the deployment with fewer of them"));
        }
        let (here, most) = (&cluster.sites[at], most_replicas(cluster, placement, at));
        if u16::from(in_each[at]) + most > here.brokers {
            return Err(count
                .error(format!(
                    "{} observers beside up to {most} other replicas need as many brokers, and \
                     `{name}` has {}",
                    in_each[at], here.brokers
                ))
                .remedy("lower it, add brokers, or name the other replicas: replicas = { … }"));
        }
    }
    Ok(in_each)
}

/// The most replicas that are no observers and may lie there.
fn most_replicas(cluster: &Cluster, placement: &Placement, at: usize) -> u16 {
    match placement {
        Placement::Explicit(counts) => counts[at].into(),
        _ => {
            let share = crate::placement::largest_share(placement, &cluster.sites);
            cluster.sites[at].brokers.min(share.into())
        }
    }
}
