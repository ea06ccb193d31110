//! What `replication` assumes of its controller, clause for clause; and what a partition pays where
//! the metadata quorum breaks it.

mod first_line;

use highwater_checks::agreement::edges::{Compared, Width, every_edge};
use highwater_checks::agreement::engine_at;
use highwater_model::replication::state::Role;
use highwater_model::replication::{Bounds, Disabled, Guard, Replication, State};
use highwater_vocabulary::{Broker, BrokerSet, Event};
use stateright::Model;
use std::collections::{HashSet, VecDeque};

/// A partition by the first line of a story, what may go wrong, and what operators may do.
fn model(setting: &str, row: &str, break_outs: &[&str]) -> Replication {
    let bounds = Bounds {
        records: 1,
        elections: 2,
        isr_changes: 1,
        preferred_elections: 0,
        redundant_choices: true,
        ..Bounds::default()
    };
    let mut model = first_line::model(setting, row, bounds);
    let sites = break_outs
        .iter()
        .map(|name| model.setting.datacenter_named(name).expect("a datacenter"));
    model.bounds.operators.break_outs = sites.collect();
    model
}

/// Every transition of a space, up to so many states; says how many there were.
fn each_step(
    model: &Replication,
    most: usize,
    mut look: impl FnMut(&State, &Event, &State),
) -> usize {
    let mut seen: HashSet<State> = model.init_states().into_iter().collect();
    let mut open: VecDeque<State> = seen.iter().copied().collect();
    let (mut events, mut steps) = (Vec::new(), 0);
    while let Some(before) = open.pop_front() {
        events.clear();
        model.actions(&before, &mut events);
        for event in &events {
            let Some(after) = model.next_state(&before, *event) else {
                continue;
            };
            steps += 1;
            look(&before, event, &after);
            if seen.len() < most && seen.insert(after) {
                open.push_back(after);
            }
        }
    }
    steps
}

const MOST: usize = 30_000;

const FAILOVER: [(&str, &str); 3] = [
    (
        "4.1, brokers a-1 b-1, min ISR 1, elr on",
        "controller-failover+lag",
    ),
    (
        "3.9, brokers a-1 b-1 c-1, min ISR 2",
        "controller-failover+lag",
    ),
    (
        "4.1, brokers a-1 b-1, voters a 1 b 1, min ISR 1, elr on",
        "cut:a|b+lag",
    ),
];

/// Nothing is committed without a controller that works: no ISR, no leader, no registration changes.
#[test]
fn without_a_working_controller_the_metadata_stands_still() {
    for (setting, row) in FAILOVER {
        let model = model(setting, row, &[]);
        let mut without = 0;
        each_step(&model, MOST, |before, event, after| {
            if !model.has_controller(before) {
                without += 1;
                assert_eq!(before.image(), after.image(), "{event:?}");
                assert_eq!(before.controller.elr, after.controller.elr, "{event:?}");
            }
        });
        assert!(without > 100, "{setting}: {without}");
    }
}

/// And acks=all works only while everybody who counts fetches: a producer is told when every member
/// of the maximal ISR holds its record, whoever may have fallen behind meanwhile.
#[test]
fn without_a_working_controller_every_member_of_the_maximal_isr_holds_what_is_acknowledged() {
    for (setting, row) in FAILOVER {
        let model = model(setting, row, &[]);
        let (mut with, mut without) = (0, 0);
        each_step(&model, MOST, |before, event, _| {
            let Event::Ack { broker, record } = *event else {
                return;
            };
            let tenure = before.replicas[broker].tenure().expect("a leader answers");
            let holds = |member: Broker| before.replicas[member].log.end_of(record).is_some();
            assert!(tenure.maximal_isr().iter().all(holds), "{before:#?}");
            match model.has_controller(before) {
                true => with += 1,
                false => without += 1,
            }
        });
        assert!(with > 0 && without > 0, "{setting}: {with}, {without}");
    }
}

/// What the controller has not committed vanishes with its office; what it has stays; and nobody hears
/// an answer of a controller that is no more.
#[test]
fn after_the_controller_is_deposed_none_of_its_answers_arrives() {
    let mut asked = [0; 3];
    for (setting, row) in &FAILOVER[..2] {
        let model = model(setting, row, &[]);
        each_step(&model, MOST, |before, event, after| {
            let brokers = || model.setting.replicas().iter();
            if *event == Event::Depose {
                asked[0] += 1;
                assert_eq!(before.image(), after.image());
                assert!(after.controller.active.is_none());
                asked[1] += brokers()
                    .filter(|broker| before.changes[*broker].answer.is_some())
                    .count();
                for leader in brokers() {
                    assert_eq!(after.changes[leader].answer, None);
                    let told = model.step(after, &Event::Told { leader });
                    assert_eq!(told, Err(Disabled::NothingThere));
                    let apply = model.step(after, &Event::Apply { leader });
                    assert!(apply.is_err(), "nobody handles what was asked");
                    asked[2] += usize::from(apply == Err(Disabled::NoController));
                }
            }
            if let Event::Activate { .. } = event {
                assert_eq!(before.changes, after.changes, "it has answered nobody yet");
            }
        });
    }
    assert!(asked.iter().all(|count| *count > 0), "{asked:?}");
}

