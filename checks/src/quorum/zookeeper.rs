//! Every state that a ZooKeeper ensemble can reach, and how a violation is told.

use crate::explore::{Explorable, Path, Question, Searched, search, silently};
use highwater_model::zookeeper::state::History;
use highwater_model::zookeeper::{Event, Server, State, Zookeeper, rules};
use std::fmt::Write;

impl Explorable for Zookeeper {
    fn kinds(&self) -> &'static [&'static str] {
        Event::VERBS
    }

    fn kind(&self, event: &Event) -> usize {
        event.verb()
    }

    type Names = ();

    fn renamed(&self, state: &State, (): &()) -> State {
        *state
    }
}

/// Explores every state.
pub fn explored(model: &Zookeeper) -> Searched<Zookeeper> {
    search(Question::new(model.clone()), silently())
}

/// The shortest history that violates the property, as a table, if there is one.
pub fn told(model: &Zookeeper, found: &Searched<Zookeeper>, property: &str) -> Option<String> {
    let mut violated = found.violated.iter();
    let (_, path) = violated.find(|(name, _)| *name == property)?;
    Some(format!(
        "{property} is violated after {} steps\n\n{}",
        path.actions.len(),
        table(model, path)
    ))
}

fn table(model: &Zookeeper, path: &Path<State, Event>) -> String {
    let mut text = String::new();
    let mut state = path.beginning;
    for (number, event) in path.actions.iter().enumerate() {
        let Some(after) = rules::next(model, &state, *event) else {
            break;
        };
        let changed = |server: &Server| state.at(*server) != after.at(*server);
        let servers = model.setting.servers().filter(changed);
        let cells: Vec<_> = servers.map(|server| cell(model, &after, server)).collect();
        let line = event.line(&model.setting);
        let _ = writeln!(text, "{:>3}  {line:34} {}", number + 1, cells.join("   "));
        state = after;
    }
    let _ = write!(
        text,
        "\ncommitted: {}\n",
        transactions(&state.ghost.committed, 0)
    );
    text
}

fn cell(model: &Zookeeper, state: &State, server: Server) -> String {
    let own = state.at(server);
    let role = match own.follows {
        _ if own.stopped => "x ",
        Some(leader) if leader == server => "leads ",
        _ => "",
    };
    let name = model.setting.name(server);
    format!(
        "{name} {role}{}: {}",
        own.epoch,
        transactions(&own.history, own.committed)
    )
}

/// `c1'1|c2'1`: each change with its epoch; the bar after what is known to be committed.
fn transactions(history: &History, committed: u8) -> String {
    let mut text = String::new();
    for (place, transaction) in history.0.iter().flatten().enumerate() {
        let before = match place {
            0 => "",
            _ if place == usize::from(committed) => "|",
            _ => " ",
        };
        let _ = write!(
            text,
            "{before}c{}'{}",
            transaction.change + 1,
            transaction.epoch
        );
    }
    if committed > 0 && committed == history.len() {
        text.push('|');
    }
    text
}
