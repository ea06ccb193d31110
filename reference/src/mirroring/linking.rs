//! How the tools differ that are links.

use highwater_vocabulary::mirroring::Tool;

/// What a link does, as docs/LINKS.md has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Linking {
    /// It fetches up to the last stable offset; otherwise up to the high watermark.
    pub fetches_stable: bool,
    /// A copy has the leader epoch of what it is a copy of; otherwise that of the target's leader.
    pub keeps_epochs: bool,
    /// It compares epochs, and so finds out where its target parts from its source.
    pub finds_divergence: bool,
    /// A link that stops truncates its target to the last stable offset.
    pub truncates_to_stable: bool,
    /// A link that stops raises the leader epoch, aborts what is open, and resets the ids of producers.
    pub ends_transactions: bool,
    /// A link that stops stores the epoch of its last copy, and the way back truncates to the end of it;
    /// otherwise the offset after that.
    pub truncates_by_epoch: bool,
    /// As a link stops, committed offsets past the end of its target become the end.
    pub clamps_at_stop: bool,
    /// A committed offset is written within the bounds of the target.
    pub clamps_as_written: bool,
    /// It can be promoted and reversed, and nothing is said of transactions.
    pub is_promoted: bool,
}

impl Linking {
    /// What a tool does, if it is a link.
    pub fn of(tool: Tool) -> Option<Linking> {
        let confluent = tool == Tool::ClusterLinking;
        let march = tool == Tool::MirroringAt2026_03;
        let november = tool == Tool::MirroringAt2026_11;
        (confluent || march || november).then_some(Linking {
            fetches_stable: march,
            keeps_epochs: !march,
            finds_divergence: !march,
            truncates_to_stable: march,
            ends_transactions: november,
            truncates_by_epoch: november,
            clamps_at_stop: confluent,
            clamps_as_written: !confluent,
            is_promoted: confluent,
        })
    }

    /// The switch of that name.
    pub fn named(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "fetches-stable" => &mut self.fetches_stable,
            "keeps-epochs" => &mut self.keeps_epochs,
            "finds-divergence" => &mut self.finds_divergence,
            "truncates-to-stable" => &mut self.truncates_to_stable,
            "ends-transactions" => &mut self.ends_transactions,
            "truncates-by-epoch" => &mut self.truncates_by_epoch,
            "clamps-at-stop" => &mut self.clamps_at_stop,
            "clamps-as-written" => &mut self.clamps_as_written,
            "is-promoted" => &mut self.is_promoted,
            _ => return None,
        })
    }
}
