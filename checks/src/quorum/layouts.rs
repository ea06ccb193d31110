//! Where the voters are, and which loss or cut leaves a side that can elect and commit.
//!
//! Nothing here is a table of answers: each is asked of the verifier, server by server.

use highwater_model::quorum::ensemble::{Ensemble, Servers, Verifier};
use highwater_vocabulary::{Datacenter, Member};
use std::fmt::Write;

/// So many voters in each datacenter, and how a quorum of them is decided.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Its name.
    pub name: &'static str,
    /// Voters of each datacenter.
    pub voters: &'static [usize],
    /// How a quorum is decided.
    pub verifier: Verifier,
}

/// What is lost, or which datacenters cannot exchange messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Break {
    /// Nothing of this datacenter runs.
    Lost(Datacenter),
    /// These two exchange nothing; each still exchanges with the others.
    Cut(Datacenter, Datacenter),
    /// This one exchanges with no other.
    Alone(Datacenter),
}

const NAMES: [&str; 3] = ["A", "B", "C"];

/// The layouts that are asked for.
pub const LAYOUTS: &[Layout] = &[
    layout("2 DC", &[2, 1], Verifier::Majority),
    layout("2 DC", &[1, 1], Verifier::Majority),
    layout("2 DC", &[2, 2], Verifier::Majority),
    layout("2 DC", &[3, 2], Verifier::Majority),
    layout("2 DC", &[3, 3], Verifier::Majority),
    layout("2 DC, groups", &[3, 3], Verifier::Hierarchical),
    layout("2.5 DC", &[1, 1, 1], Verifier::Majority),
    layout("2.5 DC", &[2, 2, 1], Verifier::Majority),
    layout("2.5 DC", &[3, 3, 1], Verifier::Majority),
    layout("large witness", &[1, 1, 3], Verifier::Majority),
    layout("large witness", &[2, 2, 5], Verifier::Majority),
    layout("3 DC", &[2, 2, 2], Verifier::Majority),
    layout("3 DC", &[3, 3, 3], Verifier::Majority),
    layout("3 DC, groups", &[3, 3, 3], Verifier::Hierarchical),
];

const fn layout(name: &'static str, voters: &'static [usize], verifier: Verifier) -> Layout {
    Layout {
        name,
        voters,
        verifier,
    }
}

impl Layout {
    /// The servers.
    pub fn ensemble(&self) -> Ensemble {
        Ensemble::of(self.verifier, self.voters)
    }

    /// Every datacenter.
    pub fn datacenters(&self) -> impl Iterator<Item = Datacenter> + Clone + use<> {
        (0..self.voters.len()).map(Datacenter::at)
    }

    /// What is asked of this layout.
    pub fn breaks(&self) -> Vec<Break> {
        let each = self.datacenters();
        let mut breaks: Vec<Break> = each.clone().map(Break::Lost).collect();
        if self.voters.len() > 2 {
            breaks.extend(each.clone().map(Break::Alone));
        }
        breaks.extend(each.clone().flat_map(|x| {
            let later = each.clone().filter(move |y| x < *y);
            later.map(move |y| Break::Cut(x, y))
        }));
        breaks
    }

    /// The datacenters with which one exchanges messages; none if it is lost itself.
    fn reached(&self, from: Datacenter, broken: Break) -> Vec<Datacenter> {
        let passes = |to: Datacenter| match broken {
            Break::Lost(x) => from != x && to != x,
            Break::Alone(x) => (from == x) == (to == x),
            Break::Cut(x, y) => ![[x, y], [y, x]].contains(&[from, to]),
        };
        self.datacenters().filter(|to| passes(*to)).collect()
    }

    /// The voters that a leader in this datacenter could count on.
    pub fn side_of(&self, from: Datacenter, broken: Break) -> Servers {
        let ensemble = self.ensemble();
        let reached = self.reached(from, broken);
        Servers::which(ensemble.servers.len(), |place| {
            reached.contains(&ensemble.servers[place].home)
        })
    }

    /// The datacenters in which a leader could be elected and commit.
    pub fn able(&self, broken: Break) -> Vec<Datacenter> {
        let ensemble = self.ensemble();
        let each = self.datacenters();
        each.filter(|from| ensemble.contains_quorum(self.side_of(*from, broken)))
            .collect()
    }

    /// Whether two sides could commit at one time: two quorums without a common voter, each on a side.
    pub fn two_sides_commit(&self, broken: Break) -> bool {
        let quorums = self.ensemble().minimal_quorums();
        let on_a_side = |quorum: &Servers| {
            let mut each = self.datacenters();
            each.any(|from| quorum.is_subset(self.side_of(from, broken)))
        };
        let quorums: Vec<Servers> = quorums.into_iter().filter(on_a_side).collect();
        quorums.iter().any(|one| {
            let mut others = quorums.iter();
            others.any(|other| one.intersection(*other).is_empty())
        })
    }

    /// `2 DC, 2+1`.
    pub fn title(&self) -> String {
        let counts: Vec<_> = self.voters.iter().map(usize::to_string).collect();
        format!("{}, {}", self.name, counts.join("+"))
    }
}

/// The most servers of which any may fail, while what is left still contains a quorum.
pub fn failures_tolerated(ensemble: &Ensemble) -> usize {
    let count = ensemble.servers.len();
    let survives = |failed: usize| {
        let every = (0..1u32 << count).filter(|set| set.count_ones() as usize == failed);
        every
            .map(|set| Servers::which(count, |place| set >> place & 1 == 0))
            .all(|rest| ensemble.contains_quorum(rest))
    };
    (0..count)
        .take_while(|failed| survives(*failed))
        .last()
        .unwrap_or(0)
}

impl Break {
    fn title(self) -> String {
        let name = |x: Datacenter| NAMES[x.index()];
        match self {
            Break::Lost(x) => format!("{} is lost", name(x)),
            Break::Cut(x, y) => format!("{}|{} is cut", name(x), name(y)),
            Break::Alone(x) => format!("{} is cut off", name(x)),
        }
    }
}

/// The table: every layout, and what each break leaves.
pub fn table() -> String {
    let mut text = String::new();
    for layout in LAYOUTS {
        let ensemble = layout.ensemble();
        let minimal = ensemble.minimal_quorums();
        let smallest = minimal.iter().map(|quorum| quorum.len()).min().unwrap_or(0);
        let _ = writeln!(
            text,
            "{}: {} smallest quorums of {smallest} and more; any {} may fail",
            layout.title(),
            minimal.len(),
            failures_tolerated(&layout.ensemble())
        );
        for broken in layout.breaks() {
            let able = layout.able(broken);
            let names: Vec<_> = able.iter().map(|x| NAMES[x.index()]).collect();
            let answer = match names.is_empty() {
                true => "nobody".to_owned(),
                false => format!("a leader in {}", names.join(" or ")),
            };
            let twice = match layout.two_sides_commit(broken) {
                true => ", TWO SIDES COMMIT",
                false => "",
            };
            let _ = writeln!(text, "  {:14} {answer}{twice}", broken.title());
        }
    }
    text
}
