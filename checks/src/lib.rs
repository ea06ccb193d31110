//! Ask, compare, explain: what the command `highwater` and `cargo test` are made of.

pub mod explore;
