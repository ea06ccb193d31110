//! The data plane and the elections once more, as one would write them down first: maps, sets, and
//! whole logs of records.  It is slow and plain, and knows no metadata that is late: whatever the
//! controller decides, everybody learns at once.

use std::collections::{BTreeMap, BTreeSet};

type Brokers = BTreeSet<usize>;

/// What a version and a topic ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Naive {
    pub replicas: usize,
    pub min_isr: usize,
    pub has_elr: bool,
    pub unclean: bool,
    pub registration_takes_seats: bool,
    pub elects_dead_last_known: bool,
}

/// A cluster of partitions.
#[derive(Clone, Debug)]
pub(crate) struct NaiveCluster {
    pub rules: Naive,
    pub up: Brokers,
    pub fenced: Brokers,
    pub partitions: BTreeMap<usize, Partition>,
    /// How often each broker has started.
    starts: BTreeMap<usize, usize>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Partition {
    pub leader: Option<usize>,
    pub epoch: u32,
    pub isr: Brokers,
    pub elr: Brokers,
    pub last_known: Option<usize>,
    /// Whether the leader has taken office and its process is the one that did.
    in_office: bool,
    office_start: usize,
    known: BTreeMap<usize, usize>,
    /// In which of its lives each follower was heard.
    heard: BTreeMap<usize, usize>,
    waiting: Vec<(usize, usize)>,
    pub acknowledged: Brokers,
    pub logs: Vec<Log>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    /// The epoch and the record of each entry.
    pub entries: Vec<(u32, usize)>,
    /// An epoch in which nothing has been written yet.
    note: Option<u32>,
    pub watermark: usize,
}

impl Log {
    fn newest(&self) -> Option<u32> {
        self.note.or(self.entries.last().map(|entry| entry.0))
    }

    /// The greatest epoch up to `asked` in this log, and where the next one begins.
    fn end_of(&self, asked: u32) -> Option<(u32, usize)> {
        let mut epochs: Vec<(u32, usize)> = Vec::new();
        for (offset, (epoch, _)) in self.entries.iter().enumerate() {
            if epochs.last().is_none_or(|last| last.0 != *epoch) {
                epochs.push((*epoch, offset));
            }
        }
        epochs.extend(self.note.map(|epoch| (epoch, self.entries.len())));
        if epochs.last().is_some_and(|last| last.0 == asked) {
            return Some((asked, self.entries.len()));
        }
        let next = epochs.iter().find(|(epoch, _)| *epoch > asked)?;
        let own = epochs.iter().map(|it| it.0).filter(|it| *it <= asked).max();
        Some((own.unwrap_or(asked), next.1))
    }

    fn truncate(&mut self, length: usize) {
        self.entries.truncate(length);
        self.note = None;
        self.watermark = self.watermark.min(self.entries.len());
    }
}

impl NaiveCluster {
    pub(crate) fn new(rules: Naive, partitions: usize) -> Self {
        let all: Brokers = (0..rules.replicas).collect();
        let partition = Partition {
            leader: Some(0),
            epoch: 1,
            isr: all.clone(),
            in_office: true,
            logs: vec![Log::default(); rules.replicas],
            ..Partition::default()
        };
        let mut first = partition;
        first.logs[0].note = Some(1);
        NaiveCluster {
            rules,
            up: all,
            fenced: Brokers::new(),
            partitions: (0..partitions).map(|id| (id, first.clone())).collect(),
            starts: BTreeMap::new(),
        }
    }

    fn minimum(&self) -> usize {
        self.rules.min_isr.min(self.rules.replicas)
    }

    pub(crate) fn produce(&mut self, id: usize, record: usize) -> bool {
        let minimum = self.minimum();
        let partition = self.partitions.get_mut(&id).expect("a partition");
        let Some(leader) = partition.leader else {
            return false;
        };
        if !partition.in_office || partition.isr.len() < minimum {
            return false;
        }
        let epoch = partition.epoch;
        let log = &mut partition.logs[leader];
        log.entries.push((epoch, record));
        log.note = None;
        let end = log.entries.len();
        partition.waiting.push((record, end));
        partition.advance(minimum);
        true
    }

    pub(crate) fn ack(&mut self, id: usize, record: usize) -> bool {
        let minimum = self.minimum();
        let partition = self.partitions.get_mut(&id).expect("a partition");
        let Some(leader) = partition.leader.filter(|_| partition.in_office) else {
            return false;
        };
        let found = partition.waiting.iter().position(|it| it.0 == record);
        let Some(place) = found else {
            return false;
        };
        let reached = partition.logs[leader].watermark >= partition.waiting[place].1;
        if !reached || partition.isr.len() < minimum {
            return false;
        }
        partition.waiting.remove(place);
        partition.acknowledged.insert(record);
        true
    }

