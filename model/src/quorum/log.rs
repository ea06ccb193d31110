//! The metadata log of a node: whole and small, of identified entries.

use super::setting::{Node, Nodes};
use highwater_vocabulary::Member;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most entries of a log.
pub const MOST_ENTRIES: usize = 8;
/// Epochs that this model has room for: 0, in which nobody leads, and those after it.
pub const EPOCHS: usize = 7;

/// An epoch of the quorum: at most one leader belongs to it.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct Epoch(pub u8);

/// The end of a log or of a part of it, exclusive: an empty log ends at 0.
pub type End = u8;

/// Who votes: node ids, each with the directory that it must have (KIP-853).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Voters {
    /// The node ids.
    pub ids: Nodes,
    /// Those of them that are meant with the directory they got when they were formatted anew.
    pub renewed: Nodes,
}

/// What an entry says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum What {
    /// The control record with which a leader begins its epoch.
    LeaderChange,
    /// A record of the controller: a topic, a partition's ISR, whatever brokers act upon.
    Metadata(u8),
    /// A new voter set.
    Voters(Voters),
}

/// An entry of the metadata log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Under which epoch it was appended.
    pub epoch: Epoch,
    /// What it says.
    pub what: What,
}

/// A log, from offset 0 on; no snapshot ever takes the place of its beginning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Log {
    entries: [Option<Entry>; MOST_ENTRIES],
}

/// Where an epoch ends in a log: the epoch that was found, and its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EpochEnd {
    /// The largest epoch that is not above the one asked for.
    pub epoch: Epoch,
    /// Its end.
    pub end: End,
}

impl Log {
    /// Its end.
    pub fn end(&self) -> End {
        let full = self.entries.iter().position(Option::is_none);
        full.unwrap_or(MOST_ENTRIES) as End
    }

    /// Its entries, in order.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = Entry> + '_ {
        self.entries.iter().flatten().copied()
    }

    /// The entry at an offset.
    pub fn at(&self, offset: End) -> Option<Entry> {
        self.entries.get(usize::from(offset)).copied().flatten()
    }

    /// The epoch of the last entry; 0 if there is none.
    pub fn last_epoch(&self) -> Epoch {
        self.entries().next_back().unwrap_or(NOTHING).epoch
    }

    /// Whether there is room for so many entries more.
    pub fn has_room(&self, more: usize) -> bool {
        usize::from(self.end()) + more <= MOST_ENTRIES
    }

    /// Appends an entry.  A full log stays as it is: whoever appends asks for room first.
    pub fn append(&mut self, entry: Entry) {
        let end = usize::from(self.end());
        if let Some(free) = self.entries.get_mut(end) {
            *free = Some(entry);
        }
    }

    /// Drops everything from `end` on.
    pub fn truncate(&mut self, end: End) {
        for entry in self.entries.iter_mut().skip(end.into()) {
            *entry = None;
        }
    }

    /// Where the largest epoch ends that is not above `epoch`.
    ///
    /// Source: `RaftLog.endOffsetForEpoch`.
    pub fn end_of_epoch(&self, epoch: Epoch) -> EpochEnd {
        let below: Vec<Entry> = self
            .entries()
            .take_while(|entry| entry.epoch <= epoch)
            .collect();
        EpochEnd {
            epoch: below.last().unwrap_or(&NOTHING).epoch,
            end: below.len() as End,
        }
    }

    /// Whether both logs hold the same below `end`, and reach it.
    pub fn agrees_below(&self, other: &Log, end: End) -> bool {
        let end = usize::from(end);
        end <= MOST_ENTRIES
            && self.entries[..end] == other.entries[..end]
            && self.entries[..end].iter().all(Option::is_some)
    }

    /// The newest voter set below `end`, and the offset of its entry.
    pub fn voters_below(&self, end: End) -> Option<(End, Voters)> {
        let below = self.entries().take(end.into()).enumerate();
        let mut found = None;
        for (offset, entry) in below {
            if let What::Voters(voters) = entry.what {
                found = Some((offset as End, voters));
            }
        }
        found
    }
}

const NOTHING: Entry = Entry {
    epoch: Epoch(0),
    what: What::LeaderChange,
};

impl Voters {
    /// These nodes, with their first directories.
    pub fn first(ids: Nodes) -> Self {
        Voters {
            ids,
            renewed: Nodes::EMPTY,
        }
    }

    /// How many.
    pub fn len(self) -> usize {
        self.ids.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(self) -> bool {
        self.ids.is_empty()
    }

    /// Which directory of the node is meant: 0 for the first.
    pub fn directory(self, node: Node) -> u8 {
        u8::from(self.renewed.contains(node))
    }

    /// With a node and its directory.
    pub fn with(self, node: Node, directory: u8) -> Self {
        let without = self.without(node);
        Voters {
            ids: without.ids.with(node),
            renewed: match directory {
                0 => without.renewed,
                _ => without.renewed.with(node),
            },
        }
    }

    /// Without a node.
    pub fn without(self, node: Node) -> Self {
        Voters {
            ids: self.ids.without(node),
            renewed: self.renewed.without(node),
        }
    }
}

impl Entry {
    /// `m1'2`: a metadata record and its epoch; `lead'2`; `voters'2{north-1 south-1}`.
    pub fn text(&self, name: &dyn Fn(Node) -> String) -> String {
        let epoch = self.epoch.0;
        match self.what {
            What::LeaderChange => format!("lead'{epoch}"),
            What::Metadata(number) => format!("m{}'{epoch}", number + 1),
            What::Voters(voters) => {
                let names = voters.ids.iter().map(|node| {
                    let renewed = if voters.directory(node) > 0 { "*" } else { "" };
                    format!("{}{renewed}", name(node))
                });
                format!("voters'{epoch}{{{}}}", names.collect::<Vec<_>>().join(" "))
            }
        }
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Every node id below the most that there may be.
pub(super) fn every_node() -> impl Iterator<Item = Node> {
    (0..super::setting::MOST_NODES).map(Node::at)
}
