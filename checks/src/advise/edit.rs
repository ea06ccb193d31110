//! What may be changed about a deployment, one thing at a time.

use crate::placement::eligible_leader_replicas;
use highwater_model::replication::variant::elr_possible;
use highwater_vocabulary::{
    Deployment, MOST_BROKERS, MOST_DATACENTERS, Placement, Quorum, Site, Topic,
};

/// What a datacenter for a voter alone is called.
const WITNESS: &str = "witness";
/// The most voters of one datacenter.
const MOST_VOTERS_THERE: u8 = 9;

/// One change of the file.  Topics and datacenters are named by their place in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edit {
    /// `min_insync_replicas` of a topic.
    MinIsr {
        /// Which topic.
        topic: usize,
        /// Its new value.
        to: u8,
    },
    /// `eligible_leader_replicas = true`.
    EligibleLeaderReplicas,
    /// A voter stands in another datacenter.
    MoveVoter {
        /// Where it is taken.
        from: usize,
        /// Where it is put.
        to: usize,
    },
    /// A voter more.
    AddVoter {
        /// Where.
        to: usize,
    },
    /// A datacenter more, with nothing but a voter, which is taken elsewhere or is one more.
    Witness {
        /// Where the voter is taken; if nowhere, it is one more.
        from: Option<usize>,
    },
    /// A replica more or less, as Kafka spreads them or in one datacenter.
    Replicas {
        /// Which topic.
        topic: usize,
        /// In which datacenter, where the file says how many there are in each.
        site: Option<usize>,
        /// Whether it is one more.
        more: bool,
    },
    /// An observer beside the replicas of each datacenter.
    Observers {
        /// Which topic.
        topic: usize,
    },
}

/// Every edit that the deployment has room for, those first that one would rather make: settings before
/// machines.
pub(super) fn edits(deployment: &Deployment, topics: &[usize]) -> Vec<Edit> {
    let sites = 0..deployment.cluster.sites.len();
    let mut edits = Vec::new();
    for topic in topics.iter().copied() {
        let min_isr = deployment.cluster.topics[topic].min_insync_replicas;
        edits.push(Edit::MinIsr {
            topic,
            to: min_isr.saturating_add(1),
        });
        edits.extend(min_isr.checked_sub(1).map(|to| Edit::MinIsr { topic, to }));
    }
    edits.push(Edit::EligibleLeaderReplicas);
    for from in sites.clone() {
        edits.extend(sites.clone().map(|to| Edit::MoveVoter { from, to }));
    }
    edits.extend(sites.clone().map(|from| Edit::Witness { from: Some(from) }));
    edits.extend(sites.clone().map(|to| Edit::AddVoter { to }));
    edits.push(Edit::Witness { from: None });
    for topic in topics.iter().copied() {
        for more in [true, false] {
            let anywhere = std::iter::once(None).chain(sites.clone().map(Some));
            edits.extend(anywhere.map(|site| Edit::Replicas { topic, site, more }));
        }
        edits.push(Edit::Observers { topic });
    }
    edits.retain(|edit| edit.made(deployment).is_some());
    edits
}

impl Edit {
    /// The deployment with it; nothing, if that would be none or no other.
    pub(super) fn made(self, deployment: &Deployment) -> Option<Deployment> {
        let mut edited = deployment.clone();
        let sites = &mut edited.cluster.sites;
        match self {
            Edit::MinIsr { topic, to } => {
                let topic = &mut edited.cluster.topics[topic];
                let replicas = topic.placement.replicas();
                let now = topic.min_insync_replicas.min(replicas);
                topic.min_insync_replicas = to;
                (to > 0 && to <= replicas && to != now).then_some(())?;
            }
            Edit::EligibleLeaderReplicas => {
                let has = eligible_leader_replicas(deployment);
                (!has && elr_possible(deployment.kafka)).then_some(())?;
                edited.cluster.eligible_leader_replicas = Some(true);
            }
            Edit::MoveVoter { from, to } => {
                (from != to).then_some(())?;
                take_voter(sites, from)?;
                add_voter(sites, to)?;
            }
            Edit::AddVoter { to } => add_voter(sites, to)?,
            Edit::Witness { from } => {
                if let Some(from) = from {
                    take_voter(sites, from)?;
                }
                add_witness(&mut edited)?;
            }
            Edit::Replicas { topic, site, more } => {
                let sites = edited.cluster.sites.clone();
                let topic = &mut edited.cluster.topics[topic];
                change_replicas(topic, &sites, site, more)?;
                fits(topic, &sites).then_some(())?;
            }
            Edit::Observers { topic } => {
                let sites = edited.cluster.sites.clone();
                let topic = &mut edited.cluster.topics[topic];
                topic
                    .observers
                    .iter()
                    .all(|count| *count == 0)
                    .then_some(())?;
                let homes = topic.observers.iter_mut().zip(&sites);
                homes.for_each(|(count, site)| *count = u8::from(site.brokers > 0));
                fits(topic, &sites).then_some(())?;
            }
        }
        Some(edited)
    }

