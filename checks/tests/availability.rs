//! What stops, and the shortest way back: derived by the model, and held against what can be said
//! without it.

mod services;

use highwater_checks::availability::{self, Move, Service, Word};
use highwater_checks::check::Options;
use highwater_checks::{Report, Source, check, deployment_file, ladder};
use highwater_model::replication::{Bounds, Grain, Guard, Replication, State, Variant, choices};
use highwater_vocabulary::{
    Acks, Broker, BrokerSet, Datacenter, Event, Faults, Member, ObserverPromotion, Profile, Quorum,
    Set, Setting,
};
use services::{cell, deployment, replay, row};
use stateright::Model;
use std::collections::{HashSet, VecDeque};
use std::fmt::Write;

/// protocol and layout, and what can be said of the loss of one datacenter without any search: writes go
/// on by themselves exactly if the replicas that are left are enough for min ISR and a majority of the
/// voters is left; if min ISR is in the way, lowering it to what is left mends it, and if the quorum is,
/// so does breaking out the rest of it; neither loses anything, for nobody ever left the ISR.
#[test]
fn the_loss_of_a_datacenter_is_as_the_formula_says() {
    //   replicas     voters     min ISR
    for (replicas, voters, min_isr) in [
        ([1, 1, 1], [1, 1, 1], 1),
        ([1, 1, 1], [1, 1, 1], 2), // both: nothing is lost, nothing stops
        ([1, 1, 1], [1, 1, 1], 3),
        ([2, 1, 0], [1, 1, 1], 2),
        ([2, 1, 0], [1, 1, 1], 3),
        ([2, 1, 0], [2, 1, 0], 1), // the quorum is gone with a
        ([2, 2, 0], [1, 1, 1], 2),
        ([2, 2, 0], [1, 1, 1], 3), // survives, but blocks
        ([2, 2, 0], [2, 1, 0], 3),
        ([2, 1, 1], [1, 1, 1], 2),
        ([2, 1, 1], [1, 1, 1], 3),
        ([2, 2, 1], [1, 1, 1], 3), // both
    ] {
        let deployment = deployment("4.1", &replicas, &voters, min_isr, "");
        for (lost, name) in ["a", "b", "c"].into_iter().enumerate() {
            if replicas[lost] == 0 {
                continue;
            }
            let found = row(&deployment, &format!("dc-loss:{name}"));
            let case = format!("{replicas:?} {voters:?} min ISR {min_isr}, {name} is lost");
            let left: u8 = replicas.iter().sum::<u8>() - replicas[lost];
            let all: u8 = voters.iter().sum();
            let has_quorum = 2 * (all - voters[lost]) > all;
            let expected = |goes_on| {
                if goes_on {
                    Word::Automatic
                } else {
                    Word::AfterHeal
                }
            };
            let writes = cell(&found, Service::Writes);
            assert_eq!(
                writes.word,
                expected(left >= min_isr && has_quorum),
                "{case}"
            );
            assert_eq!(
                cell(&found, Service::Reads).word,
                expected(has_quorum),
                "{case}"
            );
            assert_eq!(
                cell(&found, Service::Metadata).word,
                expected(has_quorum),
                "{case}"
            );
            assert!(found.metadata_durable, "{case}");
            let moves = writes.runbook.as_ref().map(|runbook| runbook.moves.clone());
            let rest = Move::BreakOut(Datacenter::at(1 - lost.min(1)));
            let helps: Vec<Move> = [
                (!has_quorum).then_some(rest),
                (left < min_isr).then_some(Move::SetMinIsr(left)),
            ]
            .into_iter()
            .flatten()
            .collect();
            assert_eq!(moves.unwrap_or_default(), helps, "{case}");
            let price = writes.runbook.as_ref().map(|runbook| runbook.may_lose);
            assert_eq!(price, (!helps.is_empty()).then_some(false), "{case}");
        }
    }
}

