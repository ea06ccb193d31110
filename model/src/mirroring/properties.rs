//! What ought to hold: a sentence, a formula and a function each, with the sign that it is not silent.

mod sinks;

use super::ghost::{Broken, is_copied_or_held, key};
use super::rules::{self, translated};
use super::state::Entry;
use super::{Event, Mirroring, State};
use highwater_vocabulary::mirroring::{
    Cluster, Clusters, Content, Group, LinkState, Mirror, Task, Tool, TopicPartition,
};
use highwater_vocabulary::{Member, Record, RecordSet};
use sinks::{
    all_counted, every_record_counted, one_writer, same_counts, some_counted, something_counted,
};

mod links;

use links::{
    acknowledged_kept, hanging_possible, ids_meet, mirror_converges, no_hanging_transaction,
    producer_id_isolation, promote_lossless, settled_link, something_truncated, was_promoted,
};

type Condition = fn(&Mirroring, &State) -> bool;

/// Something that ought to hold in every state.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// As experiments write it.
    pub name: &'static str,
    /// What it says.
    pub sentence: &'static str,
    /// The same as a formula.
    pub formula: &'static str,
    /// Whether it holds in a state.
    pub holds: Condition,
    /// What must be the case for it to say something.
    pub arising: &'static str,
    /// Whether that is the case in a state.
    pub arises: Condition,
}

impl PartialEq for Property {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

macro_rules! properties {
    ($($name:literal: $holds:ident, $sentence:literal, $formula:literal, $arising:literal: $arises:ident;)*) => {
        impl Property {
            /// Every one: first what is lost, then what is read, then how the mirror goes about it.
            pub const ALL: &'static [Property] = &[$(Property {
                name: $name,
                sentence: $sentence,
                formula: $formula,
                holds: $holds,
                arising: $arising,
                arises: $arises,
            },)*];
        }
    };
}

