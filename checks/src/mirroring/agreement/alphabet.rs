//! Every event that a setting has words for.

use highwater_vocabulary::mirroring::{Event, Setting};
use highwater_vocabulary::{Member, Record};

/// The most records that anybody writes.
const MOST_RECORDS: usize = 8;
/// The most that retention or an unclean election removes at once.
const MOST_LOST: u8 = 2;

/// Every event, by its verb, in the order of [`Event::VERBS`].
pub fn every_event(setting: &Setting) -> Vec<Vec<Event>> {
    let mut events = Vec::new();
    of_places(setting, &mut events);
    of_links(setting, &mut events);
    of_tasks(setting, &mut events);
    of_mirrors(setting, &mut events);
    of_clusters(setting, &mut events);
    of_groups(setting, &mut events);
    let mut by_verb = vec![Vec::new(); Event::VERBS.len()];
    for event in events {
        by_verb[event.verb()].push(event);
    }
    by_verb
}

fn of_places(setting: &Setting, events: &mut Vec<Event>) {
    for place in setting.every_partition() {
        for record in (0..MOST_RECORDS).map(Record::at) {
            events.extend([
                Event::Append(place, record),
                Event::AppendLost(place, record),
                Event::Abort(place, record),
            ]);
        }
        events.extend([
            Event::Mark(place),
            Event::AddPartition(place),
            Event::Recreate(place),
        ]);
        for lost in 0..=MOST_LOST {
            events.extend([Event::LoseSuffix(place, lost), Event::Expire(place, lost)]);
        }
    }
}

fn of_tasks(setting: &Setting, events: &mut Vec<Event>) {
    for task in setting.every_task() {
        events.extend([
            Event::Poll(task),
            Event::Copy(task),
            Event::CopyLost(task),
            Event::CopyLate(task),
            Event::Note(task),
            Event::Sync(task),
            Event::SyncLost(task),
            Event::ReadSync(task),
        ]);
    }
}

/// What only links do, and what happens only to the logs that they read and write.
fn of_links(setting: &Setting, events: &mut Vec<Event>) {
    for place in setting
        .every_partition()
        .filter(|it| setting.is_linked(*it))
    {
        for record in (0..MOST_RECORDS).map(Record::at) {
            events.extend([Event::Begin(place, record), Event::Offer(place, record)]);
        }
        events.extend([
            Event::CommitTransaction(place),
            Event::AbortTransaction(place),
            Event::Retract(place),
        ]);
    }
    let is_link = |mirror| setting.flow(mirror).tool.is_link();
    for task in setting.every_task() {
        if is_link(setting.work(task).mirror) {
            events.extend([
                Event::Truncate(task),
                Event::EndTransactions(task),
                Event::Finish(task),
            ]);
        }
    }
    for mirror in setting.every_mirror().filter(|it| is_link(*it)) {
        events.extend([Event::Promote(mirror), Event::Reverse(mirror)]);
    }
}

fn of_mirrors(setting: &Setting, events: &mut Vec<Event>) {
    for mirror in setting.every_mirror() {
        events.extend([
            Event::Refresh(mirror),
            Event::Restart(mirror),
            Event::Heal(mirror),
            Event::FailOver(mirror),
            Event::StopMirror(mirror),
            Event::FailBack(mirror),
            Event::Crash(mirror),
            Event::TakeOver(mirror),
            Event::Cut(mirror),
        ]);
    }
}

fn of_clusters(setting: &Setting, events: &mut Vec<Event>) {
    for cluster in setting.every_cluster() {
        events.extend([
            Event::Return(cluster),
            Event::Tick(cluster),
            Event::Alter(cluster),
            Event::FenceCluster(cluster),
            Event::Lose(cluster),
            Event::Destroy(cluster),
            Event::LoseCommits(cluster),
            Event::Skew(cluster),
            Event::LoseDatabase(cluster),
        ]);
    }
}

fn of_groups(setting: &Setting, events: &mut Vec<Event>) {
    for group in setting.every_group() {
        let tasks = setting.every_task();
        events.extend(tasks.flat_map(|task| {
            [
                Event::Checkpoint(group, task),
                Event::Translate(group, task),
            ]
        }));
        events.push(Event::ReplicateDatabase(group));
        let places = setting.every_partition();
        events.extend(places.map(|place| Event::Consume(group, place)));
        for mirror in setting.every_mirror() {
            events.extend([
                Event::Look(group, mirror),
                Event::LookFailed(group, mirror),
                Event::SyncGroup(group, mirror),
            ]);
        }
        for cluster in setting.every_cluster() {
            events.extend([
                Event::Start(group, cluster),
                Event::Commit(group, cluster),
                Event::Stop(group, cluster),
                Event::Count(group, cluster),
                Event::Strand(group, cluster),
                Event::Rebootstrap(group, cluster),
                Event::RebootstrapReset(group, cluster),
                Event::Rejoin(group, cluster),
            ]);
        }
    }
}
