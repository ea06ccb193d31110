//! How far and how late: offsets and epochs, as they are printed and compared between engines.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A position in a log.  Every end is exclusive: an empty log ends at 0.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct Offset(pub u64);

/// Which election a leader owes its office to; it grows with every election (KIP-101).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct LeaderEpoch(pub u32);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for LeaderEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
