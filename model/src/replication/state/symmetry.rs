//! Brokers that this model cannot tell apart, and states under new names.
//!
//! Kafka can nearly always tell two brokers apart: an election tries the replicas in the order of the
//! partition's assignment (R28), so who comes first matters as soon as somebody has to be elected.
//! Where the preferred leader keeps its office whatever happens, nobody ever is, and then the other
//! brokers of a datacenter are interchangeable.

use super::super::ghost::Ghost;
use super::super::{Grain, GuardSet, Replication};
use super::{
    Answer, Change, Controller, Fetch, Image, Inactive, LateFetch, PerBroker, Replica, Request,
    Role, State, Tenure,
};
use highwater_vocabulary::{Broker, BrokerSet, Fault, MOST_BROKERS, Member};

/// More changes of names than this cost more than they save: the key of a state is the least of all
/// its images.
const MOST_NAMES: usize = 24;

/// New names for brokers, by their old ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BrokerNames([Broker; MOST_BROKERS]);

impl BrokerNames {
    fn unchanged() -> Self {
        BrokerNames(std::array::from_fn(Broker::at))
    }

    fn with_exchanged(mut self, x: Broker, y: Broker) -> Self {
        self.0.swap(x.index(), y.index());
        self
    }

    /// The new name of a broker.
    pub fn of(&self, broker: Broker) -> Broker {
        self.0[broker.index()]
    }

    pub(super) fn of_set(&self, brokers: BrokerSet) -> BrokerSet {
        brokers.iter().map(|broker| self.of(broker)).collect()
    }

    fn of_each<T: Copy>(&self, old: &PerBroker<T>, change: impl Fn(&T) -> T) -> PerBroker<T> {
        let mut new = *old;
        for index in 0..MOST_BROKERS {
            let broker = Broker::at(index);
            new[self.of(broker)] = change(&old[broker]);
        }
        new
    }
}

impl Replication {
    /// Every change of names that this model cannot see, but the one that changes nothing; of very many
    /// only some, which form a group of their own.
    ///
    /// Nothing is interchangeable where the preferred leader may lose its office, where a guard is
    /// waived, where operators name brokers, and in steps of whole datacenters, which take the brokers of
    /// one in the order of their numbers.  So does a new controller with ZooKeeper that finds several of
    /// them absent.
    pub fn interchangeable(&self) -> Vec<BrokerNames> {
        let steps_are_alike = matches!(self.variant.grain, Grain::Fine | Grain::Coarse);
        if !steps_are_alike
            || self.has_zookeeper()
            || !self.bounds.operators.break_outs.is_empty()
            || self.variant.waived != GuardSet::default()
            || !self.preferred_leader_stays()
            || self.bounds.operators.reassignments != [None; 2]
        {
            return Vec::new();
        }
        let mut names = vec![BrokerNames::unchanged()];
        for home in self.setting.every_datacenter() {
            let brokers = self.setting.brokers_of(home).without(Broker::PREFERRED);
            let (observers, spares) = (self.setting.observers, self.setting.spares);
            let synchronous = self.setting.synchronous();
            for alike in [synchronous, observers, spares] {
                let alike = brokers.intersection(alike);
                let more = with_permutations(&names, alike);
                if more.len() <= MOST_NAMES {
                    names = more;
                }
            }
        }
        names.retain(|names| *names != BrokerNames::unchanged());
        names
    }

    /// Whether no fault of the row stops, pauses or cuts off the preferred leader: then it always reaches
    /// the controller that there is, and keeps its session.
    fn preferred_leader_stays(&self) -> bool {
        let home = self.setting.home(Broker::PREFERRED);
        self.faults.iter().all(|fault| match fault {
            Fault::Lag | Fault::ControllerFailover => true,
            // Whoever knows more than the rest of the quorum ends, the preferred leader too.
            Fault::MetadataRollback => false,
            Fault::DatacenterLoss(x)
            | Fault::DatacenterPowerLoss(x)
            | Fault::DatacenterDestroyed(x) => x != home,
            Fault::Cut(x, y) | Fault::OneWayCut(x, y) => x != home && y != home,
            Fault::BrokerCrash
            | Fault::BrokerPowerLoss
            | Fault::BrokerWiped
            | Fault::BrokerPause
            | Fault::BrokerStop
            | Fault::ControlledShutdown => false,
        })
    }
}

/// Each of `names`, with the brokers in every order.
fn with_permutations(names: &[BrokerNames], brokers: BrokerSet) -> Vec<BrokerNames> {
    let Some(first) = brokers.iter().next() else {
        return names.to_vec();
    };
    let rest = with_permutations(names, brokers.without(first));
    let exchanges = brokers.iter().flat_map(|other| {
        rest.iter()
            .map(move |names| names.with_exchanged(first, other))
    });
    exchanges.collect()
}

