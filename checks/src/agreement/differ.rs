//! Where two observations differ, in words.

use highwater_vocabulary::{Broker, BrokerSet, Member, Observation, ReplicaView, Setting};

/// A sentence for each fact that the two have differently; `expected` is the model's.
pub fn differences(setting: &Setting, expected: &Observation, found: &Observation) -> Vec<String> {
    let mut sentences = Vec::new();
    let facts = expected
        .facts(setting)
        .into_iter()
        .zip(found.facts(setting));
    for (model, engine) in facts {
        if model != engine {
            sentences.push(format!("the model says `{model}`, the engine `{engine}`"));
        }
    }
    for (index, (model, engine)) in expected.replicas.iter().zip(&found.replicas).enumerate() {
        let name = setting.broker_name(Broker::at(index));
        let insides = inside(setting, model)
            .into_iter()
            .zip(inside(setting, engine));
        for (model, engine) in insides {
            if model != engine {
                sentences.push(format!(
                    "{name} {model} in the model, and {engine} in the engine"
                ));
            }
        }
    }
    sentences
}

/// What a lane does not show.
fn inside(setting: &Setting, replica: &ReplicaView) -> [String; 6] {
    let names = |set: BrokerSet| setting.broker_names(set);
    let leads = if replica.leads {
        "leads"
    } else {
        "does not lead"
    };
    let pending = match replica.pending {
        None => "has no ISR change pending".into(),
        Some(counted) => format!("counts {} while its ISR change is pending", names(counted)),
    };
    let waiting: Vec<String> = replica.waiting.iter().map(|it| it.to_string()).collect();
    [
        leads.into(),
        format!("acts in leader epoch {}", replica.leader_epoch),
        format!("acts on the ISR {}", names(replica.in_sync)),
        pending,
        format!("has producers waiting for [{}]", waiting.join(" ")),
        match replica.latest {
            None => "does not say what the latest offset is".into(),
            Some(latest) => format!("says that the latest offset is {latest}"),
        },
    ]
}
