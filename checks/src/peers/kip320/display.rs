//! What happened, as people read it.  Replicas are `a`, `b` and `c`.

use super::state::{Leadership, Record, Slot, Slots, State};
use super::{Action, MOST_REPLICAS};
use std::fmt;

/// `b fetches from a`
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Action::ControllerElectLeader { leader } => {
                write!(f, "the controller elects {}", name(leader))
            }
            Action::ControllerShrinkIsr { replica } => {
                write!(f, "the controller takes {} out of the ISR", name(replica))
            }
            Action::BecomeLeader { epoch } => write!(f, "the leader of epoch {epoch} takes office"),
            Action::LeaderExpandIsr { leader, follower } => {
                write!(f, "{} lets {} into the ISR", name(leader), name(follower))
            }
            Action::LeaderShrinkIsr { leader, follower } => {
                let (leader, follower) = (name(leader), name(follower));
                write!(f, "{leader} takes {follower} out of the ISR")
            }
            Action::LeaderWrite { leader } => write!(f, "{} takes a record", name(leader)),
            Action::LeaderIncHighWatermark { leader } => {
                write!(f, "{} raises its watermark", name(leader))
            }
            Action::BecomeFollowerAndTruncate { replica, epoch } => {
                write!(f, "{} follows the leader of epoch {epoch}", name(replica))
            }
            Action::FollowerFetch { follower, leader } => {
                write!(f, "{} fetches from {}", name(follower), name(leader))
            }
        }
    }
}

/// A line for each replica, and one for the quorum:
///
/// ```text
/// a  r0'0| r1'0  leads in epoch 0, ISR ab
/// b  r0'0|       follows a in epoch 0, ISR ab
/// c  |           knows of no leader
/// quorum         a leads in epoch 0, ISR ab
/// ```
///
/// A record is `r`, which one, `'`, and its epoch; the bar is the watermark.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for slot in Slots::first(MOST_REPLICAS).iter() {
            let replica = self.replica(slot);
            let knows = match replica.knows.leader {
                Some(leader) if leader == slot => format!("leads{}", terms(replica.knows)),
                Some(leader) => format!("follows {}{}", name(leader), terms(replica.knows)),
                None => "knows of no leader".to_owned(),
            };
            let log = log(self, slot);
            writeln!(f, "{}  {log:<10}  {knows}", name(slot))?;
        }
        let quorum = match self.quorum.leader {
            Some(leader) => format!("{} leads", name(leader)),
            None => "nobody leads".to_owned(),
        };
        write!(f, "quorum         {quorum}{}", terms(self.quorum))
    }
}

fn name(slot: Slot) -> char {
    char::from(b'a' + slot)
}

fn terms(known: Leadership) -> String {
    let isr: String = known.isr.iter().map(name).collect();
    match known.epoch {
        Some(epoch) => format!(" in epoch {epoch}, ISR {isr}"),
        None => format!(", ISR {isr}"),
    }
}

fn log(state: &State, slot: Slot) -> String {
    let entries = state.log(slot).entries();
    let watermark = usize::from(state.replica(slot).watermark).min(entries.len());
    let words = |records: &[Record]| {
        let words = records
            .iter()
            .map(|record| format!("r{}'{}", record.id, record.epoch));
        words.collect::<Vec<_>>().join(" ")
    };
    let (below, above) = entries.split_at(watermark);
    format!("{}|{}", words(below), words(above))
}
