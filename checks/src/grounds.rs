//! What tables rest on: the shipped experiments, whatever they are about.
//!
//! A claim, an answer of the page that helps to choose, and a known bug all say "this comes out"; here
//! is what comes out, in one shape for every kind of experiment.

use crate::experiment::{self, Expected, Experiment};
use crate::explore::{Crew, Question, silently};
use crate::liveness::{self, Liveness};
use crate::subject::{self, Subject};
use crate::{explore, mirroring, quorum, shipped};
use highwater_model::mirroring::{self as mirrors, Mirroring};
use highwater_model::quorum::{self as voters, Quorum};
use highwater_model::replication::{self, Guard, GuardSet, Replication, Variant};
use highwater_vocabulary::Profile;
use std::collections::BTreeMap;
use std::fmt;

/// An experiment that a table may rest on.
pub enum Grounds {
    /// With one partition.
    Replication(Box<Experiment>),
    /// With one partition, about what comes about in the end.
    Liveness(Box<liveness::experiment::Experiment>),
    /// With a metadata quorum.
    Quorum(Box<quorum::Experiment>),
    /// With clusters joined by mirrors.
    Mirroring(Box<mirroring::Experiment>),
}

/// A piece of evidence, as it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// An experiment's file, or a survey's name.
    pub of: String,
    /// What had to come out.
    pub expected: String,
    /// What came out.
    pub found: String,
    /// Whether that is the same.
    pub ok: bool,
}

/// What an exploration found, in the words of the tables.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// How many different states there are.
    pub states: usize,
    /// Each property that was asked.
    pub verdicts: Vec<(&'static str, Verdict)>,
    /// What came out otherwise than the file says.
    pub differences: Vec<String>,
}

/// What a property came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It holds, is silent, or is not known: the word for it.
    Word(&'static str),
    /// It is violated at the end of this history, a line an event.
    Violated(Vec<String>),
}

impl Verdict {
    /// Whether it holds, and says something.
    pub fn holds(&self) -> bool {
        *self == Verdict::Word("holds")
    }

    fn is_silent(&self) -> bool {
        *self == Verdict::Word("silent")
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Word(word) => f.write_str(word),
            Verdict::Violated(history) => write!(f, "violated after {} events", history.len()),
        }
    }
}

impl Found {
    /// What a property came to, if it was asked.
    pub fn verdict(&self, property: &str) -> Option<&Verdict> {
        let mut verdicts = self.verdicts.iter();
        let (_, verdict) = verdicts.find(|(name, _)| *name == property)?;
        Some(verdict)
    }
}

/// Every experiment that a table may rest on, by its path under `checks/experiments` without ending.
///
/// # Panics
/// If one of them is broken; `tests/claims.rs` reads them all.
pub fn shipped() -> BTreeMap<String, Grounds> {
    let replication = shipped::experiments().into_iter();
    let replication = replication.map(|(path, one)| (path, Grounds::Replication(Box::new(one))));
    let liveness = shipped::liveness_experiments().into_iter();
    let liveness = liveness.map(|(path, one)| (path, Grounds::Liveness(Box::new(one))));
    let quorum = shipped::quorum_experiments().into_iter();
    let quorum = quorum.map(|(path, one)| (path, Grounds::Quorum(Box::new(one))));
    let mirroring = shipped::mirroring_experiments().into_iter();
    let mirroring = mirroring.map(|(path, one)| (path, Grounds::Mirroring(Box::new(one))));
    let one_partition = replication.chain(liveness);
    one_partition.chain(quorum).chain(mirroring).collect()
}

