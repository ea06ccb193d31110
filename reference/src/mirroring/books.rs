//! What applications keep beside Kafka, of one row: what is about to be counted, and what is counted.

use highwater_vocabulary::Member;
use highwater_vocabulary::Record;
use highwater_vocabulary::mirroring::{Cluster, DatabaseView, Setting};

/// A record as it is counted: without a name, if nobody named it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    pub record: Option<Record>,
    pub window: u64,
}

/// What stands in a database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Page {
    pub lines: Vec<Line>,
    /// The place that was stored in the same transaction, of each topic-partition.
    pub places: Vec<Option<u64>>,
}

/// The books of a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Book {
    /// What consumers have in memory, and at which cluster.
    pub memory: Vec<(Cluster, Line)>,
    /// The database of each cluster.
    pub pages: Vec<Page>,
}

impl Page {
    pub(crate) fn blank(setting: &Setting) -> Page {
        Page {
            lines: Vec::new(),
            places: vec![None; setting.partitions.len()],
        }
    }

    pub(crate) fn view(&self) -> DatabaseView {
        let places = self.places.iter();
        DatabaseView {
            counts: told(self.lines.iter().copied()),
            places: places
                .map(|place| place.map(highwater_vocabulary::Offset))
                .collect(),
        }
    }
}

impl Book {
    pub(crate) fn new(setting: &Setting) -> Book {
        Book {
            memory: Vec::new(),
            pages: vec![Page::blank(setting); setting.clusters.len()],
        }
    }

    /// What consumers at a cluster have in memory.
    pub(crate) fn memory_of(&self, at: Cluster) -> impl Iterator<Item = Line> + '_ {
        let of = self
            .memory
            .iter()
            .filter(move |(cluster, _)| *cluster == at);
        of.map(|(_, line)| *line)
    }

    pub(crate) fn forget(&mut self, at: Cluster) {
        self.memory.retain(|(cluster, _)| *cluster != at);
    }

    pub(crate) fn page(&mut self, of: Cluster) -> &mut Page {
        &mut self.pages[of.index()]
    }
}

/// Lines in the order of records and windows; what nobody named is not told.
pub(crate) fn told(lines: impl Iterator<Item = Line>) -> Vec<(Record, u8)> {
    let window = |line: Line| u8::try_from(line.window).unwrap_or(u8::MAX);
    let mut told: Vec<_> = lines
        .filter_map(|line| Some((line.record?, window(line))))
        .collect();
    told.sort_unstable();
    told
}
