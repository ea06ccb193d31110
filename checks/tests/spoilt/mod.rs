//! Engines with a bug: a healthy one behind a wrapper that spoils what goes in, what comes out, or
//! what it was set up with.

pub(crate) mod waived;

use highwater_checks::agreement::{Account, switches_of};
use highwater_model::replication::{Replication, State};
use highwater_reference::{Engine, Refusal};
use highwater_vocabulary::{
    Acks, Broker, BrokerSet, Event, LeaderEpoch, Member, Observation, Offset, Quorum, RecordSet,
    Setting,
};

macro_rules! bugs {
    ($($name:ident = $sentence:literal,)*) => {
        /// What may be wrong with an engine.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Bug {
            $($name,)*
        }

        impl Bug {
            pub(crate) const ALL: &'static [Bug] = &[$(Bug::$name,)*];

            pub(crate) fn sentence(self) -> &'static str {
                match self {
                    $(Bug::$name => $sentence,)*
                }
            }
        }
    };
}

bugs! {
    FetchEpochUnchecked = "a fetch under another leader epoch is not refused",
    FetchBrokerEpochUnchecked = "a fetch of an older registration is not refused",
    AnyLaggardDropped = "a follower that keeps up may be dropped",
    AnyoneFenced = "a broker that is heard from may be fenced",
    ProposesWhilePending = "a second ISR change is proposed while one is pending",
    AppendsBelowMinIsr = "acks=all is appended below min ISR",
    FollowerAppends = "a follower appends",
    WatermarkEarly = "a leader's watermark is one early",
    WatermarkBelowMinIsr = "the watermark moves below min ISR, or stands still where it did not yet",
    AcknowledgedWithoutIsr = "acknowledged before the watermark",
    AcknowledgedBelowMinIsr = "acknowledged although the ISR is below min ISR",
    AcksIgnored = "acks=all is acknowledged as acks=1",
    EpochNotBumped = "an election starts no leader epoch",
    EpochBumpedWithoutNeed = "every shrinking starts a leader epoch, or none does",
    ElrKept = "the ELR is kept at min ISR",
    ElrNotFed = "a shrinking feeds no ELR",
    ElectedOutside = "a leader is elected outside ISR and ELR",
    ElectedInReverse = "elections go through the assignment in reverse",
    Swapped = "two replicas of four are swapped",
    UncleanByController = "the controller ignores that unclean election is enabled, or honours it too soon",
    DivergingAnswerIgnored = "a follower does not truncate",
    BatchCutShort = "of a batch of metadata the last record is not applied",
    EqualMetadataApplied = "metadata of an equal epoch drops a pending change",
    LostAnswerArrives = "an answer that was lost arrives",
    LostFetchArrives = "a fetch whose answer was lost is answered",
    WatermarkLost = "the watermark is lost after two elections",
    KillTakenForStop = "a kill leaves the mark of an orderly stop",
    StopTakenForKill = "an orderly stop leaves no mark",
    SeatKept = "a new registration keeps its seats, or loses them too soon",
    SuffixKept = "a loss of power loses nothing",
    DiskKept = "a wiped disk is not empty",
    CheckpointExact = "an older checkpoint is not read",
    CutBothWays = "a one-way cut cuts both ways",
    ControllerStays = "the controller cannot lose its office",
    MinIsrUnknown = "min ISR is one",
    AnswerEpochUnchecked = "an answer of another leader epoch is heeded, or one of the same is not",
    FencedLastKnownElected = "the last known leader is elected although it is fenced, or not at all",
    TruncatesOnce = "of two rounds of truncation the second is left out",
    ZombieAcknowledges = "a leader that has been replaced acknowledges without the ISR",
    FormerFollowersRemembered = "a leader that is elected again keeps what it knew of followers",
    TargetsNotAwaited = "a reassignment waits for more replicas than it should, or for fewer",
    PromotionUnheard = "observers stay observers",
    TruncatesToWatermark = "a new follower truncates to its watermark, and compares no epochs",
    AsksFirst = "a follower asks before it fetches, or states its epoch with every fetch",
    MissedEpochUnasked = "a missed epoch is no reason to ask again, or is one too soon",
    EpochOfAnswerIgnored = "nobody looks at which epoch an answer is about, or somebody does too soon",
    FetchEpochChecked = "a fetch of another epoch is served where it should not be, or refused too soon",
    EpochNotedLate = "an epoch is noted with its first record, or at the election too soon",
    EpochStartUnasked = "a joiner need not reach the start of the epoch, or has to too soon",
    MemberEpochsUnchecked = "nobody asks under which registration a member was heard, or somebody does too soon",
    WrittenByTheOther = "the ISR is written by whoever writes it in the other version with ZooKeeper",
    RequestMeantForAnyProcess = "a request does not say for which registration it is, or says so too soon",
    MembersUnchecked = "nobody asks whether a new member of the ISR lives, or somebody does too soon",
    AnswerMovesWatermark = "an answer to an ISR change is an occasion to move the watermark, or is none",
    OlderRequestTaken = "a request of no larger leader epoch is not refused",
    NodeOverwritten = "the ISR is written over a node of any version",
    LateRequestPutAside = "a late request is taken and changes nothing",
    GroupsUncounted = "a hierarchical quorum is a majority",
    ObserversServeNobody = "an observer of ZooKeeper's serves nobody",
    ObserversVote = "an observer of ZooKeeper's is a participant",
    OfficeOutlivesProcess = "a new controller does not miss the one before",
}

