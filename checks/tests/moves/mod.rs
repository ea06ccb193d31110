//! The moves of a committed log, made by the rules of mirroring.

pub(crate) mod cases;

use highwater_checks::mirroring::committed_log::{CommittedLog, Move, Step};
use highwater_checks::mirroring::experiment_file;
use highwater_checks::source::Source;
use highwater_model::mirroring::{Disabled, Event, Mirroring, State};
use highwater_vocabulary::mirroring::{Cluster, TopicPartition};
use highwater_vocabulary::{Member, Record};

const PAIR: &str = r#"
title = "A log and its mirror"
question = "What may a log do?"
source = "M00"
headline = "mirror-complete"
clusters = ["east", "west"]
[topics]
east = { orders = 1 }
[[flow]]
from = "east"
to = "west"
tool = "mm2@3.9"
[faults]
row = "none"
[verdicts]
default = "holds"
mirror-complete = "holds"
"#;

/// A cluster of the mirroring model, with one topic-partition.
pub(crate) struct Moving {
    model: Mirroring,
    cluster: Cluster,
    place: TopicPartition,
}

/// How mirroring takes a step otherwise than the partition did.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Differs {
    /// It has written this record already, and nobody writes it again.
    WrittenBefore,
    /// It has room for the loss of one suffix.
    LostBefore,
    /// The partition's leader epoch stayed what it was, and the log's did not.
    NewEpoch,
}

impl Differs {
    /// How mirroring will take a step, by what is noted of it: who is refused something gets no further.
    pub(crate) fn expected(step: &Step) -> Option<Differs> {
        // A disaster may come after the loss of a suffix.
        let mut moves = step.moves();
        let is_suffix = moves.any(|one| matches!(one, Move::LoseSuffix(_)));
        if step.lost.more && is_suffix {
            Some(Differs::LostBefore)
        } else if step.again > 0 {
            Some(Differs::WrittenBefore)
        } else {
            step.lost.same_epoch.then_some(Differs::NewEpoch)
        }
    }
}

impl Moving {
    pub(crate) fn new() -> Self {
        let source = Source::new("pair.toml", PAIR.to_owned());
        let experiment = experiment_file::read(&source).expect("well-formed");
        Moving {
            model: experiment.model,
            cluster: Cluster::at(0),
            place: TopicPartition::at(0),
        }
    }

    /// Makes the moves of a step.  Each has to be one that the rules of mirroring allow, and what they
    /// come to has to be what the partition's log has become; else says how it differs, in a way
    /// that is known.
    ///
    /// # Panics
    /// If a rule refuses a move for another reason, or the log is another one in the end.
    pub(crate) fn make(
        &self,
        before: &CommittedLog,
        step: &Step,
        after: &CommittedLog,
    ) -> Result<(), Differs> {
        let mut state = self.as_it_was(before, step);
        let first_epoch = state[self.place].epoch;
        let mut added = after.log.entries().iter();
        let kept = after.log.entries().len() - usize::from(step.appended);
        added.by_ref().take(kept).for_each(drop);
        for one in step.moves() {
            let events: Vec<Event> = match one {
                Move::OutOfReach => vec![Event::Lose(self.cluster)],
                Move::Destroy => vec![Event::Destroy(self.cluster)],
                Move::LoseSuffix(lost) => vec![Event::LoseSuffix(self.place, lost)],
                Move::Return => vec![Event::Return(self.cluster)],
                Move::Append(_) => added
                    .by_ref()
                    .map(|entry| Event::Append(self.place, entry.record))
                    .collect(),
            };
            for event in events {
                state = match self.model.step(&state, &event) {
                    Ok(state) => state,
                    Err(Disabled::AlreadyWritten) => return Err(Differs::WrittenBefore),
                    Err(Disabled::ModelIsFull) => return Err(Differs::LostBefore),
                    Err(why) => panic!("{event:?} is refused, {why:?}: {before:?} {step:?}"),
                };
            }
        }
        let found: Vec<Record> = state[self.place]
            .records()
            .map(|(_, record)| record)
            .collect();
        let expected: Vec<Record> = after.log.entries().iter().map(|one| one.record).collect();
        assert_eq!(found, expected, "{before:?} {step:?}");
        assert_eq!(state.is_up(self.cluster), step.served[1], "{step:?}");
        let is_new = state[self.place].epoch > first_epoch;
        match is_new && step.lost.same_epoch {
            true => Err(Differs::NewEpoch),
            false => Ok(()),
        }
    }

    /// The cluster with a log that is what the partition's was, and has lost what that has lost.
    fn as_it_was(&self, log: &CommittedLog, step: &Step) -> State {
        let append = |record| Event::Append(self.place, record);
        let lost = log.lost.len() as u8;
        let mut events: Vec<Event> = log.lost.iter().map(append).collect();
        events.extend((lost > 0).then_some(Event::LoseSuffix(self.place, lost)));
        events.extend(log.log.entries().iter().map(|entry| append(entry.record)));
        events.extend((!step.served[0]).then_some(Event::Lose(self.cluster)));
        let begin = self.model.beginning();
        events.iter().fold(begin, |state, event| {
            let after = self.model.step(&state, event);
            after.unwrap_or_else(|why| panic!("{event:?} is refused, {why:?}: {log:?}"))
        })
    }
}
