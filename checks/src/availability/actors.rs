//! Who makes a step, and whose steps a search follows.

use super::graph::{Move, Step};
use highwater_vocabulary::Event;

/// Who makes a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Actor {
    /// Brokers, controllers, clients.
    Protocol,
    /// Whatever brings back what was lost.
    Healing,
    /// An operator.
    Operator,
}

impl Actor {
    /// Every one.
    pub(super) const ALL: [Actor; 3] = [Actor::Protocol, Actor::Healing, Actor::Operator];

    /// Who makes a step.
    pub(super) fn of(step: Step) -> Actor {
        match step {
            Step::Protocol => Actor::Protocol,
            Step::Healing => Actor::Healing,
            Step::Operator(_) => Actor::Operator,
        }
    }
}

/// Whose steps are followed.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reach(u8);

impl Reach {
    /// The protocol's alone.
    pub(super) const PROTOCOL: Reach = Reach(1 << Actor::Protocol as u8);

    /// Also of whatever comes back.
    pub(super) const fn and_healing(self) -> Reach {
        Reach(self.0 | 1 << Actor::Healing as u8)
    }

    /// Also the operator's.
    pub(super) const fn and_operator(self) -> Reach {
        Reach(self.0 | 1 << Actor::Operator as u8)
    }

    /// Whether such a step is one of them.
    pub(super) fn follows(self, step: Step) -> bool {
        self.has(Actor::of(step))
    }

    /// Whether these steps are followed.
    pub(super) fn has(self, actor: Actor) -> bool {
        self.0 >> actor as u8 & 1 == 1
    }

    /// Follows these steps too.
    pub(super) fn add(&mut self, actor: Actor) {
        self.0 |= 1 << actor as u8;
    }

    /// Those of this that the other does not follow.
    pub(super) fn minus(self, other: Reach) -> Reach {
        Reach(self.0 & !other.0)
    }
}

/// What kind of step an event is.
pub(super) fn actor(event: &Event) -> Step {
    match *event {
        Event::SetMinIsr { to } => Step::Operator(Move::SetMinIsr(to)),
        Event::PromoteObservers { datacenter } => {
            Step::Operator(Move::PromoteObservers(datacenter))
        }
        Event::Reassign { .. } => Step::Operator(Move::Reassign),
        Event::ElectUnclean => Step::Operator(Move::ElectUnclean),
        Event::BreakOut { datacenter } => Step::Operator(Move::BreakOut(datacenter)),
        Event::Restart { .. }
        | Event::Resume { .. }
        | Event::CatchUp
        | Event::Return { .. }
        | Event::Heal { .. } => Step::Healing,
        _ => Step::Protocol,
    }
}
