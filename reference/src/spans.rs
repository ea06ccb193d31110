//! Where each leader epoch begins in a log: Kafka's `LeaderEpochFileCache`, and all the engine
//! knows about what a log holds.

/// A stretch of a log that was written in one leader epoch, from `start` to where the next begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Span {
    pub epoch: u32,
    /// Which of the logs that its writer had in this epoch: it grows when a leader loses its end
    /// and leads on in the same epoch.  Kafka cannot tell them apart, and neither does any rule; it
    /// only tells records apart that came to lie at the same offset under the same epoch.
    pub writing: u32,
    /// Whether the cache has it.  It forgets epochs that are in the way of an older one; what was written
    /// in them is there still.
    pub noted: bool,
    pub start: u64,
}

/// What `LeaderEpochFileCache.assign` does with an epoch that is older than its newest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Noting {
    /// It forgets the newer ones (since 2.0.1).
    OverNewer,
    /// It lets them stand, and does not note the older one (until 2.0.0).
    OnlyNewer,
    /// Epochs follow each other in any order, and all are taken to be noted: nobody compares them (0.10).
    Everything,
}

/// Notes that the records from `start` on are of `epoch`, as far as a cache does that lets newer epochs
/// stand.
pub(crate) fn assign_newer(spans: &mut Vec<Span>, epoch: u32, start: u64) {
    let noted = newest(spans).is_none_or(|newest| newest <= epoch);
    let continues = spans.last().is_some_and(|last| last.epoch == epoch);
    if !continues {
        spans.push(Span {
            epoch,
            writing: 0,
            noted,
            start,
        });
    }
}

/// `LeaderEpochFileCache.assign`: notes that `epoch` begins at `start`, over whatever conflicts.
pub(crate) fn assign(spans: &mut Vec<Span>, epoch: u32, start: u64) {
    if newest(spans) == Some(epoch) {
        return;
    }
    while spans.last().is_some_and(|last| last.start >= start) {
        spans.pop();
    }
    forget_from(spans, epoch);
    spans.push(Span {
        epoch,
        writing: 0,
        noted: true,
        start,
    });
}

/// `LeaderEpochFileCache.maybeTruncateNonMonotonicEntries`: an epoch and those after it are no longer
/// noted.
fn forget_from(spans: &mut [Span], epoch: u32) {
    for span in spans.iter_mut().filter(|span| span.epoch >= epoch) {
        span.noted = false;
    }
}

/// Notes that what follows from `end` on is another writing of the newest epoch.
pub(crate) fn rewrite(spans: &mut Vec<Span>, epoch: u32, writing: u32, end: u64) {
    match spans.last_mut() {
        Some(last) if last.epoch == epoch && last.writing == writing => {}
        Some(last) if last.epoch == epoch && last.start == end => last.writing = writing,
        last => {
            let noted = last.is_none_or(|last| last.epoch != epoch || last.noted);
            spans.push(Span {
                epoch,
                writing,
                noted,
                start: end,
            });
        }
    }
}

/// `LeaderEpochFileCache.truncateFromEnd`: forgets every note at or above the new end, one without
/// records as well (KAFKA-10706).
pub(crate) fn truncate(spans: &mut Vec<Span>, end: u64) {
    spans.retain(|span| span.start < end);
}

/// The newest epoch noted, which a follower states in its fetch.
pub(crate) fn newest(spans: &[Span]) -> Option<u32> {
    let mut noted = spans.iter().filter(|span| span.noted);
    noted.next_back().map(|span| span.epoch)
}

/// `LeaderEpochFileCache.endOffsetFor`: the greatest epoch not above the one asked for, and where
/// it ends; nothing if the epoch is newer than every one known.
pub(crate) fn end_of_epoch(spans: &[Span], end: u64, asked: u32) -> Option<(u32, u64)> {
    if newest(spans) == Some(asked) {
        return Some((asked, end));
    }
    if newest(spans) < Some(asked) {
        return None;
    }
    let noted = || spans.iter().filter(|span| span.noted);
    let above = noted().find(|span| span.epoch > asked)?;
    let floor = noted().take_while(|span| span.epoch <= asked).last();
    Some((floor.map_or(asked, |span| span.epoch), above.start))
}

/// The same until 2.0.0: nothing either if the epoch is older than every one noted.
pub(crate) fn end_of_noted_epoch(spans: &[Span], end: u64, asked: u32) -> Option<(u32, u64)> {
    let oldest = spans.iter().find(|span| span.noted)?;
    (asked >= oldest.epoch).then_some(())?;
    end_of_epoch(spans, end, asked)
}

/// `AbstractFetcherThread.getOffsetTruncationState`: how much of its log a follower keeps when its
/// leader says where the newest epoch they may share ends.
pub(crate) fn keep(spans: &[Span], end: u64, leaders_epoch: u32, leaders_end: u64) -> u64 {
    match end_of_epoch(spans, end, leaders_epoch) {
        Some((epoch, own_end)) if epoch != leaders_epoch => own_end.min(end),
        Some((_, own_end)) => own_end.min(leaders_end).min(end),
        None => leaders_end.min(end),
    }
}

