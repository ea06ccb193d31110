//! Reads an experiment about liveness from the file that a person wrote.
//!
//! It is written as any other experiment about a partition, and is one of these if its headline is a
//! liveness property.  Its verdicts are about these alone: what holds in every state is asked by an
//! experiment of its own.

use super::Property;
use super::experiment::Experiment;
use crate::experiment_file::{
    bounds, faults_of, numbered, one_line, prose, setting_of, size, variant, verdicts_among,
};
use crate::source::{Remark, Source};
use crate::table::{self, Table, Value};
use crate::wording::{instead, quoted};
use highwater_model::replication::{Bounds, Grain, Property as Safety, Replication, Variant};
use highwater_vocabulary::Setting;

/// Whether a file asks about liveness, as far as it can be read.
pub fn is_one(file: &toml::Table) -> bool {
    let headline = file.get("headline").and_then(toml::Value::as_str);
    headline.is_some_and(|name| Property::named(name).is_some())
}

/// The experiment that a file describes.
///
/// # Errors
/// What is wrong with the file, where, and what to write instead.
pub fn read(source: &Source) -> Result<Experiment, Remark> {
    let parsed = table::parse(
        source,
        "copy one of checks/experiments/liveness and change it",
    )?;
    let mut file = Table::of_file(source, &parsed);
    let title = one_line(&file.need("title", "title = \"Nobody looks for a leader\"")?)?;
    let question = prose(&file.need("question", "question = \"What comes of it?\"")?)?;
    let sources = prose(&file.need("source", "source = \"KIP-966; R32\"")?)?;
    let bugs = numbered(&mut file, "bugs", 'B')?;
    let headline = property(&file.need("headline", "headline = \"leader-elected\"")?)?;
    let setting = file.need("setting", "[setting] with kafka and brokers")?;
    let setting = setting_of(setting.table()?)?;
    let mut variant = match file.take("variant") {
        Some(table) => variant(setting.kafka, table.table()?)?,
        None => Variant::of(setting.kafka),
    };
    let faults = file.need("faults", "[faults] with row = \"broker-crash\"")?;
    let faults = faults_of(faults.table()?, &setting)?;
    let bounds = match file.take("bounds") {
        Some(table) => fine_bounds(table, &setting, &mut variant)?,
        None => Bounds::default(),
    };
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
        bugs,
        headline,
        model: Replication {
            setting,
            variant,
            faults,
            bounds,
            asked: Safety::ALL,
        },
        expected,
        states,
    })
}

/// Bounds for one event at a time: what one waits for lies between the events that a larger step takes
/// together.  One record is kept back, to be sent when nothing fails any more.
fn fine_bounds(table: Value, setting: &Setting, variant: &mut Variant) -> Result<Bounds, Remark> {
    let coarse = table
        .error("these steps take together what one waits for in between")
        .remedy("leave out `grain`");
    let many = table
        .error("no record is left to be sent when nothing fails any more")
        .remedy("write records = 2, or 1");
    let bounds = bounds(table.table()?, setting, &mut variant.grain)?;
    if variant.grain != Grain::Fine {
        return Err(coarse);
    }
    match usize::from(bounds.records) < highwater_vocabulary::MOST_RECORDS {
        true => Ok(bounds),
        false => Err(many),
    }
}

fn property(value: &Value) -> Result<&'static Property, Remark> {
    let name = value.text()?;
    let names = Property::ALL.iter().map(|property| property.name);
    Property::named(name).ok_or_else(|| {
        value
            .error(format!("there is no liveness property {}", quoted(name)))
            .remedy(instead(name, names))
    })
}
