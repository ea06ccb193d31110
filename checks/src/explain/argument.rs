//! The argument under a picture: why the history had to end as it did.
//!
//! Each property is about something: records that were acknowledged, records that are committed, two
//! logs, who may lead, a promise about a single step.  The argument says how that something came
//! about, what has become of it, names the guards and switches by which this protocol differs from
//! the Kafka version, and ends with what is wrong now.

use super::evidence::capitalised;
use super::walk::{Walk, candidates, holds, in_office, records};
use highwater_model::replication::State;
use highwater_model::replication::state::Replica;
use highwater_model::replication::{Property, Replication, Switches, Variant};
use highwater_vocabulary::{Broker, BrokerSet, Event, Process, Record, RecordSet};

/// The sentences.
pub(super) fn argue(walk: &Walk, property: &Property) -> Vec<String> {
    let mut sentences = match property.name {
        "acked-somewhere" => walk.acked_somewhere(),
        "acked-survives" => walk.acked_survives(),
        "acked-in-leader" => walk.acked_in_leader(),
        "electable" => walk.electable(),
        "no-split-brain" => walk.no_split_brain(),
        "candidates-complete" => walk.incomplete(candidates(walk.last()), "might be elected now"),
        "elr-complete" => {
            walk.incomplete(walk.last().controller.elr, "might be elected from the elr")
        }
        "read-stability" | "unclean-exclusion" => walk.committed_is_gone(),
        "truncation-safety" => walk.truncation(),
        "log-matching" => walk.logs_differ(meeting),
        "committed-prefix" => walk.logs_differ(lower_watermark),
        "watermark-discipline" => walk.watermarks(),
        "quorum-superset" => walk.quorum_superset(),
        "one-leader-per-epoch" => walk.one_leader_per_epoch(),
        "metadata-sanity" | "active-leader" => walk.metadata(),
        "log-shape" => walk.log_shapes(),
        "a1-admission" | "a2-completion" | "a3-expansion" => walk.single_step(),
        _ => Vec::new(),
    };
    let conclusion = match sentences.pop() {
        Some(conclusion) => conclusion,
        None => format!(
            "After step {} this no longer holds: {}",
            walk.length(),
            property.sentence
        ),
    };
    sentences.extend(walk.differences_from_kafka());
    sentences.push(conclusion);
    without_repetition(sentences)
}

/// Begun with capitals, and what an earlier sentence has said already is left out.
fn without_repetition(sentences: Vec<String>) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for sentence in sentences {
        let sentence = capitalised(&sentence);
        if !said.iter().any(|earlier| earlier.contains(&sentence)) {
            said.push(sentence);
        }
    }
    said
}

/// The end up to which two logs should be equal because they hold the same epoch there.
fn meeting(one: &Replica, other: &Replica) -> usize {
    let mut both = one.log.entries().iter().zip(other.log.entries());
    both.rposition(|(one, other)| one.epoch == other.epoch)
        .map_or(0, |place| place + 1)
}

/// The end up to which two logs should be equal because both brokers take it for committed.
fn lower_watermark(one: &Replica, other: &Replica) -> usize {
    one.watermark.min(other.watermark).index()
}

