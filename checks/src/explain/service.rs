//! Why a service does not go on, and what brings it back: the history of the worst state, and after it
//! the runbook, step by step.

use super::walk::Walk;
use super::{Explanation, steps};
use crate::availability::{Service, ServiceCell, Word, Worst};
use crate::explore::{History, in_small_steps};
use highwater_model::replication::{Grain, Property, Replication, State};
use highwater_vocabulary::{Datacenter, Event, Faults, Member};

/// Explains the worst state of a service, if it is in one in which it does not go on by itself.
pub fn stopped(cell: &ServiceCell) -> Option<Explanation> {
    let (searched, worst) = cell.worst.as_ref()?;
    let (history, fails_until) = whole(searched, worst);
    let mut model = searched.clone();
    model.variant.grain = Grain::Fine;
    model.asked = Property::ALL;
    let walk = Walk::of(&model, &history);
    let stuck = match fails_until {
        0 => history.beginning,
        step => *walk.after(step),
    };
    let mut argument = vec![format!(
        "After step {fails_until} nothing more fails, and clients in {} are not served: {}.",
        model.setting.datacenters[worst.client.index()],
        why(&model, &stuck, worst.client)
    )];
    argument.push(match cell.word {
        Word::AfterHeal => {
            "By itself that changes only when something that was lost is back.".into()
        }
        Word::Manual => "That does not change by itself, whatever comes back.".into(),
        _ => "Nothing that is modelled changes that.".to_owned(),
    });
    argument.extend(cell.runbook.as_ref().map(|runbook| {
        let price = match runbook.may_lose {
            true => "it may lose something acknowledged",
            false => "nothing acknowledged is lost by it",
        };
        format!(
            "The steps from {} on are the runbook ({runbook}) and what follows from it, until the client \
             is served; {price}.",
            fails_until + 1
        )
    }));
    let brokers = walk.brokers();
    Some(Explanation {
        property: cell.service.name(),
        sentence: sentence(cell.service),
        verdict: cell.word.name(),
        fault: model.faults.name(&model.setting.datacenters),
        brokers: brokers
            .map(|broker| model.setting.broker_name(broker))
            .collect(),
        argument,
        header: walk.header(),
        facts: model.observe(walk.last()).facts(&model.setting),
        steps: steps(&walk),
    })
}

/// The history of the worst state and the remedy after it, event by event; and after how many of
/// them nothing more fails.
fn whole(searched: &Replication, worst: &Worst) -> (History, usize) {
    let (mut events, mut state) = in_small_steps(searched, &worst.beginning, &worst.events);
    let fails_until = events.len();
    let rest = Replication {
        faults: Faults::default(),
        ..searched.clone()
    };
    let mut remedy = Vec::new();
    if state.world.lag && !worst.remedy.is_empty() {
        remedy.push(Event::CatchUp);
    }
    remedy.extend(&worst.remedy);
    let after = in_small_steps(&rest, &state, &remedy);
    events.extend(after.0);
    state = after.1;
    debug_assert!(!state.world.lag || worst.remedy.is_empty());
    let beginning = worst.beginning;
    (History { beginning, events }, fails_until)
}

/// What a service is.
fn sentence(service: Service) -> &'static str {
    match service {
        Service::Writes => "A client's record is answered, once nothing more fails.",
        Service::Reads => "A client reads something committed, once nothing more fails.",
        Service::Metadata => "A client's change of metadata is committed, once nothing more fails.",
    }
}

/// What keeps a client from being served in a state.
fn why(model: &Replication, state: &State, client: Datacenter) -> String {
    let (setting, image) = (&model.setting, state.image());
    let mut causes = Vec::new();
    if !model.has_controller(state) {
        let why = match setting.kafka.has_zookeeper() {
            true => "no controller reaches a quorum of ZooKeeper's servers",
            false => "no controller has a majority of the voters",
        };
        causes.push(why.to_owned());
    }
    match model.leader_in_office(state) {
        None => causes.push(format!(
            "nobody is in office as leader; isr {}, eligible leader replicas {}",
            setting.broker_names(image.isr),
            setting.broker_names(state.controller.elr)
        )),
        Some(leader) => {
            let name = setting.broker_name(leader);
            let least = model.effective_min_isr(image.min_isr, image.replicas);
            let count = image.isr.len();
            if !state.world.connects(client, setting.home(leader)) {
                causes.push(format!("{name} leads and cannot be reached from there"));
            } else if count < least {
                causes.push(format!(
                    "{name} leads with {count} in sync, and min ISR asks for {least}"
                ));
            } else {
                let isr = setting.broker_names(image.isr);
                causes.push(format!("{name} leads, isr {isr}"));
            }
        }
    }
    causes.join("; ")
}
