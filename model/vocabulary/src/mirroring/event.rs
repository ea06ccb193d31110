//! The alphabet of mirroring: everything that may happen, one line each.
//!
//! docs/MIRRORING.md argues for each event why it may be taken as one step.

use super::setting::{Cluster, Group, Mirror, Setting, Task, TopicPartition};
use crate::{Member, Record};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What is wrong with a line that should be an event.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct NoEvent(String);

/// What may stand after a verb.
trait Operand: Sized {
    /// What it is, with its article.
    const WANTED: &'static str;
    /// As a line has it.
    fn printed(self, setting: &Setting) -> String;
    /// What a word of a line means.
    fn named(word: &str, setting: &Setting) -> Option<Self>;
    /// Every word that means something, for whoever wrote another one.
    fn known(setting: &Setting) -> String;
}

macro_rules! operand {
    ($name:ident, $wanted:literal, $every:ident, $printed:ident) => {
        impl Operand for $name {
            const WANTED: &'static str = $wanted;

            fn printed(self, setting: &Setting) -> String {
                setting.$printed(self)
            }

            fn named(word: &str, setting: &Setting) -> Option<Self> {
                setting.$every().find(|one| setting.$printed(*one) == word)
            }

            fn known(setting: &Setting) -> String {
                let names: Vec<_> = setting.$every().map(|one| setting.$printed(one)).collect();
                names.join(", ")
            }
        }
    };
}

operand!(Cluster, "a cluster", every_cluster, cluster_name);
operand!(
    TopicPartition,
    "a topic-partition",
    every_partition,
    partition_name
);
operand!(Mirror, "a mirror", every_mirror, mirror_name);
operand!(Task, "a task", every_task, task_name);
operand!(Group, "a group", every_group, group_name);

impl Operand for Record {
    const WANTED: &'static str = "a record";

    fn printed(self, _: &Setting) -> String {
        self.to_string()
    }

    fn named(word: &str, _: &Setting) -> Option<Self> {
        let number: usize = word.strip_prefix('r')?.parse().ok()?;
        (1..=8).contains(&number).then(|| Record::at(number - 1))
    }

    fn known(_: &Setting) -> String {
        "r1 to r8".into()
    }
}

impl Operand for u8 {
    const WANTED: &'static str = "a number of records";

    fn printed(self, _: &Setting) -> String {
        self.to_string()
    }

    fn named(word: &str, _: &Setting) -> Option<Self> {
        word.parse().ok()
    }

    fn known(_: &Setting) -> String {
        "0 to 255".into()
    }
}

/// The words of a line after its verb, read one after the other.
struct Words<'w> {
    verb: &'w str,
    left: std::str::SplitWhitespace<'w>,
}

impl Words<'_> {
    fn next<O: Operand>(&mut self, setting: &Setting) -> Result<O, NoEvent> {
        let verb = self.verb;
        let wanted = O::WANTED;
        let word = self.left.next();
        let word = word
            .ok_or_else(|| NoEvent(format!("`{verb}` wants {wanted} here, and the line ends")))?;
        O::named(word, setting).ok_or_else(|| {
            let known = O::known(setting);
            NoEvent(format!(
                "`{verb}` wants {wanted}, not `{word}`; there are {known}"
            ))
        })
    }
}

