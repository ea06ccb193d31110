//! What an operator does: a few moves in an order.
//!
//! Tried are each move alone, and an unclean election before any other and after a change of min ISR: a
//! second change of min ISR, or a second unclean election, adds nothing, and promoting observers or
//! reassigning takes a leader, so nothing is elected uncleanly after it.  The order matters, because a
//! change of min ISR throws the eligible leader replicas away.
//!
//! Where the metadata quorum is lost nothing of that can be done before a part of it has been broken out;
//! so that comes first, and after it changes of min ISR and unclean elections in every order.  To add a
//! voter takes a quorum, so it is no move that helps; it is among what has to be put right afterwards.
//!
//! The price of a runbook is whether it may lose something acknowledged, whichever way the rest of
//! the system takes meanwhile; so one that *can* go well but need not is not free.

use super::graph::{Goals, Move};
use super::service::{Service, UNKNOWN, Word, goal};
use super::space::{Seed, Space};
use highwater_vocabulary::{Datacenter, MOST_BROKERS, MOST_DATACENTERS, Member, Set};
use std::cmp::Ordering;
use std::fmt;

impl Runbook {
    /// The steps, one after the other, for a topic; `min_isr` is what the file says, and is set back
    /// at last.  `datacenters` are their names.
    pub fn steps(&self, topic: &str, min_isr: u8, datacenters: &[String]) -> Vec<String> {
        let mut steps: Vec<String> = Vec::new();
        if self.after_return {
            steps.push("wait until what was lost is back".into());
        }
        for made in &self.moves {
            steps.push(match made {
                Move::SetMinIsr(to) => format!("set min.insync.replicas of {topic} to {to}"),
                Move::PromoteObservers(there) => format!(
                    "change the placement of {topic}: its observers in {} become replicas",
                    datacenters[there.index()]
                ),
                Move::Reassign => format!(
                    "reassign the partitions of {topic}: live brokers instead of those that are gone"
                ),
                Move::ElectUnclean => {
                    format!("ask for an unclean election of the leaderless partitions of {topic}")
                }
                Move::BreakOut(there) => broken_out(&datacenters[there.index()]),
            });
        }
        if self.breaks_out() {
            steps.push(
                "before any controller comes back that was lost, see that it starts with the new voter \
                 set and with no metadata of its own, and then add it as a voter: as it is it would \
                 carry on the former metadata, and there would be two histories"
                    .into(),
            );
        }
        let lowers = |made: &Move| matches!(made, Move::SetMinIsr(_));
        if self.moves.iter().any(lowers) {
            steps.push(format!(
                "when every ISR is full again, and not before, set min.insync.replicas back to {min_isr}"
            ));
        }
        if self
            .moves
            .iter()
            .any(|made| matches!(made, Move::PromoteObservers(_)))
        {
            steps.push(format!(
                "when every ISR is full again, set the placement of {topic} back"
            ));
        }
        if self.moves.contains(&Move::Reassign) {
            steps.push(format!(
                "when the reassignment has completed and the brokers are back, reassign {topic} as it was"
            ));
        }
        steps
    }

    /// Whether a part of the metadata quorum is made a quorum of its own.
    pub fn breaks_out(&self) -> bool {
        let moves = self.moves.iter();
        moves.clone().any(|made| matches!(made, Move::BreakOut(_)))
    }
}

/// How a datacenter is broken out.
fn broken_out(there: &str) -> String {
    format!(
        "make sure that whatever is lost cannot come back by itself; then make the controllers of {there} a \
         metadata quorum of their own (where it has none, a broker's copy of the metadata), and start \
         again whatever broker of {there} ends because it knows more"
    )
}

/// A few moves of an operator, after which a service goes on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Runbook {
    /// Whether it may lose something acknowledged.
    pub may_lose: bool,
    /// Whether it helps only when something that was lost is back.
    pub after_return: bool,
    /// Its place among all runbooks that there are: fewer moves first.
    place: usize,
    /// The moves.
    pub moves: Vec<Move>,
}

impl fmt::Display for Runbook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.after_return {
            f.write_str("when it is back, ")?;
        }
        let count = self.moves.len();
        write!(f, "{count} move{}: ", if count == 1 { "" } else { "s" })?;
        let moves: Vec<String> = self.moves.iter().map(Move::to_string).collect();
        f.write_str(&moves.join(", then "))?;
        f.write_str(if self.may_lose { " (may lose)" } else { "" })
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Move::SetMinIsr(to) => write!(f, "min ISR {to}"),
            Move::PromoteObservers(_) => f.write_str("promote observers"),
            Move::Reassign => f.write_str("reassign"),
            Move::ElectUnclean => f.write_str("elect unclean"),
            Move::BreakOut(_) => f.write_str("break out"),
        }
    }
}