impl Grounds {
    /// The property that answers its question.
    pub fn headline(&self) -> &'static str {
        match self {
            Grounds::Replication(one) => one.headline.name,
            Grounds::Liveness(one) => one.headline.name,
            Grounds::Quorum(one) => Quorum::name(one.headline),
            Grounds::Mirroring(one) => Mirroring::name(one.headline),
        }
    }

    /// The claims that its file names.  One with mirrors names them among its sources.
    pub fn claims(&self) -> Vec<String> {
        match self {
            Grounds::Replication(one) => one.claims.clone(),
            Grounds::Liveness(_) | Grounds::Quorum(_) => Vec::new(),
            Grounds::Mirroring(one) => {
                let sources = one.source.iter().flat_map(|source| source.split(','));
                let sources = sources.map(str::trim);
                sources
                    .filter(|word| is_claim(word))
                    .map(str::to_owned)
                    .collect()
            }
        }
    }

    /// The known bugs that its file names, by their numbers; one with mirrors, or about the quorum, has the
    /// issues among its sources.
    pub fn bugs(&self) -> &[String] {
        match self {
            Grounds::Replication(one) => &one.bugs,
            Grounds::Liveness(one) => &one.bugs,
            Grounds::Quorum(one) => &one.source,
            Grounds::Mirroring(one) => &one.source,
        }
    }

    /// Whether it knows a property of that name.
    pub fn knows(&self, property: &str) -> bool {
        match self {
            Grounds::Replication(_) => replication::Property::named(property).is_some(),
            Grounds::Liveness(_) => liveness::Property::named(property).is_some(),
            Grounds::Quorum(_) => subject::named::<Quorum>(property).is_some(),
            Grounds::Mirroring(_) => subject::named::<Mirroring>(property).is_some(),
        }
    }

    /// What its file says must come out for a property, if it says anything.
    fn expected(&self, property: &str) -> Option<Expected> {
        fn of<P>(expected: &[(&'static P, Expected)], is: impl Fn(&P) -> bool) -> Option<Expected> {
            let mut expected = expected.iter();
            expected
                .find(|(known, _)| is(known))
                .map(|(_, expected)| *expected)
        }
        match self {
            Grounds::Replication(one) => of(&one.expected, |known| known.name == property),
            Grounds::Liveness(one) => of(&one.expected, |known| known.name == property),
            Grounds::Quorum(one) => of(&one.expected, |known| Quorum::name(known) == property),
            Grounds::Mirroring(one) => {
                of(&one.expected, |known| Mirroring::name(known) == property)
            }
        }
    }

    /// Explores it.
    pub fn explored(&self, crew: &Crew) -> Found {
        match self {
            Grounds::Replication(one) => of_partition(one, crew),
            Grounds::Liveness(one) => in_the_end(one),
            Grounds::Quorum(one) => {
                of_subject(one, crew, |model, event| event.line(&model.setting))
            }
            Grounds::Mirroring(one) => {
                of_subject(one, crew, |model, event| event.line(&model.setting))
            }
        }
    }

    /// What it shows of a property, given what was found.  Whatever else differs from its file spoils
    /// it as well, and a property that says nothing shows nothing, unless that was expected.
    pub fn shows(&self, path: &str, property: &str, found: &Found) -> Evidence {
        let expected = self.expected(property);
        let verdict = found.verdict(property);
        let is_silent = verdict.is_some_and(Verdict::is_silent);
        let is_empty = is_silent && expected != Some(Expected::Silent);
        let ok = found.differences.is_empty() && verdict.is_some() && !is_empty;
        let says = verdict.map_or("not asked".to_owned(), Verdict::to_string);
        let expected = expected.map_or("nothing".to_owned(), |expected| expected.to_string());
        Evidence {
            of: format!("checks/experiments/{path}.toml"),
            expected: format!("{property} {expected}"),
            found: match found.differences.is_empty() {
                true => format!("{property} {says}, {} states", found.states),
                false => found.differences.join("; "),
            },
            ok,
        }
    }

    /// The same question with one switch the other way round, or with one guard in force: one that was
    /// waived, or with mirrors one that their tool lacks.  None if there is nothing of the kind.
    ///
    /// What must come out is no longer said.
    pub fn with(mut self, switch: &str) -> Option<Grounds> {
        let turned = match &mut self {
            Grounds::Replication(one) => turn(&mut one.model.variant, switch),
            Grounds::Liveness(one) => turn(&mut one.model.variant, switch),
            Grounds::Quorum(one) => {
                let waived = &mut one.model.variant.waived;
                let guard = switch.parse().ok().filter(|guard| waived.contains(*guard));
                guard.map(|guard: voters::Guard| {
                    *waived = waived.iter().filter(|other| *other != guard).collect();
                })
            }
            Grounds::Mirroring(one) => {
                let variant = &mut one.model.variant;
                let guard: Option<mirrors::Guard> = switch.parse().ok();
                guard.map(|guard| match variant.waived.contains(guard) {
                    true => {
                        let others = variant.waived.iter();
                        variant.waived = others.filter(|other| *other != guard).collect();
                    }
                    false => variant.restored = variant.restored.with(guard),
                })
            }
        };
        turned?;
        self.forget_what_must_come_out();
        Some(self)
    }

    /// The same question about another Kafka; none if it is not about a partition.
    ///
    /// What must come out is no longer said.
    pub fn of_version(mut self, kafka: Profile) -> Option<Grounds> {
        let model = match &mut self {
            Grounds::Replication(one) => &mut one.model,
            Grounds::Liveness(one) => &mut one.model,
            Grounds::Quorum(_) | Grounds::Mirroring(_) => return None,
        };
        model.setting.kafka = kafka;
        model.variant = Variant {
            switches: Variant::of(kafka).switches,
            ..model.variant
        };
        self.forget_what_must_come_out();
        Some(self)
    }

    fn forget_what_must_come_out(&mut self) {
        match self {
            Grounds::Replication(one) => (one.expected, one.states) = (Vec::new(), None),
            Grounds::Liveness(one) => (one.expected, one.states) = (Vec::new(), None),
            Grounds::Quorum(one) => (one.expected, one.states) = (Vec::new(), None),
            Grounds::Mirroring(one) => (one.expected, one.states) = (Vec::new(), None),
        }
    }

    /// Whether as much may happen here as there.
    pub fn has_the_bounds_of(&self, other: &Grounds) -> bool {
        match (self, other) {
            (Grounds::Replication(one), Grounds::Replication(other)) => {
                have_the_same_bounds(&one.model, &other.model)
            }
            (Grounds::Liveness(one), Grounds::Liveness(other)) => {
                have_the_same_bounds(&one.model, &other.model)
            }
            (Grounds::Quorum(one), Grounds::Quorum(other)) => {
                let (one, other) = (&one.model, &other.model);
                one.bounds == other.bounds && one.faults == other.faults
            }
            (Grounds::Mirroring(one), Grounds::Mirroring(other)) => {
                let (one, other) = (&one.model, &other.model);
                one.bounds == other.bounds && one.faults == other.faults
            }
            _ => false,
        }
    }

    /// The Kafka versions among those that are modelled in which `switch` stands as it does here; none if
    /// it is no switch.
    pub fn versions_with(&self, switch: &str) -> Vec<Profile> {
        let variant = match self {
            Grounds::Replication(one) => &one.model.variant,
            Grounds::Liveness(one) => &one.model.variant,
            Grounds::Quorum(_) | Grounds::Mirroring(_) => return Vec::new(),
        };
        let here = variant.switches.get(switch);
        let stands_so = |kafka: &Profile| Variant::of(*kafka).switches.get(switch) == here;
        let every = Profile::ALL.into_iter();
        every
            .filter(|kafka| here.is_some() && stands_so(kafka))
            .collect()
    }
}

fn have_the_same_bounds(one: &Replication, other: &Replication) -> bool {
    one.bounds == other.bounds && one.faults == other.faults
}

/// Turns a switch, or puts a guard in force again.
fn turn(variant: &mut Variant, switch: &str) -> Option<()> {
    if let Some(on) = variant.switches.get(switch) {
        return variant.switches.set(switch, !on).then_some(());
    }
    let guard: Guard = switch.parse().ok()?;
    let others = variant.waived.iter().filter(|other| *other != guard);
    let others: GuardSet = others.collect();
    let was_waived = std::mem::replace(&mut variant.waived, others) != others;
    was_waived.then_some(())
}

/// `C16`.
fn is_claim(word: &str) -> bool {
    let digits = word.strip_prefix('C');
    digits.is_some_and(|digits| digits.len() == 2 && digits.bytes().all(|one| one.is_ascii_digit()))
}

fn of_partition(asked: &Experiment, crew: &Crew) -> Found {
    let exploration = crew.explore(Question::new(asked.model.clone()));
    let setting = &asked.model.setting;
    let verdicts = exploration.verdicts.iter().map(|(property, verdict)| {
        let verdict = match verdict {
            explore::Verdict::Violated(history) => {
                let events = history.events.iter();
                Verdict::Violated(events.map(|event| event.line(setting)).collect())
            }
            other => Verdict::Word(other.word()),
        };
        (property.name, verdict)
    });
    Found {
        states: exploration.represented,
        verdicts: verdicts.collect(),
        differences: match experiment::judged(asked, exploration.clone()) {
            Ok(_) => Vec::new(),
            Err(unexpected) => unexpected.differences,
        },
    }
}

/// A history is told up to its round, and the round once.
fn in_the_end(asked: &liveness::experiment::Experiment) -> Found {
    let found: Liveness = asked.run(liveness::MOST_STATES);
    let setting = &asked.model.setting;
    let verdicts = found.verdicts.iter().map(|(property, verdict)| {
        let verdict = match verdict {
            liveness::Verdict::Violated(lasso) => {
                let once = lasso.faults.iter().chain(&lasso.way);
                let once = once.map(|event| event.line(setting));
                let round = lasso.round.iter();
                let round =
                    round.map(|event| format!("{}   (again and again)", event.line(setting)));
                Verdict::Violated(once.chain(round).collect())
            }
            other => Verdict::Word(other.word()),
        };
        (property.name, verdict)
    });
    Found {
        states: found.states.iter().sum(),
        verdicts: verdicts.collect(),
        differences: asked.differences(&found),
    }
}

fn of_subject<M: Subject>(
    asked: &subject::Experiment<M>,
    crew: &Crew,
    line: impl Fn(&M, &M::Action) -> String,
) -> Found {
    let question = Question {
        workers: crew.threads(),
        ..Question::new(asked.model.clone())
    };
    let exploration = subject::answered(question, silently());
    let verdicts = exploration.verdicts.iter().map(|(property, verdict)| {
        let verdict = match verdict {
            subject::Verdict::Violated(history) => {
                let actions = history.actions.iter();
                Verdict::Violated(actions.map(|event| line(&asked.model, event)).collect())
            }
            other => Verdict::Word(other.word()),
        };
        (M::name(property), verdict)
    });
    Found {
        states: exploration.represented,
        verdicts: verdicts.collect(),
        differences: asked.differences(&exploration),
    }
}
