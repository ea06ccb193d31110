//! The table: a line for each pass, a column for each size.

use crate::circumstances::table;
use crate::paired::{Paired, Turn, paired};
use std::fmt;

/// What has been measured so far.
pub(crate) struct Report {
    sizes: Vec<usize>,
    wanted: Vec<String>,
    lines: Vec<Line>,
}

struct Line {
    pass: &'static str,
    cells: Vec<Paired>,
    /// Nanoseconds a partition of the naive twin, and at how many partitions.
    naive: Option<(usize, f64)>,
}

impl Report {
    pub(crate) fn new(sizes: &[usize], wanted: &[String]) -> Report {
        Report {
            sizes: sizes.to_vec(),
            wanted: wanted.to_vec(),
            lines: Vec::new(),
        }
    }

    /// Whether any of these passes is wanted.
    pub(crate) fn wants(&self, passes: &[&str]) -> bool {
        let begins =
            |pass: &str, wanted: &str| pass.starts_with(wanted) || wanted.starts_with(pass);
        let is_wanted = |pass: &&str| self.wanted.iter().any(|wanted| begins(pass, wanted));
        self.wanted.is_empty() || passes.iter().any(is_wanted)
    }

    /// Measures a pass that goes over so many partitions, if it is wanted.
    pub(crate) fn measure<S>(
        &mut self,
        pass: &'static str,
        state: &mut S,
        partitions: usize,
        turn: &Turn<S>,
    ) {
        if !self.wants(&[pass]) {
            return;
        }
        let measured = paired(state, partitions, turn);
        match self.lines.iter_mut().find(|line| line.pass == pass) {
            Some(line) => line.cells.push(measured),
            None => self.lines.push(Line {
                pass,
                cells: vec![measured],
                naive: None,
            }),
        }
    }

    /// Whether nothing was measured.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Notes what the naive twin takes for a pass at so many partitions.
    pub(crate) fn note_naive(&mut self, pass: &str, partitions: usize, nanoseconds: f64) {
        let line = self.lines.iter_mut().find(|line| line.pass == pass);
        let line = line.unwrap_or_else(|| panic!("there is no pass {pass}"));
        line.naive = Some((partitions, nanoseconds));
    }

    fn naive_cell(&self, line: &Line) -> String {
        let Some((partitions, naive)) = line.naive else {
            return String::new();
        };
        let place = self.sizes.iter().position(|size| *size == partitions);
        let own = place.and_then(|place| line.cells.get(place));
        own.map_or(String::new(), |own| {
            format!("{naive:.0} ({:.0} x)", naive / own.pass)
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = self.sizes.iter().map(|size| words(*size));
        let mut header: Vec<String> = vec!["ns a partition (of null)".into()];
        header.extend(sizes);
        header.push("naive twin".into());
        let mut table = table(&header.iter().map(String::as_str).collect::<Vec<_>>());
        for line in &self.lines {
            let cells = line.cells.iter().map(|cell| {
                let share = 100. * cell.of_null;
                format!("{:.2} ({share:.0} % of {:.2})", cell.pass, cell.null_pass)
            });
            let mut cells: Vec<String> = cells.collect();
            cells.resize(self.sizes.len(), "not measured".into());
            cells.insert(0, format!("`{}`", line.pass));
            cells.push(self.naive_cell(line));
            table.add_row(cells);
        }
        write!(f, "{table}")
    }
}

fn words(size: usize) -> String {
    match size {
        1_000_000.. => format!("{} million", size / 1_000_000),
        1_000.. => format!("{} thousand", size / 1_000),
        _ => size.to_string(),
    }
}
