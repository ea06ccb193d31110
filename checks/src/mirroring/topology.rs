//! From what a file says of clusters, topics, flows and groups to a setting of the model: every
//! topic-partition that comes about, and who copies it.

use highwater_model::mirroring::naming;
use highwater_model::mirroring::{CycleTest, Expansion, expand};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Cluster, Clusters, Failback, Flow, MOST_MIRRORS, MOST_PARTITIONS, MOST_TASKS, Mirror,
    Partition, Partitions, Reader, Setting, TopicPartition, Work,
};

/// A topic that producers write, or will.
#[derive(Clone, Debug)]
pub struct Topic {
    /// The cluster, by its place.
    pub cluster: usize,
    /// Its name.
    pub name: String,
    /// How many partitions it comes to have.
    pub partitions: u8,
    /// How many of these are added later.
    pub late: u8,
    /// Whether producers write it from the beginning.
    pub written: bool,
}

/// A flow as a file says it.
#[derive(Clone, Debug)]
pub struct Declared {
    /// What the model knows of a mirror; its `then_written` is found here.
    pub flow: Flow,
    /// How it names what it copies.
    pub names: naming::Flow,
    /// How many partitions a topic that it writes comes to have, if not as many as at the source; and how
    /// many of these are added later.
    pub target_partitions: Option<[u8; 2]>,
}

/// A group as a file says it.
#[derive(Clone, Debug)]
pub struct Consumers {
    /// What the model knows of it; its `reads` is found here.
    pub reader: Reader,
    /// The topics, by the names they were given where they were written first.
    pub topics: Vec<String>,
    /// Where it may run, if not wherever there is one of them.
    pub at: Option<Clusters>,
}

/// All that a file says.
#[derive(Clone, Debug)]
pub struct Topology {
    /// The names of the clusters.
    pub clusters: Vec<String>,
    /// The topics.
    pub topics: Vec<Topic>,
    /// The flows.
    pub flows: Vec<Declared>,
    /// The groups.
    pub groups: Vec<Consumers>,
    /// How the old primary takes part again.
    pub failback: Failback,
    /// How cycles are found out.
    pub test: CycleTest,
    /// Whether producers may be moved: then a topic whose copies have other names gets a place at the
    /// target where they go on.
    pub moves: bool,
}

impl Topology {
    /// What the model explores.
    ///
    /// # Errors
    /// Says what there is no room for.
    pub fn setting(&self) -> Result<Setting, String> {
        let topics = self.with_counterparts();
        let names: Vec<naming::Flow> = self.flows.iter().map(|flow| flow.names.clone()).collect();
        let local: Vec<(usize, &str)> = topics
            .iter()
            .map(|topic| (topic.cluster, topic.name.as_str()))
            .collect();
        let expansion = expand(&names, &local, self.test);
        let partitions = self.partitions(&topics, &expansion);
        let most = [
            (self.flows.len(), MOST_MIRRORS, "flows"),
            (partitions.len(), MOST_PARTITIONS, "topic-partitions"),
        ];
        if let Some((found, most, what)) = most.into_iter().find(|(found, most, _)| found > most) {
            return Err(format!(
                "these flows come to {found} {what}, and there is room for {most}"
            ));
        }
        let mut setting = Setting {
            clusters: self.clusters.clone(),
            partitions,
            mirrors: self
                .flows
                .iter()
                .map(|declared| declared.flow.clone())
                .collect(),
            tasks: Vec::new(),
            groups: Vec::new(),
            failback: self.failback,
        };
        setting.tasks = self.tasks(&setting, &expansion);
        if setting.tasks.len() > MOST_TASKS {
            return Err(format!(
                "these flows come to {} tasks, and there is room for {MOST_TASKS}",
                setting.tasks.len()
            ));
        }
        for (number, declared) in self.flows.iter().enumerate() {
            let then = self.then_written(&setting, declared, Mirror::at(number));
            setting.mirrors[number].then_written = then;
        }
        let groups = self
            .groups
            .iter()
            .map(|group| group_of(group, &setting, &topics, &expansion));
        setting.groups = groups.collect();
        Ok(setting)
    }

