//! A story, told again by the model: does everything happen as it says?
//!
//! Bounds are not consulted and faults need no budget: a story may go where an exploration does not.
//! It begins as [`Replication::beginnings`] says, with the active controller where the first line
//! puts it (`with controller:south`), or else in the first datacenter that has a voter, or with ZooKeeper
//! a broker.

use crate::explore::History;
use crate::wording::listed;
use highwater_model::replication::{Bounds, Disabled, Property, Replication, State, Variant};
use highwater_vocabulary::{Datacenter, Event, Expected, Faults, Member, Setting, Story, Told};
use std::fmt;

/// The part of a story's first line that says where the active controller is.
const SEAT: &str = "controller:";

/// What became of a story.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The model that the first line of the story describes.
    pub model: Replication,
    /// What happened, as far as the replay came.
    pub history: History,
    /// How many events were tried, the refused ones included.
    pub steps: usize,
    /// Where story and model differ, in the order of the lines.
    pub differences: Vec<Difference>,
}

/// A line of a story that is not as the model has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The line of the story, counted from one.
    pub line: usize,
    /// What the story says and what the model says.
    pub what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Runs a story through the model.  After an event that should have happened and did not, or the
/// other way round, nothing that follows means anything, so there the replay ends.
///
/// # Errors
/// Says which part of the first line means nothing.
pub fn replay(story: &Story) -> Result<Replayed, String> {
    let (model, beginning) = stage(story)?;
    let mut replayed = Replayed {
        history: History {
            beginning,
            events: Vec::new(),
        },
        model,
        steps: 0,
        differences: Vec::new(),
    };
    let mut state = beginning;
    for (line, told) in &story.told {
        let what = match told {
            Told::Fact(fact) => replayed.compare(&state, fact),
            Told::Event(event, expected) => {
                replayed.steps += 1;
                match replayed.try_event(&mut state, event, expected) {
                    Outcome::AsTold => None,
                    Outcome::Differs(what) => Some(what),
                    Outcome::Lost(what) => {
                        replayed.note(*line, what);
                        break;
                    }
                }
            }
        };
        if let Some(what) = what {
            replayed.note(*line, what);
        }
    }
    Ok(replayed)
}

/// Where an exploration's history begins, as parts of the first line of a story that begins there
/// too.  (Reading that line numbers the datacenters anew, so they are compared by name.)
pub(crate) fn beginning_parts(model: &Replication, beginning: &State) -> Vec<String> {
    let seat = |setting: &Setting, state: &State| {
        let site = state.controller.active?;
        Some(setting.datacenters[site.index()].clone())
    };
    let header = Story::header(&model.setting, &[]);
    let read = Story::parse(&header)
        .ok()
        .and_then(|story| stage(&story).ok());
    let default = read.and_then(|(read, state)| seat(&read.setting, &state));
    seat(&model.setting, beginning)
        .filter(|seat| default.as_ref() != Some(seat))
        .map(|seat| format!("{SEAT}{seat}"))
        .into_iter()
        .collect()
}

enum Outcome {
    AsTold,
    Differs(String),
    Lost(String),
}

impl Replayed {
    fn note(&mut self, line: usize, what: String) {
        self.differences.push(Difference { line, what });
    }

    fn try_event(&mut self, state: &mut State, event: &Event, expected: &Expected) -> Outcome {
        let line = event.line(&self.model.setting);
        match (self.model.step(state, event), expected) {
            (Ok(after), Expected::Happens) => {
                *state = after;
                self.history.events.push(*event);
                Outcome::AsTold
            }
            (Err(refusal), Expected::RefusedBy(name)) if refusal.name() == name => Outcome::AsTold,
            (Err(refusal), Expected::RefusedBy(name)) => Outcome::Differs(format!(
                "`{line}` is refused by `{}`, not by `{name}`",
                refusal.name()
            )),
            (Ok(_), Expected::RefusedBy(name)) => Outcome::Lost(format!(
                "`{line}` happens, and the story says that `{name}` refuses it; the rest was not replayed"
            )),
            (Err(refusal), Expected::Happens) => Outcome::Lost(format!(
                "`{line}` cannot happen: {}; the rest was not replayed",
                why(refusal)
            )),
        }
    }

    /// What is wrong with a fact of the story, if anything is.
    fn compare(&self, state: &State, fact: &str) -> Option<String> {
        let facts = self.model.observe(state).facts(&self.model.setting);
        let facts: Vec<String> = facts.iter().map(|fact| squeeze(fact)).collect();
        let told = squeeze(fact);
        let key = key_of(&told);
        match facts.iter().find(|known| key_of(known) == key) {
            Some(known) if *known == told => None,
            Some(known) => Some(format!("the story says `{told}`, the model `{known}`")),
            None => Some(format!(
                "there is no fact `{key}`; there are {}",
                listed(facts.iter().map(|known| key_of(known)))
            )),
        }
    }
}

/// A refusal, in the words of the guard if it is one.
fn why(refusal: Disabled) -> String {
    match refusal {
        Disabled::By(guard) => format!("`{guard}` refuses it ({})", guard.sentence()),
        other => format!("`{}`", other.name()),
    }
}

fn key_of(fact: &str) -> &str {
    fact.split_once(':').map_or(fact, |(key, _)| key)
}

fn squeeze(fact: &str) -> String {
    fact.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The model of a story, and the state in which it begins.
fn stage(story: &Story) -> Result<(Replication, State), String> {
    let (seats, parts): (Vec<String>, Vec<String>) = story
        .variant
        .iter()
        .cloned()
        .partition(|part| part.starts_with(SEAT));
    let model = Replication {
        setting: story.setting.clone(),
        variant: Variant::parse(story.setting.kafka, &parts)?,
        faults: Faults::default(),
        bounds: Bounds::default(),
        asked: Property::ALL,
    };
    let mut beginning = *model
        .beginnings()
        .first()
        .ok_or("the metadata quorum has no voter")?;
    if let Some(seat) = seats.last() {
        beginning.controller.active = Some(seat_of(seat, &story.setting)?);
    }
    Ok((model, beginning))
}

fn seat_of(part: &str, setting: &Setting) -> Result<Datacenter, String> {
    let name = part.strip_prefix(SEAT).unwrap_or(part);
    let (who, may_sit): (&str, &dyn Fn(&Datacenter) -> bool) = match setting.kafka.has_zookeeper() {
        true => ("brokers", &|site| !setting.brokers_of(*site).is_empty()),
        false => ("voters", &|site| setting.voters[site.index()] > 0),
    };
    setting
        .datacenter_named(name)
        .filter(may_sit)
        .ok_or_else(|| {
            let seats = setting
                .every_datacenter()
                .filter(may_sit)
                .map(|site| setting.datacenters[site.index()].as_str());
            format!(
                "the active controller cannot be in `{name}`; there are {who} in {}",
                listed(seats)
            )
        })
}
