//! Whether what the controllers committed is still on somebody's disk.
//!
//! A record of metadata is committed once a quorum of the voters has flushed it.  So it is lost if
//! the disks of a quorum are, and kept if not: any quorum then has a disk elsewhere.  ZooKeeper's observers
//! have it as well, later or never: they do not count.
//!
//! **Deliberately absent:** what voters do that come back with an empty disk.  With a static quorum
//! they may vote as if they had never promised anything (KIP-853 ends that); here whoever is left is
//! taken to elect first.

use highwater_model::quorum::ensemble::is_quorum;
use highwater_vocabulary::{Datacenter, Fault, Faults, Quorum, Set};

/// As files and JSON write it.
pub const NAME: &str = "metadata-durable";

/// Whether no history of these faults takes every disk that holds something committed, if the
/// datacenters have so many voters.
///
/// Source: KIP-595 (commit by a majority, each flushed before it is counted), ZooKeeper's `QuorumVerifier`; Q5.
pub fn holds(quorum: &Quorum, voters: &[u8], faults: &Faults) -> bool {
    let gone = destroyed(faults);
    !is_quorum(quorum, voters, |site| gone.contains(site))
}

/// The datacenters whose disks these faults take.
pub(super) fn destroyed(faults: &Faults) -> Set<Datacenter> {
    let destroyed = faults.iter().filter_map(|fault| match fault {
        Fault::DatacenterDestroyed(site) => Some(site),
        _ => None,
    });
    destroyed.collect()
}