    /// The topics of the file, and a place for the producers of each topic that a flow copies under
    /// another name.
    pub(crate) fn with_counterparts(&self) -> Vec<Topic> {
        let mut topics = self.topics.clone();
        if !self.moves {
            return topics;
        }
        for declared in &self.flows {
            for topic in &self.topics {
                let names = &declared.names;
                let copied =
                    topic.cluster == names.from && names.refuses(&topic.name, self.test).is_none();
                let renamed = names.remote_name(&topic.name) != topic.name;
                let known = |other: &Topic| other.cluster == names.to && other.name == topic.name;
                if copied && renamed && !topics.iter().any(known) {
                    topics.push(Topic {
                        cluster: names.to,
                        written: false,
                        ..topic.clone()
                    });
                }
            }
        }
        topics
    }

    fn partitions(&self, topics: &[Topic], expansion: &Expansion) -> Vec<Partition> {
        let counts = self.counts(topics, expansion);
        let named = expansion.topics.iter().zip(counts).enumerate();
        let partitions = named.flat_map(|(place, (topic, [count, late]))| {
            let written = topics.get(place).is_some_and(|topic| topic.written);
            (0..count).map(move |number| Partition {
                cluster: Cluster::at(topic.cluster),
                topic: topic.name.clone(),
                number,
                initial: number + late < count,
                written,
            })
        });
        partitions.collect()
    }

    /// How many partitions each topic of the expansion comes to have, and how many are added later.
    fn counts(&self, topics: &[Topic], expansion: &Expansion) -> Vec<[u8; 2]> {
        let mut counts: Vec<[u8; 2]> = Vec::new();
        for place in 0..expansion.topics.len() {
            let local = topics
                .get(place)
                .map(|topic| [topic.partitions, topic.late]);
            let copied = || {
                let copy = expansion.copies.iter().find(|copy| copy.to == place)?;
                let told = self.flows[copy.flow].target_partitions;
                told.or(counts.get(copy.from).copied())
            };
            counts.push(local.or_else(copied).unwrap_or([1, 0]));
        }
        counts
    }

    fn tasks(&self, setting: &Setting, expansion: &Expansion) -> Vec<Work> {
        let places = |topic: usize| {
            let topic = &expansion.topics[topic];
            let all = setting.every_partition();
            all.filter(move |place| {
                let found = setting.partition(*place);
                found.cluster.index() == topic.cluster && found.topic == topic.name
            })
            .collect::<Vec<TopicPartition>>()
        };
        let mut tasks = Vec::new();
        for mirror in setting.every_mirror() {
            let copies = expansion
                .copies
                .iter()
                .filter(|copy| copy.flow == mirror.index());
            for copy in copies {
                let to = places(copy.to);
                for from in places(copy.from) {
                    let number = usize::from(setting.partition(from).number);
                    // The one of the same number first; MirrorMaker 1 chooses among all.
                    let mut to = to.clone();
                    let first = number % to.len().max(1);
                    to.rotate_left(first);
                    tasks.push(Work { mirror, from, to });
                }
            }
        }
        tasks
    }

    /// Where producers of a flow's source go on: in the copies if they have the same name, or else in the
    /// topic of the same name at the target.
    fn then_written(&self, setting: &Setting, declared: &Declared, mirror: Mirror) -> Partitions {
        let tasks = setting.tasks_of(mirror);
        let targets = tasks.flat_map(|task| {
            let work = setting.work(task);
            let source = setting.partition(work.from);
            let same = declared.names.remote_name(&source.topic) == source.topic;
            let here = setting.partitions_of(declared.flow.to);
            let named = here.filter(move |place| {
                let found = setting.partition(*place);
                found.topic == source.topic && setting.writers_of(*place).next().is_none()
            });
            let places: Vec<TopicPartition> = match same {
                true => work.to.clone(),
                false if source.written => named.collect(),
                false => Vec::new(),
            };
            places
        });
        targets.collect()
    }
}

fn group_of(
    group: &Consumers,
    setting: &Setting,
    topics: &[Topic],
    expansion: &Expansion,
) -> Reader {
    let origin = |mut place: usize| {
        while let Some(copy) = expansion.copies.iter().find(|copy| copy.to == place) {
            if place < topics.len() || copy.from >= place {
                break;
            }
            place = copy.from;
        }
        &expansion.topics[place].name
    };
    let reads = setting.every_partition().filter(|place| {
        let found = setting.partition(*place);
        let topic = expansion.find(found.cluster.index(), &found.topic);
        let there = group.at.is_none_or(|at| at.contains(found.cluster));
        there && topic.is_some_and(|topic| group.topics.contains(origin(topic)))
    });
    Reader {
        reads: reads.collect(),
        ..group.reader.clone()
    }
}
