//! Offsets and epochs as a state holds them: one byte each, because explored histories are short
//! and a state is copied for every event.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
        pub struct $name(pub u8);

        impl $name {
            /// The last there is: nothing committed has it, so that `next` always is another one.
            pub const LAST: Self = $name(u8::MAX);

            /// The next one.
            pub fn next(self) -> Self {
                $name(self.0.saturating_add(1))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// A position in a log.  Every end is exclusive: an empty log ends at 0.
    End
}
number! {
    /// Which election a leader owes its office to (KIP-101); the first is 1, and 0 is none.
    LeaderEpoch
}
number! {
    /// How often the controller has changed the partition (KIP-497); relative to the oldest change
    /// that anybody may still read, see `settle`.
    PartitionEpoch
}
number! {
    /// Which registration a broker acts under (KIP-380); the first is 1, and 0 is none.
    ///
    /// Kafka takes the offset of the registration record, we count: only equality and order matter.
    BrokerEpoch
}

impl End {
    /// As a place in an array.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}
