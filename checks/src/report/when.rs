//! Rows in words: "a broker crashes or loses power", "any one datacenter is lost".
//!
//! Rows that come out the same are told together, a phrase for each thing that something happens
//! to.

use highwater_vocabulary::{Datacenter, Fault, Faults, Member, Site};
use std::mem::discriminant;

/// The rows in as few phrases as will do, in the order of the rows.
pub(crate) fn phrases<'a>(
    sites: &[Site],
    rows: impl IntoIterator<Item = &'a Faults>,
) -> Vec<String> {
    let mut phrases: Vec<Phrase> = Vec::new();
    for family in families(rows) {
        let phrase = family.phrase(sites);
        match phrases.iter_mut().find(|known| known.speaks_of(&phrase)) {
            Some(known) => known.happens.extend(phrase.happens),
            None => phrases.push(phrase),
        }
    }
    phrases.iter().map(Phrase::text).collect()
}

/// What goes wrong in a row, wherever it does: "replicas lag, and a datacenter is lost".
pub(crate) fn kind(row: &Faults) -> String {
    let mut faults: Vec<Fault> = row.iter().collect();
    faults.sort_by_key(|fault| has_place(*fault));
    let told = faults.into_iter().map(|fault| {
        let subject = match fault {
            Fault::DatacenterLoss(_)
            | Fault::DatacenterPowerLoss(_)
            | Fault::DatacenterDestroyed(_) => "a datacenter".to_owned(),
            Fault::Cut(..) | Fault::OneWayCut(..) => "a link".to_owned(),
            _ => subject(&[], &[fault]),
        };
        format!("{subject} {}", happens(fault))
    });
    match told.collect::<Vec<_>>().join(", and ") {
        nothing if nothing.is_empty() => "nothing goes wrong".to_owned(),
        told => told,
    }
}

/// Rows that differ in nothing but where their last fault strikes.
struct Family {
    before: Vec<Fault>,
    last: Vec<Fault>,
}

/// What happens to one thing.
struct Phrase {
    before: Vec<String>,
    subject: String,
    happens: Vec<&'static str>,
}

fn families<'a>(rows: impl IntoIterator<Item = &'a Faults>) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    for row in rows {
        let mut before: Vec<Fault> = row.iter().collect();
        // What strikes a place is told last: "replicas lag, and north is lost".
        before.sort_by_key(|fault| has_place(*fault));
        let last = before.pop();
        let known = families.iter_mut().find(|family| {
            family.before == before
                && family.last.first().map(discriminant) == last.as_ref().map(discriminant)
        });
        match (known, last) {
            (Some(family), Some(last)) => family.last.push(last),
            (Some(_), None) => {}
            (None, last) => families.push(Family {
                before,
                last: last.into_iter().collect(),
            }),
        }
    }
    families
}

fn has_place(fault: Fault) -> bool {
    !matches!(
        fault,
        Fault::BrokerCrash
            | Fault::BrokerPowerLoss
            | Fault::BrokerWiped
            | Fault::BrokerPause
            | Fault::BrokerStop
            | Fault::ControlledShutdown
            | Fault::Lag
            | Fault::ControllerFailover
            | Fault::MetadataRollback
    )
}

impl Family {
    fn phrase(&self, sites: &[Site]) -> Phrase {
        let before = self
            .before
            .iter()
            .map(|fault| format!("{} {}", subject(sites, &[*fault]), happens(*fault)));
        let Some(last) = self.last.first() else {
            return Phrase {
                before: Vec::new(),
                subject: "nothing".into(),
                happens: vec!["goes wrong"],
            };
        };
        Phrase {
            before: before.collect(),
            subject: subject(sites, &self.last),
            happens: vec![happens(*last)],
        }
    }
}

impl Phrase {
    fn speaks_of(&self, other: &Phrase) -> bool {
        self.before == other.before && self.subject == other.subject
    }

    fn text(&self) -> String {
        let is = "is ";
        let passive = self.happens.iter().all(|what| what.starts_with(is));
        let happens =
            self.happens
                .iter()
                .enumerate()
                .map(|(place, what)| match what.strip_prefix(is) {
                    Some(short) if passive && place > 0 => short,
                    _ => what,
                });
        let happens = alternatives(&happens.collect::<Vec<_>>());
        let mut parts = self.before.clone();
        parts.push(format!("{} {happens}", self.subject));
        parts.join(", and ")
    }
}

fn happens(fault: Fault) -> &'static str {
    match fault {
        Fault::BrokerCrash => "crashes",
        Fault::BrokerPowerLoss | Fault::DatacenterPowerLoss(_) => "loses power",
        Fault::BrokerWiped => "loses its disk",
        Fault::BrokerPause => "freezes",
        Fault::BrokerStop => "is stopped",
        Fault::ControlledShutdown => "is shut down",
        Fault::Lag => "lag",
        Fault::DatacenterLoss(_) => "is lost",
        Fault::DatacenterDestroyed(_) => "is destroyed",
        Fault::Cut(..) => "is cut",
        Fault::OneWayCut(..) => "is cut one way",
        Fault::ControllerFailover => "fails over",
        Fault::MetadataRollback => "goes back",
    }
}

