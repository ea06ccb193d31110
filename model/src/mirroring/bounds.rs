//! What the budget affords.
//!
//! Records, starts of groups and faults are rationed.  What a mirror does by itself is not, and healing
//! never is.

use super::ghost::place_of;
use super::{Event, Fault, Mirroring, State};

/// How much may happen in one history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Records that producers write, those of aborted transactions among them.
    pub records: u8,
    /// Transaction markers.
    pub marks: u8,
    /// Records of aborted transactions.
    pub aborts: u8,
    /// Answers to producers that are lost.
    pub unanswered: u8,
    /// Transactions that are begun.
    pub transactions: u8,
    /// Records that are offered above the high watermark.
    pub offers: u8,
    /// Ticks of all clocks together.
    pub ticks: u8,
    /// Starts of groups.
    pub starts: u8,
    /// How often consumers that lost their cluster find another one in their list of bootstrap servers.
    pub rebootstraps: u8,
    /// How often a record is copied on, one mirror after the other.
    pub hops: u8,
    /// Whether operators move producers.
    pub fail_over: bool,
    /// Whether operators promote links.
    pub promote: bool,
    /// Whether operators turn links round, which opens a way back.
    pub reverse: bool,
    /// Whether operators open a way back, once.
    pub fail_back: bool,
    /// Whether operators change configurations and add partitions.
    pub changes: bool,
    /// Whether operators fence clusters.
    pub fencing: bool,
    /// Whether operators move producers only after they have fenced the old primary.
    pub fence_first: bool,
    /// Whether operators stop mirrors.
    pub stop_mirrors: bool,
    /// Whether groups commit.  Those that keep their place beside their counts need not.
    pub commits: bool,
    /// Whether operators start a group that counts at its home first, elsewhere only when everything is copied,
    /// and then not at home again; and move producers only then as well.
    pub orderly_moves: bool,
    /// Whether what is broken may be repaired: clusters return.
    pub repairs: bool,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            records: 3,
            marks: 0,
            aborts: 0,
            unanswered: 0,
            transactions: 0,
            offers: 0,
            ticks: 0,
            starts: 2,
            rebootstraps: 0,
            hops: 3,
            fail_over: false,
            promote: false,
            reverse: false,
            fail_back: false,
            changes: false,
            fencing: false,
            fence_first: false,
            stop_mirrors: false,
            commits: true,
            orderly_moves: false,
            repairs: true,
        }
    }
}

/// Whether a state lies within the bounds that no choice keeps to by itself.
pub fn afford(model: &Mirroring, state: &State) -> bool {
    let mut places = model.setting.every_partition();
    places.all(|place| {
        let mut entries = state[place].entries();
        entries.all(|(_, entry)| entry.hops <= model.bounds.hops)
    })
}

/// The fault that an event is.
pub(super) fn fault_of(model: &Mirroring, event: &Event) -> Option<Fault> {
    let setting = &model.setting;
    Some(match *event {
        Event::Crash(mirror) => Fault::MirrorCrash(mirror),
        Event::TakeOver(mirror) => Fault::MirrorPause(mirror),
        Event::Cut(mirror) => Fault::MirrorCut(mirror),
        Event::CopyLost(task) => Fault::AnswerLost(setting.work(task).mirror),
        Event::LookFailed(_, mirror) => Fault::AnswerLost(mirror),
        Event::Lose(cluster) => Fault::ClusterLoss(cluster),
        Event::Destroy(cluster) => Fault::ClusterDestroyed(cluster),
        Event::LoseSuffix(place, _) => Fault::SuffixLoss(place),
        Event::LoseCommits(cluster) => Fault::OffsetsLost(cluster),
        Event::Expire(place, _) => Fault::Retention(place),
        Event::Recreate(place) => Fault::Recreated(place),
        Event::Skew(cluster) => Fault::ClockSkew(cluster),
        Event::Strand(_, cluster) => Fault::ConsumersStranded(cluster),
        Event::LoseDatabase(cluster) => Fault::DatabaseLoss(cluster),
        _ => return None,
    })
}

/// Whether a fault may still happen.
pub fn has_left(model: &Mirroring, state: &State, fault: Fault) -> bool {
    place_of(model, fault)
        .is_some_and(|place| state.ghost.spent.faults[place] < model.faults.budget(fault))
}
