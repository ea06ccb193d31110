//! Questions about the metadata quorum, and their answers.

pub mod experiment_file;
mod guard_table;
pub mod guards;
pub mod layouts;
pub mod operators;
pub mod promise;
pub mod recovery;
mod subject;
pub mod telling;
pub mod zookeeper;

pub use crate::subject::explore;

use highwater_model::quorum::Quorum;

/// A question about a quorum, and what must come out.
pub type Experiment = crate::subject::Experiment<Quorum>;
/// What an exploration of a quorum found.
pub type Exploration = crate::subject::Exploration<Quorum>;
/// What a property of a quorum comes to.
pub type Verdict = crate::subject::Verdict<Quorum>;
/// How a state of a quorum came about.
pub type History = crate::subject::History<Quorum>;
