//! What a reader has to know beside the numbers.

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use std::process::Command;

/// Which commit, which machine, and how busy it is now.
pub(crate) fn circumstances() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find(|line| line.starts_with("model name"));
    let cpu = cpu.and_then(|line| line.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "Commit {}; {cores} cores of {}; load average {}.",
        commit().unwrap_or("not known".into()),
        cpu.map_or("an unknown make", |(_, name)| name),
        load.join(" ")
    )
}

fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let told = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| told.trim().to_owned())
    };
    let changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    let commit = git(&["log", "-1", "--format=%h of %cs"])?;
    Some(commit + if changed { ", changed" } else { "" })
}

/// The number in the middle.
pub(crate) fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// A table whose numbers are on the right.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(header.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
