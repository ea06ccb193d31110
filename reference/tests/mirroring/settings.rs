//! Settings that tests run on, in words.

use highwater_vocabulary::mirroring::Event as E;
use highwater_vocabulary::mirroring::{
    Assignment, Cluster, Clusters, Commits, Databases, Duplicates, Event, Failback, Failover, Flow,
    Group, Late, Mirror, Partition, Partitions, PlaceKept, Reader, Reset, Seek, Setting, Sink,
    Stamps, SyncsAt, Task, Tool, TopicPartition, Windows, Work,
};
use highwater_vocabulary::{Member, Record};

/// Topic-partitions by name, in the order of the setting: those of which nobody says otherwise are there
/// from the beginning, and written if no mirror writes them.
pub(crate) struct Draft {
    setting: Setting,
}

impl Draft {
    pub(crate) fn of(clusters: &[&str]) -> Draft {
        Draft {
            setting: Setting {
                clusters: clusters.iter().map(|name| (*name).into()).collect(),
                partitions: Vec::new(),
                mirrors: Vec::new(),
                tasks: Vec::new(),
                groups: Vec::new(),
                failback: Failback::Reverse,
            },
        }
    }

    fn cluster(&self, name: &str) -> Cluster {
        let mut names = self.setting.clusters.iter();
        Cluster::at(names.position(|it| it == name).expect("a cluster"))
    }

    pub(crate) fn place(&self, name: &str) -> TopicPartition {
        let mut places = self.setting.every_partition();
        let found = places.find(|place| self.setting.partition_name(*place) == name);
        found.unwrap_or_else(|| panic!("there is no {name}"))
    }

    fn places(&self, names: &str) -> Partitions {
        names
            .split_whitespace()
            .map(|name| self.place(name))
            .collect()
    }

    /// `east/orders` or `east/orders-1`.
    pub(crate) fn partition(mut self, name: &str, initial: bool, written: bool) -> Draft {
        let (cluster, topic) = name.split_once('/').expect("a cluster and a topic");
        let (topic, number) = match topic.rsplit_once('-') {
            Some((topic, number)) => (topic, number.parse().expect("a number")),
            None => (topic, 0),
        };
        let cluster = self.cluster(cluster);
        self.setting.partitions.push(Partition {
            cluster,
            topic: topic.into(),
            number,
            initial,
            written,
        });
        self
    }

    /// `east>west`, as it is by default.
    pub(crate) fn mirror(mut self, name: &str, tool: Tool, initial: bool) -> Draft {
        let (from, to) = name.split_once('>').expect("from and to");
        let (from, to) = (self.cluster(from), self.cluster(to));
        self.setting.mirrors.push(Flow {
            from,
            to,
            tool,
            emits_syncs: true,
            syncs_at: SyncsAt::Source,
            syncs_groups: true,
            stamps: Stamps::Create,
            exactly_once: false,
            provenance: false,
            seek: Seek::Last,
            stops_with: Clusters::EMPTY,
            initial,
            then_written: Partitions::EMPTY,
        });
        self
    }

    /// What the last mirror copies.
    pub(crate) fn task(mut self, from: &str, to: &str) -> Draft {
        let mirror = Mirror::at(self.setting.mirrors.len() - 1);
        let to = to.split_whitespace().map(|name| self.place(name)).collect();
        let from = self.place(from);
        self.setting.tasks.push(Work { mirror, from, to });
        self
    }

    /// A change to the last mirror.
    pub(crate) fn with(mut self, change: impl Fn(&mut Flow)) -> Draft {
        change(self.setting.mirrors.last_mut().expect("a mirror"));
        self
    }

    pub(crate) fn then_written(mut self, names: &str) -> Draft {
        let places = self.places(names);
        let mirror = self.setting.mirrors.last_mut().expect("a mirror");
        mirror.then_written = places;
        self
    }

    pub(crate) fn group(mut self, name: &str, home: &str, reads: &str) -> Draft {
        let (home, reads) = (self.cluster(home), self.places(reads));
        self.setting.groups.push(Reader {
            name: name.into(),
            home,
            reads,
            assignment: Assignment::Subscribed,
            commits: Commits::After,
            failover: Failover::Translated,
            instrumented: false,
            reset: Reset::Earliest,
            sink: None,
        });
        self
    }

    /// A change to the last group.
    pub(crate) fn who(mut self, change: impl Fn(&mut Reader)) -> Draft {
        change(self.setting.groups.last_mut().expect("a group"));
        self
    }

    pub(crate) fn failback(mut self, failback: Failback) -> Draft {
        self.setting.failback = failback;
        self
    }

    pub(crate) fn done(self) -> Setting {
        self.setting
    }
}

