//! Numbers that a seed decides, the same on every machine and with every version of this program's
//! dependencies: the n-th is the hash of n under the seed.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Draws numbers, one after another.
#[derive(Clone, Debug)]
pub struct Lot {
    seed: u64,
    drawn: u64,
}

impl Lot {
    /// The numbers of a seed.
    pub fn of(seed: u64) -> Lot {
        Lot { seed, drawn: 0 }
    }

    /// The numbers of one case among those of a seed.
    pub fn of_case(seed: u64, case: u64) -> Lot {
        Lot::of(xxh3_64_with_seed(&case.to_le_bytes(), seed))
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.drawn += 1;
        xxh3_64_with_seed(&self.drawn.to_le_bytes(), self.seed)
    }

    /// The next number, below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        (self.draw() % end.max(1) as u64) as usize
    }

    /// Once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of several.
    ///
    /// # Panics
    /// If there is none.
    pub fn one_of<T: Copy>(&mut self, several: &[T]) -> T {
        several[self.below(several.len())]
    }
}
