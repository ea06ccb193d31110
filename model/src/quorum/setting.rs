//! Who takes part, where, and what may go wrong.

use highwater_vocabulary::{Datacenter, Member, Set};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most nodes of a metadata quorum that this model has room for: voters, and those that may
/// become voters.
pub const MOST_NODES: usize = 6;

/// A node of the metadata quorum, by its place in the setting's list.  It is a voter as long as the
/// voter set names it; otherwise it is an observer that may become one.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct Node(u8);

/// A set of nodes.
pub type Nodes = Set<Node>;

impl Member for Node {
    fn index(self) -> usize {
        usize::from(self.0)
    }

    fn at(index: usize) -> Self {
        debug_assert!(index < MOST_NODES, "there are {MOST_NODES} nodes at most");
        Node(index as u8)
    }
}

/// The nodes of a quorum and their datacenters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The names of the datacenters.
    pub datacenters: Vec<String>,
    /// Where each node is.
    pub homes: Vec<Datacenter>,
    /// Who votes in the beginning.
    pub voters: Nodes,
}

impl Setting {
    /// So many voters in each datacenter, and so many nodes that are no voters yet in the last one.
    ///
    /// # Panics
    /// If there are more than [`MOST_NODES`].
    pub fn of(voters: &[(&str, usize)], spares: usize) -> Self {
        let homes = voters.iter().enumerate();
        let mut homes: Vec<Datacenter> = homes
            .flat_map(|(place, (_, count))| std::iter::repeat_n(Datacenter::at(place), *count))
            .collect();
        let voting = homes.len();
        homes.extend(std::iter::repeat_n(
            Datacenter::at(voters.len() - 1),
            spares,
        ));
        assert!(homes.len() <= MOST_NODES, "{MOST_NODES} nodes at most");
        Setting {
            datacenters: voters.iter().map(|(name, _)| (*name).into()).collect(),
            homes,
            voters: Nodes::first(voting),
        }
    }

    /// Every node.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + Clone + use<> {
        (0..self.homes.len()).map(Node::at)
    }

    /// Every datacenter.
    pub fn every_datacenter(&self) -> impl Iterator<Item = Datacenter> + use<> {
        (0..self.datacenters.len()).map(Datacenter::at)
    }

    /// Where a node is.
    pub fn home(&self, node: Node) -> Datacenter {
        self.homes[node.index()]
    }

    /// The nodes of a datacenter.
    pub fn nodes_of(&self, datacenter: Datacenter) -> Nodes {
        self.nodes()
            .filter(|node| self.home(*node) == datacenter)
            .collect()
    }

    /// `north-1`: the datacenter, and the node's number there.
    pub fn name(&self, node: Node) -> String {
        let home = self.home(node);
        let before = self.homes.iter().take(node.index());
        let number = 1 + before.filter(|other| **other == home).count();
        format!("{}-{number}", self.datacenters[home.index()])
    }

    /// The node of that name.
    pub fn named(&self, name: &str) -> Option<Node> {
        self.nodes().find(|node| self.name(*node) == name)
    }

    /// The names of several nodes, with spaces between them.
    pub fn names(&self, nodes: Nodes) -> String {
        let names: Vec<_> = nodes.iter().map(|node| self.name(node)).collect();
        names.join(" ")
    }
}

/// Something that may go wrong once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// One node stops; its disk keeps everything, flushed or not.
    VoterCrash,
    /// One node stops and loses any suffix of what it had not flushed.
    VoterPowerLoss,
    /// One node stops and is formatted anew: log, epoch and vote are gone.
    VoterWiped,
    /// Every node of a datacenter stops at one moment; the disks keep everything.
    DatacenterLoss(Datacenter),
    /// No connection in either direction.
    Cut(Datacenter, Datacenter),
    /// Connections opened from the first to the second fail; requests of the second to the first
    /// and their answers pass.
    OneWayCut(Datacenter, Datacenter),
}

