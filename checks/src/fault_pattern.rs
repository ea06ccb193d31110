//! Rows named by a pattern: `dc-loss:*` is the loss of each datacenter, `lag+cut:north|*` each
//! cut of north while replicas may lag.

use crate::wording::{instead, listed, nearest, quoted};
use highwater_vocabulary::{Datacenter, Fault, Faults, Member, Profile, Site};
use thiserror::Error;

/// The most faults of one row: beyond that, a search has no end worth waiting for.
const MOST_FAULTS: usize = 4;
/// The longest pattern that is worth reading.
const LONGEST: usize = 200;
/// What stands between the parts of a fault's name.
const BETWEEN: [char; 3] = [':', '|', '>'];
/// How every fault is written.
const FORMS: [&str; 14] = [
    "broker-crash",
    "broker-power-loss",
    "broker-wiped",
    "broker-pause",
    "broker-stop",
    "controlled-shutdown",
    "lag",
    "dc-loss:X",
    "dc-power-loss:X",
    "dc-destroyed:X",
    "cut:X|Y",
    "one-way-cut:X>Y",
    "controller-failover",
    "metadata-rollback",
];
/// Faults that have a name already and happen only where there are mirrors.
const MIRRORED: [&str; 5] = [
    "mirror-crash",
    "mirror-cut",
    "retention",
    "topic-recreated",
    "clock-skew",
];

/// A pattern that stands for no row.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{what}; {remedy}")]
pub struct NoSuchRow {
    /// What is wrong with it.
    pub what: String,
    /// What to write instead.
    pub remedy: String,
}

/// The rows that `pattern` stands for in that version of Kafka, in the order of the datacenters.
pub fn rows(pattern: &str, sites: &[Site], kafka: Profile) -> Result<Vec<Faults>, NoSuchRow> {
    let mut distinct = Vec::new();
    for row in joined(pattern, |part| faults(part, sites, kafka))? {
        let row = Faults::new(row);
        if !distinct.contains(&row) {
            distinct.push(row);
        }
    }
    Ok(distinct)
}

/// Every way to take one of what `named` makes of each part of the pattern.
pub(crate) fn joined<F: Copy>(
    pattern: &str,
    named: impl Fn(&str) -> Result<Vec<F>, NoSuchRow>,
) -> Result<Vec<Vec<F>>, NoSuchRow> {
    if pattern == "none" {
        return Ok(vec![Vec::new()]);
    }
    let parts: Vec<&str> = pattern.split('+').map(str::trim).collect();
    if parts.len() > MOST_FAULTS || pattern.len() > LONGEST {
        return Err(NoSuchRow {
            what: format!("{} is too long for one row", quoted(pattern)),
            remedy: format!("a row has {MOST_FAULTS} faults at most"),
        });
    }
    let mut rows = vec![Vec::new()];
    for part in parts {
        let faults = named(part)?;
        let with = |row: &Vec<F>| {
            let each = faults.iter();
            let longer = each.map(|fault| [row.as_slice(), &[*fault]].concat());
            longer.collect::<Vec<_>>()
        };
        rows = rows.iter().flat_map(with).collect();
    }
    Ok(rows)
}

/// Every single fault that may strike these datacenters.
pub fn every_fault(sites: &[Site]) -> Vec<Fault> {
    let everyone = || (0..sites.len()).map(Datacenter::at);
    // Disks are lost only where there are brokers.
    let with_disks = || everyone().filter(|x| sites[x.index()].brokers > 0);
    let pairs = || {
        everyone()
            .flat_map(move |x| everyone().map(move |y| (x, y)))
            .filter(|(x, y)| x != y)
    };
    let mut faults = vec![
        Fault::BrokerCrash,
        Fault::BrokerPowerLoss,
        Fault::BrokerWiped,
        Fault::BrokerPause,
        Fault::BrokerStop,
        Fault::ControlledShutdown,
        Fault::Lag,
    ];
    faults.extend(everyone().map(Fault::DatacenterLoss));
    faults.extend(with_disks().map(Fault::DatacenterPowerLoss));
    faults.extend(with_disks().map(Fault::DatacenterDestroyed));
    let unordered = pairs().filter(|(x, y)| x < y);
    faults.extend(unordered.map(|(x, y)| Fault::Cut(x, y)));
    faults.extend(pairs().map(|(x, y)| Fault::OneWayCut(x, y)));
    faults.push(Fault::ControllerFailover);
    faults.push(Fault::MetadataRollback);
    faults
}

/// The faults that one part of a pattern stands for.
pub(crate) fn faults(part: &str, sites: &[Site], kafka: Profile) -> Result<Vec<Fault>, NoSuchRow> {
    let names: Vec<String> = sites.iter().map(|site| site.name.clone()).collect();
    let named: Vec<Fault> = every_fault(sites)
        .into_iter()
        .filter(|fault| {
            // A cut has no direction, so its datacenters may be named in either order.
            let turned = match *fault {
                Fault::Cut(x, y) => Fault::Cut(y, x),
                other => other,
            };
            names_it(part, &fault.name(&names)) || names_it(part, &turned.name(&names))
        })
        .collect();
    match named.first() {
        None => Err(why_none(part, &names)),
        Some(fault) if kafka.has_zookeeper() => of_kraft(*fault, kafka).map_or(Ok(named), Err),
        Some(_) => Ok(named),
    }
}

/// Why a fault cannot be asked about where there is ZooKeeper: nothing would happen, and all would hold.
fn of_kraft(fault: Fault, kafka: Profile) -> Option<NoSuchRow> {
    let (name, instead) = match fault {
        Fault::ControlledShutdown => (
            "controlled-shutdown",
            "write `broker-stop`, which stops a broker without its hand-over, or another version",
        ),
        Fault::MetadataRollback => (
            "metadata-rollback",
            "leave it out, or write another version; docs/QUORUM.md says what an ensemble may lose",
        ),
        _ => return None,
    };
    Some(NoSuchRow {
        what: format!(
            "`{name}` is modelled with KRaft alone, and Kafka {} has ZooKeeper",
            kafka.name()
        ),
        remedy: instead.into(),
    })
}

