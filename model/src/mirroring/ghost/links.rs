//! What becomes of what links have copied, and of what was acknowledged at their ends.

use super::super::Mirroring;
use super::super::state::State;
use super::{Broken, is_missing_some};
use highwater_vocabulary::mirroring::{Content, LinkState, Mirror, Task, TopicPartition};
use highwater_vocabulary::{Member, Record};

/// The record of the transaction that was open in a log.
pub(super) fn decided(before: &State, to: TopicPartition) -> Option<Record> {
    match before[to].open_record()?.content {
        Content::Open(record) => Some(record),
        Content::Marker | Content::Record(_) | Content::Aborted(_) => None,
    }
}

/// Whether a link has not stopped with a topic-partition.
pub(super) fn writes_still(model: &Mirroring, to: TopicPartition, state: &State) -> bool {
    let mut writers = model.setting.writers_of(to);
    writers.any(|task| {
        let mirror = model.setting.work(task).mirror;
        model.setting.flow(mirror).tool.is_link()
            && !state.retired.contains(mirror)
            && state[task].link != LinkState::Stopped
    })
}

/// What a truncation takes away is no copy any more; and if producers write there, it is lost.
pub(super) fn truncated(model: &Mirroring, before: &State, task: Task, after: &mut State) {
    let place = model.setting.work(task).to[0];
    for (_, record) in before[place].records() {
        if after[place].holds(record) {
            continue;
        }
        let ghost = &mut after.ghost;
        for writer in model.setting.writers_of(place) {
            let [once, again] = [&mut ghost.copied, &mut ghost.recopied];
            once[writer.index()] = once[writer.index()].without(record);
            again[writer.index()] = again[writer.index()].without(record);
        }
        let own = ghost.homes[record.index()] == place && ghost.acknowledged.contains(record);
        let lost = own && before.writable.contains(place);
        ghost.broken.add_if(Broken::ThrownAway, lost);
    }
}

fn lacks_some(model: &Mirroring, mirror: Mirror, state: &State) -> bool {
    let mut tasks = model.setting.tasks_of(mirror);
    tasks.any(|task| is_missing_some(model, state, task))
}

/// A link was promoted: whatever its source has acknowledged ought to be at its target.
pub(super) fn promoted(model: &Mirroring, mirror: Mirror, after: &mut State) {
    let lost = lacks_some(model, mirror, after);
    let ghost = &mut after.ghost;
    ghost.promoted = ghost.promoted.with(mirror);
    ghost.failed_back = ghost.failed_back.without(mirror);
    ghost.broken.add_if(Broken::PromotedAndLost, lost);
    ghost.broken.add_if(Broken::LostAtFailover, lost);
}

/// A link was turned round: the one that leads the other way is promoted, as it were.
pub(super) fn reversed(model: &Mirroring, mirror: Mirror, after: &mut State) {
    let ways = model.setting.every_mirror();
    for way in ways.filter(|way| super::super::rules::leads_back(model, *way, mirror)) {
        promoted(model, way, after);
    }
    after.ghost.failed_back = after.ghost.failed_back.with(mirror);
}

/// A record is acknowledged where a promoted link has left.
pub(super) fn after_promotion(model: &Mirroring, to: TopicPartition, after: &mut State) {
    let tasks = model.setting.every_task();
    let promoted = after.ghost.promoted.intersection(after.failed_over);
    let left = tasks
        .map(|task| model.setting.work(task))
        .any(|work| work.from == to && promoted.contains(work.mirror));
    after.ghost.broken.add_if(Broken::PromotedAndLost, left);
}
