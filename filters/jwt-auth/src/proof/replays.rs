//! The proofs that were used, in the store that all workers share.
//!
//! A proof is known by a keyed digest of its key and its `jti`, until nobody would take it any more.
//! Memory is bounded: where a bucket is full of proofs that are still good, the one that ends first
//! makes room, and the bucket remembers until when it was good. A proof that ends no later may be that
//! one, and is refused: a flood makes the time shorter in which a proof can be used, and never lets
//! one be used twice.

use gatehouse_filter::{BucketVersion, Buckets, SetError, Store, StoreError};

/// What a proof is known by.
pub(crate) type Digest = [u8; 16];

/// The table of used proofs.
#[derive(Debug)]
pub(crate) struct Replays(Buckets);

/// A proof that was not used before, so far as was read: to be kept.
#[derive(Debug)]
pub(crate) struct Fresh {
    bytes: Vec<u8>,
    version: BucketVersion,
    digest: Digest,
    until: u64,
    now: u64,
}

/// Why a proof cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unusable {
    /// It was used.
    Used,
    /// It may have been: so many were that the table does not remember.
    Forgotten,
    /// It cannot be told.
    Unknown,
}

impl From<StoreError> for Unusable {
    fn from(_: StoreError) -> Self {
        Self::Unknown
    }
}

impl Replays {
    /// A table of at least so many proofs.
    pub(crate) fn new(proofs: u64) -> Self {
        let ways = u64::try_from(WAYS).unwrap_or(1);
        let buckets = proofs.div_ceil(ways).max(1);
        // Another form of a bucket needs another name: values outlive the module.
        Self(Buckets::new(format!("d1{buckets}/"), buckets))
    }

    /// Makes the table, unless it is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn prepare(&self, store: &dyn Store) -> Result<(), StoreError> {
        self.0.prepare(store, &[0; BUCKET])
    }

    /// Looks whether a proof was used that is good until then; times are in seconds since 1970.
    ///
    /// # Errors
    /// [`Unusable`].
    pub(crate) fn look(
        &self,
        store: &dyn Store,
        digest: Digest,
        until: u64,
        now: u64,
    ) -> Result<Fresh, Unusable> {
        let (bytes, version) = self.0.read(store, &digest)?;
        let (floor, slots) = parts(&bytes).ok_or(Unusable::Unknown)?;
        if slots.chunks_exact(SLOT).any(|slot| slot.starts_with(&digest) && end_of(slot) > now) {
            return Err(Unusable::Used);
        }
        if until <= floor {
            return Err(Unusable::Forgotten);
        }
        Ok(Fresh { bytes, version, digest, until, now })
    }

    /// Keeps that a proof was used; by what was looked at, or, where another worker has written
    /// since, what is there now.
    ///
    /// # Errors
    /// [`Unusable`], also where another worker has used it meanwhile.
    pub(crate) fn keep(&self, store: &dyn Store, mut fresh: Fresh) -> Result<(), Unusable> {
        for _ in 0..Buckets::ATTEMPTS {
            fresh.take_place()?;
            match fresh.version.store(store, &fresh.bytes) {
                Ok(()) => return Ok(()),
                Err(SetError::Failed) => return Err(Unusable::Unknown),
                Err(SetError::Conflict) => {
                    fresh = self.look(store, fresh.digest, fresh.until, fresh.now)?;
                }
            }
        }
        Err(Unusable::Unknown)
    }
}

impl Fresh {
    /// Puts the proof into the bucket: where one was that is no good any more, or the one that ends
    /// first.
    fn take_place(&mut self) -> Result<(), Unusable> {
        let Some((floor, slots)) = self.bytes.split_first_chunk_mut::<8>() else {
            return Err(Unusable::Unknown);
        };
        let first = slots.chunks_exact_mut(SLOT).min_by_key(|slot| end_of(slot));
        let slot = first.ok_or(Unusable::Unknown)?;
        let end = end_of(slot);
        if end > self.now {
            if self.until <= end {
                return Err(Unusable::Forgotten);
            }
            *floor = u64::from_le_bytes(*floor).max(end).to_le_bytes();
        }
        if let Some((digest, until)) = slot.split_first_chunk_mut::<DIGEST>() {
            *digest = self.digest;
            until.copy_from_slice(&self.until.to_le_bytes());
        }
        Ok(())
    }
}

/// Until when all proofs that are not among the others may have been used, and the others, each its
/// digest and when it ends.
fn parts(bucket: &[u8]) -> Option<(u64, &[u8])> {
    let (floor, slots) = bucket.split_first_chunk::<8>()?;
    (bucket.len() == BUCKET).then_some((u64::from_le_bytes(*floor), slots))
}

