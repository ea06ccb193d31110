//! What may happen to a Kafka partition, as an explicit-state model that stateright explores.
//!
//! [`replication`] follows one partition of one cluster: its brokers with their logs and their
//! late view of the metadata, the controller's committed log, the links between datacenters, and
//! the clients.  Start reading at [`replication::rules`], the table of contents.
//!
//! **Deliberately absent:** the metadata quorum's own protocol (here it is a predicate: a side with
//! a majority of the voters has an active controller), mirroring between clusters, reassignment,
//! transactions, and idempotent producers.

pub mod quorum;
pub mod replication;
pub mod zookeeper;
