//! What may happen to a Kafka partition, as an explicit-state model that stateright explores.
//!
//! [`replication`] follows one partition of one cluster: its brokers with their logs and their
//! late view of the metadata, the controller's committed log, the links between datacenters, and
//! the clients.  Start reading at [`replication::rules`], the table of contents.
//!
//! [`quorum`] follows the metadata quorum of KRaft: it shows what `replication` takes for granted of its
//! controller, which there is a predicate (a side with a majority of the voters has an active
//! controller).  [`zookeeper`] does so for ZooKeeper's ensembles.
//!
//! **Deliberately absent:** mirroring between clusters, reassignment,
//! transactions, and idempotent producers.

pub mod mirroring;
pub mod quorum;
pub mod replication;
pub mod zookeeper;
