//! `highwater explain`.

use super::search::Search;
use super::{Asked, End, print, read, with_progress};
use clap::{Args, ValueEnum};
use highwater_checks::availability::{self, Service, Word};
use highwater_checks::check::{self, Cell, Options};
use highwater_checks::explain::{self, Explanation, explain};
use highwater_checks::explore::{Crew, History, Question, Until, Verdict};
use highwater_checks::fault_pattern::NoSuchRow;
use highwater_checks::joined::{self, Joined};
use highwater_checks::json::Output;
use highwater_checks::search::shortened;
use highwater_checks::subject::{self, Subject};
use highwater_checks::{Remark, Source, ladder, liveness};
use highwater_model::replication::{Property, Replication};
use highwater_vocabulary::{Deployment, Faults};
use std::path::PathBuf;

/// What `explain` is asked for.
#[derive(Args)]
pub(crate) struct Explain {
    /// A deployment, or an experiment.
    file: PathBuf,
    /// The row of a deployment, such as lag+dc-loss:north.  Without it: the first that is violated.
    #[arg(long)]
    fault: Option<String>,
    /// The cluster of a deployment with several, to look into.  Without it: what is between them.
    #[arg(long)]
    cluster: Option<String>,
    /// The topic of a deployment.  Without it: the first in which something is violated.
    #[arg(long)]
    topic: Option<String>,
    /// The property.  Without it: the first that is violated, or the headline of the experiment.
    #[arg(long)]
    property: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    search: Search,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Story,
    Json,
}

