//! Questions about many layouts at once, each answered by exploring all of them.

use super::layouts::{Searched, balanced};
use super::{flows, quorums, services, walks};

/// A question about many layouts.
#[derive(Clone, Copy)]
pub struct Survey {
    name: &'static str,
    sentence: &'static str,
    run: fn() -> String,
}

/// Every survey.
const SURVEYS: &[Survey] = &[
    Survey {
        name: "rounded-mean",
        sentence: "2 to 4 datacenters, 2 to 7 balanced replicas (datacenters, replicas, min ISR): where \
                   the least min ISR above the rounded mean does not keep everything within reach",
        run: rounded_mean,
    },
    Survey {
        name: "rounded-mean-of-nine",
        sentence: "nine replicas, by arithmetic: where the least min ISR above the rounded mean is not \
                   above the largest share",
        run: rounded_mean_of_nine,
    },
    Survey {
        name: "writes-after-a-loss",
        sentence: "2 to 4 datacenters, up to 5 balanced replicas, every min ISR, a quorum whatever is lost: \
                   where `replicas - min ISR >= replicas / datacenters` and what is explored of writes \
                   after the loss of the largest datacenter differ",
        run: services::writes_after_a_loss,
    },
    Survey {
        name: "safe-and-writable",
        sentence: "2 and 3 datacenters, up to 5 balanced replicas and 6 over three (datacenters, replicas, \
                   min ISR): where, after lag and the loss of the largest datacenter, everything is within \
                   reach, and after its loss writes go on",
        run: services::safe_and_writable,
    },
    Survey {
        name: "two-datacenters-of-voters",
        sentence: "voters in two datacenters, up to 5 in each: where a majority outlives the loss of either",
        run: quorums::two_datacenters,
    },
    Survey {
        name: "less-than-half",
        sentence: "voters in up to three datacenters, up to 5 in each: where `every datacenter has less than \
                   half` and `a majority outlives the loss of any` differ",
        run: quorums::less_than_half,
    },
    Survey {
        name: "large-witnesses",
        sentence: "two equal datacenters and a witness: where no majority outlives the witness",
        run: quorums::large_witnesses,
    },
    Survey {
        name: "groups",
        sentence: "ZooKeeper, a group a datacenter, beside a flat ensemble: when a datacenter is lost",
        run: quorums::groups,
    },
    Survey {
        name: "promoted-observer",
        sentence: "ZooKeeper: the voters are lost, and an observer elsewhere is made an ensemble",
        run: quorums::promoted_observer,
    },
    Survey {
        name: "both-sides-broken-out",
        sentence: "ZooKeeper: the link between two groups is cut, and operators break out both",
        run: quorums::both_sides_broken_out,
    },
    Survey {
        name: "one-side-broken-out",
        sentence: "ZooKeeper: one of two groups is lost, and the other broken out",
        run: quorums::one_side_broken_out,
    },
    Survey {
        name: "room-for-a-loss",
        sentence: "2 to 6 datacenters with equal load, in parts of all of it: the room that each needs when \
                   the users of whichever is lost go to the others in equal parts",
        run: flows::room_for_a_loss,
    },
    Survey {
        name: "flows-to-set-up",
        sentence: "2 to 6 datacenters: flows where each is copied to every other one, into an aggregate in \
                   each, and into aggregates in two",
        run: flows::flows_to_set_up,
    },
    Survey {
        name: "stored-altogether",
        sentence: "2 to 4 datacenters, in multiples of what users write: what all clusters store",
        run: flows::stored_altogether,
    },
    Survey {
        name: "replicas-stored",
        sentence: "the shipped files of the patterns, all their clusters together: replicas stored of each record \
                   that users write",
        run: flows::replicas_stored,
    },
    Survey {
        name: "most-behind",
        sentence: "a mirror where nothing fails, 1 to 4 records: how many of them the target may lack",
        run: walks::most_behind,
    },
    Survey {
        name: "lag-as-consumers-see-it",
        sentence: "a mirror that may crash once, 3 records: the lag that its consumer shows, and what the \
                   target lacks",
        run: walks::lag_as_consumers_see_it,
    },
    Survey {
        name: "orders-of-aggregates",
        sentence: "two local clusters copied to two aggregates, 2 records: where both hold both",
        run: walks::orders_of_aggregates,
    },
    Survey {
        name: "committed-and-read-again",
        sentence: "four experiments about groups that move: where one reads away from home a second time \
                   what it had committed at home",
        run: walks::committed_and_read_again,
    },
    Survey {
        name: "who-connects",
        sentence: "a link between two clusters, whichever end opens the connections: which cuts stop it",
        run: flows::who_connects,
    },
    Survey {
        name: "largest-share",
        sentence: "2 to 4 datacenters, up to 5 balanced replicas, every min ISR: where the rule \
                   `min ISR > ceil(replicas / datacenters)` and exploration differ",
        run: largest_share,
    },
];

impl Survey {
    /// The survey of this name.
    pub fn named(name: &str) -> Option<Survey> {
        SURVEYS.iter().copied().find(|survey| survey.name == name)
    }

    /// What is looked at, and for what.
    pub fn sentence(&self) -> &'static str {
        self.sentence
    }

    /// Looks.
    pub fn run(&self) -> String {
        (self.run)()
    }
}

/// Rounded as most people do, halves up.
fn rounded(replicas: u8, datacenters: u8) -> u8 {
    (2 * replicas + datacenters) / (2 * datacenters)
}

/// Datacenters and replicas, up to four and up to so many.
pub(super) fn every_pair(most: u8) -> impl Iterator<Item = (u8, u8)> {
    let all = (2..=4u8).flat_map(move |sites| (2..=most).map(move |replicas| (sites, replicas)));
    all.filter(|(sites, replicas)| replicas >= sites)
}

/// The search is for a loss: beyond five replicas only where the share says that there is one, for
/// to exhaust seven takes minutes.
fn rounded_mean() -> String {
    let mut searched = Searched::default();
    let refuted = every_pair(7).filter_map(|(sites, replicas)| {
        let min_isr = rounded(replicas, sites) + 1;
        let layout = balanced(replicas, sites);
        let is_worth_it = replicas <= 5 || min_isr <= layout[0];
        (min_isr <= replicas && is_worth_it && searched.largest_share_is_missed(&layout, min_isr))
            .then(|| format!("({sites},{replicas},{min_isr})"))
    });
    refuted.collect::<Vec<_>>().join(" ")
}

fn rounded_mean_of_nine() -> String {
    let refuted = (2..=4).filter_map(|sites| {
        let min_isr = rounded(9, sites) + 1;
        (min_isr <= balanced(9, sites)[0]).then(|| format!("({sites},9,{min_isr})"))
    });
    refuted.collect::<Vec<_>>().join(" ")
}

fn largest_share() -> String {
    let mut searched = Searched::default();
    let mut differing = Vec::new();
    for (sites, replicas) in every_pair(5) {
        let layout = balanced(replicas, sites);
        for min_isr in 1..=replicas {
            let kept = !searched.largest_share_is_missed(&layout, min_isr);
            if kept != (min_isr > replicas.div_ceil(sites)) {
                differing.push(format!("({sites},{replicas},{min_isr})"));
            }
        }
    }
    match differing.is_empty() {
        true => "nowhere".to_owned(),
        false => differing.join(" "),
    }
}