properties! {
    "nothing-lost-at-failover": nothing_lost,
        "When producers are moved, the target has every record that the source has acknowledged (P14 with RPO 0).",
        "fail-over(M) ⇒ ∀ r ∈ acknowledged(source) : r ∈ target",
        "producers are moved": moved;
    "mirror-complete": mirror_complete,
        "Whatever a task has passed, it has copied: what is missing at the target is what comes last at the source (P11, P14).",
        "∀ o < passed(T) : log(source)[o] ∈ copied(T) ∪ memory(T) ∪ came-from(target)",
        "something is copied": something_copied;
    "mirror-exact": mirror_exact,
        "No task copies a record twice (P11, strict).",
        "copies(T, r) ≤ 1",
        "something is copied": something_copied;
    "only-committed": only_committed,
        "No record of an aborted transaction is at a target as though it had been committed (P11).",
        "r ∈ aborted ⇒ r ∉ records(target)",
        "a transaction is aborted": something_aborted;
    "mirror-prefix": mirror_prefix,
        "A copy has the offset of what it is a copy of (P10).",
        "log(target)[o] = copy of log(source)[o]",
        "something is copied": something_copied;
    "per-key-order": per_key_order,
        "Records of one key come to the target in the order in which they were written (P19).",
        "r before s, key(r) = key(s) ⇒ first copy of r before first copy of s, in the same partition",
        "two records of one key are copied": two_of_a_key;
    "newest-last": newest_last,
        "When nothing is left to be copied, the last record of each key at the target is the newest (P19, strict).",
        "settled(M) ⇒ last copy of a key = newest record of the key",
        "a mirror has nothing left to do": some_settled;
    "no-cycle": no_cycle,
        "No record comes back by mirroring to the cluster at which it was written, or goes round (P15).",
        "copy of r at C ⇒ home(r) ≠ C ∧ hops < clusters",
        "something is copied": something_copied;
    "no-skip": no_skip,
        "No group passes a record that it has processed nowhere and that does not come again (P12).",
        "r at o < position(G, P) ⇒ r ∈ processed(G) ∨ r at o' ≥ position(G, P')",
        "a group has come to another cluster": arrived;
    "no-repeat": no_repeat,
        "No group processes a record twice.",
        "processings(G, r) ≤ 1",
        "a group has come to another cluster": arrived;
    "commits-carry-over": commits_carry_over,
        "What a group has processed and committed at home, and finds at another cluster when it comes there, it does not process there again.",
        "start(G, C), C ≠ home : r ∈ C ∧ r ∈ processed(G) before committed(G) at home ⇒ G does not process r at C",
        "a group has come to another cluster": arrived;
    "bounded-duplicates": bounded_duplicates,
        "When a mirror has nothing left to do, every group has a checkpoint as good as the offset syncs allow (P13).",
        "settled(M) ⇒ checkpoint(G, T) ≥ translation by every sync",
        "a settled mirror knows a group": settled_with_group;
    "caught-up-repeats-nothing": caught_up_repeats_nothing,
        "When a mirror has nothing left to do, a group that has read everything has a checkpoint at the end (P13).",
        "settled(M) ∧ committed(G) past every record ⇒ checkpoint(G, T) past every copy",
        "a settled mirror knows a group": settled_with_group;
    "offset-in-range": offset_in_range,
        "No checkpoint, and no offset that a mirror commits, is past the end of the target (P20).",
        "checkpoint(G, T) ≤ end(target)",
        "there is a checkpoint": has_checkpoint;
    "checkpoint-monotone": checkpoint_monotone,
        "Neither a checkpoint nor an offset that a mirror commits goes back, unless the group did (P21).",
        "committed(source) does not go back ⇒ checkpoint does not",
        "there is a checkpoint": has_checkpoint;
    "offsets-durable": offsets_durable,
        "What a group has committed is not lost (P07).",
        "committed(G, P) is never forgotten",
        "a group has committed": has_committed;
    "commits-stand": commits_stand,
        "While a group runs at a cluster, nobody takes back what it has committed there.",
        "runs(G, C) ⇒ committed(G, P) goes back by G alone",
        "a group has committed": has_committed;
    "loss-reported": loss_reported,
        "A group that comes to a cluster which lacks what it has read is told so: its offset is out of range (P29).",
        "start(G, C) ∧ ∃ r ∈ processed(G) : r ∉ C ⇒ out of range",
        "a group has come to another cluster": arrived;
    "single-writer": single_writer,
        "Once producers are moved, the old primary takes no more records for the same topic (P17).",
        "fail-over(M) ⇒ no append at the source",
        "producers are moved": moved;
    "mirror-read-only": mirror_read_only,
        "Nobody but the mirror writes what the mirror writes, before producers are moved there (P28).",
        "append P ⇒ P is not mirrored ∨ producers were moved to P",
        "something is copied": something_copied;
    "failback-converges": failback_converges,
        "When the way back has nothing left to do, both clusters hold the same records in the same order (P18).",
        "settled(M⁻¹) ⇒ records(old primary) = records(new primary)",
        "the way back has nothing left to do": settled_back;
    "mirror-converges": mirror_converges,
        "When a link has nothing left to do, its two logs are equal, entry by entry (P10, P18).",
        "settled(M) ⇒ log(target) = log(source)",
        "a link has nothing left to do": settled_link;
    "promote-lossless": promote_lossless,
        "When a link is promoted, its target has all that the source has acknowledged, and will acknowledge (P16).",
        "promote(M) ⇒ ∀ r ∈ acknowledged(source), now and later : r ∈ target",
        "a link is promoted": was_promoted;
    "acknowledged-kept": acknowledged_kept,
        "No truncation by a link takes what was acknowledged from a log that producers write.",
        "truncate(T) ∧ writable(P) ⇒ acknowledged(P) stays",
        "a link has been told to stop": something_truncated;
    "no-hanging-transaction": no_hanging_transaction,
        "No transaction that was copied stays open in a log whose link has stopped.",
        "stopped(T) ⇒ nothing that was copied is open",
        "a link has stopped": hanging_possible;
    "producer-id-isolation": producer_id_isolation,
        "Two producers never share an id in one log (P27).",
        "id(r) = id(s) in P ⇒ producer(r) = producer(s)",
        "a log has records of two producers": ids_meet;
    "aggregates-agree": aggregates_agree,
        "Aggregates of the same clusters hold the same records when nothing is left to be copied (P24).",
        "settled ⇒ records(C) = records(D) as multisets",
        "aggregates have nothing left to be copied": settled_aggregates;
    "eventual-delivery": eventual_delivery,
        "When nothing is left to be copied, every record of the source is at the target (P25).",
        "settled(M) ⇒ records(source) ⊆ records(target)",
        "a mirror has nothing left to do": some_settled;
    "same-counts": same_counts,
        "Databases of their own count the same when nothing is left to be copied, read or counted (P22).",
        "settled ∧ caught-up(G) ⇒ counts(C) = counts(D), window by window",
        "databases of their own have nothing left to be counted": all_counted;
    "one-sink-writer": one_writer,
        "No database counts a record twice (P23).",
        "counted(r) ≤ 1",
        "something is counted": something_counted;
    "every-record-counted": every_record_counted,
        "When consumers have read all that their cluster has, and counted all that they have read, every record of it is counted (P23).",
        "caught-up(G, C) ⇒ ∀ r ∈ C : counted(r) ≥ 1",
        "consumers have read and counted all that there is": some_counted;
    "config-parity": config_parity,
        "When a mirror has nothing left to do, a configuration that was changed at the source is changed at the target (P26).",
        "quiet(M) ∧ altered(source) ⇒ altered(target)",
        "a configuration is changed": something_altered;
}

