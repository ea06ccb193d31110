//! Every topic that a set of flows makes of the local ones, and which records come back.
//!
//! Each flow decides by names, knows nothing of the others, and copies what they have copied.  So what
//! there is in the end is found by letting all of them copy until nothing new comes about.  If
//! names grow for ever it never ends, and is cut off, and says so.

use super::naming::{CycleTest, Flow};

/// A topic of one cluster.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Topic {
    /// The cluster, by its place in the deployment's list.
    pub cluster: usize,
    /// What it is called there.
    pub name: String,
    /// After how many copies its records are there, at the least; 0 for a local topic.
    pub hops: usize,
}

/// One flow copies one topic to another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Copy {
    /// Which flow, by its place in the list.
    pub flow: usize,
    /// From which topic, by its place in [`Expansion::topics`].
    pub from: usize,
    /// To which.
    pub to: usize,
}

/// A copy that a flow would make and that is not followed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CutOff {
    /// Which flow.
    pub flow: usize,
    /// Of which topic, by its place in [`Expansion::topics`].
    pub from: usize,
    /// What it would be called.
    pub name: String,
}

/// What a record may go through: from a local topic over copies.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Way {
    /// The topics, by their places in [`Expansion::topics`].
    pub topics: Vec<usize>,
    /// The flows between them, by their places in the list; one fewer.
    pub flows: Vec<usize>,
}

/// What becomes of local topics.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expansion {
    /// The local topics in the order given; then what each flow adds, flow by flow in the order given,
    /// and so on in rounds until nothing is new.
    pub topics: Vec<Topic>,
    /// Every copy that is made, in the order in which it is first possible.
    pub copies: Vec<Copy>,
    /// What would go further than there are clusters, so that some cluster has it twice.  Empty if the
    /// topics above are all there will ever be.
    pub cut_off: Vec<CutOff>,
}

/// Lets `flows` copy the `local` topics, each a cluster and a name, and whatever comes of them.
///
/// A topic is followed over as many copies as there are clusters, which is one more than it takes to
/// see all of them.  With MirrorMaker's own policy there is a topic for every way through the clusters, so this is
/// for a handful of clusters: four, all joined, have 16 ways from each.
pub fn expand(flows: &[Flow], local: &[(usize, &str)], test: CycleTest) -> Expansion {
    let mut expansion = Expansion::default();
    for (cluster, name) in local {
        expansion.add(*cluster, name, 0);
    }
    let most_hops = clusters(flows, local);
    loop {
        let known = expansion.clone();
        for (flow, by) in flows.iter().zip(0..) {
            expansion.copy(flow, by, test, most_hops);
        }
        if expansion == known {
            break;
        }
    }
    let topics = expansion.topics.clone();
    let made = |cut: &CutOff| {
        let target = flows[cut.flow].to;
        topics
            .iter()
            .any(|topic| topic.cluster == target && topic.name == cut.name)
    };
    // A shorter way may have been found after a longer one was given up.
    expansion.cut_off.retain(|cut| !made(cut));
    expansion
}

/// How many clusters are spoken of.
fn clusters(flows: &[Flow], local: &[(usize, &str)]) -> usize {
    let of_flows = flows.iter().flat_map(|flow| [flow.from, flow.to]);
    let mut clusters: Vec<usize> = local.iter().map(|(cluster, _)| *cluster).collect();
    clusters.extend(of_flows);
    clusters.sort_unstable();
    clusters.dedup();
    clusters.len()
}

impl Expansion {
    /// The topic of this name in this cluster, by its place.
    pub fn find(&self, cluster: usize, name: &str) -> Option<usize> {
        let mut topics = self.topics.iter();
        topics.position(|topic| topic.cluster == cluster && topic.name == name)
    }

    /// The shortest way by which records come to a cluster that they have been in.
    ///
    /// Silent if every record meets each cluster once on each of its ways.
    pub fn comes_back(&self) -> Option<Way> {
        let ways = self.ways().into_iter();
        let circles = ways.filter(|way| self.meets_again(way));
        circles.min_by_key(|way| way.topics.len())
    }

    /// Two ways from one local topic that end in the same cluster, neither of which comes back: records
    /// are there twice, though nothing goes in circles.
    pub fn arrives_twice(&self) -> Option<[Way; 2]> {
        let mut ways = self.ways();
        ways.retain(|way| !self.meets_again(way));
        let ends = |way: &Way| {
            let end = way.topics[way.topics.len() - 1];
            (way.topics[0], self.topics[end].cluster)
        };
        ways.iter().zip(1..).find_map(|(one, after)| {
            let other = ways[after..]
                .iter()
                .find(|other| ends(other) == ends(one))?;
            Some([one.clone(), other.clone()])
        })
    }

    /// Every way from a local topic, up to and with the first cluster that it meets again; short ones
    /// first.  A local topic by itself is one.
    pub fn ways(&self) -> Vec<Way> {
        let local = (0..self.topics.len()).filter(|at| self.topics[*at].hops == 0);
        let beginning = |at| Way {
            topics: vec![at],
            flows: Vec::new(),
        };
        let mut ways: Vec<Way> = local.map(beginning).collect();
        let mut next = 0;
        while let Some(way) = ways.get(next).cloned() {
            next += 1;
            if self.meets_again(&way) {
                continue;
            }
            let end = way.topics.last().copied();
            let onwards = self.copies.iter().filter(|copy| Some(copy.from) == end);
            ways.extend(onwards.map(|copy| Way {
                topics: [way.topics.as_slice(), &[copy.to]].concat(),
                flows: [way.flows.as_slice(), &[copy.flow]].concat(),
            }));
        }
        ways
    }

    /// Whether the last topic of the way is in a cluster where an earlier one is.
    pub fn meets_again(&self, way: &Way) -> bool {
        way.topics.split_last().is_some_and(|(end, before)| {
            let cluster = self.topics[*end].cluster;
            before.iter().any(|at| self.topics[*at].cluster == cluster)
        })
    }

    /// Lets one flow copy what its source has now.
    fn copy(&mut self, flow: &Flow, by: usize, test: CycleTest, most_hops: usize) {
        for from in 0..self.topics.len() {
            let topic = &self.topics[from];
            if topic.cluster != flow.from || flow.refuses(&topic.name, test).is_some() {
                continue;
            }
            let name = flow.remote_name(&topic.name);
            let hops = topic.hops + 1;
            if hops > most_hops && self.find(flow.to, &name).is_none() {
                self.cut(CutOff {
                    flow: by,
                    from,
                    name,
                });
                continue;
            }
            let to = self.add(flow.to, &name, hops);
            let copy = Copy { flow: by, from, to };
            if !self.copies.contains(&copy) {
                self.copies.push(copy);
            }
        }
    }

    fn cut(&mut self, cut: CutOff) {
        if !self.cut_off.contains(&cut) {
            self.cut_off.push(cut);
        }
    }

    /// The place of the topic, which is added unless it is there.
    fn add(&mut self, cluster: usize, name: &str, hops: usize) -> usize {
        if let Some(at) = self.find(cluster, name) {
            let known = &mut self.topics[at].hops;
            *known = hops.min(*known);
            return at;
        }
        self.topics.push(Topic {
            cluster,
            name: name.to_string(),
            hops,
        });
        self.topics.len() - 1
    }
}
