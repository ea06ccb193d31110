//! How a state is written down, where serde's own way would waste room: what is the same in every
//! state of a partition is left out.
//!
//! Two states are equal if and only if they are written alike; an explorer tells them apart by
//! nothing else.

use super::{Image, Inactive, MetadataLog, PerBroker, WINDOW};
use highwater_vocabulary::{BrokerSet, MOST_BROKERS};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// The slots up to the last that is taken: most partitions have far fewer replicas than there is
/// room for.
impl<T: Serialize + Default + PartialEq> Serialize for PerBroker<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.taken())
    }
}

impl<'de, T: Deserialize<'de> + Default + Copy> Deserialize<'de> for PerBroker<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (slots, _) = deserializer.deserialize_seq(UpTo::<T, MOST_BROKERS>(PhantomData))?;
        Ok(PerBroker(slots))
    }
}

/// The records that are kept.
impl Serialize for MetadataLog {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.records())
    }
}

impl<'de> Deserialize<'de> for MetadataLog {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (kept, count) = deserializer.deserialize_seq(UpTo::<Image, WINDOW>(PhantomData))?;
        let newest = count
            .checked_sub(1)
            .ok_or_else(|| D::Error::custom("a log of metadata without a record"))?;
        Ok(MetadataLog {
            kept,
            newest: newest as u8,
        })
    }
}

/// Both sets in one number, whose second byte is written only if it is wanted: hardly any state has a broker
/// in controlled shutdown.
impl Serialize for Inactive {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        u16::from_le_bytes([self.fenced.bits(), self.in_controlled_shutdown.bits()])
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Inactive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [fenced, in_controlled_shutdown] = u16::deserialize(deserializer)?.to_le_bytes();
        Ok(Inactive {
            fenced: BrokerSet::from_bits(fenced),
            in_controlled_shutdown: BrokerSet::from_bits(in_controlled_shutdown),
        })
    }
}

/// Reads as many as there are, `N` at most, and says how many there were; the rest is default.
struct UpTo<T, const N: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default + Copy, const N: usize> Visitor<'de> for UpTo<T, N> {
    type Value = ([T; N], usize);

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "at most {N} in a row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Self::Value, A::Error> {
        let mut slots = [T::default(); N];
        let mut count = 0;
        while let Some(next) = row.next_element()? {
            let slot = slots
                .get_mut(count)
                .ok_or_else(|| A::Error::invalid_length(count + 1, &self))?;
            *slot = next;
            count += 1;
        }
        Ok((slots, count))
    }
}
