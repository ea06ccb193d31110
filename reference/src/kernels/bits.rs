//! Arithmetic on the bytes that are sets of replicas.

/// How many replicas are in the set.  By adding neighbours, because vectors of bytes have no
/// population count before AVX-512.
#[inline(always)]
pub(super) fn count(set: u8) -> u8 {
    let pairs = set.wrapping_sub(set >> 1 & 0x55);
    let fours = (pairs & 0x33).wrapping_add(pairs >> 2 & 0x33);
    fours.wrapping_add(fours >> 4) & 0x0f
}

/// The first replica of the set in the order of the assignment, as a set of one; or none.
#[inline(always)]
pub(super) fn first(set: u8) -> u8 {
    set & set.wrapping_neg()
}

/// All bits, if the condition holds.
#[inline(always)]
pub(super) fn when(condition: bool) -> u8 {
    u8::from(condition).wrapping_neg()
}

/// `yes` where the mask is set, `no` elsewhere.
#[inline(always)]
pub(super) fn pick(mask: u8, yes: u8, no: u8) -> u8 {
    (mask & yes) | (!mask & no)
}

/// All bits of a word, if two numbers below 2^62 differ.
#[inline(always)]
pub(super) fn when_differs(one: u64, other: u64) -> u64 {
    u64::from(f64::from_bits(one) != f64::from_bits(other)).wrapping_neg()
}

/// The lesser of two numbers below 2^62.
///
/// Numbers are compared as the doubles that have their bits, which stand in the same order: the
/// oldest vectors of every x86-64 compare doubles, and words not before SSE4.2.
#[inline(always)]
pub(super) fn least(one: u64, other: u64) -> u64 {
    if f64::from_bits(one) < f64::from_bits(other) {
        one
    } else {
        other
    }
}

/// The greater of two numbers below 2^62; where `one` is -1, which is no number as a double, the
/// other.
#[inline(always)]
pub(super) fn most(one: u64, other: u64) -> u64 {
    if f64::from_bits(one) > f64::from_bits(other) {
        one
    } else {
        other
    }
}

/// All bits, if a difference is negative.
#[inline(always)]
pub(super) fn sign(difference: u64) -> u64 {
    (difference >> 63).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_doubles() {
        let numbers = [
            0,
            1,
            2,
            7,
            (1 << 52) - 1,
            1 << 52,
            (1 << 62) - 2,
            (1 << 62) - 1,
        ];
        for (one, other) in numbers
            .iter()
            .flat_map(|one| numbers.map(|other| (*one, other)))
        {
            assert_eq!(least(one, other), one.min(other));
            assert_eq!(most(one, other), one.max(other));
            assert_eq!(when_differs(one, other) != 0, one != other);
        }
        for number in numbers {
            assert_eq!(most(u64::MAX, number), number);
        }
    }

    #[test]
    fn bytes_are_counted_and_their_first_bit_found() {
        for set in 0..=u8::MAX {
            assert_eq!(u32::from(count(set)), set.count_ones(), "{set:08b}");
            let lowest = set
                .checked_shr(set.trailing_zeros())
                .map_or(0, |_| 1u8 << set.trailing_zeros());
            assert_eq!(first(set), lowest, "{set:08b}");
        }
    }
}
