//! Several processes that explore together.
//!
//! Each runs the same command on the same file, so each comes to the same explorations in the same
//! order; in these their workers act as one, and each gets the whole result.  Nothing is repaired: where
//! a process is lost the connection breaks, timely's thread for it panics, and all there is to do is to
//! begin again (see [`meaning`]).

use super::{Listener, Question, Searched, levels};
use highwater_model::replication::Replication;
use std::any::Any;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use timely::WorkerConfig;
use timely::communication::allocator::zero_copy::initialize::initialize_networking_from_sockets;
use timely::communication::allocator::{AllocatorBuilder, ProcessBuilder};
use timely::communication::{Hooks, WorkerGuards};

/// How long a process waits for the others to start.
const PATIENCE: Duration = Duration::from_secs(60);

type Job = (Arc<Question<Replication>>, Listener);

/// The threads of this process, connected with those of the others.
pub struct Cluster {
    threads: usize,
    jobs: Vec<Mutex<Sender<Job>>>,
    results: Mutex<Receiver<Searched<Replication>>>,
    // Dropped last: it waits for the threads, which wait for jobs.
    _workers: Mutex<WorkerGuards<()>>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} threads of a cluster", self.threads)
    }
}

impl Cluster {
    /// Meets the other processes: `hosts` has the address of each, this one's at the place `process`.
    ///
    /// # Errors
    /// Says who could not be reached, or where nobody could be listened for.
    pub fn join(hosts: &[String], process: usize, threads: usize) -> Result<Self, String> {
        let sockets = meet(hosts, process)?;
        let failed = |error: io::Error| format!("the connections cannot be used: {error}");
        let hooks = Hooks::default();
        let local =
            ProcessBuilder::new_typed_vector(threads, hooks.refill.clone(), hooks.spill.clone());
        let (builders, connections) =
            initialize_networking_from_sockets(local, sockets, process, threads, hooks)
                .map_err(failed)?;
        let builders = builders.into_iter().map(AllocatorBuilder::Tcp).collect();
        let (jobs, waiting): (Vec<_>, Vec<_>) = (0..threads).map(|_| channel::<Job>()).unzip();
        let waiting: Vec<_> = waiting
            .into_iter()
            .map(|jobs| Mutex::new(Some(jobs)))
            .collect();
        let (done, results) = channel();
        let done = Mutex::new(Some(done));
        let work = move |worker: &mut timely::worker::Worker| {
            let own = worker.index() % threads;
            let jobs = waiting[own].lock().ok().and_then(|mut jobs| jobs.take());
            // All find the same, so one tells.
            let done = match own {
                0 => done.lock().ok().and_then(|mut done| done.take()),
                _ => None,
            };
            for (question, listener) in jobs.into_iter().flatten() {
                let found = levels::search_on(worker, &question, &listener);
                if let Some(done) = &done {
                    done.send(found)
                        .expect("whoever asked waits for the answer");
                }
            }
        };
        let connections: Box<dyn Any + Send> = Box::new(connections);
        let workers =
            timely::execute::execute_from(builders, connections, WorkerConfig::default(), work)?;
        Ok(Cluster {
            threads,
            jobs: jobs.into_iter().map(Mutex::new).collect(),
            results: Mutex::new(results),
            _workers: Mutex::new(workers),
        })
    }

    /// How many threads of this process take part.
    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// Searches on all threads of all processes.
    pub(super) fn search(
        &self,
        question: Question<Replication>,
        listener: &Listener,
    ) -> Searched<Replication> {
        let question = Arc::new(question);
        for jobs in &self.jobs {
            let job = (Arc::clone(&question), Arc::clone(listener));
            let sent = jobs.lock().ok().and_then(|jobs| jobs.send(job).ok());
            sent.expect("a worker waits for jobs as long as there is a cluster");
        }
        let result = self
            .results
            .lock()
            .ok()
            .and_then(|results| results.recv().ok());
        result.expect("a worker of the cluster panicked")
    }
}

/// What is said where processes that should answer together were asked different things.
pub(super) const DIFFERENT: &str = "the processes of the cluster were not asked the same";

/// What a panic of this process means to somebody who runs a cluster, and what to do; nothing if it
/// is a defect of ours.
pub fn meaning(panic: &str) -> Option<(String, &'static str)> {
    if panic.contains(DIFFERENT) {
        let remedy = "start every process with the same command, on the same file";
        return Some((DIFFERENT.into(), remedy));
    }
    let (_, cause) = panic.split_once("timely communication error: ")?;
    Some((
        format!("the connection to another process of the cluster is lost ({cause})"),
        "nothing can be saved: start every process again",
    ))
}

/// A connection to every other process; none to this one.
fn meet(hosts: &[String], process: usize) -> Result<Vec<Option<TcpStream>>, String> {
    let deadline = Instant::now() + PATIENCE;
    // Those behind this one in the list connect to it, it connects to those before it.
    let address = &hosts[process];
    let listener = TcpListener::bind(address.as_str())
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|error| format!("process {process} cannot listen on {address}: {error}"))?;
    let mut sockets: Vec<Option<TcpStream>> = hosts.iter().map(|_| None).collect();
    for (other, address) in hosts.iter().enumerate().take(process) {
        let greeted = |mut stream: TcpStream| {
            stream.set_nodelay(true)?;
            stream.write_all(&(process as u64).to_be_bytes())?;
            Ok(stream)
        };
        let stream = patiently(deadline, || {
            TcpStream::connect(address.as_str()).and_then(greeted)
        });
        let stream = stream
            .map_err(|error| format!("process {other} cannot be reached at {address}: {error}"))?;
        sockets[other] = Some(stream);
    }
    while let Some(missing) = (process + 1..hosts.len()).find(|other| sockets[*other].is_none()) {
        let greeting = patiently(deadline, || {
            let (mut stream, _) = listener.accept()?;
            stream.set_nonblocking(false)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            let mut number = [0; 8];
            stream.read_exact(&mut number)?;
            stream.set_read_timeout(None)?;
            Ok((u64::from_be_bytes(number), stream))
        });
        let (number, stream) = greeting.map_err(|error| {
            format!("process {missing} has not connected to {address}: {error}")
        })?;
        let slot = usize::try_from(number)
            .ok()
            .filter(|number| *number > process);
        match slot.and_then(|number| sockets.get_mut(number)) {
            Some(slot @ None) => *slot = Some(stream),
            _ => {
                return Err(format!(
                    "somebody who says to be process {number} has connected to {address}"
                ));
            }
        }
    }
    Ok(sockets)
}

/// Tries until it succeeds, or the time is over.
fn patiently<T>(deadline: Instant, mut step: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match step() {
            Ok(done) => return Ok(done),
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}
