//! Clusters joined by mirrors, as a deployment: what is kept, skipped and read twice when something
//! between them goes wrong.
//!
//! Each cluster is checked by itself, as any deployment is ([`Joined::parts`]).  What a row does to it
//! there – it stops, it loses a suffix, nothing – is all that may happen to it here
//! ([`effects`]): the mirrors are explored over clusters that do what the model of replication has
//! shown that they can do.
//!
//! | read | for |
//! |---|---|
//! | [`cause`] | what goes wrong in a row, and which rows there are |
//! | [`question`] | what is explored for one topic, or one group that reads it |
//! | [`effects`] | what a row does to the clusters and mirrors of a question |
//! | [`search`] | how far each is explored |
//! | [`check`](mod@check) | the cells of a row |
//! | [`report`] | the table |
//! | [`explain`](mod@explain) | the history behind a cell |
//!
//! **Deliberately absent:** how long anything takes.

pub mod cause;
pub mod check;
pub mod effects;
pub mod explain;
pub mod question;
pub mod report;
pub mod search;
mod when;

use crate::mirroring::topology::{Consumers, Declared};
use cause::Causes;
use highwater_model::mirroring::Expansion;
use highwater_vocabulary::mirroring::{Failover, Tool};
use highwater_vocabulary::{Deployment, Faults, Profile, Requirement, Site};
use question::{Ground, Question};

/// Clusters, what joins them, and what is demanded.
#[derive(Clone, Debug)]
pub struct Joined {
    /// What the reports call it.
    pub name: String,
    /// The Kafka version.
    pub kafka: Profile,
    /// Each cluster by itself, with what is demanded of it.
    pub parts: Vec<Deployment>,
    /// Every datacenter, with what all clusters have there.
    pub sites: Vec<Site>,
    /// The topics that producers write: in which cluster, and the name.
    pub topics: Vec<(usize, String)>,
    /// The mirrors, in the order of the file.
    pub mirrors: Vec<Mirror>,
    /// The consumer groups, in the order of the file.
    pub groups: Vec<Group>,
    /// What is explored.
    pub questions: Vec<Question>,
    /// What is demanded between the clusters.
    pub goals: Vec<Goal>,
    /// How many records are written, if the file says so.
    pub records: Option<u8>,
}

/// What copies from one cluster to another.
#[derive(Clone, Debug)]
pub struct Mirror {
    /// What it does.
    pub declared: Declared,
    /// Where it runs.
    pub runs: Runs,
    /// Whether retention may remove what it has not copied.
    pub expires_uncopied: bool,
}

/// Where what copies runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Runs {
    /// Workers in this datacenter: they stop with it.
    In(String),
    /// The brokers of the target: whichever leads fetches.  `connects` opens the connections, which decides
    /// what a cut in one direction cuts.
    InTheTarget {
        /// The cluster that connects to the other one.
        connects: usize,
    },
}

/// A consumer group.
#[derive(Clone, Debug)]
pub struct Group {
    /// What it reads, where, and how it finds its place elsewhere.
    pub consumers: Consumers,
    /// The cluster in which it goes on, if it does.
    pub moves_to: Option<usize>,
    /// The clusters at which others of it run at the same time, each with a database of its own.
    pub also_at: Vec<usize>,
}

impl Group {
    /// The clusters at which it reads besides its home, sooner or later.
    pub fn elsewhere(&self) -> impl Iterator<Item = usize> + '_ {
        self.moves_to
            .into_iter()
            .chain(self.also_at.iter().copied())
    }

    /// Whether the time stamps of records decide where it goes on: it looks for them itself, or Replicator
    /// does.
    pub fn goes_by_time(&self, mirrors: &[Mirror]) -> bool {
        let mut tools = mirrors.iter().map(|mirror| mirror.declared.flow.tool);
        self.moves_to.is_some()
            && match self.consumers.reader.failover {
                Failover::Timestamp => true,
                Failover::Translated => tools.any(|tool| tool == Tool::Replicator),
                _ => false,
            }
    }
}

/// A goal: in each of these rows, this property comes out so well at least.
#[derive(Clone, Debug)]
pub struct Goal {
    /// The rows.
    pub rows: Vec<Causes>,
    /// The property.
    pub property: &'static str,
    /// The worst word that will do.
    pub least: &'static str,
}

impl Joined {
    /// The cluster by itself, if there is no other.
    ///
    /// # Errors
    /// There are several; they come back as they were.
    pub fn into_alone(mut self) -> Result<Deployment, Box<Joined>> {
        match (self.parts.len(), self.parts.pop()) {
            (1, Some(only)) => Ok(only),
            (_, last) => {
                self.parts.extend(last);
                Err(Box::new(self))
            }
        }
    }

    /// Demands this of each cluster, in what of these rows strikes it.  Even if nothing is demanded, each
    /// cluster searches them.
    pub fn demand_within(
        &mut self,
        pattern: &str,
        rows: &[Causes],
        wanted: &[String],
        available: &[(String, String)],
    ) {
        for cluster in 0..self.parts.len() {
            let mut own: Vec<Faults> = Vec::new();
            for row in rows {
                let within = row.within(self, cluster, true);
                let is_struck = within != Faults::default() || row.iter().next().is_none();
                if is_struck && !own.contains(&within) {
                    own.push(within);
                }
            }
            if !own.is_empty() {
                self.parts[cluster].requirements.push(Requirement {
                    pattern: pattern.into(),
                    rows: own,
                    wanted: wanted.to_vec(),
                    available: available.to_vec(),
                });
            }
        }
    }

    /// Whether some group counts beside Kafka what it reads.
    pub fn counts_beside(&self) -> bool {
        let mut groups = self.groups.iter();
        groups.any(|group| group.consumers.reader.sink.is_some())
    }

    /// The names of the datacenters.
    pub fn datacenters(&self) -> Vec<String> {
        self.sites.iter().map(|site| site.name.clone()).collect()
    }

    /// Everything that is copied, under every name.
    pub fn expansion(&self) -> Expansion {
        let ground = Ground {
            clusters: &[],
            topics: &self.topics,
            mirrors: &self.mirrors,
            groups: &self.groups,
        };
        ground.expansion()
    }

    /// `main>dr`.
    pub fn mirror_name(&self, mirror: usize) -> String {
        let names = &self.mirrors[mirror].declared.names;
        let id = |cluster: usize| &self.parts[cluster].cluster.id;
        format!("{}>{}", id(names.from), id(names.to))
    }

    /// `main/orders`.
    pub fn topic_name(&self, topic: usize) -> String {
        let (cluster, name) = &self.topics[topic];
        format!("{}/{name}", self.parts[*cluster].cluster.id)
    }
}

/// Every datacenter of these clusters, with what all of them have there.
pub fn sites<'a>(parts: impl IntoIterator<Item = &'a [Site]>) -> Vec<Site> {
    let mut all: Vec<Site> = Vec::new();
    for site in parts.into_iter().flatten() {
        match all.iter_mut().find(|known| known.name == site.name) {
            Some(known) => {
                known.brokers = known.brokers.saturating_add(site.brokers);
                known.voters = known.voters.saturating_add(site.voters);
            }
            None => all.push(site.clone()),
        }
    }
    all
}
