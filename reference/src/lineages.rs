//! Where the epochs before the newest begin, of partitions that have had more than one.
//!
//! A failover ends an epoch in many partitions at once, so what it leaves is kept a tile at a time: a
//! layer for each failover, with a place for each row.  A row to which something else has happened is
//! kept apart, by itself.

use crate::spans::Span;
use crate::sweeps::TILE;
use std::collections::BTreeMap;
use std::ops::Range;

/// The older epochs of all rows of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lineages {
    /// Of each tile, oldest first; those of tiles beyond the last are empty.
    tiles: Vec<Vec<Layer>>,
    /// Rows of which the layers do not say it all, or say too much.
    apart: BTreeMap<u32, Vec<Span>>,
}

/// An epoch of each row of a tile that has one here.
#[derive(Clone, Debug)]
struct Layer {
    /// 0 where a row has none: no partition has ever been in epoch 0.
    epoch: Box<[u32]>,
    start: Box<[u64]>,
}

impl Lineages {
    /// The older epochs of a row, oldest first.
    pub(crate) fn of(&self, row: usize) -> Vec<Span> {
        match self.apart.get(&(row as u32)) {
            Some(spans) => spans.clone(),
            None => self.in_layers(row).collect(),
        }
    }

    /// The older epochs of a row are these.
    pub(crate) fn set(&mut self, row: usize, spans: Vec<Span>) {
        if self.in_layers(row).eq(spans.iter().copied()) {
            self.apart.remove(&(row as u32));
        } else {
            self.apart.insert(row as u32, spans);
        }
    }

    /// An epoch of each of these rows, which lie in one tile, has become an older one.
    pub(crate) fn push(&mut self, rows: Range<usize>, epoch: &[u32], start: &[u64]) {
        self.push_apart(rows.clone(), epoch, start);
        let layer = self.free_layer(rows.clone());
        let first = rows.start % TILE;
        let places = first..first + rows.len();
        layer.epoch[places.clone()].copy_from_slice(epoch);
        layer.start[places].copy_from_slice(start);
    }

    /// How much memory it takes, but for rows that are kept apart.
    pub(crate) fn bytes(&self) -> usize {
        let layers: usize = self.tiles.iter().map(Vec::len).sum();
        let layer = size_of::<Layer>() + TILE * (size_of::<u32>() + size_of::<u64>());
        layers * layer + self.tiles.len() * size_of::<Vec<Layer>>()
    }

    fn in_layers(&self, row: usize) -> impl Iterator<Item = Span> + use<'_> {
        let layers = self.tiles.get(row / TILE).map_or(&[][..], Vec::as_slice);
        let place = row % TILE;
        let noted = layers.iter().filter(move |layer| layer.epoch[place] != 0);
        noted.map(move |layer| Span {
            epoch: layer.epoch[place],
            writing: 0,
            noted: true,
            start: layer.start[place],
        })
    }

    fn push_apart(&mut self, rows: Range<usize>, epoch: &[u32], start: &[u64]) {
        let first = rows.start as u32;
        for (row, spans) in self.apart.range_mut(first..rows.end as u32) {
            let place = (row - first) as usize;
            spans.push(Span {
                epoch: epoch[place],
                writing: 0,
                noted: true,
                start: start[place],
            });
        }
    }

    /// A layer above all that these rows have.
    fn free_layer(&mut self, rows: Range<usize>) -> &mut Layer {
        let tile = rows.start / TILE;
        if self.tiles.len() <= tile {
            self.tiles.resize_with(tile + 1, Vec::new);
        }
        let first = rows.start % TILE;
        let layers = &mut self.tiles[tile];
        let is_free = layers.last().is_some_and(|last| {
            let places = &last.epoch[first..first + rows.len()];
            places.iter().fold(0, |any, epoch| any | epoch) == 0
        });
        if !is_free {
            layers.push(Layer {
                epoch: vec![0; TILE].into_boxed_slice(),
                start: vec![0; TILE].into_boxed_slice(),
            });
        }
        let newest = layers.len() - 1;
        &mut layers[newest]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(epoch: u32, start: u64) -> Span {
        Span {
            epoch,
            writing: 0,
            noted: true,
            start,
        }
    }

    #[test]
    fn rows_keep_their_own_epochs_in_shared_layers() {
        let mut lineages = Lineages::default();
        lineages.push(TILE..TILE + 3, &[1, 1, 2], &[0, 0, 5]);
        lineages.push(TILE + 1..TILE + 2, &[2], &[7]);
        lineages.push(TILE + 3..TILE + 4, &[4], &[1]);
        assert_eq!(lineages.of(TILE), [span(1, 0)]);
        assert_eq!(lineages.of(TILE + 1), [span(1, 0), span(2, 7)]);
        assert_eq!(lineages.of(TILE + 2), [span(2, 5)]);
        assert_eq!(lineages.of(TILE + 3), [span(4, 1)]);
        assert_eq!(lineages.of(0), []);
        assert_eq!(lineages.tiles[1].len(), 2, "one layer for what was free");
    }

    #[test]
    fn a_row_that_went_its_own_way_is_kept_apart_until_it_is_back() {
        let mut lineages = Lineages::default();
        lineages.push(0..2, &[1, 1], &[0, 0]);
        lineages.set(1, Vec::new());
        assert_eq!(lineages.of(1), []);
        lineages.push(0..2, &[2, 3], &[4, 4]);
        assert_eq!(lineages.of(0), [span(1, 0), span(2, 4)]);
        assert_eq!(lineages.of(1), [span(3, 4)]);
        lineages.set(1, vec![span(1, 0), span(3, 4)]);
        assert!(lineages.apart.is_empty());
    }
}
