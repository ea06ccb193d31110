//! Reads an experiment with mirrors from the file that a person wrote.
//!
//! The first error ends the reading.  A file is one of these if it has a `[[flow]]`.

use super::Experiment;
use super::flow_file::{self, cluster, word};
use super::sink_file::sink;
use super::topology::{Consumers, Declared, Topic, Topology};
use crate::experiment_file::{one_line, prose, size, verdicts_among};
use crate::source::{Remark, Source};
use crate::subject::property;
use crate::table::{self, Table, Value};
use crate::wording::{instead, quoted};
use highwater_model::mirroring::ghost::MOST_FAULTS;
use highwater_model::mirroring::guard::lacking;
use highwater_model::mirroring::{
    Bounds, CycleTest, Faults, Guard, GuardSet, Mirroring, Property, Setting, Variant,
};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Assignment, Cluster, Clusters, Commits, Failback, Failover, MOST_CLUSTERS, MOST_GROUPS,
    Partitions, Reader, Reset,
};

/// The experiment that a file describes.
///
/// # Errors
/// What is wrong with the file, where, and what to write instead.
pub fn read(source: &Source) -> Result<Experiment, Remark> {
    let parsed = table::parse(
        source,
        "copy one of checks/experiments/mirroring and change it",
    )?;
    let mut file = Table::of_file(source, &parsed);
    let title = one_line(&file.need("title", "title = \"A mirror that dies\"")?)?;
    let question = prose(&file.need("question", "question = \"What is copied twice?\"")?)?;
    let sources = prose(&file.need("source", "source = \"KIP-382; M07\"")?)?;
    let headline = property::<Mirroring>(&file.need("headline", "headline = \"no-skip\"")?)?;
    let variant = match file.take("variant") {
        Some(table) => variant_of(table.table()?)?,
        None => Variant::default(),
    };
    let bounds = match file.take("bounds") {
        Some(table) => bounds_of(table.table()?)?,
        None => Bounds::default(),
    };
    let flows = file.need("flow", "[[flow]] with from, to and tool")?;
    let topology = topology_of(&mut file, &flows, &variant, &bounds)?;
    let setting = topology.setting().map_err(|what| {
        flows
            .key_error(what)
            .remedy("leave out a flow, a topic or a partition")
    })?;
    let version = topology.flows[0].flow.tool.name();
    let faults = file.need("faults", "[faults] with row = \"mirror-crash:east>west\"")?;
    let faults = faults_of(faults.table()?, &setting)?;
    let verdicts = file.need("verdicts", "[verdicts] with default = \"holds\"")?;
    let expected = verdicts_among(
        verdicts.table()?,
        Property::ALL,
        |property| property.name,
        headline,
    )?;
    let states = match file.take("size") {
        Some(table) => Some(size(table.table()?)?),
        None => None,
    };
    file.finish()?;
    Ok(Experiment {
        title,
        question,
        source: sources.split(';').map(|one| one.trim().into()).collect(),
        version,
        headline,
        model: Mirroring {
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

fn topology_of(
    file: &mut Table,
    flows: &Value,
    variant: &Variant,
    bounds: &Bounds,
) -> Result<Topology, Remark> {
    let clusters = clusters_of(&file.need("clusters", "clusters = [\"east\", \"west\"]")?)?;
    let late = match file.take("late") {
        Some(table) => topics_of(table, &clusters)?,
        None => Vec::new(),
    };
    let topics = file.need("topics", "[topics] with east = { orders = 1 }")?;
    let mut topics = topics_of(topics, &clusters)?;
    for topic in &mut topics {
        let added = late
            .iter()
            .find(|late| late.cluster == topic.cluster && late.name == topic.name);
        topic.late = added.map_or(0, |late| late.partitions.min(topic.partitions));
    }
    let tables = file.take("group");
    let has_groups = tables.is_some();
    let declared: Vec<Declared> = flows
        .tables()?
        .into_iter()
        .map(|flow| flow_of(flow, &clusters, has_groups))
        .collect::<Result<_, _>>()?;
    if declared.is_empty() {
        return Err(flows
            .error("nothing is copied here")
            .remedy("write a [[flow]] with from, to and tool"));
    }
    let mut groups = Vec::new();
    if let Some(tables) = tables {
        for table in tables.tables()? {
            groups.push(group_of(table, &clusters, &topics)?);
        }
        if groups.len() > MOST_GROUPS {
            return Err(tables
                .key_error("that is one group too many")
                .remedy(format!("there are {MOST_GROUPS} groups at most")));
        }
    }
    let failback = match file.take("failback") {
        Some(value) => value.word(&[
            ("rebuild", Failback::Rebuild),
            ("reverse", Failback::Reverse),
            ("reverse-from-end", Failback::ReverseFromEnd),
        ])?,
        None => Failback::Rebuild,
    };
    let waives_test = variant.waived.contains(Guard::NothingGoesBack);
    // Who copies topics by other names need not read them.
    let lacks = |flow: &Declared| lacking(flow.flow.tool).contains(&Guard::NothingGoesBack);
    let lacks_test =
        declared.iter().all(lacks) && !variant.restored.contains(Guard::NothingGoesBack);
    Ok(Topology {
        clusters,
        topics,
        flows: declared,
        groups,
        failback,
        test: match waives_test || lacks_test {
            true => CycleTest::Waived,
            false => CycleTest::Target,
        },
        moves: bounds.fail_over,
    })
}

fn clusters_of(value: &Value) -> Result<Vec<String>, Remark> {
    let mut clusters: Vec<String> = Vec::new();
    for name in value.list()? {
        let text = name.text()?;
        let fit = !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric());
        if !fit || clusters.iter().any(|known| known == text) || clusters.len() == MOST_CLUSTERS {
            return Err(name
                .error(format!("{} cannot be a cluster here", quoted(text)))
                .remedy(format!(
                    "write letters and digits, each name once; there are {MOST_CLUSTERS} clusters at most"
                )));
        }
        clusters.push(text.to_owned());
    }
    match clusters.len() {
        0 | 1 => Err(value
            .error("mirrors take two clusters at least")
            .remedy("write clusters = [\"east\", \"west\"]")),
        _ => Ok(clusters),
    }
}

/// `east = { orders = 1 }`: the topics of each cluster, and how many partitions each has.
fn topics_of(value: Value, clusters: &[String]) -> Result<Vec<Topic>, Remark> {
    let mut topics = Vec::new();
    for of_cluster in value.table()?.take_all() {
        let place = clusters.iter().position(|known| known == of_cluster.key());
        let cluster = place.ok_or_else(|| {
            let known = clusters.iter().map(String::as_str);
            of_cluster
                .key_error(format!("there is no cluster {}", quoted(of_cluster.key())))
                .remedy(instead(of_cluster.key(), known))
        })?;
        for topic in of_cluster.table()?.take_all() {
            topics.push(Topic {
                cluster,
                name: topic_name(&topic)?,
                partitions: topic.number(1..=4)?,
                late: 0,
                written: true,
            });
        }
    }
    Ok(topics)
}

fn topic_name(value: &Value) -> Result<String, Remark> {
    let name = value.key();
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    match !name.is_empty() && name.chars().all(fits) {
        true => Ok(name.to_owned()),
        false => Err(value
            .key_error(format!("{} cannot be a topic", quoted(name)))
            .remedy("write letters, digits, `.`, `_` and `-`, as Kafka allows")),
    }
}

/// Offset syncs that nobody reads are left out unless the file asks for them.
fn flow_of(mut table: Table, clusters: &[String], has_groups: bool) -> Result<Declared, Remark> {
    let mut declared = flow_file::declared(&mut table, clusters)?;
    let mut switch = |key, usual| match table.take(key) {
        Some(value) => value.switch(),
        None => Ok(usual),
    };
    declared.flow.initial = !switch("starts_at_failback", false)?;
    declared.flow.emits_syncs =
        switch("offset_syncs", has_groups)? && !declared.flow.tool.is_link();
    if let Some(value) = table.take("stops_with") {
        declared.flow.stops_with = clusters_among(&value, clusters)?;
    }
    let count = table.take("target_partitions");
    let late = table.take("late_target_partitions");
    if let Some(count) = count {
        let count: u8 = count.number(1..=4)?;
        let late = late.map_or(Ok(0), |late| late.number(0..=i64::from(count) - 1))?;
        declared.target_partitions = Some([count, late]);
    }
    table.finish()?;
    Ok(declared)
}

fn group_of(mut table: Table, clusters: &[String], topics: &[Topic]) -> Result<Consumers, Remark> {
    let name = one_line(&table.need("id", "id = \"billing\"")?)?;
    let home = cluster(&table.need("home", "home = \"east\"")?, clusters)?;
    let reads = table.need("reads", "reads = [\"orders\"]")?;
    let mut read = Vec::new();
    for topic in reads.list()? {
        let name = topic.text()?;
        if !topics.iter().any(|known| known.name == name) {
            let known = topics.iter().map(|known| known.name.as_str());
            return Err(topic
                .error(format!("there is no topic {}", quoted(name)))
                .remedy(instead(name, known)));
        }
        read.push(name.to_owned());
    }
    let assignment = word(&mut table, "assignment", &Assignment::WORDS)?;
    let commits = word(
        &mut table,
        "commits",
        &[("after", Commits::After), ("before", Commits::Before)],
    )?;
    let failover = table.need("failover", "failover = \"translated\"")?;
    let failover = failover.word(&Failover::WORDS)?;
    let instrumented = table.take("instrumented");
    let instrumented = instrumented.map_or(Ok(false), |value| value.switch())?;
    let reset = word(
        &mut table,
        "reset",
        &[
            ("latest", Reset::Latest),
            ("earliest", Reset::Earliest),
            ("none", Reset::None),
        ],
    )?;
    let at = match table.take("at") {
        Some(value) => Some(clusters_among(&value, clusters)?),
        None => None,
    };
    let sink = table.take("sink").map(sink).transpose()?;
    table.finish()?;
    Ok(Consumers {
        reader: Reader {
            name,
            home: Cluster::at(home),
            reads: Partitions::EMPTY,
            assignment,
            commits,
            failover,
            instrumented,
            reset,
            sink,
        },
        topics: read,
        at,
    })
}

fn clusters_among(value: &Value, clusters: &[String]) -> Result<Clusters, Remark> {
    let names = value.list()?;
    let places = names.iter().map(|name| cluster(name, clusters));
    places.map(|place| place.map(Cluster::at)).collect()
}

fn variant_of(mut table: Table) -> Result<Variant, Remark> {
    let mut variant = Variant::default();
    for (key, set) in [
        ("waive", &mut variant.waived),
        ("restore", &mut variant.restored),
    ] {
        if let Some(guards) = table.take(key) {
            *set = guards_of(&guards)?;
        }
    }
    if let Some(value) = table.take("offset_lag_max") {
        variant.offset_lag_max = value.number(0..=100)?;
    }
    table.finish()?;
    Ok(variant)
}

fn guards_of(value: &Value) -> Result<GuardSet, Remark> {
    let mut guards = GuardSet::default();
    for guard in value.list()? {
        let name = guard.text()?;
        let names = Guard::ALL.iter().map(|guard| guard.name());
        let named: Guard = name.parse().map_err(|()| {
            guard
                .error(format!("mirroring has no guard {}", quoted(name)))
                .remedy(instead(name, names))
        })?;
        guards = guards.with(named);
    }
    Ok(guards)
}

fn faults_of(mut table: Table, setting: &Setting) -> Result<Faults, Remark> {
    let row = table.need("row", "row = \"mirror-crash:east>west\"")?;
    let faults = Faults::parse(row.text()?, setting)
        .map_err(|what| row.error(what).remedy("name one of these faults, or none"))?;
    table.finish()?;
    match faults.different().count() > MOST_FAULTS {
        true => Err(row
            .error("that is one fault too many")
            .remedy(format!("there are {MOST_FAULTS} different faults at most"))),
        false => Ok(faults),
    }
}

fn bounds_of(mut table: Table) -> Result<Bounds, Remark> {
    let mut bounds = Bounds::default();
    for (key, most, place) in [
        ("records", 5, &mut bounds.records),
        ("marks", 3, &mut bounds.marks),
        ("aborts", 2, &mut bounds.aborts),
        ("unanswered", 2, &mut bounds.unanswered),
        ("transactions", 2, &mut bounds.transactions),
        ("offers", 2, &mut bounds.offers),
        ("ticks", 4, &mut bounds.ticks),
        ("starts", 6, &mut bounds.starts),
        ("rebootstraps", 2, &mut bounds.rebootstraps),
        ("hops", 8, &mut bounds.hops),
    ] {
        if let Some(value) = table.take(key) {
            *place = value.number(0..=most)?;
        }
    }
    for (key, place) in [
        ("fail_over", &mut bounds.fail_over),
        ("promote", &mut bounds.promote),
        ("reverse", &mut bounds.reverse),
        ("fail_back", &mut bounds.fail_back),
        ("changes", &mut bounds.changes),
        ("fencing", &mut bounds.fencing),
        ("fence_first", &mut bounds.fence_first),
        ("stop_mirrors", &mut bounds.stop_mirrors),
        ("commits", &mut bounds.commits),
        ("orderly_moves", &mut bounds.orderly_moves),
        ("repairs", &mut bounds.repairs),
    ] {
        if let Some(value) = table.take(key) {
            *place = value.switch()?;
        }
    }
    table.finish()?;
    Ok(bounds)
}
