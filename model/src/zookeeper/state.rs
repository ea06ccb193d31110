//! What there is, and what may happen.

use super::Zookeeper;
use crate::quorum::ensemble::{self, Ensemble, Servers, Verifier};
use highwater_vocabulary::{Datacenter, Member, Set};
use serde::{Deserialize, Serialize};

/// The most servers.
pub const MOST: usize = 6;
/// The most transactions of a history.
pub const MOST_TRANSACTIONS: usize = 4;

/// A server, by its place in the setting's list.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct Server(pub u8);

/// The servers and the configuration that they are started with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The names of the datacenters.
    pub datacenters: Vec<String>,
    /// Who, and how quorums are decided; observers are among them.
    pub ensemble: Ensemble,
}

/// Everything.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Each server.
    pub servers: [ServerState; MOST],
    /// For each datacenter, those that it cannot exchange messages with.
    pub cut: [Set<Datacenter>; MOST],
    /// What only the proof knows.
    pub ghost: Ghost,
}

/// A server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct ServerState {
    /// The newest epoch that it has accepted.
    pub epoch: u8,
    /// Its transactions, in order.
    pub history: History,
    /// Up to where it knows them to be committed.
    pub committed: u8,
    /// Whether its process is stopped.
    pub stopped: bool,
    /// Whether it leads the ensemble of its configuration, or whom it follows.
    pub follows: Option<Server>,
    /// Whether it goes by the configuration of a break-out: the servers of its datacenter alone.
    pub broken_out: bool,
    /// Up to where its followers have acknowledged, while it leads.
    pub acknowledged: [u8; MOST],
}

/// A transaction: its zxid.  The counter is its place in the history, so the epoch tells it apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Transaction {
    /// Under which epoch it was proposed.
    pub epoch: u8,
    /// Which change of the metadata it is.
    pub change: u8,
}

/// Transactions in order.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct History(pub [Option<Transaction>; MOST_TRANSACTIONS]);

/// What only the proof knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Ghost {
    /// What was ever committed.
    pub committed: History,
    /// Whether something else was committed at a place later.
    pub forked: bool,
    /// Whether an epoch was given to two leaders.
    pub epoch_given_twice: bool,
    /// Which epochs have leaders, as bits.
    pub epochs: u16,
    /// Transactions proposed.
    pub proposed: u8,
    /// Links cut, datacenters lost, and broken out, each as bits in the order of the bounds.
    pub spent: [u8; 3],
}

/// Something that happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Event {
    /// `elect S T…`: S is elected by those it reaches and brings them to its history.
    Elect(Server, u16),
    /// `propose S`: leader S proposes the next transaction.
    Propose(Server),
    /// `ack T S`: T takes over what leader S has proposed, and S counts it.
    Ack(Server, Server),
    /// `observe T S`: observer T learns what leader S has committed.
    Observe(Server, Server),
    /// `cut X Y`.
    Cut(Datacenter, Datacenter),
    /// `lose X`.
    Lose(Datacenter),
    /// `break-out X`: an operator starts the servers of X, observers included, as an ensemble of their
    /// own, in which all of them vote.
    BreakOut(Datacenter),
}

impl History {
    /// How many.
    pub fn len(&self) -> u8 {
        self.0.iter().flatten().count() as u8
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }

    /// The zxid of the last one.
    pub fn last(&self) -> (u8, u8) {
        let last = self.0.iter().flatten().last();
        (last.map_or(0, |last| last.epoch), self.len())
    }

    /// The first `count` of them.
    pub fn first(mut self, count: u8) -> History {
        for place in self.0.iter_mut().skip(count.into()) {
            *place = None;
        }
        self
    }

    /// Whether both are the same below `end`.
    pub fn agrees_below(&self, other: &History, end: u8) -> bool {
        let end = usize::from(end).min(MOST_TRANSACTIONS);
        self.0[..end] == other.0[..end]
    }
}

impl Setting {
    /// So many voting servers in each datacenter, and so many observers in the last.
    pub fn of(verifier: Verifier, datacenters: &[(&str, usize)], observers: usize) -> Self {
        let counts: Vec<usize> = datacenters.iter().map(|(_, count)| *count).collect();
        let mut ensemble = Ensemble::of(verifier, &counts);
        let last = datacenters.len() - 1;
        ensemble
            .servers
            .extend((0..observers).map(|_| ensemble::Server {
                home: Datacenter::at(last),
                group: last as u8,
                weight: 1,
                observes: true,
            }));
        Setting {
            datacenters: datacenters
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            ensemble,
        }
    }

    /// Every server.
    pub fn servers(&self) -> impl Iterator<Item = Server> + Clone + use<> {
        (0..self.ensemble.servers.len() as u8).map(Server)
    }

    /// Where a server is.
    pub fn home(&self, server: Server) -> Datacenter {
        self.ensemble.servers[usize::from(server.0)].home
    }

    /// `tokyo-1`, and `osaka-2o` for an observer.
    pub fn name(&self, server: Server) -> String {
        let home = self.home(server);
        let before = self.servers().take(server.0.into());
        let number = 1 + before.filter(|other| self.home(*other) == home).count();
        let observes = self.ensemble.servers[usize::from(server.0)].observes;
        let mark = if observes { "o" } else { "" };
        format!("{}-{number}{mark}", self.datacenters[home.index()])
    }
}

