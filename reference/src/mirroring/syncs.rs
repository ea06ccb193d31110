//! Offset syncs: when one falls due, which are kept, what they translate.

use super::kernels;
use highwater_vocabulary::Offset;
use highwater_vocabulary::mirroring::Pair;

/// How many syncs are kept of a topic-partition: one for each bit of an offset.
pub(crate) const KEPT: usize = 64;

/// A sync, and its place in the topic: two with the same offsets are still two.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Sync {
    pair: Pair,
    place: usize,
}

impl Sync {
    fn upstream(&self) -> u64 {
        self.pair.upstream.0
    }
}

/// What the checkpoint task keeps of the syncs that it has read (`OffsetSyncStore`): the newest first, and
/// the older ones the farther apart, the older they are.  Slots repeat what they have no other for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct SyncStore(Vec<Sync>);

impl SyncStore {
    /// Takes in the sync at `place` of the topic.  `alone`: nothing older is kept beside it.
    pub(crate) fn take(&mut self, pair: Pair, place: usize, alone: bool) {
        let sync = Sync { pair, place };
        let rewinds = self
            .0
            .first()
            .is_none_or(|newest| sync.upstream() < newest.upstream());
        if alone || rewinds {
            self.0 = vec![sync; KEPT];
            return;
        }
        let older = self.0.clone();
        self.0[0] = sync;
        self.make_room(&older);
    }

    /// Every slot is checked against the one before it, until one may stay as it is.  A slot that is too
    /// old takes the oldest of the former values that fits, or what the slot before it has.
    fn make_room(&mut self, older: &[Sync]) {
        let mut candidate = 0;
        let mut fitting = self.0[0];
        for slot in 1..KEPT {
            let before = self.0[slot - 1];
            loop {
                let value = older[candidate];
                let is_apart = is_apart(&before, &value, slot - 1);
                let next_is_apart = self
                    .0
                    .get(slot + 1)
                    .is_none_or(|next| self::is_apart(&value, next, slot));
                let fits = is_apart && next_is_apart && is_recent(&before, &value, slot);
                let is_repeated = older.get(candidate + 1) == Some(&value);
                let is_passed = is_repeated || !is_apart;
                if fits {
                    fitting = value;
                }
                if fits || is_passed {
                    candidate += 1;
                }
                if candidate >= slot || !is_passed {
                    break;
                }
            }
            if is_recent(&before, &self.0[slot], slot) {
                break;
            }
            self.0[slot] = fitting;
        }
    }

    /// The newest.
    pub(crate) fn newest(&self) -> Option<Pair> {
        self.0.first().map(|sync| sync.pair)
    }

    /// What a committed offset of the source is at the target: counted from the newest sync that is not
    /// after it.
    pub(crate) fn translate(&self, committed: u64, by_delta: bool) -> Option<u64> {
        let sync = self.0.iter().find(|sync| sync.upstream() <= committed)?;
        let mut downstream = [0];
        kernels::offset_translate(
            &mut downstream,
            &[committed + 1],
            &[sync.upstream() + 1],
            &[sync.pair.downstream.0],
            by_delta,
        );
        downstream[0].checked_sub(1)
    }

    /// How many different ones are kept.
    #[cfg(test)]
    pub(crate) fn different(&self) -> Vec<u64> {
        let mut kept: Vec<u64> = self.0.iter().map(Sync::upstream).collect();
        kept.dedup();
        kept
    }
}

/// Whether the value of a slot is not too old to stand behind that of the slot before.
fn is_recent(before: &Sync, value: &Sync, slot: usize) -> bool {
    let reach = (1u64 << slot) - (1u64 << (slot - 1));
    before == value || before.upstream() <= value.upstream().saturating_add(reach)
}

/// Whether two values are far enough apart for both to be kept, the later one in `slot`.
fn is_apart(later: &Sync, value: &Sync, slot: usize) -> bool {
    let distance = 1u64 << slot.saturating_sub(2);
    later == value || later.upstream() >= value.upstream().saturating_add(distance)
}

/// What a worker remembers of the pairs that it has copied (`OffsetSyncWriter`, `PartitionState`).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Emission {
    /// The last pair.
    pub previous: Option<Pair>,
    /// The last pair that fell due by its distance or its place.
    pub last_due: Option<Pair>,
    /// The pair that is due to be sent.
    pub pending: Option<Pair>,
    /// The pair that waits for the periodic commit.
    pub delayed: Option<Pair>,
}

impl Emission {
    /// A pair has been copied.
    pub(crate) fn copied(&mut self, pair: Pair, lag_max: u64, by_delta: bool, delays: bool) {
        if self.is_due(pair, lag_max, by_delta) {
            self.last_due = Some(pair);
            self.pending = Some(pair);
            self.delayed = None;
        } else if delays {
            self.delayed = Some(pair);
        }
        self.previous = Some(pair);
    }

    fn is_due(&self, pair: Pair, lag_max: u64, by_delta: bool) -> bool {
        let (Some(previous), Some(last_due)) = (self.previous, self.last_due) else {
            return true;
        };
        let advanced = pair.upstream.0.wrapping_sub(last_due.upstream.0);
        let expected = match by_delta {
            true => last_due.downstream.0.wrapping_add(advanced),
            false => last_due.downstream.0 + 1,
        };
        let distance = pair.downstream.0.wrapping_sub(expected) as i64;
        distance >= i64::try_from(lag_max).unwrap_or(i64::MAX)
            || pair.upstream.0 != previous.upstream.0 + 1
            || pair.downstream < previous.downstream
    }

    /// The periodic commit (`OffsetSyncWriter.promoteDelayedOffsetSyncs`).
    pub(crate) fn promote(&mut self) {
        if let Some(delayed) = self.delayed.take() {
            self.pending = Some(delayed);
        }
    }
}

/// A pair of offsets.
pub(crate) fn pair(upstream: u64, downstream: u64) -> Pair {
    Pair {
        upstream: Offset(upstream),
        downstream: Offset(downstream),
    }
}
