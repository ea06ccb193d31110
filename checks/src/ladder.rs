//! The rows of a deployment: what goes wrong in each, and which settings it takes to judge it.
//!
//! **Deliberately absent:** an orderly stop of a broker, which operators plan and which no row
//! of a deployment asks about; metadata that goes back, which is no fault of one datacenter but a broken
//! promise of the quorum; and every other pair of faults.  Whoever wants a row more demands
//! something of it in the file: the rows of `[[require]]` follow the ladder's own.

use crate::fault_pattern::every_fault;
use crate::symmetry::{self, Renaming};
use highwater_vocabulary::{Datacenter, Deployment, Fault, Faults, Member, Setting};

/// What may go wrong in one row, and the rows that are the same one under other names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The faults that are searched.
    pub faults: Faults,
    /// Faults whose verdicts are the same, because the datacenters they name are alike.
    pub also: Vec<Faults>,
}

impl Row {
    /// Whether this row judges these faults.
    pub fn covers(&self, faults: &Faults) -> bool {
        self.faults == *faults || self.also.contains(faults)
    }
}

/// The rows of `deployment`, in the order of its table.
pub fn rows(deployment: &Deployment) -> Vec<Row> {
    let renamings = symmetry::renamings(deployment);
    let required = deployment
        .requirements
        .iter()
        .flat_map(|requirement| &requirement.rows);
    let mut rows: Vec<Row> = Vec::new();
    for faults in ladder(deployment).iter().chain(required) {
        if rows.iter().any(|row| row.covers(faults)) {
            continue;
        }
        let same = |row: &&mut Row| {
            renamings
                .iter()
                .any(|renaming| renaming.faults(&row.faults) == *faults)
        };
        match rows.iter_mut().find(same) {
            Some(row) => row.also.push(faults.clone()),
            None => rows.push(Row {
                faults: faults.clone(),
                also: Vec::new(),
            }),
        }
    }
    rows
}

/// Every single fault that the deployment gives an operand for, and lag before the loss of each
/// datacenter that has brokers.
fn ladder(deployment: &Deployment) -> Vec<Faults> {
    let sites = &deployment.cluster.sites;
    let single = every_fault(sites)
        .into_iter()
        .filter(|fault| {
            !matches!(
                fault,
                Fault::BrokerStop | Fault::ControlledShutdown | Fault::MetadataRollback
            )
        })
        .map(|fault| vec![fault]);
    let lag_and_loss = (0..sites.len())
        .filter(|at| sites[*at].brokers > 0)
        .map(|at| vec![Fault::Lag, Fault::DatacenterLoss(Datacenter::at(at))]);
    std::iter::once(Vec::new())
        .chain(single)
        .chain(lag_and_loss)
        .map(Faults::new)
        .collect()
}

