//! Histories in words, and what is to be seen after them.

use highwater_reference::mirroring::{Engine, Options, Switches};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Event, Observation, Pair, Setting};
use std::fmt::Display;

/// Some syncs come late: the pairs are told apart more easily if not every pair is one.
pub(crate) const LAG_MAX: u64 = 2;

/// An engine after a history: events separated by `;`, each of which happens, or after `!` has what
/// refuses it.
pub(crate) fn after(setting: &Setting, history: &str) -> Engine {
    play(Engine::new(setting, LAG_MAX), history)
}

/// The same, under other switches.
pub(crate) fn after_with(
    setting: &Setting,
    change: impl Fn(&mut Switches),
    history: &str,
) -> Engine {
    let switches = setting.mirrors.iter().map(|flow| {
        let mut switches = Switches::of(flow.tool);
        change(&mut switches);
        switches
    });
    let options = Options {
        offset_lag_max: LAG_MAX,
        switches: switches.collect(),
        groups_know_epochs: true,
    };
    play(Engine::with_options(setting, options, 1), history)
}

pub(crate) fn play(mut engine: Engine, history: &str) -> Engine {
    let setting = engine.setting().clone();
    for line in history.split(';').map(str::trim) {
        let (event, refusal) = match line.split_once('!') {
            Some((event, refusal)) => (event, refusal.trim()),
            None => (line, "happened"),
        };
        let parsed = Event::parse(event.trim(), &setting);
        let parsed = parsed.unwrap_or_else(|error| panic!("`{event}`: {error}"));
        let before = engine.observe();
        let found = match engine.apply(&parsed) {
            Ok(()) => "happened",
            Err(refusal) => {
                assert_eq!(before, engine.observe(), "`{event}` is refused");
                refusal.name()
            }
        };
        assert_eq!(found, refusal, "`{event}` in `{history}`");
    }
    engine
}

/// Everything to be seen, a fact a line.
pub(crate) fn told(engine: &Engine) -> Vec<String> {
    let (seen, setting) = (engine.observe(), engine.setting());
    let mut lines = Vec::new();
    for (place, log) in setting.every_partition().zip(&seen.logs) {
        let contents: Vec<String> = log.contents.iter().map(ToString::to_string).collect();
        let exists = if log.exists { "" } else { " is not there" };
        let start = log.start;
        let name = setting.partition_name(place);
        lines.push(format!(
            "{name}{exists} from {start}: {}",
            contents.join(" ")
        ));
        if let Some((leader, entries)) = log.epochs.split_last() {
            let entries: Vec<String> = entries.iter().map(ToString::to_string).collect();
            let entries = entries.join(" ");
            lines.push(format!("{name} epochs {entries}, leader {leader}"));
        }
    }
    for (task, view) in setting.every_task().zip(&seen.tasks) {
        let syncs: Vec<String> = view.syncs.iter().map(|it| pair(Some(*it))).collect();
        let name = setting.task_name(task);
        let (memory, former) = (or_nothing(view.memory), or_nothing(view.former));
        let (pending, delayed) = (pair(view.pending), pair(view.delayed));
        let (position, stored) = (view.position, or_nothing(view.stored));
        lines.push(format!(
            "{name}: at {position}, has {memory}, had {former}, stored {stored}"
        ));
        let last = or_nothing(view.last);
        lines.push(format!("{name}: {}, last {last}", view.link));
        lines.push(format!("{name}: due {pending}, delayed {delayed}"));
        lines.push(format!(
            "{name}: syncs {}, read {}",
            syncs.join(" "),
            view.read
        ));
    }
    groups(&seen, setting, &mut lines);
    let mirrors = seen.running.iter().map(|it| setting.mirror_name(it));
    lines.push(format!(
        "running: {}",
        mirrors.collect::<Vec<_>>().join(" ")
    ));
    let up = seen.up.iter().map(|it| setting.cluster_name(it));
    lines.push(format!("up: {}", up.collect::<Vec<_>>().join(" ")));
    let writable = seen.writable.iter().map(|it| setting.partition_name(it));
    lines.push(format!(
        "writable: {}",
        writable.collect::<Vec<_>>().join(" ")
    ));
    lines
}

fn groups(seen: &Observation, setting: &Setting, lines: &mut Vec<String>) {
    for (group, view) in setting.every_group().zip(&seen.groups) {
        let name = setting.group_name(group);
        let at: Vec<String> = view
            .runs_at
            .iter()
            .map(|it| setting.cluster_name(it))
            .collect();
        lines.push(format!("{name} runs at {}", at.join(" ")));
        for place in setting.every_partition() {
            let (position, committed) =
                (view.position[place.index()], view.committed[place.index()]);
            let place = setting.partition_name(place);
            let (position, committed) = (or_nothing(position), or_nothing(committed));
            lines.push(format!(
                "{name} in {place}: at {position}, committed {committed}"
            ));
        }
        for task in setting.every_task() {
            let checkpoint = pair(view.checkpoints[task.index()]);
            lines.push(format!(
                "{name} of {}: {checkpoint}",
                setting.task_name(task)
            ));
        }
    }
}

fn or_nothing(found: Option<impl Display>) -> String {
    found.map_or("-".into(), |found| found.to_string())
}

fn pair(found: Option<Pair>) -> String {
    found.map_or("-".into(), |it| {
        format!("{}={}", it.upstream, it.downstream)
    })
}

/// After a history, all of these lines are told.
pub(crate) fn check(setting: &Setting, history: &str, expected: &[&str]) {
    check_told(&after(setting, history), history, expected);
}

pub(crate) fn check_told(engine: &Engine, history: &str, expected: &[&str]) {
    let told = told(engine);
    for line in expected {
        assert!(
            told.iter().any(|it| it.trim_end() == line.trim_end()),
            "after `{history}`\nwanted {line}\nin\n{}",
            told.join("\n")
        );
    }
}