/// Lag before the loss, without eligible leader replicas: the copy that is left may not lead, and an
/// unclean election may elect one that lacks what was acknowledged.  With them it goes on by itself.
#[test]
fn without_eligible_leader_replicas_a_living_copy_is_no_leader() {
    for (kafka, word) in [("3.9", Word::AfterHeal), ("4.1", Word::Automatic)] {
        let deployment = deployment(kafka, &[1, 1, 1], &[1, 1, 1], 2, "");
        let found = row(&deployment, "lag+dc-loss:a");
        for service in [Service::Writes, Service::Reads] {
            let cell = cell(&found, service);
            assert_eq!(cell.word, word, "{kafka} {service:?}");
            let runbook = cell
                .runbook
                .as_ref()
                .map(|runbook| (runbook.moves.as_slice(), runbook.may_lose));
            let expected =
                (word == Word::AfterHeal).then_some(([Move::ElectUnclean].as_slice(), true));
            assert_eq!(runbook, expected, "{kafka} {service:?}");
        }
    }
}

/// A cut: the clients on the side without the leader wait until it heals.
#[test]
fn a_cut_stops_some_clients_and_not_others() {
    let deployment = deployment("4.1", &[1, 1, 1], &[1, 1, 1], 2, "");
    let found = row(&deployment, "cut:a|b");
    let writes = cell(&found, Service::Writes);
    assert_eq!(writes.word, Word::AfterHeal);
    let clients: Vec<usize> = writes.clients.iter().map(|client| client.index()).collect();
    assert_eq!(clients, [0, 1], "whoever is in c reaches every leader");
    assert_eq!(writes.runbook, None, "no operator mends a link");
    assert_eq!(cell(&found, Service::Metadata).word, Word::Automatic);
}

/// The same with two brokers in c that hold no replica: the partition moves to where everybody reaches it.
/// With one, two replicas are left, which is what min ISR asks for; with none there is nothing to do.
#[test]
fn whom_everybody_reaches_gets_the_partition() {
    for (in_c, helps) in [(1, false), (2, true), (3, true)] {
        let text = format!(
            "name = 'x'\nkafka = '4.1'\n[[cluster]]\nid = 'c'\nbrokers = {{ a = 1, b = 1, c = {in_c} }}\n\
             voters = {{ a = 1, b = 1, c = 1 }}\n[[cluster.topic]]\nid = 't'\n\
             replicas = {{ a = 1, b = 1, c = 1 }}\nmin_insync_replicas = 2\n"
        );
        let source = Source::new("test", text);
        let (deployment, _) = deployment_file::read(&source).expect("legal");
        let found = row(&deployment, "cut:a|b");
        let writes = cell(&found, Service::Writes);
        assert_eq!(writes.word, Word::AfterHeal, "{in_c} brokers in c");
        let runbook = writes.runbook.as_ref();
        let moves = runbook.map(|runbook| (runbook.moves.clone(), runbook.may_lose));
        let expected = helps.then(|| (vec![Move::Reassign], false));
        assert_eq!(moves, expected, "{in_c} brokers in c");
        if helps {
            replay(writes);
        }
    }
}

/// An observer that its policy lets in only behind a leader that is one too: when a datacenter is lost, an
/// operator lets it in for good, or asks for less.
#[test]
fn an_observer_is_promoted_by_hand() {
    let text = "name = 'x'\nkafka = '4.1'\n[[cluster]]\nid = 'c'\nbrokers = { a = 1, b = 1, c = 1 }\n\
                voters = { a = 1, b = 1, c = 1 }\n[[cluster.topic]]\nid = 't'\n\
                replicas = { a = 1, b = 1 }\nmin_insync_replicas = 2\n\
                observers = { c = 1 }\nobserver_promotion = 'leader-is-observer'\n";
    let (deployment, _) = deployment_file::read(&Source::new("test", text)).expect("legal");
    let found = row(&deployment, "dc-loss:b");
    let writes = cell(&found, Service::Writes);
    assert_eq!(writes.word, Word::AfterHeal);
    let runbook = writes.runbook.as_ref().expect("an operator helps");
    assert_eq!(
        runbook.moves,
        [Move::SetMinIsr(1)],
        "what acts at once comes first"
    );
    replay(writes);
    let (model, _) = writes.worst.as_ref().expect("there is a worst state");
    let runbooks =
        availability::runbook::every(2, &[Move::PromoteObservers(Datacenter::at(2))], Set::EMPTY);
    let place = |moves: &[Move]| runbooks.iter().position(|known| known == moves);
    assert!(place(&[Move::SetMinIsr(1)]) < place(&[Move::PromoteObservers(Datacenter::at(2))]));
    assert!(!model.setting.observers.is_empty());
}

