//! What a person reads of clusters that are joined: a table between them, then one of each.

use super::cause::Causes;
use super::check::{self, Amount, CheckedJoined, JoinedRow, Kept};
use super::when::in_words;
use super::{Joined, Runs, search};
use crate::check::Options;
use crate::report::rows::{self, count, states_in_words};
use crate::report::table::{Line, Note, Table};
use crate::report::{Detail, quoted, remarks_in_markdown};
use crate::wording::enumerated;
use crate::{Remark, Source, deployment_file};
use highwater_vocabulary::Profile;
use std::fmt;

/// Clusters joined by mirrors that were checked.  It prints as the tables an operator reads.
#[must_use = "a report that nobody looks at demands nothing: see `assert_required`"]
pub struct JoinedReport {
    file: String,
    joined: Joined,
    warnings: Vec<Remark>,
    checked: CheckedJoined,
}

impl JoinedReport {
    /// Reads a deployment and explores every row of it, in each cluster and between them.  `progress`
    /// hears of every finished exploration.
    ///
    /// # Errors
    /// What is wrong with the file; that it has one cluster alone.
    pub fn of(
        source: &Source,
        options: &Options,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<JoinedReport, Remark> {
        let (joined, warnings) = deployment_file::read_joined(source)?;
        if joined.mirrors.is_empty() {
            return Err(source
                .whole("nothing is joined here: this deployment has no mirror")
                .remedy("check it as a deployment of one cluster"));
        }
        let checked = check::check(&joined, options, progress);
        Ok(JoinedReport {
            file: source.file().to_owned(),
            joined,
            warnings,
            checked,
        })
    }

    /// The file, as it was named.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What was read from it.
    pub fn joined(&self) -> &Joined {
        &self.joined
    }

    /// What was found.
    pub fn checked(&self) -> &CheckedJoined {
        &self.checked
    }

    /// The row of that name.
    pub fn row(&self, name: &str) -> Option<&JoinedRow> {
        let mut rows = self.checked.rows.iter();
        rows.find(|row| row.causes.name(&self.joined) == name)
    }

    /// What is legal in the file and probably not meant.
    pub fn warnings(&self) -> &[Remark] {
        &self.warnings
    }

    /// The goals that are not met, a sentence each.
    pub fn unmet(&self) -> &[String] {
        &self.checked.unmet
    }

    /// The tables on a terminal.
    pub fn text(&self, detail: Detail) -> String {
        let tables = self.tables(detail);
        let tables: Vec<String> = tables.iter().map(Table::text).collect();
        let mut text = tables.join("\n");
        for goal in self.unmet() {
            text.push_str(&format!("not met: {goal}\n"));
        }
        text
    }

    /// The tables in an issue or a design document, and whatever there is to say about the file.
    pub fn markdown(&self, detail: Detail) -> String {
        let tables = self.tables(detail);
        let tables: Vec<String> = tables.iter().map(Table::markdown).collect();
        let mut text = tables.join("\n");
        text.push_str(&remarks_in_markdown(self.unmet(), &self.warnings));
        text
    }

    /// Demands what the file demands, for a test of your own.
    ///
    /// # Panics
    /// If a goal of the file is not met, or if it has none.
    pub fn assert_required(&self) {
        let name = format!("{} ({})", self.joined.name, self.file);
        let within = self.joined.parts.iter();
        let within = within.flat_map(|part| &part.requirements);
        let demands: usize = within.map(|demand| demand.goals().len()).sum();
        assert!(
            demands + self.joined.goals.len() > 0,
            "{name} demands nothing, so it cannot fail: add a [[require]] to the file, such as\n\n\
             [[require]]\nfault = \"dc-loss:*\"\nrpo = \"the lag\"\n"
        );
        assert!(
            self.unmet().is_empty(),
            "{name} does not meet its goals:\n\n  {}\n\n{self}",
            self.unmet().join("\n  "),
        );
    }

    fn tables(&self, detail: Detail) -> Vec<Table> {
        let mut tables = vec![self.between(detail)];
        for (part, checked) in self.joined.parts.iter().zip(&self.checked.parts) {
            tables.extend(rows::tables(part, checked, &self.file, detail));
        }
        tables
    }

    /// The table between the clusters.
    fn between(&self, detail: Detail) -> Table {
        let mirrors = (0..self.joined.mirrors.len()).map(|at| self.mirror_in_words(at));
        let title = format!(
            "{} · Kafka {} · between clusters",
            self.joined.name, self.joined.kafka
        );
        Table {
            heading: std::iter::once(title).chain(mirrors).collect(),
            columns: self.columns(),
            lines: self.lines(detail),
            notes: self.notes(),
        }
    }

    fn columns(&self) -> Vec<&'static str> {
        let counts = self.joined.counts_beside().then_some("counts");
        let columns = ["when", "RPO", "skip", "duplicates", "writers"];
        let columns = columns.into_iter().chain(counts);
        columns.chain(["what to do"]).collect()
    }

