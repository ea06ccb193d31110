//! The reference engine: Kafka's replication written a second time, over columns.
//!
//! **Nothing works here yet.**  This crate is a promise and a wall.  The promise: the same
//! protocol as `highwater-model`, written independently (from Kafka's classes, where the model
//! cites KIPs), fast enough for a million partitions, and compared with the model step by step.
//! The wall: it depends on `highwater-vocabulary` and on no other crate of ours, so that the two
//! accounts of the protocol can never lean on each other; `checks/tests/walls.rs` reads the
//! manifests and holds it up.
