//! What a worker remembers: which states it has seen, and those of the level at hand.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

/// What a state is known by: a fixed hash of what serde writes of it.
pub(super) type Key = u64;

/// Every state seen so far, each with the state that it was first reached from; a beginning with
/// itself.
#[derive(Default)]
pub(super) struct Visited(HashMap<Key, Key, BuildHasherDefault<Itself>>);

impl Visited {
    pub(super) fn contains(&self, key: Key) -> bool {
        self.0.contains_key(&key)
    }

    pub(super) fn parent(&self, key: Key) -> Option<Key> {
        self.0.get(&key).copied()
    }

    /// Room for so many more, so that it grows once a level and not while it is read.
    pub(super) fn reserve(&mut self, more: usize) {
        self.0.reserve(more);
    }

    pub(super) fn insert(&mut self, key: Key, parent: Key) {
        self.0.insert(key, parent);
    }

    /// What it takes in memory, and what it will take while it grows to hold so many more.
    pub(super) fn bytes(&self, more: usize) -> usize {
        let now = table_bytes::<(Key, Key)>(self.0.capacity());
        match self.0.len() + more > self.0.capacity() {
            true => now + table_bytes::<(Key, Key)>(self.0.len() + more),
            false => now,
        }
    }
}

/// What a hash table for so many entries takes: it is at most seven eighths full, its size is a power
/// of two, and it has a byte for each place beside the entry.
fn table_bytes<Entry>(entries: usize) -> usize {
    match entries {
        0 => 0,
        _ => (entries * 8 / 7).next_power_of_two() * (size_of::<Entry>() + 1),
    }
}

/// The states of one level: each known by its key, packed, with how it was reached.
pub(super) struct Level<Action> {
    places: HashMap<Key, u32, BuildHasherDefault<Itself>>,
    states: Vec<Reached<Action>>,
    /// What serde writes of the states, one behind the other, in blocks so that growing copies
    /// nothing.
    blocks: Vec<Vec<u8>>,
}

/// A state, and the best way to it that is known: of all ways of this length the one that ends with the
/// smallest action, and of those the one from the smallest key.
#[derive(Clone, Copy)]
pub(super) struct Reached<Action> {
    pub(super) key: Key,
    pub(super) way: Way<Action>,
    block: u32,
    start: u32,
    length: u32,
}

/// The last step to a state: the action, and the key of the state before it.  The smaller one is the
/// better one.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize,
)]
pub(super) struct Way<Action> {
    /// Nothing for a state that a history may begin with.
    pub(super) action: Option<Action>,
    pub(super) parent: Key,
}

const BLOCK: usize = 1 << 20;

impl<Action> Default for Level<Action> {
    fn default() -> Self {
        Level {
            places: HashMap::default(),
            states: Vec::new(),
            blocks: Vec::new(),
        }
    }
}

impl<Action: Copy + Ord> Level<Action> {
    /// Takes note of a state and of a way to it, unless it was seen on an earlier level.
    pub(super) fn offer(&mut self, visited: &Visited, key: Key, way: Way<Action>, packed: &[u8]) {
        match self.places.entry(key) {
            Entry::Vacant(_) if visited.contains(key) => {}
            Entry::Vacant(vacant) => {
                vacant.insert(self.states.len() as u32);
                let reached = pack(&mut self.blocks, key, way, packed);
                self.states.push(reached);
            }
            Entry::Occupied(known) => {
                let known = &mut self.states[*known.get() as usize];
                if way < known.way {
                    // Under symmetry the better way may lead to the same state under other names.
                    *known = pack(&mut self.blocks, key, way, packed);
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    pub(super) fn states(&self) -> &[Reached<Action>] {
        &self.states
    }

    pub(super) fn packed(&self, reached: &Reached<Action>) -> &[u8] {
        let start = reached.start as usize;
        &self.blocks[reached.block as usize][start..start + reached.length as usize]
    }

    /// No more will be offered: only what [`Level::states`] and [`Level::packed`] need is kept.
    pub(super) fn close(&mut self) {
        self.places = HashMap::default();
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        table_bytes::<(Key, u32)>(self.places.capacity())
            + self.states.capacity() * size_of::<Reached<Action>>()
            + self.blocks.iter().map(Vec::capacity).sum::<usize>()
    }
}

fn pack<Action>(
    blocks: &mut Vec<Vec<u8>>,
    key: Key,
    way: Way<Action>,
    packed: &[u8],
) -> Reached<Action> {
    let has_room = |block: &Vec<u8>| block.len() + packed.len() <= block.capacity();
    if !blocks.last().is_some_and(has_room) {
        // The first block of a small space is small.
        let size = if blocks.is_empty() { BLOCK / 64 } else { BLOCK };
        blocks.push(Vec::with_capacity(size.max(packed.len())));
    }
    let number = blocks.len() - 1;
    let block = &mut blocks[number];
    let start = block.len();
    block.extend_from_slice(packed);
    Reached {
        key,
        way,
        block: number as u32,
        start: start as u32,
        length: packed.len() as u32,
    }
}

/// A key is a hash already.
#[derive(Default)]
pub(super) struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only keys are hashed by themselves")
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
