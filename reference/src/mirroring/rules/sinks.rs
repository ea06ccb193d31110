//! Counts that consumers keep in databases.

use super::{Around, unless};
use crate::mirroring::Refusal;
use crate::mirroring::books::{Line, Page};
use crate::mirroring::row::Row;
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Cluster, Content, Databases, Duplicates, Group, Late, PlaceKept, Sink, TopicPartition, Windows,
};

impl Around<'_> {
    pub(crate) fn sink(self, group: Group) -> Result<Sink, Refusal> {
        let sink = self.setting.reader(group).sink;
        sink.ok_or(Refusal::NothingThere)
    }

    /// Whether the group's consumers at different clusters share no database.
    pub(crate) fn counts_apart(self, group: Group) -> bool {
        self.sink(group)
            .is_ok_and(|sink| sink.databases == Databases::PerCluster)
    }

    /// Whose database takes what consumers at a cluster write.  A replicated one is written at home, and
    /// where that is lost at the first cluster that still has it.
    pub(crate) fn books_at(self, group: Group, at: Cluster) -> Option<Cluster> {
        let home = self.setting.reader(group).home;
        let lost = self.world.groups[group.index()].lost;
        match self.sink(group).ok()?.databases {
            Databases::PerCluster => Some(at),
            Databases::Stretched => Some(home),
            Databases::Replicated if !lost.contains(home) => Some(home),
            Databases::Replicated => {
                let mut left = self.setting.every_cluster();
                left.find(|cluster| !lost.contains(*cluster))
            }
        }
    }

    /// Where consumers that start at a cluster look for the place they had counted to, if not in Kafka.
    pub(crate) fn begins_by_books(self, group: Group, at: Cluster) -> Option<Option<Cluster>> {
        let sink = self.sink(group).ok()?;
        let in_it = sink.place == PlaceKept::InTheTransaction;
        in_it.then(|| self.books_at(group, at))
    }
}

/// The place in a topic-partition that a database has, if there is one.
pub(crate) fn place_in(
    row: &Row,
    group: Group,
    database: Option<Cluster>,
    of: TopicPartition,
) -> Option<u64> {
    let pages = &row.besides.books[group.index()].pages;
    pages[database?.index()].places[of.index()]
}

/// A record that was processed is kept for the next count, unless its window is over.
pub(crate) fn processed(
    row: &mut Row,
    around: Around<'_>,
    group: Group,
    from: TopicPartition,
    offset: u64,
) {
    let Ok(sink) = around.sink(group) else {
        return;
    };
    let at = around.setting.partition(from).cluster;
    let window = match sink.windows {
        Windows::EventTime => row.logs.stamp(from.index(), offset).unwrap_or(0),
        Windows::ProcessingTime => around.world.clock(at),
    };
    let record = match row.logs.content(from.index(), offset) {
        Some(Content::Record(record)) => Some(record),
        _ => None,
    };
    let database = around.books_at(group, at);
    let book = &mut row.besides.books[group.index()];
    let is_over = {
        let counted = database.map(|it| book.pages[it.index()].lines.as_slice());
        let counted = counted.unwrap_or_default().iter().copied();
        let mut seen = counted.chain(book.memory_of(at));
        seen.any(|line| line.window > window)
    };
    if sink.late == Late::Accepted || !is_over {
        book.memory.push((at, Line { record, window }));
    }
}

/// Whether consumers at a cluster may write to the database.
pub(crate) fn may_count(around: Around<'_>, group: Group, at: Cluster) -> Result<Cluster, Refusal> {
    let sink = around.sink(group)?;
    let state = &around.world.groups[group.index()];
    unless(!state.runs_at.contains(at), Refusal::GroupNotRunning)?;
    let is_older = sink.fenced && !around.counts_apart(group) && state.newest != Some(at);
    unless(is_older, Refusal::OlderWritersAreRefused)?;
    around.books_at(group, at).ok_or(Refusal::NothingThere)
}

/// One transaction: the counts, and the place if it belongs there.
pub(crate) fn count(
    row: &mut Row,
    around: Around<'_>,
    group: Group,
    at: Cluster,
    database: Cluster,
) -> Result<(), Refusal> {
    let sink = around.sink(group)?;
    let book = &mut row.besides.books[group.index()];
    let lines: Vec<Line> = book.memory_of(at).collect();
    unless(lines.is_empty(), Refusal::NothingThere)?;

    book.forget(at);
    let page = book.page(database);
    for line in lines {
        let is_known = page.lines.iter().any(|known| known.record == line.record);
        let is_dropped = is_known && line.record.is_some();
        if sink.duplicates == Duplicates::Counted || !is_dropped {
            page.lines.push(line);
        }
    }
    page.lines.sort_by_key(|line| (line.record, line.window));
    if sink.place == PlaceKept::InTheTransaction {
        let reads = around.setting.read_at(group, at);
        let state = &around.world.groups[group.index()];
        for place in state.narrowed(reads).iter() {
            let position = row.readings[group.index()][place.index()].position;
            page.places[place.index()] = Some(position.unwrap_or(0));
        }
    }
    Ok(())
}

/// The consumers go on somewhere else, with what they have in memory.
pub(crate) fn carry(row: &mut Row, group: Group, from: Cluster, to: Cluster) {
    for (cluster, _) in &mut row.besides.books[group.index()].memory {
        if *cluster == from {
            *cluster = to;
        }
    }
}

/// Every copy that is left becomes what is written at one of them.
pub(crate) fn replicate(row: &mut Row, around: Around<'_>, group: Group, written: Cluster) {
    let lost = around.world.groups[group.index()].lost;
    let pages = &mut row.besides.books[group.index()].pages;
    let newest = pages[written.index()].clone();
    for cluster in around.setting.every_cluster() {
        if !lost.contains(cluster) {
            pages[cluster.index()] = newest.clone();
        }
    }
}

/// The database of a cluster is empty.
pub(crate) fn empty(row: &mut Row, around: Around<'_>, group: Group, cluster: Cluster) {
    *row.besides.books[group.index()].page(cluster) = Page::blank(around.setting);
}