impl Property {
    /// The property of that name.
    pub fn named(name: &str) -> Option<&'static Property> {
        Property::ALL.iter().find(|property| property.name == name)
    }
}

fn happened(state: &State, what: Broken) -> bool {
    state.ghost.broken.contains(what)
}

fn moved(_: &Mirroring, state: &State) -> bool {
    !state.failed_over.is_empty()
}

fn nothing_lost(_: &Mirroring, state: &State) -> bool {
    !happened(state, Broken::LostAtFailover)
}

fn something_copied(model: &Mirroring, state: &State) -> bool {
    let mut tasks = model.setting.every_task();
    tasks.any(|task| !state.ghost.copied_by(task).is_empty())
}

/// How far a task has come for good: what it will read next, or would after a restart.
fn passed(model: &Mirroring, state: &State, task: Task) -> u8 {
    let own = &state[task];
    if rules::is_link(model, task) {
        let work = model.setting.work(task);
        let active = own.link == LinkState::Active && links::fetches_from(model, state, task);
        let (source, target) = (&state[work.from], &state[work.to[0]]);
        let parted = rules::truncation(model, task, source, target);
        return if active {
            target.end.min(parted.unwrap_or(target.end))
        } else {
            0
        };
    }
    match state.running.contains(model.setting.work(task).mirror) {
        true => rules::reading_position(model, own, &state[model.setting.work(task).from]),
        // What a worker of the former life reads on from was reckoned when it died.
        false => own.position,
    }
}

fn mirror_complete(model: &Mirroring, state: &State) -> bool {
    let goes_on = |task: &Task| !state.retired.contains(model.setting.work(*task).mirror);
    let mut tasks = model.setting.every_task().filter(goes_on);
    let complete = tasks.all(|task| {
        let end = passed(model, state, task);
        let source = &state[model.setting.work(task).from];
        let mut records = source.records().filter(|(offset, _)| *offset < end);
        let target = &state[model.setting.work(task).to[0]];
        // What a way back found where it leads it need not copy.
        let kept = |offset, record| {
            let held = target.at(offset).and_then(Entry::written);
            offset < target.start || held == Some(record)
        };
        match rules::is_link(model, task) {
            true => records.all(|(offset, record)| kept(offset, record)),
            false => records.all(|(offset, record)| {
                is_copied_or_held(state, task, offset, record)
                    || rules::leaves_out_at(model, state, task, offset)
            }),
        }
    });
    complete && !happened(state, Broken::ExpiredUncopied)
}