impl State {
    pub(super) fn beginning(_: &Zookeeper) -> State {
        State::default()
    }

    /// A server.
    pub fn at(&self, server: Server) -> &ServerState {
        &self.servers[usize::from(server.0)]
    }

    /// The ensemble by which a server goes.
    pub fn ensemble(&self, model: &Zookeeper, server: Server) -> Ensemble {
        let configured = &model.setting.ensemble;
        if !self.at(server).broken_out {
            return configured.clone();
        }
        let home = model.setting.home(server);
        let servers = configured.servers.iter().map(|member| ensemble::Server {
            // Whoever is elsewhere is in the list only to keep the places.
            observes: member.home != home,
            weight: u32::from(member.home == home),
            group: 0,
            home: member.home,
        });
        Ensemble {
            verifier: Verifier::Majority,
            servers: servers.collect(),
        }
    }

    /// Whether two running servers exchange messages and belong to one ensemble.
    pub fn meet(&self, model: &Zookeeper, one: Server, other: Server) -> bool {
        let (home, away) = (model.setting.home(one), model.setting.home(other));
        let alike = self.at(one).broken_out == self.at(other).broken_out
            && (!self.at(one).broken_out || home == away);
        let running = !self.at(one).stopped && !self.at(other).stopped;
        running && alike && !self.cut[home.index()].contains(away)
    }

    /// The servers that satisfy a condition.
    pub fn which(&self, model: &Zookeeper, satisfies: impl Fn(Server) -> bool) -> Servers {
        let count = model.setting.ensemble.servers.len();
        Servers::which(count, |place| satisfies(Server(place as u8)))
    }
}

impl Event {
    /// The first word of each event's line.
    pub const VERBS: &'static [&'static str] = &[
        "elect",
        "propose",
        "ack",
        "observe",
        "cut",
        "lose",
        "break-out",
    ];

    /// The place of the event's first word among the verbs.
    pub fn verb(&self) -> usize {
        match self {
            Event::Elect(..) => 0,
            Event::Propose(_) => 1,
            Event::Ack(..) => 2,
            Event::Observe(..) => 3,
            Event::Cut(..) => 4,
            Event::Lose(_) => 5,
            Event::BreakOut(_) => 6,
        }
    }

    /// The event as one line.
    pub fn line(&self, setting: &Setting) -> String {
        let verb = Event::VERBS[self.verb()];
        let place = |x: Datacenter| setting.datacenters[x.index()].as_str();
        match *self {
            Event::Elect(leader, with) => {
                let others = setting.servers().filter(|other| with >> other.0 & 1 == 1);
                let others = others.filter(|other| *other != leader);
                let names: Vec<_> = others.map(|other| setting.name(other)).collect();
                format!("{verb} {} {}", setting.name(leader), names.join(" "))
                    .trim_end()
                    .to_owned()
            }
            Event::Propose(leader) => format!("{verb} {}", setting.name(leader)),
            Event::Ack(one, other) | Event::Observe(one, other) => {
                format!("{verb} {} {}", setting.name(one), setting.name(other))
            }
            Event::Cut(x, y) => format!("{verb} {} {}", place(x), place(y)),
            Event::Lose(x) | Event::BreakOut(x) => format!("{verb} {}", place(x)),
        }
    }

    /// The event that `line` names, in this setting.
    ///
    /// # Errors
    /// Says which word is not what the event wants.
    pub fn parse(line: &str, setting: &Setting) -> Result<Event, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (verb, operands) = words.split_first().ok_or("an event has a first word")?;
        let server = |place: usize| {
            let found = operands.get(place).copied().unwrap_or_default();
            let named = setting
                .servers()
                .find(|known| setting.name(*known) == found);
            named.ok_or_else(|| format!("`{verb}` wants a server, not `{found}`"))
        };
        let datacenter = |place: usize| {
            let found = operands.get(place).copied().unwrap_or_default();
            let named = setting.datacenters.iter().position(|known| known == found);
            named
                .map(Datacenter::at)
                .ok_or_else(|| format!("`{verb}` wants a datacenter, not `{found}`"))
        };
        let (event, wanted) = match *verb {
            "elect" => {
                let voting = (0..operands.len()).map(server);
                let voting: Vec<Server> = voting.collect::<Result<_, _>>()?;
                let with = voting.iter().fold(0, |with, server| with | 1 << server.0);
                (Event::Elect(server(0)?, with), operands.len())
            }
            "propose" => (Event::Propose(server(0)?), 1),
            "ack" => (Event::Ack(server(0)?, server(1)?), 2),
            "observe" => (Event::Observe(server(0)?, server(1)?), 2),
            "cut" => (Event::Cut(datacenter(0)?, datacenter(1)?), 2),
            "lose" => (Event::Lose(datacenter(0)?), 1),
            "break-out" => (Event::BreakOut(datacenter(0)?), 1),
            unknown => {
                let known = Event::VERBS.join(", ");
                return Err(format!(
                    "there is no event `{unknown}` of an ensemble; there are {known}"
                ));
            }
        };
        match operands.get(wanted) {
            None => Ok(event),
            Some(rest) => Err(format!("`{verb}` is complete before `{rest}`")),
        }
    }
}
