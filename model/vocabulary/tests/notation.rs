//! Every event prints as one line and parses back; so does the first line of a story; and whoever
//! writes a line that means nothing is told what to write instead.

use highwater_vocabulary::{
    Acks, Broker, BrokerSet, Datacenter, Event, MOST_BROKERS, MOST_RECORDS, Member,
    ObserverPromotion, Offset, Profile, Quorum, Record, Setting, Story,
};
use proptest::array::uniform;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// As many brokers as there may be in one to four datacenters, some of them with voters only.
fn setting() -> impl Strategy<Value = Setting> {
    let names = ["north", "south", "a", "rack-7"].map(String::from).to_vec();
    let places = (
        subsequence(names, 1..=4),
        vec(0usize..4, 1..=MOST_BROKERS),
        vec(0u8..4, 4),
    );
    let topic = (
        1u8..=MOST_BROKERS as u8,
        select(Acks::EACH.to_vec()),
        any::<bool>(),
        any::<bool>(),
    );
    (places, topic, select(Profile::ALL.to_vec())).prop_map(
        |((datacenters, homes, mut voters), (min_isr, acks, unclean, elr), kafka)| {
            voters.truncate(datacenters.len());
            voters[0] = voters[0].max(1);
            let home = |home: usize| Datacenter::at(home % datacenters.len());
            let replicas = homes.len();
            let spares = homes[0].min(replicas - 1);
            let synchronous = usize::from(min_isr).min(replicas - spares);
            Setting {
                kafka,
                observers: BrokerSet::first(replicas - spares).minus(BrokerSet::first(synchronous)),
                // Nobody hears of it where there are none.
                observer_promotion: match synchronous < replicas - spares {
                    true => ObserverPromotion::ALL[replicas % 3],
                    false => ObserverPromotion::default(),
                },
                spares: BrokerSet::first(replicas).minus(BrokerSet::first(replicas - spares)),
                partition_zero_replicas: (elr && unclean).then_some(min_isr),
                idempotence: !elr,
                brokers: homes.into_iter().map(home).collect(),
                quorum: match kafka.has_zookeeper() && unclean {
                    true => Quorum::Hierarchical {
                        weights: voters.iter().map(|voters| voters + min_isr % 3).collect(),
                    },
                    false => Quorum::Majority,
                },
                zookeeper_observers: voters
                    .iter()
                    .map(|voters| voters * u8::from(kafka.has_zookeeper() && elr))
                    .collect(),
                datacenters,
                voters,
                min_insync_replicas: min_isr,
                acks,
                unclean_leader_election: unclean,
                eligible_leader_replicas: elr,
            }
        },
    )
}

/// Any event that makes sense of its operands.  The match in `one_of_each` has no `_`, so that a new
/// event cannot be forgotten here.
fn event(setting: &Setting) -> impl Strategy<Value = Event> + use<> {
    let setting = setting.clone();
    let brokers = setting.brokers.len();
    let sites = setting.datacenters.len();
    (
        (0usize..1000, 0..brokers, 0..brokers, 1u16..1 << brokers),
        (0..sites, 1..sites.max(2), 0..MOST_RECORDS),
        (
            0..=MOST_RECORDS as u8,
            any::<bool>(),
            uniform::<_, MOST_BROKERS>(0u8..4),
        ),
    )
        .prop_map(
            move |((which, one, other, set), (site, apart, record), (count, some, lost))| {
                let second = Datacenter::at((site + apart) % sites);
                let operands = Operands {
                    broker: Broker::at(one),
                    other: Broker::at(other),
                    set: (0..MOST_BROKERS)
                        .filter(|bit| set >> bit & 1 == 1)
                        .map(Broker::at)
                        .collect(),
                    site: Datacenter::at(site),
                    second,
                    record: Record::at(record),
                    offset: Offset(count.into()),
                    count,
                    some,
                    lost: std::array::from_fn(|index| {
                        let here = setting.brokers.get(index) == Some(&Datacenter::at(site));
                        if here { lost[index] } else { 0 }
                    }),
                };
                let events = operands.one_of_each();
                let mut event = events[which % events.len()];
                let pair = matches!(
                    event,
                    Event::Cut { .. } | Event::CutFrom { .. } | Event::Heal { .. }
                );
                if pair && sites == 1 {
                    event = Event::Lag;
                }
                event
            },
        )
}

struct Operands {
    broker: Broker,
    other: Broker,
    set: BrokerSet,
    site: Datacenter,
    second: Datacenter,
    record: Record,
    offset: Offset,
    count: u8,
    some: bool,
    lost: [u8; MOST_BROKERS],
}