    /// `main>dr: mm2@3.9, runs in fukuoka, copies main.orders`.
    fn mirror_in_words(&self, at: usize) -> String {
        let mirror = &self.joined.mirrors[at];
        let flow = &mirror.declared.flow;
        let expansion = self.joined.expansion();
        let own = expansion.copies.iter().filter(|copy| copy.flow == at);
        let copied = own.map(|copy| {
            let [from, to] = [copy.from, copy.to].map(|place| &expansion.topics[place].name);
            match from == to {
                true => from.clone(),
                false => format!("{from} as {to}"),
            }
        });
        let copied: Vec<String> = copied.collect();
        let runs = match &mirror.runs {
            Runs::In(datacenter) => format!("runs in {datacenter}"),
            Runs::InTheTarget { connects } => {
                format!("{} connects", self.joined.parts[*connects].cluster.id)
            }
        };
        let mut words = vec![flow.tool.name().to_owned(), runs];
        if !copied.is_empty() {
            words.push(format!("copies {}", copied.join(", ")));
        }
        if flow.syncs_groups {
            words.push("syncs group offsets".into());
        }
        if flow.exactly_once {
            words.push("exactly once".into());
        }
        if flow.provenance {
            words.push("writes provenance headers".into());
        }
        format!("{}: {}", self.joined.mirror_name(at), words.join(", "))
    }

    fn lines(&self, detail: Detail) -> Vec<Line> {
        let rows = &self.checked.rows;
        if detail == Detail::All {
            let line = |row: &JoinedRow| {
                self.line(
                    in_words(&self.joined, &[&row.causes]),
                    self.cells(row),
                    self.details(row),
                )
            };
            return rows.iter().map(line).collect();
        }
        let mut folds: Vec<(Vec<String>, Vec<&Causes>)> = Vec::new();
        for row in rows {
            let cells = self.cells(row);
            match folds.iter_mut().find(|(known, _)| *known == cells) {
                Some((_, folded)) => folded.push(&row.causes),
                None => folds.push((cells, vec![&row.causes])),
            }
        }
        let folds = folds.into_iter();
        folds
            .map(|(cells, folded)| self.line(in_words(&self.joined, &folded), cells, Vec::new()))
            .collect()
    }

    fn line(&self, when: String, cells: Vec<String>, details: Vec<String>) -> Line {
        Line {
            cells: std::iter::once(when).chain(cells).collect(),
            details,
        }
    }

    fn cells(&self, row: &JoinedRow) -> Vec<String> {
        let skip = match row.kept("no-skip") {
            Kept::Silent => "-",
            Kept::Holds => "none",
            Kept::Unknown => "not known",
            Kept::NeedsFencing | Kept::NeedsDraining | Kept::Violated => "SKIPS",
        };
        let writers = match row.kept("single-writer") {
            Kept::Silent => "-",
            Kept::Holds => "one",
            Kept::Unknown => "not known",
            Kept::NeedsFencing | Kept::NeedsDraining => "needs fencing",
            Kept::Violated => "TWO",
        };
        let counts = self.joined.counts_beside().then(|| counts(row).to_owned());
        let cells = [
            self.rpo(row),
            skip.into(),
            amount(row.duplicates()),
            writers.into(),
        ];
        let cells = cells.into_iter().chain(counts);
        cells.chain([self.what_to_do(row)]).collect()
    }

