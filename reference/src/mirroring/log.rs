//! One committed log: what was written to it, and in which runs it holds that or copies of it.

use highwater_vocabulary::mirroring::{Content, Partitions};
use std::collections::BTreeMap;

/// Everything that was ever written to a topic-partition by others than mirrors, whether or not any log
/// still holds it.  Numbered from 0, in the order in which it was written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ledger {
    /// How much was written.
    pub length: u64,
    /// What has a name or a stamp of its own; the rest are records that nobody named.
    named: BTreeMap<u64, Entry>,
}

/// What an entry is to transactions and to the high watermark.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Says {
    /// Nothing.
    #[default]
    Nothing,
    /// A record that is above the high watermark of the log to which it was written.
    Offered,
    /// A marker: what is open before it counts.
    Commits,
    /// A marker: what is open before it was aborted.
    Aborts,
}

/// What stands in a ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Entry {
    pub content: Option<Content>,
    pub says: Says,
    /// The clock of the cluster, when it was written.
    pub stamp: u64,
}

impl Ledger {
    fn write(&mut self, content: Content, says: Says, stamp: u64) -> u64 {
        let entry = Entry {
            content: Some(content),
            says,
            stamp,
        };
        self.named.insert(self.length, entry);
        self.length += 1;
        self.length - 1
    }

    /// What was above the high watermark is a record like others.
    pub(super) fn settle(&mut self, number: u64) {
        if let Some(entry) = self.named.get_mut(&number)
            && let Some(Content::Open(record)) = entry.content
        {
            entry.content = Some(Content::Record(record));
            entry.says = Says::Nothing;
        }
    }

    pub(crate) fn entry(&self, number: u64) -> Entry {
        self.named.get(&number).copied().unwrap_or_default()
    }
}

/// What a copied record is a copy of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Copied {
    /// The task that copied it.
    pub task: usize,
    /// Its offset at the task's source.
    pub upstream: u64,
}

/// One entry of a ledger, wherever it lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Written {
    /// The topic-partition whose ledger has it.
    pub ledger: usize,
    pub number: u64,
    /// Whether it is read as a record, whatever came of the transaction in which it was first written.
    pub plain: bool,
}

/// A run of offsets: as they grow by one, so does the number in the ledger, and the offset that they are
/// copies of.  It goes on to the next run, or to the end of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    pub offset: u64,
    pub written: Written,
    pub copied: Option<Copied>,
    /// The stamp of all, if it is not the producers' own.
    pub stamp: Option<u64>,
    /// The topic-partitions through which all have come, as their headers say.
    pub headers: Partitions,
}

impl Span {
    /// The same run, from a later offset on.
    fn from(&self, offset: u64) -> Span {
        let past = offset - self.offset;
        let mut later = *self;
        later.offset = offset;
        later.written.number += past;
        if let Some(copied) = &mut later.copied {
            copied.upstream += past;
        }
        later
    }
}

/// An epoch, and the log's incarnation to which it belongs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Epoch {
    pub incarnation: u32,
    pub leader: u32,
}

/// A committed log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Log {
    pub start: u64,
    pub end: u64,
    pub spans: Vec<Span>,
    /// How often the topic was made anew.
    pub incarnation: u32,
    /// Which topic this is of those that were given its name.
    pub id: u32,
    /// Leader epochs, and where each begins; the leader's own is last.
    pub(super) lineage: Vec<(u32, u64)>,
}

impl Default for Log {
    fn default() -> Log {
        Log {
            start: 0,
            end: 0,
            spans: Vec::new(),
            incarnation: 0,
            id: 0,
            lineage: vec![(0, 0)],
        }
    }
}

impl Log {
    /// The run at an offset of the log, from there on.
    pub(crate) fn at(&self, offset: u64) -> Option<Span> {
        if offset >= self.end {
            return None;
        }
        let span = self.spans.iter().rfind(|span| span.offset <= offset)?;
        Some(span.from(offset))
    }

    /// Appends one entry.
    pub(crate) fn push(&mut self, written: Written, copied: Option<Copied>, stamp: Option<u64>) {
        self.push_headed(written, copied, stamp, Partitions::EMPTY);
    }

    /// Appends one entry with headers.
    pub(crate) fn push_headed(
        &mut self,
        written: Written,
        copied: Option<Copied>,
        stamp: Option<u64>,
        headers: Partitions,
    ) {
        let offset = self.end;
        let span = Span {
            offset,
            written,
            copied,
            stamp,
            headers,
        };
        let continued = self.spans.last().map(|last| last.from(offset));
        if continued != Some(span) {
            self.spans.push(span);
        }
        self.end += 1;
    }

