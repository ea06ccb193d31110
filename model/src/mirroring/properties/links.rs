//! What ought to hold of links.

use super::super::ghost::Broken;
use super::super::state::{Log, Part};
use super::super::{Event, Guard, Mirroring, State, rules};
use super::{happened, has_copied_all, is_idle};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Cluster, Content, Group, LinkState, Mirror, Task, Tool, TopicPartition,
};

fn links(model: &Mirroring) -> impl Iterator<Item = Task> + use<'_> {
    let tasks = model.setting.every_task();
    tasks.filter(|task| rules::is_link(model, *task))
}

/// Whether what a link reads is of the topic of which its target is a copy, as far as it minds.
pub(super) fn fetches_from(model: &Mirroring, state: &State, task: Task) -> bool {
    let work = model.setting.work(task);
    let same = state[work.from].topic_id == state[work.to[0]].topic_id;
    same || !model.keeps(Guard::TopicIdsAgree)
}

/// Whether a link that fetches below the last stable offset waits for a transaction to end.
fn waits(model: &Mirroring, state: &State, task: Task) -> bool {
    let source = &state[model.setting.work(task).from];
    source.stable_end() < source.end && model.keeps_for(task, Guard::FetchBelowStable)
}

/// Whether a link fetches and need not truncate first; other mirrors always do.
pub(super) fn follows(model: &Mirroring, state: &State, task: Task) -> bool {
    !rules::is_link(model, task)
        || state[task].link == LinkState::Active
            && fetches_from(model, state, task)
            && !waits(model, state, task)
            && is_idle(model, state, &Event::Truncate(task))
}

fn settled(model: &Mirroring, state: &State) -> impl Iterator<Item = Mirror> {
    let mirrors = model.setting.every_mirror();
    mirrors.filter(|mirror| {
        model.setting.flow(*mirror).tool.is_link() && has_copied_all(model, state, *mirror)
    })
}

pub(super) fn settled_link(model: &Mirroring, state: &State) -> bool {
    settled(model, state).next().is_some()
}

/// Both have the same where both have something, and end alike unless the source has something open.
fn are_equal(source: &Log, target: &Log) -> bool {
    let start = source.start.max(target.start);
    let common = start..source.end.min(target.end);
    let content = |log: &Log, offset| log.at(offset).map(|entry| entry.content);
    let open = source.stable_end() < source.end;
    let mut offsets = common;
    offsets.all(|offset| content(source, offset) == content(target, offset))
        && (open || source.end == target.end)
}

pub(super) fn mirror_converges(model: &Mirroring, state: &State) -> bool {
    settled(model, state).all(|mirror| {
        model.setting.tasks_of(mirror).all(|task| {
            let work = model.setting.work(task);
            are_equal(&state[work.from], &state[work.to[0]])
        })
    })
}

pub(super) fn promote_lossless(_: &Mirroring, state: &State) -> bool {
    !happened(state, Broken::PromotedAndLost)
}

pub(super) fn was_promoted(_: &Mirroring, state: &State) -> bool {
    !state.ghost.promoted.is_empty()
}

pub(super) fn acknowledged_kept(_: &Mirroring, state: &State) -> bool {
    !happened(state, Broken::ThrownAway)
}

pub(super) fn something_truncated(model: &Mirroring, state: &State) -> bool {
    links(model).any(|task| {
        let link = state[task].link;
        link != LinkState::Active && link != LinkState::Refused
    })
}

/// The logs that a link has stopped writing.
fn left(model: &Mirroring, state: &State) -> impl Iterator<Item = TopicPartition> {
    let stopped = links(model).filter(|task| state[*task].link == LinkState::Stopped);
    let places = stopped.map(|task| model.setting.work(task).to[0]);
    places.filter(|place| state.writable.contains(*place))
}

pub(super) fn hanging_possible(model: &Mirroring, state: &State) -> bool {
    left(model, state).next().is_some()
}

pub(super) fn no_hanging_transaction(model: &Mirroring, state: &State) -> bool {
    left(model, state).all(|place| {
        let mut entries = state[place].entries();
        entries
            .all(|(_, entry)| entry.copied.is_none() || !matches!(entry.content, Content::Open(_)))
    })
}

/// The ids of the producers of a log, each with the cluster that gave it: every cluster numbers from the
/// same.  Before a marker that resets ids they are others than after it.
fn ids(model: &Mirroring, state: &State, place: TopicPartition) -> Vec<(usize, Cluster)> {
    let mut lives = 0;
    let mut found = Vec::new();
    for (_, entry) in state[place].entries() {
        lives += usize::from(entry.part == Part::Resets);
        let Some(record) = entry.written() else {
            continue;
        };
        let home = state.ghost.homes[record.index()];
        let cluster = model.setting.partition(home).cluster;
        let tool = entry
            .copied
            .map(|(task, _)| model.setting.flow_of(task).tool);
        let apart = model.keeps(Guard::IdsStayApart);
        let id = match tool {
            // Every copy is in one space, and what is written there in another.
            Some(Tool::MirroringAt2026_03) if apart => 1,
            // That they are apart is assumed.
            Some(Tool::ClusterLinking) if apart => 2 + cluster.index(),
            _ => 0,
        };
        found.push((8 * lives + id, cluster));
    }
    found
}

fn linked(model: &Mirroring) -> impl Iterator<Item = TopicPartition> + use<'_> {
    let places = model.setting.every_partition();
    places.filter(|place| model.setting.is_linked(*place))
}

pub(super) fn producer_id_isolation(model: &Mirroring, state: &State) -> bool {
    linked(model).all(|place| {
        let found = ids(model, state, place);
        let mut pairs = found
            .iter()
            .flat_map(|one| found.iter().map(move |other| (one, other)));
        pairs.all(|(one, other)| one.0 != other.0 || one.1 == other.1)
    })
}

pub(super) fn ids_meet(model: &Mirroring, state: &State) -> bool {
    linked(model).any(|place| {
        let found = ids(model, state, place);
        found.iter().any(|(_, cluster)| *cluster != found[0].1)
    })
}

/// The offsets at the target of a link that a group has not committed there by itself.
fn copied_commits(model: &Mirroring, state: &State) -> Vec<(Task, Group, u8)> {
    let mut found = Vec::new();
    for task in links(model) {
        let place = model.setting.work(task).to[0];
        let at = model.setting.partition(place).cluster;
        for group in model.setting.every_group() {
            let committed = state[group].committed[place.index()];
            if let Some(offset) = committed.filter(|_| !state[group].committed_at.contains(at)) {
                found.push((task, group, offset));
            }
        }
    }
    found
}

pub(super) fn has_committed_for_some(model: &Mirroring, state: &State) -> bool {
    !copied_commits(model, state).is_empty()
}

/// What links have committed for groups is within the logs of which they have let go.
pub(super) fn committed_in_range(model: &Mirroring, state: &State) -> bool {
    let mut commits = copied_commits(model, state).into_iter();
    commits.all(|(task, _, offset)| {
        let end = state[model.setting.work(task).to[0]].end;
        state[task].link != LinkState::Stopped || offset <= end
    })
}
