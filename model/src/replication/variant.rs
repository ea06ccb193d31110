//! What a Kafka version, a candidate defect or an experiment changes: plain data, each matched in
//! exactly one place.

use super::state::Log;
use super::{End, Grain, GuardSet, LeaderEpoch, Replication};
use highwater_vocabulary::{Profile, Setting};

/// A protocol: a Kafka version's switches, and the guards an experiment waives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Variant {
    /// What the version switches on.
    pub switches: Switches,
    /// Which guards are not in force.
    pub waived: GuardSet,
    /// Whether fetches may be late: sent, handled and answered as three events, across elections.
    pub late_fetches: bool,
    /// Whether LeaderAndIsr requests that others have overtaken may still arrive; only with ZooKeeper.
    pub late_requests: bool,
    /// How large the steps are.
    pub grain: Grain,
}

macro_rules! switches {
    ($($(#[doc = $doc:literal])* $field:ident = $name:literal,)*) => {
        /// Differences between Kafka versions, and two candidate defects.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct Switches {
            $($(#[doc = $doc])* pub $field: bool,)*
        }

        impl Switches {
            /// The names, as experiments and stories write them.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// The switch of that name.
            pub fn get(&self, name: &str) -> Option<bool> {
                match name { $($name => Some(self.$field),)* _ => None }
            }

            /// Turns the switch of that name; `false` if there is none.
            #[must_use]
            pub fn set(&mut self, name: &str, on: bool) -> bool {
                match name { $($name => self.$field = on,)* _ => return false }
                true
            }

            /// What the switch of that name does, as a sentence.
            pub fn sentence(name: &str) -> Option<&'static str> {
                match name { $($name => Some(concat!($($doc),*).trim_ascii_start()),)* _ => None }
            }
        }
    };
}

switches! {
    /// A follower that learns of a new leader truncates to its own watermark, as before KIP-101,
    /// and no epochs are compared.
    truncates_to_watermark = "truncates-to-watermark",
    /// A follower that gets another leader asks, before it fetches, where its newest epoch ends in that
    /// one's log, and states no epoch when it fetches (KIP-101, until 2.7).
    asks_before_fetching = "asks-before-fetching",
    /// It also asks where the leader is the one it had, and the leader epoch has grown by more than one
    /// (KAFKA-7164).
    asks_after_missed_epoch = "asks-after-missed-epoch",
    /// Whoever is told where an epoch ends is told which epoch that is, and goes by what it knows of it
    /// (KIP-279).
    answer_names_epoch = "answer-names-epoch",
    /// A leader serves fetches of its own leader epoch only (KIP-320).
    checks_fetch_epoch = "checks-fetch-epoch",
    /// A new leader notes its epoch at once, and an epoch is noted over later ones that are in its way
    /// (KAFKA-7415); before, with its first record, and unless a later one was noted.
    notes_epoch_at_election = "notes-epoch-at-election",
    /// Whoever joins the ISR has reached the start of the leader's epoch (KAFKA-7128).
    checks_epoch_start = "checks-epoch-start",
    /// The watermark stands still below min ISR, also without eligible leader replicas (KAFKA-15583).
    strict_min_isr = "strict-min-isr",
    /// A leader refuses fetches of older registrations (KAFKA-15221).
    checks_fetch_broker_epoch = "checks-fetch-broker-epoch",
    /// A follower drops answers that were given under another leader epoch (KAFKA-18723).
    checks_answer_epoch = "checks-answer-epoch",
    /// Dropping a member from the ISR starts a new leader epoch (until metadata version 3.6).
    shrinking_starts_epoch = "shrinking-starts-epoch",
    /// A new registration takes the broker's seats, as a fencing or an unclean stop does
    /// (KAFKA-18106, KAFKA-18635); before, it kept seat and office (B19).
    registration_takes_seats = "registration-takes-seats",
    /// The controller honours `unclean.leader.election.enable` of its own accord (KAFKA-12670).
    unclean_by_controller = "unclean-by-controller",
    /// The last known leader is elected even if it is fenced (KAFKA-19522).
    elects_fenced_last_known = "elects-fenced-last-known",
    /// A reassignment completes only when everybody who is to hold a replica is in the ISR, not just
    /// whoever is added (with ZooKeeper; 3.9 to 4.2).
    reassignment_awaits_targets = "reassignment-awaits-targets",
    /// Candidate defect F-EQ: metadata of the partition epoch that the leader already acts on is
    /// applied again and wipes a pending change.
    equal_epoch_wipes_pending = "equal-epoch-wipes-pending",
    /// Candidate defect F-RE: a leader that is re-elected, with its loss of office learnt in the
    /// same batch, keeps what it knew of its followers.
    reelected_leader_remembers = "reelected-leader-remembers",
    /// The watermark also waits for followers outside the ISR that were at the log end less than
    /// the lag time ago; `lapse` ends the wait.
    waits_for_caught_up = "waits-for-caught-up",
    /// A leader writes the ISR into ZooKeeper itself, by compare and set; until KIP-497 no controller is
    /// asked.
    leader_writes_isr = "leader-writes-isr",
    /// Requests of the controller carry the broker epoch of their receiver, and a broker that comes back
    /// before its absence was noticed is noticed by it (KIP-380).
    checks_request_broker_epoch = "checks-request-broker-epoch",
    /// Only brokers that are not fenced join an ISR (KIP-841).
    checks_isr_members = "checks-isr-members",
    /// Brokers join an ISR only under the registration that is known of them (KIP-903).
    checks_member_epochs = "checks-member-epochs",
    /// A leader whose watermark has not reached the start of its epoch does not say what the latest offset
    /// is (KIP-207).
    withholds_latest = "withholds-latest",
    /// A leader looks at its watermark when its ISR change is answered (KAFKA-13091).
    answer_moves_watermark = "answer-moves-watermark",
}

impl Switches {
    /// What a Kafka version switches on, candidate defects repaired.
    ///
    /// Read in the sources of 0.10.2.1, 1.0.0, 2.0.1, 2.1.0, 2.7.0, 3.3.2, 3.5.0, 3.9.1, 4.0.0 and 4.1.0;
    /// docs/PROTOCOL.md names class and method for each.
    pub fn of(profile: Profile) -> Switches {
        let since = |version| profile >= version;
        Switches {
            truncates_to_watermark: profile == Profile::V0_10,
            asks_before_fetching: matches!(profile, Profile::V1_0 | Profile::V2_0),
            asks_after_missed_epoch: profile == Profile::V2_0,
            answer_names_epoch: since(Profile::V2_0),
            checks_fetch_epoch: since(Profile::V2_1),
            notes_epoch_at_election: since(Profile::V2_0),
            checks_epoch_start: since(Profile::V2_0),
            strict_min_isr: since(Profile::V3_9),
            checks_fetch_broker_epoch: since(Profile::V3_9),
            checks_answer_epoch: profile == Profile::V3_9 || since(Profile::V4_1),
            shrinking_starts_epoch: matches!(profile, Profile::V3_3 | Profile::V3_5),
            registration_takes_seats: since(Profile::V4_0),
            unclean_by_controller: since(Profile::V3_9) || profile.has_zookeeper(),
            elects_fenced_last_known: profile == Profile::V4_0,
            reassignment_awaits_targets: since(Profile::V3_9) || profile.has_zookeeper(),
            equal_epoch_wipes_pending: false,
            reelected_leader_remembers: false,
            waits_for_caught_up: false,
            leader_writes_isr: profile <= Profile::V2_1,
            checks_request_broker_epoch: profile == Profile::V2_7,
            checks_isr_members: since(Profile::V3_3),
            checks_member_epochs: since(Profile::V3_5),
            withholds_latest: since(Profile::V2_7),
            answer_moves_watermark: profile != Profile::V2_7,
        }
    }

    /// Turns the candidate defects on, and the wait that partly hides one: the rules as Kafka's source
    /// has them.
    pub fn as_source(mut self) -> Switches {
        self.equal_epoch_wipes_pending = true;
        self.reelected_leader_remembers = true;
        self.waits_for_caught_up = true;
        self
    }
}

impl Variant {
    /// Kafka of this version with every guard in force.
    pub fn of(profile: Profile) -> Variant {
        Variant {
            switches: Switches::of(profile),
            waived: GuardSet::default(),
            late_fetches: false,
            late_requests: false,
            grain: Grain::Fine,
        }
    }

    /// The variant that the parts of a story's first line describe: `waive:GUARD`, `SWITCH=on`,
    /// `SWITCH=off`, `late-fetches`, `late-requests`.
    ///
    /// # Errors
    /// Says which part means nothing.
    pub fn parse(profile: Profile, parts: &[String]) -> Result<Variant, String> {
        let mut variant = Variant::of(profile);
        for part in parts {
            if part == "late-fetches" {
                variant.late_fetches = true;
            } else if part == "late-requests" {
                if !profile.has_zookeeper() {
                    return Err(format!(
                        "`late-requests` are a controller's, and Kafka {profile} is modelled with KRaft, whose brokers ask"
                    ));
                }
                variant.late_requests = true;
            } else if let Some(guard) = part.strip_prefix("waive:") {
                let guard = guard
                    .parse()
                    .map_err(|()| format!("there is no guard `{guard}`"))?;
                variant.waived = variant.waived.with(guard);
            } else {
                let (name, value) = part.split_once('=').ok_or_else(|| unknown_part(part))?;
                let on = match value {
                    "on" => true,
                    "off" => false,
                    _ => return Err(format!("switch `{name}` is `on` or `off`, not `{value}`")),
                };
                if !variant.switches.set(name, on) {
                    return Err(unknown_part(part));
                }
            }
        }
        Ok(variant)
    }

    /// How this variant differs from Kafka of `profile`, in the words that `parse` reads.
    pub fn parts(&self, profile: Profile) -> Vec<String> {
        let plain = Switches::of(profile);
        let switched = Switches::NAMES
            .iter()
            .filter(|name| self.switches.get(name) != plain.get(name))
            .map(|name| {
                let on = self.switches.get(name) == Some(true);
                format!("{name}={}", if on { "on" } else { "off" })
            });
        let waived = self.waived.iter().map(|guard| format!("waive:{guard}"));
        let late = self.late_fetches.then(|| "late-fetches".to_owned());
        let requests = self.late_requests.then(|| "late-requests".to_owned());
        switched.chain(waived).chain(late).chain(requests).collect()
    }
}

fn unknown_part(part: &str) -> String {
    format!(
        "`{part}` is no variant; there are `waive:GUARD`, `late-fetches`, `late-requests`, and `SWITCH=on` or `=off` for {}",
        Switches::NAMES.join(", ")
    )
}

/// Whether a cluster of this version has eligible leader replicas if nobody says so: since 4.1, for
/// new clusters.
pub fn elr_by_default(profile: Profile) -> bool {
    profile >= Profile::V4_1
}

/// Whether a cluster of this version can have them at all.
pub fn elr_possible(profile: Profile) -> bool {
    profile >= Profile::V4_0
}

impl Replication {
    /// Whether ZooKeeper keeps the metadata, and a broker is the controller.
    pub fn has_zookeeper(&self) -> bool {
        self.setting.kafka.has_zookeeper()
    }

    /// Where an epoch ends in a log, as far as its cache says that to who asks.
    pub fn known_end(&self, log: &Log, epoch: LeaderEpoch) -> Option<(LeaderEpoch, End)> {
        match self.variant.switches.notes_epoch_at_election {
            true => log.end_of_epoch(epoch).filter(|_| epoch > LeaderEpoch(0)),
            false => log.end_of_epoch_if_noted(epoch),
        }
    }

    /// Whether a log's cache has every epoch that is newer than those before it, and no other.
    pub(super) fn notes_only_newer(&self) -> bool {
        let switches = &self.variant.switches;
        !switches.notes_epoch_at_election && !switches.truncates_to_watermark
    }

    /// Whether the cluster keeps eligible leader replicas.
    pub fn has_elr(&self) -> bool {
        let setting: &Setting = &self.setting;
        setting.eligible_leader_replicas && elr_possible(setting.kafka)
    }
}
