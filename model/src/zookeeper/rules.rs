//! What may happen, and what comes of it.

use super::state::{Event, Server, State, Transaction};
use super::{Zookeeper, state::MOST_TRANSACTIONS};
use highwater_vocabulary::{Datacenter, Member};

/// Lists what may be tried; the rules decide.
pub(super) fn offer(model: &Zookeeper, state: &State, events: &mut Vec<Event>) {
    for server in model.setting.servers() {
        offer_elections(model, state, server, events);
        events.push(Event::Propose(server));
        for other in model.setting.servers().filter(|other| *other != server) {
            events.push(Event::Ack(other, server));
            events.push(Event::Observe(other, server));
        }
    }
    let bounds = &model.bounds;
    let left = |kind: usize, place: usize| state.ghost.spent[kind] >> place & 1 == 0;
    let places = bounds.cuts.iter().enumerate();
    events.extend(
        places
            .filter(|(place, _)| left(0, *place))
            .map(|(_, [x, y])| Event::Cut(*x, *y)),
    );
    let places = bounds.losses.iter().enumerate();
    events.extend(
        places
            .filter(|(place, _)| left(1, *place))
            .map(|(_, x)| Event::Lose(*x)),
    );
    // An operator acts when something is broken, and not before.
    let all = |kind: usize, count: usize| usize::from(state.ghost.spent[kind]) + 1 == 1 << count;
    if !all(0, bounds.cuts.len()) || !all(1, bounds.losses.len()) {
        return;
    }
    let places = bounds.break_outs.iter().enumerate();
    events.extend(
        places
            .filter(|(place, _)| left(2, *place))
            .map(|(_, x)| Event::BreakOut(*x)),
    );
}

/// Every set of followers with which a server may be elected.
fn offer_elections(model: &Zookeeper, state: &State, server: Server, events: &mut Vec<Event>) {
    if state.at(server).stopped {
        return;
    }
    let count = model.setting.ensemble.servers.len();
    events.extend(
        (0..1u32 << count)
            .filter(|set| set >> server.0 & 1 == 1)
            .map(|set| Event::Elect(server, set as u16)),
    );
}

/// What an event makes of a state; nothing if it cannot happen.
pub fn next(model: &Zookeeper, before: &State, event: Event) -> Option<State> {
    match event {
        Event::Elect(leader, with) => elect(model, before, leader, with),
        Event::Propose(leader) => propose(model, before, leader),
        Event::Ack(follower, leader) => acknowledge(model, before, follower, leader),
        Event::Observe(observer, leader) => observe(model, before, observer, leader),
        Event::Cut(x, y) => cut(model, before, x, y),
        Event::Lose(x) => lose(model, before, x),
        Event::BreakOut(x) => break_out(model, before, x),
    }
}

/// A quorum elects the server with the newest history among them; its epoch is newer than any that they
/// have accepted, and they take over its history.  What a new leader holds counts as committed as soon
/// as a quorum holds it.
///
/// Who: the servers.  Source: `FastLeaderElection.totalOrderPredicate`, `Leader.getEpochToPropose`,
/// `Leader.waitForNewLeaderAck`; Zab, phases 0 to 2.
fn elect(model: &Zookeeper, before: &State, leader: Server, with: u16) -> Option<State> {
    let ensemble = before.ensemble(model, leader);
    let votes = |server: Server| !ensemble.servers[usize::from(server.0)].observes;
    let chosen = before.which(model, |server| with >> server.0 & 1 == 1);
    let fits = chosen.places().all(|place| {
        let server = Server(place as u8);
        votes(server) && (server == leader || before.meet(model, leader, server))
    });
    let newest = chosen.places().all(|place| {
        before.at(Server(place as u8)).history.last() <= before.at(leader).history.last()
    });
    let accepted = chosen
        .places()
        .map(|place| before.at(Server(place as u8)).epoch);
    let epoch = accepted.max().unwrap_or(0) + 1;
    let leads_behind = model.newest_history_leads && !newest;
    if !fits || !ensemble.contains_quorum(chosen) || leads_behind || epoch > model.bounds.epochs {
        return None;
    }

    let mut after = *before;
    let history = before.at(leader).history;
    for place in chosen.places() {
        let server = &mut after.servers[place];
        server.epoch = epoch;
        server.history = history;
        server.follows = Some(leader);
        server.acknowledged = Default::default();
        server.committed = server.committed.min(history.len());
    }
    for place in chosen.places() {
        after.servers[usize::from(leader.0)].acknowledged[place] = history.len();
    }
    let given = &mut after.ghost.epochs;
    after.ghost.epoch_given_twice |= *given >> epoch & 1 == 1;
    *given |= 1 << epoch;
    commit(model, &mut after, leader);
    Some(after)
}

/// Whether a server runs and takes itself for the leader.
pub(super) fn leads(state: &State, leader: Server) -> bool {
    let own = state.at(leader);
    !own.stopped && own.follows == Some(leader)
}

