//! The enumerator never offers too little: whatever can happen and is afforded is tried.
//!
//! Every event of the alphabet is tried in the first states of a few spaces.  What an event of it
//! leads to must be a successor, unless it is a fault that the row has not left.

use highwater_model::replication::{Bounds, Operators, Replication, State, Variant};
use highwater_vocabulary::{
    Broker, BrokerSet, Datacenter, Event, Faults, MOST_BROKERS, MOST_RECORDS, Member, Offset,
    Record, Setting, Story,
};
use stateright::Model;
use std::collections::{BTreeSet, HashSet, VecDeque};

/// States looked at in each space.
const ENOUGH_STATES: usize = 2_000;

fn brokers(setting: &Setting) -> impl Iterator<Item = Broker> + Clone + use<> {
    (0..setting.brokers.len()).map(Broker::at)
}

fn sites(setting: &Setting) -> impl Iterator<Item = Datacenter> + Clone + use<> {
    (0..setting.datacenters.len()).map(Datacenter::at)
}

/// Everything that is no fault, in any form that a rule could tell apart.
fn whatever_is_no_fault(setting: &Setting) -> Vec<Event> {
    let mut events = vec![
        Event::Prefer,
        Event::Unclean,
        Event::CatchUp,
        Event::ElectUnclean,
    ];
    let everyone: BrokerSet = brokers(setting).collect();
    events.extend((1..=3).map(|to| Event::SetMinIsr { to }));
    let targets = everyone.nonempty_subsets();
    events.extend(targets.map(|replicas| Event::Reassign { replicas }));
    events.extend(sites(setting).map(|datacenter| Event::PromoteObservers { datacenter }));
    for broker in brokers(setting) {
        let (follower, leader) = (broker, broker);
        for record in (0..MOST_RECORDS).map(Record::at) {
            events.push(Event::Produce { broker, record });
            events.push(Event::Ack { broker, record });
            events.push(Event::Refuse { broker, record });
        }
        for offset in (0..MOST_RECORDS as u64).map(Offset) {
            let watermark = Some(offset);
            events.push(Event::Restart { broker, watermark });
            events.extend(sites(setting).map(|from| Event::Read {
                from,
                broker,
                offset,
            }));
        }
        events.extend([
            Event::Fetch { follower },
            Event::FetchLost { follower },
            Event::Request { follower },
            Event::Serve { follower },
            Event::Answer { follower },
            Event::Drop { follower },
            Event::Told { leader },
            Event::Untold { leader },
            Event::Apply { leader },
            Event::Fence { broker },
            Event::Unfence { broker },
            Event::Register { broker },
            Event::Resume { broker },
            Event::Terminate { broker },
            Event::Restart {
                broker,
                watermark: None,
            },
        ]);
        events.extend((1..=6).map(|records| Event::Learn { broker, records }));
        events.extend((1..=6).map(|records| Event::Late { broker, records }));
        events.extend(brokers(setting).map(|follower| Event::Lapse { leader, follower }));
        let subsets = everyone.nonempty_subsets();
        events.extend(subsets.map(|dropped| Event::Shrink { leader, dropped }));
    }
    for x in sites(setting) {
        events.push(Event::Activate { datacenter: x });
        events.push(Event::Return { datacenter: x });
        let others = sites(setting).filter(|y| *y != x);
        events.extend(others.map(|y| Event::Heal { between: [x, y] }));
    }
    events
}

/// Every fault, whoever it strikes and whatever it takes.
fn whatever_goes_wrong(setting: &Setting) -> Vec<Event> {
    let mut events = vec![Event::Lag, Event::Depose];
    let losses = 0..=MOST_RECORDS as u8;
    for broker in brokers(setting) {
        events.extend([
            Event::Crash { broker },
            Event::Wipe { broker },
            Event::Pause { broker },
            Event::ControlledShutdown { broker },
            Event::Stop { broker },
        ]);
        events.extend(losses.clone().map(|lost| Event::PowerLoss { broker, lost }));
    }
    for datacenter in sites(setting) {
        events.extend([Event::Lose { datacenter }, Event::Destroy { datacenter }]);
        events.push(Event::RollBack { datacenter });
        for (first, second) in losses
            .clone()
            .flat_map(|x| losses.clone().map(move |y| (x, y)))
        {
            let mut lost = [0; MOST_BROKERS];
            let mut own = brokers(setting).filter(|b| setting.home(*b) == datacenter);
            for (broker, lost_here) in own.by_ref().zip([first, second]) {
                lost[broker.index()] = lost_here;
            }
            events.push(Event::Darken { datacenter, lost });
        }
        for other in sites(setting).filter(|other| *other != datacenter) {
            let (from, to) = (datacenter, other);
            events.push(Event::Cut {
                between: [from, to],
            });
            events.push(Event::CutFrom { from, to });
        }
    }
    events
}