/// Whether `pattern` is `name`, but for stars in the place of datacenters.
pub(crate) fn names_it(pattern: &str, name: &str) -> bool {
    let mut pairs = pattern.split(BETWEEN).zip(name.split(BETWEEN));
    pattern.matches(BETWEEN).eq(name.matches(BETWEEN))
        && pairs.next().is_some_and(|(kind, named)| kind == named)
        && pairs.all(|(datacenter, named)| datacenter == "*" || datacenter == named)
}

/// What is wrong with a part that names no fault.
fn why_none(part: &str, names: &[String]) -> NoSuchRow {
    let kind_of = |form: &'static str| form.split(BETWEEN).next().unwrap_or(form);
    let mut words = part.split(BETWEEN);
    let kind = words.next().unwrap_or(part);
    if MIRRORED.contains(&kind) {
        return NoSuchRow {
            what: format!("`{kind}` strikes nothing here: it happens between clusters"),
            remedy: "join a second cluster to this one with a [[mirror]], or remove it".into(),
        };
    }
    let Some(form) = FORMS.into_iter().find(|form| kind_of(form) == kind) else {
        return NoSuchRow {
            what: format!("there is no fault {}", quoted(kind)),
            remedy: match nearest(kind, &FORMS.map(kind_of)) {
                Some(meant) => format!("did you mean `{meant}`? there are {}", listed(FORMS)),
                None => format!("there are {}", listed(FORMS)),
            },
        };
    };
    let known = || names.iter().map(String::as_str);
    if let Some(stranger) = words.find(|word| *word != "*" && !known().any(|name| name == *word)) {
        return NoSuchRow {
            what: format!("there is no datacenter {}", quoted(stranger)),
            remedy: instead(stranger, known()),
        };
    }
    if part.matches(BETWEEN).eq(form.matches(BETWEEN)) {
        return NoSuchRow {
            what: format!("{} strikes nothing in this deployment", quoted(part)),
            remedy: "name different datacenters, and for the loss of disks one with brokers".into(),
        };
    }
    NoSuchRow {
        what: format!("{} does not say what `{kind}` strikes", quoted(part)),
        remedy: format!("write `{form}`; a star is any datacenter"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites() -> [Site; 3] {
        [("north", 1), ("south", 1), ("witness", 0)].map(|(name, brokers)| Site {
            name: name.into(),
            brokers,
            voters: 1,
        })
    }

    #[test]
    fn a_star_is_every_datacenter() {
        let names = sites().map(|site| site.name);
        for (pattern, expected) in [
            ("none", "none"),
            ("dc-loss:*", "dc-loss:north dc-loss:south dc-loss:witness"),
            // A witness has no disks with records.
            ("dc-destroyed:*", "dc-destroyed:north dc-destroyed:south"),
            (
                "cut:*|*",
                "cut:north|south cut:north|witness cut:south|witness",
            ),
            ("cut:south|*", "cut:north|south cut:south|witness"),
            ("cut:south|north", "cut:north|south"),
            (
                "one-way-cut:*>north",
                "one-way-cut:south>north one-way-cut:witness>north",
            ),
            (
                "lag + dc-destroyed:*",
                "lag+dc-destroyed:north lag+dc-destroyed:south",
            ),
            // A budget of two.
            ("broker-crash+broker-crash", "broker-crash+broker-crash"),
        ] {
            let rows: Vec<String> = rows(pattern, &sites(), Profile::V4_1)
                .expect(pattern)
                .iter()
                .map(|row| row.name(&names))
                .collect();
            assert_eq!(rows.join(" "), expected, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_without_a_row_is_told_why() {
        for (pattern, why) in [
            ("", "there is no fault ``"),
            ("*", "there is no fault `*`"),
            ("lag+", "there is no fault ``"),
            (
                "dc-loss:*:*",
                "`dc-loss:*:*` does not say what `dc-loss` strikes",
            ),
            ("cut:*", "`cut:*` does not say what `cut` strikes"),
            (
                "cut:north>south",
                "`cut:north>south` does not say what `cut` strikes",
            ),
            (
                "cut:north|north",
                "`cut:north|north` strikes nothing in this deployment",
            ),
            (
                "dc-destroyed:witness",
                "`dc-destroyed:witness` strikes nothing in this deployment",
            ),
        ] {
            let error = rows(pattern, &sites(), Profile::V4_1).expect_err(pattern);
            assert_eq!(error.what, why);
        }
    }

    #[test]
    fn what_would_never_happen_with_zookeeper_is_refused() {
        for name in ["controlled-shutdown", "lag+metadata-rollback"] {
            assert!(rows(name, &sites(), Profile::V3_3).is_ok(), "{name}");
            let error = rows(name, &sites(), Profile::V2_7).expect_err(name);
            let told = "is modelled with KRaft alone, and Kafka 2.7 has ZooKeeper";
            assert!(error.what.ends_with(told), "{error}");
        }
    }

    #[test]
    fn names_are_the_ones_of_the_vocabulary() {
        let names = sites().map(|site| site.name);
        for fault in every_fault(&sites()) {
            let name = fault.name(&names);
            assert_eq!(Fault::parse(&name, &names), Ok(fault), "{name}");
            assert_eq!(
                rows(&name, &sites(), Profile::V4_1),
                Ok(vec![Faults::new(vec![fault])]),
                "{name}"
            );
        }
    }
}
