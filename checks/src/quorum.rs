//! Questions about the metadata quorum, and their answers.

pub mod explored;
mod guard_table;
pub mod guards;
pub mod recovery;

pub use explored::{Exploration, History, Verdict, explore};
