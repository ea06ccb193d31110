//! Whether what the controllers committed is still on somebody's disk.
//!
//! A record of metadata is committed once a majority of the voters has flushed it.  So it is lost if
//! the disks of a majority are, and kept if not: every majority has a disk outside a minority.
//!
//! **Deliberately absent:** what voters do that come back with an empty disk.  With a static quorum
//! they may vote as if they had never promised anything (KIP-853 ends that); here whoever is left is
//! taken to elect first.

use highwater_vocabulary::{Deployment, Fault, Faults, Member};

/// As files and JSON write it.
pub const NAME: &str = "metadata-durable";

/// Whether no history of these faults takes every disk that holds something committed.
///
/// Source: KIP-595 (commit by a majority, each flushed before it is counted); Q5.
pub fn holds(deployment: &Deployment, faults: &Faults) -> bool {
    let sites = &deployment.cluster.sites;
    let all: usize = sites.iter().map(|site| usize::from(site.voters)).sum();
    let destroyed = (0..sites.len()).filter(|place| {
        faults.iter().any(|fault| match fault {
            Fault::DatacenterDestroyed(site) => site.index() == *place,
            _ => false,
        })
    });
    let gone: usize = destroyed
        .map(|place| usize::from(sites[place].voters))
        .sum();
    2 * gone <= all
}
