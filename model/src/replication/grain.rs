//! The grain: how large the steps of a run are.
//!
//! A coarse step is an event and whatever has to follow it at once, each an event of the fine grain
//! and each by the same rules.  So every coarse run is a fine run ([`events_of`] writes it out), and
//! what is violated at a coarse grain is violated.  What only happens if somebody acts between an event
//! and what follows it is missed; docs/ARCHITECTURE.md lists what is known of that.
//!
//! Each grain takes more in whole steps than the next finer one:
//!
//! - [`Coarse`](Grain::Coarse): *metadata and ISR changes*.  Whoever has kept up with the controller
//!   learns at once what it commits; the proposal of a leader that has kept up is taken or rejected at
//!   once, and the leader hears of it; who starts again registers at once.  Whoever is paused or cut
//!   off falls behind as ever, may act on what it knew when it comes back, and then learns everything
//!   in one batch.
//! - [`CoarseDatacenters`](Grain::CoarseDatacenters): *also datacenters*.  Where the controller hears no
//!   broker of a datacenter any more all of them are fenced together, the leader last; where none runs
//!   any more all start again together; all that can are unfenced together, whoever is the first.
//! - [`CoarseFetches`](Grain::CoarseFetches): *also fetches*.  Whoever fetches goes on until it has
//!   everything and its leader knows that; no answer is lost.
//!
//! **Architecture invariant:** no rule, guard or property looks at the grain.  It is asked for here and
//! in [`Replication::step`], nowhere else.

use super::rules::{
    self, controller_works, gets_through, keeps_session, newest_news, reaches_controller, works,
};
use super::settle::{forget_record, keeps_place, settle};
use super::state::{Role, State};
use super::{BrokerEpoch, Disabled, Replication};
use highwater_vocabulary::{Broker, BrokerSet, Datacenter, Event, Process};

/// How large the steps of a run are.  The order is from coarse to fine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grain {
    /// Metadata, ISR changes, datacenters and fetches are whole.
    CoarseFetches,
    /// Metadata, ISR changes and datacenters are whole.
    CoarseDatacenters,
    /// Metadata and ISR changes are whole.
    Coarse,
    /// Nothing is: one event a step.
    Fine,
}

impl Grain {
    /// Every grain, the coarsest first.
    pub const ALL: [Grain; 4] = [
        Grain::CoarseFetches,
        Grain::CoarseDatacenters,
        Grain::Coarse,
        Grain::Fine,
    ];

    /// As files and verdicts write it.
    pub fn name(self) -> &'static str {
        match self {
            Grain::Fine => "fine",
            Grain::Coarse => "coarse",
            Grain::CoarseDatacenters => "coarse-datacenters",
            Grain::CoarseFetches => "coarse-fetches",
        }
    }

    /// What is taken in whole steps.
    pub fn restrictions(self) -> &'static [&'static str] {
        let every = &["metadata", "ISR changes", "datacenters", "fetches"];
        match self {
            Grain::Fine => &[],
            Grain::Coarse => &every[..2],
            Grain::CoarseDatacenters => &every[..3],
            Grain::CoarseFetches => every,
        }
    }

    fn has_whole_datacenters(self) -> bool {
        self <= Grain::CoarseDatacenters
    }

    fn has_whole_fetches(self) -> bool {
        self <= Grain::CoarseFetches
    }
}

/// One step of a coarse grain.
pub(super) fn step(model: &Replication, before: &State, event: &Event) -> Result<State, Disabled> {
    let mut result = take(model, before, event, |_| ());
    if let Ok(after) = &mut result {
        coarsen(model, after);
    }
    result
}

/// The events of the fine grain that the step which begins with `event` consists of, and where they
/// lead at the fine grain, abridged at the end of the step as [`Replication::step`] does.  How many records somebody learns is counted in `before`, because the same
/// step may stand for more records there.
///
/// # Errors
/// Names what forbids the step.
pub fn events_of(
    model: &Replication,
    before: &State,
    event: &Event,
) -> Result<(Vec<Event>, State), Disabled> {
    let mut events = Vec::new();
    let event = match *event {
        Event::Learn { broker, .. } => learn_all(model, before, broker).unwrap_or(*event),
        event => event,
    };
    let mut after = take(model, before, &event, |event| events.push(event))?;
    super::abridge::abridge(model, &mut after);
    Ok((events, after))
}

/// The state of the coarse grain that a state of the fine grain amounts to.
pub fn coarsened(model: &Replication, state: &State) -> State {
    let mut coarse = *state;
    coarsen(model, &mut coarse);
    coarse
}

fn coarsen(model: &Replication, state: &mut State) {
    let records = |state: &State| {
        let former = state.former.as_ref();
        let former = former.map_or(0, |former| former.records().len());
        state.controller.records().len() + former
    };
    let before = records(state);
    forget_what_nobody_will_read(model, state);
    if state.former.is_some() {
        let mut turned = state.turned(model);
        forget_what_nobody_will_read(model, &mut turned);
        *state = turned.turned(model);
    }
    if records(state) < before {
        settle(model, state);
    }
}

