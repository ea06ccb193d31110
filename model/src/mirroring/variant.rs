//! What an experiment changes.

use super::{Guard, GuardSet};

/// Guards that are left out, or put in although the tool lacks them; and one setting of MirrorMaker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Variant {
    /// What is left out to see what breaks.
    pub waived: GuardSet,
    /// What is put in although the version lacks it.
    pub restored: GuardSet,
    /// `offset.lag.max`: how far, in offsets, a translation may be behind before an offset sync falls
    /// due.
    pub offset_lag_max: u8,
}

impl Default for Variant {
    fn default() -> Self {
        Variant {
            waived: GuardSet::default(),
            restored: GuardSet::default(),
            offset_lag_max: 100,
        }
    }
}

impl Variant {
    /// With these guards waived as well.
    pub fn without(mut self, guards: &[Guard]) -> Variant {
        for guard in guards {
            self.waived = self.waived.with(*guard);
        }
        self
    }

    /// With these guards put in, whatever the version.
    pub fn with(mut self, guards: &[Guard]) -> Variant {
        for guard in guards {
            self.restored = self.restored.with(*guard);
        }
        self
    }

    /// With every guard, whatever was left out and whatever the version lacks.
    pub fn as_intended(self) -> Variant {
        Variant {
            waived: GuardSet::default(),
            restored: Guard::ALL.iter().copied().collect(),
            ..self
        }
    }
}
