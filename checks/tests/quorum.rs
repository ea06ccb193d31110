//! The metadata quorum: what holds in spaces that were exhausted, and what breaks when it should.

use highwater_checks::explore::{Limits, oracle};
use highwater_checks::quorum::recovery::{anywhere, every_leader_could_commit, recovery};
use highwater_checks::quorum::{Verdict, explore, telling};
use highwater_model::quorum::{Bounds, Event, Faults, Guard, Property, Quorum, Setting, Variant};

/// Three voters in one datacenter.
fn three(faults: &str, bounds: [u8; 3]) -> Quorum {
    let setting = Setting::of(&[("a", 3)], 0);
    let [records, epochs, changes] = bounds;
    Quorum {
        faults: Faults::parse(faults, &setting.datacenters).expect("a fault"),
        setting,
        variant: Variant::newest(),
        bounds: Bounds {
            records,
            epochs,
            changes,
            ..Bounds::default()
        },
        asked: Property::ALL,
    }
}

fn without_pre_vote(mut model: Quorum) -> Quorum {
    model.variant.switches.pre_vote = false;
    model
}

fn with_static_voters(mut model: Quorum) -> Quorum {
    model.variant.switches.static_voters = true;
    model
}

/// What comes out in a space that was exhausted: its size, and whatever does not simply hold.
fn summary(name: &str, model: &Quorum) -> String {
    let exploration = explore(model, Limits::default());
    assert!(!exploration.cut_short, "{name}: the space is exhausted");
    let verdicts = exploration.verdicts.iter();
    let odd = verdicts.filter_map(|(property, verdict)| match verdict {
        Verdict::Holds => None,
        Verdict::Violated(history) => Some(format!(
            "{} violated after {}",
            property.name,
            history.actions.len()
        )),
        other => Some(format!("{} {}", property.name, other.word())),
    });
    let odd: Vec<_> = odd.collect();
    let counts = exploration.counts;
    format!(
        "{name}: {} states, {} levels; {}\n",
        counts.unique,
        counts.depth,
        odd.join(", ")
    )
}

/// Nothing is violated in any of these spaces; what is silent in one speaks in another.
#[test]
fn the_protocol_holds_in_these_spaces() {
    let spaces = [
        ("records", three("none", [1, 1, 0])),
        ("two epochs", three("none", [0, 2, 0])),
        ("crashes", three("voter-crash", [0, 2, 0])),
        ("power losses", three("voter-power-loss", [1, 1, 0])),
        ("a wiped disk", three("voter-wiped", [0, 1, 0])),
        ("changes of the voters", three("none", [0, 1, 2])),
        (
            "without pre-vote",
            without_pre_vote(three("voter-crash", [0, 2, 0])),
        ),
        (
            "static voters",
            with_static_voters(three("voter-crash", [0, 1, 0])),
        ),
    ];
    let text: String = spaces
        .iter()
        .map(|(name, model)| summary(name, model))
        .collect();
    for line in text
        .lines()
        .filter(|line| !line.starts_with("without pre-vote"))
    {
        assert!(!line.contains("violated"), "{line}");
    }
    insta::assert_snapshot!(text);
}

/// Every property says something in one of the spaces, and every event happens in one.
#[test]
fn nothing_is_vacuous() {
    let apart = Setting::of(&[("a", 1), ("b", 1)], 1);
    let mut cut = three("none", [1, 1, 1]);
    cut.faults =
        Faults::parse("cut:a|b+one-way-cut:b>a+dc-loss:a", &apart.datacenters).expect("faults");
    cut.setting = apart;
    cut.bounds.parts = true;
    cut.bounds.repairs = true;
    let spaces = [
        three("voter-crash+voter-power-loss", [1, 1, 0]),
        three("voter-wiped", [0, 2, 0]),
        three("none", [0, 2, 1]),
        cut,
    ];
    let mut silent: Vec<_> = Property::ALL.iter().map(|property| property.name).collect();
    let mut never: Vec<&str> = Event::VERBS.to_vec();
    for model in spaces {
        let exploration = explore(&model, Limits::default());
        assert!(!exploration.cut_short);
        silent.retain(|name| !matches!(exploration.verdict(name), Some(Verdict::Holds)));
        let happened = exploration
            .coverage
            .tried()
            .filter(|tally| tally.happened > 0);
        let happened: Vec<_> = happened.map(|tally| tally.event).collect();
        never.retain(|verb| !happened.contains(verb));
    }
    assert_eq!(silent, [""; 0], "silent everywhere");
    assert_eq!(never, [""; 0], "never happens");
}

