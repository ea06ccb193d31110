//! What is explored for one topic, or for one group that reads it.
//!
//! Partitions do not meet, nor do the copies of one: what comes to a place where copying ends is explored
//! with the mirrors that lead there, and with all topics whose records come together in it.  Groups do not
//! meet either.  What is lost is explored without groups, with producers that move.

use super::{Group, Mirror};
use crate::mirroring::topology::{Consumers, Topic, Topology};
use highwater_model::mirroring::{Bounds, CycleTest, Expansion, Setting, expand, naming};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Cluster, Databases, Failback, Failover, PlaceKept};

/// What is explored.
#[derive(Clone, Debug)]
pub struct Question {
    /// The clusters that take part, in the order of the setting.
    pub clusters: Vec<usize>,
    /// The mirrors that take part, in the order of the setting.
    pub mirrors: Vec<usize>,
    /// The topics that producers write, as places in the deployment's list.
    pub topics: Vec<usize>,
    /// The group that is asked about; none if the records are.
    pub group: Option<usize>,
    /// What the model explores.
    pub setting: Setting,
    /// How much may happen, but for the records.
    pub bounds: Bounds,
}

/// What a deployment says that questions are made of.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The names of the clusters.
    pub clusters: &'a [String],
    /// The topics that producers write.
    pub topics: &'a [(usize, String)],
    /// What copies.
    pub mirrors: &'a [Mirror],
    /// Who reads.
    pub groups: &'a [Group],
}

/// How records come somewhere.
#[derive(Default)]
struct Ways {
    /// The topics that producers write.
    topics: Vec<usize>,
    /// The mirrors.
    mirrors: Vec<usize>,
}

impl Ground<'_> {
    /// Everything that is copied, under every name.
    pub fn expansion(&self) -> Expansion {
        let local: Vec<(usize, &str)> = self.topics.iter().map(local).collect();
        expand(&self.names(), &local, CycleTest::Target)
    }

    fn names(&self) -> Vec<naming::Flow> {
        let mirrors = self.mirrors.iter();
        mirrors
            .map(|mirror| mirror.declared.names.clone())
            .collect()
    }

    /// Every question: what comes to each place where copying ends, and what each group finds there that moves,
    /// or runs in several clusters.
    ///
    /// # Errors
    /// Says of which topic there is more than can be explored.
    pub fn questions(&self) -> Result<Vec<Question>, String> {
        let expansion = self.expansion();
        let mut questions = Vec::new();
        let ends = (0..expansion.topics.len()).filter(|place| {
            let mut copies = expansion.copies.iter();
            let goes_on = expansion.copies.iter().any(|copy| copy.from == *place);
            !goes_on && copies.any(|copy| copy.to == *place)
        });
        for end in ends {
            let ways = self.ways_to(&expansion, &[end]);
            questions.push(self.question(&ways, None)?);
        }
        for (place, group) in self.groups.iter().enumerate() {
            for topic in 0..self.topics.len() {
                let Some(read) = self.read_of(&expansion, group, topic) else {
                    continue;
                };
                let ways = self.ways_to(&expansion, &read);
                // Several topics that come together are asked about once.
                if ways.topics.first() == Some(&topic) && !ways.mirrors.is_empty() {
                    questions.push(self.question(&ways, Some(place))?);
                }
            }
        }
        Ok(questions)
    }

    /// The places at which a group reads what comes from a topic, at home and where it moves; none if it
    /// reads nothing of it at home.
    fn read_of(&self, expansion: &Expansion, group: &Group, topic: usize) -> Option<Vec<usize>> {
        group.elsewhere().next()?;
        let home = group.consumers.reader.home.index();
        if !group.consumers.topics.contains(&self.topics[topic].1) {
            return None;
        }
        let at = |cluster: usize| {
            let places = (0..expansion.topics.len())
                .filter(move |place| expansion.topics[*place].cluster == cluster);
            let coming =
                places.filter(|place| self.ways_to(expansion, &[*place]).topics.contains(&topic));
            coming.collect::<Vec<usize>>()
        };
        let here = at(home);
        let there = group.elsewhere().flat_map(at);
        (!here.is_empty()).then(|| here.iter().copied().chain(there).collect())
    }

    /// The mirrors by which records come to these places, and the topics from which.
    fn ways_to(&self, expansion: &Expansion, places: &[usize]) -> Ways {
        let mut ahead = places.to_vec();
        let mut seen = places.to_vec();
        let mut ways = Ways::default();
        while let Some(place) = ahead.pop() {
            if place < self.topics.len() {
                ways.topics.push(place);
            }
            for copy in expansion.copies.iter().filter(|copy| copy.to == place) {
                ways.mirrors.push(copy.flow);
                if !seen.contains(&copy.from) {
                    seen.push(copy.from);
                    ahead.push(copy.from);
                }
            }
        }
        for list in [&mut ways.topics, &mut ways.mirrors] {
            list.sort_unstable();
            list.dedup();
        }
        ways
    }

    fn question(&self, ways: &Ways, group: Option<usize>) -> Result<Question, String> {
        let asked = group.map(|place| &self.groups[place]);
        let Ways { topics, mirrors } = ways;
        let ends = mirrors.iter().flat_map(|at| {
            let names = &self.mirrors[*at].declared.names;
            [names.from, names.to]
        });
        let mut clusters: Vec<usize> = ends.collect();
        clusters.extend(topics.iter().map(|topic| self.topics[*topic].0));
        clusters.extend(asked.into_iter().flat_map(Group::elsewhere));
        clusters.sort_unstable();
        clusters.dedup();
        let renames = mirrors.iter().any(|at| self.renames(*at, topics));
        let mut topology = self.topology(topics).within(&clusters, mirrors);
        topology.groups = asked
            .map(|group| in_setting(group, &clusters))
            .into_iter()
            .collect();
        // Producers that have moved write what the group reads only under the same name; and where it goes from
        // one copy to another, they have no reason to move.
        topology.moves = asked.is_none_or(|group| !renames && self.is_along(mirrors, group));
        let by_syncs = asked.is_some_and(|group| {
            let strategy = group.consumers.reader.failover;
            matches!(strategy, Failover::Translated | Failover::OffsetMapping)
                && group.moves_to.is_some()
        });
        for declared in &mut topology.flows {
            declared.flow.emits_syncs &= by_syncs;
            declared.flow.syncs_groups &= by_syncs;
        }
        let mut setting = topology.setting().map_err(|what| {
            let topic = &self.topics[topics[0]];
            format!(
                "{what} (of topic `{}` of cluster `{}`)",
                topic.1, self.clusters[topic.0]
            )
        })?;
        keep_to_its_clusters(&mut setting, asked, &clusters);
        let by_stamp = asked.is_some_and(|group| group.goes_by_time(self.mirrors));
        let sink = asked.and_then(|group| group.consumers.reader.sink);
        // Windows matter to databases that are compared.
        let by_window = sink.is_some_and(|sink| sink.databases == Databases::PerCluster);
        let beside = sink.is_some_and(|sink| sink.place == PlaceKept::InTheTransaction);
        Ok(Question {
            clusters,
            mirrors: mirrors.clone(),
            topics: topics.clone(),
            group,
            setting,
            bounds: Bounds {
                fail_over: topology.moves,
                ticks: u8::from(by_stamp || by_window),
                commits: !beside,
                ..Bounds::default()
            },
        })
    }

    /// Whether one of these mirrors leads from where a group was to where it goes on.
    fn is_along(&self, mirrors: &[usize], group: &Group) -> bool {
        let home = group.consumers.reader.home.index();
        mirrors.iter().any(|at| {
            let names = &self.mirrors[*at].declared.names;
            names.from == home && group.moves_to == Some(names.to)
        })
    }

    /// Whether a copy of one of these topics has another name.
    fn renames(&self, mirror: usize, topics: &[usize]) -> bool {
        let names = &self.mirrors[mirror].declared.names;
        topics.iter().any(|topic| {
            let (_, name) = &self.topics[*topic];
            names.remote_name(name) != *name
        })
    }

    /// These topics and all mirrors; nobody reads.
    fn topology(&self, topics: &[usize]) -> Topology {
        let topics = topics.iter().map(|topic| {
            let (cluster, name) = &self.topics[*topic];
            Topic {
                cluster: *cluster,
                name: name.clone(),
                partitions: 1,
                late: 0,
                written: true,
            }
        });
        let flows = self.mirrors.iter().map(|mirror| mirror.declared.clone());
        Topology {
            clusters: self.clusters.to_vec(),
            topics: topics.collect(),
            flows: flows.collect(),
            groups: Vec::new(),
            failback: Failback::Rebuild,
            test: CycleTest::Target,
            moves: true,
        }
    }
}

