//! Whatever a story says, the model answers; it never panics.
//!
//! Random events, most of them nonsense, in random settings under random variants.

use highwater_model::replication::{Bounds, Guard, Replication, Switches, Variant};
use highwater_vocabulary::{
    Acks, Broker, BrokerSet, Datacenter, Event, Faults, MOST_BROKERS, MOST_RECORDS, Member,
    ObserverPromotion, Offset, Profile, Quorum, Record, Setting, Story, Told,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// How long a random schedule is: long enough for logs, epochs and windows to fill up.
const EVENTS: usize = 60;

/// One to three brokers in one to three datacenters.
fn setting() -> impl Strategy<Value = Setting> {
    let homes = vec(0usize..3, 1..=MOST_BROKERS);
    let switches = (any::<bool>(), any::<bool>(), 0usize..3);
    (
        homes,
        vec(0u8..3, 3),
        1u8..=MOST_BROKERS as u8,
        0usize..3,
        switches,
        select(Profile::KRAFT.to_vec()),
    )
        .prop_map(
            |(homes, mut voters, min_isr, acks, (unclean, elr, observers), kafka)| {
                voters[0] = voters[0].max(1);
                let replicas = homes.len();
                Setting {
                    kafka,
                    observers: BrokerSet::first(replicas)
                        .minus(BrokerSet::first(replicas.saturating_sub(observers).max(1))),
                    observer_promotion: ObserverPromotion::ALL[usize::from(min_isr) % 3],
                    spares: BrokerSet::EMPTY,
                    partition_zero_replicas: None,
                    idempotence: false,
                    datacenters: ["north", "south", "east"].map(String::from).to_vec(),
                    voters,
                    quorum: Quorum::Majority,
                    zookeeper_observers: vec![0; 3],
                    brokers: homes.into_iter().map(Datacenter::at).collect(),
                    min_insync_replicas: min_isr,
                    acks: Acks::EACH[acks],
                    unclean_leader_election: unclean,
                    eligible_leader_replicas: elr,
                }
            },
        )
}

/// Kafka of that version, with a few guards waived and a few switches turned.
fn variant(kafka: Profile) -> impl Strategy<Value = Variant> {
    let waived = prop_oneof![
        Just(Vec::new()),
        vec(select(Guard::ALL), 0..4),
        vec(select(Guard::ALL), 0..40)
    ];
    let turned = vec((select(Switches::NAMES), any::<bool>()), 0..4);
    (waived, turned, any::<bool>()).prop_map(move |(waived, turned, late_fetches)| {
        let mut variant = Variant::of(kafka);
        variant.waived = waived.into_iter().collect();
        variant.late_fetches = late_fetches;
        for (name, on) in turned {
            assert!(variant.switches.set(name, on));
        }
        variant
    })
}

/// Any event that the notation can express in this setting.
fn event(setting: &Setting) -> impl Strategy<Value = Event> + use<> {
    let brokers = setting.brokers.len();
    let sites = setting.datacenters.len();
    let broker = move || (0..brokers).prop_map(Broker::at);
    let site = move || (0..sites).prop_map(Datacenter::at);
    let pair = move || {
        (site(), 1..sites)
            .prop_map(move |(one, apart)| [one, Datacenter::at((one.index() + apart) % sites)])
    };
    let record = || (0..MOST_RECORDS).prop_map(Record::at);
    let offset = || (0..=MOST_RECORDS as u64).prop_map(Offset);
    let loss = || 0..=MOST_RECORDS as u8;
    let set = move || {
        (1u16..1 << brokers).prop_map(|bits| {
            (0..MOST_BROKERS)
                .filter(|bit| bits >> bit & 1 == 1)
                .map(Broker::at)
                .collect::<BrokerSet>()
        })
    };
    let clients = prop_oneof![
        3 => (broker(), record()).prop_map(|(broker, record)| Event::Produce { broker, record }),
        2 => (broker(), record()).prop_map(|(broker, record)| Event::Ack { broker, record }),
        1 => (broker(), record()).prop_map(|(broker, record)| Event::Refuse { broker, record }),
        1 => (site(), broker(), offset())
            .prop_map(|(from, broker, offset)| Event::Read { from, broker, offset }),
    ];
    let replication = prop_oneof![
        6 => broker().prop_map(|follower| Event::Fetch { follower }),
        1 => broker().prop_map(|follower| Event::FetchLost { follower }),
        2 => broker().prop_map(|follower| Event::Request { follower }),
        2 => broker().prop_map(|follower| Event::Serve { follower }),
        2 => broker().prop_map(|follower| Event::Answer { follower }),
        1 => broker().prop_map(|follower| Event::Drop { follower }),
        1 => (broker(), broker()).prop_map(|(leader, follower)| Event::Lapse { leader, follower }),
        2 => (broker(), set()).prop_map(|(leader, dropped)| Event::Shrink { leader, dropped }),
        2 => broker().prop_map(|leader| Event::Told { leader }),
        1 => broker().prop_map(|leader| Event::Untold { leader }),
        6 => (broker(), 0u8..4).prop_map(|(broker, records)| Event::Learn { broker, records }),
    ];
    let controller = prop_oneof![
        3 => broker().prop_map(|leader| Event::Apply { leader }),
        3 => broker().prop_map(|broker| Event::Fence { broker }),
        4 => broker().prop_map(|broker| Event::Unfence { broker }),
        4 => broker().prop_map(|broker| Event::Register { broker }),
        1 => Just(Event::Prefer),
        1 => Just(Event::Unclean),
        2 => site().prop_map(|datacenter| Event::Activate { datacenter }),
        1 => (0u8..5).prop_map(|to| Event::SetMinIsr { to }),
        1 => Just(Event::ElectUnclean),
        1 => set().prop_map(|replicas| Event::Reassign { replicas }),
        1 => site().prop_map(|datacenter| Event::PromoteObservers { datacenter }),
        1 => broker().prop_map(|broker| Event::ControlledShutdown { broker }),
        1 => broker().prop_map(|broker| Event::Stop { broker }),
    ];
    let environment = prop_oneof![
        6 => (broker(), proptest::option::of(offset()))
            .prop_map(|(broker, watermark)| Event::Restart { broker, watermark }),
        3 => broker().prop_map(|broker| Event::Resume { broker }),
        1 => Just(Event::CatchUp),
        3 => site().prop_map(|datacenter| Event::Return { datacenter }),
        2 => pair().prop_map(|between| Event::Heal { between }),
        2 => broker().prop_map(|broker| Event::Crash { broker }),
        1 => (broker(), loss()).prop_map(|(broker, lost)| Event::PowerLoss { broker, lost }),
        1 => broker().prop_map(|broker| Event::Wipe { broker }),
        1 => broker().prop_map(|broker| Event::Pause { broker }),
        1 => Just(Event::Lag),
        1 => site().prop_map(|datacenter| Event::Lose { datacenter }),
        1 => (site(), proptest::array::uniform::<_, MOST_BROKERS>(loss()))
            .prop_map(|(datacenter, lost)| Event::Darken { datacenter, lost }),
        1 => site().prop_map(|datacenter| Event::Destroy { datacenter }),
        1 => pair().prop_map(|between| Event::Cut { between }),
        1 => pair().prop_map(|[from, to]| Event::CutFrom { from, to }),
        1 => Just(Event::Depose),
        1 => site().prop_map(|datacenter| Event::BreakOut { datacenter }),
        1 => site().prop_map(|datacenter| Event::AddVoter { datacenter }),
        1 => site().prop_map(|datacenter| Event::FallBehind { datacenter }),
        1 => site().prop_map(|datacenter| Event::RollBack { datacenter }),
        2 => broker().prop_map(|broker| Event::Terminate { broker }),
    ];
    prop_oneof![2 => clients, 4 => replication, 3 => controller, 3 => environment]
}

/// A model, and a schedule of its events.
fn schedule(events: usize) -> impl Strategy<Value = (Replication, Vec<Event>)> {
    setting().prop_flat_map(move |setting| {
        let events = vec(event(&setting), events);
        let variant = variant(setting.kafka);
        (Just(setting), variant, events).prop_map(|(setting, variant, events)| {
            let model = Replication {
                setting,
                variant,
                faults: Faults::default(),
                bounds: Bounds::default(),
                asked: &[],
            };
            (model, events)
        })
    })
}

/// Runs a schedule, and looks at every state as every reader of states does.
fn run(model: &Replication, events: &[Event]) -> usize {
    let mut state = model.beginnings()[0];
    let mut happened = 0;
    for event in events {
        if let Ok(after) = model.step(&state, event) {
            state = after;
            happened += 1;
            let seen = model.observe(&state);
            let facts = seen.facts(&model.setting);
            let also = [
                !model.setting.observers.is_empty(),
                !seen.in_controlled_shutdown.is_empty(),
            ];
            let also = also.iter().filter(|is_told| **is_told).count();
            assert_eq!(facts.len(), 6 + also + model.setting.brokers.len());
            for property in highwater_model::replication::Property::ALL {
                let _ = (property.holds)(model, &state);
                let _ = (property.arises)(model, &state);
            }
        }
    }
    happened
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_story_makes_the_model_panic((model, events) in schedule(EVENTS)) {
        run(&model, &events);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_long_story_makes_the_model_panic((model, events) in schedule(40 * EVENTS)) {
        run(&model, &events);
    }

    /// What a history of many steps means can always be said.
    #[test]
    fn every_history_can_be_explained((model, events) in schedule(EVENTS)) {
        let beginning = model.beginnings()[0];
        let mut history = highwater_checks::explore::History { beginning, events: Vec::new() };
        let mut state = beginning;
        let tellable = |event: &&Event| {
            Event::parse(&event.line(&model.setting), &model.setting) == Ok(**event)
        };
        for event in events.iter().filter(tellable) {
            if let Ok(after) = model.step(&state, event) {
                state = after;
                history.events.push(*event);
            }
        }
        for property in highwater_model::replication::Property::ALL {
            let explanation = highwater_checks::explain::explain(&model, property, &history);
            prop_assert!(!explanation.argument.is_empty());
            prop_assert!(explanation.text("a random schedule").contains(property.name));
            let story = highwater_vocabulary::Story::parse(&explanation.story());
            let replayed = highwater_checks::replay::replay(&story.expect("it parses back"));
            prop_assert_eq!(replayed.expect("it is of a model").differences, Vec::new());
        }
    }
}

/// Epochs and counters are small numbers; a story that wears one out is told that the model is full.
#[test]
fn no_number_overflows() {
    for (header, round) in [
        // broker epochs
        (
            "elr on",
            "crash south-1\nrestart south-1\nregister south-1\nunfence south-1",
        ),
        // partition epochs, leader epochs
        (
            "elr on",
            "fence south-1\nunfence south-1\nfence north-1\nunfence north-1\nlearn north-1\nlearn south-1",
        ),
        ("elr on", "set-min-isr 1\nset-min-isr 2\nlearn north-1 2"),
        // partition epochs while an old one is remembered
        (
            "elr off, with waive:change-builds-on-newest, with waive:unknown-outcome-stays-pending, \
             with waive:restart-forgets-role",
            "lag\nshrink north-1 south-1\napply north-1\ntold north-1\nfetch south-1\nfetch south-1\napply north-1\n\
             learn north-1\nlearn north-1\ntold north-1\ncatch-up\nlearn south-1",
        ),
        // budgets
        (
            "elr on",
            "produce north-1 r1\npower-loss north-1 1\nrestart north-1\nregister north-1\n\
             unfence north-1\nlearn north-1\nread north north-1 0\nprefer\nlag\nshrink north-1 south-1\ncatch-up\nelect-unclean",
        ),
    ] {
        let header = format!("replication 4.1, brokers north-1 south-1, min ISR 1, {header}");
        let story = Story::parse(&format!("{header}\n{round}")).expect("a story");
        let model = Replication {
            variant: Variant::parse(story.setting.kafka, &story.variant).expect("a variant"),
            setting: story.setting.clone(),
            faults: Faults::default(),
            bounds: Bounds::default(),
            asked: &[],
        };
        let events: Vec<Event> = story
            .told
            .iter()
            .filter_map(|(_, told)| match told {
                Told::Event(event, _) => Some(*event),
                Told::Fact(_) => None,
            })
            .collect();
        let learning = model.setting.replicas().iter().flat_map(|broker| {
            let learn = Event::Learn { broker, records: 1 };
            [learn; 3]
        });
        let round: Vec<Event> = events.into_iter().chain(learning).collect();
        run(&model, &round.repeat(400));
    }
}

#[test]
fn a_worn_out_broker_epoch_is_refused_by_name() {
    let round = "crash south-1\nrestart south-1\nregister south-1\nlearn north-1\nunfence south-1\nlearn north-1\n";
    let header = "replication 4.1, brokers north-1 south-1, min ISR 1, elr on\n";
    let story = Story::parse(&format!("{header}{}", round.repeat(300))).expect("a story");
    let replayed = highwater_checks::replay::replay(&story).expect("a replay");
    let found: Vec<String> = replayed
        .differences
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found.len(), 1);
    assert!(
        found[0].contains("`register south-1` cannot happen: `model-is-full`"),
        "{found:?}"
    );
}