impl Operands {
    fn one_of_each(&self) -> Vec<Event> {
        let (broker, record, offset) = (self.broker, self.record, self.offset);
        let (leader, follower, datacenter) = (broker, self.other, self.site);
        let between = [self.site, self.second];
        let events = vec![
            Event::Produce { broker, record },
            Event::Retry { broker, record },
            Event::Ack { broker, record },
            Event::Refuse { broker, record },
            Event::Read {
                from: datacenter,
                broker,
                offset,
            },
            Event::Fetch { follower },
            Event::FetchLost { follower },
            Event::Request { follower },
            Event::Serve { follower },
            Event::Answer { follower },
            Event::Drop { follower },
            Event::Lapse { leader, follower },
            Event::Shrink {
                leader,
                dropped: self.set,
            },
            Event::Told { leader },
            Event::Untold { leader },
            Event::Learn {
                broker,
                records: self.count.max(1),
            },
            Event::Late {
                broker,
                records: self.count.max(1),
            },
            Event::Apply { leader },
            Event::Fence { broker },
            Event::Unfence { broker },
            Event::Register { broker },
            Event::Prefer,
            Event::Unclean,
            Event::Activate { datacenter },
            Event::SetMinIsr {
                to: self.count.max(1),
            },
            Event::PromoteObservers { datacenter },
            Event::Reassign { replicas: self.set },
            Event::CancelReassignment,
            Event::ElectUnclean,
            Event::ControlledShutdown { broker },
            Event::Stop { broker },
            Event::Restart {
                broker,
                watermark: self.some.then_some(offset),
            },
            Event::Resume { broker },
            Event::CatchUp,
            Event::Return { datacenter },
            Event::Heal { between },
            Event::Crash { broker },
            Event::PowerLoss {
                broker,
                lost: self.count,
            },
            Event::Wipe { broker },
            Event::Pause { broker },
            Event::Lag,
            Event::Lose { datacenter },
            Event::Darken {
                datacenter,
                lost: self.lost,
            },
            Event::Destroy { datacenter },
            Event::Cut { between },
            Event::CutFrom {
                from: self.site,
                to: self.second,
            },
            Event::Depose,
            Event::Terminate { broker },
            Event::BreakOut { datacenter },
            Event::AddVoter { datacenter },
            Event::FallBehind { datacenter },
            Event::RollBack { datacenter },
        ];
        assert_eq!(
            events.len(),
            how_many(&events[0]),
            "an event is missing from this list"
        );
        events
    }
}

/// How many events there are.  Whoever adds one is made to come here, and adds it above.
fn how_many(event: &Event) -> usize {
    match event {
        Event::Produce { .. } | Event::Retry { .. } | Event::Ack { .. } => 52,
        Event::Refuse { .. } | Event::Read { .. } => 52,
        Event::Fetch { .. } | Event::FetchLost { .. } | Event::Request { .. } => 52,
        Event::Serve { .. } | Event::Answer { .. } | Event::Drop { .. } | Event::Lapse { .. } => 52,
        Event::Shrink { .. } | Event::Told { .. } | Event::Untold { .. } => 52,
        Event::Learn { .. } | Event::Late { .. } | Event::Apply { .. } | Event::Fence { .. } => 52,
        Event::Unfence { .. } | Event::Register { .. } | Event::Prefer | Event::Unclean => 52,
        Event::Activate { .. }
        | Event::SetMinIsr { .. }
        | Event::PromoteObservers { .. }
        | Event::Reassign { .. }
        | Event::CancelReassignment
        | Event::ControlledShutdown { .. }
        | Event::ElectUnclean => 52,
        Event::Stop { .. } | Event::Restart { .. } | Event::Resume { .. } | Event::CatchUp => 52,
        Event::Return { .. } | Event::Heal { .. } | Event::Crash { .. } => 52,
        Event::PowerLoss { .. } | Event::Wipe { .. } | Event::Pause { .. } | Event::Lag => 52,
        Event::Lose { .. } | Event::Darken { .. } | Event::Destroy { .. } => 52,
        Event::Cut { .. } | Event::CutFrom { .. } | Event::Depose => 52,
        Event::Terminate { .. } | Event::BreakOut { .. } | Event::AddVoter { .. } => 52,
        Event::FallBehind { .. } | Event::RollBack { .. } => 52,
    }
}

