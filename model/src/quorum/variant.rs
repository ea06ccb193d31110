//! What a Kafka version, a way of running it, or an experiment changes.

use super::{Guard, GuardSet};

/// What differs between versions and installations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Switches {
    /// A voter asks whether it would be elected before it stands for election (KIP-996).
    pub pre_vote: bool,
    /// A leader that no majority fetches from resigns (KAFKA-15489).
    pub check_quorum: bool,
    /// The voters are named in every node's configuration, by id alone (kraft.version 0).
    pub static_voters: bool,
    /// Whoever formats a disk anew gives it the directory id that it had: what
    /// `kafka-storage format --initial-controllers …` does when it is run a second time
    /// (`Formatter.doFormat`).
    pub same_directory: bool,
}

impl Switches {
    /// The names, as experiments write them.
    pub const NAMES: [&'static str; 4] = [
        "pre_vote",
        "check_quorum",
        "static_voters",
        "same_directory",
    ];

    /// The versions that are modelled, oldest first.
    pub const VERSIONS: [&'static str; 4] = ["3.5", "3.9", "4.0", "4.1"];

    /// Those of a version; none if it is not modelled.
    ///
    /// Before 3.9 every quorum has static voters; from then on they are the old way (KIP-853).
    pub fn of(version: &str) -> Option<Switches> {
        let [pre_vote, check_quorum, static_voters] = match version {
            "3.5" => [false, false, true],
            "3.9" => [false, true, false],
            "4.0" | "4.1" => [true, true, false],
            _ => return None,
        };
        Some(Switches {
            pre_vote,
            check_quorum,
            static_voters,
            same_directory: false,
        })
    }

    /// The switch of that name.
    pub fn named(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "pre_vote" => &mut self.pre_vote,
            "check_quorum" => &mut self.check_quorum,
            "static_voters" => &mut self.static_voters,
            "same_directory" => &mut self.same_directory,
            _ => return None,
        })
    }
}

/// Switches, and the guards that are waived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Variant {
    /// What the version has.
    pub switches: Switches,
    /// What is left out to see what breaks.
    pub waived: GuardSet,
}

impl Variant {
    /// A version as it is; none if it is not modelled.
    pub fn of(version: &str) -> Option<Variant> {
        Some(Variant {
            switches: Switches::of(version)?,
            waived: GuardSet::default(),
        })
    }

    /// The newest version.
    pub fn newest() -> Variant {
        let newest = Switches::VERSIONS.last().and_then(|name| Variant::of(name));
        newest.expect("the last of the versions is one of them")
    }

    /// With these guards waived as well.
    pub fn without(mut self, guards: &[Guard]) -> Variant {
        for guard in guards {
            self.waived = self.waived.with(*guard);
        }
        self
    }
}
