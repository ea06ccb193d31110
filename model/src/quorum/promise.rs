//! What `replication` assumes of its controller, and how each step of a quorum keeps it.
//!
//! To brokers the quorum is one machine: a history of committed metadata that only grows, and an active
//! controller that changes now and then.  A step of the quorum appends to that history, makes another
//! node the active controller, or changes nothing that a broker can see.  Anything else is a breach.

use super::log::{Epoch, Log, What};
use super::{Node, Quorum, State};

/// The quorum as brokers see it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Controller {
    /// What is committed.
    pub history: Log,
    /// The epoch of the active controller, and of the last that added to the history.
    pub epoch: Epoch,
}

/// What a step of the quorum comes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Move {
    /// Nothing that brokers see.
    Stutter,
    /// So many entries are added to the history.
    Append(u8),
    /// A controller becomes active in a later epoch, and adds so many entries.
    Activate(u8),
}

/// How a step breaks the promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Breach {
    /// A leader commits something else than was committed there.
    Forks(Node),
    /// A node that does not lead takes something else for committed than is.
    Differs(Node),
    /// A leader of an epoch that is over adds to the history.
    OldControllerAppends(Node),
    /// A leader shows entries to brokers in another order than their epochs'.
    EpochsFall(Node),
}

impl Controller {
    /// What a step makes of the machine that brokers see.  Only what nodes expose is read, and not the
    /// ghost.
    ///
    /// # Errors
    /// How the step breaks the promise.
    pub fn follow(
        &self,
        model: &Quorum,
        before: &State,
        after: &State,
    ) -> Result<(Controller, Move), Breach> {
        let mut seen = *self;
        let mut came_to = Move::Stutter;
        for node in model.setting.nodes() {
            let (old, new) = (&before.nodes[node], &after.nodes[node]);
            let exposes = new.leader == Some(node) && !new.stopped && new.watermark > 0;
            let grew = old.watermark != new.watermark || old.epoch != new.epoch;
            if exposes && grew {
                came_to = came_to.max(seen.show(node, &new.log, new.watermark, new.epoch)?);
            }
        }
        let differs = |node: &Node| {
            let own = &after.nodes[*node];
            let end = own.watermark.min(seen.history.end());
            !own.log.agrees_below(&seen.history, end)
        };
        match model.setting.nodes().find(differs) {
            Some(node) => Err(Breach::Differs(node)),
            None => Ok((seen, came_to)),
        }
    }

    /// A leader exposes its log up to its watermark.
    fn show(&mut self, node: Node, log: &Log, end: u8, epoch: Epoch) -> Result<Move, Breach> {
        let known = self.history.end();
        if !log.agrees_below(&self.history, known.min(end)) {
            return Err(Breach::Forks(node));
        }
        if end <= known {
            return Ok(Move::Stutter);
        }
        if epoch < self.epoch {
            return Err(Breach::OldControllerAppends(node));
        }
        let added = log.entries().take(end.into()).skip(known.into());
        let mut last = self.history.last_epoch();
        let mut begins = false;
        for entry in added {
            if entry.epoch < last {
                return Err(Breach::EpochsFall(node));
            }
            last = entry.epoch;
            begins |= entry.what == What::LeaderChange && entry.epoch > self.epoch;
            self.history.append(entry);
        }
        self.epoch = epoch;
        match begins {
            true => Ok(Move::Activate(end - known)),
            false => Ok(Move::Append(end - known)),
        }
    }
}