/// The follower's notes after it has appended everything of the leader's from its own end on.  An
/// epoch that the leader has noted and written nothing in is not copied.  Where epochs are compared the
/// follower's cache forgets those that an older one follows.
pub(crate) fn copy(spans: &mut Vec<Span>, from: u64, leaders: &[Span], to: u64, noting: Noting) {
    for (index, span) in leaders.iter().enumerate() {
        let ends = leaders.get(index + 1).map_or(to, |next| next.start).min(to);
        if ends <= from.max(span.start) {
            continue;
        }
        let start = span.start.max(from);
        let noted =
            noting != Noting::OnlyNewer || newest(spans).is_none_or(|newest| newest <= span.epoch);
        let continues = spans.last().is_some_and(|last| {
            (last.epoch, last.writing, last.noted) == (span.epoch, span.writing, noted)
        });
        if !continues {
            // Where nobody compares epochs an older one may follow; what lies below it is there still.
            while spans.last().is_some_and(|last| last.start >= start) {
                spans.pop();
            }
            if noting == Noting::OverNewer && newest(spans) != Some(span.epoch) {
                forget_from(spans, span.epoch);
            }
            spans.push(Span {
                start,
                noted,
                ..*span
            });
        }
    }
    if noting == Noting::Everything {
        for span in spans {
            span.noted = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `"1 1 2"` is a log of three records; a trailing `+3` notes an epoch without any.
    fn log(text: &str) -> (Vec<Span>, u64) {
        let (mut spans, mut end) = (Vec::new(), 0);
        for word in text.split_whitespace() {
            match word.strip_prefix('+') {
                Some(epoch) => assign(&mut spans, epoch.parse().unwrap(), end),
                None => {
                    assign(&mut spans, word.parse().unwrap(), end);
                    end += 1;
                }
            }
        }
        (spans, end)
    }

    #[test]
    fn a_follower_keeps_what_both_may_share() {
        for (leader, follower, rounds) in [
            ("1 1 2", "1 1 1", &[2][..]),
            ("1 3 3", "1 2 2", &[1]), // the follower states 2; the leader knows 1 below it
            ("1 1 3", "1 2 2", &[1]), // two quick elections: the hole KIP-279 closed
            ("1 +2", "1 1", &[1]),    // a leader that has written nothing yet
            ("1 1", "1 1", &[]),
            ("1 1 1", "1 1", &[]), // only behind
            ("+2", "1 1", &[0]),
            ("1 2 5 5", "1 2 3 4", &[2]),
            ("1 1 4", "1 2 3", &[1]),
        ] {
            let (leaders, leaders_end) = log(leader);
            let (mut own, mut end) = log(follower);
            let mut kept = Vec::new();
            while let Some(stated) = newest(&own) {
                let (epoch, shared) = end_of_epoch(&leaders, leaders_end, stated).unwrap();
                if epoch == stated && shared >= end {
                    break;
                }
                end = keep(&own, end, epoch, shared);
                truncate(&mut own, end);
                kept.push(end);
            }
            assert_eq!(kept, rounds, "{leader} / {follower}");
            copy(&mut own, end, &leaders, leaders_end, Noting::OverNewer);
            truncate(&mut own, leaders_end);
            let mut whole = leaders.clone();
            truncate(&mut whole, leaders_end);
            assert_eq!(own, whole, "{leader} / {follower}");
        }
    }

    #[test]
    fn a_note_without_records_gives_way() {
        let (mut spans, end) = log("1 1 +2 +3");
        assert_eq!(newest(&spans), Some(3));
        assert_eq!(spans.len(), 2);
        truncate(&mut spans, end);
        assert_eq!(newest(&spans), Some(1));
    }

    /// The cache of 1.0.0 to 2.0.0: `assign` of `epoch > latestEpoch` alone, `endOffsetFor` with
    /// `UNDEFINED_EPOCH_OFFSET` on either side of what it has.
    #[test]
    fn an_older_cache_lets_newer_epochs_stand() {
        let written = |text: &str| {
            let (mut spans, mut end) = (Vec::new(), 0);
            for word in text.split_whitespace() {
                assign_newer(&mut spans, word.parse().unwrap(), end);
                end += 1;
            }
            (spans, end)
        };
        for (text, asked, known) in [
            ("1 2 2", 1, Some((1, 1))),
            ("2 2", 1, None),
            ("2 2", 3, None),
            ("1 4 4", 3, Some((1, 1))),
            ("4 2", 2, None),
            ("4 2", 4, Some((4, 2))),
            ("1 4 2 5", 4, Some((4, 3))),
        ] {
            let (spans, end) = written(text);
            assert_eq!(
                end_of_noted_epoch(&spans, end, asked),
                known,
                "{asked} in {text}"
            );
            let mut copied = Vec::new();
            copy(&mut copied, 0, &spans, end, Noting::OnlyNewer);
            assert_eq!(copied, spans, "{text}");
        }
    }
}
