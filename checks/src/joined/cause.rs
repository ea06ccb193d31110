//! What goes wrong in a row of clusters that are joined by mirrors.

use super::{Joined, Runs};
use crate::fault_pattern::{self, NoSuchRow, every_fault, names_it};
use crate::wording::{instead, quoted};
use highwater_model::mirroring::Topics;
use highwater_vocabulary::{Datacenter, Fault, Faults, Member, Site};

/// Something that goes wrong once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cause {
    /// Within clusters; its datacenters are places in [`Joined::sites`].
    Within(Fault),
    /// A mirror's workers die.
    MirrorCrash(usize),
    /// A mirror reaches neither of its clusters for a while.
    MirrorCut(usize),
    /// Retention removes any prefix of a topic, copied or not; a place in [`Joined::topics`].
    Retention(usize),
    /// A topic is deleted and made anew.
    TopicRecreated(usize),
    /// The clock of a cluster jumps back.
    ClockSkew(usize),
}

/// The causes that take a mirror, as files write them.
const BETWEEN_CLUSTERS: [&str; 5] = [
    "mirror-crash",
    "mirror-cut",
    "retention",
    "topic-recreated",
    "clock-skew",
];

impl Cause {
    /// `dc-loss:tokyo`, `mirror-crash:main>dr`, `retention:main/orders`.
    pub fn name(self, joined: &Joined) -> String {
        let mirror = |at: usize| joined.mirror_name(at);
        let topic = |at: usize| joined.topic_name(at);
        let operand = match self {
            Cause::Within(fault) => return fault.name(&joined.datacenters()),
            Cause::MirrorCrash(at) | Cause::MirrorCut(at) => mirror(at),
            Cause::Retention(at) | Cause::TopicRecreated(at) => topic(at),
            Cause::ClockSkew(at) => joined.parts[at].cluster.id.clone(),
        };
        let kind = match self {
            Cause::Within(_) | Cause::MirrorCrash(_) => BETWEEN_CLUSTERS[0],
            Cause::MirrorCut(_) => BETWEEN_CLUSTERS[1],
            Cause::Retention(_) => BETWEEN_CLUSTERS[2],
            Cause::TopicRecreated(_) => BETWEEN_CLUSTERS[3],
            Cause::ClockSkew(_) => BETWEEN_CLUSTERS[4],
        };
        format!("{kind}:{operand}")
    }

    /// Whether it strikes one cluster, and none in particular.
    fn is_placeless(self) -> bool {
        match self {
            Cause::Within(fault) => !matches!(
                fault,
                Fault::DatacenterLoss(_)
                    | Fault::DatacenterPowerLoss(_)
                    | Fault::DatacenterDestroyed(_)
                    | Fault::Cut(..)
                    | Fault::OneWayCut(..)
            ),
            _ => false,
        }
    }
}

/// The causes of a row, each as often as it may happen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Causes(Vec<Cause>);

impl Causes {
    /// These, in the order in which they are named.
    pub fn new(causes: &[Cause]) -> Causes {
        let mut causes = causes.to_vec();
        causes.sort_unstable();
        Causes(causes)
    }

    /// Each, as often as it may happen.
    pub fn iter(&self) -> impl Iterator<Item = Cause> + '_ {
        self.0.iter().copied()
    }

    /// As files and the command line write it.
    pub fn name(&self, joined: &Joined) -> String {
        let within: Vec<Fault> = self.iter().filter_map(within).collect();
        let other = self.iter().filter(|cause| within_is_none(*cause));
        let mut names: Vec<String> = Vec::new();
        if !within.is_empty() {
            names.push(Faults::new(within).name(&joined.datacenters()));
        }
        names.extend(other.map(|cause| cause.name(joined)));
        match names.is_empty() {
            true => "none".into(),
            false => names.join("+"),
        }
    }

    /// Whether some cause strikes one cluster, and none in particular.
    pub(super) fn are_placeless(&self) -> bool {
        self.iter().any(Cause::is_placeless)
    }

    /// What of it happens to one cluster; what strikes no cluster in particular only if it is `struck`.
    pub(crate) fn within(&self, joined: &Joined, cluster: usize, struck: bool) -> Faults {
        let sites = &joined.parts[cluster].cluster.sites;
        let own = |x: Datacenter| {
            let name = &joined.sites[x.index()].name;
            let place = sites.iter().position(|site| site.name == *name);
            place.map(Datacenter::at)
        };
        let faults = self.iter().filter_map(within).filter_map(|fault| {
            Some(match fault {
                Fault::DatacenterLoss(x) => Fault::DatacenterLoss(own(x)?),
                Fault::DatacenterPowerLoss(x) => Fault::DatacenterPowerLoss(own(x)?),
                Fault::DatacenterDestroyed(x) => Fault::DatacenterDestroyed(own(x)?),
                Fault::Cut(x, y) => match (own(x)?, own(y)?) {
                    (x, y) if x < y => Fault::Cut(x, y),
                    (x, y) => Fault::Cut(y, x),
                },
                Fault::OneWayCut(x, y) => Fault::OneWayCut(own(x)?, own(y)?),
                placeless if struck => placeless,
                _ => return None,
            })
        });
        // Only brokers have disks to lose.
        let possible = every_fault(sites);
        Faults::new(faults.filter(|fault| possible.contains(fault)).collect())
    }
}