/// One topic, one mirror, one group.
pub(crate) fn pair_of(tool: Tool) -> Draft {
    Draft::of(&["east", "west"])
        .partition("east/orders", true, true)
        .partition("west/east.orders", true, false)
        .mirror("east>west", tool, true)
        .task("east/orders", "west/east.orders")
        .group("billing", "east", "east/orders west/east.orders")
        .who(|reader| reader.instrumented = tool == Tool::Replicator)
}

/// The same name on both sides, written on both, and copied both ways with headers.
pub(crate) fn both_ways(seek: Seek) -> Draft {
    Draft::of(&["east", "west"])
        .partition("east/orders", true, true)
        .partition("west/orders", true, true)
        .mirror("east>west", Tool::Replicator, true)
        .with(|flow| (flow.provenance, flow.seek) = (true, seek))
        .task("east/orders", "west/orders")
        .mirror("west>east", Tool::Replicator, true)
        .with(|flow| (flow.provenance, flow.seek) = (true, seek))
        .task("west/orders", "east/orders")
        .group("billing", "east", "east/orders west/orders")
        .who(|reader| reader.instrumented = true)
}

/// Two local clusters, copied to two aggregates between which offsets are mapped.
pub(crate) fn aggregates() -> Draft {
    Draft::of(&["l1", "l2", "a1", "a2"])
        .partition("l1/orders", true, true)
        .partition("l2/orders", true, true)
        .partition("a1/orders", true, false)
        .partition("a2/orders", true, false)
        .mirror("l1>a1", Tool::UReplicator, true)
        .task("l1/orders", "a1/orders")
        .mirror("l2>a1", Tool::UReplicator, true)
        .task("l2/orders", "a1/orders")
        .mirror("l1>a2", Tool::UReplicator, true)
        .task("l1/orders", "a2/orders")
        .mirror("l2>a2", Tool::UReplicator, true)
        .task("l2/orders", "a2/orders")
        .group("billing", "a1", "a1/orders a2/orders")
        .who(|reader| reader.failover = Failover::OffsetMapping)
}

/// The same name on both sides, and a way back.
pub(crate) fn there_and_back(tool: Tool, failback: Failback) -> Draft {
    Draft::of(&["east", "west"])
        .partition("east/orders", true, true)
        .partition("west/orders", true, false)
        .mirror("east>west", tool, true)
        .task("east/orders", "west/orders")
        .then_written("west/orders")
        .mirror("west>east", tool, false)
        .task("west/orders", "east/orders")
        .group("billing", "east", "east/orders west/orders")
        .failback(failback)
}

/// Two topic-partitions each, of which an operator adds the second.
pub(crate) fn growing(tool: Tool) -> Draft {
    let draft = Draft::of(&["east", "west"])
        .partition("east/orders-0", true, true)
        .partition("east/orders-1", false, true)
        .partition("west/orders-0", true, false)
        .partition("west/orders-1", false, false)
        .mirror("east>west", tool, true);
    let draft = match tool {
        Tool::MirrorMaker1 => draft
            .task("east/orders-0", "west/orders-0 west/orders-1")
            .task("east/orders-1", "west/orders-0 west/orders-1"),
        _ => draft
            .task("east/orders-0", "west/orders-0")
            .task("east/orders-1", "west/orders-1"),
    };
    draft.group(
        "billing",
        "east",
        "east/orders-0 east/orders-1 west/orders-0 west/orders-1",
    )
}

/// A copy of a copy, and one topic copied twice.
pub(crate) fn chain(tool: Tool) -> Draft {
    Draft::of(&["east", "west", "north"])
        .partition("east/orders", true, true)
        .partition("west/east.orders", true, false)
        .partition("north/east.orders", true, false)
        .partition("north/west.east.orders", true, false)
        .mirror("east>west", tool, true)
        .task("east/orders", "west/east.orders")
        .mirror("east>north", tool, true)
        .task("east/orders", "north/east.orders")
        .mirror("west>north", tool, true)
        .task("west/east.orders", "north/west.east.orders")
        .group("billing", "east", "east/orders west/east.orders")
        .group("audit", "west", "west/east.orders north/west.east.orders")
        .who(|reader| reader.reset = Reset::Latest)
}

/// The same name on both sides, and besides a topic that has it at one side only.
pub(crate) fn namesakes(tool: Tool) -> Draft {
    Draft::of(&["east", "west"])
        .partition("east/orders", true, true)
        .partition("west/orders", true, false)
        .partition("west/payments", true, true)
        .mirror("east>west", tool, true)
        .task("east/orders", "west/orders")
        .group("billing", "east", "east/orders west/orders west/payments")
}

