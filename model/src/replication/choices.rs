//! What may be tried in a state: the ∃ before every rule.
//!
//! The enumerator may offer too much, because the guards decide; it must never offer too little.
//! What it leaves out on purpose: what the row's faults do not contain, what is rationed and spent,
//! and the choices that can add nothing ([`super::Bounds::redundant_choices`]).

use super::bounds::{has_fault_left, has_left};
use super::state::{LateFetch, Role, State};
use super::{Guard, Replication};
use highwater_vocabulary::{
    Acks, Broker, Datacenter, Event, Fault, MOST_BROKERS, Member, Offset, Process, Record,
};

/// Lists in `events` what may be tried in `state`.
///
/// An episode of lag that the row has begins before anything else and does not end: lag forces
/// nothing, so whatever may happen before it or after it may also happen within it.
pub fn offer(model: &Replication, state: &State, events: &mut Vec<Event>) {
    if !model.bounds.redundant_choices
        && !state.world.lag
        && has_fault_left(model, state, Fault::Lag)
    {
        events.push(Event::Lag);
        return;
    }
    for broker in model.setting.replicas().iter() {
        offer_clients(model, state, broker, events);
        offer_replication(model, state, broker, events);
        offer_isr_changes(model, state, broker, events);
        offer_membership(state, broker, events);
        offer_healing(state, broker, events);
    }
    offer_elections(model, state, events);
    offer_operators(model, state, events);
    offer_links(model, state, events);
    offer_faults(model, state, events);
}

fn offer_clients(model: &Replication, state: &State, broker: Broker, events: &mut Vec<Event>) {
    let replica = &state.replicas[broker];
    let (bounds, spent) = (&model.bounds, &state.ghost.spent);
    let may_produce = replica.leads() || !model.keeps(Guard::LeadsLocally);
    if may_produce && spent.records < bounds.records {
        events.extend(
            state
                .ghost
                .next_record()
                .map(|record| Event::Produce { broker, record }),
        );
    }
    if may_produce && spent.retries < bounds.retries {
        let sent = (0..spent.records.into()).map(Record::at);
        events.extend(sent.map(|record| Event::Retry { broker, record }));
    }
    if let (Some(tenure), Acks::All) = (replica.tenure(), model.setting.acks) {
        for record in tenure.waiting.iter() {
            events.push(Event::Ack { broker, record });
            if bounds.redundant_choices {
                events.push(Event::Refuse { broker, record });
            }
        }
    }
    if spent.reads < bounds.reads {
        for from in model.setting.every_datacenter() {
            if !model.setting.brokers_of(from).is_empty() {
                let offsets = (0..replica.log.end().0).map(|offset| Offset(offset.into()));
                events.extend(offsets.map(|offset| Event::Read {
                    from,
                    broker,
                    offset,
                }));
            }
        }
    }
}

fn offer_replication(
    model: &Replication,
    state: &State,
    follower: Broker,
    events: &mut Vec<Event>,
) {
    if let Role::Follower(Some(_)) = state.replicas[follower].role {
        events.push(Event::Fetch { follower });
        events.push(Event::FetchLost { follower });
        if model.variant.late_fetches {
            events.push(Event::Request { follower });
        }
    }
    match state.late[follower] {
        None => {}
        Some(LateFetch::Request(_)) => {
            events.extend([Event::Serve { follower }, Event::Drop { follower }])
        }
        Some(LateFetch::Answer(..)) => {
            events.extend([Event::Answer { follower }, Event::Drop { follower }])
        }
    }
    let newest = state.history_of(follower).newest();
    let behind = newest - state.replicas[follower].place;
    events.extend((1..=behind).map(|records| Event::Learn {
        broker: follower,
        records,
    }));
    if model.variant.late_requests {
        let overtaken = 1..=state.replicas[follower].place;
        events.extend(overtaken.map(|records| Event::Late {
            broker: follower,
            records,
        }));
    }
}

fn offer_isr_changes(model: &Replication, state: &State, leader: Broker, events: &mut Vec<Event>) {
    if state.changes[leader].request.is_some() {
        events.push(Event::Apply { leader });
    }
    if state.changes[leader].answer.is_some() {
        events.push(Event::Told { leader });
        if model.bounds.redundant_choices || somebody_cares_for_lost_answers(model) {
            events.push(Event::Untold { leader });
        }
    }
    let Some(tenure) = state.replicas[leader].tenure() else {
        return;
    };
    if state.ghost.spent.isr_changes < model.bounds.isr_changes {
        let others = tenure.isr.without(leader);
        events.extend(
            others
                .nonempty_subsets()
                .map(|dropped| Event::Shrink { leader, dropped }),
        );
    }
    if model.variant.switches.waits_for_caught_up {
        events.extend(
            tenure
                .caught_up
                .iter()
                .map(|follower| Event::Lapse { leader, follower }),
        );
    }
}