/// Takes the event and whatever has to follow it; `hear` is told of each.
fn take(
    model: &Replication,
    before: &State,
    event: &Event,
    mut hear: impl FnMut(Event),
) -> Result<State, Disabled> {
    if !begins_step(model, before, event) {
        return Err(Disabled::NotInThisSetting);
    }
    let mut state = model.event(before, event)?;
    hear(*event);
    let start = Start {
        event: *event,
        before,
        kept_up: kept_up(model, before),
    };
    loop {
        while let Some(next) = follows(model, &start, &state) {
            state = model.event(&state, &next)?;
            hear(next);
        }
        let Some(again) = fetched_again(model, event, &state) else {
            return Ok(state);
        };
        state = again;
        hear(*event);
    }
}

/// Whether a step may begin with `event`.
fn begins_step(model: &Replication, before: &State, event: &Event) -> bool {
    let grain = model.variant.grain;
    match *event {
        Event::Learn { broker, .. } => learn_all(model, before, broker) == Some(*event),
        Event::FetchLost { .. } => !grain.has_whole_fetches(),
        Event::Fence { broker } if grain.has_whole_datacenters() => {
            let home = model.setting.home(broker);
            !is_silent(model, before, home) || next_to_fence(model, before, home) == Some(broker)
        }
        Event::Restart { broker, .. } if grain.has_whole_datacenters() => {
            let home = model.setting.home(broker);
            !is_dark(model, before, home) || next_to_restart(model, before, home) == Some(broker)
        }
        _ => true,
    }
}

/// Who has applied everything that is committed, or is not there to apply it.
fn kept_up(model: &Replication, state: &State) -> BrokerSet {
    let keeps_up = |broker: &Broker| {
        let replica = &state.replicas[*broker];
        // What is on its way to a process that is gone, the next one hears as soon as it has registered.
        let registered =
            replica.process != Process::Stopped && replica.broker_epoch != BrokerEpoch(0);
        !registered || learn_all(model, state, *broker).is_none()
    };
    model.setting.replicas().iter().filter(keeps_up).collect()
}

/// What a step began with.
struct Start<'a> {
    event: Event,
    before: &'a State,
    kept_up: BrokerSet,
}

/// What has to happen next, before another step may begin.
fn follows(model: &Replication, start: &Start, state: &State) -> Option<Event> {
    leader_last(state, model.setting.replicas())
        .find_map(|broker| registration(model, state, broker))
        .or_else(|| {
            let mut keeping_up = start.kept_up.iter();
            keeping_up.find_map(|broker| change_or_metadata(model, state, broker))
        })
        .or_else(|| rest_of_datacenter(model, start, state))
}

/// The registration of a process that runs without one.
fn registration(model: &Replication, state: &State, broker: Broker) -> Option<Event> {
    let replica = &state.replicas[broker];
    let waits = replica.process == Process::Running && !replica.serves();
    (waits && keeps_session(model, state, broker)).then_some(Event::Register { broker })
}

/// The next stage of an ISR change, or the records that the controller has committed.
fn change_or_metadata(model: &Replication, state: &State, broker: Broker) -> Option<Event> {
    let change = &state.changes[broker];
    let news = learn_all(model, state, broker);
    if change.request.is_none() && change.answer.is_none() && news.is_none() {
        return None;
    }
    let history = state.history_of(broker);
    let serves = state.replicas[broker].serves();
    let reaches = serves && reaches_controller(model, state, broker);
    let arrives = change
        .request
        .filter(|_| !change.is_refused())
        .is_some_and(|request| reaches || request.sent && works(model, state, history));
    if arrives {
        return Some(Event::Apply { leader: broker });
    }
    if change.answer.is_some() && reaches {
        return Some(Event::Told { leader: broker });
    }
    let arrives = match model.has_zookeeper() {
        true => serves && gets_through(model, state, broker),
        false => reaches,
    };
    news.filter(|_| arrives)
}

/// All that a broker has not learnt yet, in one batch; with ZooKeeper the newest request of which
/// something comes.
fn learn_all(model: &Replication, state: &State, broker: Broker) -> Option<Event> {
    let place = state.replicas[broker].place;
    let newest = match model.has_zookeeper() {
        true => newest_news(model, state, broker)?,
        false => state.history_of(broker).newest(),
    };
    (newest > place).then(|| Event::Learn {
        broker,
        records: newest - place,
    })
}

/// The same fetch once more, as long as it moves the follower on or its leader learns how far it is.
/// (What it moves beside that may go round in circles: a joiner is proposed again whenever it was
/// rejected.)
fn fetched_again(model: &Replication, begun_with: &Event, state: &State) -> Option<State> {
    let Event::Fetch { follower } = *begun_with else {
        return None;
    };
    if !model.variant.grain.has_whole_fetches() {
        return None;
    }
    let Role::Follower(Some(leader)) = state.replicas[follower].role else {
        return None;
    };
    let progress = |state: &State| {
        let tenure = state.replicas[leader].tenure();
        (
            state.replicas[follower].log,
            state.replicas[follower].watermark,
            state.replicas[follower].asks,
            tenure.map(|tenure| tenure.follower_end[follower]),
        )
    };
    let mut again = rules::next(model, state, begun_with).ok()?;
    if progress(&again) == progress(state) {
        return None;
    }
    model.complete(state, begun_with, &mut again);
    Some(again)
}

