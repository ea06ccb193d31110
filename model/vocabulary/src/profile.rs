//! The names of the Kafka versions that are modelled.

use std::fmt;
use std::str::FromStr;

/// A Kafka version, by name.  What it switches on is written in the model, and once more in the
/// engine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Profile {
    /// Kafka 3.5 with KRaft, as of 3.5.0.
    V3_5,
    /// Kafka 3.9 with KRaft, as of 3.9.1.
    V3_9,
    /// Kafka 4.0, as of 4.0.0.
    V4_0,
    /// Kafka 4.1, as of 4.1.0.
    V4_1,
}

impl Profile {
    /// Oldest first.
    pub const ALL: [Profile; 4] = [Profile::V3_5, Profile::V3_9, Profile::V4_0, Profile::V4_1];

    /// The newest modelled: what a file that names no version gets.
    pub const NEWEST: Profile = Profile::V4_1;

    /// As files and stories write it.
    pub fn name(self) -> &'static str {
        match self {
            Profile::V3_5 => "3.5",
            Profile::V3_9 => "3.9",
            Profile::V4_0 => "4.0",
            Profile::V4_1 => "4.1",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Profile::ALL
            .into_iter()
            .find(|profile| profile.name() == name)
            .ok_or(())
    }
}