/// Whether a leader that will never hear an answer may do what one that has not heard yet may not.
fn somebody_cares_for_lost_answers(model: &Replication) -> bool {
    !model.keeps(Guard::UnknownOutcomeStaysPending) || !model.keeps(Guard::NoProposalWhilePending)
}

fn offer_membership(state: &State, broker: Broker, events: &mut Vec<Event>) {
    let fenced = state
        .history_of(broker)
        .image()
        .inactive
        .fenced
        .contains(broker);
    let registered = state.replicas[broker].serves();
    let mut histories = std::iter::once(&state.controller).chain(&state.former);
    if histories.any(|history| !history.image().inactive.fenced.contains(broker)) {
        events.push(Event::Fence { broker });
    }
    if state.apart.contains(broker) {
        events.push(Event::Terminate { broker });
    }
    if fenced && registered {
        events.push(Event::Unfence { broker });
    }
    if state.is_shutting_down(broker) && registered {
        // A shutdown that has begun ends, whatever else the row has.
        events.push(Event::Stop { broker });
    }
    if state.replicas[broker].process == Process::Running && !registered {
        events.push(Event::Register { broker });
    }
}

fn offer_healing(state: &State, broker: Broker, events: &mut Vec<Event>) {
    let replica = &state.replicas[broker];
    match replica.process {
        Process::Running => {}
        Process::Paused => events.push(Event::Resume { broker }),
        Process::Stopped => {
            events.push(Event::Restart {
                broker,
                watermark: None,
            });
            let older = (0..replica.watermark.0).map(|watermark| Some(Offset(watermark.into())));
            events.extend(older.map(|watermark| Event::Restart { broker, watermark }));
        }
    }
}

fn offer_elections(model: &Replication, state: &State, events: &mut Vec<Event>) {
    if state.ghost.spent.preferred_elections < model.bounds.preferred_elections {
        events.push(Event::Prefer);
    }
    events.push(Event::Unclean);
    let mut histories = std::iter::once(&state.controller).chain(&state.former);
    if histories.any(|history| !super::rules::works(model, state, history)) {
        let every = model.setting.every_datacenter();
        events.extend(every.map(|datacenter| Event::Activate { datacenter }));
    }
}

fn offer_operators(model: &Replication, state: &State, events: &mut Vec<Event>) {
    let (operators, spent) = (&model.bounds.operators, &state.ghost.spent);
    let next = operators
        .min_isr
        .iter()
        .flatten()
        .nth(spent.min_isr_changes.into());
    events.extend(next.map(|to| Event::SetMinIsr { to: *to }));
    let next = operators
        .reassignments
        .iter()
        .flatten()
        .nth(spent.reassignments.into());
    events.extend(next.map(|replicas| Event::Reassign {
        replicas: *replicas,
    }));
    if spent.cancellations < operators.cancellations {
        events.push(Event::CancelReassignment);
    }
    if spent.promotions < operators.promotions {
        let homes = model.homes(state.image().observers);
        events.extend(homes.map(|datacenter| Event::PromoteObservers { datacenter }));
    }
    if spent.unclean_elections < operators.unclean_elections {
        events.push(Event::ElectUnclean);
    }
    let cut_off = operators
        .break_outs
        .iter()
        .filter(|site| is_without_controller(model, state, *site));
    events.extend(cut_off.map(|datacenter| Event::BreakOut { datacenter }));
    if spent.added_voters < operators.added_voters {
        let every = model.setting.every_datacenter();
        events.extend(every.map(|datacenter| Event::AddVoter { datacenter }));
    }
    offer_falling_behind(model, state, events);
}

/// An operator breaks a datacenter out when something is broken, and not before: nobody there reaches a
/// controller that works.
fn is_without_controller(model: &Replication, state: &State, site: Datacenter) -> bool {
    let whole = state.former.as_ref().unwrap_or(&state.controller);
    let active = whole
        .active
        .filter(|_| super::rules::works(model, state, whole));
    !active.is_some_and(|active| state.world.connects(site, active))
}

