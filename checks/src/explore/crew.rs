//! Who explores: threads of this process, or a cluster of processes; and what they may take.

use super::cluster::Cluster;
use super::{Exploration, Listener, Question, explored, silently, told};
use highwater_model::replication::Replication;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Who explores.  The results do not depend on it, except where memory or time runs out.
#[derive(Clone)]
pub struct Crew {
    hands: Hands,
    /// Bytes that this process may take for what is seen and still to be expanded.
    pub bytes: Option<usize>,
    /// When everything has to be over, and how long that was from the start.
    pub deadline: Option<(Instant, Duration)>,
    listener: Listener,
}

#[derive(Clone)]
enum Hands {
    Threads(usize),
    Cluster(Arc<Cluster>),
}

impl Default for Crew {
    /// A thread a core.
    fn default() -> Self {
        Crew::of(std::thread::available_parallelism().map_or(1, usize::from))
    }
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hands {
            Hands::Threads(threads) => write!(f, "{threads} threads"),
            Hands::Cluster(cluster) => write!(f, "{cluster:?}"),
        }
    }
}

impl Crew {
    /// So many threads of this process.
    pub fn of(threads: usize) -> Self {
        Crew::with(Hands::Threads(threads.max(1)))
    }

    /// All threads of all processes of a cluster.  Every process must ask for the same explorations in
    /// the same order.
    pub fn of_cluster(cluster: Cluster) -> Self {
        Crew::with(Hands::Cluster(Arc::new(cluster)))
    }

    fn with(hands: Hands) -> Self {
        Crew {
            hands,
            bytes: None,
            deadline: None,
            listener: silently(),
        }
    }

    /// The same crew, with somebody who hears how far each exploration has come.
    pub fn heard_by(&self, listener: &Listener) -> Self {
        Crew {
            listener: Arc::clone(listener),
            ..self.clone()
        }
    }

    /// How many threads of this process take part.
    pub fn threads(&self) -> usize {
        match &self.hands {
            Hands::Threads(threads) => *threads,
            Hands::Cluster(cluster) => cluster.threads(),
        }
    }

    /// Explores one model, all hands together.
    pub fn explore(&self, question: Question<Replication>) -> Exploration {
        match &self.hands {
            Hands::Threads(threads) => self.by_threads(question, *threads, 1),
            Hands::Cluster(cluster) => {
                let question = self.limited(question, cluster.threads(), 1);
                let (model, limits) = (question.model.clone(), question.limits);
                told(&model, limits, cluster.search(question, &self.listener))
            }
        }
    }

    /// Explores every model; the answers come in the order of the questions.  Threads take a model each
    /// as long as there are enough; the last few have more of them.
    pub fn explore_all(
        &self,
        questions: Vec<Question<Replication>>,
        finished: &(dyn Fn(usize) + Sync),
    ) -> Vec<Exploration> {
        let side_by_side = match &self.hands {
            Hands::Threads(threads) => (*threads).min(questions.len()),
            Hands::Cluster(_) => 1,
        };
        if side_by_side <= 1 {
            let numbered = questions.into_iter().enumerate();
            let explored = numbered.map(|(number, question)| {
                let exploration = self.explore(question);
                finished(number + 1);
                exploration
            });
            return explored.collect();
        }
        self.side_by_side(questions, side_by_side, finished)
    }

    fn side_by_side(
        &self,
        questions: Vec<Question<Replication>>,
        lanes: usize,
        finished: &(dyn Fn(usize) + Sync),
    ) -> Vec<Exploration> {
        let Hands::Threads(threads) = self.hands else {
            unreachable!("a cluster explores one model after the other");
        };
        let answer = |question| self.by_threads(question, threads / lanes, lanes);
        in_lanes(questions, lanes, answer, finished)
    }

    fn by_threads(
        &self,
        question: Question<Replication>,
        threads: usize,
        lanes: usize,
    ) -> Exploration {
        explored(
            self.limited(question, threads, lanes),
            self.listener.clone(),
        )
    }

    /// The question, within what this crew may take; `lanes` of them are answered at a time.
    fn limited(
        &self,
        question: Question<Replication>,
        threads: usize,
        lanes: usize,
    ) -> Question<Replication> {
        let mut limits = question.limits;
        limits.bytes = self.bytes.or(limits.bytes);
        limits.deadline = self.deadline.or(limits.deadline);
        Question {
            limits,
            workers: threads.max(1),
            lanes,
            ..question
        }
    }
}

/// Answers every question, so many at a time on a thread each; the answers come in the order of the
/// questions.  `finished` hears how many are done.
pub(crate) fn in_lanes<Q: Send, A: Send>(
    questions: Vec<Q>,
    lanes: usize,
    answer: impl Fn(Q) -> A + Sync,
    finished: &(dyn Fn(usize) + Sync),
) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let slots: Vec<_> = questions
        .into_iter()
        .map(|question| Mutex::new((Some(question), None)))
        .collect();
    std::thread::scope(|scope| {
        for _ in 0..lanes.min(slots.len()) {
            scope.spawn(|| {
                while let Some(slot) = slots.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let question = slot.lock().ok().and_then(|mut slot| slot.0.take());
                    let question = question.expect("every question is asked once");
                    let answered = answer(question);
                    if let Ok(mut slot) = slot.lock() {
                        slot.1 = Some(answered);
                    }
                    finished(done.fetch_add(1, Ordering::Relaxed) + 1);
                }
            });
        }
    });
    let answers = slots
        .into_iter()
        .map(|slot| slot.into_inner().ok().and_then(|(_, answer)| answer));
    answers
        .map(|answer| answer.expect("every question is answered"))
        .collect()
}
