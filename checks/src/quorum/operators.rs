//! What operators do to a ZooKeeper ensemble by hand after a disaster, each as a model to be explored.

use highwater_model::quorum::ensemble::Verifier;
use highwater_model::zookeeper::{Bounds, Property, Setting, Zookeeper};
use highwater_vocabulary::{Datacenter, Member};

/// Two voters in one datacenter, an observer in the other, which is made an ensemble of its own when
/// the voters are lost.
pub fn promoted_observer() -> Zookeeper {
    let mut model = ensemble(Verifier::Majority, &[("tokyo", 2), ("osaka", 0)], 1);
    model.bounds.losses = vec![tokyo()];
    model.bounds.break_outs = vec![osaka()];
    model
}

/// Two groups of two; the link between them is cut, and the operators of either side take their group
/// for the one that is left.
pub fn both_sides_broken_out() -> Zookeeper {
    let mut model = two_groups();
    model.bounds.cuts = vec![[tokyo(), osaka()]];
    model.bounds.break_outs = vec![tokyo(), osaka()];
    model.bounds.epochs = 2;
    model
}

/// The same two groups; one side is lost, the other is broken out.
pub fn one_side_broken_out() -> Zookeeper {
    let mut model = two_groups();
    model.bounds.losses = vec![osaka()];
    model.bounds.break_outs = vec![tokyo()];
    model
}

fn two_groups() -> Zookeeper {
    ensemble(Verifier::Hierarchical, &[("tokyo", 2), ("osaka", 2)], 0)
}

/// An ensemble that nobody touches: so many voters in each datacenter, observers in the last.
pub fn ensemble(verifier: Verifier, voters: &[(&str, usize)], observers: usize) -> Zookeeper {
    Zookeeper {
        setting: Setting::of(verifier, voters, observers),
        bounds: Bounds {
            transactions: 2,
            epochs: 3,
            cuts: Vec::new(),
            losses: Vec::new(),
            break_outs: Vec::new(),
        },
        newest_history_leads: true,
        asked: Property::ALL,
    }
}

fn tokyo() -> Datacenter {
    Datacenter::at(0)
}

fn osaka() -> Datacenter {
    Datacenter::at(1)
}
