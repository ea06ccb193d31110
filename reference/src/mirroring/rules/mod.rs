//! What happens to one row, or to what all rows share: a function a rule, and what refuses it first.
//!
//! What refuses an event is asked in one order everywhere: whether the mirror runs, whether it is cut,
//! which clusters are up, what there is, and then whatever else has a name.

pub(crate) mod checkpoints;
pub(crate) mod faults;
pub(crate) mod groups;
pub(crate) mod links;
pub(crate) mod operators;
pub(crate) mod producers;
pub(crate) mod rebootstrap;
pub(crate) mod sinks;
pub(crate) mod syncs;
pub(crate) mod tasks;
pub(crate) mod translations;

use super::Refusal;
use super::clusters::World;
use super::linking::Linking;
use super::row::Row;
use super::switches::{Options, Switches};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Cluster, Flow, Mirror, Setting, SyncsAt, Task, TopicPartition, Work,
};

/// What a rule may read besides its row.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub setting: &'a Setting,
    pub options: &'a Options,
    pub world: &'a World,
}

impl<'a> Around<'a> {
    pub(crate) fn switches(self, mirror: Mirror) -> &'a Switches {
        &self.options.switches[mirror.index()]
    }

    /// A task, what it copies from where to where, and how its tool does that.
    fn task(self, task: Task) -> (&'a Work, &'a Flow, &'a Switches) {
        let work = self.setting.work(task);
        let flow = self.setting.flow(work.mirror);
        (work, flow, self.switches(work.mirror))
    }

    fn runs(self, mirror: Mirror) -> Result<(), Refusal> {
        let state = self.world.mirror(mirror);
        unless(!state.running, Refusal::NotRunning)?;
        unless(state.cut, Refusal::Cut)
    }

    pub(crate) fn up(self, cluster: Cluster) -> Result<(), Refusal> {
        unless(!self.world.up.contains(cluster), Refusal::ClusterDown)
    }

    pub(crate) fn exists(self, place: TopicPartition) -> Result<(), Refusal> {
        unless(!self.world.exists.contains(place), Refusal::NoSuchPartition)
    }

    /// The cluster at which the mirror's positions are stored.
    pub(crate) fn stores_at(self, mirror: Mirror) -> Cluster {
        let flow = self.setting.flow(mirror);
        match self.switches(mirror).stores_at_source {
            true => flow.from,
            false => flow.to,
        }
    }

    /// The cluster that keeps the topic of the mirror's offset syncs.
    pub(crate) fn keeps_syncs_at(self, mirror: Mirror) -> Cluster {
        let flow = self.setting.flow(mirror);
        match flow.syncs_at {
            SyncsAt::Source => flow.from,
            SyncsAt::Target => flow.to,
        }
    }

    /// How the links do things that read or write a topic-partition.
    fn links_at(self, place: TopicPartition) -> impl Iterator<Item = &'a Linking> {
        let tasks = self.setting.tasks.iter();
        let at = tasks.filter(move |work| work.from == place || work.to.contains(&place));
        at.filter_map(move |work| self.switches(work.mirror).link.as_ref())
    }

    fn places_of(self, mirror: Mirror) -> impl Iterator<Item = usize> + use<'a> {
        self.setting.tasks_of(mirror).map(Member::index)
    }
}

/// Refuses, if a condition holds.
pub(crate) fn unless(holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    match holds {
        true => Err(refusal),
        false => Ok(()),
    }
}

/// The mirror's workers die: what they had in memory is gone, and what those had that they replaced.
pub(crate) fn end_workers(row: &mut Row, around: Around<'_>, mirror: Mirror) {
    for task in around.places_of(mirror) {
        row.workers[task].end();
        let synced = &mut row.besides.synced[task];
        synced.store = Default::default();
        (synced.read, synced.at_start) = (0, 0);
        for remembered in &mut row.besides.remembered {
            remembered[task] = false;
        }
    }
    for snapshots in &mut row.besides.snapshots {
        snapshots[mirror.index()] = None;
    }
}

/// The mirror's workers begin: each where the stored position says, and the checkpoint task at the
/// beginning of the syncs (`MirrorCheckpointTask.start`).
pub(crate) fn begin_workers(row: &mut Row, around: Around<'_>, mirror: Mirror) {
    let keeps_history = around.switches(mirror).keeps_history;
    for task in around.places_of(mirror) {
        row.workers[task].begin();
        let synced = &mut row.besides.synced[task];
        synced.at_start = synced.topic.len();
        let written = row.checkpoints.iter();
        for (remembered, written) in row.besides.remembered.iter_mut().zip(written) {
            remembered[task] = keeps_history && written[task].is_some();
        }
    }
}

/// A topic-partition is deleted and made anew: what groups had committed in it is forgotten, and so is what
/// MirrorMaker 1 had stored of it, which is a group's commit like any other.
pub(crate) fn renew(row: &mut Row, around: Around<'_>, place: TopicPartition) {
    row.renew(place.index());
    for task in around.setting.every_task() {
        let work = around.setting.work(task);
        if work.from == place && around.switches(work.mirror).stores_at_source {
            row.workers[task.index()].stored = None;
        }
    }
}
