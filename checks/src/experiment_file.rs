//! Reads an experiment from the file that a person wrote.
//!
//! An experiment is small enough to say everything itself: the brokers of one partition, what is
//! changed about the protocol, what may go wrong, how far to look, and what must come out.  The
//! first error ends the reading; there are no warnings, because an experiment may be about whatever
//! a deployment is warned of.

use crate::deployment_file::{kafka, observer_promotion};
use crate::experiment::{Expected, Experiment};
use crate::fault_pattern::{self, NoSuchRow};
use crate::names;
use crate::source::{Remark, Source};
use crate::table::{self, Table, Value};
use crate::wording::{instead, listed, nearest, quoted};
use highwater_model::replication::state::EPOCHS;
use highwater_model::replication::variant::{elr_by_default, elr_possible};
use highwater_model::replication::{
    Bounds, Grain, Guard, Operators, Property, Replication, Switches, Variant,
};
use highwater_vocabulary::{
    Acks, BrokerSet, Datacenter, Faults, MOST_BROKERS, MOST_DATACENTERS, MOST_RECORDS, Member,
    ObserverPromotion, Profile, Quorum, Setting, Site,
};

/// The most voters of one datacenter.
const MOST_VOTERS_THERE: i64 = 9;
/// How often anything that is bounded may happen.
const MOST_TIMES: i64 = 9;
/// Elections after which the model has no leader epoch left.
const MOST_ELECTIONS: i64 = EPOCHS as i64 - 2;

/// The experiment that a file describes.
pub fn read(source: &Source) -> Result<Experiment, Remark> {
    let parsed = table::parse(source, "copy one of checks/experiments and change it")?;
    experiment(Table::of_file(source, &parsed))
}

fn experiment(mut file: Table) -> Result<Experiment, Remark> {
    let title = one_line(&file.need("title", "title = \"An acknowledgement of one broker\"")?)?;
    let question = file.need("question", "question = \"What becomes of it?\"")?;
    let question = prose(&question)?;
    let source = file.need("source", "source = \"KIP-497; R09\"")?;
    let source = prose(&source)?;
    let source = source.split(';').map(|one| one.trim().into()).collect();
    let claims = numbered(&mut file, "claims", 'C')?;
    let bugs = numbered(&mut file, "bugs", 'B')?;
    let headline = property(&file.need("headline", "headline = \"acked-in-leader\"")?)?;
    let setting = file.need("setting", "[setting] with kafka and brokers")?;
    let setting = setting_of(setting.table()?)?;
    let mut variant = match file.take("variant") {
        Some(table) => variant(setting.kafka, table.table()?)?,
        None => Variant::of(setting.kafka),
    };
    let faults = file.need("faults", "[faults] with row = \"lag+broker-crash\"")?;
    let faults = faults_of(faults.table()?, &setting)?;
    let bounds = match file.take("bounds") {
        Some(table) => bounds(table.table()?, &setting, &mut variant.grain)?,
        None => Bounds::default(),
    };
    let verdicts = file.need("verdicts", "[verdicts] with default = \"holds\"")?;
    let expected = verdicts_of(verdicts.table()?, headline)?;
    let states = match file.take("size") {
        Some(table) => Some(size(table.table()?)?),
        None => None,
    };
    file.finish()?;
    Ok(Experiment {
        title,
        question,
        source,
        claims,
        bugs,
        headline,
        model: Replication {
            setting,
            variant,
            faults,
            bounds,
            asked: Property::ALL,
        },
        expected,
        states,
    })
}

pub(crate) fn one_line(value: &Value) -> Result<String, Remark> {
    let line = value.text()?;
    match (1..=100).contains(&line.chars().count()) && !line.contains(char::is_control) {
        true => Ok(line.into()),
        false => Err(value
            .error("this cannot be the title of an experiment")
            .remedy("write one line of 1 to 100 letters")),
    }
}