    pub(crate) fn fetch(&mut self, id: usize, follower: usize) -> bool {
        let (minimum, alive) = (self.minimum(), self.alive());
        if !self.up.contains(&follower) {
            return false;
        }
        let partition = self.partitions.get_mut(&id).expect("a partition");
        let Some(leader) = partition.leader else {
            return false;
        };
        if leader == follower || !partition.in_office {
            return false;
        }
        let own = partition.logs[follower].clone();
        let leaders = partition.logs[leader].clone();
        let length = own.entries.len();
        if let Some(stated) = own.newest() {
            let Some((epoch, end)) = leaders.end_of(stated) else {
                return false;
            };
            if epoch < stated || end < length {
                let keep = match own.end_of(epoch) {
                    Some((other, own_end)) if other != epoch => own_end,
                    Some((_, own_end)) => own_end.min(end),
                    None => end,
                };
                partition.logs[follower].truncate(keep.min(length));
                return true;
            }
        }
        let told = leaders.watermark;
        let committed = partition.isr.len();
        partition.known.insert(follower, length);
        let life = self.starts.get(&follower).copied().unwrap_or_default();
        partition.heard.insert(follower, life);
        let mut counted = partition.isr.clone();
        if length >= told && length >= partition.office_start {
            counted.insert(follower);
            let known = |member: &usize| {
                let life = self.starts.get(member).copied().unwrap_or_default();
                partition
                    .heard
                    .get(member)
                    .is_none_or(|heard| *heard == life)
            };
            if counted
                .iter()
                .all(|member| alive.contains(member) && known(member))
            {
                partition.isr = counted.clone();
                if partition.isr.len() >= minimum {
                    partition.elr.clear();
                }
                partition.elr.remove(&follower);
            }
        }
        let enough = committed >= minimum;
        partition.advance_over(&counted, enough);
        if partition.isr.len() != committed {
            partition.advance(minimum);
        }
        let log = &mut partition.logs[follower];
        if leaders.entries.len() > length {
            log.entries.extend_from_slice(&leaders.entries[length..]);
            log.note = None;
        }
        log.watermark = told.min(log.entries.len());
        true
    }

    pub(crate) fn shrink(&mut self, id: usize, dropped: usize) -> bool {
        let rules = self.rules;
        let alive = self.alive();
        let up = self.up.clone();
        let minimum = self.minimum();
        let partition = self.partitions.get_mut(&id).expect("a partition");
        let Some(leader) = partition.leader.filter(|_| partition.in_office) else {
            return false;
        };
        let caught_up = Some(&partition.logs[leader].entries.len());
        if dropped == leader
            || !partition.isr.contains(&dropped)
            || partition.known.get(&dropped) == caught_up
        {
            return false;
        }
        let mut target = partition.isr.clone();
        target.remove(&dropped);
        // A member that is fenced, or was heard in a former life, voids the proposal.
        let known = |member: &usize| {
            let life = self.starts.get(member).copied().unwrap_or_default();
            partition
                .heard
                .get(member)
                .is_none_or(|heard| *heard == life)
        };
        if target
            .iter()
            .all(|member| alive.contains(member) && known(member))
        {
            partition.change(
                rules,
                minimum,
                &alive,
                &up,
                target,
                None,
                rules.unclean,
                false,
            );
        }
        true
    }

    pub(crate) fn crash(&mut self, broker: usize, lost: usize) -> bool {
        if !self.up.remove(&broker) {
            return false;
        }
        for partition in self.partitions.values_mut() {
            if lost > 0 {
                let keep = partition.logs[broker].entries.len().saturating_sub(lost);
                partition.logs[broker].truncate(keep);
            }
            if partition.leader == Some(broker) {
                partition.in_office = false;
                partition.waiting.clear();
            }
        }
        true
    }

    pub(crate) fn fence(&mut self, broker: usize) -> bool {
        if self.up.contains(&broker) || !self.fenced.insert(broker) {
            return false;
        }
        self.take_out(broker, false);
        true
    }

    /// Starts, registers, is unfenced.
    pub(crate) fn start(&mut self, broker: usize) -> bool {
        if !self.up.insert(broker) {
            return false;
        }
        *self.starts.entry(broker).or_default() += 1;
        for partition in self.partitions.values_mut() {
            partition.logs[broker].note = None;
        }
        self.fenced.insert(broker);
        if self.rules.registration_takes_seats {
            self.take_out(broker, self.rules.has_elr);
        }
        for partition in self.partitions.values_mut() {
            if partition.leader == Some(broker) {
                partition.take_office();
            }
        }
        for partition in self.partitions.values_mut() {
            let minimum = self.rules.min_isr.min(self.rules.replicas);
            partition.advance(minimum);
        }
        self.fenced.remove(&broker);
        let (rules, minimum) = (self.rules, self.minimum());
        let (alive, up) = (self.alive(), self.up.clone());
        for partition in self.partitions.values_mut() {
            if partition.leader.is_none() {
                let isr = partition.isr.clone();
                partition.change(rules, minimum, &alive, &up, isr, None, rules.unclean, false);
            }
        }
        true
    }

