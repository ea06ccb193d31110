//! A history of a quorum in the house notation: a line an event, a column a node.

use super::History;
use crate::subject::table::aligned;
use highwater_model::quorum::state::{NodeState, Role};
use highwater_model::quorum::{Node, Property, Quorum, State};
use std::fmt::Write;

/// What a node looks like: role and epoch, and its log, with the bar at the watermark and `~` before
/// what is not flushed.
pub fn picture(model: &Quorum, node: &NodeState) -> String {
    let role = match node.role {
        _ if node.stopped => "x",
        Role::Unattached => "-",
        Role::Prospective(_) => "prospective",
        Role::Candidate(_) => "candidate",
        Role::Leader(_) => "leader",
        Role::Follower { .. } => "follower",
        Role::Resigned => "resigned",
    };
    let mut text = format!("{role} {}:", node.epoch);
    let name = |node: Node| model.setting.name(node);
    for (offset, entry) in node.log.entries().enumerate() {
        let before = match offset {
            _ if offset > 0 && offset == usize::from(node.watermark) => "|",
            _ if offset == usize::from(node.flushed) => " ~",
            _ => " ",
        };
        let _ = write!(text, "{before}{}", entry.text(&name));
    }
    if node.watermark > 0 && node.watermark == node.log.end() {
        text.push('|');
    }
    text
}

/// The history as a table; a cell is left empty where nothing changed.
pub fn table(model: &Quorum, history: &History) -> String {
    let nodes: Vec<Node> = model.setting.nodes().collect();
    let names = nodes.iter().map(|node| model.setting.name(*node));
    let head = std::iter::once("event".to_owned()).chain(names).collect();
    let mut rows: Vec<Vec<String>> = vec![head];
    let mut state = history.beginning;
    for event in &history.actions {
        let Ok(after) = model.step(&state, event) else {
            break;
        };
        let cell = |node: &Node| match state.nodes[*node] == after.nodes[*node] {
            true => String::new(),
            false => picture(model, &after.nodes[*node]),
        };
        let cells = nodes.iter().map(cell);
        rows.push(
            std::iter::once(event.line(&model.setting))
                .chain(cells)
                .collect(),
        );
        state = after;
    }
    aligned(&rows)
}

/// The whole argument: what is violated, how it came about, and what the proof knows at the end.
pub fn told(model: &Quorum, property: &Property, history: &History) -> String {
    let steps = history.actions.len();
    let mut text = format!(
        "{} is violated after {steps} steps\n{}\n\n",
        property.name, property.sentence
    );
    text.push_str(&table(model, history));
    let mut state = history.beginning;
    for event in &history.actions {
        state = model.step(&state, event).unwrap_or(state);
    }
    let _ = write!(text, "\n{}", known(model, &state));
    text
}

/// What only the proof knows: who was elected when, and what was committed.
fn known(model: &Quorum, state: &State) -> String {
    let name = |node: Node| model.setting.name(node);
    let elected = state.ghost.elected.iter().enumerate();
    let elected = elected.filter_map(|(epoch, node)| {
        let node = (*node)?;
        Some(format!("{} in epoch {epoch}", name(node)))
    });
    let committed = state.ghost.committed.entries();
    let committed: Vec<_> = committed.map(|entry| entry.text(&name)).collect();
    format!(
        "elected: {}\ncommitted: {}\n",
        elected.collect::<Vec<_>>().join(", "),
        committed.join(" ")
    )
}