    /// What is lost; where nobody has to move, what it would cost to move.
    fn rpo(&self, row: &JoinedRow) -> String {
        let lost = row.rpo();
        let forced = !self.stopped_sources(row).is_empty();
        match lost {
            Amount::Nobody | Amount::Zero | Amount::Unknown => amount(lost),
            Amount::Unbounded if !forced => "UNBOUNDED if moved".into(),
            lost if forced => amount(lost),
            lost => format!("{} if moved", amount(lost)),
        }
    }

    /// The clusters of producers that this row may stop.
    fn stopped_sources(&self, row: &JoinedRow) -> Vec<usize> {
        let mut sources: Vec<usize> = row
            .stopped(&self.joined)
            .into_iter()
            .map(|(cluster, _)| cluster)
            .filter(|cluster| self.joined.topics.iter().any(|(at, _)| at == cluster))
            .filter(|cluster| !self.targets(*cluster).is_empty())
            .collect();
        sources.dedup();
        sources
    }

    fn targets(&self, cluster: usize) -> Vec<usize> {
        let mirrors = self.joined.mirrors.iter();
        let names = mirrors.map(|mirror| &mirror.declared.names);
        let mut targets: Vec<usize> = names
            .filter(|names| names.from == cluster)
            .map(|names| names.to)
            .collect();
        targets.sort_unstable();
        targets.dedup();
        targets
    }

