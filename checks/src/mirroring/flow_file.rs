//! What every file says of a mirror in the same keys: a `[[flow]]` of an experiment, a `[[mirror]]` of a
//! deployment.

use super::topology::Declared;
use crate::source::Remark;
use crate::table::{Table, Value};
use highwater_model::mirroring::{Naming, Topics, naming};
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Cluster, Clusters, Flow, Partitions, Seek, Stamps, SyncsAt, Tool,
};

/// The mirror of this table; keys of one kind of file alone are left to its reader.
pub(crate) fn declared(table: &mut Table, clusters: &[String]) -> Result<Declared, Remark> {
    let from = cluster(&table.need("from", "from = \"east\"")?, clusters)?;
    let to_value = table.need("to", "to = \"west\"")?;
    let to = cluster(&to_value, clusters)?;
    if from == to {
        return Err(to_value
            .error("this flow leads to where it comes from")
            .remedy("name another cluster"));
    }
    let tool = table
        .need("tool", "tool = \"mm2@3.9\"")?
        .word(&Tool::WORDS)?;
    // What uReplicator reports to its service are offset syncs to the model.
    let has_syncs = matches!(
        tool,
        Tool::MirrorMaker2At3_4 | Tool::MirrorMaker2At3_9 | Tool::UReplicator
    );
    refuse_keys(table, tool)?;
    let mut switch = |key| table.take(key).map_or(Ok(false), |value| value.switch());
    let syncs_groups = switch("sync_group_offsets")?;
    let exactly_once = switch("exactly_once")?;
    let provenance = switch("provenance")?;
    let seek = word(table, "seek", &Seek::WORDS)?;
    let flow = Flow {
        from: Cluster::at(from),
        to: Cluster::at(to),
        tool,
        emits_syncs: has_syncs,
        syncs_at: word(
            table,
            "offset_syncs_at",
            &[("source", SyncsAt::Source), ("target", SyncsAt::Target)],
        )?,
        syncs_groups,
        stamps: word(
            table,
            "timestamps",
            &[("create", Stamps::Create), ("append", Stamps::Append)],
        )?,
        exactly_once,
        provenance,
        seek,
        stops_with: Clusters::EMPTY,
        initial: true,
        then_written: Partitions::EMPTY,
    };
    let naming = naming_of(table, tool)?;
    let alias = |value: Option<Value>, usual: &String| match value {
        Some(value) => value.text().map(str::to_owned),
        None => Ok(usual.clone()),
    };
    let names = naming::Flow {
        from,
        to,
        source_alias: alias(table.take("alias"), &clusters[from])?,
        target_alias: alias(table.take("target_alias"), &clusters[to])?,
        naming,
        topics: topics_of(table)?,
    };
    Ok(Declared {
        flow,
        names,
        target_partitions: None,
    })
}

/// Keys that mean something to other tools only.
fn refuse_keys(table: &mut Table, tool: Tool) -> Result<(), Remark> {
    let keys: &[&'static str] = match tool {
        Tool::MirrorMaker1
        | Tool::MirrorMaker2At3_4
        | Tool::MirrorMaker2At3_9
        | Tool::ClusterLinking
        | Tool::MirroringAt2026_03
        | Tool::MirroringAt2026_11 => &["provenance", "seek"],
        Tool::Replicator => &["sync_group_offsets", "offset_syncs_at", "exactly_once"],
        Tool::UReplicator => &[
            "sync_group_offsets",
            "offset_syncs_at",
            "exactly_once",
            "provenance",
            "seek",
            "naming",
        ],
    };
    for key in keys {
        table.not_yet(key, &format!("`{}` has nothing of the kind", tool.name()))?;
    }
    Ok(())
}

/// The place of the cluster that a file names.
pub(crate) fn cluster(value: &Value, clusters: &[String]) -> Result<usize, Remark> {
    let words: Vec<(&str, usize)> = clusters.iter().map(String::as_str).zip(0..).collect();
    value.word(&words)
}

/// The first of `words` unless the file says another one.
pub(crate) fn word<T: Copy>(
    table: &mut Table,
    key: &'static str,
    words: &[(&str, T)],
) -> Result<T, Remark> {
    match table.take(key) {
        Some(value) => value.word(words),
        None => Ok(words[0].1),
    }
}

/// Which topics are copied: all, unless the file lists some.
fn topics_of(table: &mut Table) -> Result<Topics, Remark> {
    let Some(value) = table.take("topics") else {
        return Ok(Topics::All);
    };
    let list = value.list()?;
    let names = list.iter().map(|name| name.text().map(str::to_owned));
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    match names.iter().any(|name| name == "*") {
        true if names.len() == 1 => Ok(Topics::All),
        true => Err(value
            .error("`*` is every topic, so nothing can stand beside it")
            .remedy("write topics = [\"*\"], or list the topics")),
        false if names.is_empty() => Err(value
            .error("this copies nothing")
            .remedy("list the topics, or write topics = [\"*\"]")),
        false => Ok(Topics::These(names)),
    }
}

/// MirrorMaker 1, Replicator, uReplicator and links change no names; MirrorMaker 2 puts the source's alias before them, unless told
/// otherwise.
fn naming_of(table: &mut Table, tool: Tool) -> Result<Naming, Remark> {
    let separator = match table.take("separator") {
        Some(value) => value.text()?.to_owned(),
        None => naming::SEPARATOR.to_owned(),
    };
    let prefix = Naming::Prefix { separator };
    let words: [(&str, usize); 3] = [("prefix", 0), ("identity", 1), ("tag", 2)];
    let usual = match tool {
        Tool::MirrorMaker2At3_4 | Tool::MirrorMaker2At3_9 => 0,
        _ => 1,
    };
    let chosen = match table.take("naming") {
        Some(value) => value.word(&words)?,
        None => usual,
    };
    Ok(match chosen {
        0 => prefix,
        1 => Naming::Identity,
        _ => Naming::Tag,
    })
}
