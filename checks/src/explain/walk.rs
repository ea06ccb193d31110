//! A history with the states between its events, and questions about it.

use crate::explore::History;
use crate::replay::beginning_parts;
use highwater_model::replication::state::Replica;
use highwater_model::replication::{End, Replication, State};
use highwater_vocabulary::{Broker, BrokerSet, Event, Process, Record, RecordSet, Setting, Story};

/// A history of a model, walked through.
pub(super) struct Walk<'m> {
    pub(super) model: &'m Replication,
    beginning: State,
    pub(super) moments: Vec<Moment>,
}

/// An event, with the states around it.
pub(super) struct Moment {
    /// Counted from one.
    pub(super) number: usize,
    pub(super) event: Event,
    pub(super) before: State,
    pub(super) after: State,
}

impl Moment {
    /// Whether something was not so before the event and is so after it.
    pub(super) fn begins(&self, so: impl Fn(&State) -> bool) -> bool {
        !so(&self.before) && so(&self.after)
    }
}

impl<'m> Walk<'m> {
    pub(super) fn of(model: &'m Replication, history: &History) -> Walk<'m> {
        let mut state = history.beginning;
        let mut moments = Vec::with_capacity(history.events.len());
        for (number, event) in (1..).zip(&history.events) {
            let after = model.step(&state, event).unwrap_or_else(|refusal| {
                let line = event.line(&model.setting);
                panic!("step {number}, `{line}`, is not of this model: {refusal:?}")
            });
            moments.push(Moment {
                number,
                event: *event,
                before: state,
                after,
            });
            state = after;
        }
        Walk {
            model,
            beginning: history.beginning,
            moments,
        }
    }

    pub(super) fn setting(&self) -> &Setting {
        &self.model.setting
    }

    pub(super) fn name(&self, broker: Broker) -> String {
        self.setting().broker_name(broker)
    }

    pub(super) fn names(&self, brokers: BrokerSet) -> String {
        series(brokers.iter().map(|broker| self.name(broker)))
    }

    pub(super) fn brokers(&self) -> impl Iterator<Item = Broker> + use<> {
        self.setting().replicas().iter()
    }

    /// The state after the last event.
    pub(super) fn last(&self) -> &State {
        self.moments
            .last()
            .map_or(&self.beginning, |moment| &moment.after)
    }

    /// The state after step `number`.
    pub(super) fn after(&self, number: usize) -> &State {
        let place = number.min(self.length()).checked_sub(1);
        place.map_or(&self.beginning, |place| &self.moments[place].after)
    }

    /// The first step that another model of the same setting would not take, or would take to
    /// another state; nothing if it takes them all alike.
    pub(super) fn first_otherwise(&self, other: &Replication) -> Option<&Moment> {
        self.moments.iter().find(|moment| {
            let after = other.step(&moment.before, &moment.event);
            after.as_ref() != Ok(&moment.after)
        })
    }

    /// How many events there were.
    pub(super) fn length(&self) -> usize {
        self.moments.len()
    }

    /// The first line of a story that begins where this history does.
    pub(super) fn header(&self) -> String {
        let mut parts = self.model.variant.parts(self.setting().kafka);
        parts.extend(beginning_parts(self.model, &self.beginning));
        Story::header(self.setting(), &parts)
    }

    /// The first moment at which something begins to be so.
    pub(super) fn first(&self, so: impl Fn(&State) -> bool) -> Option<&Moment> {
        self.moments.iter().find(|moment| moment.begins(&so))
    }

    /// The last moment up to step `until` at which something begins to be so.
    pub(super) fn latest(&self, until: usize, so: impl Fn(&State) -> bool) -> Option<&Moment> {
        self.moments[..until.min(self.length())]
            .iter()
            .rfind(|moment| moment.begins(&so))
    }

    /// When `broker` came to hold `record`, as far as it does at step `until`.
    pub(super) fn gained(&self, broker: Broker, record: Record, until: usize) -> Option<&Moment> {
        self.latest(until, |state| holds(state, broker, record))
    }

    /// When `broker` ceased to hold `record`, up to step `until`.
    pub(super) fn parted(&self, broker: Broker, record: Record, until: usize) -> Option<&Moment> {
        self.latest(until, |state| !holds(state, broker, record))
    }

    /// When the producer of `record` was told that it is safe.
    pub(super) fn acknowledged(&self, record: Record) -> Option<&Moment> {
        self.first(|state| state.ghost.acknowledged.contains(record))
    }

    /// When `record` first lay below the watermark of a leader.
    pub(super) fn committed(&self, record: Record) -> Option<&Moment> {
        self.first(|state| state.ghost.committed.records().contains(record))
    }

    /// When the process of `broker` stopped, or froze, for the last time.
    pub(super) fn stopped(&self, broker: Broker) -> Option<&Moment> {
        self.latest(self.length(), |state| {
            state.replicas[broker].process != Process::Running
        })
    }
}

/// Whether `record` is in the log of `broker`.
pub(super) fn holds(state: &State, broker: Broker, record: Record) -> bool {
    state.replicas[broker].log.records().contains(record)
}

/// Whether `record` lies below the watermark of `broker`.
pub(super) fn covers(replica: &Replica, record: Record) -> bool {
    replica
        .log
        .end_of(record)
        .is_some_and(|end| end <= replica.watermark)
}

/// Who may be elected cleanly.
pub(super) fn candidates(state: &State) -> BrokerSet {
    state.image().isr.union(state.controller.elr)
}

/// The leader of the newest epoch, if it has taken office and runs.
pub(super) fn in_office(state: &State) -> Option<Broker> {
    let image = state.image();
    image.leader.filter(|leader| {
        let replica = &state.replicas[*leader];
        replica.leads() && replica.leader_epoch == image.leader_epoch
    })
}

/// The records that stand in a log between two ends.
pub(super) fn between(replica: &Replica, from: End, to: End) -> RecordSet {
    let log = replica.log.entries();
    let to = to.index().min(log.len());
    log[from.index().min(to)..to]
        .iter()
        .map(|entry| entry.record)
        .collect()
}

/// `r1 and r2`.
pub(super) fn records(records: RecordSet) -> String {
    series(records.iter().map(|record| record.to_string()))
}

/// `a, b and c`.
pub(super) fn series(words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<String> = words.into_iter().collect();
    match words.split_last() {
        None => "none".into(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