impl Bug {
    /// The check that is not made.
    fn overlooks(self) -> Option<Refusal> {
        Some(match self {
            Bug::FetchEpochUnchecked => Refusal::FetchEpochIsCurrent,
            Bug::AnyLaggardDropped => Refusal::OnlyLaggingAreDropped,
            Bug::AnyoneFenced => Refusal::FencedIsSilent,
            Bug::ProposesWhilePending => Refusal::NoProposalWhilePending,
            Bug::AppendsBelowMinIsr => Refusal::AdmissionAtMinIsr,
            Bug::FollowerAppends => Refusal::LeadsLocally,
            Bug::AcknowledgedWithoutIsr => Refusal::AckAwaitsWatermark,
            Bug::AcknowledgedBelowMinIsr => Refusal::AckAtMinIsr,
            Bug::OlderRequestTaken => Refusal::RequestIsNewer,
            Bug::NodeOverwritten => Refusal::IsrVersionIsCurrent,
            _ => return None,
        })
    }
}

/// An engine with a bug.
#[derive(Clone)]
pub(crate) struct Spoilt {
    bug: Bug,
    engine: Engine,
    /// Where each replica stands in the engine's assignment.
    order: Vec<usize>,
    remembered: Vec<Remembered>,
}

/// What a bug goes by, of one row.
#[derive(Clone, Copy, Default)]
struct Remembered {
    wrongly_acknowledged: RecordSet,
    was_eligible: BrokerSet,
    /// Followers whose newest fetch has made them truncate.
    truncated: BrokerSet,
}