/// The faults that may happen in one history, each as often as it is listed, in any order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Fault {
    fn name(self, datacenters: &[String]) -> String {
        let at = |datacenter: Datacenter| datacenters[datacenter.index()].as_str();
        match self {
            Fault::VoterCrash => "voter-crash".into(),
            Fault::VoterPowerLoss => "voter-power-loss".into(),
            Fault::VoterWiped => "voter-wiped".into(),
            Fault::DatacenterLoss(x) => format!("dc-loss:{}", at(x)),
            Fault::Cut(x, y) => format!("cut:{}|{}", at(x), at(y)),
            Fault::OneWayCut(x, y) => format!("one-way-cut:{}>{}", at(x), at(y)),
        }
    }

    fn parse(name: &str, datacenters: &[String]) -> Result<Fault, String> {
        let find = |wanted: &str| {
            let place = datacenters.iter().position(|known| known == wanted);
            place.map(Datacenter::at).ok_or_else(|| {
                let known = datacenters.join(", ");
                format!("fault `{name}` names the datacenter `{wanted}`; there are {known}")
            })
        };
        let two = |operand: &str, between: char| {
            let (x, y) = operand.split_once(between).ok_or_else(|| {
                format!("fault `{name}` wants two datacenters with `{between}` between them")
            })?;
            match x == y {
                true => Err(format!("fault `{name}` wants two different datacenters")),
                false => Ok((find(x)?, find(y)?)),
            }
        };
        match name.split_once(':') {
            None if name == "voter-crash" => Ok(Fault::VoterCrash),
            None if name == "voter-power-loss" => Ok(Fault::VoterPowerLoss),
            None if name == "voter-wiped" => Ok(Fault::VoterWiped),
            Some(("dc-loss", x)) => Ok(Fault::DatacenterLoss(find(x)?)),
            Some(("cut", pair)) => {
                let (x, y) = two(pair, '|')?;
                Ok(Fault::Cut(x.min(y), x.max(y)))
            }
            Some(("one-way-cut", pair)) => {
                let (x, y) = two(pair, '>')?;
                Ok(Fault::OneWayCut(x, y))
            }
            _ => Err(format!(
                "there is no fault `{name}` of a metadata quorum; there are none, voter-crash, \
                 voter-power-loss, voter-wiped, dc-loss:X, cut:X|Y, one-way-cut:X>Y, and sums with +"
            )),
        }
    }
}

impl Faults {
    /// Different faults that a history may have.
    pub const DIFFERENT: usize = 4;

    /// These, in a fixed order.
    ///
    /// # Panics
    /// If there are more than [`Faults::DIFFERENT`] different ones.
    pub fn new(mut faults: Vec<Fault>) -> Self {
        faults.sort();
        let faults = Faults(faults);
        let different = faults.different().count();
        assert!(different <= Self::DIFFERENT, "{different} different faults");
        faults
    }

    /// The set of that name; the error says what is wrong with it.
    ///
    /// # Errors
    /// Says which fault is unknown, or that there are too many.
    pub fn parse(name: &str, datacenters: &[String]) -> Result<Faults, String> {
        if name == "none" {
            return Ok(Faults::default());
        }
        let parsed = name
            .split('+')
            .map(|one| Fault::parse(one.trim(), datacenters));
        let mut faults = Faults(parsed.collect::<Result<_, _>>()?);
        faults.0.sort();
        match faults.different().count() {
            ..=4 => Ok(faults),
            many => Err(format!(
                "`{name}` has {many} different faults; there may be {}",
                Self::DIFFERENT
            )),
        }
    }

    /// `none`, or the names joined with `+`.
    pub fn name(&self, datacenters: &[String]) -> String {
        let names = self.0.iter().map(|fault| fault.name(datacenters));
        match self.0.is_empty() {
            true => "none".into(),
            false => names.collect::<Vec<_>>().join("+"),
        }
    }

    /// Each fault once.
    pub fn different(&self) -> impl Iterator<Item = Fault> + '_ {
        let repeats = |place: usize| place > 0 && self.0[place - 1] == self.0[place];
        (0..self.0.len())
            .filter(move |place| !repeats(*place))
            .map(|place| self.0[place])
    }

    /// How often this very fault may happen.
    pub fn budget(&self, fault: Fault) -> usize {
        self.0.iter().filter(|known| **known == fault).count()
    }

    /// The place of a fault among the different ones.
    pub(super) fn place_of(&self, fault: Fault) -> Option<usize> {
        self.different().position(|known| known == fault)
    }
}

impl fmt::Display for Setting {
    /// `north-1 north-2 south-1`, and what follows `/` are no voters yet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names(self.voters))?;
        let spares: Nodes = self
            .nodes()
            .filter(|node| !self.voters.contains(*node))
            .collect();
        match spares.is_empty() {
            true => Ok(()),
            false => write!(f, " / {}", self.names(spares)),
        }
    }
}