/// A violation that was found, with the model it was found in.
type Found = (Replication, &'static Property, History);

impl Explain {
    /// Answers.
    pub(crate) fn run(&self) -> Result<End, Remark> {
        let source = Source::read(&self.file)?;
        let (asked, _) = read(&source)?;
        let asked = self.within(&source, asked)?;
        let name = source.file();
        let crew = self.search.crew()?;
        let mut cut = Vec::new();
        if let Asked::Quorum(experiment) = &asked {
            return self.of_subject(&source, experiment, &crew);
        }
        if let Asked::Mirroring(experiment) = &asked {
            return self.of_subject(&source, experiment, &crew);
        }
        if let Asked::Liveness(experiment) = &asked {
            return self.of_liveness(&source, experiment);
        }
        let found = match &asked {
            Asked::Quorum(_) | Asked::Mirroring(_) | Asked::Liveness(_) => None,
            Asked::Joined(joined) => return self.between(&source, joined, &crew),
            Asked::Experiment(experiment) => {
                self.search.refuse_for_experiment(&source)?;
                for (option, given) in [("--fault", &self.fault), ("--topic", &self.topic)] {
                    if given.is_some() {
                        return Err(source
                            .whole("an experiment has one row of one topic, which its file names")
                            .remedy(format!("leave out {option}")));
                    }
                }
                let property = self
                    .property(&source, Property::ALL)?
                    .unwrap_or(experiment.headline);
                let model = Replication {
                    asked: std::slice::from_ref(property),
                    ..experiment.model.clone()
                };
                with_progress(&experiment.title, |heard| {
                    self.violation(model, &crew.heard_by(&heard.listener), &mut cut)
                })
            }
            Asked::Deployment(deployment) if self.service().is_some() => {
                return self.explain_service(&source, deployment, &crew);
            }
            Asked::Deployment(deployment) => {
                let property = self.property(&source, check::operators_properties())?;
                let rows = self.rows(&source, deployment)?;
                let topics = self.topics(&source, deployment)?;
                with_progress(&deployment.name, |heard| {
                    let options = self.search.options(2, &crew, heard);
                    in_rows(deployment, &topics, &rows, property, &options, &mut cut)
                })
            }
        };
        let Some((model, property, history)) = found else {
            print(&self.nothing(&cut));
            return Ok(End::Good);
        };
        let explanation = explain(&model, property, &history);
        print(&self.written(&explanation, name));
        Ok(End::Good)
    }

    /// What is asked, if it is about one cluster of several: that one by itself.
    fn within(&self, source: &Source, asked: Asked) -> Result<Asked, Remark> {
        let Some(id) = &self.cluster else {
            return Ok(asked);
        };
        let parts = match asked {
            Asked::Joined(joined) => joined.parts,
            _ => Vec::new(),
        };
        let ids: Vec<String> = parts.iter().map(|part| part.cluster.id.clone()).collect();
        let mut found = parts.into_iter().filter(|part| part.cluster.id == *id);
        found.next().map(Asked::Deployment).ok_or_else(|| {
            source
                .whole(format!("there is no cluster `{id}` to choose in this file"))
                .remedy(match ids.is_empty() {
                    true => "leave out --cluster".to_owned(),
                    false => format!("--cluster is one of {}", ids.join(", ")),
                })
        })
    }

    /// The shortest history behind a cell of the table between clusters.
    fn between(&self, source: &Source, joined: &Joined, crew: &Crew) -> Result<End, Remark> {
        let given = [
            ("--topic", self.topic.is_some()),
            ("--format", self.format != Format::Text),
        ];
        if let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
            return Err(source
                .whole(format!(
                    "{option} says nothing about what is between clusters"
                ))
                .remedy(format!(
                    "leave out {option}, or name a cluster with --cluster"
                )));
        }
        let known = joined::explain::names();
        if let Some(name) = self
            .property
            .as_deref()
            .filter(|name| !known.contains(name))
        {
            return Err(source
                .whole(format!("there is no property `{name}` between clusters"))
                .remedy(format!(
                    "--property is one of {}; for one of a cluster add --cluster",
                    known.join(", ")
                )));
        }
        let rows = match &self.fault {
            None => joined::cause::ladder(joined),
            Some(name) => joined::cause::rows(joined, name)
                .map_err(|NoSuchRow { what, remedy }| source.whole(what).remedy(remedy))?,
        };
        let (told, known) = with_progress(&joined.name, |heard| {
            let options = self.search.options(2, crew, heard);
            joined::explain::explain(joined, &rows, self.property.as_deref(), &options)
        });
        let cut = match known {
            true => Vec::new(),
            false => vec!["the limit on states".to_owned()],
        };
        print(&told.unwrap_or_else(|| self.nothing(&cut)));
        Ok(End::Good)
    }

    /// The service asked for, if one is.
    fn service(&self) -> Option<Service> {
        let name = self.property.as_ref()?;
        let mut services = Service::ALL.into_iter();
        services.find(|service| service.name() == name)
    }

    /// The worst state of the first row in which the service does not go on by itself.
    fn explain_service(
        &self,
        source: &Source,
        deployment: &Deployment,
        crew: &Crew,
    ) -> Result<End, Remark> {
        let rows = self.rows(source, deployment)?;
        let topics = self.topics(source, deployment)?;
        let service = self.service();
        let mut cut = Vec::new();
        let explanation = with_progress(&deployment.name, |heard| {
            let options = self.search.options(2, crew, heard);
            let mut asked = topics
                .iter()
                .flat_map(|topic| rows.iter().map(move |row| (*topic, row)));
            asked.find_map(|(topic, row)| {
                let found = availability::rows::of_row(deployment, topic, row, &options);
                let mut cells = found.cells.iter();
                let cell = cells.find(|cell| Some(cell.service) == service)?;
                match cell.word {
                    Word::Automatic => None,
                    Word::Incomplete => {
                        cut.push("the limit on states".to_owned());
                        None
                    }
                    Word::AfterHeal | Word::Manual | Word::Never => explain::stopped(cell),
                }
            })
        });
        print(&match explanation {
            Some(explanation) => self.written(&explanation, source.file()),
            None if cut.is_empty() => self.said("It goes on by itself there, within the bounds."),
            None => self.nothing(&cut),
        });
        Ok(End::Good)
    }

    /// A sentence in place of an explanation.
    fn said(&self, sentence: &str) -> String {
        match self.format {
            Format::Text => format!("{sentence}\n"),
            Format::Story => format!("# {sentence}\n"),
            Format::Json => {
                let results: Vec<serde_json::Value> = Vec::new();
                format!("{}\n", Output::new("explain", results, Vec::new()).render())
            }
        }
    }

    /// The shortest history in which a property of such a model is violated.
    fn of_subject<M: Subject>(
        &self,
        source: &Source,
        experiment: &subject::Experiment<M>,
        crew: &Crew,
    ) -> Result<End, Remark> {
        self.search.refuse_for_experiment(source)?;
        let given = [
            ("--fault", self.fault.is_some()),
            ("--topic", self.topic.is_some()),
            ("--format", self.format != Format::Text),
        ];
        if let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
            return Err(source
                .whole(format!(
                    "{option} says nothing about an experiment with {}",
                    M::THING
                ))
                .remedy(format!("leave out {option}")));
        }
        let asked = match &self.property {
            None => experiment.headline,
            Some(name) => subject::named::<M>(name).ok_or_else(|| {
                let names: Vec<_> = subject::names::<M>().collect();
                source
                    .whole(format!("{} has no property `{name}`", M::THING))
                    .remedy(format!("--property is one of {}", names.join(", ")))
            })?,
        };
        let found = with_progress(&experiment.title, |heard| {
            let model = experiment.model.clone();
            self.search.explore(model, crew, heard)
        });
        print(&experiment.explanation(&found, asked));
        Ok(End::Good)
    }

    /// A run that misses a liveness property for ever.
    fn of_liveness(
        &self,
        source: &Source,
        experiment: &liveness::experiment::Experiment,
    ) -> Result<End, Remark> {
        self.search.refuse_for_liveness(source)?;
        for (option, given) in [("--fault", &self.fault), ("--topic", &self.topic)] {
            if given.is_some() {
                return Err(source
                    .whole("an experiment has one row of one topic, which its file names")
                    .remedy(format!("leave out {option}")));
            }
        }
        let asked = match &self.property {
            None => experiment.headline,
            Some(name) => liveness::Property::named(name).ok_or_else(|| {
                let names = liveness::Property::ALL.iter().map(|known| known.name);
                let names: Vec<_> = names.collect();
                source
                    .whole(format!("there is no liveness property `{name}`"))
                    .remedy(format!("--property is one of {}", names.join(", ")))
            })?,
        };
        let found = experiment.run(self.search.states_kept());
        let explanation = match found.verdict(asked.name) {
            Some(liveness::Verdict::Violated(lasso)) => {
                explain::for_ever(&experiment.model, asked, lasso)
            }
            _ => {
                let cut: Vec<String> = found.incomplete.into_iter().collect();
                print(&self.nothing(&cut));
                return Ok(End::Good);
            }
        };
        print(&match explanation {
            Some(explanation) => self.written(&explanation, source.file()),
            None => self.said("It is violated, by a run longer than can be told in one piece."),
        });
        Ok(End::Good)
    }

    fn written(&self, explanation: &Explanation, name: &str) -> String {
        match self.format {
            Format::Text => explanation.text(name),
            Format::Story => explanation.story(),
            Format::Json => format!(
                "{}\n",
                Output::new("explain", vec![explanation.json()], Vec::new()).render()
            ),
        }
    }

    /// That no violation was found; and, if not everything was searched, why.
    fn nothing(&self, cut: &[String]) -> String {
        let sentence = match cut {
            [] => "Nothing is violated there, within the bounds.".to_owned(),
            [why] => {
                format!("Not known: nothing was found, but a search was cut short: {why}.")
            }
            [why, ..] => format!(
                "Not known: nothing was found, but {} searches were cut short, the first: {why}.",
                cut.len()
            ),
        };
        match self.format {
            Format::Text => format!("{sentence}\n"),
            Format::Story => format!("# {sentence}\n"),
            Format::Json => {
                let warnings = if cut.is_empty() {
                    Vec::new()
                } else {
                    vec![sentence]
                };
                let results: Vec<serde_json::Value> = Vec::new();
                format!("{}\n", Output::new("explain", results, warnings).render())
            }
        }
    }

    /// The property asked for, if one is.
    fn property(
        &self,
        source: &Source,
        known: &'static [Property],
    ) -> Result<Option<&'static Property>, Remark> {
        let Some(name) = &self.property else {
            return Ok(None);
        };
        let found = known.iter().find(|property| property.name == name);
        found.map(Some).ok_or_else(|| {
            let services = Service::ALL.map(Service::name);
            let services = services
                .into_iter()
                .filter(|_| known.len() < Property::ALL.len());
            let names = known.iter().map(|property| property.name);
            let names: Vec<_> = names.chain(services).collect();
            source
                .whole(format!(
                    "there is no property `{name}` to ask this file about"
                ))
                .remedy(format!("--property is one of {}", names.join(", ")))
        })
    }

    /// The topics to look at.
    fn topics(&self, source: &Source, deployment: &Deployment) -> Result<Vec<usize>, Remark> {
        let all = &deployment.cluster.topics;
        let Some(id) = &self.topic else {
            return Ok((0..all.len()).collect());
        };
        let found = all.iter().position(|topic| topic.id == *id);
        found.map(|topic| vec![topic]).ok_or_else(|| {
            let ids: Vec<_> = all.iter().map(|topic| topic.id.as_str()).collect();
            source
                .whole(format!("there is no topic `{id}` in this file"))
                .remedy(format!("--topic is one of {}", ids.join(", ")))
        })
    }

    /// The rows to look at.
    fn rows(&self, source: &Source, deployment: &Deployment) -> Result<Vec<ladder::Row>, Remark> {
        let Some(name) = &self.fault else {
            return Ok(ladder::rows(deployment));
        };
        let names = deployment.cluster.datacenters();
        let faults = Faults::parse(name, &names).map_err(|what| {
            source
                .whole(what)
                .remedy("write the fault as docs/DEPLOYMENTS.md and `highwater check --all` do")
        })?;
        Ok(vec![ladder::Row {
            faults,
            also: Vec::new(),
        }])
    }

    /// The shortest history that violates the one property a model is asked for.  If there is none and
    /// the search was cut, that is noted: it is no proof that nothing is violated.
    fn violation(&self, model: Replication, crew: &Crew, cut: &mut Vec<String>) -> Option<Found> {
        let exploration = crew.explore(Question {
            limits: self.search.limits(),
            until: Until::Violation,
            ..Question::new(model.clone())
        });
        let mut verdicts = exploration.verdicts.into_iter();
        let found = verdicts.find_map(|(property, verdict)| match verdict {
            Verdict::Violated(history) => Some((property, history)),
            _ => None,
        });
        if found.is_none() {
            cut.extend(exploration.incomplete);
        }
        found.map(|(property, history)| (model, property, history))
    }
}

