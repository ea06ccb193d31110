//! What happens to a partition, as free functions over columns.
//!
//! **Architecture invariant:** a kernel asks nothing.  It is a loop over slices of equal length in
//! which every row takes the same path.  Who leads, who is in sync, who asks: all that is decided
//! outside, once for all rows of the slices, which are alike in it ([`crate::sweeps`]).  Where rows may
//! differ in their sets ([`change`]) the difference is in masks.  A single event runs the same function
//! on slices of length one.
//! Sums wrap, because a test for overflow would be a branch in every row; epochs count elections and
//! offsets count records, and neither comes near its end.

mod bits;
pub mod change;
pub mod fetch;
pub mod in_sync;
pub mod office;
pub mod watermark;

pub use change::{Change, Registrations};
