//! What may be tried in a state: the ∃ before every rule.
//!
//! The enumerator may offer too much, because the guards decide; it must never offer too little.

use super::bounds::has_left;
use super::properties::has_copied_all;
use super::{Event, Fault, Guard, Mirroring, State, rules};
use highwater_vocabulary::mirroring::{Cluster, Databases, Group, Mirror, Tool, TopicPartition};
use highwater_vocabulary::{Member, Record};

/// Lists in `events` what may be tried in `state`.
pub fn offer(model: &Mirroring, state: &State, events: &mut Vec<Event>) {
    offer_producers(model, state, events);
    for task in model.setting.every_task() {
        events.extend([
            Event::Poll(task),
            Event::Copy(task),
            Event::CopyLate(task),
            Event::Note(task),
            Event::Sync(task),
            Event::SyncLost(task),
            Event::ReadSync(task),
        ]);
        if rules::is_link(model, task) {
            events.extend([
                Event::Truncate(task),
                Event::EndTransactions(task),
                Event::Finish(task),
            ]);
        }
    }
    offer_groups(model, state, events);
    for mirror in model.setting.every_mirror() {
        events.extend([
            Event::Refresh(mirror),
            Event::Restart(mirror),
            Event::Heal(mirror),
        ]);
    }
    offer_operators(model, state, events);
    for fault in model.faults.different() {
        if has_left(model, state, fault) {
            offer_fault(model, state, fault, events);
        }
    }
}

fn offer_producers(model: &Mirroring, state: &State, events: &mut Vec<Event>) {
    let (bounds, spent) = (&model.bounds, &state.ghost.spent);
    let written = |place: &TopicPartition| {
        state.writable.contains(*place) || !model.keeps(Guard::MirroredTopicsAreReadOnly)
    };
    let places = model.setting.every_partition().filter(written);
    for place in places {
        if spent.records < bounds.records {
            let next = Record::at(usize::from(spent.records));
            events.push(Event::Append(place, next));
            if spent.unanswered < bounds.unanswered {
                events.push(Event::AppendLost(place, next));
            }
            if spent.transactions < bounds.transactions {
                events.push(Event::Begin(place, next));
            }
            if spent.offers < bounds.offers {
                events.push(Event::Offer(place, next));
            }
            if spent.aborts < bounds.aborts {
                events.push(Event::Abort(place, next));
            }
        }
        let unanswered = state.ghost.unanswered.iter();
        events.extend(unanswered.map(|record| Event::Append(place, record)));
        if bounds.transactions > 0 {
            events.extend([
                Event::CommitTransaction(place),
                Event::AbortTransaction(place),
            ]);
        }
        if let Some(offered) = state[place].offered() {
            events.extend([Event::Append(place, offered), Event::Retract(place)]);
        }
        if spent.marks < bounds.marks {
            events.push(Event::Mark(place));
        }
    }
    if spent.ticks < bounds.ticks {
        events.extend(model.setting.every_cluster().map(Event::Tick));
    }
}

fn offer_groups(model: &Mirroring, state: &State, events: &mut Vec<Event>) {
    let setting = &model.setting;
    for group in setting.every_group() {
        for task in setting.every_task() {
            events.push(Event::Checkpoint(group, task));
            let tool = setting.flow_of(task).tool;
            if matches!(tool, Tool::Replicator | Tool::UReplicator) {
                events.push(Event::Translate(group, task));
            }
        }
        for mirror in setting.every_mirror() {
            if setting.flow(mirror).syncs_groups {
                events.extend([Event::Look(group, mirror), Event::SyncGroup(group, mirror)]);
            }
        }
        for cluster in setting.every_cluster() {
            if setting.read_at(group, cluster).is_empty() {
                continue;
            }
            if state.ghost.spent.starts < model.bounds.starts
                && is_orderly(model, state, group, cluster)
            {
                events.push(Event::Start(group, cluster));
            }
            if model.bounds.commits {
                events.push(Event::Commit(group, cluster));
            }
            events.extend([Event::Stop(group, cluster), Event::Rejoin(group, cluster)]);
            if state.ghost.spent.rebootstraps < model.bounds.rebootstraps {
                events.extend([
                    Event::Rebootstrap(group, cluster),
                    Event::RebootstrapReset(group, cluster),
                ]);
            }
        }
        let reads = setting.reader(group).reads.iter();
        events.extend(reads.map(|place| Event::Consume(group, place)));
        offer_sinks(model, group, events);
    }
}