impl Walk<'_> {
    /// Guards that are waived and switches that stand otherwise than in this Kafka version, and the
    /// first step that each of them makes possible.  Whatever has no part in the history is passed
    /// over.
    pub(super) fn differences_from_kafka(&self) -> Vec<String> {
        let (variant, kafka) = (self.model.variant, self.setting().kafka);
        let plain = Switches::of(kafka);
        let switched = Switches::NAMES.iter().filter_map(|name| {
            let now = variant.switches.get(name)?;
            let usual = plain.get(name).filter(|usual| *usual != now)?;
            let mut restored = variant;
            let known = restored.switches.set(name, usual);
            let effect = self.without_which(restored).filter(|_| known)?;
            let (here, there) = if now { ("on", "off") } else { ("off", "on") };
            Some(format!(
                "The switch `{name}` is {here} here and {there} in Kafka {kafka}. What it does: {} {effect}",
                Switches::sentence(name)?
            ))
        });
        let waived = variant.waived.iter().filter_map(|guard| {
            let others = variant.waived.iter().filter(|other| *other != guard);
            let restored = Variant {
                waived: others.collect(),
                ..variant
            };
            Some(format!(
                "The guard `{guard}` is waived here. It would demand: {} {}",
                guard.sentence(),
                self.without_which(restored)?
            ))
        });
        switched.chain(waived).collect()
    }

    /// What would first be otherwise under another variant, if anything would.
    fn without_which(&self, variant: Variant) -> Option<String> {
        let other = Replication {
            variant,
            ..self.model.clone()
        };
        let moment = self.first_otherwise(&other)?;
        Some(match other.step(&moment.before, &moment.event) {
            Err(_) => format!("Otherwise step {} could not have happened.", moment.number),
            Ok(_) => format!(
                "Otherwise step {} would have had another outcome.",
                moment.number
            ),
        })
    }

    // Acknowledged records.

    fn acked_somewhere(&self) -> Vec<String> {
        let state = self.last();
        let held = self.held_by(|_| true);
        let lost = state.ghost.acknowledged.minus(held);
        let mut sentences = self.careers(lost);
        sentences.push(format!(
            "So no replica, running or stopped, holds {}, whose producer was told that it is safe: it is lost for good.",
            records(lost)
        ));
        sentences
    }

    fn acked_survives(&self) -> Vec<String> {
        let state = self.last();
        let held = self.held_by(|replica| replica.process == Process::Running);
        let away = state.ghost.acknowledged.minus(held);
        let mut sentences = self.careers(away);
        let keepers: BrokerSet = self
            .brokers()
            .filter(|broker| away.iter().any(|record| holds(state, *broker, record)))
            .collect();
        sentences.push(match keepers.is_empty() {
            true => format!("So no replica holds {}, although its producer was told that it is safe.", records(away)),
            false => format!(
                "So no running replica holds {}, whose producer was told that it is safe: it is out of reach until {} {} again.",
                records(away),
                self.names(keepers),
                if keepers.len() == 1 { "runs" } else { "run" }
            ),
        });
        sentences
    }

    fn acked_in_leader(&self) -> Vec<String> {
        let state = self.last();
        let Some(leader) = in_office(state) else {
            return Vec::new();
        };
        let missing = state
            .ghost
            .acknowledged
            .minus(state.replicas[leader].log.records());
        let mut sentences = self.careers(missing);
        sentences.extend(self.election(leader));
        sentences.push(format!(
            "So {} leads epoch {} without {}, whose producer was told that it is safe; whoever follows it drops {}.",
            self.name(leader),
            state.image().leader_epoch.0,
            records(missing),
            if missing.len() == 1 { "it too" } else { "them too" }
        ));
        sentences
    }

    fn no_split_brain(&self) -> Vec<String> {
        let Some(moment) = self.moments.last() else {
            return Vec::new();
        };
        let (Event::Ack { broker, record } | Event::Produce { broker, record }) = moment.event
        else {
            return Vec::new();
        };
        let epoch = moment.before.replicas[broker].leader_epoch;
        let rival = self.brokers().find_map(|rival| {
            self.first(|state| {
                state.replicas[rival].leads() && state.replicas[rival].leader_epoch > epoch
            })
            .filter(|office| !holds(&office.after, rival, record))
            .map(|office| (rival, office))
        });
        let mut sentences = Vec::new();
        if let Some((rival, office)) = rival {
            sentences.push(format!(
                "{} took office in epoch {} at step {}, and its log did not have {record}.",
                self.name(rival),
                office.after.replicas[rival].leader_epoch.0,
                office.number
            ));
        }
        sentences.extend(self.acknowledgement(record));
        sentences.push(format!(
            "So a leader of the past has acknowledged {record} under epoch {}, and the present leader does not have it: two brokers lead at once, and both are believed.",
            epoch.0
        ));
        sentences
    }

    /// How each of these records was acknowledged, and what has become of every copy.
    fn careers(&self, of: RecordSet) -> Vec<String> {
        of.iter()
            .flat_map(|record| {
                let fates = self.brokers().map(move |broker| self.fate(broker, record));
                self.acknowledgement(record)
                    .into_iter()
                    .chain(self.joined_fates(fates.collect(), record))
            })
            .collect()
    }

    /// One sentence for all that never had the record, instead of one each.
    fn joined_fates(&self, fates: Vec<String>, record: Record) -> Vec<String> {
        let without: BrokerSet = self
            .brokers()
            .filter(|broker| self.gained(*broker, record, self.length()).is_none())
            .collect();
        let mut sentences: Vec<String> = self
            .brokers()
            .zip(fates)
            .filter(|(broker, _)| !without.contains(*broker))
            .map(|(_, fate)| fate)
            .collect();
        if !without.is_empty() {
            sentences.push(format!("{} never had it.", self.names(without)));
        }
        sentences
    }

    fn held_by(&self, counts: impl Fn(&Replica) -> bool) -> RecordSet {
        self.brokers()
            .map(|broker| &self.last().replicas[broker])
            .filter(|replica| counts(replica))
            .map(|replica| replica.log.records())
            .fold(RecordSet::EMPTY, RecordSet::union)
    }

    // Who may lead.

    fn electable(&self) -> Vec<String> {
        let state = self.last();
        let acknowledged = state.ghost.acknowledged;
        let keepers: BrokerSet = self
            .brokers()
            .filter(|broker| {
                let replica = &state.replicas[*broker];
                replica.process == Process::Running && acknowledged.is_subset(replica.log.records())
            })
            .collect();
        let mut sentences: Vec<String> = acknowledged
            .iter()
            .flat_map(|record| self.acknowledgement(record))
            .collect();
        for keeper in keepers.iter() {
            let since = acknowledged.iter().filter_map(|record| {
                let gained = self.gained(keeper, record, self.length())?;
                Some(format!("{record} since step {}", gained.number))
            });
            sentences.push(format!(
                "{} runs and holds everything acknowledged ({}).",
                self.name(keeper),
                super::walk::series(since)
            ));
            sentences.extend(self.departure(keeper, self.length()));
        }
        if !self.model.has_elr() {
            sentences.push(
                "There are no eligible leader replicas here: whoever leaves the isr may not lead before it is in the isr again.".into(),
            );
        } else if let Some(cleared) =
            self.latest(self.length(), |state| state.controller.elr.is_empty())
        {
            sentences.push(format!(
                "The eligible leader replicas were cleared at step {}.",
                cleared.number
            ));
        }
        sentences.push(format!(
            "So the data is alive in {}, and nobody who runs may lead: the isr is {}, the elr is {}.",
            self.names(keepers),
            self.whereabouts(state.image().isr),
            self.whereabouts(state.controller.elr)
        ));
        sentences
    }

    fn one_leader_per_epoch(&self) -> Vec<String> {
        let epoch = self.last().image().leader_epoch;
        let granted = |broker: Broker| {
            move |state: &State| {
                state.image().leader == Some(broker) && state.image().leader_epoch == epoch
            }
        };
        let mut sentences = Vec::new();
        for broker in self.brokers() {
            if granted(broker)(self.after(0)) {
                sentences.push(format!(
                    "{} has been the leader of epoch {} from the beginning.",
                    self.name(broker),
                    epoch.0
                ));
            } else if let Some(moment) = self.first(granted(broker)) {
                sentences.push(format!(
                    "{} was made the leader of epoch {} at step {} (`{}`).",
                    self.name(broker),
                    epoch.0,
                    moment.number,
                    moment.event.line(self.setting())
                ));
            }
            let acts = |state: &State| {
                state.replicas[broker].leads() && state.replicas[broker].leader_epoch == epoch
            };
            if let Some(moment) = self.first(acts) {
                sentences.push(format!(
                    "{} took office in epoch {} at step {}.",
                    self.name(broker),
                    epoch.0,
                    moment.number
                ));
            }
        }
        sentences.push(format!(
            "So more than one broker may act as the leader of epoch {}, and nobody can tell their records apart.",
            epoch.0
        ));
        sentences
    }

    fn quorum_superset(&self) -> Vec<String> {
        let state = self.last();
        let Some(leader) = in_office(state) else {
            return Vec::new();
        };
        let Some(tenure) = state.replicas[leader].tenure() else {
            return Vec::new();
        };
        let counted = self.model.counted_isr(tenure);
        let missed = candidates(state).minus(counted);
        let mut sentences: Vec<String> = missed
            .iter()
            .flat_map(|broker| self.candidacy(broker))
            .collect();
        let stopped_counting = self.latest(self.length(), |state| {
            let tenure = state.replicas[leader].tenure();
            tenure.is_some_and(|tenure| !missed.is_subset(self.model.counted_isr(tenure)))
        });
        if let Some(moment) = stopped_counting {
            sentences.push(format!(
                "{} does not count {} since step {} (`{}`).",
                self.name(leader),
                self.names(missed),
                moment.number,
                moment.event.line(self.setting())
            ));
        }
        sentences.push(format!(
            "So {} may commit and acknowledge what {} lacks, and {} may be elected after it.",
            self.name(leader),
            self.names(missed),
            self.names(missed)
        ));
        sentences
    }

    fn metadata(&self) -> Vec<String> {
        let (state, image) = (self.last(), self.last().image());
        let fenced = image.inactive.fenced;
        let mut sentences = Vec::new();
        if let Some(moment) = self.moments.last() {
            let line = moment.event.line(self.setting());
            sentences.push(format!(
                "Step {}, `{line}`, changed the metadata of the partition.",
                moment.number
            ));
        }
        let set = |brokers: BrokerSet| match brokers.is_empty() {
            true => "empty".to_owned(),
            false => self.names(brokers),
        };
        sentences.push(format!(
            "So the controller calls {} leader of epoch {}; the isr is {}, the elr is {}; fenced: {}; min ISR is {}.",
            image.leader.map_or("nobody".into(), |leader| self.name(leader)),
            image.leader_epoch.0,
            set(image.isr),
            set(state.controller.elr),
            self.names(fenced),
            image.min_isr
        ));
        let leaving = image.inactive.in_controlled_shutdown;
        if !leaving.is_empty() {
            let leaving = self.names(leaving);
            sentences.push(format!("In controlled shutdown: {leaving}."));
        }
        sentences
    }

    // Committed records.

    fn incomplete(&self, brokers: BrokerSet, what: &str) -> Vec<String> {
        let state = self.last();
        let committed = state.ghost.committed;
        let lacking: Vec<Broker> = brokers
            .iter()
            .filter(|broker| {
                let replica = &state.replicas[*broker];
                replica.serves()
                    && replica.broker_epoch == state.image().broker_epochs[*broker]
                    && !replica.log.agrees_below(&committed, committed.end())
            })
            .collect();
        let mut missing = RecordSet::EMPTY;
        for broker in &lacking {
            missing = missing.union(self.committed_without(*broker));
        }
        let mut sentences: Vec<String> = missing
            .iter()
            .flat_map(|record| self.commitment(record))
            .collect();
        for broker in &lacking {
            let lacks = self.committed_without(*broker);
            sentences.extend(lacks.iter().map(|record| self.fate(*broker, record)));
            sentences.extend(self.candidacy(*broker));
        }
        sentences.extend(missing.iter().filter_map(|record| self.bystanders(record)));
        let lacking: BrokerSet = lacking.into_iter().collect();
        sentences.push(format!(
            "So {} {what} and would then lead without {}.",
            self.names(lacking),
            match missing.is_empty() {
                true => "what is committed".into(),
                false => records(missing),
            }
        ));
        sentences
    }

    fn committed_without(&self, broker: Broker) -> RecordSet {
        let state = self.last();
        state
            .ghost
            .committed
            .records()
            .minus(state.replicas[broker].log.records())
    }

    fn committed_is_gone(&self) -> Vec<String> {
        let state = self.last();
        let lossy = state.ghost.lossy;
        let concerned: BrokerSet = match in_office(state) {
            Some(leader) if !self.committed_without(leader).is_empty() => BrokerSet::only(leader),
            _ => self
                .brokers()
                .filter(|broker| lossy.contains(*broker) && candidates(state).contains(*broker))
                .collect(),
        };
        let missing: RecordSet = concerned
            .iter()
            .map(|broker| self.committed_without(broker))
            .fold(RecordSet::EMPTY, RecordSet::union);
        if missing.is_empty() {
            return self.watermarks();
        }
        let mut sentences: Vec<String> = missing
            .iter()
            .flat_map(|record| self.commitment(record))
            .collect();
        for broker in concerned.iter() {
            let lacks = self.committed_without(broker);
            sentences.extend(lacks.iter().map(|record| self.fate(broker, record)));
            match state.image().leader == Some(broker) {
                true => sentences.extend(self.election(broker)),
                false => sentences.extend(self.candidacy(broker)),
            }
        }
        let leads = in_office(state).is_some_and(|leader| concerned.contains(leader));
        sentences.push(format!(
            "So {} {} without {}, which consumers may already have read.",
            self.names(concerned),
            if leads { "leads" } else { "might be elected" },
            records(missing)
        ));
        sentences
    }

    fn truncation(&self) -> Vec<String> {
        let Some(moment) = self.moments.last() else {
            return Vec::new();
        };
        let committed = moment.before.ghost.committed.records();
        let mut sentences = Vec::new();
        let mut dropped = RecordSet::EMPTY;
        for broker in self.brokers() {
            let gone = moment.before.replicas[broker]
                .log
                .records()
                .minus(moment.after.replicas[broker].log.records());
            for record in gone.intersection(committed).iter() {
                dropped = dropped.with(record);
                sentences.extend(self.commitment(record));
                sentences.push(self.loss(broker, record, moment));
                sentences.push(format!(
                    "{} was a candidate then, {}.",
                    self.name(broker),
                    self.seat(broker, moment.number)
                ));
            }
        }
        sentences.push(match dropped.is_empty() {
            true => format!(
                "So a replica that may lead truncated its log below the end of what is committed, {}.",
                moment.before.ghost.committed.end().0
            ),
            false => format!("So a replica that may lead has dropped {}, which is committed.", records(dropped)),
        });
        sentences
    }

    // Logs and watermarks.

    fn watermarks(&self) -> Vec<String> {
        let state = self.last();
        let beyond = self
            .brokers()
            .filter(|broker| state.replicas[*broker].watermark > state.replicas[*broker].log.end());
        let mut sentences: Vec<String> = beyond
            .map(|broker| {
                let replica = &state.replicas[broker];
                format!(
                    "So the high watermark of {} is {}, and its log ends at {}.",
                    self.name(broker),
                    replica.watermark.0,
                    replica.log.end().0
                )
            })
            .collect();
        if sentences.is_empty() {
            sentences = self.served_otherwise();
        }
        if let (true, Some(moment)) = (sentences.is_empty(), self.moments.last()) {
            let fallen = self.brokers().find(|broker| {
                moment.after.replicas[*broker].watermark < moment.before.replicas[*broker].watermark
            });
            sentences.extend(fallen.map(|broker| {
                format!(
                    "So the high watermark of {} fell from {} to {} at step {}: what a consumer could read it can read no more.",
                    self.name(broker),
                    moment.before.replicas[broker].watermark.0,
                    moment.after.replicas[broker].watermark.0,
                    moment.number
                )
            }));
        }
        sentences
    }

    /// A broker that has something else than what is committed below its own watermark.
    fn served_otherwise(&self) -> Vec<String> {
        let state = self.last();
        let committed = state.ghost.committed;
        let found = self.brokers().find_map(|broker| {
            let replica = &state.replicas[broker];
            let both = committed.entries().iter().zip(replica.log.entries());
            let mut both = both.take(replica.watermark.index());
            let place = both.position(|(committed, served)| committed != served)?;
            Some((broker, place))
        });
        let Some((broker, place)) = found else {
            return Vec::new();
        };
        let promised = committed.entries()[place];
        let served = state.replicas[broker].log.entries()[place];
        let mut sentences = self.commitment(promised.record);
        sentences.push(self.fate(broker, promised.record));
        if let Some(moment) = self.gained(broker, served.record, self.length()) {
            sentences.push(format!(
                "{} holds {} since step {} (`{}`).",
                self.name(broker),
                served.record,
                moment.number,
                moment.event.line(self.setting())
            ));
        }
        sentences.push(format!(
            "So at offset {place} {} shows its readers {}'{}, where {}'{} is committed.",
            self.name(broker),
            served.record,
            served.epoch.0,
            promised.record,
            promised.epoch.0
        ));
        sentences
    }

    /// Two logs that differ below what `end` says of each, and where either entry comes from.
    fn logs_differ(&self, end: impl Fn(&Replica, &Replica) -> usize) -> Vec<String> {
        let state = self.last();
        let pairs = self
            .brokers()
            .flat_map(|one| self.brokers().map(move |other| (one, other)));
        let difference = pairs
            .filter(|(one, other)| one < other)
            .find_map(|(one, other)| {
                let (a, b) = (&state.replicas[one], &state.replicas[other]);
                let both = a.log.entries().iter().zip(b.log.entries());
                let place = both.take(end(a, b)).position(|(a, b)| a != b)?;
                Some((place, [one, other]))
            });
        let Some((place, two)) = difference else {
            return Vec::new();
        };
        let entry = |broker: Broker| {
            let entry = state.replicas[broker].log.entries()[place];
            (entry.record, format!("{}'{}", entry.record, entry.epoch.0))
        };
        let mut sentences: Vec<String> = two
            .iter()
            .map(|broker| {
                let (record, entry) = entry(*broker);
                let since = match self.gained(*broker, record, self.length()) {
                    Some(moment) => format!(
                        " since step {} (`{}`)",
                        moment.number,
                        moment.event.line(self.setting())
                    ),
                    None => String::new(),
                };
                format!(
                    "{} holds {entry} at offset {place}{since}.",
                    self.name(*broker)
                )
            })
            .collect();
        let [one, other] = two;
        sentences.push(format!(
            "So at offset {place} a reader finds {} with {} and {} with {}.",
            entry(one).1,
            self.name(one),
            entry(other).1,
            self.name(other)
        ));
        sentences
    }

    fn log_shapes(&self) -> Vec<String> {
        let seen = self.model.observe(self.last()).replicas;
        let cells = self.brokers().zip(seen);
        let cells = cells.map(|(broker, cell)| format!("{} {cell}", self.name(broker)));
        vec![format!(
            "So the logs are now: {}.",
            super::walk::series(cells)
        )]
    }

    // Promises about a single step.

    fn single_step(&self) -> Vec<String> {
        let Some(moment) = self.moments.last() else {
            return Vec::new();
        };
        let min_isr = |broker| moment.before.min_isr_known_by(broker);
        match moment.event {
            Event::Produce { broker, record } => {
                let isr = moment.before.replicas[broker]
                    .tenure()
                    .map(|tenure| tenure.isr)
                    .unwrap_or_default();
                vec![format!(
                    "So {} appended {record} at step {}, while the isr it knew was {} and min ISR {}.",
                    self.name(broker),
                    moment.number,
                    self.setting().broker_names(isr),
                    min_isr(broker)
                )]
            }
            Event::Ack { broker, record } => {
                let replica = &moment.before.replicas[broker];
                let counted = replica
                    .tenure()
                    .map(|tenure| tenure.maximal_isr())
                    .unwrap_or_default();
                let mut sentences = self.acknowledgement(record);
                sentences.push(format!(
                    "So {} acknowledged {record} at step {}, while its high watermark was {}, its maximal isr {}, and min ISR {}.",
                    self.name(broker),
                    moment.number,
                    replica.watermark.0,
                    self.setting().broker_names(counted),
                    min_isr(broker)
                ));
                sentences
            }
            _ => self.proposals(),
        }
    }

    fn proposals(&self) -> Vec<String> {
        let Some(moment) = self.moments.last() else {
            return Vec::new();
        };
        self.brokers()
            .filter_map(|leader| {
                let old = moment.before.replicas[leader].tenure()?.pending;
                let replica = &moment.after.replicas[leader];
                let tenure = replica.tenure()?;
                let proposed = tenure.pending.filter(|proposed| old != Some(*proposed))?;
                let joiners = proposed.minus(tenure.isr);
                let needed = moment.before.replicas[leader].watermark.max(tenure.epoch_start);
                let seen = self.model.observe(&moment.before).replicas;
                let logs = self.brokers().zip(seen).filter(|(broker, _)| joiners.contains(*broker));
                let logs = logs.map(|(broker, cell)| format!("{} had {cell}", self.name(broker)));
                Some(format!(
                    "So at step {} {} proposed {} for its isr, where a joiner should hold all that {} holds below offset {}; but {}.",
                    moment.number,
                    self.name(leader),
                    self.names(joiners),
                    self.name(leader),
                    needed.0,
                    super::walk::series(logs)
                ))
            })
            .collect()
    }
}
