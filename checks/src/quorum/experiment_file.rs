//! Reads an experiment with a quorum from the file that a person wrote.
//!
//! The first error ends the reading.  A file is one of these if it has a `[quorum]`.

use super::Experiment;
use crate::experiment_file::{one_line, prose, size, verdicts_among};
use crate::source::{Remark, Source};
use crate::subject::property;
use crate::table::{self, Table, Value};
use crate::wording::{instead, quoted};
use highwater_model::quorum::log::{EPOCHS, MOST_ENTRIES};
use highwater_model::quorum::setting::MOST_NODES;
use highwater_model::quorum::state::MOST_DATACENTERS;
use highwater_model::quorum::{
    Bounds, Fault, Faults, Guard, Nodes, Property, Quorum, Setting, Switches, Variant,
};
use highwater_vocabulary::{Datacenter, Member};

/// The experiment that a file describes.
///
/// # Errors
/// What is wrong with the file, where, and what to write instead.
pub fn read(source: &Source) -> Result<Experiment, Remark> {
    let parsed = table::parse(
        source,
        "copy one of checks/experiments/quorum and change it",
    )?;
    let mut file = Table::of_file(source, &parsed);
    let title = one_line(&file.need("title", "title = \"A leader that is cut off\"")?)?;
    let question = prose(&file.need("question", "question = \"What becomes of it?\"")?)?;
    let sources = prose(&file.need("source", "source = \"KIP-595; Q1\"")?)?;
    let headline = property::<Quorum>(&file.need("headline", "headline = \"leader-complete\"")?)?;
    let quorum = file.need("quorum", "[quorum] with voters = { north = 3 }")?;
    let (setting, kafka, mut variant) = setting_of(quorum.table()?)?;
    if let Some(table) = file.take("variant") {
        change(&mut variant, table.table()?)?;
    }
    let faults = file.need("faults", "[faults] with row = \"voter-crash\"")?;
    let row = faults.clone();
    let faults = faults_of(faults.table()?, &setting)?;
    let bounds = match file.take("bounds") {
        Some(table) => bounds(table.table()?)?,
        None => Bounds::default(),
    };
    has_room(&row, &variant, &faults, bounds)?;
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
        version: kafka,
        headline,
        model: Quorum {
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

fn setting_of(mut table: Table) -> Result<(Setting, &'static str, Variant), Remark> {
    let newest = Switches::VERSIONS[Switches::VERSIONS.len() - 1];
    let kafka = match table.take("kafka") {
        Some(value) => value.word(&Switches::VERSIONS.map(|version| (version, version)))?,
        None => newest,
    };
    let mut variant = Variant::of(kafka).unwrap_or_else(Variant::newest);
    let mut setting = Setting {
        datacenters: Vec::new(),
        homes: Vec::new(),
        voters: Nodes::EMPTY,
    };
    let voters = table.need("voters", "voters = { north = 2, south = 1 }")?;
    add_nodes(&mut setting, voters.clone())?;
    setting.voters = Nodes::first(setting.homes.len());
    if setting.voters.is_empty() {
        return Err(voters
            .error("this quorum has no voters: nobody could elect a leader")
            .remedy("say how many there are in each datacenter, as in { north = 3 }"));
    }
    if let Some(spares) = table.take("spares") {
        add_nodes(&mut setting, spares)?;
    }
    if let Some(value) = table.take("static_voters") {
        let is_static = value.switch()?;
        if !is_static && kafka == "3.5" {
            return Err(value
                .error("before Kafka 3.9 all voters are static")
                .remedy("remove it, or write kafka = \"3.9\" or newer"));
        }
        variant.switches.static_voters = is_static;
    }
    table.finish()?;
    Ok((setting, kafka, variant))
}

fn add_nodes(setting: &mut Setting, counts: Value) -> Result<(), Remark> {
    for count in counts.table()?.take_all() {
        let name = count.key();
        let known = setting.datacenters.iter().position(|known| known == name);
        let home = known.unwrap_or(setting.datacenters.len());
        if known.is_none() {
            let fit = name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            if !fit || name.is_empty() || home == MOST_DATACENTERS {
                return Err(count
                    .key_error(format!("{} cannot be a datacenter here", quoted(name)))
                    .remedy(format!(
                        "write letters and digits; there are {MOST_DATACENTERS} datacenters at most"
                    )));
            }
            setting.datacenters.push(name.to_owned());
        }
        let nodes: usize = count.number(0..=MOST_NODES as i64)?;
        if setting.homes.len() + nodes > MOST_NODES {
            return Err(count.error("that is one node too many").remedy(format!(
                "a quorum has {MOST_NODES} nodes at most, spares included"
            )));
        }
        setting
            .homes
            .extend(std::iter::repeat_n(Datacenter::at(home), nodes));
    }
    Ok(())
}

fn change(variant: &mut Variant, mut table: Table) -> Result<(), Remark> {
    if let Some(guards) = table.take("waive") {
        for guard in guards.list()? {
            let name = guard.text()?;
            let names = Guard::ALL.iter().map(|guard| guard.name());
            let waived: Guard = name.parse().map_err(|()| {
                guard
                    .error(format!("a quorum has no guard {}", quoted(name)))
                    .remedy(instead(name, names))
            })?;
            variant.waived = variant.waived.with(waived);
        }
    }
    if let Some(switches) = table.take("switches") {
        for switch in switches.table()?.take_all() {
            let on = switch.switch()?;
            let name = switch.key();
            let known = variant.switches.named(name).ok_or_else(|| {
                switch
                    .key_error(format!("a quorum has no switch {}", quoted(name)))
                    .remedy(instead(name, Switches::NAMES))
            })?;
            *known = on;
        }
    }
    table.finish()
}

fn faults_of(mut table: Table, setting: &Setting) -> Result<Faults, Remark> {
    let row = table.need("row", "row = \"voter-crash\"")?;
    let faults = Faults::parse(row.text()?, &setting.datacenters)
        .map_err(|what| row.error(what).remedy("name one of these faults, or none"))?;
    table.finish()?;
    Ok(faults)
}

/// Refuses what the model has no room for: where its own limits would bite, a search would claim more
/// than it looked at.
fn has_room(row: &Value, variant: &Variant, faults: &Faults, bounds: Bounds) -> Result<(), Remark> {
    let budget = |fault| faults.budget(fault);
    let stops = budget(Fault::VoterCrash) + budget(Fault::VoterPowerLoss);
    // A leader that resumes its epoch begins it once more.
    let resumes = match variant.waived.contains(Guard::RestartResigns) {
        true => stops + faults.different().count(),
        false => 0,
    };
    let entries = bounds.epochs + bounds.records + bounds.changes;
    if usize::from(entries) + resumes > MOST_ENTRIES {
        return Err(row
            .error(format!(
                "a log may come to {} entries here, and there is room for {MOST_ENTRIES}",
                usize::from(entries) + resumes
            ))
            .remedy("lower epochs, records or changes under [bounds]: each may append one"));
    }
    let switches = &variant.switches;
    if budget(Fault::VoterWiped) > 1 && !switches.static_voters && !switches.same_directory {
        return Err(row
            .error("a node has two directories at most, so one disk may be wiped")
            .remedy("write voter-wiped once, or static_voters = true under [quorum]"));
    }
    Ok(())
}

fn bounds(mut table: Table) -> Result<Bounds, Remark> {
    let usual = Bounds::default();
    let mut bound = |key, usual, most| match table.take(key) {
        Some(value) => value.number(0..=most),
        None => Ok(usual),
    };
    let mut bounds = Bounds {
        records: bound("records", usual.records, 4)?,
        epochs: bound("epochs", usual.epochs, EPOCHS as i64 - 1)?,
        changes: bound("changes", usual.changes, 4)?,
        ..usual
    };
    for (key, place) in [
        ("parts", &mut bounds.parts),
        ("repairs", &mut bounds.repairs),
        ("timely", &mut bounds.timely),
    ] {
        if let Some(value) = table.take(key) {
            *place = value.switch()?;
        }
    }
    table.finish()?;
    Ok(bounds)
}
