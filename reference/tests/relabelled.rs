//! Followers are followers: give two of them each other's place in the assignment, and everything that
//! is no election happens as before, with the names changed.
//!
//! Elections go through the assignment in its order, and so does a round of fetches; there the place
//! is what matters, and nothing of the kind may hold.

use highwater_reference::Engine;
use highwater_vocabulary::{
    Acks, Broker, BrokerSet, Datacenter, Event, Member, Observation, ObserverPromotion, Offset,
    Profile, Quorum, Record, Setting,
};
use proptest::prelude::*;
use proptest::sample::select;

/// Where each replica stands afterwards; the first stays the first, because it leads.
type Places = [usize; 4];

fn setting(kafka: Profile, homes: [usize; 4], acks: Acks) -> Setting {
    Setting {
        kafka,
        datacenters: ["north", "south", "west"].map(String::from).to_vec(),
        voters: vec![1, 1, 1],
        quorum: Quorum::Majority,
        zookeeper_observers: vec![0; 3],
        brokers: homes.iter().map(|site| Datacenter::at(*site)).collect(),
        min_insync_replicas: 2,
        acks,
        unclean_leader_election: false,
        eligible_leader_replicas: true,
        observers: BrokerSet::EMPTY,
        observer_promotion: ObserverPromotion::default(),
        spares: BrokerSet::EMPTY,
        partition_zero_replicas: None,
        idempotence: false,
    }
}

/// Everything but elections, and the fencing and registering that may lead to one.
fn event() -> impl Strategy<Value = Event> {
    let broker = || (0..4usize).prop_map(Broker::at);
    let record = || (0..3usize).prop_map(Record::at);
    let site = || (0..3usize).prop_map(Datacenter::at);
    prop_oneof![
        4 => (broker(), record()).prop_map(|(broker, record)| Event::Produce { broker, record }),
        4 => (broker(), record()).prop_map(|(broker, record)| Event::Ack { broker, record }),
        20 => broker().prop_map(|follower| Event::Fetch { follower }),
        4 => broker().prop_map(|follower| Event::FetchLost { follower }),
        6 => (broker(), 1..16u8).prop_map(|(leader, dropped)| Event::Shrink {
            leader,
            dropped: set(dropped),
        }),
        6 => broker().prop_map(|leader| Event::Apply { leader }),
        5 => broker().prop_map(|leader| Event::Told { leader }),
        1 => broker().prop_map(|leader| Event::Untold { leader }),
        8 => (broker(), 1..3u8).prop_map(|(broker, records)| Event::Learn { broker, records }),
        1 => (1..4u8).prop_map(|to| Event::SetMinIsr { to }),
        1 => broker().prop_map(|broker| Event::Stop { broker }),
        1 => broker().prop_map(|broker| Event::Crash { broker }),
        1 => (broker(), 0..3u8).prop_map(|(broker, lost)| Event::PowerLoss { broker, lost }),
        2 => broker().prop_map(|broker| Event::Restart { broker, watermark: None }),
        1 => broker().prop_map(|broker| Event::Pause { broker }),
        2 => broker().prop_map(|broker| Event::Resume { broker }),
        2 => Just(Event::Lag),
        1 => Just(Event::CatchUp),
        1 => Just(Event::Depose),
        2 => site().prop_map(|datacenter| Event::Activate { datacenter }),
        1 => (site(), site()).prop_map(|(from, to)| Event::CutFrom { from, to }),
        2 => (site(), site()).prop_map(|(x, y)| Event::Heal { between: [x, y] }),
        1 => (site(), broker(), 0..3u64).prop_map(|(from, broker, offset)| Event::Read {
            from,
            broker,
            offset: Offset(offset),
        }),
    ]
}

fn set(bits: u8) -> BrokerSet {
    let brokers = (0..4usize).filter(|slot| bits >> slot & 1 == 1);
    brokers.map(Broker::at).collect()
}

fn moved(places: Places, broker: Broker) -> Broker {
    Broker::at(places[broker.index()])
}

fn moved_all(places: Places, brokers: BrokerSet) -> BrokerSet {
    brokers.iter().map(|broker| moved(places, broker)).collect()
}

fn renamed(places: Places, event: Event) -> Event {
    let it = |broker| moved(places, broker);
    match event {
        Event::Produce { broker, record } => Event::Produce {
            broker: it(broker),
            record,
        },
        Event::Ack { broker, record } => Event::Ack {
            broker: it(broker),
            record,
        },
        Event::Fetch { follower } => Event::Fetch {
            follower: it(follower),
        },
        Event::FetchLost { follower } => Event::FetchLost {
            follower: it(follower),
        },
        Event::Shrink { leader, dropped } => Event::Shrink {
            leader: it(leader),
            dropped: moved_all(places, dropped),
        },
        Event::Apply { leader } => Event::Apply { leader: it(leader) },
        Event::Told { leader } => Event::Told { leader: it(leader) },
        Event::Untold { leader } => Event::Untold { leader: it(leader) },
        Event::Learn { broker, records } => Event::Learn {
            broker: it(broker),
            records,
        },
        Event::Stop { broker } => Event::Stop { broker: it(broker) },
        Event::Crash { broker } => Event::Crash { broker: it(broker) },
        Event::PowerLoss { broker, lost } => Event::PowerLoss {
            broker: it(broker),
            lost,
        },
        Event::Restart { broker, watermark } => Event::Restart {
            broker: it(broker),
            watermark,
        },
        Event::Pause { broker } => Event::Pause { broker: it(broker) },
        Event::Resume { broker } => Event::Resume { broker: it(broker) },
        Event::Read {
            from,
            broker,
            offset,
        } => Event::Read {
            from,
            broker: it(broker),
            offset,
        },
        others => others,
    }
}

/// The observation with the names changed.
fn seen_as(places: Places, seen: Observation) -> Observation {
    let mut replicas = seen.replicas.clone();
    for (from, replica) in seen.replicas.iter().enumerate() {
        let mut replica = replica.clone();
        replica.in_sync = moved_all(places, replica.in_sync);
        replica.pending = replica.pending.map(|pending| moved_all(places, pending));
        replicas[places[from]] = replica;
    }
    Observation {
        leader: seen.leader.map(|leader| moved(places, leader)),
        isr: moved_all(places, seen.isr),
        elr: moved_all(places, seen.elr),
        fenced: moved_all(places, seen.fenced),
        replicas,
        ..seen
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn followers_may_change_places(
        kafka in select(Profile::ALL.to_vec()),
        acks in select(Acks::EACH.to_vec()),
        homes in any::<[u8; 4]>(),
        places in Just(vec![1, 2, 3]).prop_shuffle(),
        events in proptest::collection::vec(event(), 0..120),
    ) {
        let places = [0, places[0], places[1], places[2]];
        let homes = homes.map(|home| usize::from(home % 3));
        let mut homes_after = homes;
        for (slot, place) in places.iter().enumerate() {
            homes_after[*place] = homes[slot];
        }
        let mut before = Engine::new(&setting(kafka, homes, acks), 1);
        let mut after = Engine::new(&setting(kafka, homes_after, acks), 1);
        // A new controller in ZooKeeper elects.
        let elects = |event: &Event| kafka.has_zookeeper() && matches!(event, Event::Activate { .. });
        for event in events.into_iter().filter(|event| !elects(event)) {
            let happened = before.apply(0, &event);
            prop_assert_eq!(happened, after.apply(0, &renamed(places, event)), "{:?}", event);
            prop_assert_eq!(seen_as(places, before.observe(0)), after.observe(0), "{:?}", event);
        }
    }
}
