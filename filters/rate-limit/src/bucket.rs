//! A bucket of the table: a few slots in one stored value.

use crate::gcra::Arrival;
use crate::key::{Digest, Mark, mark_of};
use crate::layout::{Layout, Share};
use std::slice::ChunksExact;

/// Slots in a bucket.
pub(crate) const WAYS: usize = 8;

/// The most limits that a rule can have.
pub(crate) const MAX_LIMITS: usize = 4;

/// The slots as they are stored, one after the other: the digest, then the arrivals of each limit,
/// each 8 bytes of nanoseconds and 4 bytes of part, little-endian. Zeros are a slot that was never
/// used.
#[derive(Debug)]
pub(crate) struct Bucket {
    bytes: Vec<u8>,
    slot: usize,
}

/// Which slot a client gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// The slot that it has.
    Own(usize),
    /// A slot that was never used, or whose owner has nothing left to pay back.
    Free(usize),
    /// The slot of another client, the one that has used least of its limits: that client starts
    /// afresh.
    Evicted(usize, Evicted),
}

/// A client that loses its slot before it has paid everything back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Evicted {
    /// Of its rule.
    pub(crate) rule: Mark,
    /// The limit of the rule that it has used most of …
    pub(crate) limit: usize,
    /// … and how much.
    pub(crate) used: Share,
}

/// What a slot remembers, limit after limit. Of a client that has no slot yet, nothing.
pub(crate) struct Arrivals<'a>(ChunksExact<'a, u8>);

impl Bucket {
    /// The stored form of a bucket in which no slot was ever used.
    pub(crate) fn unused(layout: &Layout) -> Vec<u8> {
        vec![0; slot_size(layout).saturating_mul(WAYS)]
    }

    /// Takes a stored bucket; `None` where it has not the size of one.
    pub(crate) fn new(bytes: Vec<u8>, layout: &Layout) -> Option<Self> {
        let slot = slot_size(layout);
        (bytes.len() == slot.saturating_mul(WAYS)).then_some(Self { bytes, slot })
    }

    /// The slot for a client.
    pub(crate) fn place(&self, digest: &Digest, now: u64, layout: &Layout) -> Place {
        let slots = || self.bytes.chunks_exact(self.slot);
        if let Some(index) = slots().position(|slot| slot.starts_with(digest)) {
            return Place::Own(index);
        }
        let is_paid_back = |slot| Arrivals::of(slot).all(|arrival| arrival.nanoseconds <= now);
        if let Some(index) = slots().position(is_paid_back) {
            return Place::Free(index);
        }
        let candidates = slots().enumerate().map(|(index, slot)| {
            let (limit, used) = layout.most_used(Arrivals::of(slot), now);
            // Of two that have used as much, the one that has paid back first.
            let paid_back = Arrivals::of(slot).map(|arrival| arrival.nanoseconds).max();
            (used, paid_back, index, limit)
        });
        let Some((used, _, index, limit)) = candidates.min() else { return Place::Free(0) };
        let owner = slots().nth(index).and_then(|slot| slot.first_chunk()).copied();
        let rule = mark_of(&owner.unwrap_or_default());
        Place::Evicted(index, Evicted { rule, limit, used })
    }

    /// What a client's slot remembers: nothing, if it is not its own yet.
    pub(crate) fn arrivals(&self, place: Place) -> Arrivals<'_> {
        let slot = match place {
            Place::Own(index) => self.bytes.chunks_exact(self.slot).nth(index),
            Place::Free(_) | Place::Evicted(..) => None,
        };
        Arrivals::of(slot.unwrap_or_default())
    }

    /// Makes the slot the client's, and remembers.
    pub(crate) fn write(
        &mut self,
        place: Place,
        digest: &Digest,
        arrivals: impl IntoIterator<Item = Arrival>,
    ) {
        let (Place::Own(index) | Place::Free(index) | Place::Evicted(index, _)) = place;
        let slot = self.bytes.chunks_exact_mut(self.slot).nth(index).unwrap_or_default();
        let Some((owner, stored)) = slot.split_first_chunk_mut::<DIGEST>() else {
            return;
        };
        *owner = *digest;
        for (to, from) in stored.chunks_exact_mut(ARRIVAL).zip(arrivals) {
            if let Some((nanoseconds, part)) = to.split_first_chunk_mut::<8>() {
                *nanoseconds = from.nanoseconds.to_le_bytes();
                part.copy_from_slice(&from.part.to_le_bytes());
            }
        }
    }

    /// The form to store.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<'a> Arrivals<'a> {
    fn of(slot: &'a [u8]) -> Self {
        Self(slot.get(DIGEST..).unwrap_or_default().chunks_exact(ARRIVAL))
    }
}

impl Iterator for Arrivals<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let (nanoseconds, part) = self.0.next()?.split_first_chunk::<8>()?;
        Some(Arrival {
            nanoseconds: u64::from_le_bytes(*nanoseconds),
            part: u32::from_le_bytes(*part.first_chunk::<4>()?),
        })
    }
}

const DIGEST: usize = size_of::<Digest>();
const ARRIVAL: usize = 12;

fn slot_size(layout: &Layout) -> usize {
    layout.arrivals().saturating_mul(ARRIVAL).saturating_add(DIGEST)
}

#[cfg(test)]
mod tests;
