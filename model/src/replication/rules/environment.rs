//! What goes wrong and what heals: processes, disks, links, datacenters, the controller's office.

use crate::replication::rules::{isr, zookeeper};
use crate::replication::state::{Change, Controller, LateFetch, Replica, Role};
use crate::replication::{BrokerEpoch, Disabled, End, Guard, LeaderEpoch, Replication, State};
use highwater_vocabulary::{
    Broker, BrokerSet, Datacenter, MOST_BROKERS, Member, Offset, Process, Set,
};

/// Whether there is an active controller that can commit: its datacenter is there, and so are the
/// datacenters of a majority of the voters, each able to fetch from it; with ZooKeeper, it has a
/// session.
///
/// Source: KIP-595; Q5, Q7; R50.
pub(crate) fn controller_works(model: &Replication, state: &State) -> bool {
    works(model, state, &state.controller)
}

/// The same of either history's.
pub(crate) fn works(model: &Replication, state: &State, controller: &Controller) -> bool {
    controller
        .active
        .is_some_and(|active| match model.has_zookeeper() {
            true => {
                zookeeper::holds_office(model, state, active)
                    && zookeeper::reaches(model, state, active)
            }
            false => is_majority(controller, |site| state.world.connects(site, active)),
        })
}

/// Whether a voter in `datacenter` could be elected and then commit.
pub(super) fn may_become_active(_: &Replication, state: &State, datacenter: Datacenter) -> bool {
    let world = &state.world;
    !world.lost.contains(datacenter)
        && is_majority(&state.controller, |site| world.connects(datacenter, site))
        && is_majority(&state.controller, |site| world.connects(site, datacenter))
}

fn is_majority(controller: &Controller, counts: impl Fn(Datacenter) -> bool) -> bool {
    let sites = (0..controller.voters.len()).map(Datacenter::at);
    let there = sites.into_iter().filter(|site| counts(*site));
    let there: usize = there.map(|site| controller.voters_in(site)).sum();
    2 * there > controller.all_voters()
}

/// Whether `broker`, if it runs, can keep its session: heartbeats to the controller, or to a server of
/// ZooKeeper.
pub(crate) fn keeps_session(model: &Replication, state: &State, broker: Broker) -> bool {
    match model.has_zookeeper() {
        true => zookeeper::reaches(model, state, model.setting.home(broker)),
        false => reaches_controller(model, state, broker),
    }
}

/// Whether `broker` can get a heartbeat, a proposal or a fetch of metadata through to the controller
/// of the history that it follows.
pub(crate) fn reaches_controller(model: &Replication, state: &State, broker: Broker) -> bool {
    let controller = state.history_of(broker);
    works(model, state, controller)
        && controller
            .active
            .is_some_and(|active| state.world.connects(model.setting.home(broker), active))
}

/// The same as a condition of an event: first that there is a controller, then that the broker can
/// open a connection to it.
pub(super) fn reach_controller(
    model: &Replication,
    state: &State,
    broker: Broker,
) -> Result<(), Disabled> {
    if !works(model, state, state.history_of(broker)) {
        return Err(Disabled::NoController);
    }
    match reaches_controller(model, state, broker) {
        true => Ok(()),
        false => Err(Disabled::Unreachable),
    }
}

/// Whether the lag time of a follower may have passed: it stands still, cannot fetch, or there is an
/// episode of lag.
pub(super) fn may_be_dropped(
    model: &Replication,
    state: &State,
    leader: Broker,
    follower: Broker,
) -> bool {
    let (here, there) = (model.setting.home(leader), model.setting.home(follower));
    let same_epoch = state.replicas[follower].leader_epoch == state.replicas[leader].leader_epoch;
    state.world.lag
        || !state.replicas[follower].serves()
        || state.replicas[follower].role != Role::Follower(Some(leader))
        || model.variant.switches.checks_fetch_epoch && !same_epoch
        || !state.world.connects(there, here)
}

/// A process ends: what it had in memory is gone, and nobody waits for its answers.
pub(super) fn halt(model: &Replication, after: &mut State, broker: Broker) {
    let place = match zookeeper::inherits_requests(model, after, broker) {
        true => after.replicas[broker].place,
        false => 0,
    };
    if zookeeper::may_be_controller(model, after, broker) {
        vacate(model, after);
        after.controller.gone = after.controller.gone.with(broker);
    }
    let replica = &mut after.replicas[broker];
    let role = match model.keeps(Guard::RestartForgetsRole) {
        true => Role::Idle,
        false => replica.role,
    };
    *replica = Replica {
        process: Process::Stopped,
        log: replica.log,
        watermark: replica.watermark,
        place,
        role,
        leader_epoch: if role == Role::Idle {
            LeaderEpoch(0)
        } else {
            replica.leader_epoch
        },
        ..Replica::default()
    };
    after.configured[broker] = 0;
    if model.has_zookeeper() {
        orphan(&mut after.late[broker]);
    }
    let was_apart = after.apart.contains(broker);
    let change = &mut after.changes[broker];
    change.end_answer();
    *change = Change {
        request: change.request.filter(|request| request.sent && !was_apart),
        answer: None,
    };
    after.apart = after.apart.without(broker);
}