/// The first violation: topic by topic, row by row, property by property.  Notes for each row in which
/// nothing was found and not everything was searched why that is.
fn in_rows(
    deployment: &Deployment,
    topics: &[usize],
    rows: &[ladder::Row],
    property: Option<&'static Property>,
    options: &Options,
    cut: &mut Vec<String>,
) -> Option<Found> {
    let share = options.states / (topics.len() * rows.len()).max(1);
    let mut asked = topics
        .iter()
        .flat_map(|topic| rows.iter().map(move |row| (*topic, row)));
    asked.find_map(|(topic, row)| {
        let mut unknown = None;
        // Most violations are near: only a row that does not show one soon gets its whole share.
        let found = [share / 8, share].into_iter().find_map(|states| {
            let options = Options {
                states: states.max(1),
                ..options.clone()
            };
            in_row(deployment, topic, row, property, &options, &mut unknown)
        });
        if found.is_none() {
            cut.extend(unknown);
        }
        found
    })
}

/// The first violation in a row; `unknown` becomes why something is not known of it, if it is not.
fn in_row(
    deployment: &Deployment,
    topic: usize,
    row: &ladder::Row,
    property: Option<&'static Property>,
    options: &Options,
    unknown: &mut Option<String>,
) -> Option<Found> {
    let one = std::slice::from_ref(row);
    let checked = check::check_rows(deployment, &[topic], one, options, &|_, _| {});
    let row = checked.into_iter().next()?;
    let of_interest = |cell: &&Cell| property.is_none_or(|asked| asked.name == cell.property.name);
    let cells = || row.cells.iter().filter(of_interest);
    let is_unknown = cells().any(|cell| cell.verdict == Verdict::Incomplete);
    let why = || {
        row.incomplete
            .clone()
            .unwrap_or_else(|| "the limit on states".into())
    };
    *unknown = is_unknown.then(why);
    let (cell, history) = cells().find_map(|cell| match &cell.verdict {
        Verdict::Violated(history) => Some((cell, history)),
        _ => None,
    })?;
    let topic = &deployment.cluster.topics[topic];
    let mut models = check::models(deployment, topic, &row.faults, options).into_iter();
    let model = models.find(|model| model.setting == cell.worst)?;
    let history = shortened(
        &model,
        cell.property,
        history,
        options.states,
        &options.crew,
    );
    Some((model, cell.property, history))
}
