//! Who makes a quorum: the verifiers of ZooKeeper's ensembles and of KRaft's voters.
//!
//! Pure functions.  KRaft has majorities only; ZooKeeper has groups and weights as well, and servers that
//! never count: observers, and those of weight 0.

use highwater_vocabulary::{Datacenter, Member, Quorum};
use std::fmt;

/// The most servers of an ensemble that this model has room for.
pub const MOST_SERVERS: usize = 16;

/// A server of an ensemble.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Server {
    /// Where it is.
    pub home: Datacenter,
    /// Its group, where there are groups.
    pub group: u8,
    /// Its weight, where there are groups; 0 never counts.
    pub weight: u32,
    /// Whether it only learns what is committed.
    pub observes: bool,
}

/// A set of servers, by their places in the ensemble.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Servers(u16);

/// How it is decided what a quorum is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verifier {
    /// More than half of the servers that vote (`QuorumMaj`; KRaft).
    Majority,
    /// More than half of the groups, each with more than half of its weight (`QuorumHierarchical`).
    Hierarchical,
}

/// Servers, and how their quorums are decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ensemble {
    /// How.
    pub verifier: Verifier,
    /// Who.
    pub servers: Vec<Server>,
}

/// Whether the voters of the datacenters that are there are enough, each being there as a whole or not
/// at all.  A group, which is a datacenter, then has all of its weight or none.
///
/// Source: `QuorumMaj.containsQuorum`, `QuorumHierarchical.containsQuorum`.
pub fn is_quorum(quorum: &Quorum, voters: &[u8], is_there: impl Fn(Datacenter) -> bool) -> bool {
    let weight = |place: usize| match quorum {
        Quorum::Majority => usize::from(voters[place]),
        Quorum::Hierarchical { weights } => usize::from(voters[place] > 0 && weights[place] > 0),
    };
    let (mut all, mut there) = (0, 0);
    for place in 0..voters.len() {
        all += weight(place);
        if is_there(Datacenter::at(place)) {
            there += weight(place);
        }
    }
    2 * there > all
}

impl Servers {
    /// Those that satisfy a condition.
    pub fn which(count: usize, mut satisfies: impl FnMut(usize) -> bool) -> Self {
        let members = (0..count).filter(|place| satisfies(*place));
        Servers(members.fold(0, |bits, place| bits | 1 << place))
    }

    /// Whether the server at this place is one of them.
    pub fn contains(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    /// Members of both.
    pub fn intersection(self, other: Self) -> Self {
        Servers(self.0 & other.0)
    }

    /// Whether there is no member.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every member is one of `other`.
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// How many members.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The places of the members.
    pub fn places(self) -> impl Iterator<Item = usize> {
        (0..MOST_SERVERS).filter(move |place| self.contains(*place))
    }
}

impl Ensemble {
    /// So many servers of weight 1 in each datacenter, each datacenter a group.
    ///
    /// # Panics
    /// If there are more than [`MOST_SERVERS`].
    pub fn of(verifier: Verifier, servers: &[usize]) -> Self {
        let places = servers.iter().enumerate();
        let servers: Vec<Server> = places
            .flat_map(|(place, count)| std::iter::repeat_n(place, *count))
            .map(|place| Server {
                home: Datacenter::at(place),
                group: place as u8,
                weight: 1,
                observes: false,
            })
            .collect();
        assert!(servers.len() <= MOST_SERVERS, "{MOST_SERVERS} at most");
        Ensemble { verifier, servers }
    }

    /// Everybody.
    pub fn everybody(&self) -> Servers {
        Servers::which(self.servers.len(), |_| true)
    }

    /// The servers of a datacenter.
    pub fn servers_of(&self, home: Datacenter) -> Servers {
        Servers::which(self.servers.len(), |place| self.servers[place].home == home)
    }