/// A fetch whose sender is gone may still be handled; its answer reaches nobody.  Where registrations are
/// not numbered (2.1) the connection is what tells the next process from it.
fn orphan(late: &mut Option<LateFetch>) {
    if let Some(LateFetch::Request(fetch) | LateFetch::Answer(fetch, _)) = late {
        fetch.broker_epoch = BrokerEpoch(0);
    }
}

/// A broker stops without notice.  Its disk keeps everything appended.
pub(super) fn crash(
    model: &Replication,
    before: &State,
    broker: Broker,
) -> Result<State, Disabled> {
    power_loss(model, before, broker, 0)
}

/// A broker stops, and the last records of its log were not on the disk yet: Kafka does not flush
/// before it acknowledges, so any suffix may go.
pub(super) fn power_loss(
    model: &Replication,
    before: &State,
    broker: Broker,
    lost: u8,
) -> Result<State, Disabled> {
    let replica = &before.replicas[broker];
    if replica.process == Process::Stopped {
        return Err(Disabled::AlreadySo);
    }
    let end = end_after(replica, lost)?;

    let mut after = *before;
    halt(model, &mut after, broker);
    after.replicas[broker].truncate(end);
    Ok(after)
}

/// A broker stops, and its disk is empty.
pub(super) fn wipe(model: &Replication, before: &State, broker: Broker) -> Result<State, Disabled> {
    let mut after = crash(model, before, broker)?;
    after.replicas[broker].truncate(End(0));
    Ok(after)
}

/// A broker freezes with everything it has in memory.
pub(super) fn pause(before: &State, broker: Broker) -> Result<State, Disabled> {
    match before.replicas[broker].process {
        Process::Running => {}
        Process::Paused => return Err(Disabled::AlreadySo),
        Process::Stopped => return Err(Disabled::NotServing),
    }

    let mut after = *before;
    after.replicas[broker].process = Process::Paused;
    Ok(after)
}

/// A paused broker goes on, and does not know that time has passed.
pub(super) fn resume(before: &State, broker: Broker) -> Result<State, Disabled> {
    if before.replicas[broker].process != Process::Paused {
        return Err(Disabled::AlreadySo);
    }

    let mut after = *before;
    after.replicas[broker].process = Process::Running;
    Ok(after)
}

/// A stopped process starts again, with the log on its disk and the watermark last checkpointed,
/// which may be older than the one it had.
///
/// Source: `LogLoader`, `Partition.createLog`, `ReplicaManager.checkpointHighWatermarks`; R41.
pub(super) fn restart(
    model: &Replication,
    before: &State,
    broker: Broker,
    watermark: Option<Offset>,
) -> Result<State, Disabled> {
    let replica = &before.replicas[broker];
    if replica.process != Process::Stopped {
        return Err(Disabled::AlreadySo);
    }
    if before.world.lost.contains(model.setting.home(broker)) {
        return Err(Disabled::Unreachable);
    }
    let checkpoint = match watermark {
        None => replica.watermark,
        Some(older) => End(u8::try_from(older.0).map_err(|_| Disabled::NoSuchRecord)?),
    };
    let exact = replica.stopped_under != BrokerEpoch(0);
    if checkpoint > replica.watermark || exact && checkpoint < replica.watermark {
        return Err(Disabled::NoSuchRecord);
    }

    let mut after = *before;
    after.replicas[broker].process = Process::Running;
    after.replicas[broker].watermark = checkpoint;
    Ok(after)
}

/// An episode of lag begins: followers may fall behind, each at its own moment.
pub(super) fn lag(before: &State) -> Result<State, Disabled> {
    set_lag(before, true)
}

/// The episode of lag ends.
pub(super) fn catch_up(before: &State) -> Result<State, Disabled> {
    set_lag(before, false)
}

fn set_lag(before: &State, lag: bool) -> Result<State, Disabled> {
    if before.world.lag == lag {
        return Err(Disabled::AlreadySo);
    }

    let mut after = *before;
    after.world.lag = lag;
    Ok(after)
}

/// Every broker and voter of a datacenter stops at one moment; the disks are kept.
pub(super) fn lose(
    model: &Replication,
    before: &State,
    datacenter: Datacenter,
) -> Result<State, Disabled> {
    darken(model, before, datacenter, [0; MOST_BROKERS])
}

/// A datacenter loses power: each broker loses any suffix of its own log, except what an orderly stop
/// has flushed.
pub(super) fn darken(
    model: &Replication,
    before: &State,
    datacenter: Datacenter,
    lost: [u8; MOST_BROKERS],
) -> Result<State, Disabled> {
    let mut after = empty(model, before, datacenter)?;
    for broker in model.setting.brokers_of(datacenter).iter() {
        let replica = &before.replicas[broker];
        let end = end_after(replica, lost[broker.index()])?;
        after.replicas[broker].truncate(end);
    }
    Ok(after)
}

