//! What a step means, in a few words: the last column of the picture.

use super::walk::{Moment, between, records};
use highwater_model::replication::state::{Asks, Controller, LateFetch, Replica, Role, Tenure};
use highwater_model::replication::{End, LeaderEpoch, Replication, State};
use highwater_vocabulary::{Acks, Broker, BrokerSet, Datacenter, Event, Member, Offset, Record};

/// What a step means; empty where there is nothing to say.
pub(super) fn meaning(model: &Replication, moment: &Moment) -> String {
    let step = Step { model, moment };
    let mut clauses = Vec::new();
    if moment.number == 1 {
        clauses.extend(step.opening());
    }
    clauses.extend(step.clauses());
    clauses.join("; ")
}

/// A step, as it is told.
struct Step<'a> {
    model: &'a Replication,
    moment: &'a Moment,
}

impl Step<'_> {
    /// One arm an event, grouped as in the alphabet.
    fn clauses(&self) -> Vec<String> {
        match self.moment.event {
            Event::Produce { broker, record } => self.produce(broker, record),
            Event::Retry { broker, record } => self.retry(broker, record),
            Event::Ack { broker, .. } => {
                self.with_unaware(broker, vec!["the producer is told".into()])
            }
            Event::Refuse { broker, .. } => self.with_unaware(
                broker,
                vec!["the producer is told that too few replicas are in sync".into()],
            ),
            Event::Read { broker, offset, .. } => self.read(broker, offset),

            Event::Fetch { follower } => self.fetch(follower, false),
            Event::FetchLost { follower } => self.fetch(follower, true),
            Event::Request { follower } => vec![format!(
                "from offset {}, and on its way",
                self.before(follower).log.end().0
            )],
            Event::Serve { follower } => self.serve(follower),
            Event::Answer { follower } => self.delivered(follower),
            Event::Drop { .. } => vec!["lost on its way".into()],

            Event::Lapse { leader, follower } => vec![format!(
                "{} no longer waits for {}",
                self.name(leader),
                self.name(follower)
            )],
            Event::Shrink { leader, .. } => {
                let proposal = self.proposal(leader).into_iter().collect();
                self.with_unaware(leader, proposal)
            }
            Event::Told { leader } => self.told(leader),
            Event::Untold { .. } => {
                vec!["lost: the leader does not know what became of its proposal".into()]
            }
            Event::Learn { broker, .. } => self.learn(broker),
            Event::Late { broker, .. } => self.arrives_late(broker),
            Event::Terminate { .. } => {
                vec!["the metadata it finds contradicts what it knows".into()]
            }

            Event::Apply { leader } => self.apply(leader),
            Event::Fence { broker } => self.with_metadata(self.why_fenced(broker)),
            Event::Unfence { .. } => self.with_metadata("it serves again"),
            Event::Register { broker } => self.register(broker),
            Event::Prefer | Event::Unclean | Event::ElectUnclean => self.metadata(),
            Event::Activate { datacenter } => {
                let where_it_is = format!("the active controller is in {}", self.site(datacenter));
                self.with_metadata(&where_it_is)
            }

            Event::SetMinIsr { to } => {
                self.with_metadata(&format!("the controller has min ISR {to}"))
            }
            Event::PromoteObservers { .. } => self.metadata(),
            Event::Reassign { .. } | Event::CancelReassignment => self.metadata(),
            Event::ControlledShutdown { broker } => self.with_metadata(&format!(
                "{} leads nothing from here on, and joins no ISR",
                self.name(broker)
            )),
            Event::Stop { broker } => self.stopped(broker, "in an orderly way: its disk says so"),
            Event::BreakOut { datacenter } => self.broken_out(datacenter),
            Event::AddVoter { datacenter } => {
                vec![format!(
                    "the quorum has one voter more, in {}",
                    self.site(datacenter)
                )]
            }

            Event::Restart { broker, watermark } => self.restart(broker, watermark),
            Event::Resume { broker } => self.unaware(broker).into_iter().collect(),
            Event::CatchUp => vec!["nobody who runs may be dropped any more".into()],
            Event::Return { .. } => vec!["its brokers may restart".into()],
            Event::Heal { .. } => vec!["every connection works again".into()],

            Event::Crash { broker } => self.stopped(broker, "its disk keeps what it has"),
            Event::PowerLoss { broker, .. } => self.disk_loss(broker),
            Event::Wipe { broker } => self.stopped(broker, "its disk is empty"),
            Event::Pause { .. } => vec!["frozen, with all it knows".into()],
            Event::Lag => vec!["followers may fall behind, and be dropped for it".into()],
            Event::Lose { datacenter } => self.site_lost(datacenter, "the disks are kept"),
            Event::Darken { datacenter, .. } => {
                self.site_lost(datacenter, "what was not on the disks is gone")
            }
            Event::Destroy { datacenter } => self.site_lost(datacenter, "the disks are gone"),
            Event::Cut { .. } => vec!["no connection works between the two".into()],
            Event::CutFrom { from, to } => vec![format!(
                "no connection can be opened from {} to {}",
                self.site(from),
                self.site(to)
            )],
            Event::Depose => vec!["there is no active controller; answers are lost".into()],
            Event::FallBehind { datacenter } => vec![format!(
                "a copy of the metadata in {} learns nothing from here on",
                self.site(datacenter)
            )],
            Event::RollBack { .. } => self.went_back(),
        }
    }

    // Who and what.

    fn name(&self, broker: Broker) -> String {
        self.model.setting.broker_name(broker)
    }

    fn site(&self, datacenter: Datacenter) -> &str {
        &self.model.setting.datacenters[datacenter.index()]
    }

    fn before(&self, broker: Broker) -> &Replica {
        &self.moment.before.replicas[broker]
    }

    fn after(&self, broker: Broker) -> &Replica {
        &self.moment.after.replicas[broker]
    }

    /// A set of brokers, as events list them.
    fn set(&self, brokers: BrokerSet) -> String {
        self.model.setting.broker_names(brokers)
    }

    /// Who leads before anything has happened.
    fn opening(&self) -> Option<String> {
        let image = self.moment.before.image();
        let leader = self.name(image.leader?);
        let epoch = image.leader_epoch.0;
        Some(format!(
            "{leader} leads epoch {epoch}; isr {}",
            self.set(image.isr)
        ))
    }

    // Clients.

    fn arrives_late(&self, broker: Broker) -> Vec<String> {
        let overtaken = "an older request, which others have overtaken, arrives now";
        let learnt = self.learn(broker);
        std::iter::once(overtaken.to_owned())
            .chain(learnt)
            .collect()
    }

    fn produce(&self, broker: Broker, record: Record) -> Vec<String> {
        let mut clauses = Vec::new();
        match self.model.setting.acks {
            Acks::All => {}
            Acks::Leader => {
                clauses.push("acks=1: the producer is told at once".into());
            }
            Acks::None => clauses.push("acks=0: the producer is told nothing".into()),
        }
        if super::walk::covers(self.after(broker), record) {
            clauses.push("nobody else is awaited: committed at once".into());
        }
        self.with_unaware(broker, clauses)
    }

    fn retry(&self, broker: Broker, record: Record) -> Vec<String> {
        let (before, after) = (&self.before(broker).log, &self.after(broker).log);
        let sent_again = match before.end_of(record) {
            Some(_) if after.end() == before.end() => {
                "it has that one already: nothing is appended"
            }
            Some(_) => {
                "it has that one already, and does not know it: the record stands there twice"
            }
            None => "the producer has not been answered and sends it again",
        };
        let appended = self.produce(broker, record);
        std::iter::once(sent_again.to_owned())
            .chain(appended)
            .collect()
    }

    fn read(&self, broker: Broker, offset: Offset) -> Vec<String> {
        let entries = self.before(broker).log.entries();
        let read = entries.get(usize::try_from(offset.0).unwrap_or(usize::MAX));
        read.map(|entry| format!("a consumer reads {}", entry.record))
            .into_iter()
            .collect()
    }

    /// A broker that acts under an epoch that is over, and does not know it.
    fn unaware(&self, broker: Broker) -> Option<String> {
        let replica = self.before(broker);
        let over = replica.tenure().is_some()
            && replica.leader_epoch < self.moment.before.history_of(broker).image().leader_epoch;
        over.then(|| format!("still unaware: it leads epoch {}", replica.leader_epoch.0))
    }

    fn with_unaware(&self, broker: Broker, clauses: Vec<String>) -> Vec<String> {
        self.unaware(broker).into_iter().chain(clauses).collect()
    }

    // Followers and leaders.

    fn fetch(&self, follower: Broker, lost: bool) -> Vec<String> {
        let Role::Follower(Some(leader)) = self.before(follower).role else {
            return Vec::new();
        };
        let mut clauses = match self.before(follower).asks {
            Asks::Nothing => {
                let offset = self.before(follower).log.end();
                let mut clauses = vec![self.asked(leader, follower, offset)];
                clauses.extend(self.proposal(leader));
                clauses
            }
            Asks::First | Asks::Again => vec![self.asked_first(leader, follower)],
        };
        if lost {
            clauses.push("the answer is lost".into());
        } else {
            clauses.extend(self.taken(leader, follower));
        }
        clauses
    }

    fn serve(&self, follower: Broker) -> Vec<String> {
        let Some(LateFetch::Request(fetch)) = self.moment.before.late[follower] else {
            return Vec::new();
        };
        let mut clauses = match fetch.asks {
            true => vec![self.epoch_end(fetch.to, fetch.last_epoch)],
            false => vec![self.asked(fetch.to, follower, fetch.offset)],
        };
        clauses.extend(self.proposal(fetch.to));
        clauses.push("the answer is on its way".into());
        clauses
    }

    /// What a follower asks before it fetches, in versions that do.
    fn asked_first(&self, leader: Broker, follower: Broker) -> String {
        self.epoch_end(leader, self.before(follower).log.last_epoch())
    }

    fn epoch_end(&self, leader: Broker, asked: LeaderEpoch) -> String {
        let name = self.name(leader);
        let names_epoch = self.model.variant.switches.answer_names_epoch;
        if asked == LeaderEpoch(0) {
            return format!("it has no epoch to ask {name} about");
        }
        let asked_for = asked.0;
        match self.model.known_end(&self.before(leader).log, asked) {
            None => format!("it asks where epoch {asked_for} ends: {name} does not know that"),
            Some((epoch, end)) if names_epoch && epoch != asked => format!(
                "it asks where epoch {asked_for} ends: {name} knows epoch {}, which ends at {}",
                epoch.0, end.0
            ),
            Some((_, end)) => format!("it asks where epoch {asked_for} ends: at {}", end.0),
        }
    }

    fn delivered(&self, follower: Broker) -> Vec<String> {
        match self.moment.before.late[follower] {
            Some(LateFetch::Answer(fetch, _)) => {
                self.taken(fetch.to, follower).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a follower asks for, and what the leader takes it to prove.
    fn asked(&self, leader: Broker, follower: Broker, offset: End) -> String {
        let known = |replica: &Replica| replica.tenure().and_then(|of| of.follower_end[follower]);
        let (old, new) = (known(self.before(leader)), known(self.after(leader)));
        let asked = format!("from offset {}", offset.0);
        if new != Some(offset) {
            return asked;
        }
        let proved = between(self.before(leader), old.unwrap_or_default(), offset);
        if proved.is_empty() {
            return asked;
        }
        let really = self
            .before(follower)
            .log
            .agrees_below(&self.before(leader).log, offset);
        match really {
            true => format!("{asked}: the proof that it holds {}", records(proved)),
            false => format!("{asked}: wrongly taken to hold {}", records(proved)),
        }
    }

    /// What the follower makes of the answer.
    fn taken(&self, leader: Broker, follower: Broker) -> Option<String> {
        let (old, new) = (self.before(follower), self.after(follower));
        if new.log.end() < old.log.end() {
            let dropped = between(old, new.log.end(), old.log.end());
            let to_watermark = old.asks == Asks::First
                && self
                    .model
                    .known_end(&self.before(leader).log, old.log.last_epoch())
                    .is_none();
            let why = match to_watermark {
                true => "it goes by its own watermark",
                false => "its log leaves the leader's",
            };
            return Some(format!(
                "{why}: it truncates to {} and drops {}",
                new.log.end().0,
                records(dropped)
            ));
        }
        let (told, now) = (self.before(leader).watermark, self.after(leader).watermark);
        let behind = told < now && new.watermark < now;
        behind.then(|| format!("the answer still says watermark {}", told.0))
    }

    /// The ISR that a leader has just proposed.
    fn proposal(&self, leader: Broker) -> Option<String> {
        if self.model.variant.switches.leader_writes_isr {
            return self.written(leader);
        }
        let pending = |replica: &Replica| replica.tenure().and_then(|tenure| tenure.pending);
        let (old, new) = (pending(self.before(leader)), pending(self.after(leader)));
        new.filter(|new| old != Some(*new)).map(|isr| {
            let proposer = match self.moment.event {
                Event::Shrink { .. } => String::new(),
                _ => format!("{} ", self.name(leader)),
            };
            format!("{proposer}proposes isr {}", self.set(isr))
        })
    }

    /// The ISR that a leader has written itself.
    fn written(&self, leader: Broker) -> Option<String> {
        let isr = |state: &State| state.image().isr;
        let (old, new) = (isr(&self.moment.before), isr(&self.moment.after));
        (old != new).then(|| format!("{} writes isr {}", self.name(leader), self.set(new)))
    }

    fn told(&self, leader: Broker) -> Vec<String> {
        let (Some(old), Some(new)) = (self.before(leader).tenure(), self.after(leader).tenure())
        else {
            return Vec::new();
        };
        let pending = old.pending.is_some();
        vec![match new.pending {
            None if new.isr != old.isr => format!("it now acts on isr {}", self.set(new.isr)),
            None if pending => format!("it takes its proposal back: isr {}", self.set(new.isr)),
            None => "an answer to nothing: ignored".into(),
            Some(_) => "it cannot tell what became of its proposal, and counts both".into(),
        }]
    }

    /// What a broker becomes when it applies metadata.
    fn learn(&self, broker: Broker) -> Vec<String> {
        let mut clauses = self.new_role(broker);
        if clauses.is_empty() {
            clauses.push("nothing changes for it".into());
        }
        clauses
    }

    fn new_role(&self, broker: Broker) -> Vec<String> {
        let (old, new) = (self.before(broker), self.after(broker));
        let mut clauses = Vec::new();
        match (&old.role, &new.role) {
            (Role::Leader(was), Role::Leader(is)) if old.leader_epoch == new.leader_epoch => {
                clauses.extend(self.acts_on(was, is));
            }
            (_, Role::Leader(is)) => clauses.push(format!(
                "takes office in epoch {}, isr {}",
                new.leader_epoch.0,
                self.set(is.isr)
            )),
            (was, is) if was == is && old.leader_epoch == new.leader_epoch => {}
            (Role::Leader(_), Role::Follower(leader)) => {
                clauses.push(format!(
                    "gives up its office; {}",
                    self.following(*leader, "")
                ));
            }
            (_, Role::Follower(leader)) => {
                let again = if *leader == self.last_followed(old) {
                    " again"
                } else {
                    ""
                };
                clauses.push(self.following(*leader, again));
            }
            (Role::Idle, Role::Idle) => {}
            (_, Role::Idle) => {
                clauses.push("it holds no replica any more: its log is deleted".into())
            }
        }
        if new.log.end() < old.log.end() {
            let dropped = between(old, new.log.end(), old.log.end());
            clauses.push(format!(
                "it truncates to its own watermark, {}, and drops {}",
                new.log.end().0,
                records(dropped)
            ));
        }
        clauses
    }

    fn last_followed(&self, replica: &Replica) -> Option<Broker> {
        match replica.role {
            Role::Follower(leader) => leader,
            Role::Idle | Role::Leader(_) => None,
        }
    }

    fn following(&self, leader: Option<Broker>, again: &str) -> String {
        match leader {
            Some(leader) => format!("a follower of {}{again}", self.name(leader)),
            None => "it waits for a leader".into(),
        }
    }

    fn acts_on(&self, was: &Tenure, is: &Tenure) -> Option<String> {
        if is.isr != was.isr {
            Some(format!("it now acts on isr {}", self.set(is.isr)))
        } else if is.pending != was.pending {
            Some(format!("its proposal is void: isr {}", self.set(is.isr)))
        } else {
            None
        }
    }

    // The controller.

    fn apply(&self, leader: Broker) -> Vec<String> {
        let (before, after) = (&self.moment.before, &self.moment.after);
        let Some(request) = before.changes[leader].request else {
            return Vec::new();
        };
        let (asked, answering) = (before.history_of(leader), after.history_of(leader));
        let image = asked.image();
        let completed =
            answering.adding.union(answering.removing) != asked.adding.union(asked.removing);
        if completed || answering.image().isr == request.isr && answering.image() != image {
            return self.with_metadata("the controller takes it");
        }
        if image.isr == request.isr && image.leader == Some(leader) {
            return vec!["the controller takes it: it changes nothing".into()];
        }
        let fenced = request.isr.intersection(image.inactive.fenced);
        let leaving = request
            .isr
            .intersection(image.inactive.in_controlled_shutdown);
        let reregistered: BrokerSet = request
            .isr
            .iter()
            .filter(|member| {
                let known = request.member_epochs[*member];
                known.0 != 0 && known != image.broker_epochs[*member]
            })
            .collect();
        let why = if request.leader_epoch < image.leader_epoch {
            format!("epoch {} has begun", image.leader_epoch.0)
        } else if !fenced.is_empty() {
            format!("{} is fenced", self.set(fenced))
        } else if !leaving.is_empty() {
            format!("{} is in controlled shutdown", self.set(leaving))
        } else if !reregistered.is_empty() {
            format!("{} has registered anew", self.set(reregistered))
        } else {
            "it is out of date".into()
        };
        vec![format!("the controller rejects it: {why}")]
    }

    /// What is new in the committed metadata.
    fn metadata(&self) -> Vec<String> {
        let (before, after) = (&self.moment.before, &self.moment.after);
        let news = self.news(&before.controller, &after.controller);
        match (&before.former, &after.former) {
            (Some(was), Some(is)) if news.is_empty() => {
                let news = self.news(was, is).into_iter();
                news.map(|news| format!("for the former quorum {news}"))
                    .collect()
            }
            _ => news,
        }
    }

    /// What is new in one history.
    fn news(&self, before: &Controller, after: &Controller) -> Vec<String> {
        let (old, new) = (before.image(), after.image());
        let mut parts: Vec<String> = self.assignment().into_iter().collect();
        if (old.leader, old.leader_epoch) != (new.leader, new.leader_epoch) {
            parts.push(match new.leader {
                None => format!("nobody leads: epoch {}", new.leader_epoch.0),
                Some(leader) if old.leader == Some(leader) => {
                    format!(
                        "{} leads on: epoch {}",
                        self.name(leader),
                        new.leader_epoch.0
                    )
                }
                Some(leader) => format!(
                    "{} is elected{}: epoch {}",
                    self.name(leader),
                    self.how(before, leader),
                    new.leader_epoch.0
                ),
            });
        }
        if old.isr != new.isr || old.leader != new.leader {
            parts.push(format!("isr {}", self.set(new.isr)));
        }
        if before.elr != after.elr {
            parts.push(format!("elr {}", self.set(after.elr)));
        }
        match parts.is_empty() {
            true => Vec::new(),
            false => vec![parts.join(", ")],
        }
    }

    /// What is new in who holds a replica.
    fn assignment(&self) -> Option<String> {
        let (before, after) = (&self.moment.before, &self.moment.after);
        let (old, new) = (before.image(), after.image());
        let (adding, removing) = (after.controller.adding, after.controller.removing);
        let runs = !adding.union(removing).is_empty();
        let ran = !before
            .controller
            .adding
            .union(before.controller.removing)
            .is_empty();
        let taken_back = matches!(self.moment.event, Event::CancelReassignment);
        let promoted = old.observers.minus(new.observers);
        if !promoted.is_empty() {
            return Some(format!("no longer an observer: {}", self.set(promoted)));
        }
        match (ran, runs) {
            (false, true) => Some(format!(
                "a reassignment begins: adding {}, removing {}",
                self.set(adding),
                self.set(removing)
            )),
            (true, false) if taken_back => Some(format!(
                "the reassignment is taken back: replicas {}",
                self.set(new.replicas)
            )),
            (true, true) if self.is_replaced() => Some(format!(
                "the reassignment is replaced: adding {}, removing {}",
                self.set(adding),
                self.set(removing)
            )),
            (true, false) => Some(format!(
                "the reassignment completes: replicas {}",
                self.set(new.replicas)
            )),
            _ if old.replicas != new.replicas => Some(format!(
                "reassigned at once: replicas {}",
                self.set(new.replicas)
            )),
            _ => None,
        }
    }

    /// Whether another reassignment begins while one runs.
    fn is_replaced(&self) -> bool {
        matches!(self.moment.event, Event::Reassign { .. })
    }

    fn how(&self, before: &Controller, elected: Broker) -> &'static str {
        let named = before.image().isr.union(before.elr);
        if named
            .intersection(before.image().replicas)
            .contains(elected)
        {
            return "";
        }
        match before.last_known_leader == Some(elected) {
            true => " as the last known leader",
            false => " uncleanly",
        }
    }

    fn with_metadata(&self, first: &str) -> Vec<String> {
        std::iter::once(first.to_owned())
            .chain(self.metadata())
            .collect()
    }

    /// With ZooKeeper a broker may be back before it was missed.
    fn why_fenced(&self, broker: Broker) -> &'static str {
        let known = self.moment.before.image().broker_epochs[broker];
        let own = self.before(broker).broker_epoch;
        match self.model.has_zookeeper() && own.0 != 0 && own != known {
            true => "another registration than the controller knew: it was gone",
            false => "its session has expired",
        }
    }

    fn register(&self, broker: Broker) -> Vec<String> {
        let fenced = self.moment.after.image().inactive.fenced.contains(broker);
        if self.model.has_zookeeper() {
            return vec![match fenced {
                true => "its node is there again".to_owned(),
                false => "its node is there again, and nobody has seen that it was gone".to_owned(),
            }];
        }
        let mut clauses = vec![match fenced {
            true => "a new registration, fenced at first".to_owned(),
            false => "a new registration, and not fenced".to_owned(),
        }];
        clauses.extend(self.metadata());
        clauses.extend(self.new_role(broker));
        clauses
    }

    // What goes wrong, and what heals.

    fn restart(&self, broker: Broker, watermark: Option<Offset>) -> Vec<String> {
        let image = self.moment.before.image();
        let mut clauses = Vec::new();
        if let Some(watermark) = watermark {
            clauses.push(format!("its checkpoint says watermark {watermark}"));
        }
        if image.leader == Some(broker) {
            clauses.push("within its session: the controller still calls it leader".into());
        } else if !image.inactive.fenced.contains(broker) && image.isr.contains(broker) {
            clauses.push("within its session: still in the isr".into());
        }
        clauses
    }

    fn stopped(&self, broker: Broker, how: &str) -> Vec<String> {
        let leads = self.moment.before.image().leader == Some(broker);
        let leader = leads.then(|| "the leader stops".to_owned());
        leader.into_iter().chain([how.to_owned()]).collect()
    }

    fn disk_loss(&self, broker: Broker) -> Vec<String> {
        let (old, new) = (self.before(broker), self.after(broker));
        let gone = between(old, new.log.end(), old.log.end());
        match gone.is_empty() {
            true => self.stopped(broker, "its disk had everything"),
            false => self.stopped(
                broker,
                &format!("{} was not on the disk yet", records(gone)),
            ),
        }
    }

    /// What the controllers of another quorum begin with.
    fn broken_out(&self, site: Datacenter) -> Vec<String> {
        let mut clauses = vec![format!(
            "the controllers of {} are a quorum of their own",
            self.site(site)
        )];
        if self.moment.before.former.is_none() {
            clauses.extend(self.went_back());
        }
        clauses
    }

    /// What is no longer committed.
    fn went_back(&self) -> Vec<String> {
        let (old, new) = (self.moment.before.image(), self.moment.after.image());
        let mut clauses = Vec::new();
        if old != new {
            clauses.push("the metadata goes back".to_owned());
        }
        clauses.extend(self.metadata());
        clauses
    }

    fn site_lost(&self, site: Datacenter, disks: &str) -> Vec<String> {
        let mut clauses = vec![disks.to_owned()];
        if self.moment.before.controller.active == Some(site) {
            clauses.push("the active controller was there".into());
        }
        clauses
    }
}