/// Whoever the new controller hears keeps its session, however long nobody heard it before.
#[test]
fn a_new_controller_gives_every_session_afresh() {
    let mut fenceable = [0; 2];
    for (setting, row) in FAILOVER {
        let model = model(setting, row, &[]);
        each_step(&model, MOST, |_, event, after| {
            let Event::Activate { .. } = event else {
                return;
            };
            for broker in model
                .setting
                .replicas()
                .minus(after.image().inactive.fenced)
                .iter()
            {
                let fenced = model.step(after, &Event::Fence { broker });
                let heard = after.replicas[broker].serves()
                    && fenced == Err(Disabled::By(Guard::FencedIsSilent));
                fenceable[usize::from(heard)] += 1;
                assert!(heard || fenced.is_ok(), "{fenced:?}");
            }
        });
    }
    assert!(fenceable[1] > 0, "{fenceable:?}");
}

// Where the promise is broken.

const BROKEN: [(&str, &str, &[&str]); 9] = [
    (
        "4.1, brokers a-1 b-1, min ISR 1, elr on",
        "metadata-rollback",
        &[],
    ),
    (
        "4.1, brokers a-1 b-1, min ISR 1, elr on",
        "metadata-rollback+lag",
        &[],
    ),
    (
        "3.9, brokers a-1 b-1, min ISR 1",
        "metadata-rollback+broker-crash",
        &[],
    ),
    (
        "3.5, brokers a-1 b-1, voters c 1, min ISR 1",
        "metadata-rollback+broker-pause",
        &[],
    ),
    (
        "4.1, brokers a-1 b-1, voters a 2 b 1, min ISR 1, elr on",
        "lag+dc-loss:a",
        &["b"],
    ),
    (
        "4.0, brokers a-1 b-1, voters a 2 b 1, min ISR 1, elr on",
        "lag+cut:a|b",
        &["b"],
    ),
    (
        "4.1, brokers a-1 b-1 b-2, voters a 1 b 1, min ISR 1, elr on",
        "cut:a|b",
        &["a", "b"],
    ),
    (
        "3.5, brokers a-1 b-1, voters a 1 b 1, min ISR 1",
        "cut:a|b+broker-crash",
        &["a", "b"],
    ),
    (
        "3.9, brokers a-1 b-1, voters a 3, min ISR 1, unclean on",
        "lag+one-way-cut:a>b",
        &["b"],
    ),
];

/// Model and engine agree on every step, and on what refuses what does not happen.
#[test]
fn model_and_engine_break_the_promise_alike() {
    let mut all = Compared::default();
    for (setting, row, break_outs) in BROKEN {
        let mut model = model(setting, row, break_outs);
        model.bounds.operators.added_voters = 1;
        let width = Width {
            edges: 40_000,
            everything_in_one_of: 29,
        };
        let begin = |state: &_| engine_at(&model, state, 1).expect("the engine has all of it");
        let compared = every_edge(&model, begin, width).unwrap_or_else(|found| panic!("\n{found}"));
        println!(
            "{setting}; {row}: {} states, {} edges",
            compared.states, compared.edges
        );
        all = all.and(compared);
    }
    assert!(all.edges > 100_000, "{}", all.edges);
}

/// Two histories are two turns of one state; nobody follows both, and who follows the former one has a
/// place in it.
#[test]
fn a_state_turned_twice_is_as_it_was() {
    let mut turned = 0;
    for (setting, row, break_outs) in BROKEN {
        let model = model(setting, row, break_outs);
        each_step(&model, 8_000, |_, _, after| {
            let Some(former) = &after.former else {
                assert!(after.apart.is_empty());
                return;
            };
            turned += 1;
            assert_eq!(after.turned(&model).turned(&model), *after);
            let acting = |broker: &Broker| after.replicas[*broker].role != Role::Idle;
            for broker in model.setting.replicas().iter().filter(acting) {
                let history = after.history_of(broker);
                let stands = usize::from(after.replicas[broker].place) < history.records().len();
                assert!(stands, "{broker:?} {:#?}", former.records());
                assert_eq!(after.view(broker), after.turned(&model).view(broker));
            }
        });
    }
    assert!(turned > 1_000, "{turned}");
}

/// No broker goes back in what it knows: it ends first.
#[test]
fn whoever_knows_more_ends_before_it_follows_the_other_history() {
    let mut ended = 0;
    for (setting, row, break_outs) in BROKEN {
        let model = model(setting, row, break_outs);
        each_step(&model, 8_000, |before, event, after| {
            let changed_sides = before
                .apart
                .minus(after.apart)
                .iter()
                .filter(|broker| after.former.is_some() || !after.replicas[*broker].serves());
            for broker in changed_sides {
                assert_eq!(after.replicas[broker].role, Role::Idle, "{event:?}");
                ended += usize::from(*event == Event::Terminate { broker });
            }
            for broker in BrokerSet::first(model.setting.brokers.len()).iter() {
                let (old, new) = (&before.replicas[broker], &after.replicas[broker]);
                assert!(new.role == Role::Idle || new.leader_epoch >= old.leader_epoch);
            }
        });
    }
    assert!(ended > 100, "{ended}");
}