fn within(cause: Cause) -> Option<Fault> {
    match cause {
        Cause::Within(fault) => Some(fault),
        _ => None,
    }
}

fn within_is_none(cause: Cause) -> bool {
    within(cause).is_none()
}

/// The rows that `pattern` stands for.
pub fn rows(joined: &Joined, pattern: &str) -> Result<Vec<Causes>, NoSuchRow> {
    let mut distinct: Vec<Causes> = Vec::new();
    for row in fault_pattern::joined(pattern, |part| causes(joined, part))? {
        let row = Causes::new(&row);
        if !distinct.contains(&row) {
            distinct.push(row);
        }
    }
    Ok(distinct)
}

/// The causes that one part of a pattern stands for.
fn causes(joined: &Joined, part: &str) -> Result<Vec<Cause>, NoSuchRow> {
    let kind = part.split(':').next().unwrap_or(part);
    if !BETWEEN_CLUSTERS.contains(&kind) {
        let faults = fault_pattern::faults(part, &joined.sites, joined.kafka)?;
        return Ok(faults.into_iter().map(Cause::Within).collect());
    }
    let every = between(joined);
    let named = every.iter().copied();
    let named: Vec<Cause> = named
        .filter(|cause| {
            let name = cause.name(joined);
            // A lone star is every mirror, topic or cluster.
            let is_any = part.strip_prefix(kind) == Some(":*") && name.starts_with(kind);
            is_any || names_it(part, &name)
        })
        .collect();
    match named.is_empty() {
        false => Ok(named),
        true => {
            let names: Vec<String> = every.iter().map(|cause| cause.name(joined)).collect();
            let alike = names.iter().map(String::as_str);
            let alike: Vec<&str> = alike.filter(|name| name.starts_with(kind)).collect();
            Err(NoSuchRow {
                what: format!("{} strikes nothing in this deployment", quoted(part)),
                remedy: match alike.is_empty() {
                    true => format!("nothing here can have a `{kind}`"),
                    false => instead(part, alike),
                },
            })
        }
    }
}

/// Whatever may go wrong that takes a mirror.
fn between(joined: &Joined) -> Vec<Cause> {
    let mirrors = 0..joined.mirrors.len();
    let copied: Vec<usize> = (0..joined.topics.len())
        .filter(|at| {
            joined
                .questions
                .iter()
                .any(|asked| asked.topics.contains(at))
        })
        .collect();
    let clusters = 0..joined.parts.len();
    let mut all: Vec<Cause> = mirrors.clone().map(Cause::MirrorCrash).collect();
    all.extend(mirrors.map(Cause::MirrorCut));
    all.extend(copied.iter().copied().map(Cause::Retention));
    all.extend(copied.iter().copied().map(Cause::TopicRecreated));
    all.extend(clusters.map(Cause::ClockSkew));
    all
}

/// The rows of a deployment, in the order of its table: every single cause that it gives an operand for,
/// lag before the loss of a datacenter, and what is demanded besides.
///
/// Retention is a row where a mirror says that it may be shorter than an outage, a clock where somebody
/// finds his place by timestamps.
pub fn ladder(joined: &Joined) -> Vec<Causes> {
    let single = every_fault(&joined.sites).into_iter();
    let single = single
        .filter(|fault| {
            !matches!(
                fault,
                Fault::BrokerStop | Fault::ControlledShutdown | Fault::MetadataRollback
            )
        })
        .map(Cause::Within);
    let between = between(joined).into_iter();
    let between = between.filter(|cause| match cause {
        Cause::Retention(at) => expires_uncopied(joined, *at),
        Cause::ClockSkew(at) => looks_at_clocks(joined, *at),
        _ => true,
    });
    let mut rows = vec![Causes::default()];
    rows.extend(single.chain(between).map(|cause| Causes::new(&[cause])));
    let with_brokers = |at: &usize| joined.sites[*at].brokers > 0;
    for at in (0..joined.sites.len()).filter(with_brokers) {
        let loss = Cause::Within(Fault::DatacenterLoss(Datacenter::at(at)));
        rows.push(Causes::new(&[Cause::Within(Fault::Lag), loss]));
    }
    rows.retain(|row| row.0.is_empty() || strikes(joined, row));
    let demanded = joined.goals.iter().flat_map(|goal| &goal.rows);
    for row in demanded {
        if !rows.contains(row) {
            rows.push(row.clone());
        }
    }
    rows
}

