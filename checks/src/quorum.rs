//! Questions about the metadata quorum, and their answers.

pub mod explored;

pub use explored::{Exploration, History, Verdict, explore};
