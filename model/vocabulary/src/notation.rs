//! One line an event: printing and parsing.  `docs/NOTATION.md` is its reference.

use crate::{
    Broker, BrokerSet, Datacenter, Event, MOST_BROKERS, MOST_RECORDS, Member, Offset, Record,
    Setting,
};
use thiserror::Error;

/// What is wrong with a line that should be an event.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[expect(missing_docs, reason = "the message of each error names its fields")]
pub enum NotationError {
    /// The first word is no event's.
    #[error("there is no event `{0}`; docs/NOTATION.md lists them")]
    UnknownVerb(String),
    /// The line ends too early.
    #[error("`{verb}` wants {wanted} here, and the line ends")]
    Missing { verb: String, wanted: &'static str },
    /// A word is not what the event wants at its place.
    #[error("`{verb}` wants {wanted}, not `{found}`{}", known.as_ref().map(|k| format!("; there are {k}")).unwrap_or_default())]
    Unfit {
        verb: String,
        wanted: &'static str,
        found: String,
        known: Option<String>,
    },
    /// Words are left over.
    #[error("`{verb}` is complete before `{rest}`")]
    TooMuch { verb: String, rest: String },
}

impl Event {
    /// The event as one line; `Event::parse` reads it back.
    pub fn line(&self, setting: &Setting) -> String {
        let broker = |b: Broker| setting.broker_name(b);
        let site = |d: Datacenter| setting.datacenters[d.index()].clone();
        match *self {
            Event::Produce { broker: b, record } => format!("produce {} {record}", broker(b)),
            Event::Retry { broker: b, record } => format!("retry {} {record}", broker(b)),
            Event::Ack { broker: b, record } => format!("ack {} {record}", broker(b)),
            Event::Refuse { broker: b, record } => format!("refuse {} {record}", broker(b)),
            Event::Read {
                from,
                broker: b,
                offset,
            } => format!("read {} {} {offset}", site(from), broker(b)),
            Event::Fetch { follower } => format!("fetch {}", broker(follower)),
            Event::FetchLost { follower } => format!("fetch-lost {}", broker(follower)),
            Event::Request { follower } => format!("request {}", broker(follower)),
            Event::Serve { follower } => format!("serve {}", broker(follower)),
            Event::Answer { follower } => format!("answer {}", broker(follower)),
            Event::Drop { follower } => format!("drop {}", broker(follower)),
            Event::Lapse { leader, follower } => {
                format!("lapse {} {}", broker(leader), broker(follower))
            }
            Event::Shrink { leader, dropped } => format!(
                "shrink {} {}",
                broker(leader),
                setting.broker_names(dropped)
            ),
            Event::Told { leader } => format!("told {}", broker(leader)),
            Event::Untold { leader } => format!("untold {}", broker(leader)),
            Event::Learn {
                broker: b,
                records: 1,
            } => format!("learn {}", broker(b)),
            Event::Learn { broker: b, records } => format!("learn {} {records}", broker(b)),
            Event::Late { broker: b, records } => format!("late {} {records}", broker(b)),
            Event::Terminate { broker: b } => format!("terminate {}", broker(b)),
            Event::Apply { leader } => format!("apply {}", broker(leader)),
            Event::Fence { broker: b } => format!("fence {}", broker(b)),
            Event::Unfence { broker: b } => format!("unfence {}", broker(b)),
            Event::Register { broker: b } => format!("register {}", broker(b)),
            Event::Prefer => "prefer".into(),
            Event::Unclean => "unclean".into(),
            Event::Activate { datacenter } => format!("activate {}", site(datacenter)),
            Event::SetMinIsr { to } => format!("set-min-isr {to}"),
            Event::PromoteObservers { datacenter } => {
                format!("promote-observers {}", site(datacenter))
            }
            Event::Reassign { replicas } => format!("reassign {}", setting.broker_names(replicas)),
            Event::CancelReassignment => "cancel-reassignment".into(),
            Event::ElectUnclean => "elect-unclean".into(),
            Event::ControlledShutdown { broker: b } => {
                format!("controlled-shutdown {}", broker(b))
            }
            Event::Stop { broker: b } => format!("stop {}", broker(b)),
            Event::BreakOut { datacenter } => format!("break-out {}", site(datacenter)),
            Event::AddVoter { datacenter } => format!("add-voter {}", site(datacenter)),
            Event::Restart {
                broker: b,
                watermark: None,
            } => format!("restart {}", broker(b)),
            Event::Restart {
                broker: b,
                watermark: Some(w),
            } => format!("restart {} {w}", broker(b)),
            Event::Resume { broker: b } => format!("resume {}", broker(b)),
            Event::CatchUp => "catch-up".into(),
            Event::Return { datacenter } => format!("return {}", site(datacenter)),
            Event::Heal { between: [x, y] } => format!("heal {} {}", site(x), site(y)),
            Event::Crash { broker: b } => format!("crash {}", broker(b)),
            Event::PowerLoss { broker: b, lost } => format!("power-loss {} {lost}", broker(b)),
            Event::Wipe { broker: b } => format!("wipe {}", broker(b)),
            Event::Pause { broker: b } => format!("pause {}", broker(b)),
            Event::Lag => "lag".into(),
            Event::Lose { datacenter } => format!("lose {}", site(datacenter)),
            Event::Darken { datacenter, lost } => {
                let lost = setting
                    .brokers_of(datacenter)
                    .iter()
                    .map(|b| format!(" {}", lost[b.index()]));
                format!("darken {}{}", site(datacenter), lost.collect::<String>())
            }
            Event::Destroy { datacenter } => format!("destroy {}", site(datacenter)),
            Event::Cut { between: [x, y] } => format!("cut {} {}", site(x), site(y)),
            Event::CutFrom { from, to } => format!("cut-from {} {}", site(from), site(to)),
            Event::Depose => "depose".into(),
            Event::FallBehind { datacenter } => format!("fall-behind {}", site(datacenter)),
            Event::RollBack { datacenter } => format!("roll-back {}", site(datacenter)),
        }
    }

