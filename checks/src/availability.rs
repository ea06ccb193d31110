//! What stops, and the shortest way back.
//!
//! From every state that a row of faults can reach, if nothing more fails: is a client of each
//! datacenter that still has running brokers served again?  By itself (*automatic*); only when
//! something that was lost is back (*after-heal*); not even then unless an operator does something
//! (*manual*); or *never*.  That is AG EF: for each state of the row, some way on from it.
//!
//! | read | for |
//! |---|---|
//! | [`service`] | what clients ask for, and the words |
//! | `actors` | who makes a step, and whose steps are followed |
//! | `break_out` | where a lost metadata quorum is made anew, and from what |
//! | `graph` | from where which goals can be reached; nothing of Kafka |
//! | `space` | the states of a row, renewed, and what can follow |
//! | [`runbook`] | what an operator does, and at what price |
//! | [`rows`] | the same for the rows of a deployment |
//! | [`durable`] | whether what the controllers committed is still on somebody's disk |
//!
//! **Deliberately absent:** time, and fairness.  That a write *can* be answered is not that it will
//! be; a leader that for ever drops whoever joins is not found here.

mod actors;
mod break_out;
pub mod durable;
pub(crate) mod graph;
pub mod rows;
pub mod runbook;
pub mod service;
mod space;

use actors::Reach;
pub use graph::Move;
use graph::{Goals, Node};
use highwater_model::replication::{Replication, State};
use highwater_vocabulary::{
    BrokerSet, Datacenter, Event, Fault, MOST_BROKERS, MOST_DATACENTERS, Member, Set, Setting,
};
pub use rows::{RowServices, ServiceCell};
pub use runbook::Runbook;
use runbook::Stuck;
pub use service::{Service, Word};
use service::{UNKNOWN, goal};
use space::{Seed, Space};
use std::cmp::Reverse;

/// What is known of the services of a model under its faults.
#[derive(Clone, Debug)]
pub struct Availability {
    /// Each service.
    pub services: [Served; Service::ALL.len()],
    /// Different states of the row, and of what can follow.
    pub states: [usize; 2],
    /// The same of the search with spares, together; 0 if there was none.
    pub wider: usize,
    /// Whether not everything was looked at.
    pub is_cut: bool,
}

/// How a service goes on, in the worst state of the row.
#[derive(Clone, Debug)]
pub struct Served {
    /// Which one.
    pub service: Service,
    /// For each datacenter how it goes on for its clients; nothing where it never has running
    /// brokers.
    pub words: [Option<Word>; MOST_DATACENTERS],
    /// What an operator does about it, if that helps in every state in which it does not go on by
    /// itself: what is needed in the worst.
    pub runbook: Option<Runbook>,
    /// Whose clients fare worse than others in one of the worst states.
    pub worse_off: Set<Datacenter>,
    /// The worst state.
    pub worst: Option<Worst>,
    /// Whether the search for what an operator may do about it was cut short.
    pub is_open: bool,
}

/// A state in which a service does not go on by itself, and how it came about.
#[derive(Clone, Debug)]
pub struct Worst {
    /// In which model: with spares, if it is a reassignment that helps.
    pub model: Replication,
    /// The state before the first event.
    pub beginning: State,
    /// What happened, in steps of the grain of the search.
    pub events: Vec<Event>,
    /// Whose clients are not served.
    pub client: Datacenter,
    /// What happens by the runbook from there, up to the answer that the client gets; nothing if
    /// there is none.
    pub remedy: Vec<Event>,
}

impl Availability {
    /// Whether everything was looked at.
    pub fn is_known(&self) -> bool {
        let mut services = self.services.iter();
        !self.is_cut && services.all(|served| served.word() != Word::Incomplete)
    }
}

impl Served {
    /// The worst word of all datacenters.
    pub fn word(&self) -> Word {
        let words = self.words.iter().flatten();
        words.copied().max().unwrap_or(Word::Incomplete)
    }
}

/// How bad a state is: its word, and of equal words how little is left to notice in it.
type Order = (Word, Reverse<usize>);

/// What [`judge`] works on.
struct Judge<'s, 'm> {
    space: &'s Space<'m>,
    /// What is reached by the protocol alone; with healing; with an operator; with both.
    reached: [Vec<Goals>; 4],
}