/// Whether the row contains what was spent after a fault, and the fault was one of the row's.
fn row_has(model: &Replication, before: &State, after: &State) -> bool {
    let mut budgets: Vec<u8> = Vec::new();
    let mut last = None;
    for fault in model.faults.iter() {
        if last != Some(fault) {
            budgets.push(model.faults.budget(fault) as u8);
            last = Some(fault);
        }
    }
    let (old, new) = (before.ghost.spent.faults, after.ghost.spent.faults);
    old != new
        && budgets
            .iter()
            .zip(new)
            .all(|(budget, spent)| spent <= *budget)
}

/// The events that can happen in the first states of a space and are not tried, a line each.
fn withheld(model: &Replication) -> BTreeSet<String> {
    let other = whatever_is_no_fault(&model.setting);
    let faults = whatever_goes_wrong(&model.setting);
    let mut withheld = BTreeSet::new();
    let mut seen: HashSet<State> = model.init_states().into_iter().collect();
    let mut waiting: VecDeque<State> = seen.iter().copied().collect();
    let mut offered = Vec::new();
    while let Some(state) = waiting.pop_front() {
        offered.clear();
        model.actions(&state, &mut offered);
        let tried = offered.iter();
        let successors: HashSet<State> = tried
            .filter_map(|event| model.next_state(&state, *event))
            .collect();
        let next = state.ghost.next_record();
        let may = |event: &&Event| match event {
            // Records are sent in their order, and operators' values come in the file's.
            Event::Produce { record, .. } => Some(*record) == next,
            Event::SetMinIsr { to } => {
                let mut values = model.bounds.operators.min_isr.iter().flatten();
                let spent = usize::from(state.ghost.spent.min_isr_changes);
                values.nth(spent) == Some(to)
            }
            Event::Reassign { replicas } => {
                let mut values = model.bounds.operators.reassignments.iter().flatten();
                let spent = usize::from(state.ghost.spent.reassignments);
                values.nth(spent) == Some(replicas)
            }
            _ => true,
        };
        let happens = |event: &Event| {
            let after = model.next_state(&state, *event)?;
            (!successors.contains(&after)).then_some(after)
        };
        for event in other.iter().filter(may) {
            if happens(event).is_some() {
                withheld.insert(event.line(&model.setting));
            }
        }
        for event in &faults {
            if happens(event).is_some_and(|after| row_has(model, &state, &after)) {
                withheld.insert(event.line(&model.setting));
            }
        }
        for after in successors {
            if seen.len() < ENOUGH_STATES && seen.insert(after) {
                waiting.push_back(after);
            }
        }
    }
    withheld
}

#[test]
fn whatever_can_happen_is_tried() {
    let two = "4.1, brokers a-1 b-1, voters a 1 b 1 c 1, min ISR 1, elr on";
    let three = "4.1, brokers a-1 b-1 b-2, voters a 1 b 1 c 1, min ISR 1, elr on";
    for (setting, rows) in [
        (
            two,
            &[
                "lag+broker-power-loss",
                "broker-crash+broker-stop",
                "broker-wiped+broker-pause",
                "cut:a|b+cut:a|c",
                "one-way-cut:a>b",
                "one-way-cut:b>a",
                "one-way-cut:a>c+one-way-cut:c>b",
                "dc-loss:a+controller-failover",
                "dc-destroyed:b",
            ][..],
        ),
        (three, &["lag+dc-power-loss:b", "broker-pause"]),
        (
            "4.1, brokers a-1 b-1, min ISR 1, elr on, with late-fetches, with waits-for-caught-up=on",
            &["lag+broker-crash"],
        ),
        (
            "3.5, brokers a-1 b-1, min ISR 1, unclean on",
            &["lag+broker-crash"],
        ),
        (
            "2.1, brokers a-1 b-1, voters a 1 b 1 c 1, min ISR 1",
            &[
                "lag+broker-power-loss",
                "broker-pause+controller-failover",
                "cut:a|b",
                "one-way-cut:a>c",
            ],
        ),
        (
            "2.7, brokers a-1 b-1, voters a 1 b 1 c 1, min ISR 1, unclean on",
            &["lag+broker-crash", "one-way-cut:b>a", "dc-power-loss:a"],
        ),
        (
            "2.1, brokers a-1 b-1, min ISR 1, with late-requests",
            &["broker-crash"],
        ),
    ] {
        for row in rows {
            let story = Story::parse(&format!("replication {setting}")).expect("well-formed");
            let variant = Variant::parse(story.setting.kafka, &story.variant).expect("well-formed");
            let faults = Faults::parse(row, &story.setting.datacenters).expect("well-formed");
            let model = Replication {
                setting: story.setting,
                variant,
                faults,
                bounds: Bounds {
                    reads: 1,
                    retries: 0,
                    redundant_choices: true,
                    operators: Operators {
                        min_isr: [Some(2), None],
                        reassignments: [None; 2],
                        promotions: 0,
                        unclean_elections: 1,
                        ..Operators::default()
                    },
                    ..Bounds::default()
                },
                asked: &[],
            };
            let withheld = withheld(&model);
            assert!(withheld.is_empty(), "{setting}; {row}: {withheld:?}");
        }
    }
}