fn mirror_exact(model: &Mirroring, state: &State) -> bool {
    let mut tasks = model.setting.every_task();
    tasks.all(|task| state.ghost.recopied[task.index()].is_empty())
}

fn only_committed(model: &Mirroring, state: &State) -> bool {
    let mut places = model.setting.every_partition();
    places.all(|place| {
        let mut records = state[place].records();
        records.all(|(_, record)| !state.ghost.aborted.contains(record))
    })
}

fn something_aborted(_: &Mirroring, state: &State) -> bool {
    !state.ghost.aborted.is_empty()
}

fn mirror_prefix(model: &Mirroring, state: &State) -> bool {
    let mut places = model.setting.every_partition();
    places.all(|place| {
        let mut entries = state[place].entries();
        entries.all(|(offset, entry)| entry.copied.is_none_or(|(_, from)| from == offset))
    })
}

fn per_key_order(_: &Mirroring, state: &State) -> bool {
    !happened(state, Broken::OutOfOrder)
}

fn two_of_a_key(model: &Mirroring, state: &State) -> bool {
    let mut tasks = model.setting.every_task();
    tasks.any(|task| {
        let copied = state.ghost.copied_by(task);
        let of = |own| copied.iter().filter(|record| key(*record) == own).count();
        of(0) > 1 || of(1) > 1
    })
}

fn newest_last(model: &Mirroring, state: &State) -> bool {
    let newest_of = |place: &TopicPartition| {
        let records: Vec<Record> = state[*place].records().map(|(_, record)| record).collect();
        [0, 1].iter().all(|own| {
            let alike = records.iter().filter(|record| key(**record) == *own);
            alike.clone().next_back() == alike.max()
        })
    };
    model.setting.every_mirror().all(|mirror| {
        let mut tasks = model.setting.tasks_of(mirror);
        !has_copied_all(model, state, mirror)
            || tasks.all(|task| {
                let work = model.setting.work(task);
                !newest_of(&work.from) || work.to.iter().all(newest_of)
            })
    })
}

fn no_cycle(_: &Mirroring, state: &State) -> bool {
    !happened(state, Broken::WentRound)
}

/// The groups at clusters that are not their home.
fn arrivals(model: &Mirroring, state: &State) -> impl Iterator<Item = (Group, Cluster)> {
    let groups = model.setting.every_group();
    groups.flat_map(|group| {
        let home = model.setting.reader(group).home;
        let at = state[group].runs_at.without(home).iter();
        at.map(move |cluster| (group, cluster)).collect::<Vec<_>>()
    })
}

fn arrived(model: &Mirroring, state: &State) -> bool {
    arrivals(model, state).next().is_some()
}

fn no_skip(model: &Mirroring, state: &State) -> bool {
    model.setting.every_group().all(|group| {
        let own = &state[group];
        own.runs_at.iter().all(|cluster| {
            let places = rules::reads(model, state, group, cluster);
            let split = |place: TopicPartition, ahead: bool| {
                let position = rules::stands_at(model, state, group, place);
                let records = state[place].records();
                records.filter(move |(offset, _)| (*offset >= position) == ahead)
            };
            let comes = |record: Record| {
                let mut places = places.iter();
                places.any(|place| split(place, true).any(|(_, held)| held == record))
            };
            let seen = state.ghost.processed_by(group);
            places.iter().all(|place| {
                let mut passed = split(place, false);
                passed.all(|(_, record)| seen.contains(record) || comes(record))
            })
        })
    })
}

fn no_repeat(model: &Mirroring, state: &State) -> bool {
    let mut groups = model.setting.every_group();
    groups.all(|group| state.ghost.repeated[group.index()].is_empty())
}

