//! What ought to hold: each a sentence, a formula and a function, with its silence.
//!
//! `holds` is the function.  `arises` is a state in which the property has something to
//! say: its antecedent, or what makes its antecedent interesting.  Where it arises in no explored state, the verdict is `silent`, never `holds`.
//! docs/PROPERTIES.md draws which implies which.

use super::ghost::Broken;
use super::state::{Entry, Log, Replica};
use super::{Replication, State};
use highwater_vocabulary::{Broker, BrokerSet, Member, Process, RecordSet};
use std::fmt;

/// Something that ought to hold in every state.
#[derive(Clone, Copy)]
pub struct Property {
    /// As files and verdicts write it.
    pub name: &'static str,
    /// What it says.
    pub sentence: &'static str,
    /// The same, for those who read formulas.
    pub formula: &'static str,
    /// Whether it holds in a state.
    pub holds: fn(&Replication, &State) -> bool,
    /// What makes it say something: the name of the `sometimes` beside it.
    pub arising: &'static str,
    /// Whether it says something in a state.
    pub arises: fn(&Replication, &State) -> bool,
    /// Whether either reads a watermark, what was committed, who lost it, to whom an epoch was granted,
    /// or a promise other than the one about split brain.  [`super::abridge`] leaves them out where no
    /// property that is asked for does.
    pub looks_inside: bool,
}

