//! What may go wrong between clusters, each once for every time that it is listed.

use super::setting::{Cluster, Mirror, Setting, TopicPartition};
use std::fmt::Write;

/// Something that may go wrong once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// A cluster stops; its disks keep everything, and it may return.
    ClusterLoss(Cluster),
    /// A cluster stops for good, and its disks are gone.
    ClusterDestroyed(Cluster),
    /// An unclean election loses any suffix of a topic-partition that producers were told was kept.
    SuffixLoss(TopicPartition),
    /// The committed offsets of all groups at a cluster are lost.
    OffsetsLost(Cluster),
    /// A mirror's workers die between any two of their steps.
    MirrorCrash(Mirror),
    /// A mirror's workers stall, are replaced, and go on.
    MirrorPause(Mirror),
    /// A mirror reaches neither of its clusters for a while.
    MirrorCut(Mirror),
    /// An answer to one of a mirror's workers is lost: to a copy that it sent, or to a question.
    AnswerLost(Mirror),
    /// Retention removes any prefix of a topic-partition.
    Retention(TopicPartition),
    /// A topic is deleted and made anew.
    Recreated(TopicPartition),
    /// The clock of a cluster jumps back.
    ClockSkew(Cluster),
    /// The consumers of a group at a cluster are taken for dead, and are not.
    ConsumersStranded(Cluster),
    /// The databases at a cluster lose everything.
    DatabaseLoss(Cluster),
}

enum Operand {
    Cluster(Cluster),
    Mirror(Mirror),
    Partition(TopicPartition),
}

impl Fault {
    /// The names, as files write them, in the order of the variants.
    pub const NAMES: [&'static str; 13] = [
        "cluster-loss",
        "cluster-destroyed",
        "suffix-loss",
        "offsets-lost",
        "mirror-crash",
        "mirror-pause",
        "mirror-cut",
        "answer-lost",
        "retention",
        "topic-recreated",
        "clock-skew",
        "consumers-stranded",
        "database-loss",
    ];

    fn operand(self) -> (usize, Operand) {
        match self {
            Fault::ClusterLoss(c) => (0, Operand::Cluster(c)),
            Fault::ClusterDestroyed(c) => (1, Operand::Cluster(c)),
            Fault::SuffixLoss(p) => (2, Operand::Partition(p)),
            Fault::OffsetsLost(c) => (3, Operand::Cluster(c)),
            Fault::MirrorCrash(m) => (4, Operand::Mirror(m)),
            Fault::MirrorPause(m) => (5, Operand::Mirror(m)),
            Fault::MirrorCut(m) => (6, Operand::Mirror(m)),
            Fault::AnswerLost(m) => (7, Operand::Mirror(m)),
            Fault::Retention(p) => (8, Operand::Partition(p)),
            Fault::Recreated(p) => (9, Operand::Partition(p)),
            Fault::ClockSkew(c) => (10, Operand::Cluster(c)),
            Fault::ConsumersStranded(c) => (11, Operand::Cluster(c)),
            Fault::DatabaseLoss(c) => (12, Operand::Cluster(c)),
        }
    }

    /// `mirror-crash:east>west`.
    pub fn name(self, setting: &Setting) -> String {
        let (kind, operand) = self.operand();
        let operand = match operand {
            Operand::Cluster(cluster) => setting.cluster_name(cluster),
            Operand::Mirror(mirror) => setting.mirror_name(mirror),
            Operand::Partition(place) => setting.partition_name(place),
        };
        format!("{}:{operand}", Fault::NAMES[kind])
    }

    /// Every fault that there is an operand for.
    pub fn every(setting: &Setting) -> Vec<Fault> {
        let clusters = || setting.every_cluster();
        let mirrors = || setting.every_mirror();
        let places = || setting.every_partition();
        let mut all: Vec<Fault> = Vec::new();
        all.extend(clusters().map(Fault::ClusterLoss));
        all.extend(clusters().map(Fault::ClusterDestroyed));
        all.extend(places().map(Fault::SuffixLoss));
        all.extend(clusters().map(Fault::OffsetsLost));
        all.extend(mirrors().map(Fault::MirrorCrash));
        all.extend(mirrors().map(Fault::MirrorPause));
        all.extend(mirrors().map(Fault::MirrorCut));
        all.extend(mirrors().map(Fault::AnswerLost));
        all.extend(places().map(Fault::Retention));
        all.extend(places().map(Fault::Recreated));
        all.extend(clusters().map(Fault::ClockSkew));
        all.extend(clusters().map(Fault::ConsumersStranded));
        all.extend(clusters().map(Fault::DatabaseLoss));
        all
    }
}

/// Faults, each as often as it may happen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// These.
    pub fn of(faults: &[Fault]) -> Faults {
        let mut faults = faults.to_vec();
        faults.sort_unstable();
        Faults(faults)
    }

    /// Reads `cluster-loss:east+mirror-crash:east>west`, or `none`.
    ///
    /// # Errors
    /// Says which part is no fault of this setting.
    pub fn parse(text: &str, setting: &Setting) -> Result<Faults, String> {
        if text == "none" {
            return Ok(Faults::default());
        }
        let every = Fault::every(setting);
        let mut found = Vec::new();
        for part in text.split('+') {
            let named = every.iter().find(|fault| fault.name(setting) == part);
            let fault = named.ok_or_else(|| no_fault(part, &every, setting))?;
            found.push(*fault);
        }
        Ok(Faults::of(&found))
    }

    /// As files write them.
    pub fn name(&self, setting: &Setting) -> String {
        if self.0.is_empty() {
            return "none".into();
        }
        let names: Vec<String> = self.0.iter().map(|fault| fault.name(setting)).collect();
        names.join("+")
    }

    /// How often a fault may happen.
    pub fn budget(&self, fault: Fault) -> u8 {
        let times = self.0.iter().filter(|listed| **listed == fault).count();
        u8::try_from(times).unwrap_or(u8::MAX)
    }

    /// The faults, each once.
    pub fn different(&self) -> impl Iterator<Item = Fault> + Clone + use<'_> {
        let faults = self.0.iter().enumerate();
        let first =
            faults.filter(|(place, fault)| self.0.get(place.wrapping_sub(1)) != Some(fault));
        first.map(|(_, fault)| *fault)
    }
}

fn no_fault(part: &str, every: &[Fault], setting: &Setting) -> String {
    let kind = part.split(':').next().unwrap_or_default();
    let mut known = String::new();
    let alike = every.iter().map(|fault| fault.name(setting));
    let alike: Vec<String> = alike.filter(|name| name.starts_with(kind)).collect();
    match alike.is_empty() {
        true => {
            let _ = write!(known, "{}", Fault::NAMES.join(", "));
        }
        false => known = alike.join(", "),
    }
    format!("`{part}` is no fault of these clusters; there are {known}")
}
