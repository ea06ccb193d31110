//! Who and what: brokers, datacenters, records, and small sets of them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// Something small enough that a set of it is one byte: it is known by a number below eight.
pub trait Member: Copy {
    /// The number, below eight.
    fn index(self) -> usize;
    /// The member with this number.
    fn at(index: usize) -> Self;
}

macro_rules! member {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
        pub struct $name(u8);

        impl Member for $name {
            fn index(self) -> usize {
                usize::from(self.0)
            }

            fn at(index: usize) -> Self {
                debug_assert!(index < 8, "a member of a one-byte set is below eight");
                $name(index as u8)
            }
        }
    };
}

member! {
    /// A broker that holds a replica of the partition or may come to hold one, by its place in the
    /// setting's list.
    ///
    /// The partition is all we follow, so "broker" and "replica" name the same thing from two
    /// sides, as they do in Kafka's own code.
    Broker
}
member! {
    /// A datacenter, by its place in the setting's list.
    Datacenter
}
member! {
    /// A record a client sends, by the order in which records are first sent; printed `r1`, `r2`, …
    Record
}

impl Broker {
    /// The first of the first assignment: the preferred leader, until a reassignment.
    pub const PREFERRED: Broker = Broker(0);
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0 + 1)
    }
}

/// A set of at most eight members, as bits.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Set<T>(u8, PhantomData<T>);

/// A set of brokers: an ISR, the eligible leader replicas, whoever is fenced.
pub type BrokerSet = Set<Broker>;
/// A set of records.
pub type RecordSet = Set<Record>;

impl<T> Clone for Set<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Set<T> {}

impl<T> Serialize for Set<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0)
    }
}

impl<'de, T> Deserialize<'de> for Set<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u8::deserialize(deserializer).map(|bits| Set(bits, PhantomData))
    }
}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Set::EMPTY
    }
}

impl<T> Set<T> {
    /// The set without members.
    pub const EMPTY: Set<T> = Set(0, PhantomData);

    /// The set as a number, a bit for each member.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The set that is that number.
    pub fn from_bits(bits: u8) -> Self {
        Set(bits, PhantomData)
    }

    /// How many members.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is no member.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Members of either.
    pub fn union(self, other: Self) -> Self {
        Set(self.0 | other.0, PhantomData)
    }

    /// Members of both.
    pub fn intersection(self, other: Self) -> Self {
        Set(self.0 & other.0, PhantomData)
    }

    /// Members of this one that the other lacks.
    pub fn minus(self, other: Self) -> Self {
        Set(self.0 & !other.0, PhantomData)
    }

    /// Whether every member is one of `other`.
    pub fn is_subset(self, other: Self) -> bool {
        self.minus(other).is_empty()
    }
}

impl<T: Member> Set<T> {
    /// The members numbered below `count`.
    pub fn first(count: usize) -> Self {
        debug_assert!(count <= 8);
        Set(((1u16 << count) - 1) as u8, PhantomData)
    }

    /// The set of this one member.
    pub fn only(member: T) -> Self {
        Set(1 << member.index(), PhantomData)
    }

    /// Whether `member` is in it.
    pub fn contains(self, member: T) -> bool {
        self.0 >> member.index() & 1 == 1
    }

    /// With `member`.
    pub fn with(self, member: T) -> Self {
        self.union(Set::only(member))
    }

    /// Without `member`.
    pub fn without(self, member: T) -> Self {
        self.minus(Set::only(member))
    }

    /// The members in order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = T> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let next = (left != 0).then(|| T::at(left.trailing_zeros() as usize));
            left &= left.wrapping_sub(1);
            next
        })
    }

    /// Every subset that has a member, smallest bit pattern first.
    pub fn nonempty_subsets(self) -> impl Iterator<Item = Self> {
        let mut bits = 0u8;
        std::iter::from_fn(move || {
            // Counts upwards in the bits that are members, and over the others.
            bits = bits.wrapping_sub(self.0) & self.0;
            (bits != 0).then_some(Set(bits, PhantomData))
        })
    }
}

impl<T: Member> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        members.into_iter().fold(Set::EMPTY, Set::with)
    }
}

impl<T: Member + fmt::Debug> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_walked_in_order_to_its_end() {
        //   bits         subsets that have a member
        for (bits, expected) in [
            (0u8, 0usize),
            (0b1000_0000, 1), // the last one there is
            (0b0010_1010, 7),
            (u8::MAX, 255),
        ] {
            let set: Set<Broker> = Set(bits, PhantomData);
            let members: Vec<usize> = set.iter().map(Broker::index).collect();
            let wanted = (0..8).filter(|place| bits >> place & 1 == 1);
            assert_eq!(members, wanted.collect::<Vec<_>>());

            let subsets: Vec<Set<Broker>> = set.nonempty_subsets().collect();
            assert!(subsets.iter().all(|subset| subset.is_subset(set)));
            assert!(subsets.is_sorted_by(|one, next| one < next));
            assert_eq!(subsets.len(), expected);
        }
    }
}