fn expires_uncopied(joined: &Joined, topic: usize) -> bool {
    let (cluster, name) = &joined.topics[topic];
    joined.mirrors.iter().any(|mirror| {
        let names = &mirror.declared.names;
        let carried = match &names.topics {
            Topics::All => true,
            Topics::These(listed) => listed.contains(name),
        };
        mirror.expires_uncopied && names.from == *cluster && carried
    })
}

fn looks_at_clocks(joined: &Joined, cluster: usize) -> bool {
    let mut groups = joined.groups.iter();
    let mut questions = joined.questions.iter();
    groups.any(|group| group.goes_by_time(&joined.mirrors))
        && questions.any(|asked| asked.clusters.contains(&cluster))
}

/// Whether a row does something to some cluster or mirror.
fn strikes(joined: &Joined, row: &Causes) -> bool {
    let clusters = 0..joined.parts.len();
    let within = clusters
        .into_iter()
        .any(|cluster| row.within(joined, cluster, true) != Faults::default());
    let mirrors = 0..joined.mirrors.len();
    within
        || row.iter().any(within_is_none)
        || mirrors
            .into_iter()
            .any(|mirror| hits(joined, row, mirror).is_some())
}

/// What a row does to a mirror: whoever copies stops with the datacenter in which it runs, and reaches
/// nothing across a cut.
pub(crate) fn hits(joined: &Joined, row: &Causes, mirror: usize) -> Option<Hit> {
    let site = |x: Datacenter| &joined.sites[x.index()];
    let workers_in = |x: Datacenter| joined.workers_in(mirror, site(x));
    let connects = |x: Datacenter, y: Datacenter| joined.connects(mirror, site(x), site(y));
    let mut worst = None;
    for cause in row.iter() {
        let hit = match cause {
            Cause::MirrorCrash(at) if at == mirror => Some(Hit::Dies),
            Cause::MirrorCut(at) if at == mirror => Some(Hit::CutOff),
            Cause::Within(
                Fault::DatacenterLoss(x)
                | Fault::DatacenterPowerLoss(x)
                | Fault::DatacenterDestroyed(x),
            ) if workers_in(x) => Some(Hit::Dies),
            Cause::Within(Fault::Cut(x, y)) if connects(x, y) || connects(y, x) => {
                Some(Hit::CutOff)
            }
            Cause::Within(Fault::OneWayCut(x, y)) if connects(x, y) => Some(Hit::CutOff),
            _ => None,
        };
        worst = worst.max(hit);
    }
    worst
}

/// What happens to a mirror.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Hit {
    /// It reaches neither of its clusters.
    CutOff,
    /// Its workers die, and may start again.
    Dies,
}

impl Joined {
    /// Whether a mirror's workers run there.
    fn workers_in(&self, mirror: usize, site: &Site) -> bool {
        matches!(&self.mirrors[mirror].runs, Runs::In(name) if *name == site.name)
    }

    /// Whether a mirror opens connections from one datacenter to brokers in the other.
    fn connects(&self, mirror: usize, from: &Site, to: &Site) -> bool {
        let names = &self.mirrors[mirror].declared.names;
        match &self.mirrors[mirror].runs {
            Runs::In(name) => {
                let ends = [names.from, names.to];
                *name == from.name && ends.iter().any(|end| self.has_brokers(*end, to))
            }
            Runs::InTheTarget { connects } => {
                let mut ends = [names.from, names.to].into_iter();
                let other = ends.find(|end| end != connects);
                self.has_brokers(*connects, from)
                    && other.is_some_and(|other| self.has_brokers(other, to))
            }
        }
    }

    pub(super) fn has_brokers(&self, cluster: usize, site: &Site) -> bool {
        let mut sites = self.parts[cluster].cluster.sites.iter();
        sites.any(|own| own.name == site.name && own.brokers > 0)
    }
}