/// A leader proposes the next change of the metadata.
fn propose(model: &Zookeeper, before: &State, leader: Server) -> Option<State> {
    let own = before.at(leader);
    let length = usize::from(own.history.len());
    if !leads(before, leader)
        || before.ghost.proposed >= model.bounds.transactions
        || length >= MOST_TRANSACTIONS
    {
        return None;
    }

    let mut after = *before;
    let own = &mut after.servers[usize::from(leader.0)];
    own.history.0[length] = Some(Transaction {
        epoch: own.epoch,
        change: before.ghost.proposed,
    });
    own.acknowledged[usize::from(leader.0)] = own.history.len();
    after.ghost.proposed += 1;
    commit(model, &mut after, leader);
    Some(after)
}

/// A follower takes over what its leader has proposed, and the leader counts it.
///
/// Source: `Leader.processAck`.
fn acknowledge(
    model: &Zookeeper,
    before: &State,
    follower: Server,
    leader: Server,
) -> Option<State> {
    let (own, leading) = (before.at(follower), before.at(leader));
    if !leads(before, leader)
        || own.follows != Some(leader)
        || own.epoch != leading.epoch
        || !before.meet(model, follower, leader)
    {
        return None;
    }

    let mut after = *before;
    let (history, committed) = (leading.history, leading.committed);
    let own = &mut after.servers[usize::from(follower.0)];
    own.history = history;
    own.committed = committed;
    after.servers[usize::from(leader.0)].acknowledged[usize::from(follower.0)] = history.len();
    commit(model, &mut after, leader);
    Some(after)
}

/// An observer takes over what its leader has committed, and only that; it may be late.
///
/// Source: `Leader.inform`, `ObserverZooKeeperServer`.
fn observe(model: &Zookeeper, before: &State, observer: Server, leader: Server) -> Option<State> {
    let ensemble = before.ensemble(model, leader);
    if !ensemble.servers[usize::from(observer.0)].observes
        || !leads(before, leader)
        || !before.meet(model, observer, leader)
    {
        return None;
    }

    let mut after = *before;
    let leading = before.at(leader);
    let own = &mut after.servers[usize::from(observer.0)];
    own.history = leading.history.first(leading.committed);
    own.committed = leading.committed;
    own.epoch = leading.epoch;
    Some(after)
}

/// What a quorum of the leader's ensemble holds is committed.
fn commit(model: &Zookeeper, after: &mut State, leader: Server) {
    let ensemble = after.ensemble(model, leader);
    let own = *after.at(leader);
    let held = |end: u8| {
        after.which(model, |server| {
            own.acknowledged[usize::from(server.0)] >= end
        })
    };
    let ends = (own.committed + 1..=own.history.len()).rev();
    let reached = ends
        .into_iter()
        .find(|end| ensemble.contains_quorum(held(*end)));
    let Some(end) = reached else {
        return;
    };
    after.servers[usize::from(leader.0)].committed = end;
    let known = after.ghost.committed;
    after.ghost.forked |= !own.history.agrees_below(&known, end.min(known.len()));
    if end > known.len() {
        for place in usize::from(known.len())..usize::from(end) {
            after.ghost.committed.0[place] = own.history.0[place];
        }
    }
}

/// No message passes between two datacenters.  A leader without a quorum steps down after `syncLimit`
/// ticks, or later: nothing here depends on when.
fn cut(model: &Zookeeper, before: &State, x: Datacenter, y: Datacenter) -> Option<State> {
    let mut after = *before;
    after.cut[x.index()] = after.cut[x.index()].with(y);
    after.cut[y.index()] = after.cut[y.index()].with(x);
    let place = model.bounds.cuts.iter().position(|cut| *cut == [x, y])?;
    after.ghost.spent[0] |= 1 << place;
    Some(after)
}

/// Every server of a datacenter stops, and does not come back.
fn lose(model: &Zookeeper, before: &State, x: Datacenter) -> Option<State> {
    let mut after = *before;
    for server in model.setting.servers() {
        if model.setting.home(server) == x {
            let own = &mut after.servers[usize::from(server.0)];
            own.stopped = true;
            own.follows = None;
            own.acknowledged = Default::default();
        }
    }
    let place = model.bounds.losses.iter().position(|lost| *lost == x)?;
    after.ghost.spent[1] |= 1 << place;
    Some(after)
}

/// An operator restarts the servers of a datacenter with a configuration that names nobody else.
fn break_out(model: &Zookeeper, before: &State, x: Datacenter) -> Option<State> {
    let place = model.bounds.break_outs.iter().position(|out| *out == x)?;
    let mut after = *before;
    for server in model.setting.servers() {
        let own = &mut after.servers[usize::from(server.0)];
        if model.setting.home(server) == x && !own.stopped {
            own.broken_out = true;
            own.follows = None;
            own.committed = 0;
            own.acknowledged = Default::default();
        }
    }
    after.ghost.spent[2] |= 1 << place;
    Some(after)
}