    /// The event that `line` names, in this setting.
    pub fn parse(line: &str, setting: &Setting) -> Result<Event, NotationError> {
        let mut words = line.split_whitespace();
        let verb = words.next().unwrap_or_default();
        let mut operands = Operands {
            verb,
            words: words.peekable(),
            setting,
        };
        let event = operands.event()?;
        let rest = operands.words.collect::<Vec<_>>().join(" ");
        if rest.is_empty() {
            Ok(event)
        } else {
            Err(NotationError::TooMuch {
                verb: verb.into(),
                rest,
            })
        }
    }
}

/// The words after the verb, read one by one.
struct Operands<'a, W: Iterator<Item = &'a str>> {
    verb: &'a str,
    words: std::iter::Peekable<W>,
    setting: &'a Setting,
}

impl<'a, W: Iterator<Item = &'a str>> Operands<'a, W> {
    fn event(&mut self) -> Result<Event, NotationError> {
        Ok(match self.verb {
            "produce" => Event::Produce {
                broker: self.broker()?,
                record: self.record()?,
            },
            "retry" => Event::Retry {
                broker: self.broker()?,
                record: self.record()?,
            },
            "ack" => Event::Ack {
                broker: self.broker()?,
                record: self.record()?,
            },
            "refuse" => Event::Refuse {
                broker: self.broker()?,
                record: self.record()?,
            },
            "read" => Event::Read {
                from: self.site()?,
                broker: self.broker()?,
                offset: self.offset()?,
            },
            "fetch" => Event::Fetch {
                follower: self.broker()?,
            },
            "fetch-lost" => Event::FetchLost {
                follower: self.broker()?,
            },
            "request" => Event::Request {
                follower: self.broker()?,
            },
            "serve" => Event::Serve {
                follower: self.broker()?,
            },
            "answer" => Event::Answer {
                follower: self.broker()?,
            },
            "drop" => Event::Drop {
                follower: self.broker()?,
            },
            "lapse" => Event::Lapse {
                leader: self.broker()?,
                follower: self.broker()?,
            },
            "shrink" => Event::Shrink {
                leader: self.broker()?,
                dropped: self.brokers()?,
            },
            "told" => Event::Told {
                leader: self.broker()?,
            },
            "untold" => Event::Untold {
                leader: self.broker()?,
            },
            "learn" => Event::Learn {
                broker: self.broker()?,
                records: self.count_or(1)?,
            },
            "late" => Event::Late {
                broker: self.broker()?,
                records: self.number("how many metadata records", 1, 64)?,
            },
            "terminate" => Event::Terminate {
                broker: self.broker()?,
            },
            "apply" => Event::Apply {
                leader: self.broker()?,
            },
            "fence" => Event::Fence {
                broker: self.broker()?,
            },
            "unfence" => Event::Unfence {
                broker: self.broker()?,
            },
            "register" => Event::Register {
                broker: self.broker()?,
            },
            "prefer" => Event::Prefer,
            "unclean" => Event::Unclean,
            "activate" => Event::Activate {
                datacenter: self.site()?,
            },
            "set-min-isr" => Event::SetMinIsr {
                to: self.min_isr()?,
            },
            "promote-observers" => Event::PromoteObservers {
                datacenter: self.site()?,
            },
            "reassign" => Event::Reassign {
                replicas: self.brokers()?,
            },
            "cancel-reassignment" => Event::CancelReassignment,
            "elect-unclean" => Event::ElectUnclean,
            "controlled-shutdown" => Event::ControlledShutdown {
                broker: self.broker()?,
            },
            "stop" => Event::Stop {
                broker: self.broker()?,
            },
            "break-out" => Event::BreakOut {
                datacenter: self.site()?,
            },
            "add-voter" => Event::AddVoter {
                datacenter: self.site()?,
            },
            "restart" => Event::Restart {
                broker: self.broker()?,
                watermark: self.optional_offset()?,
            },
            "resume" => Event::Resume {
                broker: self.broker()?,
            },
            "catch-up" => Event::CatchUp,
            "return" => Event::Return {
                datacenter: self.site()?,
            },
            "heal" => Event::Heal {
                between: self.pair()?,
            },
            "crash" => Event::Crash {
                broker: self.broker()?,
            },
            "power-loss" => Event::PowerLoss {
                broker: self.broker()?,
                lost: self.loss()?,
            },
            "wipe" => Event::Wipe {
                broker: self.broker()?,
            },
            "pause" => Event::Pause {
                broker: self.broker()?,
            },
            "lag" => Event::Lag,
            "lose" => Event::Lose {
                datacenter: self.site()?,
            },
            "darken" => {
                let datacenter = self.site()?;
                let mut lost = [0; MOST_BROKERS];
                for broker in self.setting.brokers_of(datacenter).iter() {
                    lost[broker.index()] = self.loss()?;
                }
                Event::Darken { datacenter, lost }
            }
            "destroy" => Event::Destroy {
                datacenter: self.site()?,
            },
            "cut" => Event::Cut {
                between: self.pair()?,
            },
            "cut-from" => {
                let [from, to] = self.pair()?;
                Event::CutFrom { from, to }
            }
            "depose" => Event::Depose,
            "fall-behind" => Event::FallBehind {
                datacenter: self.site()?,
            },
            "roll-back" => Event::RollBack {
                datacenter: self.site()?,
            },
            unknown => return Err(NotationError::UnknownVerb(unknown.into())),
        })
    }

