//! Questions about the metadata quorum, and their answers.

pub mod experiment;
pub mod experiment_file;
pub mod explored;
mod guard_table;
pub mod guards;
pub mod layouts;
pub mod operators;
pub mod promise;
pub mod recovery;
pub mod telling;
pub mod zookeeper;

pub use explored::{Exploration, History, Verdict, explore};