/// A text that says something, its lines joined.
pub(crate) fn prose(value: &Value) -> Result<String, Remark> {
    let text = value.text()?.split_whitespace().collect::<Vec<_>>();
    match text.is_empty() {
        false => Ok(text.join(" ")),
        true => Err(value
            .error(format!("this {} is empty", quoted(value.key())))
            .remedy("an experiment that explains nothing teaches nothing: say it in a sentence")),
    }
}

/// A list of entries of another table: `C16`, `B7`.
pub(crate) fn numbered(
    file: &mut Table,
    key: &'static str,
    letter: char,
) -> Result<Vec<String>, Remark> {
    let Some(list) = file.take(key) else {
        return Ok(Vec::new());
    };
    let entry = |value: Value| {
        let id = value.text()?;
        let number = id.strip_prefix(letter).unwrap_or_default();
        match !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()) {
            true => Ok(id.into()),
            false => Err(value
                .error(format!("{} is none of the {key}", quoted(id)))
                .remedy(format!(
                    "write {letter} and its number, as in \"{letter}7\""
                ))),
        }
    };
    list.list()?.into_iter().map(entry).collect()
}

fn property(value: &Value) -> Result<&'static Property, Remark> {
    let name = value.text()?;
    Property::named(name).ok_or_else(|| {
        value
            .error(format!("there is no property {}", quoted(name)))
            .remedy(instead(name, properties()))
    })
}

fn properties() -> impl Iterator<Item = &'static str> {
    Property::ALL.iter().map(|property| property.name)
}

pub(crate) fn setting_of(mut table: Table) -> Result<Setting, Remark> {
    let kafka = kafka(&table.need("kafka", "kafka = \"4.1\"")?, &Profile::ALL)?;
    let mut setting = Setting {
        kafka,
        datacenters: Vec::new(),
        voters: Vec::new(),
        quorum: Quorum::Majority,
        zookeeper_observers: Vec::new(),
        brokers: Vec::new(),
        min_insync_replicas: 1,
        acks: Acks::All,
        unclean_leader_election: false,
        eligible_leader_replicas: elr_by_default(kafka),
        observers: BrokerSet::EMPTY,
        observer_promotion: ObserverPromotion::default(),
        spares: BrokerSet::EMPTY,
        partition_zero_replicas: None,
        idempotence: false,
    };
    let brokers = table.need("brokers", "brokers = [\"north-1\", \"south-1\"]")?;
    for broker in brokers.list()? {
        add_broker(&mut setting, &broker)?;
    }
    if setting.brokers.is_empty() {
        return Err(brokers
            .error("this partition has no replica")
            .remedy("name its brokers in the order of the assignment, as in [\"north-1\"]"));
    }
    match table.take("voters") {
        Some(voters) => add_voters(&mut setting, voters)?,
        None => setting.voters = vec![1; setting.datacenters.len()],
    }
    ensemble(&mut table, &mut setting)?;
    if let Some(value) = table.take("min_insync_replicas") {
        setting.min_insync_replicas = value.number(1..=MOST_BROKERS as i64)?;
    }
    if let Some(value) = table.take("acks") {
        let named = Acks::EACH.map(|acks| (acks.to_string(), acks));
        let words = named.each_ref().map(|(name, acks)| (name.as_str(), *acks));
        setting.acks = value.word(&words)?;
    }
    if let Some(value) = table.take("enable_idempotence") {
        setting.idempotence = value.switch()?;
        if setting.idempotence && setting.acks != Acks::All {
            return Err(value
                .error(format!(
                    "an idempotent producer waits for all, not for acks={}",
                    setting.acks
                ))
                .remedy("remove `acks`, or say enable_idempotence = false"));
        }
    }
    if let Some(value) = table.take("unclean_leader_election") {
        setting.unclean_leader_election = value.switch()?;
    }
    if let Some(value) = table.take("eligible_leader_replicas") {
        setting.eligible_leader_replicas = value.switch()?;
        if setting.eligible_leader_replicas && !elr_possible(kafka) {
            return Err(value
                .error(format!("Kafka {kafka} has no eligible leader replicas"))
                .remedy("remove it, or write kafka = \"4.0\" or newer"));
        }
    }
    if let Some(value) = table.take("spares") {
        setting.spares = last_brokers(&value, "spares", &setting)?;
    }
    if let Some(value) = table.take("partition_zero_replicas") {
        setting.partition_zero_replicas = Some(value.number(1..=MOST_BROKERS as i64)?);
    }
    if let Some(value) = table.take("observers") {
        setting.observers = last_brokers(&value, "observers", &setting)?;
    }
    if let Some(value) = table.take("observer_promotion") {
        setting.observer_promotion = observer_promotion(&value)?;
    }
    table.finish()?;
    Ok(setting)
}

