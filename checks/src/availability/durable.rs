//! Whether what the controllers committed is still on somebody's disk.
//!
//! A record of metadata is committed once a majority of the voters has flushed it.  So it is lost if
//! the disks of a majority are, and kept if not: every majority has a disk outside a minority.
//!
//! **Deliberately absent:** what voters do that come back with an empty disk.  With a static quorum
//! they may vote as if they had never promised anything (KIP-853 ends that); here whoever is left is
//! taken to elect first.

use highwater_vocabulary::{Datacenter, Fault, Faults, Member, Set};

/// As files and JSON write it.
pub const NAME: &str = "metadata-durable";

/// Whether no history of these faults takes every disk that holds something committed, if the
/// datacenters have so many voters.
///
/// Source: KIP-595 (commit by a majority, each flushed before it is counted); Q5.
pub fn holds(voters: &[u8], faults: &Faults) -> bool {
    let count = |voters: &u8| usize::from(*voters);
    let all: usize = voters.iter().map(count).sum();
    let gone = destroyed(faults)
        .iter()
        .map(|site| count(&voters[site.index()]));
    2 * gone.sum::<usize>() <= all
}

/// The datacenters whose disks these faults take.
pub(super) fn destroyed(faults: &Faults) -> Set<Datacenter> {
    let destroyed = faults.iter().filter_map(|fault| match fault {
        Fault::DatacenterDestroyed(site) => Some(site),
        _ => None,
    });
    destroyed.collect()
}
