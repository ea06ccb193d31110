//! What a mirrored topic is called at its target, what a name says of where the topic came from, and
//! which topics are not copied.
//!
//! A name is all that MirrorMaker 2 knows of a topic's origin: a mirror that must not send records back
//! to where they came from has nothing else to go by.
//!
//! **Deliberately absent:** the topics of heartbeats, which tell how many hops away a cluster is and
//! carry nothing of a user's (M19), though a user's topic may be taken for one; and patterns of topic
//! names: a flow copies every topic, or those that are listed.

/// The word that Kafka takes for its own topic, and for any topic that ends in it under
/// [`Naming::Identity`].
const HEARTBEATS: &str = "heartbeats";

/// The separator unless a file says otherwise (`replication.policy.separator`).
pub const SEPARATOR: &str = ".";

/// How a flow names the topics it makes, and reads names.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Naming {
    /// The source's alias, the separator and the source's name of the topic (`DefaultReplicationPolicy`;
    /// M15).
    Prefix {
        /// What stands between (`replication.policy.separator`).
        separator: String,
    },
    /// The name unchanged (`IdentityReplicationPolicy`; M18).
    Identity,
    /// The name unchanged, because every local topic bears the tag of its cluster already, `north.orders`,
    /// and a flow copies only topics with its source's tag (claim C59).
    Tag,
}

/// How a flow finds out that a topic comes from where it would bring it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CycleTest {
    /// Not at all: the guard is waived.
    Waived,
    /// No name of the chain is the target's alias (Kafka up to 4.3; M16).
    Target,
    /// Nor, with [`Naming::Prefix`], the source's: another deployment may know the target by
    /// another alias, but each knows its own source (Kafka 4.4, KAFKA-9914).
    TargetOrSource,
}

/// Which topics of the source a flow is told to copy.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Topics {
    /// Whatever there is.
    All,
    /// Those with these names at the source.
    These(Vec<String>),
}

/// Why a topic of the source is not copied.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NotCopied {
    /// The flow is told to copy others.
    NotListed,
    /// Its name ends as MirrorMaker's default `topics.exclude` says: `.internal`, `-internal` (Kafka 4.0
    /// and later: only if it begins with `mm2`), `.replica`.
    ExcludedByDefault,
    /// Kafka's or MirrorMaker's own: `__…`, `.…`, the topics of offset syncs and checkpoints (M14).
    Internal,
    /// It came from the target, so its name says (M16).
    Cycle,
    /// It bears another tag than the source's ([`Naming::Tag`]).
    OtherTag,
}

/// A mirror from one cluster to another.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Flow {
    /// The source, by its place in the deployment's list of clusters.
    pub from: usize,
    /// The target, likewise.
    pub to: usize,
    /// What this flow calls the source.  Nothing makes another flow call it the same.
    pub source_alias: String,
    /// What this flow calls the target.
    pub target_alias: String,
    /// How it names what it copies.
    pub naming: Naming,
    /// What it is told to copy.
    pub topics: Topics,
}

impl Naming {
    /// The prefix policy as it comes.
    pub fn prefix() -> Naming {
        Naming::Prefix {
            separator: SEPARATOR.to_string(),
        }
    }

    /// What a topic of the source that is called `topic` there is called at the target.
    pub fn remote_name(&self, source_alias: &str, topic: &str) -> String {
        match self.prefixed(topic) {
            Some(separator) => format!("{source_alias}{separator}{topic}"),
            None => topic.to_string(),
        }
    }

    /// The alias of the cluster that the name says the topic was copied from; none for a local topic.
    ///
    /// With [`Naming::Identity`] a name says nothing.
    pub fn source_of<'a>(&self, topic: &'a str) -> Option<&'a str> {
        first_name(topic, self.prefixed(topic).or(self.tagged())?)
    }

    /// What the topic is called where it was copied from; none for a local topic, and none where names do not
    /// change on the way.
    pub fn upstream_topic<'a>(&self, topic: &'a str) -> Option<&'a str> {
        let separator = self.prefixed(topic)?;
        let source = first_name(topic, separator)?;
        topic.get(source.len() + separator.len()..)
    }

    /// The aliases that the name goes back through, the last hop first.
    pub fn chain<'a>(&self, topic: &'a str) -> Vec<&'a str> {
        let names = std::iter::successors(Some(topic), |name| self.upstream_topic(name));
        names.filter_map(|name| self.source_of(name)).collect()
    }

    /// What the topic was called before any mirror copied it.
    pub fn original_topic<'a>(&self, topic: &'a str) -> &'a str {
        let mut names = std::iter::successors(Some(topic), |name| self.upstream_topic(name));
        let first = names.next();
        names.last().or(first).unwrap_or(topic)
    }

    /// Whether the topic is Kafka's or MirrorMaker's own (`ReplicationPolicy.isInternalTopic`).
    pub fn is_internal(&self, topic: &str) -> bool {
        let separator = match self {
            Naming::Prefix { separator } => separator,
            Naming::Identity | Naming::Tag => SEPARATOR,
        };
        let internal = format!("{separator}internal");
        let of_mirror = topic.starts_with("mm2") && topic.ends_with(&internal)
            || topic.ends_with(&format!("{separator}checkpoints{internal}"));
        of_mirror || topic.starts_with("__") || topic.starts_with('.')
    }

    /// The separator with which this topic's name is changed.  `IdentityReplicationPolicy` falls back to
    /// prefixes for whatever ends in `heartbeats`, a user's topics included.
    fn prefixed(&self, topic: &str) -> Option<&str> {
        match self {
            Naming::Prefix { separator } => Some(separator),
            Naming::Identity if topic.ends_with(HEARTBEATS) => Some(SEPARATOR),
            Naming::Identity | Naming::Tag => None,
        }
    }

    fn tagged(&self) -> Option<&'static str> {
        (*self == Naming::Tag).then_some(SEPARATOR)
    }
}

