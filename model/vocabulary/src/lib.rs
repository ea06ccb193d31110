//! The words that the model, the reference engine and the checks share.
//!
//! **Architecture invariant:** nothing here decides.  A function of this crate may compare, add,
//! parse or print.  What a Kafka version switches on, where replicas are placed, what a broker
//! does next: those are written twice, in the model and in the engine, on purpose.
//!
//! **Deliberately absent:** files and their line numbers (`highwater-checks` reads those), and
//! every rule of the protocol.

mod deployment;
mod event;
mod fault;
mod ids;
pub mod mirroring;
mod notation;
mod numbers;
mod observation;
mod profile;
mod setting;
mod story;

pub use deployment::{
    BoundOverrides, CONSUMER_OFFSETS, Cluster, Deployment, Group, Placement, Requirement, Site,
    Topic,
};
pub use event::Event;
pub use fault::{Fault, Faults};
pub use ids::{Broker, BrokerSet, Datacenter, Member, Record, RecordSet, Set};
pub use notation::NotationError;
pub use numbers::{LeaderEpoch, Offset};
pub use observation::{Entry, Observation, Process, ReplicaView};
pub use profile::Profile;
pub use setting::{
    Acks, MOST_BROKERS, MOST_DATACENTERS, MOST_RECORDS, ObserverPromotion, Quorum, Setting,
};
pub use story::{Expected, Story, StoryError, Told};
