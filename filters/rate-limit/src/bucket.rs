//! A bucket of the table: a few slots in one stored value.

use crate::gcra::Arrival;
use crate::key::Digest;

/// Slots in a bucket.
pub(crate) const WAYS: usize = 8;

/// The most limits that a rule can have.
pub(crate) const MAX_LIMITS: usize = 4;

/// What a slot remembers: an arrival for each limit of the rule; the rest are never seen.
pub(crate) type Arrivals = [Arrival; MAX_LIMITS];

/// The slots as they are stored, one after the other: the digest, then for each limit 8 bytes of
/// nanoseconds and 4 bytes of part, little-endian. Zeros are a slot that was never used.
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
    /// The slot of another client, the one nearest to having nothing left to pay back: that client
    /// starts afresh.
    Evicted(usize),
}

impl Bucket {
    /// The stored form of a bucket in which no slot was ever used.
    pub(crate) fn unused(limits: usize) -> Vec<u8> {
        vec![0; slot_size(limits).saturating_mul(WAYS)]
    }

    /// Takes a stored bucket; `None` where it has not the size of one.
    pub(crate) fn new(bytes: Vec<u8>, limits: usize) -> Option<Self> {
        let slot = slot_size(limits);
        (bytes.len() == slot.saturating_mul(WAYS)).then_some(Self { bytes, slot })
    }

    /// The slot for a client.
    pub(crate) fn place(&self, digest: &Digest, now: u64) -> Place {
        let latest = Arrival { nanoseconds: u64::MAX, part: u32::MAX };
        let mut best = (latest, 0);
        for (index, slot) in self.bytes.chunks_exact(self.slot).enumerate() {
            let Some((owner, arrivals)) = slot.split_first_chunk::<DIGEST>() else {
                continue;
            };
            if owner == digest {
                return Place::Own(index);
            }
            // Of a window of the calendar, which ends for all at once, the part is what was used.
            let paid_back = read(arrivals).max();
            best = best.min((paid_back.unwrap_or_default(), index));
        }
        match best {
            (paid_back, index) if paid_back.nanoseconds <= now => Place::Free(index),
            (_, index) => Place::Evicted(index),
        }
    }

    /// What a client's slot remembers: nothing, if it is not its own yet.
    pub(crate) fn arrivals(&self, place: Place) -> Arrivals {
        let mut arrivals = Arrivals::default();
        if let Place::Own(index) = place {
            let slot = self.bytes.chunks_exact(self.slot).nth(index).unwrap_or_default();
            let stored = read(slot.get(DIGEST..).unwrap_or_default());
            arrivals.iter_mut().zip(stored).for_each(|(to, from)| *to = from);
        }
        arrivals
    }

    /// Makes the slot the client's, and remembers.
    pub(crate) fn write(&mut self, place: Place, digest: &Digest, arrivals: &Arrivals) {
        let (Place::Own(index) | Place::Free(index) | Place::Evicted(index)) = place;
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

const DIGEST: usize = size_of::<Digest>();
const ARRIVAL: usize = 12;

fn slot_size(limits: usize) -> usize {
    limits.saturating_mul(ARRIVAL).saturating_add(DIGEST)
}

fn read(arrivals: &[u8]) -> impl Iterator<Item = Arrival> {
    arrivals.chunks_exact(ARRIVAL).filter_map(|stored| {
        let (nanoseconds, part) = stored.split_first_chunk::<8>()?;
        Some(Arrival {
            nanoseconds: u64::from_le_bytes(*nanoseconds),
            part: u32::from_le_bytes(*part.first_chunk::<4>()?),
        })
    })
}

#[cfg(test)]
mod tests;