fn end_of(slot: &[u8]) -> u64 {
    slot.last_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Proofs in a bucket: enough that buckets fill evenly.
const WAYS: usize = 16;
const DIGEST: usize = size_of::<Digest>();
const SLOT: usize = DIGEST + 8;
const BUCKET: usize = 8 + WAYS * SLOT;

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter_test::FakeHost;
    use std::rc::Rc;

    const NOW: u64 = 1_000;

    fn digest(number: u64) -> Digest {
        let mut digest = [0; 16];
        digest[..8].copy_from_slice(&number.to_le_bytes());
        digest[8..].copy_from_slice(&number.wrapping_add(1).to_le_bytes());
        digest
    }

    fn spend(table: &Replays, host: &FakeHost, number: u64, until: u64) -> Result<(), Unusable> {
        let fresh = table.look(host, digest(number), until, NOW)?;
        table.keep(host, fresh)
    }

    fn prepared(proofs: u64) -> (Replays, FakeHost) {
        let (table, host) = (Replays::new(proofs), FakeHost::at(NOW));
        table.prepare(&host).unwrap();
        (table, host)
    }

    #[test]
    fn a_proof_is_used_once_until_it_ends() {
        let (table, host) = prepared(64);
        assert_eq!(spend(&table, &host, 1, NOW + 60), Ok(()));
        assert_eq!(spend(&table, &host, 1, NOW + 60), Err(Unusable::Used));
        // The same number again, in a proof that was made later.
        assert_eq!(spend(&table, &host, 1, NOW + 90), Err(Unusable::Used));
        assert_eq!(spend(&table, &host, 2, NOW + 60), Ok(()));
        // Of all workers: another table of that size is the same.
        assert_eq!(spend(&Replays::new(64), &host, 2, NOW + 60), Err(Unusable::Used));
        for (now, want) in [(NOW + 59, Err(Unusable::Used)), (NOW + 60, Ok(()))] {
            let looked = table.look(&host, digest(1), NOW + 120, now).map(|_| ());
            assert_eq!(looked, want, "{now}");
        }
    }

    #[test]
    fn a_flood_never_lets_a_proof_be_used_twice_and_memory_never_grows() {
        let (table, host) = prepared(16);
        let (keys, bytes) = (host.store.keys(), host.store.bytes());
        // One a second, the oldest first: each that makes room for another ends before it.
        for number in 0..1_000 {
            assert_eq!(spend(&table, &host, number, NOW + 1 + number), Ok(()), "{number}");
        }
        for number in 0..1_000 {
            let again = spend(&table, &host, number, NOW + 1 + number);
            let want = if number < 984 { Unusable::Forgotten } else { Unusable::Used };
            assert_eq!(again, Err(want), "{number}");
        }
        // What was made later than those that were forgotten is taken.
        assert_eq!(spend(&table, &host, 5_000, NOW + 2_000), Ok(()));
        // What ends before all that are there would be the first to be forgotten.
        assert_eq!(spend(&table, &host, 5_001, NOW + 100), Err(Unusable::Forgotten));
        assert_eq!((host.store.keys(), host.store.bytes()), (keys, bytes));
        assert_eq!(bytes, 1 + BUCKET);
    }

    #[test]
    fn of_two_workers_with_one_proof_one_is_first() {
        let (table, host) = prepared(16);
        let table = Rc::new(table);
        let (one, other) = (
            table.look(&host, digest(1), NOW + 60, NOW).unwrap(),
            table.look(&host, digest(1), NOW + 60, NOW).unwrap(),
        );
        let third = table.look(&host, digest(2), NOW + 60, NOW).unwrap();
        assert_eq!(table.keep(&host, one), Ok(()));
        assert_eq!(table.keep(&host, other), Err(Unusable::Used));
        assert_eq!(table.keep(&host, third), Ok(()), "of the same bucket, and another proof");
    }

    #[test]
    fn what_cannot_be_told_is_not_taken_for_fresh() {
        let host = FakeHost::at(NOW);
        let table = Replays::new(16);
        assert_eq!(spend(&table, &host, 1, NOW + 60), Err(Unusable::Unknown), "nobody made it");
        table.prepare(&host).unwrap();
        host.store.conflict_next(Buckets::ATTEMPTS);
        assert_eq!(spend(&table, &host, 1, NOW + 60), Err(Unusable::Unknown), "contended");
        let fresh = table.look(&host, digest(1), NOW + 60, NOW).unwrap();
        host.store.break_down();
        assert_eq!(table.keep(&host, fresh), Err(Unusable::Unknown), "the store is broken");
        assert_eq!(spend(&table, &host, 2, NOW + 60), Err(Unusable::Unknown));
        host.store.mend();
        let key = table.0.key_of(&digest(1));
        host.store.put(key.as_bytes(), b"other");
        assert_eq!(spend(&table, &host, 1, NOW + 60), Err(Unusable::Unknown), "another's value");
    }
}
