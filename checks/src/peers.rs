//! Models of Kafka replication that others published, ported rule for rule.
//!
//! This room is a yardstick.  What somebody else wrote down, counted and argued about can be measured
//! with our tools: if the port has as many states as the original, on as many levels, and falls to
//! the same mutilations, then port and explorer are right together; and the time it takes says
//! something, because others have taken the time of the same space.
//!
//! **Architecture invariant:** nothing here is about our own model, and nothing outside this room
//! and its tests depends on it.  A port shares no type with `highwater-model` and corrects nothing:
//! where the original is odd, the port is odd in the same way and says so.
//!
//! | port | original | measured against |
//! |---|---|---|
//! | [`kip320`] | `Kip320.tla` in `hachikuji/kafka-specification`, with the modules that it extends | TLC: distinct and generated states, levels, and which invariant falls where a rule loses its fence |

pub mod kip320;
