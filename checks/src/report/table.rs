//! A table as a value, and its two renderings.
//!
//! **Deliberately absent:** what it is a table of.  So text and Markdown cannot say different
//! things.

use std::fmt::Write;

/// How wide the first column of a text may be.
const FIRST_COLUMN: usize = 56;
/// How wide the sentences of a text may be.
const SENTENCE: usize = 100;

/// What is read from left to right, with a heading above and notes below.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Table {
    /// What it is about; the first is its title.
    pub(crate) heading: Vec<String>,
    /// The names of the columns.
    pub(crate) columns: Vec<&'static str>,
    /// From top to bottom.
    pub(crate) lines: Vec<Line>,
    /// What is to be said once.
    pub(crate) notes: Vec<Note>,
}

/// A line of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    /// One a column.
    pub(crate) cells: Vec<String>,
    /// Sentences about this line alone.
    pub(crate) details: Vec<String>,
}

/// Something that is said once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Note {
    /// In words.
    Sentence(String),
    /// In words: what the columns would say that are left out.
    Usual(String),
    /// A command to type, and what leads up to it.
    Command(&'static str, String),
}

impl Table {
    /// For a terminal: columns set apart by nothing but space, and no line that ends in it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for heading in &self.heading {
            write_wrapped(&mut text, heading, SENTENCE, 0);
        }
        if self.heading.len() > 1 {
            text.push('\n');
        }
        let widths = self.widths();
        if !self.lines.is_empty() {
            write_cells(&mut text, &self.columns, &widths);
        }
        for line in &self.lines {
            let (when, more) = wrap(&line.cells[0], widths[0], 2);
            let cells = std::iter::once(when.as_str());
            let cells: Vec<&str> = cells
                .chain(line.cells[1..].iter().map(String::as_str))
                .collect();
            write_cells(&mut text, &cells, &widths);
            for more in more {
                let _ = writeln!(text, "  {more}");
            }
            for detail in &line.details {
                let (first, more) = wrap(detail, SENTENCE, 6);
                let _ = writeln!(text, "    {first}");
                for more in more {
                    let _ = writeln!(text, "      {more}");
                }
            }
        }
        if !self.notes.is_empty() && !self.lines.is_empty() {
            text.push('\n');
        }
        for note in &self.notes {
            match note {
                Note::Sentence(sentence) | Note::Usual(sentence) => {
                    write_wrapped(&mut text, sentence, SENTENCE, 2)
                }
                Note::Command(before, command) => {
                    let _ = writeln!(text, "{before} {command}");
                }
            }
        }
        text
    }

    /// For an issue or a design document, as GitHub draws it.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        for (place, heading) in self.heading.iter().enumerate() {
            let mark = if place == 0 { "### " } else { "" };
            let _ = writeln!(text, "{mark}{}\n", escaped(heading));
        }
        self.write_markdown_lines(&mut text);
        for note in &self.notes {
            let _ = match note {
                Note::Sentence(sentence) | Note::Usual(sentence) => {
                    writeln!(text, "- {}", escaped(sentence))
                }
                Note::Command(before, command) => writeln!(text, "- {before} `{command}`"),
            };
        }
        text
    }

    fn write_markdown_lines(&self, text: &mut String) {
        if self.lines.is_empty() {
            return;
        }
        let detailed = self.lines.iter().any(|line| !line.details.is_empty());
        let mut columns = self.columns.clone();
        if detailed {
            columns.push("in detail");
        }
        let _ = writeln!(text, "| {} |", columns.join(" | "));
        let _ = writeln!(text, "|{}", "---|".repeat(columns.len()));
        for line in &self.lines {
            let mut cells: Vec<String> = line.cells.iter().map(|cell| escaped(cell)).collect();
            if detailed {
                let details = line.details.iter().map(|detail| escaped(detail));
                cells.push(details.collect::<Vec<_>>().join("<br>"));
            }
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text.push('\n');
    }

    /// How wide each column of a text is.
    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.lines.iter().map(|line| length(&line.cells[column]));
            let widest = cells.max().unwrap_or(0).max(length(self.columns[column]));
            if column == 0 {
                widest.min(FIRST_COLUMN)
            } else {
                widest
            }
        };
        (0..self.columns.len()).map(width).collect()
    }
}

/// The text as it stands between Markdown's own marks.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if matches!(letter, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '|' | '~') {
            escaped.push('\\');
        }
        escaped.push(if letter.is_control() { ' ' } else { letter });
    }
    escaped
}

fn write_cells(text: &mut String, cells: &[&str], widths: &[usize]) {
    let padded: Vec<String> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:width$}"))
        .collect();
    let _ = writeln!(text, "{}", padded.join("  ").trim_end());
}

fn write_wrapped(text: &mut String, sentence: &str, width: usize, indent: usize) {
    let (first, more) = wrap(sentence, width, indent);
    let _ = writeln!(text, "{first}");
    for more in more {
        let _ = writeln!(text, "{:indent$}{more}", "");
    }
}

/// The first line of a text, and those that follow it if none is to be longer than `width` but for
/// a single word.  These are to be indented by so much.
fn wrap(text: &str, width: usize, indent: usize) -> (String, Vec<String>) {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let room = if lines.len() > 1 {
            width.saturating_sub(indent)
        } else {
            width
        };
        let last = lines.last_mut().expect("there is always a line");
        if last.is_empty() {
            last.push_str(word);
        } else if length(last) + 1 + length(word) <= room {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    let first = lines.remove(0);
    (first, lines)
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let line = |when: &str, data: &str| Line {
            cells: vec![when.into(), data.into()],
            details: Vec::new(),
        };
        Table {
            heading: vec!["Two *rooms*".into(), "the_topic: RF 2".into()],
            columns: vec!["when", "data"],
            lines: vec![
                line("a|b is cut", "kept"),
                line("long ".repeat(14).trim_end(), "LOST"),
            ],
            notes: vec![
                Note::Sentence("Searched: everything.".into()),
                Note::Command("Next:", "highwater explain x --fault 'cut:a|b'".into()),
            ],
        }
    }

    #[test]
    fn a_text_stands_in_columns_and_a_long_cell_goes_on_below() {
        let long = "long ".repeat(11);
        let expected = format!(
            "Two *rooms*\nthe_topic: RF 2\n\n\
             when{:54}data\na|b is cut{:48}kept\n{long}   LOST\n  long long long\n\n\
             Searched: everything.\nNext: highwater explain x --fault 'cut:a|b'\n",
            "", ""
        );
        assert_eq!(table().text(), expected);
    }

    #[test]
    fn markdown_shows_what_is_written_and_obeys_none_of_it() {
        let mut table = table();
        table.lines.truncate(1);
        table.lines[0].details = vec!["--fault 'cut:a|b'".into(), "holds: x".into()];
        assert_eq!(
            table.markdown(),
            "### Two \\*rooms\\*\n\nthe\\_topic: RF 2\n\n\
             | when | data | in detail |\n|---|---|---|\n\
             | a\\|b is cut | kept | --fault 'cut:a\\|b'<br>holds: x |\n\n\
             - Searched: everything.\n- Next: `highwater explain x --fault 'cut:a|b'`\n"
        );
    }
}