/// By its name: what it is known by, and the same in every process.
impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Property {
    /// Every property, the operators' first.
    pub const ALL: &'static [Property] = &[
        Property {
            name: "acked-somewhere",
            sentence: "An acknowledged record is in the log of some replica, running or stopped.",
            formula: "∀ r ∈ acknowledged : ∃ b : r ∈ log(b)",
            holds: acked_somewhere,
            arising: "a record is acknowledged",
            arises: something_acknowledged,
            looks_inside: false,
        },
        Property {
            name: "acked-survives",
            sentence: "An acknowledged record is in the log of some running replica, while any runs.",
            formula: "(∃ b : running(b)) ⇒ ∀ r ∈ acknowledged : ∃ b : running(b) ∧ r ∈ log(b)",
            holds: acked_survives,
            arising: "a record is acknowledged while some replica runs and some does not",
            arises: acknowledged_and_stopped,
            looks_inside: false,
        },
        Property {
            name: "acked-in-leader",
            sentence: "An acknowledged record is in the log of the leader, once it has taken office.",
            formula: "∀ r ∈ acknowledged : in_office(leader) ⇒ r ∈ log(leader)",
            holds: acked_in_leader,
            arising: "a leader is in office and a record is acknowledged",
            arises: acknowledged_in_office,
            looks_inside: false,
        },
        Property {
            name: "electable",
            sentence: "While a running replica holds every acknowledged record, a running replica may lead.",
            formula: "acknowledged ≠ ∅ ∧ (∃ b : running(b) ∧ acknowledged ⊆ log(b)) ⇒ \
                      ∃ b ∈ isr ∪ elr : running(b)",
            holds: electable,
            arising: "a running replica holds every acknowledged record",
            arises: data_is_alive,
            looks_inside: false,
        },
        Property {
            name: "no-split-brain",
            sentence: "Nothing is acknowledged under an epoch that a later leader has overtaken without it.",
            formula: "ack(r, e) ⇒ ∀ e' > e in office before : r ∈ log of the leader of e' at its start",
            holds: no_split_brain,
            arising: "a leader takes office while somebody may act under an older epoch",
            arises: older_epoch_may_act,
            looks_inside: false,
        },
        Property {
            name: "candidates-complete",
            sentence: "Whoever may be elected cleanly and runs holds everything ever committed.",
            formula: "∀ b ∈ isr ∪ elr : registered(b) ⇒ committed ⊑ log(b)",
            holds: candidates_complete,
            arising: "a committed record has a candidate",
            arises: something_committed,
            looks_inside: true,
        },
        Property {
            name: "log-matching",
            sentence: "Two logs that hold the same epoch at an offset hold the same up to it.",
            formula: "epoch(a, o) = epoch(b, o) ⇒ log(a)[..=o] = log(b)[..=o]",
            holds: log_matching,
            arising: "two logs hold the same epoch at an offset",
            arises: logs_meet,
            looks_inside: false,
        },
        Property {
            name: "committed-prefix",
            sentence: "Two replicas hold the same below the lower of their watermarks.",
            formula: "∀ o < min(hw(a), hw(b)) : log(a)[o] = log(b)[o]",
            holds: committed_prefix,
            arising: "two watermarks are above 0",
            arises: two_watermarks,
            looks_inside: true,
        },
        Property {
            name: "watermark-discipline",
            sentence: "A watermark stays within its log, never falls within a tenure, and what a leader's \
                       watermark once covered never changes under a leader's watermark.",
            formula: "hw(b) ≤ end(b); leads(b) ⇒ hw(b) does not fall ∧ log(b)[..hw(b)] ⊑ committed",
            holds: watermark_discipline,
            arising: "a leader's watermark is above 0",
            arises: leader_has_watermark,
            looks_inside: true,
        },
        Property {
            name: "read-stability",
            sentence: "What a consumer could have read is read there for ever, and is in every later leader.",
            formula: "o < hw(b) ⇒ log(b)[o] = committed[o]; in_office(leader) ⇒ committed ⊑ log(leader)",
            holds: read_stability,
            arising: "something is committed or read",
            arises: something_read,
            looks_inside: true,
        },
        Property {
            name: "one-leader-per-epoch",
            sentence: "A leader epoch is granted to one broker, and nobody else acts under it.",
            formula: "leads(a, e) ∧ leads(b, e) ⇒ a = b",
            holds: one_leader_per_epoch,
            arising: "two brokers take themselves for the leader",
            arises: two_leaders,
            looks_inside: true,
        },
        Property {
            name: "metadata-sanity",
            sentence: "Leader, ISR, eligible leader replicas and epochs fit together.",
            formula: "leader ∈ isr; isr ∩ elr = ∅; |isr| ≥ m ⇒ elr = ∅; no ELR ⇒ isr ≠ ∅; \
                      recovering ⇒ |isr| = 1; epochs grow",
            holds: metadata_sanity,
            arising: "the partition has changed",
            arises: partition_has_changed,
            looks_inside: true,
        },
        Property {
            name: "quorum-superset",
            sentence: "The leader in office counts at least everybody who may be elected after it.",
            formula: "in_office(l) ∧ (|isr(l)| ≥ m) ⇒ isr ∪ elr ⊆ maximal_isr(l)",
            holds: quorum_superset,
            arising: "a leader is in office with an ISR change pending",
            arises: pending_in_office,
            looks_inside: false,
        },
        Property {
            name: "elr-complete",
            sentence: "A running eligible leader replica holds everything ever committed.",
            formula: "∀ b ∈ elr : registered(b) ⇒ committed ⊑ log(b)",
            holds: elr_complete,
            arising: "there is an eligible leader replica",
            arises: some_eligible,
            looks_inside: true,
        },
        Property {
            name: "active-leader",
            sentence: "No broker that is fenced or in controlled shutdown leads, and none is in the ISR but a frozen last \
                       member.",
            formula: "inactive(leader) never; b ∈ isr ∧ inactive(b) ⇒ isr = {b} ∧ no leader ∧ no ELR",
            holds: active_leader,
            arising: "a broker is fenced or in controlled shutdown",
            arises: someone_inactive,
            looks_inside: false,
        },
        Property {
            name: "log-shape",
            sentence: "Epochs never fall along a log, and no record stands in it twice, unless it was sent twice \
                       by a producer that is not idempotent.",
            formula: "o < p ⇒ epoch(b, o) ≤ epoch(b, p); |log(b)| − |records(b)| ≤ sent again",
            holds: log_shape,
            arising: "a log holds two records",
            arises: two_records,
            looks_inside: false,
        },
        Property {
            name: "truncation-safety",
            sentence: "A candidate truncates nothing committed, unless its disk had lost it before.",
            formula: "truncate(b, t) ∧ b ∈ isr ∪ elr ∧ ¬lossy(b) ⇒ ∀ o ≥ t : log(b)[o] ≠ committed[o]",
            holds: truncation_safety,
            arising: "something is committed",
            arises: something_committed,
            looks_inside: true,
        },
        Property {
            name: "unclean-exclusion",
            sentence: "Whose disk lost committed records is no candidate before it has them again.",
            formula: "lossy(b) ∧ registered(b) ⇒ b ∉ isr ∪ elr ∪ {leader}",
            holds: unclean_exclusion,
            arising: "a broker that lost committed records is registered again",
            arises: lossy_is_back,
            looks_inside: true,
        },
        Property {
            name: "exactly-once",
            sentence: "No record stands twice below a leader's watermark.",
            formula: "leads(b) ∧ o < p < hw(b) ⇒ record(b, o) ≠ record(b, p)",
            holds: exactly_once,
            arising: "a producer has sent a record again",
            arises: something_sent_again,
            looks_inside: true,
        },
        Property {
            name: "in-order",
            sentence: "Below a leader's watermark records stand in the order in which they were first sent.",
            formula: "leads(b) ∧ o < p < hw(b) ⇒ record(b, o) ≤ record(b, p)",
            holds: in_order,
            arising: "two records are below a leader's watermark",
            arises: two_committed,
            looks_inside: true,
        },
        Property {
            name: "latest-stands",
            sentence: "What the leader in office says is the latest offset is no less than any leader before it \
                       could have said.",
            formula: "in_office(l) ∧ ¬withheld(l) ∧ o ≥ hw(l) ⇒ epoch(committed, o) = epoch(l)",
            holds: latest_stands,
            arising: "a leader of a later epoch says what the latest offset is",
            arises: later_leader_says_latest,
            looks_inside: true,
        },
        Property {
            name: "a1-admission",
            sentence: "With acks=all nothing is appended while the committed ISR is below min ISR.",
            formula: "append(r, all) ⇒ |isr(l)| ≥ m",
            holds: a1_admission,
            arising: "a leader knows its ISR to be below min ISR",
            arises: below_min_isr,
            looks_inside: true,
        },
        Property {
            name: "a2-completion",
            sentence: "With acks=all nothing is acknowledged above the watermark or below min ISR.",
            formula: "ack(r) ⇒ end(r) ≤ hw(l) ∧ |maximal_isr(l)| ≥ m",
            holds: a2_completion,
            arising: "a producer waits for the watermark",
            arises: someone_waits,
            looks_inside: true,
        },
        Property {
            name: "a3-expansion",
            sentence: "Whoever is proposed for the ISR holds what is committed and has reached the leader's \
                       epoch.",
            formula: "propose(f) ⇒ end(f) ≥ max(hw(l), epoch_start(l)) ∧ log(f)[..hw(l)] = log(l)[..hw(l)]",
            holds: a3_expansion,
            arising: "a leader knows of a replica outside the ISR",
            arises: someone_outside,
            looks_inside: true,
        },
    ];

    /// The property of that name.
    pub fn named(name: &str) -> Option<&'static Property> {
        Property::ALL.iter().find(|property| property.name == name)
    }
}