proptest! {
    #[test]
    fn an_event_is_read_as_it_was_written((setting, event) in setting()
        .prop_flat_map(|setting| { let event = event(&setting); (Just(setting), event) }))
    {
        let line = event.line(&setting);
        prop_assert_eq!(Event::parse(&line, &setting), Ok(event), "{}", line);
        let spaced = line.replace(' ', "   ");
        prop_assert_eq!(Event::parse(&spaced, &setting), Ok(event), "{}", spaced);
    }

    /// Datacenters are numbered as they are met, brokers' first; names and everything else stay.
    #[test]
    fn the_first_line_of_a_story_is_read_as_it_was_written(
        setting in setting(),
        variant in vec(select(vec!["waive:leads-locally", "strict-min-isr=on", "late-fetches"]), 0..3),
    ) {
        let variant: Vec<String> = variant.into_iter().map(String::from).collect();
        let header = Story::header(&setting, &variant);
        let read = Story::parse(&header).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&read.variant, &variant);
        let rewritten = Story::header(&read.setting, &read.variant);
        let around_voters = |header: &str| {
            let before = header.split(", voters").next().map(str::to_owned);
            let after = header.rsplit_once(", min ISR").map(|(_, rest)| rest.to_owned());
            (before, after)
        };
        prop_assert_eq!(around_voters(&rewritten), around_voters(&header));
        let voters = |setting: &Setting| -> std::collections::BTreeMap<String, u8> {
            setting.datacenters.iter().cloned().zip(setting.voters.iter().copied()).collect()
        };
        prop_assert_eq!(voters(&read.setting), voters(&setting));
        let again = Story::parse(&rewritten);
        prop_assert_eq!(again.map(|again| again.setting), Ok(read.setting));
    }
}

#[test]
fn a_bad_line_is_told_what_is_wrong_with_it() {
    let header = "replication 4.1, brokers north-1 south-1";
    let setting = Story::parse(header).expect("a setting").setting;
    for (line, message) in [
        (
            "prodice north-1 r1",
            "there is no event `prodice`; docs/NOTATION.md lists them",
        ),
        (
            "produce",
            "`produce` wants a broker here, and the line ends",
        ),
        (
            "produce north-1",
            "`produce` wants a record here, and the line ends",
        ),
        (
            "produce east-1 r1",
            "`produce` wants a broker, not `east-1`; there are north-1 south-1",
        ),
        (
            "produce north r1",
            "`produce` wants a broker, not `north`; there are north-1 south-1",
        ),
        (
            "produce north-1 r0",
            "`produce` wants a record, not `r0`; there are r1 to r3",
        ),
        (
            "produce north-1 1",
            "`produce` wants a record, not `1`; there are r1 to r3",
        ),
        ("produce north-1 r1 r2", "`produce` is complete before `r2`"),
        ("lag now please", "`lag` is complete before `now please`"),
        (
            "cut north north",
            "`cut` wants a second, different datacenter, not `north`",
        ),
        (
            "cut north",
            "`cut` wants a datacenter here, and the line ends",
        ),
        (
            "lose west",
            "`lose` wants a datacenter, not `west`; there are north south",
        ),
        (
            "learn north-1 0",
            "`learn` wants how many metadata records, not `0`; there are 1 to 64",
        ),
        (
            "set-min-isr 9",
            "`set-min-isr` wants a min ISR, not `9`; there are 1 to 8",
        ),
        (
            "power-loss north-1",
            "`power-loss` wants how many records are lost here, and the line ends",
        ),
        (
            "power-loss north-1 -1",
            "`power-loss` wants how many records are lost, not `-1`; there are 0 to 3",
        ),
        (
            "restart north-1 9",
            "`restart` wants an offset, not `9`; there are 0 to 3",
        ),
        (
            "shrink north-1",
            "`shrink` wants a broker here, and the line ends",
        ),
    ] {
        let found = Event::parse(line, &setting).map_err(|error| error.to_string());
        assert_eq!(found, Err(message.to_owned()), "{line}");
    }
}

#[test]
fn a_bad_story_is_told_where_and_what() {
    for (story, message) in [
        ("", "line 1: a story begins with its setting"),
        (
            "quorum 4.1",
            "line 1: a story begins with its model and version",
        ),
        (
            "replication 0.9, brokers a-1",
            "line 1: Kafka `0.9` is not modelled; there are 0.10, 1.0, 2.0, 2.1, 2.7, 3.3, 3.5",
        ),
        ("replication 4.1", "line 1: a setting names its brokers"),
        (
            "# first\n\nreplication 4.1, brokers a-2",
            "line 3: the brokers of a datacenter are numbered",
        ),
        (
            "replication 4.1, brokers a-1, brokes b-1",
            "line 1: `brokes` is no part of a setting",
        ),
        (
            "replication 4.1, brokers a-1, elr yes",
            "line 1: `elr` is `on` or `off`, not `yes`",
        ),
        (
            "replication 4.1, brokers a-1, min ISR 9",
            "line 1: `min ISR` is a number from 1 to 8",
        ),
        (
            "replication 4.1, brokers a-1, voters a 0",
            "line 1: a metadata quorum needs a voter",
        ),
        (
            "replication 4.1, brokers a-1\nlag\nlagg",
            "line 3: there is no event `lagg`",
        ),
        (
            "replication 4.1, brokers a-1\nrefused lag",
            "line 2: a refused event names the guard",
        ),
    ] {
        let found = Story::parse(story).map_err(|error| error.to_string());
        let found = found.expect_err(story);
        assert!(found.starts_with(message), "{story:?}: {found}");
    }
}