/// What the other brokers of a datacenter do together with the first.
///
/// They start with the return of their datacenter if there was a controller all the time: what it made
/// of their silence, it made before.
fn rest_of_datacenter(model: &Replication, start: &Start, state: &State) -> Option<Event> {
    if !model.variant.grain.has_whole_datacenters() {
        return None;
    }
    match start.event {
        Event::Fence { broker } => {
            let home = model.setting.home(broker);
            let next = is_silent(model, state, home).then(|| next_to_fence(model, state, home));
            next.flatten().map(|broker| Event::Fence { broker })
        }
        Event::Return { datacenter } if controller_works(model, start.before) => {
            rest_of_start(model, state, datacenter)
        }
        Event::Restart { broker, .. } => {
            let home = model.setting.home(broker);
            let was_dark = is_dark(model, start.before, home);
            was_dark.then(|| rest_of_start(model, state, home))?
        }
        Event::Unfence { broker } => next_to_unfence(model, state, model.setting.home(broker)),
        _ => None,
    }
}

/// Whoever of a datacenter does not run yet starts, and all are let in; but where nobody leads whoever
/// is let in first may be elected, so that is a step of its own.
fn rest_of_start(model: &Replication, state: &State, datacenter: Datacenter) -> Option<Event> {
    match next_to_restart(model, state, datacenter) {
        Some(broker) => Some(Event::Restart {
            broker,
            watermark: None,
        }),
        None if state.image().leader.is_some() => next_to_unfence(model, state, datacenter),
        None => None,
    }
}

/// Whether a working controller hears no broker of a datacenter.
fn is_silent(model: &Replication, state: &State, datacenter: Datacenter) -> bool {
    let hears = |broker| state.replicas[broker].serves() && keeps_session(model, state, broker);
    // Whoever follows the former history is heard there, and nowhere else.
    controller_works(model, state) && !model.setting.brokers_of(datacenter).iter().any(hears)
}

/// The order in which brokers lose seats together: whoever leads last, so that none of the others is
/// elected meanwhile only to be deposed.
fn leader_last(state: &State, brokers: BrokerSet) -> impl Iterator<Item = Broker> {
    let leader = state.image().leader;
    let others = leader.map_or(brokers, |leader| brokers.without(leader));
    others.iter().chain(brokers.minus(others).iter())
}

/// Who of a datacenter is fenced next.
fn next_to_fence(model: &Replication, state: &State, datacenter: Datacenter) -> Option<Broker> {
    let unfenced = model
        .setting
        .brokers_of(datacenter)
        .minus(state.image().inactive.fenced);
    leader_last(state, unfenced).next()
}

/// Whether no broker of a datacenter runs.
fn is_dark(model: &Replication, state: &State, datacenter: Datacenter) -> bool {
    let mut brokers = model.setting.brokers_of(datacenter).iter();
    brokers.all(|broker| state.replicas[broker].process == Process::Stopped)
}

/// Who of a datacenter starts next, and so registers next.
fn next_to_restart(model: &Replication, state: &State, datacenter: Datacenter) -> Option<Broker> {
    let mut brokers = leader_last(state, model.setting.brokers_of(datacenter));
    brokers.find(|broker| state.replicas[*broker].process == Process::Stopped)
}

fn next_to_unfence(model: &Replication, state: &State, datacenter: Datacenter) -> Option<Event> {
    let image = state.image();
    let may_be_unfenced = |broker: &Broker| {
        let replica = &state.replicas[*broker];
        image.inactive.fenced.contains(*broker)
            && !image.inactive.in_controlled_shutdown.contains(*broker)
            && replica.serves()
            && (model.has_zookeeper() || replica.broker_epoch == image.broker_epochs[*broker])
            && controller_works(model, state)
            && keeps_session(model, state, *broker)
    };
    let mut brokers = model.setting.brokers_of(datacenter).iter();
    let broker = brokers.find(may_be_unfenced)?;
    Some(Event::Unfence { broker })
}

/// Whoever is behind learns everything at once, so nobody reads what lies between its place and the
/// newest record.
fn forget_what_nobody_will_read(model: &Replication, state: &mut State) {
    for place in (0..state.controller.newest()).rev() {
        let mut brokers = model.setting.replicas().minus(state.apart).iter();
        let is_read = brokers.any(|broker| {
            let is_news =
                || model.has_zookeeper() && newest_news(model, state, broker) == Some(place);
            let stands =
                || [state.replicas[broker].place, state.configured[broker]].contains(&place);
            keeps_place(model, state, broker) && (stands() || is_news())
        });
        let is_kept = state
            .controller
            .copy
            .is_some_and(|copy| copy.place == place);
        if !is_read && !is_kept {
            forget_record(model, state, place);
        }
    }
}