/// A copy falls behind only where somebody may come to act on it, and where it makes a difference.
fn offer_falling_behind(model: &Replication, state: &State, events: &mut Vec<Event>) {
    let is_kept = state.controller.copy.is_some() || state.former.is_some();
    if is_kept || model.has_zookeeper() {
        return;
    }
    let rolls_back = has_fault_left(model, state, Fault::MetadataRollback);
    for datacenter in model.setting.every_datacenter() {
        let controller = &state.controller;
        let breaks_out = model.bounds.operators.break_outs.contains(datacenter)
            && controller.may_be_stale(datacenter);
        if breaks_out || rolls_back && controller.voters_in(datacenter) > 0 {
            events.push(Event::FallBehind { datacenter });
        }
    }
}

fn offer_links(model: &Replication, state: &State, events: &mut Vec<Event>) {
    if state.world.lag && model.bounds.redundant_choices {
        events.push(Event::CatchUp);
    }
    for datacenter in state.world.lost.iter() {
        events.push(Event::Return { datacenter });
    }
    for x in model.setting.every_datacenter() {
        for y in state.world.cut_from[x.index()].iter() {
            if x < y || !state.world.cut_from[y.index()].contains(x) {
                events.push(Event::Heal { between: [x, y] });
            }
        }
    }
}

fn offer_faults(model: &Replication, state: &State, events: &mut Vec<Event>) {
    let mut faults = model.faults.iter();
    if !faults.any(|fault| has_fault_left(model, state, fault)) {
        return;
    }
    let start = events.len();
    for fault in model.faults.iter() {
        match fault {
            Fault::BrokerCrash => each_broker(model, events, |broker| Event::Crash { broker }),
            Fault::BrokerWiped => each_broker(model, events, |broker| Event::Wipe { broker }),
            Fault::BrokerPause => each_broker(model, events, |broker| Event::Pause { broker }),
            Fault::BrokerStop => {
                let others = model.setting.replicas().iter();
                let others = others.filter(|broker| !state.is_shutting_down(*broker));
                events.extend(others.map(|broker| Event::Stop { broker }));
            }
            Fault::ControlledShutdown => {
                each_broker(model, events, |broker| Event::ControlledShutdown { broker });
            }
            Fault::BrokerPowerLoss => {
                for broker in model.setting.replicas().iter() {
                    let losses = 0..=state.replicas[broker].log.end().0;
                    events.extend(losses.map(|lost| Event::PowerLoss { broker, lost }));
                }
            }
            Fault::Lag => events.push(Event::Lag),
            Fault::DatacenterLoss(datacenter) => events.push(Event::Lose { datacenter }),
            Fault::DatacenterPowerLoss(datacenter) => {
                offer_darkening(model, state, datacenter, events)
            }
            Fault::DatacenterDestroyed(datacenter) => events.push(Event::Destroy { datacenter }),
            Fault::Cut(x, y) => events.push(Event::Cut { between: [x, y] }),
            Fault::OneWayCut(from, to) => events.push(Event::CutFrom { from, to }),
            Fault::ControllerFailover => events.push(Event::Depose),
            Fault::MetadataRollback => {
                let copy = state.controller.copy.map(|copy| copy.site);
                events.extend(copy.map(|datacenter| Event::RollBack { datacenter }));
            }
        }
    }
    let mut place = start;
    while place < events.len() {
        if has_left(model, state, &events[place]) {
            place += 1;
        } else {
            events.swap_remove(place);
        }
    }
}

fn each_broker(model: &Replication, events: &mut Vec<Event>, event: impl Fn(Broker) -> Event) {
    events.extend(model.setting.replicas().iter().map(event));
}

/// Every combination of what each broker of a datacenter may lose.
fn offer_darkening(
    model: &Replication,
    state: &State,
    datacenter: Datacenter,
    events: &mut Vec<Event>,
) {
    let mut losses = vec![[0; MOST_BROKERS]];
    for broker in model.setting.brokers_of(datacenter).iter() {
        let most = state.replicas[broker].log.end().0;
        losses = losses
            .into_iter()
            .flat_map(|lost| {
                (0..=most).map(move |own| {
                    let mut lost = lost;
                    lost[broker.index()] = own;
                    lost
                })
            })
            .collect();
    }
    events.extend(
        losses
            .into_iter()
            .map(|lost| Event::Darken { datacenter, lost }),
    );
}