/// What was lost with its disks does not come back: it takes an operator, and somebody who has a copy.
#[test]
fn metadata_is_lost_with_the_disks_of_a_majority() {
    for (kafka, voters, faults, durable, word) in [
        ("4.1", [1, 1, 1], "dc-destroyed:a", true, Word::Automatic),
        ("4.1", [2, 1, 0], "dc-destroyed:a", false, Word::Manual),
        ("2.7", [2, 1, 0], "dc-destroyed:a", false, Word::Never), // nobody breaks ZooKeeper out
        ("4.1", [2, 1, 0], "dc-loss:a", true, Word::AfterHeal),
        ("4.1", [2, 1, 0], "dc-destroyed:b", true, Word::Automatic),
        // a voter is left in c, and no client
        (
            "4.1",
            [1, 1, 1],
            "dc-destroyed:a+dc-destroyed:b",
            false,
            Word::Never,
        ),
    ] {
        let deployment = deployment(kafka, &[1, 1, 0], &voters, 1, "");
        let found = row(&deployment, faults);
        assert_eq!(found.metadata_durable, durable, "{voters:?} {faults}");
        let found = cell(&found, Service::Metadata).word;
        assert_eq!(found, word, "{kafka} {voters:?} {faults}");
    }
}

/// Two brokers of one site, to be judged by themselves.
fn pair(waived: Option<Guard>, faults: &str) -> Replication {
    let setting = Setting {
        kafka: Profile::V3_9,
        datacenters: vec!["a".into()],
        voters: vec![3],
        quorum: Quorum::Majority,
        zookeeper_observers: vec![0],
        brokers: vec![Datacenter::at(0); 2],
        min_insync_replicas: 1,
        acks: Acks::All,
        unclean_leader_election: false,
        eligible_leader_replicas: false,
        observers: BrokerSet::EMPTY,
        observer_promotion: ObserverPromotion::default(),
        spares: BrokerSet::EMPTY,
        partition_zero_replicas: None,
        idempotence: false,
    };
    let mut variant = Variant::of(setting.kafka);
    variant.grain = Grain::Coarse;
    if let Some(guard) = waived {
        variant.waived = variant.waived.with(guard);
    }
    Replication {
        faults: Faults::parse(faults, &setting.datacenters).expect("legal"),
        setting,
        variant,
        bounds: Bounds {
            records: 1,
            elections: 2,
            preferred_elections: 0,
            ..Bounds::default()
        },
        asked: check::operators_properties(),
    }
}

