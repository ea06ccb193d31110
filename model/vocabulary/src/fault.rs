//! The names of the faults, and of their sets.

use crate::{Datacenter, Member};

/// Something that may go wrong once.  What each may do exactly is said in `docs/DEPLOYMENTS.md`
/// for its readers and in the model's `rules/environment.rs` for the checker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// One broker stops; its disk keeps everything appended.
    BrokerCrash,
    /// One broker stops and loses any suffix of its log.
    BrokerPowerLoss,
    /// One broker stops and comes back with an empty disk.
    BrokerWiped,
    /// One broker freezes and later goes on where it stood.
    BrokerPause,
    /// One broker is stopped in an orderly way, and leaves the mark of it on its disk.
    BrokerStop,
    /// One broker asks the controller to be shut down, hands over what it leads, and stops.
    ControlledShutdown,
    /// Followers may fall behind for a while, although every broker reaches the controllers.
    Lag,
    /// Every broker and voter of the datacenter stops; the disks are kept.
    DatacenterLoss(Datacenter),
    /// As a loss, and each broker loses any suffix of its own log.
    DatacenterPowerLoss(Datacenter),
    /// As a loss, and the disks are gone.
    DatacenterDestroyed(Datacenter),
    /// No connection in either direction.
    Cut(Datacenter, Datacenter),
    /// Connections opened from the first to the second fail.
    OneWayCut(Datacenter, Datacenter),
    /// The active controller loses its office.
    ControllerFailover,
    /// The metadata quorum breaks its promise: it goes on from an older state of its history.
    MetadataRollback,
}

impl Fault {
    /// As files and the command line write it: `dc-loss:north`, `cut:north|south`.
    pub fn name(self, datacenters: &[String]) -> String {
        let at = |datacenter: Datacenter| datacenters[datacenter.index()].as_str();
        match self {
            Fault::BrokerCrash => "broker-crash".into(),
            Fault::BrokerPowerLoss => "broker-power-loss".into(),
            Fault::BrokerWiped => "broker-wiped".into(),
            Fault::BrokerPause => "broker-pause".into(),
            Fault::BrokerStop => "broker-stop".into(),
            Fault::ControlledShutdown => "controlled-shutdown".into(),
            Fault::Lag => "lag".into(),
            Fault::DatacenterLoss(x) => format!("dc-loss:{}", at(x)),
            Fault::DatacenterPowerLoss(x) => format!("dc-power-loss:{}", at(x)),
            Fault::DatacenterDestroyed(x) => format!("dc-destroyed:{}", at(x)),
            Fault::Cut(x, y) => format!("cut:{}|{}", at(x), at(y)),
            Fault::OneWayCut(x, y) => format!("one-way-cut:{}>{}", at(x), at(y)),
            Fault::ControllerFailover => "controller-failover".into(),
            Fault::MetadataRollback => "metadata-rollback".into(),
        }
    }

    /// The fault of that name; the error says what was wrong.
    pub fn parse(name: &str, datacenters: &[String]) -> Result<Fault, String> {
        let find = |wanted: &str| {
            datacenters
                .iter()
                .position(|known| known == wanted)
                .map(Datacenter::at)
                .ok_or_else(|| {
                    format!(
                        "fault `{name}` names the datacenter `{wanted}`; there are {}",
                        datacenters.join(", ")
                    )
                })
        };
        let two = |operand: &str, between: char| {
            let (x, y) = operand.split_once(between).ok_or_else(|| {
                format!("fault `{name}` wants two datacenters with `{between}` between them")
            })?;
            if x == y {
                return Err(format!("fault `{name}` wants two different datacenters"));
            }
            Ok((find(x)?, find(y)?))
        };
        let (kind, operand) = match name.split_once(':') {
            Some((kind, operand)) => (kind, Some(operand)),
            None => (name, None),
        };
        let fault = match (kind, operand) {
            ("broker-crash", None) => Fault::BrokerCrash,
            ("broker-power-loss", None) => Fault::BrokerPowerLoss,
            ("broker-wiped", None) => Fault::BrokerWiped,
            ("broker-pause", None) => Fault::BrokerPause,
            ("broker-stop", None) => Fault::BrokerStop,
            ("controlled-shutdown", None) => Fault::ControlledShutdown,
            ("lag", None) => Fault::Lag,
            ("controller-failover", None) => Fault::ControllerFailover,
            ("metadata-rollback", None) => Fault::MetadataRollback,
            ("dc-loss", Some(x)) => Fault::DatacenterLoss(find(x)?),
            ("dc-power-loss", Some(x)) => Fault::DatacenterPowerLoss(find(x)?),
            ("dc-destroyed", Some(x)) => Fault::DatacenterDestroyed(find(x)?),
            ("cut", Some(pair)) => {
                let (x, y) = two(pair, '|')?;
                Fault::Cut(x.min(y), x.max(y))
            }
            ("one-way-cut", Some(pair)) => {
                let (x, y) = two(pair, '>')?;
                Fault::OneWayCut(x, y)
            }
            _ => {
                return Err(format!(
                    "there is no fault `{name}`; there are none, broker-crash, broker-power-loss, \
                     broker-wiped, broker-pause, broker-stop, controlled-shutdown, lag, \
                     controller-failover, metadata-rollback, dc-loss:X, dc-power-loss:X, dc-destroyed:X, cut:X|Y, one-way-cut:X>Y, and sums with +"
                ));
            }
        };
        Ok(fault)
    }
}

/// The faults that may happen in one row, in any order and at any moments: a budget of one each.
/// The same fault twice is a budget of two.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// These, in a fixed order.
    pub fn new(mut faults: Vec<Fault>) -> Self {
        faults.sort();
        Faults(faults)
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Fault> + '_ {
        self.0.iter().copied()
    }

    /// Whether nothing may go wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How often this very fault may happen.
    pub fn budget(&self, fault: Fault) -> usize {
        self.iter().filter(|known| *known == fault).count()
    }

    /// `none`, or the names joined with `+`.
    pub fn name(&self, datacenters: &[String]) -> String {
        if self.is_empty() {
            return "none".into();
        }
        self.iter()
            .map(|fault| fault.name(datacenters))
            .collect::<Vec<_>>()
            .join("+")
    }

    /// The set of that name; the error says what was wrong.
    pub fn parse(name: &str, datacenters: &[String]) -> Result<Faults, String> {
        if name == "none" {
            return Ok(Faults::default());
        }
        name.split('+')
            .map(|one| Fault::parse(one.trim(), datacenters))
            .collect::<Result<_, _>>()
            .map(Faults::new)
    }
}
