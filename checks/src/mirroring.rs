//! Questions about clusters joined by mirrors, and their answers.

pub mod agreement;
pub mod committed_log;
pub mod experiment_file;
pub(crate) mod flow_file;
pub mod guards;
pub mod projection;
pub(crate) mod sink_file;
mod subject;
pub mod telling;
pub mod topology;

pub use crate::subject::explore;

use highwater_model::mirroring::Mirroring;

/// A question about mirrors, and what must come out.
pub type Experiment = crate::subject::Experiment<Mirroring>;
/// What an exploration found.
pub type Exploration = crate::subject::Exploration<Mirroring>;
/// What a property comes to.
pub type Verdict = crate::subject::Verdict<Mirroring>;
/// How a state came about.
pub type History = crate::subject::History<Mirroring>;