/// The leader of the newest epoch, if it has taken office and runs.
pub(super) fn in_office<'s>(
    model: &Replication,
    state: &'s State,
) -> Option<(Broker, &'s Replica)> {
    let image = state.image();
    let leader = image
        .leader
        .filter(|leader| model.setting.replicas().contains(*leader))?;
    let replica = &state.replicas[leader];
    (replica.leads() && replica.leader_epoch == image.leader_epoch).then_some((leader, replica))
}

/// Every broker.
fn each<'s>(
    model: &Replication,
    state: &'s State,
) -> impl Iterator<Item = (Broker, &'s Replica)> + Clone {
    let count = model.setting.replicas().len();
    (0..count)
        .map(Broker::at)
        .map(move |broker| (broker, &state.replicas[broker]))
}

/// Every replica of the assignment.  Whoever has lost its own may still hold a log, which it will delete.
fn assigned<'s>(
    model: &Replication,
    state: &'s State,
) -> impl Iterator<Item = (Broker, &'s Replica)> + Clone {
    let replicas = state.image().replicas;
    each(model, state).filter(move |(broker, _)| replicas.contains(*broker))
}

fn running<'s>(
    model: &Replication,
    state: &'s State,
) -> impl Iterator<Item = (Broker, &'s Replica)> + Clone {
    assigned(model, state).filter(|(_, replica)| replica.process == Process::Running)
}

fn pairs<'s>(
    model: &Replication,
    state: &'s State,
) -> impl Iterator<Item = (&'s Replica, &'s Replica)> {
    let all = each(model, state);
    all.clone().flat_map(move |(a, one)| {
        all.clone()
            .filter(move |(b, _)| a < *b)
            .map(move |(_, other)| (one, other))
    })
}

