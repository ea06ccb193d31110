//! Every event that a setting can express, sensible or not: what [`choices`] offers is what may
//! happen, and what must *not* happen has to be asked for too.
//!
//! [`choices`]: highwater_model::replication::choices

use highwater_vocabulary::{
    Broker, BrokerSet, Datacenter, Event, MOST_BROKERS, MOST_RECORDS, Member, Offset, Record,
    Setting,
};

/// Every event but `produce`, whose record must be the next one, and `retry`, whose record has been sent.
pub fn every(setting: &Setting) -> Vec<Event> {
    let mut events = Vec::new();
    for broker in setting.replicas().iter() {
        of_clients(setting, broker, &mut events);
        of_replicas(setting, broker, &mut events);
        of_processes(broker, &mut events);
    }
    of_sites(setting, &mut events);
    events.extend([
        Event::Prefer,
        Event::Unclean,
        Event::ElectUnclean,
        Event::CancelReassignment,
        Event::CatchUp,
        Event::Lag,
        Event::Depose,
    ]);
    let most = setting.brokers.len() as u8 + 1;
    events.extend((1..=most).map(|to| Event::SetMinIsr { to }));
    let targets = setting.replicas().nonempty_subsets();
    events.extend(targets.map(|replicas| Event::Reassign { replicas }));
    events
}

/// `produce` of the next record to every broker, and `retry` of every record that was sent.
pub fn sent(
    setting: &Setting,
    records: u8,
    next: Option<Record>,
) -> impl Iterator<Item = Event> + use<> {
    let most = records.min(MOST_RECORDS as u8);
    let brokers = setting.replicas().iter();
    brokers.flat_map(move |broker| {
        let produce = next.map(|record| Event::Produce { broker, record });
        let sent = (0..most.into()).map(Record::at);
        let retry = sent.map(move |record| Event::Retry { broker, record });
        produce.into_iter().chain(retry)
    })
}

fn of_clients(setting: &Setting, broker: Broker, events: &mut Vec<Event>) {
    for record in (0..MOST_RECORDS).map(Record::at) {
        events.push(Event::Ack { broker, record });
        events.push(Event::Refuse { broker, record });
    }
    for from in setting.every_datacenter() {
        for offset in (0..=MOST_RECORDS as u64).map(Offset) {
            events.push(Event::Read {
                from,
                broker,
                offset,
            });
        }
    }
}

fn of_replicas(setting: &Setting, broker: Broker, events: &mut Vec<Event>) {
    let (follower, leader) = (broker, broker);
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
    ]);
    for follower in setting.replicas().iter() {
        events.push(Event::Lapse { leader, follower });
    }
    let droppable: BrokerSet = setting.replicas();
    let dropped = droppable.nonempty_subsets();
    events.extend(dropped.map(|dropped| Event::Shrink { leader, dropped }));
    events.extend((1..=3).map(|records| Event::Learn { broker, records }));
    events.extend((1..=3).map(|records| Event::Late { broker, records }));
}

fn of_processes(broker: Broker, events: &mut Vec<Event>) {
    events.extend([
        Event::Fence { broker },
        Event::Unfence { broker },
        Event::Register { broker },
        Event::ControlledShutdown { broker },
        Event::Stop { broker },
        Event::Resume { broker },
        Event::Crash { broker },
        Event::Wipe { broker },
        Event::Pause { broker },
        Event::Terminate { broker },
        Event::Restart {
            broker,
            watermark: None,
        },
    ]);
    let offsets = (0..=MOST_RECORDS as u64).map(|offset| Some(Offset(offset)));
    events.extend(offsets.map(|watermark| Event::Restart { broker, watermark }));
    events.extend((0..=MOST_RECORDS as u8).map(|lost| Event::PowerLoss { broker, lost }));
}

fn of_sites(setting: &Setting, events: &mut Vec<Event>) {
    for datacenter in setting.every_datacenter() {
        events.extend([
            Event::Activate { datacenter },
            Event::Return { datacenter },
            Event::Lose { datacenter },
            Event::Destroy { datacenter },
            Event::PromoteObservers { datacenter },
            Event::BreakOut { datacenter },
            Event::AddVoter { datacenter },
            Event::FallBehind { datacenter },
            Event::RollBack { datacenter },
        ]);
        of_darkness(setting, datacenter, events);
        for to in setting.every_datacenter().filter(|to| *to != datacenter) {
            let between = [datacenter, to];
            events.push(Event::CutFrom {
                from: datacenter,
                to,
            });
            if datacenter < to {
                events.extend([Event::Cut { between }, Event::Heal { between }]);
            }
        }
    }
}

/// Everybody there loses equally much.
fn of_darkness(setting: &Setting, datacenter: Datacenter, events: &mut Vec<Event>) {
    for each in 0..=MOST_RECORDS as u8 {
        let mut lost = [0; MOST_BROKERS];
        for broker in setting.brokers_of(datacenter).iter() {
            lost[broker.index()] = each;
        }
        events.push(Event::Darken { datacenter, lost });
    }
}
