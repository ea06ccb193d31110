//! How a state was reached: from key to key back to a beginning, and then forward along them.

use super::Path;
use super::explorable::Explorable;
use super::packed::Packer;
use super::share::owner;
use super::visited::{Key, Visited};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use timely::dataflow::ProbeHandle;
use timely::dataflow::operators::core::OkErr;
use timely::dataflow::operators::vec::{Broadcast, Map, ToStream};
use timely::dataflow::operators::{Concat, ConnectLoop, Exchange, Feedback, Probe};
use timely::worker::Worker;

/// A way that is being followed back: what it is for, and the keys from there on, the last one first.
type Trail = (usize, Vec<Key>);

/// Follows each key back to a beginning; every worker gets every way, from the beginning on.
///
/// Who knows the parent of a state is whom the state belongs to, so a trail travels.
pub(super) fn back(
    worker: &mut Worker,
    wanted: &[(usize, Key)],
    visited: Visited,
) -> BTreeMap<usize, Vec<Key>> {
    let ways = Rc::new(RefCell::new(BTreeMap::new()));
    let probe = ProbeHandle::new();
    let peers = worker.peers();
    let begun = if worker.index() == 0 { wanted } else { &[] };
    let begun: Vec<Trail> = begun
        .iter()
        .map(|(what, key)| (*what, vec![*key]))
        .collect();
    worker.dataflow::<u32, _, _>(|scope| {
        let (further, trails) = scope.feedback::<Vec<Trail>>(1);
        let step = move |(what, mut keys): Trail| {
            let key = last(&keys);
            let parent = visited.parent(key).expect("its owner has seen it");
            if parent == key {
                keys.reverse();
                Err((what, keys))
            } else {
                keys.push(parent);
                Ok((what, keys))
            }
        };
        let (on, done) = begun
            .to_stream(scope)
            .concat(trails)
            .exchange(move |(_, keys)| owner(last(keys), peers) as u64)
            .ok_err::<Vec<Trail>, _, Vec<Trail>, _, _>(step);
        on.connect_loop(further);
        let ways = Rc::clone(&ways);
        done.broadcast()
            .map(move |(what, keys)| {
                ways.borrow_mut().insert(what, keys);
            })
            .probe_with(&probe);
    });
    worker.step_or_park_while(None, || !probe.done());
    ways.take()
}

fn last(keys: &[Key]) -> Key {
    *keys.last().expect("a trail has a key")
}

/// The path along these keys, from the one of a beginning on.
///
/// Each step is the smallest action that leads to the next key, which is how the key was reached first.
pub(super) fn forward<M: Explorable>(
    model: &M,
    packer: &mut Packer<M>,
    keys: &[Key],
) -> Path<M::State, M::Action> {
    let mut states = model.init_states().into_iter();
    let beginning = states
        .find(|state| packer.pack(model, state).key == keys[0])
        .expect("the first key is that of a beginning");
    let mut state = beginning.clone();
    let mut path = Vec::with_capacity(keys.len() - 1);
    for key in &keys[1..] {
        let mut actions = Vec::new();
        model.actions(&state, &mut actions);
        actions.sort_unstable();
        let step = actions.into_iter().find_map(|action| {
            let next = model.next_state(&state, action)?;
            (packer.pack(model, &next).key == *key).then_some((action, next))
        });
        let (action, next) = step.expect("each key was reached from the one before it");
        path.push(action);
        state = next;
    }
    Path {
        beginning,
        actions: path,
    }
}
