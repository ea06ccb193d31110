//! How a state is written down, and what it is known by.
//!
//! Written with postcard: one byte after the other as serde hands them out, integers of more than a
//! byte in as few as they need.  The key is XXH3 (64 bits, seed 0) of that, so it is the same on every
//! machine.  Where the model cannot tell some names apart it is the least key of all the images of a
//! state; the state itself is kept as it came about, so histories stay readable.

use super::explorable::Explorable;
use super::visited::Key;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

/// Writes states down, one after the other in the same room.
pub(super) struct Packer<M: Explorable> {
    room: Vec<u8>,
    automorphisms: Vec<M::Names>,
    images: Vec<Key>,
}

/// A state that has been written down.
pub(super) struct Packed<'a> {
    pub(super) key: Key,
    pub(super) bytes: &'a [u8],
    /// How many states it stands for, itself included.
    pub(super) orbit: usize,
}

impl<M: Explorable> Packer<M> {
    pub(super) fn new(automorphisms: Vec<M::Names>) -> Self {
        Packer {
            room: vec![0; 1024],
            images: Vec::with_capacity(automorphisms.len() + 1),
            automorphisms,
        }
    }

    pub(super) fn has_automorphisms(&self) -> bool {
        !self.automorphisms.is_empty()
    }

    pub(super) fn pack(&mut self, model: &M, state: &M::State) -> Packed<'_> {
        self.images.clear();
        for names in &self.automorphisms {
            let image = model.renamed(state, names);
            self.images.push(key_of(&image, &mut self.room));
        }
        let length = write(&mut self.room, state);
        self.images.push(xxh3_64(&self.room[..length]));
        self.images.sort_unstable();
        self.images.dedup();
        Packed {
            key: self.images[0],
            bytes: &self.room[..length],
            orbit: self.images.len(),
        }
    }
}

/// What a state is known by if no names are interchangeable; `room` is what it is written into on the
/// way, and can be used again.
pub fn key_of(state: &impl Serialize, room: &mut Vec<u8>) -> u64 {
    let length = write(room, state);
    xxh3_64(&room[..length])
}

/// Writes `state` into `room`, which grows as needed, and says how long it became.
fn write(room: &mut Vec<u8>, state: &impl Serialize) -> usize {
    loop {
        match postcard::to_slice(state, room) {
            Ok(written) => return written.len(),
            Err(postcard::Error::SerializeBufferFull) => room.resize((room.len() * 2).max(64), 0),
            Err(error) => panic!("a state cannot be written down: {error}"),
        }
    }
}

/// The state that was written down.
pub(super) fn unpacked<M: Explorable>(bytes: &[u8]) -> M::State {
    postcard::from_bytes(bytes).expect("what was written down can be read")
}
