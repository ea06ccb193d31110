//! A second history of metadata: of the quorum as it was, where another one has begun.
//!
//! Kafka knows nothing of this: `QuorumController`, `KafkaRaftClient` and brokers each follow one
//! log.  What is here is who follows which, and everything a controller keeps, twice.  The engine
//! turns round to have the former one in front; then its rules are the same.

use crate::cluster::Cluster;
use crate::row::{Image, Registration, Row, Wire};
use highwater_vocabulary::{MOST_BROKERS, MOST_DATACENTERS};
use std::mem::swap;

/// What a controller and its quorum have of brokers and voters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Office {
    pub active: Option<u8>,
    pub voters: [u8; MOST_DATACENTERS],
    pub left: u8,
    pub known: Known,
}

/// What the records of brokers and topics say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Known {
    pub fenced: u8,
    pub in_controlled_shutdown: u8,
    pub broker_epoch: [u32; MOST_BROKERS],
    pub min_isr: u8,
}

/// A copy of the metadata that learns nothing more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Copied {
    pub site: u8,
    pub known: Known,
}

/// The same of a row: what the copy has, and how many records have been committed since.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct CopiedRow {
    pub registration: Registration,
    pub since: usize,
}

/// What the former history has of a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FormerRow {
    pub registration: Registration,
    pub records: Vec<Image>,
}

impl Cluster {
    /// What the controller in front knows.
    pub(crate) fn known(&self) -> Known {
        Known {
            fenced: self.fenced,
            in_controlled_shutdown: self.in_controlled_shutdown,
            broker_epoch: self.broker_epoch,
            min_isr: self.min_isr,
        }
    }

    /// Goes back to what a copy knows.
    pub(crate) fn forget_beyond(&mut self, known: Known) {
        self.fenced = known.fenced;
        self.in_controlled_shutdown = known.in_controlled_shutdown;
        self.broker_epoch = known.broker_epoch;
        self.min_isr = known.min_isr;
    }

    /// Controller and quorum as they are.
    pub(crate) fn office(&self) -> Office {
        Office {
            active: self.active,
            voters: self.voters,
            left: self.left,
            known: self.known(),
        }
    }

    /// Takes over another controller and quorum.
    fn seat(&mut self, office: Office) {
        self.active = office.active;
        self.voters = office.voters;
        self.left = office.left;
        self.forget_beyond(office.known);
    }

    /// The brokers that have a view of the partitions.
    pub(crate) fn remembering(&self) -> u8 {
        let brokers = (0..self.brokers).filter(|broker| self.remembers(*broker));
        brokers.fold(0, |all, broker| all | 1 << broker)
    }

    /// The former history comes to the front, and the other goes behind it.
    pub(crate) fn turn(&mut self) {
        let Some(former) = self.former.take() else {
            return;
        };
        let front = self.office();
        self.seat(*former);
        self.former = Some(Box::new(front));
        self.is_turned = !self.is_turned;
        self.apart = self.remembering() & !self.apart;
    }

    /// This cluster with the former history in front.
    pub(crate) fn turned(&self) -> Cluster {
        let mut turned = self.clone();
        turned.turn();
        turned
    }

    /// Whether a broker follows the former history.
    pub(crate) fn is_apart(&self, broker: usize) -> bool {
        self.apart >> broker & 1 == 1
    }

    /// Whether a process that starts now would find the former controller: its own datacenter's before
    /// another's, and the old address before a new one.
    pub(crate) fn finds_former(&self, broker: usize) -> bool {
        if self.former.is_none() {
            return false;
        }
        let home = usize::from(self.home[broker]);
        let found = |cluster: &Cluster| {
            let at = cluster.controller().ok();
            at.filter(|at| cluster.connects(home, *at))
        };
        let other = found(&self.turned());
        match (found(self), other) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(front), Some(former)) => former == home || front != home,
        }
    }

    /// Whether nobody can add to the former history any more.
    pub(crate) fn former_is_dead(&self) -> bool {
        self.former.as_ref().is_some_and(|former| {
            let sites = 0..self.datacenters;
            let mut voters = sites.filter(|site| former.left >> site & 1 == 0);
            voters.all(|site| former.voters[site] == 0)
        })
    }
}

impl Row {
    /// The former history comes to the front.
    pub(crate) fn turn(&mut self) {
        if let Some(former) = &mut self.former {
            swap(&mut self.registration, &mut former.registration);
            swap(&mut self.records, &mut former.records);
        }
    }

    /// What the controller says of the row that this broker asks; what a process that has ended had sent to
    /// the other one has ended with it.
    pub(crate) fn registered(&self, broker: usize, cluster: &Cluster) -> Registration {
        let has_ended = !cluster.remembers(broker);
        match &self.former {
            Some(former) if cluster.is_apart(broker) || has_ended && cluster.is_turned => {
                former.registration
            }
            _ => self.registration,
        }
    }

    /// The records that this broker may have to apply.
    pub(crate) fn records_for(&self, broker: usize, cluster: &Cluster) -> &[Image] {
        match &self.former {
            Some(former) if cluster.is_apart(broker) => &former.records,
            _ => &self.records,
        }
    }

    /// The history of the row goes on from a copy: records since then are the former history's, which
    /// keeps what it had.  Whoever is behind has so many records less to apply.
    pub(crate) fn part(&mut self, copied: Option<CopiedRow>, apart: u8) {
        self.former = Some(FormerRow {
            registration: self.registration,
            records: self.records.clone(),
        });
        let copied = copied.unwrap_or(CopiedRow {
            registration: self.registration,
            since: 0,
        });
        self.registration = copied.registration;
        let left = self.records.len().saturating_sub(copied.since);
        self.records.truncate(left);
        for (broker, memory) in self.memory.iter_mut().enumerate() {
            if apart >> broker & 1 == 0 {
                memory.behind = memory.behind.saturating_sub(copied.since);
            }
        }
        self.copied = None;
        self.begin_to_write_anew();
    }

    /// Two leaders may write in one epoch from now on: their records are told apart.
    fn begin_to_write_anew(&mut self) {
        const GENERATION: u32 = 16;
        let newest = self.disks.iter().map(|disk| disk.losses >> GENERATION);
        let next = newest.max().unwrap_or(0) + 1;
        for (broker, disk) in (1u32..).zip(&mut self.disks) {
            disk.losses = next << GENERATION | broker << 8;
        }
    }

    /// What these brokers have asked a controller for is not under way any more: whoever runs asks again,
    /// and what the others had asked for is lost.
    pub(crate) fn ask_again(&mut self, brokers: u8, cluster: &Cluster) {
        for broker in (0..cluster.brokers).filter(|broker| brokers >> broker & 1 == 1) {
            let remembers = cluster.remembers(broker);
            let wire = &mut self.memory[broker].wire;
            *wire = match wire.take() {
                Some(Wire::Asked(proposal)) if remembers => {
                    Some(Wire::Asked(crate::row::Proposal {
                        sent: false,
                        ..proposal
                    }))
                }
                _ => None,
            };
        }
    }

    /// A controller has lost its office: answers to these brokers do not arrive, and requests are sent
    /// again.
    ///
    /// Kafka: `DefaultAlterPartitionManager` repeats a request whose connection breaks; that a repeated
    /// one finds its change applied already is "out of date", and changes nothing.
    pub(crate) fn lose_answers_to(&mut self, brokers: u8) {
        for (broker, memory) in self.memory.iter_mut().enumerate() {
            if brokers >> broker & 1 == 1 {
                memory.wire = memory.wire.and_then(Wire::unanswered);
            }
        }
    }
}