/// stateright's own search finds the same states and violates the same properties.
#[test]
fn stateright_agrees() {
    for model in [
        three("voter-crash", [0, 1, 0]),
        with_static_voters(three("voter-wiped", [0, 1, 0])),
    ] {
        let ours = explore(&model, Limits::default());
        let theirs = oracle::search(&model, 60_000_000);
        assert_eq!(theirs.cut, None);
        assert_eq!(ours.represented, theirs.counts.unique);
        let theirs = Property::ALL.iter().filter_map(|property| {
            let mut violated = theirs.violated.iter();
            let (name, path) = violated.find(|(name, _)| *name == property.name)?;
            Some((*name, path.actions.len()))
        });
        let ours = Property::ALL
            .iter()
            .filter_map(|property| Some((property.name, ours.steps_to(property.name)?)));
        assert_eq!(ours.collect::<Vec<_>>(), theirs.collect::<Vec<_>>());
    }
}

/// The shortest history of a violation, as it is told; its events read back.
fn told(model: &Quorum, property: &str) -> String {
    let exploration = explore(model, Limits::default());
    let property = Property::named(property).expect("there is such a property");
    let Some(Verdict::Violated(history)) = exploration.verdict(property.name) else {
        panic!("{} is not violated", property.name);
    };
    for event in &history.actions {
        let line = event.line(&model.setting);
        assert_eq!(Event::parse(&line, &model.setting), Ok(*event), "{line}");
    }
    telling::told(model, property, history)
}

/// KAFKA-10527: a leader that restarts takes up its epoch again, after a power loss took its end.
/// Found with the switch, absent without it (the table of guards compares the two).
#[test]
fn a_leader_resumes_its_epoch() {
    let mut model = without_pre_vote(three("voter-power-loss", [1, 1, 0]));
    model.variant = model.variant.without(&[Guard::RestartResigns]);
    insta::assert_snapshot!(told(&model, "log-matching"));
}

/// KIP-853's motivation: the id alone does not tell an empty disk from the one that voted.
#[test]
fn a_static_voter_comes_back_with_an_empty_disk() {
    let model = with_static_voters(without_pre_vote(three("voter-wiped", [0, 2, 0])));
    insta::assert_snapshot!(told(&model, "leader-complete"));
}

/// The same with dynamic voters, when the disk is formatted by the command that formatted it first.
#[test]
fn a_disk_is_formatted_with_its_old_directory_id() {
    let mut model = without_pre_vote(three("voter-wiped", [0, 2, 0]));
    model.variant.switches.same_directory = true;
    insta::assert_snapshot!(told(&model, "one-leader-per-epoch"));
}

/// A single voter tells what it has not flushed: it moves the watermark first.
#[test]
fn a_single_voter_commits_before_it_flushes() {
    let mut model = three("voter-power-loss", [1, 2, 0]);
    model.setting = Setting::of(&[("a", 1)], 0);
    insta::assert_snapshot!(told(&model, "committed-survives"));
}

/// Without pre-vote a voter that is cut off from the leader alone deposes it again and again.
#[test]
fn a_half_cut_voter_deposes_the_leader() {
    let mut model = without_pre_vote(three("none", [0, 2, 0]));
    model.setting = Setting::of(&[("a", 1), ("b", 1), ("c", 1)], 0);
    model.faults = Faults::parse("cut:a|b", &model.setting.datacenters).expect("a fault");
    model.bounds.timely = true;
    model.bounds.repairs = false;
    insta::assert_snapshot!(told(&model, "steady-leader"));
    model.variant.switches.pre_vote = true;
    let exploration = explore(&model, Limits::default());
    assert!(matches!(
        exploration.verdict("steady-leader"),
        Some(Verdict::Holds)
    ));
}

