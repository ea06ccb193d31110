//! Where the metadata quorum has broken its promise: a second history of metadata, and who follows it.
//!
//! `replication` takes its controller for one machine whose history only grows.  A quorum that goes on
//! from an older state, or an ensemble that an operator has made of a part of it, begins a history of
//! its own; the former one may go on too, for those who still follow it.  So there are two at most,
//! and every broker acts on one of them.

use super::{Controller, Image, State};
use crate::replication::Replication;
use crate::replication::settle::keeps_place;
use highwater_vocabulary::{Broker, BrokerSet, Datacenter, MOST_BROKERS, Member, Set};
use serde::{Deserialize, Serialize};

/// A copy of the metadata that has fallen behind: a voter's that is not needed for a majority, or an
/// observer's.  It holds everything up to a record, and what controllers knew of the partition then.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct StaleCopy {
    /// Where it is.
    pub site: Datacenter,
    /// The newest record that it holds.
    pub place: u8,
    elr: BrokerSet,
    last_known_leader: Option<Broker>,
    recovering: bool,
}

impl State {
    /// The history that `broker` acts on.
    pub fn history_of(&self, broker: Broker) -> &Controller {
        match &self.former {
            Some(former) if self.apart.contains(broker) => former,
            _ => &self.controller,
        }
    }

    /// Whether a broker has asked to be shut down, and been heard by the controller that it follows.
    pub fn is_shutting_down(&self, broker: Broker) -> bool {
        let inactive = self.history_of(broker).image().inactive;
        inactive.in_controlled_shutdown.contains(broker)
    }

    /// The metadata that `broker` has applied.
    pub fn view(&self, broker: Broker) -> &Image {
        self.history_of(broker).record(self.replicas[broker].place)
    }

    /// The min ISR of the topic as `broker` knows it.
    pub fn min_isr_known_by(&self, broker: Broker) -> u8 {
        let place = self.replicas[broker].place.max(self.configured[broker]);
        self.history_of(broker).record(place).min_isr
    }

    /// Every record of metadata that is kept, of both histories, to be renumbered.
    pub(crate) fn images_mut(&mut self) -> impl Iterator<Item = &mut Image> {
        let former = self.former.iter_mut().flat_map(Controller::records_mut);
        self.controller.records_mut().iter_mut().chain(former)
    }

    /// The same state as the former history sees it: that one is in front, and those who follow it are
    /// not apart.  Turned twice it is as it was.  Unchanged where there is one history.
    pub fn turned(&self, model: &Replication) -> State {
        let Some(former) = self.former else {
            return *self;
        };
        let brokers = (0..MOST_BROKERS).map(Broker::at);
        let acting: BrokerSet = brokers
            .filter(|broker| keeps_place(model, self, *broker))
            .collect();
        State {
            controller: former,
            former: Some(self.controller),
            apart: acting.minus(self.apart),
            ..*self
        }
    }
}

impl Controller {
    /// Voters in a datacenter that take part in this quorum.
    pub fn voters_in(&self, site: Datacenter) -> usize {
        match self.left.contains(site) {
            true => 0,
            false => self.voters[site.index()].into(),
        }
    }

    /// Every voter that this quorum counts, those included that have left it.
    pub fn all_voters(&self) -> usize {
        self.voters.iter().map(|voters| usize::from(*voters)).sum()
    }

    /// Whether a voter is left that could ever commit to this history.
    pub fn has_voters(&self) -> bool {
        let sites = (0..self.voters.len()).map(Datacenter::at);
        sites.into_iter().any(|site| self.voters_in(site) > 0)
    }

    /// Whether the voters of a datacenter may all lack something committed: the others are a majority
    /// without them.
    ///
    /// Source: KIP-595, a record is committed once a majority holds it; Q5.
    pub fn may_be_stale(&self, site: Datacenter) -> bool {
        let here = usize::from(self.voters[site.index()]);
        2 * (self.all_voters() - here) > self.all_voters()
    }

    /// A copy of everything committed so far, which learns nothing more.
    pub fn copied_in(&self, site: Datacenter) -> StaleCopy {
        StaleCopy {
            site,
            place: self.newest(),
            elr: self.elr,
            last_known_leader: self.last_known_leader,
            recovering: self.recovering,
        }
    }

    /// The same quorum with no more than the copy holds.
    pub fn gone_back_to(&self, copy: &StaleCopy) -> Controller {
        let mut older = Controller {
            elr: copy.elr,
            last_known_leader: copy.last_known_leader,
            recovering: copy.recovering,
            copy: None,
            ..*self
        };
        older.log.newest = copy.place;
        older
    }

    /// The same history under the voters of one datacenter alone; an observer becomes the voter where
    /// there is none.
    pub fn under_voters_of(&self, site: Datacenter) -> Controller {
        let mut voters = [0; highwater_vocabulary::MOST_DATACENTERS];
        voters[site.index()] = self.voters[site.index()].max(1);
        Controller {
            active: Some(site),
            voters,
            left: Set::EMPTY,
            copy: None,
            ..*self
        }
    }

    /// The same quorum when the voters of these datacenters have left it, and its controller with them.
    pub fn without_voters_of(&self, leaving: Set<Datacenter>) -> Controller {
        Controller {
            active: self.active.filter(|active| !leaving.contains(*active)),
            left: self.left.union(leaving),
            copy: None,
            ..*self
        }
    }
}

impl StaleCopy {
    /// The same copy, its brokers under new names.
    pub(super) fn renamed(&self, names: &super::symmetry::BrokerNames) -> StaleCopy {
        StaleCopy {
            elr: names.of_set(self.elr),
            last_known_leader: self.last_known_leader.map(|leader| names.of(leader)),
            ..*self
        }
    }
}