    fn word(&mut self, wanted: &'static str) -> Result<&'a str, NotationError> {
        self.words.next().ok_or_else(|| NotationError::Missing {
            verb: self.verb.into(),
            wanted,
        })
    }

    fn unfit(&self, wanted: &'static str, found: &str, known: Option<String>) -> NotationError {
        NotationError::Unfit {
            verb: self.verb.into(),
            wanted,
            found: found.into(),
            known,
        }
    }

    fn broker(&mut self) -> Result<Broker, NotationError> {
        let word = self.word("a broker")?;
        self.setting.broker_named(word).ok_or_else(|| {
            self.unfit(
                "a broker",
                word,
                Some(self.setting.broker_names(self.setting.replicas())),
            )
        })
    }

    fn brokers(&mut self) -> Result<BrokerSet, NotationError> {
        let mut brokers = BrokerSet::only(self.broker()?);
        while self.words.peek().is_some() {
            brokers = brokers.with(self.broker()?);
        }
        Ok(brokers)
    }

    fn site(&mut self) -> Result<Datacenter, NotationError> {
        let word = self.word("a datacenter")?;
        self.setting.datacenter_named(word).ok_or_else(|| {
            self.unfit(
                "a datacenter",
                word,
                Some(self.setting.datacenters.join(" ")),
            )
        })
    }

    fn pair(&mut self) -> Result<[Datacenter; 2], NotationError> {
        let x = self.site()?;
        let second = self.words.peek().copied().unwrap_or_default();
        let y = self.site()?;
        if x == y {
            return Err(self.unfit("a second, different datacenter", second, None));
        }
        Ok([x, y])
    }

    fn record(&mut self) -> Result<Record, NotationError> {
        let word = self.word("a record")?;
        word.strip_prefix('r')
            .and_then(|number| number.parse::<usize>().ok())
            .filter(|number| (1..=MOST_RECORDS).contains(number))
            .map(|number| Record::at(number - 1))
            .ok_or_else(|| self.unfit("a record", word, Some(format!("r1 to r{MOST_RECORDS}"))))
    }

    /// A number from `least` to `most`, both included.
    fn number(&mut self, wanted: &'static str, least: u8, most: u8) -> Result<u8, NotationError> {
        let word = self.word(wanted)?;
        word.parse()
            .ok()
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.unfit(wanted, word, Some(format!("{least} to {most}"))))
    }

    fn offset(&mut self) -> Result<Offset, NotationError> {
        self.number("an offset", 0, MOST_RECORDS as u8)
            .map(|number| Offset(number.into()))
    }

    fn optional_offset(&mut self) -> Result<Option<Offset>, NotationError> {
        if self.words.peek().is_some() {
            self.offset().map(Some)
        } else {
            Ok(None)
        }
    }

    fn count_or(&mut self, default: u8) -> Result<u8, NotationError> {
        if self.words.peek().is_some() {
            self.number("how many metadata records", 1, 64)
        } else {
            Ok(default)
        }
    }

    fn min_isr(&mut self) -> Result<u8, NotationError> {
        self.number("a min ISR", 1, MOST_BROKERS as u8)
    }

    fn loss(&mut self) -> Result<u8, NotationError> {
        self.number("how many records are lost", 0, MOST_RECORDS as u8)
    }
}
