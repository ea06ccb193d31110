//! Where the metadata quorum breaks its promise: events that begin a second history, and what happens
//! to whom.

use super::Engine;
use crate::Refusal;
use crate::former::{Copied, CopiedRow, Office};
use crate::row::Row;
use highwater_vocabulary::{Event, Member, Profile};

impl Engine {
    /// An event happens to whichever history it is of.
    pub(super) fn apply_to_history(&mut self, row: usize, event: &Event) -> Result<(), Refusal> {
        let happened = match self.whose(event) {
            Whose::Front => self.apply_in_front(row, event),
            Whose::Former => self.turned(|engine| engine.apply_in_front(row, event)),
            Whose::Either => self.apply_in_front(row, event).or_else(|refusal| {
                self.turned(|engine| engine.apply_in_front(row, event))
                    .map_err(|_| refusal)
            }),
        };
        self.drop_former();
        happened
    }

    fn whose(&self, event: &Event) -> Whose {
        let is_former = match *event {
            Event::Apply { leader: broker }
            | Event::Unfence { broker }
            | Event::ControlledShutdown { broker } => self.cluster.is_apart(broker.index()),
            Event::Register { broker } if broker.index() < self.cluster.brokers => {
                let slot = broker.index();
                !self.cluster.takes_part(slot) && self.cluster.finds_former(slot)
            }
            Event::Fence { .. }
            | Event::Terminate { .. }
            | Event::Prefer
            | Event::Unclean
            | Event::Activate { .. }
            | Event::SetMinIsr { .. }
            | Event::ElectUnclean
            | Event::AddVoter { .. }
            | Event::Depose => return Whose::Either,
            _ => false,
        };
        match is_former {
            true => Whose::Former,
            false => Whose::Front,
        }
    }

    fn turned<T>(&mut self, happens: impl FnOnce(&mut Engine) -> T) -> T {
        self.turn();
        let happened = happens(self);
        self.turn();
        happened
    }

    fn turn(&mut self) {
        let before = self.cluster.clone();
        self.cluster.turn();
        for row in 0..self.partitions() {
            let mut whole = self.table.load(row, &before);
            whole.turn();
            self.table.store(row, whole, &self.cluster);
        }
    }

    /// A history that nobody follows and nobody can add to is forgotten.
    pub(super) fn drop_former(&mut self) {
        if self.cluster.apart == 0 && self.cluster.former_is_dead() {
            let before = self.cluster.clone();
            self.cluster.former = None;
            self.everywhere(&before, |row, _| row.former = None);
        }
    }

    /// A voter's or an observer's copy of the metadata learns nothing more.
    pub(super) fn fall_behind(&mut self, site: usize) -> Result<(), Refusal> {
        self.has_metadata(&self.cluster.office(), site)?;
        self.no_reassignment_runs()?;
        if self.cluster.copied.is_some() || self.cluster.former.is_some() {
            return Err(Refusal::AlreadySo);
        }

        let before = self.cluster.clone();
        self.cluster.copied = Some(Copied {
            site: site as u8,
            known: self.cluster.known(),
        });
        self.everywhere(&before, |row, _| {
            row.copied = Some(CopiedRow {
                registration: row.registration,
                since: 0,
            });
        });
        Ok(())
    }

    /// What would come of one that completes in one history and not in the other is left out.
    fn no_reassignment_runs(&self) -> Result<(), Refusal> {
        let mut rows = 0..self.partitions();
        match rows.any(|row| self.table.assignment(row).is_in_progress()) {
            true => Err(Refusal::ReassignmentRuns),
            false => Ok(()),
        }
    }

    /// Voters have a copy, and so has every broker: it is an observer of the metadata log.
    fn has_metadata(&self, quorum: &Office, site: usize) -> Result<(), Refusal> {
        let votes = quorum.voters[site] > 0 && quorum.left >> site & 1 == 0;
        match votes || self.cluster.brokers_of(site).next().is_some() {
            true => Ok(()),
            false => Err(Refusal::NotInThisSetting),
        }
    }

    /// The quorum elects a voter that has only the copy: `KafkaRaftClient` where voters have lost what
    /// they had promised (static voters with new disks; a single voter before its flush).
    pub(super) fn roll_back(&mut self, site: usize) -> Result<(), Refusal> {
        if self.cluster.voters_in(site) == 0 {
            return Err(Refusal::NotInThisSetting);
        }
        let copied = self.cluster.copied;
        let copied = copied.filter(|copied| usize::from(copied.site) == site);
        let copied = copied.ok_or(Refusal::NothingThere)?;
        if self.cluster.former.is_some() {
            return Err(Refusal::AlreadySo);
        }
        self.cluster.could_elect(site)?;

        let every_site = ((1u16 << self.cluster.datacenters) - 1) as u8;
        let former = Office {
            active: None,
            left: every_site,
            ..self.cluster.office()
        };
        let apart = self.knowing_more();
        let front = Office {
            active: Some(site as u8),
            known: copied.known,
            ..self.cluster.office()
        };
        self.part(front, former, Some(copied), apart);
        Ok(())
    }

