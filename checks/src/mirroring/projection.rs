//! Every step of a partition beside the committed log that mirrors take it for.

use super::committed_log::{CommittedLog, Move, Step};
use crate::explore::key_of;
use highwater_model::replication::{Replication, State};
use highwater_vocabulary::Event;
use stateright::Model;
use std::collections::{HashMap, HashSet, VecDeque};
use strum::{EnumCount, IntoStaticStr, VariantArray};

/// What steps are told apart by.  The first six are moves of the log; a step may be several at once.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, EnumCount, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// Nothing that clients could notice.
    Stutter,
    /// Records are added.
    Append,
    /// A suffix is lost.
    LoseSuffix,
    /// The log goes out of reach.
    OutOfReach,
    /// It comes back.
    Return,
    /// Nobody has any of it.
    Destroy,
    /// A suffix is lost, and other records are added, in one step.
    LoseAndAppend,
    /// What is lost was acknowledged.
    LosesTold,
    /// What is lost could be read.
    LosesShown,
    /// What is lost could be read, and was not acknowledged.
    LosesUntold,
    /// What is lost is lost under the leader epoch under which it was there.
    LosesWithinEpoch,
    /// Another record of the same leader epoch stands where one could be read.
    ReplacesWithinEpoch,
    /// A log that has lost a suffix loses another.
    LosesMore,
    /// What was lost is there again.
    ComesBack,
    /// The watermark falls behind what could be read.
    FallsBehind,
    /// A leader of the past serves clients, and its log ends before what could be read.
    PastIsShort,
    /// A leader of the past shows what the log never had.
    AsideShown,
    /// A leader of the past acknowledges what the log does not have.
    AsideTold,
    /// An acknowledged record is held by no replica any more.
    GoneForGood,
}

impl Kind {
    /// As tables write it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// All that a step is.
    pub fn of(step: &Step) -> impl Iterator<Item = Kind> {
        let moves: Vec<Kind> = step.moves().map(Kind::of_move).collect();
        let has = |kind| moves.contains(&kind);
        let lost = &step.lost;
        let notes = [
            (Kind::Stutter, moves.is_empty()),
            (
                Kind::LoseAndAppend,
                has(Kind::LoseSuffix) && has(Kind::Append),
            ),
            (Kind::LosesTold, lost.told > 0),
            (Kind::LosesShown, lost.shown > 0),
            (Kind::LosesUntold, lost.untold > 0),
            (Kind::LosesWithinEpoch, lost.same_epoch),
            (Kind::ReplacesWithinEpoch, step.replaced > 0),
            (Kind::LosesMore, lost.more),
            (Kind::ComesBack, step.again > 0),
            (Kind::FallsBehind, step.falls_behind),
            (Kind::PastIsShort, step.past_is_short),
            (Kind::AsideShown, step.aside.shown > 0),
            (Kind::AsideTold, step.aside.told > 0),
            (Kind::GoneForGood, step.gone > 0),
        ];
        let notes = notes
            .into_iter()
            .filter_map(|(kind, is_so)| is_so.then_some(kind));
        moves.into_iter().chain(notes)
    }

    fn of_move(one: Move) -> Kind {
        match one {
            Move::OutOfReach => Kind::OutOfReach,
            Move::Destroy => Kind::Destroy,
            Move::LoseSuffix(_) => Kind::LoseSuffix,
            Move::Return => Kind::Return,
            Move::Append(_) => Kind::Append,
        }
    }
}

/// All that a partition's steps are to its log.
#[derive(Clone, Debug, Default)]
pub struct Projection {
    /// States, each with what its log has come to.
    pub states: usize,
    /// Steps that were looked at.
    pub steps: usize,
    /// Whether these are all that there are.
    pub exhausted: bool,
    /// How many steps are of each kind.
    pub counts: [usize; Kind::COUNT],
    /// What the log was, what a step is to it, and what it becomes, with the number of such steps.
    pub passages: HashMap<(CommittedLog, Step, CommittedLog), usize>,
    /// A shortest history to a step of each kind.
    pub histories: Vec<(Kind, Vec<Event>)>,
}

impl Projection {
    /// How many steps are of this kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.counts[kind as usize]
    }

    /// A shortest history whose last step is of this kind.
    pub fn history(&self, kind: Kind) -> Option<&[Event]> {
        let mut found = self.histories.iter();
        let (_, events) = found.find(|(of, _)| *of == kind)?;
        Some(events)
    }
}

/// Projects every step of `model`, up to so many states.
///
/// The model has to keep watermarks: it has to be asked for a property that looks inside.
pub fn project(model: &Replication, most: usize) -> Projection {
    project_by(model, most, CommittedLog::follow)
}

/// The same by another projection.
pub fn project_by(
    model: &Replication,
    most: usize,
    follow: impl Fn(&CommittedLog, &Replication, &State, &State) -> (CommittedLog, Step),
) -> Projection {
    let mut projection = Projection::default();
    let (mut seen, mut room) = (HashSet::new(), Vec::new());
    let mut ways: Vec<Option<(usize, Event)>> = Vec::new();
    let mut open = VecDeque::new();
    for state in model.init_states() {
        let log = CommittedLog::at_first(model, &state);
        if seen.insert(key_of(&(state, log), &mut room)) {
            open.push_back((ways.len(), state, log));
            ways.push(None);
        }
    }
    let mut first: [Option<(usize, Event)>; Kind::COUNT] = [None; Kind::COUNT];
    let mut events = Vec::new();
    while let Some((place, before, log)) = open.pop_front() {
        events.clear();
        model.actions(&before, &mut events);
        for event in &events {
            let Some(after) = model.next_state(&before, *event) else {
                continue;
            };
            let (next, step) = follow(&log, model, &before, &after);
            projection.steps += 1;
            *projection.passages.entry((log, step, next)).or_default() += 1;
            for kind in Kind::of(&step) {
                projection.counts[kind as usize] += 1;
                first[kind as usize].get_or_insert((place, *event));
            }
            if seen.len() < most && seen.insert(key_of(&(after, next), &mut room)) {
                open.push_back((ways.len(), after, next));
                ways.push(Some((place, *event)));
            }
        }
    }
    projection.states = seen.len();
    projection.exhausted = seen.len() < most;
    projection.histories = histories(&first, &ways);
    projection
}

fn histories(
    first: &[Option<(usize, Event)>],
    ways: &[Option<(usize, Event)>],
) -> Vec<(Kind, Vec<Event>)> {
    let found = Kind::VARIANTS.iter().zip(first);
    let found = found.filter_map(|(kind, way)| way.map(|way| (*kind, way)));
    found
        .map(|(kind, way)| {
            let back = std::iter::successors(Some(way), |(place, _)| ways[*place]);
            let mut events: Vec<Event> = back.map(|(_, event)| event).collect();
            events.reverse();
            (kind, events)
        })
        .collect()
}