    /// Whether the offset is one from which somebody can read on.
    pub(crate) fn is_in_range(&self, offset: u64) -> bool {
        (self.start..=self.end).contains(&offset)
    }

    /// The epoch that the log is in at an offset.
    pub(crate) fn epoch_at(&self, offset: u64) -> Epoch {
        let begun = self.lineage.iter().rfind(|(_, start)| *start <= offset);
        Epoch {
            incarnation: self.incarnation,
            leader: begun.map_or(0, |(epoch, _)| *epoch),
        }
    }

    /// Where the log parts from one that was read in an epoch (`OffsetsForLeaderEpoch`); nothing, if no
    /// later epoch has begun, for then nobody asks.  Another incarnation's epochs have the same numbers.
    pub(crate) fn end_of(&self, epoch: Epoch) -> Option<u64> {
        let mut lineage = self.lineage.iter();
        let later = lineage.find(|(leader, _)| *leader > epoch.leader);
        later.map(|(_, start)| *start)
    }

    /// Loses the last so many, and begins an epoch there.
    pub(crate) fn lose(&mut self, lost: u64) {
        let epoch = self.lineage.last().map_or(0, |(epoch, _)| *epoch);
        self.end -= lost;
        self.spans.retain(|span| span.offset < self.end);
        self.lineage.retain(|(_, start)| *start < self.end);
        self.lineage.push((epoch + 1, self.end));
    }

    /// Is deleted and made anew.
    pub(crate) fn renew(&mut self) {
        *self = Log {
            incarnation: self.incarnation + 1,
            id: self.id,
            ..Log::default()
        };
    }
}

/// The logs of all topic-partitions, and what was written to them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Logs {
    pub of: Vec<Log>,
    pub ledgers: Vec<Ledger>,
}

impl Logs {
    pub(crate) fn new(partitions: usize) -> Logs {
        Logs {
            of: vec![Log::default(); partitions],
            ledgers: vec![Ledger::default(); partitions],
        }
    }

    /// Something is written that is no copy.
    pub(crate) fn write(&mut self, to: usize, content: Content, stamp: u64) {
        self.write_saying(to, content, Says::Nothing, stamp);
    }

    /// The same of what transactions or the high watermark look at.
    pub(crate) fn write_saying(&mut self, to: usize, content: Content, says: Says, stamp: u64) {
        let written = Written {
            ledger: to,
            number: self.ledgers[to].write(content, says, stamp),
            plain: false,
        };
        self.of[to].push(written, None, None);
    }

    /// A record is written that nobody names, so many times.
    pub(crate) fn fill(&mut self, to: usize, count: u64) {
        for _ in 0..count {
            let number = self.ledgers[to].length;
            self.ledgers[to].length += 1;
            let written = Written {
                ledger: to,
                number,
                plain: false,
            };
            self.of[to].push(written, None, None);
        }
    }

    /// What stands at an offset; nothing, if it is a record that nobody named.
    pub(crate) fn content(&self, place: usize, offset: u64) -> Option<Content> {
        let written = self.of[place].at(offset)?.written;
        let content = self.ledgers[written.ledger].entry(written.number).content;
        match content {
            Some(Content::Aborted(record) | Content::Open(record)) if written.plain => {
                Some(Content::Record(record))
            }
            Some(Content::Open(record)) => Some(self.decided(place, offset, record)),
            content => content,
        }
    }

    /// The stamp of what stands at an offset.
    pub(crate) fn stamp(&self, place: usize, offset: u64) -> Option<u64> {
        let span = self.of[place].at(offset)?;
        let written = span.written;
        Some(
            span.stamp
                .unwrap_or_else(|| self.ledgers[written.ledger].entry(written.number).stamp),
        )
    }

    /// The first offset from here on at which whoever reads finds a record.  Nobody sees what is open, or
    /// what follows it.
    pub(crate) fn next_record(&self, place: usize, from: u64, committed_only: bool) -> Option<u64> {
        (from..self.last_stable(place)).find(|offset| match self.content(place, *offset) {
            Some(Content::Marker | Content::Open(_)) => false,
            Some(Content::Aborted(_)) => !committed_only,
            Some(Content::Record(_)) | None => true,
        })
    }
}