/// KAFKA-15489: with the switch off, as before Kafka 3.7, a leader that is cut off from both others stays
/// the leader of whoever still sees it; with it on, it resigns.
#[test]
fn an_isolated_leader_lingers() {
    let ask = |check_quorum: bool| {
        let mut model = without_pre_vote(three("none", [0, 1, 0]));
        model.setting = Setting::of(&[("a", 1), ("b", 1), ("c", 1)], 0);
        model.faults =
            Faults::parse("cut:a|b+cut:a|c", &model.setting.datacenters).expect("faults");
        model.variant.switches.check_quorum = check_quorum;
        model.bounds.timely = true;
        model.bounds.repairs = false;
        let found = recovery(&model, anywhere, every_leader_could_commit, [0, 1]);
        let lines = found.stuck.map(|events| {
            let lines = events.iter().map(|event| event.line(&model.setting));
            lines.collect::<Vec<_>>()
        });
        (found.asked, lines)
    };
    let (asked, stuck) = ask(true);
    assert!(asked > 0 && stuck.is_none(), "{stuck:?}");
    let stuck = ask(false).1.expect("a leader lingers");
    assert!(stuck.iter().filter(|line| line.starts_with("cut")).count() == 2);
    assert!(stuck.contains(&"vote a-1 b-1".into()), "{stuck:?}");
}

/// Any event in any state is refused or happens; nothing panics, whatever is waived.
#[test]
fn no_history_makes_the_model_panic() {
    let mut seed = 7u64;
    let mut below = move |most: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % most
    };
    for round in 0..600 {
        let mut model = three("none", [2, 5, 2]);
        model.setting = Setting::of(&[("a", 2), ("b", 2)], 1);
        model.variant.switches.pre_vote = round % 2 == 0;
        model.variant.switches.static_voters = round % 5 == 0;
        let waived = Guard::ALL[below(Guard::ALL.len())];
        model.variant = model.variant.without(&[waived]);
        let names: Vec<_> = model
            .setting
            .nodes()
            .map(|node| model.setting.name(node))
            .collect();
        let mut state = model.beginning();
        for _ in 0..200 {
            let (one, other) = (&names[below(5)], &names[below(5)]);
            let verb = Event::VERBS[below(Event::VERBS.len())];
            let line = match verb {
                "time-out" | "resign" | "restart" | "crash" | "wipe" => format!("{verb} {one}"),
                "append" => format!("{verb} {one} m{}", state.ghost.spent.records + 1),
                "power-loss" => format!("{verb} {one} {}", below(3)),
                "lose" => format!("{verb} a"),
                "heal" | "cut" | "cut-from" => format!("{verb} a b"),
                _ => format!("{verb} {one} {other}"),
            };
            let event = Event::parse(&line, &model.setting).expect(&line);
            state = model.step(&state, &event).unwrap_or(state);
        }
        for property in Property::ALL {
            let _ = (property.holds)(&model, &state);
            let _ = (property.arises)(&model, &state);
        }
    }
}

/// Where only the others' connections to the leader fail, its own to them still tell it of the epoch that
/// they have begun: it needs no check of the quorum to step down.
#[test]
fn a_leader_that_still_reaches_the_others_steps_down() {
    let ask = |faults: &str| {
        let mut model = without_pre_vote(three("none", [0, 1, 0]));
        model.setting = Setting::of(&[("a", 1), ("b", 1), ("c", 1)], 0);
        model.faults = Faults::parse(faults, &model.setting.datacenters).expect("faults");
        model.variant.switches.check_quorum = false;
        model.bounds.timely = true;
        model.bounds.repairs = false;
        recovery(&model, anywhere, every_leader_could_commit, [0, 1])
    };
    let unheard = ask("one-way-cut:b>a+one-way-cut:c>a");
    assert!(unheard.asked > 0 && unheard.stuck.is_none());
    // The other way round nobody is kept from fetching, and nothing has to be given up.
    let unspoken = ask("one-way-cut:a>b+one-way-cut:a>c");
    assert!(unspoken.asked > 0 && unspoken.stuck.is_none());
}

/// A line that is no event says what it should be.
#[test]
fn a_wrong_line_is_answered() {
    let setting = Setting::of(&[("a", 2)], 0);
    for (line, answer) in [
        ("", "an event has a first word"),
        ("vote a-1", "`vote` wants a node here, and the line ends"),
        (
            "vote a-1 b-1",
            "`vote` wants a node, not `b-1`; there are a-1, a-2",
        ),
        (
            "append a-1 7",
            "`append` wants a record such as m1, not `7`",
        ),
        ("lose b", "`lose` wants a datacenter, not `b`; there are a"),
        ("crash a-1 a-2", "`crash` is complete before `a-2`"),
    ] {
        let error = Event::parse(line, &setting).expect_err(line);
        assert_eq!(error.to_string(), answer);
    }
}
