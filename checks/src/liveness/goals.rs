//! What ought to come about in the end: each a sentence, a formula, and a function that says where it
//! is still missing.

use highwater_model::replication::{Replication, State};
use highwater_vocabulary::{Acks, Broker, BrokerSet, MOST_BROKERS, MOST_RECORDS, Member, Process};
use std::fmt;

/// What ought to come about.
pub struct Property {
    /// As files and verdicts write it.
    pub name: &'static str,
    /// Its number among the liveness properties of the protocol.
    pub number: &'static str,
    /// What it says.
    pub sentence: &'static str,
    /// The same, for those who read formulas.
    pub formula: &'static str,
    /// What is so for ever in a run that misses it.
    failure: &'static str,
    /// What is asked of a run.
    pub(super) demand: Demand,
    /// For which cases it is missing in a state; no bit, if for none.
    pub(super) missing: fn(&Replication, &State) -> Cases,
}

/// What is asked of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Demand {
    /// In the end it is never missing again.
    Stays,
    /// It is not missing for ever in one case; in another it may be by then.
    Comes,
}

/// The cases for which something is missing: a broker, or a broker and a record, a bit each.
pub(super) type Cases = u32;

const _: () = assert!(
    MOST_BROKERS * MOST_RECORDS <= Cases::BITS as usize,
    "a case is a bit"
);

/// By its name, which is what it is known by.
impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Property {
    /// Every one, in the order of their numbers.
    pub const ALL: &'static [Property] = &[
        Property {
            name: "leader-elected",
            number: "L1",
            sentence: "A partition has a leader in office in the end, if a live replica may be elected.",
            formula: "◇□ ((∃ b ∈ candidates : registered(b)) ⇒ ∃ l : in_office(l))",
            failure: "no leader is in office although a live replica may be elected",
            demand: Demand::Stays,
            missing: leader_missing,
        },
        Property {
            name: "watermark-reaches-end",
            number: "L2",
            sentence: "The watermark of the leader reaches its log end, if the ISR has min ISR members.",
            formula: "◇□ (in_office(l) ∧ |isr| ≥ m ⇒ hw(l) = end(l))",
            failure: "the watermark stands below the log end although the ISR has min ISR members",
            demand: Demand::Stays,
            missing: watermark_missing,
        },
        Property {
            name: "produce-answered",
            number: "L3",
            sentence: "A producer that waits is answered: told, refused, or told that this is not the leader.",
            formula: "∀ b, r : □◇ ¬(r ∈ waiting(b))",
            failure: "a producer waits for ever",
            demand: Demand::Comes,
            missing: answer_missing,
        },
        Property {
            name: "followers-converge",
            number: "L4",
            sentence: "Every live follower has the leader's log in the end: truncation terminates.",
            formula: "◇□ (in_office(l) ∧ registered(f) ⇒ log(f) = log(l))",
            failure: "a live follower's log differs from the leader's",
            demand: Demand::Stays,
            missing: convergence_missing,
        },
        Property {
            name: "isr-change-resolved",
            number: "L5",
            sentence: "A leader learns what became of the ISR change that it has proposed.",
            formula: "∀ b : □◇ ¬(leads(b) ∧ pending(b))",
            failure: "an ISR change stays pending for ever",
            demand: Demand::Comes,
            missing: outcome_missing,
        },
        Property {
            name: "caught-up-in-sync",
            number: "L6",
            sentence: "A live replica that has caught up is in the ISR in the end.",
            formula: "◇□ (in_office(l) ∧ registered(f) ∧ ¬fenced(f) ∧ ¬observer(f) ∧ log(f) = log(l) ⇒ f ∈ isr)",
            failure: "a live replica that has caught up is not in the ISR",
            demand: Demand::Stays,
            missing: seat_missing,
        },
        Property {
            name: "broker-unfenced",
            number: "L7",
            sentence: "A live broker is registered and unfenced in the end.",
            formula: "◇□ (running(b) ⇒ registered(b) ∧ ¬fenced(b))",
            failure: "a live broker is not let in",
            demand: Demand::Stays,
            missing: admission_missing,
        },
        Property {
            name: "metadata-learnt",
            number: "L7",
            sentence: "A registered broker has applied all of the controller's metadata in the end.",
            formula: "◇□ (registered(b) ⇒ view(b) = newest)",
            failure: "a registered broker has not applied the newest metadata",
            demand: Demand::Stays,
            missing: metadata_missing,
        },
        Property {
            name: "reassignment-completes",
            number: "L8",
            sentence: "A reassignment completes in the end, if whoever is to hold a replica is live.",
            formula: "◇□ (in_office(l) ∧ (∀ b ∈ replicas ∖ removing : registered(b) ∧ ¬fenced(b)) ⇒ \
                      adding = removing = ∅)",
            failure: "a reassignment runs for ever although whoever is to hold a replica is live",
            demand: Demand::Stays,
            missing: completion_missing,
        },
        Property {
            name: "committed-everywhere",
            number: "L9",
            sentence: "What the leader's watermark covers is on every live replica in the end.",
            formula: "◇□ (in_office(l) ∧ registered(f) ⇒ log(l)[..hw(l)] = log(f)[..hw(l)])",
            failure: "a live replica lacks what the leader's watermark covers",
            demand: Demand::Stays,
            missing: copy_missing,
        },
    ];

    /// What is so for ever, or again and again, in a run that misses it.
    pub fn failure(&self) -> &'static str {
        self.failure
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<&'static Property> {
        Property::ALL.iter().find(|property| property.name == name)
    }
}

