//! A metadata quorum that is lost with its datacenters, and what an operator makes of the rest.
//!
//! Where datacenters are lost that hold so many voters that the others are no majority, no controller
//! comes back by itself.  An operator may make the voters of a datacenter that is left a quorum of their
//! own, or an observer there where no voter is left.  They go on from the newest they hold, which is not
//! all that was committed if the lost ones were a majority without them: so before the loss such a copy
//! may have fallen behind, at any moment, and that is what the move may cost.
//!
//! **Deliberately absent:** breaking out where links are cut.  Whoever cannot see the other side does not
//! know that it is gone, and where it is not there are two clusters afterwards.  And ZooKeeper, whose
//! histories `replication` does not part.

use highwater_model::replication::{Replication, State};
use highwater_vocabulary::{Datacenter, Event, Fault, Faults, Member, Set};

/// The datacenters that are worth breaking out when everything has happened that a row names: of those
/// that are left the ones with the most voters; nobody where the rest are a majority.
pub(super) fn sites(row: &Replication) -> Set<Datacenter> {
    let setting = &row.setting;
    let lost = lost_by(&row.faults);
    let left = || {
        let every = setting.every_datacenter();
        every.filter(|site| !lost.contains(*site))
    };
    let voters = |site: &Datacenter| usize::from(setting.voters[site.index()]);
    let all: usize = setting.every_datacenter().map(|site| voters(&site)).sum();
    let alive: usize = left().map(|site| voters(&site)).sum();
    if row.has_zookeeper() || lost.is_empty() || 2 * alive > all {
        return Set::EMPTY;
    }
    let most = left().map(|site| voters(&site)).max().unwrap_or(0);
    let has_copy = |site: &Datacenter| most > 0 || !setting.brokers_of(*site).is_empty();
    left()
        .filter(|site| voters(site) == most && has_copy(site))
        .collect()
}

/// The datacenters that a row loses.
fn lost_by(faults: &Faults) -> Set<Datacenter> {
    let lost = faults.iter().filter_map(|fault| match fault {
        Fault::DatacenterLoss(x)
        | Fault::DatacenterPowerLoss(x)
        | Fault::DatacenterDestroyed(x) => Some(x),
        _ => None,
    });
    lost.collect()
}

/// Whether single brokers stop in a row: of one that does not run nobody knows then whether it was that
/// or the break-out that ended it.
pub(super) fn stops_single_brokers(faults: &Faults) -> bool {
    faults.iter().any(|fault| {
        matches!(
            fault,
            Fault::BrokerCrash
                | Fault::BrokerPowerLoss
                | Fault::BrokerWiped
                | Fault::BrokerStop
                | Fault::ControlledShutdown
        )
    })
}

/// Whether so many voters are lost that the others are no majority.
pub(super) fn is_quorum_lost(state: &State) -> bool {
    let controller = &state.controller;
    let sites = (0..controller.voters.len()).map(Datacenter::at);
    let alive = sites.filter(|site| !state.world.lost.contains(*site));
    let alive: usize = alive.map(|site| controller.voters_in(site)).sum();
    state.former.is_none() && 2 * alive <= controller.all_voters()
}

/// The break-outs that an operator may try.
pub(super) fn offered(
    sites: Set<Datacenter>,
    state: &State,
) -> impl Iterator<Item = Event> + use<> {
    let is_open = is_quorum_lost(state);
    let lost = state.world.lost;
    let sites = sites
        .iter()
        .filter(move |site| is_open && !lost.contains(*site));
    sites.map(|datacenter| Event::BreakOut { datacenter })
}

/// The copies that may fall behind unnoticed, as long as there is a controller whose records they would
/// lack.
pub(super) fn falling_behind(
    sites: Set<Datacenter>,
    row: &Replication,
    state: &State,
) -> impl Iterator<Item = Event> + use<> {
    let controller = state.controller;
    let is_one = controller.copy.is_none() && state.former.is_none();
    let is_kept = is_one && !sites.is_empty() && row.has_controller(state);
    let stale = sites
        .iter()
        .filter(move |site| is_kept && controller.may_be_stale(*site));
    stale.map(|datacenter| Event::FallBehind { datacenter })
}