/// Brokers that were named, the last of those that hold a replica.
fn last_brokers(list: &Value, what: &str, setting: &Setting) -> Result<BrokerSet, Remark> {
    let named = named_brokers(list, setting)?;
    let assigned = setting.assigned();
    let others = assigned.minus(named);
    match others == BrokerSet::first(others.len()) && !others.is_empty() && others != assigned {
        true => Ok(named),
        false => Err(list
            .error(format!(
                "{what} stand behind all other replicas, and some replica is none"
            ))
            .remedy("move them to the end of `brokers`; spares stand behind observers")),
    }
}

/// Brokers of this partition, by their names.
fn named_brokers(list: &Value, setting: &Setting) -> Result<BrokerSet, Remark> {
    let entry = |value: Value| {
        let name = value.text()?;
        setting.broker_named(name).ok_or_else(|| {
            let known: Vec<_> = (setting.replicas().iter())
                .map(|broker| setting.broker_name(broker))
                .collect();
            value
                .error(format!("{} is no broker of this partition", quoted(name)))
                .remedy(instead(name, known.iter().map(String::as_str)))
        })
    };
    list.list()?.into_iter().map(entry).collect()
}

/// Adds the next broker of the assignment, which is named after its datacenter and numbered there.
fn add_broker(setting: &mut Setting, broker: &Value) -> Result<(), Remark> {
    let name = broker.text()?;
    let (site, number) = name.rsplit_once('-').ok_or_else(|| {
        broker
            .error(format!("{} is no broker", quoted(name)))
            .remedy(format!("write datacenter and number, as in \"{name}-1\""))
    })?;
    if setting.brokers.len() == MOST_BROKERS {
        return Err(broker
            .error(format!("{} is one broker too many", quoted(name)))
            .remedy(format!("a partition has {MOST_BROKERS} replicas at most")));
    }
    let home = find_or_add(setting, site, |what| broker.error(what))?;
    setting.brokers.push(home);
    let expected = setting.brokers.iter().filter(|other| **other == home);
    let expected = expected.count();
    match number == expected.to_string() {
        true => Ok(()),
        false => Err(broker
            .error(format!("{} cannot stand here", quoted(name)))
            .remedy(format!(
                "the brokers of a datacenter are numbered as they are listed: write \
                 \"{site}-{expected}\""
            ))),
    }
}

/// What only ZooKeeper's ensembles have: hierarchical quorums with weights, and observers.
fn ensemble(table: &mut Table, setting: &mut Setting) -> Result<(), Remark> {
    setting.zookeeper_observers = vec![0; setting.datacenters.len()];
    let quorum = table.take("quorum");
    let weights = table.take("weights");
    let servers = table.take("zk_observers");
    let hierarchical = match &quorum {
        Some(value) => value.word(&[("majority", false), ("hierarchical", true)])?,
        None => false,
    };
    let foreign = quorum.filter(|_| hierarchical).or(servers.clone());
    if let (Some(value), false) = (&foreign, setting.kafka.has_zookeeper()) {
        return Err(value
            .error(format!(
                "Kafka {} keeps its metadata with KRaft, which has nothing of the kind",
                setting.kafka
            ))
            .remedy("remove it, or write kafka = \"2.7\""));
    }
    if let (Some(value), false) = (&weights, hierarchical) {
        return Err(value
            .error("weights belong to a hierarchical quorum")
            .remedy("write quorum = \"hierarchical\", or remove them"));
    }
    if hierarchical {
        let weights = numbers_by_datacenter(weights, 1, setting)?;
        setting.quorum = Quorum::Hierarchical { weights };
    }
    setting.zookeeper_observers = numbers_by_datacenter(servers, 0, setting)?;
    Ok(())
}

