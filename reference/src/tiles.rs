//! Which tiles of a table have been touched, a bit a tile: so that a sweep costs by what has
//! changed, not by how much there is.

use crate::sweeps::TILE;
use std::ops::Range;

/// A set of tiles.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tiles {
    words: Vec<u64>,
    rows: usize,
}

impl Tiles {
    /// None of the tiles of so many rows.
    pub fn none(rows: usize) -> Tiles {
        Tiles {
            words: vec![0; rows.div_ceil(TILE).div_ceil(64)],
            rows,
        }
    }

    /// The tile of this row is touched.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn touch(&mut self, row: usize) {
        assert!(row < self.rows, "row {row} is not in the table");
        let tile = row / TILE;
        self.words[tile / 64] |= 1 << (tile % 64);
    }

    /// No tile is.
    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    /// The rows of each touched tile, in order.
    pub fn touched(&self) -> impl Iterator<Item = Range<usize>> + use<'_> {
        self.words
            .iter()
            .enumerate()
            .flat_map(move |(place, word)| {
                let mut rest = *word;
                std::iter::from_fn(move || {
                    let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                    rest &= rest - 1;
                    let start = (place * 64 + bit) * TILE;
                    Some(start..(start + TILE).min(self.rows))
                })
            })
    }
}
