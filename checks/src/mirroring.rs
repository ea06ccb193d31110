//! What is asked of clusters joined by mirrors.

pub mod agreement;