impl Spoilt {
    pub(crate) fn new(bug: Bug, model: &Replication, beginning: &State, rows: usize) -> Spoilt {
        let mut setting: Setting = model.setting.clone();
        let mut order: Vec<usize> = (0..setting.brokers.len()).collect();
        match bug {
            Bug::ElectedOutside => setting.unclean_leader_election = true,
            Bug::ElrNotFed => setting.eligible_leader_replicas = false,
            Bug::AcksIgnored => setting.acks = Acks::Leader,
            Bug::MinIsrUnknown => setting.min_insync_replicas = 1,
            Bug::GroupsUncounted => setting.quorum = Quorum::Majority,
            Bug::ObserversServeNobody => setting.zookeeper_observers.fill(0),
            Bug::ObserversVote => {
                let servers = setting.voters.iter_mut();
                for (voters, observers) in servers.zip(&mut setting.zookeeper_observers) {
                    *voters += std::mem::take(observers);
                }
            }
            Bug::ElectedInReverse => order[1..].reverse(),
            Bug::Swapped if order.len() >= 4 => order.swap(1, 2),
            _ => {}
        }
        for (broker, place) in order.iter().enumerate() {
            setting.brokers[*place] = model.setting.brokers[broker];
        }
        let mut switches = switches_of(model).expect("the engine has all of it");
        match bug {
            Bug::FetchBrokerEpochUnchecked => switches.checks_fetch_broker_epoch ^= true,
            Bug::WatermarkBelowMinIsr => switches.strict_min_isr ^= true,
            Bug::EpochBumpedWithoutNeed => switches.shrinking_starts_epoch ^= true,
            Bug::SeatKept => switches.registration_takes_seats ^= true,
            Bug::UncleanByController => switches.unclean_by_controller ^= true,
            Bug::EqualMetadataApplied => switches.equal_epoch_wipes_pending ^= true,
            Bug::AnswerEpochUnchecked => switches.checks_answer_epoch ^= true,
            Bug::FencedLastKnownElected => switches.elects_fenced_last_known ^= true,
            Bug::FormerFollowersRemembered => switches.reelected_leader_remembers ^= true,
            Bug::TargetsNotAwaited => switches.reassignment_awaits_targets ^= true,
            Bug::TruncatesToWatermark => switches.truncates_to_watermark ^= true,
            Bug::AsksFirst => switches.asks_before_fetching ^= true,
            Bug::MissedEpochUnasked => switches.asks_after_missed_epoch ^= true,
            Bug::EpochOfAnswerIgnored => switches.answer_names_epoch ^= true,
            Bug::FetchEpochChecked => switches.checks_fetch_epoch ^= true,
            Bug::EpochNotedLate => switches.notes_epoch_at_election ^= true,
            Bug::EpochStartUnasked => switches.checks_epoch_start ^= true,
            Bug::MemberEpochsUnchecked => switches.checks_member_epochs ^= true,
            Bug::ElrNotFed => switches.eligible_leader_replicas = false,
            Bug::WrittenByTheOther => switches.leader_writes_isr ^= true,
            Bug::RequestMeantForAnyProcess => switches.checks_request_broker_epoch ^= true,
            Bug::MembersUnchecked => switches.checks_isr_members ^= true,
            Bug::AnswerMovesWatermark => switches.answer_moves_watermark ^= true,
            _ => {}
        }
        let mut engine = Engine::with_switches(&setting, switches, rows);
        if let Some(seat) = beginning.controller.active {
            engine.seat_controller(seat).expect("a voter");
        }
        Spoilt {
            bug,
            engine,
            order,
            remembered: vec![Remembered::default(); rows],
        }
    }

    /// The event that the engine is given instead.
    fn misheard(&self, row: usize, event: &Event) -> Option<Event> {
        Some(match (self.bug, *event) {
            (Bug::BatchCutShort, Event::Learn { broker, records }) if records > 1 => Event::Learn {
                broker,
                records: records - 1,
            },
            (Bug::LostAnswerArrives, Event::Untold { leader }) => Event::Told { leader },
            (Bug::LostFetchArrives, Event::FetchLost { follower }) => Event::Fetch { follower },
            (Bug::DivergingAnswerIgnored, Event::Fetch { follower })
                if self.truncates(row, event, follower) =>
            {
                Event::FetchLost { follower }
            }
            (Bug::TruncatesOnce, Event::Fetch { follower })
                if self.remembered[row].truncated.contains(follower)
                    && self.truncates(row, event, follower) =>
            {
                Event::FetchLost { follower }
            }
            (Bug::KillTakenForStop, Event::Crash { broker }) => Event::Stop { broker },
            (Bug::StopTakenForKill, Event::Stop { broker }) => Event::Crash { broker },
            (Bug::SuffixKept, Event::PowerLoss { broker, .. })
            | (Bug::DiskKept, Event::Wipe { broker }) => Event::Crash { broker },
            (Bug::CheckpointExact, Event::Restart { broker, .. }) => Event::Restart {
                broker,
                watermark: None,
            },
            (Bug::CutBothWays, Event::CutFrom { from, to }) => Event::Cut {
                between: [from, to],
            },
            (Bug::ControllerStays, Event::Depose)
            | (Bug::PromotionUnheard, Event::PromoteObservers { .. }) => return None,
            (Bug::LateRequestPutAside, Event::Late { .. })
                if self.engine.clone().apply(row, event).is_ok() =>
            {
                return None;
            }
            _ => *event,
        })
    }

