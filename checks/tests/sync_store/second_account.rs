//! The store of offset syncs once more.
//!
//! What is passed over is looked for first, then the last that fits is taken, over a list with serial numbers
//! and wide signed numbers.  Which syncs survive has no closed form that we found: it depends on how long a
//! sync has stood where, not on its offset alone.

use highwater_model::mirroring::OffsetSync;

/// A sync as the n-th that was read.  Kafka compares syncs by reference, the model by value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    serial: usize,
    pub(crate) sync: OffsetSync,
}

/// The second account.
#[derive(Default)]
pub(crate) struct SecondAccount {
    pub(crate) slots: Vec<Read>,
    read: usize,
}

impl SecondAccount {
    pub(crate) fn add(&mut self, sync: OffsetSync) {
        let new = Read {
            serial: self.read,
            sync,
        };
        self.read += 1;
        let starts_anew = |newest: &Read| newest.sync.upstream > sync.upstream;
        if self.slots.first().is_none_or(starts_anew) {
            self.slots = vec![new; 64];
            return;
        }
        let old = std::mem::replace(&mut self.slots, vec![new]);
        let mut from = 0;
        let mut carried = new;
        for slot in 1..64 {
            let front = self.slots[slot - 1];
            let (last_that_fits, next) = search(&old, from, slot, front);
            carried = last_that_fits.unwrap_or(carried);
            from = next;
            if front.reaches(&old[slot], 1 << (slot - 1)) {
                self.slots.extend_from_slice(&old[slot..]);
                return;
            }
            self.slots.push(carried);
        }
    }
}

/// The last of the old ones that may follow `front` in `slot`, among those that are looked at; and where to
/// look on from.
fn search(old: &[Read], from: usize, slot: usize, front: Read) -> (Option<Read>, usize) {
    let near = |at: &usize| !front.clears(&old[*at], least(slot));
    let repeated = |at: &usize| *at + 1 < 64 && old[*at].serial == old[*at + 1].serial;
    let passed_over = |at: &usize| near(at) || repeated(at);
    let last = from.max(slot - 1);
    let end = (from..last).find(|at| !passed_over(at)).unwrap_or(last);
    let fits = |at: &usize| {
        !near(at)
            && front.reaches(&old[*at], 1 << (slot - 1))
            && (slot == 63 || old[*at].clears(&old[slot + 1], least(slot + 1)))
    };
    let found = (from..=end).rev().find(fits);
    let moves_on = passed_over(&end) || found == Some(end);
    (found.map(|at| old[at]), end + usize::from(moves_on))
}

/// How far the sync in a slot is behind the one before it, at the least.
fn least(slot: usize) -> i128 {
    match slot {
        0..=3 => 1,
        _ => 1 << (slot - 3),
    }
}

impl Read {
    fn ahead_of(&self, other: &Read) -> i128 {
        i128::from(self.sync.upstream) - i128::from(other.sync.upstream)
    }

    fn reaches(&self, older: &Read, most: i128) -> bool {
        self.serial == older.serial || self.ahead_of(older) <= most
    }

    fn clears(&self, older: &Read, least: i128) -> bool {
        self.serial == older.serial || self.ahead_of(older) >= least
    }
}