    /// Whether these servers contain a quorum.
    ///
    /// Source: `QuorumMaj.containsQuorum`, `QuorumHierarchical.containsQuorum`,
    /// `QuorumHierarchical.computeGroupWeight`.
    pub fn contains_quorum(&self, servers: Servers) -> bool {
        match self.verifier {
            Verifier::Majority => {
                let voting = |set: Servers| {
                    let voting = set.places().filter(|place| !self.servers[*place].observes);
                    voting.count()
                };
                voting(servers) > voting(self.everybody()) / 2
            }
            Verifier::Hierarchical => self.contains_groups(servers),
        }
    }

    fn contains_groups(&self, servers: Servers) -> bool {
        let weight = |set: Servers, group: u8| -> u32 {
            let there = set.places().map(|place| self.servers[place]);
            let counting = there.filter(|server| server.group == group && !server.observes);
            counting.map(|server| server.weight).sum()
        };
        let every = self.everybody();
        let mut groups: Vec<u8> = self.servers.iter().map(|server| server.group).collect();
        groups.sort_unstable();
        groups.dedup();
        // A group without weight is left out of the count of groups.
        groups.retain(|group| weight(every, *group) > 0);
        let carried = groups
            .iter()
            .filter(|group| weight(servers, **group) > weight(every, **group) / 2);
        carried.count() > groups.len() / 2
    }

    /// The quorums that contain no smaller one.
    pub fn minimal_quorums(&self) -> Vec<Servers> {
        let count = self.servers.len();
        let every = (0..1u32 << count).map(|bits| Servers(bits as u16));
        let quorums = every.filter(|set| self.contains_quorum(*set));
        let minimal = quorums.filter(|set| {
            let smaller = |place: usize| Servers(set.0 & !(1 << place));
            !set.places()
                .any(|place| self.contains_quorum(smaller(place)))
        });
        minimal.collect()
    }

    /// Whether any two quorums have a member in common (Q-I4).
    pub fn quorums_meet(&self) -> bool {
        let minimal = self.minimal_quorums();
        minimal.iter().enumerate().all(|(place, one)| {
            let others = &minimal[place..];
            others
                .iter()
                .all(|other| !one.intersection(*other).is_empty())
        })
    }
}

impl fmt::Display for Servers {
    /// `0 2 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<_> = self.places().map(|place| place.to_string()).collect();
        f.write_str(&places.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Datacenter by datacenter it is what it is server by server.
    #[test]
    fn whole_datacenters_are_counted_as_their_servers_are() {
        for shape in 0..64u8 {
            let voters = [shape & 3, shape >> 2 & 3, shape >> 4 & 3];
            if voters == [0; 3] {
                continue;
            }
            for weight in 0..27u8 {
                let weights = vec![weight % 3, weight / 3 % 3, weight / 9];
                let hierarchical = Quorum::Hierarchical {
                    weights: weights.clone(),
                };
                let weighed = voters
                    .iter()
                    .zip(&weights)
                    .any(|(voters, weight)| voters * weight > 0);
                for (quorum, verifier) in [
                    (Quorum::Majority, Verifier::Majority),
                    (hierarchical, Verifier::Hierarchical),
                ] {
                    if verifier == Verifier::Hierarchical && !weighed {
                        continue;
                    }
                    let counts = voters.map(usize::from);
                    let mut ensemble = Ensemble::of(verifier, &counts);
                    for server in &mut ensemble.servers {
                        server.weight = weights[server.home.index()].into();
                    }
                    for there in 0..8u8 {
                        let is_there = |site: Datacenter| there >> site.index() & 1 == 1;
                        let servers = Servers::which(ensemble.servers.len(), |place| {
                            is_there(ensemble.servers[place].home)
                        });
                        assert_eq!(
                            is_quorum(&quorum, &voters, is_there),
                            ensemble.contains_quorum(servers),
                            "{voters:?} {quorum:?} {there:b}"
                        );
                    }
                }
            }
        }
    }
}