    fn truncates(&self, row: usize, event: &Event, follower: Broker) -> bool {
        let mut after = self.engine.clone();
        let end = |engine: &Engine| engine.observe(row).replicas[follower.index()].log.len();
        after.apply(row, event).is_ok() && end(&after) < end(&self.engine)
    }

    /// Whether an event ends the process that is the controller, so that there is none after it.
    fn takes_office(&self, row: usize, event: &Event) -> bool {
        let holds = |engine: &Engine| engine.clone().apply(row, &Event::Depose).is_ok();
        let mut after = self.engine.clone();
        let ends = !matches!(event, Event::Depose) && after.apply(row, event).is_ok();
        ends && holds(&self.engine) && !holds(&after)
    }

    /// Whether the check that refuses an event is the one that is not made.
    fn overlooks(&self, row: usize, event: &Event, refusal: Refusal) -> bool {
        match (self.bug, *event) {
            (Bug::ZombieAcknowledges, Event::Ack { broker, .. }) => {
                refusal == Refusal::AckAwaitsWatermark
                    && self.engine.observe(row).leader != Some(broker)
            }
            _ => Some(refusal) == self.bug.overlooks(),
        }
    }

    fn moved(&self, broker: Broker) -> Broker {
        Broker::at(self.order[broker.index()])
    }

    fn moved_all(&self, brokers: BrokerSet) -> BrokerSet {
        brokers.iter().map(|broker| self.moved(broker)).collect()
    }

    /// The event as the engine's assignment numbers its brokers.
    fn renumbered(&self, event: Event) -> Event {
        let it = |broker| self.moved(broker);
        match event {
            Event::Produce { broker, record } => Event::Produce {
                broker: it(broker),
                record,
            },
            Event::Ack { broker, record } => Event::Ack {
                broker: it(broker),
                record,
            },
            Event::Refuse { broker, record } => Event::Refuse {
                broker: it(broker),
                record,
            },
            Event::Fetch { follower } => Event::Fetch {
                follower: it(follower),
            },
            Event::FetchLost { follower } => Event::FetchLost {
                follower: it(follower),
            },
            Event::Shrink { leader, dropped } => Event::Shrink {
                leader: it(leader),
                dropped: self.moved_all(dropped),
            },
            Event::Reassign { replicas } => Event::Reassign {
                replicas: self.moved_all(replicas),
            },
            Event::Told { leader } => Event::Told { leader: it(leader) },
            Event::Untold { leader } => Event::Untold { leader: it(leader) },
            Event::Apply { leader } => Event::Apply { leader: it(leader) },
            Event::Learn { broker, records } => Event::Learn {
                broker: it(broker),
                records,
            },
            Event::Late { broker, records } => Event::Late {
                broker: it(broker),
                records,
            },
            Event::Fence { broker } => Event::Fence { broker: it(broker) },
            Event::Unfence { broker } => Event::Unfence { broker: it(broker) },
            Event::Register { broker } => Event::Register { broker: it(broker) },
            Event::ControlledShutdown { broker } => {
                Event::ControlledShutdown { broker: it(broker) }
            }
            Event::Stop { broker } => Event::Stop { broker: it(broker) },
            Event::Restart { broker, watermark } => Event::Restart {
                broker: it(broker),
                watermark,
            },
            Event::Resume { broker } => Event::Resume { broker: it(broker) },
            Event::Crash { broker } => Event::Crash { broker: it(broker) },
            Event::PowerLoss { broker, lost } => Event::PowerLoss {
                broker: it(broker),
                lost,
            },
            Event::Wipe { broker } => Event::Wipe { broker: it(broker) },
            Event::Pause { broker } => Event::Pause { broker: it(broker) },
            Event::Read {
                from,
                broker,
                offset,
            } => Event::Read {
                from,
                broker: it(broker),
                offset,
            },
            Event::Request { follower } => Event::Request {
                follower: it(follower),
            },
            Event::Serve { follower } => Event::Serve {
                follower: it(follower),
            },
            Event::Answer { follower } => Event::Answer {
                follower: it(follower),
            },
            Event::Drop { follower } => Event::Drop {
                follower: it(follower),
            },
            Event::Lapse { leader, follower } => Event::Lapse {
                leader: it(leader),
                follower: it(follower),
            },
            Event::Darken { datacenter, lost } => {
                let mut moved = lost;
                for (broker, place) in self.order.iter().enumerate() {
                    moved[*place] = lost[broker];
                }
                Event::Darken {
                    datacenter,
                    lost: moved,
                }
            }
            other => other,
        }
    }

