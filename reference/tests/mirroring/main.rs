//! Every clause of docs/MIRRORING.md and docs/LINKS.md, and everything that refuses an event.

mod clauses;
mod groups;
mod links;
mod rebootstraps;
mod refusals;
#[allow(dead_code)]
mod settings;
mod told;
mod walks;
