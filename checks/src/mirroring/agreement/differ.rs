//! Where two observations differ, in words.

use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{GroupView, LogView, Observation, Pair, Setting, TaskView};
use std::fmt::Display;

/// A sentence for each fact that the two have differently; `expected` is the model's.
pub fn differences(setting: &Setting, expected: &Observation, found: &Observation) -> Vec<String> {
    let facts = facts(setting, expected)
        .into_iter()
        .zip(facts(setting, found));
    facts
        .filter(|(model, engine)| model != engine)
        .map(|(model, engine)| format!("the model says `{model}`, the engine `{engine}`"))
        .collect()
}

/// Everything to be seen, a fact a line, in an order that the setting alone decides.
fn facts(setting: &Setting, seen: &Observation) -> Vec<String> {
    let mut facts = Vec::new();
    let up = setting.every_cluster();
    facts.extend(up.map(|it| {
        let is = if seen.up.contains(it) { "up" } else { "down" };
        format!("{} is {is}", setting.cluster_name(it))
    }));
    let mirrors = setting.every_mirror();
    facts.extend(mirrors.map(|it| {
        let runs = if seen.running.contains(it) {
            "runs"
        } else {
            "does not run"
        };
        format!("{} {runs}", setting.mirror_name(it))
    }));
    for (place, log) in setting.every_partition().zip(&seen.logs) {
        let name = setting.partition_name(place);
        let takes = if seen.writable.contains(place) {
            "takes"
        } else {
            "does not take"
        };
        facts.push(format!("{name} {takes} records from producers"));
        facts.push(format!("{name} {}", of_log(log)));
        let epochs: Vec<String> = log.epochs.iter().map(ToString::to_string).collect();
        facts.push(format!(
            "{name} has the leader epochs [{}]",
            epochs.join(" ")
        ));
    }
    for (task, view) in setting.every_task().zip(&seen.tasks) {
        let name = setting.task_name(task);
        facts.extend(of_task(view).map(|fact| format!("{name} {fact}")));
    }
    for (group, view) in setting.every_group().zip(&seen.groups) {
        let name = setting.group_name(group);
        let facts_of_group = of_group(setting, view);
        facts.extend(
            facts_of_group
                .into_iter()
                .map(|fact| format!("{name} {fact}")),
        );
    }
    facts
}

fn of_log(log: &LogView) -> String {
    let contents: Vec<String> = log.contents.iter().map(ToString::to_string).collect();
    let exists = if log.exists {
        "holds"
    } else {
        "does not exist, and holds"
    };
    format!("{exists} [{}] from {}", contents.join(" "), log.start)
}

fn of_task(view: &TaskView) -> [String; 9] {
    let syncs: Vec<String> = view.syncs.iter().map(|it| pair(Some(*it))).collect();
    [
        format!("reads next {}", view.position),
        format!("has {} in memory", or_nothing(view.memory)),
        format!("was replaced with {} in memory", or_nothing(view.former)),
        format!("is stored as having copied {}", or_nothing(view.stored)),
        format!("has {} to send", pair(view.pending)),
        format!("keeps {} for the next commit", pair(view.delayed)),
        format!(
            "has sent [{}], of which {} are read",
            syncs.join(" "),
            view.read
        ),
        format!("is {}", view.link),
        format!("has stored {} as it stopped", or_nothing(view.last)),
    ]
}

fn of_group(setting: &Setting, view: &GroupView) -> Vec<String> {
    let runs_at: Vec<String> = view
        .runs_at
        .iter()
        .map(|it| setting.cluster_name(it))
        .collect();
    let mut facts = vec![format!("runs at [{}]", runs_at.join(" "))];
    for place in setting.every_partition() {
        let name = setting.partition_name(place);
        let position = or_nothing(view.position[place.index()]);
        let committed = or_nothing(view.committed[place.index()]);
        facts.push(format!("reads {position} next of {name}"));
        facts.push(format!("has committed {committed} in {name}"));
    }
    let stranded = view.stranded.iter().map(|it| setting.cluster_name(it));
    let stranded: Vec<String> = stranded.collect();
    facts.push(format!("is taken for dead at [{}]", stranded.join(" ")));
    let kept = view.uncounted.iter().zip(&view.databases);
    for (cluster, (uncounted, database)) in setting.every_cluster().zip(kept) {
        let name = setting.cluster_name(cluster);
        facts.push(format!("is about to count {uncounted:?} at {name}"));
        facts.push(format!("has counted {:?} at {name}", database.counts));
        facts.push(format!("keeps the places {:?} at {name}", database.places));
    }
    for task in setting.every_task() {
        let checkpoint = pair(view.checkpoints[task.index()]);
        facts.push(format!(
            "has the checkpoint {checkpoint} of {}",
            setting.task_name(task)
        ));
        let row = view.rows[task.index()];
        let row = row.map(|row| format!("{} with stamp {}", row.offset, row.stamp));
        facts.push(format!(
            "has {} noted for {}",
            or_nothing(row),
            setting.task_name(task)
        ));
    }
    facts
}

fn or_nothing(found: Option<impl Display>) -> String {
    found.map_or("nothing".into(), |found| found.to_string())
}

fn pair(found: Option<Pair>) -> String {
    or_nothing(found.map(|it| format!("{} as {}", it.upstream, it.downstream)))
}