    /// An operator makes the voters of a datacenter, or an observer there, a quorum of its own.
    pub(super) fn break_out(&mut self, site: usize) -> Result<(), Refusal> {
        let whole = match &self.cluster.former {
            Some(former) => (**former).clone(),
            None => self.cluster.office(),
        };
        self.has_metadata(&whole, site)?;
        self.no_reassignment_runs()?;
        if self.cluster.dark >> site & 1 == 1 {
            return Err(Refusal::Unreachable);
        }
        let all: u32 = whole.voters.iter().map(|voters| u32::from(*voters)).sum();
        let others = all - u32::from(whole.voters[site]);
        if whole.left >> site & 1 == 1 || others == 0 {
            return Err(Refusal::AlreadySo);
        }

        let mut alone = whole.clone();
        alone.voters = Default::default();
        alone.voters[site] = whole.voters[site].max(1);
        alone.left = 0;
        alone.active = Some(site as u8);
        if self.cluster.former.is_some() {
            self.break_out_of_former(alone);
            return Ok(());
        }
        // A majority without them may have committed what they never had.
        let copied = self.cluster.copied;
        let copied = copied.filter(|copied| usize::from(copied.site) == site && 2 * others > all);
        if let Some(copied) = copied {
            alone.known = copied.known;
        }
        let former = Office {
            active: whole.active.filter(|active| usize::from(*active) != site),
            left: whole.left | 1 << site,
            ..whole
        };
        let here = self.cluster.brokers_of(site);
        let here = here.fold(0, |here, broker| here | 1 << broker);
        let ahead = copied.map_or(0, |_| self.knowing_more());
        let apart = self.cluster.remembering() & (!here | ahead);
        self.part(alone, former, copied, apart);
        Ok(())
    }

    /// The second of two: the former history goes on under other voters.
    fn break_out_of_former(&mut self, alone: Office) {
        let before = self.cluster.clone();
        self.cluster.former = Some(Box::new(alone));
        let stay = self.cluster.remembering() & !self.cluster.apart;
        self.everywhere(&before, |row, around| {
            row.lose_answers_to(!stay);
            row.ask_again(!stay, around.cluster);
        });
    }

    /// Brokers that have applied a record that the copy has not, in any row.
    fn knowing_more(&self) -> u8 {
        let mut ahead = 0;
        for row in 0..self.partitions() {
            let whole = self.table.load(row, &self.cluster);
            let since = whole.copied.map_or(0, |copied| copied.since);
            for broker in 0..self.cluster.brokers {
                let knows = self.cluster.remembers(broker) && whole.memory[broker].behind < since;
                ahead |= u8::from(knows) << broker;
            }
        }
        ahead
    }

    /// A second history begins.
    fn part(&mut self, front: Office, former: Office, copied: Option<Copied>, apart: u8) {
        let before = self.cluster.clone();
        let cluster = &mut self.cluster;
        cluster.active = front.active;
        cluster.voters = front.voters;
        cluster.left = front.left;
        cluster.forget_beyond(front.known);
        cluster.copied = None;
        cluster.apart = apart;
        let undisturbed = match former.active {
            Some(_) => apart,
            None => 0,
        };
        cluster.former = Some(Box::new(former));
        let parts = |row: &mut Row| {
            let copied = copied.and(row.copied);
            row.part(copied, apart);
            row.lose_answers_to(!undisturbed);
        };
        self.everywhere(&before, |row, around| {
            parts(row);
            row.ask_again(!apart, around.cluster);
        });
    }

    /// A broker finds another history than the one it has applied, and ends:
    /// `KafkaMetadataLog.truncateTo` refuses to go below the high watermark, and
    /// `KafkaRaftClientDriver` hands that to the fatal fault handler.
    pub(super) fn terminate(&mut self, broker: usize) -> Result<(), Refusal> {
        if !self.cluster.is_apart(broker) {
            return Err(Refusal::NothingThere);
        }
        if !self.cluster.takes_part(broker) {
            return Err(Refusal::NotServing);
        }
        if self.cluster.controller_for(broker).is_ok() {
            return Err(Refusal::AlreadySo);
        }
        let at = self.cluster.controller()?;
        let home = usize::from(self.cluster.home[broker]);
        if !self.cluster.connects(home, at) {
            return Err(Refusal::Unreachable);
        }

        self.end(broker);
        Ok(())
    }

    /// A voter is added: `kafka-metadata-quorum.sh add-controller`, kraft.version 1.
    pub(super) fn add_voter(&mut self, site: usize) -> Result<(), Refusal> {
        if self.setting.kafka < Profile::V3_9 {
            return Err(Refusal::NotInThisSetting);
        }
        let at = self.cluster.controller()?;
        if !self.cluster.can_open(site, at) {
            return Err(Refusal::Unreachable);
        }
        if self.cluster.left >> site & 1 == 1 {
            return Err(Refusal::NotInThisSetting);
        }

        self.cluster.voters[site] = self.cluster.voters[site].saturating_add(1);
        Ok(())
    }
}

/// Whose event it is, where there are two histories.
enum Whose {
    Front,
    Former,
    Either,
}