fn local((cluster, name): &(usize, String)) -> (usize, &str) {
    (*cluster, name)
}

impl Topology {
    /// The same without the other clusters and mirrors.
    fn within(mut self, clusters: &[usize], mirrors: &[usize]) -> Topology {
        let place = |cluster: usize| place_in(clusters, cluster);
        let flows = mirrors.iter().map(|at| {
            let mut declared = self.flows[*at].clone();
            for end in [&mut declared.names.from, &mut declared.names.to] {
                *end = place(*end);
            }
            declared.flow.from = Cluster::at(declared.names.from);
            declared.flow.to = Cluster::at(declared.names.to);
            declared
        });
        self.flows = flows.collect();
        for topic in &mut self.topics {
            topic.cluster = place(topic.cluster);
        }
        let names = clusters.iter().map(|at| self.clusters[*at].clone());
        self.clusters = names.collect();
        self
    }
}

fn place_in(clusters: &[usize], cluster: usize) -> usize {
    let mut places = clusters.iter();
    places.position(|known| *known == cluster).unwrap_or(0)
}

fn in_setting(group: &Group, clusters: &[usize]) -> Consumers {
    let mut consumers = group.consumers.clone();
    let home = consumers.reader.home.index();
    consumers.reader.home = Cluster::at(place_in(clusters, home));
    consumers
}

/// A group runs at home, where it moves and where it runs as well, and nowhere else.
fn keep_to_its_clusters(setting: &mut Setting, asked: Option<&Group>, clusters: &[usize]) {
    let Some(group) = asked else {
        return;
    };
    let home = group.consumers.reader.home.index();
    let places = std::iter::once(home).chain(group.elsewhere());
    let own: Vec<Cluster> = places
        .map(|place| Cluster::at(place_in(clusters, place)))
        .collect();
    let reads = setting.groups[0].reads.iter();
    let kept = reads.filter(|place| own.contains(&setting.partition(*place).cluster));
    setting.groups[0].reads = kept.collect();
}
