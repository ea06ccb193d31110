//! Which layouts keep a quorum, and what ZooKeeper's verifiers promise.

use highwater_checks::quorum::layouts::{Break, LAYOUTS, table};
use highwater_checks::quorum::operators::{
    both_sides_broken_out, ensemble, one_side_broken_out, promoted_observer,
};
use highwater_checks::quorum::recovery::is_reachable;
use highwater_checks::quorum::zookeeper::{explored, told};
use highwater_model::quorum::ensemble::{Ensemble, Server, Verifier};
use highwater_model::quorum::{Bounds, Event, Faults, Quorum, Setting, State, Variant};
use highwater_model::zookeeper::{self, Property, Zookeeper};
use highwater_vocabulary::{Datacenter, Member};

/// Every configuration of up to three groups of up to three servers with weights 0 to 2, some of them
/// observers: any two quorums have a server in common (Q-I4).
#[test]
fn any_two_quorums_meet() {
    // What a server may be: no server, weight 0 to 2, an observer.
    let kinds = [
        None,
        Some((0, false)),
        Some((1, false)),
        Some((2, false)),
        Some((1, true)),
    ];
    let mut groups: Vec<Vec<Option<(u32, bool)>>> = Vec::new();
    for first in kinds {
        for second in kinds {
            for third in kinds {
                let mut group = vec![first, second, third];
                group.sort();
                group.retain(Option::is_some);
                groups.push(group);
            }
        }
    }
    groups.sort();
    groups.dedup();
    let mut tried = 0;
    for (place, first) in groups.iter().enumerate() {
        for (second_place, second) in groups.iter().enumerate().skip(place) {
            for third in groups.iter().skip(second_place) {
                let servers = [first, second, third].into_iter().enumerate();
                let servers: Vec<Server> = servers
                    .flat_map(|(group, members)| {
                        members.iter().flatten().map(move |kind| (group, *kind))
                    })
                    .map(|(group, (weight, observes))| Server {
                        home: Datacenter::at(group),
                        group: group as u8,
                        weight,
                        observes,
                    })
                    .collect();
                for verifier in [Verifier::Majority, Verifier::Hierarchical] {
                    let ensemble = Ensemble {
                        verifier,
                        servers: servers.clone(),
                    };
                    assert!(ensemble.quorums_meet(), "{ensemble:?}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 10_000, "{tried} configurations");
}

/// Integer halves: what is no quorum although it looks like one.
#[test]
fn halves_are_integers() {
    let nine = Ensemble::of(Verifier::Hierarchical, &[3, 3, 3]);
    //   of each group        a quorum
    for (taken, quorum) in [
        ([2, 2, 0], true),
        ([3, 1, 1], false),
        ([3, 3, 0], true),
        ([3, 0, 0], false),
        ([2, 2, 2], true),
        ([1, 1, 1], false),
    ] {
        let mut left: [usize; 3] = taken;
        let set = highwater_model::quorum::ensemble::Servers::which(9, |place| {
            let group = usize::from(nine.servers[place].group);
            let takes = left[group] > 0;
            left[group] -= usize::from(takes);
            takes
        });
        assert_eq!(nine.contains_quorum(set), quorum, "{taken:?}");
    }
}

#[test]
fn which_side_commits() {
    for layout in LAYOUTS {
        for broken in layout.breaks() {
            assert!(!layout.two_sides_commit(broken), "{layout:?} {broken:?}");
        }
    }
    insta::assert_snapshot!(table());
}

/// What the verifier says of a layout, KRaft's own rules come to: after the break a leader can be
/// elected and commit in exactly the datacenters that the verifier names.
#[test]
fn the_protocol_does_what_the_verifier_says() {
    let small = LAYOUTS.iter().filter(|layout| {
        let voters = layout.voters.iter().sum::<usize>();
        let is_small = voters <= 4 || layout.voters == [2, 2, 1];
        layout.verifier == Verifier::Majority && is_small
    });
    let mut compared = 0;
    for layout in small {
        let names = ["a", "b", "c"].into_iter();
        let places: Vec<_> = names.zip(layout.voters.iter().copied()).collect();
        let mut variant = Variant::newest();
        variant.switches.pre_vote = false;
        let model = Quorum {
            setting: Setting::of(&places, 0),
            variant,
            faults: Faults::default(),
            bounds: Bounds {
                records: 0,
                epochs: 1,
                repairs: false,
                ..Bounds::default()
            },
            asked: &[],
        };
        for broken in layout.breaks() {
            let start = broken_at_first(&model, layout.voters.len(), broken);
            let able = layout.able(broken);
            for home in layout.datacenters() {
                let commits = |state: &State| {
                    let mut leaders = state.leaders(&model);
                    leaders.any(|(node, leading)| {
                        model.setting.home(node) == home && leading.watermark > 0
                    })
                };
                let reached = is_reachable(&model, &start, commits);
                assert_eq!(
                    reached,
                    able.contains(&home),
                    "{layout:?} {broken:?} {home:?}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared >= 50, "{compared} compared");
}

fn broken_at_first(model: &Quorum, count: usize, broken: Break) -> State {
    let others = |x: Datacenter| (0..count).map(Datacenter::at).filter(move |y| *y != x);
    let events: Vec<Event> = match broken {
        Break::Lost(x) => vec![Event::Lose(x)],
        Break::Cut(x, y) => vec![Event::Cut(x, y)],
        Break::Alone(x) => others(x).map(|y| Event::Cut(x, y)).collect(),
    };
    let start = model.beginning();
    events.iter().fold(start, |state, event| {
        model.step(&state, event).expect("a fault can happen")
    })
}

const A: usize = 0;
const B: usize = 1;

fn place(index: usize) -> Datacenter {
    Datacenter::at(index)
}

fn verdicts(model: &Zookeeper) -> Vec<(&'static str, &'static str)> {
    let found = explored(model);
    assert_eq!(found.cut, None, "the space is exhausted");
    let verdict = |property: &Property| {
        let violated = found
            .violated
            .iter()
            .any(|(name, _)| *name == property.name);
        match (violated, found.arose.contains(&property.arising)) {
            (true, _) => "violated",
            (false, true) => "holds",
            (false, false) => "silent",
        }
    };
    Property::ALL
        .iter()
        .map(|property| (property.name, verdict(property)))
        .collect()
}

/// An ensemble that nobody reconfigures keeps everything, whatever is lost or cut.
#[test]
fn an_ensemble_keeps_what_is_committed() {
    for (verifier, voters) in [
        (Verifier::Majority, &[("a", 2), ("b", 1)][..]),
        (Verifier::Hierarchical, &[("a", 2), ("b", 2)]),
    ] {
        let mut model = ensemble(verifier, voters, 0);
        model.bounds.cuts = vec![[place(A), place(B)]];
        let found = verdicts(&model);
        for (name, verdict) in found {
            // Where each group has two servers, a new leader needs the old one's vote.
            let silent = name == "one-leader-per-epoch" && verifier == Verifier::Hierarchical;
            let expected = if silent { "silent" } else { "holds" };
            assert_eq!(verdict, expected, "{name} {verifier:?}");
        }
        if verifier == Verifier::Hierarchical {
            continue; // Every quorum of two groups of two is everybody, so any of them has it all.
        }
        model.newest_history_leads = false;
        let found = verdicts(&model);
        assert!(
            found.contains(&("leader-complete", "violated")),
            "{found:?}"
        );
    }
}

#[test]
fn a_wrong_line_is_answered() {
    let setting = zookeeper::Setting::of(Verifier::Majority, &[("a", 2)], 1);
    for (line, answer) in [
        ("", "an event has a first word"),
        ("elect", "`elect` wants a server, not ``"),
        ("elect a-1 a-3", "`elect` wants a server, not `a-3`"),
        ("lose b", "`lose` wants a datacenter, not `b`"),
        ("propose a-1 a-2", "`propose` is complete before `a-2`"),
    ] {
        assert_eq!(
            zookeeper::Event::parse(line, &setting),
            Err(answer.to_owned())
        );
    }
    assert!(zookeeper::Event::parse("observe a-3o a-1", &setting).is_ok());
}

/// What an operator does by hand: three stories in which the promise to `replication` is broken.
#[test]
fn what_an_operator_can_undo() {
    let promoted = promoted_observer();
    let found = explored(&promoted);
    assert_eq!(found.cut, None);
    let observer = told(&promoted, &found, "leader-complete").expect("a stale observer leads");

    let both = both_sides_broken_out();
    let found = explored(&both);
    assert_eq!(found.cut, None);
    let sides = told(&both, &found, "one-side-commits").expect("both sides commit");
    let history = told(&both, &found, "one-history").expect("two histories");

    for (_, path) in &found.violated {
        for event in &path.actions {
            let line = event.line(&both.setting);
            let read = zookeeper::Event::parse(&line, &both.setting);
            assert_eq!(read, Ok(*event), "{line}");
        }
    }

    // One side alone is safe: each quorum of two groups has a majority in both.
    let one = verdicts(&one_side_broken_out());
    insta::assert_snapshot!(format!(
        "A stale observer is promoted.\n{observer}\nBoth sides of a cut are broken out.\n{sides}\n\
         {history}\nOne side is broken out, the other is lost: {one:?}\n"
    ));
}