/// Whether a replica runs under the registration that the controller knows.
fn registered(state: &State, broker: Broker) -> bool {
    let replica = &state.replicas[broker];
    replica.serves() && replica.broker_epoch == state.image().broker_epochs[broker]
}

fn holds_committed(state: &State, log: &Log) -> bool {
    log.agrees_below(&state.ghost.committed, state.ghost.committed.end())
}

// What operators ask.

fn acked_somewhere(model: &Replication, state: &State) -> bool {
    let held = assigned(model, state).map(|(_, replica)| replica.log.records());
    let held = held.fold(Default::default(), RecordSet::union);
    state.ghost.acknowledged.is_subset(held)
}

fn acked_survives(model: &Replication, state: &State) -> bool {
    let mut running = running(model, state).peekable();
    if running.peek().is_none() {
        return true;
    }
    let held = running.map(|(_, replica)| replica.log.records());
    let held = held.fold(Default::default(), RecordSet::union);
    state.ghost.acknowledged.is_subset(held)
}

fn acked_in_leader(model: &Replication, state: &State) -> bool {
    in_office(model, state)
        .is_none_or(|(_, leader)| state.ghost.acknowledged.is_subset(leader.log.records()))
}

fn electable(model: &Replication, state: &State) -> bool {
    !data_is_alive(model, state)
        || running(model, state).any(|(broker, _)| state.candidates().contains(broker))
}

fn data_is_alive(model: &Replication, state: &State) -> bool {
    something_acknowledged(model, state)
        && running(model, state)
            .any(|(_, replica)| state.ghost.acknowledged.is_subset(replica.log.records()))
}

fn no_split_brain(_: &Replication, state: &State) -> bool {
    !state.ghost.broken.contains(Broken::SplitBrain)
}

fn something_acknowledged(_: &Replication, state: &State) -> bool {
    !state.ghost.acknowledged.is_empty()
}

fn acknowledged_and_stopped(model: &Replication, state: &State) -> bool {
    let running = running(model, state).count();
    something_acknowledged(model, state) && running > 0 && running < state.image().replicas.len()
}

fn acknowledged_in_office(model: &Replication, state: &State) -> bool {
    something_acknowledged(model, state) && in_office(model, state).is_some()
}

fn older_epoch_may_act(model: &Replication, state: &State) -> bool {
    super::ghost::older_epoch_may_act(model, state)
}

// What the protocol's own people ask.

fn candidates_complete(_: &Replication, state: &State) -> bool {
    complete(state, state.candidates())
}

fn elr_complete(_: &Replication, state: &State) -> bool {
    let elr = state.controller.elr;
    complete(state, elr.intersection(state.image().replicas))
}

fn complete(state: &State, brokers: BrokerSet) -> bool {
    let mut there = brokers.iter().filter(|broker| registered(state, *broker));
    there.all(|broker| holds_committed(state, &state.replicas[broker].log))
}

fn log_matching(model: &Replication, state: &State) -> bool {
    pairs(model, state).all(|(a, b)| {
        let (a, b) = (a.log.entries(), b.log.entries());
        let meeting = a.iter().zip(b).rposition(|(a, b)| a.epoch == b.epoch);
        meeting.is_none_or(|offset| a[..=offset] == b[..=offset])
    })
}

fn logs_meet(model: &Replication, state: &State) -> bool {
    pairs(model, state).any(|(a, b)| {
        a.log
            .entries()
            .iter()
            .zip(b.log.entries())
            .any(|(a, b)| a.epoch == b.epoch)
    })
}

fn committed_prefix(model: &Replication, state: &State) -> bool {
    pairs(model, state).all(|(a, b)| {
        let end = a
            .watermark
            .min(b.watermark)
            .min(a.log.end())
            .min(b.log.end());
        a.log.agrees_below(&b.log, end)
    })
}

fn two_watermarks(model: &Replication, state: &State) -> bool {
    each(model, state)
        .filter(|(_, replica)| replica.watermark.0 > 0)
        .count()
        > 1
}

fn watermark_discipline(model: &Replication, state: &State) -> bool {
    let within = |replica: &Replica| replica.watermark <= replica.log.end();
    let unchanged = |replica: &Replica| {
        !replica.leads()
            || state
                .ghost
                .committed
                .agrees_below(&replica.log, replica.watermark)
    };
    !state.ghost.broken.contains(Broken::WatermarkFell)
        && each(model, state).all(|(_, replica)| within(replica) && unchanged(replica))
}

