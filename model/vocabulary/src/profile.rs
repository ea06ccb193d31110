//! The names of the Kafka versions that are modelled.

use std::fmt;
use std::str::FromStr;

/// A Kafka version, by name.  What it switches on is written in the model, and once more in the
/// engine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Profile {
    /// Kafka 0.10 with ZooKeeper, as of 0.10.2.1: followers truncate to their watermarks.
    V0_10,
    /// Kafka 1.0 with ZooKeeper, as of 1.0.0: followers ask where their newest leader epoch ends (KIP-101).
    V1_0,
    /// Kafka 2.0 with ZooKeeper, as of 2.0.1: and are told which epoch the answer is about (KIP-279).
    V2_0,
    /// Kafka 2.1 with ZooKeeper, as of 2.1.0: leaders write the ISR themselves.
    V2_1,
    /// Kafka 2.7 with ZooKeeper, as of 2.7.0, inter-broker protocol 2.7: leaders ask the controller
    /// (KIP-497), control requests carry broker epochs (KIP-380).
    V2_7,
    /// Kafka 3.3 with KRaft, as of 3.3.2: ISR changes do not say under which registration a member fetches.
    V3_3,
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
    pub const ALL: [Profile; 10] = [
        Profile::V0_10,
        Profile::V1_0,
        Profile::V2_0,
        Profile::V2_1,
        Profile::V2_7,
        Profile::V3_3,
        Profile::V3_5,
        Profile::V3_9,
        Profile::V4_0,
        Profile::V4_1,
    ];

    /// Those whose metadata is kept by a KRaft quorum.
    pub const KRAFT: [Profile; 5] = [
        Profile::V3_3,
        Profile::V3_5,
        Profile::V3_9,
        Profile::V4_0,
        Profile::V4_1,
    ];

    /// Those whose metadata is kept in ZooKeeper.
    pub const ZOOKEEPER: [Profile; 5] = [
        Profile::V0_10,
        Profile::V1_0,
        Profile::V2_0,
        Profile::V2_1,
        Profile::V2_7,
    ];

    /// The newest modelled: what a file that names no version gets.
    pub const NEWEST: Profile = Profile::V4_1;

    /// Whether the metadata of this version is kept in ZooKeeper.
    pub fn has_zookeeper(self) -> bool {
        Profile::ZOOKEEPER.contains(&self)
    }

    /// As files and stories write it.
    pub fn name(self) -> &'static str {
        match self {
            Profile::V0_10 => "0.10",
            Profile::V1_0 => "1.0",
            Profile::V2_0 => "2.0",
            Profile::V2_1 => "2.1",
            Profile::V2_7 => "2.7",
            Profile::V3_3 => "3.3",
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