    pub(crate) fn elect(&mut self, id: usize, prefer: bool) {
        let rules = self.rules;
        let (alive, up, minimum) = (self.alive(), self.up.clone(), self.minimum());
        let partition = self.partitions.get_mut(&id).expect("a partition");
        let needed = match prefer {
            true => partition.leader != Some(0),
            false => partition.leader.is_none(),
        };
        if needed {
            let isr = partition.isr.clone();
            partition.change(rules, minimum, &alive, &up, isr, None, !prefer, prefer);
        }
    }

    fn alive(&self) -> Brokers {
        (0..self.rules.replicas)
            .filter(|broker| !self.fenced.contains(broker))
            .collect()
    }

    fn take_out(&mut self, broker: usize, uncleanly: bool) {
        let (rules, minimum) = (self.rules, self.minimum());
        let (mut alive, up) = (self.alive(), self.up.clone());
        alive.remove(&broker);
        for partition in self.partitions.values_mut() {
            let eligible = uncleanly && partition.elr.contains(&broker);
            if partition.isr.contains(&broker) || eligible {
                let mut target = partition.isr.clone();
                target.remove(&broker);
                let unclean_stop = uncleanly.then_some(broker);
                partition.change(
                    rules,
                    minimum,
                    &alive,
                    &up,
                    target,
                    unclean_stop,
                    rules.unclean,
                    false,
                );
            }
        }
    }
}

impl Partition {
    fn advance(&mut self, minimum: usize) {
        let isr = self.isr.clone();
        self.advance_over(&isr, isr.len() >= minimum);
    }

    fn advance_over(&mut self, counted: &Brokers, enough: bool) {
        let Some(leader) = self.leader.filter(|_| self.in_office && enough) else {
            return;
        };
        let end = self.logs[leader].entries.len();
        let held = counted.iter().map(|member| match *member {
            own if own == leader => Some(end),
            other => self.known.get(&other).copied(),
        });
        if let Some(least) = held
            .collect::<Option<Vec<_>>>()
            .and_then(|held| held.into_iter().min())
        {
            let log = &mut self.logs[leader];
            log.watermark = log.watermark.max(least);
        }
    }

    fn take_office(&mut self) {
        let Some(leader) = self.leader else {
            return;
        };
        self.in_office = true;
        self.known.clear();
        self.heard.clear();
        let log = &mut self.logs[leader];
        self.office_start = log.entries.len();
        if log.newest() != Some(self.epoch) {
            log.note = Some(self.epoch);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "it is the naive one")]
    fn change(
        &mut self,
        rules: Naive,
        minimum: usize,
        alive: &Brokers,
        up: &Brokers,
        mut target: Brokers,
        unclean_stop: Option<usize>,
        unclean: bool,
        prefer: bool,
    ) {
        let mut elr = Brokers::new();
        if rules.has_elr && target.len() < minimum {
            elr.extend(self.elr.union(&self.isr));
            elr.retain(|it| !target.contains(it) && Some(*it) != unclean_stop);
        }
        let candidates = if target.is_empty() { &elr } else { &target };
        let valid: Vec<usize> = candidates.intersection(alive).copied().collect();
        let mut unclean_leader = false;
        let leader = if prefer && valid.contains(&0) {
            Some(0)
        } else if let Some(leader) = self.leader.filter(|it| valid.contains(it)) {
            Some(leader)
        } else if let Some(first) = valid.first() {
            Some(*first)
        } else {
            unclean_leader = true;
            let last = self.last_known.filter(|it| {
                rules.has_elr
                    && target.is_empty()
                    && elr.is_empty()
                    && (rules.elects_dead_last_known || alive.contains(it))
            });
            let any = alive.first().copied().filter(|_| unclean && !prefer);
            last.or(any)
        };
        let elected = leader != self.leader;
        if let Some(leader) = leader.filter(|_| elected) {
            if unclean_leader {
                target = Brokers::from([leader]);
                elr.clear();
            } else if elr.remove(&leader) {
                target = Brokers::from([leader]);
            }
        }
        if target.is_empty() && !rules.has_elr {
            target = self.isr.clone();
        }
        if rules.has_elr {
            if target.is_empty() && !self.isr.is_empty() {
                self.last_known = self.leader;
            } else if leader.is_some() {
                self.last_known = None;
            }
        }
        self.isr = target;
        self.elr = elr;
        if elected {
            self.waiting.clear();
            self.leader = leader;
            self.epoch += 1;
            self.in_office = false;
            if leader.is_some_and(|leader| up.contains(&leader)) {
                self.take_office();
            }
        }
        self.advance(minimum);
    }
}