/// The case that is the whole partition.
fn whole(is_missing: bool) -> Cases {
    Cases::from(is_missing)
}

/// The cases of these brokers.
fn cases(model: &Replication, is_missing: impl Fn(Broker) -> bool) -> Cases {
    let brokers = model.setting.replicas().iter();
    let missing = brokers.filter(|broker| is_missing(*broker));
    missing.fold(0, |all, broker| all | 1 << broker.index())
}

/// Whoever an election would choose from: ISR, else ELR, else the last known leader; anybody where
/// unclean election is allowed.
fn candidates(model: &Replication, state: &State) -> BrokerSet {
    let (isr, elr) = (state.image().isr, state.controller.elr);
    let last_known = state.controller.last_known_leader;
    if model.setting.unclean_leader_election && model.variant.switches.unclean_by_controller {
        model.setting.replicas()
    } else if !isr.is_empty() {
        isr
    } else if !elr.is_empty() {
        elr
    } else {
        last_known.map_or(BrokerSet::EMPTY, BrokerSet::only)
    }
}

fn leader_missing(model: &Replication, state: &State) -> Cases {
    let mut candidates = candidates(model, state).iter();
    let nobody_leads = model.leader_in_office(state).is_none();
    whole(nobody_leads && candidates.any(|broker| state.replicas[broker].serves()))
}

fn watermark_missing(model: &Replication, state: &State) -> Cases {
    let image = state.image();
    let enough = image.isr.len() >= model.effective_min_isr(image.min_isr, image.replicas);
    let leader = model.leader_in_office(state);
    let is_behind = leader.is_some_and(|leader| {
        let replica = &state.replicas[leader];
        replica.watermark < replica.log.end()
    });
    whole(enough && is_behind)
}

fn answer_missing(model: &Replication, state: &State) -> Cases {
    if model.setting.acks != Acks::All {
        return 0;
    }
    let leaders = model.setting.replicas().iter();
    let leaders = leaders.filter(|broker| state.replicas[*broker].serves());
    let waiting = leaders.flat_map(|broker| {
        let tenure = state.replicas[broker].tenure();
        let waiting = tenure.map(|tenure| tenure.waiting).unwrap_or_default();
        let place = broker.index() * MOST_RECORDS;
        waiting.iter().map(move |record| place + record.index())
    });
    waiting.fold(0, |all, place| all | 1 << place)
}

fn convergence_missing(model: &Replication, state: &State) -> Cases {
    let Some(leader) = model.leader_in_office(state) else {
        return 0;
    };
    let log = &state.replicas[leader].log;
    cases(model, |broker| {
        let replica = &state.replicas[broker];
        let follows = broker != leader && state.image().replicas.contains(broker);
        follows && replica.serves() && replica.log.entries() != log.entries()
    })
}

fn outcome_missing(model: &Replication, state: &State) -> Cases {
    cases(model, |broker| {
        let replica = &state.replicas[broker];
        let pending = replica.tenure().and_then(|tenure| tenure.pending);
        replica.serves() && pending.is_some()
    })
}

fn seat_missing(model: &Replication, state: &State) -> Cases {
    let Some(leader) = model.leader_in_office(state) else {
        return 0;
    };
    let (image, log) = (state.image(), &state.replicas[leader].log);
    cases(model, |broker| {
        let replica = &state.replicas[broker];
        let is_live = replica.serves() && !image.inactive.all().contains(broker);
        is_live
            && image.replicas.contains(broker)
            && !model.setting.observers.contains(broker)
            && replica.log.entries() == log.entries()
            && !image.isr.contains(broker)
    })
}

fn admission_missing(model: &Replication, state: &State) -> Cases {
    cases(model, |broker| {
        let replica = &state.replicas[broker];
        let is_in = replica.serves() && !state.image().inactive.fenced.contains(broker);
        replica.process == Process::Running && !is_in
    })
}

fn metadata_missing(model: &Replication, state: &State) -> Cases {
    cases(model, |broker| {
        let replica = &state.replicas[broker];
        replica.serves() && replica.place < state.controller.newest()
    })
}

fn completion_missing(model: &Replication, state: &State) -> Cases {
    let (image, controller) = (state.image(), &state.controller);
    let runs = !controller.adding.union(controller.removing).is_empty();
    let is_live =
        |broker| state.replicas[broker].serves() && !image.inactive.all().contains(broker);
    let led = model.leader_in_office(state).is_some();
    let mut targets = image.replicas.minus(controller.removing).iter();
    whole(runs && led && targets.all(is_live))
}

fn copy_missing(model: &Replication, state: &State) -> Cases {
    let Some(leader) = model.leader_in_office(state) else {
        return 0;
    };
    let leaders = &state.replicas[leader];
    cases(model, |broker| {
        let replica = &state.replicas[broker];
        let holds_replica = state.image().replicas.contains(broker);
        holds_replica
            && replica.serves()
            && !replica.log.agrees_below(&leaders.log, leaders.watermark)
    })
}