impl State {
    /// The same state, its brokers under new names.
    ///
    /// Everything is taken apart by name: a field that is added must be thought of here.
    pub fn renamed(&self, names: &BrokerNames) -> State {
        let State {
            replicas,
            changes,
            late,
            configured,
            controller,
            former,
            apart,
            world,
            ghost,
        } = self;
        State {
            replicas: names.of_each(replicas, |replica| renamed_replica(names, replica)),
            changes: names.of_each(changes, |change| renamed_change(names, change)),
            configured: names.of_each(configured, |place| *place),
            late: names.of_each(late, |late| {
                late.map(|late| match late {
                    LateFetch::Request(fetch) => LateFetch::Request(renamed_fetch(names, fetch)),
                    LateFetch::Answer(fetch, answer) => {
                        LateFetch::Answer(renamed_fetch(names, fetch), answer)
                    }
                })
            }),
            controller: renamed_controller(names, controller),
            former: former.map(|former| renamed_controller(names, &former)),
            apart: names.of_set(*apart),
            world: *world,
            ghost: renamed_ghost(names, ghost),
        }
    }
}

fn renamed_replica(names: &BrokerNames, replica: &Replica) -> Replica {
    let Replica {
        process,
        broker_epoch,
        stopped_under,
        open,
        log,
        watermark,
        place,
        leader_epoch,
        role,
        asks,
        ref remembered,
    } = *replica;
    Replica {
        process,
        broker_epoch,
        stopped_under,
        open,
        log,
        watermark,
        place,
        leader_epoch,
        role: match role {
            Role::Idle => Role::Idle,
            Role::Follower(leader) => Role::Follower(leader.map(|leader| names.of(leader))),
            Role::Leader(tenure) => Role::Leader(renamed_tenure(names, &tenure)),
        },
        asks,
        remembered: names.of_each(remembered, |end| *end),
    }
}

fn renamed_tenure(names: &BrokerNames, tenure: &Tenure) -> Tenure {
    let Tenure {
        partition_epoch,
        isr,
        pending,
        epoch_start,
        ref follower_end,
        ref follower_epoch,
        caught_up,
        waiting,
    } = *tenure;
    Tenure {
        partition_epoch,
        isr: names.of_set(isr),
        pending: pending.map(|isr| names.of_set(isr)),
        epoch_start,
        follower_end: names.of_each(follower_end, |end| *end),
        follower_epoch: names.of_each(follower_epoch, |epoch| *epoch),
        caught_up: names.of_set(caught_up),
        waiting,
    }
}

fn renamed_change(names: &BrokerNames, change: &Change) -> Change {
    let Change { request, answer } = *change;
    Change {
        request: request.map(
            |Request {
                 sent,
                 leader_epoch,
                 partition_epoch,
                 broker_epoch,
                 isr,
                 member_epochs,
             }| Request {
                sent,
                leader_epoch,
                partition_epoch,
                broker_epoch,
                isr: names.of_set(isr),
                member_epochs: names.of_each(&member_epochs, |epoch| *epoch),
            },
        ),
        answer: answer.map(|Answer { to, outcome }| Answer {
            to: (to.0, names.of_set(to.1)),
            outcome,
        }),
    }
}

fn renamed_fetch(names: &BrokerNames, fetch: Fetch) -> Fetch {
    Fetch {
        to: names.of(fetch.to),
        ..fetch
    }
}

fn renamed_controller(names: &BrokerNames, controller: &Controller) -> Controller {
    let Controller {
        active,
        gone,
        voters,
        left,
        mut log,
        elr,
        last_known_leader,
        recovering,
        adding,
        removing,
        behind,
        copy,
    } = *controller;
    for image in log.records_mut() {
        let Image {
            leader,
            leader_epoch,
            partition_epoch,
            isr,
            inactive,
            broker_epochs,
            min_isr,
            replicas,
            observers,
        } = *image;
        *image = Image {
            leader: leader.map(|leader| names.of(leader)),
            leader_epoch,
            partition_epoch,
            isr: names.of_set(isr),
            inactive: Inactive {
                fenced: names.of_set(inactive.fenced),
                in_controlled_shutdown: names.of_set(inactive.in_controlled_shutdown),
            },
            broker_epochs: names.of_each(&broker_epochs, |epoch| *epoch),
            min_isr,
            replicas: names.of_set(replicas),
            observers: names.of_set(observers),
        };
    }
    Controller {
        active,
        gone: names.of_set(gone),
        voters,
        left,
        log,
        elr: names.of_set(elr),
        last_known_leader: last_known_leader.map(|leader| names.of(leader)),
        recovering,
        adding: names.of_set(adding),
        removing: names.of_set(removing),
        behind: names.of_set(behind),
        copy: copy.map(|copy| copy.renamed(names)),
    }
}

fn renamed_ghost(names: &BrokerNames, ghost: &Ghost) -> Ghost {
    let Ghost {
        acknowledged,
        committed,
        read,
        lossy,
        offices,
        granted,
        broken,
        spent,
    } = *ghost;
    Ghost {
        acknowledged,
        committed,
        read,
        lossy: names.of_set(lossy),
        offices,
        granted: granted.map(|leader| names.of(leader)),
        broken,
        spent,
    }
}
