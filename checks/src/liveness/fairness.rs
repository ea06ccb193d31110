//! Which steps must not be put off for ever, and which nobody has to take.
//!
//! docs/PROPERTIES.md argues every line.

use highwater_model::replication::Replication;
use highwater_vocabulary::{Broker, Datacenter, Event, Record};

/// Steps that are fair together: if one of them can be taken for ever, one of them is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// A fetch of this follower is handled and answered.
    Fetch(Broker),
    /// A late fetch of this follower is handled.
    Serve(Broker),
    /// The answer to a late fetch reaches this follower.
    Answer(Broker),
    /// This broker applies metadata, however many records at once.
    Learn(Broker),
    /// The process of this broker ends, because the metadata it finds contradicts what it knows.
    Terminate(Broker),
    /// The controller handles the ISR change of this leader.
    Apply(Broker),
    /// This leader hears what became of its ISR change.
    Told(Broker),
    /// The lag time of a follower passes for this leader.
    Lapse(Broker),
    /// This leader answers the producer of a record, one way or the other.
    Produced(Broker, Record),
    /// The session of this broker expires.
    Fence(Broker),
    /// This broker registers.
    Register(Broker),
    /// This broker is let back in.
    Unfence(Broker),
    /// This broker, whose controlled shutdown has begun, stops.
    Stop(Broker),
    /// This broker's process starts.
    Restart(Broker),
    /// This broker's process goes on.
    Resume(Broker),
    /// A voter becomes the active controller.
    Activate,
    /// The controller looks for leaders outside ISR and eligible leader replicas.
    Unclean,
    /// The episode of lag ends.
    CatchUp,
    /// This datacenter comes back.
    Return(Datacenter),
    /// The connections between these two work again.
    Heal([Datacenter; 2]),
}

impl Class {
    /// The class of an event; none if nobody has to let it happen.
    pub fn of(event: &Event) -> Option<Class> {
        match *event {
            Event::Fetch { follower } => Some(Class::Fetch(follower)),
            Event::Serve { follower } => Some(Class::Serve(follower)),
            Event::Answer { follower } => Some(Class::Answer(follower)),
            Event::Learn { broker, .. } => Some(Class::Learn(broker)),
            Event::Terminate { broker } => Some(Class::Terminate(broker)),
            Event::Apply { leader } => Some(Class::Apply(leader)),
            Event::Told { leader } => Some(Class::Told(leader)),
            Event::Lapse { leader, .. } => Some(Class::Lapse(leader)),
            Event::Ack { broker, record } | Event::Refuse { broker, record } => {
                Some(Class::Produced(broker, record))
            }
            Event::Fence { broker } => Some(Class::Fence(broker)),
            Event::Register { broker } => Some(Class::Register(broker)),
            Event::Unfence { broker } => Some(Class::Unfence(broker)),
            Event::Stop { broker } => Some(Class::Stop(broker)),
            Event::Restart { broker, .. } => Some(Class::Restart(broker)),
            Event::Resume { broker } => Some(Class::Resume(broker)),
            Event::Activate { .. } => Some(Class::Activate),
            Event::Unclean => Some(Class::Unclean),
            Event::CatchUp => Some(Class::CatchUp),
            Event::Return { datacenter } => Some(Class::Return(datacenter)),
            Event::Heal { between } => Some(Class::Heal(between)),

            Event::Produce { .. } | Event::Retry { .. } | Event::Read { .. } => None,
            Event::FetchLost { .. } | Event::Drop { .. } | Event::Untold { .. } => None,
            Event::Late { .. } | Event::Request { .. } | Event::Shrink { .. } | Event::Prefer => {
                None
            }
            Event::SetMinIsr { .. } | Event::ElectUnclean | Event::ControlledShutdown { .. } => {
                None
            }
            Event::PromoteObservers { .. } | Event::Reassign { .. } => None,
            Event::CancelReassignment => None,
            Event::BreakOut { .. } | Event::AddVoter { .. } => None,
            Event::FallBehind { .. } | Event::RollBack { .. } => None,
            Event::Crash { .. }
            | Event::PowerLoss { .. }
            | Event::Wipe { .. }
            | Event::Pause { .. }
            | Event::Lag
            | Event::Lose { .. }
            | Event::Darken { .. }
            | Event::Destroy { .. }
            | Event::Cut { .. }
            | Event::CutFrom { .. }
            | Event::Depose => None,
        }
    }

    /// Whether to be able again and again is enough of a claim: a channel that loses what is sent makes
    /// its answer impossible each time, and yet does not lose everything for ever.
    ///
    /// That is so of the answer to an ISR change, which is lost and asked for again, and of a late fetch,
    /// which its loss takes off the channel.  Whatever else is lost can be done again at once, so that
    /// the weak form is enough.
    pub fn is_strong(self) -> bool {
        matches!(self, Class::Told(_) | Class::Serve(_) | Class::Answer(_))
    }

    /// In the words of the notation.
    pub fn name(self, model: &Replication) -> String {
        let setting = &model.setting;
        let broker = |verb: &str, broker| format!("{verb} {}", setting.broker_name(broker));
        let site = |site: Datacenter| {
            let index = highwater_vocabulary::Member::index(site);
            setting.datacenters[index].clone()
        };
        match self {
            Class::Fetch(follower) => broker("fetch", follower),
            Class::Serve(follower) => broker("serve", follower),
            Class::Answer(follower) => broker("answer", follower),
            Class::Learn(learner) => broker("learn", learner),
            Class::Terminate(follower) => broker("terminate", follower),
            Class::Apply(leader) => broker("apply", leader),
            Class::Told(leader) => broker("told", leader),
            Class::Lapse(leader) => broker("lapse", leader),
            Class::Produced(leader, record) => format!("{} {record}", broker("ack", leader)),
            Class::Fence(silent) => broker("fence", silent),
            Class::Register(restarted) => broker("register", restarted),
            Class::Unfence(fenced) => broker("unfence", fenced),
            Class::Stop(leaving) => broker("stop", leaving),
            Class::Restart(stopped) => broker("restart", stopped),
            Class::Resume(paused) => broker("resume", paused),
            Class::Activate => "activate".into(),
            Class::Unclean => "unclean".into(),
            Class::CatchUp => "catch-up".into(),
            Class::Return(datacenter) => format!("return {}", site(datacenter)),
            Class::Heal([x, y]) => format!("heal {} {}", site(x), site(y)),
        }
    }
}
