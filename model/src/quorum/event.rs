//! The alphabet of the quorum: everything that may happen, one line each.
//!
//! docs/QUORUM.md argues for each event why it may be taken as one step.

use super::setting::{Node, Setting};
use highwater_vocabulary::{Datacenter, Member};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Something that happens.  The order of the variants is the order in which ties between histories
/// of equal length are decided, so it is part of the notation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Event {
    /// `time-out V`: V's election or fetch time-out ends.
    TimeOut(Node),
    /// `prevote V W`: V asks W whether W would vote for it, and hears the answer.
    PreVote(Node, Node),
    /// `prevote-lost V W`: the same, and the answer is lost.
    PreVoteLost(Node, Node),
    /// `vote V W`: V asks W for its vote, and hears the answer.
    Vote(Node, Node),
    /// `vote-lost V W`: the same, and the answer is lost.
    VoteLost(Node, Node),
    /// `begin V W`: leader V tells W that it leads, and hears the answer.
    Begin(Node, Node),
    /// `append V m`: the controller on leader V writes a metadata record.
    Append(Node, u8),
    /// `fetch V W`: V fetches from W, and hears the answer.
    Fetch(Node, Node),
    /// `fetch-lost V W`: the same, and the answer is lost.
    FetchLost(Node, Node),
    /// `fetch-part V W`: as `fetch`, and the answer has room for one entry.
    FetchPart(Node, Node),
    /// `parked V W`: a fetch of V that waited at leader W for new entries is answered with them,
    /// before W has flushed them.
    Parked(Node, Node),
    /// `resign V`: leader V has not been fetched from by a majority for too long.
    Resign(Node),
    /// `add-voter V W`: leader V makes W a voter.
    AddVoter(Node, Node),
    /// `remove-voter V W`: leader V removes W from the voters.
    RemoveVoter(Node, Node),
    /// `restart V`: the process of V starts again.
    Restart(Node),
    /// `heal X Y`: every connection between two datacenters can be opened again.
    Heal(Datacenter, Datacenter),
    /// `crash V`: the process of V stops.
    Crash(Node),
    /// `power-loss V n`: the process of V stops, and the last n entries that it had not flushed are
    /// gone.
    PowerLoss(Node, u8),
    /// `wipe V`: the process of V stops, and its disk is formatted anew.
    Wipe(Node),
    /// `lose X`: every process of a datacenter stops.
    Lose(Datacenter),
    /// `cut X Y`: no connection between two datacenters can be opened.
    Cut(Datacenter, Datacenter),
    /// `cut-from X Y`: no connection can be opened from X to Y.
    CutFrom(Datacenter, Datacenter),
}

/// What stands after a verb.
enum Operands {
    One(Node),
    Two(Node, Node),
    Count(Node, u8),
    Record(Node, u8),
    Place(Datacenter),
    Places(Datacenter, Datacenter),
}

/// What is wrong with a line that should be an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoEvent(String);

impl fmt::Display for NoEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoEvent {}