/// A number for each datacenter that has brokers or voters.
fn numbers_by_datacenter(
    table: Option<Value>,
    absent: u8,
    setting: &Setting,
) -> Result<Vec<u8>, Remark> {
    let mut numbers = vec![absent; setting.datacenters.len()];
    let Some(table) = table else {
        return Ok(numbers);
    };
    for number in table.table()?.take_all() {
        let home = setting.datacenter_named(number.key()).ok_or_else(|| {
            let known = setting.datacenters.iter().map(String::as_str);
            number
                .key_error(format!("there is no datacenter {}", quoted(number.key())))
                .remedy(instead(number.key(), known))
        })?;
        numbers[home.index()] = number.number(0..=MOST_VOTERS_THERE)?;
    }
    Ok(numbers)
}

fn add_voters(setting: &mut Setting, voters: Value) -> Result<(), Remark> {
    let nobody = voters
        .error("this quorum has no voters: nobody could elect a leader")
        .remedy("say how many there are in each datacenter, as in { north = 1 }");
    for count in voters.table()?.take_all() {
        let home = find_or_add(setting, count.key(), |what| count.key_error(what))?;
        setting.voters[home.index()] = count.number(0..=MOST_VOTERS_THERE)?;
    }
    match setting.voters.iter().any(|voters| *voters > 0) {
        true => Ok(()),
        false => Err(nobody),
    }
}

fn find_or_add(
    setting: &mut Setting,
    site: &str,
    error: impl Fn(String) -> Remark,
) -> Result<Datacenter, Remark> {
    if let Some(known) = setting.datacenter_named(site) {
        return Ok(known);
    }
    names::plain(site).map_err(|remedy| {
        error(format!("{} cannot name a datacenter", quoted(site))).remedy(remedy)
    })?;
    if setting.datacenters.len() == MOST_DATACENTERS {
        return Err(
            error(format!("{} is one datacenter too many", quoted(site)))
                .remedy(format!("there may be {MOST_DATACENTERS}")),
        );
    }
    setting.datacenters.push(site.into());
    setting.voters.push(0);
    Ok(Datacenter::at(setting.datacenters.len() - 1))
}

pub(crate) fn variant(kafka: Profile, mut table: Table) -> Result<Variant, Remark> {
    let mut variant = Variant::of(kafka);
    if let Some(guards) = table.take("waive") {
        for guard in guards.list()? {
            let name = guard.text()?;
            let waived = name.parse().map_err(|()| {
                guard
                    .error(format!("there is no guard {}", quoted(name)))
                    .remedy(
                        match nearest(
                            name,
                            &Guard::ALL
                                .iter()
                                .map(|guard| guard.name())
                                .collect::<Vec<_>>(),
                        ) {
                            Some(meant) => format!("did you mean `{meant}`?"),
                            None => "`highwater rules` lists them, with what each of them prevents"
                                .into(),
                        },
                    )
            })?;
            variant.waived = variant.waived.with(waived);
        }
    }
    if let Some(late) = table.take("late_requests") {
        variant.late_requests = late.switch()?;
        if variant.late_requests && !kafka.has_zookeeper() {
            return Err(late
                .error(format!(
                    "Kafka {kafka} keeps its metadata with KRaft, whose brokers ask for it"
                ))
                .remedy("remove it, or write kafka = \"2.1\" or \"2.7\""));
        }
    }
    if let Some(late) = table.take("late_fetches") {
        variant.late_fetches = late.switch()?;
    }
    if let Some(switches) = table.take("switches") {
        for switch in switches.table()?.take_all() {
            if !variant.switches.set(switch.key(), switch.switch()?) {
                return Err(switch
                    .key_error(format!("there is no switch {}", quoted(switch.key())))
                    .remedy(instead(switch.key(), Switches::NAMES.iter().copied())));
            }
        }
    }
    table.finish()?;
    Ok(variant)
}

