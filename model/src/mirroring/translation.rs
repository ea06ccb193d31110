//! TEMPORARY until merge
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct OffsetSync { pub upstream: u8, pub downstream: u8 }
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Emission { previous: Option<(u8,u8)>, last: Option<(u8,u8)> }
