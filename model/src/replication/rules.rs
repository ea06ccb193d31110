//! Everything that may happen, one arm an event, grouped by who acts.
//!
//! A rule is a function: who and source in its doc, guards first, a blank line, then the effect.
//! Guards are tested before anything is copied.

mod change;
mod client;
mod controller;
mod environment;
mod fetch;
mod isr;
mod metadata;
mod operator;
mod promise;
mod reassignment;
mod request;
mod watermark;
mod zookeeper;

use super::{Disabled, Replication, State};
use highwater_vocabulary::Event;

pub(crate) use controller::is_so_already;
pub(crate) use environment::{controller_works, keeps_session, reaches_controller, works};
pub(crate) use reassignment::list_of_replicas;
pub(crate) use request::{gets_through, is_no_news, newest_news};
pub(crate) use watermark::counted_isr;
pub(crate) use zookeeper::inherits_requests;

/// What `event` makes of `before`.
pub fn next(model: &Replication, before: &State, event: &Event) -> Result<State, Disabled> {
    if model.has_zookeeper() && is_of_kraft(event) {
        return Err(Disabled::NotInThisSetting);
    }
    let on_former = || rule(model, &before.turned(model), event).map(|after| after.turned(model));
    match acts_on(model, before, event) {
        History::Front => rule(model, before, event),
        History::Former => on_former(),
        History::Either => match rule(model, before, event) {
            Err(Disabled::ModelIsFull) => Err(Disabled::ModelIsFull),
            Err(disabled) => on_former().map_err(|former| match former {
                Disabled::ModelIsFull => former,
                _ => disabled,
            }),
            after => after,
        },
    }
}

/// What is told of KRaft alone: its quorum, its histories, its way to place replicas.
fn is_of_kraft(event: &Event) -> bool {
    matches!(
        event,
        Event::Terminate { .. }
            | Event::PromoteObservers { .. }
            | Event::Reassign { .. }
            | Event::CancelReassignment
            | Event::ControlledShutdown { .. }
            | Event::BreakOut { .. }
            | Event::AddVoter { .. }
            | Event::FallBehind { .. }
            | Event::RollBack { .. }
    )
}

/// The history whose controller makes an event, where the metadata quorum has broken its promise.
enum History {
    /// The one in front, or none: an event of brokers and links is the same to both.
    Front,
    /// The former one.
    Former,
    /// The one in front, or where it refuses the former.
    Either,
}

fn acts_on(model: &Replication, before: &State, event: &Event) -> History {
    if before.former.is_none() {
        return History::Front;
    }
    let is_former = match *event {
        Event::Apply { leader: broker }
        | Event::Unfence { broker }
        | Event::ControlledShutdown { broker } => before.apart.contains(broker),
        Event::Register { broker } => {
            !before.replicas[broker].serves()
                && promise::registers_with_former(model, before, broker)
        }
        Event::Fence { .. }
        | Event::Terminate { .. }
        | Event::Prefer
        | Event::Unclean
        | Event::Activate { .. }
        | Event::SetMinIsr { .. }
        | Event::ElectUnclean
        | Event::AddVoter { .. }
        | Event::Depose => return History::Either,
        _ => false,
    };
    if is_former {
        History::Former
    } else {
        History::Front
    }
}

fn rule(model: &Replication, before: &State, event: &Event) -> Result<State, Disabled> {
    match *event {
        Event::Produce { broker, record } => client::produce(model, before, broker, record),
        Event::Retry { broker, record } => client::retry(model, before, broker, record),
        Event::Ack { broker, record } => client::ack(model, before, broker, record),
        Event::Refuse { broker, record } => client::refuse(model, before, broker, record),
        Event::Read {
            from,
            broker,
            offset,
        } => client::read(model, before, from, broker, offset),

        Event::Fetch { follower } => fetch::fetch(model, before, follower),
        Event::FetchLost { follower } => fetch::fetch_lost(model, before, follower),
        Event::Request { follower } => fetch::request(model, before, follower),
        Event::Serve { follower } => fetch::serve(model, before, follower),
        Event::Answer { follower } => fetch::answer(model, before, follower),
        Event::Drop { follower } => fetch::drop(model, before, follower),

        Event::Lapse { leader, follower } => isr::lapse(model, before, leader, follower),
        Event::Shrink { leader, dropped } => isr::shrink(model, before, leader, dropped),
        Event::Told { leader } => isr::told(model, before, leader),
        Event::Untold { leader } => isr::untold(model, before, leader),
        Event::Learn { broker, records } => metadata::learn(model, before, broker, records),
        Event::Late { broker, records } => request::late(model, before, broker, records),
        Event::Terminate { broker } => promise::terminate(model, before, broker),

        Event::Apply { leader } => controller::apply(model, before, leader),
        Event::Fence { broker } => controller::fence(model, before, broker),
        Event::Unfence { broker } => controller::unfence(model, before, broker),
        Event::Register { broker } => controller::register(model, before, broker),
        Event::Prefer => controller::prefer(model, before),
        Event::Unclean => controller::unclean(model, before),
        Event::Activate { datacenter } => controller::activate(model, before, datacenter),

        Event::SetMinIsr { to } => operator::set_min_isr(model, before, to),
        Event::PromoteObservers { datacenter } => {
            reassignment::promote_observers(model, before, datacenter)
        }
        Event::Reassign { replicas } => reassignment::reassign(model, before, replicas),
        Event::CancelReassignment => reassignment::cancel(model, before),
        Event::ElectUnclean => operator::elect_unclean(model, before),
        Event::ControlledShutdown { broker } => controller::shut_down(model, before, broker),
        Event::Stop { broker } => operator::stop(model, before, broker),
        Event::BreakOut { datacenter } => promise::break_out(model, before, datacenter),
        Event::AddVoter { datacenter } => promise::add_voter(model, before, datacenter),

        Event::Restart { broker, watermark } => {
            environment::restart(model, before, broker, watermark)
        }
        Event::Resume { broker } => environment::resume(before, broker),
        Event::CatchUp => environment::catch_up(before),
        Event::Return { datacenter } => environment::bring_back(before, datacenter),
        Event::Heal { between } => environment::heal(before, between),

        Event::Crash { broker } => environment::crash(model, before, broker),
        Event::PowerLoss { broker, lost } => environment::power_loss(model, before, broker, lost),
        Event::Wipe { broker } => environment::wipe(model, before, broker),
        Event::Pause { broker } => environment::pause(before, broker),
        Event::Lag => environment::lag(before),
        Event::Lose { datacenter } => environment::lose(model, before, datacenter),
        Event::Darken { datacenter, lost } => environment::darken(model, before, datacenter, lost),
        Event::Destroy { datacenter } => environment::destroy(model, before, datacenter),
        Event::Cut { between } => environment::cut(before, between),
        Event::CutFrom { from, to } => environment::cut_from(before, from, to),
        Event::Depose => environment::depose(model, before),
        Event::FallBehind { datacenter } => promise::fall_behind(model, before, datacenter),
        Event::RollBack { datacenter } => promise::roll_back(model, before, datacenter),
    }
}