fn commits_carry_over(_: &Mirroring, state: &State) -> bool {
    !happened(state, Broken::CommitRepeated)
}

/// Whether a mirror runs, reaches its clusters, and has nothing to copy.
pub(super) fn has_copied_all(model: &Mirroring, state: &State, mirror: Mirror) -> bool {
    let flow = model.setting.flow(mirror);
    let works = state.running.contains(mirror)
        && !state.cut.contains(mirror)
        && state.is_up(flow.from)
        && state.is_up(flow.to);
    works
        && model.setting.tasks_of(mirror).all(|task| {
            state[task].memory.is_none()
                && state[task].former.is_none()
                && is_idle(model, state, &Event::Poll(task))
                && links::follows(model, state, task)
        })
        && is_idle(model, state, &Event::Refresh(mirror))
}

/// Whether a mirror has nothing left to do at all, but to commit for groups.
pub(super) fn is_settled(model: &Mirroring, state: &State, mirror: Mirror) -> bool {
    has_copied_all(model, state, mirror)
        && model.setting.tasks_of(mirror).all(|task| {
            let own = [Event::Note(task), Event::Sync(task), Event::ReadSync(task)];
            let groups = model.setting.every_group();
            own.iter().all(|event| is_idle(model, state, event))
                && groups
                    .flat_map(|group| {
                        [
                            Event::Checkpoint(group, task),
                            Event::Translate(group, task),
                        ]
                    })
                    .all(|event| is_idle(model, state, &event))
        })
}

fn is_idle(model: &Mirroring, state: &State, event: &Event) -> bool {
    rules::next(model, state, event).is_err()
}

fn settled_with_group(model: &Mirroring, state: &State) -> bool {
    let mut mirrors = model.setting.every_mirror();
    mirrors.any(|mirror| {
        let committed = model.setting.tasks_of(mirror).any(|task| {
            let from = model.setting.work(task).from.index();
            let mut groups = model.setting.every_group();
            groups.any(|group| state[group].committed[from].is_some())
        });
        committed && is_settled(model, state, mirror)
    })
}

/// Whether `good` is true of each group in each task of each mirror that has nothing left to do.
fn once_settled(
    model: &Mirroring,
    state: &State,
    good: fn(&Mirroring, &State, Group, Task, u8) -> bool,
) -> bool {
    model.setting.every_mirror().all(|mirror| {
        let good_in = |task: Task| {
            let from = model.setting.work(task).from;
            model.setting.every_group().all(|group| {
                let committed = state[group].committed[from.index()];
                committed.is_none_or(|committed| good(model, state, group, task, committed))
            })
        };
        !is_settled(model, state, mirror) || model.setting.tasks_of(mirror).all(good_in)
    })
}

/// Where a group would begin at the target, as far as the mirror has seen to it: its checkpoint, or what
/// Replicator and uReplicator have committed on its behalf.
fn checkpointed(model: &Mirroring, state: &State, group: Group, task: Task) -> Option<u8> {
    if commits_for_groups(model, task) {
        return state[group].committed[model.setting.work(task).to[0].index()];
    }
    let checkpoint = state[group].checkpoints[task.index()];
    checkpoint.map(|checkpoint| checkpoint.downstream)
}

/// Whether a task's tool has no checkpoints, and commits at the target instead.
fn commits_for_groups(model: &Mirroring, task: Task) -> bool {
    let tool = model.setting.flow_of(task).tool;
    matches!(tool, Tool::Replicator | Tool::UReplicator)
}

/// Whether a group has been at the target of such a task: what it has committed there is its own.
fn has_been_there(model: &Mirroring, state: &State, group: Group, task: Task) -> bool {
    let at = model.setting.flow_of(task).to;
    let own = &state[group];
    commits_for_groups(model, task) && own.runs_at.union(own.committed_at).contains(at)
}

