//! What is one for all rows: which clusters are up, which mirrors run, where groups are.

use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Cluster, Clusters, LinkState, Mirror, Mirrors, Partitions, Setting, Task, Tasks,
};

/// A mirror's state.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Mirroring {
    pub running: bool,
    /// Whether it has ever been started.
    pub started: bool,
    /// Stopped for good.
    pub stopped: bool,
    pub cut: bool,
    /// Whether producers were pointed to its target.
    pub failed_over: bool,
    /// The tasks whose topic-partitions it has found.
    pub known: Tasks,
}

/// A group's state.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Grouping {
    pub runs_at: Clusters,
    /// What its consumers brought along under the same name when they rebootstrapped.  The coordinator there
    /// has no such members until they join.
    pub brought: Partitions,
    /// The clusters at which it has itself committed.
    pub committed_at: Clusters,
    /// The mirrors that have looked at it since they last wrote its offsets.
    pub looked_by: Mirrors,
    /// Where its consumers run although they are taken for dead.
    pub stranded: Clusters,
    /// Where those started that have the right to write to its one database.
    pub newest: Option<Cluster>,
    /// Where its replicated database is gone.
    pub lost: Clusters,
}

impl Grouping {
    /// What it reads of what it could read at a cluster.
    pub(crate) fn narrowed(&self, reads: Partitions) -> Partitions {
        match reads.intersection(self.brought) {
            Partitions::EMPTY => reads,
            brought => brought,
        }
    }
}

/// The clusters, the mirrors between them, and the groups.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct World {
    pub up: Clusters,
    pub fenced: Clusters,
    pub clocks: Vec<u64>,
    /// The clusters at which topics have the changed configuration.
    pub altered: Clusters,
    pub exists: Partitions,
    /// Which topic-partitions producers write, as long as clusters are not fenced.
    pub written: Partitions,
    pub mirrors: Vec<Mirroring>,
    pub groups: Vec<Grouping>,
    /// How far each task of a link has come.
    pub links: Vec<LinkState>,
}

impl World {
    pub(crate) fn new(setting: &Setting) -> World {
        let clusters = setting.clusters.len();
        let partitions = || setting.every_partition();
        let initial = |place: &_| setting.partition(*place).initial;
        let mut world = World {
            up: setting.every_cluster().collect(),
            fenced: Clusters::EMPTY,
            // A clock that stands at 0 could not go back.
            clocks: vec![1; clusters],
            altered: Clusters::EMPTY,
            exists: partitions().filter(initial).collect(),
            written: partitions()
                .filter(|place| setting.partition(*place).written)
                .collect(),
            mirrors: vec![Mirroring::default(); setting.mirrors.len()],
            groups: vec![Grouping::default(); setting.groups.len()],
            links: setting
                .every_task()
                .map(|task| begins(setting, task))
                .collect(),
        };
        for mirror in setting.every_mirror() {
            let found = world.found(setting, mirror);
            let state = &mut world.mirrors[mirror.index()];
            state.running = setting.flow(mirror).initial;
            state.started = state.running;
            state.known = found;
        }
        for (group, state) in world.groups.iter_mut().enumerate() {
            let home = setting.groups[group].home;
            state.runs_at = Clusters::only(home);
            state.newest = Some(home);
        }
        world
    }

    /// The tasks of a mirror that have something to read.
    pub(crate) fn found(&self, setting: &Setting, mirror: Mirror) -> Tasks {
        let has_source = |task: &Task| self.exists.contains(setting.work(*task).from);
        setting.tasks_of(mirror).filter(has_source).collect()
    }

    pub(crate) fn mirror(&self, mirror: Mirror) -> &Mirroring {
        &self.mirrors[mirror.index()]
    }

    pub(crate) fn mirror_mut(&mut self, mirror: Mirror) -> &mut Mirroring {
        &mut self.mirrors[mirror.index()]
    }

    pub(crate) fn link(&self, task: Task) -> LinkState {
        self.links[task.index()]
    }

    pub(crate) fn clock(&self, cluster: Cluster) -> u64 {
        self.clocks[cluster.index()]
    }
}

/// A link does not begin with what was there before it.
fn begins(setting: &Setting, task: Task) -> LinkState {
    let is_link = |task: Task| {
        let flow = setting.flow_of(task);
        flow.tool.is_link() && flow.initial
    };
    let mut to = setting.work(task).to.iter();
    let was_there = to.any(|to| {
        let mut writers = setting.writers_of(*to);
        let is_second = writers.any(|other| other < task && is_link(other));
        setting.partition(*to).written || is_second
    });
    match is_link(task) && was_there {
        true => LinkState::Refused,
        false => LinkState::Active,
    }
}