/// The settings that are enough to judge a row: of those which are equal up to an exchange of
/// datacenters that neither the deployment nor the row tells apart, the first.
///
/// Only for all the [`classes`] of a topic together: the other rows of [`Row::also`] are judged
/// by the same settings under other names.
///
/// [`classes`]: crate::placement::classes
pub fn reduce_orders(
    deployment: &Deployment,
    faults: &Faults,
    settings: Vec<Setting>,
) -> Vec<Setting> {
    let unnoticed: Vec<Renaming> = symmetry::renamings(deployment)
        .into_iter()
        .filter(|renaming| renaming.faults(faults) == *faults)
        .collect();
    let mut kept: Vec<Setting> = Vec::new();
    for setting in settings {
        let is_known = unnoticed
            .iter()
            .any(|renaming| kept.contains(&renaming.setting(&setting)));
        if !is_known {
            kept.push(setting);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::classes;
    use crate::source::Source;

    fn deployment(brokers: &str, voters: &str, placement: &str) -> Deployment {
        let text = format!(
            "name = 'x'\n[[cluster]]\nid = 'c'\nbrokers = {{ {brokers} }}\n\
             voters = {{ {voters} }}\n[[cluster.topic]]\nid = 't'\n{placement}\n"
        );
        crate::deployment_file::read(&Source::new("test", text))
            .expect("legal")
            .0
    }

    fn three_sites() -> Deployment {
        deployment(
            "north = 1, south = 1, east = 1",
            "north = 1, south = 1, east = 1",
            "replication_factor = 3",
        )
    }

    fn two_and_one() -> Deployment {
        deployment(
            "north = 2, south = 1",
            "north = 2, south = 1",
            "replication_factor = 3",
        )
    }

    fn witness() -> Deployment {
        deployment(
            "north = 1, south = 1",
            "north = 1, south = 1, witness = 1",
            "replicas = { north = 1, south = 1 }",
        )
    }

    /// The rows, a line each: the representative, and how many are the same.
    fn drawn(deployment: &Deployment) -> Vec<String> {
        let names = deployment.cluster.datacenters();
        rows(deployment)
            .iter()
            .map(|row| format!("{} +{}", row.faults.name(&names), row.also.len()))
            .collect()
    }

    #[test]
    fn sites_that_are_alike_share_a_row() {
        let expected = [
            "none +0",
            "broker-crash +0",
            "broker-power-loss +0",
            "broker-wiped +0",
            "broker-pause +0",
            "lag +0",
            "dc-loss:north +2",
            "dc-power-loss:north +2",
            "dc-destroyed:north +2",
            "cut:north|south +2",
            "one-way-cut:north>south +5",
            "controller-failover +0",
            "lag+dc-loss:north +2",
        ];
        assert_eq!(drawn(&three_sites()), expected);
    }

    #[test]
    fn a_witness_is_lost_and_cut_off_and_has_no_disks() {
        let expected = [
            "none +0",
            "broker-crash +0",
            "broker-power-loss +0",
            "broker-wiped +0",
            "broker-pause +0",
            "lag +0",
            "dc-loss:north +1",
            "dc-loss:witness +0",
            "dc-power-loss:north +1",
            "dc-destroyed:north +1",
            "cut:north|south +0",
            "cut:north|witness +1",
            "one-way-cut:north>south +1",
            "one-way-cut:north>witness +1",
            "one-way-cut:witness>north +1",
            "controller-failover +0",
            "lag+dc-loss:north +1",
        ];
        assert_eq!(drawn(&witness()), expected);
    }

    #[test]
    fn sites_that_differ_share_nothing() {
        let anywhere = "replication_factor = 2";
        for deployment in [
            two_and_one(),
            // In one respect each: brokers, voters, the replicas that are named.
            deployment("north = 2, south = 1", "north = 1, south = 1", anywhere),
            deployment("north = 1, south = 1", "north = 2, south = 1", anywhere),
            deployment(
                "north = 2, south = 2",
                "north = 1, south = 1",
                "replicas = { north = 2, south = 1 }",
            ),
        ] {
            let rows = rows(&deployment);
            assert!(rows.iter().all(|row| row.also.is_empty()), "{deployment:?}");
        }
    }

    #[test]
    fn a_row_needs_the_orders_that_it_tells_apart() {
        for (deployment, faults, expected) in [
            (three_sites(), "none", 1),
            (three_sites(), "lag", 1),
            (three_sites(), "dc-loss:north", 3), // north may be first, second or third
            (three_sites(), "lag+dc-loss:north", 3),
            (three_sites(), "cut:north|south", 3),
            (three_sites(), "one-way-cut:north>south", 6),
            (two_and_one(), "none", 3),
            (two_and_one(), "dc-loss:north", 3),
            (witness(), "none", 1),
            (witness(), "dc-loss:witness", 1),
            (witness(), "dc-loss:north", 2),
            (witness(), "cut:north|south", 1),
            (witness(), "cut:north|witness", 2),
        ] {
            let names = deployment.cluster.datacenters();
            let row = Faults::parse(faults, &names).expect("legal");
            let all = classes(&deployment, &deployment.cluster.topics[0]);
            let found = reduce_orders(&deployment, &row, all).len();
            assert_eq!(found, expected, "{faults} over {names:?}");
        }
    }

    #[test]
    fn a_goal_adds_its_rows() {
        let mut deployment = three_sites();
        let ladder = rows(&deployment).len();
        let names = deployment.cluster.datacenters();
        let rows_of = |pattern| {
            crate::fault_pattern::rows(pattern, &deployment.cluster.sites, deployment.kafka)
                .expect("legal")
        };
        deployment.requirements = ["dc-loss:*", "broker-crash+dc-loss:*"]
            .map(|pattern| highwater_vocabulary::Requirement {
                pattern: pattern.into(),
                rows: rows_of(pattern),
                wanted: Vec::new(),
                available: Vec::new(),
            })
            .into();
        let rows = rows(&deployment);
        assert_eq!(rows.len(), ladder + 1);
        assert_eq!(
            rows[ladder].faults.name(&names),
            "broker-crash+dc-loss:north"
        );
        assert_eq!(rows[ladder].also.len(), 2);
    }
}