pub(crate) fn faults_of(mut table: Table, setting: &Setting) -> Result<Faults, Remark> {
    let row = table.need("row", "row = \"lag+broker-crash\"")?;
    let sites: Vec<Site> = setting
        .every_datacenter()
        .map(|site| Site {
            name: setting.datacenters[site.index()].clone(),
            brokers: setting.brokers_of(site).len() as u16,
            voters: setting.voters[site.index()],
        })
        .collect();
    let pattern = row.text()?;
    let mut rows = fault_pattern::rows(pattern, &sites, setting.kafka)
        .map_err(|NoSuchRow { what, remedy }| row.error(what).remedy(remedy))?;
    table.finish()?;
    match (rows.pop(), rows.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(row
            .error(format!("{} is more than one row", quoted(pattern)))
            .remedy("name the datacenters: an experiment is about one row")),
    }
}

/// How much may happen, and in how large steps.
pub(crate) fn bounds(
    mut table: Table,
    setting: &Setting,
    grain: &mut Grain,
) -> Result<Bounds, Remark> {
    let default = Bounds::default();
    if let Some(value) = table.take("grain") {
        *grain = value.word(&Grain::ALL.map(|grain| (grain.name(), grain)))?;
    }
    let mut bound = |key, usual, range| match table.take(key) {
        Some(value) => value.number(range),
        None => Ok(usual),
    };
    let mut bounds = Bounds {
        records: bound("records", default.records, 1..=MOST_RECORDS as i64)?,
        elections: bound("elections", default.elections, 0..=MOST_ELECTIONS)?,
        isr_changes: bound("isr_changes", default.isr_changes, 0..=MOST_TIMES)?,
        preferred_elections: bound(
            "preferred_elections",
            default.preferred_elections,
            0..=MOST_TIMES,
        )?,
        reads: bound("reads", default.reads, 0..=MOST_TIMES)?,
        retries: 0,
        operators: Operators {
            cancellations: bound("cancellations", 0, 0..=MOST_TIMES)?,
            promotions: bound("promotions", 0, 0..=MOST_TIMES)?,
            unclean_elections: bound("unclean_elections", 0, 0..=MOST_TIMES)?,
            added_voters: bound("added_voters", 0, 0..=MOST_TIMES)?,
            ..default.operators
        },
        ..default
    };
    if let Some(value) = table.take("retries") {
        bounds.retries = value.number(0..=MOST_TIMES)?;
        let copies = bounds.records + bounds.retries;
        if !setting.idempotence && usize::from(copies) > MOST_RECORDS {
            return Err(value
                .error(format!(
                    "{} records and {} copies do not fit into a log of {MOST_RECORDS}",
                    bounds.records, bounds.retries
                ))
                .remedy(
                    "lower `records` or `retries`, or say enable_idempotence = true in [setting]",
                ));
        }
    }
    if let Some(sites) = table.take("break_outs") {
        for site in sites.list()? {
            let there = break_out(setting, &site)?;
            bounds.operators.break_outs = bounds.operators.break_outs.with(there);
        }
    }
    if let Some(switch) = table.take("redundant_choices") {
        bounds.redundant_choices = switch.switch()?;
    }
    if let Some(values) = table.take("min_isr") {
        let mut places = bounds.operators.min_isr.iter_mut();
        for value in values.list()? {
            let place = places.next().ok_or_else(|| {
                value
                    .error("min ISR cannot be changed that often")
                    .remedy("leave this one out: two changes are as many as there may be")
            })?;
            *place = Some(value.number(1..=MOST_BROKERS as i64)?);
        }
    }
    if let Some(values) = table.take("reassign") {
        let mut places = bounds.operators.reassignments.iter_mut();
        for value in values.list()? {
            let place = places.next().ok_or_else(|| {
                value
                    .error("a partition cannot be reassigned that often")
                    .remedy("leave this one out: two reassignments are as many as there may be")
            })?;
            let targets = named_brokers(&value, setting)?;
            if targets.is_empty() {
                return Err(value
                    .error("a reassignment to nobody")
                    .remedy("name the brokers that are to hold a replica"));
            }
            *place = Some(targets);
        }
    }
    table.finish()?;
    Ok(bounds)
}

