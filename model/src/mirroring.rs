//! Clusters joined by mirrors: what a mirror is called at its target, and where a consumer group that
//! moves there goes on.
//!
//! | read | for |
//! |---|---|
//! | [`naming`] | what a mirrored topic is called, and which topics are not copied |
//! | [`expansion`] | every topic that a set of flows makes of the local ones |
//! | [`sync_store`] | which pairs of offsets a checkpoint task still has |
//! | [`translation`] | an offset of the source as one of the target, and when a pair is written |

pub mod expansion;
pub mod naming;
pub mod sync_store;
pub mod translation;

pub use expansion::{Expansion, Way, expand};
pub use naming::{CycleTest, Flow, Naming, NotCopied, Topics};
pub use sync_store::{OffsetSync, SmallStore, SyncStore};
pub use translation::{EmissionRule, Rule, Translated, translate};
