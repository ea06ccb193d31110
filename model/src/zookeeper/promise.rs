//! What `replication` assumes of its controller, and how each step of an ensemble keeps it.
//!
//! To whoever reads and writes through it the ensemble is one machine: a history of committed
//! changes that only grows, and a leader that changes now and then.  A step of the ensemble appends to
//! that history, makes another server the leader, or changes nothing that a client can see.  Anything
//! else is a breach.
//!
//! **Deliberately absent:** the controller itself, a broker that holds the newest session's znode: it
//! changes by a transaction like any other.

use super::state::{History, Server, State};
use super::{Zookeeper, rules};

/// The ensemble as its clients see it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Controller {
    /// What is committed.
    pub history: History,
    /// The epoch of the last leader that has shown itself.
    pub epoch: u8,
}

/// What a step of the ensemble comes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Move {
    /// Nothing that clients see.
    Stutter,
    /// So many transactions are added to the history.
    Append(u8),
    /// A leader of a later epoch shows itself, and adds so many.
    Activate(u8),
}

/// How a step breaks the promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Breach {
    /// A leader commits something else than was committed there.
    Forks(Server),
    /// A leader of a quorum shows less than was committed.
    GoesBack(Server),
    /// A server that does not lead takes something else for committed than is.
    Differs(Server),
    /// A leader adds to the history although one of a later epoch has shown itself.
    OldLeaderAppends(Server),
    /// A second leader shows itself in an epoch.
    SharesEpoch(Server),
}

impl Controller {
    /// What a step makes of the machine that clients see.  Only what servers expose is read, and not
    /// the ghost.
    ///
    /// # Errors
    /// How the step breaks the promise.
    pub fn follow(
        &self,
        model: &Zookeeper,
        before: &State,
        after: &State,
    ) -> Result<(Controller, Move), Breach> {
        let mut seen = *self;
        let mut came_to = Move::Stutter;
        for server in model.setting.servers() {
            let (old, new) = (before.at(server), after.at(server));
            let led = rules::leads(before, server) && old.epoch == new.epoch;
            let grew = !led || old.committed != new.committed;
            if rules::leads(after, server) && grew {
                came_to = came_to.max(seen.show(server, after, !led)?);
            }
        }
        let differs = |server: &Server| {
            let own = after.at(*server);
            let end = own.committed.min(seen.history.len());
            !own.history.agrees_below(&seen.history, end)
        };
        match model.setting.servers().find(differs) {
            Some(server) => Err(Breach::Differs(server)),
            None => Ok((seen, came_to)),
        }
    }

    /// A leader shows its history up to what it has committed.
    fn show(&mut self, server: Server, after: &State, is_new: bool) -> Result<Move, Breach> {
        let own = after.at(server);
        let (known, end) = (self.history.len(), own.committed);
        if !own.history.agrees_below(&self.history, known.min(end)) {
            return Err(Breach::Forks(server));
        }
        if is_new && own.epoch == self.epoch {
            return Err(Breach::SharesEpoch(server));
        }
        if is_new && end < known {
            return Err(Breach::GoesBack(server));
        }
        if own.epoch < self.epoch && end > known {
            return Err(Breach::OldLeaderAppends(server));
        }
        if end > known {
            self.history = own.history.first(end);
        }
        let added = end.saturating_sub(known);
        let is_later = own.epoch > self.epoch;
        self.epoch = self.epoch.max(own.epoch);
        Ok(match (is_later, added) {
            (true, _) => Move::Activate(added),
            (false, 0) => Move::Stutter,
            (false, _) => Move::Append(added),
        })
    }
}