    /// An observation in the order of the model's assignment.
    fn in_order(&self, seen: Observation) -> Observation {
        let back = |set: BrokerSet| -> BrokerSet {
            let mut brokers = (0..self.order.len()).map(Broker::at).collect::<Vec<_>>();
            brokers.retain(|broker| set.contains(self.moved(*broker)));
            brokers.into_iter().collect()
        };
        let replicas = self.order.iter().map(|place| {
            let mut replica = seen.replicas[*place].clone();
            replica.in_sync = back(replica.in_sync);
            replica.pending = replica.pending.map(back);
            replica
        });
        Observation {
            leader: seen
                .leader
                .and_then(|leader| back(BrokerSet::only(leader)).iter().next()),
            isr: back(seen.isr),
            elr: back(seen.elr),
            fenced: back(seen.fenced),
            assigned: (seen.assigned.iter())
                .flat_map(|broker| back(BrokerSet::only(*broker)).iter())
                .collect(),
            adding: back(seen.adding),
            removing: back(seen.removing),
            observers: back(seen.observers),
            replicas: replicas.collect(),
            ..seen
        }
    }
}

impl Account for Spoilt {
    fn apply(&mut self, row: usize, event: &Event) -> Result<(), Refusal> {
        let Some(heard) = self.misheard(row, event) else {
            return Ok(());
        };
        if let Event::Fetch { follower } = *event {
            let truncated = &mut self.remembered[row].truncated;
            *truncated = truncated.without(follower);
            if self.bug == Bug::TruncatesOnce && self.truncates(row, event, follower) {
                let truncated = &mut self.remembered[row].truncated;
                *truncated = truncated.with(follower);
            }
        }
        for row in 0..self.remembered.len() {
            self.remembered[row].was_eligible = self.engine.observe(row).elr;
        }
        let heard = self.renumbered(heard);
        if self.bug == Bug::OfficeOutlivesProcess && self.takes_office(row, &heard) {
            self.engine.apply(row, &Event::Depose)?;
        }
        match self.engine.apply(row, &heard) {
            Err(refusal) if self.overlooks(row, &heard, refusal) => {
                if let Event::Ack { record, .. } = event {
                    let wrongly = &mut self.remembered[row].wrongly_acknowledged;
                    *wrongly = wrongly.with(*record);
                }
                Ok(())
            }
            result => result,
        }
    }

    fn observe(&self, row: usize) -> Observation {
        let mut seen = self.in_order(self.engine.observe(row));
        seen.acknowledged = seen
            .acknowledged
            .union(self.remembered[row].wrongly_acknowledged);
        match self.bug {
            Bug::WatermarkEarly => {
                for replica in seen.replicas.iter_mut().filter(|replica| replica.leads) {
                    let end = replica.log.len() as u64;
                    replica.watermark = Offset((replica.watermark.0 + 1).min(end));
                }
            }
            Bug::EpochNotBumped => seen.leader_epoch = LeaderEpoch(1),
            Bug::ElrKept => {
                seen.elr = seen
                    .elr
                    .union(self.remembered[row].was_eligible.minus(seen.isr))
            }
            Bug::WatermarkLost if seen.leader_epoch > LeaderEpoch(2) => {
                for replica in &mut seen.replicas {
                    replica.watermark = Offset(0);
                }
            }
            _ => {}
        }
        seen
    }
}