/// Every runbook for a partition whose min ISR comes to so many and for which these moves are there
/// besides, the better ones first: fewer moves, then a smaller change of min ISR, then the moves' own
/// order.  Last come those that break out one of these datacenters.
pub fn every(min_isr: usize, besides: &[Move], break_outs: Set<Datacenter>) -> Vec<Vec<Move>> {
    let lower: Vec<Move> = (1..min_isr as u8).rev().map(Move::SetMinIsr).collect();
    let unclean = Move::ElectUnclean;
    let alone: Vec<Vec<Move>> = lower.iter().map(|lower| vec![*lower]).collect();
    let lower_first = lower.iter().map(|lower| vec![*lower, unclean]);
    let unclean_first = lower.iter().map(|lower| vec![unclean, *lower]);
    let both: Vec<Vec<Move>> = lower_first.chain(unclean_first).collect();
    let after_it = alone
        .iter()
        .chain([vec![unclean]].iter())
        .chain(&both)
        .cloned()
        .collect::<Vec<_>>();
    let broken_out = [vec![]]
        .into_iter()
        .chain(after_it)
        .flat_map(|moves: Vec<Move>| {
            let first = break_outs.iter().map(Move::BreakOut);
            first.map(move |first| [vec![first], moves.clone()].concat())
        });
    let besides = besides.iter();
    alone
        .iter()
        .cloned()
        .chain(besides.clone().map(|made| vec![*made]))
        .chain([vec![unclean]])
        .chain(both.iter().cloned())
        .chain(besides.map(|made| vec![unclean, *made]))
        .chain(broken_out)
        .collect()
}

/// The place of these moves among all that can be said: the same whatever a partition has.
fn place_of(moves: &[Move]) -> usize {
    let sites: Set<Datacenter> = (0..MOST_DATACENTERS).map(Datacenter::at).collect();
    let promote = sites.iter().map(Move::PromoteObservers);
    let besides: Vec<Move> = promote.chain([Move::Reassign]).collect();
    let mut all = every(MOST_BROKERS + 1, &besides, sites).into_iter();
    all.position(|known| known == moves).unwrap_or(usize::MAX)
}

/// A client that is not served by itself, in a state.
#[derive(Clone, Copy)]
pub(super) struct Stuck<'s> {
    pub(super) seed: &'s Seed,
    pub(super) client: Datacenter,
    pub(super) word: Word,
}

/// What is needed in the worst of these states, with that state; nothing if some of them knows no
/// remedy.
pub(super) fn least<'s>(
    space: &Space,
    service: Service,
    stuck: &[Stuck<'s>],
) -> Option<(Runbook, &'s Seed, Datacenter)> {
    // Of all moves only a break-out brings a metadata quorum back.
    let is_beyond_help = service == Service::Metadata && !space.may_break_out();
    if stuck.is_empty() || is_beyond_help {
        return None;
    }
    let mut best: Vec<Option<Runbook>> = vec![None; stuck.len()];
    for after_return in [false, true] {
        let words = if after_return {
            &[Word::Manual][..]
        } else {
            &[Word::AfterHeal, Word::Manual]
        };
        let open =
            (0..stuck.len()).filter(|at| best[*at].is_none() && words.contains(&stuck[*at].word));
        let open: Vec<usize> = open.collect();
        if open.is_empty() {
            continue;
        }
        for moves in space.runbooks() {
            let leads = space
                .graph
                .led_by(&moves, space.graph.goals(), after_return);
            let loses = space
                .graph
                .led_by(&moves, space.graph.lossy(), after_return);
            for at in &open {
                let Stuck { seed, client, .. } = stuck[*at];
                let reaches =
                    |goals: &[Goals]| goals[seed.node.index()] & goal(service, client) != 0;
                if !reaches(&leads) {
                    continue;
                }
                // What was not looked at may lose something too.
                let is_cut = leads[seed.node.index()] & UNKNOWN != 0;
                let breaks_out = moves.iter().any(|made| matches!(made, Move::BreakOut(_)));
                let runbook = Runbook {
                    may_lose: reaches(&loses) || breaks_out && is_cut,
                    after_return,
                    place: place_of(&moves),
                    moves: moves.clone(),
                };
                let known = &mut best[*at];
                if known.as_ref().is_none_or(|known| runbook < *known) {
                    *known = Some(runbook);
                }
            }
        }
    }
    let mut worst: Option<(Runbook, &Seed, Datacenter)> = None;
    // Of equal runbooks that of a state in which there is little left to notice.
    let mut least_open = usize::MAX;
    let needs_operator = stuck.iter().any(|stuck| stuck.word == Word::Manual);
    for (runbook, stuck) in best.into_iter().zip(stuck) {
        let runbook = match runbook {
            Some(runbook) => runbook,
            // Where it takes a return anyway, this state is done with by the return alone.
            None if needs_operator && stuck.word == Word::AfterHeal => continue,
            None => return None,
        };
        let open = space.open_steps(stuck.seed);
        let order = worst.as_ref().map(|(known, ..)| known.cmp(&runbook));
        let is_worse = match order {
            None | Some(Ordering::Less) => true,
            Some(Ordering::Equal) => open < least_open,
            Some(Ordering::Greater) => false,
        };
        if is_worse {
            least_open = open;
            worst = Some((runbook, stuck.seed, stuck.client));
        }
    }
    worst
}
