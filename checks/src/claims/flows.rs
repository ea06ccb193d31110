//! Surveys of flows between clusters: how many there are, and how much each cluster takes.
//!
//! What is counted is load in parts of all that users write.  Nothing is explored here: flows are
//! drawn, followed, and counted.
//!
//! **Deliberately absent:** bytes, compression, and every length of time.

use crate::joined::cause::Hit;
use crate::joined::{Runs, cause};
use crate::{deployment_file, shipped};

/// A share of everything that users write, exact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Share {
    numerator: usize,
    denominator: usize,
}

impl Share {
    fn of(numerator: usize, denominator: usize) -> Share {
        let divisor = greatest_common_divisor(numerator, denominator);
        Share {
            numerator: numerator / divisor,
            denominator: denominator / divisor,
        }
    }

    fn plus(self, other: Share) -> Share {
        Share::of(
            self.numerator * other.denominator + other.numerator * self.denominator,
            self.denominator * other.denominator,
        )
    }

    fn is_more_than(self, other: Share) -> bool {
        self.numerator * other.denominator > other.numerator * self.denominator
    }

    /// `1/2`, or `1`.
    fn written(self) -> String {
        match self.denominator {
            1 => self.numerator.to_string(),
            below => format!("{}/{below}", self.numerator),
        }
    }
}

fn greatest_common_divisor(one: usize, other: usize) -> usize {
    match other {
        0 => one.max(1),
        _ => greatest_common_divisor(other, one % other),
    }
}

const NOTHING: Share = Share {
    numerator: 0,
    denominator: 1,
};

/// What each datacenter must be able to take, so that the users of whichever is lost go to the others,
/// an equal part to each: the most over every loss.
fn room(datacenters: usize) -> Share {
    let usual = Share::of(1, datacenters);
    let after_a_loss = |lost: usize, here: usize| match lost == here {
        true => NOTHING,
        false => usual.plus(Share::of(1, datacenters * (datacenters - 1))),
    };
    let every = (0..datacenters).flat_map(|lost| (0..datacenters).map(move |here| (lost, here)));
    every.fold(usual, |most, (lost, here)| {
        let taken = after_a_loss(lost, here);
        if taken.is_more_than(most) {
            taken
        } else {
            most
        }
    })
}

/// How much room each datacenter needs, and all together.
pub(super) fn room_for_a_loss() -> String {
    let lines = (2..=6).map(|datacenters| {
        let each = room(datacenters);
        let all = (1..datacenters).fold(each, |sum, _| sum.plus(each));
        format!(
            "{datacenters}: {} each, {} in all",
            each.written(),
            all.written()
        )
    });
    lines.collect::<Vec<_>>().join("; ")
}

/// What each cluster appends where users write at every cluster and each copies every other one.
fn appended_both_ways(datacenters: usize) -> Share {
    let flows = mesh(datacenters);
    let copied = flows.iter().filter(|(_, to)| *to == 0);
    copied.fold(Share::of(1, datacenters), |sum, _| {
        sum.plus(Share::of(1, datacenters))
    })
}

/// What a datacenter appends that has a local cluster and an aggregate.
fn appended_by_both(datacenters: usize) -> Share {
    let local = Share::of(1, datacenters);
    let flows = to_aggregates(datacenters, datacenters);
    let into_one = flows.iter().filter(|(_, to)| *to == 0);
    into_one.fold(local, |sum, _| sum.plus(Share::of(1, datacenters)))
}

/// How much is stored altogether, in multiples of what users write.
pub(super) fn stored_altogether() -> String {
    let times = |each: Share, clusters: usize| (1..clusters).fold(each, |sum, _| sum.plus(each));
    let lines = (2..=4).map(|datacenters| {
        let both_ways = times(appended_both_ways(datacenters), datacenters);
        let aggregates = times(appended_by_both(datacenters), datacenters);
        let one_aggregate = to_aggregates(datacenters, 1)
            .iter()
            .fold(Share::of(1, 1), |sum, _| {
                sum.plus(Share::of(1, datacenters))
            });
        format!(
            "{datacenters}: {} both ways, {} with one aggregate, {} with an aggregate each",
            both_ways.written(),
            one_aggregate.written(),
            aggregates.written()
        )
    });
    lines.collect::<Vec<_>>().join("; ")
}

/// How many replicas are stored of a record, where every topic that users write takes as many: those of every
/// topic that a file names, but for Kafka's own, over the topics that users write.
pub(super) fn replicas_stored() -> String {
    let files = [
        "stretched-3dc",
        "two-and-a-half-dc",
        "stretched-2dc-witness",
        "two-dc-consistent",
        "two-dc-with-observers",
        "pair-read-replica",
        "linked-disaster-recovery",
        "kip-1279-both-directions",
        "both-ways-prefix",
        "local-to-aggregate",
        "fan-in",
        "fan-out",
        "chain",
        "stretched-and-mirrored",
    ];
    let lines = files.map(|file| {
        let source = shipped::deployment(file).expect("it is shipped");
        let (joined, _) = deployment_file::read_joined(&source).expect("it is legal");
        let topics = joined.parts.iter().flat_map(|part| &part.cluster.topics);
        let named =
            topics.filter(|topic| topic.implied_by.is_empty() && !topic.id.starts_with("__"));
        let replicas = named.map(|topic| {
            usize::from(topic.placement.replicas())
                + topic
                    .observers
                    .iter()
                    .map(|&some| usize::from(some))
                    .sum::<usize>()
        });
        let written = joined.topics.len().max(1);
        format!("{file} {}", Share::of(replicas.sum(), written).written())
    });
    lines.join(", ")
}

/// Which cuts stop a link, if its source opens the connections and if its target does.
pub(super) fn who_connects() -> String {
    let source = shipped::deployment("linked-disaster-recovery").expect("it is shipped");
    let (mut joined, _) = deployment_file::read_joined(&source).expect("it is legal");
    let names = joined.mirrors[0].declared.names.clone();
    let lines = [("source", names.from), ("target", names.to)].map(|(end, connects)| {
        joined.mirrors[0].runs = Runs::InTheTarget { connects };
        let rows = cause::ladder(&joined).into_iter();
        let cut = rows.filter(|row| cause::hits(&joined, row, 0) == Some(Hit::CutOff));
        let cut: Vec<String> = cut.map(|row| row.name(&joined)).collect();
        format!("the {end} connects: {}", cut.join(", "))
    });
    lines.join("; ")
}

/// A flow from every cluster to every other one.
fn mesh(clusters: usize) -> Vec<(usize, usize)> {
    let every = (0..clusters).flat_map(|from| (0..clusters).map(move |to| (from, to)));
    every.filter(|(from, to)| from != to).collect()
}

/// A flow from every local cluster to every aggregate.
fn to_aggregates(locals: usize, aggregates: usize) -> Vec<(usize, usize)> {
    let every = (0..locals).flat_map(|from| (0..aggregates).map(move |to| (from, to)));
    every.collect()
}

/// How many flows somebody has to set up.
pub(super) fn flows_to_set_up() -> String {
    let lines = (2..=6).map(|datacenters| {
        format!(
            "{datacenters}: {}, {}, {}",
            mesh(datacenters).len(),
            to_aggregates(datacenters, datacenters).len(),
            to_aggregates(datacenters, 2).len()
        )
    });
    lines.collect::<Vec<_>>().join("; ")
}
