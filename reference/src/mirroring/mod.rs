//! Clusters joined by mirrors, written a second time, over columns.
//!
//! A row is one copy of everything that a setting has in topic-partitions.  What is steady of many rows
//! lies in [`Columns`], offsets and nothing else; [`kernels`] copy and translate over them.  What a log
//! holds is kept as runs: so many offsets from here on are those from there on.  What deviates lies
//! beside the columns, row by row, and goes through the same steps one by one.
//!
//! **Deliberately absent:** bounds, budgets, properties, and naming policies other than the default.

mod books;
mod clusters;
mod columns;
mod engine;
pub mod kernels;
mod linked;
mod linking;
mod log;
mod observe;
mod refusal;
mod rounds;
mod routes;
mod row;
mod rules;
mod shared;
mod shared_links;
mod switches;
mod syncs;
#[cfg(test)]
mod tests;

pub use columns::{Column, Columns};
pub use engine::Engine;
pub use linking::Linking;
pub use refusal::Refusal;
pub use routes::topics_of_routes;
pub use switches::{Options, Switches};