impl Flow {
    /// A flow with MirrorMaker 2's own policy that copies whatever there is.
    pub fn prefixing(from: usize, to: usize, source_alias: &str, target_alias: &str) -> Flow {
        Flow {
            from,
            to,
            source_alias: source_alias.to_string(),
            target_alias: target_alias.to_string(),
            naming: Naming::prefix(),
            topics: Topics::All,
        }
    }

    /// What `topic` of the source is called at the target.
    pub fn remote_name(&self, topic: &str) -> String {
        self.naming.remote_name(&self.source_alias, topic)
    }

    /// Why `topic` of the source is not copied; none if it is.
    ///
    /// Source: `MirrorSourceConnector.shouldReplicateTopic`, `DefaultTopicFilter`; M14, M16.
    pub fn refuses(&self, topic: &str, test: CycleTest) -> Option<NotCopied> {
        let reasons = [
            (!self.lists(topic), NotCopied::NotListed),
            (excluded_by_default(topic), NotCopied::ExcludedByDefault),
            (self.naming.is_internal(topic), NotCopied::Internal),
            (self.is_cycle(topic, test), NotCopied::Cycle),
            (self.bears_other_tag(topic, test), NotCopied::OtherTag),
        ];
        let holds = reasons.into_iter().find(|(holds, _)| *holds);
        holds.map(|(_, reason)| reason)
    }

    /// Whether `topic` came from where this flow would bring it, as far as names say.
    ///
    /// Source: `MirrorSourceConnector.isCycle`; M16, M18.
    pub fn is_cycle(&self, topic: &str, test: CycleTest) -> bool {
        let of_source = test == CycleTest::TargetOrSource && self.naming != Naming::Identity;
        let comes_from =
            |alias: &str| alias == self.target_alias || of_source && alias == self.source_alias;
        match (test, &self.naming) {
            (CycleTest::Waived, _) | (_, Naming::Tag) => false,
            // The policy knows the source's alias from its configuration, and that is all it knows.
            (_, Naming::Identity) if self.naming.prefixed(topic).is_none() => {
                comes_from(&self.source_alias)
            }
            (_, Naming::Prefix { .. } | Naming::Identity) => {
                self.naming.chain(topic).into_iter().any(comes_from)
            }
        }
    }

    /// The tag rule's own cycle test; waived with it.
    fn bears_other_tag(&self, topic: &str, test: CycleTest) -> bool {
        let own = self.naming.source_of(topic) == Some(self.source_alias.as_str());
        self.naming == Naming::Tag && test != CycleTest::Waived && !own
    }

    fn lists(&self, topic: &str) -> bool {
        match &self.topics {
            Topics::All => true,
            Topics::These(names) => names.iter().any(|name| name == topic),
        }
    }
}

/// What stands before the separator, if something other than separators follows: `a.` and `a..` are no remote
/// topics, and `.a` is one whose source has the empty name.
fn first_name<'a>(topic: &'a str, separator: &str) -> Option<&'a str> {
    if separator.is_empty() {
        // Java splits between any two characters.
        let second = topic.char_indices().nth(1)?;
        return topic.get(..second.0);
    }
    let mut parts = topic.split(separator);
    let first = parts.next()?;
    parts.any(|part| !part.is_empty()).then_some(first)
}

/// `topics.exclude` as it comes: `.*[\-\.]internal, .*\.replica, __.*`.
fn excluded_by_default(topic: &str) -> bool {
    [".internal", "-internal", ".replica"]
        .iter()
        .any(|ending| topic.ends_with(ending))
}
