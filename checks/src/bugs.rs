//! Known bugs of Kafka, found again.
//!
//! A model is believed when it finds what history found.  `bugs.toml` has the bugs: each names the shipped
//! experiment in which it breaks a property, and what mends it.  Both are explored whenever somebody asks:
//! the bug must be found with the shortest history there is, and in the same bounds with the mend it must
//! be absent, the property holding in a space that was exhausted.
//!
//! A bug that cannot be found here has the reason instead.

use crate::explore::Crew;
use crate::grounds::{self, Found, Grounds, Verdict};
use highwater_model::replication::Switches;
use highwater_vocabulary::Profile;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The table, as it is written down.
const TABLE: &str = include_str!("../bugs.toml");

/// A bug that somebody has found in Kafka.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bug {
    /// As experiments call it: `B11`.
    pub id: String,
    /// The issues and KIPs that tell of it.
    pub issue: String,
    /// What goes wrong, in a line.
    pub title: String,
    /// Which Kafka versions have it, as far as their sources or issues say.
    pub versions: String,
    /// How it is found, or why not.
    pub answer: Answer,
}

/// Whether a bug is found again.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// By an experiment.
    Found(Finding),
    /// Nobody looks for it, and this is why: what would have to be modelled, or that nothing is lost by it.
    NotLookedFor(String),
}

/// How a bug is found.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The experiment that has it, by its path under `checks/experiments` without ending.
    pub experiment: String,
    /// The property that it breaks; that experiment's headline if nothing is said.
    pub property: Option<String>,
    /// What makes it go away.
    pub mend: Mend,
}

/// What makes a bug go away.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mend {
    /// These switches the other way round, these guards in force.
    Switches(Vec<String>),
    /// Another Kafka.
    Kafka(#[serde(deserialize_with = "profile")] Profile),
    /// What another experiment has, in the same bounds.
    Experiment(String),
}