/// The order of an operator's moves matters (R33b): lowering min ISR while the ISR is empty throws the only
/// clean candidate away, and then nobody is elected without an unclean election.  Whoever waits until the
/// candidate is back, and lowers min ISR then, keeps it; so what is printed is to wait.
#[test]
fn min_isr_is_lowered_after_the_candidate_is_back_and_not_before() {
    let mut model = pair(None, "broker-stop+broker-stop");
    model.setting.kafka = Profile::V4_1;
    model.setting.min_insync_replicas = 2;
    model.setting.eligible_leader_replicas = true;
    model.variant = Variant::of(Profile::V4_1);
    let setting = model.setting.clone();
    let told = |state: State, lines: &[&str]| {
        lines.iter().fold(state, |state, line| {
            let event = Event::parse(line, &setting).expect("an event");
            let after = model.step(&state, &event);
            after.unwrap_or_else(|why| panic!("{line}: {why:?}"))
        })
    };
    let both_stop = ["stop a-2", "fence a-2", "stop a-1", "fence a-1"];
    let stuck = told(model.beginnings()[0], &both_stop);
    assert!(stuck.image().isr.is_empty() && !stuck.controller.elr.is_empty());
    let back = ["restart a-2", "register a-2", "unfence a-2"];
    let (lower, unclean) = (["set-min-isr 1"], ["elect-unclean"]);

    let lowered_first = told(told(stuck, &lower), &back);
    assert_eq!(lowered_first.image().leader, None, "the candidate is gone");
    assert!(told(lowered_first, &unclean).controller.recovering);
    let lowered_last = told(told(stuck, &back), &lower);
    assert_eq!(lowered_last.image().leader, Some(Broker::at(1)));
    assert!(!lowered_last.controller.recovering);

    let found = availability::judge(&model, &[2], 400_000);
    assert!(found.is_known());
    let writes = &found.services[Service::Writes as usize];
    assert_eq!((writes.word(), &writes.runbook), (Word::AfterHeal, &None));
}

/// Without the guard the ISR is emptied and nobody is ever a candidate again: the word has to change.
#[test]
fn a_dead_end_that_is_planted_is_found() {
    let faults = "broker-crash+broker-crash";
    let word = |waived| {
        let found = availability::judge(&pair(waived, faults), &[2], 100_000);
        assert!(found.is_known());
        let writes = &found.services[Service::Writes as usize];
        (
            writes.word(),
            writes.runbook.as_ref().map(|runbook| runbook.after_return),
        )
    };
    assert_eq!(word(None), (Word::AfterHeal, None));
    assert_eq!(
        word(Some(Guard::LastMemberStays)),
        (Word::Manual, Some(true))
    );
}

/// What a bound kept from being looked at is no outage.
#[test]
fn what_was_not_looked_at_is_not_known() {
    for most in [0, 1, 10, 40] {
        let found = availability::judge(&pair(None, "broker-crash"), &[2], most);
        let words = found.services.iter().map(|served| served.word());
        let known: Vec<Word> = words.filter(|word| *word != Word::Incomplete).collect();
        assert_eq!(known, [], "{most} states");
        assert!(found.services.iter().all(|served| served.runbook.is_none()));
    }
    assert!(availability::judge(&pair(None, "broker-crash"), &[2], 100_000).is_known());
}

/// Every state of a model.
fn states(model: &Replication) -> Vec<State> {
    let mut seen: HashSet<State> = model.beginnings().into_iter().collect();
    let mut open: VecDeque<State> = model.beginnings().into();
    let mut states = Vec::new();
    let mut events = Vec::new();
    while let Some(state) = open.pop_front() {
        events.clear();
        model.actions(&state, &mut events);
        let after = events
            .iter()
            .filter_map(|event| model.next_state(&state, *event));
        open.extend(after.filter(|after| seen.insert(*after)));
        states.push(state);
    }
    states
}

/// A state whose epochs are counted anew can do just what it could do before, up to counting anew.
#[test]
fn counting_anew_changes_nothing_that_can_happen() {
    for faults in ["broker-power-loss", "lag+broker-crash", "broker-pause"] {
        let model = pair(None, faults);
        let rest = Replication {
            faults: Faults::default(),
            bounds: Bounds {
                isr_changes: u8::MAX,
                records: 0,
                ..model.bounds
            },
            ..model.clone()
        };
        let mut compared = 0;
        for state in states(&model) {
            let counted = model.recounted(&state);
            let mut events = Vec::new();
            choices::offer(&rest, &counted, &mut events);
            events.extend([Event::SetMinIsr { to: 1 }, Event::ElectUnclean]);
            for event in events {
                let (one, other) = (rest.step(&state, &event), rest.step(&counted, &event));
                let [one, other] =
                    [one, other].map(|after| after.map(|after| rest.recounted(&after)));
                assert_eq!(one, other, "{faults}: {event:?} in {state:?}");
                compared += 1;
            }
        }
        assert!(compared > 500, "{faults}: {compared}");
    }
}

