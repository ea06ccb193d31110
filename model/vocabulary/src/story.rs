//! Stories: what happened, with the evidence under it.
//!
//! ```text
//! replication 4.1, brokers north-1 south-1, voters north 1 south 1, min ISR 2, acks all, elr on, unclean off
//! # The watermark travels one fetch late.
//! produce north-1 r1
//! fetch south-1
//! fetch south-1
//! ----
//! north-1: r1'1|
//! south-1: |r1'1
//!
//! ack north-1 r1
//! ----
//! acknowledged: r1
//! ```
//! The first line is the setting.  Then events, one a line; a line `refused EVENT: GUARD` says
//! that the event is refused, and by which guard.  Under `----` stand facts, up to an empty line.

use crate::{
    Acks, BrokerSet, Datacenter, Event, MOST_BROKERS, MOST_DATACENTERS, Member, NotationError,
    ObserverPromotion, Profile, Quorum, Setting,
};
use std::fmt::Write;
use thiserror::Error;

/// A story, as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// Where it takes place.
    pub setting: Setting,
    /// What a Kafka version or an experiment changes, as `name` or `name=value`; the model knows
    /// what they mean.
    pub variant: Vec<String>,
    /// What is told, each with the line it stands on.
    pub told: Vec<(usize, Told)>,
}

/// One line of a story.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// An event, and whether it happens.
    Event(Event, Expected),
    /// A fact that holds here.
    Fact(String),
}

/// Whether an event of a story happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expected {
    /// It does.
    Happens,
    /// It is refused by the guard of this name.
    RefusedBy(String),
}

/// What is wrong with a story, and on which line.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("line {line}: {what}")]
pub struct StoryError {
    /// Counted from one.
    pub line: usize,
    /// What is wrong, and what to write instead.
    pub what: String,
}

impl Story {
    /// The story that `text` tells.
    pub fn parse(text: &str) -> Result<Story, StoryError> {
        let mut lines = (1..)
            .zip(text.lines().map(str::trim))
            .filter(|(_, line)| !line.starts_with('#'));
        let (number, header) =
            lines
                .by_ref()
                .find(|(_, line)| !line.is_empty())
                .ok_or(StoryError {
                    line: 1,
                    what: "a story begins with its setting: `replication 4.1, brokers …`".into(),
                })?;
        let (setting, variant) =
            read_setting(header).map_err(|what| StoryError { line: number, what })?;
        let mut told = Vec::new();
        let mut facts = false;
        for (number, line) in lines {
            match line {
                "" => facts = false,
                "----" => facts = true,
                fact if facts => told.push((number, Told::Fact(squeeze(fact)))),
                event => {
                    let event = read_event(event, &setting)
                        .map_err(|what| StoryError { line: number, what })?;
                    told.push((number, event));
                }
            }
        }
        Ok(Story {
            setting,
            variant,
            told,
        })
    }

    /// The first line of a story that takes place in `setting`.
    pub fn header(setting: &Setting, variant: &[String]) -> String {
        let mut header = format!(
            "replication {}, brokers {}, voters",
            setting.kafka,
            setting.broker_names(setting.replicas())
        );
        for (name, voters) in setting.datacenters.iter().zip(&setting.voters) {
            let _ = write!(header, " {name} {voters}");
        }
        if let Quorum::Hierarchical { weights } = &setting.quorum {
            let _ = write!(header, ", quorum hierarchical");
            for (name, weight) in setting.datacenters.iter().zip(weights) {
                let _ = write!(header, " {name} {weight}");
            }
        }
        if setting
            .zookeeper_observers
            .iter()
            .any(|servers| *servers > 0)
        {
            let _ = write!(header, ", zookeeper-observers");
            for (name, servers) in setting.datacenters.iter().zip(&setting.zookeeper_observers) {
                let _ = write!(header, " {name} {servers}");
            }
        }
        let on = |switch| if switch { "on" } else { "off" };
        let _ = write!(
            header,
            ", min ISR {}, acks {}, elr {}, unclean {}",
            setting.min_insync_replicas,
            setting.acks,
            on(setting.eligible_leader_replicas),
            on(setting.unclean_leader_election)
        );
        if setting.idempotence {
            let _ = write!(header, ", idempotence on");
        }
        if !setting.observers.is_empty() {
            let _ = write!(
                header,
                ", observers {}, promotion {}",
                setting.broker_names(setting.observers),
                setting.observer_promotion.name()
            );
        }
        if !setting.spares.is_empty() {
            let _ = write!(header, ", spares {}", setting.broker_names(setting.spares));
        }
        if let Some(replicas) = setting.partition_zero_replicas {
            let _ = write!(header, ", partition-zero-replicas {replicas}");
        }
        for part in variant {
            let _ = write!(header, ", with {part}");
        }
        header
    }
}

