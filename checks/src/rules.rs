//! Every guard of every model, with what it is worth: the table that `highwater rules` prints.
//!
//! Each model has a table of its own ([`crate::guards`], [`crate::quorum::guards`],
//! [`crate::mirroring::guards`]); here is what they have in common.

use crate::{guards, mirroring, quorum};
use highwater_model::{mirroring as mirrors, quorum as voters, replication};
use serde::Serialize;

/// A guard, of whichever model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guard {
    /// Of a partition: R01 to R52.
    Replication(replication::Guard),
    /// Of the metadata quorum: Q1 to Q9.
    Quorum(voters::Guard),
    /// Of mirrors: M01 to M52.
    Mirroring(mirrors::Guard),
}

/// A guard that was tried.  The field names are a contract.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// The rule that it belongs to.
    pub id: &'static str,
    /// As experiments write it.
    pub guard: &'static str,
    /// What it demands, as a sentence.
    pub demands: &'static str,
    /// The page that has the rule, and where Kafka has it.
    pub source: &'static str,
    /// The guards that have to be waived as well before anything breaks.
    pub waived_with: Vec<&'static str>,
    /// The property that breaks, if one does.
    pub breaks: Option<&'static str>,
    /// After how many events.
    pub steps: Option<usize>,
    /// What it came to, in words.
    pub worth: String,
    /// Where it was tried.
    pub tried_in: String,
    /// Whether that is what the table says.
    pub ok: bool,
}

impl Guard {
    /// Every guard there is, in the order of the rules.
    pub fn every() -> Vec<Guard> {
        let replication = replication::Guard::ALL.iter().copied();
        let quorum = voters::Guard::ALL.iter().copied();
        let mirroring = mirrors::Guard::ALL.iter().copied();
        let replication = replication.map(Guard::Replication);
        let quorum = quorum.map(Guard::Quorum);
        let mirroring = mirroring.map(Guard::Mirroring);
        replication.chain(quorum).chain(mirroring).collect()
    }

    /// The rule that it belongs to.
    pub fn rule(self) -> &'static str {
        match self {
            Guard::Replication(guard) => guard.rule(),
            Guard::Quorum(guard) => guard.rule(),
            Guard::Mirroring(guard) => guard.rule(),
        }
    }

    /// As experiments write it.  A guard of the quorum and one of a partition may have the same name.
    pub fn name(self) -> &'static str {
        match self {
            Guard::Replication(guard) => guard.name(),
            Guard::Quorum(guard) => guard.name(),
            Guard::Mirroring(guard) => guard.name(),
        }
    }

    /// Tries it.
    pub fn try_it(self) -> Tried {
        match self {
            Guard::Replication(guard) => of_partition(guard),
            Guard::Quorum(guard) => of_quorum(guard),
            Guard::Mirroring(guard) => of_mirrors(guard),
        }
    }
}

fn of_partition(guard: replication::Guard) -> Tried {
    use guards::Worth;
    let found = guards::try_line(guards::line(guard));
    let (waived_with, breaks, steps) = match found.worth {
        Worth::Breaks(property, steps) => (&[][..], Some(property), Some(steps)),
        Worth::MaskedBy(others, property, steps) => (others, Some(property), Some(steps)),
        Worth::AvailabilityOnly(_) | Worth::NotReproduced(_) => (&[][..], None, None),
    };
    let case = found.line.case;
    let mut worth = found.worth.to_string();
    if !found.is_as_expected() {
        worth.push_str(&format!("; the table says: {}", found.line.worth));
    }
    Tried {
        id: guard.rule(),
        guard: guard.name(),
        demands: guard.sentence(),
        source: "docs/PROTOCOL.md",
        waived_with: waived_with.iter().map(|other| other.name()).collect(),
        breaks,
        steps,
        worth,
        tried_in: format!(
            "{}; faults {}; {} states",
            case.setting, case.faults, found.states[0]
        ),
        ok: found.is_as_expected(),
    }
}

fn of_quorum(guard: voters::Guard) -> Tried {
    use quorum::guards::Worth;
    let line = quorum::guards::line(guard);
    let found = quorum::guards::try_line(line);
    let (waived_with, breaks, steps) = match line.worth {
        Worth::Breaks(property, steps) => (&[][..], Some(property), Some(steps)),
        Worth::BreaksInStory(property, events) => (&[][..], Some(property), Some(events.len())),
        Worth::MaskedBy(others, property, steps) => (others, Some(property), Some(steps)),
        Worth::AvailabilityOnly(..) | Worth::NotReproduced(_) => (&[][..], None, None),
    };
    let [voters, spares] = line.case.nodes;
    let nodes = match spares {
        0 => format!("{voters} voters"),
        _ => format!("{voters} voters and {spares} more"),
    };
    Tried {
        id: guard.rule(),
        guard: guard.name(),
        demands: guard.sentence(),
        source: "docs/QUORUM.md",
        waived_with: waived_with.iter().map(|other| other.name()).collect(),
        // What the table expects did not come out: then nothing is known.
        breaks: breaks.filter(|_| found.expected),
        steps: steps.filter(|_| found.expected),
        worth: found.told,
        tried_in: format!("{nodes}; faults {}", line.case.faults),
        ok: found.expected,
    }
}

fn of_mirrors(guard: mirrors::Guard) -> Tried {
    let found = mirroring::guards::try_guard(guard);
    let worth = found.told();
    let broken = found.breaks.as_ref();
    let masked_by = found.masked.iter().map(|(other, _)| other.name());
    Tried {
        id: guard.rule(),
        guard: guard.name(),
        demands: guard.sentence(),
        source: "docs/MIRRORING.md",
        waived_with: masked_by.collect(),
        breaks: broken.map(|broken| broken.property),
        steps: broken.map(|broken| broken.events),
        worth,
        tried_in: broken.map_or_else(String::new, |broken| {
            let (path, states) = (&broken.experiment, broken.states);
            format!("checks/experiments/{path}.toml; {states} states")
        }),
        ok: broken.is_some(),
    }
}