/// Judges every service of `row`, if the datacenters have so many brokers in all; at most so many
/// states are looked at, of the row and of what follows.
///
/// A reassignment is asked for last: only of services for which nothing better is known, and with at most
/// two more brokers, in datacenters that have any beyond the replicas and that no fault of the row names.
/// Such a broker is a broker like any other, so the row is searched once more with it.
pub fn judge(row: &Replication, brokers: &[u16], most: usize) -> Availability {
    let mut found = judge_as_it_is(row, brokers, most);
    let wanting = |served: &Served| {
        let word = served.word();
        // Nobody is reassigned while there are two histories of metadata.
        let is_better = |runbook: &Runbook| {
            !runbook.may_lose && !runbook.after_return && runbook.moves.len() == 1
                || runbook.breaks_out()
        };
        served.service != Service::Metadata
            && !matches!(word, Word::Automatic | Word::Incomplete)
            && !served.runbook.as_ref().is_some_and(is_better)
    };
    if found.is_cut || !found.services.iter().any(wanting) {
        return found;
    }
    let Some(setting) = with_spares(row, brokers) else {
        return found;
    };
    let wider = Replication {
        setting,
        ..row.clone()
    };
    let again = judge_as_it_is(&wider, brokers, most);
    found.wider = again.states.iter().sum();
    if again.is_known() {
        for (served, again) in found.services.iter_mut().zip(again.services) {
            let helps = again.runbook.as_ref();
            let reassigns = helps.is_some_and(|runbook| runbook.moves.contains(&Move::Reassign));
            if wanting(served) && reassigns {
                *served = again;
            }
        }
    }
    found
}

/// As many spares as a reassignment is asked about.
const MOST_SPARES: usize = 2;

/// The setting with spares in datacenters that have brokers beyond the replicas and that no fault of the
/// row names, one in each before a second in any; nothing if there is none.
fn with_spares(row: &Replication, brokers: &[u16]) -> Option<Setting> {
    let setting = &row.setting;
    let mut wider = setting.clone();
    let named: Set<Datacenter> = row.faults.iter().flat_map(named_by).collect();
    for _ in 0..MOST_SPARES {
        for home in setting
            .every_datacenter()
            .filter(|home| !named.contains(*home))
        {
            let is_left = usize::from(brokers[home.index()]) > wider.brokers_of(home).len();
            let has_room =
                wider.brokers.len() < MOST_BROKERS.min(setting.brokers.len() + MOST_SPARES);
            if is_left && has_room {
                wider.brokers.push(home);
            }
        }
    }
    let all = BrokerSet::first(wider.brokers.len());
    wider.spares = all.minus(setting.replicas());
    (!wider.spares.is_empty()).then_some(wider)
}

/// The datacenters that a fault names.
fn named_by(fault: Fault) -> Vec<Datacenter> {
    match fault {
        Fault::DatacenterLoss(x)
        | Fault::DatacenterPowerLoss(x)
        | Fault::DatacenterDestroyed(x) => {
            vec![x]
        }
        Fault::Cut(x, y) | Fault::OneWayCut(x, y) => vec![x, y],
        Fault::BrokerCrash
        | Fault::BrokerPowerLoss
        | Fault::BrokerWiped
        | Fault::BrokerPause
        | Fault::BrokerStop
        | Fault::ControlledShutdown
        | Fault::Lag
        | Fault::ControllerFailover
        | Fault::MetadataRollback => Vec::new(),
    }
}

/// The same with the brokers that `row` names.
fn judge_as_it_is(row: &Replication, brokers: &[u16], most: usize) -> Availability {
    let mut space = Space::of(row, brokers, most);
    let reached = explore(&mut space);
    let judge = Judge {
        space: &space,
        reached,
    };
    Availability {
        services: Service::ALL.map(|service| judge.served(service)),
        states: [space.row_states(), space.graph.len()],
        wider: 0,
        is_cut: space.is_cut,
    }
}

/// Who is reached by whom: by the protocol alone; with what comes back; with an operator; with both.
///
/// What comes back is asked of whoever does not go on alone, and so is an operator; both together of
/// whom neither helps.
fn explore(space: &mut Space) -> [Vec<Goals>; 4] {
    let wanted: Vec<(Node, Goals)> = space
        .seeds
        .iter()
        .map(|seed| (seed.node, wanted(seed)))
        .collect();
    let alone = space.seek(&wanted, Reach::PROTOCOL);
    let stuck = still_wanted(&wanted, &[&alone]);
    let healed = space.seek(&stuck, Reach::PROTOCOL.and_healing());
    let operated = space.operate(&stuck, Reach::PROTOCOL.and_operator());
    let lost = still_wanted(&stuck, &[&healed, &operated]);
    let both = space.operate(&lost, Reach::PROTOCOL.and_healing().and_operator());
    [alone, healed, operated, both]
}

