//! What a version of MirrorMaker switches on, read off its sources.

use super::linking::Linking;
use highwater_vocabulary::mirroring::Tool;

/// How the versions of the tools differ, as far as what they copy can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Switches {
    /// There is a topic of offset syncs, and there are checkpoints (`MirrorCheckpointTask`; only
    /// MirrorMaker 2 has them).
    pub has_checkpoints: bool,
    /// What the interceptor of a group's consumers has noted is read, and sought at the target
    /// (`offset.translator.*` of Replicator).
    pub seeks_timestamps: bool,
    /// The offset of the last copy is reported with the position, for a service that maps offsets
    /// (uReplicator).
    pub reports_offsets: bool,
    /// The last position is a group's commit at the source (`MirrorMaker.commitOffsets`); otherwise
    /// Connect keeps it at the target (`OffsetStorageWriter`).
    pub stores_at_source: bool,
    /// The target's partitioner chooses the partition (`defaultMirrorMakerMessageHandler` names none);
    /// otherwise it is the source's (`MirrorSourceTask.convertRecord`).
    pub partitions_by_key: bool,
    /// An offset is translated by adding the difference to the sync (`OffsetSyncStore.translateDownstream`
    /// of 3.4), and a sync falls due by the distance from that (`PartitionState.update`; KAFKA-12468).
    pub translates_by_delta: bool,
    /// The store has the newest sync of a topic-partition and no older one (3.4; since 3.5 there are 64,
    /// KAFKA-14666).
    pub keeps_only_latest_sync: bool,
    /// Nothing is translated before the syncs that were there at the start have been read
    /// (`OffsetSyncStore.readToEnd`; KAFKA-13659, 3.5).
    pub reads_to_end_first: bool,
    /// Checkpoints are read back at the start, and all syncs are used again
    /// (`CheckpointStore.start`, `initializationMustReadToEnd`; KAFKA-15905, 3.8 and 3.7.1).
    pub keeps_history: bool,
    /// A pair that is not due waits for the periodic commit
    /// (`OffsetSyncWriter.promoteDelayedOffsetSyncs`; KAFKA-15906, 3.7).
    pub promotes_delayed: bool,
    /// A checkpoint has to be new (`MirrorCheckpointTask.checkpointIsMoreRecent`; KAFKA-13659,
    /// 3.5).
    pub monotone_checkpoints: bool,
    /// A sync is dropped if ten are under way (`MAX_OUTSTANDING_OFFSET_SYNCS` of 3.4; later it waits,
    /// KAFKA-14610).
    pub drops_syncs_under_load: bool,
    /// Without a snapshot of the group at the target everything is written
    /// (`MirrorCheckpointTask.syncGroupOffset`; KAFKA-19794, in every version that has been released).
    pub overwrites_without_snapshot: bool,
    /// The configuration of topics is copied (`MirrorSourceConnector.syncTopicConfigs`).
    pub copies_configuration: bool,
    /// What it does as a link, if it is one.
    pub link: Option<Linking>,
}

impl Switches {
    /// The switches of a tool.
    pub fn of(tool: Tool) -> Switches {
        let replicator = tool == Tool::Replicator;
        let ureplicator = tool == Tool::UReplicator;
        let mirror_maker_1 = tool == Tool::MirrorMaker1;
        let link = Linking::of(tool);
        let mirror_maker_2 = !(mirror_maker_1 || replicator || ureplicator || link.is_some());
        let at_3_4 = tool == Tool::MirrorMaker2At3_4;
        let at_3_9 = tool == Tool::MirrorMaker2At3_9;
        Switches {
            has_checkpoints: mirror_maker_2,
            seeks_timestamps: replicator,
            reports_offsets: ureplicator,
            stores_at_source: mirror_maker_1 || ureplicator,
            partitions_by_key: mirror_maker_1,
            translates_by_delta: at_3_4,
            keeps_only_latest_sync: at_3_4,
            reads_to_end_first: at_3_9,
            keeps_history: at_3_9,
            promotes_delayed: at_3_9,
            monotone_checkpoints: at_3_9,
            drops_syncs_under_load: at_3_4,
            overwrites_without_snapshot: mirror_maker_2,
            copies_configuration: !(mirror_maker_1 || ureplicator),
            link,
        }
    }

    /// The switch of that name, as experiments write it.
    pub fn named(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "translates-by-delta" => &mut self.translates_by_delta,
            "keeps-only-latest-sync" => &mut self.keeps_only_latest_sync,
            "reads-to-end-first" => &mut self.reads_to_end_first,
            "keeps-history" => &mut self.keeps_history,
            "promotes-delayed" => &mut self.promotes_delayed,
            "monotone-checkpoints" => &mut self.monotone_checkpoints,
            "drops-syncs-under-load" => &mut self.drops_syncs_under_load,
            "overwrites-without-snapshot" => &mut self.overwrites_without_snapshot,
            name => return self.link.as_mut()?.named(name),
        })
    }
}

/// What is not in the setting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// `offset.lag.max`: how far a translation may fall behind before a sync is due, in offsets.
    pub offset_lag_max: u64,
    /// The switches of each mirror, in the order of the setting.
    pub switches: Vec<Switches>,
    /// A group knows the leader epoch of what it read last, commits it beside the offset
    /// (`SubscriptionState.allConsumed`), and finds out by it that the log lost a suffix (KIP-320).
    pub groups_know_epochs: bool,
}
