//! What may be tried in a state: the ∃ before every rule.
//!
//! The enumerator may offer too much, because the guards decide; it must never offer too little.

use super::bounds::has_left;
use super::setting::{Fault, Node};
use super::state::Role;
use super::{Event, Quorum, State};

/// Lists in `events` what may be tried in `state`.
pub fn offer(model: &Quorum, state: &State, events: &mut Vec<Event>) {
    for node in model.setting.nodes() {
        offer_alone(model, state, node, events);
        for other in model.setting.nodes().filter(|other| *other != node) {
            offer_between(model, state, node, other, events);
        }
    }
    if model.bounds.repairs {
        offer_links(model, state, events);
    }
    for fault in model.faults.different() {
        if has_left(model, state, fault) {
            offer_fault(model, state, fault, events);
        }
    }
}

/// What a node does by itself.
fn offer_alone(model: &Quorum, state: &State, node: Node, events: &mut Vec<Event>) {
    let own = &state.nodes[node];
    if own.stopped {
        if model.bounds.repairs {
            events.push(Event::Restart(node));
        }
        return;
    }
    let timely = model.bounds.timely;
    if own.tenure().is_none() {
        if !timely || !has_leader_to_fetch_from(model, state, node) {
            events.push(Event::TimeOut(node));
        }
        return;
    }
    if !timely || !could_be_followed(model, state, node) {
        events.push(Event::Resign(node));
    }
    if state.ghost.spent.records < model.bounds.records {
        events.push(Event::Append(node, state.ghost.spent.records));
    }
}

/// What a node does with another one.
fn offer_between(model: &Quorum, state: &State, node: Node, other: Node, events: &mut Vec<Event>) {
    let own = &state.nodes[node];
    match own.role {
        _ if own.stopped => {}
        Role::Prospective(_) => {
            events.push(Event::PreVote(node, other));
            events.push(Event::PreVoteLost(node, other));
        }
        Role::Candidate(_) => {
            events.push(Event::Vote(node, other));
            events.push(Event::VoteLost(node, other));
        }
        Role::Leader(_) => {
            events.push(Event::Begin(node, other));
            events.push(Event::Parked(other, node));
            if state.ghost.spent.changes < model.bounds.changes {
                events.push(Event::AddVoter(node, other));
                events.push(Event::RemoveVoter(node, other));
                events.push(Event::RemoveVoter(node, node));
            }
        }
        Role::Follower { .. } | Role::Unattached => {
            events.push(Event::Fetch(node, other));
            events.push(Event::FetchLost(node, other));
            if model.bounds.parts {
                events.push(Event::FetchPart(node, other));
            }
        }
        Role::Resigned => {}
    }
}

/// Whether a voter follows a leader of its epoch and reaches it, so that its time-out does not end.
fn has_leader_to_fetch_from(model: &Quorum, state: &State, node: Node) -> bool {
    let own = &state.nodes[node];
    let follows = matches!(own.role, Role::Follower { .. } | Role::Unattached);
    let leaders = &mut state.leaders(model);
    follows
        && leaders.any(|(leader, leading)| {
            leading.epoch == own.epoch && state.connects(model, node, leader)
        })
}

/// Whether a majority of the voters could fetch from a leader: who runs, reaches it, and is not in a
/// later epoch.
pub fn could_be_followed(model: &Quorum, state: &State, leader: Node) -> bool {
    let leading = &state.nodes[leader];
    let voters = leading.voters(model);
    let fetching = voters.ids.iter().filter(|voter| {
        let own = &state.nodes[*voter];
        let reaches = state.connects(model, *voter, leader);
        *voter == leader || (!own.stopped && own.epoch <= leading.epoch && reaches)
    });
    2 * fetching.count() > voters.len()
}

fn offer_links(model: &Quorum, state: &State, events: &mut Vec<Event>) {
    use highwater_vocabulary::Member;
    for x in model.setting.every_datacenter() {
        for y in state.cut_from[x.index()].iter() {
            if x < y || !state.cut_from[y.index()].contains(x) {
                events.push(Event::Heal(x, y));
            }
        }
    }
}

fn offer_fault(model: &Quorum, state: &State, fault: Fault, events: &mut Vec<Event>) {
    match fault {
        Fault::VoterCrash => events.extend(model.setting.nodes().map(Event::Crash)),
        Fault::VoterWiped => events.extend(model.setting.nodes().map(Event::Wipe)),
        Fault::VoterPowerLoss => {
            for node in model.setting.nodes() {
                let own = &state.nodes[node];
                // One that loses nothing is a crash.
                let losses = 1..=own.log.end() - own.flushed;
                events.extend(losses.map(|lost| Event::PowerLoss(node, lost)));
            }
        }
        Fault::DatacenterLoss(x) => events.push(Event::Lose(x)),
        Fault::Cut(x, y) => events.push(Event::Cut(x, y)),
        Fault::OneWayCut(x, y) => events.push(Event::CutFrom(x, y)),
    }
}