fn profile<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Profile, D::Error> {
    let name = String::deserialize(from)?;
    let mut every = Profile::ALL.into_iter();
    let found = every.find(|known| known.name() == name);
    found.ok_or_else(|| serde::de::Error::custom(format!("there is no Kafka {name}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    bug: Vec<Bug>,
}

/// Every bug, in the order of their numbers.
///
/// # Panics
/// If the table that was built in is broken; `tests/bugs.rs` reads it.
pub fn bugs() -> Vec<Bug> {
    let file: File = toml::from_str(TABLE).unwrap_or_else(|error| panic!("bugs.toml: {error}"));
    let mut bugs = file.bug;
    for bug in &mut bugs {
        if let Answer::NotLookedFor(why) = &mut bug.answer {
            *why = why.split_whitespace().collect::<Vec<_>>().join(" ");
        }
    }
    bugs
}

/// A bug, and whether it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judged {
    /// The bug.
    pub bug: Bug,
    /// What the explorations came to, if it can be found at all.
    pub hunt: Option<Hunt>,
}

/// What was found of a bug, with it and without it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hunt {
    /// The property that it breaks.
    pub property: &'static str,
    /// The versions among those that are modelled that have it, if it hangs on a switch of theirs.
    pub profiles: Vec<Profile>,
    /// What the property comes to with it, and among how many states.
    pub with: (Verdict, usize),
    /// What the property comes to without it, and among how many states.
    pub without: (Verdict, usize),
    /// What else came out otherwise than the experiment says.
    pub differences: Vec<String>,
}

impl Hunt {
    /// The shortest history.
    pub fn history(&self) -> &[String] {
        match &self.with.0 {
            Verdict::Violated(history) => history,
            Verdict::Word(_) => &[],
        }
    }

    fn is_as_expected(&self) -> bool {
        !self.history().is_empty() && self.without.0.holds() && self.differences.is_empty()
    }
}

impl Judged {
    /// Whether it was found, and not without it; or is not looked for.
    pub fn is_ok(&self) -> bool {
        self.hunt.as_ref().is_none_or(Hunt::is_as_expected)
    }
}

/// Looks for these bugs, one after the other.  `progress` hears how many are done, and of how many.
///
/// # Panics
/// If a bug names an experiment, a property, a switch or a guard that is not there; `tests/bugs.rs` looks.
pub fn judge(bugs: &[Bug], crew: &Crew, progress: &dyn Fn(usize, usize)) -> Vec<Judged> {
    let mut explored = BTreeMap::new();
    let judged = bugs.iter().enumerate().map(|(done, bug)| {
        progress(done, bugs.len());
        let hunt = match &bug.answer {
            Answer::Found(finding) => Some(hunt(finding, &mut explored, crew)),
            Answer::NotLookedFor(_) => None,
        };
        Judged {
            bug: bug.clone(),
            hunt,
        }
    });
    judged.collect()
}

/// What is explored for several bugs is explored once.
fn hunt(finding: &Finding, explored: &mut BTreeMap<String, Found>, crew: &Crew) -> Hunt {
    let path = &finding.experiment;
    let experiment = shipped(path);
    let named = finding.property.as_deref();
    let property = named.unwrap_or(experiment.headline());
    let with = explored.entry(path.clone());
    let with = with.or_insert_with(|| experiment.explored(crew));
    let verdict = |found: &Found| {
        let mut verdicts = found.verdicts.iter();
        let found = verdicts.find(|(name, _)| *name == property);
        found
            .cloned()
            .unwrap_or_else(|| panic!("{path} has no {property}"))
    };
    let (property, broken) = verdict(with);
    let (with, mut differences) = ((broken, with.states), with.differences.clone());
    let profiles = match &finding.mend {
        Mend::Switches(switches) => match &switches[..] {
            [one] => experiment.versions_with(one),
            _ => Vec::new(),
        },
        Mend::Kafka(_) | Mend::Experiment(_) => Vec::new(),
    };
    let mended = mended(experiment, &finding.mend);
    let mended = mended.unwrap_or_else(|| panic!("{path} cannot be mended by {:?}", finding.mend));
    let without = mended.explored(crew);
    // Of a question that was changed here, the file says nothing but the property.
    if let Mend::Experiment(_) = finding.mend {
        differences.extend(without.differences.iter().cloned());
    }
    Hunt {
        property,
        profiles,
        with,
        without: (verdict(&without).1, without.states),
        differences,
    }
}

/// The same question without the bug.
fn mended(experiment: Grounds, mend: &Mend) -> Option<Grounds> {
    match mend {
        Mend::Switches(switches) => {
            let mut switches = switches.iter();
            switches.try_fold(experiment, |experiment, switch| experiment.with(switch))
        }
        Mend::Kafka(kafka) => experiment.of_version(*kafka),
        Mend::Experiment(path) => {
            let mended = shipped(path);
            mended.has_the_bounds_of(&experiment).then_some(mended)
        }
    }
}

fn shipped(path: &str) -> Grounds {
    grounds::shipped()
        .remove(path)
        .unwrap_or_else(|| panic!("there is no experiment {path}"))
}

impl Mend {
    /// What it is, in words.
    fn phrase(&self) -> String {
        match self {
            Mend::Switches(switches) => {
                let phrases = switches.iter().map(|name| match Switches::sentence(name) {
                    Some(_) => format!("{name} the other way round"),
                    None => format!("{name} in force"),
                });
                phrases.collect::<Vec<_>>().join(", ")
            }
            Mend::Kafka(kafka) => format!("Kafka {kafka}"),
            Mend::Experiment(path) => format!("checks/experiments/{path}.toml"),
        }
    }
}

/// For a terminal: each bug, where it was found and where not, with its shortest history if that is asked
/// for, and a line that counts.
pub fn text(judged: &[Judged], with_histories: bool) -> String {
    let mut text = String::new();
    for Judged { bug, hunt } in judged {
        let _ = writeln!(text, "{:4} {}", bug.id, bug.title);
        let _ = writeln!(text, "     {}; {}", bug.issue, bug.versions);
        match (&bug.answer, hunt) {
            (Answer::NotLookedFor(why), _) => {
                let why_not = format!("not looked for: {why}");
                let _ = writeln!(text, "{}", indented(&why_not));
            }
            (Answer::Found(finding), Some(hunt)) => {
                tell(&mut text, finding, hunt);
                for event in hunt.history().iter().filter(|_| with_histories) {
                    let _ = writeln!(text, "         {event}");
                }
            }
            (Answer::Found(_), None) => {}
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}", counted(judged));
    text
}

fn tell(text: &mut String, finding: &Finding, hunt: &Hunt) {
    let (verdict, states) = &hunt.with;
    let _ = writeln!(
        text,
        "     found:  {} {verdict} in checks/experiments/{}.toml, {states} states",
        hunt.property, finding.experiment
    );
    let (verdict, states) = &hunt.without;
    let _ = writeln!(
        text,
        "     absent: {} {verdict} with {}, {states} states",
        hunt.property,
        finding.mend.phrase()
    );
    if !hunt.profiles.is_empty() {
        let _ = writeln!(
            text,
            "     of the versions modelled: {}",
            listed(&hunt.profiles)
        );
    }
    if !hunt.is_as_expected() {
        let _ = writeln!(
            text,
            "     NOT as the table says {}",
            hunt.differences.join("; ")
        );
    }
}

fn listed(profiles: &[Profile]) -> String {
    let names = profiles.iter().map(|profile| profile.name());
    names.collect::<Vec<_>>().join(", ")
}

fn indented(paragraph: &str) -> String {
    let options = textwrap::Options::new(100)
        .initial_indent("     ")
        .subsequent_indent("     ")
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(paragraph, options)
}

/// For a page: a table.
pub fn markdown(judged: &[Judged]) -> String {
    let mut text =
        "| | bug | versions | found by | absent with |\n|---|---|---|---|---|\n".to_owned();
    for Judged { bug, hunt } in judged {
        let (found, absent) = match (&bug.answer, hunt) {
            (Answer::Found(finding), Some(hunt)) => (
                format!(
                    "`{}`: {} {} ({} states)",
                    finding.experiment, hunt.property, hunt.with.0, hunt.with.1
                ),
                format!(
                    "{}: {} ({} states)",
                    finding.mend.phrase(),
                    hunt.without.0,
                    hunt.without.1
                ),
            ),
            (Answer::NotLookedFor(why), _) => (format!("not looked for: {why}"), String::new()),
            (Answer::Found(_), None) => Default::default(),
        };
        let _ = writeln!(
            text,
            "| {} | {} ({}) | {} | {found} | {absent} |",
            bug.id, bug.title, bug.issue, bug.versions
        );
    }
    let _ = writeln!(text, "\n{}", counted(judged));
    text
}

fn counted(judged: &[Judged]) -> String {
    let looked_for = judged.iter().filter_map(|judged| judged.hunt.as_ref());
    let (found, missed): (Vec<_>, Vec<_>) = looked_for.partition(|hunt| hunt.is_as_expected());
    let others = judged.len() - found.len() - missed.len();
    let mut text = format!(
        "{} bugs: {} found, each absent without it; {others} not looked for.",
        judged.len(),
        found.len()
    );
    if !missed.is_empty() {
        let _ = write!(text, " {} NOT as the table says.", missed.len());
    }
    text
}

/// A bug, for a program.  The field names are a contract.
#[derive(Serialize)]
pub struct BugResult {
    id: String,
    issue: String,
    title: String,
    versions: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    experiment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    switch: Option<String>,
    profiles: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    property: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    absent_without: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_not: Option<String>,
    ok: bool,
}

/// A judged bug, for a program.
pub fn result(judged: &Judged) -> BugResult {
    let Bug {
        id,
        issue,
        title,
        versions,
        answer,
    } = judged.bug.clone();
    let (finding, why_not) = match answer {
        Answer::Found(finding) => (Some(finding), None),
        Answer::NotLookedFor(why) => (None, Some(why)),
    };
    let hunt = judged.hunt.as_ref();
    let profiles = hunt.map_or(&[][..], |hunt| &hunt.profiles);
    BugResult {
        id,
        issue,
        title,
        versions,
        switch: finding.as_ref().map(|finding| match &finding.mend {
            Mend::Switches(names) => names.join(", "),
            other => other.phrase(),
        }),
        experiment: finding
            .map(|finding| format!("checks/experiments/{}.toml", finding.experiment)),
        profiles: profiles.iter().map(|profile| profile.name()).collect(),
        property: hunt.map(|hunt| hunt.property),
        steps: hunt.map(|hunt| hunt.history().len()),
        absent_without: hunt.map(|hunt| hunt.without.0.holds()),
        why_not,
        ok: judged.is_ok(),
    }
}
