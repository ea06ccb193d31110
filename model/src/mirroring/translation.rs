//! From an offset of the source to an offset of the target, and which syncs there are to do it with.
//!
//! An offset at the target is not the offset at the source: the mirror began in the middle, or it left
//! records out, or it wrote some twice, or the source has transaction markers that nobody copies.  So a
//! mirror writes down pairs, and whoever moves a consumer group reckons from the pair that is closest.

use super::sync_store::OffsetSync;

/// How an offset that a group committed at the source becomes one at the target.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rule {
    /// To the copy of the sync's record, or one offset behind it: whatever follows at the source is not
    /// before that.  May make a group read again, and never makes it skip (Kafka 3.5 and later,
    /// KAFKA-12468; M23).
    Step,
    /// As far behind the sync's copy as the committed offset is behind its record, as though nothing
    /// between were left out (Kafka 3.4 and before; M24).
    Delta,
    /// The same number (what KAFKA-12635 and KAFKA-13452 are about; M24).
    Literal,
}

/// What comes of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Translated {
    /// The offset at the target.
    To(u64),
    /// The group is behind the oldest sync there is, so nothing is known of its place: no checkpoint.
    TooOld,
    /// There is no sync at all: no checkpoint.
    Unknown,
}

/// Where a group that committed `committed` at the source goes on at the target.
///
/// `kept` is newest first.  Of the syncs that are not behind the group's offset the first is taken; it
/// is the nearest unless histories are mixed.  `committed` is the next offset to read, as Kafka commits
/// it.
///
/// Source: `OffsetSyncStore.translateDownstream`; M23, M24.
pub fn translate(
    rule: Rule,
    kept: impl IntoIterator<Item = OffsetSync>,
    committed: u64,
) -> Translated {
    if rule == Rule::Literal {
        return Translated::To(committed);
    }
    let mut kept = kept.into_iter().peekable();
    if kept.peek().is_none() {
        return Translated::Unknown;
    }
    let Some(sync) = kept.find(|sync| sync.upstream <= committed) else {
        return Translated::TooOld;
    };
    let behind = committed - sync.upstream;
    let step = match rule {
        Rule::Step => behind.min(1),
        Rule::Delta | Rule::Literal => behind,
    };
    Translated::To(sync.downstream.saturating_add(step))
}

/// Which of its records a mirror's task writes a sync of at once, and what it remembers to decide that.
///
/// The first since it started; one that the translation by the last sync would miss by
/// `offset.lag.max` or more; the first after records that were not copied; one whose copy lies before
/// the last copy.  From Kafka 3.7 on, the last record that got none is synced at the next commit
/// (KAFKA-15906); until 3.6 it got none.  That is not decided here.
///
/// One for each partition and each life of a task.  Source: `OffsetSyncWriter.PartitionState`,
/// before 3.7 `MirrorSourceTask.PartitionState`; M20.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct EmissionRule {
    reckons: Rule,
    last: Option<Last>,
}

/// What a task remembers of the records it mirrored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Last {
    /// Of the last record mirrored.
    upstream: u8,
    /// Of its copy.
    downstream: u8,
    /// What translation by the last sync adds: to nothing for [`Rule::Step`], to the upstream offset for
    /// [`Rule::Delta`].
    translates_to: i16,
}

impl EmissionRule {
    /// The task of Kafka 3.5 and later, just started: it knows that a group is put one offset behind the last
    /// sync.
    pub const STEP: EmissionRule = EmissionRule {
        reckons: Rule::Step,
        last: None,
    };

    /// The task of Kafka 3.4 and before, just started: it reckons as [`Rule::Delta`] does.
    pub const DELTA: EmissionRule = EmissionRule {
        reckons: Rule::Delta,
        last: None,
    };

    /// A copy was acknowledged: whether it gets a sync at once.  `max_lag` is `offset.lag.max`, in
    /// offsets of the target.
    pub fn update(&mut self, upstream: u8, downstream: u8, max_lag: u8) -> bool {
        let (up, down) = (i16::from(upstream), i16::from(downstream));
        let emits = self.last.is_none_or(|last| {
            let translated = match self.reckons {
                Rule::Step => last.translates_to,
                Rule::Delta | Rule::Literal => last.translates_to + up,
            };
            let stale = down - translated >= i16::from(max_lag);
            let skipped = up - i16::from(last.upstream) != 1;
            stale || skipped || downstream < last.downstream
        });
        let translates_to = match (self.last, self.reckons) {
            (Some(last), _) if !emits => last.translates_to,
            (_, Rule::Step) => down + 1,
            (_, Rule::Delta | Rule::Literal) => down - up,
        };
        self.last = Some(Last {
            upstream,
            downstream,
            translates_to,
        });
        emits
    }
}