/// A link each way under the same name, and producers that go along with both.
pub(crate) fn linked(tool: Tool) -> Draft {
    Draft::of(&["east", "west"])
        .partition("east/orders", true, true)
        .partition("west/orders", true, false)
        .mirror("east>west", tool, true)
        .task("east/orders", "west/orders")
        .then_written("west/orders")
        .mirror("west>east", tool, false)
        .task("west/orders", "east/orders")
        .then_written("east/orders")
        .group("billing", "east", "east/orders west/orders")
}

/// Two copies of one topic, and a group that counts what it reads there.
pub(crate) fn counting(databases: Databases) -> Draft {
    Draft::of(&["local", "east", "west"])
        .partition("local/orders", true, true)
        .partition("east/orders", true, false)
        .partition("west/orders", true, false)
        .mirror("local>east", Tool::MirrorMaker2At3_9, true)
        .task("local/orders", "east/orders")
        .mirror("local>west", Tool::MirrorMaker2At3_9, true)
        .task("local/orders", "west/orders")
        .group("billing", "east", "east/orders west/orders")
        .who(|reader| {
            reader.failover = Failover::Earliest;
            reader.sink = Some(Sink {
                databases,
                place: PlaceKept::InTheTransaction,
                fenced: true,
                windows: Windows::EventTime,
                late: Late::Accepted,
                duplicates: Duplicates::Counted,
            });
        })
}

/// Every event that the setting has words for, with small numbers.
pub(crate) fn every_event(setting: &Setting) -> Vec<Event> {
    let mut events = Vec::new();
    let records = || (0..8).map(Record::at);
    for place in setting.every_partition() {
        events.extend(records().map(|record| E::Append(place, record)));
        events.extend(records().map(|record| E::AppendLost(place, record)));
        events.extend(records().map(|record| E::Abort(place, record)));
        events.extend([E::Mark(place), E::AddPartition(place), E::Recreate(place)]);
        events.extend(records().map(|record| E::Begin(place, record)));
        events.extend(records().map(|record| E::Offer(place, record)));
        events.extend([E::CommitTransaction(place), E::AbortTransaction(place)]);
        events.push(E::Retract(place));
        for lost in 0..3 {
            events.extend([E::LoseSuffix(place, lost), E::Expire(place, lost)]);
        }
    }
    for task in setting.every_task() {
        events.extend(of_task(task));
    }
    for mirror in setting.every_mirror() {
        events.extend(of_mirror(mirror));
    }
    for cluster in setting.every_cluster() {
        events.extend(of_cluster(cluster));
    }
    for group in setting.every_group() {
        let tasks = setting.every_task();
        events
            .extend(tasks.flat_map(|task| [E::Checkpoint(group, task), E::Translate(group, task)]));
        events.push(E::ReplicateDatabase(group));
        let places = setting.every_partition();
        events.extend(places.map(|place| E::Consume(group, place)));
        for mirror in setting.every_mirror() {
            events.extend([E::Look(group, mirror), E::LookFailed(group, mirror)]);
            events.push(E::SyncGroup(group, mirror));
        }
        for cluster in setting.every_cluster() {
            events.extend(of_group(group, cluster));
        }
    }
    events
}

fn of_task(task: Task) -> [Event; 11] {
    [
        E::Truncate(task),
        E::EndTransactions(task),
        E::Finish(task),
        E::Poll(task),
        E::Copy(task),
        E::CopyLost(task),
        E::CopyLate(task),
        E::Note(task),
        E::Sync(task),
        E::SyncLost(task),
        E::ReadSync(task),
    ]
}

fn of_mirror(mirror: Mirror) -> [Event; 11] {
    [
        E::Promote(mirror),
        E::Reverse(mirror),
        E::Refresh(mirror),
        E::Restart(mirror),
        E::Heal(mirror),
        E::FailOver(mirror),
        E::StopMirror(mirror),
        E::FailBack(mirror),
        E::Crash(mirror),
        E::TakeOver(mirror),
        E::Cut(mirror),
    ]
}

fn of_cluster(cluster: Cluster) -> [Event; 9] {
    [
        E::Return(cluster),
        E::Tick(cluster),
        E::Alter(cluster),
        E::FenceCluster(cluster),
        E::Lose(cluster),
        E::Destroy(cluster),
        E::LoseCommits(cluster),
        E::Skew(cluster),
        E::LoseDatabase(cluster),
    ]
}

fn of_group(group: Group, cluster: Cluster) -> [Event; 8] {
    [
        E::Start(group, cluster),
        E::Commit(group, cluster),
        E::Stop(group, cluster),
        E::Count(group, cluster),
        E::Strand(group, cluster),
        E::Rebootstrap(group, cluster),
        E::RebootstrapReset(group, cluster),
        E::Rejoin(group, cluster),
    ]
}
