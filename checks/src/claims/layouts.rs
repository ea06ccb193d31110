//! Replicas over datacenters, and whether losing one puts something acknowledged out of reach.
//!
//! What is asked is `acked-survives` under `lag+dc-loss:X`, with acks=all and no unclean election.
//!
//! **Deliberately absent:**
//! - whether anybody may be *elected*: a copy that runs need not be in the ISR (`electable`);
//! - a second record, and from five replicas on a second election and a second shrinking;
//! - what only finer steps would show: the search is at the coarsest grain.

use crate::explore::{Limits, Verdict, explore};
use crate::{Source, deployment_file, ladder, placement};
use highwater_model::replication::{Bounds, Grain, Property, Replication, Variant};
use highwater_vocabulary::{Datacenter, Deployment, Fault, Faults, Member, Setting};

/// The most datacenters of a layout.
pub const MOST_DATACENTERS: usize = 4;
/// Up to so many replicas, every order of the assignment is tried, and two elections.
const FEW: usize = 4;
const NAMES: [&str; MOST_DATACENTERS] = ["a", "b", "c", "d"];

/// How many replicas each datacenter has, the largest share first.
pub type Layout = Vec<u8>;

/// Every layout of so many replicas over one to four datacenters, once up to their names.
pub fn layouts(replicas: u8) -> Vec<Layout> {
    fn extend(layout: &Layout, left: u8, into: &mut Vec<Layout>) {
        if left == 0 {
            into.push(layout.clone());
        } else if layout.len() < MOST_DATACENTERS {
            let most = layout.last().copied().unwrap_or(left).min(left);
            for next in (1..=most).rev() {
                extend(&[layout.as_slice(), &[next]].concat(), left - next, into);
            }
        }
    }
    let mut layouts = Vec::new();
    extend(&Vec::new(), replicas, &mut layouts);
    layouts
}

/// As Kafka spreads them where every datacenter has brokers enough: no two differ by more than one.
pub fn balanced(replicas: u8, datacenters: u8) -> Layout {
    let share = |place| replicas / datacenters + u8::from(place < replicas % datacenters);
    (0..datacenters).map(share).filter(|n| *n > 0).collect()
}

/// What an operator would write: `a = 2, b = 1`.
pub fn counts(layout: &[u8]) -> String {
    let counts = NAMES.iter().zip(layout);
    let counts: Vec<String> = counts.map(|(name, n)| format!("{name} = {n}")).collect();
    counts.join(", ")
}

/// The file of a deployment with so many brokers in each datacenter, and `replicas` as it says.
/// Voters are where brokers are, and two datacenters have a witness, so that no loss takes the
/// metadata with it.
pub fn file(brokers: &[u8], replicas: &str, min_isr: u8, elr: bool) -> Source {
    let voters = match brokers.len() {
        2 => "a = 1, b = 1, witness = 1".to_owned(),
        sites => counts(&vec![1; sites]),
    };
    let text = format!(
        "name = 'layout'\nkafka = '4.1'\n[[cluster]]\nid = 'c'\nbrokers = {{ {} }}\n\
         voters = {{ {voters} }}\neligible_leader_replicas = {elr}\n[[cluster.topic]]\nid = 't'\n\
         {replicas}\nmin_insync_replicas = {min_isr}\nacks = 'all'\n",
        counts(brokers)
    );
    Source::new("layout", text)
}

/// The file of a deployment whose only partition is laid out so.
pub fn laid_out(layout: &[u8], min_isr: u8, elr: bool) -> Source {
    let replicas = format!("replicas = {{ {} }}", counts(layout));
    file(layout, &replicas, min_isr, elr)
}

/// What was searched.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Searched {
    /// How many explorations there were.
    pub explorations: usize,
    /// How many different states they had.
    pub states: usize,
}

impl Searched {
    /// Whether, with lag, the loss of the datacenter with most replicas may put something acknowledged
    /// out of reach.
    ///
    /// # Panics
    /// If the layout is too large to be exhausted.
    pub fn largest_share_is_missed(&mut self, layout: &[u8], min_isr: u8) -> bool {
        let (deployment, _) = deployment_file::read(&laid_out(layout, min_isr, true))
            .unwrap_or_else(|error| panic!("{error}"));
        self.out_of_reach(&deployment, Datacenter::at(0))
    }

    /// Whether, with lag, the loss of `lost` may put something acknowledged out of reach.
    ///
    /// # Panics
    /// If the deployment is too large to be exhausted.
    pub fn out_of_reach(&mut self, deployment: &Deployment, lost: Datacenter) -> bool {
        let faults = Faults::new(vec![Fault::Lag, Fault::DatacenterLoss(lost)]);
        let settings = placement::classes(deployment, &deployment.cluster.topics[0]);
        let settings = ladder::reduce_orders(deployment, &faults, settings);
        worth_trying(settings, lost)
            .into_iter()
            .any(|setting| self.is_violated(setting, &faults))
    }

    fn is_violated(&mut self, setting: Setting, faults: &Faults) -> bool {
        let few = setting.brokers.len() <= FEW;
        let model = Replication {
            variant: Variant {
                grain: Grain::CoarseFetches,
                ..Variant::of(setting.kafka)
            },
            setting,
            faults: faults.clone(),
            bounds: Bounds {
                records: 1,
                elections: if few { 2 } else { 1 },
                isr_changes: if few { 2 } else { 1 },
                preferred_elections: 0,
                ..Bounds::default()
            },
            asked: &Property::ALL[..2],
        };
        // What is violated is violated after a few steps, so a search that is cut early finds it.
        for generated in [5_000, 10_000_000] {
            let found = explore(&model, Limits::of_states(generated));
            let violated = |name| matches!(found.verdict(name), Some(Verdict::Violated(_)));
            assert!(!violated("acked-somewhere"), "the disks are kept");
            self.explorations += 1;
            self.states += found.counts.unique;
            if violated("acked-survives") || found.incomplete.is_none() {
                return violated("acked-survives");
            }
        }
        panic!("{:?} is too large", model.setting);
    }
}

/// Up to four replicas every order of the assignment; beyond, an order in which the datacenter that is
/// lost leads first: what is acknowledged while another leads, a replica of the other has.
fn worth_trying(mut settings: Vec<Setting>, lost: Datacenter) -> Vec<Setting> {
    if settings[0].brokers.len() > FEW {
        settings.retain(|setting| setting.brokers[0] == lost);
        settings.truncate(1);
    }
    settings
}
