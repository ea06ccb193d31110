//! How an explanation is written: as text, as a story, as JSON.

use super::{Explanation, Step};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The most columns of a terminal that a picture takes, unless its cells need more.
const WIDTH: usize = 110;
/// The least that is left for the meaning of a step.
const LEAST_MEANING: usize = 36;
/// What stands between two columns.
const GAP: usize = 2;
/// How wide a paragraph of the argument runs.
const PARAGRAPH: usize = 100;

impl Explanation {
    /// The picture and the argument under it, under the name of the experiment or the file.
    ///
    /// A column a broker; a cell is printed where it changed, and in the first line.
    pub fn text(&self, name: &str) -> String {
        let steps = self.steps.len();
        let plural = if steps == 1 { "step" } else { "steps" };
        let title = format!(
            "{} is {} after {steps} {plural}",
            self.property, self.verdict
        );
        let mut text = match name {
            "" => format!("{title}\n\n"),
            _ => format!("{title}   {name}\n\n"),
        };
        text.push_str(&picture(&self.brokers, &self.steps));
        text.push('\n');
        for sentence in &self.argument {
            for line in wrap(sentence, PARAGRAPH) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        text
    }

    /// A story of the same events, with everything that can be seen at its end.
    pub fn story(&self) -> String {
        let mut story = format!("{}\n", self.header);
        for line in wrap(
            &format!("{} is {}: {}", self.property, self.verdict, self.sentence),
            PARAGRAPH,
        ) {
            let _ = writeln!(story, "# {line}");
        }
        for step in &self.steps {
            let _ = writeln!(story, "{}", step.line);
        }
        let _ = writeln!(story, "----");
        for fact in &self.facts {
            let _ = writeln!(story, "{fact}");
        }
        story
    }

    /// What `explain --format json` prints for one violation.
    pub fn json(&self) -> ExplanationJson<'_> {
        let changed = |step: &Step| -> BTreeMap<&str, String> {
            let cells = self.brokers.iter().zip(&step.cells);
            cells
                .filter(|(_, cell)| cell.changed)
                .map(|(broker, cell)| (broker.as_str(), cell.text.clone()))
                .collect()
        };
        ExplanationJson {
            property: self.property,
            fault: &self.fault,
            steps: self
                .steps
                .iter()
                .map(|step| StepJson {
                    event: &step.line,
                    changed: changed(step),
                })
                .collect(),
            argument: &self.argument,
        }
    }
}

/// A violation, as JSON; the names of the fields are a contract.
#[derive(Serialize, Debug)]
pub struct ExplanationJson<'a> {
    property: &'a str,
    fault: &'a str,
    steps: Vec<StepJson<'a>>,
    argument: &'a [String],
}

#[derive(Serialize, Debug)]
struct StepJson<'a> {
    event: &'a str,
    changed: BTreeMap<&'a str, String>,
}

/// Steps as lines, with a column a broker.
pub fn picture(brokers: &[String], steps: &[Step]) -> String {
    let events = steps.iter().map(|step| step.line.chars().count());
    let event_width = events.chain(["event".len()]).max().unwrap_or_default();
    let widths: Vec<usize> = brokers
        .iter()
        .enumerate()
        .map(|(place, broker)| {
            let cells = steps
                .iter()
                .map(|step| step.cells[place].text.chars().count());
            cells
                .chain([broker.chars().count()])
                .max()
                .unwrap_or_default()
        })
        .collect();
    let margin =
        3 + GAP + event_width + GAP + widths.iter().map(|width| width + GAP).sum::<usize>();
    let meaning_width = WIDTH.saturating_sub(margin).max(LEAST_MEANING);
    let mut lines = Vec::new();
    let row = |number: &str, event: &str, cells: &[&str], meaning: &str| {
        let mut line = format!("{number:>3}  {event:event_width$}  ");
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        line.push_str(meaning);
        line.trim_end().to_owned()
    };
    let names: Vec<&str> = brokers.iter().map(String::as_str).collect();
    lines.push(row("", "event", &names, "what it means"));
    for step in steps {
        let cells = step
            .cells
            .iter()
            .map(|cell| match cell.changed || step.number == 1 {
                true => cell.text.as_str(),
                false => "",
            });
        let cells: Vec<&str> = cells.collect();
        let mut meaning = wrap(&step.meaning, meaning_width).into_iter();
        let first = meaning.next().unwrap_or_default();
        lines.push(row(&step.number.to_string(), &step.line, &cells, &first));
        lines.extend(meaning.map(|rest| format!("{:margin$}{rest}", "")));
    }
    lines.join("\n") + "\n"
}

/// A text in lines of at most `width` columns, broken between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let options = textwrap::Options::new(width)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(text, options).into_iter();
    lines
        .map(Into::into)
        .filter(|line: &String| !line.is_empty())
        .collect()
}
