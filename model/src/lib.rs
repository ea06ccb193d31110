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
//! [`mirroring`] follows clusters joined by MirrorMaker: committed logs, what copies them, and the consumer
//! groups that move from one cluster to another.
//!
//! **Deliberately absent:** transactions and idempotent producers, but for what a mirror sees of them.

pub mod mirroring;
pub mod quorum;
pub mod replication;
pub mod zookeeper;
