//! What happens to one row at an event, a file for each who acts.
//!
//! A rule takes the row and the broker facts, names what refuses it before it changes anything, and
//! runs the kernels on columns of length one.

pub(crate) mod assignment;
pub(crate) mod client;
pub(crate) mod controller;
pub(crate) mod environment;
pub(crate) mod fetch;
pub(crate) mod isr;
pub(crate) mod late;
pub(crate) mod metadata;
mod node;
pub(crate) mod requests;

use crate::Switches;
use crate::cluster::Cluster;
use crate::columns::bits;
use crate::row::{Assignment, Image};
use highwater_vocabulary::{Acks, ObserverPromotion, Setting};

/// What the rules go by and no event changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub switches: Switches,
    pub acks: Acks,
    /// Whether brokers know a record that is sent again.
    pub idempotence: bool,
    /// How many replicas partition 0 has, where that is not as many as the row.
    pub partition_zero_replicas: Option<u8>,
    pub unclean_leader_election: bool,
    pub observers: Observers,
}

/// Replicas that are in the ISR only when they are asked for: Confluent Server, as documented.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observers {
    pub all: u8,
    pub promotion: ObserverPromotion,
    /// How many replicas are no observers.
    pub others: u32,
}

impl Observers {
    pub(crate) fn new(setting: &Setting) -> Observers {
        Observers {
            all: bits(setting.observers),
            promotion: setting.observer_promotion,
            others: setting.synchronous().len() as u32,
        }
    }

    /// The observers as a broker knows them.
    pub(crate) fn known_by(&self, image: &Image) -> Observers {
        let Assignment {
            replicas,
            observers,
            ..
        } = image.assignment;
        Observers {
            all: observers,
            others: (replicas & !observers).count_ones(),
            promotion: self.promotion,
        }
    }

    /// Those that this ISR has no place for, under this leader and min ISR.
    pub(crate) fn unasked(&self, leader: u8, in_sync: u8, min_isr: u8) -> u8 {
        let is_asked = match self.promotion {
            ObserverPromotion::UnderMinIsr => in_sync.count_ones() < u32::from(min_isr),
            ObserverPromotion::UnderReplicated => in_sync.count_ones() < self.others,
            ObserverPromotion::LeaderIsObserver => leader & self.all != 0,
        };
        if is_asked { 0 } else { self.all }
    }
}

/// The row's surroundings: the rules, and the broker facts as they are now.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub rules: &'a Rules,
    pub cluster: &'a Cluster,
}

impl Around<'_> {
    /// The min ISR below which a leader's watermark stands still, of what min ISR comes to for it; 0 where
    /// there is none such.
    pub(crate) fn watermark_min_isr(&self, effective: u8) -> u8 {
        if self.rules.switches.strict_min_isr {
            effective
        } else {
            0
        }
    }

    /// The min ISR by which the controller judges a partition of so many replicas: all partitions of a
    /// topic by those of partition 0 (`getTopicEffectiveMinIsr`).
    pub(crate) fn controllers_min_isr(&self, replicas: usize) -> u8 {
        let replicas = self.rules.partition_zero_replicas.unwrap_or(replicas as u8);
        self.cluster.min_isr.min(replicas)
    }

    /// Whether leaders write the ISR themselves, and ask no controller.
    pub(crate) fn writes_isr(&self) -> bool {
        self.cluster.has_zookeeper() && self.rules.switches.leader_writes_isr
    }

    /// Whom the leader may let into the ISR as far as that is about brokers
    /// (`Partition.isReplicaIsrEligible`).  A fenced broker has no epoch that a leader could know
    /// (`getAliveBrokerEpoch`).
    pub(crate) fn eligible_followers(&self, row: &crate::row::Row, leader: usize) -> u8 {
        let image = &row.memory[leader].image;
        let switches = self.rules.switches;
        let active = match switches.checks_isr_members {
            true => !(image.fenced | image.in_controlled_shutdown),
            false => u8::MAX,
        };
        match switches.checks_member_epochs {
            true => row.heard_as_registered(leader) & !image.fenced & active,
            false => active,
        }
    }

    /// Moves the watermark of a broker that takes itself for the leader, if it may move.
    pub(crate) fn advance(&self, row: &mut crate::row::Row, leader: usize) {
        let image = &row.memory[leader].image;
        let min_isr = self.watermark_min_isr(image.effective_min_isr());
        let waits = self.rules.switches.waits_for_caught_up;
        let assignment = image.assignment;
        let waited_for = match waits {
            true => {
                let may_join = assignment.replicas & !assignment.observers;
                may_join & self.eligible_followers(row, leader)
            }
            false => 0,
        };
        row.advance_watermark(leader, min_isr, waited_for);
    }
}