macro_rules! events {
    ($($(#[doc = $doc:literal])* $name:ident = $verb:literal ($($operand:ident: $kind:ty),*);)*) => {
        /// Something that happens.  The order of the variants is the order in which ties between
        /// histories of equal length are decided, so it is part of the notation.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        pub enum Event {
            $($(#[doc = $doc])* $name($($kind),*),)*
        }

        /// The verbs once more, so that each has a number.
        #[derive(Clone, Copy)]
        enum Verb { $($name,)* }

        impl Event {
            /// The first word of each event's line, in the order of the variants.
            pub const VERBS: &'static [&'static str] = &[$($verb,)*];

            /// The place of the event's first word among the verbs.
            pub fn verb(&self) -> usize {
                match self { $(Event::$name(..) => Verb::$name as usize,)* }
            }

            /// The event as one line; [`Event::parse`] reads it back.
            pub fn line(&self, setting: &Setting) -> String {
                let words: Vec<String> = match *self {
                    $(Event::$name($($operand),*) => {
                        vec![$verb.into(), $($operand.printed(setting)),*]
                    })*
                };
                words.join(" ")
            }

            /// The event that `line` names, in this setting.
            ///
            /// # Errors
            /// Says which word is not what the event wants.
            pub fn parse(line: &str, setting: &Setting) -> Result<Event, NoEvent> {
                let mut left = line.split_whitespace();
                let verb = left.next().unwrap_or_default();
                let mut words = Words { verb, left };
                let event = match verb {
                    $($verb => Event::$name($(words.next::<$kind>(setting)?),*),)*
                    unknown => {
                        let known = Event::VERBS.join(", ");
                        return Err(NoEvent(format!(
                            "mirroring has no event `{unknown}`; there are {known}"
                        )));
                    }
                };
                match words.left.next() {
                    None => Ok(event),
                    Some(rest) => Err(NoEvent(format!("`{verb}` is complete before `{rest}`"))),
                }
            }
        }
    };
}

events! {
    /// `append P r`: a producer writes r to P, and is told that it is kept.
    Append = "append"(to: TopicPartition, record: Record);
    /// `append-lost P r`: a producer writes r to P, and the answer is lost: it will send r again, wherever
    /// it is then pointed.
    AppendLost = "append-lost"(to: TopicPartition, record: Record);
    /// `abort P r`: a producer writes r to P in a transaction that is aborted.
    Abort = "abort"(to: TopicPartition, record: Record);
    /// `mark P`: a transaction marker takes an offset of P.
    Mark = "mark"(to: TopicPartition);
    /// `begin P r`: a producer opens a transaction in P with r.
    Begin = "begin"(to: TopicPartition, record: Record);
    /// `commit-transaction P`: the producer whose transaction is open in P commits it, and is told so.
    CommitTransaction = "commit-transaction"(to: TopicPartition);
    /// `abort-transaction P`: the producer whose transaction is open in P aborts it.
    AbortTransaction = "abort-transaction"(to: TopicPartition);
    /// `offer P r`: a producer's r is in the log of P's leader, above the high watermark.
    Offer = "offer"(to: TopicPartition, record: Record);
    /// `retract P`: P's next leader lacks what is above the high watermark.
    Retract = "retract"(at: TopicPartition);
    /// `poll T`: the task reads its next record into memory.
    Poll = "poll"(task: Task);
    /// `copy T`: the task writes what it has in memory to its target, and hears that it is kept.
    Copy = "copy"(task: Task);
    /// `copy-lost T`: the same, and the answer is lost: the task will send it again.
    CopyLost = "copy-lost"(task: Task);
    /// `copy-late T`: a worker that was replaced writes what it still had in memory.
    CopyLate = "copy-late"(task: Task);
    /// `note T`: the task's position is stored.
    Note = "note"(task: Task);
    /// `truncate T`: the link of T truncates what it writes, as its source or the state it is in demands.
    Truncate = "truncate"(task: Task);
    /// `end-transactions T`: a link that stops raises the leader epoch, aborts what is open, and has the ids
    /// of producers forgotten.
    EndTransactions = "end-transactions"(task: Task);
    /// `finish T`: a link that stops has stopped, and what it wrote may be written.
    Finish = "finish"(task: Task);
    /// `sync T`: the offset sync that waits to be sent is appended to the topic of the offset syncs.
    Sync = "sync"(task: Task);
    /// `sync-lost T`: it is not sent, and the task has forgotten it.
    SyncLost = "sync-lost"(task: Task);
    /// `read-sync T`: the mirror's checkpoint task reads the next offset sync of what T copies.
    ReadSync = "read-sync"(task: Task);
    /// `checkpoint G T`: G's committed offset in what T copies is translated, and a checkpoint written
    /// if there is something new to say.
    Checkpoint = "checkpoint"(group: Group, task: Task);
    /// `look G M`: the mirror asks the target whether G is idle there, and what it has committed.
    Look = "look"(group: Group, mirror: Mirror);
    /// `look-failed G M`: the same, and there is no answer.
    LookFailed = "look-failed"(group: Group, mirror: Mirror);
    /// `sync-group G M`: the mirror writes G's checkpoints to the target as committed offsets.
    SyncGroup = "sync-group"(group: Group, mirror: Mirror);
    /// `translate G T`: Replicator seeks G's place by the time stamp that was noted of it in what T copies,
    /// or uReplicator's service maps G's offset to T's target; what is found is committed there for G.
    Translate = "translate"(group: Group, task: Task);
    /// `refresh M`: the mirror looks for new partitions and groups at its source, and copies the
    /// configuration.
    Refresh = "refresh"(mirror: Mirror);
    /// `start G C`: G's consumers start at C.
    Start = "start"(group: Group, at: Cluster);
    /// `consume G P`: G processes its next record of P.
    Consume = "consume"(group: Group, from: TopicPartition);
    /// `commit G C`: G commits its place in everything it reads at C.
    Commit = "commit"(group: Group, at: Cluster);
    /// `count G C`: G's consumers at C add what they have processed to the counts in their database.
    Count = "count"(group: Group, at: Cluster);
    /// `stop G C`: G's consumers at C stop, or die.
    Stop = "stop"(group: Group, at: Cluster);
    /// `rebootstrap G C`: G's consumers have lost their cluster, find C in their list of bootstrap
    /// servers, and go on there at the offsets that they had.
    Rebootstrap = "rebootstrap"(group: Group, at: Cluster);
    /// `rebootstrap-reset G C`: the same, but C does not know the leader epoch of what they read last, and
    /// they go where `auto.offset.reset` says.
    RebootstrapReset = "rebootstrap-reset"(group: Group, at: Cluster);
    /// `rejoin G C`: C's coordinator tells G's consumers that they are no members of its group; they join
    /// it, and begin at the offsets committed at C.
    Rejoin = "rejoin"(group: Group, at: Cluster);
    /// `replicate-database G`: what G's database has at the cluster where it is written comes to the others.
    ReplicateDatabase = "replicate-database"(group: Group);
    /// `restart M`: the mirror's workers start again.
    Restart = "restart"(mirror: Mirror);
    /// `heal M`: the mirror reaches both clusters again.
    Heal = "heal"(mirror: Mirror);
    /// `return C`: the cluster is back, with what its disks hold.
    Return = "return"(cluster: Cluster);
    /// `tick C`: the clock of C advances.
    Tick = "tick"(cluster: Cluster);
    /// `add-partition P`: an operator adds P to its topic.
    AddPartition = "add-partition"(place: TopicPartition);
    /// `alter C`: an operator changes the configuration of C's topics.
    Alter = "alter"(cluster: Cluster);
    /// `fence-cluster C`: an operator sees to it that C takes no more records from producers.
    FenceCluster = "fence-cluster"(cluster: Cluster);
    /// `fail-over M`: an operator points the producers of the mirror's source to its target.
    FailOver = "fail-over"(mirror: Mirror);
    /// `promote M`: an operator has a link stop that has copied everything, and points producers to its
    /// target.
    Promote = "promote"(mirror: Mirror);
    /// `reverse M`: an operator turns a link round: M, which leads the other way, takes its place.
    Reverse = "reverse"(mirror: Mirror);
    /// `stop-mirror M`: an operator stops the mirror for good.
    StopMirror = "stop-mirror"(mirror: Mirror);
    /// `fail-back M`: an operator starts M, the way back, and the old primary takes part again.
    FailBack = "fail-back"(mirror: Mirror);
    /// `crash M`: every worker of the mirror dies.
    Crash = "crash"(mirror: Mirror);
    /// `take-over M`: the mirror's workers are taken for dead and replaced, and go on all the same with
    /// what they have in memory.
    TakeOver = "take-over"(mirror: Mirror);
    /// `cut M`: the mirror reaches neither of its clusters.
    Cut = "cut"(mirror: Mirror);
    /// `lose C`: the cluster stops; its disks keep everything.
    Lose = "lose"(cluster: Cluster);
    /// `destroy C`: the cluster stops, and its disks are gone.
    Destroy = "destroy"(cluster: Cluster);
    /// `lose-suffix P n`: an unclean election at P's cluster loses the last n of P.
    LoseSuffix = "lose-suffix"(place: TopicPartition, lost: u8);
    /// `lose-commits C`: C's offsets topic loses what groups have committed.
    LoseCommits = "lose-commits"(cluster: Cluster);
    /// `strand G C`: G's consumers at C are taken for dead, and go on all the same.
    Strand = "strand"(group: Group, at: Cluster);
    /// `lose-database C`: the databases at C lose everything.
    LoseDatabase = "lose-database"(cluster: Cluster);
    /// `expire P n`: retention removes the first n that are left of P.
    Expire = "expire"(place: TopicPartition, lost: u8);
    /// `recreate P`: P's topic is deleted and made anew.
    Recreate = "recreate"(place: TopicPartition);
    /// `skew C`: the clock of C jumps back.
    Skew = "skew"(cluster: Cluster);
}
