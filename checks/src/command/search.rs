//! How a command searches: who does it, how far, and what it may take.

use super::Heard;
use bytesize::ByteSize;
use clap::{Args, ValueEnum};
use highwater_checks::check::{Options, Steps};
use highwater_checks::explore::cluster::{self, Cluster};
use highwater_checks::explore::{Crew, Limits, Question};
use highwater_checks::subject::{self, Exploration, Subject};
use highwater_checks::{Remark, Source, liveness};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How a search is done.
#[derive(Args)]
pub(crate) struct Search {
    /// Threads that search, by default one a core; the results do not depend on it.
    #[arg(long)]
    workers: Option<usize>,
    #[arg(long, help = format!(
        "States that the search of a deployment, or of an experiment, may generate altogether, by \
         default {}",
        Options::default().states
    ))]
    max_states: Option<usize>,
    /// What this process may take for the states it has seen and has still to expand, such as 8GiB.
    #[arg(long)]
    max_memory: Option<ByteSize>,
    /// How long the search may take, such as 10m.
    #[arg(long, value_parser = humantime::parse_duration)]
    max_time: Option<Duration>,
    /// The candidate defects as Kafka's source has them, instead of repaired.
    #[arg(long)]
    as_source: bool,
    /// How large the steps of the search may be; both, if absent.
    #[arg(long, value_enum)]
    grain: Option<Grain>,
    /// Search together with other processes, which run the same command: a file with the address of
    /// each, host:port, one a line.
    #[arg(long, requires = "process")]
    hosts: Option<PathBuf>,
    /// Which of them this one is, from 0 on.
    #[arg(long, requires = "hosts")]
    process: Option<usize>,
}

/// How large steps are.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Grain {
    /// Metadata, ISR changes, datacenters and fetches are taken in whole steps: less to search, and
    /// what happens within a step is not seen.
    Coarse,
    /// One event at a time.
    Fine,
}

impl Search {
    /// Who searches.  Where it is a cluster, this waits for the other processes.
    pub(crate) fn crew(&self) -> Result<Crew, Remark> {
        let usual = Crew::default();
        let mut crew = match (&self.hosts, self.process) {
            (Some(hosts), Some(process)) => {
                let source = Source::read(hosts)?;
                let hosts = addresses(&source)?;
                Crew::of_cluster(self.join(&source, &hosts, process)?)
            }
            _ => self.workers.map_or(usual, Crew::of),
        };
        crew.bytes = self.max_memory.map(|bytes| bytes.as_u64() as usize);
        crew.deadline = self
            .max_time
            // An end that no clock will ever show is none.
            .and_then(|allowed| Some((Instant::now().checked_add(allowed)?, allowed)));
        Ok(crew)
    }

    fn join(&self, source: &Source, hosts: &[String], process: usize) -> Result<Cluster, Remark> {
        if process >= hosts.len() {
            return Err(source
                .whole(format!(
                    "--process is {process}, and this file has {} addresses",
                    hosts.len()
                ))
                .remedy("--process is the number of the line, counted from 0"));
        }
        end_with_a_lost_process();
        let threads = self.workers.unwrap_or(1).max(1);
        Cluster::join(hosts, process, threads).map_err(|what| {
            source.whole(what).remedy(
                "start the command once for every line of this file, each with its own --process",
            )
        })
    }

    /// The options for a deployment; `records` where the file says nothing.
    pub(crate) fn options(&self, records: u8, crew: &Crew, heard: &Heard) -> Options {
        let usual = Options::default();
        Options {
            states: self.max_states.unwrap_or(usual.states),
            crew: crew.heard_by(&heard.listener),
            records,
            as_source: self.as_source,
            steps: match self.grain {
                None => Steps::Both,
                Some(Grain::Coarse) => Steps::Coarse,
                Some(Grain::Fine) => Steps::Fine,
            },
        }
    }

    /// How far an experiment is searched.
    pub(crate) fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            generated: self.max_states.unwrap_or(usual.generated),
            ..usual
        }
    }

    /// How many states an experiment about liveness may come to: all of them are kept, with the steps
    /// between them.
    pub(crate) fn states_kept(&self) -> usize {
        self.max_states.unwrap_or(liveness::MOST_STATES)
    }

    /// Refuses what an experiment about liveness would pay no heed to: one thread searches it, as far as
    /// so many states.
    pub(crate) fn refuse_for_liveness(&self, source: &Source) -> Result<(), Remark> {
        self.refuse_for_experiment(source)?;
        let given = [
            ("--workers", self.workers.is_some()),
            ("--max-memory", self.max_memory.is_some()),
            ("--max-time", self.max_time.is_some()),
            ("--hosts", self.hosts.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((option, _)) => Err(source
                .whole(format!(
                    "{option} says nothing about an experiment about liveness"
                ))
                .remedy(format!(
                    "leave out {option}; --max-states says how far it is searched"
                ))),
        }
    }

    /// What a question about a model with properties of its own comes to.
    ///
    /// The threads of this process explore it; a cluster has no use for spaces so small.
    pub(crate) fn explore<M: Subject>(
        &self,
        model: M,
        crew: &Crew,
        heard: &Heard,
    ) -> Exploration<M> {
        let usual = std::thread::available_parallelism().map_or(1, usize::from);
        let question = Question {
            workers: self.workers.unwrap_or(usual).max(1),
            limits: Limits {
                bytes: crew.bytes,
                deadline: crew.deadline,
                ..self.limits()
            },
            ..Question::new(model)
        };
        subject::answered(question, Arc::clone(&heard.listener))
    }

    /// Refuses what an experiment would pay no heed to.
    pub(crate) fn refuse_for_experiment(&self, source: &Source) -> Result<(), Remark> {
        let given = [
            ("--as-source", self.as_source),
            ("--grain", self.grain.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((option, _)) => Err(source
                .whole(format!(
                    "{option} is for deployments, and this is an experiment"
                ))
                .remedy(format!(
                    "leave out {option}: an experiment is searched as its file says"
                ))),
        }
    }
}

/// The addresses of a file, one a line.
fn addresses(source: &Source) -> Result<Vec<String>, Remark> {
    let mut addresses: Vec<String> = Vec::new();
    for (number, line) in source.text().lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let wrong = |what: String| {
            let remark = source.line(number + 1, what);
            Err(remark.remedy("write host:port, such as node-1:2101, one process a line"))
        };
        let port = line
            .rsplit_once(':')
            .map(|(host, port)| (host, port.parse::<u16>()));
        match port {
            Some((host, Ok(1..))) if !host.is_empty() => {}
            _ => return wrong(format!("`{line}` is no address")),
        }
        if addresses.iter().any(|known| known == line) {
            return wrong(format!("`{line}` is the address of two processes"));
        }
        addresses.push(line.to_owned());
    }
    match addresses.is_empty() {
        false => Ok(addresses),
        true => Err(source
            .whole("this file has no address")
            .remedy("write host:port, one process a line")),
    }
}

/// From here on a panic ends the process at once: what is left of a cluster would wait for ever for
/// whoever is lost.
fn end_with_a_lost_process() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let said = panic.payload();
        let said = said
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| said.downcast_ref::<&str>().copied());
        match said.and_then(cluster::meaning) {
            Some((what, remedy)) => eprintln!("error: {what}\n = help: {remedy}"),
            None => usual(panic),
        }
        std::process::exit(2);
    }));
}