fn leader_has_watermark(model: &Replication, state: &State) -> bool {
    each(model, state).any(|(_, replica)| replica.leads() && replica.watermark.0 > 0)
}

fn read_stability(model: &Replication, state: &State) -> bool {
    let same = |place: usize, entry: &Entry, replica: &Replica| {
        replica
            .log
            .entries()
            .get(place)
            .is_none_or(|found| found == entry)
    };
    let served_as_committed = running(model, state).all(|(_, replica)| {
        let readable = replica.watermark.index();
        let known = state.ghost.committed.entries().iter().enumerate();
        !replica.open
            || known
                .take(readable)
                .all(|(place, entry)| same(place, entry, replica))
    });
    let leader_has_all = in_office(model, state).is_none_or(|(_, leader)| {
        let read = state.ghost.read.iter().enumerate();
        holds_committed(state, &leader.log)
            && read
                .filter_map(|(place, entry)| entry.as_ref().map(|entry| (place, entry)))
                .all(|(place, entry)| leader.log.entries().get(place) == Some(entry))
    });
    served_as_committed && leader_has_all
}

fn something_read(_: &Replication, state: &State) -> bool {
    state.ghost.committed.end().0 > 0 || state.ghost.read.iter().any(Option::is_some)
}

fn something_committed(_: &Replication, state: &State) -> bool {
    state.ghost.committed.end().0 > 0
}

fn one_leader_per_epoch(model: &Replication, state: &State) -> bool {
    let image = state.image();
    let rightful = |(broker, replica): (Broker, &Replica)| {
        !replica.leads()
            || replica.leader_epoch != image.leader_epoch
            || image.leader == Some(broker)
    };
    !state.ghost.broken.contains(Broken::Granted)
        && pairs(model, state)
            .all(|(a, b)| !(a.leads() && b.leads() && a.leader_epoch == b.leader_epoch))
        && each(model, state).all(rightful)
}

fn two_leaders(model: &Replication, state: &State) -> bool {
    each(model, state)
        .filter(|(_, replica)| replica.leads())
        .count()
        > 1
}

fn metadata_sanity(model: &Replication, state: &State) -> bool {
    let (image, elr) = (state.image(), state.controller.elr);
    image.leader.is_none_or(|leader| image.isr.contains(leader))
        && image.isr.intersection(elr).is_empty()
        && (image.isr.len() < model.controllers_min_isr(image) || elr.is_empty())
        && (model.has_elr() || !image.isr.is_empty())
        && (!state.controller.recovering || image.isr.len() == 1)
        && !state.ghost.broken.contains(Broken::Epochs)
}

fn partition_has_changed(_: &Replication, state: &State) -> bool {
    state.image().leader_epoch.0 > 1 || state.ghost.spent.isr_changes > 0
}

fn quorum_superset(model: &Replication, state: &State) -> bool {
    let Some((leader, replica)) = in_office(model, state) else {
        return true;
    };
    let Some(tenure) = replica.tenure() else {
        return true;
    };
    let strict = model.variant.switches.strict_min_isr;
    let known = state.min_isr_known_by(leader);
    let min_isr = model.effective_min_isr(known, state.view(leader).replicas);
    let may_commit = !strict || tenure.isr.len() >= min_isr;
    !may_commit
        || state
            .candidates()
            .is_subset(super::rules::counted_isr(model, tenure))
}

fn pending_in_office(model: &Replication, state: &State) -> bool {
    in_office(model, state)
        .and_then(|(_, leader)| leader.tenure()?.pending)
        .is_some()
}

fn some_eligible(_: &Replication, state: &State) -> bool {
    !state.controller.elr.is_empty()
}

fn active_leader(model: &Replication, state: &State) -> bool {
    let image = state.image();
    let inactive = image.inactive.all();
    let frozen = image.isr.len() == 1 && image.leader.is_none() && !model.has_elr();
    image.leader.is_none_or(|leader| !inactive.contains(leader))
        && (image.isr.intersection(inactive).is_empty() || frozen)
}

fn someone_inactive(_: &Replication, state: &State) -> bool {
    !state.image().inactive.all().is_empty()
}

