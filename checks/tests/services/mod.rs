//! What goes on in a row of a small deployment, and what a runbook leads to.

use highwater_checks::availability::{self, Move, RowServices, Service, ServiceCell};
use highwater_checks::check::Options;
use highwater_checks::{Source, deployment_file, ladder};
use highwater_model::replication::{Replication, State};
use highwater_vocabulary::{Acks, Deployment, Event, Faults, MOST_RECORDS, Member, Record};

/// A deployment over the datacenters a, b, c.
pub(crate) fn deployment(
    kafka: &str,
    replicas: &[u8],
    voters: &[u8],
    min_isr: u8,
    more: &str,
) -> Deployment {
    let names = ["a", "b", "c"];
    let table = |counts: &[u8]| -> String {
        let counts = names.iter().zip(counts).filter(|(_, count)| **count > 0);
        let counts: Vec<String> = counts
            .map(|(name, count)| format!("{name} = {count}"))
            .collect();
        counts.join(", ")
    };
    let text = format!(
        "name = 'x'\nkafka = '{kafka}'\n[[cluster]]\nid = 'c'\nbrokers = {{ {} }}\n\
         voters = {{ {} }}\n{more}\n[[cluster.topic]]\nid = 't'\nreplicas = {{ {} }}\n\
         min_insync_replicas = {min_isr}\n",
        table(replicas),
        table(voters),
        table(replicas),
    );
    let source = Source::new("test", text);
    deployment_file::read(&source)
        .unwrap_or_else(|error| panic!("{error}"))
        .0
}

/// What goes on in a row, named as a file names it.
pub(crate) fn row(deployment: &Deployment, faults: &str) -> RowServices {
    let names = deployment.cluster.datacenters();
    let row = ladder::Row {
        faults: Faults::parse(faults, &names).expect("legal"),
        also: Vec::new(),
    };
    let options = Options {
        records: 2,
        ..Options::default()
    };
    availability::rows::of_row(deployment, 0, &row, &options)
}

/// What was found of a service.
pub(crate) fn cell(services: &RowServices, service: Service) -> &ServiceCell {
    let mut cells = services.cells.iter();
    cells
        .find(|cell| cell.service == service)
        .expect("every service is judged")
}

/// A runbook step by step from its worst state: the steps are the model's, the moves are those that are printed,
/// and at the end the client has its answer.  Where that leaves the partition.
pub(crate) fn replay(cell: &ServiceCell) -> (Replication, State) {
    let (model, worst) = cell.worst.as_ref().expect("a runbook has a worst state");
    let runbook = cell.runbook.as_ref().expect("asked for");
    let rest = Replication {
        faults: Faults::default(),
        ..model.clone()
    };
    let mut state = worst.beginning;
    for event in &worst.events {
        state = model.step(&state, event).expect("a history of the model");
    }
    if state.world.lag {
        state = rest
            .step(&state, &Event::CatchUp)
            .expect("an episode of lag");
    }
    let mut moves = Vec::new();
    let mut answered = false;
    let watched: Record = Record::at(MOST_RECORDS - 1);
    for event in &worst.remedy {
        state = rest
            .step(&state, event)
            .unwrap_or_else(|why| panic!("{event:?}: {why:?}"));
        match *event {
            Event::SetMinIsr { to } => moves.push(Move::SetMinIsr(to)),
            Event::PromoteObservers { datacenter } => {
                moves.push(Move::PromoteObservers(datacenter));
            }
            Event::Reassign { .. } => moves.push(Move::Reassign),
            Event::ElectUnclean => moves.push(Move::ElectUnclean),
            Event::BreakOut { datacenter } => moves.push(Move::BreakOut(datacenter)),
            Event::Ack { record, .. } => answered |= record == watched,
            Event::Produce { record, .. } => {
                answered |= record == watched && rest.setting.acks != Acks::All;
            }
            _ => {}
        }
    }
    assert_eq!(moves, runbook.moves);
    match cell.service {
        Service::Writes => assert!(answered, "{cell:?}"),
        Service::Reads => assert!(rest.read_from(&state, worst.client).is_some(), "{cell:?}"),
        Service::Metadata => assert!(rest.has_controller(&state), "{cell:?}"),
    }
    (rest, state)
}