/// Where a log ends that has lost so many records.  What an orderly stop has flushed stays, and until
/// it has registered again the broker writes nothing that it could lose.
///
/// Source: `LogManager.shutdown`; R41.
fn end_after(replica: &Replica, lost: u8) -> Result<End, Disabled> {
    let flushed = replica.stopped_under != BrokerEpoch(0);
    match replica.log.end().0.checked_sub(lost) {
        Some(end) if lost == 0 || !flushed => Ok(End(end)),
        _ => Err(Disabled::NoSuchRecord),
    }
}

/// A datacenter is lost with its disks, and with whatever an orderly stop had left there.
pub(super) fn destroy(
    model: &Replication,
    before: &State,
    datacenter: Datacenter,
) -> Result<State, Disabled> {
    let mut after = empty(model, before, datacenter)?;
    for broker in model.setting.brokers_of(datacenter).iter() {
        after.replicas[broker].truncate(End(0));
        after.replicas[broker].stopped_under = BrokerEpoch(0);
    }
    Ok(after)
}

/// Everything in a datacenter stops, the active controller included.
fn empty(model: &Replication, before: &State, datacenter: Datacenter) -> Result<State, Disabled> {
    if before.world.lost.contains(datacenter) {
        return Err(Disabled::AlreadySo);
    }

    let mut after = *before;
    after.world.lost = after.world.lost.with(datacenter);
    let brokers = model.setting.brokers_of(datacenter).iter();
    let stop_with_it: BrokerSet = brokers
        .filter(|broker| zookeeper::may_be_controller(model, before, *broker))
        .collect();
    if after.controller.active == Some(datacenter) {
        vacate(model, &mut after);
    }
    after.controller.gone = after.controller.gone.union(stop_with_it);
    if after
        .former
        .is_some_and(|former| former.active == Some(datacenter))
    {
        let mut turned = after.turned(model);
        vacate(model, &mut turned);
        after = turned.turned(model);
    }
    for broker in model.setting.brokers_of(datacenter).iter() {
        if before.replicas[broker].process != Process::Stopped {
            halt(model, &mut after, broker);
        }
    }
    Ok(after)
}

/// A lost datacenter has power and network again: its voters run, its brokers may restart.
pub(super) fn bring_back(before: &State, datacenter: Datacenter) -> Result<State, Disabled> {
    if !before.world.lost.contains(datacenter) {
        return Err(Disabled::AlreadySo);
    }

    let mut after = *before;
    after.world.lost = after.world.lost.without(datacenter);
    Ok(after)
}

/// No connection between two datacenters works any more.
pub(super) fn cut(before: &State, [x, y]: [Datacenter; 2]) -> Result<State, Disabled> {
    let mut after = *before;
    let cut_from = &mut after.world.cut_from;
    cut_from[x.index()] = cut_from[x.index()].with(y);
    cut_from[y.index()] = cut_from[y.index()].with(x);
    if after == *before {
        Err(Disabled::AlreadySo)
    } else {
        Ok(after)
    }
}

/// Connections opened from one datacenter to another fail; those opened the other way work, in both
/// directions.
pub(super) fn cut_from(
    before: &State,
    from: Datacenter,
    to: Datacenter,
) -> Result<State, Disabled> {
    let cut_from = before.world.cut_from[from.index()];
    if cut_from.contains(to) {
        return Err(Disabled::AlreadySo);
    }

    let mut after = *before;
    after.world.cut_from[from.index()] = cut_from.with(to);
    Ok(after)
}

/// Every connection between two datacenters works again.
pub(super) fn heal(before: &State, [x, y]: [Datacenter; 2]) -> Result<State, Disabled> {
    let mut after = *before;
    let cut_from: &mut [Set<Datacenter>] = &mut after.world.cut_from;
    cut_from[x.index()] = cut_from[x.index()].without(y);
    cut_from[y.index()] = cut_from[y.index()].without(x);
    if after == *before {
        Err(Disabled::AlreadySo)
    } else {
        Ok(after)
    }
}

/// The active controller loses its office.  Nothing committed is lost; answers on their way are.
pub(super) fn depose(model: &Replication, before: &State) -> Result<State, Disabled> {
    if before.controller.active.is_none() {
        return Err(Disabled::NoController);
    }

    let mut after = *before;
    vacate(model, &mut after);
    Ok(after)
}

/// There is no active controller any more.  An answer on its way is lost; who awaits one from a broker
/// asks the next controller again.
pub(super) fn vacate(model: &Replication, after: &mut State) {
    after.controller.active = None;
    let following = model.setting.replicas().minus(after.apart);
    for broker in following.iter() {
        let had_answer = after.changes[broker].answer.is_some();
        after.changes[broker].lose_answer();
        if had_answer && model.has_zookeeper() {
            isr::ask_again(after, broker);
        }
    }
}