fn offer_sinks(model: &Mirroring, group: Group, events: &mut Vec<Event>) {
    let setting = &model.setting;
    let Some(sink) = setting.reader(group).sink else {
        return;
    };
    let clusters = setting.every_cluster();
    let read = clusters.filter(|cluster| !setting.read_at(group, *cluster).is_empty());
    events.extend(read.map(|cluster| Event::Count(group, cluster)));
    if sink.databases == Databases::Replicated {
        events.push(Event::ReplicateDatabase(group));
    }
}

/// Whether an operator who minds the copies would start the group here.
fn is_orderly(model: &Mirroring, state: &State, group: Group, at: Cluster) -> bool {
    if !model.bounds.orderly_moves {
        return true;
    }
    let home = model.setting.reader(group).home;
    match state.sink(group).newest {
        None => at == home,
        Some(_) if at == home => state.sink(group).newest == Some(home),
        Some(_) => {
            let mut mirrors = model.setting.every_mirror();
            mirrors.all(|mirror| has_copied_all(model, state, mirror))
        }
    }
}

fn offer_operators(model: &Mirroring, state: &State, events: &mut Vec<Event>) {
    let (setting, bounds) = (&model.setting, &model.bounds);
    let mirrors = || setting.every_mirror();
    if bounds.repairs {
        events.extend(setting.every_cluster().map(Event::Return));
    }
    if bounds.fail_over {
        let fenced = |mirror: &Mirror| state.fenced.contains(setting.flow(*mirror).from);
        let drained = |mirror: &Mirror| has_copied_all(model, state, *mirror);
        let ready = mirrors()
            .filter(|mirror| !bounds.fence_first || fenced(mirror))
            .filter(|mirror| !bounds.orderly_moves || drained(mirror));
        events.extend(ready.map(Event::FailOver));
    }
    if bounds.promote {
        let fenced = |mirror: &Mirror| state.fenced.contains(setting.flow(*mirror).from);
        let ready = mirrors().filter(|mirror| !bounds.fence_first || fenced(mirror));
        events.extend(ready.map(Event::Promote));
    }
    if bounds.reverse && state.ghost.spent.ways_back == 0 {
        events.extend(mirrors().map(Event::Reverse));
    }
    if bounds.fail_back && state.ghost.spent.ways_back == 0 {
        events.extend(mirrors().map(Event::FailBack));
    }
    if bounds.stop_mirrors {
        events.extend(mirrors().map(Event::StopMirror));
    }
    if bounds.fencing || bounds.fence_first {
        events.extend(setting.every_cluster().map(Event::FenceCluster));
    }
    if bounds.changes {
        events.extend(setting.every_cluster().map(Event::Alter));
        let missing = setting
            .every_partition()
            .filter(|place| !state[*place].exists);
        events.extend(missing.map(Event::AddPartition));
    }
}

fn offer_fault(model: &Mirroring, state: &State, fault: Fault, events: &mut Vec<Event>) {
    match fault {
        Fault::ClusterLoss(cluster) => events.push(Event::Lose(cluster)),
        Fault::ClusterDestroyed(cluster) => events.push(Event::Destroy(cluster)),
        Fault::SuffixLoss(place) => {
            let held = state[place].end - state[place].start;
            events.extend((1..=held).map(|lost| Event::LoseSuffix(place, lost)));
        }
        Fault::OffsetsLost(cluster) => events.push(Event::LoseCommits(cluster)),
        Fault::MirrorCrash(mirror) => events.push(Event::Crash(mirror)),
        Fault::MirrorPause(mirror) => events.push(Event::TakeOver(mirror)),
        Fault::MirrorCut(mirror) => events.push(Event::Cut(mirror)),
        Fault::AnswerLost(mirror) => offer_lost_answers(model, mirror, events),
        Fault::Retention(place) => {
            let held = state[place].end - state[place].start;
            events.extend((1..=held).map(|lost| Event::Expire(place, lost)));
        }
        Fault::Recreated(place) => events.push(Event::Recreate(place)),
        Fault::ClockSkew(cluster) => events.push(Event::Skew(cluster)),
        Fault::ConsumersStranded(cluster) => {
            let groups = model.setting.every_group();
            events.extend(groups.map(|group| Event::Strand(group, cluster)));
        }
        Fault::DatabaseLoss(cluster) => events.push(Event::LoseDatabase(cluster)),
    }
}

fn offer_lost_answers(model: &Mirroring, mirror: Mirror, events: &mut Vec<Event>) {
    events.extend(model.setting.tasks_of(mirror).map(Event::CopyLost));
    if model.setting.flow(mirror).syncs_groups {
        let groups = model.setting.every_group();
        events.extend(groups.map(|group| Event::LookFailed(group, mirror)));
    }
}
