//! What every file says of the counts that a group keeps beside Kafka, in the same keys: a `[[group]]` of an
//! experiment, or of a deployment.

use super::flow_file::word;
use crate::source::Remark;
use crate::table::Value;
use highwater_vocabulary::mirroring::{Databases, Duplicates, Late, PlaceKept, Sink, Windows};

/// `sink = { kind = "stretched-database", offsets_in_transaction = true, fenced = true }`.
pub(crate) fn sink(value: Value) -> Result<Sink, Remark> {
    let mut table = value.table()?;
    let kind = table.need("kind", "kind = \"stretched-database\"")?;
    let databases = kind.word(&Databases::WORDS)?;
    let mut switch = |key| {
        let value = table.take(key);
        value.map_or(Ok(false), |value| value.switch())
    };
    let beside = switch("offsets_in_transaction")?;
    let fenced = switch("fenced")?;
    let sink = Sink {
        databases,
        place: match beside {
            true => PlaceKept::InTheTransaction,
            false => PlaceKept::Outside,
        },
        fenced,
        windows: word(&mut table, "windows", &Windows::WORDS)?,
        late: word(&mut table, "late", &Late::WORDS)?,
        duplicates: word(&mut table, "duplicates", &Duplicates::WORDS)?,
    };
    table.finish()?;
    Ok(sink)
}
