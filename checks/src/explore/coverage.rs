//! How often each kind of event happened in a space: a rule that never fires proves nothing.

/// How often each kind of event was tried in the states of a space, and how often it happened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage(Vec<Tally>);

/// One kind of event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tally {
    /// The first word of its line.
    pub event: &'static str,
    /// How often it was tried: in how many states, with each choice of operands.
    pub tried: u64,
    /// How often nothing forbade it, it changed something, and the bounds allowed it.
    pub happened: u64,
}

impl Coverage {
    /// From how often each kind was tried and happened, in the order of the kinds.
    pub(super) fn of(kinds: &[&'static str], counts: &[[u64; 2]]) -> Self {
        let tallies = kinds.iter().zip(counts).map(|(event, counts)| Tally {
            event,
            tried: counts[0],
            happened: counts[1],
        });
        Coverage(tallies.collect())
    }

    /// Each kind that was tried.
    pub fn tried(&self) -> impl Iterator<Item = &Tally> {
        self.0.iter().filter(|tally| tally.tried > 0)
    }

    /// Each kind that was tried and never happened.
    pub fn never(&self) -> impl Iterator<Item = &'static str> {
        let never = self.tried().filter(|tally| tally.happened == 0);
        never.map(|tally| tally.event)
    }

    /// With what happened in another space of the same alphabet.
    pub fn and(mut self, other: &Coverage) -> Self {
        if self.0.is_empty() {
            return other.clone();
        }
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            own.tried += other.tried;
            own.happened += other.happened;
        }
        self
    }
}