/// A datacenter that has a copy of the metadata.
fn break_out(setting: &Setting, site: &Value) -> Result<Datacenter, Remark> {
    let name = site.text()?;
    let there = setting.datacenter_named(name).ok_or_else(|| {
        let known = setting.datacenters.iter().map(String::as_str);
        site.error(format!("there is no datacenter {}", quoted(name)))
            .remedy(instead(name, known))
    })?;
    match setting.voters[there.index()] > 0 || !setting.brokers_of(there).is_empty() {
        true => Ok(there),
        false => Err(site
            .error(format!("nobody in {} has the metadata", quoted(name)))
            .remedy("name a datacenter with voters, or with brokers, which are observers")),
    }
}

/// What must come out for every property.  `default = "holds"` stands for those that are not named:
/// they are violated nowhere, but may have nothing to say.  Whoever means more says it: a property
/// that is named has exactly the verdict that stands there.
fn verdicts_of(
    mut table: Table,
    headline: &'static Property,
) -> Result<Vec<(&'static Property, Expected)>, Remark> {
    let default = match table.take("default") {
        Some(value) => Some(value.word(&[("holds", Expected::Unviolated)])?),
        None => None,
    };
    let mut expected = Vec::new();
    let mut unnamed = Vec::new();
    for property in Property::ALL {
        match (table.take(property.name), default) {
            (Some(value), _) => expected.push((property, value.word(&Expected::WORDS)?)),
            (None, Some(default)) if property.name != headline.name => {
                expected.push((property, default))
            }
            (None, _) => unnamed.push(property.name),
        }
    }
    if !unnamed.is_empty() {
        let incomplete = table
            .error(format!("nothing is said of {}", listed(unnamed)))
            .remedy(match default {
                Some(_) => format!("say what becomes of {}, the headline", headline.name),
                None => "add default = \"holds\", or a verdict for each".into(),
            });
        table.finish()?;
        return Err(incomplete);
    }
    table.finish()?;
    Ok(expected)
}

/// The same of other properties than those of replication.
pub(crate) fn verdicts_among<P>(
    mut table: Table,
    all: &'static [P],
    name: fn(&P) -> &'static str,
    headline: &P,
) -> Result<Vec<(&'static P, Expected)>, Remark> {
    let default = match table.take("default") {
        Some(value) => Some(value.word(&[("holds", Expected::Unviolated)])?),
        None => None,
    };
    let mut expected = Vec::new();
    let mut unnamed = Vec::new();
    for property in all {
        match (table.take(name(property)), default) {
            (Some(value), _) => expected.push((property, value.word(&Expected::WORDS)?)),
            (None, Some(default)) if name(property) != name(headline) => {
                expected.push((property, default));
            }
            (None, _) => unnamed.push(name(property)),
        }
    }
    let incomplete = table
        .error(format!("nothing is said of {}", listed(unnamed.clone())))
        .remedy("say what becomes of the headline, and add default = \"holds\" for the others");
    table.finish()?;
    match unnamed.is_empty() {
        true => Ok(expected),
        false => Err(incomplete),
    }
}

pub(crate) fn size(mut table: Table) -> Result<usize, Remark> {
    let states = table.need("states", "states = 1234")?;
    let states = states.number::<i64>(1..=i64::MAX)?;
    table.finish()?;
    Ok(usize::try_from(states).unwrap_or(usize::MAX))
}