/// To what it happens, if it may be any of these faults, which differ in their places alone.
fn subject(sites: &[Site], faults: &[Fault]) -> String {
    let site = |datacenter: Datacenter| sites[datacenter.index()].name.clone();
    let mut datacenters: Vec<Datacenter> = Vec::new();
    let mut links: Vec<(Datacenter, Datacenter)> = Vec::new();
    let mut ways: Vec<(Datacenter, Datacenter)> = Vec::new();
    for fault in faults {
        match *fault {
            Fault::BrokerCrash
            | Fault::BrokerPowerLoss
            | Fault::BrokerWiped
            | Fault::BrokerPause
            | Fault::BrokerStop
            | Fault::ControlledShutdown => return "a broker".into(),
            Fault::Lag => return "replicas".into(),
            Fault::ControllerFailover => return "the controller".into(),
            Fault::MetadataRollback => return "the metadata".into(),
            Fault::DatacenterLoss(x)
            | Fault::DatacenterPowerLoss(x)
            | Fault::DatacenterDestroyed(x) => datacenters.push(x),
            Fault::Cut(x, y) => links.push((x, y)),
            Fault::OneWayCut(x, y) => ways.push((x, y)),
        }
    }
    // A link that may be cut in either way is named once.
    if ways.iter().all(|(x, y)| ways.contains(&(*y, *x))) {
        let once = ways.drain(..).filter(|(x, y)| x < y);
        links.extend(once);
    }
    datacenters.sort_unstable();
    links.sort_unstable();
    let with_brokers = sites.iter().filter(|site| site.brokers > 0).count();
    let all_links = sites.len() * sites.len().saturating_sub(1) / 2;
    match (datacenters.len(), links.len(), ways.len()) {
        (2.., _, _) if datacenters.len() == sites.len() => "any one datacenter".into(),
        (3.., _, _)
            if datacenters.len() == with_brokers
                && datacenters.iter().all(|x| sites[x.index()].brokers > 0) =>
        {
            "any one datacenter with brokers".into()
        }
        (_, 2.., _) if links.len() == all_links => "any one link".into(),
        _ => {
            let names = datacenters.into_iter().map(site);
            let links = links
                .iter()
                .map(|(x, y)| format!("{}|{}", site(*x), site(*y)));
            let ways = ways
                .iter()
                .map(|(x, y)| format!("{}>{}", site(*x), site(*y)));
            let names: Vec<String> = names.chain(links).chain(ways).collect();
            alternatives(&names.iter().map(String::as_str).collect::<Vec<_>>())
        }
    }
}

/// `a`, `a or b`, `a, b or c`.
fn alternatives(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites(brokers: &[(&str, u16)]) -> Vec<Site> {
        let site = |(name, brokers): &(&str, u16)| Site {
            name: (*name).into(),
            brokers: *brokers,
            voters: 1,
        };
        brokers.iter().map(site).collect()
    }

    fn told(sites: &[Site], rows: &str) -> String {
        let names: Vec<String> = sites.iter().map(|site| site.name.clone()).collect();
        let rows: Vec<Faults> = rows
            .split(' ')
            .map(|row| Faults::parse(row, &names).expect("legal"))
            .collect();
        phrases(sites, &rows).join("; ")
    }

    #[test]
    fn rows_that_come_out_the_same_are_told_together() {
        let three = sites(&[("n", 1), ("s", 1), ("e", 1)]);
        let witness = sites(&[("n", 1), ("s", 1), ("w", 0)]);
        for (sites, rows, expected) in [
            (&three, "none", "nothing goes wrong"),
            (
                &three,
                "broker-crash broker-power-loss lag broker-pause",
                "a broker crashes, loses power or freezes; replicas lag",
            ),
            (&three, "dc-loss:n dc-loss:e", "n or e is lost"),
            (
                &three,
                "dc-loss:n dc-destroyed:n dc-loss:s dc-loss:e dc-destroyed:s dc-destroyed:e",
                "any one datacenter is lost or destroyed",
            ),
            (
                &three,
                "dc-loss:n dc-destroyed:n dc-loss:s dc-power-loss:n",
                "n or s is lost; n is destroyed or loses power",
            ),
            (
                &three,
                "lag+dc-loss:n lag+dc-loss:s lag+dc-loss:e",
                "replicas lag, and any one datacenter is lost",
            ),
            // The witness has a row of its own kind for its loss, and no other.
            (
                &witness,
                "dc-loss:n dc-loss:w dc-power-loss:n dc-power-loss:s dc-loss:s",
                "any one datacenter is lost; n or s loses power",
            ),
            (
                &three,
                "cut:n|s one-way-cut:n>s one-way-cut:s>n one-way-cut:n>e",
                "n|s is cut; n>s, s>n or n>e is cut one way",
            ),
            (
                &three,
                "cut:n|s one-way-cut:s>n one-way-cut:n>s",
                "n|s is cut or cut one way",
            ),
            (
                &three,
                "dc-loss:n+dc-loss:s dc-loss:n+dc-loss:e",
                "n is lost, and s or e is lost",
            ),
            (
                &three,
                "broker-crash+lag broker-crash+dc-loss:n",
                "a broker crashes, and replicas lag; a broker crashes, and n is lost",
            ),
        ] {
            assert_eq!(told(sites, rows), expected, "{rows}");
        }
    }
}
