//! Sentences about single facts of a history: why a record was committed or acknowledged, where a
//! copy of it went, why a broker was a candidate, how it came to lead.
//!
//! Each is read off the steps, so it is true of any history; [`super::argument`] chooses among them.

use super::walk::{Moment, Walk, candidates, covers, holds, records, series};
use highwater_model::replication::state::{Asks, Role, Tenure};
use highwater_model::replication::{Guard, State};
use highwater_vocabulary::{Acks, Broker, BrokerSet, Event, Process, Record, RecordSet};

impl Walk<'_> {
    // Why a record was taken to be safe.

    /// How the producer of `record` came to be told that it is safe.
    pub(super) fn acknowledgement(&self, record: Record) -> Vec<String> {
        let Some(moment) = self.acknowledged(record) else {
            return Vec::new();
        };
        let mut sentences = Vec::new();
        match moment.event {
            Event::Ack { broker, .. } => {
                let told = format!("{record} was acknowledged by {} at step {}", self.name(broker), moment.number);
                match self.covered(broker, record, moment.number) {
                    Some(covered) => {
                        sentences.push(format!("{told}. {}", self.coverage(broker, record, covered)));
                    }
                    None => sentences.push(format!("{told}, although it did not lie below the high watermark.")),
                }
            }
            Event::Produce { broker, .. } => sentences.push(format!(
                "{record} was acknowledged at step {}, as soon as {} had appended it, because acks={} waits for nobody else.",
                moment.number,
                self.name(broker),
                Acks::Leader
            )),
            _ => {}
        }
        if let Event::Ack { broker, .. } | Event::Produce { broker, .. } = moment.event {
            sentences.extend(self.overtaken(broker, moment));
        }
        sentences
    }

    /// How `record` came to lie below the watermark of a leader.
    pub(super) fn commitment(&self, record: Record) -> Vec<String> {
        let Some(moment) = self.committed(record) else {
            return Vec::new();
        };
        let by = self.brokers().find(|broker| {
            moment.after.replicas[*broker].leads()
                && covers(&moment.after.replicas[*broker], record)
        });
        let Some(leader) = by else { return Vec::new() };
        vec![format!(
            "{record} is committed, because it came below a leader's high watermark. {}",
            self.coverage(leader, record, moment)
        )]
    }

    fn covered(&self, leader: Broker, record: Record, until: usize) -> Option<&Moment> {
        self.latest(until, |state| covers(&state.replicas[leader], record))
    }

    /// Why the watermark of `leader` passed `record` at that moment.
    fn coverage(&self, leader: Broker, record: Record, moment: &Moment) -> String {
        let (name, number) = (self.name(leader), moment.number);
        let Some(tenure) = moment.after.replicas[leader].tenure() else {
            return format!("{name} had learnt at step {number} that it was committed.");
        };
        if !self.model.keeps(Guard::WatermarkIsSlowestInSync) {
            return format!(
                "The high watermark of {name} passed it at step {number}, and waited for no replica."
            );
        }
        let others = self.model.counted_isr(tenure).without(leader);
        let uncounted = self.uncounted(leader, tenure, moment);
        if others.is_empty() {
            return format!(
                "The high watermark of {name} had passed it at step {number}, because {name} counted nobody but itself as in sync{}.{uncounted}",
                self.alone_is_enough()
            );
        }
        let proofs = others
            .iter()
            .map(|follower| self.proof(leader, follower, record, moment));
        let every = if others.len() == 1 {
            "the only other replica"
        } else {
            "every other replica"
        };
        format!(
            "The high watermark of {name} had passed it at step {number}, because {every} that {name} counted as in sync had proved to hold it: {}.{uncounted}",
            series(proofs)
        )
    }

    fn alone_is_enough(&self) -> &'static str {
        match self.setting().min_insync_replicas {
            1 => " (and min ISR 1 asks for no more)",
            _ => "",
        }
    }

    /// When `follower` proved to hold `record`, in the eyes of `leader`.
    fn proof(&self, leader: Broker, follower: Broker, record: Record, moment: &Moment) -> String {
        let proved = |state: &State| {
            let replica = &state.replicas[leader];
            let end = replica.log.end_of(record);
            let known = replica
                .tenure()
                .and_then(|tenure| tenure.follower_end[follower]);
            matches!((known, end), (Some(known), Some(end)) if known >= end)
        };
        let name = self.name(follower);
        let at = self.latest(moment.number, proved);
        let when = match at {
            Some(at) if at.number == moment.number => " by the fetch of that very step".to_owned(),
            Some(at) => format!(" at step {}", at.number),
            None => " before".to_owned(),
        };
        match holds(&moment.after, follower, record) {
            true => format!("{name}{when}"),
            false => format!("{name}{when}, although it did not hold it then"),
        }
    }

    /// Candidates of the controller's for which `leader` did not wait, and why.
    fn uncounted(&self, leader: Broker, tenure: &Tenure, moment: &Moment) -> String {
        let counted = self.model.counted_isr(tenure).with(leader);
        let missed = candidates(&moment.after).minus(counted);
        let absent = self
            .setting()
            .replicas()
            .minus(counted)
            .minus(missed)
            .iter()
            .filter_map(|broker| self.departure(broker, moment.number));
        let mut sentences: Vec<String> = absent.map(|sentence| capitalised(&sentence)).collect();
        if !missed.is_empty() {
            sentences.push(format!(
                "It did not count {}, whom the controller might have elected.",
                self.names(missed)
            ));
        }
        sentences
            .iter()
            .map(|sentence| format!(" {sentence}"))
            .collect()
    }

    /// Where a leader acts although a later epoch has begun.
    fn overtaken(&self, broker: Broker, moment: &Moment) -> Option<String> {
        let (own, image) = (
            moment.before.replicas[broker].leader_epoch,
            moment.before.image(),
        );
        if own >= image.leader_epoch {
            return None;
        }
        let begun = self.latest(moment.number, |state| state.image().leader_epoch > own)?;
        Some(format!(
            "The controller had begun epoch {} at step {}, but {} had not heard of it and still led epoch {}.",
            begun.after.image().leader_epoch.0,
            begun.number,
            self.name(broker),
            own.0
        ))
    }

    // Where the copies went.

    /// What has become of the copy of `record` that `broker` has, or had.
    pub(super) fn fate(&self, broker: Broker, record: Record) -> String {
        let (name, until) = (self.name(broker), self.length());
        if holds(self.last(), broker, record) {
            return match self.last().replicas[broker].process {
                Process::Running => format!("{name} holds {record} and runs."),
                Process::Stopped => format!(
                    "{name} holds {record}, but is stopped{}.",
                    self.since_stop(broker)
                ),
                Process::Paused => format!(
                    "{name} holds {record}, but is paused{}.",
                    self.since_stop(broker)
                ),
            };
        }
        match self.parted(broker, record, until) {
            Some(moment) => self.loss(broker, record, moment),
            None => format!("{name} never had {record}."),
        }
    }

    fn since_stop(&self, broker: Broker) -> String {
        self.stopped(broker)
            .map(|moment| format!(" since step {}", moment.number))
            .unwrap_or_default()
    }

    /// How `broker` lost `record` at that moment.
    pub(super) fn loss(&self, broker: Broker, record: Record, moment: &Moment) -> String {
        let (name, number) = (self.name(broker), moment.number);
        match moment.event {
            Event::PowerLoss { .. } | Event::Darken { .. } => format!(
                "{name} lost {record} when the power failed at step {number}: it was not on the disk yet, because Kafka does not flush before it acknowledges."
            ),
            Event::Wipe { .. } | Event::Destroy { .. } => {
                format!("{name} lost {record} with its disk at step {number}.")
            }
            Event::Learn { .. } | Event::Late { .. } | Event::Register { .. } => format!(
                "{name} dropped {record} at step {number}, on learning that {} leads epoch {}: it kept only what lay below its own high watermark, which was {}{}.",
                self.leader_of(&moment.after, broker),
                moment.after.replicas[broker].leader_epoch.0,
                moment.before.replicas[broker].watermark.0,
                self.unheard(broker, record, moment)
            ),
            _ if moment.before.replicas[broker].asks != Asks::Nothing => {
                self.loss_by_answer(broker, record, moment)
            }
            _ => format!(
                "{name} dropped {record} at step {number}, because its leader, {}, does not have it there: a follower truncates to where both logs agree.",
                self.leader_of(&moment.before, broker)
            ),
        }
    }

    /// The same where it asked before it fetched.
    fn loss_by_answer(&self, broker: Broker, record: Record, moment: &Moment) -> String {
        let (name, number) = (self.name(broker), moment.number);
        let leader = self.leader_of(&moment.before, broker);
        let replica = &moment.before.replicas[broker];
        let asked = replica.log.last_epoch();
        let found = match replica.role {
            Role::Follower(Some(leader)) => {
                let log = &moment.before.replicas[leader].log;
                self.model.known_end(log, asked)
            }
            _ => None,
        };
        let why = match found {
            Some((_, end)) => format!("{leader} said that what they share ends at {}", end.0),
            None => format!(
                "{leader} did not know where epoch {} ends: {name} kept only what lay below its own high watermark, which was {}",
                asked.0, replica.watermark.0
            ),
        };
        format!("{name} dropped {record} at step {number}, because {why}.")
    }

    fn leader_of(&self, state: &State, broker: Broker) -> String {
        match state.replicas[broker].role {
            Role::Follower(Some(leader)) => self.name(leader),
            Role::Follower(None) | Role::Idle => "nobody".into(),
            Role::Leader(_) => self.name(broker),
        }
    }

    fn unheard(&self, broker: Broker, record: Record, moment: &Moment) -> &'static str {
        let committed = moment.before.ghost.committed.records().contains(record);
        match committed && !covers(&moment.before.replicas[broker], record) {
            true => ", because no answer had yet told it that the record was committed",
            false => "",
        }
    }

    // Who may lead.

    /// How `broker` became the leader of the epoch that the controller is in.
    pub(super) fn election(&self, broker: Broker) -> Vec<String> {
        let name = self.name(broker);
        let epoch = self.last().image().leader_epoch;
        let elected = self.latest(self.length(), |state| {
            state.image().leader == Some(broker) && state.image().leader_epoch == epoch
        });
        let Some(moment) = elected else {
            let led = format!("{name} has led epoch {} from the beginning.", epoch.0);
            return std::iter::once(led)
                .chain(self.kept_seat(broker, self.length()))
                .collect();
        };
        let (number, before) = (moment.number, &moment.before);
        let elected = format!("{name} was elected at step {number}, in epoch {}", epoch.0);
        let mut sentences = vec![if before.image().isr.contains(broker) {
            format!(
                "{elected}, because it was in the isr, {}.",
                self.seat(broker, number)
            )
        } else if before.controller.elr.contains(broker) {
            format!(
                "{elected}, because it was an eligible leader replica, {}.",
                self.seat(broker, number)
            )
        } else if before.controller.last_known_leader == Some(broker) {
            format!("{elected}, as the last known leader: isr and elr were empty.")
        } else if matches!(moment.event, Event::ElectUnclean) {
            format!(
                "{elected}, uncleanly: an operator asked for it, and nobody in isr or elr was there."
            )
        } else {
            format!("{elected}, although it was in neither isr nor elr.")
        }];
        sentences.extend(self.kept_seat(broker, number));
        let office = self.first(|state| {
            state.replicas[broker].leads() && state.replicas[broker].leader_epoch == epoch
        });
        if let Some(office) = office.filter(|office| office.number > number) {
            sentences.push(format!("It took office at step {}.", office.number));
        }
        sentences
    }

    /// Since when, before step `until`, `broker` has been in the isr, or else an eligible leader
    /// replica, and what made it so.
    pub(super) fn seat(&self, broker: Broker, until: usize) -> String {
        let until = until.saturating_sub(1);
        let by_elr = self.after(until).controller.elr.contains(broker);
        let entered = match by_elr {
            true => self.latest(until, |state| state.controller.elr.contains(broker)),
            false => self.latest(until, |state| state.image().isr.contains(broker)),
        };
        let Some(moment) = entered else {
            return "as it had been from the beginning".into();
        };
        match moment.event {
            _ if by_elr => format!(
                "since it left the isr at step {} (`{}`)",
                moment.number,
                moment.event.line(self.setting())
            ),
            Event::Apply { leader } => format!(
                "since at step {} the controller took {}'s proposal{}",
                moment.number,
                self.name(leader),
                self.although(broker, leader, moment)
            ),
            _ => format!(
                "since step {} (`{}`)",
                moment.number,
                moment.event.line(self.setting())
            ),
        }
    }

    /// That `broker` is a candidate, of which kind, since when, and what did not change that.
    pub(super) fn candidacy(&self, broker: Broker) -> Vec<String> {
        let image = self.last().image();
        let place = match image.isr.contains(broker) {
            true => "in the isr",
            false => "an eligible leader replica",
        };
        let seat = self.seat(broker, self.length() + 1);
        let mut sentences = vec![format!("{} is {place}, {seat}.", self.name(broker))];
        sentences.extend(self.kept_seat(broker, self.length()));
        let frozen = !self.model.has_elr() && image.isr == BrokerSet::only(broker);
        if frozen && image.leader.is_none() {
            sentences.push(
                "Without eligible leader replicas the last member always stays in the isr, whatever becomes of it.".into(),
            );
        }
        sentences
    }

    /// Who holds `record` and may not lead for all that.
    pub(super) fn bystanders(&self, record: Record) -> Option<String> {
        let state = self.last();
        let holders: BrokerSet = self
            .brokers()
            .filter(|broker| holds(state, *broker, record) && !candidates(state).contains(*broker))
            .collect();
        let (verb, be) = match holders.len() {
            0 => return None,
            1 => ("holds", "is"),
            _ => ("hold", "are"),
        };
        Some(format!(
            "{} {verb} {record}, but {be} in neither isr nor elr.",
            self.names(holders)
        ))
    }

    /// What should have kept `joiner` out of the ISR that `leader` proposed.
    fn although(&self, joiner: Broker, leader: Broker, moment: &Moment) -> String {
        let Some(request) = moment.before.changes[leader].request else {
            return String::new();
        };
        let image = moment.before.image();
        let sent_under = request.member_epochs[joiner];
        let committed = moment.before.ghost.committed;
        if sent_under.0 != 0 && sent_under != image.broker_epochs[joiner] {
            let anew = self.latest(moment.number, |state| {
                state.image().broker_epochs[joiner] > sent_under
            });
            let when = anew
                .map(|anew| format!(" at step {}", anew.number))
                .unwrap_or_default();
            format!(
                ", which spoke of an older registration: {} had registered anew{when}",
                self.name(joiner)
            )
        } else if image.inactive.fenced.contains(joiner) {
            format!(", although {} was fenced", self.name(joiner))
        } else if image.inactive.in_controlled_shutdown.contains(joiner) {
            format!(
                ", although {} was in controlled shutdown",
                self.name(joiner)
            )
        } else if !moment.before.replicas[joiner]
            .log
            .agrees_below(&committed, committed.end())
        {
            format!(
                ", although {} did not hold everything committed",
                self.name(joiner)
            )
        } else {
            String::new()
        }
    }

    /// Whether `broker` lost records while it was a candidate, and remained one.
    fn kept_seat(&self, broker: Broker, until: usize) -> Option<String> {
        let moment = self.moments[..until.min(self.length())]
            .iter()
            .rfind(|moment| {
                let (old, new) = (
                    &moment.before.replicas[broker].log,
                    &moment.after.replicas[broker].log,
                );
                new.end() < old.end() && candidates(&moment.before).contains(broker)
            })?;
        let stays = self.moments[moment.number..until.min(self.length())]
            .iter()
            .all(|later| candidates(&later.before).contains(broker));
        let gone: RecordSet = (moment.before.replicas[broker].log.records())
            .minus(moment.after.replicas[broker].log.records());
        let stopped = moment.after.replicas[broker].process == Process::Stopped;
        let forgiving = match self.model.variant.switches.registration_takes_seats {
            false if stopped => format!(
                ", because in Kafka {} a broker that registers anew keeps its seats",
                self.setting().kafka
            ),
            _ => String::new(),
        };
        stays.then(|| {
            format!(
                "That it had lost {} at step {} did not cost it that place{forgiving}.",
                records(gone),
                moment.number
            )
        })
    }

    /// When and why `broker` last left the ISR before step `until`, if it is not in it then.
    pub(super) fn departure(&self, broker: Broker, until: usize) -> Option<String> {
        let moment = self.latest(until, |state| !state.image().isr.contains(broker))?;
        let later = &self.moments[until.min(self.length()).saturating_sub(1)].after;
        if later.image().isr.contains(broker) {
            return None;
        }
        let (name, number) = (self.name(broker), moment.number);
        Some(match moment.event {
            Event::Apply { leader } => format!(
                "{name} had left the isr at step {number}: {} had proposed to drop it, because it had fallen behind.",
                self.name(leader)
            ),
            Event::Fence { broker: fenced } if fenced == broker => {
                format!("{name} had left the isr at step {number}, when it was fenced.")
            }
            Event::Register { .. } => {
                format!("{name} had left the isr at step {number}, when it registered anew.")
            }
            _ => format!("{name} had left the isr at step {number}."),
        })
    }

    /// What a set of brokers is and does: `south-1 (stopped since step 5)`.
    pub(super) fn whereabouts(&self, brokers: BrokerSet) -> String {
        if brokers.is_empty() {
            return "empty".into();
        }
        series(brokers.iter().map(|broker| {
            let name = self.name(broker);
            match self.last().replicas[broker].process {
                Process::Running => format!("{name} (running)"),
                Process::Stopped => format!("{name} (stopped{})", self.since_stop(broker)),
                Process::Paused => format!("{name} (paused{})", self.since_stop(broker)),
            }
        }))
    }
}

/// A sentence, begun with a capital; records keep their own letters.
pub(super) fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match (letters.next(), letters.clone().next()) {
        (Some('r'), Some(digit)) if digit.is_ascii_digit() => sentence.to_owned(),
        (Some(first), _) => first.to_uppercase().chain(letters).collect(),
        (None, _) => String::new(),
    }
}