fn bounded_duplicates(model: &Mirroring, state: &State) -> bool {
    once_settled(model, state, |model, state, group, task, committed| {
        if has_been_there(model, state, group, task) {
            return true;
        }
        let best = possible(model, state, group, task, committed);
        let found = checkpointed(model, state, group, task);
        best.is_none_or(|best| found.is_some_and(|found| found >= best))
    })
}

fn caught_up_repeats_nothing(model: &Mirroring, state: &State) -> bool {
    once_settled(model, state, |model, state, group, task, committed| {
        let work = model.setting.work(task);
        let mut records = state[work.from].records();
        let has_read_all = records.all(|(offset, _)| offset < committed);
        let mut copies = state[work.to[0]].entries();
        let last = copies.rfind(|(_, entry)| is_of(entry, task));
        let found = checkpointed(model, state, group, task);
        has_been_there(model, state, group, task)
            || !has_read_all
            || last.is_none_or(|(offset, _)| found > Some(offset))
    })
}

fn is_of(entry: &Entry, task: Task) -> bool {
    entry.copied.is_some_and(|(by, _)| by == task)
}

/// The translation of an offset with all guards, and all syncs of the present history read.
fn possible(
    model: &Mirroring,
    state: &State,
    group: Group,
    task: Task,
    committed: u8,
) -> Option<u8> {
    let plain = Mirroring {
        variant: model.variant.as_intended(),
        ..model.clone()
    };
    match model.setting.flow_of(task).tool {
        Tool::Replicator => return rules::sought(&plain, state, task, committed),
        Tool::UReplicator => return rules::mapped(&plain, state, group, task),
        _ => {}
    }
    let mut own = state[task];
    own.read = own.syncs.len();
    own.only_last = false;
    translated(&plain, task, &own, committed)
}

fn offset_in_range(model: &Mirroring, state: &State) -> bool {
    links::committed_in_range(model, state)
        && model.setting.every_task().all(|task| {
            let end = model
                .setting
                .work(task)
                .to
                .iter()
                .map(|place| state[*place].end)
                .max();
            let mut groups = model.setting.every_group();
            groups.all(|group| {
                let checkpoint = state[group].checkpoints[task.index()];
                checkpoint.is_none_or(|checkpoint| Some(checkpoint.downstream) <= end)
            })
        })
}

fn has_checkpoint(model: &Mirroring, state: &State) -> bool {
    let committed_for = |group: Group| {
        let mut tasks = model.setting.every_task();
        tasks.any(|task| {
            let at = model.setting.flow_of(task).to;
            let is_own = state[group].committed_at.contains(at);
            commits_for_groups(model, task)
                && !is_own
                && checkpointed(model, state, group, task).is_some()
        })
    };
    let mut groups = model.setting.every_group();
    groups.any(|group| state[group].checkpoints.iter().any(Option::is_some) || committed_for(group))
        || links::has_committed_for_some(model, state)
}

fn checkpoint_monotone(_: &Mirroring, state: &State) -> bool {
    !happened(state, Broken::WentBack)
}

fn offsets_durable(_: &Mirroring, state: &State) -> bool {
    !happened(state, Broken::CommitLost)
}

fn commits_stand(_: &Mirroring, state: &State) -> bool {
    !happened(state, Broken::CommitTakenBack)
}

fn has_committed(model: &Mirroring, state: &State) -> bool {
    let mut groups = model.setting.every_group();
    groups.any(|group| !state[group].committed_at.is_empty())
}

fn loss_reported(_: &Mirroring, state: &State) -> bool {
    !happened(state, Broken::Unreported)
}

fn single_writer(_: &Mirroring, state: &State) -> bool {
    !happened(state, Broken::TwoWriters)
}

fn mirror_read_only(_: &Mirroring, state: &State) -> bool {
    !happened(state, Broken::WroteIntoMirror)
}

/// The ways back that are open and have nothing left to copy.
fn ways_back<'s>(model: &'s Mirroring, state: &'s State) -> impl Iterator<Item = Mirror> + use<'s> {
    let ways = state.ghost.failed_back.iter();
    ways.filter(|mirror| has_copied_all(model, state, *mirror))
}