    /// What comes before producers may write what a link wrote.
    fn fail_links_over(&self, source: usize) -> &'static str {
        let mut mirrors = self.joined.mirrors.iter();
        let is_link = mirrors.any(|mirror| {
            mirror.declared.names.from == source && mirror.declared.flow.tool.is_link()
        });
        match is_link {
            true => "fail the link over, ",
            false => "",
        }
    }

    fn what_to_do(&self, row: &JoinedRow) -> String {
        let id = |cluster: usize| self.joined.parts[cluster].cluster.id.as_str();
        let stopped = row.stopped(&self.joined);
        let is_stopped = |cluster: &usize| stopped.iter().any(|(known, _)| known == cluster);
        let mut steps: Vec<String> = Vec::new();
        for source in self.stopped_sources(row) {
            let targets = self.targets(source);
            let left: Vec<&str> = targets
                .into_iter()
                .filter(|target| !is_stopped(target))
                .map(id)
                .collect();
            match left.is_empty() {
                true => steps.push(format!("wait for {}", id(source))),
                false => steps.push(format!(
                    "fence {}, {}move to {}",
                    id(source),
                    self.fail_links_over(source),
                    left.join(" or ")
                )),
            }
        }
        if !steps.is_empty() {
            return steps.join("; ");
        }
        let holes = ["mirror-complete", "eventual-delivery"];
        let has_holes = holes.iter().any(|name| row.kept(name) == Kept::Violated);
        match () {
            () if has_holes => "no step of the mirror mends it: copy anew".into(),
            () if !stopped.is_empty() => "wait".into(),
            () if row.kills_a_mirror(&self.joined) => "start the mirror again".into(),
            () => "-".into(),
        }
    }

    fn details(&self, row: &JoinedRow) -> Vec<String> {
        let name = row.causes.name(&self.joined);
        let mut details = vec![format!("--fault {}", quoted(&name))];
        for answer in &row.found {
            let question = &self.joined.questions[answer.question];
            let topics = question.topics.iter().map(|at| self.joined.topic_name(*at));
            let topics: Vec<String> = topics.collect();
            let whose = match question.group {
                None => topics.join(", "),
                Some(group) => {
                    let name = &self.joined.groups[group].consumers.reader.name;
                    format!("{} read by {name}", topics.join(", "))
                }
            };
            let faults = answer.effect.faults.name(&question.setting);
            let verdicts = answer.outcome.verdicts.iter();
            let violated = verdicts.filter_map(|(property, found)| match found {
                search::Found::Violated(records, history) => Some(format!(
                    "{} violated after {} with {}",
                    property.name,
                    count(history.actions.len(), "step"),
                    count(usize::from(*records), "record")
                )),
                _ => None,
            });
            let violated: Vec<String> = violated.collect();
            let violated = match violated.is_empty() {
                true => "nothing violated".to_owned(),
                false => violated.join(", "),
            };
            details.push(format!(
                "{whose}: {faults}; {}, {}: {violated}",
                count(usize::from(answer.outcome.records), "record"),
                states_in_words(answer.outcome.states)
            ));
        }
        details
    }

    fn notes(&self) -> Vec<Note> {
        let mut notes: Vec<String> = Vec::new();
        notes.push(
            "RPO: what is lost if producers are moved at the worst moment; the lag is what was \
             acknowledged and not yet copied. Duplicates: the lag is what was copied, read or translated \
             since positions were last stored."
                .into(),
        );
        if !self
            .joined
            .mirrors
            .iter()
            .any(|mirror| mirror.expires_uncopied)
        {
            notes.push(
                "Retention is taken to outlast every outage of a mirror: retention = \"shorter\" asks \
                 what if not."
                    .into(),
            );
        }
        if self.joined.counts_beside() {
            notes.push(
                "Counts: what a group adds up beside Kafka. Needs draining: once only if producers and the group are \
                 moved after the old primary is fenced and everything is copied. A database of a cluster is lost with the disks of that cluster."
                    .into(),
            );
        }
        if self.joined.kafka < Profile::V4_0 {
            notes.push(
                "Before Kafka 4.0 a leader may show a record before min ISR replicas hold it, so a mirror may \
                 copy what its source then loses: not looked at here."
                    .into(),
            );
        }
        notes.push(format!("Searched: {}", self.searched()));
        notes.push("Not a proof beyond these bounds.".into());
        let mut notes: Vec<Note> = notes.into_iter().map(Note::Sentence).collect();
        notes.extend(self.next());
        notes
    }

    fn searched(&self) -> String {
        let rows = &self.checked.rows;
        let reached: Vec<[Option<u8>; 2]> =
            rows.iter().map(|row| row.records(&self.joined)).collect();
        let range = |of: usize| {
            let known = reached.iter().filter_map(|reached| reached[of]);
            known.clone().min().zip(known.max())
        };
        let mut parts = Vec::new();
        for (of, whose) in [(0, "of what is copied"), (1, "of each group that moves")] {
            let Some((least, most)) = range(of) else {
                continue;
            };
            let records = match least == most {
                true => count(usize::from(most), "record"),
                false => format!("{least} to {}", count(usize::from(most), "record")),
            };
            parts.push(format!("{records} {whose}"));
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        format!(
            "{}, {}; every order of {} and the faults of the row.",
            count(rows.len(), "row"),
            states_in_words(self.checked.states),
            enumerated(&parts)
        )
    }

    /// The command that shows the worst.
    fn next(&self) -> Option<Note> {
        let rows = &self.checked.rows;
        let skips = rows
            .iter()
            .find(|row| row.kept("no-skip") == Kept::Violated);
        let holes = rows.iter().find(|row| row.rpo() == Amount::Unbounded);
        let (row, property) = match (skips, holes) {
            (Some(row), _) => (row, "no-skip"),
            (None, Some(row)) => (row, "rpo"),
            (None, None) => {
                let moved = rows.iter().find(|row| row.rpo() > Amount::Zero);
                (moved?, "rpo")
            }
        };
        let command = format!(
            "highwater explain {} --fault {} --property {property}",
            quoted(&self.file),
            quoted(&row.causes.name(&self.joined))
        );
        Some(Note::Command("Next:", command))
    }
}

impl fmt::Display for JoinedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Detail::Folded))
    }
}

/// The counts beside Kafka, in a word.
fn counts(row: &JoinedRow) -> &'static str {
    match row.counts() {
        (Kept::Silent, _) => "-",
        (Kept::Holds, _) => "once",
        (Kept::Unknown, _) => "not known",
        (Kept::NeedsDraining | Kept::NeedsFencing, _) => "needs draining",
        (Kept::Violated, "same-counts") => "DIFFER",
        (Kept::Violated, "one-sink-writer") => "TWICE",
        (Kept::Violated, _) => "MISSING",
    }
}

fn amount(amount: Amount) -> String {
    match amount {
        Amount::Nobody => "-".into(),
        Amount::Unbounded => "UNBOUNDED".into(),
        Amount::Unknown => "not known".into(),
        amount => amount.word(),
    }
}
