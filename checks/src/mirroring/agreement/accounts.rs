//! The accounts that there are: the model's rules over a state, and the engine.

use super::Account;
use highwater_model::mirroring::{Disabled, Faults, Mirroring, State, Variant};
use highwater_reference::mirroring::{Engine, Options, Switches};
use highwater_vocabulary::mirroring::{Event, Observation, Setting};
use std::sync::Arc;

/// What an account says that has no room for what would happen: nobody else is asked then.
pub const NO_ROOM: &str = "no-room";
/// What an account says of an event that would change nothing.
pub const CHANGES_NOTHING: &str = "changes-nothing";

/// The model, without its bounds.
#[derive(Clone, Debug)]
pub struct OfModel {
    /// The rules.
    pub model: Arc<Mirroring>,
    /// What has come of the events so far.
    pub state: State,
}

impl OfModel {
    /// Before anything has happened.
    pub fn beginning(setting: &Setting, variant: Variant) -> OfModel {
        let model = Mirroring {
            setting: setting.clone(),
            variant,
            faults: Faults::default(),
            bounds: Default::default(),
            asked: &[],
        };
        OfModel {
            state: model.beginning(),
            model: Arc::new(model),
        }
    }
}

impl Account for OfModel {
    fn apply(&mut self, event: &Event) -> Result<(), &'static str> {
        let after = self.model.step(&self.state, event).map_err(name)?;
        let mut apart_from_ghosts = after;
        apart_from_ghosts.ghost = self.state.ghost;
        if apart_from_ghosts == self.state {
            return Err(CHANGES_NOTHING);
        }
        self.state = after;
        Ok(())
    }

    fn observe(&self) -> Observation {
        self.model.observe(&self.state)
    }
}

fn name(disabled: Disabled) -> &'static str {
    match disabled {
        Disabled::By(guard) => guard.name(),
        Disabled::ClusterIsDown => "cluster-is-down",
        Disabled::ClusterIsUp => "cluster-is-up",
        Disabled::Fenced => "fenced",
        Disabled::NoSuchPartition => "no-such-partition",
        Disabled::NobodyWrites => "nobody-writes",
        Disabled::AlreadyWritten => "already-written",
        Disabled::OtherLife => "other-life",
        Disabled::Unreachable => "unreachable",
        Disabled::NotYetKnown => "not-yet-known",
        Disabled::Memory => "memory",
        Disabled::OtherPlace => "other-place",
        Disabled::NoMember => "no-member",
        Disabled::NothingThere => "nothing-there",
        Disabled::NoOffset => "no-offset",
        Disabled::NotInThisTool => "not-in-this-tool",
        Disabled::LinkState => "link-state",
        Disabled::Truncation => "truncation",
        Disabled::Transaction => "transaction",
        Disabled::ModelIsFull => NO_ROOM,
    }
}

impl Account for Engine {
    fn apply(&mut self, event: &Event) -> Result<(), &'static str> {
        let mut after = self.clone();
        Engine::apply(&mut after, event).map_err(|refusal| refusal.name())?;
        if after == *self {
            return Err(CHANGES_NOTHING);
        }
        *self = after;
        Ok(())
    }

    fn observe(&self) -> Observation {
        Engine::observe(self)
    }
}

/// The engine as the model begins: no group has started.
pub fn engine(setting: &Setting, offset_lag_max: u64) -> Engine {
    let switches = setting.mirrors.iter().map(|flow| Switches::of(flow.tool));
    let options = Options {
        offset_lag_max,
        switches: switches.collect(),
        groups_know_epochs: true,
    };
    let mut engine = Engine::with_options(setting, options, 1);
    for group in setting.every_group() {
        let home = setting.reader(group).home;
        // Every group runs at home to begin with, so nothing refuses it.
        let _ = engine.apply(&Event::Stop(group, home));
    }
    engine
}
