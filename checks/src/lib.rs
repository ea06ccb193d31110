//! Ask, compare, explain: what the command `highwater` and `cargo test` are made of.
//!
//! A [`Source`] is a file that a person wrote; [`deployment_file`] reads a deployment from it;
//! [`ladder`] lists the rows of its table, and [`placement`] the settings in which each row is
//! searched; [`explore`] searches them.

pub mod check;
pub mod deployment_file;
pub mod experiment;
pub mod experiment_file;
pub mod explain;
pub mod explore;
pub mod fault_pattern;
mod guard_table;
pub mod guards;
pub mod json;
pub mod ladder;
mod names;
pub mod placement;
pub mod replay;
pub mod report;
pub mod shipped;
pub mod source;
pub mod symmetry;
mod table;
mod wording;

pub use source::{Remark, Source};