/// Every runbook that is printed for a file that comes with Highwater, step by step from its worst state:
/// the steps are the model's, the moves are those that are printed, and at the end the client has
/// its answer.
#[test]
fn every_runbook_of_a_shipped_deployment_leads_back() {
    let mut replayed = 0;
    for name in [
        "two-dc-consistent",
        "two-and-a-half-dc",
        "stretched-2dc-witness",
        "single-site-acks-all",
        "three-dc-four-replicas",
    ] {
        let source = Source::read(format!("deployments/{name}.toml").as_ref()).expect("a file");
        let (deployment, _) = deployment_file::read(&source).expect("legal");
        for row in ladder::rows(&deployment) {
            for topic in 0..deployment.cluster.topics.len() {
                let options = Options::default();
                let found = availability::rows::of_row(&deployment, topic, &row, &options);
                let with_runbook = found.cells.iter().filter(|cell| cell.runbook.is_some());
                for cell in with_runbook {
                    replay(cell);
                    replayed += 1;
                }
            }
        }
    }
    assert!(replayed >= 20, "{replayed}");
}

/// The words do not depend on how large the steps are: two replicas over two datacenters, every row, in
/// whole steps and one event at a time.
#[test]
fn the_words_are_the_same_in_large_steps_and_in_small_ones() {
    let deployment = deployment("4.1", &[1, 1, 0], &[1, 1, 1], 1, "");
    let brokers = [1, 1, 0];
    let options = Options::default();
    let mut differences = String::new();
    for row in ladder::rows(&deployment) {
        let topic = &deployment.cluster.topics[0];
        for mut model in check::models(&deployment, topic, &row.faults, &options) {
            model.bounds.records = 1;
            let words = [Grain::CoarseFetches, Grain::Coarse, Grain::Fine].map(|grain| {
                model.variant.grain = grain;
                let found = availability::judge(&model, &brokers, 600_000);
                assert!(found.is_known(), "{grain:?}");
                found.services.map(|served| (served.words, served.runbook))
            });
            if words[0] != words[1] || words[1] != words[2] {
                let _ = writeln!(differences, "{:?}: {words:?}", row.faults);
            }
        }
    }
    assert_eq!(differences, "");
}

/// A file may demand what goes on, and is told where it does not.
#[test]
fn a_goal_about_a_service_is_met_by_any_better_word() {
    let file = |goals: &str| {
        format!(
            "name = 'x'\nkafka = '4.1'\n[[cluster]]\nid = 'c'\nbrokers = {{ a = 1, b = 1 }}\n\
             voters = {{ a = 1, b = 1, w = 1 }}\n[[cluster.topic]]\nid = 't'\n\
             replication_factor = 2\nmin_insync_replicas = 2\n[[require]]\nfault = 'dc-loss:a'\n{goals}\n"
        )
    };
    let goals = "writes-available = 'after-heal'\nreads-available = 'never'\n\
                 metadata-available = 'automatic'\nmetadata-durable = 'holds'";
    let options = Options {
        records: 1,
        ..Options::default()
    };
    let unmet = |goals: &str| {
        let report = Report::of(&Source::new("test", file(goals)), &options, &|_, _| {});
        report
            .unwrap_or_else(|error| panic!("{error}"))
            .unmet()
            .to_vec()
    };
    assert_eq!(unmet(goals), [""; 0]);
    assert_eq!(
        unmet("writes-available = 'automatic'"),
        ["dc-loss:a: writes-available should be automatic for t, and is after-heal"]
    );
    let wrong = Report::of(
        &Source::new("test", file("writes-available = 'holds'")),
        &options,
        &|_, _| {},
    );
    let wrong = wrong.expect_err("no such word").to_string();
    assert!(
        wrong.contains("automatic, after-heal, manual, never"),
        "{wrong}"
    );
}