    /// Whether it is about the metadata quorum.
    pub(super) fn is_of_voters(self) -> bool {
        matches!(
            self,
            Edit::MoveVoter { .. } | Edit::AddVoter { .. } | Edit::Witness { .. }
        )
    }

    /// What is written otherwise, in the words of the file.
    pub fn name(self, deployment: &Deployment) -> String {
        let cluster = &deployment.cluster;
        let site = |place: usize| &cluster.sites[place].name;
        match self {
            Edit::MinIsr { topic, to } => {
                let topic = &cluster.topics[topic];
                let now = topic.min_insync_replicas;
                format!("{}: min_insync_replicas = {to} instead of {now}", topic.id)
            }
            Edit::EligibleLeaderReplicas => "eligible_leader_replicas = true".into(),
            Edit::MoveVoter { from, to } => {
                format!("a voter of {} stands in {} instead", site(from), site(to))
            }
            Edit::AddVoter { to } => format!("one more voter in {}", site(to)),
            Edit::Witness { from: Some(from) } => format!(
                "a voter of {} stands in a datacenter of its own instead ({WITNESS} = 1)",
                site(from)
            ),
            Edit::Witness { from: None } => {
                format!("one more voter, in a datacenter of its own ({WITNESS} = 1)")
            }
            Edit::Replicas {
                topic,
                site: home,
                more,
            } => {
                let topic = &cluster.topics[topic];
                let change = if more {
                    "one replica more"
                } else {
                    "one replica less"
                };
                let home = home.map_or(String::new(), |home| format!(" in {}", site(home)));
                format!("{}: {change}{home}", topic.id)
            }
            Edit::Observers { topic } => {
                let topic = &cluster.topics[topic];
                format!("{}: an observer in each datacenter", topic.id)
            }
        }
    }
}

fn take_voter(sites: &mut [Site], from: usize) -> Option<()> {
    let all: u8 = sites.iter().map(|site| site.voters).sum();
    let voters = &mut sites[from].voters;
    *voters = voters.checked_sub(1)?;
    (all > 1).then_some(())
}

fn add_voter(sites: &mut [Site], to: usize) -> Option<()> {
    let voters = &mut sites[to].voters;
    *voters += 1;
    (*voters <= MOST_VOTERS_THERE).then_some(())
}

/// A datacenter with a voter and nothing else, the last of the file.
fn add_witness(edited: &mut Deployment) -> Option<()> {
    let cluster = &mut edited.cluster;
    let is_taken = cluster.sites.iter().any(|site| site.name == WITNESS);
    (cluster.sites.len() < MOST_DATACENTERS && !is_taken).then_some(())?;
    cluster.sites.push(Site {
        name: WITNESS.into(),
        brokers: 0,
        voters: 1,
    });
    cluster.zookeeper_observers.push(0);
    if let Quorum::Hierarchical { weights } = &mut cluster.quorum {
        weights.push(1);
    }
    for topic in &mut cluster.topics {
        topic.observers.push(0);
        if let Placement::Explicit(counts) = &mut topic.placement {
            counts.push(0);
        }
    }
    Some(())
}

fn change_replicas(
    topic: &mut Topic,
    sites: &[Site],
    site: Option<usize>,
    more: bool,
) -> Option<()> {
    let change = |count: &mut u8| {
        *count = match more {
            true => count.checked_add(1)?,
            false => count.checked_sub(1)?,
        };
        Some(())
    };
    match (&mut topic.placement, site) {
        (Placement::RackAware(count) | Placement::Anywhere(count), None) => change(count)?,
        (Placement::Explicit(counts), Some(site)) if sites[site].brokers > 0 => {
            change(&mut counts[site])?;
        }
        _ => return None,
    }
    (topic.placement.replicas() >= topic.min_insync_replicas).then_some(())
}

/// Whether there are brokers for all replicas and observers.
fn fits(topic: &Topic, sites: &[Site]) -> bool {
    let observers: u8 = topic.observers.iter().sum();
    let all = usize::from(topic.placement.replicas()) + usize::from(observers);
    let brokers: usize = sites.iter().map(|site| usize::from(site.brokers)).sum();
    let each = |(place, site): (usize, &Site)| {
        let own = match &topic.placement {
            Placement::Explicit(counts) => counts[place],
            Placement::RackAware(_) | Placement::Anywhere(_) => 0,
        };
        u16::from(own) + u16::from(topic.observers[place]) <= site.brokers
    };
    // Observers stand beside replicas whose places the file names.
    let places_are_named = observers == 0 || matches!(topic.placement, Placement::Explicit(_));
    topic.placement.replicas() > 0
        && all <= MOST_BROKERS
        && all <= brokers
        && places_are_named
        && sites.iter().enumerate().all(each)
}