impl Event {
    /// The first word of each event's line, in the order of the variants.
    pub const VERBS: &'static [&'static str] = &[
        "time-out",
        "prevote",
        "prevote-lost",
        "vote",
        "vote-lost",
        "begin",
        "append",
        "fetch",
        "fetch-lost",
        "fetch-part",
        "parked",
        "resign",
        "add-voter",
        "remove-voter",
        "restart",
        "heal",
        "crash",
        "power-loss",
        "wipe",
        "lose",
        "cut",
        "cut-from",
    ];

    /// The place of the event's first word among the verbs.
    pub fn verb(&self) -> usize {
        match self {
            Event::TimeOut(_) => 0,
            Event::PreVote(..) => 1,
            Event::PreVoteLost(..) => 2,
            Event::Vote(..) => 3,
            Event::VoteLost(..) => 4,
            Event::Begin(..) => 5,
            Event::Append(..) => 6,
            Event::Fetch(..) => 7,
            Event::FetchLost(..) => 8,
            Event::FetchPart(..) => 9,
            Event::Parked(..) => 10,
            Event::Resign(_) => 11,
            Event::AddVoter(..) => 12,
            Event::RemoveVoter(..) => 13,
            Event::Restart(_) => 14,
            Event::Heal(..) => 15,
            Event::Crash(_) => 16,
            Event::PowerLoss(..) => 17,
            Event::Wipe(_) => 18,
            Event::Lose(_) => 19,
            Event::Cut(..) => 20,
            Event::CutFrom(..) => 21,
        }
    }

    fn operands(&self) -> Operands {
        match *self {
            Event::TimeOut(v)
            | Event::Resign(v)
            | Event::Restart(v)
            | Event::Crash(v)
            | Event::Wipe(v) => Operands::One(v),
            Event::PreVote(v, w)
            | Event::PreVoteLost(v, w)
            | Event::Vote(v, w)
            | Event::VoteLost(v, w)
            | Event::Begin(v, w)
            | Event::Fetch(v, w)
            | Event::FetchLost(v, w)
            | Event::FetchPart(v, w)
            | Event::Parked(v, w)
            | Event::AddVoter(v, w)
            | Event::RemoveVoter(v, w) => Operands::Two(v, w),
            Event::Append(v, record) => Operands::Record(v, record),
            Event::PowerLoss(v, lost) => Operands::Count(v, lost),
            Event::Lose(x) => Operands::Place(x),
            Event::Heal(x, y) | Event::Cut(x, y) | Event::CutFrom(x, y) => Operands::Places(x, y),
        }
    }

    /// The event as one line; [`Event::parse`] reads it back.
    pub fn line(&self, setting: &Setting) -> String {
        let verb = Event::VERBS[self.verb()];
        let node = |node: Node| setting.name(node);
        let place = |place: Datacenter| &setting.datacenters[place.index()];
        match self.operands() {
            Operands::One(v) => format!("{verb} {}", node(v)),
            Operands::Two(v, w) => format!("{verb} {} {}", node(v), node(w)),
            Operands::Count(v, count) => format!("{verb} {} {count}", node(v)),
            Operands::Record(v, record) => format!("{verb} {} m{}", node(v), record + 1),
            Operands::Place(x) => format!("{verb} {}", place(x)),
            Operands::Places(x, y) => format!("{verb} {} {}", place(x), place(y)),
        }
    }

    /// The event that `line` names, in this setting.
    ///
    /// # Errors
    /// Says which word is not what the event wants.
    pub fn parse(line: &str, setting: &Setting) -> Result<Event, NoEvent> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (verb, operands) = words
            .split_first()
            .ok_or_else(|| NoEvent("an event has a first word".into()))?;
        let node = |place: usize| node_at(operands, place, verb, setting);
        let place = |place: usize| datacenter_at(operands, place, verb, setting);
        let (event, wanted) = match *verb {
            "time-out" => (Event::TimeOut(node(0)?), 1),
            "prevote" => (Event::PreVote(node(0)?, node(1)?), 2),
            "prevote-lost" => (Event::PreVoteLost(node(0)?, node(1)?), 2),
            "vote" => (Event::Vote(node(0)?, node(1)?), 2),
            "vote-lost" => (Event::VoteLost(node(0)?, node(1)?), 2),
            "begin" => (Event::Begin(node(0)?, node(1)?), 2),
            "append" => (Event::Append(node(0)?, record_at(operands, verb)?), 2),
            "fetch" => (Event::Fetch(node(0)?, node(1)?), 2),
            "fetch-lost" => (Event::FetchLost(node(0)?, node(1)?), 2),
            "fetch-part" => (Event::FetchPart(node(0)?, node(1)?), 2),
            "parked" => (Event::Parked(node(0)?, node(1)?), 2),
            "resign" => (Event::Resign(node(0)?), 1),
            "add-voter" => (Event::AddVoter(node(0)?, node(1)?), 2),
            "remove-voter" => (Event::RemoveVoter(node(0)?, node(1)?), 2),
            "restart" => (Event::Restart(node(0)?), 1),
            "heal" => (Event::Heal(place(0)?, place(1)?), 2),
            "crash" => (Event::Crash(node(0)?), 1),
            "power-loss" => (Event::PowerLoss(node(0)?, count_at(operands, verb)?), 2),
            "wipe" => (Event::Wipe(node(0)?), 1),
            "lose" => (Event::Lose(place(0)?), 1),
            "cut" => (Event::Cut(place(0)?, place(1)?), 2),
            "cut-from" => (Event::CutFrom(place(0)?, place(1)?), 2),
            unknown => {
                let known = Event::VERBS.join(", ");
                return Err(NoEvent(format!(
                    "there is no event `{unknown}` of a metadata quorum; there are {known}"
                )));
            }
        };
        match operands.get(wanted) {
            None => Ok(event),
            Some(rest) => Err(NoEvent(format!("`{verb}` is complete before `{rest}`"))),
        }
    }
}

fn word<'w>(
    operands: &[&'w str],
    place: usize,
    verb: &str,
    wanted: &str,
) -> Result<&'w str, NoEvent> {
    let word = operands.get(place).copied();
    word.ok_or_else(|| NoEvent(format!("`{verb}` wants {wanted} here, and the line ends")))
}

fn node_at(
    operands: &[&str],
    place: usize,
    verb: &str,
    setting: &Setting,
) -> Result<Node, NoEvent> {
    let found = word(operands, place, verb, "a node")?;
    setting.named(found).ok_or_else(|| {
        let known: Vec<_> = setting.nodes().map(|node| setting.name(node)).collect();
        let known = known.join(", ");
        NoEvent(format!(
            "`{verb}` wants a node, not `{found}`; there are {known}"
        ))
    })
}

fn datacenter_at(
    operands: &[&str],
    place: usize,
    verb: &str,
    setting: &Setting,
) -> Result<Datacenter, NoEvent> {
    let found = word(operands, place, verb, "a datacenter")?;
    let mut every = setting.every_datacenter();
    let named = every.find(|known| setting.datacenters[known.index()] == found);
    named.ok_or_else(|| {
        let known = setting.datacenters.join(", ");
        NoEvent(format!(
            "`{verb}` wants a datacenter, not `{found}`; there are {known}"
        ))
    })
}

fn record_at(operands: &[&str], verb: &str) -> Result<u8, NoEvent> {
    let found = word(operands, 1, verb, "a record")?;
    let number = found.strip_prefix('m').and_then(|rest| rest.parse().ok());
    let number = number.filter(|number: &u8| *number > 0);
    number
        .map(|number| number - 1)
        .ok_or_else(|| NoEvent(format!("`{verb}` wants a record such as m1, not `{found}`")))
}

fn count_at(operands: &[&str], verb: &str) -> Result<u8, NoEvent> {
    let found = word(operands, 1, verb, "a number of entries")?;
    found
        .parse()
        .map_err(|_| NoEvent(format!("`{verb}` wants a number of entries, not `{found}`")))
}
