//! The reference engine: Kafka's replication written a second time, over columns.
//!
//! It takes the events of the vocabulary and answers its observations, as the model does, and was
//! written from Kafka's classes where the model was written from KIPs.  What is steady lies in
//! [`Columns`]; what happens is a kernel over them ([`kernels`]); what deviates lies beside them,
//! row by row.  An event that happens to one partition runs the kernels on columns of length one.
//! [`mirroring`] does the same for clusters that MirrorMaker joins.
//!
//! **Architecture invariant:** this crate depends on `highwater-vocabulary` and on no other crate of
//! ours.  The two accounts of the protocol can never lean on each other; `checks/tests/walls.rs`
//! reads the manifests.
//!
//! **Deliberately absent:** bounds, budgets and properties (the engine does what it is told), the
//! metadata quorum's own votes and log, reassignment, and controlled shutdown.

mod cluster;
mod columns;
mod engine;
mod ensemble;
mod former;
pub mod kernels;
mod lineages;
pub mod mirroring;
mod refusal;
mod row;
mod rules;
mod runs;
mod settle;
mod spans;
pub mod sweeps;
mod switches;
mod tiles;

pub use columns::Columns;
pub use engine::{Engine, happens_to_all};
pub use refusal::Refusal;
pub use switches::Switches;
pub use tiles::Tiles;
