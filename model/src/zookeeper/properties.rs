//! What ought to hold.

use super::state::State;
use super::{Server, Zookeeper};

type Condition = fn(&Zookeeper, &State) -> bool;

/// Something that ought to hold in every state.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub sentence: &'static str,
    /// The same as a formula.
    pub formula: &'static str,
    /// Whether it holds in a state.
    pub holds: Condition,
    /// What must be the case for it to say something.
    pub arising: &'static str,
    /// Whether that is the case in a state.
    pub arises: Condition,
}

impl Property {
    /// Every one.
    pub const ALL: &'static [Property] = &[
        Property {
            name: "leader-complete",
            sentence: "A leader of the newest epoch holds everything ever committed.",
            formula: "leads(s) ∧ epoch(s) = max epoch ⇒ committed ⊑ history(s)",
            holds: leader_complete,
            arising: "a leader is elected after something was committed",
            arises: elected_after_commit,
        },
        Property {
            name: "one-history",
            sentence: "Whatever is committed at a place stays what is committed there.",
            formula: "no commit contradicts an earlier one",
            holds: |_, state| !state.ghost.forked,
            arising: "something is committed",
            arises: |_, state| !state.ghost.committed.is_empty(),
        },
        Property {
            name: "one-leader-per-epoch",
            sentence: "No epoch is given to two leaders.",
            formula: "elected(s, e) ∧ elected(t, e) ⇒ s = t",
            holds: |_, state| !state.ghost.epoch_given_twice,
            arising: "two servers take themselves for the leader",
            arises: |model, state| leaders(model, state).count() > 1,
        },
        Property {
            name: "one-side-commits",
            sentence: "No two leaders can both commit: at most one has a quorum of its own ensemble.",
            formula: "quorate(s) ∧ quorate(t) ⇒ s = t",
            holds: |model, state| quorate(model, state).count() < 2,
            arising: "a leader has a quorum",
            arises: |model, state| quorate(model, state).count() > 0,
        },
    ];
}

fn leaders<'s>(
    model: &Zookeeper,
    state: &'s State,
) -> impl Iterator<Item = Server> + Clone + use<'s> {
    let servers = model.setting.servers();
    servers.filter(|server| {
        let own = state.at(*server);
        !own.stopped && own.follows == Some(*server)
    })
}

/// The leaders that a quorum of their ensemble follows and can still acknowledge.
fn quorate<'s>(model: &'s Zookeeper, state: &'s State) -> impl Iterator<Item = Server> + use<'s> {
    leaders(model, state).filter(|leader| {
        let following = state.which(model, |server| {
            let own = state.at(server);
            own.follows == Some(*leader)
                && own.epoch == state.at(*leader).epoch
                && (server == *leader || state.meet(model, server, *leader))
        });
        state.ensemble(model, *leader).contains_quorum(following)
    })
}

fn leader_complete(model: &Zookeeper, state: &State) -> bool {
    let newest = model.setting.servers().map(|server| state.at(server).epoch);
    let newest = newest.max();
    let committed = &state.ghost.committed;
    let mut current =
        leaders(model, state).filter(|leader| Some(state.at(*leader).epoch) == newest);
    current.all(|leader| {
        let history = &state.at(leader).history;
        history.len() >= committed.len() && history.agrees_below(committed, committed.len())
    })
}

fn elected_after_commit(model: &Zookeeper, state: &State) -> bool {
    let last = state.ghost.committed.last().0;
    !state.ghost.committed.is_empty()
        && leaders(model, state).any(|leader| state.at(leader).epoch > last)
}