/// Those of `wanted` that none of these has reached.
fn still_wanted(wanted: &[(Node, Goals)], reached: &[&Vec<Goals>]) -> Vec<(Node, Goals)> {
    let is_open = |(node, goals): &&(Node, Goals)| {
        let known = reached
            .iter()
            .fold(0, |all, reached| all | reached[node.index()]);
        goals & !known != 0
    };
    wanted.iter().filter(is_open).copied().collect()
}

/// The goals of the clients of a seed.
fn wanted(seed: &Seed) -> Goals {
    let goals = Service::ALL
        .into_iter()
        .flat_map(|service| seed.clients.iter().map(move |client| goal(service, client)));
    goals.fold(0, |all, one| all | one)
}

impl Judge<'_, '_> {
    fn word(&self, seed: &Seed, goal: Goals) -> Word {
        let words = [Word::Automatic, Word::AfterHeal, Word::Manual, Word::Manual];
        for (reached, word) in self.reached.iter().zip(words) {
            let reached = reached.get(seed.node.index()).copied().unwrap_or(0);
            if reached & goal != 0 {
                return word;
            }
            if reached & UNKNOWN != 0 {
                return Word::Incomplete;
            }
        }
        Word::Never
    }

    fn served(&self, service: Service) -> Served {
        let mut words = [None; MOST_DATACENTERS];
        let mut stuck: Vec<Stuck> = Vec::new();
        let mut worst: Option<(Order, Stuck)> = None;
        for seed in &self.space.seeds {
            for client in seed.clients.iter() {
                let word = self.word(seed, goal(service, client));
                let known = &mut words[client.index()];
                *known = (*known).max(Some(word));
                if word != Word::Automatic {
                    let one = Stuck { seed, client, word };
                    stuck.push(one);
                    let order = (word, Reverse(self.space.open_steps(seed)));
                    if worst.is_none_or(|(known, _)| known < order) {
                        worst = Some((order, one));
                    }
                }
            }
        }
        if self.space.is_cut {
            let asked = words.iter_mut().flatten();
            asked.for_each(|word| *word = Word::Incomplete);
        }
        let remedy = match words.contains(&Some(Word::Incomplete)) {
            true => None,
            false => runbook::least(self.space, service, &stuck),
        };
        let worst = remedy
            .as_ref()
            .map(|(_, seed, client)| (*seed, *client))
            .or(worst.map(|(_, stuck)| (stuck.seed, stuck.client)));
        let told = worst.map(|(seed, client)| {
            let runbook = remedy.as_ref().map(|(runbook, ..)| runbook);
            self.told(seed, service, client, runbook)
        });
        Served {
            service,
            worse_off: self.worse_off(service, words.iter().flatten().copied().max()),
            words,
            worst: told,
            is_open: remedy.is_none() && self.space.operators_are_cut(),
            runbook: remedy.map(|(runbook, ..)| runbook),
        }
    }

    /// Whose clients have the worst word in a state in which others have a better one.
    fn worse_off(&self, service: Service, worst: Option<Word>) -> Set<Datacenter> {
        let apart = self.space.seeds.iter().filter_map(|seed| {
            let has_worst =
                |client: &Datacenter| Some(self.word(seed, goal(service, *client))) == worst;
            let worse: Set<Datacenter> = seed.clients.iter().filter(has_worst).collect();
            (worse != seed.clients).then_some(worse)
        });
        apart.fold(Set::EMPTY, Set::union)
    }

    fn told(
        &self,
        seed: &Seed,
        service: Service,
        client: Datacenter,
        runbook: Option<&Runbook>,
    ) -> Worst {
        let (beginning, events) = self.space.history(seed);
        let remedy = runbook.and_then(|runbook| {
            let asked = (service, client);
            self.space
                .remedy(seed, asked, &runbook.moves, runbook.after_return)
        });
        Worst {
            model: self.space.row().clone(),
            beginning,
            events,
            client,
            remedy: remedy.unwrap_or_default(),
        }
    }
}
