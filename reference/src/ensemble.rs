//! ZooKeeper's servers: which of them can commit together, and from where they are reached.
//!
//! ZooKeeper: `QuorumMaj`, `QuorumHierarchical`, `LearnerHandler` (a server that follows or observes opens
//! the connection to the leader), `ClientCnxn` (any server that has a leader serves a client).

use highwater_vocabulary::{MOST_DATACENTERS, Quorum, Setting};

/// The servers of each datacenter, and who of them is enough.  Sets of datacenters are bits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ensemble {
    datacenters: usize,
    participants: [u8; MOST_DATACENTERS],
    observers: [u8; MOST_DATACENTERS],
    verifier: Verifier,
}

/// `QuorumVerifier`.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Verifier {
    Majority,
    /// A datacenter is a group, and its servers have this weight each.
    Hierarchical([u8; MOST_DATACENTERS]),
}

impl Ensemble {
    pub(crate) fn new(setting: &Setting) -> Ensemble {
        let of_each = |numbers: &[u8]| {
            let mut each = [0; MOST_DATACENTERS];
            each[..numbers.len()].copy_from_slice(numbers);
            each
        };
        Ensemble {
            datacenters: setting.datacenters.len(),
            participants: of_each(&setting.voters),
            observers: of_each(&setting.zookeeper_observers),
            verifier: match &setting.quorum {
                Quorum::Majority => Verifier::Majority,
                Quorum::Hierarchical { weights } => Verifier::Hierarchical(of_each(weights)),
            },
        }
    }

    /// Whether some server, wherever it is, is followed by enough of them.  `can_open` says which
    /// connections work, from which datacenter to which.
    pub(crate) fn works(&self, can_open: impl Fn(usize, usize) -> bool + Copy) -> bool {
        self.leaders(can_open).next().is_some()
    }

    /// Whether clients in this datacenter can hold a session: they reach a server that follows, or
    /// observes, a leader that can commit.
    pub(crate) fn is_reached_from(
        &self,
        site: usize,
        can_open: impl Fn(usize, usize) -> bool + Copy,
    ) -> bool {
        self.leaders(can_open).any(|leader| {
            let servers = (0..self.datacenters)
                .filter(|at| self.participants[*at] > 0 || self.observers[*at] > 0);
            servers
                .filter(|at| can_open(*at, leader))
                .any(|at| can_open(site, at))
        })
    }

    /// Where a server can lead: one without weight is elected by nobody
    /// (`FastLeaderElection.totalOrderPredicate`).
    fn leaders(
        &self,
        can_open: impl Fn(usize, usize) -> bool + Copy,
    ) -> impl Iterator<Item = usize> {
        (0..self.datacenters).filter(move |leader| {
            let followers = (0..self.datacenters).filter(|from| can_open(*from, *leader));
            let together = followers.fold(0, |sites: u8, from| sites | 1 << from);
            let weighs = match self.verifier {
                Verifier::Majority => true,
                Verifier::Hierarchical(weights) => weights[*leader] > 0,
            };
            self.participants[*leader] > 0 && weighs && self.contains_quorum(together)
        })
    }

    /// `containsQuorum`, where the servers of a datacenter answer together or not at all.
    fn contains_quorum(&self, sites: u8) -> bool {
        let those = |site: &usize| sites >> site & 1 == 1;
        match self.verifier {
            Verifier::Majority => {
                let servers = |site: usize| u32::from(self.participants[site]);
                let all: u32 = (0..self.datacenters).map(servers).sum();
                let together: u32 = (0..self.datacenters).filter(those).map(servers).sum();
                together > all / 2
            }
            Verifier::Hierarchical(weights) => {
                let counts = |site: &usize| weights[*site] > 0 && self.participants[*site] > 0;
                let groups = (0..self.datacenters).filter(counts).count();
                let together = (0..self.datacenters).filter(counts).filter(those).count();
                together > groups / 2
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use highwater_vocabulary::Story;

    fn ensemble(header: &str) -> Ensemble {
        let header = format!("replication 2.7, brokers a-1 b-1, {header}");
        Ensemble::new(&Story::parse(&header).expect("a setting").setting)
    }

    #[test]
    fn enough_is_a_majority_of_servers_or_of_groups() {
        //   servers                                             together   enough
        for (servers, together, enough) in [
            ("voters a 1 b 1 c 1", 0b011, true),
            ("voters a 1 b 1 c 1", 0b100, false),
            ("voters a 2 b 2", 0b01, false),
            ("voters a 1 b 1 c 3", 0b011, false),
            ("voters a 1 b 1 c 3, quorum hierarchical", 0b011, true),
            ("voters a 3 b 3, quorum hierarchical", 0b01, false),
            // A group of weight 0 is no group; an observer is no participant.
            ("voters a 3 b 3, quorum hierarchical b 0", 0b01, true),
            ("voters a 3 b 3, quorum hierarchical b 0", 0b10, false),
            ("voters a 1 b 0 c 1, zookeeper-observers b 1", 0b011, false),
        ] {
            let found = ensemble(servers).contains_quorum(together);
            assert_eq!(found, enough, "{servers}: {together:b}");
        }
    }

    #[test]
    fn a_session_needs_a_server_that_has_a_leader() {
        let all = |_, _| true;
        let without_c = |from: usize, to: usize| from == to || (from != 2 && to != 2);
        let three = ensemble("voters a 1 b 1 c 1");
        assert!(three.works(without_c));
        assert!(three.is_reached_from(0, without_c));
        assert!(!three.is_reached_from(2, without_c));
        // An observer serves where it reaches the leader, and is none itself.
        let observed = ensemble("voters a 0 b 0 c 3, zookeeper-observers a 1");
        let only_from_a = |from: usize, to: usize| from == to || (from, to) == (0, 2);
        assert!(observed.is_reached_from(0, only_from_a));
        assert!(!observed.is_reached_from(1, only_from_a));
        assert!(observed.is_reached_from(1, all));
        let lonely = |from: usize, to: usize| from == to && from != 2;
        assert!(!observed.works(lonely));
    }
}
