//! What clients ask for, and how it goes on.

use super::graph::Goals;
use highwater_vocabulary::{Datacenter, MOST_DATACENTERS, Member};

/// What a client asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Service {
    /// A write is answered, under the acks of the topic.
    Writes,
    /// Something committed is read.
    Reads,
    /// A change of metadata is committed.
    Metadata,
}

impl Service {
    /// Every one.
    pub const ALL: [Service; 3] = [Service::Writes, Service::Reads, Service::Metadata];

    /// As files and JSON write it.
    pub fn name(self) -> &'static str {
        match self {
            Service::Writes => "writes-available",
            Service::Reads => "reads-available",
            Service::Metadata => "metadata-available",
        }
    }
}

/// How a service goes on once the faults of a row have happened and nothing more fails, the best
/// first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Word {
    /// By itself.
    Automatic,
    /// Only when something that was lost is back.
    AfterHeal,
    /// Not even then, unless an operator does something.
    Manual,
    /// Not at all.
    Never,
    /// It is not known: not everything was looked at.
    Incomplete,
}

impl Word {
    /// Those that a goal may name, the best first.
    pub const DEMANDED: [Word; 4] = [Word::Automatic, Word::AfterHeal, Word::Manual, Word::Never];

    /// The word of that name, if a goal may name it.
    pub fn named(name: &str) -> Option<Word> {
        Word::DEMANDED.into_iter().find(|word| word.name() == name)
    }

    /// As files and JSON write it.
    pub fn name(self) -> &'static str {
        match self {
            Word::Automatic => "automatic",
            Word::AfterHeal => "after-heal",
            Word::Manual => "manual",
            Word::Never => "never",
            Word::Incomplete => "incomplete",
        }
    }
}

/// That a client of a datacenter gets a service.
pub(super) fn goal(service: Service, client: Datacenter) -> Goals {
    1 << (service as usize * MOST_DATACENTERS + client.index())
}

/// That not everything was looked at.
pub(super) const UNKNOWN: Goals = 1 << 31;

const _: () = assert!(
    Service::ALL.len() * MOST_DATACENTERS < 31,
    "a goal is a bit below the one for what is not known"
);