fn log_shape(model: &Replication, state: &State) -> bool {
    each(model, state).all(|(_, replica)| {
        let log = replica.log.entries();
        let ordered = log.windows(2).all(|two| two[0].epoch <= two[1].epoch);
        let last = log.last().map_or(0, |entry| entry.epoch.0);
        let again = log.len() - replica.log.records().len();
        let sent_again = match model.setting.idempotence {
            true => 0,
            false => usize::from(state.ghost.spent.retries),
        };
        ordered && again <= sent_again && replica.log.last_epoch().0 >= last
    })
}

/// What each leader has below its watermark.
fn below_watermarks<'s>(
    model: &Replication,
    state: &'s State,
) -> impl Iterator<Item = &'s [Entry]> {
    let leaders = each(model, state).filter(|(_, replica)| replica.leads());
    leaders.map(|(_, replica)| {
        let covered = replica.watermark.min(replica.log.end());
        &replica.log.entries()[..covered.index()]
    })
}

fn exactly_once(model: &Replication, state: &State) -> bool {
    below_watermarks(model, state).all(|entries| {
        let records: RecordSet = entries.iter().map(|entry| entry.record).collect();
        records.len() == entries.len()
    })
}

fn something_sent_again(_: &Replication, state: &State) -> bool {
    state.ghost.spent.retries > 0
}

fn in_order(model: &Replication, state: &State) -> bool {
    below_watermarks(model, state)
        .all(|entries| entries.is_sorted_by_key(|entry| entry.record.index()))
}

fn two_committed(model: &Replication, state: &State) -> bool {
    below_watermarks(model, state).any(|entries| entries.len() > 1)
}

fn latest_stands(model: &Replication, state: &State) -> bool {
    let Some((leader, replica)) = in_office(model, state) else {
        return true;
    };
    let Some(latest) = model.latest_offset(state, leader) else {
        return true;
    };
    let mut above = state.ghost.committed.entries().iter().skip(latest.index());
    above.all(|entry| entry.epoch == replica.leader_epoch)
}

fn later_leader_says_latest(model: &Replication, state: &State) -> bool {
    let is_later = state.image().leader_epoch.0 > 1;
    let leader = in_office(model, state).filter(|_| is_later);
    leader.is_some_and(|(leader, _)| model.latest_offset(state, leader).is_some())
}

fn two_records(model: &Replication, state: &State) -> bool {
    each(model, state).any(|(_, replica)| replica.log.end().0 > 1)
}

fn truncation_safety(_: &Replication, state: &State) -> bool {
    !state.ghost.broken.contains(Broken::Truncation)
}

fn unclean_exclusion(_: &Replication, state: &State) -> bool {
    let excluded = state
        .ghost
        .lossy
        .iter()
        .filter(|broker| registered(state, *broker));
    let mut favoured = excluded.filter(|broker| {
        state.candidates().contains(*broker) || state.image().leader == Some(*broker)
    });
    favoured.next().is_none()
}

fn lossy_is_back(_: &Replication, state: &State) -> bool {
    state
        .ghost
        .lossy
        .iter()
        .any(|broker| registered(state, broker))
}

// What single steps promise.

fn a1_admission(_: &Replication, state: &State) -> bool {
    !state.ghost.broken.contains(Broken::Admission)
}

fn below_min_isr(model: &Replication, state: &State) -> bool {
    each(model, state).any(|(broker, replica)| {
        let known = state.min_isr_known_by(broker);
        let min_isr = model.effective_min_isr(known, state.view(broker).replicas);
        replica.leads()
            && replica
                .tenure()
                .is_some_and(|tenure| tenure.isr.len() < min_isr)
    })
}

fn a2_completion(_: &Replication, state: &State) -> bool {
    !state.ghost.broken.contains(Broken::Completion)
}

fn someone_waits(model: &Replication, state: &State) -> bool {
    each(model, state).any(|(_, replica)| {
        replica
            .tenure()
            .is_some_and(|tenure| !tenure.waiting.is_empty())
    })
}

fn a3_expansion(_: &Replication, state: &State) -> bool {
    !state.ghost.broken.contains(Broken::Expansion)
}

fn someone_outside(model: &Replication, state: &State) -> bool {
    let replicas = state.image().replicas;
    let outside = |replica: &Replica| {
        replica
            .tenure()
            .is_some_and(|tenure| !replicas.is_subset(tenure.maximal_isr()))
    };
    each(model, state).any(|(_, replica)| replica.leads() && outside(replica))
}
