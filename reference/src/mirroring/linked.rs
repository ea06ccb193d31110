//! Linked logs: leader epochs, what is open, and where two logs part.

use super::log::{Copied, Log, Logs, Says, Written};
use highwater_vocabulary::Record;
use highwater_vocabulary::mirroring::Content;

impl Log {
    /// The leader's epoch.
    pub(crate) fn leader_epoch(&self) -> u32 {
        self.lineage.last().map_or(0, |(epoch, _)| *epoch)
    }

    /// The epoch of the last entry.
    pub(crate) fn last_epoch(&self) -> Option<u32> {
        let last = self.end.checked_sub(1).filter(|last| *last >= self.start)?;
        Some(self.epoch_at(last).leader)
    }

    /// The epochs of what the log holds, and the leader's, each with where it ends.
    fn epochs(&self) -> impl Iterator<Item = (u32, u64)> {
        let ends = self.lineage.iter().skip(1).map(|(_, start)| *start);
        // What is not there any more has no epoch here; the leader always has one.
        let known = self.lineage.iter().zip(ends);
        let held = known.filter(|(_, end)| *end > self.start);
        held.map(|((epoch, _), end)| (*epoch, end))
            .chain([(self.leader_epoch(), self.end)])
    }

    /// The first entry of a higher epoch than this one.
    fn first_above(&self, epoch: u32) -> Option<u64> {
        let is_above = |(later, _): &&(u32, u64)| *later > epoch;
        let (_, start) = self.lineage.iter().find(is_above)?;
        Some((*start).max(self.start)).filter(|start| *start < self.end)
    }

    /// Where an epoch ends here.
    pub(crate) fn end_of_epoch(&self, epoch: u32) -> u64 {
        self.first_above(epoch).unwrap_or(self.end)
    }

    /// Where this log parts from its source, if the epochs tell that it does
    /// (`OffsetsForLeaderEpoch`, `LeaderEpochFileCache.endOffsetFor`).
    pub(crate) fn parts_from(&self, source: &Log) -> Option<u64> {
        let last = self.last_epoch()?;
        let shared = source.epochs().filter(|(epoch, _)| *epoch <= last).last();
        // An epoch that the source does not know any more ended where it begins.
        let (epoch, end) = shared.unwrap_or((last, source.start));
        let own = self.first_above(epoch).unwrap_or(self.end);
        Some(end.min(own)).filter(|at| *at < self.end)
    }

    /// The leader takes up a later epoch.
    pub(crate) fn raise(&mut self, epoch: u32) {
        if epoch > self.leader_epoch() {
            let end = self.end;
            self.lineage.retain(|(_, start)| *start < end);
            self.lineage.push((epoch, end));
        }
    }

    /// Appends an entry of an epoch that another log's leader gave it.
    pub(crate) fn push_of(
        &mut self,
        epoch: u32,
        written: Written,
        copied: Copied,
        stamp: Option<u64>,
    ) {
        self.raise(epoch);
        let (leader, begun) = self.lineage.last().copied().unwrap_or_default();
        let is_earlier = epoch < leader && begun == self.end;
        if is_earlier {
            // The leader's own entries begin after it.
            self.lineage.pop();
            if self.lineage.last().is_none_or(|(last, _)| *last < epoch) {
                self.lineage.push((epoch, self.end));
            }
        }
        self.push(written, Some(copied), stamp);
        if is_earlier {
            self.lineage.push((leader, self.end));
        }
    }

    /// Is cut off at an offset; the leader stays the same.  Where nothing is left the log begins there.
    pub(crate) fn cut_off(&mut self, at: u64) {
        let leader = self.leader_epoch();
        self.end = at;
        self.start = self.start.min(at);
        self.spans.retain(|span| span.offset < at);
        self.lineage.retain(|(_, start)| *start < at);
        if self.lineage.last().is_none_or(|(last, _)| *last != leader) {
            self.lineage.push((leader, at));
        }
    }

    /// Is emptied, and begins at an offset.
    pub(crate) fn begin_anew(&mut self, at: u64) {
        self.lineage = vec![(self.leader_epoch(), at)];
        self.spans.clear();
        (self.start, self.end) = (at, at);
    }

    /// The epoch of each entry, and the leader's own.
    pub(crate) fn shown_epochs(&self) -> Vec<u8> {
        let entries = (self.start..self.end).map(|offset| self.epoch_at(offset).leader);
        let shown = |epoch| u8::try_from(epoch).unwrap_or(u8::MAX);
        entries.chain([self.leader_epoch()]).map(shown).collect()
    }
}

impl Logs {
    /// What an entry of a place says.
    fn says(&self, place: usize, offset: u64) -> Says {
        let span = self.of[place].at(offset);
        span.map_or(Says::Nothing, |span| {
            let written = span.written;
            self.ledgers[written.ledger].entry(written.number).says
        })
    }

    /// What has become of a record of a transaction: the first marker after it that says so decides.
    pub(super) fn decided(&self, place: usize, offset: u64, record: Record) -> Content {
        if self.says(place, offset) == Says::Offered {
            return Content::Open(record);
        }
        let later = offset + 1..self.of[place].end;
        let decisions = later.map(|later| self.says(place, later));
        let decision = decisions
            .into_iter()
            .find(|says| matches!(says, Says::Commits | Says::Aborts));
        match decision {
            Some(Says::Commits) => Content::Record(record),
            Some(_) => Content::Aborted(record),
            None => Content::Open(record),
        }
    }

    /// The last stable offset: the first that is open, or else the end.
    pub(crate) fn last_stable(&self, place: usize) -> u64 {
        let log = &self.of[place];
        let is_open = |offset: &u64| matches!(self.content(place, *offset), Some(Content::Open(_)));
        (log.start..log.end).find(is_open).unwrap_or(log.end)
    }

    /// Where the record is that is above the high watermark.
    pub(crate) fn offered(&self, place: usize) -> Option<u64> {
        let log = &self.of[place];
        let last = log.end.checked_sub(1).filter(|last| *last >= log.start)?;
        (self.says(place, last) == Says::Offered).then_some(last)
    }

    /// It reaches the high watermark.
    pub(crate) fn settle(&mut self, place: usize) {
        let offered = self.offered(place);
        let Some(span) = offered.and_then(|offset| self.of[place].at(offset)) else {
            return;
        };
        self.ledgers[span.written.ledger].settle(span.written.number);
    }

    /// Whether a transaction is open that a producer began in this topic-partition.
    pub(crate) fn is_begun_here(&self, place: usize) -> bool {
        let log = &self.of[place];
        (log.start..log.end).any(|offset| {
            let is_open = matches!(self.content(place, offset), Some(Content::Open(_)));
            let own = log
                .at(offset)
                .is_some_and(|span| span.written.ledger == place);
            is_open && own && self.says(place, offset) != Says::Offered
        })
    }
}