/// A fact with single spaces, so that lanes may be aligned by hand.
fn squeeze(fact: &str) -> String {
    fact.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn read_event(line: &str, setting: &Setting) -> Result<Told, String> {
    let parse =
        |line| Event::parse(line, setting).map_err(|error: NotationError| error.to_string());
    match line.strip_prefix("refused ") {
        None => Ok(Told::Event(parse(line)?, Expected::Happens)),
        Some(refused) => {
            let (event, guard) = refused
                .rsplit_once(':')
                .ok_or("a refused event names the guard that refuses it: `refused produce north-1 r1: leads-locally`")?;
            Ok(Told::Event(
                parse(event)?,
                Expected::RefusedBy(guard.trim().into()),
            ))
        }
    }
}

fn read_setting(header: &str) -> Result<(Setting, Vec<String>), String> {
    let mut parts = header.split(',').map(str::trim);
    let model = parts.next().unwrap_or_default();
    let version = model.strip_prefix("replication ").ok_or_else(|| {
        format!(
            "a story begins with its model and version, as in `replication {}`, not with `{model}`",
            Profile::NEWEST
        )
    })?;
    let kafka = version.trim().parse().map_err(|()| {
        format!(
            "Kafka `{version}` is not modelled; there are {}",
            Profile::ALL.map(Profile::name).join(", ")
        )
    })?;
    let mut setting = Setting {
        kafka,
        datacenters: Vec::new(),
        voters: Vec::new(),
        quorum: Quorum::Majority,
        zookeeper_observers: Vec::new(),
        brokers: Vec::new(),
        min_insync_replicas: 1,
        acks: Acks::All,
        idempotence: false,
        unclean_leader_election: false,
        eligible_leader_replicas: false,
        observers: BrokerSet::EMPTY,
        observer_promotion: ObserverPromotion::default(),
        spares: BrokerSet::EMPTY,
        partition_zero_replicas: None,
    };
    let mut variant = Vec::new();
    let (mut voters, mut observers, mut spares) = (None, None, None);
    let (mut quorum, mut servers) = (None, None);
    for part in parts {
        let (key, value) = part
            .split_once(' ')
            .ok_or_else(|| format!("`{part}` says nothing"))?;
        let switch = || match value {
            "on" => Ok(true),
            "off" => Ok(false),
            _ => Err(format!("`{key}` is `on` or `off`, not `{value}`")),
        };
        match key {
            "brokers" => read_brokers(value, &mut setting)?,
            "voters" => voters = Some(value),
            "quorum" => quorum = Some(value),
            "zookeeper-observers" => servers = Some(value),
            "min" => {
                let number = value
                    .strip_prefix("ISR ")
                    .and_then(|number| number.parse().ok());
                setting.min_insync_replicas = number
                    .filter(|n| (1..=MOST_BROKERS as u8).contains(n))
                    .ok_or_else(|| {
                        format!("`min ISR` is a number from 1 to {MOST_BROKERS}, not `{value}`")
                    })?;
            }
            "acks" => {
                setting.acks = value
                    .parse()
                    .map_err(|()| format!("`acks` is 0, 1 or all, not `{value}`"))?
            }
            "idempotence" => setting.idempotence = switch()?,
            "elr" => setting.eligible_leader_replicas = switch()?,
            "unclean" => setting.unclean_leader_election = switch()?,
            "observers" => observers = Some(value),
            "spares" => spares = Some(value),
            "partition-zero-replicas" => {
                let number = value.parse().ok();
                let number = number.filter(|n| (1..=MOST_BROKERS as u8).contains(n));
                setting.partition_zero_replicas = Some(number.ok_or_else(|| {
                    format!(
                        "`partition-zero-replicas` is a number from 1 to {MOST_BROKERS}, not `{value}`"
                    )
                })?);
            }
            "promotion" => {
                setting.observer_promotion = ObserverPromotion::named(value).ok_or_else(|| {
                    let known = ObserverPromotion::ALL.map(ObserverPromotion::name);
                    format!("`promotion` is one of {}, not `{value}`", known.join(", "))
                })?
            }
            "with" => variant.push(value.to_owned()),
            _ => {
                return Err(format!(
                    "`{key}` is no part of a setting; there are brokers, voters, quorum, zookeeper-observers, min ISR, acks, idempotence, elr, unclean, observers, promotion, spares, partition-zero-replicas, with"
                ));
            }
        }
    }
    if setting.brokers.is_empty() {
        return Err("a setting names its brokers: `brokers north-1 south-1`".into());
    }
    read_voters(voters, &mut setting)?;
    read_quorum(quorum.unwrap_or("majority"), &mut setting)?;
    read_zookeeper_observers(servers.unwrap_or_default(), &mut setting)?;
    // They are named after all brokers, so they are read last: spares, and observers before them.
    setting.spares = read_last(spares.unwrap_or_default(), "a spare", &setting)?
        .ok_or("spares stand behind all other brokers, and somebody is none")?;
    setting.observers = read_last(observers.unwrap_or_default(), "an observer", &setting)?
        .ok_or("observers stand behind all other brokers but spares, and somebody is neither")?;
    Ok((setting, variant))
}

/// Brokers that were named, if they are the last of the assignment and not all of it.
fn read_last(names: &str, what: &str, setting: &Setting) -> Result<Option<BrokerSet>, String> {
    let named = names.split_whitespace().map(|name| {
        let broker = setting.broker_named(name);
        broker.ok_or_else(|| format!("`{name}` is {what} and no broker of this story"))
    });
    let named: BrokerSet = named.collect::<Result<Vec<_>, _>>()?.into_iter().collect();
    let assigned = setting.assigned();
    let others = assigned.len().saturating_sub(named.len());
    let last = assigned.minus(BrokerSet::first(others));
    Ok((named == last && others > 0).then_some(named))
}

fn read_brokers(names: &str, setting: &mut Setting) -> Result<(), String> {
    for name in names.split_whitespace() {
        let (site, number) = name
            .rsplit_once('-')
            .ok_or_else(|| format!("a broker is `datacenter-number`, not `{name}`"))?;
        let home = find_or_add(site, setting)?;
        if setting.brokers.len() == MOST_BROKERS {
            return Err(format!("a story has at most {MOST_BROKERS} brokers"));
        }
        setting.brokers.push(home);
        let expected = setting
            .brokers
            .iter()
            .filter(|other| **other == home)
            .count();
        if number != expected.to_string() {
            return Err(format!(
                "the brokers of a datacenter are numbered as they are listed: `{name}` should be `{site}-{expected}`"
            ));
        }
    }
    Ok(())
}

/// A datacenter that is not named has servers of weight 1.
fn read_quorum(text: &str, setting: &mut Setting) -> Result<(), String> {
    let (kind, weights) = text.split_once(' ').unwrap_or((text, ""));
    setting.quorum = match kind {
        "majority" if weights.is_empty() => Quorum::Majority,
        "hierarchical" if setting.kafka.has_zookeeper() => Quorum::Hierarchical {
            weights: read_numbers("weights has each server of", weights, 1, setting)?,
        },
        "hierarchical" => {
            return Err(format!(
                "`quorum hierarchical` is ZooKeeper's, and Kafka {} is modelled with KRaft",
                setting.kafka
            ));
        }
        _ => {
            return Err(format!(
                "`quorum` is `majority`, or `hierarchical` and the weight of the servers of each datacenter, not `{text}`"
            ));
        }
    };
    Ok(())
}

fn read_zookeeper_observers(text: &str, setting: &mut Setting) -> Result<(), String> {
    setting.zookeeper_observers = read_numbers("observers has", text, 0, setting)?;
    if setting
        .zookeeper_observers
        .iter()
        .any(|servers| *servers > 0)
        && !setting.kafka.has_zookeeper()
    {
        return Err(format!(
            "`zookeeper-observers` are ZooKeeper's, and Kafka {} is modelled with KRaft",
            setting.kafka
        ));
    }
    Ok(())
}

/// A number for each datacenter, after its name.
fn read_numbers(what: &str, text: &str, absent: u8, setting: &Setting) -> Result<Vec<u8>, String> {
    let mut numbers = vec![absent; setting.datacenters.len()];
    let mut words = text.split_whitespace();
    while let Some(site) = words.next() {
        let datacenter = setting
            .datacenter_named(site)
            .ok_or_else(|| format!("`{site}` is no datacenter of this story"))?;
        let number = words.next().and_then(|number| number.parse().ok());
        numbers[datacenter.index()] = number.filter(|number| *number <= 9).ok_or_else(|| {
            format!("how many {what} `{site}`? A number from 0 to 9 follows its name")
        })?;
    }
    Ok(numbers)
}

/// Absent, every datacenter has one voter.
fn read_voters(text: Option<&str>, setting: &mut Setting) -> Result<(), String> {
    let Some(text) = text else {
        setting.voters = vec![1; setting.datacenters.len()];
        return Ok(());
    };
    let mut words = text.split_whitespace();
    while let Some(site) = words.next() {
        let datacenter = find_or_add(site, setting)?;
        let number = words
            .next()
            .and_then(|number| number.parse().ok())
            .filter(|number| *number <= 9);
        setting.voters[datacenter.index()] = number.ok_or_else(|| {
            format!("how many voters has `{site}`? A number from 0 to 9 follows its name")
        })?;
    }
    if setting.voters.iter().all(|voters| *voters == 0) {
        return Err("a metadata quorum needs a voter".into());
    }
    Ok(())
}

fn find_or_add(site: &str, setting: &mut Setting) -> Result<Datacenter, String> {
    if let Some(known) = setting.datacenter_named(site) {
        return Ok(known);
    }
    if setting.datacenters.len() == MOST_DATACENTERS {
        return Err(format!(
            "a story has at most {MOST_DATACENTERS} datacenters"
        ));
    }
    setting.datacenters.push(site.to_owned());
    setting.voters.push(0);
    Ok(Datacenter::at(setting.datacenters.len() - 1))
}