fn settled_back(model: &Mirroring, state: &State) -> bool {
    ways_back(model, state).next().is_some()
}

fn failback_converges(model: &Mirroring, state: &State) -> bool {
    let same = |one: TopicPartition, other: TopicPartition| {
        let [one, other] =
            [one, other].map(|place| state[place].records().map(|(_, record)| record));
        one.eq(other)
    };
    ways_back(model, state).all(|mirror| {
        model.setting.tasks_of(mirror).all(|task| {
            let work = model.setting.work(task);
            same(work.from, work.to[0])
        })
    })
}

/// The clusters from which mirrors lead to a cluster.
fn sources_of(model: &Mirroring, cluster: Cluster) -> Clusters {
    let flows = model
        .setting
        .mirrors
        .iter()
        .filter(|flow| flow.to == cluster);
    flows.map(|flow| flow.from).collect()
}

/// Clusters to which the same clusters are copied, two at least.
fn aggregates(model: &Mirroring) -> Vec<(Cluster, Cluster)> {
    let clusters = model.setting.every_cluster();
    let pairs = clusters
        .clone()
        .flat_map(|one| clusters.clone().map(move |other| (one, other)));
    let alike = pairs.filter(|(one, other)| {
        let sources = sources_of(model, *one);
        one < other && sources.len() > 1 && sources == sources_of(model, *other)
    });
    alike.collect()
}

fn settled_aggregates(model: &Mirroring, state: &State) -> bool {
    let mut mirrors = model.setting.every_mirror();
    !aggregates(model).is_empty()
        && something_copied(model, state)
        && mirrors.all(|mirror| has_copied_all(model, state, mirror))
}

fn aggregates_agree(model: &Mirroring, state: &State) -> bool {
    let pairs = aggregates(model);
    if pairs.is_empty() || !settled_aggregates(model, state) {
        return true;
    }
    let held = |cluster: Cluster| {
        let places = model.setting.partitions_of(cluster);
        let mut records: Vec<Record> = places
            .flat_map(|place| {
                state[place]
                    .records()
                    .map(|(_, record)| record)
                    .collect::<Vec<_>>()
            })
            .collect();
        records.sort_unstable();
        records
    };
    pairs
        .into_iter()
        .all(|(one, other)| held(one) == held(other))
}

fn some_settled(model: &Mirroring, state: &State) -> bool {
    let mut mirrors = model.setting.every_mirror();
    something_copied(model, state) && mirrors.any(|mirror| has_copied_all(model, state, mirror))
}

fn eventual_delivery(model: &Mirroring, state: &State) -> bool {
    model.setting.every_mirror().all(|mirror| {
        !has_copied_all(model, state, mirror)
            || model
                .setting
                .tasks_of(mirror)
                .all(|task| delivers_all(model, state, task))
    })
}

fn delivers_all(model: &Mirroring, state: &State, task: Task) -> bool {
    let work = model.setting.work(task);
    let held: RecordSet = work
        .to
        .iter()
        .flat_map(|place| {
            state[*place]
                .records()
                .map(|(_, record)| record)
                .collect::<Vec<_>>()
        })
        .collect();
    let mut records = state[work.from].entries().map(|(_, entry)| entry.content);
    records.all(|content| match content {
        Content::Record(record) => held.contains(record),
        Content::Marker | Content::Aborted(_) | Content::Open(_) => true,
    })
}

fn something_altered(_: &Mirroring, state: &State) -> bool {
    !state.altered.is_empty()
}

fn config_parity(model: &Mirroring, state: &State) -> bool {
    model.setting.every_mirror().all(|mirror| {
        let flow = model.setting.flow(mirror);
        !has_copied_all(model, state, mirror)
            || !state.altered.contains(flow.from)
            || state.altered.contains(flow.to)
    })
}
